/* Inputs of footprints: whose joules they are, of how many queries, and what they leave out. */
#pragma once

#include "base/arena.h"
#include "picojoule/footprint.h"

/* A growing list in `arena`. */
typedef struct pj_energy_sources {
    pj_arena *arena;
    pj_energy_source *rows;
    size_t count, capacity;
    const char *refusal; /* why an estimate of operations is no footprint; NULL: nothing was refused */
} pj_energy_sources;

/* Appends the energies that the file has: a row for each device, or one. A model or a report that has none but that of
 * a table, which `figure` does not ask for, adds nothing: `refusal` says why.
 * PJ_EFORMAT: it is none of the kinds, broken, or lacks what is needed; errors of pj_result_open; PJ_ENOMEM. */
pj_status pj_energy_read(const pj_energy_ask *ask, const char *path, pj_energy_sources *out, pj_error *err);

/* The same from bytes that the caller has, which are written to; of models: PJ_EFORMAT. */
pj_status pj_energy_parse(const pj_energy_ask *ask, char *text, size_t length, const char *path, pj_energy_sources *out,
                          pj_error *err);

/* All files of `ask`, and the energy that is given. */
pj_status pj_energy_read_all(const pj_energy_ask *ask, pj_energy_sources *out, pj_error *err);
