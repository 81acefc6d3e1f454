/* The abstract problem that a plan solves: a multiple-choice knapsack with coupled choices and several budgets.
 *
 *     group    a set of decisions that belong together; independent of all other groups
 *     mode     one of them is chosen for each group (the format of tensors that must agree)
 *     slot     a decision inside a mode; all slots of the chosen mode are filled (the weights of one layer)
 *     choice   one of them fills a slot, and has a noise and a cost per budget
 *
 *     minimize  sum of noise     subject to  sum of cost[k] <= limit[k] for each budget k
 *
 * A plain multiple-choice knapsack has one mode per group and one slot per mode. Two layers that must take the same
 * choice are one slot whose choices have the sums of both. Noise and cost are any finite numbers: what is minimized may
 * be an energy, and a noise may be a cost. Sums keep a limit if they exceed it by at most pj_budget_slack(). */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { PJ_MOST_BUDGETS = 4 };
#define PJ_NO_PICK SIZE_MAX

/* A noise and a cost per budget: of a choice, or summed up. */
typedef struct pj_point {
    double noise;
    double cost[PJ_MOST_BUDGETS];
} pj_point;

/* Arrays are borrowed. Modes of group g are mode_at[g] .. mode_at[g + 1] - 1, and so on. Each group has a mode, each
 * slot a choice; a mode may have no slots. */
typedef struct pj_problem {
    size_t budgets; /* 0 .. PJ_MOST_BUDGETS */
    double limit[PJ_MOST_BUDGETS];
    size_t groups, modes, slots, choices;
    const size_t *mode_at;   /* groups + 1 */
    const size_t *slot_at;   /* modes + 1 */
    const size_t *choice_at; /* slots + 1 */
    const pj_point *point;   /* by choice */
} pj_problem;

/* A mode for each group, a choice for each slot of it. */
typedef struct pj_picks {
    size_t *mode; /* by group */
    size_t *slot; /* by slot: its choice; PJ_NO_PICK in modes that are not chosen */
} pj_picks;

/* Room for the picks of a problem; false: no memory. */
bool pj_picks_new(const pj_problem *problem, pj_arena *arena, pj_picks *out);
void pj_picks_copy(const pj_problem *problem, const pj_picks *from, pj_picks *to);

/* What picks cost, summed in the order of the slots. */
pj_point pj_picks_sum(const pj_problem *problem, const pj_picks *picks);

/* What a sum may exceed limit k by, for the rounding of its terms: 1e-11 of the largest sum there can be. */
double pj_budget_slack(const pj_problem *problem, size_t k);

/* ---- relaxation (relax.c) ---- */

/* Which choices are still considered, by choice; NULL: all. A mode whose slot has none left is out; one mode of each
 * group has to be left. */
typedef const bool *pj_kept;

/* Minimizes weight * noise + sum of lambda[k] * cost[k] without any limit: each slot by itself. Ties go to the smaller
 * noise, then the smaller first cost, then the lower index. Writes picks and their sum; returns the minimum. */
double pj_relax(const pj_problem *problem, pj_kept kept, double weight, const double *lambda, pj_picks *picks,
                pj_point *sum);

/* Multipliers that make a good Lagrangian bound, exact for one budget. On the way the best picks that keep all limits
 * are kept in *best (noise in *upper; INFINITY and none where none were met). *bound is the value of the bound. */
pj_status pj_dual(const pj_problem *problem, pj_kept kept, double *lambda, double *bound, pj_picks *best, double *upper,
                  pj_arena *arena, pj_error *err);

/* Does a sum keep all limits? `slack` has pj_budget_slack() of each budget. */
bool pj_keeps_limits(const pj_problem *problem, const double *slack, const pj_point *sum);
