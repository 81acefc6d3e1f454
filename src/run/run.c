/* The pipeline: formats, schedule, counts, prices, estimates. It is the only caller of all stages. */
#include "cost/device.h"
#include "cost/estimate.h"
#include "cost/shared.h"
#include "ops/custom.h"
#include "peak/peak.h"
#include "picojoule/version.h"
#include "result/result.h"
#include "run/findings.h"
#include "run/priced.h"
#include "setup/setup.h"
#include "weights/advise.h"

/* A result under construction. */
typedef struct analysis {
    pj_found *found;
    pj_result *result;
    pj_arena *arena;
    pj_arena *scratch;
    pj_diags diags;
    const char *plan_sha256;
} analysis;

static pj_status open_devices(analysis *a, pj_error *err)
{
    size_t count = a->result->setup.device_count;
    a->found->devices = PJ_NEW(a->arena, pj_device *, count);
    if (!a->found->devices)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        PJ_TRY(pj_device_open(a->result->setup.devices[i], &a->result->setup, &a->found->devices[i], err));
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
    size_t count = pj_findings_copy(first, findings);
    a->result->finding_count = count + pj_findings_copy(&a->diags, findings + count);
    return PJ_OK;
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
    result->setup.table = result->table = pj_table_name(a->found->table);
    result->setup.rules = result->rules = pj_rules_word(pj_table_rules(a->found->table));
    result->setup.unit = result->unit = pj_table_unit(a->found->table);
    result->setup.devices = result->devices = devices;
    result->version = PICOJOULE_VERSION;
    result->model = pj_model_describe(a->found->model);
    if (!devices || !result->model)
        return pj_fail_memory(err);
    result->source = result->model->path;
    result->setup.dims = result->model->dims;
    result->setup.dim_count = result->model->dim_count;
    result->setup.op_rules = result->model->op_rules;
    return PJ_OK;
}

/* What the files were when they were read. */
static pj_status keep_contents(analysis *a, pj_error *err)
{
    enum { OTHERS = 3 };
    pj_setup *setup = &a->result->setup;
    pj_content *contents = PJ_NEW(a->arena, pj_content, setup->device_count + OTHERS);
    size_t count = 0;
    if (!contents)
        return pj_fail_memory(err);
    contents[count++] = (pj_content){PJ_SETTING_AT(table)->name, setup->table, pj_table_sha256(a->found->table)};
    for (size_t i = 0; i < setup->device_count; i++)
        contents[count++] =
            (pj_content){PJ_SETTING_AT(devices)->name, setup->devices[i], pj_device_sha256(a->found->devices[i])};
    if (setup->plan)
        contents[count++] = (pj_content){PJ_SETTING_AT(plan)->name, setup->plan, a->plan_sha256};
    if (setup->op_rules)
        contents[count++] =
            (pj_content){PJ_SETTING_AT(op_rules)->name, setup->op_rules, pj_custom_sha256(a->found->model)};
    setup->contents = contents;
    setup->content_count = count;
    setup->resources = NULL; /* the caller's, who may free them from now on */
    setup->resource_count = 0;
    return PJ_OK;
}

static pj_status measure_memory(analysis *a, pj_schedule *schedule, pj_error *err)
{
    pj_activation_memory *memory = PJ_NEW(a->arena, pj_activation_memory, 1);
    a->result->memory = memory;
    if (!memory)
        return pj_fail_memory(err);
    PJ_TRY(pj_peak_measure(schedule, a->result->setup.best_order, a->arena, memory, err));
    a->result->totals.peak_activation_bytes = memory->unknown ? -1 : memory->graph.bytes;
    return PJ_OK;
}

/* Formats as the model has them, or as the setup wants them, and what they cost. */
static pj_status price(analysis *a, pj_priced *priced, pj_error *err)
{
    pj_found *found = a->found;
    pj_result *result = a->result;
    const pj_setup *setup = &result->setup;
    const pj_prices prices = {found->model, found->table, setup};
    pj_plan plan = {0};
    bool planned = setup->plan || setup->quantize;
    if (planned)
        PJ_TRY(pj_plan_read(setup, found->model, a->arena, &plan, err));
    PJ_TRY(pj_run_priced(&prices, planned ? &plan : NULL, a->arena, a->scratch, &a->diags, priced, err));
    a->plan_sha256 = pj_arena_strdup(a->arena, plan.sha256);
    pj_layers_traffic(&priced->precision, &priced->layers);
    PJ_TRY(pj_layers_shapes(found->model, &priced->layers, a->arena, err));
    found->precision = priced->precision;
    found->layers = priced->layers;
    result->layers = priced->layers.row;
    result->layer_count = priced->layers.count;
    result->totals = priced->totals;
    return PJ_OK;
}

static pj_status run(analysis *a, pj_error *err)
{
    pj_priced priced;
    pj_found *found = a->found;
    pj_result *result = a->result;
    const pj_precision *precision = &found->precision;
    PJ_TRY(pj_table_open(result->setup.table, &result->setup, &found->table, err));
    PJ_TRY(open_devices(a, err));
    PJ_TRY(name_resources(a, err));
    PJ_TRY(price(a, &priced, err));
    PJ_TRY(keep_contents(a, err));
    PJ_TRY(measure_memory(a, &priced.schedule, err));
    PJ_TRY(pj_estimate_devices(found->model, precision, found->devices, result->setup.device_count, &found->layers,
                               &result->totals, a->arena, &a->diags, err));
    PJ_TRY(pj_list_shared(precision, &found->layers, a->arena, &result->shared, &result->shared_count, err));
    PJ_TRY(list_unknown(a, err));
    if (result->setup.inspect_weights)
        PJ_TRY(inspect_weights(a, err));
    return list_findings(a, err);
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
    return pj_found_finish(found, status, out, err);
}

pj_status pj_result_open(const char *path, const pj_setup *setup, pj_result **out, pj_error *err)
{
    pj_model *model = NULL;
    *out = NULL;
    if (pj_result_is_report(path))
        return pj_result_read(path, out, err);
    PJ_TRY(pj_model_open(path, setup, &model, err));
    pj_status status = pj_analyze(model, setup, out, err);
    if (status == PJ_OK)
        pj_result_own(*out, pj_model_close);
    else
        pj_model_close(model);
    return status;
}
