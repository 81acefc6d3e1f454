/* Constants that several layers read: tied embeddings, a table of positions. */
#pragma once

#include "cost/layer.h"

/* Lists them in the order in which layers first read them. Arrays live in `arena`. PJ_ENOMEM. */
pj_status pj_list_shared(const pj_precision *precision, const pj_layers *layers, pj_arena *arena,
                         const pj_shared_parameter **out, size_t *count, pj_error *err);
