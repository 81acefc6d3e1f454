/* Reading sysfs, or a folder that looks like it. */
#include "power/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool pj_sysfs_path(char out[PJ_PATH], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(out, PJ_PATH, format, args);
    va_end(args);
    return length >= 0 && length < PJ_PATH;
}

int pj_sysfs_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* The contents of a short file with a terminator; -1: errno. */
static ssize_t read_all(int fd, char *out, size_t room)
{
    ssize_t got;
    do
        got = pread(fd, out, room - 1, 0);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        out[got] = 0;
    return got;
}

/* Digits and a newline, nothing else. */
static bool parse(const char *text, size_t length, bool is_signed, bool *negative, uint64_t *out)
{
    enum { MOST_DIGITS = 19 };
    size_t digits = 0;
    *negative = is_signed && *text == '-';
    text += *negative;
    length -= *negative;
    for (*out = 0; digits < length && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == MOST_DIGITS)
            return false;
        *out = *out * 10 + (uint64_t)(text[digits] - '0');
    }
    return digits > 0 && digits + 1 == length && text[digits] == '\n';
}

static bool read_number(int fd, bool is_signed, bool *negative, uint64_t *out, char *why, size_t room)
{
    char text[64];
    ssize_t got = fd < 0 ? -1 : read_all(fd, text, sizeof text);
    if (got < 0) {
        snprintf(why, room, "%s", fd < 0 ? "it is not open" : strerror(errno));
        return false;
    }
    if (parse(text, (size_t)got, is_signed, negative, out))
        return true;
    snprintf(why, room, got == 0 ? "it is empty" : "it holds no number of 1 to 19 digits and a newline");
    return false;
}

bool pj_sysfs_uint(int fd, uint64_t *out, char *why, size_t room)
{
    bool negative;
    return read_number(fd, false, &negative, out, why, room);
}

bool pj_sysfs_read(int fd, bool is_signed, int64_t *out, char *why, size_t room)
{
    bool negative;
    uint64_t size;
    if (!read_number(fd, is_signed, &negative, &size, why, room))
        return false;
    if (size > INT64_MAX) {
        snprintf(why, room, "it holds a number beyond 63 bits");
        return false;
    }
    *out = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

bool pj_sysfs_number(const char *path, int64_t *out)
{
    char why[64];
    int fd = pj_sysfs_open(path);
    bool good = fd >= 0 && pj_sysfs_read(fd, true, out, why, sizeof why);
    if (fd >= 0)
        close(fd);
    return good;
}

bool pj_sysfs_word(const char *path, char *out, size_t room)
{
    int fd = pj_sysfs_open(path);
    ssize_t got = fd < 0 ? -1 : read_all(fd, out, room);
    if (fd >= 0)
        close(fd);
    if (got < 0) {
        *out = 0;
        return false;
    }
    out[strcspn(out, "\n")] = 0;
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **pj_sysfs_list(pj_arena *arena, const char *path, size_t *count)
{
    enum { MOST = 4096 };
    size_t room = 0;
    const char **list = NULL;
    const struct dirent *entry;
    DIR *folder = opendir(path);
    *count = 0;
    bool good = PJ_GROW(arena, list, *count, room);
    while (good && folder && *count < MOST && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        good = PJ_GROW(arena, list, *count, room);
        const char *name = good ? pj_arena_strdup(arena, entry->d_name) : NULL;
        if (name)
            list[(*count)++] = name;
    }
    if (folder)
        closedir(folder);
    if (!good || pj_arena_failed(arena))
        return NULL;
    if (*count)
        qsort((void *)list, *count, sizeof *list, by_name);
    return list;
}
