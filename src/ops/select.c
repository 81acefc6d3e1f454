/* Selecting elements by their contents: the largest, the non-zero, the distinct, the chosen. */
#include "ops/element.h"
#include "ops/families.h"

#define MS "com.microsoft"

/* k is an attribute up to opset 9, then input 1. */
static pj_num top_count(pj_ctx *c)
{
    return pj_attr_present(c, "k") ? pj_num_of(pj_attr_int(c, "k", 0)) : pj_in_scalar(c, 1);
}

static pj_status shape_topk(pj_ctx *c)
{
    int axis, rank = pj_in_rank(c, 0);
    pj_num dims[PJ_MAX_RANK], k = top_count(c);
    if (rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -1), rank, &axis));
    for (int i = 0; i < rank; i++)
        dims[i] = pj_in_dim(c, 0, i);
    if (rank >= 0) {
        if (pj_num_known(k) && k.whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "k is %lld", (long long)k.whole);
        if (pj_num_known(k) && pj_num_known(dims[axis]) && k.whole > dims[axis].whole)
            return pj_fail(c->err, PJ_ESHAPE, "the top %lld of %lld elements", (long long)k.whole,
                           (long long)dims[axis].whole);
        dims[axis] = k;
    }
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), rank, dims));
    return pj_set(c, 1, PJ_INT64, rank, dims);
}

/* cmp = elements of the input * bits(k). Each element passes a heap of the k best so far, whose depth bits(k) =
 * ceil(log2(k + 1)) bounds its comparisons; k = n is a full sort at n log2 n. */
PJ_WORK(topk, pj_work_add(c, work, PJ_CMP, pj_num_mul(c->symbols, pj_in_count(c, 0), pj_bit_length(top_count(c)))))

/* Elements that are not zero; unknown unless all are known. */
static pj_num count_nonzero(const pj_num *data, int64_t count)
{
    int64_t found = 0;
    for (int64_t n = 0; n < count; n++) {
        bool known;
        found += pj_num_as_real(data[n], &known) != 0;
        if (!known)
            return pj_num_unknown();
    }
    return data ? pj_num_of(found) : pj_num_unknown();
}

/* [rank, how many]: one column of indices for each element. For a scalar, definition and runtimes differ in the number
 * of rows. */
static pj_status shape_nonzero(pj_ctx *c)
{
    int64_t count;
    int rank = pj_in_rank(c, 0);
    const pj_num *data = pj_in_data(c, 0, &count);
    const pj_num dims[2] = {rank > 0 ? pj_num_of(rank) : pj_num_unknown(), count_nonzero(data, count)};
    return pj_set(c, 0, PJ_INT64, 2, dims);
}

static pj_status value_nonzero(pj_ctx *c)
{
    pj_box in;
    int64_t at[PJ_MAX_RANK] = {0}, found = 0;
    const pj_num *data = pj_box_data(c, 0, &in);
    pj_num all = data ? count_nonzero(data, in.count) : pj_num_unknown();
    if (!pj_num_known(all) || all.whole * in.rank > PJ_MAX_VALUE_ELEMENTS)
        return PJ_OK;
    pj_num *places = pj_new_data(c, all.whole * in.rank);
    if (!places)
        return PJ_ENOMEM;
    for (int64_t n = 0; n < in.count; n++) {
        bool known;
        if (pj_num_as_real(data[n], &known) != 0) {
            for (int k = 0; k < in.rank; k++)
                places[k * all.whole + found] = pj_num_of(at[k]);
            found++;
        }
        pj_box_next(&in, at);
    }
    return in.rank ? pj_set_data(c, 0, places, all.whole * in.rank) : PJ_OK;
}

/* One comparison an element. */
PJ_WORK(nonzero, pj_work_add(c, work, PJ_CMP, pj_in_count(c, 0)))

/* Distinct numbers among the elements; unknown unless all are known. */
static pj_num count_distinct(const pj_num *data, int64_t count)
{
    enum { MOST = 1024 }; /* compared pair by pair */
    int64_t found = 0;
    if (!data || count > MOST)
        return pj_num_unknown();
    for (int64_t n = 0; n < count; n++) {
        bool known, seen = false;
        pj_num_as_real(data[n], &known);
        if (!known)
            return pj_num_unknown();
        for (int64_t k = 0; k < n && !seen; k++)
            seen = pj_num_equal(data[k], data[n]);
        found += !seen;
    }
    return pj_num_of(found);
}

/* Without an axis the elements are compared, with one the slices across it. Output 0 holds what is distinct; for each
 * of these, `firsts` and `counts` hold a number, and `inverse` one for each that was compared. */
static pj_status set_unique(pj_ctx *c, int firsts, int inverse, int counts)
{
    int64_t count;
    int rank = pj_in_rank(c, 0), axis = 0;
    const pj_num *data = pj_in_data(c, 0, &count);
    bool whole = !pj_attr_present(c, "axis");
    pj_num distinct = whole ? count_distinct(data, count) : pj_num_unknown(), dims[PJ_MAX_RANK];
    if (!whole && rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    pj_num compared = whole ? pj_in_count(c, 0) : pj_in_dim(c, 0, axis);
    for (int k = 0; k < rank; k++)
        dims[k] = k == axis ? distinct : pj_in_dim(c, 0, k);
    PJ_TRY(whole ? pj_set_1d(c, 0, pj_in_dtype(c, 0), distinct) : pj_set(c, 0, pj_in_dtype(c, 0), rank, dims));
    PJ_TRY(pj_set_1d(c, firsts, PJ_INT64, distinct));
    PJ_TRY(pj_set_1d(c, inverse, PJ_INT64, compared));
    return pj_set_1d(c, counts, PJ_INT64, distinct);
}

PJ_SHAPE(unique, set_unique(c, 1, 2, 3))

/* com.microsoft: no firsts. */
PJ_SHAPE(unique_contrib, set_unique(c, -1, 1, 2))

/* cmp = elements * bits(n) for n things compared: a sort at n log2 n, each comparison one an element of the slice. */
static pj_status work_unique(pj_ctx *c, pj_work *work)
{
    int axis = 0;
    if (pj_attr_present(c, "axis") && pj_in_rank(c, 0) >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), pj_in_rank(c, 0), &axis));
    pj_num compared = pj_attr_present(c, "axis") ? pj_in_dim(c, 0, axis) : pj_in_count(c, 0);
    pj_work_add(c, work, PJ_CMP, pj_num_mul(c->symbols, pj_in_count(c, 0), pj_bit_length(compared)));
    return PJ_OK;
}

/* The slices across the axis whose condition holds; without an axis, elements. The condition may be short: what it
 * does not reach is left out. */
static pj_status shape_compress(pj_ctx *c)
{
    int64_t count;
    int rank = pj_in_rank(c, 0), axis;
    pj_num dims[PJ_MAX_RANK], chosen;
    const pj_num *condition = pj_in_data(c, 1, &count);
    bool whole = !pj_attr_present(c, "axis");
    if (!whole && rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    pj_num most = whole || rank < 0 ? pj_in_count(c, 0) : pj_in_dim(c, 0, axis);
    if (pj_num_known(most) && count > most.whole)
        count = most.whole;
    chosen = pj_num_known(most) ? count_nonzero(condition, count) : pj_num_unknown();
    if (whole)
        return pj_set_1d(c, 0, pj_in_dtype(c, 0), chosen);
    for (int k = 0; k < rank; k++)
        dims[k] = k == axis ? chosen : pj_in_dim(c, 0, k);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
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
PJ_WORK(time_warping, pj_work_each(c, work, PJ_EACH([PJ_CMP] = 2, [PJ_ADD] = 1), pj_in_count(c, 0)))

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "TopK",               1,  "xc", PJ_KEEP, shape_topk,           NULL,          work_topk            },
    {"", "NonZero",            9,  "x",  0,       shape_nonzero,        value_nonzero, work_nonzero         },
    {"", "Unique",             11, "x",  PJ_KEEP, shape_unique,         NULL,          work_unique          },
    {MS, "Unique",             1,  "x",  PJ_KEEP, shape_unique_contrib, NULL,          work_unique          },
    {"", "Compress",           9,  "xi", PJ_MOVE, shape_compress,       NULL,          pj_work_reads_outputs},
    {MS, "DynamicTimeWarping", 1,  "x",  0,       shape_time_warping,   NULL,          work_time_warping    },
};

PJ_FAMILY(select);
