/* Fourier transforms.
 *
 * Work of one transform of n points, after the radix-2 algorithm with the steps of every other length taken alike:
 *   steps   n/2 * ceil(log2 n) butterflies, each a complex product (4 mul, 2 add) and two complex sums (4 add)
 *   so      2 n ceil(log2 n) mul and 3 n ceil(log2 n) add: the customary 5 n log2 n operations
 *   half of that where one side is real (its spectrum is symmetric)
 * A transform over several axes has the product of their lengths for n and the sum of their logarithms. The inverse
 * scales each number it writes: 1 mul. */
#include "ops/element.h"
#include "ops/families.h"

#define MS "com.microsoft"

/* ceil(log2 n) for n >= 1 */
static pj_num log2_of(pj_ctx *c, pj_num n)
{
    return pj_bit_length(pj_num_sub(c->symbols, n, pj_num_of(1)));
}

/* `points`: all points of all transforms; `steps`: the logarithm of the length of one. */
static void count_transforms(pj_ctx *c, pj_work *work, pj_num points, pj_num steps, bool half)
{
    pj_num n = pj_num_mul(c->symbols, points, steps);
    pj_num adds = pj_num_mul(c->symbols, pj_num_of(3), n);
    pj_work_times(c, work, PJ_MUL, half ? 1 : 2, n);
    pj_work_add(c, work, PJ_ADD, half ? pj_num_ceil_div(c->symbols, adds, pj_num_of(2)) : adds);
}

/* floor(n / 2) + 1: the part of a real signal's spectrum that is not symmetric to another */
static pj_num half_spectrum(pj_ctx *c, pj_num n)
{
    return pj_num_add(c->symbols, pj_num_floor_div(c->symbols, n, pj_num_of(2)), pj_num_of(1));
}

/* 2 (bins - 1): the length of a real signal of so many bins, where nothing else says it */
static pj_num signal_length(pj_ctx *c, pj_num bins)
{
    return pj_num_mul(c->symbols, pj_num_of(2), pj_num_sub(c->symbols, bins, pj_num_of(1)));
}

/* x [..., n, ..., 1 or 2]; the last axis holds the real and the imaginary part. */
typedef struct dft {
    bool inverse, onesided;
    int axis;      /* -1: not known */
    pj_num length; /* points of one transform */
} dft;

/* Up to opset 19 the axis is an attribute, 1 if absent, later an input, -2 if absent. */
static pj_status dft_axis(pj_ctx *c, int *out)
{
    bool old = pj_node_opset(c) > 0 && pj_node_opset(c) < 20;
    int64_t axis = pj_attr_int(c, "axis", old ? 1 : -2);
    *out = -1;
    if (pj_has(c, 2) && !pj_attr_present(c, "axis")) {
        if (!pj_num_known(pj_in_scalar(c, 2)))
            return PJ_OK;
        axis = pj_in_scalar(c, 2).whole;
    }
    return pj_in_rank(c, 0) < 0 ? PJ_OK : pj_axis(c, axis, pj_in_rank(c, 0), out);
}

static pj_status read_dft(pj_ctx *c, dft *out)
{
    out->inverse = pj_attr_int(c, "inverse", 0) != 0;
    out->onesided = pj_attr_int(c, "onesided", 0) != 0;
    PJ_TRY(dft_axis(c, &out->axis));
    pj_num dim = out->axis < 0 ? pj_num_unknown() : pj_in_dim(c, 0, out->axis);
    if (pj_has(c, 1))
        out->length = pj_in_scalar(c, 1);
    else
        out->length = out->inverse && out->onesided ? signal_length(c, dim) : dim;
    if (pj_num_known(out->length) && out->length.whole < 1)
        return pj_fail(c->err, PJ_ESHAPE, "the length of the transform is %lld; it must be 1 or more",
                       (long long)out->length.whole);
    return PJ_OK;
}

/* The transformed axis has the length of the transform, or half of it; a one-sided inverse is real. */
static pj_status shape_dft(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0);
    dft t;
    PJ_TRY(read_dft(c, &t));
    if (rank < 2)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    bool resized = t.onesided || pj_has(c, 1);
    for (int k = 0; k < rank - 1; k++)
        dims[k] = t.axis < 0 && resized ? pj_num_unknown() : pj_in_dim(c, 0, k);
    if (t.axis >= 0)
        dims[t.axis] = t.onesided && !t.inverse ? half_spectrum(c, t.length) : t.length;
    dims[rank - 1] = pj_num_of(t.onesided && t.inverse ? 1 : 2);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

static pj_status work_dft(pj_ctx *c, pj_work *work)
{
    int rank = pj_in_rank(c, 0);
    pj_num parts = pj_in_dim(c, 0, -1), points;
    dft t;
    PJ_TRY(read_dft(c, &t));
    points = t.axis < 0 || pj_num_is_unknown(parts) ? pj_num_unknown() : t.length;
    for (int k = 0; k < rank - 1; k++)
        if (k != t.axis)
            points = pj_num_mul(c->symbols, points, pj_in_dim(c, 0, k));
    count_transforms(c, work, points, log2_of(c, t.length), t.onesided || pj_num_is(parts, 1));
    if (t.inverse)
        pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* Points of a frame: frame_length, or the window's, or the whole signal. */
static pj_num frame_of(const pj_ctx *c)
{
    return pj_has(c, 3) ? pj_in_scalar(c, 3) : pj_has(c, 2) ? pj_in_dim(c, 2, 0) : pj_in_dim(c, 0, 1);
}

static pj_status check_frames(pj_ctx *c, pj_num frame)
{
    pj_num step = pj_in_scalar(c, 1), signal = pj_in_dim(c, 0, 1), same;
    if (pj_num_known(step) && step.whole < 1)
        return pj_fail(c->err, PJ_ESHAPE, "the frame step is %lld; it must be 1 or more", (long long)step.whole);
    if (pj_num_known(frame) && frame.whole < 1)
        return pj_fail(c->err, PJ_ESHAPE, "the frame length is %lld; it must be 1 or more", (long long)frame.whole);
    if (pj_num_known(frame) && pj_num_known(signal) && frame.whole > signal.whole)
        return pj_fail(c->err, PJ_ESHAPE, "a frame of %lld points does not fit a signal of %lld",
                       (long long)frame.whole, (long long)signal.whole);
    if (pj_has(c, 2) && pj_has(c, 3))
        return pj_same_dim(c, frame, pj_in_dim(c, 2, 0), "frame length against the window", &same);
    return PJ_OK;
}

/* floor((signal - frame) / step) + 1 */
static pj_num frames_of(pj_ctx *c, pj_num frame)
{
    pj_num rest = pj_num_sub(c->symbols, pj_in_dim(c, 0, 1), frame);
    return pj_num_add(c->symbols, pj_num_floor_div(c->symbols, rest, pj_in_scalar(c, 1)), pj_num_of(1));
}

/* [batch, frames, bins, 2] */
static pj_status shape_stft(pj_ctx *c)
{
    pj_num frame = frame_of(c);
    PJ_TRY(check_frames(c, frame));
    pj_num dims[4] = {pj_in_dim(c, 0, 0), frames_of(c, frame), frame, pj_num_of(2)};
    if (pj_attr_int(c, "onesided", 1))
        dims[2] = half_spectrum(c, frame);
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* Per frame: the window (1 mul for each number of the signal in it), the transform. */
static pj_status work_stft(pj_ctx *c, pj_work *work)
{
    pj_num parts = pj_in_rank(c, 0) == 2 ? pj_num_of(1) : pj_in_dim(c, 0, 2);
    pj_num points = pj_num_unknown();
    if (!pj_num_is_unknown(parts)) {
        pj_num frames = pj_num_mul(c->symbols, pj_in_dim(c, 0, 0), frames_of(c, frame_of(c)));
        points = pj_num_mul(c->symbols, frames, frame_of(c));
    }
    count_transforms(c, work, points, log2_of(c, frame_of(c)),
                     pj_attr_int(c, "onesided", 1) != 0 || pj_num_is(parts, 1));
    pj_work_times(c, work, PJ_MUL, pj_has(c, 2), pj_num_mul(c->symbols, points, parts));
    return PJ_OK;
}

/* Rfft, Irfft: real signals over the last signal_ndim axes; spectra [..., bins, 2] */
static pj_status check_axes(pj_ctx *c, int rank)
{
    int64_t axes = pj_attr_int(c, "signal_ndim", 1);
    if (axes < 1 || axes > rank)
        return pj_fail(c->err, PJ_ESHAPE, "signal_ndim is %lld, but the signal has %d axes", (long long)axes, rank);
    return PJ_OK;
}

static pj_status shape_rfft(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1];
    int rank = pj_in_rank(c, 0);
    if (rank < 1)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    PJ_TRY(check_axes(c, rank));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (pj_attr_int(c, "onesided", 1))
        dims[rank - 1] = half_spectrum(c, dims[rank - 1]);
    dims[rank] = pj_num_of(2);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank + 1, dims);
}

static pj_status shape_irfft(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0) - 1;
    if (rank < 1)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    PJ_TRY(check_axes(c, rank));
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (pj_attr_int(c, "onesided", 1))
        dims[rank - 1] = signal_length(c, dims[rank - 1]);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* `signal`: the real side; rank -1: not known. */
static void count_real(pj_ctx *c, pj_work *work, const pj_num *signal, int rank)
{
    int64_t axes = pj_attr_int(c, "signal_ndim", 1);
    bool known = rank >= 1 && axes >= 1 && axes <= rank;
    pj_num points = known ? pj_dims_product(c, signal, 0, rank) : pj_num_unknown(), steps = pj_num_of(0);
    for (int k = rank - (int)axes; known && k < rank; k++)
        steps = pj_num_add(c->symbols, steps, log2_of(c, signal[k]));
    count_transforms(c, work, points, steps, true);
}

PJ_WORK(rfft, count_real(c, work, pj_in_type(c, 0)->dims, pj_in_rank(c, 0)))

static pj_status work_irfft(pj_ctx *c, pj_work *work)
{
    const pj_value *out = pj_out(c, 0);
    count_real(c, work, out ? out->type.dims : NULL, out ? out->type.rank : -1);
    pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "DFT",   17, "xcc",  PJ_WIDE, shape_dft,   NULL, work_dft  },
    {"", "STFT",  17, "xcpc", PJ_WIDE, shape_stft,  NULL, work_stft },
    {MS, "Rfft",  1,  "x",    0,       shape_rfft,  NULL, work_rfft },
    {MS, "Irfft", 1,  "x",    0,       shape_irfft, NULL, work_irfft},
};

PJ_FAMILY(signal);
