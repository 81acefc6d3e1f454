/* A model that is being changed: its main graph as nodes and values that can be taken apart, over the bytes of the
 * file, of which all that stays as it is is copied later.
 *
 * All memory is the arena's. Functions that make something never return NULL: where memory runs out they return a spare
 * object, and pj_arena_failed() tells, which the passes ask at their end. */
#pragma once

#include "apply/make.h"
#include "apply/proto.h"
#include "base/map.h"
#include "ir/graph.h"
#include "weights/reader.h"

typedef struct pj_edit_node pj_edit_node;
typedef struct pj_edit_value pj_edit_value;

/* Contents of an initializer: those of the file, bytes, or what is made of other contents. */
typedef struct pj_edit_tensor {
    uint64_t begin, end;     /* of its field in the file; both 0: it is new */
    const pj_tensor *tensor; /* of the file; NULL: it is new */
    pj_dtype dtype;
    int rank;
    const int64_t *dims;
    uint64_t length;   /* bytes of raw_data, of new ones */
    const void *bytes; /* of new ones; NULL: `make` */
    const pj_make *make;
    bool is_dropped;
} pj_edit_tensor;

struct pj_edit_value {
    const char *name;
    const pj_value *was; /* what inference found; NULL: it is new, or unknown */
    pj_edit_node *maker;
    pj_edit_tensor *init;      /* NULL: no initializer */
    const pj_tensor *constant; /* contents in the file: an initializer, or what a Constant holds; NULL: none */
    pj_edit_node **reader;     /* once for each input that reads it (pj_edit_index) */
    int readers;
    int left; /* readers before this one read something else now */
    bool is_input, is_output;
    bool is_wanted;      /* becomes an output: the graph was cut behind it */
    bool is_captured;    /* by a subgraph */
    bool is_retyped;     /* what the file says of its type is wrong now */
    pj_dtype dtype;      /* element type; PJ_UNDEFINED: not known */
    pj_edit_value *twin; /* what a pass made of it */
    float step;          /* of a dequantized activation: its scale; else 0 */
};

struct pj_edit_node {
    uint64_t begin, end; /* of its field in the file; both 0: it is new */
    const pj_node *was;  /* NULL: it is new, or calls a function */
    const char *name, *op, *domain;
    int inputs, outputs;
    pj_edit_value **in, **out;   /* NULL: left out */
    pj_str *attributes;          /* fields that are added; NULL: none */
    const char *lacks;           /* name of an attribute that is left out; "*": all of them; NULL: none */
    const char *const *replaces; /* keys of metadata that are written anew; ends with NULL; NULL: none */
    bool is_edited, is_dropped;
    bool mark; /* of a pass */
    pj_edit_node *previous, *next;
};

/* A field of the graph, in the order of the file. */
typedef enum pj_part_kind {
    PJ_PART_NODE,
    PJ_PART_INIT,
    PJ_PART_INPUT,
    PJ_PART_OUTPUT,
    PJ_PART_VALUE,
    PJ_PART_OTHER
} pj_part_kind;

typedef struct pj_edit_part {
    pj_part_kind kind;
    uint64_t begin, end;
    union {
        pj_edit_node *node;
        pj_edit_value *value;
    };
} pj_edit_part;

typedef struct pj_edit {
    const pj_model *model;
    pj_arena *arena;
    pj_proto_file file;
    uint64_t size; /* of the file */
    pj_field_at graph;
    pj_edit_part *part;
    size_t parts;
    pj_edit_node *first, *last;
    pj_map values;          /* name -> pj_edit_value, of the main graph */
    pj_map taken;           /* all names, of nodes and values, everywhere */
    pj_map inner;           /* operators of subgraphs and functions: "Op" -> anything */
    pj_edit_tensor **added; /* new initializers, in order, and their names */
    const char **added_name;
    size_t adds, room;
    bool probes;             /* all float tensors become outputs */
    int64_t opset, ms_opset; /* of ai.onnx and com.microsoft, as they are to be; 0: not imported */
    int64_t ir_version;      /* likewise */
    bool is_cut;             /* values that are wanted become outputs */
    bool is_changed;
    int functions;
    bool has_bad_names;                      /* with bytes that are 0 */
    const char *plan_sha256, *source_sha256; /* what an earlier run noted, or NULL */
    pj_weight_files files;
    const pj_tensor *open; /* whose contents are read at the moment */
    pj_reader reader;
    pj_constant reading;
    pj_arena *open_memory;
    uint8_t *scratch;
    pj_edit_node spare_node;
    pj_edit_value spare_value;
    pj_edit_value *spare_list[8];
} pj_edit;

/* ---- edit_read.c ---- */

/* Reads the model's file again; inference is done. *out is the arena's; pj_edit_close closes files. PJ_EIO, PJ_EFORMAT,
 * PJ_ENOMEM, PJ_EUNSUPPORTED: it cannot be read again. */
pj_status pj_edit_open(const pj_model *model, const pj_input *input, uint64_t size, pj_arena *arena, pj_edit **out,
                       pj_error *err);
void pj_edit_close(pj_edit *edit);

/* ---- edit.c ---- */

/* Finds all readers anew. */
void pj_edit_index(pj_edit *edit);

/* ---- nodes ---- */

/* Is the node this operator of ai.onnx? */
bool pj_edit_is(const pj_edit_node *node, const char *op);
/* One of them, between spaces. */
bool pj_edit_is_any(const pj_edit_node *node, const char *ops);

/* Puts a node at the end of the list. */
void pj_edit_append(pj_edit *edit, pj_edit_node *node);

/* A new node in front of or after another one. With neither, it becomes the first. */
pj_edit_node *pj_edit_before(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                             int inputs, int outputs);
pj_edit_node *pj_edit_after(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                            int inputs, int outputs);
void pj_edit_drop(pj_edit *edit, pj_edit_node *node);

/* What is read by a node that stays, stays: a tensor may be read by what a pass added after it had been given up. */
void pj_edit_keep_read(pj_edit *edit);
void pj_edit_int(pj_edit *edit, pj_edit_node *node, const char *name, int64_t value);
void pj_edit_ints(pj_edit *edit, pj_edit_node *node, const char *name, const int64_t *value, int count);
void pj_edit_string(pj_edit *edit, pj_edit_node *node, const char *name, const char *value);
/* A tensor of one element. */
void pj_edit_scalar(pj_edit *edit, pj_edit_node *node, const char *name, pj_dtype dtype, const void *bytes,
                    size_t length);
void pj_edit_metadata(pj_edit *edit, pj_edit_node *node, const char *key, const char *value);
void pj_edit_read(pj_edit *edit, pj_edit_node *node, int input, pj_edit_value *value);
/* More inputs: `count` in all. */
void pj_edit_widen(pj_edit *edit, pj_edit_node *node, int count);

/* ---- values ---- */

/* A new one, made by output `output` of `maker`. */
pj_edit_value *pj_edit_value_new(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype,
                                 pj_edit_node *maker, int output);

/* All inputs that read `from`, but those of `except`, read `to`. Needs an index. */
void pj_edit_redirect(pj_edit *edit, pj_edit_value *from, pj_edit_value *to, const pj_edit_node *except);

/* Gives what `value` had to a new name, `suffix` behind: its maker writes that, and somebody else may make `value`.
 * Returns the new one. */
pj_edit_value *pj_edit_set_aside(pj_edit *edit, pj_edit_value *value, const char *suffix, pj_dtype dtype);

/* A new initializer; `bytes` are copied, dims too. `make` lives in the arena. PJ_EOVERFLOW shows as `is_too_large`. */
pj_edit_value *pj_edit_bytes(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                             const int64_t *dims, const void *bytes, size_t length);
pj_edit_value *pj_edit_make(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                            const int64_t *dims, const pj_make *make);

/* The initializer that was made last, `from`, is `value` from now on, under its name. */
void pj_edit_take(pj_edit *edit, pj_edit_value *value, pj_edit_value *from);

/* The numbers of a tensor of the file. */
pj_numbers pj_edit_numbers(pj_edit *edit, const pj_tensor *tensor);

/* Bytes [at, at + n) of a tensor of the file, in the form of raw_data. PJ_EIO, PJ_EFORMAT: it has no contents. */
pj_status pj_edit_raw(pj_edit *edit, const pj_tensor *tensor, uint64_t at, size_t n, void *to, pj_error *err);
