/* The comparison: matched layers become rows, rows are explained, limits judged. */
#include "diff/match.h"
#include "diff/said.h"
#include "result/field.h"

/* What the caller gets, and what is needed to make and to free it. */
typedef struct draft {
    pj_diff result; /* first: this is what is handed out */
    pj_arena *arena;
    pj_setting_change *settings;
    pj_matching matching;
    pj_diff_row *rows;
} draft;

static bool same_format(const pj_format_info *a, const pj_format_info *b)
{
    return a->known == b->known && (!a->known || strcmp(a->word, b->word) == 0);
}

static bool same_shape(const pj_layer *a, const pj_layer *b)
{
    bool same = a->rank == b->rank || (a->rank < 0 && b->rank < 0); /* reports do not say why there is none */
    for (int k = 0; same && k < a->rank; k++) {
        const char *x = a->dims[k].symbol, *y = b->dims[k].symbol;
        same = a->dims[k].value == b->dims[k].value && (x && y ? strcmp(x, y) == 0 : x == y);
    }
    return same;
}

/* Figures are compared as far as a report keeps them. */
static bool same_figures(const pj_layer *a, const pj_layer *b)
{
    bool same = (double)a->input_bits == (double)b->input_bits && (double)a->output_bits == (double)b->output_bits &&
                (double)a->runs == (double)b->runs && a->conversion == b->conversion;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); same && f;
         f = pj_figure_next(f, PJ_IN_COMPARISONS))
        same = pj_figure_value(f, PJ_OF_LAYER, a) == pj_figure_value(f, PJ_OF_LAYER, b);
    return same;
}

static bool same_layer(const pj_layer *a, const pj_layer *b)
{
    return strcmp(a->op, b->op) == 0 && strcmp(a->domain, b->domain) == 0 && a->counted == b->counted &&
           a->free == b->free && same_shape(a, b) && same_figures(a, b) && same_format(a->input, b->input) &&
           same_format(a->weight, b->weight) && same_format(a->accumulator, b->accumulator) &&
           same_format(a->output, b->output);
}

static pj_change change_of(const pj_diff_row *row)
{
    if (!row->a || !row->b)
        return row->a ? PJ_REMOVED : PJ_ADDED;
    if (!same_layer(row->a, row->b))
        return PJ_CHANGED;
    return row->renamed ? PJ_RENAMED : PJ_SAME;
}

static void tell(pj_diff *diff, const pj_diff_row *row)
{
    if ((!row->a || row->a->free) && (!row->b || row->b->free))
        return;
    diff->same += row->change == PJ_SAME;
    diff->changed += row->change == PJ_CHANGED;
    diff->added += row->change == PJ_ADDED;
    diff->removed += row->change == PJ_REMOVED;
    diff->renamed += row->change == PJ_RENAMED;
}

static void add_row(draft *d, const pj_layer *a, const pj_layer *b)
{
    pj_diff_row *row = &d->rows[d->result.row_count++];
    row->a = a;
    row->b = b;
    row->renamed = a && b && strcmp(a->name, b->name) != 0;
    row->change = change_of(row);
    row->energy_a = a ? pj_energy_total(&a->energy) : 0;
    row->energy_b = b ? pj_energy_total(&b->energy) : 0;
    row->reason = "";
    if (a && b)
        pj_explain_row(&d->result, d->arena, row);
    tell(&d->result, row);
}

/* What was removed from `from` on, up to the next layer of A that is still there. */
static void add_removed(draft *d, size_t from)
{
    const pj_result *a = d->result.a;
    for (size_t i = from; i < a->layer_count && d->matching.b_of_a[i] == PJ_NO_LAYER; i++)
        add_row(d, &a->layers[i], NULL);
}

static pj_status make_rows(draft *d, pj_error *err)
{
    const pj_result *a = d->result.a, *b = d->result.b;
    PJ_TRY(pj_match_layers(a, b, d->arena, &d->matching, err));
    d->rows = PJ_NEW(d->arena, pj_diff_row, a->layer_count + b->layer_count);
    PJ_TRY(pj_got(d->rows, err));
    add_removed(d, 0);
    for (size_t i = 0; i < b->layer_count; i++) {
        size_t other = d->matching.a_of_b[i];
        add_row(d, other == PJ_NO_LAYER ? NULL : &a->layers[other], &b->layers[i]);
        if (other != PJ_NO_LAYER)
            add_removed(d, other + 1);
    }
    d->result.rows = d->rows;
    return pj_arena_failed(d->arena) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status run(draft *d, const pj_diff_options *options, pj_error *err)
{
    pj_diff *diff = &d->result;
    if (strcmp(diff->a->unit, diff->b->unit) != 0)
        return pj_fail(err, PJ_EARGUMENT,
                       "A is in %s (table %.100s), B in %s (table %.100s): there is no way from one to the other",
                       diff->a->unit, diff->a->table, diff->b->unit, diff->b->table);
    PJ_TRY(pj_setup_compare(&diff->a->setup, &diff->b->setup, &d->settings, &diff->setting_count, err));
    diff->settings = d->settings;
    PJ_TRY(make_rows(d, err));
    PJ_TRY(pj_explain_causes(diff, d->arena, err));
    return pj_limits_judge(options, d->arena, diff, err);
}

pj_status pj_diff_run(const pj_result *a, const pj_result *b, const pj_diff_options *options, pj_diff **out,
                      pj_error *err)
{
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    draft *d = arena ? PJ_NEW(arena, draft, 1) : NULL;
    if (!d) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    d->arena = arena;
    d->result.a = a;
    d->result.b = b;
    pj_status status = run(d, options, err);
    if (status == PJ_OK)
        *out = &d->result;
    else
        pj_diff_free(&d->result);
    return status;
}

void pj_diff_free(pj_diff *diff)
{
    if (!diff)
        return;
    draft *d = (draft *)(void *)diff;
    pj_setting_changes_free(d->settings);
    pj_arena_free(d->arena);
}
