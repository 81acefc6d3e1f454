/* A strict parser of JSON: recursive descent, at most PJ_MAX_JSON_DEPTH deep. */
#include "base/json_tree.h"

#include "base/amount.h"
#include "base/ckd.h"
#include "base/limits.h"
#include "base/utf8.h"

typedef struct parser {
    const char *text; /* all of it */
    const char *at;
    const char *end;
    uint32_t line;
    int depth;
    size_t values, most_values;
    pj_arena *arena;
    pj_error *err;
} parser;

static pj_status parse_value(parser *s, pj_json_node *out);

/* The byte at hand, or 0 at the end (a 0 byte is no JSON either). */
static char peek(const parser *s)
{
    if (s->at == s->end)
        return 0;
    return *s->at;
}

static pj_status expected(parser *s, const char *what)
{
    if (s->at == s->end)
        return pj_fail(s->err, PJ_EFORMAT, "the text ends where %s should follow", what);
    unsigned char c = (unsigned char)*s->at;
    if (c < 0x20 || c >= 0x7f)
        return pj_fail(s->err, PJ_EFORMAT, "byte 0x%02x where %s should stand", c, what);
    return pj_fail(s->err, PJ_EFORMAT, "'%c' where %s should stand", c, what);
}

static void skip_space(parser *s)
{
    for (; s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'); s->at++)
        s->line += *s->at == '\n';
}

static bool take(parser *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static bool take_digits(parser *s)
{
    const char *start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at > start;
}

/* The number of `length` characters, the nearest double in every locale. */
static double number_of(const char *at, size_t length)
{
    char digits[PJ_MAX_JSON_DIGITS + 1];
    double value = HUGE_VAL;
    bool negative = *at == '-';
    memcpy(digits, at, length);
    digits[length] = 0;
    pj_amount_number(digits + negative, PJ_DIGITS_EXPONENT, &value);
    return negative ? -value : value;
}

/* Digits alone that 64 bits hold; "-0" is none: it is a double that 0 is not. */
static bool read_whole(const char *at, size_t length, int64_t *out)
{
    bool negative = *at == '-';
    uint64_t value = 0;
    for (size_t i = negative; i < length; i++)
        if (at[i] < '0' || at[i] > '9' || !pj_mul_u64(value, 10, &value) ||
            !pj_add_u64(value, (uint64_t)(at[i] - '0'), &value))
            return false;
    if (value > INT64_MAX || (negative && value == 0))
        return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static pj_status parse_number(parser *s, pj_json_node *out)
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
    size_t length = (size_t)(s->at - start);
    if (length > PJ_MAX_JSON_DIGITS) {
        s->at = start;
        return pj_fail(s->err, PJ_ELIMIT, "a number of more than %d characters", PJ_MAX_JSON_DIGITS);
    }
    out->kind = PJ_JSON_NUMBER;
    out->is_whole = read_whole(start, length, &out->as.whole);
    if (!out->is_whole)
        out->as.number = number_of(start, length);
    return PJ_OK;
}

/* The four digits after \u. */
static bool take_hex(parser *s, unsigned *out)
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

/* The code point in UTF-8; returns what follows it. */
static char *put_character(char *to, unsigned point)
{
    int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(lead[more] | point >> 6 * more);
    while (more-- > 0)
        *to++ = (char)(0x80 | (point >> 6 * more & 0x3f));
    return to;
}

/* What follows a backslash, into *to. */
static pj_status parse_escape(parser *s, char **to)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *plain = peek(s) ? strchr(escapes, peek(s)) : NULL;
    unsigned high, low = 0;
    if (plain) {
        *(*to)++ = meant[plain - escapes];
        s->at++;
        return PJ_OK;
    }
    if (!take(s, 'u'))
        return expected(s, "one of \" \\ / b f n r t u");
    if (!take_hex(s, &high))
        return expected(s, "a hexadecimal digit");
    if (high == 0)
        return pj_fail(s->err, PJ_EFORMAT, "\\u0000 in a text");
    if (high >= 0xd800 && high <= 0xdfff) {
        if (high > 0xdbff || !take(s, '\\') || !take(s, 'u') || !take_hex(s, &low) || low < 0xdc00 || low > 0xdfff)
            return pj_fail(s->err, PJ_EFORMAT, "half a surrogate pair in a text");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    *to = put_character(*to, high);
    return PJ_OK;
}

/* Room for a text whose opening quote was taken: no escape is shorter than what it stands for. */
static char *room_for_text(const parser *s)
{
    const char *at = s->at;
    while (at < s->end && *at != '"')
        at += *at == '\\' && s->end - at > 1 ? 2 : 1;
    return pj_arena_alloc(s->arena, (size_t)(at - s->at) + 1, 1);
}

static pj_status parse_text(parser *s, const char **out)
{
    if (!take(s, '"'))
        return expected(s, "a text in double quotes");
    char *to = room_for_text(s);
    PJ_TRY(pj_got(to, s->err));
    *out = to;
    while (!take(s, '"')) {
        if (s->at == s->end)
            return expected(s, "a closing quote");
        if ((unsigned char)*s->at < 0x20)
            return pj_fail(s->err, PJ_EFORMAT, "control character 0x%02x inside a text", (unsigned char)*s->at);
        if (take(s, '\\')) {
            PJ_TRY(parse_escape(s, &to));
            continue;
        }
        size_t bytes = pj_utf8_sequence(s->at, (size_t)(s->end - s->at));
        if (!bytes)
            return pj_fail(s->err, PJ_EFORMAT, "byte 0x%02x is not UTF-8", (unsigned char)*s->at);
        memcpy(to, s->at, bytes);
        to += bytes;
        s->at += bytes;
    }
    return PJ_OK;
}

static pj_status parse_key(parser *s, const char **out)
{
    skip_space(s);
    PJ_TRY(parse_text(s, out));
    skip_space(s);
    return take(s, ':') ? PJ_OK : expected(s, "':'");
}

/* Members up to `close`, after the opening bracket. */
static pj_status parse_members(parser *s, char close, pj_json_node *parent)
{
    bool is_object = close == '}';
    unsigned index = 0;
    skip_space(s);
    if (take(s, close))
        return PJ_OK;
    for (pj_json_node **link = &parent->as.child;; link = &(*link)->next) {
        pj_json_node *member = PJ_NEW(s->arena, pj_json_node, 1);
        PJ_TRY(pj_got(member, s->err));
        if (is_object)
            PJ_TRY(parse_key(s, &member->key));
        PJ_TRY(parse_value(s, member));
        member->parent = parent;
        member->index = index++ & 0xfffffff; /* PJ_MAX_JSON_VALUES are far fewer */
        *link = member;
        skip_space(s);
        if (take(s, close))
            return PJ_OK;
        if (!take(s, ','))
            return expected(s, is_object ? "',' or '}'" : "',' or ']'");
    }
}

static pj_status parse_container(parser *s, pj_json_node *out)
{
    if (s->depth == PJ_MAX_JSON_DEPTH)
        return pj_fail(s->err, PJ_ELIMIT, "more than %d arrays and objects inside each other", PJ_MAX_JSON_DEPTH);
    char close = *s->at++ == '{' ? '}' : ']';
    out->kind = close == '}' ? PJ_JSON_OBJECT : PJ_JSON_ARRAY;
    s->depth++;
    PJ_TRY(parse_members(s, close, out));
    s->depth--;
    return PJ_OK;
}

static pj_status parse_word(parser *s, pj_json_node *out)
{
    static const struct {
        const char *word;
        pj_json_kind kind;
    } words[] = {
        {"false", PJ_JSON_BOOL},
        {"true",  PJ_JSON_BOOL},
        {"null",  PJ_JSON_NULL},
    };
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(s->end - s->at) >= length && memcmp(s->at, words[i].word, length) == 0) {
            out->kind = words[i].kind;
            out->as.number = i == 1;
            s->at += length;
            return PJ_OK;
        }
    }
    return expected(s, "a value");
}

static pj_status parse_any(parser *s, pj_json_node *out)
{
    if (s->values++ == s->most_values)
        return pj_fail(s->err, PJ_ELIMIT, "more than %zu values", s->most_values);
    char c = peek(s);
    out->line = s->line;
    if (c == '{' || c == '[')
        return parse_container(s, out);
    if (c == '-' || (c >= '0' && c <= '9'))
        return parse_number(s, out);
    if (c != '"')
        return parse_word(s, out);
    out->kind = PJ_JSON_TEXT;
    return parse_text(s, &out->as.text);
}

static pj_status parse_value(parser *s, pj_json_node *out)
{
    skip_space(s);
    out->begin = (uint32_t)(s->at - s->text);
    pj_status status = parse_any(s, out);
    out->end = (uint32_t)(s->at - s->text);
    return status;
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

pj_status pj_json_tree(const char *text, size_t length, size_t most_values, pj_arena *arena, const pj_json_node **root,
                       size_t *line, size_t *column, pj_error *err)
{
    parser s = {.text = text,
                .at = text,
                .end = text + length,
                .line = 1,
                .most_values = most_values,
                .arena = arena,
                .err = err};
    pj_json_node *node = PJ_NEW(arena, pj_json_node, 1);
    pj_status status = node ? parse_value(&s, node) : pj_fail_memory(err);
    if (status == PJ_OK)
        skip_space(&s);
    if (status == PJ_OK && s.at != s.end)
        status = expected(&s, "the end of the text");
    locate(text, s.at, line, column);
    *root = node;
    return status;
}
