/* Element types of ONNX tensors: numbers as in TensorProto.DataType, words as interface.md's dtype words. */
#pragma once

#include "base/libc.h"

/*  enumerator, number in the file, word, bits of one element (0: varies), class: F float I signed U unsigned B bool S
 *  string C complex */
#define PJ_DTYPE_LIST(X)                               \
    X(PJ_UNDEFINED, 0, "undefined", 0, ' ')            \
    X(PJ_FLOAT32, 1, "float32", 32, 'F')               \
    X(PJ_UINT8, 2, "uint8", 8, 'U')                    \
    X(PJ_INT8, 3, "int8", 8, 'I')                      \
    X(PJ_UINT16, 4, "uint16", 16, 'U')                 \
    X(PJ_INT16, 5, "int16", 16, 'I')                   \
    X(PJ_INT32, 6, "int32", 32, 'I')                   \
    X(PJ_INT64, 7, "int64", 64, 'I')                   \
    X(PJ_STRING, 8, "string", 0, 'S')                  \
    X(PJ_BOOL, 9, "bool", 8, 'B')                      \
    X(PJ_FLOAT16, 10, "float16", 16, 'F')              \
    X(PJ_FLOAT64, 11, "float64", 64, 'F')              \
    X(PJ_UINT32, 12, "uint32", 32, 'U')                \
    X(PJ_UINT64, 13, "uint64", 64, 'U')                \
    X(PJ_COMPLEX64, 14, "complex64", 64, 'C')          \
    X(PJ_COMPLEX128, 15, "complex128", 128, 'C')       \
    X(PJ_BFLOAT16, 16, "bfloat16", 16, 'F')            \
    X(PJ_FLOAT8E4M3FN, 17, "float8e4m3fn", 8, 'F')     \
    X(PJ_FLOAT8E4M3FNUZ, 18, "float8e4m3fnuz", 8, 'F') \
    X(PJ_FLOAT8E5M2, 19, "float8e5m2", 8, 'F')         \
    X(PJ_FLOAT8E5M2FNUZ, 20, "float8e5m2fnuz", 8, 'F') \
    X(PJ_UINT4, 21, "uint4", 4, 'U')                   \
    X(PJ_INT4, 22, "int4", 4, 'I')                     \
    X(PJ_FLOAT4E2M1, 23, "float4e2m1", 4, 'F')         \
    X(PJ_FLOAT8E8M0, 24, "float8e8m0", 8, 'F')         \
    X(PJ_UINT2, 25, "uint2", 2, 'U')                   \
    X(PJ_INT2, 26, "int2", 2, 'I')

typedef enum pj_dtype {
#define PJ_DTYPE_ENUM(name, number, word, bits, cls) name = number,
    PJ_DTYPE_LIST(PJ_DTYPE_ENUM)
#undef PJ_DTYPE_ENUM
        PJ_DTYPE_COUNT
} pj_dtype;

/* Is it a number that a file may use (PJ_UNDEFINED is not)? */
bool pj_dtype_valid(int number);

const char *pj_dtype_word(pj_dtype dtype);

/* Bits of one element in a packed tensor: 4 for int4; 8 for bool (a byte as stored); 0 for strings. */
int pj_dtype_bits(pj_dtype dtype);

/* Bytes of `count` packed elements (>= 0). False: they do not fit 64 bits. */
bool pj_dtype_bytes(pj_dtype dtype, int64_t count, uint64_t *out);

bool pj_dtype_is_float(pj_dtype dtype);   /* float and bfloat of any width */
bool pj_dtype_is_integer(pj_dtype dtype); /* signed or unsigned, not bool */
bool pj_dtype_is_signed(pj_dtype dtype);  /* signed integers and floats */

/* The type of a word ("float32", also "float", "double", "half", "fp16", "bf16"); PJ_UNDEFINED if it is none. */
pj_dtype pj_dtype_of_word(const char *word);
