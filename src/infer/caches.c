/* Caches of keys and values, found in the graph. */
#include "infer/roles.h"

#include "ops/op.h"

#define MS "com.microsoft"

enum { MOST_MOVES = 64, LEAST_RANK = 3 };

/* Attention operators that add to a cache.
 *  domain, op, inputs of K and V, outputs of K and V (V 0: both are in one), axis of the sequence */
static const struct {
    const char *domain, *op;
    int in_key, in_value, out_key, out_value, axis;
    bool is_paged;
} fused[] = {
    {MS, "GroupQueryAttention",             3, 4, 1, 2, 2, false},
    {MS, "MultiHeadAttention",              6, 7, 1, 2, 2, false},
    {MS, "DecoderMaskedMultiHeadAttention", 5, 6, 1, 2, 2, false},
    {MS, "SparseAttention",                 3, 4, 1, 2, 2, false},
    {MS, "PagedAttention",                  3, 4, 1, 2, 1, true },
    {"", "Attention",                       4, 5, 1, 2, 2, false},
    {MS, "Attention",                       4, 0, 1, 0, 3, false},
    {MS, "QAttention",                      8, 0, 1, 0, 3, false},
    {MS, "DecoderMaskedSelfAttention",      4, 0, 1, 0, 3, false},
};
enum { FUSED = sizeof fused / sizeof *fused };

/* Operators that move or convert what their first input has; unknown ones of one input count, too. */
static const char *const moving[] = {"Reshape",   "Transpose",      "Identity",         "Cast",    "Slice", "Squeeze",
                                     "Unsqueeze", "QuantizeLinear", "DequantizeLinear", "Flatten", "Clip",  "Round",
                                     "Floor"};
static const char *const scattering[] = {"ScatterND", "ScatterElements", "TensorScatter"};
static const char *const keeping[] = {"LSTM", "GRU", "RNN", "LinearAttention", "CausalConvWithState", "GatedDeltaNet"};

#define IS_ONE_OF(list, op) is_one_of(list, sizeof(list) / sizeof *(list), op)

static bool is_one_of(const char *const *list, size_t count, const char *op)
{
    size_t i = 0;
    while (i < count && strcmp(list[i], op) != 0)
        i++;
    return i < count;
}

const char *pj_layout_word(pj_layout layout)
{
    static const char *const words[PJ_LAYOUTS] = {"fused", "concat", "scatter", "name"};
    return words[layout];
}

/* ---- through moves ---- */

static bool is_fixed(const pj_value *value)
{
    return value->tensor || (value->producer && strcmp(value->producer->op, "Constant") == 0);
}

/* An operator that nobody knows, whose first input alone is no constant. */
static bool is_unknown_unary(const pj_node *node)
{
    int data = 0;
    for (int i = 0; i < node->inputs; i++)
        data += node->in[i] && !is_fixed(node->in[i]);
    return data == 1 && node->outputs == 1 && !is_fixed(node->in[0]) &&
           !pj_op_find(node->domain, node->op, node->opset);
}

/* A constant of which one number is 0, as it stands in the file. */
static bool has_zero(const pj_value *value)
{
    const pj_tensor *tensor = value ? value->tensor : NULL;
    const unsigned char *bytes = tensor ? tensor->bytes : NULL;
    const size_t size = bytes && tensor->raw ? (size_t)pj_dtype_bits(tensor->dtype) / 8 : 1;
    for (int64_t k = 0; bytes && k < tensor->count; k++) {
        bool zero = true;
        for (size_t b = 0; b < size; b++)
            zero = zero && bytes[(size_t)k * size + b] == 0;
        if (zero || size == 1)
            return zero;
    }
    return false;
}

/* A tensor of no elements, by the shape that it is made with. */
static bool is_empty(const pj_value *value)
{
    const pj_node *node = value->producer;
    if (value->tensor)
        return value->tensor->count == 0;
    if (!node || strcmp(node->op, "ConstantOfShape") != 0 || node->inputs < 1 || !node->in[0])
        return false;
    const pj_node *shape = node->in[0]->producer;
    bool zero = has_zero(node->in[0]);
    for (int i = 0; shape && strcmp(shape->op, "Concat") == 0 && i < shape->inputs; i++)
        zero = zero || has_zero(shape->in[i]);
    return zero;
}

/* The one part of a Concat that has elements; NULL: there are several. */
static const pj_value *only_part(const pj_node *node)
{
    enum { MOST_PARTS = 8 };
    const pj_value *part = NULL;
    for (int i = 0; i < node->inputs; i++) {
        if (!node->in[i] || is_empty(node->in[i]))
            continue;
        if (part || node->inputs > MOST_PARTS)
            return NULL;
        part = node->in[i];
    }
    return part;
}

/* What a node only moves or converts; NULL: it does more. */
static const pj_value *moved(const pj_node *node)
{
    if (node->inputs < 1 || !node->in[0])
        return NULL;
    if (!*node->domain && strcmp(node->op, "Concat") == 0)
        return only_part(node);
    return (!*node->domain && IS_ONE_OF(moving, node->op)) || is_unknown_unary(node) ? node->in[0] : NULL;
}

/* The axis of the input of a move that becomes `axis` of its output; -1: it cannot be told. */
static int axis_before(const pj_node *node, int axis)
{
    const pj_attr *perm = pj_node_attr(node, "perm");
    if (axis < 0 || strcmp(node->op, "Reshape") == 0 || strcmp(node->op, "Squeeze") == 0 ||
        strcmp(node->op, "Unsqueeze") == 0 || strcmp(node->op, "Flatten") == 0)
        return -1;
    if (strcmp(node->op, "Transpose") != 0)
        return axis;
    return perm && perm->kind == PJ_ATTR_INTS && axis < perm->count ? (int)perm->ints[axis] : -1;
}

static bool is_model_input(const pj_value *value)
{
    return value->is_input && !value->graph->parent && !value->tensor;
}

const pj_value *pj_roles_origin(const pj_value *value, int *axis)
{
    for (int moves = 0; value && moves < MOST_MOVES; moves++) {
        const pj_node *node = value->producer;
        if (is_model_input(value))
            return value;
        const pj_value *before = node ? moved(node) : NULL;
        if (axis && before)
            *axis = axis_before(node, *axis);
        value = before;
    }
    return NULL;
}

/* ---- where the present comes from ---- */

typedef struct finder {
    const pj_model *model;
    pj_arena *arena;
    pj_cache_role *cache, *state, *cross;
    size_t caches, states, crosses;
    bool *taken; /* by value: the input has a role */
    bool *seen;  /* by node: a Concat was looked at, and has none */
    pj_roles *out;
} finder;

static int rank_of(const pj_value *value)
{
    return value->declared.kind == PJ_TENSOR ? value->declared.rank : -1;
}

/* Where moves hide the axis: the last one but the size whose length is a name, which the first axis, the batch, is
 * not. */
static int named_axis(const pj_value *input)
{
    int rank = rank_of(input), found = -1;
    for (int k = 1; k < rank; k++)
        if (pj_num_symbolic(input->declared.dims[k]))
            found = k;
    return found;
}

static int64_t window_of(const pj_node *node)
{
    int64_t local = pj_node_int(node, "local_window_size", -1), left = pj_node_int(node, "left_window_size", -1);
    bool is_causal = pj_node_int(node, "is_causal", 0) != 0;
    if (local > 0)
        return local;
    return left >= 0 && is_causal ? left + 1 : 0;
}

/* A fixed length: of a buffer that is written into. */
static int64_t capacity_of(const pj_cache_role *role)
{
    const pj_value *in = role->in;
    bool grows = role->layout == PJ_LAYOUT_CONCAT || role->axis < 0 || role->axis >= rank_of(in);
    if (grows)
        return -1;
    pj_num length = in->declared.dims[role->axis];
    bool present = rank_of(role->out) == rank_of(in) && pj_num_equal(role->out->declared.dims[role->axis], length);
    return pj_num_known(length) && (role->layout == PJ_LAYOUT_SCATTER || present || role->is_paged) ? length.whole : -1;
}

static void add_cache(finder *f, pj_cache_role role)
{
    if (!role.in || f->taken[role.in->index] || rank_of(role.in) < LEAST_RANK)
        return;
    f->taken[role.in->index] = true;
    if (role.axis < 0)
        role.axis = named_axis(role.in);
    role.window = role.node ? window_of(role.node) : 0;
    role.capacity = capacity_of(&role);
    f->cache[f->caches++] = role;
}

/* The cache that an attention operator adds to for its output `o`. */
static bool add_fused(finder *f, const pj_node *node, int o, const pj_value *out)
{
    for (int i = 0; i < FUSED; i++) {
        if (strcmp(fused[i].op, node->op) != 0 || strcmp(fused[i].domain, node->domain) != 0)
            continue;
        bool is_value = fused[i].out_value && o == fused[i].out_value;
        int in = is_value ? fused[i].in_value : fused[i].in_key, axis = fused[i].axis;
        if ((!is_value && o != fused[i].out_key) || in >= node->inputs || !node->in[in])
            return true;
        const pj_value *origin = pj_roles_origin(node->in[in], &axis);
        add_cache(f, (pj_cache_role){.in = origin,
                                     .out = out,
                                     .node = node,
                                     .layout = PJ_LAYOUT_FUSED,
                                     .axis = axis,
                                     .is_both = !fused[i].out_value,
                                     .is_paged = fused[i].is_paged});
        return true;
    }
    return false;
}

/* A model input, and something new. */
static void add_concat(finder *f, const pj_node *node, const pj_value *out)
{
    int64_t declared = pj_node_int(node, "axis", 0);
    bool is_new = false;
    if (f->seen[node->id])
        return;
    f->seen[node->id] = true;
    for (int i = 0; i < node->inputs; i++)
        is_new = is_new || (node->in[i] && !is_fixed(node->in[i]) && !pj_roles_origin(node->in[i], NULL));
    for (int i = 0; is_new && i < node->inputs; i++) {
        const pj_value *origin = node->in[i] ? pj_roles_origin(node->in[i], NULL) : NULL;
        if (!origin || rank_of(origin) < LEAST_RANK)
            continue;
        int axis = (int)(declared < 0 ? declared + rank_of(origin) : declared);
        (void)pj_roles_origin(node->in[i], &axis);
        add_cache(f, (pj_cache_role){.in = origin, .out = out, .node = node, .layout = PJ_LAYOUT_CONCAT, .axis = axis});
        return;
    }
}

/* The axis that the indices of a scatter operator count. */
static int axis_of_scatter(const pj_node *node, int rank)
{
    int64_t usual = strcmp(node->op, "TensorScatter") == 0 ? -2 : 0;
    int64_t axis = strcmp(node->op, "ScatterND") == 0 ? 0 : pj_node_int(node, "axis", usual);
    return (int)(axis < 0 ? axis + rank : axis);
}

static void add_scatter(finder *f, const pj_node *node, const pj_value *out)
{
    const pj_value *origin = node->in[0] ? pj_roles_origin(node->in[0], NULL) : NULL;
    int axis = origin ? axis_of_scatter(node, rank_of(origin)) : -1;
    bool is_flat = node->in[0] && node->in[0] != origin; /* a pool, seen as rows */
    if (origin && !is_flat)
        (void)pj_roles_origin(node->in[0], &axis);
    add_cache(f, (pj_cache_role){.in = origin,
                                 .out = out,
                                 .node = node,
                                 .layout = PJ_LAYOUT_SCATTER,
                                 .axis = is_flat ? 1 : axis,
                                 .is_paged = is_flat});
}

static void add_state(finder *f, const pj_node *node, const pj_value *out)
{
    for (int i = 1; i < node->inputs; i++) {
        const pj_value *origin = node->in[i] ? pj_roles_origin(node->in[i], NULL) : NULL;
        if (!origin || f->taken[origin->index] || rank_of(origin) < LEAST_RANK || rank_of(origin) != rank_of(out) ||
            pj_dtype_is_integer(origin->declared.dtype))
            continue;
        f->taken[origin->index] = true;
        f->state[f->states++] = (pj_cache_role){.in = origin, .out = out, .node = node, .axis = -1, .capacity = -1};
        return;
    }
}

static void add_cross(finder *f, const pj_value *in, const pj_value *out)
{
    if (f->taken[in->index])
        return;
    f->taken[in->index] = true;
    int axis = rank_of(in) == 4 ? 2 : named_axis(in);
    f->cross[f->crosses++] = (pj_cache_role){.in = in, .out = out, .axis = axis, .capacity = -1};
}

static void follow(finder *f, const pj_value *value, const pj_value *out, int depth);

/* Either branch of an If; the one that adds to a cache is the one that reads it. */
static void follow_branches(finder *f, const pj_node *node, int o, const pj_value *out, int depth)
{
    static const char *const names[] = {"then_branch", "else_branch"};
    for (int k = 0; k < 2; k++) {
        const pj_attr *attr = pj_node_attr(node, names[k]);
        size_t before = f->caches;
        if (!attr || attr->kind != PJ_ATTR_GRAPH || o >= attr->graph->outputs)
            continue;
        follow(f, attr->graph->out[o], out, depth + 1);
        const pj_value *branch = f->caches > before && node->in[0] ? pj_roles_origin(node->in[0], NULL) : NULL;
        if (!branch || f->out->branch)
            continue;
        f->out->branch = branch;
        f->out->branch_reads = k == 0;
    }
}

/* Back from a model output to what makes it. */
static void follow(finder *f, const pj_value *value, const pj_value *out, int depth)
{
    enum { DEEPEST = 4 };
    for (int moves = 0; value && moves < MOST_MOVES && depth < DEEPEST; moves++) {
        const pj_node *node = value->producer;
        if (is_model_input(value) && rank_of(value) == 4) {
            add_cross(f, value, out);
            return;
        }
        if (!node || add_fused(f, node, value->producer_output, out))
            return;
        const pj_value *before = moved(node);
        if (before) {
            value = before;
            continue;
        }
        if (strcmp(node->op, "If") == 0)
            follow_branches(f, node, value->producer_output, out, depth);
        else if (strcmp(node->op, "Concat") == 0)
            add_concat(f, node, out);
        else if (IS_ONE_OF(scattering, node->op))
            add_scatter(f, node, out);
        else if (IS_ONE_OF(keeping, node->op) && value->producer_output > 0)
            add_state(f, node, out);
        return;
    }
}

/* ---- by name ---- */

static const pj_value *input_called(const finder *f, const char *head, const char *tail)
{
    pj_str name = pj_str_new(4096);
    pj_str_printf(&name, "%s%s", head, tail);
    const pj_value *found = name.failed ? NULL : pj_map_get(&f->model->graph->values, name.data);
    pj_str_free(&name);
    return found && is_model_input(found) && !f->taken[found->index] ? found : NULL;
}

/* present.0.key of past_key_values.0.key, present_0 of past_0, key_cache_0 out of key_cache_0. */
static void pair_by_name(finder *f, const pj_value *out)
{
    static const char present[] = "present";
    const char *tail = out->name + sizeof present - 1;
    if (strncmp(out->name, present, sizeof present - 1) != 0)
        return;
    const pj_value *in = input_called(f, "past_key_values", tail);
    in = in ? in : input_called(f, "past", tail);
    int rank = in ? rank_of(in) : -1;
    if (rank < LEAST_RANK || rank_of(out) != rank)
        return;
    f->out->by_name = true;
    for (int k = 0; k < rank; k++)
        if (!pj_num_equal(in->declared.dims[k], out->declared.dims[k])) {
            add_cache(f, (pj_cache_role){.in = in, .out = out, .layout = PJ_LAYOUT_NAME, .axis = k});
            return;
        }
    f->taken[in->index] = true;
    f->state[f->states++] = (pj_cache_role){.in = in, .out = out, .axis = -1, .capacity = -1};
}

/* What looks like keys or values and does not come back. */
static void find_cross(finder *f)
{
    static const char *const words[] = {"past", "cross", "encoder", "cache"};
    const pj_graph *graph = f->model->graph;
    for (int i = 0; i < graph->inputs; i++) {
        const pj_value *in = graph->in[i];
        bool named = false;
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            named = named || strstr(in->name, words[k]);
        if (named && rank_of(in) == 4 && !pj_dtype_is_integer(in->declared.dtype))
            add_cross(f, in, NULL);
    }
}

/* Inputs that can have a role: others take no memory. */
static size_t count_candidates(const pj_graph *graph)
{
    size_t count = 0;
    for (int i = 0; i < graph->inputs; i++)
        count += rank_of(graph->in[i]) >= LEAST_RANK;
    return count;
}

pj_status pj_roles_caches(const pj_model *model, pj_arena *arena, pj_roles *out, pj_error *err)
{
    const pj_graph *graph = model->graph;
    size_t most = count_candidates(graph);
    if (!most)
        return PJ_OK;
    finder f = {.model = model,
                .arena = arena,
                .cache = PJ_NEW(arena, pj_cache_role, most),
                .state = PJ_NEW(arena, pj_cache_role, most),
                .cross = PJ_NEW(arena, pj_cache_role, most),
                .taken = PJ_NEW(arena, bool, model->values + 1),
                .seen = PJ_NEW(arena, bool, model->nodes + 1),
                .out = out};
    PJ_TRY(pj_got(!pj_arena_failed(arena) && f.cache && f.state && f.cross && f.taken && f.seen, err));
    for (int o = 0; o < graph->outputs; o++)
        if (graph->out[o])
            follow(&f, graph->out[o], graph->out[o], 0);
    for (int o = 0; o < graph->outputs; o++)
        if (graph->out[o])
            pair_by_name(&f, graph->out[o]);
    find_cross(&f);
    out->caches = f.cache;
    out->cache_count = f.caches;
    out->states = f.state;
    out->state_count = f.states;
    out->cross = f.cross;
    out->cross_count = f.crosses;
    return PJ_OK;
}
