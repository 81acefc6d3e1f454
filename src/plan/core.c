/* The core of the problem: groups that are still contested, gone through in turn. */
#include "plan/labels.h"

/* A group as it is searched. */
typedef struct turn {
    size_t group;
    double contest; /* smallest reduced cost of an alternative; the smallest goes first */
    pj_rest after;
} turn;

/* The least that a slot can change of its relaxed choice; false: nothing is left of it. */
static bool slot_rest(const pj_enumeration *s, size_t slot, pj_rest *out)
{
    bool any = false;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        if (!s->core->kept[c])
            continue;
        pj_point change = pj_point_minus(&s->problem->point[c], &s->slot_base[slot]);
        for (size_t p = 0; p < s->price_count; p++) {
            double value = pj_point_priced(s, p, &change);
            out->low[p] = any ? fmin(out->low[p], value) : value;
        }
        for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
            out->least[k] = any ? fmin(out->least[k], change.cost[k]) : change.cost[k];
        any = true;
    }
    return any;
}

static void add_rest(const pj_enumeration *s, pj_rest *sum, const pj_rest *one)
{
    for (size_t p = 0; p < s->price_count; p++)
        sum->low[p] += one->low[p];
    for (size_t k = 0; k < PJ_MOST_BUDGETS; k++)
        sum->least[k] += one->least[k];
}

/* From the relaxed choices of the group's relaxed mode to those of another mode. */
static pj_point mode_move(const pj_enumeration *s, size_t group, size_t mode)
{
    pj_point move = {0};
    size_t base = s->base.mode[group];
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++)
        move = pj_point_plus(&move, &s->slot_base[i]);
    for (size_t i = s->problem->slot_at[base]; i < s->problem->slot_at[base + 1]; i++)
        move = pj_point_minus(&move, &s->slot_base[i]);
    return move;
}

static bool is_open(const pj_enumeration *s, size_t mode)
{
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++)
        if (s->slot_pick[i] == PJ_NO_PICK)
            return false;
    return true;
}

/* What a whole mode can change of the group's relaxed decisions; false: it is out. */
static bool mode_rest(const pj_enumeration *s, size_t group, size_t mode, pj_rest *out)
{
    pj_point move = mode_move(s, group, mode);
    if (!is_open(s, mode))
        return false;
    for (size_t p = 0; p < s->price_count; p++)
        out->low[p] = pj_point_priced(s, p, &move);
    memcpy(out->least, move.cost, sizeof out->least);
    for (size_t i = s->problem->slot_at[mode]; i < s->problem->slot_at[mode + 1]; i++) {
        pj_rest one = {{0}, {0}};
        if (slot_rest(s, i, &one))
            add_rest(s, out, &one);
    }
    return true;
}

static void group_rest(const pj_enumeration *s, size_t group, pj_rest *out)
{
    bool any = false;
    for (size_t m = s->problem->mode_at[group]; m < s->problem->mode_at[group + 1]; m++) {
        pj_rest one = {{0}, {0}};
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
static double slot_contest(const pj_enumeration *s, size_t slot)
{
    double best = INFINITY;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        pj_point change = pj_point_minus(&s->problem->point[c], &s->slot_base[slot]);
        if (s->core->kept[c] && c != s->slot_pick[slot])
            best = fmin(best, pj_point_priced(s, 0, &change));
    }
    return best;
}

static double group_contest(const pj_enumeration *s, size_t group)
{
    double best = INFINITY;
    for (size_t m = s->problem->mode_at[group]; m < s->problem->mode_at[group + 1]; m++) {
        if (!is_open(s, m))
            continue;
        pj_point move = mode_move(s, group, m);
        double reduced = pj_point_priced(s, 0, &move);
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
static turn *order_groups(const pj_enumeration *s, size_t *count, pj_rest *open)
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
        pj_rest one = {{0}, {0}};
        turns[i].after = *open;
        group_rest(s, turns[i].group, &one);
        add_rest(s, open, &one);
    }
    return turns;
}

/* Price vectors around the best one, as what is left of the limits drifts away from it on the way. For several budgets
 * the prices also move apart. */
static void choose_prices(pj_enumeration *s)
{
    static const double factor[PJ_PRICES] = {1, 0.95, 1.05, 0.88, 1.13, 0.75, 1.3, 0.5, 2};
    static const double apart[5] = {1, 0.93, 1.07, 0.82, 1.22};
    bool several = s->problem->budgets > 1;
    s->price_count = several ? PJ_PRICES : 9;
    for (size_t p = 0; p < s->price_count; p++)
        for (size_t k = 0; k < s->problem->budgets; k++)
            s->prices[p][k] = (several ? apart[k % 2 ? p / 5 : p % 5] : factor[p]) * s->core->lambda[k];
}

/* The relaxed choice of every slot that is left, in modes that are not chosen, too. */
static void relax_slots(pj_enumeration *s)
{
    for (size_t i = 0; i < s->problem->slots; i++) {
        double best = 0;
        s->slot_pick[i] = s->base.slot[i];
        for (size_t c = s->problem->choice_at[i]; c < s->problem->choice_at[i + 1]; c++) {
            double value = pj_point_priced(s, 0, &s->problem->point[c]);
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

static pj_status prepare(pj_enumeration *s, pj_error *err)
{
    const pj_problem *problem = s->problem;
    size_t most = most_sources(problem);
    s->slot_base = PJ_NEW(s->arena, pj_point, problem->slots);
    s->slot_pick = PJ_NEW(s->arena, size_t, problem->slots);
    s->ends = PJ_NEW(s->arena, pj_labels, most);
    s->sources = PJ_NEW(s->arena, pj_label_source, most);
    PJ_TRY(pj_got(s->slot_base && s->slot_pick && s->ends && s->sources && pj_picks_new(problem, s->arena, &s->base),
                  err));
    for (size_t k = 0; k < problem->budgets; k++)
        s->slack[k] = pj_budget_slack(problem, k);
    choose_prices(s);
    (void)timespec_get(&s->start, TIME_UTC);
    s->dropped = INFINITY;
    double most_labels = s->core->seconds * PJ_LABELS_PER_SECOND;
    s->most_labels = most_labels < 1e18 ? (uint64_t)most_labels : UINT64_MAX;
    return PJ_OK;
}

static void swap(pj_labels *a, pj_labels *b)
{
    pj_labels c = *a;
    *a = *b;
    *b = c;
}

/* All choices of a slot, from the labels of `from`. */
static void fill_slot(pj_enumeration *s, size_t slot, const pj_labels *from, const pj_rest *open, pj_labels *out)
{
    size_t count = 0;
    for (size_t c = s->problem->choice_at[slot]; c < s->problem->choice_at[slot + 1]; c++) {
        if (!s->core->kept[c])
            continue;
        bool is_base = c == s->slot_pick[slot];
        s->sources[count++] = (pj_label_source){from, pj_point_minus(&s->problem->point[c], &s->slot_base[slot]),
                                                is_base ? PJ_NO_TRAIL : (uint32_t)c, 0};
    }
    pj_labels_combine(s, count, open, out);
}

/* One mode of a group, from the labels of s->now into `out`. */
static void fill_mode(pj_enumeration *s, const turn *at, size_t mode, pj_labels *out)
{
    bool is_base = mode == s->base.mode[at->group];
    size_t first = s->problem->slot_at[mode], end = s->problem->slot_at[mode + 1];
    pj_rest open = at->after, slot = {{0}, {0}};
    for (size_t i = first; i < end; i++) {
        slot_rest(s, i, &slot);
        add_rest(s, &open, &slot);
    }
    s->sources[0] = (pj_label_source){&s->now, mode_move(s, at->group, mode),
                                      is_base ? PJ_NO_TRAIL : (uint32_t)(s->problem->choices + mode), 0};
    pj_labels_combine(s, 1, &open, out);
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

static void fill_group(pj_enumeration *s, const turn *at)
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
        s->sources[i] = (pj_label_source){
            &s->ends[i], {0, {0}},
             PJ_NO_TRAIL, 0
        };
    pj_labels_combine(s, count, &at->after, &s->pong);
    swap(&s->now, &s->pong);
}

/* All groups. A group that was not finished leaves its labels open: their bounds are what is proven. */
static void fill_groups(pj_enumeration *s, const turn *turns, size_t count, pj_rest open)
{
    pj_label first = {pj_picks_sum(s->problem, &s->base), PJ_NO_TRAIL};
    uint32_t what = PJ_NO_TRAIL;
    pj_label_offer(s, &first, &what);
    pj_labels_push(s, &s->now, &first);
    for (size_t i = 0; i < count && s->now.count > 0; i++) {
        double least = INFINITY;
        for (size_t l = 0; l < s->now.count; l++)
            least = fmin(least, pj_label_bound(s, &s->now.at[l].at, &open));
        fill_group(s, &turns[i]);
        if (s->stopped) {
            s->dropped = fmin(s->dropped, least);
            return;
        }
        open = turns[i].after;
    }
}

/* The decisions that led to the best label, as picks. */
static void keep_best(pj_enumeration *s)
{
    pj_picks *best = &s->core->best;
    if (!s->best_is_label)
        return;
    pj_picks_copy(s->problem, &s->base, best);
    for (uint32_t at = s->best_trail; at != PJ_NO_TRAIL; at = s->trail[at].before) {
        size_t mode = s->trail[at].what - s->problem->choices;
        for (size_t g = 0; s->trail[at].what >= s->problem->choices && g < s->problem->groups; g++)
            if (mode >= s->problem->mode_at[g] && mode < s->problem->mode_at[g + 1])
                best->mode[g] = mode;
    }
    for (size_t g = 0; g < s->problem->groups; g++)
        for (size_t m = s->problem->mode_at[g]; m < s->problem->mode_at[g + 1]; m++)
            for (size_t i = s->problem->slot_at[m]; i < s->problem->slot_at[m + 1]; i++)
                best->slot[i] = m == best->mode[g] ? s->slot_pick[i] : PJ_NO_PICK;
    for (uint32_t at = s->best_trail; at != PJ_NO_TRAIL; at = s->trail[at].before) {
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
    pj_enumeration s = {.core = core, .problem = core->problem, .arena = scratch};
    size_t count;
    pj_rest open;
    pj_point sum;
    if (core->problem->choices + core->problem->modes >= PJ_NO_TRAIL)
        return pj_fail(err, PJ_ELIMIT, "too many choices for the search");
    PJ_TRY(prepare(&s, err));
    pj_relax(core->problem, core->kept, 1, core->lambda, &s.base, &sum);
    relax_slots(&s);
    turn *turns = order_groups(&s, &count, &open);
    PJ_TRY(pj_got(turns, err));
    fill_groups(&s, turns, count, open);
    PJ_TRY(pj_got(!s.no_memory, err));
    keep_best(&s);
    core->bound = fmax(core->bound, fmin(core->upper, s.dropped));
    return PJ_OK;
}
