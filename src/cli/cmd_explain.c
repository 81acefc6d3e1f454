/* picojoule explain: the life of one layer. */
#include "commands.h"
#include "say.h"

typedef struct explain_args {
    pj_output output;
    pj_setup setup;
} explain_args;

enum { MOST_TRIALS = 8 };

/* Models with other settings. */
typedef struct trials {
    const explain_args *args;
    pj_model *model;
    pj_trial trial[MOST_TRIALS];
    char options[MOST_TRIALS][64];
    size_t count;
} trials;

/* What cannot be analyzed so is left out. */
static void add_trial(trials *t, const pj_setting *setting, const char *value)
{
    pj_error err;
    pj_setup setup = t->args->setup;
    pj_result *result = NULL;
    setup.owner = NULL; /* so that it copies what it is given */
    if (t->count < MOST_TRIALS && pj_setup_set(&setup, setting->option, value, &err) == PJ_OK &&
        pj_analyze(t->model, &setup, &result, &err) == PJ_OK) {
        snprintf(t->options[t->count], sizeof t->options[0], "--%s %s", setting->option, value);
        t->trial[t->count] = (pj_trial){t->options[t->count], result};
        t->count++;
    }
    pj_setup_clear(&setup);
}

/* Other formats, unless some are asked for, and memory on the chip. */
static void try_others(trials *t)
{
    const pj_setting *setting;
    bool has_formats = t->args->setup.quantize || t->args->setup.plan;
    for (size_t i = 0; (setting = pj_setup_setting(i)); i++) {
        if (setting->kind == PJ_SETTING_TEXT && setting->group == PJ_ABOUT_FORMATS && !has_formats) {
            add_trial(t, setting, "fp16");
            add_trial(t, setting, "int8");
        }
        if (setting->kind == PJ_SETTING_PLACE)
            add_trial(t, setting, pj_place_word(PJ_PLACE_SRAM));
    }
}

static pj_exit explain(pj_line *line, const explain_args *args, pj_model *model, pj_result *result)
{
    pj_error err = {0};
    trials t = {.args = args, .model = model};
    pj_out out = pj_out_new(args->output.out);
    try_others(&t);
    const pj_explain asked = {result, line->operand[1], t.trial, t.count};
    pj_status status = pj_explain_write(model, &asked, &args->output.report, pj_out_write, &out, &err);
    for (size_t i = 0; i < t.count; i++)
        pj_result_free((pj_result *)(uintptr_t)t.trial[i].result);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit run(pj_line *line, const void *given)
{
    const explain_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_status status = pj_model_open(line->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK)
        status = pj_analyze(model, &args->setup, &result, &err);
    const char *subject = model && status == PJ_EARGUMENT ? NULL : line->operand[0];
    pj_exit code = status != PJ_OK ? pj_say_error(&err, subject) : pj_refuse_model(line, result->model);
    if (code == PJ_EXIT_DONE)
        code = explain(line, args, model, result);
    pj_result_free(result);
    pj_model_close(model);
    return code;
}

static const char *const *words(void)
{
    static const char *const formats[] = {"text", "markdown", NULL};
    return formats;
}

static const pj_option format_rows[] = {
    {"format", 0, NULL, "how it is written (default text)", PJ_OPTION_WORD,
     .at = offsetof(explain_args, output.report.format), .words = words},
};

const pj_command pj_command_explain = {
    .name = "explain",
    .operands = "MODEL LAYER",
    .least = 2,
    .most = 2,
    .summary = "one layer: what it does, what that costs, and why",
    .text = "Tells the life of one layer: the tensors that it reads and writes, what it counts,\n"
            "the number formats and where they come from, each component of its energy with\n"
            "what is moved and the price of that, the figures of the table with their sources,\n"
            "and what other settings would make of it. LAYER is its name, or how the name ends.",
    .rows = {{.title = "Model", .at = offsetof(explain_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Energy",
              .at = offsetof(explain_args, setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS)},
             PJ_ROWS("Report", format_rows, 0),
             {"Output", pj_report_rows + 2, 4, 0, 0, false}},
    .examples = "picojoule explain models/resnet8.onnx /stack1/conv1/Conv\n"
                "    why this layer costs what it does\n"
                "picojoule explain models/resnet8.onnx stack1/conv1/Conv --quantize int8\n"
                "    the same layer on integers",
    .size = sizeof(explain_args),
    .run = run,
};
