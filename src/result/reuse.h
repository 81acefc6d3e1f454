/* What layers, and totals, have of the memory hierarchy: `reuse` in reports. */
#pragma once

#include "result/field.h"

extern const pj_field_type pj_field_reuse;        /* const pj_reuse *; NULL: absent */
extern const pj_field_type pj_field_reuse_totals; /* const pj_reuse_totals *; likewise. Names the levels, too */
