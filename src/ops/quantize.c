/* Quantizers, dequantizers, and operators of ONNX Runtime and QONNX on quantized tensors. */
#include <string.h>

#include "ops/families.h"
#include "ops/rules.h"

#define MS "com.microsoft"

/* ---- counting ---- */

/* Nothing has to be added or subtracted: no zero point, or one that is known to be 0. */
static bool is_zero(pj_ctx *c, int i)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    bool zero = !pj_has(c, i) || (data && count > 0);
    for (int64_t k = 0; data && k < count; k++)
        zero = zero && (pj_num_is(data[k], 0) || (pj_num_is_real(data[k]) && data[k].real == 0.0));
    return zero;
}

/* Per element: 1 mul (by the reciprocal of the scale), 1 add (a zero point that is not 0), 1 round (to the narrow
 * type, saturating as conversions do). A scale that is no constant costs a div for each of its elements. */
static void count_quantize(pj_ctx *c, pj_work *work, pj_num n, int scale, int zero_point)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1, [PJ_ADD] = !is_zero(c, zero_point)), n);
    if (!pj_in_constant(c, scale))
        pj_work_add(c, work, PJ_DIV, pj_in_count(c, scale));
}

/* Per element: 1 add (a zero point that is not 0), 1 round (integer to float), 1 mul (by the scale). */
static void count_dequantize(pj_ctx *c, pj_work *work, pj_num n, bool zero)
{
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1, [PJ_ADD] = !zero), n);
}

/* From an integer format to another one: 1 mul, 1 add (both zero points in one constant), 1 shift. */
static void count_requantize(pj_ctx *c, pj_work *work, pj_num n)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SHIFT] = 1), n);
}

/* ---- QuantizeLinear, DequantizeLinear: x, scale[, zero point] ---- */

/* A scale of more than one element fits the axis, or its blocks. */
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

static pj_status work_quantize(pj_ctx *c, pj_work *work)
{
    count_quantize(c, work, pj_out_count(c, 0), 1, 2);
    return PJ_OK;
}

static pj_status shape_dequantize(pj_ctx *c)
{
    pj_dtype named = pj_attr_dtype(c, "output_dtype", PJ_UNDEFINED);
    PJ_TRY(check_scale(c));
    return pj_set_shape_of(c, 0, named != PJ_UNDEFINED ? named : pj_in_dtype(c, 1), 0);
}

static pj_status work_dequantize(pj_ctx *c, pj_work *work)
{
    count_dequantize(c, work, pj_out_count(c, 0), is_zero(c, 2));
    return PJ_OK;
}

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

/* ---- QLinear*: integers in, integers out ---- */

/* a, scale, zero point, b, scale, zero point, scale, zero point */
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
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = !is_zero(c, 2) + !is_zero(c, 5), [PJ_MUL] = 1), n);
    count_requantize(c, work, n);
    return PJ_OK;
}

static pj_status work_requantize(pj_ctx *c, pj_work *work)
{
    count_requantize(c, work, pj_out_count(c, 0));
    return PJ_OK;
}

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
    count_dequantize(c, work, n, is_zero(c, 2));
    pj_work_add(c, work, PJ_TANH, n);
    count_quantize(c, work, n, 3, 4);
    return PJ_OK;
}

/* Per element: max 1 cmp, difference to it 1 add (the zero point drops out), dequantized 1 round and 1 mul, 1 exp, sum
 * 1 add, 1 div, quantized. */
static pj_status work_qlinear_softmax(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1), n);
    count_dequantize(c, work, n, true);
    count_quantize(c, work, n, 3, 4);
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
    pj_work_times(c, work, PJ_ADD, !is_zero(c, 1) + !is_zero(c, 3), pj_out_count(c, 0));
    return pj_work_mul1(c, work);
}

/* ---- QONNX: floats that hold quantized values ----
 * The result is stored as the integer; multiplying it by its scale again is bookkeeping of the format, not work. */

/* x, scale, zero point, bit width */
static pj_status work_quant(pj_ctx *c, pj_work *work)
{
    count_quantize(c, work, pj_out_count(c, 0), 1, 2);
    return PJ_OK;
}

/* x, scale, exponent bits, mantissa bits, exponent bias, largest value: 1 mul, 1 round */
static pj_status work_float_quant(pj_ctx *c, pj_work *work)
{
    count_quantize(c, work, pj_out_count(c, 0), 1, -1);
    return PJ_OK;
}

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

/* ---- weights packed into bytes ---- */

/* a [..., from] times a packed matrix: [..., to]. The extents stand in attributes. */
static pj_status shape_packed_product(pj_ctx *c, const char *from, const char *to)
{
    int rank = pj_in_rank(c, 0);
    pj_num dims[PJ_MAX_RANK], inner = pj_num_of(pj_attr_int(c, from, 0)), outer = pj_num_of(pj_attr_int(c, to, 0));
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    if (rank == 0)
        return pj_fail(c->err, PJ_ESHAPE, "operand 0 is a scalar; a matrix product needs rank 1 or more");
    memcpy(dims, pj_in_type(c, 0)->dims, (size_t)rank * sizeof *dims);
    PJ_TRY(pj_same_dim(c, dims[rank - 1], inner, "the inner extents of the product", &inner));
    dims[rank - 1] = outer;
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* mac = output elements * inner extent; each weight is dequantized once: 1 round, 1 mul, and 1 add where weights have a
 * zero point. */
static void count_packed_product(pj_ctx *c, pj_work *work, const char *inner, bool zero)
{
    pj_num k = pj_num_of(pj_attr_int(c, "K", 0)), n = pj_num_of(pj_attr_int(c, "N", 0));
    work->terms = pj_num_of(pj_attr_int(c, inner, 0));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, pj_out_count(c, 0), work->terms));
    count_dequantize(c, work, pj_num_mul(c->symbols, k, n), zero);
}

static pj_status shape_matmul_nbits(pj_ctx *c)
{
    return shape_packed_product(c, "K", "N");
}

/* Without zero points the weights are offset by 2^(bits - 1), so there is always one. */
static pj_status work_matmul_nbits(pj_ctx *c, pj_work *work)
{
    count_packed_product(c, work, "K", false);
    pj_work_times(c, work, PJ_ADD, pj_has(c, 5), pj_out_count(c, 0));
    return PJ_OK;
}

static pj_status shape_matmul_bnb4(pj_ctx *c)
{
    bool transposed = pj_attr_int(c, "transB", 1) != 0;
    return shape_packed_product(c, transposed ? "K" : "N", transposed ? "N" : "K");
}

static pj_status work_matmul_bnb4(pj_ctx *c, pj_work *work)
{
    count_packed_product(c, work, pj_attr_int(c, "transB", 1) != 0 ? "K" : "N", true);
    return PJ_OK;
}

/* How many elements a stored one holds: bytes hold several when `bits` is below 8. */
static int64_t packed_into_one(pj_ctx *c)
{
    int64_t bits = pj_attr_int(c, "bits", 4);
    return pj_in_dtype(c, 0) == PJ_UINT8 && bits > 0 && bits < 8 ? 8 / bits : 1;
}

/* data, indices, scales[, zero points]: Gather of dequantized rows */
static pj_status shape_gather_quantized(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0), places = pj_in_rank(c, 1), axis, out = 0;
    pj_num dims[2 * PJ_MAX_RANK];
    if (rank < 0 || places < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 2));
    PJ_TRY(pj_axis(c, pj_attr_int(c, "gather_axis", 0), rank, &axis));
    for (int k = 0; k < rank; k++) {
        if (k != axis)
            dims[out++] = pj_in_dim(c, 0, k);
        for (int j = 0; k == axis && j < places; j++)
            dims[out++] = pj_in_dim(c, 1, j);
    }
    if (out && axis != rank - 1)
        dims[out - 1] = pj_num_mul(c->symbols, dims[out - 1], pj_num_of(packed_into_one(c)));
    return pj_set(c, 0, pj_in_dtype(c, 2), out, dims);
}

/* Of input `i`, only the slices that the indices name are read: elements / extent of the axis * indices. */
static void read_slices(pj_ctx *c, pj_work *work, int i, int axis)
{
    pj_num extent = pj_in_dim(c, i, axis);
    if (i < c->node->inputs && pj_has(c, i) && !pj_num_is(extent, 1))
        work->read[i] =
            pj_num_mul(c->symbols, pj_num_floor_div(c->symbols, pj_in_count(c, i), extent), pj_in_count(c, 1));
}

static pj_status work_gather_quantized(pj_ctx *c, pj_work *work)
{
    bool integers = !pj_dtype_is_float(pj_in_dtype(c, 0));
    int axis = 0;
    if (pj_in_rank(c, 0) >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "gather_axis", 0), pj_in_rank(c, 0), &axis));
    read_slices(c, work, 0, axis);
    read_slices(c, work, 2, axis);
    read_slices(c, work, 3, axis);
    /* bytes without zero points are offset by 2^(bits - 1) */
    count_dequantize(c, work, pj_out_count(c, 0), !integers || (pj_in_dtype(c, 0) != PJ_UINT8 && is_zero(c, 3)));
    return PJ_OK;
}

/* ---- rows ---- */

/* The domains under which exporters write QONNX operators. */
#define QONNX(domain)                                                                   \
    {domain, "Quant", 1, "xszc", 0, pj_shape_same, NULL, work_quant},                   \
        {domain, "IntQuant", 1, "xszc", 0, pj_shape_same, NULL, work_quant},            \
        {domain, "BipolarQuant", 1, "xs", 0, pj_shape_same, NULL, pj_work_cmp1},        \
        {domain, "Trunc", 1, "xszccc", 0, pj_shape_same, NULL, work_trunc},             \
        {domain, "FloatQuant", 1, "xscccc", 0, pj_shape_same, NULL, work_float_quant},  \
    {                                                                                   \
        domain, "MultiThreshold", 1, "xp", 0, pj_shape_same, NULL, work_multi_threshold \
    }

/* Joined parts come in threes; more of them than here are taken as data. */
#define PARTS "szxszxszxszxszxszxszxszxszxszxszxszxszxszxszxszxsz"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "QuantizeLinear",        10, "xsz",       PJ_ELEMENT, shape_quantize,         NULL, work_quantize         },
    {"", "DequantizeLinear",      10, "xsz",       PJ_ELEMENT, shape_dequantize,       NULL, work_dequantize       },
    {"", "DynamicQuantizeLinear", 11, "x",         0,          shape_dynamic_quantize, NULL, work_dynamic_quantize },
    {MS, "QuantizeLinear",        1,  "xsz",       PJ_ELEMENT, shape_quantize,         NULL, work_quantize         },
    {MS, "DequantizeLinear",      1,  "xsz",       PJ_ELEMENT, shape_dequantize,       NULL, work_dequantize       },
    {MS, "QLinearAdd",            1,  "xszxszsz",  PJ_ELEMENT, shape_qlinear_binary,   NULL, work_qlinear_add      },
    {MS, "QLinearMul",            1,  "xszxszsz",  PJ_ELEMENT, shape_qlinear_binary,   NULL, work_qlinear_mul      },
    {MS, "QLinearConcat",         1,  PARTS,       0,          shape_qlinear_concat,   NULL, work_requantize       },
    {MS, "QLinearSigmoid",        1,  "xszsz",     PJ_ELEMENT, pj_shape_same,          NULL, work_qlinear_sigmoid  },
    {MS, "QLinearLeakyRelu",      1,  "xszsz",     PJ_ELEMENT, pj_shape_same,          NULL, work_qlinear_leakyrelu},
    {MS, "QLinearSoftmax",        1,  "xszsz",     0,          pj_shape_same,          NULL, work_qlinear_softmax  },
    {MS, "QLinearReduceMean",     1,  "xszsz",     0,          shape_qlinear_mean,     NULL, work_qlinear_mean     },
    {MS, "QLinearWhere",          1,  "ixszxszsz", PJ_ELEMENT, shape_qlinear_where,    NULL, work_qlinear_where    },
    {MS, "MulInteger",            1,  "xzxz",      PJ_ELEMENT, shape_mul_integer,      NULL, work_mul_integer      },
    {MS, "MatMulNBits",           1,  "xwszib",    0,          shape_matmul_nbits,     NULL, work_matmul_nbits     },
    {MS, "MatMulBnb4",            1,  "xws",       0,          shape_matmul_bnb4,      NULL, work_matmul_bnb4      },
    {MS, "GatherBlockQuantized",  1,  "pisz",      0,          shape_gather_quantized, NULL, work_gather_quantized },
    QONNX("qonnx.custom_op.general"),
    QONNX("onnx.brevitas"),
    QONNX("finn.custom_op.general"),
};

PJ_FAMILY(quantize);
