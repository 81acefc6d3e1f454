/* Any bytes as a planning problem: what is found keeps the limits and the bound, and where numbers are small and whole
 * it is what complete enumeration finds. Other numbers are of any size and sign. */
#include <stdlib.h>

#include "bytes.h"
#include "fuzz.h"
#include "knapsack.h"
#include "plan/search.h"

enum { GROUPS = 4, MODES = 2, SLOTS = 2, CHOICES = 3 }; /* (2 * 3^2)^4 combinations at most */
enum { MOST_SLOTS = GROUPS * MODES * SLOTS };

typedef struct instance {
    pj_problem problem;
    size_t mode_at[GROUPS + 1], slot_at[GROUPS * MODES + 1], choice_at[MOST_SLOTS + 1];
    pj_point point[MOST_SLOTS * CHOICES];
} instance;

static double number(fuzz_bytes *b, bool whole)
{
    unsigned first = fuzz_next(b);
    if (whole)
        return first % 16;
    double size = ldexp(1 + fuzz_next(b) / 256.0, (int)(first % 128) * 16 - 1074);
    return first >= 128 ? -size : size;
}

static void fill(instance *in, fuzz_bytes *b, bool whole)
{
    pj_problem *p = &in->problem;
    *p = (pj_problem){.budgets = fuzz_next(b) % (PJ_MOST_BUDGETS + 1),
                      .mode_at = in->mode_at,
                      .slot_at = in->slot_at,
                      .choice_at = in->choice_at,
                      .point = in->point};
    in->mode_at[0] = in->slot_at[0] = in->choice_at[0] = 0;
    for (unsigned groups = fuzz_next(b) % (GROUPS + 1); groups > 0; groups--) {
        for (unsigned modes = 1 + fuzz_next(b) % MODES; modes > 0; modes--) {
            for (unsigned slots = fuzz_next(b) % (SLOTS + 1); slots > 0; slots--) {
                for (unsigned choices = 1 + fuzz_next(b) % CHOICES; choices > 0; choices--) {
                    pj_point *point = &in->point[p->choices++];
                    point->noise = number(b, whole);
                    for (size_t k = 0; k < p->budgets; k++)
                        point->cost[k] = number(b, whole);
                }
                in->choice_at[++p->slots] = p->choices;
            }
            in->slot_at[++p->modes] = p->slots;
        }
        in->mode_at[++p->groups] = p->modes;
    }
    for (size_t k = 0; k < p->budgets; k++)
        p->limit[k] = number(b, whole) * (whole ? 2 : 1);
}

static bool allowed(const pj_problem *p, const pj_picks *picks)
{
    for (size_t g = 0; g < p->groups; g++)
        for (size_t m = p->mode_at[g]; m < p->mode_at[g + 1]; m++)
            for (size_t s = p->slot_at[m]; s < p->slot_at[m + 1]; s++) {
                size_t c = picks->slot[s];
                if (m == picks->mode[g] ? c < p->choice_at[s] || c >= p->choice_at[s + 1] : c != PJ_NO_PICK)
                    return false;
            }
    for (size_t g = 0; g < p->groups; g++)
        if (picks->mode[g] < p->mode_at[g] || picks->mode[g] >= p->mode_at[g + 1])
            return false;
    return true;
}

static bool within(const pj_problem *p, const pj_solution *s)
{
    for (size_t k = 0; k < p->budgets; k++)
        if (!(s->sum.cost[k] <= p->limit[k] + pj_budget_slack(p, k)))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bytes b = {data, size};
    bool whole = fuzz_next(&b) % 2;
    instance in;
    pj_solution solution;
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    if (!arena)
        abort();
    fill(&in, &b, whole);
    pj_status status = pj_search(&in.problem, 1, arena, &solution, &err);
    if (status != PJ_OK && (whole || status != PJ_EARGUMENT || !err.what[0]))
        abort();
    if (status == PJ_OK && solution.found && !(allowed(&in.problem, &solution.picks) && within(&in.problem, &solution)))
        abort();
    if (status == PJ_OK && whole) {
        double best = knapsack_enumerate(&in.problem);
        if (!solution.proven || solution.found != isfinite(best) ||
            (solution.found && (fabs(solution.sum.noise - best) > 1e-9 || solution.bound > best + 1e-9)))
            abort();
    }
    pj_arena_free(arena);
    return 0;
}
