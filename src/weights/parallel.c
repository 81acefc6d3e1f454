/* A counter, a lock, and threads that take the next job. */
#include "weights/parallel.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

typedef struct team {
    pthread_mutex_t lock;
    size_t next, jobs;
    pj_job run;
    void *payload;
    pj_status status;
    size_t failed; /* the lowest job that did */
    pj_error err;
} team;

typedef struct member {
    team *of;
    int worker;
} member;

int pj_threads(int wish)
{
    long processors = wish > 0 ? wish : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > PJ_MOST_THREADS ? PJ_MOST_THREADS : (int)processors;
}

static void *work(void *payload)
{
    member *self = payload;
    team *t = self->of;
    for (;;) {
        pj_error err;
        memset(&err, 0, sizeof err);
        pthread_mutex_lock(&t->lock);
        size_t job = t->status == PJ_OK ? t->next++ : t->jobs;
        pthread_mutex_unlock(&t->lock);
        if (job >= t->jobs)
            return NULL;
        pj_status status = t->run(t->payload, job, self->worker, &err);
        if (status == PJ_OK)
            continue;
        pthread_mutex_lock(&t->lock);
        if (t->status == PJ_OK || job < t->failed) {
            t->status = status;
            t->failed = job;
            t->err = err;
        }
        pthread_mutex_unlock(&t->lock);
    }
}

pj_status pj_parallel(int threads, size_t jobs, pj_job run, void *payload, pj_error *err)
{
    team t = {.jobs = jobs, .run = run, .payload = payload, .status = PJ_OK};
    member members[PJ_MOST_THREADS];
    pthread_t thread[PJ_MOST_THREADS];
    bool made[PJ_MOST_THREADS] = {false};
    if (pthread_mutex_init(&t.lock, NULL) != 0)
        return pj_fail_memory(err);
    for (int i = 0; i < PJ_MOST_THREADS; i++)
        members[i] = (member){&t, i};
    for (int i = 1; i < threads; i++)
        made[i] = (size_t)i < jobs && pthread_create(&thread[i], NULL, work, &members[i]) == 0;
    work(&members[0]);
    for (int i = 1; i < threads; i++)
        if (made[i])
            pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&t.lock);
    if (t.status != PJ_OK && err)
        *err = t.err;
    return t.status;
}
