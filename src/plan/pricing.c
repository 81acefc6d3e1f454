/* From a plan in memory to prices. */
#include "plan/pricing.h"

#include <string.h>

#include "cost/estimate.h"
#include "cost/price.h"

pj_status pj_price_plan(const pj_pricing *pricing, const pj_plan *plan, pj_arena *arena, pj_diags *diags,
                        pj_priced *out, pj_error *err)
{
    pj_schedule schedule;
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_precision_read(pricing->model, plan, pricing->fold, arena, diags, &out->precision, err));
    PJ_TRY(pj_schedule_steps(pricing->model, arena, diags, &schedule, err));
    PJ_TRY(pj_layers_count(&schedule, &out->precision, pricing->table, arena, diags, &out->layers, err));
    PJ_TRY(pj_price_layers(&out->precision, &pricing->memory, arena, diags, &out->layers, err));
    PJ_TRY(pj_layers_total(pricing->model, &out->precision, &out->layers, arena, &out->totals, err));
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
