/* The pipeline: formats, schedule, counts, prices, estimates. It is the only caller of all stages. */
#include "run/run.h"

#include "cost/estimate.h"
#include "cost/shared.h"
#include "ops/custom.h"
#include "peak/peak.h"
#include "picojoule/version.h"
#include "run/findings.h"
#include "setup/setup.h"
#include "weights/advise.h"

/* A result under construction. */
typedef struct analysis {
    pj_found *found;
    pj_result *result;
    pj_arena *arena;
    pj_arena *scratch;
    pj_shelf *shelf;
    pj_keeper *keeper; /* NULL: nothing is kept */
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
static pj_status list_unknown(const pj_layers *layers, pj_arena *arena, const pj_unknown_op **out, size_t *count,
                              pj_error *err)
{
    pj_map seen;
    pj_map_init(&seen, arena);
    size_t nodes = 0;
    for (size_t i = 0; i < layers->count; i++)
        nodes += !layers->detail[i].node->desc;
    pj_unknown_op *unknown = PJ_NEW(arena, pj_unknown_op, nodes);
    *out = unknown;
    *count = 0;
    PJ_TRY(pj_got(unknown, err));
    for (size_t i = 0; i < layers->count; i++) {
        if (layers->detail[i].node->desc)
            continue;
        pj_str text = pj_str_new(0);
        pj_node_op_print(layers->detail[i].node, &text);
        char *op = pj_str_keep(&text, arena);
        pj_unknown_op *row = op ? pj_map_get(&seen, op) : NULL;
        if (!row) {
            row = &unknown[(*count)++];
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

/* ---- what is found before any price ---- */

/* Opens the plan of the setup; *out NULL: there is none. */
static pj_status open_plan(analysis *a, const pj_kept **out, pj_error *err)
{
    const char *plan = a->result->setup.plan;
    *out = NULL;
    return plan ? open_resource(a, PJ_RESOURCE_FILE, PJ_SETTING_AT(plan)->name, plan, out, err) : PJ_OK;
}

static bool is_same(pj_accumulator_policy a, pj_accumulator_policy b)
{
    return a.fixed_bits == b.fixed_bits && a.float_is_fp32 == b.float_is_fp32;
}

static bool holds(const pj_counted *c, const analysis *a, const pj_kept *plan)
{
    const pj_setup *setup = &a->result->setup;
    const char *quantize = setup->quantize ? setup->quantize : "";
    return c->is_there && c->no_fold == setup->no_fold && c->best_order == setup->best_order &&
           strcmp(c->plan, plan ? plan->sha256 : "") == 0 && strcmp(c->quantize ? c->quantize : "", quantize) == 0 &&
           is_same(c->accumulator, pj_table_accumulator(a->table)) && pj_table_rules(a->table) != PJ_RULES_QTOOLS;
}

/* Formats, schedule, counts, and what follows from them alone. */
static pj_status count(const analysis *a, const pj_prices *prices, const pj_kept *plan, pj_arena *scratch,
                       pj_counted *out, pj_error *err)
{
    const pj_setup *setup = prices->setup;
    pj_plan formats, *planned = setup->plan || setup->quantize ? &formats : NULL;
    pj_activation_memory *memory = PJ_NEW(out->arena, pj_activation_memory, 1);
    pj_diags_init(&out->diags, out->arena);
    if (planned)
        PJ_TRY(pj_plan_take(plan ? plan->plan : NULL, setup->quantize, prices->model, out->arena, planned, err));
    PJ_TRY(pj_run_counted(prices, planned, out->arena, scratch, &out->diags, &out->priced, err));
    PJ_TRY(pj_layers_shapes(prices->model, &out->priced.layers, out->arena, err));
    PJ_TRY(pj_watch_step(&a->result->setup.watch, "memory", 0, 1, err));
    PJ_TRY(pj_got(memory, err));
    PJ_TRY(pj_peak_measure(&out->priced.schedule, setup->best_order, out->arena, memory, err));
    out->memory = memory;
    PJ_TRY(
        pj_list_shared(&out->priced.precision, &out->priced.layers, out->arena, &out->shared, &out->shared_count, err));
    return list_unknown(&out->priced.layers, out->arena, &out->unknown, &out->unknown_count, err);
}

void pj_counted_drop(pj_counted *counted)
{
    if (!counted || --counted->holders)
        return;
    pj_arena_free(counted->arena);
    free(counted);
}

/* Room for other counts: that of the last ones, unless results rest on them. */
static pj_status make_room(pj_counted **at, pj_error *err)
{
    pj_counted *fresh = NULL;
    if (*at && (*at)->holders == 1)
        return PJ_OK;
    pj_arena *arena = pj_arena_new(0);
    fresh = arena ? calloc(1, sizeof *fresh) : NULL;
    if (!fresh) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *fresh = (pj_counted){.arena = arena, .holders = 1};
    pj_counted_drop(*at);
    *at = fresh;
    return PJ_OK;
}

/* Takes what is kept where it holds, else finds it anew and keeps it. */
static pj_status count_kept(const analysis *a, const pj_prices *prices, const pj_kept *plan, pj_counted **at,
                            pj_error *err)
{
    if (*at && holds(*at, a, plan)) /* watchers hear of all stages, however short */
        return pj_watch_step(&a->result->setup.watch, "memory", 0, 1, err);
    PJ_TRY(make_room(at, err));
    pj_counted *c = *at;
    pj_arena_reset(c->arena);
    *c = (pj_counted){.arena = c->arena,
                      .holders = c->holders,
                      .no_fold = prices->setup->no_fold,
                      .best_order = prices->setup->best_order,
                      .accumulator = pj_table_accumulator(a->table),
                      .quantize = pj_arena_strdup(c->arena, prices->setup->quantize)};
    if (plan)
        memcpy(c->plan, plan->sha256, sizeof c->plan);
    PJ_TRY(count(a, prices, plan, c->arena, c, err));
    PJ_TRY(pj_got(!pj_arena_failed(c->arena), err));
    c->is_there = pj_table_rules(a->table) != PJ_RULES_QTOOLS; /* whose prices change the formats of layers */
    return PJ_OK;
}

/* Gives the analysis rows and findings to change, of what is kept. */
static pj_status take_counted(analysis *a, const pj_counted *c, pj_priced *priced, pj_error *err)
{
    const pj_layers *layers = &c->priced.layers;
    const pj_policy *policy = priced->policy;
    const pj_memory memory = priced->memory;
    *priced = c->priced;
    priced->policy = policy;
    priced->memory = memory;
    if (a->found->counted)
        priced->layers.row = pj_arena_memdup(a->arena, layers->row, layers->count, sizeof *layers->row);
    if (c->diags.last)
        c->diags.last->next = NULL; /* those of the analysis before follow no more */
    a->diags = c->diags;
    a->diags.arena = a->arena;
    a->result->memory = c->memory;
    a->result->shared = c->shared;
    a->result->shared_count = c->shared_count;
    a->result->unknown_ops = c->unknown;
    a->result->unknown_op_count = c->unknown_count;
    return pj_got(priced->layers.row, err);
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

/* Does the keeper know the model as it is bound now? From now on it does. */
static bool is_known(pj_keeper *keeper, pj_model *model)
{
    bool known = keeper->model == model && model->keeper == keeper;
    if (!known && keeper->counted) /* of another model, or of other sizes */
        keeper->counted->is_there = false;
    keeper->model = model;
    model->keeper = keeper;
    return known || keeper->is_eager;
}

/* What is counted, by the keeper or for this result alone (`own`). */
static pj_status find_counted(analysis *a, const pj_prices *prices, pj_counted *own, const pj_counted **out,
                              pj_error *err)
{
    const pj_kept *plan;
    *out = own;
    PJ_TRY(open_plan(a, &plan, err));
    if (!a->keeper || !is_known(a->keeper, a->found->model))
        return count(a, prices, plan, a->scratch, own, err);
    PJ_TRY(count_kept(a, prices, plan, &a->keeper->counted, err));
    *out = a->found->counted = a->keeper->counted;
    a->keeper->counted->holders++;
    return PJ_OK;
}

static pj_status price(analysis *a, pj_priced *priced, pj_error *err)
{
    pj_found *found = a->found;
    pj_result *result = a->result;
    const pj_prices prices = {found->model, a->table, a->hierarchy, &result->setup, NULL};
    pj_counted own = {.arena = a->arena};
    const pj_counted *counted;
    PJ_TRY(pj_run_settled(&prices, priced, err));
    PJ_TRY(find_counted(a, &prices, &own, &counted, err));
    PJ_TRY(take_counted(a, counted, priced, err));
    PJ_TRY(pj_run_prices(&prices, a->arena, a->scratch, &a->diags, priced, err));
    pj_layers_traffic(&priced->precision, &priced->layers);
    PJ_TRY(name_levels(a, priced->policy, err));
    found->precision = priced->precision;
    found->layers = priced->layers;
    result->layers = priced->layers.row;
    result->layer_count = priced->layers.count;
    result->totals = priced->totals;
    result->totals.peak_activation_bytes = result->memory->unknown ? -1 : result->memory->graph.bytes;
    return PJ_OK;
}

static pj_status run(analysis *a, pj_error *err)
{
    pj_priced priced = {0};
    pj_found *found = a->found;
    pj_result *result = a->result;
    PJ_TRY(open_resources(a, err));
    PJ_TRY(pj_watch_step(&result->setup.watch, "layers", 0, 1, err));
    PJ_TRY(price(a, &priced, err));
    keep_contents(a);
    PJ_TRY(pj_estimate_devices(found->model, &result->setup, &found->precision, a->device, &found->layers,
                               &result->totals, a->arena, &a->diags, err));
    if (result->setup.inspect_weights)
        PJ_TRY(inspect_weights(a, err));
    return list_findings(a, err);
}

pj_status pj_run(pj_shelf *shelf, pj_keeper *keeper, pj_arena *scratch, pj_model *model, const pj_setup *setup,
                 pj_found *found, pj_error *err)
{
    analysis a = {.found = found,
                  .result = &found->result,
                  .arena = found->arena,
                  .scratch = scratch,
                  .shelf = shelf,
                  .keeper = keeper};
    found->model = model;
    found->result.setup = pj_setup_copy(setup, a.arena);
    pj_status status = pj_arena_failed(a.arena) ? pj_fail_memory(err) : run(&a, err);
    found->result.setup.watch = (pj_watch){NULL, NULL}; /* the caller's, as what it put in */
    found->result.setup.owner = NULL;
    return status;
}
