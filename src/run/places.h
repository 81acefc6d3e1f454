/* Places of a model that numbers are put into: dimensions of what it reads, numbers among the attributes of its nodes.
 */
#pragma once

#include "ir/graph.h"
#include "picojoule/error.h"

/* One of these two. */
typedef struct pj_place_at {
    pj_num *dim;
    int64_t *number;
} pj_place_at;

typedef struct pj_places {
    pj_place_at *at;
    size_t count, room;
} pj_places;

/* Gives the model arrays of its own, as long as it lives, for all that places can be in. PJ_ENOMEM. */
pj_status pj_places_open(pj_model *model, pj_error *err);

/* Adds the places that a text means (picojoule/probe.h has the words) to the list, which lives in `arena`.
 * PJ_EARGUMENT: there is no such place, or it is in the list already; PJ_ENOMEM. */
pj_status pj_places_find(pj_model *model, const char *text, pj_arena *arena, pj_places *out, pj_error *err);

/* Is each dimension of the model's inputs a number, or among the places? PJ_EARGUMENT: which one is not. */
pj_status pj_places_cover(const pj_model *model, const pj_places *places, pj_error *err);
