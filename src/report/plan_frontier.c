/* The trade-off of energy and noise as text, Markdown, CSV, JSON and a chart. */
#include "report/plan.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "energy", .title = "energy", .kind = PJ_CELL_ENERGY},
    {.key = "share", .title = "share", .kind = PJ_CELL_SHARE},
    {.key = "noise", .kind = PJ_CELL_NUMBER},
    {.title = "noise", .kind = PJ_CELL_TEXT},
    {.key = "what", .title = "", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

enum { COLUMNS = sizeof columns / sizeof *columns, MOST_ROWS = 40 };

/* Text shows so many points at most, evenly, with the knee and both ends. */
static bool is_shown(const pj_plan_result *result, size_t at, bool for_people)
{
    size_t count = result->frontier_count;
    if (!for_people || count <= MOST_ROWS || at == 0 || at + 1 == count || at == result->knee)
        return true;
    return at * MOST_ROWS / count != (at - 1) * MOST_ROWS / count;
}

static void add_point(pj_rows *rows, const pj_plan_result *result, double energy, double noise, const char *what)
{
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_number(&cell[0], energy);
    if (result->now.energy > 0)
        pj_cell_number(&cell[1], energy / result->now.energy);
    pj_cell_number(&cell[2], noise);
    pj_str text = pj_str_new(0);
    pj_plan_noise_print(&text, noise);
    pj_cell_text(&cell[3], pj_str_keep(&text, rows->arena));
    pj_cell_text(&cell[4], what);
}

static pj_rows *rows_of(const pj_plan_result *result, bool for_people, pj_arena *arena)
{
    const pj_column *named = pj_plan_columns(columns, COLUMNS, result->unit, arena);
    pj_rows *rows = named ? pj_rows_new(arena, named, COLUMNS) : NULL;
    if (!rows)
        return NULL;
    rows->unit = result->unit;
    for (size_t i = 0; i < result->frontier_count; i++) {
        const pj_plan_point *at = &result->frontier[i];
        if (is_shown(result, i, for_people))
            add_point(rows, result, at->energy, at->noise, i == result->knee ? "knee" : NULL);
    }
    for (size_t i = 0; i < result->uniform_count && !for_people; i++)
        add_point(rows, result, result->uniform[i].totals.energy, result->uniform[i].totals.noise,
                  result->uniform[i].label);
    return rows->failed || pj_arena_failed(arena) ? NULL : rows;
}

static void add_title(const pj_plan_result *result, const pj_rows *rows, pj_str *out)
{
    pj_text_clean(out, result->model);
    pj_str_printf(out, ": %zu plans, %s; energies are sums over layers%s; noise: %s", result->frontier_count,
                  result->frontier_complete ? "all that no other beats" : "those on the convex hull",
                  pj_rows_remark(rows), result->sensitivity);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_rows *rows = rows_of(input, true, page->arena);
    pj_str title = pj_str_new(0);
    if (rows)
        add_title(input, rows, &title);
    pj_page_lead(page, &title);
    pj_page_table(page, rows, 0);
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    return rows_of(input, false, arena);
}

/* What the numbers of a point's plan stand for: a layer each, and what its number says of it. */
static void put_layers(const pj_plan_result *result, pj_json_writer *json)
{
    pj_json_put_begin(json, "layers", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->layer_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "match", result->layers[i].name);
        pj_json_put_text(json, "op", result->layers[i].op);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_put_begin(json, "settings", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->setting_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        if (result->settings[i].weights)
            pj_json_put_text(json, "weights", result->settings[i].weights);
        if (result->settings[i].activations)
            pj_json_put_text(json, "activations", result->settings[i].activations);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_plan_result *result = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.frontier/1");
    pj_plan_basis_json(result, json);
    pj_json_put_bool(json, "complete", result->frontier_complete);
    pj_json_put_int(json, "knee", (int64_t)result->knee);
    put_layers(result, json);
    pj_json_put_begin(json, "points", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->frontier_count; i++) {
        const pj_plan_point *point = &result->frontier[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_double(json, "energy", point->energy);
        pj_json_put_double(json, "noise", point->noise);
        pj_json_put_begin(json, "plan", PJ_JSON_WRITE_ARRAY_LINE);
        for (size_t k = 0; point->plan && k < result->layer_count; k++)
            pj_json_write_int(json, point->plan[k]);
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_plan_uniform_json(result, json);
}

static const char *note_of(const pj_plan_result *result, double energy, double noise, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_human_energy(&text, energy, result->unit);
    pj_str_add(&text, ", noise ");
    pj_plan_noise_print(&text, noise);
    return pj_str_keep(&text, arena);
}

/* The axis of noise is logarithmic: plans without noise are drawn below all others. */
static double floor_of(const pj_plan_result *result)
{
    double least = INFINITY;
    for (size_t i = 0; i < result->frontier_count; i++)
        if (result->frontier[i].noise > 0)
            least = fmin(least, result->frontier[i].noise);
    for (size_t i = 0; i < result->uniform_count; i++)
        if (result->uniform[i].totals.noise > 0)
            least = fmin(least, result->uniform[i].totals.noise);
    return isfinite(least) ? least / 4 : 1;
}

static const char *uniform_note(const pj_plan_uniform *uniform, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", uniform->label, uniform->totals.noise > 0 ? "" : " (no noise)");
    return pj_str_keep(&text, arena);
}

static pj_chart_point point_of(double energy, double noise, double factor, double least, const char *note)
{
    return (pj_chart_point){energy / factor, fmax(noise, least), note, false};
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    enum { SERIES = 3 };
    const pj_plan_result *result = input;
    size_t count = result->frontier_count, others = result->uniform_count;
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, count), *marked = PJ_NEW(arena, pj_chart_point, others);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, SERIES);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    double factor = pj_scale_energy(result->now.energy, result->unit).factor, least = floor_of(result);
    if (!points || !marked || !series || !chart)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const pj_plan_point *at = &result->frontier[i];
        points[i] = point_of(at->energy, at->noise, factor, least, note_of(result, at->energy, at->noise, arena));
    }
    for (size_t i = 0; i < others; i++) {
        const pj_plan_totals *at = &result->uniform[i].totals;
        marked[i] = point_of(at->energy, at->noise, factor, least, uniform_note(&result->uniform[i], arena));
    }
    series[0] = (pj_chart_series){"best plans", PJ_CHART_LINE, points, count};
    series[1] = (pj_chart_series){"one format everywhere", PJ_CHART_LABELS, marked, others};
    series[2] = (pj_chart_series){"knee", PJ_CHART_DOTS, points + (count ? result->knee : 0), count ? 1 : 0};
    pj_str subtitle = pj_str_new(0);
    pj_str_printf(&subtitle, "table %s; noise: %s", result->table, result->sensitivity);
    const char *across =
        pj_axis_title("energy of one run", pj_scale_energy(result->now.energy, result->unit).unit, arena);
    *chart = (pj_chart){
        .title = result->model,
        .subtitle = pj_str_keep(&subtitle, arena),
        .x = {.title = across,                              .from_zero = true},
        .y = {.title = "noise (sum over layers, relative)", .log = true      },
        .series = series,
        .count = SERIES,
    };
    return chart;
}

pj_status pj_plan_write(const pj_plan_result *result, pj_plan_view view, const pj_report_options *options, pj_sink sink,
                        void *payload, pj_error *err)
{
    static const pj_pieces frontier = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    const pj_plan_told plan = {result, options ? options->top : 0};
    if (view == PJ_PLAN_VIEW_FRONTIER)
        return pj_tell(&frontier, result, options, sink, payload, err);
    return pj_tell(&pj_plan_pieces, &plan, options, sink, payload, err);
}
