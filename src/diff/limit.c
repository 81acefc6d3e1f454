/* Reading limits on growth and judging them. */
#include "diff/said.h"

#include "base/amount.h"
#include "result/field.h"

/* How the growth of a figure may not stand to the amount. */
typedef enum relation { ABOVE, AT_LEAST, BELOW, AT_MOST } relation;

typedef struct limit {
    const pj_field *figure;
    bool of_layers;
    relation relation;
    double amount; /* percent, or in the unit of the figure */
    bool is_percent;
    bool is_joule; /* a unit of joules was given */
} limit;

static const char layer_word[] = "layer"; /* the energy of any one */

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

/* What comes after the figure; NULL: no relation. */
static const char *read_relation(const char *at, relation *out)
{
    bool is_equal = (*at == '>' || *at == '<') && at[1] == '=';
    if (*at != '>' && *at != '<')
        return NULL;
    *out = *at == '>' ? (is_equal ? AT_LEAST : ABOVE) : (is_equal ? AT_MOST : BELOW);
    return skip_spaces(at + 1 + is_equal);
}

static const pj_amount_unit *units_of(pj_quantity quantity)
{
    return quantity == PJ_QUANTITY_ENERGY  ? pj_units_energy
           : quantity == PJ_QUANTITY_BYTES ? pj_units_bytes
                                           : pj_units_count;
}

/* Without a unit it is a plain number. */
static bool read_unit(const char *word, limit *out)
{
    size_t length = strcspn(word, " ");
    if (*skip_spaces(word + length))
        return false;
    out->is_percent = length == 1 && *word == '%';
    if (length == 0 || out->is_percent)
        return true;
    out->is_joule = pj_figure_is_energy(out->figure);
    return pj_amount_convert(word, length, units_of(out->figure->quantity), &out->amount);
}

/* NULL: read; else what is wanted. */
static const char *read_limit(const char *text, limit *out)
{
    static const char wants[] =
        "NAME>AMOUNT (or >=, <, <=), for example total>2%, layer>10%, total>1uJ or macs>0; NAME "
        "is layer or a figure of the model: docs/compare.md lists them";
    const char *at = skip_spaces(text);
    size_t length = strcspn(at, " <>");
    memset(out, 0, sizeof *out);
    out->of_layers = length == strlen(layer_word) && memcmp(at, layer_word, length) == 0;
    out->figure = out->of_layers ? pj_figure_total() : pj_figure_find(at, length, PJ_IN_LIMITS);
    at = out->figure ? read_relation(skip_spaces(at + length), &out->relation) : NULL;
    bool is_negative = at && *at == '-';
    at = at ? pj_amount_number(at + is_negative, PJ_DIGITS_PLAIN, &out->amount) : NULL;
    if (!at || !read_unit(at, out))
        return wants;
    out->amount = is_negative ? -out->amount : out->amount;
    return NULL;
}

const char *pj_diff_limit_check(const char *text)
{
    limit ignored;
    return read_limit(text, &ignored);
}

/* From nothing, any growth is more than any percentage. */
static bool exceeds(const limit *l, double a, double b)
{
    double growth = l->is_percent ? (b - a) * 100 : b - a;
    double amount = l->is_percent && (a > 0 || b > 0) ? l->amount * a : l->amount;
    switch (l->relation) {
    case ABOVE:
        return growth > amount;
    case AT_LEAST:
        return growth >= amount;
    case BELOW:
        return growth < amount;
    case AT_MOST:
        return growth <= amount;
    }
    return false;
}

/* The layer that is furthest from what the limit allows, of those that exceed it. */
static void judge_layers(const limit *l, const pj_diff *diff, pj_verdict *out)
{
    bool is_least = l->relation == BELOW || l->relation == AT_MOST;
    for (size_t i = 0; i < diff->row_count; i++) {
        const pj_diff_row *row = &diff->rows[i];
        double growth = row->energy_b - row->energy_a, worst = out->b - out->a;
        bool has_percent = row->a && (row->energy_a > 0 || row->energy_b > 0);
        if (!row->b || (l->is_percent && !has_percent) || !exceeds(l, row->energy_a, row->energy_b))
            continue;
        if (out->count++ == 0 || (is_least ? growth < worst : growth > worst)) {
            out->what = row->b->name;
            out->a = row->energy_a;
            out->b = row->energy_b;
        }
    }
}

static void judge(const limit *l, const pj_diff *diff, pj_verdict *out)
{
    size_t before = diff->a->totals.uncounted, after = diff->b->totals.uncounted;
    out->what = l->of_layers ? layer_word : l->figure->key;
    out->of_layers = l->of_layers;
    out->quantity = l->figure->quantity;
    if (l->of_layers) {
        judge_layers(l, diff, out);
    } else {
        out->a = pj_figure_value(l->figure, PJ_OF_TOTALS, &diff->a->totals);
        out->b = pj_figure_value(l->figure, PJ_OF_TOTALS, &diff->b->totals);
        out->is_unknown = out->a < 0 || out->b < 0;
        out->a = out->a < 0 ? NAN : out->a;
        out->b = out->b < 0 ? NAN : out->b;
        out->count = !out->is_unknown && exceeds(l, out->a, out->b);
    }
    if (after > before && !l->figure->is_stored)
        out->uncounted = after - before;
    out->exceeded = out->count || out->uncounted || out->is_unknown;
}

pj_status pj_limits_judge(const pj_diff_options *options, pj_arena *arena, pj_diff *diff, pj_error *err)
{
    size_t count = options ? options->limit_count : 0;
    pj_verdict *verdicts = PJ_NEW(arena, pj_verdict, count);
    PJ_TRY(pj_got(verdicts, err));
    for (size_t i = 0; i < count; i++) {
        limit l;
        const char *text = options->limits[i], *wants = read_limit(text, &l);
        if (wants)
            return pj_fail(err, PJ_EARGUMENT, "limit \"%.60s\": wants %s", text, wants);
        if (l.is_joule && strcmp(diff->b->unit, "pJ") != 0)
            return pj_fail(err, PJ_EARGUMENT, "limit \"%.60s\": table %.80s has no joules; give a percentage", text,
                           diff->b->table);
        verdicts[i].limit = pj_arena_strdup(arena, text);
        PJ_TRY(pj_got(verdicts[i].limit, err));
        judge(&l, diff, &verdicts[i]);
        diff->exceeded += verdicts[i].exceeded;
    }
    diff->verdicts = verdicts;
    diff->verdict_count = count;
    return PJ_OK;
}
