/* What is asked: which sizes a model runs at, what its figures rest on, and the resources that both are read from.
 *
 * Start with pj_setup_default() and change members. All texts and arrays are the caller's, and need to live as long as
 * the call that they are passed to. */
#ifndef PICOJOULE_SETUP_H
#define PICOJOULE_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "picojoule/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a tensor lives, with QTools' names; what is fixed is hard-wired and free.
 *  enumerator, word */
#define PJ_PLACE_LIST(X)     \
    X(PJ_PLACE_DRAM, "dram") \
    X(PJ_PLACE_SRAM, "sram") \
    X(PJ_PLACE_FIXED, "fixed")

typedef enum pj_place {
#define PJ_PLACE_ENUM(name, word) name,
    PJ_PLACE_LIST(PJ_PLACE_ENUM)
#undef PJ_PLACE_ENUM
} pj_place;

/* The word of a place; all of them in the order of the enum, NULL past the last. */
PJ_API const char *pj_place_word(pj_place place);
PJ_API const char *const *pj_place_words(void);

/* A value for a symbolic dimension, as `--dim batch=1`. */
typedef struct pj_dim_binding {
    const char *name;
    int64_t value; /* >= 0 */
} pj_dim_binding;

/* A shape for a graph input, as `--input tokens=int64:1,128`. Symbolic dimensions of the declared shape get these
 * values everywhere in the model. */
typedef struct pj_input_binding {
    const char *name;
    const char *dtype; /* "int64"; NULL: as declared */
    int rank;
    const int64_t *dims; /* `rank` of them; -1 leaves one as declared */
} pj_input_binding;

/* How often a Loop runs that does not say so itself, as `--trips decode=20`. */
typedef struct pj_trips_binding {
    const char *node; /* its name, or its label in reports */
    int64_t trips;    /* >= 0 */
} pj_trips_binding;

typedef struct pj_setup {
    /* Bindings: what the graph leaves open. */
    const pj_dim_binding *dims;
    size_t dim_count;
    const pj_input_binding *inputs;
    size_t input_count;
    const pj_trips_binding *trips;
    size_t trip_count;
    bool unbound_dims_are_one; /* what nobody binds counts as 1, and a finding names it (analyze); false: stays a
                                  symbol (shapes) */
    const char *op_rules;      /* a file that describes operators (docs/op-rules.md), or NULL */

    /* What figures rest on. */
    const char *table; /* built-in name or file; NULL: "horowitz-45nm" */
    pj_place weights_on;
    pj_place activations_on;
    bool io_on_dram;            /* QTools' rd_wr_on_io */
    uint64_t sram_min_bits;     /* the smallest memory that a tensor can sit in */
    const char *const *devices; /* built-in names or files */
    size_t device_count;
    const char *plan;     /* file of number formats per layer (picojoule.plan/1); NULL: none */
    const char *quantize; /* formats for the whole model: "int8", "fp16", "w4a8"; NULL: as the model has them */
    bool no_fold;         /* quantizers stay layers of their own instead of becoming part of the layer in front */

    /* What else is looked at. */
    bool inspect_weights; /* looks at the weights, too: pj_result.weights, and findings; not in sweeps */
    bool best_order;      /* looks for an order of nodes that takes less memory, too (memory.h) */
} pj_setup;

/* Everything on DRAM, inputs and outputs cross DRAM, no least memory size, no devices; nothing is bound, and what
 * stays unbound counts as 1. */
PJ_API pj_setup pj_setup_default(void);

#ifdef __cplusplus
}
#endif
#endif
