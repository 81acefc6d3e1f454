/* Layers: what a node counts and in which formats it computes, before any price. */
#ifndef PJ_COST_LAYER_H
#define PJ_COST_LAYER_H

#include "arith/arith.h"
#include "cost/table.h"
#include "cost/work.h"
#include "picojoule/energy.h"
#include "quant/precision.h"

/* What pricing needs of a layer beside its public row. Formats whose `from` is PJ_FROM_NOTHING are not known. */
typedef struct pj_layer_detail {
    pj_node *node;
    pj_work work;
    pj_format operand;     /* widest format among the data inputs: non-MAC arithmetic works in it */
    pj_format input;       /* first operand of the multiplier, else first data input */
    pj_format weight;      /* second operand of the multiplier */
    pj_format accumulator; /* with macs */
    pj_format output;      /* of output 0 */
    pj_unit multiplier;    /* with macs */
} pj_layer_detail;

/* The layers of a model in graph order. `row` and `detail` are parallel. */
typedef struct pj_layers {
    pj_layer *row;
    pj_layer_detail *detail;
    size_t count;
} pj_layers;

/* Counts and formats of every node of the main graph; energies stay 0. Arrays live in `arena`. `table` gives the
 * accumulator policy. Errors name the node. */
pj_status pj_layers_count(const pj_model *model, const pj_precision *precision, const pj_table *table,
                          pj_arena *arena, pj_diags *diags, pj_layers *out, pj_error *err);

/* Is the input at `i` a constant that the layer reads as parameter? */
bool pj_layer_reads_parameter(const pj_node *node, int i);

/* Is the input at `i` data that the layer reads at run time? */
bool pj_layer_reads_activation(const pj_node *node, int i);

/* Fills the public view of a format. */
pj_status pj_format_describe(const pj_format *format, pj_arena *arena, pj_format_info *out, pj_error *err);

#endif
