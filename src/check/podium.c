/* The three largest of many. */
#include "check/podium.h"

void pj_podium_offer(pj_podium *all, const pj_check_layer *row, double by)
{
    size_t at = all->count;
    while (at > 0 && by > all->by[at - 1])
        at--;
    if (at >= PJ_PODIUM)
        return;
    all->count += all->count < PJ_PODIUM;
    for (size_t k = all->count - 1; k > at; k--) {
        all->row[k] = all->row[k - 1];
        all->by[k] = all->by[k - 1];
    }
    all->row[at] = *row;
    all->by[at] = by;
}

void pj_podium_crown(const pj_podium *all, pj_arena *arena, pj_check_verdict *out)
{
    pj_check_layer *rows = pj_arena_memdup(arena, all->row, all->count, sizeof *rows);
    for (size_t i = 0; rows && i < all->count; i++) {
        rows[i].name = pj_arena_strdup(arena, rows[i].name);
        rows[i].op = pj_arena_strdup(arena, rows[i].op);
    }
    out->top = rows;
    out->top_count = rows ? all->count : 0;
}
