/* Attention as ONNX defines it: Attention, FlexAttention, linear attention, rotary embeddings, SwiGLU. */
#include "ops/attend.h"
#include "ops/families.h"
#include "ops/subgraph.h"

#define MS      "com.microsoft"
#define PREVIEW "ai.onnx.preview"

/* Attention, FlexAttention: q, k, v[, mask, past key, past value, lengths]. Sequences as [B, S, heads*size] with the
 * numbers of heads in attributes. */
static pj_status read_packed(pj_ctx *c, pj_attend *out)
{
    out->heads = pj_num_of(pj_attr_int(c, "q_num_heads", 0));
    out->kv_heads = pj_num_of(pj_attr_int(c, "kv_num_heads", 0));
    if (pj_num_is(out->heads, 0) || pj_num_is(out->kv_heads, 0))
        return pj_fail(c->err, PJ_ESHAPE, "inputs of rank 3 need the attributes q_num_heads and kv_num_heads");
    out->queries = pj_in_dim(c, 0, 1);
    out->keys = pj_in_dim(c, 1, 1);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 2), out->heads, &out->key_size));
    return pj_attend_split(c, pj_in_dim(c, 2, 2), out->kv_heads, &out->value_size);
}

/* Sequences as [B, heads, S, size]. */
static pj_status read_split(pj_ctx *c, pj_attend *out)
{
    out->heads = pj_in_dim(c, 0, 1);
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, 1), pj_in_dim(c, 2, 1), "the heads of K and V", &out->kv_heads));
    out->queries = pj_in_dim(c, 0, 2);
    out->keys = pj_in_dim(c, 1, 2);
    out->value_size = pj_in_dim(c, 2, 3);
    return pj_same_dim(c, pj_in_dim(c, 0, 3), pj_in_dim(c, 1, 3), "the head sizes of Q and K", &out->key_size);
}

/* The keys from `left_window_size` before a query to `right_window_size` after it; without a bound on either side all.
 */
static pj_num read_window(pj_ctx *c)
{
    int64_t left = pj_attr_int(c, "left_window_size", -1), right = pj_attr_int(c, "right_window_size", -1);
    bool is_causal = pj_attr_int(c, "is_causal", 0) != 0;
    if (left < 0 || (right < 0 && !is_causal))
        return pj_num_of(0);
    pj_num sides = pj_num_add(c->symbols, pj_num_of(left), pj_num_of(is_causal || right < 0 ? 0 : right));
    return pj_num_add(c->symbols, sides, pj_num_of(1));
}

/* Extents, from whichever of Q, K, V has a rank; *rank -1: none has. out->keys counts cached keys, too. */
static pj_status read_attention(pj_ctx *c, int *rank, pj_attend *out)
{
    pj_num same;
    memset(out, 0, sizeof *out);
    *rank = -1;
    for (int i = 0; i < 3; i++) {
        int mine = pj_in_rank(c, i);
        if (mine >= 0 && mine != 3 && mine != 4)
            return pj_fail(c->err, PJ_ESHAPE, "attention inputs have rank 3 or 4, not %d", mine);
        if (mine >= 0 && *rank >= 0 && mine != *rank)
            return pj_fail(c->err, PJ_ESHAPE, "attention inputs of rank %d and %d do not go together", *rank, mine);
        *rank = mine >= 0 ? mine : *rank;
    }
    PJ_TRY(*rank == 3 ? read_packed(c, out) : read_split(c, out));
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0), "the batches of Q and K", &out->batch));
    PJ_TRY(pj_same_dim(c, out->keys, pj_in_dim(c, 2, *rank - 2), "the lengths of K and V", &same));
    if (pj_num_known(out->heads) && pj_num_known(out->kv_heads) && out->kv_heads.whole > 0 &&
        out->heads.whole % out->kv_heads.whole != 0)
        return pj_fail(c->err, PJ_ESHAPE, "%lld query heads do not share %lld key heads evenly",
                       (long long)out->heads.whole, (long long)out->kv_heads.whole);
    if (pj_has(c, 4))
        out->keys = pj_num_add(c->symbols, pj_in_dim(c, 4, 2), out->keys);
    out->masks = pj_has(c, 3) || pj_has(c, 6) || pj_attr_int(c, "is_causal", 0) != 0 ||
                 pj_attr_int(c, "left_window_size", -1) >= 0 || pj_attr_int(c, "right_window_size", -1) >= 0;
    out->capped = pj_attr_float(c, "softcap", 0.0) > 0.0;
    out->window = read_window(c);
    return PJ_OK;
}

/* y as Q with V's head size, present key and value [B, heads, S, size], scores [B, heads, Sq, Skv] */
static pj_status shape_attention(pj_ctx *c)
{
    pj_attend a;
    int rank;
    PJ_TRY(read_attention(c, &rank, &a));
    pj_num split[] = {a.batch, a.heads, a.queries, a.value_size};
    pj_num packed[] = {a.batch, a.queries, pj_num_mul(c->symbols, a.heads, a.value_size)};
    pj_num key[] = {a.batch, a.kv_heads, a.keys, a.key_size}, value[] = {a.batch, a.kv_heads, a.keys, a.value_size};
    pj_num scores[] = {a.batch, a.heads, a.queries, a.keys};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), rank, rank == 3 ? packed : split));
    PJ_TRY(pj_set(c, 1, pj_in_dtype(c, 1), 4, key));
    PJ_TRY(pj_set(c, 2, pj_in_dtype(c, 2), 4, value));
    return pj_set(c, 3, pj_in_dtype(c, 0), 4, scores);
}

static pj_status work_attention(pj_ctx *c, pj_work *work)
{
    pj_attend a;
    int rank;
    PJ_TRY(read_attention(c, &rank, &a));
    pj_attend_count(c, work, &a);
    return PJ_OK;
}

/* The subgraphs of FlexAttention: each takes the scores [B, heads, Sq, Skv] as a tensor, or (later drafts) one score
 * and its four indices as scalars. */
static const char *const modifiers[] = {"score_mod", "mask_mod", "prob_mod"};

/* Infers one of them; `scores` are its dims. */
static pj_status enter_modifier(pj_ctx *c, pj_graph *graph, const pj_num *scores, pj_num count)
{
    bool whole = graph->inputs == 1;
    pj_type score = pj_type_tensor(pj_in_dtype(c, 0), whole ? 4 : 0, scores);
    for (int i = 0; i < graph->inputs; i++) {
        bool index = i > 0 || graph->inputs == 4;
        PJ_TRY(pj_subgraph_enter(c, graph, i, index ? pj_type_tensor(PJ_INT64, 0, NULL) : score, NULL, 0));
    }
    graph->runs = whole ? pj_num_of(1) : count;
    return c->driver->infer_graph(c, graph);
}

static pj_status shape_flex_attention(pj_ctx *c)
{
    pj_attend a;
    int rank;
    PJ_TRY(read_attention(c, &rank, &a));
    pj_num y[] = {a.batch, a.heads, a.queries, a.value_size}, scores[] = {a.batch, a.heads, a.queries, a.keys};
    const pj_num *dims = pj_arena_memdup(c->arena, scores, 4, sizeof *scores);
    PJ_TRY(pj_got(dims, c->err));
    for (size_t k = 0; k < sizeof modifiers / sizeof *modifiers; k++) {
        pj_graph *graph = pj_attr_graph(c, modifiers[k]);
        if (graph)
            PJ_TRY(enter_modifier(c, graph, dims, pj_attend_scores(c, &a)));
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, y);
}

/* Attention, and each subgraph: once, or once for each score. */
static pj_status work_flex_attention(pj_ctx *c, pj_work *work)
{
    pj_attend a;
    int rank;
    PJ_TRY(read_attention(c, &rank, &a));
    pj_attend_count(c, work, &a);
    for (size_t k = 0; k < sizeof modifiers / sizeof *modifiers; k++) {
        const pj_graph *graph = pj_attr_graph(c, modifiers[k]);
        if (graph)
            PJ_TRY(pj_subgraph_work(c, work, graph, graph->runs));
    }
    return PJ_OK;
}

/* LinearAttention: q [B, T, Hq*dk], k [B, T, Hkv*dk], v [B, T, Hkv*dv][, state, decay, beta] */
typedef struct linear {
    bool gated, delta;
    pj_num batch, steps, heads, kv_heads, readers, key_size, value_size;
} linear;

static pj_status read_linear(pj_ctx *c, linear *out)
{
    const char *rule = pj_attr_string(c, "update_rule", "gated_delta");
    memset(out, 0, sizeof *out);
    out->gated = strcmp(rule, "gated") == 0 || strcmp(rule, "gated_delta") == 0;
    out->delta = strcmp(rule, "delta") == 0 || strcmp(rule, "gated_delta") == 0;
    if (!out->gated && !out->delta && strcmp(rule, "linear") != 0)
        return pj_fail(c->err, PJ_ESHAPE, "update_rule '%s' is none of linear, gated, delta, gated_delta", rule);
    out->heads = pj_num_of(pj_attr_int(c, "q_num_heads", 0));
    out->kv_heads = pj_num_of(pj_attr_int(c, "kv_num_heads", 0));
    out->readers = pj_num_max(c->symbols, out->heads, out->kv_heads);
    out->batch = pj_in_dim(c, 0, 0);
    out->steps = pj_in_dim(c, 0, 1);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 2), out->heads, &out->key_size));
    return pj_attend_split(c, pj_in_dim(c, 2, 2), out->kv_heads, &out->value_size);
}

/* output [B, T, H*dv]; state [B, Hkv, dk, dv], or as many of them as state_window says in front */
static pj_status shape_linear_attention(pj_ctx *c)
{
    linear a;
    int64_t window = pj_attr_int(c, "state_window", 0);
    PJ_TRY(read_linear(c, &a));
    pj_num y[] = {a.batch, a.steps, pj_num_mul(c->symbols, a.readers, a.value_size)};
    pj_num state[] = {pj_num_of(window), a.batch, a.kv_heads, a.key_size, a.value_size};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), 3, y));
    return pj_set(c, 1, pj_in_dtype(c, pj_has(c, 3) ? 3 : 0), window > 0 ? 5 : 4, window > 0 ? state : state + 1);
}

/* Per token: writing k*v' into the state, 1 mac per state element; reading it with each query, dk*dv mac; the delta
 * rule reads it once more, subtracts from v and multiplies by beta (dv add, dv mul). Decay: 1 exp per element of it,
 * 1 mul per state element. Scale: 1 mul per output. */
static pj_status work_linear_attention(pj_ctx *c, pj_work *work)
{
    linear a;
    PJ_TRY(read_linear(c, &a));
    pj_num values[] = {a.batch, a.steps, a.kv_heads, a.value_size};
    pj_num outputs[] = {a.batch, a.steps, a.readers, a.value_size};
    pj_num value = pj_num_product(c->symbols, values, 4), output = pj_num_product(c->symbols, outputs, 4);
    pj_num state = pj_num_mul(c->symbols, value, a.key_size);
    pj_work_times(c, work, PJ_MAC, a.delta ? 2 : 1, state);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, output, a.key_size));
    pj_work_add(c, work, PJ_MUL, output);
    work->terms = a.key_size;
    if (a.delta) {
        pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_MUL] = 1), value);
    }
    if (a.gated) {
        pj_work_add(c, work, PJ_EXP, pj_in_count(c, 4));
        pj_work_add(c, work, PJ_MUL, state);
    }
    return PJ_OK;
}

/* Rotary embeddings: x [B, S, heads*size] or [B, heads, S, size]. Elements that are rotated: all, or the first
 * rotary_embedding_dim of each head. */
static pj_status rotated(pj_ctx *c, pj_num *out)
{
    int64_t part = pj_attr_int(c, "rotary_embedding_dim", 0);
    pj_num size = pj_in_dim(c, 0, -1), n = pj_in_count(c, 0);
    *out = n;
    if (part <= 0)
        return PJ_OK;
    if (pj_in_rank(c, 0) == 3)
        PJ_TRY(pj_attend_split(c, size, pj_num_of(pj_attr_int(c, "num_heads", 0)), &size));
    *out = pj_num_mul(c->symbols, pj_num_floor_div(c->symbols, n, size), pj_num_of(part));
    return PJ_OK;
}

/* With positions, a row of each cache is read for each token; without, the caches hold just those rows. */
static pj_status count_rotary(pj_ctx *c, pj_work *work, int cosine, int positions)
{
    pj_num n, tokens = pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), pj_in_dim(c, 0, -2));
    if (pj_in_rank(c, 0) == 3)
        tokens = pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1));
    PJ_TRY(rotated(c, &n));
    pj_attend_rotate(c, work, n);
    for (int i = cosine; i <= cosine + 1; i++)
        if (pj_has(c, positions) && pj_has(c, i))
            work->read[i] = pj_num_mul(c->symbols, tokens, pj_in_dim(c, i, -1));
    return PJ_OK;
}

/* x, cosines, sines[, positions] */
static pj_status work_rotary(pj_ctx *c, pj_work *work)
{
    return count_rotary(c, work, 1, 3);
}

/* x, positions, cosines, sines */
static pj_status work_rotary_ms(pj_ctx *c, pj_work *work)
{
    return count_rotary(c, work, 2, 1);
}

/* embedding [B, S, D], q, rotated q, k, rotated k [B, heads, S, D] */
static pj_status shape_gemma_rotary(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 0, 1));
    return pj_set_same(c, 1, 3);
}

/* Sine and cosine of the embedding, then 2 mul and 1 add per element of q and k. */
static pj_status work_gemma_rotary(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_SIN, 2, pj_in_count(c, 0));
    pj_attend_rotate(c, work, pj_in_count(c, 1));
    pj_attend_rotate(c, work, pj_in_count(c, 3));
    return PJ_OK;
}

/* SwiGLU: a * sigmoid(alpha * a) * b */
PJ_WORK_EACH(swiglu, [PJ_MUL] = pj_attr_float(c, "alpha", 1.0) == 1.0 ? 2 : 3, [PJ_TANH] = 1)

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

/* As LinearAttention, step by step: writing the state and reading it with q, dk mac per element of v
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

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",      "Attention",            23, "xxxxxxi",     0,          shape_attention,        NULL, work_attention       },
    {PREVIEW, "FlexAttention",        1,  "xxx",         PJ_CONTROL, shape_flex_attention,   NULL, work_flex_attention  },
    {"",      "LinearAttention",      27, "xxxxxx",      0,          shape_linear_attention, NULL, work_linear_attention},
    {MS,      "LinearAttention",      1,  "xxxxxx",      0,          shape_linear_attention, NULL, work_linear_attention},
    {"",      "RotaryEmbedding",      23, "xppi",        0,          pj_shape_same,          NULL, work_rotary          },
    {MS,      "RotaryEmbedding",      1,  "xipp",        0,          pj_shape_same,          NULL, work_rotary_ms       },
    {MS,      "MRotaryEmbedding",     1,  "xipp",        0,          pj_shape_same,          NULL, work_rotary_ms       },
    {MS,      "GemmaRotaryEmbedding", 1,  "xxxxx",       0,          shape_gemma_rotary,     NULL, work_gemma_rotary    },
    {"",      "SwiGLU",               28, "xx",          0,          pj_shape_same,          NULL, work_swiglu          },
    {MS,      "LinearAttentionGate",  1,  "xppx",        0,          shape_linear_gate,      NULL, work_linear_gate     },
    {MS,      "GatedDeltaNet",        1,  "xxxixxxppic", 0,          shape_delta_net,        NULL, work_delta_net       },
};

PJ_FAMILY(attention);
