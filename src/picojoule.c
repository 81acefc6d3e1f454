/* The pipeline: load, infer, quantize, cost. The public functions of model.h and result.h are here, in that order. */
#include "picojoule/picojoule.h"

#include <stdlib.h>
#include <string.h>

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
#include "result/result.h"
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

/* ---- result.h ---- */

/* A result under construction. */
typedef struct analysis {
    pj_found *found;
    pj_result *result;
    pj_arena *arena;
    pj_arena *scratch;
    pj_diags diags;
} analysis;

static pj_status open_devices(analysis *a, pj_error *err)
{
    size_t count = a->result->setup.device_count;
    a->found->devices = PJ_NEW(a->arena, pj_device *, count);
    if (!a->found->devices)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        PJ_TRY(pj_device_open(a->result->setup.devices[i], &a->found->devices[i], err));
    return PJ_OK;
}

/* Counts each unknown operator among the layers. */
static pj_status list_unknown(analysis *a, pj_error *err)
{
    const pj_layers *layers = &a->found->layers;
    pj_map seen;
    pj_map_init(&seen, a->arena);
    pj_unknown_op *unknown = PJ_NEW(a->arena, pj_unknown_op, layers->count);
    a->result->unknown_ops = unknown;
    if (!unknown)
        return pj_fail_memory(err);
    for (size_t i = 0; i < layers->count; i++) {
        if (layers->detail[i].node->desc)
            continue;
        pj_str text = pj_str_new(0);
        pj_node_op_print(layers->detail[i].node, &text);
        char *op = pj_str_keep(&text, a->arena);
        pj_unknown_op *row = op ? pj_map_get(&seen, op) : NULL;
        if (!row) {
            row = &unknown[a->result->unknown_op_count++];
            row->op = op;
            if (!op || !pj_map_put(&seen, op, row))
                return pj_fail_memory(err);
        }
        row->nodes++;
    }
    return PJ_OK;
}

static pj_status list_findings(analysis *a, pj_error *err)
{
    const pj_diags *first = &a->found->model->diags;
    pj_finding *findings = PJ_NEW(a->arena, pj_finding, first->count + a->diags.count);
    a->result->findings = findings;
    if (!findings)
        return pj_fail_memory(err);
    size_t count = copy_findings(first, findings);
    a->result->finding_count = count + copy_findings(&a->diags, findings + count);
    return PJ_OK;
}

/* Formats as the model has them, or as the settings want them. */
static pj_status read_precision(analysis *a, pj_precision *out, pj_error *err)
{
    const pj_setup *setup = &a->result->setup;
    pj_plan plan;
    bool planned = setup->plan || setup->quantize;
    if (planned)
        PJ_TRY(pj_plan_read(setup->plan, setup->quantize, a->found->model, a->arena, &plan, err));
    return pj_precision_read(a->found->model, planned ? &plan : NULL, !setup->no_fold, a->arena, &a->diags, out, err);
}

static pj_status inspect_weights(analysis *a, pj_error *err)
{
    const pj_weight_options options = pj_weight_options_default();
    PJ_TRY(pj_weights_inspect(a->found->model, &options, &a->found->weights, err));
    a->result->weights = a->found->weights;
    pj_weights_advise(a->found->weights, a->found->layers.row, a->found->layers.count, &a->diags);
    return PJ_OK;
}

/* The names of what the setup chooses. */
static pj_status name_resources(analysis *a, pj_error *err)
{
    pj_result *result = a->result;
    const char **devices = PJ_NEW(a->arena, const char *, result->setup.device_count);
    for (size_t i = 0; devices && i < result->setup.device_count; i++)
        devices[i] = pj_device_name(a->found->devices[i]);
    result->table = pj_table_name(a->found->table);
    result->rules = pj_rules_word(pj_table_rules(a->found->table));
    result->unit = pj_table_unit(a->found->table);
    result->devices = devices;
    result->model = pj_model_describe(a->found->model);
    return devices && result->model ? PJ_OK : pj_fail_memory(err);
}

static pj_status measure_memory(analysis *a, pj_schedule *schedule, pj_error *err)
{
    pj_activation_memory *memory = PJ_NEW(a->arena, pj_activation_memory, 1);
    a->result->memory = memory;
    if (!memory)
        return pj_fail_memory(err);
    PJ_TRY(pj_schedule_buffers(&a->found->precision, a->scratch, schedule, err));
    PJ_TRY(pj_peak_measure(schedule, a->result->setup.best_order, a->arena, memory, err));
    a->result->totals.peak_activation_bytes = memory->unknown ? -1 : memory->graph.bytes;
    return PJ_OK;
}

static pj_status run(analysis *a, pj_error *err)
{
    pj_schedule schedule;
    pj_found *found = a->found;
    pj_result *result = a->result;
    const pj_setup *setup = &result->setup;
    pj_precision *precision = &found->precision;
    PJ_TRY(pj_table_open(setup->table, &found->table, err));
    PJ_TRY(open_devices(a, err));
    PJ_TRY(name_resources(a, err));
    pj_memory memory = pj_memory_default(found->table);
    memory.weights_on = setup->weights_on;
    memory.activations_on = setup->activations_on;
    memory.rd_wr_on_io = setup->io_on_dram;
    memory.min_sram_bits = (double)setup->sram_min_bits;
    PJ_TRY(read_precision(a, precision, err));
    PJ_TRY(pj_schedule_steps(found->model, a->scratch, &a->diags, &schedule, err));
    PJ_TRY(pj_layers_count(&schedule, precision, found->table, a->arena, &a->diags, &found->layers, err));
    PJ_TRY(pj_price_layers(precision, &memory, a->arena, &a->diags, &found->layers, err));
    pj_layers_traffic(precision, &found->layers);
    result->layers = found->layers.row;
    result->layer_count = found->layers.count;
    PJ_TRY(pj_layers_total(found->model, precision, &found->layers, a->arena, &result->totals, err));
    PJ_TRY(measure_memory(a, &schedule, err));
    PJ_TRY(pj_estimate_devices(found->model, precision, found->devices, setup->device_count, &found->layers,
                               &result->totals, a->arena, &a->diags, err));
    PJ_TRY(pj_list_shared(precision, &found->layers, a->arena, &result->shared, &result->shared_count, err));
    PJ_TRY(list_unknown(a, err));
    if (setup->inspect_weights)
        PJ_TRY(inspect_weights(a, err));
    PJ_TRY(list_findings(a, err));
    return pj_arena_failed(a->arena) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_analyze(pj_model *model, const pj_setup *setup, pj_result **out, pj_error *err)
{
    *out = NULL;
    pj_found *found = pj_found_new();
    pj_arena *scratch = pj_arena_new(0);
    pj_status status = found && scratch ? PJ_OK : pj_fail_memory(err);
    if (status == PJ_OK) {
        analysis a = {.found = found, .result = &found->result, .arena = found->arena, .scratch = scratch};
        found->model = model;
        found->result.setup = pj_setup_copy(setup, a.arena);
        pj_diags_init(&a.diags, a.arena);
        status = pj_arena_failed(a.arena) ? pj_fail_memory(err) : run(&a, err);
    }
    pj_arena_free(scratch);
    if (status == PJ_OK)
        *out = &found->result;
    else if (found)
        pj_result_free(&found->result);
    return status;
}
