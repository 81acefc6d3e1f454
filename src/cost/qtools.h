/* The rules of QTools (google/qkeras). */
#pragma once

#include "cost/price.h"

/* Prices all layers number for number as QTools does, what it has no figure for by our own rules. */
pj_status pj_price_qtools(pj_pricing *pricing, pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err);
