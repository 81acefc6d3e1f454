/* Regions: reading, checking, finding. */
#include "footprint/region.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "setup/resource.h"

static const double most_intensity = 5000, most_water = 100, most_pue = 10;

static const char schema_word[] = "picojoule.regions/1";

/*  key of the list, kind */
static const struct {
    const char *key;
    pj_region_kind kind;
} lists[] = {
    {"countries",    PJ_REGION_COUNTRY  },
    {"groups",       PJ_REGION_GROUP    },
    {"cloud",        PJ_REGION_CLOUD    },
    {"as_published", PJ_REGION_PUBLISHED},
};
enum { LISTS = sizeof lists / sizeof *lists };

/* ---- reading ---- */

typedef struct reader {
    pj_regions *out;
    pj_json root;
    pj_error *err;
} reader;

static pj_status keep(reader *r, const char *text, const char **out)
{
    *out = pj_arena_strdup(r->out->arena, text);
    return *out ? PJ_OK : pj_fail_memory(r->err);
}

/* An optional text; "@label" stands for $.sources.label. */
static pj_status read_text(reader *r, pj_json object, const char *key, const char **out)
{
    const char *text = NULL;
    PJ_TRY(pj_json_opt_text(object, key, &text, r->err));
    if (!text)
        return PJ_OK;
    if (*text == '@')
        PJ_TRY(pj_json_get_text(pj_json_find(r->root, "sources"), text + 1, &text, r->err));
    return keep(r, text, out);
}

/* An optional number from `least` to `most`, and the year beside it. */
static pj_status read_number(reader *r, pj_json object, const char *key, const char *year_key, double least,
                             double most, pj_sourced *out)
{
    double year = 0;
    pj_json at = pj_json_find(object, key);
    if (!at.node)
        return PJ_OK;
    PJ_TRY(pj_json_as_double(at, &out->value, r->err));
    if (!(out->value >= least && out->value <= most))
        return pj_json_fail(at, PJ_EFORMAT, r->err, "%g where %s is from %g to %g", out->value, key, least, most);
    PJ_TRY(pj_json_opt_double(object, year_key, &year, r->err));
    if (!(year >= 0 && year <= 9999 && year == floor(year)))
        return pj_json_fail(object, PJ_EFORMAT, r->err, "%g is no year", year);
    out->year = (int)year;
    return PJ_OK;
}

static pj_status read_other(reader *r, pj_json row, pj_sourced *out)
{
    pj_json other = {0};
    PJ_TRY(pj_json_opt_object(row, "other", &other, r->err));
    if (!other.node)
        return PJ_OK;
    PJ_TRY(read_number(r, other, "g_per_kwh", "year", 0, most_intensity, out));
    return read_text(r, other, "source", &out->source);
}

static pj_status read_row(reader *r, pj_json row, pj_region_kind kind, pj_region *out)
{
    static const char *const known[] = {"id",         "alpha2",     "name",        "country", "g_per_kwh", "year",
                                        "source",     "confidence", "note",        "other",   "pue",       "pue_year",
                                        "wue_onsite", "wue_year",   "wue_offsite", NULL};
    const pj_sourced none = {.value = NAN};
    *out = (pj_region){
        .kind = kind, .g_per_kwh = none, .other = none, .pue = none, .wue_onsite = none, .wue_offsite = none};
    PJ_TRY(pj_json_as_object(row, &row, r->err));
    PJ_TRY(pj_json_only_keys(row, known, r->err));
    PJ_TRY(pj_json_get_text(row, "id", &out->id, r->err));
    if (!*out->id)
        return pj_json_fail(row, PJ_EFORMAT, r->err, "its id is empty");
    PJ_TRY(read_text(r, row, "id", &out->id));
    out->name = out->id;
    PJ_TRY(read_text(r, row, "name", &out->name));
    PJ_TRY(read_text(r, row, "alpha2", &out->alpha2));
    PJ_TRY(read_text(r, row, "country", &out->country));
    PJ_TRY(read_text(r, row, "confidence", &out->confidence));
    PJ_TRY(read_text(r, row, "note", &out->note));
    PJ_TRY(read_text(r, row, "source", &out->g_per_kwh.source));
    if (!out->g_per_kwh.source || !out->confidence)
        return pj_json_fail(row, PJ_EFORMAT, r->err, "it has no %s", out->confidence ? "source" : "confidence");
    out->pue.source = out->wue_onsite.source = out->g_per_kwh.source;
    PJ_TRY(read_text(r, r->root, "wue_offsite_source", &out->wue_offsite.source));
    PJ_TRY(read_number(r, row, "g_per_kwh", "year", 0, most_intensity, &out->g_per_kwh));
    if (isnan(out->g_per_kwh.value) && kind != PJ_REGION_CLOUD)
        return pj_json_fail(row, PJ_EFORMAT, r->err, "it has no g_per_kwh");
    PJ_TRY(read_number(r, row, "pue", "pue_year", 1, most_pue, &out->pue));
    PJ_TRY(read_number(r, row, "wue_onsite", "wue_year", 0, most_water, &out->wue_onsite));
    PJ_TRY(read_number(r, row, "wue_offsite", "", 0, most_water, &out->wue_offsite));
    return read_other(r, row, &out->other);
}

/* ---- names ---- */

static const char *lower(pj_arena *arena, const char *text)
{
    char *copy = pj_arena_strdup(arena, text);
    for (char *at = copy; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

static pj_status add_name(reader *r, pj_json at, const char *name, bool is_id, pj_region *region)
{
    const char *key = lower(r->out->arena, name);
    if (!key)
        return pj_fail_memory(r->err);
    bool there = pj_map_get(&r->out->ids, key) != NULL;
    if (there && is_id)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "the id \"%.60s\" stands twice", name);
    return there || pj_map_put(&r->out->ids, key, region) ? PJ_OK : pj_fail_memory(r->err);
}

/* All ids first, so that no name hides one. */
static pj_status index_ids(reader *r)
{
    pj_region *region = r->out->rows;
    for (size_t k = 0; k < LISTS; k++) {
        pj_json list = pj_json_find(r->root, lists[k].key);
        for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at), region++) {
            PJ_TRY(add_name(r, at, region->id, true, region));
            if (region->alpha2)
                PJ_TRY(add_name(r, at, region->alpha2, true, region));
        }
    }
    for (size_t i = 0; i < r->out->count; i++)
        if (r->out->rows[i].kind == PJ_REGION_COUNTRY || r->out->rows[i].kind == PJ_REGION_GROUP)
            PJ_TRY(add_name(r, r->root, r->out->rows[i].name, false, &r->out->rows[i]));
    return PJ_OK;
}

/* What a cloud region does not say, its provider says for all of its own, and its country for the water of its grid. */
static pj_status fill_from_provider(reader *r, pj_region *region)
{
    const char *key = region->country ? lower(r->out->arena, region->country) : NULL;
    const pj_region *country = key ? pj_map_get(&r->out->ids, key) : NULL;
    pj_json providers = pj_json_find(r->root, "providers");
    if (country)
        region->wue_offsite = country->wue_offsite;
    for (pj_json at = pj_json_first(providers); at.node; at = pj_json_next(at)) {
        const char *id = NULL;
        PJ_TRY(pj_json_get_text(at, "id", &id, r->err));
        size_t length = strlen(id);
        if (strncmp(region->id, id, length) != 0 || region->id[length] != ':')
            continue;
        if (isnan(region->pue.value)) {
            PJ_TRY(read_number(r, at, "pue", "", 1, most_pue, &region->pue));
            PJ_TRY(read_text(r, at, "pue_source", &region->pue.source));
        }
        if (isnan(region->wue_onsite.value)) {
            PJ_TRY(read_number(r, at, "wue_onsite", "", 0, most_water, &region->wue_onsite));
            PJ_TRY(read_text(r, at, "wue_source", &region->wue_onsite.source));
        }
    }
    return PJ_OK;
}

static pj_status fill(reader *r)
{
    const char *schema = NULL;
    pj_regions *out = r->out;
    PJ_TRY(pj_json_get_text(r->root, "schema", &schema, r->err));
    if (strcmp(schema, schema_word) != 0)
        return pj_json_fail(pj_json_find(r->root, "schema"), PJ_EFORMAT, r->err, "\"%.40s\" where \"%s\" should stand",
                            schema, schema_word);
    for (size_t k = 0; k < LISTS; k++) {
        pj_json list = {0};
        PJ_TRY(pj_json_opt_array(r->root, lists[k].key, &list, r->err));
        out->count += pj_json_count(list);
    }
    if (out->count == 0)
        return pj_json_fail(r->root, PJ_EFORMAT, r->err, "it has no region");
    pj_region *region = out->rows = PJ_NEW(out->arena, pj_region, out->count);
    if (!region)
        return pj_fail_memory(r->err);
    for (size_t k = 0; k < LISTS; k++) {
        pj_json list = pj_json_find(r->root, lists[k].key);
        for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
            PJ_TRY(read_row(r, at, lists[k].kind, region++));
    }
    PJ_TRY(index_ids(r));
    for (size_t i = 0; i < out->count; i++)
        if (out->rows[i].kind == PJ_REGION_CLOUD)
            PJ_TRY(fill_from_provider(r, &out->rows[i]));
    return PJ_OK;
}

pj_status pj_regions_parse(const char *json, size_t length, const char *name, pj_regions **out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_arena *arena = pj_arena_new(0);
    pj_regions *regions = arena ? PJ_NEW(arena, pj_regions, 1) : NULL;
    *out = NULL;
    pj_status status = regions ? pj_json_parse(json, length, name, &doc, err) : pj_fail_memory(err);
    if (status == PJ_OK) {
        reader r = {regions, pj_json_root(doc), err};
        regions->arena = arena;
        regions->name = pj_arena_strdup(arena, name);
        pj_map_init(&regions->ids, arena);
        status = pj_json_as_object(r.root, &r.root, err);
        if (status == PJ_OK)
            status = regions->name ? fill(&r) : pj_fail_memory(err);
        if (status == PJ_OK && pj_arena_failed(arena))
            status = pj_fail_memory(err);
    }
    pj_json_free(doc);
    if (status == PJ_OK)
        *out = regions;
    else
        pj_arena_free(arena);
    return status;
}

pj_status pj_regions_open(const char *path, pj_regions **out, pj_error *err)
{
    pj_bytes bytes;
    *out = NULL;
    PJ_TRY(pj_resource_find(NULL, PJ_RESOURCE_FOOTPRINT, path ? path : "regions", &bytes, err));
    pj_status status = pj_regions_parse(bytes.at, bytes.length, path ? path : "regions", out, err);
    pj_bytes_free(&bytes);
    return status;
}

void pj_regions_close(pj_regions *regions)
{
    if (regions)
        pj_arena_free(regions->arena);
}

/* ---- finding ---- */

/* The three nearest regions, by their ids and names. */
static void add_nearest(const pj_regions *regions, const char *key, pj_str *out)
{
    enum { MOST = 3, EDITS = 12, LENGTH = 60 };
    const pj_region *found[MOST];
    int count = 0;
    for (size_t edits = 0; edits <= EDITS && strlen(key) < LENGTH; edits++)
        for (size_t i = 0; i < regions->ids.count && count < MOST; i++) {
            const pj_map_entry *entry = &regions->ids.entry[i];
            bool listed = false;
            for (int k = 0; k < count; k++)
                listed = listed || found[k] == entry->value;
            if (listed || strlen(entry->key) >= LENGTH || pj_text_distance(entry->key, key, edits) > edits)
                continue;
            found[count++] = entry->value;
            pj_str_printf(out, "%s%s (%s)", count > 1 ? ", " : "; did you mean ", found[count - 1]->id,
                          found[count - 1]->name);
        }
}

pj_status pj_region_find(const pj_regions *regions, const char *name, const pj_region **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    const char *key = arena ? lower(arena, name) : NULL;
    *out = key ? pj_map_get(&regions->ids, key) : NULL;
    pj_status status = *out ? PJ_OK : PJ_EFORMAT;
    if (!key) {
        status = pj_fail_memory(err);
    } else if (!*out) {
        pj_str near = pj_str_new(0);
        add_nearest(regions, key, &near);
        status = pj_fail(err, PJ_EFORMAT, "there is no region \"%.60s\"%s%s; see `picojoule regions`", name, near.data,
                         *near.data ? "?" : "");
        pj_str_free(&near);
    }
    pj_arena_free(arena);
    return status;
}

pj_status pj_region_usable(const pj_region *region, pj_error *err)
{
    if (!isnan(region->g_per_kwh.value))
        return PJ_OK;
    return pj_fail(err, PJ_EFORMAT, "no intensity is published for %s (%s); give --intensity, or take its country, %s",
                   region->id, region->name, region->country ? region->country : "not known");
}

void pj_region_keep(pj_region *region, pj_arena *arena)
{
    const char **texts[] = {&region->id,
                            &region->alpha2,
                            &region->name,
                            &region->country,
                            &region->confidence,
                            &region->note,
                            &region->g_per_kwh.source,
                            &region->other.source,
                            &region->pue.source,
                            &region->wue_onsite.source,
                            &region->wue_offsite.source};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i])
            *texts[i] = pj_arena_strdup(arena, *texts[i]);
}

/* ---- embodied emissions ---- */

static pj_status read_embodied(pj_json row, pj_arena *arena, pj_embodied *out, pj_error *err)
{
    out->life_years = NAN;
    PJ_TRY(pj_json_get_double(row, "kgco2e", &out->kg, err));
    if (pj_json_kind_of(pj_json_find(row, "life_years")) != PJ_JSON_NULL)
        PJ_TRY(pj_json_opt_double(row, "life_years", &out->life_years, err));
    PJ_TRY(pj_json_get_text(row, "source", &out->source, err));
    PJ_TRY(pj_json_get_text(row, "confidence", &out->confidence, err));
    out->source = pj_arena_strdup(arena, out->source);
    out->confidence = pj_arena_strdup(arena, out->confidence);
    return out->source && out->confidence ? PJ_OK : pj_fail_memory(err);
}

pj_status pj_embodied_find(const char *id, pj_arena *arena, pj_embodied *out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_str ids = pj_str_new(0);
    pj_json row = {0};
    *out = (pj_embodied){.id = pj_arena_strdup(arena, id)};
    PJ_TRY(pj_resource_json(NULL, PJ_RESOURCE_FOOTPRINT, "embodied", &doc, NULL, err));
    for (row = pj_json_first(pj_json_find(pj_json_root(doc), "rows")); row.node; row = pj_json_next(row)) {
        const char *name = "";
        if (pj_json_get_text(row, "id", &name, NULL) == PJ_OK && strcmp(name, id) == 0)
            break;
        pj_str_printf(&ids, "%s%s", ids.length ? ", " : "", name);
    }
    pj_status status = row.node
                           ? read_embodied(row, arena, out, err)
                           : pj_fail(err, PJ_EFORMAT, "there is no hardware \"%.40s\"; known are %s", id, ids.data);
    if (status == PJ_OK && !out->id)
        status = pj_fail_memory(err);
    pj_str_free(&ids);
    pj_json_free(doc);
    return status;
}
