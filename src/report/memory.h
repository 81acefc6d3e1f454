/* The peak of activation memory in reports. */
#pragma once

#include "report/view.h"

/* One sentence: "Activations take at most 1.500 MiB at once, at conv1 (3 tensors)". */
void pj_memory_sentence(const pj_activation_memory *memory, pj_str *out);

/* A sentence on the better order, and the rows of what is in memory at the peak of it, the first `most` (0: all);
 * NULL: out of memory. */
void pj_memory_best_sentence(const pj_activation_memory *memory, pj_str *out);
pj_rows *pj_memory_rows(const pj_peak *peak, size_t most, pj_arena *arena);

/* The member "memory". */
void pj_memory_json(const pj_activation_memory *memory, pj_arena *arena, pj_json_writer *json);
