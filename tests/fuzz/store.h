/* Hostile SQLite files for fuzz targets: any bytes, or a sound file of ours with any values in its cells. */
#ifndef FUZZ_STORE_H
#define FUZZ_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name in the folder for temporary files that is this process's own; the same one at every call. */
const char *fuzz_store_path(void);

/* What a sound file of one kind is. */
typedef struct fuzz_store {
    void (*fill)(const char *path); /* makes one; ends the program where that fails */
    const char *const *tables;      /* whose cells are changed; ends with NULL */
} fuzz_store;

/* Makes the file of that path: the bytes after the first where that is 0, else the sound file, in whose tables each
 * run of bytes (table, column, row, type, length, contents) has put a value. Columns of that file take any type. */
void fuzz_store_make(const fuzz_store *store, const uint8_t *data, size_t size);

/* A pj_sink; the payload is a size_t, which counts. Texts for people must be clean. */
bool fuzz_swallow(const char *bytes, size_t length, void *payload);

#endif
