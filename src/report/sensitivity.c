/* What each layer loses in each format. */
#include <math.h>

#include "base/real.h"
#include "page/say.h"
#include "report/evaluated.h"

enum { DECIBEL_TEXT = 4, DROP_TEXT = 6 };

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_layer_loss, layer), .key = "layer", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {PJ_MEMBER(pj_layer_loss, op), .key = "op", .title = "op", .kind = PJ_CELL_TEXT, .rank = 3},
    {PJ_MEMBER(pj_layer_loss, format), .key = "format", .title = "format", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_layer_loss, loss), .key = "loss", .kind = PJ_CELL_NUMBER},
    {.title = "error at the outputs", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_layer_loss, top1_drop), .key = "top1_drop", .kind = PJ_CELL_NUMBER},
    {.title = "top-1 lost", .kind = PJ_CELL_TEXT, .rank = 1},
    {PJ_MEMBER(pj_layer_loss, refused), .key = "refused", .title = "refused", .kind = PJ_CELL_TEXT, .wish = 40, .least = 12, .rank = 2},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Worst first. */
static int compare(const void *a, const void *b)
{
    const pj_layer_loss *one = *(const pj_layer_loss *const *)a, *two = *(const pj_layer_loss *const *)b;
    return one->loss != two->loss ? (one->loss > two->loss ? -1 : 1) : (one < two ? -1 : one > two);
}

static void fill(pj_rows *rows, const pj_layer_loss *loss)
{
    pj_cell *cell = pj_rows_add_of(rows, loss);
    pj_str text = pj_str_new(0), drop = pj_str_new(0);
    if (loss->refused)
        pj_str_add(&text, "refused");
    else if (loss->loss == 0)
        pj_str_add(&text, "none");
    else {
        pj_str_add_fixed(&text, -10 * pj_log10(loss->loss), 1);
        pj_str_add(&text, " dB");
    }
    if (isfinite(loss->top1_drop)) {
        pj_str_add_fixed(&drop, 100 * loss->top1_drop, 2);
        pj_str_add(&drop, " %");
    }
    pj_cell_made(&cell[DECIBEL_TEXT], rows, &text);
    pj_cell_made(&cell[DROP_TEXT], rows, &drop);
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_sensitivity *s = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < s->count; i++)
        fill(rows, &s->losses[i]);
    return rows;
}

static pj_rows *worst_first(const pj_sensitivity *s, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    const pj_layer_loss **order = PJ_NEW(arena, const pj_layer_loss *, s->count);
    if (!rows || !order)
        return NULL;
    for (size_t i = 0; i < s->count; i++)
        order[i] = &s->losses[i];
    qsort(order, s->count, sizeof *order, compare);
    for (size_t i = 0; i < s->count; i++)
        fill(rows, order[i]);
    return rows;
}

static size_t count_layers(const pj_sensitivity *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += i == 0 || strcmp(s->losses[i].layer, s->losses[i - 1].layer) != 0;
    return count;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_sensitivity *s = input;
    pj_str title = pj_str_new(0);
    pj_say(&title, "{}: {} in {}, one changed at a time", pj_w_text(s->with.model),
           pj_w_plural(count_layers(s), "layer", "layers"), pj_w_plural(s->choice_count, "format", "formats"));
    pj_page_lead(page, &title);
    pj_evaluated_page(&s->with, page);
    if (s->resumed > 0)
        pj_page_printf(page, PJ_BLOCK_ITEM, "%zu of %zu had been measured before", s->resumed, s->count);
    pj_page_table(page, worst_first(s, page->arena), 0);
    pj_findings_page(s->with.findings, s->with.finding_count, page);
}

static void put_values(const pj_sensitivity *s, size_t choice, bool drops, pj_json_writer *json)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->losses[i].format, s->choices[choice]) == 0)
            pj_json_put_double(json, s->losses[i].layer, drops ? s->losses[i].top1_drop : s->losses[i].loss);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_sensitivity *s = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.sensitivity/1");
    pj_evaluated_json(&s->with, json);
    pj_json_put_begin(json, "measured", PJ_JSON_WRITE_ARRAY);
    for (size_t c = 0; c < s->choice_count; c++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "format", s->choices[c]);
        pj_json_put_text(json, "unit", "loss");
        pj_json_put_begin(json, "values", PJ_JSON_WRITE_OBJECT);
        put_values(s, c, false, json);
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    if (isnan(s->top1))
        return;
    pj_json_put_double(json, "top1", s->top1);
    pj_json_put_begin(json, "top1_drop", PJ_JSON_WRITE_OBJECT);
    for (size_t c = 0; c < s->choice_count; c++) {
        pj_json_put_begin(json, s->choices[c], PJ_JSON_WRITE_OBJECT);
        put_values(s, c, true, json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

pj_status pj_sensitivity_write(const pj_sensitivity *sensitivity, const pj_report_options *options, pj_sink sink,
                               void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .list = "losses"};
    return pj_tell(&pieces, sensitivity, options, sink, payload, err);
}
