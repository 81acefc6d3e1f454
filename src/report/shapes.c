/* `picojoule shapes`: type and shape of every tensor. */
#include "report/findings.h"
#include "report/layer_text.h"

/* What is shown of a model. */
typedef struct shapes {
    const pj_tensor_info *tensors;
    size_t count;
    const pj_finding *findings;
    size_t finding_count;
} shapes;

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

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const shapes *in = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < in->count; i++) {
        const pj_tensor_info *tensor = &in->tensors[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_str text = pj_str_new(0);
        if (tensor->is_tensor)
            pj_shape_text(tensor->rank, tensor->dims, &text);
        pj_cell_text(&cell[0], tensor->name);
        pj_cell_text(&cell[1], *tensor->dtype ? tensor->dtype : "?");
        pj_cell_made(&cell[2], rows, &text);
        pj_cell_text(&cell[3], role_of(tensor));
    }
    return rows;
}

static void page_of(const void *input, pj_page *page)
{
    const shapes *in = input;
    pj_page_table(page, table_of(in, page->arena), 0);
    page->wanted &= PJ_IN_TEXT;
    pj_findings_section(in->findings, in->finding_count, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const shapes *in = input;
    (void)arena;
    pj_json_put_begin(json, "tensors", PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < in->count; i++) {
        const pj_tensor_info *tensor = &in->tensors[i];
        pj_json_put_begin(json, tensor->name, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "dtype", *tensor->dtype ? tensor->dtype : NULL);
        pj_json_write_key(json, "shape");
        pj_shape_json(tensor->rank, tensor->dims, json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_findings_json(in->findings, in->finding_count, json);
}

pj_status pj_shapes_write(pj_model *model, const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    shapes in;
    in.tensors = pj_model_tensors(model, &in.count);
    in.findings = pj_model_findings(model, &in.finding_count);
    PJ_TRY(pj_got(in.tensors && in.findings, err));
    return pj_tell(&pieces, &in, options, sink, payload, err);
}
