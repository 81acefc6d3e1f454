/* Printing: the same rows as text, JSON, CSV or Markdown.
 *
 * Bytes are the same in every run and locale. A writer makes the whole report before it hands the first byte to the
 * sink, so a failure leaves nothing half written.
 *
 * Threads: results may be written by several at once; sinks are called by the thread that called. */
#ifndef PICOJOULE_REPORT_H
#define PICOJOULE_REPORT_H

#include "picojoule/lint.h"
#include "picojoule/skeleton.h"
#include "picojoule/sweep.h"

/* Where bytes go. Returns false to stop: the writer then returns PJ_EIO. */
typedef bool (*pj_sink)(const char *bytes, size_t length, void *payload);

typedef enum pj_sort {
    PJ_BY_FORMAT, /* by energy in text and Markdown, in graph order in JSON and CSV */
    PJ_BY_ENERGY,
    PJ_BY_MACS,
    PJ_IN_ORDER
} pj_sort;

typedef enum pj_group { PJ_NO_GROUP, PJ_GROUP_OP, PJ_GROUP_SCOPE } pj_group;

/* All rows; none, their sum alone. */
#define PJ_TOP_ALL  ((size_t)-1)
#define PJ_TOP_NONE ((size_t)-2)

typedef struct pj_report_options {
    const char *format; /* "text", "json", "csv", "markdown", "html" */
    int width;          /* columns of the terminal, for text; 0: 100 */
    bool color;         /* ANSI colours, for text */
    /* of pj_report_write alone: */
    pj_group group;
    int scope_depth; /* of PJ_GROUP_SCOPE: so many parts of the path; 0: the whole path */
    pj_sort sort;
    size_t top;           /* rows to print; 0: 20 for people (text, Markdown), all for programs; or PJ_TOP_... */
    size_t lint_findings; /* of pj_lint_run: text tells how to list them; 0: none, or lint was not run */
    const struct pj_footprint *footprint; /* told, too, per `per`; NULL: none; not in CSV */
    const char *per;                      /* "query", "1000-queries", "million-queries" */
    bool quiet;             /* of pj_check_write, for people: only what does not pass; nothing where all does */
    const char *configured; /* of pj_report_write: options that came from a file or the environment, to tell; or NULL */
    const pj_skeleton
        *skeleton;       /* of pj_report_write, for "html": the page then analyzes the model anew; NULL: it cannot */
    const char *columns; /* columns to print, by title or key, between commas; NULL: the usual ones; not in JSON */
} pj_report_options;

/* text, 100 columns, no colour, the dearest layers, sorted as the format wants it. */
PJ_API pj_report_options pj_report_options_default(void);

/* Formats that pj_report_write knows; ends with NULL. */
PJ_API const char *const *pj_report_formats(void);

/* The same model with other settings. */
typedef struct pj_trial {
    const char *options; /* "--quantize int8" */
    const pj_result *result;
} pj_trial;

/* A layer to explain, and what else it is compared with. */
typedef struct pj_explain {
    const pj_result *result;
    const char *layer; /* its name, or how that ends */
    const pj_trial *trials;
    size_t trial_count;
} pj_explain;

/* Tells the life of a layer of an analysis of `model`: tensors, counts, formats, prices with their sources, and what
 * changes would make of it; as text or Markdown. `options` may be NULL.
 * PJ_EARGUMENT: no such layer (near names are told) or format; PJ_EIO: the sink refused; PJ_ENOMEM; as an analysis, of
 * the table. */
PJ_API pj_status pj_explain_write(pj_model *model, const pj_explain *asked, const pj_report_options *options,
                                  pj_sink sink, void *payload, pj_error *err);

/* One run of several that stand side by side. */
typedef struct pj_run {
    const char *model;       /* its path */
    const char *table;       /* that was asked for */
    const pj_result *result; /* NULL: it failed ... */
    const char *error;       /* ... with this sentence; else NULL */
} pj_run;

/* Writes a row of totals for each run (at least one): by energy in text and Markdown, else as given. Devices are those
 * of the first run. `options` may be NULL. PJ_EARGUMENT: no such format, or some figures are no joules; PJ_EIO: the
 * sink refused; PJ_ENOMEM. */
PJ_API pj_status pj_runs_write(const pj_run *runs, size_t count, const pj_report_options *options, pj_sink sink,
                               void *payload, pj_error *err);

/* Writes the report. `options` may be NULL, here and below.
 * PJ_EARGUMENT: no such format or column; PJ_EIO: the sink refused; PJ_ENOMEM. */
PJ_API pj_status pj_report_write(const pj_result *result, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

/* A sweep: a row of totals for each combination. All four formats; of the options, format, width and colour count.
 * Errors as above. */
PJ_API pj_status pj_sweep_write(const pj_sweep *sweep, const pj_report_options *options, pj_sink sink, void *payload,
                                pj_error *err);

/* Findings of lint, rule by rule. All four formats; JSON: docs/lint.schema.json. Of the options, format, width and
 * colour count. Errors as above. */
PJ_API pj_status pj_lint_write(const pj_lint *lint, const pj_report_options *options, pj_sink sink, void *payload,
                               pj_error *err);

/* The rules themselves, with example and remedy. All four formats; "markdown" is docs/lint.md. */
PJ_API pj_status pj_lint_rules_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err);

/* Types and shapes of all tensors: all four formats. Errors as above. */
PJ_API pj_status pj_shapes_write(pj_model *model, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

/* Energy tables: the list of the built-in ones; one table in full, every number with unit, source and confidence.
 * `name` is a built-in name or a file, which is validated on the way; NULL lists. All four formats.
 * PJ_EARGUMENT: no such table; PJ_EFORMAT: file and JSON path of what is wrong; else as above. */
PJ_API pj_status pj_tables_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

/* Devices, likewise. */
PJ_API pj_status pj_devices_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                                  pj_error *err);

/* Memory hierarchies, likewise. */
PJ_API pj_status pj_hierarchies_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                                      pj_error *err);

/* The operator table. All four formats; "markdown" is docs/operators.md. */
PJ_API pj_status pj_operators_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err);

#endif
