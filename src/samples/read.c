/* A file of samples, of whichever kind. */
#include "samples/npy.h"

#include "base/file.h"

pj_status pj_arrays_parse(const void *bytes, size_t length, const char *file, pj_arena *arena, pj_ndarrays *out,
                          pj_error *err)
{
    pj_ndarray *one = NULL;
    pj_status status;
    memset(out, 0, sizeof *out);
    if (pj_is_npz(bytes, length)) {
        status = pj_npz_parse(bytes, length, file, arena, out, err);
    } else {
        one = PJ_NEW(arena, pj_ndarray, 1);
        PJ_TRY(pj_got(one, err));
        status = pj_is_npy(bytes, length) ? pj_npy_parse(bytes, length, arena, one, err)
                                          : pj_test_tensor_parse(bytes, length, arena, one, err);
        *out = (pj_ndarrays){one, 1};
    }
    if (status != PJ_OK)
        pj_error_at(err, file, NULL, NULL);
    return status;
}

pj_status pj_arrays_read(const char *path, pj_arena *arena, pj_ndarrays *out, pj_error *err)
{
    char *text;
    size_t length;
    PJ_TRY(pj_file_read(path, (size_t)PJ_MAX_SAMPLE_BYTES, &text, &length, err));
    const void *bytes = pj_arena_memdup(arena, text, length, 1);
    free(text);
    PJ_TRY(pj_got(bytes, err));
    return pj_arrays_parse(bytes, length, path, arena, out, err);
}
