/* The arithmetic algebra: which circuit multiplies, adds, divides two number formats, and what format comes out.
 * Source: google/qkeras qtools/quantized_operators (sections 3-10 of docs/energy-model.md); the Q-numbers name its quirks. */
#ifndef PJ_ARITH_ARITH_H
#define PJ_ARITH_ARITH_H

#include <stdint.h>

#include "arith/number.h"

/* The circuit of one operation; a table prices it at `gate_bits`. */
typedef enum pj_circuit {
    PJ_CIRCUIT_NONE, /* costs nothing */
    PJ_CIRCUIT_MUL,
    PJ_CIRCUIT_ADD,
    PJ_CIRCUIT_MUX,
    PJ_CIRCUIT_XOR,
    PJ_CIRCUIT_AND,
    PJ_CIRCUIT_SHIFTER,
    PJ_CIRCUITS
} pj_circuit;

const char *pj_circuit_word(pj_circuit circuit); /* "mul", "add", "mux", "xor", "and", "shifter", "none" */

/* One operation: energy = gate_factor * price(circuit, class of `out`, gate_bits). */
typedef struct pj_unit {
    pj_circuit circuit;
    double gate_bits;
    double gate_factor;
    pj_number out; /* format of the result */
} pj_unit;

/* weight * input. The order matters for mux and and cells. Always succeeds. */
pj_unit pj_multiplier(const pj_number *weight, const pj_number *input);

/* Sum of `terms` (>= 1) products of format `product`: bits + ceil(log2(terms)). Floats stay, po2 becomes fixed. */
pj_number pj_accumulator(const pj_number *product, uint64_t terms);

/* a + b with aligned binary points (section 6). */
pj_number pj_adder(const pj_number *a, const pj_number *b);

/* numerator / denominator (section 7). PJ_EUNSUPPORTED for a ternary or binary denominator. */
pj_status pj_divider(const pj_number *numerator, const pj_number *denominator, pj_unit *out, pj_error *err);

typedef enum pj_merge_kind {
    PJ_MERGE_ADD,
    PJ_MERGE_MULTIPLY,
    PJ_MERGE_MAXIMUM,
    PJ_MERGE_MINIMUM,
    PJ_MERGE_AVERAGE,
    PJ_MERGE_CONCATENATE
} pj_merge_kind;

/* `count` (>= 1) inputs merged (section 9). The unit's energy is that of one of the count - 1 operations. */
pj_unit pj_merge(pj_merge_kind kind, const pj_number *inputs, int count);

/* Batch normalization (section 10): x * gamma / sqrt(variance) + beta. gamma NULL: no scale; beta NULL: no center. */
typedef struct pj_batchnorm {
    pj_unit divide;
    pj_unit multiply; /* circuit NONE without scale */
    pj_number out;
} pj_batchnorm;
pj_status pj_batchnorm_compose(const pj_number *input, const pj_number *gamma, const pj_number *beta,
                               const pj_number *variance, pj_batchnorm *out, pj_error *err);

/* po2 as the fixed-point format that holds all its values (section 3); others come back unchanged. */
pj_number pj_number_po2_to_fixed(const pj_number *number);

#endif
