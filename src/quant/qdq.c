/* QuantizeLinear and DequantizeLinear: integers, fp8 or fp4 between floats, with scales per tensor, channel or block.
 */
#include <string.h>

#include "quant/dialect.h"
#include "quant/scale.h"

/* What both share: scale and zero point belong to integers (or small floats) of type `dtype`. */
static bool is_sound(const pj_node *node, pj_dtype dtype, pj_diags *diags)
{
    const pj_value *zero = node->inputs > 2 ? node->in[2] : NULL;
    int64_t block = pj_node_int(node, "block_size", 0);
    if (!pj_scale_check(node, 1, diags))
        return false;
    if (block < 0) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "block_size is %lld: the numbers of this %s stay floats",
                    (long long)block, node->op);
        return false;
    }
    if (zero && zero->type.dtype != PJ_UNDEFINED && dtype != PJ_UNDEFINED && zero->type.dtype != dtype) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label,
                    "the zero point '%s' is %s, but the quantized numbers are %s: the numbers of this %s stay floats",
                    zero->name, pj_dtype_word(zero->type.dtype), pj_dtype_word(dtype), node->op);
        return false;
    }
    return true;
}

static pj_quantizer read_quantizer(const pj_precision *precision, const pj_node *node, pj_diags *diags,
                                   pj_quantized *out)
{
    bool back = strcmp(node->op, "DequantizeLinear") == 0;
    if ((!back && strcmp(node->op, "QuantizeLinear") != 0) || node->inputs < 1 || !node->in[0])
        return PJ_NO_QUANTIZER;
    const pj_value *integers = back ? node->in[0] : node->out[0];
    pj_dtype dtype = integers->type.dtype;
    (void)precision;
    if (!is_sound(node, dtype, diags) || !pj_number_of_dtype(dtype, &out->format.number))
        return PJ_NO_QUANTIZER;
    out->format.from = PJ_FROM_QDQ;
    out->scale = node->in[1];
    out->zero = node->inputs > 2 ? node->in[2] : NULL;
    out->is_lazy = back && !node->out[0]->is_constant;
    if (out->format.number.kind == PJ_FIXED)
        pj_quantized_fixed(out->format.number.bits, out->format.number.is_signed, out->scale, out);
    return back ? PJ_DEQUANTIZE : PJ_QUANTIZE;
}

const pj_dialect pj_dialect_qdq = {.quantizer = read_quantizer};
