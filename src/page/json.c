/* JSON: the document of a report that has one of its own, else its table as the one member of an object. */
#include "page/page.h"

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

void pj_members_json(const pj_column *columns, size_t count, const void *item, pj_json_writer *json)
{
    for (size_t c = 0; c < count; c++) {
        pj_cell cell;
        pj_cell_member(&cell, &columns[c], item);
        if (cell.state == PJ_CELL_ABSENT)
            continue;
        pj_json_write_key(json, columns[c].key);
        json_cell(json, &cell, columns[c].kind);
    }
}

void pj_rows_json(const pj_rows *rows, pj_json_writer *json)
{
    json->out->failed = json->out->failed || !rows || rows->failed;
    if (json->out->failed)
        return;
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

void pj_write_json(const pj_telling *t, pj_str *out)
{
    const pj_pieces *pieces = t->pieces;
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    if (pieces->json) {
        pieces->json(t->input, t->arena, &json);
    } else {
        pj_json_write_key(&json, pieces->list);
        pj_rows_json(pieces->table(t->input, t->arena), &json);
    }
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}
