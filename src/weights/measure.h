/* Statistics and rounding errors of constants, all of them at once, on several threads.
 *
 * The work is cut into jobs by the shapes of the constants alone; each job goes through its numbers in one order, and
 * the results of jobs are added in their order. So figures are the same for any number of threads. */
#pragma once

#include "picojoule/weights.h"
#include "weights/levels.h"
#include "weights/reader.h"

enum { PJ_MOST_FORMATS = 32 };

typedef struct pj_measure_options {
    const pj_levels *grid;
    size_t grids; /* at most PJ_MOST_FORMATS */
    bool grain[2], rule[2], distinct;
    int threads;
    const pj_watch *watch; /* NULL: nobody is told */
    double seconds;        /* what is not measured by then is absent; 0: no limit */
} pj_measure_options;

/* Errors of one constant: by grain, rule, format. */
typedef struct pj_errors {
    double sum[2][2][PJ_MOST_FORMATS];
} pj_errors;

typedef struct pj_measured {
    const char *absent; /* why it could not be read; NULL: it was */
    pj_scan scan;
    pj_value_set channel_values;
    int64_t distinct; /* PJ_MOST_DISTINCT + 1: more */
    pj_errors errors;
} pj_measured;

/* Measures `count` constants. Memory of results is `out`'s. PJ_EIO, PJ_ENOMEM, with the constant's name in the
 * sentence. */
pj_status pj_measure(const pj_model *model, const pj_constant *const *constants, size_t count,
                     const pj_measure_options *options, pj_measured *out, pj_error *err);

/* What the numbers of a scan are: one `a` for all of them. */
pj_value_set pj_values_of(const pj_scan *scan);
