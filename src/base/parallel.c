/* A counter, a lock, and threads that take the next job. */
#include "base/parallel.h"

#if PJ_THREADS
#include <pthread.h>
#include <unistd.h>
#endif

typedef struct team {
    size_t jobs;
    pj_job run, hand_on;
    void *payload;
    /* under the lock: */
    size_t next;
    size_t finished; /* with `hand_on`: jobs up to here have had their turn */
    pj_status status;
    size_t failed; /* the lowest job that did */
    pj_error err;
#if PJ_THREADS
    pthread_mutex_t lock;
    pthread_cond_t moved; /* `finished` has grown */
#endif
} team;

typedef struct member {
    team *of;
    int worker;
} member;

static void *work(void *payload);

#if PJ_THREADS

int pj_threads(int wish)
{
    long processors = wish > 0 ? wish : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > PJ_MOST_THREADS ? PJ_MOST_THREADS : (int)processors;
}

static void enter(team *t)
{
    pthread_mutex_lock(&t->lock);
}

static void leave(team *t)
{
    pthread_mutex_unlock(&t->lock);
}

static void await_turn(team *t, size_t job)
{
    while (t->finished != job)
        pthread_cond_wait(&t->moved, &t->lock);
}

static void end_turn(team *t)
{
    t->finished++;
    pthread_cond_broadcast(&t->moved);
}

/* This thread works, too: without a single other one it takes longer, no more. */
static void work_together(team *t, int threads)
{
    const size_t stack = (size_t)8 << 20; /* as much as a main thread has: subgraphs nest */
    member members[PJ_MOST_THREADS];
    pthread_t thread[PJ_MOST_THREADS];
    pthread_attr_t attributes;
    int made = 1;
    bool has_attributes = pthread_attr_init(&attributes) == 0;
    for (int i = 0; i < PJ_MOST_THREADS; i++)
        members[i] = (member){t, i};
    if (has_attributes && pthread_attr_setstacksize(&attributes, stack) == 0)
        while (made < threads && made < PJ_MOST_THREADS && (size_t)made < t->jobs &&
               pthread_create(&thread[made], &attributes, work, &members[made]) == 0)
            made++;
    work(&members[0]);
    while (made > 1)
        pthread_join(thread[--made], NULL);
    if (has_attributes)
        pthread_attr_destroy(&attributes);
}

static pj_status run_team(team *t, int threads, pj_error *err)
{
    if (pthread_mutex_init(&t->lock, NULL) != 0)
        return pj_fail_memory(err);
    if (pthread_cond_init(&t->moved, NULL) != 0) {
        pthread_mutex_destroy(&t->lock);
        return pj_fail_memory(err);
    }
    work_together(t, threads);
    pthread_cond_destroy(&t->moved);
    pthread_mutex_destroy(&t->lock);
    return PJ_OK;
}

#else

int pj_threads(int wish)
{
    (void)wish;
    return 1;
}

static void enter(team *t)
{
    (void)t;
}

static void leave(team *t)
{
    (void)t;
}

static void await_turn(team *t, size_t job)
{
    (void)t, (void)job;
}

static void end_turn(team *t)
{
    t->finished++;
}

static pj_status run_team(team *t, int threads, pj_error *err)
{
    (void)threads, (void)err;
    work(&(member){t, 0});
    return PJ_OK;
}

#endif

/* Under the lock. */
static void fail(team *t, size_t job, pj_status status, const pj_error *err)
{
    if (t->status != PJ_OK && job > t->failed)
        return;
    t->status = status;
    t->failed = job;
    t->err = *err;
}

/* A job that was taken always gets its turn, so those after it get theirs. */
static void take_turn(team *t, size_t job, int worker, pj_status status, pj_error *err)
{
    enter(t);
    await_turn(t, job);
    bool is_open = t->status == PJ_OK;
    leave(t);
    if (is_open && status == PJ_OK)
        status = t->hand_on(t->payload, job, worker, err);
    enter(t);
    if (status != PJ_OK)
        fail(t, job, status, err);
    end_turn(t);
    leave(t);
}

static void *work(void *payload)
{
    member *self = payload;
    team *t = self->of;
    for (;;) {
        pj_error err;
        memset(&err, 0, sizeof err);
        enter(t);
        size_t job = t->status == PJ_OK ? t->next++ : t->jobs;
        leave(t);
        if (job >= t->jobs)
            return NULL;
        pj_status status = t->run(t->payload, job, self->worker, &err);
        if (t->hand_on) {
            take_turn(t, job, self->worker, status, &err);
        } else if (status != PJ_OK) {
            enter(t);
            fail(t, job, status, &err);
            leave(t);
        }
    }
}

pj_status pj_parallel(int threads, size_t jobs, pj_job run, pj_job hand_on, void *payload, pj_error *err)
{
    team t = {.jobs = jobs, .run = run, .hand_on = hand_on, .payload = payload, .status = PJ_OK};
    PJ_TRY(run_team(&t, threads, err));
    if (t.status != PJ_OK && err)
        *err = t.err;
    return t.status;
}
