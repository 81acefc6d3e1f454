/* What is shown of a comparison: its tables, and the sentences that text and Markdown share. */
#pragma once

#include "page/page.h"
#include "picojoule/diff.h"

typedef struct pj_diff_view {
    const pj_diff *diff;
    pj_arena *arena;
    const pj_diff_row **row; /* people: those that differ and are not free, largest difference first; else all */
    size_t count;
    const pj_finding *fresh; /* findings of B that A has not */
    size_t fresh_count;
} pj_diff_view;

/* Memory comes from the arena; false: there is none. */
bool pj_diff_view_make(const pj_diff *diff, bool for_people, pj_arena *arena, pj_diff_view *out);

/* Who reads a table of layers: each has columns of its own. */
enum { PJ_DIFF_TEXT = 1, PJ_DIFF_MARKDOWN = 2, PJ_DIFF_CSV = 4, PJ_DIFF_JSON = 8 };

/* Rows `from` to `to` - 1 as a table; what comes after them is summed up in a footer where `rest`, and all of it in
 * another. NULL: no memory. */
pj_rows *pj_diff_view_rows(const pj_diff_view *view, unsigned reader, size_t from, size_t to, bool rest);

/* The totals, each before, after, difference, ratio; the causes. NULL: no memory. */
pj_rows *pj_diff_view_totals(const pj_diff_view *view);
pj_rows *pj_diff_view_causes(const pj_diff_view *view);

/* "45.21 uJ instead of 100.3 uJ: -55.11 uJ, x0.45 (-54.9 %)" */
void pj_diff_view_headline(const pj_diff_view *view, pj_str *out);

/* "12 changed, 1 added, 2 renamed, 31 the same" */
void pj_diff_view_counts(const pj_diff_view *view, pj_str *out);

/* Items: the settings that differ; what makes the comparison doubtful. Nothing where there are none. */
void pj_diff_view_settings(const pj_diff_view *view, pj_page *page);
void pj_diff_view_warnings(const pj_diff_view *view, pj_page *page);

/* Were A and B priced otherwise, by the contents of their tables, too? */
bool pj_diff_view_other_prices(const pj_diff *diff);

/* The limits, for programs that follow alerts. NULL: no memory. */
const pj_verdicts *pj_diff_verdicts_of(const pj_diff *diff, pj_arena *arena);

/* What a limit says, one sentence: "total>2%: total has grown by 5.3 %, from 45.21 uJ to 47.60 uJ". */
void pj_diff_view_verdict(const pj_diff *diff, const pj_verdict *verdict, pj_str *out);

/* The totals of the device of that name; NULL: there is none. */
const pj_device_figure *pj_diff_view_device(const pj_result *result, const char *name);

/* "-5.745 uJ" with its sign. */
void pj_diff_view_change(const pj_diff *diff, double pj, pj_str *out);

/* The name of a row: "conv2", "conv2_quant (was conv2)". */
void pj_diff_view_name(const pj_diff_row *row, pj_str *out);
