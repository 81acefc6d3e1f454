/* Intensity profiles: what a kWh emits, step by step, from a CSV file. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "footprint/window.h"

typedef struct pj_profile {
    pj_arena *arena;
    pj_steps steps;
    bool is_dated;   /* times are dates: hour 0 is `start_s` */
    int64_t start_s; /* seconds since 1970, UTC */
    double mean;     /* of all steps */
} pj_profile;

/* A header with a column g_per_kwh (or the last one), and before it, if there is one, the time: hours, or ISO 8601
 * (without offset: UTC), in equal steps; without times one hour each. A day or less repeats, unless `repeats` says
 * otherwise. The text is written to. The caller closes *out.
 * PJ_EFORMAT names the row: no number, below 0 or above 5000, another step than the first; PJ_ELIMIT, PJ_EIO,
 * PJ_ENOMEM. */
pj_status pj_profile_open(const char *path, pj_repeats repeats, pj_profile **out, pj_error *err);
pj_status pj_profile_parse(char *text, size_t length, const char *name, pj_repeats repeats, pj_profile **out,
                           pj_error *err);
void pj_profile_close(pj_profile *profile); /* NULL is allowed */

/* Is it a date and time, or a number? */
bool pj_profile_is_time(const char *text);

/* Hour of the profile for "2026-11-29T06:00Z" or "7.5"; false: neither. */
bool pj_profile_hour(const pj_profile *profile, const char *text, double *out);

/* "2026-11-29T06:30Z", or "hour 7.5". */
void pj_profile_print(const pj_profile *profile, double hour, pj_str *out);
