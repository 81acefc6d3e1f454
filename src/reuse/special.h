/* Layers whose reuse has a closed form: fused attention, caches of keys and values, recurrent weights. All in bits. */
#pragma once

#include "base/libc.h"

/* Attention of one head: softmax(Q K^T) V with `rows` queries of `depth` elements, `columns` keys and values; values
 * have `value_depth` elements. Scores are computed block by block and never stored. */
typedef struct pj_attention {
    double rows, columns, depth, value_depth;
    double element_bits, accumulator_bits;
    double buffer_bits;
    double block_columns; /* 0: 64 */
} pj_attention;

typedef struct pj_attention_traffic {
    bool fits;         /* a block of at least one row fits in the buffer; else as unfused */
    double block_rows; /* rows of queries that are held at once */
    double passes;     /* over keys and values */
    double q, k, v, o; /* bits that cross level 0 */
    double bits;       /* their sum */
    double unfused;    /* with scores and weights written and read once */
} pj_attention_traffic;

/* B = floor((S - 2 Bc d b) / (d b + d b_a + 2 b_a + Bc b_a)) rows at once; Q + O + ceil(L / B) (K + V). */
pj_attention_traffic pj_attention_find(const pj_attention *attention);

/* Past keys and values of one layer that a token reads. */
double pj_cache_bits(double past, double width, double element_bits);

/* Weights of a recurrent layer over `steps`: once where they fit beside the state, else what does not is read again. */
double pj_recurrent_bits(double weight_bits, double state_bits, double steps, double buffer_bits);
