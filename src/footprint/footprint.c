/* Footprints: each energy in each region. */
#include "footprint/footprint.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "cost/device.h"
#include "footprint/site.h"

static const double seconds_of_day = 86400;

typedef struct footprint {
    pj_footprint found; /* first: what the caller has */
    pj_arena *arena;
} footprint;

typedef struct run {
    const pj_footprint_ask *ask;
    pj_arena *arena;
    pj_footprint *out;
    pj_embodied hardware;
    pj_region *regions;
    size_t region_count;
    pj_finding *findings;
    size_t finding_capacity;
    pj_error *err;
} run;

pj_footprint_ask pj_footprint_ask_default(void)
{
    return (pj_footprint_ask){
        .energy = {.joules = NAN, .seconds = NAN, .queries_per_run = NAN, .tokens = NAN, .input_pue = NAN},
        .site = pj_site_default(),
        .per_day = NAN,
        .days = 365,
        .embodied_kg = NAN,
        .lifespan_h = NAN,
        .reserved_h = NAN,
        .share = 1,
        .unit_queries = NAN,
        .training = { .epochs = NAN,
                   .samples = NAN,
                   .batch = NAN,
                   .backward = 2,
                   .mfu = 0.4,
                   .precision = "fp32",
                   .gpu_hours = NAN,
                   .watts = NAN,
                   .devices = 1},
        .qubits = NAN,
        .layers = NAN,
        .circuit_tokens = NAN
    };
}

/* ---- findings ---- */

static pj_status find_that(run *r, const char *code, bool strict, const char *subject, const char *format, ...)
    PJ_PRINTF(5, 6);

static pj_status find_that(run *r, const char *code, bool strict, const char *subject, const char *format, ...)
{
    pj_str text = pj_str_new(0);
    va_list args;
    PJ_TRY(pj_got(PJ_GROW(r->arena, r->findings, r->out->finding_count, r->finding_capacity), r->err));
    r->out->findings = r->findings;
    va_start(args, format);
    pj_str_vprintf(&text, format, args);
    va_end(args);
    pj_finding *finding = &r->findings[r->out->finding_count++];
    *finding = (pj_finding){code, strict ? "warning" : "note", strict, subject ? subject : "", NULL};
    finding->message = pj_str_keep(&text, r->arena);
    return finding->message ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status look_at(run *r, const pj_energy_source *s)
{
    if (s->uncounted)
        PJ_TRY(find_that(r, "lower-bound", true, s->name, "%zu of %zu layers are not counted: a lower bound",
                         s->uncounted, s->layers));
    if (s->boundary == PJ_BOUND_DEVICE && s->figures + s->uncounted < s->layers)
        PJ_TRY(find_that(r, "partial-sum", true, s->name, "device %s has figures for %zu of %zu layers: a partial sum",
                         s->figure, s->figures, s->layers));
    if (strcmp(s->kind, "seed003") == 0 && s->joules * s->queries_per_run * s->held_pue < 1e-4 * PJ_J_PER_KWH)
        PJ_TRY(
            find_that(r, "low-resolution", false, s->name, "its kWh has six decimals: below 1e-4 kWh they are coarse"));
    if (strcmp(s->kind, "quantum") == 0)
        PJ_TRY(
            find_that(r, "heuristic", false, s->name,
                      "a heuristic of the V4 module: 2^qubits x layers x 100 x 50 x tokens operations; the 100 and the "
                      "50 have no source"));
    return PJ_OK;
}

/* ---- inputs ---- */

static pj_status take_one(run *r, const pj_energy_source *source)
{
    pj_energy_source *one = pj_arena_memdup(r->arena, source, 1, sizeof *one);
    r->out->sources = one;
    r->out->source_count = 1;
    return one ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_energies(run *r)
{
    const pj_footprint_ask *ask = r->ask;
    pj_energy_sources list = {.arena = r->arena};
    pj_energy_source one;
    if (ask->training.wanted) {
        PJ_TRY(pj_training_find(ask, r->arena, &r->out->training, &one, r->err));
        return take_one(r, &one);
    }
    if (!isnan(ask->qubits)) {
        PJ_TRY(pj_quantum_find(ask, r->arena, &one, r->err));
        return take_one(r, &one);
    }
    PJ_TRY(pj_energy_read_all(&ask->energy, &list, r->err));
    r->out->sources = list.rows;
    r->out->source_count = list.count;
    r->out->refusal = list.refusal;
    return PJ_OK;
}

static pj_status check(run *r)
{
    const pj_footprint_ask *ask = r->ask;
    bool has_unit = ask->unit && strcmp(ask->unit, "query") != 0;
    for (size_t i = 0; i < r->out->source_count; i++) {
        const pj_energy_source *s = &r->out->sources[i];
        PJ_TRY(look_at(r, s));
        if (strcmp(s->kind, "emissions") == 0 && !isnan(s->held_pue) && !isnan(ask->site.pue))
            return pj_fail(r->err, PJ_EARGUMENT, "%s: its energy holds a PUE of %g already; --pue would count it twice",
                           s->name, s->held_pue);
        if (s->boundary != PJ_BOUND_OPERATIONS)
            continue;
        r->out->comparison_only = true;
        if ((ask->embodied || !isnan(ask->embodied_kg) || has_unit) && !ask->mix)
            return pj_fail(r->err, PJ_EFORMAT,
                           "%s: an estimate of operations has no SCI and no functional unit (--mix: all the same)",
                           s->name);
        if (r->out->source_count > 1 && r->out->sources[i ? 0 : 1].boundary != PJ_BOUND_OPERATIONS && !ask->mix)
            return pj_fail(r->err, PJ_EFORMAT,
                           "%s: an estimate of operations does not compare with other energies (--mix: all the same)",
                           s->name);
    }
    return PJ_OK;
}

static pj_status find_hardware(run *r)
{
    const pj_footprint_ask *ask = r->ask;
    r->hardware = (pj_embodied){.id = "given", .kg = ask->embodied_kg, .life_years = NAN};
    if (ask->embodied)
        PJ_TRY(pj_embodied_find(ask->embodied, r->arena, &r->hardware, r->err));
    if (!isnan(ask->lifespan_h))
        r->hardware.life_years = ask->lifespan_h / PJ_HOURS_OF_YEAR;
    if (!isnan(r->hardware.kg) && !(r->hardware.life_years > 0))
        return pj_fail(r->err, PJ_EARGUMENT,
                       "--lifespan says how many years the hardware is used; that of %s is not known", r->hardware.id);
    return PJ_OK;
}

/* ---- one row ---- */

/* Units of a query: of "1000-queries" a thousandth. NAN: none. */
static double units_of_query(const pj_footprint_ask *ask, double tokens)
{
    const char *unit = ask->unit ? ask->unit : "query";
    if (strcmp(unit, "1000-queries") == 0)
        return 1e-3;
    if (strcmp(unit, "token") == 0)
        return tokens;
    return isnan(ask->unit_queries) ? 1 : 1 / ask->unit_queries;
}

static pj_status add_sci(run *r, pj_footprint_row *row)
{
    const pj_footprint_ask *ask = r->ask;
    if (isnan(r->hardware.kg))
        return PJ_OK;
    double reserved = isnan(ask->reserved_h) ? row->source->seconds / 3600 : ask->reserved_h;
    double units = units_of_query(ask, row->source->tokens);
    if (isnan(reserved))
        return pj_fail(r->err, PJ_EARGUMENT,
                       "%s: --reserved says how long the hardware is reserved for a query; its time "
                       "is not known",
                       row->source->name);
    if (isnan(units))
        return pj_fail(r->err, PJ_EARGUMENT, "--functional-unit token wants --tokens");
    double m = pj_embodied_g(r->hardware.kg, reserved, r->hardware.life_years * PJ_HOURS_OF_YEAR, ask->share);
    double o = row->query.gco2e;
    row->has_sci = true;
    row->sci = (pj_sci_figures){o, m, o + m, units, pj_sci(o, m, units), r->hardware.id};
    return PJ_OK;
}

static pj_status find_idle(run *r, double *watts)
{
    const char *name = r->ask->idle_from;
    pj_device *device = NULL;
    pj_status status = pj_device_open(name, r->ask->energy.setup, &device, r->err);
    *watts = status == PJ_OK ? pj_device_idle_w(device) : 0;
    pj_device_close(device);
    if (status == PJ_OK && *watts < 0)
        status = pj_fail(r->err, PJ_EFORMAT, "its idle power is not published");
    pj_error_at(status == PJ_OK ? NULL : r->err, name, NULL, NULL);
    return status;
}

/* What the device draws between the queries of a day. */
static pj_status add_idle(run *r, pj_footprint_row *row)
{
    double busy = r->ask->per_day * row->source->seconds, watts;
    row->devices_needed = ceil(busy / seconds_of_day);
    if (!r->ask->idle_from)
        return PJ_OK;
    PJ_TRY(find_idle(r, &watts));
    if (isnan(busy))
        return pj_fail(r->err, PJ_EFORMAT, "%s: the time of a query is not known, nor that between them",
                       row->source->name);
    if (busy > seconds_of_day)
        return pj_fail(r->err, PJ_EFORMAT, "%s: %g queries take %g s, more than a day: that needs %g devices",
                       row->source->name, r->ask->per_day, busy, row->devices_needed);
    row->idle_j_per_day = fmax(0, seconds_of_day - busy) * watts;
    return PJ_OK;
}

static double quality_of(const pj_footprint_ask *ask, const pj_energy_source *s)
{
    double value = NAN;
    for (size_t i = 0; i < ask->quality_count; i++) {
        const char *text = ask->qualities[i], *equals = strrchr(text, '=');
        size_t length = equals ? (size_t)(equals - text) : 0;
        const char *const names[] = {s->name, s->path, s->figure};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (equals && names[k] && strlen(names[k]) == length && memcmp(names[k], text, length) == 0)
                (void)pj_number_read(equals + 1, &value);
    }
    return value;
}

static bool is_finite(const pj_amounts *a)
{
    return isfinite(a->kwh_site) && isfinite(a->gco2e) && !isinf(a->water_l) && !isinf(a->cost);
}

static pj_status fill(run *r, const pj_energy_source *source, const pj_region *region, pj_footprint_row *row)
{
    static const pj_amounts none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const pj_footprint_ask *ask = r->ask;
    pj_conditions conditions = pj_site_conditions(&ask->site, region);
    if (!isnan(source->held_pue) && isnan(ask->site.pue))
        conditions.pue = source->held_pue;
    *row = (pj_footprint_row){.source = source,
                              .region = region,
                              .pue = conditions.pue,
                              .wue_onsite = conditions.wue_onsite,
                              .wue_offsite = conditions.wue_offsite,
                              .devices_needed = NAN};
    row->query = pj_amounts_of(source->joules, &conditions);
    row->thousand = pj_amounts_times(&row->query, 1e3);
    row->million = pj_amounts_times(&row->query, 1e6);
    row->token = isnan(source->tokens) ? none : pj_amounts_times(&row->query, 1 / source->tokens);
    row->million_tokens = pj_amounts_times(&row->token, 1e6);
    row->day = row->period = none;
    if (!isnan(ask->per_day)) {
        PJ_TRY(add_idle(r, row));
        const pj_amounts idle = pj_amounts_of(row->idle_j_per_day, &conditions);
        row->day = pj_amounts_times(&row->query, ask->per_day);
        row->day = row->idle_j_per_day > 0 ? pj_amounts_sum(&row->day, &idle) : row->day;
        row->period = pj_amounts_times(&row->day, ask->days);
    }
    if (!is_finite(&row->million) || (!isnan(ask->per_day) && !is_finite(&row->period)))
        return pj_fail(r->err, PJ_EOVERFLOW, "%s: its figures are larger than can be counted", source->name);
    row->quality = quality_of(ask, source);
    row->queries_per_g = pj_ratio(1, row->query.gco2e);
    row->quality_per_g = row->quality * row->queries_per_g;
    return add_sci(r, row);
}

static pj_status fill_all(run *r)
{
    pj_footprint *out = r->out;
    size_t count = out->source_count * r->region_count;
    pj_footprint_row *rows = PJ_NEW(r->arena, pj_footprint_row, count);
    if (!rows)
        return pj_fail_memory(r->err);
    for (size_t i = 0; i < count; i++) {
        PJ_TRY(fill(r, &out->sources[i / r->region_count], &r->regions[i % r->region_count], &rows[i]));
        rows[i].ratio = pj_ratio(rows[i].query.gco2e, rows[0].query.gco2e);
    }
    out->rows = rows;
    out->row_count = count;
    return PJ_OK;
}

/* ---- all of it ---- */

static pj_status find(run *r, const pj_regions *regions)
{
    PJ_TRY(pj_site_regions(&r->ask->site, regions, r->arena, &r->regions, &r->region_count, r->err));
    for (size_t i = 0; i < r->region_count; i++)
        pj_region_keep(&r->regions[i], r->arena);
    PJ_TRY(read_energies(r));
    if (r->out->refusal)
        return PJ_OK;
    PJ_TRY(check(r));
    PJ_TRY(find_hardware(r));
    PJ_TRY(fill_all(r));
    return pj_footprint_judge(r->out, r->arena, r->err);
}

pj_status pj_footprint_run(const pj_footprint_ask *ask, pj_footprint **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    footprint *made = arena ? PJ_NEW(arena, footprint, 1) : NULL;
    pj_regions *regions = NULL;
    if (err)
        memset(err, 0, sizeof *err);
    *out = NULL;
    pj_status status = made ? pj_regions_open(ask->site.regions_file, &regions, err) : pj_fail_memory(err);
    if (status == PJ_OK) {
        made->arena = arena;
        made->found.asked = *ask;
        run r = {.ask = ask, .arena = arena, .out = &made->found, .err = err};
        status = find(&r, regions);
        if (status == PJ_OK && pj_arena_failed(arena))
            status = pj_fail_memory(err);
    }
    pj_regions_close(regions);
    if (status == PJ_OK)
        *out = &made->found;
    else
        pj_arena_free(arena);
    return status;
}

void pj_footprint_free(pj_footprint *found)
{
    if (found)
        pj_arena_free(((footprint *)found)->arena);
}
