/* The format that holds the sum of two numbers, their binary points aligned. */
#include "arith/arith.h"

/* Q19: a fixed-point operand that is wider than the float gives its width, also one that no float has. */
static pj_number add_float(const pj_number *a, const pj_number *b)
{
    pj_number sum = pj_wider_float(a, b);
    int64_t widest = a->bits > b->bits ? a->bits : b->bits;
    return widest > sum.bits ? pj_number_float(widest, PJ_FLOAT_PLAIN) : sum;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

pj_number pj_adder(const pj_number *a, const pj_number *b)
{
    if (a->kind == PJ_FLOAT || b->kind == PJ_FLOAT)
        return add_float(a, b);
    /* Q22: the exponent bits of a po2 in front of a 0/1 count as if they were a fixed-point number. */
    bool as_is = a->kind == PJ_PO2 && b->kind == PJ_BINARY01;
    pj_number first = as_is ? *a : pj_number_po2_to_fixed(a), second = pj_number_po2_to_fixed(b);
    bool is_signed = a->is_signed || b->is_signed;
    int64_t int_bits = larger(first.int_bits, second.int_bits) + 1;
    int64_t fraction = larger(pj_number_fraction(&first), pj_number_fraction(&second));
    return pj_number_fixed(pj_number_whole((double)(int_bits + is_signed + fraction)),
                           pj_number_whole((double)int_bits), is_signed);
}
