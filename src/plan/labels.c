/* What is left after fixing, enumerated as lists of labels.
 *
 * A label is a complete solution: the relaxed one, but for the decisions taken so far. So each label that keeps the
 * limits is a solution, and what may still change is known per price vector: no completion of a label has less noise
 * than  noise + lambda * (cost - limit) + low[lambda],  where low <= 0 sums what the open slots could gain at those
 * prices. Lists are sorted by the first cost; for one budget domination is then a comparison with the least noise so
 * far, for several a look at the labels just before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan/search.h"

enum {
    PRICES = 25,          /* price vectors that bounds are taken at; the first is the best one */
    MOST_TRAIL = 6000000, /* decisions remembered */
    LOOK_BACK = 48        /* labels that a new one is compared with, several budgets */
};
#define NO_TRAIL UINT32_MAX

typedef struct label {
    pj_point at;
    uint32_t trail; /* decisions that led here; NO_TRAIL: none */
} label;

typedef struct list {
    label *at;
    size_t count, room;
} list;

/* A decision: a choice, or (beyond the choices) a mode. */
typedef struct decision {
    uint32_t before, what;
} decision;

/* What open slots can still do: the least change of each cost, and of the relaxed value at each price vector. */
typedef struct rest {
    double low[PRICES];
    double least[PJ_MOST_BUDGETS];
} rest;

/* One way to go on from all labels of a list. */
typedef struct source {
    const list *from;
    pj_point move;
    uint32_t what; /* NO_TRAIL: nothing is decided */
    size_t next;   /* label of `from` that is next */
} source;

/* A group as it is searched. */
typedef struct turn {
    size_t group;
    double contest; /* smallest reduced cost of an alternative; the smallest goes first */
    rest after;
} turn;

typedef struct search {
    pj_core *core;
    const pj_problem *problem;
    pj_arena *arena;
    double slack[PJ_MOST_BUDGETS];
    double prices[PRICES][PJ_MOST_BUDGETS];
    size_t price_count;
    pj_picks base;
    pj_point *slot_base; /* by slot: its relaxed choice, in modes that are not chosen, too */
    size_t *slot_pick;
    decision *trail;
    size_t trail_count, trail_room;
    uint32_t best_trail;
    bool best_is_label, stopped, no_memory;
    double dropped; /* least bound of what was dropped for want of room or time */
    uint64_t most_labels;
    struct timespec start;
    list now, ping, pong;
    list *ends; /* a list per mode of a group */
    source *sources;
} search;

/* ---- points ---- */

static pj_point plus(const pj_point *a, const pj_point *b)
{
    pj_point sum = {a->noise + b->noise, {0}};
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        sum.cost[k] = a->cost[k] + b->cost[k];
    return sum;
}

static pj_point minus(const pj_point *a, const pj_point *b)
{
    pj_point change = {a->noise - b->noise, {0}};
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        change.cost[k] = a->cost[k] - b->cost[k];
    return change;
}

static double priced(const search *s, size_t price, const pj_point *point)
{
    double value = point->noise;
    for (size_t k = 0; k < s->problem->budgets; k++)
        value += s->prices[price][k] * point->cost[k];
    return value;
}

/* No completion of a label has less noise. */
static double bound_of(const search *s, const pj_point *at, const rest *open)
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

/* ---- budget of work ---- */

static bool is_late(search *s)
{
    enum { CLOCK_EVERY = 1 << 14 };
    struct timespec now;
    s->core->labels++;
    if (s->core->labels >= s->most_labels || s->trail_count >= MOST_TRAIL)
        s->stopped = true;
    if (s->core->labels % CLOCK_EVERY == 0 && timespec_get(&now, TIME_UTC) &&
        (double)(now.tv_sec - s->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - s->start.tv_nsec) > s->core->seconds)
        s->stopped = true;
    return s->stopped;
}

/* ---- lists ---- */

static bool grow(search *s, void **at, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room ? 2 * *room : 256;
    void *copy = pj_arena_alloc(s->arena, more, size);
    if (!copy) {
        s->no_memory = s->stopped = true;
        return false;
    }
    if (count)
        memcpy(copy, *at, count * size);
    *at = copy;
    *room = more;
    return true;
}

static bool push(search *s, list *out, const label *at)
{
    void *memory = out->at;
    if (!grow(s, &memory, out->count, &out->room, sizeof *out->at))
        return false;
    out->at = memory;
    out->at[out->count++] = *at;
    return true;
}

static uint32_t remember(search *s, uint32_t before, uint32_t what)
{
    void *memory = s->trail;
    if (what == NO_TRAIL)
        return before;
    if (!grow(s, &memory, s->trail_count, &s->trail_room, sizeof *s->trail))
        return before;
    s->trail = memory;
    s->trail[s->trail_count] = (decision){before, what};
    return (uint32_t)s->trail_count++;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Drops the half with the worst bounds of a list that is too long. */
static void thin(search *s, list *labels, const rest *open)
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
        bounds[i] = bounds[labels->count + i] = bound_of(s, &labels->at[i].at, open);
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

/* ---- going on ---- */

static bool can_keep_limits(const search *s, const pj_point *at, const rest *open)
{
    for (size_t k = 0; k < s->problem->budgets; k++)
        if (at->cost[k] + open->least[k] > s->problem->limit[k] + s->slack[k])
            return false;
    return true;
}

/* Is a label of the list, which comes before in the first cost, as good in everything? Differences that are mere
 * rounding count as none: like layers would fill the list with like labels. */
static bool is_dominated(const search *s, const list *labels, const pj_point *at, double least_noise)
{
    double tiny = 1e-14 * fabs(at->noise);
    if (s->problem->budgets <= 1)
        return at->noise >= least_noise - tiny;
    size_t first = labels->count > LOOK_BACK ? labels->count - LOOK_BACK : 0;
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
static source *nearest(source *sources, size_t count)
{
    source *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < count; i++) {
        source *one = &sources[i];
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
static void offer(search *s, label *at, uint32_t *what)
{
    if (!(at->at.noise < s->core->upper) || !pj_keeps_limits(s->problem, s->slack, &at->at))
        return;
    at->trail = remember(s, at->trail, *what);
    *what = NO_TRAIL;
    s->core->upper = at->at.noise;
    s->best_trail = at->trail;
    s->best_is_label = true;
}

/* Merges all sources into `out`, in the order of the first cost, without what is dominated or cannot be better. */
static void combine(search *s, size_t count, const rest *open, list *out)
{
    double least_noise = INFINITY;
    source *one;
    out->count = 0;
    while (!is_late(s) && (one = nearest(s->sources, count)) != NULL) {
        const label *from = &one->from->at[one->next++];
        label to = {plus(&from->at, &one->move), from->trail};
        uint32_t what = one->what;
        offer(s, &to, &what);
        double target = isinf(s->core->upper) ? INFINITY : s->core->upper - 1e-12 * fabs(s->core->upper);
        if (!can_keep_limits(s, &to.at, open) || is_dominated(s, out, &to.at, least_noise) ||
            !(bound_of(s, &to.at, open) < target))
            continue;
        to.trail = remember(s, to.trail, what);
        if (!push(s, out, &to))
            return;
        least_noise = to.at.noise < least_noise ? to.at.noise : least_noise;
        if (out->count >= s->core->most)
            thin(s, out, open); /* what the dropped ones dominate has no better bounds: least_noise stays */
    }
}

/* ---- preparation ---- */

/* The least that a slot can change of its relaxed choice; false: nothing is left of it. */
static bool slot_rest(const search *s, size_t slot, rest *out)
{
    bool any = false;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        if (!s->core->kept[c])
            continue;
        pj_point change = minus(&s->problem->point[c], &s->slot_base[slot]);
        for (size_t p = 0; p < s->price_count; p++) {
            double value = priced(s, p, &change);
            out->low[p] = any ? fmin(out->low[p], value) : value;
        }
        for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
            out->least[k] = any ? fmin(out->least[k], change.cost[k]) : change.cost[k];
        any = true;
    }
    return any;
}

static void add_rest(const search *s, rest *sum, const rest *one)
{
    for (size_t p = 0; p < s->price_count; p++)
        sum->low[p] += one->low[p];
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        sum->least[k] += one->least[k];
}

/* From the relaxed choices of the group's relaxed mode to those of another mode. */
static pj_point mode_move(const search *s, size_t group, size_t mode)
{
    pj_point move = {0};
    size_t base = s->base.mode[group];
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++)
        move = plus(&move, &s->slot_base[i]);
    for (size_t i = s->problem->slot_at[base]; i < s->problem->slot_at[base + 1]; i++)
        move = minus(&move, &s->slot_base[i]);
    return move;
}

static bool is_open(const search *s, size_t mode)
{
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++)
        if (s->slot_pick[i] == PJ_NO_PICK)
            return false;
    return true;
}

/* What a whole mode can change of the group's relaxed decisions; false: it is out. */
static bool mode_rest(const search *s, size_t group, size_t mode, rest *out)
{
    pj_point move = mode_move(s, group, mode);
    if (!is_open(s, mode))
        return false;
    for (size_t p = 0; p < s->price_count; p++)
        out->low[p] = priced(s, p, &move);
    memcpy(out->least, move.cost, sizeof out->least);
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++) {
        rest one = {{0}, {0}};
        if (slot_rest(s, i, &one))
            add_rest(s, out, &one);
    }
    return true;
}

static void group_rest(const search *s, size_t group, rest *out)
{
    bool any = false;
    for (size_t m = s->problem->mode_at[group]; m < s->problem->mode_at[group + 1]; m++) {
        rest one = {{0}, {0}};
        if (!mode_rest(s, group, m, &one))
            continue;
        for (size_t p = 0; p < s->price_count; p++)
            out->low[p] = any ? fmin(out->low[p], one.low[p]) : one.low[p];
        for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
            out->least[k] = any ? fmin(out->least[k], one.least[k]) : one.least[k];
        any = true;
    }
}

/* The smallest reduced cost among the alternatives of a slot; INFINITY: there are none. */
static double slot_contest(const search *s, size_t slot)
{
    double best = INFINITY;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        pj_point change = minus(&s->problem->point[c], &s->slot_base[slot]);
        if (s->core->kept[c] && c != s->slot_pick[slot])
            best = fmin(best, priced(s, 0, &change));
    }
    return best;
}

static double group_contest(const search *s, size_t group)
{
    double best = INFINITY;
    for (size_t m = s->problem->mode_at[group]; m < s->problem->mode_at[group + 1]; m++) {
        if (!is_open(s, m))
            continue;
        pj_point move = mode_move(s, group, m);
        double reduced = priced(s, 0, &move);
        if (m != s->base.mode[group])
            best = fmin(best, reduced);
        for (size_t i = s->problem->slot_at[m]; i < s->problem->slot_at[m + 1]; i++)
            best = fmin(best, reduced + slot_contest(s, i));
    }
    return best;
}

static int compare_turns(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    if (x->contest != y->contest)
        return x->contest < y->contest ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

/* Groups with something to decide, the most contested first, and what is open after each. */
static turn *order_groups(const search *s, size_t *count, rest *open)
{
    turn *turns = PJ_NEW(s->arena, turn, s->problem->groups);
    *count = 0;
    memset(open, 0, sizeof *open);
    for (size_t g = 0; turns && g < s->problem->groups; g++) {
        double contest = group_contest(s, g);
        if (!isinf(contest))
            turns[(*count)++] = (turn){.group = g, .contest = contest};
    }
    if (!turns)
        return NULL;
    qsort(turns, *count, sizeof *turns, compare_turns);
    for (size_t i = *count; i-- > 0;) {
        rest one = {{0}, {0}};
        turns[i].after = *open;
        group_rest(s, turns[i].group, &one);
        add_rest(s, open, &one);
    }
    return turns;
}

/* Price vectors around the best one, as what is left of the limits drifts away from it on the way. For several budgets
 * the prices also move apart. */
static void choose_prices(search *s)
{
    static const double factor[PRICES] = {1, 0.95, 1.05, 0.88, 1.13, 0.75, 1.3, 0.5, 2};
    static const double apart[5] = {1, 0.93, 1.07, 0.82, 1.22};
    bool several = s->problem->budgets > 1;
    s->price_count = several ? PRICES : 9;
    for (size_t p = 0; p < s->price_count; p++)
        for (size_t k = 0; k < s->problem->budgets; k++)
            s->prices[p][k] = (several ? apart[k % 2 ? p / 5 : p % 5] : factor[p]) * s->core->lambda[k];
}

/* The relaxed choice of every slot that is left, in modes that are not chosen, too. */
static void relax_slots(search *s)
{
    for (size_t i = 0; i < s->problem->slots; i++) {
        double best = 0;
        s->slot_pick[i] = s->base.slot[i];
        for (size_t c = s->problem->choice_at[i]; c < s->problem->choice_at[i + 1]; c++) {
            double value = priced(s, 0, &s->problem->point[c]);
            if (s->base.slot[i] != PJ_NO_PICK || !s->core->kept[c] || (s->slot_pick[i] != PJ_NO_PICK && value >= best))
                continue;
            s->slot_pick[i] = c;
            best = value;
        }
        if (s->slot_pick[i] != PJ_NO_PICK)
            s->slot_base[i] = s->problem->point[s->slot_pick[i]];
    }
}

static size_t most_sources(const pj_problem *problem)
{
    size_t most = 1;
    for (size_t g = 0; g < problem->groups; g++)
        most =
            problem->mode_at[g + 1] - problem->mode_at[g] > most ? problem->mode_at[g + 1] - problem->mode_at[g] : most;
    for (size_t i = 0; i < problem->slots; i++)
        most = problem->choice_at[i + 1] - problem->choice_at[i] > most
                   ? problem->choice_at[i + 1] - problem->choice_at[i]
                   : most;
    return most;
}

static pj_status prepare(search *s, pj_error *err)
{
    const pj_problem *problem = s->problem;
    size_t most = most_sources(problem);
    s->slot_base = PJ_NEW(s->arena, pj_point, problem->slots);
    s->slot_pick = PJ_NEW(s->arena, size_t, problem->slots);
    s->ends = PJ_NEW(s->arena, list, most);
    s->sources = PJ_NEW(s->arena, source, most);
    if (!s->slot_base || !s->slot_pick || !s->ends || !s->sources || !pj_picks_new(problem, s->arena, &s->base))
        return pj_fail_memory(err);
    for (size_t k = 0; k < problem->budgets; k++)
        s->slack[k] = pj_budget_slack(problem, k);
    choose_prices(s);
    (void)timespec_get(&s->start, TIME_UTC);
    s->dropped = INFINITY;
    double most_labels = s->core->seconds * PJ_LABELS_PER_SECOND;
    s->most_labels = most_labels < 1e18 ? (uint64_t)most_labels : UINT64_MAX;
    return PJ_OK;
}

/* ---- groups ---- */

static void swap(list *a, list *b)
{
    list c = *a;
    *a = *b;
    *b = c;
}

/* All choices of a slot, from the labels of `from`. */
static void fill_slot(search *s, size_t slot, const list *from, const rest *open, list *out)
{
    size_t count = 0;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        if (!s->core->kept[c])
            continue;
        bool is_base = c == s->slot_pick[slot];
        s->sources[count++] =
            (source){from, minus(&s->problem->point[c], &s->slot_base[slot]), is_base ? NO_TRAIL : (uint32_t)c, 0};
    }
    combine(s, count, open, out);
}

/* One mode of a group, from the labels of s->now into `out`. */
static void fill_mode(search *s, const turn *at, size_t mode, list *out)
{
    bool is_base = mode == s->base.mode[at->group];
    size_t first = s->problem->slot_at[mode], end = s->problem->slot_at[mode + 1];
    rest open = at->after, slot = {{0}, {0}};
    for (size_t i = first; i < end; i++) {
        slot_rest(s, i, &slot);
        add_rest(s, &open, &slot);
    }
    s->sources[0] = (source){&s->now, mode_move(s, at->group, mode),
                             is_base ? NO_TRAIL : (uint32_t)(s->problem->choices + mode), 0};
    combine(s, 1, &open, out);
    for (size_t i = first; i < end && !s->stopped; i++) {
        if (isinf(slot_contest(s, i)))
            continue; /* its only choice is in the labels: nothing to open */
        open = at->after;
        for (size_t k = i + 1; k < end; k++) {
            slot_rest(s, k, &slot);
            add_rest(s, &open, &slot);
        }
        fill_slot(s, i, out, &open, &s->ping);
        swap(out, &s->ping);
    }
}

static void fill_group(search *s, const turn *at)
{
    size_t count = 0;
    for (size_t m = s->problem->mode_at[at->group]; m < s->problem->mode_at[at->group + 1] && !s->stopped; m++)
        if (is_open(s, m))
            fill_mode(s, at, m, &s->ends[count++]);
    if (count == 1) {
        swap(&s->now, &s->ends[0]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        s->sources[i] = (source){
            &s->ends[i], {0, {0}},
             NO_TRAIL, 0
        };
    combine(s, count, &at->after, &s->pong);
    swap(&s->now, &s->pong);
}

/* All groups. A group that was not finished leaves its labels open: their bounds are what is proven. */
static void fill_groups(search *s, const turn *turns, size_t count, rest open)
{
    label first = {pj_picks_sum(s->problem, &s->base), NO_TRAIL};
    uint32_t what = NO_TRAIL;
    offer(s, &first, &what);
    push(s, &s->now, &first);
    for (size_t i = 0; i < count && s->now.count > 0; i++) {
        double least = INFINITY;
        for (size_t l = 0; l < s->now.count; l++)
            least = fmin(least, bound_of(s, &s->now.at[l].at, &open));
        fill_group(s, &turns[i]);
        if (s->stopped) {
            s->dropped = fmin(s->dropped, least);
            return;
        }
        open = turns[i].after;
    }
}

/* The decisions behind the best label, as picks. */
static void keep_best(search *s)
{
    pj_picks *best = &s->core->best;
    if (!s->best_is_label)
        return;
    pj_picks_copy(s->problem, &s->base, best);
    for (uint32_t at = s->best_trail; at != NO_TRAIL; at = s->trail[at].before) {
        size_t mode = s->trail[at].what - s->problem->choices;
        for (size_t g = 0; s->trail[at].what >= s->problem->choices && g < s->problem->groups; g++)
            if (mode >= s->problem->mode_at[g] && mode < s->problem->mode_at[g + 1])
                best->mode[g] = mode;
    }
    for (size_t g = 0; g < s->problem->groups; g++)
        for (size_t m = s->problem->mode_at[g]; m < s->problem->mode_at[g + 1]; m++)
            for (size_t i = s->problem->slot_at[m]; i < s->problem->slot_at[m + 1]; i++)
                best->slot[i] = m == best->mode[g] ? s->slot_pick[i] : PJ_NO_PICK;
    for (uint32_t at = s->best_trail; at != NO_TRAIL; at = s->trail[at].before) {
        size_t choice = s->trail[at].what, slot = 0;
        if (choice >= s->problem->choices)
            continue;
        while (s->problem->choice_at[slot + 1] <= choice)
            slot++;
        best->slot[slot] = choice;
    }
}

pj_status pj_core_solve(pj_core *core, pj_arena *scratch, pj_error *err)
{
    search s = {.core = core, .problem = core->problem, .arena = scratch};
    size_t count;
    rest open;
    pj_point sum;
    if (core->problem->choices + core->problem->modes >= NO_TRAIL)
        return pj_fail(err, PJ_ELIMIT, "too many choices for the search");
    PJ_TRY(prepare(&s, err));
    pj_relax(core->problem, core->kept, 1, core->lambda, &s.base, &sum);
    relax_slots(&s);
    turn *turns = order_groups(&s, &count, &open);
    if (!turns)
        return pj_fail_memory(err);
    fill_groups(&s, turns, count, open);
    if (s.no_memory)
        return pj_fail_memory(err);
    keep_best(&s);
    core->bound = fmax(core->bound, fmin(core->upper, s.dropped));
    return PJ_OK;
}
