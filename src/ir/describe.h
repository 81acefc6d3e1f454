/* Types as the plain figures that public structs have. */
#pragma once

#include "ir/graph.h"
#include "picojoule/model.h"

/* "float32", "seq(float32)"; "" when unknown. NULL: no memory. */
const char *pj_type_describe(const pj_type *type, pj_arena *arena);

/* The dimensions of a type of known rank. NULL: no memory. */
const pj_dim_info *pj_dims_describe(const pj_type *type, pj_arena *arena);
