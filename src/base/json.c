/* JSON read strictly: the one file that knows cJSON. */
#include "base/json.h"

#include <cJSON.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json_scan.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/map.h"

struct pj_json_doc {
    cJSON *root;
    char file[]; /* name for messages */
};

static const cJSON *node_of(pj_json value)
{
    return value.node;
}

static pj_json handle(const pj_json_doc *doc, const cJSON *node)
{
    pj_json value = {doc, node};
    return value;
}

/* ---- paths ---- */

static bool is_plain_key(const char *key)
{
    if (!(*key >= 'a' && *key <= 'z') && !(*key >= 'A' && *key <= 'Z') && *key != '_')
        return false;
    for (; *key; key++)
        if (!(*key >= 'a' && *key <= 'z') && !(*key >= 'A' && *key <= 'Z') && !(*key >= '0' && *key <= '9') &&
            *key != '_' && *key != '-')
            return false;
    return true;
}

void pj_json_path_key(const char *key, pj_str *out)
{
    if (is_plain_key(key)) {
        pj_str_add_char(out, '.');
        pj_str_add(out, key);
    } else {
        pj_str_add_char(out, '[');
        pj_json_add_quoted(out, key);
        pj_str_add_char(out, ']');
    }
}

/* Appends the steps from `from` down to `target`; false (and nothing appended): it is not in there. Nodes do not know
 * their parents; errors are rare enough to search. */
static bool add_steps(const cJSON *from, const cJSON *target, pj_str *out)
{
    if (from == target)
        return true;
    size_t length = out->length, index = 0;
    for (const cJSON *child = from->child; child; child = child->next, index++) {
        if (child != target && !child->child)
            continue;
        if (child->string)
            pj_json_path_key(child->string, out);
        else
            pj_str_printf(out, "[%zu]", index);
        if (add_steps(child, target, out))
            return true;
        if (!out->failed) {
            out->length = length;
            out->data[length] = 0;
        }
    }
    return false;
}

void pj_json_path(pj_json at, pj_str *out)
{
    if (!at.node)
        return;
    pj_str_add_char(out, '$');
    add_steps(at.doc->root, node_of(at), out);
}

/* FILE: $.path into err->file; a long file name loses its front, a long path its end. */
static void name_place(pj_json at, pj_error *err)
{
    pj_str path = pj_str_new(0);
    pj_json_path(at, &path);
    const char *file = at.doc ? at.doc->file : "";
    size_t room = sizeof err->file - 1, gap = path.length ? 2 : 0;
    size_t shown = path.length < room / 2 ? path.length : room / 2;
    size_t length = strlen(file);
    if (length > room - gap - shown)
        file += length - (room - gap - shown);
    memset(err->file, 0, sizeof err->file);
    memcpy(err->file, file, strlen(file));
    if (gap) {
        memcpy(err->file + strlen(file), ": ", gap);
        memcpy(err->file + strlen(file) + gap, path.data, shown);
    }
    pj_str_free(&path);
}

pj_status pj_json_fail(pj_json at, pj_status status, pj_error *err, const char *format, ...)
{
    va_list args;
    char what[sizeof err->what];
    if (!err)
        return status;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    name_place(at, err);
    return pj_fail(err, status, "%s", what);
}

/* ---- parsing ---- */

/* The first member whose key an earlier one has. The map keeps hostile objects from taking square time. */
static pj_status find_twin(const cJSON *object, pj_arena *arena, const cJSON **twin)
{
    pj_map keys;
    pj_map_init(&keys, arena);
    for (cJSON *child = object->child; child; child = child->next) {
        if (pj_map_get(&keys, child->string)) {
            *twin = child;
            return PJ_OK;
        }
        if (!pj_map_put(&keys, child->string, child))
            return PJ_ENOMEM;
    }
    return PJ_OK;
}

/* The same for a few members, without memory. */
static const cJSON *find_twin_among_few(const cJSON *object)
{
    for (const cJSON *child = object->child; child; child = child->next)
        for (const cJSON *earlier = object->child; earlier != child; earlier = earlier->next)
            if (strcmp(earlier->string, child->string) == 0)
                return child;
    return NULL;
}

static pj_status reject_duplicates(const pj_json_doc *doc, const cJSON *node, pj_error *err)
{
    enum { FEW = 24 };
    const cJSON *twin = NULL;
    if (cJSON_IsObject(node) && pj_json_count(handle(doc, node)) <= FEW) {
        twin = find_twin_among_few(node);
    } else if (cJSON_IsObject(node)) {
        pj_arena *arena = pj_arena_new(0);
        pj_status status = arena ? find_twin(node, arena, &twin) : PJ_ENOMEM;
        pj_arena_free(arena);
        if (status != PJ_OK)
            return pj_fail_memory(err);
    }
    if (twin)
        return pj_json_fail(handle(doc, twin), PJ_EFORMAT, err, "this key stands here twice");
    for (const cJSON *child = node->child; child; child = child->next)
        if (child->child)
            PJ_TRY(reject_duplicates(doc, child, err));
    return PJ_OK;
}

/* cJSON reads numbers by the locale of the thread: in the C locale they are what they say. */
static cJSON *parse_in_c_locale(const char *text, size_t length)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return NULL;
    locale_t before = uselocale(plain);
    cJSON *root = cJSON_ParseWithLength(text, length);
    uselocale(before);
    freelocale(plain);
    return root;
}

static pj_status parse(pj_json_doc *doc, const char *text, size_t length, pj_error *err)
{
    size_t line, column;
    if (length > PJ_MAX_JSON_BYTES)
        return pj_fail(err, PJ_ELIMIT, "%zu bytes of JSON; at most %d are accepted", length, PJ_MAX_JSON_BYTES);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
        text += 3;
        length -= 3;
    }
    pj_status status = pj_json_scan(text, length, &line, &column, err);
    if (status != PJ_OK) {
        if (err)
            (void)snprintf(err->file, sizeof err->file, "%.200s:%zu:%zu", doc->file, line, column);
        return status;
    }
    doc->root = parse_in_c_locale(text, length);
    if (!doc->root) /* the grammar has been checked */
        return pj_fail_memory(err);
    return reject_duplicates(doc, doc->root, err);
}

pj_status pj_json_parse(const char *text, size_t length, const char *file, pj_json_doc **out, pj_error *err)
{
    size_t name = strlen(file);
    pj_json_doc *doc = calloc(1, sizeof *doc + name + 1);
    if (!doc)
        return pj_fail_memory(err);
    memcpy(doc->file, file, name + 1);
    pj_status status = parse(doc, text, length, err);
    if (status != PJ_OK) {
        pj_error_at(err, file, NULL, NULL);
        pj_json_free(doc);
        return status;
    }
    *out = doc;
    return PJ_OK;
}

pj_status pj_json_read(const char *path, size_t limit, pj_json_doc **out, pj_error *err)
{
    char *text;
    size_t length;
    PJ_TRY(pj_file_read(path, limit ? limit : PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = pj_json_parse(text, length, path, out, err);
    free(text);
    return status;
}

void pj_json_free(pj_json_doc *doc)
{
    if (!doc)
        return;
    cJSON_Delete(doc->root);
    free(doc);
}

/* ---- walking ---- */

pj_json pj_json_root(const pj_json_doc *doc)
{
    return handle(doc, doc->root);
}

pj_json_kind pj_json_kind_of(pj_json value)
{
    const cJSON *node = node_of(value);
    if (!node)
        return PJ_JSON_ABSENT;
    if (cJSON_IsBool(node))
        return PJ_JSON_BOOL;
    if (cJSON_IsNumber(node))
        return PJ_JSON_NUMBER;
    if (cJSON_IsString(node))
        return PJ_JSON_TEXT;
    if (cJSON_IsArray(node))
        return PJ_JSON_ARRAY;
    return cJSON_IsObject(node) ? PJ_JSON_OBJECT : PJ_JSON_NULL;
}

pj_json pj_json_find(pj_json object, const char *key)
{
    return handle(object.doc, cJSON_GetObjectItemCaseSensitive(node_of(object), key));
}

pj_json pj_json_first(pj_json container)
{
    return handle(container.doc, container.node ? node_of(container)->child : NULL);
}

pj_json pj_json_next(pj_json value)
{
    return handle(value.doc, value.node ? node_of(value)->next : NULL);
}

size_t pj_json_count(pj_json container)
{
    size_t count = 0;
    for (pj_json at = pj_json_first(container); at.node; at = pj_json_next(at))
        count++;
    return count;
}

const char *pj_json_key(pj_json member)
{
    return member.node && node_of(member)->string ? node_of(member)->string : "";
}

/* ---- typed values ---- */

static pj_status expect(pj_json value, pj_json_kind kind, pj_error *err)
{
    static const char *const kinds[] = {"nothing", "null",     "true or false", "a number",
                                        "a text",  "an array", "an object"};
    pj_json_kind got = pj_json_kind_of(value);
    if (got == kind)
        return PJ_OK;
    return pj_json_fail(value, PJ_EFORMAT, err, "%s where %s should stand", kinds[got], kinds[kind]);
}

pj_status pj_json_as_double(pj_json value, double *out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_NUMBER, err));
    double number = node_of(value)->valuedouble;
    if (!isfinite(number))
        return pj_json_fail(value, PJ_EFORMAT, err, "the number is too large");
    *out = number;
    return PJ_OK;
}

pj_status pj_json_as_int(pj_json value, int64_t *out, pj_error *err)
{
    const double most = 9007199254740992.0; /* 2^53: beyond, a double may stand for several integers */
    double number = 0;
    PJ_TRY(pj_json_as_double(value, &number, err));
    if (number != floor(number) || fabs(number) > most)
        return pj_json_fail(value, PJ_EFORMAT, err, "%.17g is not a whole number up to 2^53", number);
    *out = (int64_t)number;
    return PJ_OK;
}

pj_status pj_json_as_uint(pj_json value, uint64_t *out, pj_error *err)
{
    int64_t number = 0;
    PJ_TRY(pj_json_as_int(value, &number, err));
    if (number < 0)
        return pj_json_fail(value, PJ_EFORMAT, err, "%lld is negative", (long long)number);
    *out = (uint64_t)number;
    return PJ_OK;
}

pj_status pj_json_as_bool(pj_json value, bool *out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_BOOL, err));
    *out = cJSON_IsTrue(node_of(value));
    return PJ_OK;
}

pj_status pj_json_as_text(pj_json value, const char **out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_TEXT, err));
    *out = node_of(value)->valuestring;
    return PJ_OK;
}

pj_status pj_json_as_object(pj_json value, pj_json *out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_OBJECT, err));
    *out = value;
    return PJ_OK;
}

pj_status pj_json_as_array(pj_json value, pj_json *out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_ARRAY, err));
    *out = value;
    return PJ_OK;
}

static pj_status require(pj_json object, const char *key, pj_json *out, pj_error *err)
{
    PJ_TRY(expect(object, PJ_JSON_OBJECT, err));
    *out = pj_json_find(object, key);
    return out->node ? PJ_OK : pj_json_fail(object, PJ_EFORMAT, err, "\"%s\" is missing", key);
}

/* Two getters per type: a member that must be there, and one that may be. */
#define MEMBER_GETTERS(name, type)                                                          \
    pj_status pj_json_get_##name(pj_json object, const char *key, type *out, pj_error *err) \
    {                                                                                       \
        pj_json member;                                                                     \
        PJ_TRY(require(object, key, &member, err));                                         \
        return pj_json_as_##name(member, out, err);                                         \
    }                                                                                       \
    pj_status pj_json_opt_##name(pj_json object, const char *key, type *out, pj_error *err) \
    {                                                                                       \
        PJ_TRY(expect(object, PJ_JSON_OBJECT, err));                                        \
        pj_json member = pj_json_find(object, key);                                         \
        return member.node ? pj_json_as_##name(member, out, err) : PJ_OK;                   \
    }
MEMBER_GETTERS(double, double)
MEMBER_GETTERS(int, int64_t)
MEMBER_GETTERS(uint, uint64_t)
MEMBER_GETTERS(bool, bool)
MEMBER_GETTERS(text, const char *)
MEMBER_GETTERS(object, pj_json)
MEMBER_GETTERS(array, pj_json)

pj_status pj_json_get_word(pj_json object, const char *key, const char *const *words, int *out, pj_error *err)
{
    const char *word;
    PJ_TRY(pj_json_get_text(object, key, &word, err));
    return pj_json_as_word(pj_json_find(object, key), words, out, err);
}

pj_status pj_json_as_word(pj_json value, const char *const *words, int *out, pj_error *err)
{
    const char *word = "";
    PJ_TRY(pj_json_as_text(value, &word, err));
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0) {
            *out = i;
            return PJ_OK;
        }
    pj_str list = pj_str_new(0);
    for (int i = 0; words[i]; i++)
        pj_str_printf(&list, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    pj_status status = pj_json_fail(value, PJ_EFORMAT, err, "\"%.64s\" where %s should stand", word, list.data);
    pj_str_free(&list);
    return status;
}

pj_status pj_json_only_keys(pj_json object, const char *const *known, pj_error *err)
{
    PJ_TRY(expect(object, PJ_JSON_OBJECT, err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        enum { NEAR = 3 };
        size_t least = NEAR + 1;
        const char *nearest = NULL;
        for (const char *const *key = known; *key && least; key++) {
            size_t distance = pj_text_distance(pj_json_key(at), *key, NEAR);
            if (distance < least) {
                least = distance;
                nearest = *key;
            }
        }
        if (nearest && least)
            return pj_json_fail(at, PJ_EFORMAT, err, "unknown key; did you mean \"%s\"?", nearest);
        if (least)
            return pj_json_fail(at, PJ_EFORMAT, err, "unknown key");
    }
    return PJ_OK;
}
