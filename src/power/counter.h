/* Energy from readings: counters that wrap around, and samples of power. Seconds, microjoules, watts, joules.
 *
 * Both work on one reading after the other, in constant memory, and take the part that lies in [from, to]; `to` may be
 * set while readings come, as long as it lies behind the last one. Formulas: docs/measure.md. */
#pragma once

#include "base/libc.h"

typedef struct pj_counter {
    double from, to;  /* the window */
    uint64_t range;   /* uJ after which it starts at 0 again; 0: not known */
    double most_w;    /* an interval above it is no energy; those below a quarter of a second count as so long */
    bool has_last;    /* then: */
    double at;        /* when the last reading was taken */
    uint64_t last;    /* what it was, uJ */
    double uj;        /* in the window */
    double covered_s; /* of the window: time whose energy is known */
    double most_seen_w;
    uint64_t moves; /* a digest of all differences: counters that move alike have the same */
    size_t readings, wraps, lost, implausible, backwards;
} pj_counter;

/* One that takes all that is read. */
pj_counter pj_counter_new(uint64_t range);

/* A reading that is smaller than the one before is a wrap where the range is known, else the interval is lost: it went
 * back. */
void pj_counter_read(pj_counter *counter, double at, uint64_t uj);

typedef struct pj_integral {
    double from, to;
    double first_step; /* s, between the first two samples; NAN before */
    double last_step;
    double first_at, first_w, at, last_w; /* of the first sample and of the last one */
    double joules, covered_s, most_seen_w;
    size_t samples;
} pj_integral;

pj_integral pj_integral_new(void);

/* Straight lines between samples. */
void pj_integral_read(pj_integral *integral, double at, double watts);

/* Adds what lies before the first and after the last sample: its value is held for at most the interval beside it.
 * *uncovered_s is what is left, which adds no joules; *held_s what was added. `to` must be finite. */
void pj_integral_end(pj_integral *integral, double *held_s, double *uncovered_s);
