/* One analysis. */
#pragma once

#include "result/result.h"
#include "run/priced.h"
#include "run/shelf.h"

/* What an analysis finds before it prices anything. */
typedef struct pj_counted {
    pj_arena *arena; /* of all of it */
    int holders;     /* a keeper, and results that rest on it: the last one frees it */
    bool is_there;
    /* for which analyses of the model it holds */
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

/* Keeps what was counted for the next analysis of the same model, bound as it was. Model and keeper know each other: a
 * model that is closed, and one that comes to lie in its place, or is bound anew, knows no keeper. All zero: it keeps
 * nothing yet. */
typedef struct pj_keeper {
    bool is_eager; /* keeps from the first analysis on; false: from the second, for many models have but one */
    const pj_model *model;
    pj_counted *counted; /* of `model`; NULL: nothing is kept */
} pj_keeper;

/* One holder less; NULL is allowed. */
void pj_counted_drop(pj_counted *counted);

/* Fills `found`, whose arena is empty but for it. What is needed on the way lives in `scratch`; tables, devices and
 * plans are opened by the shelf, and the result keeps nothing of them. With a keeper (or NULL), found->counted is what
 * the result holds of it, to be dropped after the result. Errors as pj_analyze. */
pj_status pj_run(pj_shelf *shelf, pj_keeper *keeper, pj_arena *scratch, pj_model *model, const pj_setup *setup,
                 pj_found *found, pj_error *err);
