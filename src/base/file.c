/* Reading a whole small file under a size cap, and resolving links. */
#define _XOPEN_SOURCE 700 /* realpath; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "base/file.h"

#include <errno.h>

/* Reads until the end; one byte past `limit` is asked for, so that a file that is too large is noticed, whatever kind
 * of file it is. */
static pj_status read_all(FILE *file, size_t limit, char **out, size_t *length, pj_error *err)
{
    enum { FIRST = 16 * 1024 };
    char *data = NULL;
    size_t used = 0, size = 0;
    pj_status status = PJ_OK;
    for (;;) {
        size = size ? size * 2 : FIRST;
        if (size > limit + 1)
            size = limit + 1;
        char *grown = realloc(data, size + 1);
        if (!grown) {
            free(data);
            return pj_fail_memory(err);
        }
        data = grown;
        used += fread(data + used, 1, size - used, file);
        if (ferror(file))
            status = pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno));
        else if (used > limit)
            status = pj_fail(err, PJ_ELIMIT, "has more than the %zu bytes that are accepted here", limit);
        if (status != PJ_OK || used < size)
            break;
    }
    if (status != PJ_OK) {
        free(data);
        return status;
    }
    data[used] = 0;
    *out = data;
    *length = used;
    return PJ_OK;
}

pj_status pj_file_read(const char *path, size_t limit, char **out, size_t *length, pj_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    pj_status status;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file) {
        status = pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    } else {
        status = read_all(file, limit, out, length, err);
        if (!is_stdin)
            (void)fclose(file); /* nothing was written */
    }
    if (status != PJ_OK)
        pj_error_at(err, name, NULL, NULL);
    return status;
}

char *pj_real_path(const char *path)
{
#ifdef __wasi__ /* a page or a preopened folder, which have no links */
    return strdup(path);
#else
    return realpath(path, NULL);
#endif
}
