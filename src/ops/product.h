/* Matrix products as NumPy's matmul defines them, for the operators that contain one. */
#ifndef PJ_OPS_PRODUCT_H
#define PJ_OPS_PRODUCT_H

#include "ops/rules.h"

/* One operand after transposition, with its missing axis added: [batch..., rows, columns]. */
typedef struct pj_matrix {
    int rank;  /* as given; -1: unknown */
    int batch; /* batch dimensions */
    pj_num dims[PJ_MAX_RANK];
    pj_num rows, columns;
} pj_matrix;

/* out[0] = in[a] @ in[b]. A turned operand has its rows on axis 0 and its batch after them. */
typedef struct pj_product {
    int a, b;
    bool trans_a, trans_b; /* rows and columns are exchanged */
    bool turn_a, turn_b;
} pj_product;

/* The product of those inputs, with the attributes transA, transB, transBatchA, transBatchB. */
pj_product pj_product_of(pj_ctx *c, int a, int b);

/* Reads input `i`; a vector is a row (left operand) or a column (right one). PJ_ESHAPE for a scalar. */
pj_status pj_matrix_read(pj_ctx *c, int i, bool left, bool transposed, bool turned, pj_matrix *out);

/* Sets output 0. PJ_ESHAPE: the inner extents differ, or the batches do not broadcast. */
pj_status pj_product_shape(pj_ctx *c, const pj_product *p, pj_dtype dtype);

/* Adds mac = output elements * inner extent, and sets the terms. */
pj_status pj_product_count(pj_ctx *c, pj_work *work, const pj_product *p);

#endif
