/* Sentences with figures in them. */
#include "page/say.h"

void pj_human_figure(pj_str *out, double value, pj_quantity quantity, const char *unit)
{
    switch (quantity) {
    case PJ_QUANTITY_ENERGY:
        pj_human_energy(out, value, unit);
        break;
    case PJ_QUANTITY_COUNT:
    case PJ_QUANTITY_NONE:
        pj_human_count(out, value < 0x1p63 ? (int64_t)value : INT64_MAX);
        break;
    case PJ_QUANTITY_BITS:
        pj_human_bits(out, value);
        break;
    case PJ_QUANTITY_BYTES:
        pj_human_bits(out, 8 * ceil(value));
        break;
    case PJ_QUANTITY_TIME:
        pj_human_time(out, value);
        break;
    case PJ_QUANTITY_SHARE:
        pj_human_share(out, value);
        break;
    }
}

static void say_word(pj_str *out, const pj_word *word)
{
    switch (word->kind) {
    case PJ_WORD_TEXT:
        pj_text_clean(out, word->text);
        break;
    case PJ_WORD_OURS:
        pj_str_add(out, word->text);
        break;
    case PJ_WORD_FIGURE:
        pj_human_figure(out, word->number, word->quantity, word->text);
        break;
    case PJ_WORD_EXACT:
        pj_human_exact(out, (int64_t)word->count);
        break;
    case PJ_WORD_PLURAL:
        pj_human_plural(out, word->count, word->text, word->many);
        break;
    }
}

void pj_say_words(pj_str *out, const char *sentence, const pj_word *words)
{
    for (const char *place; (place = strstr(sentence, "{}")); sentence = place + 2) {
        pj_str_add_bytes(out, sentence, (size_t)(place - sentence));
        say_word(out, words++);
    }
    pj_str_add(out, sentence);
}
