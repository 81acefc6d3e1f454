/* The report as GitHub Markdown, for pull requests and job summaries: the rows of the text report, none left out. */
#include "report/report.h"

#include "report/findings.h"
#include "report/memory.h"
#include "report/summary.h"
#include "report/weights.h"

enum { TOP_SHOWN = 5, TENSORS_SHOWN = 10 };

static void table(const pj_rows *rows, pj_str *out)
{
    if (rows)
        pj_rows_markdown(rows, out);
    else
        out->failed = true;
}

/* Appends what `write` makes with Markdown's characters escaped. */
static void escaped(const pj_view *view, void (*write)(const pj_view *view, pj_str *out), pj_str *out)
{
    pj_str text = pj_str_new(0);
    write(view, &text);
    pj_markdown_escape(out, text.data);
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
}

static void head(const pj_view *view, pj_str *out)
{
    const pj_model_info *info = view->result->model;
    pj_str name = pj_str_new(0);
    pj_text_clean(&name, info ? info->path : "");
    pj_str_add(out, "## Energy of ");
    pj_markdown_escape(out, name.data);
    pj_str_add(out, "\n\nOne run takes **");
    pj_summary_total(view, out);
    pj_str_add(out, "**");
    escaped(view, pj_summary_dims, out);
    pj_str_add(out, view->totals->uncounted ? " and more: not all layers are counted" : "");
    pj_summary_per_sample(view, out);
    pj_str_add(out, ".\n\n");
    escaped(view, pj_summary_work, out);
    pj_str_add(out, "; ");
    escaped(view, pj_summary_model, out);
    pj_str_add(out, ".\n\n");
    out->failed = out->failed || !info || name.failed;
    pj_str_free(&name);
}

static void weights(const pj_view *view, pj_str *out)
{
    const pj_weights *list = view->result->weights;
    if (!list)
        return;
    pj_str_add(out, "\n### Weights\n\n");
    table(pj_weight_rows(list, view->arena), out);
    pj_str_add_char(out, '\n');
    pj_weights_legend(out);
    pj_str_add(out, ".\n");
}

static void memory_sentence(const pj_view *view, pj_str *out)
{
    pj_memory_sentence(view->result->memory, out);
}

static void best_sentence(const pj_view *view, pj_str *out)
{
    pj_memory_best_sentence(view->result->memory, out);
}

static void memory_section(const pj_view *view, pj_str *out)
{
    pj_str_add(out, "\n### Activations in memory at the peak\n\n");
    table(pj_memory_rows(view->result->memory->best, TENSORS_SHOWN, view->arena), out);
    pj_str_add_char(out, '\n');
    escaped(view, best_sentence, out);
    pj_str_add_char(out, '\n');
}

void pj_report_markdown(const pj_view *view, pj_str *out)
{
    const pj_finding *findings = view->result->findings;
    size_t count = view->result->finding_count;
    const pj_rows *rows = pj_view_rows(view);
    pj_scale scale = rows ? pj_rows_scale(rows, PJ_CELL_ENERGY, 0) : (pj_scale){1, ""};
    head(view, out);
    table(pj_summary_components(view), out);
    pj_str_add_char(out, '\n');
    escaped(view, memory_sentence, out);
    pj_str_add(out, ".\n");
    if (view->devices) {
        pj_str_add(out, "\n### Devices\n\n");
        table(pj_summary_devices(view), out);
    }
    if (view->result->memory->best)
        memory_section(view, out);
    if (view->group != PJ_NO_GROUP || view->sort != PJ_BY_ENERGY) {
        pj_str_add(out, "\n### Largest layers\n\n");
        table(pj_view_top(view, TOP_SHOWN), out);
    }
    pj_str_printf(out, "\n### %s, energies in %s\n\n", view->group == PJ_NO_GROUP ? "Layers" : "Groups", scale.unit);
    table(rows, out);
    weights(view, out);
    pj_str_add(out, "\n### Assumed\n\n");
    pj_summary_coverage(view, "- ", out);
    pj_summary_basis(view, "- ", out);
    pj_findings_markdown(findings, count, view->arena, out);
}
