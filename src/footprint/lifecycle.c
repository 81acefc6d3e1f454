/* Lifecycles: reading a file, phase by phase, and adding up. */
#include "footprint/lifecycle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "footprint/input.h"
#include "footprint/site.h"

typedef struct lifecycle {
    pj_lifecycle found; /* first: what the caller has */
    pj_arena *arena;
} lifecycle;

typedef struct reader {
    pj_arena *arena;
    const char *folder; /* of the file, with its slash; "" */
    const pj_regions *regions;
    pj_site site; /* of the file */
    bool mix;
    pj_lifecycle *out;
    double training_kwh, query_kwh; /* of all training, of one query of inference; NAN */
    pj_error *err;
} reader;

static const char schema_word[] = "picojoule.lifecycle/1";
static const char development[] = "development", training[] = "training", inference[] = "inference";
static const char *const order[] = {development, training, "validation", "deployment", inference};
enum { ORDERED = sizeof order / sizeof *order, MOST_PHASES = 10000 };

/* ---- members ---- */

/* An optional number from `least` on (of it: more, where `above`); *out keeps its value. */
static pj_status opt_number(reader *r, pj_json object, const char *key, double least, double *out)
{
    PJ_TRY(pj_json_opt_double(object, key, out, r->err));
    if (pj_json_find(object, key).node && !(*out >= least))
        return pj_json_fail(pj_json_find(object, key), PJ_EFORMAT, r->err, "%g where %s is from %g on", *out, key,
                            least);
    return PJ_OK;
}

static const char *keep(reader *r, const char *text)
{
    return text ? pj_arena_strdup(r->arena, text) : NULL; /* no memory: the arena knows */
}

/* What a phase, or the whole file, says of its site. */
static pj_status read_site(reader *r, pj_json object, pj_site *site)
{
    const char *region = NULL;
    double losses = site->losses * 100;
    PJ_TRY(pj_json_opt_text(object, "region", &region, r->err));
    if (region) {
        const char **list = PJ_NEW(r->arena, const char *, 1);
        if (!list)
            return pj_fail_memory(r->err);
        list[0] = keep(r, region);
        site->regions = list;
        site->region_count = 1;
        site->intensity = NAN;
        site->profile = NULL;
    }
    PJ_TRY(opt_number(r, object, "intensity", 0, &site->intensity));
    PJ_TRY(opt_number(r, object, "pue", 1, &site->pue));
    PJ_TRY(opt_number(r, object, "wue_onsite", 0, &site->wue_onsite));
    PJ_TRY(opt_number(r, object, "wue_offsite", 0, &site->wue_offsite));
    PJ_TRY(opt_number(r, object, "price", 0, &site->price));
    PJ_TRY(opt_number(r, object, "losses_percent", 0, &losses));
    if (!(losses < 100))
        return pj_json_fail(pj_json_find(object, "losses_percent"), PJ_EFORMAT, r->err, "%g %% leave nothing", losses);
    site->losses = losses / 100;
    return PJ_OK;
}

/* ---- the energy of a phase ---- */

static bool has(pj_json object, const char *key)
{
    return pj_json_find(object, key).node != NULL;
}

/* A member that has to be there. */
static pj_status get_number(reader *r, pj_json object, const char *key, double *out)
{
    PJ_TRY(pj_json_get_double(object, key, out, r->err));
    return opt_number(r, object, key, 0, out);
}

/* Joules of a query out of the file that it names. */
static pj_status read_from(reader *r, pj_json row, const char *from, pj_phase *phase, double *joules)
{
    pj_str path = pj_str_new(0);
    pj_energy_ask ask = {.joules = NAN, .seconds = NAN, .queries_per_run = NAN, .tokens = NAN, .input_pue = NAN};
    pj_energy_sources found = {.arena = r->arena};
    const pj_setup setup = pj_setup_default();
    ask.setup = &setup;
    PJ_TRY(pj_json_opt_text(row, "figure", &ask.figure, r->err));
    PJ_TRY(opt_number(r, row, "queries_per_run", 1, &ask.queries_per_run));
    pj_str_printf(&path, "%s%s", *from == '/' ? "" : r->folder, from);
    pj_status status = path.failed ? pj_fail_memory(r->err) : pj_energy_read(&ask, path.data, &found, r->err);
    pj_str_free(&path);
    PJ_TRY(status);
    if (found.count != 1)
        return pj_json_fail(row, PJ_EFORMAT, r->err, "%s: %s", from,
                            found.refusal ? found.refusal : "it has several devices; \"figure\" names one");
    if (found.rows[0].boundary == PJ_BOUND_OPERATIONS && !r->mix)
        return pj_json_fail(row, PJ_EFORMAT, r->err,
                            "%s: an estimate of operations belongs into no lifecycle (--mix takes it all the same)",
                            from);
    phase->from = keep(r, from);
    phase->boundary = found.rows[0].boundary;
    *joules = found.rows[0].joules;
    return PJ_OK;
}

static pj_status read_queries(reader *r, pj_json row, pj_phase *phase, double *joules)
{
    const char *from = NULL;
    double each = 0, days = 365;
    bool per_day = has(row, "queries_per_day");
    PJ_TRY(get_number(r, row, per_day ? "queries_per_day" : "queries", &phase->queries));
    if (per_day) {
        PJ_TRY(opt_number(r, row, "days", 0, &days));
        phase->queries *= days;
    }
    PJ_TRY(pj_json_opt_text(row, "from", &from, r->err));
    if (!from == !has(row, "joules_per_query"))
        return pj_json_fail(row, PJ_EFORMAT, r->err, "queries want one of \"from\" and \"joules_per_query\"");
    PJ_TRY(from ? read_from(r, row, from, phase, &each) : get_number(r, row, "joules_per_query", &each));
    *joules = each * phase->queries;
    return PJ_OK;
}

static pj_status read_hours(reader *r, pj_json row, bool of_people, double *joules)
{
    double hours, people = 1, watts;
    PJ_TRY(get_number(r, row, of_people ? "hours" : "gpu_hours", &hours));
    if (of_people)
        PJ_TRY(opt_number(r, row, "people", 0, &people));
    PJ_TRY(get_number(r, row, "watts", &watts));
    *joules = pj_joules_of(watts, hours * people);
    return PJ_OK;
}

static pj_status read_energy(reader *r, pj_json row, pj_phase *phase, double *joules)
{
    bool kwh = has(row, "kwh"), hours = has(row, "hours"), gpu = has(row, "gpu_hours"), queries = has(row, "queries"),
         per_day = has(row, "queries_per_day");
    if (kwh + hours + gpu + queries + per_day != 1)
        return pj_json_fail(row, PJ_EFORMAT, r->err,
                            "a phase has one of kwh, hours, gpu_hours, queries and queries_per_day; this one has %d",
                            kwh + hours + gpu + queries + per_day);
    phase->queries = NAN;
    phase->boundary = kwh || hours || gpu ? PJ_BOUND_ESTIMATE : PJ_BOUND_GIVEN;
    if (kwh) {
        phase->boundary = PJ_BOUND_GIVEN;
        PJ_TRY(get_number(r, row, "kwh", joules));
        *joules *= PJ_J_PER_KWH;
        return PJ_OK;
    }
    return queries || per_day ? read_queries(r, row, phase, joules) : read_hours(r, row, hours, joules);
}

/* ---- embodied emissions of a phase ---- */

/* 0.0625, or "1/16" */
static pj_status read_share(reader *r, pj_json row, double *out)
{
    pj_json at = pj_json_find(row, "share");
    const char *text = NULL;
    *out = 1;
    if (!at.node)
        return PJ_OK;
    if (pj_json_kind_of(at) == PJ_JSON_TEXT)
        PJ_TRY(pj_json_as_text(at, &text, r->err));
    if (text ? !pj_share_read(text, out) : pj_json_as_double(at, out, r->err) != PJ_OK || !(*out >= 0 && *out <= 1))
        return pj_json_fail(at, PJ_EFORMAT, r->err, "a share is a number from 0 to 1, or \"X/Y\" with X up to Y");
    return PJ_OK;
}

static pj_status read_embodied(reader *r, pj_json row, pj_phase *phase)
{
    static const char *const needs[] = {"lifespan_years", "share", "reserved_hours", NULL};
    pj_json at = pj_json_find(row, "embodied");
    pj_embodied found = {.life_years = NAN};
    const char *name;
    double share;
    for (size_t i = 0; !at.node && needs[i]; i++)
        if (has(row, needs[i]))
            return pj_json_fail(row, PJ_EFORMAT, r->err, "\"%s\" goes with \"embodied\"", needs[i]);
    if (!at.node)
        return PJ_OK;
    if (pj_json_kind_of(at) == PJ_JSON_TEXT) {
        PJ_TRY(pj_json_as_text(at, &name, r->err));
        PJ_TRY(pj_embodied_find(name, r->arena, &found, r->err));
    } else {
        PJ_TRY(get_number(r, row, "embodied", &found.kg));
    }
    PJ_TRY(opt_number(r, row, "lifespan_years", 0, &found.life_years));
    if (!(found.life_years > 0))
        return pj_json_fail(row, PJ_EFORMAT, r->err, "\"lifespan_years\" is missing, or 0");
    double life_h = found.life_years * PJ_HOURS_OF_YEAR, reserved_h = life_h;
    PJ_TRY(opt_number(r, row, "reserved_hours", 0, &reserved_h));
    PJ_TRY(read_share(r, row, &share));
    phase->embodied_g = pj_embodied_g(found.kg, reserved_h, life_h, share);
    return PJ_OK;
}

/* ---- phases ---- */

static pj_status find_region(reader *r, const pj_site *site, pj_json row, pj_phase *phase)
{
    pj_region *list;
    size_t count;
    pj_status status = pj_site_regions(site, r->regions, r->arena, &list, &count, r->err);
    if (status == PJ_EFORMAT && r->err && !r->err->file[0]) {
        char what[sizeof r->err->what];
        memcpy(what, r->err->what, sizeof what);
        return pj_json_fail(row, PJ_EFORMAT, r->err, "%s", what);
    }
    PJ_TRY(status);
    phase->region = list[0];
    return PJ_OK;
}

/* clang-format off */
static const char *const phase_keys[] = {
    "phase", "kwh", "hours", "people", "gpu_hours", "watts", "queries", "queries_per_day", "days", "from",
    "joules_per_query", "figure", "queries_per_run", "runs", "region", "intensity", "pue", "wue_onsite", "wue_offsite",
    "price", "losses_percent", "embodied", "lifespan_years", "share", "reserved_hours", "note", NULL};
/* clang-format on */

static pj_status read_phase(reader *r, pj_json row, pj_phase *phase)
{
    const char *name;
    double runs = 1, joules = 0;
    pj_site site = r->site;
    PJ_TRY(pj_json_as_object(row, &row, r->err));
    PJ_TRY(pj_json_only_keys(row, phase_keys, r->err));
    PJ_TRY(pj_json_get_text(row, "phase", &name, r->err));
    phase->name = keep(r, name);
    if (strcmp(name, development) == 0)
        site.pue = 1; /* desks are in no data centre */
    PJ_TRY(read_site(r, row, &site));
    PJ_TRY(find_region(r, &site, row, phase));
    PJ_TRY(read_energy(r, row, phase, &joules));
    PJ_TRY(opt_number(r, row, "runs", 0, &runs));
    PJ_TRY(read_embodied(r, row, phase));
    const pj_conditions conditions = pj_site_conditions(&site, &phase->region);
    phase->pue = conditions.pue;
    phase->amounts = pj_amounts_of(joules * runs, &conditions);
    if (!isfinite(phase->amounts.kwh_site) || !isfinite(phase->amounts.gco2e) || !isfinite(phase->embodied_g))
        return pj_json_fail(row, PJ_EFORMAT, r->err, "its figures are larger than can be counted");
    phase->queries *= runs;
    r->out->has_price = r->out->has_price || !isnan(conditions.price);
    r->out->comparison_only = r->out->comparison_only || phase->boundary == PJ_BOUND_OPERATIONS;
    if (strcmp(name, training) == 0)
        r->training_kwh = (isnan(r->training_kwh) ? 0 : r->training_kwh) + phase->amounts.kwh_site;
    if (strcmp(name, inference) == 0 && phase->queries > 0)
        r->query_kwh = phase->amounts.kwh_site / phase->queries;
    return PJ_OK;
}

static size_t place_of(const char *name)
{
    size_t i = 0;
    while (i < ORDERED && strcmp(name, order[i]) != 0)
        i++;
    return i;
}

/* Stable: phases of one name stay as the file has them. */
static void sort(const pj_phase *from, size_t count, pj_phase *to)
{
    size_t at = 0;
    for (size_t place = 0; place <= ORDERED; place++)
        for (size_t i = 0; i < count; i++)
            if (place_of(from[i].name) == place)
                to[at++] = from[i];
}

static pj_status add_up(reader *r, pj_phase *phases, size_t count)
{
    double *grams = PJ_NEW(r->arena, double, count), *shares = PJ_NEW(r->arena, double, count);
    pj_lifecycle *out = r->out;
    if (!grams || !shares)
        return pj_fail_memory(r->err);
    for (size_t i = 0; i < count; i++) {
        out->total = i ? pj_amounts_sum(&out->total, &phases[i].amounts) : phases[0].amounts;
        out->embodied_g += phases[i].embodied_g;
        grams[i] = phases[i].amounts.gco2e + phases[i].embodied_g;
    }
    pj_shares(grams, count, shares);
    for (size_t i = 0; i < count; i++) {
        phases[i].share_percent = shares[i];
        pj_region_keep(&phases[i].region, r->arena); /* the file of regions will be closed */
    }
    out->break_even_queries = r->query_kwh > 0 ? r->training_kwh / r->query_kwh : NAN;
    out->phases = phases;
    out->count = count;
    return PJ_OK;
}

static pj_status read_root(reader *r, pj_json root)
{
    static const char *const known[] = {"schema",      "note",  "region",         "intensity", "pue", "wue_onsite",
                                        "wue_offsite", "price", "losses_percent", "phases",    NULL};
    const char *schema;
    pj_json list;
    PJ_TRY(pj_json_as_object(root, &root, r->err));
    PJ_TRY(pj_json_get_text(root, "schema", &schema, r->err));
    if (strcmp(schema, schema_word) != 0)
        return pj_json_fail(pj_json_find(root, "schema"), PJ_EFORMAT, r->err, "\"%.40s\" where \"%s\" should stand",
                            schema, schema_word);
    PJ_TRY(pj_json_only_keys(root, known, r->err));
    PJ_TRY(read_site(r, root, &r->site));
    PJ_TRY(pj_json_get_array(root, "phases", &list, r->err));
    size_t count = pj_json_count(list), i = 0;
    if (count == 0 || count > MOST_PHASES)
        return pj_json_fail(list, PJ_EFORMAT, r->err, "%zu phases; there are from 1 to %d", count, MOST_PHASES);
    pj_phase *phases = PJ_NEW(r->arena, pj_phase, count), *sorted = PJ_NEW(r->arena, pj_phase, count);
    if (!phases || !sorted)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_phase(r, at, &phases[i++]));
    if (pj_arena_failed(r->arena))
        return pj_fail_memory(r->err);
    sort(phases, count, sorted);
    return add_up(r, sorted, count);
}

pj_status pj_lifecycle_parse(const char *json, size_t length, const char *name, const pj_site *site, bool mix,
                             pj_lifecycle **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    lifecycle *life = arena ? PJ_NEW(arena, lifecycle, 1) : NULL;
    pj_json_doc *doc = NULL;
    pj_regions *regions = NULL;
    const char *slash = strrchr(name, '/');
    *out = NULL;
    pj_status status = life ? pj_json_parse(json, length, name, &doc, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        status = pj_regions_open(site->regions_file, &regions, err);
    if (status == PJ_OK) {
        reader r = {.arena = arena,
                    .regions = regions,
                    .site = *site,
                    .mix = mix,
                    .out = &life->found,
                    .err = err,
                    .training_kwh = NAN,
                    .query_kwh = NAN};
        life->arena = arena;
        life->found.path = keep(&r, name);
        r.folder = pj_arena_strndup(arena, name, slash ? (size_t)(slash + 1 - name) : 0);
        status = life->found.path && r.folder ? read_root(&r, pj_json_root(doc)) : pj_fail_memory(err);
        if (status == PJ_OK && pj_arena_failed(arena))
            status = pj_fail_memory(err);
    }
    pj_regions_close(regions);
    pj_json_free(doc);
    if (status == PJ_OK)
        *out = &life->found;
    else
        pj_arena_free(arena);
    return status;
}

pj_status pj_lifecycle_run(const char *path, const pj_site *site, bool mix, pj_lifecycle **out, pj_error *err)
{
    char *text = NULL;
    size_t length;
    if (err)
        memset(err, 0, sizeof *err);
    *out = NULL;
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = pj_lifecycle_parse(text, length, path, site, mix, out, err);
    free(text);
    return status;
}

void pj_lifecycle_free(pj_lifecycle *life)
{
    if (life)
        pj_arena_free(((lifecycle *)life)->arena);
}
