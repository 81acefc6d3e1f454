/* What a report shows of an analysis: its layers sorted, cut or summed up in groups, as the options say. */
#pragma once

#include "base/map.h"
#include "report/columns.h"

/* What analyses say to those who ask for a chart. */
#define PJ_CHART_OF_SWEEPS "a chart is that of a sweep, as --sweep sram=256KiB,1MiB,4MiB --format svg"

typedef struct pj_view {
    const pj_result *result;
    const pj_totals *totals;
    pj_arena *arena;
    pj_group group;
    pj_sort sort;    /* never PJ_BY_FORMAT */
    bool for_people; /* text and Markdown: columns that have a title; else those that have a key */
    size_t devices;
    const char *columns;             /* of --columns; NULL: the usual ones */
    const pj_device_figure *unknown; /* figures of all devices for a layer that is not counted */
    pj_view_row *row;
    size_t count;     /* rows that are shown */
    size_t left_out;  /* rows that --top cut off */
    pj_view_row rest; /* their sum */
    pj_view_row sum;  /* of everything */
} pj_view;

/* People see the twenty dearest layers, and not those that cost nothing; programs see all in graph order, unless
 * `options`, which may be NULL, has another order. Memory is taken from the arena; false: there is none. */
bool pj_view_make(const pj_result *result, const pj_report_options *options, bool for_people, pj_arena *arena,
                  pj_view *out);

/* The rows as a table with its sums in the footers; NULL: no memory. */
pj_rows *pj_view_rows(const pj_view *view);

/* The word of --columns that is no column, and the names of all that are; NULL: there is none. */
const char *pj_view_unknown_column(const pj_view *view, pj_str *names);

/* The n layers that cost most, largest first; fewer where there are fewer. NULL: no memory. */
pj_rows *pj_view_top(const pj_view *view, size_t n);
