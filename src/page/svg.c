/* A small chart as SVG: scales and ticks, then axes, marks and texts from back to front. */
#include "page/page.h"

#include "page/svg_scale.h"

static const pj_svg_font heading = {16, true};

enum {
    WIDTH = 760,
    HEIGHT = 420,
    MOST_DOTS = 120,     /* beyond, a line has none of its own */
    TOOLTIP_WIDTH = 320, /* characters */
    LEGEND_ROW = 20,
    NAME_ROOM = 310,    /* of a name in the legend */
    LEGEND_SPACE = 32,  /* of a name in the legend: the box, and the distance to the next one */
    NOTE_ROOM = 280,    /* of a label beside a point */
    BAR_ROOM = 90,      /* of a name above a bar: where there is less, long ones stand upright ... */
    UPRIGHT_ROOM = 120, /* ... above bars that leave them so much, or more */
    MARGIN = 6,         /* no text comes nearer to the end of the chart */
    MOST_LABELS = 64,
    ASCENT = 11, /* of a text above its line, and below */
    DESCENT = 3,
    TICK_GAP = 10, /* between the texts of two ticks */
    PAD = 10,      /* between the first and last point and the frame */
    COLORS = 5
};

typedef struct box {
    double left, top, right, bottom;
} box;

/* Where texts stand beside points. */
typedef struct labels {
    box at[MOST_LABELS];
    size_t count;
} labels;

typedef struct frame {
    const pj_chart *chart;
    pj_str *out;
    pj_svg_scale x, y;
    double left, top, right, bottom;
    double legend; /* where it begins */
    labels *labels;
} frame;

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

/* A text of anything that begins, ends or has its middle at x, as `class` says: shortened to `room`, and moved where it
 * would leave the chart. */
static void write_text(pj_str *out, const char *class, double x, double y, const char *text, double room)
{
    pj_svg_font font = strcmp(class, "title") == 0 ? heading : pj_svg_plain;
    pj_str fits = pj_str_new(0);
    pj_svg_text_fit(&fits, text, font, fmin(room, WIDTH - 2 * MARGIN));
    double width = pj_svg_text_width(fits.data, font), before = *class == 'm' ? width / 2 : *class == 'e' ? width : 0;
    x = fmin(fmax(x, MARGIN + before), WIDTH - MARGIN - width + before);
    open_text(out, class, x, y);
    add_escaped(out, fits.data);
    pj_str_add(out, "</text>\n");
    pj_str_fail_as(out, &fits);
    pj_str_free(&fits);
}

/* A text that reads upwards, and begins or has its middle at y, as `class` says. */
static void write_upright(pj_str *out, const char *class, double x, double y, const char *text, double room)
{
    pj_str fits = pj_str_new(0);
    pj_svg_text_fit(&fits, text, pj_svg_plain, room);
    pj_str_add(out, "<g transform=\"translate(");
    pj_str_add_fixed(out, x, 0);
    pj_str_add_char(out, ' ');
    pj_str_add_fixed(out, y, 1);
    pj_str_add(out, ") rotate(-90)\">");
    open_text(out, class, 0, 0);
    add_escaped(out, fits.data);
    pj_str_add(out, "</text>\n</g>\n");
    pj_str_fail_as(out, &fits);
    pj_str_free(&fits);
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
    write_text(f->out, "n", x + 15, y, f->chart->series[at].name, NAME_ROOM);
}

/* Names side by side, in as many rows as they need; returns how many. */
static size_t place_legend(const frame *f, bool write)
{
    size_t rows = 0;
    double x = f->right;
    for (size_t i = 0; i < f->chart->count; i++) {
        const char *name = f->chart->series[i].name;
        double width = LEGEND_SPACE + (name ? fmin(pj_svg_text_width(name, pj_svg_plain), NAME_ROOM) : 0);
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

static bool has_second_line(const pj_chart_axis *axis)
{
    bool found = false;
    for (size_t i = 0; i < axis->tick_count; i++)
        found = found || axis->ticks[i].below;
    return found;
}

/* From one bar to the next. */
static double bar_step(const frame *f)
{
    return fabs(pj_svg_place(&f->x, 1) - pj_svg_place(&f->x, 0));
}

/* Would names of bars be cut to a few characters, which tell no layer from another? Then they stand upright. */
static bool has_upright_names(const frame *f, const pj_chart_series *series)
{
    double room = bar_step(f) - TICK_GAP / 2;
    bool cut = false;
    for (size_t i = 0; i < series->count && !cut && room < BAR_ROOM; i++)
        cut = series->points[i].note && pj_svg_text_width(series->points[i].note, pj_svg_plain) > room;
    return cut && series->mark == PJ_CHART_BARS;
}

static frame make_frame(const pj_chart *chart, pj_str *out)
{
    frame f = {.chart = chart, .out = out, .x = pj_svg_scale_make(chart, true), .y = pj_svg_scale_make(chart, false)};
    f.left = ceil(38 + pj_svg_widest_tick(&f.y, out));
    f.right = WIDTH - 24;
    f.legend = chart->subtitle ? 48 : 28;
    f.top = f.legend + 12 + (double)(LEGEND_ROW * place_legend(&f, false));
    f.bottom = HEIGHT - (has_second_line(&chart->x) ? 68 : 52);
    f.x.from = f.left + PAD;
    f.x.to = f.right - PAD;
    f.y.from = f.bottom;
    f.y.to = f.top;
    for (size_t i = 0; i < chart->count; i++)
        if (has_upright_names(&f, &chart->series[i]))
            f.y.to = f.top + UPRIGHT_ROOM;
    return f;
}

static void write_tick_text(const frame *f, const pj_svg_scale *s, const char *class, double x, double y, double value)
{
    pj_str text = pj_str_new(0);
    pj_svg_tick_print(&text, s, value);
    write_text(f->out, class, x, y, text.data, WIDTH);
    pj_str_fail_as(f->out, &text);
    pj_str_free(&text);
}

static double tick_width(const pj_chart_tick *tick)
{
    double width = tick->text ? pj_svg_text_width(tick->text, pj_svg_plain) : 0;
    return fmax(width, tick->below ? pj_svg_text_width(tick->below, pj_svg_plain) : 0);
}

/* Do every `stride`th of the ticks, counted from the last one, leave each other room? */
static bool leaves_room(const frame *f, size_t stride)
{
    const pj_chart_axis *axis = f->x.axis;
    for (size_t i = axis->tick_count - 1; i >= stride; i -= stride) {
        const pj_chart_tick *one = &axis->ticks[i - stride], *other = &axis->ticks[i];
        double apart = fabs(pj_svg_place(&f->x, other->at) - pj_svg_place(&f->x, one->at));
        if ((tick_width(one) + tick_width(other)) / 2 + TICK_GAP > apart)
            return false;
    }
    return true;
}

/* Ticks that the chart names: as many as have room, at even distances, the last one always. */
static void write_named_ticks(const frame *f)
{
    const pj_chart_axis *axis = f->x.axis;
    size_t stride = 1;
    while (stride < axis->tick_count && !leaves_room(f, stride))
        stride++;
    for (size_t i = (axis->tick_count - 1) % stride; i < axis->tick_count; i += stride) {
        const pj_chart_tick *tick = &axis->ticks[i];
        double x = pj_svg_place(&f->x, tick->at);
        write_line(f->out, "axis", x, f->bottom, x, f->bottom + 5);
        if (tick->text)
            write_text(f->out, "m", x, f->bottom + 20, tick->text, WIDTH);
        if (tick->below)
            write_text(f->out, "m", x, f->bottom + 36, tick->below, WIDTH);
    }
}

static void write_axes(const frame *f)
{
    double value, middle = (f->top + f->bottom) / 2;
    for (size_t i = 0; i < f->y.ticks; i++)
        if (pj_svg_tick_at(&f->y, i, &value)) {
            double y = pj_svg_place(&f->y, value);
            write_line(f->out, "grid", f->left, y, f->right, y);
            write_tick_text(f, &f->y, "e", f->left - 8, y + 4, value);
        }
    for (size_t i = 0; i < f->x.ticks && !f->x.axis->no_ticks && !f->x.axis->tick_count; i++)
        if (pj_svg_tick_at(&f->x, i, &value)) {
            double x = pj_svg_place(&f->x, value);
            write_line(f->out, "axis", x, f->bottom, x, f->bottom + 5);
            write_tick_text(f, &f->x, "m", x, f->bottom + 20, value);
        }
    if (f->x.axis->tick_count)
        write_named_ticks(f);
    write_line(f->out, "axis", f->left, f->bottom, f->right, f->bottom);
    write_text(f->out, "m", (f->left + f->right) / 2, HEIGHT - 12, f->chart->x.title, WIDTH);
    write_upright(f->out, "m", 18, middle, f->chart->y.title, 2 * fmin(middle, HEIGHT - middle) - 2 * MARGIN);
}

static bool point_at(const frame *f, const pj_chart_point *point, double *x, double *y)
{
    if (!pj_svg_shows(&f->chart->x, point->x) || !pj_svg_shows(&f->chart->y, point->y))
        return false;
    *x = pj_svg_place(&f->x, point->x);
    *y = pj_svg_place(&f->y, point->y);
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

/* Is there room for a text of this width whose line stands at y? Then it is taken. */
static bool take_room(const frame *f, double left, double y, double width)
{
    const box at = {left, y - ASCENT, left + width, y + DESCENT};
    if (at.left < MARGIN || at.right > WIDTH - MARGIN || at.top < f->top - ASCENT || at.bottom > f->bottom ||
        f->labels->count == MOST_LABELS)
        return false;
    for (size_t i = 0; i < f->labels->count; i++) {
        const box *other = &f->labels->at[i];
        if (at.left < other->right && other->left < at.right && at.top < other->bottom && other->top < at.bottom)
            return false;
    }
    f->labels->at[f->labels->count++] = at;
    return true;
}

/* Beside a point: above or below it, towards the middle or away from it, where no other one is; else nowhere, and it is
 * shown when pointed at, as all are. */
static void write_label(const frame *f, double x, double y, const char *note)
{
    static const double lines[] = {-10, 20};
    bool at_end = x > (f->left + f->right) / 2;
    pj_str fits = pj_str_new(0);
    pj_svg_text_fit(&fits, note, pj_svg_plain, NOTE_ROOM);
    double width = pj_svg_text_width(fits.data, pj_svg_plain);
    for (int i = 0; i < 4; i++) {
        bool before = at_end == (i < 2);
        double line = y + lines[i % 2];
        if (!take_room(f, before ? x - 8 - width : x + 8, line, width))
            continue;
        write_text(f->out, before ? "e" : "n", before ? x - 8 : x + 8, line, fits.data, NOTE_ROOM);
        break;
    }
    pj_str_fail_as(f->out, &fits);
    pj_str_free(&fits);
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
        if (series->mark == PJ_CHART_LABELS && point->note)
            write_label(f, x, y, point->note);
    }
}

/* Has the bar the room for an upright name? Where bars are too narrow, the highest ones of their neighbourhood have. */
static bool stands_out(const frame *f, const pj_chart_series *series, size_t at)
{
    size_t reach = (size_t)fmin((ASCENT + DESCENT) / bar_step(f), (double)series->count);
    for (size_t i = at > reach ? at - reach : 0; i <= at + reach && i < series->count; i++) {
        double other = series->points[i].y, own = series->points[at].y;
        if (other > own || (other >= own && i < at))
            return false;
    }
    return true;
}

static void write_bar_name(const frame *f, const pj_chart_series *series, size_t at, bool upright, double x, double y)
{
    const char *note = series->points[at].note;
    if (!upright)
        write_text(f->out, "m", x, y - 5, note, bar_step(f) - TICK_GAP / 2);
    else if (stands_out(f, series, at))
        write_upright(f->out, "n", x + 4, y - 5, note, y - 5 - f->top);
}

static void write_bars(const frame *f, const pj_chart_series *series)
{
    double width = fmin(60, 0.6 * bar_step(f));
    bool upright = has_upright_names(f, series);
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
        pj_str_add(f->out, "><title>");
        add_text(f->out, point->note ? point->note : "", TOOLTIP_WIDTH);
        pj_str_add(f->out, "</title></rect>\n");
        if (point->note)
            write_bar_name(f, series, i, upright, x, y);
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
    labels placed = {.count = 0};
    f.labels = &placed;
    write_text(out, "title", 16, 26, chart->title, WIDTH - 16 - MARGIN);
    if (chart->subtitle)
        write_text(out, "n", 16, 46, chart->subtitle, WIDTH - 16 - MARGIN);
    place_legend(&f, true);
    write_axes(&f);
    for (size_t i = 0; i < chart->count; i++)
        write_series(&f, i);
}

void pj_svg_draw(const pj_chart *chart, bool styled, pj_str *out)
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
    if (styled)
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

void pj_svg_write(const pj_chart *chart, pj_str *out)
{
    pj_svg_draw(chart, true, out);
}

void pj_write_svg(const pj_telling *t, pj_str *out)
{
    const pj_chart *chart = t->pieces->chart(t->input, t->arena);
    if (chart && !pj_arena_failed(t->arena))
        pj_svg_write(chart, out);
    else
        out->failed = true;
}
