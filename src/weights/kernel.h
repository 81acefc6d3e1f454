/* The inner loops: statistics of a run of numbers, and the squared error of rounding them to a format.
 *
 * Sums have a fixed number of partial sums, added in a fixed order, so results are the same whatever vectors the
 * compiler uses. All runs hold finite numbers only, except where a function says otherwise. */
#pragma once

#include "base/libc.h"

/* ---- statistics ---- */

/* What is known of some numbers; zeroed by pj_scan_new. */
typedef struct pj_scan {
    int64_t finite, nans, infinities, zeros;
    double min, max; /* of the finite ones; INFINITY and -INFINITY without any */
    double sum, squares;
    double least;      /* smallest magnitude but 0; only kept while is_po2 */
    uint64_t mantissa; /* of the numbers that are not 0, while they all have the same one */
    bool is_po2;       /* they have */
    bool has_mantissa; /* there was one */
} pj_scan;

pj_scan pj_scan_new(void);

/* Adds a run. NaN and infinities are counted and become 0 in `w`. */
void pj_scan_add(pj_scan *scan, double *w, size_t n);

/* Adds what a later scan found. */
void pj_scan_merge(pj_scan *scan, const pj_scan *other);

/* The largest magnitude; 0 where there is no finite number. */
double pj_scan_most(const pj_scan *scan);

/* NaN and infinities become 0. */
void pj_clear_infinite(double *w, size_t n);

/* ---- rounding ---- */

/* The numbers of a format that is symmetric around 0: multiples of `step` below `least_normal`, beyond it numbers of
 * `bits` significant bits after the first one, up to `most`. Integers are all below `least_normal`. */
typedef struct pj_levels {
    double most, least_normal;
    double split;      /* 2^(52 - bits) + 1: Veltkamp's factor to round doubles */
    double anchor;     /* 1.5 * 2^52 * step: adding and subtracting it rounds to multiples of step */
    float split_float; /* the same for floats */
    float anchor_float;
    bool is_integer; /* no normal numbers */
    bool is_scaled;  /* false: its numbers are taken as they are, s = 1 */
} pj_levels;

/* Sum of (w - s * round(w / s))^2; s > 0 and 1/s finite. */
double pj_levels_error(const pj_levels *grid, const double *w, size_t n, double s);

enum { PJ_MOST_CANDIDATES = 16 };

/* For each candidate c, adds the sum of (f - s round(f / s))^2 for f = w / unit and s = scale[c] to error[c], in single
 * precision: for comparing candidates. |w| <= unit. */
void pj_levels_compare(const pj_levels *grid, const double *w, size_t n, double unit, const double *scale,
                       size_t candidates, double *error);
