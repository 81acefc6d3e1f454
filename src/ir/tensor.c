/* The elements of constant tensors, from their bytes. */
#include "ir/graph.h"

/* Floats below 32 bits. Specials: 'I' IEEE infinities and NaN; 'F' NaN where all bits are set; 'Z' NaN instead of the
 * negative zero; ' ' none. */
static const struct {
    pj_dtype dtype;
    int exponent_bits, mantissa_bits, bias;
    char special;
} small_floats[] = {
    {PJ_FLOAT16,        5, 10, 15,  'I'},
    {PJ_BFLOAT16,       8, 7,  127, 'I'},
    {PJ_FLOAT8E4M3FN,   4, 3,  7,   'F'},
    {PJ_FLOAT8E4M3FNUZ, 4, 3,  8,   'Z'},
    {PJ_FLOAT8E5M2,     5, 2,  15,  'I'},
    {PJ_FLOAT8E5M2FNUZ, 5, 2,  16,  'Z'},
    {PJ_FLOAT4E2M1,     2, 1,  1,   ' '},
};

static double small_float(size_t row, uint32_t bits)
{
    int e = small_floats[row].exponent_bits, m = small_floats[row].mantissa_bits, bias = small_floats[row].bias;
    uint32_t sign = bits >> (e + m) & 1, most = (1u << e) - 1;
    uint32_t exponent = bits >> m & most, mantissa = bits & ((1u << m) - 1);
    switch (small_floats[row].special) {
    case 'I':
        if (exponent == most)
            return mantissa ? NAN : sign ? -INFINITY : INFINITY;
        break;
    case 'F':
        if (exponent == most && mantissa == (1u << m) - 1)
            return NAN;
        break;
    case 'Z':
        if (sign && !exponent && !mantissa)
            return NAN;
        break;
    default:
        break;
    }
    double value = exponent ? ldexp((double)(mantissa | 1u << m), (int)exponent - bias - m)
                            : ldexp((double)mantissa, 1 - bias - m);
    return sign ? -value : value;
}

static double decode_float(pj_dtype dtype, uint64_t bits)
{
    if (dtype == PJ_FLOAT64) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (dtype == PJ_FLOAT32) {
        float value;
        uint32_t low = (uint32_t)bits;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    for (size_t i = 0; i < sizeof small_floats / sizeof *small_floats; i++)
        if (small_floats[i].dtype == dtype)
            return small_float(i, (uint32_t)bits);
    return bits == 0xff ? NAN : ldexp(1, (int)bits - 127); /* float8e8m0: an exponent alone */
}

double pj_element_real(pj_dtype dtype, uint64_t bits)
{
    int width = pj_dtype_bits(dtype);
    if (pj_dtype_is_float(dtype))
        return decode_float(dtype, bits);
    if (pj_dtype_is_signed(dtype) && width < 64 && bits >> (width - 1))
        return (double)((int64_t)bits - ((int64_t)1 << width));
    return pj_dtype_is_signed(dtype) ? (double)(int64_t)bits : (double)bits;
}

/* One element from its bits. Whole numbers past int64 stay unknown. */
static pj_num decode(pj_dtype dtype, uint64_t bits)
{
    int width = pj_dtype_bits(dtype);
    if (pj_dtype_is_float(dtype))
        return pj_num_of_real(decode_float(dtype, bits));
    if (dtype == PJ_BOOL)
        return pj_num_of(bits != 0);
    if (pj_dtype_is_signed(dtype) && width < 64 && bits >> (width - 1))
        return pj_num_of((int64_t)bits - ((int64_t)1 << width));
    if (!pj_dtype_is_signed(dtype) && bits > INT64_MAX)
        return pj_num_unknown();
    return pj_num_of((int64_t)bits);
}

bool pj_tensor_decode(pj_arena *arena, pj_tensor *tensor)
{
    const uint8_t *bytes = tensor->bytes;
    size_t width = (size_t)pj_dtype_bits(tensor->dtype), size = width / 8;
    bool is_number = tensor->dtype == PJ_BOOL || pj_dtype_is_float(tensor->dtype) || pj_dtype_is_integer(tensor->dtype);
    if (!bytes || !is_number || tensor->data)
        return true;
    pj_num *data = PJ_NEW(arena, pj_num, tensor->count);
    for (size_t i = 0; data && i < (size_t)tensor->count; i++) {
        uint64_t bits = 0;
        if (width < 8)
            bits = (uint64_t)(bytes[i * width / 8] >> i * width % 8) & ((1u << width) - 1);
        for (size_t b = 0; b < size; b++)
            bits |= (uint64_t)bytes[i * size + b] << (8 * b);
        data[i] = decode(tensor->dtype, bits);
    }
    tensor->data = data;
    return data != NULL;
}
