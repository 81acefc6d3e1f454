/* A setup in a budget file: what the figures of one of its models rest on. */
#include "setup/setup.h"

/* Is the name of a table or device a file: with a slash, or with .json at its end? */
static bool is_path(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

static const char *find_file(const char *path, const char *folder, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, *path == '/' ? "" : folder);
    pj_str_add(&text, path);
    return pj_str_keep(&text, arena);
}

static const char *find_named(const char *name, const char *folder, pj_arena *arena)
{
    return is_path(name) ? find_file(name, folder, arena) : pj_arena_strdup(arena, name);
}

size_t pj_setup_device(pj_setup *setup, const char *name, const char *folder, pj_arena *arena)
{
    const char *device = find_named(name, folder, arena);
    for (size_t i = 0; device && i < setup->device_count; i++)
        if (strcmp(setup->devices[i], device) == 0)
            return i;
    const char **added = device ? pj_setting_add(setup, PJ_SETTING_AT(devices), arena) : NULL;
    if (!added)
        return 0;
    *added = device;
    return setup->device_count - 1;
}

static pj_status read_text(const pj_setting *member, pj_json value, const char *folder, pj_arena *arena, pj_setup *out,
                           pj_error *err)
{
    const char *text = NULL;
    PJ_TRY(pj_json_as_text(value, &text, err));
    if (!*text)
        return pj_json_fail(value, PJ_EFORMAT, err, "the text is empty");
    *(const char **)pj_setting_of(out, member) = member->kind == PJ_SETTING_FILE   ? find_file(text, folder, arena)
                                                 : member->kind == PJ_SETTING_NAME ? find_named(text, folder, arena)
                                                                                   : pj_arena_strdup(arena, text);
    return PJ_OK;
}

static pj_status read_size(pj_json value, uint64_t *bits, pj_error *err)
{
    static const char wants[] =
        "a size, for example \"304KiB\" (B, KiB, MiB, GiB, kB, MB, GB, bit) or a number of bytes";
    const double most = 1e15; /* a petabyte */
    const char *text = NULL;
    double bytes = 0;
    if (pj_json_kind_of(value) == PJ_JSON_TEXT) {
        PJ_TRY(pj_json_as_text(value, &text, err));
        return pj_size_read(text, bits)
                   ? PJ_OK
                   : pj_json_fail(value, PJ_EFORMAT, err, "\"%.64s\" where %s should stand", text, wants);
    }
    if (pj_json_kind_of(value) != PJ_JSON_NUMBER)
        return pj_json_fail(value, PJ_EFORMAT, err, "here should stand %s", wants);
    PJ_TRY(pj_json_as_double(value, &bytes, err));
    if (bytes < 0)
        return pj_json_fail(value, PJ_EFORMAT, err, "%g is negative", bytes);
    if (bytes > most)
        return pj_json_fail(value, PJ_EFORMAT, err, "more than a petabyte");
    *bits = (uint64_t)(8 * bytes);
    return PJ_OK;
}

static pj_status read_names(pj_json array, const char *folder, pj_arena *arena, pj_setup *out, pj_error *err)
{
    PJ_TRY(pj_json_as_array(array, &array, err));
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at)) {
        const char *name;
        PJ_TRY(pj_json_as_text(at, &name, err));
        pj_setup_device(out, name, folder, arena);
    }
    return PJ_OK;
}

pj_status pj_setting_read(const pj_setting *member, pj_json value, const char *folder, pj_arena *arena, pj_setup *out,
                          pj_error *err)
{
    if (member->choices)
        return pj_setting_read_json(member, value, arena, out, err);
    switch ((int)member->kind) {
    case PJ_SETTING_SIZE:
        return read_size(value, pj_setting_of(out, member), err);
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        return read_text(member, value, folder, arena, out, err);
    case PJ_SETTING_NAMES:
        return read_names(value, folder, arena, out, err);
    default:
        return pj_setting_read_json(member, value, arena, out, err);
    }
}

typedef struct writer {
    const pj_setup *setup;
    pj_path_of path;
    void *payload;
    pj_json_writer *json;
} writer;

static const char *seen(const writer *w, const char *path)
{
    return w->path ? w->path(path, w->payload) : path;
}

static void put_size(uint64_t bits, pj_json_writer *json)
{
    pj_str text = pj_str_new(0);
    if (bits % 8 == 0) {
        pj_json_write_uint(json, bits / 8);
        return;
    }
    pj_size_print(bits, &text);
    pj_json_write_text(json, text.data);
    pj_str_fail_as(json->out, &text);
    pj_str_free(&text);
}

static void put_value(const writer *w, const pj_setting *member)
{
    const char *text;
    switch ((int)member->kind) {
    case PJ_SETTING_SIZE:
        put_size(pj_setting_bits(w->setup, member), w->json);
        break;
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        text = pj_setting_text(w->setup, member);
        pj_json_write_text(w->json, member->kind == PJ_SETTING_FILE || is_path(text) ? seen(w, text) : text);
        break;
    case PJ_SETTING_NAMES:
        pj_json_write_begin(w->json, PJ_JSON_WRITE_ARRAY_LINE);
        for (size_t i = 0; i < pj_setting_count(w->setup, member); i++) {
            text = pj_setting_item_name(w->setup, member, i);
            pj_json_write_text(w->json, is_path(text) ? seen(w, text) : text);
        }
        pj_json_write_end(w->json);
        break;
    default:
        pj_setting_write_json(w->setup, member, w->json);
        break;
    }
}

/* Does an object of the budget have a member that is set? */
static bool is_object_set(const pj_setup *setup, const char *object)
{
    const pj_setting *member = NULL;
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member)))
        if (member->budget_object == object && pj_setting_is_set(setup, member))
            return true;
    return false;
}

/* Of an object that is there, choices are written whether they are the usual ones or not. */
static bool is_written(const pj_setup *setup, const pj_setting *member)
{
    bool is_choice = member->kind == PJ_SETTING_PLACE || member->kind == PJ_SETTING_YES_NO;
    return pj_setting_is_set(setup, member) || (member->unsaid && pj_setting_text(setup, member)) ||
           (is_choice && member->budget_object && is_object_set(setup, member->budget_object));
}

void pj_setup_budget_json(const pj_setup *setup, pj_path_of path, void *payload, pj_json_writer *json)
{
    const writer w = {setup, path, payload, json};
    const pj_setting *member = NULL;
    const char *open = NULL;
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member))) {
        if (open && member->budget_object != open) {
            pj_json_write_end(json);
            open = NULL;
        }
        if (!is_written(setup, member))
            continue;
        if (member->budget_object && !open)
            pj_json_put_begin(json, open = member->budget_object, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_write_key(json, member->in_budget);
        put_value(&w, member);
    }
    if (open)
        pj_json_write_end(json);
}
