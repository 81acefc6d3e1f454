/* What the passes share that turn a model into a planned one. */
#pragma once

#include "apply/edit.h"
#include "base/sha256.h"
#include "picojoule/apply.h"
#include "quant/plan_file.h"

/* Numbers that a layer is to work on. */
typedef enum pj_wish_kind {
    PJ_WISH_NONE, /* as it is */
    PJ_WISH_HALF,
    PJ_WISH_BRAIN,
    PJ_WISH_EIGHTH, /* float8e4m3fn */
    PJ_WISH_INT,
    PJ_WISH_OTHER /* what no runtime has */
} pj_wish_kind;

typedef struct pj_wish {
    pj_wish_kind weights, activations;
    int weight_bits, activation_bits; /* of integers */
    bool is_named;                    /* by an entry of the plan: what cannot be done is an error */
} pj_wish;

typedef struct pj_pass {
    pj_edit *edit;
    pj_model *model;
    const pj_apply_options *options;
    pj_plan plan;
    pj_map ranges; /* name -> pj_range; empty without calibration */
    bool has_plan, has_ranges, for_ort;
    int64_t reach; /* the opset that the model can be raised to */
    pj_map made;   /* "tensor|format" -> pj_edit_value: what has been dequantized already */
    pj_arena *arena, *results;
    pj_applied *out;
    pj_applied_layer *layer;                          /* as many as there are nodes */
    pj_applied_layer **layer_of;                      /* by pj_node.id */
    pj_rounding *rounding;                            /* as the layers */
    float *turned;                                    /* numbers of a Transpose ... */
    const void *turned_by;                            /* ... and whose they are (constants.c) */
    const char *energy_note, *macs_note, *table_note; /* what --annotate says of the model; NULL: nothing */
    pj_diags diags;
    pj_error *err;
} pj_pass;

/* ---- what is asked (asked.c) ---- */

/* The digest of all that decides what is written. */
pj_status pj_asked_digest(const pj_setup *setup, const pj_apply_options *options, char digits[PJ_SHA256_DIGITS + 1],
                          pj_error *err);

/* Reads plan and ranges. */
pj_status pj_asked_read(pj_pass *pass, const pj_setup *setup);
pj_status pj_asked_check(pj_pass *pass, const pj_setup *setup);

pj_wish pj_wish_of(const pj_pass *pass, const pj_edit_node *node);

/* The row of a layer in the report. */
pj_applied_layer *pj_pass_layer(pj_pass *pass, const pj_edit_node *node);

/* Where the rounding of its weights is summed up. */
pj_rounding *pj_pass_rounding(pj_pass *pass, const pj_edit_node *node);

/* The layer stays as it is. PJ_EFORMAT with this reason where the plan names it and nobody is lenient. */
pj_status pj_pass_keep(pj_pass *pass, const pj_edit_node *node, const char *reason);

/* The form that was written: words, and bytes of weights. */
void pj_pass_wrote(pj_pass *pass, const pj_edit_node *node, const char *form, uint64_t before, uint64_t after);

/* A finding; once for each node and sentence. */
void pj_pass_note(pj_pass *pass, const pj_edit_node *node, const char *format, ...) PJ_PRINTF(3, 4);

/* ---- constants (constants.c) ---- */

/* Numbers that are known before the run. */
typedef struct pj_held {
    pj_edit_value *value;
    pj_edit_value *root; /* the constant whose numbers they are: `value`, or what it is a view of */
    pj_numbers from;
    int input, rank;
    const int64_t *dims;
    uint64_t bytes; /* in the file */
} pj_held;

/* The constant that a value holds: floats. Nodes that hand a constant's numbers on in another shape or order are seen
 * through (Reshape, Transpose, Unsqueeze ...). false: it holds none. */
bool pj_weight_of(pj_pass *pass, pj_edit_value *value, pj_held *out);

/* Is the node one that is seen through? */
bool pj_weight_passes(const pj_edit_node *node);

/* The input with the role 'w', where it is constant; false: none is. */
bool pj_weight_input(pj_pass *pass, const pj_edit_node *node, pj_held *out);

/* The file lacks its contents. */
bool pj_weight_is_absent(const pj_held *weight);

/* PJ_EFORMAT: its file lacks it, or it is in an order that is not read. */
pj_status pj_weight_check(pj_pass *pass, const pj_edit_node *node, const pj_held *weight);

/* Its numbers in memory, in the arena. */
pj_status pj_weight_read(pj_pass *pass, const pj_held *weight, const float **out);

/* Axes of output and of input channels; -1: not one axis. */
int pj_weight_channels(const pj_edit_node *node, const pj_held *weight);
int pj_weight_inputs(const pj_edit_node *node, const pj_held *weight);

/* The shape around an axis; of -1: one channel. */
pj_lay pj_weight_lay(const pj_held *weight, int axis);

/* Drops nodes and initializers that nobody reads any more, of those that a pass has left so. */
void pj_pass_unused(pj_pass *pass, pj_edit_value *value);

/* ---- the passes ---- */

pj_status pj_clean(pj_pass *pass, const pj_setup *setup);
void pj_fold(pj_pass *pass, const pj_setup *setup); /* a part of cleaning */
pj_status pj_cut(pj_pass *pass);                    /* behind options->cut_after */
pj_status pj_prune(pj_pass *pass);
pj_status pj_weights_only(pj_pass *pass);
pj_status pj_static(pj_pass *pass);
pj_status pj_dynamic(pj_pass *pass);
pj_status pj_half(pj_pass *pass);
pj_status pj_annotate(pj_pass *pass, const pj_setup *setup);

/* Sets `reach`. */
void pj_opset_look(pj_pass *pass);
/* Is that opset had, or can it be? Then it will be. */
bool pj_opset_need(pj_pass *pass, int64_t version);
/* Converts what has another meaning in the opset that is needed. */
pj_status pj_opset_raise(pj_pass *pass);

/* ---- dequantized weights (dequantize.c) ---- */

/* The first opset whose DequantizeLinear has a scale a channel, makes fp16, or takes integers so narrow. */
enum { PJ_OPSET_AXIS = 13, PJ_OPSET_HALF = 19, PJ_OPSET_INT4 = 21, PJ_OPSET_INT2 = 25 };

typedef struct pj_dq {
    int bits;            /* 8, 4 or 2 */
    int32_t most;        /* codes from -most to most */
    int axis;            /* of the scales; -1: one for all */
    int64_t block;       /* along the axis; 0: none */
    bool eighth;         /* float8e4m3fn */
    bool unsigned8;      /* codes around 128: x86 without VNNI saturates sums of products of uint8 and int8 */
    pj_dtype dtype;      /* of what it stands for */
    const float *raised; /* scales that must not be smaller: as many as there are; NULL */
} pj_dq;

/* NaN and infinities cannot be quantized: fails with how many there are. */
pj_status pj_dequantize_check(pj_pass *pass, const pj_edit_node *node, const pj_held *weight);

/* What is made of a weight in that form is made once: its name in pass->made; NULL without memory. */
char *pj_dequantize_key(pj_pass *pass, const char *what, const pj_held *weight, const pj_dq *dq);

/* The opset that it needs. */
int64_t pj_dequantize_opset(const pj_dq *dq);

/* Scales of the weight, before any is raised; read once. Those of one axis alone, or one for all. */
pj_status pj_dequantize_scales(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_dq *dq,
                               const float **out);

/* The value that a DequantizeLinear of these codes makes, in front of `node`; *scale gets the scales where it is not
 * NULL. *bytes: of codes and scales. */
pj_status pj_dequantize(pj_pass *pass, pj_edit_node *node, const pj_held *weight, const pj_dq *dq, pj_edit_value **out,
                        const float **scale, uint64_t *bytes);
