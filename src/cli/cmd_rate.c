/* picojoule rate: stars over a set of models. */
#include <math.h>

#include "commands.h"
#include "footprint_rows.h"
#include "say.h"

typedef struct rate_args {
    pj_output output;
    pj_setup setup;
    pj_site_args site;
    pj_footprint_ask ask;
    int method; /* number of the word */
    int classes;
} rate_args;

#define AT(member) offsetof(rate_args, member)

static const char *const *class_words(void)
{
    static const char *const words[] = {"aies", NULL};
    return words;
}

/* clang-format off */
static const pj_option star_rows[] = {
    {"method", 0, NULL, "how stars are given (default rank): by how many\nneed less, by fifths of the range (AI Energy\nScore), or as the ML Energy Score's code does it",
     PJ_OPTION_CHOICE, .at = AT(method), .words = pj_star_methods},
    {"class", 0, NULL, "classes of AI Energy Score for text generation,\nby parameters",
     PJ_OPTION_CHOICE, .at = AT(classes), .words = class_words},
    {"task", 0, "NAME", "of all inputs, instead of what they say",
     PJ_OPTION_TEXT, .at = AT(ask.energy.task)},
    {"hardware", 0, "NAME", "likewise",
     PJ_OPTION_TEXT, .at = AT(ask.energy.hardware)},
    {"figure", 0, "table|NAME", "which energy of a report",
     PJ_OPTION_TEXT, .at = AT(ask.energy.figure)},
    {"queries-per-run", 0, "N", "that one run answers (default: the batch)",
     PJ_OPTION_REAL, .at = AT(ask.energy.queries_per_run), .least = 1e-300, .most = 1e300, .wants = "a number above 0"},
    {"input-pue", 0, "X", "that a result of the ML Energy Score holds\n(default 1.2)",
     PJ_OPTION_REAL, .at = AT(ask.energy.input_pue), .least = 1, .most = 1e3, .wants = "a number from 1 on"},
    {"mix", 0, NULL, "rates different boundaries together, and\nestimates of operations, too",
     PJ_OPTION_FLAG, .at = AT(ask.mix)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    rate_args *args = given;
    args->ask = pj_footprint_ask_default();
    args->classes = -1;
    pj_site_defaults(&args->site);
}

static pj_exit run(pj_line *line, const void *given)
{
    const rate_args *args = given;
    pj_error err = {0};
    pj_rating *rating = NULL;
    pj_footprint_ask ask = args->ask;
    pj_out out = pj_out_new(args->output.out);
    ask.energy.paths = line->operand;
    ask.energy.path_count = line->operands;
    ask.energy.setup = &args->setup;
    ask.site = pj_site_given(&args->site);
    pj_status status = pj_rating_run(&ask, (pj_star_method)args->method, args->classes >= 0, &rating, &err);
    pj_exit code;
    if (status == PJ_OK && rating->footprint->refusal) {
        code = pj_say_usage("rate", "rate: %s", rating->footprint->refusal);
    } else if (status == PJ_EARGUMENT && !err.file[0]) {
        code = pj_say_usage("rate", "rate: %s", err.what);
    } else {
        if (status == PJ_OK)
            status = pj_rating_write(rating, &args->output.report, pj_out_write, &out, &err);
        code = pj_out_finish(&out, status, &err, NULL);
    }
    pj_rating_free(rating);
    return code;
}

const pj_command pj_command_rate = {
    .name = "rate",
    .operands = "INPUT...",
    .least = 1,
    .most = SIZE_MAX,
    .summary = "stars over a set of models, by their energy",
    .text = "Gives one to five stars to models of one task on one hardware, measured at one\n"
            "boundary: reports with a --device, measurements, results of the ML Energy Score.\n"
            "Others go into groups of their own, and boundaries are never mixed in silence.\n"
            "Few models, few different stars: docs/footprint.md compares the methods.",
    .rows = {PJ_ROWS("Stars", star_rows, 0),
             PJ_ROWS("Place", pj_site_rows, AT(site)),
             {.title = "Model",
              .at = AT(setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_MODEL) | PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) |
                          PJ_SETTINGS(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Report", pj_chart_rows, 0)},
    .examples = "picojoule rate models/*.onnx --device a100\n"
                "    which models get along with little on one device\n"
                "picojoule rate results/*.json --method range --region DEU\n"
                "    measured models, as AI Energy Score rates them",
    .size = sizeof(rate_args),
    .defaults = set_defaults,
    .run = run,
};
