/* What a plan says of itself: how far its noise can be believed, and what one format everywhere leaves as it is. */
#pragma once

#include "ir/diag.h"
#include "plan/candidates.h"

/* A finding for formats in which all layers lose about the same, so that their order means nothing. */
void pj_plan_note_noise(const pj_candidates *candidates, const pj_noise_source *noise, pj_diags *diags);

/* The layers that stay as they are in such an assignment, though they cost something: how many, their share of the
 * energy of these layers, the names of those that take most. PJ_ENOMEM. */
pj_status pj_plan_stays(const pj_network *network, const pj_assignment *assignment, const pj_layers *layers,
                        pj_arena *arena, pj_plan_uniform *out, pj_error *err);

/* "12.3 uJ", "80 bytes". */
void pj_plan_amount_print(const char *unit, pj_plan_measure measure, double amount, pj_str *out);

/* The layers that take most of what is left at best, and why. */
void pj_plan_blockers_print(const pj_candidates *candidates, const char *unit, pj_plan_measure measure, pj_str *out);
