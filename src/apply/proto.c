/* Reading and writing protobuf's wire format. */
#include "apply/proto.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { GROUP = 3, GROUP_END = 4, MOST_VARINT = 10 };

/* ---- reading ---- */

/* The byte at `at`; -1: there is none. */
static int byte_at(pj_proto_file *file, uint64_t at)
{
    if (at < file->at || at >= file->at + file->held) {
        int64_t got = pj_input_read(file->input, at, file->window, sizeof file->window);
        file->at = at;
        file->held = got > 0 ? (size_t)got : 0;
        if (got <= 0)
            return -1;
    }
    return file->window[at - file->at];
}

static pj_status fail(uint64_t at, pj_error *err)
{
    return pj_fail(err, PJ_EFORMAT, "byte %" PRIu64 ": the model is not what it was when it was read", at);
}

static pj_status get_varint(pj_proto_file *file, uint64_t *at, uint64_t end, uint64_t *out, pj_error *err)
{
    uint64_t value = 0;
    for (int i = 0; i < MOST_VARINT && *at < end; i++) {
        int byte = byte_at(file, *at);
        if (byte < 0)
            break;
        ++*at;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return PJ_OK;
        }
    }
    return fail(*at, err);
}

/* Moves over one value. A group begins with `groups` one more. */
static pj_status pass(pj_proto_file *file, int wire, uint64_t *at, uint64_t end, uint64_t *groups, pj_field_at *out,
                      pj_error *err)
{
    uint64_t length = wire == PJ_WIRE_FIXED64 ? 8 : wire == PJ_WIRE_FIXED32 ? 4 : 0;
    if (wire == PJ_WIRE_VARINT)
        return get_varint(file, at, end, &out->varint, err);
    if (wire == PJ_WIRE_BYTES)
        PJ_TRY(get_varint(file, at, end, &length, err));
    if (wire == GROUP)
        ++*groups;
    if ((wire == GROUP_END && (*groups)-- == 0) || wire > PJ_WIRE_FIXED32 || length > end - *at)
        return fail(*at, err);
    if (*groups == 0 || wire == GROUP)
        out->value = *at;
    *at += length;
    return PJ_OK;
}

pj_status pj_proto_next(pj_proto_file *file, uint64_t *at, uint64_t end, pj_field_at *out, pj_error *err)
{
    uint64_t tag = 0, groups = 0;
    *out = (pj_field_at){.begin = *at};
    PJ_TRY(get_varint(file, at, end, &tag, err));
    out->number = (uint32_t)(tag >> 3);
    out->wire = (int)(tag & 7);
    out->value = *at;
    PJ_TRY(pass(file, out->wire, at, end, &groups, out, err));
    while (groups > 0) {
        PJ_TRY(get_varint(file, at, end, &tag, err));
        PJ_TRY(pass(file, (int)(tag & 7), at, end, &groups, out, err));
    }
    out->end = *at;
    return PJ_OK;
}

pj_status pj_proto_text(pj_proto_file *file, uint64_t begin, uint64_t end, pj_arena *arena, const char **out,
                        pj_error *err)
{
    char *text = PJ_NEW(arena, char, end - begin + 1);
    if (!text)
        return pj_fail_memory(err);
    for (uint64_t at = begin; at < end; at++) {
        int byte = byte_at(file, at);
        if (byte < 0)
            return fail(at, err);
        text[at - begin] = (char)byte;
    }
    *out = text;
    return PJ_OK;
}

/* ---- writing ---- */

size_t pj_varint_bytes(uint64_t value)
{
    size_t bytes = 1;
    for (; value >= 0x80; value >>= 7)
        bytes++;
    return bytes;
}

void pj_put_varint(pj_str *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        pj_str_add_char(out, (char)(unsigned char)(value | 0x80));
    pj_str_add_char(out, (char)value);
}

void pj_put_tag(pj_str *out, uint32_t field, int wire)
{
    pj_put_varint(out, (uint64_t)field << 3 | (uint64_t)wire);
}

void pj_put_number(pj_str *out, uint32_t field, uint64_t value)
{
    pj_put_tag(out, field, PJ_WIRE_VARINT);
    pj_put_varint(out, value);
}

void pj_put_bytes(pj_str *out, uint32_t field, const void *bytes, size_t length)
{
    pj_put_tag(out, field, PJ_WIRE_BYTES);
    pj_put_varint(out, length);
    pj_str_add_bytes(out, bytes, length);
}

void pj_put_text(pj_str *out, uint32_t field, const char *text)
{
    pj_put_bytes(out, field, text, strlen(text));
}

void pj_put_entry(pj_str *out, uint32_t field, const char *key, const char *value)
{
    size_t k = strlen(key), v = strlen(value);
    pj_put_tag(out, field, PJ_WIRE_BYTES);
    pj_put_varint(out, 2 + pj_varint_bytes(k) + k + pj_varint_bytes(v) + v);
    pj_put_bytes(out, 1, key, k);
    pj_put_bytes(out, 2, value, v);
}
