/* Linear models and support vector machines of ai.onnx.ml. */
#include "ops/estimator.h"

#include "ops/families.h"
#include "ops/values.h"

pj_num pj_ml_samples(const pj_ctx *c)
{
    return pj_in_rank(c, 0) == 1 ? pj_num_of(1) : pj_in_dim(c, 0, 0);
}

static pj_num features_of(const pj_ctx *c)
{
    return pj_in_dim(c, 0, -1);
}

int64_t pj_ml_count(const pj_ctx *c, const char *name)
{
    const pj_attr *attr = pj_node_attr(c->node, name);
    if (!attr)
        return 0;
    return attr->kind == PJ_ATTR_TENSOR ? attr->tensor->count : attr->count;
}

pj_status pj_ml_set_classes(pj_ctx *c, const char *strings, pj_num scores)
{
    pj_num dims[2] = {pj_ml_samples(c), scores};
    PJ_TRY(pj_set_1d(c, 0, pj_ml_count(c, strings) ? PJ_STRING : PJ_INT64, dims[0]));
    return pj_set(c, 1, PJ_FLOAT32, 2, dims);
}

pj_ml_transform pj_ml_post_transform(pj_ctx *c)
{
    static const char *const words[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
    const char *word = pj_attr_string(c, "post_transform", "NONE");
    for (int k = PJ_ML_NONE; k <= PJ_ML_PROBIT; k++)
        if (strcmp(word, words[k]) == 0)
            return (pj_ml_transform)k;
    return PJ_ML_NONE;
}

void pj_ml_count_transform(pj_ctx *c, pj_work *work, pj_ml_transform transform, pj_num n)
{
    switch (transform) {
    case PJ_ML_NONE:
        break;
    case PJ_ML_SOFTMAX:
    case PJ_ML_SOFTMAX_ZERO:
        pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1), n);
        break;
    case PJ_ML_LOGISTIC:
        pj_work_add(c, work, PJ_TANH, n);
        break;
    case PJ_ML_PROBIT:
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 7, [PJ_ADD] = 6, [PJ_LOG] = 1, [PJ_SQRT] = 2, [PJ_CMP] = 1), n);
        break;
    }
}

void pj_ml_count_choice(pj_ctx *c, pj_work *work, pj_num scores)
{
    pj_num others = pj_num_max(c->symbols, pj_num_of(1), pj_num_sub(c->symbols, scores, pj_num_of(1)));
    pj_work_add(c, work, PJ_CMP, pj_num_mul(c->symbols, pj_ml_samples(c), others));
}

/* x [N,F] against `vectors` vectors of F: N * vectors * F macs. */
static void count_products(pj_ctx *c, pj_work *work, pj_num vectors)
{
    pj_num products = pj_num_mul(c->symbols, pj_ml_samples(c), vectors);
    work->terms = features_of(c);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, products, work->terms));
}

static pj_status check_input(pj_ctx *c)
{
    if (pj_in_rank(c, 0) == 0 || pj_in_rank(c, 0) > 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; it must be [N,F] or [F]", pj_in_rank(c, 0));
    return PJ_OK;
}

/* Linear functions evaluated for each sample: one for each intercept, else as many as the coefficients are enough for.
 */
static pj_num functions_of(pj_ctx *c)
{
    int64_t intercepts = pj_ml_count(c, "intercepts"), coefficients = pj_ml_count(c, "coefficients");
    return intercepts ? pj_num_of(intercepts) : pj_num_floor_div(c->symbols, pj_num_of(coefficients), features_of(c));
}

/* One function for two labels scores both. */
static pj_status shape_linear_classifier(pj_ctx *c)
{
    int64_t strings = pj_ml_count(c, "classlabels_strings");
    int64_t labels = strings ? strings : pj_ml_count(c, "classlabels_ints");
    pj_num functions = functions_of(c);
    PJ_TRY(check_input(c));
    return pj_ml_set_classes(c, "classlabels_strings",
                             pj_num_is(functions, 1) && labels == 2 ? pj_num_of(2) : functions);
}

/* N * functions * F macs, an add for each intercept, the choice of the best, the transform of the scores. */
static pj_status work_linear_classifier(pj_ctx *c, pj_work *work)
{
    pj_num functions = functions_of(c), values = pj_num_mul(c->symbols, pj_ml_samples(c), functions);
    count_products(c, work, functions);
    if (pj_ml_count(c, "intercepts"))
        pj_work_add(c, work, PJ_ADD, values);
    pj_ml_count_choice(c, work, functions);
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), values);
    return PJ_OK;
}

static pj_num targets_of(pj_ctx *c)
{
    return pj_num_of(pj_attr_int(c, "targets", 1));
}

static pj_status shape_linear_regressor(pj_ctx *c)
{
    pj_num dims[2] = {pj_ml_samples(c), targets_of(c)};
    PJ_TRY(check_input(c));
    if (dims[1].whole < 1)
        return pj_fail(c->err, PJ_ESHAPE, "targets is %lld; it must be 1 or more", (long long)dims[1].whole);
    return pj_set(c, 0, PJ_FLOAT32, 2, dims);
}

static pj_status work_linear_regressor(pj_ctx *c, pj_work *work)
{
    count_products(c, work, targets_of(c));
    if (pj_ml_count(c, "intercepts"))
        pj_work_add(c, work, PJ_ADD, pj_out_count(c, 0));
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), pj_out_count(c, 0));
    return PJ_OK;
}

/* N kernels of a sample with each of `vectors` vectors of F features:
 *   LINEAR   F mac
 *   POLY     F mac, gamma (1 mul), coef0 (1 add), 1 pow
 *   RBF      F mac and F add (squares of differences), -gamma (1 mul), 1 exp
 *   SIGMOID  F mac, gamma (1 mul), coef0 (1 add), 1 tanh */
static void count_kernels(pj_ctx *c, pj_work *work, int64_t vectors)
{
    const char *kernel = pj_attr_string(c, "kernel_type", "LINEAR");
    pj_num kernels = pj_num_mul(c->symbols, pj_ml_samples(c), pj_num_of(vectors));
    count_products(c, work, pj_num_of(vectors));
    if (strcmp(kernel, "LINEAR") == 0)
        return;
    pj_work_add(c, work, PJ_MUL, kernels);
    if (strcmp(kernel, "RBF") == 0) {
        pj_work_add(c, work, PJ_ADD, pj_num_mul(c->symbols, kernels, features_of(c)));
        pj_work_add(c, work, PJ_EXP, kernels);
        return;
    }
    pj_work_add(c, work, PJ_ADD, kernels);
    pj_work_add(c, work, strcmp(kernel, "POLY") == 0 ? PJ_POW : PJ_TANH, kernels);
}

/* Support vectors; 0: the coefficients are those of linear functions. */
static pj_status count_supports(pj_ctx *c, int64_t *out)
{
    int classes;
    const int64_t *vectors = pj_attr_ints(c, "vectors_per_class", &classes);
    *out = 0;
    for (int k = 0; k < classes; k++)
        if (vectors[k] < 0 || !pj_add_i64(*out, vectors[k], out))
            return pj_fail(c->err, PJ_ESHAPE, "class %d has %lld support vectors", k, (long long)vectors[k]);
    return PJ_OK;
}

static int64_t classes_of(const pj_ctx *c)
{
    int64_t strings = pj_ml_count(c, "classlabels_strings");
    return strings ? strings : pj_ml_count(c, "classlabels_ints");
}

static pj_num pairs_of(pj_ctx *c, int64_t classes)
{
    pj_num ordered = pj_num_mul(c->symbols, pj_num_of(classes), pj_num_of(classes - 1));
    return pj_num_floor_div(c->symbols, ordered, pj_num_of(2));
}

/* Scores are of classes; or, of support vectors without probabilities, of pairs of classes (both of two). */
static pj_num svm_scores(pj_ctx *c, int64_t vectors)
{
    int64_t classes = classes_of(c);
    bool paired = vectors > 0 && !pj_ml_count(c, "prob_a");
    return !paired ? pj_num_of(classes) : classes > 2 ? pairs_of(c, classes) : pj_num_of(2);
}

static pj_status shape_svm_classifier(pj_ctx *c)
{
    int64_t vectors;
    PJ_TRY(check_input(c));
    PJ_TRY(count_supports(c, &vectors));
    return pj_ml_set_classes(c, "classlabels_strings", svm_scores(c, vectors));
}

/* A probability for each pair (1 mul, 1 add, 1 tanh, 1 add for the opposite, 2 cmp to keep off 0 and 1), and from them
 * those of the classes: for more than two by rounds that converge quickly, of which one is counted, 2 classes^2 mac and
 * 2 classes^2 div. */
static void count_probabilities(pj_ctx *c, pj_work *work, int64_t classes)
{
    pj_num samples = pj_ml_samples(c), table = pj_num_mul(c->symbols, pj_num_of(classes), pj_num_of(classes));
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 2, [PJ_TANH] = 1, [PJ_CMP] = 2),
                 pj_num_mul(c->symbols, samples, pairs_of(c, classes)));
    if (classes <= 2)
        return;
    pj_work_times(c, work, PJ_MAC, 2, pj_num_mul(c->symbols, samples, table));
    pj_work_times(c, work, PJ_DIV, 2, pj_num_mul(c->symbols, samples, table));
}

/* Support vectors: the kernels, then for each pair of classes a sum over the vectors of both (altogether vectors *
 * (classes - 1) mac), rho (1 add), and a vote (1 cmp, 1 add). Without: a linear function for each class, and rho. */
static pj_status work_svm_classifier(pj_ctx *c, pj_work *work)
{
    int64_t classes = classes_of(c), vectors;
    pj_num samples = pj_ml_samples(c);
    PJ_TRY(count_supports(c, &vectors));
    if (vectors == 0) {
        count_products(c, work, pj_num_of(classes));
        pj_work_add(c, work, PJ_ADD, pj_num_mul(c->symbols, samples, pj_num_of(classes)));
    } else {
        pj_num sums = pj_num_mul(c->symbols, pj_num_of(vectors), pj_num_of(classes - 1));
        count_kernels(c, work, vectors);
        pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, samples, sums));
        pj_work_each(c, work, PJ_EACH([PJ_ADD] = 2, [PJ_CMP] = 1),
                     pj_num_mul(c->symbols, samples, pairs_of(c, classes)));
        if (pj_ml_count(c, "prob_a"))
            count_probabilities(c, work, classes);
    }
    pj_ml_count_choice(c, work, pj_num_of(classes));
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), pj_num_mul(c->symbols, samples, svm_scores(c, vectors)));
    return PJ_OK;
}

static pj_status shape_svm_regressor(pj_ctx *c)
{
    pj_num dims[2] = {pj_ml_samples(c), pj_num_of(1)};
    PJ_TRY(check_input(c));
    return pj_set(c, 0, PJ_FLOAT32, 2, dims);
}

/* The kernels and their weighted sum (1 mac a vector), or a linear function without support vectors; rho (1 add); the
 * side of the boundary (1 cmp) where there is one class. */
static pj_status work_svm_regressor(pj_ctx *c, pj_work *work)
{
    int64_t vectors = pj_attr_int(c, "n_supports", 0);
    pj_num samples = pj_ml_samples(c);
    if (vectors > 0) {
        count_kernels(c, work, vectors);
        pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, samples, pj_num_of(vectors)));
    } else {
        count_products(c, work, pj_num_of(1));
    }
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_CMP] = pj_attr_int(c, "one_class", 0) != 0), samples);
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), samples);
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {PJ_ML, "LinearClassifier", 1, "x", PJ_HOLDS, shape_linear_classifier, NULL, work_linear_classifier},
    {PJ_ML, "LinearRegressor",  1, "x", PJ_HOLDS, shape_linear_regressor,  NULL, work_linear_regressor },
    {PJ_ML, "SVMClassifier",    1, "x", PJ_HOLDS, shape_svm_classifier,    NULL, work_svm_classifier   },
    {PJ_ML, "SVMRegressor",     1, "x", PJ_HOLDS, shape_svm_regressor,     NULL, work_svm_regressor    },
};

PJ_FAMILY(estimator);
