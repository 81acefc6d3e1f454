/* What each layer would cost and lose in each format, as the problem that the search solves.
 *
 * Prices come from whole analyses, one per choice: every layer that can take the choice does. A layer's figures there
 * are its figures under that choice, on the assumption that its neighbours have the same format; what it writes belongs
 * to the group of those who read it. At the border of two formats this is off by a conversion; the final plan is
 * analyzed as a whole, and what the sum was off moves the limits (plan/planner.c). */
#pragma once

#include "plan/noise.h"
#include "plan/problem.h"
#include "plan/sensitivity.h"
#include "plan/target.h"

/* Where noise comes from. */
typedef struct pj_noise_source {
    const pj_losses *losses;    /* measured; NULL: the two below */
    const double *weight_noise; /* [unit * formats + format], noise over signal; NULL: by format alone */
    const pj_map *ranges;       /* of tensors, by name; NULL: none */
} pj_noise_source;

/* The formats of every layer: numbers of the list, PJ_AS_IS where the plan says nothing. */
typedef struct pj_assignment {
    size_t *activations, *weights; /* by unit */
} pj_assignment;

typedef struct pj_candidates {
    pj_problem problem;                    /* budgets and limits are not set: see pj_candidates_pose */
    size_t *mode_at, *slot_at, *choice_at; /* the arrays of the problem */
    pj_point *point;
    pj_plan_totals *figures; /* by choice */
    size_t *mode_format;     /* by mode: format of the activations */
    size_t *slot_unit;       /* by slot: the leading unit; PJ_NO_PICK: what is the same for the whole mode */
    size_t *choice_weights;  /* by choice: format of the weights */
    size_t *choice_word;     /* by choice: number in the list of choices; its count: as it is */
    pj_plan_totals constant; /* what nobody can change */
    const pj_network *network;
    const pj_choice_list *choices;
} pj_candidates;

/* Prices all choices and builds the problem. Lives in `arena`. PJ_EARGUMENT: pins that cannot be kept together; losses
 * that are missing. */
pj_status pj_candidates_make(const pj_prices *prices, const pj_network *network, const pj_choice_list *choices,
                             const pj_target *target, const pj_noise_source *noise, pj_arena *arena, pj_candidates *out,
                             pj_error *err);

/* Writes noise (or energy, if `minimize_energy`) and the costs of `measures` into the problem's points. */
void pj_candidates_pose(pj_candidates *candidates, bool minimize_energy, const pj_plan_measure *measures, size_t count);

/* What picks add up to, constant included. */
pj_plan_totals pj_candidates_sum(const pj_candidates *candidates, const pj_picks *picks);

/* Picks as formats of layers. false: no memory. */
bool pj_candidates_assign(const pj_candidates *candidates, const pj_picks *picks, pj_arena *arena, pj_assignment *out);

/* Picks that take choice number `word` wherever it can be, and else stay. */
void pj_candidates_uniform(const pj_candidates *candidates, size_t word, pj_picks *picks);

/* Does a layer get weights by the plan that are not chosen (constants of one that does not multiply)? */
bool pj_unit_has_constants(const pj_member *unit);
