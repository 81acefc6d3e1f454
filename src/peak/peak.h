/* Peak activation memory: which tensors are in memory while each node runs. */
#pragma once

#include "picojoule/memory.h"
#include "schedule/schedule.h"

/* Finds the peak in graph order, and with `best_order` in the better one of that and "least-growth": of the nodes that
 * could run next, the one after which least is in memory more; of equals the first in the graph. The schedule has its
 * buffers, whose arena takes side tables; results live in `arena`. Time is linear in nodes and edges, times the depth
 * of subgraphs; with `best_order` there is a logarithm of nodes. PJ_ENOMEM. */
pj_status pj_peak_measure(pj_schedule *schedule, bool best_order, pj_arena *arena, pj_activation_memory *out,
                          pj_error *err);
