/* Which inputs of a node are weights, where their numbers stand in the file, and how their output channels lie. */
#pragma once

#include "ir/graph.h"

/* How integers (or floats after a quantizer) stand for real numbers.
 *
 * Element p of the tensor has the indexes o, a, i of a shape [..., extent, inner], and scale number a, or with blocks
 * number (o * ceil(extent / block) + a / block) * inner + i; one scale alone holds for all. Its zero point has the same
 * number. The real number is (x - zero) * scale. */
typedef struct pj_scaling {
    const pj_tensor *scale, *zero; /* NULL: 1, `offset` */
    double offset;
    int64_t extent, inner, block; /* block 0: none */
    int64_t count;                /* elements of that shape; 0: not known, there is one scale, or those of channels */
    int64_t scales;               /* how many there have to be, unless there is one */
    int64_t zero_row;             /* > 0: zero points are packed, so many a row, rows begin at whole bytes */
    int zero_bits;                /* of them */
    bool rounds;                  /* the numbers are floats that are rounded first, to whole numbers ... */
    double least, most;           /* ... from here to there */
    bool is_sign;                 /* instead: -1 below 0, else +1 */
} pj_scaling;

/* A constant that a node reads as its weight. Its numbers in the order of the file have the shape
 * [lead, outer, channels, inner]; a channel is one of lead * channels. */
typedef struct pj_constant {
    const pj_value *value; /* the input itself */
    int input;
    const pj_tensor *tensor; /* NULL: not found */
    const char *absent;      /* why nothing can be said of it; NULL: it can */
    int64_t lead, outer, channels, inner;
    int64_t pitch;             /* 0: none; else rows of `inner` numbers begin every `pitch` elements */
    pj_dtype codes;            /* type of the elements: that of the tensor, or what is packed into its bytes */
    const pj_scaling *scaling; /* NULL: the numbers are what they stand for */
} pj_constant;

/* Is input `i` of the node a constant weight? Then what is to be known of it; memory from `arena`. An arena without
 * memory shows in pj_arena_failed(). */
bool pj_constant_of(const pj_node *node, int i, pj_arena *arena, pj_constant *out);

/* A whole tensor as numbers of one channel, without scales. */
pj_constant pj_constant_of_tensor(const pj_tensor *tensor);
