/* Watts over time from a CSV: what `measure --power-log` writes, or columns time_s and watts. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

typedef struct pj_sample {
    double at, watts; /* s */
} pj_sample;

typedef struct pj_watts {
    pj_sample *sample; /* by time */
    size_t count, room;
    double step; /* s, the median between samples */
} pj_watts;

/* Domains that are added are summed up. PJ_EIO; PJ_EFORMAT: a row that is none, time that goes back, fewer than two
 * samples; PJ_ELIMIT, PJ_ENOMEM. */
pj_status pj_watts_read(const char *path, pj_arena *arena, pj_watts *out, pj_error *err);
pj_status pj_watts_parse(char *text, size_t length, const char *name, pj_arena *arena, pj_watts *out, pj_error *err);

/* J from `from` to `to`; *uncovered_s has no samples near it. */
double pj_watts_energy(const pj_watts *watts, double from, double to, double *uncovered_s);
