/* A measurement as two other tools write theirs: CodeCarbon's emissions.csv, and results of the ML Energy Score. Both
 * put the PUE into energies. */
#pragma once

#include "base/str.h"

/* Sums of all that was measured; NAN and "" where it is not known. */
typedef struct pj_compat {
    double cpu_j, gpu_j, ram_j, other_j; /* at the counters; other: a whole machine */
    double duration_s, samples;
    double pue, wue, g_per_kwh;
    bool of_command;
    const char *timestamp, *project_name, *run_id, *model_name, *task_name, *hardware;
    const char *country_iso, *country_name, *region, *provider, *os, *cpu_model, *gpu_model;
    double cpu_count, gpu_count, ram_gib;
} pj_compat;

/* The 38 columns of emissions.csv, and a row; each a line with its end. */
void pj_emissions_header(pj_str *out);
void pj_emissions_row(const pj_compat *in, pj_str *out);

/* The nine members of a result of the ML Energy Score, as a JSON document. */
void pj_seed003_json(const pj_compat *in, pj_str *out);
