/* Why figures differ: per layer, and over all layers. */
#ifndef PJ_DIFF_EXPLAIN_H
#define PJ_DIFF_EXPLAIN_H

#include "base/arena.h"
#include "picojoule/diff.h"

/* Splits the four components of a row that stands on both sides, and puts the largest parts in words. `row` has a, b
 * and the energies; texts live in `arena`. Running out of memory shows in the arena. */
void pj_explain_row(const pj_diff *diff, pj_arena *arena, pj_diff_row *row);

/* Sums the effects of all rows up by cause, into diff->causes. PJ_ENOMEM. */
pj_status pj_explain_causes(pj_diff *diff, pj_arena *arena, pj_error *err);

#endif
