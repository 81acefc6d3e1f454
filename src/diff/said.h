/* What is said of two results when their layers are paired: why figures differ, and what limits say to it. */
#pragma once

#include "base/arena.h"
#include "picojoule/diff.h"

/* ---- explain.c ---- */

/* Splits the four components of a row that stands on both sides, and puts the largest parts in words. `row` has a, b
 * and the energies; texts live in `arena`. Running out of memory shows in the arena. */
void pj_explain_row(const pj_diff *diff, pj_arena *arena, pj_diff_row *row);

/* Sums the effects of all rows up by cause, into diff->causes. PJ_ENOMEM. */
pj_status pj_explain_causes(pj_diff *diff, pj_arena *arena, pj_error *err);

/* ---- limit.c: "total>2%" ---- */

/* Judges the limits, into diff->verdicts. PJ_EARGUMENT: one cannot be read, or has a unit that the figures have not;
 * PJ_ENOMEM. */
pj_status pj_limits_judge(const pj_diff_options *options, pj_arena *arena, pj_diff *diff, pj_error *err);
