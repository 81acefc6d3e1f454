/* The neutral table: filling it, and its two plain writers. */
#include "report/rows.h"

#include <inttypes.h>
#include <string.h>

pj_rows *pj_rows_new(pj_arena *arena, const pj_column *column, size_t columns)
{
    pj_rows *rows = PJ_NEW(arena, pj_rows, 1);
    if (!rows)
        return NULL;
    rows->arena = arena;
    rows->column = column;
    rows->columns = columns;
    rows->unit = "pJ";
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

/* ---- CSV: RFC 4180 ---- */

static void csv_text(pj_str *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        pj_str_add(out, text);
        return;
    }
    pj_str_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            pj_str_add_char(out, '"');
        pj_str_add_char(out, *text);
    }
    pj_str_add_char(out, '"');
}

static void csv_cell(pj_str *out, const pj_cell *cell, pj_cell_kind kind)
{
    if (cell->state != PJ_CELL_GIVEN)
        return;
    switch (kind) {
    case PJ_CELL_TEXT:
        csv_text(out, cell->text);
        break;
    case PJ_CELL_COUNT:
    case PJ_CELL_EXACT:
        pj_str_printf(out, "%" PRId64, cell->count);
        break;
    case PJ_CELL_FLAG:
        pj_str_add(out, cell->flag ? "true" : "false");
        break;
    case PJ_CELL_NUMBER:
    case PJ_CELL_ENERGY:
    case PJ_CELL_TIME:
    case PJ_CELL_SHARE:
    case PJ_CELL_RATIO:
        pj_str_add_double(out, cell->number);
        break;
    }
}

/* One line: the header where `cells` is NULL. */
static void csv_line(const pj_rows *rows, const pj_cell *cells, pj_str *out)
{
    bool first = true;
    for (size_t c = 0; c < rows->columns; c++) {
        const pj_column *column = &rows->column[c];
        if (!column->key)
            continue;
        if (!first)
            pj_str_add_char(out, ',');
        first = false;
        if (cells)
            csv_cell(out, &cells[c], column->kind);
        else
            csv_text(out, column->key);
    }
    pj_str_add(out, "\r\n");
}

void pj_rows_csv(const pj_rows *rows, pj_str *out)
{
    csv_line(rows, NULL, out);
    for (size_t r = 0; r < rows->count - rows->footers; r++)
        csv_line(rows, rows->row[r], out);
}

/* ---- JSON ---- */

static void json_cell(pj_json_writer *json, const pj_cell *cell, pj_cell_kind kind)
{
    if (cell->state != PJ_CELL_GIVEN) {
        pj_json_write_null(json);
        return;
    }
    switch (kind) {
    case PJ_CELL_TEXT:
        pj_json_write_text(json, cell->text);
        break;
    case PJ_CELL_COUNT:
    case PJ_CELL_EXACT:
        pj_json_write_int(json, cell->count);
        break;
    case PJ_CELL_FLAG:
        pj_json_write_bool(json, cell->flag);
        break;
    case PJ_CELL_NUMBER:
    case PJ_CELL_ENERGY:
    case PJ_CELL_TIME:
    case PJ_CELL_SHARE:
    case PJ_CELL_RATIO:
        pj_json_write_double(json, cell->number);
        break;
    }
}

void pj_rows_json(const pj_rows *rows, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t r = 0; r < rows->count - rows->footers; r++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        for (size_t c = 0; c < rows->columns; c++) {
            if (!rows->column[c].key || rows->row[r][c].state == PJ_CELL_ABSENT)
                continue;
            pj_json_write_key(json, rows->column[c].key);
            json_cell(json, &rows->row[r][c], rows->column[c].kind);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
