/* What is measured, kept in a file as it comes: a call that was cut off goes on from there. One line a loss, written at
 * once; the first line says of what it is. */
#pragma once

#include <stdio.h>

#include "evaluate/layers.h"

/* Opens the file: what it has of the losses goes to `tried`, and is done. One of another model, of other samples or
 * settings, or a line that was cut off, counts as nothing. `path` NULL: nothing is kept. PJ_EIO. */
pj_status pj_state_open(const pj_bench *bench, const pj_variants *variants, const char *path, pj_tried *tried,
                        bool *done, pj_state *out, pj_error *err);
void pj_state_close(pj_state *state);
