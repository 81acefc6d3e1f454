/* From a plan in memory, or none, to prices. */
#include "run/priced.h"

#include "cost/estimate.h"
#include "cost/rules.h"

pj_status pj_run_priced(const pj_prices *prices, const pj_plan *plan, pj_arena *arena, pj_arena *scratch,
                        pj_diags *diags, pj_priced *out, pj_error *err)
{
    const pj_model *model = prices->model;
    const pj_policy *policy;
    pj_memory memory;
    pj_sram_prices known = {0};
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_policy_choose(prices->setup, prices->table, prices->setup->hierarchy ? prices->hierarchy : NULL, &policy,
                            err));
    PJ_TRY(pj_memory_of(prices->table, prices->hierarchy, prices->setup, &memory, err));
    memory.known = &known;
    PJ_TRY(pj_precision_read(model, plan, !prices->setup->no_fold, arena, diags, &out->precision, err));
    PJ_TRY(pj_schedule_steps(model, scratch, diags, &out->schedule, err));
    PJ_TRY(pj_layers_count(&out->schedule, &out->precision, prices->table, arena, diags, &out->layers, err));
    PJ_TRY(pj_schedule_buffers(&out->precision, scratch, &out->schedule, err));
    PJ_TRY(pj_price_layers(&out->schedule, &out->precision, &memory, policy, arena, scratch, diags, &out->layers,
                           &out->totals, err));
    out->policy = policy;
    PJ_TRY(pj_layers_total(model, &out->precision, &out->layers, arena, diags, &out->totals, err));
    return pj_arena_failed(arena) || pj_arena_failed(scratch) ? pj_fail_memory(err) : PJ_OK;
}
