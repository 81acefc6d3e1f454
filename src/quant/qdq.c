/* QuantizeLinear and DequantizeLinear: integers, fp8 or fp4 between floats, with scales per tensor, channel or block.
 */
#include "ops/vendor.h"
#include "quant/dialect.h"
#include "quant/scale.h"

/* What both share: scale and zero point belong to integers (or small floats) of type `dtype`. */
static bool is_sound(const pj_node *node, pj_dtype dtype, pj_diags *diags)
{
    const pj_value *zero = node->inputs > 2 ? node->in[2] : NULL;
    int64_t block = pj_node_int(node, "block_size", 0);
    if (!pj_scale_is_there(node, 1, diags))
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

/* Clip between the two: fewer bits than their element type has (QCDQ of Brevitas) */
typedef struct bounds {
    double least, most;
} bounds;

/* The whole numbers of a format. */
static bounds bounds_of(const pj_number *number)
{
    if (number->kind == PJ_TERNARY)
        return (bounds){-1, 1};
    double most = (double)(INT64_C(1) << (number->bits - number->is_signed)) - 1;
    return (bounds){number->is_signed ? -most - 1 : 0, most};
}

/* A bound at an input, if there is one; false: it is not known. */
static bool read_bound(const pj_node *node, int i, double *least, double *most)
{
    int64_t whole;
    if (i >= node->inputs || !node->in[i])
        return true;
    if (!pj_constant_whole(node, i, &whole))
        return false;
    if (least)
        *least = fmax(*least, (double)whole);
    if (most)
        *most = fmin(*most, (double)whole);
    return true;
}

/* What is left of the bounds after a Clip, or a Max or Min with a constant; false: the node is none of them. */
static bool cut(const pj_node *node, bounds *b)
{
    if (*node->domain || node->inputs < 1 || !node->in[0])
        return false;
    if (strcmp(node->op, "Clip") == 0)
        return read_bound(node, 1, &b->least, NULL) && read_bound(node, 2, NULL, &b->most);
    if (node->inputs != 2 || !node->in[1])
        return false;
    if (strcmp(node->op, "Max") == 0)
        return read_bound(node, 1, &b->least, NULL);
    return strcmp(node->op, "Min") == 0 && read_bound(node, 1, NULL, &b->most);
}

bool pj_quant_clamps(const pj_node *node)
{
    bounds any = {-HUGE_VAL, HUGE_VAL};
    return cut(node, &any);
}

/* What several of them leave, one after the other: all together are what a quantizer saturates to. */
static bounds cut_by_all(const pj_precision *precision, const pj_node *node, bounds b)
{
    enum { MOST_CLAMPS = 8 };
    const pj_node *at = pj_precision_last_clamp(precision, node);
    for (int i = 0; i < MOST_CLAMPS && at && cut(at, &b); i++)
        at = at->in[0]->producer;
    return b;
}

/* The format with the fewest bits that holds them all; -1 to 1 and 0 to 1 are names of formats, as in QONNX. */
static pj_number narrowest(bounds b)
{
    bool is_signed = b.least < 0;
    int64_t bits = is_signed;
    if (b.least == -1 && b.most == 1)
        return pj_number_ternary();
    while ((double)(INT64_C(1) << (bits - is_signed)) - 1 < b.most ||
           (is_signed && -(double)(INT64_C(1) << (bits - 1)) > b.least) || !bits)
        bits++;
    return bits == 1 && !is_signed ? pj_number_binary01() : pj_number_fixed(bits, bits - is_signed, is_signed);
}

/* What is left of the quantized numbers after a Clip that a DequantizeLinear reads; false: no such Clip, or it cuts no
 * bits off. */
static bool read_clip(const pj_precision *precision, const pj_node *node, pj_quantized *out)
{
    const pj_value *in = node->inputs > 0 ? node->in[0] : NULL;
    const pj_quantized *before = in ? precision->quantized[in->index] : NULL;
    pj_number declared;
    if (!in || !precision->dequantized[node->out[0]->index] || !pj_quant_clamps(node) ||
        !pj_dtype_is_integer(in->type.dtype) || !pj_number_of_dtype(in->type.dtype, &declared) ||
        declared.bits > PJ_MOST_INTEGER_BITS)
        return false;
    out->format.number = declared;
    if (before)
        *out = *before;
    bounds b = cut_by_all(precision, node, bounds_of(&out->format.number));
    pj_number number = b.least > b.most ? declared : narrowest(b);
    if (number.bits >= declared.bits)
        return false;
    if (number.kind == PJ_FIXED && before && before->is_exact)
        number.int_bits += out->format.number.int_bits - (out->format.number.bits - out->format.number.is_signed);
    out->format.number = number;
    out->format.from = PJ_FROM_QDQ;
    return true;
}

/* Numbers that a Clip has narrowed, or NULL. */
static const pj_quantized *clipped(const pj_precision *precision, const pj_value *integers, const pj_number *declared)
{
    const pj_quantized *before = precision->quantized[integers->index];
    return before && before->format.from == PJ_FROM_QDQ && before->format.number.bits < declared->bits ? before : NULL;
}

static pj_quantizer read_quantizer(const pj_precision *precision, const pj_node *node, pj_diags *diags,
                                   pj_quantized *out)
{
    bool is_vendor = strcmp(node->desc->domain, "*") == 0;
    const char *op = is_vendor ? node->desc->op + 1 : node->op; /* without its "*" */
    bool back = strcmp(op, "DequantizeLinear") == 0;
    if (read_clip(precision, node, out))
        return PJ_QUANTIZE;
    if ((!back && strcmp(op, "QuantizeLinear") != 0 && !(is_vendor && strcmp(op, "DynamicQuantize") == 0)) ||
        node->inputs < 1 || !node->in[0])
        return PJ_NO_QUANTIZER;
    const pj_value *integers = back ? node->in[0] : node->out[0];
    pj_dtype dtype = integers->type.dtype;
    if (is_vendor && pj_vendor_dtype(node->op) != PJ_UNDEFINED)
        dtype = pj_vendor_dtype(node->op);
    if (!(is_vendor || is_sound(node, dtype, diags)) || !pj_number_of_dtype(dtype, &out->format.number))
        return PJ_NO_QUANTIZER;
    out->format.from = PJ_FROM_QDQ;
    out->scale = node->inputs > 1 ? node->in[1] : NULL;
    out->zero = node->inputs > 2 ? node->in[2] : NULL;
    out->is_lazy = back && !node->out[0]->is_constant;
    if (out->format.number.kind == PJ_FIXED)
        pj_quantized_fixed(out->format.number.bits, out->format.number.is_signed, out->scale, out);
    const pj_quantized *narrow = back ? clipped(precision, integers, &out->format.number) : NULL;
    if (narrow && narrow->format.number.kind == PJ_FIXED)
        pj_quantized_fixed(narrow->format.number.bits, narrow->format.number.is_signed, out->scale, out);
    else if (narrow)
        out->format.number = narrow->format.number;
    return back ? PJ_DEQUANTIZE : PJ_QUANTIZE;
}

const pj_dialect pj_dialect_qdq = {.quantizer = read_quantizer};
