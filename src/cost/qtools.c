/* The rules of QTools: the one file in which they differ from our own. */
#include "cost/price.h"

pj_status pj_price_qtools(const pj_model *model, const pj_precision *precision, const pj_memory *memory,
                          pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err)
{
    (void)model;
    (void)arena;
    for (size_t i = 0; i < layers->count; i++) {
        pj_layer *row = &layers->row[i];
        if (row->free || !row->counted)
            continue;
        PJ_TRY(pj_price_layer(precision, memory, &layers->detail[i], &row->energy, err));
        pj_diag_add(diags, PJ_DIAG_QTOOLS, row->name, "QTools has no figure for %s", row->op);
    }
    return PJ_OK;
}
