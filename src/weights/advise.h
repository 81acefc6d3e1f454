/* What the weights of layers say to their user. */
#pragma once

#include "ir/diag.h"
#include "picojoule/result.h"

/* Adds findings: weights that are not finite, that could not be looked at, and that are binary, ternary or powers of
 * two although their layer is not priced so. */
void pj_weights_advise(const pj_weights *weights, const pj_layer *layers, size_t count, pj_diags *diags);
