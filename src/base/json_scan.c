/* A strict look over JSON bytes: recursive descent, at most PJ_MAX_JSON_DEPTH deep. */
#include "base/json_scan.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

typedef struct scanner {
    const char *at;
    const char *end;
    int depth;
    size_t values;
    pj_error *err;
} scanner;

static pj_status scan_value(scanner *s);

/* The byte at hand, or 0 at the end (a 0 byte is no JSON either). */
static char peek(const scanner *s)
{
    if (s->at == s->end)
        return 0;
    return *s->at;
}

static pj_status expected(scanner *s, const char *what)
{
    if (s->at == s->end)
        return pj_fail(s->err, PJ_EFORMAT, "the text ends where %s should follow", what);
    unsigned char c = (unsigned char)*s->at;
    if (c < 0x20 || c >= 0x7f)
        return pj_fail(s->err, PJ_EFORMAT, "byte 0x%02x where %s should stand", c, what);
    return pj_fail(s->err, PJ_EFORMAT, "'%c' where %s should stand", c, what);
}

static void skip_space(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(scanner *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static bool take_digits(scanner *s)
{
    const char *start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at > start;
}

static pj_status scan_number(scanner *s)
{
    const char *start = s->at;
    take(s, '-');
    bool zero = peek(s) == '0';
    if (!take_digits(s))
        return expected(s, "a digit");
    if (zero && s->at - start > 1 + (*start == '-')) {
        s->at = start;
        return pj_fail(s->err, PJ_EFORMAT, "a number with a leading zero");
    }
    if (take(s, '.') && !take_digits(s))
        return expected(s, "a digit");
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (!take(s, '+'))
            take(s, '-');
        if (!take_digits(s))
            return expected(s, "a digit of the exponent");
    }
    if (s->at - start > PJ_MAX_JSON_DIGITS) {
        s->at = start;
        return pj_fail(s->err, PJ_ELIMIT, "a number of more than %d characters", PJ_MAX_JSON_DIGITS);
    }
    return PJ_OK;
}

/* The four digits behind \u. */
static bool take_hex(scanner *s, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(s);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        *out = *out * 16 + digit;
        s->at++;
    }
    return true;
}

static pj_status scan_escape(scanner *s)
{
    unsigned high, low = 0;
    if (peek(s) && strchr("\"\\/bfnrt", peek(s))) {
        s->at++;
        return PJ_OK;
    }
    if (!take(s, 'u'))
        return expected(s, "one of \" \\ / b f n r t u");
    if (!take_hex(s, &high))
        return expected(s, "a hexadecimal digit");
    if (high == 0)
        return pj_fail(s->err, PJ_EFORMAT, "\\u0000 in a text");
    if (high < 0xd800 || high > 0xdfff)
        return PJ_OK;
    if (high > 0xdbff || !take(s, '\\') || !take(s, 'u') || !take_hex(s, &low) || low < 0xdc00 || low > 0xdfff)
        return pj_fail(s->err, PJ_EFORMAT, "half a surrogate pair in a text");
    return PJ_OK;
}

static pj_status scan_text(scanner *s)
{
    if (!take(s, '"'))
        return expected(s, "a text in double quotes");
    while (!take(s, '"')) {
        if (s->at == s->end)
            return expected(s, "a closing quote");
        if ((unsigned char)*s->at < 0x20)
            return pj_fail(s->err, PJ_EFORMAT, "control character 0x%02x inside a text", (unsigned char)*s->at);
        if (take(s, '\\')) {
            PJ_TRY(scan_escape(s));
            continue;
        }
        size_t bytes = pj_utf8_sequence(s->at, (size_t)(s->end - s->at));
        if (!bytes)
            return pj_fail(s->err, PJ_EFORMAT, "byte 0x%02x is not UTF-8", (unsigned char)*s->at);
        s->at += bytes;
    }
    return PJ_OK;
}

static pj_status scan_key(scanner *s)
{
    skip_space(s);
    PJ_TRY(scan_text(s));
    skip_space(s);
    return take(s, ':') ? PJ_OK : expected(s, "':'");
}

/* Members up to `close`, behind the opening bracket. */
static pj_status scan_members(scanner *s, char close)
{
    bool is_object = close == '}';
    skip_space(s);
    if (take(s, close))
        return PJ_OK;
    for (;;) {
        if (is_object)
            PJ_TRY(scan_key(s));
        PJ_TRY(scan_value(s));
        skip_space(s);
        if (take(s, close))
            return PJ_OK;
        if (!take(s, ','))
            return expected(s, is_object ? "',' or '}'" : "',' or ']'");
    }
}

static pj_status scan_container(scanner *s)
{
    if (s->depth == PJ_MAX_JSON_DEPTH)
        return pj_fail(s->err, PJ_ELIMIT, "more than %d arrays and objects inside each other", PJ_MAX_JSON_DEPTH);
    char close = *s->at++ == '{' ? '}' : ']';
    s->depth++;
    PJ_TRY(scan_members(s, close));
    s->depth--;
    return PJ_OK;
}

static pj_status scan_word(scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(s->end - s->at) >= length && memcmp(s->at, words[i], length) == 0) {
            s->at += length;
            return PJ_OK;
        }
    }
    return expected(s, "a value");
}

static pj_status scan_value(scanner *s)
{
    skip_space(s);
    if (s->values++ == PJ_MAX_JSON_VALUES)
        return pj_fail(s->err, PJ_ELIMIT, "more than %d values", PJ_MAX_JSON_VALUES);
    char c = peek(s);
    if (c == '{' || c == '[')
        return scan_container(s);
    if (c == '"')
        return scan_text(s);
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    return scan_word(s);
}

/* Line and column of `at`, in characters. */
static void locate(const char *text, const char *at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (const char *c = text; c < at; c++)
        if (*c == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)*c & 0xc0) != 0x80) {
            ++*column;
        }
}

pj_status pj_json_scan(const char *text, size_t length, size_t *line, size_t *column, pj_error *err)
{
    scanner s = {text, text + length, 0, 0, err};
    pj_status status = scan_value(&s);
    if (status == PJ_OK)
        skip_space(&s);
    if (status == PJ_OK && s.at != s.end)
        status = expected(&s, "the end of the text");
    locate(text, s.at, line, column);
    return status;
}
