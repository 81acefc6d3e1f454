/* The report of an analysis: the answer first, then where it goes, then what it rests on. */
#include "page/say.h"
#include "report/findings.h"
#include "report/footprint_words.h"
#include "report/memory.h"
#include "report/summary.h"
#include "report/weights.h"
#include "setup/setup.h"

enum { INDENT = 2, TOP_SHOWN = 5, TENSORS_SHOWN = 10, PAGE_LAYERS = 20000 };

typedef struct input {
    const pj_result *result;
    const pj_report_options *options; /* NULL: the default */
} input;

static pj_block *paragraph(pj_page *page, pj_str *text)
{
    pj_block *block = pj_page_add(page, PJ_BLOCK_PARAGRAPH, text);
    block->indent = INDENT;
    block->hang = 2 * INDENT;
    return block;
}

static void head(const pj_view *view, pj_page *page)
{
    pj_str path = pj_str_new(0), model = pj_str_new(0), work = pj_str_new(0), next = pj_str_new(0);
    pj_text_clean(&path, view->result->model->path);
    const char *name = pj_page_keep(page, &path);
    pj_summary_model(view, &model);
    pj_summary_work(view, &work);
    page->in = PJ_IN_TEXT;
    pj_block *title = pj_page_say(page, PJ_BLOCK_PARAGRAPH, "");
    title->strong = name;
    title->look = PJ_BOLD;
    pj_page_say(page, PJ_BLOCK_ITEM, pj_page_keep(page, &model));
    pj_page_say(page, PJ_BLOCK_ITEM, pj_page_keep(page, &work));
    pj_summary_next(view, &next);
    if (next.length) {
        pj_page_say(page, PJ_BLOCK_ITEM, "Sizes are missing, and assumed; with your own ones:");
        pj_block *command = pj_page_say(page, PJ_BLOCK_ITEM, pj_page_keep(page, &next));
        command->level = 1;
        command->whole = true;
    }
    pj_str_free(&next);
    page->in = PJ_IN_MARKDOWN;
    pj_page_say(page, PJ_BLOCK_TITLE, name)->lead = "Energy of ";
    page->in = PJ_IN_ALL;
}

/* In Markdown it is a sentence, and what the model is comes after it. */
static void answer(const pj_view *view, pj_page *page)
{
    pj_str total = pj_str_new(0), text = pj_str_new(0);
    pj_summary_total(view, &total);
    pj_summary_dims(view, &text);
    if (view->totals->uncounted)
        pj_str_add(&text, " and more: not all layers are counted");
    pj_summary_per_sample(view, &text);
    const char *strong = pj_page_keep(page, &total), *rest = pj_page_keep(page, &text);
    page->gap = true;
    for (page->in = PJ_IN_TEXT; page->in <= PJ_IN_MARKDOWN; page->in++) {
        pj_block *block = pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "%s%s", rest, page->in == PJ_IN_TEXT ? "" : ".");
        block->lead = "One run takes ";
        block->strong = strong;
        block->look = PJ_BOLD;
        block->at = sizeof "One run takes 100.0 uJ";
        block->hang = INDENT;
    }
}

static void components(const pj_view *view, pj_page *page)
{
    pj_str text = pj_str_new(0);
    page->in = PJ_IN_MARKDOWN;
    pj_summary_work(view, &text);
    pj_str_add(&text, "; ");
    pj_summary_model(view, &text);
    pj_str_add(&text, ".");
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    page->in = PJ_IN_ALL;
    pj_page_table(page, pj_summary_components(view), INDENT);
    if (view->result->level_count && view->totals->reuse) {
        pj_page_table(page, pj_summary_levels(view), INDENT);
        pj_summary_reuse(view, &text);
        paragraph(page, &text);
    }
    if (view->totals->qtools_total_cost >= 0) {
        page->in = PJ_IN_TEXT;
        pj_str_printf(&text, "QTools' own figures: total cost %lld, energy sum %lld",
                      (long long)view->totals->qtools_total_cost, (long long)view->totals->qtools_energy_sum);
        paragraph(page, &text)->whole = true;
        page->in = PJ_IN_ALL;
    }
    if (!view->result->memory)
        return; /* a report does not keep it */
    pj_memory_sentence(view->result->memory, &text);
    pj_str_add_char(&text, '.');
    paragraph(page, &text);
}

static void memory(const pj_activation_memory *memory, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_page_say(page, PJ_BLOCK_HEADING, "Activations in memory at the peak");
    pj_page_table(page, pj_memory_rows(memory->best, TENSORS_SHOWN, page->arena), INDENT);
    if (memory->best->alive_count > TENSORS_SHOWN) {
        page->in = PJ_IN_TEXT;
        pj_str_add(&text, "and ");
        pj_human_plural(&text, memory->best->alive_count - TENSORS_SHOWN, "smaller tensor", "smaller tensors");
        pj_str_add(&text, " (--format json lists all of them)");
        paragraph(page, &text);
        page->in = PJ_IN_ALL;
    }
    pj_memory_best_sentence(memory, &text);
    paragraph(page, &text);
}

static void layers(const pj_view *view, pj_page *page)
{
    static const char *const groups[] = {"Layers", "Operators", "Modules"};
    static const char *const sorts[] = {"", "by energy", "by MACs", "in graph order"};
    pj_rows *rows = pj_view_rows(view);
    if (view->count) {
        pj_page_printf(page, PJ_BLOCK_HEADING, "%s %s%s", groups[view->group], sorts[view->sort],
                       rows ? pj_rows_remark(rows) : "");
        pj_page_table(page, rows, 0);
    }
    page->in = PJ_IN_TEXT;
    pj_summary_coverage(view, page);
    page->in = PJ_IN_ALL;
}

static void weights(const pj_weights *list, pj_page *page)
{
    static const char legend[] =
        "int8, int4, ...: signal to quantization noise in dB, with one scale for the tensor that covers its range / "
        "with the best scale for each channel; 6 dB are one bit";
    pj_page_say(page, PJ_BLOCK_HEADING, "Weights");
    pj_page_table(page, pj_weight_rows(list, page->arena), 0);
    for (page->in = PJ_IN_TEXT; page->in <= PJ_IN_MARKDOWN; page->in++) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s%s", legend, page->in == PJ_IN_TEXT ? "" : ".");
        paragraph(page, &text);
    }
    page->in = PJ_IN_ALL;
}

static void assumed(const pj_view *view, const char *configured, pj_page *page)
{
    const pj_result *result = view->result;
    pj_page_say(page, PJ_BLOCK_HEADING, "Assumed");
    page->in = PJ_IN_MARKDOWN;
    pj_summary_coverage(view, page);
    page->in = PJ_IN_ALL;
    pj_summary_basis(view, page);
    if (configured) {
        pj_str text = pj_str_new(0);
        pj_say(&text, "From the configuration: {}.", pj_w_text(configured));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    pj_findings_page(result->findings, result->finding_count, page);
}

/* Lint finds more to say; where it does, the report tells how to ask for it. */
static void lint(size_t count, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!count)
        return;
    page->in = PJ_IN_TEXT;
    pj_human_plural(&text, count, "lint finding", "lint findings");
    pj_str_add(&text, count == 1 ? ": --lint shows it" : ": --lint lists them");
    paragraph(page, &text)->whole = true;
}

static void devices(const pj_view *view, pj_page *page)
{
    if (!view->devices)
        return;
    pj_summary_devices(view, page);
}

static void footprint(const pj_report_options *options, pj_page *page)
{
    if (!options || !options->footprint)
        return;
    pj_page_say(page, PJ_BLOCK_HEADING, "Footprint");
    pj_footprint_lines(options->footprint, options->per, page);
}

/* Where the energy goes, and what else was asked for. */
static void details(const pj_view *view, pj_page *page)
{
    const pj_result *result = view->result;
    if (result->memory && result->memory->best)
        memory(result->memory, page);
    if (view->group != PJ_NO_GROUP || view->sort != PJ_BY_ENERGY) {
        pj_page_say(page, PJ_BLOCK_HEADING, "Largest layers");
        pj_page_table(page, pj_view_top(view, TOP_SHOWN), INDENT);
    }
    layers(view, page);
    if (result->weights)
        weights(result->weights, page);
}

/* In a terminal the eye is at the end, on a page at its head: there is the answer. */
static void page_of(const void *data, pj_page *page)
{
    const input *in = data;
    pj_view view;
    if (!pj_view_make(in->result, in->options, true, page->arena, &view)) {
        page->failed = true;
        return;
    }
    head(&view, page);
    if (page->wanted == PJ_IN_TEXT) {
        details(&view, page);
        assumed(&view, in->options ? in->options->configured : NULL, page);
        devices(&view, page);
        footprint(in->options, page);
        answer(&view, page);
        components(&view, page);
    } else {
        answer(&view, page);
        components(&view, page);
        devices(&view, page);
        footprint(in->options, page);
        details(&view, page);
        assumed(&view, in->options ? in->options->configured : NULL, page);
    }
    lint(in->options ? in->options->lint_findings : 0, page);
}

/* One file is one table: that of the weights, where they were looked at. */
static pj_rows *table_of(const void *data, pj_arena *arena)
{
    const input *in = data;
    pj_view view;
    if (in->result->weights)
        return pj_weight_rows(in->result->weights, arena);
    return pj_view_make(in->result, in->options, false, arena, &view) ? pj_view_rows(&view) : NULL;
}

/* Layers as the view orders and cuts them; all of them in graph order where it shows groups. */
static void put_layers(const pj_field_writer *w, const pj_view *view)
{
    pj_json_put_begin(w->json, "layers", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; view->group == PJ_NO_GROUP && i < view->count; i++)
        pj_layer_write(w, view->row[i].layer);
    for (size_t i = 0; view->group != PJ_NO_GROUP && i < w->result->layer_count; i++)
        pj_layer_write(w, &w->result->layers[i]);
    pj_json_write_end(w->json);
}

static void put_group(const pj_field_writer *w, const pj_view_row *row)
{
    pj_group_write(w, &row->sum);
    pj_json_write_end(w->json);
}

static void put_groups(const pj_field_writer *w, const pj_view *view)
{
    pj_json_put_begin(w->json, "groups", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < view->count; i++) {
        pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(w->json, "name", view->row[i].name);
        put_group(w, &view->row[i]);
    }
    pj_json_write_end(w->json);
}

/* docs/report-format.md describes it. */
static void put_report(const pj_view *view, const pj_report_options *options, pj_json_writer *json)
{
    const pj_result *result = view->result;
    const pj_field_writer w = {json, result};
    pj_json_put_text(json, "schema", "picojoule.report/1");
    pj_json_put_text(json, "version", result->version);
    pj_model_write(&w);
    pj_setup_json(&result->setup, json);
    put_layers(&w, view);
    if (view->group != PJ_NO_GROUP)
        put_groups(&w, view);
    if (view->left_out) {
        pj_json_put_begin(json, "left_out", PJ_JSON_WRITE_OBJECT);
        pj_json_put_uint(json, "rows", view->left_out);
        put_group(&w, &view->rest);
    }
    pj_totals_write(&w);
    if (result->memory)
        pj_memory_json(result->memory, view->arena, json);
    pj_shared_write(&w);
    if (result->weights)
        pj_weights_json(result->weights, json);
    pj_coverage_write(&w);
    if (options && options->footprint)
        pj_footprint_rows_json(options->footprint, json);
    pj_findings_json(result->findings, result->finding_count, json);
}

/* A page holds the dearest layers, and says how many more there are: browsers are slow with more. */
static bool is_cut(const input *in)
{
    return in->options && in->options->format && strcmp(in->options->format, "html") == 0 && in->options->top == 0 &&
           in->result->layer_count > PAGE_LAYERS;
}

static void json_of(const void *data, pj_arena *arena, pj_json_writer *json)
{
    const input *in = data;
    pj_report_options options = in->options ? *in->options : pj_report_options_default();
    pj_view view;
    if (is_cut(in)) {
        options.sort = PJ_BY_ENERGY;
        options.top = PAGE_LAYERS;
    }
    if (pj_view_make(in->result, &options, false, arena, &view))
        put_report(&view, &options, json);
    else
        json->out->failed = true;
}

static pj_status check_columns(const input *in, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_str names = pj_str_new(0);
    pj_view view;
    pj_status status = PJ_OK;
    if (!arena || !pj_view_make(in->result, in->options, true, arena, &view))
        status = pj_fail_memory(err);
    const char *unknown = status == PJ_OK ? pj_view_unknown_column(&view, &names) : NULL;
    if (unknown)
        status =
            pj_fail(err, PJ_EARGUMENT, "--columns '%s': there are %s, and those of --format csv", unknown, names.data);
    pj_str_free(&names);
    pj_arena_free(arena);
    return status;
}

pj_status pj_report_write(const pj_result *result, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    static const pj_pieces pieces = {
        .page = page_of, .table = table_of, .json = json_of, .is_model = true, .no_chart = PJ_CHART_OF_SWEEPS};
    const input in = {result, options};
    if (options && options->columns)
        PJ_TRY(check_columns(&in, err));
    return pj_tell(&pieces, &in, options, sink, payload, err);
}
