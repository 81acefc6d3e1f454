/* A growable text with a stated maximum.
 *
 * After a failed append (no memory, or past `limit`) the text keeps what it has, `failed` is true and further appends
 * do nothing: a writer checks once, at the end. `data` is always a terminated text, never NULL. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

typedef struct pj_str {
    char *data;
    size_t length;
    size_t capacity; /* 0: `data` is not owned */
    size_t limit;    /* largest length; 0: none */
    bool failed;
    bool no_memory; /* why it failed: not for its limit */
} pj_str;

/* An empty text. */
pj_str pj_str_new(size_t limit);
void pj_str_free(pj_str *str);

/* The text has failed, too, where what it was to be made of has, and for the same reason. */
void pj_str_fail_as(pj_str *str, const pj_str *part);

/* A copy in `arena`; frees the text. NULL: the text has failed, or no memory; then pj_arena_failed() knows. */
char *pj_str_keep(pj_str *str, pj_arena *arena);

/* Empties the text and keeps its memory. It has failed as long as it did before. */
void pj_str_clear(pj_str *str);

void pj_str_add(pj_str *str, const char *text);
void pj_str_add_bytes(pj_str *str, const char *bytes, size_t length);
void pj_str_add_char(pj_str *str, char c);
void pj_str_printf(pj_str *str, const char *format, ...) PJ_PRINTF(2, 3);
void pj_str_vprintf(pj_str *str, const char *format, va_list args) PJ_PRINTF(2, 0);

/* The shortest decimal text that reads back as the same double, the same in every locale: 0.1, 4.6, 1e+300.
 * Numbers that are not finite are written as "null" (JSON has no other word). */
void pj_str_add_double(pj_str *str, double value);

/* `value` with `digits` digits after the point, the same in every locale. */
void pj_str_add_fixed(pj_str *str, double value, int digits);

/* "x0.25": two digits after the point, more of less than 0.01, none of 100 and more, "x0". */
void pj_str_add_ratio(pj_str *str, double ratio);

/* `word` as one word of a POSIX shell, which gets its bytes back; in quotes only where it has to be. */
void pj_str_add_shell(pj_str *str, const char *word);

/* Is `word`, which has no blank, one of the words of the text, between single blanks? */
bool pj_text_lists(const char *words, const char *word);

/* Edit distance that tells near names (insert, delete, replace, swap of neighbours); at most `most` + 1. */
size_t pj_text_distance(const char *a, const char *b, size_t most);

/* Does `text` match `glob` (* any run, ? one character, [a-z] a set)? */
bool pj_text_glob(const char *glob, const char *text);

/* The same for many of them that somebody else wrote: takes the characters that are compared from *steps, at most the
 * product of both lengths. Once it is 0 nothing matches. */
bool pj_text_glob_within(const char *glob, const char *text, uint64_t *steps);
