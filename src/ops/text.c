/* Operators on strings.
 *
 * What comparing, cutting and matching strings costs depends on the characters, which no graph knows: these operators
 * are opaque. Their number tensors (lengths, counts of n-grams) are counted. */
#include "ops/families.h"
#include "ops/rules.h"

#define MS "com.microsoft"

static pj_status shape_concat(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    PJ_TRY(pj_broadcast_inputs(c, 0, 2, &rank, dims));
    return pj_set(c, 0, PJ_STRING, rank, dims);
}

PJ_SHAPE(match, pj_set_shape_of(c, 0, PJ_BOOL, 0))

/* [C] or [1,C]. Stop words that are found are removed, at run time. */
static pj_status shape_normalize(pj_ctx *c)
{
    pj_num dims[2] = {pj_num_of(1), pj_num_unknown()};
    const pj_attr *stopwords = pj_node_attr(c->node, "stopwords");
    int rank = pj_in_rank(c, 0);
    if (rank > 2 || (rank == 2 && pj_num_known(pj_in_dim(c, 0, 0)) && pj_in_dim(c, 0, 0).whole != 1))
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d and %lld rows; it must be [C] or [1,C]", rank,
                       (long long)pj_in_dim(c, 0, 0).whole);
    if (!stopwords || stopwords->count == 0)
        return pj_set_shape_of(c, 0, PJ_STRING, 0);
    return rank < 1 ? pj_set_dtype(c, 0, PJ_STRING) : pj_set(c, 0, PJ_STRING, rank, dims + (2 - rank));
}

/* The substrings along a new last axis, as long as the longest list; and the length of each list. */
static pj_status shape_split(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1];
    int rank = pj_in_rank(c, 0);
    PJ_TRY(pj_set_shape_of(c, 1, PJ_INT64, 0));
    if (rank < 0)
        return pj_set_dtype(c, 0, PJ_STRING);
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    dims[rank] = pj_num_is(pj_in_count(c, 0), 0) ? pj_num_of(0) : pj_num_unknown();
    return pj_set(c, 0, PJ_STRING, rank + 1, dims);
}

/* [C] -> [V], [N,C] -> [N,V]; V is one more than the largest place that an n-gram has in the output. */
static pj_status shape_tfidf(pj_ctx *c)
{
    int count, rank = pj_in_rank(c, 0);
    int64_t most = -1;
    const int64_t *places = pj_attr_ints(c, "ngram_indexes", &count);
    for (int k = 0; k < count; k++)
        most = places[k] > most ? places[k] : most;
    if (most < 0 || most == INT64_MAX)
        return pj_fail(c->err, PJ_ESHAPE, "attribute 'ngram_indexes' names no place in the output");
    if (rank > 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; it must be [C] or [N,C]", rank);
    if (rank < 0)
        return pj_set_dtype(c, 0, PJ_FLOAT32);
    pj_num dims[2] = {rank == 2 ? pj_in_dim(c, 0, 0) : pj_num_unknown(), pj_num_of(most + 1)};
    return pj_set(c, 0, PJ_FLOAT32, rank == 2 ? 2 : 1, dims + (rank == 2 ? 0 : 1));
}

/* n-grams of n items in a row of `items`, with `skip` items left out between neighbours: items - (n - 1)(skip + 1) */
static pj_num ngrams(pj_ctx *c, pj_num items, int64_t n, int64_t skip)
{
    pj_num span = pj_num_mul(c->symbols, pj_num_of(n - 1), pj_num_of(skip + 1));
    return pj_num_max(c->symbols, pj_num_of(0), pj_num_sub(c->symbols, items, span));
}

/* Each n-gram is looked up item by item (n cmp) and counted (1 add; at most: those that the pool has). Skips make no
 * difference to single items. IDF replaces the counts by weights (1 cmp an output), TFIDF multiplies (1 mul). */
static pj_status work_tfidf(pj_ctx *c, pj_work *work)
{
    enum { MOST = 1024 }; /* lengths and skips; far more than any text has use for */
    int64_t shortest = pj_attr_int(c, "min_gram_length", 1), longest = pj_attr_int(c, "max_gram_length", 1);
    int64_t skips = pj_attr_int(c, "max_skip_count", 0);
    const char *mode = pj_attr_string(c, "mode", "TF");
    bool batched = pj_in_rank(c, 0) == 2;
    pj_num rows = batched ? pj_in_dim(c, 0, 0) : pj_num_of(1);
    pj_num items = pj_in_rank(c, 0) == 0 ? pj_num_of(1) : pj_in_dim(c, 0, -1);
    if (shortest < 1 || longest < shortest || longest > MOST || skips < 0 || skips > MOST)
        return pj_fail(c->err, PJ_ESHAPE, "n-grams of %lld to %lld items with up to %lld skips are not accepted",
                       (long long)shortest, (long long)longest, (long long)skips);
    for (int64_t n = shortest; n <= longest; n++) {
        for (int64_t skip = 0; skip <= (n == 1 ? 0 : skips); skip++) {
            pj_num looked_up = pj_num_mul(c->symbols, rows, ngrams(c, items, n, skip));
            pj_work_each(c, work, PJ_EACH([PJ_CMP] = n, [PJ_ADD] = 1), looked_up);
        }
    }
    if (mode[0] == 'I')
        pj_work_add(c, work, PJ_CMP, pj_out_count(c, 0));
    else if (mode[0] == 'T' && mode[1] == 'F' && mode[2])
        pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* Hashes of n-grams of up to N ids, with so many heads for each length. Ids [...]: hashes [..., (N - 1)*heads]; the
 * last ids of each sequence [batch, N - 1], twice for packed ones */
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

PJ_SHAPE(hash, set_hashes(c, pj_in_dim(c, 0, 0)))

/* cu_seqlens [B + 1] */
PJ_SHAPE(packed_hash, set_hashes(c, pj_num_sub(c->symbols, pj_in_dim(c, 3, 0), pj_num_of(1))))

/* Per id N mul and N - 1 logic: the hash of n ids goes on from that of n - 1. Per hash 1 div (the remainder), 1 add
 * for an offset. Resets at an end of sequence and at segments: 1 cmp per id each. Offsets, the end of sequence and
 * segments are inputs side by side. */
static pj_status work_hash(pj_ctx *c, pj_work *work)
{
    pj_num ids = pj_in_count(c, 0), hashes = pj_out_count(c, 0);
    int64_t longest = pj_attr_int(c, "max_ngram_size", 2);
    int eos = pj_role_in(c, 'c');
    bool reset = pj_has(c, eos) && pj_attr_int(c, "reset_on_eos", 0) != 0;
    int resets = reset + pj_has(c, eos + 1);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = longest, [PJ_LOGIC] = longest - 1, [PJ_CMP] = resets), ids);
    pj_work_each(c, work, PJ_EACH([PJ_DIV] = 1, [PJ_ADD] = pj_has(c, eos - 1)), hashes);
    return PJ_OK;
}

/* 32 bits for each element */
PJ_SHAPE(murmur, pj_set_shape_of(c, 0, pj_attr_int(c, "positive", 1) ? PJ_UINT32 : PJ_INT32, 0))

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

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "StringConcat",           20, "xx",        PJ_OPAQUE_OP,           shape_concat,       NULL, NULL             },
    {"", "RegexFullMatch",         20, "x",         PJ_OPAQUE_OP,           shape_match,        NULL, NULL             },
    {"", "StringNormalizer",       10, "x",         PJ_OPAQUE_OP | PJ_WIDE, shape_normalize,    NULL, NULL             },
    {"", "StringSplit",            20, "x",         PJ_OPAQUE_OP,           shape_split,        NULL, NULL             },
    {"", "TfIdfVectorizer",        9,  "x",         PJ_WIDE,                shape_tfidf,        NULL, work_tfidf       },
    {MS, "NGramHashMapping",       1,  "ippipci",   0,                      shape_hash,         NULL, work_hash        },
    {MS, "VarlenNGramHashMapping", 1,  "ippiipcii", 0,                      shape_packed_hash,  NULL, work_hash        },
    {MS, "MurmurHash3",            1,  "x",         0,                      shape_murmur,       NULL, work_murmur      },
    {MS, "NGramRepeatBlock",       1,  "ix",        0,                      shape_repeat_block, NULL, work_repeat_block},
    {MS, "BifurcationDetector",    1,  "iiii",      PJ_OPAQUE_OP,           shape_bifurcation,  NULL, NULL             },
    {MS, "Tokenizer",              1,  "x",         PJ_OPAQUE_OP,           shape_tokenizer,    NULL, NULL             },
};

PJ_FAMILY(text);
