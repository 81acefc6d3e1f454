/* fp16 and bfloat16: which nodes work in them, and Casts where others begin. */
#include <string.h>

#include "apply/pass.h"
#include "ops/op.h"
#include "plan/noise.h"
#include "plan/written.h"

enum { OPSET_BRAIN = 13, OPSET_BRAIN_CONV = 22, CAST_LEAST = 6 };
static const double most_half = 16384;    /* of activations: what is above stays in fp32 */
static const double least_half = 0x1p-14; /* likewise what is below and never 0, where a logarithm reads it */

/* ---- which nodes ---- */

/* bfloat16 besides. */
static const char never_brain[] = "TopK RoiAlign Upsample Resize GridSample MaxRoiPool LpPool MaxUnpool";
/* Those that lose much, as long as nobody has measured. */
static const char careful[] = "Softmax LogSoftmax LayerNormalization ReduceSum ReduceMean Pow Exp Sqrt";
/* Those that bfloat16 has from opset 22 on. */
static const char late_brain[] =
    "Conv ConvTranspose AveragePool MaxPool GlobalAveragePool GlobalMaxPool LpNormalization "
    "BatchNormalization InstanceNormalization Elu Selu Softplus Softsign HardSigmoid "
    "HardSwish Mish ThresholdedRelu PRelu Sin Cos Tan Round LSTM GRU RNN";

typedef struct half {
    pj_pass *pass;
    pj_dtype dtype; /* the type of this run: PJ_FLOAT16 or PJ_BFLOAT16 */
    pj_wish_kind kind;
} half;

/* What a tensor was seen to range over. NULL: nobody says, or it is a constant. */
static const pj_range *range_of(const half *h, const pj_edit_value *value)
{
    pj_held weight;
    const pj_range *range = value && h->dtype == PJ_FLOAT16 ? pj_map_get(&h->pass->ranges, value->name) : NULL;
    return range && !pj_weight_of(h->pass, (pj_edit_value *)(uintptr_t)value, &weight) ? range : NULL;
}

/* Does somebody divide by it, or take its logarithm or root? */
static bool must_not_vanish(const pj_edit_value *value)
{
    for (int r = 0; r < value->readers; r++) {
        const pj_edit_node *reader = value->reader[r];
        if (pj_edit_is_any(reader, "Log Reciprocal Sqrt Pow") ||
            (pj_edit_is(reader, "Div") && reader->inputs > 1 && reader->in[1] == value))
            return true;
    }
    return false;
}

static void look_at(const half *h, const pj_edit_value *value, bool *large, bool *small)
{
    const pj_range *range = range_of(h, value);
    if (!range)
        return;
    *large = *large || range->max > most_half || range->min < -most_half;
    const bool tiny = (range->min > 0 && range->min < least_half) || (range->max < 0 && range->max > -least_half);
    *small = *small || (tiny && must_not_vanish(value));
}

/* Would fp16 lose its numbers, as large ones, or as small ones that become 0 where nothing was 0? */
static bool leaves_range(const half *h, const pj_edit_node *node)
{
    bool large = false, small = false;
    for (int i = 0; i < node->inputs; i++)
        look_at(h, node->in[i], &large, &small);
    for (int o = 0; o < node->outputs; o++)
        look_at(h, node->out[o], &large, &small);
    if (large)
        pj_pass_note(h->pass, node, "it stays in fp32: it reads or makes numbers above %g", most_half);
    else if (small)
        pj_pass_note(h->pass, node,
                     "it stays in fp32: it reads or makes numbers below %.2g that are never 0, and that somebody "
                     "divides by, or takes the logarithm or root of",
                     least_half);
    return large || small;
}

static bool is_float_cast(const pj_edit_node *node)
{
    return pj_edit_is(node, "Cast") && pj_node_int(node->was, "to", 0) == PJ_FLOAT32;
}

static bool has_floats(const pj_edit_node *node)
{
    bool found = false;
    for (int i = 0; i < node->inputs; i++)
        found = found || (node->in[i] && node->in[i]->dtype == PJ_FLOAT32);
    for (int o = 0; o < node->outputs; o++)
        found = found || (node->out[o] && node->out[o]->dtype == PJ_FLOAT32);
    return found;
}

static bool is_product(const pj_edit_node *node)
{
    return pj_edit_is(node, "MatMul") || (pj_edit_is(node, "Cast") && node->out[0] && node->out[0]->readers > 0 &&
                                          pj_edit_is(node->out[0]->reader[0], "MatMul"));
}

static bool moves_batches(const pj_edit_node *node)
{
    bool reads = false;
    for (int r = 0; pj_written_moves_batches(node->was) && node->out[0] && r < node->out[0]->readers; r++)
        reads = reads || is_product(node->out[0]->reader[r]);
    return reads;
}

/* Why the node does not work in the type; NULL: it does. "": nothing in it could. */
static const char *reason_of(const half *h, const pj_edit_node *node)
{
    const pj_node *was = node->was;
    if (*node->domain || !was->desc || !has_floats(node) || (pj_edit_is(node, "Cast") && !is_float_cast(node)))
        return "";
    const char *reason = pj_written_stays_wide(was);
    if (reason)
        return reason;
    if (h->dtype == PJ_BFLOAT16 &&
        (pj_edit_is_any(node, never_brain) ||
         h->pass->reach < (pj_edit_is_any(node, late_brain) ? OPSET_BRAIN_CONV : OPSET_BRAIN)))
        return "its operator has no bfloat16 in the opsets that the model can be raised to";
    return moves_batches(node) ? "ONNX Runtime crashes on the product behind it" : NULL;
}

/* Those that lose much stay where nobody has measured. */
static bool is_careful(const half *h, const pj_edit_node *node)
{
    return !h->pass->options->half_all && !h->pass->has_ranges && !pj_wish_of(h->pass, node).is_named &&
           pj_edit_is_any(node, careful);
}

/* Does the node work in the type? New ones that another pass made do as their neighbours. */
static bool is_half(half *h, const pj_edit_node *node)
{
    if (!node->was || node->is_dropped || pj_wish_of(h->pass, node).activations != h->kind)
        return false;
    bool is_ours = strcmp(node->op, "MatMulNBits") == 0 || strcmp(node->op, "GatherBlockQuantized") == 0;
    if (is_ours && !node->begin)
        return true; /* its scales are of the type already */
    const char *reason = reason_of(h, node);
    if (reason && *reason && pj_wish_of(h->pass, node).is_named)
        pj_pass_layer(h->pass, node)->reason = reason;
    return !reason && !is_careful(h, node) && !leaves_range(h, node);
}

/* ---- Casts and constants ---- */

static pj_edit_node *add_cast(half *h, pj_edit_node *at, bool behind, const char *base, pj_dtype to)
{
    pj_edit *edit = h->pass->edit;
    pj_edit_node *cast =
        behind ? pj_edit_after(edit, at, "", "Cast", base, 1, 1) : pj_edit_before(edit, at, "", "Cast", base, 1, 1);
    pj_edit_int(edit, cast, "to", to);
    return cast;
}

static const char *suffix_of(pj_dtype dtype)
{
    return dtype == PJ_FLOAT16 ? "/fp16" : dtype == PJ_BFLOAT16 ? "/bf16" : "/fp32";
}

/* The copy of a constant in the type. */
static pj_edit_value *convert_constant(half *h, const pj_held *weight, bool is_weight)
{
    const pj_make make = {.form = h->dtype == PJ_FLOAT16 ? PJ_FORM_HALF : PJ_FORM_BRAIN,
                          .keeps_special = !is_weight,
                          .from = weight->from,
                          .name = weight->value->name};
    return pj_edit_make(h->pass->edit, weight->value->name, suffix_of(h->dtype), h->dtype, weight->rank, weight->dims,
                        &make);
}

/* Masks may be infinite; weights are not. */
static bool is_weight(const pj_edit_node *reader, const pj_edit_value *value)
{
    for (int i = 0; reader->was && i < reader->inputs && i < reader->was->inputs; i++)
        if (reader->in[i] == value && pj_node_role(reader->was, i) == 'w')
            return true;
    return false;
}

/* The same numbers in the other type: `to`. */
static pj_status twin_of(half *h, pj_edit_node *reader, pj_edit_value *value, pj_dtype to, pj_edit_value **out)
{
    pj_held weight;
    if (!value->twin && to == h->dtype && pj_weight_of(h->pass, value, &weight)) {
        PJ_TRY(pj_weight_check(h->pass, reader, &weight));
        value->twin = convert_constant(h, &weight, is_weight(reader, value));
    } else if (!value->twin) {
        pj_edit_node *cast = add_cast(h, value->maker, value->maker != NULL, value->name, to);
        cast->in[0] = value;
        value->twin = pj_edit_value_new(h->pass->edit, value->name, suffix_of(to), to, cast, 0);
    }
    *out = value->twin;
    return PJ_OK;
}

/* ---- a node ---- */

static void retype_output(half *h, pj_edit_node *node, int o)
{
    pj_edit_value *value = node->out[o];
    if (!value || value->dtype != PJ_FLOAT32)
        return;
    if ((!value->is_output || h->pass->options->io_convert) && !value->is_captured) {
        value->dtype = h->dtype;
        value->is_retyped = true;
        return;
    }
    pj_edit_value *aside = pj_edit_set_aside(h->pass->edit, value, suffix_of(h->dtype), h->dtype);
    pj_edit_node *cast = add_cast(h, node, true, value->name, PJ_FLOAT32);
    cast->in[0] = aside;
    cast->out[0] = value;
    value->maker = cast;
    value->twin = aside;
}

/* Attributes that say a type. */
static void retype_attributes(half *h, pj_edit_node *node)
{
    if (is_float_cast(node)) {
        node->lacks = "to";
        pj_edit_int(h->pass->edit, node, "to", h->dtype);
    }
    if (!pj_edit_is(node, "ConstantOfShape") || !node->was->out[0] || node->was->out[0]->type.dtype != PJ_FLOAT32)
        return;
    const pj_attr *attr = pj_node_attr(node->was, "value");
    const uint8_t *bytes = attr && attr->kind == PJ_ATTR_TENSOR ? attr->tensor->bytes : NULL;
    float x = 0;
    uint16_t code = 0;
    pj_lost lost = {0};
    if (bytes && attr->tensor->dtype == PJ_FLOAT32)
        memcpy(&x, bytes, sizeof x);
    if (h->dtype == PJ_FLOAT16)
        pj_halves(&x, 1, &code, &lost);
    else
        pj_brains(&x, 1, &code, &lost);
    node->lacks = "value";
    pj_edit_scalar(h->pass->edit, node, "value", h->dtype, &code, sizeof code);
}

/* Inputs whose type is not that of the others. */
static bool keeps_input(const pj_edit_node *node, int i)
{
    return i > 0 && pj_edit_is_any(node, "Resize Upsample Dropout");
}

/* The type in which a node reads an input; PJ_UNDEFINED: whatever it is. */
static pj_dtype wanted(const half *h, const pj_edit_node *node, int i)
{
    const pj_edit_value *value = node->in[i];
    bool is_float = value && value->was && value->was->type.dtype == PJ_FLOAT32;
    if (!value || (value->dtype != PJ_FLOAT32 && value->dtype != h->dtype))
        return PJ_UNDEFINED;
    if (pj_edit_is(node, "Cast") || (node->was && node->was->desc && (node->was->desc->traits & PJ_SHAPE_ONLY)))
        return PJ_UNDEFINED;
    if (node->begin && node->was && i < node->was->inputs && node->was->in[i])
        is_float = node->was->in[i]->type.dtype == PJ_FLOAT32;
    if (node->mark && !keeps_input(node, i))
        return h->dtype;
    return is_float ? PJ_FLOAT32 : PJ_UNDEFINED;
}

static pj_status fix_inputs(half *h, pj_edit_node *node)
{
    for (int i = 0; i < node->inputs; i++) {
        const pj_dtype want = wanted(h, node, i);
        pj_edit_value *twin;
        if (want == PJ_UNDEFINED || node->in[i]->dtype == want)
            continue;
        PJ_TRY(twin_of(h, node, node->in[i], want, &twin));
        pj_edit_read(h->pass->edit, node, i, twin);
    }
    return PJ_OK;
}

/* Inputs of the model take the type of those who read them. */
static void retype_inputs(half *h)
{
    for (size_t i = 0; i < h->pass->edit->parts && h->pass->options->io_convert; i++) {
        const pj_edit_part *part = &h->pass->edit->part[i];
        pj_edit_value *value = part->kind == PJ_PART_INPUT ? part->value : NULL;
        bool wants = false;
        for (int r = 0; value && r < value->readers; r++)
            for (int k = 0; value->reader[r]->mark && k < value->reader[r]->inputs; k++)
                wants = wants || (value->reader[r]->in[k] == value && !keeps_input(value->reader[r], k));
        if (!wants || value->init || value->dtype != PJ_FLOAT32 || value->is_captured || value->is_output)
            continue;
        value->dtype = h->dtype;
        value->is_retyped = true;
    }
}

/* ---- the pass ---- */

/* Before anything is changed. */
static void tell(half *h)
{
    pj_held weight;
    for (pj_edit_node *node = h->pass->edit->first; node; node = node->next) {
        if (!node->was || node->is_dropped || !node->begin || pj_wish_of(h->pass, node).activations != h->kind)
            continue;
        const bool has = pj_weight_input(h->pass, node, &weight);
        pj_applied_layer *layer = node->mark || has ? pj_pass_layer(h->pass, node) : NULL;
        if (node->mark && layer && strcmp(layer->written, "float") == 0)
            pj_pass_wrote(h->pass, node, h->dtype == PJ_FLOAT16 ? "fp16" : "bf16", has ? weight.bytes : 0,
                          has ? weight.bytes / 2 : 0);
    }
}

/* fp32 constants that only readers of the new type had are gone. */
static void drop_constants(half *h)
{
    pj_edit *edit = h->pass->edit;
    pj_edit_index(edit);
    for (size_t i = 0; i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        if (value->twin && (value->init || value->constant || pj_weight_passes(value->maker)))
            pj_pass_unused(h->pass, value);
    }
}

static pj_status run(pj_pass *pass, pj_wish_kind kind, pj_dtype dtype)
{
    half h = {pass, dtype, kind};
    bool any = false, late = false;
    pj_edit_index(pass->edit);
    for (size_t i = 0; i < pass->edit->values.count; i++)
        ((pj_edit_value *)pass->edit->values.entry[i].value)->twin = NULL;
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        node->mark = is_half(&h, node);
        any = any || node->mark;
        late = late || (node->mark && dtype == PJ_BFLOAT16 && pj_edit_is_any(node, late_brain));
    }
    if (!any)
        return PJ_OK;
    tell(&h);
    if (dtype == PJ_BFLOAT16)
        (void)pj_opset_need(pass, late ? OPSET_BRAIN_CONV : OPSET_BRAIN);
    retype_inputs(&h);
    for (pj_edit_node *node = pass->edit->first, *next; node; node = next) {
        next = node->next;
        for (int o = 0; node->mark && o < node->outputs; o++)
            retype_output(&h, node, o);
        if (node->mark)
            retype_attributes(&h, node);
    }
    for (pj_edit_node *node = pass->edit->first; node; node = node->next)
        if (!node->is_dropped)
            PJ_TRY(fix_inputs(&h, node));
    drop_constants(&h);
    pj_pass_note(
        pass, NULL,
        "ONNX Runtime's CPU computes %s in fp32, with conversions around each node: half the file, no less work",
        dtype == PJ_FLOAT16 ? "fp16" : "nothing in bf16, and others");
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}

pj_status pj_half(pj_pass *pass)
{
    PJ_TRY(run(pass, PJ_WISH_HALF, PJ_FLOAT16));
    return run(pass, PJ_WISH_BRAIN, PJ_BFLOAT16);
}
