/* Lists of formats and of pairs of them. */
#include "plan/choice.h"

void pj_choices_init(pj_choice_list *list, pj_arena *arena)
{
    memset(list, 0, sizeof *list);
    list->arena = arena;
    list->formats.word[PJ_AS_IS] = "as is";
    list->formats.count = 1;
}

pj_status pj_choices_format(pj_choice_list *list, const pj_number *number, size_t *out, pj_error *err)
{
    pj_format_list *formats = &list->formats;
    pj_str word = pj_str_new(64);
    for (size_t i = 1; i < formats->count; i++)
        if (pj_number_equal(&formats->number[i], number)) {
            *out = i;
            return PJ_OK;
        }
    if (formats->count == PJ_MOST_FORMATS)
        return pj_fail(err, PJ_ELIMIT, "more than %d number formats to choose from", (int)PJ_MOST_FORMATS - 1);
    pj_number_print(number, &word);
    formats->number[formats->count] = *number;
    formats->word[formats->count] = pj_str_keep(&word, list->arena);
    *out = formats->count;
    return pj_got(formats->word[formats->count++], err);
}

static const char *pair_word(pj_choice_list *list, size_t weights, size_t activations)
{
    pj_str text = pj_str_new(64);
    pj_quantize_print(&list->formats.number[weights], &list->formats.number[activations], &text);
    return pj_str_keep(&text, list->arena);
}

pj_status pj_choices_pair(pj_choice_list *list, const char *word, const pj_number *weights,
                          const pj_number *activations, size_t *out, pj_error *err)
{
    size_t w, a;
    PJ_TRY(pj_choices_format(list, weights, &w, err));
    PJ_TRY(pj_choices_format(list, activations, &a, err));
    for (*out = 0; *out < list->count; ++*out)
        if (list->choice[*out].weights == w && list->choice[*out].activations == a)
            return PJ_OK;
    if (list->count == PJ_MOST_CHOICES)
        return pj_fail(err, PJ_ELIMIT, "more than %d choices", (int)PJ_MOST_CHOICES);
    pj_choice *choice = &list->choice[list->count++];
    *choice = (pj_choice){word ? pj_arena_strdup(list->arena, word) : pair_word(list, w, a), w, a};
    return pj_got(choice->word, err);
}

pj_status pj_choices_word(pj_choice_list *list, const char *option, const char *word, size_t *out, pj_error *err)
{
    pj_format weights, activations;
    PJ_TRY(pj_quantize_parse(option, word, &weights, &activations, err));
    return pj_choices_pair(list, word, &weights.number, &activations.number, out, err);
}

size_t pj_choices_find(const pj_choice_list *list, const char *word)
{
    pj_format weights, activations;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->choice[i].word, word) == 0)
            return i;
    if (pj_quantize_parse("", word, &weights, &activations, NULL) != PJ_OK)
        return list->count;
    for (size_t i = 0; i < list->count; i++)
        if (pj_number_equal(&list->formats.number[list->choice[i].weights], &weights.number) &&
            pj_number_equal(&list->formats.number[list->choice[i].activations], &activations.number))
            return i;
    return list->count;
}

bool pj_number_narrower(const pj_number *a, const pj_number *b)
{
    return a->bits < b->bits;
}
