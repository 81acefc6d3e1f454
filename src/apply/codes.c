/* Scales, zero points and codes. */
#include "apply/codes.h"

#include <math.h>
#include <string.h>

static const double least_step = 0x1p-126;

/* ---- integers ---- */

pj_affine pj_affine_of(double min, double max, pj_int_range range, bool symmetric)
{
    double lo = (double)(float)min, hi = (double)(float)max;
    lo = lo < 0 ? lo : 0;
    hi = hi > 0 ? hi : 0;
    if (symmetric) {
        hi = -lo > hi ? -lo : hi;
        lo = -hi;
    }
    double step = (hi - lo) / ((double)range.most - (double)range.least);
    if (!(step >= least_step))
        return (pj_affine){1, 0};
    double zero = symmetric ? ((double)range.least + (double)range.most) / 2 : (double)range.least - lo / step;
    return (pj_affine){(float)step, (int32_t)rint(zero)};
}

/* Clips before the conversion, which is undefined for what does not fit. */
static int32_t clip(double x, pj_int_range range)
{
    if (!(x > range.least))
        return range.least;
    return x < range.most ? (int32_t)x : range.most;
}

int32_t pj_affine_code(float x, pj_affine by, pj_int_range range)
{
    float quotient = x / by.scale;
    return clip(rint((double)quotient) + by.zero, range);
}

float pj_scale_of(float most, int32_t m)
{
    float scale = most / (float)m;
    return scale >= (float)least_step ? scale : 1;
}

size_t pj_bias_codes(const float *bias, size_t n, float scale_x, const float *scale_w, size_t scales_w, float *scale,
                     int32_t *codes)
{
    const pj_int_range whole = {INT32_MIN, INT32_MAX};
    size_t clipped = 0;
    for (size_t i = 0; i < n; i++) {
        float s = scale_x * scale_w[scales_w > 1 ? i : 0];
        double code = rint((double)(bias[i] / s));
        scale[scales_w > 1 ? i : 0] = s;
        clipped += code < whole.least || code > whole.most;
        codes[i] = clip(code, whole);
    }
    return clipped;
}

float pj_bias_least(float bias, float scale_x)
{
    double wanted = fabs((double)bias) / (0x1p30 * (double)scale_x);
    float scale = (float)wanted;
    return (double)scale < wanted ? nextafterf(scale, INFINITY) : scale;
}

size_t pj_pack(const int8_t *codes, size_t n, int bits, uint8_t *out)
{
    const size_t each = 8 / (size_t)bits, bytes = (n + each - 1) / each;
    const unsigned mask = (1U << bits) - 1;
    if (bits == 8) {
        memcpy(out, codes, n);
        return n;
    }
    for (size_t b = 0, i = 0; b < bytes; b++) {
        unsigned byte = 0;
        for (size_t k = 0; k < each && i < n; k++, i++)
            byte |= ((unsigned)codes[i] & mask) << (k * (unsigned)bits);
        out[b] = (uint8_t)byte;
    }
    return bytes;
}

/* ---- floats ---- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* One of two without a branch, which signs and sizes of weights would mislead. */
static uint32_t pick(bool first, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & -(uint32_t)first);
}

void pj_halves(const float *x, size_t n, uint16_t *out, pj_lost *lost)
{
    uint64_t clamped = 0, flushed = 0, bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(x[i]), size = bits & 0x7fffffff;
        /* below 2^-14 the sum with 0.5 has the step 2^-24 of subnormal numbers, and rounds to it */
        float magnitude;
        memcpy(&magnitude, &size, sizeof magnitude);
        uint32_t small = bits_of(magnitude + 0.5F) - 0x3f000000;
        uint32_t normal = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
        bool is_bad = size >= 0x7f800000, is_large = size >= 0x477ff000;
        uint32_t large = pick(is_bad, 0x7c00U | (uint32_t)(size > 0x7f800000) << 9, 0x7bff);
        uint32_t code = pick(size < 0x38800000, small, pick(is_large, large, normal));
        clamped += is_large && !is_bad;
        bad += is_bad;
        flushed += size > 0 && code == 0;
        out[i] = (uint16_t)(code | (bits >> 16 & 0x8000));
    }
    lost->clamped += clamped;
    lost->flushed += flushed;
    lost->bad += bad;
}

void pj_brains(const float *x, size_t n, uint16_t *out, pj_lost *lost)
{
    uint64_t clamped = 0, bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(x[i]), size = bits & 0x7fffffff;
        uint32_t code = (size + 0x7fff + (size >> 16 & 1)) >> 16;
        bool special = size >= 0x7f800000;
        code = special ? 0x7f80U | (size > 0x7f800000 ? 0x40U : 0) : code;
        clamped += !special && code >= 0x7f80;
        bad += special;
        out[i] = (uint16_t)((code < 0x7f80 || special ? code : 0x7f7f) | (bits >> 16 & 0x8000));
    }
    lost->clamped += clamped;
    lost->bad += bad;
}

void pj_eighths(const float *x, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(x[i]), size = bits & 0x7fffffff;
        float magnitude;
        memcpy(&magnitude, &size, sizeof magnitude);
        uint32_t small = bits_of(magnitude + 0x1p14F) - bits_of(0x1p14F); /* steps of 2^-9 below 2^-6 */
        uint32_t normal = (size - (UINT32_C(120) << 23) + 0x7ffff + (size >> 20 & 1)) >> 20;
        uint32_t code = size < 0x3c800000 ? small : size >= 0x43e00000 || normal > 0x7e ? 0x7e : normal;
        out[i] = (uint8_t)(code | (bits >> 24 & 0x80));
    }
}

/* ---- changes of weights ---- */

double pj_fold_factor(float gamma, float var, float epsilon)
{
    return (double)gamma / sqrt((double)var + (double)epsilon);
}

float pj_fold_bias(float bias, float mean, float beta, double factor)
{
    return (float)(((double)bias - (double)mean) * factor + (double)beta);
}

void pj_prune_group(float *w, size_t n, size_t stride, size_t keep)
{
    for (size_t zeros = n > keep ? n - keep : 0; zeros > 0; zeros--) {
        size_t least = n;
        for (size_t i = 0; i < n; i++) {
            bool is_less = least == n || fabsf(w[i * stride]) < fabsf(w[least * stride]);
            if (w[i * stride] != -INFINITY && is_less)
                least = i;
        }
        w[least * stride] = -INFINITY; /* marked: gone */
    }
    for (size_t i = 0; i < n; i++)
        if (w[i * stride] == -INFINITY)
            w[i * stride] = 0;
}
