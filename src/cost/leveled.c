/* Traffic by levels. */
#include "cost/leveled.h"
#include "cost/cache.h"
#include "cost/roofline.h"
#include "cost/stay.h"

/* What `prepare` finds. */
typedef struct state {
    pj_stays stays;
    pj_tiler *tiler; /* NULL: no tiles */
} state;

enum { OPERANDS = PJ_OPERAND_PARAMETER + 1 };

/* One run of a layer. */
typedef struct walk {
    const pj_traffic *traffic;
    const pj_machine *machine;
    const state *state; /* NULL: only the least traffic is asked for */
    size_t layer;
    const pj_layer_detail *detail;
    pj_flow at[PJ_STORES];
    double pj[OPERANDS][PJ_STORES];
    bool has_nest;
    pj_nest nest;
    const pj_value *result;  /* of the nest, once all that is fused into the layer is done; NULL: none, or several */
    const pj_tiling *tiling; /* of the nest, or NULL */
    double in_nest, beside;  /* bits over level 0, each once: of the operands of the nest, and of others */
    bool is_whole;           /* all operands of the nest come from level 0, and go there */
    pj_error *err;
} walk;

pj_status pj_leveled_prepare(pj_traffic *traffic, unsigned keeps, pj_error *err)
{
    state *s = PJ_NEW(traffic->arena, state, 1);
    if (!s)
        return pj_fail_memory(err);
    traffic->state = s;
    if (keeps & PJ_KEEPS_TILES) {
        s->tiler = pj_tiler_new(&traffic->memory->machine, traffic->arena);
        if (!s->tiler)
            return pj_fail_memory(err);
    }
    return pj_stays_find(traffic, keeps, &s->stays, err);
}

/* ---- one operand ---- */

static void add(walk *w, pj_operand operand, pj_store store, double read, double written, pj_access price)
{
    w->at[store].read += read;
    w->at[store].written += written;
    w->pj[operand][store] += read * price.read + written * price.write;
}

/* An activation of so many bits; those of `times` passes come from level 0. */
static void read_activation(walk *w, double bits, pj_kept kept, double times)
{
    const pj_machine *m = w->machine;
    double far = kept == PJ_KEPT_FAR ? bits * times : 0;
    add(w, PJ_OPERAND_INPUT, PJ_STORE_FAR, far, 0, m->far);
    add(w, PJ_OPERAND_INPUT, PJ_STORE_NEAR, kept == PJ_KEPT_GONE ? 0 : fmax(bits, far), far, m->near);
}

/* A constant of which `far` bits come from level 0, and `used` bits go to the array. */
static void read_constant(walk *w, double far, double used)
{
    const pj_machine *m = w->machine;
    add(w, PJ_OPERAND_PARAMETER, PJ_STORE_FAR, far, 0, m->weights);
    if (m->holds_weights)
        add(w, PJ_OPERAND_PARAMETER, PJ_STORE_NEAR, used, far, m->near);
    else if (m->has_weight_buffer)
        add(w, PJ_OPERAND_PARAMETER, PJ_STORE_WEIGHTS, used, far, m->weight_buffer);
}

static void write_result(walk *w, double bits, pj_kept kept)
{
    const pj_machine *m = w->machine;
    double far = kept == PJ_KEPT_FAR ? bits : 0;
    add(w, PJ_OPERAND_OUTPUT, PJ_STORE_NEAR, far, kept == PJ_KEPT_GONE ? 0 : bits, m->near);
    add(w, PJ_OPERAND_OUTPUT, PJ_STORE_FAR, 0, far, m->far);
}

/* ---- all operands ---- */

static pj_kept where(const walk *w, const pj_value *value)
{
    return w->state ? pj_stays_where(w->traffic, &w->state->stays, value) : PJ_KEPT_FAR;
}

/* Share of the runs in which constants are read from level 0. */
static double weights_read(const walk *w)
{
    return w->state ? w->state->stays.weights_read : 1;
}

/* What crosses level 0 at least; true: what the operand moves is in the tiling. */
static bool count_least(walk *w, bool in_nest, double far)
{
    if (in_nest)
        w->in_nest += far;
    else
        w->beside += far;
    return in_nest && w->tiling;
}

/* Weights of a recurrent layer, the input after those of the nest, are read at each step, again from level 0 unless
 * they fit (reuse/special.h). */
static bool is_recurrent(const walk *w, const pj_value *value)
{
    const pj_loops *loops = w->detail->loops;
    const pj_node *node = w->detail->node;
    return w->state && w->state->tiler && loops && loops->kind == PJ_LOOPS_RECURRENT &&
           loops->weight + 1 < node->inputs && value == node->in[loops->weight + 1];
}

static void read_recurrent(walk *w, double bits)
{
    const pj_loops *loops = w->detail->loops;
    double held = loops->nest.groups * loops->nest.m * loops->nest.n * (double)w->detail->formats->output.number.bits;
    double far = pj_recurrent_bits(bits, held, loops->steps, w->state->stays.room[w->layer]);
    read_constant(w, far * weights_read(w), bits * loops->steps);
}

static bool is_constant_of_nest(const walk *w, const pj_value *value)
{
    const pj_node *node = w->detail->node;
    const pj_loops *loops = w->detail->loops;
    return w->has_nest && value && (value == node->in[loops->input] || value == node->in[loops->weight]);
}

static pj_status read_constants(walk *w)
{
    const pj_layer_detail *detail = w->detail;
    double held = (double)detail->held_read, share = weights_read(w);
    for (int i = 0; i < detail->parameters; i++) {
        const pj_parameter *parameter = &detail->parameter[i];
        uint64_t bits;
        PJ_TRY(pj_traffic_bits(&parameter->format, parameter->value, parameter->read, &bits, w->err));
        if (count_least(w, is_constant_of_nest(w, parameter->value), (double)bits * share))
            continue;
        if (is_recurrent(w, parameter->value))
            read_recurrent(w, (double)bits);
        else
            read_constant(w, (double)bits * share, (double)bits);
    }
    (void)count_least(w, false, held * share);
    read_constant(w, held * share, held);
    return PJ_OK;
}

/* How often keys and values of an attention cross level 0 beyond the first time. */
static double more_passes(const walk *w)
{
    const pj_loops *loops = w->detail->loops;
    if (!w->state || !w->state->tiler || !loops || loops->kind != PJ_LOOPS_ATTENTION)
        return 0;
    const pj_attention attention = {.rows = loops->nest.m,
                                    .columns = loops->nest.n,
                                    .depth = loops->nest.r,
                                    .value_depth = loops->value_size,
                                    .element_bits = (double)w->detail->formats->input.number.bits,
                                    .accumulator_bits = (double)w->detail->formats->accumulator.number.bits,
                                    .buffer_bits = w->state->stays.room[w->layer]};
    pj_attention_traffic traffic = pj_attention_find(&attention);
    return (traffic.passes - 1) * (traffic.k + traffic.v) / traffic.passes * loops->nest.groups / loops->shared;
}

static pj_status read_activations(walk *w)
{
    const pj_node *node = w->detail->node;
    const pj_loops *loops = w->detail->loops;
    double fused = w->state ? w->state->stays.passes[w->layer] : 0;
    for (int i = 0; i < node->inputs; i++) {
        uint64_t bits;
        if (!pj_layer_reads_activation(node, i) ||
            (w->state && pj_cache_is_passed(w->traffic, w->layer, i, w->state->stays.past)))
            continue;
        pj_format format = pj_precision_reads(w->traffic->precision, node, i);
        PJ_TRY(pj_traffic_bits(&format, node->in[i], w->detail->read[i], &bits, w->err));
        pj_kept kept = where(w, node->in[i]);
        bool in_nest = w->has_nest && (i == loops->input || i == loops->weight);
        double times = fused > 0 && i == loops->weight ? fused : 1;
        w->is_whole = w->is_whole && (!in_nest || kept == PJ_KEPT_FAR);
        double least =
            in_nest && i == loops->input ? fmin((double)bits, pj_nest_bits(&w->nest, PJ_NEST_I)) : (double)bits;
        if (!count_least(w, in_nest, kept == PJ_KEPT_FAR ? least : 0)) /* strides may pass over elements */
            read_activation(w, (double)bits, kept, times);
    }
    double more = more_passes(w);
    add(w, PJ_OPERAND_INPUT, PJ_STORE_FAR, more, 0, w->machine->far);
    add(w, PJ_OPERAND_INPUT, PJ_STORE_NEAR, more, more, w->machine->near);
    return PJ_OK;
}

/* Bits of a result as it is stored. */
static pj_status result_bits(const walk *w, size_t layer, int o, uint64_t *bits)
{
    const pj_layer_detail *detail = &w->traffic->layers->detail[layer];
    const pj_value *value = detail->node->out[o], *past = w->state ? w->state->stays.past[value->index] : NULL;
    pj_num elements = past ? pj_cache_appended(w->traffic, layer, o, past) : detail->written[o];
    pj_format format = pj_precision_of(w->traffic->precision, value);
    return pj_traffic_bits(&format, value, elements, bits, w->err);
}

/* The one stored result of what the loops of the nest make; NULL: none, or several. */
static const pj_value *result_of_nest(const walk *w)
{
    const pj_value *own = w->detail->node->out[0], *found = NULL;
    if (!w->state || where(w, own) != PJ_KEPT_GONE)
        return own;
    for (const pj_value *at = w->state->stays.result[w->layer]; at; at = w->state->stays.next[at->index]) {
        if (at->producer == w->detail->node)
            continue;
        if (found)
            return NULL;
        found = at;
    }
    return found;
}

static size_t layer_of(const walk *w, const pj_value *result)
{
    return w->state ? (size_t)w->state->stays.layer_of[result->producer->id] : w->layer;
}

static pj_status write_value(walk *w, const pj_value *value)
{
    pj_kept kept = where(w, value);
    uint64_t bits;
    PJ_TRY(result_bits(w, layer_of(w, value), value->producer_output, &bits));
    if (!count_least(w, w->has_nest && value == w->result, kept == PJ_KEPT_FAR ? (double)bits : 0))
        write_result(w, (double)bits, kept);
    return PJ_OK;
}

static pj_status write_results(walk *w)
{
    const pj_node *node = w->detail->node;
    const pj_value *at = w->state ? w->state->stays.result[w->layer] : NULL;
    for (; at; at = w->state->stays.next[at->index])
        PJ_TRY(write_value(w, at));
    for (int o = 0; o < node->outputs && !w->state; o++)
        if (node->out[o])
            PJ_TRY(write_value(w, node->out[o]));
    return PJ_OK;
}

/* ---- tiles ---- */

/* Elements are as wide as what is stored of them in the end: less after a pooling, say. */
static pj_status find_nest(walk *w)
{
    uint64_t bits;
    w->has_nest = pj_stays_nest(w->traffic, w->layer, &w->nest);
    if (!w->has_nest)
        return PJ_OK;
    w->result = result_of_nest(w);
    w->is_whole = w->result && where(w, w->result) == PJ_KEPT_FAR;
    if (!w->result)
        return PJ_OK;
    PJ_TRY(result_bits(w, layer_of(w, w->result), w->result->producer_output, &bits));
    w->nest.output_bits = (double)bits / (w->nest.groups * w->nest.m * w->nest.n);
    return PJ_OK;
}

static pj_status find_tiles(walk *w)
{
    const pj_node *node = w->detail->node;
    const pj_loops *loops = w->detail->loops;
    if (!w->has_nest || !w->state || !w->state->tiler || w->state->stays.passes[w->layer] > 0)
        return PJ_OK;
    pj_kept kept = w->result ? where(w, w->result) : PJ_KEPT_GONE;
    const pj_tile_ask ask = {
        w->state->stays.room[w->layer],
        {where(w, node->in[loops->input]), where(w, node->in[loops->weight]), kept},
        pj_layer_reads_activation(node, loops->weight)
    };
    return pj_tiler_find(w->state->tiler, &w->nest, &ask, &w->tiling, w->err);
}

static pj_operand operand_of(const walk *w, int operand)
{
    const pj_loops *loops = w->detail->loops;
    if (operand == PJ_NEST_O)
        return PJ_OPERAND_OUTPUT;
    return pj_layer_reads_activation(w->detail->node, operand == PJ_NEST_I ? loops->input : loops->weight)
               ? PJ_OPERAND_INPUT
               : PJ_OPERAND_PARAMETER;
}

/* Weights that stay over runs come from level 0 in one of them. */
static void add_tiles(walk *w)
{
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        pj_operand operand = operand_of(w, x);
        double share = operand == PJ_OPERAND_PARAMETER ? weights_read(w) : 1;
        for (int i = 0; i < PJ_STORES; i++) {
            double part = i == PJ_STORE_FAR ? share : 1;
            w->at[i].read += w->tiling->flow[x][i].read * part;
            w->at[i].written += w->tiling->flow[x][i].written * part;
            w->pj[operand][i] += w->tiling->pj[x][i] * part;
        }
    }
}

/* ---- what is told of it ---- */

/* How far it is from the array's peak and from level 0. */
static void tell_time(const walk *w, double macs, pj_reuse *out)
{
    const pj_machine *m = w->machine;
    double elements = 1, far = w->at[PJ_STORE_FAR].read + w->at[PJ_STORE_FAR].written;
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        elements *= m->unroll[i];
    out->utilization = w->tiling ? w->tiling->utilization : -1;
    out->cycles = out->time_us = -1;
    if (!(m->mhz > 0 && m->far_bits_per_cycle > 0))
        return;
    const pj_roof roof = {elements, fmax(out->utilization, 0), m->far_bits_per_cycle / 8, 0};
    pj_roof_time time = pj_roofline(&roof, macs, far / 8);
    out->cycles = time.total;
    out->time_us = time.total / m->mhz;
    out->is_memory_bound = time.is_memory_bound;
}

/* Adds a tensor that is not in level 0; once, though a layer may read it twice. `kept` NULL: it is only counted. */
static void add_kept(const walk *w, const pj_value *value, pj_kept_tensor *kept, size_t *count)
{
    size_t *told = &w->state->stays.told[value->index], stamp = 2 * w->layer + (kept ? 2 : 1);
    pj_kept at = where(w, value);
    if (at == PJ_KEPT_FAR || *told == stamp || pj_layers_hide(w->traffic->layers, value))
        return;
    *told = stamp;
    if (kept)
        kept[*count] = (pj_kept_tensor){value->name, at == PJ_KEPT_GONE ? "gone" : "chip"};
    ++*count;
}

static size_t list_kept(const walk *w, pj_kept_tensor *kept)
{
    const pj_node *node = w->detail->node;
    size_t count = 0;
    for (int i = 0; i < node->inputs; i++)
        if (pj_layer_reads_activation(node, i))
            add_kept(w, node->in[i], kept, &count);
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            add_kept(w, node->out[o], kept, &count);
    return count;
}

static pj_status tell_kept(const walk *w, pj_reuse *out)
{
    size_t count = list_kept(w, NULL);
    if (!count)
        return PJ_OK;
    pj_kept_tensor *kept = PJ_NEW(w->traffic->kept, pj_kept_tensor, count);
    out->kept = kept;
    out->kept_count = kept ? list_kept(w, kept) : 0;
    return pj_got(kept, w->err);
}

/* The layer whose result this one's main input is, where the two are one. */
static const char *fused_into(const walk *w)
{
    const pj_node *node = w->detail->node;
    for (int i = 0; i < node->inputs; i++)
        if (pj_layer_reads_activation(node, i) && where(w, node->in[i]) == PJ_KEPT_GONE &&
            !pj_layers_hide(w->traffic->layers, node->in[i]))
            return w->traffic->schedule->model->value[pj_traffic_buffer(w->traffic, node->in[i])]->producer->label;
    return NULL;
}

static void tell_levels(const walk *w, double runs, pj_reuse *out)
{
    static const pj_store stores[PJ_MOST_LEVELS] = {PJ_STORE_FAR, PJ_STORE_NEAR, PJ_STORE_WEIGHTS};
    for (int i = 0; i < PJ_MOST_LEVELS; i++)
        out->level[i] = (pj_level_figure){runs * w->at[stores[i]].read, runs * w->at[stores[i]].written, 0};
    for (int x = 0; x < OPERANDS; x++) {
        for (int i = 0; i < PJ_MOST_LEVELS; i++)
            out->level[i].pj += runs * w->pj[x][stores[i]];
        out->register_pj += runs * w->pj[x][PJ_STORE_REGISTERS];
    }
}

static void tell_tile(const walk *w, pj_reuse *out)
{
    static const char *const words[] = {"I", "W", "O"};
    if (!w->tiling)
        return;
    out->tile_m = w->tiling->m;
    out->tile_n = w->tiling->n;
    out->tile_r = w->tiling->r;
    out->stays = w->tiling->stays == 'I' ? words[0] : w->tiling->stays == 'W' ? words[1] : words[2];
}

static double bound_of(const walk *w)
{
    bool whole = w->is_whole && weights_read(w) >= 1;
    return w->beside + (w->has_nest && whole ? fmax(pj_nest_bound(&w->nest, w->machine->near_bits), 0) : w->in_nest);
}

static pj_status walk_layer(walk *w, pj_layer *row)
{
    double runs = (double)row->runs;
    pj_reuse *out = PJ_NEW(w->traffic->kept, pj_reuse, 1);
    if (!out)
        return pj_fail_memory(w->err);
    PJ_TRY(find_nest(w));
    PJ_TRY(find_tiles(w));
    PJ_TRY(read_constants(w));
    PJ_TRY(read_activations(w));
    PJ_TRY(write_results(w));
    if (w->tiling)
        add_tiles(w);
    out->bound_bits = runs * bound_of(w);
    out->utilization = out->cycles = out->time_us = -1;
    row->reuse = out;
    if (!w->state)
        return PJ_OK;
    tell_levels(w, runs, out);
    tell_tile(w, out);
    tell_time(w, (double)row->macs / runs, out);
    out->cycles *= out->cycles > 0 ? runs : 1;
    out->time_us *= out->time_us > 0 ? runs : 1;
    out->fused_into = fused_into(w);
    return tell_kept(w, out);
}

static walk start(const pj_traffic *traffic, size_t layer, const state *s, pj_error *err)
{
    return (walk){.traffic = traffic,
                  .machine = &traffic->memory->machine,
                  .state = s,
                  .layer = layer,
                  .detail = &traffic->layers->detail[layer],
                  .err = err};
}

static double sum_of(const double pj[PJ_STORES])
{
    double sum = 0;
    for (int i = 0; i < PJ_STORES; i++)
        sum += pj[i];
    return sum;
}

pj_status pj_leveled_charge(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err)
{
    walk w = start(traffic, layer, traffic->state, err);
    PJ_TRY(walk_layer(&w, row));
    row->energy.inputs += sum_of(w.pj[PJ_OPERAND_INPUT]);
    row->energy.outputs += sum_of(w.pj[PJ_OPERAND_OUTPUT]);
    row->energy.parameters += sum_of(w.pj[PJ_OPERAND_PARAMETER]);
    return PJ_OK;
}

void pj_leveled_cache(const pj_memory *memory, double read, double written, double *read_pj, double *written_pj)
{
    pj_error none;
    walk w = {.machine = &memory->machine, .err = &none};
    read_activation(&w, read, PJ_KEPT_FAR, 1);
    write_result(&w, written, PJ_KEPT_FAR);
    *read_pj = sum_of(w.pj[PJ_OPERAND_INPUT]);
    *written_pj = sum_of(w.pj[PJ_OPERAND_OUTPUT]);
}

pj_status pj_leveled_bound(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err)
{
    walk w = start(traffic, layer, NULL, err);
    return walk_layer(&w, row);
}

/* ---- totals ---- */

static void add_layer(const pj_reuse *reuse, pj_reuse_totals *out)
{
    for (int i = 0; i < PJ_MOST_LEVELS; i++) {
        out->level[i].read_bits += reuse->level[i].read_bits;
        out->level[i].written_bits += reuse->level[i].written_bits;
        out->level[i].pj += reuse->level[i].pj;
    }
    out->register_pj += reuse->register_pj;
    out->bound_bits += reuse->bound_bits;
    bool timed = reuse->cycles >= 0 && out->cycles >= 0;
    out->cycles = timed ? out->cycles + reuse->cycles : -1;
    out->time_us = timed ? out->time_us + reuse->time_us : -1;
}

pj_status pj_leveled_total(const pj_traffic *traffic, pj_totals *totals, pj_error *err)
{
    const state *s = traffic->state;
    pj_reuse_totals *out = PJ_NEW(traffic->kept, pj_reuse_totals, 1);
    if (!out)
        return pj_fail_memory(err);
    for (size_t i = 0; i < traffic->layers->count; i++)
        if (traffic->layers->row[i].reuse)
            add_layer(traffic->layers->row[i].reuse, out);
    if (s) {
        out->gone = (double)s->stays.gone;
        out->on_chip = (double)s->stays.chip;
        out->level0 = (double)s->stays.level0;
        out->saved_pj = s->stays.saved_pj;
        out->most_saved_pj = s->stays.most_saved_pj;
    }
    totals->reuse = out;
    return PJ_OK;
}
