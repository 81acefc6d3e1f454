/* Layers and formats that are to be measured, and the jobs that do it. */
#pragma once

#include <stdio.h>

#include "evaluate/bench.h"

/* Where what is measured is kept as it comes (state.h). */
typedef struct pj_state {
    FILE *file; /* NULL: nothing is kept */
} pj_state;

/* A line of it; `outputs` of the model. */
void pj_state_write(FILE *file, size_t index, const pj_tried *tried, size_t outputs);

/* A layer in a format, alone or within a plan. */
typedef struct pj_variant {
    const char *layer, *op;
    size_t number; /* of the layer, from 0 in the list */
    bool has_weights;
    const char *bound, *bound_op; /* the Relu or Clip that alone reads it, and goes into its integers; NULL: none */
    const char *choice;           /* "w8a16"; NULL: as it is */
    const char *then;             /* as plans print it for this layer */
    const char *weights, *activations; /* of the choice: "int8", "fp16"; NULL: as they are */
} pj_variant;

typedef struct pj_variants {
    pj_variant *variant;
    size_t count, layers;
    const char *const *choices;
    size_t choice_count;
    const char *target; /* of plans from these choices; NULL: none */
} pj_variants;

/* Every layer with weights in every choice of the options, or of their target (neither: the default ones), and every
 * other layer that rounds numbers in each format of integer activations, in graph order. Without a target it is
 * "onnxruntime", if that has all of the choices. PJ_EARGUMENT: no such format, no layer that could change; as
 * pj_plan_search. */
pj_status pj_variants_list(pj_bench *bench, const pj_plan_options *options, pj_variants *out, pj_error *err);

/* The same layers, each as it is. */
pj_status pj_variants_as_is(pj_bench *bench, const pj_variants *variants, pj_variants *out, pj_error *err);

/* Writes losses by layer as picojoule.sensitivity/1, member "measured". */
void pj_variants_json(const pj_variants *variants, const pj_tried *tried, pj_json_writer *json);

/* Measures those that are not done. With `plan` (its layers), each variant is that plan but for the one layer.
 * `tried` and `done` have a place for each. */
pj_status pj_variants_measure(pj_bench *bench, const pj_variants *variants, const pj_plan_layer *plan,
                              size_t plan_count, pj_state *state, pj_tried *tried, bool *done, pj_error *err);
