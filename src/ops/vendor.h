/* Quantizers of vendors' own domains. */
#pragma once

#include "ops/op.h"

/* The row of a quantizer by the end of its name, for a domain whose operators nothing else knows; NULL: no quantizer.
 */
const pj_op_desc *pj_vendor_find(const char *domain, const char *op);

/* What a quantizer's name says that it rounds to ("TRT_FP8QuantizeLinear"); PJ_UNDEFINED: nothing. */
pj_dtype pj_vendor_dtype(const char *op);
