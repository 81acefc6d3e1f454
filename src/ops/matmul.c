/* Matrix products and contractions. */
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/loops.h"

#define MS "com.microsoft"

/* One operand after transposition, with its missing axis added: [batch..., rows, columns]. */
typedef struct matrix {
    int rank;  /* as given; -1: unknown */
    int batch; /* batch dimensions */
    pj_num dims[PJ_MAX_RANK];
    pj_num rows, columns;
} matrix;

/* A vector is a row (left operand) or a column (right one). A turned operand has its rows on axis 0, its batch after
 * them. */
static pj_status read_matrix(pj_ctx *c, int i, bool left, bool transposed, bool turned, matrix *out)
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

/* The operands: activation and weight of the row, whichever is first being the left one; with transA, transB: rows and
 * columns are exchanged; transBatchA, transBatchB: turned. */
static pj_status read_product(pj_ctx *c, matrix *a, matrix *b)
{
    int x = pj_role_in(c, 'x'), w = pj_role_in(c, 'w'), left = x < w ? x : w, right = x < w ? w : x;
    bool turn_a = pj_attr_int(c, "transBatchA", 0) != 0, turn_b = pj_attr_int(c, "transBatchB", 0) != 0;
    PJ_TRY(read_matrix(c, left, true, pj_attr_int(c, "transA", 0) != 0, turn_a, a));
    return read_matrix(c, right, false, pj_attr_int(c, "transB", 0) != 0, turn_b, b);
}

static pj_status shape_typed(pj_ctx *c, pj_dtype dtype)
{
    matrix a, b;
    pj_num dims[PJ_MAX_RANK + 2], inner;
    int rank;
    PJ_TRY(read_product(c, &a, &b));
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

PJ_SHAPE(matmul, shape_typed(c, pj_in_dtype(c, 0)))

static bool is_one_matrix(const matrix *m)
{
    bool one = m->rank >= 0;
    for (int k = 0; k < m->batch; k++)
        one = one && pj_num_is(m->dims[k], 1);
    return one;
}

/* The constant operand is the weight: transposed, a product is as good. One matrix serves all products of the other. */
static void tell_loops(pj_ctx *c, pj_work *work, const matrix *a, const matrix *b)
{
    int x = pj_role_in(c, 'x'), w = pj_role_in(c, 'w'), left = x < w ? x : w, right = x < w ? w : x;
    bool turned = pj_in_constant(c, left) && !pj_in_constant(c, right);
    const matrix *weight = turned ? a : b;
    pj_num m = turned ? b->columns : a->rows, n = turned ? a->rows : b->columns;
    pj_num rows = pj_num_floor_div(c->symbols, pj_out_count(c, 0), n), one = pj_num_of(1);
    bool shared = is_one_matrix(weight);
    pj_num groups = shared ? one : pj_num_floor_div(c->symbols, rows, m);
    pj_loops_product(work, turned ? right : left, turned ? left : right, groups, shared ? rows : m, n, a->columns);
}

/* mac = output elements * inner extent */
static void count_macs(pj_ctx *c, pj_work *work, const matrix *a, const matrix *b)
{
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, pj_out_count(c, 0), a->columns));
    work->terms = a->columns;
    tell_loops(c, work, a, b);
}

/* Besides, per output: 1 mul for an alpha other than 1, 1 add for a bias; and the activation. */
static pj_status work_matmul(pj_ctx *c, pj_work *work)
{
    matrix a, b;
    pj_num n = pj_out_count(c, 0);
    bool scaled = pj_attr_float(c, "alpha", 1.0) != 1.0;
    PJ_TRY(read_product(c, &a, &b));
    count_macs(c, work, &a, &b);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = scaled, [PJ_ADD] = pj_has(c, pj_role_in(c, 'b'))), n);
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), n);
    return PJ_OK;
}

/* x @ w [+ bias], then Gelu by tanh */
static pj_status work_fast_gelu(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, pj_gelu_tanh, pj_out_count(c, 0));
    return work_matmul(c, work);
}

/* A sparse, B dense, both matrices. How many elements A holds only the run knows. */
PJ_SHAPE(sparse, shape_typed(c, pj_in_dtype(c, 1)))

PJ_SHAPE(matmul_integer, shape_typed(c, PJ_INT32))

/* Inputs a, scale, zero point, b, scale, zero point, scale, zero point of the output. */
PJ_SHAPE(qlinear_matmul, shape_typed(c, pj_in_dtype(c, pj_has(c, 7) ? 7 : 0)))

/* Product, then requantization of each output: one multiply, one add, one shift. */
static pj_status work_qlinear_matmul(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SHIFT] = 1), pj_out_count(c, 0));
    return work_matmul(c, work);
}

/* A float activation times int8 weights: inputs A, B, b_scale[, b_zero_point, bias]. */
PJ_SHAPE(dynamic_matmul, shape_typed(c, PJ_FLOAT32))

/* Inputs A, B, a_scale, b_scale[, a_zero_point, b_zero_point, bias]; the output has the type of the scales. */
PJ_SHAPE(matmul_integer_to_float, shape_typed(c, pj_in_dtype(c, 2)))

/* By the scales: 1 mul per output. */
static pj_status work_matmul_integer_to_float(pj_ctx *c, pj_work *work)
{
    pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return work_matmul(c, work);
}

/* Besides, quantizing A costs a comparison and a rounded product per element of A. */
static pj_status work_dynamic_matmul(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_MUL] = 1, [PJ_ROUND] = 1), pj_in_count(c, 0));
    return work_matmul_integer_to_float(c, work);
}

/* int8 matrices in cuBLASLt's orders, which change where an element is stored, not the shape: A, scale, B, scale, scale
 * of Y, bias, C, scale. Per output 1 mul (all scales in one), 1 round; C 1 mul, 1 add. */
static pj_status work_q_matmul(pj_ctx *c, pj_work *work)
{
    bool addend = pj_has(c, 6);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1 + addend, [PJ_ADD] = addend, [PJ_ROUND] = 1), pj_out_count(c, 0));
    return work_matmul(c, work);
}

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
static pj_status read_gemm(pj_ctx *c, int i, bool left, bool transposed, matrix *out)
{
    int rank = pj_in_rank(c, i);
    if (rank == 2 || rank < 0)
        return read_matrix(c, i, left, transposed, false, out);
    if (rank < 2 || pj_node_opset(c) >= 7 || transposed)
        return pj_fail(c->err, PJ_ESHAPE, "operand %d of Gemm has rank %d; it must be a matrix", i, rank);
    memset(out, 0, sizeof *out);
    out->rank = 2;
    out->rows = pj_in_dim(c, i, 0);
    out->columns = pj_dims_product(c, pj_in_type(c, i)->dims, 1, rank);
    return PJ_OK;
}

static pj_status read_gemm_pair(pj_ctx *c, matrix *a, matrix *b)
{
    PJ_TRY(read_gemm(c, 0, true, pj_attr_int(c, "transA", 0) != 0, a));
    return read_gemm(c, pj_role_in(c, 'w'), false, pj_attr_int(c, "transB", 0) != 0, b);
}

static pj_status shape_gemm_typed(pj_ctx *c, pj_dtype dtype)
{
    matrix a, b;
    pj_num inner;
    PJ_TRY(read_gemm_pair(c, &a, &b));
    PJ_TRY(pj_same_dim(c, a.columns, b.rows, "the inner extents of the product", &inner));
    pj_num dims[] = {a.rows, b.columns};
    PJ_TRY(check_addend(c, pj_role_in(c, 'b'), dims));
    return pj_set(c, 0, dtype, 2, dims);
}

PJ_SHAPE(gemm, shape_gemm_typed(c, pj_in_dtype(c, 0)))

/* C adds one per output; `scaled` products (alpha other than 1) and a beta other than 1 multiply one per output each.
 */
static void count_affine(pj_ctx *c, pj_work *work, bool scaled, double beta)
{
    bool addend = pj_has(c, 2) && beta != 0.0;
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = scaled + (addend && beta != 1.0), [PJ_ADD] = addend), pj_out_count(c, 0));
}

/* mac = m*n*k; C and the factors; the activation of a fused one. */
static pj_status work_gemm(pj_ctx *c, pj_work *work)
{
    matrix a, b;
    PJ_TRY(read_gemm_pair(c, &a, &b));
    count_macs(c, work, &a, &b);
    count_affine(c, work, pj_attr_float(c, "alpha", 1.0) != 1.0, pj_attr_float(c, "beta", 1.0));
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), pj_out_count(c, 0));
    return PJ_OK;
}

/* QGemm: A, scale, zero point, B, scale, zero point, C, scale and zero point of the output; float without the latter.
 */
PJ_SHAPE(qgemm, shape_gemm_typed(c, pj_has(c, 8) ? pj_in_dtype(c, 8) : PJ_FLOAT32))

static pj_status work_qgemm(pj_ctx *c, pj_work *work)
{
    matrix a, b;
    PJ_TRY(read_gemm_pair(c, &a, &b));
    count_macs(c, work, &a, &b);
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1 + pj_has(c, 6), [PJ_MUL] = 1, [PJ_SHIFT] = 1), pj_out_count(c, 0));
    return PJ_OK;
}

static pj_status check_matrix(pj_ctx *c, int i)
{
    if (pj_in_rank(c, i) >= 0 && pj_in_rank(c, i) != 2)
        return pj_fail(c->err, PJ_ESHAPE, "operand %d has rank %d; it must be a matrix", i, pj_in_rank(c, i));
    return PJ_OK;
}

/* A, B, C, scales of A, B and Y: [M, N] of the attribute's type, float32 without one */
static pj_status shape_gemm_fp8(pj_ctx *c)
{
    for (int i = 0; i < 2; i++)
        PJ_TRY(check_matrix(c, i));
    return shape_typed(c, pj_attr_dtype(c, "dtype", PJ_FLOAT32));
}

/* mac = M*N*K; 1 mul per output for alpha and the scales of A and B together, 1 mul for the scale of Y; beta*C, whose
 * default is 0: no C; the activation (GELU: by tanh). */
static pj_status work_gemm_fp8(pj_ctx *c, pj_work *work)
{
    matrix a, b;
    pj_num n = pj_out_count(c, 0);
    const char *activation = pj_attr_string(c, "activation", "NONE");
    PJ_TRY(read_product(c, &a, &b));
    count_macs(c, work, &a, &b);
    count_affine(c, work, pj_attr_float(c, "alpha", 1.0) != 1.0 || pj_has(c, 3) || pj_has(c, 4),
                 pj_attr_float(c, "beta", 0.0));
    pj_work_times(c, work, PJ_MUL, pj_has(c, 5), n);
    if (strcmp(activation, "GELU") == 0)
        pj_work_each(c, work, pj_gelu_tanh, n);
    else
        pj_work_fused(c, work, activation, n);
    return PJ_OK;
}

/* a [M, N], b [K, N]: the distance of each row of a from each row of b */
static pj_status shape_cdist(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0)}, same;
    for (int i = 0; i < 2; i++)
        PJ_TRY(check_matrix(c, i));
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 1), pj_in_dim(c, 1, 1), "the columns of the inputs", &same));
    return pj_set(c, 0, pj_in_dtype(c, 0), 2, dims);
}

/* Per pair of rows: N differences (add), squares (mul), sums (add); euclidean 1 sqrt. ONNX Runtime has no other metric
 * than these two. */
static pj_status work_cdist(pj_ctx *c, pj_work *work)
{
    const char *metric = pj_attr_string(c, "metric", "sqeuclidean");
    pj_num pairs = pj_out_count(c, 0), terms = pj_num_mul(c->symbols, pairs, pj_in_dim(c, 0, 1));
    bool squared = strcmp(metric, "sqeuclidean") == 0;
    if (!squared && strcmp(metric, "euclidean") != 0)
        terms = pj_num_unknown();
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2), terms);
    pj_work_times(c, work, PJ_SQRT, !squared, pairs);
    return PJ_OK;
}

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
    {"", "MatMul",                1,  "xw",        PJ_PRODUCT,           shape_matmul,                  NULL, work_matmul        },
    {"", "MatMulInteger",         10, "xwzz",      PJ_PRODUCT,           shape_matmul_integer,          NULL, work_matmul        },
    {"", "QLinearMatMul",         10, "xszwszsz",  PJ_PRODUCT | PJ_WIDE, shape_qlinear_matmul,          NULL, work_qlinear_matmul},
    {"", "Gemm",                  1,  "xwb",       PJ_PRODUCT,           shape_gemm,                    NULL, work_gemm          },
    {"", "Det",                   11, "x",         PJ_WIDE,              shape_det,                     NULL, work_det           },
    {MS, "MatMulInteger16",       1,  "xw",        PJ_PRODUCT,           shape_matmul_integer,          NULL, work_matmul        },
    {MS, "MatMulIntegerToFloat",  1,  "xwsszzb",   PJ_PRODUCT,           shape_matmul_integer_to_float, NULL,
     work_matmul_integer_to_float                                                                                                },
    {MS, "DynamicQuantizeMatMul", 1,  "xwszb",     0,                    shape_dynamic_matmul,          NULL, work_dynamic_matmul},
    {MS, "FusedMatMul",           1,  "xw",        PJ_PRODUCT,           shape_matmul,                  NULL, work_matmul        },
    {MS, "TransposeMatMul",       1,  "xw",        PJ_PRODUCT,           shape_matmul,                  NULL, work_matmul        },
    {MS, "FusedGemm",             1,  "xwb",       PJ_PRODUCT,           shape_gemm,                    NULL, work_gemm          },
    {MS, "QGemm",                 1,  "xszwszbsz", PJ_PRODUCT,           shape_qgemm,                   NULL, work_qgemm         },
    {MS, "Inverse",               1,  "x",         0,                    shape_inverse,                 NULL, work_inverse       },
    {MS, "FusedMatMulActivation", 1,  "xw",        PJ_PRODUCT,           shape_matmul,                  NULL, work_matmul        },
    {MS, "GemmFastGelu",          1,  "xwb",       0,                    shape_matmul,                  NULL, work_fast_gelu     },
    {MS, "GemmFloat8",            1,  "xwbsss",    0,                    shape_gemm_fp8,                NULL, work_gemm_fp8      },
    {MS, "SparseToDenseMatMul",   1,  "wx",        PJ_OPAQUE_OP,         shape_sparse,                  NULL, NULL               },
    {MS, "QOrderedMatMul",        1,  "xswssbxs",  0,                    shape_matmul,                  NULL, work_q_matmul      },
    {MS, "CDist",                 1,  "xx",        0,                    shape_cdist,                   NULL, work_cdist         },
};

PJ_FAMILY(matmul);
