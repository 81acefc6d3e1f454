/* `picojoule footprint --lifecycle`: phases, totals, shares, break-even, and four charts. */
#include <math.h>
#include <string.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

/* ---- the page ---- */

static void add_warning(const pj_lifecycle *life, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!life->comparison_only)
        return;
    pj_comparison_words(NULL, &text);
    pj_str_add_char(&text, '.');
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->look = PJ_WARN;
}

/* clang-format off */
static const pj_column page_columns[] = {
    {.title = "phase", .kind = PJ_CELL_TEXT},
    {.title = "region", .kind = PJ_CELL_TEXT},
    {.title = "g/kWh", .kind = PJ_CELL_NUMBER, .rank = 2},
    {.title = "PUE", .kind = PJ_CELL_NUMBER, .rank = 2},
    {.title = "kWh", .kind = PJ_CELL_TEXT},
    {.title = "kgCO2e", .kind = PJ_CELL_TEXT},
    {.title = "embodied kg", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "share", .kind = PJ_CELL_SHARE},
    {.title = "", .kind = PJ_CELL_TEXT, .rank = 3, .only_text = true},
    {.title = "water (L)", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "cost", .kind = PJ_CELL_TEXT, .rank = 1},
};
/* clang-format on */
enum { PAGE_COLUMNS = sizeof page_columns / sizeof *page_columns };

static void add_digits(double value, pj_rows *rows, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    pj_footprint_digits(value, &text);
    pj_cell_made(cell, rows, &text);
}

static void add_figures(const pj_amounts *a, double embodied_g, pj_rows *rows, pj_cell *cell)
{
    add_digits(a->kwh_site, rows, &cell[4]);
    add_digits(a->gco2e / 1000, rows, &cell[5]);
    add_digits(embodied_g / 1000, rows, &cell[6]);
    add_digits(a->water_l, rows, &cell[9]);
    if (rows->columns == PAGE_COLUMNS)
        add_digits(a->cost, rows, &cell[10]);
}

static pj_rows *page_rows(const pj_lifecycle *life, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, page_columns, life->has_price ? PAGE_COLUMNS : PAGE_COLUMNS - 1);
    for (size_t i = 0; rows && i < life->count; i++) {
        const pj_phase *phase = &life->phases[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], phase->name);
        pj_cell_text(&cell[1], phase->region.id);
        pj_cell_number(&cell[2], phase->region.g_per_kwh.value);
        pj_cell_number(&cell[3], phase->pue);
        if (!isnan(phase->share_percent)) {
            pj_cell_number(&cell[7], phase->share_percent / 100);
            pj_cell_text(&cell[8], pj_human_bar(phase->share_percent / 100, arena));
        }
        add_figures(&phase->amounts, phase->embodied_g, rows, cell);
    }
    if (rows) {
        pj_cell *cell = pj_rows_add_footer(rows);
        pj_cell_text(&cell[0], "total");
        add_figures(&life->total, life->embodied_g, rows, cell);
    }
    return rows;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_lifecycle *life = input;
    pj_str title = pj_str_new(0), text = pj_str_new(0);
    bool said[PJ_BOUNDARIES] = {false};
    pj_say(&title, "{}: {}", pj_w_text(life->path), pj_w_plural(life->count, "phase", "phases"));
    add_warning(life, page);
    pj_page_add(page, PJ_BLOCK_TITLE, &title)->ours = true;
    pj_page_table(page, page_rows(life, page->arena), 0);
    page->gap = true;
    if (!isnan(life->break_even_queries)) {
        pj_str_add(&text, "After ");
        pj_footprint_digits(life->break_even_queries, &text);
        pj_str_add(&text, " queries inference has taken as much energy as training.");
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    }
    for (size_t i = 0; i < life->count; i++) {
        const pj_phase *phase = &life->phases[i];
        if (!said[phase->boundary])
            pj_page_printf(page, PJ_BLOCK_ITEM, "%s: %s", pj_boundary_word(phase->boundary),
                           pj_boundary_text(phase->boundary, NULL));
        said[phase->boundary] = true;
    }
    for (size_t i = 0; i < life->count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && strcmp(life->phases[k].region.id, life->phases[i].region.id) != 0;
        if (!first)
            continue;
        pj_region_words(&life->phases[i].region, &text);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    pj_page_say(page, PJ_BLOCK_PARAGRAPH,
                "Hours of phases are not added up: hours of people, of GPUs and of the calendar "
                "are no sum.");
}

/* ---- for programs ---- */

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_phase, name), .key = "phase", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_phase, region.id), .key = "region", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_phase, region.g_per_kwh.value), .key = "g_per_kwh", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, pue), .key = "pue", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, amounts.kwh_it), .key = "kwh_it", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, amounts.kwh_site), .key = "kwh_site", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, amounts.gco2e), .key = "gco2e", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, embodied_g), .key = "embodied_g", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_phase, share_percent), .key = "share_percent", .kind = PJ_CELL_NUMBER, .from_zero = true,
     .or_unknown = true},
    {PJ_MEMBER(pj_phase, amounts.water_l), .key = "water_l", .kind = PJ_CELL_NUMBER, .from_zero = true, .or_unknown = true},
    {PJ_MEMBER(pj_phase, amounts.cost), .key = "cost", .kind = PJ_CELL_NUMBER, .from_zero = true, .or_unknown = true},
    {PJ_MEMBER(pj_phase, queries), .key = "queries", .kind = PJ_CELL_NUMBER, .from_zero = true, .or_unknown = true},
    {.key = "boundary", .kind = PJ_CELL_TEXT},
    {.key = "comparison_only", .kind = PJ_CELL_TEXT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_lifecycle *life = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < life->count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &life->phases[i]);
        pj_str warning = pj_str_new(0);
        pj_cell_text(&cell[COLUMNS - 2], pj_boundary_word(life->phases[i].boundary));
        if (life->comparison_only)
            pj_comparison_words(NULL, &warning);
        pj_cell_made(&cell[COLUMNS - 1], rows, &warning);
    }
    return rows;
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_lifecycle *life = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.lifecycle-report/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "file", life->path);
    if (life->comparison_only)
        pj_json_put_bool(json, "comparison_only", true);
    pj_json_put_begin(json, "phases", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < life->count; i++) {
        const pj_phase *phase = &life->phases[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "phase", phase->name);
        pj_json_put_text(json, "boundary", pj_boundary_word(phase->boundary));
        pj_json_put_text(json, "from", phase->from);
        pj_region_json(&phase->region, json);
        pj_json_put_double(json, "pue", phase->pue);
        pj_amounts_json(&phase->amounts, json);
        pj_json_put_double(json, "embodied_g", phase->embodied_g);
        pj_json_put_double(json, "queries", phase->queries);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_put_begin(json, "total", PJ_JSON_WRITE_OBJECT);
    pj_amounts_json(&life->total, json);
    pj_json_put_double(json, "embodied_g", life->embodied_g);
    pj_json_write_end(json);
    pj_json_put_begin(json, "shares", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < life->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "phase", life->phases[i].name);
        pj_json_put_double(json, "percent", life->phases[i].share_percent);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_put_double(json, "break_even_queries", life->break_even_queries);
}

/* ---- the charts ---- */

typedef struct drawing {
    const char *title, *axis;
    double (*of)(const pj_lifecycle *life, size_t phase);
    bool log; /* where the largest is more than a hundred times the least */
} drawing;

static double share_of(const pj_lifecycle *life, size_t phase)
{
    return life->phases[phase].share_percent;
}

static double energy_of(const pj_lifecycle *life, size_t phase)
{
    return life->phases[phase].amounts.kwh_site;
}

static double water_of(const pj_lifecycle *life, size_t phase)
{
    return life->phases[phase].amounts.water_l;
}

static double cumulated_of(const pj_lifecycle *life, size_t phase)
{
    double grams = 0;
    for (size_t i = 0; i <= phase; i++)
        grams += life->phases[i].amounts.gco2e + life->phases[i].embodied_g;
    return grams / 1000;
}

static const drawing drawings[] = {
    {"Share of CO2e, embodied included", "%",      share_of,     false},
    {"Energy by phase",                  "kWh",    energy_of,    true },
    {"Water by phase",                   "L",      water_of,     true },
    {"CO2e cumulated over the phases",   "kgCO2e", cumulated_of, false}
};
enum { DRAWINGS = sizeof drawings / sizeof *drawings };

/* "training 4.39" */
static const char *note_of(const pj_phase *phase, double value, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s ", phase->name);
    pj_footprint_digits(value, &text);
    return pj_str_keep(&text, arena);
}

static pj_chart *chart_of_figure(const pj_lifecycle *life, const drawing *figure, pj_arena *arena)
{
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, life->count);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, 1);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    double least = INFINITY, most = 0;
    if (!points || !series || !chart)
        return NULL;
    for (size_t i = 0; i < life->count; i++) {
        double value = figure->of(life, i);
        points[i] = (pj_chart_point){(double)i, value, note_of(&life->phases[i], value, arena), false};
        least = value > 0 ? fmin(least, value) : least;
        most = fmax(most, value);
    }
    *series =
        (pj_chart_series){NULL, figure->of == cumulated_of ? PJ_CHART_LABELS : PJ_CHART_BARS, points, life->count};
    chart->title = figure->title;
    if (life->comparison_only) {
        pj_str warning = pj_str_new(0), title = pj_str_new(0);
        pj_str_printf(&title, "Comparison only, not a footprint: %s", figure->title);
        pj_comparison_words(NULL, &warning);
        chart->title = pj_str_keep(&title, arena);
        chart->subtitle = pj_str_keep(&warning, arena);
    }
    chart->x = (pj_chart_axis){.title = "phases", .whole = true, .no_ticks = true};
    chart->y = (pj_chart_axis){.title = figure->axis, .from_zero = true, .log = figure->log && most > 100 * least};
    chart->series = series;
    chart->count = 1;
    return chart;
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const pj_chart *below = NULL;
    for (int i = DRAWINGS - 1; i >= 0; i--) {
        pj_chart *chart = chart_of_figure(input, &drawings[i], arena);
        if (!chart)
            return NULL;
        chart->next = below;
        below = chart;
    }
    return below;
}

pj_status pj_lifecycle_write(const pj_lifecycle *lifecycle, const pj_report_options *options, pj_sink sink,
                             void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, lifecycle, options, sink, payload, err);
}

pj_status pj_lifecycle_sample(pj_sink sink, void *payload, pj_error *err)
{
    static const char sample[] =
        "{\n"
        "  \"schema\": \"picojoule.lifecycle/1\",\n"
        "  \"region\": \"FIN\", \"pue\": 1.2, \"wue_onsite\": 0, \"price\": 0.2,\n"
        "  \"phases\": [\n"
        "    {\"phase\": \"development\", \"hours\": 160, \"people\": 2, \"watts\": 150},\n"
        "    {\"phase\": \"training\", \"gpu_hours\": 72, \"watts\": 287.5, \"runs\": 12, \"region\": \"SWE\"},\n"
        "    {\"phase\": \"validation\", \"queries\": 50000, \"joules_per_query\": 2.5},\n"
        "    {\"phase\": \"deployment\", \"kwh\": 4, \"embodied\": \"server.generic\", \"lifespan_years\": 4, "
        "\"share\": "
        "\"1/16\"},\n"
        "    {\"phase\": \"inference\", \"queries_per_day\": 10000, \"days\": 365, \"joules_per_query\": 2.5}\n"
        "  ]\n"
        "}\n";
    return sink(sample, sizeof sample - 1, payload) ? PJ_OK : pj_fail(err, PJ_EIO, "cannot be written");
}
