/* What a token costs: the steps of a generation, measured one by one and summed without running all of them.
 *
 * A *step* reads S new tokens of each of B sequences after P cached ones. Its figures come from the stages of an
 * analysis, twice: as the graph stands, and with the cache in place, where the tensors that hold it move nothing and
 * the cache is read once and written where it grows (docs/generation.md). */
#pragma once

#include "infer/roles.h"
#include "picojoule/generation.h"
#include "run/priced.h"
#include "run/shelf.h"

/* Counts of a step: exact, and polynomials of its past between breakpoints.
 *  enumerator, member of pj_generation_phase */
#define PJ_STEP_COUNTS(X)                                 \
    X(PJ_STEP_MACS, macs)                                 \
    X(PJ_STEP_FLOPS, flops)                               \
    X(PJ_STEP_ATTENTION, macs_attention)                  \
    X(PJ_STEP_WEIGHTS, weight_bits)                       \
    X(PJ_STEP_KV_READ, kv_read_bits)                      \
    X(PJ_STEP_KV_WRITTEN, kv_written_bits)                \
    X(PJ_STEP_EXPORTED_READ, exported_kv_read_bits)       \
    X(PJ_STEP_EXPORTED_WRITTEN, exported_kv_written_bits) \
    X(PJ_STEP_READ, activation_read_bits)                 \
    X(PJ_STEP_WRITTEN, activation_written_bits)

typedef enum pj_step_count {
#define PJ_STEP_ENUM(name, member) name,
    PJ_STEP_COUNTS(PJ_STEP_ENUM)
#undef PJ_STEP_ENUM
        PJ_STEP_COUNT
} pj_step_count;

/* Energies of a step (pJ); behind them, energy and time of each device. */
enum {
    PJ_STEP_E_WEIGHTS,
    PJ_STEP_E_CACHE,
    PJ_STEP_E_ACTIVATIONS,
    PJ_STEP_E_ARITHMETIC,
    PJ_STEP_E_EXPORTED, /* four of them: inputs, outputs, parameters, arithmetic as the graph stands */
    PJ_STEP_ENERGIES = PJ_STEP_E_EXPORTED + 4,
    PJ_STEP_OF_DEVICE = 2,
    PJ_MOST_GENERATION_DEVICES = 16,
    PJ_STEP_VALUES = PJ_STEP_ENERGIES + PJ_STEP_OF_DEVICE * PJ_MOST_GENERATION_DEVICES
};

typedef struct pj_step_figures {
    int64_t count[PJ_STEP_COUNT];
    double value[PJ_STEP_VALUES];
    int64_t uncounted, layers;
} pj_step_figures;

/* ---- held.c ---- */

/* The values that hold a cache, by index: 0, or 1 + the position of the cache among caches, states and cross caches of
 * the roles. Needs inference. NULL: out of memory. */
int *pj_held_find(const pj_model *model, const pj_roles *roles, pj_arena *arena);

/* The role at such a position. */
const pj_cache_role *pj_held_role(const pj_roles *roles, int position);

/* ---- step.c: one step ---- */

/* What steps are measured with. */
typedef struct pj_stepper {
    pj_model *model;
    const pj_roles *roles;
    pj_setup setup; /* with table, devices and plan as asked */
    char step[64];  /* what setup.step says */
    pj_prices prices;
    const pj_device **device;
    const pj_json_doc *plan;
    pj_shelf shelf;
    pj_arena *arena, *scratch;
    const pj_format *kv_format; /* of what is cached; NULL: as the inputs have it */
    bool scale_per_token;
    bool recomputes;    /* whole runs, each of more tokens, where the model keeps nothing */
    size_t measured;    /* steps so far */
    int64_t token_bits; /* of one token of a sequence in all caches that grow */
    int64_t heads, size;
    pj_finding *findings;
    size_t finding_count;
} pj_stepper;

/* Opens table, hierarchy, devices and plan of the setup. The caller closes it, whatever comes back. */
pj_status pj_stepper_open(pj_stepper *s, pj_model *model, const pj_setup *setup, bool recomputes, pj_error *err);
void pj_stepper_close(pj_stepper *s);

/* One step; the model is bound to it afterwards. Errors as pj_model_rebind and pj_analyze. */
pj_status pj_step_measure(pj_stepper *s, int64_t tokens, int64_t past, int64_t batch, pj_step_figures *out,
                          pj_error *err);

/* ---- sum.c ---- */

/* A series of steps: tokens and past of the first, and what each next one has more of both. */
typedef struct pj_series {
    int64_t tokens, past, batch, count;
    int64_t more_tokens, more_past;
} pj_series;

/* The sum over the series. Counts are exact; energies are those of each step where the series is short, else of as many
 * as make their sum differ by less than 1e-10 of it; *priced says how many. PJ_EOVERFLOW: a count leaves 64 bits. */
pj_status pj_series_sum(pj_stepper *s, const pj_series *series, pj_step_figures *out, int64_t *priced, pj_error *err);

/* ---- generate.c ---- */

/* What so many steps together come to, with the cache in place; devices are left out. */
void pj_generation_phase_of(const pj_step_figures *figures, int64_t runs, pj_generation_phase *out);

/* A generation without its changes, in `arena`; *weight_bits: of a weight as the model has it. Errors of pj_generate.
 */
pj_status pj_generation_run(pj_model *model, const pj_generation_ask *ask, pj_arena *arena, pj_generation *out,
                            double *weight_bits, pj_error *err);
