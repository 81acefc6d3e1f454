/* PJ_API marks what the library exports: the functions that these headers declare, and nothing else.
 *
 * Threads: there is nothing to call here. */
#ifndef PICOJOULE_API_H
#define PICOJOULE_API_H

#if defined(__GNUC__)
#define PJ_API __attribute__((visibility("default")))
#else
#define PJ_API
#endif

#endif
