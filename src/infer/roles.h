/* What the inputs of a language model's decoder are: which hold the cache of keys and values and how that grows, which
 * dimensions are the new tokens, the past and the batch.
 *
 * The graph is asked first: a cache is a model input that an attention operator, a Concat or a scatter operator adds to
 * and that comes back as a model output, seen through what only moves or converts it. Names come last. Whatever does
 * not come out clearly is refused with a sentence that says what to type next; nothing is guessed. Linear in nodes and
 * edges: no more than a few dozen moves are followed from any value. */
#pragma once

#include "ir/graph.h"
#include "picojoule/model.h"

typedef enum pj_layout {
    PJ_LAYOUT_FUSED,   /* an attention operator adds to it */
    PJ_LAYOUT_CONCAT,  /* Concat does */
    PJ_LAYOUT_SCATTER, /* it is written into a buffer of fixed length */
    PJ_LAYOUT_NAME,    /* nothing that is known does: input and output go together by their names */
    PJ_LAYOUTS
} pj_layout;

/* "fused", "concat", "scatter", "name". */
const char *pj_layout_word(pj_layout layout);

/* A cache: an input and the output that it comes back as. */
typedef struct pj_cache_role {
    const pj_value *in, *out; /* out NULL: it does not come back (cross) */
    const pj_node *node;      /* that adds to it, or keeps the state; NULL: none is known */
    pj_layout layout;
    int axis;         /* of the sequence, in the input; -1: it has none (states), or none is known */
    bool is_both;     /* keys and values in one tensor */
    bool is_paged;    /* axis 0 counts blocks, `axis` the positions in one */
    int64_t window;   /* keys that a query attends to at most; 0: all */
    int64_t capacity; /* positions of a buffer of fixed length; -1: it grows */
} pj_cache_role;

/* A dimension that has a role. */
typedef struct pj_role {
    const pj_value *input; /* NULL: none has it */
    int axis;
    pj_num dim; /* as declared: a symbol, a formula, or a number */
} pj_role;

enum { PJ_MOST_TOTALS = 8 };

typedef struct pj_roles {
    const pj_cache_role *caches, *states, *cross;
    size_t cache_count, state_count, cross_count;
    pj_role tokens, past, batch;
    pj_role total[PJ_MOST_TOTALS]; /* past and new tokens */
    size_t totals;
    pj_role source;         /* tokens of the encoder's output */
    pj_role blocks, bounds; /* paged: blocks of a sequence; sequences and one more */
    const pj_value *branch; /* decides whether the cache is read */
    bool branch_reads;      /* its value in which it is */
    int64_t positions;      /* rows of the smallest table of positions; -1: there is none */
    const char *table;      /* its name */
    bool by_user, by_name;  /* some role was given by hand, or found by names alone */
    bool has_nodes;
    const char *const *given; /* by hand; `given_count` of them */
    size_t given_count;
    const char *refused; /* why it is no decoder that can run step by step; NULL: it is one */
} pj_roles;

/* The roles of a model whose dimensions are not bound (load/, or pj_unbind), which keeps them. `given` are texts
 * ROLE=INPUT[:AXIS] that decide what the graph leaves open. PJ_EARGUMENT: one of them names no role or input of the
 * model; PJ_ENOMEM. */
pj_status pj_roles_find(pj_model *model, const char *const *given, size_t count, const pj_roles **out, pj_error *err);

/* Tokens and batch alone, of a model that keeps nothing from one run to the next. PJ_EARGUMENT: it has no tokens;
 * PJ_ENOMEM. */
pj_status pj_roles_tokens(pj_model *model, pj_role *tokens, pj_role *batch, pj_error *err);

/* PJ_EARGUMENT with the sentence, where the roles are refused. */
pj_status pj_roles_refuse(const pj_roles *roles, pj_error *err);

/* ---- caches.c ---- */

/* Finds caches, states and cross caches, and the branch that reads them. PJ_ENOMEM. */
pj_status pj_roles_caches(const pj_model *model, pj_arena *arena, pj_roles *out, pj_error *err);

/* The model input that a value is a moved or converted form of; NULL: none. `axis` may be NULL; else *axis, one of the
 * value, becomes that of the input, or -1 where the moves hide it. */
const pj_value *pj_roles_origin(const pj_value *value, int *axis);
