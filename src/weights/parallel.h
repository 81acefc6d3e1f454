/* Independent jobs on several threads. */
#ifndef PJ_WEIGHTS_PARALLEL_H
#define PJ_WEIGHTS_PARALLEL_H

#include <stddef.h>

#include "base/err.h"

enum { PJ_MOST_THREADS = 16 };

/* One job. `worker` is the number of the thread, below the number of threads: for buffers that only it uses. */
typedef pj_status (*pj_job)(void *payload, size_t job, int worker, pj_error *err);

/* Threads for `wish` (0: one a processor), at most PJ_MOST_THREADS. */
int pj_threads(int wish);

/* Runs jobs 0 to `jobs` - 1. Where one fails no further ones are begun, and the failure of the lowest number is
 * returned. A thread that cannot be made is done without. */
pj_status pj_parallel(int threads, size_t jobs, pj_job run, void *payload, pj_error *err);

#endif
