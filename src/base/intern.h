/* Equal bytes, kept once: for small facts that many objects share. */
#pragma once

#include "base/arena.h"

typedef struct pj_interned pj_interned;

/* Entries live in `arena` and stay where they are. */
typedef struct pj_interner {
    pj_arena *arena;
    pj_interned **slot;
    size_t count, capacity;
} pj_interner;

void pj_interner_init(pj_interner *interner, pj_arena *arena);

/* The one entry of these `words` numbers: `room` bytes after a copy of them, zeroed where *is_new (may be NULL) says
 * that the entry is. With a room of 0 it is the copy itself. NULL: no memory. */
void *pj_intern(pj_interner *interner, const int64_t *key, size_t words, size_t room, bool *is_new);
