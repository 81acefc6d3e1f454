/* The model in memory: values, nodes, graphs, functions.
 *
 * Everything lives in the model's arena and is valid as long as the model. load/ builds it, infer/ fills types and
 * contents of values, later stages only read. Strings are terminated and borrowed. */
#pragma once

#include "ir/diag.h"
#include "ir/dtype.h"
#include "ir/num.h"

typedef struct pj_graph pj_graph;
typedef struct pj_node pj_node;
typedef struct pj_value pj_value;

typedef enum pj_kind { PJ_KIND_UNKNOWN, PJ_TENSOR, PJ_SPARSE, PJ_SEQUENCE, PJ_OPTIONAL, PJ_MAP, PJ_OPAQUE } pj_kind;

/* The type of a value. Tensors: dtype (PJ_UNDEFINED: unknown), rank (-1: unknown) and `rank` dims. Sequences and
 * optionals: `of`. Maps: `key` and `of`. */
typedef struct pj_type {
    pj_kind kind;
    pj_dtype dtype;
    int rank;
    pj_dtype key;
    const pj_num *dims;
    const struct pj_type *of;
} pj_type;

/* Where the bytes of an initializer are. They are never read unless asked for. */
typedef enum pj_storage {
    PJ_STORED_ABSENT,  /* dims only: a file without weights, or external data that is not there */
    PJ_STORED_INLINE,  /* in `bytes`, in the form of raw_data, or in `strings`: small tensors */
    PJ_STORED_FILE,    /* `length` bytes at `offset` of the model file */
    PJ_STORED_EXTERNAL /* `length` bytes at `offset` of the file `location`, relative to the model's folder */
} pj_storage;

/* A constant tensor of the file: initializer, attribute, sparse initializer's dense shape. */
typedef struct pj_tensor {
    const char *name;
    pj_dtype dtype;
    int rank;
    const int64_t *dims;
    int64_t count; /* product of dims; checked */
    pj_storage storage;
    bool sparse; /* only its values that are not 0 are in the file, and they are not read */
    bool raw;    /* little-endian elements as in raw_data; false: packed protobuf numbers */
    const char *location;
    uint64_t offset, length;    /* bytes; length 0 with EXTERNAL: to the end of the file */
    const void *bytes;          /* as in raw_data, where they are few, else NULL */
    const pj_num *data;         /* `count` elements, once pj_tensor_decode was asked for them; NULL: not known */
    const char *const *strings; /* `count` texts of a small string tensor, else NULL */
} pj_tensor;

typedef enum pj_attr_kind {
    PJ_ATTR_NONE,
    PJ_ATTR_FLOAT,
    PJ_ATTR_INT,
    PJ_ATTR_STRING,
    PJ_ATTR_TENSOR,
    PJ_ATTR_GRAPH,
    PJ_ATTR_FLOATS,
    PJ_ATTR_INTS,
    PJ_ATTR_STRINGS,
    PJ_ATTR_TENSORS,
    PJ_ATTR_GRAPHS,
    PJ_ATTR_SPARSE_TENSOR,
    PJ_ATTR_SPARSE_TENSORS,
    PJ_ATTR_TYPE,
    PJ_ATTR_TYPES
} pj_attr_kind;

typedef struct pj_attr {
    const char *name;
    pj_attr_kind kind;
    int count;       /* elements of the plural kinds; 1 for the singular ones */
    const char *ref; /* inside a function: the attribute of the caller that stands here; else NULL */
    union {
        int64_t i;
        float f;
        const char *s;
        const int64_t *ints;
        const float *floats;
        const char *const *strings;
        const pj_tensor *tensor; /* also sparse_tensor: its dense dims, values of its `values` absent */
        pj_graph *graph;
        pj_graph *const *graphs;
        const pj_type *type;
    };
} pj_attr;

/* One edge of a graph. */
struct pj_value {
    const char *name;
    pj_graph *graph;   /* where it is defined */
    pj_node *producer; /* NULL: graph input or initializer */
    pj_tensor *tensor; /* initializer, or NULL */
    int producer_output;
    int uses;  /* node inputs and graph outputs that read it, captures by subgraphs included */
    int index; /* dense number over the whole model, for side tables */
    bool is_input, is_output;
    bool is_constant; /* the same in every run: made from initializers and constants alone (infer/) */
    bool is_folded;   /* its contents follow from the shapes alone (Shape, Size and arithmetic on them) (infer/) */
    pj_type type;     /* what infer/ found; what the file declares until then, for inputs */
    pj_type declared; /* value_info or output declaration of the file */
    const char *annotation; /* FINN's name of the data type of its numbers ("INT4"), or NULL */
    const pj_num *data;     /* contents, `data_count` of them, where they are known at least in part */
    int64_t data_count;
};

struct pj_op_desc; /* ops/op.h */

struct pj_node {
    const char *name;  /* as in the file, or "" */
    const char *label; /* unique and stable: the name, or op_index; for reports and errors */
    const char *op;
    const char *domain; /* "" is ai.onnx (the file's "ai.onnx" too) */
    const char *overload;
    const char *scope; /* module path from metadata or name, or "" */
    pj_graph *graph;
    int index; /* in graph->nodes */
    int place; /* among the nodes of its graph in the file; -1: it stands in a function that is called */
    int id;    /* dense number over the whole model, for side tables */
    int inputs, outputs, attrs;
    pj_value **in;  /* NULL where an optional input is absent */
    pj_value **out; /* NULL where an optional output is not wanted */
    pj_attr *attr;
    const struct pj_op_desc *desc; /* set by infer/; NULL: unknown operator */
    int64_t opset;                 /* of its domain; 0: the model does not import it */
};

struct pj_graph {
    const char *name;
    pj_graph *parent; /* of a subgraph: the graph of the node that holds it; else NULL */
    pj_node *holder;
    pj_num runs; /* of a subgraph: how often its holder runs it, 0 for never; unknown where the run decides (infer/) */
    int nodes;
    pj_node **node; /* in an order in which every value is made before it is read */
    int inputs, outputs, initializers;
    pj_value **in; /* without those that are only defaults of initializers (IR < 4 lists initializers as inputs) */
    pj_value **out;
    pj_value **initializer;
    pj_map values; /* name -> pj_value, this graph only */
};

/* A model-local function. Its calls are inlined when the model is loaded; this is what reports tell of it. */
typedef struct pj_function {
    const char *domain, *name, *overload;
    int inputs, outputs, attrs;
    const char *const *in;
    const char *const *out;
    const char *const *attr; /* names of attributes without default */
} pj_function;

typedef struct pj_opset {
    const char *domain;
    int64_t version;
} pj_opset;

/* A type of the file that bindings may change. */
typedef struct pj_declared {
    pj_type *type;
    pj_type original;
} pj_declared;

struct pj_custom_ops; /* ops/custom.h */

/* A file beside the model that holds contents of its tensors. */
typedef struct pj_data_path {
    const struct pj_data_path *next;
    const char *path;
} pj_data_path;

typedef struct pj_model {
    pj_arena *arena;
    pj_arena *results; /* of binding and inference, once these are done anew; NULL: `arena` */
    pj_symbols *symbols;
    const char *path;
    struct pj_origin *origin; /* where its files are read from (base/input.h); NULL: see `is_file` */
    bool is_file;             /* `path` names a file that can be read again; false: a stream, or memory */
    uint64_t file_bytes;
    const pj_data_path *data; /* those that are there */
    int64_t ir_version;
    const char *producer; /* name and version, or "" */
    int opsets;
    const pj_opset *opset;
    int functions;
    const pj_function *function;
    pj_graph *graph;
    int values;                       /* how many pj_value there are: indexes are below */
    pj_value **value;                 /* by index */
    int nodes;                        /* of all graphs */
    const struct pj_dim_binding *dim; /* values that dimensions were given, by order of their symbols (infer/) */
    int dims;
    pj_diags diags;     /* findings of loading and inference */
    pj_diags loaded;    /* those of loading, once `is_bound` */
    bool is_bound;      /* the rest of this (infer/) */
    const void *keeper; /* who has counted it as it is bound now (run/run.h), or NULL */
    int declareds;
    pj_declared *declared;
    pj_map trips;                        /* label of a Loop -> pj_num: trips that the user gives */
    const struct pj_custom_ops *shipped; /* those that come with the program, once one of them was asked for */
    const struct pj_custom_ops *custom;  /* operators that the user describes, or NULL (ops/custom.c) */
    const struct pj_roles *roles;        /* of its inputs, once they were asked for (infer/roles.h) */
    int64_t keys_after; /* of a step that was asked for: cached and new tokens of a sequence; 0: none was */
    struct {            /* what was told of it, so that asking again takes no memory (run/model.c) */
        const struct pj_tensor_info *tensors;
        size_t tensor_count;
        const struct pj_model_info *info;
        const struct pj_finding *findings;
        size_t finding_count;
    } told;
} pj_model;

/* Where binding and inference put what they find. */
static inline pj_arena *pj_model_results(const pj_model *model)
{
    return model->results ? model->results : model->arena;
}

/* The version of a domain that the model imports; 0 if it does not. */
int64_t pj_model_opset(const pj_model *model, const char *domain);

/* The value that `name` means inside `graph`: its own, or an enclosing graph's. NULL: nowhere. */
pj_value *pj_graph_find(const pj_graph *graph, const char *name);

/* All nodes that may run, `*count` of them: those of the main graph in order, each after those of its subgraphs. Needs
 * inference. Lives in `arena` (or is the graph's own array); NULL: out of memory. */
pj_node *const *pj_model_order(const pj_model *model, pj_arena *arena, int *count);

/* Has it outputs, and are all of them known before the run? Needs inference. */
bool pj_node_is_folded(const pj_node *node);

/* What a value holds in the file: an initializer, or the tensor of a Constant; NULL: it is computed. */
const pj_tensor *pj_value_tensor(const pj_value *value);

/* The attribute, or NULL. */
const pj_attr *pj_node_attr(const pj_node *node, const char *name);

/* An attribute's whole number, or `otherwise`. */
int64_t pj_node_int(const pj_node *node, const char *name, int64_t otherwise);

/* "Conv", or "com.microsoft::FusedConv". */
void pj_node_op_print(const pj_node *node, pj_str *out);

/* Reads tensor->data from the bytes, where there are any and the type is of numbers. False: out of memory. */
bool pj_tensor_decode(pj_arena *arena, pj_tensor *tensor);

/* The number that one element's bits stand for, for types of numbers and bool. */
double pj_element_real(pj_dtype dtype, uint64_t bits);

/* ---- types ---- */
pj_type pj_type_unknown(void);
pj_type pj_type_tensor(pj_dtype dtype, int rank, const pj_num *dims); /* rank -1: unknown */
bool pj_type_is_tensor(const pj_type *type);

/* Elements of a tensor: the product of its dims; unknown where the rank or a dim is. */
pj_num pj_type_count(pj_symbols *symbols, const pj_type *type);

/* float32[1,3,224,224], int64[batch,?], seq(float32), ?: for messages and the text report. */
void pj_type_print(const pj_type *type, pj_str *out);

/* The word of interface.md: "float32", "seq(float32)", "map(int64,float32)"; "" when unknown. */
void pj_type_word(const pj_type *type, pj_str *out);
