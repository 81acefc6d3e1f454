/* Finding the first outputs of layers. */
#include "cost/output.h"

#include <string.h>

/* The first output that the layer has, or NULL. */
static const char *first_output(const pj_layer *layer)
{
    for (size_t o = 0; o < layer->output_count; o++)
        if (*layer->outputs[o])
            return layer->outputs[o];
    return NULL;
}

/* Tensors come in graph order, the outputs of nodes behind inputs and initializers, and so do layers: one walk over
 * both finds them without looking names up. */
const pj_tensor_info **pj_layer_outputs(const pj_layer *layers, size_t count, const pj_tensor_info *tensors,
                                        size_t tensor_count, pj_arena *arena)
{
    size_t at = 0;
    const pj_tensor_info **output = PJ_NEW(arena, const pj_tensor_info *, count);
    while (at < tensor_count && (tensors[at].is_input || tensors[at].is_initializer))
        at++;
    for (size_t i = 0; output && i < count; i++) {
        const char *name = first_output(&layers[i]);
        if (!name || at >= tensor_count || strcmp(tensors[at].name, name) != 0)
            continue; /* of a subgraph */
        if (name == layers[i].outputs[0])
            output[i] = &tensors[at];
        for (size_t o = 0; o < layers[i].output_count; o++)
            at += *layers[i].outputs[o] != 0;
    }
    return output;
}
