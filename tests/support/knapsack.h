/* Seeded instances of the planning problem, for its tests and its benchmark. */
#ifndef KNAPSACK_H
#define KNAPSACK_H

#include "plan/problem.h"

/* A generator that gives the same numbers everywhere (splitmix64). */
typedef struct dice {
    uint64_t state;
} dice;
double dice_roll(dice *d);                /* 0 <= x < 1 */
size_t dice_below(dice *d, size_t count); /* 0 .. count - 1 */

/* Shapes of instances. */
typedef enum knapsack_kind {
    KNAPSACK_RANDOM,     /* costs and noises without any relation */
    KNAPSACK_NETWORK,    /* layers with weights and activations of so many elements, noise 4^-bits, sensitivities over
                          * three decades: what plans look like */
    KNAPSACK_REPEATED,   /* the same, eight distinct layers repeated, as in transformers */
    KNAPSACK_CORRELATED, /* noise falls linearly with cost, but for a thousandth: hard for bounds */
    KNAPSACK_INTEGER,    /* small whole numbers: many ties */
    KNAPSACK_KINDS
} knapsack_kind;

/* `groups` groups of up to `modes` modes of up to `slots` slots of up to `choices` choices; limits are `tightness` of
 * the way from the least sum to the largest. Lives in `arena`; NULL: no memory. */
pj_problem *knapsack_make(knapsack_kind kind, uint64_t seed, size_t groups, size_t modes, size_t slots, size_t choices,
                          size_t budgets, double tightness, pj_arena *arena);

/* The least noise within the limits, by looking at every combination; INFINITY: none keeps them. */
double knapsack_enumerate(const pj_problem *problem);

#endif
