/* Profiles as CSV: rows of runs, sums of layers, the rows of a layer table, and OpenVINO's counters. */
#include "footprint/csv.h"

#include "trace/trace.h"

#include "picojoule/footprint.h"

enum { LAYER, OP, RUN, START, END, SECONDS, LOOPS, STATUS, REAL_MS, COLUMNS };

/*  what a column is called, in the formats that have it */
static const char *const column_words[COLUMNS][4] = {
    [LAYER] = {"layer",                                        "layer_name", "layerName"},
    [OP] = {"op",                                              "layerType",                                                       "op_type"},
    [RUN] = {"run"                                    },
    [START] = {"start_s"         },
    [END] = {"end_s"                                       },
    [SECONDS] = {"seconds",                                "total_time_s"},
    [LOOPS] = {"num_loops"                                             },
    [STATUS] = {"execStatus"                                    },
    [REAL_MS] = {"realTime", "realTime (ms)"             },
};

typedef struct reader {
    pj_csv csv;
    size_t column[COLUMNS]; /* PJ_CSV_FIELDS: there is none */
    pj_trace *trace;
    size_t drop_runs, most_events;
    double runs_before, last_run; /* distinct runs, in their order */
    pj_error *err;
} reader;

static bool has(const reader *r, int column)
{
    return r->column[column] < PJ_CSV_FIELDS;
}

static const char *field(const reader *r, int column)
{
    return r->column[column] < r->csv.fields ? r->csv.field[r->column[column]] : "";
}

static pj_status number(reader *r, int column, double *out)
{
    if (pj_csv_number(field(r, column), out) && *out >= 0)
        return PJ_OK;
    return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "%s is \"%.40s\", no number from 0 on", column_words[column][0],
                       field(r, column));
}

static pj_status find_columns(reader *r)
{
    for (int k = 0; k < COLUMNS; k++) {
        r->column[k] = PJ_CSV_FIELDS;
        for (size_t i = 0; i < r->csv.fields; i++)
            for (int w = 0; w < 4 && column_words[k][w]; w++)
                if (strcmp(r->csv.field[i], column_words[k][w]) == 0)
                    r->column[k] = i;
    }
    bool timed = (has(r, START) && has(r, END)) || has(r, SECONDS) || has(r, REAL_MS);
    if (has(r, LAYER) && timed)
        return PJ_OK;
    return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err,
                       "this is no profile: columns are layer, run, start_s, end_s, or layer, "
                       "seconds; or those of OpenVINO's detailed counters");
}

static pj_status add(reader *r, double ts, double us)
{
    pj_traced *kernel = pj_trace_kernel(r->trace, field(r, LAYER), -1, field(r, OP));
    bool kept = kernel && pj_traced_add(r->trace, kernel, ts, us);
    if (kept && kernel->count > r->most_events)
        r->most_events = kernel->count;
    return pj_got(kept, r->err);
}

/* Rows with a run, a start and an end; a run's own time is from its first start to its last end. */
static pj_status add_timed(reader *r)
{
    pj_trace *trace = r->trace;
    double start, end, run = 0;
    PJ_TRY(number(r, START, &start));
    PJ_TRY(number(r, END, &end));
    if (end < start)
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "it ends at %g s, before it starts at %g s", end, start);
    if (has(r, RUN))
        PJ_TRY(number(r, RUN, &run));
    if (trace->runs == 0 || run != r->last_run) {
        PJ_TRY(pj_got(PJ_GROW(trace->arena, trace->run, trace->runs, trace->run_room), r->err));
        trace->run[trace->runs++] = (pj_trace_run){start * 1e6, 0};
        r->last_run = run;
    }
    pj_trace_run *at = &trace->run[trace->runs - 1];
    at->us = fmax(at->us, end * 1e6 - at->ts);
    return trace->runs > r->drop_runs ? add(r, start * 1e6, (end - start) * 1e6) : PJ_OK;
}

/* Rows with sums of time, over num_loops runs where they say so. */
static pj_status add_sum(reader *r)
{
    double seconds, loops = 1;
    if (has(r, STATUS) && (strcmp(field(r, STATUS), "NOT_RUN") == 0 || strcmp(field(r, STATUS), "OPTIMIZED_OUT") == 0))
        return PJ_OK;
    if (has(r, REAL_MS) && strcmp(field(r, LAYER), "Total") == 0)
        return PJ_OK;
    PJ_TRY(number(r, has(r, REAL_MS) ? REAL_MS : SECONDS, &seconds));
    if (has(r, LOOPS))
        PJ_TRY(number(r, LOOPS, &loops));
    if (!(loops > 0))
        return pj_csv_fail(&r->csv, PJ_EFORMAT, r->err, "num_loops is 0");
    return add(r, NAN, seconds * (has(r, REAL_MS) ? 1e3 : 1e6) / loops);
}

static pj_status read_rows(reader *r)
{
    bool there;
    PJ_TRY(pj_csv_next(&r->csv, &there, r->err));
    if (!there)
        return pj_fail(r->err, PJ_EFORMAT, "it is empty");
    PJ_TRY(find_columns(r));
    r->trace->format = has(r, REAL_MS) ? "openvino" : "csv";
    for (;;) {
        PJ_TRY(pj_csv_next(&r->csv, &there, r->err));
        if (!there)
            return PJ_OK;
        if (r->csv.fields > r->column[LAYER] && *field(r, LAYER))
            PJ_TRY(has(r, START) && has(r, END) ? add_timed(r) : add_sum(r));
    }
}

pj_status pj_trace_csv(char *text, size_t length, size_t drop_runs, pj_trace *trace, pj_error *err)
{
    reader r = {.csv = pj_csv_new(text, length, trace->path), .trace = trace, .drop_runs = drop_runs, .err = err};
    const char *line = memchr(text, '\n', length);
    size_t first = line ? (size_t)(line - text) : length;
    if (memchr(text, ';', first) && !memchr(text, ',', first))
        r.csv.separator = ';';
    PJ_TRY(read_rows(&r));
    if (trace->runs)
        return pj_trace_count_runs(trace, drop_runs, err);
    trace->runs_used = (double)r.most_events;
    return PJ_OK;
}
