/* Checked arithmetic on sizes: each function stores the result and says whether it fits. */
#pragma once

#include "base/libc.h"

static inline bool pj_add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool pj_sub_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_sub_overflow(a, b, out);
}

static inline bool pj_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* Of counts, which are not negative: what passes 64 bits stays at the most that they hold. */
static inline int64_t pj_add_most(int64_t a, int64_t b)
{
    int64_t sum;
    return pj_add_i64(a, b, &sum) ? sum : INT64_MAX;
}

static inline int64_t pj_mul_most(int64_t a, int64_t b)
{
    int64_t product;
    return pj_mul_i64(a, b, &product) ? product : INT64_MAX;
}

static inline bool pj_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool pj_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool pj_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool pj_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* Quotient rounded toward minus infinity; b > 0. */
static inline int64_t pj_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}
