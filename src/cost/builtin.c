/* Finding a JSON file by built-in name or by path. */
#include "cost/builtin.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

static bool is_file(const char *path)
{
    size_t length = strlen(path);
    if (strchr(path, '/') || strcmp(path, "-") == 0 || (length > 5 && strcmp(path + length - 5, ".json") == 0))
        return true;
    FILE *file = fopen(path, "rb");
    if (file)
        (void)fclose(file);
    return file != NULL;
}

static bool is_near(const char *name, const char *asked)
{
    enum { LEAST_PART = 2, MOST_EDITS = 3 };
    size_t length = strlen(asked), edits = length / 3 + 1 < MOST_EDITS ? length / 3 + 1 : MOST_EDITS;
    bool is_part = length >= LEAST_PART && (strstr(name, asked) || strstr(asked, name));
    return is_part || pj_text_distance(name, asked, edits) <= edits;
}

static pj_status unknown(const pj_builtin *list, const char *what, const char *command, const char *asked,
                         pj_error *err)
{
    enum { MOST_NAMES = 5 };
    pj_str names = pj_str_new(0);
    int count = 0;
    for (; list->name && count < MOST_NAMES; list++)
        if (is_near(list->name, asked)) {
            pj_str_add(&names, count++ ? ", " : "; did you mean ");
            pj_str_add(&names, list->name);
        }
    pj_status status = pj_fail(err, PJ_EARGUMENT, "there is no %s \"%.100s\", built in or as a file%s%s; see `%s`",
                               what, asked, names.data, count ? "?" : "", command);
    pj_str_free(&names);
    return status;
}

pj_status pj_builtin_open(const pj_builtin *list, const char *what, const char *command, const char *name_or_path,
                          pj_json_doc **out, pj_error *err)
{
    for (const pj_builtin *at = list; at->name; at++)
        if (strcmp(at->name, name_or_path) == 0)
            return pj_json_parse(at->json, at->length, name_or_path, out, err);
    if (!is_file(name_or_path))
        return unknown(list, what, command, name_or_path, err);
    return pj_json_read(name_or_path, PJ_MAX_TABLE_BYTES, out, err);
}

const char *pj_builtin_name(const char *name_or_path, pj_arena *arena)
{
    const char *slash = strrchr(name_or_path, '/');
    const char *name = slash ? slash + 1 : name_or_path;
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".json") == 0)
        length -= 5;
    return pj_arena_strndup(arena, name, length);
}

const char *pj_builtin_at(const pj_builtin *list, size_t index)
{
    size_t i = 0;
    while (i < index && list[i].name)
        i++;
    return list[i].name;
}
