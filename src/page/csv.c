/* CSV (RFC 4180): the table of a report, for programs. */
#include "page/page.h"

/* A clean text. What a spreadsheet would take for a formula gets an apostrophe before it. */
static void csv_text(pj_str *out, const char *text)
{
    bool formula = *text == '=' || *text == '+' || *text == '@' || (*text == '-' && text[1] != '-');
    bool plain = !text[strcspn(text, ",\"\r\n")];
    pj_str_add(out, plain ? "" : "\"");
    pj_str_add(out, formula ? "'" : "");
    if (plain) {
        pj_str_add(out, text);
        return;
    }
    for (; *text; text++) {
        if (*text == '"')
            pj_str_add_char(out, '"');
        pj_str_add_char(out, *text);
    }
    pj_str_add_char(out, '"');
}

static void csv_cell(pj_str *out, const pj_cell *cell, pj_cell_kind kind)
{
    pj_str clean = pj_str_new(0);
    if (cell->state != PJ_CELL_GIVEN)
        return;
    switch (kind) {
    case PJ_CELL_TEXT:
        pj_text_clean(&clean, cell->text);
        csv_text(out, clean.data);
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
    pj_str_fail_as(out, &clean);
    pj_str_free(&clean);
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

void pj_write_csv(const pj_telling *t, pj_str *out)
{
    const pj_rows *rows = t->pieces->table(t->input, t->arena);
    if (rows && !rows->failed)
        pj_rows_csv(rows, out);
    else
        out->failed = true;
}
