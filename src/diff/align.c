/* Alignment of key sequences: common ends, then an exact table for small rests, rare keys as anchors for large ones. */
#include "diff/align.h"

/* Cells of an exact table, and how often each element may be looked at on average. */
enum { MOST_CELLS = 64 * 1024, MOST_LOOKS = 64 };

typedef struct range {
    size_t a0, a1, b0, b1;
} range;

struct pj_aligner {
    size_t most;
    size_t effort; /* elements that may still be looked at */
    uint16_t *cells;
    range *stack; /* ranges that are left to do */
    size_t stacked;
    uint32_t *in_a, *in_b;   /* by key: how often it stands in the range */
    size_t *head;            /* by key: 1 + the next of its elements of b */
    size_t *next;            /* by element of b: 1 + the next one with its key */
    size_t *pair_a, *pair_b; /* anchors */
    bool *kept;              /* of them, those that do not cross */
    size_t *tail, *before;   /* of the increasing subsequence */
};

pj_aligner *pj_aligner_new(pj_arena *arena, size_t most, size_t keys)
{
    pj_aligner *made = PJ_NEW(arena, pj_aligner, 1);
    if (!made)
        return NULL;
    made->most = most;
    made->cells = PJ_NEW(arena, uint16_t, 4 * MOST_CELLS);
    made->stack = PJ_NEW(arena, range, most + 2);
    made->in_a = PJ_NEW(arena, uint32_t, keys);
    made->in_b = PJ_NEW(arena, uint32_t, keys);
    made->head = PJ_NEW(arena, size_t, keys);
    made->next = PJ_NEW(arena, size_t, most + 1);
    made->pair_a = PJ_NEW(arena, size_t, most + 1);
    made->pair_b = PJ_NEW(arena, size_t, most + 1);
    made->kept = PJ_NEW(arena, bool, most + 1);
    made->tail = PJ_NEW(arena, size_t, most + 1);
    made->before = PJ_NEW(arena, size_t, most + 1);
    return pj_arena_failed(arena) ? NULL : made;
}

/* tail[n] is the element with the least value that ends an increasing subsequence of n + 1 elements. */
void pj_align_increasing(pj_aligner *al, const size_t *value, size_t count, bool *kept)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t low = 0, high = length;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (value[al->tail[middle]] < value[i])
                low = middle + 1;
            else
                high = middle;
        }
        al->before[i] = low ? al->tail[low - 1] : SIZE_MAX;
        al->tail[low] = i;
        length += low == length;
        kept[i] = false;
    }
    for (size_t i = length ? al->tail[length - 1] : SIZE_MAX; i != SIZE_MAX; i = al->before[i])
        kept[i] = true;
}

/* What the steps below share. */
typedef struct job {
    pj_aligner *al;
    const pj_align_side *a, *b;
    void (*pair)(size_t a, size_t b, void *payload);
    void *payload;
} job;

static uint32_t key_a(const job *j, size_t i)
{
    return j->a->key[j->a->place[i]];
}

static uint32_t key_b(const job *j, size_t i)
{
    return j->b->key[j->b->place[i]];
}

static bool same(const job *j, size_t a, size_t b)
{
    return key_a(j, a) && key_a(j, a) == key_b(j, b);
}

static void take(const job *j, size_t a, size_t b)
{
    j->pair(j->a->place[a], j->b->place[b], j->payload);
}

static void trim(const job *j, range *r)
{
    for (; r->a0 < r->a1 && r->b0 < r->b1 && same(j, r->a0, r->b0); r->a0++, r->b0++)
        take(j, r->a0, r->b0);
    for (; r->a0 < r->a1 && r->b0 < r->b1 && same(j, r->a1 - 1, r->b1 - 1); r->a1--, r->b1--)
        take(j, r->a1 - 1, r->b1 - 1);
}

/* cell[i][k]: length of the longest common subsequence of what follows i and k. Ties go to the earliest pair. */
static void align_exactly(const job *j, const range *r)
{
    size_t na = r->a1 - r->a0, nb = r->b1 - r->b0, wide = nb + 1;
    uint16_t *cell = j->al->cells;
    memset(cell, 0, (na + 1) * wide * sizeof *cell);
    for (size_t i = na; i-- > 0;)
        for (size_t k = nb; k-- > 0;) {
            uint16_t down = cell[(i + 1) * wide + k], right = cell[i * wide + k + 1];
            cell[i * wide + k] = same(j, r->a0 + i, r->b0 + k) ? (uint16_t)(cell[(i + 1) * wide + k + 1] + 1)
                                 : down > right                ? down
                                                               : right;
        }
    for (size_t i = 0, k = 0; i < na && k < nb;) {
        if (same(j, r->a0 + i, r->b0 + k))
            take(j, r->a0 + i++, r->b0 + k++);
        else if (cell[(i + 1) * wide + k] >= cell[i * wide + k + 1])
            i++;
        else
            k++;
    }
}

/* Pairs up the occurrences of each key: the first with the first, and so on; only of keys that stand once on each side
 * where there are such. In the order of a. */
static size_t collect_anchors(const job *j, const range *r)
{
    pj_aligner *al = j->al;
    size_t count = 0;
    bool any_rare = false;
    for (size_t i = r->a0; i < r->a1; i++)
        al->in_a[key_a(j, i)] = al->in_b[key_a(j, i)] = 0;
    for (size_t k = r->b1; k-- > r->b0;) {
        uint32_t key = key_b(j, k);
        al->in_a[key] = al->in_b[key] = 0;
        al->head[key] = 0;
    }
    for (size_t i = r->a0; i < r->a1; i++)
        al->in_a[key_a(j, i)]++;
    for (size_t k = r->b1; k-- > r->b0;) {
        uint32_t key = key_b(j, k);
        al->in_b[key]++;
        al->next[k] = al->head[key];
        al->head[key] = k + 1;
        any_rare = any_rare || (key && al->in_a[key] == 1 && al->in_b[key] == 1);
    }
    for (size_t i = r->a0; i < r->a1; i++) {
        uint32_t key = key_a(j, i);
        bool rare = al->in_a[key] == 1 && al->in_b[key] == 1;
        if (!key || !al->in_b[key] || !al->head[key] || (any_rare && !rare))
            continue;
        al->pair_a[count] = i;
        al->pair_b[count++] = al->head[key] - 1;
        al->head[key] = al->next[al->head[key] - 1];
    }
    return count;
}

static void push(pj_aligner *al, size_t a0, size_t a1, size_t b0, size_t b1)
{
    if (a0 < a1 && b0 < b1)
        al->stack[al->stacked++] = (range){a0, a1, b0, b1};
}

/* Takes the anchors that do not cross, and leaves the gaps between them to do. */
static void align_by_anchors(const job *j, const range *r)
{
    pj_aligner *al = j->al;
    size_t count = collect_anchors(j, r), a = r->a0, b = r->b0;
    pj_align_increasing(al, al->pair_b, count, al->kept);
    for (size_t i = 0; i < count; i++) {
        if (!al->kept[i])
            continue;
        take(j, al->pair_a[i], al->pair_b[i]);
        push(al, a, al->pair_a[i], b, al->pair_b[i]);
        a = al->pair_a[i] + 1;
        b = al->pair_b[i] + 1;
    }
    if (count)
        push(al, a, r->a1, b, r->b1);
}

void pj_align(pj_aligner *al, const pj_align_side *a, const pj_align_side *b,
              void (*pair)(size_t a, size_t b, void *payload), void *payload)
{
    const job j = {al, a, b, pair, payload};
    al->effort = MOST_LOOKS * (a->count + b->count);
    al->stacked = 0;
    push(al, 0, a->count, 0, b->count);
    while (al->stacked) {
        range r = al->stack[--al->stacked];
        size_t look = r.a1 - r.a0 + r.b1 - r.b0;
        trim(&j, &r);
        size_t na = r.a1 - r.a0, nb = r.b1 - r.b0;
        if (!na || !nb || look > al->effort)
            continue;
        al->effort -= look;
        if (na <= MOST_CELLS / nb)
            align_exactly(&j, &r);
        else
            align_by_anchors(&j, &r);
    }
}
