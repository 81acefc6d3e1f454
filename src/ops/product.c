/* Matrix products as NumPy's matmul defines them. */
#include "ops/product.h"

#include <string.h>

pj_product pj_product_of(pj_ctx *c, int a, int b)
{
    return (pj_product){
        .a = a,
        .b = b,
        .trans_a = pj_attr_int(c, "transA", 0) != 0,
        .trans_b = pj_attr_int(c, "transB", 0) != 0,
        .turn_a = pj_attr_int(c, "transBatchA", 0) != 0,
        .turn_b = pj_attr_int(c, "transBatchB", 0) != 0,
    };
}

pj_status pj_matrix_read(pj_ctx *c, int i, bool left, bool transposed, bool turned, pj_matrix *out)
{
    const pj_num *dims = pj_in_type(c, i)->dims;
    int rank = pj_in_rank(c, i);
    memset(out, 0, sizeof *out);
    out->rank = rank;
    out->rows = out->columns = pj_num_unknown();
    if (rank < 0)
        return PJ_OK;
    if (rank == 0)
        return pj_fail(c->err, PJ_ESHAPE, "operand %d is a scalar; a matrix product needs rank 1 or more", i);
    if (rank == 1) {
        out->rows = left ? pj_num_of(1) : dims[0];
        out->columns = left ? dims[0] : pj_num_of(1);
        return PJ_OK;
    }
    int row = turned ? 0 : rank - 2, column = rank - 1;
    out->batch = rank - 2;
    memcpy(out->dims, dims + (turned ? 1 : 0), (size_t)out->batch * sizeof *out->dims);
    out->rows = dims[transposed ? column : row];
    out->columns = dims[transposed ? row : column];
    return PJ_OK;
}

pj_status pj_product_shape(pj_ctx *c, const pj_product *p, pj_dtype dtype)
{
    pj_matrix a, b;
    pj_num dims[PJ_MAX_RANK + 2], inner;
    int rank;
    PJ_TRY(pj_matrix_read(c, p->a, true, p->trans_a, p->turn_a, &a));
    PJ_TRY(pj_matrix_read(c, p->b, false, p->trans_b, p->turn_b, &b));
    PJ_TRY(pj_same_dim(c, a.columns, b.rows, "the inner extents of the product", &inner));
    if (a.rank < 0 || b.rank < 0)
        return pj_set_dtype(c, 0, dtype);
    PJ_TRY(pj_broadcast(c, a.batch, a.dims, b.batch, b.dims, &rank, dims));
    if (a.rank > 1)
        dims[rank++] = a.rows;
    if (b.rank > 1)
        dims[rank++] = b.columns;
    return pj_set(c, 0, dtype, rank, dims);
}

pj_status pj_product_count(pj_ctx *c, pj_work *work, const pj_product *p)
{
    pj_matrix a;
    PJ_TRY(pj_matrix_read(c, p->a, true, p->trans_a, p->turn_a, &a));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, pj_out_count(c, 0), a.columns));
    work->terms = a.columns;
    return PJ_OK;
}
