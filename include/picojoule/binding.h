/* The library for other languages, and for programs that must outlive its versions: everything by pointer and by name.
 *
 * The functions below, with pj_setup_set, pj_setup_give (setup.h), pj_model_open_resource, pj_model_rebind,
 * pj_model_close (model.h), pj_session_new, pj_session_run, pj_session_free (session.h), pj_result_free (result.h) and
 * pj_status_text (error.h), know nothing by value that can grow: pj_setup, pj_model, pj_session and pj_result are
 * handles here, pj_error stays as it is (964 bytes), and the structs below begin with their size, which the caller
 * sets; members that the caller's struct does not have yet are left out. docs/library.md says what stays as it is for
 * how long.
 *
 * Threads: each handle is for one thread at a time; different handles may be used at once. A result never changes, so
 * threads may read it together. Names, infos and texts that are handed out are constants, or belong to their handle. */
#ifndef PICOJOULE_BINDING_H
#define PICOJOULE_BINDING_H

#include "picojoule/report.h"
#include "picojoule/session.h"

/* ---- the library that is running ---- */

/* Its version, "0.1.0"; PICOJOULE_VERSION is that of the headers. */
PJ_API const char *pj_version(void);

/* A number that grows with each change of the functions of this page: what a program was compiled for, PJ_ABI, must not
 * be larger. */
enum { PJ_ABI = 1 };
PJ_API int pj_abi_version(void);

/* Was it built with "history" (pj_history_... and pj_pareto_...: else PJ_EUNSUPPORTED), "threads", "zlib" (packed .npz
 * files), "zstd" (compressed Parquet), "runtime" (running of models)? */
PJ_API bool pj_has_feature(const char *feature);

/* ---- what is asked ---- */

/* Defaults (setup.h); NULL: no memory. The caller frees it. */
PJ_API pj_setup *pj_setup_new(void);
PJ_API void pj_setup_free(pj_setup *setup); /* NULL is allowed */

/* Progress, and stopping (error.h); `step` NULL: nobody is told. */
PJ_API void pj_setup_watch(pj_setup *setup, pj_watcher step, void *payload);

/* A member that pj_setup_set() knows. */
typedef struct pj_member_info {
    size_t size;          /* sizeof(pj_member_info) */
    const char *name;     /* "weights_on" */
    const char *option;   /* on the command line, without dashes: "weights-on" */
    const char *kind;     /* "place", "yes-no", "flag", "size", "text", "file", "name", "names", "dims", "inputs",
                             "trips"; lists are the plural ones: set them once for each entry */
    const char *value;    /* what a value looks like: "dram|sram|fixed"; NULL: it takes none */
    const char *help;     /* lines of at most 48 columns */
    const char *preset;   /* the value without pj_setup_set(); NULL: none, or an empty list */
    uint64_t least, most; /* of numbers: of sizes (bits), of values of dims and trips; 0 and 0 elsewhere */
} pj_member_info;

/* The member number `index`, in the order of the help. `info->size` is set by the caller.
 * PJ_EARGUMENT: past the last, or a wrong size. */
PJ_API pj_status pj_setup_member(size_t index, pj_member_info *info, pj_error *err);

/* ---- what is found ---- */

/* A figure of the model and perhaps of each layer. */
typedef struct pj_figure_info {
    size_t size;          /* sizeof(pj_figure_info) */
    const char *name;     /* "total", "macs", "param_bytes": as in reports and limits */
    const char *quantity; /* "energy" (pJ, or multiples of the table's reference operation), "count", "bits", "bytes",
                             "time" (microseconds), "share" (0 to 1) */
    int of_layers;        /* 1: layers have it, too */
} pj_figure_info;

/* The figure number `index`. PJ_EARGUMENT: past the last, or a wrong size. */
PJ_API pj_status pj_figure_at(size_t index, pj_figure_info *info, pj_error *err);

/* A figure of the whole model. Counts above 2^53 are rounded to the nearest double; NaN: it is not known.
 * PJ_EARGUMENT: there is no figure of that name. */
PJ_API pj_status pj_result_figure(const pj_result *result, const char *name, double *out, pj_error *err);

/* Layers, those that cost nothing included. */
PJ_API size_t pj_result_layers(const pj_result *result);

/* A figure of each layer, in graph order: out[0] to out[count - 1], `count` being pj_result_layers(). NaN: not known.
 * PJ_EARGUMENT: no such figure of layers, another count. */
PJ_API pj_status pj_result_column(const pj_result *result, const char *name, double *out, size_t count, pj_error *err);

/* A text: "model" (path), "producer", "table", "rules", "unit", "version"; NULL, without an error, where there is none.
 * *out belongs to the result. PJ_EARGUMENT: no such text. */
PJ_API pj_status pj_result_text(const pj_result *result, const char *name, const char **out, pj_error *err);

/* A text of one layer: "name", "op", "domain", "scope", "implementation", "input", "weight", "output"
 * (the last three: number formats, "int8"); else as above. PJ_EARGUMENT: no such text, or no such layer. */
PJ_API pj_status pj_result_layer_text(const pj_result *result, size_t layer, const char *name, const char **out,
                                      pj_error *err);

/* Writes the report as `analyze --format FORMAT` does: "json", "text", "csv", "markdown". The sink gets all of it, or
 * nothing. Errors as pj_report_write (report.h). */
PJ_API pj_status pj_result_report(const pj_result *result, const char *format, pj_sink sink, void *payload,
                                  pj_error *err);

/* All in one call: opens, analyses and reports. `request` (`length` bytes, UTF-8) is a JSON object of what the command
 * line calls options, by their long names: texts, true for those without a value, arrays for those that may be
 * repeated; and how to tell of it: "format" (pj_result_report), "json" unless it is given; "explain", the name of a
 * layer, for what pj_explain_write() (report.h) has to say of it; "dearest", so many layers alone, by energy.
 *
 *     {"dim": ["batch=2"], "table": "horowitz-45nm", "inspect-weights": true}
 *
 * "sram", a size, is that of the level of memory that a sweep calls so; in figures it is a point of that sweep.
 *
 * "command" asks for something else than "analyze", with the options of that command that stand here:
 *
 *     "compare"   as A, with the file "with" (a model, a report; the same model, if it is not there) as B under the
 *                 settings of the object "b"; the model has to be a path
 *     "frontier"  of plans (pj_plan_search): "choices", an array of formats, "target", "sensitivity"
 *     "generate"  "prompt" and "tokens" (pj_generate), "kv-format"
 *     "sweep"     over the sizes of "sram", an array (pj_sweep_run)
 *     "footprint" of the model, the files "inputs" or the joules "energy" (pj_footprint_run): "region", an array,
 *                 "intensity", "pue", "wue-onsite", "wue-offsite", "losses", "price", "per-day", "days", "figure",
 *                 "queries-per-run", and "mix", true; the model has to be a path
 *     "lifecycle" of "file" (pj_lifecycle_run), with what "footprint" takes of places
 *     "layers"    the profile "trace" beside the estimate (pj_layers_run): "measurement" or "joules-per-run",
 *                 "optimized", "drop-runs"; the model has to be a path
 *     "regions"   that there are, or the one called "name"; no model is read
 *
 * `setup` has the files that the request names (pj_setup_give), the watch, and what else is asked; NULL: nothing. It
 * does not change. PJ_EFORMAT: no JSON, a value of another kind; PJ_EARGUMENT: pj_setup_set; else as the functions that
 * it stands for. */
PJ_API pj_status pj_run_json(const pj_resource *model, const pj_setup *setup, const char *request, size_t length,
                             pj_sink sink, void *payload, pj_error *err);

#endif
