/* The quantizers of QONNX (Brevitas, FINN, qonnx): floats that hold quantized numbers, with bit widths as inputs. */
#include "base/real.h"
#include "quant/dialect.h"
#include "quant/scale.h"

enum { MOST_BITS = 64 };

static bool in_domain(const pj_node *node)
{
    static const char *const domains[] = {"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (strcmp(node->domain, domains[i]) == 0)
            return true;
    return false;
}

/* Widths that differ by channel: the widest, and the sum and number of all. False: not all whole numbers from `least`
 * to 64. */
static bool read_widths(const pj_value *value, int64_t least, int64_t *widest, int64_t *sum)
{
    *widest = *sum = 0;
    for (int64_t k = 0; k < value->data_count; k++) {
        bool known;
        double real = pj_num_as_real(value->data[k], &known);
        if (!known || real != floor(real) || real < (double)least || real > MOST_BITS)
            return false;
        *widest = (int64_t)real > *widest ? (int64_t)real : *widest;
        *sum += (int64_t)real;
    }
    return value->data_count > 0;
}

/* A number of bits at input `i`: one whole constant from `least` to 64. */
static bool read_bits(const pj_node *node, int i, int64_t least, const char *what, pj_diags *diags, int64_t *bits)
{
    const pj_value *value = i < node->inputs ? node->in[i] : NULL;
    bool known = pj_constant_whole(node, i, bits);
    if (known && *bits >= least && *bits <= MOST_BITS)
        return true;
    if (!value || !value->is_constant || !value->data)
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label,
                    "the %s of %s is not known before the run (%s): fp32 is assumed", what, node->op,
                    value ? "it is no constant" : "it is missing");
    else if (known)
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "the %s of %s is %lld, not %lld to %d: fp32 is assumed",
                    what, node->op, (long long)*bits, (long long)least, (int)MOST_BITS);
    else
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "the %s of %s is not one whole number: fp32 is assumed",
                    what, node->op);
    return false;
}

/* The bit width of Quant; where it differs by channel, the widest, with how the others lie. */
static bool read_width(const pj_node *node, pj_arena *arena, pj_diags *diags, int64_t *bits, const pj_packing **packing)
{
    const pj_value *value = node->inputs > 3 ? node->in[3] : NULL;
    int64_t one, sum;
    if (!value || !value->is_constant || !value->data || pj_constant_whole(node, 3, &one) ||
        !read_widths(value, 1, bits, &sum))
        return read_bits(node, 3, 1, "bit width", diags, bits);
    pj_packing *mixed = PJ_NEW(arena, pj_packing, 1);
    if (!mixed)
        return false;
    *mixed = (pj_packing){1, 1, sum, value->data_count};
    *packing = mixed;
    pj_diag_add(diags, PJ_DIAG_WIDTHS, node->label,
                "its bit widths differ by channel, %g bits on the average: memory and bit operations are counted so, "
                "arithmetic in the widest, %lld bits",
                (double)sum / (double)value->data_count, (long long)*bits);
    return true;
}

/* A scale per channel has the rank of the data, each extent 1 or that of the data. */
static void check_extents(const pj_node *node, int i, const char *what, pj_diags *diags)
{
    const pj_value *part = i < node->inputs ? node->in[i] : NULL;
    const pj_type *data = &node->in[0]->type;
    for (int k = 1; part && data->rank >= 0 && k <= part->type.rank; k++) {
        pj_num extent = part->type.dims[part->type.rank - k];
        pj_num whole = k <= data->rank ? data->dims[data->rank - k] : pj_num_of(1);
        if (pj_num_is(extent, 1) || !pj_num_differ(extent, whole))
            continue;
        pj_str text = pj_str_new(400);
        pj_str_add(&text, "the ");
        pj_str_add(&text, what);
        pj_str_add(&text, " is ");
        pj_type_print(&part->type, &text);
        pj_str_add(&text, ", the data ");
        pj_type_print(data, &text);
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "%s: they do not fit", text.data);
        if (text.no_memory)
            pj_arena_fail(diags->arena);
        pj_str_free(&text);
        return;
    }
}

/* A zero point is one of the integers. */
static void check_zero(const pj_node *node, int i, int64_t bits, bool is_signed, pj_diags *diags)
{
    const pj_value *zero = i < node->inputs ? node->in[i] : NULL;
    double most = pj_exp2((double)(bits - is_signed)) - 1, least = is_signed ? -most - 1 : 0;
    for (int64_t k = 0; zero && zero->data && k < zero->data_count; k++) {
        bool known;
        double real = pj_num_as_real(zero->data[k], &known);
        if (!known || (real >= least && real <= most && real == floor(real)))
            continue;
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label,
                    "the zero point %g is none of the numbers from %g to %g of %s", real, least, most, node->op);
        return;
    }
}

/* Quant(1, unsigned) is 0/1; Quant(2, signed, narrow) is -1, 0, +1: names of formats, whatever the scale. */
static bool read_int(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    const pj_packing *packing = NULL;
    int64_t bits;
    bool is_signed = pj_node_int(node, "signed", 1) != 0, narrow = pj_node_int(node, "narrow", 0) != 0;
    if (!pj_scale_is_there(node, 1, diags) || !read_width(node, precision->arena, diags, &bits, &packing))
        return false;
    check_extents(node, 1, "scale", diags);
    check_extents(node, 2, "zero point", diags);
    check_extents(node, 3, "bit width", diags);
    check_zero(node, 2, bits, is_signed, diags);
    if (bits == 1 && !is_signed)
        out->format.number = pj_number_binary01();
    else if (bits == 2 && is_signed && narrow)
        out->format.number = pj_number_ternary();
    else
        pj_quantized_fixed(bits, is_signed, node->in[1], out);
    out->format.packing = packing;
    out->is_exact = out->is_exact || out->format.number.kind != PJ_FIXED;
    return true;
}

/* Version 1: x, scale, zero point, input width, output width, and the sign of the input. Version 2 puts the scale of
 * the output in front of its width, and has the sign as attribute. */
static bool read_trunc(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    const pj_quantized *in = precision->quantized[node->in[0]->index];
    bool second = node->inputs > 5, was_signed = !in || in->is_sum || in->format.number.is_signed;
    bool is_signed = pj_node_int(node, "signed", was_signed) != 0;
    int64_t bits;
    if (!pj_scale_is_there(node, second ? 4 : 1, diags) ||
        !read_bits(node, second ? 5 : 4, 1, "output bit width", diags, &bits))
        return false;
    pj_quantized_fixed(bits, is_signed, node->in[second ? 4 : 1], out);
    out->scale = node->in[second ? 4 : 1];
    return true;
}

static bool read_float(const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    int64_t exponent, mantissa;
    if (!pj_scale_is_there(node, 1, diags) || !read_bits(node, 2, 1, "exponent width", diags, &exponent) ||
        !read_bits(node, 3, 0, "mantissa width", diags, &mantissa))
        return false;
    out->format.number = pj_number_minifloat(exponent, mantissa);
    return true;
}

static void assume(const pj_node *node, pj_quantized *out)
{
    memset(out, 0, sizeof *out);
    if (!pj_number_of_dtype(node->out[0]->type.dtype, &out->format.number))
        out->format.number = pj_number_float(32, PJ_FLOAT_PLAIN);
    out->format.from = PJ_FROM_ASSUMED;
}

static pj_quantizer read_quantizer(const pj_precision *precision, const pj_node *node, pj_diags *diags,
                                   pj_quantized *out)
{
    bool ok;
    if (!in_domain(node) || node->inputs < 1 || !node->in[0])
        return PJ_NO_QUANTIZER;
    out->scale = node->inputs > 1 ? node->in[1] : NULL;
    out->format.from = PJ_FROM_QONNX;
    if (strcmp(node->op, "Quant") == 0 || strcmp(node->op, "IntQuant") == 0) {
        out->zero = node->inputs > 2 ? node->in[2] : NULL;
        ok = read_int(precision, node, diags, out);
    } else if (strcmp(node->op, "BipolarQuant") == 0) {
        out->format.number = pj_number_binary();
        out->is_exact = true;
        ok = pj_scale_is_there(node, 1, diags);
    } else if (strcmp(node->op, "Trunc") == 0) {
        ok = read_trunc(precision, node, diags, out);
    } else if (strcmp(node->op, "FloatQuant") == 0) {
        ok = read_float(node, diags, out);
    } else {
        return PJ_NO_QUANTIZER;
    }
    if (!ok)
        assume(node, out);
    return PJ_FAKE_QUANTIZE;
}

/* MultiThreshold: the type of its steps stands in an attribute */
static bool sets_format(const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    const pj_attr *type = pj_node_attr(node, "out_dtype");
    if (!in_domain(node) || strcmp(node->op, "MultiThreshold") != 0 || !type || type->kind != PJ_ATTR_STRING ||
        strncmp(type->s, "FLOAT", 5) == 0)
        return false;
    memset(out, 0, sizeof *out);
    out->format.from = PJ_FROM_QONNX;
    if (pj_finn_parse(type->s, &out->format.number, &out->is_exact)) {
        out->is_exact = false; /* out_scale and out_bias place the steps */
        return true;
    }
    pj_diag_add(diags, PJ_DIAG_QUANTIZER, node->label, "out_dtype \"%.64s\" is no data type: fp32 is assumed", type->s);
    assume(node, out);
    return true;
}

const pj_dialect pj_dialect_qonnx = {.quantizer = read_quantizer, .sets_format = sets_format};
