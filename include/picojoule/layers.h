/* Measured energy beside estimated energy, layer by layer: a profile of a runtime, joules of its runs, and a model.
 *
 * Units stand in the names; what is not known is NAN, never 0. Formulas: docs/measure.md.
 *
 * Threads: different profiles may be read at once; what is made never changes. */
#ifndef PICOJOULE_LAYERS_H
#define PICOJOULE_LAYERS_H

#include "picojoule/evaluate.h"
#include "picojoule/measure.h"

/* ---- arithmetic ---- */

/* A layer by the difference of two prefixes of its model. */
typedef struct pj_increment {
    double j, se_j;   /* mean_i - mean_(i-1), and its standard error */
    bool significant; /* beyond two of them */
    bool negative;    /* printed as it is: fusion across the cut, warm caches, noise */
} pj_increment;

/* out[i] of n repetitions each; *total_j is the last mean, *clamped_j what a tool that drops negative layers claims. */
PJ_API void pj_increments(const double *mean_j, const double *sd_j, size_t count, double n, pj_increment *out,
                          double *total_j, double *clamped_j);

/* How measured energy of a class of operators relates to estimated energy. */
typedef struct pj_class_factor {
    const char *op;
    size_t n;                   /* rows */
    double estimated, measured; /* sums; J */
    double own;                 /* measured / estimated; NAN: one of them is 0 */
    double factor;              /* that one with 3 rows and 1 % of the energy or more; else that of all rows */
    double left_out_error;      /* each row by the factor of the others: exp(mean |ln|) - 1; NAN */
} pj_class_factor;

typedef struct pj_class_row {
    const char *op;
    double estimated, measured;
} pj_class_row;

/* Factors of `count` rows in out[0..*factors), which has room for `count`, by name. *total is that of all rows,
 * *geometric exp(mean |ln(measured / (estimated * factor))|) over rows with both above 0; NAN of none. */
PJ_API void pj_class_factors(const pj_class_row *rows, size_t count, pj_class_factor *out, size_t *factors,
                             double *total, double *geometric);

/* ---- measured layers ---- */

typedef struct pj_layers_ask {
    const char *model;        /* or a saved report */
    const pj_setup *setup;    /* of the estimate */
    const char *trace;        /* a profile (docs/measure.md has the formats) */
    const char *optimized;    /* the model that the runtime wrote, or NULL */
    size_t drop_runs;         /* first runs that do not count */
    double watts, idle_watts; /* constant; NAN: not given */
    double joules_per_run;    /* measured without profiling; NAN */
    const char *measurement;  /* picojoule.measurement/1 with them, or NULL */
    const char *power;        /* CSV of watts over time, or NULL */
    const char *remark;       /* a finding of the caller's, or NULL */
    double trace_start_s;     /* when ts 0 was on the clock of `power`; NAN: as the file's name says */
} pj_layers_ask;

PJ_API pj_layers_ask pj_layers_ask_default(void);

/* A kernel that ran, and the layers that it carries. */
typedef struct pj_layered_row {
    const char *name, *op;
    int64_t node_index;   /* -1: not known */
    const char *anchor;   /* how it was matched: "exact", "name", "stripped", "tensor", "stripped-tensor",
                             "name+tensor"; NULL: it carries no layer */
    const size_t *layers; /* places in result->layers, in graph order */
    size_t layer_count;
    size_t events;
    double us_sum, us_median, us_min;
    double us_per_run;       /* us_sum / runs */
    double share_of_kernels; /* 0..1 */
    double integrated_j;     /* of a run: power over its time; NAN */
    double above_idle_j;     /* likewise, above idle_watts */
    double shared_j;         /* of a run: the run's energy by its share of the kernels' time; NAN */
    double measured_j;       /* that of the table's mode; NAN */
    bool resolved;           /* it lasts long enough for the sampling of the power */
    double estimated_pj;     /* of its layers */
    double ratio;            /* measured / estimated; NAN */
} pj_layered_row;

/* A layer's part of its kernel, in proportion to the estimates. */
typedef struct pj_layered_part {
    size_t layer, row; /* places; row SIZE_MAX: none carries it */
    double us, measured_j;
} pj_layered_part;

typedef struct pj_layered {
    pj_layers_ask asked;
    const pj_result *result;
    const char *format;         /* "onnxruntime", "tensorrt", "openvino", "csv" */
    const char *mode;           /* "integrated", "time-shared"; "time": no joules */
    const char *energy_source;  /* "20 W", a file, "given"; "" */
    const pj_layered_row *rows; /* in the order in which they run */
    size_t row_count;
    const pj_layered_part *parts; /* one a layer of the result */
    const size_t *unassigned;     /* layers with work that no row carries */
    size_t unassigned_count;
    double runs_used, run_us_sum, run_us_median, first_run_us, kernels_us_sum;
    double kernel_share;            /* of the runs' time; NAN: not known */
    double total_j, overhead_j;     /* of a run; and between kernels; NAN */
    double measured_over_estimated; /* over rows that carry layers; NAN */
    double coverage;                /* share of the kernels' time in rows that carry layers */
    const pj_finding *findings;
    size_t finding_count;
} pj_layered;

/* *out is owned by the caller. PJ_EFORMAT: a profile, measurement or CSV is broken, or the profile is of another model:
 * three names are told; errors of pj_result_open. */
PJ_API pj_status pj_layers_run(const pj_layers_ask *ask, pj_layered **out, pj_error *err);
PJ_API void pj_layers_free(pj_layered *layered); /* NULL is allowed */

/* Profiles that are made here. */
typedef struct pj_profile_options {
    pj_data data; /* one sample of it */
    pj_engine engine;
    size_t warm_up, runs;          /* before those that count; those that count */
    const pj_measure_ask *measure; /* of what joules are read; NULL: of none */
    const char *keep;              /* a file that gets the profile, or NULL */
} pj_profile_options;

/* 5 warm-ups, 50 runs at level "all", one random sample. */
PJ_API pj_profile_options pj_profile_options_default(void);

/* Runs the model with ONNX Runtime: without profiling for the joules, where there is a counter, and with it for the
 * shares; `ask` has no trace. Without a counter time stands beside the estimate, and a finding says so. Errors of
 * pj_layers_run; PJ_EUNSUPPORTED: no runtime, or it refuses the model. */
PJ_API pj_status pj_layers_profile(const pj_layers_ask *ask, const pj_profile_options *options, pj_layered **out,
                                   pj_error *err);

/* Factors between measurement and estimate, by class of operator: of rows with joules that carry layers, by the
 * operator of the dearest. `factors` has room for pj_layers_rows(). Of several profiles together. PJ_EARGUMENT: no row
 * has joules. */
PJ_API size_t pj_layers_rows(const pj_layered *const *layered, size_t count);
PJ_API pj_status pj_layers_factors(const pj_layered *const *layered, size_t count, pj_class_factor *factors,
                                   size_t *factor_count, double *total, double *geometric, pj_error *err);

/* Writes the table of the estimate (picojoule.table/1) with all prices times the factor of all rows: source "measured:
 * FILE, date, host", confidence "measured"; its notes have the factors of the classes and their errors, each row left
 * out in turn. `when` is a date, `host` a name. PJ_EARGUMENT: no joules, or a relative table. */
PJ_API pj_status pj_layers_calibrate(const pj_layered *const *layered, size_t count, const char *when, const char *host,
                                     pj_sink sink, void *payload, pj_error *err);

/* Writes rows for pj_device_fit (`devices --fit`), CSV: model, layer, energy_uj, latency_us, watts, hardware, boundary.
 */
PJ_API pj_status pj_layers_fit_rows(const pj_layered *const *layered, size_t count, const char *host, pj_sink sink,
                                    void *payload, pj_error *err);

/* ---- increments: a layer by two prefixes of its model ---- */

/* Writes the first parts of the model into a folder that is there: prefix_001.onnx ..., and prefixes.csv, which lists
 * them. They end behind each of `names`, or behind every `every`-th layer that costs something, and the last is the
 * whole. PJ_EARGUMENT: no such layer; errors of pj_apply. */
PJ_API pj_status pj_prefixes_write(const char *model, const pj_setup *setup, const char *folder, size_t every,
                                   const char *const *names, size_t name_count, pj_error *err);

/* Writes what prefixes of such a folder come to, of which each was measured with the same number of repetitions:
 * prefix_001.json ... by `measure -o`. Text, JSON (picojoule.increments/1), CSV, Markdown. PJ_EFORMAT: a measurement is
 * missing, or has no interval. */
PJ_API pj_status pj_increments_write(const char *folder, const pj_report_options *options, pj_sink sink, void *payload,
                                     pj_error *err);

/* Text, JSON (picojoule.layers/1), CSV (one row a kernel, columns of the per-layer guide), Markdown, SVG (bars of
 * energy and of time). Several stand side by side, layer by layer, with `names` (NULL: of their profiles). Errors as
 * pj_report_write. */
PJ_API pj_status pj_layers_write(const pj_layered *const *layered, const char *const *names, size_t count,
                                 const pj_report_options *options, pj_sink sink, void *payload, pj_error *err);

#endif
