/* Joining, padding, repeating, expanding. */
#include "ops/element.h"
#include "ops/families.h"

/* [0] beside inputs of another rank: an empty start value that runtimes let pass. */
static bool is_nothing(const pj_ctx *c, int i, int rank)
{
    return pj_in_rank(c, i) == 1 && rank != 1 && pj_num_is(pj_in_dim(c, i, 0), 0);
}

/* Rank of the first input that is known and not [0], or else 1 beside a [0]; -1: not known. */
static int concat_rank(const pj_ctx *c)
{
    int otherwise = -1;
    for (int i = 0; i < c->node->inputs; i++) {
        if (is_nothing(c, i, -1))
            otherwise = 1;
        else if (pj_in_rank(c, i) >= 0)
            return pj_in_rank(c, i);
    }
    return otherwise;
}

/* Up to opset 3 the default is 1. */
static pj_status concat_axis(pj_ctx *c, int rank, int *out)
{
    int64_t opset = pj_node_opset(c);
    if (!pj_attr_present(c, "axis") && (opset == 0 || opset > 3))
        return pj_fail(c->err, PJ_ESHAPE, "attribute 'axis' is missing");
    return pj_axis(c, pj_attr_int(c, "axis", 1), rank, out);
}

/* Merges the dimensions of input `i` into dims. */
static pj_status concat_input(pj_ctx *c, int i, int axis, int rank, pj_num *dims)
{
    if (!pj_has(c, i) || is_nothing(c, i, rank))
        return PJ_OK;
    if (pj_in_rank(c, i) >= 0 && pj_in_rank(c, i) != rank)
        return pj_fail(c->err, PJ_ESHAPE, "input %d has rank %d, others have rank %d", i, pj_in_rank(c, i), rank);
    for (int k = 0; k < rank; k++) {
        pj_num dim = pj_in_dim(c, i, k);
        char what[64];
        snprintf(what, sizeof what, "axis %d of input %d", k, i);
        if (k == axis)
            dims[k] = pj_num_add(c->symbols, dims[k], dim);
        else
            PJ_TRY(pj_same_dim(c, dim, dims[k], what, &dims[k]));
    }
    return PJ_OK;
}

static pj_status shape_concat(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int axis = 0, rank = concat_rank(c);
    pj_dtype dtype = PJ_UNDEFINED;
    for (int i = 0; i < c->node->inputs && dtype == PJ_UNDEFINED; i++)
        dtype = pj_in_dtype(c, i);
    if (rank < 0)
        return pj_set_dtype(c, 0, dtype);
    PJ_TRY(concat_axis(c, rank, &axis));
    for (int k = 0; k < rank; k++)
        dims[k] = k == axis ? pj_num_of(0) : pj_num_unknown();
    for (int i = 0; i < c->node->inputs; i++)
        PJ_TRY(concat_input(c, i, axis, rank, dims));
    return pj_set(c, 0, dtype, rank, dims);
}

/* Copies input `i`, which has `size` elements along the axis, to where it starts in the output. */
static void concat_data(const pj_ctx *c, int i, int axis, const pj_box *to, int64_t start, int64_t size, pj_num *all)
{
    pj_box from;
    const pj_num *data = pj_box_data(c, i, &from);
    int64_t run = size * to->stride[axis], row = to->dims[axis] * to->stride[axis];
    for (int64_t r = 0; run && r < to->count / row; r++)
        for (int64_t n = 0; n < run; n++)
            all[r * row + start * to->stride[axis] + n] = data ? data[r * run + n] : pj_num_unknown();
}

static pj_status value_concat(pj_ctx *c)
{
    pj_box to;
    int axis = 0;
    int64_t start = 0;
    if (!pj_wants(c, 0) || !pj_box_of(&pj_out(c, 0)->type, &to) || !to.count)
        return PJ_OK;
    PJ_TRY(concat_axis(c, to.rank, &axis));
    pj_num *all = pj_new_data(c, to.count);
    if (!all)
        return PJ_ENOMEM;
    for (int i = 0; i < c->node->inputs; i++) {
        if (!pj_has(c, i) || is_nothing(c, i, to.rank))
            continue;
        pj_num size = pj_in_dim(c, i, axis);
        if (!pj_num_known(size) || size.whole < 0 || size.whole > to.dims[axis] - start)
            return PJ_OK; /* formulas may add up to a number, too */
        concat_data(c, i, axis, &to, start, size.whole, all);
        start += size.whole;
    }
    return pj_set_data(c, 0, all, to.count);
}

enum { MAX_PADS = 2 * PJ_MAX_RANK };

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode;

/* What is put before and after each axis; < 0: cut off. */
typedef struct padding {
    pj_num before[PJ_MAX_RANK], after[PJ_MAX_RANK];
    int64_t dims[PJ_MAX_RANK]; /* of the input; for the value rule */
    pad_mode mode;
} padding;

static pj_status pad_mode_of(pj_ctx *c, pad_mode *out)
{
    static const char *const words[] = {"constant", "reflect", "edge", "wrap"};
    const char *word = pj_attr_string(c, "mode", "constant");
    for (int k = 0; k < 4; k++) {
        *out = (pad_mode)k;
        if (strcmp(word, words[k]) == 0)
            return PJ_OK;
    }
    return pj_fail(c->err, PJ_ESHAPE, "mode '%s' is none of constant, reflect, edge, wrap", word);
}

/* Reads the pads: begins of all axes, then ends, as attribute 'pads' ('paddings' in opset 1) or as input 1. *known
 * false: nothing is known of them. Room for MAX_PADS numbers. */
static pj_status read_pads(pj_ctx *c, pj_num *pads, int64_t *count, bool *known)
{
    int attr_count;
    const int64_t *attr = pj_attr_ints(c, pj_attr_present(c, "pads") ? "pads" : "paddings", &attr_count);
    const pj_num *data = attr ? NULL : pj_in_data(c, 1, count);
    *known = attr || data;
    *count = attr ? attr_count : *count;
    if (*known && *count > MAX_PADS)
        return pj_fail(c->err, PJ_ELIMIT, "%lld pads are listed; at most %d are accepted", (long long)*count, MAX_PADS);
    for (int k = 0; *known && k < *count; k++)
        pads[k] = attr ? pj_num_of(attr[k]) : data[k];
    return PJ_OK;
}

/* Gives the pads to the axes that are named, or to all. */
static pj_status place_pads(pj_ctx *c, const pj_list *axes, const pj_num *pads, int64_t count, padding *p)
{
    int rank = pj_in_rank(c, 0), padded = axes->given ? axes->count : rank;
    if (count != (int64_t)padded * 2)
        return pj_fail(c->err, PJ_ESHAPE, "%lld pads are listed for %d axes; each takes 2", (long long)count, padded);
    for (int k = 0; k < padded; k++) {
        int axis = k;
        if (axes->given)
            PJ_TRY(pj_axis(c, axes->num[k].whole, rank, &axis));
        p->before[axis] = pads[k];
        p->after[axis] = pads[k + padded];
    }
    return PJ_OK;
}

/* The padding of input 0, whose rank is known; input 3 may name the axes. */
static pj_status plan_pad(pj_ctx *c, padding *p)
{
    int rank = pj_in_rank(c, 0);
    pj_num pads[MAX_PADS] = {{.formula = NULL}};
    int64_t count = 0;
    bool known, placed, chosen[PJ_MAX_RANK];
    pj_list axes;
    PJ_TRY(pad_mode_of(c, &p->mode));
    PJ_TRY(read_pads(c, pads, &count, &known));
    PJ_TRY(pj_list_of(c, NULL, 3, &axes));
    PJ_TRY(pj_axes(c, &axes, rank, chosen, &placed));
    for (int k = 0; k < rank; k++)
        p->before[k] = p->after[k] = placed && axes.given && !chosen[k] ? pj_num_of(0) : pj_num_unknown();
    return known && placed ? place_pads(c, &axes, pads, count, p) : PJ_OK;
}

static pj_status shape_pad(pj_ctx *c)
{
    padding p = {.mode = PAD_CONSTANT};
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0);
    if (rank >= 0)
        PJ_TRY(plan_pad(c, &p));
    for (int k = 0; k < rank; k++) {
        pj_num added = pj_num_add(c->symbols, p.before[k], p.after[k]);
        dims[k] = pj_num_add(c->symbols, pj_in_dim(c, 0, k), added);
        if (pj_num_known(dims[k]) && dims[k].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "axis %d: %lld elements padded by %lld", k,
                           (long long)pj_in_dim(c, 0, k).whole, (long long)added.whole);
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static int64_t source_padded(const void *how, int axis, int64_t at)
{
    const padding *p = how;
    int64_t size = p->dims[axis], index = at - p->before[axis].whole;
    if (index >= 0 && index < size)
        return index;
    if (p->mode == PAD_CONSTANT || size == 0)
        return -1;
    if (p->mode == PAD_EDGE)
        return index < 0 ? 0 : size - 1;
    int64_t period = p->mode == PAD_WRAP ? size : size > 1 ? 2 * (size - 1) : 1;
    index %= period;
    index += index < 0 ? period : 0;
    return index < size ? index : period - index;
}

/* Cutting off comes before mirroring; together they are left alone. */
static pj_status value_pad(pj_ctx *c)
{
    padding p = {.mode = PAD_CONSTANT};
    pj_box in;
    pj_num zero = pj_dtype_is_float(pj_in_dtype(c, 0)) ? pj_num_of_real(0) : pj_num_of(0);
    pj_num filler = pj_has(c, 2) ? pj_in_scalar(c, 2) : zero;
    if (!pj_box_data(c, 0, &in))
        return PJ_OK;
    PJ_TRY(plan_pad(c, &p));
    for (int k = 0; k < in.rank; k++) {
        bool cuts = !pj_num_at_least(p.before[k], 0) || !pj_num_at_least(p.after[k], 0);
        if (!pj_num_known(p.before[k]) || !pj_num_known(p.after[k]) || (cuts && p.mode != PAD_CONSTANT))
            return PJ_OK;
        p.dims[k] = in.dims[k];
    }
    if (pj_attr_present(c, "value"))
        filler = pj_num_of_real(pj_attr_float(c, "value", 0));
    return pj_pick_data(c, 0, 0, NULL, source_padded, &p, filler);
}

/* How often each axis of input 0, whose rank is known, is repeated: a list; up to opset 5 one number and one axis. */
static pj_status read_repeats(pj_ctx *c, int rank, pj_num *repeats)
{
    pj_list list;
    int axis;
    if (pj_has(c, 2)) {
        pj_num named = pj_num_trunc(c->symbols, pj_in_scalar(c, 2));
        for (int k = 0; k < rank; k++)
            repeats[k] = pj_num_known(named) ? pj_num_of(1) : pj_num_unknown();
        if (!pj_num_known(named))
            return PJ_OK;
        PJ_TRY(pj_axis(c, named.whole, rank, &axis));
        repeats[axis] = pj_num_trunc(c->symbols, pj_in_scalar(c, 1));
        return PJ_OK;
    }
    PJ_TRY(pj_list_of(c, NULL, 1, &list));
    if (list.known && list.count != rank)
        return pj_fail(c->err, PJ_ESHAPE, "%d repeats are listed for a tensor of rank %d", list.count, rank);
    for (int k = 0; k < rank; k++) {
        repeats[k] = list.known ? list.num[k] : pj_num_unknown();
        if (pj_num_known(repeats[k]) && repeats[k].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "axis %d is to be repeated %lld times", k, (long long)repeats[k].whole);
    }
    return PJ_OK;
}

static pj_status shape_tile(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK] = {{.formula = NULL}};
    int rank = pj_in_rank(c, 0);
    pj_num list = pj_has(c, 2) ? pj_num_unknown() : pj_in_dim(c, 1, 0);
    if (rank < 0 && pj_num_known(list) && list.whole >= 0 && list.whole <= PJ_MAX_RANK) {
        rank = (int)list.whole; /* the list tells the rank of an unknown input */
        for (int k = 0; k < rank; k++)
            dims[k] = pj_num_unknown();
        return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
    }
    if (rank >= 0)
        PJ_TRY(read_repeats(c, rank, dims));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_num_mul(c->symbols, dims[k], pj_in_dim(c, 0, k));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static int64_t source_repeated(const void *how, int axis, int64_t at)
{
    const pj_box *in = how;
    return at % in->dims[axis]; /* not 0: there is an index, so the output has elements */
}

static pj_status value_tile(pj_ctx *c)
{
    pj_box in;
    return pj_box_data(c, 0, &in) ? pj_pick_data(c, 0, 0, NULL, source_repeated, &in, pj_num_unknown()) : PJ_OK;
}

static pj_status shape_expand(pj_ctx *c)
{
    pj_list shape;
    pj_num dims[PJ_MAX_RANK];
    int rank;
    PJ_TRY(pj_list_of(c, NULL, 1, &shape));
    for (int k = 0; k < shape.count; k++)
        if (pj_num_known(shape.num[k]) && shape.num[k].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "dimension %d of the new shape is %lld", k,
                           (long long)shape.num[k].whole);
    PJ_TRY(pj_broadcast(c, pj_in_rank(c, 0), pj_in_type(c, 0)->dims, shape.known ? shape.count : -1, shape.num, &rank,
                        dims));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static int64_t source_broadcast(const void *how, int axis, int64_t at)
{
    const bool *single = how;
    return single[axis] ? 0 : at;
}

static pj_status value_expand(pj_ctx *c)
{
    pj_box in;
    int axes[PJ_MAX_RANK];
    bool single[PJ_MAX_RANK];
    if (!pj_wants(c, 0) || !pj_box_data(c, 0, &in))
        return PJ_OK;
    int rank = pj_out(c, 0)->type.rank;
    for (int k = 0; k < rank; k++) {
        axes[k] = k < rank - in.rank ? -1 : k - (rank - in.rank);
        single[k] = axes[k] >= 0 && in.dims[axes[k]] == 1;
    }
    return pj_pick_data(c, 0, 0, axes, source_broadcast, single, pj_num_unknown());
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",              "Concat", 1, "x*",   PJ_MOVE, shape_concat, value_concat, NULL},
    {"",              "Pad",    1, "xccc", PJ_MOVE, shape_pad,    value_pad,    NULL},
    {"com.microsoft", "Pad",    1, "xcc",  PJ_MOVE, shape_pad,    value_pad,    NULL},
    {"",              "Tile",   1, "xcc",  PJ_MOVE, shape_tile,   value_tile,   NULL},
    {"",              "Expand", 8, "xc",   PJ_MOVE, shape_expand, value_expand, NULL},
};

PJ_FAMILY(join);
