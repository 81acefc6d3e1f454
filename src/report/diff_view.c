/* The tables of a comparison: its layers, its totals, its causes. */
#include "report/diff_view.h"

#include "report/layer_text.h"
#include "report/view.h"
#include "result/field.h"
#include "result/result.h"

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

void pj_diff_view_name(const pj_diff_row *row, pj_str *out)
{
    pj_str_add(out, row->b ? row->b->name : row->a->name);
    if (row->renamed)
        pj_str_printf(out, " (was %s)", row->a->name);
}

static void print_name(const pj_layer *layer, pj_str *out)
{
    pj_str_add(out, layer->name);
}

static void print_shape(const pj_layer *layer, pj_str *out)
{
    if (layer->rank >= 0)
        pj_shape_text(layer->rank, layer->dims, out);
}

/* "Conv", "Conv -> QLinearConv" of what `print` says of both sides, or of the one that there is. */
static void put_both(const pj_layer *a, const pj_layer *b, void (*print)(const pj_layer *layer, pj_str *out),
                     pj_cell *cell, pj_rows *rows)
{
    pj_str text = pj_str_new(0), other = pj_str_new(0);
    if (a)
        print(a, &text);
    if (b)
        print(b, &other);
    if (b && (!a || strcmp(text.data, other.data) != 0)) {
        pj_str_add(&text, a ? " -> " : "");
        pj_str_add(&text, other.data);
    }
    rows->failed = rows->failed || other.failed;
    pj_str_free(&other);
    pj_cell_made(cell, rows, &text);
}

static void put_figure(const pj_field *figure, const pj_layer *layer, pj_cell *cell)
{
    double value = pj_figure_value(figure, PJ_OF_LAYER, layer);
    if (pj_figure_is_energy(figure))
        pj_cell_number(cell, value);
    else
        pj_cell_count(cell, pj_count_of(value));
}

static void put_total(const pj_diff_row *row, const pj_layer *layer, pj_cell *cell)
{
    if (layer && !layer->counted && !layer->free)
        pj_cell_unknown(cell);
    else if (layer)
        pj_cell_number(cell, layer == row->b ? row->energy_b : row->energy_a);
}

enum { FOR_PEOPLE = PJ_DIFF_TEXT | PJ_DIFF_MARKDOWN, FOR_PROGRAMS = PJ_DIFF_CSV | PJ_DIFF_JSON, FOR_ALL = 15 };

/* What a cell is of. */
typedef enum source {
    OF_CHANGE,
    OF_NAMES,
    OF_TOTAL,
    OF_DIFFERENCE,
    OF_RATIO,
    OF_REASON,
    OF_TEXT,  /* what `print` says of one side */
    OF_TEXTS, /* ... of both */
    OF_FIGURE,
    OF_EFFECT
} source;

typedef struct cells {
    source source;
    int at; /* the side, 0 for A, 1 for B; the component of an effect */
    void (*print)(const pj_layer *layer, pj_str *out);
    const pj_field *figure;
} cells;

typedef struct diff_column {
    unsigned of;
    cells cells;
    pj_column column;
} diff_column;

/* Keys of energies get their unit. Columns of a higher rank leave a narrow terminal first. */
/* clang-format off */
#define TEXTS(print, name) \
    {FOR_PROGRAMS, {OF_TEXT, 0, print, NULL}, {.key = name "_a", .kind = PJ_CELL_TEXT}}, \
    {FOR_PROGRAMS, {OF_TEXT, 1, print, NULL}, {.key = name "_b", .kind = PJ_CELL_TEXT}}
static const diff_column columns[] = {
    {FOR_ALL, {.source = OF_CHANGE}, {.key = "change", .title = "", .kind = PJ_CELL_TEXT}},
    TEXTS(print_name, "name"),
    {FOR_PEOPLE, {.source = OF_NAMES}, {.title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 22}},
    TEXTS(pj_op_text, "op"),
    {FOR_PEOPLE, {OF_TEXTS, 0, pj_op_text, NULL}, {.title = "op", .kind = PJ_CELL_TEXT, .wish = 11, .least = 7, .rank = 2}},
    TEXTS(print_shape, "output_shape"),
    TEXTS(pj_precision_text, "precision"),
    {PJ_DIFF_TEXT, {OF_TEXTS, 0, pj_precision_text, NULL}, {.title = "precision", .kind = PJ_CELL_TEXT, .rank = 3}},
    {FOR_PEOPLE, {OF_TOTAL, 0, NULL, NULL}, {.title = "before", .kind = PJ_CELL_ENERGY}},
    {FOR_PEOPLE, {OF_TOTAL, 1, NULL, NULL}, {.title = "after", .kind = PJ_CELL_ENERGY}},
    {FOR_PROGRAMS, {OF_TOTAL, 0, NULL, NULL}, {.key = "total_a", .kind = PJ_CELL_ENERGY}},
    {FOR_PROGRAMS, {OF_TOTAL, 1, NULL, NULL}, {.key = "total_b", .kind = PJ_CELL_ENERGY}},
    {FOR_ALL, {.source = OF_DIFFERENCE}, {.key = "difference", .title = "difference", .kind = PJ_CELL_ENERGY, .signs = true}},
    {FOR_ALL, {.source = OF_RATIO}, {.key = "ratio", .title = "ratio", .kind = PJ_CELL_RATIO}},
};

/* Of each figure; of each component; then the rest. */
static const pj_column side_columns[] = {{.key = "_a"}, {.key = "_b"}};
static const pj_column effect_columns[] = {
    {PJ_MEMBER(pj_effect, by_count), .key = "_by_count", .kind = PJ_CELL_ENERGY},
    {PJ_MEMBER(pj_effect, by_width), .key = "_by_width", .kind = PJ_CELL_ENERGY},
    {PJ_MEMBER(pj_effect, by_price), .key = "_by_price", .kind = PJ_CELL_ENERGY},
};
static const pj_column conversion_column =
    {PJ_MEMBER(pj_effect, by_conversion), .key = "op_cost_by_conversion", .kind = PJ_CELL_ENERGY};
static const pj_column reason_column =
    {PJ_MEMBER(pj_diff_row, reason), .key = "reason", .title = "why", .kind = PJ_CELL_TEXT, .no_empty = true};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns, EFFECTS = sizeof effect_columns / sizeof *effect_columns };

/* Columns under construction; cells[c] tells how column c is filled. */
typedef struct maker {
    pj_arena *arena;
    const char *unit; /* in keys */
    pj_column *columns;
    cells *cells;
    size_t count;
} maker;

static void add_column(maker *m, cells from, const pj_column *column)
{
    pj_column *to = &m->columns[m->count];
    pj_str key = pj_str_new(0);
    *to = *column;
    if (from.source == OF_FIGURE)
        to->kind = pj_figure_is_energy(from.figure) ? PJ_CELL_ENERGY : PJ_CELL_COUNT;
    pj_str_printf(&key, "%s%s", from.figure ? from.figure->key : "", column->key ? column->key : "");
    if (to->kind == PJ_CELL_ENERGY)
        pj_str_printf(&key, "_%s", strcmp(m->unit, "pJ") == 0 ? "pj" : m->unit);
    if (to->key)
        to->key = pj_str_keep(&key, m->arena);
    pj_str_free(&key);
    m->cells[m->count++] = from;
}

/* The total has columns of its own. */
static const pj_field *next_figure(const pj_field *after)
{
    const pj_field *figure = pj_figure_next(after, PJ_IN_COMPARISONS);
    return figure == pj_figure_total() ? pj_figure_next(figure, PJ_IN_COMPARISONS) : figure;
}

static void add_figures(maker *m)
{
    int component = 0;
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f))
        for (int side = 0; side < 2; side++)
            add_column(m, (cells){OF_FIGURE, side, NULL, f}, &side_columns[side]);
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f)) {
        if (!pj_figure_is_energy(f))
            continue;
        for (int e = 0; e < EFFECTS; e++)
            add_column(m, (cells){OF_EFFECT, component, NULL, f}, &effect_columns[e]);
        component++;
    }
    add_column(m, (cells){.source = OF_EFFECT, .at = PJ_OP_COST}, &conversion_column);
}

/* CSV says the unit nowhere else, so its keys have it. */
static pj_rows *make_columns(const pj_diff_view *view, unsigned reader, cells **filled)
{
    size_t most = COLUMNS + 2;
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f))
        most += 2 + EFFECTS;
    maker m = {view->arena, reader == PJ_DIFF_CSV ? view->diff->b->unit : "pJ", PJ_NEW(view->arena, pj_column, most),
               PJ_NEW(view->arena, cells, most), 0};
    if (!m.columns || !m.cells)
        return NULL;
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].of & reader)
            add_column(&m, columns[i].cells, &columns[i].column);
    if (reader & FOR_PROGRAMS)
        add_figures(&m);
    if (reader != PJ_DIFF_TEXT)
        add_column(&m, (cells){.source = OF_REASON}, &reason_column);
    *filled = m.cells;
    pj_rows *rows = pj_arena_failed(view->arena) ? NULL : pj_rows_new(view->arena, m.columns, m.count);
    if (rows)
        rows->unit = view->diff->b->unit;
    return rows;
}

static void fill(const cells *from, const pj_diff_row *row, const pj_column *column, pj_cell *cell, pj_rows *rows)
{
    static const char *const changes[] = {"same", "changed", "renamed", "added", "removed"};
    const pj_layer *layer = from->at ? row->b : row->a;
    pj_str text = pj_str_new(0);
    switch (from->source) {
    case OF_CHANGE:
        pj_cell_text(cell, changes[row->change]);
        break;
    case OF_NAMES:
        pj_diff_view_name(row, &text);
        pj_cell_made(cell, rows, &text);
        break;
    case OF_TOTAL:
        put_total(row, layer, cell);
        break;
    case OF_DIFFERENCE:
        pj_cell_number(cell, row->energy_b - row->energy_a);
        break;
    case OF_RATIO:
        if (row->a && row->b && row->energy_a > 0)
            pj_cell_number(cell, row->energy_b / row->energy_a);
        break;
    case OF_REASON:
        pj_cell_member(cell, column, row);
        break;
    case OF_TEXT:
        put_both(layer, NULL, from->print, cell, rows);
        break;
    case OF_TEXTS:
        put_both(row->a, row->b, from->print, cell, rows);
        break;
    case OF_FIGURE:
        if (layer)
            put_figure(from->figure, layer, cell);
        break;
    case OF_EFFECT:
        if (row->a && row->b)
            pj_cell_member(cell, column, &row->effect[from->at]);
        break;
    }
}

/* A footer with the sums of what people see; only before, after, difference and ratio are summed up. */
static void add_sum(pj_rows *rows, const cells *filled, const char *name, double a, double b)
{
    pj_cell *cell = pj_rows_add_footer(rows);
    for (size_t c = 0; c < rows->columns; c++) {
        if (filled[c].source == OF_NAMES)
            pj_cell_text(&cell[c], name);
        else if (filled[c].source == OF_TOTAL)
            pj_cell_number(&cell[c], filled[c].at ? b : a);
        else if (filled[c].source == OF_DIFFERENCE)
            pj_cell_number(&cell[c], b - a);
        else if (filled[c].source == OF_RATIO && a > 0)
            pj_cell_number(&cell[c], b / a);
    }
}

static void add_rest(const pj_diff_view *view, pj_rows *rows, const cells *filled, size_t to)
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
    cells *filled = NULL;
    pj_rows *rows = make_columns(view, reader, &filled);
    for (size_t i = from; rows && i < to; i++) {
        pj_cell *cell = pj_rows_add(rows);
        for (size_t c = 0; c < rows->columns; c++)
            fill(&filled[c], view->row[i], &rows->column[c], &cell[c], rows);
    }
    if (rows && rest && to < view->count)
        add_rest(view, rows, filled, to);
    if (rows && rest)
        add_sum(rows, filled, "total", pj_energy_total(&view->diff->a->totals.energy),
                pj_energy_total(&view->diff->b->totals.energy));
    return rows && !rows->failed ? rows : NULL;
}
