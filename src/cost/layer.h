/* Layers: what a node counts and in which formats it computes, before any price. */
#pragma once

#include "base/intern.h"
#include "cost/table.h"
#include "picojoule/result.h"
#include "schedule/schedule.h"
#include "schedule/work.h"

/* Conversions between number formats that a layer makes beside its own work, one of each named primitive per element:
 *     float to integer      mul, round
 *     integer to float      round, mul
 *     integer to integer    mul, add, shift       (requantization)
 * or what the rule of a quantizer that is part of the layer counts. */
typedef struct pj_conversion {
    pj_num elements;
    unsigned prims; /* bit p: primitive p */
    pj_number on;   /* the wider side */
} pj_conversion;

/* A constant that a layer reads, by graph input or as the scale or zero point of a quantizer that is part of it. */
typedef struct pj_parameter {
    const pj_value *value;
    pj_format format;
    pj_num read; /* elements */
} pj_parameter;

/* What a layer computes in. Formats whose `from` is PJ_FROM_NOTHING are not known. */
typedef struct pj_layer_formats {
    pj_format operand;     /* widest format among the data inputs: non-MAC arithmetic works in it */
    pj_format input;       /* first operand of the multiplier, else first data input */
    pj_format weight;      /* second operand of the multiplier, as it is stored */
    pj_format accumulator; /* with macs */
    pj_format result;      /* what comes out before it is converted for storage; biases are added in it */
    pj_format output;      /* of output 0, as it is stored */
    pj_unit multiplier;    /* with macs */
} pj_layer_formats;

/* What pricing needs of a layer beside its public row. There are as many as layers, so what is alike is kept once. */
typedef struct pj_layer_detail {
    pj_node *node;
    const int64_t *count;   /* of each primitive in one run; -1: not known */
    pj_num *read, *written; /* elements, in one run, by position (pj_work) */
    const pj_layer_formats *formats;
    const pj_conversion *in, *out; /* of what is read, of what is written */
    pj_parameter *parameter;
    int parameters;
    const pj_loops *loops; /* NULL: none are known */
    int64_t held,
        held_bits;     /* numbers and bits of parameters that are no tensors: in attributes, and a plan's scales */
    int64_t held_read; /* bits of them that are read */
} pj_layer_detail;

/* The layers of a model in graph order. `row` and `detail` are parallel. */
typedef struct pj_layers {
    pj_layer *row;
    pj_layer_detail *detail;
    size_t count;
    pj_interner counts, formats; /* what details and rows share; formats may be those of an earlier count */
    const pj_loops *loops;       /* the latest: layers are often like those before */
    const bool *in_place; /* by value: part of a cache that is kept where it is, which moves nothing here; NULL: none */
    const double *cached; /* by layer: bits of caches in place that it reads and writes, for devices; NULL: none */
    bool has_qtools;      /* rules qtools: QTools' sum over the parts that it names for each class, each rounded */
    double qtools_sum;    /* (pJ) */
} pj_layers;

/* Counts and formats of every step of the schedule; energies stay 0. Arrays live in `arena`. `table`
 * gives the accumulator policy. What layers hand on is settled in `precision` on the way. Errors name the node. */
pj_status pj_layers_count(const pj_schedule *schedule, pj_precision *precision, const pj_table *table, pj_arena *arena,
                          pj_diags *diags, pj_layers *out, pj_error *err);

/* Is the value part of a cache that is kept in place, and accounted for elsewhere? */
static inline bool pj_layers_hide(const pj_layers *layers, const pj_value *value)
{
    return layers->in_place && value && layers->in_place[value->index];
}

/* Is the input at `i` data that the layer reads at run time? */
bool pj_layer_reads_activation(const pj_node *node, int i);

/* Keeps what layer `i` computes in, and writes it into its public row with the bit operations that follow. */
pj_status pj_layer_describe(pj_layers *layers, size_t i, const pj_layer_formats *formats, pj_error *err);

/* Types and shapes of first outputs, for the rows; layers inside of subgraphs show none. PJ_ENOMEM. */
pj_status pj_layers_shapes(const pj_model *model, pj_layers *layers, pj_arena *arena, pj_error *err);

/* ---- cost/formats.c ---- */

/* A layer while it is counted. */
typedef struct pj_draft {
    pj_node *node;
    pj_work work; /* of one run; the row's counts and energies are those of `row->runs` */
    pj_layer_formats formats;
    pj_conversion in, out;
    pj_parameter *parameter;
    int parameters;
    int64_t scales, scales_read, scale_bits; /* of weights that a plan stores as integers: numbers, those that one run
                                                reads, and bits of each */
} pj_draft;

/* Finds the formats of a layer whose work is counted, its conversions and its parameters, and settles its outputs.
 * `row` says whether it is free. */
pj_status pj_draft_formats(pj_precision *precision, const pj_table *table, const pj_layer *row, pj_arena *arena,
                           pj_diags *diags, pj_draft *draft, pj_error *err);
