/* From a plan in memory, or none, to prices. */
#include "run/priced.h"

#include "cost/estimate.h"
#include "cost/rules.h"

pj_status pj_run_settled(const pj_prices *prices, pj_priced *out, pj_error *err)
{
    const pj_setup *setup = prices->setup;
    PJ_TRY(pj_policy_choose(setup, prices->table, setup->hierarchy ? prices->hierarchy : NULL, &out->policy, err));
    return pj_memory_of(prices->table, prices->hierarchy, setup, &out->memory, err);
}

pj_status pj_run_counted(const pj_prices *prices, const pj_plan *plan, pj_arena *arena, pj_arena *scratch,
                         pj_diags *diags, pj_priced *out, pj_error *err)
{
    const pj_model *model = prices->model;
    PJ_TRY(pj_precision_read(model, plan, !prices->setup->no_fold, arena, diags, &out->precision, err));
    PJ_TRY(pj_schedule_steps(model, scratch, diags, &out->schedule, err));
    PJ_TRY(pj_layers_count(&out->schedule, &out->precision, prices->table, arena, diags, &out->layers, err));
    out->layers.in_place = prices->in_place;
    return pj_schedule_buffers(&out->precision, scratch, &out->schedule, err);
}

pj_status pj_run_prices(const pj_prices *prices, pj_arena *arena, pj_arena *scratch, pj_diags *diags, pj_priced *out,
                        pj_error *err)
{
    pj_sram_prices known = {0};
    out->memory.known = &known;
    pj_status status = pj_price_layers(&out->schedule, &out->precision, &out->memory, out->policy, arena, scratch,
                                       diags, &out->layers, &out->totals, err);
    out->memory.known = NULL;
    PJ_TRY(status);
    PJ_TRY(pj_layers_total(prices->model, &out->precision, &out->layers, arena, diags, &out->totals, err));
    return pj_arena_failed(arena) || pj_arena_failed(scratch) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_run_priced(const pj_prices *prices, const pj_plan *plan, pj_arena *arena, pj_arena *scratch,
                        pj_diags *diags, pj_priced *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_run_settled(prices, out, err));
    PJ_TRY(pj_run_counted(prices, plan, arena, scratch, diags, out, err));
    return pj_run_prices(prices, arena, scratch, diags, out, err);
}
