/* A model and its data file on the disk: written under other names, then renamed, so that at any moment the old pair or
 * the new one is there. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "ir/graph.h"

typedef struct pj_output pj_output;

/* Begins with the data file where there is one, else with the model. Removes what a run that was killed has left.
 * `notes` ends with NULL and goes into the data file's name. *out lives in the arena. PJ_EIO, PJ_ENOMEM. */
pj_status pj_output_open(const char *path, bool has_data, const pj_model *model, const char *const *notes,
                         pj_arena *arena, pj_output **out, pj_error *err);
pj_status pj_output_put(pj_output *output, const void *bytes, size_t n, pj_error *err);

/* The data file is whole: from here on the model is written, which may name it. */
pj_status pj_output_next(pj_output *output, pj_error *err);
const char *pj_output_data_name(const pj_output *output); /* NAME.HASH.data */
uint64_t pj_output_bytes(const pj_output *output);        /* so far */

/* Renames both where `status` is PJ_OK, else removes them. Returns `status`, or what went wrong. NULL is allowed. */
pj_status pj_output_close(pj_output *output, pj_status status, pj_error *err);

size_t pj_output_name_length(const char *path);
bool pj_output_is_elsewhere(const char *path, const char *model); /* in another folder */
