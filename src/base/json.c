/* JSON read strictly: documents, paths, typed getters. */
#include "base/json.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/map.h"

struct pj_json_doc {
    pj_arena *arena;
    const pj_json_node *root;
    const char *file; /* name for messages */
    size_t skipped;   /* bytes of a byte order mark, which positions do not count */
};

static pj_json handle(const pj_json_doc *doc, const pj_json_node *node)
{
    pj_json value = {doc, node};
    return value;
}

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

/* Appends one step of a path: .match, ["odd key"] */
static void add_step(const char *key, pj_str *out)
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

static void add_steps(const pj_json_node *node, pj_str *out)
{
    if (!node->parent) {
        pj_str_add_char(out, '$');
        return;
    }
    add_steps(node->parent, out); /* as deep as documents may be */
    if (node->key)
        add_step(node->key, out);
    else
        pj_str_printf(out, "[%u]", (unsigned)node->index);
}

void pj_json_path(pj_json at, pj_str *out)
{
    if (at.node)
        add_steps(at.node, out);
}

void pj_json_span(pj_json at, size_t *begin, size_t *end)
{
    *begin = at.node ? at.doc->skipped + at.node->begin : 0;
    *end = at.node ? at.doc->skipped + at.node->end : 0;
}

size_t pj_json_line(pj_json at)
{
    return at.node ? at.node->line : 0;
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

/* The first of a few members whose key an earlier one has. */
static const pj_json_node *find_twin_among_few(const pj_json_node *object)
{
    for (const pj_json_node *child = object->as.child; child; child = child->next)
        for (const pj_json_node *earlier = object->as.child; earlier != child; earlier = earlier->next)
            if (strcmp(earlier->key, child->key) == 0)
                return child;
    return NULL;
}

/* The same of many. The map keeps hostile objects from taking square time. */
static pj_status find_twin(const pj_json_doc *doc, const pj_json_node *object, const pj_json_node **twin)
{
    pj_map keys;
    pj_map_init(&keys, doc->arena);
    for (pj_json_node *child = object->as.child; child && !*twin; child = child->next) {
        if (pj_map_get(&keys, child->key))
            *twin = child;
        else if (!pj_map_put(&keys, child->key, child))
            return PJ_ENOMEM;
    }
    return PJ_OK;
}

static bool is_container(const pj_json_node *node)
{
    return node && (node->kind == PJ_JSON_ARRAY || node->kind == PJ_JSON_OBJECT);
}

static pj_status reject_duplicates(const pj_json_doc *doc, const pj_json_node *node, pj_error *err)
{
    enum { FEW = 24 };
    const pj_json_node *twin = NULL;
    bool is_object = node->kind == PJ_JSON_OBJECT, few = pj_json_count(handle(doc, node)) <= FEW;
    if (is_object && few)
        twin = find_twin_among_few(node);
    else if (is_object && find_twin(doc, node, &twin) != PJ_OK)
        return pj_fail_memory(err);
    if (twin)
        return pj_json_fail(handle(doc, twin), PJ_EFORMAT, err, "this key stands here twice");
    for (const pj_json_node *child = is_container(node) ? node->as.child : NULL; child; child = child->next)
        if (is_container(child))
            PJ_TRY(reject_duplicates(doc, child, err));
    return PJ_OK;
}

static pj_status parse(pj_json_doc *doc, const char *text, size_t length, bool is_report, pj_error *err)
{
    size_t line, column, most = is_report ? PJ_MAX_REPORT_BYTES : PJ_MAX_JSON_BYTES;
    size_t by_length = is_report ? length / PJ_REPORT_BYTES_PER_VALUE : 0;
    size_t values = by_length > PJ_MAX_JSON_VALUES ? by_length : PJ_MAX_JSON_VALUES;
    if (length > most)
        return pj_fail(err, PJ_ELIMIT, "%zu bytes of JSON; at most %zu are accepted", length, most);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
        doc->skipped = 3;
        text += 3;
        length -= 3;
    }
    pj_status status = pj_json_tree(text, length, values, doc->arena, &doc->root, &line, &column, err);
    if (status == PJ_OK)
        return reject_duplicates(doc, doc->root, err);
    if (status != PJ_ENOMEM && err)
        (void)snprintf(err->file, sizeof err->file, "%.200s:%zu:%zu", doc->file, line, column);
    return status;
}

static pj_status parse_as(const char *text, size_t length, bool is_report, const char *file, pj_json_doc **out,
                          pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_json_doc *doc = arena ? PJ_NEW(arena, pj_json_doc, 1) : NULL;
    const char *name = doc ? pj_arena_strdup(arena, file) : NULL;
    if (!name) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *doc = (pj_json_doc){.arena = arena, .file = name};
    pj_status status = parse(doc, text, length, is_report, err);
    if (status != PJ_OK) {
        pj_error_at(err, file, NULL, NULL);
        pj_json_free(doc);
        return status;
    }
    *out = doc;
    return PJ_OK;
}

pj_status pj_json_parse(const char *text, size_t length, const char *file, pj_json_doc **out, pj_error *err)
{
    return parse_as(text, length, false, file, out, err);
}

pj_status pj_json_parse_report(const char *text, size_t length, const char *file, pj_json_doc **out, pj_error *err)
{
    return parse_as(text, length, true, file, out, err);
}

pj_status pj_json_read_report(const char *path, pj_json_doc **out, pj_error *err)
{
    char *text;
    size_t length;
    PJ_TRY(pj_file_read(path, PJ_MAX_REPORT_BYTES, &text, &length, err));
    pj_status status = pj_json_parse_report(text, length, path, out, err);
    free(text);
    return status;
}

void pj_json_free(pj_json_doc *doc)
{
    if (doc)
        pj_arena_free(doc->arena);
}

pj_json pj_json_root(const pj_json_doc *doc)
{
    return handle(doc, doc->root);
}

pj_json_kind pj_json_kind_of(pj_json value)
{
    return value.node ? (pj_json_kind)value.node->kind : PJ_JSON_ABSENT;
}

pj_json pj_json_find(pj_json object, const char *key)
{
    pj_json at = pj_json_kind_of(object) == PJ_JSON_OBJECT ? pj_json_first(object) : handle(object.doc, NULL);
    while (at.node && strcmp(at.node->key, key) != 0)
        at = pj_json_next(at);
    return at;
}

pj_json pj_json_first(pj_json container)
{
    return handle(container.doc, is_container(container.node) ? container.node->as.child : NULL);
}

pj_json pj_json_next(pj_json value)
{
    return handle(value.doc, value.node ? value.node->next : NULL);
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
    return member.node && member.node->key ? member.node->key : "";
}

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
    double number = value.node->is_whole ? (double)value.node->as.whole : value.node->as.number;
    if (!isfinite(number))
        return pj_json_fail(value, PJ_EFORMAT, err, "the number is too large");
    *out = number;
    return PJ_OK;
}

bool pj_json_whole(pj_json value, int64_t *out)
{
    bool is_whole = value.node && value.node->kind == PJ_JSON_NUMBER && value.node->is_whole;
    if (is_whole)
        *out = value.node->as.whole;
    return is_whole;
}

pj_status pj_json_as_int(pj_json value, int64_t *out, pj_error *err)
{
    const double most = 9007199254740992.0; /* 2^53: beyond, a double may stand for several integers */
    double number = 0;
    PJ_TRY(pj_json_as_double(value, &number, err));
    if (pj_json_whole(value, out))
        return PJ_OK;
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
    *out = value.node->as.number != 0;
    return PJ_OK;
}

pj_status pj_json_as_text(pj_json value, const char **out, pj_error *err)
{
    PJ_TRY(expect(value, PJ_JSON_TEXT, err));
    *out = value.node->as.text;
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

pj_status pj_json_get(pj_json object, const char *key, pj_json *out, pj_error *err)
{
    PJ_TRY(expect(object, PJ_JSON_OBJECT, err));
    *out = pj_json_find(object, key);
    return out->node ? PJ_OK : pj_json_fail(object, PJ_EFORMAT, err, "\"%s\" is missing", key);
}

/* A member that must be there. */
#define REQUIRED(name, type)                                                                \
    pj_status pj_json_get_##name(pj_json object, const char *key, type *out, pj_error *err) \
    {                                                                                       \
        pj_json member;                                                                     \
        PJ_TRY(pj_json_get(object, key, &member, err));                                     \
        return pj_json_as_##name(member, out, err);                                         \
    }

/* ... and one that may be. */
#define OPTIONAL(name, type)                                                                \
    pj_status pj_json_opt_##name(pj_json object, const char *key, type *out, pj_error *err) \
    {                                                                                       \
        PJ_TRY(expect(object, PJ_JSON_OBJECT, err));                                        \
        pj_json member = pj_json_find(object, key);                                         \
        return member.node ? pj_json_as_##name(member, out, err) : PJ_OK;                   \
    }
REQUIRED(double, double)
REQUIRED(uint, uint64_t)
REQUIRED(bool, bool)
REQUIRED(text, const char *)
REQUIRED(object, pj_json)
REQUIRED(array, pj_json)
OPTIONAL(double, double)
OPTIONAL(bool, bool)
OPTIONAL(text, const char *)
OPTIONAL(object, pj_json)
OPTIONAL(array, pj_json)

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

static bool is_among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

pj_status pj_json_only_keys(pj_json object, const char *const *known, pj_error *err)
{
    PJ_TRY(expect(object, PJ_JSON_OBJECT, err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        if (is_among(pj_json_key(at), known))
            continue;
        const char *near = pj_nearest_word(pj_json_key(at), known);
        return near ? pj_json_fail(at, PJ_EFORMAT, err, "unknown key; did you mean \"%s\"?", near)
                    : pj_json_fail(at, PJ_EFORMAT, err, "unknown key");
    }
    return PJ_OK;
}
