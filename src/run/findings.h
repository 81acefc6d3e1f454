/* Findings as callers see them. */
#pragma once

#include "ir/diag.h"
#include "picojoule/model.h"

/* Writes all of `diags` to `out`, which has room for diags->count; returns how many. Texts are borrowed. */
size_t pj_findings_copy(const pj_diags *diags, pj_finding *out);
