/* Values of options, by their kind. */
#include <limits.h>

#include "cli.h"

const char *pj_decimal_read(const char *text, double *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *rest;
    *out = strtod(text, &rest); /* the program keeps the C locale */
    bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    bool is_number = rest > text && !is_hex && ((*digits >= '0' && *digits <= '9') || *digits == '.') && isfinite(*out);
    return is_number ? rest : NULL;
}

static const char *word_of(const pj_option *option, size_t index)
{
    return option->words ? option->words()[index] : option->word_at(index);
}

/* Position of a word; -1: it is none of them. */
static int find_word(const pj_option *option, const char *value)
{
    for (int i = 0; word_of(option, (size_t)i); i++)
        if (strcasecmp(word_of(option, (size_t)i), value) == 0)
            return i;
    return -1;
}

static void list_words(const pj_option *option, const char *between, const char *last, char *out, size_t size)
{
    size_t used = 0;
    *out = 0;
    for (size_t i = 0; word_of(option, i) && used < size; i++) {
        const char *join = i == 0 ? "" : word_of(option, i + 1) ? between : last;
        int length = snprintf(out + used, size - used, "%s%s", join, word_of(option, i));
        used += length > 0 ? (size_t)length : 0;
    }
}

static const char *wanted_words(pj_line *line, const pj_option *option)
{
    enum { ROOM = 400 };
    char *text = pj_line_keep(line, ROOM, 1);
    if (!text || option->wants)
        return option->wants ? option->wants : "another word";
    list_words(option, ", ", " or ", text, ROOM);
    return text;
}

static bool is_between(const pj_option *option, double value)
{
    return value >= option->least && (option->most == 0 || value <= option->most);
}

static bool read_whole(const pj_option *option, const char *value, int64_t *out)
{
    const char *end = pj_whole_read(value, out);
    return end && !*end && is_between(option, (double)*out);
}

static const char *take_real(const pj_option *option, double *at, const char *value)
{
    double number;
    const char *end = pj_decimal_read(value, &number);
    if (!end || strcmp(end, option->share ? "%" : "") != 0 || (option->most > 0 && !is_between(option, number)))
        return option->wants;
    *at = option->share ? number / 100 : number;
    return NULL;
}

static const char *take_whole(const pj_option *option, void *at, const char *value)
{
    int64_t number;
    if (!read_whole(option, value, &number) || (option->kind == PJ_OPTION_INT && number > INT_MAX))
        return option->wants;
    if (option->kind == PJ_OPTION_INT)
        *(int *)at = (int)number;
    else
        *(size_t *)at = (size_t)number;
    return NULL;
}

static const char *take_word(pj_line *line, const pj_option *option, void *at, const char *value)
{
    int position = find_word(option, value);
    if (position < 0)
        return wanted_words(line, option);
    if (option->kind == PJ_OPTION_CHOICE)
        *(int *)at = position;
    else
        *(const char **)at = word_of(option, (size_t)position);
    return NULL;
}

static const char *take_text(pj_line *line, const pj_option *option, void *at, const char *value)
{
    const char *wants = option->check ? option->check(value) : *value ? NULL : option->wants;
    if (wants)
        return wants;
    if (option->kind == PJ_OPTION_TEXT) {
        *(const char **)at = value;
        return NULL;
    }
    pj_texts_add(line, at, value);
    return NULL;
}

const char *pj_option_take(pj_line *line, const pj_option *option, void *at, const char *value)
{
    switch (option->kind) {
    case PJ_OPTION_FLAG:
        *(bool *)at = true;
        return NULL;
    case PJ_OPTION_AS:
        *(int *)at = (int)option->least;
        return NULL;
    case PJ_OPTION_TEXT:
    case PJ_OPTION_TEXTS:
        return take_text(line, option, at, value);
    case PJ_OPTION_WORD:
    case PJ_OPTION_CHOICE:
        return take_word(line, option, at, value);
    case PJ_OPTION_COUNT:
    case PJ_OPTION_INT:
        return take_whole(option, at, value);
    case PJ_OPTION_REAL:
        return take_real(option, at, value);
    case PJ_OPTION_READ:
        return option->read(line, at, value);
    }
    return NULL;
}

const char *pj_given_value(const pj_given *given, char room[PJ_VALUE_ROOM])
{
    const pj_option *option = given->option;
    if (given->setting)
        return given->setting->value;
    if (option->value || !(option->words || option->word_at))
        return option->value;
    list_words(option, "|", "|", room, PJ_VALUE_ROOM);
    return room;
}
