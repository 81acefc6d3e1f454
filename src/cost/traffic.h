/* Memory policies: which moves each layer makes.
 *
 * A policy is one file cost/traffic_NAME.c and one row in the table of policy.c. It sees the whole schedule: which
 * step runs when, which buffer lives when, what each layer reads and writes in which format. Prices are not its
 * business (cost/memory.h), nor are the rules of QTools, which know no policy. */
#pragma once

#include "cost/layer.h"
#include "cost/memory.h"

/* What a policy decides on; all borrowed. */
typedef struct pj_traffic {
    const pj_schedule *schedule; /* with its buffers; steps are parallel to layers */
    const pj_precision *precision;
    const pj_layers *layers;
    const pj_memory *memory;
    pj_arena *arena; /* for what `prepare` finds */
    void *state;     /* the policy's own */
} pj_traffic;

/* A growing list of moves. */
typedef struct pj_moves {
    pj_move *at;
    size_t count, room;
    pj_arena *arena;
} pj_moves;

typedef struct pj_policy {
    const char *name;    /* as --reuse has it */
    const char *assumed; /* what it assumes: a sentence of reports */
    /* Looks at the whole model before the first layer is asked for; NULL: no need. PJ_ENOMEM. */
    pj_status (*prepare)(pj_traffic *traffic, pj_error *err);
    /* Appends the moves of one run of a layer that is counted and not free. PJ_EUNSUPPORTED: a size in bits is not
     * known; the layer then has no price. PJ_EOVERFLOW, PJ_ENOMEM. */
    pj_status (*moves)(const pj_traffic *traffic, size_t layer, pj_moves *out, pj_error *err);
} pj_policy;

/* The policy at `index` (0: the default), or NULL past the last. */
const pj_policy *pj_policy_at(size_t index);

/* ---- the vocabulary of policies ---- */

pj_status pj_moves_add(pj_moves *moves, const pj_move *move, pj_error *err);

/* Bits of `elements` of a value (NULL: none). PJ_EUNSUPPORTED: its number format is not known. */
pj_status pj_traffic_bits(const pj_format *format, const pj_value *value, pj_num elements, uint64_t *out,
                          pj_error *err);

/* The buffer that a value is in; -1: none. */
int pj_traffic_buffer(const pj_traffic *traffic, const pj_value *value);

/* ---- policies ---- */

pj_status pj_traffic_once(const pj_traffic *traffic, size_t layer, pj_moves *out, pj_error *err);
