/* picojoule verify: two models on the same samples. */
#include "commands.h"
#include "run_rows.h"

typedef struct verify_args {
    pj_output output;
    pj_setup setup;
    pj_run_args run;
    pj_texts limits; /* --fail-on */
    const char *labels;
    bool outputs_only, strict;
} verify_args;

#define AT(member) offsetof(verify_args, member)

/* clang-format off */
static const pj_option verify_rows[] = {
    {"labels",       0, "FILE.npy",
     "one whole number a row of the first output: the\n"
     "place that should be its largest",
     PJ_OPTION_TEXT, .at = AT(labels), .wants = "a file"},
    {"outputs-only", 0, NULL,                    "compares outputs, not layers",
     PJ_OPTION_FLAG, .at = AT(outputs_only)},
    {"fail-on",      0, "LIMIT",
     "exit code 1 where B is further from A, for\n"
     "example 'sqnr<30', 'error>0.01', 'difference>0.5',\n"
     "'agreement<99%', 'top1<90%', 'top1_drop>1%';\n"
     "repeatable",
     PJ_OPTION_TEXTS, .at = AT(limits), .check = pj_verify_limit_check},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((verify_args *)given)->run = pj_run_defaults();
}

/* A limit on a figure that is not there is a mistake, not a success. */
static pj_exit judge(const verify_args *args, const pj_verified *verified, const char *subject)
{
    pj_exit code = PJ_EXIT_DONE;
    for (size_t i = 0; i < args->limits.count; i++) {
        bool known;
        bool fails = pj_verify_fails(verified, args->limits.text[i], &known);
        if (!known) {
            pj_say("%s: --fail-on '%s': the figure is not known (top1 wants --labels, agreement an output of several "
                   "numbers a row)",
                   subject, args->limits.text[i]);
            return PJ_EXIT_USAGE;
        }
        if (fails) {
            pj_say("%s: limit '%s' is exceeded", subject, args->limits.text[i]);
            code = PJ_EXIT_LIMIT;
        }
    }
    return code;
}

static pj_exit report(const pj_line *line, const pj_verified *verified, const verify_args *args)
{
    pj_error err = {0};
    if (args->strict && pj_say_strict(verified->with.findings, verified->with.finding_count, line->operand[0]))
        return PJ_EXIT_UNSUPPORTED;
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_verified_write(verified, &args->output.report, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, line->operand[0]);
    return code == PJ_EXIT_DONE ? judge(args, verified, line->operand[1]) : code;
}

static pj_exit run(pj_line *line, const void *given)
{
    const verify_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL, *other = NULL;
    pj_verified *verified = NULL;
    pj_watch watch = pj_run_watch();
    pj_verify_options options = pj_verify_options_default();
    options.data = args->run.data;
    options.engine = args->run.engine;
    options.labels = args->labels;
    options.outputs_only = args->outputs_only;
    options.watch = &watch;
    const char *subject = line->operand[0];
    pj_status status = pj_run_open(subject, &args->setup, &model, &err);
    if (status == PJ_OK) {
        subject = line->operand[1];
        status = pj_run_open(subject, &args->setup, &other, &err);
    }
    if (status == PJ_OK && (pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE ||
                            pj_refuse_model(line, pj_model_describe(other)) != PJ_EXIT_DONE)) {
        pj_model_close(model);
        pj_model_close(other);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK)
        status = pj_verify(model, other, &args->setup, &options, &verified, &err);
    pj_run_watched();
    pj_exit code = status == PJ_OK ? report(line, verified, args) : pj_say_error(&err, subject);
    pj_verified_free(verified);
    pj_model_close(other);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_verify = {
    .name = "verify",
    .operands = "A B",
    .least = 2,
    .most = 2,
    .summary = "how near a model is to another, on samples",
    .text = "Runs both models with ONNX Runtime on the same samples and tells how near the\n"
            "outputs of B are to those of A, and every tensor that both have: the ratio of\n"
            "signal to error (SQNR, in dB), the largest difference, how often the largest\n"
            "number of a row stands at the same place, and with --labels how often it is the\n"
            "right one. docs/planning.md says how to get ONNX Runtime.",
    .rows = {PJ_ROWS("Compare", verify_rows, 0),
             PJ_ROWS("Samples", pj_data_rows, AT(run)),
             PJ_ROWS("Runtime", pj_engine_rows, AT(run)),
             {.title = "Model", .at = AT(setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             PJ_ROWS("Report", pj_report_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {PJ_DATA_CLASHES              },
    .examples = "picojoule verify model.onnx out.onnx --data photos/\n"
                "    how much the quantized model is off\n"
                "picojoule verify model.onnx out.onnx --data x.npz --labels y.npy --fail-on 'top1_drop>1%'\n"
                "    exit code 1 where it classifies worse by more than a hundredth\n"
                "picojoule verify model.onnx out.onnx --random 16 --fail-on 'sqnr<30'\n"
                "    without samples: random numbers, and the report says so",
    .size = sizeof(verify_args),
    .defaults = set_defaults,
    .run = run,
};
