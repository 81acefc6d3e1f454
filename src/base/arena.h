/* Memory that is freed all at once.
 *
 * Whoever creates an arena owns it and everything allocated from it; nothing in it is freed one by one. Memory comes
 * zeroed, aligned for whatever has the size that was asked for, and for any type where that is 1. An allocation fails
 * (NULL) when the system has no memory or when the arena's byte limit is reached: hostile files must not make us swap.
 * With AddressSanitizer each object is its own malloc, or stands between bytes that may not be touched, so that an
 * overrun is seen. Not for use from two threads at once. */
#pragma once

#include "base/libc.h"

typedef struct pj_arena pj_arena;

/* An empty arena that will hold at most `limit` bytes (0: no limit). NULL: out of memory. */
pj_arena *pj_arena_new(size_t limit);

/* Frees the arena and all in it; NULL is allowed. */
void pj_arena_free(pj_arena *arena);

/* Empties the arena, which keeps its memory for what comes next: fresh memory is dear where work is done again and
 * again. Nothing has failed in it any more. */
void pj_arena_reset(pj_arena *arena);

/* `count` objects of `size` bytes, zeroed; the product is checked. A count of 0 gives a valid pointer. */
void *pj_arena_alloc(pj_arena *arena, size_t count, size_t size);

/* Copies of texts, terminated; no text (NULL) has none. */
char *pj_arena_strdup(pj_arena *arena, const char *text);
char *pj_arena_strndup(pj_arena *arena, const char *text, size_t length);

/* A copy of `count` objects of `size` bytes. */
void *pj_arena_memdup(pj_arena *arena, const void *data, size_t count, size_t size);

/* Room for one more in the list at `list` (a pointer to it), which has `count` things and room for *room: a full one
 * moves to a place of twice its size. false: no memory; then it is as it was. */
bool pj_arena_grow(pj_arena *arena, void *list, size_t count, size_t *room, size_t size);
#define PJ_GROW(arena, list, count, room) pj_arena_grow((arena), &(list), (count), &(room), sizeof *(list))

/* The same for a list that is full at each power of two: itself, or its copy. NULL: no memory. */
void *pj_arena_more(pj_arena *arena, void *list, size_t count, size_t size);

/* Bytes handed out so far, since the last reset. */
size_t pj_arena_bytes(const pj_arena *arena);

/* The limit that it was made with; SIZE_MAX: none. */
size_t pj_arena_limit(const pj_arena *arena);

/* True after a failed allocation, or after pj_arena_fail() (a text that was to go in here had no memory). For lists
 * such as findings that are added to without a check each time: their owner asks once, at the end. */
bool pj_arena_failed(const pj_arena *arena);
void pj_arena_fail(pj_arena *arena);

/* `count` zeroed objects of a type. */
#define PJ_NEW(arena, type, count) ((type *)pj_arena_alloc((arena), (size_t)(count), sizeof(type)))
