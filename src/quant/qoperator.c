/* Operators that take integers as they are: QLinearConv and its kin, MatMulInteger, dynamic quantization, weights
 * packed into bytes. Their formats stand in the element types; this file adds what those do not say. */
#include "quant/quantizer.h"

#include <string.h>

#include "ops/op.h"

#define MS "com.microsoft"

/*  operator, roles of inputs that hold packed numbers, attribute with their bits (NULL: four), bits without it */
static const struct {
    const char *op, *attr;
    char role;
    int64_t otherwise;
} packed[] = {
    {"MatMulNBits",          "bits",               'w', 4},
    {"MatMulBnb4",           NULL,                 'w', 4},
    {"GatherBlockQuantized", "bits",               'p', 4},
    {"QMoE",                 "expert_weight_bits", 'w', 4},
};

/* Operators that quantize their floating-point data to uint8 before they compute. */
static const char *const dynamic[] = {"DynamicQuantizeMatMul", "DynamicQuantizeLSTM"};

/* Bytes hold 8 / bits numbers each. */
static void unpack(pj_precision *precision, const pj_node *node, char role, int64_t bits, pj_diags *diags)
{
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label,
                    "%lld bits do not divide a byte: the weights of this %s count as bytes", (long long)bits, node->op);
        return;
    }
    for (int i = 0; i < node->inputs; i++) {
        if (!node->in[i] || pj_op_role(node->desc, i) != role || node->in[i]->type.dtype != PJ_UINT8)
            continue;
        pj_format *format = &precision->stored[node->in[i]->index];
        format->number = pj_number_fixed(bits, bits, false);
        format->packed = (int)(8 / bits);
        format->from = PJ_FROM_OPERATOR;
    }
}

static void mark(pj_precision *precision, pj_value *const *values, int count)
{
    for (int i = 0; i < count; i++)
        if (values[i] && pj_dtype_is_integer(values[i]->type.dtype) &&
            precision->stored[values[i]->index].from == PJ_FROM_DECLARED)
            precision->stored[values[i]->index].from = PJ_FROM_OPERATOR;
}

/* Scales or zero points among the inputs tell an operator on quantized tensors. */
static bool is_qoperator(const pj_node *node)
{
    return strpbrk(node->desc->roles, "sz") != NULL || strncmp(node->op, "DynamicQuantize", 15) == 0;
}

pj_status pj_qoperator_read(pj_precision *precision, const pj_node *node, pj_arena *arena, pj_diags *diags,
                            pj_error *err)
{
    if (!is_qoperator(node))
        return PJ_OK;
    mark(precision, node->in, node->inputs);
    mark(precision, node->out, node->outputs);
    if (strcmp(node->domain, MS) != 0)
        return PJ_OK;
    for (size_t k = 0; k < sizeof packed / sizeof *packed; k++)
        if (strcmp(node->op, packed[k].op) == 0)
            unpack(precision, node, packed[k].role,
                   packed[k].attr ? pj_node_int(node, packed[k].attr, packed[k].otherwise) : packed[k].otherwise,
                   diags);
    for (size_t k = 0; k < sizeof dynamic / sizeof *dynamic; k++) {
        if (strcmp(node->op, dynamic[k]) != 0)
            continue;
        pj_format *format = PJ_NEW(arena, pj_format, 1);
        if (!format)
            return pj_fail_memory(err);
        format->number = pj_number_fixed(8, 8, false);
        format->from = PJ_FROM_OPERATOR;
        precision->node[node->index].computes_on = format;
    }
    return PJ_OK;
}
