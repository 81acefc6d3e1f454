/* Stars, one to five, of models that are compared by their energy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "picojoule/footprint.h"

/* One model of a group. */
typedef struct pj_star {
    int stars;
    size_t less;          /* models that need strictly less: k */
    size_t place;         /* in the sorted list, from 0; equal ones in their order */
    int percentile;       /* floor(100 place / (n - 1)); of a single one 0 */
    double range_percent; /* position between the least and the greatest, 0..100; 0 where all are equal */
} pj_star;

/* out[i] for values[i] (finite). Methods, with n = count:
 *     rank     5 - floor(5 k / n): equal energies, equal stars
 *     range    5 - min(4, floor(5 (x - min) / (max - min))); all equal: 5 (AI Energy Score)
 *     seed003  5 - min(4, floor(place / max(1, floor(n / 5)))): fifths only for n = 1, 4 and multiples of 5, and equal
 *              energies differ by their order in the list
 * false: no memory. */
bool pj_stars_give(const double *values, size_t count, pj_star_method method, pj_star *out);
