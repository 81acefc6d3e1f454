/* Numbers of quantized models: scales, zero points and codes, bit for bit as runtimes expect them. Pure functions on
 * runs of fp32 numbers; all rounding is to nearest, ties to even, and divisions are in single precision unless said. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Integers from `least` to `most`. */
typedef struct pj_int_range {
    int32_t least, most;
} pj_int_range;

typedef struct pj_affine {
    float scale;
    int32_t zero;
} pj_affine;

/* Scale and zero point for numbers from `min` to `max`, 0 included. The step is found in double precision, and so is
 * the zero point; steps below 2^-126 are 1. Symmetric: of the larger magnitude, around the middle of the range. */
pj_affine pj_affine_of(double min, double max, pj_int_range range, bool symmetric);

/* x / scale + zero, rounded and clipped. NaN is the least code. */
int32_t pj_affine_code(float x, pj_affine by, pj_int_range range);

/* Scale of numbers up to `most` in magnitude for codes from -M to M; below 2^-126 it is 1. */
float pj_scale_of(float most, int32_t m);

/* How many numbers a conversion changed beyond rounding. */
typedef struct pj_lost {
    uint64_t clamped; /* would have been infinite, or were too large for the range */
    uint64_t flushed; /* were not 0 and are now */
    uint64_t bad;     /* NaN and infinities */
} pj_lost;

/* fp16, bfloat16 (of which `flushed` is not counted), float8e4m3fn: saturating. NaN and
 * infinities stay what they are in the first two. */
void pj_halves(const float *x, size_t n, uint16_t *out, pj_lost *lost);
void pj_brains(const float *x, size_t n, uint16_t *out, pj_lost *lost);
void pj_eighths(const float *x, size_t n, uint8_t *out);

/* int32 codes of `n` biases beside products of scales x * w (`scales_w` of w: n, or 1); scales go to `scale`, n or 1.
 * Returns how many were clipped. */
size_t pj_bias_codes(const float *bias, size_t n, float scale_x, const float *scale_w, size_t scales_w, float *scale,
                     int32_t *codes);

/* The least scale of a channel's weights with which its bias needs no more than 2^30. */
float pj_bias_least(float bias, float scale_x);

/* BatchNormalization as a factor of the weights of a channel and a new bias. */
double pj_fold_factor(float gamma, float var, float epsilon);
float pj_fold_bias(float bias, float mean, float beta, double factor);

/* Packs codes of `bits` 2, 4 or 8, low ones first; returns bytes. The last byte is filled up with zeros. */
size_t pj_pack(const int8_t *codes, size_t n, int bits, uint8_t *out);

/* Of `n` weights, every `stride`-th one, all but the `keep` largest magnitudes become 0: of equal ones those first. */
void pj_prune_group(float *w, size_t n, size_t stride, size_t keep);
