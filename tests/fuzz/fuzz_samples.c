/* Any bytes as a file of samples: every array that comes out is whole, and its numbers can be read and cast. */
#include <stdlib.h>

#include "fuzz.h"
#include "samples/npy.h"

static void check_array(const pj_ndarray *array, pj_arena *arena)
{
    pj_error err = {0};
    pj_ndarray other, copy = *array;
    volatile double sum = 0;
    if (!array->name || array->rank < 0 || !pj_array_measure(&copy) || copy.count != array->count ||
        copy.bytes != array->bytes || (array->bytes > 0 && !array->data))
        abort();
    for (uint64_t i = 0; i < array->bytes; i++)
        sum += ((const uint8_t *)array->data)[i];
    for (int64_t i = 0; pj_array_is_real(array->dtype) && i < array->count && i < 4096; i++)
        sum += pj_array_real(array, i) + (double)pj_array_whole(array, i);
    (void)sum;
    for (int type = 1; type < PJ_DTYPE_COUNT && array->count < 4096; type++)
        if (pj_array_cast(array, (pj_dtype)type, arena, &other, &err) == PJ_OK && other.count != array->count)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MEMORY = 64 << 20 };
    pj_error err = {0};
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(MEMORY);
    if (!arena)
        abort();
    if (pj_arrays_parse(data, size, "fuzz", arena, &arrays, &err) == PJ_OK)
        for (size_t i = 0; i < arrays.count; i++)
            check_array(&arrays.array[i], arena);
    else if (!err.what[0] || err.status == PJ_OK)
        abort();
    pj_arena_free(arena);
    return 0;
}
