/* Which values share a buffer, how large buffers are, who reads them. */
#pragma once

#include "quant/precision.h"

/* Side tables by pj_value.index. A buffer is named by the value that is made in it: its root. A value without a root
 * takes no activation memory: constants, and what is computed from shapes before the run. */
typedef struct pj_buffers {
    const pj_precision *precision;
    const pj_model *model;
    pj_arena *arena;
    int *root;        /* -1: none */
    int64_t *bytes;   /* of a root; 0 where not known. All of them add up without overflow */
    bool *is_unknown; /* the size of a root is not known */
    int *reads;       /* of a root: nodes of its graph that read it, and 1 each for graph outputs and bundles that keep
                         it */
    int *stamp;       /* of a root: the last list that has it */
    int *list;        /* what pj_buffers_reads or pj_buffers_makers found */
    int listed, lists;
    size_t room;
    size_t unknown;
    int64_t sum;
} pj_buffers;

/* Fills the tables; they live in `arena`. PJ_ENOMEM. */
pj_status pj_buffers_find(const pj_precision *precision, pj_arena *arena, pj_buffers *out, pj_error *err);

/* Sets `list` to the roots in the node's own graph that it reads, each once; what its subgraphs read counts. A view
 * reads nothing of what it shows: its readers do. PJ_ENOMEM. */
pj_status pj_buffers_reads(pj_buffers *b, const pj_node *node, pj_error *err);

/* Sets `list` to the indexes of the nodes of its graph that have to run before it (some may stand there twice). */
pj_status pj_buffers_makers(pj_buffers *b, const pj_node *node, pj_error *err);

/* Is the value a sequence that is made of several buffers? It keeps them all, and takes nothing itself. */
bool pj_buffers_is_bundle(const pj_buffers *b, int root);

/* Is a buffer made for the value (NULL: no)? */
bool pj_buffers_owns(const pj_buffers *b, const pj_value *value);

/* The root of a value in this graph; -1: none, or of an enclosing graph. */
int pj_buffers_root(const pj_buffers *b, const pj_graph *graph, const pj_value *value);

/* Subgraphs of a node that may run: calls `visit` for each of them until it returns another status than PJ_OK. */
pj_status pj_buffers_bodies(const pj_node *node, pj_status (*visit)(const pj_graph *body, void *payload),
                            void *payload);

/* Which bytes a node adds: of all outputs that have a buffer of their own. */
int64_t pj_buffers_made(const pj_buffers *b, const pj_node *node);

/* ---- order.c ---- */

/* Writes the order "least-growth" of the graph's nodes (their indexes) to `order`. PJ_ENOMEM. */
pj_status pj_order_least_growth(pj_buffers *b, const pj_graph *graph, int *order, pj_error *err);
