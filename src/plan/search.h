/* The exact optimum of the problem of problem.h, or the best that the time allows with a proven bound.
 *
 *   1. choices that another one of their slot beats in everything are left out;
 *   2. Lagrangian relaxation: the multipliers with the best bound (for one budget: the slope of the convex hull at the
 *      limit), and on the way a first solution;
 *   3. reduced costs: a choice or mode that alone lifts the bound to the known solution is fixed out;
 *   4. what is left is enumerated group by group, the most contested first, as a list of labels (noise, costs) in which
 *      dominated ones are dropped, and those whose bound reaches the best solution.
 *
 * Literature: Sinha and Zoltners 1979 (hull, reduced costs), Dyer, Riha and Walker 1995, Pisinger 1995 (core, lists).
 */
#pragma once

#include "plan/problem.h"

typedef struct pj_solution {
    bool found;                    /* false: no picks keep all limits, or none were found in time */
    bool proven;                   /* nothing is better; not found: nothing keeps all limits */
    pj_picks picks;                /* if found */
    pj_point sum;                  /* of them */
    double bound;                  /* no picks that keep the limits have less noise */
    double least[PJ_MOST_BUDGETS]; /* the smallest that each cost alone can become */
    uint64_t labels;               /* labels looked at */
} pj_solution;

/* How far the noise may be from the optimum, as a share of it: 0 when proven. */
double pj_solution_gap(const pj_solution *solution);

/* Labels that the search looks at within a second of its time limit. The limit is counted in labels first and measured
 * second, so that on any but a very slow machine the result depends on nothing but the problem. */
#define PJ_LABELS_PER_SECOND 8e6

/* Solves it; everything in *out lives in `arena`. PJ_EARGUMENT: a number that is not finite; PJ_ENOMEM. */
pj_status pj_search(const pj_problem *problem, double seconds, pj_arena *arena, pj_solution *out, pj_error *err);

/* ---- step 4 (labels.c) ---- */

/* What the steps before know. *best and *upper become better; *bound becomes what is proven of the whole problem. */
typedef struct pj_core {
    const pj_problem *problem;
    bool *kept; /* by choice */
    const double *lambda;
    size_t most; /* labels of one list; beyond, those with the worst bounds are dropped, and the proof with them */
    double seconds;
    double bound; /* in: of the relaxation; out: proven */
    double upper; /* noise of `best`; INFINITY: none */
    pj_picks best;
    uint64_t labels;
} pj_core;

/* `scratch` is used up freely. */
pj_status pj_core_solve(pj_core *core, pj_arena *scratch, pj_error *err);
