/* picojoule analyze: energy, counts and precision per layer. */
#include "commands.h"
#include "page.h"
#include "record.h"
#include "runs.h"

typedef struct analyze_args {
    pj_output output;
    pj_setup setup;
    pj_record_args record;
    pj_sweep_dim *sweep;
    size_t sweeps;
    pj_texts lint_off; /* codes */
    pj_texts regions;  /* of --per */
    int sort;          /* number of the word after PJ_BY_FORMAT */
    bool strict, lint, no_engine;
} analyze_args;

#define AT(member) offsetof(analyze_args, member)

/* NAME=V1,V2,...: names may hold a '=', too, so the last one counts. */
static const char *read_sweep(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "NAME=V1,V2,..., for example sequence=128,512,2048 or sram=256KiB,1MiB";
    analyze_args *args = at;
    const char *equals = strrchr(value, '='), *next = equals;
    int64_t *values = equals ? pj_line_keep(line, strlen(equals), sizeof *values) : NULL;
    size_t count = 0;
    if (!values || equals == value)
        return wants;
    const char *name = pj_line_text(line, value, equals);
    bool is_level = name && pj_sweep_is_level(name);
    do {
        next = (is_level ? pj_size_scan : pj_whole_read)(next + 1, &values[count++]);
        if (!next || (*next && *next != ','))
            return wants;
    } while (*next);
    pj_sweep_dim *sweep = pj_line_add(line, &args->sweep, &args->sweeps, sizeof *sweep);
    if (sweep)
        *sweep = (pj_sweep_dim){name, values, count};
    return NULL;
}

static const char *read_group(pj_line *line, void *at, const char *value)
{
    static const char scope[] = "scope";
    pj_report_options *report = at;
    int64_t depth = 0;
    bool is_scope = strncmp(value, scope, sizeof scope - 1) == 0;
    const char *rest = is_scope ? value + sizeof scope - 1 : value, *end = rest;
    (void)line;
    if (is_scope && *rest == ':' && (!(end = pj_whole_read(rest + 1, &depth)) || *end || depth < 1 || depth > 1000))
        return "scope:DEPTH with a depth from 1 on, for example scope:2";
    if (strcmp(value, "op") != 0 && !(is_scope && (!*rest || *rest == ':')))
        return "op, scope or scope:DEPTH";
    report->group = is_scope ? PJ_GROUP_SCOPE : PJ_GROUP_OP;
    report->scope_depth = (int)depth;
    return NULL;
}

static const char *const *sort_words(void)
{
    static const char *const words[] = {"energy", "macs", "order", NULL};
    return words;
}

static const char *const *per_words(void)
{
    static const char *const words[] = {"query", "1000-queries", "million-queries", NULL};
    return words;
}

static const char *check_code(const char *value)
{
    return pj_lint_rule_find(value) ? NULL : "the code of a rule; `picojoule help lint` lists them";
}

/* clang-format off */
static const pj_option row_rows[] = {
    {"group-by",        0, "op|scope[:DEPTH]",
     "sums per operator, or per module: the first\n"
     "DEPTH parts of names like /layer1/conv1/Conv",
     PJ_OPTION_READ, .at = AT(output.report), .read = read_group},
    {"sort",            0, NULL,
     "order of the rows (default: energy in text and\n"
     "Markdown, graph order in JSON and CSV)",
     PJ_OPTION_CHOICE, .at = AT(sort), .words = sort_words},
    {"top",             0, "N|all",
     "only the first N rows, the rest is summed up\n"
     "(default: 20 in text and Markdown, else all);\n"
     "0: no rows, the summary alone",
     PJ_OPTION_READ, .at = AT(output.report.top), .read = pj_top_read},
    {"quiet",           'q', NULL, "the summary alone: short for --top 0", PJ_OPTION_FLAG, .is = "top=0"},
    {"columns",         0, "NAME,NAME,...",
     "these columns, as they are called in text or\n"
     "CSV, for example layer,op,MACs,total,share; with\n"
     "model, table and options rows of runs can be put\n"
     "together",
     PJ_OPTION_TEXT, .at = AT(output.report.columns), .wants = "names of columns"},
    {"sweep",           0, "NAME=V1,V2,...",
     "instead of layers, one row of totals for each\n"
     "value of a dimension, for example --sweep\n"
     "sequence=128,512, or size of a memory level, as\n"
     "--sweep sram=256KiB,1MiB; repeatable: all\n"
     "combinations",
     PJ_OPTION_READ, .at = 0, .read = read_sweep, .repeats = true},
    {"inspect-weights", 0, NULL,
     "reads the weights, too: range, zeros, whether\n"
     "they are binary, ternary or powers of two, and\n"
     "the noise that each number format would add",
     PJ_OPTION_FLAG, .at = AT(setup.inspect_weights)},
    {"memory",          0, NULL,
     "what is in memory at the peak of activations,\n"
     "and whether another order of nodes takes less",
     PJ_OPTION_FLAG, .at = AT(setup.best_order)},
};
static const pj_option page_rows[] = {
    {"no-engine", 0, NULL,
     "of --format html: a smaller page, without the\n"
     "program and the graph in it, so that it answers\n"
     "no \"what if\"",
     PJ_OPTION_FLAG, .at = AT(no_engine), .format = "html"},
};
static const pj_option per_rows[] = {
    {"per", 0, NULL, "adds kWh and gCO2e of a device, per so much",
     PJ_OPTION_WORD, .at = AT(output.report.per), .words = per_words},
    {"region", 0, "ID", "of --per: DEU, France, gcp:us-central1 ... (default\nworld); repeatable; `picojoule regions` lists them",
     PJ_OPTION_TEXTS, .at = AT(regions)},
};
static const pj_option lint_rows[] = {
    {"lint",     0, NULL,
     "lists what to change in the graph, instead of\n"
     "the report; with --strict, exit code 4 where\n"
     "there is anything; see `picojoule help lint`",
     PJ_OPTION_FLAG, .at = AT(lint)},
    {"lint-off", 0, "CODE", "leaves out a rule of --lint; repeatable",
     PJ_OPTION_TEXTS, .at = AT(lint_off), .check = check_code},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((analyze_args *)given)->sort = -1;
}

/* CSV has no place for findings: says how many there are. */
static void say_unprinted(const pj_line *line, const pj_result *result, const analyze_args *args)
{
    size_t warnings = 0;
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    for (size_t i = 0; i < count; i++)
        warnings += strcmp(findings[i].severity, "warning") == 0;
    if (warnings && strcmp(args->output.report.format, "csv") == 0)
        pj_say("%s: %zu warning%s; the other formats list them", line->operand[0], warnings, warnings == 1 ? "" : "s");
}

/* How much lint would find: text tells of it. Large models are looked at only when that is asked for: it would take a
 * tenth of the time of their report. */
static pj_status count_lint(const pj_result *result, const analyze_args *args, size_t *count, pj_error *err)
{
    enum { LARGE = 20000 };
    pj_lint *lint = NULL;
    if (strcmp(args->output.report.format, "text") != 0 || result->layer_count > LARGE)
        return PJ_OK;
    pj_status status = pj_lint_run(result, NULL, 0, &lint, err);
    if (status == PJ_OK)
        pj_lint_findings(lint, count);
    pj_lint_free(lint);
    return status;
}

static pj_exit report(const pj_line *line, pj_model *model, const pj_result *result, const analyze_args *args)
{
    pj_error err = {0};
    pj_skeleton *skeleton = NULL;
    pj_report_options options = args->output.report;
    options.sort = (pj_sort)(args->sort + 1);
    pj_out out = pj_out_new(args->output.out);
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    if (args->strict && pj_say_strict(findings, count, line->operand[0]))
        return PJ_EXIT_UNSUPPORTED;
    if (args->record.file) { /* first, so that the report tells that the record is there */
        pj_exit code = pj_record_result(line, &args->record, result);
        if (code != PJ_EXIT_DONE)
            return code;
    }
    pj_status status = count_lint(result, args, &options.lint_findings, &err);
    if (status == PJ_OK && !args->no_engine && strcmp(options.format, "html") == 0)
        status = pj_page_skeleton(model, &args->setup, &skeleton, &err);
    options.skeleton = skeleton;
    if (status == PJ_OK)
        status = pj_report_write(result, &options, pj_out_write, &out, &err);
    pj_skeleton_free(skeleton);
    if (status == PJ_OK)
        say_unprinted(line, result, args);
    return pj_out_finish(&out, status, &err, status == PJ_EARGUMENT ? NULL : line->operand[0]);
}

/* --per: what the devices' figures come to. */
static pj_exit report_footprint(const pj_line *line, pj_model *model, const pj_result *result, const analyze_args *args)
{
    pj_error err = {0};
    pj_footprint *footprint = NULL;
    analyze_args with = *args;
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.result = result;
    ask.site.regions = args->regions.text;
    ask.site.region_count = args->regions.count;
    pj_status status = pj_footprint_run(&ask, &footprint, &err);
    with.output.report.footprint = footprint;
    pj_exit code = status != PJ_OK      ? pj_say_error(&err, NULL)
                   : footprint->refusal ? pj_say_usage("analyze", "--per: %s", footprint->refusal)
                                        : report(line, model, result, &with);
    pj_footprint_free(footprint);
    return code;
}

/* --lint: the findings alone; --strict tells by the exit code that there are any. */
static pj_exit report_lint(const pj_line *line, pj_model *model, const pj_result *result, const analyze_args *args)
{
    (void)model;
    pj_error err = {0};
    pj_lint *lint = NULL;
    pj_out out = pj_out_new(args->output.out);
    size_t count = 0, assumed;
    const pj_finding *findings = result->findings;
    assumed = result->finding_count;
    if (args->strict && pj_say_strict(findings, assumed, line->operand[0]))
        return PJ_EXIT_UNSUPPORTED;
    pj_status status = pj_lint_run(result, args->lint_off.text, args->lint_off.count, &lint, &err);
    if (status == PJ_OK) {
        pj_lint_findings(lint, &count);
        status = pj_lint_write(lint, &args->output.report, pj_out_write, &out, &err);
    }
    pj_lint_free(lint);
    pj_exit code = pj_out_finish(&out, status, &err, line->operand[0]);
    return code == PJ_EXIT_DONE && args->strict && count ? PJ_EXIT_UNSUPPORTED : code;
}

/* Opens the model at the first combination that it stands: it may be broken at the sizes that it has without. */
static pj_status open_first(pj_line *line, const analyze_args *args, pj_model **out, pj_error *err)
{
    pj_setup first = args->setup;
    size_t shared = first.dim_count, points = 1, left = 0;
    pj_dim_binding *dims = pj_line_keep(line, shared + args->sweeps, sizeof *dims);
    pj_status status = dims ? PJ_ESHAPE : PJ_ENOMEM;
    for (size_t i = 0; dims && i < shared; i++)
        dims[i] = first.dims[i];
    for (size_t i = 0; i < args->sweeps && points <= PJ_MAX_SWEEP; i++)
        points *= args->sweep[i].count;
    first.dims = dims;
    for (size_t p = 0; p < points && p < PJ_MAX_SWEEP && (status == PJ_ESHAPE || status == PJ_EOVERFLOW); p++) {
        left = p;
        first.dim_count = shared;
        for (size_t i = args->sweeps; i-- > 0; left /= args->sweep[i].count)
            if (!pj_sweep_is_level(args->sweep[i].name))
                dims[first.dim_count++] =
                    (pj_dim_binding){args->sweep[i].name, args->sweep[i].values[left % args->sweep[i].count]};
        status = pj_model_open(line->operand[0], &first, out, err);
    }
    return status;
}

static pj_exit run_sweep(pj_line *line, const analyze_args *args)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_sweep *sweep = NULL;
    pj_out out = pj_out_new(args->output.out);
    pj_exit code;
    pj_status status = open_first(line, args, &model, &err);
    code = status == PJ_OK ? pj_refuse_model(line, pj_model_describe(model)) : PJ_EXIT_DONE;
    if (code != PJ_EXIT_DONE) {
        pj_model_close(model);
        return code;
    }
    if (status == PJ_OK)
        status = pj_sweep_run(model, &args->setup, args->sweep, args->sweeps, &sweep, &err);
    if (status == PJ_OK && args->strict && pj_say_strict(sweep->findings, sweep->finding_count, line->operand[0])) {
        code = PJ_EXIT_UNSUPPORTED;
    } else {
        if (status == PJ_OK)
            status = pj_sweep_write(sweep, &args->output.report, pj_out_write, &out, &err);
        code = pj_out_finish(&out, status, &err, line->operand[0]);
        if (status == PJ_OK && code == PJ_EXIT_DONE && sweep->failed) {
            pj_say("%s: %zu of %zu sizes failed", line->operand[0], sweep->failed, sweep->point_count);
            code = PJ_EXIT_INPUT;
        }
    }
    pj_sweep_free(sweep);
    pj_model_close(model);
    return code;
}

/* What is for one model alone, or for its layers. */
static bool refuse_single(const pj_line *line)
{
    static const char *const single[] = {"sweep",    "lint", "record", "inspect-weights", "memory", "per",
                                         "group-by", "sort", "top",    "columns",         NULL};
    for (size_t i = 0; i < line->givens; i++)
        for (size_t k = 0; single[k]; k++)
            if (strcmp(pj_given_name(&line->given[i]), single[k]) == 0) {
                (void)pj_say_usage("analyze", "several models or tables are a row each; --%s is for one", single[k]);
                return true;
            }
    return false;
}

static pj_exit run(pj_line *line, const void *given)
{
    const analyze_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    if (pj_is_runs(line))
        return refuse_single(line) ? PJ_EXIT_USAGE : pj_runs(line, &args->setup, &args->output, args->strict);
    if (args->sweeps)
        return run_sweep(line, args);
    pj_status status = pj_model_open(line->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK)
        status = pj_analyze(model, &args->setup, &result, &err);
    /* a missing table or device is not the model's fault: name no file */
    const char *subject = model && status == PJ_EARGUMENT ? NULL : line->operand[0];
    pj_exit code = status != PJ_OK ? pj_say_error(&err, subject) : pj_refuse_model(line, result->model);
    if (status == PJ_OK && code == PJ_EXIT_DONE)
        code = (args->lint                ? report_lint
                : args->output.report.per ? report_footprint
                                          : report)(line, model, result, args);
    pj_result_free(result);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_analyze = {
    .name = "analyze",
    .operands = "MODEL...",
    .least = 1,
    .most = 10000,
    .each = "table",
    .summary = "energy, counts and precision per layer",
    .text = "Reads an ONNX model (- for standard input) and reports, layer by layer, the\n"
            "energy of one run in picojoules: reading inputs, writing outputs, reading\n"
            "parameters, arithmetic. Weights are not read and may be absent, unless\n"
            "--inspect-weights asks to look at them.\n"
            "\n"
            "Energies come from a table of published figures for one operation and one bit\n"
            "(--table), and from where tensors are kept (--weights-on, --activations-on).\n"
            "They say where energy goes and what a change would do; they are no measurement.\n"
            "A symbolic dimension that nobody binds counts as 1, and the report says so.\n"
            "\n"
            "Several models (or patterns, as 'models/*.onnx'), and several --table, are a row\n"
            "of totals each, the dearest first.",
    .rows = {{.title = "Model", .at = offsetof(analyze_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Energy",
              .at = offsetof(analyze_args, setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) | PJ_SETTINGS(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Report",                    pj_chart_rows, 0),
             PJ_ROWS("Page",                                                                               page_rows, 0),
             PJ_ROWS("Rows",                          row_rows, 0),
             PJ_ROWS("Footprint",                                             per_rows,    0),
             PJ_ROWS("Findings",                                                                      pj_strict_rows, AT(strict)),
             PJ_ROWS("Lint",                               lint_rows, 0),
             PJ_ROWS("Recording", pj_record_rows, AT(record))},
    .clashes = {{.without = "lint", .others = "lint-off"},
             {.without = "per", .others = "region"},
             {.without = "device", .others = "load utilization"},
             {.with = "format=csv", .others = "per"},
             {.with = "sweep", .others = "per"},
             {.with = "lint", .others = "per"},
             {.without = "record", .others = "record-as commit branch time"},
             {.with = "lint",
                 .others = "sweep",
                 .why = "--lint looks at one size; it goes with --dim, not with --sweep"},
             {.with = "sweep",
                 .others = "record",
                 .why = "--record keeps one run's figures; it goes with neither --sweep nor --lint"},
             {.with = "lint",
                 .others = "record",
                 .why = "--record keeps one run's figures; it goes with neither --sweep nor --lint"},
             {.with = "sweep",
                 .others = "inspect-weights",
                 .why = "--sweep prints totals, which --inspect-weights has nothing to add to"},
             {.with = "sweep",
                 .others = "group-by sort top columns",
                 .why = "--sweep prints totals; --group-by, --sort, --top and --columns are for layers"},
             {.with = "format=json", .others = "columns"},
             {.with = "sweep", .others = "memory"},
             {.with = "format=csv", .others = "memory"},
             {.with = "inspect-weights format=csv",
                 .others = "group-by sort top columns @devices",
                 .why = "as CSV, --inspect-weights prints the table of weights alone, which has no layers"},
             {.with = "inspect-weights format=csv",
                 .without = "record",
                 .others = "@energy @formats",
                 .why = "as CSV, --inspect-weights prints the table of weights alone, which has no energies"},
             {.with = "lint", .others = "group-by sort top columns inspect-weights memory @devices"}},
    .examples = "picojoule analyze model.onnx\n"
                "    where the energy goes, largest layers first\n"
                "picojoule analyze model.onnx --dim batch=1 --dim sequence=128\n"
                "    a model with symbolic dimensions\n"
                "picojoule analyze model.onnx --weights-on sram --activations-on sram --sram-min 1MiB\n"
                "    everything in on-chip memory of 1 MiB\n"
                "picojoule analyze a.onnx b.onnx --table horowitz-45nm --table horowitz-mac\n"
                "    models and tables side by side\n"
                "picojoule analyze model.onnx --group-by scope:2 --top 10\n"
                "    the ten most expensive modules\n"
                "picojoule analyze model.onnx --sweep sequence=128,512,2048 --format csv\n"
                "    how the totals grow with a dimension\n"
                "picojoule analyze model.onnx --lint\n"
                "    what to change in the graph before it is deployed\n"
                "picojoule analyze model.onnx --record energy.db\n"
                "    keeps the figures; `picojoule history energy.db model.onnx` shows the trend\n"
                "picojoule analyze model.onnx --inspect-weights\n"
                "    which weights would bear few bits, and which are ternary already\n"
                "picojoule analyze model.onnx --format json -o report.json\n"
                "    for programs; docs/report-format.md describes it",
    .size = sizeof(analyze_args),
    .defaults = set_defaults,
    .run = run,
};
