/* Which layers to quantize, and to what: the plan with the least noise that keeps budgets, proven where time allows.
 *
 * Noise is additive over layers: one number per (layer, format), from the weights, from a file, or from the formats
 * alone. It is no accuracy: docs/planning.md has the method, its literature and its limits.
 *
 * Units: energies are picojoules (or the table's relative unit), sizes bits; noise is the sum of noise-to-signal power
 * ratios, or of the losses of a file.
 *
 * Threads: one search of a model at a time; different models may be searched at once; a plan that is made never
 * changes. */
#ifndef PICOJOULE_PLAN_H
#define PICOJOULE_PLAN_H

#include "picojoule/report.h"

typedef enum pj_plan_measure {
    PJ_PLAN_ENERGY,      /* pJ */
    PJ_PLAN_PARAM_BYTES, /* bytes of all parameters, shared ones once */
    PJ_PLAN_BOPS,        /* MACs * input bits * weight bits */
    PJ_PLAN_NOISE,
    PJ_PLAN_MEASURES
} pj_plan_measure;

/* "energy", "param_bytes", "bops", "noise". */
PJ_API const char *pj_plan_measure_word(pj_plan_measure measure);

/* measure <= most; `relative`: most is a share of today's figure (0.4 for 40%). */
typedef struct pj_plan_budget {
    pj_plan_measure measure;
    double most;
    bool relative;
} pj_plan_budget;

/* Reads "energy<=40%", "energy<=2.5mJ", "param_bytes<=1MiB", "bops<=3e9", "noise<=0.01". NULL: done; else what it
 * should be instead. */
PJ_API const char *pj_plan_budget_read(const char *text, pj_plan_budget *out);

/* Layers whose name matches `glob` work in `choice`. */
typedef struct pj_plan_pin {
    const char *glob, *choice;
} pj_plan_pin;

typedef struct pj_plan_options {
    const char *const *choices; /* as --quantize takes them: "fp16", "w4a8"; none: those of the target, or a default */
    size_t choice_count;
    const pj_plan_budget *budgets; /* none: the knee of the frontier. Without one of energy, but with one of noise, the
                                    * energy is minimized; else the noise */
    size_t budget_count;
    const char
        *target; /* built-in name or file (picojoule.target/1); NULL: "onnxruntime", or any pair of the choices */
    const char *device;         /* in place of a target: the formats that a device profile computes in; NULL: none */
    const char *sensitivity;    /* NULL or "weights"; "uniform"; else a file */
    const char *calibration;    /* file of ranges of tensors; NULL: none */
    bool keep_first, keep_last; /* the first, the last layer with weights stays as it is */
    const pj_plan_pin *pins;
    size_t pin_count;
    const char *const *excludes; /* globs: layers that stay as they are */
    size_t exclude_count;
    bool per_tensor;   /* weights have one scale per tensor; the target says so, too; else one per output channel */
    bool knee;         /* no budgets: the knee of the frontier */
    bool frontier;     /* fill pj_plan_result.frontier */
    double time_limit; /* seconds for all of it; negative: 2 for the search, none for the weights */
} pj_plan_options;

/* What a model costs under a plan. */
typedef struct pj_plan_totals {
    double energy;
    double param_bytes;
    double bops;
    double noise;
} pj_plan_totals;

PJ_API double pj_plan_total(const pj_plan_totals *totals, pj_plan_measure measure);

/* A change that could still be made: to the next format with less (up) or more (down) noise. */
typedef struct pj_plan_step {
    const char *format;   /* NULL: there is none */
    double energy, noise; /* changes */
    size_t layers;        /* that change together */
} pj_plan_step;

typedef struct pj_plan_layer {
    size_t index; /* of pj_result.layers */
    const char *name;
    const char *op;
    bool is_named;                  /* in the file; else `name` is made from the operator and its place */
    bool has_weights;               /* it chooses the format of its weights, too */
    bool passes;                    /* moves or keeps what it reads, and rounds nothing of its own */
    const char *now, *then;         /* formats: "fp32", "w4a8" */
    const char *weights;            /* what the plan says; NULL: nothing */
    const char *activations;        /* likewise */
    double energy_now, energy_then; /* of the layer in a full analysis */
    double noise;                   /* of its weights; of activations: where they are stored */
    size_t group;                   /* layers of a group read activations of one format */
    pj_plan_step up, down;
} pj_plan_layer;

/* A tensor that the plan stores in another format. */
typedef struct pj_plan_tensor {
    const char *name;
    const char *format;
} pj_plan_tensor;

/* "today", or a choice wherever it can be, as a whole analysis says. */
typedef struct pj_plan_uniform {
    const char *label;
    pj_plan_totals totals;
    size_t stay_count;      /* layers that cost something and cannot take it */
    double stay_share;      /* of that energy */
    const char *stay_names; /* those that take most of it, at most three: "a, b"; "": there is none */
} pj_plan_uniform;

/* What a plan says of a layer: formats; NULL: nothing, so it stays as it is. */
typedef struct pj_plan_setting {
    const char *weights, *activations;
} pj_plan_setting;

/* A point of the frontier, as the sum of its layers says. */
typedef struct pj_plan_point {
    double energy, noise;
    const unsigned short *plan; /* of each of pj_plan_result.layers: the number of its setting; NULL where nobody asks
                                 * for the frontier */
} pj_plan_point;

typedef struct pj_plan_limit {
    pj_plan_budget budget;
    double most; /* absolute */
    double now, then;
} pj_plan_limit;

typedef struct pj_plan_result {
    const char *model, *table, *unit, *target; /* target: "" without one */
    const char *sensitivity;                   /* where noise comes from: one sentence */
    bool is_measured;                          /* from losses that somebody measured: layers can be compared */
    const char *const *choices;                /* words of what there was to choose from */
    size_t choice_count;
    bool minimizes_energy; /* else noise */
    pj_plan_totals now, then;
    double gap;         /* how far from the optimum it may be, as a share of it; 0: proven */
    double model_error; /* (predicted - analyzed) / analyzed energy: what the additive model is off at the plan */
    const pj_plan_limit *limits;
    size_t limit_count;
    const pj_plan_layer *layers; /* those that change or could, in graph order */
    size_t layer_count;
    const pj_plan_tensor *tensors; /* activations first, then weights */
    size_t tensor_count;
    const pj_plan_uniform *uniform; /* today's model, then each choice wherever it can be */
    size_t uniform_count;
    const pj_plan_point *frontier; /* by falling energy; additive figures */
    size_t frontier_count;
    bool frontier_complete;          /* every efficient plan; else those on the convex hull */
    size_t knee;                     /* of the frontier */
    const pj_plan_setting *settings; /* of its plans */
    size_t setting_count;
    const pj_finding *findings;
    size_t finding_count;
} pj_plan_result;

/* Searches. *out is owned by the caller and lives as long as the model.
 * PJ_EARGUMENT: a budget that nothing keeps (the sentence says the best that can be had, and what blocks it), unknown
 * choices, pins that contradict each other, absent weights without another source of noise; PJ_EFORMAT: broken files,
 * or weights that are no numbers; else as pj_analyze. */
PJ_API pj_status pj_plan_search(pj_model *model, const pj_setup *settings, const pj_plan_options *options,
                                pj_plan_result **out, pj_error *err);
PJ_API void pj_plan_result_free(pj_plan_result *result); /* NULL is allowed */

/* What to write of it. */
typedef enum pj_plan_view { PJ_PLAN_VIEW_PLAN, PJ_PLAN_VIEW_FRONTIER } pj_plan_view;

/* Writes it as "text", "markdown", "csv" or "json" (of a plan: the file that --plan takes), the frontier as "svg", too.
 * Errors as pj_report_write. */
PJ_API pj_status pj_plan_write(const pj_plan_result *result, pj_plan_view view, const pj_report_options *options,
                               pj_sink sink, void *payload, pj_error *err);

/* Hands the plan to another program: "onnxruntime", "nncf", "csv". PJ_EARGUMENT: no such program. */
PJ_API pj_status pj_plan_emit(const pj_plan_result *result, const char *program, pj_sink sink, void *payload,
                              pj_error *err);

/* Names of the built-in targets, sorted; NULL past the last. */
PJ_API const char *pj_plan_target(size_t index);

/* All of them: name, formats, what it is. Errors as pj_report_write. */
PJ_API pj_status pj_plan_targets_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err);

#endif
