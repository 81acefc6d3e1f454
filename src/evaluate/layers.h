/* Layers and formats that are to be measured, and the jobs that do it. */
#pragma once

#include "evaluate/state.h"

/* A layer in a format, alone or within a plan. */
typedef struct pj_variant {
    const char *layer, *op;
    const char *choice;                /* "w8a16" */
    const char *weights, *activations; /* of the choice: "int8", "fp16" */
} pj_variant;

typedef struct pj_variants {
    pj_variant *variant;
    size_t count;
    const char *const *choices;
    size_t choice_count;
} pj_variants;

/* Every layer with weights in every choice (NULL, 0: the default ones), in graph order. PJ_EARGUMENT: no such format,
 * no layer that could change; as pj_plan_search. */
pj_status pj_variants_list(pj_bench *bench, const char *const *choices, size_t choice_count, pj_variants *out,
                           pj_error *err);

/* Measures those that are not done. With `plan` (its layers), each variant is that plan but for the one layer.
 * `tried` and `done` have a place for each. */
pj_status pj_variants_measure(pj_bench *bench, const pj_variants *variants, const pj_plan_layer *plan,
                              size_t plan_count, pj_state *state, pj_tried *tried, bool *done, pj_error *err);
