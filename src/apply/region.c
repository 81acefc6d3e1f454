/* Which nodes compute on integers of known ranges, and on which ones. */
#include "apply/region.h"

#include <string.h>

#include "ops/op.h"

enum { OPSET_FP8 = 19, OPSET_INT16 = 21 };

/* Operators that have integer kernels, or hand integers on. */
static const char region[] =
    "Conv ConvTranspose Gemm MatMul Add Mul AveragePool MaxPool GlobalAveragePool GlobalMaxPool "
    "Concat Relu Clip Reshape Transpose Flatten Squeeze Unsqueeze Slice Split Resize Gather "
    "Softmax Sigmoid";
static const char layers[] = "Conv ConvTranspose Gemm MatMul";
/* Those whose output has the numbers of their input. */
static const char movers[] = "MaxPool Reshape Flatten Transpose Squeeze Unsqueeze Slice Split Gather";

pj_activation pj_region_type(const pj_pass *pass, const pj_wish *wish)
{
    const pj_apply_options *o = pass->options;
    bool is_wide = wish->activation_bits > 8 || o->activations >= PJ_APPLY_UINT16;
    bool is_signed = o->activations == PJ_APPLY_INT8 || o->activations == PJ_APPLY_INT16;
    const int32_t top = is_wide ? 65535 : 255, half = is_wide ? 32768 : 128;
    if (wish->activations == PJ_WISH_EIGHTH)
        return (pj_activation){
            PJ_FLOAT8E4M3FN, {-448, 448},
             OPSET_FP8
        };
    pj_activation t = {
        is_wide ? PJ_UINT16 : PJ_UINT8, {0, o->symmetric ? top - 1 : top},
             is_wide ? OPSET_INT16 : 10
    };
    if (is_signed) {
        t.dtype = is_wide ? PJ_INT16 : PJ_INT8;
        t.range = (pj_int_range){o->symmetric ? 1 - half : -half, half - 1};
    }
    return t;
}

/* ---- which nodes ---- */

bool pj_region_reads(const pj_edit_node *node, int i)
{
    char role = i < node->was->inputs ? pj_node_role(node->was, i) : 'c';
    return (role == 'x' || role == 'w') && node->in[i] && node->in[i]->dtype == PJ_FLOAT32;
}

bool pj_region_moves(const pj_edit_node *node)
{
    if (pj_edit_is(node, "Resize")) {
        const pj_attr *mode = pj_node_attr(node->was, "mode");
        return !mode || mode->kind != PJ_ATTR_STRING || strcmp(mode->s, "nearest") == 0;
    }
    return pj_edit_is_any(node, movers);
}

/* Computes on floats that the run makes. */
static bool is_live(const pj_edit_node *node)
{
    const pj_value *in = node->was->inputs > 0 ? node->was->in[0] : NULL,
                   *out = node->was->outputs > 0 ? node->was->out[0] : NULL;
    bool is_float = node->inputs > 0 && node->outputs > 0 && node->in[0] && node->out[0] &&
                    node->in[0]->dtype == PJ_FLOAT32 && node->out[0]->dtype == PJ_FLOAT32;
    return is_float && in && out && !out->is_constant && !out->is_folded;
}

/* Reads data that is computed from constants before the run, so that nobody has a range of it. */
static bool reads_computed(pj_pass *pass, const pj_edit_node *node)
{
    pj_held held;
    for (int i = 0; i < node->inputs; i++)
        if (pj_region_reads(node, i) && node->in[i]->was &&
            (node->in[i]->was->is_constant || node->in[i]->was->is_folded) && !pj_weight_of(pass, node->in[i], &held))
            return true;
    return false;
}

pj_status pj_region_choose(pj_pass *pass, pj_edit_node *node)
{
    const pj_wish wish = pj_wish_of(pass, node);
    const bool is_integer =
        (wish.activations == PJ_WISH_INT && wish.activation_bits <= 16) || wish.activations == PJ_WISH_EIGHTH;
    pj_held weight;
    node->mark = false;
    if (!node->was || !node->begin || node->is_dropped || !is_integer)
        return PJ_OK;
    if (!pj_edit_is_any(node, region))
        return wish.is_named && *node->op ? pj_pass_keep(pass, node, "no runtime computes this operator on integers")
                                          : PJ_OK;
    if (pj_edit_is(node, "Gather") && node->was->in[0] && node->was->in[0]->is_constant)
        return PJ_OK; /* a table: weights, if anything */
    if (!is_live(node))
        return wish.is_named && pj_edit_is_any(node, layers)
                   ? pj_pass_keep(pass, node, "its activations are no fp32 numbers of the run")
                   : PJ_OK;
    if (reads_computed(pass, node))
        return wish.is_named
                   ? pj_pass_keep(pass, node, "one of its inputs is computed from constants (fold them first)")
                   : PJ_OK;
    const int64_t need = pj_region_type(pass, &wish).opset;
    if ((need > pass->reach || pass->reach < PJ_OPSET_AXIS) && (!pass->for_ort || wish.activations == PJ_WISH_EIGHTH))
        return pj_pass_keep(pass, node, "its quantizers need a later opset, to which the model cannot be raised");
    if (pj_edit_is_any(node, layers) && pj_weight_input(pass, node, &weight)) {
        bool fits = (wish.weights == PJ_WISH_INT && wish.weight_bits <= 8) || wish.weights == PJ_WISH_EIGHTH;
        if (!fits || weight.from.count == 0)
            return pj_pass_keep(pass, node, "no runtime has weights of that format beside activations of that format");
        if (wish.weights == PJ_WISH_INT && wish.weight_bits <= 4 && pass->reach < 21)
            return pj_pass_keep(pass, node, "int4 weights need opset 21, to which the model cannot be raised");
        PJ_TRY(pj_weight_check(pass, node, &weight));
    }
    node->mark = true;
    return PJ_OK;
}

/* Relu, or Clip from 0 on: the pair after it does its work. */
static bool is_bound(pj_pass *pass, const pj_edit_node *node)
{
    pj_held low;
    float least = -1;
    pj_error ignored = {0};
    if (pj_edit_is(node, "Relu"))
        return true;
    if (!pj_edit_is(node, "Clip"))
        return false;
    const pj_attr *min = pj_node_attr(node->was, "min");
    if (min && min->kind == PJ_ATTR_FLOAT)
        return min->f == 0;
    return node->inputs > 1 && pj_weight_of(pass, node->in[1], &low) && low.from.count == 1 &&
           low.from.get(low.from.payload, 0, 1, &least, &ignored) == PJ_OK && least == 0;
}

/* No pair between a layer and the bound that alone reads it. */
bool pj_region_merges(pj_pass *pass, const pj_edit_value *value)
{
    const pj_edit_node *maker = value->maker;
    return maker && maker->mark && value->readers == 1 && !value->is_output && !value->is_captured &&
           value->reader[0]->mark && pj_edit_is_any(maker, "Conv ConvTranspose Gemm MatMul Add Mul") &&
           is_bound(pass, value->reader[0]);
}

bool pj_region_dequantized(const pj_edit_value *value)
{
    return value->maker && strcmp(value->maker->op, "DequantizeLinear") == 0;
}
