/* Rows of an output, whose last dimension is that of classes: where is the largest number, and is it the right place?
 */
#pragma once

#include "base/arena.h"
#include "samples/array.h"

typedef struct pj_rows_judge {
    const pj_ndarray *labels; /* one whole number a row; NULL: none */
    const char *file;         /* of the labels, for messages */
    size_t output;            /* that is judged, from 1; 0: none has been found yet */
    uint64_t rows, agree, right, right_other;
} pj_rows_judge;

/* NULL in *out without a file. PJ_EARGUMENT: it is not one array of whole numbers; as pj_arrays_read. */
pj_status pj_labels_read(const char *file, pj_arena *arena, const pj_ndarray **out, pj_error *err);

/* One sample: outputs of two models, in the same order. The first output with several numbers in its last dimension
 * counts. PJ_EARGUMENT: labels end, or are beyond the output. */
pj_status pj_rows_judge_add(pj_rows_judge *judge, const pj_ndarray *a, const pj_ndarray *b, size_t count,
                            pj_error *err);

/* PJ_EARGUMENT: there are more labels than rows. */
pj_status pj_rows_judge_end(const pj_rows_judge *judge, pj_error *err);

/* Of the rows; NAN without labels or rows. */
double pj_rows_share(uint64_t right, const pj_rows_judge *judge);
