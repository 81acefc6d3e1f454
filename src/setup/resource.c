/* Finding a JSON file: among the bytes of the setup, by built-in name, or by path. */
#include "setup/resource.h"

#include "base/file.h"
#include "setup/setup.h"

pj_status pj_setup_give(pj_setup *setup, const pj_resource *resource, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!setup)
        return pj_fail_null(err);
    PJ_TRY(pj_resource_fits(resource, err));
    if (!resource->bytes && !resource->read_at)
        return pj_fail(err, PJ_EARGUMENT, "pj_resource: neither bytes nor read_at");
    PJ_TRY(pj_got(pj_setup_own(setup), err));
    size_t count = setup->resource_count;
    pj_resource *list = PJ_NEW(setup->owner, pj_resource, count + 1), *last = list ? list + count : NULL;
    char *name = pj_arena_strdup(setup->owner, resource->name);
    PJ_TRY(pj_got(last && name, err));
    if (count > 0)
        memcpy(list, setup->resources, count * sizeof *list);
    *last = *resource;
    last->size = sizeof *last;
    last->name = name;
    if (resource->length > 0 && resource->bytes && resource->flags & PJ_COPY)
        last->bytes = pj_arena_memdup(setup->owner, resource->bytes, (size_t)resource->length, 1);
    if (!last->bytes && !last->read_at && resource->length > 0)
        return pj_fail_memory(err);
    setup->resources = list;
    setup->resource_count = count + 1;
    return PJ_OK;
}

void pj_setup_clear(pj_setup *setup)
{
    for (size_t i = 0; setup->owner && i < setup->resource_count; i++)
        if (setup->resources[i].close)
            setup->resources[i].close(setup->resources[i].payload);
    pj_arena_free(setup->owner);
    *setup = pj_setup_default();
}

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

/* clang-format off */
/*  what it is, the command that lists such, those that are built in, the largest one, where the engine reads them */
static const struct kind {
    const char *what, *command;
    const pj_builtin *list;
    size_t most;
    const char *folder;
} kinds[] = {
    [PJ_RESOURCE_TABLE] = {"energy table", "picojoule tables", pj_builtin_tables, PJ_MAX_TABLE_BYTES, "tables/"},
    [PJ_RESOURCE_DEVICE] = {"device", "picojoule devices", pj_builtin_devices, PJ_MAX_TABLE_BYTES, "devices/"},
    [PJ_RESOURCE_TARGET] = {"target", "picojoule help plan", pj_builtin_targets, PJ_MAX_TABLE_BYTES, "targets/"},
    [PJ_RESOURCE_HIERARCHY] = {"hierarchy", "picojoule hierarchies", pj_builtin_hierarchies, PJ_MAX_TABLE_BYTES,
                               "hierarchies/"},
    [PJ_RESOURCE_OP_RULES] = {NULL, NULL, NULL, PJ_MAX_TABLE_BYTES, NULL},
    [PJ_RESOURCE_FOOTPRINT] = {"file of regions", "picojoule regions", pj_builtin_footprint, PJ_MAX_TABLE_BYTES,
                               "footprint/"},
    [PJ_RESOURCE_FILE] = {NULL, NULL, NULL, PJ_MAX_JSON_BYTES, NULL},
};
/* clang-format on */

static pj_status unknown(const struct kind *kind, const char *asked, pj_error *err)
{
    enum { MOST_NAMES = 5 };
    pj_str names = pj_str_new(0);
    int count = 0;
    for (const pj_builtin *at = kind->list; at->name && count < MOST_NAMES; at++)
        if (is_near(at->name, asked)) {
            pj_str_add(&names, count++ ? ", " : "; did you mean ");
            pj_str_add(&names, at->name);
        }
    pj_status status = pj_fail(err, PJ_EARGUMENT, "there is no %s \"%.100s\", built in or as a file%s%s; see `%s`",
                               kind->what, asked, names.data, count ? "?" : "", kind->command);
    pj_str_free(&names);
    return status;
}

/* What the engine of pages has beside it. */
static pj_status read_apart(const char *folder, const char *name, size_t most, pj_bytes *out, pj_error *err)
{
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "/picojoule/%s%s", folder, name);
    pj_status status =
        path.failed ? pj_fail_memory(err) : pj_file_read(path.data, most, &out->owned, &out->length, err);
    out->at = out->owned;
    pj_str_free(&path);
    return status;
}

static void digest(pj_bytes *bytes)
{
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, bytes->at, bytes->length);
    pj_sha256_end(&sum, bytes->sha256);
}

const char *pj_builtin_spelled(const char *name)
{
    const char *found = name;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (const pj_builtin *at = kinds[k].list; at && at->name; at++) {
            if (strcmp(at->name, name) == 0)
                return name;
            found = strcasecmp(at->name, name) == 0 ? at->name : found;
        }
    return found == name || is_file(name) ? name : found;
}

/* The resource of the setup (may be NULL) that has this name, or NULL. */
static const pj_resource *find_given(const pj_setup *setup, const char *name)
{
    for (size_t i = 0; setup && i < setup->resource_count; i++)
        if (setup->resources[i].name && strcmp(setup->resources[i].name, name) == 0)
            return &setup->resources[i];
    return NULL;
}

pj_status pj_resource_find(const pj_setup *setup, pj_resource_kind which, const char *name, pj_bytes *out,
                           pj_error *err)
{
    const struct kind *kind = &kinds[which];
    const pj_resource *given = find_given(setup, name);
    *out = (pj_bytes){0};
    name = given ? name : pj_builtin_spelled(name);
    for (const pj_builtin *at = given ? NULL : kind->list; at && at->name; at++)
        if (strcmp(at->name, name) == 0) {
            *out = (pj_bytes){.at = at->json, .length = at->length};
            memcpy(out->sha256, at->sha256, sizeof out->sha256);
            return at->json ? PJ_OK : read_apart(kind->folder, name, kind->most, out, err);
        }
    if (!given && kind->list && !is_file(name))
        return unknown(kind, name, err);
    PJ_TRY(given ? pj_resource_read(given, kind->most, &out->owned, &out->length, err)
                 : pj_file_read(name, kind->most, &out->owned, &out->length, err));
    out->at = out->owned;
    digest(out);
    return PJ_OK;
}

void pj_bytes_free(pj_bytes *bytes)
{
    free(bytes->owned);
    *bytes = (pj_bytes){0};
}

pj_status pj_resource_json(const pj_setup *setup, pj_resource_kind kind, const char *name, pj_json_doc **out,
                           char sha256[PJ_SHA256_DIGITS + 1], pj_error *err)
{
    pj_bytes bytes;
    *out = NULL;
    PJ_TRY(pj_resource_find(setup, kind, name, &bytes, err));
    pj_status status = pj_json_parse(bytes.at, bytes.length, name, out, err);
    if (sha256)
        memcpy(sha256, bytes.sha256, sizeof bytes.sha256);
    pj_bytes_free(&bytes);
    return status;
}

pj_status pj_builtin_json(const pj_builtin *builtin, const char *folder, pj_json_doc **out, pj_error *err)
{
    pj_bytes bytes = {.at = builtin->json, .length = builtin->length};
    if (!builtin->json)
        PJ_TRY(read_apart(folder, builtin->name, PJ_MAX_TABLE_BYTES, &bytes, err));
    pj_status status = pj_json_parse(bytes.at, bytes.length, builtin->name, out, err);
    pj_bytes_free(&bytes);
    return status;
}

const char *pj_builtin_name(const char *name_or_path, pj_arena *arena)
{
    const char *slash = strrchr(name_or_path, '/');
    const char *name = slash ? slash + 1 : pj_builtin_spelled(name_or_path);
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
