/* The search against complete enumeration, its bounds, and what must hold whatever the numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "knapsack.h"
#include "plan/search.h"

enum { SECONDS = 20 };

/* ---- what every answer must be ---- */

static void check_picks(const pj_problem *p, const pj_solution *solution)
{
    for (size_t g = 0; g < p->groups; g++)
        for (size_t m = p->mode_at[g]; m < p->mode_at[g + 1]; m++)
            for (size_t s = p->slot_at[m]; s < p->slot_at[m + 1]; s++) {
                size_t c = solution->picks.slot[s];
                if (m == solution->picks.mode[g])
                    CHECK(c >= p->choice_at[s] && c < p->choice_at[s + 1]);
                else
                    CHECK(c == PJ_NO_PICK);
            }
    for (size_t k = 0; k < p->budgets; k++)
        CHECK(solution->sum.cost[k] <= p->limit[k] + pj_budget_slack(p, k));
    CHECK(solution->bound <= solution->sum.noise + 1e-9 * fabs(solution->sum.noise));
}

static pj_solution solve(const pj_problem *problem, double seconds, pj_arena *arena)
{
    pj_solution solution;
    pj_error err = {0};
    CHECK_INT(pj_search(problem, seconds, arena, &solution, &err), PJ_OK);
    if (solution.found)
        check_picks(problem, &solution);
    return solution;
}

static void equals_brute_force(knapsack_kind kind, uint64_t seed, size_t groups, size_t modes, size_t slots,
                               size_t choices, size_t budgets, double tightness)
{
    pj_arena *arena = pj_arena_new(0);
    const pj_problem *p = knapsack_make(kind, seed, groups, modes, slots, choices, budgets, tightness, arena);
    double best = knapsack_enumerate(p);
    pj_solution solution = solve(p, SECONDS, arena);
    CHECK(solution.proven);
    CHECK(solution.found == isfinite(best));
    if (solution.found)
        CHECK_NEAR(solution.sum.noise, best, 1e-11);
    if (solution.found != isfinite(best) || (solution.found && fabs(solution.sum.noise - best) > 1e-9 * fabs(best)))
        printf("kind %d seed %d: %zu groups, %zu modes, %zu slots, %zu choices, %zu budgets, %g\n", (int)kind,
               (int)seed, groups, modes, slots, choices, budgets, tightness);
    pj_arena_free(arena);
}

static void small_random_instances(void)
{
    dice d = {2024};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        size_t groups = 1 + dice_below(&d, 7), choices = 1 + dice_below(&d, 4), budgets = dice_below(&d, 4);
        size_t modes = 1 + dice_below(&d, 3), slots = 1 + dice_below(&d, 2);
        knapsack_kind kind = (knapsack_kind)dice_below(&d, KNAPSACK_KINDS);
        if (modes * slots * choices > 12)
            groups = groups > 4 ? 4 : groups;
        equals_brute_force(kind, seed, groups, modes, slots, choices, budgets, 0.05 + 0.9 * dice_roll(&d));
    }
}

/* The 20 random and 5 structured ones of up to 12 layers. */
static void twelve_layers(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        equals_brute_force(KNAPSACK_RANDOM, seed, 12 - seed % 3, 1, 1, 3, 1 + seed % 2, 0.1 + 0.04 * (double)seed);
    for (int kind = 0; kind < KNAPSACK_KINDS; kind++)
        equals_brute_force((knapsack_kind)kind, 77, 12, 1, 1, 3, 1, 0.35);
    equals_brute_force(KNAPSACK_NETWORK, 5, 5, 2, 3, 2, 2, 0.4);
}

/* ---- larger ones: the bound certifies ---- */

static void large_instances_are_certified(void)
{
    static const struct {
        knapsack_kind kind;
        size_t groups, modes, slots, choices, budgets;
    } rows[] = {
        {KNAPSACK_NETWORK,  300,  1, 1,  6, 1},
        {KNAPSACK_REPEATED, 300,  1, 1,  6, 1},
        {KNAPSACK_NETWORK,  1000, 1, 1,  6, 1},
        {KNAPSACK_RANDOM,   300,  1, 1,  6, 1},
        {KNAPSACK_NETWORK,  60,   3, 10, 3, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_arena *arena = pj_arena_new(0);
        const pj_problem *p = knapsack_make(rows[i].kind, 11 + i, rows[i].groups, rows[i].modes, rows[i].slots,
                                            rows[i].choices, rows[i].budgets, 0.3, arena);
        pj_solution solution = solve(p, SECONDS, arena);
        CHECK(solution.found && solution.proven);
        CHECK(pj_solution_gap(&solution) == 0);
        pj_arena_free(arena);
    }
}

static void short_time_still_gives_a_bound(void)
{
    pj_arena *arena = pj_arena_new(0);
    const pj_problem *p = knapsack_make(KNAPSACK_CORRELATED, 3, 200, 1, 1, 6, 2, 0.4, arena);
    pj_solution rough = solve(p, 0, arena), fine = solve(p, 0.2, arena);
    CHECK(rough.found && fine.found);
    CHECK(rough.bound <= fine.sum.noise * (1 + 1e-12));
    CHECK(fine.bound >= rough.bound * (1 - 1e-12));
    CHECK(fine.sum.noise <= rough.sum.noise);
    CHECK(pj_solution_gap(&rough) < 0.05);
    pj_arena_free(arena);
}

/* ---- properties ---- */

static void tighter_never_means_less_noise(void)
{
    for (int kind = 0; kind < KNAPSACK_KINDS; kind++) {
        double before = -INFINITY;
        for (int step = 20; step >= 1; step--) {
            pj_arena *arena = pj_arena_new(0);
            const pj_problem *p = knapsack_make((knapsack_kind)kind, 9, 40, 2, 2, 4, 1, 0.05 * step, arena);
            pj_solution solution = solve(p, 0.02, arena);
            if (!solution.found)
                solution.sum.noise = INFINITY;
            CHECK(solution.bound <= solution.sum.noise);
            if (solution.proven)
                CHECK(solution.sum.noise >= before - 1e-11 * fabs(before));
            before = solution.bound;
            pj_arena_free(arena);
        }
    }
}

static void the_same_every_time(void)
{
    pj_arena *arena = pj_arena_new(0);
    const pj_problem *p = knapsack_make(KNAPSACK_INTEGER, 4, 60, 2, 2, 5, 2, 0.3, arena);
    pj_solution a = solve(p, SECONDS, arena), b = solve(p, SECONDS, arena);
    CHECK(memcmp(a.picks.slot, b.picks.slot, p->slots * sizeof *a.picks.slot) == 0);
    CHECK(a.labels == b.labels);
    pj_arena_free(arena);
}

/* Two layers of two choices by hand: noises 0 and 3 or 0 and 2, costs 10 and 4 each, limit 14: only one can stay, and
 * the noise of the other is 2. Limit 7 is below the least, 8. */
static void by_hand(void)
{
    static const size_t at[] = {0, 1, 2}, choice_at[] = {0, 2, 4};
    static const pj_point point[] = {
        {0, {10}},
        {3, {4} },
        {0, {10}},
        {2, {4} }
    };
    pj_problem p = {1, {14}, 2, 2, 2, 4, at, at, choice_at, point};
    pj_arena *arena = pj_arena_new(0);
    pj_solution solution = solve(&p, SECONDS, arena);
    CHECK(solution.found && solution.proven);
    CHECK_NEAR(solution.sum.noise, 2, 1e-15);
    CHECK_INT(solution.picks.slot[0], 0);
    CHECK_INT(solution.picks.slot[1], 3);
    CHECK_NEAR(solution.least[0], 8, 1e-15);
    p.limit[0] = 7;
    solution = solve(&p, SECONDS, arena);
    CHECK(!solution.found && solution.proven);
    CHECK_NEAR(solution.least[0], 8, 1e-15);
    p.budgets = 0;
    solution = solve(&p, SECONDS, arena);
    CHECK(solution.found && solution.proven && solution.sum.noise == 0);
    pj_arena_free(arena);
}

static void refuses_what_is_no_number(void)
{
    static const size_t at[] = {0, 1}, choice_at[] = {0, 1};
    pj_point point = {NAN, {1}};
    pj_problem p = {1, {1}, 1, 1, 1, 1, at, at, choice_at, &point};
    pj_arena *arena = pj_arena_new(0);
    pj_solution solution;
    pj_error err = {0};
    CHECK_INT(pj_search(&p, 1, arena, &solution, &err), PJ_EARGUMENT);
    point.noise = 1;
    p.limit[0] = INFINITY;
    CHECK_INT(pj_search(&p, 1, arena, &solution, &err), PJ_EARGUMENT);
    pj_arena_free(arena);
}

int main(void)
{
    by_hand();
    small_random_instances();
    twelve_layers();
    large_instances_are_certified();
    short_time_still_gives_a_bound();
    tighter_never_means_less_noise();
    the_same_every_time();
    refuses_what_is_no_number();
    return check_done();
}
