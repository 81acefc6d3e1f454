/* Inside of a tile of the buffer: how the array reads it, through registers or without. Part of the search of tile.c.
 */
#pragma once

#include "reuse/machine.h"

enum { PJ_EXTENT_M, PJ_EXTENT_N, PJ_EXTENT_R, PJ_EXTENTS };

/* Orders of the loops over tiles, by the operand that stays: M N R, N R M, M R N, outermost first. */
enum { PJ_ORDERS = 3 };
extern const char pj_order_stays[PJ_ORDERS];

/* How often each operand is brought in under an order, with so many trips along each extent, relative to once. */
void pj_order_visits(int order, const double trips[PJ_EXTENTS], double visits[PJ_NEST_OPERANDS]);

/* The parts that an extent is tried in: 1, 2, 3, 4, 6, 9, 14, 21 ... (half as many again, to the nearest even). */
double pj_next_parts(double parts);

/* A tile of the buffer. */
typedef struct pj_tile {
    double size[PJ_EXTENTS];  /* m, n, r */
    double trips[PJ_EXTENTS]; /* over all of the nest */
} pj_tile;

/* What the array reads from. */
typedef struct pj_array {
    const pj_machine *machine;
    const pj_nest *nest;
    bool has[PJ_NEST_OPERANDS];        /* registers that hold at least one element */
    double bits[PJ_NEST_OPERANDS];     /* of an element; of O: of an accumulator */
    pj_access above[PJ_NEST_OPERANDS]; /* the memory that it reads (and O: is written to) */
    double access[PJ_NEST_OPERANDS];   /* narrowest access of it, in bits */
    double before[PJ_NEST_OPERANDS];   /* energy that each bit read costs before that: where W is streamed */
    bool results_gone;                 /* they are never stored */
    bool weights_inside;               /* those of a tile are in the registers before it starts */
    double windows;                    /* elements of the reduction that share a channel */
} pj_array;

typedef struct pj_below {
    double read[PJ_NEST_OPERANDS];   /* I, W: bits that the array reads, of one group */
    double wasted[PJ_NEST_OPERANDS]; /* bits of an access over those that are used, at least 1 */
    double sums;                     /* how often each result is written as a sum: 1 without partial ones */
    double busy[PJ_DIRECTIONS];      /* processing elements at work along m, n, r, g */
    double pj;
    int tried; /* tiles of the registers, before it was found */
} pj_below;

pj_array pj_array_of(const pj_machine *machine, const pj_nest *nest);

/* Bits of weights that the registers of the array hold; 0 without any. */
double pj_below_weights(const pj_array *array);

/* The cheapest way through all tiles of one group. */
void pj_below_find(const pj_array *array, const pj_tile *tile, pj_below *out);

/* Energy that no tiles of this nest go below; `again` gets what each further pass over an operand costs at least: of O,
 * over its partial sums. */
double pj_below_least(const pj_array *array, double again[PJ_NEST_OPERANDS]);

/* Times that one register is read for a whole array: elements that share it. */
double pj_below_shared(const pj_array *array, const pj_below *below, pj_nest_operand operand);
