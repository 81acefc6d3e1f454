/* JSON read strictly: a document, handles to its values, typed getters that name the place in every error.
 *
 * Stricter than RFC 8259 where files are edited by hand: a key may stand only once in an object, no \u0000 in texts.
 * Syntax errors say FILE:line:column, errors of content FILE: $.path.to[3].value (both in err->file). Look-up is
 * case-sensitive. Numbers are read the same in every locale.
 *
 * A handle is two pointers, passed by value; it and the texts it gives are valid until pj_json_free(). An absent
 * value is a handle too: asking it for anything gives "missing" or the default. */
#pragma once

#include "base/json_tree.h"
#include "base/str.h"

typedef struct pj_json_doc pj_json_doc;

typedef struct pj_json {
    const pj_json_doc *doc;
    const pj_json_node *node; /* NULL: absent */
} pj_json;

/* Parses `length` bytes; `file` is the name for messages (copied). PJ_EFORMAT: syntax; PJ_ELIMIT: too deep, too many
 * values, more than PJ_MAX_JSON_BYTES. The caller frees *out. */
pj_status pj_json_parse(const char *text, size_t length, const char *file, pj_json_doc **out, pj_error *err);

/* The same of reports, which are as large as their models: up to PJ_MAX_REPORT_BYTES, with as many values as
 * PJ_REPORT_BYTES_PER_VALUE allows. And from a file ("-": standard input). */
pj_status pj_json_parse_report(const char *text, size_t length, const char *file, pj_json_doc **out, pj_error *err);
pj_status pj_json_read_report(const char *path, pj_json_doc **out, pj_error *err);

void pj_json_free(pj_json_doc *doc); /* NULL is allowed */

pj_json pj_json_root(const pj_json_doc *doc);
pj_json_kind pj_json_kind_of(pj_json value);

/* A member by name; absent when there is none or `object` is no object. */
pj_json pj_json_find(pj_json object, const char *key);

/* Members of an object or elements of an array, in file order:
 *     for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) */
pj_json pj_json_first(pj_json container);
pj_json pj_json_next(pj_json value);
size_t pj_json_count(pj_json container);
const char *pj_json_key(pj_json member); /* "" outside objects */

/* The value itself, which must have the type. Integers: exact, if written with digits alone; as 1e3 or
 * 2.0 up to 2^53; with a fraction, or beyond 64 bits, PJ_EFORMAT. */
pj_status pj_json_as_double(pj_json value, double *out, pj_error *err); /* finite */
bool pj_json_whole(pj_json value, int64_t *out);                        /* false: it is no number that is written so */
pj_status pj_json_as_int(pj_json value, int64_t *out, pj_error *err);
pj_status pj_json_as_uint(pj_json value, uint64_t *out, pj_error *err);
pj_status pj_json_as_bool(pj_json value, bool *out, pj_error *err);
pj_status pj_json_as_text(pj_json value, const char **out, pj_error *err);
pj_status pj_json_as_object(pj_json value, pj_json *out, pj_error *err);
pj_status pj_json_as_array(pj_json value, pj_json *out, pj_error *err);

/* A required member: PJ_EFORMAT when it is missing or of another type. */
pj_status pj_json_get(pj_json object, const char *key, pj_json *out, pj_error *err); /* of any type */
pj_status pj_json_get_double(pj_json object, const char *key, double *out, pj_error *err);
pj_status pj_json_get_uint(pj_json object, const char *key, uint64_t *out, pj_error *err);
pj_status pj_json_get_bool(pj_json object, const char *key, bool *out, pj_error *err);
pj_status pj_json_get_text(pj_json object, const char *key, const char **out, pj_error *err);
pj_status pj_json_get_object(pj_json object, const char *key, pj_json *out, pj_error *err);
pj_status pj_json_get_array(pj_json object, const char *key, pj_json *out, pj_error *err);

/* An optional member: *out keeps its value when the member is missing; null is not missing. */
pj_status pj_json_opt_double(pj_json object, const char *key, double *out, pj_error *err);
pj_status pj_json_opt_bool(pj_json object, const char *key, bool *out, pj_error *err);
pj_status pj_json_opt_text(pj_json object, const char *key, const char **out, pj_error *err);
pj_status pj_json_opt_object(pj_json object, const char *key, pj_json *out, pj_error *err);
pj_status pj_json_opt_array(pj_json object, const char *key, pj_json *out, pj_error *err);

/* A text that is one of `words` (ends with NULL); *out is its position. Of a member, a required one. */
pj_status pj_json_as_word(pj_json value, const char *const *words, int *out, pj_error *err);
pj_status pj_json_get_word(pj_json object, const char *key, const char *const *words, int *out, pj_error *err);

/* PJ_EFORMAT unless every key of `object` is in `known` (ends with NULL); the nearest known one is suggested. */
pj_status pj_json_only_keys(pj_json object, const char *const *known, pj_error *err);

/* pj_fail() with FILE: $.path of `at` in err->file; of an absent value: the file alone. */
pj_status pj_json_fail(pj_json at, pj_status status, pj_error *err, const char *format, ...) PJ_PRINTF(4, 5);

/* Appends the path of `at`: $.layers[2].match; nothing of an absent value. */
void pj_json_path(pj_json at, pj_str *out);

/* The bytes of the document that it stands in: from *begin up to *end. */
void pj_json_span(pj_json at, size_t *begin, size_t *end);

/* The line that it begins in, from 1; 0 of an absent value. */
size_t pj_json_line(pj_json at);
