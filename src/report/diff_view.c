/* The tables of a comparison: its layers, its totals, its causes. */
#include "report/diff_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "report/layer_text.h"
#include "report/view.h"
#include "result/field.h"
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

/* What stands in a column; `side` 0 for A, 1 for B; of effects `at` is the number of the component, `side` that of
 * the effect. */
typedef struct filler {
    const pj_diff_view *view;
    const pj_diff_row *row;
    const pj_field *figure;
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
    put_both(f, cell, pj_op_text);
}

static void fill_precisions(filler *f, pj_cell *cell)
{
    put_both(f, cell, pj_precision_text);
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
    put_side(f, cell, pj_op_text);
}

static void fill_precision(filler *f, pj_cell *cell)
{
    put_side(f, cell, pj_precision_text);
}

static void fill_shape(filler *f, pj_cell *cell)
{
    put_side(f, cell, print_shape);
}

static void fill_figure(filler *f, pj_cell *cell)
{
    if (!layer_of(f))
        return;
    double value = pj_figure_value(f->figure, PJ_OF_LAYER, layer_of(f));
    if (pj_figure_is_energy(f->figure))
        pj_cell_number(cell, value);
    else
        pj_cell_count(cell, pj_count_of(value));
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

/* How often a column stands there: for each figure, or each component of the energy. */
typedef enum repeat { ONCE, PER_FIGURE, PER_COMPONENT } repeat;

typedef struct diff_column {
    unsigned of;
    repeat repeat;
    int side;
    fill_cell fill;
    pj_column column; /* of repeated ones, the key is what follows that of the figure */
} diff_column;

/* A column of one report. */
typedef struct filled_column {
    const diff_column *from;
    const pj_field *figure;
    int at;
} filled_column;

/* Keys of energies get their unit. Columns of a higher rank leave a narrow terminal first. */
/* clang-format off */
#define BOTH(fill, name, cells) \
    {FOR_PROGRAMS, ONCE, 0, fill, {.key = name "_a", .kind = cells}}, \
    {FOR_PROGRAMS, ONCE, 1, fill, {.key = name "_b", .kind = cells}}
static const diff_column diff_columns[] = {
    {FOR_ALL, ONCE, 0, fill_change, {.key = "change", .title = "", .kind = PJ_CELL_TEXT}},
    BOTH(fill_name, "name", PJ_CELL_TEXT),
    {FOR_PEOPLE, ONCE, 0, fill_both_names, {.title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 22}},
    BOTH(fill_op, "op", PJ_CELL_TEXT),
    {FOR_PEOPLE, ONCE, 0, fill_ops, {.title = "op", .kind = PJ_CELL_TEXT, .wish = 11, .least = 7, .rank = 1}},
    BOTH(fill_shape, "output_shape", PJ_CELL_TEXT),
    BOTH(fill_precision, "precision", PJ_CELL_TEXT),
    {PJ_DIFF_TEXT, ONCE, 0, fill_precisions, {.title = "precision", .kind = PJ_CELL_TEXT, .rank = 2}},
    {FOR_PEOPLE, ONCE, 0, fill_total, {.title = "before", .kind = PJ_CELL_ENERGY}},
    {FOR_PEOPLE, ONCE, 1, fill_total, {.title = "after", .kind = PJ_CELL_ENERGY}},
    BOTH(fill_total, "total", PJ_CELL_ENERGY),
    {FOR_ALL, ONCE, 0, fill_difference, {.key = "difference", .title = "difference", .kind = PJ_CELL_ENERGY, .signs = true}},
    {FOR_ALL, ONCE, 0, fill_ratio, {.key = "ratio", .title = "ratio", .kind = PJ_CELL_RATIO}},
    {FOR_PROGRAMS, PER_FIGURE, 0, fill_figure, {.key = "_a"}},
    {FOR_PROGRAMS, PER_FIGURE, 1, fill_figure, {.key = "_b"}},
    {FOR_PROGRAMS, PER_COMPONENT, 0, fill_effect, {.key = "_by_count", .kind = PJ_CELL_ENERGY}},
    {FOR_PROGRAMS, PER_COMPONENT, 1, fill_effect, {.key = "_by_width", .kind = PJ_CELL_ENERGY}},
    {FOR_PROGRAMS, PER_COMPONENT, 2, fill_effect, {.key = "_by_price", .kind = PJ_CELL_ENERGY}},
    {FOR_PROGRAMS, ONCE, 3, fill_effect, {.key = "op_cost_by_conversion", .kind = PJ_CELL_ENERGY}},
    {PJ_DIFF_MARKDOWN | FOR_PROGRAMS, ONCE, 0, fill_reason, {.key = "reason", .title = "why", .kind = PJ_CELL_TEXT}},
};
/* clang-format on */
enum { DIFF_COLUMNS = sizeof diff_columns / sizeof *diff_columns };

/* "difference_pj", "macs_a"; CSV, which says the unit nowhere else, has "difference_relative" where that is it. */
static const char *key_of_column(const pj_diff_view *view, unsigned reader, const char *figure, const pj_column *column)
{
    const char *unit = reader == PJ_DIFF_CSV ? view->diff->b->unit : "pJ";
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", figure, column->key);
    if (column->kind == PJ_CELL_ENERGY)
        pj_str_printf(&text, "_%s", strcmp(unit, "pJ") == 0 ? "pj" : unit);
    return pj_str_keep(&text, view->arena);
}

static size_t count_figures(void)
{
    size_t count = 0;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); f; f = pj_figure_next(f, PJ_IN_COMPARISONS))
        count++;
    return count;
}

/* Columns under construction. */
typedef struct maker {
    const pj_diff_view *view;
    unsigned reader;
    pj_column *columns;
    filled_column *filled;
    size_t count;
    bool failed;
} maker;

static void add_column(maker *m, const diff_column *from, const pj_field *figure, int at)
{
    pj_column *column = &m->columns[m->count];
    *column = from->column;
    if (from->repeat == PER_FIGURE)
        column->kind = pj_figure_is_energy(figure) ? PJ_CELL_ENERGY : PJ_CELL_COUNT;
    if (column->key && (figure || column->kind == PJ_CELL_ENERGY))
        column->key = key_of_column(m->view, m->reader, figure ? figure->key : "", column);
    m->failed = m->failed || (from->column.key && !column->key);
    m->filled[m->count++] = (filled_column){from, figure, at};
}

/* Repeated columns that follow each other change with each figure: macs_a, macs_b, flops_a ... The total has columns
 * of its own. */
static void add_columns(maker *m, const diff_column *first, size_t count)
{
    int at = 0;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); f; f = pj_figure_next(f, PJ_IN_COMPARISONS)) {
        if (f == pj_figure_total() || (first->repeat == PER_COMPONENT && !pj_figure_is_energy(f)))
            continue;
        for (size_t i = 0; i < count; i++)
            add_column(m, &first[i], f, at);
        at++;
    }
}

/* The columns for this reader; *filled is how they are filled. */
static pj_rows *make_columns(const pj_diff_view *view, unsigned reader, filled_column **filled)
{
    size_t most = DIFF_COLUMNS + count_figures() * DIFF_COLUMNS;
    maker m = {view, reader, PJ_NEW(view->arena, pj_column, most), PJ_NEW(view->arena, filled_column, most), 0, false};
    for (size_t i = 0, run; m.columns && m.filled && i < DIFF_COLUMNS; i += run) {
        const diff_column *first = &diff_columns[i];
        for (run = 1; first->repeat != ONCE && i + run < DIFF_COLUMNS && first[run].repeat == first->repeat;)
            run++;
        if (first->of & reader && first->repeat == ONCE)
            add_column(&m, first, NULL, first->fill == fill_effect ? PJ_OP_COST : 0);
        else if (first->of & reader)
            add_columns(&m, first, run);
    }
    *filled = m.filled;
    pj_rows *rows = m.columns && m.filled && !m.failed ? pj_rows_new(view->arena, m.columns, m.count) : NULL;
    if (rows)
        rows->unit = view->diff->b->unit;
    return rows;
}

/* A footer with the sums of what people see; only before, after, difference and ratio are summed up. */
static void add_sum(pj_rows *rows, const filled_column *filled, const char *name, double a, double b)
{
    pj_cell *cell = pj_rows_add_footer(rows);
    for (size_t c = 0; c < rows->columns; c++) {
        if (filled[c].from->fill == fill_both_names)
            pj_cell_text(&cell[c], name);
        else if (filled[c].from->fill == fill_total)
            pj_cell_number(&cell[c], filled[c].from->side ? b : a);
        else if (filled[c].from->fill == fill_difference)
            pj_cell_number(&cell[c], b - a);
        else if (filled[c].from->fill == fill_ratio && a > 0)
            pj_cell_number(&cell[c], b / a);
    }
}

static void add_rest(const pj_diff_view *view, pj_rows *rows, const filled_column *filled, size_t to)
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
    add_sum(rows, filled, name, a, b);
}

pj_rows *pj_diff_view_rows(const pj_diff_view *view, unsigned reader, size_t from, size_t to, bool rest)
{
    filled_column *columns = NULL;
    pj_rows *rows = make_columns(view, reader, &columns);
    for (size_t i = from; rows && i < to; i++) {
        pj_cell *cell = pj_rows_add(rows);
        for (size_t c = 0; c < rows->columns; c++) {
            const diff_column *column = columns[c].from;
            filler f = {view, view->row[i], columns[c].figure, columns[c].at, column->side, false};
            column->fill(&f, &cell[c]);
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
