/* Elements of arrays as numbers, and arrays in other types. */
#include "samples/array.h"

#include "base/ckd.h"
#include "base/limits.h"
#include "ir/graph.h"

const char *pj_array_print(const pj_ndarray *array, char text[PJ_ARRAY_TEXT])
{
    const int brim = PJ_ARRAY_TEXT - 28;
    int at = snprintf(text, PJ_ARRAY_TEXT, "%s[", pj_dtype_word(array->dtype));
    for (int i = 0; i < array->rank && at < brim; i++)
        at += snprintf(text + at, (size_t)(PJ_ARRAY_TEXT - at), "%s%" PRId64, i ? "," : "", array->dims[i]);
    snprintf(text + at, (size_t)(PJ_ARRAY_TEXT - at), at < brim ? "]" : ",...]");
    return text;
}

bool pj_array_measure(pj_ndarray *array)
{
    array->count = 1;
    for (int i = 0; i < array->rank; i++)
        if (array->dims[i] < 0)
            return false;
    for (int i = 0; i < array->rank; i++)
        if (array->dims[i] == 0)
            array->count = 0; /* whatever the others are */
    for (int i = 0; i < array->rank && array->count > 0; i++)
        if (!pj_mul_i64(array->count, array->dims[i], &array->count))
            return false;
    return pj_dtype_bytes(array->dtype, array->count, &array->bytes);
}

bool pj_array_is_real(pj_dtype dtype)
{
    return dtype != PJ_STRING && dtype != PJ_COMPLEX64 && dtype != PJ_COMPLEX128 && pj_dtype_bits(dtype) >= 8;
}

static uint64_t bits_of(const pj_ndarray *array, int64_t i)
{
    const size_t size = (size_t)pj_dtype_bits(array->dtype) / 8;
    uint64_t bits = 0;
    memcpy(&bits, (const uint8_t *)array->data + (size_t)i * size, size);
    return bits;
}

double pj_array_real(const pj_ndarray *array, int64_t i)
{
    if (array->dtype == PJ_FLOAT32) { /* what there is most of */
        float number;
        memcpy(&number, (const uint8_t *)array->data + (size_t)i * sizeof number, sizeof number);
        return (double)number;
    }
    return pj_array_is_real(array->dtype) ? pj_element_real(array->dtype, bits_of(array, i)) : NAN;
}

int64_t pj_array_whole(const pj_ndarray *array, int64_t i)
{
    const int width = pj_dtype_bits(array->dtype);
    if (pj_dtype_is_integer(array->dtype)) {
        uint64_t bits = bits_of(array, i);
        if (pj_dtype_is_signed(array->dtype) && width < 64 && bits >> (width - 1))
            return (int64_t)bits - ((int64_t)1 << width);
        return bits > INT64_MAX && !pj_dtype_is_signed(array->dtype) ? INT64_MAX : (int64_t)bits;
    }
    double real = pj_array_real(array, i);
    return real >= -0x1p63 && real < 0x1p63 ? (int64_t)real : real >= 0 ? INT64_MAX : INT64_MIN;
}

/* Rounded to nearest, ties to even, as the machine's own conversion to float does it. */
static uint16_t half_of(double value)
{
    double size = fabs(value);
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    int exponent;
    if (isnan(value))
        return sign | 0x7e00;
    if (size >= 65520)
        return sign | (isinf(value) ? 0x7c00 : 0x7bff);
    (void)frexp(size, &exponent);
    if (exponent < -13) /* below the least normal number, 2^-14 */
        return sign | (uint16_t)nearbyint(size * 0x1p24);
    double steps = nearbyint(ldexp(size, 11 - exponent)); /* 1024 to 2048 of them */
    return (uint16_t)(sign + ((exponent + 13) << 10) + (int)steps);
}

/* The bits of the nearest integer from low up to below `end`, which may be 2^64. */
static uint64_t clamp(double value, double low, double end)
{
    if (isnan(value))
        return 0;
    value = nearbyint(value);
    if (value <= low)
        return (uint64_t)(int64_t)low;
    if (value >= end)
        return end >= 0x1p64 ? UINT64_MAX : (uint64_t)end - 1;
    return value >= 0 ? (uint64_t)value : (uint64_t)(int64_t)value;
}

/* Writes one element. false: not a type that is written here. */
static bool put(pj_dtype dtype, double value, void *to)
{
    const int bits = pj_dtype_bits(dtype);
    if (dtype == PJ_FLOAT32) {
        float number = (float)value;
        memcpy(to, &number, sizeof number);
    } else if (dtype == PJ_FLOAT64) {
        memcpy(to, &value, sizeof value);
    } else if (dtype == PJ_FLOAT16) {
        uint16_t number = half_of(value);
        memcpy(to, &number, sizeof number);
    } else if (dtype == PJ_BOOL) {
        *(uint8_t *)to = value != 0;
    } else if (pj_dtype_is_integer(dtype) && bits >= 8) {
        double end = ldexp(1, pj_dtype_is_signed(dtype) ? bits - 1 : bits);
        uint64_t number = clamp(value, pj_dtype_is_signed(dtype) ? -end : 0, end);
        memcpy(to, &number, (size_t)bits / 8);
    } else {
        return false;
    }
    return true;
}

pj_status pj_array_cast(const pj_ndarray *array, pj_dtype dtype, pj_arena *arena, pj_ndarray *out, pj_error *err)
{
    uint8_t spare[8];
    const pj_ndarray from = *array; /* which may be *out */
    *out = from;
    out->dtype = dtype;
    if (!pj_array_is_real(from.dtype) || !put(dtype, 0, spare))
        return pj_fail(err, PJ_EFORMAT, "%s cannot be made of %s", pj_dtype_word(dtype), pj_dtype_word(from.dtype));
    if (!pj_array_measure(out))
        return pj_fail(err, PJ_EOVERFLOW, "an array has more bytes than 64 bits can count");
    const size_t size = (size_t)pj_dtype_bits(dtype) / 8;
    uint8_t *data = pj_arena_alloc(arena, (size_t)out->count, size);
    PJ_TRY(pj_got(data, err));
    const bool whole = !pj_dtype_is_float(from.dtype) && !pj_dtype_is_float(dtype) && dtype != PJ_BOOL;
    for (int64_t i = 0; i < out->count; i++) {
        int64_t number = whole ? pj_array_whole(&from, i) : 0;
        if (whole && size == sizeof number) /* beyond 2^53 no double has them all */
            memcpy(data + (size_t)i * size, &number, size);
        else
            put(dtype, pj_array_real(&from, i), data + (size_t)i * size);
    }
    out->data = data;
    return PJ_OK;
}
