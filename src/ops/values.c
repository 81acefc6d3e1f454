/* Contents of small tensors: element types, walks, maps with broadcasting. */
#include "ops/values.h"

enum { MAX_OPERANDS = 16 };

/* x rounded to the nearest number (ties to even) of `bits` significand bits, multiples of 2^least, below 2^most. */
static double round_real(double x, int bits, int least, int most)
{
    int exponent;
    if (x == 0 || !isfinite(x))
        return x;
    frexp(x, &exponent);
    int quantum = exponent - bits > least ? exponent - bits : least;
    double rounded = ldexp(rint(ldexp(x, -quantum)), quantum);
    return fabs(rounded) >= ldexp(1, most) ? copysign(INFINITY, x) : rounded;
}

static pj_num fit_real(pj_dtype dtype, double x)
{
    if (isnan(x))
        return pj_num_unknown();
    switch ((int)dtype) {
    case PJ_FLOAT64:
        return pj_num_of_real(x);
    case PJ_FLOAT32:
        return pj_num_of_real(round_real(x, 24, -149, 128));
    case PJ_FLOAT16:
        return pj_num_of_real(round_real(x, 11, -24, 16));
    case PJ_BFLOAT16:
        return pj_num_of_real(round_real(x, 8, -133, 128));
    default:
        return pj_num_unknown(); /* no exporter computes shapes in 8 bit floats */
    }
}

/* Two's complement at the type's width. 64 bit numbers wrapped already, or overflowed. */
static pj_num wrap(pj_dtype dtype, int64_t whole)
{
    int bits = pj_dtype_bits(dtype);
    if (bits >= 64)
        return pj_dtype_is_signed(dtype) || whole >= 0 ? pj_num_of(whole) : pj_num_unknown();
    int64_t range = (int64_t)1 << bits;
    int64_t low = (int64_t)((uint64_t)whole & (uint64_t)(range - 1));
    return pj_num_of(pj_dtype_is_signed(dtype) && low >= range / 2 ? low - range : low);
}

static pj_num fit_integer(pj_dtype dtype, pj_num a)
{
    pj_num whole = pj_num_trunc(NULL, a);
    if (!pj_num_known(whole))
        return pj_num_symbolic(whole) ? whole : pj_num_unknown();
    pj_num wrapped = wrap(dtype, whole.whole);
    bool out_of_range = !pj_num_equal(whole, wrapped);
    return pj_num_is_real(a) && out_of_range ? pj_num_unknown() : wrapped; /* runtimes differ there */
}

int pj_value_truth(pj_num a)
{
    if (pj_num_equal(a, pj_num_of(0)))
        return 0;
    return pj_num_differ(a, pj_num_of(0)) ? 1 : -1;
}

pj_num pj_value_fit(pj_dtype dtype, pj_num a)
{
    bool known;
    if (pj_num_is_unknown(a) || pj_num_overflowed(a) || dtype == PJ_UNDEFINED)
        return a;
    if (dtype == PJ_BOOL)
        return pj_value_truth(a) < 0 ? pj_num_unknown() : pj_num_of(pj_value_truth(a));
    if (pj_dtype_is_integer(dtype))
        return fit_integer(dtype, a);
    if (!pj_dtype_is_float(dtype))
        return pj_num_unknown();
    double x = pj_num_as_real(a, &known);
    return known ? fit_real(dtype, x) : a;
}

bool pj_grid_of(pj_grid *grid, int rank, const pj_num *dims)
{
    bool empty = false;
    grid->count = 1;
    grid->axes = 0;
    for (int k = 0; k < rank; k++) {
        if (!pj_num_known(dims[k]))
            return false;
        empty = empty || dims[k].whole == 0;
    }
    for (int k = 0; k < rank && !empty; k++) {
        if (dims[k].whole == 1)
            continue;
        if (dims[k].whole < 0 || dims[k].whole > PJ_MAX_VALUE_ELEMENTS / grid->count)
            return false;
        grid->count *= dims[k].whole;
        grid->axis[grid->axes] = k;
        grid->size[grid->axes] = dims[k].whole;
        grid->at[grid->axes++] = 0;
    }
    if (empty)
        grid->count = 0;
    return rank >= 0;
}

void pj_grid_step(pj_grid *grid, pj_track *tracks, int count)
{
    for (int k = grid->axes - 1; k >= 0; k--) {
        int axis = grid->axis[k];
        bool inside = ++grid->at[k] < grid->size[k];
        int64_t steps = inside ? 1 : 1 - grid->size[k];
        for (int i = 0; i < count; i++)
            tracks[i].at += steps * tracks[i].stride[axis];
        if (inside)
            return;
        grid->at[k] = 0;
    }
}

const pj_num *pj_grid_of_input(const pj_ctx *c, int i, pj_grid *grid)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    return data && pj_grid_of(grid, pj_in_rank(c, i), pj_in_type(c, i)->dims) && grid->count == count ? data : NULL;
}

/* How many axes of output 0 follow input `i`'s last one: none, but before opset 7 `axis` is where the second operand
 * begins. */
static int64_t axes_after(pj_ctx *c, int i, int rank)
{
    int64_t opset = pj_node_opset(c);
    if (i != 1 || opset <= 0 || opset >= 7 || c->node->domain[0] || !pj_attr_present(c, "axis"))
        return 0;
    int64_t axis = pj_attr_int(c, "axis", 0);
    if (axis < -rank || axis >= rank)
        return 0;
    return rank - (axis < 0 ? axis + rank : axis) - pj_in_rank(c, i);
}

/* The contents of input `i`, and how it moves along the axes of output 0; NULL where they are not known, or an axis
 * does not fit (the operator forbids it, but the shape rule may be lenient). */
static const pj_num *operand(pj_ctx *c, int i, const pj_type *out, pj_track *track)
{
    pj_grid own;
    int64_t stride = 1;
    const pj_num *data = pj_grid_of_input(c, i, &own);
    *track = (pj_track){0};
    if (!data)
        return NULL;
    int64_t shift = out->rank - pj_in_rank(c, i) - axes_after(c, i, out->rank);
    for (int k = own.axes - 1; k >= 0; k--) {
        int64_t axis = own.axis[k] + shift;
        if (axis < 0 || axis >= out->rank || !pj_num_is(out->dims[axis], own.size[k]))
            return NULL;
        track->stride[axis] = stride;
        stride *= own.size[k];
    }
    return own.count ? data : NULL;
}

/* Applies the rule to every element. Memory is taken when the first result is known: most tensors have none. */
static pj_status map_elements(pj_ctx *c, const pj_num *const *data, pj_track *tracks, int inputs, pj_grid *grid,
                              pj_element_rule rule)
{
    pj_value *out = pj_out(c, 0);
    pj_num *result = NULL;
    for (int64_t k = 0; k < grid->count; k++) {
        pj_num x[MAX_OPERANDS];
        for (int i = 0; i < inputs; i++)
            x[i] = data[i] ? data[i][tracks[i].at] : pj_num_unknown();
        pj_num element = pj_value_fit(out->type.dtype, rule(c, x));
        if (!result && !pj_num_is_unknown(element)) {
            result = PJ_NEW(c->arena, pj_num, grid->count);
            PJ_TRY(pj_got(result, c->err));
            for (int64_t before = 0; before < k; before++)
                result[before] = pj_num_unknown();
        }
        if (result)
            result[k] = element;
        pj_grid_step(grid, tracks, inputs);
    }
    out->data = result;
    out->data_count = result ? grid->count : 0;
    return PJ_OK;
}

pj_status pj_value_map(pj_ctx *c, int inputs, pj_element_rule rule)
{
    const pj_value *out = pj_out(c, 0);
    const pj_num *data[MAX_OPERANDS];
    pj_track tracks[MAX_OPERANDS];
    pj_grid grid;
    bool any = false;
    if (!out || inputs > MAX_OPERANDS || !pj_grid_of(&grid, out->type.rank, out->type.dims))
        return PJ_OK;
    if (grid.count == 0)
        return pj_set_data(c, 0, NULL, 0);
    for (int i = 0; i < inputs; i++) {
        data[i] = operand(c, i, &out->type, &tracks[i]);
        any = any || data[i];
    }
    return any ? map_elements(c, data, tracks, inputs, &grid, rule) : PJ_OK;
}
