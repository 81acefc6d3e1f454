/* The axes of a chart: ranges, ticks at round numbers, values to places. */
#pragma once

#include "page/page.h"
#include "page/svg_text.h"

/* One axis: a range of values and the pixels it covers; of a logarithmic one, `low` and `high` are exponents. */
typedef struct pj_svg_scale {
    const pj_chart_axis *axis;
    double low, high;
    double from, to; /* pixels of low and high */
    double first, step;
    size_t ticks;
} pj_svg_scale;

/* Of what axes and legends are written in. */
extern const pj_svg_font pj_svg_plain;

/* The range of all points of the chart, across or upright; the caller sets `from` and `to`. An axis across ends at its
 * data, an upright one at the ticks around them. */
pj_svg_scale pj_svg_scale_make(const pj_chart *chart, bool of_x);

/* Can the axis show the value? */
bool pj_svg_shows(const pj_chart_axis *axis, double value);
double pj_svg_place(const pj_svg_scale *s, double value);

/* The value of a tick; false: it lies outside of the range. Its text has as many digits as tell neighbours apart. */
bool pj_svg_tick_at(const pj_svg_scale *s, size_t i, double *value);
void pj_svg_tick_print(pj_str *out, const pj_svg_scale *s, double value);

/* The room that the widest of its texts takes; out->failed tells of missing memory. */
double pj_svg_widest_tick(const pj_svg_scale *s, pj_str *out);
