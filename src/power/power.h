/* Domains of power: what a machine has, what is added up, and what they say of a run.
 *
 * Time is the caller's: a replay gives its own. The rules (which zones are added, when a counter is not believed) are
 * in docs/measure.md. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "power/counter.h"

#include "picojoule/measure.h"

typedef struct pj_power pj_power;
typedef struct pj_power_domain pj_power_domain;

typedef struct pj_reading {
    uint64_t uj;
    double watts;
} pj_reading;

/* One kind of source: a row of sources.c and a file of its own. */
typedef struct pj_sensor {
    const char *word;
    /* Adds its domains (pj_power_add), or says with pj_power_absent why there are none. */
    pj_status (*find)(pj_power *power, pj_error *err);
    /* One reading; false: it failed, the domain's `why` says how. */
    bool (*read)(pj_power *power, pj_power_domain *domain, pj_reading *out);
    void (*close)(pj_power *power); /* what find has opened, but for files of domains; may be NULL */
} pj_sensor;

struct pj_power_domain {
    const pj_sensor *source;
    const char *name;   /* "dram (package-0)" */
    const char *zone;   /* as the machine calls it: "dram" */
    const char *part;   /* "cpu", "gpu", "ram", "board" */
    const char *where;  /* the file that is read, or the library */
    const char *remedy; /* to read it; "" */
    bool is_counter;    /* microjoules; else watts */
    bool is_candidate;  /* may be added */
    bool is_whole;      /* holds all others: a board, a battery, a meter */
    bool added;         /* is added */
    bool readable;      /* at the first look */
    uint64_t range;     /* of a counter, uJ; 0: not known */
    double limit_w;     /* 10 times the zone's power limit, or 5 kW */
    char why[160];      /* it is not read or not added */
    int fd[2];          /* files that are read at 0; -1 */
    void *handle;       /* of a library */
    unsigned number;    /* of a device */
    double scale;       /* of what is read */
    pj_counter counter; /* of the run */
    pj_integral integral;
    size_t failures; /* of the run */
    double now_w;    /* the last sample of power; NAN of counters */
    double step_w;   /* that one, or the mean since the reading before; NAN */
};

/* How a domain did in a run. */
typedef struct pj_domain_run {
    double joules; /* NAN: no figure */
    double covered_s, watts_max;
    size_t wraps, lost, samples;
} pj_domain_run;

struct pj_power {
    pj_arena *arena;
    const pj_measure_ask *ask;
    const char *sysfs, *procfs;
    pj_power_domain *domain;
    size_t count, room;
    pj_finding *finding;
    size_t findings, finding_room;
    pj_source_state *absent; /* sources that are not there */
    size_t absents, absent_room;
    void *of_source[PJ_SOURCES]; /* libraries, processes */
    double begun;                /* when the run began */
};

/* ---- for replays and meters ---- */

/* Finds all domains and chooses what is added. `power` is zeroed but for arena and ask. PJ_ENOMEM. */
pj_status pj_power_open(pj_power *power, pj_error *err);
void pj_power_close(pj_power *power);

/* A run from `at` on: all domains begin anew and are read. */
void pj_power_begin(pj_power *power, double at);
void pj_power_read(pj_power *power, double at);

/* The run ends at `at`, after a last pj_power_read. runs[i] is of domain i; what is not believed becomes a finding and
 * has no figure. */
void pj_power_end(pj_power *power, double at, pj_domain_run *runs);

/* The interval that no counter wraps twice in at 1 kW, at most `wish`. */
double pj_power_interval(const pj_power *power, double wish);

/* A finding, once for each code and domain. */
void pj_power_note(pj_power *power, const char *code, const char *node, const char *format, ...) PJ_PRINTF(4, 5);

/* ---- for sources ---- */

/* A new domain with its defaults; NULL: no memory. */
pj_power_domain *pj_power_add(pj_power *power, const pj_sensor *source);
void pj_power_absent(pj_power *power, const pj_sensor *source, const char *where, const char *why, const char *remedy);
/* Is the source asked for by its name? */
bool pj_power_named(const pj_power *power, pj_power_source source);

extern const pj_sensor pj_sensor_rapl, pj_sensor_perf, pj_sensor_nvml, pj_sensor_smi, pj_sensor_hwmon,
    pj_sensor_ina3221, pj_sensor_battery, pj_sensor_meter;
