/* What a result rests on, for the stage that makes it and those that look further into the model. */
#pragma once

#include "cost/layer.h"

/* A result and what it stands on; of what was read from a file, there is the arena alone. */
typedef struct pj_found {
    pj_result result; /* first: this is what is handed out */
    pj_arena *arena;
    pj_model *model;
    void (*close_model)(pj_model *model);      /* NULL: it is borrowed */
    void (*take_back)(struct pj_found *found); /* who gets the arena; NULL: it is freed */
    void *owner, *counted;                     /* of who gets it */
    pj_precision precision;                    /* settled by the layers */
    pj_layers layers;
    pj_weights *weights;
} pj_found;

/* An empty one in an arena that becomes its own (NULL: a new one); pj_result_free frees it. NULL: no memory, and no
 * arena any more. */
pj_found *pj_found_new(pj_arena *arena);

/* The result's memory is its own from now on, whoever gave it. */
void pj_result_keep(pj_result *result);

/* The result owns its model from now on, and frees it with `close`. */
void pj_result_own(pj_result *result, void (*close)(pj_model *model));

/* What a result rests on. */
const pj_found *pj_result_found(const pj_result *result);

/* The count that a figure says: one of 53 significant bits, as JSON readers keep it; below 2^63. */
int64_t pj_count_of(double value);

/* Does the file look like a saved report, rather than a model? */
bool pj_result_is_report(const char *path);

/* Hands `found` (NULL: there was no memory for it) out where `status` is PJ_OK and nothing ran out of memory, and frees
 * it elsewhere; returns which. */
pj_status pj_found_finish(pj_found *found, pj_status status, pj_result **out, pj_error *err);
