/* Which tensors stay whole in the buffer from the layer that makes them to the last one that reads them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* A tensor that could stay. Steps count from 0. */
typedef struct pj_stay {
    double bits;
    int born, last; /* steps, both included: born <= last */
    double readers; /* how often it is read */
} pj_stay;

typedef struct pj_residency {
    bool *on_chip; /* of each tensor */
    double *live;  /* of each step: bits of the tensors that stay */
    double saved;  /* sum over those of bits x (write + read x readers), in the unit of the prices */
    double bound;  /* no choice of whole tensors saves more; negative: not computed (too many live tensors) */
} pj_residency;

/* `taken`: bits of each step that are not to be had, NULL: none. Greedy, by (write + read x readers) / steps of life a
 * bit; of equals the smaller, then the earlier one. A tensor is taken if what lives stays within `capacity` bits at
 * each step of its life. O(n log n). PJ_ENOMEM; PJ_EARGUMENT: a life that is not within `steps`. Results live in
 * `arena`. */
pj_status pj_resident_choose(const pj_stay *stay, size_t count, int steps, double capacity, const double *taken,
                             double write, double read, pj_arena *arena, pj_residency *out, pj_error *err);
