/* The report of a comparison. JSON: picojoule.diff/1. */
#include "picojoule/version.h"
#include "report/diff_view.h"
#include "report/findings.h"
#include "report/view.h"
#include "setup/setup.h"

enum { INDENT = 2, REASONS_SHOWN = 5, OPEN_ROWS = 10, TEXT_ROWS = 20 };

typedef struct input {
    const pj_diff *diff;
    size_t top; /* rows that are shown; 0: as the writer likes */
} input;

/* "models/a.onnx", "base.json (of models/a.onnx)" */
static void add_source(const pj_result *result, pj_str *out)
{
    pj_text_clean(out, strcmp(result->source, "-") == 0 ? "standard input" : result->source);
    if (!result->is_report)
        return;
    pj_str_add(out, " (report of ");
    pj_text_clean(out, result->model->path);
    pj_str_add(out, ")");
}

static void add_sources(const pj_diff_view *view, pj_page *page)
{
    const pj_result *sides[] = {view->diff->a, view->diff->b};
    for (int s = 0; s < 2; s++) {
        pj_str text = pj_str_new(0);
        add_source(sides[s], &text);
        const char *source = pj_page_keep(page, &text);
        page->in = PJ_IN_TEXT;
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "%s  %s", s ? "B" : "A", source)->hang = INDENT;
        page->in = PJ_IN_MARKDOWN;
        pj_page_printf(page, PJ_BLOCK_ITEM, "%s: %s", s ? "B" : "A", source);
        page->in = PJ_IN_ALL;
    }
    pj_diff_view_settings(view, page);
}

/* What is compared, and the answer; Markdown has the answer in its title. */
static void add_head(const pj_diff_view *view, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_diff_view_headline(view, &text);
    const char *headline = pj_page_keep(page, &text);
    page->in = PJ_IN_MARKDOWN;
    pj_page_mark(page, "compare", "");
    pj_page_say(page, PJ_BLOCK_TITLE, headline)->lead = "Energy: ";
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "One run of B, compared with A:");
    page->in = PJ_IN_ALL;
    add_sources(view, page);
    pj_diff_view_warnings(view, page);
}

/* The answer at the end of a text, where the prompt is. */
static void add_answer(const pj_diff_view *view, pj_page *page)
{
    pj_str text = pj_str_new(0), headline = pj_str_new(0);
    pj_diff_view_headline(view, &headline);
    pj_str_printf(&text, "One run takes %s", headline.data);
    pj_str_fail_as(&text, &headline);
    pj_str_free(&headline);
    page->gap = true;
    pj_block *answer = pj_page_say(page, PJ_BLOCK_PARAGRAPH, "");
    answer->strong = pj_page_keep(page, &text);
    answer->look = PJ_BOLD;
    pj_page_table(page, pj_diff_view_totals(view), INDENT);
}

static void add_limits(const pj_diff *diff, pj_page *page)
{
    if (diff->verdict_count)
        pj_page_say(page, PJ_BLOCK_HEADING, diff->exceeded ? "Limits: exceeded" : "Limits: all hold");
    for (size_t i = 0; i < diff->verdict_count; i++) {
        pj_str text = pj_str_new(0);
        pj_diff_view_verdict(diff, &diff->verdicts[i], &text);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

static void add_causes(const pj_diff_view *view, pj_page *page)
{
    pj_rows *rows = pj_diff_view_causes(view);
    page->failed = page->failed || !rows;
    if (!rows || !rows->count)
        return;
    pj_page_printf(page, PJ_BLOCK_HEADING, "What explains it%s", pj_rows_remark(rows));
    pj_page_table(page, rows, INDENT);
}

/* The layers that differ most, each with its causes. */
static void add_reasons(const pj_diff_view *view, pj_page *page)
{
    bool any = false;
    for (size_t i = 0; i < view->count && i < REASONS_SHOWN; i++) {
        const pj_diff_row *row = view->row[i];
        pj_str text = pj_str_new(0), name = pj_str_new(0);
        if (!*row->reason)
            continue;
        if (!any)
            pj_page_say(page, PJ_BLOCK_HEADING, "Largest differences");
        any = true;
        pj_diff_view_name(row, &name);
        pj_text_clean(&text, pj_page_keep(page, &name));
        pj_str_add(&text, ": ");
        pj_diff_view_change(view->diff, row->energy_b - row->energy_a, &text);
        pj_str_add(&text, "; ");
        pj_text_clean(&text, row->reason);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

static void text_layers(const pj_diff_view *view, size_t top, pj_page *page)
{
    size_t shown = top == PJ_TOP_NONE ? 0 : top < view->count ? top : view->count;
    pj_rows *rows = pj_diff_view_rows(view, PJ_DIFF_TEXT, 0, shown, true);
    pj_str title = pj_str_new(0);
    pj_str_add(&title, "Layers: ");
    pj_diff_view_counts(view, &title);
    if (rows && view->count)
        pj_str_add(&title, pj_rows_remark(rows));
    pj_page_add(page, PJ_BLOCK_HEADING, &title);
    if (view->count)
        pj_page_table(page, rows, 0);
    page->failed = page->failed || !rows;
}

/* The first `top` rows in the open, the others folded. */
static void markdown_layers(const pj_diff_view *view, size_t top, pj_page *page)
{
    size_t open = top == PJ_TOP_NONE ? 0 : top < view->count ? top : view->count;
    pj_rows *rows = pj_diff_view_rows(view, PJ_DIFF_MARKDOWN, 0, open, true);
    pj_str title = pj_str_new(0);
    pj_str_add(&title, "Layers: ");
    pj_diff_view_counts(view, &title);
    if (rows && view->count)
        pj_str_add(&title, pj_rows_remark(rows));
    pj_page_add(page, PJ_BLOCK_HEADING, &title);
    page->failed = page->failed || !rows;
    if (!rows || !view->count)
        return;
    pj_page_table(page, rows, 0);
    if (open == view->count)
        return;
    pj_human_plural(&title, view->count - open, "more layer", "more layers");
    pj_block *folded = pj_page_table(page, pj_diff_view_rows(view, PJ_DIFF_MARKDOWN, open, view->count, false), 0);
    folded->kind = PJ_BLOCK_FOLDED;
    folded->text = pj_page_keep(page, &title);
    folded->one = "layer";
    folded->many = "layers";
}

static void add_findings(const pj_diff_view *view, pj_page *page)
{
    if (view->fresh_count)
        pj_page_say(page, PJ_BLOCK_HEADING, "Findings only in B");
    pj_findings_page(view->fresh, view->fresh_count, page);
}

/* The layers first, the answer and the limits last. */
static void text_page(const pj_diff_view *view, size_t top, pj_page *page)
{
    text_layers(view, top, page);
    add_findings(view, page);
    add_causes(view, page);
    add_reasons(view, page);
    add_answer(view, page);
    add_limits(view->diff, page);
}

static void markdown_page(const pj_diff_view *view, size_t top, pj_page *page)
{
    add_limits(view->diff, page);
    pj_page_table(page, pj_diff_view_totals(view), INDENT);
    add_causes(view, page);
    markdown_layers(view, top, page);
    add_findings(view, page);
}

static void page_of(const void *data, pj_page *page)
{
    const input *in = data;
    pj_diff_view view;
    if (!pj_diff_view_make(in->diff, true, page->arena, &view)) {
        page->failed = true;
        return;
    }
    add_head(&view, page);
    if (page->wanted & PJ_IN_TEXT)
        text_page(&view, in->top ? in->top : TEXT_ROWS, page);
    else
        markdown_page(&view, in->top ? in->top : OPEN_ROWS, page);
}

static void put_side(pj_json_writer *json, const char *key, const pj_result *result)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "source", result->source);
    pj_json_put_bool(json, "is_report", result->is_report);
    pj_json_put_text(json, "version", result->version);
    pj_json_put_text(json, "model", result->model->path);
    pj_setup_json(&result->setup, json);
    pj_json_put_uint(json, "layers", result->totals.layers);
    pj_json_put_uint(json, "uncounted", result->totals.uncounted);
    pj_json_write_end(json);
}

/* Both figures, difference, ratio (null where A has nothing). */
static void put_pair(pj_json_writer *json, const char *key, double a, double b)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "a", a);
    pj_json_put_double(json, "b", b);
    pj_json_put_double(json, "difference", b - a);
    pj_json_put_double(json, "ratio", a > 0 ? b / a : NAN);
    pj_json_write_end(json);
}

/* Of the devices that both sides have. */
static void put_devices(pj_json_writer *json, const pj_diff *diff)
{
    pj_json_put_begin(json, "devices", PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < diff->a->setup.device_count; i++) {
        const pj_device_figure *a = &diff->a->totals.devices[i];
        const pj_device_figure *b = pj_diff_view_device(diff->b, diff->a->devices[i]);
        if (!b)
            continue;
        pj_json_put_begin(json, diff->a->devices[i], PJ_JSON_WRITE_OBJECT);
        if (a->energy_pj >= 0 && b->energy_pj >= 0)
            put_pair(json, pj_key_energy_pj, a->energy_pj, b->energy_pj);
        if (a->time_us >= 0 && b->time_us >= 0)
            put_pair(json, pj_key_time_us, a->time_us, b->time_us);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_totals(pj_json_writer *json, const pj_diff *diff)
{
    const char *open = NULL;
    pj_json_put_begin(json, "totals", PJ_JSON_WRITE_OBJECT);
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); f; f = pj_figure_next(f, PJ_IN_COMPARISONS)) {
        if (open && open != f->object)
            pj_json_write_end(json);
        if (f->object && open != f->object)
            pj_json_put_begin(json, f->object, PJ_JSON_WRITE_OBJECT);
        open = f->object;
        put_pair(json, f->key, pj_figure_value(f, PJ_OF_TOTALS, &diff->a->totals),
                 pj_figure_value(f, PJ_OF_TOTALS, &diff->b->totals));
    }
    if (open)
        pj_json_write_end(json);
    put_devices(json, diff);
    pj_json_write_end(json);
}

/* clang-format off */
static const pj_column setting_columns[] = {
    {PJ_MEMBER(pj_setting_change, name), .key = "name", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_setting_change, a), .key = "a", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_setting_change, b), .key = "b", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_setting_change, other_prices), .key = "other_prices", .kind = PJ_CELL_FLAG},
};

static const pj_column cause_columns[] = {
    {PJ_MEMBER(pj_cause, name), .key = "name", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_cause, text), .key = "text", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_cause, difference), .key = "difference_pj", .kind = PJ_CELL_NUMBER, .or_unknown = true},
    {PJ_MEMBER(pj_cause, layer), .key = "layer", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_cause, layer_part), .key = "layer_part_pj", .kind = PJ_CELL_NUMBER, .or_unknown = true},
    {PJ_MEMBER(pj_cause, detail), .key = "detail", .kind = PJ_CELL_TEXT, .no_empty = true, .or_unknown = true},
};

static const pj_column limit_columns[] = {
    {PJ_MEMBER(pj_verdict, limit), .key = "limit", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_verdict, exceeded), .key = "exceeded", .kind = PJ_CELL_FLAG},
    {PJ_MEMBER(pj_verdict, what), .key = "what", .kind = PJ_CELL_TEXT, .or_unknown = true},
    {PJ_MEMBER(pj_verdict, count), .key = "count", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_verdict, a), .key = "a", .kind = PJ_CELL_NUMBER, .or_unknown = true},
    {PJ_MEMBER(pj_verdict, b), .key = "b", .kind = PJ_CELL_NUMBER, .or_unknown = true},
    {PJ_MEMBER(pj_verdict, uncounted), .key = "uncounted", .kind = PJ_CELL_COUNT},
};
/* clang-format on */

/* A member that is an array of structs. */
#define PUT_LIST(json, arena, key, columns, items, count)                                                         \
    (pj_json_write_key(json, key),                                                                                \
     pj_rows_json(pj_rows_of(arena, columns, sizeof(columns) / sizeof *(columns), items, count, sizeof *(items)), \
                  json))

static void put_summary(pj_json_writer *json, const pj_diff *diff)
{
    pj_json_put_begin(json, "summary", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_uint(json, "same", diff->same);
    pj_json_put_uint(json, "changed", diff->changed);
    pj_json_put_uint(json, "renamed", diff->renamed);
    pj_json_put_uint(json, "added", diff->added);
    pj_json_put_uint(json, "removed", diff->removed);
    pj_json_write_end(json);
}

static pj_rows *table_of(const void *data, pj_arena *arena)
{
    const input *in = data;
    pj_diff_view view;
    return pj_diff_view_make(in->diff, false, arena, &view)
               ? pj_diff_view_rows(&view, PJ_DIFF_CSV, 0, view.count, false)
               : NULL;
}

static void json_of(const void *data, pj_arena *arena, pj_json_writer *json)
{
    const pj_diff *diff = ((const input *)data)->diff;
    pj_diff_view view;
    if (!pj_diff_view_make(diff, false, arena, &view)) {
        json->out->failed = true;
        return;
    }
    pj_json_put_text(json, "schema", "picojoule.diff/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    put_side(json, "a", diff->a);
    put_side(json, "b", diff->b);
    PUT_LIST(json, arena, "settings", setting_columns, diff->settings, diff->setting_count);
    put_totals(json, diff);
    put_summary(json, diff);
    PUT_LIST(json, arena, "causes", cause_columns, diff->causes, diff->cause_count);
    PUT_LIST(json, arena, "limits", limit_columns, diff->verdicts, diff->verdict_count);
    pj_json_write_key(json, "layers");
    pj_rows_json(pj_diff_view_rows(&view, PJ_DIFF_JSON, 0, view.count, false), json);
    pj_findings_json(view.fresh, view.fresh_count, json);
}

static const pj_verdicts *verdicts_of(const void *data, pj_arena *arena)
{
    return pj_diff_verdicts_of(((const input *)data)->diff, arena);
}

pj_status pj_diff_write(const pj_diff *diff, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .verdicts = verdicts_of};
    const input in = {diff, options ? options->top : 0};
    return pj_tell(&pieces, &in, options, sink, payload, err);
}

pj_status pj_diff_verdicts_write(const pj_diff *diff, pj_sink sink, void *payload, pj_error *err)
{
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < diff->verdict_count; i++) {
        if (!diff->verdicts[i].exceeded)
            continue;
        pj_diff_view_verdict(diff, &diff->verdicts[i], &text);
        pj_str_add_char(&text, '\n');
    }
    return pj_emit(&text, sink, payload, err);
}
