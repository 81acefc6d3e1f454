/* The tables of a comparison: its layers, its totals, its causes. */
#include "report/diff_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "report/shape_text.h"
#include "report/view.h"
#include "result/result.h"

/* ---- which rows, in which order ---- */

static bool is_free(const pj_diff_row *row)
{
    return (!row->a || row->a->free) && (!row->b || row->b->free);
}

typedef struct ranked {
    const pj_diff_row *row;
    double size;
} ranked;

/* The largest first; rows stand in one array. */
static int by_size(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return a->size != b->size ? (a->size < b->size) - (a->size > b->size) : (a->row > b->row) - (a->row < b->row);
}

static bool select_rows(pj_diff_view *view, bool for_people)
{
    const pj_diff *diff = view->diff;
    ranked *list = PJ_NEW(view->arena, ranked, diff->row_count);
    view->row = PJ_NEW(view->arena, const pj_diff_row *, diff->row_count);
    if (!list || !view->row)
        return false;
    for (size_t i = 0; i < diff->row_count; i++) {
        const pj_diff_row *row = &diff->rows[i];
        if (!for_people || (!is_free(row) && row->change != PJ_SAME))
            list[view->count++] = (ranked){row, fabs(row->energy_b - row->energy_a)};
    }
    if (for_people)
        qsort(list, view->count, sizeof *list, by_size);
    for (size_t i = 0; i < view->count; i++)
        view->row[i] = list[i].row;
    return true;
}

static const char *key_of(const pj_finding *finding, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s\n%s\n%s", finding->code, finding->node, finding->message);
    return pj_str_keep(&text, arena);
}

static bool find_fresh(pj_diff_view *view)
{
    const pj_result *a = view->diff->a, *b = view->diff->b;
    pj_finding *fresh = PJ_NEW(view->arena, pj_finding, b->finding_count);
    pj_map known;
    pj_map_init(&known, view->arena);
    for (size_t i = 0; i < a->finding_count; i++) {
        const char *key = key_of(&a->findings[i], view->arena);
        if (!key || !pj_map_put(&known, key, view))
            return false;
    }
    for (size_t i = 0; fresh && i < b->finding_count; i++) {
        const char *key = key_of(&b->findings[i], view->arena);
        if (!key)
            return false;
        if (!pj_map_get(&known, key))
            fresh[view->fresh_count++] = b->findings[i];
    }
    view->fresh = fresh;
    return fresh != NULL;
}

bool pj_diff_view_make(const pj_diff *diff, bool for_people, pj_arena *arena, pj_diff_view *out)
{
    *out = (pj_diff_view){.diff = diff, .arena = arena};
    return select_rows(out, for_people) && find_fresh(out);
}

/* ---- the cells of a layer ---- */

/* What stands in a column; `at` is the number of a component, `side` 0 for A, 1 for B. */
typedef struct filler {
    const pj_diff_view *view;
    const pj_diff_row *row;
    int at, side;
    bool failed;
} filler;

typedef void (*fill_cell)(filler *f, pj_cell *cell);

static void put_text(filler *f, pj_cell *cell, pj_str *text)
{
    char *kept = pj_str_keep(text, f->view->arena);
    f->failed = f->failed || !kept;
    pj_cell_text(cell, kept && *kept ? kept : NULL);
}

static const pj_layer *layer_of(const filler *f)
{
    return f->side ? f->row->b : f->row->a;
}

static void fill_change(filler *f, pj_cell *cell)
{
    static const char *const words[] = {"same", "changed", "renamed", "added", "removed"};
    pj_cell_text(cell, words[f->row->change]);
}

static void fill_name(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, layer_of(f) ? layer_of(f)->name : NULL);
}

void pj_diff_view_name(const pj_diff_row *row, pj_str *out)
{
    pj_str_add(out, row->b ? row->b->name : row->a->name);
    if (row->renamed)
        pj_str_printf(out, " (was %s)", row->a->name);
}

static void fill_both_names(filler *f, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    pj_diff_view_name(f->row, &text);
    put_text(f, cell, &text);
}

/* "Conv", "Conv > QLinearConv" of what `print` says of both sides. */
static void put_both(filler *f, pj_cell *cell, void (*print)(const pj_layer *layer, pj_str *out))
{
    pj_str text = pj_str_new(0), other = pj_str_new(0);
    if (f->row->a)
        print(f->row->a, &text);
    if (f->row->b)
        print(f->row->b, &other);
    if (f->row->b && (!f->row->a || strcmp(text.data, other.data) != 0)) {
        pj_str_add(&text, f->row->a ? " -> " : "");
        pj_str_add(&text, other.data);
    }
    f->failed = f->failed || other.failed;
    pj_str_free(&other);
    put_text(f, cell, &text);
}

static void print_shape(const pj_layer *layer, pj_str *out)
{
    if (layer->rank >= 0)
        pj_shape_text(layer->rank, layer->dims, out);
}

static void fill_ops(filler *f, pj_cell *cell)
{
    put_both(f, cell, pj_view_op);
}

static void fill_precisions(filler *f, pj_cell *cell)
{
    put_both(f, cell, pj_view_precision);
}

/* Of one side. */
static void put_side(filler *f, pj_cell *cell, void (*print)(const pj_layer *layer, pj_str *out))
{
    pj_str text = pj_str_new(0);
    if (layer_of(f))
        print(layer_of(f), &text);
    put_text(f, cell, &text);
}

static void fill_op(filler *f, pj_cell *cell)
{
    put_side(f, cell, pj_view_op);
}

static void fill_precision(filler *f, pj_cell *cell)
{
    put_side(f, cell, pj_view_precision);
}

static void fill_shape(filler *f, pj_cell *cell)
{
    put_side(f, cell, print_shape);
}

static void fill_count(filler *f, pj_cell *cell)
{
    const pj_layer *layer = layer_of(f);
    if (!layer)
        return;
    const int64_t counts[] = {layer->macs, layer->flops, layer->params, layer->param_bits, layer->bops};
    pj_cell_count(cell, pj_result_count(counts[f->at]));
}

static void fill_component(filler *f, pj_cell *cell)
{
    const pj_layer *layer = layer_of(f);
    if (!layer)
        return;
    const double parts[] = {layer->energy.inputs, layer->energy.outputs, layer->energy.parameters,
                            layer->energy.op_cost};
    pj_cell_number(cell, parts[f->at]);
}

static void fill_total(filler *f, pj_cell *cell)
{
    if (layer_of(f) && !layer_of(f)->counted && !layer_of(f)->free)
        pj_cell_unknown(cell);
    else if (layer_of(f))
        pj_cell_number(cell, f->side ? f->row->energy_b : f->row->energy_a);
}

static void fill_difference(filler *f, pj_cell *cell)
{
    pj_cell_number(cell, f->row->energy_b - f->row->energy_a);
}

static void fill_ratio(filler *f, pj_cell *cell)
{
    if (f->row->a && f->row->b && f->row->energy_a > 0)
        pj_cell_number(cell, f->row->energy_b / f->row->energy_a);
}

/* Effects, three for each component, and a fourth for op_cost. */
static void fill_effect(filler *f, pj_cell *cell)
{
    const pj_effect *effect = &f->row->effect[f->at];
    const double parts[] = {effect->by_count, effect->by_width, effect->by_price, effect->by_conversion};
    if (f->row->a && f->row->b)
        pj_cell_number(cell, parts[f->side]);
}

static void fill_reason(filler *f, pj_cell *cell)
{
    pj_cell_text(cell, *f->row->reason ? f->row->reason : NULL);
}

/* ---- the columns ---- */

enum { FOR_PEOPLE = PJ_DIFF_TEXT | PJ_DIFF_MARKDOWN, FOR_PROGRAMS = PJ_DIFF_CSV | PJ_DIFF_JSON, FOR_ALL = 15 };

typedef struct diff_column {
    unsigned of;
    int at, side;
    fill_cell fill;
    pj_column column;
} diff_column;

/* Keys of energies get their unit. Columns of a higher rank leave a narrow terminal first. */
/* clang-format off */
#define BOTH(fill, at, name, cells) \
    {FOR_PROGRAMS, at, 0, fill, {.key = name "_a", .kind = cells}}, \
    {FOR_PROGRAMS, at, 1, fill, {.key = name "_b", .kind = cells}}
#define EFFECTS(at, name) \
    {FOR_PROGRAMS, at, 0, fill_effect, {.key = name "_by_count", .kind = PJ_CELL_ENERGY}}, \
    {FOR_PROGRAMS, at, 1, fill_effect, {.key = name "_by_width", .kind = PJ_CELL_ENERGY}}, \
    {FOR_PROGRAMS, at, 2, fill_effect, {.key = name "_by_price", .kind = PJ_CELL_ENERGY}}
static const diff_column diff_columns[] = {
    {FOR_ALL, 0, 0, fill_change, {.key = "change", .title = "", .kind = PJ_CELL_TEXT}},
    BOTH(fill_name, 0, "name", PJ_CELL_TEXT),
    {FOR_PEOPLE, 0, 0, fill_both_names, {.title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 22}},
    BOTH(fill_op, 0, "op", PJ_CELL_TEXT),
    {FOR_PEOPLE, 0, 0, fill_ops, {.title = "op", .kind = PJ_CELL_TEXT, .wish = 11, .least = 7, .rank = 1}},
    BOTH(fill_shape, 0, "output_shape", PJ_CELL_TEXT),
    BOTH(fill_precision, 0, "precision", PJ_CELL_TEXT),
    {PJ_DIFF_TEXT, 0, 0, fill_precisions, {.title = "precision", .kind = PJ_CELL_TEXT, .rank = 2}},
    {FOR_PEOPLE, 0, 0, fill_total, {.title = "before", .kind = PJ_CELL_ENERGY}},
    {FOR_PEOPLE, 0, 1, fill_total, {.title = "after", .kind = PJ_CELL_ENERGY}},
    BOTH(fill_total, 0, "total", PJ_CELL_ENERGY),
    {FOR_ALL, 0, 0, fill_difference, {.key = "difference", .title = "difference", .kind = PJ_CELL_ENERGY, .signs = true}},
    {FOR_ALL, 0, 0, fill_ratio, {.key = "ratio", .title = "ratio", .kind = PJ_CELL_RATIO}},
    BOTH(fill_count, 0, "macs", PJ_CELL_COUNT),
    BOTH(fill_count, 1, "flops", PJ_CELL_COUNT),
    BOTH(fill_count, 2, "params", PJ_CELL_COUNT),
    BOTH(fill_count, 3, "param_bits", PJ_CELL_COUNT),
    BOTH(fill_count, 4, "bops", PJ_CELL_COUNT),
    BOTH(fill_component, 0, "inputs", PJ_CELL_ENERGY),
    BOTH(fill_component, 1, "outputs", PJ_CELL_ENERGY),
    BOTH(fill_component, 2, "parameters", PJ_CELL_ENERGY),
    BOTH(fill_component, 3, "op_cost", PJ_CELL_ENERGY),
    EFFECTS(0, "inputs"),
    EFFECTS(1, "outputs"),
    EFFECTS(2, "parameters"),
    EFFECTS(3, "op_cost"),
    {FOR_PROGRAMS, 3, 3, fill_effect, {.key = "op_cost_by_conversion", .kind = PJ_CELL_ENERGY}},
    {PJ_DIFF_MARKDOWN | FOR_PROGRAMS, 0, 0, fill_reason, {.key = "reason", .title = "why", .kind = PJ_CELL_TEXT}},
};
/* clang-format on */
enum { DIFF_COLUMNS = sizeof diff_columns / sizeof *diff_columns };

/* "difference_pj"; CSV, which says it nowhere else, has "difference_relative" where that is the unit. */
static const char *key_with_unit(const pj_diff_view *view, unsigned reader, const char *key)
{
    const char *unit = reader == PJ_DIFF_CSV ? view->diff->b->unit : "pJ";
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s_%s", key, strcmp(unit, "pJ") == 0 ? "pj" : unit);
    return pj_str_keep(&text, view->arena);
}

/* The columns for this reader; from[c] is where column c comes from. */
static pj_rows *make_columns(const pj_diff_view *view, unsigned reader, const diff_column **from)
{
    pj_column *columns = PJ_NEW(view->arena, pj_column, DIFF_COLUMNS);
    size_t count = 0;
    for (size_t i = 0; columns && i < DIFF_COLUMNS; i++) {
        if (!(diff_columns[i].of & reader))
            continue;
        columns[count] = diff_columns[i].column;
        if (columns[count].key && columns[count].kind == PJ_CELL_ENERGY)
            columns[count].key = key_with_unit(view, reader, columns[count].key);
        if (diff_columns[i].column.key && !columns[count].key)
            return NULL;
        from[count++] = &diff_columns[i];
    }
    pj_rows *rows = columns ? pj_rows_new(view->arena, columns, count) : NULL;
    if (rows)
        rows->unit = view->diff->b->unit;
    return rows;
}

/* A footer with the sums of what people see; only before, after, difference and ratio are summed up. */
static void add_sum(pj_rows *rows, const diff_column **from, const char *name, double a, double b)
{
    pj_cell *cell = pj_rows_add_footer(rows);
    for (size_t c = 0; c < rows->columns; c++) {
        if (from[c]->fill == fill_both_names)
            pj_cell_text(&cell[c], name);
        else if (from[c]->fill == fill_total)
            pj_cell_number(&cell[c], from[c]->side ? b : a);
        else if (from[c]->fill == fill_difference)
            pj_cell_number(&cell[c], b - a);
        else if (from[c]->fill == fill_ratio && a > 0)
            pj_cell_number(&cell[c], b / a);
    }
}

static void add_rest(const pj_diff_view *view, pj_rows *rows, const diff_column **from, size_t to)
{
    double a = 0, b = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = to; i < view->count; i++) {
        a += view->row[i]->energy_a;
        b += view->row[i]->energy_b;
    }
    pj_str_add(&text, "... ");
    pj_human_plural(&text, view->count - to, "more layer", "more layers");
    const char *name = pj_str_keep(&text, view->arena);
    rows->failed = rows->failed || !name;
    add_sum(rows, from, name, a, b);
}

pj_rows *pj_diff_view_rows(const pj_diff_view *view, unsigned reader, size_t from, size_t to, bool rest)
{
    const diff_column **columns = PJ_NEW(view->arena, const diff_column *, DIFF_COLUMNS);
    pj_rows *rows = columns ? make_columns(view, reader, columns) : NULL;
    for (size_t i = from; rows && i < to; i++) {
        pj_cell *cell = pj_rows_add(rows);
        for (size_t c = 0; c < rows->columns; c++) {
            filler f = {view, view->row[i], columns[c]->at, columns[c]->side, false};
            columns[c]->fill(&f, &cell[c]);
            rows->failed = rows->failed || f.failed;
        }
    }
    if (rows && rest && to < view->count)
        add_rest(view, rows, columns, to);
    if (rows && rest)
        add_sum(rows, columns, "total", pj_energy_total(&view->diff->a->totals.energy),
                pj_energy_total(&view->diff->b->totals.energy));
    return rows && !rows->failed ? rows : NULL;
}
