/* The numbers of a format, for rounding weights to it. */
#pragma once

#include "base/err.h"
#include "weights/kernel.h"

/* The grid of a format word: int2 to int16, ternary, fp32, tf32, fp16, bf16, fp8e4m3, fp8e5m2, fp4. PJ_EARGUMENT. */
pj_status pj_levels_of(const char *word, pj_levels *out, pj_error *err);
