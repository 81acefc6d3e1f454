/* A meter: sources, runs, and what comes of them. */
#include <errno.h>
#include <time.h>

#include "base/str.h"
#include "measure/estimate.h"
#include "measure/host.h"
#include "power/power.h"
#include "power/statistics.h"

struct pj_meter {
    pj_arena *arena;
    pj_measure_ask ask;
    pj_power power;
    pj_host host;
    pj_source_state *states;
    size_t state_count;
    pj_measured_run *run; /* counted ones and warm-ups */
    size_t runs, run_room;
    pj_domain_run *of_domain; /* power.count a run */
    size_t of_domain_room;
    double begun, busy_before, started_s;
    double slept; /* s since the start of the machine, when the run began */
    FILE *log;
    pj_measurement out;
};

pj_measure_ask pj_measure_ask_default(void)
{
    return (pj_measure_ask){
        .interval_s = 0.1, .tdp_w = NAN, .queries = 1, .idle = {.watts = NAN, .seconds = NAN, .source = ""}
    };
}

static double now_of(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (double)t.tv_sec + (double)t.tv_nsec * 1e-9 : NAN;
}

/* Seconds that the machine has slept since its start; NAN: nobody says. */
static double slept_of(void)
{
#ifdef CLOCK_BOOTTIME
    return now_of(CLOCK_BOOTTIME) - now_of(CLOCK_MONOTONIC);
#else
    return NAN;
#endif
}

/* ---- opening ---- */

static bool has_part(const pj_meter *m, const char *part)
{
    for (size_t i = 0; i < m->power.count; i++) {
        const pj_power_domain *d = &m->power.domain[i];
        if (d->added && (strcmp(d->part, part) == 0 || d->is_whole))
            return true;
    }
    return false;
}

/* Constants stand in for processors and memory alone, and only where nothing is read. */
static bool estimates(const pj_meter *m, const char *part)
{
    return m->ask.estimate && !has_part(m, part);
}

static pj_status list_states(pj_meter *m, pj_error *err)
{
    const pj_power *p = &m->power;
    m->states = PJ_NEW(m->arena, pj_source_state, p->count + p->absents + 1);
    PJ_TRY(pj_got(m->states, err));
    for (size_t i = 0; i < p->count; i++) {
        const pj_power_domain *d = &p->domain[i];
        m->states[m->state_count++] = (pj_source_state){.source = d->source->word,
                                                        .name = d->name,
                                                        .part = d->part,
                                                        .where = d->where,
                                                        .readable = d->readable,
                                                        .added = d->added,
                                                        .why = pj_arena_strdup(m->arena, d->why),
                                                        .remedy = d->readable ? "" : d->remedy,
                                                        .watts = d->now_w};
    }
    for (size_t i = 0; i < p->absents; i++)
        m->states[m->state_count++] = p->absent[i];
    return pj_arena_failed(m->arena) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status list_gpus(pj_meter *m, pj_error *err)
{
    const char **list = PJ_NEW(m->arena, const char *, m->power.count + 1);
    PJ_TRY(pj_got(list, err));
    for (size_t i = 0; i < m->power.count; i++) {
        const pj_power_domain *d = &m->power.domain[i];
        if (strcmp(d->part, "gpu") == 0 && d->is_candidate)
            list[m->host.gpu_count++] = strcmp(d->source->word, "nvml") == 0 ? d->zone : d->name;
    }
    m->host.gpus = list;
    return PJ_OK;
}

static pj_status open_log(pj_meter *m, pj_error *err)
{
    if (!m->ask.power_log)
        return PJ_OK;
    m->log = fopen(m->ask.power_log, "w");
    if (!m->log || fprintf(m->log, "time_s,source,domain,added,joules,watts\n") < 0) {
        pj_status status = pj_fail(err, PJ_EIO, "cannot be written: %s", strerror(errno));
        pj_error_at(err, m->ask.power_log, NULL, NULL);
        return status;
    }
    return PJ_OK;
}

static pj_status open_all(pj_meter *m, pj_error *err)
{
    m->power.arena = m->arena;
    m->power.ask = &m->ask;
    PJ_TRY(open_log(m, err));
    PJ_TRY(pj_power_open(&m->power, err));
    pj_host_look(m->arena, m->power.procfs, m->power.sysfs, &m->host);
    if (estimates(m, "cpu"))
        PJ_TRY(pj_estimate_tdp(&m->power, &m->host, &m->ask.tdp_w, err));
    PJ_TRY(list_gpus(m, err));
    return list_states(m, err);
}

pj_status pj_meter_open(const pj_measure_ask *ask, pj_meter **out, pj_error *err)
{
    *out = NULL;
    if (!ask)
        return pj_fail_null(err);
    pj_meter *m = calloc(1, sizeof *m);
    PJ_TRY(pj_got(m, err));
    m->ask = *ask;
    m->started_s = NAN;
    m->arena = pj_arena_new(0);
    pj_status status = m->arena ? open_all(m, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        *out = m;
    else
        pj_meter_close(m);
    return status;
}

void pj_meter_close(pj_meter *m)
{
    if (!m)
        return;
    pj_power_close(&m->power);
    if (m->log)
        (void)fclose(m->log);
    pj_arena_free(m->arena);
    free(m);
}

bool pj_meter_reads(const pj_meter *m)
{
    for (size_t i = 0; i < m->power.count; i++)
        if (m->power.domain[i].added)
            return true;
    return m->ask.estimate;
}

const pj_source_state *pj_meter_sources(const pj_meter *m, size_t *count)
{
    *count = m->state_count;
    return m->states;
}

double pj_meter_interval(const pj_meter *m)
{
    return pj_power_interval(&m->power, m->ask.interval_s);
}

/* ---- runs ---- */

/* A row a domain: joules of counters, since their zero; watts, of counters since the sample before. */
static void log_samples(pj_meter *m, double at)
{
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < m->power.count; i++) {
        const pj_power_domain *d = &m->power.domain[i];
        bool there = d->is_counter ? d->counter.has_last : !isnan(d->now_w);
        if (!d->readable || !there)
            continue;
        pj_str_add_fixed(&text, at, 6);
        pj_str_printf(&text, ",%s,\"%s\",%s,", d->source->word, d->name, d->added ? "yes" : "no");
        if (d->is_counter)
            pj_str_add_double(&text, (double)d->counter.last / 1e6);
        pj_str_add_char(&text, ',');
        if (!isnan(d->step_w))
            pj_str_add_double(&text, d->step_w);
        pj_str_add_char(&text, '\n');
    }
    if (!text.failed)
        (void)fwrite(text.data, 1, text.length, m->log);
    pj_str_free(&text);
}

void pj_meter_sample(pj_meter *m)
{
    pj_power_read(&m->power, now_of(CLOCK_MONOTONIC));
    if (m->log)
        log_samples(m, now_of(CLOCK_REALTIME));
}

pj_status pj_meter_begin(pj_meter *m, pj_error *err)
{
    PJ_TRY(pj_got(PJ_GROW(m->arena, m->run, m->runs, m->run_room), err));
    while (m->of_domain_room < (m->runs + 1) * (m->power.count + 1)) { /* room for the end, which must not fail */
        size_t room = m->of_domain_room ? m->of_domain_room * 2 : 64;
        pj_domain_run *grown = PJ_NEW(m->arena, pj_domain_run, room);
        PJ_TRY(pj_got(grown, err));
        if (m->of_domain_room)
            memcpy(grown, m->of_domain, m->of_domain_room * sizeof *grown);
        m->of_domain = grown;
        m->of_domain_room = room;
    }
    if (isnan(m->started_s))
        m->started_s = now_of(CLOCK_REALTIME);
    m->slept = slept_of();
    m->busy_before = pj_host_busy_s(m->power.procfs);
    m->begun = now_of(CLOCK_MONOTONIC);
    pj_power_begin(&m->power, m->begun);
    if (m->log)
        log_samples(m, now_of(CLOCK_REALTIME));
    return PJ_OK;
}

pj_status pj_meter_end(pj_meter *m, double cpu_s, bool counted, pj_error *err)
{
    const double at = now_of(CLOCK_MONOTONIC);
    pj_power_read(&m->power, at);
    if (m->log)
        log_samples(m, now_of(CLOCK_REALTIME));
    pj_power_end(&m->power, at, m->of_domain + m->runs * m->power.count);
    if (slept_of() - m->slept > 0.1) {
        pj_power_note(&m->power, "suspended", "", "the machine slept during a run, which does not count");
        counted = false;
    }
    m->run[m->runs++] = (pj_measured_run){.joules = NAN,
                                          .seconds = at - m->begun,
                                          .cpu_s = cpu_s,
                                          .busy_cpu_s = pj_host_busy_s(m->power.procfs) - m->busy_before,
                                          .covered_s = NAN,
                                          .counted = counted};
    if (m->log && fflush(m->log) != 0)
        return pj_fail(err, PJ_EIO, "%.200s cannot be written: %s", m->ask.power_log, strerror(errno));
    return PJ_OK;
}

void pj_meter_set_queries(pj_meter *m, double queries)
{
    m->ask.queries = queries;
}

void pj_meter_note(pj_meter *m, const char *code, const char *message)
{
    pj_power_note(&m->power, code, "", "%s", message);
}

/* ---- what comes of them ---- */

static const pj_domain_run *domain_run(const pj_meter *m, size_t run, size_t domain)
{
    return &m->of_domain[run * m->power.count + domain];
}

/* A domain without a figure in one of the counted runs is in none: sums are to be of the same domains. */
static bool counts(const pj_meter *m, size_t domain)
{
    if (!m->power.domain[domain].added)
        return false;
    for (size_t r = 0; r < m->runs; r++)
        if (m->run[r].counted && isnan(domain_run(m, r, domain)->joules))
            return false;
    return true;
}

static double estimate_j(const pj_meter *m, const pj_measured_run *run)
{
    double joules = 0, ram = pj_estimate_ram_w(&m->host);
    if (estimates(m, "cpu"))
        joules += pj_estimate_cpu_w(&m->ask, &m->host, run) * run->seconds;
    if (estimates(m, "ram") && !isnan(ram))
        joules += ram * run->seconds;
    return joules;
}

/* Joules of each run, of the domains that count in all of them. */
static void sum_runs(pj_meter *m)
{
    for (size_t r = 0; r < m->runs; r++) {
        pj_measured_run *run = &m->run[r];
        bool any = m->ask.estimate && (estimates(m, "cpu") || estimates(m, "ram"));
        double joules = any ? estimate_j(m, run) : 0;
        run->covered_s = run->seconds;
        for (size_t i = 0; i < m->power.count; i++) {
            const pj_domain_run *one = domain_run(m, r, i);
            if (!counts(m, i) || isnan(one->joules))
                continue;
            any = true;
            joules += one->joules;
            run->covered_s = fmin(run->covered_s, one->covered_s);
        }
        run->joules = any ? joules : NAN;
    }
}

static pj_repetitions repetitions(pj_meter *m)
{
    pj_repetitions out;
    size_t n = 0;
    double *joules = PJ_NEW(m->arena, double, m->runs + 1), *scratch = PJ_NEW(m->arena, double, m->runs + 1);
    sum_runs(m);
    for (size_t r = 0; joules && r < m->runs; r++)
        if (m->run[r].counted && !isnan(m->run[r].joules))
            joules[n++] = m->run[r].joules;
    pj_repetitions_of(joules, joules && scratch ? n : 0, scratch, &out);
    return out;
}

pj_repetitions pj_meter_repetitions(pj_meter *m)
{
    return repetitions(m);
}

void pj_meter_take_idle(pj_meter *m)
{
    double joules = 0, seconds = 0;
    sum_runs(m);
    for (size_t r = 0; r < m->runs; r++) {
        joules += m->run[r].joules;
        seconds += m->run[r].covered_s;
    }
    m->ask.idle = (pj_idle){.watts = seconds > 0 ? joules / seconds : NAN, .seconds = seconds, .source = "measured"};
    m->runs = 0;
    m->started_s = NAN;
}

/* Means of the counted runs of one domain. */
static void finish_domain(const pj_meter *m, size_t i, pj_domain_figure *out)
{
    const pj_power_domain *d = &m->power.domain[i];
    double joules = 0, covered = 0, n = 0;
    *out = (pj_domain_figure){.source = d->source->word, .name = d->name, .part = d->part, .added = counts(m, i)};
    for (size_t r = 0; r < m->runs; r++) {
        const pj_domain_run *one = domain_run(m, r, i);
        if (!m->run[r].counted)
            continue;
        n++;
        joules += one->joules;
        covered += one->covered_s;
        out->watts_max = fmax(out->watts_max, one->watts_max);
        out->wraps += one->wraps;
        out->lost_intervals += one->lost;
        out->samples += one->samples;
    }
    out->joules = n > 0 ? joules / n : NAN;
    out->covered_s = n > 0 ? covered / n : NAN;
    out->watts_mean = covered > 0 ? joules / covered : NAN;
    out->watts_max = isnan(joules) ? NAN : out->watts_max;
}

static double *part_of(pj_measurement *out, const char *part)
{
    return strcmp(part, "cpu") == 0   ? &out->cpu_j
           : strcmp(part, "gpu") == 0 ? &out->gpu_j
           : strcmp(part, "ram") == 0 ? &out->ram_j
                                      : &out->board_j;
}

static void add_estimate(pj_measurement *out, pj_domain_figure *at, const char *name, const char *part, double watts)
{
    *at = (pj_domain_figure){.source = "estimate",
                             .name = name,
                             .part = part,
                             .added = true,
                             .is_estimate = true,
                             .joules = watts * out->seconds,
                             .watts_mean = watts,
                             .watts_max = watts,
                             .covered_s = out->seconds};
}

static pj_status finish_domains(pj_meter *m, pj_error *err)
{
    pj_measurement *out = &m->out;
    pj_domain_figure *list = PJ_NEW(m->arena, pj_domain_figure, m->power.count + 2);
    double cpu_w = 0, n = 0;
    PJ_TRY(pj_got(list, err));
    for (size_t i = 0; i < m->power.count; i++)
        if (m->power.domain[i].readable)
            finish_domain(m, i, &list[out->domain_count++]);
    for (size_t r = 0; r < m->runs; r++)
        if (m->run[r].counted) {
            cpu_w += pj_estimate_cpu_w(&m->ask, &m->host, &m->run[r]) * m->run[r].seconds;
            n += m->run[r].seconds;
        }
    size_t read = out->domain_count;
    if (estimates(m, "cpu") && n > 0)
        add_estimate(out, &list[out->domain_count++], "CPU by its TDP", "cpu", cpu_w / n);
    if (estimates(m, "ram") && !isnan(pj_estimate_ram_w(&m->host)))
        add_estimate(out, &list[out->domain_count++], "RAM by its size", "ram", pj_estimate_ram_w(&m->host));
    size_t measured = 0;
    for (size_t i = 0; i < out->domain_count; i++) {
        if (!list[i].added)
            continue;
        measured += !list[i].is_estimate;
        *part_of(out, list[i].part) += list[i].joules;
    }
    out->kind = out->domain_count == read ? "measured" : measured ? "mixed" : "estimate";
    out->domains = list;
    return PJ_OK;
}

/* Sums of the counted runs over their number. */
static void finish_means(pj_meter *m)
{
    pj_measurement *out = &m->out;
    double seconds = 0, cpu = 0, busy = 0, covered = 0, known = 0, n = 0;
    for (size_t r = 0; r < m->runs; r++) {
        const pj_measured_run *run = &m->run[r];
        if (!run->counted)
            continue;
        n++;
        seconds += run->seconds;
        cpu += run->cpu_s;
        busy += run->busy_cpu_s;
        covered += run->covered_s;
        known += run->joules * run->seconds / run->covered_s;
    }
    out->seconds = n > 0 ? seconds / n : NAN;
    out->watts = out->joules.mean / out->seconds;
    out->extrapolated_j = n > 0 && covered < seconds * (1 - 1e-9) ? known / n : NAN;
    out->above_idle_j = isnan(out->idle.watts) ? NAN : fmax(0, out->joules.mean - out->idle.watts * out->seconds);
    out->share = (pj_share_figures){NAN, NAN, NAN, NAN, NAN, NAN, false};
    if (n > 0 && m->ask.of_command) {
        const pj_share_in in = {.machine_j = out->cpu_j + out->ram_j,
                                .duration_s = out->seconds,
                                .idle_w = out->idle.watts,
                                .command_cpu_s = cpu / n,
                                .machine_busy_cpu_s = busy / n,
                                .cores = (double)m->host.cores};
        pj_share_of(&in, &out->share);
    }
}

/* What makes a measurement worth less than it looks. */
static void judge(pj_meter *m)
{
    pj_measurement *out = &m->out;
    pj_power *p = &m->power;
    bool few = out->seconds < 1 || out->seconds < 10 * pj_meter_interval(m);
    if (out->kind[0] != 'm' || out->kind[1] == 'i') /* estimate, mixed */
        pj_power_note(p, "estimate", "", "holds estimates by power constants, which are no readings of a counter");
    if (!isnan(out->idle.watts) && out->joules.mean < out->idle.watts * out->seconds)
        pj_power_note(p, "below_idle", "",
                      "%.4g J are less than the baseline of %.4g W takes in %.4g s: the energy above it "
                      "is 0",
                      out->joules.mean, out->idle.watts, out->seconds);
    if (few && out->joules.n)
        pj_power_note(p, "too_short", "",
                      "a run takes %.3g s: counters are read every %.3g s and move in steps; run for "
                      "seconds, or several times over in one command",
                      out->seconds, pj_meter_interval(m));
    if (!isnan(out->joules.drift_percent) && !out->joules.steady)
        pj_power_note(p, "not_steady", "",
                      "the last third of the runs takes %+.1f %% against the first: warm up for longer "
                      "(--warmup)",
                      out->joules.drift_percent);
    if (!isnan(out->extrapolated_j))
        pj_power_note(p, "not_covered", "", "not all of the time is covered by readings: %.6g J if the rest was alike",
                      out->extrapolated_j);
}

static const char *time_text(pj_arena *arena, double at)
{
    char text[32] = "";
    time_t seconds = isnan(at) ? 0 : (time_t)at;
    struct tm t;
    if (gmtime_r(&seconds, &t))
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    return pj_arena_strdup(arena, text);
}

pj_status pj_meter_finish(pj_meter *m, int exit_code, pj_measurement **result, pj_error *err)
{
    pj_measurement *out = &m->out;
    *result = NULL;
    m->host.end_c = pj_host_celsius(m->arena, m->power.sysfs);
    *out = (pj_measurement){.command = m->ask.command,
                            .exit_code = exit_code,
                            .started = time_text(m->arena, m->started_s),
                            .started_s = m->started_s,
                            .host = m->host,
                            .of_command = m->ask.of_command,
                            .queries = m->ask.queries,
                            .interval_s = pj_meter_interval(m),
                            .idle = m->ask.idle};
    out->joules = repetitions(m);
    out->runs = m->run;
    out->run_count = m->runs;
    finish_means(m); /* the seconds, which estimates need */
    PJ_TRY(finish_domains(m, err));
    finish_means(m);
    judge(m);
    out->findings = m->power.finding;
    out->finding_count = m->power.findings;
    if (pj_arena_failed(m->arena))
        return pj_fail_memory(err);
    *result = out;
    return PJ_OK;
}
