/* A table from texts to pointers. Keys are borrowed and must live as long as the map; values are never NULL.
 * It takes its memory from an arena, so it has no destructor. Look-up and insertion take constant time on average;
 * the hash is seeded per map, so a file cannot choose names that all collide. */
#pragma once

#include "base/arena.h"

typedef struct pj_map_entry {
    const char *key;
    void *value;
} pj_map_entry;

/* Entries keep the order of insertion: graphs look up recent names, which are then still in the cache; in the order of
 * hashes each look-up would be a cache miss. */
typedef struct pj_map {
    pj_arena *arena;
    pj_map_entry *entry;
    size_t count;
    uint64_t *slots; /* 0: free; else the hash in the upper half, the entry's number from 1 in the lower one */
    size_t capacity; /* slots: a power of two, at most 3/4 of them taken */
} pj_map;

void pj_map_init(pj_map *map, pj_arena *arena);

/* Makes room for `count` keys at once: a table that grows leaves the smaller ones to the arena. False: out of
 * memory. */
bool pj_map_reserve(pj_map *map, size_t count);

/* The value of `key`, or NULL. */
void *pj_map_get(const pj_map *map, const char *key);

/* Sets or replaces; false: out of memory. */
bool pj_map_put(pj_map *map, const char *key, void *value);
