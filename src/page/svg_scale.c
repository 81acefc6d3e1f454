/* Ranges of the data, and ticks: 1, 2 or 5 times a power of ten apart. */
#include "page/svg_scale.h"

#include "base/real.h"

enum {
    MOST_X_TICKS = 9, /* with room for labels of eight characters each */
    MOST_Y_TICKS = 7, /* some 50 units apart */
    MOST_DECADES = 8  /* ticks of a logarithmic axis */
};

/* Beyond, differences of values would leave the doubles. */
#define MOST_VALUE 1e280

const pj_svg_font pj_svg_plain = {12, false};

const char *pj_axis_title(const char *what, const char *unit, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, *unit ? "%s (%s)" : "%s", what, unit);
    return pj_str_keep(&text, arena);
}

size_t pj_svg_ticks(double low, double high, size_t most, bool whole, double *first, double *step)
{
    static const double steps[] = {1, 2, 5};
    double spread = high > low ? high - low : fabs(low) > 0 ? fabs(low) : 1;
    double apart = fmin(fmax(spread / (double)(most - 1), 1e-290), 1e290); /* far from where doubles end */
    int power = (int)floor(pj_log10(apart));
    for (power = whole && power < 0 ? 0 : power;; power++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            *step = steps[i] * pj_pow(10, power);
            double begin = floor(low / *step), end = ceil(high / *step);
            end += end == begin;
            if (end - begin < (double)most) {
                *first = begin * *step;
                return (size_t)(end - begin) + 1;
            }
        }
}

bool pj_svg_shows(const pj_chart_axis *axis, double value)
{
    return isfinite(value) && !(axis->log && value <= 0);
}

static double on_axis(const pj_chart_axis *axis, double value)
{
    return axis->log ? pj_log10(value) : value;
}

/* The range of all points that are shown; 0 to 1 where there are none. */
static void find_range(const pj_chart *chart, bool of_x, pj_svg_scale *s)
{
    s->low = INFINITY;
    s->high = -INFINITY;
    for (size_t i = 0; i < chart->count; i++)
        for (size_t k = 0; k < chart->series[i].count; k++) {
            const pj_chart_point *p = &chart->series[i].points[k];
            if (!pj_svg_shows(&chart->x, p->x) || !pj_svg_shows(&chart->y, p->y))
                continue;
            double value = fmin(fmax(on_axis(s->axis, of_x ? p->x : p->y), -MOST_VALUE), MOST_VALUE);
            s->low = fmin(s->low, value);
            s->high = fmax(s->high, value);
        }
    if (s->low > s->high) {
        s->low = 0;
        s->high = 1;
    }
    if (s->axis->from_zero && !s->axis->log && s->low > 0)
        s->low = 0;
    for (size_t i = 0; of_x && i < chart->count; i++)
        if (chart->series[i].mark == PJ_CHART_BARS) { /* they are one wide at most */
            s->low -= 0.5;
            s->high += 0.5;
            break;
        }
}

/* An axis across ends at its data, an upright one at the ticks around them. */
pj_svg_scale pj_svg_scale_make(const pj_chart *chart, bool of_x)
{
    pj_svg_scale s = {.axis = of_x ? &chart->x : &chart->y};
    find_range(chart, of_x, &s);
    size_t most = s.axis->log ? MOST_DECADES : of_x ? MOST_X_TICKS : MOST_Y_TICKS;
    if (!of_x && s.low == s.high && !s.axis->log) { /* a constant: in the middle */
        double around = fabs(s.low) > 0 ? fabs(s.low) / 10 : 1;
        s.low -= around;
        s.high += around;
    }
    s.ticks = pj_svg_ticks(s.low, s.high, most, s.axis->whole || s.axis->log, &s.first, &s.step);
    if (!of_x || (s.axis->log && !s.axis->tick_count)) {
        s.low = s.first;
        s.high = s.first + (double)(s.ticks - 1) * s.step;
    }
    return s;
}

double pj_svg_place(const pj_svg_scale *s, double value)
{
    double share = s->high > s->low ? (on_axis(s->axis, value) - s->low) / (s->high - s->low) : 0.5;
    return s->from + share * (s->to - s->from);
}

/* The value of a tick; false: it lies outside of the range. */
bool pj_svg_tick_at(const pj_svg_scale *s, size_t i, double *value)
{
    double at = s->first + (double)i * s->step, slack = s->step * 1e-9;
    at = fabs(at) < slack ? 0 : at;
    *value = s->axis->log ? pj_pow(10, at) : at;
    return isfinite(*value) && !(s->axis->log && *value <= 0) && at >= s->low - slack && at <= s->high + slack;
}

/* With as many digits as tell neighbours apart. */
void pj_svg_tick_print(pj_str *out, const pj_svg_scale *s, double value)
{
    double digits = s->axis->log ? -floor(pj_log10(value)) : -floor(pj_log10(s->step) + 1e-9);
    if (s->axis->log && (value < 1e-3 || value >= 1e6))
        pj_str_printf(out, "1e%d", (int)floor(pj_log10(value) + 0.5));
    else if (fabs(value) >= 1e9 || digits > 6)
        pj_str_add_double(out, value);
    else
        pj_str_add_fixed(out, value, digits > 0 ? (int)digits : 0);
}

double pj_svg_widest_tick(const pj_svg_scale *s, pj_str *out)
{
    double widest = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < s->ticks; i++) {
        double value;
        pj_str_clear(&text);
        if (pj_svg_tick_at(s, i, &value))
            pj_svg_tick_print(&text, s, value);
        widest = fmax(widest, pj_svg_text_width(text.data, pj_svg_plain));
    }
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
    return widest;
}
