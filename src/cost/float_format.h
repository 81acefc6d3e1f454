/* The number formats that tables and devices have figures for. */
#pragma once

#include "arith/number.h"

enum { PJ_FLOAT_FORMATS = 9 };

typedef struct pj_float_format {
    const char *word; /* as pj_number_parse() knows it */
    int bits;
    pj_float_flavour flavour;
    int exponent;    /* bits */
    int significand; /* bits, the hidden one included */
} pj_float_format;

/* From wide to narrow. */
extern const pj_float_format pj_float_formats[PJ_FLOAT_FORMATS];

/* Positions in pj_float_formats; -1: not there. */
int pj_float_format_of_word(const char *word);
int pj_float_format_of_number(const pj_number *number);

/* Precisions that a profile may have figures for: the floats of pj_float_formats, integers, and "any" for profiles
 * that do not tell. */
enum { PJ_PRECISION_INTS = PJ_FLOAT_FORMATS, PJ_PRECISION_ANY = PJ_PRECISION_INTS + 4, PJ_PRECISIONS };

/* The word of a precision, and the precision of a word; -1: there is none. */
const char *pj_precision_word(int precision);
int pj_precision_of_word(const char *word);

/* Bits of an integer precision that is not "any". */
int pj_precision_bits(int precision);
