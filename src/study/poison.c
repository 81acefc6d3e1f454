/* What kills the process: a chunk that an earlier try died of is priced with care.
 *
 * A marker says that somebody is at a chunk. One of a process that is no more makes the next try careful: points of
 * each model are priced in a process of its own first, and where that dies they become rows with an error. Rows of the
 * others are what they always are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef __wasi__
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#endif

#include "study/study.h"

/* ---- markers ---- */

/* Is the marker that of a process of this host that lives? Of other hosts nobody knows. */
static bool is_alive(const char *path)
{
    char text[160] = "", host[64], name[64];
    long pid = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    pj_host_name(host);
    if (length <= 0 || sscanf(text, "%ld %63s", &pid, name) != 2 || pid <= 0 || strcmp(host, name) != 0)
        return false;
#ifdef __wasi__
    return false;
#else
    return kill((pid_t)pid, 0) == 0 || errno == EPERM;
#endif
}

/* Our own, in the place of one that is there. */
static void write_marker(const char *path, bool replace)
{
    char text[160], host[64];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL), 0666);
    pj_host_name(host);
    int length = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), *host ? host : "-");
    if (fd < 0)
        return;
    if (write(fd, text, (size_t)length) != length) /* a full disk: the chunk will say so */
        (void)unlink(path);
    close(fd);
}

pj_status pj_try_begin(pj_try *out, const char *folder, uint64_t chunk, pj_arena *arena, pj_error *err)
{
    pj_str text = pj_str_new(0);
    struct stat info;
    pj_str_printf(&text, "%s/points/.c%07" PRIu64 ".try", folder, chunk);
    *out = (pj_try){.path = pj_str_keep(&text, arena)};
    PJ_TRY(pj_got(out->path, err));
    bool is_there = stat(out->path, &info) == 0, is_other = is_there && is_alive(out->path);
    out->is_careful = is_there && !is_other;
    out->is_ours = !is_other;
    if (out->is_ours)
        write_marker(out->path, is_there);
    return PJ_OK;
}

void pj_try_end(const pj_try *one)
{
    if (one->is_ours)
        (void)unlink(one->path);
}

/* ---- a process for the points of a model ---- */

#ifdef __wasi__
pj_status pj_try_points(const pj_study *study, uint64_t first, uint64_t end, char *why, size_t size, pj_error *err)
{
    (void)study, (void)first, (void)end, (void)size, (void)err;
    *why = 0;
    return PJ_OK;
}
#else

enum { MOST_SECONDS = 60, MOST_GIB = 2, FINE = 0, TOO_LARGE = 3 };

static void limit(int what, rlim_t most)
{
    const struct rlimit both = {most, most};
    (void)setrlimit(what, &both);
}

static bool nowhere(const char *bytes, size_t length, void *payload)
{
    (void)bytes, (void)length, (void)payload;
    return true;
}

/* Of the child: prices them for nobody. */
static int price_all(const pj_study *study, uint64_t first, uint64_t end)
{
    pj_error err;
    pj_work_bench *bench = pj_bench_new(study);
    pj_study_sheets sheets = {.points = pj_sheet_new(&pj_sheet_csv, study->column, study->columns, nowhere, NULL)};
    pj_status status = bench && sheets.points ? PJ_OK : PJ_ENOMEM;
    for (uint64_t at = first; at < end && status == PJ_OK; at++)
        status = pj_bench_point(bench, at, &sheets, &err);
    return status == PJ_OK ? FINE : TOO_LARGE;
}

/* Who stops the sweep stops the child, which says nothing of the model. */
static bool is_stop(int number)
{
    return number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
}

pj_status pj_try_points(const pj_study *study, uint64_t first, uint64_t end, char *why, size_t size, pj_error *err)
{
    int status = 0;
    pid_t child = fork();
    *why = 0;
    if (child < 0)
        return pj_fail(err, PJ_EIO, "no process can be started: %s", strerror(errno));
    if (child == 0) {
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_CPU, MOST_SECONDS);
#if !defined(__SANITIZE_ADDRESS__) /* which reserves more than there is */
        limit(RLIMIT_AS, (rlim_t)MOST_GIB << 30);
#endif
        _exit(price_all(study, first, end));
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return pj_fail(err, PJ_EIO, "a process cannot be waited for: %s", strerror(errno));
    if (WIFSIGNALED(status) && is_stop(WTERMSIG(status)))
        return pj_fail(err, PJ_ESTOPPED, "stopped by signal %d", WTERMSIG(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        snprintf(why, size, "took more than %d s of processor time", MOST_SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(why, size, "ended the process by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == TOO_LARGE)
        snprintf(why, size, "took more than 2 GiB of memory");
    else if (WEXITSTATUS(status) != FINE)
        snprintf(why, size, "ended the process with exit code %d", WEXITSTATUS(status));
    return PJ_OK;
}
#endif
