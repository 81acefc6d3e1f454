/* Reshaping, transposing, and shapes themselves. */
#include "ops/element.h"
#include "ops/families.h"

/* The new shape in the making. What is copied from the input cancels out of the missing dimension, so that it may be
 * unknown. */
typedef struct reshape {
    pj_num dims[PJ_MAX_RANK];
    bool copied[PJ_MAX_RANK]; /* input dimensions that the output takes over */
    int missing;              /* the dimension that follows from the others: -1 in the list, or not known; < 0: none */
    int unknowns;             /* elements of the list that are not known */
    pj_num rest;              /* product of the dimensions that are neither copied nor missing */
} reshape;

static pj_status reshape_dim(pj_ctx *c, reshape *r, int k, pj_num wanted, bool keep_zero)
{
    r->dims[k] = wanted;
    if (pj_num_known(wanted) && wanted.whole < -1)
        return pj_fail(c->err, PJ_ESHAPE, "dimension %d of the new shape is %lld", k, (long long)wanted.whole);
    if (pj_num_is(wanted, -1)) {
        if (r->missing >= 0)
            return pj_fail(c->err, PJ_ESHAPE, "dimensions %d and %d of the new shape are both -1", r->missing, k);
        r->missing = k;
        r->dims[k] = pj_num_unknown();
    } else if (pj_num_is(wanted, 0) && !keep_zero) {
        int rank = pj_in_rank(c, 0);
        if (rank >= 0 && k >= rank)
            return pj_fail(c->err, PJ_ESHAPE, "dimension %d of the new shape is to be copied from a tensor of rank %d",
                           k, rank);
        r->dims[k] = pj_in_dim(c, 0, k);
        r->copied[k] = true;
    } else {
        r->unknowns += pj_num_is_unknown(wanted);
        r->rest = pj_num_mul(c->symbols, r->rest, wanted);
    }
    return PJ_OK;
}

/* The missing dimension, and whether all fits. */
static pj_status reshape_rest(pj_ctx *c, reshape *r)
{
    pj_num all = pj_num_of(1);
    int rank = pj_in_rank(c, 0);
    for (int k = 0; k < rank; k++)
        if (!r->copied[k])
            all = pj_num_mul(c->symbols, all, pj_in_dim(c, 0, k));
    if (rank < 0)
        all = pj_num_unknown();
    bool known = pj_num_known(all) && pj_num_known(r->rest);
    bool fits = !known || (r->missing < 0  ? all.whole == r->rest.whole
                           : r->rest.whole ? all.whole % r->rest.whole == 0
                                           : all.whole == 0);
    if (!fits)
        return pj_fail(c->err, PJ_ESHAPE, "%lld elements do not fit a shape of %lld%s", (long long)all.whole,
                       (long long)r->rest.whole, r->missing < 0 ? "" : " times a whole number");
    if (r->missing >= 0)
        r->dims[r->missing] = pj_num_floor_div(c->symbols, all, r->rest);
    return PJ_OK;
}

/* Where one element alone is not known, the number of elements decides it, whether it stands for a size, -1 or 0. */
static void reshape_unknown(pj_ctx *c, reshape *r, const pj_list *shape)
{
    if (r->unknowns != 1 || r->missing >= 0)
        return;
    r->rest = pj_num_of(1);
    for (int k = 0; k < shape->count; k++) {
        if (pj_num_is_unknown(shape->num[k]))
            r->missing = k;
        else if (!r->copied[k])
            r->rest = pj_num_mul(c->symbols, r->rest, r->dims[k]);
    }
}

static pj_status shape_reshape(pj_ctx *c)
{
    pj_list shape;
    reshape r = {.missing = -1, .rest = pj_num_of(1)};
    bool keep_zero = pj_attr_int(c, "allowzero", 0) != 0;
    PJ_TRY(pj_list_of(c, "shape", 1, &shape));
    if (!shape.known)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    for (int k = 0; k < shape.count; k++)
        PJ_TRY(reshape_dim(c, &r, k, shape.num[k], keep_zero));
    reshape_unknown(c, &r, &shape);
    PJ_TRY(reshape_rest(c, &r));
    return pj_set(c, 0, pj_in_dtype(c, 0), shape.count, r.dims);
}

static pj_status shape_flatten(pj_ctx *c)
{
    pj_num dims[2] = {pj_num_unknown(), pj_num_unknown()};
    int64_t axis = pj_attr_int(c, "axis", 1);
    int rank = pj_in_rank(c, 0);
    if (rank >= 0) {
        if (axis < -rank || axis > rank)
            return pj_fail(c->err, PJ_ESHAPE, "axis %lld is outside of a tensor of rank %d", (long long)axis, rank);
        int cut = (int)(axis < 0 ? axis + rank : axis);
        dims[0] = pj_dims_product(c, pj_in_type(c, 0)->dims, 0, cut);
        dims[1] = pj_dims_product(c, pj_in_type(c, 0)->dims, cut, rank);
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), 2, dims);
}

/* Axes that Squeeze drops where none are named: all of size 1. *known false: a size is not known. */
static void squeezable(const pj_ctx *c, int rank, bool *dropped, bool *known)
{
    *known = true;
    for (int k = 0; k < rank; k++) {
        pj_num dim = pj_in_dim(c, 0, k);
        dropped[k] = pj_num_is(dim, 1);
        *known = *known && (pj_num_known(dim) || pj_num_at_least(dim, 2));
    }
}

static pj_status shape_squeeze(pj_ctx *c)
{
    pj_list axes;
    bool dropped[PJ_MAX_RANK], known;
    pj_num dims[PJ_MAX_RANK];
    pj_dtype dtype = pj_in_dtype(c, 0);
    int rank = pj_in_rank(c, 0), kept = 0;
    PJ_TRY(pj_list_of(c, "axes", 1, &axes));
    if (rank < 0 || (axes.given && !axes.known))
        return pj_set_dtype(c, 0, dtype);
    PJ_TRY(pj_axes(c, &axes, rank, dropped, &known));
    if (axes.count > rank)
        return pj_fail(c->err, PJ_ESHAPE, "%d axes are named for a tensor of rank %d", axes.count, rank);
    if (!axes.count) /* an empty list is like none */
        squeezable(c, rank, dropped, &known);
    if (!known && !axes.count)
        return pj_set_dtype(c, 0, dtype);
    for (int k = 0; k < rank; k++) {
        pj_num dim = pj_in_dim(c, 0, k);
        if (dropped[k] && pj_num_known(dim) && dim.whole != 1)
            return pj_fail(c->err, PJ_ESHAPE, "axis %d cannot be squeezed: it has %lld elements, not 1", k,
                           (long long)dim.whole);
        if (known && !dropped[k])
            dims[kept++] = dim;
    }
    for (; !known && kept < rank - axes.count; kept++)
        dims[kept] = pj_num_unknown();
    return pj_set(c, 0, dtype, kept, dims);
}

/* Axes count in the output. */
static pj_status shape_unsqueeze(pj_ctx *c)
{
    pj_list axes;
    bool fresh[2 * PJ_MAX_RANK], known;
    pj_num dims[2 * PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0), next = 0;
    PJ_TRY(pj_list_of(c, "axes", 1, &axes));
    if (rank < 0 || !axes.known)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    PJ_TRY(pj_axes(c, &axes, rank + axes.count, fresh, &known));
    for (int k = 0; k < rank + axes.count; k++) {
        if (!known)
            dims[k] = pj_num_unknown();
        else
            dims[k] = fresh[k] ? pj_num_of(1) : pj_in_dim(c, 0, next++);
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), rank + axes.count, dims);
}

/* Input axis of each output axis. Without `perm` the order is reversed. *rank -1: not known. */
static pj_status read_perm(pj_ctx *c, int *axes, int *rank)
{
    pj_list perm;
    bool seen[PJ_MAX_RANK], known;
    *rank = pj_in_rank(c, 0);
    PJ_TRY(pj_list_of(c, "perm", -1, &perm));
    if (perm.given && *rank >= 0 && perm.count != *rank)
        return pj_fail(c->err, PJ_ESHAPE, "perm has %d axes for a tensor of rank %d", perm.count, *rank);
    if (perm.given)
        *rank = perm.count;
    if (perm.given)
        PJ_TRY(pj_axes(c, &perm, *rank, seen, &known));
    for (int k = 0; k < *rank; k++) {
        axes[k] = *rank - 1 - k;
        if (perm.given)
            PJ_TRY(pj_axis(c, perm.num[k].whole, *rank, &axes[k]));
    }
    return PJ_OK;
}

static pj_status shape_transpose(pj_ctx *c)
{
    int axes[PJ_MAX_RANK], rank;
    pj_num dims[PJ_MAX_RANK];
    PJ_TRY(read_perm(c, axes, &rank));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, axes[k]);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static pj_status value_transpose(pj_ctx *c)
{
    int axes[PJ_MAX_RANK], rank;
    PJ_TRY(read_perm(c, axes, &rank));
    return pj_pick_data(c, 0, 0, axes, NULL, NULL, pj_num_unknown());
}

/* An end of the range of axes that Shape lists, within 0..rank. */
static int shape_end(int64_t end, int rank)
{
    if (end < 0)
        end = end < -rank ? 0 : end + rank;
    return (int)(end > rank ? rank : end);
}

static pj_status shape_shape(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    int start = shape_end(pj_attr_int(c, "start", 0), rank);
    int end = shape_end(pj_attr_int(c, "end", INT64_MAX), rank);
    pj_num count = pj_num_of(end > start ? end - start : 0);
    return pj_set_1d(c, 0, PJ_INT64, rank < 0 ? pj_num_unknown() : count);
}

static pj_status value_shape(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    int start = shape_end(pj_attr_int(c, "start", 0), rank);
    int end = shape_end(pj_attr_int(c, "end", INT64_MAX), rank);
    if (rank < 0)
        return PJ_OK;
    return end > start ? pj_set_data(c, 0, pj_in_type(c, 0)->dims + start, end - start) : pj_set_data(c, 0, NULL, 0);
}

PJ_SHAPE(size, pj_set_scalar(c, 0, PJ_INT64))

static pj_status value_size(pj_ctx *c)
{
    pj_num count = pj_in_count(c, 0);
    return pj_set_data(c, 0, &count, 1);
}

/* Blocked channels: [N, C, H, W] with the channels in blocks, as many as there are with the last block full.
 * From [N, C, H, W], or [N, H, W, C]. The weights of the convolution that follows tell how many channels are added. */
static pj_status shape_reorder_input(pj_ctx *c)
{
    if (!pj_attr_int(c, "channels_last", 0) || pj_in_rank(c, 0) != 4)
        return pj_set_same(c, 0, 0);
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 3), pj_in_dim(c, 0, 1), pj_in_dim(c, 0, 2)};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* Back, to `channels` of them. */
static pj_status shape_reorder_output(pj_ctx *c)
{
    bool last = pj_attr_int(c, "channels_last", 0) != 0;
    pj_num channels = pj_num_of(pj_attr_int(c, "channels", 0)), high = pj_in_dim(c, 0, 2), wide = pj_in_dim(c, 0, 3);
    pj_num dims[] = {pj_in_dim(c, 0, 0), last ? high : channels, last ? wide : high, last ? channels : wide};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",              "Reshape",       1, "xc", PJ_VIEW,       shape_reshape,        pj_value_same,   NULL                 },
    {"",              "Flatten",       1, "x",  PJ_VIEW,       shape_flatten,        pj_value_same,   NULL                 },
    {"",              "Squeeze",       1, "xc", PJ_VIEW,       shape_squeeze,        pj_value_same,   NULL                 },
    {"",              "Unsqueeze",     1, "xc", PJ_VIEW,       shape_unsqueeze,      pj_value_same,   NULL                 },
    {"com.microsoft", "ExpandDims",    1, "xc", PJ_VIEW,       shape_unsqueeze,      pj_value_same,   NULL                 },
    {"",              "Transpose",     1, "x",  PJ_MOVE,       shape_transpose,      value_transpose, NULL                 },
    {"",              "Shape",         1, "x",  PJ_SHAPE_ONLY, shape_shape,          value_shape,     NULL                 },
    {"",              "Size",          1, "x",  PJ_SHAPE_ONLY, shape_size,           value_size,      NULL                 },
    {PJ_NCHWC,        "ReorderInput",  1, "x",  PJ_MOVE,       shape_reorder_input,  NULL,            NULL                 },
    {PJ_NCHWC,        "ReorderOutput", 1, "x",  PJ_MOVE,       shape_reorder_output, NULL,            pj_work_reads_outputs},
};

PJ_FAMILY(layout);
