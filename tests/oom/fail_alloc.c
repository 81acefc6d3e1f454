/* The linker sends every call of malloc and its kin here. */
#include "fail_alloc.h"
#include <errno.h>
#include <limits.h>

#include <stdlib.h>

static struct {
    bool on, onward;
    size_t fail, count, bytes;
    long live;
} plan;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
char *__real_realpath(const char *path, char *to);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
char *__wrap_realpath(const char *path, char *to);

static bool refuses(size_t bytes)
{
    if (!plan.on)
        return false;
    plan.count++;
    plan.bytes += bytes;
    return plan.fail && (plan.onward ? plan.count >= plan.fail : plan.count == plan.fail);
}

static void *note(void *block)
{
    if (plan.on && block)
        plan.live++;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return refuses(size) ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses(count * size) ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refuses(size))
        return NULL;
    return old ? __real_realloc(old, size) : note(__real_realloc(NULL, size));
}

/* The C library takes its memory unseen, and it is freed here. */
char *__wrap_realpath(const char *path, char *to)
{
    char *room = to ? to : __wrap_malloc(PATH_MAX);
    if (!room)
        errno = ENOMEM;
    char *got = room ? __real_realpath(path, room) : NULL;
    if (!got && !to)
        __wrap_free(room);
    return got;
}

void __wrap_free(void *block)
{
    if (plan.on && block)
        plan.live--;
    __real_free(block);
}

void fail_alloc_start(size_t fail, bool onward)
{
    plan.fail = fail;
    plan.onward = onward;
    plan.count = plan.bytes = 0;
    plan.live = 0;
    plan.on = true;
}

void fail_alloc_stop(void)
{
    plan.on = false;
}

size_t fail_alloc_count(void)
{
    return plan.count;
}

size_t fail_alloc_bytes(void)
{
    return plan.bytes;
}

long fail_alloc_live(void)
{
    return plan.live;
}
