/* Convolutions.
 *
 * Work: one mac for each product of a tap and a weight, taps in the padding included, since an array of multipliers
 * spends a cycle on them too. Biases, requantizers, interpolation and fused activations are counted apart. */
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/loops.h"

#define MS "com.microsoft"

/* A convolution as read from its node. */
typedef struct conv {
    int x, w; /* input numbers */
    pj_window window;
    pj_num batch;
    pj_num channels; /* of the input */
    pj_num filters;  /* first dimension of the weights: output channels; of a transposed one: input channels */
    pj_num
        per_group; /* second dimension of the weights: input channels a group; of a transposed one: output channels */
    int64_t group;
} conv;

static pj_status check_groups(pj_ctx *c, pj_num channels, int64_t group, const char *what)
{
    if (pj_num_known(channels) && channels.whole % group != 0)
        return pj_fail(c->err, PJ_ESHAPE, "%lld %s do not divide into %lld groups", (long long)channels.whole, what,
                       (long long)group);
    return PJ_OK;
}

static pj_status read_conv(pj_ctx *c, conv *out)
{
    out->x = pj_role_in(c, 'x');
    out->w = pj_role_in(c, 'w');
    out->group = pj_attr_int(c, "group", 1);
    int rank = pj_in_rank(c, out->x), rank_w = pj_in_rank(c, out->w), axes;
    bool weights_last = (c->node->desc->traits & PJ_LAST_ALL) != 0;
    pj_window *w = &out->window;
    if (rank >= 0 && rank_w >= 0 && rank != rank_w)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, the weights have rank %d", rank, rank_w);
    PJ_TRY(pj_spatial_axes(c, rank >= 0 ? rank : rank_w, &axes));
    PJ_TRY(pj_window_read(c, axes, pj_role_in(c, 'c'), w));
    for (int k = 0; k < w->axes; k++)
        PJ_TRY(pj_same_dim(c, w->kernel[k], pj_in_spatial(c, out->w, weights_last, k),
                           "kernel_shape and the spatial axes of the weights", &w->kernel[k]));
    out->batch = pj_in_dim(c, out->x, 0);
    out->channels = pj_in_channels(c, out->x, pj_channels_last(c));
    out->filters = pj_in_dim(c, out->w, 0);
    out->per_group = pj_in_channels(c, out->w, weights_last);
    if (out->group < 1)
        return pj_fail(c->err, PJ_ESHAPE, "'group' is %lld; the least is 1", (long long)out->group);
    return PJ_OK;
}

/* The weights' C/group and the input's C: checked, and what one does not know filled in from the other. */
static pj_status match_channels(pj_ctx *c, conv *v)
{
    pj_num group = pj_num_of(v->group);
    pj_num whole = pj_num_mul(c->symbols, v->per_group, group);
    PJ_TRY(check_groups(c, v->channels, v->group, "input channels"));
    PJ_TRY(check_groups(c, v->filters, v->group, "output channels"));
    PJ_TRY(pj_same_dim(c, v->channels, whole, "channels of the input and of the weights, all groups", &whole));
    if (!pj_num_known(v->per_group))
        v->per_group = pj_num_floor_div(c->symbols, whole, group);
    return PJ_OK;
}

static pj_status read_direct(pj_ctx *c, conv *out)
{
    PJ_TRY(read_conv(c, out));
    return match_channels(c, out);
}

/* x [N, C, d ...], w [M, C/group, k ...] -> [N, M, positions of the window ...] */
static pj_status shape_typed(pj_ctx *c, pj_dtype dtype)
{
    conv v;
    pj_num spatial[PJ_MAX_RANK];
    bool last = pj_channels_last(c);
    PJ_TRY(read_direct(c, &v));
    for (int k = 0; k < v.window.axes; k++)
        PJ_TRY(pj_window_convolve(c, &v.window, k, pj_in_spatial(c, v.x, last, k), &spatial[k]));
    return pj_set_spatial(c, 0, dtype, last, v.batch, v.filters, v.window.axes, spatial);
}

PJ_SHAPE(conv, shape_typed(c, pj_in_dtype(c, 0)))
PJ_SHAPE(conv_integer, shape_typed(c, PJ_INT32))

static pj_status shape_qlinear_conv(pj_ctx *c)
{
    return shape_typed(c, pj_in_dtype(c, pj_has(c, 7) ? 7 : 0)); /* as the zero point of the output */
}

/* mac: output elements * C/group * taps; terms: C/group * taps
 * add: one an output element for a bias; and the activation. */
static pj_status work_conv(pj_ctx *c, pj_work *work)
{
    conv v;
    pj_num n = pj_out_count(c, 0);
    PJ_TRY(read_direct(c, &v));
    work->terms = pj_num_mul(c->symbols, v.per_group, pj_window_taps(c, &v.window));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, n, work->terms));
    pj_loops_convolution(c, work, v.x, v.w, &v.window, v.batch, v.group,
                         pj_num_floor_div(c->symbols, v.filters, pj_num_of(v.group)), work->terms);
    pj_work_times(c, work, PJ_ADD, pj_has(c, pj_role_in(c, 'b')), n);
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), n);
    return PJ_OK;
}

/* Input 3 is added before the activation. */
static pj_status work_fused_conv(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_ADD, pj_has(c, 3), pj_out_count(c, 0));
    return work_conv(c, work);
}

/* As a convolution, and the requantizer: mul, add and shift for each output element. */
static pj_status work_qlinear_conv(pj_ctx *c, pj_work *work)
{
    PJ_TRY(work_conv(c, work));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SHIFT] = 1), pj_out_count(c, 0));
    return PJ_OK;
}

/* As a convolution, and before it, for D spatial axes and N * output positions * taps places:
 *   each coordinate (offset_group * D a place): add the offset, round down, add for the fraction;
 *   each sample (C a place): 2^D - 1 linear interpolations a + f * (b - a), of 1 mul and 2 add; 1 mul for a mask. */
static pj_status work_deform_conv(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    conv v;
    PJ_TRY(work_conv(c, work));
    PJ_TRY(read_direct(c, &v));
    if (v.window.axes < 0 || v.window.axes > 30) {
        pj_work_add(c, work, PJ_MUL, pj_num_unknown());
        return PJ_OK;
    }
    const pj_value *out = pj_out(c, 0);
    pj_num places = pj_num_mul(s, v.batch, pj_window_taps(c, &v.window));
    for (int k = 0; k < v.window.axes && out; k++)
        places = pj_num_mul(s, places, out->type.dims[2 + k]);
    pj_num groups = pj_num_of(pj_attr_int(c, "offset_group", 1));
    pj_num coordinates = pj_num_mul(s, pj_num_mul(s, places, groups), pj_num_of(v.window.axes));
    pj_num samples = pj_num_mul(s, places, pj_num_mul(s, v.per_group, pj_num_of(v.group)));
    int64_t lerps = ((int64_t)1 << v.window.axes) - 1;
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 2, [PJ_ROUND] = 1), coordinates);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = lerps + (pj_has(c, 4) ? 1 : 0), [PJ_ADD] = 2 * lerps), samples);
    return PJ_OK;
}

/* Output size along an axis, before it is cut by padding: (in - 1) * stride + width + output_padding. As ONNX Runtime:
 * SAME cuts it to in * stride where it is longer, explicit pads are subtracted. */
static pj_status transposed_size(pj_ctx *c, const pj_window *w, int k, pj_num in, pj_num extra, pj_num *out)
{
    pj_symbols *s = c->symbols;
    pj_num stride = pj_num_of(w->stride[k]);
    pj_num steps = pj_num_mul(s, pj_num_sub(s, in, pj_num_of(1)), stride);
    pj_num full = pj_num_add(s, pj_num_add(s, steps, pj_window_width(c, w, k)), extra);
    if (w->auto_pad == PJ_PAD_SAME_UPPER || w->auto_pad == PJ_PAD_SAME_LOWER) {
        *out = pj_num_min(s, full, pj_num_mul(s, in, stride));
        return PJ_OK;
    }
    pj_num cut = pj_num_add(s, w->before[k], w->after[k]);
    *out = pj_num_sub(s, full, cut);
    if (pj_num_known(full) && pj_num_known(cut) && pj_num_known(*out) && out->whole < 0)
        return pj_fail(c->err, PJ_ESHAPE, "spatial axis %d: pads of %lld cut from %lld outputs", k,
                       (long long)cut.whole, (long long)full.whole);
    return PJ_OK;
}

/* An attribute with one number a spatial axis, or `more` numbers besides; absent: a count of 0. */
static pj_status read_sizes(pj_ctx *c, const char *name, int axes, int more, pj_list *out)
{
    PJ_TRY(pj_list_of(c, name, -1, out));
    if (axes >= 0 && out->count && out->count != axes && out->count != axes + more)
        return pj_fail(c->err, PJ_ESHAPE, "'%s' lists %d numbers; the spatial axes need %d", name, out->count, axes);
    return PJ_OK;
}

/* x [N, C, d ...], w [C, M/group, k ...] -> [N, M, size ...], sizes from output_shape (which may also list N and M) or
 * from the window. */
static pj_status shape_transposed(pj_ctx *c)
{
    conv v;
    pj_list sizes, extra;
    pj_num spatial[PJ_MAX_RANK];
    PJ_TRY(read_conv(c, &v));
    PJ_TRY(check_groups(c, v.channels, v.group, "input channels"));
    PJ_TRY(pj_same_dim(c, v.channels, v.filters, "channels of the input and of the weights", &v.channels));
    PJ_TRY(read_sizes(c, "output_shape", v.window.axes, 2, &sizes));
    PJ_TRY(read_sizes(c, "output_padding", v.window.axes, 0, &extra));
    for (int k = 0; k < v.window.axes; k++) {
        pj_num in = pj_in_spatial(c, v.x, false, k), longer = extra.count ? extra.num[k] : pj_num_of(0);
        if (sizes.count)
            spatial[k] = sizes.num[sizes.count - v.window.axes + k];
        else
            PJ_TRY(transposed_size(c, &v.window, k, in, longer, &spatial[k]));
    }
    pj_num channels = pj_num_mul(c->symbols, v.per_group, pj_num_of(v.group));
    return pj_set_spatial(c, 0, pj_in_dtype(c, v.x), false, v.batch, channels, v.window.axes, spatial);
}

/* mac: input elements * M/group * taps: each input element is spread over the whole window, also where the result is
 * cut by padding. terms, at most: C/group * ceil(kernel / stride) along each axis. add: a bias. */
static pj_status work_transposed(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    conv v;
    PJ_TRY(read_conv(c, &v));
    work->terms = pj_num_floor_div(s, v.channels, pj_num_of(v.group));
    pj_num positions = pj_num_floor_div(s, pj_in_count(c, v.x), v.channels), channels = work->terms;
    for (int k = 0; k < v.window.axes; k++)
        work->terms = pj_num_mul(s, work->terms, pj_num_ceil_div(s, v.window.kernel[k], pj_num_of(v.window.stride[k])));
    pj_num spread = pj_num_mul(s, v.per_group, pj_window_taps(c, &v.window));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, pj_in_count(c, v.x), spread));
    pj_loops_product(work, v.x, v.w, pj_num_of(v.group), positions, spread, channels);
    pj_work_times(c, work, PJ_ADD, pj_has(c, pj_role_in(c, 'b')), pj_out_count(c, 0));
    return PJ_OK;
}

/* x [B, C, L], w [C, 1, k] -> [B, C, L] and the last k - 1 inputs of each channel [B, C, k - 1]; the com.microsoft one
 * may keep several such states [state_window, B, C, k - 1]. */
static pj_status shape_causal_conv(pj_ctx *c)
{
    pj_dtype dtype = pj_in_dtype(c, 0);
    int64_t states = pj_attr_int(c, "state_window", 0);
    int rank = pj_in_rank(c, 0), rank_w = pj_in_rank(c, 1);
    pj_num one = pj_num_of(1), channels;
    PJ_TRY(pj_set_same(c, 0, 0));
    if (pj_in_rank(c, 3) >= 0)
        return pj_set_shape_of(c, 1, dtype, 3);
    if ((rank >= 0 && rank != 3) || (rank_w >= 0 && rank_w != 3))
        return pj_set_dtype(c, 1, dtype);
    PJ_TRY(
        pj_same_dim(c, pj_in_dim(c, 0, 1), pj_in_dim(c, 1, 0), "channels of the input and of the weights", &channels));
    pj_num dims[] = {pj_num_of(states), pj_in_dim(c, 0, 0), channels, pj_num_sub(c->symbols, pj_in_dim(c, 1, 2), one)};
    return states > 0 ? pj_set(c, 1, dtype, 4, dims) : pj_set(c, 1, dtype, 3, dims + 1);
}

/* mac: output elements * taps, depthwise; add: a bias; the activation (silu: 1 sigmoid, 1 mul). */
static pj_status work_causal_conv(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    int rank = pj_in_rank(c, 1);
    work->terms = rank < 0 ? pj_num_unknown() : pj_dims_product(c, pj_in_type(c, 1)->dims, 2, rank);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, n, work->terms));
    pj_work_times(c, work, PJ_ADD, pj_has(c, pj_role_in(c, 'b')), n);
    pj_work_fused(c, work, pj_attr_string(c, "activation", "none"), n);
    return PJ_OK;
}

/* x [T, C], weights [C, 1, k], cu_seqlens [B + 1], bias, state [B, C, (k - 1)*dilation]: as x, as the state, and the
 * captured steps [B, capacity, C] */
static pj_status shape_varlen_conv(pj_ctx *c)
{
    pj_num captured[] = {pj_in_dim(c, 4, 0), pj_num_of(pj_attr_int(c, "state_update_capacity", 0)), pj_in_dim(c, 0, 1)};
    pj_num channels;
    PJ_TRY(pj_same_dim(c, captured[2], pj_in_dim(c, 1, 0), "channels of the input and of the weights", &channels));
    PJ_TRY(pj_set_same(c, 1, 4));
    PJ_TRY(pj_set(c, 2, pj_in_dtype(c, 0), 3, captured));
    return pj_set_same(c, 0, 0);
}

/* WordConvEmbedding: characters [words, length], weights [M, 1, k, E], bias [M], table [characters, E] */
static pj_status shape_word_conv(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0)}, size;
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, 3), pj_in_dim(c, 3, 1), "the last axis of the weights against the table",
                       &size));
    return pj_set(c, 0, pj_in_dtype(c, 1), 2, dims);
}

/* The kernel slides over length - k + 1 places of each word: k*E mac, 1 add (bias), 1 tanh per place and filter, then
 * the maximum of the places, 1 cmp less than there are. Words are counted in full length. */
static pj_status work_word_conv(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num outputs = pj_out_count(c, 0), before = pj_num_sub(s, pj_in_dim(c, 0, 1), pj_in_dim(c, 1, 2));
    before = pj_num_max(s, before, pj_num_of(0)); /* shorter words are filled up */
    pj_num values = pj_num_mul(s, outputs, pj_num_add(s, before, pj_num_of(1)));
    work->terms = pj_num_mul(s, pj_in_dim(c, 1, 2), pj_in_dim(c, 1, 3));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, values, work->terms));
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_TANH] = 1), values);
    pj_work_add(c, work, PJ_CMP, pj_num_mul(s, outputs, before));
    work->read[3] = pj_num_mul(s, pj_in_count(c, 0), pj_in_dim(c, 3, 1));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",       "Conv",                         1,  "xwb",       0,                          shape_conv,         NULL, work_conv        },
    {"",       "ConvTranspose",                1,  "xwb",       0,                          shape_transposed,   NULL, work_transposed  },
    {"",       "ConvInteger",                  10, "xwzz",      0,                          shape_conv_integer, NULL, work_conv        },
    {"",       "QLinearConv",                  10, "xszwszszb", PJ_WIDE,                    shape_qlinear_conv, NULL, work_qlinear_conv},
    {"",       "DeformConv",                   19, "xwxbx",     0,                          shape_conv,         NULL, work_deform_conv },
    {"",       "CausalConvWithState",          27, "xwbx",      0,                          shape_causal_conv,  NULL, work_causal_conv },
    {MS,       "CausalConvWithState",          1,  "xwbx",      0,                          shape_causal_conv,  NULL, work_causal_conv },
    {MS,       "VarlenCausalConvWithState",    1,  "xwibxi",    0,                          shape_varlen_conv,  NULL, work_causal_conv },
    {MS,       "FusedConv",                    1,  "xwbx",      0,                          shape_conv,         NULL, work_fused_conv  },
    {MS,       "NhwcConv",                     1,  "xwb",       PJ_LAST_AXIS | PJ_LAST_ALL, shape_conv,         NULL, work_conv        },
    {MS,       "NhwcFusedConv",                1,  "xwbx",      PJ_LAST_AXIS,               shape_conv,         NULL, work_fused_conv  },
    {MS,       "QLinearConv",                  1,  "xszwszszb", 0,                          shape_qlinear_conv, NULL, work_qlinear_conv},
    {PJ_LAST,  "Conv",                         1,  "xwb",       PJ_LAST_AXIS,               shape_conv,         NULL, work_conv        },
    {PJ_NCHWC, "Conv",                         1,  "xwbx",      0,                          shape_conv,         NULL, work_fused_conv  },
    {MS,       "ConvTransposeWithDynamicPads", 1,  "xwcb",      0,                          shape_transposed,   NULL, work_transposed  },
    {MS,       "WordConvEmbedding",            1,  "iwbp",      0,                          shape_word_conv,    NULL, work_word_conv   },
};

PJ_FAMILY(conv);
