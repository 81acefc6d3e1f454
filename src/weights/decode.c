/* Elements of every numeric type, as doubles. */
#include "weights/decode.h"

#include "ir/graph.h"

bool pj_decodes(pj_dtype dtype)
{
    return dtype == PJ_BOOL || pj_dtype_is_float(dtype) || pj_dtype_is_integer(dtype);
}

/* Little-endian numbers at `p`; compilers make one load of it. */
static inline uint16_t load16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load32(const uint8_t *p)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t bits;
    memcpy(&bits, p, sizeof bits);
    return bits;
#else
    return (uint32_t)load16(p) | (uint32_t)load16(p + 2) << 16;
#endif
}

static inline uint64_t load64(const uint8_t *p)
{
    return (uint64_t)load32(p) | (uint64_t)load32(p + 4) << 32;
}

static inline double of_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* The exponent is shifted into that of a float, which 2^112 then corrects, subnormal numbers included. */
static inline double of_half(uint32_t bits)
{
    uint32_t magnitude = (bits & 0x7fff) << 13, sign = (bits & 0x8000) << 16, special = 0;
    float value;
    memcpy(&value, &magnitude, sizeof value);
    value *= 0x1p112F;
    memcpy(&magnitude, &value, sizeof magnitude);
    special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
    return of_float(magnitude | sign | special);
}

/* Types of 8 bits and less; many of them by a table of all codes. */
static void decode_bytes(pj_dtype dtype, const uint8_t *bytes, size_t skip, size_t n, double *out)
{
    double table[256];
    const unsigned width = (unsigned)pj_dtype_bits(dtype), codes = 1u << width, per_byte = 8 / width;
    const bool is_many = n >= codes;
    for (unsigned code = 0; code < codes && is_many; code++)
        table[code] = pj_element_real(dtype, code);
    for (size_t i = 0; i < n; i++) {
        size_t at = i + skip;
        unsigned code = (unsigned)bytes[at / per_byte] >> at % per_byte * width & (codes - 1);
        out[i] = is_many ? table[code] : pj_element_real(dtype, code);
    }
}

void pj_decode(pj_dtype dtype, const uint8_t *bytes, size_t skip, size_t n, double *out)
{
    switch ((int)dtype) {
    case PJ_FLOAT32:
        for (size_t i = 0; i < n; i++)
            out[i] = of_float(load32(bytes + 4 * i));
        break;
    case PJ_FLOAT16:
        for (size_t i = 0; i < n; i++)
            out[i] = of_half(load16(bytes + 2 * i));
        break;
    case PJ_BFLOAT16:
        for (size_t i = 0; i < n; i++)
            out[i] = of_float((uint32_t)load16(bytes + 2 * i) << 16);
        break;
    case PJ_INT16:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)(int16_t)load16(bytes + 2 * i);
        break;
    case PJ_UINT16:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)load16(bytes + 2 * i);
        break;
    case PJ_INT32:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)(int32_t)load32(bytes + 4 * i);
        break;
    case PJ_UINT32:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)load32(bytes + 4 * i);
        break;
    case PJ_INT64:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)(int64_t)load64(bytes + 8 * i);
        break;
    case PJ_UINT64:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)load64(bytes + 8 * i);
        break;
    case PJ_FLOAT64:
        for (size_t i = 0; i < n; i++) {
            uint64_t bits = load64(bytes + 8 * i);
            memcpy(&out[i], &bits, sizeof bits);
        }
        break;
    default:
        decode_bytes(dtype, bytes, skip, n, out);
        break;
    }
}
