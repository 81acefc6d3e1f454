/* Changes to a model that keep its protobuf framing: libFuzzer alone breaks a length with nearly every step, and comes
 * no further than the loader's first checks. One field of one message is changed, and the lengths around it are written
 * anew. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "onnx.pb-c.h"

/* libFuzzer's interface. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

enum { MOST_BYTES = 1 << 16, MOST_TEXTS = 256, MOST_DEPTH = 64, GROWTH = 64 };
enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

typedef struct slice {
    const uint8_t *at;
    size_t length;
} slice;

typedef struct field {
    slice whole, value;                   /* with tag and length; without */
    const ProtobufCFieldDescriptor *type; /* NULL: not in the descriptor */
    uint64_t tag;
} field;

/* A message around the one that is changed: its bytes before and behind the field that holds it. */
typedef struct frame {
    slice before, behind;
    uint64_t tag;
} frame;

/* What is written; `full`: there was no room, and nothing comes of the change. */
typedef struct output {
    uint8_t bytes[MOST_BYTES];
    size_t length;
    bool full;
} output;

typedef struct mutator {
    uint64_t random;
    slice texts[MOST_TEXTS]; /* of the whole model, to connect its nodes anew */
    size_t text_count;
} mutator;

static size_t roll(mutator *m, size_t below)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return below ? (size_t)(m->random >> 33) % below : 0;
}

/* ---- reading ---- */

static bool take_varint(slice *from, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; from->length && shift < 64; shift += 7) {
        uint8_t byte = *from->at++;
        from->length--;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static enum wire wire_of(const field *f)
{
    return (enum wire)(f->tag & 7);
}

static bool take_field(slice *from, const ProtobufCMessageDescriptor *type, field *out)
{
    uint64_t length = 0;
    out->whole.at = from->at;
    if (!take_varint(from, &out->tag))
        return false;
    out->type = protobuf_c_message_descriptor_get_field(type, (unsigned)(out->tag >> 3));
    out->value.at = from->at;
    switch (wire_of(out)) {
    case VARINT:
        if (!take_varint(from, &length))
            return false;
        length = 0;
        break;
    case FIXED64:
        length = 8;
        break;
    case FIXED32:
        length = 4;
        break;
    case BYTES:
        if (!take_varint(from, &length))
            return false;
        out->value.at = from->at;
        break;
    default:
        return false;
    }
    if (length > from->length)
        return false;
    from->at += length;
    from->length -= (size_t)length;
    out->value.length = (size_t)(from->at - out->value.at);
    out->whole.length = (size_t)(from->at - out->whole.at);
    return true;
}

static bool is_message(const field *f)
{
    return f->type && f->type->type == PROTOBUF_C_TYPE_MESSAGE && wire_of(f) == BYTES;
}

static bool is_text(const field *f)
{
    return f->type && f->type->type == PROTOBUF_C_TYPE_STRING && wire_of(f) == BYTES;
}

/* Any field of a message; false: it has none. */
static bool pick(mutator *m, slice message, const ProtobufCMessageDescriptor *type, field *out)
{
    size_t count = 0;
    field f;
    for (slice rest = message; rest.length && take_field(&rest, type, &f);)
        count++;
    size_t chosen = roll(m, count);
    for (size_t i = 0; count && i <= chosen; i++)
        take_field(&message, type, out);
    return count > 0;
}

static void collect_texts(mutator *m, slice message, const ProtobufCMessageDescriptor *type, int depth)
{
    field f;
    while (message.length && depth < MOST_DEPTH && take_field(&message, type, &f)) {
        if (is_message(&f))
            collect_texts(m, f.value, f.type->descriptor, depth + 1);
        else if (is_text(&f) && m->text_count < MOST_TEXTS)
            m->texts[m->text_count++] = f.value;
    }
}

/* ---- writing ---- */

static void put(output *out, slice bytes)
{
    out->full = out->full || bytes.length > MOST_BYTES - out->length;
    if (out->full)
        return;
    memcpy(out->bytes + out->length, bytes.at, bytes.length);
    out->length += bytes.length;
}

static void put_varint(output *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put(out, (slice){&(uint8_t){(uint8_t)(value | 0x80)}, 1});
    put(out, (slice){&(uint8_t){(uint8_t)value}, 1});
}

static void put_bytes(output *out, uint64_t tag, slice bytes)
{
    put_varint(out, tag);
    put_varint(out, bytes.length);
    put(out, bytes);
}

/* ---- changes ---- */

static uint64_t new_number(mutator *m, slice value)
{
    static const int64_t marked[] = {0,    1,    2,     3,     4,         5,         8,         17, 64, 65,
                                     1024, 8192, 65535, 65536, INT32_MAX, INT64_MAX, INT64_MIN, -1, -2};
    uint64_t number = 0;
    take_varint(&value, &number);
    switch (roll(m, 4)) {
    case 0:
        return number + 1;
    case 1:
        return number - 1;
    case 2:
        return number ^ (uint64_t)1 << roll(m, 64);
    default:
        return (uint64_t)marked[roll(m, sizeof marked / sizeof *marked)];
    }
}

static void change_value(mutator *m, const field *f, output *out)
{
    static uint8_t scratch[MOST_BYTES];
    if (wire_of(f) == VARINT) {
        put_varint(out, f->tag);
        put_varint(out, new_number(m, f->value));
    } else if (is_text(f) && roll(m, 2)) {
        put_bytes(out, f->tag, m->texts[roll(m, m->text_count)]);
    } else if (f->value.length + GROWTH <= sizeof scratch) {
        size_t growth = wire_of(f) == BYTES ? GROWTH : 0;
        memcpy(scratch, f->value.at, f->value.length);
        size_t length = LLVMFuzzerMutate(scratch, f->value.length, f->value.length + growth);
        if (wire_of(f) == BYTES) {
            put_bytes(out, f->tag, (slice){scratch, length});
        } else {
            put_varint(out, f->tag);
            put(out, (slice){scratch, f->value.length});
        }
    }
}

/* Drops, doubles, replaces or changes a field. */
static void change_field(mutator *m, const field *f, const field *other, output *out)
{
    switch (roll(m, 8)) {
    case 0:
        break;
    case 1:
        put(out, f->whole);
        put(out, f->whole);
        break;
    case 2:
        put(out, f->whole);
        put(out, other->whole);
        break;
    case 3:
        put(out, other->whole);
        break;
    default:
        change_value(m, f, out);
    }
}

static slice between(const uint8_t *from, const uint8_t *to)
{
    return (slice){from, (size_t)(to - from)};
}

/* The model with one change, in the one of two outputs that is returned; NULL: nothing came of it. */
static const output *change(mutator *m, slice model)
{
    static output outputs[2];
    static frame frames[MOST_DEPTH];
    const ProtobufCMessageDescriptor *type = &pj_onnx__model_proto__descriptor;
    slice message = model;
    field f, other;
    size_t depth = 0;
    while (pick(m, message, type, &f) && is_message(&f) && f.value.length && depth < MOST_DEPTH && roll(m, 8)) {
        const uint8_t *end = f.whole.at + f.whole.length;
        frames[depth].before = between(message.at, f.whole.at);
        frames[depth].behind = between(end, message.at + message.length);
        frames[depth++].tag = f.tag;
        message = f.value;
        type = f.type->descriptor;
    }
    if (!pick(m, message, type, &f) || !pick(m, message, type, &other))
        return NULL;
    output *out = &outputs[0];
    out->length = 0;
    out->full = false;
    put(out, between(message.at, f.whole.at));
    change_field(m, &f, &other, out);
    put(out, between(f.whole.at + f.whole.length, message.at + message.length));
    while (depth-- > 0) {
        output *outer = out == &outputs[0] ? &outputs[1] : &outputs[0];
        outer->length = 0;
        outer->full = out->full;
        put(outer, frames[depth].before);
        put_bytes(outer, frames[depth].tag, (slice){out->bytes, out->length});
        put(outer, frames[depth].behind);
        out = outer;
    }
    return out->full ? NULL : out;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static mutator m;
    const output *out = NULL;
    slice model = {data, size};
    m.random = seed;
    m.text_count = 0;
    collect_texts(&m, model, &pj_onnx__model_proto__descriptor, 0);
    if (size <= MOST_BYTES && roll(&m, 8)) /* now and then, libFuzzer's own changes */
        out = change(&m, model);
    if (!out || out->length > most)
        return LLVMFuzzerMutate(data, size, most);
    memcpy(data, out->bytes, out->length);
    return out->length;
}
