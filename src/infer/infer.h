/* Types, shapes and small contents of every value of a model. */
#pragma once

#include "ir/graph.h"

/* Walks the graph in order, finds each node's row and runs its shape and value rules. Fills type, data, is_constant and
 * is_folded of every value and desc of every node. What the file declares of a value is used where the rule knows
 * nothing; where both know and differ, the rule wins and a finding says so.
 *
 * Unknown operators take the declared types of their outputs, get a finding, and the walk goes on after them. May be
 * called again after input types changed: it starts from the beginning.
 *
 * PJ_ESHAPE: shapes, types or attributes contradict; PJ_EOVERFLOW: a dimension leaves 64 bits; PJ_ELIMIT; PJ_ENOMEM.
 * The error names node and operator. */
pj_status pj_infer(pj_model *model, pj_diags *diags, pj_error *err);

/* The same; `fixed` gets for each symbol the size that it was compared with (symbol -> pj_num; unknown: several). */
pj_status pj_infer_noting(pj_model *model, pj_diags *diags, pj_map *fixed, pj_error *err);

/* As pj_infer, of a model that has been inferred and whose inputs have other sizes since: operators stay what they are. */
pj_status pj_infer_again(pj_model *model, pj_diags *diags, pj_error *err);

/* One node alone, whose inputs have types: for tests of rules. */
pj_status pj_infer_node(pj_model *model, pj_node *node, pj_diags *diags, pj_error *err);
