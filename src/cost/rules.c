/* Picks the rules. */
#include "cost/rules.h"

#include "cost/qtools.h"

pj_status pj_price_layers(const pj_schedule *schedule, const pj_precision *precision, const pj_memory *memory,
                          const pj_policy *policy, pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err)
{
    pj_traffic traffic = {schedule, precision, layers, memory, arena, NULL};
    pj_moves moves = {.arena = arena};
    pj_pricing pricing = {&traffic, policy, &moves};
    if (policy->prepare)
        PJ_TRY(policy->prepare(&traffic, err));
    switch (pj_table_rules(memory->table)) {
    case PJ_RULES_PICOJOULE:
        break;
    case PJ_RULES_QTOOLS:
        return pj_price_qtools(&pricing, arena, diags, layers, err);
    }
    return pj_price_all(&pricing, arena, diags, layers, err);
}
