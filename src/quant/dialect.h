/* The dialects in which models say that their tensors hold few bits. Adding a dialect: a file that fills in a
 * pj_dialect, and its line here; nothing else. */
#pragma once

#include "quant/precision.h"

/*  file         what it reads; the first dialect that knows a node reads it */
#define PJ_DIALECT_LIST(X)                                               \
    X(qdq, "QuantizeLinear and DequantizeLinear around float operators") \
    X(qonnx, "the quantizers of QONNX, FINN and Brevitas")               \
    X(vendor, "fake quantizers of vendors' own domains")                 \
    X(qoperator, "operators that compute on integers")                   \
    X(annotation, "data types beside the graph")

/* NULL in place of a function: the dialect has nothing of the kind. */
typedef struct pj_dialect {
    /* What a quantizer makes of its output 0, and its kind: PJ_NO_QUANTIZER for all other operators, and for a
     * quantizer that is broken, with a finding. */
    pj_quantizer (*quantizer)(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out);

    /* A layer that hands on numbers of a format that it names itself (thresholds); it is no quantizer. */
    bool (*sets_format)(const pj_node *node, pj_diags *diags, pj_quantized *out);

    /* Operators whose integers stand in their element types: provenance, packed weights, quantization inside. */
    pj_status (*operands)(pj_precision *precision, const pj_node *node, pj_arena *arena, pj_diags *diags,
                          pj_error *err);

    /* What is said beside the graph of a value that holds floats; false: nothing, or nothing sensible, then with a
     * finding. */
    bool (*annotation)(const pj_value *value, pj_diags *diags, pj_quantized *out);
} pj_dialect;

#define PJ_DIALECT_EXTERN(name, what) extern const pj_dialect pj_dialect_##name;
PJ_DIALECT_LIST(PJ_DIALECT_EXTERN)
#undef PJ_DIALECT_EXTERN

/* Does the node bound whole numbers from one side or both: Clip, or Max or Min with a constant behind its data? */
bool pj_quant_clamps(const pj_node *node);

/* A data type of QONNX and FINN: INT4, UINT8, BINARY (0/1), BIPOLAR (-1/+1), TERNARY, FIXED<bits,integer bits>,
 * SCALEDINT<bits>, FLOAT16, FLOAT<exponent,mantissa>. `is_exact`: its binary point is that of the real numbers. False
 * for FLOAT32, which says no more than an element type, and for what is no such word. */
bool pj_finn_parse(const char *word, pj_number *out, bool *is_exact);
