/* picojoule schedule: when to run a job. */
#include <math.h>

#include "commands.h"
#include "footprint_rows.h"
#include "say.h"

typedef struct schedule_args {
    pj_output output;
    pj_timing_ask ask;
    int repeats; /* number of the word */
} schedule_args;

#define AT(member) offsetof(schedule_args, member)

static const char *const *repeat_words(void)
{
    static const char *const words[] = {"auto", "yes", "no", NULL};
    return words;
}

/* clang-format off */
static const pj_option job_rows[] = {
    {"duration", 0, "DURATION", "how long it takes, for example 4h or 7h45m",
     PJ_OPTION_READ, .at = AT(ask.duration_h), .read = pj_read_hours},
    {"energy", 0, "ENERGY", "of the whole job, for example 12kWh",
     PJ_OPTION_READ, .at = AT(ask.joules), .read = pj_read_joules},
    {"watts", 0, "W", "power while it runs, instead of --energy",
     PJ_OPTION_REAL, .at = AT(ask.watts), .least = 0, .most = 1e12, .wants = "watts from 0 on"},
    {"earliest", 0, "TIME", "not before this hour of the profile, or this\ntime (2026-11-29T06:00Z); that is \"now\"",
     PJ_OPTION_TEXT, .at = AT(ask.earliest), .check = pj_instant_wants},
    {"latest-end", 0, "TIME", "ended by then",
     PJ_OPTION_TEXT, .at = AT(ask.latest_end), .check = pj_instant_wants},
    {"interruptible", 0, NULL, "also the cheapest steps in any order",
     PJ_OPTION_FLAG, .at = AT(ask.interruptible)},
    {"repeat", 0, NULL, "does the profile go on periodically? (default\nauto: one of up to 24 hours does)",
     PJ_OPTION_CHOICE, .at = AT(repeats), .words = repeat_words},
    {"top", 0, "N", "lists the N best starts",
     PJ_OPTION_COUNT, .at = AT(ask.top), .least = 1, .most = 10000, .wants = "a number of starts"},
};
/* clang-format on */

static void set_defaults(void *given)
{
    schedule_args *args = given;
    args->ask.duration_h = args->ask.joules = args->ask.watts = NAN;
}

static pj_exit run(pj_line *line, const void *given)
{
    const schedule_args *args = given;
    pj_error err = {0};
    pj_timing *timing = NULL;
    pj_timing_ask ask = args->ask;
    ask.profile = line->operand[0];
    ask.repeats = (pj_repeats)args->repeats;
    if (!(ask.duration_h > 0))
        return pj_say_usage("schedule", "schedule: --duration says how long the job takes, for example 4h");
    pj_status status = pj_timing_run(&ask, &timing, &err);
    pj_out out = pj_out_new(args->output.out);
    if (status == PJ_OK)
        status = pj_timing_write(timing, &args->output.report, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, ask.profile);
    pj_timing_free(timing);
    return code;
}

const pj_command pj_command_schedule = {
    .name = "schedule",
    .operands = "PROFILE.csv",
    .least = 1,
    .most = 1,
    .summary = "when to run a job, by the intensity of the grid",
    .text = "Reads an intensity profile (CSV: a header with a column g_per_kwh, or the last\n"
            "one; the first column may be the time, as hours or ISO 8601, in equal steps)\n"
            "and finds the start at which a job of constant power emits least, what that\n"
            "saves against starting at once and against the worst start. Nothing is fetched\n"
            "and no clock is read. docs/footprint.md has the rules.",
    .rows = {PJ_ROWS("Job", job_rows, 0), PJ_ROWS("Report", pj_chart_rows, 0)},
    .clashes = {{.with = "energy", .others = "watts"}          },
    .examples = "picojoule schedule grid.csv --duration 4h --watts 400\n"
                "    the best four hours\n"
                "picojoule schedule grid.csv --duration 8h --interruptible --latest-end 48\n"
                "    the cheapest eight hours of the next two days, in pieces",
    .size = sizeof(schedule_args),
    .defaults = set_defaults,
    .run = run,
};
