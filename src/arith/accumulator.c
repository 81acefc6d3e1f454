/* The format that holds a sum of many products. */
#include "arith/arith.h"

/* ceil(log2(n)); 0 for 0 and 1. */
static int ceil_log2(uint64_t n)
{
    int bits = 0;
    for (n = n ? n - 1 : 0; n; n >>= 1)
        bits++;
    return bits;
}

pj_number pj_accumulator(const pj_number *product, uint64_t terms)
{
    if (product->kind == PJ_FLOAT)
        return *product;
    pj_number one = pj_number_po2_to_fixed(product);
    double growth = ceil_log2(terms);
    return pj_number_fixed(pj_number_whole((double)one.bits + growth), pj_number_whole((double)one.int_bits + growth),
                           one.is_signed);
}
