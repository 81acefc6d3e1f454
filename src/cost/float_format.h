/* The float formats that tables and devices have figures for. */
#ifndef PJ_COST_FLOAT_FORMAT_H
#define PJ_COST_FLOAT_FORMAT_H

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

#endif
