/* Posing the problem of the candidates, and reading picks back: sums, formats of layers, one format everywhere. */
#include "plan/candidates.h"

double pj_plan_total(const pj_plan_totals *totals, pj_plan_measure measure)
{
    switch (measure) {
    case PJ_PLAN_ENERGY:
        return totals->energy;
    case PJ_PLAN_PARAM_BYTES:
        return totals->param_bytes;
    case PJ_PLAN_BOPS:
        return totals->bops;
    case PJ_PLAN_NOISE:
    case PJ_PLAN_MEASURES:
        break;
    }
    return totals->noise;
}

void pj_candidates_pose(pj_candidates *candidates, bool minimize_energy, const pj_plan_measure *measures, size_t count)
{
    candidates->problem.budgets = count;
    for (size_t c = 0; c < candidates->problem.choices; c++) {
        const pj_plan_totals *figures = &candidates->figures[c];
        pj_point *point = &candidates->point[c];
        memset(point, 0, sizeof *point);
        point->noise = minimize_energy ? figures->energy : figures->noise;
        for (size_t k = 0; k < count; k++)
            point->cost[k] = pj_plan_total(figures, measures[k]);
    }
}

pj_plan_totals pj_candidates_sum(const pj_candidates *candidates, const pj_picks *picks)
{
    pj_plan_totals sum = candidates->constant;
    for (size_t s = 0; s < candidates->problem.slots; s++) {
        if (picks->slot[s] == PJ_NO_PICK)
            continue;
        const pj_plan_totals *figures = &candidates->figures[picks->slot[s]];
        sum.energy += figures->energy;
        sum.param_bytes += figures->param_bytes;
        sum.bops += figures->bops;
        sum.noise += figures->noise;
    }
    return sum;
}

bool pj_candidates_assign(const pj_candidates *candidates, const pj_picks *picks, pj_arena *arena, pj_assignment *out)
{
    const pj_network *network = candidates->network;
    const pj_problem *problem = &candidates->problem;
    out->activations = PJ_NEW(arena, size_t, network->units);
    out->weights = PJ_NEW(arena, size_t, network->units);
    size_t *of_leader = PJ_NEW(arena, size_t, network->units);
    if (!out->activations || !out->weights || !of_leader)
        return false;
    for (size_t s = 0; s < problem->slots; s++)
        if (picks->slot[s] != PJ_NO_PICK && candidates->slot_unit[s] != PJ_NO_PICK)
            of_leader[candidates->slot_unit[s]] = candidates->choice_weights[picks->slot[s]];
    for (size_t u = 0; u < network->units; u++) {
        const pj_member *unit = &network->unit[u];
        if (unit->group == PJ_NO_CLUSTER)
            continue;
        out->activations[u] = candidates->mode_format[picks->mode[unit->group]];
        if (unit->weighted)
            out->weights[u] = of_leader[unit->leader];
    }
    return true;
}

/* In the mode: the choice of that word, else as it is, else the first. */
static void pick_word(const pj_candidates *candidates, size_t word, size_t slot, pj_picks *picks)
{
    const pj_problem *problem = &candidates->problem;
    size_t as_is = candidates->choices->count, best = problem->choice_at[slot];
    for (size_t c = problem->choice_at[slot]; c < problem->choice_at[slot + 1]; c++) {
        bool better = candidates->choice_word[c] == as_is && candidates->choice_word[best] != word;
        if (candidates->choice_word[c] == word || better)
            best = c;
    }
    picks->slot[slot] = best;
}

void pj_candidates_uniform(const pj_candidates *candidates, size_t word, pj_picks *picks)
{
    const pj_problem *problem = &candidates->problem;
    const pj_choice_list *choices = candidates->choices;
    size_t format = word < choices->count ? choices->choice[word].activations : PJ_AS_IS;
    for (size_t g = 0; g < problem->groups; g++) {
        size_t first = problem->mode_at[g], end = problem->mode_at[g + 1];
        picks->mode[g] = end - 1; /* as it is comes last */
        for (size_t m = first; m < end; m++) {
            if (candidates->mode_format[m] == format)
                picks->mode[g] = m;
            for (size_t s = problem->slot_at[m]; s < problem->slot_at[m + 1]; s++)
                picks->slot[s] = PJ_NO_PICK;
        }
        size_t mode = picks->mode[g];
        for (size_t s = problem->slot_at[mode]; s < problem->slot_at[mode + 1]; s++)
            pick_word(candidates, word, s, picks);
    }
}
