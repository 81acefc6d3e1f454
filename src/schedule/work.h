/* Counting: runs the work rule of a node. The result has no technology in it. */
#pragma once

#include "ops/op.h"

/* Counts one run of the node. `*counted` is false where that cannot be done (no rule, unknown operator, unknown shape):
 * the work is then not to be used. Counts are formulas where dimensions are symbols. Arrays live in `arena`.
 * PJ_EOVERFLOW: a count leaves 64 bits; PJ_ENOMEM; what the rule returns. */
pj_status pj_work_of_node(const pj_model *model, pj_node *node, pj_arena *arena, pj_diags *diags, pj_work *out,
                          bool *counted, pj_error *err);

/* Nothing: for nodes that cost nothing. */
pj_status pj_work_blank(const pj_node *node, pj_arena *arena, pj_work *out, pj_error *err);

/* As pj_work_of_node by the rule alone, also for a node whose result is known before the run. */
pj_status pj_work_by_rule(const pj_model *model, pj_node *node, pj_arena *arena, pj_diags *diags, pj_work *out,
                          bool *counted, pj_error *err);
