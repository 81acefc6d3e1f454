/* A memory hierarchy in numbers: what the search for tiles computes with. All sizes in bits, all energies in pJ a bit
 * (or in multiples of a reference operation). */
#pragma once

#include "base/libc.h"

#include "reuse/nest.h"

typedef struct pj_access {
    double read, write; /* of one bit */
} pj_access;

/* The memories that an operand can pass on its way, farthest first. */
typedef enum pj_store {
    PJ_STORE_FAR,     /* level 0: DRAM */
    PJ_STORE_NEAR,    /* level 1: the buffer */
    PJ_STORE_WEIGHTS, /* the buffer of weights, where there is one */
    PJ_STORE_REGISTERS,
    PJ_STORES
} pj_store;

/* Directions in which the array of processing elements is unrolled. */
typedef enum pj_direction { PJ_ALONG_M, PJ_ALONG_N, PJ_ALONG_R, PJ_ALONG_G, PJ_DIRECTIONS } pj_direction;

typedef struct pj_registers {
    bool given;  /* false: each use reads the level above */
    double bits; /* of one processing element */
    pj_access price;
    bool shared[PJ_DIRECTIONS]; /* one register serves all elements along it */
} pj_registers;

typedef struct pj_machine {
    pj_access far;             /* level 0, for activations */
    pj_access weights;         /* where constants come from: as `far`, unless the file has weights_from */
    double far_bits_per_cycle; /* 0: not stated */

    pj_access near;
    double near_bits;           /* usable ones; infinite: no limit */
    double near_access;         /* bits of the narrowest access; 0: any */
    double near_bits_per_cycle; /* 0: not stated */
    bool holds_weights;         /* false: they go past the buffer */

    bool has_weight_buffer; /* only where the buffer holds no weights */
    pj_access weight_buffer;
    double weight_bits, weight_access;

    pj_registers registers[PJ_NEST_OPERANDS];
    double unroll[PJ_DIRECTIONS]; /* at least 1 each */
    bool unrolls_window;          /* r stands for any part of the reduction; false: for its channels alone */
    double reserve;               /* share of the buffer that no whole tensor may take */
    double mhz;                   /* 0: not stated */
} pj_machine;

/* No limit and no price anywhere, one processing element, no registers, weights in the buffer. */
pj_machine pj_machine_free(void);
