/* Limits on footprints: "gco2e_query>0.5", "gco2e_1000>+5%". */
#include <math.h>
#include <string.h>

#include "base/amount.h"
#include "base/err.h"
#include "footprint/footprint.h"

typedef struct word {
    const char *word;
    size_t at;
} word;

static const word figures[] = {
    {"kwh_site",           offsetof(pj_amounts,               kwh_site)},
    {"kwh_it",                    offsetof(pj_amounts,                                              kwh_it)},
    {"kwh",             offsetof(pj_amounts, kwh_site)},
    {"gco2e",offsetof(pj_amounts,             gco2e)},
    {"water",              offsetof(pj_amounts,                                        water_l)},
    {"phone_charges",                    offsetof(pj_amounts,                                               phone_charges)},
    {"cost",            offsetof(pj_amounts,      cost)},
    {NULL,0},
};
static const word units[] = {
    {"query",                    offsetof(pj_footprint_row,     query)},
    {"1000",                          offsetof(pj_footprint_row,                                                  thousand)},
    {"million",                 offsetof(pj_footprint_row,million)},
    {"token",offsetof(pj_footprint_row,          token)},
    {"million_tokens",                    offsetof(pj_footprint_row,                                        million_tokens)},
    {"day",                          offsetof(pj_footprint_row,                                        day)},
    {"period",           offsetof(pj_footprint_row, period)},
    {"training",offsetof(pj_footprint_row,query)},
    {NULL,                   0            },
};

typedef struct limit {
    size_t figure, unit; /* offsets */
    bool above, equal;   /* exceeded by more; by the amount itself, too */
    bool against_first;  /* a percentage of the first row */
    double amount;
} limit;

/* The word that stands at `at`, of `length`; NULL: none of them. */
static const word *find(const word *list, const char *at, size_t length)
{
    while (list->word && (strlen(list->word) != length || memcmp(list->word, at, length) != 0))
        list++;
    return list->word ? list : NULL;
}

static const char *skip(const char *at)
{
    return at + strspn(at, " ");
}

/* "gco2e_million_tokens": the name of a figure, then of a unit. */
static bool read_name(const char *at, size_t length, limit *out)
{
    for (size_t i = 1; i + 1 < length; i++) {
        const word *figure = at[i] == '_' ? find(figures, at, i) : NULL;
        const word *unit = figure ? find(units, at + i + 1, length - i - 1) : NULL;
        if (unit) {
            out->figure = figure->at;
            out->unit = unit->at;
            return true;
        }
    }
    return false;
}

static const char *read_limit(const char *text, limit *out)
{
    static const char wants[] =
        "FIGURE_UNIT>AMOUNT (or >=, <, <=), for example gco2e_query>0.5, kwh_1000>0.02 or, against the first input, "
        "gco2e_1000>+5%; figures are kwh, kwh_it, gco2e, water, phone_charges, cost, units query, 1000, million, "
        "token, "
        "million_tokens, day, period, training";
    const char *at = skip(text);
    size_t length = strcspn(at, " <>");
    *out = (limit){0};
    if (!read_name(at, length, out))
        return wants;
    at = skip(at + length);
    out->above = *at == '>';
    if (*at != '>' && *at != '<')
        return wants;
    out->equal = at[1] == '=';
    at = skip(at + 1 + out->equal);
    bool negative = *at == '-', is_change = negative || *at == '+';
    at = pj_amount_number(at + is_change, PJ_DIGITS_EXPONENT, &out->amount);
    out->amount = negative ? -out->amount : out->amount;
    out->against_first = at && *at == '%';
    if (!at || *skip(at + out->against_first) || out->against_first != is_change)
        return wants;
    return NULL;
}

const char *pj_footprint_limit_wants(const char *text)
{
    limit ignored;
    return read_limit(text, &ignored);
}

static double value_of(const limit *l, const pj_footprint_row *row)
{
    double value;
    memcpy(&value, (const char *)row + l->unit + l->figure, sizeof value);
    return value;
}

static bool exceeds(const limit *l, double value, double bound)
{
    if (l->above)
        return l->equal ? value >= bound : value > bound;
    return l->equal ? value <= bound : value < bound;
}

/* The row that is furthest on the wrong side. What is not known exceeds every limit. */
static void judge(const limit *l, const pj_footprint *footprint, pj_footprint_verdict *out)
{
    double first = value_of(l, &footprint->rows[0]);
    size_t from = l->against_first && footprint->row_count > 1;
    out->least = l->against_first ? first * (1 + l->amount / 100) : l->amount;
    for (size_t i = from; i < footprint->row_count; i++) {
        const pj_footprint_row *row = &footprint->rows[i];
        double value = value_of(l, row);
        bool worse = out->row && (l->above ? value > out->value : value < out->value);
        out->exceeded = out->exceeded || !isfinite(value) || exceeds(l, value, out->least);
        if (!out->row || worse || isnan(value)) {
            out->row = row;
            out->value = value;
        }
    }
}

pj_status pj_footprint_judge(pj_footprint *footprint, pj_arena *arena, pj_error *err)
{
    const pj_footprint_ask *ask = &footprint->asked;
    pj_footprint_verdict *verdicts = PJ_NEW(arena, pj_footprint_verdict, ask->limit_count);
    if (!verdicts)
        return pj_fail_memory(err);
    for (size_t i = 0; i < ask->limit_count; i++) {
        limit l;
        const char *wants = read_limit(ask->limits[i], &l);
        if (wants)
            return pj_fail(err, PJ_EARGUMENT, "limit \"%.60s\": wants %s", ask->limits[i], wants);
        verdicts[i].limit = ask->limits[i];
        if (footprint->row_count)
            judge(&l, footprint, &verdicts[i]);
        footprint->exceeded += verdicts[i].exceeded;
    }
    footprint->verdicts = verdicts;
    footprint->verdict_count = ask->limit_count;
    return PJ_OK;
}
