/* Batch normalization as a divider, a multiplier and an adder. */
#include <limits.h>

#include "arith/arith.h"

/* The standard deviation of a variance: half the exponent is one bit less. Q36: a largest variance of 0.25 or less
 * gives a largest deviation of 0 (0.5 rounds to even). */
static pj_number deviation(const pj_number *variance)
{
    pj_number std = *variance;
    if (std.kind != PJ_PO2)
        return std;
    if (std.max_val_po2 >= 0)
        std.max_val_po2 = nearbyint(sqrt(std.max_val_po2));
    std.bits = variance->bits - 1;
    std.int_bits = std.bits;
    return std;
}

/* Distinct quotients; -1 where one side is not known. */
static int quotient_count(const pj_number *gamma, const pj_number *std)
{
    if (gamma->kind != PJ_PO2 || std->kind != PJ_PO2 || gamma->value_count <= 0 || std->value_count <= 0)
        return -1;
    double count = (double)gamma->value_count * std->value_count;
    return (int)fmin(count, INT_MAX);
}

/* Q36: no fixed-point format holds a power of two without a largest value. */
static pj_status check_range(const pj_number *number, bool laid_out, pj_error *err)
{
    if (laid_out && number->kind == PJ_PO2 && isinf(number->max_val_po2))
        return pj_fail(err, PJ_EUNSUPPORTED,
                       "batch normalization: gamma of a known largest value over a deviation of "
                       "largest value 0 has no largest value");
    return PJ_OK;
}

pj_status pj_batchnorm_compose(const pj_number *input, const pj_number *gamma, const pj_number *beta,
                               const pj_number *variance, pj_batchnorm *out, pj_error *err)
{
    pj_number std = deviation(variance), last;
    pj_unit none = {PJ_CIRCUIT_NONE, 0, 0, *input};
    PJ_TRY(pj_divider(gamma ? gamma : input, &std, &out->divide, err));
    out->multiply = none;
    if (gamma) {
        int count = quotient_count(gamma, &std);
        if (count > 0)
            out->divide.out.value_count = count;
        PJ_TRY(check_range(&out->divide.out, input->kind == PJ_FIXED, err));
        out->multiply = pj_multiplier(&out->divide.out, input);
    }
    last = gamma ? out->multiply.out : out->divide.out;
    if (beta)
        PJ_TRY(check_range(&last, beta->kind != PJ_FLOAT && beta->kind != PJ_BINARY01, err));
    out->out = beta ? pj_adder(&last, beta) : last;
    return PJ_OK;
}
