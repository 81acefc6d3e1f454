/* Running a command: its signals, its output, its CPU time. */
#define _DEFAULT_SOURCE /* wait4 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

static const int handed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { HANDED_ON = sizeof handed_on / sizeof *handed_on };

/* What handlers may touch. */
static volatile sig_atomic_t got, child_pid, has_group, child_ended;
static struct sigaction before[HANDED_ON + 1];

/* A signal of the terminal reaches the child by itself where it shares our group. */
static void hand_on(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)context;
    got = number;
    if (child_pid > 0 && (has_group || info->si_code <= 0))
        (void)kill(has_group ? -(pid_t)child_pid : (pid_t)child_pid, number);
    errno = saved;
}

static void note_end(int number)
{
    (void)number;
    child_ended = 1;
}

void pj_child_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = note_end;
    (void)sigaction(SIGCHLD, &action, &before[HANDED_ON]);
    action.sa_sigaction = hand_on;
    action.sa_flags = SA_SIGINFO;
    for (int i = 0; i < HANDED_ON; i++)
        (void)sigaction(handed_on[i], &action, &before[i]);
    got = 0;
}

void pj_child_release(void)
{
    for (int i = 0; i < HANDED_ON; i++)
        (void)sigaction(handed_on[i], &before[i], NULL);
    (void)sigaction(SIGCHLD, &before[HANDED_ON], NULL);
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- starting ---- */

/* In the child. The pipe `failed` tells the parent why there is no command. */
static void become(const pj_child *c, int output, int failed, bool own_group, const sigset_t *mask)
{
    int code;
    if (own_group)
        (void)setpgid(0, 0);
    for (int i = 0; i < HANDED_ON; i++)
        (void)sigaction(handed_on[i], &before[i], NULL);
    (void)sigaction(SIGCHLD, &before[HANDED_ON], NULL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (output >= 0)
        (void)dup2(output, STDOUT_FILENO);
    execvp(c->words[0], (char *const *)(uintptr_t)c->words);
    code = errno;
    (void)!write(failed, &code, sizeof code);
    _exit(code == ENOENT || code == ENOTDIR ? 127 : 126);
}

typedef struct pipes {
    int output[2], failed[2];
} pipes;

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static bool make_pipes(const pj_child *c, pipes *p)
{
    *p = (pipes){
        {-1, -1},
        {-1, -1}
    };
    if (pipe(p->failed) != 0 || (c->line && pipe(p->output) != 0))
        return false;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(p->failed[i], F_SETFD, FD_CLOEXEC);
        if (c->line)
            (void)fcntl(p->output[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

/* ---- its output ---- */

typedef struct output {
    char line[4096];
    size_t length;
    bool ended;
} output;

/* Passes on what has come, and tells of whole lines; of one that is too long, of its first part. */
static void take_output(pj_child *c, int fd, output *o)
{
    char bytes[16 * 1024];
    ssize_t count = read(fd, bytes, sizeof bytes);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    o->ended = count <= 0;
    for (ssize_t at = 0, put; at < count; at += put) {
        put = write(STDOUT_FILENO, bytes + at, (size_t)(count - at));
        if (put < 0 && errno != EINTR)
            break; /* nobody reads it any more */
        put = put < 0 ? 0 : put;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] != '\n') {
            if (o->length < sizeof o->line - 1)
                o->line[o->length++] = bytes[i];
            continue;
        }
        o->line[o->length] = 0;
        c->line(c->payload, o->line);
        o->length = 0;
    }
}

/* ---- waiting ---- */

/* Waits for the next tick, a signal, or output. `mask` lets signals in. */
static void wait_a_little(pj_child *c, double until, int fd, output *o, const sigset_t *mask)
{
    fd_set wanted;
    double left = until - now();
    left = left > 0 ? left : 0;
    struct timespec timeout = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    FD_ZERO(&wanted);
    if (fd >= 0 && !o->ended)
        FD_SET(fd, &wanted);
    int ready = pselect(fd >= 0 && !o->ended ? fd + 1 : 0, &wanted, NULL, NULL, &timeout, mask);
    if (ready > 0)
        take_output(c, fd, o);
}

/* Until it ends, or the time is over. */
static void wait_for(pj_child *c, pid_t pid, int fd, const sigset_t *mask, double end)
{
    static output o;
    struct rusage usage;
    int status = 0;
    double next = now() + c->interval_s;
    o = (output){.ended = fd < 0};
    for (;;) {
        pid_t ended = pid > 0 ? wait4(pid, &status, WNOHANG, &usage) : 0;
        if (ended == pid && pid > 0)
            break;
        if ((ended < 0 && errno != EINTR) || (pid == 0 && (now() >= end || got)))
            break;
        wait_a_little(c, pid == 0 && end < next ? end : next, fd, &o, mask);
        if (now() >= next) {
            c->tick(c->payload);
            next = now() + c->interval_s;
        }
    }
    if (pid == 0)
        return;
    c->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    c->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, O_NONBLOCK); /* what it left in the pipe, not what others still write */
    for (bool more = fd >= 0; more && !o.ended;) {
        errno = 0;
        take_output(c, fd, &o);
        more = errno == 0;
    }
}

/* Did it become the command? Says why not. */
static bool has_begun(pj_child *c, int failed)
{
    int code = 0;
    ssize_t got_bytes;
    do
        got_bytes = read(failed, &code, sizeof code);
    while (got_bytes < 0 && errno == EINTR);
    if (got_bytes <= 0)
        return true;
    pj_say("%s: %s", c->words[0], strerror(code));
    return false;
}

static bool start(pj_child *c, pipes *p, bool own_group, const sigset_t *mask, pid_t *pid)
{
    if (!make_pipes(c, p)) {
        pj_say("%s: %s", c->words[0], strerror(errno));
        return false;
    }
    *pid = fork();
    if (*pid == 0)
        become(c, p->output[1], p->failed[1], own_group, mask);
    close_end(&p->output[1]);
    close_end(&p->failed[1]);
    if (*pid < 0)
        pj_say("%s: cannot be started: %s", c->words[0], strerror(errno));
    return *pid > 0;
}

bool pj_child_run(pj_child *c)
{
    pipes p = {
        {-1, -1},
        {-1, -1}
    };
    sigset_t caught, mask;
    pid_t pid = 0;
    bool own_group = !isatty(STDIN_FILENO); /* at a terminal it has to be able to read from it */
    sigemptyset(&caught);
    sigaddset(&caught, SIGCHLD);
    for (int i = 0; i < HANDED_ON; i++)
        sigaddset(&caught, handed_on[i]);
    (void)sigprocmask(SIG_BLOCK, &caught, &mask);
    c->cpu_s = NAN;
    c->code = 0;
    c->left_behind = false;
    c->ran = !c->words || start(c, &p, own_group, &mask, &pid);
    if (c->ran) {
        if (pid && own_group)
            (void)setpgid(pid, pid);
        has_group = own_group;
        child_pid = (sig_atomic_t)pid;
        wait_for(c, pid, p.output[0], &mask, now() + c->seconds);
        child_pid = 0;
        c->ran = !pid || has_begun(c, p.failed[0]);
        c->left_behind = c->ran && pid && own_group && kill(-pid, 0) == 0;
    }
    c->stopped = got;
    close_end(&p.output[0]);
    close_end(&p.failed[0]);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return c->ran;
}
