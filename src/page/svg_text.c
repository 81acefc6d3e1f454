/* Widths of characters, summed up. */
#include "page/svg_text.h"

#include "page/humane.h"

enum { FIRST = ' ', LAST = '~', OTHERS = 1100, LEAST_COLUMNS = 5, MOST_COLUMNS = 400 };

/* Thousandths of the size: the advance widths of DejaVu Sans 2.37 (table hmtx), from ' ' to '~'. */
static const short advance[] = {318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
                                636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
                                1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
                                603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
                                500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
                                635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};

/* In bold no character is wider by more than this. */
static const double bolder = 1.27;

double pj_svg_text_width(const char *text, pj_svg_font font)
{
    double sum = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= FIRST && c <= LAST)
            sum += advance[c - FIRST];
        else if ((c & 0xc0) != 0x80) /* the first byte of another character */
            sum += OTHERS;
    }
    return sum / 1000 * font.size * (font.bold ? bolder : 1);
}

void pj_svg_text_fit(pj_str *out, const char *text, pj_svg_font font, double room)
{
    pj_str clean = pj_str_new(0), cut = pj_str_new(0);
    pj_text_clean(&clean, text);
    size_t columns = pj_text_width(clean.data);
    for (columns = columns < MOST_COLUMNS ? columns : MOST_COLUMNS; !cut.failed; columns--) {
        pj_str_clear(&cut);
        pj_text_elide(&cut, clean.data, columns > LEAST_COLUMNS ? columns : LEAST_COLUMNS);
        if (pj_svg_text_width(cut.data, font) <= room)
            break;
        if (columns <= LEAST_COLUMNS) {
            pj_str_clear(&cut);
            break;
        }
    }
    pj_str_add(out, cut.data);
    pj_str_fail_as(out, &clean);
    pj_str_fail_as(out, &cut);
    pj_str_free(&clean);
    pj_str_free(&cut);
}
