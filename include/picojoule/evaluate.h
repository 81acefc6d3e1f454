/* Running models: ranges of activations, what each layer loses in each format, and how near one model is to another.
 *
 * Models are run by ONNX Runtime, which is found and loaded at run time (docs/planning.md says where); there is none in
 * the library. A build without it, or a machine where none is found, has the same functions, which say so
 * (PJ_EUNSUPPORTED) and change nothing.
 *
 * Open models for these functions with `unbound_dims_are_one` off: sizes are those of the samples.
 *
 * Threads: one call of a model at a time; what is returned never changes. */
#ifndef PICOJOULE_EVALUATE_H
#define PICOJOULE_EVALUATE_H

#include "picojoule/plan.h"

/* Samples to run a model on. */
typedef struct pj_data {
    const char *path; /* a .npy, .npz or ONNX test tensor, or a folder of them; NULL: random numbers */
    uint64_t random;  /* without a path: so many samples, normal numbers, of the seed */
    uint64_t seed;
    uint64_t most; /* samples that are read; 0: all */
    bool cast;     /* numbers of another type are converted; else they are refused */
} pj_data;

/* How models are run. */
typedef struct pj_engine {
    const char *runtime; /* the library of ONNX Runtime, or its folder; NULL: it is looked for */
    double seconds;      /* that one answer of it may take; 0: 600 */
    int level;           /* what it may change in a graph: the position of a word in pj_engine_levels */
    size_t jobs;         /* processes at once, where there is more than one model to run; 0: one a processor */
} pj_engine;

/* "disabled", "basic", "extended", "all"; ends with NULL. */
PJ_API const char *const *pj_engine_levels(void);

/* Random samples of seed 1; level basic, which changes no numbers. */
PJ_API pj_data pj_data_default(void);
PJ_API pj_engine pj_engine_default(void);

/* With what a result was made. */
typedef struct pj_evaluated {
    const char *model;
    const char *data;    /* a sentence: "12 samples of photos/", "64 random samples (seed 1)" */
    bool is_random;      /* the numbers mean nothing but noise to the model */
    uint64_t samples;    /* that were run */
    const char *runtime; /* its file */
    const char *runtime_version;
    uint64_t runtime_bytes;
    const pj_finding *findings;
    size_t finding_count;
} pj_evaluated;

/* ---- ranges ---- */

typedef enum pj_range_method {
    PJ_RANGE_MINMAX,     /* the least and the largest number */
    PJ_RANGE_PERCENTILE, /* what leaves a share of the numbers out at both ends together */
    PJ_RANGE_ENTROPY     /* the cut-off whose 8-bit histogram tells least from the whole (Kullback-Leibler) */
} pj_range_method;

typedef struct pj_calibrate_options {
    pj_data data;
    pj_engine engine;
    pj_range_method method;
    double percentile; /* 0 to 100: of the numbers that are within; 99.99 */
    const pj_watch *watch;
} pj_calibrate_options;

PJ_API pj_calibrate_options pj_calibrate_options_default(void);

/* Of a float tensor, over all samples. */
typedef struct pj_tensor_range {
    const char *tensor;
    double min, max, rms;
    uint64_t numbers; /* that were looked at */
    uint64_t odd;     /* of them, not finite: they count nowhere */
} pj_tensor_range;

typedef struct pj_ranges {
    pj_evaluated with;
    const char *method; /* "minmax", "percentile 99.99", "entropy" */
    const pj_tensor_range *ranges;
    size_t count;
} pj_ranges;

/* Runs the model on every sample, one after another. *out is freed with pj_ranges_free.
 * PJ_EUNSUPPORTED: no runtime, or it refuses the model, in its words; PJ_EARGUMENT, PJ_EFORMAT: samples that do not
 * fit, with file and both shapes; PJ_EIO, PJ_ELIMIT, PJ_ENOMEM, PJ_ESTOPPED. */
PJ_API pj_status pj_calibrate(pj_model *model, const pj_setup *setup, const pj_calibrate_options *options,
                              pj_ranges **out, pj_error *err);
PJ_API void pj_ranges_free(pj_ranges *ranges); /* NULL is allowed */

/* All four formats; JSON is picojoule.ranges/1, as --calibration takes it. */
PJ_API pj_status pj_ranges_write(const pj_ranges *ranges, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err);

/* ---- sensitivities ---- */

typedef struct pj_sensitivity_options {
    pj_data data; /* `most` 0: PJ_SENSITIVITY_SAMPLES */
    pj_engine engine;
    const char *const *choices; /* formats that are tried: "fp16", "w8a16"; none: fp16, w8a16, int8, w4a16, w4a8 */
    size_t choice_count;
    const char *calibration; /* file of ranges, for activations of 8 bits; NULL: measured on the same samples */
    const char *labels;      /* a .npy of one whole number a row of the first output; NULL: none */
    const char *state;       /* a file that keeps what is measured as it comes, so that another call goes on from there;
                                NULL: none. It is left when all is done */
    const char *target;      /* "onnx" (NULL) or "onnxruntime": what may be written, as pj_apply_options.target */
    const pj_watch *watch;   /* stage "layers" */
} pj_sensitivity_options;

enum { PJ_SENSITIVITY_SAMPLES = 32 };

PJ_API pj_sensitivity_options pj_sensitivity_options_default(void);

/* The output error when one layer alone works in a format. */
typedef struct pj_layer_loss {
    const char *layer, *op, *format;
    double loss;      /* mean over outputs and samples of e / (1 + e), e = |y - y'|^2 / |y|^2; 1 where it is refused */
    double top1_drop; /* share of rows that are right without the change, less that with it; NAN: no labels */
    const char *refused; /* why it cannot be written or run, in words; NULL: it was measured */
} pj_layer_loss;

typedef struct pj_sensitivity {
    pj_evaluated with;
    const char *const *choices;
    size_t choice_count;
    const pj_layer_loss *losses; /* layer by layer in graph order, each in all choices; those without weights in the
                                    choices whose activations are integers, as far as they can be written */
    size_t count;
    double top1;    /* of the model as it is; NAN: no labels */
    size_t resumed; /* losses that an earlier call has measured */
} pj_sensitivity;

/* Measures every layer with weights in every choice, and those without in integers, through pj_apply. *out is freed
 * with pj_sensitivity_free. Errors as pj_calibrate. */
PJ_API pj_status pj_measure_sensitivity(pj_model *model, const pj_setup *setup, const pj_sensitivity_options *options,
                                        pj_sensitivity **out, pj_error *err);
PJ_API void pj_sensitivity_free(pj_sensitivity *sensitivity); /* NULL is allowed */

/* All four formats; JSON is picojoule.sensitivity/1, as --sensitivity takes it. */
PJ_API pj_status pj_sensitivity_write(const pj_sensitivity *sensitivity, const pj_report_options *options, pj_sink sink,
                                      void *payload, pj_error *err);

/* ---- two models ---- */

typedef struct pj_verify_options {
    pj_data data;
    pj_engine engine;
    const char *labels; /* a .npy of one whole number a row of the first output; NULL: none */
    bool outputs_only;  /* layers are not compared */
    const pj_watch *watch;
} pj_verify_options;

PJ_API pj_verify_options pj_verify_options_default(void);

/* An output, or a tensor that both models have. */
typedef struct pj_compared {
    const char *tensor;
    const char *layer, *op; /* of the first model, that makes it; "" of inputs */
    bool is_output;
    double sqnr_db; /* 10 log10(sum y^2 / sum (y - y')^2) over all samples; INFINITY: equal; NAN: nothing to compare */
    double error;   /* mean over samples of e / (1 + e), e = sum (y - y')^2 / sum y^2 */
    double difference; /* the largest |y - y'| */
    double largest;    /* the largest |y| */
    uint64_t numbers;
    uint64_t odd; /* not finite in the second model, where the first has a number: each sample with one has error 1 */
} pj_compared;

typedef struct pj_verified {
    pj_evaluated with;
    const char *other;          /* the second model's file */
    const pj_compared *outputs; /* in the order of the first model */
    size_t output_count;
    const pj_compared *layers; /* in graph order */
    size_t layer_count;
    double sqnr_db, error;   /* over all outputs: of all numbers together, and the mean of the errors */
    uint64_t rows;           /* of the first output that has several numbers in its last dimension */
    double agreement;        /* share of them whose largest number has the same place in both; NAN: no rows */
    double top1, top1_other; /* share of rows whose largest number has the place of their label; NAN: no labels */
} pj_verified;

/* Runs both models on every sample. *out is freed with pj_verified_free. Errors as pj_calibrate; PJ_EARGUMENT: their
 * inputs or outputs differ, labels that are too many, too few or beyond the outputs. */
PJ_API pj_status pj_verify(pj_model *model, pj_model *other, const pj_setup *setup, const pj_verify_options *options,
                           pj_verified **out, pj_error *err);
PJ_API void pj_verified_free(pj_verified *verified); /* NULL is allowed */

/* All four formats; JSON is picojoule.verify/1. */
PJ_API pj_status pj_verified_write(const pj_verified *verified, const pj_report_options *options, pj_sink sink,
                                   void *payload, pj_error *err);

/* A limit of --fail-on: "sqnr<30", "error>0.01", "difference>0.5", "agreement<99%", "top1<90%", "top1_drop>1%". Returns
 * NULL where the text is one, else what it should be. */
PJ_API const char *pj_verify_limit_check(const char *text);

/* Is the limit passed? A figure that is not known passes none, which *known says. */
PJ_API bool pj_verify_fails(const pj_verified *verified, const char *limit, bool *known);

/* ---- the closed loop ---- */

typedef struct pj_loop_options {
    pj_data data; /* to calibrate, to measure layers and to judge on; `most` 0: PJ_SENSITIVITY_SAMPLES */
    pj_data test; /* other samples, to judge plans on; without path: those of `data` */
    pj_engine engine;
    pj_plan_options plan; /* choices, target, budgets ...; its sensitivity is measured, its calibration may be a file */
    const char *labels;   /* of the samples that plans are judged on; NULL: none */
    const char *out;      /* the model of the plan is written there; NULL: nowhere */
    size_t rounds;        /* measurements: from the second on layers are measured within the best plan; 0: 1 */
    const char *state;    /* as in pj_sensitivity_options */
    const pj_watch *watch; /* stages "layers", "search" */
} pj_loop_options;

PJ_API pj_loop_options pj_loop_options_default(void);

/* One plan of the loop. */
typedef struct pj_loop_round {
    double energy, param_bytes; /* of the plan, as analyzed */
    const char *made_of;        /* what it was made of: "losses", "losses, outputs alike", "weights" ... */
    double predicted;           /* sum of the losses of its layers */
    double measured;            /* the error of its model, as a loss, on the samples that layers were measured on */
    double outputs_db;          /* its SQNR on them, in the mean over outputs: by this one of the plans is kept */
    double sqnr_db, agreement;  /* on those that plans are judged on, as of pj_verified */
    double top1;                /* NAN: no labels */
    const char *refused;        /* why its model cannot be written or run; NULL: it can */
    size_t left;                /* layers that stay as they are in the model, since no operator computes as planned */
    bool is_kept;
} pj_loop_round;

typedef struct pj_loop {
    pj_evaluated with;
    const char *test;           /* what plans were judged on: a sentence */
    const pj_plan_result *plan; /* the one that is kept: the best SQNR in the mean over outputs, or the least energy
                                   within a budget of noise */
    const pj_loop_round *rounds;
    size_t round_count;
    double top1;                        /* of the model as it is; NAN: no labels */
    const char *out;                    /* NULL: nothing was written */
    uint64_t bytes_before, bytes_after; /* of the model, where it was written */
} pj_loop;

/* Calibrates, measures layers, plans, applies and runs. *out is freed with pj_loop_free. Errors as pj_calibrate and
 * pj_plan_search. */
PJ_API pj_status pj_loop_run(pj_model *model, const pj_setup *setup, const pj_loop_options *options, pj_loop **out,
                             pj_error *err);
PJ_API void pj_loop_free(pj_loop *loop); /* NULL is allowed */

/* What was predicted beside what was measured. All four formats; JSON is picojoule.loop/1. */
PJ_API pj_status pj_loop_write(const pj_loop *loop, const pj_report_options *options, pj_sink sink, void *payload,
                               pj_error *err);

#endif
