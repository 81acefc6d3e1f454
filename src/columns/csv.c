/* CSV (RFC 4180). */
#include "columns/sheet.h"

/* What a spreadsheet would take for a formula gets an apostrophe before it. */
static void add_text(pj_str *out, const char *text)
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

static void add_cell(pj_str *out, const pj_sheet_cells *cells, pj_sheet_kind kind, size_t row)
{
    double real;
    if (!cells->there[row])
        return;
    switch (kind) {
    case PJ_SHEET_INT:
        pj_str_printf(out, "%" PRId64, (int64_t)cells->value[row]);
        break;
    case PJ_SHEET_REAL:
        memcpy(&real, &cells->value[row], sizeof real);
        pj_str_add_double(out, real);
        break;
    case PJ_SHEET_FLAG:
        pj_str_add(out, cells->value[row] ? "true" : "false");
        break;
    case PJ_SHEET_TEXT:
        add_text(out, cells->word[cells->value[row]]);
        break;
    }
}

static pj_status put(pj_sheet *sheet, pj_str *text, pj_error *err)
{
    pj_status status = pj_sheet_put(sheet, text, err);
    pj_str_free(text);
    return status;
}

static pj_status begin(pj_sheet *sheet, pj_error *err)
{
    pj_str text = pj_str_new(0);
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_str_add(&text, c ? "," : "");
        add_text(&text, sheet->column[c].name);
    }
    pj_str_add(&text, "\r\n");
    return put(sheet, &text, err);
}

static pj_status group(pj_sheet *sheet, pj_error *err)
{
    pj_str text = pj_str_new(0);
    for (size_t r = 0; r < sheet->held; r++) {
        for (size_t c = 0; c < sheet->columns; c++) {
            pj_str_add(&text, c ? "," : "");
            add_cell(&text, &sheet->cells[c], sheet->column[c].kind, r);
        }
        pj_str_add(&text, "\r\n");
    }
    return put(sheet, &text, err);
}

static pj_status end(pj_sheet *sheet, pj_error *err)
{
    (void)sheet, (void)err;
    return PJ_OK;
}

const pj_sheet_writer pj_sheet_csv = {begin, group, end};
