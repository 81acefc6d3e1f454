/* picojoule calibrate: ranges of all float tensors, from samples. */
#include "commands.h"
#include "run_rows.h"

typedef struct calibrate_args {
    pj_output output;
    pj_setup setup;
    pj_run_args run;
    const char *out;
    int method;
    double percentile;
    bool strict;
} calibrate_args;

#define AT(member) offsetof(calibrate_args, member)

static const char *const *method_words(void)
{
    static const char *const words[] = {"minmax", "percentile", "entropy", NULL};
    return words;
}

/* clang-format off */
static const pj_option calibrate_rows[] = {
    {"output",     'o', "FILE",
     "the ranges (JSON), for --calibration of analyze,\n"
     "plan and apply",
     PJ_OPTION_TEXT, .at = AT(out), .wants = "a file"},
    {"method",     0, NULL,
     "the least and the largest number (default), or\n"
     "what leaves outliers out",
     PJ_OPTION_CHOICE, .at = AT(method), .words = method_words},
    {"percentile", 0, "P",
     "--method percentile: the share of numbers that\n"
     "stays within (default 99.99)",
     PJ_OPTION_REAL, .at = AT(percentile), .least = 50, .most = 100, .wants = "a number from 50 to 100"},
};
/* clang-format on */

static void set_defaults(void *given)
{
    calibrate_args *args = given;
    args->run = pj_run_defaults();
    args->percentile = pj_calibrate_options_default().percentile;
}

static pj_status write_ranges(const void *ranges, const pj_report_options *options, pj_out *out, pj_error *err)
{
    return pj_ranges_write(ranges, options, pj_out_write, out, err);
}

static pj_exit run(pj_line *line, const void *given)
{
    const calibrate_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_ranges *ranges = NULL;
    pj_watch watch = pj_run_watch();
    pj_calibrate_options options = pj_calibrate_options_default();
    options.data = args->run.data;
    options.engine = args->run.engine;
    options.method = (pj_range_method)args->method;
    options.percentile = args->percentile;
    options.watch = &watch;
    pj_status status = pj_run_open(line->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK && pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE) {
        pj_model_close(model);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK)
        status = pj_calibrate(model, &args->setup, &options, &ranges, &err);
    pj_run_watched();
    pj_exit code = PJ_EXIT_UNSUPPORTED;
    if (status != PJ_OK)
        code = pj_say_error(&err, line->operand[0]);
    else if (!args->strict || !pj_say_strict(ranges->with.findings, ranges->with.finding_count, line->operand[0]))
        code = pj_run_write(line, ranges, write_ranges, &args->output, args->out);
    pj_ranges_free(ranges);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_calibrate = {
    .name = "calibrate",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .summary = "ranges of activations, measured on samples",
    .text = "Runs the model with ONNX Runtime on every sample and notes the least, the largest\n"
            "and the mean square of each float tensor: what `apply` needs to quantize\n"
            "activations, and `plan` to know their noise. Samples pass one at a time.\n"
            "docs/planning.md says how to get ONNX Runtime, docs/samples.md which files are\n"
            "read; symbolic sizes are those of the samples.",
    .rows = {PJ_ROWS("Ranges",  calibrate_rows, 0),
             PJ_ROWS("Samples", pj_data_rows, AT(run)),
             PJ_ROWS("Runtime", pj_engine_rows, AT(run)),
             {.title = "Model", .at = AT(setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             PJ_ROWS("Report", pj_look_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {PJ_DATA_CLASHES, {.without = "method=percentile", .others = "percentile"}  },
    .examples = "picojoule calibrate model.onnx --data photos/ -o ranges.json\n"
                "    then: apply model.onnx --quantize int8 --calibration ranges.json -o out.onnx\n"
                "picojoule calibrate model.onnx --random 64\n"
                "    without samples: random numbers, and the report says so\n"
                "picojoule calibrate model.onnx --data x.npz --method percentile --percentile 99.9\n"
                "    one number in a thousand may be cut off",
    .size = sizeof(calibrate_args),
    .defaults = set_defaults,
    .run = run,
};
