/* One step of a decoder: new tokens after cached ones, by roles instead of names of dimensions. */
#pragma once

#include "infer/roles.h"

/* The setup with the dimensions that `given->step`, `given->batch` and `given->source_tokens` mean, and with the rule
 * that the total is the past and what is new, which holds without them, too. What is added lives in `arena`. Without a
 * step a model that is no decoder is left alone.
 * PJ_EARGUMENT: the model is no decoder, or its sizes are fixed; PJ_ECONFLICT: --dim says otherwise; PJ_ENOMEM. */
pj_status pj_step_bind(pj_model *model, const pj_setup *given, pj_arena *arena, pj_setup *out, pj_error *err);

/* Once the dimensions are bound: picks the branch that runs, and looks whether total, past and new tokens go together
 * and fit the tables of positions. PJ_ESHAPE: they do not; PJ_ENOMEM. */
pj_status pj_step_settle(pj_model *model, const pj_setup *setup, pj_error *err);

/* Positions that sequences of a batch can have at most: those of tables, buffers and blocks; -1: there is no limit.
 * `out` becomes the words for it: "64 positions (table pos_emb)", or nothing. */
int64_t pj_step_limit(const pj_roles *roles, int64_t batch, pj_str *out);
