/* picojoule history: how the figures of a model went over time. */
#include "commands.h"
#include "say.h"

typedef struct history_args {
    pj_output output;
    size_t last;        /* 0: all */
    const char *metric; /* NULL: energy */
    const char *layer;  /* glob, or NULL */
    const char *branch;
} history_args;

#define AT(member) offsetof(history_args, member)

static const pj_option trend_rows[] = {
    {"last",                                    0, "N",    "only the newest N records", PJ_OPTION_COUNT, .at = AT(last),                        .least = 1,                                                                                                                                                       .most = PJ_HISTORY_MOST,
     .wants = "a number of records from 1 on"},
    {"metric",  0,   "WORD",
     "what is drawn: energy (default), inputs, outputs,\n"
     "parameters, op_cost, macs, params, param_bits,\n"
     "bops, peak_bytes",                           PJ_OPTION_WORD,                                  .at = AT(metric),                                                                                                                        .word_at = pj_metric_word                                                                                                                                                                                                                                               },
    {"layer",                0,                 "GLOB",                 "the energy of these layers, as '*conv*'",                            PJ_OPTION_TEXT,                     .at = AT(layer),
     .wants = "the name of a layer, or a glob"},
    {"branch", 0,  "NAME", "only records of this branch",                           PJ_OPTION_TEXT,                                   .at = AT(branch),
     .wants = "the name of a branch"                                                                                                                                                                                                                                                                                                                                                                                                                 },
};

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

static pj_exit list(const pj_line *line, const history_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_history_list *models = NULL;
    pj_status status = pj_history_models(line->operand[0], &models, &err);
    if (status == PJ_OK)
        status = pj_history_list_write(models, &args->output.report, pj_out_write, &out, &err);
    pj_history_list_free(models);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit trend(const pj_line *line, const history_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_history *history = NULL;
    const pj_history_query query = {line->operand[1], args->branch, args->layer, args->last};
    const pj_history_options options = {args->metric, is_utf8(), args->last ? 0 : ROWS_SHOWN};
    pj_status status = pj_history_read(line->operand[0], &query, &history, &err);
    if (status == PJ_OK)
        status = pj_history_write(history, &options, &args->output.report, pj_out_write, &out, &err);
    pj_history_free(history);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit run(pj_line *line, const void *given)
{
    const history_args *args = given;
    if (line->operands > 1 && args->layer && args->metric && strcmp(args->metric, pj_metric_word(0)) != 0)
        return pj_say_usage("history", "--layer shows energies; of layers no other metric is recorded");
    if (line->operands > 1)
        return trend(line, args);
    if (strcmp(args->output.report.format, "svg") == 0)
        return pj_say_usage("history", "a chart is that of one model: picojoule history %s MODEL --format svg",
                            line->operand[0]);
    return list(line, args);
}

const pj_command pj_command_history = {
    .name = "history",
    .operands = "FILE [MODEL]",
    .least = 1,
    .most = 2,
    .summary = "how the figures of a model went over time",
    .text = "Reads a file that --record has written. Without MODEL: which models it has. With\n"
            "MODEL (the name under which it was recorded): its records by time, as a\n"
            "sparkline and a table, a chart, or data. Records whose table, settings or\n"
            "program version differ do not compare; the report says where, and a chart has a\n"
            "gap there.\n"
            "\n"
            "The sparkline is made of block characters where the locale (LC_ALL, LC_CTYPE,\n"
            "LANG) has UTF-8, else of ASCII.",
    .rows = {PJ_ROWS("Trend",   trend_rows,    0), PJ_ROWS("Report", pj_chart_rows, 0)},
    .clashes = {{.with = "#1",
                 .others = "last metric layer branch",
                 .why = "a trend is that of one model: picojoule history %s MODEL ..."},
             {.with = "format=json|csv", .others = "metric"}},
    .examples = "picojoule history energy.db\n"
                "    which models there are\n"
                "picojoule history energy.db model.onnx\n"
                "    the trend of one\n"
                "picojoule history energy.db model.onnx --branch main --format svg -o trend.svg\n"
                "    as a chart\n"
                "picojoule history energy.db model.onnx --layer '*conv*'\n"
                "    which layers changed\n"
                "picojoule history energy.db model.onnx --last 50 --format csv\n"
                "    for programs; docs/history.md describes it",
    .size = sizeof(history_args),
    .run = run,
};
