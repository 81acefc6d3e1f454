/* Reductions, arg-reductions, cumulative sums and products. */
#include "ops/families.h"
#include "ops/values.h"

#define MS "com.microsoft"

typedef struct reduction {
    int rank;   /* of the input; -1: unknown */
    bool known; /* is it known which axes are reduced? */
    int named;  /* how many axes are named; -1: not known */
    bool keepdims;
    bool chosen[PJ_MAX_RANK];
} reduction;

/* The axes are an attribute, or input 1 (since opset 13 for ReduceSum, 18 for the others). None named: all, or none
 * with noop_with_empty_axes. To name an axis twice is to name it. */
static pj_status read_reduction(pj_ctx *c, reduction *out)
{
    pj_list axes;
    PJ_TRY(pj_list_of(c, "axes", 1, &axes));
    *out = (reduction){.rank = pj_in_rank(c, 0), .keepdims = pj_attr_int(c, "keepdims", 1) != 0};
    out->named = axes.known || !axes.given ? axes.count : -1;
    out->known = out->named >= 0 && out->rank >= 0;
    for (int k = 0; k < axes.count && out->rank >= 0; k++) {
        int axis;
        if (!pj_num_known(axes.num[k])) {
            out->known = false;
            continue;
        }
        PJ_TRY(pj_axis(c, axes.num[k].whole, out->rank, &axis));
        out->chosen[axis] = true;
    }
    if (out->named == 0 && !pj_attr_int(c, "noop_with_empty_axes", 0))
        for (int k = 0; k < out->rank; k++)
            out->chosen[k] = true;
    return PJ_OK;
}

/* The reduced shape where the reduced axes are known. */
static pj_status set_reduced(pj_ctx *c, const reduction *r, pj_dtype dtype)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = 0;
    for (int k = 0; k < r->rank; k++) {
        if (!r->chosen[k])
            dims[rank++] = pj_in_dim(c, 0, k);
        else if (r->keepdims)
            dims[rank++] = pj_num_of(1);
    }
    return pj_set(c, 0, dtype, rank, dims);
}

/* What is sure where they are not: the rank, if axes are kept or counted; a kept axis of 1 stays 1. */
static pj_status set_partly_known(pj_ctx *c, const reduction *r, pj_dtype dtype)
{
    pj_num dims[PJ_MAX_RANK];
    bool all = r->named == 0 && !pj_attr_int(c, "noop_with_empty_axes", 0);
    if (r->rank < 0)
        return all && !r->keepdims ? pj_set_scalar(c, 0, dtype) : pj_set_dtype(c, 0, dtype);
    if (!r->keepdims && (r->named < 0 || r->named > r->rank))
        return pj_set_dtype(c, 0, dtype);
    int rank = r->keepdims ? r->rank : r->rank - r->named;
    for (int k = 0; k < rank; k++)
        dims[k] = r->keepdims && (r->chosen[k] || pj_num_is(pj_in_dim(c, 0, k), 1)) ? pj_num_of(1) : pj_num_unknown();
    return pj_set(c, 0, dtype, rank, dims);
}

static pj_status shape_reduce_to(pj_ctx *c, pj_dtype dtype)
{
    reduction r;
    PJ_TRY(read_reduction(c, &r));
    return r.known ? set_reduced(c, &r, dtype) : set_partly_known(c, &r, dtype);
}

PJ_SHAPE(reduce, shape_reduce_to(c, pj_in_dtype(c, 0)))

/* Sums of 8 bit integers in 32 bits. */
PJ_SHAPE(reduce_integer, shape_reduce_to(c, pj_in_dtype(c, 0) == PJ_UINT8 ? PJ_UINT32 : PJ_INT32))

/* ArgMax, ArgMin: one axis, by default the first. */
static pj_status shape_arg(pj_ctx *c)
{
    reduction r = {.rank = pj_in_rank(c, 0), .known = true, .named = 1};
    int axis;
    r.keepdims = pj_attr_int(c, "keepdims", 1) != 0;
    if (r.rank < 0)
        return pj_set_dtype(c, 0, PJ_INT64);
    if (r.rank == 0) /* a scalar has one place, and no axis to name */
        return pj_set_scalar(c, 0, PJ_INT64);
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), r.rank, &axis));
    r.chosen[axis] = true;
    return set_reduced(c, &r, PJ_INT64);
}

typedef pj_num (*pair_rule)(pj_symbols *s, pj_num a, pj_num b);

/* Position of the result that an element goes into. */
static pj_track result_track(const reduction *r, const pj_num *dims)
{
    pj_track track = {0};
    int64_t stride = 1;
    for (int k = r->rank - 1; k >= 0; k--) {
        if (!r->chosen[k]) {
            track.stride[k] = stride;
            stride *= dims[k].whole;
        }
    }
    return track;
}

/* Is the walk at the first element of its result? */
static bool starts_result(const reduction *r, const pj_grid *grid)
{
    for (int k = 0; k < grid->axes; k++)
        if (r->chosen[grid->axis[k]] && grid->at[k] > 0)
            return false;
    return true;
}

/* Combines the elements of each result; *result has `count` of them, NULL where they are not known. Reductions of
 * nothing are left alone: no shape is computed with them. */
static pj_status reduce(pj_ctx *c, pair_rule rule, pj_num **result, int64_t *count)
{
    reduction r;
    pj_grid grid, reduced;
    const pj_value *out = pj_out(c, 0);
    const pj_num *data = pj_grid_of_input(c, 0, &grid);
    *result = NULL;
    PJ_TRY(read_reduction(c, &r));
    if (!out || !data || !r.known || grid.count == 0 || !pj_grid_of(&reduced, out->type.rank, out->type.dims))
        return PJ_OK;
    pj_track track = result_track(&r, pj_in_type(c, 0)->dims);
    *count = reduced.count;
    *result = PJ_NEW(c->arena, pj_num, reduced.count);
    PJ_TRY(pj_got(*result, c->err));
    for (int64_t k = 0; k < grid.count; k++) {
        pj_num *sum = &(*result)[track.at];
        *sum = starts_result(&r, &grid) ? data[k] : pj_value_fit(out->type.dtype, rule(c->symbols, *sum, data[k]));
        pj_grid_step(&grid, &track, 1);
    }
    return PJ_OK;
}

/* Defines value_NAME, which combines by that rule. */
#define VALUE_REDUCED(name, rule)                                 \
    static pj_status value_##name(pj_ctx *c)                      \
    {                                                             \
        pj_num *result;                                           \
        int64_t count;                                            \
        PJ_TRY(reduce(c, rule, &result, &count));                 \
        return result ? pj_set_data(c, 0, result, count) : PJ_OK; \
    }

VALUE_REDUCED(sum, pj_num_add)
VALUE_REDUCED(prod, pj_num_mul)
VALUE_REDUCED(max, pj_num_max)
VALUE_REDUCED(min, pj_num_min)

static pj_status value_mean(pj_ctx *c)
{
    pj_num *result, n;
    int64_t count;
    PJ_TRY(reduce(c, pj_num_add, &result, &count));
    if (!result)
        return PJ_OK;
    n = pj_num_floor_div(c->symbols, pj_in_count(c, 0), pj_num_of(count));
    for (int64_t k = 0; k < count; k++) {
        pj_num mean =
            pj_on_integers(c) ? pj_num_trunc_div(c->symbols, result[k], n) : pj_num_div_real(c->symbols, result[k], n);
        result[k] = pj_value_fit(pj_out_dtype(c, 0), mean);
    }
    return pj_set_data(c, 0, result, count);
}

/* The axis is the single element of input 1. *known: is it known? Else nothing is checked. */
static pj_status cumulative_axis(pj_ctx *c, int *axis, bool *known)
{
    pj_num given = pj_in_scalar(c, 1);
    *known = pj_num_known(given) && pj_in_rank(c, 0) >= 0;
    return *known ? pj_axis(c, given.whole, pj_in_rank(c, 0), axis) : PJ_OK;
}

static pj_status shape_cumulative(pj_ctx *c)
{
    int axis;
    bool known;
    PJ_TRY(cumulative_axis(c, &axis, &known));
    return pj_shape_same(c);
}

/* Accumulates `count` elements that lie `stride` apart. */
static void accumulate(pj_ctx *c, pair_rule rule, pj_num neutral, const pj_num *from, pj_num *to, int64_t count,
                       int64_t stride)
{
    bool exclusive = pj_attr_int(c, "exclusive", 0) != 0, reverse = pj_attr_int(c, "reverse", 0) != 0;
    pj_dtype dtype = pj_out_dtype(c, 0);
    pj_num sum = pj_value_fit(dtype, neutral);
    for (int64_t k = 0; k < count; k++) {
        int64_t at = (reverse ? count - 1 - k : k) * stride;
        pj_num next = pj_value_fit(dtype, rule(c->symbols, sum, from[at]));
        to[at] = exclusive ? sum : next;
        sum = next;
    }
}

static pj_status value_cumulative(pj_ctx *c, pair_rule rule, pj_num neutral)
{
    pj_grid grid;
    const pj_num *data = pj_grid_of_input(c, 0, &grid), *dims = pj_in_type(c, 0)->dims;
    int64_t inner = 1;
    int axis;
    bool known;
    PJ_TRY(cumulative_axis(c, &axis, &known));
    if (!data || !known || grid.count == 0 || !pj_wants(c, 0))
        return PJ_OK;
    pj_num *result = PJ_NEW(c->arena, pj_num, grid.count);
    PJ_TRY(pj_got(result, c->err));
    for (int k = axis + 1; k < pj_in_rank(c, 0); k++)
        inner *= dims[k].whole;
    int64_t line = inner * dims[axis].whole;
    for (int64_t start = 0; start < grid.count; start += line)
        for (int64_t k = start; k < start + inner; k++)
            accumulate(c, rule, neutral, data + k, result + k, dims[axis].whole, inner);
    return pj_set_data(c, 0, result, grid.count);
}

static pj_status value_cumsum(pj_ctx *c)
{
    return value_cumulative(c, pj_num_add, pj_num_of(0));
}

static pj_status value_cumprod(pj_ctx *c)
{
    return value_cumulative(c, pj_num_mul, pj_num_of(1));
}

/* Work; I elements in, O results out. To combine n elements takes n - 1 operations: I - O over all results, none where
 * nothing is reduced. */
static void count_folds(pj_ctx *c, pj_work *work, pj_prim prim)
{
    pj_num folds = pj_num_sub(c->symbols, pj_in_count(c, 0), pj_out_count(c, 0));
    pj_work_add(c, work, prim, pj_num_max(c->symbols, pj_num_of(0), folds));
}

/* Sum, LogSum, ...: I - O additions; `each_in` an element before, `each_out` a result after. */
static pj_status count_sum(pj_ctx *c, pj_work *work, const int64_t *each_in, const int64_t *each_out)
{
    pj_work_each(c, work, each_in, pj_in_count(c, 0));
    pj_work_each(c, work, each_out, pj_out_count(c, 0));
    count_folds(c, work, PJ_ADD);
    return PJ_OK;
}

/* Defines work_NAME, such a rule. */
#define WORK_SUM(name, each_in, each_out)                  \
    static pj_status work_##name(pj_ctx *c, pj_work *work) \
    {                                                      \
        return count_sum(c, work, each_in, each_out);      \
    }

/* sum x */
WORK_SUM(sum, PJ_EACH(0), PJ_EACH(0))

/* 1/n sum x: the result times the constant 1/n; a division where the elements are integers */
WORK_SUM(mean, PJ_EACH(0), PJ_EACH([PJ_DIV] = pj_on_integers(c), [PJ_MUL] = !pj_on_integers(c)))

/* sum |x| */
WORK_SUM(l1, PJ_EACH([PJ_CMP] = 1), PJ_EACH(0))

/* sqrt(sum x x) */
WORK_SUM(l2, PJ_EACH([PJ_MUL] = 1), PJ_EACH([PJ_SQRT] = 1))

/* sum x x */
WORK_SUM(sum_square, PJ_EACH([PJ_MUL] = 1), PJ_EACH(0))

/* log(sum x) */
WORK_SUM(log_sum, PJ_EACH(0), PJ_EACH([PJ_LOG] = 1))

/* m + log(sum exp(x - m)) with m = max x, as it does not overflow: I - O cmp; I add and exp; O log and add */
static pj_status work_log_sum_exp(pj_ctx *c, pj_work *work)
{
    count_folds(c, work, PJ_CMP);
    return count_sum(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_EXP] = 1), PJ_EACH([PJ_LOG] = 1, [PJ_ADD] = 1));
}

/* Max, Min, ArgMax, ArgMin: I - O comparisons */
PJ_WORK(extreme, count_folds(c, work, PJ_CMP))

/* Product of x: I - O multiplications */
PJ_WORK(prod, count_folds(c, work, PJ_MUL))

/* n elements in a line take n - 1 operations: I - I/n; one less where a sum excludes its own element. */
static pj_status count_cumulative(pj_ctx *c, pj_work *work, pj_prim prim)
{
    pj_symbols *s = c->symbols;
    pj_num count = pj_in_count(c, 0), without = pj_num_of(pj_attr_int(c, "exclusive", 0) ? 2 : 1);
    int axis;
    bool known;
    PJ_TRY(cumulative_axis(c, &axis, &known));
    pj_num n = known ? pj_in_dim(c, 0, axis) : pj_num_unknown();
    pj_num lines = pj_num_is(n, 0) ? pj_num_of(0) : pj_num_floor_div(s, count, n);
    pj_num steps = pj_num_max(s, pj_num_of(0), pj_num_sub(s, n, without));
    pj_work_add(c, work, prim, pj_num_mul(s, lines, steps));
    return PJ_OK;
}

static pj_status work_cumsum(pj_ctx *c, pj_work *work)
{
    return count_cumulative(c, work, PJ_ADD);
}

static pj_status work_cumprod(pj_ctx *c, pj_work *work)
{
    return count_cumulative(c, work, PJ_MUL);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "ReduceSum",        1,  "xc", 0,       shape_reduce,         value_sum,     work_sum        },
    {"", "ReduceMean",       1,  "xc", 0,       shape_reduce,         value_mean,    work_mean       },
    {"", "ReduceMax",        1,  "xc", PJ_KEEP, shape_reduce,         value_max,     work_extreme    },
    {"", "ReduceMin",        1,  "xc", PJ_KEEP, shape_reduce,         value_min,     work_extreme    },
    {"", "ReduceProd",       1,  "xc", 0,       shape_reduce,         value_prod,    work_prod       },
    {"", "ReduceL1",         1,  "xc", 0,       shape_reduce,         NULL,          work_l1         },
    {"", "ReduceL2",         1,  "xc", 0,       shape_reduce,         NULL,          work_l2         },
    {"", "ReduceLogSum",     1,  "xc", 0,       shape_reduce,         NULL,          work_log_sum    },
    {"", "ReduceLogSumExp",  1,  "xc", 0,       shape_reduce,         NULL,          work_log_sum_exp},
    {"", "ReduceSumSquare",  1,  "xc", 0,       shape_reduce,         NULL,          work_sum_square },
    {MS, "ReduceSumInteger", 1,  "x",  0,       shape_reduce_integer, value_sum,     work_sum        },
    {"", "ArgMax",           1,  "x",  0,       shape_arg,            NULL,          work_extreme    },
    {"", "ArgMin",           1,  "x",  0,       shape_arg,            NULL,          work_extreme    },
    {"", "CumSum",           11, "xc", PJ_WIDE, shape_cumulative,     value_cumsum,  work_cumsum     },
    {"", "CumSum",           14, "xc", 0,       shape_cumulative,     value_cumsum,  work_cumsum     },
    {"", "CumProd",          26, "xc", 0,       shape_cumulative,     value_cumprod, work_cumprod    },
};

PJ_FAMILY(reduce);
