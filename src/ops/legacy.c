/* Operators that ai.onnx had as experiments in its first opsets and old files still hold. */
#include "ops/families.h"
#include "ops/values.h"

/* The attribute `shape`; or the shape of the input, or the input's contents where `input_as_shape` says so, followed by
 * `extra_shape`. */
static pj_status shape_fill(pj_ctx *c, pj_dtype dtype)
{
    pj_num dims[2 * PJ_MAX_RANK];
    pj_list list, extra;
    PJ_TRY(pj_list_of(c, "extra_shape", -1, &extra));
    PJ_TRY(pj_list_of(c, "shape", pj_attr_int(c, "input_as_shape", 0) ? 0 : -1, &list));
    if (!list.given && pj_in_rank(c, 0) >= 0) {
        list.known = true;
        list.count = pj_in_rank(c, 0);
        for (int k = 0; k < list.count; k++)
            list.num[k] = pj_in_dim(c, 0, k);
    }
    if (!list.known)
        return pj_set_dtype(c, 0, dtype);
    for (int k = 0; k < list.count + extra.count; k++) {
        dims[k] = k < list.count ? list.num[k] : extra.num[k - list.count];
        if (pj_num_known(dims[k]) && dims[k].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "a dimension of the shape is %lld, which is less than 0",
                           (long long)dims[k].whole);
    }
    return pj_set(c, 0, dtype, list.count + extra.count, dims);
}

PJ_SHAPE(constant_fill, shape_fill(c, pj_attr_dtype(c, "dtype", PJ_FLOAT32)))

/* The definition takes the type from the input, but the values are floats. */
PJ_SHAPE(given_fill, shape_fill(c, PJ_FLOAT32))

/* Gates come with their products made: two gates are activated (2 tanh), then update*previous + (1 - update)*new: 2
 * mul, 2 add. */
PJ_WORK_EACH(gru_unit, [PJ_TANH] = 2, [PJ_MUL] = 2, [PJ_ADD] = 2)

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "ConstantFill",    1, "c",    PJ_MOVE, shape_constant_fill, NULL, NULL         },
    {"", "GivenTensorFill", 1, "c",    PJ_MOVE, shape_given_fill,    NULL, NULL         },
    {"", "GRUUnit",         1, "xxii", 0,       pj_shape_same,       NULL, work_gru_unit},
};

PJ_FAMILY(legacy);
