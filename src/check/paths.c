/* Paths as they are found from a budget's folder. */
#include "check/paths.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* The length of the first part of a path with its slash; 0: it is the last part. */
static size_t part_length(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Does the folder ("cfg/", "a/b/") really lie below the current one: no "..", no symbolic link on the way? */
static bool is_below(const char *folder, pj_arena *arena)
{
    struct stat info;
    for (size_t at = 0, length; (length = part_length(folder + at)); at += length) {
        const char *part = folder + at, *whole = pj_arena_strndup(arena, folder, at + length - 1);
        bool is_dots = length <= 3 && strspn(part, ".") == length - 1; /* "//", too */
        if (is_dots || !whole || lstat(whole, &info) != 0 || !S_ISDIR(info.st_mode))
            return false;
    }
    return true;
}

/* `folder` ends with a slash. */
static void add_way(const char *path, const char *folder, pj_str *out)
{
    size_t length = part_length(folder);
    while (length && part_length(path) == length && memcmp(path, folder, length) == 0) {
        path += length;
        folder += length;
        length = part_length(folder);
    }
    for (; *folder; folder += part_length(folder))
        pj_str_add(out, "../");
    pj_str_add(out, path);
}

static void add_absolute(const char *path, pj_arena *arena, pj_str *out)
{
    enum { LONGEST = 16384 };
    char *here = pj_arena_alloc(arena, LONGEST, 1);
    if (here && getcwd(here, LONGEST))
        pj_str_printf(out, "%s/", here);
    pj_str_add(out, path);
}

const char *pj_path_seen_from(const char *path, const char *from, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    while (from && from[0] == '.' && from[1] == '/')
        from += 2;
    const char *slash = from ? strrchr(from, '/') : NULL;
    if (!slash || *path == '/' || strcmp(path, "-") == 0)
        return pj_arena_strdup(arena, path);
    const char *folder = pj_arena_strndup(arena, from, (size_t)(slash - from) + 1);
    if (folder && is_below(folder, arena))
        add_way(path, folder, &text);
    else
        add_absolute(path, arena, &text);
    return pj_str_keep(&text, arena);
}

bool pj_path_is_there(const char *path)
{
    return path && access(path, F_OK) == 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool pj_path_expand(const char *pattern, pj_arena *arena, const char ***out, size_t *count)
{
    glob_t found = {0};
    int status = pattern ? glob(pattern, GLOB_NOSORT, NULL, &found) : GLOB_NOSPACE;
    *count = status == 0 ? found.gl_pathc : 0;
    *out = PJ_NEW(arena, const char *, *count);
    for (size_t i = 0; *out && i < *count; i++)
        (*out)[i] = pj_arena_strdup(arena, found.gl_pathv[i]);
    if (status == 0)
        globfree(&found);
    if (*out && *count && !pj_arena_failed(arena))
        qsort((void *)*out, *count, sizeof **out, compare_paths);
    return *out && status != GLOB_NOSPACE && !pj_arena_failed(arena);
}
