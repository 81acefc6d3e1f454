/* Small files of the kernel: numbers and words, and folders of them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { PJ_PATH = 1024 };

/* "ROOT/a/b" with printf's marks; false: too long. */
bool pj_sysfs_path(char out[PJ_PATH], const char *format, ...) PJ_PRINTF(2, 3);

/* Opens a file to be read again and again; -1: errno says why. */
int pj_sysfs_open(const char *path);

/* What it holds now, from its start: 1 to 19 digits and a newline; where it may be below 0, with a sign. false: it is
 * something else, or cannot be read, and `why` says which. */
bool pj_sysfs_read(int fd, bool is_signed, int64_t *out, char *why, size_t room);
bool pj_sysfs_uint(int fd, uint64_t *out, char *why, size_t room);

/* The same, opened and closed; false, too, where there is none. */
bool pj_sysfs_number(const char *path, int64_t *out);

/* The first line, without its end, of at most `room` - 1 bytes, made clean: bytes that do not print are '?'. */
bool pj_sysfs_word(const char *path, char *out, size_t room);

/* Names in a folder, sorted, but for those that begin with a point; at most 4096 of them. A folder that is not there
 * has none. NULL: no memory. */
const char **pj_sysfs_list(pj_arena *arena, const char *path, size_t *count);
