/* picojoule plan: which layers to quantize, and to what. */
#include "commands.h"
#include "plan_loop.h"
#include "say.h"

typedef struct plan_args {
    pj_output output;
    pj_setup setup;
    pj_plan_options options; /* its lists are those below */
    pj_texts choices, excludes;
    pj_plan_budget *budget;
    pj_plan_pin *pin;
    const char *pick, *emit;
    pj_plan_loop_args loop;
    bool strict;
} plan_args;

#define AT(member) offsetof(plan_args, member)

static const char *read_budget(pj_line *line, void *at, const char *value)
{
    plan_args *args = at;
    pj_plan_budget *budget = pj_line_add(line, &args->budget, &args->options.budget_count, sizeof *budget);
    return budget ? pj_plan_budget_read(value, budget) : NULL;
}

static const char *read_keep(pj_line *line, void *at, const char *value)
{
    static const char *const words[] = {"first", "last"};
    pj_plan_options *options = at;
    bool *flags[] = {&options->keep_first, &options->keep_last};
    (void)line;
    do {
        size_t length = strcspn(value, ","), i = 0;
        while (i < 2 && (strlen(words[i]) != length || memcmp(words[i], value, length) != 0))
            i++;
        if (i == 2)
            return "first, last or first,last; --exclude keeps layers by name";
        *flags[i] = true;
        value += length + (value[length] == ',');
    } while (*value);
    return NULL;
}

/* GLOB=CHOICE: names may hold a '=', so the last one counts. */
static const char *read_pin(pj_line *line, void *at, const char *value)
{
    plan_args *args = at;
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !equals[1])
        return "NAME=FORMAT, for example 'head*=fp16'";
    pj_plan_pin *pin = pj_line_add(line, &args->pin, &args->options.pin_count, sizeof *pin);
    if (pin)
        *pin = (pj_plan_pin){pj_line_text(line, value, equals), equals + 1};
    return NULL;
}

static const char *const *pick_words(void)
{
    static const char *const words[] = {"knee", NULL};
    return words;
}

static const char *const *emit_words(void)
{
    static const char *const words[] = {"onnxruntime", "nncf", "csv", NULL};
    return words;
}

/* clang-format off */
static const pj_option plan_rows[] = {
    {"budget",      0, "'MEASURE<=AMOUNT'",
     "what the plan has to keep: 'energy<=40%' (of\n"
     "today's), 'energy<=2.5mJ', 'param_bytes<=1MiB',\n"
     "'bops<=3e9', 'noise<=0.01'; repeatable; without\n"
     "any, the knee of the frontier is taken",
     PJ_OPTION_READ, .at = 0, .read = read_budget, .repeats = true},
    {"choices",     0, "F,F,...",
     "formats to choose from: fp16, int8, int4, and\n"
     "wNaM for weights of N and activations of M bits\n"
     "(default: those of the target)",
     PJ_OPTION_READ, .at = AT(choices), .read = pj_read_choices},
    {"target",      0, "NAME|FILE|list",
     "what can be run (default: onnxruntime, but for\n"
     "--choices alone); a name, a file, or list",
     PJ_OPTION_TEXT, .at = AT(options.target), .wants = "a name or a file"},
    {"device",      0, "NAME|FILE",
     "in place of a target: the formats that a device\n"
     "profile says it computes in",
     PJ_OPTION_TEXT, .at = AT(options.device), .wants = "a name or a file"},
    {"keep",        0, "first|last|first,last",
     "the first or last layer with weights stays as it\n"
     "is",
     PJ_OPTION_READ, .at = AT(options), .read = read_keep},
    {"exclude",     0, "NAME",
     "layers of that name (may be a glob) stay as they\n"
     "are; repeatable",
     PJ_OPTION_TEXTS, .at = AT(excludes), .wants = "the name of a layer, or a glob"},
    {"pin",         0, "NAME=FORMAT",
     "layers of that name (may be a glob) take that\n"
     "choice; repeatable",
     PJ_OPTION_READ, .at = 0, .read = read_pin, .repeats = true},
    {"sensitivity", 0, "weights|uniform|FILE",
     "where noise comes from: rounding of the weights\n"
     "(default), the formats alone, or losses that you\n"
     "measured (JSON or CSV, docs/planning.md)",
     PJ_OPTION_TEXT, .at = AT(options.sensitivity), .wants = "weights, uniform or a file"},
    {"calibration", 0, "FILE",                  "ranges of activations (JSON, docs/planning.md)",
     PJ_OPTION_TEXT, .at = AT(options.calibration), .wants = "a file"},
    {"per-tensor",  0, NULL,
     "weights have one scale per tensor instead of one\n"
     "per output channel",
     PJ_OPTION_FLAG, .at = AT(options.per_tensor)},
    {"time-limit",  0, "SECONDS",
     "for the search (default 2); what is left to prove\n"
     "is in the report",
     PJ_OPTION_REAL, .at = AT(options.time_limit), .most = 86400, .wants = "seconds from 0 to 86400, for example 0.5"},
    {"frontier",    0, NULL,
     "prints the whole trade-off of energy and noise\n"
     "instead of a plan",
     PJ_OPTION_FLAG, .at = AT(options.frontier)},
    {"pick",        0, NULL,                    "the knee of the frontier instead of a budget",
     PJ_OPTION_WORD, .at = AT(pick), .words = pick_words},
    {"top",         0, "N|all",
     "layers that text and Markdown print, the dearest\n"
     "(default 20)",
     PJ_OPTION_READ, .at = AT(output.report.top), .read = pj_top_read},
    {"emit",        0, NULL,                    "prints the plan as another quantizer takes it",
     PJ_OPTION_WORD, .at = AT(emit), .words = emit_words},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((plan_args *)given)->options.time_limit = -1;
    ((plan_args *)given)->loop = pj_plan_loop_defaults();
}

static pj_exit write_result(const pj_line *line, const pj_plan_result *result, const plan_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_status status;
    if (args->emit)
        status = pj_plan_emit(result, args->emit, pj_out_write, &out, &err);
    else
        status = pj_plan_write(result, args->options.frontier ? PJ_PLAN_VIEW_FRONTIER : PJ_PLAN_VIEW_PLAN,
                               &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit run(pj_line *line, const void *given)
{
    const plan_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_plan_result *result = NULL;
    pj_plan_options options = args->options;
    options.choices = args->choices.text;
    options.choice_count = args->choices.count;
    options.excludes = args->excludes.text;
    options.exclude_count = args->excludes.count;
    options.budgets = args->budget;
    options.pins = args->pin;
    options.knee = args->pick != NULL;
    if (options.target && strcmp(options.target, "list") == 0) {
        pj_out out = pj_out_new(args->output.out);
        pj_status listed = pj_plan_targets_write(&args->output.report, pj_out_write, &out, &err);
        return pj_out_finish(&out, listed, &err, "targets");
    }
    if (line->operands == 0)
        return pj_say_usage(line->command->name, "which MODEL? --target list needs none");
    if (args->loop.run.data.path || args->loop.run.data.random > 0)
        return pj_plan_loop(line, &args->output, &args->setup, &options, &args->loop, args->strict);
    pj_status status = pj_model_open(line->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK && pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE) {
        pj_model_close(model);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK)
        status = pj_plan_search(model, &args->setup, &options, &result, &err);
    pj_exit code = PJ_EXIT_INPUT;
    if (status != PJ_OK)
        code = pj_say_error(&err, line->operand[0]);
    else if (!args->strict || !pj_say_strict(result->findings, result->finding_count, line->operand[0]))
        code = write_result(line, result, args);
    else
        code = PJ_EXIT_UNSUPPORTED;
    pj_plan_result_free(result);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_plan = {
    .name = "plan",
    .operands = "MODEL",
    .most = 1,
    .summary = "which layers to quantize, and to what",
    .text = "Finds the number formats with which the model keeps your budgets at the least\n"
            "noise, layer by layer, and says how near to the optimum that is. Energies are\n"
            "those of `analyze`; noise is what rounding adds to weights and activations, or a\n"
            "loss that you measured. It is no accuracy: measure the plan before you ship it.\n"
            "\n"
            "With --data (or --random) it is measured: ONNX Runtime runs the model with one\n"
            "layer changed at a time, the plan is made of what that loses, its model is written\n"
            "(--apply) and run, and what was predicted stands beside what was measured.\n"
            "\n"
            "The JSON form (--format json) is a plan that `analyze --plan` takes. Layers that\n"
            "read the same tensor work in one format; docs/planning.md explains the method.\n"
            "Formats are what is sought here, so --plan and --quantize are refused. Plans are\n"
            "priced with a table; a device only says which formats there are.",
    .rows = {PJ_ROWS("Plan",    plan_rows,    0),
             PJ_ROWS("Measured",                                                                            pj_plan_loop_rows, AT(loop)),
             PJ_ROWS("Samples",               pj_data_rows, AT(loop.run)),
             PJ_ROWS("Runtime",                  pj_engine_rows, AT(loop.run)),
             PJ_ROWS("Runtime", pj_jobs_rows, AT(loop.run)),
             {.title = "Model", .at = offsetof(plan_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Energy", .at = offsetof(plan_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY)},
             PJ_ROWS("Report", pj_chart_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {PJ_DATA_CLASHES,
             {.without = "data random",
                 .others = "apply rounds test-data measured labels runtime run-limit optimize jobs samples cast seed",
                 .why = "plan: without samples (--data, --random) nothing is run"},
             {.with = "data",
                 .others = "sensitivity frontier emit",
                 .why = "--data measures what layers lose, and makes one plan of it"},
             {.with = "random",
                 .others = "sensitivity frontier emit",
                 .why = "--random measures what layers lose, and makes one plan of it"},
             {.with = "device", .others = "target"},
             {.with = "pick", .others = "budget", .why = "--pick knee stands in place of a --budget"},
             {.with = "emit", .others = "format frontier width top"},
             {.with = "frontier", .others = "top"},
             {.with = "format=json|csv", .others = "top"},
             {.with = "sensitivity", .without = "sensitivity=weights", .others = "per-tensor"},
             {.with = "sensitivity", .without = "sensitivity=weights|uniform", .others = "calibration"},
             {.with = "format=svg",
                 .without = "frontier",
                 .others = "format",
                 .why = "a chart is that of the frontier: --frontier --format svg"},
             {.with = "frontier",
                 .others = "pick budget",
                 .why = "--frontier lists all trade-offs; --pick and --budget choose one"}   },
    .examples = "picojoule plan model.onnx\n"
                "    the best trade-off of energy and noise\n"
                "picojoule plan model.onnx --data photos/ --budget 'energy<=40%' -o plan.json --apply out.onnx\n"
                "    measures every layer, plans, writes the model and runs it\n"
                "picojoule plan model.onnx --budget 'energy<=40%' --format json -o plan.json\n"
                "    a plan for 40 % of today's energy; then: analyze model.onnx --plan plan.json\n"
                "picojoule plan model.onnx --budget 'energy<=40%' --budget 'param_bytes<=1MiB' \\\n"
                "        --keep first,last --choices int8,w4a8\n"
                "    two budgets at once, the ends kept, two formats to choose from\n"
                "picojoule plan model.onnx --target npu-int8 --budget 'energy<=35%'\n"
                "    what an accelerator has\n"
                "picojoule plan model.onnx --frontier --format svg -o frontier.svg\n"
                "    the whole trade-off as a chart\n"
                "picojoule plan model.onnx --budget 'energy<=40%' --emit onnxruntime\n"
                "    nodes_to_quantize, nodes_to_exclude and overrides for ONNX Runtime",
    .size = sizeof(plan_args),
    .defaults = set_defaults,
    .run = run,
};
