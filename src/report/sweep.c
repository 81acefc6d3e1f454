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

/* "models/encoder.onnx: 3 runs with batch = 1; table horowitz-45nm" */
static void add_title(const pj_sweep *sweep, const pj_rows *rows, pj_str *out)
{
    pj_say(out, "{}: {}", pj_w_text(sweep->model), pj_w_plural(sweep->point_count, "run", "runs"));
    for (size_t i = 0; i < sweep->setup.dim_count; i++) {
        pj_say(out, "{}{}", pj_w_ours(i ? ", " : " with "), pj_w_text(sweep->setup.dims[i].name));
        pj_str_printf(out, " = %lld", (long long)sweep->setup.dims[i].value);
    }
    pj_str_printf(out, "; table %s%s", sweep->setup.table, pj_rows_remark(rows));
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

pj_status pj_sweep_write(const pj_sweep *sweep, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    return pj_tell(&pieces, sweep, options, sink, payload, err);
}
