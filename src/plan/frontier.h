/* The whole trade-off between the first cost and the noise, limits left aside. */
#pragma once

#include "plan/problem.h"

/* Sums (noise, cost[0]) that nothing beats in both, by falling cost. */
typedef struct pj_frontier {
    pj_point *point;
    size_t count;
    bool complete; /* all there are; else those on the convex hull, which the relaxation finds */
} pj_frontier;

enum {
    PJ_MOST_FRONTIER = 4000, /* points of a complete frontier; where there are more, the hull stands for them */
    PJ_MOST_HULL = 1000      /* points of the hull */
};

/* Is told the picks that come to a point; they are good for this call alone. */
typedef pj_status (*pj_frontier_visit)(size_t point, const pj_picks *picks, void *payload);

/* Lives in `arena`. The problem needs its first cost. `visit` (NULL: nobody asks) is called for each point, when *out
 * is complete. PJ_ENOMEM; what `visit` returns. */
pj_status pj_frontier_find(const pj_problem *problem, pj_arena *arena, pj_frontier *out, pj_frontier_visit visit,
                           void *payload, pj_error *err);

/* The point farthest below the line between the two ends, both axes scaled to 0..1 (Satopaa et al., Finding a Kneedle
 * in a Haystack, 2011); the first of several. 0 where there are fewer than three. */
size_t pj_frontier_knee(const pj_frontier *frontier);
