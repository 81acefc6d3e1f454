/* Reading the compact protocol of Thrift. */
#include "columns/unthrift.h"

enum { MOST_DEPTH = 16 };

uint64_t pj_unthrift_varint(pj_unthrift *r)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            break;
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    r->failed = true;
    return 0;
}

int64_t pj_unthrift_int(pj_unthrift *r)
{
    uint64_t value = pj_unthrift_varint(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static void pass_bytes(pj_unthrift *r, uint64_t bytes)
{
    if (bytes > (uint64_t)(r->end - r->at))
        r->failed = true;
    else
        r->at += bytes;
}

int pj_unthrift_field(pj_unthrift *r, int64_t *field)
{
    if (r->failed || r->at == r->end) {
        r->failed = true;
        return PJ_THRIFT_STOP;
    }
    uint8_t head = *r->at++;
    int type = head & 0x0f;
    if (type == PJ_THRIFT_STOP)
        return PJ_THRIFT_STOP;
    *field = head >> 4 ? *field + (head >> 4) : pj_unthrift_int(r);
    return r->failed ? PJ_THRIFT_STOP : type;
}

int pj_unthrift_list(pj_unthrift *r, uint64_t *count)
{
    if (r->at == r->end) {
        r->failed = true;
        *count = 0;
        return PJ_THRIFT_STOP;
    }
    uint8_t head = *r->at++;
    *count = head >> 4 == 15 ? pj_unthrift_varint(r) : head >> 4;
    if (*count > (uint64_t)(r->end - r->at)) /* each takes a byte at least */
        r->failed = true;
    return head & 0x0f;
}

static void pass_value(pj_unthrift *r, int type, int depth)
{
    int64_t field = 0;
    uint64_t count = 0;
    int inner;
    if (depth > MOST_DEPTH) {
        r->failed = true;
        return;
    }
    switch (type) {
    case PJ_THRIFT_YES:
    case PJ_THRIFT_NO:
        break;
    case PJ_THRIFT_BYTE:
        pass_bytes(r, 1);
        break;
    case PJ_THRIFT_I16:
    case PJ_THRIFT_I32:
    case PJ_THRIFT_I64:
        (void)pj_unthrift_varint(r);
        break;
    case PJ_THRIFT_REAL:
        pass_bytes(r, 8);
        break;
    case PJ_THRIFT_BINARY:
        pass_bytes(r, pj_unthrift_varint(r));
        break;
    case PJ_THRIFT_LIST:
    case PJ_THRIFT_SET:
        inner = pj_unthrift_list(r, &count);
        for (uint64_t i = 0; i < count && !r->failed; i++)
            pass_value(r, inner == PJ_THRIFT_YES || inner == PJ_THRIFT_NO ? PJ_THRIFT_BYTE : inner, depth + 1);
        break;
    case PJ_THRIFT_STRUCT:
        while ((inner = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP)
            pass_value(r, inner, depth + 1);
        break;
    default: /* maps: nothing that we look at has any */
        r->failed = true;
    }
}

void pj_unthrift_pass(pj_unthrift *r, int type)
{
    pass_value(r, type, 0);
}

const char *pj_unthrift_text(pj_unthrift *r, pj_arena *arena)
{
    uint64_t length = pj_unthrift_varint(r);
    const char *at = (const char *)r->at;
    pass_bytes(r, length);
    return r->failed ? NULL : pj_arena_strndup(arena, at, (size_t)length);
}
