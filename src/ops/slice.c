/* Cutting: slices, splits, triangles, reversal. */
#include "ops/element.h"
#include "ops/families.h"

#define MS "com.microsoft"

/* What is taken of one axis: `length` elements first, first + step, ... `step` 0: not known. */
typedef struct cut {
    pj_num first;
    pj_num length;
    int64_t step;
} cut;

static const int64_t far_away = (int64_t)1 << 62;

/* A number that can be added to a size: ends of the kind "as far as it goes" are brought nearer. */
static pj_num tamed(pj_num a)
{
    if (!pj_num_known(a) || (a.whole <= far_away && a.whole >= -far_away))
        return a;
    return pj_num_of(a.whole < 0 ? -far_away : far_away);
}

/* Bounds that exporters write for "to the end": no dimension that is only a symbol passes them. */
static bool is_past_all(pj_num a, pj_num dim)
{
    return !pj_num_known(dim) && pj_num_known(a) && a.whole >= INT32_MAX;
}

static bool is_before_all(pj_num a, pj_num dim)
{
    return !pj_num_known(dim) && pj_num_known(a) && a.whole <= -INT32_MAX;
}

static bool is_negative(pj_ctx *c, pj_num a)
{
    return pj_num_at_least(pj_num_neg(c->symbols, a), 1);
}

/* Elements `span` apart at most, taken at a distance of `step` (> 0); dim: size of the axis, which is never < 0. */
static pj_num count_steps(pj_ctx *c, pj_num span, pj_num dim, int64_t step)
{
    if (!pj_num_equal(span, dim))
        span = pj_num_max(c->symbols, span, pj_num_of(0));
    return pj_num_ceil_div(c->symbols, span, pj_num_of(step));
}

/* Taking forward from s up to e; a bound that is not known to be negative or not makes the length unknown.
 * Clamped bounds: first = max(0, dim + s) for s < 0, and the span end - first is then min(end, end - (dim + s)). */
static cut cut_forward(pj_ctx *c, pj_num dim, pj_num s, pj_num e, int64_t step)
{
    pj_symbols *symbols = c->symbols;
    cut out = {pj_num_unknown(), pj_num_unknown(), step};
    pj_num end = pj_num_unknown(), span;
    if (is_past_all(e, dim))
        end = dim;
    else if (pj_num_at_least(e, 0))
        end = pj_num_min(symbols, e, dim);
    else if (is_negative(c, e))
        end = pj_num_add(symbols, dim, e);
    if (is_before_all(s, dim))
        s = pj_num_of(0);
    if (pj_num_at_least(s, 0)) {
        out.first = s;
        span = pj_num_sub(symbols, end, s);
    } else if (is_negative(c, s)) {
        pj_num from = pj_num_add(symbols, dim, s);
        out.first = pj_num_max(symbols, from, pj_num_of(0));
        span = pj_num_min(symbols, end, pj_num_sub(symbols, end, from));
    } else {
        return out;
    }
    out.length = count_steps(c, span, dim, step);
    return out;
}

/* Taking backward from s down to, but without, e. Start is clamped to 0 .. dim-1, end to -1 .. dim-1. */
static cut cut_backward(pj_ctx *c, pj_num dim, pj_num s, pj_num e, int64_t step)
{
    pj_symbols *symbols = c->symbols;
    cut out = {pj_num_unknown(), pj_num_unknown(), step};
    pj_num last = pj_num_sub(symbols, dim, pj_num_of(1)), end = pj_num_unknown();
    if (pj_num_is(s, -1) || is_past_all(s, dim))
        out.first = last;
    else if (pj_num_at_least(s, 0))
        out.first = pj_num_min(symbols, s, last);
    else if (is_before_all(s, dim))
        out.first = pj_num_of(0);
    else if (is_negative(c, s))
        out.first = pj_num_max(symbols, pj_num_add(symbols, dim, s), pj_num_of(0));
    if (is_before_all(e, dim))
        end = pj_num_of(-1);
    else if (is_past_all(e, dim))
        end = last;
    else if (pj_num_at_least(e, 0))
        end = pj_num_min(symbols, e, last);
    else if (is_negative(c, e))
        end = pj_num_max(symbols, pj_num_add(symbols, dim, e), pj_num_of(-1));
    out.length = count_steps(c, pj_num_sub(symbols, out.first, end), dim, -step);
    if (is_negative(c, s) && !pj_num_is(s, -1)) /* first is 0 in an empty axis, too */
        out.length = pj_num_min(symbols, out.length, dim);
    return out;
}

static pj_status cut_axis(pj_ctx *c, pj_num dim, pj_num s, pj_num e, pj_num t, cut *out)
{
    *out = (cut){pj_num_unknown(), pj_num_unknown(), 0};
    if (pj_num_is(t, 0))
        return pj_fail(c->err, PJ_ESHAPE, "a step is 0");
    t = tamed(t);
    if (pj_num_known(t))
        *out = (t.whole > 0 ? cut_forward : cut_backward)(c, dim, tamed(s), tamed(e), t.whole);
    return PJ_OK;
}

/* The k-th number of a list, `otherwise` where the list is absent. */
static pj_num list_at(const pj_list *list, int k, pj_num otherwise)
{
    if (!list->given)
        return otherwise;
    return list->known && k < list->count ? list->num[k] : pj_num_unknown();
}

static pj_status same_length(pj_ctx *c, const pj_list *list, const char *name, int count)
{
    if (list->known && list->count != count)
        return pj_fail(c->err, PJ_ESHAPE, "%d axes are cut, but %s lists %d numbers", count, name, list->count);
    return PJ_OK;
}

/* Bounds of a node, attributes or inputs, and which axes they are for. */
typedef struct bounds {
    pj_list starts, ends, axes, steps;
    int count;   /* < 0: not known */
    bool placed; /* all axes are known */
} bounds;

/* How many axes are cut: the first of the lists whose length is known tells. */
static int count_bounds(const bounds *b)
{
    const pj_list *lists[] = {&b->axes, &b->starts, &b->ends};
    for (int k = 0; k < 3; k++)
        if (lists[k]->known)
            return lists[k]->count;
    return -1;
}

static pj_status read_bounds(pj_ctx *c, bounds *b)
{
    PJ_TRY(pj_list_of(c, "starts", 1, &b->starts));
    PJ_TRY(pj_list_of(c, "ends", 2, &b->ends));
    PJ_TRY(pj_list_of(c, "axes", 3, &b->axes));
    PJ_TRY(pj_list_of(c, "steps", 4, &b->steps));
    b->count = count_bounds(b);
    b->placed = b->count >= 0 && (b->axes.known || !b->axes.given);
    for (int k = 0; k < b->axes.count; k++)
        b->placed = b->placed && pj_num_known(b->axes.num[k]);
    if (b->count < 0)
        return PJ_OK;
    PJ_TRY(same_length(c, &b->starts, "starts", b->count));
    PJ_TRY(same_length(c, &b->ends, "ends", b->count));
    return same_length(c, &b->steps, "steps", b->count);
}

/* The cuts of all axes of input 0, whose rank is known. */
static pj_status plan_slice(pj_ctx *c, cut *cuts)
{
    bounds b;
    int rank = pj_in_rank(c, 0);
    bool seen[PJ_MAX_RANK] = {false};
    PJ_TRY(read_bounds(c, &b));
    for (int k = 0; k < rank; k++)
        cuts[k] = b.placed ? (cut){pj_num_of(0), pj_in_dim(c, 0, k), 1} : (cut){pj_num_unknown(), pj_num_unknown(), 0};
    for (int k = 0; b.placed && k < b.count; k++) {
        int axis;
        PJ_TRY(pj_axis(c, list_at(&b.axes, k, pj_num_of(k)).whole, rank, &axis));
        if (seen[axis])
            return pj_fail(c->err, PJ_ESHAPE, "axis %d is named twice", axis);
        seen[axis] = true;
        PJ_TRY(cut_axis(c, pj_in_dim(c, 0, axis), list_at(&b.starts, k, pj_num_unknown()),
                        list_at(&b.ends, k, pj_num_unknown()), list_at(&b.steps, k, pj_num_of(1)), &cuts[axis]));
    }
    return PJ_OK;
}

static pj_status shape_slice(pj_ctx *c)
{
    cut cuts[PJ_MAX_RANK];
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0);
    if (rank >= 0)
        PJ_TRY(plan_slice(c, cuts));
    for (int k = 0; k < rank; k++)
        dims[k] = cuts[k].length;
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static int64_t source_cut(const void *how, int axis, int64_t at)
{
    const cut *cuts = how;
    return cuts[axis].first.whole + at * cuts[axis].step;
}

static pj_status value_slice(pj_ctx *c)
{
    cut cuts[PJ_MAX_RANK];
    pj_box in;
    if (!pj_box_data(c, 0, &in))
        return PJ_OK;
    PJ_TRY(plan_slice(c, cuts));
    for (int k = 0; k < in.rank; k++)
        if (!pj_num_known(cuts[k].first) || !pj_num_known(cuts[k].length))
            return PJ_OK;
    return pj_pick_data(c, 0, 0, NULL, source_cut, cuts, pj_num_unknown());
}

/* Lengths of the parts where the node lists them; NULL: it does not, or they are not known (then *listed). */
static pj_status listed_parts(pj_ctx *c, pj_num *parts, bool *listed)
{
    int attr_count, outputs = c->node->outputs;
    const int64_t *attr = pj_attr_ints(c, "split", &attr_count);
    int64_t count = attr_count;
    const pj_num *data = attr ? NULL : pj_in_data(c, 1, &count);
    *listed = attr || pj_has(c, 1);
    if ((attr || data) && count != outputs)
        return pj_fail(c->err, PJ_ESHAPE, "%lld lengths are listed for %d outputs", (long long)count, outputs);
    for (int o = 0; o < outputs && *listed; o++) {
        parts[o] = attr ? pj_num_of(attr[o]) : data ? data[o] : pj_num_unknown();
        if (pj_num_known(parts[o]) && parts[o].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "part %d has a length of %lld", o, (long long)parts[o].whole);
    }
    return PJ_OK;
}

/* Equal parts. From opset 18 on, each has ceil(dim / parts) elements and the last one what is left. */
static pj_status equal_parts(pj_ctx *c, pj_num dim, pj_num *parts)
{
    int outputs = c->node->outputs;
    bool exact = pj_node_opset(c) > 0 && pj_node_opset(c) < 18;
    int64_t wanted = pj_attr_int(c, "num_outputs", outputs);
    if (outputs == 0)
        return pj_fail(c->err, PJ_ESHAPE, "the node has no outputs");
    if (wanted != outputs)
        return pj_fail(c->err, PJ_ESHAPE, "num_outputs is %lld, but the node has %d outputs", (long long)wanted,
                       outputs);
    if (exact && pj_num_known(dim) && dim.whole % outputs)
        return pj_fail(c->err, PJ_ESHAPE, "%lld elements do not split into %d equal parts", (long long)dim.whole,
                       outputs);
    pj_num part = exact ? pj_num_floor_div(c->symbols, dim, pj_num_of(outputs))
                        : pj_num_ceil_div(c->symbols, dim, pj_num_of(outputs));
    pj_num others = pj_num_mul(c->symbols, part, pj_num_of(outputs - 1));
    for (int o = 0; o < outputs; o++)
        parts[o] = part;
    if (!exact)
        parts[outputs - 1] = pj_num_sub(c->symbols, dim, others);
    if (pj_num_known(parts[outputs - 1]) && parts[outputs - 1].whole < 0)
        return pj_fail(c->err, PJ_ESHAPE, "%lld elements are too few for %d parts", (long long)dim.whole, outputs);
    return PJ_OK;
}

/* Lengths of the parts of an axis of size `dim`, one for each output. */
static pj_status plan_split(pj_ctx *c, pj_num dim, pj_num **out)
{
    bool listed;
    pj_num *parts = pj_new_data(c, c->node->outputs);
    if (!parts)
        return PJ_ENOMEM;
    *out = parts;
    PJ_TRY(listed_parts(c, parts, &listed));
    if (!listed)
        return equal_parts(c, dim, parts);
    pj_num sum = pj_num_sum(c->symbols, parts, c->node->outputs);
    if (pj_num_known(sum) && pj_num_known(dim) && sum.whole != dim.whole)
        return pj_fail(c->err, PJ_ESHAPE, "the parts sum up to %lld, but the axis has %lld elements",
                       (long long)sum.whole, (long long)dim.whole);
    return PJ_OK;
}

static pj_status shape_split(pj_ctx *c)
{
    int axis, rank = pj_in_rank(c, 0);
    pj_num dims[PJ_MAX_RANK], *parts = NULL;
    if (rank >= 0) {
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
        PJ_TRY(plan_split(c, pj_in_dim(c, 0, axis), &parts));
        for (int k = 0; k < rank; k++)
            dims[k] = pj_in_dim(c, 0, k);
    }
    for (int o = 0; o < c->node->outputs; o++) {
        if (rank >= 0)
            dims[axis] = parts[o];
        PJ_TRY(pj_set(c, o, pj_in_dtype(c, 0), rank, dims));
    }
    return PJ_OK;
}

static pj_status value_split(pj_ctx *c)
{
    int axis;
    cut cuts[PJ_MAX_RANK];
    pj_num *parts;
    pj_box in;
    if (!pj_box_data(c, 0, &in))
        return PJ_OK;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), in.rank, &axis));
    PJ_TRY(plan_split(c, pj_in_dim(c, 0, axis), &parts));
    for (int k = 0; k < in.rank; k++)
        cuts[k] = (cut){pj_num_of(0), pj_num_unknown(), 1};
    for (int o = 0; o < c->node->outputs && pj_num_known(parts[o]); o++) {
        if (parts[o].whole > in.dims[axis] - cuts[axis].first.whole)
            break; /* beside one that is not known */
        PJ_TRY(pj_pick_data(c, o, 0, NULL, source_cut, cuts, pj_num_unknown()));
        cuts[axis].first.whole += parts[o].whole;
    }
    return PJ_OK;
}

static pj_status shape_trilu(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    if (rank == 0 || rank == 1)
        return pj_fail(c->err, PJ_ESHAPE, "a tensor of rank %d has no triangles; rank 2 is the least", rank);
    return pj_set_same(c, 0, 0);
}

static pj_status shape_reverse_sequence(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    int time, batch;
    pj_num dim;
    if (rank >= 0) {
        PJ_TRY(pj_axis(c, pj_attr_int(c, "time_axis", 0), rank, &time));
        PJ_TRY(pj_axis(c, pj_attr_int(c, "batch_axis", 1), rank, &batch));
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, batch), pj_in_dim(c, 1, 0), "the batch and the list of lengths", &dim));
    }
    return pj_set_same(c, 0, 0);
}

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

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Slice",           1,  "xcccc", PJ_MOVE, shape_slice,            value_slice, pj_work_reads_outputs},
    {"", "DynamicSlice",    1,  "xccc",  PJ_MOVE, shape_slice,            value_slice, pj_work_reads_outputs},
    {"", "Split",           1,  "xc",    PJ_MOVE, shape_split,            value_split, pj_work_reads_outputs},
    {"", "Trilu",           14, "xc",    PJ_MOVE, shape_trilu,            NULL,        NULL                 },
    {MS, "Trilu",           1,  "xc",    PJ_MOVE, shape_trilu,            NULL,        NULL                 },
    {"", "ReverseSequence", 10, "xi",    PJ_MOVE, shape_reverse_sequence, NULL,        NULL                 },
    {MS, "UnfoldTensor",    1,  "x",     PJ_MOVE, shape_unfold,           NULL,        NULL                 },
};

PJ_FAMILY(slice);
