/* From a model and an energy table to picojoules per layer.
 *
 * Units: energies are picojoules (pJ), sizes are bits, times are microseconds. Formulas: docs/energy-model.md. */
#ifndef PICOJOULE_ENERGY_H
#define PICOJOULE_ENERGY_H

#include "picojoule/model.h"
#include "picojoule/weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The four components, named as QTools names them. */
typedef struct pj_energy {
    double inputs;     /* reading activations */
    double outputs;    /* writing activations */
    double parameters; /* reading weights, biases, scales, tables */
    double op_cost;    /* arithmetic */
} pj_energy;

double pj_energy_total(const pj_energy *energy);

/* A number format and where it was read off. */
typedef struct pj_format_info {
    bool known;
    const char *word; /* "fp32", "int8", "fixed<8,2>" */
    const char *kind; /* "fixed", "po2", "ternary", "binary", "binary01", "float" */
    int64_t bits, int_bits;
    bool is_signed;
    const char *from; /* "declared", "annotation", "QDQ", "QONNX", "operator", "plan", "assumed" */
} pj_format_info;

/* One device's estimate; time_us and energy_pj are negative where the device cannot say. */
typedef struct pj_device_figure {
    double energy_pj;
    double time_us;
} pj_device_figure;

typedef struct pj_layer {
    size_t index; /* in graph order, subgraphs behind the node that holds them */
    const char *name;
    const char *op;
    const char *domain;
    const char *scope;
    const char *const *inputs; /* names of tensors; "" for an absent one */
    size_t input_count;
    const char *const *outputs;
    size_t output_count;
    bool counted;            /* false: work and energy are not known, all figures below are 0 */
    bool free;               /* a view, or computed before the run from constants and shapes: costs nothing */
    const char *folded_into; /* of a quantizer without cost of its own: the layer that it is part of; NULL elsewhere */
    int64_t runs; /* in one run of the model: the trips of the loops around it, else 1; all figures are of so many */
    int64_t macs;
    int64_t flops; /* 2*macs + every other primitive once */
    int64_t params;
    int64_t param_bits;
    int64_t bops;        /* macs * input bits * weight bits */
    int64_t input_bits;  /* of the activations that it reads, each tensor once */
    int64_t output_bits; /* of those that it writes */
    const int64_t *work; /* one count per pj_work_word */
    pj_format_info input, weight, accumulator, output;
    const char *implementation; /* circuit of the multiplier: "mul", "mux", "xor" ...; NULL without macs */
    double gate_bits, gate_factor;
    pj_energy energy;
    double conversion; /* (pJ) part of energy.op_cost: from number format to number format (requantization, quantizers);
                          0 under rules qtools */
    const pj_device_figure *devices; /* one per device of the settings */
} pj_layer;

/* Words of the work counters ("mac", "mul", "add", ...); NULL past the last. */
const char *pj_work_word(size_t index);

typedef struct pj_totals {
    int64_t macs, flops, params, param_bits, bops;
    pj_energy energy;
    double conversion; /* (pJ) part of energy.op_cost, as in the layers */
    int64_t batch;     /* samples in one run; 0: not known */
    size_t layers;     /* layers that are not free */
    size_t uncounted;  /* of them */
    size_t free_layers;
    const pj_device_figure *devices;
    const double *idle_w;          /* one per device; negative where not known */
    int64_t peak_activation_bytes; /* in graph order (memory.h); -1: not known */
    bool has_qtools;               /* rules qtools: QTools' own two integers */
    int64_t qtools_total_cost, qtools_energy_sum;
} pj_totals;

typedef struct pj_unknown_op {
    const char *op; /* "domain::Op" */
    size_t nodes;
} pj_unknown_op;

/* A constant that several layers read; the totals count it once. */
typedef struct pj_shared_parameter {
    const char *name;
    int64_t elements;
    const char *const *layers; /* their names */
    size_t layer_count;
} pj_shared_parameter;

typedef struct pj_analysis pj_analysis;

/* Prices every layer of the model. The model must outlive the analysis. *out is owned by the caller.
 * PJ_EARGUMENT: no such table, device or format; PJ_EFORMAT: a broken one, or a plan that does not fit the model;
 * PJ_EOVERFLOW: a count leaves 64 bits; PJ_ENOMEM. */
pj_status pj_analyze(pj_model *model, const pj_setup *setup, pj_analysis **out, pj_error *err);
void pj_analysis_free(pj_analysis *analysis);

/* Borrowed; valid as long as the analysis. */
const pj_layer *pj_analysis_layers(const pj_analysis *analysis, size_t *count);
const pj_totals *pj_analysis_totals(const pj_analysis *analysis);
const pj_finding *pj_analysis_findings(const pj_analysis *analysis, size_t *count); /* the model's and its own */
const pj_unknown_op *pj_analysis_unknown_ops(const pj_analysis *analysis, size_t *count);
const pj_weights *pj_analysis_weights(const pj_analysis *analysis); /* NULL: they were not asked for */
const pj_shared_parameter *pj_analysis_shared(const pj_analysis *analysis, size_t *count);
const pj_setup *pj_analysis_settings(const pj_analysis *analysis);
pj_model *pj_analysis_model(const pj_analysis *analysis);
const char *pj_analysis_table(const pj_analysis *analysis);                /* name of the table */
const char *pj_analysis_rules(const pj_analysis *analysis);                /* "picojoule", "qtools" */
const char *pj_analysis_unit(const pj_analysis *analysis);                 /* "pJ", or "relative" */
const char *pj_analysis_device(const pj_analysis *analysis, size_t index); /* name of a device; NULL past the last */

/* ---- one model at many sizes ---- */

/* A dimension and its values, as `--sweep sequence=128,512`. */
typedef struct pj_sweep_dim {
    const char *name;
    const int64_t *values;
    size_t count; /* > 0 */
} pj_sweep_dim;

/* What the model costs at one combination of values. */
typedef struct pj_sweep_point {
    const int64_t *values; /* one per dimension of the sweep */
    pj_totals totals;
} pj_sweep_point;

/* All combinations, the values of the last dimension first. */
typedef struct pj_sweep {
    const char *model, *table, *rules, *unit, *op_rules; /* as pj_analysis_table and so on */
    pj_setup setup;
    const pj_sweep_dim *dims;
    size_t dim_count;
    const pj_dim_binding *fixed; /* the other dimensions of the model */
    size_t fixed_count;
    const char *const *devices; /* their names */
    size_t device_count;
    const pj_sweep_point *points;
    size_t point_count;
    const pj_finding *findings; /* of all points, each once */
    size_t finding_count;
} pj_sweep;

/* Rebinds and analyzes the model once for each combination of values; `setup` has what all of them
 * share. The model is bound to the last combination afterwards. *out is owned by the caller.
 * PJ_EARGUMENT: more than PJ_MAX_SWEEP combinations, no such dimension, or one that `setup` binds, too; else as
 * pj_model_rebind and pj_analyze, with the combination in the sentence. */
enum { PJ_MAX_SWEEP = 1000 };
pj_status pj_sweep_run(pj_model *model, const pj_setup *setup, const pj_sweep_dim *dims, size_t dim_count,
                       pj_sweep **out, pj_error *err);
void pj_sweep_free(pj_sweep *sweep); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
