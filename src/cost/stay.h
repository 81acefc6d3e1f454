/* Where each tensor is, seen over the whole model: in the layer that reads it, whole in the buffer, or in level 0.
 *
 * It is gone if the layer that reads it is part of the one that makes it (reuse/fuse.h), or if it lies inside fused
 * attention; on chip if it fits in the buffer from the layer that makes it to the last one that reads it
 * (reuse/resident.h). All others are in level 0, and so are inputs and outputs of the model.
 *
 * Tensors are the buffers of schedule/buffers.h: views are what they show. */
#pragma once

#include "cost/traffic.h"
#include "reuse/special.h"
#include "reuse/tile.h"

typedef struct pj_stays {
    int *into;                 /* by root: the layer that it is gone into; -1: none */
    bool *on_chip;             /* by root */
    double *room;              /* by layer: bits of the buffer beside what stays */
    double *passes;            /* by layer: how often keys or values cross level 0 in fused attention; 0: elsewhere */
    const pj_value **past;     /* by value: the cache that this one is a grown copy of; NULL: none */
    int *head;                 /* by layer: the first of the chain of fused ones that it is part of */
    const pj_value **result;   /* by layer: the first stored result of the chain that it is the head of ... */
    const pj_value **next;     /* ... by value: and the one after that; NULL: none */
    int *layer_of;             /* by node; -1: it does not run */
    size_t *told;              /* by value: scratch, the last list that has it */
    double weights_read;       /* share of the runs in which constants are read from level 0 */
    size_t gone, chip, level0; /* tensors between layers */
    double saved_pj;           /* by tensors that stay */
    double most_saved_pj;      /* by any choice of them; negative: not known */
} pj_stays;

/* Finds them; lives in traffic->arena. PJ_ENOMEM. */
pj_status pj_stays_find(const pj_traffic *traffic, unsigned keeps, pj_stays *out, pj_error *err);

/* Where a tensor that a layer reads or makes is. */
pj_kept pj_stays_where(const pj_traffic *traffic, const pj_stays *stays, const pj_value *value);

/* The nest of a layer with the widths of its formats; false: it has none, or a width is not known. */
bool pj_stays_nest(const pj_traffic *traffic, size_t layer, pj_nest *out);
