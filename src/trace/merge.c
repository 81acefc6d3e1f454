/* A profile, an energy and an estimate in one table. */

#include "base/str.h"
#include "footprint/input.h"
#include "trace/match.h"
#include "trace/watts.h"

/* What is made, with all that it rests on. */
typedef struct owned {
    pj_layered layered; /* first: it is what the caller has */
    pj_arena *arena;
    pj_result *result, *optimized;
    pj_finding *finding;
    size_t findings, finding_room;
} owned;

pj_layers_ask pj_layers_ask_default(void)
{
    return (pj_layers_ask){
        .drop_runs = 1, .watts = NAN, .idle_watts = NAN, .joules_per_run = NAN, .trace_start_s = NAN};
}

static void note(owned *o, const char *code, const char *format, ...) PJ_PRINTF(3, 4);
static void note(owned *o, const char *code, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *message = pj_arena_strdup(o->arena, text);
    if (message && PJ_GROW(o->arena, o->finding, o->findings, o->finding_room))
        o->finding[o->findings++] =
            (pj_finding){.code = code, .severity = "warning", .strict = true, .node = "", .message = message};
}

/* ---- rows ---- */

/* Which layers each row carries: counted, then put down in graph order. */
static pj_status give_layers(owned *o, const pj_match *match, pj_layered_row *rows, size_t count, pj_error *err)
{
    const size_t layers = o->result->layer_count;
    size_t *list = PJ_NEW(o->arena, size_t, layers + 1), at = 0;
    PJ_TRY(pj_got(list, err));
    for (size_t i = 0; i < layers; i++)
        if (match->owner[i] < count)
            rows[match->owner[i]].layer_count++;
    for (size_t i = 0; i < count; i++) {
        rows[i].layers = list + at;
        at += rows[i].layer_count;
        rows[i].layer_count = 0;
    }
    for (size_t i = 0; i < layers; i++)
        if (match->owner[i] < count) {
            pj_layered_row *row = &rows[match->owner[i]];
            list[(size_t)(row->layers - list) + row->layer_count++] = i;
            row->estimated_pj += pj_energy_total(&o->result->layers[i].energy);
        }
    return PJ_OK;
}

static pj_status make_row(owned *o, const pj_trace *trace, size_t i, const char *anchor, pj_layered_row *row,
                          pj_error *err)
{
    const pj_traced *kernel = &trace->kernel[i];
    double *us = PJ_NEW(o->arena, double, kernel->count + 1);
    PJ_TRY(pj_got(us, err));
    *row = (pj_layered_row){.name = kernel->name,
                            .op = kernel->op,
                            .node_index = kernel->index,
                            .anchor = anchor,
                            .events = kernel->count,
                            .integrated_j = NAN,
                            .above_idle_j = NAN,
                            .shared_j = NAN,
                            .measured_j = NAN,
                            .ratio = NAN};
    for (size_t k = 0; k < kernel->count; k++) {
        us[k] = kernel->time[k].us;
        row->us_sum += us[k];
    }
    row->us_median = pj_median(us, kernel->count);
    row->us_min = us[0];
    row->us_per_run = row->us_sum / trace->runs_used;
    return PJ_OK;
}

static pj_status make_rows(owned *o, const pj_trace *trace, pj_error *err)
{
    pj_match match;
    pj_layered *l = &o->layered;
    pj_layered_row *rows = PJ_NEW(o->arena, pj_layered_row, trace->count + 1);
    PJ_TRY(pj_got(rows, err));
    PJ_TRY(pj_trace_match(trace, o->result, o->optimized, &match, err));
    for (size_t i = 0; i < trace->count; i++)
        PJ_TRY(make_row(o, trace, i, match.anchor[i], &rows[i], err));
    PJ_TRY(give_layers(o, &match, rows, trace->count, err));
    l->rows = rows;
    l->row_count = trace->count;
    for (size_t i = 0; i < trace->count; i++)
        l->kernels_us_sum += rows[i].us_sum;
    for (size_t i = 0; i < trace->count; i++) {
        rows[i].share_of_kernels = l->kernels_us_sum > 0 ? rows[i].us_sum / l->kernels_us_sum : NAN;
        l->coverage += rows[i].layer_count ? rows[i].share_of_kernels : 0;
    }
    l->runs_used = trace->runs_used;
    l->run_us_sum = trace->run_us_sum;
    l->run_us_median = trace->run_us_median;
    l->first_run_us = trace->first_run_us;
    l->kernel_share = l->kernels_us_sum / l->run_us_sum;
    return PJ_OK;
}

/* A profile of another model: less than half of its rows carry a layer. */
static pj_status check_model(const owned *o, pj_error *err)
{
    const pj_layered *l = &o->layered;
    pj_str names = pj_str_new(0);
    size_t matched = 0, named = 0;
    for (size_t i = 0; i < l->row_count; i++) {
        matched += l->rows[i].layer_count > 0;
        if (!l->rows[i].layer_count && named++ < 3)
            pj_str_printf(&names, "%s%.60s", named > 1 ? ", " : "", l->rows[i].name);
    }
    pj_status status = PJ_OK;
    if (matched * 2 < l->row_count)
        status = pj_fail(err, PJ_EFORMAT,
                         "%zu of %zu kernels are layers of %.100s, so it is of another model: there is no "
                         "layer for %s",
                         matched, l->row_count, o->result->source, names.data);
    pj_str_free(&names);
    if (status != PJ_OK)
        pj_error_at(err, o->layered.asked.trace, NULL, NULL);
    return status;
}

/* ---- energies ---- */

/* Of constant watts: what the formulas of both modes are then. */
static void take_watts(owned *o, pj_layered_row *rows)
{
    pj_layered *l = &o->layered;
    const double watts = l->asked.watts, idle = l->asked.idle_watts, n = l->runs_used;
    const double whole = isnan(l->run_us_sum) ? l->kernels_us_sum : l->run_us_sum;
    l->total_j = whole * 1e-6 * watts / n;
    l->overhead_j = (whole - l->kernels_us_sum) * 1e-6 * watts / n;
    for (size_t i = 0; i < l->row_count; i++) {
        rows[i].integrated_j = rows[i].us_sum * 1e-6 * watts / n;
        rows[i].above_idle_j = rows[i].us_sum * 1e-6 * (watts - idle) / n;
        rows[i].resolved = true;
    }
    l->mode = "integrated";
}

/* Of samples: a row that lasts for more than five of their intervals is seen by them. */
static void integrate_row(const owned *o, const pj_trace *trace, const pj_watts *watts, size_t i, pj_layered_row *row,
                          double *uncovered_s)
{
    const pj_traced *kernel = &trace->kernel[i];
    double joules = 0, uncovered;
    for (size_t k = 0; k < kernel->count; k++) {
        double from = trace->start_s + kernel->time[k].ts * 1e-6;
        joules += pj_watts_energy(watts, from, from + kernel->time[k].us * 1e-6, &uncovered);
        *uncovered_s += uncovered;
    }
    row->integrated_j = joules / trace->runs_used;
    row->above_idle_j = row->integrated_j - o->layered.asked.idle_watts * row->us_sum * 1e-6 / trace->runs_used;
    row->resolved = row->us_median * 1e-6 > 5 * watts->step;
}

static double integrate_runs(const pj_trace *trace, const pj_watts *watts, double *uncovered_s)
{
    double joules = 0, uncovered;
    for (size_t i = trace->first; i < trace->runs; i++) {
        double from = trace->start_s + trace->run[i].ts * 1e-6;
        joules += pj_watts_energy(watts, from, from + trace->run[i].us * 1e-6, &uncovered);
        *uncovered_s += uncovered;
    }
    return joules / trace->runs_used;
}

/* Samples with the clock of the profile, or both from 0 on. */
static pj_status take_power(owned *o, pj_trace *trace, pj_layered_row *rows, pj_error *err)
{
    enum { LONG_AGO = 1000000 }; /* s: smaller times are no dates */
    pj_layered *l = &o->layered;
    pj_watts watts;
    double missing = 0, seen = 0;
    PJ_TRY(pj_watts_read(l->asked.power, o->arena, &watts, err));
    if (!isnan(l->asked.trace_start_s))
        trace->start_s = l->asked.trace_start_s;
    else if (watts.sample[0].at < LONG_AGO)
        trace->start_s = 0;
    if (isnan(trace->start_s) || !trace->runs)
        return pj_fail(err, PJ_EFORMAT,
                       "%.100s: nobody knows when its time 0 was on the clock of %.100s: give "
                       "--trace-start SECONDS",
                       l->asked.trace, l->asked.power);
    for (size_t i = 0; i < l->row_count; i++) {
        integrate_row(o, trace, &watts, i, &rows[i], &missing);
        seen += rows[i].resolved ? rows[i].share_of_kernels : 0;
    }
    if (missing > 0.1 * l->kernels_us_sum * 1e-6)
        return pj_fail(err, PJ_EFORMAT,
                       "%.100s has no samples for %.3g of the %.3g s that kernels run: is it of this "
                       "profile, and its clock the same (--trace-start)?",
                       l->asked.power, missing, l->kernels_us_sum * 1e-6);
    missing = 0;
    l->total_j = integrate_runs(trace, &watts, &missing);
    l->mode = seen >= 0.9 ? "integrated" : "time-shared";
    if (seen < 0.9) {
        note(o, "time_shared",
             "samples of power every %.3g ms do not see single kernels, so all are taken to draw the same "
             "watts: energy is shared by time",
             watts.step * 1e3);
        for (size_t i = 0; i < l->row_count; i++)
            rows[i].integrated_j = rows[i].above_idle_j = NAN;
        return PJ_OK;
    }
    l->overhead_j = l->total_j;
    for (size_t i = 0; i < l->row_count; i++)
        l->overhead_j -= rows[i].integrated_j;
    return PJ_OK;
}

/* The energy of one run from a measurement: of a query. */
static pj_status take_measurement(owned *o, pj_error *err)
{
    pj_energy_ask ask = {.joules = NAN, .seconds = NAN, .queries_per_run = NAN, .tokens = NAN, .input_pue = NAN};
    pj_energy_sources found = {.arena = o->arena};
    PJ_TRY(pj_energy_read(&ask, o->layered.asked.measurement, &found, err));
    if (found.count != 1 || strcmp(found.rows[0].kind, "measurement") != 0)
        return pj_fail(err, PJ_EFORMAT, "%.200s is no measurement of `picojoule measure`",
                       o->layered.asked.measurement);
    o->layered.total_j = found.rows[0].joules;
    if (found.rows[0].boundary == PJ_BOUND_ESTIMATE)
        note(o, "estimate", "%s holds estimates by power constants, no readings of a counter: so are all joules here",
             found.rows[0].name);
    return PJ_OK;
}

static const char *told(owned *o, double value, const char *unit)
{
    pj_str text = pj_str_new(0);
    pj_str_add_double(&text, value);
    pj_str_add(&text, unit);
    return pj_str_keep(&text, o->arena);
}

static pj_status take_energy(owned *o, pj_trace *trace, pj_layered_row *rows, pj_error *err)
{
    pj_layered *l = &o->layered;
    l->total_j = l->overhead_j = NAN;
    l->mode = "time";
    l->energy_source = "";
    if (!isnan(l->asked.watts)) {
        take_watts(o, rows);
        l->energy_source = told(o, l->asked.watts, " W");
    } else if (l->asked.power) {
        PJ_TRY(take_power(o, trace, rows, err));
        l->energy_source = l->asked.power;
    } else if (l->asked.measurement) {
        PJ_TRY(take_measurement(o, err));
        l->mode = "time-shared";
        l->energy_source = l->asked.measurement;
    } else if (!isnan(l->asked.joules_per_run)) {
        l->total_j = l->asked.joules_per_run;
        l->mode = "time-shared";
        l->energy_source = told(o, l->asked.joules_per_run, " J a run, as given");
    }
    return pj_got(l->energy_source, err);
}

/* Shares of the run, the mode's energy, ratios. */
static void finish_rows(pj_layered *l, pj_layered_row *rows)
{
    double measured = 0, estimated = 0;
    bool integrated = strcmp(l->mode, "integrated") == 0;
    for (size_t i = 0; i < l->row_count; i++) {
        pj_layered_row *row = &rows[i];
        row->shared_j = l->total_j * row->share_of_kernels;
        row->measured_j = integrated ? row->integrated_j : row->shared_j;
        if (!row->layer_count)
            continue;
        row->ratio = row->estimated_pj > 0 ? row->measured_j / (row->estimated_pj * 1e-12) : NAN;
        measured += row->measured_j;
        estimated += row->estimated_pj * 1e-12;
    }
    l->measured_over_estimated = estimated > 0 ? measured / estimated : NAN;
}

/* Layers of one kernel share its time and energy in proportion to their estimates; where all are 0, alike. */
static pj_status share_parts(owned *o, pj_error *err)
{
    pj_layered *l = &o->layered;
    const size_t layers = o->result->layer_count;
    pj_layered_part *parts = PJ_NEW(o->arena, pj_layered_part, layers + 1);
    size_t *left = PJ_NEW(o->arena, size_t, layers + 1);
    PJ_TRY(pj_got(parts && left, err));
    for (size_t i = 0; i < layers; i++)
        parts[i] = (pj_layered_part){i, SIZE_MAX, NAN, NAN};
    for (size_t r = 0; r < l->row_count; r++)
        for (size_t k = 0; k < l->rows[r].layer_count; k++) {
            const pj_layered_row *row = &l->rows[r];
            size_t at = row->layers[k];
            double pj = pj_energy_total(&o->result->layers[at].energy);
            double share = row->estimated_pj > 0 ? pj / row->estimated_pj : 1 / (double)row->layer_count;
            parts[at] = (pj_layered_part){at, r, row->us_per_run * share, row->measured_j * share};
        }
    for (size_t i = 0; i < layers; i++)
        if (parts[i].row == SIZE_MAX && !o->result->layers[i].free)
            left[l->unassigned_count++] = i;
    l->parts = parts;
    l->unassigned = left;
    return PJ_OK;
}

/* Kernels whose mean is far from their median: something else ran on the machine meanwhile. */
static void find_uneven(owned *o)
{
    const pj_layered *l = &o->layered;
    const pj_layered_row *worst = NULL;
    size_t uneven = 0;
    for (size_t i = 0; i < l->row_count; i++) {
        const pj_layered_row *row = &l->rows[i];
        bool is_far =
            row->events >= 3 && row->share_of_kernels > 0.05 && row->us_sum / (double)row->events > 2 * row->us_median;
        uneven += is_far;
        worst = is_far && (!worst || row->share_of_kernels > worst->share_of_kernels) ? row : worst;
    }
    if (worst)
        note(o, "uneven_kernels",
             "the mean of %zu kernel%s is more than twice the median, first %s: %.3g us, median %.3g; other programs ran "
             "meanwhile, or the clock changed: record again on a quiet machine",
             uneven, uneven == 1 ? "" : "s", worst->name, worst->us_sum / (double)worst->events, worst->us_median);
}

static void judge(owned *o, const pj_trace *trace)
{
    const pj_layered *l = &o->layered;
    if (l->asked.remark)
        note(o, "own_runs", "%s", l->asked.remark);
    if (trace->truncated)
        note(o, "truncated_trace", "%s ends in the middle: read up to its last whole event", trace->path);
    if (trace->events_missing)
        note(o, "events_missing",
             "%s has %zu events: the runtime stops recording at a million, so later runs are missing", trace->path,
             trace->events);
    if (trace->bad_events)
        note(o, "bad_events", "%zu events of %s are broken and left out: no JSON, or a time that cannot be",
             trace->bad_events, trace->path);
    if (trace->has_nested)
        note(o, "nested_kernels",
             "the time of If, Loop and Scan holds that of the kernels in their bodies, which are rows, "
             "too: their sum counts these twice");
    find_uneven(o);
    if (l->coverage < 0.9)
        note(o, "low_coverage",
             "%.0f %% of the kernels' time is in kernels that carry a layer; the rest is the runtime's, "
             "or could not be matched%s",
             l->coverage * 100, l->asked.optimized ? "" : " (--optimized MODEL, as the runtime wrote it, says more)");
    if (l->unassigned_count)
        note(o, "unassigned_layers", "%zu layers with work are carried by no kernel, first %s", l->unassigned_count,
             o->result->layers[l->unassigned[0]].name);
}

static pj_status run(owned *o, pj_error *err)
{
    pj_layered *l = &o->layered;
    pj_trace *trace = PJ_NEW(o->arena, pj_trace, 1);
    PJ_TRY(pj_got(trace, err));
    trace->arena = o->arena;
    PJ_TRY(pj_result_open(l->asked.model, l->asked.setup, &o->result, err));
    if (l->asked.optimized)
        PJ_TRY(pj_result_open(l->asked.optimized, l->asked.setup, &o->optimized, err));
    if (strcmp(o->result->unit, "pJ") != 0)
        return pj_fail(err, PJ_EARGUMENT, "table %.60s has relative units: nothing measured compares with them",
                       o->result->table);
    l->result = o->result;
    PJ_TRY(pj_trace_read(l->asked.trace, l->asked.drop_runs, trace, err));
    l->format = trace->format;
    PJ_TRY(make_rows(o, trace, err));
    PJ_TRY(check_model(o, err));
    pj_layered_row *rows = (pj_layered_row *)(uintptr_t)l->rows;
    PJ_TRY(take_energy(o, trace, rows, err));
    finish_rows(l, rows);
    PJ_TRY(share_parts(o, err));
    judge(o, trace);
    l->findings = o->finding;
    l->finding_count = o->findings;
    return pj_arena_failed(o->arena) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_layers_run(const pj_layers_ask *ask, pj_layered **out, pj_error *err)
{
    *out = NULL;
    if (!ask || !ask->model || !ask->trace)
        return pj_fail_null(err);
    owned *o = calloc(1, sizeof *o);
    PJ_TRY(pj_got(o, err));
    o->layered.asked = *ask;
    o->arena = pj_arena_new(0);
    pj_status status = o->arena ? run(o, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        *out = &o->layered;
    else
        pj_layers_free(&o->layered);
    return status;
}

void pj_layers_free(pj_layered *layered)
{
    owned *o = (owned *)layered;
    if (!o)
        return;
    pj_result_free(o->result);
    pj_result_free(o->optimized);
    pj_arena_free(o->arena);
    free(o);
}
