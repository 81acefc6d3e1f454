/* Ranges of tensors: what was run, and what plans and apply read. */
#include "evaluate/bench.h"
#include "page/say.h"
#include "picojoule/version.h"
#include "report/evaluated.h"

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_tensor_range, tensor), .key = "tensor", .title = "tensor", .kind = PJ_CELL_TEXT, .wish = 48, .least = 16},
    {PJ_MEMBER(pj_tensor_range, min), .key = "min", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_tensor_range, max), .key = "max", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_tensor_range, rms), .key = "rms", .kind = PJ_CELL_NUMBER},
    {.title = "min", .kind = PJ_CELL_TEXT},
    {.title = "max", .kind = PJ_CELL_TEXT},
    {.title = "rms", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_tensor_range, numbers), .key = "numbers", .title = "numbers", .kind = PJ_CELL_COUNT, .rank = 2},
    {PJ_MEMBER(pj_tensor_range, odd), .key = "not_finite", .kind = PJ_CELL_COUNT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns, MIN = 4, MAX, RMS };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_ranges *ranges = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < ranges->count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &ranges->ranges[i]);
        pj_evaluated_figure(rows, &cell[MIN], ranges->ranges[i].min);
        pj_evaluated_figure(rows, &cell[MAX], ranges->ranges[i].max);
        pj_evaluated_figure(rows, &cell[RMS], ranges->ranges[i].rms);
    }
    return rows;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_ranges *ranges = input;
    pj_str title = pj_str_new(0);
    pj_say(&title, "{}: ranges of {}", pj_w_text(ranges->with.model), pj_w_plural(ranges->count, "tensor", "tensors"));
    pj_page_lead(page, &title);
    pj_evaluated_page(&ranges->with, page);
    pj_page_table(page, table_of(ranges, page->arena), 0);
    pj_findings_page(ranges->with.findings, ranges->with.finding_count, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_ranges *ranges = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.ranges/1");
    pj_json_put_uint(json, "samples", ranges->with.samples);
    pj_json_put_text(json, "method", ranges->method);
    pj_evaluated_json(&ranges->with, json);
    pj_ranges_json(ranges, json);
}

pj_status pj_ranges_write(const pj_ranges *ranges, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .list = "tensors"};
    return pj_tell(&pieces, ranges, options, sink, payload, err);
}
