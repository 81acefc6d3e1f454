/* One step: rebind, price twice, count. */
#include "generate/generate.h"

#include "cost/estimate.h"
#include "cost/leveled.h"
#include "infer/bind.h"
#include "infer/step.h"
#include "quant/plan_file.h"
#include "setup/setup.h"

/* A step under way. */
typedef struct walk {
    pj_stepper *s;
    const int *held;
    bool *in_place;
    int64_t tokens, past, batch;
    pj_step_figures *out;
    pj_error *err;
} walk;

/* ---- opening ---- */

static pj_status open_hierarchy(pj_stepper *s, const pj_table *table, pj_error *err)
{
    const pj_kept *kept = NULL;
    const char *asked = s->setup.hierarchy;
    if (pj_table_rules(table) == PJ_RULES_QTOOLS)
        return pj_fail(err, PJ_ECONFLICT,
                       "the table %.64s has the rules of QTools, which leave the batch out: a generation needs another "
                       "one",
                       pj_table_name(table));
    PJ_TRY(
        pj_shelf_open(&s->shelf, &s->setup, PJ_RESOURCE_HIERARCHY, asked ? asked : PJ_HIERARCHY_DEFAULT, &kept, err));
    s->prices.hierarchy = kept->hierarchy;
    return PJ_OK;
}

static pj_status open_devices(pj_stepper *s, pj_error *err)
{
    const pj_kept *kept = NULL;
    if (s->setup.device_count > PJ_MOST_GENERATION_DEVICES)
        return pj_fail(err, PJ_EARGUMENT, "at most %d devices side by side", PJ_MOST_GENERATION_DEVICES);
    s->device = PJ_NEW(s->arena, const pj_device *, s->setup.device_count + 1);
    PJ_TRY(pj_got(s->device, err));
    for (size_t i = 0; i < s->setup.device_count; i++) {
        PJ_TRY(pj_shelf_open(&s->shelf, &s->setup, PJ_RESOURCE_DEVICE, s->setup.devices[i], &kept, err));
        s->device[i] = kept->device;
    }
    return PJ_OK;
}

pj_status pj_stepper_open(pj_stepper *s, pj_model *model, const pj_setup *setup, bool recomputes, pj_error *err)
{
    const pj_kept *kept = NULL;
    *s = (pj_stepper){.model = model, .setup = *setup, .arena = pj_arena_new(0), .scratch = pj_arena_new(0)};
    PJ_TRY(pj_got(s->arena && s->scratch, err));
    s->setup.dims = setup->dims;
    PJ_TRY(pj_shelf_open(&s->shelf, &s->setup, PJ_RESOURCE_TABLE, setup->table, &kept, err));
    s->prices = (pj_prices){.model = model, .table = kept->table, .setup = &s->setup};
    PJ_TRY(open_hierarchy(s, kept->table, err));
    PJ_TRY(open_devices(s, err));
    if (setup->plan) {
        PJ_TRY(pj_shelf_open(&s->shelf, &s->setup, PJ_RESOURCE_FILE, setup->plan, &kept, err));
        s->plan = kept->plan;
    }
    PJ_TRY(pj_unbind(model, err));
    PJ_TRY(pj_roles_find(model, setup->roles, setup->role_count, &s->roles, err));
    s->recomputes = recomputes && s->roles->refused;
    return s->recomputes ? PJ_OK : pj_roles_refuse(s->roles, err);
}

void pj_stepper_close(pj_stepper *s)
{
    pj_shelf_clear(&s->shelf);
    pj_arena_free(s->arena);
    pj_arena_free(s->scratch);
}

/* ---- counts ---- */

static pj_status add(walk *w, pj_step_count at, int64_t more)
{
    if (!pj_add_i64(w->out->count[at], more, &w->out->count[at]))
        return pj_fail(w->err, PJ_EOVERFLOW, "a count of this step does not fit 64 bits");
    return PJ_OK;
}

static pj_status add_bits(walk *w, pj_step_count at, uint64_t bits, int64_t runs)
{
    int64_t all;
    if (bits > INT64_MAX || !pj_mul_i64((int64_t)bits, runs, &all))
        return pj_fail(w->err, PJ_EOVERFLOW, "the bits that a layer moves do not fit 64 bits");
    return add(w, at, all);
}

/* MACs between two activations: scores and their product with values. */
static bool is_attention(const pj_layer_detail *detail)
{
    const pj_loops *loops = detail->loops;
    const pj_node *node = detail->node;
    if (loops && loops->kind == PJ_LOOPS_ATTENTION)
        return true;
    return loops && loops->kind == PJ_LOOPS_PRODUCT && pj_layer_reads_activation(node, loops->input) &&
           pj_layer_reads_activation(node, loops->weight);
}

static pj_status count_moves(walk *w, const pj_precision *precision, const pj_layer *row, const pj_layer_detail *detail)
{
    const pj_node *node = detail->node;
    uint64_t bits;
    for (int i = 0; i < node->inputs; i++) {
        if (!pj_layer_reads_activation(node, i))
            continue;
        pj_format format = pj_precision_reads(precision, node, i);
        PJ_TRY(pj_traffic_bits(&format, node->in[i], detail->read[i], &bits, w->err));
        PJ_TRY(add_bits(w, w->held[node->in[i]->index] ? PJ_STEP_EXPORTED_READ : PJ_STEP_READ, bits, row->runs));
    }
    for (int o = 0; o < node->outputs; o++) {
        if (!node->out[o])
            continue;
        pj_format format = pj_precision_of(precision, node->out[o]);
        PJ_TRY(pj_traffic_bits(&format, node->out[o], detail->written[o], &bits, w->err));
        PJ_TRY(add_bits(w, w->held[node->out[o]->index] ? PJ_STEP_EXPORTED_WRITTEN : PJ_STEP_WRITTEN, bits, row->runs));
    }
    return PJ_OK;
}

static pj_status count_layer(walk *w, const pj_precision *precision, const pj_layer *row, const pj_layer_detail *detail)
{
    uint64_t bits;
    w->out->layers += !row->free;
    w->out->uncounted += !row->free && !row->counted;
    if (row->free || !row->counted)
        return PJ_OK;
    PJ_TRY(add(w, PJ_STEP_MACS, row->macs));
    PJ_TRY(add(w, PJ_STEP_FLOPS, row->flops));
    if (is_attention(detail))
        PJ_TRY(add(w, PJ_STEP_ATTENTION, row->macs));
    for (int i = 0; i < detail->parameters; i++) {
        const pj_parameter *parameter = &detail->parameter[i];
        PJ_TRY(pj_traffic_bits(&parameter->format, parameter->value, parameter->read, &bits, w->err));
        PJ_TRY(add_bits(w, PJ_STEP_WEIGHTS, bits, row->runs));
    }
    PJ_TRY(add_bits(w, PJ_STEP_WEIGHTS, (uint64_t)detail->held_bits, row->runs));
    return count_moves(w, precision, row, detail);
}

static pj_status count_all(walk *w, const pj_priced *priced)
{
    const pj_layers *layers = &priced->layers;
    for (size_t i = 0; i < layers->count; i++) {
        pj_status status = count_layer(w, &priced->precision, &layers->row[i], &layers->detail[i]);
        if (status != PJ_OK) {
            pj_error_at(w->err, w->s->model->path, layers->row[i].name, layers->row[i].op);
            return status;
        }
    }
    return PJ_OK;
}

/* ---- the cache in place ---- */

/* Elements of one token of one sequence: what the axes of batch and sequence leave of the shape. */
static pj_status token_elements(walk *w, const pj_cache_role *role, int64_t *out)
{
    const pj_type *type = role->out && pj_type_is_tensor(&role->out->type) ? &role->out->type : &role->in->type;
    int batch = role->is_both ? 1 : role->is_paged ? 0 : w->s->roles->batch.input && role->axis == 0 ? 1 : 0;
    *out = 1;
    for (int k = 0; k < type->rank; k++) {
        pj_num dim = type->dims[k];
        if (k == role->axis || k == batch)
            continue;
        if (!pj_num_known(dim) || dim.whole < 0 || !pj_mul_i64(*out, dim.whole, out))
            return pj_fail(w->err, PJ_EARGUMENT, "axis %d of the cache '%.100s' has no size: set it with --dim", k,
                           role->in->name);
    }
    /* a batch that is folded into another axis (batch * heads) */
    pj_num folded = batch < type->rank ? type->dims[batch] : pj_num_unknown();
    if (!role->is_paged && pj_num_known(folded) && folded.whole > w->batch && folded.whole % w->batch == 0)
        *out = pj_mul_most(*out, folded.whole / w->batch);
    return PJ_OK;
}

static pj_status cache_bits(walk *w, const pj_precision *precision, const pj_cache_role *role, int64_t elements,
                            int64_t *bits)
{
    pj_format format = pj_precision_of(precision, role->in);
    if (w->s->kv_format && role->axis >= 0)
        format = *w->s->kv_format;
    if (format.from == PJ_FROM_NOTHING)
        return pj_fail(w->err, PJ_EUNSUPPORTED, "the number format of the cache '%.100s' is not known", role->in->name);
    return pj_format_bits(&format, elements, bits)
               ? PJ_OK
               : pj_fail(w->err, PJ_EOVERFLOW, "the bits of the cache '%.100s' do not fit 64 bits", role->in->name);
}

/* Scales of 16 bits for each head and token, where a format has them. */
static int64_t scale_bits(const walk *w, const pj_cache_role *role)
{
    const pj_type *type = &role->in->type;
    int heads = role->is_both ? 2 : role->is_paged ? 2 : 1;
    if (!w->s->scale_per_token || !w->s->kv_format || role->axis < 0 || heads >= type->rank ||
        !pj_num_known(type->dims[heads]))
        return 0;
    return 16 * (role->is_both ? 2 : 1) * type->dims[heads].whole;
}

/* What a step reads and writes of one cache. */
static pj_status cache_traffic(walk *w, const pj_precision *precision, int position, int64_t *read, int64_t *written)
{
    const pj_roles *roles = w->s->roles;
    const pj_cache_role *role = pj_held_role(roles, position);
    const bool grows = (size_t)position < roles->cache_count;
    int64_t elements, bits, keys = w->past + w->tokens;
    if (!grows) { /* states: all of them, each time; cross caches: read alone */
        pj_num all = pj_type_count(w->s->model->symbols, &role->in->type);
        if (!pj_num_known(all))
            return pj_fail(w->err, PJ_EARGUMENT, "the shape of '%.100s' is not known: set it with --dim",
                           role->in->name);
        PJ_TRY(cache_bits(w, precision, role, all.whole, read));
        *written = (size_t)position < roles->cache_count + roles->state_count ? *read : 0;
        return PJ_OK;
    }
    if (role->layout == PJ_LAYOUT_SCATTER && !role->is_paged && role->capacity >= 0)
        keys = role->capacity; /* the graph multiplies all of the buffer */
    if (role->window > 0 && role->window < keys)
        keys = role->window;
    PJ_TRY(token_elements(w, role, &elements));
    PJ_TRY(cache_bits(w, precision, role, elements, &bits));
    bits += scale_bits(w, role);
    if (!pj_add_i64(w->s->token_bits, bits, &w->s->token_bits) || !pj_mul_i64(bits, w->batch, &bits) ||
        !pj_mul_i64(bits, keys, read) || !pj_mul_i64(bits, w->tokens, written))
        return pj_fail(w->err, PJ_EOVERFLOW, "the bits of the cache '%.100s' do not fit 64 bits", role->in->name);
    return PJ_OK;
}

static void price_cache(walk *w, const pj_memory *memory, const pj_policy *policy, int64_t read, int64_t written)
{
    double read_pj, written_pj;
    if (policy->has_levels) {
        pj_leveled_cache(memory, (double)read, (double)written, &read_pj, &written_pj);
    } else {
        pj_place place = pj_memory_place(memory, true);
        pj_move in = pj_move_read(memory, PJ_OPERAND_INPUT, place, (uint64_t)read);
        pj_move out = pj_move_write(memory, PJ_OPERAND_OUTPUT, place, (uint64_t)written);
        read_pj = pj_move_price(memory, &in);
        written_pj = pj_move_price(memory, &out);
    }
    w->out->value[PJ_STEP_E_CACHE] += read_pj + written_pj;
}

/* The layer that multiplies with a cache, for devices: the one that attends, or the first that reads a tensor which
 * holds it; -1: none. */
static long reader_of(const walk *w, const pj_layers *layers, int position)
{
    const pj_cache_role *role = pj_held_role(w->s->roles, position);
    for (size_t i = 0; i < layers->count; i++) {
        const pj_node *node = layers->detail[i].node;
        bool reads = node == role->node && role->layout == PJ_LAYOUT_FUSED;
        for (int k = 0; k < node->inputs && !reads && layers->row[i].macs > 0; k++)
            reads = node->in[k] && w->held[node->in[k]->index] == position + 1;
        if (reads && layers->row[i].counted && !layers->row[i].free)
            return (long)i;
    }
    return -1;
}

static pj_status count_caches(walk *w, pj_priced *priced)
{
    const pj_roles *roles = w->s->roles;
    int count = (int)(roles->cache_count + roles->state_count + roles->cross_count);
    double *cached = PJ_NEW(w->s->scratch, double, priced->layers.count + 1);
    pj_memory memory;
    PJ_TRY(pj_got(cached, w->err));
    PJ_TRY(pj_memory_of(w->s->prices.table, w->s->prices.hierarchy, &w->s->setup, &memory, w->err));
    w->s->token_bits = 0;
    for (int i = 0; i < count; i++) {
        int64_t read, written;
        PJ_TRY(cache_traffic(w, &priced->precision, i, &read, &written));
        PJ_TRY(add(w, PJ_STEP_KV_READ, read));
        PJ_TRY(add(w, PJ_STEP_KV_WRITTEN, written));
        price_cache(w, &memory, priced->policy, read, written);
        long layer = w->s->setup.device_count ? reader_of(w, &priced->layers, i) : -1;
        if (layer >= 0)
            cached[layer] += (double)read + (double)written;
    }
    priced->layers.cached = cached;
    return PJ_OK;
}

/* ---- devices ---- */

static pj_status add_devices(walk *w, pj_priced *priced)
{
    const pj_setup *setup = &w->s->setup;
    pj_diags diags;
    if (!setup->device_count)
        return PJ_OK;
    pj_diags_init(&diags, w->s->scratch);
    priced->totals.batch = w->batch;
    priced->totals.peak_activation_bytes = 0;
    PJ_TRY(pj_estimate_devices(w->s->model, setup, &priced->precision, w->s->device, &priced->layers, &priced->totals,
                               w->s->scratch, &diags, w->err));
    for (size_t d = 0; d < setup->device_count; d++) {
        double *value = &w->out->value[PJ_STEP_ENERGIES + PJ_STEP_OF_DEVICE * d];
        value[0] = priced->totals.devices[d].energy_pj;
        value[1] = priced->totals.devices[d].time_us;
    }
    return PJ_OK;
}

/* ---- all of it ---- */

static pj_status price(walk *w, const pj_plan *plan, bool exported, pj_priced *out)
{
    pj_stepper *s = w->s;
    pj_setup setup = s->setup;
    pj_prices prices = s->prices;
    pj_diags diags;
    pj_diags_init(&diags, s->scratch);
    prices.setup = &setup;
    prices.in_place = exported ? NULL : w->in_place;
    setup.kv_cache = exported ? PJ_CACHE_WHOLE : NULL;
    return pj_run_priced(&prices, plan, s->scratch, s->scratch, &diags, out, w->err);
}

static pj_status measure(walk *w)
{
    pj_stepper *s = w->s;
    pj_priced graph, in_place;
    pj_plan plan;
    double *value = w->out->value;
    const pj_plan *planned = s->setup.plan || s->setup.quantize ? &plan : NULL;
    if (planned)
        PJ_TRY(pj_plan_take(s->plan, s->setup.quantize, s->model, s->scratch, &plan, w->err));
    w->held = pj_held_find(s->model, s->roles, s->scratch);
    w->in_place = PJ_NEW(s->scratch, bool, s->model->values + 1);
    PJ_TRY(pj_got(w->held && w->in_place, w->err));
    for (int i = 0; i < s->model->values; i++)
        w->in_place[i] = w->held[i] != 0;
    PJ_TRY(price(w, planned, true, &graph));
    const pj_energy *energy = &graph.totals.energy;
    const double exported[] = {energy->inputs, energy->outputs, energy->parameters, energy->op_cost};
    memcpy(value + PJ_STEP_E_EXPORTED, exported, sizeof exported);
    PJ_TRY(count_all(w, &graph));
    PJ_TRY(price(w, planned, false, &in_place));
    energy = &in_place.totals.energy;
    value[PJ_STEP_E_WEIGHTS] = energy->parameters;
    value[PJ_STEP_E_ACTIVATIONS] = energy->inputs + energy->outputs;
    value[PJ_STEP_E_ARITHMETIC] = energy->op_cost;
    PJ_TRY(count_caches(w, &in_place));
    return add_devices(w, &in_place);
}

static void bind(pj_setup *setup, pj_dim_binding *dims, const pj_role *role, int64_t value, pj_arena *arena)
{
    pj_str name = pj_str_new(0);
    if (!role->input || !pj_num_symbolic(role->dim))
        return;
    pj_num_print(role->dim, &name);
    dims[setup->dim_count++] = (pj_dim_binding){pj_str_keep(&name, arena), value};
}

/* A run of a model without a cache: its tokens and its batch have these sizes. */
static pj_status rebind_run(pj_stepper *s, int64_t tokens, int64_t batch, pj_error *err)
{
    pj_setup setup = s->setup;
    pj_role token_role, batch_role;
    pj_dim_binding *dims = PJ_NEW(s->scratch, pj_dim_binding, setup.dim_count + 2);
    PJ_TRY(pj_got(dims, err));
    if (setup.dim_count)
        memcpy(dims, setup.dims, setup.dim_count * sizeof *dims);
    PJ_TRY(pj_unbind(s->model, err));
    PJ_TRY(pj_roles_tokens(s->model, &token_role, &batch_role, err));
    setup.dims = dims;
    setup.step = NULL;
    setup.batch = 0;
    bind(&setup, dims, &token_role, tokens, s->scratch);
    bind(&setup, dims, &batch_role, batch, s->scratch);
    return pj_model_rebind(s->model, &setup, err);
}

pj_status pj_step_measure(pj_stepper *s, int64_t tokens, int64_t past, int64_t batch, pj_step_figures *out,
                          pj_error *err)
{
    walk w = {.s = s, .tokens = tokens, .past = past, .batch = batch, .out = out, .err = err};
    memset(out, 0, sizeof *out);
    snprintf(s->step, sizeof s->step, "%" PRId64 "@%" PRId64, tokens, past);
    s->setup.step = s->step;
    s->setup.batch = (uint64_t)batch;
    s->setup.unbound_dims_are_one = true;
    s->measured++;
    pj_status status = s->recomputes ? rebind_run(s, tokens, batch, err) : pj_model_rebind(s->model, &s->setup, err);
    if (status == PJ_OK)
        status = measure(&w);
    if (status == PJ_OK && pj_arena_failed(s->scratch))
        status = pj_fail_memory(err);
    pj_arena_reset(s->scratch);
    return status;
}
