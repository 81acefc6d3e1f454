/* A small chart as SVG: axes with ticks at round numbers, lines, steps, points, a legend. One file that needs nothing
 * else: no scripts, no fonts; readable on light and dark pages. The same bytes for the same chart.
 *
 *     const pj_chart_point points[] = {{1, 3.5, "a1b2c3", false}, {2, 3.1, NULL, false}};
 *     const pj_chart_series series = {.mark = PJ_CHART_LINE, .points = points, .count = 2};
 *     const pj_chart chart = {.title = "resnet8", .x = {.title = "record", .whole = true},
 *                                 .y = {.title = "energy (uJ)", .from_zero = true}, .series = &series, .count = 1};
 *     pj_svg_write(&chart, &text);
 */
#pragma once

#include "base/str.h"

typedef struct pj_chart_point {
    double x, y;      /* not finite: a gap */
    const char *note; /* shown when pointed at; NULL: the two figures */
    bool apart;       /* no line from the point before: the two do not compare */
} pj_chart_point;

typedef enum pj_chart_mark {
    PJ_CHART_LINE,  /* straight lines, with a dot at each point where there are not too many */
    PJ_CHART_STEP,  /* y holds until the next x, as a frontier does */
    PJ_CHART_DOTS,  /* points alone */
    PJ_CHART_PALE,  /* points alone, in the colour of what does not matter */
    PJ_CHART_BARS,  /* from the axis up, each with its note above it, around whole x */
    PJ_CHART_LABELS /* a few points, each with its note written beside it */
} pj_chart_mark;

typedef struct pj_chart_series {
    const char *name; /* in the legend; NULL: not there */
    pj_chart_mark mark;
    const pj_chart_point *points;
    size_t count;
} pj_chart_series;

/* A place on an axis across that the chart names, with up to two lines of text. */
typedef struct pj_chart_tick {
    double at;
    const char *text, *below; /* clean; NULL: none */
} pj_chart_tick;

typedef struct pj_chart_axis {
    const char *title;          /* with the unit: "energy (uJ)" */
    bool from_zero;             /* starts at 0, unless there are negative values */
    bool whole;                 /* ticks at whole numbers only */
    bool log;                   /* logarithmic; values <= 0 are left out */
    bool no_ticks;              /* values mean nothing: the notes of the points say what they are */
    const pj_chart_tick *ticks; /* across: these, in order, as many as have room; else those at round numbers */
    size_t tick_count;
} pj_chart_axis;

typedef struct pj_chart {
    const char *title;
    const char *subtitle; /* NULL: none */
    pj_chart_axis x, y;
    const pj_chart_series *series; /* colours are given in this order; later ones lie on top */
    size_t count;
    const struct pj_chart *next; /* below it, in the same file; NULL: none */
} pj_chart;

/* Appends the chart, 760 x 420 units. Texts may be anything: they are escaped, and what is no text becomes "?". A chart
 * without a single point has empty axes. out->failed tells of missing memory. */
void pj_svg_write(const pj_chart *chart, pj_str *out);

/* The same with the style of a page around it (web/page.css), if `styled` is false. */
void pj_svg_draw(const pj_chart *chart, bool styled, pj_str *out);

/* "energy (uJ)"; without unit "energy". NULL: no memory. */
const char *pj_axis_title(const char *what, const char *unit, pj_arena *arena);

/* Round numbers for an axis: 1, 2 or 5 times a power of ten apart, `most` (>= 3) of them or fewer, from *first on *step
 * apart, the first at or below `low`, the last at or above `high`; returns how many. low <= high, both finite. */
size_t pj_svg_ticks(double low, double high, size_t most, bool whole, double *first, double *step);
