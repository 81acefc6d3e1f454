/* picojoule measure: joules of a command, of this machine while it runs. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <regex.h>
#include <unistd.h>

#include "child.h"
#include "commands.h"
#include "footprint_rows.h"
#include "record.h"
#include "say.h"

typedef struct measure_args {
    pj_output output;
    pj_measure_ask ask;
    pj_site_args site;
    pj_record_args record;
    pj_measured_names names;
    const char *idle, *save_idle, *queries_from, *emissions, *results;
    double duration_s, cooldown_s, until_ci;
    size_t repeat, repeat_max, warmup;
    bool list, progress, strict;
    int attribute;
} measure_args;

#define AT(member) offsetof(measure_args, member)

enum { TO_MACHINE, TO_COMMAND };

/* ---- options ---- */

/* "30s", "100ms", "2min": seconds. */
static const char *read_seconds(pj_line *line, void *at, const char *value)
{
    double hours = 0;
    char text[64];
    size_t length = strlen(value);
    (void)line;
    if (length > 2 && strcmp(value + length - 2, "ms") == 0 && length < sizeof text) {
        memcpy(text, value, length - 2);
        text[length - 2] = 0;
        if (pj_number_read(text, at) && *(double *)at >= 0) {
            *(double *)at *= 1e-3;
            return NULL;
        }
    }
    if (!pj_hours_read(value, &hours))
        return "a duration, for example 100ms, 5s or 2min";
    *(double *)at = hours * 3600;
    return NULL;
}

static const char *read_interval(pj_line *line, void *at, const char *value)
{
    double *seconds = at;
    return read_seconds(line, at, value) || *seconds < 1e-3 || *seconds > 60 ? "a duration from 1ms to 60s" : NULL;
}

/* of the whole arguments */
static const char *read_sources(pj_line *line, void *at, const char *value)
{
    pj_measure_ask *ask = at;
    (void)line;
    return pj_power_sources_read(value, &ask->sources, &ask->psys);
}

static const char *read_without(pj_line *line, void *at, const char *value)
{
    pj_measure_ask *ask = at;
    bool psys;
    (void)line;
    return pj_power_sources_read(value, &ask->without, &psys);
}

static const char *read_percent(pj_line *line, void *at, const char *value)
{
    char text[64];
    size_t length = strlen(value);
    (void)line;
    if (length < 2 || length >= sizeof text || value[length - 1] != '%')
        return "a percentage, for example 2%";
    memcpy(text, value, length - 1);
    text[length - 1] = 0;
    if (!pj_number_read(text, at) || !(*(double *)at > 0))
        return "a percentage above 0, for example 2%";
    return NULL;
}

static const char *check_regex(const char *value)
{
    regex_t regex;
    if (regcomp(&regex, value, REG_EXTENDED) != 0)
        return "an extended regular expression, for example 'done: ([0-9]+)'";
    regfree(&regex);
    return NULL;
}

static const char *const *attribute_words(void)
{
    static const char *const words[] = {"machine", "command", NULL};
    return words;
}

/* clang-format off */
static const pj_option source_rows[] = {
    {"list", 0, NULL, "tells which sources this machine has, which of them\ncan be read, and what opens the others",
     PJ_OPTION_FLAG, .at = AT(list)},
    {"sources", 0, "LIST", "only these: rapl, psys, perf, nvml, nvidia-smi,\nhwmon, ina3221, battery (default: all that work)",
     PJ_OPTION_READ, .at = AT(ask), .read = read_sources},
    {"without", 0, "LIST", "not these",
     PJ_OPTION_READ, .at = AT(ask), .read = read_without},
    {"meter", 0, "COMMAND", "a command that prints watts, a number a line: a\nmeter at the plug, which then counts alone",
     PJ_OPTION_TEXT, .at = AT(ask.meter)},
    {"gpus", 0, "LIST", "0,1 ...: only these (default: as\nCUDA_VISIBLE_DEVICES says, else all)",
     PJ_OPTION_TEXT, .at = AT(ask.gpus)},
    {"estimate", 0, NULL, "where nothing is read, constants stand in: TDP of\nprocessors, watts of memory modules. These are no\nreadings, and every line says so",
     PJ_OPTION_FLAG, .at = AT(ask.estimate)},
    {"tdp", 0, "W", "of all processors, for --estimate (default: as\ntheir name says, else 4 a core)",
     PJ_OPTION_REAL, .at = AT(ask.tdp_w), .least = 1e-3, .most = 1e6, .wants = "watts above 0"},
    {"interval", 0, "DURATION", "between samples (default 100ms); shorter where a\ncounter would wrap twice",
     PJ_OPTION_READ, .at = AT(ask.interval_s), .read = read_interval},
    {"sysfs", 0, "FOLDER", "instead of /sys: in containers, for tests",
     PJ_OPTION_TEXT, .at = AT(ask.sysfs)},
    {"procfs", 0, "FOLDER", "instead of /proc",
     PJ_OPTION_TEXT, .at = AT(ask.procfs)},
    {"nvml-library", 0, "FILE", "instead of libnvidia-ml.so.1",
     PJ_OPTION_TEXT, .at = AT(ask.nvml_library), .wants = "the name of a file"},
};
static const pj_option run_rows[] = {
    {"duration", 0, "DURATION", "no command: the machine for so long",
     PJ_OPTION_READ, .at = AT(duration_s), .read = read_seconds},
    {"repeat", 0, "N", "runs that count (default 1)",
     PJ_OPTION_COUNT, .at = AT(repeat), .least = 1, .most = 1e6, .wants = "a number from 1 on"},
    {"warmup", 0, "N", "runs before them that do not (default 0)",
     PJ_OPTION_COUNT, .at = AT(warmup), .least = 0, .most = 1e6, .wants = "a number from 0 on"},
    {"cooldown", 0, "DURATION", "pause before each run (default 0s)",
     PJ_OPTION_READ, .at = AT(cooldown_s), .read = read_seconds},
    {"until-ci", 0, "PERCENT", "repeats until half of the 95 % interval is at most\nso much of the mean, for example 2%",
     PJ_OPTION_READ, .at = AT(until_ci), .read = read_percent},
    {"repeat-max", 0, "N", "the most runs of --until-ci (default 100)",
     PJ_OPTION_COUNT, .at = AT(repeat_max), .least = 5, .most = 1e6, .wants = "a number from 5 on"},
    {"idle", 0, "auto|none|FILE|W", "the baseline: 5 s before the first run, none\n(default), a saved one, watts",
     PJ_OPTION_TEXT, .at = AT(idle)},
    {"save-idle", 0, "FILE", "with --duration: writes the baseline",
     PJ_OPTION_TEXT, .at = AT(save_idle), .wants = "the name of a file"},
    {"attribute", 0, NULL, "all of the machine (default), or also the\ncommand's share by CPU time",
     PJ_OPTION_CHOICE, .at = AT(attribute), .words = attribute_words},
    {"queries", 0, "N", "that a run answers (default 1)",
     PJ_OPTION_REAL, .at = AT(ask.queries), .least = 1e-9, .most = 1e300, .wants = "a number above 0"},
    {"queries-from", 0, "REGEX", "reads them from the output of the command: the\nlast number of the first group; without a group,\nlines that match",
     PJ_OPTION_TEXT, .at = AT(queries_from), .check = check_regex},
    {"progress", 0, NULL, "a line for every 100 lines that match",
     PJ_OPTION_FLAG, .at = AT(progress)},
};
static const pj_option file_rows[] = {
    {"emissions-csv", 0, "FILE", "appends a row as CodeCarbon does",
     PJ_OPTION_TEXT, .at = AT(emissions), .wants = "the name of a file"},
    {"results", 0, "FOLDER", "writes a result of the ML Energy Score into it",
     PJ_OPTION_TEXT, .at = AT(results), .wants = "the name of a folder"},
    {"power-log", 0, "FILE", "writes all samples as CSV",
     PJ_OPTION_TEXT, .at = AT(ask.power_log), .wants = "the name of a file"},
    {"model-name", 0, "NAME", "in these files (default: the command's)",
     PJ_OPTION_TEXT, .at = AT(names.model)},
    {"task", 0, "NAME", "likewise",
     PJ_OPTION_TEXT, .at = AT(names.task)},
    {"hardware", 0, "NAME", "likewise (default: as the machine says)",
     PJ_OPTION_TEXT, .at = AT(names.hardware)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    measure_args *args = given;
    args->ask = pj_measure_ask_default();
    pj_site_defaults(&args->site);
    args->repeat = 1;
    args->repeat_max = 100;
    args->duration_s = args->until_ci = NAN;
}

/* ---- running ---- */

typedef struct measuring {
    const measure_args *args;
    pj_meter *meter;
    regex_t regex;
    bool has_regex;
    double number;  /* of the last line that matched; NAN */
    size_t matches; /* of this run */
    double queries; /* of all counted runs */
    size_t counted;
    pj_child child;
} measuring;

static void tick(void *payload)
{
    measuring *m = payload;
    pj_meter_sample(m->meter);
}

static void take_line(void *payload, const char *line)
{
    measuring *m = payload;
    regmatch_t match[2];
    char text[64];
    if (regexec(&m->regex, line, 2, match, 0) != 0)
        return;
    m->matches++;
    if (m->args->progress && m->matches % 100 == 0)
        pj_say("%zu queries", m->matches);
    if (match[1].rm_so < 0 || match[1].rm_eo - match[1].rm_so >= (regoff_t)sizeof text)
        return;
    snprintf(text, sizeof text, "%.*s", (int)(match[1].rm_eo - match[1].rm_so), line + match[1].rm_so);
    (void)pj_number_read(text, &m->number);
}

static bool cool_down(const measuring *m, double seconds)
{
    pj_child pause = {.seconds = seconds, .interval_s = 1, .tick = tick, .payload = (void *)(uintptr_t)m};
    return seconds <= 0 || (pj_child_run(&pause) && !pause.stopped);
}

/* One run, of the command or of time. false: the end of all runs. */
static bool run_once(measuring *m, bool counted, pj_error *err)
{
    pj_child *c = &m->child;
    m->number = NAN;
    m->matches = 0;
    if (pj_meter_begin(m->meter, err) != PJ_OK)
        return false;
    bool ran = pj_child_run(c);
    bool good = ran && c->code == 0 && !c->stopped;
    if (pj_meter_end(m->meter, c->cpu_s, counted && ran && (good || m->counted == 0), err) != PJ_OK)
        return false;
    if (c->left_behind)
        pj_meter_note(m->meter, "left_behind",
                      "the command has left processes behind: their CPU time is not the command's, their energy is the "
                      "machine's");
    if (counted && ran) {
        m->queries += !m->has_regex ? m->args->ask.queries : isnan(m->number) ? (double)m->matches : m->number;
        m->counted++;
    }
    return good;
}

/* The watts of five seconds before the first run. */
static bool find_idle(measuring *m, pj_error *err)
{
    enum { SECONDS = 5 };
    pj_child rest = {.seconds = SECONDS, .interval_s = pj_meter_interval(m->meter), .tick = tick, .payload = m};
    if (!m->args->idle || strcmp(m->args->idle, "auto") != 0)
        return true;
    if (pj_meter_begin(m->meter, err) != PJ_OK || !pj_child_run(&rest) ||
        pj_meter_end(m->meter, NAN, true, err) != PJ_OK)
        return false;
    pj_meter_take_idle(m->meter);
    return !rest.stopped;
}

static bool is_enough(measuring *m, size_t runs)
{
    const measure_args *args = m->args;
    if (isnan(args->until_ci))
        return runs >= args->repeat;
    if (runs < 5)
        return false;
    pj_repetitions r = pj_meter_repetitions(m->meter);
    return runs >= args->repeat_max || (r.high - r.mean) / r.mean * 100 <= args->until_ci;
}

static void run_all(measuring *m, pj_error *err)
{
    for (size_t i = 0; i < m->args->warmup; i++)
        if (!cool_down(m, m->args->cooldown_s) || !run_once(m, false, err))
            return;
    for (size_t runs = 0; !is_enough(m, runs); runs++)
        if (!cool_down(m, m->args->cooldown_s) || !run_once(m, true, err))
            return;
}

/* ---- telling ---- */

static bool to_stderr(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length && fflush(payload) == 0;
}

static bool is_text(const measure_args *args)
{
    return !args->output.report.format || strcmp(args->output.report.format, "text") == 0;
}

static pj_exit write_report(const measure_args *args, const pj_measurement *measurement, const char *path,
                            const pj_report_options *options)
{
    pj_error err = {0};
    if (!path && is_text(args)) { /* standard output is the command's */
        pj_status status = pj_measurement_write(measurement, options, to_stderr, stderr, &err);
        return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, NULL);
    }
    pj_out out = pj_out_new(path);
    pj_status status = pj_measurement_write(measurement, options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit write_files(const measure_args *args, const pj_measurement *measurement)
{
    pj_error err = {0};
    pj_exit code = write_report(args, measurement, args->output.out, &args->output.report);
    if (args->save_idle && code == PJ_EXIT_DONE) {
        pj_report_options json = pj_report_options_default();
        json.format = "json";
        code = write_report(args, measurement, args->save_idle, &json);
    }
    if (args->emissions && pj_emissions_append(args->emissions, measurement, &args->names, &err) != PJ_OK)
        code = pj_say_error(&err, args->emissions);
    if (args->results && pj_seed003_write(args->results, measurement, &args->names, &err) != PJ_OK)
        code = pj_say_error(&err, args->results);
    if (args->record.file && measurement->footprint)
        code = code == PJ_EXIT_DONE ? pj_record_energies(&args->record, measurement->footprint) : code;
    return code;
}

/* What a query comes to. Nothing where there is no figure; false: a region that is none, which is told. */
static bool find_footprint(const measure_args *args, pj_measurement *measurement, pj_footprint **out)
{
    pj_error err = {0};
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.measurement = measurement;
    ask.energy.task = args->names.task;
    ask.energy.hardware = args->names.hardware;
    ask.site = pj_site_given(&args->site);
    if (isnan(measurement->joules.mean))
        return true;
    if (pj_footprint_run(&ask, out, &err) != PJ_OK) {
        (void)pj_say_error(&err, NULL);
        return false;
    }
    measurement->footprint = *out;
    return true;
}

static pj_exit tell(measuring *m)
{
    pj_error err = {0};
    pj_measurement *measurement;
    pj_footprint *footprint = NULL;
    if (m->counted && m->queries > 0)
        pj_meter_set_queries(m->meter, m->queries / (double)m->counted);
    if (pj_meter_finish(m->meter, m->child.code, &measurement, &err) != PJ_OK) {
        (void)pj_say_error(&err, NULL);
        return PJ_EXIT_OWN;
    }
    bool good = find_footprint(m->args, measurement, &footprint) && write_files(m->args, measurement) == PJ_EXIT_DONE;
    if (good && m->args->strict && pj_say_strict(measurement->findings, measurement->finding_count, "measure"))
        good = false;
    pj_footprint_free(footprint);
    return good ? (pj_exit)m->child.code : PJ_EXIT_OWN;
}

static pj_exit measure(measuring *m)
{
    pj_error err = {0};
    if (!pj_meter_reads(m->meter)) {
        pj_say("measure: nothing here tells its power; `picojoule measure --list` says why, --meter 'COMMAND' reads a "
               "plug, "
               "--estimate takes power constants, which are no measurement");
        return PJ_EXIT_OWN;
    }
    m->child.interval_s = pj_meter_interval(m->meter);
    pj_child_catch();
    if (find_idle(m, &err))
        run_all(m, &err);
    pj_child_release();
    if (err.status != PJ_OK) {
        (void)pj_say_error(&err, NULL);
        return PJ_EXIT_OWN;
    }
    if (!m->child.ran)
        return (pj_exit)m->child.code;
    return tell(m);
}

static pj_exit list(const measure_args *args, const pj_meter *meter)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_sources_write(meter, &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit check(const measure_args *args, const pj_line *line)
{
    if (!args->list && !line->operands && isnan(args->duration_s))
        return pj_say_usage("measure", "measure: there is no command: picojoule measure -- COMMAND, or --duration 30s");
    if (line->operands && (!isnan(args->duration_s) || args->list))
        return pj_say_usage("measure", "measure: --%s runs no command", args->list ? "list" : "duration");
    if (!args->list && !is_text(args) && !args->output.out)
        return pj_say_usage("measure", "measure: --format %s wants -o FILE: standard output is the command's",
                            args->output.report.format);
    if (args->save_idle && isnan(args->duration_s))
        return pj_say_usage("measure", "measure: --save-idle goes with --duration: a baseline has no command");
    return PJ_EXIT_DONE;
}

static pj_exit run(pj_line *line, const void *given)
{
    const measure_args *args = given;
    pj_error err = {0};
    measuring m = {.args = args};
    pj_measure_ask ask = args->ask;
    if (check(args, line) != PJ_EXIT_DONE)
        return PJ_EXIT_OWN;
    ask.of_command = args->attribute == TO_COMMAND;
    ask.command = line->operand;
    if (args->idle && strcmp(args->idle, "auto") != 0 && strcmp(args->idle, "none") != 0 &&
        pj_idle_read(args->idle, &ask.idle, &err) != PJ_OK) {
        (void)pj_say_error(&err, args->idle);
        return PJ_EXIT_OWN;
    }
    m.has_regex = args->queries_from && regcomp(&m.regex, args->queries_from, REG_EXTENDED) == 0;
    m.child = (pj_child){.words = line->operands ? line->operand : NULL,
                         .seconds = args->duration_s,
                         .tick = tick,
                         .line = m.has_regex && line->operands ? take_line : NULL,
                         .payload = &m};
    pj_exit code = PJ_EXIT_OWN;
    if (pj_meter_open(&ask, &m.meter, &err) != PJ_OK)
        (void)pj_say_error(&err, NULL);
    else
        code = args->list ? list(args, m.meter) : measure(&m);
    pj_meter_close(m.meter);
    if (m.has_regex)
        regfree(&m.regex);
    return code;
}

const pj_command pj_command_measure = {
    .name = "measure",
    .operands = "-- COMMAND [ARG...]",
    .least = 0,
    .most = SIZE_MAX,
    .summary = "joules of a command, from the counters of this machine",
    .text = "Runs the command and reads what the machine tells of its energy: counters of\n"
            "processors and GPUs, sensors of boards, a battery, a meter. The report goes to\n"
            "standard error, or -o FILE; the exit code is the command's. 125: measure itself\n"
            "failed, as without any source; 126, 127: the command cannot be run, is not\n"
            "found. No right is asked for and none is set. `footprint` and `rate` take the\n"
            "JSON report. docs/measure.md tells how to measure well.",
    .rows = {PJ_ROWS("Sources", source_rows, 0),         PJ_ROWS("Runs", run_rows, 0), PJ_ROWS("Files", file_rows, 0),
             PJ_ROWS("Place", pj_site_rows, AT(site)), PJ_ROWS("Report", pj_report_rows, 0),
             PJ_ROWS("Recording", pj_record_rows, AT(record)), PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "list",
                 .others = "duration repeat warmup cooldown until-ci idle save-idle attribute queries "
                           "emissions-csv results record"},
             {.with = "until-ci", .others = "repeat"},
             {.with = "queries-from", .others = "queries"},
             {.without = "queries-from", .others = "progress"},
             {.without = "until-ci", .others = "repeat-max"},
             {.without = "estimate", .others = "tdp"},
             {.without = "emissions-csv results", .others = "model-name"},
             {.with = "intensity", .others = "intensity-profile"},
             {.without = "record", .others = "record-as commit branch time"}                                    },
    .own_failure = PJ_EXIT_OWN,
    .examples = "picojoule measure -- ./infer --batch 1\n"
                "    joules, watts and CO2e of it\n"
                "picojoule measure --repeat 10 --warmup 2 --queries 100 -o run.json --json -- ./infer\n"
                "    ten runs of 100 queries, for footprint and rate\n"
                "picojoule measure --duration 30s --save-idle idle.json\n"
                "    the baseline of this machine; --idle idle.json uses it\n"
                "picojoule measure --list\n"
                "    what can be read here, and what would open the rest",
    .size = sizeof(measure_args),
    .defaults = set_defaults,
    .run = run,
};
