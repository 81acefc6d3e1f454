/* Normalizations and softmaxes.
 *
 * Work, with n elements normalized in g groups:
 *   mean          n add, g mul (by the reciprocal of the group's size, which is a constant)
 *   variance      n add (subtract the mean), n mul (square), n add (sum), g mul
 *   1/deviation   g add (epsilon), g sqrt, g div
 *   normalize     n mul; scale: n mul; bias: n add
 * Quantities that do not depend on the data (gamma/sqrt(var + epsilon) of a BatchNormalization at inference) are
 * computed once at load by every runtime and count nothing. */
#include "ops/families.h"
#include "ops/fused.h"

#define MS "com.microsoft"

static void count_mean(pj_ctx *c, pj_work *work, pj_num n, pj_num groups)
{
    pj_work_add(c, work, PJ_ADD, n);
    pj_work_add(c, work, PJ_MUL, groups);
}

/* Of values from which the mean is subtracted here. */
static void count_variance(pj_ctx *c, pj_work *work, pj_num n, pj_num groups)
{
    pj_work_times(c, work, PJ_ADD, 2, n);
    pj_work_add(c, work, PJ_MUL, pj_num_add(c->symbols, n, groups));
}

static void count_normalize(pj_ctx *c, pj_work *work, pj_num n, pj_num groups)
{
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_SQRT] = 1, [PJ_DIV] = 1), groups);
    pj_work_add(c, work, PJ_MUL, n);
}

/* Mean, variance, normalization, then scale and bias where they are there. */
static void count_full(pj_ctx *c, pj_work *work, pj_num n, pj_num groups, bool scale, bool bias)
{
    count_mean(c, work, n, groups);
    count_variance(c, work, n, groups);
    count_normalize(c, work, n, groups);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = scale, [PJ_ADD] = bias), n);
}

/* Without mean: mean square, normalization, scale. */
static void count_rms(pj_ctx *c, pj_work *work, pj_num n, pj_num groups, bool scale)
{
    pj_work_add(c, work, PJ_MUL, n);
    count_mean(c, work, n, groups);
    count_normalize(c, work, n, groups);
    if (scale)
        pj_work_add(c, work, PJ_MUL, n);
}

static bool trains(pj_ctx *c)
{
    return pj_attr_int(c, "training_mode", 0) != 0 || (pj_node_opset(c) < 14 && pj_wants(c, 1));
}

static const char input_and_scale[] = "channels of the input against the scale";

static pj_status check_channels(pj_ctx *c, int axis)
{
    pj_num channels;
    return pj_in_rank(c, 0) >= 2 && pj_in_rank(c, 1) == 1
               ? pj_same_dim(c, pj_in_dim(c, 0, axis), pj_in_dim(c, 1, 0), input_and_scale, &channels)
               : PJ_OK;
}

/* Channels are axis 1, or the last one; running statistics keep type and shape of the ones read. */
static pj_status shape_batchnorm(pj_ctx *c)
{
    if (pj_attr_int(c, "spatial", 1) != 0)
        PJ_TRY(check_channels(c, c->node->desc->traits & PJ_LAST_AXIS ? -1 : 1));
    for (int o = 1; o < c->node->outputs; o++)
        PJ_TRY(pj_set_same(c, o, o % 2 ? 3 : 4));
    return pj_set_same(c, 0, 0);
}

/* Inference: one mul and one add an element, scale and shift being fixed. Training computes the statistics first. */
static pj_status work_batchnorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    if (trains(c)) {
        count_full(c, work, n, pj_in_count(c, 1), true, true);
        return PJ_OK;
    }
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1), n);
    return PJ_OK;
}

/* One group for each sample and channel. */
static pj_status work_instancenorm(pj_ctx *c, pj_work *work)
{
    pj_num groups = pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1));
    count_full(c, work, pj_out_count(c, 0), groups, true, true);
    return PJ_OK;
}

static pj_num groups_of(pj_ctx *c, const char *attribute)
{
    return pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), pj_num_of(pj_attr_int(c, attribute, 1)));
}

static pj_status shape_instancenorm(pj_ctx *c)
{
    PJ_TRY(check_channels(c, 1));
    return pj_set_same(c, 0, 0);
}

static pj_status shape_groupnorm(pj_ctx *c)
{
    int64_t groups = pj_attr_int(c, "num_groups", 0);
    pj_num channels = pj_in_dim(c, 0, 1);
    if (groups <= 0)
        return pj_fail(c->err, PJ_ESHAPE, "num_groups is %lld; it must be 1 or more", (long long)groups);
    if (pj_num_known(channels) && channels.whole % groups)
        return pj_fail(c->err, PJ_ESHAPE, "%lld channels do not split into %lld groups", (long long)channels.whole,
                       (long long)groups);
    return pj_set_same(c, 0, 0);
}

PJ_WORK(groupnorm, count_full(c, work, pj_out_count(c, 0), groups_of(c, "num_groups"), true, true))

/* ONNX Runtime's, with an optional Swish (one sigmoid, one product) after it. */
static pj_status work_ms_groupnorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    count_full(c, work, n, groups_of(c, "groups"), true, true);
    if (pj_attr_int(c, "activation", 0)) {
        pj_work_each(c, work, PJ_EACH([PJ_TANH] = 1, [PJ_MUL] = 1), n);
    }
    return PJ_OK;
}

/* Inputs X, gamma, beta, skip[, bias]; output 1 is the sum. */
static pj_status shape_skip_groupnorm(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 0));
    return pj_set_same(c, 0, 0);
}

static pj_status work_skip_groupnorm(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 4), pj_out_count(c, 0));
    return work_ms_groupnorm(c, work);
}

/* Statistics have the dims before `axis`, then ones. */
static pj_status set_statistics(pj_ctx *c, int o, int64_t given)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0), axis;
    bool is_default = pj_attr_int(c, "stash_type", 0) == 0; /* which exporters write as 0, too */
    pj_dtype dtype = is_default ? PJ_FLOAT32 : pj_attr_dtype(c, "stash_type", PJ_FLOAT32);
    if (rank < 0)
        return pj_set_dtype(c, o, dtype);
    PJ_TRY(pj_axis(c, given, rank, &axis));
    for (int k = 0; k < rank; k++)
        dims[k] = k < axis ? pj_in_dim(c, 0, k) : pj_num_of(1);
    return pj_set(c, o, dtype, rank, dims);
}

static pj_status shape_layernorm(pj_ctx *c)
{
    int64_t axis = pj_attr_int(c, "axis", -1);
    int checked;
    if (pj_in_rank(c, 0) >= 0)
        PJ_TRY(pj_axis(c, axis, pj_in_rank(c, 0), &checked));
    PJ_TRY(pj_spread(c, 1, input_and_scale));
    for (int o = 1; o < 3; o++)
        PJ_TRY(set_statistics(c, o, axis));
    return pj_set_same(c, 0, 0);
}

/* V, the type of scale and result, may differ from the input's. */
static pj_status shape_rmsnorm(pj_ctx *c)
{
    int checked;
    if (pj_in_rank(c, 0) >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -1), pj_in_rank(c, 0), &checked));
    PJ_TRY(pj_spread(c, 1, input_and_scale));
    PJ_TRY(set_statistics(c, 1, pj_attr_int(c, "axis", -1)));
    return pj_set_shape_of(c, 0, pj_in_dtype(c, 1), 0);
}

/* Product of the dims before the normalized ones. */
static pj_num groups_before(pj_ctx *c, int64_t given)
{
    int rank = pj_in_rank(c, 0), axis = (int)(given < 0 ? given + rank : given);
    return rank < 0 || axis < 0 || axis > rank ? pj_num_unknown() : pj_dims_product(c, pj_in_type(c, 0)->dims, 0, axis);
}

PJ_WORK(layernorm,
        count_full(c, work, pj_out_count(c, 0), groups_before(c, pj_attr_int(c, "axis", -1)), true, pj_has(c, 2)))
PJ_WORK(rmsnorm, count_rms(c, work, pj_out_count(c, 0), groups_before(c, pj_attr_int(c, "axis", -1)), true))

/* Inputs input, skip, gamma[, beta], bias; outputs result, mean, inverse deviation, sum before normalization. */
static pj_status shape_skip_layernorm(pj_ctx *c)
{
    PJ_TRY(pj_spread(c, 2, input_and_scale));
    for (int o = 1; o < 3; o++)
        PJ_TRY(set_statistics(c, o, -1));
    PJ_TRY(pj_set_same(c, 3, 0));
    return pj_set_same(c, 0, 0);
}

static pj_status work_skip_layernorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 4), n);
    count_full(c, work, n, groups_before(c, -1), true, pj_has(c, 3));
    return PJ_OK;
}

static pj_status work_skip_rmsnorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 3), n);
    count_rms(c, work, n, groups_before(c, -1), true);
    return PJ_OK;
}

/* Inputs ids [B,S], segments, word, position and segment embeddings [.,H], gamma, beta, mask, positions. Outputs
 * [B,S,H], mask index [B], embedding sum. */
static pj_status shape_embed_layernorm(pj_ctx *c)
{
    pj_num dims[3] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1), pj_in_dim(c, 2, 1)};
    pj_dtype dtype = pj_op_takes_scales(c->node->desc) ? PJ_FLOAT32 : pj_in_dtype(c, 2);
    PJ_TRY(pj_set_1d(c, 1, PJ_INT32, dims[0]));
    PJ_TRY(pj_set(c, 2, dtype, 3, dims));
    return pj_set(c, 0, dtype, 3, dims);
}

/* Sums word, position and segment rows, then normalizes; only the rows looked up are read. */
static pj_status work_embed_layernorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0), tokens = pj_in_count(c, 0);
    for (int i = 2; i < 5; i++)
        if (pj_has(c, i))
            work->read[i] = n;
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 4), n);
    count_full(c, work, n, tokens, true, true);
    return PJ_OK;
}

/* Per element: square, size - 1 additions over channels, alpha, bias, power, division. */
PJ_WORK_EACH(lrn, [PJ_MUL] = 2, [PJ_ADD] = pj_attr_int(c, "size", 1), [PJ_POW] = 1, [PJ_DIV] = 1)

/* Sum of absolute values or of squares along the axis, then a division an element. */
static pj_status work_lpnorm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0), length = pj_in_dim(c, 0, (int)pj_attr_int(c, "axis", -1));
    bool squares = pj_attr_int(c, "p", 2) == 2;
    pj_work_add(c, work, squares ? PJ_MUL : PJ_CMP, n);
    pj_work_add(c, work, PJ_ADD, n);
    if (squares)
        pj_work_add(c, work, PJ_SQRT, pj_num_floor_div(c->symbols, n, length));
    pj_work_add(c, work, PJ_DIV, n);
    return PJ_OK;
}

/* Groups are the positions of the axes that are not averaged. */
static pj_status work_mvn(pj_ctx *c, pj_work *work)
{
    static const int64_t usual[] = {0, 2, 3};
    int count, rank = pj_in_rank(c, 0);
    const int64_t *axes = pj_attr_ints(c, "axes", &count);
    pj_num groups = pj_num_of(1);
    if (!axes) {
        axes = usual;
        count = 3;
    }
    for (int k = 0; k < rank; k++) {
        bool averaged = false;
        for (int a = 0; a < count; a++)
            averaged = averaged || axes[a] == k || axes[a] + rank == k;
        if (!averaged)
            groups = pj_num_mul(c->symbols, groups, pj_in_dim(c, 0, k));
    }
    count_full(c, work, pj_out_count(c, 0), rank < 0 ? pj_num_unknown() : groups, false, false);
    return PJ_OK;
}

/* Before opset 13 everything from `axis` on is one vector, later only the axis itself. */
static pj_num vectors(pj_ctx *c)
{
    bool flat = pj_node_opset(c) > 0 && pj_node_opset(c) < 13;
    int64_t axis = pj_attr_int(c, "axis", flat ? 1 : -1);
    if (flat)
        return groups_before(c, axis);
    return pj_num_floor_div(c->symbols, pj_in_count(c, 0), pj_in_dim(c, 0, (int)axis));
}

static pj_status shape_softmax(pj_ctx *c)
{
    bool flat = pj_node_opset(c) > 0 && pj_node_opset(c) < 13;
    int64_t axis = pj_attr_int(c, "axis", flat ? 1 : -1);
    int rank = pj_in_rank(c, 0), checked;
    if (rank > 0 && !(flat && axis == rank))
        PJ_TRY(pj_axis(c, axis, rank, &checked));
    return pj_set_same(c, 0, 0);
}

/* Per element: maximum, subtraction, exponential, sum, division. */
PJ_WORK_EACH(softmax, [PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1)

/* Per element: maximum, subtraction, exponential, sum, subtraction; one logarithm a vector. */
static pj_status work_logsoftmax(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 3, [PJ_EXP] = 1), n);
    pj_work_add(c, work, PJ_LOG, vectors(c));
    return PJ_OK;
}

/* softmax(x + bias), the bias broadcasting to x: 1 add; then 1 cmp, 2 add, 1 exp, 1 div as Softmax is counted */
PJ_WORK_EACH(bias_softmax, [PJ_ADD] = 3, [PJ_CMP] = 1, [PJ_EXP] = 1, [PJ_DIV] = 1)

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
    count_rms(c, work, n, pj_num_floor_div(c->symbols, n, pj_in_dim(c, 1, 0)), true);
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
        count_rms(c, work, n, dots, true);
    pj_work_add(c, work, PJ_MAC, n);
    work->terms = pj_in_dim(c, 0, -1);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_CMP] = 3, [PJ_SQRT] = 1, [PJ_TANH] = 1), dots);
    pj_work_add(c, work, PJ_MUL, n);
    return PJ_OK;
}

/* QEmbedLayerNormalization: a row of each table is dequantized for each token, 1 add, 1 round, 1 mul per element. Its
 * scales and zero points follow the mask; gamma and beta are constants, dequantized at load. */
static pj_status work_q_embed(pj_ctx *c, pj_work *work)
{
    for (int i = 2; i < 5; i++)
        if (pj_has(c, i))
            pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_ROUND] = 1, [PJ_MUL] = 1), pj_out_count(c, 0));
    return work_embed_layernorm(c, work);
}

/* int8 in cuBLASLt's orders: x, its scale, gamma, beta, the output's scale. To float 1 mul, 1 round, and back. */
static pj_status work_ordered_norm(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    pj_work_dequantize(c, work, n, true);
    count_full(c, work, n, groups_before(c, pj_attr_int(c, "axis", -1)), true, pj_has(c, 3));
    pj_work_quantize(c, work, n, 4, -1);
    return PJ_OK;
}

#define Q_EMBED "iipppppissssszzzzz"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",      "BatchNormalization",               1,  "xpppp",     PJ_ELEMENT | PJ_NORM,                shape_batchnorm,       NULL, work_batchnorm      },
    {PJ_LAST, "BatchNormalization",               1,  "xpppp",     PJ_ELEMENT | PJ_LAST_AXIS | PJ_NORM, shape_batchnorm,       NULL,
     work_batchnorm                                                                                                                                      },
    {"",      "InstanceNormalization",            1,  "xpp",       PJ_NORM,                             shape_instancenorm,    NULL, work_instancenorm   },
    {"",      "GroupNormalization",               18, "xpp",       PJ_NORM,                             shape_groupnorm,       NULL, work_groupnorm      },
    {"",      "LayerNormalization",               1,  "xpp",       PJ_NORM,                             shape_layernorm,       NULL, work_layernorm      },
    {"",      "SimplifiedLayerNormalization",     1,  "xp",        PJ_NORM,                             shape_rmsnorm,         NULL, work_rmsnorm        },
    {"",      "RMSNormalization",                 23, "xp",        PJ_NORM,                             shape_rmsnorm,         NULL, work_rmsnorm        },
    {"",      "LRN",                              1,  "x",         PJ_NORM,                             pj_shape_same,         NULL, work_lrn            },
    {"",      "LpNormalization",                  1,  "x",         PJ_NORM,                             pj_shape_same,         NULL, work_lpnorm         },
    {"",      "MeanVarianceNormalization",        1,  "x",         PJ_NORM,                             pj_shape_same,         NULL, work_mvn            },
    {"",      "Softmax",                          1,  "x",         PJ_SOFTMAX,                          shape_softmax,         NULL, work_softmax        },
    {"",      "LogSoftmax",                       1,  "x",         0,                                   shape_softmax,         NULL, work_logsoftmax     },
    {"",      "Hardmax",                          1,  "x",         0,                                   shape_softmax,         NULL, pj_work_cmp1        },
    {MS,      "LayerNormalization",               1,  "xpp",       PJ_NORM,                             shape_layernorm,       NULL, work_layernorm      },
    {MS,      "SimplifiedLayerNormalization",     1,  "xp",        PJ_NORM,                             shape_rmsnorm,         NULL, work_rmsnorm        },
    {MS,      "SkipLayerNormalization",           1,  "xxppp",     PJ_NORM,                             shape_skip_layernorm,  NULL, work_skip_layernorm },
    {MS,      "SkipSimplifiedLayerNormalization", 1,  "xxpp",      PJ_NORM,                             shape_skip_layernorm,  NULL, work_skip_rmsnorm   },
    {MS,      "EmbedLayerNormalization",          1,  "iipppppii", PJ_NORM,                             shape_embed_layernorm, NULL, work_embed_layernorm},
    {MS,      "GroupNorm",                        1,  "xpp",       PJ_NORM,                             pj_shape_same,         NULL, work_ms_groupnorm   },
    {MS,      "SkipGroupNorm",                    1,  "xppxp",     PJ_NORM,                             shape_skip_groupnorm,  NULL, work_skip_groupnorm },
    {MS,      "BiasSoftmax",                      1,  "xx",        0,                                   pj_shape_same,         NULL, work_bias_softmax   },
    {MS,      "GatedRMSNorm",                     1,  "xpx",       PJ_NORM,                             shape_gated_rms,       NULL, work_gated_rms      },
    {MS,      "EngramGate",                       1,  "xxxppp",    0,                                   shape_engram,          NULL, work_engram         },
    {MS,      "QEmbedLayerNormalization",         1,  Q_EMBED,     PJ_NORM,                             shape_embed_layernorm, NULL, work_q_embed        },
    {MS,      "QOrderedLayerNormalization",       1,  "xspps",     PJ_NORM,                             shape_layernorm,       NULL, work_ordered_norm   },
};

PJ_FAMILY(norm);
