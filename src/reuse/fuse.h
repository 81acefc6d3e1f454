/* Which tensors are never in memory because the layer that reads them is part of the one that makes them.
 *
 * The edge from p to c is gone if c is in a class that the hierarchy fuses, p's tensor has no other reader and is no
 * output of the model, and the edge is the first such one of c: an Add folds into one producer only. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/libc.h"

/* Of layers that can follow another one without a buffer of their own. The words are those of `fuse` in a file. */
typedef enum pj_fuse_class {
    PJ_FUSE_NONE,
    PJ_FUSE_ELEMENT,   /* "element" */
    PJ_FUSE_NORM,      /* "norm": batch normalization and others of a single pass */
    PJ_FUSE_QUANTIZER, /* "quantizer" */
    PJ_FUSE_POOL,      /* "pool": needs the rows of its window */
    PJ_FUSE_SOFTMAX,   /* "softmax": only inside of attention */
    PJ_FUSE_CLASSES
} pj_fuse_class;

/* Of `fuse` in a file; NULL past the last, PJ_FUSE_NONE is "none". */
extern const char *const pj_fuse_words[PJ_FUSE_CLASSES + 1];

/* One layer, in the order in which they run. Tensors have numbers. */
typedef struct pj_fuse_node {
    pj_fuse_class fuses;
    const int *in; /* tensors that it reads; -1: none, or a constant */
    int inputs;
} pj_fuse_node;

/* For each of `tensors` tensors: maker[t] is the node that makes it (-1: none, an input), stays[t]: an output of the
 * model, or needed otherwise. Writes into[t]: the node that it is gone into, or -1. `readers` is scratch for `tensors`
 * numbers. Linear in edges. */
void pj_fuse_find(const pj_fuse_node *node, int nodes, const int *maker, const bool *stays, int tensors, unsigned fuse,
                  int *readers, int *into);
/* Adds the tensors of several readers that are all part of one layer: in x * sigmoid(x), x is read twice, but by
 * operators that end up in one. All readers are of classes that fuse, pools apart, and what all but the last of them
 * make is gone on the way to that last one. into[t] is the last reader then. `readers`: what pj_fuse_find leaves.
 * PJ_ENOMEM. Linear in edges. */
pj_status pj_fuse_join(const pj_fuse_node *node, int nodes, const int *maker, const bool *stays, int tensors,
                       unsigned fuse, const int *readers, int *into, pj_arena *arena, pj_error *err);
