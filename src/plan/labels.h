/* Lists of labels: what is left after fixing, enumerated.
 *
 * A label is a complete solution: the relaxed one, but for the decisions taken so far. So each label that keeps the
 * limits is a solution, and what may still change is known per price vector: no completion of a label has less noise
 * than  noise + lambda * (cost - limit) + low[lambda],  where low <= 0 sums what the open slots could gain at those
 * prices. Lists are sorted by the first cost; for one budget domination is then a comparison with the least noise so
 * far, for several a look at the labels just before. labels.c makes lists, core.c goes through the groups. */
#pragma once

#include <time.h>

#include "plan/search.h"

enum {
    PJ_PRICES = 25,          /* price vectors that bounds are taken at; the first is the best one */
    PJ_MOST_TRAIL = 6000000, /* decisions remembered */
    PJ_LOOK_BACK = 48        /* labels that a new one is compared with, several budgets */
};
#define PJ_NO_TRAIL UINT32_MAX

typedef struct pj_label {
    pj_point at;
    uint32_t trail; /* decisions that led here; PJ_NO_TRAIL: none */
} pj_label;

typedef struct pj_labels {
    pj_label *at;
    size_t count, room;
} pj_labels;

/* A decision: a choice, or (beyond the choices) a mode. */
typedef struct pj_decision {
    uint32_t before, what;
} pj_decision;

/* What open slots can still do: the least change of each cost, and of the relaxed value at each price vector. */
typedef struct pj_rest {
    double low[PJ_PRICES];
    double least[PJ_MOST_BUDGETS];
} pj_rest;

/* One way to go on from all labels of a list. */
typedef struct pj_label_source {
    const pj_labels *from;
    pj_point move;
    uint32_t what; /* PJ_NO_TRAIL: nothing is decided */
    size_t next;   /* label of `from` that is next */
} pj_label_source;

typedef struct pj_enumeration {
    pj_core *core;
    const pj_problem *problem;
    pj_arena *arena;
    double slack[PJ_MOST_BUDGETS];
    double prices[PJ_PRICES][PJ_MOST_BUDGETS];
    size_t price_count;
    pj_picks base;
    pj_point *slot_base; /* by slot: its relaxed choice, in modes that are not chosen, too */
    size_t *slot_pick;
    pj_decision *trail;
    size_t trail_count, trail_room;
    uint32_t best_trail;
    bool best_is_label, stopped, no_memory;
    double dropped; /* least bound of what was dropped for want of room or time */
    uint64_t most_labels;
    struct timespec start;
    pj_labels now, ping, pong;
    pj_labels *ends; /* a list per mode of a group */
    pj_label_source *sources;
} pj_enumeration;

static inline pj_point pj_point_plus(const pj_point *a, const pj_point *b)
{
    pj_point sum = {a->noise + b->noise, {0}};
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        sum.cost[k] = a->cost[k] + b->cost[k];
    return sum;
}

static inline pj_point pj_point_minus(const pj_point *a, const pj_point *b)
{
    pj_point change = {a->noise - b->noise, {0}};
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        change.cost[k] = a->cost[k] - b->cost[k];
    return change;
}

/* The value of a change at a price vector. */
static inline double pj_point_priced(const pj_enumeration *s, size_t price, const pj_point *point)
{
    double value = point->noise;
    for (size_t k = 0; k < s->problem->budgets; k++)
        value += s->prices[price][k] * point->cost[k];
    return value;
}

/* No completion of a label has less noise. */
double pj_label_bound(const pj_enumeration *s, const pj_point *at, const pj_rest *open);

/* Appends a label; false: no memory. */
bool pj_labels_push(pj_enumeration *s, pj_labels *out, const pj_label *at);

/* Keeps a label as the best solution if it is one; *what is the decision that led to it, remembered then. */
void pj_label_offer(pj_enumeration *s, pj_label *at, uint32_t *what);

/* Merges s->sources[0 .. count - 1] into `out`, in the order of the first cost, without what is dominated or cannot be
 * better. */
void pj_labels_combine(pj_enumeration *s, size_t count, const pj_rest *open, pj_labels *out);
