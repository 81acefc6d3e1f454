/* What the classifiers and regressors of ai.onnx.ml share: batches, labels, transforms of scores. */
#pragma once

#include "ops/rules.h"

#define PJ_ML "ai.onnx.ml"

/* Samples in input 0, [N,F] or [F]; features of one. */
pj_num pj_ml_samples(const pj_ctx *c);
/* How many elements an attribute of a plural kind, or a tensor, has; 0 when absent. */
int64_t pj_ml_count(const pj_ctx *c, const char *name);

/* Sets outputs 0, the labels [N] (strings where the attribute `strings` is there and not empty, else int64), and 1, the
 * scores [N,`scores`]. */
pj_status pj_ml_set_classes(pj_ctx *c, const char *strings, pj_num scores);

/* Transforms of scores. */
typedef enum pj_ml_transform {
    PJ_ML_NONE,
    PJ_ML_SOFTMAX,
    PJ_ML_LOGISTIC,
    PJ_ML_SOFTMAX_ZERO,
    PJ_ML_PROBIT
} pj_ml_transform;

/* The attribute post_transform, a word; PJ_ML_NONE for an unknown one. */
pj_ml_transform pj_ml_post_transform(pj_ctx *c);

/* Counts the transform of `n` scores:
 *   softmaxes  maximum (1 cmp), subtraction (1 add), 1 exp, sum (1 add), 1 div each
 *   logistic   1 tanh
 *   probit     sqrt(2) erfinv(2 p - 1), the inverse error function by Winitzki's formula: 7 mul, 6 add, 1 log, 2 sqrt,
 *              1 cmp (its sign) */
void pj_ml_count_transform(pj_ctx *c, pj_work *work, pj_ml_transform transform, pj_num n);

/* Counts the choice of the best of `scores` for each sample: one cmp less than there are scores, but at least one (a
 * single score against its threshold). */
void pj_ml_count_choice(pj_ctx *c, pj_work *work, pj_num scores);
