/* Libraries that call themselves ONNX Runtime and are none, or a bad one: one for each FAKE. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { OLD = 1, DIES, HANGS, NO_TABLE, NO_BASE, EXITS };

typedef struct base {
    const void *(*table)(uint32_t version);
    const char *(*version)(void);
} base;

static const void *no_table(uint32_t version)
{
    (void)version;
    return NULL;
}

static const char *version(void)
{
    return FAKE == OLD ? "1.12.1" : "1.99.0";
}

const base *OrtGetApiBase(void);
const base *OrtGetApiBase(void)
{
    static const base all = {no_table, version};
    if (FAKE == DIES)
        abort();
    if (FAKE == EXITS)
        _exit(7);
    while (FAKE == HANGS)
        (void)pause();
    return FAKE == NO_BASE ? NULL : &all;
}
