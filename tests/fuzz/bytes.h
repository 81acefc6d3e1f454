/* Numbers made of the bytes that a fuzz target is given; past their end all are 0. */
#ifndef BYTES_H
#define BYTES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
} fuzz_bytes;

static inline unsigned fuzz_next(fuzz_bytes *b)
{
    if (b->left == 0)
        return 0;
    b->left--;
    return *b->at++;
}

/* Whole, 1 to 2^41, small ones often. */
static inline double fuzz_extent(fuzz_bytes *b)
{
    unsigned first = fuzz_next(b), power = first % 41;
    return floor(ldexp(1 + fuzz_next(b) / 256.0, (int)power));
}

#endif
