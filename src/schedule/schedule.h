/* Which node runs when and how often, which values share a buffer, and which buffer lives when: what pricing, peak
 * memory and memory policies rest on.
 *
 * It is made in two steps, because layers are counted in between: sizes of buffers follow from the formats that
 * counting settles. */
#pragma once

#include "schedule/lives.h"

typedef struct pj_step {
    pj_node *node;
    pj_num runs; /* in one run of the model: the trips of the loops around it */
} pj_step;

typedef struct pj_schedule {
    const pj_model *model;
    pj_step *step; /* one per layer */
    size_t steps;
    pj_buffers buffers; /* pj_schedule_buffers fills these two; in the order of the file */
    pj_lives lives;
} pj_schedule;

/* The nodes of the main graph in order. In front of an operator that runs a subgraph stand the nodes of that subgraph:
 * of Loop, Scan and SequenceMap those of one trip, of If those of the branch that runs, or of the one of more
 * operations where only the run decides. A loop of unknown length counts as one trip; a finding says so. Lives in
 * `arena`. Errors name the node. */
pj_status pj_schedule_steps(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_schedule *out, pj_error *err);

/* Buffers and their lives, once the formats of all values are settled (cost/layer.h). Lives in `arena`. PJ_ENOMEM. */
pj_status pj_schedule_buffers(const pj_precision *precision, pj_arena *arena, pj_schedule *out, pj_error *err);
