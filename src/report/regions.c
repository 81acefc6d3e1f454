/* `picojoule regions`. */
#include <math.h>
#include <string.h>

#include "footprint/region.h"
#include "report/figures.h"

static const char *const kind_words[] = {"country", "group", "cloud region", "as published"};

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_region, id), .key = "id", .title = "region", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_region, name), .key = "name", .title = "name", .kind = PJ_CELL_TEXT, .wish = 30, .least = 12},
    {.key = "kind", .title = "kind", .kind = PJ_CELL_TEXT, .rank = 3},
    {PJ_MEMBER(pj_region, g_per_kwh.value), .key = "g_per_kwh", .title = "gCO2e/kWh", .kind = PJ_CELL_NUMBER,
     .from_zero = true, .or_unknown = true},
    {.key = "year", .title = "year", .kind = PJ_CELL_EXACT},
    {PJ_MEMBER(pj_region, pue.value), .key = "pue", .title = "PUE", .kind = PJ_CELL_NUMBER, .from_zero = true, .rank = 1},
    {PJ_MEMBER(pj_region, wue_onsite.value), .key = "wue_onsite", .title = "WUE on site", .kind = PJ_CELL_NUMBER,
     .from_zero = true, .rank = 2},
    {PJ_MEMBER(pj_region, wue_offsite.value), .key = "wue_offsite", .title = "off site", .kind = PJ_CELL_NUMBER,
     .from_zero = true, .rank = 2},
    {PJ_MEMBER(pj_region, confidence), .key = "confidence", .title = "confidence", .kind = PJ_CELL_TEXT, .rank = 4},
    {PJ_MEMBER(pj_region, g_per_kwh.source), .key = "source", .kind = PJ_CELL_TEXT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns, KIND = 2, YEAR = 4 };

static pj_rows *rows_of(const pj_regions *regions, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < regions->count; i++) {
        const pj_region *region = &regions->rows[i];
        pj_cell *cell = pj_rows_add_of(rows, region);
        pj_cell_text(&cell[KIND], kind_words[region->kind]);
        if (region->g_per_kwh.year)
            pj_cell_count(&cell[YEAR], region->g_per_kwh.year);
    }
    return rows;
}

static pj_status list(const pj_regions *regions, const pj_report_options *options, pj_sink sink, void *payload,
                      pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = arena ? rows_of(regions, arena) : NULL;
    pj_status status = rows ? pj_list_write("regions", rows, options, sink, payload, err) : pj_fail_memory(err);
    pj_arena_free(arena);
    return status;
}

/* ---- one region ---- */

typedef struct sheet {
    pj_figure figure[5];
    size_t count;
    pj_arena *arena;
    const char *confidence;
} sheet;

/* The year stands in front of the source: "2024: Ember ..." */
static void add(sheet *s, const char *name, const char *unit, const pj_sourced *figure)
{
    pj_str source = pj_str_new(0);
    if (!(figure->value >= 0))
        return;
    if (figure->year)
        pj_str_printf(&source, "%d: ", figure->year);
    pj_str_add(&source, figure->source ? figure->source : "not stated");
    s->figure[s->count++] = (pj_figure){name, figure->value, unit, pj_str_keep(&source, s->arena), s->confidence};
}

static pj_status show(const pj_region *region, const pj_report_options *options, pj_sink sink, void *payload,
                      pj_error *err)
{
    sheet s = {.arena = pj_arena_new(0), .confidence = region->confidence};
    if (!s.arena)
        return pj_fail_memory(err);
    add(&s, "grid intensity", "gCO2e/kWh", &region->g_per_kwh);
    add(&s, "another source", "gCO2e/kWh", &region->other);
    add(&s, "PUE", "kWh/kWh", &region->pue);
    add(&s, "WUE on site", "L/kWh", &region->wue_onsite);
    add(&s, "WUE off site", "L/kWh", &region->wue_offsite);
    const pj_fact facts[] = {
        {"kind",    kind_words[region->kind]              },
        {"alpha-2", region->alpha2 ? region->alpha2 : ""  },
        {"country", region->country ? region->country : ""},
    };
    const pj_sheet page = {.name = region->id,
                           .title = region->name,
                           .notes = region->note ? region->note : "",
                           .fact = facts,
                           .facts = 3,
                           .figure = s.figure,
                           .figures = s.count};
    pj_status status =
        pj_arena_failed(s.arena) ? pj_fail_memory(err) : pj_sheet_write(&page, options, sink, payload, err);
    pj_arena_free(s.arena);
    return status;
}

static bool is_file(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || strcmp(name, "-") == 0 || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

pj_status pj_regions_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                           pj_error *err)
{
    pj_regions *regions = NULL;
    const pj_region *region;
    bool file = name && is_file(name);
    PJ_TRY(pj_regions_open(file ? name : NULL, &regions, err));
    pj_status status = name && !file ? pj_region_find(regions, name, &region, err) : PJ_OK;
    if (status == PJ_OK)
        status = name && !file ? show(region, options, sink, payload, err) : list(regions, options, sink, payload, err);
    pj_regions_close(regions);
    return status;
}
