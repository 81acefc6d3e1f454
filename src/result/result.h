/* What stands behind a result, for the stage that makes it and those that look further into the model. */
#ifndef PJ_RESULT_RESULT_H
#define PJ_RESULT_RESULT_H

#include "cost/device.h"
#include "cost/layer.h"
#include "picojoule/result.h"

/* A result and what it stands on; of what was read from a file, there is the arena alone. */
typedef struct pj_found {
    pj_result result; /* first: this is what is handed out */
    pj_arena *arena;
    pj_model *model; /* borrowed */
    pj_table *table;
    pj_device **devices;    /* as many as in the setup; NULL: none was opened */
    pj_precision precision; /* settled by the layers */
    pj_layers layers;
    pj_weights *weights;
} pj_found;

/* An empty one; pj_result_free frees it. NULL: no memory. */
pj_found *pj_found_new(void);

/* What stands behind a result. */
const pj_found *pj_result_found(const pj_result *result);

#endif
