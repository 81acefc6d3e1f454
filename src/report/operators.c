/* `picojoule ops`: the operator table. */
#include "page/page.h"

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

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    (void)input;
    pj_rows *rows = pj_rows_new(arena, columns, sizeof columns / sizeof *columns);
    if (rows)
        pj_operators(add_operator, rows);
    return rows;
}

/* In Markdown: docs/operators.md. */
static void page_of(const void *input, pj_page *page)
{
    const pj_rows *rows = table_of(input, page->arena);
    page->in = PJ_IN_MARKDOWN;
    pj_page_printf(
        page, PJ_BLOCK_RAW,
        "# Operators\n\n<!-- made by `picojoule ops --markdown`; a test compares -->\n\n"
        "%zu rows, family by family: each is a file of `src/ops/`. *Since* is the first version of the\n"
        "domain that the rules hold for. *Shape*: types and shapes of the outputs are inferred. *Value*:\n"
        "contents of small tensors are computed, where shapes depend on them. *Work*: what one run computes\n"
        "is counted; without it an operator is uncounted, and the report says so.\n",
        rows ? rows->count : 0);
    page->in = PJ_IN_ALL;
    pj_page_table(page, rows, 0);
}

pj_status pj_operators_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .list = "operators"};
    return pj_tell(&pieces, NULL, options, sink, payload, err);
}
