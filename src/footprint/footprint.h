/* The parts of a footprint: training, limits. */
#pragma once

#include "footprint/input.h"

/* One run of training as an energy: steps, FLOPs of the graph, joules. PJ_EARGUMENT: what is missing; PJ_EFORMAT: the
 * device has no power or no such precision; errors of pj_result_open. */
pj_status pj_training_find(const pj_footprint_ask *ask, pj_arena *arena, pj_training *training,
                           pj_energy_source *source, pj_error *err);

/* A quantum circuit on a device, by the heuristic of V4. Likewise. */
pj_status pj_quantum_find(const pj_footprint_ask *ask, pj_arena *arena, pj_energy_source *source, pj_error *err);

/* Judges the limits that are asked for. PJ_EARGUMENT: one cannot be read; PJ_ENOMEM. */
pj_status pj_footprint_judge(pj_footprint *footprint, pj_arena *arena, pj_error *err);
