/* A number of an energy table, a device profile or a memory hierarchy: never without unit, source and confidence. */
#pragma once

#include "base/json.h"

typedef struct pj_figure {
    const char *path; /* JSON path, "$.operations.mul.fp32.pj" */
    double value;
    const char *unit;       /* "pJ", "pJ/bit", "W" ... */
    const char *source;     /* where the number was published, or how it was derived */
    const char *confidence; /* "primary", "secondary", "derived", "memory" */
} pj_figure;

/* A growing list; rows and texts live in `arena`. */
typedef struct pj_figures {
    pj_arena *arena;
    pj_figure *rows;
    size_t count;
    size_t capacity;
} pj_figures;

/* Reads the number `object`.`key`, finite and not negative, and lists it with the `source` and `confidence` that stand
 * beside it. Both, and `note`, are the only other keys that the object may have. A source "@label" stands for
 * $.sources.label of the file. PJ_EFORMAT names the path. */
pj_status pj_figure_read(pj_figures *figures, pj_json object, const char *key, const char *unit, double *out,
                         pj_error *err);

/* The same where the object has more keys than these; the caller has checked them. */
pj_status pj_figure_take(pj_figures *figures, pj_json object, const char *key, const char *unit, double *out,
                         pj_error *err);

/* The same for a number `at` inside of `object`, of either sign: one coefficient of several. */
pj_status pj_figure_coefficient(pj_figures *figures, pj_json object, pj_json at, const char *unit, double *out,
                                pj_error *err);

/* Lists the number `at`, of either sign, with the source and the confidence of the first of `objects` that has them,
 * nearest first: what stands around a figure speaks for it. Without any: "not stated", "memory". */
pj_status pj_figure_inherit(pj_figures *figures, const pj_json *objects, int count, pj_json at, const char *unit,
                            double *out, pj_error *err);
