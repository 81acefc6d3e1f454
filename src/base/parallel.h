/* Independent jobs on several threads; on one where the library is built without threads (PJ_THREADS). */
#pragma once

#include "base/err.h"

enum { PJ_MOST_THREADS = 64 };

/* One job. `worker` is the number of the thread, below the number of threads: for buffers that only it uses. */
typedef pj_status (*pj_job)(void *payload, size_t job, int worker, pj_error *err);

/* Threads for `wish` (0: one a processor), at most PJ_MOST_THREADS. */
int pj_threads(int wish);

/* Runs jobs 0 to `jobs` - 1. Where one fails no further ones are begun, and the failure of the lowest number is
 * returned. A thread that cannot be made is done without.
 *
 * `hand_on` (or NULL) is called for the jobs in order, one at a time, each by the worker that has run it, before that
 * worker begins another. After a failure, of a job or of `hand_on`, no later job is handed on. */
pj_status pj_parallel(int threads, size_t jobs, pj_job run, pj_job hand_on, void *payload, pj_error *err);
