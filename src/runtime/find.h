/* Where ONNX Runtime may be. In this order:
 *   1. what the caller names (--runtime); the environment's PICOJOULE_ORT; ORT_DYLIB_PATH: a file, or a folder with it
 *   2. beside the program, and ../lib from there
 *   3. $VIRTUAL_ENV and $CONDA_PREFIX: Python's package in their site-packages, and $CONDA_PREFIX/lib
 *   4. absolute folders of LD_LIBRARY_PATH
 *   5. the folders of the system, of Homebrew, and Python's package for the user and of Debian
 * Never the current folder or its node_modules by itself: in CI that would run a library of the checked repository. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

typedef struct pj_library_places {
    const char **path;
    size_t count, room;
    const char *named_by; /* "--runtime", "PICOJOULE_ORT" ...: the one place counts; NULL: they were looked for */
} pj_library_places;

/* Files that look like the library, in order. PJ_EIO: a place that was named is not there. */
pj_status pj_library_find(const char *asked, pj_arena *arena, pj_library_places *out, pj_error *err);

/* Is the file a shared library for this machine, and whole? Reads its first bytes alone. PJ_EUNSUPPORTED with what it
 * is instead; PJ_EIO. */
pj_status pj_library_check(const char *path, uint64_t *bytes, pj_error *err);

/* The library of npm's package in the current folder, to hint at; NULL: there is none. */
const char *pj_library_hint(pj_arena *arena);
