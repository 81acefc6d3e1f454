/* The vocabulary of rules: reading the node, writing its outputs. */
#include "ops/rules.h"

static const pj_type unknown_type = {.kind = PJ_KIND_UNKNOWN, .rank = -1};

const pj_value *pj_in(const pj_ctx *c, int i)
{
    return i >= 0 && i < c->node->inputs ? c->node->in[i] : NULL;
}

bool pj_has(const pj_ctx *c, int i)
{
    return pj_in(c, i) != NULL;
}

int pj_role_in(const pj_ctx *c, char role)
{
    return pj_op_place(c->node->desc, role, 0);
}

const pj_type *pj_in_type(const pj_ctx *c, int i)
{
    const pj_value *value = pj_in(c, i);
    return value ? &value->type : &unknown_type;
}

pj_dtype pj_in_dtype(const pj_ctx *c, int i)
{
    return pj_in_type(c, i)->dtype;
}

int pj_in_rank(const pj_ctx *c, int i)
{
    const pj_type *type = pj_in_type(c, i);
    return pj_type_is_tensor(type) ? type->rank : -1;
}

pj_num pj_in_dim(const pj_ctx *c, int i, int axis)
{
    int rank = pj_in_rank(c, i);
    if (axis < 0 && axis >= -rank)
        axis += rank;
    const pj_num *dims = pj_in_type(c, i)->dims;
    return axis >= 0 && axis < rank && dims ? dims[axis] : pj_num_unknown();
}

pj_num pj_in_count(const pj_ctx *c, int i)
{
    return pj_type_count(c->symbols, pj_in_type(c, i));
}

const pj_num *pj_in_data(const pj_ctx *c, int i, int64_t *count)
{
    const pj_value *value = pj_in(c, i);
    *count = value ? value->data_count : 0;
    return value ? value->data : NULL;
}

pj_num pj_in_scalar(const pj_ctx *c, int i)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    return data && count == 1 ? data[0] : pj_num_unknown();
}

bool pj_in_constant(const pj_ctx *c, int i)
{
    const pj_value *value = pj_in(c, i);
    return value && value->is_constant;
}

bool pj_in_zero(const pj_ctx *c, int i)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    bool zero = !pj_has(c, i) || (data && count > 0);
    for (int64_t k = 0; data && k < count; k++)
        zero = zero && (pj_num_is(data[k], 0) || (pj_num_is_real(data[k]) && data[k].real == 0.0));
    return zero;
}

int64_t pj_node_opset(const pj_ctx *c)
{
    return c->node->opset;
}

/* The attribute if it is there and of the kind; a wrong kind is remembered. */
static const pj_attr *attr_of(pj_ctx *c, const char *name, pj_attr_kind kind, const char *kind_text)
{
    const pj_attr *attr = pj_node_attr(c->node, name);
    if (!attr || attr->kind == kind)
        return attr;
    if (c->failed == PJ_OK)
        c->failed = pj_fail(c->err, PJ_ESHAPE, "attribute '%s' is not of the kind %s", name, kind_text);
    return NULL;
}

bool pj_attr_present(const pj_ctx *c, const char *name)
{
    return pj_node_attr(c->node, name) != NULL;
}

int64_t pj_attr_int(pj_ctx *c, const char *name, int64_t otherwise)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_INT, "int");
    return attr ? attr->i : otherwise;
}

double pj_attr_float(pj_ctx *c, const char *name, double otherwise)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_FLOAT, "float");
    return attr ? (double)attr->f : otherwise;
}

const char *pj_attr_string(pj_ctx *c, const char *name, const char *otherwise)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_STRING, "string");
    return attr ? attr->s : otherwise;
}

const int64_t *pj_attr_ints(pj_ctx *c, const char *name, int *count)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_INTS, "ints");
    *count = attr ? attr->count : -1;
    return attr ? attr->ints : NULL;
}

const float *pj_attr_floats(pj_ctx *c, const char *name, int *count)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_FLOATS, "floats");
    *count = attr ? attr->count : -1;
    return attr ? attr->floats : NULL;
}

const pj_tensor *pj_attr_tensor(pj_ctx *c, const char *name)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_TENSOR, "tensor");
    return attr ? attr->tensor : NULL;
}

pj_graph *pj_attr_graph(pj_ctx *c, const char *name)
{
    const pj_attr *attr = attr_of(c, name, PJ_ATTR_GRAPH, "graph");
    return attr ? attr->graph : NULL;
}

pj_dtype pj_attr_dtype(pj_ctx *c, const char *name, pj_dtype otherwise)
{
    int64_t number = pj_attr_int(c, name, otherwise);
    if (number == (int64_t)otherwise)
        return otherwise;
    if (number >= 0 && number < PJ_DTYPE_COUNT && pj_dtype_valid((int)number))
        return (pj_dtype)number;
    if (c->failed == PJ_OK)
        c->failed =
            pj_fail(c->err, PJ_ESHAPE, "attribute '%s' is %lld, which is no element type", name, (long long)number);
    return PJ_UNDEFINED;
}

static pj_status list_of_input(pj_ctx *c, int i, pj_list *out)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    out->given = true;
    if (!data) {
        pj_num length = pj_in_rank(c, i) == 0 ? pj_num_of(1) : pj_in_dim(c, i, 0);
        if (!pj_num_known(length))
            return PJ_OK;
        count = length.whole;
    }
    if (count > PJ_MAX_RANK)
        return pj_fail(c->err, PJ_ELIMIT, "input %d lists %lld numbers; at most %d are accepted here", i,
                       (long long)count, PJ_MAX_RANK);
    out->known = true;
    out->count = (int)count;
    for (int k = 0; k < out->count; k++)
        out->num[k] = data ? data[k] : pj_num_unknown();
    return PJ_OK;
}

pj_status pj_list_of(pj_ctx *c, const char *name, int i, pj_list *out)
{
    int count = -1;
    const pj_attr *attr = name ? pj_node_attr(c->node, name) : NULL;
    const int64_t *ints;
    int64_t single;
    out->given = out->known = false;
    out->count = 0;
    if (!attr)
        return pj_has(c, i) ? list_of_input(c, i, out) : PJ_OK;
    if (attr->kind == PJ_ATTR_INT) { /* some exporters write one axis as a plain int */
        single = attr->i;
        ints = &single;
        count = 1;
    } else {
        ints = pj_attr_ints(c, name, &count);
    }
    if (count > PJ_MAX_RANK)
        return pj_fail(c->err, PJ_ELIMIT, "attribute '%s' lists %d numbers; at most %d are accepted", name, count,
                       PJ_MAX_RANK);
    out->given = out->known = count >= 0;
    out->count = count < 0 ? 0 : count;
    for (int k = 0; k < out->count; k++)
        out->num[k] = pj_num_of(ints[k]);
    return PJ_OK;
}

pj_status pj_axis(pj_ctx *c, int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return pj_fail(c->err, PJ_ESHAPE, "axis %lld is outside of a tensor of rank %d", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return PJ_OK;
}

pj_status pj_axes(pj_ctx *c, const pj_list *axes, int rank, bool *chosen, bool *known)
{
    for (int k = 0; k < rank; k++)
        chosen[k] = false;
    *known = axes->known || !axes->given;
    for (int k = 0; k < axes->count; k++) {
        int axis;
        if (!pj_num_known(axes->num[k])) {
            *known = false;
            continue;
        }
        PJ_TRY(pj_axis(c, axes->num[k].whole, rank, &axis));
        if (chosen[axis])
            return pj_fail(c->err, PJ_ESHAPE, "axis %d is named twice", axis);
        chosen[axis] = true;
    }
    return PJ_OK;
}

pj_value *pj_out(const pj_ctx *c, int o)
{
    return o >= 0 && o < c->node->outputs ? c->node->out[o] : NULL;
}

pj_dtype pj_out_dtype(const pj_ctx *c, int o)
{
    const pj_value *out = pj_out(c, o);
    return out ? out->type.dtype : PJ_UNDEFINED;
}

bool pj_wants(const pj_ctx *c, int o)
{
    return pj_out(c, o) != NULL;
}

pj_status pj_set_type(pj_ctx *c, int o, pj_type type)
{
    pj_value *out = pj_out(c, o);
    if (out)
        out->type = type;
    return PJ_OK;
}

pj_status pj_set(pj_ctx *c, int o, pj_dtype dtype, int rank, const pj_num *dims)
{
    const pj_num *copy = NULL;
    if (!pj_wants(c, o))
        return PJ_OK;
    if (rank > PJ_MAX_RANK)
        return pj_fail(c->err, PJ_ELIMIT, "output %d would have rank %d; at most %d is accepted", o, rank, PJ_MAX_RANK);
    if (rank >= 0) {
        copy = pj_arena_memdup(c->arena, dims, (size_t)rank, sizeof *dims);
        PJ_TRY(pj_got(copy, c->err));
    }
    return pj_set_type(c, o, pj_type_tensor(dtype, rank, copy));
}

pj_status pj_set_dtype(pj_ctx *c, int o, pj_dtype dtype)
{
    return pj_set(c, o, dtype, -1, NULL);
}

pj_status pj_set_same(pj_ctx *c, int o, int i)
{
    return pj_set_type(c, o, *pj_in_type(c, i));
}

pj_status pj_set_shape_of(pj_ctx *c, int o, pj_dtype dtype, int i)
{
    const pj_type *type = pj_in_type(c, i);
    return pj_set_type(c, o, pj_type_tensor(dtype, pj_in_rank(c, i), type->dims));
}

pj_status pj_set_scalar(pj_ctx *c, int o, pj_dtype dtype)
{
    return pj_set(c, o, dtype, 0, NULL);
}

pj_status pj_set_1d(pj_ctx *c, int o, pj_dtype dtype, pj_num n)
{
    return pj_set(c, o, dtype, 1, &n);
}

pj_status pj_set_data(pj_ctx *c, int o, const pj_num *data, int64_t count)
{
    pj_value *out = pj_out(c, o);
    bool any = count == 0;
    if (!out || count < 0 || count > PJ_MAX_VALUE_ELEMENTS)
        return PJ_OK;
    for (int64_t k = 0; k < count && !any; k++)
        any = !pj_num_is_unknown(data[k]);
    if (!any)
        return PJ_OK;
    out->data = pj_arena_memdup(c->arena, data, (size_t)count, sizeof *data);
    PJ_TRY(pj_got(out->data, c->err));
    out->data_count = count;
    return PJ_OK;
}

/* Fails with both numbers as text, symbols included. */
static pj_status fail_pair(pj_ctx *c, const char *what, pj_num a, pj_num b, const char *relation)
{
    pj_str left = pj_str_new(0), right = pj_str_new(0);
    pj_num_print(a, &left);
    pj_num_print(b, &right);
    pj_status status = pj_fail(c->err, PJ_ESHAPE, "%s: %s %s %s", what, left.data, relation, right.data);
    pj_str_free(&left);
    pj_str_free(&right);
    return status;
}

/* A symbol that has to have a size: as it is, or in a formula that grows evenly with it ("64*height"). Of several sizes
 * none is right. */
static void note_fixed(pj_ctx *c, pj_num symbolic, pj_num size)
{
    pj_num at[2];
    pj_map map;
    pj_map_init(&map, c->fixed->arena);
    const char *name = pj_num_missing(symbolic, &map);
    for (int k = 0; name && k < 2; k++) {
        pj_num *value = pj_map_get(&map, name);
        if (!value && !((value = PJ_NEW(c->fixed->arena, pj_num, 1)) && pj_map_put(&map, name, value)))
            return;
        *value = pj_num_of(k);
        at[k] = pj_num_substitute(c->symbols, symbolic, &map);
    }
    if (!name || !pj_num_known(at[0]) || !pj_num_known(at[1]))
        return;
    pj_num slope = pj_num_sub(c->symbols, at[1], at[0]), rest = pj_num_sub(c->symbols, size, at[0]);
    pj_num *value = pj_map_get(&map, name), *before = pj_map_get(c->fixed, name);
    *value = pj_num_floor_div(c->symbols, rest, slope);
    if (!pj_num_equal(pj_num_substitute(c->symbols, symbolic, &map), size))
        return;
    if (before && !pj_num_equal(*before, *value))
        *before = pj_num_unknown();
    else if (!before)
        pj_map_put(c->fixed, name, value);
}

pj_status pj_same_dim(pj_ctx *c, pj_num a, pj_num b, const char *what, pj_num *out)
{
    if (c->fixed && pj_num_known(a) != pj_num_known(b) && pj_num_symbolic(pj_num_known(a) ? b : a))
        note_fixed(c, pj_num_known(a) ? b : a, pj_num_known(a) ? a : b);
    if (pj_num_known(a) && pj_num_known(b) && a.whole != b.whole)
        return fail_pair(c, what, a, b, "is not");
    *out = pj_num_known(b) || pj_num_is_unknown(a) ? b : a;
    return PJ_OK;
}

pj_status pj_spread(pj_ctx *c, int i, const char *what)
{
    for (int k = 1; k <= pj_in_rank(c, i) && k <= pj_in_rank(c, 0); k++) {
        pj_num size = pj_in_dim(c, i, -k), same;
        if (pj_num_known(size) && size.whole != 1)
            PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, -k), size, what, &same));
    }
    return PJ_OK;
}

/* Is a never above b, and 0 only where b is? Then what they broadcast to is b: a is b or 1. So it is with a slice of a
 * table that is longer than what it is added to: min(512, seq) beside seq. */
static bool gives_way(pj_ctx *c, pj_num a, pj_num b)
{
    pj_num least = pj_num_min(c->symbols, b, pj_num_of(1));
    return pj_num_equal(pj_num_min(c->symbols, a, b), a) && pj_num_equal(pj_num_min(c->symbols, a, least), least);
}

/* One dimension of a broadcast: equal, or one of them 1. A known size other than 1 decides against a symbol. */
static pj_status broadcast_dim(pj_ctx *c, pj_num a, pj_num b, int axis, pj_num *out)
{
    if (pj_num_overflowed(a) || pj_num_overflowed(b) || pj_num_is(b, 1) || pj_num_equal(a, b)) {
        *out = pj_num_overflowed(b) ? b : a;
    } else if (pj_num_known(a) && pj_num_known(b) && a.whole != 1) {
        char what[64];
        snprintf(what, sizeof what, "the inputs do not broadcast at axis %d", axis);
        return fail_pair(c, what, a, b, "against");
    } else if (pj_num_is(a, 1) || pj_num_known(b) || (!pj_num_known(a) && gives_way(c, a, b))) {
        *out = b;
    } else if (pj_num_known(a) || gives_way(c, b, a)) {
        *out = a;
    } else {
        *out = pj_num_unknown();
    }
    return PJ_OK;
}

pj_status pj_broadcast(pj_ctx *c, int rank_a, const pj_num *a, int rank_b, const pj_num *b, int *rank, pj_num *dims)
{
    pj_num result[PJ_MAX_RANK]; /* `dims` may be `a` or `b` */
    *rank = -1;
    if (rank_a < 0 || rank_b < 0)
        return PJ_OK;
    int most = rank_a > rank_b ? rank_a : rank_b;
    for (int k = 0; k < most; k++) {
        pj_num left = k < most - rank_a ? pj_num_of(1) : a[k - (most - rank_a)];
        pj_num right = k < most - rank_b ? pj_num_of(1) : b[k - (most - rank_b)];
        PJ_TRY(broadcast_dim(c, left, right, k, &result[k]));
    }
    if (most)
        memcpy(dims, result, (size_t)most * sizeof *dims);
    *rank = most;
    return PJ_OK;
}

pj_status pj_broadcast_inputs(pj_ctx *c, int first, int count, int *rank, pj_num *dims)
{
    *rank = 0;
    for (int i = first; i < first + count; i++)
        if (pj_has(c, i))
            PJ_TRY(pj_broadcast(c, *rank, dims, pj_in_rank(c, i), pj_in_type(c, i)->dims, rank, dims));
    return PJ_OK;
}

pj_num pj_dims_product(pj_ctx *c, const pj_num *dims, int from, int to)
{
    return to > from ? pj_num_product(c->symbols, dims + from, to - from) : pj_num_of(1);
}

pj_status pj_shape_same(pj_ctx *c)
{
    return pj_set_same(c, 0, 0);
}

static pj_status set_broadcast(pj_ctx *c, pj_dtype dtype)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    /* Before opset 7 the second operand had to fit the first at an axis given by attributes: output as input 0. */
    if (pj_node_opset(c) > 0 && pj_node_opset(c) < 7 && c->node->domain[0] == 0 && c->node->inputs == 2)
        return pj_set_shape_of(c, 0, dtype, 0);
    PJ_TRY(pj_broadcast_inputs(c, 0, c->node->inputs, &rank, dims));
    return pj_set(c, 0, dtype, rank, dims);
}

pj_status pj_shape_broadcast(pj_ctx *c)
{
    return set_broadcast(c, pj_in_dtype(c, 0));
}

pj_status pj_shape_compare(pj_ctx *c)
{
    return set_broadcast(c, PJ_BOOL);
}

pj_status pj_value_same(pj_ctx *c)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, 0, &count);
    return data ? pj_set_data(c, 0, data, count) : PJ_OK;
}

void pj_work_times(pj_ctx *c, pj_work *work, pj_prim prim, int64_t factor, pj_num n)
{
    if (!factor) /* nothing, of however many */
        return;
    pj_num product = factor == 1 ? n : pj_num_mul(c->symbols, pj_num_of(factor), n);
    work->count[prim] = pj_num_add(c->symbols, work->count[prim], product);
}

void pj_work_add(pj_ctx *c, pj_work *work, pj_prim prim, pj_num n)
{
    pj_work_times(c, work, prim, 1, n);
}

void pj_work_each(pj_ctx *c, pj_work *work, const int64_t each[PJ_PRIMS], pj_num n)
{
    for (int p = 0; p < PJ_PRIMS; p++)
        pj_work_times(c, work, (pj_prim)p, each[p], n);
}

void pj_work_nothing(pj_ctx *c, pj_work *work)
{
    for (int i = 0; i < c->node->inputs; i++)
        work->read[i] = pj_num_of(0);
    for (int o = 0; o < c->node->outputs; o++)
        work->written[o] = pj_num_of(0);
}

void pj_work_quantize(pj_ctx *c, pj_work *work, pj_num n, int scale, int zero_point)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1, [PJ_ADD] = !pj_in_zero(c, zero_point)), n);
    if (!pj_in_constant(c, scale))
        pj_work_add(c, work, PJ_DIV, pj_in_count(c, scale));
}

void pj_work_dequantize(pj_ctx *c, pj_work *work, pj_num n, bool zero)
{
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1, [PJ_ADD] = !zero), n);
}

pj_num pj_out_count(const pj_ctx *c, int o)
{
    const pj_value *out = pj_out(c, o);
    return out ? pj_type_count(c->symbols, &out->type) : pj_num_of(0);
}

bool pj_on_integers(const pj_ctx *c)
{
    const pj_value *out = pj_out(c, 0);
    pj_dtype dtype = out && out->type.dtype != PJ_BOOL ? out->type.dtype : pj_in_dtype(c, 0);
    return !pj_dtype_is_float(dtype);
}

/* One primitive an element. */
#define PJ_ONE_EACH(name, prim)                         \
    pj_status pj_work_##name(pj_ctx *c, pj_work *work)  \
    {                                                   \
        pj_work_add(c, work, prim, pj_out_count(c, 0)); \
        return PJ_OK;                                   \
    }

PJ_ONE_EACH(add1, PJ_ADD)
PJ_ONE_EACH(mul1, PJ_MUL)
PJ_ONE_EACH(cmp1, PJ_CMP)
PJ_ONE_EACH(logic1, PJ_LOGIC)
PJ_ONE_EACH(div1, PJ_DIV)
PJ_ONE_EACH(round1, PJ_ROUND)
