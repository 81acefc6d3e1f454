/* From counts and formats to picojoules: the physically consistent reading (rules picojoule). */
#pragma once

#include "cost/traffic.h"

typedef struct pj_pricing {
    const pj_traffic *traffic; /* what has been prepared by the policy */
    const pj_policy *policy;
} pj_pricing;

/* All layers: fills their `energy`; findings as pj_price_layers (cost/rules.h). */
pj_status pj_price_all(pj_pricing *pricing, pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err);

/* One layer that is counted and not free, also where QTools has no number: fills row->energy, that of row->runs.
 * PJ_EUNSUPPORTED: the table has no figure for something; err says what. */
pj_status pj_price_layer(pj_pricing *pricing, size_t layer, pj_layer *row, pj_error *err);
