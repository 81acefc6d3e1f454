/* Options of check. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static bool is_format(const char *word, size_t length)
{
    for (const char *const *format = pj_check_formats(); *format; format++)
        if (strlen(*format) == length && memcmp(*format, word, length) == 0)
            return true;
    return false;
}

static const char *set_format(pj_args *args, const char *value)
{
    if (!is_format(value, strlen(value)))
        return "text, json, markdown, junit, sarif or github";
    args->report.format = value;
    return NULL;
}

/* FORMAT=FILE */
static const char *set_report(pj_args *args, const char *value)
{
    static const char wants[] = "FORMAT=FILE, for example junit=out.xml; formats are text, json, markdown, junit, "
                                "sarif and github";
    size_t length = strcspn(value, "=");
    if (!value[length] || !value[length + 1] || !is_format(value, length))
        return wants;
    if (args->budget.reports == PJ_MOST_REPORTS)
        return "to stand there at most 16 times";
    args->budget.report[args->budget.reports++] = value;
    return NULL;
}

static const char *set_summary(pj_args *args, const char *value)
{
    (void)value;
    args->budget.summary = true;
    return NULL;
}

static const char *set_init(pj_args *args, const char *value)
{
    (void)value;
    args->budget.init = true;
    return NULL;
}

static const char *set_update(pj_args *args, const char *value)
{
    (void)value;
    args->budget.update = true;
    return NULL;
}

static const char *set_margin(pj_args *args, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    if (digits < 1 || digits > 6 || (value[digits] && strcmp(value + digits, "%") != 0))
        return "whole percents, for example 5%";
    args->budget.margin = (double)strtol(value, NULL, 10) / 100;
    args->budget.has_margin = true;
    return NULL;
}

static const char *set_baselines(pj_args *args, const char *value)
{
    if (!*value)
        return "a folder";
    args->budget.baselines = value;
    return NULL;
}

static const char *set_jobs(pj_args *args, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    if (digits < 1 || digits > 3 || value[digits] || strtol(value, NULL, 10) < 1)
        return "a number of models, from 1 to 999";
    args->budget.jobs = (size_t)strtol(value, NULL, 10);
    return NULL;
}

static const pj_option result_options[] = {
    {"format",         0, "text|json|markdown|junit|sarif|github", "how the result is written (default text)", set_format },
    {"report",         0, "FORMAT=FILE",
     "writes the result to a file, too, for example\n"
     "--report junit=out.xml; repeatable",                                                                     set_report },
    {"github-summary", 0, NULL,
     "appends the result as Markdown to the file that\n"
     "GITHUB_STEP_SUMMARY names, where it is set",                                                             set_summary},
    {"jobs",           0, "N",
     "models at once (default: as many as there are\n"
     "processors); the result is the same",                                                                    set_jobs   },
};

static const pj_option budget_options[] = {
    {"init",            0, NULL,
     "writes a first budget for the models: today's\n"
     "figures and a margin; -o FILE, or picojoule.json",        set_init     },
    {"margin",          0, "PERCENT", "of --init (default 5%)", set_margin   },
    {"baselines",       0, "FOLDER",
     "of --init: saves reports of the models there,\n"
     "and checks against them",                                 set_baselines},
    {"update-baseline", 0, NULL,
     "analyses the models and makes that the\n"
     "baselines of the budget, each file as a whole",           set_update   },
};

const pj_option_group pj_options_result = {"Result", result_options, sizeof result_options / sizeof *result_options};
const pj_option_group pj_options_budget = {"Budget", budget_options, sizeof budget_options / sizeof *budget_options};
