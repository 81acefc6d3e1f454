/* picojoule layers: measured energy beside estimated energy, layer by layer. */
#include <unistd.h>

#include "commands.h"
#include "footprint_rows.h"
#include "record.h"
#include "run_rows.h"
#include "say.h"

typedef struct layers_args {
    pj_output output;
    pj_setup setup;
    pj_layers_ask ask;
    pj_texts traces, optimized, measurements, names;
    pj_run_args run;
    pj_measure_ask measure;
    const char *calibrate, *fit_rows, *host, *keep, *prefixes, *increments;
    pj_texts at;
    size_t every;
    size_t runs, warmup;
    bool makes;
    size_t drop_runs;
    bool strict;
} layers_args;

#define AT(member) offsetof(layers_args, member)

/* clang-format off */
static const pj_option trace_rows[] = {
    {"trace", 0, "FILE", "a profile: of ONNX Runtime, TensorRT, OpenVINO,\nor CSV; one for each MODEL, or several of one",
     PJ_OPTION_TEXTS, .at = AT(traces), .wants = "the name of a file"},
    {"optimized", 0, "FILE", "the model that ONNX Runtime wrote\n(optimized_model_filepath): fused kernels are\nmatched exactly; one for each --trace",
     PJ_OPTION_TEXTS, .at = AT(optimized), .wants = "the name of a file"},
    {"drop-runs", 0, "N", "first runs that do not count (default 1): they\nload and warm up",
     PJ_OPTION_COUNT, .at = AT(drop_runs), .least = 0, .most = 1e9, .wants = "a number from 0 on"},
    {"name", 0, "NAME", "of a profile, where several stand side by side:\nfp32, int8 ...; one for each --trace",
     PJ_OPTION_TEXTS, .at = AT(names)},
};
static const char *read_sources(pj_line *line, void *at, const char *value)
{
    pj_measure_ask *ask = at;
    (void)line;
    return pj_power_sources_read(value, &ask->sources, &ask->psys);
}

static const pj_option run_rows[] = {
    {"run", 0, NULL, "makes the profile here, with ONNX Runtime: runs\nwithout profiling for the joules, where there is a\ncounter, and runs with it for the shares",
     PJ_OPTION_FLAG, .at = AT(makes)},
    {"runs", 0, "N", "that count (default 50)",
     PJ_OPTION_COUNT, .at = AT(runs), .least = 1, .most = 1e6, .wants = "a number from 1 on"},
    {"warmup", 0, "N", "runs before them (default 5)",
     PJ_OPTION_COUNT, .at = AT(warmup), .least = 1, .most = 1e6, .wants = "a number from 1 on"},
    {"sources", 0, "LIST", "of joules, as of `picojoule measure` (default: all\nthat work)",
     PJ_OPTION_READ, .at = AT(measure), .read = read_sources},
    {"sysfs", 0, "FOLDER", "instead of /sys",
     PJ_OPTION_TEXT, .at = AT(measure.sysfs)},
    {"nvml-library", 0, "FILE", "instead of libnvidia-ml.so.1",
     PJ_OPTION_TEXT, .at = AT(measure.nvml_library), .wants = "the name of a file"},
    {"keep-trace", 0, "FILE", "keeps the profile",
     PJ_OPTION_TEXT, .at = AT(keep), .wants = "the name of a file"},
};
static const pj_option energy_rows[] = {
    {"measurement", 0, "FILE", "of the model's runs without profiling, by\n`picojoule measure`: shared by time; one for each\n--trace",
     PJ_OPTION_TEXTS, .at = AT(measurements), .wants = "the name of a file"},
    {"joules-per-run", 0, "ENERGY", "the same as a number: 24mJ",
     PJ_OPTION_READ, .at = AT(ask.joules_per_run), .read = pj_read_joules},
    {"power", 0, "FILE", "CSV of watts while the profile was recorded (`measure\n--power-log`): integrated where kernels last long\nenough",
     PJ_OPTION_TEXT, .at = AT(ask.power), .wants = "the name of a file"},
    {"trace-start", 0, "SECONDS", "when the profile's time 0 was, since 1970, on the\nclock of --power (default: as its name says)",
     PJ_OPTION_REAL, .at = AT(ask.trace_start_s), .least = 0, .most = 1e12, .wants = "seconds from 0 on"},
    {"watts", 0, "W", "constant power while the profile was recorded",
     PJ_OPTION_REAL, .at = AT(ask.watts), .least = 0, .most = 1e9, .wants = "watts from 0 on"},
    {"idle-watts", 0, "W", "of it, without work: adds energy above idle",
     PJ_OPTION_REAL, .at = AT(ask.idle_watts), .least = 0, .most = 1e9, .wants = "watts from 0 on"},
};
static const pj_option prefix_rows[] = {
    {"write-prefixes", 0, "FOLDER", "writes the first parts of the MODEL, to be measured\neach: `measure --repeat 10 -o FOLDER/prefix_001.json`",
     PJ_OPTION_TEXT, .at = AT(prefixes), .wants = "the name of a folder"},
    {"every", 0, "N", "cuts behind each N-th layer that costs something\n(default 1)",
     PJ_OPTION_COUNT, .at = AT(every), .least = 1, .most = 1e9, .wants = "a number from 1 on"},
    {"at", 0, "LAYER", "cuts behind this one; repeatable",
     PJ_OPTION_TEXTS, .at = AT(at)},
    {"increments", 0, "FOLDER", "of measured prefixes: each layer by the difference\nto the one before",
     PJ_OPTION_TEXT, .at = AT(increments), .wants = "the name of a folder"},
};
static const pj_option calibrate_rows[] = {
    {"calibrate", 0, "FILE", "writes the --table with all prices scaled to what\nwas measured: a table of one's own; factors by\noperator are told",
     PJ_OPTION_TEXT, .at = AT(calibrate), .wants = "the name of a file"},
    {"fit-rows", 0, "FILE", "writes rows for `devices --fit`",
     PJ_OPTION_TEXT, .at = AT(fit_rows), .wants = "the name of a file"},
    {"host", 0, "NAME", "of the machine, in these files (default: its own)",
     PJ_OPTION_TEXT, .at = AT(host)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    layers_args *args = given;
    args->ask = pj_layers_ask_default();
    args->drop_runs = args->ask.drop_runs;
    args->run = pj_run_defaults();
    args->run.engine.level = 3;
    args->measure = pj_measure_ask_default();
    args->runs = 50;
    args->warmup = 5;
}

enum { MOST = 8 };

/* What profile number i is asked for. */
static pj_layers_ask ask_of(const layers_args *args, const pj_line *line, size_t i)
{
    pj_layers_ask ask = args->ask;
    ask.model = line->operand[line->operands == 1 ? 0 : i];
    ask.setup = &args->setup;
    ask.trace = args->traces.text[i];
    ask.drop_runs = args->drop_runs;
    ask.optimized = args->optimized.count ? args->optimized.text[i] : NULL;
    ask.measurement = args->measurements.count ? args->measurements.text[i] : NULL;
    return ask;
}

static pj_exit check(const layers_args *args, const pj_line *line)
{
    const size_t count = args->traces.count;
    const struct {
        const char *name;
        size_t count;
    } lists[] = {
        {"optimized",   args->optimized.count   },
        {"measurement", args->measurements.count},
        {"name",        args->names.count       }
    };
    if ((args->makes || args->prefixes || args->increments) && line->operands == 1 && count == 0)
        return PJ_EXIT_DONE;
    if (args->makes)
        return pj_say_usage("layers", "layers: --run makes the profile of one MODEL, without --trace");
    if (count == 0)
        return pj_say_usage("layers",
                            "layers: there is no --trace FILE; ONNX Runtime writes one with profiling on, and "
                            "--run makes one");
    if (count > MOST)
        return pj_say_usage("layers", "layers: %zu profiles; at most %d stand side by side", count, MOST);
    if (line->operands != 1 && line->operands != count)
        return pj_say_usage("layers",
                            "layers: %zu models and %zu profiles: one of each, or several profiles of one model",
                            line->operands, count);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i].count && lists[i].count != count)
            return pj_say_usage("layers", "layers: --%s is there %zu times, --trace %zu times", lists[i].name,
                                lists[i].count, count);
    return PJ_EXIT_DONE;
}

/* ---- calibration ---- */

static const char *host_of(const layers_args *args, char *room, size_t size)
{
    if (args->host)
        return args->host;
    if (gethostname(room, size - 1) != 0)
        snprintf(room, size, "this machine");
    room[size - 1] = 0;
    return room;
}

static pj_exit say_factors(const pj_layered *const *layered, size_t count)
{
    pj_error err = {0};
    size_t classes = 0;
    double total, geometric;
    pj_class_factor *factors = calloc(pj_layers_rows(layered, count) + 1, sizeof *factors);
    pj_status status =
        factors ? pj_layers_factors(layered, count, factors, &classes, &total, &geometric, &err) : PJ_ENOMEM;
    if (status == PJ_OK)
        pj_say("measured / estimated: %.4g of all; off by %.3g %% by the factors of classes", total,
               (geometric - 1) * 100);
    for (size_t i = 0; status == PJ_OK && i < classes; i++)
        pj_say("  %s: %.4g, n %zu%s", factors[i].op, factors[i].factor, factors[i].n,
               factors[i].n < 3 ? " (too few: that of all)" : "");
    free(factors);
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, NULL);
}

static pj_exit write_calibration(const layers_args *args, pj_layered *const *all, size_t count)
{
    const pj_layered *const *layered = (const pj_layered *const *)all;
    char room[256], when[PJ_TIME_SIZE];
    const char *host = host_of(args, room, sizeof room);
    pj_error err = {0};
    pj_exit code = PJ_EXIT_DONE;
    if (!pj_time_of(NULL, when))
        return PJ_EXIT_USAGE;
    when[10] = 0; /* the date */
    if (args->calibrate) {
        code = say_factors(layered, count);
        pj_out out = pj_out_new(args->calibrate);
        if (code == PJ_EXIT_DONE)
            code = pj_out_finish(&out, pj_layers_calibrate(layered, count, when, host, pj_out_write, &out, &err), &err,
                                 NULL);
    }
    if (args->fit_rows && code == PJ_EXIT_DONE) {
        pj_out out = pj_out_new(args->fit_rows);
        code = pj_out_finish(&out, pj_layers_fit_rows(layered, count, host, pj_out_write, &out, &err), &err, NULL);
    }
    return code;
}

static pj_exit tell(const layers_args *args, pj_layered *const *layered, size_t count)
{
    pj_error err = {0};
    for (size_t i = 0; args->strict && i < count; i++)
        if (pj_say_strict(layered[i]->findings, layered[i]->finding_count, layered[i]->asked.trace))
            return PJ_EXIT_UNSUPPORTED;
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_layers_write((const pj_layered *const *)layered, args->names.count ? args->names.text : NULL,
                                       count, &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit write_prefixes(const pj_line *line, const layers_args *args)
{
    pj_error err = {0};
    pj_status status = pj_prefixes_write(line->operand[0], &args->setup, args->prefixes, args->every, args->at.text,
                                         args->at.count, &err);
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, line->operand[0]);
}

static pj_exit write_increments(const layers_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_increments_write(args->increments, &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, args->increments);
}

static pj_exit make_profile(const pj_line *line, const layers_args *args, pj_layered **out)
{
    pj_error err = {0};
    pj_layers_ask ask = args->ask;
    pj_profile_options options = pj_profile_options_default();
    ask.model = line->operand[0];
    ask.setup = &args->setup;
    options.engine = args->run.engine;
    if (args->run.data.path || args->run.data.random)
        options.data = args->run.data;
    options.runs = args->runs;
    options.warm_up = args->warmup;
    options.measure = &args->measure;
    options.keep = args->keep;
    pj_status status = pj_layers_profile(&ask, &options, out, &err);
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, ask.model);
}

static pj_exit run(pj_line *line, const void *given)
{
    const layers_args *args = given;
    pj_error err = {0};
    pj_layered *layered[MOST] = {NULL};
    pj_exit code = check(args, line);
    const size_t count = args->makes ? 1 : args->traces.count;
    if (code != PJ_EXIT_DONE)
        return code;
    if (args->prefixes)
        return write_prefixes(line, args);
    if (args->increments)
        return write_increments(args);
    if (args->makes)
        code = make_profile(line, args, &layered[0]);
    for (size_t i = 0; code == PJ_EXIT_DONE && i < args->traces.count; i++) {
        const pj_layers_ask ask = ask_of(args, line, i);
        if (pj_layers_run(&ask, &layered[i], &err) != PJ_OK)
            code = pj_say_error(&err, ask.trace);
    }
    if (code == PJ_EXIT_DONE && (args->calibrate || args->fit_rows))
        code = write_calibration(args, layered, count);
    if (code == PJ_EXIT_DONE)
        code = tell(args, layered, count);
    for (size_t i = 0; i < MOST; i++)
        pj_layers_free(layered[i]);
    return code;
}

const pj_command pj_command_layers = {
    .name = "layers",
    .operands = "MODEL...",
    .least = 1,
    .most = MOST,
    .summary = "measured energy and time beside the estimate, layer by layer",
    .text = "Matches the kernels of a runtime's profile with the layers of the model, through\n"
            "fusions and renamings, and puts their time and energy beside the estimate.\n"
            "Profiling slows a runtime down, so joules are best measured without it: the\n"
            "profile then gives each kernel's share. Without joules time stands beside the\n"
            "estimate. Several profiles (fp32, fp16, int8) stand side by side.\n"
            "docs/measure.md has the rules of matching and the formulas.",
    .rows = {PJ_ROWS("Profile", trace_rows, 0),
             PJ_ROWS("Runs of its own", run_rows,   0),
             PJ_ROWS("Samples",    pj_data_rows, AT(run)),
             PJ_ROWS("Runtime", pj_engine_rows, AT(run)),
             PJ_ROWS("Energy", energy_rows, 0),
             {.title = "Model",
              .at = AT(setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_MODEL) | PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS)},
             PJ_ROWS("Calibration", calibrate_rows, 0),
             PJ_ROWS("Increments", prefix_rows, 0),
             PJ_ROWS("Report", pj_chart_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "write-prefixes", .others = "trace run calibrate fit-rows increments format output"},
             {.with = "increments", .others = "trace run calibrate fit-rows"},
             {.without = "write-prefixes", .others = "every at"},
             {.with = "at", .others = "every"},
             {.without = "run",
                 .others = "runs warmup sources sysfs nvml-library keep-trace data random seed samples cast "
                           "runtime run-limit optimize"},
             {.with = "run", .others = "optimized drop-runs name measurement joules-per-run power watts idle-watts"},
             {.with = "watts", .others = "power measurement joules-per-run"},
             {.with = "power", .others = "measurement joules-per-run"},
             {.with = "measurement", .others = "joules-per-run"},
             {.without = "power", .others = "trace-start"},
             {.without = "calibrate fit-rows", .others = "host"},
             {.without = "watts power", .others = "idle-watts"}        },
    .examples = "picojoule layers model.onnx --trace profile.json --measurement run.json\n"
                "    joules of each kernel beside the estimate\n"
                "picojoule layers model.onnx --trace profile.json --optimized optimized.onnx\n"
                "    time beside the estimate, fused kernels matched exactly\n"
                "picojoule layers model.onnx --run --keep-trace profile.json\n"
                "    with ONNX Runtime, and the counters of this machine where it has some\n"
                "picojoule layers model.onnx new.onnx --trace profile.json --trace int8.json --name fp32 --name int8\n"
                "    two precisions side by side",
    .size = sizeof(layers_args),
    .defaults = set_defaults,
    .run = run,
};
