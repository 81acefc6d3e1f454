/* The rules that a table is meant for: one reading of the energy model each. */
#pragma once

#include "cost/traffic.h"

/* Prices all layers by the rules of the table and fills their `energy`, and `reuse` of the totals. A layer that the
 * table cannot price becomes uncounted, with a finding; a stand-in format gets one finding per format. What is told
 * lives in `arena`. */
pj_status pj_price_layers(const pj_schedule *schedule, const pj_precision *precision, const pj_memory *memory,
                          const pj_policy *policy, pj_arena *arena, pj_arena *scratch, pj_diags *diags,
                          pj_layers *layers, pj_totals *totals, pj_error *err);
