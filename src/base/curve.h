/* A quantity as a function of a width or a size: a constant, a polynomial, or points with power laws between them. */
#pragma once

#include "base/figure.h"

enum { PJ_MAX_CURVE = 16 }; /* points, or coefficients */

typedef enum pj_curve_form { PJ_CURVE_NONE, PJ_CURVE_CONSTANT, PJ_CURVE_POLYNOMIAL, PJ_CURVE_POINTS } pj_curve_form;

typedef struct pj_curve {
    pj_curve_form form;
    int count;
    double x[PJ_MAX_CURVE]; /* points: rising */
    double y[PJ_MAX_CURVE]; /* points: positive, never falling; polynomial: coefficients, highest power first */
} pj_curve;

/* Value at x, never below 0. Between points (and past them, with the slope of the last two) log y is linear in log x:
 * y = y1 * (x / x1) ^ slope. Points at x <= 0 give 0. */
double pj_curve_at(const pj_curve *curve, double x);

/* Reads a polynomial of `count` coefficients from `object`.`key`; `unit` of the value, `x_unit` of the argument. */
pj_status pj_curve_read_polynomial(pj_figures *figures, pj_json object, const char *key, int least, int most,
                                   const char *unit, const char *x_unit, pj_curve *out, pj_error *err);

/* Reads `object`.points: two or more objects with `x_key` and `key` (both positive), source and confidence. */
pj_status pj_curve_read_points(pj_figures *figures, pj_json object, const char *x_key, const char *key,
                               const char *unit, pj_curve *out, pj_error *err);
