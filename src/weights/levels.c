/* From format words to the numbers that weights are rounded to. */
#include "weights/levels.h"

#include <float.h>

#include "arith/number.h"

enum { MOST_INTEGER_BITS = 16 };

/* Floats: width, flavour, bits after the leading one, exponents of the least normal and the least number, the largest
 * number, and whether weights are scaled to use the whole range. */
static const struct {
    int64_t width;
    pj_float_flavour flavour;
    int bits, normal, step;
    double most;
    bool is_scaled;
} floats[] = {
    {32, PJ_FLOAT_PLAIN, 23, -126, -149, (double)FLT_MAX, false}, /* fp32 */
    {32, PJ_FLOAT_TF32,  10, -126, -136, 0x1.ffcp127,     false},
    {16, PJ_FLOAT_PLAIN, 10, -14,  -24,  65504,           false}, /* fp16 */
    {16, PJ_FLOAT_BF16,  7,  -126, -133, 0x1.fep127,      false},
    {8,  PJ_FLOAT_PLAIN, 3,  -6,   -9,   448,             true }, /* fp8e4m3 */
    {8,  PJ_FLOAT_E5M2,  2,  -14,  -16,  57344,           true },
    {4,  PJ_FLOAT_PLAIN, 1,  0,    -1,   6,               true }, /* fp4, e2m1 */
};

static void set_anchor(pj_levels *grid, int step)
{
    grid->anchor = ldexp(1.5, 52 + step);
    grid->anchor_float = grid->is_scaled ? ldexpf(1.5F, 23 + step) : 0; /* only scaled formats are searched */
}

pj_status pj_levels_of(const char *word, pj_levels *out, pj_error *err)
{
    pj_number number;
    PJ_TRY(pj_number_parse(word, &number, err));
    *out = (pj_levels){.is_scaled = true};
    int64_t bits = number.kind == PJ_TERNARY ? 2 : number.bits;
    bool is_whole = number.kind == PJ_FIXED && number.is_signed && number.int_bits == bits - 1;
    if ((is_whole && bits >= 2 && bits <= MOST_INTEGER_BITS) || number.kind == PJ_TERNARY) {
        out->is_integer = true;
        out->most = ldexp(1, (int)bits - 1) - 1;
        set_anchor(out, 0);
        return PJ_OK;
    }
    for (size_t i = 0; number.kind == PJ_FLOAT && i < sizeof floats / sizeof *floats; i++) {
        if (floats[i].width != bits || floats[i].flavour != number.flavour)
            continue;
        out->is_scaled = floats[i].is_scaled;
        out->most = floats[i].most;
        out->least_normal = ldexp(1, floats[i].normal);
        out->split = ldexp(1, 52 - floats[i].bits) + 1;
        out->split_float = ldexpf(1, 23 - floats[i].bits) + 1;
        set_anchor(out, floats[i].step);
        return PJ_OK;
    }
    return pj_fail(err, PJ_EARGUMENT,
                   "the noise of weights in format \"%.40s\" is not known; there are int2 to int16, ternary, fp32, "
                   "tf32, fp16, bf16, fp8e4m3, fp8e5m2 and fp4",
                   word);
}
