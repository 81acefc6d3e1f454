/* Which nodes compute on integers, and what each quantizer is part of: decided once all dialects have been read. */
#pragma once

#include "quant/precision.h"

/* `fold`: quantizers after a layer become part of it. PJ_ENOMEM. */
pj_status pj_integer_decide(pj_precision *precision, bool fold, pj_arena *arena, pj_error *err);
