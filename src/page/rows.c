/* The neutral table: filling it, and its cells as a person reads them. */
#include "page/rows.h"

pj_rows *pj_rows_new(pj_arena *arena, const pj_column *column, size_t columns)
{
    pj_rows *rows = PJ_NEW(arena, pj_rows, 1);
    if (!rows)
        return NULL;
    rows->arena = arena;
    rows->column = column;
    rows->columns = columns;
    rows->unit = "pJ";
    rows->how = "--width";
    /* where cells go that find no memory */
    rows->capacity = 16;
    rows->row = PJ_NEW(arena, pj_cell *, rows->capacity + 1);
    pj_cell *spill = PJ_NEW(arena, pj_cell, columns);
    if (!rows->row || !spill)
        return NULL;
    rows->row[rows->capacity] = spill;
    return rows;
}

static bool grow(pj_rows *rows)
{
    if (rows->count < rows->capacity)
        return true;
    size_t capacity = rows->capacity * 2;
    pj_cell **row = PJ_NEW(rows->arena, pj_cell *, capacity + 1);
    if (!row)
        return false;
    for (size_t i = 0; i < rows->count; i++)
        row[i] = rows->row[i];
    row[capacity] = rows->row[rows->capacity];
    rows->row = row;
    rows->capacity = capacity;
    return true;
}

pj_cell *pj_rows_add(pj_rows *rows)
{
    pj_cell *cells = grow(rows) ? PJ_NEW(rows->arena, pj_cell, rows->columns) : NULL;
    if (!cells) {
        rows->failed = true;
        return rows->row[rows->capacity];
    }
    rows->row[rows->count++] = cells;
    return cells;
}

static bool is_missing(const pj_column *column, const pj_cell *cell)
{
    switch (column->kind) {
    case PJ_CELL_TEXT:
        return !cell->text || (column->no_empty && !*cell->text);
    case PJ_CELL_COUNT:
    case PJ_CELL_EXACT:
        return column->from_zero && cell->count < 0;
    case PJ_CELL_FLAG:
        return false;
    case PJ_CELL_NUMBER:
    case PJ_CELL_ENERGY:
    case PJ_CELL_TIME:
    case PJ_CELL_SHARE:
    case PJ_CELL_RATIO:
        break;
    }
    return !isfinite(cell->number) || (column->from_zero && cell->number < 0);
}

void pj_cell_member(pj_cell *cell, const pj_column *column, const void *item)
{
    const char *at = (const char *)item + column->at;
    int32_t small;
    cell->state = PJ_CELL_GIVEN;
    if (column->kind == PJ_CELL_FLAG) {
        memcpy(&cell->flag, at, sizeof cell->flag);
    } else if (column->size == sizeof small && column->kind != PJ_CELL_TEXT) {
        memcpy(&small, at, sizeof small);
        cell->count = small;
    } else {
        memcpy(&cell->count, at, column->size);
    }
    if (is_missing(column, cell))
        cell->state = column->or_unknown ? PJ_CELL_UNKNOWN : PJ_CELL_ABSENT;
}

pj_cell *pj_rows_add_of(pj_rows *rows, const void *item)
{
    pj_cell *cells = pj_rows_add(rows);
    for (size_t c = 0; c < rows->columns; c++)
        if (rows->column[c].size)
            pj_cell_member(&cells[c], &rows->column[c], item);
    return cells;
}

pj_rows *pj_rows_of(pj_arena *arena, const pj_column *column, size_t columns, const void *items, size_t count,
                    size_t size)
{
    pj_rows *rows = pj_rows_new(arena, column, columns);
    for (size_t i = 0; rows && i < count; i++)
        pj_rows_add_of(rows, (const char *)items + i * size);
    return rows;
}

pj_cell *pj_rows_add_footer(pj_rows *rows)
{
    size_t before = rows->count;
    pj_cell *cells = pj_rows_add(rows);
    rows->footers += rows->count - before;
    return cells;
}

void pj_cell_text(pj_cell *cell, const char *text)
{
    cell->state = text ? PJ_CELL_GIVEN : PJ_CELL_ABSENT;
    cell->text = text;
}

void pj_cell_made(pj_cell *cell, pj_rows *rows, pj_str *text)
{
    const char *kept = pj_str_keep(text, rows->arena);
    rows->failed = rows->failed || !kept;
    pj_cell_text(cell, kept && *kept ? kept : NULL);
}

void pj_cell_count(pj_cell *cell, int64_t count)
{
    cell->state = PJ_CELL_GIVEN;
    cell->count = count;
}

void pj_cell_number(pj_cell *cell, double number)
{
    cell->state = PJ_CELL_GIVEN;
    cell->number = number;
}

void pj_cell_flag(pj_cell *cell, bool flag)
{
    cell->state = PJ_CELL_GIVEN;
    cell->flag = flag;
}

void pj_cell_unknown(pj_cell *cell)
{
    cell->state = PJ_CELL_UNKNOWN;
}

const char *pj_rows_remark(const pj_rows *rows)
{
    return strcmp(rows->unit, "relative") == 0 ? " (energies are relative)" : "";
}

void pj_cell_print(const pj_cell *cell, const pj_column *column, const char *unit, pj_str *out)
{
    if (cell->state == PJ_CELL_UNKNOWN)
        pj_str_add_char(out, '?');
    if (cell->state != PJ_CELL_GIVEN)
        return;
    if (cell->at_least)
        pj_str_add(out, ">= ");
    switch (column->kind) {
    case PJ_CELL_TEXT:
        pj_text_clean(out, cell->text);
        break;
    case PJ_CELL_COUNT:
        pj_brief_count(out, cell->count);
        break;
    case PJ_CELL_EXACT:
        pj_str_printf(out, "%" PRId64, cell->count);
        break;
    case PJ_CELL_NUMBER:
        pj_str_add_double(out, cell->number);
        break;
    case PJ_CELL_ENERGY:
        pj_str_add(out, column->signs && cell->number > 0 ? "+" : "");
        pj_brief_energy(out, cell->number, unit);
        break;
    case PJ_CELL_TIME:
        pj_str_add(out, column->signs && cell->number > 0 ? "+" : "");
        pj_brief_time(out, cell->number);
        break;
    case PJ_CELL_SHARE:
        if (cell->number == 1)
            pj_str_add(out, "100 %");
        else
            pj_human_share(out, cell->number);
        break;
    case PJ_CELL_RATIO:
        pj_str_add_ratio(out, cell->number);
        break;
    case PJ_CELL_FLAG:
        pj_str_add(out, cell->flag ? "yes" : "-");
        break;
    }
}

bool pj_column_is_left(const pj_column *column)
{
    return column->kind == PJ_CELL_TEXT || column->kind == PJ_CELL_FLAG;
}
