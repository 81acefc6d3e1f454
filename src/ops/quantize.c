/* Quantizers, dequantizers, and operators of ONNX Runtime and QONNX on quantized tensors. */
#include "ops/families.h"
#include "ops/fused.h"

#define MS "com.microsoft"

/* From an integer format to another one: 1 mul, 1 add (both zero points in one constant), 1 shift. */
static void count_requantize(pj_ctx *c, pj_work *work, pj_num n)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SHIFT] = 1), n);
}

/* QuantizeLinear, DequantizeLinear: x, scale[, zero point]. A scale of more than one element fits the axis, or its
 * blocks. */
static pj_status check_scale(pj_ctx *c)
{
    int64_t block = pj_attr_int(c, "block_size", 0);
    int rank = pj_in_rank(c, 0), scale_rank = pj_in_rank(c, 1), axis;
    pj_num count = pj_in_count(c, 1), length;
    if (rank < 0 || scale_rank < 1 || !pj_num_known(count) || count.whole == 1)
        return PJ_OK;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 1), rank, &axis));
    length = pj_in_dim(c, 0, axis);
    if (block <= 0)
        return scale_rank > 1 ? PJ_OK : pj_same_dim(c, length, count, "the quantized axis and its scale", &length);
    if (scale_rank != rank)
        return pj_fail(c->err, PJ_ESHAPE, "a scale of blocks has the rank of the data: %d is not %d", scale_rank, rank);
    return pj_same_dim(c, pj_num_ceil_div(c->symbols, length, pj_num_of(block)), pj_in_dim(c, 1, axis),
                       "the blocks of the quantized axis and their scales", &length);
}

static pj_status shape_quantize(pj_ctx *c)
{
    pj_dtype named = pj_attr_dtype(c, "output_dtype", PJ_UNDEFINED);
    pj_dtype dtype = pj_has(c, 2) ? pj_in_dtype(c, 2) : named != PJ_UNDEFINED ? named : PJ_UINT8;
    if (named != PJ_UNDEFINED && dtype != PJ_UNDEFINED && named != dtype)
        return pj_fail(c->err, PJ_ESHAPE, "output_dtype is %s, but the zero point is %s", pj_dtype_word(named),
                       pj_dtype_word(dtype));
    PJ_TRY(check_scale(c));
    return pj_set_shape_of(c, 0, dtype, 0);
}

PJ_WORK(quantize, pj_work_quantize(c, work, pj_out_count(c, 0), 1, 2))

static pj_status shape_dequantize(pj_ctx *c)
{
    pj_dtype named = pj_attr_dtype(c, "output_dtype", PJ_UNDEFINED);
    PJ_TRY(check_scale(c));
    return pj_set_shape_of(c, 0, named != PJ_UNDEFINED ? named : pj_in_dtype(c, 1), 0);
}

PJ_WORK(dequantize, pj_work_dequantize(c, work, pj_out_count(c, 0), pj_in_zero(c, 2)))

static pj_status shape_dynamic_quantize(pj_ctx *c)
{
    PJ_TRY(pj_set_shape_of(c, 0, PJ_UINT8, 0));
    PJ_TRY(pj_set_scalar(c, 1, PJ_FLOAT32));
    return pj_set_scalar(c, 2, PJ_UINT8);
}

/* Largest and smallest element, 0 included: 2 cmp each; scale = (max - min) / 255 and its reciprocal: 1 add, 1 mul,
 * 1 div; zero point = round(clip(-min / scale)): 1 mul, 1 add, 2 cmp, 1 round; then mul, add and round per element. */
static pj_status work_dynamic_quantize(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_in_count(c, 0), more[] = {n, pj_num_of(2)};
    pj_num two = pj_num_sum(c->symbols, more, 2), one = pj_num_add(c->symbols, n, pj_num_of(1));
    pj_work_times(c, work, PJ_CMP, 2, one);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1), two);
    pj_work_add(c, work, PJ_DIV, pj_num_of(1));
    pj_work_add(c, work, PJ_ROUND, one);
    return PJ_OK;
}

/* QLinear*: integers in, integers out. a, scale, zero point, b, scale, zero point, scale, zero point */
static pj_status shape_qlinear_binary(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    PJ_TRY(pj_broadcast(c, pj_in_rank(c, 0), pj_in_type(c, 0)->dims, pj_in_rank(c, 3), pj_in_type(c, 3)->dims, &rank,
                        dims));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* a * ra + b * rb + constant, shifted: 2 mul, 2 add, 1 shift per output. */
static pj_status work_qlinear_add(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1), n);
    count_requantize(c, work, n);
    return PJ_OK;
}

/* (a - za) * (b - zb), requantized: 1 mul and the zero points that are not 0, then 1 mul, 1 add, 1 shift. */
static pj_status work_qlinear_mul(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = !pj_in_zero(c, 2) + !pj_in_zero(c, 5), [PJ_MUL] = 1), n);
    count_requantize(c, work, n);
    return PJ_OK;
}

PJ_WORK(requantize, count_requantize(c, work, pj_out_count(c, 0)))

/* 1 cmp chooses between two requantizations. */
static pj_status work_qlinear_leakyrelu(pj_ctx *c, pj_work *work)
{
    pj_work_add(c, work, PJ_CMP, pj_out_count(c, 0));
    return work_requantize(c, work);
}

/* Dequantized, one logistic function, quantized: x, scale, zero point, scale, zero point. */
static pj_status work_qlinear_sigmoid(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_dequantize(c, work, n, pj_in_zero(c, 2));
    pj_work_add(c, work, PJ_TANH, n);
    pj_work_quantize(c, work, n, 3, 4);
    return PJ_OK;
}

/* Per element: max 1 cmp, difference to it 1 add (the zero point drops out), dequantized 1 round and 1 mul, 1 exp, sum
 * 1 add, 1 div, quantized. */
static pj_status work_qlinear_softmax(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1), n);
    pj_work_dequantize(c, work, n, true);
    pj_work_quantize(c, work, n, 3, 4);
    return PJ_OK;
}

/* Scale and zero point of the output, then (tensor, scale, zero point) for each part. */
static pj_status shape_qlinear_concat(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    pj_dtype dtype = pj_in_dtype(c, pj_has(c, 1) ? 1 : 2);
    int rank = pj_in_rank(c, 2), axis = 0;
    if (rank < 0)
        return pj_set_dtype(c, 0, dtype);
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    memcpy(dims, pj_in_type(c, 2)->dims, (size_t)rank * sizeof *dims);
    for (int i = 5; i < c->node->inputs; i += 3) {
        if (pj_in_rank(c, i) < 0)
            return pj_set_dtype(c, 0, dtype);
        if (pj_in_rank(c, i) != rank)
            return pj_fail(c->err, PJ_ESHAPE, "parts of rank %d and %d cannot be joined", rank, pj_in_rank(c, i));
        for (int k = 0; k < rank; k++) {
            if (k == axis)
                dims[k] = pj_num_add(c->symbols, dims[k], pj_in_dim(c, i, k));
            else
                PJ_TRY(pj_same_dim(c, dims[k], pj_in_dim(c, i, k), "an axis that is not joined", &dims[k]));
        }
    }
    return pj_set(c, 0, dtype, rank, dims);
}

static pj_status shape_qlinear_mean(pj_ctx *c)
{
    bool keep = pj_attr_int(c, "keepdims", 1) != 0, reduced[PJ_MAX_RANK], known;
    int rank = pj_in_rank(c, 0), out = 0;
    pj_num dims[PJ_MAX_RANK];
    pj_list axes;
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    PJ_TRY(pj_list_of(c, "axes", -1, &axes));
    PJ_TRY(pj_axes(c, &axes, rank, reduced, &known));
    for (int k = 0; k < rank; k++) {
        bool gone = reduced[k] || axes.count == 0;
        if (!gone || keep)
            dims[out++] = gone ? pj_num_of(1) : pj_in_dim(c, 0, k);
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), out, dims);
}

/* inputs - outputs additions; the division is part of the requantization. */
static pj_status work_qlinear_mean(pj_ctx *c, pj_work *work)
{
    pj_work_add(c, work, PJ_ADD, pj_num_sub(c->symbols, pj_in_count(c, 0), pj_out_count(c, 0)));
    return work_requantize(c, work);
}

/* condition, x, scale, zero point, y, scale, zero point, scale, zero point */
static pj_status shape_qlinear_where(pj_ctx *c)
{
    static const int operands[] = {1, 4};
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0);
    if (rank > 0)
        memcpy(dims, pj_in_type(c, 0)->dims, (size_t)rank * sizeof *dims);
    for (int k = 0; k < 2; k++)
        PJ_TRY(pj_broadcast(c, rank, dims, pj_in_rank(c, operands[k]), pj_in_type(c, operands[k])->dims, &rank, dims));
    return pj_set(c, 0, pj_in_dtype(c, 1), rank, dims);
}

/* The choice (1 logic, as Where), then requantization. */
static pj_status work_qlinear_where(pj_ctx *c, pj_work *work)
{
    pj_work_add(c, work, PJ_LOGIC, pj_out_count(c, 0));
    return work_requantize(c, work);
}

/* a, its zero point, b, its zero point: int32 products */
static pj_status shape_mul_integer(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    PJ_TRY(pj_broadcast(c, pj_in_rank(c, 0), pj_in_type(c, 0)->dims, pj_in_rank(c, 2), pj_in_type(c, 2)->dims, &rank,
                        dims));
    return pj_set(c, 0, PJ_INT32, rank, dims);
}

static pj_status work_mul_integer(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_ADD, !pj_in_zero(c, 1) + !pj_in_zero(c, 3), pj_out_count(c, 0));
    return pj_work_mul1(c, work);
}

/* QONNX: floats that hold quantized values. The result is stored as the integer; multiplying it by its scale again is
 * bookkeeping of the format, not work. x, scale, zero point, bit width */
PJ_WORK(quant, pj_work_quantize(c, work, pj_out_count(c, 0), 1, 2))

/* x, scale, exponent bits, mantissa bits, exponent bias, largest value: 1 mul, 1 round */
PJ_WORK(float_quant, pj_work_quantize(c, work, pj_out_count(c, 0), 1, -1))

/* Dropping low bits: 1 shift per element. */
PJ_WORK_EACH(trunc, [PJ_SHIFT] = 1)

/* x [N, C, ...], thresholds [C or 1, T]: T comparisons and T additions (counting those passed) per element, then
 * out_scale and out_bias. */
static pj_status work_multi_threshold(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0), steps = pj_num_mul(c->symbols, n, pj_in_dim(c, 1, -1));
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 1), steps);
    bool scaled = pj_attr_float(c, "out_scale", 1.0) != 1.0, shifted = pj_attr_float(c, "out_bias", 0.0) != 0.0;
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = scaled, [PJ_ADD] = shifted), n);
    return PJ_OK;
}

PJ_SHAPE(to_order, pj_set_shape_of(c, 0, PJ_INT8, 0))

/* The type is an attribute; of files before it was one, that of the scale. */
PJ_SHAPE(from_order, pj_set_shape_of(c, 0, pj_attr_dtype(c, "to", pj_in_dtype(c, 1)), 0))

PJ_WORK_EACH(from_order, [PJ_MUL] = 1, [PJ_ROUND] = 1)

/* int8 in cuBLASLt's orders, which change where an element is stored, not the shape: x, its scale, the output's. To
 * float, Gelu by erf, and back. */
static pj_status work_ordered_gelu(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_dequantize(c, work, n, true);
    pj_work_each(c, work, pj_gelu_erf, n);
    pj_work_quantize(c, work, n, 2, -1);
    return PJ_OK;
}

/* Block floating point: how many bytes a number takes is the format's own. x: bytes, shape, strides */
static pj_status shape_to_bfp(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    pj_num length = rank < 0 ? pj_num_unknown() : pj_num_of(rank);
    PJ_TRY(pj_set_1d(c, 1, PJ_INT64, length));
    PJ_TRY(pj_set_1d(c, 2, PJ_INT64, length));
    return pj_set_1d(c, 0, PJ_UINT8, pj_num_unknown());
}

static pj_status value_to_bfp(pj_ctx *c)
{
    const pj_num *dims = pj_in_type(c, 0)->dims;
    int rank = pj_in_rank(c, 0);
    pj_num strides[PJ_MAX_RANK];
    if (rank < 1)
        return PJ_OK;
    for (int k = 0; k < rank; k++)
        strides[k] = pj_dims_product(c, dims, k + 1, rank);
    PJ_TRY(pj_set_data(c, 1, dims, rank));
    return pj_set_data(c, 2, strides, rank);
}

/* bytes, shape, strides */
static pj_status shape_from_bfp(pj_ctx *c)
{
    pj_list shape;
    PJ_TRY(pj_list_of(c, NULL, 1, &shape));
    return pj_set(c, 0, pj_attr_dtype(c, "dtype", PJ_FLOAT32), shape.known ? shape.count : -1, shape.num);
}

/* The domains under which exporters write QONNX operators. */
#define QONNX(domain)                                                                              \
    {domain, "Quant", 1, "xszc", PJ_QUANTIZER, pj_shape_same, NULL, work_quant},                   \
        {domain, "IntQuant", 1, "xszc", PJ_QUANTIZER, pj_shape_same, NULL, work_quant},            \
        {domain, "BipolarQuant", 1, "xs", PJ_QUANTIZER, pj_shape_same, NULL, pj_work_cmp1},        \
        {domain, "Trunc", 1, "xszccc", PJ_QUANTIZER, pj_shape_same, NULL, work_trunc},             \
        {domain, "FloatQuant", 1, "xscccc", PJ_QUANTIZER, pj_shape_same, NULL, work_float_quant},  \
    {                                                                                              \
        domain, "MultiThreshold", 1, "xp", PJ_QUANTIZER, pj_shape_same, NULL, work_multi_threshold \
    }

/* Joined parts come in threes; more of them than here are taken as data. */
#define PARTS "szxszxszxszxszxszxszxszxszxszxszxszxszxszxszxszxsz"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "QuantizeLinear",        10, "xsz",       PJ_ELEMENT | PJ_QUANTIZER | PJ_WIDE, shape_quantize,         NULL,         work_quantize         },
    {"", "DequantizeLinear",      10, "xsz",       PJ_ELEMENT | PJ_QUANTIZER | PJ_WIDE, shape_dequantize,       NULL,         work_dequantize       },
    {"", "DynamicQuantizeLinear", 11, "x",         PJ_QUANTIZER | PJ_WIDE,              shape_dynamic_quantize, NULL,         work_dynamic_quantize },
    {MS, "QuantizeLinear",        1,  "xsz",       PJ_ELEMENT | PJ_QUANTIZER,           shape_quantize,         NULL,         work_quantize         },
    {MS, "DequantizeLinear",      1,  "xsz",       PJ_ELEMENT | PJ_QUANTIZER,           shape_dequantize,       NULL,         work_dequantize       },
    {MS, "QLinearAdd",            1,  "xszxszsz",  PJ_ELEMENT,                          shape_qlinear_binary,   NULL,         work_qlinear_add      },
    {MS, "QLinearMul",            1,  "xszxszsz",  PJ_ELEMENT,                          shape_qlinear_binary,   NULL,         work_qlinear_mul      },
    {MS, "QLinearConcat",         1,  PARTS,       0,                                   shape_qlinear_concat,   NULL,         work_requantize       },
    {MS, "QLinearSigmoid",        1,  "xszsz",     PJ_ELEMENT,                          pj_shape_same,          NULL,         work_qlinear_sigmoid  },
    {MS, "QLinearLeakyRelu",      1,  "xszsz",     PJ_ELEMENT,                          pj_shape_same,          NULL,         work_qlinear_leakyrelu},
    {MS, "QLinearSoftmax",        1,  "xszsz",     0,                                   pj_shape_same,          NULL,         work_qlinear_softmax  },
    {MS, "QLinearReduceMean",     1,  "xszsz",     0,                                   shape_qlinear_mean,     NULL,         work_qlinear_mean     },
    {MS, "QLinearWhere",          1,  "ixszxszsz", PJ_ELEMENT,                          shape_qlinear_where,    NULL,         work_qlinear_where    },
    {MS, "MulInteger",            1,  "xzxz",      PJ_ELEMENT,                          shape_mul_integer,      NULL,         work_mul_integer      },
    {MS, "QuantizeWithOrder",     1,  "xs",        PJ_QUANTIZER,                        shape_to_order,         NULL,         work_float_quant      },
    {MS, "DequantizeWithOrder",   1,  "xs",        PJ_QUANTIZER,                        shape_from_order,       NULL,         work_from_order       },
    {MS, "QOrderedGelu",          1,  "xss",       0,                                   pj_shape_same,          NULL,         work_ordered_gelu     },
    {MS, "QuantizeBFP",           1,  "x",         PJ_OPAQUE_OP,                        shape_to_bfp,           value_to_bfp, NULL                  },
    {MS, "DequantizeBFP",         1,  "xcc",       PJ_OPAQUE_OP,                        shape_from_bfp,         NULL,         NULL                  },
    QONNX("qonnx.custom_op.general"),
    QONNX("onnx.brevitas"),
    QONNX("finn.custom_op.general"),
};

PJ_FAMILY(quantize);
