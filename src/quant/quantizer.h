/* What the dialects of quantization have in common: reading one quantizer node. */
#ifndef PJ_QUANT_QUANTIZER_H
#define PJ_QUANT_QUANTIZER_H

#include "quant/precision.h"

/* Each reads what `node` makes of its output 0 and says what kind of quantizer it is: PJ_NO_QUANTIZER for all other
 * operators, and for a quantizer that is broken, with a finding. */
pj_quantizer pj_qdq_read(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out);
pj_quantizer pj_qonnx_read(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out);

/* A data type of QONNX and FINN: INT4, UINT8, BINARY (0/1), BIPOLAR (-1/+1), TERNARY, FIXED<bits,integer bits>,
 * SCALEDINT<bits>, FLOAT16, FLOAT<exponent,mantissa>. `is_exact`: its binary point is that of the real numbers. False
 * for FLOAT32, which says no more than an element type, and for what is no such word. */
bool pj_finn_parse(const char *word, pj_number *out, bool *is_exact);

/* What the annotation of a value that holds floats says; false: nothing, or nothing sensible, then with a finding. */
bool pj_annotation_read(const pj_value *value, pj_diags *diags, pj_quantized *out);

/* Operators whose integers stand in their element types: provenance, packed weights, quantization inside. */
pj_status pj_qoperator_read(pj_precision *precision, const pj_node *node, pj_arena *arena, pj_diags *diags,
                            pj_error *err);

/* A threshold layer (QONNX MultiThreshold) sets a format by attribute and stays a layer of its own. */
bool pj_qonnx_sets_format(const pj_node *node, pj_diags *diags, pj_quantized *out);

/* Decides which nodes compute on integers, and what each quantizer is part of. */
pj_status pj_integer_decide(pj_precision *precision, bool fold, pj_arena *arena, pj_error *err);

/* Scales at input `i`: each positive and finite, as far as they are known; else a finding and false. */
bool pj_scale_check(const pj_node *node, int i, pj_diags *diags);

/* Is the scale one power of two, 2^exponent? */
bool pj_scale_exponent(const pj_value *scale, int *exponent);

/* The whole number that the constant at input `i` holds in all its elements; false where there is none such. */
bool pj_constant_whole(const pj_node *node, int i, int64_t *out);

/* Do two scales, or two zero points, hold the same numbers? A zero point that is not there (NULL) is 0. */
bool pj_contents_equal(const pj_value *a, const pj_value *b);

/* An attribute's number, or `otherwise`. */
int64_t pj_node_int(const pj_node *node, const char *name, int64_t otherwise);

/* A fixed-point number of these bits; `scale` sets its binary point where it is one power of two. */
void pj_quantized_fixed(int64_t bits, bool is_signed, const pj_value *scale, pj_quantized *out);

#endif
