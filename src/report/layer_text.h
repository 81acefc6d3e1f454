/* Operators, number formats and shapes as texts. */
#pragma once

#include "base/str.h"
#include "picojoule/result.h"

/* "Conv", "com.microsoft::FusedConv" */
void pj_op_text(const pj_layer *layer, pj_str *out);

/* "int8*int4>int20": input, weight, accumulator of a layer with MACs; "fp32>int8": input and output of another; one
 * word where all are alike. '?' after it: assumed. */
void pj_precision_text(const pj_layer *layer, pj_str *out);

/* "1x3x224x224", "batch x seq x 32" with symbols, "scalar", "?" where the rank is unknown. */
void pj_shape_text(int rank, const pj_dim_info *dims, pj_str *out);
