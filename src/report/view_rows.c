/* The columns of a report: each is one row here and one function that fills a cell. */
#include <string.h>

#include "report/shape_text.h"
#include "report/view.h"

/* What the functions below need; `at` tells columns of one kind apart. */
typedef struct filler {
    const pj_view *view;
    const pj_view_row *row;
    size_t at;
    bool failed;
} filler;

typedef void (*fill_cell)(filler *f, pj_cell *cell);

static void put_text(filler *f, pj_cell *cell, pj_str *text)
{
    const char *copy = text->failed ? NULL : pj_arena_strdup(f->view->arena, text->data);
    f->failed = f->failed || !copy;
    pj_cell_text(cell, copy && *copy ? copy : NULL);
    pj_str_free(text);
}

/* Nothing is known of a row when none of its layers is counted. */
static bool is_unknown(const pj_view_row *row)
{
    return row->uncounted > 0 && row->uncounted == row->layers;
}

static void put_count(filler *f, pj_cell *cell, int64_t count)
{
    if (is_unknown(f->row))
        pj_cell_unknown(cell);
    else
        pj_cell_count(cell, count);
}

static void put_energy(filler *f, pj_cell *cell, double energy)
{
    if (is_unknown(f->row))
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, energy);
}

/* ---- names ---- */

static void fill_index(filler *f, pj_cell *cell)
{
    if (f->row->layer)
        pj_cell_count(cell, (int64_t)f->row->layer->index);
}

static void fill_name(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, f->row->name);
}

static void fill_op(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, f->row->op);
}

static void fill_scope(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, f->row->layer ? f->row->layer->scope : NULL);
}

static void fill_layers(filler *f, pj_cell *cell)
{
    pj_cell_count(cell, (int64_t)f->row->layers);
}

static void fill_uncounted(filler *f, pj_cell *cell)
{
    pj_cell_count(cell, (int64_t)f->row->uncounted);
}

static void fill_counted(filler *f, pj_cell *cell)
{
    pj_cell_flag(cell, f->row->uncounted == 0);
}

static void fill_free(filler *f, pj_cell *cell)
{
    pj_cell_flag(cell, f->row->layer && f->row->layer->free);
}

static void fill_runs(filler *f, pj_cell *cell)
{
    if (f->row->layer)
        pj_cell_count(cell, f->row->layer->runs);
}

/* ---- the first output ---- */

static void fill_dtype(filler *f, pj_cell *cell)
{
    const char *dtype = f->row->layer ? f->row->layer->output_dtype : NULL;
    pj_cell_text(cell, dtype && *dtype ? dtype : NULL);
}

static void fill_shape(filler *f, pj_cell *cell)
{
    const pj_layer *layer = f->row->layer;
    pj_str text = pj_str_new(0);
    if (layer && layer->rank != PJ_RANK_NONE)
        pj_shape_text(layer->rank, layer->dims, &text);
    put_text(f, cell, &text);
}

/* ---- counts ---- */

static void fill_macs(filler *f, pj_cell *cell)
{
    put_count(f, cell, f->row->macs);
}

static void fill_flops(filler *f, pj_cell *cell)
{
    put_count(f, cell, f->row->flops);
}

static void fill_params(filler *f, pj_cell *cell)
{
    put_count(f, cell, f->row->params);
}

static void fill_param_bits(filler *f, pj_cell *cell)
{
    put_count(f, cell, f->row->param_bits);
}

static void fill_bops(filler *f, pj_cell *cell)
{
    put_count(f, cell, f->row->bops);
}

static void fill_work(filler *f, pj_cell *cell)
{
    if (f->row->layer)
        put_count(f, cell, f->row->layer->work[f->at]);
}

/* ---- precision ---- */

static const pj_format_info *format_of(const filler *f)
{
    const pj_layer *layer = f->row->layer;
    const pj_format_info *formats[] = {layer->input, layer->weight, layer->accumulator, layer->output};
    return formats[f->at];
}

static void fill_precision(filler *f, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (f->row->layer)
        pj_view_precision(f->row->layer, &text);
    put_text(f, cell, &text);
}

static void fill_format(filler *f, pj_cell *cell)
{
    if (f->row->layer && format_of(f)->known)
        pj_cell_text(cell, format_of(f)->word);
}

static void fill_from(filler *f, pj_cell *cell)
{
    if (f->row->layer && format_of(f)->known)
        pj_cell_text(cell, format_of(f)->from);
}

static void fill_circuit(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, f->row->layer ? f->row->layer->implementation : NULL);
}

static void fill_gate_bits(filler *f, pj_cell *cell)
{
    if (f->row->layer && f->row->layer->implementation)
        pj_cell_number(cell, f->row->layer->gate_bits);
}

static void fill_gate_factor(filler *f, pj_cell *cell)
{
    if (f->row->layer && f->row->layer->implementation)
        pj_cell_number(cell, f->row->layer->gate_factor);
}

/* ---- energies ---- */

static void fill_inputs(filler *f, pj_cell *cell)
{
    put_energy(f, cell, f->row->energy.inputs);
}

static void fill_outputs(filler *f, pj_cell *cell)
{
    put_energy(f, cell, f->row->energy.outputs);
}

static void fill_parameters(filler *f, pj_cell *cell)
{
    put_energy(f, cell, f->row->energy.parameters);
}

static void fill_op_cost(filler *f, pj_cell *cell)
{
    put_energy(f, cell, f->row->energy.op_cost);
}

static void fill_total(filler *f, pj_cell *cell)
{
    put_energy(f, cell, pj_energy_total(&f->row->energy));
}

static void fill_share(filler *f, pj_cell *cell)
{
    double whole = pj_energy_total(&f->view->totals->energy);
    if (whole > 0)
        put_energy(f, cell, pj_energy_total(&f->row->energy) / whole);
}

static void fill_device_energy(filler *f, pj_cell *cell)
{
    double energy = f->row->devices[f->at].energy_pj;
    if (energy < 0)
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, energy);
}

static void fill_device_time(filler *f, pj_cell *cell)
{
    double time = f->row->devices[f->at].time_us;
    if (time < 0)
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, time);
}

/* ---- the columns ---- */

enum { OF_LAYERS = 1, OF_GROUPS = 2, OF_ALL = 3 };

/* How often a column stands there, and what `at` counts. */
typedef enum repeat { ONCE, WITH_LOOPS, PER_WORK, PER_DEVICE } repeat;

typedef struct view_column {
    unsigned of;
    repeat repeat;
    size_t at;
    fill_cell fill;
    pj_column column;
} view_column;

/* How far texts may be elided. */
enum { NAME_WISH = 32 };
#define NAME_FITS .wish = NAME_WISH, .least = 24
#define OP_FITS   .wish = 11, .least = 8

/* Columns of a higher rank leave a narrow terminal first. */
/* clang-format off */
static const view_column view_columns[] = {
    {OF_LAYERS, ONCE, 0, fill_index, {.key = "index", .kind = PJ_CELL_COUNT}},
    {OF_LAYERS, ONCE, 0, fill_name, {.key = "name", .title = "layer", .kind = PJ_CELL_TEXT, NAME_FITS}},
    {OF_GROUPS, ONCE, 0, fill_name, {.key = "name", .title = "group", .kind = PJ_CELL_TEXT, NAME_FITS}},
    {OF_LAYERS, ONCE, 0, fill_op, {.key = "op", .title = "op", .kind = PJ_CELL_TEXT, OP_FITS}},
    {OF_LAYERS, ONCE, 0, fill_scope, {.key = "scope", .kind = PJ_CELL_TEXT}},
    {OF_GROUPS, ONCE, 0, fill_layers, {.key = "layers", .title = "layers", .kind = PJ_CELL_COUNT}},
    {OF_GROUPS, ONCE, 0, fill_uncounted, {.key = "uncounted", .kind = PJ_CELL_COUNT}},
    {OF_LAYERS, ONCE, 0, fill_counted, {.key = "counted", .kind = PJ_CELL_FLAG}},
    {OF_LAYERS, ONCE, 0, fill_free, {.key = "free", .kind = PJ_CELL_FLAG}},
    {OF_LAYERS, WITH_LOOPS, 0, fill_runs, {.key = "runs", .title = "runs", .kind = PJ_CELL_COUNT, .rank = 1}},
    {OF_LAYERS, ONCE, 0, fill_dtype, {.key = "output_dtype", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 0, fill_shape, {.key = "output_shape", .title = "output", .kind = PJ_CELL_TEXT, .rank = 5}},
    {OF_LAYERS, ONCE, 0, fill_precision, {.title = "precision", .kind = PJ_CELL_TEXT, .rank = 3}},
    {OF_LAYERS, ONCE, 0, fill_from, {.title = "from", .kind = PJ_CELL_TEXT, .rank = 7}},
    {OF_ALL, ONCE, 0, fill_macs, {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 1}},
    {OF_ALL, ONCE, 0, fill_flops, {.key = "flops", .title = "FLOPs", .kind = PJ_CELL_COUNT, .rank = 6}},
    {OF_ALL, ONCE, 0, fill_params, {.key = "params", .title = "params", .kind = PJ_CELL_COUNT, .rank = 4}},
    {OF_ALL, ONCE, 0, fill_param_bits, {.key = "param_bits", .kind = PJ_CELL_COUNT}},
    {OF_ALL, ONCE, 0, fill_bops, {.key = "bops", .kind = PJ_CELL_COUNT}},
    {OF_LAYERS, ONCE, 0, fill_format, {.key = "input_format", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 0, fill_from, {.key = "input_from", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 1, fill_format, {.key = "weight_format", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 1, fill_from, {.key = "weight_from", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 2, fill_format, {.key = "accumulator_format", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 2, fill_from, {.key = "accumulator_from", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 3, fill_format, {.key = "output_format", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 3, fill_from, {.key = "output_from", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 0, fill_circuit, {.key = "implementation", .kind = PJ_CELL_TEXT}},
    {OF_LAYERS, ONCE, 0, fill_gate_bits, {.key = "gate_bits", .kind = PJ_CELL_NUMBER}},
    {OF_LAYERS, ONCE, 0, fill_gate_factor, {.key = "gate_factor", .kind = PJ_CELL_NUMBER}},
    {OF_LAYERS, PER_WORK, 0, fill_work, {.key = "work", .kind = PJ_CELL_COUNT}},
    {OF_ALL, ONCE, 0, fill_inputs, {.key = "inputs", .title = "inputs", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {OF_ALL, ONCE, 0, fill_outputs, {.key = "outputs", .title = "outputs", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {OF_ALL, ONCE, 0, fill_parameters, {.key = "parameters", .title = "parameters", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {OF_ALL, ONCE, 0, fill_op_cost, {.key = "op_cost", .title = "op_cost", .kind = PJ_CELL_ENERGY, .rank = 2}},
    {OF_ALL, ONCE, 0, fill_total, {.key = "total", .title = "total", .kind = PJ_CELL_ENERGY}},
    {OF_ALL, ONCE, 0, fill_share, {.key = "share", .title = "share", .kind = PJ_CELL_SHARE}},
    {OF_ALL, PER_DEVICE, 0, fill_device_energy, {.kind = PJ_CELL_ENERGY, .rank = 1}},
    {OF_ALL, PER_DEVICE, 0, fill_device_time, {.kind = PJ_CELL_TIME, .rank = 1}},
};
/* clang-format on */
enum { VIEW_COLUMNS = sizeof view_columns / sizeof *view_columns };

/* A column of one report, with its names in full. */
typedef struct filled_column {
    fill_cell fill;
    size_t at;
} filled_column;

/* Does any layer run more or less often than once? */
static bool has_loops(const pj_view *view)
{
    const pj_layer *layers = view->result->layers;
    size_t count = view->result->layer_count;
    for (size_t i = 0; i < count; i++)
        if (layers[i].runs != 1)
            return true;
    return false;
}

static size_t repeats(const pj_view *view, repeat how)
{
    size_t works = 0;
    switch (how) {
    case ONCE:
        return 1;
    case WITH_LOOPS:
        return has_loops(view);
    case PER_WORK:
        while (pj_work_word(works))
            works++;
        return works;
    case PER_DEVICE:
        return view->devices;
    }
    return 0;
}

static const char *join(const pj_view *view, const char *a, const char *b)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s_%s", a, b);
    const char *copy = text.failed ? NULL : pj_arena_strdup(view->arena, text.data);
    pj_str_free(&text);
    return copy;
}

/* Keys name their unit: "inputs_pj", "inputs_relative", "gpu_energy_pj", "work_mac". */
static bool name_column(const pj_view *view, repeat how, size_t at, pj_column *column)
{
    const char *unit = strcmp(view->result->unit, "pJ") == 0 ? "pj" : view->result->unit;
    if (how == PER_WORK) {
        column->key = join(view, column->key, pj_work_word(at));
    } else if (how == PER_DEVICE) {
        const char *device = view->result->devices[at];
        column->title = device;
        column->key = join(view, device, column->kind == PJ_CELL_TIME ? "time_us" : "energy_pj");
        column->group = (int)at + 1;
    } else if (view->group != PJ_NO_GROUP && column->wish == NAME_WISH) {
        column->title = view->group == PJ_GROUP_OP ? "operator" : "module";
    } else if (column->kind == PJ_CELL_ENERGY) {
        column->key = join(view, column->key, unit);
    } else {
        return true;
    }
    return column->key != NULL;
}

/* Does the report have it? Those of a device get title and key later. */
static bool is_wanted(const pj_view *view, const view_column *column)
{
    bool is_named = column->repeat == PER_DEVICE || (view->for_people ? column->column.title : column->column.key);
    return is_named && (column->of & (view->group == PJ_NO_GROUP ? OF_LAYERS : OF_GROUPS));
}

static pj_rows *make_columns(const pj_view *view, filled_column **out)
{
    size_t most = VIEW_COLUMNS + repeats(view, PER_WORK) + 2 * view->devices, count = 0;
    pj_column *column = PJ_NEW(view->arena, pj_column, most);
    filled_column *filled = PJ_NEW(view->arena, filled_column, most);
    if (!column || !filled)
        return NULL;
    for (size_t i = 0; i < VIEW_COLUMNS; i++) {
        const view_column *from = &view_columns[i];
        for (size_t k = 0; is_wanted(view, from) && k < repeats(view, from->repeat); k++) {
            column[count] = from->column;
            filled[count] = (filled_column){from->fill, from->repeat == ONCE ? from->at : k};
            if (!name_column(view, from->repeat, k, &column[count]))
                return NULL;
            count++;
        }
    }
    *out = filled;
    return pj_rows_new(view->arena, column, count);
}

static void fill_row(const pj_view *view, const filled_column *columns, const pj_view_row *row, pj_cell *cells,
                     pj_rows *rows)
{
    filler f = {view, row, 0, false};
    for (size_t c = 0; c < rows->columns; c++) {
        f.at = columns[c].at;
        columns[c].fill(&f, &cells[c]);
    }
    rows->failed = rows->failed || f.failed;
}

/* "... 37 more layers" */
static const char *name_rest(const pj_view *view)
{
    static const char *const nouns[][2] = {
        [PJ_NO_GROUP] = {"more layer",    "more layers"   },
        [PJ_GROUP_OP] = {"more operator", "more operators"},
        [PJ_GROUP_SCOPE] = {"more module",   "more modules"  },
    };
    pj_str text = pj_str_new(0);
    pj_str_add(&text, "... ");
    pj_human_plural(&text, view->left_out, nouns[view->group][0], nouns[view->group][1]);
    const char *copy = text.failed ? NULL : pj_arena_strdup(view->arena, text.data);
    pj_str_free(&text);
    return copy;
}

pj_rows *pj_view_rows(const pj_view *view)
{
    filled_column *columns = NULL;
    pj_rows *rows = make_columns(view, &columns);
    if (!rows)
        return NULL;
    rows->unit = view->result->unit;
    for (size_t i = 0; i < view->count; i++)
        fill_row(view, columns, &view->row[i], pj_rows_add(rows), rows);
    if (view->left_out) {
        pj_view_row rest = view->rest;
        rest.name = name_rest(view);
        rows->failed = rows->failed || !rest.name;
        fill_row(view, columns, &rest, pj_rows_add_footer(rows), rows);
    }
    fill_row(view, columns, &view->sum, pj_rows_add_footer(rows), rows);
    return rows->failed ? NULL : rows;
}

/* The place where the next largest layer goes: `top` is kept in order. */
static void insert(const pj_layer **top, size_t *count, size_t most, const pj_layer *layer)
{
    size_t at = *count < most ? (*count)++ : most;
    for (; at > 0 && pj_energy_total(&top[at - 1]->energy) < pj_energy_total(&layer->energy); at--)
        if (at < most)
            top[at] = top[at - 1];
    if (at < most)
        top[at] = layer;
}

pj_rows *pj_view_top(const pj_view *view, size_t n)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {.title = "layer", .kind = PJ_CELL_TEXT, NAME_FITS},
        {.title = "op", .kind = PJ_CELL_TEXT, OP_FITS},
        {.title = "energy", .kind = PJ_CELL_TEXT},
        {.title = "share",.kind = PJ_CELL_SHARE},
    };
    /* clang-format on */
    size_t count = 0;
    const pj_layer *layer = view->result->layers;
    size_t layers = view->result->layer_count;
    const pj_layer **top = PJ_NEW(view->arena, const pj_layer *, n);
    double whole = pj_energy_total(&view->totals->energy);
    pj_rows *rows = pj_rows_new(view->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; top && i < layers; i++)
        if (pj_energy_total(&layer[i].energy) > 0)
            insert(top, &count, n, &layer[i]);
    for (size_t i = 0; top && rows && i < count; i++) {
        filler f = {view, NULL, 0, false};
        pj_str op = pj_str_new(0), energy = pj_str_new(0);
        pj_cell *cell = pj_rows_add(rows);
        pj_view_op(top[i], &op);
        pj_human_energy(&energy, pj_energy_total(&top[i]->energy), view->result->unit);
        pj_cell_text(&cell[0], top[i]->name);
        put_text(&f, &cell[1], &op);
        put_text(&f, &cell[2], &energy);
        pj_cell_number(&cell[3], pj_energy_total(&top[i]->energy) / whole);
        rows->failed = rows->failed || f.failed;
    }
    return top && rows && !rows->failed ? rows : NULL;
}
