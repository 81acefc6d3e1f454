/* Closed forms of attention, caches and recurrent weights. */
#include "reuse/special.h"

pj_attention_traffic pj_attention_find(const pj_attention *a)
{
    enum { BLOCK_COLUMNS = 64 };
    pj_attention_traffic out = {0};
    double columns = a->block_columns > 0 ? a->block_columns : BLOCK_COLUMNS;
    double element = a->element_bits, sum = a->accumulator_bits;
    double depth = fmax(a->depth, a->value_depth); /* of keys and values in turn */
    double held = depth * element + depth * sum + 2 * sum + columns * sum;
    out.block_rows = fmin(floor((a->buffer_bits - 2 * columns * depth * element) / held), fmax(a->rows, 1));
    out.fits = out.block_rows >= 1;
    out.q = a->rows * a->depth * element;
    out.o = a->rows * a->value_depth * element;
    double k = a->columns * a->depth * element, v = a->columns * a->value_depth * element;
    out.unfused = out.q + out.o + k + v + 4 * a->rows * a->columns * element;
    out.passes = out.fits ? ceil(a->rows / out.block_rows) : 1;
    out.block_rows = out.fits ? out.block_rows : 0;
    out.k = out.passes * k;
    out.v = out.passes * v;
    out.bits = out.fits ? out.q + out.o + out.k + out.v : out.unfused;
    return out;
}

double pj_cache_bits(double past, double width, double element_bits)
{
    return 2 * past * width * element_bits;
}

double pj_recurrent_bits(double weight_bits, double state_bits, double steps, double buffer_bits)
{
    double room = fmax(buffer_bits - state_bits, 0);
    return weight_bits + fmax(steps - 1, 0) * fmax(weight_bits - room, 0);
}
