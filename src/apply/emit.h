/* A changed model as a file: lengths first, then bytes, of which all that did not change is copied. */
#pragma once

#include "apply/edit.h"
#include "picojoule/apply.h"

/* What was written, or would be. */
typedef struct pj_emitted {
    uint64_t model_bytes, data_bytes;
    bool forced_external; /* or a message of protobuf would have been too long */
    pj_lost lost;
} pj_emitted;

/* `notes`: key, value, key, value ..., NULL: metadata of the model, where something changed. Writes options->out and
 * its data file beside it under other names, then renames: whatever happens, the old pair or the new one is there. With
 * options->dry_run nothing is written. PJ_EIO; PJ_ELIMIT: it has to be external, and must not; PJ_ENOMEM. */
pj_status pj_apply_emit(pj_edit *edit, const pj_apply_options *options, const char *const *notes, pj_emitted *out,
                        pj_error *err);
