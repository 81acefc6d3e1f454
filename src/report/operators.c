/* `picojoule ops`: the operator table. */
#include <string.h>

#include "report/figures.h"

static const pj_column columns[] = {
    {.key = "op",     .title = "operator", .kind = PJ_CELL_TEXT },
    {.key = "domain", .title = "domain",   .kind = PJ_CELL_TEXT },
    {.key = "since",  .title = "since",    .kind = PJ_CELL_COUNT},
    {.key = "shape",  .title = "shape",    .kind = PJ_CELL_FLAG },
    {.key = "value",  .title = "value",    .kind = PJ_CELL_FLAG },
    {.key = "work",   .title = "work",     .kind = PJ_CELL_FLAG },
    {.key = "family", .title = "family",   .kind = PJ_CELL_TEXT },
};

static void add_operator(const pj_operator_info *info, void *payload)
{
    pj_rows *rows = payload;
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], info->op);
    pj_cell_text(&cell[1], *info->domain ? info->domain : "ai.onnx");
    pj_cell_count(&cell[2], info->since);
    pj_cell_flag(&cell[3], info->shape);
    pj_cell_flag(&cell[4], info->value);
    pj_cell_flag(&cell[5], info->work);
    pj_cell_text(&cell[6], info->family);
}

/* docs/operators.md */
static pj_status write_markdown(const pj_rows *rows, pj_sink sink, void *payload, pj_error *err)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text,
                  "# Operators\n\n<!-- made by `picojoule ops --markdown`; a test compares -->\n\n"
                  "%zu rows, family by family: each is a file of `src/ops/`. *Since* is the first version of the\n"
                  "domain that the rules hold for. *Shape*: types and shapes of the outputs are inferred. *Value*:\n"
                  "contents of small tensors are computed, where shapes depend on them. *Work*: what one run computes\n"
                  "is counted; without it an operator is uncounted, and the report says so.\n\n",
                  rows->count);
    pj_rows_markdown(rows, &text);
    return pj_emit(&text, sink, payload, err);
}

pj_status pj_operators_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    pj_output output;
    PJ_TRY(pj_output_of(options, &output, err));
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = arena ? pj_rows_new(arena, columns, sizeof columns / sizeof *columns) : NULL;
    if (rows)
        pj_operators(add_operator, rows);
    pj_status status = !rows || rows->failed          ? pj_fail_memory(err)
                       : output == PJ_OUTPUT_MARKDOWN ? write_markdown(rows, sink, payload, err)
                                                      : pj_list_write("operators", rows, options, sink, payload, err);
    pj_arena_free(arena);
    return status;
}
