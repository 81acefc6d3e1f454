/* ONNX Runtime's attention with grouped heads and key-value caches, and attention whose pattern only the run knows. */
#include "ops/attend.h"
#include "ops/families.h"

#define MS "com.microsoft"

/* q, k, v as [B, S, heads*size], or packed as [B, S, (heads + 2*kv_heads)*size]. Sizes. attend.keys are the new ones
 * alone. */
typedef struct grouped {
    pj_attend attend;
    bool packed;
    pj_num present; /* keys that the cache has after the run; unknown where the run decides */
} grouped;

/* Keys that a query attends to: `local_window_size` of them; 0: all. */
static pj_num read_window(pj_ctx *c)
{
    int64_t window = pj_attr_int(c, "local_window_size", -1);
    return pj_num_of(window > 0 ? window : 0);
}

/* The rows of both rotary tables, at `first` and the input after it, that the positions of `tokens` take. */
static void read_rotary_rows(pj_ctx *c, pj_work *work, int first, pj_num tokens)
{
    for (int i = first; i < first + 2; i++)
        if (pj_has(c, i))
            work->read[i] = pj_num_mul(c->symbols, tokens, pj_in_dim(c, i, 1));
}

/* Heads from attributes, the head size from q. `length`: the input that tells all keys (past and new). */
static pj_status read_grouped(pj_ctx *c, int past, int length, grouped *out)
{
    pj_attend *a = &out->attend;
    int rank = pj_in_rank(c, 0);
    pj_num total = pj_in_scalar(c, length);
    memset(out, 0, sizeof *out);
    if (rank >= 0 && rank != 3)
        return pj_fail(c->err, PJ_ESHAPE, "the query has rank 3, not %d", rank);
    out->packed = !pj_has(c, 1);
    a->heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a->kv_heads = pj_num_of(pj_attr_int(c, "kv_num_heads", 0));
    a->batch = pj_in_dim(c, 0, 0);
    a->queries = pj_in_dim(c, 0, 1);
    a->keys = out->packed ? a->queries : pj_in_dim(c, 1, 1);
    pj_num shares = pj_num_add(c->symbols, a->heads, pj_num_mul(c->symbols, pj_num_of(2), a->kv_heads));
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 2), out->packed ? shares : a->heads, &a->key_size));
    a->value_size = a->key_size;
    a->window = read_window(c);
    out->present = pj_num_is_unknown(total) && !pj_has(c, past) ? a->keys : total;
    if (pj_has(c, past))
        out->present = pj_num_max(c->symbols, pj_in_dim(c, past, 2), total);
    return PJ_OK;
}

/* output [B, S, heads*size] */
static pj_status set_output(pj_ctx *c, const grouped *g)
{
    pj_num width = pj_num_mul(c->symbols, g->attend.heads, g->attend.key_size);
    pj_num y[] = {g->attend.batch, g->attend.queries, g->packed ? width : pj_in_dim(c, 0, 2)};
    return pj_set(c, 0, pj_in_dtype(c, 0), 3, y);
}

/* present key and value [B, kv_heads, keys, size]: type, heads and size of the past ones; a cache that slides keeps its
 * length. Scores [B, heads, S, keys]. */
static pj_status shape_grouped(pj_ctx *c)
{
    grouped g;
    PJ_TRY(read_grouped(c, 3, 6, &g));
    const pj_attend *a = &g.attend;
    bool past = pj_has(c, 3), sliding = pj_attr_int(c, "sliding_window_cache", 0) != 0;
    pj_num scores[] = {a->batch, a->heads, a->queries, pj_in_scalar(c, 6)};
    PJ_TRY(set_output(c, &g));
    for (int o = 1; o <= 2; o++) {
        pj_num present[] = {a->batch, a->kv_heads, past && sliding ? pj_in_dim(c, 3, 2) : g.present,
                            past ? pj_in_dim(c, 2 + o, 3) : a->key_size};
        PJ_TRY(pj_set(c, o, pj_in_dtype(c, past ? 2 + o : 0), 4, present));
    }
    return pj_set(c, 3, pj_in_dtype(c, 0), 4, scores);
}

/* RMS normalization of `n` elements in heads of `size`: per element 1 mul and 1 add (sum of squares), 2 mul (factor,
 * weight); per head 1 mul (mean), 1 add, 1 sqrt, 1 div. */
static void count_norm(pj_ctx *c, pj_work *work, pj_num n, pj_num size)
{
    pj_num heads = pj_num_floor_div(c->symbols, n, size);
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_MUL] = 3), n);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SQRT] = 1, [PJ_DIV] = 1), heads);
}

/* A cache in another type: each new element is quantized, each cached one dequantized, 1 mul and 1 round. */
static void count_cache(pj_ctx *c, pj_work *work, const grouped *g, pj_num keys)
{
    pj_num both = pj_num_add(c->symbols, g->attend.keys, keys);
    pj_num extents[] = {pj_num_of(2), g->attend.batch, g->attend.kv_heads, both, g->attend.key_size};
    pj_num n = pj_num_product(c->symbols, extents, 5);
    if (!pj_has(c, 3) || pj_in_dtype(c, 3) == pj_in_dtype(c, 0))
        return;
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1), n);
}

/* All keys: what total_sequence_length tells; where it is not known, those of a full cache and the new ones, and a
 * finding says so. Then the present caches are written with that length. */
static pj_num all_keys(pj_ctx *c, pj_work *work, const grouped *g)
{
    const pj_attend *a = &g->attend;
    pj_num total = pj_in_scalar(c, 6);
    if (!pj_num_is_unknown(total))
        return total;
    if (c->model->keys_after > 0)
        return pj_num_of(c->model->keys_after);
    total = pj_has(c, 3) ? pj_num_add(c->symbols, pj_in_dim(c, 3, 2), a->keys) : a->keys;
    pj_str text = pj_str_new(0);
    pj_num_print(total, &text);
    pj_diag_add(c->diags, PJ_DIAG_ASSUMED_DIM, c->node->label,
                "total_sequence_length is not known; %s keys are counted", text.data);
    pj_str_free(&text);
    for (int o = 1; o <= 2; o++) {
        pj_num extents[] = {a->batch, a->kv_heads, total, pj_has(c, 2 + o) ? pj_in_dim(c, 2 + o, 3) : a->key_size};
        if (pj_wants(c, o) && !pj_num_known(pj_out_count(c, o)))
            work->written[o] = pj_num_product(c->symbols, extents, 4);
    }
    return total;
}

/* Attention over all keys. Rotary embedding and normalization work on q and on the new keys. */
static pj_status work_grouped(pj_ctx *c, pj_work *work)
{
    grouped g;
    PJ_TRY(read_grouped(c, 3, 6, &g));
    pj_attend a = g.attend;
    pj_num query[] = {a.batch, a.queries, a.heads, a.key_size}, key[] = {a.batch, a.keys, a.kv_heads, a.key_size};
    pj_num rotated = pj_num_add(c->symbols, pj_num_product(c->symbols, query, 4), pj_num_product(c->symbols, key, 4));
    a.keys = all_keys(c, work, &g);
    a.masks = (pj_attr_int(c, "causal", 1) != 0) + pj_has(c, 10);
    a.capped = pj_attr_float(c, "softcap", 0.0) > 0.0;
    pj_attend_count(c, work, &a);
    count_cache(c, work, &g, pj_attend_seen(c, &a));
    read_rotary_rows(c, work, 7, pj_num_mul(c->symbols, a.batch, a.queries));
    if (pj_attr_int(c, "do_rotary", 0) != 0)
        pj_attend_rotate(c, work, rotated);
    if (pj_has(c, 14) && pj_has(c, 15))
        count_norm(c, work, rotated, a.key_size);
    return PJ_OK;
}

/* q, k, v, past key, past value, block rows, block columns, total length, lengths: the caches are updated in place.
 * Which blocks are computed only the run knows. */
static pj_status shape_sparse(pj_ctx *c)
{
    grouped g;
    PJ_TRY(read_grouped(c, 3, 7, &g));
    PJ_TRY(set_output(c, &g));
    PJ_TRY(pj_set_same(c, 1, 3));
    return pj_set_same(c, 2, 4);
}

/* q [tokens, D] or packed with k and v, key cache [blocks, block size, kv_heads, size], lengths [B], block table
 * [B, blocks]. */
typedef struct paged {
    pj_attend attend; /* keys: those that a sequence has after the run */
    pj_num tokens, width;
} paged;

static pj_status read_paged(pj_ctx *c, paged *out)
{
    pj_attend *a = &out->attend;
    memset(out, 0, sizeof *out);
    a->heads = pj_num_of(pj_attr_int(c, "num_heads", 0));
    a->kv_heads = pj_num_of(pj_attr_int(c, "kv_num_heads", 0));
    pj_num shares = pj_num_add(c->symbols, a->heads, pj_num_mul(c->symbols, pj_num_of(2), a->kv_heads));
    int64_t value_size = pj_attr_int(c, "v_head_size", 0);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 1), pj_has(c, 1) ? a->heads : shares, &a->key_size));
    a->value_size = value_size > 0 ? pj_num_of(value_size) : a->key_size;
    a->window = read_window(c);
    a->masks = 1;
    a->capped = pj_attr_float(c, "softcap", 0.0) > 0.0;
    out->tokens = pj_in_dim(c, 0, 0);
    out->width = pj_num_mul(c->symbols, a->heads, a->value_size);
    a->batch = pj_in_dim(c, 6, 0);
    a->queries = pj_num_floor_div(c->symbols, out->tokens, a->batch);
    if (!pj_num_equal(pj_num_mul(c->symbols, a->queries, a->batch), out->tokens)) { /* sequences of several lengths */
        a->batch = pj_num_of(1);
        a->queries = out->tokens;
    }
    return PJ_OK;
}

/* The caches are updated in place. */
static pj_status shape_paged(pj_ctx *c)
{
    paged p;
    PJ_TRY(read_paged(c, &p));
    pj_num y[] = {p.tokens, p.width};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), 2, y));
    PJ_TRY(pj_set_same(c, 1, 3));
    return pj_set_same(c, 2, 4);
}

/* How many keys a sequence has only the run knows: as many as its blocks hold, at most. */
static pj_num paged_keys(pj_ctx *c)
{
    if (c->model->keys_after > 0)
        return pj_num_of(c->model->keys_after);
    pj_num keys = pj_num_mul(c->symbols, pj_in_dim(c, 7, 1), pj_in_dim(c, 3, 1));
    pj_str text = pj_str_new(0);
    pj_num_print(keys, &text);
    pj_diag_add(c->diags, PJ_DIAG_ASSUMED_DIM, c->node->label,
                "the lengths of the sequences are not known; %s keys are counted for each, all that its blocks hold",
                text.data);
    pj_str_free(&text);
    return keys;
}

/* Cached keys are read, and the new ones are written: not the whole pool of blocks. */
static void count_pages(pj_ctx *c, pj_work *work, const paged *p)
{
    const pj_attend *a = &p->attend;
    pj_num all = pj_num_mul(c->symbols, pj_in_dim(c, 6, 0), pj_attend_seen(c, a));
    pj_num old = pj_num_max(c->symbols, pj_num_sub(c->symbols, all, p->tokens), pj_num_of(0));
    for (int o = 1; o <= 2; o++) {
        pj_num size = pj_num_mul(c->symbols, pj_in_dim(c, 2 + o, 2), pj_in_dim(c, 2 + o, 3));
        if (pj_has(c, 2 + o))
            work->read[2 + o] = pj_num_mul(c->symbols, old, size);
        if (pj_wants(c, o))
            work->written[o] = pj_num_mul(c->symbols, p->tokens, size);
    }
}

static pj_status work_paged(pj_ctx *c, pj_work *work)
{
    paged p;
    PJ_TRY(read_paged(c, &p));
    p.attend.keys = paged_keys(c);
    pj_attend_count(c, work, &p.attend);
    count_pages(c, work, &p);
    read_rotary_rows(c, work, 8, p.tokens);
    if (pj_attr_int(c, "do_rotary", 0) != 0) {
        pj_num heads = pj_num_add(c->symbols, p.attend.heads, p.attend.kv_heads);
        pj_num turned[] = {p.tokens, heads, p.attend.key_size};
        pj_attend_rotate(c, work, pj_num_product(c->symbols, turned, 3));
    }
    return PJ_OK;
}

/* q [S, B, D]; new caches [B, heads, ?, size] */
static pj_status shape_decoder(pj_ctx *c)
{
    pj_num heads = pj_num_of(pj_attr_int(c, "num_heads", 0)), size;
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, 0, 2), heads, &size));
    pj_num cache[] = {pj_in_dim(c, 0, 1), heads, pj_num_unknown(), size};
    PJ_TRY(pj_set_same(c, 0, 0));
    PJ_TRY(pj_set(c, 1, pj_in_dtype(c, 0), 4, cache));
    return pj_set(c, 2, pj_in_dtype(c, 0), 4, cache);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "GroupQueryAttention", 1, "xxxxxicppixpsspp",   0,            shape_grouped, NULL, work_grouped},
    {MS, "SparseAttention",     1, "xxxxxiicipp",        PJ_OPAQUE_OP, shape_sparse,  NULL, NULL        },
    {MS, "PagedAttention",      1, "xxxxxiiippippppssc", 0,            shape_paged,   NULL, work_paged  },
    {MS, "LongformerAttention", 1, "xwbiwbi",            PJ_OPAQUE_OP, pj_shape_same, NULL, NULL        },
    {MS, "DecoderAttention",    1, "xxwwbixxcccc",       PJ_OPAQUE_OP, shape_decoder, NULL, NULL        },
};

PJ_FAMILY(grouped_attention);
