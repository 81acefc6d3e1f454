/* The report for a terminal: the answer first, then where it goes, then what it rests on. */
#include "report/report.h"

#include <string.h>

#include "report/findings.h"
#include "report/memory.h"
#include "report/summary.h"
#include "report/weights.h"

enum { INDENT = 2, TOP_SHOWN = 5, TENSORS_SHOWN = 10 };

typedef struct page {
    const pj_view *view;
    const pj_text_style *style;
    pj_str *out;
} page;

static void heading(page *p, const char *text)
{
    pj_str_add_char(p->out, '\n');
    pj_text_look(p->out, p->style, PJ_BOLD);
    pj_str_add(p->out, text);
    pj_text_look(p->out, p->style, PJ_PLAIN);
    pj_str_add_char(p->out, '\n');
}

/* Prints the lines of `text`, each wrapped and indented. Frees it. */
static void lines(page *p, pj_str *text)
{
    for (char *at = text->data; *at;) {
        char *end = at + strcspn(at, "\n");
        bool more = *end != 0;
        *end = 0;
        pj_str_add(p->out, "  ");
        pj_text_wrap(p->out, at, INDENT, INDENT + 2, p->style->width);
        pj_str_add_char(p->out, '\n');
        at = end + more;
    }
    p->out->failed = p->out->failed || text->failed;
    pj_str_free(text);
}

static void table(page *p, const pj_rows *rows, size_t indent)
{
    if (rows)
        pj_rows_text(rows, p->style, indent, p->out);
    else
        p->out->failed = true;
}

static void head(page *p)
{
    const pj_model_info *info = p->view->result->model;
    pj_str text = pj_str_new(0);
    pj_text_look(p->out, p->style, PJ_BOLD);
    p->out->failed = p->out->failed || !info;
    pj_text_clean(p->out, info ? info->path : "");
    pj_text_look(p->out, p->style, PJ_PLAIN);
    pj_str_add_char(p->out, '\n');
    pj_summary_model(p->view, &text);
    pj_str_add_char(&text, '\n');
    pj_summary_work(p->view, &text);
    lines(p, &text);
}

static void answer(page *p)
{
    pj_str text = pj_str_new(0);
    pj_summary_dims(p->view, &text);
    if (p->view->totals->uncounted)
        pj_str_add(&text, " and more: not all layers are counted");
    pj_summary_per_sample(p->view, &text);
    pj_str_add(p->out, "\nOne run takes ");
    pj_text_look(p->out, p->style, PJ_BOLD);
    pj_summary_total(p->view, p->out);
    pj_text_look(p->out, p->style, PJ_PLAIN);
    pj_text_wrap(p->out, text.data, sizeof "One run takes 100.0 uJ", INDENT, p->style->width);
    pj_str_add_char(p->out, '\n');
    p->out->failed = p->out->failed || text.failed;
    pj_str_free(&text);
    table(p, pj_summary_components(p->view), INDENT);
    if (p->view->totals->has_qtools)
        pj_str_printf(p->out, "  QTools' own figures: total cost %lld, energy sum %lld\n",
                      (long long)p->view->totals->qtools_total_cost, (long long)p->view->totals->qtools_energy_sum);
}

static void memory_line(page *p)
{
    pj_str text = pj_str_new(0);
    pj_memory_sentence(p->view->result->memory, &text);
    pj_str_add_char(&text, '.');
    lines(p, &text);
}

static void memory_section(page *p, const pj_activation_memory *memory)
{
    pj_str text = pj_str_new(0);
    heading(p, "Activations in memory at the peak");
    table(p, pj_memory_rows(memory->best, TENSORS_SHOWN, p->view->arena), INDENT);
    if (memory->best->alive_count > TENSORS_SHOWN) {
        pj_str_add(&text, "and ");
        pj_human_plural(&text, memory->best->alive_count - TENSORS_SHOWN, "smaller tensor", "smaller tensors");
        pj_str_add(&text, " (--format json lists all of them)\n");
    }
    pj_memory_best_sentence(memory, &text);
    lines(p, &text);
}

static void rows_title(page *p, const pj_rows *rows)
{
    static const char *const groups[] = {"Layers", "Operators", "Modules"};
    static const char *const sorts[] = {"", "by energy", "by MACs", "in graph order"};
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s %s (energies in %s)", groups[p->view->group], sorts[p->view->sort],
                  pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit);
    heading(p, text.data);
    p->out->failed = p->out->failed || text.failed;
    pj_str_free(&text);
}

static void layers(page *p)
{
    pj_rows *rows = pj_view_rows(p->view);
    pj_str text = pj_str_new(0);
    if (rows)
        rows_title(p, rows);
    table(p, rows, 0);
    pj_summary_coverage(p->view, "", &text);
    lines(p, &text);
}

/* Lint finds more to say; where it does, the report tells how to ask for it. Large models are looked at only then: lint
 * would take a tenth of the time of their report. */
static void lint(page *p)
{
    enum { LARGE = 20000 };
    pj_lint *found = NULL;
    size_t count = 0, layers;
    layers = p->view->result->layer_count;
    if (layers > LARGE)
        return;
    if (pj_lint_run(p->view->result, NULL, 0, &found, NULL) != PJ_OK) {
        p->out->failed = true;
        return;
    }
    pj_lint_findings(found, &count);
    pj_lint_free(found);
    if (!count)
        return;
    pj_str_add(p->out, "  ");
    pj_human_plural(p->out, count, "lint finding", "lint findings");
    pj_str_add(p->out, count == 1 ? ": --lint shows it\n" : ": --lint lists them\n");
}

static void weights(page *p)
{
    const pj_weights *list = p->view->result->weights;
    pj_str text = pj_str_new(0);
    if (list) {
        heading(p, "Weights");
        table(p, pj_weight_rows(list, p->view->arena), 0);
        pj_weights_legend(&text);
    }
    lines(p, &text);
}

void pj_report_text(const pj_view *view, const pj_text_style *style, pj_str *out)
{
    page p = {view, style, out};
    const pj_finding *findings = view->result->findings;
    size_t count = view->result->finding_count;
    pj_str text = pj_str_new(0);
    head(&p);
    answer(&p);
    memory_line(&p);
    if (view->devices) {
        heading(&p, "Devices");
        table(&p, pj_summary_devices(view), INDENT);
    }
    if (view->result->memory->best)
        memory_section(&p, view->result->memory);
    if (view->group != PJ_NO_GROUP || view->sort != PJ_BY_ENERGY) {
        heading(&p, "Largest layers");
        table(&p, pj_view_top(view, TOP_SHOWN), INDENT);
    }
    layers(&p);
    weights(&p);
    heading(&p, "Assumed");
    pj_summary_basis(view, "", &text);
    lines(&p, &text);
    pj_findings_text(findings, count, style, view->arena, out);
    lint(&p);
}
