/* Shifting a number by a power of two: multiplication and, with left and right exchanged, division. */
#include "base/real.h"

#include "arith/arith.h"

/* A barrel shifter of b = sqrt(2^po2.bits * number.bits) lines costs b * log10(b) adder bits (Q34: more than a
 * multiplier if po2 is wide). Where the `value_count` shifts that really occur are known, each is a row of
 * multiplexers. */
pj_unit pj_shifter(const pj_number *number, const pj_number *po2, pj_po2_range range)
{
    double bits = (double)number->bits, sign = !number->is_signed && po2->is_signed;
    pj_number out =
        pj_number_fixed(pj_number_whole(bits + range.left + range.right + sign),
                        pj_number_whole((double)number->int_bits + range.left), number->is_signed || po2->is_signed);
    double lines = sqrt(bits * pj_exp2((double)po2->bits));
    pj_unit unit = {PJ_CIRCUIT_SHIFTER, lines * pj_log10(lines), 1, out};
    if (po2->value_count > 0) {
        unit.gate_bits = bits;
        unit.gate_factor = po2->value_count * 0.3;
    }
    return unit;
}
