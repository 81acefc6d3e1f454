/* Tilings of nests that were seen before: a table with open slots, by a hash that differs from tiler to tiler. */
#include "reuse/tile.h"

/* What a tiling depends on, without padding: it is compared and hashed as bytes. */
typedef struct key {
    pj_nest nest;
    double buffer_bits, kept[PJ_NEST_OPERANDS], weights_move;
} key;

typedef struct known {
    key key;
    pj_tiling tiling;
} known;

struct pj_tiler {
    const pj_machine *machine;
    pj_arena *arena;
    known **slots; /* NULL: free */
    size_t capacity, count;
};

enum { FIRST_CAPACITY = 256 };

pj_tiler *pj_tiler_new(const pj_machine *machine, pj_arena *arena)
{
    pj_tiler *tiler = PJ_NEW(arena, pj_tiler, 1);
    known **slots = PJ_NEW(arena, known *, FIRST_CAPACITY);
    if (!tiler || !slots)
        return NULL;
    *tiler = (pj_tiler){machine, arena, slots, FIRST_CAPACITY, 0};
    return tiler;
}

static uint64_t hash_of(const pj_tiler *tiler, const key *k)
{
    const uint64_t mix = 0x9E3779B97F4A7C15u;
    uint64_t words[sizeof *k / sizeof(uint64_t)], hash = (uintptr_t)tiler;
    memcpy(words, k, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        hash = (hash ^ words[i]) * mix;
        hash ^= hash >> 29;
    }
    return hash;
}

/* The slot that holds the key, or the free one where it belongs. */
static known **slot_of(known **slots, size_t capacity, uint64_t hash, const key *k)
{
    size_t at = hash & (capacity - 1);
    while (slots[at] && memcmp(&slots[at]->key, k, sizeof *k) != 0)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static bool grow(pj_tiler *tiler)
{
    size_t capacity = 2 * tiler->capacity;
    known **slots = PJ_NEW(tiler->arena, known *, capacity);
    if (!slots)
        return false;
    for (size_t i = 0; i < tiler->capacity; i++)
        if (tiler->slots[i])
            *slot_of(slots, capacity, hash_of(tiler, &tiler->slots[i]->key), &tiler->slots[i]->key) = tiler->slots[i];
    tiler->slots = slots;
    tiler->capacity = capacity;
    return true;
}

pj_status pj_tiler_find(pj_tiler *tiler, const pj_nest *nest, const pj_tile_ask *ask, const pj_tiling **out,
                        pj_error *err)
{
    key k = {*nest, ask->buffer_bits, {0}, ask->weights_move};
    for (int i = 0; i < PJ_NEST_OPERANDS; i++)
        k.kept[i] = ask->kept[i];
    uint64_t hash = hash_of(tiler, &k);
    known **slot = slot_of(tiler->slots, tiler->capacity, hash, &k);
    if (*slot) {
        *out = &(*slot)->tiling;
        return PJ_OK;
    }
    if (2 * tiler->count >= tiler->capacity) {
        PJ_TRY(pj_got(grow(tiler), err));
        slot = slot_of(tiler->slots, tiler->capacity, hash, &k);
    }
    known *fresh = PJ_NEW(tiler->arena, known, 1);
    PJ_TRY(pj_got(fresh, err));
    fresh->key = k;
    pj_tile_find(tiler->machine, nest, ask, &fresh->tiling);
    *slot = fresh;
    tiler->count++;
    *out = &fresh->tiling;
    return PJ_OK;
}
