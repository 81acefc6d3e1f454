/* The number format of every tensor, and its provenance.
 *
 * A model says in several dialects (dialect.h) that its tensors hold few bits; a plan (plan_file.c) overrides them.
 * read.c reads all of them into one answer:
 *
 *     stored      the numbers that a tensor holds in memory              pj_precision_of
 *     read        the numbers that a node reads at an input              pj_precision_reads
 *     computed    the numbers that its arithmetic works on               pj_precision_computes
 *
 * They differ only where something is converted on the way. The output of a DequantizeLinear between integer layers is
 * never stored: the layers read the integers in front of it. A float layer with int4 weights reads 4 bits and computes
 * on floats. Which layers compute on integers, and which quantizers are part of a layer, is decided in integer.c. */
#pragma once

#include "arith/number.h"
#include "ir/graph.h"

/*  enumerator, word in reports */
#define PJ_FROM_LIST(X)                 \
    X(PJ_FROM_NOTHING, "unknown")       \
    X(PJ_FROM_DECLARED, "declared")     \
    X(PJ_FROM_ANNOTATION, "annotation") \
    X(PJ_FROM_QDQ, "QDQ")               \
    X(PJ_FROM_QONNX, "QONNX")           \
    X(PJ_FROM_OPERATOR, "operator")     \
    X(PJ_FROM_PLAN, "plan")             \
    X(PJ_FROM_ASSUMED, "assumed")

typedef enum pj_from {
#define PJ_FROM_ENUM(name, word) name,
    PJ_FROM_LIST(PJ_FROM_ENUM)
#undef PJ_FROM_ENUM
} pj_from;

const char *pj_from_word(pj_from from);

/* How numbers lie in a tensor, where an element is not one number of the format's width. */
typedef struct pj_packing {
    int64_t numbers, elements; /* so many numbers in so many elements: 8 of 3 bits in 3 bytes */
    int64_t bits, of;          /* widths that differ: so many bits in so many numbers; of 0: each has number.bits */
} pj_packing;

typedef struct pj_format {
    pj_number number;          /* of the widest, where widths differ */
    pj_from from;              /* PJ_FROM_NOTHING: no format is known (strings, unknown types) */
    const pj_packing *packing; /* NULL: each element is one number */
} pj_format;

/* Bits of the numbers in so many elements of a tensor. False: they do not fit 64 bits. */
bool pj_format_bits(const pj_format *format, int64_t elements, int64_t *out);
/* How many numbers, and their bits; what does not fit 64 bits is as much as they hold. */
void pj_format_most(const pj_format *format, int64_t elements, int64_t *numbers, int64_t *bits);

enum { PJ_MOST_INTEGER_BITS = 16 }; /* wider quantized operands are computed on as the floats that they stand for */

/* What a quantizer makes of a value; it goes on through what moves or keeps it. */
typedef struct pj_quantized {
    pj_format format;
    bool is_exact;                   /* the scale is one power of two, so int_bits is that of the real numbers */
    bool is_lazy;                    /* a DequantizeLinear stands between these integers and the value */
    bool is_sum;                     /* the accumulator of an integer layer: `format` is not set yet */
    const pj_value *scale, *zero;    /* NULL: several tensors joined, or none */
    const struct pj_factor *factors; /* what a constant is multiplied with after its quantizer; NULL: nothing */
} pj_quantized;

typedef struct pj_factor {
    const pj_value *value;
    const struct pj_factor *next;
    int count; /* of them in all */
} pj_factor;

typedef enum pj_quantizer {
    PJ_NO_QUANTIZER,
    PJ_QUANTIZE,     /* QuantizeLinear: to integers */
    PJ_DEQUANTIZE,   /* DequantizeLinear: back */
    PJ_FAKE_QUANTIZE /* QONNX: both at once; the integers are what is stored */
} pj_quantizer;

/* What a plan says of a layer; `from` PJ_FROM_NOTHING: nothing. */
typedef struct pj_plan_formats {
    pj_format weights;     /* of its weights; other constants: pj_precision_planned */
    pj_format activations; /* in which it reads its data inputs */
    pj_format accumulator;
    pj_format output; /* as a quantizer after it would */
} pj_plan_formats;

typedef struct pj_node_precision {
    pj_quantizer quantizer;
    bool is_integer;              /* works on the quantized numbers of its inputs */
    bool is_free;                 /* a quantizer that costs nothing of its own */
    bool sets_format;             /* a threshold layer: its steps are the numbers that it hands on */
    bool converts;                /* a constant's quantizer with a float reader: arithmetic, but no traffic */
    const pj_node *folded_into;   /* the layer that a quantizer serves, or NULL */
    const pj_plan_formats *plan;  /* or NULL */
    const pj_format *computes_on; /* of an operator that quantizes its data inputs by itself; NULL: it does not */
} pj_node_precision;

/* What a layer takes a constant for. */
typedef enum pj_const_use {
    PJ_CONST_NONE,   /* nobody reads it */
    PJ_CONST_BESIDE, /* data beside data (what Add adds), factors of a normalization */
    PJ_CONST_BIAS,   /* is added to sums of products */
    PJ_CONST_WEIGHT  /* is multiplied with, or looked up */
} pj_const_use;

typedef struct pj_precision {
    const pj_model *model;
    pj_arena *arena;                 /* of all below */
    pj_format *stored;               /* by pj_value.index */
    const pj_quantized **quantized;  /* likewise; NULL where no quantizer reaches */
    const pj_value **source;         /* likewise: the value in front of free quantizers; NULL: itself */
    const pj_node **quantizer_after; /* likewise: the quantizer that a value passes before it is stored, or NULL */
    const pj_format **wished;        /* likewise: what a plan says that all its readers read, or NULL */
    const pj_format **sum;           /* likewise: the sums that it holds in wider numbers, or NULL */
    uint8_t *use;                    /* likewise, of constants: a pj_const_use, of all readers */
    bool *dequantized;               /* likewise: a DequantizeLinear reads it, perhaps after views and moves */
    const pj_node **clamp;          /* likewise: of the clamps that it passes on the way there, the last one, or NULL */
    pj_node *const *order;          /* nodes that may run, subgraphs in front of their holders (pj_model_order) */
    int nodes;                      /* of them */
    pj_node_precision *node;        /* by pj_node.id */
    pj_format weights, activations; /* what a plan puts in place of float element types, or PJ_FROM_NOTHING */
    int count;
} pj_precision;

struct pj_plan; /* quant/plan_file.h */

/* Reads every value's format off the model and the plan (may be NULL). `fold`: quantizers after a layer become part of
 * it. Arrays live in `arena`. PJ_ENOMEM. */
pj_status pj_precision_read(const pj_model *model, const struct pj_plan *plan, bool fold, pj_arena *arena,
                            pj_diags *diags, pj_precision *out, pj_error *err);

/* The numbers that a value holds in memory; PJ_FROM_NOTHING for NULL. */
pj_format pj_precision_of(const pj_precision *precision, const pj_value *value);

/* The numbers that a node reads at input `i`, and those that it computes on. */
pj_format pj_precision_reads(const pj_precision *precision, const pj_node *node, int i);
pj_format pj_precision_computes(const pj_precision *precision, const pj_node *node, int i);

/* The value that a node really reads at input `i`: in front of a DequantizeLinear that is not stored. */
const pj_value *pj_precision_source(const pj_precision *precision, const pj_node *node, int i);

/* The value that holds output `o`: after the quantizer that is part of the layer, where only views stand between. */
const pj_value *pj_precision_result(const pj_precision *precision, const pj_node *node, int o);

/* Settles how output `o` is stored, once the layer in front is known to compute `result`. Sums that nobody quantizes
 * take the next width that memories have, unless `as_wide_as_they_are`; true: that is wider than they are. Nodes in
 * graph order. */
bool pj_precision_settle(pj_precision *precision, const pj_node *node, int o, const pj_format *result,
                         bool as_wide_as_they_are);

/* The node's own record. */
const pj_node_precision *pj_precision_node(const pj_precision *precision, const pj_node *node);

/* Does the operator hand on the format of what it reads: a view, a move, a Relu? */
bool pj_precision_passes(const pj_node *node);

/* Of the clamps that stand in a row from this one on, each read by the next alone, the last one. */
const pj_node *pj_precision_last_clamp(const pj_precision *precision, const pj_node *node);

/* The quantized input whose numbers a constant holds in another float type, in other units or within bounds (Cast, Neg;
 * Mul, Max, Where with fewer constants than it has numbers), or -1: what is stored is that input, and `beside` (may be
 * NULL), which is NULL where nothing is. */
int pj_precision_carried(const pj_precision *precision, const pj_node *node, const pj_value **beside);

/* What the node takes a constant at input `i` for. */
pj_const_use pj_precision_use(const pj_node *node, int i);

/* What a plan says of data input `i`, or NULL: weights have its format of weights, data and the constants that meet
 * them that of activations; a bias has 32 bits where both are integers. */
const pj_format *pj_precision_planned(const pj_precision *precision, const pj_node *node, int i);

/* Is the input data that the node computes on (activation, weight, parameter, bias), not scale, index or control? */
bool pj_precision_is_data(const pj_node *node, int i);

/* The numbers that the value's element type declares. */
pj_format pj_precision_as_typed(const pj_value *value);

/* The same, or what the plan puts in place of floats. */
pj_format pj_precision_declared(const pj_precision *precision, const pj_value *value);

/* The format that an element type declares; false for strings, complex and unknown types. */
bool pj_number_of_dtype(pj_dtype dtype, pj_number *out);
