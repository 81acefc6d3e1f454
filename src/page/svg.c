/* A small chart as SVG: scales and ticks, then axes, marks and texts from back to front. */
#include "page/page.h"

#include "base/real.h"

enum {
    WIDTH = 760,
    HEIGHT = 420,
    CHARACTER = 7,    /* about the width of one at the size of the axes' texts */
    MOST_X_TICKS = 9, /* with room for labels of eight characters each */
    MOST_Y_TICKS = 7, /* some 50 units apart */
    MOST_DECADES = 8, /* ticks of a logarithmic axis */
    MOST_DOTS = 120,  /* beyond, a line has none of its own */
    TITLE_WIDTH = 84, /* characters */
    TOOLTIP_WIDTH = 320,
    LEGEND_ROW = 20,
    NAME_WIDTH = 44,   /* characters of a name in the legend */
    LEGEND_SPACE = 32, /* of a name in the legend: the box, and the distance to the next one */
    NOTE_WIDTH = 40,   /* of a label beside a point */
    PAD = 10,          /* between the first and last point and the frame */
    COLORS = 5
};

/* Beyond, differences of values would leave the doubles. */
#define MOST_VALUE 1e280

/* One axis: a range of values and the pixels it covers; of a logarithmic one, `low` and `high` are exponents. */
typedef struct scale {
    const pj_chart_axis *axis;
    double low, high;
    double from, to; /* pixels of low and high */
    double first, step;
    size_t ticks;
} scale;

typedef struct frame {
    const pj_chart *chart;
    pj_str *out;
    scale x, y;
    double left, top, right, bottom;
    double legend; /* where it begins */
} frame;

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

static bool is_shown(const pj_chart_axis *axis, double value)
{
    return isfinite(value) && !(axis->log && value <= 0);
}

static double on_axis(const pj_chart_axis *axis, double value)
{
    return axis->log ? pj_log10(value) : value;
}

/* The range of all points that are shown; 0 to 1 where there are none. */
static void find_range(const pj_chart *chart, bool of_x, scale *s)
{
    s->low = INFINITY;
    s->high = -INFINITY;
    for (size_t i = 0; i < chart->count; i++)
        for (size_t k = 0; k < chart->series[i].count; k++) {
            const pj_chart_point *p = &chart->series[i].points[k];
            if (!is_shown(&chart->x, p->x) || !is_shown(&chart->y, p->y))
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
static scale make_scale(const pj_chart *chart, bool of_x)
{
    scale s = {.axis = of_x ? &chart->x : &chart->y};
    find_range(chart, of_x, &s);
    size_t most = s.axis->log ? MOST_DECADES : of_x ? MOST_X_TICKS : MOST_Y_TICKS;
    if (!of_x && s.low == s.high && !s.axis->log) { /* a constant: in the middle */
        double around = fabs(s.low) > 0 ? fabs(s.low) / 10 : 1;
        s.low -= around;
        s.high += around;
    }
    s.ticks = pj_svg_ticks(s.low, s.high, most, s.axis->whole || s.axis->log, &s.first, &s.step);
    if (!of_x || s.axis->log) {
        s.low = s.first;
        s.high = s.first + (double)(s.ticks - 1) * s.step;
    }
    return s;
}

static double pixel(const scale *s, double value)
{
    double share = s->high > s->low ? (on_axis(s->axis, value) - s->low) / (s->high - s->low) : 0.5;
    return s->from + share * (s->to - s->from);
}

/* The value of a tick; false: it lies outside of the range. */
static bool tick_at(const scale *s, size_t i, double *value)
{
    double at = s->first + (double)i * s->step, slack = s->step * 1e-9;
    at = fabs(at) < slack ? 0 : at;
    *value = s->axis->log ? pj_pow(10, at) : at;
    return isfinite(*value) && !(s->axis->log && *value <= 0) && at >= s->low - slack && at <= s->high + slack;
}

/* With as many digits as tell neighbours apart. */
static void add_tick(pj_str *out, const scale *s, double value)
{
    double digits = s->axis->log ? -floor(pj_log10(value)) : -floor(pj_log10(s->step) + 1e-9);
    if (fabs(value) >= 1e9 || digits > 6)
        pj_str_add_double(out, value);
    else
        pj_str_add_fixed(out, value, digits > 0 ? (int)digits : 0);
}

static double widest_tick(const scale *s, pj_str *out)
{
    size_t widest = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < s->ticks; i++) {
        double value;
        pj_str_clear(&text);
        if (tick_at(s, i, &value))
            add_tick(&text, s, value);
        widest = text.length > widest ? text.length : widest;
    }
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
    return (double)(widest * CHARACTER);
}

static void add_escaped(pj_str *out, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *text; text++) {
        const char *at = strchr(special, *text);
        if (at)
            pj_str_add(out, names[at - special]);
        else
            pj_str_add_char(out, *text);
    }
}

/* A text of anything, cut to `width` characters. */
static void add_text(pj_str *out, const char *text, size_t width)
{
    pj_str clean = pj_str_new(0), cut = pj_str_new(0);
    pj_text_clean(&clean, text);
    pj_text_elide(&cut, clean.data, width);
    add_escaped(out, cut.data);
    pj_str_fail_as(out, &clean);
    pj_str_fail_as(out, &cut);
    pj_str_free(&clean);
    pj_str_free(&cut);
}

static void add_number(pj_str *out, const char *name, double value)
{
    pj_str_printf(out, " %s=\"", name);
    pj_str_add_fixed(out, value, 1);
    pj_str_add_char(out, '"');
}

static void open_text(pj_str *out, const char *class, double x, double y)
{
    pj_str_printf(out, "<text class=\"%s\"", class);
    add_number(out, "x", x);
    add_number(out, "y", y);
    pj_str_add_char(out, '>');
}

static void write_text(pj_str *out, const char *class, double x, double y, const char *text, size_t width)
{
    open_text(out, class, x, y);
    add_text(out, text, width);
    pj_str_add(out, "</text>\n");
}

static void write_line(pj_str *out, const char *class, double x1, double y1, double x2, double y2)
{
    pj_str_printf(out, "<line class=\"%s\"", class);
    add_number(out, "x1", x1);
    add_number(out, "y1", y1);
    add_number(out, "x2", x2);
    add_number(out, "y2", y2);
    pj_str_add(out, "/>\n");
}

/* Colours for both kinds of pages; c0 to c4 are those of the series. */
static const char style[] =
    "<style>\n"
    "text{font:12px sans-serif;fill:#24292f}.title{font-size:16px;font-weight:bold}.m{text-anchor:middle}"
    ".e{text-anchor:end}\n"
    ".page{fill:#fff}.grid{stroke:#d8dee4}.axis{stroke:#57606a}.dot{stroke:#fff}\n"
    "path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}circle,rect{fill:currentColor}\n"
    ".c0{color:#0550ae}.c1{color:#bc4c00}.c2{color:#116329}.c3{color:#8250df}.c4{color:#a40e26}"
    ".pale{color:#8c959f}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#30363d}"
    ".axis{stroke:#8b949e}.dot{stroke:#0d1117}\n"
    ".c0{color:#58a6ff}.c1{color:#ffa657}.c2{color:#56d364}.c3{color:#d2a8ff}.c4{color:#ff7b72}"
    ".pale{color:#6e7681}}\n"
    "</style>\n";

/* "c1", or "pale" */
static void add_color(pj_str *out, const pj_chart *chart, size_t at)
{
    size_t color = 0;
    for (size_t i = 0; i < at; i++)
        color += chart->series[i].mark != PJ_CHART_PALE;
    if (chart->series[at].mark == PJ_CHART_PALE)
        pj_str_add(out, "pale");
    else
        pj_str_printf(out, "c%zu", color % COLORS);
}

/* A box in the series' colour, and its name. */
static void write_name(const frame *f, size_t at, double x, double y)
{
    pj_str_add(f->out, "<rect class=\"");
    add_color(f->out, f->chart, at);
    pj_str_add(f->out, "\" width=\"10\" height=\"10\"");
    add_number(f->out, "x", x);
    add_number(f->out, "y", y - 9);
    pj_str_add(f->out, "/>\n");
    write_text(f->out, "n", x + 15, y, f->chart->series[at].name, NAME_WIDTH);
}

/* Names side by side, in as many rows as they need; returns how many. */
static size_t place_legend(const frame *f, bool write)
{
    size_t rows = 0;
    double x = f->right;
    for (size_t i = 0; i < f->chart->count; i++) {
        const char *name = f->chart->series[i].name;
        size_t characters = name ? pj_text_width(name) : 0;
        double width = LEGEND_SPACE + (double)(CHARACTER * (characters < NAME_WIDTH ? characters : NAME_WIDTH));
        if (!name)
            continue;
        if (rows == 0 || x + width > f->right) {
            rows++;
            x = f->left;
        }
        if (write)
            write_name(f, i, x, f->legend + (double)(LEGEND_ROW * rows));
        x += width;
    }
    return rows;
}

static frame make_frame(const pj_chart *chart, pj_str *out)
{
    frame f = {.chart = chart, .out = out, .x = make_scale(chart, true), .y = make_scale(chart, false)};
    f.left = 40 + widest_tick(&f.y, out);
    f.right = WIDTH - 24;
    f.legend = chart->subtitle ? 48 : 28;
    f.top = f.legend + 12 + (double)(LEGEND_ROW * place_legend(&f, false));
    f.bottom = HEIGHT - 52;
    f.x.from = f.left + PAD;
    f.x.to = f.right - PAD;
    f.y.from = f.bottom;
    f.y.to = f.top;
    return f;
}

static void write_tick_text(const frame *f, const scale *s, const char *class, double x, double y, double value)
{
    open_text(f->out, class, x, y);
    add_tick(f->out, s, value);
    pj_str_add(f->out, "</text>\n");
}

static void write_axes(const frame *f)
{
    double value;
    for (size_t i = 0; i < f->y.ticks; i++)
        if (tick_at(&f->y, i, &value)) {
            double y = pixel(&f->y, value);
            write_line(f->out, "grid", f->left, y, f->right, y);
            write_tick_text(f, &f->y, "e", f->left - 8, y + 4, value);
        }
    for (size_t i = 0; i < f->x.ticks && !f->x.axis->no_ticks; i++)
        if (tick_at(&f->x, i, &value)) {
            double x = pixel(&f->x, value);
            write_line(f->out, "axis", x, f->bottom, x, f->bottom + 5);
            write_tick_text(f, &f->x, "m", x, f->bottom + 20, value);
        }
    write_line(f->out, "axis", f->left, f->bottom, f->right, f->bottom);
    write_text(f->out, "m", (f->left + f->right) / 2, HEIGHT - 12, f->chart->x.title, TITLE_WIDTH);
    pj_str_add(f->out, "<g transform=\"translate(18 ");
    pj_str_add_fixed(f->out, (f->top + f->bottom) / 2, 1);
    pj_str_add(f->out, ") rotate(-90)\">");
    write_text(f->out, "m", 0, 0, f->chart->y.title, TITLE_WIDTH / 2);
    pj_str_add(f->out, "</g>\n");
}

static bool point_at(const frame *f, const pj_chart_point *point, double *x, double *y)
{
    if (!is_shown(&f->chart->x, point->x) || !is_shown(&f->chart->y, point->y))
        return false;
    *x = pixel(&f->x, point->x);
    *y = pixel(&f->y, point->y);
    return true;
}

static void add_pair(pj_str *out, const char *before, double x, double y)
{
    pj_str_add(out, before);
    pj_str_add_fixed(out, x, 1);
    pj_str_add_char(out, ' ');
    pj_str_add_fixed(out, y, 1);
}

static void write_path(const frame *f, const pj_chart_series *series)
{
    bool pen_down = false;
    pj_str_add(f->out, "<path d=\"");
    for (size_t i = 0; i < series->count; i++) {
        double x, y;
        bool shown = point_at(f, &series->points[i], &x, &y);
        if (shown && pen_down && !series->points[i].apart) {
            if (series->mark == PJ_CHART_STEP) {
                pj_str_add(f->out, "H");
                pj_str_add_fixed(f->out, x, 1);
            }
            add_pair(f->out, "L", x, y);
        } else if (shown) {
            add_pair(f->out, "M", x, y);
        }
        pen_down = shown;
    }
    pj_str_add(f->out, "\"/>\n");
}

static void write_dots(const frame *f, const pj_chart_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        const pj_chart_point *point = &series->points[i];
        double x, y;
        if (!point_at(f, point, &x, &y))
            continue;
        pj_str_printf(f->out, "<circle class=\"dot\" r=\"%d\"", series->mark == PJ_CHART_LABELS ? 6 : 4);
        add_number(f->out, "cx", x);
        add_number(f->out, "cy", y);
        pj_str_add(f->out, "><title>");
        if (point->note) {
            add_text(f->out, point->note, TOOLTIP_WIDTH);
        } else {
            pj_str_add_double(f->out, point->x);
            pj_str_add(f->out, ", ");
            pj_str_add_double(f->out, point->y);
        }
        pj_str_add(f->out, "</title></circle>\n");
        if (series->mark == PJ_CHART_LABELS && point->note) {
            bool at_end = x > (f->left + f->right) / 2;
            double up = y - 10 > f->top ? -10 : 20;
            write_text(f->out, at_end ? "e" : "n", x + (at_end ? -8 : 8), y + up, point->note, NOTE_WIDTH);
        }
    }
}

static void write_bars(const frame *f, const pj_chart_series *series)
{
    double width = fmin(60, 0.6 * fabs(pixel(&f->x, 1) - pixel(&f->x, 0)));
    for (size_t i = 0; i < series->count; i++) {
        const pj_chart_point *point = &series->points[i];
        double x, y;
        if (!point_at(f, point, &x, &y))
            continue;
        pj_str_add(f->out, "<rect");
        add_number(f->out, "x", x - width / 2);
        add_number(f->out, "y", y);
        add_number(f->out, "width", width);
        add_number(f->out, "height", f->bottom - y);
        pj_str_add(f->out, "/>\n");
        if (point->note)
            write_text(f->out, "m", x, y - 5, point->note, NOTE_WIDTH);
    }
}

static void write_series(const frame *f, size_t at)
{
    const pj_chart_series *series = &f->chart->series[at];
    bool line = series->mark == PJ_CHART_LINE || series->mark == PJ_CHART_STEP;
    pj_str_add(f->out, "<g class=\"");
    add_color(f->out, f->chart, at);
    pj_str_add(f->out, "\">\n");
    if (line)
        write_path(f, series);
    if (series->mark == PJ_CHART_BARS)
        write_bars(f, series);
    else if (!line || series->count <= MOST_DOTS)
        write_dots(f, series);
    pj_str_add(f->out, "</g>\n");
}

/* One chart in its own coordinates. */
static void write_chart(const pj_chart *chart, pj_str *out)
{
    frame f = make_frame(chart, out);
    write_text(out, "title", 16, 26, chart->title, TITLE_WIDTH - 4);
    if (chart->subtitle)
        write_text(out, "n", 16, 46, chart->subtitle, TITLE_WIDTH + 20);
    place_legend(&f, true);
    write_axes(&f);
    for (size_t i = 0; i < chart->count; i++)
        write_series(&f, i);
}

void pj_svg_write(const pj_chart *chart, pj_str *out)
{
    int height = 0;
    for (const pj_chart *at = chart; at; at = at->next)
        height += HEIGHT;
    pj_str_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                  " role=\"img\">\n<title>",
                  WIDTH, height, WIDTH, height);
    add_text(out, chart->title, TOOLTIP_WIDTH);
    pj_str_add(out, "</title>\n");
    pj_str_add(out, style);
    pj_str_printf(out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height);
    write_chart(chart, out);
    height = 0;
    for (const pj_chart *at = chart->next; at; at = at->next) {
        height += HEIGHT;
        pj_str_printf(out, "<g transform=\"translate(0 %d)\">\n", height);
        write_chart(at, out);
        pj_str_add(out, "</g>\n");
    }
    pj_str_add(out, "</svg>\n");
}

void pj_write_svg(const pj_telling *t, pj_str *out)
{
    const pj_chart *chart = t->pieces->chart(t->input, t->arena);
    if (chart && !pj_arena_failed(t->arena))
        pj_svg_write(chart, out);
    else
        out->failed = true;
}
