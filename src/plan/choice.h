/* The formats to choose from, and what the user wants of single layers. */
#pragma once

#include "picojoule/plan.h"
#include "quant/plan_file.h"

enum { PJ_MOST_FORMATS = 48, PJ_MOST_CHOICES = 96, PJ_AS_IS = 0 };

/* Formats by number; number PJ_AS_IS is whatever the model has. */
typedef struct pj_format_list {
    pj_number number[PJ_MOST_FORMATS];
    const char *word[PJ_MOST_FORMATS];
    size_t count; /* PJ_AS_IS included */
} pj_format_list;

/* A format for weights and one for activations. */
typedef struct pj_choice {
    const char *word; /* "int8", "w4a8" */
    size_t weights, activations;
} pj_choice;

typedef struct pj_choice_list {
    pj_format_list formats;
    pj_choice choice[PJ_MOST_CHOICES];
    size_t count;
    pj_arena *arena;
} pj_choice_list;

/* An empty list with PJ_AS_IS in it. */
void pj_choices_init(pj_choice_list *list, pj_arena *arena);

/* Number of a format, added where it is new. PJ_ELIMIT: too many; PJ_ENOMEM. */
pj_status pj_choices_format(pj_choice_list *list, const pj_number *number, size_t *out, pj_error *err);

/* Adds a pair, unless it is there; `word` NULL: made from the formats (int4 and int8: "w4a8"). */
pj_status pj_choices_pair(pj_choice_list *list, const char *word, const pj_number *weights,
                          const pj_number *activations, size_t *out, pj_error *err);

/* Adds what a word stands for, as --quantize reads it. `option` names the option in the message. PJ_EARGUMENT. */
pj_status pj_choices_word(pj_choice_list *list, const char *option, const char *word, size_t *out, pj_error *err);

/* The choice of that word, or of the same two formats; `count` of the list: none. */
size_t pj_choices_find(const pj_choice_list *list, const char *word);

/* Is `a` a format with fewer bits than `b`? Nothing is ever widened. */
bool pj_number_narrower(const pj_number *a, const pj_number *b);
