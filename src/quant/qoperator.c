/* Operators that take integers as they are: QLinearConv and its kin, MatMulInteger, dynamic quantization, weights
 * packed into bytes. Their formats stand in the element types; this file adds what those do not say. */
#include "ops/op.h"
#include "quant/dialect.h"

#define MS "com.microsoft"

/*  operator, role of the inputs that hold packed numbers, attribute with their bits (NULL: four), are they floats? */
static const struct {
    const char *op, *attr;
    char role;
    bool is_float;
} packed[] = {
    {"MatMulNBits",                   "bits",               'w', false},
    {"MatMulNBitsMlp",                "bits",               'w', false},
    {"MatMulNBitsQkv",                "bits",               'w', false},
    {"MatMulBnb4",                    NULL,                 'w', false},
    {"MatMulBlockQuantizedFp4Weight", NULL,                 'w', true },
    {"GatherBlockQuantized",          "bits",               'p', false},
    {"QMoE",                          "expert_weight_bits", 'w', false},
};

/* Operators that quantize their floating-point data to uint8 before they compute. */
static const char *const dynamic[] = {"DynamicQuantizeMatMul", "DynamicQuantizeLSTM"};

/* Eight numbers of n bits in n bytes, whether they divide a byte or not. */
static const pj_packing of_bits[] = {
    {0 },
    { 8, 1, 0, 0},
    { 8, 2, 0, 0},
    { 8, 3, 0, 0},
    { 8, 4, 0, 0},
    { 8, 5, 0, 0},
    { 8, 6, 0, 0},
    { 8, 7, 0, 0},
    { 8, 8, 0, 0},
};

static void unpack(pj_precision *precision, const pj_node *node, size_t row, pj_diags *diags)
{
    int64_t bits = packed[row].attr ? pj_node_int(node, packed[row].attr, 4) : 4;
    if (bits < 1 || bits > 8) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label,
                    "%lld bits do not fit a byte: the weights of this %s count as bytes", (long long)bits, node->op);
        return;
    }
    for (int i = 0; i < node->inputs; i++) {
        if (!node->in[i] || pj_node_role(node, i) != packed[row].role || node->in[i]->type.dtype != PJ_UINT8)
            continue;
        pj_format *format = &precision->stored[node->in[i]->index];
        format->number =
            packed[row].is_float ? pj_number_float(bits, PJ_FLOAT_PLAIN) : pj_number_fixed(bits, bits, false);
        format->packing = bits < 8 ? &of_bits[bits] : NULL;
        format->from = PJ_FROM_OPERATOR;
    }
}

static void mark(pj_precision *precision, const pj_value *value)
{
    pj_format *format = &precision->stored[value->index];
    if (pj_dtype_is_integer(value->type.dtype) && format->from == PJ_FROM_DECLARED)
        format->from = PJ_FROM_OPERATOR;
}

/* Scales or zero points among the inputs tell an operator on quantized tensors. */
static bool is_qoperator(const pj_node *node)
{
    return strpbrk(node->desc->roles, "sz") != NULL || strncmp(node->op, "DynamicQuantize", 15) == 0;
}

static pj_status read_operands(pj_precision *precision, const pj_node *node, pj_arena *arena, pj_diags *diags,
                               pj_error *err)
{
    if (!is_qoperator(node))
        return PJ_OK;
    for (int i = 0; i < node->inputs; i++)
        if (pj_precision_is_data(node, i))
            mark(precision, node->in[i]);
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            mark(precision, node->out[o]);
    if (strcmp(node->domain, MS) != 0)
        return PJ_OK;
    for (size_t k = 0; k < sizeof packed / sizeof *packed; k++)
        if (strcmp(node->op, packed[k].op) == 0)
            unpack(precision, node, k, diags);
    for (size_t k = 0; k < sizeof dynamic / sizeof *dynamic; k++) {
        if (strcmp(node->op, dynamic[k]) != 0)
            continue;
        pj_format *format = PJ_NEW(arena, pj_format, 1);
        PJ_TRY(pj_got(format, err));
        format->number = pj_number_fixed(8, 8, false);
        format->from = PJ_FROM_OPERATOR;
        precision->node[node->id].computes_on = format;
    }
    return PJ_OK;
}

const pj_dialect pj_dialect_qoperator = {.operands = read_operands};
