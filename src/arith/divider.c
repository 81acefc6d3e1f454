/* What divides two number formats. */
#include "arith/arith.h"

/* Circuit and kind of the quotient, row = numerator, column = denominator; a ternary or binary denominator is an error:
 *
 *     a \ b               fixed        po2             float
 *     fixed, ternary      float 32     shifter fixed   float
 *     po2                 float 32     subtract po2    float
 *     -1/+1, 0/1          float 32     shifter po2     float
 *     float               float        float           float
 *
 * Q17: dividing by a fixed-point number is one float32 multiplication, and what follows is float32 too. */

static pj_unit divide_float(pj_number out)
{
    pj_unit unit = {PJ_CIRCUIT_MUL, (double)out.bits, 1, out};
    return unit;
}

/* Exponents subtract: a signed exponent, one bit more. */
static pj_unit divide_po2(const pj_number *a, const pj_number *b)
{
    int64_t bits = (a->bits > b->bits ? a->bits : b->bits) + 1;
    int64_t int_bits = (a->int_bits > b->int_bits ? a->int_bits : b->int_bits) + 1;
    bool known = a->max_val_po2 != -1 && b->max_val_po2 != -1;
    pj_number out = pj_number_po2(pj_number_whole((double)bits), true, known ? a->max_val_po2 / b->max_val_po2 : -1);
    out.int_bits = pj_number_whole((double)int_bits);
    pj_unit unit = {PJ_CIRCUIT_ADD, (double)out.bits, 1, out};
    return unit;
}

/* What a multiplication shifts left, a division shifts right. */
static pj_unit divide_shift(const pj_number *a, const pj_number *b)
{
    pj_po2_range range = pj_number_po2_range(b), swapped = {range.left, range.right};
    pj_unit unit = pj_shifter(a, b, swapped);
    if (a->kind == PJ_BINARY || a->kind == PJ_BINARY01)
        unit.out.kind = PJ_PO2;
    return unit;
}

pj_status pj_divider(const pj_number *numerator, const pj_number *denominator, pj_unit *out, pj_error *err)
{
    bool is_float = numerator->kind == PJ_FLOAT;
    switch (denominator->kind) {
    case PJ_FIXED:
        *out = divide_float(is_float ? *numerator : pj_number_float(32, PJ_FLOAT_PLAIN));
        return PJ_OK;
    case PJ_PO2:
        if (is_float)
            *out = divide_float(*numerator);
        else if (numerator->kind == PJ_PO2)
            *out = divide_po2(numerator, denominator);
        else
            *out = divide_shift(numerator, denominator);
        return PJ_OK;
    case PJ_FLOAT:
        *out = divide_float(pj_wider_float(numerator, denominator));
        return PJ_OK;
    case PJ_TERNARY:
    case PJ_BINARY:
    case PJ_BINARY01:
    case PJ_NUMBER_KINDS:
        break;
    }
    return pj_fail(err, PJ_EUNSUPPORTED, "there is no divider for a %s denominator",
                   denominator->kind == PJ_TERNARY ? "ternary" : "binary");
}
