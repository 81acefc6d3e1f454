/* Aligning two sequences of keys: which elements stand on both sides, in the same order. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* One side: places of elements in a larger sequence, and the key of each place; key 0 equals nothing. */
typedef struct pj_align_side {
    const size_t *place;
    size_t count;
    const uint32_t *key; /* by place */
} pj_align_side;

/* Memory that all alignments of one job share; made once. */
typedef struct pj_aligner pj_aligner;

/* For sides of at most `most` elements in all, and keys below `keys`. Lives in `arena`. NULL: no memory. */
pj_aligner *pj_aligner_new(pj_arena *arena, size_t most, size_t keys);

/* Calls `pair` with the places of each pair of elements that have one key; pairs cross each other nowhere. Exact
 * (longest common subsequence) where the sides without their common ends have up to 64 K cells; larger ones are cut at
 * keys that stand once on each side, else at equal occurrences of keys, until they are small or effort runs out. */
void pj_align(pj_aligner *aligner, const pj_align_side *a, const pj_align_side *b,
              void (*pair)(size_t a, size_t b, void *payload), void *payload);

/* The longest increasing subsequence of value[0..count-1], which are distinct: sets kept[i] for its elements. `value`
 * and `kept` are the caller's; count <= most. */
void pj_align_increasing(pj_aligner *aligner, const size_t *value, size_t count, bool *kept);
