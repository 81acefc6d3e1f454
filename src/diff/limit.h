/* Limits on growth, "total>2%", and what a comparison says to them. */
#ifndef PJ_DIFF_LIMIT_H
#define PJ_DIFF_LIMIT_H

#include "base/arena.h"
#include "picojoule/diff.h"

/* Judges the limits, into diff->verdicts. PJ_EARGUMENT: one cannot be read, or has a unit that the figures have not;
 * PJ_ENOMEM. */
pj_status pj_limits_judge(const pj_diff_options *options, pj_arena *arena, pj_diff *diff, pj_error *err);

#endif
