/* Open addressing over entries that hold their key. */
#include "base/intern.h"

struct pj_interned {
    uint64_t hash;
    size_t words;
    max_align_t bytes[]; /* the key, then the room */
};

void pj_interner_init(pj_interner *interner, pj_arena *arena)
{
    *interner = (pj_interner){.arena = arena};
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* Started from an address, which a file cannot know. Four lanes, as one product need not wait for the one before it. */
static uint64_t hash_of(const pj_interner *interner, const int64_t *key, size_t words)
{
    enum { LANES = 4 };
    uint64_t a = 14695981039346656037u ^ (uint64_t)(uintptr_t)interner->arena, b = a + 1, c = a + 2, d = a + 3;
    size_t i = 0, whole = words - words % LANES;
    for (; i < whole; i += LANES) {
        a = mix(a, (uint64_t)key[i]);
        b = mix(b, (uint64_t)key[i + 1]);
        c = mix(c, (uint64_t)key[i + 2]);
        d = mix(d, (uint64_t)key[i + 3]);
    }
    for (; i < words; i++)
        a = mix(a, (uint64_t)key[i]);
    return mix(mix(mix(a, b), c), d);
}

/* The slot of the key, or the free one where it belongs. */
static size_t find(const pj_interner *interner, const int64_t *key, size_t words, uint64_t hash)
{
    size_t mask = interner->capacity - 1, at = hash & mask;
    for (; interner->slot[at]; at = (at + 1) & mask) {
        const pj_interned *entry = interner->slot[at];
        if (entry->hash == hash && entry->words == words && memcmp(entry->bytes, key, words * sizeof *key) == 0)
            break;
    }
    return at;
}

static bool grow(pj_interner *interner)
{
    enum { FIRST_CAPACITY = 16 };
    size_t capacity = interner->capacity ? 2 * interner->capacity : FIRST_CAPACITY;
    pj_interned **slot = PJ_NEW(interner->arena, pj_interned *, capacity);
    if (!slot)
        return false;
    for (size_t i = 0; i < interner->capacity; i++) {
        size_t at = interner->slot[i] ? interner->slot[i]->hash & (capacity - 1) : 0;
        while (interner->slot[i] && slot[at])
            at = (at + 1) & (capacity - 1);
        if (interner->slot[i])
            slot[at] = interner->slot[i];
    }
    interner->slot = slot;
    interner->capacity = capacity;
    return true;
}

static void *room_of(pj_interned *entry, size_t room)
{
    size_t key = entry->words * sizeof(int64_t), align = sizeof(max_align_t);
    return (char *)entry->bytes + (room ? (key + align - 1) / align * align : 0);
}

void *pj_intern(pj_interner *interner, const int64_t *key, size_t words, size_t room, bool *is_new)
{
    uint64_t hash = hash_of(interner, key, words);
    if (4 * interner->count >= 3 * interner->capacity && !grow(interner))
        return NULL;
    size_t at = find(interner, key, words, hash);
    if (is_new)
        *is_new = !interner->slot[at];
    if (interner->slot[at])
        return room_of(interner->slot[at], room);
    size_t bytes = sizeof(pj_interned) + words * sizeof *key + sizeof(max_align_t) + room;
    pj_interned *entry = pj_arena_alloc(interner->arena, bytes, 1); /* for anything */
    if (!entry)
        return NULL;
    entry->hash = hash;
    entry->words = words;
    memcpy(entry->bytes, key, words * sizeof *key);
    interner->slot[at] = entry;
    interner->count++;
    return room_of(entry, room);
}
