/* What a plan became: layers, bytes, findings. */
#include "picojoule/apply.h"

#include <math.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/findings.h"

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_applied_layer, name), .key = "layer", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {PJ_MEMBER(pj_applied_layer, op), .key = "op", .title = "op", .kind = PJ_CELL_TEXT, .rank = 3},
    {PJ_MEMBER(pj_applied_layer, asked), .key = "asked", .title = "asked", .kind = PJ_CELL_TEXT, .rank = 2},
    {PJ_MEMBER(pj_applied_layer, written), .key = "written", .title = "written", .kind = PJ_CELL_TEXT, .wish = 28, .least = 12},
    {PJ_MEMBER(pj_applied_layer, reason), .key = "reason", .title = "why", .kind = PJ_CELL_TEXT, .wish = 40, .least = 12, .rank = 1},
    {PJ_MEMBER(pj_applied_layer, sqnr_db), .key = "sqnr_db", .kind = PJ_CELL_NUMBER},
    {.title = "dB", .kind = PJ_CELL_TEXT, .rank = 1},
    {PJ_MEMBER(pj_applied_layer, bytes_before), .key = "bytes_before", .title = "bytes", .kind = PJ_CELL_COUNT, .from_zero = true},
    {PJ_MEMBER(pj_applied_layer, bytes_after), .key = "bytes_after", .title = "then", .kind = PJ_CELL_COUNT, .from_zero = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    enum { DECIBEL = 6 };
    const pj_applied *applied = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < applied->layer_count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &applied->layers[i]);
        pj_str text = pj_str_new(0);
        if (!isnan(applied->layers[i].sqnr_db))
            pj_str_add_fixed(&text, applied->layers[i].sqnr_db, 1);
        pj_cell_made(&cell[DECIBEL], rows, &text);
    }
    return rows;
}

static void add_title(const pj_applied *a, pj_str *out)
{
    pj_say(out, "{}: ", pj_w_text(a->model));
    if (!a->is_changed)
        pj_say(out, "nothing to change, {}{}{}", pj_w_bytes((double)a->bytes_after),
               pj_w_ours(a->is_dry ? " would be written" : ", written to "), pj_w_text(a->is_dry ? "" : a->out));
    else
        pj_say(out, "{} become {}{}{}", pj_w_bytes((double)a->bytes_before), pj_w_bytes((double)a->bytes_after),
               pj_w_ours(a->is_dry ? "; nothing is written" : ", written to "), pj_w_text(a->is_dry ? "" : a->out));
}

static void say_changes(const pj_applied *a, pj_page *page)
{
    pj_page_printf(page, PJ_BLOCK_ITEM, "%llu nodes are new, %llu are gone; opset %lld, IR version %lld",
                   (unsigned long long)a->nodes_added, (unsigned long long)a->nodes_removed, (long long)a->opset_after,
                   (long long)a->ir_after);
    if (a->clamped > 0 || a->flushed > 0)
        pj_page_printf(page, PJ_BLOCK_ITEM, "%llu numbers were clamped, %llu became 0", (unsigned long long)a->clamped,
                       (unsigned long long)a->flushed);
    if (a->zeros > 0)
        pj_page_printf(page, PJ_BLOCK_ITEM, "%llu weights are 0 now", (unsigned long long)a->zeros);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_applied *applied = input;
    pj_str title = pj_str_new(0);
    add_title(applied, &title);
    pj_page_lead(page, &title);
    if (applied->is_changed)
        say_changes(applied, page);
    if (applied->layer_count > 0)
        pj_page_table(page, table_of(applied, page->arena), 0);
    pj_findings_page(applied->findings, applied->finding_count, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_applied *a = input;
    pj_json_put_text(json, "schema", "picojoule.applied/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "model", a->model);
    pj_json_put_text(json, "out", a->is_dry ? NULL : a->out);
    pj_json_put_bool(json, "changed", a->is_changed);
    pj_json_put_int(json, "opset_before", a->opset_before);
    pj_json_put_int(json, "opset_after", a->opset_after);
    pj_json_put_int(json, "ir_before", a->ir_before);
    pj_json_put_int(json, "ir_after", a->ir_after);
    pj_json_put_uint(json, "bytes_before", a->bytes_before);
    pj_json_put_uint(json, "bytes_after", a->bytes_after);
    pj_json_put_uint(json, "nodes_added", a->nodes_added);
    pj_json_put_uint(json, "nodes_removed", a->nodes_removed);
    pj_json_put_uint(json, "clamped", a->clamped);
    pj_json_put_uint(json, "flushed", a->flushed);
    pj_json_put_uint(json, "zeros", a->zeros);
    pj_json_write_key(json, "layers");
    pj_rows_json(table_of(a, arena), json);
    pj_findings_json(a->findings, a->finding_count, json);
}

pj_status pj_applied_write(const pj_applied *applied, const pj_report_options *options, pj_sink sink, void *payload,
                           pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .list = "layers"};
    return pj_tell(&pieces, applied, options, sink, payload, err);
}
