/* Arena: a list of chunks, bumped from the newest. */
#include "base/arena.h"

#include "base/ckd.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* An overrun must be seen: where allocations are dear, as in fuzzing, by bytes between objects that nobody may touch;
 * else each object is an allocation of its own, which may fail, too (tests/oom). */
#ifdef PJ_GUARDED_CHUNKS
#include <sanitizer/asan_interface.h>
enum { ONE_OBJECT_PER_CHUNK = 0, GUARD = sizeof(max_align_t) };
#define forbid(at, bytes) __asan_poison_memory_region((at), (bytes))
#define permit(at, bytes) __asan_unpoison_memory_region((at), (bytes))
#else
#ifdef PJ_ONE_OBJECT_PER_CHUNK
enum { ONE_OBJECT_PER_CHUNK = 1, GUARD = 0 };
#else
enum { ONE_OBJECT_PER_CHUNK = SANITIZED, GUARD = 0 };
#endif
#define forbid(at, bytes) ((void)0)
#define permit(at, bytes) ((void)0)
#endif

/* Chunks double up to the second size; from there each is half as large as all before it. */
enum { FIRST_CHUNK = 16 * 1024, DOUBLED_CHUNK = 1024 * 1024, LARGEST_CHUNK = 64 * 1024 * 1024 };

/* A chunk's objects follow its header; `used` counts their bytes. */
typedef struct chunk {
    struct chunk *older;
    size_t used;
    size_t dirty; /* bytes that are not zero any more, from before the last reset */
    size_t size;
    max_align_t objects[];
} chunk;

struct pj_arena {
    chunk *newest;
    chunk *spare; /* empty ones, kept by resets */
    size_t held;  /* bytes of all chunks */
    size_t bytes;
    size_t limit;
    size_t next_chunk;
    bool failed;
};

pj_arena *pj_arena_new(size_t limit)
{
    pj_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->limit = limit ? limit : SIZE_MAX;
    arena->next_chunk = FIRST_CHUNK;
    return arena;
}

static void free_chunks(chunk *at)
{
    while (at) {
        chunk *older = at->older;
        free(at);
        at = older;
    }
}

void pj_arena_free(pj_arena *arena)
{
    if (!arena)
        return;
    free_chunks(arena->newest);
    free_chunks(arena->spare);
    free(arena);
}

void pj_arena_reset(pj_arena *arena)
{
    while (arena->newest) {
        chunk *at = arena->newest;
        arena->newest = at->older;
        at->older = arena->spare;
        at->dirty = at->dirty > at->used ? at->dirty : at->used;
        forbid(at->objects, at->used);
        at->used = 0;
        arena->spare = at;
    }
    if (ONE_OBJECT_PER_CHUNK) {
        free_chunks(arena->spare);
        arena->spare = NULL;
        arena->held = 0;
    }
    arena->bytes = 0;
    arena->failed = false;
}

/* A kept chunk that has room for so many bytes, or NULL. */
static chunk *take_spare(pj_arena *arena, size_t least)
{
    for (chunk **link = &arena->spare; *link; link = &(*link)->older) {
        chunk *at = *link;
        if (at->size < least)
            continue;
        *link = at->older;
        return at;
    }
    return NULL;
}

static chunk *new_chunk(pj_arena *arena, size_t least)
{
    size_t size = least, bytes;
    if (!ONE_OBJECT_PER_CHUNK && size < arena->next_chunk)
        size = arena->next_chunk;
    if (!pj_add_size(sizeof(chunk), size, &bytes))
        return NULL;
    chunk *fresh = calloc(1, bytes);
    if (!fresh)
        return NULL;
    fresh->size = size;
    forbid(fresh->objects, size);
    arena->held += size;
    if (arena->next_chunk < DOUBLED_CHUNK)
        arena->next_chunk *= 2;
    else if (arena->held / 2 > arena->next_chunk)
        arena->next_chunk = arena->held / 2 < LARGEST_CHUNK ? arena->held / 2 : LARGEST_CHUNK;
    return fresh;
}

static chunk *add_chunk(pj_arena *arena, size_t least)
{
    chunk *at = take_spare(arena, least);
    if (!at)
        at = new_chunk(arena, least);
    if (!at)
        return NULL;
    at->older = arena->newest;
    arena->newest = at;
    return at;
}

/* The next `bytes` of a chunk for an object of `size`, which is zeroed where they have been used before. */
static void *bump(chunk *at, size_t align, size_t bytes, size_t size)
{
    at->used = (at->used + align - 1) / align * align;
    char *object = (char *)at->objects + at->used;
    permit(object, size);
    if (at->used < at->dirty)
        memset(object, 0, at->dirty - at->used < size ? at->dirty - at->used : size);
    at->used += bytes;
    return object;
}

static void *take(pj_arena *arena, size_t count, size_t size, size_t align)
{
    size_t bytes, most, total; /* `most`: wherever it begins */
    if (!pj_mul_size(count, size, &size) || !pj_add_size(size, GUARD, &bytes) || !pj_add_size(bytes, align - 1, &most))
        return NULL;
    if (ONE_OBJECT_PER_CHUNK)
        bytes = most = size;
    if (!pj_add_size(arena->bytes, most, &total) || total > arena->limit)
        return NULL;
    chunk *at = arena->newest;
    if (ONE_OBJECT_PER_CHUNK || !at || at->size - at->used < most)
        at = add_chunk(arena, most);
    if (!at)
        return NULL;
    size_t used = at->used;
    void *object = bump(at, align, bytes, size);
    arena->bytes += at->used - used;
    return object;
}

/* A type's alignment divides its size. What are bytes now may be read as anything. */
static size_t align_of(size_t size)
{
    return size == 1 || size % sizeof(max_align_t) == 0 ? sizeof(max_align_t) : sizeof(uint64_t);
}

void *pj_arena_alloc(pj_arena *arena, size_t count, size_t size)
{
    void *object = take(arena, count, size, align_of(size));
    arena->failed = arena->failed || !object;
    return object;
}

char *pj_arena_strndup(pj_arena *arena, const char *text, size_t length)
{
    const size_t align = SANITIZED ? sizeof(uint64_t) : 1; /* texts lie close together */
    char *copy = take(arena, length < SIZE_MAX ? length + 1 : length, 1, align);
    arena->failed = arena->failed || !copy;
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *pj_arena_strdup(pj_arena *arena, const char *text)
{
    return text ? pj_arena_strndup(arena, text, strlen(text)) : NULL;
}

void *pj_arena_memdup(pj_arena *arena, const void *data, size_t count, size_t size)
{
    void *copy = pj_arena_alloc(arena, count, size);
    if (copy && count && size)
        memcpy(copy, data, count * size);
    return copy;
}

bool pj_arena_grow(pj_arena *arena, void *list, size_t count, size_t *room, size_t size)
{
    enum { FIRST_ROOM = 16 };
    size_t wider = *room ? 2 * *room : FIRST_ROOM;
    void *old, *more;
    if (count < *room)
        return true;
    more = pj_arena_alloc(arena, wider, size);
    if (!more)
        return false;
    memcpy(&old, list, sizeof old); /* whatever type it points to */
    if (count)
        memcpy(more, old, count * size);
    memcpy(list, &more, sizeof more);
    *room = wider;
    return true;
}

void *pj_arena_more(pj_arena *arena, void *list, size_t count, size_t size)
{
    if (count & (count - 1))
        return list;
    void *more = pj_arena_alloc(arena, count ? 2 * count : 1, size);
    if (more && count)
        memcpy(more, list, count * size);
    return more;
}

size_t pj_arena_bytes(const pj_arena *arena)
{
    return arena->bytes;
}

size_t pj_arena_limit(const pj_arena *arena)
{
    return arena->limit;
}

bool pj_arena_failed(const pj_arena *arena)
{
    return arena->failed;
}

void pj_arena_fail(pj_arena *arena)
{
    arena->failed = true;
}
