/* How many different values there are, up to a limit. */
#pragma once

#include "base/libc.h"

#include "picojoule/weights.h"

enum { PJ_DISTINCT_SLOTS = 4 * PJ_MOST_DISTINCT };

typedef struct pj_distinct {
    bool is_full; /* there are more than PJ_MOST_DISTINCT */
    size_t count;
    double value[PJ_MOST_DISTINCT];   /* as they came */
    uint16_t slot[PJ_DISTINCT_SLOTS]; /* numbers of values from 1, 0: free */
} pj_distinct;

void pj_distinct_clear(pj_distinct *set);

/* Adds finite numbers; +0 and -0 are one. */
void pj_distinct_add(pj_distinct *set, const double *w, size_t n);
