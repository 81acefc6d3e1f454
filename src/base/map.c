/* Open addressing with linear probing. */
#include "base/map.h"

#include <string.h>

enum { FIRST_CAPACITY = 16 };

void pj_map_init(pj_map *map, pj_arena *arena)
{
    memset(map, 0, sizeof *map);
    map->arena = arena;
}

/* FNV-1a, started from the map's own address and finished with a mix: not cryptographic, but a file cannot know the
 * start. */
static uint64_t hash_of(const pj_map *map, const char *key)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)(uintptr_t)map->arena;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    hash ^= hash >> 32;
    hash *= 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

/* The slot of `key`, or the free slot where it belongs. The map has a free slot. */
static pj_map_slot *find(const pj_map *map, const char *key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        pj_map_slot *slot = &map->slots[at];
        if (!slot->key || (slot->hash == hash && strcmp(slot->key, key) == 0))
            return slot;
    }
}

static bool resize(pj_map *map, size_t capacity)
{
    pj_map bigger = *map;
    bigger.capacity = capacity;
    bigger.slots = PJ_NEW(map->arena, pj_map_slot, bigger.capacity);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].key)
            *find(&bigger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    *map = bigger;
    return true;
}

bool pj_map_reserve(pj_map *map, size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (capacity / 4 * 3 < count && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    return capacity <= map->capacity || resize(map, capacity);
}

void *pj_map_get(const pj_map *map, const char *key)
{
    if (!map->count)
        return NULL;
    const pj_map_slot *slot = find(map, key, hash_of(map, key));
    return slot->key ? slot->value : NULL;
}

bool pj_map_put(pj_map *map, const char *key, void *value)
{
    if (map->count >= map->capacity / 4 * 3 && !resize(map, map->capacity ? map->capacity * 2 : FIRST_CAPACITY))
        return false;
    uint64_t hash = hash_of(map, key);
    pj_map_slot *slot = find(map, key, hash);
    if (!slot->key) {
        slot->key = key;
        slot->hash = hash;
        map->count++;
    }
    slot->value = value;
    return true;
}
