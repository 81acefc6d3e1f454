/* The best tiles of a nest on a machine: what moves between its memories, at which energy, in which time.
 *
 * docs/memory.md has the formulas. All functions are pure and on numbers; traffic is in bits. Nothing overflows: counts
 * are doubles, and a search tries a bounded number of tiles. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "reuse/machine.h"

/* Where an operand is as seen from the layer. */
typedef enum pj_kept {
    PJ_KEPT_FAR,  /* in level 0 */
    PJ_KEPT_CHIP, /* whole in the buffer: moves nothing over level 0, and takes no room in tiles (the caller has taken
                     what lives off buffer_bits) */
    PJ_KEPT_GONE  /* I: comes from the layer that this one is part of; O: its readers are part of this layer, so it
                     is never stored; partial sums are */
} pj_kept;

typedef struct pj_tile_ask {
    double buffer_bits; /* usable ones at this layer, at most machine.near_bits */
    pj_kept kept[PJ_NEST_OPERANDS];
    bool weights_move; /* W is an activation: it comes from `far`, not from where constants are */
} pj_tile_ask;

typedef struct pj_flow {
    double read, written; /* bits */
} pj_flow;

typedef struct pj_tiling {
    double m, n, r;                            /* tile of the buffer */
    char stays;                                /* operand of the outermost loops: 'I', 'W', 'O' */
    bool fits;                                 /* false: no tile fits, not even one element: each use reads level 0 */
    pj_flow flow[PJ_NEST_OPERANDS][PJ_STORES]; /* all groups */
    double pj[PJ_NEST_OPERANDS][PJ_STORES];    /* energy of these */
    double total_pj;                           /* sum of pj */
    double far_bits;                           /* over level 0: read and written */
    double bound_bits;                         /* no tiling of this layer alone moves less over level 0 */
    double once_bits;                          /* each element of the operands once */
    double macs;
    double cycles;        /* of the array, or of level 0 where that takes longer */
    double utilization;   /* share of the array that works while it computes: 0..1 */
    bool is_memory_bound; /* level 0 takes longer than the array */
} pj_tiling;

/* The tiles with the least energy of all memories. */
void pj_tile_find(const pj_machine *machine, const pj_nest *nest, const pj_tile_ask *ask, pj_tiling *out);

/* ---- nests that were seen before ---- */

typedef struct pj_tiler pj_tiler;

/* Tilings of one machine (borrowed), kept in `arena`: networks repeat shapes. NULL: no memory. */
pj_tiler *pj_tiler_new(const pj_machine *machine, pj_arena *arena);

/* As pj_tile_find; *out lives as long as the tiler. PJ_ENOMEM. */
pj_status pj_tiler_find(pj_tiler *tiler, const pj_nest *nest, const pj_tile_ask *ask, const pj_tiling **out,
                        pj_error *err);
