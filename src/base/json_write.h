/* JSON written value by value onto a text, the same bytes for the same calls.
 *
 *     pj_json_writer w = pj_json_writer_new(&text, true);
 *     pj_json_write_begin(&w, PJ_JSON_WRITE_OBJECT);
 *     pj_json_write_key(&w, "macs");
 *     pj_json_write_int(&w, 2656768);
 *     pj_json_write_end(&w);
 *
 * Pretty: two spaces per level, one value per line, except inside a _LINE container, which stays on one line with all
 * that it holds. Compact: no spaces at all. A failed text (no memory, over its limit, deeper than
 * PJ_MAX_JSON_DEPTH) shows in text.failed at the end. */
#pragma once

#include "base/limits.h"
#include "base/str.h"

typedef enum pj_json_container {
    PJ_JSON_WRITE_OBJECT,
    PJ_JSON_WRITE_ARRAY,
    PJ_JSON_WRITE_OBJECT_LINE,
    PJ_JSON_WRITE_ARRAY_LINE
} pj_json_container;

typedef struct pj_json_writer {
    pj_str *out;
    bool pretty;
    bool after_key; /* a key has been written, its value not yet */
    int depth;      /* open containers */
    int line_depth; /* the outermost open _LINE container, counted from 1; 0: none */
    struct {
        bool is_array;
        bool has_values;
    } open[PJ_MAX_JSON_DEPTH];
} pj_json_writer;

/* The text is borrowed. */
pj_json_writer pj_json_writer_new(pj_str *out, bool pretty);

void pj_json_write_begin(pj_json_writer *writer, pj_json_container container);
void pj_json_write_end(pj_json_writer *writer);
void pj_json_write_key(pj_json_writer *writer, const char *key);

void pj_json_write_text(pj_json_writer *writer, const char *text); /* NULL: null */
void pj_json_write_int(pj_json_writer *writer, int64_t value);
void pj_json_write_uint(pj_json_writer *writer, uint64_t value);
void pj_json_write_double(pj_json_writer *writer, double value); /* not finite: null */
void pj_json_write_bool(pj_json_writer *writer, bool value);
void pj_json_write_null(pj_json_writer *writer);

/* A member: key and value, or key and an open container. */
void pj_json_put_begin(pj_json_writer *writer, const char *key, pj_json_container container);
void pj_json_put_text(pj_json_writer *writer, const char *key, const char *text);
/* A text that was made for it, which is freed; null where it is empty. */
void pj_json_put_made(pj_json_writer *writer, const char *key, pj_str *text);
void pj_json_put_int(pj_json_writer *writer, const char *key, int64_t value);
void pj_json_put_uint(pj_json_writer *writer, const char *key, uint64_t value);
void pj_json_put_double(pj_json_writer *writer, const char *key, double value);
void pj_json_put_bool(pj_json_writer *writer, const char *key, bool value);

/* Appends `text` in quotes with JSON's escapes; a byte that is no UTF-8 becomes U+FFFD. */
void pj_json_add_quoted(pj_str *out, const char *text);
