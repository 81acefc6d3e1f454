/* The settings of a report: JSON out and in. */
#include "setup/setup.h"

static const char settings_key[] = "settings", contents_key[] = "contents";

static void write_items(const pj_setup *setup, const pj_setting *member, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < pj_setting_count(setup, member); i++) {
        const char *name = pj_setting_item_name(setup, member, i);
        if (member->kind == PJ_SETTING_INPUTS) {
            pj_str shape = pj_str_new(0);
            pj_setting_item_value(setup, member, i, &shape);
            pj_json_put_made(json, name, &shape);
        } else {
            pj_json_put_int(json, name, pj_setting_item_number(setup, member, i));
        }
    }
    pj_json_write_end(json);
}

void pj_setting_write_json(const pj_setup *setup, const pj_setting *member, pj_json_writer *json)
{
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        pj_json_write_text(json, pj_place_word(pj_setting_place(setup, member)));
        break;
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        pj_json_write_bool(json, pj_setting_bool(setup, member));
        break;
    case PJ_SETTING_COUNT:
    case PJ_SETTING_SIZE:
        pj_json_write_uint(json, pj_setting_bits(setup, member));
        break;
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND:
        pj_json_write_text(json, pj_setting_text(setup, member));
        break;
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        write_items(setup, member, json);
        break;
    case PJ_SETTING_NAMES:
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
            (member->written == PJ_WRITTEN_IF_SET && pj_setting_is_set(setup, member))) {
            pj_json_write_key(json, member->in_report);
            pj_setting_write_json(setup, member, json);
        }
    put_contents(setup, json);
    pj_json_write_end(json);
}

/* In: a report may have been edited by anyone */
typedef struct reader {
    pj_setup *out;
    pj_arena *arena;
    pj_error *err;
} reader;

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

/* Budgets may remark upon the numbers. */
static pj_status read_items(reader *r, const pj_setting *member, pj_json object)
{
    uint64_t number = 0;
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        if (strcmp(pj_json_key(at), PJ_BUDGET_REMARK) == 0 && pj_json_kind_of(at) != PJ_JSON_NUMBER)
            continue;
        if (member->kind == PJ_SETTING_INPUTS) {
            PJ_TRY(read_input(r, member, at));
        } else {
            PJ_TRY(pj_json_as_uint(at, &number, r->err));
            pj_setting_bind(r->out, member, pj_json_key(at), (int64_t)number, r->arena);
        }
    }
    return pj_arena_failed(r->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

static pj_status read_text(reader *r, pj_json value, const char **out)
{
    const char *text = NULL;
    PJ_TRY(pj_json_as_text(value, &text, r->err));
    *out = pj_arena_strdup(r->arena, text);
    return PJ_OK;
}

pj_status pj_setting_read_json(const pj_setting *member, pj_json value, pj_arena *arena, pj_setup *out, pj_error *err)
{
    const char *const words[] = {member->words[0], member->words[1], NULL};
    void *at = pj_setting_of(out, member);
    reader r = {out, arena, err};
    int word = 0;
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        PJ_TRY(pj_json_as_word(value, pj_place_words(), &word, err));
        *(pj_place *)at = (pj_place)word;
        break;
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        return pj_json_as_bool(value, at, err);
    case PJ_SETTING_COUNT:
    case PJ_SETTING_SIZE:
        return pj_json_as_uint(value, at, err);
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        if (!member->choices)
            return read_text(&r, value, at);
        PJ_TRY(pj_json_as_word(value, member->choices, &word, err));
        *(const char **)at = member->choices[word];
        break;
    case PJ_SETTING_FOUND:
        PJ_TRY(pj_json_as_word(value, words, &word, err));
        *(const char **)at = words[word];
        break;
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        return read_items(&r, member, value);
    case PJ_SETTING_NAMES:
        break;
    }
    return PJ_OK;
}

/* What is written only where it is set may be absent; texts that are none are null, too. */
static pj_status read_member(reader *r, const pj_setting *member, pj_json object)
{
    pj_json value = pj_json_find(object, member->in_report);
    bool is_text = member->kind == PJ_SETTING_TEXT || member->kind == PJ_SETTING_FILE;
    if (member->written == PJ_WRITTEN_NEVER || (is_text && pj_json_kind_of(value) <= PJ_JSON_NULL) ||
        (member->written == PJ_WRITTEN_IF_SET && !value.node))
        return PJ_OK;
    PJ_TRY(pj_json_get(object, member->in_report, &value, r->err));
    return pj_setting_read_json(member, value, r->arena, r->out, r->err);
}

static pj_status add_content(reader *r, pj_content *out, const char *member, const char *name, pj_json digest)
{
    PJ_TRY(pj_json_as_text(digest, &out->sha256, r->err));
    *out = (pj_content){pj_arena_strdup(r->arena, member), pj_arena_strdup(r->arena, name),
                        pj_arena_strdup(r->arena, out->sha256)};
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
        PJ_TRY(read_member(&r, member, settings));
    pj_setup_unsaid(out);
    PJ_TRY(read_contents(&r, settings));
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
