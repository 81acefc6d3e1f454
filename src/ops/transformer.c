/* What transformers need beside attention: mixtures of experts, position biases, padding, whole generation loops. */
#include "ops/attend.h"
#include "ops/families.h"
#include "ops/fused.h"

#define MS "com.microsoft"

/* Where the three layers of the experts have their weights and biases. */
typedef struct expert_places {
    int weight[3], bias[3];
    bool quantized;
} expert_places;

static const expert_places experts = {
    {2, 4, 6},
    {3, 5, 7},
    false
};
static const expert_places quantized_experts = {
    {2, 5, 8 },
    {4, 7, 10},
    true
};

/* Weights in one stored element: bytes hold 8 / expert_weight_bits of them. */
static int64_t weights_per_element(pj_ctx *c, const expert_places *at)
{
    int64_t bits = pj_attr_int(c, "expert_weight_bits", 4);
    bool packed = at->quantized && pj_in_dtype(c, at->weight[0]) == PJ_UINT8;
    return packed && bits > 0 && bits < 8 ? 8 / bits : 1;
}

/* The activation between the layers, on `n` elements of the first layer's output. swiglu multiplies halves (or two
 * layers): g * sigmoid(alpha * g) * (l + beta), 3 mul, 1 tanh, 1 add, and 3 cmp with a limit. */
static void count_expert_activation(pj_ctx *c, pj_work *work, const expert_places *at, pj_num n)
{
    const char *name = pj_attr_string(c, "activation_type", "relu");
    if (strcmp(name, "swiglu") == 0) {
        pj_num half = pj_has(c, at->weight[2]) ? n : pj_num_floor_div(c->symbols, n, pj_num_of(2));
        int64_t limits = pj_attr_present(c, "swiglu_limit") ? 3 : 0;
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3, [PJ_TANH] = 1, [PJ_ADD] = 1, [PJ_CMP] = limits), half);
    } else if (strcmp(name, "gelu") == 0) {
        pj_work_each(c, work, pj_gelu_erf, n);
    } else if (strcmp(name, "identity") != 0) {
        pj_work_fused(c, work, name, n);
    }
}

/* Router, per token: softmax over all experts (1 cmp, 2 add, 1 exp, 1 div each), k passes for the best ones (1 cmp
 * each). Chosen outputs are weighted and summed: 1 mul, 1 add per element. */
static void count_routing(pj_ctx *c, pj_work *work, pj_num chosen)
{
    pj_num probabilities = pj_in_count(c, 1), width = pj_in_dim(c, 0, -1);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1 + pj_attr_int(c, "k", 1), [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1),
                 probabilities);
    pj_work_add(c, work, PJ_MUL, pj_num_mul(c->symbols, chosen, width));
    pj_work_add(c, work, PJ_ADD, pj_num_mul(c->symbols, chosen, width));
}

/* Each token runs through k experts: mac = tokens * k * weights of one expert. At most tokens * k experts are read.
 * Quantized weights are dequantized where they are read: 1 round, 1 add, 1 mul. */
static pj_status count_experts(pj_ctx *c, pj_work *work, const expert_places *at)
{
    pj_symbols *s = c->symbols;
    pj_num count = pj_in_dim(c, 1, 1), tokens = pj_in_dim(c, 1, 0), width = pj_in_dim(c, 0, -1);
    pj_num chosen = pj_num_mul(s, tokens, pj_num_of(pj_attr_int(c, "k", 1))), used = pj_num_min(s, chosen, count);
    pj_num inner = pj_in_dim(c, at->weight[0], 1);
    for (int k = 0; k < 3; k++) {
        int w = at->weight[k], b = at->bias[k];
        if (!pj_has(c, w))
            continue;
        pj_num stored = pj_num_floor_div(s, pj_in_count(c, w), count);
        pj_num weights = pj_num_mul(s, stored, pj_num_of(weights_per_element(c, at)));
        pj_work_add(c, work, PJ_MAC, pj_num_mul(s, chosen, weights));
        work->read[w] = pj_num_mul(s, used, stored);
        pj_work_times(c, work, PJ_ADD, pj_has(c, b), pj_num_mul(s, chosen, pj_in_dim(c, b, 1)));
        if (at->quantized) {
            pj_num read = pj_num_mul(s, used, weights);
            pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_ADD] = 1, [PJ_MUL] = 1), read);
        }
    }
    work->terms = pj_num_max(s, width, inner);
    count_expert_activation(c, work, at, pj_num_mul(s, chosen, inner));
    count_routing(c, work, chosen);
    return PJ_OK;
}

static pj_status work_moe(pj_ctx *c, pj_work *work)
{
    return count_experts(c, work, &experts);
}

static pj_status work_qmoe(pj_ctx *c, pj_work *work)
{
    return count_experts(c, work, &quantized_experts);
}

/* table [buckets, heads], query length, key length: [1, heads, query, key] */
static pj_status shape_position_bias(pj_ctx *c)
{
    pj_num dims[] = {pj_num_of(1), pj_in_dim(c, 0, 1), pj_in_scalar(c, 1), pj_in_scalar(c, 2)};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* The bucket of each pair of positions: distance 1 add; logarithm, scaled and offset: 1 log, 1 mul, 1 add; which side,
 * which range, the limit: 3 cmp. Then a table row is read for each pair. */
static pj_status work_position_bias(pj_ctx *c, pj_work *work)
{
    pj_num pairs = pj_num_mul(c->symbols, pj_in_scalar(c, 1), pj_in_scalar(c, 2));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2, [PJ_CMP] = 3, [PJ_LOG] = 1), pairs);
    work->read[0] = pj_out_count(c, 0);
    return PJ_OK;
}

/* query [B, S, heads*size], its bias, position bias [1, heads, S, S], weight [size, D], bias, eco_a[, offsets [B, S]]
 */
static pj_status shape_gated_bias(pj_ctx *c)
{
    bool packed = pj_has(c, 6);
    pj_num length = packed ? pj_in_dim(c, 6, 1) : pj_in_dim(c, 0, 1);
    pj_num dims[] = {pj_in_dim(c, packed ? 6 : 0, 0), pj_num_of(pj_attr_int(c, "num_heads", 0)), length, length};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* Query plus bias, per head a product with weight [size, D] plus bias, D/2 - 1 add in each half, 2 logistic functions;
 * gate = u * (r * a - 1) + 2: 2 mul, 2 add; then 1 mul per output. */
static pj_status work_gated_bias(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num query = pj_in_count(c, 0), size = pj_in_dim(c, 3, 0), width = pj_in_dim(c, 3, 1);
    pj_num heads = pj_num_floor_div(s, query, size), products = pj_num_mul(s, heads, width);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, query, width));
    work->terms = size;
    pj_work_add(c, work, PJ_ADD, query);
    pj_work_times(c, work, PJ_ADD, 2, products);
    pj_work_each(c, work, PJ_EACH([PJ_TANH] = 2, [PJ_MUL] = 2), heads);
    pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* x [B, S, D], token counts [B]: real tokens [?, D], offsets [B, S], cumulated lengths [B + 1], longest [1] */
static pj_status shape_remove_padding(pj_ctx *c)
{
    pj_num tokens[] = {pj_num_unknown(), pj_in_dim(c, 0, 2)}, offsets[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1)};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), 2, tokens));
    PJ_TRY(pj_set(c, 1, PJ_INT32, 2, offsets));
    PJ_TRY(pj_set_1d(c, 2, PJ_INT32, pj_num_add(c->symbols, offsets[0], pj_num_of(1))));
    return pj_set_1d(c, 3, PJ_INT32, pj_num_of(1));
}

/* x [tokens, D], offsets [B, S]: [B, S, D] */
static pj_status shape_restore_padding(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 1, 0), pj_in_dim(c, 1, 1), pj_in_dim(c, 0, 1)};
    return pj_set(c, 0, pj_in_dtype(c, 0), 3, dims);
}

/* Generation: a decoder in a loop that ends when the tokens say so. vocab_size, or unknown. */
static pj_num vocabulary(pj_ctx *c)
{
    int64_t size = pj_attr_int(c, "vocab_size", 0);
    return size > 0 ? pj_num_of(size) : pj_num_unknown();
}

/* prompt [B, S], max_length, min_length, beams, returned sequences: tokens [B, returned, max_length], their scores,
 * scores of all tokens [max_length - S, B, beams, vocabulary] */
static pj_status shape_beam_search(pj_ctx *c)
{
    pj_num batch = pj_in_dim(c, 0, 0), longest = pj_in_scalar(c, 1), returned = pj_in_scalar(c, 4);
    pj_num tokens[] = {batch, returned, longest};
    pj_num steps = pj_num_sub(c->symbols, longest, pj_in_dim(c, 0, 1));
    pj_num scores[] = {steps, batch, pj_in_scalar(c, 3), vocabulary(c)};
    pj_dtype dtype = pj_has(c, 5) ? pj_in_dtype(c, 5) : PJ_FLOAT32;
    PJ_TRY(pj_set(c, 0, PJ_INT32, 3, tokens));
    PJ_TRY(pj_set(c, 1, dtype, 2, tokens));
    return pj_set(c, 2, dtype, 4, scores);
}

/* prompt [B, S], max_length: tokens [B, max_length], filtered scores [B, vocabulary] */
static pj_status shape_greedy_search(pj_ctx *c)
{
    pj_num tokens[] = {pj_in_dim(c, 0, 0), pj_in_scalar(c, 1)}, scores[] = {tokens[0], vocabulary(c)};
    PJ_TRY(pj_set(c, 0, PJ_INT32, 2, tokens));
    return pj_set(c, 1, PJ_FLOAT32, 2, scores);
}

#define QMOE "xxwsbwsbwsbzzzxssssss"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "MoE",                       1, "xxwbwbwb",     0,            pj_shape_same,         NULL, work_moe          },
    {MS, "QMoE",                      1, QMOE,           0,            pj_shape_same,         NULL, work_qmoe         },
    {MS, "RelativePositionBias",      1, "pcc",          0,            shape_position_bias,   NULL, work_position_bias},
    {MS, "GatedRelativePositionBias", 1, "xbxwbpi",      0,            shape_gated_bias,      NULL, work_gated_bias   },
    {MS, "RemovePadding",             1, "xi",           PJ_MOVE,      shape_remove_padding,  NULL, NULL              },
    {MS, "RestorePadding",            1, "xi",           PJ_MOVE,      shape_restore_padding, NULL, NULL              },
    {MS, "BeamSearch",                1, "xccccccxxxxc", PJ_OPAQUE_OP, shape_beam_search,     NULL, NULL              },
    {MS, "WhisperBeamSearch",         1, "xccccccx*",    PJ_OPAQUE_OP, shape_beam_search,     NULL, NULL              },
    {MS, "GreedySearch",              1, "xcccxxx",      PJ_OPAQUE_OP, shape_greedy_search,   NULL, NULL              },
    {MS, "Sampling",                  1, "xcccxxxxc",    PJ_OPAQUE_OP, shape_greedy_search,   NULL, NULL              },
};

PJ_FAMILY(transformer);
