/* What layers of models, and whole models, ask of a machine. */
#pragma once

#include "calibrate/rows.h"
#include "picojoule/model.h"
#include "picojoule/result.h"

/* The model that was asked for last: rows of one model stand together. */
typedef struct pj_fit_model {
    pj_arena *arena; /* of the texts */
    const char *path, *precision;
    pj_model *model;
    pj_result *result;
} pj_fit_model;

/* The row of that layer, and its list; "": of all layers, as a whole network. The file is analysed where it is another
 * one than before, in `precision` unless that is fp32. PJ_EFORMAT: no such layer, or its work is not known; else as
 * pj_analyze. */
pj_status pj_fit_model_row(pj_fit_model *last, const char *path, const char *layer, const char *precision,
                           pj_fit_row *out, int *list, pj_error *err);
void pj_fit_model_clear(pj_fit_model *last);
