/* Files of options: {"table": "horowitz-mac", "dim": {"batch": 1}, "device": ["a100"], "width": 100}. */
#include "base/file.h"
#include "base/limits.h"
#include "setup/setup.h"

typedef struct reader {
    pj_config_visit visit;
    void *payload;
    pj_error *err;
} reader;

/* One value of an option; the keys of an object are names: batch=1. */
static pj_status tell(reader *r, const char *option, const char *name, pj_json value)
{
    pj_str text = pj_str_new(0);
    const char *word = NULL;
    bool flag = true;
    if (name)
        pj_str_printf(&text, "%s=", name);
    pj_status status = PJ_OK;
    switch (pj_json_kind_of(value)) {
    case PJ_JSON_TEXT:
        status = pj_json_as_text(value, &word, r->err);
        pj_str_add(&text, word);
        break;
    case PJ_JSON_NUMBER: {
        double number = 0;
        status = pj_json_as_double(value, &number, r->err);
        pj_str_add_double(&text, number);
        break;
    }
    case PJ_JSON_BOOL:
        status = pj_json_as_bool(value, &flag, r->err);
        break;
    case PJ_JSON_ABSENT:
    case PJ_JSON_NULL:
    case PJ_JSON_ARRAY:
    case PJ_JSON_OBJECT:
        status = pj_json_fail(value, PJ_EFORMAT, r->err, "a text, a number, true or false should stand here");
    }
    if (status == PJ_OK)
        status = pj_got(!text.failed, r->err);
    bool is_flag = status == PJ_OK && !text.length;
    if (status == PJ_OK && flag && !r->visit(option, is_flag ? NULL : text.data, r->payload))
        status = PJ_ESTOPPED;
    pj_str_free(&text);
    return status;
}

static pj_status tell_all(reader *r, pj_json member)
{
    const char *option = pj_json_key(member);
    pj_json_kind kind = pj_json_kind_of(member);
    bool is_object = kind == PJ_JSON_OBJECT;
    if (!is_object && kind != PJ_JSON_ARRAY)
        return tell(r, option, NULL, member);
    for (pj_json at = pj_json_first(member); at.node; at = pj_json_next(at))
        PJ_TRY(tell(r, option, is_object ? pj_json_key(at) : NULL, at));
    return PJ_OK;
}

pj_status pj_config_read(const char *path, pj_config_visit visit, void *payload, pj_error *err)
{
    reader r = {visit, payload, err};
    char *bytes = NULL;
    size_t length = 0;
    pj_json_doc *doc = NULL;
    pj_json root;
    if (err)
        memset(err, 0, sizeof *err);
    PJ_TRY(pj_file_read(path, PJ_MAX_TABLE_BYTES, &bytes, &length, err));
    pj_status status = pj_json_parse(bytes, length, path, &doc, err);
    if (status == PJ_OK)
        status = pj_json_as_object(pj_json_root(doc), &root, err);
    for (pj_json at = status == PJ_OK ? pj_json_first(root) : (pj_json){0}; at.node && status == PJ_OK;
         at = pj_json_next(at))
        status = tell_all(&r, at);
    pj_json_free(doc);
    free(bytes);
    return status;
}
