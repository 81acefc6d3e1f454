/* Random samples, the same on every machine. */
#include "base/real.h"
#include "samples/samples.h"

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In (-1, 1). */
static double next_even(uint64_t *state)
{
    return (double)(int64_t)(next(state) >> 11) * 0x1p-52 - 1;
}

/* Of mean 0 and variance 1, by the polar method (Marsaglia and Bray 1964). */
static double next_normal(uint64_t *state)
{
    double a, b, square;
    do {
        a = next_even(state);
        b = next_even(state);
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    return a * sqrt(-2 * pj_log(square) / square);
}

bool pj_sample_random(const pj_sample_slot *slot, uint64_t seed, uint64_t i, size_t place, pj_arena *arena,
                      pj_ndarray *out)
{
    uint64_t state = seed;
    state = next(&state) ^ i;
    state = next(&state) ^ place;
    int64_t *dims = PJ_NEW(arena, int64_t, slot->rank > 0 ? slot->rank : 0);
    pj_ndarray numbers = {
        .name = slot->name, .dtype = PJ_FLOAT64, .rank = slot->rank > 0 ? slot->rank : 0, .dims = dims};
    for (int k = 0; dims && k < numbers.rank; k++)
        dims[k] = slot->dims[k] >= 0 ? slot->dims[k] : 1;
    if (!dims || !pj_array_measure(&numbers) || numbers.bytes > PJ_MAX_SAMPLE_BYTES)
        return false;
    double *data = PJ_NEW(arena, double, numbers.count);
    for (int64_t k = 0; data && k < numbers.count; k++)
        data[k] = pj_dtype_is_float(slot->dtype) ? next_normal(&state) : (double)(next(&state) % (uint64_t)slot->below);
    numbers.data = data;
    pj_error err = {0};
    return data && pj_array_cast(&numbers, slot->dtype, arena, out, &err) == PJ_OK;
}
