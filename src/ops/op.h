/* What the analyzer knows of an operator: one row, and up to three rules next to it.
 *
 * A *shape* rule sets type and shape of the outputs. A *value* rule computes the contents of small outputs, where
 * shapes are computed with them. A *work* rule counts the arithmetic of one run, in integers and without technology:
 * tables price it later. Rules are pure: they read the node through a pj_ctx and write its outputs (or a pj_work).
 *
 * A missing rule (NULL) means that this is not known, and is reported; it never means zero. An operator that only
 * moves data or does nothing says so by a trait and then needs no work rule. */
#pragma once

#include "ir/graph.h"
#include "reuse/fuse.h"
#include "reuse/nest.h"

/* The arithmetic primitives that work is counted in.
 *  enumerator, word, what one of them is */
#define PJ_PRIM_LIST(X)                                                                   \
    X(PJ_MAC, "mac", "one multiplication whose product is accumulated")                   \
    X(PJ_MUL, "mul", "multiplication")                                                    \
    X(PJ_ADD, "add", "addition, subtraction, negation")                                   \
    X(PJ_CMP, "cmp", "comparison: max, min, relu, clip, sort step, absolute value, sign") \
    X(PJ_LOGIC, "logic", "bitwise or boolean operation")                                  \
    X(PJ_SHIFT, "shift", "shift")                                                         \
    X(PJ_DIV, "div", "division, remainder, reciprocal")                                   \
    X(PJ_SQRT, "sqrt", "square root")                                                     \
    X(PJ_EXP, "exp", "exponential")                                                       \
    X(PJ_LOG, "log", "logarithm")                                                         \
    X(PJ_TANH, "tanh", "hyperbolic tangent or logistic sigmoid")                          \
    X(PJ_ERF, "erf", "error function")                                                    \
    X(PJ_SIN, "sin", "sine, cosine, tangent and their inverses and hyperbolic kin")       \
    X(PJ_POW, "pow", "power with an exponent that is not a small whole number")           \
    X(PJ_ROUND, "round", "rounding or conversion between number formats")                 \
    X(PJ_RAND, "rand", "pseudo-random number")

typedef enum pj_prim {
#define PJ_PRIM_ENUM(name, word, what) name,
    PJ_PRIM_LIST(PJ_PRIM_ENUM)
#undef PJ_PRIM_ENUM
        PJ_PRIMS
} pj_prim;

const char *pj_prim_word(pj_prim prim);

/* The loops of an operator's multiply-accumulates, which memory policies rest on. */
typedef enum pj_loops_kind {
    PJ_LOOPS_NONE,      /* no multiply-accumulates, or extents that are not known */
    PJ_LOOPS_PRODUCT,   /* one nest */
    PJ_LOOPS_RECURRENT, /* one nest for each of `steps` */
    PJ_LOOPS_ATTENTION, /* scores of one nest, m queries by n keys; then a product with values of `value_size` */
    PJ_LOOPS_SEVERAL    /* several products, one after another */
} pj_loops_kind;

typedef struct pj_loops {
    pj_loops_kind kind;
    pj_nest nest;              /* its widths are 0: the formats of the layer tell them */
    int input, weight;         /* input numbers of I and W */
    double steps;              /* of a recurrent layer */
    double value_size, shared; /* of attention: query heads that share a key head */
} pj_loops;

/* Counts of one run of a node. Numbers are pj_num: a dimension that is not known makes the count unknown, never zero.
 */
typedef struct pj_work {
    pj_num count[PJ_PRIMS];
    pj_num terms;         /* products summed into one accumulator (macs), 0 where there are none */
    pj_num *read;         /* elements read of each input, by position; preset to all elements */
    pj_num *written;      /* elements written of each output; preset to all elements */
    const pj_graph *body; /* of an operator whose work is that of a subgraph: the one that is counted */
    pj_num runs;          /* how often */
    pj_loops loops;
} pj_work;

typedef struct pj_ctx pj_ctx;

/* What a rule may ask of the driver. Control-flow rules reach inference through it, never by an include. */
typedef struct pj_driver {
    /* Infers a subgraph of the node; its inputs' types are set before. */
    pj_status (*infer_graph)(pj_ctx *c, pj_graph *graph);
    /* Sum of the work of a subgraph's nodes (work rules only). */
    pj_status (*graph_work)(pj_ctx *c, const pj_graph *graph, pj_work *sum);
} pj_driver;

/* The rule's view of its node. */
struct pj_ctx {
    const pj_model *model;
    pj_arena *arena; /* results live here, as long as the model */
    pj_symbols *symbols;
    pj_node *node;
    pj_error *err;
    pj_status failed; /* first failure of an attribute reader: the driver returns it after the rule */
    pj_diags *diags;
    const pj_driver *driver;
    void *payload; /* the driver's own */
    pj_map *fixed; /* symbol -> pj_num: the sizes that symbols were compared with, where that is asked for; or NULL */
};

typedef pj_status (*pj_shape_rule)(pj_ctx *c);
typedef pj_status (*pj_value_rule)(pj_ctx *c);
typedef pj_status (*pj_work_rule)(pj_ctx *c, pj_work *work);

/* Traits. Several may hold. */
enum {
    PJ_VIEW = 1u << 0,       /* the same bytes under another shape or name: costs nothing, format passes */
    PJ_MOVE = 1u << 1,       /* moves data without arithmetic: reads and writes, format passes */
    PJ_KEEP = 1u << 2,       /* arithmetic that keeps the number format of input 0 (Relu, MaxPool, Clip) */
    PJ_SHAPE_ONLY = 1u << 3, /* reads the shape of its inputs, not their contents: costs nothing */
    PJ_RANDOM = 1u << 4,     /* another result in each run: never constant */
    PJ_CONTROL = 1u << 5,    /* holds subgraphs that infer/ enters through its rule */
    PJ_OPAQUE_OP = 1u << 6,  /* known by name; work cannot be known from the graph (a whole search, an image codec) */
    PJ_HOLDS = 1u << 7,      /* its parameters stand in lists of attributes (ai.onnx.ml) */
    PJ_RUNS_BODY = 1u << 8,  /* does nothing but run a subgraph, whose nodes are layers of their own */
    PJ_CLAMP = 1u << 9,      /* bounds each element, as quantizing does: the two may change places */
    PJ_ELEMENT = 1u << 10,   /* element k of output 0 takes element k of each 'x' input of that size, and no other of
                               it: it may be written over it */
    PJ_PRODUCT = 1u << 11,   /* its first 'x' and its 'w' may change places: whichever is constant holds the weights */
    PJ_LAST_AXIS = 1u << 12, /* channels are the last axis of its inputs and outputs */
    PJ_LAST_ALL = 1u << 13,  /* those of its weights, too */
    PJ_QUANTIZER = 1u << 14, /* rounds to a number format, or back */
    PJ_NORM = 1u << 15,      /* normalizes what it reads */
    PJ_POOL = 1u << 16,      /* a pooling window */
    PJ_SOFTMAX = 1u << 17,
    PJ_WIDE = 1u << 18 /* stays at 32 bits or more: its types, or those of its runtimes, allow its floats no 16 bits, or
                          its outputs take their type from an attribute */
};

/* Roles of inputs, one letter each; '*' after a letter repeats it:
 *   x activation   w weight   b bias   p other parameter (normalization vectors, tables)   s scale   z zero point
 *   i index or mask (data)    c control (shapes, axes, pads, sizes): read by the rule, never data
 * A 'w', 'b' or 'p' input that is no constant counts as an activation. */
typedef struct pj_op_desc {
    const char *domain; /* "" is ai.onnx */
    const char *op;
    int since; /* the rules hold from this opset on, until a row of the same operator with a higher one */
    const char *roles;
    unsigned traits;
    pj_shape_rule shape;
    pj_value_rule value;
    pj_work_rule work;
} pj_op_desc;

/* One family file's rows. */
typedef struct pj_op_family {
    const char *name; /* file name without .c */
    const pj_op_desc *rows;
    int count;
} pj_op_family;

/* The row of an operator for a domain's opset: the one with the highest `since` not above it (an opset of 0, a domain
 * that the model does not import, takes the newest). NULL: unknown operator. */
const pj_op_desc *pj_op_find(const char *domain, const char *op, int64_t opset);

/* Why there is no row for an operator that others have: the first opset of its domain that has it (*since), or, of
 * ai.onnx, another domain that has one of that name (the result). Neither: 0 and NULL. */
const char *pj_op_elsewhere(const char *domain, const char *op, int *since);

/* All families, for listings and tests; ends with NULL. */
const pj_op_family *const *pj_op_families(void);

/* Does the operator compute on quantized tensors, whose scales it takes as inputs? */
bool pj_op_takes_scales(const pj_op_desc *desc);

/* Can the operator be part of the layer that makes its input, and as what? (reuse/fuse.h) */
pj_fuse_class pj_op_follows(const pj_op_desc *desc);

/* The input whose role is the nth (from 0) of that letter; -1: there is none. */
int pj_op_place(const pj_op_desc *desc, char role, int nth);

/* Role of the node's input `i`: that of its operator ('x' of an unknown one, and past the end of an
 * unstarred list), but for products whose first operand is
 * the constant one. Needs inference of what the node reads. */
char pj_node_role(const pj_node *node, int input);
