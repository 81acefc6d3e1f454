/* Reading limits on growth and judging them. */
#include "diff/limit.h"

#include <string.h>

#include "base/amount.h"
#include "base/err.h"

/* What a limit may be about. */
typedef enum subject {
    TOTAL,
    INPUTS,
    OUTPUTS,
    PARAMETER_ENERGY,
    OP_COST,
    LAYER,
    MACS,
    FLOPS,
    PARAMS,
    PARAM_BITS,
    BOPS,
    SUBJECTS
} subject;

static const struct {
    const char *word;
    bool is_energy, is_stored; /* stored: known of layers that are not counted, too */
} subjects[SUBJECTS] = {
    [TOTAL] = {"total",      true,  false},
      [INPUTS] = {"inputs",     true,  false},
    [OUTPUTS] = {"outputs",    true,  false},
      [PARAMETER_ENERGY] = {"parameters", true,  false},
    [OP_COST] = {"op_cost",    true,  false},
      [LAYER] = {"layer",      true,  false},
    [MACS] = {"macs",       false, false},
      [FLOPS] = {"flops",      false, false},
    [PARAMS] = {"params",     false, true },
      [PARAM_BITS] = {"param_bits", false, true },
    [BOPS] = {"bops",       false, false},
};

typedef struct limit {
    subject subject;
    double amount; /* percent, pJ, or a count */
    bool is_percent;
    bool is_joule; /* a unit of joules was given */
} limit;

/* ---- reading ---- */

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

/* Without a unit it is a plain number. */
static bool read_unit(const char *word, limit *out)
{
    bool is_energy = subjects[out->subject].is_energy;
    size_t length = strcspn(word, " ");
    if (*skip_spaces(word + length))
        return false;
    out->is_percent = length == 1 && *word == '%';
    if (length == 0 || out->is_percent)
        return true;
    out->is_joule = is_energy;
    return pj_amount_convert(word, length, is_energy ? pj_units_energy : pj_units_count, &out->amount);
}

/* NULL: read; else what is wanted. */
static const char *read_limit(const char *text, limit *out)
{
    static const char wants[] = "WHAT>AMOUNT, for example total>2%, layer>10%, total>1uJ or macs>0; WHAT is total, "
                                "inputs, outputs, parameters, op_cost, layer, macs, flops, params, param_bits or bops";
    const char *at = skip_spaces(text);
    size_t length = strcspn(at, " >");
    memset(out, 0, sizeof *out);
    while (out->subject < SUBJECTS &&
           (strlen(subjects[out->subject].word) != length || memcmp(subjects[out->subject].word, at, length) != 0))
        out->subject++;
    at = skip_spaces(at + length);
    if (out->subject == SUBJECTS || *at != '>')
        return wants;
    at = pj_amount_number(skip_spaces(at + 1), PJ_DIGITS_PLAIN, &out->amount);
    return at && read_unit(at, out) ? NULL : wants;
}

const char *pj_diff_limit_check(const char *text)
{
    limit ignored;
    return read_limit(text, &ignored);
}

/* ---- judging ---- */

static double figure_of(const pj_totals *totals, subject which)
{
    switch (which) {
    case TOTAL:
        return pj_energy_total(&totals->energy);
    case INPUTS:
        return totals->energy.inputs;
    case OUTPUTS:
        return totals->energy.outputs;
    case PARAMETER_ENERGY:
        return totals->energy.parameters;
    case OP_COST:
        return totals->energy.op_cost;
    case MACS:
        return (double)totals->macs;
    case FLOPS:
        return (double)totals->flops;
    case PARAMS:
        return (double)totals->params;
    case PARAM_BITS:
        return (double)totals->param_bits;
    case BOPS:
        return (double)totals->bops;
    case LAYER:
    case SUBJECTS:
        break;
    }
    return 0;
}

/* From nothing, any growth is more than any percentage. */
static bool exceeds(const limit *l, double a, double b)
{
    if (b <= a)
        return false;
    return l->is_percent ? (b - a) * 100 > l->amount * a : b - a > l->amount;
}

/* The layer that has grown most of those that exceed the limit. */
static void judge_layers(const limit *l, const pj_diff *diff, pj_verdict *out)
{
    double most = 0;
    for (size_t i = 0; i < diff->row_count; i++) {
        const pj_diff_row *row = &diff->rows[i];
        if (!row->b || (!row->a && l->is_percent) || !exceeds(l, row->energy_a, row->energy_b))
            continue;
        out->count++;
        if (row->energy_b - row->energy_a > most) {
            most = row->energy_b - row->energy_a;
            out->what = row->b->name;
            out->a = row->energy_a;
            out->b = row->energy_b;
        }
    }
}

static void judge(const limit *l, const pj_diff *diff, pj_verdict *out)
{
    size_t before = diff->a->totals.uncounted, after = diff->b->totals.uncounted;
    out->what = subjects[l->subject].word;
    out->is_energy = subjects[l->subject].is_energy;
    if (l->subject == LAYER) {
        judge_layers(l, diff, out);
    } else {
        out->a = figure_of(&diff->a->totals, l->subject);
        out->b = figure_of(&diff->b->totals, l->subject);
        out->count = exceeds(l, out->a, out->b);
    }
    if (after > before && !subjects[l->subject].is_stored)
        out->uncounted = after - before;
    out->exceeded = out->count || out->uncounted;
}

pj_status pj_limits_judge(const pj_diff_options *options, pj_arena *arena, pj_diff *diff, pj_error *err)
{
    size_t count = options ? options->limit_count : 0;
    pj_verdict *verdicts = PJ_NEW(arena, pj_verdict, count);
    if (!verdicts)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        limit l;
        const char *text = options->limits[i], *wants = read_limit(text, &l);
        if (wants)
            return pj_fail(err, PJ_EARGUMENT, "limit \"%.60s\": wants %s", text, wants);
        if (l.is_joule && strcmp(diff->b->unit, "pJ") != 0)
            return pj_fail(err, PJ_EARGUMENT, "limit \"%.60s\": table %.80s has no joules; give a percentage", text,
                           diff->b->table);
        verdicts[i].limit = pj_arena_strdup(arena, text);
        if (!verdicts[i].limit)
            return pj_fail_memory(err);
        judge(&l, diff, &verdicts[i]);
        diff->exceeded += verdicts[i].exceeded;
    }
    diff->verdicts = verdicts;
    diff->verdict_count = count;
    return PJ_OK;
}
