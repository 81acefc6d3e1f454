/* Number formats: constructors, what a power of two needs in fixed point. Their words are in format_word.c. */
#include "arith/number.h"

#include "base/real.h"

pj_number pj_number_fixed(int64_t bits, int64_t int_bits, bool is_signed)
{
    return (pj_number){.kind = PJ_FIXED,
                       .bits = bits,
                       .int_bits = int_bits,
                       .is_signed = is_signed,
                       .max_val_po2 = -1,
                       .value_count = -1};
}

static pj_number of_kind(pj_number_kind kind, int64_t bits, int64_t int_bits, bool is_signed)
{
    pj_number number = pj_number_fixed(bits, int_bits, is_signed);
    number.kind = kind;
    return number;
}

pj_number pj_number_po2(int64_t bits, bool is_signed, double max_val_po2)
{
    pj_number number = of_kind(PJ_PO2, bits, bits, is_signed);
    number.max_val_po2 = max_val_po2;
    return number;
}

pj_number pj_number_ternary(void)
{
    return of_kind(PJ_TERNARY, 2, 2, true);
}

pj_number pj_number_binary(void)
{
    return of_kind(PJ_BINARY, 1, 1, true);
}

pj_number pj_number_binary01(void)
{
    return of_kind(PJ_BINARY01, 1, 1, false);
}

pj_number pj_number_float(int64_t bits, pj_float_flavour flavour)
{
    pj_number number = of_kind(PJ_FLOAT, bits, -1, flavour != PJ_FLOAT_E8M0);
    number.flavour = flavour;
    return number;
}

pj_number pj_number_minifloat(int64_t exponent_bits, int64_t mantissa_bits)
{
    pj_float_flavour flavour = PJ_FLOAT_PLAIN;
    if (exponent_bits == 5 && mantissa_bits == 2)
        flavour = PJ_FLOAT_E5M2;
    else if (exponent_bits == 8 && mantissa_bits == 7)
        flavour = PJ_FLOAT_BF16;
    return pj_number_float(1 + exponent_bits + mantissa_bits, flavour);
}

bool pj_number_equal(const pj_number *a, const pj_number *b)
{
    return a->kind == b->kind && a->bits == b->bits && a->int_bits == b->int_bits && a->is_signed == b->is_signed &&
           a->flavour == b->flavour;
}

int64_t pj_number_whole(double bits)
{
    const double most = (double)PJ_MOST_BITS;
    if (isnan(bits))
        return 0;
    return (int64_t)fmax(-most, fmin(bits, most));
}

int64_t pj_number_fraction(const pj_number *number)
{
    return number->bits - number->is_signed - number->int_bits;
}

/* With n exponent bits after the sign: right = 2^(n-1), left = 2^(n-1) - 1, the latter capped by the largest value. */
pj_po2_range pj_number_po2_range(const pj_number *po2)
{
    double half = pj_exp2((double)(po2->bits - po2->is_signed - 1));
    pj_po2_range range = {half, half - 1};
    if (po2->max_val_po2 > 0)
        range.left = fmin(ceil(pj_log2(po2->max_val_po2)), range.left);
    else if (po2->max_val_po2 != -1)
        range.left = 0;
    range.left = fmax(0, range.left);
    return range;
}

pj_number pj_number_po2_to_fixed(const pj_number *number)
{
    if (number->kind != PJ_PO2)
        return *number;
    pj_po2_range range = pj_number_po2_range(number);
    return pj_number_fixed(pj_number_whole(number->is_signed + range.right + range.left), pj_number_whole(range.left),
                           number->is_signed);
}
