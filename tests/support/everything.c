/* Calls every reading function of the public headers. */
#include "everything.h"

#include <stdio.h>
#include <string.h>

digest digest_new(void)
{
    return (digest){0, 14695981039346656037u};
}

void digest_add(digest *d, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    d->bytes += length;
    for (size_t i = 0; i < length; i++)
        d->hash = (d->hash ^ at[i]) * 1099511628211u;
}

bool digest_sink(const char *bytes, size_t length, void *payload)
{
    digest_add(payload, bytes, length);
    return true;
}

static void add_text(digest *d, const char *text)
{
    if (text)
        digest_add(d, text, strlen(text) + 1);
}

#define ADD(d, value) digest_add((d), &(value), sizeof(value))

static pj_status fail_memory(pj_error *err)
{
    err->status = PJ_ENOMEM;
    snprintf(err->what, sizeof err->what, "out of memory");
    return PJ_ENOMEM;
}

static void ask_findings(const pj_finding *findings, size_t count, digest *out)
{
    for (size_t i = 0; i < count; i++) {
        add_text(out, findings[i].code);
        add_text(out, findings[i].severity);
        add_text(out, findings[i].node);
        add_text(out, findings[i].message);
    }
}

pj_status ask_model(pj_model *model, digest *out, pj_error *err)
{
    size_t count, findings;
    const pj_tensor_info *tensors = pj_model_tensors(model, &count);
    const pj_finding *finding = pj_model_findings(model, &findings);
    const pj_model_info *info = pj_model_describe(model);
    if (!tensors || !finding || !info)
        return fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        add_text(out, tensors[i].name);
        add_text(out, tensors[i].dtype);
        for (int k = 0; k < tensors[i].rank; k++) {
            ADD(out, tensors[i].dims[k].value);
            add_text(out, tensors[i].dims[k].symbol);
        }
    }
    ask_findings(finding, findings, out);
    add_text(out, info->path);
    add_text(out, info->producer);
    for (size_t i = 0; i < info->opset_count; i++) {
        add_text(out, info->opsets[i].domain);
        ADD(out, info->opsets[i].version);
    }
    return PJ_OK;
}

static void ask_layer(const pj_layer *layer, size_t devices, digest *out)
{
    add_text(out, layer->name);
    add_text(out, layer->op);
    add_text(out, layer->domain);
    add_text(out, layer->scope);
    for (size_t i = 0; i < layer->input_count; i++)
        add_text(out, layer->inputs[i]);
    for (size_t i = 0; i < layer->output_count; i++)
        add_text(out, layer->outputs[i]);
    for (size_t i = 0; pj_work_word(i); i++)
        ADD(out, layer->work[i]);
    ADD(out, layer->macs);
    ADD(out, layer->param_bits);
    add_text(out, layer->input->word);
    add_text(out, layer->weight->word);
    add_text(out, layer->accumulator->word);
    add_text(out, layer->output->word);
    add_text(out, layer->implementation);
    double total = pj_energy_total(&layer->energy);
    ADD(out, total);
    for (size_t i = 0; i < devices; i++)
        ADD(out, layer->devices[i].energy_pj);
}

void ask_analysis(const pj_result *result, digest *out)
{
    size_t layers, findings, unknown, devices = result->setup.device_count;
    const pj_layer *layer = result->layers;
    layers = result->layer_count;
    const pj_finding *finding = result->findings;
    findings = result->finding_count;
    const pj_unknown_op *op = result->unknown_ops;
    unknown = result->unknown_op_count;
    const pj_totals *totals = &result->totals;
    for (size_t i = 0; i < layers; i++)
        ask_layer(&layer[i], devices, out);
    ask_findings(finding, findings, out);
    for (size_t i = 0; i < unknown; i++)
        add_text(out, op[i].op);
    double total = pj_energy_total(&totals->energy);
    ADD(out, total);
    for (size_t i = 0; i < devices; i++) {
        add_text(out, result->devices[i]);
        ADD(out, totals->devices[i].energy_pj);
        ADD(out, totals->device_notes[i].idle_w);
    }
    add_text(out, result->table);
    add_text(out, result->rules);
    add_text(out, result->unit);
}

pj_status write_shapes(pj_model *model, digest *out, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    pj_status status = PJ_OK;
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_shapes_write(model, &options, digest_sink, out, err);
    }
    return status;
}

static const pj_report_options report_variants[] = {
    {.width = 0              },
    {                 .width = 60,          .color = true,           .group = PJ_GROUP_OP, .sort = PJ_BY_MACS, .top = 3, .lint_findings = 1},
    {              .width = 200,                .group = PJ_GROUP_SCOPE,                                       .scope_depth = 1, .sort = PJ_BY_ENERGY, .top = 2, .lint_findings = 2},
    { .width = 80,.color = true,.group = PJ_GROUP_SCOPE, .sort = PJ_IN_ORDER, .top = PJ_TOP_ALL},
    {                             .width = 80,                                                   .sort = PJ_BY_ENERGY,                                                                                         .top = PJ_TOP_NONE, .columns = "layer,macs,total,scope"},
};

enum { REPORT_VARIANTS = sizeof report_variants / sizeof *report_variants };

static size_t report_count(void)
{
    size_t formats = 0;
    while (pj_report_formats()[formats])
        formats++;
    return formats * REPORT_VARIANTS;
}

static pj_status write_report(const pj_result *result, size_t index, digest *out, pj_error *err)
{
    pj_report_options options = report_variants[index % REPORT_VARIANTS];
    options.format = pj_report_formats()[index / REPORT_VARIANTS];
    return pj_report_write(result, &options, digest_sink, out, err);
}

/* The result beside one that failed. */
static pj_status write_runs(const pj_result *result, digest *out, pj_error *err)
{
    const pj_run runs[] = {
        {"gone.onnx",                           "qtools",      NULL,   "cannot open the file"},
        {result->source ? result->source : "-", result->table, result, NULL                  }
    };
    pj_status status = PJ_OK;
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++)
        status = pj_runs_write(runs, 2, &(pj_report_options){.format = *format, .width = 60}, digest_sink, out, err);
    return status;
}

pj_status write_reports(const pj_result *result, digest *out, pj_error *err)
{
    pj_status status = PJ_OK;
    for (size_t i = 0; i < report_count() && status == PJ_OK; i++)
        status = write_report(result, i, out, err);
    return status == PJ_OK ? write_runs(result, out, err) : status;
}

static pj_status write_lint(const pj_lint *lint, digest *out, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    pj_status status = PJ_OK;
    options.width = 60;
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_lint_write(lint, &options, digest_sink, out, err);
    }
    return status;
}

pj_status lint_analysis(const pj_result *result, digest *out, pj_error *err)
{
    pj_lint *lint = NULL;
    size_t count;
    pj_status status = pj_lint_run(result, NULL, 0, &lint, err);
    if (status != PJ_OK)
        return status;
    const pj_lint_finding *finding = pj_lint_findings(lint, &count);
    for (size_t i = 0; i < count; i++) {
        add_text(out, finding[i].code);
        add_text(out, finding[i].severity);
        add_text(out, finding[i].node);
        add_text(out, finding[i].op);
        add_text(out, finding[i].message);
        ADD(out, finding[i].energy_pj);
    }
    status = write_lint(lint, out, err);
    pj_lint_free(lint);
    return status;
}

bool figures_hold(const pj_result *result)
{
    const pj_layer *layer = result->layers;
    size_t count = result->layer_count;
    for (size_t i = 0; i < count; i++, layer++) {
        const pj_energy *energy = &layer->energy;
        bool ok = layer->macs >= 0 && layer->flops >= 0 && layer->params >= 0 && layer->bops >= 0 &&
                  energy->inputs >= 0 && energy->outputs >= 0 && energy->parameters >= 0 && energy->op_cost >= 0;
        for (size_t p = 0; pj_work_word(p); p++)
            ok = ok && layer->work[p] >= 0;
        if (!ok) {
            fprintf(stderr, "layer %s (%s): a count or an energy is negative\n", layer->name, layer->op);
            return false;
        }
    }
    return true;
}
