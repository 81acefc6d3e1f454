/* What stands in the constants beside quantized numbers: scales, zero points, bit widths. */
#pragma once

#include "quant/precision.h"

/* Is the constant stored? One power of two is the place of the binary point, not data, and a zero point that is known
 * to be 0 needs no memory. */
bool pj_scale_is_stored(const pj_value *scale);
bool pj_zero_is_stored(const pj_value *zero);

/* Is there a scale at input `i`? Else a finding. What it is changes no count: runtimes write scales of 0 (a channel
 * without weights) and below 0 (lint tells of them). */
bool pj_scale_is_there(const pj_node *node, int i, pj_diags *diags);

/* The whole number that the constant at input `i` holds in all its elements; false where there is none such. */
bool pj_constant_whole(const pj_node *node, int i, int64_t *out);

/* Do two scales, or two zero points, hold the same numbers? A zero point that is not there (NULL) is 0. */
bool pj_contents_equal(const pj_value *a, const pj_value *b);

/* A fixed-point number of these bits; `scale` sets its binary point where it is one power of two. */
void pj_quantized_fixed(int64_t bits, bool is_signed, const pj_value *scale, pj_quantized *out);

/* ---- scales that a plan brings with it ---- */

enum { PJ_SCALE_BLOCK = 32 }; /* numbers that share one where blocks do */

/* Does the node pick rows of a constant matrix of floats, as embeddings are looked up? */
bool pj_looks_up_rows(const pj_node *node);

/* The axis of the output channels of a constant operand with `rank` axes, or of the rows that are looked up; -1: not
 * one axis. */
int pj_channel_axis(const pj_node *node, int input, int rank);

/* How many scales come with the weight at input `i` where a plan stores it as integers: one a channel, or one for each
 * block along the sums, of at most 4 bits beside floats in products of matrices (as `apply` writes them); one a row of
 * a table, or for each block of it. 0: none, or not known. */
int64_t pj_planned_scales(const pj_node *node, int i, const pj_format *weights, const pj_format *activations);
