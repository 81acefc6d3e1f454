/* A table from texts to pointers. Keys are borrowed and must live as long as the map; values are never NULL.
 * It takes its memory from an arena, so it has no destructor. Look-up and insertion take constant time on average;
 * the hash is seeded per map, so a file cannot choose names that all collide. */
#ifndef PJ_BASE_MAP_H
#define PJ_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct pj_map_slot {
    const char *key;
    void *value;
    uint64_t hash;
} pj_map_slot;

typedef struct pj_map {
    pj_arena *arena;
    pj_map_slot *slots; /* a power of two of them, at most 3/4 full */
    size_t capacity;
    size_t count;
} pj_map;

void pj_map_init(pj_map *map, pj_arena *arena);

/* Makes room for `count` keys at once: a table that grows leaves its smaller ones behind in the arena. False: out of
 * memory. */
bool pj_map_reserve(pj_map *map, size_t count);

/* The value of `key`, or NULL. */
void *pj_map_get(const pj_map *map, const char *key);

/* Sets or replaces; false: out of memory. */
bool pj_map_put(pj_map *map, const char *key, void *value);

#endif
