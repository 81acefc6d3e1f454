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

/* ---- scales that a plan brings with it ---- */

static bool is_op(const pj_node *node, const char *op)
{
    return !*node->domain && strcmp(node->op, op) == 0;
}

bool pj_looks_up_rows(const pj_node *node)
{
    const pj_value *table = node->inputs == 2 ? node->in[0] : NULL;
    const int64_t axis = pj_node_int(node, "axis", 0);
    return is_op(node, "Gather") && table && table->is_constant && pj_type_is_tensor(&table->type) &&
           (table->type.dtype == PJ_FLOAT32 || table->type.dtype == PJ_FLOAT16) && table->type.rank == 2 &&
           (axis == 0 || axis == -2);
}

int pj_channel_axis(const pj_node *node, int input, int rank)
{
    if (is_op(node, "Conv"))
        return rank > 0 ? 0 : -1;
    if (is_op(node, "ConvTranspose"))
        return rank > 1 && pj_node_int(node, "group", 1) == 1 ? 1 : -1;
    if (rank < 2)
        return -1;
    if (is_op(node, "Gather"))
        return pj_looks_up_rows(node) ? 0 : -1;
    if (is_op(node, "Gemm"))
        return input == 1 ? !pj_node_int(node, "transB", 0) : pj_node_int(node, "transA", 0) != 0;
    return is_op(node, "MatMul") ? rank - (input == 1 ? 1 : 2) : -1;
}

int64_t pj_planned_scales(const pj_node *node, int i, const pj_format *weights, const pj_format *activations)
{
    const pj_number *n = &weights->number;
    const pj_type *type = &node->in[i]->type;
    const bool is_product = is_op(node, "MatMul") || is_op(node, "Gemm");
    const bool is_table = i == 0 && pj_looks_up_rows(node);
    const bool is_layer = is_product || is_table || is_op(node, "Conv") || is_op(node, "ConvTranspose");
    const bool is_integer =
        n->kind == PJ_TERNARY || (n->kind == PJ_FIXED && n->is_signed && n->int_bits == n->bits - 1 && n->bits <= 8);
    int64_t scales = 1;
    if (weights->from != PJ_FROM_PLAN || !is_integer || !is_layer || !pj_type_is_tensor(type) || type->rank < 1)
        return 0;
    const int channels = pj_channel_axis(node, i, type->rank);
    const bool beside_floats = activations->from != PJ_FROM_NOTHING && activations->number.kind == PJ_FLOAT;
    const bool blocks = n->bits <= 4 && (is_table || (is_product && type->rank == 2 && beside_floats));
    for (int axis = 0; axis < type->rank; axis++) {
        int64_t size = pj_num_known(type->dims[axis]) ? type->dims[axis].whole : 0;
        if (axis != channels)
            size = blocks ? size / PJ_SCALE_BLOCK + (size % PJ_SCALE_BLOCK != 0) : size > 0;
        if (!pj_mul_i64(scales, size, &scales))
            return 0;
    }
    return scales;
}
