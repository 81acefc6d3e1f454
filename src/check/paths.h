/* Paths as they are found from a budget's folder. */
#pragma once

#include "base/arena.h"

/* A path of the current folder, as the file `from` (NULL: one of the current folder) finds it. Absolute where the way
 * between the folders is not known. NULL: no memory. */
const char *pj_path_seen_from(const char *path, const char *from, pj_arena *arena);
