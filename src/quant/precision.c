/* Formats as the element types declare them. */
#include "quant/precision.h"

#include <string.h>

const char *pj_from_word(pj_from from)
{
    static const char *const words[] = {
#define PJ_FROM_WORD(name, word) word,
        PJ_FROM_LIST(PJ_FROM_WORD)
#undef PJ_FROM_WORD
    };
    return words[from];
}

bool pj_number_of_dtype(pj_dtype dtype, pj_number *out)
{
    int bits = pj_dtype_bits(dtype);
    if (dtype == PJ_BOOL) {
        *out = pj_number_binary01();
        return true;
    }
    if (pj_dtype_is_integer(dtype)) {
        bool is_signed = pj_dtype_is_signed(dtype);
        *out = pj_number_fixed(bits, bits - is_signed, is_signed);
        return true;
    }
    if (!pj_dtype_is_float(dtype))
        return false;
    pj_float_flavour flavour = PJ_FLOAT_PLAIN;
    if (dtype == PJ_BFLOAT16)
        flavour = PJ_FLOAT_BF16;
    else if (dtype == PJ_FLOAT8E5M2 || dtype == PJ_FLOAT8E5M2FNUZ)
        flavour = PJ_FLOAT_E5M2;
    else if (dtype == PJ_FLOAT8E8M0)
        flavour = PJ_FLOAT_E8M0;
    *out = pj_number_float(bits, flavour);
    return true;
}

pj_status pj_precision_read(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_precision *out, pj_error *err)
{
    (void)diags;
    out->count = model->values;
    out->format = PJ_NEW(arena, pj_format, model->values);
    if (!out->format)
        return pj_fail_memory(err);
    for (int i = 0; i < model->values; i++) {
        const pj_type *type = &model->value[i]->type;
        pj_format *format = &out->format[i];
        if (pj_type_is_tensor(type) && pj_number_of_dtype(type->dtype, &format->number))
            format->from = PJ_FROM_DECLARED;
    }
    return PJ_OK;
}

pj_format pj_precision_of(const pj_precision *precision, const pj_value *value)
{
    static const pj_format nothing;
    return value ? precision->format[value->index] : nothing;
}
