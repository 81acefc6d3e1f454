/* From counts and formats to picojoules. */
#ifndef PJ_COST_PRICE_H
#define PJ_COST_PRICE_H

#include "cost/layer.h"
#include "cost/memory.h"

/* Prices all layers by the rules of the table and fills their `energy`. A layer that the table cannot price becomes
 * uncounted, with a finding; a stand-in format gets one finding per format. */
pj_status pj_price_layers(const pj_precision *precision, const pj_memory *memory, pj_arena *arena, pj_diags *diags,
                          pj_layers *layers, pj_error *err);

/* The physically consistent reading of one layer (rules picojoule), also used where QTools has no number: fills
 * row->energy, that of row->runs. PJ_EUNSUPPORTED: the table has no figure for something; err says what. */
pj_status pj_price_layer(const pj_precision *precision, const pj_memory *memory, const pj_layer_detail *detail,
                         pj_layer *row, pj_error *err);

/* All layers by the rules of QTools (cost/qtools.c). */
pj_status pj_price_qtools(const pj_precision *precision, const pj_memory *memory, pj_arena *arena, pj_diags *diags,
                          pj_layers *layers, pj_error *err);

#endif
