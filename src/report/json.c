/* The report as JSON: picojoule.report/1. docs/report-format.md describes it. */
#include "report/report.h"

#include <string.h>

#include "cost/memory.h"
#include "picojoule/version.h"
#include "report/findings.h"
#include "report/memory.h"
#include "report/shape_text.h"
#include "report/weights.h"

/* ---- model and settings ---- */

static void put_tensors(pj_json_writer *json, const char *key, const pj_tensor_info *tensors, size_t count)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", tensors[i].name);
        pj_json_put_text(json, "dtype", *tensors[i].dtype ? tensors[i].dtype : NULL);
        pj_json_write_key(json, "shape");
        pj_shape_json(tensors[i].rank, tensors[i].dims, json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_model(pj_json_writer *json, const pj_view *view)
{
    const pj_model_info *info = view->result->model;
    pj_json_put_begin(json, "model", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "path", info->path);
    pj_json_put_int(json, "ir_version", info->ir_version);
    pj_json_put_text(json, "producer", info->producer);
    pj_json_put_begin(json, "opsets", PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < info->opset_count; i++)
        pj_json_put_int(json, info->opsets[i].domain, info->opsets[i].version);
    pj_json_write_end(json);
    pj_json_put_uint(json, "nodes", info->nodes);
    put_tensors(json, "inputs", info->inputs, info->input_count);
    put_tensors(json, "outputs", info->outputs, info->output_count);
    pj_json_put_int(json, "params", view->totals->params);
    pj_json_put_int(json, "param_bits", view->totals->param_bits);
    pj_json_put_uint(json, "file_bytes", info->file_bytes);
    pj_json_write_end(json);
}

void pj_basis_json(const pj_basis *basis, pj_json_writer *json)
{
    const pj_setup *settings = basis->settings;
    pj_json_put_begin(json, "settings", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "table", basis->table);
    pj_json_put_text(json, "rules", basis->rules);
    pj_json_put_text(json, "unit", basis->unit);
    pj_json_put_text(json, "weights_on_memory", pj_place_word(settings->weights_on));
    pj_json_put_text(json, "activations_on_memory", pj_place_word(settings->activations_on));
    pj_json_put_bool(json, "rd_wr_on_io", settings->io_on_dram);
    pj_json_put_uint(json, "min_sram_size", settings->sram_min_bits);
    pj_json_put_begin(json, "dims", PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < basis->dim_count; i++)
        pj_json_put_int(json, basis->dims[i].name, basis->dims[i].value);
    pj_json_write_end(json);
    pj_json_put_text(json, "op_rules", basis->op_rules);
    pj_json_put_text(json, "plan", settings->plan);
    if (settings->quantize)
        pj_json_put_text(json, "quantize", settings->quantize);
    if (settings->no_fold)
        pj_json_put_bool(json, "no_fold", true);
    pj_json_write_end(json);
}

static void put_settings(pj_json_writer *json, const pj_view *view)
{
    const pj_result *result = view->result;
    const pj_model_info *info = result->model;
    json->out->failed = json->out->failed || !info;
    if (!info)
        return;
    const pj_basis basis = {.settings = &result->setup,
                            .table = result->table,
                            .rules = result->rules,
                            .unit = result->unit,
                            .op_rules = info->op_rules,
                            .dims = info->dims,
                            .dim_count = info->dim_count};
    pj_basis_json(&basis, json);
}

/* ---- figures ---- */

static void put_energy(pj_json_writer *json, const pj_energy *energy)
{
    pj_json_put_begin(json, "energy_pj", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "inputs", energy->inputs);
    pj_json_put_double(json, "outputs", energy->outputs);
    pj_json_put_double(json, "parameters", energy->parameters);
    pj_json_put_double(json, "op_cost", energy->op_cost);
    pj_json_put_double(json, "total", pj_energy_total(energy));
    pj_json_write_end(json);
}

static void put_conversion(pj_json_writer *json, double conversion)
{
    if (conversion > 0)
        pj_json_put_double(json, "conversion_pj", conversion);
}

/* A figure that is null where it is not known, told by a negative one. */
static void put_known(pj_json_writer *json, const char *key, double value)
{
    pj_json_write_key(json, key);
    if (value < 0)
        pj_json_write_null(json);
    else
        pj_json_write_double(json, value);
}

/* `idle`: of the totals; NULL elsewhere. */
static void put_devices(pj_json_writer *json, const pj_view *view, const pj_device_figure *figures, const double *idle)
{
    pj_json_put_begin(json, "devices", idle ? PJ_JSON_WRITE_OBJECT : PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t d = 0; d < view->devices; d++) {
        pj_json_put_begin(json, view->result->devices[d], PJ_JSON_WRITE_OBJECT_LINE);
        put_known(json, "energy_pj", figures[d].energy_pj);
        put_known(json, "time_us", figures[d].time_us);
        if (idle) {
            put_known(json, "idle_w", idle[d]);
            pj_json_put_uint(json, "layers", view->totals->device_layers[d]);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* ---- layers ---- */

static void put_format(pj_json_writer *json, const char *key, const pj_format_info *format)
{
    if (!format->known) {
        pj_json_put_text(json, key, NULL);
        return;
    }
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "word", format->word);
    pj_json_put_text(json, "kind", format->kind);
    pj_json_put_int(json, "bits", format->bits);
    pj_json_put_int(json, "int_bits", format->int_bits);
    pj_json_put_bool(json, "signed", format->is_signed);
    pj_json_put_text(json, "from", format->from);
    pj_json_write_end(json);
}

static void put_precision(pj_json_writer *json, const pj_layer *layer)
{
    pj_json_put_begin(json, "precision", PJ_JSON_WRITE_OBJECT);
    put_format(json, "input", &layer->input);
    put_format(json, "weight", &layer->weight);
    put_format(json, "accumulator", &layer->accumulator);
    put_format(json, "output", &layer->output);
    pj_json_put_text(json, "implementation", layer->implementation);
    pj_json_put_double(json, "gate_bits", layer->gate_bits);
    pj_json_put_double(json, "gate_factor", layer->gate_factor);
    pj_json_write_end(json);
}

static void put_names(pj_json_writer *json, const char *key, const char *const *names, size_t count)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < count; i++)
        pj_json_write_text(json, names[i]);
    pj_json_write_end(json);
}

/* The counts that layers, groups and totals share. */
static void put_counts(pj_json_writer *json, int64_t macs, int64_t flops, int64_t params, int64_t param_bits,
                       int64_t bops)
{
    pj_json_put_int(json, "macs", macs);
    pj_json_put_int(json, "flops", flops);
    pj_json_put_int(json, "params", params);
    pj_json_put_int(json, "param_bits", param_bits);
    pj_json_put_int(json, "bops", bops);
}

static void put_layer(pj_json_writer *json, const pj_view *view, const pj_layer *layer)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_uint(json, "index", layer->index);
    pj_json_put_text(json, "name", layer->name);
    pj_json_put_text(json, "op", layer->op);
    pj_json_put_text(json, "domain", layer->domain);
    pj_json_put_text(json, "scope", layer->scope);
    put_names(json, "inputs", layer->inputs, layer->input_count);
    put_names(json, "outputs", layer->outputs, layer->output_count);
    pj_json_write_key(json, "output_shape");
    pj_shape_json(layer->rank, layer->dims, json);
    pj_json_put_bool(json, "counted", layer->counted);
    pj_json_put_bool(json, "free", layer->free);
    if (layer->folded_into)
        pj_json_put_text(json, "folded_into", layer->folded_into);
    if (layer->runs != 1)
        pj_json_put_int(json, "runs", layer->runs);
    put_counts(json, layer->macs, layer->flops, layer->params, layer->param_bits, layer->bops);
    pj_json_put_int(json, "input_bits", layer->input_bits);
    pj_json_put_int(json, "output_bits", layer->output_bits);
    pj_json_put_begin(json, "work", PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; pj_work_word(i); i++)
        pj_json_put_int(json, pj_work_word(i), layer->work[i]);
    pj_json_write_end(json);
    put_precision(json, layer);
    put_energy(json, &layer->energy);
    put_conversion(json, layer->conversion);
    put_devices(json, view, layer->devices, NULL);
    pj_json_write_end(json);
}

/* Layers as the view orders and cuts them; all of them in graph order where it shows groups. */
static void put_layers(pj_json_writer *json, const pj_view *view)
{
    const pj_layer *layers = view->result->layers;
    size_t count = view->result->layer_count;
    pj_json_put_begin(json, "layers", PJ_JSON_WRITE_ARRAY);
    if (view->group == PJ_NO_GROUP)
        for (size_t i = 0; i < view->count; i++)
            put_layer(json, view, view->row[i].layer);
    else
        for (size_t i = 0; i < count; i++)
            put_layer(json, view, &layers[i]);
    pj_json_write_end(json);
}

static void put_group(pj_json_writer *json, const pj_view *view, const pj_view_row *row)
{
    pj_json_put_uint(json, "layers", row->layers);
    pj_json_put_uint(json, "uncounted", row->uncounted);
    put_counts(json, row->macs, row->flops, row->params, row->param_bits, row->bops);
    put_energy(json, &row->energy);
    put_devices(json, view, row->devices, NULL);
    pj_json_write_end(json);
}

static void put_groups(pj_json_writer *json, const pj_view *view)
{
    pj_json_put_begin(json, "groups", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < view->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "name", view->row[i].name);
        put_group(json, view, &view->row[i]);
    }
    pj_json_write_end(json);
}

/* ---- totals ---- */

static void put_totals(pj_json_writer *json, const pj_view *view)
{
    const pj_totals *totals = view->totals;
    double total = pj_energy_total(&totals->energy);
    pj_json_put_begin(json, "totals", PJ_JSON_WRITE_OBJECT);
    put_counts(json, totals->macs, totals->flops, totals->params, totals->param_bits, totals->bops);
    put_energy(json, &totals->energy);
    put_conversion(json, totals->conversion);
    put_known(json, "batch", totals->batch > 0 ? (double)totals->batch : -1);
    put_known(json, "per_sample_pj", totals->batch > 0 ? total / (double)totals->batch : -1);
    put_known(json, "peak_activation_bytes", (double)totals->peak_activation_bytes);
    put_devices(json, view, totals->devices, totals->idle_w);
    if (totals->has_qtools) {
        pj_json_put_begin(json, "qtools", PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_int(json, "total_cost", totals->qtools_total_cost);
        pj_json_put_int(json, "energy_sum", totals->qtools_energy_sum);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_coverage(pj_json_writer *json, const pj_view *view)
{
    const pj_totals *totals = view->totals;
    const pj_unknown_op *unknown = view->result->unknown_ops;
    size_t count = view->result->unknown_op_count;
    pj_json_put_begin(json, "coverage", PJ_JSON_WRITE_OBJECT);
    pj_json_put_uint(json, "layers", totals->layers);
    pj_json_put_uint(json, "counted", totals->layers - totals->uncounted);
    pj_json_put_uint(json, "uncounted", totals->uncounted);
    pj_json_put_uint(json, "free", totals->free_layers);
    pj_json_put_begin(json, "unknown_ops", PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < count; i++)
        pj_json_put_uint(json, unknown[i].op, unknown[i].nodes);
    pj_json_write_end(json);
    /* the MACs of what is not counted are not known, so neither is their share */
    put_known(json, "macs_share", totals->uncounted ? -1 : 1);
    pj_json_put_uint(json, "tensors", view->result->model->tensors);
    pj_json_put_uint(json, "tensors_known", view->result->model->tensors_known);
    pj_json_write_end(json);
}

static void put_shared(pj_json_writer *json, const pj_view *view)
{
    const pj_shared_parameter *shared = view->result->shared;
    size_t count = view->result->shared_count;
    pj_json_put_begin(json, "shared_parameters", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", shared[i].name);
        pj_json_put_int(json, "elements", shared[i].elements);
        put_names(json, "layers", shared[i].layers, shared[i].layer_count);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_report_json(const pj_view *view, pj_json_writer *json)
{
    const pj_finding *findings = view->result->findings;
    size_t count = view->result->finding_count;
    pj_json_put_text(json, "schema", "picojoule.report/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    put_model(json, view);
    put_settings(json, view);
    put_layers(json, view);
    if (view->group != PJ_NO_GROUP)
        put_groups(json, view);
    if (view->left_out) {
        pj_json_put_begin(json, "left_out", PJ_JSON_WRITE_OBJECT);
        pj_json_put_uint(json, "rows", view->left_out);
        put_group(json, view, &view->rest);
    }
    put_totals(json, view);
    pj_memory_json(view->result->memory, json);
    put_shared(json, view);
    if (view->result->weights)
        pj_weights_json(view->result->weights, json);
    put_coverage(json, view);
    pj_findings_json(findings, count, json);
}
