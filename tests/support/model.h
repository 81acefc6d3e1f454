/* Builds ONNX models in memory, for tests: everything lives in the builder's arena. Lists are texts: "x,w,," is two
 * names and two left out, "1,3,N" are two numbers and a symbol, "" is none. Running out of memory ends the program. */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"

typedef struct builder {
    pj_arena *arena;
    PjOnnx__ModelProto *model;
    PjOnnx__GraphProto *graph; /* what the calls below add to; set it to build a subgraph */
} builder;

/* A model of IR version 10 with this operator set and an empty graph. */
builder build_new(int64_t opset);
void build_free(builder *b);

/* An operator set for another domain. */
void build_opset(builder *b, const char *domain, int64_t version);

PjOnnx__ValueInfoProto *build_input(builder *b, const char *name, pj_dtype dtype, const char *dims);
PjOnnx__ValueInfoProto *build_output(builder *b, const char *name, pj_dtype dtype, const char *dims);
PjOnnx__ValueInfoProto *build_value(builder *b, const char *name, pj_dtype dtype, const char *dims);

/* A tensor without elements; the caller fills a data field, or calls build_raw. */
PjOnnx__TensorProto *build_tensor(builder *b, const char *name, pj_dtype dtype, const char *dims);
PjOnnx__TensorProto *build_initializer(builder *b, const char *name, pj_dtype dtype, const char *dims);
void build_raw(builder *b, PjOnnx__TensorProto *tensor, const void *bytes, size_t size);
void build_external(builder *b, PjOnnx__TensorProto *tensor, const char *key, const char *value);

PjOnnx__NodeProto *build_node(builder *b, const char *op, const char *inputs, const char *outputs);
PjOnnx__AttributeProto *build_attr(builder *b, PjOnnx__NodeProto *node, const char *name, int type);
void build_int(builder *b, PjOnnx__NodeProto *node, const char *name, int64_t value);
void build_ints(builder *b, PjOnnx__NodeProto *node, const char *name, size_t count, const int64_t *values);
void build_text(builder *b, PjOnnx__NodeProto *node, const char *name, const char *value);
void build_subgraph(builder *b, PjOnnx__NodeProto *node, const char *name, PjOnnx__GraphProto *graph);
void build_annotation(builder *b, const char *value, const char *key, const char *text);
void build_metadata(builder *b, PjOnnx__NodeProto *node, const char *key, const char *value);

/* An empty graph; a function whose nodes are those of `body`. */
PjOnnx__GraphProto *build_graph(builder *b, const char *name);
PjOnnx__FunctionProto *build_function(builder *b, const char *domain, const char *name, const char *inputs,
                                      const char *outputs, const PjOnnx__GraphProto *body);

/* A text in the arena; the serialized model. */
char *build_strdup(builder *b, const char *text);
uint8_t *build_bytes(builder *b, size_t *size);

/* ---- loading what was built; each frees the builder ---- */

/* NULL with err filled where it is refused; the file is called test.onnx. */
pj_model *build_load(builder *b, pj_error *err);

/* Ends the program where it is refused. */
pj_model *build_expect(builder *b);

/* Checks that it is refused in these words. */
void build_refuses(builder *b, pj_status status, const char *node, const char *op, const char *part);

/* The value of that name in the main graph; none: a failed check and an empty value. */
pj_value *build_find(const pj_model *model, const char *name);

#endif
