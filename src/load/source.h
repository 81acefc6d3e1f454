/* Where the bytes of a model come from: a file read through a small window, a stream, or memory.
 *
 * A source is read forwards only. Skipping costs nothing in a file or in memory, so weights stay on the disk; a stream
 * (standard input, a pipe) skips by reading. */
#pragma once

#include "base/input.h"
#include "base/str.h"

typedef struct pj_source {
    const uint8_t *window; /* the bytes from position `start` on */
    size_t at, held;       /* next byte to read, bytes in the window */
    uint64_t start;
    uint64_t size;    /* of the whole; UINT64_MAX: a stream */
    uint8_t *buffer;  /* owned; NULL for memory */
    size_t burst;     /* bytes of the next refill: small after a skip, larger while reading on */
    pj_input from;    /* where the window is filled from */
    bool is_borrowed; /* `from` */
    int failed;       /* errno of a read that failed, or 0; EFBIG: a stream has more than PJ_MAX_STREAM_BYTES */
} pj_source;

/* Opens a file; "-" is standard input, anything that is no regular file is read as a stream. PJ_EIO, PJ_ENOMEM. */
pj_status pj_source_open(pj_source *source, const char *path, pj_error *err);

/* Bytes in memory, borrowed. */
void pj_source_memory(pj_source *source, const void *bytes, size_t size);

/* Contents that somebody else gives; borrowed. PJ_ENOMEM. */
pj_status pj_source_resource(pj_source *source, const pj_input *input, pj_error *err);

void pj_source_close(pj_source *source);

/* Makes `want` bytes readable (at most 64 KiB), fewer near the end; false where none is left or reading failed. */
bool pj_source_fill(pj_source *source, size_t want);

/* The next byte, or -1 at the end or when reading failed. */
static inline int pj_source_get(pj_source *source)
{
    if (source->at == source->held && !pj_source_fill(source, 1))
        return -1;
    return source->window[source->at++];
}

static inline uint64_t pj_source_position(const pj_source *source)
{
    return source->start + source->at;
}

/* Moves `length` bytes on, or appends them to `out`; false where the end comes first. */
bool pj_source_skip(pj_source *source, uint64_t length);
bool pj_source_copy(pj_source *source, uint64_t length, pj_str *out);
