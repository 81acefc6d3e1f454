/* Bytes that are read: a file on disk, memory, or callbacks of the program.
 *
 * Set everything to zero, then size, name, and either bytes and length, or read_at and length, or neither: then `name`
 * is the path of a file.
 *
 *     static int64_t read_at(void *payload, uint64_t offset, void *to, uint64_t length);
 *     pj_resource resource = {0};
 *     resource.size = sizeof resource;
 *     resource.name = "model.onnx";
 *     resource.length = length;
 *     resource.read_at = read_at;
 *     resource.payload = blob;
 *
 * Threads: callbacks are called by the thread that called the library, one at a time, and must not call the library
 * with the objects that are in use. */
#ifndef PICOJOULE_RESOURCE_H
#define PICOJOULE_RESOURCE_H

#include "picojoule/api.h"

/* What is done with `bytes`. */
enum {
    PJ_COPY = 1 /* they are copied, and may be freed after the call; else they are borrowed until what was made from
                   them is freed */
};

typedef struct pj_resource pj_resource;
struct pj_resource {
    size_t size;       /* of this struct, as the caller was compiled */
    unsigned flags;    /* PJ_COPY, or 0 */
    const char *name;  /* what stands for it in messages and reports; copied. A path where there are no contents */
    const void *bytes; /* the contents; NULL: none */
    uint64_t length;   /* of the contents (bytes) */

    /* Writes at most `length` bytes of the contents from `offset` on to `to`, and returns how many: fewer is allowed, 0
     * says that there are none. Negative: failure (PJ_EIO). */
    int64_t (*read_at)(void *payload, uint64_t offset, void *to, uint64_t length);

    /* Another file of the same place: external data of a model. `location` is a path below it, with slashes, and never
     * leads out of it. Fills *out, which is zero but for its size, and returns 1; 0: there is no such file; negative:
     * failure (PJ_EIO). NULL: there are no other files. */
    int (*open_other)(void *payload, const char *location, pj_resource *out);

    /* Called once, when nothing is read any more: at the latest when what was made from the resource is freed, or at
     * once where the call fails. NULL: nothing to do. */
    void (*close)(void *payload);
    void *payload;
};

#endif
