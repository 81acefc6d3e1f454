/* The model as a planner sees it: which layers can change their formats, and which have to change together.
 *
 * Activations: all tensors that a layer reads as data have one format, and so have all layers that read one tensor;
 * what only moves numbers or keeps their format (Reshape, Relu, MaxPool, Concat) writes the format that it reads.
 * Tensors and layers that hang together so are a group, and take one format of activations. An Add has one type at both
 * inputs by that, and the consumers of a tensor agree. Weights: each layer decides alone, but layers that share them
 * decide as one, and belong to one group. A table that is only looked up (embeddings) is the one tensor of a group of
 * its own: the format of that group is what its rows become, whatever their readers work in. */
#pragma once

#include "plan/choice.h"
#include "run/priced.h"

#define PJ_NO_CLUSTER SIZE_MAX

typedef enum pj_part {
    PJ_PART_STAYS,     /* cannot be changed: unknown, quantized already, no floats, in a subgraph */
    PJ_PART_FLOATS,    /* computes what integers are not made for (exp, sqrt ...): float formats only */
    PJ_PART_FOLLOWS,   /* adds, compares, moves: any format */
    PJ_PART_MULTIPLIES /* has MACs */
} pj_part;

/* A layer. */
typedef struct pj_member {
    const pj_node *node;
    pj_part part;
    bool passes;   /* writes what it reads: no quantization of its own */
    bool weighted; /* multiplies by constants, or looks them up */
    bool looks_up;
    size_t group;    /* of the activations that it reads; PJ_NO_CLUSTER: none */
    size_t out;      /* group of what it writes; PJ_NO_CLUSTER: nobody reads it */
    size_t leader;   /* the first unit with the same weights; itself */
    bool kept;       /* the user wants it as it is */
    const char *why; /* it stays as it is, or is pinned: words for messages; NULL: it is free */
    size_t pin;      /* number of its choice + 1; 0: none */
    pj_number now_weight, now_activation;
    size_t next_reader, next_writer; /* of the same group; PJ_NO_CLUSTER ends lists of units and tensors */
    size_t next_shared;              /* with the same weights, after their leader */
} pj_member;

typedef struct pj_cluster {
    size_t first_reader, first_writer, first_tensor;
    bool stays;       /* something in it cannot change */
    const char *why;  /* the layer that it is */
    bool floats_only; /* one of its layers computes on floats only */
    size_t units;     /* that read it */
    int64_t bits;     /* of its narrowest tensor, as the model has it: a format must be below */
} pj_cluster;

typedef struct pj_network {
    pj_member *unit; /* parallel to the layers of the analysis */
    size_t units;
    pj_cluster *group;
    size_t groups;
    size_t *next_tensor; /* by pj_value.index */
    size_t *group_of;    /* by pj_value.index; PJ_NO_CLUSTER: no activation of a group */
    const pj_priced *today;
} pj_network;

/* Reads it off the model as it is priced today. Lives in `arena`. PJ_ENOMEM. */
pj_status pj_network_read(const pj_priced *today, pj_arena *arena, pj_network *out, pj_error *err);

/* The input at which a layer with weights has them. */
int pj_member_weight(const pj_member *unit);

/* Marks what the user keeps, excludes and pins. PJ_EARGUMENT: a glob that matches no layer that could change, pins that
 * contradict each other, or an unknown choice. */
pj_status pj_network_wish(pj_network *network, const pj_plan_options *options, const pj_choice_list *choices,
                          pj_arena *arena, pj_error *err);
