/* The walk before protobuf-c: what it lets through, what it leaves out, what it refuses. Bytes are made by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check.h"
#include "ir/dtype.h"
#include "load/load.h"
#include "load/wire.h"
#include "onnx.pb-c.h"

/* Field numbers of the messages used here. */
enum { MODEL_IR = 1, MODEL_DOC = 6, MODEL_GRAPH = 7, MODEL_METADATA = 14, MODEL_TRAINING = 20 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OP = 4, NODE_ATTR = 5, NODE_METADATA = 9 };
enum { ATTR_NAME = 1, ATTR_S = 4, ATTR_G = 6, ATTR_FLOATS = 7, ATTR_INTS = 8 };
enum { TENSOR_DIMS = 1, TENSOR_PRIVATE = 100001 };
enum { VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 };

/* ---- making bytes ---- */

static void varint(pj_str *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        pj_str_add_char(to, (char)(value | 0x80));
    pj_str_add_char(to, (char)value);
}

static void tag(pj_str *to, uint32_t field, uint32_t wire)
{
    varint(to, (uint64_t)field << 3 | wire);
}

static void number(pj_str *to, uint32_t field, uint64_t value)
{
    tag(to, field, VARINT);
    varint(to, value);
}

static void bytes(pj_str *to, uint32_t field, const void *data, size_t length)
{
    tag(to, field, BYTES);
    varint(to, length);
    pj_str_add_bytes(to, data, length);
}

static void text(pj_str *to, uint32_t field, const char *value)
{
    bytes(to, field, value, strlen(value));
}

/* Appends `inner` as a submessage and frees it. */
static void sub(pj_str *to, uint32_t field, pj_str inner)
{
    bytes(to, field, inner.data, inner.length);
    pj_str_free(&inner);
}

/* ---- running the walk ---- */

typedef struct result {
    pj_status status;
    pj_error err;
    pj_str skeleton;
    PjOnnx__ModelProto *model; /* what protobuf-c makes of the skeleton */
} result;

/* Walks and frees `file`. */
static result walk(pj_str file)
{
    result r = {.skeleton = pj_str_new(0)};
    /* a block of its own, so that the sanitizer sees a read past its end */
    uint8_t *exact = malloc(file.length ? file.length : 1);
    memcpy(exact, file.data, file.length);
    pj_source source;
    pj_source_memory(&source, exact, file.length);
    r.status = pj_wire_skeleton(&source, &r.skeleton, &r.err);
    if (r.status == PJ_OK)
        r.model = pj_onnx__model_proto__unpack(NULL, r.skeleton.length, (const uint8_t *)r.skeleton.data);
    free(exact);
    pj_str_free(&file);
    return r;
}

static void done(result *r)
{
    if (r->model)
        pj_onnx__model_proto__free_unpacked(r->model, NULL);
    pj_str_free(&r->skeleton);
}

static void refuses(pj_str file, pj_status status, const char *part)
{
    result r = walk(file);
    CHECK_INT(r.status, status);
    CHECK_PART(r.err.what, part);
    done(&r);
}

static pj_str model_of_graph(pj_str graph)
{
    pj_str file = pj_str_new(0);
    number(&file, MODEL_IR, 8);
    sub(&file, MODEL_GRAPH, graph);
    return file;
}

/* A model with one initializer. */
static result walk_tensor(pj_str tensor)
{
    pj_str graph = pj_str_new(0);
    sub(&graph, GRAPH_INITIALIZER, tensor);
    return walk(model_of_graph(graph));
}

/* ---- tests ---- */

static void test_skeleton(void)
{
    pj_str node = pj_str_new(0), graph = pj_str_new(0);
    text(&node, NODE_OP, "Relu");
    sub(&graph, GRAPH_NODE, node);
    result r = walk(model_of_graph(graph));
    /* lengths of submessages take five bytes: 13 = 0x8d 0x80 0x80 0x80 0x00 */
    static const char want[] = "\x08\x08\x3a\x8c\x80\x80\x80\x00\x0a\x86\x80\x80\x80\x00\x22\x04Relu";
    CHECK_INT(r.status, PJ_OK);
    CHECK_INT(r.skeleton.length, sizeof want - 1);
    CHECK(r.skeleton.length == sizeof want - 1 && memcmp(r.skeleton.data, want, sizeof want - 1) == 0);
    CHECK(r.model && r.model->ir_version == 8);
    CHECK(r.model && r.model->graph && r.model->graph->n_node == 1);
    CHECK_TEXT(r.model->graph->node[0]->op_type, "Relu");
    done(&r);
}

static void test_every_prefix(void)
{
    pj_str node = pj_str_new(0), graph = pj_str_new(0), attr = pj_str_new(0);
    text(&attr, ATTR_NAME, "axes");
    bytes(&attr, ATTR_INTS, "\x01\x80\x01", 3);
    text(&node, NODE_OP, "Relu");
    sub(&node, NODE_ATTR, attr);
    sub(&graph, GRAPH_NODE, node);
    pj_str file = model_of_graph(graph);
    for (size_t length = 0; length <= file.length; length++) {
        pj_str part = pj_str_new(0);
        pj_str_add_bytes(&part, file.data, length);
        result r = walk(part);
        bool whole = length == 0 || length == 2 || length == file.length; /* between two fields of the model */
        CHECK_INT(r.status, whole ? PJ_OK : PJ_EFORMAT);
        CHECK(whole == (r.model != NULL));
        done(&r);
    }
    file.length = 1;
    refuses(file, PJ_EFORMAT, "the file ends at byte 1, inside the ModelProto that began at byte 0");
}

static void test_broken_fields(void)
{
    pj_str file = pj_str_new(0);
    pj_str_add_bytes(&file, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
    refuses(file, PJ_EFORMAT, "a number runs over more than 10 bytes");
    file = pj_str_new(0);
    pj_str_add_bytes(&file, "\x3a\x64\x00\x00\x00", 5);
    refuses(file, PJ_EFORMAT, "ModelProto: graph has 100 bytes, but only 3 are left in the file");
    file = pj_str_new(0);
    pj_str_add_bytes(&file, "\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    refuses(file, PJ_EFORMAT, "graph has 18446744073709551615 bytes, but only 0 are left");
    file = pj_str_new(0);
    pj_str_add_bytes(&file, "\x00\x00", 2);
    refuses(file, PJ_EFORMAT, "no field of a protobuf message");
    file = pj_str_new(0);
    pj_str_add_bytes(&file, "\x0f\x00", 2);
    refuses(file, PJ_EFORMAT, "no field of a protobuf message");
    pj_str graph = pj_str_new(0), node = pj_str_new(0);
    text(&node, NODE_OP, "Relu");
    node.data[1] = 9; /* one more than is there */
    sub(&graph, GRAPH_NODE, node);
    text(&graph, GRAPH_NAME, "rest of the graph");
    refuses(model_of_graph(graph), PJ_EFORMAT, "NodeProto: op_type has 9 bytes, but only 4 are left in the message");
    graph = pj_str_new(0);
    pj_str_add_bytes(&graph, "\x0a\x02\x08\x80\x01", 5); /* a node of 2 bytes that ends within a number */
    refuses(model_of_graph(graph), PJ_EFORMAT, "a value runs past the end of the message");
    graph = pj_str_new(0);
    node = pj_str_new(0);
    pj_str attr = pj_str_new(0);
    bytes(&attr, ATTR_INTS, "\x01\x80", 2);
    sub(&node, NODE_ATTR, attr);
    sub(&graph, GRAPH_NODE, node);
    refuses(model_of_graph(graph), PJ_EFORMAT, "a list of numbers is cut off in the middle of one");
    graph = pj_str_new(0);
    node = pj_str_new(0);
    attr = pj_str_new(0);
    bytes(&attr, ATTR_FLOATS, "\0\0\0\0\0", 5);
    sub(&node, NODE_ATTR, attr);
    sub(&graph, GRAPH_NODE, node);
    refuses(model_of_graph(graph), PJ_EFORMAT, "a list of numbers is cut off in the middle of one");
}

/* A graph inside an attribute of a node of a graph ...: `levels` of them below the model's own. */
static pj_str nested(int levels)
{
    pj_str graph = pj_str_new(0);
    for (int i = 0; i < levels; i++) {
        pj_str attr = pj_str_new(0), node = pj_str_new(0);
        sub(&attr, ATTR_G, graph);
        sub(&node, NODE_ATTR, attr);
        graph = pj_str_new(0);
        sub(&graph, GRAPH_NODE, node);
    }
    return model_of_graph(graph);
}

static void test_depth(void)
{
    result r = walk(nested(PJ_MAX_SUBGRAPH_DEPTH));
    CHECK_INT(r.status, PJ_OK);
    CHECK(r.model != NULL);
    done(&r);
    refuses(nested(PJ_MAX_SUBGRAPH_DEPTH + 1), PJ_ELIMIT, "subgraphs are nested more than 64 deep");
    refuses(nested(3000), PJ_ELIMIT, "subgraphs are nested more than 64 deep");
    pj_str type = pj_str_new(0), info = pj_str_new(0), graph = pj_str_new(0);
    for (int i = 0; i < 400; i++) { /* a sequence of a sequence of ... */
        pj_str sequence = pj_str_new(0);
        sub(&sequence, 1, type);
        type = pj_str_new(0);
        sub(&type, 4, sequence);
    }
    sub(&info, 2, type);
    sub(&graph, GRAPH_INPUT, info);
    refuses(model_of_graph(graph), PJ_ELIMIT, "messages are nested more than 256 deep");
}

static void test_repeated_singular(void)
{
    pj_str file = pj_str_new(0);
    for (int i = 0; i < 100000; i++)
        bytes(&file, MODEL_GRAPH, "", 0);
    refuses(file, PJ_EFORMAT, "ModelProto.graph is given twice");
    file = pj_str_new(0); /* numbers and texts: the last one counts */
    number(&file, MODEL_IR, 3);
    number(&file, MODEL_IR, 9);
    result r = walk(file);
    CHECK(r.model && r.model->ir_version == 9);
    done(&r);
}

static void test_dropped(void)
{
    pj_str file = pj_str_new(0), entry = pj_str_new(0), graph = pj_str_new(0);
    text(&entry, 1, "author");
    text(&entry, 2, "someone");
    sub(&file, MODEL_METADATA, entry);
    text(&file, MODEL_DOC, "words");
    bytes(&file, MODEL_TRAINING, "\x0a\x00", 2);
    number(&file, 999, 1); /* unknown fields of all wire types */
    text(&file, 1000, "unknown");
    tag(&file, 1001, FIXED64);
    pj_str_add_bytes(&file, "12345678", 8);
    tag(&file, 1002, FIXED32);
    pj_str_add_bytes(&file, "1234", 4);
    tag(&file, 1003, GROUP); /* a group with a group inside */
    text(&file, 1, "x");
    tag(&file, 4, GROUP);
    tag(&file, 4, GROUP_END);
    tag(&file, 1003, GROUP_END);
    text(&file, MODEL_IR, "8"); /* a known field with the wrong wire type */
    number(&file, MODEL_GRAPH, 8);
    text(&graph, GRAPH_NAME, "g");
    sub(&file, MODEL_GRAPH, graph);
    result r = walk(file);
    CHECK_INT(r.status, PJ_OK);
    CHECK_INT(r.skeleton.length, 1 + 5 + 3);
    CHECK(r.model && r.model->base.n_unknown_fields == 0 && !r.model->has_ir_version && r.model->graph);
    done(&r);
    file = pj_str_new(0);
    tag(&file, 1003, GROUP_END);
    refuses(file, PJ_EFORMAT, "a group ends that did not begin");
    file = pj_str_new(0);
    tag(&file, 1003, GROUP);
    refuses(file, PJ_EFORMAT, "the file ends at byte 2");
}

/* Bytes that are no UTF-8 are written out, each by itself, and names of files are left alone. */
static void test_no_utf8(void)
{
    pj_str file = pj_str_new(0), graph = pj_str_new(0), node = pj_str_new(0), tensor = pj_str_new(0),
           entry = pj_str_new(0);
    text(&node, NODE_INPUT, "caf\xe9");
    text(&node, NODE_INPUT, "caf\xc3\xa9");
    text(&node, NODE_OUTPUT, "\xff\xe2\x80");
    text(&node, NODE_OP, "Relu");
    sub(&graph, GRAPH_NODE, node);
    text(&entry, 1, "location");
    text(&entry, 2, "caf\xe9");
    sub(&tensor, 13, entry);
    sub(&graph, GRAPH_INITIALIZER, tensor);
    sub(&file, MODEL_GRAPH, graph);
    result r = walk(file);
    CHECK_INT(r.status, PJ_OK);
    const PjOnnx__GraphProto *got = r.model->graph;
    CHECK_TEXT(got->node[0]->input[0], "caf\\xe9");
    CHECK_TEXT(got->node[0]->input[1], "caf\xc3\xa9");
    CHECK_TEXT(got->node[0]->output[0], "\\xff\\xe2\\x80");
    CHECK_TEXT(got->node[0]->op_type, "Relu");
    CHECK_TEXT(got->initializer[0]->external_data[0]->value, "caf\xe9");
    done(&r);
}

/* The path of a node's module that is longer than any name has no use; it is no reason to refuse the model. */
static void test_long_metadata(void)
{
    char *longest = calloc(PJ_MAX_NAME + 2, 1);
    memset(longest, 'x', PJ_MAX_NAME + 1);
    pj_str node = pj_str_new(0), graph = pj_str_new(0), entry = pj_str_new(0);
    text(&entry, 1, "namespace");
    text(&entry, 2, longest);
    sub(&node, NODE_METADATA, entry);
    sub(&graph, GRAPH_NODE, node);
    result r = walk(model_of_graph(graph));
    CHECK_INT(r.status, PJ_OK);
    CHECK(r.model && r.model->graph->node[0]->n_metadata_props == 1);
    CHECK_TEXT(r.model->graph->node[0]->metadata_props[0]->key, "namespace");
    CHECK_TEXT(r.model->graph->node[0]->metadata_props[0]->value, "");
    done(&r);
    free(longest);
}

static void test_metadata(void)
{
    static const char *const entries[][2] = {
        {"pkg.torch.onnx.stack_trace", "File \"model.py\", line 7"},
        {"pkg.torch.onnx.name_scopes", "['', 'fc']"               },
        {"namespace",                  ": M/fc: Linear"           },
        {"namespaces",                 "no"                       },
        {"namespac3",                  "no"                       }, /* of the same length */
        {"",                           "namespace"                },
    };
    pj_str node = pj_str_new(0), graph = pj_str_new(0);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        pj_str entry = pj_str_new(0);
        text(&entry, 1, entries[i][0]);
        text(&entry, 2, entries[i][1]);
        sub(&node, NODE_METADATA, entry);
    }
    text(&node, NODE_OP, "Relu");
    sub(&graph, GRAPH_NODE, node);
    result r = walk(model_of_graph(graph));
    CHECK_INT(r.status, PJ_OK);
    CHECK(r.model && r.model->graph->node[0]->n_metadata_props == 2);
    CHECK_TEXT(r.model->graph->node[0]->metadata_props[0]->value, "['', 'fc']");
    CHECK_TEXT(r.model->graph->node[0]->metadata_props[1]->value, ": M/fc: Linear");
    CHECK_TEXT(r.model->graph->node[0]->op_type, "Relu");
    done(&r);
}

static void test_repeated_numbers(void)
{
    pj_str tensor = pj_str_new(0);
    number(&tensor, TENSOR_DIMS, 2); /* one by one, packed, and one again */
    bytes(&tensor, TENSOR_DIMS, "\x03\x80\x01", 3);
    number(&tensor, TENSOR_DIMS, 5);
    number(&tensor, PJ_DATA_TYPE, PJ_FLOAT32);
    tag(&tensor, PJ_FLOAT_DATA, FIXED32);
    pj_str_add_bytes(&tensor, "\0\0\x80\x3f", 4);
    bytes(&tensor, PJ_FLOAT_DATA, "\0\0\0\x40", 4);
    result r = walk_tensor(tensor);
    const PjOnnx__TensorProto *t = r.model ? r.model->graph->initializer[0] : NULL;
    CHECK(t && t->n_dims == 4 && t->dims[0] == 2 && t->dims[1] == 3 && t->dims[2] == 128 && t->dims[3] == 5);
    CHECK(t && t->n_float_data == 2 && t->float_data[0] == 1.0f && t->float_data[1] == 2.0f);
    done(&r);
}

/* A tensor whose elements are `length` zero bytes in `field`; the walk's view of it. */
static void check_payload(int data_type, uint32_t field, size_t length, bool kept)
{
    pj_str tensor = pj_str_new(0);
    char *zeros = calloc(length, 1);
    number(&tensor, PJ_DATA_TYPE, (uint64_t)data_type);
    bytes(&tensor, field, zeros, length);
    number(&tensor, TENSOR_PRIVATE, 1); /* from a file these are nothing */
    number(&tensor, TENSOR_PRIVATE + 1, 2);
    number(&tensor, TENSOR_PRIVATE + 2, 3);
    text(&tensor, 8, "w");
    free(zeros);
    result r = walk_tensor(tensor);
    const PjOnnx__TensorProto *t = r.model ? r.model->graph->initializer[0] : NULL;
    CHECK(t != NULL);
    CHECK_TEXT(t->name, "w");
    CHECK_INT(t->has_pj_field, !kept);
    CHECK_INT(t->pj_field, kept ? 0 : field);
    CHECK_INT(t->pj_length, kept ? 0 : length);
    if (field == PJ_RAW_DATA)
        CHECK_INT(t->raw_data.len, kept ? length : 0);
    if (!kept) /* before it: ir_version, graph, initializer, data_type, the field's tag and its length */
        CHECK_INT(t->pj_offset, 2 + 1 + 3 + 1 + 3 + 2 + 1 + (length < 16384 ? 2 : 3));
    done(&r);
}

static void test_payloads(void)
{
    check_payload(PJ_INT64, PJ_RAW_DATA, PJ_MAX_VALUE_BYTES, true);
    check_payload(PJ_INT64, PJ_RAW_DATA, PJ_MAX_VALUE_BYTES + 8, false);
    check_payload(PJ_INT64, PJ_INT64_DATA, PJ_MAX_VALUE_BYTES / 8 * 10, true);
    check_payload(PJ_INT64, PJ_INT64_DATA, PJ_MAX_VALUE_BYTES / 8 * 10 + 1, false);
    check_payload(PJ_INT32, PJ_RAW_DATA, PJ_MAX_VALUE_BYTES, true);
    check_payload(PJ_FLOAT32, PJ_RAW_DATA, 4 * PJ_MAX_SCALE_ELEMENTS, true);
    check_payload(PJ_FLOAT32, PJ_RAW_DATA, 16400, false);
    check_payload(PJ_FLOAT32, PJ_FLOAT_DATA, 4 * PJ_MAX_SCALE_ELEMENTS, true);
    check_payload(PJ_FLOAT32, PJ_FLOAT_DATA, 16400, false);
    check_payload(PJ_INT8, PJ_RAW_DATA, PJ_MAX_SCALE_ELEMENTS, true);
    check_payload(PJ_INT8, PJ_RAW_DATA, 16384, false);
    check_payload(99, PJ_RAW_DATA, 100000, false);
}

static void test_payload_pieces(void)
{
    pj_str tensor = pj_str_new(0);
    number(&tensor, PJ_DATA_TYPE, PJ_FLOAT32);
    for (int i = 0; i < 2000; i++) { /* too many for a small tensor, and not in one piece */
        tag(&tensor, PJ_FLOAT_DATA, FIXED32);
        pj_str_add_bytes(&tensor, "\0\0\0\0", 4);
    }
    result r = walk_tensor(tensor);
    const PjOnnx__TensorProto *t = r.model ? r.model->graph->initializer[0] : NULL;
    CHECK(t && t->pj_field == PJ_FLOAT_DATA && t->pj_offset == 0);
    CHECK(t && t->n_float_data == PJ_MAX_SCALE_ELEMENTS && t->pj_length == 4 * 2000);
    done(&r);
    tensor = pj_str_new(0); /* raw_data twice: the last one counts */
    char zeros[8192] = {0};
    number(&tensor, PJ_DATA_TYPE, PJ_FLOAT32);
    bytes(&tensor, PJ_RAW_DATA, zeros, sizeof zeros);
    bytes(&tensor, PJ_RAW_DATA, "abcd", 4);
    r = walk_tensor(tensor);
    t = r.model ? r.model->graph->initializer[0] : NULL;
    CHECK(t && !t->has_pj_field && t->raw_data.len == 4);
    done(&r);
}

/* The same as a whole model: all elements are counted, those that the walk kept and those that it read over. */
static void test_loaded_pieces(void)
{
    static const struct {
        int floats;
        pj_status status;
        const char *part;
    } rows[] = {
        {2000, PJ_OK,      ""                                         },
        {1999, PJ_EFORMAT, "needs 8000 bytes, but the file holds 7996"},
    };
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        pj_str tensor = pj_str_new(0), graph = pj_str_new(0);
        number(&tensor, TENSOR_DIMS, 2000);
        number(&tensor, PJ_DATA_TYPE, PJ_FLOAT32);
        text(&tensor, 8, "w");
        for (int i = 0; i < rows[row].floats; i++) {
            tag(&tensor, PJ_FLOAT_DATA, FIXED32);
            pj_str_add_bytes(&tensor, "\0\0\0\0", 4);
        }
        sub(&graph, GRAPH_INITIALIZER, tensor);
        pj_str file = model_of_graph(graph);
        pj_error err;
        pj_model *model = NULL;
        CHECK_INT(pj_load_memory(file.data, file.length, NULL, NULL, &model, &err), rows[row].status);
        CHECK_PART(err.what, rows[row].part);
        if (model) { /* in pieces, so there is no one place to read it from */
            CHECK_INT(model->value[0]->tensor->count, 2000);
            CHECK_INT(model->value[0]->tensor->storage, PJ_STORED_ABSENT);
        }
        pj_unload(model);
        pj_str_free(&file);
    }
}

static void test_long_texts(void)
{
    char *longest = calloc(PJ_MAX_NAME + 2, 1);
    memset(longest, 'x', PJ_MAX_NAME + 1);
    pj_str graph = pj_str_new(0), node = pj_str_new(0), attr = pj_str_new(0);
    text(&graph, GRAPH_NAME, longest);
    refuses(model_of_graph(graph), PJ_ELIMIT, "GraphProto.name is a text of 65537 bytes; at most 65536 are accepted");
    graph = pj_str_new(0);
    text(&attr, ATTR_S, longest); /* a blob of some runtime: nothing we read */
    sub(&node, NODE_ATTR, attr);
    sub(&graph, GRAPH_NODE, node);
    result r = walk(model_of_graph(graph));
    CHECK(r.model && r.model->graph->node[0]->attribute[0]->has_s && r.model->graph->node[0]->attribute[0]->s.len == 0);
    done(&r);
    longest[PJ_MAX_NAME] = 0;
    graph = pj_str_new(0);
    text(&graph, GRAPH_NAME, longest);
    r = walk(model_of_graph(graph));
    CHECK(r.model && strlen(r.model->graph->name) == PJ_MAX_NAME);
    done(&r);
    free(longest);
}

int main(void)
{
    test_skeleton();
    test_every_prefix();
    test_broken_fields();
    test_depth();
    test_repeated_singular();
    test_dropped();
    test_no_utf8();
    test_metadata();
    test_long_metadata();
    test_repeated_numbers();
    test_payloads();
    test_payload_pieces();
    test_loaded_pieces();
    test_long_texts();
    return check_done();
}
