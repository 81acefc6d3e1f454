/* Attention layers as ONNX Runtime fuses them: with the projections inside, with caches, on packed batches. */
#include "ops/attend.h"
#include "ops/families.h"
#include "ops/loops.h"

#define MS "com.microsoft"

/* A length that only the run knows is taken from the size of the cache; says so. */
static pj_num assumed_length(pj_ctx *c, const char *input, pj_num length)
{
    pj_str text = pj_str_new(0);
    pj_num_print(length, &text);
    pj_diag_add(c->diags, PJ_DIAG_ASSUMED_DIM, c->node->label, "%s is not known; %s keys are counted", input,
                text.data);
    pj_str_free(&text);
    return length;
}

/* Projections inside: x [B, S, I], weights [I, Dq + Dk + Dv]. Where a layer of this kind has its inputs; -1: nowhere.
 */
typedef struct places {
    int bias, mask, past, extra, past_length, tokens; /* extra: a bias on the scores; tokens: offsets [B, S] */
} places;

/* The sizes of one such layer. `attend` without the cached keys; `qkv` are Dq, Dk, Dv, `projected` their sum. */
typedef struct merged {
    pj_attend attend;
    pj_num rows, input, qkv[3], projected;
} merged;

/* Dq, Dk, Dv from the attribute qkv_hidden_sizes, else thirds of the weights' columns. */
static pj_status read_sizes(pj_ctx *c, merged *out)
{
    pj_list sizes;
    PJ_TRY(pj_list_of(c, "qkv_hidden_sizes", -1, &sizes));
    if (sizes.given && sizes.count != 3 && sizes.count != 0)
        return pj_fail(c->err, PJ_ESHAPE, "qkv_hidden_sizes has %d numbers, not 3", sizes.count);
    for (int k = 0; k < 3; k++)
        out->qkv[k] = sizes.count == 3 ? sizes.num[k] : pj_num_floor_div(c->symbols, pj_in_dim(c, 1, 1), pj_num_of(3));
    out->projected = pj_num_sum(c->symbols, out->qkv, 3);
    return pj_same_dim(c, out->projected, pj_in_dim(c, 1, 1), "the sizes of Q, K and V together against the weights",
                       &out->projected);
}

static pj_status read_merged(pj_ctx *c, const places *at, merged *out)
{
    bool packed = at->tokens >= 0;
    int rank = packed ? 2 : 3;
    pj_attend *a = &out->attend;
    memset(out, 0, sizeof *out);
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != rank)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, not %d", pj_in_rank(c, 0), rank);
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, -1), pj_in_dim(c, 1, 0), "the input size against the weights", &out->input));
    PJ_TRY(read_sizes(c, out));
    a->heads = a->kv_heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a->batch = packed ? pj_num_of(1) : pj_in_dim(c, 0, 0);
    a->queries = pj_in_dim(c, 0, packed ? 0 : 1);
    a->keys = packed ? pj_in_dim(c, at->tokens, 1) : a->queries;
    a->masks = (pj_has(c, at->mask) || pj_attr_int(c, "unidirectional", 0) != 0) + pj_has(c, at->extra);
    out->rows = pj_num_mul(c->symbols, a->batch, a->queries);
    PJ_TRY(pj_attend_split(c, out->qkv[0], a->heads, &a->key_size));
    return pj_attend_split(c, out->qkv[2], a->heads, &a->value_size);
}

/* Are past and present one buffer, with room for more keys than it holds? */
static bool shares_buffer(pj_ctx *c)
{
    return pj_attr_int(c, "past_present_share_buffer", 0) != 0;
}

/* output as the input with Dv columns; present [2, B, heads, past + S, size], or the shared buffer */
static pj_status shape_merged(pj_ctx *c, const places *at, pj_dtype dtype)
{
    merged m;
    PJ_TRY(read_merged(c, at, &m));
    pj_num y[] = {m.attend.batch, m.attend.queries, m.qkv[2]};
    bool packed = at->tokens >= 0;
    PJ_TRY(pj_set(c, 0, dtype, packed ? 2 : 3, packed ? y + 1 : y));
    if (pj_has(c, at->past) && shares_buffer(c))
        return pj_set_shape_of(c, 1, dtype, at->past);
    pj_num keys = m.attend.keys;
    if (pj_has(c, at->past))
        keys = pj_num_add(c->symbols, pj_in_dim(c, at->past, 3), keys);
    pj_num present[] = {pj_num_of(2), m.attend.batch, m.attend.heads, keys, m.attend.key_size};
    return pj_set(c, 1, dtype, 5, present);
}

/* mac rows * I * (Dq + Dk + Dv) and a bias add per projected element; then attention over past and new keys. */
static pj_status count_merged(pj_ctx *c, pj_work *work, const places *at)
{
    merged m;
    PJ_TRY(read_merged(c, at, &m));
    pj_num projected = pj_num_mul(c->symbols, m.rows, m.projected);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, projected, m.input));
    work->terms = m.input;
    pj_loops_product(work, 0, 1, pj_num_of(1), m.rows, m.projected, m.input);
    pj_work_times(c, work, PJ_ADD, pj_has(c, at->bias), projected);
    if (pj_attr_int(c, "do_rotary", 0) != 0)
        pj_attend_rotate(c, work, pj_num_mul(c->symbols, m.rows, pj_num_add(c->symbols, m.qkv[0], m.qkv[1])));
    if (pj_has(c, at->past)) {
        pj_num past = pj_in_dim(c, at->past, 3), held = pj_in_scalar(c, at->past_length);
        if (shares_buffer(c))
            past = pj_num_is_unknown(held) ? pj_num_sub(c->symbols, past, m.attend.keys) : held;
        m.attend.keys = pj_num_add(c->symbols, past, m.attend.keys);
        if (shares_buffer(c) && pj_num_is_unknown(held))
            assumed_length(c, "past_sequence_length", m.attend.keys);
    }
    pj_attend_count(c, work, &m.attend);
    return PJ_OK;
}

/* x, weights, bias, mask, past, score bias, past length */
static const places attention_places = {2, 3, 4, 5, 6, -1};

PJ_SHAPE(attention, shape_merged(c, &attention_places, pj_in_dtype(c, 0)))

static pj_status work_attention(pj_ctx *c, pj_work *work)
{
    return count_merged(c, work, &attention_places);
}

/* x, weights, bias, token offsets, cumulated lengths, score bias: as many keys as the longest sequence has are counted
 * for each token */
static const places packed_places = {2, -1, -1, 5, -1, 3};

PJ_SHAPE(packed, shape_merged(c, &packed_places, pj_in_dtype(c, 0)))

static pj_status work_packed(pj_ctx *c, pj_work *work)
{
    return count_merged(c, work, &packed_places);
}

/* x, weights, bias, scales of x and weights, mask, their zero points, past */
static const places quantized_places = {2, 5, 8, -1, -1, -1};

PJ_SHAPE(quantized, shape_merged(c, &quantized_places, pj_in_dtype(c, 3)))

/* The projections are integer products: 1 round and 1 mul (both scales) bring each to float. */
static pj_status work_quantized(pj_ctx *c, pj_work *work)
{
    merged m;
    PJ_TRY(read_merged(c, &quantized_places, &m));
    pj_num projected = pj_num_mul(c->symbols, m.rows, m.projected);
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1), projected);
    return count_merged(c, work, &quantized_places);
}

/* q, k, v given, equal numbers of heads. Inputs of a multi-head attention beside q, k, v at 0, 1, 2. */
typedef struct mha_places {
    int bias, mask, extra, past, past_length;
} mha_places;

static const mha_places multi_head = {3, 4, 5, 6, 8};
static const mha_places decoder_multi_head = {10, 3, 4, 5, 7};

/* Sizes of one. `added` are the new keys; attend.keys all of them. */
typedef struct mha {
    pj_attend attend;
    pj_num added, hidden, value_hidden;
    bool shared; /* past and present are one buffer */
} mha;

/* q [B, S, D]; k [B, L, D], packed k and v [B, L, heads, 2, size], or a cache [B, heads, L, size]; v likewise.
 * Packed q, k, v: [B, S, heads, 3, size], or [B, S, 3*D] without k and v. */
static pj_status read_mha_sizes(pj_ctx *c, mha *out)
{
    pj_attend *a = &out->attend;
    int key = pj_in_rank(c, 1), value = pj_in_rank(c, 2);
    pj_num three = pj_num_of(3);
    out->hidden = pj_in_rank(c, 0) == 5 ? pj_num_mul(c->symbols, a->heads, pj_in_dim(c, 0, 4)) : pj_in_dim(c, 0, 2);
    if (pj_in_rank(c, 0) == 3 && !pj_has(c, 1))
        out->hidden = pj_num_floor_div(c->symbols, out->hidden, three);
    out->value_hidden = out->hidden;
    out->added = pj_has(c, 1) ? pj_in_dim(c, 1, key == 4 ? 2 : 1) : a->queries;
    if (value == 3)
        out->value_hidden = pj_in_dim(c, 2, 2);
    else if (value == 4)
        out->value_hidden = pj_num_mul(c->symbols, a->heads, pj_in_dim(c, 2, 3));
    PJ_TRY(pj_attend_split(c, out->hidden, a->heads, &a->key_size));
    return pj_attend_split(c, out->value_hidden, a->heads, &a->value_size);
}

static pj_status read_mha(pj_ctx *c, const mha_places *at, mha *out)
{
    pj_attend *a = &out->attend;
    int rank = pj_in_rank(c, 0);
    memset(out, 0, sizeof *out);
    if (rank >= 0 && rank != 3 && rank != 5)
        return pj_fail(c->err, PJ_ESHAPE, "the query has rank 3, or 5 with keys and values in it, not %d", rank);
    a->batch = pj_in_dim(c, 0, 0);
    a->heads = a->kv_heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a->queries = pj_in_dim(c, 0, 1);
    a->masks = (pj_has(c, at->mask) || pj_attr_int(c, "unidirectional", 0) != 0) + pj_has(c, at->extra);
    PJ_TRY(read_mha_sizes(c, out));
    a->keys = out->added;
    out->shared = pj_has(c, at->past) && (shares_buffer(c) || (at == &multi_head && pj_has(c, at->past_length)));
    if (pj_has(c, at->past))
        a->keys =
            out->shared ? pj_in_dim(c, at->past, 2) : pj_num_add(c->symbols, pj_in_dim(c, at->past, 2), out->added);
    return PJ_OK;
}

/* output [B, S, Dv], present key and value [B, heads, keys, size], scores [B, heads, S, keys] */
static pj_status shape_mha_at(pj_ctx *c, const mha_places *at)
{
    mha m;
    PJ_TRY(read_mha(c, at, &m));
    const pj_attend *a = &m.attend;
    pj_num y[] = {a->batch, a->queries, m.value_hidden}, scores[] = {a->batch, a->heads, a->queries, a->keys};
    pj_num key[] = {a->batch, a->heads, a->keys, a->key_size}, value[] = {a->batch, a->heads, a->keys, a->value_size};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), 3, y));
    PJ_TRY(pj_set(c, 1, pj_in_dtype(c, 0), 4, key));
    PJ_TRY(pj_set(c, 2, pj_in_dtype(c, 0), 4, value));
    return pj_set(c, 3, pj_in_dtype(c, 0), 4, scores);
}

/* Attention, and a bias add for each element of q and of the new keys and values. */
static pj_status work_mha_at(pj_ctx *c, pj_work *work, const mha_places *at)
{
    mha m;
    PJ_TRY(read_mha(c, at, &m));
    pj_num held = pj_in_scalar(c, at->past_length);
    if (m.shared)
        m.attend.keys = pj_num_is_unknown(held) ? assumed_length(c, "past_sequence_length", m.attend.keys)
                                                : pj_num_add(c->symbols, held, m.added);
    pj_attend_count(c, work, &m.attend);
    if (pj_has(c, at->bias)) {
        bool cached = pj_in_rank(c, 1) == 4; /* cross attention: keys and values have their biases already */
        pj_num sizes = pj_num_add(c->symbols, m.hidden, m.value_hidden), rows = m.attend.batch;
        pj_num key[] = {rows, m.added, sizes}, query[] = {rows, m.attend.queries, m.hidden};
        pj_work_add(c, work, PJ_ADD, pj_num_product(c->symbols, query, 3));
        if (!cached)
            pj_work_add(c, work, PJ_ADD, pj_num_product(c->symbols, key, 3));
    }
    return PJ_OK;
}

PJ_SHAPE(mha, shape_mha_at(c, &multi_head))

static pj_status work_mha(pj_ctx *c, pj_work *work)
{
    return work_mha_at(c, work, &multi_head);
}

PJ_SHAPE(decoder_mha, shape_mha_at(c, &decoder_multi_head))

static pj_status work_decoder_mha(pj_ctx *c, pj_work *work)
{
    return work_mha_at(c, work, &decoder_multi_head);
}

/* q, k, v [tokens, D], or q [tokens, heads, 3, size]; bias, token offsets [B, S], cumulated lengths, score bias */
static pj_status read_packed_mha(pj_ctx *c, pj_attend *a, pj_num *value_hidden)
{
    bool all = pj_in_rank(c, 0) == 4;
    memset(a, 0, sizeof *a);
    a->batch = pj_num_of(1);
    a->heads = a->kv_heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a->queries = pj_in_dim(c, 0, 0);
    a->keys = pj_in_dim(c, 4, 1);
    a->masks = pj_has(c, 6);
    a->key_size = a->value_size = pj_in_dim(c, 0, 3);
    *value_hidden = pj_num_mul(c->symbols, a->heads, a->value_size);
    if (all)
        return PJ_OK;
    *value_hidden = pj_in_dim(c, 2, 1);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 1), a->heads, &a->key_size));
    return pj_attend_split(c, *value_hidden, a->heads, &a->value_size);
}

static pj_status shape_packed_mha(pj_ctx *c)
{
    pj_attend a;
    pj_num y[2];
    PJ_TRY(read_packed_mha(c, &a, &y[1]));
    y[0] = a.queries;
    return pj_set(c, 0, pj_in_dtype(c, 0), 2, y);
}

/* As many keys as the longest sequence has are counted for each token; a bias adds to q, k and v. */
static pj_status work_packed_mha(pj_ctx *c, pj_work *work)
{
    pj_attend a;
    pj_num value_hidden;
    PJ_TRY(read_packed_mha(c, &a, &value_hidden));
    pj_attend_count(c, work, &a);
    pj_work_times(c, work, PJ_ADD, pj_has(c, 3), pj_num_mul(c->symbols, a.queries, pj_in_count(c, 3)));
    return PJ_OK;
}

/* Int8 in cuBLASLt's orders, which change where an element is stored, not the shape. x [B, S, I], its scale, scales of
 * q, k, v, weights [I, D] of each, their scales, biases, scales of the scores, the softmax and the output, mask, past,
 * score bias; a past is not supported by the operator. */
enum { Q_WEIGHT = 5, V_WEIGHT = 7, ORDERED_MASK = 17, SCORE_BIAS = 19 };

static pj_status shape_q_attention(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1), pj_in_dim(c, V_WEIGHT, 1)}, same;
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 3)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, not 3", pj_in_rank(c, 0));
    for (int i = Q_WEIGHT; i <= V_WEIGHT; i++)
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 2), pj_in_dim(c, i, 0), "the input size against the weights", &same));
    return pj_set(c, 0, pj_in_dtype(c, 0), 3, dims);
}

/* Projections: B*S*I mac per column of the weights; each result 1 add (bias), 1 mul, 1 round (to int8). Attention;
 * beside it, per score 3 mul and 3 round (the product to int8, to float for the softmax, whose result to int8), per
 * output 1 mul and 1 round. */
static pj_status work_q_attention(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num rows = pj_num_mul(s, pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1)), columns = pj_num_of(0);
    pj_attend a = {.batch = pj_in_dim(c, 0, 0), .queries = pj_in_dim(c, 0, 1), .keys = pj_in_dim(c, 0, 1)};
    a.heads = a.kv_heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a.masks = (pj_has(c, ORDERED_MASK) || pj_attr_int(c, "unidirectional", 0) != 0) + pj_has(c, SCORE_BIAS);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, Q_WEIGHT, 1), a.heads, &a.key_size));
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, V_WEIGHT, 1), a.heads, &a.value_size));
    for (int i = Q_WEIGHT; i <= V_WEIGHT; i++)
        columns = pj_num_add(s, columns, pj_in_dim(c, i, 1));
    pj_num projected = pj_num_mul(s, rows, columns);
    pj_num scores = pj_num_mul(s, pj_num_of(3), pj_attend_scores(c, &a));
    pj_num scaled = pj_num_add(s, pj_num_add(s, projected, scores), pj_out_count(c, 0));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, projected, pj_in_dim(c, 0, 2)));
    pj_loops_product(work, 0, Q_WEIGHT, pj_num_of(1), rows, columns, pj_in_dim(c, 0, 2));
    pj_work_add(c, work, PJ_ADD, projected);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1), scaled);
    work->terms = pj_in_dim(c, 0, 2);
    pj_attend_count(c, work, &a);
    return PJ_OK;
}

#define Q_ATTENTION "xsssswwwsssbbbsssixx"
#define LONGFORMER  "xswsbssiwsbsis"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "Attention",                       1, "xwbixxc",     0,            shape_attention,   NULL, work_attention  },
    {MS, "DecoderMaskedSelfAttention",      1, "xwbixxcci",   0,            shape_attention,   NULL, work_attention  },
    {MS, "PackedAttention",                 1, "xwbiix",      0,            shape_packed,      NULL, work_packed     },
    {MS, "QAttention",                      1, "xwbssizzx",   0,            shape_quantized,   NULL, work_quantized  },
    {MS, "MultiHeadAttention",              1, "xxxbixxxci",  0,            shape_mha,         NULL, work_mha        },
    {MS, "DecoderMaskedMultiHeadAttention", 1, "xxxixxxccib", 0,            shape_decoder_mha, NULL, work_decoder_mha},
    {MS, "PackedMultiHeadAttention",        1, "xxxbiix",     0,            shape_packed_mha,  NULL, work_packed_mha },
    {MS, "QOrderedAttention",               1, Q_ATTENTION,   0,            shape_q_attention, NULL, work_q_attention},
    {MS, "QOrderedLongformerAttention",     1, LONGFORMER,    PJ_OPAQUE_OP, pj_shape_same,     NULL, NULL            },
};

PJ_FAMILY(fused_attention);
