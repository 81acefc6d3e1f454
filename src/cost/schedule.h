/* Which nodes are layers, and how often each of them runs. */
#ifndef PJ_COST_SCHEDULE_H
#define PJ_COST_SCHEDULE_H

#include "ir/graph.h"

typedef struct pj_scheduled {
    pj_node *node;
    pj_num runs; /* in one run of the model: the trips of the loops around it */
} pj_scheduled;

/* The nodes of the main graph in order, `*count` of them. In front of an operator that runs a subgraph stand the nodes
 * of that subgraph: of Loop, Scan and SequenceMap those of one trip, of If those of the branch that runs, or of the one
 * of more operations where only the run decides. A loop of unknown length counts as one trip; a finding says so. Lives
 * in `arena`. Errors name the node. */
pj_status pj_schedule(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_scheduled **out, size_t *count,
                      pj_error *err);

#endif
