/* To be filled. */
#include "ops/families.h"
#include "ops/rules.h"

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "-", 1, "x", 0, NULL, NULL, NULL},
};

PJ_FAMILY(image);
