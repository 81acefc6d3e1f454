/* Complete frontiers by dominance, hulls by relaxation. */
#include "plan/frontier.h"

static int by_cost(const void *a, const void *b)
{
    const pj_point *x = a, *y = b;
    if (x->cost[0] != y->cost[0])
        return x->cost[0] < y->cost[0] ? -1 : 1;
    return (x->noise > y->noise) - (x->noise < y->noise);
}

/* Sorts by cost and drops what is dominated; the new count. Differences that are mere rounding count as none. */
static size_t clean(pj_point *points, size_t count)
{
    size_t kept = 0;
    qsort(points, count, sizeof *points, by_cost);
    for (size_t i = 0; i < count; i++) {
        if (kept && !(points[i].noise < points[kept - 1].noise - 1e-13 * fabs(points[i].noise)))
            continue;
        bool alike = kept && points[i].cost[0] <= points[kept - 1].cost[0] + 1e-12 * fabs(points[i].cost[0]);
        points[alike ? kept - 1 : kept] = points[i];
        kept += !alike;
    }
    return kept;
}

typedef struct lists {
    pj_point *now, *mode, *next; /* room for `room` each */
    size_t count, room;
    pj_arena *arena;
} lists;

/* Every point with every choice of a slot; 0: too many. */
static size_t add_slot(const pj_problem *problem, size_t slot, pj_point *points, size_t count, lists *l)
{
    size_t first = problem->choice_at[slot], choices = problem->choice_at[slot + 1] - first, made = 0;
    if (choices > l->room / count)
        return 0;
    for (size_t i = 0; i < count; i++)
        for (size_t c = first; c < first + choices; c++) {
            pj_point *to = &l->next[made++];
            *to = points[i];
            to->noise += problem->point[c].noise;
            to->cost[0] += problem->point[c].cost[0];
        }
    made = clean(l->next, made);
    if (made > PJ_MOST_FRONTIER)
        return 0;
    memcpy(points, l->next, made * sizeof *points);
    return made;
}

/* All modes of a group; false: too many points. */
static bool add_group(const pj_problem *problem, size_t group, lists *l, pj_point *all)
{
    size_t total = 0;
    for (size_t m = problem->mode_at[group]; m < problem->mode_at[group + 1]; m++) {
        size_t count = l->count;
        memcpy(l->mode, l->now, count * sizeof *l->mode);
        for (size_t s = problem->slot_at[m]; s < problem->slot_at[m + 1] && count; s++)
            count = add_slot(problem, s, l->mode, count, l);
        if (!count || total + count > l->room)
            return false;
        memcpy(all + total, l->mode, count * sizeof *all);
        total += count;
    }
    l->count = clean(all, total);
    memcpy(l->now, all, l->count * sizeof *l->now);
    return l->count <= PJ_MOST_FRONTIER;
}

static pj_status find_complete(const pj_problem *problem, pj_arena *scratch, lists *l, bool *found, pj_error *err)
{
    l->room = (size_t)PJ_MOST_FRONTIER * 16;
    l->now = PJ_NEW(scratch, pj_point, l->room);
    l->mode = PJ_NEW(scratch, pj_point, l->room);
    l->next = PJ_NEW(scratch, pj_point, l->room);
    pj_point *all = PJ_NEW(scratch, pj_point, l->room);
    PJ_TRY(pj_got(l->now && l->mode && l->next && all, err));
    l->count = 1;
    *found = true;
    for (size_t g = 0; g < problem->groups && *found; g++)
        *found = add_group(problem, g, l, all);
    return PJ_OK;
}

typedef struct hull {
    const pj_problem *problem;
    pj_picks picks;
    pj_point *point;
    size_t count;
} hull;

static pj_point relax_at(hull *h, double weight, double price)
{
    double lambda[PJ_MOST_BUDGETS] = {price};
    pj_point sum;
    pj_relax(h->problem, NULL, weight, lambda, &h->picks, &sum);
    return sum;
}

/* Points strictly between two of the hull: the relaxation at the slope of their line finds one below it, or there is
 * none. Segments wait in a list of their own, so that depth is no matter. */
static void fill_hull(hull *h, pj_point cheap, pj_point quiet, pj_arena *scratch)
{
    struct segment {
        pj_point a, b;
    } *open = PJ_NEW(scratch, struct segment, 2 * PJ_MOST_HULL + 2);
    size_t count = 0;
    if (!open)
        return;
    open[count++] = (struct segment){cheap, quiet};
    while (count > 0 && h->count < PJ_MOST_HULL) {
        struct segment at = open[--count];
        double price = (at.a.noise - at.b.noise) / (at.b.cost[0] - at.a.cost[0]);
        if (!(at.b.cost[0] > at.a.cost[0]) || !(price > 0))
            continue;
        pj_point middle = relax_at(h, 1, price);
        double line = at.a.noise + price * at.a.cost[0];
        if (!(middle.noise + price * middle.cost[0] < line - 1e-12 * fabs(line)))
            continue;
        h->point[h->count++] = middle;
        open[count++] = (struct segment){at.a, middle};
        open[count++] = (struct segment){middle, at.b};
    }
}

static pj_status find_hull(const pj_problem *problem, pj_arena *scratch, hull *h, pj_error *err)
{
    h->problem = problem;
    h->point = PJ_NEW(scratch, pj_point, PJ_MOST_HULL + 2);
    PJ_TRY(pj_got(h->point && pj_picks_new(problem, scratch, &h->picks), err));
    pj_point cheap = relax_at(h, 0, 1), quiet = relax_at(h, 1, 0);
    h->point[h->count++] = cheap;
    h->point[h->count++] = quiet;
    fill_hull(h, cheap, quiet, scratch);
    h->count = clean(h->point, h->count);
    return pj_arena_failed(scratch) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status find(const pj_problem *problem, pj_arena *scratch, pj_arena *arena, pj_frontier *out, pj_error *err)
{
    lists l = {0};
    hull h = {0};
    PJ_TRY(find_complete(problem, scratch, &l, &out->complete, err));
    if (!out->complete)
        PJ_TRY(find_hull(problem, scratch, &h, err));
    const pj_point *from = out->complete ? l.now : h.point;
    out->count = out->complete ? l.count : h.count;
    out->point = PJ_NEW(arena, pj_point, out->count);
    PJ_TRY(pj_got(out->point, err));
    for (size_t i = 0; i < out->count; i++)
        out->point[i] = from[out->count - 1 - i];
    return PJ_OK;
}

pj_status pj_frontier_find(const pj_problem *problem, pj_arena *arena, pj_frontier *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    pj_arena *scratch = pj_arena_new(0);
    PJ_TRY(pj_got(scratch, err));
    pj_status status = find(problem, scratch, arena, out, err);
    pj_arena_free(scratch);
    return status;
}

size_t pj_frontier_knee(const pj_frontier *frontier)
{
    size_t best = 0;
    double most = 0;
    if (frontier->count < 3)
        return 0;
    const pj_point *first = &frontier->point[0], *last = &frontier->point[frontier->count - 1];
    double width = first->cost[0] - last->cost[0], height = last->noise - first->noise;
    for (size_t i = 0; i < frontier->count && width > 0 && height > 0; i++) {
        const pj_point *at = &frontier->point[i];
        double below = (first->cost[0] - at->cost[0]) / width - (at->noise - first->noise) / height;
        if (below > most) {
            most = below;
            best = i;
        }
    }
    return best;
}
