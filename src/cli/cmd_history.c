/* picojoule history: how the figures of a model went over time. */
#include <stdlib.h>
#include <string.h>

#include "say.h"

enum { ROWS_SHOWN = 20 };

/* Does the locale of the environment write UTF-8? */
static bool is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8") || strstr(value, "utf-8");
    }
    return false;
}

static pj_exit list(const pj_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_history_list *models = NULL;
    pj_status status = pj_history_models(args->operand[0], &models, &err);
    if (status == PJ_OK)
        status = pj_history_list_write(models, &args->report, pj_out_write, &out, &err);
    pj_history_list_free(models);
    return pj_out_finish(&out, status, &err, args->operand[0]);
}

static pj_exit trend(const pj_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_history *history = NULL;
    const pj_history_query query = {args->operand[1], args->record.branch, args->trend.layer, args->trend.last};
    const pj_history_options options = {args->trend.metric, is_utf8(), args->trend.last ? 0 : ROWS_SHOWN};
    pj_status status = pj_history_read(args->operand[0], &query, &history, &err);
    if (status == PJ_OK)
        status = pj_history_write(history, &options, &args->report, pj_out_write, &out, &err);
    pj_history_free(history);
    return pj_out_finish(&out, status, &err, args->operand[0]);
}

static pj_exit run(const pj_args *args)
{
    const pj_trend_args *asked = &args->trend;
    if (args->operands > 1 && asked->layer && asked->metric)
        return pj_say_usage("history", "--layer shows energies; of layers no other metric is recorded");
    if (args->operands > 1)
        return trend(args);
    if (asked->layer || asked->last || asked->metric || args->record.branch)
        return pj_say_usage("history", "a trend is that of one model: picojoule history %s MODEL ...",
                            args->operand[0]);
    if (strcmp(args->report.format, "svg") == 0)
        return pj_say_usage("history", "a chart is that of one model: picojoule history %s MODEL --format svg",
                            args->operand[0]);
    return list(args);
}

const pj_command pj_command_history = {
    "history",
    "FILE [MODEL]",
    1,
    2,
    "how the figures of a model went over time",
    "Reads a file that --record has written. Without MODEL: which models it has. With\n"
    "MODEL (the name under which it was recorded): its records by time, as a\n"
    "sparkline and a table, a chart, or data. Records whose table, settings or\n"
    "program version differ do not compare; the report says where, and a chart has a\n"
    "gap there.\n"
    "\n"
    "The sparkline is made of block characters where the locale (LC_ALL, LC_CTYPE,\n"
    "LANG) has UTF-8, else of ASCII.",
    {&pj_options_trend, &pj_options_chart},
    "picojoule history energy.db\n"
    "    which models there are\n"
    "picojoule history energy.db model.onnx\n"
    "    the trend of one\n"
    "picojoule history energy.db model.onnx --branch main --format svg -o trend.svg\n"
    "    as a chart\n"
    "picojoule history energy.db model.onnx --layer '*conv*'\n"
    "    which layers changed\n"
    "picojoule history energy.db model.onnx --metric params --last 50 --format csv\n"
    "    for programs; docs/history.md describes it",
    run,
};
