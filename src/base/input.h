/* What can be read at any offset: a file, bytes in memory, or callbacks (picojoule/resource.h); and the files beside
 * it.
 */
#pragma once

#include "base/err.h"
#include "picojoule/resource.h"

typedef struct pj_input {
    pj_resource from; /* its bytes, or callbacks; neither: `fd` */
    int fd;
} pj_input;

static inline pj_input pj_input_of_file(int fd)
{
    return (pj_input){.fd = fd};
}

/* Reads up to `length` bytes: as pread(), but that it is never interrupted. -1: failed, errno says why. */
int64_t pj_input_read(const pj_input *input, uint64_t offset, void *to, size_t length);

/* ---- resources ---- */

/* A resource as somebody else gave it, whose struct may be older or newer than ours, and its files. */
typedef struct pj_origin {
    pj_input self;
    char *name;
    void *copied;            /* its bytes, where they are copied */
    const char *location;    /* of another one's file: as it was asked for; borrowed */
    struct pj_origin *other; /* the next of those files */
} pj_origin;

/* PJ_EARGUMENT: a struct of a wrong size, or one with members that are not known here. */
pj_status pj_resource_check(const pj_resource *given, pj_error *err);

/* Likewise, or without a name, or with members that contradict each other. */
pj_status pj_resource_fits(const pj_resource *given, pj_error *err);

/* *out is owned by the caller. PJ_EARGUMENT: a struct of a wrong size, without a name, with members that contradict;
 * PJ_EIO, where it is a path; PJ_ENOMEM. After a failure it is closed. */
pj_status pj_origin_new(const pj_resource *given, pj_origin **out, pj_error *err);

/* Opens another file of the same place, once. `location` must live as long as the origin. *out is NULL where there is
 * no such file. PJ_EIO, PJ_EARGUMENT, PJ_ENOMEM. */
pj_status pj_origin_open(pj_origin *origin, const char *location, const pj_origin **out, pj_error *err);

/* The one that was opened, or NULL; NULL: itself. */
const pj_origin *pj_origin_find(const pj_origin *origin, const char *location);

/* All contents and a terminator after them, as pj_file_read: the caller frees *out with free(). PJ_EIO; PJ_ELIMIT:
 * more than `limit` bytes; PJ_EARGUMENT; PJ_ENOMEM. err->file is set. The resource is not closed. */
pj_status pj_resource_read(const pj_resource *given, size_t limit, char **out, size_t *length, pj_error *err);

/* Are there callbacks to read with? They are called one at a time. */
bool pj_origin_calls(const pj_origin *origin);

void pj_origin_free(pj_origin *origin); /* NULL is allowed */
