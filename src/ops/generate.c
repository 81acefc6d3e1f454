/* Tensors from nothing: constants, ranges, random numbers, windows. */
#include "ops/families.h"
#include "ops/values.h"

#define MS "com.microsoft"

/* The attribute that holds the constant; NULL: none. */
static const pj_attr *constant_attr(const pj_ctx *c)
{
    static const char *const names[] = {"value",     "sparse_value", "value_float",  "value_floats",
                                        "value_int", "value_ints",   "value_string", "value_strings"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (pj_attr_present(c, names[k]))
            return pj_node_attr(c->node, names[k]);
    return NULL;
}

static pj_status set_tensor(pj_ctx *c, const pj_tensor *tensor)
{
    pj_num dims[PJ_MAX_RANK];
    if (tensor->rank > PJ_MAX_RANK)
        return pj_fail(c->err, PJ_ELIMIT, "the constant has rank %d; at most %d is accepted", tensor->rank,
                       PJ_MAX_RANK);
    for (int k = 0; k < tensor->rank; k++)
        dims[k] = pj_num_of(tensor->dims[k]);
    return pj_set(c, 0, tensor->dtype, tensor->rank, dims);
}

static pj_status shape_constant(pj_ctx *c)
{
    const pj_attr *attr = constant_attr(c);
    pj_num count = pj_num_of(attr ? attr->count : 0);
    if (!attr)
        return pj_fail(c->err, PJ_ESHAPE,
                       "the constant has no value: none of the attributes value, sparse_value, "
                       "value_int(s), value_float(s), value_string(s) is there");
    switch ((int)attr->kind) {
    case PJ_ATTR_TENSOR:
    case PJ_ATTR_SPARSE_TENSOR:
        return set_tensor(c, attr->tensor);
    case PJ_ATTR_INT:
        return pj_set_scalar(c, 0, PJ_INT64);
    case PJ_ATTR_FLOAT:
        return pj_set_scalar(c, 0, PJ_FLOAT32);
    case PJ_ATTR_STRING:
        return pj_set_scalar(c, 0, PJ_STRING);
    case PJ_ATTR_INTS:
        return pj_set_1d(c, 0, PJ_INT64, count);
    case PJ_ATTR_FLOATS:
        return pj_set_1d(c, 0, PJ_FLOAT32, count);
    case PJ_ATTR_STRINGS:
        return pj_set_1d(c, 0, PJ_STRING, count);
    default:
        return pj_fail(c->err, PJ_ESHAPE, "attribute '%s' holds no tensor, number or text", attr->name);
    }
}

static pj_status value_constant(pj_ctx *c)
{
    const pj_attr *attr = constant_attr(c);
    pj_num one;
    if (attr->kind == PJ_ATTR_TENSOR && attr->tensor->data)
        return pj_set_data(c, 0, attr->tensor->data, attr->tensor->count);
    if (attr->kind == PJ_ATTR_INT || attr->kind == PJ_ATTR_FLOAT) {
        one = attr->kind == PJ_ATTR_INT ? pj_num_of(attr->i) : pj_num_of_real((double)attr->f);
        return pj_set_data(c, 0, &one, 1);
    }
    if ((attr->kind != PJ_ATTR_INTS && attr->kind != PJ_ATTR_FLOATS) || attr->count > PJ_MAX_VALUE_ELEMENTS)
        return PJ_OK;
    pj_num *nums = PJ_NEW(c->arena, pj_num, attr->count);
    PJ_TRY(pj_got(nums, c->err));
    for (int k = 0; k < attr->count; k++)
        nums[k] = attr->kind == PJ_ATTR_INTS ? pj_num_of(attr->ints[k]) : pj_num_of_real((double)attr->floats[k]);
    return pj_set_data(c, 0, nums, attr->count);
}

/* Fails where a size is provably negative. */
static pj_status check_size(pj_ctx *c, pj_num size, const char *what)
{
    if (pj_num_known(size) && size.whole < 0)
        return pj_fail(c->err, PJ_ESHAPE, "%s is %lld, which is less than 0", what, (long long)size.whole);
    return PJ_OK;
}

static pj_status shape_constant_of_shape(pj_ctx *c)
{
    const pj_tensor *value = pj_attr_tensor(c, "value");
    pj_dtype dtype = value ? value->dtype : PJ_FLOAT32;
    pj_list dims;
    PJ_TRY(pj_list_of(c, NULL, 0, &dims));
    if (!dims.known)
        return pj_set_dtype(c, 0, dtype);
    for (int k = 0; k < dims.count; k++)
        PJ_TRY(check_size(c, dims.num[k], "a dimension of the shape"));
    return pj_set(c, 0, dtype, dims.count, dims.num);
}

/* Fills a small output 0 with one number. Floats are not kept where they are as many as weights are. */
static pj_status fill(pj_ctx *c, pj_num element)
{
    pj_value *out = pj_out(c, 0);
    pj_grid grid;
    if (!out || !pj_grid_of(&grid, out->type.rank, out->type.dims) || pj_num_is_unknown(element) ||
        (pj_num_is_real(element) && grid.count > PJ_MAX_SCALE_ELEMENTS))
        return PJ_OK;
    pj_num *nums = PJ_NEW(c->arena, pj_num, grid.count);
    PJ_TRY(pj_got(nums, c->err));
    for (int64_t k = 0; k < grid.count; k++)
        nums[k] = element;
    out->data = nums;
    out->data_count = grid.count;
    return PJ_OK;
}

static pj_status value_constant_of_shape(pj_ctx *c)
{
    const pj_tensor *value = pj_attr_tensor(c, "value");
    if (!value)
        return fill(c, pj_num_of_real(0));
    return value->data && value->count == 1 ? fill(c, value->data[0]) : PJ_OK;
}

/* The step; com.microsoft's Range may leave it out. */
static pj_num range_step(const pj_ctx *c)
{
    return pj_has(c, 2) ? pj_in_scalar(c, 2) : pj_num_of(1);
}

/* max(0, ceil((limit - start) / step)). The difference of floats is taken in their type, the quotient
 * in double, as ONNX Runtime does. */
static pj_status shape_range(pj_ctx *c)
{
    pj_dtype dtype = pj_in_dtype(c, 0);
    pj_num step = range_step(c);
    if (pj_num_equal(step, pj_num_of(0)))
        return pj_fail(c->err, PJ_ESHAPE, "the step of the range is 0");
    pj_num length = pj_num_sub(c->symbols, pj_in_scalar(c, 1), pj_in_scalar(c, 0));
    if (pj_dtype_is_float(dtype))
        length = pj_value_fit(dtype, length);
    pj_num count = pj_num_ceil(c->symbols, pj_num_ceil_div(c->symbols, length, step));
    if (pj_num_is_real(count)) /* infinite, or past 64 bits */
        count = pj_num_unknown();
    return pj_set_1d(c, 0, dtype, pj_num_max(c->symbols, pj_num_of(0), count));
}

static pj_status value_range(pj_ctx *c)
{
    const pj_value *out = pj_out(c, 0);
    pj_num start = pj_in_scalar(c, 0), step = range_step(c);
    pj_grid grid;
    if (!out || !pj_grid_of(&grid, out->type.rank, out->type.dims))
        return PJ_OK;
    pj_num *nums = PJ_NEW(c->arena, pj_num, grid.count);
    PJ_TRY(pj_got(nums, c->err));
    for (int64_t k = 0; k < grid.count; k++) {
        pj_num offset = pj_num_mul(c->symbols, pj_num_of(k), step);
        nums[k] = pj_value_fit(out->type.dtype, pj_num_add(c->symbols, start, offset));
    }
    return pj_set_data(c, 0, nums, grid.count);
}

/* The attribute dtype, or else the type of input 0. */
static pj_dtype dtype_or_like(pj_ctx *c)
{
    return pj_attr_dtype(c, "dtype", pj_in_dtype(c, 0));
}

PJ_SHAPE(like, pj_set_shape_of(c, 0, dtype_or_like(c), 0))

static pj_status shape_eye_like(pj_ctx *c)
{
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; an identity matrix has 2 axes", pj_in_rank(c, 0));
    return shape_like(c);
}

/* Ones on the k-th diagonal above the main one. */
static pj_status value_eye_like(pj_ctx *c)
{
    const pj_value *out = pj_out(c, 0);
    int64_t diagonal = pj_attr_int(c, "k", 0);
    pj_grid grid;
    if (!out || !pj_grid_of(&grid, out->type.rank, out->type.dims) || grid.count == 0)
        return PJ_OK;
    pj_num *nums = PJ_NEW(c->arena, pj_num, grid.count);
    PJ_TRY(pj_got(nums, c->err));
    int64_t columns = out->type.dims[1].whole;
    for (int64_t k = 0; k < grid.count; k++)
        nums[k] = pj_value_fit(out->type.dtype, pj_num_of(k % columns - k / columns == diagonal));
    return pj_set_data(c, 0, nums, grid.count);
}

/* Inserts an axis of `depth` into the shape of the indices; depth may be a float tensor. */
static pj_status shape_one_hot(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1], depth = pj_num_trunc(c->symbols, pj_in_scalar(c, 1));
    int rank = pj_in_rank(c, 0), axis;
    if (pj_num_is_real(depth))
        depth = pj_num_unknown();
    PJ_TRY(check_size(c, depth, "the depth"));
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 2));
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -1), rank + 1, &axis));
    for (int k = 0; k <= rank; k++)
        dims[k] = k == axis ? depth : pj_in_dim(c, 0, k < axis ? k : k - 1);
    return pj_set(c, 0, pj_in_dtype(c, 2), rank + 1, dims);
}

static pj_status shape_random(pj_ctx *c)
{
    pj_dtype dtype = pj_attr_dtype(c, "dtype", PJ_FLOAT32);
    pj_list dims;
    PJ_TRY(pj_list_of(c, "shape", -1, &dims));
    if (!dims.given)
        return pj_set_dtype(c, 0, dtype);
    for (int k = 0; k < dims.count; k++)
        PJ_TRY(check_size(c, dims.num[k], "a dimension of the shape"));
    return pj_set(c, 0, dtype, dims.count, dims.num);
}

/* A standard number, scaled and shifted: low + (high - low) u, mean + scale n. */
PJ_WORK_EACH(random, [PJ_RAND] = 1, [PJ_MUL] = 1, [PJ_ADD] = 1)

/* A uniform number, compared with the probability. */
PJ_WORK_EACH(bernoulli, [PJ_RAND] = 1, [PJ_CMP] = 1)

/* [batch, classes] -> [batch, sample_size] */
static pj_status shape_multinomial(pj_ctx *c)
{
    pj_num dims[2] = {pj_in_dim(c, 0, 0), pj_num_of(pj_attr_int(c, "sample_size", 1))};
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d instead of 2 (batch, classes)", pj_in_rank(c, 0));
    PJ_TRY(check_size(c, dims[1], "sample_size"));
    return pj_set(c, 0, pj_attr_dtype(c, "dtype", PJ_INT32), 2, dims);
}

/* For each class: the maximum (1 cmp), the difference to it (1 add), exp, the running sum (1 add). For each sample: a
 * uniform number, times the total (1 mul), compared with each running sum in turn (as many cmp as classes). */
static pj_status work_multinomial(pj_ctx *c, pj_work *work)
{
    pj_num samples = pj_out_count(c, 0);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1), pj_in_count(c, 0));
    pj_work_each(c, work, PJ_EACH([PJ_RAND] = 1, [PJ_MUL] = 1), samples);
    pj_work_add(c, work, PJ_CMP, pj_num_mul(c->symbols, samples, pj_in_dim(c, 0, 1)));
    return PJ_OK;
}

static pj_status shape_window(pj_ctx *c)
{
    pj_num size = pj_in_scalar(c, 0);
    PJ_TRY(check_size(c, size, "the size of the window"));
    return pj_set_1d(c, 0, pj_attr_dtype(c, "output_datatype", PJ_FLOAT32), size);
}

/* a - b cos(w n): the angle and b are one multiplication each (Hann, Hamming) */
PJ_WORK_EACH(window, [PJ_MUL] = 2, [PJ_ADD] = 1, [PJ_SIN] = 1)

/* a - b cos(w n) + c cos(2 w n) */
PJ_WORK_EACH(blackman, [PJ_MUL] = 4, [PJ_ADD] = 2, [PJ_SIN] = 2)

/* [floor(dft_length / 2) + 1, num_mel_bins] */
static pj_status shape_mel(pj_ctx *c)
{
    pj_num half = pj_num_floor_div(c->symbols, pj_in_scalar(c, 1), pj_num_of(2));
    pj_num dims[2] = {pj_num_add(c->symbols, half, pj_num_of(1)), pj_in_scalar(c, 0)};
    PJ_TRY(check_size(c, dims[0], "the number of spectrogram bins"));
    PJ_TRY(check_size(c, dims[1], "the number of mel bins"));
    return pj_set(c, 0, pj_attr_dtype(c, "output_datatype", PJ_FLOAT32), 2, dims);
}

/* max(0, min((f - low) / (center - low), (high - f) / (high - center))), with the widths of the sides as given: both
 * sides of the triangle at every element. */
PJ_WORK_EACH(mel, [PJ_ADD] = 2, [PJ_DIV] = 2, [PJ_CMP] = 2)

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Constant",          1,  "",      PJ_VIEW | PJ_WIDE,       shape_constant,          value_constant,          NULL            },
    {"", "ConstantOfShape",   9,  "c",     PJ_MOVE,                 shape_constant_of_shape, value_constant_of_shape, NULL            },
    {"", "Range",             11, "ccc",   PJ_WIDE,                 shape_range,             value_range,             pj_work_add1    },
    {MS, "Range",             1,  "ccc",   0,                       shape_range,             value_range,             pj_work_add1    },
    {"", "EyeLike",           9,  "c",     PJ_SHAPE_ONLY | PJ_WIDE, shape_eye_like,          value_eye_like,          NULL            },
    {"", "OneHot",            9,  "icx",   PJ_MOVE | PJ_WIDE,       shape_one_hot,           NULL,                    NULL            },
    {"", "RandomNormal",      1,  "",      PJ_RANDOM,               shape_random,            NULL,                    work_random     },
    {"", "RandomUniform",     1,  "",      PJ_RANDOM,               shape_random,            NULL,                    work_random     },
    {"", "RandomNormalLike",  1,  "c",     PJ_RANDOM,               shape_like,              NULL,                    work_random     },
    {"", "RandomUniformLike", 1,  "c",     PJ_RANDOM,               shape_like,              NULL,                    work_random     },
    {"", "Bernoulli",         15, "x",     PJ_RANDOM,               shape_like,              NULL,                    work_bernoulli  },
    {"", "Multinomial",       7,  "x",     PJ_RANDOM,               shape_multinomial,       NULL,                    work_multinomial},
    {"", "HannWindow",        17, "c",     PJ_WIDE,                 shape_window,            NULL,                    work_window     },
    {"", "HammingWindow",     17, "c",     PJ_WIDE,                 shape_window,            NULL,                    work_window     },
    {"", "BlackmanWindow",    17, "c",     PJ_WIDE,                 shape_window,            NULL,                    work_blackman   },
    {"", "MelWeightMatrix",   17, "ccccc", PJ_WIDE,                 shape_mel,               NULL,                    work_mel        },
};

PJ_FAMILY(generate);
