/* Operators of ONNX Runtime that no other family has: element by element, normalizations, formats, and whole models of
 * other runtimes. */
#include <string.h>

#include "ops/element.h"
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/values.h"

#define MS "com.microsoft"

/* ---- element by element ---- */

/* softmax(x + bias), the bias broadcasting to x: 1 add; then 1 cmp, 2 add, 1 exp, 1 div as Softmax is counted */
PJ_WORK_EACH(bias_softmax, [PJ_ADD] = 3, [PJ_CMP] = 1, [PJ_EXP] = 1, [PJ_DIV] = 1)

/* Pairs on the last axis are complex numbers: 4 mul, 2 add for two elements. */
PJ_WORK_EACH(complex_mul, [PJ_MUL] = 2, [PJ_ADD] = 1)

/* x + y * gate, the gate broadcasting along the last axis */
PJ_WORK_EACH(gated_add, [PJ_MUL] = 1, [PJ_ADD] = 1)

static pj_status shape_all_finite(pj_ctx *c)
{
    if (pj_attr_int(c, "isinf_only", 0) && pj_attr_int(c, "isnan_only", 0))
        return pj_fail(c->err, PJ_ESHAPE, "isinf_only and isnan_only are both set");
    return pj_set_scalar(c, 0, PJ_BOOL);
}

/* Per element of all inputs: 1 cmp (of the magnitude with infinity), 1 logic (with the result so far). */
static pj_status work_all_finite(pj_ctx *c, pj_work *work)
{
    for (int i = 0; i < c->node->inputs; i++)
        if (pj_has(c, i))
            pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_LOGIC] = 1), pj_in_count(c, i));
    return PJ_OK;
}

/* a [M, N], b [K, N]: the distance of each row of a from each row of b */
static pj_status shape_cdist(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0)}, same;
    for (int i = 0; i < 2; i++)
        if (pj_in_rank(c, i) >= 0 && pj_in_rank(c, i) != 2)
            return pj_fail(c->err, PJ_ESHAPE, "input %d has rank %d; it must be a matrix", i, pj_in_rank(c, i));
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 1), pj_in_dim(c, 1, 1), "the columns of the inputs", &same));
    return pj_set(c, 0, pj_in_dtype(c, 0), 2, dims);
}

/* Per pair of rows: N differences (add), squares (mul), sums (add); euclidean 1 sqrt. ONNX Runtime has no other metric
 * than these two. */
static pj_status work_cdist(pj_ctx *c, pj_work *work)
{
    const char *metric = pj_attr_string(c, "metric", "sqeuclidean");
    pj_num pairs = pj_out_count(c, 0), terms = pj_num_mul(c->symbols, pairs, pj_in_dim(c, 0, 1));
    bool squared = strcmp(metric, "sqeuclidean") == 0;
    if (!squared && strcmp(metric, "euclidean") != 0)
        terms = pj_num_unknown();
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2), terms);
    pj_work_times(c, work, PJ_SQRT, !squared, pairs);
    return PJ_OK;
}

/* ---- dropouts whose mask is packed into words of 32 bits ---- */

static pj_status shape_bitmask(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 0, 0));
    return pj_set_1d(c, 1, PJ_UINT32, pj_num_ceil_div(c->symbols, pj_in_count(c, 0), pj_num_of(32)));
}

/* Is anything dropped? 0 or 1, -1: not known. Nothing is without training_mode or at a ratio of 0. */
static int drops(pj_ctx *c, int ratio)
{
    if (!pj_has(c, ratio + 1) || pj_num_equal(pj_in_scalar(c, ratio), pj_num_of(0)))
        return 0;
    return pj_value_truth(pj_in_scalar(c, ratio + 1));
}

/* As Dropout: 1 rand, 1 cmp, 2 mul (scale * x * mask); the mask's bit is put to its place, 1 shift, 1 logic. */
static void count_drops(pj_ctx *c, pj_work *work, int dropping)
{
    if (dropping)
        pj_work_each(c, work, PJ_EACH([PJ_RAND] = 1, [PJ_CMP] = 1, [PJ_MUL] = 2, [PJ_SHIFT] = 1, [PJ_LOGIC] = 1),
                     dropping < 0 ? pj_num_unknown() : pj_out_count(c, 0));
}

static pj_status value_bitmask(pj_ctx *c)
{
    return drops(c, 1) == 0 ? pj_value_same(c) : PJ_OK;
}

static pj_status work_bitmask(pj_ctx *c, pj_work *work)
{
    int dropping = drops(c, 1);
    if (dropping == 0)
        pj_work_nothing(c, work);
    count_drops(c, work, dropping);
    return PJ_OK;
}

/* Dropout(x + bias) + residual, the residual being optional */
static pj_status work_bitmask_bias(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 2), pj_out_count(c, 0));
    count_drops(c, work, drops(c, 3));
    return PJ_OK;
}

/* ---- normalizations, counted as in norm.c ---- */

/* RMS: square 1 mul, sum 1 add, normalize 1 mul, scale 1 mul; per group mean 1 mul, epsilon 1 add, 1 sqrt, 1 div. */
static void count_rms(pj_ctx *c, pj_work *work, pj_num n, pj_num groups)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3, [PJ_ADD] = 1), n);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SQRT] = 1, [PJ_DIV] = 1), groups);
}

/* Layer: mean 1 add, variance 2 add and 1 mul, normalize 1 mul, scale 1 mul, bias 1 add; per group 2 mul, 1 add, 1
 * sqrt, 1 div. */
static void count_layernorm(pj_ctx *c, pj_work *work, pj_num n, pj_num groups, bool bias)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3, [PJ_ADD] = 3), n);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_ADD] = 1, [PJ_SQRT] = 1, [PJ_DIV] = 1), groups);
    pj_work_times(c, work, PJ_ADD, bias, n);
}

/* x [..., H*C], scale [C], gate as x: RMS over groups of C elements, times silu(gate) */
static pj_status shape_gated_rms(pj_ctx *c)
{
    pj_num width = pj_in_dim(c, 0, -1), group = pj_in_dim(c, 1, 0);
    if (pj_num_known(width) && pj_num_known(group) && group.whole > 0 && width.whole % group.whole)
        return pj_fail(c->err, PJ_ESHAPE, "a last axis of %lld does not divide into groups of %lld",
                       (long long)width.whole, (long long)group.whole);
    return pj_set_same(c, 0, 0);
}

/* Beside the normalization: silu 1 tanh, 1 mul; product 1 mul. */
static pj_status work_gated_rms(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    count_rms(c, work, n, pj_num_floor_div(c->symbols, n, pj_in_dim(c, 1, 0)));
    pj_work_fused(c, work, "silu", n);
    pj_work_add(c, work, PJ_MUL, n);
    return PJ_OK;
}

/* keys, queries [B, S, M, H], value [B, S, H], scales of both and of the result [M, H] */
static pj_status shape_engram(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 0));
    return pj_set_same(c, 0, 0);
}

/* RMS of keys and queries; their dot product, H mac for each of B*S*M, and 1 mul (1/sqrt(H)); the gate
 * sigmoid(sign(dot) sqrt(max(|dot|, 1e-6))): 3 cmp, 1 sqrt, 1 mul, 1 tanh; 1 mul per element of the value. Output 1:
 * RMS once more. */
static pj_status work_engram(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_in_count(c, 0), dots = pj_num_floor_div(c->symbols, n, pj_in_dim(c, 0, -1));
    for (int k = 0; k < 2 + pj_wants(c, 1); k++)
        count_rms(c, work, n, dots);
    pj_work_add(c, work, PJ_MAC, n);
    work->terms = pj_in_dim(c, 0, -1);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_CMP] = 3, [PJ_SQRT] = 1, [PJ_TANH] = 1), dots);
    pj_work_add(c, work, PJ_MUL, n);
    return PJ_OK;
}

/* ids [B, S], segments, tables of words, positions, segments [., H], gamma, beta, mask, then scales and zero points of
 * the tables, gamma and beta: float32 [B, S, H], and the mask index [B] */
static pj_status shape_q_embed(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1), pj_in_dim(c, 2, 1)};
    PJ_TRY(pj_set_1d(c, 1, PJ_INT32, dims[0]));
    return pj_set(c, 0, PJ_FLOAT32, 3, dims);
}

/* A row of each table is read for each token and dequantized: 1 add, 1 round, 1 mul per element; their sum 1 add each
 * but the first; layer normalization. gamma and beta are constants, dequantized at load. */
static pj_status work_q_embed(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    for (int i = 2; i < 5; i++) {
        if (pj_has(c, i)) {
            work->read[i] = n;
            pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_ROUND] = 1, [PJ_MUL] = 1), n);
        }
    }
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 4), n);
    count_layernorm(c, work, n, pj_in_count(c, 0), true);
    return PJ_OK;
}

/* ---- cuBLASLt's orders: they change where an element is stored, not the shape ---- */

/* By the reciprocal of the scale: 1 mul, 1 round; 1 div for a scale that is no constant. */
static void count_quantize(pj_ctx *c, pj_work *work, int scale)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1), pj_out_count(c, 0));
    if (!pj_in_constant(c, scale))
        pj_work_add(c, work, PJ_DIV, pj_in_count(c, scale));
}

static pj_status shape_to_order(pj_ctx *c)
{
    return pj_set_shape_of(c, 0, PJ_INT8, 0);
}

static pj_status work_to_order(pj_ctx *c, pj_work *work)
{
    count_quantize(c, work, 1);
    return PJ_OK;
}

/* The type is an attribute; of files before it was one, that of the scale. */
static pj_status shape_from_order(pj_ctx *c)
{
    return pj_set_shape_of(c, 0, pj_attr_dtype(c, "to", pj_in_dtype(c, 1)), 0);
}

PJ_WORK_EACH(from_order, [PJ_MUL] = 1, [PJ_ROUND] = 1)

/* To float, Gelu by erf (3 mul, 1 add, 1 erf), and back: x, its scale, the output's */
static pj_status work_ordered_gelu(pj_ctx *c, pj_work *work)
{
    PJ_TRY(work_from_order(c, work));
    pj_work_each(c, work, pj_gelu_erf, pj_out_count(c, 0));
    count_quantize(c, work, 2);
    return PJ_OK;
}

/* x, its scale, gamma, beta, the output's scale; normalized from the attribute's axis on */
static pj_status work_ordered_norm(pj_ctx *c, pj_work *work)
{
    int rank = pj_in_rank(c, 0), axis = 0;
    pj_num groups = pj_num_unknown();
    PJ_TRY(work_from_order(c, work));
    if (rank >= 0) {
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -1), rank, &axis));
        groups = pj_dims_product(c, pj_in_type(c, 0)->dims, 0, axis);
    }
    count_layernorm(c, work, pj_out_count(c, 0), groups, pj_has(c, 3));
    count_quantize(c, work, 4);
    return PJ_OK;
}

/* ---- block floating point: how many bytes a number takes is the format's own ---- */

/* x: bytes, shape, strides */
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

/* ---- blocked channels: [N, C, H, W] with the channels in blocks, as many as there are with the last block full ----
 */

/* From [N, C, H, W], or [N, H, W, C]. The weights of the convolution that follows tell how many channels are added. */
static pj_status shape_reorder_input(pj_ctx *c)
{
    if (!pj_attr_int(c, "channels_last", 0) || pj_in_rank(c, 0) != 4)
        return pj_set_same(c, 0, 0);
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 3), pj_in_dim(c, 0, 1), pj_in_dim(c, 0, 2)};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* Back, to `channels` of them. */
static pj_status shape_reorder_output(pj_ctx *c)
{
    bool last = pj_attr_int(c, "channels_last", 0) != 0;
    pj_num channels = pj_num_of(pj_attr_int(c, "channels", 0)), high = pj_in_dim(c, 0, 2), wide = pj_in_dim(c, 0, 3);
    pj_num dims[] = {pj_in_dim(c, 0, 0), last ? high : channels, last ? wide : high, last ? channels : wide};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* ---- rows: EPContext and Snpe hold whole models of other runtimes; the file declares their outputs ---- */

#define Q_EMBED "iipppppissssszzzzz"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS,       "BiasSoftmax",                1, "xx",     0,            pj_shape_same,        NULL,          work_bias_softmax    },
    {MS,       "ComplexMul",                 1, "xx",     0,            pj_shape_broadcast,   NULL,          work_complex_mul     },
    {MS,       "ComplexMulConj",             1, "xx",     0,            pj_shape_broadcast,   NULL,          work_complex_mul     },
    {MS,       "GatedAdd",                   1, "xxx",    0,            pj_shape_same,        NULL,          work_gated_add       },
    {MS,       "IsAllFinite",                1, "x*",     0,            shape_all_finite,     NULL,          work_all_finite      },
    {MS,       "CDist",                      1, "xx",     0,            shape_cdist,          NULL,          work_cdist           },
    {MS,       "BitmaskDropout",             1, "xcc",    PJ_KEEP,      shape_bitmask,        value_bitmask, work_bitmask         },
    {MS,       "BitmaskBiasDropout",         1, "xbxcc",  0,            shape_bitmask,        NULL,          work_bitmask_bias    },
    {MS,       "GatedRMSNorm",               1, "xpx",    0,            shape_gated_rms,      NULL,          work_gated_rms       },
    {MS,       "EngramGate",                 1, "xxxppp", 0,            shape_engram,         NULL,          work_engram          },
    {MS,       "QEmbedLayerNormalization",   1, Q_EMBED,  0,            shape_q_embed,        NULL,          work_q_embed         },
    {MS,       "QuantizeWithOrder",          1, "xs",     0,            shape_to_order,       NULL,          work_to_order        },
    {MS,       "DequantizeWithOrder",        1, "xs",     0,            shape_from_order,     NULL,          work_from_order      },
    {MS,       "QOrderedGelu",               1, "xss",    0,            pj_shape_same,        NULL,          work_ordered_gelu    },
    {MS,       "QOrderedLayerNormalization", 1, "xspps",  0,            pj_shape_same,        NULL,          work_ordered_norm    },
    {MS,       "QuantizeBFP",                1, "x",      PJ_OPAQUE_OP, shape_to_bfp,         value_to_bfp,  NULL                 },
    {MS,       "DequantizeBFP",              1, "xcc",    PJ_OPAQUE_OP, shape_from_bfp,       NULL,          NULL                 },
    {MS,       "SampleOp",                   1, "x",      PJ_VIEW,      pj_shape_same,        pj_value_same, NULL                 },
    {PJ_NCHWC, "ReorderInput",               1, "x",      PJ_MOVE,      shape_reorder_input,  NULL,          NULL                 },
    {PJ_NCHWC, "ReorderOutput",              1, "x",      PJ_MOVE,      shape_reorder_output, NULL,          pj_work_reads_outputs},
    {MS,       "EPContext",                  1, "x*",     PJ_OPAQUE_OP, NULL,                 NULL,          NULL                 },
    {MS,       "Snpe",                       1, "x*",     PJ_OPAQUE_OP, NULL,                 NULL,          NULL                 },
};

PJ_FAMILY(contrib);
