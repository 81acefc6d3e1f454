/* CSV: the table of a report, for programs. Its cells become those of a sheet (columns/sheet.h). */
#include "columns/sheet.h"
#include "page/page.h"

static pj_sheet_kind kind_of(pj_cell_kind kind)
{
    switch (kind) {
    case PJ_CELL_TEXT:
        return PJ_SHEET_TEXT;
    case PJ_CELL_COUNT:
    case PJ_CELL_EXACT:
        return PJ_SHEET_INT;
    case PJ_CELL_FLAG:
        return PJ_SHEET_FLAG;
    case PJ_CELL_NUMBER:
    case PJ_CELL_ENERGY:
    case PJ_CELL_TIME:
    case PJ_CELL_SHARE:
    case PJ_CELL_RATIO:
        break;
    }
    return PJ_SHEET_REAL;
}

static void add_cell(pj_sheet *sheet, size_t column, const pj_cell *cell)
{
    pj_str clean = pj_str_new(0);
    if (cell->state != PJ_CELL_GIVEN)
        return;
    switch (sheet->column[column].kind) {
    case PJ_SHEET_TEXT:
        pj_text_clean(&clean, cell->text);
        pj_sheet_text(sheet, column, clean.data);
        sheet->failed = sheet->failed || clean.failed;
        pj_str_free(&clean);
        break;
    case PJ_SHEET_INT:
        pj_sheet_int(sheet, column, cell->count);
        break;
    case PJ_SHEET_FLAG:
        pj_sheet_flag(sheet, column, cell->flag);
        break;
    case PJ_SHEET_REAL:
        pj_sheet_real(sheet, column, cell->number);
        break;
    }
}

static bool append(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return !((pj_str *)payload)->failed;
}

/* Columns that have a key. */
static size_t list_columns(const pj_rows *rows, pj_sheet_column *out)
{
    size_t count = 0;
    for (size_t c = 0; c < rows->columns; c++)
        if (rows->column[c].key)
            out[count++] = (pj_sheet_column){rows->column[c].key, kind_of(rows->column[c].kind), true};
    return count;
}

void pj_rows_csv(const pj_rows *rows, pj_str *out)
{
    pj_sheet_column *columns = PJ_NEW(rows->arena, pj_sheet_column, rows->columns);
    size_t count = columns ? list_columns(rows, columns) : 0;
    pj_sheet *sheet = columns ? pj_sheet_new(&pj_sheet_csv, columns, count, append, out) : NULL;
    pj_status status = sheet ? PJ_OK : PJ_ENOMEM;
    for (size_t r = 0; r < rows->count - rows->footers && status == PJ_OK; r++) {
        size_t at = 0;
        for (size_t c = 0; c < rows->columns; c++)
            if (rows->column[c].key)
                add_cell(sheet, at++, &rows->row[r][c]);
        status = pj_sheet_row(sheet, NULL);
    }
    if (status == PJ_OK)
        status = pj_sheet_end(sheet, NULL);
    if (status != PJ_OK)
        out->failed = out->no_memory = true;
    pj_sheet_free(sheet);
}

void pj_write_csv(const pj_telling *t, pj_str *out)
{
    const pj_rows *rows = t->pieces->table(t->input, t->arena);
    if (rows && !rows->failed)
        pj_rows_csv(rows, out);
    else
        out->failed = true;
}
