/* One model at many sizes.
 *
 * Threads: a sweep binds its model anew, so one at a time for each model. */
#ifndef PICOJOULE_SWEEP_H
#define PICOJOULE_SWEEP_H

#include "picojoule/result.h"

/* A dimension and its values, as `--sweep sequence=128,512`; or the size of a level of the memory hierarchy in bytes:
 * "hierarchy.global.size", "sram" for that of the last level. */
typedef struct pj_sweep_dim {
    const char *name;
    const int64_t *values;
    size_t count; /* > 0 */
} pj_sweep_dim;

/* Does the name mean the size of a level? */
PJ_API bool pj_sweep_is_level(const char *name);

/* What the model costs at one combination of values. */
typedef struct pj_sweep_point {
    const int64_t *values; /* one per dimension of the sweep */
    pj_totals totals;      /* zero where it fails */
    const char *error;     /* why the model does not stand these sizes: "node 'x' (Conv): ..."; NULL: it does */
} pj_sweep_point;

/* All combinations, the values of the last dimension first. */
typedef struct pj_sweep {
    const char *model; /* its path */
    pj_setup setup;    /* as in pj_result; dims: those that are not swept */
    const pj_sweep_dim *dims;
    size_t dim_count;
    const pj_sweep_point *points;
    size_t point_count, failed; /* of them those with an error */
    const char *const *levels;  /* as in pj_result */
    size_t level_count;
    const pj_finding *findings; /* of all points, each once */
    size_t finding_count;
} pj_sweep;

/* Rebinds and analyzes the model once for each combination of values; `setup` has what all of them
 * share. The model is bound to the last combination afterwards. *out is owned by the caller.
 * A combination that the model does not stand (PJ_ESHAPE, PJ_EOVERFLOW) is a point with an error; where all are, that
 * of the last one is returned, with the combination in the sentence. PJ_EARGUMENT: more than PJ_MAX_SWEEP combinations,
 * no such dimension or level, or one that `setup` binds, too; else as pj_model_rebind and pj_analyze. */
enum { PJ_MAX_SWEEP = 1000 };
PJ_API pj_status pj_sweep_run(pj_model *model, const pj_setup *setup, const pj_sweep_dim *dims, size_t dim_count,
                              pj_sweep **out, pj_error *err);
PJ_API void pj_sweep_free(pj_sweep *sweep); /* NULL is allowed */

#endif
