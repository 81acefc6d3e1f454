/* The pipeline: formats, schedule, counts, prices, estimates. It is the only caller of all stages. */
#include "run/run.h"

#include "cost/estimate.h"
#include "cost/shared.h"
#include "ops/custom.h"
#include "peak/peak.h"
#include "picojoule/version.h"
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
    pj_shelf *shelf;
    const pj_table *table;
    const pj_hierarchy *hierarchy; /* NULL: rules qtools */
    const pj_device **device;      /* as many as in the setup */
    pj_content *content;           /* what has been opened */
    size_t contents;
    pj_diags diags;
} analysis;

/* Opens it, and keeps what it held. */
static pj_status open_resource(analysis *a, pj_resource_kind kind, const char *member, const char *name,
                               const pj_kept **out, pj_error *err)
{
    PJ_TRY(pj_shelf_open(a->shelf, &a->result->setup, kind, name, out, err));
    a->content[a->contents++] = (pj_content){member, name, pj_arena_strdup(a->arena, (*out)->sha256)};
    return PJ_OK;
}

static pj_status open_devices(analysis *a, pj_error *err)
{
    const pj_setup *setup = &a->result->setup;
    const pj_kept *kept = NULL;
    for (size_t i = 0; i < setup->device_count; i++) {
        PJ_TRY(open_resource(a, PJ_RESOURCE_DEVICE, PJ_SETTING_AT(devices)->name, setup->devices[i], &kept, err));
        a->device[i] = kept->device;
    }
    return PJ_OK;
}

/* The one that is asked for, else the reference, whose prices are the table's. */
static pj_status open_hierarchy(analysis *a, pj_error *err)
{
    const char *asked = a->result->setup.hierarchy;
    const pj_kept *kept = NULL;
    if (asked)
        PJ_TRY(open_resource(a, PJ_RESOURCE_HIERARCHY, PJ_SETTING_AT(hierarchy)->name, asked, &kept, err));
    else if (pj_table_rules(a->table) == PJ_RULES_PICOJOULE)
        PJ_TRY(pj_shelf_open(a->shelf, &a->result->setup, PJ_RESOURCE_HIERARCHY, PJ_HIERARCHY_DEFAULT, &kept, err));
    a->hierarchy = kept ? kept->hierarchy : NULL;
    return PJ_OK;
}

/* Results tell names, and outlive what is opened. */
static pj_status name_resources(analysis *a, pj_error *err)
{
    pj_result *result = a->result;
    pj_setup *setup = &result->setup;
    const char **devices = PJ_NEW(a->arena, const char *, setup->device_count);
    for (size_t i = 0; devices && i < setup->device_count; i++)
        a->content[1 + i].name = devices[i] = pj_arena_strdup(a->arena, pj_device_name(a->device[i]));
    setup->table = result->table = a->content[0].name = pj_arena_strdup(a->arena, pj_table_name(a->table));
    setup->rules = result->rules = pj_rules_word(pj_table_rules(a->table));
    setup->unit = result->unit = pj_arena_strdup(a->arena, pj_table_unit(a->table));
    setup->devices = result->devices = devices;
    if (setup->hierarchy)
        setup->hierarchy = a->content[1 + setup->device_count].name = pj_arena_strdup(a->arena, a->hierarchy->name);
    result->version = PICOJOULE_VERSION;
    result->model = pj_model_describe(a->found->model);
    PJ_TRY(pj_got(devices && result->model, err));
    result->source = result->model->path;
    setup->dims = result->model->dims;
    setup->dim_count = result->model->dim_count;
    setup->op_rules = result->model->op_rules;
    return PJ_OK;
}

static pj_status open_resources(analysis *a, pj_error *err)
{
    enum { OTHERS = 4 }; /* table, hierarchy, plan, operators */
    const pj_setup *setup = &a->result->setup;
    const pj_kept *table = NULL;
    a->content = PJ_NEW(a->arena, pj_content, setup->device_count + OTHERS);
    a->device = PJ_NEW(a->scratch, const pj_device *, setup->device_count);
    PJ_TRY(pj_got(a->content && a->device, err));
    PJ_TRY(open_resource(a, PJ_RESOURCE_TABLE, PJ_SETTING_AT(table)->name, setup->table, &table, err));
    a->table = table->table;
    PJ_TRY(open_devices(a, err));
    PJ_TRY(open_hierarchy(a, err));
    return name_resources(a, err);
}

/* What the files were when they were read. */
static void keep_contents(analysis *a)
{
    pj_setup *setup = &a->result->setup;
    if (setup->op_rules)
        a->content[a->contents++] =
            (pj_content){PJ_SETTING_AT(op_rules)->name, setup->op_rules, pj_custom_sha256(a->found->model)};
    setup->contents = a->content;
    setup->content_count = a->contents;
    setup->resources = NULL; /* the caller's, who may free them from now on */
    setup->resource_count = 0;
    setup->roles = NULL;
    setup->role_count = 0;
}

/* Counts each unknown operator among the layers. */
static pj_status list_unknown(analysis *a, pj_error *err)
{
    const pj_layers *layers = &a->found->layers;
    pj_map seen;
    pj_map_init(&seen, a->arena);
    pj_unknown_op *unknown = PJ_NEW(a->arena, pj_unknown_op, layers->count);
    a->result->unknown_ops = unknown;
    PJ_TRY(pj_got(unknown, err));
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
            PJ_TRY(pj_got(op && pj_map_put(&seen, op, row), err));
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
    PJ_TRY(pj_got(findings, err));
    size_t count = pj_findings_copy(first, findings);
    a->result->finding_count = count + pj_findings_copy(&a->diags, findings + count);
    return PJ_OK;
}

static pj_status inspect_weights(analysis *a, pj_error *err)
{
    pj_weight_options options = pj_weight_options_default();
    options.watch = &a->result->setup.watch;
    PJ_TRY(pj_weights_inspect(a->found->model, &options, &a->found->weights, err));
    a->result->weights = a->found->weights;
    pj_weights_advise(a->found->weights, a->found->layers.row, a->found->layers.count, &a->diags);
    return PJ_OK;
}

static pj_status measure_memory(analysis *a, pj_schedule *schedule, pj_error *err)
{
    pj_activation_memory *memory = PJ_NEW(a->arena, pj_activation_memory, 1);
    a->result->memory = memory;
    PJ_TRY(pj_got(memory, err));
    PJ_TRY(pj_peak_measure(schedule, a->result->setup.best_order, a->arena, memory, err));
    a->result->totals.peak_activation_bytes = memory->unknown ? -1 : memory->graph.bytes;
    return PJ_OK;
}

/* The formats that the setup wants; *out NULL: as the model has them. */
static pj_status read_plan(analysis *a, pj_plan *plan, const pj_plan **out, pj_error *err)
{
    const pj_setup *setup = &a->result->setup;
    const pj_kept *kept = NULL;
    *out = setup->plan || setup->quantize ? plan : NULL;
    if (setup->plan)
        PJ_TRY(open_resource(a, PJ_RESOURCE_FILE, PJ_SETTING_AT(plan)->name, setup->plan, &kept, err));
    return *out ? pj_plan_take(kept ? kept->plan : NULL, setup->quantize, a->found->model, a->arena, plan, err) : PJ_OK;
}

static pj_status name_levels(analysis *a, const pj_policy *policy, pj_error *err)
{
    const pj_hierarchy *hierarchy = a->hierarchy;
    const char **levels = PJ_NEW(a->arena, const char *, PJ_MOST_LEVELS);
    a->result->setup.reuse = policy->name;
    if (!levels)
        return pj_fail_memory(err);
    a->result->levels = levels;
    for (int i = 0; policy->has_levels && i < hierarchy->level_count; i++)
        levels[a->result->level_count++] = pj_arena_strdup(a->arena, hierarchy->level[i].name);
    if (policy->has_levels && hierarchy->machine.has_weight_buffer)
        levels[a->result->level_count++] = "weight_buffer";
    return PJ_OK;
}

static pj_status price(analysis *a, pj_priced *priced, pj_error *err)
{
    pj_found *found = a->found;
    pj_result *result = a->result;
    const pj_prices prices = {found->model, a->table, a->hierarchy, &result->setup};
    const pj_plan *planned;
    pj_plan plan;
    PJ_TRY(read_plan(a, &plan, &planned, err));
    PJ_TRY(pj_run_priced(&prices, planned, a->arena, a->scratch, &a->diags, priced, err));
    pj_layers_traffic(&priced->precision, &priced->layers);
    PJ_TRY(pj_layers_shapes(found->model, &priced->layers, a->arena, err));
    PJ_TRY(name_levels(a, priced->policy, err));
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
    PJ_TRY(open_resources(a, err));
    PJ_TRY(pj_watch_step(&result->setup.watch, "layers", 0, 1, err));
    PJ_TRY(price(a, &priced, err));
    keep_contents(a);
    PJ_TRY(pj_watch_step(&result->setup.watch, "memory", 0, 1, err));
    PJ_TRY(measure_memory(a, &priced.schedule, err));
    PJ_TRY(pj_estimate_devices(found->model, &result->setup, precision, a->device, &found->layers, &result->totals,
                               a->arena, &a->diags, err));
    PJ_TRY(pj_list_shared(precision, &found->layers, a->arena, &result->shared, &result->shared_count, err));
    PJ_TRY(list_unknown(a, err));
    if (result->setup.inspect_weights)
        PJ_TRY(inspect_weights(a, err));
    return list_findings(a, err);
}

pj_status pj_run(pj_shelf *shelf, pj_arena *scratch, pj_model *model, const pj_setup *setup, pj_found *found,
                 pj_error *err)
{
    analysis a = {.found = found, .result = &found->result, .arena = found->arena, .scratch = scratch, .shelf = shelf};
    found->model = model;
    found->result.setup = pj_setup_copy(setup, a.arena);
    pj_diags_init(&a.diags, a.arena);
    pj_status status = pj_arena_failed(a.arena) ? pj_fail_memory(err) : run(&a, err);
    found->result.setup.watch = (pj_watch){NULL, NULL}; /* the caller's, as what it put in */
    found->result.setup.owner = NULL;
    return status;
}
