/* Operators of ONNX Runtime around a matrix product that no other family has: fused with activations, with packed or
 * ordered weights, in attention and in word embeddings. */
#include <string.h>

#include "ops/attend.h"
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/product.h"
#include "ops/values.h"

#define MS "com.microsoft"

/* ---- float products with something after them ---- */

static pj_status shape_fused(pj_ctx *c)
{
    pj_product p = pj_product_of(c, 0, 1);
    return pj_product_shape(c, &p, pj_in_dtype(c, 0));
}

/* FusedMatMul (alpha other than 1: 1 mul per output), then the activation. */
static pj_status work_fused(pj_ctx *c, pj_work *work)
{
    pj_product p = pj_product_of(c, 0, 1);
    PJ_TRY(pj_product_count(c, work, &p));
    if (pj_attr_float(c, "alpha", 1.0) != 1.0)
        pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    pj_work_fused(c, work, pj_attr_string(c, "activation", ""), pj_out_count(c, 0));
    return PJ_OK;
}

/* x @ w [+ bias], then Gelu by tanh: no attributes */
static const pj_product plain = {.a = 0, .b = 1};

static pj_status shape_fast_gelu(pj_ctx *c)
{
    return pj_product_shape(c, &plain, pj_in_dtype(c, 0));
}

static pj_status work_fast_gelu(pj_ctx *c, pj_work *work)
{
    PJ_TRY(pj_product_count(c, work, &plain));
    pj_work_times(c, work, PJ_ADD, pj_has(c, 2), pj_out_count(c, 0));
    pj_work_each(c, work, pj_gelu_tanh, pj_out_count(c, 0));
    return PJ_OK;
}

/* A, B, C, scales of A, B and Y: [M, N] of the attribute's type, float32 without one */
static pj_status shape_gemm_fp8(pj_ctx *c)
{
    pj_product p = pj_product_of(c, 0, 1);
    for (int i = 0; i < 2; i++)
        if (pj_in_rank(c, i) >= 0 && pj_in_rank(c, i) != 2)
            return pj_fail(c->err, PJ_ESHAPE, "operand %d has rank %d; it must be a matrix", i, pj_in_rank(c, i));
    return pj_product_shape(c, &p, pj_attr_dtype(c, "dtype", PJ_FLOAT32));
}

/* mac = M*N*K; 1 mul per output for alpha and the scales of A and B together, 1 mul for the scale of Y; beta*C: 1 add,
 * and 1 mul for a beta other than 1 (its default is 0: no C); the activation (GELU: by tanh). */
static pj_status work_gemm_fp8(pj_ctx *c, pj_work *work)
{
    pj_product p = pj_product_of(c, 0, 1);
    pj_num n = pj_out_count(c, 0);
    double beta = pj_attr_float(c, "beta", 0.0);
    const char *activation = pj_attr_string(c, "activation", "NONE");
    PJ_TRY(pj_product_count(c, work, &p));
    bool scaled = pj_attr_float(c, "alpha", 1.0) != 1.0 || pj_has(c, 3) || pj_has(c, 4);
    pj_work_times(c, work, PJ_MUL, scaled + pj_has(c, 5), n);
    if (pj_has(c, 2) && beta != 0.0)
        pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_MUL] = beta != 1.0), n);
    if (strcmp(activation, "GELU") == 0)
        pj_work_each(c, work, pj_gelu_tanh, n);
    else
        pj_work_fused(c, work, activation, n);
    return PJ_OK;
}

/* A sparse, B dense, both matrices. How many elements A holds only the run knows. */
static pj_status shape_sparse(pj_ctx *c)
{
    pj_product p = pj_product_of(c, 0, 1);
    return pj_product_shape(c, &p, pj_in_dtype(c, 1));
}

/* ---- packed weights: x [..., K] times weights that hold K*N numbers ---- */

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
    pj_work_times(c, work, PJ_ADD, bias, outputs);
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1, [PJ_ADD] = offset), weights);
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

static pj_status shape_fp4(pj_ctx *c)
{
    return set_projection(c, 0, inner_fp4(c), pj_in_dim(c, 1, 0));
}

/* The scales of the blocks are converted and multiplied by that of all: 1 round, 1 mul each. */
static pj_status work_fp4(pj_ctx *c, pj_work *work)
{
    count_projection(c, work, 0, inner_fp4(c), pj_in_dim(c, 1, 0), false, pj_has(c, 5));
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 1, [PJ_MUL] = 1), pj_in_count(c, 2));
    return PJ_OK;
}

/* x, weights [N, K], scales of blocks, scale of x, bias */
static pj_status shape_fp8(pj_ctx *c)
{
    return set_projection(c, 0, pj_in_dim(c, 1, 1), pj_in_dim(c, 1, 0));
}

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

static pj_num attr_extent(pj_ctx *c, const char *name)
{
    return pj_num_of(pj_attr_int(c, name, 0));
}

/* x, skip, norm, (weights, scales, bias) of gate and up: [..., N], and x + skip */
static pj_status shape_mlp(pj_ctx *c)
{
    PJ_TRY(pj_set_same(c, 1, 0));
    return set_projection(c, 0, attr_extent(c, "K"), attr_extent(c, "N"));
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

/* ---- int8 matrices in cuBLASLt's orders: the order changes where an element is stored, not the shape ---- */

/* A, scale, B, scale, scale of Y, bias, C, scale */
static const pj_product ordered = {.a = 0, .b = 2};

static pj_status shape_q_matmul(pj_ctx *c)
{
    return pj_product_shape(c, &ordered, pj_in_dtype(c, 0));
}

/* mac; per output 1 mul (all scales in one) and 1 round; a bias 1 add; C 1 mul, 1 add. */
static pj_status work_q_matmul(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0);
    PJ_TRY(pj_product_count(c, work, &ordered));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1 + pj_has(c, 6), [PJ_ADD] = pj_has(c, 5) + pj_has(c, 6)), n);
    return pj_work_round1(c, work);
}

/* x [B, S, I], its scale, scales of q, k, v, weights [I, D] of each, their scales, biases, scales of the scores, the
 * softmax and the output, mask, past, score bias; a past is not supported by the operator. */
enum { Q_WEIGHT = 5, V_WEIGHT = 7, ORDERED_MASK = 17, SCORE_BIAS = 19 };

static pj_status shape_q_attention(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1), pj_in_dim(c, V_WEIGHT, 1)}, same;
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 3)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, not 3", pj_in_rank(c, 0));
    for (int i = Q_WEIGHT; i <= V_WEIGHT; i++)
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 2), pj_in_dim(c, i, 0), "the input size against the weights", &same));
    return pj_set(c, 0, pj_in_dtype(c, 0), 3, dims);
}

/* Projections: B*S*I mac per column of the weights; each result 1 add (bias), 1 mul, 1 round (to int8). Attention;
 * beside it, per score 3 mul and 3 round (the product to int8, to float for the softmax, whose result to int8), per
 * output 1 mul and 1 round. */
static pj_status work_q_attention(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num rows = pj_num_mul(s, pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1)), columns = pj_num_of(0);
    pj_attend a = {.batch = pj_in_dim(c, 0, 0), .queries = pj_in_dim(c, 0, 1), .keys = pj_in_dim(c, 0, 1)};
    a.heads = a.kv_heads = attr_extent(c, "num_heads");
    a.masks = (pj_has(c, ORDERED_MASK) || pj_attr_int(c, "unidirectional", 0) != 0) + pj_has(c, SCORE_BIAS);
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, Q_WEIGHT, 1), a.heads, &a.key_size));
    PJ_TRY(pj_attend_split(c, pj_in_dim(c, V_WEIGHT, 1), a.heads, &a.value_size));
    for (int i = Q_WEIGHT; i <= V_WEIGHT; i++)
        columns = pj_num_add(s, columns, pj_in_dim(c, i, 1));
    pj_num projected = pj_num_mul(s, rows, columns);
    pj_num scores = pj_num_mul(s, pj_num_of(3), pj_attend_scores(c, &a));
    pj_num scaled = pj_num_add(s, pj_num_add(s, projected, scores), pj_out_count(c, 0));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, projected, pj_in_dim(c, 0, 2)));
    pj_work_add(c, work, PJ_ADD, projected);
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ROUND] = 1), scaled);
    work->terms = pj_in_dim(c, 0, 2);
    pj_attend_count(c, work, &a);
    return PJ_OK;
}

/* ---- WordConvEmbedding: characters [words, length], weights [M, 1, k, E], bias [M], table [characters, E] ---- */

static pj_status shape_word_conv(pj_ctx *c)
{
    pj_num dims[] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0)}, size;
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, 3), pj_in_dim(c, 3, 1), "the last axis of the weights against the table",
                       &size));
    return pj_set(c, 0, pj_in_dtype(c, 1), 2, dims);
}

/* The kernel slides over length - k + 1 places of each word: k*E mac, 1 add (bias), 1 tanh per place and filter, then
 * the maximum of the places, 1 cmp less than there are. Words are counted in full length. */
static pj_status work_word_conv(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num outputs = pj_out_count(c, 0), before = pj_num_sub(s, pj_in_dim(c, 0, 1), pj_in_dim(c, 1, 2));
    before = pj_num_max(s, before, pj_num_of(0)); /* shorter words are filled up */
    pj_num values = pj_num_mul(s, outputs, pj_num_add(s, before, pj_num_of(1)));
    work->terms = pj_num_mul(s, pj_in_dim(c, 1, 2), pj_in_dim(c, 1, 3));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(s, values, work->terms));
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_TANH] = 1), values);
    pj_work_add(c, work, PJ_CMP, pj_num_mul(s, outputs, before));
    work->read[3] = pj_num_mul(s, pj_in_count(c, 0), pj_in_dim(c, 3, 1));
    return PJ_OK;
}

#define Q_ATTENTION "xsssswwwsssbbbsssixx"
#define LONGFORMER  "xswsbssiwsbsis"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {MS, "FusedMatMulActivation",         1, "xw",           PJ_PRODUCT,   shape_fused,       NULL, work_fused      },
    {MS, "GemmFastGelu",                  1, "xwb",          0,            shape_fast_gelu,   NULL, work_fast_gelu  },
    {MS, "GemmFloat8",                    1, "xwbsss",       0,            shape_gemm_fp8,    NULL, work_gemm_fp8   },
    {MS, "SparseToDenseMatMul",           1, "wx",           PJ_OPAQUE_OP, shape_sparse,      NULL, NULL            },
    {MS, "MatMulFpQ4",                    1, "xwc",          0,            shape_fpq4,        NULL, work_fpq4       },
    {MS, "MatMulBlockQuantizedFp4Weight", 1, "xwsssb",       0,            shape_fp4,         NULL, work_fp4        },
    {MS, "MatMulBlockQuantizedFp8Weight", 1, "xwssb",        0,            shape_fp8,         NULL, work_fp8        },
    {MS, "MatMulNBitsMlp",                1, "xxpwsbwsb",    0,            shape_mlp,         NULL, work_mlp        },
    {MS, "MatMulNBitsQkv",                1, "xxpwsbwsbwsb", 0,            shape_qkv,         NULL, work_qkv        },
    {MS, "QOrderedMatMul",                1, "xswssbxs",     0,            shape_q_matmul,    NULL, work_q_matmul   },
    {MS, "QOrderedAttention",             1, Q_ATTENTION,    0,            shape_q_attention, NULL, work_q_attention},
    {MS, "QOrderedLongformerAttention",   1, LONGFORMER,     PJ_OPAQUE_OP, pj_shape_same,     NULL, NULL            },
    {MS, "WordConvEmbedding",             1, "iwbp",         0,            shape_word_conv,   NULL, work_word_conv  },
};

PJ_FAMILY(contrib_product);
