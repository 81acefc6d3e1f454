/* Shapes of tensors as texts. */
#ifndef PJ_REPORT_SHAPE_TEXT_H
#define PJ_REPORT_SHAPE_TEXT_H

#include "base/str.h"
#include "picojoule/model.h"

/* "1x3x224x224", "batch x seq x 32" with symbols, "scalar", "?" where the rank is unknown. */
void pj_shape_text(int rank, const pj_dim_info *dims, pj_str *out);

#endif
