/* The arithmetic algebra: which circuit multiplies, adds, divides two number formats, and what format comes out.
 * Source: google/qkeras qtools/quantized_operators (sections 3-10 of docs/energy-model.md); the Q-numbers name its
 * quirks.
 *
 * Floats go by width, as in QTools; of two floats of one width the first gives its flavour. */
#pragma once

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
    PJ_CIRCUIT_OR, /* tables price it, no operation here uses it (Q42) */
    PJ_CIRCUITS
} pj_circuit;

const char *pj_circuit_word(pj_circuit circuit); /* "none", "mul", "add", "mux", "xor", "and", "shifter", "or" */

/* One operation: energy = gate_factor * price(circuit, class of `out`, gate_bits). */
typedef struct pj_unit {
    pj_circuit circuit;
    double gate_bits;
    double gate_factor;
    pj_number out; /* format of the result */
} pj_unit;

/* weight * input. The order matters for mux and and cells. Always succeeds. */
pj_unit pj_multiplier(const pj_number *weight, const pj_number *input);

/* number shifted by `range` bits: the common part of multiplying by `po2` and of dividing by it. `out` has kind fixed.
 */
pj_unit pj_shifter(const pj_number *number, const pj_number *po2, pj_po2_range range);

/* Sum of `terms` (>= 1) products of format `product`: bits + ceil(log2(terms)). Floats stay, po2 becomes fixed. */
pj_number pj_accumulator(const pj_number *product, uint64_t terms);

/* a + b with aligned binary points. */
pj_number pj_adder(const pj_number *a, const pj_number *b);

/* The float that operating on a and b gives, at least one of them being float: the wider of the floats. */
pj_number pj_wider_float(const pj_number *a, const pj_number *b);

/* numerator / denominator. PJ_EUNSUPPORTED for a ternary or binary denominator. */
pj_status pj_divider(const pj_number *numerator, const pj_number *denominator, pj_unit *out, pj_error *err);

typedef enum pj_merge_kind {
    PJ_MERGE_ADD,
    PJ_MERGE_MULTIPLY,
    PJ_MERGE_MAXIMUM,
    PJ_MERGE_MINIMUM,
    PJ_MERGE_AVERAGE,
    PJ_MERGE_CONCATENATE,
    PJ_MERGE_KINDS
} pj_merge_kind;

/* `count` (>= 1) inputs merged, element by element. The unit is one of the pj_merge_charged operations. One input alone
 * is not multiplied: circuit NONE. */
pj_unit pj_merge(pj_merge_kind kind, const pj_number *inputs, int count);

/* Operations per element that QTools charges for `count` inputs: count - 1, but 0 for all except add and multiply
 * (Q29). */
int pj_merge_charged(pj_merge_kind kind, int count);

/* Batch normalization: x * gamma / sqrt(variance) + beta. gamma NULL: no scale; beta NULL: no center. The addition has
 * no unit: QTools does not charge it (Q15). */
typedef struct pj_batchnorm {
    pj_unit divide;
    pj_unit multiply; /* circuit NONE without scale */
    pj_number out;
} pj_batchnorm;

/* PJ_EUNSUPPORTED for a ternary or binary divisor, or where a quotient of unlimited range has to be laid out (Q36). */
pj_status pj_batchnorm_compose(const pj_number *input, const pj_number *gamma, const pj_number *beta,
                               const pj_number *variance, pj_batchnorm *out, pj_error *err);
