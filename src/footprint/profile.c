/* Intensity profiles. */
#include "footprint/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "footprint/csv.h"

static const double most_intensity = 5000;

/* ---- times ---- */

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* `count` digits and then `after` (0: nothing); NULL: something else. */
static const char *digits(const char *at, int count, char after, int *out)
{
    *out = 0;
    for (int i = 0; at && i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return NULL;
        *out = *out * 10 + (at[i] - '0');
    }
    if (!at || (after && at[count] != after))
        return NULL;
    return at + count + (after != 0);
}

/* "Z", "+01:00", "" */
static bool read_offset(const char *at, int *seconds)
{
    int hours = 0, minutes = 0;
    char sign = *at;
    *seconds = 0;
    if (!*at || (*at == 'Z' && !at[1]))
        return true;
    if (sign != '+' && sign != '-')
        return false;
    at = digits(at + 1, 2, 0, &hours);
    if (at && *at)
        at = digits(at + (*at == ':'), 2, 0, &minutes);
    *seconds = (sign == '-' ? -60 : 60) * (hours * 60 + minutes);
    return at && !*at && hours < 24 && minutes < 60;
}

/* 2026-11-29T06:00[:00][Z|+01:00], also with a blank for T */
static bool read_date(const char *text, int64_t *out)
{
    int year, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset;
    const char *at = digits(text, 4, '-', &year);
    at = digits(digits(at, 2, '-', &month), 2, 0, &day);
    if (!at || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    if (*at == 'T' || *at == ' ') {
        at = digits(digits(at + 1, 2, ':', &hour), 2, 0, &minute);
        if (at && *at == ':')
            at = digits(at + 1, 2, 0, &second);
    }
    if (!at || hour > 23 || minute > 59 || second > 60 || !read_offset(at, &offset))
        return false;
    *out = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    return true;
}

bool pj_profile_hour(const pj_profile *profile, const char *text, double *out)
{
    int64_t at;
    if (!profile->is_dated || !read_date(text, &at))
        return pj_csv_number(text, out);
    *out = (double)(at - profile->start_s) / 3600;
    return true;
}

bool pj_profile_is_time(const char *text)
{
    int64_t ignored;
    double number;
    return read_date(text, &ignored) || (pj_csv_number(text, &number) && number >= 0);
}

void pj_profile_print(const pj_profile *profile, double hour, pj_str *out)
{
    int year, month, day;
    if (!profile->is_dated) {
        pj_str_add(out, "hour ");
        pj_str_add_double(out, hour);
        return;
    }
    int64_t at = profile->start_s + (int64_t)floor(hour * 3600 + 0.5),
            days = at >= 0 ? at / 86400 : (at - 86399) / 86400;
    int of_day = (int)(at - days * 86400);
    date_of(days, &year, &month, &day);
    pj_str_printf(out, "%04d-%02d-%02dT%02d:%02d", year, month, day, of_day / 3600, of_day / 60 % 60);
    if (of_day % 60)
        pj_str_printf(out, ":%02d", of_day % 60);
    pj_str_add(out, "Z");
}

/* ---- reading ---- */

typedef struct reader {
    pj_profile *out;
    pj_csv csv;
    size_t column, columns;
    bool has_time;
    double *values;
    size_t capacity;
    double last_h;
    pj_error *err;
} reader;

static pj_status read_header(reader *r)
{
    bool there;
    PJ_TRY(pj_csv_next(&r->csv, &there, r->err));
    if (!there)
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "the file is empty");
    r->columns = r->csv.fields;
    r->column = r->columns - 1;
    for (size_t i = 0; i < r->columns; i++)
        if (strcmp(r->csv.field[i], "g_per_kwh") == 0)
            r->column = i;
    r->has_time = r->column > 0;
    double number;
    return pj_csv_number(r->csv.field[r->column], &number)
               ? pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "a number where the header should stand")
               : PJ_OK;
}

/* Of the first row the time says how times are written; of the second one how long a step is. */
static pj_status read_time(reader *r, const char *field)
{
    pj_profile *out = r->out;
    size_t count = out->steps.count;
    double hour = 0;
    if (count == 0)
        out->is_dated = read_date(field, &out->start_s);
    int64_t at = out->start_s;
    if (out->is_dated ? !read_date(field, &at) : !pj_csv_number(field, &hour))
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "\"%.40s\" is no time like those before", field);
    hour = out->is_dated ? (double)(at - out->start_s) / 3600 : hour;
    if (count == 0 && hour != 0)
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "hours begin with 0, not with %.40s", field);
    double step = hour - r->last_h;
    if (count == 1)
        out->steps.step_h = step;
    if (count && !(step > 0 && fabs(step - out->steps.step_h) <= 1e-6 * out->steps.step_h))
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "a step of %g h where steps are of %g h", step,
                           out->steps.step_h);
    r->last_h = hour;
    return PJ_OK;
}

static pj_status read_row(reader *r)
{
    double value;
    if (r->csv.fields != r->columns)
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "%zu fields where the header has %zu", r->csv.fields,
                           r->columns);
    const char *field = r->csv.field[r->column];
    if (!pj_csv_number(field, &value))
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "\"%.40s\" is no number", field);
    if (!(value >= 0 && value <= most_intensity))
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "%g g/kWh where intensities are from 0 to %g", value,
                           most_intensity);
    if (r->has_time)
        PJ_TRY(read_time(r, r->csv.field[0]));
    PJ_TRY(pj_got(PJ_GROW(r->out->arena, r->values, r->out->steps.count, r->capacity), r->err));
    r->values[r->out->steps.count++] = value;
    return PJ_OK;
}

static pj_status read_all(reader *r, pj_repeats repeats)
{
    bool there = true;
    pj_steps *steps = &r->out->steps;
    double sum = 0;
    steps->step_h = 1;
    PJ_TRY(read_header(r));
    for (;;) {
        PJ_TRY(pj_csv_next(&r->csv, &there, r->err));
        if (!there)
            break;
        PJ_TRY(read_row(r));
    }
    if (steps->count == 0)
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "there is no row below the header");
    for (size_t i = 0; i < steps->count; i++)
        sum += r->values[i];
    r->out->mean = sum / (double)steps->count;
    steps->value = r->values;
    steps->repeats =
        repeats == PJ_REPEATS_AUTO ? (double)steps->count * steps->step_h <= 24 + 1e-9 : repeats == PJ_REPEATS_YES;
    return PJ_OK;
}

pj_status pj_profile_parse(char *text, size_t length, const char *name, pj_repeats repeats, pj_profile **out,
                           pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_profile *profile = arena ? PJ_NEW(arena, pj_profile, 1) : NULL;
    *out = NULL;
    pj_status status = profile ? PJ_OK : pj_fail_memory(err);
    if (profile) {
        reader r = {.out = profile, .csv = pj_csv_new(text, length, name), .err = err};
        profile->arena = arena;
        status = read_all(&r, repeats);
    }
    if (status == PJ_OK)
        *out = profile;
    else
        pj_arena_free(arena);
    return status;
}

pj_status pj_profile_open(const char *path, pj_repeats repeats, pj_profile **out, pj_error *err)
{
    char *text = NULL;
    size_t length;
    *out = NULL;
    PJ_TRY(pj_file_read(path, PJ_MAX_CSV_BYTES, &text, &length, err));
    pj_status status = pj_profile_parse(text, length, path, repeats, out, err);
    free(text);
    return status;
}

void pj_profile_close(pj_profile *profile)
{
    if (profile)
        pj_arena_free(profile->arena);
}
