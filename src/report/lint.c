/* Findings of lint, rule by rule; and the rules themselves. */
#include "lint/lint.h"
#include "page/page.h"
#include "page/say.h"
#include "picojoule/version.h"
#include "report/view.h"
#include "result/field.h"

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_lint_finding, code), .key = "code", .title = "rule", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_finding, severity), .key = "severity", .title = "severity", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_finding, node), .key = "node", .title = "node", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_finding, op), .key = "op", .title = "operator", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_finding, energy_pj), .key = pj_key_energy_pj, .title = "energy", .kind = PJ_CELL_ENERGY,
     .from_zero = true},
    {PJ_MEMBER(pj_lint_finding, message), .key = "message", .title = "finding", .kind = PJ_CELL_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const pj_column text_columns[] = {
    {PJ_MEMBER(pj_lint_finding, node), .title = "node", .kind = PJ_CELL_TEXT, .wish = 28, .least = 10},
    {PJ_MEMBER(pj_lint_finding, energy_pj), .title = "energy", .kind = PJ_CELL_ENERGY, .from_zero = true},
    {PJ_MEMBER(pj_lint_finding, message), .title = "finding", .kind = PJ_CELL_TEXT, .wraps = true},
};
enum { TEXT_COLUMNS = sizeof text_columns / sizeof *text_columns };
/* clang-format on */

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_lint *lint = input;
    pj_rows *rows = pj_rows_of(arena, columns, COLUMNS, lint->finding, lint->count, sizeof *lint->finding);
    if (rows)
        rows->unit = lint->result->unit;
    return rows;
}

/* Findings of one rule stand next to each other: the end of those that are of the same rule as the one at `from`. */
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
static void summarize(const pj_lint *lint, pj_str *out)
{
    size_t warnings = count_warnings(lint), notes = lint->count - warnings;
    pj_say(out, "{}", pj_w_plural(lint->count, "lint finding", "lint findings"));
    if (lint->count)
        pj_say(out, " ({}, {}{}", pj_w_plural(warnings, "warning", "warnings"), pj_w_plural(notes, "note", "notes"),
               pj_w_ours(lint->dropped ? "; more are not listed)" : ")"));
}

/* The column of energies is left out where there are none, and so is that of nodes. */
static pj_rows *rows_of_rule(const pj_lint *lint, size_t from, size_t to, pj_arena *arena)
{
    pj_column *shown = PJ_NEW(arena, pj_column, TEXT_COLUMNS);
    bool energy = false, node = false;
    size_t used = 0;
    for (size_t i = from; i < to; i++) {
        energy = energy || lint->finding[i].energy_pj >= 0;
        node = node || *lint->finding[i].node;
    }
    for (int k = 0; shown && k < TEXT_COLUMNS; k++)
        if ((k != 0 || node) && (k != 1 || energy))
            shown[used++] = text_columns[k];
    pj_rows *rows =
        shown ? pj_rows_of(arena, shown, used, &lint->finding[from], to - from, sizeof *lint->finding) : NULL;
    if (rows)
        rows->unit = lint->result->unit;
    return rows;
}

/* Text: rule by rule, each with its findings and the remedy. */
static void add_rule(const pj_lint *lint, size_t from, size_t to, pj_page *page)
{
    const pj_lint_rule *rule = lint->finding[from].rule;
    bool warns = strcmp(rule->severity, "warning") == 0;
    pj_str text = pj_str_new(0);
    pj_say(&text, " ({}): {}", pj_w_plural(to - from, rule->severity, warns ? "warnings" : "notes"),
           pj_w_ours(rule->summary));
    page->gap = true;
    pj_block *title = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    title->strong = rule->code;
    title->look = warns ? PJ_WARN : PJ_BOLD;
    title->hang = 2;
    pj_page_table(page, rows_of_rule(lint, from, to, page->arena), 2);
    pj_page_printf(page, PJ_BLOCK_ITEM, "To do: %s", rule->remedy);
}

static void text_of(const pj_lint *lint, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, lint->result->model->path);
    const char *path = pj_page_keep(page, &text);
    pj_str_add(&text, ": ");
    summarize(lint, &text);
    pj_block *title = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    title->strong = path;
    title->look = PJ_BOLD;
    title->whole = true;
    for (size_t from = 0, to; from < lint->count; from = to) {
        to = end_of_rule(lint, from);
        add_rule(lint, from, to, page);
    }
    if (!lint->count)
        return;
    page->gap = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "`picojoule help lint` explains each rule; --lint-off CODE leaves one out.")
        ->whole = true;
}

/* Markdown: one table, then what to do. */
static void markdown_of(const pj_lint *lint, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, lint->result->model->path);
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->lead = "Lint of ";
    summarize(lint, &text);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    if (!lint->count)
        return;
    pj_page_table(page, table_of(lint, page->arena), 0);
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "To do:");
    for (size_t from = 0; from < lint->count; from = end_of_rule(lint, from)) {
        const pj_lint_rule *rule = lint->finding[from].rule;
        pj_block *item = pj_page_printf(page, PJ_BLOCK_ITEM, " (%s): %s", rule->summary, rule->remedy);
        item->strong = rule->code;
        item->ours = true;
    }
}

static void page_of(const void *input, pj_page *page)
{
    page->in = PJ_IN_TEXT;
    text_of(input, page);
    page->in = PJ_IN_MARKDOWN;
    markdown_of(input, page);
}

static void put_rules(const pj_lint *lint, pj_json_writer *json)
{
    pj_json_put_begin(json, "rules", PJ_JSON_WRITE_ARRAY);
    for (size_t from = 0, to; from < lint->count; from = to) {
        const pj_lint_rule *rule = lint->finding[from].rule;
        to = end_of_rule(lint, from);
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

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_lint *lint = input;
    pj_json_put_text(json, "schema", "picojoule.lint/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "model", lint->result->model->path);
    pj_json_put_text(json, "table", lint->result->table);
    pj_json_put_text(json, "unit", lint->result->unit);
    pj_json_put_uint(json, "warnings", count_warnings(lint));
    pj_json_put_uint(json, "notes", lint->count - count_warnings(lint));
    pj_json_put_uint(json, "not_listed", lint->dropped);
    pj_json_write_key(json, "findings");
    pj_rows_json(table_of(lint, arena), json);
    put_rules(lint, json);
}

pj_status pj_lint_write(const pj_lint *lint, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    static const pj_pieces pieces = {
        .page = page_of, .table = table_of, .json = json_of, .no_chart = PJ_CHART_OF_SWEEPS};
    return pj_tell(&pieces, lint, options, sink, payload, err);
}

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

/* clang-format off */
static const pj_column rule_columns[] = {
    {PJ_MEMBER(pj_lint_rule, code), .key = "code", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_rule, severity), .key = "severity", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_rule, summary), .key = "summary", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_lint_rule, remedy), .key = "remedy", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static pj_rows *rules_table(const void *input, pj_arena *arena)
{
    (void)input;
    pj_rows *rows = pj_rows_new(arena, rule_columns, sizeof rule_columns / sizeof *rule_columns);
    for (size_t i = 0; rows && pj_lint_rule_at(i); i++)
        pj_rows_add_of(rows, pj_lint_rule_at(i));
    return rows;
}

/* docs/lint.md */
static void rules_markdown(pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, intro);
    pj_str_add(&text, "\n| Rule | Severity | What is wrong |\n|---|---|---|\n");
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        pj_str_printf(&text, "| [%s](#%s) | %s | %s |\n", rule->code, rule->code, rule->severity, rule->summary);
    }
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        pj_str_printf(&text, "\n## %s\n\n%s: %s.\n\n%s\n\n**To do:** %s\n", rule->code,
                      strcmp(rule->severity, "warning") == 0 ? "Warning" : "Note", rule->summary, rule->example,
                      rule->remedy);
    }
    pj_page_add(page, PJ_BLOCK_RAW, &text);
}

static void rules_text(pj_page *page)
{
    for (size_t i = 0; pj_lint_rule_at(i); i++) {
        const pj_lint_rule *rule = pj_lint_rule_at(i);
        const char *const parts[] = {rule->summary, rule->example, rule->remedy};
        page->gap = i > 0;
        pj_block *title = pj_page_printf(page, PJ_BLOCK_PARAGRAPH, " (%s)", rule->severity);
        title->strong = rule->code;
        title->look = PJ_BOLD;
        for (int k = 0; k < 3; k++) {
            pj_str text = pj_str_new(0);
            pj_str_printf(&text, "%s%s", k == 2 ? "To do: " : "", parts[k]);
            for (char *at = text.data; text.length && *at; at++)
                if (*at == '\n')
                    *at = ' ';
            pj_block *part = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
            part->indent = 2;
            part->hang = k == 2 ? 4 : 2;
        }
    }
}

static void rules_page(const void *input, pj_page *page)
{
    (void)input;
    page->in = PJ_IN_TEXT;
    rules_text(page);
    page->in = PJ_IN_MARKDOWN;
    rules_markdown(page);
}

pj_status pj_lint_rules_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = rules_page, .table = rules_table, .list = "rules"};
    return pj_tell(&pieces, NULL, options, sink, payload, err);
}
