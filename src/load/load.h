/* Reading an ONNX model: bytes in, pj_model out.
 *
 * Weights are never copied or paged in: the file is walked through a small window, large byte fields are skipped and
 * only their place is kept. Every input is untrusted; whatever is wrong with it becomes one sentence in `err`, with
 * the file, and the node and operator where there is one. Not thread safe per model; two loads may run at once. */
#pragma once

#include "ir/graph.h"
#include "picojoule/model.h"

/* A symbolic dimension and its value, as from --dim batch=1. */
typedef pj_dim_binding pj_binding;

typedef struct pj_load_options {
    const pj_binding *bindings; /* bound before the first shape is read */
    size_t binding_count;
    bool follow_links; /* external data may be links that lead out of the model's folder */
} pj_load_options;

/* Reads the model in the file `path`; "-" is standard input. `options` may be NULL, `err` too. The result belongs to
 * the caller (pj_unload). Functions of the model are inlined, nodes are in topological order.
 *   PJ_EIO          the file cannot be opened or read
 *   PJ_EFORMAT      it is no ONNX model, or it breaks the rules of the format
 *   PJ_ELIMIT       more nodes, depth or memory than base/limits.h grants
 *   PJ_EOVERFLOW    a tensor with more elements than 64 bits can count
 *   PJ_ENOMEM       no memory */
pj_status pj_load(const char *path, const pj_load_options *options, pj_model **out, pj_error *err);

/* The same from `size` bytes in memory, which may be freed afterwards. `name` stands for the path in messages and in
 * model->path; NULL: "memory". External data count as absent. */
pj_status pj_load_memory(const void *bytes, size_t size, const char *name, const pj_load_options *options,
                         pj_model **out, pj_error *err);

/* The same from a file, bytes or callbacks (picojoule/resource.h), which weights and external data are read from, too,
 * until pj_unload. PJ_EARGUMENT: the resource contradicts itself. */
pj_status pj_load_resource(const pj_resource *given, const pj_load_options *options, pj_model **out, pj_error *err);

/* SHA-256 of what is read of a model, its skeleton: weights do not count, whose place does. *size: bytes of the file.
 * Errors as pj_load. */
pj_status pj_load_digest(const char *path, char sha256[65], uint64_t *size, pj_error *err);

/* Frees the model and all that hangs on it; NULL is allowed. */
void pj_unload(pj_model *model);
