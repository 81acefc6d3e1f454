/* Windows that slide over the spatial axes of a tensor: what convolutions and poolings have in common.
 *
 * Along one axis a window has `kernel` taps, `dilation` apart, so it is dilation * (kernel - 1) + 1 wide; it moves in
 * steps of `stride` over the input and the padding before and after it. */
#pragma once

#include "ops/rules.h"

/* How auto_pad chooses the padding. SAME: as much as makes the output ceil(input / stride) long; the odd element goes
 * to the end (UPPER) or to the start (LOWER). */
typedef enum pj_auto_pad { PJ_PAD_NOTSET, PJ_PAD_SAME_UPPER, PJ_PAD_SAME_LOWER, PJ_PAD_VALID } pj_auto_pad;

typedef struct pj_window {
    int axes; /* spatial axes, for which the arrays are set; -1: not known */
    pj_auto_pad auto_pad;
    bool ceil;                  /* ceil_mode of poolings */
    pj_num kernel[PJ_MAX_RANK]; /* taps; unknown where there is no kernel_shape */
    int64_t stride[PJ_MAX_RANK];
    int64_t dilation[PJ_MAX_RANK];
    pj_num before[PJ_MAX_RANK]; /* the padding that `pads` names; zero under VALID */
    pj_num after[PJ_MAX_RANK];
} pj_window;

/* Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode. `axes` is the number of spatial axes that the
 * inputs tell, -1 if they do not: then kernel_shape tells. `pads_input` takes the place of pads (-1: no such input).
 * PJ_ESHAPE: a list of another length than the axes, a tap count, stride or dilation below 1, an unknown auto_pad. */
pj_status pj_window_read(pj_ctx *c, int axes, int pads_input, pj_window *out);

/* Width along an axis, dilation included. */
pj_num pj_window_width(pj_ctx *c, const pj_window *w, int axis);

/* Positions of a convolution's window along an axis with `in` elements:
 *   floor((in + before + after - width) / stride) + 1, under SAME ceil(in / stride).
 * PJ_ESHAPE where the window is wider than the padded input. */
pj_status pj_window_convolve(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num *out);

/* Positions of a pooling window. As ONNX Runtime counts them, which differs from convolutions:
 *   SAME pads for a window without dilation, even where there is one;
 *   division rounds toward zero, so a window up to a stride too wide has one position;
 *   ceil_mode rounds up, but drops a last window that would start in the padding after the input.
 * PJ_ESHAPE where the result is negative. */
pj_status pj_window_pool(pj_ctx *c, const pj_window *w, int axis, pj_num in, pj_num *out);

/* Taps of the whole window: product of the kernel's sizes. */
pj_num pj_window_taps(pj_ctx *c, const pj_window *w);

/* Spatial axes of a tensor of that rank, which has a batch and a channel axis besides; *axes is -1 for an unknown rank.
 * PJ_ESHAPE for a rank below 2. */
pj_status pj_spatial_axes(pj_ctx *c, int rank, int *axes);

/* Are the channels of inputs and outputs the last axis, by the row or by the attribute channels_last? */
bool pj_channels_last(pj_ctx *c);

/* Dimensions of a tensor [N, C, spatial ...], or [N, spatial ..., C] with channels last. */
pj_num pj_in_channels(const pj_ctx *c, int i, bool channels_last);
pj_num pj_in_spatial(const pj_ctx *c, int i, bool channels_last, int axis);

/* Sets such an output; unknown rank where `axes` is -1. */
pj_status pj_set_spatial(pj_ctx *c, int o, pj_dtype dtype, bool channels_last, pj_num batch, pj_num channels, int axes,
                         const pj_num *spatial);
