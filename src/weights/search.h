/* The error of rounding the numbers that share a scale, with the scale max-abs and with the best one that is found. */
#pragma once

#include "weights/measure.h"

/* Numbers that are gone through several times: each call gives the next run from number `at` on, *n > 0 of them, all
 * finite; they are valid until the next call. */
typedef struct pj_run_source {
    int64_t count;
    pj_status (*next)(void *payload, int64_t at, const double **w, size_t *n, pj_error *err);
    void *payload;
} pj_run_source;

/* Adds, for each format, the error with either rule (those that are wanted) to errors->sum[grain]. `scan` is of these
 * numbers. */
pj_status pj_add_errors(const pj_run_source *source, const pj_scan *scan, const pj_measure_options *options,
                        pj_grain grain, pj_errors *errors, pj_error *err);

/* The scale with the least error in one format of scaled numbers, as a share of that of the largest magnitude; 1 where
 * nothing better is found, or where there is nothing to scale. */
pj_status pj_least_error_ratio(const pj_run_source *source, const pj_scan *scan, const pj_levels *grid, double *out,
                               pj_error *err);
