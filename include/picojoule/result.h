/* What an analysis finds: figures of each layer and of the whole model, from a model and an energy table.
 *
 * Units: energies are picojoules (pJ), sizes are bits, times are microseconds. Formulas: docs/energy-model.md.
 *
 * A result is a plain struct to read, whether it was computed now or read from a saved report: every energy is the same
 * double then, and every count the same number up to 2^53; larger ones keep 53 significant bits in a report, because
 * that is what JSON readers keep of them.
 *
 * Threads: a result never changes, so they may share it. */
#ifndef PICOJOULE_RESULT_H
#define PICOJOULE_RESULT_H

#include "picojoule/memory.h"
#include "picojoule/weights.h"

/* The four components, named as QTools names them. */
typedef struct pj_energy {
    double inputs;     /* reading activations */
    double outputs;    /* writing activations */
    double parameters; /* reading weights, biases, scales, tables */
    double op_cost;    /* arithmetic */
} pj_energy;

PJ_API double pj_energy_total(const pj_energy *energy);

/* A number format and its provenance. */
typedef struct pj_format_info {
    bool known, is_signed;
    const char *word; /* "fp32", "int8", "fixed<8,2>" */
    const char *kind; /* "fixed", "po2", "ternary", "binary", "binary01", "float" */
    int64_t bits, int_bits;
    const char *from; /* "declared", "annotation", "QDQ", "QONNX", "operator", "plan", "assumed" */
} pj_format_info;

/* One device's estimate; time_us and energy_pj are negative where the device cannot say. */
typedef struct pj_device_figure {
    double energy_pj;
    double time_us;
    double low_pj, high_pj; /* what the errors of such estimates justify; negative where nobody has measured any */
} pj_device_figure;

/* What stands beside a device's totals. */
typedef struct pj_device_note {
    double idle_w;      /* negative where not known */
    double at_least_pj; /* where some layers have no figure, and so the total: the sum of the others; else negative */
    size_t layers;      /* that the device has a figure for */
    const char *load;   /* "latency", "throughput" */
    const char *basis;  /* "own fit, 96 points", "fit of class gpu, 6 points", "data sheet, unverified figures" */
    const char
        *memory; /* the memory that decides whether the model fits: "flash", "RAM", "memory"; "": none is known */
    double memory_has, memory_wants; /* bytes; it fits where it has what is wanted */
} pj_device_note;

/* Traffic at one level of the memory hierarchy, and its price. */
typedef struct pj_level_figure {
    double read_bits, written_bits, pj;
} pj_level_figure;

/* A tensor that a layer reads or writes and that is not in level 0: "gone" (the layers are fused) or "chip" (whole in
 * the buffer). */
typedef struct pj_kept_tensor {
    const char *tensor, *where;
} pj_kept_tensor;

enum { PJ_MOST_LEVELS = 3 }; /* two levels, and a buffer of weights */

/* How the memories of a chip serve a layer (docs/memory.md). */
typedef struct pj_reuse {
    pj_level_figure level[PJ_MOST_LEVELS]; /* as many as the result has levels, farthest first */
    double register_pj;
    double bound_bits;             /* no schedule of this layer alone moves less over level 0; negative: not known */
    double tile_m, tile_n, tile_r; /* of the buffer: positions, output channels, reduction; 0: no tile was looked for */
    const char *stays;             /* the operand of the outermost loops: "I", "W", "O"; NULL without a tile */
    double utilization;            /* share of the array that works while it computes; negative: not known */
    double cycles, time_us;        /* of computing, or of level 0 where that takes longer; negative: not known */
    bool is_memory_bound;          /* level 0 takes longer */
    const char *fused_into;        /* the layer that its main input is gone into; NULL: none */
    const pj_kept_tensor *kept;    /* others are in level 0 */
    size_t kept_count;
} pj_reuse;

/* The same of all layers. Tensors are those between layers. */
typedef struct pj_reuse_totals {
    pj_level_figure level[PJ_MOST_LEVELS];
    double register_pj, bound_bits;
    double cycles, time_us;         /* negative: not known of some layer */
    double gone, on_chip, level0;   /* tensors */
    double saved_pj, most_saved_pj; /* over level 0, by whole tensors on chip, and by any choice of them; the latter
                                       negative: not known */
} pj_reuse_totals;

enum { PJ_RANK_UNKNOWN = -1, PJ_RANK_NONE = -2 };

/* A layer. Of one that was read from a report, what reports do not have is NULL. */
typedef struct pj_layer {
    size_t index; /* in graph order, subgraphs after the node that holds them */
    const char *name;
    const char *op;
    const char *domain;
    const char *scope;
    const char *const *inputs; /* names of tensors; "" for an absent one */
    size_t input_count;
    const char *const *outputs;
    size_t output_count;
    int rank;                 /* of the first output; PJ_RANK_UNKNOWN, or PJ_RANK_NONE: it has none, or no tensor */
    const pj_dim_info *dims;  /* `rank` of them */
    const char *output_dtype; /* of the first output; "": not known; NULL: there is none */
    bool counted;             /* false: work and energy are not known, all figures below are 0 */
    bool free;                /* a view, or computed before the run from constants and shapes: costs nothing */
    const char *folded_into;  /* of a quantizer without cost of its own: the layer that it is part of; NULL elsewhere */
    int64_t runs; /* in one run of the model: the trips of the loops around it, else 1; all figures are of so many */
    int64_t macs;
    int64_t flops; /* 2*macs + every other primitive once */
    int64_t params;
    int64_t param_bits;
    int64_t bops;           /* macs * input bits * weight bits */
    int64_t input_bits;     /* of the activations that it reads, each tensor once; -1: not known (early reports) */
    int64_t output_bits;    /* of those that it writes; likewise */
    const int64_t *work;    /* one count per pj_work_word */
    const char *work_class; /* of devices: "conv", "depthwise", "matmul", "pool", "elementwise", "movement" */
    const pj_format_info *input, *weight, *accumulator, *output; /* never NULL; equal ones may be one */
    const char *implementation; /* circuit of the multiplier: "mul", "mux", "xor" ...; NULL without macs */
    double gate_bits, gate_factor;
    pj_energy energy;
    double conversion; /* (pJ) part of energy.op_cost: from number format to number format (requantization, quantizers);
                          0 under rules qtools */
    const pj_device_figure *devices; /* one per device of the settings */
    const pj_reuse *reuse;           /* NULL: rules qtools, or nothing is priced */
} pj_layer;

/* What a figure is a number of. */
typedef enum pj_quantity {
    PJ_QUANTITY_ENERGY,
    PJ_QUANTITY_COUNT,
    PJ_QUANTITY_BITS,
    PJ_QUANTITY_BYTES,
    PJ_QUANTITY_TIME,
    PJ_QUANTITY_SHARE,
    PJ_QUANTITY_NONE /* of something that must not be there at all: how often it is */
} pj_quantity;

/* Words of the work counters ("mac", "mul", "add", ...); NULL past the last. */
PJ_API const char *pj_work_word(size_t index);

typedef struct pj_totals {
    int64_t macs, flops, params, param_bits, bops;
    pj_energy energy;
    double conversion; /* (pJ) part of energy.op_cost, as in the layers */
    int64_t batch;     /* samples in one run; 0: not known */
    size_t layers;     /* layers that are not free */
    size_t uncounted;  /* of them */
    size_t free_layers;
    int64_t file_bytes;                           /* of the model's own file, without weights that lie beside it */
    const pj_device_figure *devices;              /* negative, too, where it has no figure for any layer */
    const pj_device_note *device_notes;           /* one per device */
    int64_t peak_activation_bytes;                /* in graph order (memory.h); -1: not known */
    int64_t qtools_total_cost, qtools_energy_sum; /* rules qtools: QTools' own two integers; -1 elsewhere */
    const pj_reuse_totals *reuse;                 /* NULL: rules qtools */
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

typedef struct pj_result {
    const char *source;         /* the file that was read: the model, or a saved report; "-": standard input */
    bool is_report;             /* `source` is a saved report */
    const char *version;        /* of the program that made the figures */
    const pj_model_info *model; /* whose figures these are */
    /* what they rest on */
    pj_setup setup;             /* with all that was found of it: names, dims, rules, unit, contents */
    const char *table;          /* its name */
    const char *rules;          /* "picojoule", "qtools" */
    const char *unit;           /* "pJ", or "relative" */
    const char *const *devices; /* names of the setup's devices */
    const char *const *levels;  /* names of the memory hierarchy's levels, farthest first; none under `once` */
    size_t level_count;
    /* the figures */
    const pj_layer *layers; /* in graph order: layers[i].index == i; free ones included */
    size_t layer_count;
    pj_totals totals;
    const pj_finding *findings; /* of loading, inference and analysis */
    size_t finding_count;
    const pj_unknown_op *unknown_ops;
    size_t unknown_op_count;
    const pj_shared_parameter *shared;
    size_t shared_count;
    const pj_activation_memory *memory; /* what activations take at once; NULL in a report */
    const pj_weights *weights;          /* NULL: not asked for, or the result was read from a report */
} pj_result;

/* Prices every layer of the model, which must outlive the result. *out is owned by the caller.
 * PJ_ECONFLICT: settings that contradict each other; PJ_EARGUMENT: no such table, device or format; PJ_EFORMAT: a
 * broken one, or a plan that does not fit the model; PJ_EOVERFLOW: a count leaves 64 bits; PJ_ENOMEM. */
PJ_API pj_status pj_analyze(pj_model *model, const pj_setup *setup, pj_result **out, pj_error *err);
PJ_API void pj_result_free(pj_result *result); /* NULL is allowed */

/* Reads a report that was saved with `analyze --format json`. Members that it does not know are passed over, as later
 * versions add some; the four energies count, the sums beside them do not. Layers come in graph order, however the
 * report sorts them. *out is owned by the caller.
 * PJ_EIO: cannot be read; PJ_ELIMIT: larger than 64 MiB or 4 million values; PJ_EFORMAT: no JSON (FILE:line:column),
 * another schema (which is named), a member that is missing, of the wrong type, negative or not finite (FILE: $.path),
 * or layers left out by --top; PJ_ENOMEM. */
PJ_API pj_status pj_result_read(const char *path, pj_result **out, pj_error *err);

/* The same from memory; `name` stands for the file in messages. */
PJ_API pj_status pj_result_parse(const char *json, size_t length, const char *name, pj_result **out, pj_error *err);

/* Opens a saved report or a model, which is analysed and kept; a file whose first character is '{' is a report.
 * `setup` is for models alone. *out is owned by the caller. Errors of pj_result_read, or of pj_model_open and
 * pj_analyze. */
PJ_API pj_status pj_result_open(const char *path, const pj_setup *setup, pj_result **out, pj_error *err);

#endif
