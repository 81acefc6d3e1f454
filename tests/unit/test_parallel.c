/* Teams: every job once, jobs handed on in order, the failure of the lowest number. */
#include <string.h>
#include <time.h>

#include "base/parallel.h"
#include "check.h"

enum { JOBS = 200, THREADS = 8 };

typedef struct ledger {
    int ran[JOBS], worker[JOBS];
    size_t order[JOBS], handed;
    size_t fails_from, refuses; /* jobs that fail, the job that is refused; JOBS: none */
} ledger;

static pj_status run(void *payload, size_t job, int worker, pj_error *err)
{
    ledger *l = payload;
    const struct timespec moment = {0, (long)(JOBS - job) % 7 * 100000}; /* so that later jobs are ready first */
    nanosleep(&moment, NULL);
    l->ran[job]++;
    l->worker[job] = worker;
    return job >= l->fails_from ? pj_fail(err, PJ_EIO, "job %d", (int)job) : PJ_OK;
}

static pj_status hand_on(void *payload, size_t job, int worker, pj_error *err)
{
    ledger *l = payload;
    CHECK_INT(l->worker[job], worker);
    if (job == l->refuses)
        return pj_fail(err, PJ_EFORMAT, "refused %d", (int)job);
    l->order[l->handed++] = job;
    return PJ_OK;
}

static void check_order(const ledger *l, size_t count)
{
    CHECK_INT(l->handed, count);
    for (size_t i = 0; i < count; i++)
        CHECK_INT(l->order[i], i);
}

static void test_all(int threads)
{
    ledger l = {.fails_from = JOBS, .refuses = JOBS};
    pj_error err = {0};
    CHECK_INT(pj_parallel(threads, JOBS, run, hand_on, &l, &err), PJ_OK);
    check_order(&l, JOBS);
    CHECK_INT(pj_parallel(threads, JOBS, run, NULL, &l, &err), PJ_OK);
    for (int i = 0; i < JOBS; i++)
        CHECK_INT(l.ran[i], 2);
    CHECK_INT(pj_parallel(threads, 0, run, hand_on, &l, &err), PJ_OK);
    CHECK_INT(l.handed, JOBS);
}

static void test_failures(int threads)
{
    ledger l = {.fails_from = 50, .refuses = JOBS};
    pj_error err = {0};
    CHECK_INT(pj_parallel(threads, JOBS, run, hand_on, &l, &err), PJ_EIO);
    CHECK_TEXT(err.what, "job 50");
    check_order(&l, 50);
    CHECK_INT(l.ran[JOBS - 1], 0);

    ledger refusing = {.fails_from = 60, .refuses = 40};
    CHECK_INT(pj_parallel(threads, JOBS, run, hand_on, &refusing, &err), PJ_EFORMAT);
    CHECK_TEXT(err.what, "refused 40");
    check_order(&refusing, 40);

    ledger alone = {.fails_from = 0, .refuses = JOBS};
    CHECK_INT(pj_parallel(threads, JOBS, run, NULL, &alone, &err), PJ_EIO);
    CHECK_TEXT(err.what, "job 0");
}

int main(void)
{
    CHECK(pj_threads(0) >= 1 && pj_threads(0) <= PJ_MOST_THREADS);
    CHECK_INT(pj_threads(1000), PJ_THREADS ? PJ_MOST_THREADS : 1);
    CHECK_INT(pj_threads(1), 1);
    for (int threads = 1; threads <= THREADS; threads += 7) {
        test_all(threads);
        test_failures(threads);
    }
    return check_done();
}
