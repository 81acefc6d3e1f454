/* JSON written value by value onto a text. */
#include "base/json_write.h"

#include "base/utf8.h"

pj_json_writer pj_json_writer_new(pj_str *out, bool pretty)
{
    pj_json_writer writer = {0};
    writer.out = out;
    writer.pretty = pretty;
    return writer;
}

static bool on_lines(const pj_json_writer *w)
{
    return w->pretty && !w->line_depth;
}

static void new_line(pj_json_writer *w)
{
    pj_str_add_char(w->out, '\n');
    for (int i = 0; i < w->depth; i++)
        pj_str_add(w->out, "  ");
}

/* What stands between a value (or key) and the one before it. */
static void separate(pj_json_writer *w)
{
    if (w->after_key || w->depth == 0) {
        w->after_key = false;
        return;
    }
    bool *has_values = &w->open[w->depth - 1].has_values;
    if (*has_values)
        pj_str_add(w->out, w->pretty && w->line_depth ? ", " : ",");
    *has_values = true;
    if (on_lines(w))
        new_line(w);
}

void pj_json_write_begin(pj_json_writer *w, pj_json_container container)
{
    bool is_array = container == PJ_JSON_WRITE_ARRAY || container == PJ_JSON_WRITE_ARRAY_LINE;
    bool is_line = container == PJ_JSON_WRITE_OBJECT_LINE || container == PJ_JSON_WRITE_ARRAY_LINE;
    separate(w);
    if (w->depth == PJ_MAX_JSON_DEPTH) {
        w->out->failed = true;
        return;
    }
    pj_str_add_char(w->out, is_array ? '[' : '{');
    w->open[w->depth].is_array = is_array;
    w->open[w->depth].has_values = false;
    w->depth++;
    if (is_line && !w->line_depth)
        w->line_depth = w->depth;
}

void pj_json_write_end(pj_json_writer *w)
{
    if (w->depth == 0) {
        w->out->failed = true;
        return;
    }
    bool lines = on_lines(w);
    if (w->line_depth == w->depth)
        w->line_depth = 0;
    w->depth--;
    if (lines && w->open[w->depth].has_values)
        new_line(w);
    pj_str_add_char(w->out, w->open[w->depth].is_array ? ']' : '}');
}

void pj_json_write_key(pj_json_writer *w, const char *key)
{
    separate(w);
    pj_json_add_quoted(w->out, key);
    pj_str_add(w->out, w->pretty ? ": " : ":");
    w->after_key = true;
}

void pj_json_write_text(pj_json_writer *w, const char *text)
{
    if (!text) {
        pj_json_write_null(w);
        return;
    }
    separate(w);
    pj_json_add_quoted(w->out, text);
}

void pj_json_write_int(pj_json_writer *w, int64_t value)
{
    separate(w);
    pj_str_printf(w->out, "%" PRId64, value);
}

void pj_json_write_uint(pj_json_writer *w, uint64_t value)
{
    separate(w);
    pj_str_printf(w->out, "%" PRIu64, value);
}

void pj_json_write_double(pj_json_writer *w, double value)
{
    separate(w);
    pj_str_add_double(w->out, value);
}

void pj_json_write_bool(pj_json_writer *w, bool value)
{
    separate(w);
    pj_str_add(w->out, value ? "true" : "false");
}

void pj_json_write_null(pj_json_writer *w)
{
    separate(w);
    pj_str_add(w->out, "null");
}

/* The letter after the backslash, or 0. */
static char short_escape(char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return 0;
    return to[at - from];
}

void pj_json_add_quoted(pj_str *out, const char *text)
{
    pj_str_add_char(out, '"');
    for (size_t left = strlen(text); left;) {
        size_t bytes = pj_utf8_sequence(text, left);
        char escape = short_escape(*text);
        if (!bytes) {
            pj_str_add(out, "\xef\xbf\xbd"); /* U+FFFD */
            bytes = 1;
        } else if (escape) {
            pj_str_add_char(out, '\\');
            pj_str_add_char(out, escape);
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            pj_str_printf(out, "\\u%04x", (unsigned char)*text);
        } else {
            pj_str_add_bytes(out, text, bytes);
        }
        text += bytes;
        left -= bytes;
    }
    pj_str_add_char(out, '"');
}

void pj_json_put_begin(pj_json_writer *writer, const char *key, pj_json_container container)
{
    pj_json_write_key(writer, key);
    pj_json_write_begin(writer, container);
}

void pj_json_put_text(pj_json_writer *writer, const char *key, const char *text)
{
    pj_json_write_key(writer, key);
    pj_json_write_text(writer, text);
}

void pj_json_put_made(pj_json_writer *writer, const char *key, pj_str *text)
{
    pj_json_put_text(writer, key, text->length ? text->data : NULL);
    pj_str_fail_as(writer->out, text);
    pj_str_free(text);
}

void pj_json_put_int(pj_json_writer *writer, const char *key, int64_t value)
{
    pj_json_write_key(writer, key);
    pj_json_write_int(writer, value);
}

void pj_json_put_uint(pj_json_writer *writer, const char *key, uint64_t value)
{
    pj_json_write_key(writer, key);
    pj_json_write_uint(writer, value);
}

void pj_json_put_double(pj_json_writer *writer, const char *key, double value)
{
    pj_json_write_key(writer, key);
    pj_json_write_double(writer, value);
}

void pj_json_put_bool(pj_json_writer *writer, const char *key, bool value)
{
    pj_json_write_key(writer, key);
    pj_json_write_bool(writer, value);
}
