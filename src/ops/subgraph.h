/* What operators that hold subgraphs share: types that vary from run to run, entering, counting. */
#pragma once

#include "ops/rules.h"

/* The attribute; PJ_ESHAPE where it is missing. */
pj_status pj_subgraph_of(pj_ctx *c, const char *name, pj_graph **out);

/* Drops the findings that were added since `before` was copied: of a pass that another one follows. */
void pj_findings_drop(pj_ctx *c, pj_diags before);

/* Gives the subgraph's input `i` a type, with what the file declares where the type does not know, and contents (NULL:
 * not known). */
pj_status pj_subgraph_enter(pj_ctx *c, pj_graph *graph, int i, pj_type type, const pj_num *data, int64_t count);

/* Adds `times` runs of the subgraph's nodes, and says that they are what is counted. */
pj_status pj_subgraph_work(pj_ctx *c, pj_work *work, const pj_graph *graph, pj_num times);

/* Is it known to the same extent to be the same type? */
bool pj_types_equal(const pj_type *a, const pj_type *b);

/* What a value of the one or the other type is known to be: equal dims stay, others become unknown; so do ranks,
 * element types and kinds that differ. A type that is not known at all makes the result so. */
pj_status pj_types_merge(pj_ctx *c, const pj_type *a, const pj_type *b, pj_type *out);

/* The type with what `other` knows where it does not. */
pj_status pj_types_fill(pj_ctx *c, const pj_type *type, const pj_type *other, pj_type *out);
