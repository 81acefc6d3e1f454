/* What requests hold: texts, settings, the model. */
#include "binding/commands.h"

pj_status pj_asked_texts(pj_json request, const char *name, const char **out, size_t most, size_t *count, pj_error *err)
{
    pj_json list = {0};
    *count = 0;
    PJ_TRY(pj_json_opt_array(request, name, &list, err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        if (*count == most)
            return pj_json_fail(at, PJ_ELIMIT, err, "at most %zu of them", most);
        PJ_TRY(pj_json_as_text(at, &out[(*count)++], err));
    }
    return PJ_OK;
}

pj_status pj_asked_size(const char *name, const char *text, int64_t *out, pj_error *err)
{
    const char *end = pj_size_scan(text, out);
    return end && !*end ? PJ_OK
                        : pj_fail(err, PJ_EARGUMENT, "\"%s\" wants a size as 256KiB, not \"%.32s\"", name, text);
}

/* The size of the last level of the hierarchy, as a point of a sweep over "sram" has it. */
static pj_status set_sram(pj_setup *setup, const char *text, pj_error *err)
{
    int64_t bytes = 0;
    PJ_TRY(pj_asked_size("sram", text, &bytes, err));
    if (bytes < 1 || bytes > INT64_MAX / 8)
        return pj_fail(err, PJ_EARGUMENT, "\"sram\" of %" PRId64 " bytes is no size", bytes);
    setup->resized = "sram";
    setup->resized_bits = 8 * (uint64_t)bytes;
    return PJ_OK;
}

static pj_status set_one(pj_setup *setup, const char *name, pj_json value, pj_error *err)
{
    const char *text = NULL;
    bool yes = true;
    if (pj_json_kind_of(value) == PJ_JSON_BOOL)
        PJ_TRY(pj_json_as_bool(value, &yes, err));
    else
        PJ_TRY(pj_json_as_text(value, &text, err));
    if (text && strcmp(name, "sram") == 0)
        return set_sram(setup, text, err);
    return yes ? pj_setup_set(setup, name, text, err)
               : pj_json_fail(value, PJ_EARGUMENT, err, "true, or no such member: what is false is left out");
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

pj_status pj_asked_settings(pj_json object, const char *const *skip, pj_setup *out, pj_error *err)
{
    static const char *const telling[] = {"command", "format", "explain", "dearest", NULL};
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        const char *name = pj_json_key(at);
        if (is_among(name, telling) || is_among(name, skip))
            continue;
        if (pj_json_kind_of(at) != PJ_JSON_ARRAY)
            PJ_TRY(set_one(out, name, at, err));
        for (pj_json one = pj_json_first(at); one.node; one = pj_json_next(one))
            PJ_TRY(set_one(out, name, one, err));
    }
    return PJ_OK;
}

void pj_asked_leave(const pj_asked *asked)
{
    if (asked->model->close)
        asked->model->close(asked->model->payload);
}
