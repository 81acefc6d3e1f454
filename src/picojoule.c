/* The pipeline: load, infer, quantize, cost. The public functions of model.h and energy.h are here, in that order. */
#include "picojoule/picojoule.h"

#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "cost/device.h"
#include "cost/estimate.h"
#include "cost/layer.h"
#include "cost/memory.h"
#include "cost/price.h"
#include "cost/shared.h"
#include "infer/bind.h"
#include "infer/infer.h"
#include "load/load.h"
#include "ops/custom.h"
#include "peak/peak.h"
#include "quant/plan_file.h"
#include "quant/precision.h"
#include "setup/setup.h"
#include "weights/advise.h"

/* ---- model.h ---- */

/* What comes behind loading. */
static pj_status infer(pj_model *model, const pj_setup *setup, pj_error *err)
{
    static const pj_setup none;
    PJ_TRY(pj_bind(model, setup ? setup : &none, err));
    pj_status status = pj_infer(model, &model->diags, err);
    if (status == PJ_ESHAPE)
        pj_bind_explain(model, err);
    return status;
}

static pj_status finish_open(pj_status loaded, const char *name, const pj_setup *setup, pj_model *model, pj_model **out,
                             pj_error *err)
{
    pj_status status = loaded;
    if (status == PJ_OK && setup && setup->op_rules)
        status = pj_custom_read(setup->op_rules, model, err);
    if (status == PJ_OK)
        status = infer(model, setup, err);
    if (status == PJ_OK) {
        *out = model;
        return PJ_OK;
    }
    pj_error_at(err, name, NULL, NULL);
    pj_model_close(model);
    return status;
}

/* Dimensions are bound behind loading, so that they can be bound anew. */
pj_status pj_model_open(const char *path, const pj_setup *setup, pj_model **out, pj_error *err)
{
    pj_model *model = NULL;
    *out = NULL;
    pj_status status = pj_load(path, NULL, &model, err);
    return finish_open(status, path, setup, model, out, err);
}

pj_status pj_model_open_memory(const void *bytes, size_t size, const char *name, const pj_setup *setup, pj_model **out,
                               pj_error *err)
{
    pj_model *model = NULL;
    *out = NULL;
    pj_status status = pj_load_memory(bytes, size, name, NULL, &model, err);
    return finish_open(status, name, setup, model, out, err);
}

pj_status pj_model_rebind(pj_model *model, const pj_setup *setup, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    pj_status status = pj_unbind(model, err);
    if (status == PJ_OK)
        status = infer(model, setup, err);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    return status;
}

void pj_model_close(pj_model *model)
{
    if (model)
        pj_arena_free(model->results);
    pj_unload(model);
}

static bool describe_dims(pj_arena *arena, const pj_type *type, pj_tensor_info *info)
{
    pj_dim_info *dims = PJ_NEW(arena, pj_dim_info, info->rank);
    info->dims = dims;
    for (int k = 0; dims && k < info->rank; k++) {
        dims[k].value = pj_num_known(type->dims[k]) ? type->dims[k].whole : -1;
        if (!pj_num_symbolic(type->dims[k]))
            continue;
        pj_str text = pj_str_new(0);
        pj_num_print(type->dims[k], &text);
        dims[k].symbol = pj_str_keep(&text, arena);
        if (!dims[k].symbol)
            return false;
    }
    return dims != NULL;
}

static const char *type_word(pj_arena *arena, const pj_type *type)
{
    if (type->kind == PJ_TENSOR && type->dtype != PJ_UNDEFINED)
        return pj_dtype_word(type->dtype);
    pj_str word = pj_str_new(0);
    pj_type_word(type, &word);
    return pj_str_keep(&word, arena);
}

static bool describe_tensor(pj_arena *arena, const pj_value *value, pj_tensor_info *info)
{
    info->name = value->name;
    info->dtype = type_word(arena, &value->type);
    info->is_tensor = pj_type_is_tensor(&value->type);
    info->rank = info->is_tensor ? value->type.rank : -1;
    info->is_input = value->is_input;
    info->is_output = value->is_output;
    info->is_initializer = value->tensor != NULL;
    return info->dtype && (info->rank < 0 || describe_dims(arena, &value->type, info));
}

const pj_tensor_info *pj_model_tensors(pj_model *model, size_t *count)
{
    const pj_graph *graph = model->graph;
    pj_arena *arena = pj_model_results(model);
    *count = model->told.tensor_count;
    if (model->told.tensors)
        return model->told.tensors;
    pj_tensor_info *infos = PJ_NEW(arena, pj_tensor_info, model->values);
    bool ok = infos != NULL;
    *count = 0;
    for (int i = 0; ok && i < graph->inputs; i++)
        ok = describe_tensor(arena, graph->in[i], &infos[(*count)++]);
    for (int i = 0; ok && i < graph->initializers; i++)
        ok = describe_tensor(arena, graph->initializer[i], &infos[(*count)++]);
    for (int i = 0; ok && i < graph->nodes; i++)
        for (int o = 0; ok && o < graph->node[i]->outputs; o++)
            if (graph->node[i]->out[o])
                ok = describe_tensor(arena, graph->node[i]->out[o], &infos[(*count)++]);
    if (!ok)
        return NULL;
    model->told.tensor_count = *count;
    return model->told.tensors = infos;
}

static size_t copy_findings(const pj_diags *diags, pj_finding *out)
{
    size_t count = 0;
    for (const pj_diag *at = diags->first; at; at = at->next)
        out[count++] = (pj_finding){pj_diag_word(at->code), pj_diag_severity(at->code), pj_diag_strict(at->code),
                                    at->node, at->message};
    return count;
}

const pj_finding *pj_model_findings(pj_model *model, size_t *count)
{
    *count = model->told.finding_count;
    if (model->told.findings)
        return model->told.findings;
    pj_finding *findings = PJ_NEW(pj_model_results(model), pj_finding, model->diags.count);
    *count = model->told.finding_count = findings ? copy_findings(&model->diags, findings) : 0;
    return model->told.findings = findings;
}

const pj_model_info *pj_model_describe(pj_model *model)
{
    pj_arena *arena = pj_model_results(model);
    if (model->told.info)
        return model->told.info;
    pj_model_info *info = PJ_NEW(arena, pj_model_info, 1);
    pj_opset_info *opsets = PJ_NEW(arena, pj_opset_info, model->opsets);
    if (!info || !opsets)
        return NULL;
    for (int i = 0; i < model->opsets; i++)
        opsets[i] = (pj_opset_info){model->opset[i].domain, model->opset[i].version};
    *info = (pj_model_info){.path = model->path,
                            .producer = model->producer,
                            .ir_version = model->ir_version,
                            .file_bytes = model->file_bytes,
                            .opsets = opsets,
                            .opset_count = (size_t)model->opsets,
                            .nodes = (size_t)model->nodes,
                            .dims = model->dim,
                            .dim_count = (size_t)model->dims,
                            .op_rules = pj_custom_path(model)};
    return model->told.info = info;
}

void pj_operators(void (*visit)(const pj_operator_info *info, void *payload), void *payload)
{
    const unsigned workless = PJ_VIEW | PJ_MOVE | PJ_SHAPE_ONLY;
    for (const pj_op_family *const *family = pj_op_families(); *family; family++) {
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *row = &(*family)->rows[i];
            pj_operator_info info = {(*family)->name,
                                     row->domain,
                                     row->op,
                                     row->since,
                                     row->shape != NULL,
                                     row->value != NULL,
                                     row->work != NULL || (row->traits & workless) != 0};
            visit(&info, payload);
        }
    }
}

/* ---- energy.h ---- */

struct pj_analysis {
    pj_arena *arena;
    pj_model *model;
    pj_setup setup;
    pj_table *table;
    pj_device **devices;
    pj_precision precision; /* settled by the layers */
    pj_layers layers;
    pj_totals totals;
    pj_activation_memory memory;
    pj_diags diags;
    pj_finding *findings;
    size_t finding_count;
    pj_unknown_op *unknown;
    size_t unknown_count;
    const pj_shared_parameter *shared;
    size_t shared_count;
    pj_weights *weights;
};

double pj_energy_total(const pj_energy *energy)
{
    return energy->inputs + energy->outputs + energy->parameters + energy->op_cost;
}

const char *pj_work_word(size_t index)
{
    return index < PJ_PRIMS ? pj_prim_word((pj_prim)index) : NULL;
}

static pj_status open_devices(pj_analysis *analysis, pj_error *err)
{
    size_t count = analysis->setup.device_count;
    analysis->devices = PJ_NEW(analysis->arena, pj_device *, count);
    if (!analysis->devices)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        PJ_TRY(pj_device_open(analysis->setup.devices[i], &analysis->devices[i], err));
    return PJ_OK;
}

/* Counts each unknown operator among the layers. */
static pj_status list_unknown(pj_analysis *analysis, pj_error *err)
{
    const pj_layers *layers = &analysis->layers;
    pj_map seen;
    pj_map_init(&seen, analysis->arena);
    analysis->unknown = PJ_NEW(analysis->arena, pj_unknown_op, layers->count);
    if (!analysis->unknown)
        return pj_fail_memory(err);
    for (size_t i = 0; i < layers->count; i++) {
        if (layers->detail[i].node->desc)
            continue;
        pj_str text = pj_str_new(0);
        pj_node_op_print(layers->detail[i].node, &text);
        char *op = pj_str_keep(&text, analysis->arena);
        pj_unknown_op *row = op ? pj_map_get(&seen, op) : NULL;
        if (!row) {
            row = &analysis->unknown[analysis->unknown_count++];
            row->op = op;
            if (!op || !pj_map_put(&seen, op, row))
                return pj_fail_memory(err);
        }
        row->nodes++;
    }
    return PJ_OK;
}

static pj_status list_findings(pj_analysis *analysis, pj_error *err)
{
    const pj_diags *first = &analysis->model->diags;
    analysis->findings = PJ_NEW(analysis->arena, pj_finding, first->count + analysis->diags.count);
    if (!analysis->findings)
        return pj_fail_memory(err);
    size_t count = copy_findings(first, analysis->findings);
    analysis->finding_count = count + copy_findings(&analysis->diags, analysis->findings + count);
    return PJ_OK;
}

/* Formats as the model has them, or as the settings want them. */
static pj_status read_precision(pj_analysis *analysis, pj_precision *out, pj_error *err)
{
    const pj_setup *setup = &analysis->setup;
    pj_plan plan;
    bool planned = setup->plan || setup->quantize;
    if (planned)
        PJ_TRY(pj_plan_read(setup->plan, setup->quantize, analysis->model, analysis->arena, &plan, err));
    return pj_precision_read(analysis->model, planned ? &plan : NULL, !setup->no_fold, analysis->arena,
                             &analysis->diags, out, err);
}

static pj_status inspect_weights(pj_analysis *analysis, pj_error *err)
{
    const pj_weight_options options = pj_weight_options_default();
    PJ_TRY(pj_weights_inspect(analysis->model, &options, &analysis->weights, err));
    pj_weights_advise(analysis->weights, analysis->layers.row, analysis->layers.count, &analysis->diags);
    return PJ_OK;
}

static pj_status run(pj_analysis *analysis, pj_arena *scratch, pj_error *err)
{
    pj_schedule schedule;
    pj_model *model = analysis->model;
    const pj_setup *setup = &analysis->setup;
    pj_precision *precision = &analysis->precision;
    PJ_TRY(pj_table_open(setup->table, &analysis->table, err));
    PJ_TRY(open_devices(analysis, err));
    pj_memory memory = pj_memory_default(analysis->table);
    memory.weights_on = setup->weights_on;
    memory.activations_on = setup->activations_on;
    memory.rd_wr_on_io = setup->io_on_dram;
    memory.min_sram_bits = (double)setup->sram_min_bits;
    PJ_TRY(read_precision(analysis, precision, err));
    PJ_TRY(pj_schedule_steps(model, scratch, &analysis->diags, &schedule, err));
    PJ_TRY(pj_layers_count(&schedule, precision, analysis->table, analysis->arena, &analysis->diags, &analysis->layers,
                           err));
    PJ_TRY(pj_price_layers(precision, &memory, analysis->arena, &analysis->diags, &analysis->layers, err));
    pj_layers_traffic(precision, &analysis->layers);
    PJ_TRY(pj_layers_total(model, precision, &analysis->layers, analysis->arena, &analysis->totals, err));
    PJ_TRY(pj_schedule_buffers(precision, scratch, &schedule, err));
    PJ_TRY(pj_peak_measure(&schedule, setup->best_order, analysis->arena, &analysis->memory, err));
    analysis->totals.peak_activation_bytes = analysis->memory.unknown ? -1 : analysis->memory.graph.bytes;
    PJ_TRY(pj_estimate_devices(model, precision, analysis->devices, setup->device_count, &analysis->layers,
                               &analysis->totals, analysis->arena, &analysis->diags, err));
    PJ_TRY(
        pj_list_shared(precision, &analysis->layers, analysis->arena, &analysis->shared, &analysis->shared_count, err));
    PJ_TRY(list_unknown(analysis, err));
    if (setup->inspect_weights)
        PJ_TRY(inspect_weights(analysis, err));
    PJ_TRY(list_findings(analysis, err));
    return pj_arena_failed(analysis->arena) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_analyze(pj_model *model, const pj_setup *setup, pj_analysis **out, pj_error *err)
{
    *out = NULL;
    pj_arena *arena = pj_arena_new(0), *scratch = pj_arena_new(0);
    pj_analysis *analysis = arena && scratch ? PJ_NEW(arena, pj_analysis, 1) : NULL;
    if (!analysis) {
        pj_arena_free(scratch);
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    analysis->arena = arena;
    analysis->model = model;
    pj_diags_init(&analysis->diags, arena);
    analysis->setup = pj_setup_copy(setup, arena);
    pj_status status = pj_arena_failed(arena) ? pj_fail_memory(err) : run(analysis, scratch, err);
    pj_arena_free(scratch);
    if (status != PJ_OK) {
        pj_analysis_free(analysis);
        return status;
    }
    *out = analysis;
    return PJ_OK;
}

void pj_analysis_free(pj_analysis *analysis)
{
    if (!analysis)
        return;
    pj_table_close(analysis->table);
    pj_weights_free(analysis->weights);
    for (size_t i = 0; analysis->devices && i < analysis->setup.device_count; i++)
        pj_device_close(analysis->devices[i]);
    pj_arena_free(analysis->arena);
}

const pj_layer *pj_analysis_layers(const pj_analysis *analysis, size_t *count)
{
    *count = analysis->layers.count;
    return analysis->layers.row;
}

const pj_totals *pj_analysis_totals(const pj_analysis *analysis)
{
    return &analysis->totals;
}

const pj_activation_memory *pj_analysis_memory(const pj_analysis *analysis)
{
    return &analysis->memory;
}

const pj_finding *pj_analysis_findings(const pj_analysis *analysis, size_t *count)
{
    *count = analysis->finding_count;
    return analysis->findings;
}

const pj_unknown_op *pj_analysis_unknown_ops(const pj_analysis *analysis, size_t *count)
{
    *count = analysis->unknown_count;
    return analysis->unknown;
}

const pj_shared_parameter *pj_analysis_shared(const pj_analysis *analysis, size_t *count)
{
    *count = analysis->shared_count;
    return analysis->shared;
}

const pj_precision *pj_analysis_precision(const pj_analysis *analysis)
{
    return &analysis->precision;
}

const pj_layers *pj_analysis_counts(const pj_analysis *analysis)
{
    return &analysis->layers;
}

const pj_weights *pj_analysis_weights(const pj_analysis *analysis)
{
    return analysis->weights;
}

const pj_setup *pj_analysis_settings(const pj_analysis *analysis)
{
    return &analysis->setup;
}

pj_model *pj_analysis_model(const pj_analysis *analysis)
{
    return analysis->model;
}

const char *pj_analysis_table(const pj_analysis *analysis)
{
    return pj_table_name(analysis->table);
}

const char *pj_analysis_rules(const pj_analysis *analysis)
{
    return pj_rules_word(pj_table_rules(analysis->table));
}

const char *pj_analysis_unit(const pj_analysis *analysis)
{
    return pj_table_unit(analysis->table);
}

const char *pj_analysis_device(const pj_analysis *analysis, size_t index)
{
    return index < analysis->setup.device_count ? pj_device_name(analysis->devices[index]) : NULL;
}
