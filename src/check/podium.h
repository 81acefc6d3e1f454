/* The layers or tensors that a verdict names: those with the largest figures. */
#pragma once

#include "base/arena.h"
#include "picojoule/budget.h"

enum { PJ_PODIUM = 3 };

/* Starts zeroed. */
typedef struct pj_podium {
    pj_check_layer row[PJ_PODIUM]; /* largest `by` first, of equals the one that came first */
    double by[PJ_PODIUM];
    size_t count;
} pj_podium;

/* A candidate; its texts are borrowed. */
void pj_podium_offer(pj_podium *all, const pj_check_layer *row, double by);

/* Copies the rows with their texts into the verdict. Running out of memory shows in the arena. */
void pj_podium_crown(const pj_podium *all, pj_arena *arena, pj_check_verdict *out);
