/* `picojoule shapes`: type and shape of every tensor. */
#include <inttypes.h>

#include "base/arena.h"
#include "report/emit.h"
#include "report/findings.h"
#include "report/shape_text.h"

void pj_shape_text(int rank, const pj_dim_info *dims, pj_str *out)
{
    bool symbolic = false;
    if (rank < 0) {
        pj_str_add_char(out, '?');
        return;
    }
    if (rank == 0)
        pj_str_add(out, "scalar");
    for (int k = 0; k < rank; k++)
        symbolic = symbolic || dims[k].symbol;
    for (int k = 0; k < rank; k++) {
        if (k)
            pj_str_add(out, symbolic ? " x " : "x");
        if (dims[k].symbol)
            pj_str_add(out, dims[k].symbol);
        else if (dims[k].value < 0)
            pj_str_add_char(out, '?');
        else
            pj_str_printf(out, "%" PRId64, dims[k].value);
    }
}

void pj_shape_json(int rank, const pj_dim_info *dims, pj_json_writer *json)
{
    if (rank < 0) {
        pj_json_write_null(json);
        return;
    }
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY_LINE);
    for (int k = 0; k < rank; k++) {
        if (dims[k].symbol)
            pj_json_write_text(json, dims[k].symbol);
        else if (dims[k].value < 0)
            pj_json_write_null(json);
        else
            pj_json_write_int(json, dims[k].value);
    }
    pj_json_write_end(json);
}

static void write_json(pj_model *model, const pj_tensor_info *tensors, size_t count, pj_str *out)
{
    size_t findings;
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&json, "tensors");
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < count; i++) {
        pj_json_write_key(&json, tensors[i].name);
        pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_write_key(&json, "dtype");
        pj_json_write_text(&json, *tensors[i].dtype ? tensors[i].dtype : NULL);
        pj_json_write_key(&json, "shape");
        pj_shape_json(tensors[i].rank, tensors[i].dims, &json);
        pj_json_write_end(&json);
    }
    pj_json_write_end(&json);
    pj_json_write_key(&json, "diagnostics");
    const pj_finding *list = pj_model_findings(model, &findings);
    out->failed = out->failed || !list;
    pj_findings_json(list, findings, &json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

/* clang-format off */
static const pj_column columns[] = {
    {.key = "name", .title = "tensor", .kind = PJ_CELL_TEXT},
    {.key = "dtype", .title = "type", .kind = PJ_CELL_TEXT},
    {.key = "shape", .title = "shape", .kind = PJ_CELL_TEXT},
    {.key = "role", .title = "role", .kind = PJ_CELL_TEXT, .rank = 1},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static const char *role_of(const pj_tensor_info *tensor)
{
    return tensor->is_initializer ? "initializer" : tensor->is_input ? "input" : tensor->is_output ? "output" : NULL;
}

static pj_rows *rows_of(const pj_tensor_info *tensors, size_t count, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    pj_str text = pj_str_new(0);
    for (size_t i = 0; rows && i < count; i++) {
        pj_cell *cell = pj_rows_add(rows);
        pj_str_clear(&text);
        if (tensors[i].is_tensor)
            pj_shape_text(tensors[i].rank, tensors[i].dims, &text);
        pj_cell_text(&cell[0], tensors[i].name);
        pj_cell_text(&cell[1], *tensors[i].dtype ? tensors[i].dtype : "?");
        pj_cell_text(&cell[2], pj_arena_strdup(arena, text.data));
        pj_cell_text(&cell[3], role_of(&tensors[i]));
        rows->failed = rows->failed || text.failed || !cell[2].text;
    }
    pj_str_free(&text);
    return rows && !rows->failed ? rows : NULL;
}

static void write_text(pj_model *model, const pj_rows *rows, const pj_text_style *style, pj_arena *arena, pj_str *out)
{
    size_t count;
    const pj_finding *findings = pj_model_findings(model, &count);
    out->failed = out->failed || !findings;
    pj_rows_text(rows, style, 0, out);
    if (count)
        pj_str_add(out, "\nAssumed or not known\n");
    pj_findings_text(findings, count, style, arena, out);
}

pj_status pj_shapes_write(pj_model *model, const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    pj_output output;
    size_t count;
    PJ_TRY(pj_output_of(options, &output, err));
    const pj_tensor_info *tensors = pj_model_tensors(model, &count);
    pj_arena *arena = tensors ? pj_arena_new(0) : NULL;
    pj_rows *rows = arena ? rows_of(tensors, count, arena) : NULL;
    pj_text_style style = pj_style_of(options);
    pj_str text = pj_str_new(0);
    text.failed = !rows;
    switch (output) {
    case PJ_OUTPUT_JSON:
        write_json(model, tensors, text.failed ? 0 : count, &text);
        break;
    case PJ_OUTPUT_TEXT:
        if (rows)
            write_text(model, rows, &style, arena, &text);
        break;
    case PJ_OUTPUT_CSV:
        if (rows)
            pj_rows_csv(rows, &text);
        break;
    case PJ_OUTPUT_MARKDOWN:
        if (rows)
            pj_rows_markdown(rows, &text);
        break;
    }
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
}
