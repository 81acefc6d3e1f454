/* What the two makers of snapshots share. The snapshot itself, and what others call: picojoule/snapshot.h. */
#ifndef PJ_DIFF_SNAPSHOT_H
#define PJ_DIFF_SNAPSHOT_H

#include "base/arena.h"
#include "base/err.h"
#include "picojoule/snapshot.h"

/* A snapshot under construction. The arena ends up in it. */
typedef struct pj_snapshot_draft {
    pj_snapshot result; /* first: this is what is handed out */
    pj_arena *arena;
} pj_snapshot_draft;

/* An empty one; NULL: no memory. */
pj_snapshot_draft *pj_snapshot_start(void);

/* Hands it out where `status` is PJ_OK, and frees it elsewhere; returns `status`. */
pj_status pj_snapshot_finish(pj_snapshot_draft *draft, pj_status status, pj_snapshot **out, pj_error *err);

/* A count with 53 significant bits, nearest. */
int64_t pj_snapshot_count(int64_t count);

/* A copy in the arena; NULL stays NULL. Running out of memory shows in the arena. */
const char *pj_snapshot_text(pj_arena *arena, const char *text);

#endif
