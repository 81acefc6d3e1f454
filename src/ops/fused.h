/* Activations that are fused into another operator, whose attribute names them. */
#pragma once

#include "ops/rules.h"

/* Adds the arithmetic of `n` elements through the activation `name`: the operator names of ONNX, Affine and ScaledTanh
 * of recurrent layers, silu and swish; letter case is ignored; "" and "none" are nothing. An activation that is not
 * known makes the counts unknown. */
void pj_work_fused(pj_ctx *c, pj_work *work, const char *name, pj_num n);

/* What one element through Gelu costs, by erf and by tanh. */
extern const int64_t pj_gelu_erf[PJ_PRIMS];
extern const int64_t pj_gelu_tanh[PJ_PRIMS];
