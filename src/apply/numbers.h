/* Numbers of tensors, read a part at a time, and what changes them on the way. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* fp32 numbers that are read in any order. */
typedef struct pj_numbers {
    pj_status (*get)(void *payload, int64_t first, size_t n, float *out, pj_error *err);
    void *payload;
    int64_t count;
} pj_numbers;

/* Numbers with the indexes o, a, i of a shape [outer, extent, inner]. */
typedef struct pj_lay {
    int64_t outer, extent, inner;
} pj_lay;

/* Numbers in memory; borrowed. */
pj_numbers pj_numbers_of(const float *x, int64_t count);

/* ---- reading ahead ---- */

enum { PJ_WINDOW = 1 << 18 }; /* numbers */

typedef struct pj_window {
    const pj_numbers *from;
    int64_t first;
    size_t held;
    float *x; /* PJ_WINDOW of them */
} pj_window;

/* The window's memory is the arena's. PJ_ENOMEM. */
pj_status pj_window_new(const pj_numbers *from, pj_arena *arena, pj_window *out, pj_error *err);

/* `n` numbers from `first` on, at most PJ_WINDOW of them; more are read ahead. */
pj_status pj_window_view(pj_window *window, int64_t first, size_t n, const float **out, pj_error *err);

/* What of `left` numbers fits the window. */
size_t pj_window_part(int64_t left);

/* ---- numbers that are changed on the way ---- */

/* Numbers without the `zeros` smallest magnitudes of all tensors from[0 .. count): exactly so many become 0, of equal
 * ones those first, in the order of the tensors and in each that of the file. out[i] reads from[i], which must live as
 * long; memory from `arena`. zeroed[i] (may be NULL): how many of them are in tensor i. */
pj_status pj_numbers_sparse(const pj_numbers *from, size_t count, uint64_t zeros, pj_arena *arena, pj_numbers *out,
                            uint64_t *zeroed, pj_error *err);

/* How many of `count` numbers such a share is: rounded down. */
uint64_t pj_numbers_share(double share, uint64_t count);

/* Of each `of` consecutive numbers along a, the `keep` largest stay; a shorter tail stays as it is. */
pj_status pj_numbers_grouped(const pj_numbers *from, pj_lay lay, int64_t keep, int64_t of, pj_arena *arena,
                             pj_numbers *out, pj_error *err);

/* Numbers times factor[a], rounded once. */
pj_status pj_numbers_scaled(const pj_numbers *from, pj_lay lay, const double *factor, pj_arena *arena, pj_numbers *out,
                            pj_error *err);
