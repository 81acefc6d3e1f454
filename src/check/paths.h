/* Paths as they are found from a budget's folder. */
#pragma once

#include "base/arena.h"

/* A path of the current folder, as the file `from` (NULL: one of the current folder) finds it. Absolute where the way
 * between the folders is not known. NULL: no memory. */
const char *pj_path_seen_from(const char *path, const char *from, pj_arena *arena);

/* Is there something of that name (NULL: no)? */
bool pj_path_is_there(const char *path);

/* The files that a pattern (*, ?, [a-z]) matches, in the order of their bytes; of none, *count is 0. false: no
 * memory. `pattern` may be NULL for that. */
bool pj_path_expand(const char *pattern, pj_arena *arena, const char ***out, size_t *count);
