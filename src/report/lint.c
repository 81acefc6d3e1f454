/* Findings of lint, rule by rule; and the rules themselves. */
#include <string.h>

#include "lint/lint.h"
#include "picojoule/version.h"
#include "report/figures.h"

/* ---- findings ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "code", .title = "rule", .kind = PJ_CELL_TEXT},
    {.key = "severity", .title = "severity", .kind = PJ_CELL_TEXT},
    {.key = "node", .title = "node", .kind = PJ_CELL_TEXT},
    {.key = "op", .title = "operator", .kind = PJ_CELL_TEXT},
    {.key = "energy_pj", .title = "energy", .kind = PJ_CELL_ENERGY, .group = 1},
    {.key = "message", .title = "finding", .kind = PJ_CELL_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const pj_column text_columns[] = {
    {.title = "node", .kind = PJ_CELL_TEXT, .wish = 28, .least = 10},
    {.title = "energy", .kind = PJ_CELL_ENERGY, .group = 1},
    {.title = "finding", .kind = PJ_CELL_TEXT, .wraps = true},
};
enum { TEXT_COLUMNS = sizeof text_columns / sizeof *text_columns };
/* clang-format on */

/* What is written, and the findings of each rule: they stand next to each other. */
typedef struct page {
    const pj_lint *lint;
    const char *path, *unit;
    const pj_text_style *style;
    pj_arena *arena;
    pj_str *out;
} page;

static void set_energy(pj_cell *cell, double energy)
{
    if (energy >= 0)
        pj_cell_number(cell, energy);
}

static pj_rows *rows_of(const page *p)
{
    pj_rows *rows = pj_rows_new(p->arena, columns, COLUMNS);
    if (!rows)
        return NULL;
    rows->unit = p->unit;
    for (size_t i = 0; i < p->lint->count; i++) {
        const pj_lint_finding *finding = &p->lint->finding[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], finding->code);
        pj_cell_text(&cell[1], finding->severity);
        pj_cell_text(&cell[2], finding->node);
        pj_cell_text(&cell[3], finding->op);
        set_energy(&cell[4], finding->energy_pj);
        pj_cell_text(&cell[5], finding->message);
    }
    return rows->failed ? NULL : rows;
}

/* The end of the findings that are of the same rule as the one at `from`. */
static size_t end_of_rule(const pj_lint *lint, size_t from)
{
    size_t to = from;
    while (to < lint->count && lint->finding[to].rule == lint->finding[from].rule)
        to++;
    return to;
}

static size_t count_warnings(const pj_lint *lint)
{
    size_t count = 0;
    for (size_t i = 0; i < lint->count; i++)
        count += strcmp(lint->finding[i].severity, "warning") == 0;
    return count;
}

/* "3 lint findings (1 warning, 2 notes)" */
static void summarize(const page *p, pj_str *out)
{
    size_t warnings = count_warnings(p->lint), notes = p->lint->count - warnings;
    pj_human_plural(out, p->lint->count, "lint finding", "lint findings");
    if (!p->lint->count)
        return;
    pj_str_add(out, " (");
    pj_human_plural(out, warnings, "warning", "warnings");
    pj_str_add(out, ", ");
    pj_human_plural(out, notes, "note", "notes");
    pj_str_add(out, p->lint->dropped ? "; more are not listed)" : ")");
}

/* ---- text ---- */

static void paragraph(const page *p, const char *text)
{
    pj_str_add(p->out, "  ");
    pj_text_wrap(p->out, text, 2, 4, p->style->width);
    pj_str_add_char(p->out, '\n');
}

/* The column of energies is left out where there are none. */
static void text_findings(const page *p, size_t from, size_t to)
{
    pj_column shown[TEXT_COLUMNS];
    bool energy = false, node = false;
    int used = 0;
    for (size_t i = from; i < to; i++) {
        energy = energy || p->lint->finding[i].energy_pj >= 0;
        node = node || *p->lint->finding[i].node;
    }
    for (int k = 0; k < TEXT_COLUMNS; k++)
        if ((k != 0 || node) && (k != 1 || energy))
            shown[used++] = text_columns[k];
    pj_rows *rows = pj_rows_new(p->arena, shown, (size_t)used);
    if (!rows) {
        p->out->failed = true;
        return;
    }
    rows->unit = p->unit;
    for (size_t i = from; i < to; i++) {
        const pj_lint_finding *finding = &p->lint->finding[i];
        pj_cell *cell = pj_rows_add(rows);
        if (node)
            pj_cell_text(cell, finding->node);
        if (energy)
            set_energy(&cell[node], finding->energy_pj);
        pj_cell_text(&cell[node + energy], finding->message);
    }
    pj_rows_text(rows, p->style, 2, p->out);
    p->out->failed = p->out->failed || rows->failed;
}

static void write_text(const page *p)
{
    pj_str text = pj_str_new(0);
    pj_text_look(p->out, p->style, PJ_BOLD);
    pj_text_clean(p->out, p->path);
    pj_text_look(p->out, p->style, PJ_PLAIN);
    pj_str_add(p->out, ": ");
    summarize(p, p->out);
    pj_str_add_char(p->out, '\n');
    for (size_t from = 0, to; from < p->lint->count; from = to) {
        const pj_lint_rule *rule = p->lint->finding[from].rule;
        bool warns = strcmp(rule->severity, "warning") == 0;
        to = end_of_rule(p->lint, from);
        pj_str_add_char(p->out, '\n');
        pj_text_look(p->out, p->style, warns ? PJ_WARN : PJ_BOLD);
        pj_str_add(p->out, rule->code);
        pj_text_look(p->out, p->style, PJ_PLAIN);
        pj_str_add(&text, " (");
        pj_human_plural(&text, to - from, rule->severity, warns ? "warnings" : "notes");
        pj_str_printf(&text, "): %s", rule->summary);
        pj_text_wrap(p->out, text.data, strlen(rule->code), 2, p->style->width);
        pj_str_add_char(p->out, '\n');
        pj_str_clear(&text);
        text_findings(p, from, to);
        pj_str_printf(&text, "To do: %s", rule->remedy);
        paragraph(p, text.data);
        pj_str_clear(&text);
    }
    if (p->lint->count)
        pj_str_add(p->out, "\n`picojoule help lint` explains each rule; --lint-off CODE leaves one out.\n");
    p->out->failed = p->out->failed || text.failed;
    pj_str_free(&text);
}

/* ---- Markdown, JSON ---- */

static void write_markdown(const page *p, const pj_rows *rows)
{
    pj_str path = pj_str_new(0);
    pj_text_clean(&path, p->path);
    pj_str_add(p->out, "## Lint of ");
    pj_markdown_escape(p->out, path.data);
    pj_str_add(p->out, "\n\n");
    summarize(p, p->out);
    pj_str_add(p->out, "\n");
    if (p->lint->count) {
        pj_str_add_char(p->out, '\n');
        pj_rows_markdown(rows, p->out);
        pj_str_add(p->out, "\nTo do:\n\n");
    }
    for (size_t from = 0; from < p->lint->count; from = end_of_rule(p->lint, from)) {
        const pj_lint_rule *rule = p->lint->finding[from].rule;
        pj_str_printf(p->out, "- **%s** (%s): %s\n", rule->code, rule->summary, rule->remedy);
    }
    p->out->failed = p->out->failed || path.failed;
    pj_str_free(&path);
}

static void put_rules(const page *p, pj_json_writer *json)
{
    pj_json_write_key(json, "rules");
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t from = 0, to; from < p->lint->count; from = to) {
        const pj_lint_rule *rule = p->lint->finding[from].rule;
        to = end_of_rule(p->lint, from);
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "code", rule->code);
        pj_json_put_text(json, "severity", rule->severity);
        pj_json_put_uint(json, "findings", to - from);
        pj_json_put_text(json, "summary", rule->summary);
        pj_json_put_text(json, "remedy", rule->remedy);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void write_json(const page *p, const pj_rows *rows)
{
    pj_json_writer json = pj_json_writer_new(p->out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.lint/1");
    pj_json_put_text(&json, "version", PICOJOULE_VERSION);
    pj_json_put_text(&json, "model", p->path);
    pj_json_put_text(&json, "table", p->lint->result->table);
    pj_json_put_text(&json, "unit", p->unit);
    pj_json_put_uint(&json, "warnings", count_warnings(p->lint));
    pj_json_put_uint(&json, "notes", p->lint->count - count_warnings(p->lint));
    pj_json_put_uint(&json, "not_listed", p->lint->dropped);
    pj_json_write_key(&json, "findings");
    pj_rows_json(rows, &json);
    put_rules(p, &json);
    pj_json_write_end(&json);
    pj_str_add_char(p->out, '\n');
}

static void write_page(const page *p, pj_output output)
{
    const pj_rows *rows = rows_of(p);
    if (!rows) {
        p->out->failed = true;
        return;
    }
    switch (output) {
    case PJ_OUTPUT_TEXT:
        write_text(p);
        break;
    case PJ_OUTPUT_JSON:
        write_json(p, rows);
        break;
    case PJ_OUTPUT_CSV:
        pj_rows_csv(rows, p->out);
        break;
    case PJ_OUTPUT_MARKDOWN:
        write_markdown(p, rows);
        break;
    }
}

pj_status pj_lint_write(const pj_lint *lint, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    pj_output output;
    PJ_TRY(pj_output_of(options, &output, err));
    pj_arena *arena = pj_arena_new(0);
    const pj_model_info *info = lint->result->model;
    pj_text_style style = pj_style_of(options);
    pj_str text = pj_str_new(0);
    if (arena && info) {
        const page p = {lint, info->path, lint->result->unit, &style, arena, &text};
        write_page(&p, output);
    } else {
        text.failed = true;
    }
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
}

/* ---- the rules ---- */

static const char intro[] =
    "# Lint\n\n<!-- made by `picojoule help lint --markdown`; a test compares -->\n\n"
    "`picojoule analyze MODEL --lint` lists what an engineer who deploys the model would change in its graph: each\n"
    "finding with a code, the node, what is wrong in figures, what the layers concerned take in one run, and what to "
    "do.\n"
    "The energy is the most that the remedy can save; it stands only where the analysis tells it. A *warning* costs "
    "or\n"
    "breaks something on most targets; a *note* is worth knowing. Rules look at the main graph, and read no "
    "weights.\n\n"
    "    picojoule analyze model.onnx --lint                         # all findings\n"
    "    picojoule analyze model.onnx --lint --lint-off float-bias   # without those of one rule; repeatable\n"
    "    picojoule analyze model.onnx --lint --strict                # exit code 4 where there are any\n"
    "    picojoule analyze model.onnx --lint --format json           # for programs: docs/lint.schema.json\n\n"
    "Programs call `pj_lint_run` (`include/picojoule/lint.h`).\n";

static void rules_markdown(pj_str *out)
{
    pj_str_add(out, intro);
    pj_str_add(out, "\n| Rule | Severity | What is wrong |\n|---|---|---|\n");
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        pj_str_printf(out, "| [%s](#%s) | %s | %s |\n", rule->code, rule->code, rule->severity, rule->summary);
    }
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        pj_str_printf(out, "\n## %s\n\n%s: %s.\n\n%s\n\n**To do:** %s\n", rule->code,
                      strcmp(rule->severity, "warning") == 0 ? "Warning" : "Note", rule->summary, rule->example,
                      rule->remedy);
    }
}

static void rules_text(const pj_text_style *style, pj_str *out)
{
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        const char *const parts[] = {rule->summary, rule->example, rule->remedy};
        pj_text_look(out, style, PJ_BOLD);
        pj_str_add(out, rule->code);
        pj_text_look(out, style, PJ_PLAIN);
        pj_str_printf(out, " (%s)\n", rule->severity);
        for (int k = 0; k < 3; k++) {
            pj_str text = pj_str_new(0);
            pj_str_printf(&text, "%s%s", k == 2 ? "To do: " : "", parts[k]);
            for (char *at = text.data; text.length && *at; at++)
                if (*at == '\n')
                    *at = ' ';
            pj_str_add(out, "  ");
            pj_text_wrap(out, text.data, 2, k == 2 ? 4 : 2, style->width);
            pj_str_add_char(out, '\n');
            out->failed = out->failed || text.failed;
            pj_str_free(&text);
        }
        pj_str_add(out, pj_lint_rule_at(i + 1) ? "\n" : "");
    }
}

/* clang-format off */
static const pj_column rule_columns[] = {
    {.key = "code", .kind = PJ_CELL_TEXT},
    {.key = "severity", .kind = PJ_CELL_TEXT},
    {.key = "summary", .kind = PJ_CELL_TEXT},
    {.key = "remedy", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static pj_status list_rules(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = arena ? pj_rows_new(arena, rule_columns, sizeof rule_columns / sizeof *rule_columns) : NULL;
    for (size_t i = 0; rows && pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], rule->code);
        pj_cell_text(&cell[1], rule->severity);
        pj_cell_text(&cell[2], rule->summary);
        pj_cell_text(&cell[3], rule->remedy);
    }
    pj_status status = pj_list_write("rules", rows, options, sink, payload, err);
    pj_arena_free(arena);
    return status;
}

pj_status pj_lint_rules_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    pj_output output;
    pj_str text = pj_str_new(0);
    pj_text_style style = pj_style_of(options);
    PJ_TRY(pj_output_of(options, &output, err));
    if (output == PJ_OUTPUT_JSON || output == PJ_OUTPUT_CSV)
        return list_rules(options, sink, payload, err);
    if (output == PJ_OUTPUT_MARKDOWN)
        rules_markdown(&text);
    else
        rules_text(&style, &text);
    return pj_emit(&text, sink, payload, err);
}
