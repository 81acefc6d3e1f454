/* Merging several tensors element by element: which unit, which format. */
#include "arith/arith.h"

/* The format that holds any of the inputs, QTools' way: widest bits and widest integer part (-1 at least), whatever the
 * binary points (Q31). */
static pj_number widest(const pj_number *inputs, int count)
{
    pj_number wide = pj_number_fixed(-1, -1, false), real = wide;
    for (int i = 0; i < count; i++) {
        pj_number fixed = pj_number_po2_to_fixed(&inputs[i]);
        if (fixed.kind == PJ_FLOAT)
            real = pj_wider_float(&real, &fixed);
        wide.bits = fixed.bits > wide.bits ? fixed.bits : wide.bits;
        wide.int_bits = fixed.int_bits > wide.int_bits ? fixed.int_bits : wide.int_bits;
        wide.is_signed = wide.is_signed || fixed.is_signed;
    }
    return real.kind == PJ_FLOAT ? real : wide;
}

/* QTools tells types by class name, so a plain and a stochastic binary differ. */
static bool all_same(const pj_number *inputs, int count)
{
    for (int i = 1; i < count; i++)
        if (!pj_number_equal(&inputs[0], &inputs[i]) || inputs[0].variant != inputs[i].variant)
            return false;
    return true;
}

/* Q31: one bit more, however many inputs. */
static pj_unit add(const pj_number *inputs, int count)
{
    pj_number out = widest(inputs, count);
    if (out.kind != PJ_FLOAT) {
        out.bits = pj_number_whole((double)out.bits + 1);
        out.int_bits = pj_number_whole((double)out.int_bits + 1);
    }
    pj_unit unit = {PJ_CIRCUIT_ADD, (double)out.bits, 1, out};
    return unit;
}

/* Q30: from left to right; the last multiplier stands for all. */
static pj_unit multiply(const pj_number *inputs, int count)
{
    pj_unit unit = {PJ_CIRCUIT_NONE, 0, 0, inputs[0]};
    for (int i = 1; i < count; i++) {
        pj_number so_far = unit.out;
        unit = pj_multiplier(&so_far, &inputs[i]);
    }
    return unit;
}

static pj_unit choose(double gate_factor, const pj_number *inputs, int count)
{
    pj_number out = all_same(inputs, count) ? inputs[0] : widest(inputs, count);
    pj_unit unit = {PJ_CIRCUIT_ADD, (double)out.bits, gate_factor, out};
    return unit;
}

pj_unit pj_merge(pj_merge_kind kind, const pj_number *inputs, int count)
{
    static const double gate_factors[PJ_MERGE_KINDS] = {1, 1, 0.2, 0.2, 1, 0};
    if (kind == PJ_MERGE_ADD)
        return add(inputs, count);
    if (kind == PJ_MERGE_MULTIPLY)
        return multiply(inputs, count);
    return choose(gate_factors[kind], inputs, count);
}

int pj_merge_charged(pj_merge_kind kind, int count)
{
    return kind == PJ_MERGE_ADD || kind == PJ_MERGE_MULTIPLY ? count - 1 : 0;
}
