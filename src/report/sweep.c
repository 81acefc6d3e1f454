/* A sweep: one row of totals for each combination of dimensions. */
#include "page/say.h"
#include "picojoule/version.h"
#include "report/findings.h"
#include "report/view.h"
#include "setup/setup.h"

static pj_rows *rows_of(const pj_sweep *sweep, bool for_people, pj_arena *arena)
{
    pj_columns of = {.arena = arena,
                     .table = PJ_COLUMNS_SWEEP,
                     .for_people = for_people,
                     .unit = sweep->setup.unit,
                     .devices = sweep->setup.devices,
                     .device_count = sweep->setup.device_count,
                     .levels = sweep->levels,
                     .level_count = sweep->level_count,
                     .dims = sweep->dims,
                     .dim_count = sweep->dim_count};
    pj_columns_made *columns = NULL;
    for (size_t i = 0; i < sweep->point_count; i++)
        of.has_uncounted = of.has_uncounted || sweep->points[i].totals.uncounted > 0;
    of.has_errors = sweep->failed > 0;
    pj_rows *rows = pj_columns_make(&of, &columns);
    for (size_t i = 0; rows && i < sweep->point_count; i++) {
        const pj_view_row row = {
            .sum = sweep->points[i].totals, .dims = sweep->points[i].values, .error = sweep->points[i].error};
        pj_columns_fill(columns, &row, pj_rows_add(rows));
    }
    return rows;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    return rows_of(input, false, arena);
}

static const char *reuse_of(const pj_sweep *sweep)
{
    return sweep->setup.reuse ? sweep->setup.reuse : PJ_REUSE_ONCE;
}

/* "models/encoder.onnx: 3 runs with batch = 1; table horowitz-45nm" */
static void add_title(const pj_sweep *sweep, const pj_rows *rows, pj_str *out)
{
    pj_say(out, "{}: {}", pj_w_text(sweep->model), pj_w_plural(sweep->point_count, "run", "runs"));
    for (size_t i = 0; i < sweep->setup.dim_count; i++) {
        pj_say(out, "{}{}", pj_w_ours(i ? ", " : " with "), pj_w_text(sweep->setup.dims[i].name));
        pj_str_printf(out, " = %lld", (long long)sweep->setup.dims[i].value);
    }
    pj_str_printf(out, "; table %s, --reuse %s%s", sweep->setup.table, reuse_of(sweep), pj_rows_remark(rows));
}

/* "sequence = 256: node '/embeddings/Add' (Add): ...", below the table, which has no room for them. */
static void add_errors(const pj_sweep *sweep, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (sweep->failed)
        pj_page_say(page, PJ_BLOCK_HEADING, "Sizes that the model does not stand");
    for (size_t i = 0; i < sweep->point_count; i++) {
        if (!sweep->points[i].error)
            continue;
        for (size_t k = 0; k < sweep->dim_count; k++) {
            pj_say(&text, "{}{}", pj_w_ours(k ? ", " : ""), pj_w_text(sweep->dims[k].name));
            pj_str_printf(&text, " = %lld", (long long)sweep->points[i].values[k]);
        }
        pj_say(&text, ": {}", pj_w_text(sweep->points[i].error));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

static double total_of(const pj_sweep_point *point)
{
    return pj_energy_total(&point->totals.energy);
}

/* "256 KiB": in the largest unit of which it is a whole number. */
static void print_size(int64_t bytes, pj_str *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    int unit = 0;
    for (; unit < 3 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    pj_str_printf(out, "%lld %s", (long long)bytes, units[unit]);
}

/* How much of a memory is worth it: the size with the least energy, and the smallest that takes little more. */
static void add_best(const pj_sweep *sweep, pj_page *page)
{
    static const double little = 0.05;
    const pj_sweep_point *best = NULL, *least = NULL;
    pj_str text = pj_str_new(0);
    if (sweep->dim_count != 1 || !pj_sweep_is_level(sweep->dims[0].name) || sweep->point_count - sweep->failed < 2)
        return;
    for (size_t i = 0; i < sweep->point_count; i++) {
        const pj_sweep_point *at = &sweep->points[i];
        if (!at->error && (!best || total_of(at) < total_of(best)))
            best = at;
    }
    for (size_t i = 0; i < sweep->point_count; i++) {
        const pj_sweep_point *at = &sweep->points[i];
        if (!at->error && total_of(at) <= (1 + little) * total_of(best) && (!least || at->values[0] < least->values[0]))
            least = at;
    }
    pj_say(&text, "Least energy with {} of ", pj_w_text(sweep->dims[0].name));
    print_size(best->values[0], &text);
    pj_say(&text, ": {} a run", pj_w_energy(total_of(best), sweep->setup.unit));
    if (least->values[0] < best->values[0]) {
        pj_str_add(&text, "; ");
        print_size(least->values[0], &text);
        pj_say(&text, " takes {} more", pj_w_share(total_of(least) / total_of(best) - 1));
    }
    pj_str_add_char(&text, '.');
    page->gap = true;
    pj_block *block = pj_page_say(page, PJ_BLOCK_PARAGRAPH, "");
    block->strong = pj_page_keep(page, &text);
    block->look = PJ_BOLD;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_sweep *sweep = input;
    const pj_rows *rows = rows_of(sweep, true, page->arena);
    pj_str title = pj_str_new(0);
    if (rows)
        add_title(sweep, rows, &title);
    pj_page_lead(page, &title);
    pj_page_table(page, rows, 0);
    add_errors(sweep, page);
    pj_findings_section(sweep->findings, sweep->finding_count, page);
    add_best(sweep, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_sweep *sweep = input;
    pj_json_put_text(json, "schema", "picojoule.sweep/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "model", sweep->model);
    pj_setup_json(&sweep->setup, json);
    pj_json_put_begin(json, "swept", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < sweep->dim_count; i++)
        pj_json_write_text(json, sweep->dims[i].name);
    pj_json_write_end(json);
    pj_json_write_key(json, "points");
    pj_rows_json(table_of(sweep, arena), json);
    pj_findings_json(sweep->findings, sweep->finding_count, json);
}

/* The parts of a point that have a line of their own: all of it, each level of the memory, arithmetic. */
static double part_of(const pj_sweep *sweep, const pj_sweep_point *point, size_t part)
{
    const pj_totals *totals = &point->totals;
    if (point->error)
        return NAN;
    if (part == 0)
        return pj_energy_total(&totals->energy);
    if (part <= sweep->level_count)
        return totals->reuse ? totals->reuse->level[part - 1].pj : NAN;
    return totals->energy.op_cost;
}

static const char *part_name(const pj_sweep *sweep, size_t part)
{
    return part == 0 ? "total" : part <= sweep->level_count ? sweep->levels[part - 1] : pj_key_op_cost;
}

/* "batch = 1, sequence = 128": the first `count` dimensions. */
static const char *values_of(const pj_sweep *sweep, const pj_sweep_point *point, size_t count, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < count; i++)
        pj_str_printf(&text, "%s%s = %lld", i ? ", " : "", sweep->dims[i].name, (long long)point->values[i]);
    return pj_str_keep(&text, arena);
}

/* A part of `count` points from `first` on, over the values of the last dimension. */
static const pj_chart_point *points_of(const pj_sweep *sweep, size_t part, size_t first, size_t count, double factor,
                                       pj_arena *arena)
{
    size_t last = sweep->dim_count - 1;
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, count);
    for (size_t i = 0; points && i < count; i++) {
        const pj_sweep_point *point = &sweep->points[first + i];
        points[i] = (pj_chart_point){(double)point->values[last], part_of(sweep, point, part) / factor,
                                     values_of(sweep, point, sweep->dim_count, arena), false};
    }
    return points;
}

static int compare_ticks(const void *a, const void *b)
{
    double x = ((const pj_chart_tick *)a)->at, y = ((const pj_chart_tick *)b)->at;
    return x < y ? -1 : x > y;
}

/* The values that were swept, sizes of memories with their units. */
static const pj_chart_tick *ticks_of(const pj_sweep_dim *dim, pj_arena *arena)
{
    pj_chart_tick *ticks = PJ_NEW(arena, pj_chart_tick, dim->count);
    for (size_t i = 0; ticks && i < dim->count; i++) {
        pj_str text = pj_str_new(0);
        if (pj_sweep_is_level(dim->name))
            print_size(dim->values[i], &text);
        else
            pj_str_printf(&text, "%lld", (long long)dim->values[i]);
        ticks[i] = (pj_chart_tick){(double)dim->values[i], pj_str_keep(&text, arena), NULL};
    }
    if (ticks)
        qsort(ticks, dim->count, sizeof *ticks, compare_ticks);
    return ticks;
}

/* What a sweep of one dimension is made of: a line for each part. */
static size_t draw_parts(const pj_sweep *sweep, double factor, pj_arena *arena, pj_chart_series *series)
{
    for (size_t part = 0; part < sweep->level_count + 2; part++)
        series[part] =
            (pj_chart_series){part_name(sweep, part), PJ_CHART_LINE,
                              points_of(sweep, part, 0, sweep->point_count, factor, arena), sweep->point_count};
    return sweep->level_count + 2;
}

enum { MOST_LINES = 5 };

/* Of several dimensions, the total: a line for each combination of all but the last. */
static size_t draw_totals(const pj_sweep *sweep, double factor, pj_arena *arena, pj_chart_series *series)
{
    size_t each = sweep->dims[sweep->dim_count - 1].count, lines = sweep->point_count / each;
    for (size_t i = 0; i < lines && i < MOST_LINES; i++)
        series[i] = (pj_chart_series){values_of(sweep, &sweep->points[i * each], sweep->dim_count - 1, arena),
                                      PJ_CHART_LINE, points_of(sweep, 0, i * each, each, factor, arena), each};
    return lines < MOST_LINES ? lines : MOST_LINES;
}

/* "table horowitz-45nm, --reuse fused; 3 more combinations are not drawn" */
static const char *subtitle_of(const pj_sweep *sweep, size_t drawn, pj_arena *arena)
{
    size_t lines = sweep->point_count / sweep->dims[sweep->dim_count - 1].count;
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "table %s, --reuse %s", sweep->setup.table, reuse_of(sweep));
    if (sweep->dim_count > 1 && lines > drawn)
        pj_str_printf(&text, "; of %zu combinations the first %zu are drawn", lines, drawn);
    return pj_str_keep(&text, arena);
}

static bool has_zero(const pj_sweep_dim *dim)
{
    for (size_t i = 0; i < dim->count; i++)
        if (dim->values[i] == 0)
            return true;
    return false;
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const pj_sweep *sweep = input;
    const pj_sweep_dim *last = &sweep->dims[sweep->dim_count - 1];
    size_t parts = sweep->level_count + 2;
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, parts > MOST_LINES ? parts : MOST_LINES);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    double most = 0;
    for (size_t i = 0; i < sweep->point_count; i++)
        most = fmax(most, pj_energy_total(&sweep->points[i].totals.energy));
    const pj_scale scale = pj_scale_energy(most, sweep->setup.unit);
    const char *energy = pj_axis_title("energy of one run", scale.unit, arena);
    if (!series || !chart || !energy)
        return NULL;
    size_t drawn = (sweep->dim_count > 1 ? draw_totals : draw_parts)(sweep, scale.factor, arena, series);
    *chart = (pj_chart){
        .title = sweep->model,
        .subtitle = subtitle_of(sweep, drawn, arena),
        .x = {.title = last->name, .log = !has_zero(last), .ticks = ticks_of(last, arena), .tick_count = last->count},
        .y = {.title = energy,             .from_zero = true         },
        .series = series,
        .count = drawn,
    };
    return pj_arena_failed(arena) ? NULL : chart;
}

pj_status pj_sweep_write(const pj_sweep *sweep, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, sweep, options, sink, payload, err);
}
