/* What stands in the constants beside quantized numbers: scales, zero points, bit widths. */
#include "quant/scale.h"

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

/* Is the scale one power of two, 2^exponent? */
static bool exponent_of(const pj_value *scale, int *exponent)
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
    return scale && !exponent_of(scale, &exponent);
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

bool pj_scale_is_there(const pj_node *node, int i, pj_diags *diags)
{
    if (i < node->inputs && node->in[i])
        return true;
    pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "%s has no scale: its numbers stay floats", node->op);
    return false;
}

void pj_quantized_fixed(int64_t bits, bool is_signed, const pj_value *scale, pj_quantized *out)
{
    int exponent = 0;
    out->is_exact = exponent_of(scale, &exponent);
    out->format.number = pj_number_fixed(bits, bits - is_signed + (out->is_exact ? exponent : 0), is_signed);
}

bool pj_contents_equal(const pj_value *a, const pj_value *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return !pj_zero_is_stored(a) && !pj_zero_is_stored(b);
    if (!a->data || !b->data || a->data_count != b->data_count)
        return false;
    for (int64_t k = 0; k < a->data_count; k++)
        if (!pj_num_equal(a->data[k], b->data[k]))
            return false;
    return true;
}
