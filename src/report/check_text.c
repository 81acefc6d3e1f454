/* The result of a check for a terminal and for GitHub Markdown: what is wrong first, and what to do about it. */
#include "report/check.h"

/* ---- text ---- */

typedef struct page {
    const pj_check *check;
    const pj_text_style *style;
    pj_str *out;
} page;

/* One paragraph, led by `lead` and wrapped; its further lines are indented by `indent`. Frees the text. */
static void paragraph(page *p, const char *lead, pj_str *text, size_t indent)
{
    pj_str_add(p->out, lead);
    pj_text_wrap(p->out, text->data, pj_text_width(lead), indent, p->style->width);
    pj_str_add_char(p->out, '\n');
    p->out->failed = p->out->failed || text->failed;
    pj_str_free(text);
}

static void print_verdict(page *p, const pj_check_model *model, const pj_check_verdict *v)
{
    enum { INDENT = 8 };
    pj_str sentence = pj_str_new(0), top = pj_str_new(0), advice = pj_str_new(0);
    pj_check_sentence(model, v, &sentence);
    paragraph(p, v->exceeded ? "  over  " : "  ok    ", &sentence, INDENT);
    if (v->exceeded) {
        pj_str_printf(&top, "%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &top);
        if (v->top_count)
            paragraph(p, "        ", &top, INDENT + 2);
        pj_str_add(&advice, "Next: ");
        pj_check_advice(p->check, model, v, &advice);
        paragraph(p, "        ", &advice, INDENT + 2);
        pj_str_printf(p->out, "        Limit: %s, line %zu\n", v->path, v->line);
    }
    pj_str_free(&top);
}

static void print_model(page *p, const pj_check_model *model)
{
    static const char *const words[] = {"PASS", "FAIL", "ERROR"};
    pj_str text = pj_str_new(0), better = pj_str_new(0);
    pj_str_add_char(p->out, '\n');
    pj_text_look(p->out, p->style, model->outcome == PJ_PASSED ? PJ_BOLD : PJ_WARN);
    pj_str_add(p->out, words[model->outcome]);
    pj_text_look(p->out, p->style, PJ_PLAIN);
    pj_str_add(p->out, "  ");
    pj_text_clean(p->out, model->name);
    pj_str_add_char(p->out, '\n');
    if (model->outcome == PJ_BROKEN) {
        pj_check_error(model, &text);
        paragraph(p, "  ", &text, 4);
        return;
    }
    pj_str_free(&text);
    for (size_t pass = 0; pass < 2; pass++) /* what is over its limit first */
        for (size_t i = 0; i < model->verdict_count; i++)
            if (model->verdicts[i].exceeded == (pass == 0))
                print_verdict(p, model, &model->verdicts[i]);
    pj_check_improvement(p->check, model, &better);
    if (better.length)
        paragraph(p, "  note  ", &better, 8);
    else
        pj_str_free(&better);
}

void pj_check_text(const pj_check *check, const pj_text_style *style, pj_str *out)
{
    page p = {check, style, out};
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, check->budget);
    pj_str_add(&text, ": ");
    pj_check_headline(check, &text);
    paragraph(&p, "", &text, 2);
    for (size_t i = 0; i < check->model_count; i++)
        print_model(&p, &check->models[i]);
}

/* ---- Markdown ---- */

static void add_cell(pj_str *text, pj_str *out)
{
    pj_check_escaped(text, pj_markdown_escape, out);
}

static void markdown_verdicts(const pj_check *check, const pj_check_model *model, bool exceeded, pj_str *out)
{
    pj_str_add(out, exceeded ? "| | what | most of it | next |\n|---|---|---|---|\n"
                             : "| | what | most of it |\n|---|---|---|\n");
    for (size_t i = 0; i < model->verdict_count; i++) {
        const pj_check_verdict *v = &model->verdicts[i];
        pj_str sentence = pj_str_new(0), top = pj_str_new(0), advice = pj_str_new(0);
        if (v->exceeded != exceeded)
            continue;
        pj_check_sentence(model, v, &sentence);
        pj_check_top(model, v, &top);
        pj_str_add(out, exceeded ? "| over | " : "| ok | ");
        add_cell(&sentence, out);
        pj_str_add(out, " | ");
        add_cell(&top, out);
        if (exceeded) {
            pj_str_add(out, " | ");
            pj_check_advice(check, model, v, &advice);
            pj_str_add_bytes(out, advice.data, advice.length); /* with its code in backquotes */
            out->failed = out->failed || advice.failed;
            pj_str_free(&advice);
        }
        pj_str_add(out, " |\n");
    }
}

static void markdown_model(const pj_check *check, const pj_check_model *model, pj_str *out)
{
    static const char *const words[] = {"passed", "**failed**", "**cannot be checked**"};
    pj_str name = pj_str_new(0), text = pj_str_new(0), better = pj_str_new(0);
    pj_str_add(out, "\n### ");
    pj_text_clean(&name, model->name);
    add_cell(&name, out);
    pj_str_printf(out, ": %s\n\n", words[model->outcome]);
    if (model->outcome == PJ_BROKEN) {
        pj_check_error(model, &text);
        add_cell(&text, out);
        pj_str_add_char(out, '\n');
        return;
    }
    if (model->exceeded)
        markdown_verdicts(check, model, true, out);
    pj_check_improvement(check, model, &better);
    if (better.length)
        pj_str_printf(out, "%sIt is %s.\n", model->exceeded ? "\n" : "", better.data);
    out->failed = out->failed || better.failed;
    size_t kept = model->verdict_count - model->exceeded;
    if (kept) {
        pj_str_printf(out, "%s<details><summary>", model->exceeded || better.length ? "\n" : "");
        pj_human_plural(out, kept, "limit is kept", "limits are kept");
        pj_str_add(out, "</summary>\n\n");
        markdown_verdicts(check, model, false, out);
        pj_str_add(out, "\n</details>\n");
    }
    pj_str_free(&better);
}

void pj_check_markdown(const pj_check *check, pj_str *out)
{
    pj_str text = pj_str_new(0);
    pj_str_add(out, "## Energy budget: ");
    pj_check_headline(check, &text);
    add_cell(&text, out);
    pj_str_add_char(out, '\n');
    for (size_t pass = 0; pass < 2; pass++) /* what needs a look first */
        for (size_t i = 0; i < check->model_count; i++)
            if ((check->models[i].outcome == PJ_PASSED) == (pass == 1))
                markdown_model(check, &check->models[i], out);
}
