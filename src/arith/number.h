/* Number formats as hardware sees them. Pure values, no graph.
 *
 * int_bits never counts the sign. A fixed-point format has sign + int_bits + fraction bits; int_bits may be negative or
 * larger than bits. po2: `bits` hold [sign] and exponent, int_bits == bits, max_val_po2 is the largest magnitude or -1
 * for unknown. ternary: bits 2, int_bits 2, signed. binary (-1/+1): 1, 1, signed. binary01 (0/1): 1, 1, unsigned.
 * float: int_bits -1, signed; `flavour` tells formats of one width apart. Source: the QTools model of google/qkeras. */
#pragma once

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

/* Which float of a width: plain is IEEE (fp64, fp32, fp16) or the usual one (fp8e4m3, fp4); the others say their name.
 * tf32 is a way to compute on 32-bit tensors, so its `bits` are 32. e8m0 (scales of blocks) has no sign. */
typedef enum pj_float_flavour {
    PJ_FLOAT_PLAIN,
    PJ_FLOAT_BF16,
    PJ_FLOAT_TF32,
    PJ_FLOAT_E5M2,
    PJ_FLOAT_E8M0
} pj_float_flavour;

/* QTools decides a few cells by the name of the quantizer class instead of its kind (Q21, Q23). */
typedef enum pj_number_variant {
    PJ_VARIANT_PLAIN,      /* quantized_bits, quantized_po2, ternary, binary */
    PJ_VARIANT_STOCHASTIC, /* stochastic_binary, stochastic_ternary, bernoulli */
    PJ_VARIANT_RELU,       /* quantized_relu; of one integer bit it is a binary01 */
    PJ_VARIANT_TANH,
    PJ_VARIANT_ULAW
} pj_number_variant;

/* bits and int_bits stay within +-PJ_MOST_BITS, so that a few of them can be added without a check. They are that wide
 * because QTools really gets there: a binary over a po2 variance of 6 bits, plus a bias, is a number of 2147483649
 * bits. */
#define PJ_MOST_BITS ((int64_t)1 << 60)

typedef struct pj_number { /* one for each tensor of a model: no wider than it needs to be */
    int64_t bits;
    int64_t int_bits;
    double max_val_po2; /* po2 only; -1: unknown */
    int value_count;    /* po2 only: distinct values really used; -1: unknown */
    pj_number_kind kind : 8;
    pj_float_flavour flavour : 8;
    pj_number_variant variant : 8;
    bool is_signed;
} pj_number;

pj_number pj_number_fixed(int64_t bits, int64_t int_bits, bool is_signed);
pj_number pj_number_po2(int64_t bits, bool is_signed, double max_val_po2);
pj_number pj_number_ternary(void);
pj_number pj_number_binary(void);
pj_number pj_number_binary01(void);
pj_number pj_number_float(int64_t bits, pj_float_flavour flavour);

/* Sign, exponent, mantissa; the usual floats of these widths by name, the others by their width. */
pj_number pj_number_minifloat(int64_t exponent_bits, int64_t mantissa_bits);

/* Same kind, bits, int_bits, sign and flavour. */
bool pj_number_equal(const pj_number *a, const pj_number *b);

/* A count of bits as an integer: truncated toward zero and clamped to +-PJ_MOST_BITS. */
int64_t pj_number_whole(double bits);

/* Bits after the binary point; may be negative. */
int64_t pj_number_fraction(const pj_number *number);

/* Bits that a po2 needs on either side of the binary point (Q24: an exponent sign bit is always assumed). `right` is
 * 0.5 or 0.25 where no exponent bit is left (Q41). */
typedef struct pj_po2_range {
    double right;
    double left;
} pj_po2_range;
pj_po2_range pj_number_po2_range(const pj_number *po2);

/* po2 as the fixed-point format that holds all its values; others come back unchanged. */
pj_number pj_number_po2_to_fixed(const pj_number *number);

/* A short word: fp32, bf16, int8, uint4, fixed<16,3>, ufixed<6,2>, po2_4, upo2_4, ternary, binary, binary01. An intN
 * is a fixed<N,N-1>, a uintN a ufixed<N,N>, N <= 64. */
void pj_number_print(const pj_number *number, pj_str *out);

/* The format of such a word: N is 1..64 after int and uint, 1..1024 in fixed<N,I> (I from -1024 to 1024), 1..24 after
 * po2_. PJ_EARGUMENT with the word and what was expected. */
pj_status pj_number_parse(const char *word, pj_number *out, pj_error *err);
