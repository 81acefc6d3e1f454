/* Which nodes compute on integers, and which layer each quantizer is part of.
 *
 * One pass from the end: a node is an integer layer if its data inputs are quantized to 16 bits or less and
 *   - it multiplies by weights (its sum is an integer whatever becomes of it), or
 *   - a reader wants integers from it: a quantizer, an integer layer, or a node that passes them on to one.
 * Views, moves and operators that keep the format (Relu, MaxPool) pass on integers, and the sums of integer layers as
 * well. All other readers of a quantized tensor read floats: the DequantizeLinear in front of them is then a layer. */
#include "quant/integer.h"

#include "ops/op.h"
#include "quant/scale.h"

typedef struct decision {
    pj_precision *precision;
    bool fold;
    bool *wanted;           /* by value: some node takes its integers */
    bool *needs_float;      /* by value: a constant that some node computes on as float */
    int *integer_reads;     /* by value: node inputs that take its integers */
    const pj_node **serves; /* by value: the first layer that reads it, past views and free quantizers */
    const pj_node **maker;  /* by value: the layer that makes it, in front of them */
} decision;

static bool is_view(const pj_node *node)
{
    return node->desc && (node->desc->traits & PJ_VIEW);
}

static const pj_value *first_input(const pj_node *node)
{
    return node->inputs > 0 ? node->in[0] : NULL;
}

static bool has_weights(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && pj_node_role(node, i) == 'w')
            return true;
    return false;
}

/* From the end: wanted integers */
static void take(decision *d, const pj_node *node, int i)
{
    d->wanted[node->in[i]->index] = true;
    d->integer_reads[node->in[i]->index]++;
}

static bool is_wanted(const decision *d, const pj_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && d->wanted[node->out[o]->index])
            return true;
    return false;
}

/* `is_integer` says until now that the node can be one. */
static bool is_integer(const decision *d, const pj_node *node)
{
    const pj_value *first = first_input(node);
    const pj_quantized *in = first ? d->precision->quantized[first->index] : NULL;
    if (!d->precision->node[node->id].is_integer)
        return false;
    if (pj_precision_passes(node))
        return (in && !in->is_lazy && !in->is_sum) || is_wanted(d, node);
    return has_weights(node) || is_wanted(d, node);
}

/* Floats come out where integers were possible but are not wanted. */
static void forget(decision *d, const pj_node *node, bool is_integer_node)
{
    if (is_integer_node && (pj_precision_passes(node) || is_wanted(d, node)))
        return;
    for (int o = 0; o < node->outputs; o++) {
        const pj_quantized *quantized = node->out[o] ? d->precision->quantized[node->out[o]->index] : NULL;
        if (quantized && (quantized->is_sum || quantized->is_lazy))
            d->precision->quantized[node->out[o]->index] = NULL;
    }
}

/* Constants that a layer computes on as floats have to be converted from what is stored. */
static void need_floats(decision *d, const pj_node *node, bool is_integer_node)
{
    const pj_plan_formats *plan = d->precision->node[node->id].plan;
    if (pj_node_is_folded(node)) {
        int carried = pj_precision_carried(d->precision, node, NULL);
        bool passes = pj_precision_passes(node) || carried >= 0;
        for (int i = 0; i < node->inputs && passes && node->out[0] && d->needs_float[node->out[0]->index]; i++)
            if (carried >= 0 ? i == carried : pj_precision_is_data(node, i))
                d->needs_float[node->in[i]->index] = true;
        return;
    }
    for (int i = 0; i < node->inputs && !is_integer_node && !(plan && plan->weights.from != PJ_FROM_NOTHING); i++)
        if (pj_precision_is_data(node, i) && node->in[i]->is_constant)
            d->needs_float[node->in[i]->index] = true;
}

static void decide_node(decision *d, const pj_node *node)
{
    pj_node_precision *own = &d->precision->node[node->id];
    if (own->quantizer != PJ_NO_QUANTIZER) {
        take(d, node, 0);
        return;
    }
    own->is_integer = is_integer(d, node);
    for (int i = 0; i < node->inputs && own->is_integer; i++)
        if (pj_precision_is_data(node, i))
            take(d, node, i);
    need_floats(d, node, own->is_integer);
    forget(d, node, own->is_integer);
}

static void find_served(decision *d, const pj_node *node)
{
    bool through = is_view(node) || pj_node_is_folded(node) || d->precision->node[node->id].quantizer == PJ_DEQUANTIZE;
    const pj_node *layer = through && node->outputs && node->out[0] ? d->serves[node->out[0]->index] : node;
    for (int i = 0; i < node->inputs && layer; i++)
        if (node->in[i])
            d->serves[node->in[i]->index] = layer;
}

/* A tensor is stored as its readers read it, where a plan gives all of them the same format. */
static void find_wishes(decision *d, int *wishes)
{
    for (int n = 0; n < d->precision->nodes; n++) {
        const pj_node *node = d->precision->order[n];
        const pj_plan_formats *plan = d->precision->node[node->id].plan;
        for (int i = 0; i < node->inputs && plan && plan->activations.from != PJ_FROM_NOTHING; i++) {
            if (!pj_precision_is_data(node, i) || node->in[i]->is_constant)
                continue;
            const pj_format **wish = &d->precision->wished[node->in[i]->index];
            if (!*wish || pj_number_equal(&(*wish)->number, &plan->activations.number)) {
                *wish = &plan->activations;
                wishes[node->in[i]->index]++;
            }
        }
    }
    for (int v = 0; v < d->precision->count; v++) {
        const pj_value *value = d->precision->model->value[v];
        if (wishes[v] != value->uses)
            d->precision->wished[v] = NULL;
        else if (d->precision->wished[v] && value->is_input)
            d->precision->stored[v] = *d->precision->wished[v];
    }
}

/* Forward: quantizers become part of layers. Quantizing numbers that were quantized in the same way changes nothing. */
static bool changes_nothing(const decision *d, const pj_node *node)
{
    const pj_quantized *in = d->precision->quantized[node->in[0]->index];
    const pj_quantized *out = d->precision->quantized[node->out[0]->index];
    return in && out && !in->is_sum && in->scale && pj_number_equal(&in->format.number, &out->format.number) &&
           pj_contents_equal(in->scale, out->scale) && pj_contents_equal(in->zero, out->zero);
}

/* Clamping integers before or after they are quantized is the same: what quantizes can be the layer in front. */
static bool is_clamp(const decision *d, const pj_node *node)
{
    return node->desc->traits & PJ_CLAMP && d->precision->node[node->id].is_integer;
}

/* The layer that can quantize its result itself: nobody else reads it. A clamp does so where the layer in front of it
 * cannot. NULL: none. */
static const pj_node *layer_in_front(const decision *d, const pj_node *quantizer)
{
    const pj_value *value = quantizer->in[0];
    const pj_node *clamp = NULL;
    while (d->fold && value && value->uses == 1 && !value->is_output && value->producer && !value->is_folded) {
        const pj_node *node = value->producer;
        const pj_node_precision *own = &d->precision->node[node->id];
        if (node->graph != quantizer->graph || !node->desc || own->quantizer != PJ_NO_QUANTIZER || own->sets_format)
            break;
        if (is_clamp(d, node))
            clamp = node;
        else if (!is_view(node))
            return !clamp || (own->is_integer && !pj_precision_passes(node)) ? node : clamp;
        value = first_input(node);
    }
    return clamp;
}

/* Marks the values between the layer, with its output, and its quantizer. */
static void put_after(const decision *d, const pj_node *layer, const pj_node *quantizer)
{
    const pj_value *value = quantizer->in[0];
    d->precision->quantizer_after[value->index] = quantizer;
    while (value->producer != layer) {
        value = first_input(value->producer);
        d->precision->quantizer_after[value->index] = quantizer;
    }
}

static const pj_value *source_of(const decision *d, const pj_value *value)
{
    const pj_value *source = d->precision->source[value->index];
    return source ? source : value;
}

static void fold_quantizer(decision *d, const pj_node *node, pj_node_precision *own)
{
    const pj_node *layer = layer_in_front(d, node);
    if (node->out[0]->is_constant) {
        own->is_free = !d->needs_float[node->out[0]->index] || own->quantizer == PJ_QUANTIZE;
        own->converts = !own->is_free;
        own->folded_into = d->serves[node->out[0]->index];
    } else if (changes_nothing(d, node)) {
        own->is_free = true;
        own->folded_into = d->maker[node->in[0]->index];
        d->precision->source[node->out[0]->index] = source_of(d, node->in[0]);
    } else if (layer) {
        own->is_free = true;
        own->folded_into = layer;
        put_after(d, layer, node);
    }
    d->maker[node->out[0]->index] = own->is_free ? own->folded_into : node;
}

static void fold_dequantizer(decision *d, const pj_node *node, pj_node_precision *own)
{
    const pj_value *out = node->out[0];
    if (out->is_constant) {
        own->is_free = !d->needs_float[out->index];
        own->converts = !own->is_free;
    } else {
        own->is_free = d->integer_reads[out->index] == out->uses;
        d->precision->source[out->index] = source_of(d, node->in[0]);
        if (own->is_free)
            d->precision->stored[out->index] = d->precision->quantized[out->index]->format;
    }
    d->maker[out->index] = own->is_free ? d->maker[node->in[0]->index] : node;
}

static void fold_node(decision *d, const pj_node *node)
{
    pj_node_precision *own = &d->precision->node[node->id];
    if (own->quantizer == PJ_DEQUANTIZE) {
        fold_dequantizer(d, node, own);
        return;
    }
    if (own->quantizer != PJ_NO_QUANTIZER) {
        fold_quantizer(d, node, own);
        return;
    }
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            d->maker[node->out[o]->index] = is_view(node) && first_input(node) ? d->maker[node->in[0]->index] : node;
}

/* A free quantizer without a layer in front serves the one that follows. */
static void name_served(decision *d, const pj_node *node)
{
    pj_node_precision *own = &d->precision->node[node->id];
    if (own->quantizer == PJ_NO_QUANTIZER || !own->is_free || own->folded_into)
        return;
    const pj_node *layer = d->serves[node->out[0]->index];
    if (layer && d->precision->node[layer->id].is_free)
        layer = d->precision->node[layer->id].folded_into;
    own->folded_into = layer;
}

pj_status pj_integer_decide(pj_precision *precision, bool fold, pj_arena *arena, pj_error *err)
{
    int count = precision->count, nodes = precision->nodes;
    decision d = {precision, fold, NULL, NULL, NULL, NULL, NULL};
    int *wishes = PJ_NEW(arena, int, count);
    d.wanted = PJ_NEW(arena, bool, count);
    d.needs_float = PJ_NEW(arena, bool, count);
    d.integer_reads = PJ_NEW(arena, int, count);
    d.serves = PJ_NEW(arena, const pj_node *, count);
    d.maker = PJ_NEW(arena, const pj_node *, count);
    PJ_TRY(pj_got(wishes && d.wanted && d.needs_float && d.integer_reads && d.serves && d.maker, err));
    for (int n = nodes; n-- > 0;) {
        decide_node(&d, precision->order[n]);
        find_served(&d, precision->order[n]);
    }
    find_wishes(&d, wishes);
    for (int n = 0; n < nodes; n++)
        fold_node(&d, precision->order[n]);
    for (int n = nodes; n-- > 0;)
        name_served(&d, precision->order[n]);
    return PJ_OK;
}
