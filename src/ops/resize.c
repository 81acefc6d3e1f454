/* Resize and Upsample. */
#include "ops/resize.h"

/* Scales from wherever this version keeps them; !given where there are none. */
static pj_status read_scales(pj_ctx *c, pj_list *out)
{
    int count;
    const pj_attr *scales = pj_node_attr(c->node, "scales");
    if (scales && scales->kind == PJ_ATTR_INTS)
        return pj_list_of(c, "scales", -1, out);
    const float *floats = pj_attr_floats(c, "scales", &count);
    if (!floats && !pj_attr_present(c, "height_scale"))
        return pj_list_of(c, NULL, c->node->inputs == 2 ? 1 : 2, out);
    out->given = out->known = true;
    if (!floats) {
        out->count = 4;
        out->num[0] = out->num[1] = pj_num_of(1);
        out->num[2] = pj_num_of_real(pj_attr_float(c, "height_scale", 1));
        out->num[3] = pj_num_of_real(pj_attr_float(c, "width_scale", 1));
        return PJ_OK;
    }
    if (count > PJ_MAX_RANK)
        return pj_fail(c->err, PJ_ELIMIT, "attribute 'scales' lists %d numbers; at most %d are accepted", count,
                       PJ_MAX_RANK);
    out->count = count;
    for (int k = 0; k < count; k++)
        out->num[k] = pj_num_of_real((double)floats[k]);
    return PJ_OK;
}

/* A list with no elements stands for an absent one. */
static bool is_there(const pj_list *list)
{
    return list->given && !(list->known && list->count == 0);
}

/* Lays a list out over the tensor's axes: out[axes[k]] = list[k]; in order where there is no `axes`. */
static pj_status spread(pj_ctx *c, const pj_list *list, const pj_list *axes, int rank, const char *what, pj_num *out)
{
    int count = axes->given ? axes->count : rank, axis;
    if (list->known && list->count != count)
        return pj_fail(c->err, PJ_ESHAPE, "'%s' lists %d numbers for %d axes", what, list->count, count);
    for (int k = 0; k < count; k++) {
        PJ_TRY(pj_axis(c, axes->given ? axes->num[k].whole : k, rank, &axis));
        out[axis] = list->known ? list->num[k] : pj_num_unknown();
    }
    return PJ_OK;
}

/* floor(in * scale) for a symbolic size: where scale is p / 2^q with small p and q the product is exact. */
static pj_num scaled_formula(pj_ctx *c, pj_num in, double scale)
{
    int64_t divisor = 1;
    while (divisor < 1 << 12 && scale * (double)divisor != floor(scale * (double)divisor))
        divisor *= 2;
    double factor = scale * (double)divisor;
    if (factor != floor(factor) || factor > 1 << 24)
        return pj_num_unknown();
    return pj_num_floor_div(c->symbols, pj_num_mul(c->symbols, in, pj_num_of((int64_t)factor)), pj_num_of(divisor));
}

static pj_status scaled(pj_ctx *c, int axis, pj_num in, pj_num scale, pj_num *out)
{
    bool known;
    double factor = pj_num_as_real(scale, &known);
    if (!known) {
        *out = pj_num_mul(c->symbols, in, scale);
        return PJ_OK;
    }
    if (!(factor > 0))
        return pj_fail(c->err, PJ_ESHAPE, "axis %d: the scale is %g, it must be above 0", axis, factor);
    if (!pj_num_known(in)) {
        *out = scaled_formula(c, in, factor);
        return PJ_OK;
    }
    float size = (float)factor * (float)in.whole;
    if (size >= 9.2e18F)
        return pj_fail(c->err, PJ_EOVERFLOW, "axis %d: %lld times %g does not fit 64 bits", axis, (long long)in.whole,
                       factor);
    *out = pj_num_of((int64_t)size);
    return PJ_OK;
}

/* Sizes are then limits: one scale for all chosen axes, the smallest (not_larger) or the largest (not_smaller) of
 * size / in, and sizes round(in * scale), in float32. */
static void keep_aspect(pj_ctx *c, pj_resize *r, const bool *chosen)
{
    const char *policy = pj_attr_string(c, "keep_aspect_ratio_policy", "stretch");
    bool smallest = strcmp(policy, "not_larger") == 0, known = true;
    float scale = 0;
    if (!smallest && strcmp(policy, "not_smaller") != 0)
        return;
    for (int k = 0, seen = 0; k < r->rank; k++) {
        if (!chosen[k])
            continue;
        known = known && pj_num_known(r->in[k]) && pj_num_known(r->out[k]);
        if (!known)
            break;
        float ratio = r->in[k].whole ? (float)r->out[k].whole / (float)r->in[k].whole : 1;
        if (!seen++ || (smallest ? ratio < scale : ratio > scale))
            scale = ratio;
    }
    for (int k = 0; k < r->rank; k++) {
        if (!chosen[k])
            continue;
        float size = known ? roundf(scale * (float)r->in[k].whole) : 0;
        r->out[k] = known && size >= 0 && size < 9.2e18F ? pj_num_of((int64_t)size) : pj_num_unknown();
    }
}

static pj_status size_by_sizes(pj_ctx *c, const pj_list *sizes, const pj_list *axes, pj_resize *r)
{
    bool chosen[PJ_MAX_RANK], known;
    PJ_TRY(spread(c, sizes, axes, r->rank, "sizes", r->out));
    PJ_TRY(pj_axes(c, axes, r->rank, chosen, &known));
    for (int k = 0; k < r->rank; k++) {
        r->scale[k] = pj_num_unknown();
        chosen[k] = chosen[k] || !axes->given;
    }
    keep_aspect(c, r, chosen);
    return PJ_OK;
}

static pj_status size_by_scales(pj_ctx *c, const pj_list *scales, const pj_list *axes, pj_resize *r)
{
    PJ_TRY(spread(c, scales, axes, r->rank, "scales", r->scale));
    for (int k = 0; k < r->rank; k++)
        PJ_TRY(scaled(c, k, r->in[k], r->scale[k], &r->out[k]));
    return PJ_OK;
}

pj_status pj_resize_read(pj_ctx *c, pj_resize *out)
{
    pj_list scales, sizes, axes;
    PJ_TRY(read_scales(c, &scales));
    PJ_TRY(pj_list_of(c, NULL, 3, &sizes));
    PJ_TRY(pj_list_of(c, "axes", -1, &axes));
    const pj_list *list = is_there(&sizes) ? &sizes : &scales;
    memset(out, 0, sizeof *out);
    out->rank = pj_in_rank(c, 0);
    if (out->rank < 0 && !axes.given && list->known)
        out->rank = list->count;
    for (int k = 0; k < out->rank; k++) {
        out->in[k] = out->out[k] = pj_in_dim(c, 0, k);
        out->scale[k] = pj_num_of(1);
    }
    if (out->rank < 0)
        return PJ_OK;
    return list == &sizes ? size_by_sizes(c, list, &axes, out) : size_by_scales(c, list, &axes, out);
}

void pj_work_interpolation(pj_ctx *c, pj_work *work, bool cubic, int axes, pj_num n)
{
    int64_t steps = 1, base = cubic ? 4 : 2;
    if (axes == 0)
        return;
    if (axes < 0 || axes > 16)
        n = pj_num_unknown();
    for (int k = 1; k < axes && k < 16; k++)
        steps = steps * base + 1; /* 1 + base + base^2 ... */
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = cubic ? 4 * steps : steps, [PJ_ADD] = cubic ? 3 * steps : 2 * steps), n);
}

/* Is the size along an axis interpolated? *known false where that cannot be told. */
static bool is_resized(const pj_resize *r, int k, bool *known)
{
    bool has_scale;
    double scale = pj_num_as_real(r->scale[k], &has_scale);
    if (has_scale)
        return scale != 1;
    if (!pj_num_equal(r->in[k], r->out[k]) && !pj_num_differ(r->in[k], r->out[k]))
        *known = false;
    return !pj_num_equal(r->in[k], r->out[k]);
}

/* antialias: one pass along each resized axis, the last one first, over the sizes reached so far. The filter spans
 * 2 * ceil(support * max(1, in / out)) inputs, support 1 (linear) or 2 (cubic): as many mul, one add less. */
static void work_antialias(pj_ctx *c, pj_work *work, const pj_resize *r, bool cubic)
{
    pj_symbols *s = c->symbols;
    pj_num support = pj_num_of(cubic ? 2 : 1), dims[PJ_MAX_RANK];
    bool known = true;
    memcpy(dims, r->in, sizeof dims);
    for (int k = r->rank - 1; k >= 0; k--) {
        if (!is_resized(r, k, &known))
            continue;
        dims[k] = r->out[k];
        pj_num span = pj_num_ceil_div(s, pj_num_mul(s, support, r->in[k]), r->out[k]);
        pj_num taps = pj_num_mul(s, pj_num_of(2), pj_num_max(s, support, span));
        pj_num n = pj_dims_product(c, dims, 0, r->rank);
        pj_work_add(c, work, PJ_MUL, pj_num_mul(s, n, taps));
        pj_work_add(c, work, PJ_ADD, pj_num_mul(s, n, pj_num_sub(s, taps, pj_num_of(1))));
    }
    if (!known)
        pj_work_add(c, work, PJ_MUL, pj_num_unknown());
}

/* nearest: a move that reads no more than it writes. linear, cubic: one interpolation for each output element along the
 * axes whose size changes. */
pj_status pj_work_resize(pj_ctx *c, pj_work *work)
{
    const char *mode = pj_attr_string(c, "mode", "nearest");
    bool nearest = strcmp(mode, "nearest") == 0, cubic = strcmp(mode, "cubic") == 0, known = true;
    pj_resize r;
    int axes = 0;
    if (nearest) {
        work->read[0] = pj_num_min(c->symbols, pj_in_count(c, 0), pj_out_count(c, 0));
        return PJ_OK;
    }
    PJ_TRY(pj_resize_read(c, &r));
    if (pj_attr_int(c, "antialias", 0) != 0 && r.rank >= 0) {
        work_antialias(c, work, &r, cubic);
        return PJ_OK;
    }
    for (int k = 0; k < r.rank; k++)
        axes += is_resized(&r, k, &known);
    pj_work_interpolation(c, work, cubic, r.rank < 0 || !known ? -1 : axes, pj_out_count(c, 0));
    return PJ_OK;
}
