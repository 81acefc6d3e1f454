/* Commands that print watts. */
#include "power/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: a group of its own, so that all of it can be ended. */
static void become(const char *command, const int *end)
{
    sigset_t none;
    (void)setpgid(0, 0);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(end[1], STDOUT_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

bool pj_process_start(pj_process *process, const char *command)
{
    int end[2];
    memset(process, 0, sizeof *process);
    process->fd = -1;
    if (pipe(end) != 0)
        return false;
    (void)fcntl(end[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(end[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0)
        become(command, end);
    close(end[1]);
    if (pid < 0) {
        close(end[0]);
        return false;
    }
    (void)setpgid(pid, pid);
    process->pid = pid;
    process->fd = end[0];
    return fcntl(end[0], F_SETFL, O_NONBLOCK) == 0;
}

/* Takes a line out of what has come. A line that is too long loses its end. */
static bool take(pj_process *p, char out[PJ_LINE])
{
    char *end = memchr(p->line, '\n', p->length);
    size_t length = end ? (size_t)(end - p->line) : p->length;
    if (!end && p->length < PJ_LINE - 1)
        return false;
    memcpy(out, p->line, length);
    out[length] = 0;
    p->length -= length + (end != NULL);
    if (end)
        memmove(p->line, end + 1, p->length);
    return true;
}

bool pj_process_line(pj_process *p, char out[PJ_LINE])
{
    while (!take(p, out)) {
        ssize_t got = p->fd < 0 ? 0 : read(p->fd, p->line + p->length, PJ_LINE - 1 - p->length);
        if (got < 0 && errno == EINTR)
            continue;
        p->ended = p->ended || got == 0;
        if (got <= 0)
            return false;
        p->length += (size_t)got;
    }
    return true;
}

void pj_process_wait(const pj_process *process, int milliseconds)
{
    struct pollfd wanted = {.fd = process->fd, .events = POLLIN};
    (void)poll(&wanted, 1, milliseconds);
}

void pj_process_stop(pj_process *process)
{
    if (process->pid > 0) {
        (void)kill(-(pid_t)process->pid, SIGTERM);
        (void)kill((pid_t)process->pid, SIGTERM);
        while (waitpid((pid_t)process->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        close(process->fd);
    }
    memset(process, 0, sizeof *process);
    process->fd = -1;
}
