/* One analysis. */
#pragma once

#include "result/result.h"
#include "run/priced.h"
#include "run/shelf.h"

/* What an analysis finds before it prices anything, kept for the next one of the same model. All zero but for `arena`,
 * which is its own: nothing is kept yet. */
typedef struct pj_counted {
    pj_arena *arena; /* of all that is kept */
    bool is_there;
    /* for which analyses it holds */
    uint64_t bindings; /* of the model */
    char plan[PJ_SHA256_DIGITS + 1];
    const char *quantize; /* or NULL */
    bool no_fold, best_order;
    pj_accumulator_policy accumulator;
    /* what is kept */
    pj_priced priced; /* before prices */
    pj_diags diags;
    const pj_activation_memory *memory;
    const pj_shared_parameter *shared;
    size_t shared_count;
    const pj_unknown_op *unknown;
    size_t unknown_count;
} pj_counted;

/* Fills `found`, whose arena is empty but for it. What is needed on the way lives in `scratch`; tables, devices and
 * plans are opened by the shelf, and the result keeps nothing of them. `counted` (NULL: nothing is kept) is that of
 * this model; then the result is valid until the next call with it. Errors as pj_analyze. */
pj_status pj_run(pj_shelf *shelf, pj_counted *counted, pj_arena *scratch, pj_model *model, const pj_setup *setup,
                 pj_found *found, pj_error *err);
