/* Profiles of ONNX Runtime: kernels are events of cat "Node" with a name that ends in "_kernel_time"; runs are events
 * "model_run", which come after what they hold. So the file is read twice. */
#include <errno.h>

#include "base/json.h"
#include "trace/scan.h"
#include "trace/trace.h"

static const char suffix[] = "_kernel_time";
static const double most_ts = 9007199254740992.0; /* 2^53 us */

/* What an event says. */
typedef struct event {
    pj_json_doc *doc;
    pj_json root;
    const char *cat, *name;
    double ts, us;
} event;

/* false: it is none of ours, or broken, which is counted. */
static bool read_event(pj_event_scan *scan, pj_trace *trace, event *e)
{
    pj_error err = {0};
    e->cat = e->name = "";
    e->ts = e->us = NAN;
    e->doc = NULL;
    if (pj_json_parse(scan->object.data, scan->object.length, "", &e->doc, &err) == PJ_OK) {
        e->root = pj_json_root(e->doc);
        if (pj_json_opt_text(e->root, "cat", &e->cat, &err) == PJ_OK &&
            pj_json_opt_text(e->root, "name", &e->name, &err) == PJ_OK &&
            pj_json_opt_double(e->root, "ts", &e->ts, &err) == PJ_OK &&
            pj_json_opt_double(e->root, "dur", &e->us, &err) == PJ_OK && e->ts >= 0 && e->ts <= most_ts && e->us >= 0 &&
            e->us <= most_ts)
            return true;
    }
    pj_json_free(e->doc);
    trace->bad_events++;
    return false;
}

static int by_time(const void *a, const void *b)
{
    const pj_trace_run *x = a, *y = b;
    return (x->ts > y->ts) - (x->ts < y->ts);
}

static bool is_kernel(const event *e, size_t *length)
{
    size_t tail = sizeof suffix - 1;
    *length = strlen(e->name);
    if (strcmp(e->cat, "Node") != 0 || *length <= tail || strcmp(e->name + *length - tail, suffix) != 0)
        return false;
    *length -= tail;
    return true;
}

/* Kernels of GPUs are launched by nodes, whose time is that of the launch. */
static bool is_on_gpu(const event *e)
{
    const char *provider = "";
    (void)pj_json_opt_text(pj_json_find(e->root, "args"), "provider", &provider, NULL);
    return strncmp(provider, "CUDA", 4) == 0 || strncmp(provider, "ROCM", 4) == 0 ||
           strncmp(provider, "Tensorrt", 8) == 0 || strncmp(provider, "NvTensorRT", 10) == 0 ||
           strncmp(provider, "MIGraphX", 8) == 0;
}

/* The runs, and which kinds of kernels there are. */
static pj_status read_runs(pj_event_scan *scan, pj_trace *trace, pj_error *err)
{
    event e;
    size_t length;
    while (pj_scan_next(scan)) {
        trace->events++;
        if (!read_event(scan, trace, &e))
            continue;
        bool grown = true;
        if (strcmp(e.cat, "Session") == 0 && strcmp(e.name, "model_run") == 0) {
            grown = PJ_GROW(trace->arena, trace->run, trace->runs, trace->run_room);
            if (grown)
                trace->run[trace->runs++] = (pj_trace_run){e.ts, e.us};
        }
        trace->gpu_kernels += strcmp(e.cat, "Kernel") == 0;
        trace->gpu_nodes += is_kernel(&e, &length) && is_on_gpu(&e);
        pj_json_free(e.doc);
        PJ_TRY(pj_got(grown, err));
    }
    trace->truncated = !scan->ended;
    if (scan->failed)
        return pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno));
    if (trace->runs)
        qsort(trace->run, trace->runs, sizeof *trace->run, by_time);
    return PJ_OK;
}

/* "7" or 7; -1: there is none. */
static int64_t index_of(pj_json args)
{
    pj_json at = pj_json_find(args, "node_index");
    const char *text = NULL;
    int64_t index = -1;
    if (pj_json_kind_of(at) == PJ_JSON_TEXT && pj_json_as_text(at, &text, NULL) == PJ_OK) {
        char *end;
        long long value = strtoll(text, &end, 10);
        return end != text && !*end && value >= 0 ? value : -1;
    }
    return at.node && pj_json_whole(at, &index) ? index : -1;
}

/* A kernel of a GPU belongs to the node that launched it, where the profile says which. */
static bool take_kernel(pj_trace *trace, const event *e, size_t length, bool of_gpu)
{
    pj_json args = pj_json_find(e->root, "args");
    const char *op = "", *name = NULL;
    (void)pj_json_opt_text(args, "op_name", &op, NULL);
    if (of_gpu)
        (void)pj_json_opt_text(args, "parent_name", &name, NULL);
    if (!name)
        name = pj_arena_strndup(trace->arena, e->name, length);
    trace->has_nested =
        trace->has_nested || strcmp(op, "If") == 0 || strcmp(op, "Loop") == 0 || strcmp(op, "Scan") == 0;
    pj_traced *kernel = name ? pj_trace_kernel(trace, name, index_of(args), op) : NULL;
    return kernel && pj_traced_add(trace, kernel, e->ts, e->us);
}

static pj_status read_kernels(pj_event_scan *scan, pj_trace *trace, pj_error *err)
{
    event e;
    size_t length, bad = trace->bad_events;
    bool on_gpu = trace->gpu_nodes > 0;
    while (pj_scan_next(scan)) {
        if (!read_event(scan, trace, &e))
            continue;
        bool of_gpu = on_gpu && strcmp(e.cat, "Kernel") == 0, kept = true;
        bool wanted = of_gpu || (is_kernel(&e, &length) && !(on_gpu && is_on_gpu(&e)));
        if (of_gpu)
            length = strlen(e.name);
        if (wanted && pj_trace_is_counted(trace, e.ts, e.us))
            kept = take_kernel(trace, &e, length, of_gpu);
        pj_json_free(e.doc);
        PJ_TRY(pj_got(kept, err));
    }
    trace->bad_events = bad; /* they were counted before */
    return scan->failed ? pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno)) : PJ_OK;
}

/* One pass over all events. */
static pj_status pass(pj_event_scan *scan, const pj_input *input, pj_trace *trace,
                      pj_status (*read)(pj_event_scan *, pj_trace *, pj_error *), pj_error *err)
{
    bool there = pj_scan_begin(scan, input, "traceEvents");
    pj_status status =
        there ? read(scan, trace, err)
              : pj_fail(err, PJ_EFORMAT, "there is no array of events: this is no profile of ONNX Runtime");
    pj_scan_end(scan);
    return status;
}

pj_status pj_trace_ort(const pj_input *input, size_t drop_runs, pj_trace *trace, pj_error *err)
{
    enum { MOST_RECORDED = 1000000 };
    pj_event_scan *scan = PJ_NEW(trace->arena, pj_event_scan, 1);
    PJ_TRY(pj_got(scan, err));
    trace->format = "onnxruntime";
    PJ_TRY(pass(scan, input, trace, read_runs, err));
    if (trace->runs == 0)
        return pj_fail(err, PJ_EFORMAT, "there is no event model_run in %zu events: profile whole runs of a session",
                       trace->events);
    if (trace->gpu_nodes && !trace->gpu_kernels)
        return pj_fail(err, PJ_EFORMAT,
                       "%zu nodes ran on a GPU, but its kernels were not recorded: the times of nodes are "
                       "those of launching. Build or run ONNX Runtime with GPU profiling (CUPTI)",
                       trace->gpu_nodes);
    PJ_TRY(pj_trace_count_runs(trace, drop_runs, err));
    PJ_TRY(pass(scan, input, trace, read_kernels, err));
    trace->events_missing = trace->events >= MOST_RECORDED;
    return PJ_OK;
}
