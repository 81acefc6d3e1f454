/* Allocations that fail when they are told to. Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free.
 * One thread only. */
#ifndef FAIL_ALLOC_H
#define FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Counts from here on; allocation number `fail` (from 1; 0: none) fails, and with `onward` all later ones. */
void fail_alloc_start(size_t fail, bool onward);

/* Ends it. */
void fail_alloc_stop(void);

/* Since the start: allocations asked for, bytes asked for, blocks not freed again. */
size_t fail_alloc_count(void);
size_t fail_alloc_bytes(void);
long fail_alloc_live(void);

#endif
