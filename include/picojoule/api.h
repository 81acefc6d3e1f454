/* PJ_API marks what the library exports: the functions that these headers declare, and nothing else.
 *
 * Threads: there is nothing to call here. */
#ifndef PICOJOULE_API_H
#define PICOJOULE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PJ_VISIBLE __attribute__((visibility("default")))
#else
#define PJ_VISIBLE
#endif
#ifdef __cplusplus
#define PJ_API extern "C" PJ_VISIBLE
#else
#define PJ_API PJ_VISIBLE
#endif

#endif
