/* Looking at the weights of a model: range, zeros, special values, and the noise that each number format would add.
 *
 * Weights are streamed from the model file and its external data, in pieces and by several threads, and never held in
 * memory as a whole. Results do not depend on the number of threads. Definitions and literature: docs/weights.md.
 *
 * Quantization is symmetric: q(w) = s * round(w / s), ties to even, cut at the largest number M of the format (intN:
 * M = 2^(N-1) - 1 and its negative; fp8e4m3: 448; fp8e5m2: 57344; fp4: 6). fp16 and bf16 are taken as they are: s = 1.
 * NaN and infinities are counted and left out of every other figure.
 *
 * Threads: one inspection of a model at a time, which may have threads of its own; what is found never changes. */
#ifndef PICOJOULE_WEIGHTS_H
#define PICOJOULE_WEIGHTS_H

#include "picojoule/model.h"

/* What one scale s is shared by: all weights of a tensor, or those of one output channel. */
typedef enum pj_grain { PJ_PER_TENSOR, PJ_PER_CHANNEL } pj_grain;

/* How s is chosen: max|w| / M, or the one with the least squared error (found by search: docs/weights.md says how
 * near it comes; never worse than max-abs). */
typedef enum pj_scale_rule { PJ_SCALE_MAX_ABS, PJ_SCALE_LEAST_ERROR } pj_scale_rule;

/* Values that weights really take, the most special first. `a` is one positive number of the tensor or channel. */
typedef enum pj_value_set {
    PJ_VALUES_NONE,    /* no weight, or none that is finite */
    PJ_VALUES_ZERO,    /* nothing but 0 */
    PJ_VALUES_BINARY,  /* -a, +a (or +a alone, or -a alone) */
    PJ_VALUES_TERNARY, /* -a, 0, +a */
    PJ_VALUES_PO2,     /* 0 and +-a * 2^k, k whole */
    PJ_VALUES_ANY
} pj_value_set;

/* "binary", "ternary" ...; never NULL. */
PJ_API const char *pj_value_set_word(pj_value_set set);

typedef struct pj_weight_options {
    const char *const *formats; /* "int2".."int16", "fp16", "bf16", "fp8e4m3", "fp8e5m2", "fp4" */
    size_t format_count;        /* 0: no noise figures; formats may then be NULL */
    bool grain[2];              /* which of pj_grain are wanted */
    bool rule[2];               /* which of pj_scale_rule are wanted */
    bool distinct;              /* count distinct values */
    int threads;                /* 0: one for each processor */
    const pj_watch *watch;      /* stage "weights" (error.h); NULL: nobody is told */
    double seconds;             /* what is not looked at by then is absent; 0: no limit */
} pj_weight_options;

/* int2..int8, fp16, bf16, fp8e4m3, fp8e5m2, fp4; both grains, both rules, distinct values, all processors. */
PJ_API pj_weight_options pj_weight_options_default(void);

/* Sums over the finite weights of a tensor. Signal-to-quantization-noise ratio: 10 log10(signal / noise) dB. */
typedef struct pj_noise {
    double signal; /* sum of w^2 */
    double noise;  /* sum of (w - q(w))^2; negative: not asked for */
} pj_noise;

/* 10 log10(signal / noise); INFINITY without noise; NAN where it was not asked for, or there is no signal. */
PJ_API double pj_noise_db(pj_noise noise);

enum { PJ_MOST_DISTINCT = 1024 };

/* A constant that a layer reads as its weight. Where it comes through DequantizeLinear (or in an operator with scale
 * and zero point, or through a constant quantizer), figures are of the real values, not of the integers. */
typedef struct pj_weight {
    const char *layer;  /* as pj_layer.name */
    int input;          /* of the layer */
    const char *tensor; /* name of the constant in the file */
    const char *dtype;  /* as stored: "float32", "int4" */
    const char *absent; /* why it could not be looked at ("the file has no contents for it"); then only the members
                           above are set; NULL: it was */
    int64_t count;      /* weights, those that are not finite included */
    int64_t channels;   /* output channels; 1 where the operator has none that is known here */
    int64_t nans, infinities;
    int64_t zeros;
    double min, max, mean, rms;  /* of the finite ones; 0 where there are none */
    int64_t distinct;            /* values, at most PJ_MOST_DISTINCT + 1 (then there are more); -1: not asked for */
    pj_value_set values;         /* with one `a` for the tensor */
    pj_value_set channel_values; /* with an `a` for each channel */
    const pj_noise *noise;       /* see pj_weight_noise */
} pj_weight;

typedef struct pj_weights {
    const pj_weight *weight; /* in graph order of their layers, then by input */
    size_t count;
    const char *const *formats; /* as in the options */
    size_t format_count;
    uint64_t bytes; /* of weights that were looked at, as stored */
} pj_weights;

/* Looks at all constants that layers of the model (subgraphs included) read as weights. A constant that several layers
 * read is looked at once for each way in which its channels lie, and has a row for each layer. *out is owned by the
 * caller (pj_weights_free) and independent of the model.
 * A weight whose contents are not there is no error (`absent`). PJ_EARGUMENT: no such format; PJ_EIO: a file that was
 * there cannot be read, or is shorter than when the model was opened; PJ_ENOMEM. */
PJ_API pj_status pj_weights_inspect(pj_model *model, const pj_weight_options *options, pj_weights **out, pj_error *err);
PJ_API void pj_weights_free(pj_weights *weights); /* NULL is allowed */

/* The rows of one layer, by its name: the first of them, and how many; NULL and 0 where it has none. */
PJ_API const pj_weight *pj_weights_of(const pj_weights *weights, const char *layer, size_t *count);

/* Noise of one weight in format number `format` of the options, with one scale per `grain` chosen by `rule`. Where the
 * weight is absent, or this was not asked for, `noise` is negative. Noise and signal of a layer, or of a model, are the
 * sums of those of its weights. */
PJ_API pj_noise pj_weight_noise(const pj_weights *weights, const pj_weight *weight, size_t format, pj_grain grain,
                                pj_scale_rule rule);

#endif
