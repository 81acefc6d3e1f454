/* Writes an ONNX model that is a chain of Conv 1x1 and Relu, each Conv with weights of its own. */
#define _POSIX_C_SOURCE 200809L /* truncate; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Field numbers of onnx.proto. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    FLOAT = 1
};

typedef enum weights { EMBEDDED, HOLES, ABSENT, RANDOM, EXTERNAL } weights;

/* What is written; the first of two passes only counts. */
typedef struct writer {
    FILE *file; /* NULL: count */
    int64_t length;
    int64_t nodes, channels, extent;
    weights weights;
    const char *data; /* of EXTERNAL: the name of the file beside the model ... */
    int64_t placed;   /* ... and bytes of it that tensors have */
} writer;

/* A message that is small enough to be built in memory. */
typedef struct message {
    uint8_t bytes[512];
    size_t length;
} message;

static void add_varint(message *m, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        m->bytes[m->length++] = (uint8_t)(value | 0x80);
    m->bytes[m->length++] = (uint8_t)value;
}

static void add_int(message *m, unsigned field, int64_t value)
{
    add_varint(m, field << 3);
    add_varint(m, (uint64_t)value);
}

static void add_bytes(message *m, unsigned field, const void *bytes, size_t length)
{
    add_varint(m, field << 3 | 2);
    add_varint(m, length);
    memcpy(m->bytes + m->length, bytes, length);
    m->length += length;
}

static void add_text(message *m, unsigned field, const char *text)
{
    add_bytes(m, field, text, strlen(text));
}

static void put(writer *w, const void *bytes, size_t length)
{
    w->length += (int64_t)length;
    if (w->file && fwrite(bytes, 1, length, w->file) != length) {
        perror("gen_chain");
        exit(1);
    }
}

/* A field whose contents are `m` and `more` bytes that follow. */
static void put_message(writer *w, unsigned field, const message *m, int64_t more)
{
    message head = {.length = 0};
    add_varint(&head, field << 3 | 2);
    add_varint(&head, m->length + (uint64_t)more);
    put(w, head.bytes, head.length);
    put(w, m->bytes, m->length);
}

static void put_info(writer *w, unsigned field, const char *name)
{
    const int64_t dims[] = {1, w->channels, w->extent, w->extent};
    message shape = {.length = 0}, tensor = {.length = 0}, type = {.length = 0}, info = {.length = 0};
    for (int i = 0; i < 4; i++) {
        message dim = {.length = 0};
        add_int(&dim, 1, dims[i]);
        add_bytes(&shape, 1, dim.bytes, dim.length);
    }
    add_int(&tensor, 1, FLOAT);
    add_bytes(&tensor, 2, shape.bytes, shape.length);
    add_bytes(&type, 1, tensor.bytes, tensor.length);
    add_text(&info, 1, name);
    add_bytes(&info, 2, type.bytes, type.length);
    put_message(w, field, &info, 0);
}

/* Sums of four numbers from -1/2 to 1/2: a bell, the same in every run. */
static void put_random(writer *w, int64_t floats)
{
    float part[1024];
    uint32_t state = 1;
    for (int64_t at = 0; at < floats; at += 1024) {
        for (int i = 0; i < 1024; i++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                state = state * 1664525U + 1013904223U;
                sum += (double)state / 4294967296.0 - 0.5;
            }
            part[i] = (float)sum;
        }
        put(w, part, (floats - at < 1024 ? (size_t)(floats - at) : 1024) * sizeof *part);
    }
}

static void put_elements(writer *w, int64_t bytes)
{
    if (w->weights == RANDOM && w->file) {
        put_random(w, bytes / 4);
        return;
    }
    static const uint8_t zeros[4096];
    if (w->weights == EMBEDDED) {
        for (int64_t left = bytes; left > 0; left -= (int64_t)sizeof zeros)
            put(w, zeros, left < (int64_t)sizeof zeros ? (size_t)left : sizeof zeros);
        return;
    }
    w->length += bytes; /* a hole: the file system keeps no blocks for it */
    if (w->file && fseeko(w->file, (off_t)bytes, SEEK_CUR) != 0) {
        perror("gen_chain");
        exit(1);
    }
}

static void add_entry(message *m, const char *key, const char *value)
{
    message entry = {.length = 0};
    add_text(&entry, 1, key);
    add_text(&entry, 2, value);
    add_bytes(m, 13, entry.bytes, entry.length);
}

static void put_external(writer *w, message *tensor, int64_t bytes)
{
    char number[32];
    add_entry(tensor, "location", w->data);
    snprintf(number, sizeof number, "%" PRId64, w->placed);
    add_entry(tensor, "offset", number);
    snprintf(number, sizeof number, "%" PRId64, bytes);
    add_entry(tensor, "length", number);
    add_int(tensor, 14, 1);
    put_message(w, GRAPH_INITIALIZER, tensor, 0);
    w->placed += bytes;
}

static void put_weight(writer *w, const char *name)
{
    int64_t bytes = w->channels * w->channels * 4;
    message tensor = {.length = 0};
    add_int(&tensor, 1, w->channels);
    add_int(&tensor, 1, w->channels);
    add_int(&tensor, 1, 1);
    add_int(&tensor, 1, 1);
    add_int(&tensor, 2, FLOAT);
    add_text(&tensor, 8, name);
    if (w->weights == ABSENT) {
        put_message(w, GRAPH_INITIALIZER, &tensor, 0);
        return;
    }
    if (w->weights == EXTERNAL) {
        put_external(w, &tensor, bytes);
        return;
    }
    add_varint(&tensor, 9 << 3 | 2); /* raw_data */
    add_varint(&tensor, (uint64_t)bytes);
    put_message(w, GRAPH_INITIALIZER, &tensor, bytes);
    put_elements(w, bytes);
}

/* The node with number `index`; t0 is the model's input, tN the output of node N. */
static void put_node(writer *w, int64_t index)
{
    char name[32], in[32], out[32], weight[32];
    bool conv = index % 2 == 0;
    message node = {.length = 0};
    snprintf(in, sizeof in, "t%" PRId64, index);
    snprintf(out, sizeof out, "t%" PRId64, index + 1);
    snprintf(name, sizeof name, "%s_%" PRId64, conv ? "conv" : "relu", index);
    snprintf(weight, sizeof weight, "w%" PRId64, index);
    add_text(&node, 1, in);
    if (conv)
        add_text(&node, 1, weight);
    add_text(&node, 2, out);
    add_text(&node, 3, name);
    add_text(&node, 4, conv ? "Conv" : "Relu");
    put_message(w, GRAPH_NODE, &node, 0);
}

static void put_graph(writer *w)
{
    char name[32];
    message title = {.length = 0};
    add_text(&title, GRAPH_NAME, "chain");
    put(w, title.bytes, title.length);
    for (int64_t i = 0; i < w->nodes; i++)
        put_node(w, i);
    for (int64_t i = 0; i < w->nodes; i += 2) {
        snprintf(name, sizeof name, "w%" PRId64, i);
        put_weight(w, name);
    }
    put_info(w, GRAPH_INPUT, "t0");
    snprintf(name, sizeof name, "t%" PRId64, w->nodes);
    put_info(w, GRAPH_OUTPUT, name);
}

static void put_model(writer *w)
{
    message version = {.length = 0}, opset = {.length = 0}, graph = {.length = 0};
    writer count = *w;
    add_int(&version, MODEL_IR_VERSION, 8);
    put(w, version.bytes, version.length);
    add_int(&opset, 2, 17);
    put_message(w, MODEL_OPSET, &opset, 0);
    count.file = NULL;
    count.length = 0;
    put_graph(&count);
    put_message(w, MODEL_GRAPH, &graph, count.length); /* last: a hole at the end of the file would be cut off */
    put_graph(w);
}

static int usage(void)
{
    fprintf(stderr, "usage: gen_chain NODES CHANNELS EXTENT embedded|holes|absent|random|external FILE\n"
                    "Conv 1x1 and Relu in turn on [1,CHANNELS,EXTENT,EXTENT]; weights of zeros, as holes of the file, "
                    "without elements, random, or as holes of FILE.data.\n");
    return 2;
}

int main(int count, char **words)
{
    static const char *const kinds[] = {"embedded", "holes", "absent", "random", "external"};
    writer w = {0};
    int kind = 0;
    char data[4096];
    if (count != 6)
        return usage();
    while (kind < 5 && strcmp(words[4], kinds[kind]) != 0)
        kind++;
    w.nodes = strtoll(words[1], NULL, 10);
    w.channels = strtoll(words[2], NULL, 10);
    w.extent = strtoll(words[3], NULL, 10);
    w.weights = (weights)kind;
    if (kind == 5 || w.nodes <= 0 || w.channels <= 0 || w.extent <= 0)
        return usage();
    w.file = fopen(words[5], "wb");
    if (!w.file) {
        perror(words[5]);
        return 1;
    }
    const char *slash = strrchr(words[5], '/');
    snprintf(data, sizeof data, "%s.data", words[5]);
    w.data = slash ? data + (slash + 1 - words[5]) : data;
    put_model(&w);
    FILE *hole = w.weights == EXTERNAL ? fopen(data, "wb") : NULL;
    bool ok = w.weights != EXTERNAL || (hole && ftruncate(fileno(hole), (off_t)w.placed) == 0);
    ok = (!hole || fclose(hole) == 0) && ok;
    if (fclose(w.file) != 0 || !ok) {
        perror(words[5]);
        return 1;
    }
    return 0;
}
