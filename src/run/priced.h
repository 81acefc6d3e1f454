/* The stages from formats to totals: what analyses and plans have in common. */
#pragma once

#include "cost/traffic.h"
#include "quant/plan_file.h"

/* Where prices come from; all borrowed. */
typedef struct pj_prices {
    const pj_model *model;
    const pj_table *table;
    const pj_hierarchy *hierarchy; /* the one of the setup, else the reference; NULL: rules qtools */
    const pj_setup *setup;         /* of it, all but the names of files */
    const bool *in_place;          /* by value: part of a cache that is kept in place (cost/layer.h); NULL: none */
} pj_prices;

typedef struct pj_priced {
    const pj_policy *policy;
    pj_memory memory;
    pj_precision precision; /* settled by the layers */
    pj_schedule schedule;   /* with its buffers, which point to `precision` */
    pj_layers layers;
    pj_totals totals; /* without devices and peak */
} pj_priced;

/* Prices every layer under `plan` (NULL: as the model is). The schedule and what is needed on the way live in
 * `scratch`, the rest in `arena`, findings too; both may be one. Errors as pj_analyze. */
pj_status pj_run_priced(const pj_prices *prices, const pj_plan *plan, pj_arena *arena, pj_arena *scratch,
                        pj_diags *diags, pj_priced *out, pj_error *err);

/* The same in three steps: what prices rest on; formats, schedule and counts, which ask for nothing of it but the
 * table's rules and accumulators; prices, for which the rows of the layers may be a copy of those that were counted. */
pj_status pj_run_settled(const pj_prices *prices, pj_priced *out, pj_error *err);
pj_status pj_run_counted(const pj_prices *prices, const pj_plan *plan, pj_arena *arena, pj_arena *scratch,
                         pj_diags *diags, pj_priced *out, pj_error *err);
pj_status pj_run_prices(const pj_prices *prices, pj_arena *arena, pj_arena *scratch, pj_diags *diags, pj_priced *out,
                        pj_error *err);
