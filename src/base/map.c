/* Open addressing with linear probing, over entries in their own array. */
#include "base/map.h"

enum { FIRST_CAPACITY = 16 };

void pj_map_init(pj_map *map, pj_arena *arena)
{
    memset(map, 0, sizeof *map);
    map->arena = arena;
}

/* FNV-1a, started from the map's own address and finished with a mix: not cryptographic, but a file cannot know the
 * start. */
static uint32_t hash_of(const pj_map *map, const char *key)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)(uintptr_t)map->arena;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    hash ^= hash >> 32;
    hash *= 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32);
}

static pj_map_entry *entry_at(const pj_map *map, size_t slot)
{
    return &map->entry[(uint32_t)map->slots[slot] - 1];
}

/* The slot of `key`, or the free slot where it belongs. The map has a free slot. */
static size_t find(const pj_map *map, const char *key, uint32_t hash)
{
    size_t mask = map->capacity - 1, slot = hash & mask;
    while (map->slots[slot] && (map->slots[slot] >> 32 != hash || strcmp(entry_at(map, slot)->key, key) != 0))
        slot = (slot + 1) & mask;
    return slot;
}

/* As many keys as so many slots are for. */
static size_t most_keys(size_t capacity)
{
    return capacity / 4 * 3;
}

static bool resize(pj_map *map, size_t capacity)
{
    if (most_keys(capacity) > UINT32_MAX)
        return false;
    pj_map_entry *entry = PJ_NEW(map->arena, pj_map_entry, most_keys(capacity));
    uint64_t *slots = PJ_NEW(map->arena, uint64_t, capacity);
    if (!entry || !slots)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        size_t at = (size_t)(map->slots[i] >> 32) & (capacity - 1);
        while (map->slots[i] && slots[at])
            at = (at + 1) & (capacity - 1);
        if (map->slots[i])
            slots[at] = map->slots[i];
    }
    if (map->count)
        memcpy(entry, map->entry, map->count * sizeof *entry);
    map->entry = entry;
    map->slots = slots;
    map->capacity = capacity;
    return true;
}

bool pj_map_reserve(pj_map *map, size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (most_keys(capacity) < count && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    return capacity <= map->capacity || resize(map, capacity);
}

void *pj_map_get(const pj_map *map, const char *key)
{
    if (!map->count)
        return NULL;
    size_t slot = find(map, key, hash_of(map, key));
    return map->slots[slot] ? entry_at(map, slot)->value : NULL;
}

bool pj_map_put(pj_map *map, const char *key, void *value)
{
    if (map->count == most_keys(map->capacity) && !pj_map_reserve(map, map->count + 1))
        return false;
    uint32_t hash = hash_of(map, key);
    size_t slot = find(map, key, hash);
    if (map->slots[slot]) {
        entry_at(map, slot)->value = value;
        return true;
    }
    map->entry[map->count++] = (pj_map_entry){key, value};
    map->slots[slot] = (uint64_t)hash << 32 | map->count;
    return true;
}
