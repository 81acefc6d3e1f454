/* From joules to kWh, CO2e, water, money and stars: arithmetic on an energy that somebody else found.
 *
 * Units stand in the names. What is not known is NAN, never 0. Formulas and sources: docs/footprint.md.
 *
 * Threads: different footprints may be made at once; one that is made never changes. */
#ifndef PICOJOULE_FOOTPRINT_H
#define PICOJOULE_FOOTPRINT_H

#include "picojoule/report.h"

/* What an energy comes to. */
typedef struct pj_amounts {
    double kwh_it;   /* of the machines */
    double kwh_site; /* with what cools and feeds them: kwh_it * PUE */
    double gco2e;
    double water_onsite_l, water_offsite_l, water_l;
    double phone_charges;
    double cost; /* in the unit of the price */
} pj_amounts;

/* ---- numbers as people write them ---- */

/* "0.102J", "3 kWh", "388.1uJ": joules. "7h45m", "90 min", "2d", "0.5 s": hours. "1/8", "0.125": a share from 0 to 1.
 * false: something else. */
PJ_API bool pj_joules_read(const char *text, double *out);
PJ_API bool pj_hours_read(const char *text, double *out);
PJ_API bool pj_share_read(const char *text, double *out);
PJ_API bool pj_number_read(const char *text, double *out); /* "-1.5e3": finite */

/* NULL: a number that this quantity can be; else what it wants: "a number from 1 on". Quantities: pue, g_per_kwh,
 * wue_onsite, wue_offsite, losses_percent, price_per_kwh, joules_per_query, queries_per_run, queries_per_day, days,
 * tokens, phone_wh, embodied_kg, lifespan_h, reserved_h, share, functional_units, utilization_percent; any other one is
 * not negative. */
PJ_API const char *pj_quantity_wants(const char *quantity, double value);

/* ---- energies that somebody else found ---- */

/* The boundary of an energy: what it holds, and what it leaves out.
 *  enumerator, word, what it is */
#define PJ_BOUNDARY_LIST(X)                                                                                         \
    X(PJ_BOUND_OPERATIONS, "operations",                                                                            \
      "arithmetic and memory by a table of prices; neither an upper nor a lower bound")                             \
    X(PJ_BOUND_DEVICE, "device", "an estimate for a device, not measured; time between queries is not in it")       \
    X(PJ_BOUND_PACKAGE, "measured-package", "measured at the chips; board, host, supply and cooling are not in it") \
    X(PJ_BOUND_MACHINE, "measured-machine", "measured at the board; supply and cooling are not in it")              \
    X(PJ_BOUND_WALL, "measured-wall", "measured at the plug")                                                       \
    X(PJ_BOUND_ESTIMATE, "estimate", "power constants times time, not measured")                                    \
    X(PJ_BOUND_REPORTED, "reported", "as a file reports it; what it was measured with is not known")                \
    X(PJ_BOUND_GIVEN, "given", "as given on the command line")

typedef enum pj_boundary {
#define PJ_BOUNDARY_ENUM(name, word, what) name,
    PJ_BOUNDARY_LIST(PJ_BOUNDARY_ENUM)
#undef PJ_BOUNDARY_ENUM
        PJ_BOUNDARIES
} pj_boundary;

PJ_API const char *pj_boundary_word(pj_boundary boundary);
PJ_API const char *pj_boundary_text(pj_boundary boundary,
                                    const char *basis); /* what it leaves out; basis: NULL, or of a device */

typedef struct pj_energy_source {
    const char *name;   /* as it is told: the file, without its folder, or "given" */
    const char *path;   /* NULL: given */
    const char *kind;   /* "model", "report", "sweep", "measurement", "seed003", "emissions", "given" */
    const char *sha256; /* of the file; NULL: none */
    const char *figure; /* "horowitz-45nm", the name of a device; NULL elsewhere */
    pj_boundary boundary;
    double joules;                     /* of a query, of IT: without PUE */
    double seconds;                    /* of a query; NAN: not known */
    double queries_per_run;            /* queries that one run answers */
    double tokens;                     /* of a query; NAN: not known */
    double held_pue;                   /* that the file's energy holds and `joules` does not; NAN: none */
    const char *task, *hardware;       /* as the file says, else NULL */
    int64_t params;                    /* -1: not known */
    const char *load, *basis;          /* of a device: "latency", "own fit, 96 points"; else NULL */
    double low_j, high_j;              /* around `joules`, as the errors of such estimates justify; NAN: not known */
    size_t uncounted, layers, figures; /* layers that nobody counted; that count; that have a figure */
} pj_energy_source;

/* How inputs are read. */
typedef struct pj_energy_ask {
    const char *const *paths; /* models, reports, sweeps, measurements, results of seed 003, emissions.csv; "-" */
    size_t path_count;
    double joules;           /* of a query that is given, too; NAN: none */
    double seconds;          /* of it; NAN: not known */
    const pj_setup *setup;   /* for models; its devices are figures */
    const char *figure;      /* "table" or the name of a device; NULL: the devices, and without any there is none */
    double queries_per_run;  /* NAN: the batch of a report; of what a measurement says */
    double tokens;           /* NAN: not known */
    const char *prefill;     /* of a sweep: the file with the energy before its first step; or NULL */
    double input_pue;        /* that results of seed 003 hold (NAN: 1.2) */
    const pj_result *result; /* that the caller has, instead of a file, or NULL; borrowed */
    const struct pj_measurement *measurement; /* likewise */
    const char *run_id;                       /* of emissions.csv; NULL: the last row */
    const char *task, *hardware;              /* instead of what files say; or NULL */
} pj_energy_ask;

/* ---- regions ---- */

typedef enum pj_region_kind { PJ_REGION_COUNTRY, PJ_REGION_GROUP, PJ_REGION_CLOUD, PJ_REGION_PUBLISHED } pj_region_kind;

/* A figure with where it is from; value NAN: not known. */
typedef struct pj_sourced {
    double value;
    int year; /* 0: not stated */
    const char *source;
} pj_sourced;

typedef struct pj_region {
    pj_region_kind kind;
    const char *id;     /* "DEU", "EU", "gcp:us-central1", "framework.germany" */
    const char *alpha2; /* "DE", or NULL */
    const char *name;
    const char *country; /* of a cloud region: the id of its country; else NULL */
    pj_sourced g_per_kwh;
    pj_sourced other; /* what another source says of it */
    pj_sourced pue, wue_onsite, wue_offsite;
    const char *confidence, *note; /* note: NULL without */
} pj_region;

/* ---- where and under which conditions ---- */

/* Of a site; NAN: as the region has it (PUE without any: 1). */
typedef struct pj_site {
    const char *const *regions; /* ids or names; none: "world" */
    size_t region_count;
    const char *regions_file; /* picojoule.regions/1 instead of the built-in ones; or NULL */
    double intensity;         /* g/kWh, instead of a region's */
    const char *profile;      /* CSV of intensities, whose mean counts; or NULL */
    bool marginal;            /* `intensity` or `profile` is marginal, not a mean of the grid */
    double pue, wue_onsite, wue_offsite;
    double losses; /* 0..1 */
    double price;  /* per kWh */
    double phone_wh;
} pj_site;

/* No region, nothing known, no losses, 12 Wh a charge. */
PJ_API pj_site pj_site_default(void);

/* ---- footprints ---- */

/* One run of training. Numbers that are not asked for are NAN. */
typedef struct pj_training_ask {
    bool wanted;
    double epochs, samples, batch;
    double backward;         /* of the forward pass; 2: activations and weights */
    double mfu;              /* share of the device's peak that is used, 0..1 */
    const char *precision;   /* "fp32", "bf16" ...: of the device's peak */
    double gpu_hours, watts; /* instead of FLOPs and a device */
    double devices;          /* that share the work: for the hours */
    double overhead_percent; /* optimizer, checkpoints, evaluation */
} pj_training_ask;

typedef struct pj_footprint_ask {
    pj_energy_ask energy;
    pj_site site;
    double per_day, days;  /* queries; NAN: no days */
    const char *idle_from; /* with per_day: the device whose idle power is drawn between queries; NULL: none */
    const char *embodied;  /* hardware, or NULL */
    double embodied_kg;    /* instead; NAN */
    double lifespan_h, reserved_h, share; /* NAN: the hardware's; of a query: its time; 1 */
    const char *unit;                     /* "query", "1000-queries", "token", "training", or a name of the user's */
    double unit_queries;                  /* of the user's unit: queries in it; NAN */
    pj_training_ask training;
    double qubits, layers, circuit_tokens; /* a quantum circuit, as V4 counts it; NAN: none */
    const char *const *qualities;          /* "NAME=V" */
    size_t quality_count;
    const char *const *limits; /* "gco2e_query>0.5", "gco2e_1000>+5%": of all rows, or against the first */
    size_t limit_count;
    bool mix; /* an estimate of operations is compared with others, too */
} pj_footprint_ask;

PJ_API pj_footprint_ask pj_footprint_ask_default(void);

/* NULL: the text can be read as a limit, else what it wants. */
PJ_API const char *pj_footprint_limit_wants(const char *text);

typedef struct pj_training {
    double steps, flops, joules, hours; /* NAN: not known */
} pj_training;

/* What SCI is made of, in grams. */
typedef struct pj_sci_figures {
    double o_g, m_g, c_g, r, g_per_r;
    const char *embodied; /* hardware, or "given" */
} pj_sci_figures;

/* An energy in a region. */
typedef struct pj_footprint_row {
    const pj_energy_source *source;
    const pj_region *region;
    double pue, wue_onsite, wue_offsite;
    pj_amounts query;                                                 /* or one run of training */
    pj_amounts thousand, million, token, million_tokens, day, period; /* NAN where not asked for */
    double idle_j_per_day;                                            /* in day and period; 0 */
    bool has_sci;
    pj_sci_figures sci;
    double ratio;                  /* of CO2e, to the first row; NAN where that is 0 */
    double queries_per_g;          /* NAN where it emits nothing */
    double quality, quality_per_g; /* NAN: not given */
    double devices_needed;         /* for the queries of a day; NAN: not known */
} pj_footprint_row;

typedef struct pj_footprint_verdict {
    const char *limit;
    const pj_footprint_row *row; /* that exceeds it most, or comes nearest */
    double value, least;         /* and what it may be */
    bool exceeded;
} pj_footprint_verdict;

typedef struct pj_footprint {
    pj_footprint_ask asked;
    const pj_energy_source *sources;
    size_t source_count;
    const pj_footprint_row *rows; /* source by source, region by region */
    size_t row_count;
    const char *refusal; /* an estimate of operations is no footprint: why, and the ways; then there are no rows */
    bool comparison_only;
    pj_training training;
    const pj_finding *findings;
    size_t finding_count;
    const pj_footprint_verdict *verdicts;
    size_t verdict_count, exceeded;
} pj_footprint;

/* *out is owned by the caller. PJ_EFORMAT: an input, a region, a profile or hardware is absent or broken; PJ_EARGUMENT:
 * options that do not fit each other or the input; PJ_EOVERFLOW: a figure leaves a double; errors of pj_result_open. */
PJ_API pj_status pj_footprint_run(const pj_footprint_ask *ask, pj_footprint **out, pj_error *err);
PJ_API void pj_footprint_free(pj_footprint *footprint); /* NULL is allowed */

/* Text, JSON (picojoule.footprint/1), CSV, Markdown, SVG. Errors as pj_report_write. */
PJ_API pj_status pj_footprint_write(const pj_footprint *footprint, const pj_report_options *options, pj_sink sink,
                                    void *payload, pj_error *err);

/* ---- lifecycles ---- */

typedef struct pj_phase {
    const char *name; /* "development", "training", "validation", "deployment", "inference", or any other */
    pj_region region; /* with what the file puts in place of it */
    double pue;
    pj_amounts amounts;   /* with all runs */
    double embodied_g;    /* 0: none */
    double share_percent; /* of the CO2e of all phases, embodied included; NAN where that is 0 */
    double queries;       /* NAN: it answers none */
    const char *from;     /* the file of its energy, or NULL */
    pj_boundary boundary;
} pj_phase;

typedef struct pj_lifecycle {
    const char *path;
    const pj_phase *phases; /* the five words first */
    size_t count;
    pj_amounts total;
    double embodied_g;
    double break_even_queries; /* kWh of training over those of a query; NAN: one of both is not there */
    bool comparison_only;      /* a phase rests on an estimate of operations */
    bool has_price;
} pj_lifecycle;

/* Reads a file (picojoule.lifecycle/1) and works it out; files that it names are found from its folder. `mix` lets
 * estimates of operations in. *out is owned by the caller.
 * PJ_EFORMAT names file and place: no energy or several in a phase, a number that cannot be; PJ_EIO, PJ_ENOMEM, and
 * errors of the files that it names. */
PJ_API pj_status pj_lifecycle_run(const char *path, const pj_site *site, bool mix, pj_lifecycle **out, pj_error *err);
PJ_API void pj_lifecycle_free(pj_lifecycle *lifecycle); /* NULL is allowed */

/* Text, JSON (picojoule.lifecycle-report/1), CSV, Markdown, SVG. Errors as pj_report_write. */
PJ_API pj_status pj_lifecycle_write(const pj_lifecycle *lifecycle, const pj_report_options *options, pj_sink sink,
                                    void *payload, pj_error *err);

/* A file to begin with. */
PJ_API pj_status pj_lifecycle_sample(pj_sink sink, void *payload, pj_error *err);

/* The regions: a list (NULL), one with all its figures, or those of a file, which is validated on the way. Text, JSON,
 * CSV, Markdown. PJ_EFORMAT: no such region; else as pj_tables_write. */
PJ_API pj_status pj_regions_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                                  pj_error *err);

/* ---- stars ---- */

/* rank: 5 - floor(5 k / n), k of n models need strictly less; range: fifths from the least to the most (AI Energy
 * Score); seed003: as the ML Energy Score's public code does it. docs/footprint.md compares them. */
typedef enum pj_star_method { PJ_STARS_RANK, PJ_STARS_RANGE, PJ_STARS_SEED003 } pj_star_method;

PJ_API const char *const *pj_star_methods(void); /* their words; ends with NULL */

/* One model among those that it compares with. */
typedef struct pj_star {
    int stars;            /* 1 to 5 */
    size_t less;          /* models that need strictly less: k */
    size_t place;         /* in the sorted list, from 0; equal ones in their order */
    int percentile;       /* floor(100 place / (n - 1)); of a single one 0 */
    double range_percent; /* position between the least and the greatest, 0..100; 0 where all are equal */
} pj_star;

/* Models of one task, class, hardware and boundary: others are never compared with them. */
typedef struct pj_star_group {
    const char *task, *hardware; /* "" where not known */
    const char *size_class;      /* "A", "B", "C", or "": no classes, or the parameters are not known */
    const char *boundary;        /* its word; "mixed" */
    size_t count;
} pj_star_group;

typedef struct pj_rated {
    const pj_footprint_row *row; /* rated is row->thousand.kwh_site */
    size_t group;
    pj_star star;
} pj_rated;

typedef struct pj_rating {
    pj_footprint *footprint;
    pj_star_method method;
    const pj_star_group *groups;
    size_t group_count;
    const pj_rated *rated; /* group by group, least energy first */
    size_t count;
} pj_rating;

/* Rates the energies of `ask`, in one region. `classes`: text generation in the classes of AI Energy Score, by
 * parameters (A up to 20, B up to 66 billion, C). *out is owned by the caller.
 * PJ_EFORMAT: boundaries differ, or are estimates of operations, without ask->mix; else as pj_footprint_run. */
PJ_API pj_status pj_rating_run(const pj_footprint_ask *ask, pj_star_method method, bool classes, pj_rating **out,
                               pj_error *err);
PJ_API void pj_rating_free(pj_rating *rating); /* NULL is allowed */

/* Text, JSON (picojoule.rating/1), CSV, Markdown, SVG. Errors as pj_report_write. */
PJ_API pj_status pj_rating_write(const pj_rating *rating, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

/* ---- when to run ---- */

typedef enum pj_repeats { PJ_REPEATS_AUTO, PJ_REPEATS_YES, PJ_REPEATS_NO } pj_repeats; /* AUTO: a day or less does */

typedef struct pj_stretch {
    double start_h, hours, mean; /* mean: g/kWh */
} pj_stretch;

/* Means are g/kWh of a constant load. */
typedef struct pj_run_window {
    double start_h, mean;
    double now_mean; /* starting at the earliest */
    double worst_start_h, worst_mean;
    double saving_percent_of_now, saving_percent_of_worst; /* NAN where there is nothing to save */
    pj_stretch *starts;                                    /* best first, the window itself among them */
    size_t start_count;
    /* whole steps in any order, where it was asked for */
    double slots_mean; /* NAN: not asked for */
    pj_stretch *slots; /* by time */
    size_t slot_count;
} pj_run_window;

typedef struct pj_timing_ask {
    const char *profile; /* CSV of intensities */
    pj_repeats repeats;
    double duration_h;
    double joules, watts;              /* of the whole job; while it runs; NAN: none */
    const char *earliest, *latest_end; /* hours, or ISO 8601 where the profile has dates; NULL: the first row, none */
    bool interruptible;                /* also: whole steps in any order */
    size_t top;                        /* so many starts are listed; 0: one */
} pj_timing_ask;

typedef struct pj_timing {
    pj_timing_ask asked;
    pj_run_window window;
    size_t rows;
    double step_h, earliest_h, latest_end_h; /* latest_end_h: NAN without */
    bool repeats;
    double kwh;               /* NAN: no energy was given */
    const double *values;     /* of the profile, `rows` of them */
    const char *const *times; /* of window.starts, "2026-11-29T06:30Z" or "hour 7.5" */
    const char *now, *worst;  /* likewise */
    const char *const *slot_times;
} pj_timing;

/* NULL: a time as `earliest` can be, else what it wants. */
PJ_API const char *pj_instant_wants(const char *text);

/* Finds the best time. *out is owned by the caller. PJ_EFORMAT: the profile is broken, the row is named; PJ_EARGUMENT:
 * the duration does not fit; PJ_EIO, PJ_ELIMIT, PJ_ENOMEM. */
PJ_API pj_status pj_timing_run(const pj_timing_ask *ask, pj_timing **out, pj_error *err);
PJ_API void pj_timing_free(pj_timing *timing); /* NULL is allowed */

/* Text, JSON (picojoule.schedule/1), CSV, Markdown, SVG. Errors as pj_report_write. */
PJ_API pj_status pj_timing_write(const pj_timing *timing, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

#endif
