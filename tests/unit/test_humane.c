/* Figures and texts for people. Expected texts are written by hand. */
#include <locale.h>

#include "check.h"
#include "page/say.h"

static pj_str text;

static const char *done(void)
{
    static char copy[256];
    size_t length = text.length < sizeof copy ? text.length : sizeof copy - 1;
    for (size_t i = 0; i < length; i++)
        copy[i] = text.data[i];
    copy[length] = 0;
    pj_str_clear(&text);
    return copy;
}

#define CHECK_SAYS(call, want)    \
    do {                          \
        call;                     \
        CHECK_TEXT(done(), want); \
    } while (0)

static void test_figures(void)
{
    CHECK_SAYS(pj_human_energy(&text, 0, "pJ"), "0.000 pJ");
    CHECK_SAYS(pj_human_energy(&text, 4.6, "pJ"), "4.600 pJ");
    CHECK_SAYS(pj_human_energy(&text, 999.9, "pJ"), "999.9 pJ");
    CHECK_SAYS(pj_human_energy(&text, 999.96, "pJ"), "1.000 nJ"); /* rounds into the next unit */
    CHECK_SAYS(pj_human_energy(&text, 45213000, "pJ"), "45.21 uJ");
    CHECK_SAYS(pj_human_energy(&text, 1.5e9, "pJ"), "1.500 mJ");
    CHECK_SAYS(pj_human_energy(&text, 3.6e18, "pJ"), "3.600 MJ");
    CHECK_SAYS(pj_human_energy(&text, 12.5e6, "relative"), "12.50 M relative");
    CHECK_SAYS(pj_human_time(&text, 0.45), "450.0 ns");
    CHECK_SAYS(pj_human_time(&text, 1234), "1.234 ms");
    CHECK_SAYS(pj_human_digits(&text, 9.9994), "9.999");
    CHECK_SAYS(pj_human_digits(&text, 9.9996), "10.00");
    CHECK_SAYS(pj_human_digits(&text, 99.996), "100.0");
    CHECK_SAYS(pj_human_digits(&text, 999.96), "1000");
}

static void test_counts(void)
{
    CHECK_SAYS(pj_human_count(&text, 0), "0");
    CHECK_SAYS(pj_human_count(&text, 999), "999");
    CHECK_SAYS(pj_human_count(&text, 2656768), "2.657 M");
    CHECK_SAYS(pj_human_count(&text, INT64_MAX), "9.223 E");
    CHECK_SAYS(pj_human_exact(&text, 7), "7");
    CHECK_SAYS(pj_human_exact(&text, 100), "100");
    CHECK_SAYS(pj_human_exact(&text, 2656768), "2,656,768");
    CHECK_SAYS(pj_human_exact(&text, -1000), "-1,000");
    CHECK_SAYS(pj_human_exact(&text, -100), "-100");
    CHECK_SAYS(pj_human_exact(&text, INT64_MAX), "9,223,372,036,854,775,807");
    CHECK_SAYS(pj_human_bits(&text, 0), "0 bytes");
    CHECK_SAYS(pj_human_bits(&text, 7), "7 bits");
    CHECK_SAYS(pj_human_bits(&text, 24), "3 bytes");
    CHECK_SAYS(pj_human_bits(&text, 723328), "88.30 KiB"); /* 90416 bytes / 1024 */
    CHECK_SAYS(pj_human_share(&text, 0), "0.0 %");
    CHECK_SAYS(pj_human_share(&text, 0.0004), "<0.1 %");
    CHECK_SAYS(pj_human_share(&text, 0.0005), "0.1 %");
    CHECK_SAYS(pj_human_share(&text, 1), "100.0 %");
    CHECK_SAYS(pj_human_plural(&text, 1, "layer", "layers"), "1 layer");
    CHECK_SAYS(pj_human_plural(&text, 1200, "layer", "layers"), "1,200 layers");
}

/* Three digits, with the unit that they then have. */
static void test_brief(void)
{
    CHECK_SAYS(pj_brief_energy(&text, 0, "pJ"), "0");
    CHECK_SAYS(pj_brief_energy(&text, 45213000, "pJ"), "45.2 uJ");
    CHECK_SAYS(pj_brief_energy(&text, -0.25, "pJ"), "-0.250 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 0.0004, "pJ"), "<0.001 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 0.9996, "pJ"), "1.00 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 9.996, "pJ"), "10.0 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 99.96, "pJ"), "100 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 999.4, "pJ"), "999 pJ");
    CHECK_SAYS(pj_brief_energy(&text, 999.5, "pJ"), "1.00 nJ"); /* 1000 pJ with three digits */
    CHECK_SAYS(pj_brief_energy(&text, 1500, "relative"), "1.50 k");
    CHECK_SAYS(pj_brief_time(&text, 1234), "1.23 ms");
    CHECK_SAYS(pj_brief_count(&text, 999), "999");
    CHECK_SAYS(pj_brief_count(&text, 999499), "999 k");
    CHECK_SAYS(pj_brief_count(&text, 999500), "1.00 M");
    CHECK_SAYS(pj_brief_count(&text, INT64_MAX), "9.22 E");
}

static void test_texts(void)
{
    CHECK_SAYS(pj_text_clean(&text, "a\033[31mb\n\x7f"), "a?[31mb??");
    CHECK_SAYS(pj_text_clean(&text, "a\u202eb\u2028c\u061cd\u200fe\u2069f\xef\xbf\xbe|\xef\xbf\xbf"), "a?b?c?d?e?f?|?");
    CHECK_SAYS(pj_text_clean(&text, "\u2027\u202f\u2065\u061b\ufffd\U0001f600\U0001fffd"),
               "\u2027\u202f\u2065\u061b\ufffd\U0001f600\U0001fffd");           /* their neighbours are shown */
    CHECK_SAYS(pj_text_clean(&text, "\xc2\x9b|\xff|\xc3\xa9"), "?|?|\xc3\xa9"); /* C1 control, no UTF-8, e acute */
    CHECK_INT(pj_text_width("\xc3\xa9t\xc3\xa9"), 3);
    CHECK_SAYS(pj_text_elide(&text, "short", 5), "short");
    CHECK_SAYS(pj_text_elide(&text, "abcdefghij", 9), "abcd...ij");
    CHECK_SAYS(pj_text_elide(&text, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 5), "\xc3\xa9\xc3\xa9...");
    /* one part of a path after the other, down to its initial and number; then the middle is cut */
    CHECK_SAYS(pj_text_elide(&text, "/encoder/layers.0/linear1/MatMul", 31), "/e/layers.0/linear1/MatMul");
    CHECK_SAYS(pj_text_elide(&text, "/encoder/layers.0/linear1/MatMul", 22), "/e/l.0/linear1/MatMul");
    CHECK_SAYS(pj_text_elide(&text, "/a/b/Add, /c/d/Mul", 18), "/a/b/Add, /c/d/Mul");
    CHECK_SAYS(pj_text_elide(&text, "/first/one/Add, /second/two/Mul", 26), "/f/one/Add, /s/two/Mul"); /* 12 each */
    CHECK_SAYS(pj_text_elide(&text, "/encoder/layers.0/linear1/MatMul", 16), "/e/l.0/l1/MatMul");
    CHECK_SAYS(pj_text_elide(&text, "/encoder/layers.0/linear1/MatMul", 15), "/e/l.0/l...tMul");
    CHECK_SAYS(pj_text_elide(&text, "model.layers.12.attn", 12), "m.l.12.attn");
    CHECK_SAYS(pj_text_wrap(&text, "one two three", 0, 2, 8), "one two\n  three");
    CHECK_SAYS(pj_text_wrap(&text, "one two", 6, 1, 8), "one\n two");
    CHECK_SAYS(pj_text_wrap(&text, "incomprehensibilities", 0, 2, 8), "incomprehensibilities");
    CHECK_SAYS(pj_text_wrap(&text, "", 0, 2, 8), "");
}

/* Each {} takes the next word; names are cleaned, our own words are not. */
static void test_say(void)
{
    pj_str out = pj_str_new(0);
    pj_say(&out, "{} of {}: {}, {} ({}); {}{}", pj_w_exact(1234), pj_w_plural(2, "layer", "layers"), pj_w_text("a\nb"),
           pj_w_energy(2500, "pJ"), pj_w_share(0.25), pj_w_bytes(1024), pj_w_ours(" {}"));
    CHECK_TEXT(out.data, "1,234 of 2 layers: a?b, 2.500 nJ (25.0 %); 1.000 KiB {}");
    pj_str_clear(&out);
    pj_say(&out, "{}", pj_w_figure(1e30, PJ_QUANTITY_COUNT, "")); /* beyond 64 bits: the largest number */
    CHECK_TEXT(out.data, "9.223 E");
    pj_str_free(&out);
}

int main(void)
{
    text = pj_str_new(0);
    test_figures();
    test_counts();
    test_brief();
    test_texts();
    if (setlocale(LC_ALL, "de_DE.UTF-8")) /* a decimal comma must change nothing */
        test_figures();
    CHECK(!text.failed);
    pj_str_free(&text);
    test_say();
    return check_done();
}
