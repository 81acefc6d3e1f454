/* Does a model keep to its budget? */
#pragma once

#include "check/entry.h"

/* What is known of a model. */
typedef struct pj_budget_case {
    const pj_budget *budget;
    const pj_budget_entry *entry;
    const pj_setup *setup;           /* that the model was analysed with */
    const pj_result *now, *baseline; /* baseline: NULL where the entry has none */
    const pj_generation *generation; /* NULL: the entry asks for none */
    bool is_against;                 /* the baseline is the model as it was, whose formats were its own */
    const pj_finding *findings;      /* those of the analysis, and of lint */
    size_t finding_count;
    const pj_error *no_baseline, *no_lint; /* why they are not there; status PJ_OK: they are */
} pj_budget_case;

/* One verdict per rule into `out`, and one on coverage where the entry has no rule on it: a total that lacks layers
 * keeps to nothing. Arrays and texts live in `arena`, or are those of the case. A rule that cannot be judged says why,
 * and out->error has the first of these errors, with FILE: $.path: PJ_EFORMAT: it matches no layer; PJ_EARGUMENT: a
 * limit in joules of a table without them, or the other way round; a baseline made with other settings. PJ_ENOMEM. */
pj_status pj_budget_judge(const pj_budget_case *given, pj_arena *arena, pj_check_model *out, pj_error *err);
