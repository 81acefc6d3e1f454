/* picojoule sensitivity: what each layer loses in each format. */
#include "commands.h"
#include "run_rows.h"

typedef struct sensitivity_args {
    pj_output output;
    pj_setup setup;
    pj_run_args run;
    pj_texts choices;
    pj_sensitivity_options options; /* but for data, engine, choices */
    const char *out;
    bool strict;
} sensitivity_args;

#define AT(member) offsetof(sensitivity_args, member)

/* clang-format off */
static const pj_option sensitivity_rows[] = {
    {"output",      'o', "FILE",
     "the losses (JSON), for --sensitivity of plan;\n"
     "FILE.partial keeps what is measured so far, so that\n"
     "a run that was stopped goes on from there",
     PJ_OPTION_TEXT, .at = AT(out), .wants = "a file"},
    {"choices",     0, "F,F,...",
     "formats that are tried (default:\n"
     "fp16,w8a16,int8,w4a16,w4a8)",
     PJ_OPTION_READ, .at = AT(choices), .read = pj_read_choices},
    {"labels",      0, "FILE.npy",
     "one whole number a row of the first output: the\n"
     "loss of top-1 is told, too",
     PJ_OPTION_TEXT, .at = AT(options.labels), .wants = "a file"},
    {"calibration", 0, "FILE",
     "ranges of activations (JSON); without it they are\n"
     "measured on the same samples",
     PJ_OPTION_TEXT, .at = AT(options.calibration), .wants = "a file"},
    {"target",      0, "onnx|onnxruntime",       "which operators may be written (default onnx)",
     PJ_OPTION_TEXT, .at = AT(options.target), .wants = "onnx or onnxruntime"},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((sensitivity_args *)given)->run = pj_run_defaults();
}

static pj_status write_losses(const void *found, const pj_report_options *options, pj_out *out, pj_error *err)
{
    return pj_sensitivity_write(found, options, pj_out_write, out, err);
}

static pj_exit measure(pj_line *line, pj_model *model, const sensitivity_args *args)
{
    pj_error err = {0};
    pj_sensitivity *found = NULL;
    pj_watch watch = pj_run_watch();
    pj_sensitivity_options options = args->options;
    options.data = args->run.data;
    options.engine = args->run.engine;
    options.choices = args->choices.text;
    options.choice_count = args->choices.count;
    options.state = pj_run_state(line, args->out);
    options.watch = &watch;
    pj_status status = pj_measure_sensitivity(model, &args->setup, &options, &found, &err);
    pj_run_watched();
    pj_exit code = PJ_EXIT_UNSUPPORTED;
    if (status != PJ_OK)
        code = pj_say_error(&err, line->operand[0]);
    else if (!args->strict || !pj_say_strict(found->with.findings, found->with.finding_count, line->operand[0]))
        code = pj_run_write(line, found, write_losses, &args->output, args->out);
    if (code == PJ_EXIT_DONE && options.state)
        (void)remove(options.state);
    pj_sensitivity_free(found);
    return code;
}

static pj_exit run(pj_line *line, const void *given)
{
    const sensitivity_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    if (pj_run_open(line->operand[0], &args->setup, &model, &err) != PJ_OK)
        return pj_say_error(&err, line->operand[0]);
    pj_exit code = pj_refuse_model(line, pj_model_describe(model));
    if (code == PJ_EXIT_DONE)
        code = measure(line, model, args);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_sensitivity = {
    .name = "sensitivity",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .summary = "what each layer loses in each format, measured",
    .text = "Changes one layer at a time to one format, as `apply` writes it, runs the model\n"
            "with ONNX Runtime on the samples and tells how far its outputs are off: the mean\n"
            "of e / (1 + e), e the power of the error over that of the output. `plan\n"
            "--sensitivity FILE` then weighs layers by what they really lose. Layers, formats\n"
            "and samples multiply; the first 32 samples are taken unless --samples says\n"
            "otherwise. docs/planning.md has the method.",
    .rows = {PJ_ROWS("Sensitivity", sensitivity_rows, 0),
             PJ_ROWS("Samples", pj_data_rows, AT(run)),
             PJ_ROWS("Runtime", pj_engine_rows, AT(run)),
             PJ_ROWS("Runtime", pj_jobs_rows, AT(run)),
             {.title = "Model", .at = AT(setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             PJ_ROWS("Report", pj_look_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {PJ_DATA_CLASHES                  },
    .examples = "picojoule sensitivity model.onnx --data photos/ -o sensitivity.json\n"
                "    then: plan model.onnx --sensitivity sensitivity.json --budget 'energy<=40%'\n"
                "picojoule sensitivity model.onnx --data x.npz --labels y.npy --choices int8,w4a8\n"
                "    two formats, and the top-1 that each layer loses",
    .size = sizeof(sensitivity_args),
    .defaults = set_defaults,
    .run = run,
};
