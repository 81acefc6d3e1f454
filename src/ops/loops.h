/* What rules tell of the loops of their multiply-accumulates. A second product makes it PJ_LOOPS_SEVERAL; extents that
 * are not known make it PJ_LOOPS_NONE. */
#pragma once

#include "ops/window.h"

/* `groups` products O[m, n] = I[m, r] x W[r, n] of the inputs of those numbers. */
void pj_loops_product(pj_work *work, int input, int weight, pj_num groups, pj_num m, pj_num n, pj_num r);

/* A convolution of input `input`; spatial extents of its result are those of output 0. n and r as in a product, r with
 * the window. */
void pj_loops_convolution(pj_ctx *c, pj_work *work, int input, int weight, const pj_window *window, pj_num batch,
                          int64_t groups, pj_num n, pj_num r);

/* The nest of one step. */
void pj_loops_recurrent(pj_work *work, int input, int weight, int64_t directions, pj_num steps, pj_num batch, pj_num n,
                        pj_num r);

/* Scores of `heads` heads of queries; `shared` of them read the same keys and values. */
void pj_loops_attention(pj_work *work, pj_num heads, pj_num shared, pj_num queries, pj_num keys, pj_num key_size,
                        pj_num value_size);
