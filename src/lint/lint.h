/* What rules see of a model, and how they tell what they find.
 *
 * A rule is one row of a family file: code, severity, texts, and a check that goes once over the nodes that may run,
 * those of subgraphs included. To add one: write the check and its row, build, run
 * `picojoule help lint --markdown > docs/lint.md`, and add a graph that fires and a twin that does not to
 * tests/unit/test_lint.c. */
#pragma once

#include "cost/layer.h"
#include "picojoule/lint.h"

/* An input of a node that reads a value. */
typedef struct pj_reader {
    const pj_node *node;
    int input;
} pj_reader;

typedef struct pj_linter {
    const pj_model *model;
    const pj_precision *precision;
    const pj_layers *layers;
    pj_node *const *node; /* those that may run, made values in front of their readers */
    int nodes;
    int *layer;        /* by id of a node: place in `layers`; -1: it never runs */
    pj_arena *arena;   /* findings */
    pj_arena *scratch; /* side tables, until all rules have run */
    pj_reader *reader; /* those of value v stand at first[v.index] to first[v.index + 1] */
    int *first;
    const pj_node **maker;    /* by value: the node that makes it, in front of what only arranges; NULL: none */
    const pj_node **consumer; /* by value: the first node that computes on it, past what only arranges; NULL: none */
    bool has_integers;        /* some multiply-accumulate works on 16 bits or less */
    bool is_static;           /* ... of activations whose scales stand in the model */
    int64_t macs;             /* of all layers */
    const pj_lint_rule *rule; /* that runs */
    pj_lint_finding *finding;
    size_t count, capacity;
    size_t of_rule, dropped;
} pj_linter;

/* False, in place of what was found so far: out of memory. */
typedef bool (*pj_lint_check)(pj_linter *linter);

typedef struct pj_lint_row {
    pj_lint_rule rule;
    pj_lint_check check;
} pj_lint_row;

typedef struct pj_lint_family {
    const pj_lint_row *row;
    size_t count;
} pj_lint_family;

extern const pj_lint_family pj_lint_placement, pj_lint_scales, pj_lint_values, pj_lint_graph;

/* What the public list of findings stands on. */
struct pj_lint {
    pj_arena *arena;
    const pj_result *result;
    const pj_lint_finding *finding;
    size_t count, dropped;
};

/* Adds a finding of the running rule. `node` may be NULL; `energy` < 0: cannot be told. False: out of memory. */
bool pj_lint_add(pj_linter *linter, const pj_node *node, double energy, const char *format, ...) PJ_PRINTF(4, 5);

/* The layer of a node that may run, and what it takes in one run of the model; negative where that is not known. */
const pj_layer *pj_lint_layer(const pj_linter *linter, const pj_node *node);
const pj_layer_detail *pj_lint_detail(const pj_linter *linter, const pj_node *node);
double pj_lint_energy(const pj_linter *linter, const pj_node *node);

/* Is it the operator of ai.onnx? */
static inline bool pj_lint_is(const pj_node *node, const char *op)
{
    return *node->op == *op && strcmp(node->op, op) == 0 && !*node->domain;
}

/* Is anything computed in the run, or is all of it known before? */
bool pj_lint_runs(const pj_node *node);

/* Does it hand on the numbers that it reads, under another shape or in another order? */
bool pj_lint_arranges(const pj_node *node);
pj_quantizer pj_lint_quantizer(const pj_linter *linter, const pj_node *node);

/* Does the node work on the quantized numbers of its inputs, quantizers included? */
bool pj_lint_takes_integers(const pj_linter *linter, const pj_node *node);

/* A quantizer that really converts in the run, as a layer of its own. */
bool pj_lint_converts(const pj_linter *linter, const pj_node *node);

/* The node of the same graph that makes what `node` reads at input `i`, in front of what only arranges; NULL: an input,
 * a constant, or a node of a graph around it. */
const pj_node *pj_lint_maker(const pj_linter *linter, const pj_node *node, int i);

/* The same right in front of it, if nobody else reads what it makes. */
const pj_node *pj_lint_sole_maker(const pj_node *node, int i);

/* fp16 and wider: fp8 and fp4 are quantized numbers. */
bool pj_lint_is_float(const pj_format *format);

/* The weights of a node: a constant at an input of that role; -1: none. */
int pj_lint_weight(const pj_node *node);

/* A constant of one element. */
bool pj_lint_scalar(const pj_value *value, double *out);

/* "int8", "fp32" into `word`, which is returned; without memory for it, the arena of the findings has failed. */
enum { PJ_LINT_WORD = 48 };
const char *pj_lint_word(const pj_linter *linter, const pj_format *format, char word[PJ_LINT_WORD]);
