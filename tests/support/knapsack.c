/* Seeded instances of the planning problem. */
#include "knapsack.h"

#include <math.h>

double dice_roll(dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

size_t dice_below(dice *d, size_t count)
{
    return (size_t)(dice_roll(d) * (double)count);
}

/* A layer of a network at 16 bits and below: energy falls with the bits, noise grows fourfold with each. */
static pj_point network_choice(dice *layer, size_t choice)
{
    static const double weight_bits[] = {16, 8, 8, 6, 4, 4, 3, 2}, activation_bits[] = {16, 16, 8, 8, 16, 8, 8, 4};
    double weights = pow(10, 3 + 3 * dice_roll(layer)), activations = pow(10, 3 + 2.5 * dice_roll(layer));
    double macs = weights * (1 + 200 * dice_roll(layer)), sensitivity = pow(10, -2 + 3 * dice_roll(layer));
    double w = weight_bits[choice % 8], a = activation_bits[choice % 8];
    pj_point point = {sensitivity * (pow(4, -w) * (3 + 6 * dice_roll(layer)) + 5 * pow(4, -a)), {0}};
    point.cost[0] = 20 * (weights * w + activations * a) + 0.003 * macs * w * a + 0.4 * macs;
    point.cost[1] = weights * w;
    point.cost[2] = macs * w * a;
    return point;
}

static pj_point make_choice(knapsack_kind kind, uint64_t layer_seed, dice *d, size_t choice)
{
    pj_point point = {0, {0}};
    dice layer = {layer_seed};
    switch (kind) {
    case KNAPSACK_NETWORK:
    case KNAPSACK_REPEATED:
        return network_choice(&layer, choice);
    case KNAPSACK_RANDOM:
    case KNAPSACK_KINDS:
        point.noise = dice_roll(d);
        for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
            point.cost[k] = dice_roll(d);
        break;
    case KNAPSACK_CORRELATED:
        point.cost[0] = 1 + 9 * dice_roll(d);
        for (size_t k = 1; k < PJ_MOST_BUDGETS; k++)
            point.cost[k] = point.cost[0] * (1 + 0.001 * dice_roll(d));
        point.noise = 12 - point.cost[0] + 0.001 * dice_roll(d);
        break;
    case KNAPSACK_INTEGER:
        point.noise = (double)dice_below(d, 10);
        for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
            point.cost[k] = (double)dice_below(d, 10);
        break;
    }
    return point;
}

/* Between the least and the largest sum of each cost, over the first modes. */
static void set_limits(pj_problem *problem, double tightness)
{
    for (size_t k = 0; k < problem->budgets; k++) {
        double least = 0, most = 0;
        for (size_t g = 0; g < problem->groups; g++)
            for (size_t s = problem->slot_at[problem->mode_at[g]]; s < problem->slot_at[problem->mode_at[g] + 1]; s++) {
                double low = INFINITY, high = -INFINITY;
                for (size_t c = problem->choice_at[s]; c < problem->choice_at[s + 1]; c++) {
                    low = fmin(low, problem->point[c].cost[k]);
                    high = fmax(high, problem->point[c].cost[k]);
                }
                least += low;
                most += high;
            }
        problem->limit[k] = least + tightness * (most - least);
    }
}

static size_t some(dice *d, size_t most)
{
    return most > 1 ? 1 + dice_below(d, most) : most;
}

pj_problem *knapsack_make(knapsack_kind kind, uint64_t seed, size_t groups, size_t modes, size_t slots, size_t choices,
                          size_t budgets, double tightness, pj_arena *arena)
{
    enum { DISTINCT = 8 };
    dice d = {seed};
    pj_problem *p = PJ_NEW(arena, pj_problem, 1);
    size_t *mode_at = PJ_NEW(arena, size_t, groups + 1), *slot_at = PJ_NEW(arena, size_t, groups * modes + 1);
    size_t *choice_at = PJ_NEW(arena, size_t, groups * modes * slots + 1);
    pj_point *point = PJ_NEW(arena, pj_point, groups * modes * slots * choices);
    bool full = modes == 1 && slots == 1;
    if (!p || !mode_at || !slot_at || !choice_at || !point)
        return NULL;
    for (size_t g = 0; g < groups; g++) {
        size_t own_modes = some(&d, modes), like = kind == KNAPSACK_REPEATED ? g % DISTINCT : g;
        for (size_t m = 0; m < own_modes; m++) {
            size_t own_slots = some(&d, slots);
            for (size_t s = 0; s < own_slots; s++) {
                size_t own_choices = full ? choices : some(&d, choices);
                for (size_t c = 0; c < own_choices; c++)
                    point[p->choices++] = make_choice(kind, seed * 1000003 + like * 101 + s, &d, c + m);
                choice_at[++p->slots] = p->choices;
            }
            slot_at[++p->modes] = p->slots;
        }
        mode_at[++p->groups] = p->modes;
    }
    p->budgets = budgets;
    p->mode_at = mode_at;
    p->slot_at = slot_at;
    p->choice_at = choice_at;
    p->point = point;
    set_limits(p, tightness);
    return p;
}

typedef struct enumeration {
    const pj_problem *problem;
    double slack[PJ_MOST_BUDGETS];
    double best;
} enumeration;

/* Slot `slot` of a mode that ends at `end`, then the groups from `group` on. */
static void enumerate(enumeration *e, size_t group, size_t slot, size_t end, pj_point sum)
{
    const pj_problem *p = e->problem;
    if (slot < end) {
        for (size_t c = p->choice_at[slot]; c < p->choice_at[slot + 1]; c++) {
            pj_point next = sum;
            next.noise += p->point[c].noise;
            for (size_t k = 0; k < p->budgets; k++)
                next.cost[k] += p->point[c].cost[k];
            enumerate(e, group, slot + 1, end, next);
        }
        return;
    }
    if (group == p->groups) {
        bool fits = true;
        for (size_t k = 0; k < p->budgets; k++)
            fits = fits && sum.cost[k] <= p->limit[k] + e->slack[k];
        if (fits && sum.noise < e->best)
            e->best = sum.noise;
        return;
    }
    for (size_t m = p->mode_at[group]; m < p->mode_at[group + 1]; m++)
        enumerate(e, group + 1, p->slot_at[m], p->slot_at[m + 1], sum);
}

double knapsack_enumerate(const pj_problem *problem)
{
    enumeration e = {.problem = problem, .best = INFINITY};
    for (size_t k = 0; k < problem->budgets; k++)
        e.slack[k] = pj_budget_slack(problem, k);
    enumerate(&e, 0, 0, 0, (pj_point){0, {0}});
    return e.best;
}
