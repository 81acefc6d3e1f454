/* A hash table of doubles that stops when it is full. */
#include "weights/distinct.h"

void pj_distinct_clear(pj_distinct *set)
{
    memset(set, 0, sizeof *set);
}

static size_t hash(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(bits >> 32) % PJ_DISTINCT_SLOTS;
}

static void add(pj_distinct *set, double x)
{
    size_t at = hash(x);
    while (set->slot[at] && set->value[set->slot[at] - 1] != x)
        at = (at + 1) % PJ_DISTINCT_SLOTS;
    if (set->slot[at])
        return;
    if (set->count == PJ_MOST_DISTINCT) {
        set->is_full = true;
        return;
    }
    set->value[set->count++] = x;
    set->slot[at] = (uint16_t)set->count;
}

void pj_distinct_add(pj_distinct *set, const double *w, size_t n)
{
    for (size_t i = 0; i < n && !set->is_full; i++)
        if (i == 0 || w[i] != w[i - 1])
            add(set, w[i] == 0 ? 0 : w[i]);
}
