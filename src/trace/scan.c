/* Cutting an array of objects into its elements without reading them. */
#include "trace/scan.h"

enum { MOST_OBJECT = 1024 * 1024, END = -1 };

static int next_byte(pj_event_scan *s)
{
    if (s->at == s->have) {
        int64_t got = s->failed ? 0 : pj_input_read(s->input, s->offset, s->buffer, sizeof s->buffer);
        s->failed = s->failed || got < 0;
        if (got <= 0)
            return END;
        s->offset += (uint64_t)got;
        s->have = (size_t)got;
        s->at = 0;
    }
    return (unsigned char)s->buffer[s->at++];
}

/* Passes over a text that has begun; keeps its first characters. */
static bool pass_text(pj_event_scan *s, char *out, size_t room)
{
    size_t length = 0;
    for (int c; (c = next_byte(s)) != END && c != '"';) {
        if (c == '\\')
            c = next_byte(s);
        if (c == END)
            return false;
        if (length + 1 < room)
            out[length++] = (char)c;
    }
    out[length] = 0;
    return true;
}

bool pj_scan_begin(pj_event_scan *s, const pj_input *input, const char *key)
{
    char text[64] = "";
    int c, depth = 0;
    s->input = input;
    s->offset = 0;
    s->at = s->have = 0;
    s->failed = s->ended = false;
    s->object = pj_str_new(MOST_OBJECT);
    while ((c = next_byte(s)) != END) {
        if (c == '[' && depth == 0)
            return true;
        if (c == '[' && depth == 1 && strcmp(text, key) == 0)
            return true;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == '"' && !pass_text(s, text, sizeof text))
            return false;
    }
    return false;
}

/* The rest of an object whose first brace is there. false: the file ends. */
static bool take_object(pj_event_scan *s)
{
    int c, depth = 1;
    bool in_text = false, escaped = false;
    while (depth > 0 && (c = next_byte(s)) != END) {
        pj_str_add_char(&s->object, (char)c);
        if (in_text) {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == '"') {
            in_text = true;
        } else {
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
    }
    return depth == 0;
}

bool pj_scan_next(pj_event_scan *s)
{
    for (int c; !s->ended && (c = next_byte(s)) != END;) {
        if (c == ']')
            s->ended = true;
        if (c != '{' || s->ended)
            continue;
        if (s->object.failed) { /* one that was too long: begin anew */
            pj_str_free(&s->object);
            s->object = pj_str_new(MOST_OBJECT);
        }
        pj_str_clear(&s->object);
        pj_str_add_char(&s->object, '{');
        if (!take_object(s))
            return false;
        if (!s->object.failed)
            return true;
    }
    return false;
}

void pj_scan_end(pj_event_scan *s)
{
    pj_str_free(&s->object);
}
