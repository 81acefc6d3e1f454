/* The answer, layer by layer: formats now and then, and the next steps up and down. */
#pragma once

#include "base/json_write.h"
#include "plan/candidates.h"

/* A row for every layer that could change; `then` are the prices of the plan, NULL: energies of the plan stay 0. Texts
 * live in `arena`. PJ_ENOMEM. */
pj_status pj_plan_rows(const pj_candidates *candidates, const pj_picks *picks, const pj_layers *then, pj_arena *arena,
                       const pj_plan_layer **out, size_t *count, pj_error *err);

enum { PJ_MOST_SETTINGS = PJ_MOST_FORMATS * PJ_MOST_FORMATS }; /* all pairs there are */

/* What plans say of layers, each pair once. */
typedef struct pj_plan_settings {
    pj_plan_setting setting[PJ_MOST_SETTINGS];
    size_t count;
} pj_plan_settings;

/* What picks say of the layers that pj_plan_rows() has rows for, as numbers of the list, which grows. PJ_ENOMEM. */
pj_status pj_plan_numbers(const pj_candidates *candidates, const pj_picks *picks, pj_plan_settings *list,
                          pj_arena *arena, const unsigned short **out, pj_error *err);

/* Every tensor that picks store in another format. */
pj_status pj_plan_tensors(const pj_candidates *candidates, const pj_picks *picks, pj_arena *arena,
                          const pj_plan_tensor **out, size_t *count, pj_error *err);

/* The members "schema" and "layers" of a plan (picojoule.plan/1) that says what the rows say. */
void pj_plan_rows_json(const pj_plan_layer *layers, size_t count, pj_json_writer *json);
