/* Matrix products and contractions. */
#include <string.h>

#include "ops/families.h"
#include "ops/fused.h"
#include "ops/product.h"
#include "ops/rules.h"

#define MS "com.microsoft"

/* ---- NumPy's matmul ---- */

/* Without transpositions: the inputs are those of the operator. */
static const pj_product plain = {.a = 0, .b = 1}, quantized = {.a = 0, .b = 3};

static pj_status shape_matmul(pj_ctx *c)
{
    return pj_product_shape(c, &plain, pj_in_dtype(c, 0));
}

static pj_status work_matmul(pj_ctx *c, pj_work *work)
{
    return pj_product_count(c, work, &plain);
}

/* ---- integer products ---- */

static pj_status shape_matmul_integer(pj_ctx *c)
{
    return pj_product_shape(c, &plain, PJ_INT32);
}

/* Inputs a, scale, zero point, b, scale, zero point, scale, zero point of the output. */
static pj_status shape_qlinear_matmul(pj_ctx *c)
{
    return pj_product_shape(c, &quantized, pj_in_dtype(c, pj_has(c, 7) ? 7 : 0));
}

/* Product, then requantization of each output: one multiply, one add, one shift. */
static pj_status work_qlinear_matmul(pj_ctx *c, pj_work *work)
{
    pj_num outputs = pj_out_count(c, 0);
    PJ_TRY(pj_product_count(c, work, &plain));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SHIFT] = 1), outputs);
    return PJ_OK;
}

/* A float activation times int8 weights: inputs A, B, b_scale[, b_zero_point, bias]. */
static pj_status shape_dynamic_matmul(pj_ctx *c)
{
    return pj_product_shape(c, &plain, PJ_FLOAT32);
}

/* Quantizing A costs a comparison and a rounded product per element of A; the result one product (and a bias). */
static pj_status work_dynamic_matmul(pj_ctx *c, pj_work *work)
{
    pj_num inputs = pj_in_count(c, 0), outputs = pj_out_count(c, 0);
    PJ_TRY(pj_product_count(c, work, &plain));
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_MUL] = 1, [PJ_ROUND] = 1), inputs);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = pj_has(c, 4)), outputs);
    return PJ_OK;
}

/* Inputs A, B, a_scale, b_scale[, a_zero_point, b_zero_point, bias]; the output has the type of the scales. */
static pj_status shape_matmul_integer_to_float(pj_ctx *c)
{
    return pj_product_shape(c, &plain, pj_in_dtype(c, 2));
}

static pj_status work_matmul_integer_to_float(pj_ctx *c, pj_work *work)
{
    PJ_TRY(pj_product_count(c, work, &plain));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = pj_has(c, 6)), pj_out_count(c, 0));
    return PJ_OK;
}

/* ---- fused products of ONNX Runtime ---- */

static pj_status shape_fused_matmul(pj_ctx *c)
{
    pj_product p = pj_product_of(c, 0, 1);
    return pj_product_shape(c, &p, pj_in_dtype(c, 0));
}

/* alpha other than 1 multiplies each output. */
static pj_status work_fused_matmul(pj_ctx *c, pj_work *work)
{
    pj_product p = pj_product_of(c, 0, 1);
    PJ_TRY(pj_product_count(c, work, &p));
    if (pj_attr_float(c, "alpha", 1.0) != 1.0)
        pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* ---- Gemm ---- */

/* C must broadcast to [m, n], not the other way round. */
static pj_status check_addend(pj_ctx *c, int i, const pj_num *dims)
{
    pj_num joined[PJ_MAX_RANK], same;
    int rank;
    if (!pj_has(c, i) || pj_in_rank(c, i) < 0)
        return PJ_OK;
    PJ_TRY(pj_broadcast(c, 2, dims, pj_in_rank(c, i), pj_in_type(c, i)->dims, &rank, joined));
    if (rank != 2)
        return pj_fail(c->err, PJ_ESHAPE, "C has rank %d; it must broadcast to the product's rank 2", pj_in_rank(c, i));
    PJ_TRY(pj_same_dim(c, joined[0], dims[0], "rows of C against rows of the product", &same));
    return pj_same_dim(c, joined[1], dims[1], "columns of C against columns of the product", &same);
}

/* Operands of Gemm are matrices; Caffe2-era files give A of higher rank, flattened after its first axis. */
static pj_status read_gemm(pj_ctx *c, int i, bool left, bool transposed, pj_matrix *out)
{
    int rank = pj_in_rank(c, i);
    if (rank == 2 || rank < 0)
        return pj_matrix_read(c, i, left, transposed, false, out);
    if (rank < 2 || pj_node_opset(c) >= 7 || transposed)
        return pj_fail(c->err, PJ_ESHAPE, "operand %d of Gemm has rank %d; it must be a matrix", i, rank);
    memset(out, 0, sizeof *out);
    out->rank = 2;
    out->rows = pj_in_dim(c, i, 0);
    out->columns = pj_dims_product(c, pj_in_type(c, i)->dims, 1, rank);
    return PJ_OK;
}

static pj_status shape_gemm_typed(pj_ctx *c, int ib, int ic, pj_dtype dtype)
{
    pj_matrix a, b;
    pj_num dims[2], inner;
    PJ_TRY(read_gemm(c, 0, true, pj_attr_int(c, "transA", 0) != 0, &a));
    PJ_TRY(read_gemm(c, ib, false, pj_attr_int(c, "transB", 0) != 0, &b));
    PJ_TRY(pj_same_dim(c, a.columns, b.rows, "the inner extents of the product", &inner));
    dims[0] = a.rows;
    dims[1] = b.columns;
    PJ_TRY(check_addend(c, ic, dims));
    return pj_set(c, 0, dtype, 2, dims);
}

static pj_status shape_gemm(pj_ctx *c)
{
    return shape_gemm_typed(c, 1, 2, pj_in_dtype(c, 0));
}

/* mac = m*n*k; C adds one per output, alpha and beta other than 1 multiply one per output each. */
static pj_status count_gemm(pj_ctx *c, pj_work *work, int ic)
{
    pj_matrix a;
    pj_num outputs = pj_out_count(c, 0);
    PJ_TRY(read_gemm(c, 0, true, pj_attr_int(c, "transA", 0) != 0, &a));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, outputs, a.columns));
    work->terms = a.columns;
    if (pj_attr_float(c, "alpha", 1.0) != 1.0)
        pj_work_add(c, work, PJ_MUL, outputs);
    if (!pj_has(c, ic) || pj_attr_float(c, "beta", 1.0) == 0.0)
        return PJ_OK;
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_MUL] = pj_attr_float(c, "beta", 1.0) != 1.0), outputs);
    return PJ_OK;
}

static pj_status work_gemm(pj_ctx *c, pj_work *work)
{
    return count_gemm(c, work, 2);
}

static pj_status work_fused_gemm(pj_ctx *c, pj_work *work)
{
    PJ_TRY(count_gemm(c, work, 2));
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), pj_out_count(c, 0));
    return PJ_OK;
}

/* QGemm: A, scale, zero point, B, scale, zero point, C, scale and zero point of the output; float without the latter.
 */
static pj_status shape_qgemm(pj_ctx *c)
{
    return shape_gemm_typed(c, 3, 6, pj_has(c, 8) ? pj_in_dtype(c, 8) : PJ_FLOAT32);
}

static pj_status work_qgemm(pj_ctx *c, pj_work *work)
{
    pj_num outputs = pj_out_count(c, 0);
    pj_matrix a;
    PJ_TRY(read_gemm(c, 0, true, pj_attr_int(c, "transA", 0) != 0, &a));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, outputs, a.columns));
    work->terms = a.columns;
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = pj_has(c, 6) ? 2 : 1, [PJ_MUL] = 1, [PJ_SHIFT] = 1), outputs);
    return PJ_OK;
}

/* ---- square matrices ---- */

static pj_status check_square(pj_ctx *c)
{
    pj_num side;
    int rank = pj_in_rank(c, 0);
    if (rank < 0)
        return PJ_OK;
    if (rank < 2)
        return pj_fail(c->err, PJ_ESHAPE, "a matrix is needed, the input has rank %d", rank);
    return pj_same_dim(c, pj_in_dim(c, 0, -2), pj_in_dim(c, 0, -1), "rows and columns of a square matrix", &side);
}

static pj_status shape_det(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0);
    PJ_TRY(check_square(c));
    return pj_set(c, 0, pj_in_dtype(c, 0), rank < 0 ? -1 : rank - 2, pj_in_type(c, 0)->dims);
}

static pj_status shape_inverse(pj_ctx *c)
{
    PJ_TRY(check_square(c));
    return pj_set_same(c, 0, 0);
}

/* LU decomposition of n x n: n(n-1)(2n-1)/6 multiply-subtracts, n(n-1)/2 divisions; then n-1 products. */
static pj_status work_det(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num n = pj_in_dim(c, 0, -1), below = pj_num_max(s, pj_num_sub(s, n, pj_num_of(1)), pj_num_of(0));
    pj_num pairs = pj_num_mul(s, n, below), matrices = pj_out_count(c, 0);
    pj_num steps = pj_num_mul(s, pairs, pj_num_sub(s, pj_num_mul(s, pj_num_of(2), n), pj_num_of(1)));
    steps = pj_num_floor_div(s, steps, pj_num_of(6));
    pj_work_add(c, work, PJ_MUL, pj_num_mul(s, matrices, pj_num_add(s, steps, below)));
    pj_work_add(c, work, PJ_ADD, pj_num_mul(s, matrices, steps));
    pj_work_add(c, work, PJ_DIV, pj_num_mul(s, matrices, pj_num_floor_div(s, pairs, pj_num_of(2))));
    return PJ_OK;
}

/* Gauss-Jordan of n x n: n^3 multiply-subtracts and n divisions of rows by their pivot (n^2 products). */
static pj_status work_inverse(pj_ctx *c, pj_work *work)
{
    pj_num cells = pj_in_count(c, 0), n = pj_in_dim(c, 0, -1);
    pj_num cubes = pj_num_mul(c->symbols, cells, n);
    pj_work_add(c, work, PJ_MUL, pj_num_add(c->symbols, cubes, cells));
    pj_work_add(c, work, PJ_ADD, cubes);
    pj_work_add(c, work, PJ_DIV, pj_num_floor_div(c->symbols, cells, n));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "MatMul",                1,  "xw",        PJ_PRODUCT, shape_matmul,                  NULL, work_matmul        },
    {"", "MatMulInteger",         10, "xwzz",      PJ_PRODUCT, shape_matmul_integer,          NULL, work_matmul        },
    {"", "QLinearMatMul",         10, "xszwszsz",  PJ_PRODUCT, shape_qlinear_matmul,          NULL, work_qlinear_matmul},
    {"", "Gemm",                  1,  "xwb",       PJ_PRODUCT, shape_gemm,                    NULL, work_gemm          },
    {"", "Det",                   11, "x",         0,          shape_det,                     NULL, work_det           },
    {MS, "MatMulInteger16",       1,  "xw",        PJ_PRODUCT, shape_matmul_integer,          NULL, work_matmul        },
    {MS, "MatMulIntegerToFloat",  1,  "xwsszzb",   PJ_PRODUCT, shape_matmul_integer_to_float, NULL,
     work_matmul_integer_to_float                                                                                      },
    {MS, "DynamicQuantizeMatMul", 1,  "xwszb",     0,          shape_dynamic_matmul,          NULL, work_dynamic_matmul},
    {MS, "FusedMatMul",           1,  "xw",        PJ_PRODUCT, shape_fused_matmul,            NULL, work_fused_matmul  },
    {MS, "TransposeMatMul",       1,  "xw",        PJ_PRODUCT, shape_fused_matmul,            NULL, work_fused_matmul  },
    {MS, "FusedGemm",             1,  "xwb",       PJ_PRODUCT, shape_gemm,                    NULL, work_fused_gemm    },
    {MS, "QGemm",                 1,  "xszwszbsz", PJ_PRODUCT, shape_qgemm,                   NULL, work_qgemm         },
    {MS, "Inverse",               1,  "x",         0,          shape_inverse,                 NULL, work_inverse       },
};

PJ_FAMILY(matmul);
