/* Windowed reading of files, streams and memory. */
#include "load/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

/* After a skip one page is enough: the next tensor's head is tens of bytes. */
enum { WINDOW = 64 * 1024, FIRST_BURST = 4 * 1024 };

static pj_status open_fd(pj_source *source, const char *path, pj_error *err)
{
    struct stat info;
    if (strcmp(path, "-") == 0) {
        source->from.fd = STDIN_FILENO;
        return PJ_OK;
    }
    source->from.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->from.fd < 0)
        return pj_fail(err, PJ_EIO, "cannot open the file: %s", strerror(errno));
    if (fstat(source->from.fd, &info) != 0)
        return pj_fail(err, PJ_EIO, "cannot read the file: %s", strerror(errno));
    if (S_ISDIR(info.st_mode))
        return pj_fail(err, PJ_EIO, "this is a folder, not a model file");
    if (S_ISREG(info.st_mode))
        source->size = (uint64_t)info.st_size;
    return PJ_OK;
}

static pj_status start(pj_source *source, pj_error *err)
{
    memset(source, 0, sizeof *source);
    source->from = pj_input_of_file(-1);
    source->size = UINT64_MAX;
    source->burst = FIRST_BURST;
    source->buffer = malloc(WINDOW);
    source->window = source->buffer;
    return pj_got(source->buffer, err);
}

pj_status pj_source_open(pj_source *source, const char *path, pj_error *err)
{
    pj_status status = start(source, err);
    if (status == PJ_OK)
        status = open_fd(source, path, err);
    if (status != PJ_OK)
        pj_source_close(source);
    return status;
}

void pj_source_memory(pj_source *source, const void *bytes, size_t size)
{
    memset(source, 0, sizeof *source);
    source->from = pj_input_of_file(-1);
    source->window = bytes;
    source->held = size;
    source->size = size;
}

pj_status pj_source_resource(pj_source *source, const pj_input *input, pj_error *err)
{
    if (input->from.bytes) {
        pj_source_memory(source, input->from.bytes, (size_t)input->from.length);
        return PJ_OK;
    }
    PJ_TRY(start(source, err));
    source->from = *input;
    source->size = input->from.length;
    source->is_borrowed = true;
    return PJ_OK;
}

void pj_source_close(pj_source *source)
{
    if (source->from.fd > STDIN_FILENO && !source->is_borrowed)
        close(source->from.fd);
    free(source->buffer);
    source->from.fd = -1;
    source->buffer = NULL;
}

/* Reads up to `length` bytes past the window's end; 0 at the end of the file, -1 on failure. */
static int64_t read_some(pj_source *source, uint8_t *to, size_t length)
{
    ssize_t got;
    if (source->size == UINT64_MAX && source->start + source->held >= PJ_MAX_STREAM_BYTES) {
        errno = EFBIG;
        return -1;
    }
    if (source->size != UINT64_MAX)
        return pj_input_read(&source->from, source->start + source->held, to, length);
    do
        got = read(source->from.fd, to, length);
    while (got < 0 && errno == EINTR);
    return got;
}

bool pj_source_fill(pj_source *source, size_t want)
{
    if (source->held - source->at >= want)
        return true;
    if (!source->buffer || source->failed)
        return source->at < source->held;
    memmove(source->buffer, source->buffer + source->at, source->held - source->at);
    source->start += source->at;
    source->held -= source->at;
    source->at = 0;
    while (source->held < want) {
        size_t room = WINDOW - source->held;
        int64_t got = read_some(source, source->buffer + source->held, source->burst < room ? source->burst : room);
        if (got < 0)
            source->failed = errno;
        if (got <= 0)
            break;
        source->held += (size_t)got;
        if (source->burst < WINDOW)
            source->burst *= 2;
    }
    return source->held > 0;
}

bool pj_source_skip(pj_source *source, uint64_t length)
{
    while (length > source->held - source->at) {
        length -= source->held - source->at;
        source->at = source->held;
        if (source->size == UINT64_MAX && length > PJ_MAX_STREAM_BYTES) {
            source->failed = EFBIG;
            return false;
        }
        if (source->size != UINT64_MAX) {
            if (length > source->size - pj_source_position(source))
                return false;
            source->start = pj_source_position(source) + length;
            source->at = source->held = 0;
            source->burst = FIRST_BURST;
            return true;
        }
        if (!pj_source_fill(source, 1))
            return false;
    }
    source->at += (size_t)length;
    return true;
}

bool pj_source_copy(pj_source *source, uint64_t length, pj_str *out)
{
    while (length > 0 && !out->failed) {
        if (!pj_source_fill(source, 1))
            return false;
        size_t have = source->held - source->at;
        size_t part = length < have ? (size_t)length : have;
        pj_str_add_bytes(out, (const char *)source->window + source->at, part);
        source->at += part;
        length -= part;
    }
    return true;
}
