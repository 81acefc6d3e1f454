/* Writing elements to places given by index. */
#include "ops/element.h"
#include "ops/families.h"

/* The reduction: what an update does with the element that it meets */
typedef enum reduction { REPLACE, ADD, MUL, MAX, MIN } reduction;

static pj_status reduction_of(pj_ctx *c, reduction *out)
{
    static const char *const words[] = {"none", "add", "mul", "max", "min"};
    const char *word = pj_attr_string(c, "reduction", "none");
    for (int k = 0; k < 5; k++) {
        *out = (reduction)k;
        if (strcmp(word, words[k]) == 0)
            return PJ_OK;
    }
    return pj_fail(c->err, PJ_ESHAPE, "reduction '%s' is none of none, add, mul, max, min", word);
}

static pj_num reduced(pj_ctx *c, reduction kind, pj_num old, pj_num update)
{
    switch (kind) {
    case ADD:
        return pj_num_add(c->symbols, old, update);
    case MUL:
        return pj_num_mul(c->symbols, old, update);
    case MAX:
        return pj_num_max(c->symbols, old, update);
    case MIN:
        return pj_num_min(c->symbols, old, update);
    case REPLACE:
        break;
    }
    return update;
}

/* One primitive for each element of updates; a mere replacement moves data. */
static pj_status work_scatter(pj_ctx *c, pj_work *work)
{
    static const pj_prim prims[] = {[ADD] = PJ_ADD, [MUL] = PJ_MUL, [MAX] = PJ_CMP, [MIN] = PJ_CMP};
    reduction kind;
    PJ_TRY(reduction_of(c, &kind));
    if (kind != REPLACE)
        pj_work_add(c, work, prims[kind], pj_in_count(c, 2));
    return PJ_OK;
}

/* The contents of data as a copy to write to; NULL: they are not known (*status PJ_OK), or memory is out. */
static pj_num *copy_data(pj_ctx *c, pj_box *box, pj_status *status)
{
    const pj_num *data = pj_box_data(c, 0, box);
    *status = PJ_OK;
    if (!data)
        return NULL;
    pj_num *copy = pj_new_data(c, box->count);
    if (!copy)
        *status = PJ_ENOMEM;
    else if (box->count)
        memcpy(copy, data, (size_t)box->count * sizeof *copy);
    return copy;
}

/* ScatterElements: output[p, but index[p] along the axis] = updates[p] */
static pj_status shape_scatter_elements(pj_ctx *c)
{
    int axis, rank = pj_in_rank(c, 0), places = pj_in_rank(c, 1), updates = pj_in_rank(c, 2);
    reduction kind;
    pj_num dim;
    PJ_TRY(reduction_of(c, &kind));
    if (rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    if (rank >= 0 && places >= 0 && rank != places)
        return pj_fail(c->err, PJ_ESHAPE, "data has rank %d, indices have rank %d", rank, places);
    if (places >= 0 && updates >= 0 && places != updates)
        return pj_fail(c->err, PJ_ESHAPE, "indices have rank %d, updates have rank %d", places, updates);
    for (int k = 0; updates >= 0 && k < places; k++)
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, k), pj_in_dim(c, 2, k), "a dimension of indices and updates", &dim));
    return pj_set_same(c, 0, 0);
}

static pj_status value_scatter_elements(pj_ctx *c)
{
    pj_box to, places, fresh;
    int axis;
    int64_t at[PJ_MAX_RANK] = {0};
    reduction kind;
    pj_status status;
    const pj_num *index = pj_box_data(c, 1, &places), *updates = pj_box_data(c, 2, &fresh);
    PJ_TRY(reduction_of(c, &kind));
    if (!index || !updates || places.count != fresh.count)
        return PJ_OK;
    pj_num *all = copy_data(c, &to, &status);
    if (!all)
        return status;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), to.rank, &axis));
    for (int64_t n = 0; n < places.count; n++) {
        int64_t offset = 0;
        for (int k = 0; k < to.rank && offset >= 0; k++) {
            int64_t place = pj_index_of(k == axis ? index[n] : pj_num_of(at[k]), to.dims[k]);
            offset = place < 0 ? -1 : offset + place * to.stride[k];
        }
        if (offset < 0) /* it could be anywhere */
            return PJ_OK;
        all[offset] = reduced(c, kind, all[offset], updates[n]);
        pj_box_next(&places, at);
    }
    return pj_set_data(c, 0, all, to.count);
}

/* ScatterND: the last axis of indices holds places of slices */
static pj_status shape_scatter_nd(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0), places = pj_in_rank(c, 1), updates = pj_in_rank(c, 2);
    pj_num depth = pj_in_dim(c, 1, -1);
    reduction kind;
    PJ_TRY(reduction_of(c, &kind));
    if (places == 0)
        return pj_fail(c->err, PJ_ESHAPE, "indices have rank 0; rank 1 is the least");
    if (rank >= 0 && pj_num_known(depth) && (depth.whole < 0 || depth.whole > rank))
        return pj_fail(c->err, PJ_ESHAPE, "an index of %lld numbers into a tensor of rank %d", (long long)depth.whole,
                       rank);
    if (rank >= 0 && places > 0 && updates >= 0 && pj_num_known(depth) && updates != places - 1 + rank - depth.whole)
        return pj_fail(c->err, PJ_ESHAPE, "updates have rank %d, but indices and data make it %lld", updates,
                       (long long)(places - 1 + rank - depth.whole));
    return pj_set_same(c, 0, 0);
}

/* Where the slice starts that the n-th row of indices means; -1: not known, or outside. */
static int64_t slice_start(const pj_box *to, const pj_num *index, int depth, int64_t n)
{
    int64_t offset = 0;
    for (int k = 0; k < depth; k++) {
        int64_t place = pj_index_of(index[n * depth + k], to->dims[k]);
        if (place < 0)
            return -1;
        offset += place * to->stride[k];
    }
    return offset;
}

static pj_status value_scatter_nd(pj_ctx *c)
{
    pj_box to, places, fresh;
    reduction kind;
    pj_status status;
    const pj_num *index = pj_box_data(c, 1, &places), *updates = pj_box_data(c, 2, &fresh);
    PJ_TRY(reduction_of(c, &kind));
    if (!index || !updates)
        return PJ_OK;
    pj_num *all = copy_data(c, &to, &status);
    if (!all)
        return status;
    int depth = (int)places.dims[places.rank - 1];
    int64_t length = depth ? to.stride[depth - 1] : to.count;
    int64_t rows = depth ? places.count / depth : 1;
    for (int64_t n = 0; n < fresh.count; n++) {
        int64_t start = length && n / length < rows ? slice_start(&to, index, depth, n / length) : -1;
        if (start < 0)
            return PJ_OK;
        pj_num *element = &all[start + n % length];
        *element = reduced(c, kind, *element, updates[n]);
    }
    return pj_set_data(c, 0, all, to.count);
}

/* TensorScatter: writes update into a cache along one axis, from write_indices on */
static pj_status shape_tensor_scatter(pj_ctx *c)
{
    int axis, rank = pj_in_rank(c, 0), updates = pj_in_rank(c, 1);
    pj_num dim;
    if (rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -2), rank, &axis));
    if (rank >= 0 && updates >= 0 && rank != updates)
        return pj_fail(c->err, PJ_ESHAPE, "the cache has rank %d, the update has rank %d", rank, updates);
    for (int k = 0; updates >= 0 && k < rank; k++)
        if (k != axis)
            PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, k), pj_in_dim(c, 1, k), "a dimension of cache and update", &dim));
    return pj_set_same(c, 0, 0);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Scatter",         9,  "xix", PJ_MOVE, shape_scatter_elements, value_scatter_elements, work_scatter},
    {"", "ScatterElements", 11, "xix", PJ_MOVE, shape_scatter_elements, value_scatter_elements, work_scatter},
    {"", "ScatterND",       11, "xix", PJ_MOVE, shape_scatter_nd,       value_scatter_nd,       work_scatter},
    {"", "TensorScatter",   24, "xxi", PJ_MOVE, shape_tensor_scatter,   NULL,                   NULL        },
};

PJ_FAMILY(scatter);
