/* Activation functions, and Dropout. Each work rule states the function as it is counted, one primitive an operation;
 * what a constant factor of 1 or a constant summand of 0 saves is not counted. */
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/values.h"

#define MS "com.microsoft"

/* BiasSplitGelu: [N, S, D] -> [N, S, D/2] */
static pj_status shape_split(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0);
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (rank > 0)
        dims[rank - 1] = pj_num_floor_div(c->symbols, dims[rank - 1], pj_num_of(2));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

PJ_VALUE(relu, 1, pj_num_max(c->symbols, x[0], pj_num_of(0)))

/* sigmoid(x) = (1 + tanh(x/2)) / 2, one primitive of the class tanh */
PJ_WORK_EACH(tanh, [PJ_TANH] = 1)

/* Slopes are spread over the input since opset 7. */
static pj_status shape_prelu(pj_ctx *c)
{
    if (pj_node_opset(c) >= 7)
        PJ_TRY(pj_spread(c, 1, "the input against the slopes"));
    return pj_set_same(c, 0, 0);
}

/* max(x, 0) + slope min(x, 0), as a selection: LeakyRelu, PRelu */
PJ_WORK_EACH(leaky, [PJ_CMP] = 1, [PJ_MUL] = 1)

/* max(0, min(1, alpha x + beta)) */
PJ_WORK_EACH(hard_sigmoid, [PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_CMP] = 2)

/* x max(0, min(1, x/6 + 1/2)) */
PJ_WORK_EACH(hard_swish, [PJ_MUL] = 2, [PJ_ADD] = 1, [PJ_CMP] = 2)

/* log(1 + exp(x)) */
PJ_WORK_EACH(softplus, [PJ_EXP] = 1, [PJ_ADD] = 1, [PJ_LOG] = 1)

/* x / (1 + |x|) */
PJ_WORK_EACH(softsign, [PJ_CMP] = 1, [PJ_ADD] = 1, [PJ_DIV] = 1)

/* x tanh(log(1 + exp(x))) */
PJ_WORK_EACH(mish, [PJ_EXP] = 1, [PJ_ADD] = 1, [PJ_LOG] = 1, [PJ_TANH] = 1, [PJ_MUL] = 1)

/* x > 0 ? gamma x : gamma alpha (exp(x) - 1), gamma alpha being one constant */
PJ_WORK_EACH(selu, [PJ_CMP] = 1, [PJ_EXP] = 1, [PJ_ADD] = 1, [PJ_MUL] = 2)

/* Work: with constants that may save something. How many multiplications by the attribute there are: none by 1. */
static int64_t factors(pj_ctx *c, const char *name, double otherwise, int64_t count)
{
    return pj_attr_float(c, name, otherwise) == 1 ? 0 : count;
}

/* x > 0 ? x : alpha (exp(x) - 1) */
PJ_WORK_EACH(elu, [PJ_CMP] = 1, [PJ_EXP] = 1, [PJ_ADD] = 1, [PJ_MUL] = factors(c, "alpha", 1, 1))

/* max(0, x) + min(0, alpha (exp(x / alpha) - 1)), x / alpha by the constant 1/alpha */
PJ_WORK_EACH(celu, [PJ_CMP] = 2, [PJ_EXP] = 1, [PJ_ADD] = 2, [PJ_MUL] = factors(c, "alpha", 1, 2))

/* x < -lambd ? x + bias : x > lambd ? x - bias : 0 */
PJ_WORK_EACH(shrink, [PJ_CMP] = 2, [PJ_ADD] = pj_attr_float(c, "bias", 0) != 0)

/* x sigmoid(alpha x) */
PJ_WORK_EACH(swish, [PJ_MUL] = 1 + factors(c, "alpha", 1, 1), [PJ_TANH] = 1)
PJ_WORK_EACH(quick_gelu, [PJ_MUL] = 1 + factors(c, "alpha", 1.702, 1), [PJ_TANH] = 1)

/* By erf, or by tanh where the attribute says so. */
static pj_status work_gelu(pj_ctx *c, pj_work *work)
{
    bool by_tanh = pj_attr_string(c, "approximate", "none")[0] == 't';
    pj_work_each(c, work, by_tanh ? pj_gelu_tanh : pj_gelu_erf, pj_out_count(c, 0));
    return PJ_OK;
}

/* Gelu by tanh of x + bias; the bias is optional */
static pj_status work_fast_gelu(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, pj_gelu_tanh, pj_out_count(c, 0));
    pj_work_times(c, work, PJ_ADD, pj_has(c, 1), pj_out_count(c, 0));
    return PJ_OK;
}

/* Gelu by erf of x + bias */
static pj_status work_bias_gelu(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, pj_gelu_erf, pj_out_count(c, 0));
    pj_work_add(c, work, PJ_ADD, pj_out_count(c, 0));
    return PJ_OK;
}

/* [left, right] = x + bias; left Gelu(right), by erf */
static pj_status work_split_gelu(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, pj_gelu_erf, pj_out_count(c, 0));
    pj_work_add(c, work, PJ_ADD, pj_in_count(c, 0));
    pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* Experimental operators: gone from the standard, but still in files of that time. alpha x + beta */
PJ_WORK_EACH(affine, [PJ_MUL] = factors(c, "alpha", 1, 1), [PJ_ADD] = pj_attr_float(c, "beta", 0) != 0)

/* scale x + bias of the channel; Scale has no bias */
PJ_WORK_EACH(scaler, [PJ_MUL] = factors(c, "scale", 1, 1), [PJ_ADD] = pj_attr_present(c, "bias"))

/* alpha tanh(beta x) */
PJ_WORK_EACH(scaled_tanh, [PJ_MUL] = 2, [PJ_TANH] = 1)

/* alpha log(1 + exp(beta x)) */
PJ_WORK_EACH(parametric_softplus, [PJ_MUL] = 2, [PJ_EXP] = 1, [PJ_ADD] = 1, [PJ_LOG] = 1)

/* Whether the node drops anything at all: 0 or 1, -1: not known. An attribute says so before opset 7 (is_test, not set
 * by default), nothing does until opset 11 (never), the inputs ratio and training_mode do since opset 12. */
static int drops(pj_ctx *c, int ratio, int training)
{
    int64_t opset = pj_node_opset(c);
    bool standard = c->node->domain[0] == 0;
    if (standard && opset > 0 && opset < 7)
        return pj_attr_int(c, "is_test", 0) == 0;
    if (!pj_has(c, training) || pj_num_equal(pj_in_scalar(c, ratio), pj_num_of(0)))
        return 0;
    return pj_value_truth(pj_in_scalar(c, training));
}

/* A mask that is packed into words of 32 bits. */
static pj_status shape_bitmask(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 0, 0));
    return pj_set_1d(c, 1, PJ_UINT32, pj_num_ceil_div(c->symbols, pj_in_count(c, 0), pj_num_of(32)));
}

/* Random number, comparison, and scale * x * mask for an element; unknown where it is not known whether it is done. A
 * bit of a packed mask is put to its place: 1 shift, 1 logic. */
static void count_drops(pj_ctx *c, pj_work *work, int dropping)
{
    bool packed = c->node->desc->shape == shape_bitmask;
    if (dropping)
        pj_work_each(c, work,
                     PJ_EACH([PJ_RAND] = 1, [PJ_CMP] = 1, [PJ_MUL] = 2, [PJ_SHIFT] = packed, [PJ_LOGIC] = packed),
                     dropping < 0 ? pj_num_unknown() : pj_out_count(c, 0));
}

/* The mask is of the data's type before opset 10, then bool. */
static pj_status shape_dropout(pj_ctx *c)
{
    int64_t opset = pj_node_opset(c);
    bool is_bool = c->node->domain[0] || opset <= 0 || opset >= 10;
    PJ_TRY(pj_set_same(c, 0, 0));
    return pj_set_shape_of(c, 1, is_bool ? PJ_BOOL : pj_in_dtype(c, 0), 0);
}

static pj_status value_dropout(pj_ctx *c)
{
    return drops(c, 1, 2) == 0 ? pj_value_same(c) : PJ_OK;
}

/* At inference the output is the input: nothing is done. */
static pj_status work_dropout(pj_ctx *c, pj_work *work)
{
    int dropping = drops(c, 1, 2);
    if (dropping == 0)
        pj_work_nothing(c, work);
    count_drops(c, work, dropping);
    return PJ_OK;
}

/* Dropout(x + bias) + residual, the residual being optional */
static pj_status work_bias_dropout(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_ADD, 1 + pj_has(c, 2), pj_out_count(c, 0));
    count_drops(c, work, drops(c, 3, 4));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Relu",               1,  "x",     PJ_KEEP | PJ_CLAMP | PJ_ELEMENT, pj_shape_same, value_relu,    pj_work_cmp1            },
    {"", "ThresholdedRelu",    1,  "x",     PJ_KEEP | PJ_ELEMENT,            pj_shape_same, NULL,          pj_work_cmp1            },
    {"", "LeakyRelu",          1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_leaky              },
    {"", "PRelu",              1,  "xp",    PJ_ELEMENT,                      shape_prelu,   NULL,          work_leaky              },
    {"", "Sigmoid",            1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_tanh               },
    {"", "Tanh",               1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_tanh               },
    {"", "HardSigmoid",        1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_hard_sigmoid       },
    {"", "HardSwish",          14, "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_hard_swish         },
    {"", "Elu",                1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_elu                },
    {"", "Selu",               1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_selu               },
    {"", "Celu",               12, "x",     PJ_ELEMENT | PJ_WIDE,            pj_shape_same, NULL,          work_celu               },
    {"", "Shrink",             9,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_shrink             },
    {"", "Softplus",           1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_softplus           },
    {"", "Softsign",           1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_softsign           },
    {"", "Mish",               18, "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_mish               },
    {"", "Swish",              24, "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_swish              },
    {"", "Gelu",               20, "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_gelu               },
    {"", "Affine",             1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_affine             },
    {"", "ImageScaler",        1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_scaler             },
    {"", "Scale",              1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_scaler             },
    {"", "ScaledTanh",         1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_scaled_tanh        },
    {"", "ParametricSoftplus", 1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_parametric_softplus},
    {"", "Dropout",            1,  "xcc",   PJ_KEEP | PJ_ELEMENT,            shape_dropout, value_dropout, work_dropout            },
    {MS, "Gelu",               1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_gelu               },
    {MS, "QuickGelu",          1,  "x",     PJ_ELEMENT,                      pj_shape_same, NULL,          work_quick_gelu         },
    {MS, "FastGelu",           1,  "xb",    PJ_ELEMENT,                      pj_shape_same, NULL,          work_fast_gelu          },
    {MS, "BiasGelu",           1,  "xb",    PJ_ELEMENT,                      pj_shape_same, NULL,          work_bias_gelu          },
    {MS, "BiasSplitGelu",      1,  "xb",    0,                               shape_split,   NULL,          work_split_gelu         },
    {MS, "BiasDropout",        1,  "xbxcc", PJ_ELEMENT,                      shape_dropout, NULL,          work_bias_dropout       },
    {MS, "BitmaskDropout",     1,  "xcc",   PJ_KEEP,                         shape_bitmask, value_dropout, work_dropout            },
    {MS, "BitmaskBiasDropout", 1,  "xbxcc", 0,                               shape_bitmask, NULL,          work_bias_dropout       },
};

PJ_FAMILY(activation);
