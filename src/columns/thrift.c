/* Thrift's compact protocol: fields by the difference of their numbers, integers as zigzag varints. */
#include "columns/thrift.h"

pj_thrift pj_thrift_new(pj_str *out)
{
    return (pj_thrift){.out = out, .depth = 1};
}

void pj_thrift_varint(pj_str *out, uint64_t value)
{
    enum { PAYLOAD = 7, MORE = 0x80 };
    for (; value >= MORE; value >>= PAYLOAD)
        pj_str_add_char(out, (char)(value | MORE));
    pj_str_add_char(out, (char)value);
}

static void zigzag(pj_str *out, int64_t value)
{
    pj_thrift_varint(out, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static void begin_field(pj_thrift *t, int field, pj_thrift_type type)
{
    int *last = &t->last[t->depth - 1];
    pj_str_add_char(t->out, (char)((field - *last) << 4 | (int)type));
    *last = field;
}

static void open_struct(pj_thrift *t)
{
    t->last[t->depth++] = 0;
}

void pj_thrift_int(pj_thrift *t, int field, pj_thrift_type type, int64_t value)
{
    begin_field(t, field, type);
    zigzag(t->out, value);
}

void pj_thrift_binary(pj_thrift *t, int field, const void *bytes, size_t length)
{
    begin_field(t, field, PJ_THRIFT_BINARY);
    pj_thrift_varint(t->out, length);
    pj_str_add_bytes(t->out, bytes, length);
}

void pj_thrift_text(pj_thrift *t, int field, const char *text)
{
    pj_thrift_binary(t, field, text, strlen(text));
}

void pj_thrift_struct(pj_thrift *t, int field)
{
    begin_field(t, field, PJ_THRIFT_STRUCT);
    open_struct(t);
}

void pj_thrift_list(pj_thrift *t, int field, size_t count, pj_thrift_type type)
{
    enum { SHORT = 15 };
    begin_field(t, field, PJ_THRIFT_LIST);
    pj_str_add_char(t->out, (char)((count < SHORT ? count : SHORT) << 4 | (size_t)type));
    if (count >= SHORT)
        pj_thrift_varint(t->out, count);
}

void pj_thrift_element_int(pj_thrift *t, int64_t value)
{
    zigzag(t->out, value);
}

void pj_thrift_element_text(pj_thrift *t, const char *text)
{
    size_t length = strlen(text);
    pj_thrift_varint(t->out, length);
    pj_str_add_bytes(t->out, text, length);
}

void pj_thrift_element_struct(pj_thrift *t)
{
    open_struct(t);
}

void pj_thrift_end(pj_thrift *t)
{
    pj_str_add_char(t->out, 0);
    t->depth--;
}
