/* A sweep: one row of totals for each combination of dimensions. */
#include <string.h>

#include "picojoule/version.h"
#include "report/findings.h"
#include "report/report.h"
#include "setup/setup.h"

/* What stands in a column; `at` is the number of a dimension or a device. */
typedef struct filler {
    const pj_sweep *sweep;
    const pj_sweep_point *point;
    size_t at;
} filler;

typedef void (*fill_cell)(const filler *f, pj_cell *cell);

static void fill_dim(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->values[f->at]);
}

static void fill_macs(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->totals.macs);
}

static void fill_flops(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->totals.flops);
}

static void fill_params(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->totals.params);
}

static void fill_param_bits(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->totals.param_bits);
}

static void fill_bops(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, f->point->totals.bops);
}

static void fill_layers(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, (int64_t)f->point->totals.layers);
}

static void fill_uncounted(const filler *f, pj_cell *cell)
{
    pj_cell_count(cell, (int64_t)f->point->totals.uncounted);
}

static void fill_inputs(const filler *f, pj_cell *cell)
{
    pj_cell_number(cell, f->point->totals.energy.inputs);
}

static void fill_outputs(const filler *f, pj_cell *cell)
{
    pj_cell_number(cell, f->point->totals.energy.outputs);
}

static void fill_parameters(const filler *f, pj_cell *cell)
{
    pj_cell_number(cell, f->point->totals.energy.parameters);
}

static void fill_op_cost(const filler *f, pj_cell *cell)
{
    pj_cell_number(cell, f->point->totals.energy.op_cost);
}

static void fill_total(const filler *f, pj_cell *cell)
{
    pj_cell_number(cell, pj_energy_total(&f->point->totals.energy));
}

static void fill_per_sample(const filler *f, pj_cell *cell)
{
    const pj_totals *totals = &f->point->totals;
    if (totals->batch > 0)
        pj_cell_number(cell, pj_energy_total(&totals->energy) / (double)totals->batch);
    else
        pj_cell_unknown(cell);
}

/* Negative: the device cannot say. */
static void put_known(pj_cell *cell, double number)
{
    if (number < 0)
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, number);
}

static void fill_device_energy(const filler *f, pj_cell *cell)
{
    put_known(cell, f->point->totals.devices[f->at].energy_pj);
}

static void fill_device_time(const filler *f, pj_cell *cell)
{
    put_known(cell, f->point->totals.devices[f->at].time_us);
}

/* ---- the columns ---- */

typedef enum repeat { ONCE, PER_DIM, PER_DEVICE } repeat;

typedef struct sweep_column {
    repeat repeat;
    fill_cell fill;
    pj_column column;
} sweep_column;

/* Columns of a higher rank leave a narrow terminal first. */
/* clang-format off */
static const sweep_column sweep_columns[] = {
    {PER_DIM, fill_dim, {.kind = PJ_CELL_EXACT}},
    {ONCE, fill_macs, {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 1}},
    {ONCE, fill_flops, {.key = "flops", .title = "FLOPs", .kind = PJ_CELL_COUNT, .rank = 5}},
    {ONCE, fill_params, {.key = "params", .title = "params", .kind = PJ_CELL_COUNT, .rank = 4}},
    {ONCE, fill_param_bits, {.key = "param_bits", .kind = PJ_CELL_COUNT}},
    {ONCE, fill_bops, {.key = "bops", .kind = PJ_CELL_COUNT}},
    {ONCE, fill_layers, {.key = "layers", .kind = PJ_CELL_COUNT}},
    {ONCE, fill_uncounted, {.key = "uncounted", .title = "uncounted", .kind = PJ_CELL_COUNT, .rank = 3}},
    {ONCE, fill_inputs, {.key = "inputs", .title = "inputs", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {ONCE, fill_outputs, {.key = "outputs", .title = "outputs", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {ONCE, fill_parameters, {.key = "parameters", .title = "parameters", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {ONCE, fill_op_cost, {.key = "op_cost", .title = "op_cost", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {ONCE, fill_total, {.key = "total", .title = "total", .kind = PJ_CELL_ENERGY}},
    {ONCE, fill_per_sample, {.key = "per_sample", .title = "per sample", .kind = PJ_CELL_ENERGY}},
    {PER_DEVICE, fill_device_energy, {.key = "energy_pj", .kind = PJ_CELL_ENERGY, .rank = 1}},
    {PER_DEVICE, fill_device_time, {.key = "time_us", .kind = PJ_CELL_TIME, .rank = 1}},
};
/* clang-format on */
enum { SWEEP_COLUMNS = sizeof sweep_columns / sizeof *sweep_columns };

static size_t repeats(const pj_sweep *sweep, repeat how)
{
    switch (how) {
    case ONCE:
        return 1;
    case PER_DIM:
        return sweep->dim_count;
    case PER_DEVICE:
        return sweep->setup.device_count;
    }
    return 0;
}

static const char *join(pj_arena *arena, const char *a, const char *b)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s_%s", a, b);
    return pj_str_keep(&text, arena);
}

/* Keys name their unit: "inputs_pj", "gpu_energy_pj"; dimensions are "dim_sequence". */
static bool name_column(const pj_sweep *sweep, pj_arena *arena, repeat how, size_t at, pj_column *column)
{
    const char *unit = strcmp(sweep->setup.unit, "pJ") == 0 ? "pj" : sweep->setup.unit;
    if (how == PER_DIM) {
        pj_str title = pj_str_new(0);
        pj_text_clean(&title, sweep->dims[at].name);
        column->title = pj_str_keep(&title, arena);
        column->key = join(arena, "dim", sweep->dims[at].name);
    } else if (how == PER_DEVICE) {
        column->title = sweep->setup.devices[at];
        column->key = join(arena, sweep->setup.devices[at], column->key);
        column->group = (int)at + 1;
    } else if (column->kind == PJ_CELL_ENERGY) {
        column->key = join(arena, column->key, unit);
    }
    return column->key && column->title;
}

/* Does any point have layers that are not counted? Else text needs no column for them. */
static bool any_uncounted(const pj_sweep *sweep)
{
    bool any = false;
    for (size_t i = 0; i < sweep->point_count; i++)
        any = any || sweep->points[i].totals.uncounted > 0;
    return any;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_sweep *sweep = input;
    size_t most = SWEEP_COLUMNS + sweep->dim_count + 2 * sweep->setup.device_count, count = 0;
    pj_column *columns = PJ_NEW(arena, pj_column, most);
    filler *fillers = PJ_NEW(arena, filler, most);
    const sweep_column **from = PJ_NEW(arena, const sweep_column *, most);
    if (!columns || !fillers || !from)
        return NULL;
    for (size_t i = 0; i < SWEEP_COLUMNS; i++)
        for (size_t k = 0; k < repeats(sweep, sweep_columns[i].repeat); k++, count++) {
            from[count] = &sweep_columns[i];
            fillers[count].at = k;
            columns[count] = sweep_columns[i].column;
            if (sweep_columns[i].fill == fill_uncounted && !any_uncounted(sweep))
                columns[count].title = NULL;
            if (!name_column(sweep, arena, sweep_columns[i].repeat, k, &columns[count]) && pj_arena_failed(arena))
                return NULL;
        }
    pj_rows *rows = pj_rows_new(arena, columns, count);
    if (!rows)
        return NULL;
    rows->unit = sweep->setup.unit;
    for (size_t i = 0; i < sweep->point_count; i++) {
        pj_cell *cells = pj_rows_add(rows);
        for (size_t c = 0; c < count; c++) {
            filler f = {sweep, &sweep->points[i], fillers[c].at};
            from[c]->fill(&f, &cells[c]);
        }
    }
    return rows->failed ? NULL : rows;
}

/* ---- the report ---- */

/* "models/encoder.onnx: 3 runs with batch = 1; energies in uJ, table horowitz-45nm" */
static void add_title(const pj_sweep *sweep, const pj_rows *rows, pj_str *out)
{
    pj_text_clean(out, sweep->model);
    pj_str_add(out, ": ");
    pj_human_plural(out, sweep->point_count, "run", "runs");
    for (size_t i = 0; i < sweep->setup.dim_count; i++) {
        pj_str_add(out, i ? ", " : " with ");
        pj_text_clean(out, sweep->setup.dims[i].name);
        pj_str_printf(out, " = %lld", (long long)sweep->setup.dims[i].value);
    }
    pj_str_printf(out, "; energies in %s, table %s", pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit, sweep->setup.table);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_sweep *sweep = input;
    const pj_rows *rows = table_of(sweep, page->arena);
    pj_str title = pj_str_new(0);
    if (rows)
        add_title(sweep, rows, &title);
    pj_page_lead(page, &title);
    pj_page_table(page, rows, 0);
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
