/* A profile of a runtime: which kernels ran, when, and for how long. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/input.h"
#include "base/map.h"

#include "picojoule/layers.h"

/* One execution of a kernel. */
typedef struct pj_kernel_time {
    double ts, us; /* begin, duration; ts NAN: not known */
} pj_kernel_time;

/* A kernel of the counted runs. */
typedef struct pj_traced {
    const char *name, *op; /* op "": not known */
    int64_t index;         /* of the node; -1: not known */
    double first_ts;       /* of all: NAN not known */
    pj_kernel_time *time;
    size_t count, room;
    size_t order; /* among all, as they were made */
} pj_traced;

typedef struct pj_trace_run {
    double ts, us;
} pj_trace_run;

typedef struct pj_trace {
    pj_arena *arena;
    const char *path, *format; /* "onnxruntime", "tensorrt", "openvino", "csv" */
    pj_traced *kernel;         /* in the order in which they run first */
    size_t count, room;
    pj_map by_key;
    pj_trace_run *run; /* by time; those before `first` are dropped */
    size_t runs, run_room, first;
    double runs_used;     /* counted runs; of formats that sum up, those that are summed */
    double run_us_sum;    /* of counted runs; NAN: the format has no runs */
    double run_us_median; /* likewise */
    double first_run_us;
    double start_s;      /* when ts 0 was, since 1970; NAN: not known */
    bool truncated;      /* the file ends in the middle */
    bool events_missing; /* the runtime stopped recording */
    size_t events, bad_events, gpu_kernels, gpu_nodes;
    bool has_nested; /* If, Loop, Scan: their time holds that of their bodies */
} pj_trace;

/* Reads a profile; the format is told by its content. `trace` is zeroed but for its arena. drop_runs: so many first
 * runs do not count. PJ_EIO, PJ_EFORMAT (no format that is known; no run that counts; GPU kernels that were not
 * recorded), PJ_ELIMIT, PJ_ENOMEM. */
pj_status pj_trace_read(const char *path, size_t drop_runs, pj_trace *trace, pj_error *err);
/* The same of what is at hand. */
pj_status pj_trace_from(const pj_input *input, const char *name, size_t drop_runs, pj_trace *trace, pj_error *err);

/* The kernel of that key, made where it is new; NULL: no memory, or too many. */
pj_traced *pj_trace_kernel(pj_trace *trace, const char *name, int64_t index, const char *op);
bool pj_traced_add(pj_trace *trace, pj_traced *kernel, double ts, double us);

/* ---- formats, one file each ---- */

/* Chrome events of ONNX Runtime, one after the other, however large the file is. */
pj_status pj_trace_ort(const pj_input *input, size_t drop_runs, pj_trace *trace, pj_error *err);
/* Whole texts, which are written to. */
pj_status pj_trace_tensorrt(const char *text, size_t length, pj_trace *trace, pj_error *err);
pj_status pj_trace_csv(char *text, size_t length, size_t drop_runs, pj_trace *trace, pj_error *err);

/* What kernels of that time come to: sums and medians of counted runs; drops `drop_runs` of trace->run, which is
 * sorted. PJ_EFORMAT: none is left. */
pj_status pj_trace_count_runs(pj_trace *trace, size_t drop_runs, pj_error *err);
/* Is [ts, ts + us] inside a counted run? */
bool pj_trace_is_counted(const pj_trace *trace, double ts, double us);

double pj_median(double *values, size_t count); /* sorts; NAN of none */
