/* Files under other names, and their renaming. */
#define _XOPEN_SOURCE 700 /* realpath; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "apply/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/str.h"

enum { HASH_DIGITS = 16, BUFFER = 1 << 18 };
static const char temporary[] = ".tmp-", data_ending[] = ".data";

struct pj_output {
    const pj_model *model;
    pj_arena *arena;
    const char *path, *folder, *base;   /* where the model goes */
    const char *model_path, *data_path; /* what is written */
    char *data_name;
    int fd;
    bool in_data, has_data;
    uint64_t bytes;
    uint64_t hash, part; /* of the data file: so far, and up to 7 bytes more */
    uint8_t *buffer;
    size_t held;
    const char *const *notes;
};

/* ---- names ---- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t pj_output_name_length(const char *path)
{
    return strlen(base_of(path)) + 1 + HASH_DIGITS + sizeof data_ending - 1;
}

static char *join(pj_arena *arena, const char *a, const char *b, const char *c, int64_t number)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s%s", a, b, c);
    if (number >= 0)
        pj_str_printf(&text, "%" PRId64, number);
    return pj_str_keep(&text, arena);
}

static char *folder_of(const char *path, pj_arena *arena)
{
    size_t length = (size_t)(base_of(path) - path);
    return length ? pj_arena_strndup(arena, path, length) : pj_arena_strdup(arena, "./");
}

bool pj_output_is_elsewhere(const char *path, const char *model)
{
    struct stat a, b;
    pj_arena *arena = pj_arena_new(0);
    const char *one = arena ? folder_of(path, arena) : NULL, *two = arena ? folder_of(model, arena) : NULL;
    bool same = one && two && stat(one, &a) == 0 && stat(two, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    pj_arena_free(arena);
    return !same;
}

/* ---- what others have left ---- */

static bool is_same(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static bool is_read(const pj_output *o, const char *path)
{
    for (const pj_data_path *at = o->model->data; at; at = at->next)
        if (is_same(at->path, path))
            return true;
    return is_same(o->model->path, path);
}

/* "NAME.HASH.data" of this NAME, but not the new one. */
static bool is_old_data(const pj_output *o, const char *name)
{
    size_t base = strlen(o->base), length = pj_output_name_length(o->path);
    return strlen(name) == length && strncmp(name, o->base, base) == 0 && name[base] == '.' &&
           strspn(name + base + 1, "0123456789abcdef") == HASH_DIGITS &&
           strcmp(name + length - (sizeof data_ending - 1), data_ending) == 0 &&
           !(o->has_data && strcmp(name, o->data_name) == 0);
}

/* "NAME.tmp-PID", or ".data.tmp-PID", of a process that is no more. */
static bool is_leftover(const pj_output *o, const char *name)
{
    size_t base = strlen(o->base);
    if (strncmp(name, o->base, base) != 0)
        return false;
    name += base;
    name += strncmp(name, data_ending, sizeof data_ending - 1) == 0 ? sizeof data_ending - 1 : 0;
    if (strncmp(name, temporary, sizeof temporary - 1) != 0)
        return false;
    name += sizeof temporary - 1;
    size_t digits = strspn(name, "0123456789");
    if (digits < 1 || digits > 9 || name[digits])
        return false;
    long pid = strtol(name, NULL, 10);
    return pid > 0 && (pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH));
}

static void sweep(const pj_output *o, bool (*is_old)(const pj_output *o, const char *name))
{
    DIR *dir = opendir(o->folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (!is_old(o, entry->d_name))
            continue;
        char *path = join(o->arena, o->folder, entry->d_name, "", -1);
        if (path && !is_read(o, path))
            (void)unlink(path);
    }
    if (dir)
        closedir(dir);
}

/* ---- writing ---- */

static pj_status fail(const pj_output *o, const char *what, pj_error *err)
{
    int reason = errno;
    pj_error_at(err, o->path, NULL, NULL);
    return pj_fail(err, PJ_EIO, "cannot %s: %s", what, strerror(reason));
}

static pj_status open_file(pj_output *o, const char *path, pj_error *err)
{
    o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return o->fd >= 0 ? PJ_OK : fail(o, "be written", err);
}

pj_status pj_output_open(const char *path, bool has_data, const pj_model *model, const char *const *notes,
                         pj_arena *arena, pj_output **out, pj_error *err)
{
    pj_output *o = PJ_NEW(arena, pj_output, 1);
    if (!o)
        return pj_fail_memory(err);
    *o = (pj_output){.model = model,
                     .arena = arena,
                     .path = path,
                     .base = base_of(path),
                     .fd = -1,
                     .has_data = has_data,
                     .in_data = has_data,
                     .notes = notes};
    o->folder = folder_of(path, arena);
    o->model_path = join(arena, path, temporary, "", getpid());
    o->data_path = join(arena, path, data_ending, temporary, getpid());
    o->data_name = join(arena, o->base, ".0000000000000000", data_ending, -1);
    o->buffer = PJ_NEW(arena, uint8_t, BUFFER);
    if (!o->folder || !o->model_path || !o->data_path || !o->data_name || !o->buffer)
        return pj_fail_memory(err);
    *out = o;
    sweep(o, is_leftover);
    return open_file(o, has_data ? o->data_path : o->model_path, err);
}

/* A hash of what passes, eight bytes at a time, however they are cut. */
static void mix(pj_output *o, const uint8_t *bytes, size_t n)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = o->hash, word;
    size_t i = 0, have = (size_t)(o->bytes % 8);
    for (; have > 0 && have < 8 && i < n; i++, have = (have + 1) % 8) {
        o->part |= (uint64_t)bytes[i] << (8 * have);
        if (have == 7) {
            hash = (hash ^ o->part) * factor;
            hash ^= hash >> 32;
            o->part = 0;
        }
    }
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, bytes + i, 8);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    for (unsigned shift = 0; i < n; i++, shift += 8)
        o->part |= (uint64_t)bytes[i] << shift;
    o->hash = hash;
}

static pj_status write_out(pj_output *o, const uint8_t *bytes, size_t n, pj_error *err)
{
    while (n > 0) {
        ssize_t done = write(o->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail(o, "be written", err);
        bytes += done;
        n -= (size_t)done;
    }
    return PJ_OK;
}

static pj_status flush(pj_output *o, pj_error *err)
{
    size_t n = o->held;
    o->held = 0;
    return write_out(o, o->buffer, n, err);
}

pj_status pj_output_put(pj_output *o, const void *bytes, size_t n, pj_error *err)
{
    if (o->in_data)
        mix(o, bytes, n);
    o->bytes += n;
    if (o->held + n > BUFFER)
        PJ_TRY(flush(o, err));
    if (n >= BUFFER)
        return write_out(o, bytes, n, err);
    memcpy(o->buffer + o->held, bytes, n);
    o->held += n;
    return PJ_OK;
}

/* What is on the disk before it gets its name. */
static pj_status end_file(pj_output *o, pj_error *err)
{
    PJ_TRY(flush(o, err));
    if (fsync(o->fd) != 0 && errno != EINVAL && errno != EROFS)
        return fail(o, "be written", err);
    int fd = o->fd;
    o->fd = -1;
    return close(fd) == 0 ? PJ_OK : fail(o, "be written", err);
}

pj_status pj_output_next(pj_output *o, pj_error *err)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    if (!o->has_data)
        return PJ_OK;
    PJ_TRY(end_file(o, err));
    for (size_t i = 0; o->notes[i]; i++)
        pj_sha256_add(&sum, o->notes[i], strlen(o->notes[i]) + 1);
    pj_sha256_add(&sum, &o->hash, sizeof o->hash);
    pj_sha256_add(&sum, &o->part, sizeof o->part);
    pj_sha256_end(&sum, digits);
    memcpy(o->data_name + strlen(o->base) + 1, digits, HASH_DIGITS);
    o->in_data = false;
    return open_file(o, o->model_path, err);
}

const char *pj_output_data_name(const pj_output *o)
{
    return o->data_name;
}

uint64_t pj_output_bytes(const pj_output *o)
{
    return o->bytes;
}

/* The data file first: as long as the model is the old one, nobody reads it. */
static pj_status rename_both(pj_output *o, pj_error *err)
{
    char *data = join(o->arena, o->folder, o->data_name, "", -1);
    if (!data)
        return pj_fail_memory(err);
    if (o->has_data && is_read(o, data))
        return pj_fail(err, PJ_EARGUMENT, "%.200s would overwrite data that the model reads", data);
    if (o->has_data && rename(o->data_path, data) != 0)
        return fail(o, "be renamed", err);
    if (rename(o->model_path, o->path) == 0)
        return PJ_OK;
    PJ_TRY(pj_failed_with(fail(o, "be renamed", err), o->has_data && unlink(data) == 0));
    return PJ_OK;
}

pj_status pj_output_close(pj_output *o, pj_status status, pj_error *err)
{
    if (!o)
        return status;
    if (status == PJ_OK)
        status = end_file(o, err);
    if (o->fd >= 0)
        close(o->fd);
    if (status == PJ_OK)
        status = rename_both(o, err);
    if (status == PJ_OK) {
        sweep(o, is_old_data);
        return PJ_OK;
    }
    if (o->has_data)
        (void)unlink(o->data_path);
    (void)unlink(o->model_path);
    return status;
}
