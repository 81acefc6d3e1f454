/* Reading a whole small file (JSON) under a size cap. */
#pragma once

#include "base/err.h"

/* All bytes of `path` ("-": standard input) and a terminator after them; the caller frees *out with free().
 * PJ_EIO: cannot be opened or read; PJ_ELIMIT: more than `limit` bytes. err->file is set. */
pj_status pj_file_read(const char *path, size_t limit, char **out, size_t *length, pj_error *err);
