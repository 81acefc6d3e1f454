/* Growing, thinning and merging lists of labels. */
#include "plan/labels.h"

double pj_label_bound(const pj_enumeration *s, const pj_point *at, const pj_rest *open)
{
    double best = -INFINITY;
    for (size_t p = 0; p < s->price_count; p++) {
        double value = at->noise + open->low[p];
        for (size_t k = 0; k < s->problem->budgets; k++)
            value += s->prices[p][k] * (at->cost[k] - s->problem->limit[k] - s->slack[k]);
        best = value > best ? value : best;
    }
    return best;
}

static bool is_late(pj_enumeration *s)
{
    enum { CLOCK_EVERY = 1 << 14 };
    struct timespec now;
    s->core->labels++;
    if (s->core->labels >= s->most_labels || s->trail_count >= PJ_MOST_TRAIL)
        s->stopped = true;
    if (s->core->labels % CLOCK_EVERY == 0 && timespec_get(&now, TIME_UTC) &&
        (double)(now.tv_sec - s->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - s->start.tv_nsec) > s->core->seconds)
        s->stopped = true;
    return s->stopped;
}

bool pj_labels_push(pj_enumeration *s, pj_labels *out, const pj_label *at)
{
    if (!PJ_GROW(s->arena, out->at, out->count, out->room)) {
        s->no_memory = s->stopped = true;
        return false;
    }
    out->at[out->count++] = *at;
    return true;
}

static uint32_t remember(pj_enumeration *s, uint32_t before, uint32_t what)
{
    if (what == PJ_NO_TRAIL)
        return before;
    if (!PJ_GROW(s->arena, s->trail, s->trail_count, s->trail_room)) {
        s->no_memory = s->stopped = true;
        return before;
    }
    s->trail[s->trail_count] = (pj_decision){before, what};
    return (uint32_t)s->trail_count++;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Drops the half with the worst bounds of a list that is too long. */
static void thin(pj_enumeration *s, pj_labels *labels, const pj_rest *open)
{
    pj_arena *arena = pj_arena_new(0);
    double *bounds = arena ? PJ_NEW(arena, double, 2 * labels->count) : NULL;
    size_t kept = 0;
    if (!bounds) {
        pj_arena_free(arena);
        s->no_memory = s->stopped = true;
        return;
    }
    for (size_t i = 0; i < labels->count; i++)
        bounds[i] = bounds[labels->count + i] = pj_label_bound(s, &labels->at[i].at, open);
    qsort(bounds + labels->count, labels->count, sizeof *bounds, compare_doubles);
    double limit = bounds[labels->count + labels->count / 2];
    for (size_t i = 0; i < labels->count; i++) {
        if (bounds[i] < limit || (bounds[i] == limit && 2 * kept < labels->count))
            labels->at[kept++] = labels->at[i];
        else if (bounds[i] < s->dropped)
            s->dropped = bounds[i];
    }
    labels->count = kept;
    pj_arena_free(arena);
}

static bool can_keep_limits(const pj_enumeration *s, const pj_point *at, const pj_rest *open)
{
    for (size_t k = 0; k < s->problem->budgets; k++)
        if (at->cost[k] + open->least[k] > s->problem->limit[k] + s->slack[k])
            return false;
    return true;
}

/* Is a label of the list, which comes before in the first cost, as good in everything? Differences that are mere
 * rounding count as none: like layers would fill the list with like labels. */
static bool is_dominated(const pj_enumeration *s, const pj_labels *labels, const pj_point *at, double least_noise)
{
    double tiny = 1e-14 * fabs(at->noise);
    if (s->problem->budgets <= 1)
        return at->noise >= least_noise - tiny;
    size_t first = labels->count > PJ_LOOK_BACK ? labels->count - PJ_LOOK_BACK : 0;
    for (size_t i = labels->count; i-- > first;) {
        const pj_point *other = &labels->at[i].at;
        bool better = other->noise <= at->noise + tiny;
        for (size_t k = 1; k < s->problem->budgets && better; k++)
            better = other->cost[k] <= at->cost[k] + 1e-3 * s->slack[k];
        if (better)
            return true;
    }
    return false;
}

/* The source whose next label has the least first cost; NULL: all are done. */
static pj_label_source *nearest(pj_label_source *sources, size_t count)
{
    pj_label_source *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < count; i++) {
        pj_label_source *one = &sources[i];
        if (one->next >= one->from->count)
            continue;
        double cost = one->from->at[one->next].at.cost[0] + one->move.cost[0];
        if (!best || cost < best_cost) {
            best = one;
            best_cost = cost;
        }
    }
    return best;
}

/* Keeps it as the best solution if it is one. */
void pj_label_offer(pj_enumeration *s, pj_label *at, uint32_t *what)
{
    if (!(at->at.noise < s->core->upper) || !pj_keeps_limits(s->problem, s->slack, &at->at))
        return;
    at->trail = remember(s, at->trail, *what);
    *what = PJ_NO_TRAIL;
    s->core->upper = at->at.noise;
    s->best_trail = at->trail;
    s->best_is_label = true;
}

/* Merges all sources into `out`, in the order of the first cost, without what is dominated or cannot be better. */
void pj_labels_combine(pj_enumeration *s, size_t count, const pj_rest *open, pj_labels *out)
{
    double least_noise = INFINITY;
    pj_label_source *one;
    out->count = 0;
    while (!is_late(s) && (one = nearest(s->sources, count)) != NULL) {
        const pj_label *from = &one->from->at[one->next++];
        pj_label to = {pj_point_plus(&from->at, &one->move), from->trail};
        uint32_t what = one->what;
        pj_label_offer(s, &to, &what);
        double target = isinf(s->core->upper) ? INFINITY : s->core->upper - 1e-12 * fabs(s->core->upper);
        if (!can_keep_limits(s, &to.at, open) || is_dominated(s, out, &to.at, least_noise) ||
            !(pj_label_bound(s, &to.at, open) < target))
            continue;
        to.trail = remember(s, to.trail, what);
        if (!pj_labels_push(s, out, &to))
            return;
        least_noise = to.at.noise < least_noise ? to.at.noise : least_noise;
        if (out->count >= s->core->most)
            thin(s, out, open); /* what the dropped ones dominate has no better bounds: least_noise stays */
    }
}
