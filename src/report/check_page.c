/* The result of a check for people: what is wrong first, and what to do about it. */
#include "report/check.h"

enum { INDENT = 8 };

static void text_verdict(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_check_sentence(model, v, &text);
    pj_block *sentence = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    sentence->lead = v->exceeded ? "  over  " : "  ok    ";
    sentence->hang = INDENT;
    if (!v->exceeded)
        return;
    if (v->top_count) {
        pj_str_printf(&text, "%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &text);
        pj_block *top = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
        top->indent = INDENT;
        top->hang = INDENT + 2;
    }
    pj_str_add(&text, "Next: ");
    pj_check_advice(check, model, v, &text);
    pj_block *advice = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    advice->indent = INDENT;
    advice->hang = INDENT + 2;
    pj_block *limit = pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "Limit: %s, line %zu", v->path, v->line);
    limit->indent = INDENT;
    limit->whole = true;
}

static void text_model(const pj_check *check, const pj_check_model *model, pj_page *page)
{
    static const char *const words[] = {"PASS", "FAIL", "ERROR"};
    pj_str text = pj_str_new(0);
    pj_str_add(&text, "  ");
    pj_text_clean(&text, model->name);
    page->gap = true;
    pj_block *title = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    title->strong = words[model->outcome];
    title->look = model->outcome == PJ_PASSED ? PJ_BOLD : PJ_WARN;
    title->whole = true;
    if (model->outcome == PJ_BROKEN) {
        pj_check_error(model, &text);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
        return;
    }
    for (size_t pass = 0; pass < 2; pass++) /* what is over its limit first */
        for (size_t i = 0; i < model->verdict_count; i++)
            if (model->verdicts[i].exceeded == (pass == 0))
                text_verdict(check, model, &model->verdicts[i], page);
    pj_check_improvement(check, model, &text);
    if (!text.length)
        return;
    pj_block *better = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    better->lead = "  note  ";
    better->hang = INDENT;
}

/* clang-format off */
static const pj_column columns[] = {
    {.title = "", .kind = PJ_CELL_TEXT, .ours = true},
    {.title = "what", .kind = PJ_CELL_TEXT},
    {.title = "most of it", .kind = PJ_CELL_TEXT},
    {.title = "next", .kind = PJ_CELL_TEXT, .ours = true},
};
/* clang-format on */

static pj_rows *rows_of(const pj_check *check, const pj_check_model *model, bool exceeded, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, exceeded ? 4 : 3);
    for (size_t i = 0; rows && i < model->verdict_count; i++) {
        const pj_check_verdict *v = &model->verdicts[i];
        pj_str sentence = pj_str_new(0), top = pj_str_new(0), advice = pj_str_new(0);
        if (v->exceeded != exceeded)
            continue;
        pj_cell *cell = pj_rows_add(rows);
        pj_check_sentence(model, v, &sentence);
        pj_check_top(model, v, &top);
        pj_cell_text(&cell[0], exceeded ? "over" : "ok");
        pj_cell_made(&cell[1], rows, &sentence);
        pj_cell_made(&cell[2], rows, &top);
        if (!exceeded)
            continue;
        pj_check_advice(check, model, v, &advice);
        pj_cell_made(&cell[3], rows, &advice);
    }
    return rows;
}

static void markdown_model(const pj_check *check, const pj_check_model *model, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, model->name);
    pj_str_add(&text, ": ");
    const char *name = pj_page_keep(page, &text);
    pj_block *title = pj_page_say(page, PJ_BLOCK_HEADING, model->outcome == PJ_PASSED ? "passed" : "");
    title->lead = name;
    title->strong = model->outcome == PJ_FAILED ? "failed" : model->outcome == PJ_BROKEN ? "cannot be checked" : NULL;
    if (model->outcome == PJ_BROKEN) {
        pj_check_error(model, &text);
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
        return;
    }
    if (model->exceeded)
        pj_page_table(page, rows_of(check, model, true, page->arena), 0);
    pj_check_improvement(check, model, &text);
    if (text.length)
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "It is %s.", pj_page_keep(page, &text))->ours = true;
    if (model->verdict_count > model->exceeded) {
        pj_human_plural(&text, model->verdict_count - model->exceeded, "limit is kept", "limits are kept");
        pj_block *kept = pj_page_table(page, rows_of(check, model, false, page->arena), 0);
        kept->kind = PJ_BLOCK_FOLDED;
        kept->text = pj_page_keep(page, &text);
    }
}

void pj_check_page(const pj_check *check, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_check_headline(check, &text);
    const char *headline = pj_page_keep(page, &text);
    page->in = PJ_IN_TEXT;
    pj_text_clean(&text, check->budget);
    pj_str_printf(&text, ": %s", headline);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->hang = 2;
    for (size_t i = 0; i < check->model_count; i++)
        text_model(check, &check->models[i], page);
    page->in = PJ_IN_MARKDOWN;
    pj_page_say(page, PJ_BLOCK_TITLE, headline)->lead = "Energy budget: ";
    for (size_t pass = 0; pass < 2; pass++) /* what needs a look first */
        for (size_t i = 0; i < check->model_count; i++)
            if ((check->models[i].outcome == PJ_PASSED) == (pass == 1))
                markdown_model(check, &check->models[i], page);
}
