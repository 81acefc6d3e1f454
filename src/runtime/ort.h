/* ONNX Runtime's C interface without its header: functions by their places in a table that only grows. */
#pragma once

#include "base/libc.h"

/* The caller owns it and gives it to release_status; NULL: good. */
typedef void *pj_ort_status;

/*  place, result, name, arguments. Windows has wide paths at 7 and 14, which are not for it then. */
#define PJ_ORT_FUNCTIONS(X)                                                                                          \
    X(1, int, error_code, (const void *status))                                                                      \
    X(2, const char *, error_message, (const void *status))                                                          \
    X(3, pj_ort_status, create_env, (int severity, const char *id, void **env))                                      \
    X(6, pj_ort_status, disable_telemetry, (const void *env))                                                        \
    X(7, pj_ort_status, create_session, (const void *env, const char *path, const void *options, void **session))    \
    X(9, pj_ort_status, run,                                                                                         \
      (void *session, const void *run_options, const char *const *in_names, const void *const *in, size_t ins,       \
       const char *const *out_names, size_t outs, void **out))                                                       \
    X(10, pj_ort_status, create_options, (void **options))                                                           \
    X(14, pj_ort_status, enable_profiling, (void *options, const char *prefix))                                      \
    X(22, pj_ort_status, set_severity, (void *options, int severity))                                                \
    X(23, pj_ort_status, set_level, (void *options, int level))                                                      \
    X(24, pj_ort_status, set_threads, (void *options, int threads))                                                  \
    X(30, pj_ort_status, input_count, (const void *session, size_t *count))                                          \
    X(31, pj_ort_status, output_count, (const void *session, size_t *count))                                         \
    X(33, pj_ort_status, input_type, (const void *session, size_t i, void **type_info))                              \
    X(34, pj_ort_status, output_type, (const void *session, size_t i, void **type_info))                             \
    X(36, pj_ort_status, input_name, (const void *session, size_t i, void *allocator, char **name))                  \
    X(37, pj_ort_status, output_name, (const void *session, size_t i, void *allocator, char **name))                 \
    X(49, pj_ort_status, create_tensor,                                                                              \
      (const void *memory_info, void *data, size_t bytes, const int64_t *dims, size_t rank, int type, void **value)) \
    X(50, pj_ort_status, is_tensor, (const void *value, int *yes))                                                   \
    X(51, pj_ort_status, tensor_data, (void *value, void **data))                                                    \
    X(55, pj_ort_status, cast_to_tensor, (const void *type_info, const void **tensor_info))                          \
    X(60, pj_ort_status, element_type, (const void *tensor_info, int *type))                                         \
    X(61, pj_ort_status, rank_of, (const void *tensor_info, size_t *rank))                                           \
    X(62, pj_ort_status, dims_of, (const void *tensor_info, int64_t *dims, size_t rank))                             \
    X(63, pj_ort_status, symbols_of, (const void *tensor_info, const char **names, size_t rank))                     \
    X(65, pj_ort_status, shape_of, (const void *value, void **tensor_info))                                          \
    X(69, pj_ort_status, create_memory_info, (int allocator, int kind, void **memory_info))                          \
    X(76, pj_ort_status, allocator_free, (void *allocator, void *memory))                                            \
    X(78, pj_ort_status, default_allocator, (void **allocator))                                                      \
    X(93, void, release_status, (void *status))                                                                      \
    X(95, void, release_session, (void *session))                                                                    \
    X(96, void, release_value, (void *value))                                                                        \
    X(98, void, release_type_info, (void *type_info))                                                                \
    X(99, void, release_shape, (void *tensor_info))                                                                  \
    X(100, void, release_options, (void *options))                                                                   \
    X(110, pj_ort_status, end_profiling, (void *session, void *allocator, char **file))                              \
    X(130, pj_ort_status, set_config, (void *options, const char *key, const char *value))                           \
    X(192, pj_ort_status, has_value, (const void *value, int *yes))

typedef struct pj_ort {
#define PJ_ORT_MEMBER(place, result, name, arguments) result(*name) arguments;
    PJ_ORT_FUNCTIONS(PJ_ORT_MEMBER)
#undef PJ_ORT_MEMBER
    const char *version; /* "1.30.0" */
    int minor;
    void *env, *allocator, *memory_info;
} pj_ort;

/* The oldest version of which all is known; below 1.14 models can kill the process. */
enum { PJ_ORT_MINOR = 17 };

/* Loads the library, for as long as the process lives, and makes what all sessions share. `why` gets a sentence. */
bool pj_ort_load(const char *path, pj_ort *out, char *why, size_t room);

/* Good? Else writes what is wrong, fit to be read, and frees the status. */
bool pj_ort_ok(const pj_ort *ort, pj_ort_status status, char *why, size_t room);

/* Its text in one line, without the places in ONNX Runtime's own source that it may begin with. */
void pj_ort_clean(const char *text, char *out, size_t room);

/* Element types are those of ONNX up to 23; beyond that the numbers differ. 0: unknown here. */
int pj_ort_type_of(int onnx);
int pj_onnx_type_of(int ort);
