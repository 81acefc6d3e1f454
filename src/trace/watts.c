/* Watts over time. */
#include "trace/watts.h"

#include "base/file.h"
#include "base/limits.h"
#include "footprint/csv.h"
#include "power/counter.h"
#include "trace/trace.h"

enum { TIME, WATTS, ADDED, COLUMNS };
static const char *const column_words[COLUMNS] = {"time_s", "watts", "added"};

static pj_status find_columns(const pj_csv *csv, size_t *column, pj_error *err)
{
    for (int k = 0; k < COLUMNS; k++) {
        column[k] = PJ_CSV_FIELDS;
        for (size_t i = 0; i < csv->fields; i++)
            if (strcmp(csv->field[i], column_words[k]) == 0)
                column[k] = i;
    }
    if (column[TIME] < PJ_CSV_FIELDS && column[WATTS] < PJ_CSV_FIELDS)
        return PJ_OK;
    return pj_csv_fail(csv, PJ_EFORMAT, err, "there is no column %s",
                       column_words[column[TIME] < PJ_CSV_FIELDS ? WATTS : TIME]);
}

/* One domain at one time: those of one time are summed up. */
static pj_status add_row(const pj_csv *csv, const size_t *column, pj_arena *arena, pj_watts *out, pj_error *err)
{
    double at, watts;
    const char *text = csv->field[column[WATTS]];
    if (column[ADDED] < csv->fields && strcmp(csv->field[column[ADDED]], "no") == 0)
        return PJ_OK;
    if (!*text)
        return PJ_OK; /* a gap */
    if (!pj_csv_number(csv->field[column[TIME]], &at) || !pj_csv_number(text, &watts) || watts < 0)
        return pj_csv_fail(csv, PJ_EFORMAT, err, "time_s and watts are to be numbers, watts from 0 on");
    pj_sample *last = out->count ? &out->sample[out->count - 1] : NULL;
    if (last && at < last->at)
        return pj_csv_fail(csv, PJ_EFORMAT, err, "time goes back, from %.9g s to %.9g s", last->at, at);
    if (last && at == last->at) {
        last->watts += watts;
        return PJ_OK;
    }
    PJ_TRY(pj_got(PJ_GROW(arena, out->sample, out->count, out->room), err));
    out->sample[out->count++] = (pj_sample){at, watts};
    return PJ_OK;
}

static pj_status find_step(pj_arena *arena, pj_watts *out, pj_error *err)
{
    double *steps = PJ_NEW(arena, double, out->count + 1);
    PJ_TRY(pj_got(steps, err));
    for (size_t i = 1; i < out->count; i++)
        steps[i - 1] = out->sample[i].at - out->sample[i - 1].at;
    out->step = pj_median(steps, out->count ? out->count - 1 : 0);
    return PJ_OK;
}

pj_status pj_watts_parse(char *text, size_t length, const char *name, pj_arena *arena, pj_watts *out, pj_error *err)
{
    pj_csv csv = pj_csv_new(text, length, name);
    size_t column[COLUMNS];
    bool there;
    *out = (pj_watts){.step = NAN};
    PJ_TRY(pj_csv_next(&csv, &there, err));
    PJ_TRY(find_columns(&csv, column, err));
    for (;;) {
        PJ_TRY(pj_csv_next(&csv, &there, err));
        if (!there)
            break;
        if (csv.fields > column[TIME] && csv.fields > column[WATTS])
            PJ_TRY(add_row(&csv, column, arena, out, err));
    }
    if (out->count < 2)
        return pj_csv_fail(&csv, PJ_EFORMAT, err, "%zu samples of power; two are the least", out->count);
    return find_step(arena, out, err);
}

pj_status pj_watts_read(const char *path, pj_arena *arena, pj_watts *out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    PJ_TRY(pj_file_read(path, PJ_MAX_CSV_BYTES, &text, &length, err));
    pj_status status = pj_watts_parse(text, length, path, arena, out, err);
    free(text);
    return status;
}

double pj_watts_energy(const pj_watts *watts, double from, double to, double *uncovered_s)
{
    pj_integral integral = pj_integral_new();
    double held;
    size_t low = 0, high = watts->count;
    while (low < high) { /* the first sample behind `from` */
        size_t middle = low + (high - low) / 2;
        if (watts->sample[middle].at <= from)
            low = middle + 1;
        else
            high = middle;
    }
    integral.from = from;
    integral.to = to;
    for (size_t i = low > 1 ? low - 2 : 0; i < watts->count; i++) {
        pj_integral_read(&integral, watts->sample[i].at, watts->sample[i].watts);
        if (watts->sample[i].at > to && i > low)
            break;
    }
    pj_integral_end(&integral, &held, uncovered_s);
    return integral.joules;
}
