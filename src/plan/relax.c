/* The Lagrangian relaxation: every slot decides by itself, at prices for the budgets. */
#include "plan/problem.h"

bool pj_picks_new(const pj_problem *problem, pj_arena *arena, pj_picks *out)
{
    out->mode = PJ_NEW(arena, size_t, problem->groups);
    out->slot = PJ_NEW(arena, size_t, problem->slots);
    for (size_t i = 0; out->slot && i < problem->slots; i++)
        out->slot[i] = PJ_NO_PICK;
    return out->mode && out->slot;
}

void pj_picks_copy(const pj_problem *problem, const pj_picks *from, pj_picks *to)
{
    memcpy(to->mode, from->mode, problem->groups * sizeof *to->mode);
    memcpy(to->slot, from->slot, problem->slots * sizeof *to->slot);
}

static void add_point(pj_point *sum, const pj_point *point)
{
    sum->noise += point->noise;
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        sum->cost[k] += point->cost[k];
}

pj_point pj_picks_sum(const pj_problem *problem, const pj_picks *picks)
{
    pj_point sum = {0};
    for (size_t i = 0; i < problem->slots; i++)
        if (picks->slot[i] != PJ_NO_PICK)
            add_point(&sum, &problem->point[picks->slot[i]]);
    return sum;
}

double pj_budget_slack(const pj_problem *problem, size_t k)
{
    double most = 0;
    for (size_t s = 0; s < problem->slots; s++) {
        double largest = 0;
        for (size_t c = problem->choice_at[s]; c < problem->choice_at[s + 1]; c++)
            largest = fmax(largest, fabs(problem->point[c].cost[k]));
        most += largest;
    }
    return 1e-11 * most;
}

bool pj_keeps_limits(const pj_problem *problem, const double *slack, const pj_point *sum)
{
    for (size_t k = 0; k < problem->budgets; k++)
        if (!(sum->cost[k] <= problem->limit[k] + slack[k]))
            return false;
    return true;
}

static double price(const pj_problem *problem, double weight, const double *lambda, const pj_point *point)
{
    double value = weight * point->noise;
    for (size_t k = 0; k < problem->budgets; k++)
        value += lambda[k] * point->cost[k];
    return value;
}

/* Is (value, point) before the best so far? */
static bool is_before(double value, const pj_point *point, double best_value, const pj_point *best)
{
    if (value != best_value)
        return value < best_value;
    if (point->noise != best->noise)
        return point->noise < best->noise;
    return point->cost[0] < best->cost[0];
}

/* The best choice of a slot; PJ_NO_PICK: none is left. */
static size_t pick_choice(const pj_problem *problem, pj_kept kept, double weight, const double *lambda, size_t slot,
                          double *value)
{
    size_t best = PJ_NO_PICK;
    *value = 0;
    for (size_t c = problem->choice_at[slot]; c < problem->choice_at[slot + 1]; c++) {
        if (kept && !kept[c])
            continue;
        double one = price(problem, weight, lambda, &problem->point[c]);
        if (best == PJ_NO_PICK || is_before(one, &problem->point[c], *value, &problem->point[best])) {
            best = c;
            *value = one;
        }
    }
    return best;
}

/* The value of a mode, its slots filled in picks; false: a slot cannot be filled. */
static bool fill_mode(const pj_problem *problem, pj_kept kept, double weight, const double *lambda, size_t mode,
                      pj_picks *picks, pj_point *sum, double *value)
{
    memset(sum, 0, sizeof *sum);
    *value = 0;
    for (size_t s = problem->slot_at[mode]; s < problem->slot_at[mode + 1]; s++) {
        double one;
        picks->slot[s] = pick_choice(problem, kept, weight, lambda, s, &one);
        if (picks->slot[s] == PJ_NO_PICK)
            return false;
        *value += one;
        add_point(sum, &problem->point[picks->slot[s]]);
    }
    return true;
}

static void clear_mode(const pj_problem *problem, size_t mode, pj_picks *picks)
{
    for (size_t s = problem->slot_at[mode]; s < problem->slot_at[mode + 1]; s++)
        picks->slot[s] = PJ_NO_PICK;
}

double pj_relax(const pj_problem *problem, pj_kept kept, double weight, const double *lambda, pj_picks *picks,
                pj_point *sum)
{
    double total = 0;
    memset(sum, 0, sizeof *sum);
    for (size_t g = 0; g < problem->groups; g++) {
        size_t best = PJ_NO_PICK;
        double best_value = 0;
        pj_point best_point = {0};
        for (size_t m = problem->mode_at[g]; m < problem->mode_at[g + 1]; m++) {
            pj_point point;
            double value;
            bool fills = fill_mode(problem, kept, weight, lambda, m, picks, &point, &value);
            if (fills && (best == PJ_NO_PICK || is_before(value, &point, best_value, &best_point))) {
                if (best != PJ_NO_PICK)
                    clear_mode(problem, best, picks);
                best = m;
                best_value = value;
                best_point = point;
            } else {
                clear_mode(problem, m, picks);
            }
        }
        picks->mode[g] = best;
        total += best_value;
        add_point(sum, &best_point);
    }
    return total;
}

typedef struct dual {
    const pj_problem *problem;
    pj_kept kept;
    double slack[PJ_MOST_BUDGETS];
    pj_picks picks, *best; /* of the last relaxation; of the best solution */
    pj_point sum;          /* of the last relaxation */
    double *upper;
    double lambda[PJ_MOST_BUDGETS], bound; /* the best bound so far */
} dual;

/* Relaxes at `lambda`, keeps what is better than what is known; the bound there. */
static double try(dual *d, double weight, const double *lambda)
{
    const pj_problem *problem = d->problem;
    double value = pj_relax(problem, d->kept, weight, lambda, &d->picks, &d->sum);
    if (pj_keeps_limits(problem, d->slack, &d->sum) && d->sum.noise < *d->upper) {
        *d->upper = d->sum.noise;
        pj_picks_copy(problem, &d->picks, d->best);
    }
    for (size_t k = 0; k < problem->budgets; k++)
        value -= lambda[k] * (problem->limit[k] + d->slack[k]);
    if (weight > 0 && value > d->bound) {
        d->bound = value;
        memcpy(d->lambda, lambda, sizeof d->lambda);
    }
    return value;
}

/* One budget k, the prices of all others being 0: the two relaxed solutions on either side of the limit span a line;
 * its slope is the next price. Ends at the edge of the convex hull that crosses the limit. */
static void climb_axis(dual *d, size_t k)
{
    enum { MOST_STEPS = 200 };
    double lambda[PJ_MOST_BUDGETS] = {0};
    double limit = d->problem->limit[k] + d->slack[k];
    try(d, 1, lambda);
    pj_point over = d->sum;
    if (over.cost[k] <= limit)
        return;
    lambda[k] = 1;
    try(d, 0, lambda);
    pj_point under = d->sum;
    for (int step = 0; step < MOST_STEPS && under.cost[k] < over.cost[k]; step++) {
        lambda[k] = (under.noise - over.noise) / (over.cost[k] - under.cost[k]);
        if (!(lambda[k] > 0))
            return;
        try(d, 1, lambda);
        double line = over.noise + lambda[k] * over.cost[k], here = d->sum.noise + lambda[k] * d->sum.cost[k];
        if (here >= line - 1e-14 * fabs(line))
            return;
        if (d->sum.cost[k] <= limit)
            under = d->sum;
        else
            over = d->sum;
    }
}

/* Prices along the ray of the best ones, `factor` times as high; true: their solution keeps all limits. */
static bool try_ray(dual *d, const double *start, double factor)
{
    double lambda[PJ_MOST_BUDGETS] = {0};
    for (size_t k = 0; k < d->problem->budgets; k++)
        lambda[k] = factor * start[k];
    try(d, 1, lambda);
    return pj_keeps_limits(d->problem, d->slack, &d->sum);
}

/* The first point of the ray that keeps all limits: a solution to start with, if there is one. */
static void climb_ray(dual *d)
{
    enum { DOUBLINGS = 40, HALVINGS = 30 };
    double low = 1, high = 1, start[PJ_MOST_BUDGETS];
    bool found = false;
    memcpy(start, d->lambda, sizeof start);
    for (int step = 0; step < DOUBLINGS && !found; step++) {
        low = high;
        high *= 2;
        found = try_ray(d, start, high);
    }
    for (int step = 0; step < HALVINGS && found; step++) {
        double middle = (low + high) / 2;
        if (try_ray(d, start, middle))
            high = middle;
        else
            low = middle;
    }
}

/* Several budgets: subgradient steps of Polyak's length from the best prices so far, in units of the limits. */
static void climb_all(dual *d)
{
    enum { STEPS = 1000, PATIENCE = 12 };
    const pj_problem *problem = d->problem;
    double lambda[PJ_MOST_BUDGETS], unit[PJ_MOST_BUDGETS] = {0}, length = 1;
    int since = 0;
    memcpy(lambda, d->lambda, sizeof lambda);
    for (size_t k = 0; k < problem->budgets; k++)
        unit[k] = 1 / fmax(fabs(problem->limit[k]), 1e6 * d->slack[k] + 1e-300);
    for (int step = 0; step < STEPS && length > 1e-7; step++) {
        double before = d->bound, norm = 0;
        double value = try(d, 1, lambda);
        double aim = isinf(*d->upper) ? d->bound + fabs(d->bound) + 1e-12 : *d->upper;
        since = d->bound > before + 1e-9 * fabs(before) ? 0 : since + 1;
        if (since > PATIENCE) {
            length /= 2;
            since = 0;
            memcpy(lambda, d->lambda, sizeof lambda);
            value = try(d, 1, lambda);
        }
        for (size_t k = 0; k < problem->budgets; k++) {
            double slope = (d->sum.cost[k] - problem->limit[k]) * unit[k];
            norm += slope * slope;
        }
        if (!(norm > 0))
            return;
        for (size_t k = 0; k < problem->budgets; k++) {
            double slope = (d->sum.cost[k] - problem->limit[k]) * unit[k];
            lambda[k] = fmax(0, lambda[k] + length * (aim - value) / norm * slope * unit[k]);
        }
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): *upper changes through the dual */
pj_status pj_dual(const pj_problem *problem, pj_kept kept, double *lambda, double *bound, pj_picks *best, double *upper,
                  pj_arena *arena, pj_error *err)
{
    dual d = {.problem = problem, .kept = kept, .best = best, .upper = upper, .bound = -INFINITY};
    static const double none[PJ_MOST_BUDGETS];
    PJ_TRY(pj_got(pj_picks_new(problem, arena, &d.picks), err));
    for (size_t k = 0; k < problem->budgets; k++)
        d.slack[k] = pj_budget_slack(problem, k);
    try(&d, 1, none);
    for (size_t k = 0; k < problem->budgets; k++)
        climb_axis(&d, k);
    if (problem->budgets > 1 && *upper > d.bound) {
        climb_all(&d);
        if (isinf(*upper))
            climb_ray(&d);
    }
    memcpy(lambda, d.lambda, sizeof d.lambda);
    *bound = d.bound;
    return PJ_OK;
}
