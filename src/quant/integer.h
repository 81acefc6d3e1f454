/* Which nodes compute on integers, and what each quantizer is part of: decided once all dialects have been read. */
#ifndef PJ_QUANT_INTEGER_H
#define PJ_QUANT_INTEGER_H

#include "quant/precision.h"

/* `fold`: quantizers after a layer become part of it. PJ_ENOMEM. */
pj_status pj_integer_decide(pj_precision *precision, bool fold, pj_arena *arena, pj_error *err);

#endif
