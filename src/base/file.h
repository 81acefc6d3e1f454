/* Files by their path: reading a small one (JSON) whole, under a size cap, and what a path comes to. */
#pragma once

#include "base/err.h"

/* All bytes of `path` ("-": standard input) and a terminator after them; the caller frees *out with free().
 * PJ_EIO: cannot be opened or read; PJ_ELIMIT: more than `limit` bytes. err->file is set. */
pj_status pj_file_read(const char *path, size_t limit, char **out, size_t *length, pj_error *err);

/* The path without links, for the caller to free(); NULL: there is no such file, or no memory. Where a system has no
 * links, the path as it is. */
char *pj_real_path(const char *path);
