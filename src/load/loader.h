/* What the parts of load/ share while one model is being built; no other folder includes this. */
#pragma once

#include "base/input.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"

enum { PJ_TITLE = 160 };

typedef struct pj_loader {
    pj_model *model;
    pj_arena *arena;   /* the model's */
    pj_arena *scratch; /* freed when the model is built: protobuf's messages, the maps below */
    pj_arena *part;    /* the message that is read right now, of those that are unpacked one by one */
    pj_error *err;
    uint64_t file_bytes;
    bool follow_links;  /* of external data, wherever they lead */
    const char *folder; /* of the model file, for external data; NULL: there is none */
    pj_origin *origin;  /* the model itself, where somebody else gives it; NULL: a file, a stream, bytes */
    pj_map files;       /* external data: location -> what is known of that file (external.c) */
    pj_map texts;       /* operators, domains, attribute names: each kept once */
    pj_map functions;   /* key of (domain, name, overload) -> PjOnnx__FunctionProto (function.c) */
    pj_map labels;      /* labels given so far -> how often, an int; &once: once (label.c) */
    int once;
    int stripped;    /* initializers without contents that say of no other file */
    int64_t steps;   /* nodes built and calls inlined so far, at most PJ_MAX_NODES */
    int depth;       /* graphs open, the model's included */
    pj_value absent; /* stands for an optional argument that a call leaves out */
} pj_loader;

/* Repeated messages: an array that is unpacked already, or places in the skeleton, to be unpacked one by one. */
typedef struct pj_messages {
    size_t count;
    const void *unpacked; /* the array: of pointers to messages */
    const ProtobufCMessageDescriptor *type;
    const uint8_t **packed; /* where the length of each is, and then its bytes; NULL: they are unpacked */
} pj_messages;

/* What a GraphProto holds. */
typedef struct pj_graph_text {
    const char *name;
    pj_messages nodes, initializers, sparse_initializers, inputs, outputs, values, annotations;
} pj_graph_text;

/* A text of nodes that is being read, and where its contents go: the model's graph, a subgraph, or one call of a
 * function (which adds its nodes to the graph of the call). */
typedef struct pj_spot {
    pj_graph *graph;
    pj_map *names;               /* names as the text writes them -> pj_value */
    const struct pj_spot *outer; /* the text around a subgraph, where names are looked up next */
    const struct pj_call *call;  /* NULL: not inside a function */
} pj_spot;

/* A function call that is being inlined. */
typedef struct pj_call {
    const PjOnnx__FunctionProto *function;
    const PjOnnx__NodeProto *node;
    const pj_spot *from; /* where the call stands: its attributes are read there */
    const char *prefix;  /* of the names of nodes and values inside: "encoder/layer_1/" */
    int depth;           /* calls around this one, itself included */
} pj_call;

/* ---- names.c: for all others ---- */

/* An absent text of the file is an empty one. */
static inline const char *pj_text(const char *text)
{
    return text ? text : "";
}

/* The standard domain's two names are one: "". */
const char *pj_load_domain(const char *domain);

/* The text, kept once per model. NULL: out of memory. */
const char *pj_load_intern(pj_loader *loader, const char *text);

/* A new array of pointers to texts, copied. */
pj_status pj_load_texts(pj_loader *loader, char *const *texts, size_t count, const char *const **out);

/* "initializer 'w'", or without a name "initializer", into `text`; returns it. */
const char *pj_load_title(const char *what, const char *name, char text[PJ_TITLE]);

/* The value that a name means at a place; &loader->absent for an argument left out; NULL: none. */
pj_value *pj_load_find(const pj_spot *place, const char *name);

/* Makes a value named `name` in the text of `place`. `node` makes it as its output number `output`; NULL: an input or
 * an initializer. It is an error if the name is taken. A value with `output` -1 waits for the node that makes it. */
pj_status pj_load_define(pj_loader *loader, const pj_spot *place, const char *name, pj_node *node, int output,
                         pj_value **out);

/* "input 1 is the tensor 'x', which nothing makes; did you mean 'y'?" */
pj_status pj_load_fail_dangling(const pj_loader *loader, const pj_spot *place, const char *what, const char *name);

/* Counts one more node or call. PJ_ELIMIT. */
pj_status pj_load_step(pj_loader *loader);

/* ---- unpack.c ---- */

/* Unpacks a skeleton: all but the graph at once; *has_graph tells whether it has one. NULL: out of memory, for the walk
 * has checked all else. What is in the graph points into the skeleton. */
const PjOnnx__ModelProto *pj_unpack_model(pj_loader *loader, const pj_str *skeleton, bool *has_graph,
                                          pj_graph_text *graph);

/* The same of a graph that is unpacked. */
pj_graph_text pj_unpacked_graph(const PjOnnx__GraphProto *proto);

/* An array of pointers to messages. */
pj_messages pj_unpacked(const void *messages, size_t count);

/* Message number i. It is valid until the next one of an array that is unpacked one by one. NULL: out of memory. */
const void *pj_unpack(pj_loader *loader, const pj_messages *messages, size_t i);

/* The nodes from number `from` on; they last as long as the loader's scratch memory. NULL: out of memory. */
PjOnnx__NodeProto *const *pj_unpack_nodes(pj_loader *loader, const pj_messages *nodes, size_t from);

/* ---- tensor.c, external.c, type.c ---- */

/* Reads a tensor; `what` ("initializer", "attribute 'value'") is for messages. */
pj_status pj_load_tensor(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, pj_tensor *out);

/* The dense tensor that a sparse one stands for: name, type and dims; its contents are absent. */
pj_status pj_load_sparse(pj_loader *loader, const PjOnnx__SparseTensorProto *proto, const char *what, pj_tensor *out);

/* Fills location, offset, length and storage of a tensor whose elements, `want` bytes, are in another file; reads small
 * ones. */
pj_status pj_load_external(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, uint64_t want,
                           pj_tensor *out);

pj_status pj_load_type(pj_loader *loader, const PjOnnx__TypeProto *proto, pj_type *out);

/* ---- annotation.c ---- */

/* Notes the data types that annotations give to values by name; unknown names are no error. */
pj_status pj_load_annotations(pj_loader *loader, const pj_spot *place, const pj_messages *annotations);

/* ---- attr.c, build.c, function.c, sort.c, label.c ---- */

/* Reads the attributes of a node into node->attr; references inside functions are resolved. */
pj_status pj_load_attrs(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, pj_node *node);

/* Builds a graph. `outer` is the text around it, `holder` the node that has it as an attribute; both NULL for the
 * model's own. */
pj_status pj_load_graph(pj_loader *loader, const pj_spot *outer, pj_node *holder, const pj_graph_text *text,
                        pj_graph **out);

/* Adds nodes to place->graph, in an order in which values are made before they are read. */
pj_status pj_load_nodes(pj_loader *loader, const pj_spot *place, const pj_messages *nodes);

/* An empty node in place->graph. `index` is its number in the file, for a label where it has no name. */
pj_status pj_load_node(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, size_t index,
                       pj_node **out);

/* Notes the types that a file declares for values at a place. */
pj_status pj_load_declared(pj_loader *loader, const pj_spot *place, const pj_messages *infos);

/* Registers the functions of a model; no two may have the same domain, name and overload. */
pj_status pj_load_functions(pj_loader *loader, const PjOnnx__ModelProto *proto);

/* The function that a node calls, or NULL in *out. */
pj_status pj_load_callee(const pj_loader *loader, const PjOnnx__NodeProto *node, const PjOnnx__FunctionProto **out);

/* Puts the nodes of `function` in the place of the node that calls it. */
pj_status pj_load_call(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *node, size_t index,
                       const PjOnnx__FunctionProto *function);

/* Writes an order of nodes, in which each comes after those whose outputs it or its subgraphs read; nodes that are in
 * order stay. What `place` knows already is not waited for, even if one of the nodes makes a value of that name. `from`
 * is the first node's number in the file. PJ_EFORMAT names the nodes of a cycle. */
pj_status pj_load_sort(pj_loader *loader, const pj_spot *place, PjOnnx__NodeProto *const *nodes, size_t count,
                       size_t from, size_t *order);

/* Name of a node, or op_index, with a prefix, into the arena. NULL: out of memory. */
const char *pj_load_label(pj_arena *arena, const char *prefix, const PjOnnx__NodeProto *node, size_t index);

/* The same with the prefix of its place: that of the call, or in a subgraph, where the node has no name, its holder's
 * label: If_3/Conv_0. */
const char *pj_load_label_at(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *node, size_t index);

/* The label, with _2, _3 ... appended if it was given before. NULL: out of memory. */
const char *pj_load_unique(pj_loader *loader, const char *label);

/* Makes the labels of all nodes unique; those of nodes that have a name come first. */
pj_status pj_load_labels(pj_loader *loader, pj_graph *graph);

/* Module path of a node from the exporter's metadata or from its name; "" if neither tells. */
const char *pj_load_scope(pj_loader *loader, const PjOnnx__NodeProto *node, const char *label);
