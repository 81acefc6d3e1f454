/* What a rules file says, as custom_read.c makes it and custom.c applies it; no other file includes this. */
#pragma once

#include "base/sha256.h"
#include "ops/custom.h"

/* One dimension of an input: a name, a number, or (both absent) anything. */
typedef struct pj_dim_pattern {
    const char *name;
    int64_t number; /* < 0: none */
} pj_dim_pattern;

typedef struct pj_input_pattern {
    bool any; /* nothing is said of its shape */
    int rank;
    const pj_dim_pattern *dim;
} pj_input_pattern;

typedef struct pj_output_rule {
    int shape_of; /* number of an input; -1: `dim` has the shape */
    int rank;
    const pj_num *dim; /* formulas; unknown: "?" */
    int dtype_of;      /* likewise; -1: `dtype` */
    pj_dtype dtype;
} pj_output_rule;

typedef struct pj_attr_rule {
    const char *name;
    int64_t otherwise;
} pj_attr_rule;

typedef struct pj_custom_op {
    pj_op_desc row; /* first: a node's desc points here */
    const char *path;
    int inputs, outputs, attrs;
    const pj_input_pattern *input;
    const pj_output_rule *output;
    const pj_attr_rule *attr;
    pj_num count[PJ_PRIMS];
    pj_num terms;
    struct pj_custom_op *next;
} pj_custom_op;

struct pj_custom_ops {
    const char *path;
    char sha256[PJ_SHA256_DIGITS + 1];
    pj_custom_op *first, *last;
};

/* Longest of "in12", "out3". */
enum { PJ_TENSOR_NAME = 16 };

/* The rules of all these operators. */
pj_status pj_shape_custom(pj_ctx *c);
pj_status pj_work_custom(pj_ctx *c, pj_work *work);
