/* protobuf-c's messages out of a skeleton: what is repeated in the model's graph one by one, the rest at once. */
#include "load/loader.h"

static void *allocate(void *arena, size_t size)
{
    return pj_arena_alloc(arena, 1, size);
}

static void leave_it(void *arena, void *object)
{
    (void)arena;
    (void)object;
}

/* NULL: out of memory, for the walk has checked all else. */
static void *unpack(pj_arena *arena, const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length)
{
    ProtobufCAllocator allocator = {allocate, leave_it, arena};
    return protobuf_c_message_unpack(type, &allocator, length, bytes);
}

/* The bytes of a skeleton: whole and valid, for the walk has written them */
static uint64_t take_varint(const uint8_t **at)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* A field of ModelProto or GraphProto: all that the walk keeps of them are texts, messages and varints. */
typedef struct field {
    uint64_t number;
    const uint8_t *head;  /* where the length is */
    const uint8_t *bytes; /* NULL: a varint */
    size_t length;
} field;

static field take_field(const uint8_t **at)
{
    uint64_t tag = take_varint(at);
    field f = {.number = tag >> 3, .head = *at};
    uint64_t value = take_varint(at);
    if ((tag & 7) == 2) {
        f.bytes = *at;
        f.length = (size_t)value;
        *at += f.length;
    }
    return f;
}

enum { MODEL_GRAPH = 7, GRAPH_NAME = 2 };

/*  field number of GraphProto, where its messages go, their type */
static const struct {
    uint64_t number;
    size_t list;
    const ProtobufCMessageDescriptor *type;
} lists[] = {
    {1,  offsetof(pj_graph_text, nodes),               &pj_onnx__node_proto__descriptor         },
    {5,  offsetof(pj_graph_text, initializers),        &pj_onnx__tensor_proto__descriptor       },
    {11, offsetof(pj_graph_text, inputs),              &pj_onnx__value_info_proto__descriptor   },
    {12, offsetof(pj_graph_text, outputs),             &pj_onnx__value_info_proto__descriptor   },
    {13, offsetof(pj_graph_text, values),              &pj_onnx__value_info_proto__descriptor   },
    {14, offsetof(pj_graph_text, annotations),         &pj_onnx__tensor_annotation__descriptor  },
    {15, offsetof(pj_graph_text, sparse_initializers), &pj_onnx__sparse_tensor_proto__descriptor},
};

/* Notes where a message is. */
static bool add_message(pj_arena *arena, const field *f, pj_graph_text *graph)
{
    size_t row = 0;
    while (lists[row].number != f->number)
        if (++row == sizeof lists / sizeof *lists)
            return true;
    pj_messages *list = (void *)((char *)graph + lists[row].list);
    list->type = lists[row].type;
    list->packed = pj_arena_more(arena, list->packed, list->count, sizeof *list->packed);
    if (!list->packed)
        return false;
    list->packed[list->count++] = f->head;
    return true;
}

static bool read_graph(pj_arena *arena, const field *packed, pj_graph_text *graph)
{
    const uint8_t *end = packed->bytes + packed->length;
    bool ok = true;
    memset(graph, 0, sizeof *graph);
    graph->name = "";
    for (const uint8_t *at = packed->bytes; at < end && ok;) {
        field f = take_field(&at);
        if (f.number == GRAPH_NAME)
            graph->name = pj_arena_strndup(arena, (const char *)f.bytes, f.length);
        else
            ok = add_message(arena, &f, graph);
    }
    return ok && graph->name;
}

const PjOnnx__ModelProto *pj_unpack_model(pj_loader *loader, const pj_str *skeleton, bool *has_graph,
                                          pj_graph_text *graph)
{
    const uint8_t *begin = (const uint8_t *)skeleton->data, *end = begin + skeleton->length;
    pj_str rest = pj_str_new(0); /* the model without its graph */
    bool ok = true;
    *has_graph = false;
    for (const uint8_t *at = begin; at < end && ok;) {
        const uint8_t *from = at;
        field f = take_field(&at);
        if (f.number != MODEL_GRAPH) {
            pj_str_add_bytes(&rest, (const char *)from, (size_t)(at - from));
        } else {
            *has_graph = true;
            ok = read_graph(loader->scratch, &f, graph);
        }
    }
    const PjOnnx__ModelProto *proto = NULL;
    if (ok && !rest.failed)
        proto = unpack(loader->scratch, &pj_onnx__model_proto__descriptor, (const uint8_t *)rest.data, rest.length);
    pj_str_free(&rest);
    return proto;
}

pj_messages pj_unpacked(const void *messages, size_t count)
{
    return (pj_messages){.count = count, .unpacked = messages};
}

pj_graph_text pj_unpacked_graph(const PjOnnx__GraphProto *proto)
{
    return (pj_graph_text){
        .name = pj_text(proto->name),
        .nodes = pj_unpacked(proto->node, proto->n_node),
        .initializers = pj_unpacked(proto->initializer, proto->n_initializer),
        .sparse_initializers = pj_unpacked(proto->sparse_initializer, proto->n_sparse_initializer),
        .inputs = pj_unpacked(proto->input, proto->n_input),
        .outputs = pj_unpacked(proto->output, proto->n_output),
        .values = pj_unpacked(proto->value_info, proto->n_value_info),
        .annotations = pj_unpacked(proto->quantization_annotation, proto->n_quantization_annotation),
    };
}

/* Fields of NodeProto. */
enum { INPUT = 1, OUTPUT, NAME, OP_TYPE, ATTRIBUTE, DOMAIN_NAME = 7, OVERLOAD, METADATA };

static char *take_text(const field *f, char **room)
{
    char *text = memcpy(*room, f->bytes, f->length);
    *room += f->length + 1; /* which is zero */
    return text;
}

/* Into a node whose lists have room, texts to `room`. */
static bool take_node_field(pj_arena *arena, const field *f, char **room, PjOnnx__NodeProto *node)
{
    void *message = node;
    switch (f->number) {
    case INPUT:
        node->input[node->n_input++] = take_text(f, room);
        break;
    case OUTPUT:
        node->output[node->n_output++] = take_text(f, room);
        break;
    case NAME:
        node->name = take_text(f, room);
        break;
    case OP_TYPE:
        node->op_type = take_text(f, room);
        break;
    case DOMAIN_NAME:
        node->domain = take_text(f, room);
        break;
    case OVERLOAD:
        node->overload = take_text(f, room);
        break;
    case ATTRIBUTE:
        message = unpack(arena, &pj_onnx__attribute_proto__descriptor, f->bytes, f->length);
        node->attribute[node->n_attribute++] = message;
        break;
    default:
        message = unpack(arena, &pj_onnx__string_string_entry_proto__descriptor, f->bytes, f->length);
        node->metadata_props[node->n_metadata_props++] = message;
        break;
    }
    return message != NULL;
}

/* Nodes are nearly all there is in many files: their own fields are read here, a quarter of protobuf-c's work. */
static PjOnnx__NodeProto *unpack_node(pj_arena *arena, const uint8_t *bytes, size_t length)
{
    size_t count[METADATA + 1] = {0};
    const uint8_t *end = bytes + length;
    for (const uint8_t *at = bytes; at < end;) {
        field f = take_field(&at);
        if (f.number > METADATA) /* of an ONNX that is newer than this: all before are texts and messages */
            return unpack(arena, &pj_onnx__node_proto__descriptor, bytes, length);
        count[f.number]++;
    }
    PjOnnx__NodeProto *node = PJ_NEW(arena, PjOnnx__NodeProto, 1);
    void **list = PJ_NEW(arena, void *, count[INPUT] + count[OUTPUT] + count[ATTRIBUTE] + count[METADATA]);
    char *room = PJ_NEW(arena, char, length); /* each text has a tag and a length, and needs one byte */
    if (!node || !list || !room)
        return NULL;
    pj_onnx__node_proto__init(node);
    node->input = (char **)list;
    node->output = node->input + count[INPUT];
    node->attribute = (PjOnnx__AttributeProto **)(list + count[INPUT] + count[OUTPUT]);
    node->metadata_props = (PjOnnx__StringStringEntryProto **)(list + count[INPUT] + count[OUTPUT] + count[ATTRIBUTE]);
    for (const uint8_t *at = bytes; at < end;) {
        field f = take_field(&at);
        if (!take_node_field(arena, &f, &room, node))
            return NULL;
    }
    return node;
}

static void *unpack_packed(pj_arena *arena, const pj_messages *messages, size_t i)
{
    const uint8_t *at = messages->packed[i];
    size_t length = (size_t)take_varint(&at);
    return messages->type == &pj_onnx__node_proto__descriptor ? unpack_node(arena, at, length)
                                                              : unpack(arena, messages->type, at, length);
}

const void *pj_unpack(pj_loader *loader, const pj_messages *messages, size_t i)
{
    const void *message;
    if (messages->packed) {
        pj_arena_reset(loader->part);
        return unpack_packed(loader->part, messages, i);
    }
    memcpy(&message, (const char *)messages->unpacked + i * sizeof message, sizeof message);
    return message;
}

PjOnnx__NodeProto *const *pj_unpack_nodes(pj_loader *loader, const pj_messages *nodes, size_t from)
{
    if (!nodes->packed)
        return (PjOnnx__NodeProto *const *)nodes->unpacked + from;
    PjOnnx__NodeProto **rest = PJ_NEW(loader->scratch, PjOnnx__NodeProto *, nodes->count - from);
    for (size_t i = from; rest && i < nodes->count; i++) {
        rest[i - from] = unpack_packed(loader->scratch, nodes, i);
        if (!rest[i - from])
            rest = NULL;
    }
    return rest;
}
