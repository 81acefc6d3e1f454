/* The memory that activations take at once.
 *
 * Nodes run one after the other. A tensor is in memory from the node that makes it to the last node that reads it;
 * model inputs are there from the start, model outputs stay to the end. A view (Reshape, Identity, ...) is the tensor
 * that it shows, and takes nothing. An element-wise operator writes over an input that is not read afterwards, where
 * the result is not larger. Constants are no activations. docs/energy-model.md has the rules in full.
 *
 * Units: bytes. A tensor takes elements * bits of its stored format, rounded up to whole bytes: five int4 are 3 bytes.
 * What an operator needs for itself (im2col, workspaces), alignment and fragmentation are not in it.
 *
 * Threads: plain values, that never change. */
#ifndef PICOJOULE_MEMORY_H
#define PICOJOULE_MEMORY_H

#include "picojoule/api.h"

/* A tensor in memory at the peak. */
typedef struct pj_live_tensor {
    const char *name;
    int64_t bytes;        /* -1: not known */
    const char *replaces; /* it is written over this one; NULL: it is not */
} pj_live_tensor;

/* What is in memory while a layer runs, and while those after it do, up to the next point. */
typedef struct pj_memory_point {
    size_t layer;  /* its index */
    int64_t bytes; /* what bodies take inside of an operator is part of it */
} pj_memory_point;

/* A tensor of the main graph, and the layers while which it is in memory: from <= index < until. */
typedef struct pj_memory_tensor {
    const char *name;
    int64_t bytes; /* -1: not known */
    size_t from, until;
} pj_memory_tensor;

typedef struct pj_peak {
    const char *order; /* of the nodes: "graph", or "least-growth": see pj_setup.best_order */
    int64_t bytes;
    const char *node;            /* that runs at the peak; "": before the first one, the model's inputs alone */
    const pj_live_tensor *alive; /* what is in memory then, largest first; bytes add up to those above */
    size_t alive_count;
    const pj_memory_point *timeline; /* of the order "graph": layers of the main graph; NULL, 0 of others */
    size_t timeline_count;
    const pj_memory_tensor *tensors; /* likewise, in the order of the file, where pj_setup.best_order asks for more than
                                        the peak; what bodies make inside of an operator is not among them */
    size_t tensor_count;
} pj_peak;

typedef struct pj_activation_memory {
    size_t unknown;      /* tensors whose size is not known; any: the peaks are lower bounds */
    pj_peak graph;       /* in the order of the file */
    const pj_peak *best; /* in the better of the orders tried; NULL: not asked for */
} pj_activation_memory;

#endif
