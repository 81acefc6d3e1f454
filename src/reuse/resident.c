/* The greedy choice of tensors that stay, and how far from the best it can be. */
#include "reuse/resident.h"

/* The most that lives at any of some steps: a tree of maxima with additions that are still to go down */
typedef struct tree {
    double *most, *added;
    int leaves; /* a power of two */
} tree;

static bool tree_make(tree *t, int steps, pj_arena *arena)
{
    t->leaves = 1;
    while (t->leaves < steps)
        t->leaves *= 2;
    t->most = PJ_NEW(arena, double, 2 * (size_t)t->leaves);
    t->added = PJ_NEW(arena, double, 2 * (size_t)t->leaves);
    return t->most && t->added;
}

/* The most of steps first to last; `at` has those from `from` on, `count` of them. Depth is the logarithm of steps. */
static double tree_most(const tree *t, int at, int from, int count, int first, int last)
{
    if (first <= from && from + count - 1 <= last)
        return t->most[at];
    if (last < from || first > from + count - 1)
        return 0;
    int half = count / 2;
    return t->added[at] + fmax(tree_most(t, 2 * at, from, half, first, last),
                               tree_most(t, 2 * at + 1, from + half, half, first, last));
}

static void tree_add(tree *t, int at, int from, int count, int first, int last, double bits)
{
    if (last < from || first > from + count - 1)
        return;
    if (first <= from && from + count - 1 <= last) {
        t->most[at] += bits;
        t->added[at] += bits;
        return;
    }
    int half = count / 2;
    tree_add(t, 2 * at, from, half, first, last, bits);
    tree_add(t, 2 * at + 1, from + half, half, first, last, bits);
    t->most[at] = t->added[at] + fmax(t->most[2 * at], t->most[2 * at + 1]);
}

typedef struct ranked {
    double density; /* saved by a bit and step */
    double bits;
    size_t index;
} ranked;

/* Densest first; of equals the smaller, then the earlier one. */
static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->density != y->density)
        return x->density > y->density ? -1 : 1;
    if (x->bits != y->bits)
        return x->bits < y->bits ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static double saved_by(const pj_stay *stay, double write, double read)
{
    return stay->bits * (write + read * stay->readers);
}

static double steps_of(const pj_stay *stay)
{
    return (double)stay->last - stay->born + 1;
}

static void take(const pj_stay *stay, const ranked *order, size_t count, tree *t, double capacity, double write,
                 double read, pj_residency *out)
{
    for (size_t i = 0; i < count; i++) {
        const pj_stay *s = &stay[order[i].index];
        if (!(s->bits > 0) || tree_most(t, 1, 0, t->leaves, s->born, s->last) + s->bits > capacity)
            continue;
        tree_add(t, 1, 0, t->leaves, s->born, s->last, s->bits);
        out->on_chip[order[i].index] = true;
        out->saved += saved_by(s, write, read);
    }
}

static void fill_live(const pj_stay *stay, size_t count, int steps, double *live)
{
    double now = 0;
    for (size_t i = 0; i < count; i++) {
        live[stay[i].born] += stay[i].bits;
        live[stay[i].last + 1] -= stay[i].bits;
    }
    for (int step = 0; step <= steps; step++) { /* whole numbers: sums and differences are exact */
        now += live[step];
        live[step] = now;
    }
}

/* What a tensor saves is spread evenly over its life; at each step the densest that live, or parts of them, fill the
 * capacity. Negative: too many to look at. */
static double bound_of(const pj_stay *stay, const ranked *order, size_t count, int steps, double capacity,
                       const double *taken, double *room)
{
    const double most_looks = 1e7;
    double looks = 0, bound = 0;
    for (size_t i = 0; i < count; i++)
        looks += steps_of(&stay[i]);
    if (looks > most_looks)
        return -1;
    for (int step = 0; step < steps; step++)
        room[step] = fmax(capacity - (taken ? taken[step] : 0), 0);
    for (size_t i = 0; i < count; i++) {
        const pj_stay *s = &stay[order[i].index];
        for (int step = s->born; s->bits <= capacity && step <= s->last; step++) {
            double part = fmin(room[step], s->bits);
            bound += part * order[i].density;
            room[step] -= part;
        }
    }
    return bound;
}

static pj_status rank(const pj_stay *stay, size_t count, int steps, double write, double read, ranked *out,
                      pj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (stay[i].born < 0 || stay[i].last < stay[i].born || stay[i].last >= steps)
            return pj_fail(err, PJ_EARGUMENT, "tensor %zu lives from step %d to %d of %d", i, stay[i].born,
                           stay[i].last, steps);
        out[i] = (ranked){(write + read * stay[i].readers) / steps_of(&stay[i]), stay[i].bits, i};
    }
    qsort(out, count, sizeof *out, compare_ranked);
    return PJ_OK;
}

pj_status pj_resident_choose(const pj_stay *stay, size_t count, int steps, double capacity, const double *taken,
                             double write, double read, pj_arena *arena, pj_residency *out, pj_error *err)
{
    tree t;
    ranked *order = PJ_NEW(arena, ranked, count);
    *out = (pj_residency){PJ_NEW(arena, bool, count), PJ_NEW(arena, double, (size_t)steps + 1), 0, 0};
    double *room = PJ_NEW(arena, double, steps);
    PJ_TRY(pj_got(order && out->on_chip && out->live && room && tree_make(&t, steps, arena), err));
    PJ_TRY(rank(stay, count, steps, write, read, order, err));
    for (int step = 0; taken && step < steps; step++)
        if (taken[step] > 0)
            tree_add(&t, 1, 0, t.leaves, step, step, taken[step]);
    take(stay, order, count, &t, capacity, write, read, out);
    out->bound = bound_of(stay, order, count, steps, capacity, taken, room);
    size_t staying_count = 0;
    pj_stay *staying = PJ_NEW(arena, pj_stay, count);
    PJ_TRY(pj_got(staying, err));
    for (size_t i = 0; i < count; i++)
        if (out->on_chip[i])
            staying[staying_count++] = stay[i];
    fill_live(staying, staying_count, steps, out->live);
    return PJ_OK;
}
