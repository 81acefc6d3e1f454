/* What was traced: kernels, their times, and the runs that count. */
#include "base/str.h"
#include "trace/trace.h"

enum { MOST_KERNELS = 4 * 1000 * 1000 };

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pj_median(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

pj_traced *pj_trace_kernel(pj_trace *trace, const char *name, int64_t index, const char *op)
{
    pj_str key = pj_str_new(0);
    pj_str_printf(&key, "%s\n%s\n%" PRId64, name, op, index);
    if (!trace->by_key.arena)
        pj_map_init(&trace->by_key, trace->arena);
    const size_t *place = key.failed ? NULL : pj_map_get(&trace->by_key, key.data);
    if (place || key.failed || trace->count == MOST_KERNELS ||
        !PJ_GROW(trace->arena, trace->kernel, trace->count, trace->room)) {
        pj_str_free(&key);
        return place ? &trace->kernel[*place] : NULL;
    }
    const char *kept = pj_str_keep(&key, trace->arena);
    size_t *at = PJ_NEW(trace->arena, size_t, 1);
    pj_traced *kernel = &trace->kernel[trace->count];
    *kernel = (pj_traced){.name = pj_arena_strdup(trace->arena, name),
                          .op = pj_arena_strdup(trace->arena, op),
                          .index = index,
                          .first_ts = NAN,
                          .order = trace->count};
    if (!kept || !at || !kernel->name || !kernel->op)
        return NULL;
    *at = trace->count;
    return pj_map_put(&trace->by_key, kept, at) ? trace->count++, kernel : NULL;
}

bool pj_traced_add(pj_trace *trace, pj_traced *kernel, double ts, double us)
{
    if (!PJ_GROW(trace->arena, kernel->time, kernel->count, kernel->room))
        return false;
    kernel->time[kernel->count++] = (pj_kernel_time){ts, us};
    if (!(kernel->first_ts <= ts))
        kernel->first_ts = ts;
    return true;
}

/* ---- runs ---- */

pj_status pj_trace_count_runs(pj_trace *trace, size_t drop_runs, pj_error *err)
{
    trace->first = drop_runs;
    if (trace->runs <= drop_runs)
        return pj_fail(err, PJ_EFORMAT,
                       "it has %zu runs, of which the first %zu do not count: record more, or give "
                       "--drop-runs 0",
                       trace->runs, drop_runs);
    const size_t counted = trace->runs - drop_runs;
    double *us = PJ_NEW(trace->arena, double, counted);
    PJ_TRY(pj_got(us, err));
    trace->run_us_sum = 0;
    for (size_t i = 0; i < counted; i++) {
        us[i] = trace->run[drop_runs + i].us;
        trace->run_us_sum += us[i];
    }
    trace->run_us_median = pj_median(us, counted);
    trace->first_run_us = trace->run[0].us;
    trace->runs_used = (double)counted;
    return PJ_OK;
}

bool pj_trace_is_counted(const pj_trace *trace, double ts, double us)
{
    enum { OVERLAPPING = 16 }; /* runs of several threads */
    size_t low = 0, high = trace->runs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (trace->run[middle].ts <= ts)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t k = 0; k < OVERLAPPING && low > 0; k++, low--)
        if (ts + us <= trace->run[low - 1].ts + trace->run[low - 1].us)
            return low - 1 >= trace->first;
    return false;
}
