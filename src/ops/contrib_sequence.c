/* Operators of ONNX Runtime on sequences that no other family has: gated delta networks, packed batches, n-grams,
 * tokens. */
#include <string.h>

#include "ops/element.h"
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/values.h"

#define MS "com.microsoft"

/* ---- gated delta networks ---- */

/* a, dt_bias [H], scale [H], b: decay like a, beta like b */
static pj_status shape_linear_gate(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 3));
    return pj_set_same(c, 0, 0);
}

/* scale * softplus(a + dt_bias): 1 mul, 2 add, 1 exp, 1 log; sigmoid(b): 1 tanh */
static pj_status work_linear_gate(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_LOG] = 1), pj_out_count(c, 0));
    pj_work_add(c, work, PJ_TANH, pj_out_count(c, 1));
    return PJ_OK;
}

/* q, k [T, Hk, dk], v [T, Hv, dv], or with [B, S] for T; cu_seqlens [B + 1], decay, beta, state [B, Hv, dv, dk] */
enum { CU_SEQLENS = 3, DECAY, BETA, STATE, A_LOG };

typedef struct delta_net {
    pj_num batch, tokens, key_heads, key_size, heads, size;
} delta_net;

static pj_status read_delta_net(pj_ctx *c, delta_net *out)
{
    int rank = pj_in_rank(c, 0);
    if (rank >= 0 && rank != 3 && rank != 4)
        return pj_fail(c->err, PJ_ESHAPE, "the query has rank %d, not 3 or 4", rank);
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, -1), pj_in_dim(c, 1, -1), "head sizes of query and key", &out->key_size));
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, -2), pj_in_dim(c, 1, -2), "heads of query and key", &out->key_heads));
    out->heads = pj_in_dim(c, 2, -2);
    out->size = pj_in_dim(c, 2, -1);
    if (pj_num_known(out->heads) && pj_num_known(out->key_heads) && out->key_heads.whole > 0 &&
        out->heads.whole % out->key_heads.whole)
        return pj_fail(c->err, PJ_ESHAPE, "%lld value heads do not divide among %lld key heads",
                       (long long)out->heads.whole, (long long)out->key_heads.whole);
    out->tokens = rank < 0 ? pj_num_unknown() : pj_dims_product(c, pj_in_type(c, 0)->dims, 0, rank - 2);
    if (pj_has(c, STATE))
        out->batch = pj_in_dim(c, STATE, 0);
    else if (pj_has(c, CU_SEQLENS))
        out->batch = pj_num_sub(c->symbols, pj_in_dim(c, CU_SEQLENS, 0), pj_num_of(1));
    else
        out->batch = rank == 4 ? pj_in_dim(c, 0, 0) : pj_num_unknown();
    return PJ_OK;
}

/* output as v, for there are at least as many value heads; state [B, Hv, dv, dk]; captured steps [B, C * (Hv + Hk*dk +
 * Hv*dv)] */
static pj_status shape_delta_net(pj_ctx *c)
{
    pj_symbols *s = c->symbols;
    delta_net d;
    PJ_TRY(read_delta_net(c, &d));
    pj_num state[] = {d.batch, d.heads, d.size, d.key_size};
    pj_num step[] = {d.heads, pj_num_mul(s, d.key_heads, d.key_size), pj_num_mul(s, d.heads, d.size)};
    pj_num capacity = pj_num_of(pj_attr_int(c, "state_update_capacity", 0));
    pj_num captured[] = {d.batch, pj_num_mul(s, capacity, pj_num_sum(s, step, 3))};
    PJ_TRY(pj_set(c, 1, PJ_FLOAT32, 4, state));
    PJ_TRY(pj_set(c, 2, PJ_FLOAT32, 2, captured));
    return pj_set_shape_of(c, 0, pj_in_dtype(c, 0), 2);
}

/* What precedes the recurrence: qwen's decay, -exp(a_log) softplus(decay + dt_bias), 1 mul, 2 add, 1 exp, 1 log each
 * (the constants -exp(a_log) are computed at load); sigmoid of beta, 1 tanh; L2 normalization of q and k, 2 mul and 1
 * add per element, 1 sqrt and 1 div per head. */
static void count_delta_gates(pj_ctx *c, pj_work *work, const delta_net *d)
{
    if (strcmp(pj_attr_string(c, "gate_activation", "none"), "qwen") == 0)
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_LOG] = 1), pj_in_count(c, DECAY));
    if (strcmp(pj_attr_string(c, "beta_activation", "none"), "sigmoid") == 0)
        pj_work_add(c, work, PJ_TANH, pj_in_count(c, BETA));
    for (int i = 0; i < 2 && pj_attr_int(c, "qk_l2_norm", 0); i++) {
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_ADD] = 1), pj_in_count(c, i));
        pj_work_each(c, work, PJ_EACH([PJ_SQRT] = 1, [PJ_DIV] = 1),
                     pj_num_floor_div(c->symbols, pj_in_count(c, i), d->key_size));
    }
}

/* As LinearAttention (attention.c), step by step: writing the state and reading it with q, dk mac per element of v
 * each; the delta rule reads it once more, dk mac, 1 add, 1 mul. Decay: 1 exp per element of it, 1 mul per element of
 * the state. Scale: 1 mul per output. */
static pj_status work_delta_net(pj_ctx *c, pj_work *work)
{
    const char *rule = pj_attr_string(c, "update_rule", "gated_delta");
    bool gated = strncmp(rule, "gated", 5) == 0, delta = strstr(rule, "delta") != NULL;
    delta_net d;
    PJ_TRY(read_delta_net(c, &d));
    pj_num extents[] = {d.tokens, d.heads, d.size};
    pj_num values = pj_num_product(c->symbols, extents, 3), state = pj_num_mul(c->symbols, values, d.key_size);
    count_delta_gates(c, work, &d);
    pj_work_times(c, work, PJ_MAC, 2 + delta, state);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1 + delta, [PJ_ADD] = delta), values);
    work->terms = d.key_size;
    if (gated) {
        pj_work_add(c, work, PJ_EXP, pj_in_count(c, DECAY));
        pj_work_add(c, work, PJ_MUL, state);
    }
    return PJ_OK;
}

/* ---- hashes of n-grams of up to N ids, with so many heads for each length ---- */

/* Where an operator of this kind has its inputs beside ids, multipliers and sizes. */
typedef struct hash_places {
    int offsets, eos, segments;
} hash_places;

static const hash_places padded = {4, 5, 6};
static const hash_places packed = {5, 6, 7};

/* ids [...]: hashes [..., (N - 1)*heads]; the last ids of each sequence [batch, N - 1], twice for packed ones */
static pj_status set_hashes(pj_ctx *c, pj_num batch)
{
    int64_t longest = pj_attr_int(c, "max_ngram_size", 2);
    int rank = pj_in_rank(c, 0);
    pj_num dims[PJ_MAX_RANK + 1];
    if (longest < 2)
        return pj_fail(c->err, PJ_ESHAPE, "max_ngram_size is %lld; it must be 2 or more", (long long)longest);
    pj_num before = pj_num_of(longest - 1), last[] = {batch, before};
    PJ_TRY(pj_set(c, 1, pj_in_dtype(c, 0), 2, last));
    PJ_TRY(pj_set(c, 2, PJ_INT32, 2, last));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (rank >= 0)
        dims[rank] = pj_num_mul(c->symbols, before, pj_num_of(pj_attr_int(c, "n_head_per_ngram", 1)));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank < 0 ? -1 : rank + 1, dims);
}

static pj_status shape_hash(pj_ctx *c)
{
    return set_hashes(c, pj_in_dim(c, 0, 0));
}

/* cu_seqlens [B + 1] */
static pj_status shape_packed_hash(pj_ctx *c)
{
    return set_hashes(c, pj_num_sub(c->symbols, pj_in_dim(c, 3, 0), pj_num_of(1)));
}

/* Per id N mul and N - 1 logic: the hash of n ids goes on from that of n - 1. Per hash 1 div (the remainder), 1 add
 * for an offset. Resets at an end of sequence and at segments: 1 cmp per id each. */
static pj_status count_hashes(pj_ctx *c, pj_work *work, const hash_places *at)
{
    pj_num ids = pj_in_count(c, 0), hashes = pj_out_count(c, 0);
    int64_t longest = pj_attr_int(c, "max_ngram_size", 2);
    bool reset = pj_has(c, at->eos) && pj_attr_int(c, "reset_on_eos", 0) != 0;
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = longest, [PJ_LOGIC] = longest - 1), ids);
    pj_work_each(c, work, PJ_EACH([PJ_DIV] = 1, [PJ_ADD] = pj_has(c, at->offsets)), hashes);
    pj_work_times(c, work, PJ_CMP, reset + pj_has(c, at->segments), ids);
    return PJ_OK;
}

static pj_status work_hash(pj_ctx *c, pj_work *work)
{
    return count_hashes(c, work, &padded);
}

static pj_status work_packed_hash(pj_ctx *c, pj_work *work)
{
    return count_hashes(c, work, &packed);
}

/* 32 bits for each element */
static pj_status shape_murmur(pj_ctx *c)
{
    return pj_set_shape_of(c, 0, pj_attr_int(c, "positive", 1) ? PJ_UINT32 : PJ_INT32, 0);
}

/* Per word of 32 bits: 3 mul, 1 add, 1 logic, and two rotations of 2 shift and 1 logic; then the length, 1 logic, and
 * the final mix, 2 mul, 3 shift, 3 logic. How many words a string has only the run knows. */
static pj_status work_murmur(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    int bits = pj_dtype_bits(pj_in_dtype(c, 0));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3, [PJ_ADD] = 1, [PJ_LOGIC] = 3, [PJ_SHIFT] = 4),
                 bits ? pj_num_mul(c->symbols, pj_num_of((bits + 31) / 32), n) : pj_num_unknown());
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_LOGIC] = 4, [PJ_SHIFT] = 3), n);
    return PJ_OK;
}

/* ---- tokens ---- */

/* ids [B, S], scores [B, V] */
static pj_status shape_repeat_block(pj_ctx *c)
{
    pj_num same;
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0), "the batches of ids and scores", &same));
    return pj_set_same(c, 0, 1);
}

/* The last n - 1 ids are compared with those at each of S - n + 1 places, all of them counted: n - 1 cmp. */
static pj_status work_repeat_block(pj_ctx *c, pj_work *work)
{
    int64_t n = pj_attr_int(c, "ngram_size", 1);
    if (n < 1)
        return pj_fail(c->err, PJ_ESHAPE, "ngram_size is %lld; it must be 1 or more", (long long)n);
    pj_num places = pj_num_sub(c->symbols, pj_in_dim(c, 0, 1), pj_num_of(n - 1));
    places = pj_num_max(c->symbols, places, pj_num_of(0));
    pj_work_times(c, work, PJ_CMP, n - 1, pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), places));
    return PJ_OK;
}

/* source, current tokens, match so far, predicted tokens: of those, as many as agree are appended, and one more */
static pj_status shape_bifurcation(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 2));
    return pj_has(c, 3) ? pj_set_1d(c, 0, pj_in_dtype(c, 1), pj_num_unknown()) : pj_set_same(c, 0, 1);
}

/* [C] or [N, C]: the tokens along a new last axis, as long as the longest list; nothing stays nothing. */
static pj_status shape_tokenizer(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    if (rank == 0 || rank > 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; it must be [C] or [N,C]", rank);
    if (rank < 0 || pj_num_is(pj_in_count(c, 0), 0))
        return pj_set_shape_of(c, 0, PJ_STRING, 0);
    pj_num dims[] = {pj_in_dim(c, 0, 0), rank == 2 ? pj_in_dim(c, 0, 1) : pj_num_unknown(), pj_num_unknown()};
    return pj_set(c, 0, PJ_STRING, rank + 1, dims);
}

/* table [N, M], indices: [indices..., M] */
static pj_status shape_embedding(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1];
    int rank = pj_in_rank(c, 1);
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 1, k);
    if (rank >= 0)
        dims[rank] = pj_in_dim(c, 0, 1);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank < 0 ? -1 : rank + 1, dims);
}

/* ---- pieces and paths ---- */

/* All pieces of `size` along axis `dim`, `step` apart, on a new last axis: (length - size) / step + 1 of them */
static pj_status shape_unfold(pj_ctx *c)
{
    pj_symbols *s = c->symbols;
    int64_t size = pj_attr_int(c, "size", 0), step = pj_attr_int(c, "step", 1);
    int rank = pj_in_rank(c, 0), axis;
    pj_num dims[PJ_MAX_RANK + 1];
    if (size < 1 || step < 1)
        return pj_fail(c->err, PJ_ESHAPE, "pieces of %lld elements, %lld apart; both must be 1 or more",
                       (long long)size, (long long)step);
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    PJ_TRY(pj_axis(c, pj_attr_int(c, "dim", -1), rank, &axis));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (pj_num_known(dims[axis]) && dims[axis].whole < size)
        return pj_fail(c->err, PJ_ESHAPE, "pieces of %lld elements from an axis of %lld", (long long)size,
                       (long long)dims[axis].whole);
    dims[axis] = pj_num_floor_div(s, pj_num_sub(s, dims[axis], pj_num_of(size)), pj_num_of(step));
    dims[axis] = pj_num_add(s, dims[axis], pj_num_of(1));
    dims[rank] = pj_num_of(size);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank + 1, dims);
}

/* costs [M, N] or [1, M, N]: rows and columns of the cheapest path, as long as the costs make it */
static pj_status shape_time_warping(pj_ctx *c)
{
    pj_num dims[] = {pj_num_of(2), pj_num_unknown()};
    int rank = pj_in_rank(c, 0);
    if (rank >= 0 && rank != 2 && rank != 3)
        return pj_fail(c->err, PJ_ESHAPE, "the costs have rank %d, not 2 or 3", rank);
    return pj_set(c, 0, PJ_INT32, 2, dims);
}

/* Per cost: the cheapest of three ways to it, 2 cmp; 1 add. */
static pj_status work_time_warping(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 2, [PJ_ADD] = 1), pj_in_count(c, 0));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "LinearAttentionGate",    1, "xppx",        0,            shape_linear_gate,  NULL, work_linear_gate     },
    {MS, "GatedDeltaNet",          1, "xxxixxxppic", 0,            shape_delta_net,    NULL, work_delta_net       },
    {MS, "NGramHashMapping",       1, "ippipci",     0,            shape_hash,         NULL, work_hash            },
    {MS, "VarlenNGramHashMapping", 1, "ippiipcii",   0,            shape_packed_hash,  NULL, work_packed_hash     },
    {MS, "MurmurHash3",            1, "x",           0,            shape_murmur,       NULL, work_murmur          },
    {MS, "NGramRepeatBlock",       1, "ix",          0,            shape_repeat_block, NULL, work_repeat_block    },
    {MS, "BifurcationDetector",    1, "iiii",        PJ_OPAQUE_OP, shape_bifurcation,  NULL, NULL                 },
    {MS, "Tokenizer",              1, "x",           PJ_OPAQUE_OP, shape_tokenizer,    NULL, NULL                 },
    {MS, "TorchEmbedding",         1, "picc",        PJ_MOVE,      shape_embedding,    NULL, pj_work_reads_outputs},
    {MS, "UnfoldTensor",           1, "x",           PJ_MOVE,      shape_unfold,       NULL, NULL                 },
    {MS, "DynamicTimeWarping",     1, "x",           0,            shape_time_warping, NULL, work_time_warping    },
};

PJ_FAMILY(contrib_sequence);
