/* Paths as they are found from a budget's folder. */
#ifndef PJ_CHECK_PATHS_H
#define PJ_CHECK_PATHS_H

#include "base/arena.h"

/* A path of the current folder, as the file `from` (NULL: one of the current folder) finds it. Absolute where the way
 * between the folders is not known. NULL: no memory. */
const char *pj_path_seen_from(const char *path, const char *from, pj_arena *arena);

#endif
