/* A comparison as text, JSON (picojoule.diff/1), CSV and Markdown. */
#include <string.h>

#include "picojoule/version.h"
#include "report/diff_view.h"
#include "report/findings.h"
#include "report/report.h"

/* ---- text ---- */

enum { INDENT = 2, REASONS_SHOWN = 5, OPEN_ROWS = 10 };

static void table(const pj_rows *rows, const pj_text_style *style, size_t indent, pj_str *out)
{
    if (rows)
        pj_rows_text(rows, style, indent, out);
    else
        out->failed = true;
}

static void heading(const char *text, const pj_text_style *style, pj_str *out)
{
    pj_str_add_char(out, '\n');
    pj_text_look(out, style, PJ_BOLD);
    pj_str_add(out, text);
    pj_text_look(out, style, PJ_PLAIN);
    pj_str_add_char(out, '\n');
}

/* Wraps each line of `text`, indented. Frees it. */
static void lines(pj_str *text, size_t indent, const pj_text_style *style, pj_str *out)
{
    for (char *at = text->data; *at;) {
        char *end = at + strcspn(at, "\n");
        bool more = *end != 0;
        *end = 0;
        for (size_t i = 0; i < indent; i++)
            pj_str_add_char(out, ' ');
        pj_text_wrap(out, at, indent, indent + 2, style->width);
        pj_str_add_char(out, '\n');
        at = end + more;
    }
    out->failed = out->failed || text->failed;
    pj_str_free(text);
}

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

static void text_sources(const pj_diff_view *view, const pj_text_style *style, pj_str *out)
{
    const pj_result *sides[] = {view->diff->a, view->diff->b};
    for (int s = 0; s < 2; s++) {
        pj_str text = pj_str_new(0);
        pj_str_add(&text, s ? "B  " : "A  ");
        add_source(sides[s], &text);
        lines(&text, 0, style, out);
    }
    pj_str text = pj_str_new(0);
    pj_diff_view_settings(view, "", &text);
    lines(&text, 3, style, out);
}

static void text_answer(const pj_diff_view *view, const pj_text_style *style, pj_str *out)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, "One run takes ");
    pj_diff_view_headline(view, &text);
    pj_str_add_char(out, '\n');
    pj_text_look(out, style, PJ_BOLD);
    pj_str_add(out, text.data);
    pj_text_look(out, style, PJ_PLAIN);
    pj_str_add_char(out, '\n');
    pj_str_clear(&text);
    pj_diff_view_warnings(view, "warning: ", &text);
    lines(&text, INDENT, style, out);
    table(pj_diff_view_totals(view), style, INDENT, out);
}

static void text_limits(const pj_diff_view *view, const pj_text_style *style, pj_str *out)
{
    const pj_diff *diff = view->diff;
    pj_str text = pj_str_new(0);
    if (diff->verdict_count)
        heading(diff->exceeded ? "Limits: exceeded" : "Limits: all hold", style, out);
    for (size_t i = 0; i < diff->verdict_count; i++) {
        pj_diff_view_verdict(diff, &diff->verdicts[i], &text);
        pj_str_add_char(&text, '\n');
    }
    lines(&text, INDENT, style, out);
}

static void text_causes(const pj_diff_view *view, const pj_text_style *style, pj_str *out)
{
    pj_str title = pj_str_new(0);
    pj_rows *rows = pj_diff_view_causes(view);
    if (rows && rows->count) {
        pj_str_printf(&title, "What explains it (energies in %s)", pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit);
        heading(title.data, style, out);
        table(rows, style, INDENT, out);
    }
    out->failed = out->failed || !rows || title.failed;
    pj_str_free(&title);
}

/* The layers that differ most, each with what stands behind it. */
static void text_reasons(const pj_diff_view *view, const pj_text_style *style, pj_str *out)
{
    bool any = false;
    for (size_t i = 0; i < view->count && i < REASONS_SHOWN; i++) {
        const pj_diff_row *row = view->row[i];
        pj_str text = pj_str_new(0), name = pj_str_new(0);
        if (!*row->reason)
            continue;
        if (!any)
            heading("Largest differences", style, out);
        any = true;
        pj_diff_view_name(row, &name);
        pj_text_clean(&text, name.data);
        pj_str_add(&text, ": ");
        pj_diff_view_change(view->diff, row->energy_b - row->energy_a, &text);
        pj_str_add(&text, "; ");
        pj_text_clean(&text, row->reason);
        out->failed = out->failed || name.failed;
        pj_str_free(&name);
        lines(&text, INDENT, style, out);
    }
}

static void text_layers(const pj_diff_view *view, size_t top, const pj_text_style *style, pj_str *out)
{
    size_t shown = top && top < view->count ? top : view->count;
    pj_rows *rows = pj_diff_view_rows(view, 0, shown, true);
    pj_str title = pj_str_new(0);
    pj_str_add(&title, "Layers: ");
    pj_diff_view_counts(view, &title);
    if (rows && view->count)
        pj_str_printf(&title, " (energies in %s)", pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit);
    heading(title.data, style, out);
    out->failed = out->failed || !rows || title.failed;
    pj_str_free(&title);
    if (view->count)
        table(rows, style, 0, out);
}

static void write_text(const pj_diff_view *view, size_t top, const pj_text_style *style, pj_str *out)
{
    text_sources(view, style, out);
    text_answer(view, style, out);
    text_limits(view, style, out);
    text_causes(view, style, out);
    text_reasons(view, style, out);
    text_layers(view, top, style, out);
    if (view->fresh_count)
        heading("Findings only in B", style, out);
    pj_findings_text(view->fresh, view->fresh_count, style, view->arena, out);
}

/* ---- Markdown ---- */

static void markdown_table(const pj_rows *rows, pj_str *out)
{
    if (rows)
        pj_rows_markdown(rows, out);
    else
        out->failed = true;
}

/* Appends what `write` makes, with Markdown's characters escaped. */
static void escaped(pj_str *text, pj_str *out)
{
    pj_markdown_escape(out, text->data);
    out->failed = out->failed || text->failed;
    pj_str_free(text);
}

static void markdown_lines(const pj_diff_view *view,
                           void (*write)(const pj_diff_view *view, const char *lead, pj_str *out), pj_str *out)
{
    pj_str text = pj_str_new(0);
    write(view, "- ", &text);
    pj_str_add(out, text.length ? "\n" : "");
    escaped(&text, out);
}

static void markdown_head(const pj_diff_view *view, pj_str *out)
{
    pj_str a = pj_str_new(0), b = pj_str_new(0), answer = pj_str_new(0);
    add_source(view->diff->a, &a);
    add_source(view->diff->b, &b);
    pj_diff_view_headline(view, &answer);
    pj_str_add(out, "## Energy: ");
    escaped(&answer, out);
    pj_str_add(out, "\n\nOne run of B, compared with A:\n\n- A: ");
    escaped(&a, out);
    pj_str_add(out, "\n- B: ");
    escaped(&b, out);
    pj_str_add_char(out, '\n');
    pj_str settings = pj_str_new(0);
    pj_diff_view_settings(view, "- ", &settings);
    escaped(&settings, out);
    pj_str warnings = pj_str_new(0);
    pj_diff_view_warnings(view, "- Warning: ", &warnings);
    escaped(&warnings, out);
}

static void markdown_verdicts(const pj_diff_view *view, const char *lead, pj_str *out)
{
    for (size_t i = 0; i < view->diff->verdict_count; i++) {
        pj_str_add(out, lead);
        pj_diff_view_verdict(view->diff, &view->diff->verdicts[i], out);
        pj_str_add_char(out, '\n');
    }
}

/* Rows from `from` on, folded: as many as a comment has room for. GitHub takes 65,536 characters. */
static void markdown_folded(const pj_diff_view *view, size_t from, pj_str *out)
{
    enum { MOST_BYTES = 60000 };
    size_t to = view->count, room = out->length < MOST_BYTES ? MOST_BYTES - out->length : 0;
    pj_str text = pj_str_new(0);
    for (;;) {
        pj_rows *rows = pj_diff_view_rows(view, from, to, false);
        pj_str_clear(&text);
        if (rows)
            pj_str_printf(&text, "Energies in %s.\n\n", pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit);
        markdown_table(rows, &text);
        if (text.length <= room || to == from || text.failed)
            break;
        to = from + (to - from) / 2;
    }
    pj_str_add(out, "\n<details><summary>");
    pj_human_plural(out, view->count - from, "more layer", "more layers");
    pj_str_add(out, "</summary>\n\n");
    pj_str_add(out, to > from ? text.data : "");
    if (to < view->count) {
        pj_str_add(out, "\nNot shown here: ");
        pj_human_plural(out, view->count - to, "layer", "layers");
        pj_str_add(out, "; CSV and JSON have all.\n");
    }
    pj_str_add(out, "\n</details>\n");
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
}

/* The first `top` rows in the open, the others folded. */
static void markdown_layers(const pj_diff_view *view, size_t top, pj_str *out)
{
    size_t open = top < view->count ? top : view->count;
    pj_rows *rows = pj_diff_view_rows(view, 0, open, true);
    pj_str_add(out, "\n### Layers: ");
    pj_diff_view_counts(view, out);
    pj_str_add(out, "\n\n");
    if (!rows || !view->count) {
        out->failed = out->failed || !rows;
        return;
    }
    pj_str_printf(out, "Energies in %s.\n\n", pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit);
    pj_rows_markdown(rows, out);
    if (open == view->count)
        return;
    markdown_folded(view, open, out);
}

static void write_markdown(const pj_diff_view *view, size_t top, pj_str *out)
{
    const pj_diff *diff = view->diff;
    pj_rows *causes = pj_diff_view_causes(view);
    markdown_head(view, out);
    if (diff->verdict_count)
        pj_str_add(out, diff->exceeded ? "\n### Limits: exceeded\n" : "\n### Limits: all hold\n");
    markdown_lines(view, markdown_verdicts, out);
    pj_str_add_char(out, '\n');
    markdown_table(pj_diff_view_totals(view), out);
    if (causes && causes->count)
        pj_str_printf(out, "\n### What explains it, in %s\n\n", pj_rows_scale(causes, PJ_CELL_ENERGY, 0).unit);
    if (!causes || causes->count)
        markdown_table(causes, out);
    markdown_layers(view, top ? top : OPEN_ROWS, out);
    if (view->fresh_count)
        pj_str_add(out, "\n### Findings only in B\n\n");
    pj_findings_markdown(view->fresh, view->fresh_count, view->arena, out);
}

/* ---- JSON ---- */

static void put_side(pj_json_writer *json, const char *key, const pj_result *result)
{
    const pj_basis basis = {&result->setup,          result->table,       result->rules,           result->unit,
                            result->model->op_rules, result->model->dims, result->model->dim_count};
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "source", result->source);
    pj_json_put_bool(json, "is_report", result->is_report);
    pj_json_put_text(json, "version", result->version);
    pj_json_put_text(json, "model", result->model->path);
    pj_basis_json(&basis, json);
    pj_json_put_uint(json, "layers", result->totals.layers);
    pj_json_put_uint(json, "uncounted", result->totals.uncounted);
    pj_json_write_end(json);
}

static void put_settings(pj_json_writer *json, const pj_diff *diff)
{
    pj_json_put_begin(json, "settings", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < diff->setting_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", diff->settings[i].name);
        pj_json_put_text(json, "a", diff->settings[i].a);
        pj_json_put_text(json, "b", diff->settings[i].b);
        pj_json_put_bool(json, "other_prices", diff->settings[i].other_prices);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* Both figures, difference, ratio (null where A has nothing). */
static void put_pair(pj_json_writer *json, const char *key, double a, double b)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "a", a);
    pj_json_put_double(json, "b", b);
    pj_json_put_double(json, "difference", b - a);
    pj_json_write_key(json, "ratio");
    if (a > 0)
        pj_json_write_double(json, b / a);
    else
        pj_json_write_null(json);
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
            put_pair(json, "energy_pj", a->energy_pj, b->energy_pj);
        if (a->time_us >= 0 && b->time_us >= 0)
            put_pair(json, "time_us", a->time_us, b->time_us);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_totals(pj_json_writer *json, const pj_diff *diff)
{
    const pj_totals *a = &diff->a->totals, *b = &diff->b->totals;
    pj_json_put_begin(json, "totals", PJ_JSON_WRITE_OBJECT);
    put_pair(json, "macs", (double)a->macs, (double)b->macs);
    put_pair(json, "flops", (double)a->flops, (double)b->flops);
    put_pair(json, "params", (double)a->params, (double)b->params);
    put_pair(json, "param_bits", (double)a->param_bits, (double)b->param_bits);
    put_pair(json, "bops", (double)a->bops, (double)b->bops);
    pj_json_put_begin(json, "energy_pj", PJ_JSON_WRITE_OBJECT);
    put_pair(json, "inputs", a->energy.inputs, b->energy.inputs);
    put_pair(json, "outputs", a->energy.outputs, b->energy.outputs);
    put_pair(json, "parameters", a->energy.parameters, b->energy.parameters);
    put_pair(json, "op_cost", a->energy.op_cost, b->energy.op_cost);
    put_pair(json, "total", pj_energy_total(&a->energy), pj_energy_total(&b->energy));
    pj_json_write_end(json);
    put_devices(json, diff);
    pj_json_write_end(json);
}

static void put_causes(pj_json_writer *json, const pj_diff *diff)
{
    pj_json_put_begin(json, "causes", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < diff->cause_count; i++) {
        const pj_cause *cause = &diff->causes[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", cause->name);
        pj_json_put_text(json, "text", cause->text);
        pj_json_put_double(json, "difference_pj", cause->difference);
        pj_json_put_text(json, "layer", cause->layer);
        pj_json_put_double(json, "layer_part_pj", cause->layer_part);
        pj_json_put_text(json, "detail", *cause->detail ? cause->detail : NULL);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_limits(pj_json_writer *json, const pj_diff *diff)
{
    pj_json_put_begin(json, "limits", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < diff->verdict_count; i++) {
        const pj_verdict *verdict = &diff->verdicts[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "limit", verdict->limit);
        pj_json_put_bool(json, "exceeded", verdict->exceeded);
        pj_json_put_text(json, "what", verdict->what);
        pj_json_put_uint(json, "count", verdict->count);
        pj_json_put_double(json, "a", verdict->a);
        pj_json_put_double(json, "b", verdict->b);
        pj_json_put_uint(json, "uncounted", verdict->uncounted);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

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

static void write_json(const pj_diff_view *view, pj_str *out)
{
    const pj_diff *diff = view->diff;
    pj_json_writer json = pj_json_writer_new(out, true);
    const pj_rows *rows = pj_diff_view_rows(view, 0, view->count, false);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.diff/1");
    pj_json_put_text(&json, "version", PICOJOULE_VERSION);
    put_side(&json, "a", diff->a);
    put_side(&json, "b", diff->b);
    put_settings(&json, diff);
    put_totals(&json, diff);
    put_summary(&json, diff);
    put_causes(&json, diff);
    put_limits(&json, diff);
    pj_json_write_key(&json, "layers");
    out->failed = out->failed || !rows;
    if (rows)
        pj_rows_json(rows, &json);
    pj_json_write_key(&json, "diagnostics");
    pj_findings_json(view->fresh, view->fresh_count, &json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

/* ---- all formats ---- */

static void write_csv(const pj_diff_view *view, pj_str *out)
{
    const pj_rows *rows = pj_diff_view_rows(view, 0, view->count, false);
    if (rows)
        pj_rows_csv(rows, out);
    else
        out->failed = true;
}

pj_status pj_diff_write(const pj_diff *diff, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    pj_output output;
    pj_diff_view view;
    PJ_TRY(pj_output_of(options, &output, err));
    pj_text_style style = pj_style_of(options);
    size_t top = options ? options->top : 0;
    pj_str text = pj_str_new(0);
    pj_arena *arena = pj_arena_new(0);
    text.failed = !arena || pj_diff_view_make(diff, output, arena, &view, err) != PJ_OK;
    switch (text.failed ? PJ_OUTPUT_CSV : output) {
    case PJ_OUTPUT_TEXT:
        write_text(&view, top, &style, &text);
        break;
    case PJ_OUTPUT_JSON:
        write_json(&view, &text);
        break;
    case PJ_OUTPUT_CSV:
        if (!text.failed)
            write_csv(&view, &text);
        break;
    case PJ_OUTPUT_MARKDOWN:
        write_markdown(&view, top, &text);
        break;
    }
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
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
