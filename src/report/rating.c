/* `picojoule rate`: kWh, CO2e and stars in one table. */
#include <string.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

enum { FEW = 5 };

static const pj_star_group *group_of(const pj_rating *rating, const pj_rated *rated)
{
    return &rating->groups[rated->group];
}

static const char *stars_of(int stars)
{
    static const char *const words[] = {"", "*", "**", "***", "****", "*****"};
    return words[stars];
}

/* ---- the page ---- */

/* clang-format off */
static const pj_column page_columns[] = {
    {.title = "model", .kind = PJ_CELL_TEXT, .wish = 32, .least = 12},
    {.title = "kWh/1000", .kind = PJ_CELL_TEXT},
    {.title = "gCO2e/1000", .kind = PJ_CELL_TEXT},
    {.title = "stars", .kind = PJ_CELL_TEXT},
    {.title = "need less", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "in the range", .kind = PJ_CELL_SHARE, .rank = 2},
};
/* clang-format on */
enum { PAGE_COLUMNS = sizeof page_columns / sizeof *page_columns };

static void add_rated(const pj_rating *rating, const pj_rated *rated, pj_rows *rows)
{
    pj_str kwh = pj_str_new(0), grams = pj_str_new(0), less = pj_str_new(0);
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], rated->row->source->name);
    pj_footprint_digits(rated->row->thousand.kwh_site, &kwh);
    pj_footprint_digits(rated->row->thousand.gco2e, &grams);
    pj_str_printf(&less, "%zu of %zu", rated->star.less, group_of(rating, rated)->count);
    pj_cell_made(&cell[1], rows, &kwh);
    pj_cell_made(&cell[2], rows, &grams);
    pj_cell_text(&cell[3], stars_of(rated->star.stars));
    pj_cell_made(&cell[4], rows, &less);
    pj_cell_number(&cell[5], rated->star.range_percent / 100);
}

static void add_heading(const pj_star_group *group, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_say(&text, "{} on {}", pj_w_text(*group->task ? group->task : "any task"),
           pj_w_text(*group->hardware ? group->hardware : "any hardware"));
    if (*group->size_class)
        pj_str_printf(&text, ", class %s", group->size_class);
    pj_str_printf(&text, " (%s)", group->boundary);
    pj_page_add(page, PJ_BLOCK_HEADING, &text);
}

/* In front of every block, where it rests on a table. */
static void add_warning(const pj_footprint *f, pj_page *page)
{
    pj_str warning = pj_str_new(0);
    if (!f->comparison_only)
        return;
    pj_comparison_words(NULL, &warning);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &warning)->look = PJ_WARN;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_rating *rating = input;
    const pj_footprint *f = rating->footprint;
    pj_str region = pj_str_new(0), title = pj_str_new(0);
    pj_say(&title, "Stars by {}: {} in {}", pj_w_ours(pj_star_methods()[rating->method]),
           pj_w_plural(rating->count, "model", "models"), pj_w_plural(rating->group_count, "group", "groups"));
    add_warning(f, page);
    pj_page_add(page, PJ_BLOCK_TITLE, &title)->ours = true;
    for (size_t i = 0; i < rating->count;) {
        const pj_star_group *group = group_of(rating, &rating->rated[i]);
        pj_rows *rows = pj_rows_new(page->arena, page_columns, PAGE_COLUMNS);
        add_warning(f, page);
        add_heading(group, page);
        for (size_t end = i + group->count; i < end; i++)
            if (rows)
                add_rated(rating, &rating->rated[i], rows);
        pj_page_table(page, rows, 0);
        if (group->count < FEW)
            pj_page_printf(page, PJ_BLOCK_ITEM, "fewer than %d models: stars say little", FEW);
    }
    pj_region_words(f->rows[0].region, &region);
    page->gap = true;
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &region);
}

/* ---- for programs ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "model", .kind = PJ_CELL_TEXT},
    {.key = "figure", .kind = PJ_CELL_TEXT},
    {.key = "task", .kind = PJ_CELL_TEXT},
    {.key = "class", .kind = PJ_CELL_TEXT},
    {.key = "hardware", .kind = PJ_CELL_TEXT},
    {.key = "boundary", .kind = PJ_CELL_TEXT},
    {.key = "kwh_per_1000_queries", .kind = PJ_CELL_NUMBER},
    {.key = "gco2e_per_1000_queries", .kind = PJ_CELL_NUMBER},
    {.key = "stars", .kind = PJ_CELL_COUNT},
    {.key = "k", .kind = PJ_CELL_COUNT},
    {.key = "n", .kind = PJ_CELL_COUNT},
    {.key = "percentile", .kind = PJ_CELL_COUNT},
    {.key = "range_percent", .kind = PJ_CELL_NUMBER},
    {.key = "comparison_only", .kind = PJ_CELL_TEXT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_rating *rating = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < rating->count; i++) {
        const pj_rated *rated = &rating->rated[i];
        const pj_star_group *group = group_of(rating, rated);
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], rated->row->source->name);
        pj_cell_text(&cell[1], rated->row->source->figure);
        pj_cell_text(&cell[2], group->task);
        pj_cell_text(&cell[3], group->size_class);
        pj_cell_text(&cell[4], rated->row->source->hardware);
        pj_cell_text(&cell[5], pj_boundary_word(rated->row->source->boundary));
        pj_cell_number(&cell[6], rated->row->thousand.kwh_site);
        pj_cell_number(&cell[7], rated->row->thousand.gco2e);
        pj_cell_count(&cell[8], rated->star.stars);
        pj_cell_count(&cell[9], (int64_t)rated->star.less);
        pj_cell_count(&cell[10], (int64_t)group->count);
        pj_cell_count(&cell[11], rated->star.percentile);
        pj_cell_number(&cell[12], rated->star.range_percent);
        if (rated->row->source->boundary == PJ_BOUND_OPERATIONS) {
            pj_str warning = pj_str_new(0);
            pj_comparison_words(rated->row->source->figure, &warning);
            pj_cell_made(&cell[13], rows, &warning);
        }
    }
    return rows;
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_rating *rating = input;
    pj_json_put_text(json, "schema", "picojoule.rating/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "method", pj_star_methods()[rating->method]);
    if (rating->footprint->comparison_only)
        pj_json_put_bool(json, "comparison_only", true);
    pj_region_json(rating->footprint->rows[0].region, json);
    pj_json_put_begin(json, "groups", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < rating->group_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "task", rating->groups[i].task);
        pj_json_put_text(json, "class", rating->groups[i].size_class);
        pj_json_put_text(json, "hardware", rating->groups[i].hardware);
        pj_json_put_text(json, "boundary", rating->groups[i].boundary);
        pj_json_put_uint(json, "n", rating->groups[i].count);
        pj_json_put_bool(json, "few", rating->groups[i].count < FEW);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_key(json, "models");
    pj_rows_json(table_of(rating, arena), json);
}

/* ---- the chart ---- */

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const pj_rating *rating = input;
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, rating->count);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, 1);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    if (!points || !series || !chart)
        return NULL;
    for (size_t i = 0; i < rating->count; i++)
        points[i] = (pj_chart_point){rating->rated[i].row->thousand.kwh_site, rating->rated[i].star.stars,
                                     rating->rated[i].row->source->name, false};
    *series = (pj_chart_series){NULL, PJ_CHART_LABELS, points, rating->count};
    chart->title = "Stars";
    if (rating->footprint->comparison_only) {
        pj_str warning = pj_str_new(0);
        chart->title = "Comparison only, not a footprint: stars";
        pj_comparison_words(NULL, &warning);
        chart->subtitle = pj_str_keep(&warning, arena);
    }
    chart->x = (pj_chart_axis){.title = "kWh of 1000 queries", .log = true};
    chart->y = (pj_chart_axis){.title = "stars", .from_zero = true, .whole = true};
    chart->series = series;
    chart->count = 1;
    return chart;
}

pj_status pj_rating_write(const pj_rating *rating, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, rating, options, sink, payload, err);
}
