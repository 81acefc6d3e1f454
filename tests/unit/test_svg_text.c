/* page/svg_text: widths by hand, and what fits. */
#include <string.h>

#include "check.h"
#include "page/svg_text.h"

static const pj_svg_font plain = {12, false}, heading = {16, true};

/* 'W' is 989 thousandths, 'i' 278; bold is 1.27 times that; what is not ASCII is 1.1 of the size. */
static void test_width(void)
{
    CHECK_NEAR(pj_svg_text_width("", plain), 0, 0);
    CHECK_NEAR(pj_svg_text_width("WW", plain), 2 * 0.989 * 12, 1e-12);
    CHECK_NEAR(pj_svg_text_width("Wi", heading), (0.989 + 0.278) * 16 * 1.27, 1e-12);
    CHECK_NEAR(pj_svg_text_width("\xe6\x97\xa5\xe6\x9c\xac", plain), 2 * 1.1 * 12, 1e-12);
    CHECK_NEAR(pj_svg_text_width("~ ", plain), (0.838 + 0.318) * 12, 1e-12);
}

static void fits(const char *text, double room, const char *want)
{
    pj_str out = pj_str_new(0);
    pj_svg_text_fit(&out, text, plain, room);
    CHECK_TEXT(out.data, want);
    CHECK(pj_svg_text_width(out.data, plain) <= room);
    pj_str_free(&out);
}

/* Ten "W" take 118.68; with dots in the middle (3.816 each) five are 59.34 + 11.448. */
static void test_fit(void)
{
    fits("WWWWWWWWWW", 118.7, "WWWWWWWWWW");
    fits("WWWWWWWWWW", 71, "WWWW...W");
    fits("WWWWWWWWWW", 20, "");
    fits("WWW", 36, "WWW");
    fits("WWW", 35, "");
    fits("", 0, "");
    fits("a\x01\x62", 1000, "a?b");
    fits("/encoder/layer/linear/MatMul", 90, "/e/l/l/MatMul");
}

int main(void)
{
    test_width();
    test_fit();
    return check_done();
}
