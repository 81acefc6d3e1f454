/* One analysed model as plain figures: what an analysis found, or what a saved report says it had found.
 *
 * A report (picojoule.report/1) read back gives the same snapshot as the analysis that wrote it: every energy is the
 * same double, every count the same number. Both makers round counts beyond 2^53 to 53 significant bits, because that
 * is what JSON readers keep of them.
 *
 * All texts and arrays belong to the snapshot and are valid until pj_snapshot_free; neither model nor analysis is
 * needed any longer. A snapshot never changes, so threads may share it. */
#ifndef PICOJOULE_SNAPSHOT_H
#define PICOJOULE_SNAPSHOT_H

#include "picojoule/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One layer, free ones included. Units as in pj_layer. */
typedef struct pj_snapshot_layer {
    size_t index;     /* in graph order: layer[i].index == i */
    const char *name; /* need not be unique */
    const char *op, *domain, *scope;
    const char *folded_into; /* NULL: none */
    bool counted, free;
    int64_t runs;            /* in one run of the model, as in pj_layer */
    int rank;                /* of the first output; -1: not known, or there is none */
    const pj_dim_info *dims; /* `rank` of them */
    int64_t macs, flops, params, param_bits, bops;
    int64_t input_bits, output_bits; /* -1: not known, as in reports of early versions */
    pj_format_info input, weight, accumulator, output;
    const char *implementation; /* circuit of the multiplier; NULL without macs */
    pj_energy energy;
    double conversion;               /* part of energy.op_cost, as in pj_layer */
    const pj_device_figure *devices; /* one per device of the snapshot; negative where there is no figure */
} pj_snapshot_layer;

typedef struct pj_snapshot {
    /* whose figures these are */
    const char *source;  /* the file that was read: the report, or the model; "-": standard input */
    bool is_report;      /* `source` is a saved report */
    const char *version; /* of the program that made the figures */
    const char *model;   /* path of the model, as it was given when it was analysed */
    const char *producer;
    uint64_t file_bytes; /* of the model */
    /* what they rest on */
    pj_setup settings;        /* table: its name; plan: its path; devices: their names */
    const char *rules, *unit; /* as in pj_result */
    const char *op_rules;     /* file; NULL: none */
    const pj_dim_binding *dims;
    size_t dim_count;
    /* the figures */
    const pj_snapshot_layer *layers;
    size_t layer_count;
    pj_totals totals;           /* devices: a figure that covers no layer at all is negative */
    const pj_finding *findings; /* diagnostics */
    size_t finding_count;
} pj_snapshot;

/* Copies what the analysis found. *out is owned by the caller. PJ_ENOMEM. */
pj_status pj_snapshot_of_analysis(const pj_result *result, pj_snapshot **out, pj_error *err);

/* Reads a report that was saved with `analyze --format json`. Members that it does not know are passed over, as later
 * versions add some; the four energies count, the sums beside them do not. Layers come in graph order, however the
 * report sorts them. *out is owned by the caller.
 * PJ_EIO: cannot be read; PJ_ELIMIT: larger than 64 MiB or 4 million values; PJ_EFORMAT: no JSON (FILE:line:column),
 * another schema (which is named), a member that is missing, of the wrong type, negative or not finite (FILE: $.path),
 * or layers left out by --top; PJ_ENOMEM. */
pj_status pj_snapshot_read(const char *path, pj_snapshot **out, pj_error *err);

/* The same from memory; `name` stands for the file in messages. */
pj_status pj_snapshot_parse(const char *json, size_t length, const char *name, pj_snapshot **out, pj_error *err);

void pj_snapshot_free(pj_snapshot *snapshot); /* NULL is allowed */

/* A setting that two snapshots do not share: "table", "dims.batch", "plan". Values as reports write them; "none" for
 * what is not set. */
typedef struct pj_setting_change {
    const char *name;   /* of the member in the report's settings */
    const char *option; /* what sets it, without dashes: "table" */
    const char *a, *b;
    bool other_prices; /* figures of the two are not of one kind: another table, rules or unit */
} pj_setting_change;

/* What the two were made with and do not share, in the order of the settings; *count may be 0. An array of its own,
 * which the caller frees with pj_setting_changes_free. PJ_ENOMEM. */
pj_status pj_snapshot_settings_diff(const pj_snapshot *a, const pj_snapshot *b, pj_setting_change **out, size_t *count,
                                    pj_error *err);
void pj_setting_changes_free(pj_setting_change *changes); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
