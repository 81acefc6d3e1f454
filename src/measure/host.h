/* The machine that is measured: processors, memory, CPU time, temperature. */
#pragma once

#include "base/arena.h"
#include "picojoule/measure.h"

/* Fills all but the GPUs. Texts are in `arena`; NULL and NAN where the roots do not say. */
void pj_host_look(pj_arena *arena, const char *procfs, const char *sysfs, pj_host *out);

/* CPU time of the whole machine that was no idling, s: user, nice, system, irq, softirq, steal (guest is in user). NAN:
 * not known. */
double pj_host_busy_s(const char *procfs);

/* The hottest sensor, degrees Celsius; NAN: there is none. */
double pj_host_celsius(pj_arena *arena, const char *sysfs);
