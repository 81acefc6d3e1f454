/* Reading a budget file: texts, files, and what the figures of an entry rest on. */
#include "check/reader.h"

pj_status pj_reader_keys(pj_reader *r, pj_json object, const char *const *keys)
{
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, keys, r->err));
    pj_json remark = pj_json_find(object, PJ_BUDGET_REMARK);
    const char *text;
    if (!remark.node || pj_json_kind_of(remark) == PJ_JSON_TEXT)
        return PJ_OK;
    PJ_TRY(pj_json_as_array(remark, &remark, r->err));
    for (pj_json at = pj_json_first(remark); at.node; at = pj_json_next(at))
        PJ_TRY(pj_json_as_text(at, &text, r->err));
    return PJ_OK;
}

bool pj_reader_is_remark(pj_json member)
{
    return strcmp(pj_json_key(member), PJ_BUDGET_REMARK) == 0;
}

pj_status pj_reader_text(pj_reader *r, pj_json object, const char *key, const char **out)
{
    const char *text = NULL;
    PJ_TRY(pj_json_opt_text(object, key, &text, r->err));
    if (text && !*text)
        return pj_json_fail(pj_json_find(object, key), PJ_EFORMAT, r->err, "the text is empty");
    if (!text)
        return PJ_OK;
    *out = pj_arena_strdup(r->arena, text);
    return pj_got(*out, r->err);
}

const char *pj_reader_path(pj_reader *r, pj_json at)
{
    pj_str path = pj_str_new(0);
    pj_json_path(at, &path);
    return pj_str_keep(&path, r->arena);
}

const char *pj_reader_found(pj_reader *r, const char *path)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, *path == '/' ? "" : r->folder);
    pj_str_add(&text, path);
    return pj_str_keep(&text, r->arena);
}

size_t pj_reader_device(pj_reader *r, const char *name)
{
    return pj_setup_device(&r->entry->setup, name, r->folder, r->arena);
}

size_t pj_reader_basis_keys(const char **keys)
{
    const pj_setting *member = NULL;
    const char *object = NULL;
    size_t count = 0;
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member)))
        if (!member->budget_object)
            keys[count++] = member->in_budget;
        else if (member->budget_object != object)
            keys[count++] = object = member->budget_object;
    return count;
}

/* The object that holds members, with the keys that it may have; *out stays empty where it is not there. */
static pj_status find_object(pj_reader *r, pj_json model, const char *name, pj_json *out)
{
    const char *keys[PJ_MOST_BASIS_KEYS];
    const pj_setting *member = NULL;
    size_t count = 0;
    PJ_TRY(pj_json_opt_object(model, name, out, r->err));
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member)))
        if (member->budget_object == name)
            keys[count++] = member->in_budget;
    keys[count++] = PJ_BUDGET_REMARK;
    keys[count] = NULL;
    return out->node ? pj_reader_keys(r, *out, keys) : PJ_OK;
}

pj_status pj_reader_basis(pj_reader *r, pj_json model)
{
    const pj_setting *member = NULL;
    const char *name = NULL;
    pj_json object = {0};
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member))) {
        if (member->budget_object && member->budget_object != name) {
            name = member->budget_object;
            object = (pj_json){0};
            PJ_TRY(find_object(r, model, name, &object));
        }
        pj_json value = pj_json_find(member->budget_object ? object : model, member->in_budget);
        bool is_binding = member->kind == PJ_SETTING_DIMS || member->kind == PJ_SETTING_INPUTS;
        if (r->in_defaults && value.node && member->kind == PJ_SETTING_TRIPS)
            return pj_json_fail(value, PJ_EFORMAT, r->err, "loops have trips in the models that have them");
        if (value.node)
            PJ_TRY(pj_setting_read(member, value, r->folder, r->arena,
                                   r->in_defaults && is_binding ? &r->entry->optional : &r->entry->setup, r->err));
    }
    if (r->in_defaults)
        return PJ_OK;
    r->entry->no_policy = !r->entry->setup.reuse && !r->entry->setup.hierarchy;
    pj_setup_unsaid(&r->entry->setup);
    return PJ_OK;
}
