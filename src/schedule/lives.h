/* When buffers live: the step that makes each, and the step after which it is not needed. */
#pragma once

#include <limits.h>

#include "schedule/buffers.h"

/* A buffer that no step makes is born at this step; one that stays to the end of its graph dies at it. */
enum { PJ_STEP_NEVER = INT_MAX };

/* Side tables, most by root (schedule/buffers.h). Steps are those of the graph that the buffer belongs to: 0 is the
 * start, when only the inputs are there; the first node runs at step 1. */
typedef struct pj_lives {
    int *born, *dies;
    int *first_dead; /* by pj_node.id: the first of the buffers that die at its step; -1: none */
    int *next_dead;  /* by root: the next one */
} pj_lives;

/* Lives in all graphs that may run, subgraphs in the order of the file; `order`: node indexes in the order in which the
 * main graph runs (NULL: that of the file). Tables live in `arena`. PJ_ENOMEM. */
pj_status pj_lives_find(pj_buffers *b, const int *order, pj_arena *arena, pj_lives *out, pj_error *err);
