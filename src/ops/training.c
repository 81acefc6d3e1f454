/* Losses, and the optimizers of training graphs. */
#include "ops/families.h"
#include "ops/values.h"

#define TRAINING "ai.onnx.preview.training"

/* Scores [N,C,d1,...], labels [N,d1,...]: the dims of the labels, checked against those of the scores. */
static pj_status label_dims(pj_ctx *c, int *rank, pj_num *dims)
{
    *rank = pj_in_rank(c, 1);
    if (*rank < 0 && pj_in_rank(c, 0) >= 2)
        *rank = pj_in_rank(c, 0) - 1;
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != *rank + 1)
        return pj_fail(c->err, PJ_ESHAPE, "the scores have rank %d, the labels %d; the scores must have one axis more",
                       pj_in_rank(c, 0), *rank);
    for (int k = 0; k < *rank; k++)
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, k), pj_in_dim(c, 0, k ? k + 1 : 0), "labels against scores", &dims[k]));
    return PJ_OK;
}

static bool reduces_to(pj_ctx *c, const char *how)
{
    return strcmp(pj_attr_string(c, "reduction", "mean"), how) == 0;
}

/* One loss for each label, or their sum or mean. */
static pj_status shape_loss(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK], same;
    int rank;
    PJ_TRY(label_dims(c, &rank, dims));
    if (pj_has(c, 2))
        PJ_TRY(
            pj_same_dim(c, pj_in_dim(c, 0, 1), pj_in_dim(c, 2, 0), "classes of the scores against the weights", &same));
    PJ_TRY(pj_set_same(c, 1, 0)); /* SoftmaxCrossEntropyLoss: the logarithms of the probabilities */
    if (reduces_to(c, "none"))
        return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
    return pj_set_scalar(c, 0, pj_in_dtype(c, 0));
}

/* Per label: the score is picked and negated (1 add), times the weight of its class (1 mul), compared with the label to
 * be ignored (1 cmp), summed (1 add). A mean over weighted or ignored labels sums the weights, too (1 add), and divides
 * once. */
static void count_loss(pj_ctx *c, pj_work *work, pj_num labels)
{
    bool weighted = pj_has(c, 2), ignores = pj_attr_present(c, "ignore_index");
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_MUL] = weighted, [PJ_CMP] = ignores), labels);
    if (reduces_to(c, "none"))
        return;
    pj_work_add(c, work, PJ_ADD, labels);
    if (reduces_to(c, "sum"))
        return;
    if (weighted || ignores)
        pj_work_add(c, work, PJ_ADD, labels);
    pj_work_add(c, work, PJ_DIV, pj_num_of(1));
}

/* Of the scores, only those of the labels are read. */
static pj_status work_nll(pj_ctx *c, pj_work *work)
{
    work->read[0] = pj_in_count(c, 1);
    count_loss(c, work, pj_in_count(c, 1));
    return PJ_OK;
}

/* LogSoftmax over the classes (per score: maximum, subtraction, exponential, sum, subtraction; per label one
 * logarithm), then the loss. */
static pj_status work_cross_entropy(pj_ctx *c, pj_work *work)
{
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 3, [PJ_EXP] = 1), pj_in_count(c, 0));
    pj_work_add(c, work, PJ_LOG, pj_in_count(c, 1));
    count_loss(c, work, pj_in_count(c, 1));
    return PJ_OK;
}

/* Optimizers: inputs R, T, then groups of n tensors each; outputs groups of n, too. Tensors in a group. */
static pj_status group_of(pj_ctx *c, int groups, int *out)
{
    int tensors = c->node->inputs - 2;
    if (tensors < groups || tensors % groups)
        return pj_fail(c->err, PJ_ESHAPE, "%d inputs after R and T do not make %d equal groups",
                       tensors < 0 ? 0 : tensors, groups);
    *out = tensors / groups;
    return PJ_OK;
}

/* Groups X, G, then states; the outputs are X and the states, updated. */
static pj_status shape_optimizer(pj_ctx *c, int groups)
{
    int n = 0;
    PJ_TRY(group_of(c, groups, &n));
    for (int o = 0; o < c->node->outputs; o++)
        PJ_TRY(pj_set_same(c, o, 2 + (o < n ? o : o + n)));
    return PJ_OK;
}

PJ_SHAPE(two_states, shape_optimizer(c, 4))
PJ_SHAPE(one_state, shape_optimizer(c, 3))

/* Counts `each` per trained number, and the regularization of the gradient, norm_coefficient*X + G, where there is one.
 */
static pj_status count_optimizer(pj_ctx *c, pj_work *work, int groups, const int64_t each[PJ_PRIMS])
{
    pj_num numbers = pj_num_of(0);
    int n = 0;
    PJ_TRY(group_of(c, groups, &n));
    for (int i = 0; i < n; i++)
        numbers = pj_num_add(c->symbols, numbers, pj_in_count(c, 2 + i));
    pj_work_each(c, work, each, numbers);
    if (pj_attr_float(c, "norm_coefficient", 0) != 0) {
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1), numbers);
    }
    if (pj_attr_float(c, "norm_coefficient_post", 0) != 0)
        pj_work_add(c, work, PJ_MUL, numbers);
    return PJ_OK;
}

/* H + G*G, sqrt(H) + epsilon, X - r*G / that: 2 mul, 3 add, 1 sqrt, 1 div. The rate r = R / (1 + T*decay) is computed
 * once: 1 mul, 1 add, 1 div. */
static pj_status work_adagrad(pj_ctx *c, pj_work *work)
{
    static const int64_t each[PJ_PRIMS] = {[PJ_MUL] = 2, [PJ_ADD] = 3, [PJ_SQRT] = 1, [PJ_DIV] = 1};
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_DIV] = 1), pj_num_of(1));
    return count_optimizer(c, work, 3, each);
}

/* alpha*V + (1 - alpha)*G, beta*H + (1 - beta)*G*G, sqrt(H) + epsilon, X - r*V / that: 6 mul, 4 add, 1 sqrt, 1 div. The
 * rate r = R * sqrt(1 - beta^T) / (1 - alpha^T) is computed once: 2 pow, 2 add, 1 sqrt, 1 mul, 1 div. */
static pj_status work_adam(pj_ctx *c, pj_work *work)
{
    static const int64_t each[PJ_PRIMS] = {[PJ_MUL] = 6, [PJ_ADD] = 4, [PJ_SQRT] = 1, [PJ_DIV] = 1};
    pj_work_each(c, work, PJ_EACH([PJ_POW] = 2, [PJ_ADD] = 2, [PJ_SQRT] = 1, [PJ_MUL] = 1, [PJ_DIV] = 1), pj_num_of(1));
    return count_optimizer(c, work, 4, each);
}

/* alpha*V + beta*G, X - R*V: 3 mul, 2 add. Nesterov's momentum takes G + alpha*V instead of V in the second: 1 mul and
 * 1 add more. */
static pj_status work_momentum(pj_ctx *c, pj_work *work)
{
    static const int64_t standard[PJ_PRIMS] = {[PJ_MUL] = 3, [PJ_ADD] = 2};
    static const int64_t nesterov[PJ_PRIMS] = {[PJ_MUL] = 4, [PJ_ADD] = 3};
    bool plain = strcmp(pj_attr_string(c, "mode", "standard"), "nesterov") != 0;
    return count_optimizer(c, work, 3, plain ? standard : nesterov);
}

/* Output k is the derivative by input k, of its shape. What it costs depends on the graph that is differentiated. */
static pj_status shape_gradient(pj_ctx *c)
{
    for (int o = 0; o < c->node->outputs; o++)
        PJ_TRY(pj_set_same(c, o, o));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",       "NegativeLogLikelihoodLoss", 12, "xip",  PJ_WIDE,      shape_loss,       NULL, work_nll          },
    {"",       "SoftmaxCrossEntropyLoss",   12, "xip",  PJ_WIDE,      shape_loss,       NULL, work_cross_entropy},
    {TRAINING, "Adagrad",                   1,  "xxx*", 0,            shape_one_state,  NULL, work_adagrad      },
    {TRAINING, "Adam",                      1,  "xxx*", 0,            shape_two_states, NULL, work_adam         },
    {TRAINING, "Momentum",                  1,  "xxx*", 0,            shape_one_state,  NULL, work_momentum     },
    {TRAINING, "Gradient",                  1,  "x*",   PJ_OPAQUE_OP, shape_gradient,   NULL, NULL              },
};

PJ_FAMILY(training);
