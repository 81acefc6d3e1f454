/* Tree ensembles of ai.onnx.ml.
 *
 * Which path a sample takes depends on the data; counted is the longest one of each tree, so no run does more:
 *   cmp    samples * sum over the trees of the depth of the deepest leaf (one comparison at each node on the way)
 *   add    samples * sum over the trees of the most votes that one leaf has (MIN and MAX: cmp instead)
 *   then   base values (1 add a score), AVERAGE (1 div a score), transform, and a classifier's choice
 * A test for membership in a set counts as one comparison. */
#include "ops/estimator.h"
#include "ops/families.h"

enum { IS_LEAF = -1, LEAF_OF_ONE_VOTE = -2, MOST_NODES = 100 * 1000 * 1000 };

/* A node; a leaf has IS_LEAF for its first child. */
typedef struct tree_node {
    int child[2]; /* where the comparison is true and false: nodes, or LEAF_OF_ONE_VOTE */
    int votes;    /* of a leaf */
    int level;    /* distance from the root; -1: not met yet */
} tree_node;

typedef struct forest {
    int nodes;
    tree_node *node;
    int *queue;           /* room for all nodes */
    int64_t depth, votes; /* sums over the trees */
} forest;

static pj_status plant(pj_ctx *c, int nodes, forest *out)
{
    if (nodes > MOST_NODES)
        return pj_fail(c->err, PJ_ELIMIT, "the ensemble has %d nodes; at most %d are accepted", nodes, MOST_NODES);
    *out = (forest){.nodes = nodes};
    out->node = PJ_NEW(c->arena, tree_node, nodes);
    out->queue = PJ_NEW(c->arena, int, nodes);
    PJ_TRY(pj_got(out->node && out->queue, c->err));
    for (int i = 0; i < nodes; i++)
        out->node[i].level = -1;
    return PJ_OK;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* Walks a tree level by level; a node that is met twice is followed once. */
static void measure(forest *f, int root)
{
    int head = 0, tail = 0, depth = 0, votes = 0;
    if (f->node[root].level < 0) {
        f->node[root].level = 0;
        f->queue[tail++] = root;
    }
    while (head < tail) {
        const tree_node *node = &f->node[f->queue[head++]];
        if (node->child[0] == IS_LEAF) {
            depth = most(depth, node->level);
            votes = most(votes, node->votes);
            continue;
        }
        for (int side = 0; side < 2; side++) {
            int child = node->child[side];
            if (child == LEAF_OF_ONE_VOTE) {
                depth = most(depth, node->level + 1);
                votes = most(votes, 1);
            } else if (f->node[child].level < 0) {
                f->node[child].level = node->level + 1;
                f->queue[tail++] = child;
            }
        }
    }
    f->depth += depth;
    f->votes += votes;
}

/* TreeEnsembleClassifier, TreeEnsembleRegressor: nodes are named by tree and number */
typedef struct name {
    int64_t tree, node;
    int index;
} name;

static int by_name(const void *a, const void *b)
{
    const name *left = a, *right = b;
    if (left->tree != right->tree)
        return left->tree < right->tree ? -1 : 1;
    return left->node < right->node ? -1 : left->node > right->node;
}

static int find(const name *names, int count, int64_t tree, int64_t node)
{
    name wanted = {tree, node, 0};
    const name *found = bsearch(&wanted, names, (size_t)count, sizeof *names, by_name);
    return found ? found->index : -1;
}

/* An int attribute with one element for each of `count`; NULL and an error: another length. */
static const int64_t *column(pj_ctx *c, const char *attribute, int count)
{
    int length;
    const int64_t *ints = pj_attr_ints(c, attribute, &length);
    if (length == count)
        return ints;
    pj_fail(c->err, PJ_ESHAPE, "attribute '%s' has %d elements instead of %d", attribute, length < 0 ? 0 : length,
            count);
    return NULL;
}

static pj_status link_children(pj_ctx *c, const name *names, const int64_t *trees, const int64_t *ids, forest *f)
{
    const pj_attr *modes = pj_node_attr(c->node, "nodes_modes");
    const int64_t *children[2] = {column(c, "nodes_truenodeids", f->nodes), column(c, "nodes_falsenodeids", f->nodes)};
    if (!children[0] || !children[1])
        return PJ_ESHAPE;
    if (!modes || modes->kind != PJ_ATTR_STRINGS || modes->count != f->nodes)
        return pj_fail(c->err, PJ_ESHAPE, "attribute 'nodes_modes' has %d elements instead of %d",
                       modes ? modes->count : 0, f->nodes);
    for (int i = 0; i < f->nodes; i++) {
        f->node[i].child[0] = IS_LEAF;
        if (strcmp(modes->strings[i], "LEAF") == 0)
            continue;
        for (int side = 0; side < 2; side++) {
            int child = find(names, f->nodes, trees[i], children[side][i]);
            if (child < 0)
                return pj_fail(c->err, PJ_ESHAPE, "node %lld of tree %lld has a child %lld that is not there",
                               (long long)ids[i], (long long)trees[i], (long long)children[side][i]);
            f->node[i].child[side] = child;
        }
    }
    return PJ_OK;
}

/* Votes for targets or classes, by the leaf that gives them. */
static pj_status count_votes(pj_ctx *c, const name *names, const char *tree_attribute, const char *node_attribute,
                             forest *f)
{
    int count;
    const int64_t *trees = pj_attr_ints(c, tree_attribute, &count);
    const int64_t *ids = count > 0 ? column(c, node_attribute, count) : NULL;
    if (count > 0 && !ids)
        return PJ_ESHAPE;
    for (int k = 0; k < count; k++) {
        int leaf = find(names, f->nodes, trees[k], ids[k]);
        if (leaf >= 0)
            f->node[leaf].votes++;
    }
    return PJ_OK;
}

/* The root of a tree is the node that is listed first. */
static void measure_all(const name *names, forest *f)
{
    for (int k = 0; k < f->nodes;) {
        int root = names[k].index, first = k;
        for (; k < f->nodes && names[k].tree == names[first].tree; k++)
            root = names[k].index < root ? names[k].index : root;
        measure(f, root);
    }
}

static pj_status grow_named(pj_ctx *c, const char *vote_trees, const char *vote_nodes, forest *out)
{
    int nodes;
    const int64_t *trees = pj_attr_ints(c, "nodes_treeids", &nodes);
    const int64_t *ids = column(c, "nodes_nodeids", nodes < 0 ? 0 : nodes);
    if (nodes <= 0 || !ids)
        return pj_fail(c->err, PJ_ESHAPE, "the ensemble has %d nodes in 'nodes_treeids' and %d in 'nodes_nodeids'",
                       nodes < 0 ? 0 : nodes, (int)pj_ml_count(c, "nodes_nodeids"));
    name *names = PJ_NEW(c->arena, name, nodes);
    PJ_TRY(pj_got(names, c->err));
    for (int i = 0; i < nodes; i++)
        names[i] = (name){trees[i], ids[i], i};
    qsort(names, (size_t)nodes, sizeof *names, by_name);
    PJ_TRY(plant(c, nodes, out));
    PJ_TRY(link_children(c, names, trees, ids, out));
    PJ_TRY(count_votes(c, names, vote_trees, vote_nodes, out));
    measure_all(names, out);
    return PJ_OK;
}

/* TreeEnsemble: nodes and leaves are named by their index. A root whose sides are the same leaf is a tree of that leaf
 * alone. */
static bool is_lone_leaf(const forest *f, const int64_t *children[2], int root)
{
    const tree_node *node = &f->node[root];
    return node->child[0] == LEAF_OF_ONE_VOTE && node->child[1] == LEAF_OF_ONE_VOTE &&
           children[0][root] == children[1][root];
}

static pj_status link_indexed(pj_ctx *c, const int64_t *children[2], forest *f)
{
    const int64_t *leaves[2] = {column(c, "nodes_trueleafs", f->nodes), column(c, "nodes_falseleafs", f->nodes)};
    if (!leaves[0] || !leaves[1])
        return PJ_ESHAPE;
    for (int i = 0; i < f->nodes; i++) {
        for (int side = 0; side < 2; side++) {
            int64_t child = children[side][i];
            bool leaf = leaves[side][i] != 0;
            if (!leaf && (child < 0 || child >= f->nodes))
                return pj_fail(c->err, PJ_ESHAPE, "node %d has a child %lld, but there are %d nodes", i,
                               (long long)child, f->nodes);
            f->node[i].child[side] = leaf ? LEAF_OF_ONE_VOTE : (int)child;
        }
    }
    return PJ_OK;
}

static pj_status grow_indexed(pj_ctx *c, forest *out)
{
    int nodes, roots;
    const int64_t *root = pj_attr_ints(c, "tree_roots", &roots), *children[2];
    children[0] = pj_attr_ints(c, "nodes_truenodeids", &nodes);
    children[1] = column(c, "nodes_falsenodeids", nodes < 0 ? 0 : nodes);
    if (nodes <= 0 || !children[1])
        return pj_fail(c->err, PJ_ESHAPE,
                       "the ensemble has %d nodes in 'nodes_truenodeids' and %d in 'nodes_falsenodeids'",
                       nodes < 0 ? 0 : nodes, (int)pj_ml_count(c, "nodes_falsenodeids"));
    PJ_TRY(plant(c, nodes, out));
    PJ_TRY(link_indexed(c, children, out));
    for (int k = 0; k < roots; k++) {
        if (root[k] < 0 || root[k] >= nodes)
            return pj_fail(c->err, PJ_ESHAPE, "tree %d begins at node %lld, but there are %d nodes", k,
                           (long long)root[k], nodes);
        if (is_lone_leaf(out, children, (int)root[k]))
            out->votes++;
        else
            measure(out, (int)root[k]);
    }
    return PJ_OK;
}

static pj_status check_input(pj_ctx *c)
{
    if (pj_in_rank(c, 0) == 0 || pj_in_rank(c, 0) > 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; it must be [N,F]", pj_in_rank(c, 0));
    return PJ_OK;
}

static pj_num classes_of(const pj_ctx *c)
{
    int64_t strings = pj_ml_count(c, "classlabels_strings");
    return pj_num_of(strings ? strings : pj_ml_count(c, "classlabels_int64s"));
}

static pj_status shape_classifier(pj_ctx *c)
{
    PJ_TRY(check_input(c));
    return pj_ml_set_classes(c, "classlabels_strings", classes_of(c));
}

static pj_status set_targets(pj_ctx *c, pj_dtype dtype)
{
    int64_t targets = pj_attr_int(c, "n_targets", 1);
    pj_num dims[2] = {pj_ml_samples(c), pj_num_of(targets)};
    PJ_TRY(check_input(c));
    if (targets < 1)
        return pj_fail(c->err, PJ_ESHAPE, "n_targets is %lld; it must be 1 or more", (long long)targets);
    if (!pj_attr_present(c, "n_targets"))
        dims[1] = pj_num_unknown();
    return pj_set(c, 0, dtype, 2, dims);
}

PJ_SHAPE(regressor, set_targets(c, PJ_FLOAT32))
PJ_SHAPE(ensemble, set_targets(c, pj_in_dtype(c, 0)))

/* How leaves' values make a score; numbers as in TreeEnsemble. */
typedef enum aggregate { AVERAGE, SUM, MIN, MAX } aggregate;

static void count_forest(pj_ctx *c, pj_work *work, const forest *f, aggregate how, pj_num scores)
{
    pj_num samples = pj_ml_samples(c);
    bool sums = how == AVERAGE || how == SUM;
    pj_work_times(c, work, PJ_CMP, f->depth, samples);
    pj_work_times(c, work, sums ? PJ_ADD : PJ_CMP, f->votes, samples);
    bool based = pj_ml_count(c, "base_values") || pj_ml_count(c, "base_values_as_tensor");
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = based, [PJ_DIV] = (how == AVERAGE)), scores);
}

static pj_status work_classifier(pj_ctx *c, pj_work *work)
{
    pj_num scores = pj_num_mul(c->symbols, pj_ml_samples(c), classes_of(c));
    forest f = {0};
    PJ_TRY(grow_named(c, "class_treeids", "class_nodeids", &f));
    count_forest(c, work, &f, SUM, scores);
    pj_ml_count_choice(c, work, classes_of(c));
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), scores);
    return PJ_OK;
}

static pj_status work_regressor(pj_ctx *c, pj_work *work)
{
    static const char *const words[] = {"AVERAGE", "SUM", "MIN", "MAX"};
    const char *word = pj_attr_string(c, "aggregate_function", "SUM");
    aggregate how = SUM;
    forest f = {0};
    for (int k = AVERAGE; k <= MAX; k++)
        if (strcmp(word, words[k]) == 0)
            how = (aggregate)k;
    PJ_TRY(grow_named(c, "target_treeids", "target_nodeids", &f));
    count_forest(c, work, &f, how, pj_out_count(c, 0));
    pj_ml_count_transform(c, work, pj_ml_post_transform(c), pj_out_count(c, 0));
    return PJ_OK;
}

static pj_status work_ensemble(pj_ctx *c, pj_work *work)
{
    int64_t how = pj_attr_int(c, "aggregate_function", SUM), transform = pj_attr_int(c, "post_transform", PJ_ML_NONE);
    forest f = {0};
    if (how < AVERAGE || how > MAX || transform < PJ_ML_NONE || transform > PJ_ML_PROBIT)
        return pj_fail(c->err, PJ_ESHAPE, "aggregate_function is %lld and post_transform %lld; they go to %d and %d",
                       (long long)how, (long long)transform, MAX, PJ_ML_PROBIT);
    PJ_TRY(grow_indexed(c, &f));
    count_forest(c, work, &f, (aggregate)how, pj_out_count(c, 0));
    pj_ml_count_transform(c, work, (pj_ml_transform)transform, pj_out_count(c, 0));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {PJ_ML, "TreeEnsembleClassifier", 1, "x", PJ_HOLDS, shape_classifier, NULL, work_classifier},
    {PJ_ML, "TreeEnsembleRegressor",  1, "x", PJ_HOLDS, shape_regressor,  NULL, work_regressor },
    {PJ_ML, "TreeEnsemble",           5, "x", PJ_HOLDS, shape_ensemble,   NULL, work_ensemble  },
};

PJ_FAMILY(tree);
