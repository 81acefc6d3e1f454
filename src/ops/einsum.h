/* What others ask of an Einsum's equation. */
#pragma once

#include "ir/graph.h"

/* The axes first..last of input `i`, of that rank, that the result has and no other operand: the output channels of a
 * weight. False: there are none, or they do not lie together, or the equation cannot be read. */
bool pj_einsum_channels(const pj_node *node, int i, int rank, int *first, int *last);
