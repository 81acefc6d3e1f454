/* Figures kept over time: records of analyses (a trend per model), and the (quality, energy) points of a training run.
 *
 * Both are SQLite files, each with an application id and a format number of its own. A file of another program, or of a
 * newer format, is refused and never changed. A file that is not there is made by the first record, as a whole or not
 * at all. Every call is one transaction, on disk before it returns: processes may write one file at once and wait for
 * each other up to PJ_HISTORY_WAIT_S seconds; one that is killed leaves a sound file. Formats: docs/history.md.
 *
 * Errors of all functions that open a file; err->file names it.
 * PJ_EIO: cannot be opened, read or written, or is locked for too long; PJ_EFORMAT: no such file of picojoule, a newer
 * format, a damaged one; PJ_ENOMEM; PJ_ELIMIT: more than PJ_HISTORY_MOST records or points, or texts that are too long.
 *
 * Threads: all functions may be called at once, for one file, too. */
#ifndef PICOJOULE_HISTORY_H
#define PICOJOULE_HISTORY_H

#include "picojoule/report.h"

enum {
    PJ_HISTORY_WAIT_S = 60,
    PJ_HISTORY_MOST = 1000 * 1000 /* records or points that one call reads */
};

/* Is it a time in UTC of the form "2026-11-20T22:09:24Z"? Texts of this form sort by time. */
PJ_API bool pj_time_is_valid(const char *text);

/* ---- trends ---- */

typedef struct pj_history_layer {
    const char *name;
    const char *op;
    double energy; /* in the entry's unit */
} pj_history_layer;

/* One record: what a model cost at one commit. Texts may be NULL where that is said. */
typedef struct pj_history_entry {
    int64_t id;          /* given by the file, in the order of recording; pj_history_append does not read it */
    const char *model;   /* the name under which the trend is kept */
    const char *path;    /* of the model file, or NULL */
    const char *commit;  /* NULL: not known */
    const char *branch;  /* likewise */
    const char *time;    /* UTC, as "2026-11-20T22:09:24Z" */
    const char *version; /* of the program; NULL: of this one */
    const char *table, *rules;
    const char *unit;     /* "pJ" or "relative" */
    const char *settings; /* what else the figures rest on, as options: "--weights-on dram ... --dim batch=1" */
    pj_totals totals; /* of them, the figures that docs/history.md lists; those of earlier versions may be unknown */
    const pj_history_layer *layers;
    size_t layer_count;
} pj_history_entry;

/* Appends one record. When it returns PJ_OK the record is on disk; else the file is as it was.
 * PJ_EARGUMENT: an entry without model, time, table, rules, unit or settings, a time of another form, a negative or
 * infinite figure; else as above. */
PJ_API pj_status pj_history_append(const char *file, const pj_history_entry *entry, pj_error *err);

/* What an analysis does not know of itself. */
typedef struct pj_history_stamp {
    const char *model;  /* NULL: the path of the model as it was opened */
    const char *commit; /* NULL: not known */
    const char *branch; /* NULL: not known */
    const char *time;   /* UTC, as "2026-11-20T22:09:24Z" */
    int64_t peak_bytes; /* negative: not known */
} pj_history_stamp;

/* Appends the totals of an analysis and the energy of each layer that is not free. Errors as pj_history_append. */
PJ_API pj_status pj_history_record(const char *file, const pj_result *result, const pj_history_stamp *stamp,
                                   pj_error *err);

/* Appends joules of a query that were measured, as picojoules under table "none", rules "measured" and settings that
 * say where and on what: they never compare with an estimate. PJ_EFORMAT: it was not measured; else as above. */
struct pj_energy_source;
PJ_API pj_status pj_history_record_energy(const char *file, const struct pj_energy_source *source,
                                          const pj_history_stamp *stamp, pj_error *err);

typedef struct pj_history_query {
    const char *model;
    const char *branch; /* NULL: records of all branches */
    const char *layer;  /* glob: the layers that are wanted, too; NULL: none */
    size_t last;        /* so many newest records; 0: all */
} pj_history_query;

/* Records of one model by time, those of one time in the order of recording. */
typedef struct pj_history {
    const char *file, *model, *layer; /* of the query */
    const pj_history_entry *entries;
    size_t count;
} pj_history;

/* Reads a trend. *out is owned by the caller. A model without records: PJ_EARGUMENT, which names the models that there
 * are; likewise a branch without records, or a glob that matches no layer. */
PJ_API pj_status pj_history_read(const char *file, const pj_history_query *query, pj_history **out, pj_error *err);
PJ_API void pj_history_free(pj_history *history); /* NULL is allowed */

/* What there is of one model. */
typedef struct pj_history_model {
    const char *model;
    size_t records;
    pj_history_entry last; /* the newest record, without layers */
} pj_history_model;

typedef struct pj_history_list {
    const char *file;
    const pj_history_model *models; /* by name */
    size_t count;
} pj_history_list;

PJ_API pj_status pj_history_models(const char *file, pj_history_list **out, pj_error *err);
PJ_API void pj_history_list_free(pj_history_list *models); /* NULL is allowed */

/* Figures that a trend may show: "energy" (their sum), "inputs", ..., "bops", "peak_bytes"; NULL past the last. */
PJ_API const char *pj_metric_word(size_t index);

/* Formats of the reports below: those of pj_report_formats, and "svg", a line chart that needs nothing else: no
 * scripts, no fonts. Ends with NULL. */
PJ_API const char *const *pj_chart_formats(void);

typedef struct pj_history_options {
    const char
        *metric; /* what is drawn, one of the words above (NULL: energy); with the layers of a query it is theirs */
    bool utf8;   /* sparklines of block characters; else ASCII */
    size_t rows; /* newest records in the table of text and Markdown; 0: all */
} pj_history_options;

/* Writes a trend: sparkline and table, chart, or data. Of `report` (may be NULL), format, width and colour count.
 * PJ_EARGUMENT: no such format; PJ_EIO: the sink refused; PJ_ENOMEM. */
PJ_API pj_status pj_history_write(const pj_history *history, const pj_history_options *options,
                                  const pj_report_options *report, pj_sink sink, void *payload, pj_error *err);

/* Writes the list of models: all formats but svg. Errors as above. */
PJ_API pj_status pj_history_list_write(const pj_history_list *list, const pj_report_options *report, pj_sink sink,
                                       void *payload, pj_error *err);

/* ---- quality against energy ---- */

/* Is a lower figure of quality better (perplexity, loss), or a higher one (accuracy)? The first point of a file settles
 * it. */
typedef enum pj_better {
    PJ_BETTER_AS_FILE, /* as the file has it; lower in a new file */
    PJ_BETTER_LOWER,
    PJ_BETTER_HIGHER
} pj_better;

/* One point of a training run. Dominated: another one is at least as good in both, and better in one, or it is the same
 * and came earlier. Dominated points stay in the file. */
typedef struct pj_pareto_point {
    int64_t id;        /* given by the file, in the order of adding */
    const char *label; /* "step=1000", or NULL */
    double quality;
    double energy;     /* >= 0, in `unit` */
    const char *unit;  /* "pJ" or "relative": one for the whole file */
    const char *basis; /* what the energy rests on (table, settings); NULL: it was stated */
    const char *time;  /* UTC, as "2026-11-20T22:09:24Z" */
    bool dominated;    /* found out when the file is read */
} pj_pareto_point;

/* Adds one point (`id` and `dominated` are not read). When it returns PJ_OK the point is on disk.
 * PJ_EARGUMENT: `better` or the unit is not that of the file, a time of another form, figures that are not finite, a
 * negative energy; else as above. */
PJ_API pj_status pj_pareto_add(const char *file, const pj_pareto_point *point, pj_better better, pj_error *err);

/* "table horowitz-45nm, rules picojoule, --weights-on dram ...": the basis of a point of an analysis, without
 * --plan and --quantize, in which points may differ. They compare where it is the same. The caller frees *out with
 * free(). PJ_ENOMEM. */
PJ_API pj_status pj_pareto_basis(const pj_result *result, char **out, pj_error *err);

typedef struct pj_pareto {
    const char *file;
    bool higher_is_better;
    const pj_pareto_point *points; /* in the order of adding */
    size_t count;
    const size_t *frontier; /* numbers of the points that none dominates, by energy upward, so by quality, too */
    size_t frontier_count;
    double within; /* 0.1: 10 % */
    size_t pick;   /* the point of least energy whose quality is at most within * |best| from the best; the better,
                      then the earlier one of equals */
} pj_pareto;

/* Reads all points. `within` >= 0, as a share. *out is owned by the caller. PJ_EARGUMENT: `better` is not that of the
 * file; PJ_EFORMAT: without points, too; else as above. */
PJ_API pj_status pj_pareto_read(const char *file, pj_better better, double within, pj_pareto **out, pj_error *err);
PJ_API void pj_pareto_free(pj_pareto *points); /* NULL is allowed */

/* Marks the dominated ones of `count` points and puts the numbers of the others into `frontier` (room for `count`), by
 * energy upward; O(n log n). PJ_BETTER_AS_FILE counts as lower. false: out of memory. */
PJ_API bool pj_pareto_sort(pj_pareto_point *points, size_t count, pj_better better, size_t *frontier,
                           size_t *frontier_count);

/* Writes the frontier, and the points in the formats for programs. Options and errors as pj_history_write. */
PJ_API pj_status pj_pareto_write(const pj_pareto *pareto, const pj_report_options *report, pj_sink sink, void *payload,
                                 pj_error *err);

#endif
