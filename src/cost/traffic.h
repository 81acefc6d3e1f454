/* Memory policies: which moves each layer makes.
 *
 * A policy is one row in the table of policy.c. It sees the whole schedule: which step runs when, which buffer lives
 * when, what each layer reads and writes in which format. `once` moves between places (cost/traffic_once.c), the others
 * between levels of a hierarchy (cost/leveled.c). The rules of QTools know no policy. */
#pragma once

#include "cost/layer.h"
#include "cost/memory.h"

/* What a policy decides on; all borrowed. */
typedef struct pj_traffic {
    const pj_schedule *schedule; /* with its buffers; steps are parallel to layers */
    const pj_precision *precision;
    const pj_layers *layers;
    const pj_memory *memory;
    pj_arena *arena;        /* for what `prepare` finds */
    pj_arena *kept;         /* for what is told of layers */
    pj_diags *diags;        /* what is assumed; NULL: nobody asks */
    struct pj_moves *moves; /* scratch: those of the layer at hand */
    void *state;            /* the policy's own */
} pj_traffic;

/* A growing list of moves. */
typedef struct pj_moves {
    pj_move *at;
    size_t count, room;
    pj_arena *arena;
} pj_moves;

/* What a policy by levels keeps on chip. */
enum {
    PJ_KEEPS_FUSED = 1u << 0,   /* what one layer hands to a layer that is fused into it */
    PJ_KEEPS_TENSORS = 1u << 1, /* whole tensors that fit in the buffer, weights over runs */
    PJ_KEEPS_TILES = 1u << 2    /* tiles of each layer's operands */
};

typedef struct pj_policy {
    const char *name;    /* as --reuse has it */
    const char *assumed; /* what it assumes: a sentence of reports */
    bool has_levels;     /* moves between levels of a hierarchy; false: between the places of the setup */
    unsigned keeps;      /* of those: PJ_KEEPS_... */
    /* Looks at the whole model before the first layer is asked for; NULL: no need. PJ_ENOMEM. */
    pj_status (*prepare)(pj_traffic *traffic, unsigned keeps, pj_error *err);
    /* Adds what one run of a layer that is counted and not free moves to its energy, and tells of it in row->reuse,
     * whose figures are of all of its runs. PJ_EUNSUPPORTED: a size in bits is not known; the layer then has no price.
     * PJ_EOVERFLOW, PJ_ENOMEM. */
    pj_status (*charge)(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err);
} pj_policy;

/* The policies that --reuse names, in order of what they keep; NULL past the last. */
const pj_policy *pj_policy_at(size_t index);

/* The policy of a setup: docs/memory.md has the rules. `hierarchy`: the one that the setup names, or NULL.
 * PJ_ECONFLICT: options that contradict each other; PJ_EARGUMENT: no such policy. */
pj_status pj_policy_choose(const pj_setup *setup, const pj_table *table, const pj_hierarchy *hierarchy,
                           const pj_policy **out, pj_error *err);

/* The sentence of a policy by the settings of a result. */
const char *pj_policy_assumed(const pj_setup *setup);

/* ---- the vocabulary of policies ---- */

pj_status pj_moves_add(pj_moves *moves, const pj_move *move, pj_error *err);

/* Bits of `elements` of a value (NULL: none). PJ_EUNSUPPORTED: its number format is not known. */
pj_status pj_traffic_bits(const pj_format *format, const pj_value *value, pj_num elements, uint64_t *out,
                          pj_error *err);

/* The buffer that a value is in; -1: none. */
int pj_traffic_buffer(const pj_traffic *traffic, const pj_value *value);

/* ---- policies ---- */

pj_status pj_once_charge(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err);
