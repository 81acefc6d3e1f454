/* Stars, one to five, of models that are compared by their energy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "picojoule/footprint.h"

/* out[i] for values[i] (finite). Methods, with n = count:
 *     rank     5 - floor(5 k / n): equal energies, equal stars
 *     range    5 - min(4, floor(5 (x - min) / (max - min))); all equal: 5 (AI Energy Score)
 *     seed003  5 - min(4, floor(place / max(1, floor(n / 5)))): fifths only for n = 1, 4 and multiples of 5, and equal
 *              energies differ by their order in the list
 * false: no memory. */
bool pj_stars_give(const double *values, size_t count, pj_star_method method, pj_star *out);
