/* picojoule footprint: kWh, CO2e, water and money of a query, a training run, a life. */
#include <math.h>
#include <string.h>

#include "commands.h"
#include "footprint_rows.h"
#include "record.h"
#include "say.h"

typedef struct footprint_args {
    pj_output output;
    pj_setup setup;
    pj_site_args site;
    pj_footprint_ask ask;
    pj_record_args record;
    pj_texts limits, qualities;
    const char *lifecycle;
    bool init, strict;
} footprint_args;

#define AT(member) offsetof(footprint_args, member)

/* ---- options ---- */

static const char *read_lifespan(pj_line *line, void *at, const char *value)
{
    double years = 0;
    (void)line;
    if (!pj_number_read(value, &years) || pj_quantity_wants("lifespan_h", years))
        return "years above 0";
    *(double *)at = years * 8760;
    return NULL;
}

static const char *read_embodied(pj_line *line, void *at, const char *value)
{
    pj_footprint_ask *ask = at;
    (void)line;
    if (!pj_number_read(value, &ask->embodied_kg)) {
        ask->embodied_kg = NAN;
        ask->embodied = value;
    }
    return ask->embodied_kg < 0 ? "the name of hardware, or kgCO2e from 0 on" : NULL;
}

/* query, 1000-queries, token, user:NAME=N */
static const char *read_unit(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "query, 1000-queries, token, training, or user:NAME=N with N queries to it";
    static const char *const words[] = {"query", "1000-queries", "token", "training"};
    pj_footprint_ask *ask = at;
    const char *equals = strrchr(value, '=');
    ask->unit = value;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], value) == 0)
            return NULL;
    if (strncmp(value, "user:", 5) != 0 || !equals || equals < value + 6)
        return wants;
    ask->unit = pj_line_text(line, value + 5, equals);
    return pj_number_read(equals + 1, &ask->unit_queries) && !pj_quantity_wants("functional_units", ask->unit_queries)
               ? NULL
               : wants;
}

/* QUBITS,LAYERS,TOKENS */
static const char *read_quantum(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "QUBITS,LAYERS,TOKENS, whole, with at most 60 qubits";
    pj_footprint_ask *ask = at;
    int64_t part[3];
    const char *next = value;
    (void)line;
    for (int i = 0; i < 3; i++) {
        next = pj_whole_read(next, &part[i]);
        if (!next || *next != (i < 2 ? ',' : 0))
            return wants;
        next++;
    }
    ask->qubits = (double)part[0];
    ask->layers = (double)part[1];
    ask->circuit_tokens = (double)part[2];
    return part[0] <= 60 ? NULL : wants;
}

static const char *check_quality(const char *value)
{
    const char *equals = strrchr(value, '=');
    double number;
    return equals && equals > value && pj_number_read(equals + 1, &number) ? NULL
                                                                           : "NAME=V, for example resnet8.onnx=0.87";
}

static const char *const *precision_words(void)
{
    static const char *const words[] = {"fp32", "tf32", "bf16", "fp16", NULL};
    return words;
}

#define ABOVE_ZERO .least = 1e-300, .most = 1e300, .wants = "a number above 0"
#define FROM_ZERO  .least = 0, .most = 1e300, .wants = "a number from 0 on"

/* clang-format off */
static const pj_option energy_rows[] = {
    {"energy", 0, "ENERGY", "of a query (with --training: of a step), instead\nof an input: 0.102J, 388.1uJ, 3Wh",
     PJ_OPTION_READ, .at = AT(ask.energy.joules), .read = pj_read_joules},
    {"figure", 0, "table|NAME", "which energy of a report: a device's, or the\ntable's, which is a comparison and no footprint",
     PJ_OPTION_TEXT, .at = AT(ask.energy.figure)},
    {"queries-per-run", 0, "N", "that one run answers (default: the batch)",
     PJ_OPTION_REAL, .at = AT(ask.energy.queries_per_run), ABOVE_ZERO},
    {"tokens", 0, "N", "of a query; adds figures per token; of a sweep:\nthat are generated",
     PJ_OPTION_REAL, .at = AT(ask.energy.tokens), ABOVE_ZERO},
    {"prefill", 0, "INPUT", "of a sweep over past tokens, which is a\ngeneration of --tokens: what reading the prompt\ntakes (a report, a measurement, a model)",
     PJ_OPTION_TEXT, .at = AT(ask.energy.prefill), .wants = "the name of a file"},
    {"input-pue", 0, "X", "that a result of the ML Energy Score holds\n(default 1.2)",
     PJ_OPTION_REAL, .at = AT(ask.energy.input_pue), .least = 1, .most = 1e3, .wants = "a number from 1 on"},
    {"run-id", 0, "ID", "the row of an emissions.csv (default: the last)",
     PJ_OPTION_TEXT, .at = AT(ask.energy.run_id)},
    {"mix", 0, NULL, "compares estimates of operations with others, too",
     PJ_OPTION_FLAG, .at = AT(ask.mix)},
};
static const pj_option per_rows[] = {
    {"per-day", 0, "N", "queries; adds a day and --days of them",
     PJ_OPTION_REAL, .at = AT(ask.per_day), FROM_ZERO},
    {"days", 0, "D", "of the period (default 365)",
     PJ_OPTION_REAL, .at = AT(ask.days), FROM_ZERO},
    {"idle-from", 0, "NAME|FILE", "adds what this device draws between the queries\nof a day",
     PJ_OPTION_TEXT, .at = AT(ask.idle_from)},
    {"quality", 0, "NAME=V", "of an input; adds quality per gCO2e; repeatable",
     PJ_OPTION_TEXTS, .at = AT(qualities), .check = check_quality},
    {"fail-on", 0, "LIMIT", "exit code 1 if it is exceeded, for example\ngco2e_query>0.5, or gco2e_1000>+5% against the\nfirst input; repeatable",
     PJ_OPTION_TEXTS, .at = AT(limits), .check = pj_footprint_limit_wants},
};
static const pj_option embodied_rows[] = {
    {"embodied", 0, "NAME|KG", "emissions of making the hardware: gpu.h100_sxm,\nserver.generic ..., or kgCO2e",
     PJ_OPTION_READ, .at = AT(ask), .read = read_embodied},
    {"lifespan", 0, "YEARS", "that it is used (default: the hardware's)",
     PJ_OPTION_READ, .at = AT(ask.lifespan_h), .read = read_lifespan},
    {"share", 0, "X/Y", "of the hardware, for example 1/8 (default 1)",
     PJ_OPTION_READ, .at = AT(ask.share), .read = pj_read_share},
    {"reserved", 0, "DURATION", "for a query (default: its time)",
     PJ_OPTION_READ, .at = AT(ask.reserved_h), .read = pj_read_hours},
    {"functional-unit", 0, "UNIT", "of SCI: query, 1000-queries, token, training,\nor user:NAME=N with N queries to it",
     PJ_OPTION_READ, .at = AT(ask), .read = read_unit},
};
static const pj_option training_rows[] = {
    {"training", 0, NULL, "one run of training: of a model on a --device,\nor of --gpu-hours",
     PJ_OPTION_FLAG, .at = AT(ask.training.wanted)},
    {"epochs", 0, "E", "passes over the samples",
     PJ_OPTION_REAL, .at = AT(ask.training.epochs), FROM_ZERO},
    {"samples", 0, "S", "in the training set",
     PJ_OPTION_REAL, .at = AT(ask.training.samples), FROM_ZERO},
    {"backward", 0, "X", "work of the backward pass over that of the\nforward pass (default 2)",
     PJ_OPTION_REAL, .at = AT(ask.training.backward), FROM_ZERO},
    {"mfu", 0, "X", "share of the device's peak (default 0.4)",
     PJ_OPTION_REAL, .at = AT(ask.training.mfu), .least = 1e-6, .most = 1, .wants = "a number above 0, up to 1"},
    {"precision", 0, NULL, "of that peak (default fp32)",
     PJ_OPTION_WORD, .at = AT(ask.training.precision), .words = precision_words},
    {"gpu-hours", 0, "H", "of all devices together",
     PJ_OPTION_REAL, .at = AT(ask.training.gpu_hours), FROM_ZERO},
    {"watts", 0, "W", "of one of them",
     PJ_OPTION_REAL, .at = AT(ask.training.watts), FROM_ZERO},
    {"devices", 0, "N", "that share the work, for its hours",
     PJ_OPTION_REAL, .at = AT(ask.training.devices), ABOVE_ZERO},
    {"overhead", 0, "PERCENT", "for optimizer, checkpoints, evaluation",
     PJ_OPTION_REAL, .at = AT(ask.training.overhead_percent), FROM_ZERO},
};
static const pj_option life_rows[] = {
    {"lifecycle", 0, "FILE", "all phases of a model's life\n(picojoule.lifecycle/1, docs/footprint.md)",
     PJ_OPTION_TEXT, .at = AT(lifecycle), .wants = "the name of a file"},
    {"init", 0, NULL, "writes such a file to begin with",
     PJ_OPTION_FLAG, .at = AT(init)},
    {"quantum", 0, "QUBITS,LAYERS,TOKENS", "a simulated circuit on a --device: a heuristic\nof the V4 module, without a source",
     PJ_OPTION_READ, .at = AT(ask), .read = read_quantum},
};
/* clang-format on */

static void set_defaults(void *given)
{
    footprint_args *args = given;
    args->ask = pj_footprint_ask_default();
    pj_site_defaults(&args->site);
}

/* ---- running ---- */

static pj_exit run_lifecycle(const footprint_args *args)
{
    pj_error err = {0};
    pj_lifecycle *life = NULL;
    const pj_site site = pj_site_given(&args->site);
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_lifecycle_run(args->lifecycle, &site, args->ask.mix, &life, &err);
    if (status == PJ_OK)
        status = pj_lifecycle_write(life, &args->output.report, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, args->lifecycle);
    pj_lifecycle_free(life);
    return code;
}

static pj_exit run_init(const footprint_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    return pj_out_finish(&out, pj_lifecycle_sample(pj_out_write, &out, &err), &err, NULL);
}

/* Limits on standard error, the exit code for them. */
static pj_exit judge(const pj_footprint *footprint)
{
    for (size_t i = 0; i < footprint->verdict_count; i++) {
        const pj_footprint_verdict *verdict = &footprint->verdicts[i];
        if (verdict->exceeded)
            pj_say("%s: exceeded by %s in %s: %g, the bound is %g", verdict->limit, verdict->row->source->name,
                   verdict->row->region->id, verdict->value, verdict->least);
    }
    return footprint->exceeded ? PJ_EXIT_LIMIT : PJ_EXIT_DONE;
}

static pj_exit report(const footprint_args *args, const pj_footprint *footprint)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    if (footprint->refusal)
        return pj_say_usage("footprint", "footprint: %s", footprint->refusal);
    if (args->strict && pj_say_strict(footprint->findings, footprint->finding_count, "footprint"))
        return PJ_EXIT_UNSUPPORTED;
    if (args->record.file) {
        pj_exit recorded = pj_record_energies(&args->record, footprint);
        if (recorded != PJ_EXIT_DONE)
            return recorded;
    }
    pj_status status = pj_footprint_write(footprint, &args->output.report, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, NULL);
    return code == PJ_EXIT_DONE ? judge(footprint) : code;
}

static pj_exit run(pj_line *line, const void *given)
{
    const footprint_args *args = given;
    pj_error err = {0};
    pj_footprint *footprint = NULL;
    pj_footprint_ask ask = args->ask;
    if (args->init)
        return run_init(args);
    if (args->lifecycle)
        return run_lifecycle(args);
    ask.energy.paths = line->operand;
    ask.energy.path_count = line->operands;
    pj_setup setup = args->setup;
    if (ask.training.wanted && setup.batch) { /* samples of a step, which the model need not run at once */
        ask.training.batch = (double)setup.batch;
        setup.batch = 0;
    }
    ask.energy.setup = &setup;
    ask.site = pj_site_given(&args->site);
    ask.limits = args->limits.text;
    ask.limit_count = args->limits.count;
    ask.qualities = args->qualities.text;
    ask.quality_count = args->qualities.count;
    if (!line->operands && isnan(ask.energy.joules) && !ask.training.wanted && isnan(ask.qubits))
        return pj_say_usage("footprint", "footprint: there is no INPUT, and no --energy, --training or --lifecycle");
    if (isnan(ask.per_day) && (ask.idle_from || ask.days != 365))
        return pj_say_usage("footprint", "footprint: --%s goes with --per-day", ask.idle_from ? "idle-from" : "days");
    pj_status status = pj_footprint_run(&ask, &footprint, &err);
    pj_exit code = status == PJ_OK ? report(args, footprint) : pj_say_error(&err, NULL);
    if (status == PJ_EARGUMENT && !err.file[0])
        code = PJ_EXIT_USAGE;
    pj_footprint_free(footprint);
    return code;
}

const pj_command pj_command_footprint = {
    .name = "footprint",
    .operands = "[INPUT...]",
    .least = 0,
    .most = SIZE_MAX,
    .summary = "kWh, CO2e, water and cost of queries, training, a life",
    .text = "An INPUT is a model, a report of analyze, a measurement, a result of the ML\n"
            "Energy Score, or CodeCarbon's emissions.csv; --energy gives the energy itself.\n"
            "Each input, each device and each region is a row. An estimate of operations is\n"
            "no footprint: a model needs a --device, or a measurement. Every figure stands\n"
            "with its boundary, region, year and source; what is not known is said, and\n"
            "never 0. docs/footprint.md has formulas, sources and examples.",
    .rows = {PJ_ROWS("Energy", energy_rows, 0),
             PJ_ROWS("Place",                                   pj_site_rows, AT(site)),
             PJ_ROWS("Per", per_rows, 0),
             PJ_ROWS("Embodied emissions (SCI)", embodied_rows, 0),
             PJ_ROWS("Training", training_rows, 0),
             PJ_ROWS("Lifecycles and circuits", life_rows, 0),
             {.title = "Model",
              .at = AT(setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_MODEL) | PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) |
                          PJ_SETTINGS(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Report", pj_chart_rows, 0),
             PJ_ROWS("Recording (measurements)", pj_record_rows, AT(record)),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "lifecycle", .others = "energy training quantum fail-on per-day embodied record"},
             {.with = "training", .others = "quantum per-day tokens figure"},
             {.without = "training",
                 .others = "epochs samples backward mfu precision gpu-hours watts devices overhead"},
             {.without = "embodied", .others = "lifespan share reserved functional-unit"},
             {.with = "intensity", .others = "intensity-profile"},
             {.without = "record", .others = "record-as commit branch time"}                                                        },
    .examples = "picojoule footprint --energy 0.102J --region DEU --per-day 10000\n"
                "    a query of a known energy, a day and a year of it\n"
                "picojoule footprint model.onnx --device a100 --region FRA --region USA\n"
                "    two regions side by side\n"
                "picojoule footprint --training --gpu-hours 1082990 --watts 400 --region FRA\n"
                "    a run of training\n"
                "picojoule footprint --init -o life.json\n"
                "    a lifecycle to fill in; --lifecycle life.json works it out",
    .size = sizeof(footprint_args),
    .defaults = set_defaults,
    .run = run,
};
