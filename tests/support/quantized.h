/* Building and pricing small quantized graphs, for the tests of quant/ and cost/. */
#ifndef QUANTIZED_H
#define QUANTIZED_H

#include "model.h"
#include "picojoule/picojoule.h"

/* Initializers with contents; `dims` as in build_tensor. */
void put_floats(builder *b, const char *name, const char *dims, size_t count, const float *values);
void put_float(builder *b, const char *name, float value);              /* scalar */
void put_zero(builder *b, const char *name, pj_dtype dtype, int value); /* scalar int8, uint8 or int32 */

/* QuantizeLinear of `x` to `out`_q and DequantizeLinear back to `out`, int8 with this scale and zero point 0; the nodes
 * are called q_`out` and dq_`out`. */
void put_qdq(builder *b, const char *x, const char *out, float scale);

/* DequantizeLinear of an initializer `name`_i of this type to `name`; the node is called dq_`name`. */
void put_weight(builder *b, const char *name, pj_dtype dtype, const char *dims, float scale);

/* The same node with a name of its own. */
PjOnnx__NodeProto *put_node(builder *b, const char *name, const char *op, const char *inputs, const char *outputs);
PjOnnx__NodeProto *put_qonnx(builder *b, const char *name, const char *op, const char *inputs, const char *outputs);

/* An analysis with its model. */
typedef struct priced {
    pj_model *model;
    pj_result *result;
} priced;

/* Prices what was built and frees the builder; ends the program where it is refused. `settings` NULL: defaults. */
priced price(builder *b, const pj_setup *settings);
void priced_free(priced *p);

/* The row of that name; none: a failed check and an empty row. */
const pj_layer *layer_of(const priced *p, const char *name);
int64_t work_of(const pj_layer *layer, const char *word);

/* How many findings have this code; the message of the first one, or "". */
int findings_of(const priced *p, const char *code);
const char *finding_of(const priced *p, const char *code);

#endif
