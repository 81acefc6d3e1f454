/* CSV, cut up in place. */
#include "footprint/csv.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "picojoule/footprint.h"

pj_csv pj_csv_new(char *text, size_t length, const char *name)
{
    bool has_mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    return (pj_csv){.name = name, .separator = ',', .at = text + (has_mark ? 3 : 0), .end = text + length};
}

pj_status pj_csv_fail(const pj_csv *csv, pj_status status, pj_error *err, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    status = pj_fail(err, status, "row %zu: %s", csv->row, text);
    pj_error_at(err, csv->name, NULL, NULL);
    return status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One field from `at` on, before `end`; returns what follows its comma, NULL: it was the last. */
static char *cut_field(pj_csv *csv, char *at, char *end)
{
    char *first, *last, *next;
    while (at < end && is_blank(*at))
        at++;
    if (at < end && *at == '"') {
        first = last = ++at;
        while (at < end && !(*at == '"' && (at + 1 == end || at[1] != '"'))) {
            at += *at == '"';
            *last++ = *at++;
        }
        next = at < end ? memchr(at, csv->separator, (size_t)(end - at)) : NULL;
    } else {
        first = at;
        next = memchr(at, csv->separator, (size_t)(end - at));
        last = next ? next : end;
        while (last > first && is_blank(last[-1]))
            last--;
    }
    *last = 0;
    csv->field[csv->fields++] = first;
    return next ? next + 1 : NULL;
}

static bool is_empty(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at == end;
}

pj_status pj_csv_next(pj_csv *csv, bool *there, pj_error *err)
{
    char *at, *end;
    do {
        *there = csv->at < csv->end;
        if (!*there)
            return PJ_OK;
        at = csv->at;
        end = memchr(at, '\n', (size_t)(csv->end - at));
        end = end ? end : csv->end;
        csv->at = end < csv->end ? end + 1 : end;
        csv->row++;
    } while (is_empty(at, end));
    if (csv->row > PJ_MAX_PROFILE_ROWS + 1)
        return pj_csv_fail(csv, PJ_ELIMIT, err, "more than %d rows", PJ_MAX_PROFILE_ROWS);
    if (end - at > PJ_MAX_CSV_LINE)
        return pj_csv_fail(csv, PJ_ELIMIT, err, "longer than %d bytes", PJ_MAX_CSV_LINE);
    if (memchr(at, 0, (size_t)(end - at)))
        return pj_csv_fail(csv, PJ_EFORMAT, err, "a NUL byte; this is no CSV");
    csv->fields = 0;
    while (at) {
        if (csv->fields == PJ_CSV_FIELDS)
            return pj_csv_fail(csv, PJ_EFORMAT, err, "more than %d fields", PJ_CSV_FIELDS);
        at = cut_field(csv, at, end);
    }
    return PJ_OK;
}

/* Digits that a double holds exactly, over a power of ten that it holds exactly: one rounding, so the nearest double.
 * That is how nearly all numbers of a profile look. */
static bool short_number(const char *at, double *out)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    enum { MOST = 15 };
    uint64_t whole = 0;
    int digits = 0, after = 0;
    bool point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        point = point || *at == '.';
        if (*at == '.')
            continue;
        whole = whole * 10 + (uint64_t)(*at - '0');
        after += point;
        if (++digits > MOST)
            return false;
    }
    *out = (double)whole / tens[after];
    return digits > 0 && !*at;
}

bool pj_csv_number(const char *field, double *out)
{
    return short_number(field, out) || pj_number_read(field, out);
}
