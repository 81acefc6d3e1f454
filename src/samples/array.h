/* One array of numbers, as sample files hold it and as a runtime takes it. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "ir/dtype.h"

typedef struct pj_ndarray {
    const char *name; /* of its input or output; "" where its file has none */
    pj_dtype dtype;
    int rank;
    const int64_t *dims;
    int64_t count;    /* elements; the product of dims */
    uint64_t bytes;   /* of `data` */
    const void *data; /* elements in C order, the last index fastest, in the bytes of this machine */
} pj_ndarray;

/* Bytes of arrays that are held at once: a file of samples, or what its packed members come to. */
#define PJ_MAX_SAMPLE_BYTES ((uint64_t)2 * 1024 * 1024 * 1024)

enum { PJ_ARRAY_TEXT = 128 };

/* "float32[1,3,32,32]", cut off where it is long. */
const char *pj_array_print(const pj_ndarray *array, char text[PJ_ARRAY_TEXT]);

/* Sets count and bytes from type and dims. false: they do not fit 64 bits, or a dimension is negative. */
bool pj_array_measure(pj_ndarray *array);

/* Element number i; NAN where the type holds no real numbers. */
double pj_array_real(const pj_ndarray *array, int64_t i);

/* Element number i, of integers; others are cut to whole numbers. */
int64_t pj_array_whole(const pj_ndarray *array, int64_t i);

/* Is it a type whose elements pj_array_real() reads? */
bool pj_array_is_real(pj_dtype dtype);

/* The same numbers in another type; what it cannot hold becomes its nearest number. PJ_EFORMAT: no real numbers, or a
 * type that is not written here (float8, 4 bits); PJ_ENOMEM. */
pj_status pj_array_cast(const pj_ndarray *array, pj_dtype dtype, pj_arena *arena, pj_ndarray *out, pj_error *err);
