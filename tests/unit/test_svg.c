/* Charts: ticks by hand, marks where they belong, XML that is well formed whatever the texts and figures are. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "page/page.h"

/* ---- a small check of XML: tags nest, attributes are quoted and differ, references are known ---- */

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':' || c == '-';
}

/* Text or a value up to `end`; NULL: something in it is not allowed. */
static const char *skip_text(const char *at, char end)
{
    static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *at && *at != end; at++) {
        unsigned char c = (unsigned char)*at;
        bool known = *at != '&';
        for (size_t i = 0; i < sizeof references / sizeof *references; i++)
            known = known || strncmp(at, references[i], strlen(references[i])) == 0;
        if (!known || *at == '<' || (c < 0x20 && c != '\n') || c == 0x7f)
            return NULL;
    }
    return at;
}

/* Attributes up to '>' or "/>". */
static const char *skip_attributes(const char *at)
{
    const char *names[16];
    size_t lengths[16], count = 0;
    while (at && *at == ' ') {
        size_t length = 0;
        at++;
        while (is_name(at[length]))
            length++;
        for (size_t i = 0; i < count; i++)
            if (lengths[i] == length && memcmp(names[i], at, length) == 0)
                return NULL;
        if (length == 0 || at[length] != '=' || at[length + 1] != '"' || count == 16)
            return NULL;
        names[count] = at;
        lengths[count++] = length;
        at = skip_text(at + length + 2, '"');
        at = at && *at == '"' ? at + 1 : NULL;
    }
    return at;
}

/* One element behind its '<', and all in it. */
static const char *skip_element(const char *at, int depth)
{
    const char *name = at;
    size_t length = 0;
    while (is_name(at[length]))
        length++;
    at = length && depth < 8 ? skip_attributes(at + length) : NULL;
    if (at && strncmp(at, "/>", 2) == 0)
        return at + 2;
    if (!at || *at != '>')
        return NULL;
    for (at++; at;) {
        at = skip_text(at, '<');
        if (!at || !*at)
            return NULL;
        if (at[1] == '/')
            return strncmp(at + 2, name, length) == 0 && at[2 + length] == '>' ? at + 3 + length : NULL;
        at = skip_element(at + 1, depth + 1);
    }
    return NULL;
}

static bool is_xml(const char *text)
{
    const char *end = *text == '<' ? skip_element(text + 1, 0) : NULL;
    return end && strcmp(end, "\n") == 0;
}

static void test_the_check(void)
{
    CHECK(is_xml("<a b=\"1\" c=\"&lt;\"><d/>x &amp; y</a>\n"));
    static const char *const broken[] = {"<a>\n",           "<a></b>\n",     "<a b=1/>\n", "<a b=\"1\" b=\"2\"/>\n",
                                         "<a>&</a>\n",      "<a>\x01</a>\n", "<a/><b/>\n", "<a b=\"<\"/>\n",
                                         "<a><b></a></b>\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CHECK(!is_xml(broken[i]));
}

/* ---- ticks ---- */

static void check_ticks(double low, double high, size_t most, bool whole, double first, double step, size_t count)
{
    double got_first, got_step;
    CHECK_INT(pj_svg_ticks(low, high, most, whole, &got_first, &got_step), count);
    CHECK_NEAR(got_first, first, 1e-12);
    CHECK_NEAR(got_step, step, 1e-12);
}

static void test_ticks(void)
{
    check_ticks(0, 388, 7, false, 0, 100, 5); /* 50 would need 9 */
    check_ticks(0, 1, 7, false, 0, 0.2, 6);   /* 0.1 would need 11 */
    check_ticks(85.4, 388, 7, false, 0, 100, 5);
    check_ticks(-3, 4, 9, false, -3, 1, 8);
    check_ticks(1, 6, 9, true, 1, 1, 6);
    check_ticks(1, 2, 9, true, 1, 1, 2);      /* no halves */
    check_ticks(1, 1200, 9, true, 0, 200, 7); /* 0 to 1200 */
    check_ticks(5, 5, 7, false, 5, 0.1, 2);   /* one value: apart by a part of it */
    check_ticks(0, 0, 7, false, 0, 0.1, 2);
    check_ticks(0.00011, 0.00019, 5, false, 0.0001, 0.00005, 3); /* by 0.00002 from 0.0001 to 0.0002 were 6 */
}

/* From any range come at most so many ticks, which cover it. */
static void test_ticks_cover(void)
{
    static const double bounds[] = {-1e280, -123.4, -1e-9, 0, 3e-310, 1e-9, 0.3, 1, 99.5, 1e16, 1e16 + 4, 1e280};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        for (size_t k = i; k < sizeof bounds / sizeof *bounds; k++)
            for (size_t most = 3; most < 12; most += 3) { /* around 0 there are three at least */
                double first, step;
                size_t count = pj_svg_ticks(bounds[i], bounds[k], most, false, &first, &step);
                CHECK(count >= 2 && count <= most && step > 0);
                CHECK(first <= bounds[i] + step * 1e-9);
                CHECK(first + (double)(count - 1) * step >= bounds[k] - step * 1e-9);
            }
}

/* ---- charts ---- */

static void check_chart(const pj_chart *chart)
{
    pj_str out = pj_str_new(0);
    pj_svg_write(chart, &out);
    CHECK(!out.failed);
    CHECK(is_xml(out.data));
    CHECK(!strstr(out.data, "nan") && !strstr(out.data, "inf") && !strstr(out.data, "null"));
    CHECK(!strstr(out.data, "<script") && !strstr(out.data, "href") && !strstr(out.data, "url("));
    pj_str_free(&out);
}

/* 760 x 420; ticks 0, 50, 100, so labels of 3 characters: left 40 + 3 * 7 = 61, right 736, top 28 + 12 = 40, bottom
 * 368. x = 1 is 10 right of the left edge, x = 3 10 left of the right one, x = 2 between; y = 50 is half-way: 204. */
static void test_places(void)
{
    const pj_chart_point points[] = {
        {1, 0,   NULL, false},
        {2, 50,  "b",  false},
        {3, 100, NULL, true }
    };
    const pj_chart_series series = {.mark = PJ_CHART_LINE, .points = points, .count = 3};
    const pj_chart chart = {
        .title = "t",
        .x = {.title = "record",      .whole = true    },
        .y = {.title = "energy (uJ)", .from_zero = true},
        .series = &series,
        .count = 1
    };
    pj_str out = pj_str_new(0);
    pj_svg_write(&chart, &out);
    CHECK_PART(out.data, "<path d=\"M71.0 368.0L398.5 204.0M726.0 40.0\"/>");
    CHECK_PART(out.data, "cx=\"398.5\" cy=\"204.0\"><title>b</title>");
    CHECK_PART(out.data, "cx=\"71.0\" cy=\"368.0\"><title>1, 0</title>");
    CHECK_PART(out.data, ">record</text>");
    CHECK_PART(out.data, ">energy (uJ)</text>");
    pj_str_free(&out);
    pj_chart_series step = series;
    step.mark = PJ_CHART_STEP;
    pj_chart stairs = chart;
    stairs.series = &step;
    pj_svg_write(&stairs, &out);
    CHECK_PART(out.data, "<path d=\"M71.0 368.0H398.5L398.5 204.0M726.0 40.0\"/>");
    pj_str_free(&out);
}

enum { MOST_BARS = 200 };

/* Bars of 100 and, but for one, of 50, all of the same name. */
static void draw_bars(const char *name, size_t count, size_t highest, pj_str *out)
{
    pj_chart_point points[MOST_BARS];
    for (size_t i = 0; i < count; i++)
        points[i] = (pj_chart_point){(double)i + 1, i == highest ? 100 : 50, name, false};
    const pj_chart_series series = {.mark = PJ_CHART_BARS, .points = points, .count = count};
    const pj_chart chart = {
        .title = "t",
        .x = {.title = "kernel" },
        .y = { .title = "time", .from_zero = true},
        .series = &series,
        .count = 1
    };
    pj_str_clear(out);
    pj_svg_write(&chart, out);
    CHECK(!out->failed && is_xml(out->data));
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

/* As above, left 61 and 655 between the first and last place: twelve bars are 54.6 apart, too little for a path, so
 * names stand upright, and the bars leave them 120: 100 is at 160, and its name begins 5 above that, 4 right of the
 * middle of the bar, which is at 71 + 54.6 / 2. It has 115, and needs 142; /s1/conv1/relu/Relu needs 116, with c1 94.
 * Two bars are 327 apart, and short names have room anywhere. Of 200 bars, 3.3 apart, only the highest of nine has a
 * name. */
static void test_bar_names(void)
{
    static const char path[] = "/stack1/conv1/relu/Relu", written[] = ">/stack1/conv1/relu/Relu</text>";
    pj_str out = pj_str_new(0);
    draw_bars(path, 12, 0, &out);
    CHECK_PART(out.data, "y=\"160.0\"");
    CHECK_PART(out.data, "<g transform=\"translate(102 155.0) rotate(-90)\">");
    CHECK(occurrences(out.data, written) == 11);
    CHECK_PART(out.data, ">/s1/c1/relu/Relu</text>");
    draw_bars(path, 2, 0, &out);
    CHECK_PART(out.data, "y=\"40.0\"");
    CHECK(occurrences(out.data, written) == 2);
    CHECK(occurrences(out.data, "rotate(-90)") == 1); /* the title of the axis */
    draw_bars("ok", 12, 0, &out);
    CHECK(occurrences(out.data, "rotate(-90)") == 1);
    draw_bars(path, MOST_BARS, 100, &out);
    CHECK(occurrences(out.data, "<title>/stack1/conv1/relu/Relu</title>") == MOST_BARS);
    CHECK(occurrences(out.data, written) == 1); /* the first of those of 50 */
    CHECK_PART(out.data, ">/s1/c1/relu/Relu</text>");
    pj_str_free(&out);
}

/* 0.01 to 100: decades -2 to 2, so 1 is in the middle. What is not above 0 is left out. */
static void test_logarithmic(void)
{
    const pj_chart_point points[] = {
        {1, 0.01, NULL, false},
        {2, 0,    NULL, false},
        {2, 1,    NULL, false},
        {3, 100,  NULL, false}
    };
    const pj_chart_series series = {.mark = PJ_CHART_DOTS, .points = points, .count = 4};
    const pj_chart chart = {
        .title = "t", .x = {.title = "x"},
             .y = { .title = "y", .log = true},
             .series = &series, .count = 1
    };
    pj_str out = pj_str_new(0);
    pj_svg_write(&chart, &out);
    CHECK_PART(out.data, "cy=\"204.0\"><title>2, 1</title>");
    CHECK_PART(out.data, ">0.01</text>");
    CHECK_PART(out.data, ">100</text>");
    CHECK(!strstr(out.data, "<title>2, 0<"));
    pj_str_free(&out);
    check_chart(&chart);
}

/* Texts out of a model, and figures that leave the doubles. */
static void test_hostile(void)
{
    static const char *const texts[] = {"</title><script>alert(1)</script>",
                                        "a & b \"c\" 'd'",
                                        "\x01\x1b[31m\xff\xfe",
                                        "\xef\xbf\xbf \xc2\x85",
                                        "]]>",
                                        ""};
    static const double values[] = {0, -1, 1e300, -1e300, 5e-324, NAN, INFINITY, -INFINITY, 1e16 + 2, 123456.789};
    enum { VALUES = sizeof values / sizeof *values };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t i = 0; i < VALUES; i++)
            for (int log = 0; log < 2; log++)
                for (int mark = PJ_CHART_LINE; mark <= PJ_CHART_LABELS; mark++) {
                    const pj_chart_point points[] = {
                        {values[i],                values[(i * 3) % VALUES], texts[t], false},
                        {values[(i + t) % VALUES], values[i],                NULL,     false}
                    };
                    const pj_chart_series series = {texts[t], (pj_chart_mark)mark, points, 2};
                    const pj_chart chart = {
                        texts[t],
                        texts[t],
                        {.title = texts[t], .log = log   },
                        { .title = texts[t],      .log = !log, .whole = true},
                        &series,
                        1,
                        NULL
                    };
                    pj_chart two = chart;
                    two.next = &chart;
                    check_chart(&chart);
                    check_chart(&two);
                }
}

static void test_empty(void)
{
    const pj_chart chart = {.title = "nothing", .x = {.title = "x"}, .y = {.title = "y"}};
    check_chart(&chart);
}

int main(void)
{
    test_the_check();
    test_ticks();
    test_ticks_cover();
    test_places();
    test_bar_names();
    test_logarithmic();
    test_hostile();
    test_empty();
    return check_done();
}
