/* When to run a job on a grid whose intensity changes step by step: the window with the least mean. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "picojoule/footprint.h"

/* What holds where: values[i] from hour i * step_h on. */
typedef struct pj_steps {
    const double *value;
    size_t count;
    double step_h;
    bool repeats; /* goes on periodically */
} pj_steps;

typedef struct pj_window_ask {
    double duration_h;
    double earliest_h;
    double latest_end_h; /* NAN: of what repeats, starts within one period; else the end of the profile */
    bool interruptible;
    size_t top; /* so many of the best starts, one in each step, are listed; 0: one */
} pj_window_ask;

/* The optimum starts or ends on a border of two steps, or at an end of what is allowed: those are the candidates. Of
 * means within 1e-12 the earliest. One pass over the steps with sums that carry their rounding errors along.
 * Members of *out that lists need are allocated: the caller frees `starts` and `slots` with free().
 * PJ_EARGUMENT: the duration fits nowhere; PJ_ENOMEM. */
pj_status pj_window_find(const pj_steps *steps, const pj_window_ask *ask, pj_run_window *out, pj_error *err);
