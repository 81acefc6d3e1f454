/* Protobuf's wire format, field by field: reading at any place of a file, and appending to a text. */
#pragma once

#include "base/input.h"
#include "base/str.h"

enum { PJ_WIRE_VARINT = 0, PJ_WIRE_FIXED64 = 1, PJ_WIRE_BYTES = 2, PJ_WIRE_FIXED32 = 5 };

/* A field: [begin, end) with its tag, [value, end) without tag and length. Unknown groups are one field. */
typedef struct pj_field_at {
    uint32_t number;
    int wire;
    uint64_t begin, value, end;
    uint64_t varint; /* of PJ_WIRE_VARINT */
} pj_field_at;

/* A window on a file that several readers may share. */
typedef struct pj_proto_file {
    const pj_input *input;
    uint64_t at;
    size_t held;
    uint8_t window[16 * 1024];
} pj_proto_file;

/* The next field in [*at, end), which *at then lies after. PJ_EFORMAT: what is there breaks the format. PJ_EIO. */
pj_status pj_proto_next(pj_proto_file *file, uint64_t *at, uint64_t end, pj_field_at *out, pj_error *err);

/* Bytes [begin, end) as a text in `arena`. PJ_EIO, PJ_ENOMEM. */
pj_status pj_proto_text(pj_proto_file *file, uint64_t begin, uint64_t end, pj_arena *arena, const char **out,
                        pj_error *err);

/* Bytes that a number takes. */
size_t pj_varint_bytes(uint64_t value);

void pj_put_varint(pj_str *out, uint64_t value);
void pj_put_tag(pj_str *out, uint32_t field, int wire);
void pj_put_number(pj_str *out, uint32_t field, uint64_t value);                    /* a whole field */
void pj_put_bytes(pj_str *out, uint32_t field, const void *bytes, size_t length);   /* likewise */
void pj_put_text(pj_str *out, uint32_t field, const char *text);                    /* likewise */
void pj_put_entry(pj_str *out, uint32_t field, const char *key, const char *value); /* a StringStringEntryProto */
