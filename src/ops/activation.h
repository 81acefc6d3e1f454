/* Activations that are fused into another operator and named by an attribute. */
#ifndef PJ_OPS_ACTIVATION_H
#define PJ_OPS_ACTIVATION_H

#include "ops/rules.h"

/* Adds the arithmetic of `n` elements through the activation (ONNX operator names, and silu, swish; letter case is
 * ignored; "" and "none": nothing). An activation that is not known makes the count unknown. */
void pj_work_activation(pj_ctx *c, pj_work *work, const char *name, pj_num n);

#endif
