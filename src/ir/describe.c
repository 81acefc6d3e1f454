/* Types as the plain figures that public structs have. */
#include "ir/describe.h"

const char *pj_type_describe(const pj_type *type, pj_arena *arena)
{
    if (type->kind == PJ_TENSOR && type->dtype != PJ_UNDEFINED)
        return pj_dtype_word(type->dtype);
    pj_str word = pj_str_new(0);
    pj_type_word(type, &word);
    return pj_str_keep(&word, arena);
}

const pj_dim_info *pj_dims_describe(const pj_type *type, pj_arena *arena)
{
    pj_dim_info *dims = PJ_NEW(arena, pj_dim_info, type->rank);
    for (int k = 0; dims && k < type->rank; k++) {
        dims[k].value = pj_num_known(type->dims[k]) ? type->dims[k].whole : -1;
        if (!pj_num_symbolic(type->dims[k]))
            continue;
        pj_str text = pj_str_new(0);
        pj_num_print(type->dims[k], &text);
        dims[k].symbol = pj_str_keep(&text, arena);
        if (!dims[k].symbol)
            return NULL;
    }
    return dims;
}
