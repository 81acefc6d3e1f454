/* What is measured, kept in a file as it comes: a call that was cut off goes on from there. One line a loss, written at
 * once; the first line says of what it is. */
#pragma once

#include <stdio.h>

#include "evaluate/bench.h"

typedef struct pj_state {
    FILE *file; /* NULL: nothing is kept */
} pj_state;

/* Opens the file of that key: what it has of `count` losses goes to `tried`, whose bit in `done` is set. One of another
 * key, or a line that was cut off, counts as nothing. PJ_EIO. */
pj_status pj_state_open(const char *path, const char *key, size_t count, pj_tried *tried, bool *done, pj_arena *arena,
                        pj_state *out, pj_error *err);
pj_status pj_state_add(pj_state *state, size_t index, const pj_tried *tried, pj_error *err);
void pj_state_close(pj_state *state);
