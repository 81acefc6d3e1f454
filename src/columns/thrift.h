/* The compact protocol of Thrift, which the headers and the footer of Parquet files are written in. */
#pragma once

#include "base/str.h"

typedef enum pj_thrift_type {
    PJ_THRIFT_STOP,
    PJ_THRIFT_YES,
    PJ_THRIFT_NO,
    PJ_THRIFT_BYTE,
    PJ_THRIFT_I16,
    PJ_THRIFT_I32,
    PJ_THRIFT_I64,
    PJ_THRIFT_REAL,
    PJ_THRIFT_BINARY,
    PJ_THRIFT_LIST,
    PJ_THRIFT_SET,
    PJ_THRIFT_MAP,
    PJ_THRIFT_STRUCT
} pj_thrift_type;

enum { PJ_THRIFT_DEPTH = 8 };

/* Appends to a text; structs may stand in structs. */
typedef struct pj_thrift {
    pj_str *out;
    int last[PJ_THRIFT_DEPTH]; /* number of the field before, of each open struct */
    int depth;
} pj_thrift;

/* Begins with one struct that is open. */
pj_thrift pj_thrift_new(pj_str *out);

/* A field of the open struct. */
void pj_thrift_int(pj_thrift *t, int field, pj_thrift_type type, int64_t value);
void pj_thrift_binary(pj_thrift *t, int field, const void *bytes, size_t length);
void pj_thrift_text(pj_thrift *t, int field, const char *text);
void pj_thrift_struct(pj_thrift *t, int field); /* its fields follow, then pj_thrift_end */
void pj_thrift_list(pj_thrift *t, int field, size_t count, pj_thrift_type type); /* its elements follow */

/* Elements of a list. */
void pj_thrift_element_int(pj_thrift *t, int64_t value);
void pj_thrift_element_text(pj_thrift *t, const char *text);
void pj_thrift_element_struct(pj_thrift *t); /* likewise pj_thrift_end */

void pj_thrift_end(pj_thrift *t); /* of the open struct */

void pj_thrift_varint(pj_str *out, uint64_t value);
