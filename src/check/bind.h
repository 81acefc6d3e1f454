/* Sizes that a budget gives to models that have them. */
#pragma once

#include "base/arena.h"
#include "picojoule/model.h"

/* Binds those dimensions and inputs of `optional` that the model has and `setup`, which it was opened with, does not
 * bind: adds them to `setup`, whose lists then live in `arena`, and infers anew. Of each dimension that the model has,
 * dims[i] is set, of each input, inputs[i]; both may be NULL. Errors of pj_model_rebind. */
pj_status pj_bind_optional(pj_model *model, const pj_setup *optional, bool *dims, bool *inputs, pj_arena *arena,
                           pj_setup *setup, pj_error *err);

/* Has the model a size that nobody gives? */
bool pj_has_open_dims(pj_model *model);

/* The names of such dimensions, one by one; NULL past the last. */
const char *pj_open_dim(pj_model *model, const pj_setup *setup, size_t index);
