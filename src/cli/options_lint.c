/* --lint, --lint-off. */
#include <string.h>

#include "cli.h"

static const char *set_lint(pj_args *args, const char *value)
{
    (void)value;
    args->lint = true;
    return NULL;
}

static const char *set_lint_off(pj_args *args, const char *value)
{
    if (!pj_lint_rule_find(value))
        return "the code of a rule; `picojoule help lint` lists them";
    args->lint_off[args->lint_offs++] = value;
    return NULL;
}

static const pj_option options[] = {
    {"lint",     0, NULL,
     "lists what to change in the graph, instead of\n"
     "the report; with --strict, exit code 4 where\n"
     "there is anything; see `picojoule help lint`",                   set_lint    },
    {"lint-off", 0, "CODE", "leaves out a rule of --lint; repeatable", set_lint_off},
};

const pj_option_group pj_options_lint = {"Lint", options, sizeof options / sizeof *options};
