/* Contents of small tensors, element by element: what the value rules of movers share. */
#pragma once

#include "ops/rules.h"

/* A shape that is known in full and small enough that its contents may be. */
typedef struct pj_box {
    int rank;
    int64_t count; /* at most PJ_MAX_VALUE_ELEMENTS */
    int64_t dims[PJ_MAX_RANK];
    int64_t stride[PJ_MAX_RANK]; /* elements from one index of an axis to the next, row-major */
} pj_box;

/* False: no tensor, a dimension is not known, or too many elements. */
bool pj_box_of(const pj_type *type, pj_box *out);

/* Box and known contents of input `i`; NULL unless both are there and agree. */
const pj_num *pj_box_data(const pj_ctx *c, int i, pj_box *out);

/* The next place in row-major order; starts from all zeros. */
void pj_box_next(const pj_box *box, int64_t *at);

/* `count` fresh numbers; NULL: out of memory, reported. */
pj_num *pj_new_data(pj_ctx *c, int64_t count);

/* The index along an axis of the input from which the output's index `at` along its axis `axis` comes; < 0: from
 * nowhere, the element is the filler. */
typedef int64_t (*pj_source)(const void *how, int axis, int64_t at);

/* Contents of output `o` from those of input `i`: axis k of the output runs along axis axes[k] of the input (< 0: along
 * none; NULL: axes are the same). Does nothing where contents or shapes are not known. */
pj_status pj_pick_data(pj_ctx *c, int o, int i, const int *axes, pj_source source, const void *how, pj_num filler);

/* An index that may count from the end: the offset from the start, or -1 where it is not known or outside. */
int64_t pj_index_of(pj_num index, int64_t dim);

/* Of input 0, only as many elements are read as the outputs have. */
pj_status pj_work_reads_outputs(pj_ctx *c, pj_work *work);

/* Bits that it takes to write a whole number > 0: how deep a heap or search tree of n entries is; unknown for what is
 * not known. */
pj_num pj_bit_length(pj_num n);
