/* What repeated runs say, whose energy it is, and what is guessed where nothing is read. Pure numbers; what is not
 * known is NAN. Formulas: docs/measure.md. */
#pragma once

#include "base/libc.h"
#include "picojoule/measure.h"

/* The value that Student's t with `freedom` degrees stays within, on both sides, in 95 % of cases. NAN below 1. */
double pj_student_t95(size_t freedom);

/* n >= 1 energies of runs, in their order. NAN: not known of so few runs. `scratch` has room for n. */
void pj_repetitions_of(const double *joules, size_t n, double *scratch, pj_repetitions *out);

/* Energy of a command out of that of its machine, by CPU time. idle_w NAN: no baseline; then command_j alone is a
 * number, else the other three. */
typedef struct pj_share_in {
    double machine_j, duration_s, idle_w, command_cpu_s, machine_busy_cpu_s, cores;
} pj_share_in;
void pj_share_of(const pj_share_in *in, pj_share_figures *out);

/* ---- power constants of CodeCarbon: estimates, never readings ---- */

/* W of a machine's processors by their TDP (NAN: not known) and load 0..1 (NAN: not known). */
double pj_tdp_machine_w(double tdp_w, double load);
/* W of a command's share of them. */
double pj_tdp_command_w(double tdp_w, double cpu_s, double duration_s, double cores);
/* W of memory by its size; *modules: as many as it is taken to have. */
double pj_ram_w(double gib, bool arm, double *modules);
