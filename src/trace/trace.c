/* Profiles: what they have in common, and which format one has. */
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

/* Kernels in the order in which they run first; of those without a time as they stand. */
static int by_first(const void *a, const void *b)
{
    const pj_traced *x = a, *y = b;
    if (x->first_ts != y->first_ts && !isnan(x->first_ts) && !isnan(y->first_ts))
        return x->first_ts < y->first_ts ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static pj_status read_text(const pj_input *input, char **out, size_t *length, pj_error *err)
{
    size_t room = 0;
    *out = NULL;
    for (*length = 0;;) {
        if (*length == room) {
            room = room ? room * 2 : 64 * 1024;
            char *grown = room <= PJ_MAX_CSV_BYTES ? realloc(*out, room + 1) : NULL;
            if (!grown)
                return room > PJ_MAX_CSV_BYTES
                           ? pj_fail(err, PJ_ELIMIT, "has more than the %d bytes that are accepted here",
                                     PJ_MAX_CSV_BYTES)
                           : pj_fail_memory(err);
            *out = grown;
        }
        int64_t got = pj_input_read(input, *length, *out + *length, room - *length);
        if (got < 0)
            return pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno));
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    (*out)[*length] = 0;
    return PJ_OK;
}

/* TensorRT's begins with {"count": N}. */
static bool is_tensorrt(const char *head)
{
    head += strspn(head, " \t\r\n");
    if (*head != '[')
        return false;
    head++;
    head += strspn(head, " \t\r\n{");
    return strncmp(head, "\"count\"", 7) == 0;
}

static pj_status read_whole(const pj_input *input, bool tensorrt, size_t drop_runs, pj_trace *trace, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    pj_status status = read_text(input, &text, &length, err);
    if (status == PJ_OK)
        status =
            tensorrt ? pj_trace_tensorrt(text, length, trace, err) : pj_trace_csv(text, length, drop_runs, trace, err);
    free(text);
    return status;
}

pj_status pj_trace_from(const pj_input *input, const char *name, size_t drop_runs, pj_trace *trace, pj_error *err)
{
    char head[256];
    int64_t got = pj_input_read(input, 0, head, sizeof head - 1);
    pj_status status;
    trace->path = name;
    trace->start_s = trace->run_us_sum = trace->run_us_median = trace->first_run_us = NAN;
    head[got > 0 ? got : 0] = 0;
    const char *first = head + strspn(head, "\xEF\xBB\xBF \t\r\n");
    if (got < 0)
        status = pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno));
    else if (is_tensorrt(first))
        status = read_whole(input, true, drop_runs, trace, err);
    else if (*first == '[' || *first == '{')
        status = pj_trace_ort(input, drop_runs, trace, err);
    else
        status = read_whole(input, false, drop_runs, trace, err);
    if (status == PJ_OK && trace->count == 0)
        status = pj_fail(err, PJ_EFORMAT, "no kernel lies in a run that counts");
    if (status != PJ_OK)
        pj_error_at(err, name, NULL, NULL);
    else
        qsort(trace->kernel, trace->count, sizeof *trace->kernel, by_first);
    return status;
}

/* "onnxruntime_profile__2026-11-28_10-00-00_123.json": when ts was 0, in local time. */
static double start_of(const char *path)
{
    struct tm t = {0};
    int ms = 0;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *at;
    for (at = name; *at; at++)
        if (sscanf(at, "_%4d-%2d-%2d_%2d-%2d-%2d_%3d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                   &t.tm_sec, &ms) >= 6) {
            t.tm_year -= 1900;
            t.tm_mon--;
            t.tm_isdst = -1;
            time_t seconds = mktime(&t);
            return seconds == (time_t)-1 ? NAN : (double)seconds + ms * 1e-3;
        }
    return NAN;
}

pj_status pj_trace_read(const char *path, size_t drop_runs, pj_trace *trace, pj_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        pj_status status = pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
        pj_error_at(err, path, NULL, NULL);
        return status;
    }
    const pj_input input = pj_input_of_file(fd);
    pj_status status = pj_trace_from(&input, path, drop_runs, trace, err);
    close(fd);
    trace->start_s = start_of(path);
    return status;
}
