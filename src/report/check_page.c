/* The result of a check for people: what is wrong first, and what to do about it. */
#include "report/check.h"

#include <string.h>

enum { INDENT = 8 };

static void add_inner(pj_page *page, pj_str *text)
{
    pj_block *block = pj_page_add(page, PJ_BLOCK_PARAGRAPH, text);
    block->indent = INDENT;
    block->hang = INDENT + 2;
}

static void text_verdict(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_check_sentence(model, v, &text);
    pj_block *sentence = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    sentence->lead = v->error ? "  error " : v->exceeded ? "  over  " : "  ok    ";
    sentence->hang = INDENT;
    if (!v->exceeded && !v->error)
        return;
    if (v->top_count) {
        pj_str_printf(&text, "%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &text);
        add_inner(page, &text);
    }
    pj_str_add(&text, "Next: ");
    pj_check_advice(check, model, v, &text);
    add_inner(page, &text);
    pj_block *limit = pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "Limit: %s, line %zu", v->path, v->line);
    limit->indent = INDENT;
    limit->whole = true;
}

static const char *const outcomes[] = {"PASS  ", "FAIL  ", "ERROR "};

static void set_outcome(pj_block *block, pj_outcome outcome)
{
    block->strong = outcomes[outcome];
    block->look = outcome == PJ_PASSED ? PJ_BOLD : PJ_BAD;
}

static bool is_wrong(const pj_check_verdict *v)
{
    return v->exceeded || v->error;
}

/* A baseline that is not there is said once. */
static bool is_repeated(const pj_check_model *model, size_t verdict)
{
    const pj_error *now = model->verdicts[verdict].error, *before = verdict ? model->verdicts[verdict - 1].error : NULL;
    return now && before && strcmp(now->file, before->file) == 0 && strcmp(now->what, before->what) == 0;
}

static void text_model(const pj_check *check, const pj_check_model *model, bool quiet, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, model->name);
    page->gap = page->head.next != NULL;
    pj_block *title = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    set_outcome(title, model->outcome);
    title->whole = true;
    if (model->outcome == PJ_BROKEN && !model->unjudged) {
        pj_check_error(&model->error, &text);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
        return;
    }
    for (int wrong = 1; wrong >= quiet; wrong--) /* what is over its limit first */
        for (size_t i = 0; i < model->verdict_count; i++)
            if (is_wrong(&model->verdicts[i]) == wrong && !is_repeated(model, i))
                text_verdict(check, model, &model->verdicts[i], page);
    pj_check_improvement(check, model, &text);
    if (!text.length)
        return;
    pj_block *better = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    better->lead = "  note  ";
    better->hang = INDENT;
}

/* Said once, for budgets that are older than the choice. */
static void text_policies(const pj_check *check, pj_page *page)
{
    size_t count = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < check->model_count; i++)
        count += check->models[i].no_policy;
    if (!count)
        return;
    pj_human_plural(&text, count, "model names", "models name");
    pj_str_add(&text, " no memory policy: the figures are those of --reuse once, as before. To renew on purpose: "
                      "\"reuse\": \"fused\", then "
                      "`picojoule check --update` (docs/memory.md).");
    pj_block *note = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    note->lead = "note  ";
    note->hang = INDENT;
}

/* A line for each model, those that need a look last: the end of a log is what is read first. */
static void text_summary(const pj_check *check, bool quiet, pj_page *page)
{
    pj_str text = pj_str_new(0);
    page->gap = page->head.next != NULL;
    for (pj_outcome outcome = quiet ? PJ_FAILED : PJ_PASSED; outcome <= PJ_BROKEN; outcome++)
        for (size_t i = 0; i < check->model_count; i++) {
            if (check->models[i].outcome != outcome)
                continue;
            pj_check_summary(&check->models[i], &text);
            pj_block *line = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
            set_outcome(line, outcome);
            line->hang = INDENT + 2;
        }
    if (!quiet)
        text_policies(check, page);
    pj_text_clean(&text, check->budget);
    pj_str_add(&text, ": ");
    pj_check_headline(check, &text);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->hang = 2;
}

static void text_page(const pj_check *check, bool quiet, pj_page *page)
{
    if (quiet && check->passed == check->model_count)
        return;
    for (pj_outcome outcome = quiet ? PJ_FAILED : PJ_PASSED; outcome <= PJ_BROKEN; outcome++)
        for (size_t i = 0; i < check->model_count; i++)
            if (check->models[i].outcome == outcome)
                text_model(check, &check->models[i], quiet, page);
    text_summary(check, quiet, page);
}

/* clang-format off */
static const pj_column columns[] = {
    {.title = "", .kind = PJ_CELL_TEXT, .ours = true},
    {.title = "what", .kind = PJ_CELL_TEXT},
    {.title = "most of it", .kind = PJ_CELL_TEXT},
    {.title = "next", .kind = PJ_CELL_TEXT, .ours = true},
};
/* clang-format on */

static pj_rows *rows_of(const pj_check *check, const pj_check_model *model, bool wrong, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, wrong ? 4 : 3);
    for (size_t i = 0; rows && i < model->verdict_count; i++) {
        const pj_check_verdict *v = &model->verdicts[i];
        pj_str sentence = pj_str_new(0), top = pj_str_new(0), advice = pj_str_new(0);
        if (is_wrong(v) != wrong)
            continue;
        pj_cell *cell = pj_rows_add(rows);
        pj_check_sentence(model, v, &sentence);
        pj_check_top(model, v, &top);
        pj_cell_text(&cell[0], v->error ? "error" : wrong ? "over" : "ok");
        pj_cell_made(&cell[1], rows, &sentence);
        pj_cell_made(&cell[2], rows, &top);
        if (!wrong)
            continue;
        pj_check_advice(check, model, v, &advice);
        pj_cell_made(&cell[3], rows, &advice);
    }
    return rows;
}

static void markdown_model(const pj_check *check, const pj_check_model *model, bool quiet, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, model->name);
    pj_str_add(&text, ": ");
    const char *name = pj_page_keep(page, &text);
    pj_block *title = pj_page_say(page, PJ_BLOCK_HEADING, model->outcome == PJ_PASSED ? "passed" : "");
    title->lead = name;
    title->strong = model->outcome == PJ_FAILED   ? "failed"
                    : model->outcome == PJ_BROKEN ? model->unjudged ? "cannot be checked in full" : "cannot be checked"
                                                  : NULL;
    if (model->outcome == PJ_BROKEN && !model->unjudged) {
        pj_check_error(&model->error, &text);
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
        return;
    }
    size_t wrong = model->exceeded + model->unjudged;
    if (wrong)
        pj_page_table(page, rows_of(check, model, true, page->arena), 0);
    pj_check_improvement(check, model, &text);
    if (text.length)
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "It is %s.", pj_page_keep(page, &text))->ours = true;
    if (model->verdict_count > wrong && !quiet) {
        pj_human_plural(&text, model->verdict_count - wrong, "limit is kept", "limits are kept");
        pj_block *kept = pj_page_table(page, rows_of(check, model, false, page->arena), 0);
        kept->kind = PJ_BLOCK_FOLDED;
        kept->text = pj_page_keep(page, &text);
    }
}

static void markdown_page(const pj_check *check, bool quiet, pj_page *page)
{
    pj_str text = pj_str_new(0);
    bool is_plain = !strstr(check->budget, "--"); /* which would end the remark */
    pj_page_mark(page, "check ", is_plain ? check->budget : "");
    pj_check_headline(check, &text);
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->lead = "Energy budget: ";
    for (int passed = 0; passed <= !quiet; passed++) /* what needs a look first */
        for (size_t i = 0; i < check->model_count; i++)
            if ((check->models[i].outcome == PJ_PASSED) == passed)
                markdown_model(check, &check->models[i], quiet, page);
}

void pj_check_page(const pj_check *check, bool quiet, pj_page *page)
{
    page->in = PJ_IN_TEXT;
    text_page(check, quiet, page);
    page->in = PJ_IN_MARKDOWN;
    markdown_page(check, quiet, page);
}
