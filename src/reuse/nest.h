/* The loops of a layer with multiply-accumulates, in numbers: `groups` copies of O[M,N] += I[M,R] x W[R,N].
 *
 *                                  groups      m                         n                        r
 *     Conv                         groups      batch x output positions  output channels / groups input channels /
 *                                                                                                 groups x window
 *     MatMul, Gemm of a constant   1           all rows                  columns                  inner extent
 *     MatMul of activations        batch dims  rows                      columns                  inner extent
 *     ConvTranspose                groups      batch x input positions   output channels / groups input channels /
 *                                                                        x window                 groups
 *     LSTM, GRU, RNN (one step)    directions  batch                     gates x hidden           input + hidden */
#pragma once

/* The three operands of a nest, and the widths of its numbers. */
typedef enum pj_nest_operand { PJ_NEST_I, PJ_NEST_W, PJ_NEST_O, PJ_NEST_OPERANDS } pj_nest_operand;

/* All members are whole numbers in doubles, so that extents of 2^40 and their products do not overflow. */
typedef struct pj_nest {
    double groups, m, n, r; /* at least 1 each */

    /* A convolution's window over `batch` images; all 0 for a matrix product. Extents are those without padding;
     * strides and dilations are at least 1. Dimensions beyond two are folded into h. */
    struct {
        double batch, in_h, in_w, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    } window;

    double input_bits, weight_bits, accumulator_bits, output_bits; /* of one element; output: as it is stored */
} pj_nest;

/* Elements of a reduction that share a channel: the size of the window, 1 for a matrix product. */
double pj_nest_window(const pj_nest *nest);

/* Input positions that `m` output positions, in the order of rows, touch; m itself for a matrix product. */
double pj_nest_positions(const pj_nest *nest, double m);

/* Input elements under a tile of m positions and r elements of the reduction. */
double pj_nest_inputs(const pj_nest *nest, double m, double r);

/* The largest m, of all positions at most, for which inputs(m, r) x element_bits + m x row_bits <= bits; below 1: none.
 * It is found in closed form, because positions are linear in pieces. */
double pj_nest_largest(const pj_nest *nest, double r, double element_bits, double row_bits, double bits);

/* Bits of a whole operand, of all groups. */
double pj_nest_bits(const pj_nest *nest, pj_nest_operand operand);

/* Least bits over the boundary above a buffer of so many bits: each element once, and what Hong and Kung's argument
 * says of matrix products, with the overlap of windows. Not a bound of schedules that fuse layers. */
double pj_nest_bound(const pj_nest *nest, double buffer_bits);
