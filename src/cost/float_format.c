/* The number formats that tables and devices have figures for. */
#include "cost/float_format.h"

/*  word, bits, flavour, exponent, significand */
const pj_float_format pj_float_formats[PJ_FLOAT_FORMATS] = {
    {"fp64",    64, PJ_FLOAT_PLAIN, 11, 53},
    {"fp32",    32, PJ_FLOAT_PLAIN, 8,  24},
    {"tf32",    32, PJ_FLOAT_TF32,  8,  11},
    {"fp16",    16, PJ_FLOAT_PLAIN, 5,  11},
    {"bf16",    16, PJ_FLOAT_BF16,  8,  8 },
    {"fp8e4m3", 8,  PJ_FLOAT_PLAIN, 4,  4 },
    {"fp8e5m2", 8,  PJ_FLOAT_E5M2,  5,  3 },
    {"fp8e8m0", 8,  PJ_FLOAT_E8M0,  8,  1 },
    {"fp4",     4,  PJ_FLOAT_PLAIN, 2,  2 },
};

int pj_float_format_of_word(const char *word)
{
    for (int i = 0; i < PJ_FLOAT_FORMATS; i++)
        if (strcmp(pj_float_formats[i].word, word) == 0)
            return i;
    return -1;
}

int pj_float_format_of_number(const pj_number *number)
{
    for (int i = 0; i < PJ_FLOAT_FORMATS; i++)
        if (number->kind == PJ_FLOAT && pj_float_formats[i].bits == number->bits &&
            pj_float_formats[i].flavour == number->flavour)
            return i;
    return -1;
}

const char *pj_precision_word(int precision)
{
    static const char *const ints[] = {"int4", "int8", "int16", "int32", "any"};
    return precision < PJ_PRECISION_INTS ? pj_float_formats[precision].word : ints[precision - PJ_PRECISION_INTS];
}

int pj_precision_of_word(const char *word)
{
    for (int i = 0; i < PJ_PRECISIONS; i++)
        if (strcmp(pj_precision_word(i), word) == 0)
            return i;
    return -1;
}

int pj_precision_bits(int precision)
{
    static const int bits[] = {4, 8, 16, 32};
    return bits[precision - PJ_PRECISION_INTS];
}
