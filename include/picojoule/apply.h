/* A plan becomes a model: writes an ONNX file whose layers work in the formats that were asked for.
 *
 * What does not change is copied byte for byte; weights of any size pass through a small window. docs/apply.md says
 * what becomes what.
 *
 * Threads: one call for a model at a time; what is returned never changes. */
#ifndef PICOJOULE_APPLY_H
#define PICOJOULE_APPLY_H

#include "picojoule/report.h"

typedef enum pj_apply_scheme { PJ_APPLY_AUTO, PJ_APPLY_STATIC, PJ_APPLY_DYNAMIC, PJ_APPLY_WEIGHTS } pj_apply_scheme;
typedef enum pj_apply_external {
    PJ_APPLY_AS_SOURCE, /* of more than 1 GiB of weights: external */
    PJ_APPLY_ALWAYS,
    PJ_APPLY_NEVER
} pj_apply_external;
typedef enum pj_apply_activations {
    PJ_APPLY_UINT8,
    PJ_APPLY_INT8,
    PJ_APPLY_UINT16,
    PJ_APPLY_INT16
} pj_apply_activations;

typedef struct pj_apply_options {
    const char *out;         /* the file that is written */
    const char *calibration; /* file of ranges (picojoule.ranges/1), or NULL */
    pj_apply_scheme scheme;  /* what activations of 8 bits become */
    const char *target;      /* "onnx", "onnxruntime", a name or a file as of a plan; NULL: "onnx" */
    pj_apply_activations activations;
    bool symmetric;                /* of activations */
    bool reduce_range;             /* weights of 7 bits */
    bool per_tensor;               /* one scale a weight */
    bool asymmetric;               /* zero points in blocks of MatMulNBits */
    bool least_error;              /* scales of channels that add the least noise, not those of the largest weight */
    int64_t block;                 /* numbers that share a scale in int4 weights of MatMul and Gemm; -1: none; 0: 32 */
    const char *const *keep_float; /* globs of layers that stay */
    size_t keep_float_count;
    const char *const *only; /* "LAYER=FORMAT": these layers alone change, LAYER may be a glob; no plan beside it */
    size_t only_count;
    bool io_convert;   /* the model's inputs and outputs take the planned type; else they keep theirs */
    bool share_concat; /* inputs of an integer Concat take the scale of its output */
    bool reuse_data;   /* external tensors that do not change stay in the files that hold them */
    pj_apply_external external;
    size_t external_min; /* bytes of a tensor that may be external */
    bool clean, annotate, name_nodes;
    bool strict_ir;               /* raises the IR version to the first one that has metadata of nodes */
    double prune;                 /* share of each weight that becomes 0 */
    bool prune_global;            /* ... of all weights together */
    int64_t prune_keep, prune_of; /* N:M; of 0: none */
    bool half_all;                /* fp16: operators that lose much, too */
    bool dynamic_conv;
    bool force;   /* although it costs more than it saves */
    bool strict;  /* a weight that fp16 cannot hold is an error */
    bool lenient; /* layers that cannot be done as planned stay */
    bool dry_run;
    const char *cut_after; /* a layer, as results name it: the graph ends behind it, and what was still to be read are
                              its outputs; NULL: it stays whole */
    bool probe;            /* all float tensors of the run are outputs, too: for calibration */
    const pj_watch *watch; /* NULL: nobody is told */
} pj_apply_options;

/* Everything off, blocks of 32. */
PJ_API pj_apply_options pj_apply_options_default(void);

/* What was done with a layer. */
typedef struct pj_applied_layer {
    const char *name, *op;
    const char *asked;                  /* "w8a16", "int8 weights" */
    const char *written;                /* "DequantizeLinear int8"; "float": it stays */
    const char *reason;                 /* why it stays, or what is to be known; NULL: nothing */
    uint64_t bytes_before, bytes_after; /* of weights */
    double sqnr_db;                     /* of its weights as they are written; NAN: not known, or nothing was lost */
} pj_applied_layer;

typedef struct pj_applied {
    const char *model, *out;
    const char *data; /* the file of external weights, or NULL */
    bool is_changed;  /* false: the same bytes */
    bool is_dry;
    int64_t opset_before, opset_after, ir_before, ir_after;
    uint64_t bytes_before, bytes_after; /* of model and data */
    uint64_t nodes_added, nodes_removed;
    uint64_t clamped, flushed; /* numbers that a format could not hold, or took for 0 */
    uint64_t zeros;            /* weights that were pruned */
    const pj_applied_layer *layers;
    size_t layer_count;
    const pj_finding *findings;
    size_t finding_count;
} pj_applied;

/* Applies the plan of the setup (its `plan` and `quantize`) and the options. *out is freed with pj_applied_free.
 *   PJ_EARGUMENT  options contradict each other, or lack something
 *   PJ_EFORMAT    a layer cannot be done as planned (with its name), a weight has no contents, a broken file
 *   PJ_EUNSUPPORTED  under `strict`
 *   PJ_EIO, PJ_ELIMIT, PJ_ENOMEM, PJ_ESTOPPED */
PJ_API pj_status pj_apply(pj_model *model, const pj_setup *setup, const pj_apply_options *options, pj_applied **out,
                          pj_error *err);
PJ_API void pj_applied_free(pj_applied *applied); /* NULL is allowed */

/* All four formats; JSON is picojoule.applied/1. Errors as of pj_report_write. */
PJ_API pj_status pj_applied_write(const pj_applied *applied, const pj_report_options *options, pj_sink sink,
                                  void *payload, pj_error *err);

#endif
