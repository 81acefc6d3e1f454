/* What an operator is to the layer before it. */
#include <string.h>

#include "ops/op.h"

static const char *family_of(const pj_op_desc *desc)
{
    for (const pj_op_family *const *family = pj_op_families(); *family; family++)
        if (desc >= (*family)->rows && desc < (*family)->rows + (*family)->count)
            return (*family)->name;
    return "";
}

pj_fuse_class pj_op_follows(const pj_op_desc *desc)
{
    const char *family = family_of(desc);
    if (strcmp(family, "quantize") == 0 || (strcmp(family, "vendor") == 0 && pj_op_takes_scales(desc)))
        return PJ_FUSE_QUANTIZER;
    if (strcmp(family, "norm") == 0) {
        if (strcmp(desc->op, "Softmax") == 0)
            return PJ_FUSE_SOFTMAX;
        return strstr(desc->op, "max") ? PJ_FUSE_NONE : PJ_FUSE_NORM;
    }
    if (strcmp(family, "pool") == 0 && strstr(desc->op, "Pool"))
        return PJ_FUSE_POOL;
    return desc->traits & PJ_ELEMENT ? PJ_FUSE_ELEMENT : PJ_FUSE_NONE;
}
