/* How much room a text of a chart takes, whatever font the browser has for it, and what of it fits. */
#pragma once

#include "base/str.h"

typedef struct pj_svg_font {
    double size; /* units of the chart */
    bool bold;
} pj_svg_font;

/* The most that a clean text takes: DejaVu Sans, the widest of the usual ones, is what the figures are of. */
double pj_svg_text_width(const char *text, pj_svg_font font);

/* Appends a text of anything, clean, and shortened until it takes no more than `room`; nothing where five characters
 * would take more. */
void pj_svg_text_fit(pj_str *out, const char *text, pj_svg_font font, double room);
