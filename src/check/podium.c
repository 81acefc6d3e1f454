/* The few layers that matter most in a verdict. */
#include "check/podium.h"

void pj_podium_offer(pj_podium *podium, const pj_check_layer *row, double by)
{
    size_t at = podium->count;
    while (at > 0 && by > podium->by[at - 1])
        at--;
    if (at >= PJ_PODIUM)
        return;
    podium->count += podium->count < PJ_PODIUM;
    for (size_t k = podium->count - 1; k > at; k--) {
        podium->row[k] = podium->row[k - 1];
        podium->by[k] = podium->by[k - 1];
    }
    podium->row[at] = *row;
    podium->by[at] = by;
}

void pj_podium_crown(const pj_podium *podium, pj_arena *arena, pj_check_verdict *out)
{
    pj_check_layer *rows = pj_arena_memdup(arena, podium->row, podium->count, sizeof *rows);
    for (size_t i = 0; rows && i < podium->count; i++) {
        rows[i].name = pj_arena_strdup(arena, rows[i].name);
        rows[i].op = pj_arena_strdup(arena, rows[i].op);
    }
    out->top = rows;
    out->top_count = rows ? podium->count : 0;
}
