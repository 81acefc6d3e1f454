/* What the writers of plans and of frontiers share. */
#pragma once

#include "page/page.h"
#include "picojoule/plan.h"

/* Members that say what a plan rests on. */
void pj_plan_basis_json(const pj_plan_result *result, pj_json_writer *json);
void pj_plan_uniform_json(const pj_plan_result *result, pj_json_writer *json);

/* A noise with three digits: "0.0123", "4.26e-8". */
void pj_plan_noise_print(pj_str *out, double noise);

/* A copy of columns whose energies have the unit in their keys: "energy_pj". NULL: no memory. */
const pj_column *pj_plan_columns(const pj_column *columns, size_t count, const char *unit, pj_arena *arena);

/* A plan, and of how many layers people are told: 0: as usual, or PJ_TOP_... */
typedef struct pj_plan_told {
    const pj_plan_result *result;
    size_t top;
} pj_plan_told;

/* The report of a pj_plan_told. */
extern const pj_pieces pj_plan_pieces;
