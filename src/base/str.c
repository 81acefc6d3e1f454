/* Growable text, numbers as text in every locale, and near-name search. */
#include "base/str.h"

#include <locale.h>

#include "base/ckd.h"

static char empty[1];

pj_str pj_str_new(size_t limit)
{
    pj_str str = {empty, 0, 0, limit, false, false};
    return str;
}

void pj_str_free(pj_str *str)
{
    if (str->capacity)
        free(str->data);
    *str = pj_str_new(str->limit);
}

void pj_str_fail_as(pj_str *str, const pj_str *part)
{
    str->failed = str->failed || part->failed;
    str->no_memory = str->no_memory || part->no_memory;
}

char *pj_str_keep(pj_str *str, pj_arena *arena)
{
    char *copy = str->failed ? NULL : pj_arena_strndup(arena, str->data, str->length);
    if (str->no_memory)
        pj_arena_fail(arena);
    pj_str_free(str);
    return copy;
}

void pj_str_clear(pj_str *str)
{
    str->length = 0;
    if (str->capacity)
        str->data[0] = 0;
}

/* Makes room for `more` bytes and the terminator. */
static bool reserve(pj_str *str, size_t more)
{
    size_t need, grown;
    if (str->failed)
        return false;
    if (!pj_add_size(str->length, more, &need) || (str->limit && need > str->limit) || !pj_add_size(need, 1, &need)) {
        str->failed = true;
        return false;
    }
    if (need <= str->capacity)
        return true;
    if (!pj_add_size(str->capacity, str->capacity / 2, &grown) || grown < need)
        grown = need < 64 ? 64 : need;
    char *data = realloc(str->capacity ? str->data : NULL, grown);
    if (!data) {
        str->failed = str->no_memory = true;
        return false;
    }
    str->data = data;
    str->capacity = grown;
    return true;
}

void pj_str_add_bytes(pj_str *str, const char *bytes, size_t length)
{
    if (!reserve(str, length))
        return;
    if (length)
        memcpy(str->data + str->length, bytes, length);
    str->length += length;
    str->data[str->length] = 0;
}

void pj_str_add(pj_str *str, const char *text)
{
    pj_str_add_bytes(str, text, strlen(text));
}

void pj_str_add_char(pj_str *str, char c)
{
    if (!reserve(str, 1))
        return;
    str->data[str->length++] = c;
    str->data[str->length] = 0;
}

void pj_str_vprintf(pj_str *str, const char *format, va_list args)
{
    char text[256]; /* nearly all are shorter, and are formatted but once */
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(text, sizeof text, format, args);
    if (length < 0)
        str->failed = true;
    else if ((size_t)length < sizeof text)
        pj_str_add_bytes(str, text, (size_t)length);
    else if (reserve(str, (size_t)length)) {
        vsnprintf(str->data + str->length, (size_t)length + 1, format, again);
        str->length += (size_t)length;
    }
    va_end(again);
}

void pj_str_printf(pj_str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pj_str_vprintf(str, format, args);
    va_end(args);
}

/* Replaces the locale's decimal point by '.'. */
static void plain_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    size_t length = strlen(point);
    char *at = strcmp(point, ".") == 0 ? NULL : strstr(text, point);
    if (!at)
        return;
    *at = '.';
    memmove(at + 1, at + length, strlen(at + length) + 1);
}

void pj_str_add_double(pj_str *str, double value)
{
    char text[40];
    if (!isfinite(value)) {
        pj_str_add(str, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    plain_point(text);
    pj_str_add(str, text);
}

/* The same as printf in a tenth of the time, where value * power is so far from the middle between two whole numbers
 * that its own rounding error does not matter. */
static bool add_small_fixed(pj_str *str, double value, int digits)
{
    static const int64_t powers[] = {1, 10, 100, 1000};
    if (digits < 0 || digits > 3 || !(value >= 0 && value < 1e9) || signbit(value))
        return false;
    double scaled = value * (double)powers[digits];
    int64_t whole = (int64_t)scaled;
    double rest = scaled - (double)whole;
    if (fabs(rest - 0.5) < 1e-3)
        return false;
    whole += rest > 0.5;
    char text[32], *at = text + sizeof text;
    for (int i = 0; i <= digits || whole > 0; i++) {
        if (i == digits && digits > 0)
            *--at = '.';
        *--at = (char)('0' + whole % 10);
        whole /= 10;
    }
    pj_str_add_bytes(str, at, (size_t)(text + sizeof text - at));
    return true;
}

void pj_str_add_fixed(pj_str *str, double value, int digits)
{
    char text[400];
    if (add_small_fixed(str, value, digits))
        return;
    snprintf(text, sizeof text, "%.*f", digits, value);
    plain_point(text);
    pj_str_add(str, text);
}

void pj_str_add_ratio(pj_str *str, double ratio)
{
    pj_str_add_char(str, 'x');
    pj_str_add_fixed(str, ratio, ratio == 0 ? 0 : ratio < 0.01 ? 4 : ratio < 99.995 ? 2 : 0);
}

void pj_str_add_shell(pj_str *str, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/=,:+";
    if (*word && strspn(word, plain) == strlen(word)) {
        pj_str_add(str, word);
        return;
    }
    pj_str_add_char(str, '\'');
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            pj_str_add(str, "'\\''"); /* closes, a quote, opens again */
        else
            pj_str_add_char(str, *at);
    pj_str_add_char(str, '\'');
}

bool pj_text_lists(const char *words, const char *word)
{
    const size_t length = strlen(word);
    if (!length || strchr(word, ' '))
        return false;
    for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

size_t pj_text_distance(const char *a, const char *b, size_t most)
{
    enum { LONGEST = 64 };
    size_t rows[3][LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > LONGEST || lb > LONGEST || (la > lb ? la - lb : lb - la) > most)
        return most + 1;
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    size_t distance = rows[la % 3][lb];
    return distance > most ? most + 1 : distance;
}

const char *pj_nearest_word(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t near = strlen(word) < 4 ? 1 : 3;
    for (; *words; words++) {
        size_t distance = pj_text_distance(word, *words, near);
        if (distance <= near) {
            best = *words;
            if (distance == 0)
                break;
            near = distance - 1;
        }
    }
    return best;
}

/* Matches one character against the set after '['; *set moves past ']'. An open set matches nothing. */
static bool in_set(const char **set, char c)
{
    const char *at = *set;
    bool negated = *at == '!' || *at == '^', found = false;
    at += negated;
    for (bool first = true; *at && (first || *at != ']'); first = false) {
        char low = *at++;
        char high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            high = at[1];
            at += 2;
        }
        found = found || (c >= low && c <= high);
    }
    if (!*at)
        return false;
    *set = at + 1;
    return found != negated;
}

bool pj_text_glob(const char *glob, const char *text)
{
    uint64_t steps = UINT64_MAX;
    return pj_text_glob_within(glob, text, &steps);
}

/* A set is counted as a whole: each text that is tried on it passes over all of it. */
bool pj_text_glob_within(const char *glob, const char *text, uint64_t *steps)
{
    const char *star = NULL, *retry = NULL;
    for (;;) {
        const char *set = glob + 1;
        uint64_t cost = *glob == '[' ? strcspn(set + (*set != 0), "]") + 1 : 1;
        *steps -= cost < *steps ? cost : *steps;
        if (*steps == 0)
            return false;
        if (*glob == '*') {
            star = ++glob;
            retry = text;
        } else if (!*text && !*glob) {
            return true;
        } else if (*text && *glob == '[' && in_set(&set, *text)) {
            glob = set;
            text++;
        } else if (*text && *glob != '[' && (*glob == '?' || *glob == *text)) {
            glob++;
            text++;
        } else if (star && *retry) {
            glob = star;
            text = ++retry;
        } else {
            return false;
        }
    }
}
