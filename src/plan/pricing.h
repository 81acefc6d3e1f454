/* What a model costs under a plan that exists in memory only. */
#ifndef PJ_PLAN_PRICING_H
#define PJ_PLAN_PRICING_H

#include "cost/layer.h"
#include "cost/memory.h"
#include "quant/plan_file.h"

/* Where prices come from; all borrowed. */
typedef struct pj_pricing {
    const pj_model *model;
    const pj_table *table;
    pj_memory memory;
    bool fold; /* quantizers behind a layer are part of it */
} pj_pricing;

typedef struct pj_priced {
    pj_precision precision;
    pj_layers layers;
    pj_totals totals;
} pj_priced;

/* Prices every layer under `plan` (NULL: as the model is), as pj_analyze does. Lives in `arena`; so do the findings. */
pj_status pj_price_plan(const pj_pricing *pricing, const pj_plan *plan, pj_arena *arena, pj_diags *diags,
                        pj_priced *out, pj_error *err);

#endif
