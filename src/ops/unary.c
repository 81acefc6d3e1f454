/* Element-wise functions of one tensor: activations, rounding, Cast. */
#include "ops/families.h"
#include "ops/rules.h"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Relu", 1, "x", PJ_KEEP, pj_shape_same, NULL,          pj_work_cmp1},
    {"", "Neg",  1, "x", 0,       pj_shape_same, NULL,          pj_work_add1},
    {"", "Identity", 1, "x", PJ_VIEW, pj_shape_same, pj_value_same, NULL},
};

PJ_FAMILY(unary);
