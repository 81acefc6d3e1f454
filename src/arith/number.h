/* Number formats as hardware sees them. Pure values, no graph.
 *
 * int_bits never counts the sign. A fixed-point format has sign + int_bits + fraction bits; int_bits may be negative or
 * larger than bits. po2: `bits` hold [sign] and exponent, int_bits == bits, max_val_po2 is the largest magnitude or -1
 * for unknown. ternary: bits 2, int_bits 2, signed. binary (-1/+1): 1, 1, signed. binary01 (0/1): 1, 1, unsigned.
 * float: int_bits -1, signed; `flavour` tells formats of one width apart. Source: the QTools model of google/qkeras. */
#ifndef PJ_ARITH_NUMBER_H
#define PJ_ARITH_NUMBER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

typedef enum pj_number_kind {
    PJ_FIXED,
    PJ_PO2,
    PJ_TERNARY,
    PJ_BINARY,   /* -1, +1 */
    PJ_BINARY01, /* 0, 1 */
    PJ_FLOAT,
    PJ_NUMBER_KINDS
} pj_number_kind;

/* Which float of a width: plain is IEEE (fp64, fp32, fp16, fp8e4m3, fp4); the others say their name. */
typedef enum pj_float_flavour { PJ_FLOAT_PLAIN, PJ_FLOAT_BF16, PJ_FLOAT_TF32, PJ_FLOAT_E5M2, PJ_FLOAT_E8M0 } pj_float_flavour;

typedef struct pj_number {
    pj_number_kind kind;
    int bits;
    int int_bits;
    bool is_signed;
    pj_float_flavour flavour;
    double max_val_po2;   /* po2 only; -1: unknown */
    int value_count;      /* po2 only: distinct values really used; -1: unknown */
    bool stochastic;      /* stochastic_binary, stochastic_ternary, bernoulli: QTools tells them by name (Q21) */
} pj_number;

pj_number pj_number_fixed(int bits, int int_bits, bool is_signed);
pj_number pj_number_po2(int bits, bool is_signed, double max_val_po2);
pj_number pj_number_ternary(void);
pj_number pj_number_binary(void);
pj_number pj_number_binary01(void);
pj_number pj_number_float(int bits, pj_float_flavour flavour);

/* Same kind, bits, int_bits, sign and flavour. */
bool pj_number_equal(const pj_number *a, const pj_number *b);

/* A short word: fp32, bf16, int8, uint4, fixed<16,3>, ufixed<6,2>, po2_4, upo2_4, ternary, binary, binary01. An intN
 * is a fixed<N, N-1>, a uintN a ufixed<N, N>. */
void pj_number_print(const pj_number *number, pj_str *out);

/* The format of such a word; PJ_EARGUMENT with the word and what was expected. */
pj_status pj_number_parse(const char *word, pj_number *out, pj_error *err);

#endif
