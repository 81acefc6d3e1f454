/* The arithmetic of sliding windows. */
#include "ops/window.h"

static pj_status read_auto_pad(pj_ctx *c, pj_auto_pad *out)
{
    static const char *const words[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}; /* in the order of the enum */
    const char *word = pj_attr_string(c, "auto_pad", "NOTSET");
    *out = PJ_PAD_NOTSET;
    if (!*word)
        return PJ_OK;
    for (int k = 0; k < (int)(sizeof words / sizeof *words); k++) {
        if (strcmp(word, words[k]) == 0) {
            *out = (pj_auto_pad)k;
            return PJ_OK;
        }
    }
    return pj_fail(c->err, PJ_ESHAPE, "auto_pad is '%s'; it can be NOTSET, SAME_UPPER, SAME_LOWER or VALID", word);
}

/* The list of an attribute, or of an input, with `want` elements (-1: any); an empty one counts as absent. */
static pj_status read_list(pj_ctx *c, const char *name, int input, int want, pj_list *out)
{
    PJ_TRY(pj_list_of(c, name, input, out));
    if (out->known && out->count == 0)
        out->given = false;
    if (want >= 0 && out->given && out->known && out->count != want)
        return pj_fail(c->err, PJ_ESHAPE, "'%s' lists %d numbers; the spatial axes need %d", name, out->count, want);
    return PJ_OK;
}

/* Numbers from 1 up, one an axis; 1 where there is no attribute. */
static pj_status read_steps(pj_ctx *c, const char *name, int axes, int64_t *out)
{
    pj_list list;
    PJ_TRY(read_list(c, name, -1, axes, &list));
    for (int k = 0; k < axes; k++) {
        out[k] = list.given ? list.num[k].whole : 1;
        if (out[k] < 1)
            return pj_fail(c->err, PJ_ESHAPE, "'%s' has %lld for spatial axis %d; the least is 1", name,
                           (long long)out[k], k);
    }
    return PJ_OK;
}

static pj_status read_pads(pj_ctx *c, int input, pj_window *w)
{
    pj_list list;
    if (w->axes > PJ_MAX_RANK / 2)
        return pj_fail(c->err, PJ_ELIMIT, "%d spatial axes; at most %d are accepted", w->axes, PJ_MAX_RANK / 2);
    PJ_TRY(read_list(c, "pads", input, 2 * w->axes, &list));
    for (int k = 0; k < w->axes; k++) {
        bool none = !list.given || w->auto_pad == PJ_PAD_VALID;
        w->before[k] = none ? pj_num_of(0) : list.known ? list.num[k] : pj_num_unknown();
        w->after[k] = none ? pj_num_of(0) : list.known ? list.num[w->axes + k] : pj_num_unknown();
    }
    return PJ_OK;
}

pj_status pj_window_read(pj_ctx *c, int axes, int pads_input, pj_window *out)
{
    pj_list kernel;
    PJ_TRY(read_auto_pad(c, &out->auto_pad));
    out->ceil = pj_attr_int(c, "ceil_mode", 0) != 0;
    PJ_TRY(read_list(c, "kernel_shape", -1, axes, &kernel));
    out->axes = axes >= 0 ? axes : kernel.given ? kernel.count : -1;
    for (int k = 0; k < out->axes; k++) {
        out->kernel[k] = kernel.given ? kernel.num[k] : pj_num_unknown();
        if (kernel.given && kernel.num[k].whole < 1)
            return pj_fail(c->err, PJ_ESHAPE, "'kernel_shape' has %lld for spatial axis %d; the least is 1",
                           (long long)kernel.num[k].whole, k);
    }
    if (out->axes < 0)
        return PJ_OK;
    PJ_TRY(read_steps(c, "strides", out->axes, out->stride));
    PJ_TRY(read_steps(c, "dilations", out->axes, out->dilation));
    return read_pads(c, pads_input, out);
}

pj_status pj_spatial_axes(pj_ctx *c, int rank, int *axes)
{
    *axes = rank < 0 ? -1 : rank - 2;
    if (rank >= 0 && rank < 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; batch and channels alone make 2", rank);
    return PJ_OK;
}

bool pj_channels_last(pj_ctx *c)
{
    return (c->node->desc->traits & PJ_LAST_AXIS) || pj_attr_int(c, "channels_last", 0) != 0;
}

pj_num pj_in_channels(const pj_ctx *c, int i, bool channels_last)
{
    return pj_in_dim(c, i, channels_last ? -1 : 1);
}

pj_num pj_in_spatial(const pj_ctx *c, int i, bool channels_last, int axis)
{
    return pj_in_dim(c, i, axis + (channels_last ? 1 : 2));
}

pj_status pj_set_spatial(pj_ctx *c, int o, pj_dtype dtype, bool channels_last, pj_num batch, pj_num channels, int axes,
                         const pj_num *spatial)
{
    pj_num dims[PJ_MAX_RANK];
    if (axes < 0 || axes + 2 > PJ_MAX_RANK)
        return pj_set_dtype(c, o, dtype);
    dims[0] = batch;
    dims[channels_last ? axes + 1 : 1] = channels;
    for (int k = 0; k < axes; k++)
        dims[k + (channels_last ? 1 : 2)] = spatial[k];
    return pj_set(c, o, dtype, axes + 2, dims);
}

pj_num pj_window_width(pj_ctx *c, const pj_window *w, int axis)
{
    pj_num gaps = pj_num_sub(c->symbols, w->kernel[axis], pj_num_of(1));
    return pj_num_add(c->symbols, pj_num_mul(c->symbols, pj_num_of(w->dilation[axis]), gaps), pj_num_of(1));
}

pj_num pj_window_taps(pj_ctx *c, const pj_window *w)
{
    return w->axes < 0 ? pj_num_unknown() : pj_num_product(c->symbols, w->kernel, w->axes);
}

static pj_num plus_one(pj_ctx *c, pj_num n)
{
    return pj_num_add(c->symbols, n, pj_num_of(1));
}

static pj_num padded(pj_ctx *c, const pj_window *w, int axis, pj_num in)
{
    return pj_num_add(c->symbols, in, pj_num_add(c->symbols, w->before[axis], w->after[axis]));
}

static pj_status fail_too_wide(pj_ctx *c, int axis, pj_num width, pj_num room)
{
    int64_t inputs = room.whole + width.whole;
    return pj_fail(c->err, PJ_ESHAPE, "spatial axis %d: window of %lld inputs over %lld padded inputs", axis,
                   (long long)width.whole, (long long)inputs);
}

pj_status pj_window_convolve(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num *out)
{
    pj_num stride = pj_num_of(w->stride[axis]), width = pj_window_width(c, w, axis);
    if (w->auto_pad == PJ_PAD_SAME_UPPER || w->auto_pad == PJ_PAD_SAME_LOWER) {
        *out = pj_num_ceil_div(c->symbols, in, stride);
        return PJ_OK;
    }
    pj_num room = pj_num_sub(c->symbols, padded(c, w, axis, in), width);
    if (pj_num_known(room) && pj_num_known(width) && room.whole < 0)
        return fail_too_wide(c, axis, width, room);
    *out = plus_one(c, pj_num_floor_div(c->symbols, room, stride));
    return PJ_OK;
}

/* Room to move along an axis under SAME padding, and the padding at the start. The padding is
 * (ceil(in / stride) - 1) * stride + kernel - in, which is negative for strides beyond the kernel. */
static pj_num same_room(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num *before)
{
    pj_symbols *s = c->symbols;
    pj_num stride = pj_num_of(w->stride[axis]);
    pj_num steps = pj_num_sub(s, pj_num_ceil_div(s, in, stride), pj_num_of(1));
    pj_num reach = pj_num_add(s, pj_num_mul(s, steps, stride), w->kernel[axis]);
    pj_num padding = pj_num_sub(s, reach, in);
    if (w->auto_pad == PJ_PAD_SAME_LOWER)
        padding = plus_one(c, padding);
    *before = pj_num_trunc_div(s, padding, pj_num_of(2));
    return pj_num_sub(s, reach, pj_window_width(c, w, axis));
}

/* Positions in ceil_mode: ceil(room / stride) + 1, but only those that start before the end of the input. The last one
 * starts at most room + stride - 1 = in + before + after - width + stride - 1 from the left: where after + stride <=
 * width it is always inside, and no minimum is needed. */
static pj_num ceil_positions(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num before, pj_num room)
{
    pj_symbols *s = c->symbols;
    pj_num stride = pj_num_of(w->stride[axis]);
    pj_num all = plus_one(c, pj_num_ceil_div(s, room, stride));
    pj_num slack = pj_num_sub(s, pj_window_width(c, w, axis), pj_num_add(s, w->after[axis], stride));
    if (w->auto_pad == PJ_PAD_NOTSET && pj_num_at_least(slack, 0))
        return all;
    return pj_num_min(s, all, pj_num_ceil_div(s, pj_num_add(s, in, before), stride));
}

pj_status pj_window_pool(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num *out)
{
    pj_symbols *s = c->symbols;
    pj_num stride = pj_num_of(w->stride[axis]), width = pj_window_width(c, w, axis), before = w->before[axis], room;
    bool same = w->auto_pad == PJ_PAD_SAME_UPPER || w->auto_pad == PJ_PAD_SAME_LOWER;
    if (same && w->dilation[axis] == 1) {
        *out = pj_num_ceil_div(s, in, stride);
        return PJ_OK;
    }
    if (same)
        room = same_room(c, w, axis, in, &before);
    else
        room = pj_num_sub(s, padded(c, w, axis, in), width);
    if (w->ceil)
        *out = ceil_positions(c, w, axis, in, before, room);
    else if (pj_num_known(room))
        *out = plus_one(c, pj_num_trunc_div(s, room, stride));
    else
        *out = plus_one(c, pj_num_floor_div(s, room, stride));
    if (pj_num_known(*out) && pj_num_known(room) && pj_num_known(width) && out->whole < 0)
        return fail_too_wide(c, axis, width, room);
    return PJ_OK;
}
