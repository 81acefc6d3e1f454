/* Reading at an offset, and resources whose struct comes from another version. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* A callback that says it wrote more than it was asked for has written who knows where: nothing of it is taken. */
static int64_t call(const pj_resource *from, uint64_t offset, void *to, size_t length)
{
    int64_t got = from->read_at(from->payload, offset, to, length);
    if (got >= 0 && (uint64_t)got <= length)
        return got;
    errno = EIO;
    return -1;
}

int64_t pj_input_read(const pj_input *input, uint64_t offset, void *to, size_t length)
{
    const pj_resource *from = &input->from;
    if (from->bytes || from->read_at) {
        size_t have = offset < from->length ? least(from->length - offset, length) : 0;
        if (have > 0 && from->read_at)
            return call(from, offset, to, have);
        if (have > 0)
            memcpy(to, (const char *)from->bytes + offset, have);
        return (int64_t)have;
    }
    ssize_t got;
    do
        got = pread(input->fd, to, length, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

pj_status pj_resource_check(const pj_resource *given, pj_error *err)
{
    const unsigned char *at = (const unsigned char *)given;
    if (!given || given->size < sizeof *given || given->size > 4096)
        return pj_fail(err, PJ_EARGUMENT, "pj_resource.size is %zu, but sizeof(pj_resource) is at least %zu",
                       given ? given->size : 0, sizeof *given);
    for (size_t i = sizeof *given; i < given->size; i++)
        if (at[i] != 0)
            return pj_fail(err, PJ_EARGUMENT, "a member of pj_resource is set that this version does not know");
    return PJ_OK;
}

static pj_status check_members(const pj_resource *given, pj_error *err)
{
    if (!given->name || !*given->name)
        return pj_fail(err, PJ_EARGUMENT, "pj_resource.name: a resource needs a name");
    if (given->flags & ~(unsigned)PJ_COPY)
        return pj_fail(err, PJ_EARGUMENT, "pj_resource.flags: %#x is not known", given->flags);
    if (given->bytes && given->read_at)
        return pj_fail(err, PJ_EARGUMENT, "pj_resource: bytes and read_at exclude each other");
    if (given->length > INT64_MAX || (given->bytes && given->length > SIZE_MAX))
        return pj_fail(err, PJ_EARGUMENT, "pj_resource.length does not fit the memory, or 63 bits");
    return PJ_OK;
}

pj_status pj_resource_fits(const pj_resource *given, pj_error *err)
{
    PJ_TRY(pj_resource_check(given, err));
    return check_members(given, err);
}

static pj_status copy(pj_origin *origin, pj_error *err)
{
    pj_resource *from = &origin->self.from;
    size_t size = strlen(from->name) + 1;
    origin->name = malloc(size);
    PJ_TRY(pj_got(origin->name, err));
    from->name = memcpy(origin->name, from->name, size);
    if (!from->bytes || !(from->flags & PJ_COPY))
        return PJ_OK;
    origin->copied = malloc(from->length > 0 ? (size_t)from->length : 1);
    PJ_TRY(pj_got(origin->copied, err));
    memcpy(origin->copied, from->bytes, (size_t)from->length);
    from->bytes = origin->copied;
    return PJ_OK;
}

static pj_status open_path(pj_origin *origin, pj_error *err)
{
    struct stat info;
    pj_resource *from = &origin->self.from;
    if (from->bytes || from->read_at)
        return PJ_OK;
    origin->self.fd = open(from->name, O_RDONLY | O_CLOEXEC);
    if (origin->self.fd < 0 || fstat(origin->self.fd, &info) != 0)
        return pj_fail(err, PJ_EIO, "cannot open the file: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return pj_fail(err, PJ_EIO, "this is not a regular file");
    from->length = (uint64_t)info.st_size;
    return PJ_OK;
}

pj_status pj_origin_new(const pj_resource *given, pj_origin **out, pj_error *err)
{
    *out = NULL;
    PJ_TRY(pj_resource_check(given, err));
    pj_origin *origin = calloc(1, sizeof *origin);
    if (!origin) {
        if (given->close)
            given->close(given->payload);
        return pj_fail_memory(err);
    }
    origin->self = (pj_input){*given, -1};
    pj_status status = check_members(given, err);
    if (status == PJ_OK)
        status = copy(origin, err);
    if (status == PJ_OK)
        status = open_path(origin, err);
    if (status != PJ_OK)
        pj_origin_free(origin);
    else
        *out = origin;
    return status;
}

static pj_status read_all(const pj_resource *given, size_t limit, char **out, size_t *length, pj_error *err)
{
    const pj_input input = {*given, -1};
    size_t have = 0;
    if (given->length > limit)
        return pj_fail(err, PJ_ELIMIT, "has more than the %zu bytes that are accepted here", limit);
    *length = (size_t)given->length;
    *out = malloc(*length + 1);
    PJ_TRY(pj_got(*out, err));
    while (have < *length) {
        int64_t got = pj_input_read(&input, have, *out + have, *length - have);
        if (got <= 0) {
            free(*out);
            *out = NULL;
            return pj_fail(err, PJ_EIO, "cannot be read: %s", got < 0 ? strerror(errno) : "it ends too early");
        }
        have += (size_t)got;
    }
    (*out)[have] = 0;
    return PJ_OK;
}

pj_status pj_resource_read(const pj_resource *given, size_t limit, char **out, size_t *length, pj_error *err)
{
    *out = NULL;
    PJ_TRY(pj_resource_fits(given, err));
    if (!given->bytes && !given->read_at)
        return pj_file_read(given->name, limit, out, length, err);
    pj_status status = read_all(given, limit, out, length, err);
    if (status != PJ_OK)
        pj_error_at(err, given->name, NULL, NULL);
    return status;
}

pj_status pj_origin_open(pj_origin *origin, const char *location, const pj_origin **out, pj_error *err)
{
    const pj_resource *from = &origin->self.from;
    pj_resource given = {.size = sizeof given};
    pj_origin *other = NULL;
    *out = pj_origin_find(origin, location);
    if (*out || !from->open_other)
        return PJ_OK;
    int answer = from->open_other(from->payload, location, &given);
    if (answer < 0)
        return pj_fail(err, PJ_EIO, "'%.200s' cannot be opened", location);
    if (answer == 0)
        return PJ_OK;
    given.name = given.name ? given.name : location;
    PJ_TRY(pj_origin_new(&given, &other, err));
    other->location = location;
    other->other = origin->other;
    *out = origin->other = other;
    return PJ_OK;
}

const pj_origin *pj_origin_find(const pj_origin *origin, const char *location)
{
    const pj_origin *at = location ? origin->other : origin;
    while (at && location && strcmp(at->location, location) != 0)
        at = at->other;
    return at;
}

bool pj_origin_calls(const pj_origin *origin)
{
    while (origin && !origin->self.from.read_at)
        origin = origin->other;
    return origin != NULL;
}

static void free_one(pj_origin *origin)
{
    if (origin->self.fd >= 0)
        close(origin->self.fd);
    if (origin->self.from.close)
        origin->self.from.close(origin->self.from.payload);
    free(origin->copied);
    free(origin->name);
    free(origin);
}

void pj_origin_free(pj_origin *origin)
{
    if (!origin)
        return;
    for (pj_origin *at = origin->other, *next; at; at = next) { /* before the one that they may rest on */
        next = at->other;
        free_one(at);
    }
    free_one(origin);
}
