/* Opening an ONNX model and asking for the types and shapes of its tensors.
 *
 * A pj_model owns all that it hands out: texts and arrays are valid until pj_model_rebind or pj_model_close.
 *
 * Threads: models are independent of each other; one model is for one thread at a time. */
#ifndef PICOJOULE_MODEL_H
#define PICOJOULE_MODEL_H

#include "picojoule/setup.h"

typedef struct pj_model pj_model;

/* Reads `path` ("-": standard input) and infers types and shapes. Weights are not read. `setup` may be NULL.
 * On success *out is owned by the caller.
 * PJ_EIO: cannot be read; PJ_EFORMAT: no ONNX model, or a broken one; PJ_ELIMIT, PJ_EOVERFLOW, PJ_ENOMEM: too large;
 * PJ_ESHAPE: shapes or attributes contradict; PJ_EARGUMENT: a binding names nothing, or contradicts another. Of
 * op_rules, PJ_EIO and PJ_EFORMAT name file and JSON path. */
PJ_API pj_status pj_model_open(const char *path, const pj_setup *setup, pj_model **out, pj_error *err);

/* The same from memory; `name` stands for the file in messages. `bytes` may be freed afterwards, so weights count as
 * absent; pj_model_open_resource keeps them. */
PJ_API pj_status pj_model_open_memory(const void *bytes, size_t size, const char *name, const pj_setup *setup,
                                      pj_model **out, pj_error *err);

/* The same from a resource: a path, bytes or callbacks (resource.h), which weights and external data are read from,
 * too, until pj_model_close. PJ_EARGUMENT: the resource contradicts itself; PJ_EIO: a callback failed or gave fewer
 * bytes than it said. */
PJ_API pj_status pj_model_open_resource(const pj_resource *resource, const pj_setup *setup, pj_model **out,
                                        pj_error *err);

/* Infers types and shapes anew with other `setup` (NULL: none), without reading the file again; op_rules stays as it
 * was. What the model handed out and analyses of it are invalid then; memory is that of one inference, however often
 * this is called. After a failure only pj_model_rebind and pj_model_close are valid. Errors as above.
 */
PJ_API pj_status pj_model_rebind(pj_model *model, const pj_setup *setup, pj_error *err);

/* Frees the model and all it handed out; NULL is allowed. */
PJ_API void pj_model_close(pj_model *model);

/* One dimension: a number, a formula of symbols ("2*seq + 1"), or unknown. */
typedef struct pj_dim_info {
    int64_t value;      /* -1: not a known number */
    const char *symbol; /* the formula when symbolic, else NULL */
} pj_dim_info;

typedef struct pj_tensor_info {
    const char *name;
    const char *dtype; /* "float32", "seq(float32)"; "" when unknown */
    bool is_tensor;
    int rank; /* -1: unknown */
    const pj_dim_info *dims;
    bool is_input, is_output, is_initializer;
} pj_tensor_info;

/* The tensors of the main graph: inputs, initializers, node outputs, in graph order. NULL: out of memory. */
PJ_API const pj_tensor_info *pj_model_tensors(pj_model *model, size_t *count);

/* A finding: what was assumed, not understood or not counted. */
typedef struct pj_finding {
    const char *code;     /* "unknown-operator" */
    const char *severity; /* "warning", "note" */
    bool strict;          /* fails under --strict */
    const char *node;     /* "" where it is about the whole model */
    const char *message;
} pj_finding;

/* Findings of loading and inference, in the order found. */
PJ_API const pj_finding *pj_model_findings(pj_model *model, size_t *count);

typedef struct pj_opset_info {
    const char *domain; /* "" is ai.onnx */
    int64_t version;
} pj_opset_info;

typedef struct pj_model_info {
    const char *path;
    const char *producer;
    int64_t ir_version;
    uint64_t file_bytes;
    const pj_opset_info *opsets;
    size_t opset_count;
    size_t nodes;                           /* subgraphs included, functions inlined */
    const pj_tensor_info *inputs, *outputs; /* of the main graph */
    size_t input_count, output_count;
    size_t tensors, tensors_known; /* of the main graph; those whose type and shape are known */
    const pj_dim_binding *dims;    /* what symbolic dimensions were given or, in an analysis, taken for */
    size_t dim_count;
    const char *op_rules;          /* the file that describes operators, or NULL */
    const char *const *data_files; /* paths of files beside the model that hold parts of it and are there */
    size_t data_file_count;        /* 0 of saved reports, and of models from memory */
} pj_model_info;

PJ_API const pj_model_info *pj_model_describe(pj_model *model);

/* One operator of the table, for listings. */
typedef struct pj_operator_info {
    const char *family;
    const char *domain;
    const char *op;
    int since;
    bool shape, value, work; /* which rules there are; moves and views need no work rule and count as having one */
} pj_operator_info;

/* Calls `visit` for every row of the operator table, family by family. */
PJ_API void pj_operators(void (*visit)(const pj_operator_info *info, void *payload), void *payload);

#endif
