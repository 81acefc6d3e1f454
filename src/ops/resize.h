/* Resize and Upsample: sizes, and the work of interpolations that other image operators share. */
#pragma once

#include "ops/rules.h"

/* A node of Resize or Upsample. */
typedef struct pj_resize {
    int rank; /* -1: unknown */
    pj_num in[PJ_MAX_RANK], out[PJ_MAX_RANK];
    pj_num scale[PJ_MAX_RANK]; /* as the node gives it; unknown where it gives sizes */
} pj_resize;

/* Reads every form: attributes height_scale and width_scale (Upsample 1), scales (Upsample 7), an input of scales
 * (Upsample 9, Resize 10), inputs roi, scales and sizes (Resize 11), with axes and keep_aspect_ratio_policy (Resize
 * 18). Sizes from scales are floor(in * scale) in float32, as runtimes compute them.
 * PJ_ESHAPE: a list of another length than the axes, a scale that is not above 0. */
pj_status pj_resize_read(pj_ctx *c, pj_resize *out);

/* The work rule of both. */
pj_status pj_work_resize(pj_ctx *c, pj_work *work);

/* Adds `n` interpolations, linear or cubic, along `axes` axes (negative: how many is not known). */
void pj_work_interpolation(pj_ctx *c, pj_work *work, bool cubic, int axes, pj_num n);
