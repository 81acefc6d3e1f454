/* What a baseline rests on, beside what the model does now. */
#pragma once

#include "check/judge.h"

/* Formats and rules of operators are the project's own: a budget judges what became of them, and out->changed says so.
 * Other prices, sizes or memories leave nothing to compare: *no_baseline says which. PJ_ENOMEM. */
pj_status pj_check_basis(const pj_budget_case *given, pj_arena *arena, pj_check_model *out, pj_error *no_baseline,
                         pj_error *err);
