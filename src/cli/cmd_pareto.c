/* picojoule pareto: quality against energy over a training run. */
#include "commands.h"
#include "record.h"

typedef struct pareto_args {
    pj_output output;
    pj_setup setup;
    double quality, energy, within; /* not given: NAN, unit NULL, 10 % */
    const char *unit;               /* of the energy */
    const char *energy_from;        /* a model, or NULL */
    const char *measured;           /* a measurement, or NULL */
    const char *label;
    const char *time;
    int better; /* pj_better */
} pareto_args;

#define AT(member) offsetof(pareto_args, member)

static const char *read_energy(pj_line *line, void *at, const char *value)
{
    static const struct {
        const char *suffix, *unit;
        double factor;
    } units[] = {
        {"pJ",       "pJ",       1   },
        {"nJ",       "pJ",       1e3 },
        {"uJ",       "pJ",       1e6 },
        {"mJ",       "pJ",       1e9 },
        {"J",        "pJ",       1e12},
        {"kJ",       "pJ",       1e15},
        {"relative", "relative", 1   },
    };
    pareto_args *args = at;
    double number;
    const char *suffix = pj_decimal_read(value, &number);
    (void)line;
    if (suffix && number >= 0)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(suffix + strspn(suffix, " "), units[i].suffix) == 0) {
                args->energy = number * units[i].factor;
                args->unit = units[i].unit;
                return NULL;
            }
    return "an energy with its unit, for example 3.4uJ or 1.2mJ; relative of tables without joules";
}

/* clang-format off */
static const pj_option point_rows[] = {
    {"quality",          0, "X",       "add: the point's quality",
     PJ_OPTION_REAL, .at = AT(quality), .wants = "a number, for example 12.3"},
    {"energy",           0, "E",       "add: its energy, as 3.4uJ", PJ_OPTION_READ, .at = 0, .read = read_energy},
    {"energy-from",      0, "MODEL",
     "add: its energy is that of one run of the model,\n"
     "with the options below",
     PJ_OPTION_TEXT, .at = AT(energy_from), .wants = "a model"},
    {"measured",         0, "FILE",
     "add: its energy is that of a query, as `picojoule\n"
     "measure` or another tool has measured it",
     PJ_OPTION_TEXT, .at = AT(measured), .wants = "the name of a file"},
    {"label",            0, "TEXT",
     "add: what the point is called, as step=1000\n"
     "(default: the model's path)",
     PJ_OPTION_TEXT, .at = AT(label), .wants = "a text"},
    {"time",             0, "TIME",
     "add: when, as 2026-11-20T22:09:24Z (default:\n"
     "SOURCE_DATE_EPOCH, else now)",
     PJ_OPTION_TEXT, .at = AT(time), .check = pj_time_wants},
    {"lower-is-better",  0, NULL,
     "as for a loss; the default of a new file, and\n"
     "settled by its first point",
     PJ_OPTION_AS, .at = AT(better), .least = PJ_BETTER_LOWER},
    {"higher-is-better", 0, NULL,      "as for an accuracy; likewise",
     PJ_OPTION_AS, .at = AT(better), .least = PJ_BETTER_HIGHER},
    {"within",           0, "PERCENT",
     "show: names the point of least energy that is\n"
     "so near to the best quality (default 10%)",
     PJ_OPTION_REAL, .at = AT(within), .share = true, .most = 1e300,
     .wants = "a share of the best quality in percent, for example 10%"},
};
/* clang-format on */

static void set_defaults(void *given)
{
    pareto_args *args = given;
    args->quality = NAN;
    args->within = 0.1;
}

/* The energy of one run of the model, and what it rests on; the caller frees *basis. */
static pj_status take_energy(const pareto_args *args, pj_pareto_point *point, char **basis, pj_error *err)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_status status = pj_model_open(args->energy_from, &args->setup, &model, err);
    if (status == PJ_OK)
        status = pj_analyze(model, &args->setup, &result, err);
    if (status == PJ_OK) {
        const pj_totals *totals = &result->totals;
        point->energy = pj_energy_total(&totals->energy);
        point->unit = strcmp(result->unit, "pJ") == 0 ? "pJ" : "relative";
        status = pj_pareto_basis(result, basis, err);
        if (totals->uncounted)
            pj_say("%s: %zu layer%s not counted in this energy; `picojoule analyze` lists them", args->energy_from,
                   totals->uncounted, totals->uncounted == 1 ? " is" : "s are");
    }
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

/* The energy of a query that was measured. An estimate is none: points of both kinds do not compare. */
static pj_status take_measured(const pareto_args *args, pj_pareto_point *point, char **basis, pj_error *err)
{
    pj_footprint *footprint = NULL;
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.paths = &args->measured;
    ask.energy.path_count = 1;
    pj_status status = pj_footprint_run(&ask, &footprint, err);
    const pj_energy_source *source = status == PJ_OK && footprint->source_count ? &footprint->sources[0] : NULL;
    const char *word = source ? pj_boundary_word(source->boundary) : "no measurement";
    if (status == PJ_OK && strncmp(word, "measured-", 9) != 0) {
        status = err->status = PJ_EFORMAT;
        snprintf(err->what, sizeof err->what, "it is %s, not measured: --energy-from MODEL adds estimates", word);
    }
    if (status == PJ_OK) {
        const char *hardware = source->hardware ? source->hardware : "unknown";
        size_t size = strlen(word) + strlen(hardware) + 32;
        point->energy = source->joules * 1e12;
        point->unit = "pJ";
        *basis = malloc(size);
        if (*basis)
            snprintf(*basis, size, "--%s --hardware %s", word, hardware);
        else
            status = PJ_ENOMEM;
    }
    pj_footprint_free(footprint);
    return status;
}

static pj_exit add(const pj_line *line, const pareto_args *args)
{
    pj_error err = {0};
    char time[PJ_TIME_SIZE], *basis = NULL;
    pj_pareto_point point = {.quality = args->quality, .energy = args->energy, .unit = args->unit, .time = time};
    if (isnan(args->quality))
        return pj_say_usage("pareto", "add wants --quality X");
    if ((args->unit != NULL) + (args->energy_from != NULL) + (args->measured != NULL) != 1)
        return pj_say_usage("pareto", "add wants one of --energy E, --energy-from MODEL, --measured FILE");
    if (args->energy_from && pj_same_file(args->energy_from, line->operand[1]))
        return pj_say_usage("pareto", "add would overwrite %s, which is read", args->energy_from);
    if (!pj_time_of(args->time, time))
        return PJ_EXIT_USAGE;
    if (args->energy_from && take_energy(args, &point, &basis, &err) != PJ_OK)
        return pj_say_error(&err, args->energy_from);
    if (args->measured && take_measured(args, &point, &basis, &err) != PJ_OK)
        return pj_say_error(&err, args->measured);
    point.label = args->label ? args->label : args->energy_from ? args->energy_from : args->measured;
    point.basis = basis;
    pj_status status = pj_pareto_add(line->operand[1], &point, (pj_better)args->better, &err);
    free(basis);
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, line->operand[1]);
}

static pj_exit show(const pj_line *line, const pareto_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_pareto *pareto = NULL;
    pj_status status = pj_pareto_read(line->operand[1], (pj_better)args->better, args->within, &pareto, &err);
    if (status == PJ_OK)
        status = pj_pareto_write(pareto, &args->output.report, pj_out_write, &out, &err);
    pj_pareto_free(pareto);
    return pj_out_finish(&out, status, &err, line->operand[1]);
}

static pj_exit run(pj_line *line, const void *args)
{
    const char *verb = line->operand[0];
    if (strcmp(verb, "add") == 0)
        return add(line, args);
    if (strcmp(verb, "show") == 0)
        return show(line, args);
    return pj_say_usage("pareto", "pareto: add or show, not '%s'", verb);
}

const pj_command pj_command_pareto = {
    .name = "pareto",
    .operands = "add|show FILE",
    .least = 2,
    .most = 2,
    .summary = "quality against energy over a training run",
    .text = "`add` appends a point (quality, energy) to an SQLite file and makes the file if\n"
            "need be; processes may add at once. `show` prints the frontier: the points that\n"
            "no other one beats or equals in both. Points that are beaten stay in the file\n"
            "and are part of JSON, CSV and the chart.",
    .rows = {PJ_ROWS("Points", point_rows, 0),
             {.title = "Model", .at = offsetof(pareto_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Energy",
              .at = offsetof(pareto_args, setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS)},
             PJ_ROWS("Report", pj_chart_rows, 0)},
    .clashes = {{.with = "=add", .others = "within", .why = "--within is for show"},
             {.with = "=add", .others = "format output width"},
             {.with = "=show",
                 .others = "quality energy energy-from measured label time",
                 .why = "--quality, --energy, --energy-from, --measured, --label and --time are for add"},
             {.without = "energy-from",
                 .others = "@settings",
                 .why = "sizes, tables and formats go with add --energy-from: they are what its energy rests on"},
             {.with = "lower-is-better",
                 .others = "higher-is-better",
                 .why = "either --lower-is-better or --higher-is-better, not both"}                         },
    .examples = "picojoule pareto add run.db --quality 12.3 --energy-from step1000.onnx\n"
                "    a checkpoint, with its validation loss\n"
                "picojoule pareto add accuracy.db --quality 0.913 --higher-is-better --energy 3.4uJ\n"
                "    an accuracy, and an energy that was found elsewhere\n"
                "picojoule pareto show run.db\n"
                "    the frontier, and the cheapest model within 10 % of the best quality\n"
                "picojoule pareto show run.db --within 2% --format svg -o run.svg\n"
                "    as a chart",
    .size = sizeof(pareto_args),
    .defaults = set_defaults,
    .run = run,
};
