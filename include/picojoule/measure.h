/* Measuring: joules of a machine while something runs, from the counters and sensors that it has (Linux).
 *
 *     pj_measure_ask ask = pj_measure_ask_default();
 *     pj_meter *meter;
 *     pj_meter_open(&ask, &meter, &err);
 *     pj_meter_begin(meter);
 *     ... what is measured; pj_meter_sample(meter) about every ask.interval_s ...
 *     pj_meter_end(meter, cpu_s, true, &err);
 *     pj_meter_finish(meter, &measurement, &err);
 *
 * Units stand in the names; what is not known is NAN, never 0. Rules and formulas: docs/measure.md.
 *
 * Threads: meters are independent of each other; one is for one thread at a time. */
#ifndef PICOJOULE_MEASURE_H
#define PICOJOULE_MEASURE_H

#include "picojoule/footprint.h"

/* ---- arithmetic ---- */

typedef struct pj_repetitions {
    size_t n;
    double mean, median;
    double sd, cv_percent, t, low, high; /* n - 1 degrees of freedom; 95 % interval; NAN below two runs */
    double drift_percent;                /* of the last third against the first; NAN below six runs */
    bool steady;                         /* that is 5 % at most; false where it is not known */
} pj_repetitions;

typedef struct pj_share_figures {
    double machine_j, cpu_share;
    double command_j;                                               /* without a baseline */
    double above_idle_j, command_above_idle_j, command_with_idle_j; /* with one */
    bool below_idle;                                                /* the machine took less than its baseline */
} pj_share_figures;

/* ---- sources ---- */

/*  enumerator, word, what it reads */
#define PJ_SOURCE_LIST(X)                                                                       \
    X(PJ_SOURCE_RAPL, "rapl", "energy counters of processors (powercap)")                       \
    X(PJ_SOURCE_PERF, "perf", "the same through perf events, where powercap cannot be read")    \
    X(PJ_SOURCE_NVML, "nvml", "NVIDIA GPUs through their library")                              \
    X(PJ_SOURCE_SMI, "nvidia-smi", "NVIDIA GPUs, where the library is not found")               \
    X(PJ_SOURCE_HWMON, "hwmon", "sensors of the kernel: AMD GPUs and processors, power meters") \
    X(PJ_SOURCE_INA3221, "ina3221", "rails of Jetson boards")                                   \
    X(PJ_SOURCE_BATTERY, "battery", "a battery that discharges")                                \
    X(PJ_SOURCE_METER, "meter", "a command that prints watts")

typedef enum pj_power_source {
#define PJ_SOURCE_ENUM(name, word, what) name,
    PJ_SOURCE_LIST(PJ_SOURCE_ENUM)
#undef PJ_SOURCE_ENUM
        PJ_SOURCES
} pj_power_source;
#define PJ_SOURCE_BIT(source) (1U << (source))

PJ_API const char *const *pj_power_source_words(void); /* ends with NULL */

/* NULL: words between commas that are sources, whose bits are in *sources; "psys" is rapl and sets *psys. Else what it
 * wants. */
PJ_API const char *pj_power_sources_read(const char *text, unsigned *sources, bool *psys);

/* Watts of the machine while nothing runs. */
typedef struct pj_idle {
    double watts;       /* NAN: not known */
    double seconds;     /* that it was measured for; NAN: it is given */
    const char *source; /* "measured", a file, "given" */
} pj_idle;

typedef struct pj_measure_ask {
    const char *sysfs, *procfs; /* roots; NULL: /sys, /proc */
    const char *nvml_library;   /* NULL: libnvidia-ml.so.1 from the default path */
    unsigned sources, without;  /* bits; 0: all that work, none */
    bool psys;                  /* the counter of the whole platform, instead of packages */
    const char *meter;          /* a command line of the shell that prints watts; or NULL */
    const char *gpus;           /* "0,1"; NULL: CUDA_VISIBLE_DEVICES, else all */
    double interval_s;          /* between samples */
    bool of_command;            /* the command's share by CPU time, not all of the machine */
    bool estimate;              /* power constants where nothing is read */
    double tdp_w;               /* of all processors, for these; NAN: as their name says, where it is known */
    double queries;             /* of a run */
    pj_idle idle;               /* the baseline */
    const char *const *command; /* what is told of it; ends with NULL; or NULL */
    const char *power_log;      /* a CSV of all samples; or NULL */
} pj_measure_ask;

PJ_API pj_measure_ask pj_measure_ask_default(void);

/* A place that was looked at. */
typedef struct pj_source_state {
    const char *source, *name; /* "rapl", "package-0"; name "": the source as a whole */
    const char *part;          /* "cpu", "gpu", "ram", "board"; "" */
    const char *where;         /* file or library */
    bool readable, added;      /* added up in a measurement */
    const char *why;           /* it is not read, or not added; "" */
    const char *remedy;        /* that grants least; "" */
    double watts;              /* right now; NAN: it is a counter */
} pj_source_state;

/* ---- a measurement ---- */

typedef struct pj_measured_run {
    double joules; /* of what is added; NAN: no figure */
    double seconds;
    double cpu_s, busy_cpu_s; /* of the command, of the machine; NAN: not known */
    double covered_s;         /* time whose energy is known: of the domain that knows least */
    bool counted;             /* not a warm-up */
} pj_measured_run;

typedef struct pj_domain_figure {
    const char *source, *name, *part;
    bool added, is_estimate;
    double joules;                           /* mean of the counted runs; NAN: no figure */
    double watts_mean, watts_max, covered_s; /* likewise; the most of all */
    size_t wraps, lost_intervals, samples;   /* of all counted runs */
} pj_domain_figure;

typedef struct pj_host {
    const char *cpu_model; /* "": not known */
    size_t cores;          /* that work; 0: not known */
    size_t sockets;        /* processors; 1 where they are not told apart */
    double ram_gib;        /* NAN */
    const char *const *gpus;
    size_t gpu_count;
    double start_c, end_c; /* the hottest sensor; NAN: there is none */
    bool is_virtual;       /* a virtual machine, as far as it says so */
} pj_host;

typedef struct pj_measurement {
    const char *const *command; /* ends with NULL; or NULL */
    int exit_code;              /* of the last run; 128 + signal */
    const char *started;        /* "2026-11-29T12:00:00Z" */
    double started_s;           /* since 1970 */
    pj_host host;
    const char *kind; /* "measured", "estimate", "mixed" */
    bool of_command;
    double queries; /* of a run */
    double interval_s;
    const pj_measured_run *runs; /* warm-ups included */
    size_t run_count;
    const pj_domain_figure *domains;
    size_t domain_count;
    pj_idle idle;
    pj_repetitions joules;               /* of the counted runs; mean NAN: no figure */
    double watts, seconds;               /* means of them */
    double extrapolated_j;               /* as if what is not covered was alike; NAN: all is covered */
    double above_idle_j;                 /* NAN without a baseline */
    pj_share_figures share;              /* means of the counted runs; all NAN unless of_command */
    double cpu_j, gpu_j, ram_j, board_j; /* of the added domains; 0: there are none */
    const pj_finding *findings;
    size_t finding_count;
    const struct pj_footprint *footprint; /* of a query; NULL: none was asked for */
} pj_measurement;

typedef struct pj_meter pj_meter;

/* Looks for sources. Without any that can be read the meter opens all the same: pj_meter_reads() says so.
 * PJ_EARGUMENT: a source that was named is not known; PJ_EIO: the log cannot be written; PJ_ENOMEM. */
PJ_API pj_status pj_meter_open(const pj_measure_ask *ask, pj_meter **out, pj_error *err);
PJ_API void pj_meter_close(pj_meter *meter); /* NULL is allowed */

/* Does anything add up, estimates included? */
PJ_API bool pj_meter_reads(const pj_meter *meter);

/* What was looked at; valid until the meter is closed. */
PJ_API const pj_source_state *pj_meter_sources(const pj_meter *meter, size_t *count);

/* The sampling interval: as asked, but short enough that no counter wraps twice. */
PJ_API double pj_meter_interval(const pj_meter *meter);

/* A run: begin, samples now and then, end. cpu_s is the CPU time of what ran, NAN where it is not known. A run that is
 * not `counted` is a warm-up. PJ_ENOMEM. */
PJ_API pj_status pj_meter_begin(pj_meter *meter, pj_error *err);
PJ_API void pj_meter_sample(pj_meter *meter);
PJ_API pj_status pj_meter_end(pj_meter *meter, double cpu_s, bool counted, pj_error *err);

/* Energies of the counted runs so far, for those who repeat until they agree. */
PJ_API pj_repetitions pj_meter_repetitions(pj_meter *meter);

/* The watts of all runs so far as the baseline of those to come, which begin anew. */
PJ_API void pj_meter_take_idle(pj_meter *meter);

/* *out belongs to the meter. PJ_ENOMEM. */
PJ_API pj_status pj_meter_finish(pj_meter *meter, int exit_code, pj_measurement **out, pj_error *err);

/* A finding of the caller's, kept with the others: "left_behind". */
PJ_API void pj_meter_note(pj_meter *meter, const char *code, const char *message);

/* Queries of a run, where they are known only afterwards. */
PJ_API void pj_meter_set_queries(pj_meter *meter, double queries);

/* A baseline: watts ("12.5"), or a measurement without a command (`measure --save-idle`). PJ_EFORMAT, PJ_EIO. `out`
 * keeps `text`. */
PJ_API pj_status pj_idle_read(const char *text, pj_idle *out, pj_error *err);

/* ---- what is told ---- */

/* Text, JSON (picojoule.measurement/1), CSV, Markdown. Errors as pj_report_write. */
PJ_API pj_status pj_measurement_write(const pj_measurement *measurement, const pj_report_options *options, pj_sink sink,
                                      void *payload, pj_error *err);

/* What was looked at: text, JSON (picojoule.sources/1), CSV, Markdown. */
PJ_API pj_status pj_sources_write(const pj_meter *meter, const pj_report_options *options, pj_sink sink, void *payload,
                                  pj_error *err);

/* What the files of other tools call it; NULL: the command, "", what the machine has. */
typedef struct pj_measured_names {
    const char *model, *task, *hardware;
} pj_measured_names;

/* Appends a row to CodeCarbon's emissions.csv, in one write, under a lock; a file with other columns is renamed to
 * FILE.bak first. The measurement needs its footprint, which has region and PUE. PJ_EIO, PJ_ENOMEM. */
PJ_API pj_status pj_emissions_append(const char *path, const pj_measurement *measurement,
                                     const pj_measured_names *names, pj_error *err);

/* Writes a result of the ML Energy Score: FOLDER/task/hardware/model_time.json. Likewise. */
PJ_API pj_status pj_seed003_write(const char *folder, const pj_measurement *measurement, const pj_measured_names *names,
                                  pj_error *err);

#endif
