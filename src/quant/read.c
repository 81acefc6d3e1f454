/* The formats of all tensors, read node by node in graph order from what the dialects (dialect.h) and the plan say. */
#include "ops/op.h"
#include "quant/dialect.h"
#include "quant/integer.h"
#include "quant/plan_file.h"
#include "quant/scale.h"

static const pj_dialect *const dialects[] = {
#define PJ_DIALECT_ADDRESS(name, what) &pj_dialect_##name,
    PJ_DIALECT_LIST(PJ_DIALECT_ADDRESS)
#undef PJ_DIALECT_ADDRESS
};

enum { DIALECTS = sizeof dialects / sizeof *dialects };

static bool allocate(pj_precision *out, const pj_model *model, pj_arena *arena)
{
    out->model = model;
    out->arena = arena;
    out->count = model->values;
    out->stored = PJ_NEW(arena, pj_format, model->values);
    out->quantized = PJ_NEW(arena, const pj_quantized *, model->values);
    out->source = PJ_NEW(arena, const pj_value *, model->values);
    out->quantizer_after = PJ_NEW(arena, const pj_node *, model->values);
    out->wished = PJ_NEW(arena, const pj_format *, model->values);
    out->sum = PJ_NEW(arena, const pj_format *, model->values);
    out->use = PJ_NEW(arena, uint8_t, model->values);
    out->dequantized = PJ_NEW(arena, bool, model->values);
    out->clamp = PJ_NEW(arena, const pj_node *, model->values);
    out->order = pj_model_order(model, arena, &out->nodes);
    out->node = PJ_NEW(arena, pj_node_precision, model->nodes);
    return out->order && !pj_arena_failed(arena);
}

static pj_status keep(pj_precision *precision, const pj_value *value, const pj_quantized *quantized, pj_arena *arena,
                      pj_error *err)
{
    pj_quantized *copy = pj_arena_memdup(arena, quantized, 1, sizeof *quantized);
    PJ_TRY(pj_got(copy, err));
    precision->quantized[value->index] = copy;
    return PJ_OK;
}

enum { MOST_FACTORS = 64 };

static bool add_factor(pj_precision *precision, const pj_value *value, const pj_factor **list)
{
    int count = *list ? (*list)->count + 1 : 1;
    pj_factor *factor = value && count <= MOST_FACTORS ? PJ_NEW(precision->arena, pj_factor, 1) : NULL;
    if (factor) {
        *factor = (pj_factor){value, *list, count};
        *list = factor;
    }
    return factor || !value || count > MOST_FACTORS;
}

/* What comes with a constant that is joined to others: all of it is read with them. */
static bool add_all_factors(pj_precision *precision, const pj_quantized *one, const pj_factor **list)
{
    bool ok = add_factor(precision, pj_scale_is_stored(one->scale) ? one->scale : NULL, list) &&
              add_factor(precision, pj_zero_is_stored(one->zero) ? one->zero : NULL, list);
    for (const pj_factor *at = one->factors; at && ok; at = at->next)
        ok = add_factor(precision, at->value, list);
    return ok;
}

static int first_data(const pj_node *node)
{
    int i = 0;
    while (i < node->inputs - 1 && !pj_precision_is_data(node, i))
        i++;
    return i;
}

/* Several quantized tensors joined: the widest one, and no common scale unless they are alike. False: not all are, or
 * no memory, and then the arena has failed. */
static bool join(pj_precision *precision, const pj_node *node, pj_quantized *out)
{
    const pj_factor *factors = NULL;
    bool found = false, alike = true, ok = true;
    for (int i = 0; i < node->inputs; i++) {
        if (!pj_precision_is_data(node, i))
            continue;
        const pj_quantized *one = precision->quantized[node->in[i]->index];
        if (!one)
            return false;
        if (!found)
            *out = *one;
        alike = alike && out->scale == one->scale && out->zero == one->zero && out->factors == one->factors;
        out->is_lazy = out->is_lazy || one->is_lazy;
        out->is_sum = out->is_sum || one->is_sum;
        if (one->format.number.bits > out->format.number.bits)
            out->format = one->format;
        if (found && node->out[0]->is_constant && !alike)
            ok = ok && add_all_factors(precision, one, &factors);
        found = true;
    }
    if (found && !alike) {
        if (node->out[0]->is_constant)
            ok = ok && add_all_factors(precision, precision->quantized[node->in[first_data(node)]->index], &factors);
        out->scale = out->zero = NULL;
        out->factors = factors;
    }
    return found && ok;
}

static bool is_narrow(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_format *plan = pj_precision_planned(precision, node, i);
    const pj_quantized *quantized = precision->quantized[node->in[i]->index];
    if (plan)
        return plan->number.bits <= PJ_MOST_INTEGER_BITS;
    return quantized && !quantized->is_sum && quantized->format.number.bits <= PJ_MOST_INTEGER_BITS;
}

/* A layer whose data inputs are all narrow (a bias may be anything) can compute on integers, and so can what it hands
 * on; whether it does depends on its readers (integer.c). */
static bool can_be_integer(const pj_precision *precision, const pj_node *node, pj_quantized *out)
{
    int narrow = 0;
    memset(out, 0, sizeof *out);
    out->is_sum = true;
    if (node->desc->traits & (PJ_CONTROL | PJ_OPAQUE_OP | PJ_SHAPE_ONLY) || node->out[0]->is_folded ||
        !pj_dtype_is_float(node->out[0]->type.dtype))
        return false;
    for (int i = 0; i < node->inputs; i++) {
        if (!pj_precision_is_data(node, i) || pj_node_role(node, i) == 'b')
            continue;
        if (!is_narrow(precision, node, i))
            return false;
        narrow++;
    }
    return narrow > 0;
}

/* A threshold layer compares integers of any width. */
static bool all_integers(const pj_precision *precision, const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++) {
        const pj_quantized *quantized = node->in[i] ? precision->quantized[node->in[i]->index] : NULL;
        if (!quantized || (!quantized->is_sum && quantized->format.number.kind == PJ_FLOAT))
            return false;
    }
    return true;
}

/* To all outputs that hold the same kind of numbers. A model output is what the model declares, so it takes no integers
 * that still wait for their scale. */
static pj_status hand_on(pj_precision *precision, const pj_node *node, const pj_quantized *quantized, pj_arena *arena,
                         pj_error *err)
{
    precision->node[node->id].is_integer = true;
    for (int o = 0; o < node->outputs; o++) {
        const pj_value *out = node->out[o];
        if (out && pj_type_is_tensor(&out->type) && out->type.dtype == node->out[0]->type.dtype &&
            !(out->is_output && (quantized->is_lazy || quantized->is_sum)))
            PJ_TRY(keep(precision, out, quantized, arena, err));
    }
    return PJ_OK;
}

/* A quantized constant in another float type, in other units or within bounds: the same numbers are stored, and what
 * they are multiplied with beside them. */
static pj_status carry(pj_precision *precision, const pj_node *node, int from, const pj_value *beside, pj_arena *arena,
                       pj_error *err)
{
    pj_quantized quantized = *precision->quantized[node->in[from]->index];
    const pj_factor *before = quantized.factors;
    quantized.is_exact = false;
    if (beside && before && before->count == MOST_FACTORS)
        return PJ_OK; /* the product counts as numbers of its own */
    PJ_TRY(pj_got(add_factor(precision, beside, &quantized.factors), err));
    return keep(precision, node->out[0], &quantized, arena, err);
}

/* Can the operator be a quantizer? Its row says so, or takes scales; a Clip, Max or Min may be what is left of one.
 * Dialects, which compare names, are asked only then. */
static bool may_quantize(const pj_node *node)
{
    return node->desc->traits & (PJ_QUANTIZER | PJ_CLAMP) || pj_op_takes_scales(node->desc) || pj_quant_clamps(node);
}

/* What is dequantized, perhaps after views, moves and clamps. */
static void find_dequantized(pj_precision *precision)
{
    for (int n = precision->nodes; n-- > 0;) {
        const pj_node *node = precision->order[n];
        if (node->inputs < 1 || !node->in[0] || node->outputs < 1 || !node->out[0] || !node->desc)
            continue;
        bool is_dequantizer = may_quantize(node) && pj_text_glob("*DequantizeLinear", node->op);
        bool clamps = !is_dequantizer && precision->dequantized[node->out[0]->index] && pj_quant_clamps(node);
        if (clamps)
            precision->clamp[node->in[0]->index] = pj_precision_last_clamp(precision, node);
        if (is_dequantizer || clamps || (pj_precision_passes(node) && precision->dequantized[node->out[0]->index]))
            precision->dequantized[node->in[0]->index] = true;
    }
}

/* What a plan says of the output of the layer in front replaces the quantizer that follows it. */
static void plan_output(const pj_precision *precision, const pj_node *quantizer, pj_quantized *out)
{
    const pj_value *in = quantizer->in[0];
    const pj_plan_formats *plan = in->producer ? pj_precision_node(precision, in->producer)->plan : NULL;
    const pj_quantized *before = precision->quantized[in->index];
    if (plan && plan->output.from != PJ_FROM_NOTHING)
        out->format = plan->output;
    else if (precision->node[quantizer->id].quantizer == PJ_DEQUANTIZE && before && before->format.from == PJ_FROM_PLAN)
        out->format = before->format;
}

/* What the file says beside the graph of a value, where the graph itself says less: nothing, or that it is the sum of
 * an integer layer. */
static pj_status annotate(pj_precision *precision, const pj_value *value, pj_arena *arena, pj_diags *diags,
                          pj_error *err)
{
    const pj_quantized *known = precision->quantized[value->index];
    pj_quantized quantized;
    for (int k = 0; k < DIALECTS && (!known || known->is_sum); k++)
        if (dialects[k]->annotation && dialects[k]->annotation(value, diags, &quantized))
            return keep(precision, value, &quantized, arena, err);
    return PJ_OK;
}

/* Inputs and initializers. */
static pj_status read_given(pj_precision *precision, pj_arena *arena, pj_diags *diags, pj_error *err)
{
    for (int i = 0; i < precision->count; i++)
        if (!precision->model->value[i]->producer)
            PJ_TRY(annotate(precision, precision->model->value[i], arena, diags, err));
    return PJ_OK;
}

/* What the first dialect that knows `node` as a quantizer, or as a layer that names its format, makes of output 0. */
static void read_quantized(pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    pj_node_precision *own = &precision->node[node->id];
    memset(out, 0, sizeof *out);
    if (!may_quantize(node))
        return;
    for (int k = 0; k < DIALECTS && own->quantizer == PJ_NO_QUANTIZER; k++)
        if (dialects[k]->quantizer)
            own->quantizer = dialects[k]->quantizer(precision, node, diags, out);
    if (own->quantizer != PJ_NO_QUANTIZER)
        plan_output(precision, node, out);
    for (int k = 0; k < DIALECTS && own->quantizer == PJ_NO_QUANTIZER && !own->sets_format; k++)
        own->sets_format = dialects[k]->sets_format && dialects[k]->sets_format(node, diags, out);
    own->is_integer = own->sets_format && all_integers(precision, node);
}

/* A quantizer saturates, so bounds after it are its own, if nobody else reads what is in front of them. */
static bool is_clip_of_quantizer(const pj_precision *precision, const pj_node *node)
{
    const pj_value *in = node->in[0];
    return pj_quant_clamps(node) && in->uses == 1 && !in->is_output && in->producer &&
           precision->node[in->producer->id].quantizer == PJ_QUANTIZE;
}

/* What reaches the outputs of a node: in graph order. */
static pj_status read_node(pj_precision *precision, const pj_node *node, pj_arena *arena, pj_diags *diags,
                           pj_error *err)
{
    const pj_node_precision *own = pj_precision_node(precision, node);
    pj_quantized quantized;
    if (node->outputs < 1 || !node->out[0] || !node->desc)
        return PJ_OK;
    read_quantized(precision, node, diags, &quantized);
    if (own->quantizer == PJ_QUANTIZE && is_clip_of_quantizer(precision, node))
        PJ_TRY(keep(precision, node->in[0], &quantized, arena, err));
    if (own->quantizer != PJ_NO_QUANTIZER || own->sets_format)
        return keep(precision, node->out[0], &quantized, arena, err);
    for (int k = 0; k < DIALECTS; k++)
        if (dialects[k]->operands)
            PJ_TRY(dialects[k]->operands(precision, node, arena, diags, err));
    const pj_value *beside;
    int carried = pj_precision_carried(precision, node, &beside);
    if (carried >= 0)
        return carry(precision, node, carried, beside, arena, err);
    if (pj_precision_passes(node) ? join(precision, node, &quantized) : can_be_integer(precision, node, &quantized))
        return hand_on(precision, node, &quantized, arena, err);
    return PJ_OK;
}

/* Integers cannot be scales: those of quantizers in the model stay floats, whatever a plan makes of what is beside
 * weights. */
static void keep_scales(pj_precision *precision)
{
    if (precision->activations.from == PJ_FROM_NOTHING || precision->activations.number.kind == PJ_FLOAT)
        return;
    for (int i = 0; i < precision->count; i++) {
        const pj_value *scale = precision->quantized[i] ? precision->quantized[i]->scale : NULL;
        if (scale && scale->is_constant)
            precision->stored[scale->index] = pj_precision_as_typed(scale);
    }
}

/* Constants and what quantizers write is known now; the rest is settled layer by layer. false: nothing is quantized. */
static bool store_quantized(pj_precision *precision)
{
    bool found = false;
    for (int i = 0; i < precision->count; i++) {
        const pj_quantized *quantized = precision->quantized[i];
        const pj_value *value = precision->model->value[i];
        if (quantized && !quantized->is_sum && (value->is_constant || !quantized->is_lazy))
            precision->stored[i] = quantized->format;
        found = found || quantized;
    }
    return found;
}

/* Of several uses of a constant, the weightiest one. */
static void find_uses(pj_precision *precision)
{
    for (int n = 0; n < precision->nodes; n++) {
        const pj_node *node = precision->order[n];
        for (int i = 0; i < node->inputs; i++) {
            pj_const_use use = node->in[i] ? pj_precision_use(node, i) : PJ_CONST_NONE;
            uint8_t *at = node->in[i] ? &precision->use[node->in[i]->index] : NULL;
            if (at && use > *at)
                *at = (uint8_t)use;
        }
    }
}

pj_status pj_precision_read(const pj_model *model, const pj_plan *plan, bool fold, pj_arena *arena, pj_diags *diags,
                            pj_precision *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_got(allocate(out, model, arena), err));
    if (plan) {
        out->weights = plan->weights;
        out->activations = plan->activations;
    }
    find_uses(out);
    for (int i = 0; i < model->values; i++)
        out->stored[i] = pj_precision_declared(out, model->value[i]);
    find_dequantized(out);
    PJ_TRY(read_given(out, arena, diags, err));
    for (int i = 0; i < out->nodes; i++) {
        const pj_node *node = out->order[i];
        out->node[node->id].plan = plan ? plan->node[node->id] : NULL;
        PJ_TRY(read_node(out, node, arena, diags, err));
        for (int o = 0; o < node->outputs; o++)
            if (node->out[o])
                PJ_TRY(annotate(out, node->out[o], arena, diags, err));
    }
    keep_scales(out);
    return store_quantized(out) || plan ? pj_integer_decide(out, fold, arena, err) : PJ_OK;
}
