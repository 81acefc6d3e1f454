/* The search from end to end: leave out, relax, fix, enumerate. */
#include "plan/search.h"

double pj_solution_gap(const pj_solution *solution)
{
    double gap = solution->sum.noise - solution->bound;
    if (!solution->found || solution->proven || !(gap > 0))
        return 0;
    return solution->sum.noise != 0 ? gap / fabs(solution->sum.noise) : INFINITY;
}

static pj_status check_numbers(const pj_problem *problem, pj_error *err)
{
    bool finite = true;
    for (size_t k = 0; k < problem->budgets; k++)
        finite = finite && isfinite(problem->limit[k]);
    for (size_t c = 0; c < problem->choices && finite; c++) {
        finite = isfinite(problem->point[c].noise);
        for (size_t k = 0; k < problem->budgets; k++)
            finite = finite && isfinite(problem->point[c].cost[k]);
    }
    return finite ? PJ_OK : pj_fail(err, PJ_EARGUMENT, "a cost, a noise or a limit is not a finite number");
}

/* Is `a` as good as `b` in everything, and before it where they are alike? */
static bool beats(const pj_problem *problem, size_t a, size_t b)
{
    const pj_point *x = &problem->point[a], *y = &problem->point[b];
    bool better = x->noise < y->noise;
    if (x->noise > y->noise)
        return false;
    for (size_t k = 0; k < problem->budgets; k++) {
        if (x->cost[k] > y->cost[k])
            return false;
        better = better || x->cost[k] < y->cost[k];
    }
    return better || a < b;
}

static void leave_out(const pj_problem *problem, bool *kept)
{
    for (size_t s = 0; s < problem->slots; s++)
        for (size_t c = problem->choice_at[s]; c < problem->choice_at[s + 1]; c++) {
            kept[c] = true;
            for (size_t o = problem->choice_at[s]; o < problem->choice_at[s + 1] && kept[c]; o++)
                kept[c] = o == c || !beats(problem, o, c);
        }
}

static double value_at(const pj_problem *problem, const double *lambda, const pj_point *point)
{
    double value = point->noise;
    for (size_t k = 0; k < problem->budgets; k++)
        value += lambda[k] * point->cost[k];
    return value;
}

/* The least value of a slot; INFINITY: nothing is left of it. */
static double slot_value(const pj_problem *problem, const bool *kept, const double *lambda, size_t slot)
{
    double least = INFINITY;
    for (size_t c = problem->choice_at[slot]; c < problem->choice_at[slot + 1]; c++)
        if (kept[c])
            least = fmin(least, value_at(problem, lambda, &problem->point[c]));
    return least;
}

static double mode_value(const pj_problem *problem, const bool *kept, const double *lambda, size_t mode)
{
    double sum = 0;
    for (size_t s = problem->slot_at[mode]; s < problem->slot_at[mode + 1]; s++)
        sum += slot_value(problem, kept, lambda, s);
    return sum;
}

/* Takes out what cannot be in a solution below `room` over the bound. The relaxed picks stay. A mode without slots
 * cannot be taken out; it costs nothing to keep. */
static void fix(const pj_problem *problem, const double *lambda, const pj_picks *relaxed, double room, bool *kept)
{
    for (size_t g = 0; g < problem->groups; g++) {
        double base = mode_value(problem, kept, lambda, relaxed->mode[g]);
        for (size_t m = problem->mode_at[g]; m < problem->mode_at[g + 1]; m++) {
            double lost = mode_value(problem, kept, lambda, m) - base;
            for (size_t s = problem->slot_at[m]; s < problem->slot_at[m + 1]; s++) {
                double least = slot_value(problem, kept, lambda, s);
                for (size_t c = problem->choice_at[s]; c < problem->choice_at[s + 1]; c++)
                    if (kept[c] && relaxed->slot[s] != c &&
                        lost + value_at(problem, lambda, &problem->point[c]) - least >= room)
                        kept[c] = false;
            }
        }
    }
}

/* The least of each cost alone; false: one of them is over its limit already. */
static bool find_least(const pj_problem *problem, pj_picks *picks, double *least)
{
    bool fits = true;
    for (size_t k = 0; k < problem->budgets; k++) {
        double lambda[PJ_MOST_BUDGETS] = {0};
        pj_point sum;
        lambda[k] = 1;
        least[k] = pj_relax(problem, NULL, 0, lambda, picks, &sum);
        fits = fits && least[k] <= problem->limit[k] + pj_budget_slack(problem, k);
    }
    return fits;
}

static pj_status solve(const pj_problem *problem, double seconds, pj_arena *scratch, pj_solution *out, pj_error *err)
{
    /* a narrow list finds a good solution, by which more can be fixed before the list gets wide */
    static const size_t passes[] = {64, 1000, 200000};
    double lambda[PJ_MOST_BUDGETS] = {0};
    bool *kept = PJ_NEW(scratch, bool, problem->choices);
    pj_picks relaxed;
    pj_point sum;
    pj_core core = {
        .problem = problem, .kept = kept, .lambda = lambda, .seconds = seconds, .upper = INFINITY, .best = out->picks};
    PJ_TRY(pj_got(kept && pj_picks_new(problem, scratch, &relaxed), err));
    leave_out(problem, kept);
    out->proven = !find_least(problem, &relaxed, out->least);
    out->bound = INFINITY;
    if (out->proven)
        return PJ_OK;
    PJ_TRY(pj_dual(problem, kept, lambda, &core.bound, &core.best, &core.upper, scratch, err));
    pj_relax(problem, kept, 1, lambda, &relaxed, &sum);
    double relaxation = core.bound;
    for (size_t i = 0; i < sizeof passes / sizeof *passes && core.upper > core.bound; i++) {
        if (isfinite(core.upper))
            fix(problem, lambda, &relaxed, core.upper - relaxation, kept);
        core.most = passes[i];
        PJ_TRY(pj_core_solve(&core, scratch, err));
    }
    out->found = isfinite(core.upper);
    out->labels = core.labels;
    if (out->found)
        out->sum = pj_picks_sum(problem, &out->picks);
    out->proven = core.upper - core.bound <= 1e-11 * fabs(core.upper) || (isinf(core.bound) && isinf(core.upper));
    out->bound = out->proven && out->found ? out->sum.noise : core.bound;
    return PJ_OK;
}

pj_status pj_search(const pj_problem *problem, double seconds, pj_arena *arena, pj_solution *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    PJ_TRY(check_numbers(problem, err));
    pj_arena *scratch = pj_arena_new(0);
    if (!scratch || !pj_picks_new(problem, arena, &out->picks)) {
        pj_arena_free(scratch);
        return pj_fail_memory(err);
    }
    pj_status status = solve(problem, seconds, scratch, out, err);
    pj_arena_free(scratch);
    return status;
}
