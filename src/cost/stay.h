/* Where each tensor is, seen over the whole model: in the layer that reads it, whole in the buffer, or in level 0.
 *
 *     gone    the layer that reads it is part of the one that makes it (reuse/fuse.h), or it lies inside fused
 * attention chip    it fits in the buffer from the layer that makes it to the last one that reads it (reuse/resident.h)
 *     level0  all others, and inputs and outputs of the model
 *
 * Tensors are the buffers of schedule/buffers.h: views are what they show. */
#pragma once

#include "cost/traffic.h"
#include "reuse/special.h"
#include "reuse/tile.h"

typedef struct pj_stays {
    int *into;               /* by root: the layer that it is gone into; -1: none */
    bool *on_chip;           /* by root */
    double *room;            /* by layer: bits of the buffer beside what stays */
    double *passes;          /* by layer: how often its keys or values cross level 0 in fused attention; 0: elsewhere */
    const pj_value **past;   /* by value: the cache that this one is a grown copy of; NULL: none */
    int *head;               /* by layer: the one that it is fused into, at the end of the chain; itself elsewhere */
    const pj_value **result; /* by layer: the first of the stored results of it and of all that is fused into it ... */
    const pj_value **next;   /* ... by value: and the one after that; NULL: none */
    int *layer_of;           /* by node; -1: it does not run */
    size_t *told;                   /* by value: scratch, the last list that has it */
    double weights_read;     /* share of the runs in which constants are read from level 0 */
    size_t gone, chip, level0; /* tensors between layers */
    double saved_pj,
        most_saved_pj; /* by tensors that stay, and by any choice of them; the latter negative: not known */
} pj_stays;

/* Finds them; lives in traffic->arena. PJ_ENOMEM. */
pj_status pj_stays_find(const pj_traffic *traffic, unsigned keeps, pj_stays *out, pj_error *err);

/* Where an input, or an output, of a layer is. */
pj_kept pj_stays_input(const pj_traffic *traffic, const pj_stays *stays, const pj_node *node, int i);
pj_kept pj_stays_output(const pj_traffic *traffic, const pj_stays *stays, const pj_node *node, int o);

/* The nest of a layer with the widths of its formats; false: it has not one, or a width is not known. */
bool pj_stays_nest(const pj_traffic *traffic, size_t layer, pj_nest *out);
