/* Operators on strings.
 *
 * What comparing, cutting and matching strings costs depends on the characters, which no graph knows: these operators
 * are opaque. Their number tensors (lengths, counts of n-grams) are counted. */
#include "ops/families.h"
#include "ops/rules.h"

static pj_status shape_concat(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    PJ_TRY(pj_broadcast_inputs(c, 0, 2, &rank, dims));
    return pj_set(c, 0, PJ_STRING, rank, dims);
}

static pj_status shape_match(pj_ctx *c)
{
    return pj_set_shape_of(c, 0, PJ_BOOL, 0);
}

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

/* ---- TfIdfVectorizer ---- */

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

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "StringConcat",     20, "xx", PJ_OPAQUE_OP, shape_concat,    NULL, NULL      },
    {"", "RegexFullMatch",   20, "x",  PJ_OPAQUE_OP, shape_match,     NULL, NULL      },
    {"", "StringNormalizer", 10, "x",  PJ_OPAQUE_OP, shape_normalize, NULL, NULL      },
    {"", "StringSplit",      20, "x",  PJ_OPAQUE_OP, shape_split,     NULL, NULL      },
    {"", "TfIdfVectorizer",  9,  "x",  0,            shape_tfidf,     NULL, work_tfidf},
};

PJ_FAMILY(text);
