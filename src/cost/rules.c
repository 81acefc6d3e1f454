/* Picks the rules. */
#include "cost/rules.h"

#include "cost/leveled.h"
#include "cost/price.h"
#include "cost/qtools.h"

pj_status pj_price_layers(const pj_schedule *schedule, const pj_precision *precision, const pj_memory *memory,
                          const pj_policy *policy, pj_arena *arena, pj_arena *scratch, pj_diags *diags,
                          pj_layers *layers, pj_totals *totals, pj_error *err)
{
    pj_moves moves = {.arena = scratch};
    pj_traffic traffic = {schedule, precision, layers, memory, scratch, arena, diags, &moves, NULL};
    pj_pricing pricing = {&traffic, policy};
    if (pj_table_rules(memory->table) == PJ_RULES_QTOOLS)
        return pj_price_qtools(&pricing, arena, diags, layers, err);
    if (policy->prepare)
        PJ_TRY(policy->prepare(&traffic, policy->keeps, err));
    PJ_TRY(pj_price_all(&pricing, arena, diags, layers, err));
    pj_memory_report(memory, policy->has_levels, diags);
    return pj_leveled_total(&traffic, totals, err);
}
