/* Matrix products whose weights are packed into bytes, and dequantized for each run. */
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/loops.h"

#define MS "com.microsoft"

/* Vocabulary: x [..., K] times weights that hold K*N numbers */
static pj_num attr_extent(pj_ctx *c, const char *name)
{
    return pj_num_of(pj_attr_int(c, name, 0));
}

/* Output `o` is [..., n], the input's last axis being k. */
static pj_status set_projection(pj_ctx *c, int o, pj_num k, pj_num n)
{
    int rank = pj_in_rank(c, 0);
    pj_num dims[PJ_MAX_RANK], inner;
    if (rank < 0)
        return pj_set_dtype(c, o, pj_in_dtype(c, 0));
    if (rank == 0)
        return pj_fail(c->err, PJ_ESHAPE, "operand 0 is a scalar; a matrix product needs rank 1 or more");
    memcpy(dims, pj_in_type(c, 0)->dims, (size_t)rank * sizeof *dims);
    PJ_TRY(pj_same_dim(c, dims[rank - 1], k, "the inner extents of the product", &inner));
    dims[rank - 1] = n;
    return pj_set(c, o, pj_in_dtype(c, 0), rank, dims);
}

/* Into output `o`: mac = output elements * k; 1 add per output for a bias. Each of the k*n weights is dequantized
 * once: 1 round, 1 mul, and 1 add where it has an offset. */
static void count_projection(pj_ctx *c, pj_work *work, int o, pj_num k, pj_num n, bool offset, bool bias)
{
    pj_num outputs = pj_out_count(c, o), weights = pj_num_mul(c->symbols, k, n);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, outputs, k));
    work->terms = k;
    pj_loops_product(work, 0, pj_role_in(c, 'w'), pj_num_of(1), pj_num_floor_div(c->symbols, outputs, n), n, k);
    pj_work_times(c, work, PJ_ADD, bias, outputs);
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1, [PJ_ADD] = offset), weights);
}

/* Without zero points the weights are offset by 2^(bits - 1), so there is always one. */
PJ_SHAPE(nbits, set_projection(c, 0, attr_extent(c, "K"), attr_extent(c, "N")))
PJ_WORK(nbits, count_projection(c, work, 0, attr_extent(c, "K"), attr_extent(c, "N"), true, pj_has(c, 5)))

/* Inner and outer extent: the weights are transposed, unless an attribute says that they are not. */
static void read_bnb4(pj_ctx *c, pj_num *k, pj_num *n)
{
    bool transposed = pj_attr_int(c, "transB", 1) != 0;
    *k = attr_extent(c, transposed ? "K" : "N");
    *n = attr_extent(c, transposed ? "N" : "K");
}

static pj_status shape_bnb4(pj_ctx *c)
{
    pj_num k, n;
    read_bnb4(c, &k, &n);
    return set_projection(c, 0, k, n);
}

static pj_status work_bnb4(pj_ctx *c, pj_work *work)
{
    pj_num k, n;
    read_bnb4(c, &k, &n);
    count_projection(c, work, 0, k, n, false, false);
    return PJ_OK;
}

/* x, blob, shape of the weights [K, N] */
static pj_status read_fpq4(pj_ctx *c, pj_num *k, pj_num *n)
{
    pj_list shape;
    PJ_TRY(pj_list_of(c, NULL, 2, &shape));
    if (shape.known && shape.count != 2)
        return pj_fail(c->err, PJ_ESHAPE, "B_shape lists %d numbers, not 2", shape.count);
    *k = shape.known ? shape.num[0] : pj_num_unknown();
    *n = shape.known ? shape.num[1] : pj_num_unknown();
    return PJ_OK;
}

static pj_status shape_fpq4(pj_ctx *c)
{
    pj_num k, n;
    PJ_TRY(read_fpq4(c, &k, &n));
    return set_projection(c, 0, k, n);
}

/* Weights without offset are stored as if it were 8, so there is always one. */
static pj_status work_fpq4(pj_ctx *c, pj_work *work)
{
    pj_num k, n;
    PJ_TRY(read_fpq4(c, &k, &n));
    count_projection(c, work, 0, k, n, true, false);
    return PJ_OK;
}

/* x, weights [N, K/2] (two in a byte), scales of blocks [N, blocks], scale of all, scale of x, bias. The scale of x is
 * for another arithmetic and not used. */
static pj_num inner_fp4(pj_ctx *c)
{
    return pj_num_mul(c->symbols, pj_num_of(2), pj_in_dim(c, 1, 1));
}

PJ_SHAPE(fp4, set_projection(c, 0, inner_fp4(c), pj_in_dim(c, 1, 0)))

/* The scales of the blocks are converted and multiplied by that of all: 1 round, 1 mul each. */
static pj_status work_fp4(pj_ctx *c, pj_work *work)
{
    count_projection(c, work, 0, inner_fp4(c), pj_in_dim(c, 1, 0), false, pj_has(c, 5));
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1), pj_in_count(c, 2));
    return PJ_OK;
}

/* x, weights [N, K], scales of blocks, scale of x, bias */
PJ_SHAPE(fp8, set_projection(c, 0, pj_in_dim(c, 1, 1), pj_in_dim(c, 1, 0)))

/* With a scale of x, x is rounded to 8 bits and back: 2 mul, 1 round per element. */
static pj_status work_fp8(pj_ctx *c, pj_work *work)
{
    count_projection(c, work, 0, pj_in_dim(c, 1, 1), pj_in_dim(c, 1, 0), false, pj_has(c, 4));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2 * pj_has(c, 3), [PJ_ROUND] = pj_has(c, 3)), pj_in_count(c, 0));
    return PJ_OK;
}

/* What precedes the packed projections, where it is there: x + skip, 1 add per element; RMS normalization over K, per
 * element 3 mul (square, normalize, scale) and 1 add (sum), per row 1 mul (mean), 1 add (epsilon), 1 sqrt, 1 div. */
static void count_normalized(pj_ctx *c, pj_work *work, pj_num k)
{
    pj_num n = pj_in_count(c, 0);
    pj_work_times(c, work, PJ_ADD, pj_has(c, 1), n);
    if (pj_has(c, 2)) {
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3, [PJ_ADD] = 1), n);
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_SQRT] = 1, [PJ_DIV] = 1),
                     pj_num_floor_div(c->symbols, n, k));
    }
}

/* x, skip, norm, (weights, scales, bias) of gate and up: [..., N], and x + skip */
static pj_status shape_mlp(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 0));
    return shape_nbits(c);
}

/* Two projections of 4-bit weights, offset by 8, then activation(gate) * up: 1 mul per output. */
static pj_status work_mlp(pj_ctx *c, pj_work *work)
{
    pj_num k = attr_extent(c, "K"), n = attr_extent(c, "N");
    count_normalized(c, work, k);
    count_projection(c, work, 0, k, n, true, pj_has(c, 5));
    count_projection(c, work, 0, k, n, true, pj_has(c, 8));
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), pj_out_count(c, 0));
    return pj_work_mul1(c, work);
}

/* x, skip, norm, (weights, scales, bias) of Q, K and V: [..., Nq], [..., Nkv] twice, and x + skip */
static pj_status shape_qkv(pj_ctx *c)
{
    for (int o = 0; o < 3; o++)
        PJ_TRY(set_projection(c, o, attr_extent(c, "K"), attr_extent(c, o ? "Nkv" : "Nq")));
    return pj_set_same(c, 3, 0);
}

static pj_status work_qkv(pj_ctx *c, pj_work *work)
{
    pj_num k = attr_extent(c, "K");
    count_normalized(c, work, k);
    for (int o = 0; o < 3; o++)
        count_projection(c, work, o, k, attr_extent(c, o ? "Nkv" : "Nq"), true, pj_has(c, 5 + 3 * o));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "MatMulNBits",                   1, "xwszib",       0, shape_nbits, NULL, work_nbits},
    {MS, "MatMulBnb4",                    1, "xws",          0, shape_bnb4,  NULL, work_bnb4 },
    {MS, "MatMulFpQ4",                    1, "xwc",          0, shape_fpq4,  NULL, work_fpq4 },
    {MS, "MatMulBlockQuantizedFp4Weight", 1, "xwsssb",       0, shape_fp4,   NULL, work_fp4  },
    {MS, "MatMulBlockQuantizedFp8Weight", 1, "xwssb",        0, shape_fp8,   NULL, work_fp8  },
    {MS, "MatMulNBitsMlp",                1, "xxpwsbwsb",    0, shape_mlp,   NULL, work_mlp  },
    {MS, "MatMulNBitsQkv",                1, "xxpwsbwsbwsb", 0, shape_qkv,   NULL, work_qkv  },
};

PJ_FAMILY(packed);
