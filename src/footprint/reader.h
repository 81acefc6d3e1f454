/* A file that tells energies, as its kinds are read (from_*.c). All functions fail with PJ_EFORMAT and name what they
 * read, or with PJ_ENOMEM. */
#pragma once

#include "base/json.h"
#include "footprint/input.h"
#include "picojoule/measure.h"

typedef struct pj_energy_reader {
    const pj_energy_ask *ask;
    const char *path;
    pj_energy_sources *out;
    pj_energy_source row; /* what all figures of the file share */
    pj_error *err;
} pj_energy_reader;

/* A text that lives as long as the sources; NULL stays NULL. Without memory, the arena knows. */
const char *pj_energy_keep(pj_energy_reader *r, const char *text);

/* Begins r->row: the name and what was asked; no figure yet. */
void pj_energy_begin(pj_energy_reader *r, const char *kind);

/* Queries of a run: as asked, else as the file says, else 1. */
void pj_energy_queries(pj_energy_reader *r, double of_file);

/* Adds a row, whose energy (J a query) must be finite and not negative. */
pj_status pj_energy_add(pj_energy_reader *r, const pj_energy_source *row);

/* The file has figures of a table alone, which are no footprint. */
void pj_energy_refuse(pj_energy_reader *r);

/* from_report.c: models, reports (`bytes` NULL: the file at r->path), generations */
pj_status pj_energy_of_result(pj_energy_reader *r, const pj_result *result);
pj_status pj_energy_of_report(pj_energy_reader *r, const char *bytes, size_t length);
pj_status pj_energy_of_generation(pj_energy_reader *r, pj_json root);

/* from_measurement.c */
pj_status pj_energy_of_measurement(pj_energy_reader *r, const pj_measurement *m);
pj_status pj_energy_of_measurement_file(pj_energy_reader *r, pj_json root);
pj_status pj_energy_of_seed003(pj_energy_reader *r, pj_json root);

/* from_emissions.c: `text` ends with 0 and is changed */
pj_status pj_energy_of_emissions(pj_energy_reader *r, char *text, size_t length);
