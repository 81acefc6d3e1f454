/* The answer, layer by layer: formats now and then, and the next steps up and down. */
#pragma once

#include "base/json_write.h"
#include "plan/candidates.h"

/* A row for every layer that could change; `then` are the prices of the plan, NULL: energies of the plan stay 0. Texts
 * live in `arena`. PJ_ENOMEM. */
pj_status pj_plan_rows(const pj_candidates *candidates, const pj_picks *picks, const pj_layers *then, pj_arena *arena,
                       const pj_plan_layer **out, size_t *count, pj_error *err);

/* Every tensor that picks store in another format. */
pj_status pj_plan_tensors(const pj_candidates *candidates, const pj_picks *picks, pj_arena *arena,
                          const pj_plan_tensor **out, size_t *count, pj_error *err);

/* The members "schema" and "layers" of a plan (picojoule.plan/1) that says what the rows say. */
void pj_plan_rows_json(const pj_plan_layer *layers, size_t count, pj_json_writer *json);
