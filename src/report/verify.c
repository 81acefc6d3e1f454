/* How near two models are: outputs, layers, agreement. */
#include <math.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/evaluated.h"

enum { DECIBEL = 4, DECIBEL_TEXT, DIFFERENCE = 9, LARGEST };

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_compared, tensor), .key = "tensor", .title = "tensor", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {PJ_MEMBER(pj_compared, layer), .key = "layer", .title = "made by", .kind = PJ_CELL_TEXT, .wish = 32, .least = 12, .rank = 2},
    {PJ_MEMBER(pj_compared, op), .key = "op", .title = "op", .kind = PJ_CELL_TEXT, .rank = 3},
    {PJ_MEMBER(pj_compared, is_output), .key = "output", .kind = PJ_CELL_FLAG},
    {.key = "sqnr_db", .kind = PJ_CELL_NUMBER},
    {.title = "SQNR", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_compared, error), .key = "error", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_compared, difference), .key = "difference", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_compared, largest), .key = "largest", .kind = PJ_CELL_NUMBER},
    {.title = "largest difference", .kind = PJ_CELL_TEXT},
    {.title = "of", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_compared, numbers), .key = "numbers", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_compared, odd), .key = "not_finite", .kind = PJ_CELL_COUNT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add_decibels(double db, pj_str *out)
{
    if (isnan(db))
        return;
    if (isinf(db))
        pj_str_add(out, db > 0 ? "equal" : "no numbers");
    else
        pj_str_add_fixed(out, db, 1);
    if (!isinf(db))
        pj_str_add(out, " dB");
}

static pj_rows *rows_of(const pj_compared *compared, size_t count, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &compared[i]);
        pj_str text = pj_str_new(0);
        add_decibels(compared[i].sqnr_db, &text);
        pj_cell_made(&cell[DECIBEL_TEXT], rows, &text);
        if (isfinite(compared[i].sqnr_db))
            pj_cell_number(&cell[DECIBEL], compared[i].sqnr_db);
        pj_evaluated_figure(rows, &cell[DIFFERENCE], compared[i].difference);
        pj_evaluated_figure(rows, &cell[LARGEST], compared[i].largest);
    }
    return rows;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_verified *v = input;
    return v->layer_count ? rows_of(v->layers, v->layer_count, arena) : rows_of(v->outputs, v->output_count, arena);
}

static void add_share(double share, pj_str *out)
{
    pj_str_add_fixed(out, 100 * share, 2);
    pj_str_add(out, " %");
}

static void say_rows(const pj_verified *v, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (v->rows == 0)
        return;
    pj_say(&text, "The largest of {} rows stands at the same place in ", pj_w_exact((size_t)v->rows));
    add_share(v->agreement, &text);
    pj_page_add(page, PJ_BLOCK_ITEM, &text);
    if (isnan(v->top1))
        return;
    text = pj_str_new(0);
    pj_str_add(&text, "Top-1 by the labels: ");
    add_share(v->top1, &text);
    pj_str_add(&text, ", then ");
    add_share(v->top1_other, &text);
    pj_page_add(page, PJ_BLOCK_ITEM, &text);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_verified *v = input;
    pj_str title = pj_str_new(0);
    pj_say(&title, "{} and {}: ", pj_w_text(v->with.model), pj_w_text(v->other));
    if (isnan(v->sqnr_db))
        pj_str_add(&title, "nothing to compare");
    else
        add_decibels(v->sqnr_db, &title);
    if (isfinite(v->sqnr_db))
        pj_str_add(&title, " at the outputs");
    pj_page_lead(page, &title);
    pj_evaluated_page(&v->with, page);
    say_rows(v, page);
    pj_page_printf(page, PJ_BLOCK_HEADING, "Outputs");
    pj_page_table(page, rows_of(v->outputs, v->output_count, page->arena), 0);
    if (v->layer_count > 0) {
        pj_page_printf(page, PJ_BLOCK_HEADING, "Tensors that both have, in graph order");
        pj_page_table(page, rows_of(v->layers, v->layer_count, page->arena), 0);
    }
    pj_findings_page(v->with.findings, v->with.finding_count, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_verified *v = input;
    pj_json_put_text(json, "schema", "picojoule.verify/1");
    pj_json_put_text(json, "other", v->other);
    pj_evaluated_json(&v->with, json);
    pj_json_put_double(json, "sqnr_db", v->sqnr_db);
    pj_json_put_bool(json, "equal", isinf(v->sqnr_db) && v->sqnr_db > 0);
    pj_json_put_double(json, "error", v->error);
    pj_json_put_uint(json, "rows", v->rows);
    pj_json_put_double(json, "agreement", v->agreement);
    pj_json_put_double(json, "top1", v->top1);
    pj_json_put_double(json, "top1_other", v->top1_other);
    pj_json_write_key(json, "outputs");
    pj_rows_json(rows_of(v->outputs, v->output_count, arena), json);
    pj_json_write_key(json, "layers");
    pj_rows_json(rows_of(v->layers, v->layer_count, arena), json);
}

pj_status pj_verified_write(const pj_verified *verified, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .list = "layers"};
    return pj_tell(&pieces, verified, options, sink, payload, err);
}
