/* Complete frontiers by dominance, hulls by relaxation. */
#include "plan/frontier.h"

/* What was picked for a sum, last first. */
typedef struct picked {
    const struct picked *before;
    size_t number; /* of a mode, of a choice */
    bool is_mode;
} picked;

typedef struct sum {
    pj_point at;
    const picked *how; /* NULL where nobody asks */
    size_t choice;     /* that was added last, and is not part of `how` yet */
} sum;

static int by_cost(const void *a, const void *b)
{
    const pj_point *x = &((const sum *)a)->at, *y = &((const sum *)b)->at;
    if (x->cost[0] != y->cost[0])
        return x->cost[0] < y->cost[0] ? -1 : 1;
    return (x->noise > y->noise) - (x->noise < y->noise);
}

/* Sorts by cost and drops what is dominated; the new count. Differences that are mere rounding count as none. */
static size_t clean(sum *points, size_t count)
{
    size_t kept = 0;
    qsort(points, count, sizeof *points, by_cost);
    for (size_t i = 0; i < count; i++) {
        const pj_point *at = &points[i].at, *last = kept ? &points[kept - 1].at : NULL;
        if (last && !(at->noise < last->noise - 1e-13 * fabs(at->noise)))
            continue;
        bool alike = last && at->cost[0] <= last->cost[0] + 1e-12 * fabs(at->cost[0]);
        points[alike ? kept - 1 : kept] = points[i];
        kept += !alike;
    }
    return kept;
}

typedef struct lists {
    sum *now, *mode, *next; /* room for `room` each */
    size_t count, room;
    pj_arena *picked; /* of what was picked; NULL: nobody asks */
} lists;

/* One pick more. No memory: it is lost, and the arena has failed. */
static const picked *pick(pj_arena *arena, const picked *before, size_t number, bool is_mode)
{
    picked *made = arena ? PJ_NEW(arena, picked, 1) : NULL;
    if (made)
        *made = (picked){before, number, is_mode};
    return made;
}

/* Every point with every choice of a slot; 0: too many. */
static size_t add_slot(const pj_problem *problem, size_t slot, sum *points, size_t count, lists *l)
{
    size_t first = problem->choice_at[slot], choices = problem->choice_at[slot + 1] - first, made = 0;
    if (choices > l->room / count)
        return 0;
    for (size_t i = 0; i < count; i++)
        for (size_t c = first; c < first + choices; c++) {
            sum *to = &l->next[made++];
            *to = points[i];
            to->at.noise += problem->point[c].noise;
            to->at.cost[0] += problem->point[c].cost[0];
            to->choice = c;
        }
    made = clean(l->next, made);
    if (made > PJ_MOST_FRONTIER)
        return 0;
    for (size_t i = 0; i < made; i++)
        l->next[i].how = pick(l->picked, l->next[i].how, l->next[i].choice, false);
    memcpy(points, l->next, made * sizeof *points);
    return made;
}

/* All modes of a group; false: too many points. */
static bool add_group(const pj_problem *problem, size_t group, lists *l, sum *all)
{
    size_t total = 0;
    for (size_t m = problem->mode_at[group]; m < problem->mode_at[group + 1]; m++) {
        size_t count = l->count;
        memcpy(l->mode, l->now, count * sizeof *l->mode);
        for (size_t i = 0; i < count; i++)
            l->mode[i].how = pick(l->picked, l->mode[i].how, m, true);
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
    l->now = PJ_NEW(scratch, sum, l->room);
    l->mode = PJ_NEW(scratch, sum, l->room);
    l->next = PJ_NEW(scratch, sum, l->room);
    sum *all = PJ_NEW(scratch, sum, l->room);
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
    sum *point;
    size_t count;
    pj_arena *picked; /* NULL: nobody asks */
} hull;

static sum relax_at(hull *h, double weight, double price)
{
    double lambda[PJ_MOST_BUDGETS] = {price};
    sum found = {.how = NULL};
    pj_relax(h->problem, NULL, weight, lambda, &h->picks, &found.at);
    for (size_t g = 0; h->picked && g < h->problem->groups; g++)
        found.how = pick(h->picked, found.how, h->picks.mode[g], true);
    for (size_t s = 0; h->picked && s < h->problem->slots; s++)
        if (h->picks.slot[s] != PJ_NO_PICK)
            found.how = pick(h->picked, found.how, h->picks.slot[s], false);
    return found;
}

/* Points strictly between two of the hull: the relaxation at the slope of their line finds one below it, or there is
 * none. Segments wait in a list of their own, so that depth is no matter. */
static void fill_hull(hull *h, sum cheap, sum quiet, pj_arena *scratch)
{
    struct segment {
        sum a, b;
    } *open = PJ_NEW(scratch, struct segment, 2 * PJ_MOST_HULL + 2);
    size_t count = 0;
    if (!open)
        return;
    open[count++] = (struct segment){cheap, quiet};
    while (count > 0 && h->count < PJ_MOST_HULL) {
        struct segment at = open[--count];
        const pj_point *a = &at.a.at, *b = &at.b.at;
        double price = (a->noise - b->noise) / (b->cost[0] - a->cost[0]);
        if (!(b->cost[0] > a->cost[0]) || !(price > 0))
            continue;
        sum middle = relax_at(h, 1, price);
        double line = a->noise + price * a->cost[0];
        if (!(middle.at.noise + price * middle.at.cost[0] < line - 1e-12 * fabs(line)))
            continue;
        h->point[h->count++] = middle;
        open[count++] = (struct segment){at.a, middle};
        open[count++] = (struct segment){middle, at.b};
    }
}

static pj_status find_hull(const pj_problem *problem, pj_arena *scratch, hull *h, pj_error *err)
{
    h->problem = problem;
    h->point = PJ_NEW(scratch, sum, PJ_MOST_HULL + 2);
    PJ_TRY(pj_got(h->point && pj_picks_new(problem, scratch, &h->picks), err));
    sum cheap = relax_at(h, 0, 1), quiet = relax_at(h, 1, 0);
    h->point[h->count++] = cheap;
    h->point[h->count++] = quiet;
    fill_hull(h, cheap, quiet, scratch);
    h->count = clean(h->point, h->count);
    return pj_arena_failed(scratch) ? pj_fail_memory(err) : PJ_OK;
}

/* What a frontier is for: where its points go, and who is told how they come about. */
typedef struct wish {
    pj_frontier *out;
    pj_arena *arena, *scratch;
    pj_frontier_visit visit;
    void *payload;
} wish;

static void lay_out(const pj_problem *problem, const picked *how, pj_picks *out)
{
    size_t *const slot_of = out->slot;
    for (size_t s = 0; s < problem->slots; s++)
        slot_of[s] = PJ_NO_PICK;
    for (; how; how = how->before) {
        const size_t *from = how->is_mode ? problem->mode_at : problem->choice_at;
        size_t low = 0, high = how->is_mode ? problem->groups : problem->slots;
        while (high - low > 1) { /* the last group or slot that begins at the pick or before */
            size_t middle = low + (high - low) / 2;
            *(from[middle] <= how->number ? &low : &high) = middle;
        }
        (how->is_mode ? out->mode : slot_of)[low] = how->number;
    }
}

static pj_status tell(const pj_problem *problem, const sum *points, const wish *w, pj_error *err)
{
    pj_picks picks;
    PJ_TRY(pj_got(pj_picks_new(problem, w->scratch, &picks) && !pj_arena_failed(w->scratch), err));
    for (size_t i = 0; i < w->out->count; i++) {
        lay_out(problem, points[w->out->count - 1 - i].how, &picks);
        PJ_TRY(w->visit(i, &picks, w->payload));
    }
    return PJ_OK;
}

static pj_status find(const pj_problem *problem, const wish *w, pj_error *err)
{
    pj_frontier *out = w->out;
    lists l = {.picked = w->visit ? w->scratch : NULL};
    hull h = {.picked = l.picked};
    PJ_TRY(find_complete(problem, w->scratch, &l, &out->complete, err));
    if (!out->complete)
        PJ_TRY(find_hull(problem, w->scratch, &h, err));
    const sum *from = out->complete ? l.now : h.point;
    out->count = out->complete ? l.count : h.count;
    out->point = PJ_NEW(w->arena, pj_point, out->count);
    PJ_TRY(pj_got(out->point, err));
    for (size_t i = 0; i < out->count; i++)
        out->point[i] = from[out->count - 1 - i].at;
    return w->visit ? tell(problem, from, w, err) : PJ_OK;
}

pj_status pj_frontier_find(const pj_problem *problem, pj_arena *arena, pj_frontier *out, pj_frontier_visit visit,
                           void *payload, pj_error *err)
{
    memset(out, 0, sizeof *out);
    pj_arena *scratch = pj_arena_new(0);
    PJ_TRY(pj_got(scratch, err));
    const wish w = {out, arena, scratch, visit, payload};
    pj_status status = find(problem, &w, err);
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
