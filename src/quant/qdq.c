/* QuantizeLinear and DequantizeLinear: integers, fp8 or fp4 between floats, with scales per tensor, channel or block.
 */
#include "quant/quantizer.h"

#include <math.h>
#include <string.h>

#include "ops/op.h"

/* ---- contents of constants ---- */

int64_t pj_node_int(const pj_node *node, const char *name, int64_t otherwise)
{
    const pj_attr *attr = pj_node_attr(node, name);
    return attr && attr->kind == PJ_ATTR_INT ? attr->i : otherwise;
}

bool pj_constant_whole(const pj_node *node, int i, int64_t *out)
{
    const pj_value *value = i < node->inputs ? node->in[i] : NULL;
    if (!value || !value->is_constant || !value->data || value->data_count < 1)
        return false;
    for (int64_t k = 0; k < value->data_count; k++) {
        bool known;
        double real = pj_num_as_real(value->data[k], &known);
        if (!known || real != floor(real) || fabs(real) > 1e15 || (k > 0 && (double)*out != real))
            return false;
        *out = (int64_t)real;
    }
    return true;
}

bool pj_scale_exponent(const pj_value *scale, int *exponent)
{
    bool known = false;
    if (!scale || !scale->data || scale->data_count != 1)
        return false;
    double real = pj_num_as_real(scale->data[0], &known);
    return known && isfinite(real) && frexp(real, exponent) == 0.5 && ((*exponent)--, true);
}

bool pj_scale_is_stored(const pj_value *scale)
{
    int exponent;
    return scale && !pj_scale_exponent(scale, &exponent);
}

bool pj_zero_is_stored(const pj_value *zero)
{
    bool known = true;
    if (!zero || !zero->data)
        return zero != NULL;
    for (int64_t k = 0; k < zero->data_count; k++)
        if (pj_num_as_real(zero->data[k], &known) != 0 || !known)
            return true;
    return false;
}

bool pj_scale_check(const pj_node *node, int i, pj_diags *diags)
{
    const pj_value *scale = i < node->inputs ? node->in[i] : NULL;
    if (!scale) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "%s has no scale: its numbers stay floats", node->op);
        return false;
    }
    for (int64_t k = 0; scale->data && k < scale->data_count; k++) {
        bool known;
        double real = pj_num_as_real(scale->data[k], &known);
        if (!known || (real > 0 && isfinite(real)))
            continue;
        pj_diag_add(
            diags, PJ_DIAG_QUANTIZER, node->label,
            "element %lld of the scale '%s' is %g, but a scale is positive and finite: the numbers of this %s stay "
            "floats",
            (long long)k, scale->name, real, node->op);
        return false;
    }
    return true;
}

void pj_quantized_fixed(int64_t bits, bool is_signed, const pj_value *scale, pj_quantized *out)
{
    int exponent = 0;
    out->is_exact = pj_scale_exponent(scale, &exponent);
    out->format.number = pj_number_fixed(bits, bits - is_signed + (out->is_exact ? exponent : 0), is_signed);
}

/* ---- the two operators ---- */

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

pj_quantizer pj_qdq_read(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out)
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
