/* The first output of each layer, for those who show its shape. */
#ifndef PJ_COST_OUTPUT_H
#define PJ_COST_OUTPUT_H

#include "base/arena.h"
#include "picojoule/result.h"

/* The tensor of each layer's first output, by the layer's index; NULL where it has none, or is part of a subgraph.
 * `tensors` are those of pj_model_tensors. The array lives in `arena`. NULL: no memory. */
const pj_tensor_info **pj_layer_outputs(const pj_layer *layers, size_t count, const pj_tensor_info *tensors,
                                        size_t tensor_count, pj_arena *arena);

#endif
