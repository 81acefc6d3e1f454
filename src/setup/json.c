/* The settings of a report: JSON out and in. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "setup/setup.h"

static const char settings_key[] = "settings", contents_key[] = "contents";

/* ---- out ---- */

static void put_items(const pj_setup *setup, const pj_setting *member, pj_json_writer *json)
{
    pj_json_put_begin(json, member->in_report, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < pj_setting_count(setup, member); i++) {
        const char *name = pj_setting_item_name(setup, member, i);
        if (member->kind == PJ_SETTING_INPUTS) {
            pj_str shape = pj_str_new(0);
            pj_setting_item_value(setup, member, i, &shape);
            pj_json_put_text(json, name, shape.data);
            json->out->failed = json->out->failed || shape.failed;
            pj_str_free(&shape);
        } else {
            pj_json_put_int(json, name, member->kind == PJ_SETTING_DIMS ? setup->dims[i].value : setup->trips[i].trips);
        }
    }
    pj_json_write_end(json);
}

static void put_member(const pj_setup *setup, const pj_setting *member, pj_json_writer *json)
{
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        pj_json_put_text(json, member->in_report, pj_place_word(pj_setting_place(setup, member)));
        break;
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        pj_json_put_bool(json, member->in_report, pj_setting_bool(setup, member));
        break;
    case PJ_SETTING_SIZE:
        pj_json_put_uint(json, member->in_report, pj_setting_bits(setup, member));
        break;
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND:
        pj_json_put_text(json, member->in_report, pj_setting_text(setup, member));
        break;
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        put_items(setup, member, json);
        break;
    case PJ_SETTING_NAMES: /* devices: their figures have their names */
        break;
    }
}

/* {"table": "9f86...", "devices": {"a100": "..."}} */
static void put_contents(const pj_setup *setup, pj_json_writer *json)
{
    const char *open = NULL;
    if (!setup->content_count)
        return;
    pj_json_put_begin(json, contents_key, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < setup->content_count; i++) {
        const pj_content *content = &setup->contents[i];
        const pj_setting *member = pj_setting_find(content->member, strlen(content->member));
        bool is_list = member && member->kind == PJ_SETTING_NAMES;
        if (open && (!is_list || strcmp(open, content->member) != 0)) {
            pj_json_write_end(json);
            open = NULL;
        }
        if (is_list && !open)
            pj_json_put_begin(json, open = content->member, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, is_list ? content->name : content->member, content->sha256);
    }
    if (open)
        pj_json_write_end(json);
    pj_json_write_end(json);
}

void pj_setup_json(const pj_setup *setup, pj_json_writer *json)
{
    const pj_setting *member = NULL;
    pj_json_put_begin(json, settings_key, PJ_JSON_WRITE_OBJECT);
    while ((member = pj_setting_after(PJ_ORDER_REPORT, member)))
        if (member->written == PJ_WRITTEN_ALWAYS ||
            (member->written == PJ_WRITTEN_IF_SET && pj_setting_is_set(setup, member)))
            put_member(setup, member, json);
    put_contents(setup, json);
    pj_json_write_end(json);
}

/* ---- in: a report may have been edited by anyone ---- */

typedef struct reader {
    pj_setup *out;
    pj_arena *arena;
    pj_error *err;
} reader;

static const char *keep(reader *r, const char *text)
{
    return pj_arena_strdup(r->arena, text);
}

/* A text that may be absent or null, where nothing has to be there. */
static pj_status read_text(reader *r, const pj_setting *member, pj_json object)
{
    const char *text = NULL;
    pj_json value = pj_json_find(object, member->in_report);
    if (member->kind != PJ_SETTING_NAME && (!value.node || pj_json_kind_of(value) == PJ_JSON_NULL))
        return PJ_OK;
    PJ_TRY(pj_json_get_text(object, member->in_report, &text, r->err));
    *(const char **)pj_setting_of(r->out, member) = keep(r, text);
    return PJ_OK;
}

static pj_status read_word(reader *r, const pj_setting *member, pj_json object)
{
    const char *const words[] = {member->words[0], member->words[1], NULL};
    int at = 0;
    PJ_TRY(pj_json_get_word(object, member->in_report, words, &at, r->err));
    *(const char **)pj_setting_of(r->out, member) = words[at];
    return PJ_OK;
}

static pj_status read_input(reader *r, const pj_setting *member, pj_json at)
{
    const char *shape = NULL;
    pj_str text = pj_str_new(0);
    PJ_TRY(pj_json_as_text(at, &shape, r->err));
    pj_str_printf(&text, "%s=%s", pj_json_key(at), shape);
    const char *wants = pj_setting_parse(r->out, member, text.data, r->arena);
    pj_str_free(&text);
    return wants ? pj_json_fail(at, PJ_EFORMAT, r->err, "\"%.64s\" is no shape like int64:1,128", shape) : PJ_OK;
}

static pj_status read_item(reader *r, const pj_setting *member, pj_json at)
{
    uint64_t number = 0;
    if (member->kind == PJ_SETTING_INPUTS)
        return read_input(r, member, at);
    PJ_TRY(pj_json_as_uint(at, &number, r->err));
    pj_setting_bind(r->out, member, pj_json_key(at), (int64_t)number, r->arena);
    return PJ_OK;
}

static pj_status read_items(reader *r, const pj_setting *member, pj_json object)
{
    pj_json items = {0};
    if (member->written == PJ_WRITTEN_ALWAYS)
        PJ_TRY(pj_json_get_object(object, member->in_report, &items, r->err));
    else
        PJ_TRY(pj_json_opt_object(object, member->in_report, &items, r->err));
    for (pj_json at = pj_json_first(items); at.node; at = pj_json_next(at))
        PJ_TRY(read_item(r, member, at));
    return PJ_OK;
}

static pj_status read_place(reader *r, const pj_setting *member, pj_json object)
{
    int at = 0;
    PJ_TRY(pj_json_get_word(object, member->in_report, pj_place_words(), &at, r->err));
    *(pj_place *)pj_setting_of(r->out, member) = (pj_place)at;
    return PJ_OK;
}

static pj_status read_member(reader *r, const pj_setting *member, pj_json object)
{
    void *value = pj_setting_of(r->out, member);
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        return read_place(r, member, object);
    case PJ_SETTING_YES_NO:
        return pj_json_get_bool(object, member->in_report, value, r->err);
    case PJ_SETTING_FLAG:
        return pj_json_opt_bool(object, member->in_report, value, r->err);
    case PJ_SETTING_SIZE:
        return pj_json_get_uint(object, member->in_report, value, r->err);
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        return read_text(r, member, object);
    case PJ_SETTING_FOUND:
        return read_word(r, member, object);
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        return read_items(r, member, object);
    case PJ_SETTING_NAMES:
        break;
    }
    return PJ_OK;
}

static pj_status add_content(reader *r, pj_content *out, const char *member, const char *name, pj_json digest)
{
    PJ_TRY(pj_json_as_text(digest, &out->sha256, r->err));
    *out = (pj_content){keep(r, member), keep(r, name), keep(r, out->sha256)};
    return PJ_OK;
}

/* The name that the setup has for the file of a member. */
static const char *name_of(reader *r, const char *key)
{
    const pj_setting *member = pj_setting_find(key, strlen(key));
    bool is_text = member && !member->count_at && (member->kind == PJ_SETTING_FILE || member->kind == PJ_SETTING_NAME);
    const char *text = is_text ? pj_setting_text(r->out, member) : NULL;
    return text ? text : "";
}

static pj_status read_contents(reader *r, pj_json object)
{
    pj_json contents = {0};
    PJ_TRY(pj_json_opt_object(object, contents_key, &contents, r->err));
    size_t most = 0;
    for (pj_json at = pj_json_first(contents); at.node; at = pj_json_next(at))
        most += pj_json_kind_of(at) == PJ_JSON_OBJECT ? pj_json_count(at) : 1;
    pj_content *out = PJ_NEW(r->arena, pj_content, most);
    r->out->contents = out;
    for (pj_json at = pj_json_first(contents); out && at.node; at = pj_json_next(at)) {
        const char *key = pj_json_key(at);
        if (pj_json_kind_of(at) != PJ_JSON_OBJECT)
            PJ_TRY(add_content(r, &out[r->out->content_count++], key, name_of(r, key), at));
        else
            for (pj_json of = pj_json_first(at); of.node; of = pj_json_next(of))
                PJ_TRY(add_content(r, &out[r->out->content_count++], key, pj_json_key(of), of));
    }
    return PJ_OK;
}

pj_status pj_setup_read(pj_json report, pj_arena *arena, pj_setup *out, pj_error *err)
{
    reader r = {out, arena, err};
    pj_json settings = {0};
    const pj_setting *member = NULL;
    *out = pj_setup_default();
    PJ_TRY(pj_json_get_object(report, settings_key, &settings, err));
    while ((member = pj_setting_after(PJ_ORDER_REPORT, member)))
        if (member->written != PJ_WRITTEN_NEVER)
            PJ_TRY(read_member(&r, member, settings));
    PJ_TRY(read_contents(&r, settings));
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
