/* Files of samples: NumPy's .npy and .npz, and the tensors of ONNX test data. Bytes are hostile; nothing in them is
 * ever run (pickled objects are refused). docs/samples.md says what is read. */
#pragma once

#include "samples/array.h"

/* The arrays of a file. */
typedef struct pj_ndarrays {
    const pj_ndarray *array;
    size_t count;
} pj_ndarrays;

/* All three kinds from their bytes, told apart by how they begin: `file` is the name for messages. Arrays live in
 * `arena`; their data may be in `bytes`, which must live as long. PJ_EFORMAT: what is wrong, with the member in
 * err->file; PJ_ELIMIT: more than PJ_MAX_SAMPLE_BYTES; PJ_EUNSUPPORTED: a packed member in a build without zlib;
 * PJ_ENOMEM. */
pj_status pj_arrays_parse(const void *bytes, size_t length, const char *file, pj_arena *arena, pj_ndarrays *out,
                          pj_error *err);

/* The same from a file, which lives in `arena`, too. PJ_EIO. */
pj_status pj_arrays_read(const char *path, pj_arena *arena, pj_ndarrays *out, pj_error *err);

/* One .npy: its name is "". */
pj_status pj_npy_parse(const uint8_t *bytes, size_t length, pj_arena *arena, pj_ndarray *out, pj_error *err);

/* The .npy members of an .npz, by their names without the ending. */
pj_status pj_npz_parse(const uint8_t *bytes, size_t length, const char *file, pj_arena *arena, pj_ndarrays *out,
                       pj_error *err);

/* A serialized TensorProto, as in test_data_set_N/input_K.pb. */
pj_status pj_test_tensor_parse(const uint8_t *bytes, size_t length, pj_arena *arena, pj_ndarray *out, pj_error *err);

bool pj_is_npy(const uint8_t *bytes, size_t length);
bool pj_is_npz(const uint8_t *bytes, size_t length);
