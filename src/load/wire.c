/* Iterative walk over the protobuf wire format, steered by protobuf-c's descriptors. */
#include "load/wire.h"

#include <errno.h>

#include "base/ckd.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "ir/dtype.h"
#include "onnx.pb-c.h"

typedef ProtobufCMessageDescriptor message_type;
typedef ProtobufCFieldDescriptor field_type;

/* On the wire: a field is a tag (number << 3 | wire type) and a value. */
enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, GROUP = 3, GROUP_END = 4, FIXED32 = 5 };

enum {
    LENGTH_BYTES = 5,       /* of a submessage's length in the skeleton */
    FIRST_PRIVATE = 100001, /* TensorProto's fields that only we write */
    MOST_VARINT = 10,       /* bytes */
    MOST_FIELD = (1 << 29) - 1
};

/* What of a tensor's elements is not copied. */
typedef struct payload {
    uint64_t kept;           /* bytes that are copied */
    uint64_t offset, length; /* of those that are not; offset 0: they come in pieces */
    uint32_t field;          /* 0: all is copied */
    int data_type;
} payload;

/* A message that is being read. */
typedef struct message {
    const message_type *type;
    uint64_t begin, end; /* positions in the source; UINT64_MAX: the end of a stream */
    size_t head, body;   /* in the skeleton: where its tag and where its contents begin */
    uint64_t once;       /* bit per singular submessage that was there */
    payload data;        /* TensorProto only */
} message;

typedef struct walk {
    pj_source *source;
    pj_str *out;
    pj_error *err;
    int depth;  /* open messages */
    int graphs; /* GraphProtos among them */
    int64_t nodes;
    message open[PJ_MAX_MESSAGE_DEPTH];
} walk;

/* "NodeProto" of onnx.NodeProto; of the message that is read. */
static const char *place(const walk *w)
{
    return w->open[w->depth - 1].type->short_name;
}

static pj_status fail_end(const walk *w)
{
    if (w->source->failed == EFBIG && w->source->size == UINT64_MAX)
        return pj_fail(w->err, PJ_ELIMIT,
                       "the model would have more than the %d GiB that are read from a stream; give it as a file",
                       (int)(PJ_MAX_STREAM_BYTES >> 30));
    if (w->source->failed)
        return pj_fail(w->err, PJ_EIO, "cannot read the file: %s", strerror(w->source->failed));
    return pj_fail(w->err, PJ_EFORMAT, "the file ends at byte %" PRIu64 ", inside the %s that began at byte %" PRIu64,
                   pj_source_position(w->source), place(w), w->open[w->depth - 1].begin);
}

/* Bytes from here to the end of the message. A stream's end is not known, but no length comes near 2^63. */
static uint64_t left(const walk *w)
{
    uint64_t end = w->open[w->depth - 1].end, at = pj_source_position(w->source);
    if (at > end)
        return 0;
    return end - at < INT64_MAX ? end - at : INT64_MAX;
}

static pj_status check_length(const walk *w, const char *field, uint64_t length)
{
    if (length <= left(w))
        return PJ_OK;
    return pj_fail(w->err, PJ_EFORMAT,
                   "byte %" PRIu64 ": %s: %s has %" PRIu64 " bytes, but only %" PRIu64 " are left in the %s",
                   pj_source_position(w->source), place(w), field, length, left(w), w->depth > 1 ? "message" : "file");
}

static pj_status fail_malformed(const walk *w, const char *what)
{
    return pj_fail(w->err, PJ_EFORMAT, "byte %" PRIu64 ", in %s: %s", pj_source_position(w->source), place(w), what);
}

static pj_status read_long_varint(walk *w, uint64_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < MOST_VARINT; i++) {
        int byte = pj_source_get(w->source);
        if (byte < 0)
            return fail_end(w);
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return PJ_OK;
        }
    }
    return fail_malformed(w, "a number runs over more than 10 bytes");
}

static inline pj_status read_varint(walk *w, uint64_t *out)
{
    pj_source *source = w->source;
    if (source->at == source->held || source->window[source->at] >= 0x80)
        return read_long_varint(w, out);
    *out = source->window[source->at++]; /* as nearly all */
    return PJ_OK;
}

/* Both return the number of bytes written. */
static size_t put_varint(uint8_t *to, uint64_t value)
{
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        to[count++] = (uint8_t)(value | 0x80);
    to[count++] = (uint8_t)value;
    return count;
}

static size_t put_tag(uint8_t *to, uint32_t field, enum wire wire)
{
    return put_varint(to, (uint64_t)field << 3 | wire);
}

static void emit(walk *w, const uint8_t *bytes, size_t length)
{
    pj_str_add_bytes(w->out, (const char *)bytes, length);
}

static void emit_number(walk *w, uint32_t field, uint64_t value)
{
    uint8_t bytes[2 * MOST_VARINT];
    size_t length = put_tag(bytes, field, VARINT);
    emit(w, bytes, length + put_varint(bytes + length, value));
}

static bool is_message(const message *m, const message_type *type)
{
    return m->type == type;
}

/* Documentation, metadata and what only training or several devices need is read over, and so are the fields that only
 * we write. Node metadata stays for the module path, external_data for where the data are. */
static bool is_wanted(const message *in, const field_type *field)
{
    const void *type = field->descriptor;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return field->name[0] != 'd' ||
               (strcmp(field->name, "doc_string") != 0 && strcmp(field->name, "denotation") != 0);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return field->id < FIRST_PRIVATE;
    if (type == &pj_onnx__string_string_entry_proto__descriptor)
        return is_message(in, &pj_onnx__node_proto__descriptor) ||
               is_message(in, &pj_onnx__tensor_annotation__descriptor) || strcmp(field->name, "external_data") == 0;
    return type != &pj_onnx__training_info_proto__descriptor &&
           type != &pj_onnx__device_configuration_proto__descriptor &&
           type != &pj_onnx__tensor_proto__segment__descriptor &&
           type != &pj_onnx__node_device_configuration_proto__descriptor;
}

static enum wire wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return VARINT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return BYTES;
    }
}

static bool is_payload(const message *in, const field_type *field)
{
    return is_message(in, &pj_onnx__tensor_proto__descriptor) && field->id >= PJ_FLOAT_DATA &&
           field->id <= PJ_UINT64_DATA && field->type != PROTOBUF_C_TYPE_STRING;
}

static uint64_t kept_elements(int data_type)
{
    switch (data_type) {
    case PJ_UNDEFINED: /* not known yet: the type comes after the data */
    case PJ_INT64:
    case PJ_UINT64:
        return PJ_MAX_VALUE_BYTES / 8;
    case PJ_INT32:
    case PJ_UINT32:
        return PJ_MAX_VALUE_BYTES / 4;
    default:
        return PJ_MAX_SCALE_ELEMENTS;
    }
}

uint64_t pj_wire_kept_bytes(int data_type)
{
    int bits = pj_dtype_valid(data_type) ? pj_dtype_bits((pj_dtype)data_type) : 64;
    return kept_elements(data_type) * (uint64_t)(data_type == PJ_STRING ? 32 : bits) / 8;
}

/* Is a piece of `length` bytes to be copied? If not, notes where it is. */
static bool keep_payload(message *in, uint32_t field, uint64_t position, uint64_t length)
{
    payload *data = &in->data;
    uint64_t most = kept_elements(data->data_type) * MOST_VARINT;
    if (field == PJ_FLOAT_DATA || field == PJ_DOUBLE_DATA)
        most = pj_wire_kept_bytes(field == PJ_FLOAT_DATA ? PJ_FLOAT32 : PJ_FLOAT64);
    else if (field == PJ_RAW_DATA || field == PJ_STRING_DATA)
        most = pj_wire_kept_bytes(data->data_type);
    if (field == PJ_RAW_DATA && data->field == PJ_RAW_DATA)
        data->field = 0; /* singular: the last one counts */
    if (!data->field && data->kept + length <= most) {
        data->kept += length;
        return true;
    }
    bool whole = !data->field && (!data->kept || field == PJ_RAW_DATA);
    if (!data->field)
        data->length = whole ? 0 : data->kept;
    data->offset = whole ? position : 0;
    data->length += length;
    data->field = field;
    return false;
}

static pj_status skip(walk *w, uint64_t length)
{
    PJ_TRY(check_length(w, "an unknown field", length));
    return pj_source_skip(w->source, length) ? PJ_OK : fail_end(w);
}

/* Jumps over a value that is no group, or counts the groups that are open. */
static pj_status skip_part(walk *w, enum wire wire, uint64_t *groups)
{
    uint64_t number = 0;
    switch (wire) {
    case VARINT:
        return read_varint(w, &number);
    case FIXED64:
        return skip(w, 8);
    case BYTES:
        PJ_TRY(read_varint(w, &number));
        return skip(w, number);
    case GROUP:
        ++*groups;
        return PJ_OK;
    case GROUP_END:
        if (*groups == 0)
            return fail_malformed(w, "a group ends that did not begin");
        --*groups;
        return PJ_OK;
    case FIXED32:
    default:
        return skip(w, 4);
    }
}

/* Jumps over a value of any wire type; of groups, over all up to the end of the outermost. */
static pj_status skip_value(walk *w, enum wire wire)
{
    uint64_t groups = 0, tag = 0;
    PJ_TRY(skip_part(w, wire, &groups));
    while (groups > 0) {
        PJ_TRY(read_varint(w, &tag));
        if ((tag & 7) > FIXED32)
            return fail_malformed(w, "wire types 6 and 7 do not exist");
        PJ_TRY(skip_part(w, (enum wire)(tag & 7), &groups));
    }
    return PJ_OK;
}

/* A singular or unpacked number. */
static pj_status copy_scalar(walk *w, message *in, const field_type *field, enum wire wire)
{
    uint8_t bytes[2 * MOST_VARINT];
    uint64_t value = 0, at = pj_source_position(w->source);
    size_t tag = put_tag(bytes, field->id, wire), length;
    if (wire == VARINT) {
        PJ_TRY(read_varint(w, &value));
        length = put_varint(bytes + tag, value);
    } else {
        length = wire == FIXED32 ? 4 : 8;
        for (size_t i = 0; i < length; i++) {
            int byte = pj_source_get(w->source);
            if (byte < 0)
                return fail_end(w);
            bytes[tag + i] = (uint8_t)byte;
        }
    }
    if (is_payload(in, field) && !keep_payload(in, field->id, at, length))
        return PJ_OK;
    if (field->id == PJ_DATA_TYPE && is_message(in, &pj_onnx__tensor_proto__descriptor))
        in->data.data_type = (int)(int32_t)value;
    emit(w, bytes, tag + length);
    return PJ_OK;
}

/* Are these whole numbers one after the other? protobuf-c says no more than "no" to all of the message. */
static bool is_packed(const char *bytes, size_t length, enum wire wire)
{
    size_t run = 0;
    if (wire != VARINT)
        return length % (wire == FIXED32 ? 4 : 8) == 0;
    for (size_t i = 0; i < length && run < MOST_VARINT; i++)
        run = (uint8_t)bytes[i] & 0x80 ? run + 1 : 0;
    return run == 0;
}

/* Texts are UTF-8 from here on, so that what a report has of them is what the model has: other bytes become \xNN, which
 * keeps different names different. */
static void write_out_bytes(walk *w, const field_type *field, size_t head, size_t from)
{
    pj_str text = pj_str_new(0), *out = w->out;
    uint8_t begin[2 * MOST_VARINT];
    size_t bytes;
    for (size_t at = from; at < out->length; at += bytes ? bytes : 1) {
        bytes = pj_utf8_sequence(out->data + at, out->length - at);
        if (bytes)
            pj_str_add_bytes(&text, out->data + at, bytes);
        else
            pj_str_printf(&text, "\\x%02x", (unsigned char)out->data[at]);
    }
    out->length = head;
    pj_str_fail_as(out, &text);
    size_t tag = put_tag(begin, field->id, BYTES);
    emit(w, begin, tag + put_varint(begin + tag, text.length));
    pj_str_add_bytes(out, text.data, text.length);
    pj_str_free(&text);
}

static bool is_utf8(const char *text, size_t length)
{
    const uint64_t beyond_ascii = 0x8080808080808080;
    size_t at = 0, bytes;
    for (uint64_t eight; at + sizeof eight <= length; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        if (eight & beyond_ascii)
            break;
    }
    for (; at < length; at += bytes)
        if (!(bytes = pj_utf8_sequence(text + at, length - at)))
            return false;
    return true;
}

/* Names of files are no names of ours. */
static bool is_file_name(const walk *w, bool entry)
{
    return entry && is_message(&w->open[w->depth - 2], &pj_onnx__tensor_proto__descriptor);
}

/* Text, bytes and packed numbers. What is longer than any use we have for it is read as empty. */
static pj_status copy_bytes(walk *w, message *in, const field_type *field, uint64_t length)
{
    uint64_t at = pj_source_position(w->source);
    bool entry = is_message(in, &pj_onnx__string_string_entry_proto__descriptor);
    if (is_payload(in, field)) {
        if (!keep_payload(in, field->id, at, length))
            return skip(w, length);
    } else if (field->type == PROTOBUF_C_TYPE_STRING && length > PJ_MAX_NAME && !entry) {
        return pj_fail(w->err, PJ_ELIMIT,
                       "byte %" PRIu64 ": %s.%s is a text of %" PRIu64 " bytes; at most %d are accepted", at, place(w),
                       field->name, length, PJ_MAX_NAME);
    } else if (wire_of(field->type) == BYTES && length > PJ_MAX_NAME) {
        PJ_TRY(skip(w, length));
        length = 0;
    }
    uint8_t head[2 * MOST_VARINT];
    size_t tag = put_tag(head, field->id, BYTES), begin = w->out->length;
    emit(w, head, tag + put_varint(head + tag, length));
    size_t from = w->out->length;
    if (!pj_source_copy(w->source, length, w->out))
        return fail_end(w);
    if (field->type == PROTOBUF_C_TYPE_STRING && !w->out->failed && !is_file_name(w, entry) &&
        !is_utf8(w->out->data + from, w->out->length - from))
        write_out_bytes(w, field, begin, from);
    if (wire_of(field->type) != BYTES && !w->out->failed &&
        !is_packed(w->out->data + from, (size_t)length, wire_of(field->type)))
        return fail_malformed(w, "a list of numbers is cut off in the middle of one");
    return PJ_OK;
}

static pj_status count_message(walk *w, const message_type *type)
{
    if (w->depth == PJ_MAX_MESSAGE_DEPTH)
        return pj_fail(w->err, PJ_ELIMIT, "byte %" PRIu64 ": messages are nested more than %d deep",
                       pj_source_position(w->source), PJ_MAX_MESSAGE_DEPTH);
    if (type == &pj_onnx__graph_proto__descriptor && w->graphs++ > PJ_MAX_SUBGRAPH_DEPTH)
        return pj_fail(w->err, PJ_ELIMIT, "byte %" PRIu64 ": subgraphs are nested more than %d deep",
                       pj_source_position(w->source), PJ_MAX_SUBGRAPH_DEPTH);
    if (type == &pj_onnx__node_proto__descriptor && w->nodes++ >= PJ_MAX_NODES)
        return pj_fail(w->err, PJ_ELIMIT, "the model has more than %d nodes", PJ_MAX_NODES);
    return PJ_OK;
}

/* Begins to read a submessage. Twice the same singular one would be merged, in quadratic time; no exporter does it. */
static pj_status enter(walk *w, message *in, const field_type *field, uint64_t length)
{
    uint64_t bit = (uint64_t)1 << ((field - in->type->fields) & 63);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if (in->once & bit)
            return pj_fail(w->err, PJ_EFORMAT, "byte %" PRIu64 ": %s.%s is given twice, but may be there once",
                           pj_source_position(w->source), place(w), field->name);
        in->once |= bit;
    }
    PJ_TRY(count_message(w, field->descriptor));
    message *fresh = &w->open[w->depth++];
    memset(fresh, 0, sizeof *fresh);
    fresh->type = field->descriptor;
    fresh->begin = pj_source_position(w->source);
    fresh->end = fresh->begin + length;
    fresh->head = w->out->length;
    uint8_t head[MOST_VARINT + LENGTH_BYTES] = {0};
    emit(w, head, put_tag(head, field->id, BYTES) + LENGTH_BYTES);
    fresh->body = w->out->length;
    return PJ_OK;
}

/* Of a node's metadata only these entries have a use: the module path. */
static bool is_scope_entry(const char *entry, size_t length)
{
    static const char *const keys[] = {"pkg.torch.onnx.name_scopes", "namespace"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t n = strlen(keys[i]);
        if (length >= n + 2 && entry[0] == (1 << 3 | BYTES) && entry[1] == (char)n &&
            memcmp(entry + 2, keys[i], n) == 0)
            return true;
    }
    return false;
}

/* Ends a submessage: takes it back where it has no use, else writes its length. */
static void leave(walk *w)
{
    message *done = &w->open[--w->depth];
    pj_str *out = w->out;
    if (done->data.field) {
        emit_number(w, FIRST_PRIVATE, done->data.offset);
        emit_number(w, FIRST_PRIVATE + 1, done->data.length);
        emit_number(w, FIRST_PRIVATE + 2, done->data.field);
    }
    if (is_message(done, &pj_onnx__graph_proto__descriptor))
        w->graphs--;
    if (w->depth == 0 || out->failed)
        return;
    size_t length = out->length - done->body;
    if (is_message(done, &pj_onnx__string_string_entry_proto__descriptor) &&
        is_message(&w->open[w->depth - 1], &pj_onnx__node_proto__descriptor) &&
        !is_scope_entry(out->data + done->body, length)) {
        out->length = done->head;
        return;
    }
    for (int i = 0; i < LENGTH_BYTES; i++) {
        int more = i < LENGTH_BYTES - 1 ? 0x80 : 0;
        out->data[done->body - LENGTH_BYTES + (size_t)i] = (char)((length >> (7 * i) & 0x7f) | (size_t)more);
    }
}

/* Most numbers are those of the places; protobuf-c searches. NULL: there is no such field. */
static const field_type *field_of(const message_type *type, uint64_t number)
{
    if (number <= type->n_fields && type->fields[number - 1].id == number)
        return &type->fields[number - 1];
    return protobuf_c_message_descriptor_get_field(type, (unsigned)number);
}

static pj_status read_field(walk *w, message *in)
{
    uint64_t tag = 0, length = 0;
    PJ_TRY(read_varint(w, &tag));
    uint64_t number = tag >> 3;
    if ((tag & 7) > FIXED32 || number == 0 || number > MOST_FIELD)
        return fail_malformed(w, "these bytes are no field of a protobuf message");
    enum wire wire = (enum wire)(tag & 7);
    const field_type *field = field_of(in->type, number);
    if (!field || !is_wanted(in, field))
        return skip_value(w, wire);
    if (wire == wire_of(field->type) && wire != BYTES)
        return copy_scalar(w, in, field, wire);
    if (wire != BYTES || (wire_of(field->type) != BYTES && field->label != PROTOBUF_C_LABEL_REPEATED))
        return skip_value(w, wire); /* other readers skip what has the wrong wire type, too */
    PJ_TRY(read_varint(w, &length));
    PJ_TRY(check_length(w, field->name, length));
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? enter(w, in, field, length) : copy_bytes(w, in, field, length);
}

pj_status pj_wire_skeleton(pj_source *source, pj_str *out, pj_error *err)
{
    walk w = {.source = source, .out = out, .err = err, .depth = 1};
    w.open[0] = (message){.type = &pj_onnx__model_proto__descriptor, .end = source->size};
    while (w.depth > 0) {
        message *top = &w.open[w.depth - 1];
        uint64_t at = pj_source_position(source);
        if (at > top->end)
            return fail_malformed(&w, "a value runs past the end of the message");
        if (out->failed)
            return out->limit && out->length > out->limit / 2
                       ? pj_fail(err, PJ_ELIMIT, "the model without its weights has more than %zu bytes", out->limit)
                       : pj_fail_memory(err);
        if (at == top->end || (top->end == UINT64_MAX && !pj_source_fill(source, 1) && !source->failed))
            leave(&w);
        else
            PJ_TRY(read_field(&w, top));
    }
    return PJ_OK;
}
