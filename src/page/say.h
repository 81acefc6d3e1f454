/* Sentences with figures in them: the words in one piece, and figures that know how a person reads them.
 *
 *     pj_say(out, "{} of {} is {}", pj_w_figure(1.5, quantity, "pJ"), pj_w_text(name), pj_w_share(0.25));
 *
 * Each {} takes the next word. */
#pragma once

#include "page/humane.h"
#include "picojoule/result.h"

/* "4.312 uJ", "12.50 M", "192.0 KiB", "25.0 %": a figure of any kind; `unit` is that of energies. */
void pj_human_figure(pj_str *out, double value, pj_quantity quantity, const char *unit);

typedef struct pj_word {
    enum { PJ_WORD_TEXT, PJ_WORD_OURS, PJ_WORD_FIGURE, PJ_WORD_EXACT, PJ_WORD_PLURAL } kind;
    pj_quantity quantity;
    double number;
    size_t count;
    const char *text, *many; /* a text; the unit of energies; singular and plural */
} pj_word;

/* A text of the model or the user, cleaned; one of ours, as it is. */
static inline pj_word pj_w_text(const char *text)
{
    return (pj_word){.kind = PJ_WORD_TEXT, .text = text};
}

static inline pj_word pj_w_ours(const char *text)
{
    return (pj_word){.kind = PJ_WORD_OURS, .text = text};
}

static inline pj_word pj_w_figure(double value, pj_quantity quantity, const char *unit)
{
    return (pj_word){.kind = PJ_WORD_FIGURE, .number = value, .quantity = quantity, .text = unit};
}

static inline pj_word pj_w_energy(double pj, const char *unit)
{
    return pj_w_figure(pj, PJ_QUANTITY_ENERGY, unit);
}

static inline pj_word pj_w_share(double share)
{
    return pj_w_figure(share, PJ_QUANTITY_SHARE, "");
}

static inline pj_word pj_w_bytes(double bytes)
{
    return pj_w_figure(bytes, PJ_QUANTITY_BYTES, "");
}

/* "2,656" */
static inline pj_word pj_w_exact(size_t count)
{
    return (pj_word){.kind = PJ_WORD_EXACT, .count = count};
}

/* "1 layer", "3 layers" */
static inline pj_word pj_w_plural(size_t count, const char *one, const char *many)
{
    return (pj_word){.kind = PJ_WORD_PLURAL, .count = count, .text = one, .many = many};
}

void pj_say_words(pj_str *out, const char *sentence, const pj_word *words);
#define pj_say(out, sentence, ...) pj_say_words((out), (sentence), (const pj_word[]){__VA_ARGS__})
