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

/* What else was swept, in the note of each point. */
static const char *note_of(const pj_sweep *sweep, const pj_sweep_point *point, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < sweep->dim_count; i++)
        pj_str_printf(&text, "%s%s = %lld", i ? ", " : "", sweep->dims[i].name, (long long)point->values[i]);
    return pj_str_keep(&text, arena);
}

/* Points one after another; a line ends where another dimension than the last one changes. */
static const pj_chart_point *points_of(const pj_sweep *sweep, size_t part, double factor, pj_arena *arena)
{
    size_t last = sweep->dim_count - 1;
    double unit = pj_sweep_is_level(sweep->dims[last].name) ? 1024 : 1;
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, sweep->point_count);
    for (size_t i = 0; points && i < sweep->point_count; i++)
        points[i] = (pj_chart_point){(double)sweep->points[i].values[last] / unit,
                                     part_of(sweep, &sweep->points[i], part) / factor,
                                     note_of(sweep, &sweep->points[i], arena), i % sweep->dims[last].count == 0};
    return points;
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const pj_sweep *sweep = input;
    size_t parts = sweep->level_count + 2, last = sweep->dim_count - 1;
    const char *name = sweep->dims[last].name;
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, parts);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    double most = 0;
    for (size_t i = 0; i < sweep->point_count; i++)
        most = fmax(most, pj_energy_total(&sweep->points[i].totals.energy));
    const char *energy = pj_axis_title("energy of one run", pj_scale_energy(most, sweep->setup.unit).unit, arena);
    if (!series || !chart || !energy)
        return NULL;
    for (size_t part = 0; part < parts; part++)
        series[part] = (pj_chart_series){part_name(sweep, part), PJ_CHART_LINE,
                                         points_of(sweep, part, pj_scale_energy(most, sweep->setup.unit).factor, arena),
                                         sweep->point_count};
    pj_str subtitle = pj_str_new(0);
    pj_str_printf(&subtitle, "table %s, --reuse %s", sweep->setup.table, reuse_of(sweep));
    *chart = (pj_chart){
        .title = sweep->model,
        .subtitle = pj_str_keep(&subtitle, arena),
        .x = {.title = pj_sweep_is_level(name) ? pj_axis_title(name, "KiB", arena) : name, .log = true},
        .y = {.title = energy,                                          .from_zero = true                                              },
        .series = series,
        .count = parts,
    };
    return pj_arena_failed(arena) ? NULL : chart;
}

pj_status pj_sweep_write(const pj_sweep *sweep, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, sweep, options, sink, payload, err);
}
