/* From nodes to Keras layers, as QTools reads a model. */
#include "cost/qtools_graph.h"

static bool is_one_of(const pj_node *node, const char *names)
{
    return !*node->domain && pj_text_lists(names, node->op);
}

bool pj_twin_is_input(const pj_value *value)
{
    return value->is_input && !value->graph->parent;
}

int64_t pj_twin_elements(const pj_value *value)
{
    int64_t product = 1;
    for (int k = 1; k < value->type.rank; k++)
        if (!pj_num_known(value->type.dims[k]) || __builtin_mul_overflow(product, value->type.dims[k].whole, &product))
            return -1;
    return product;
}

int64_t pj_twin_dim(const pj_value *value, int axis)
{
    return axis < value->type.rank && pj_num_known(value->type.dims[axis]) ? value->type.dims[axis].whole : 1;
}

static int rank_of(const pj_value *value)
{
    return value && pj_type_is_tensor(&value->type) ? value->type.rank : -1;
}

static bool is_constant(const pj_node *node, int i)
{
    return i < node->inputs && node->in[i] && node->in[i]->is_constant;
}

static pj_twin classify_conv(const pj_node *node)
{
    const pj_attr *group = pj_node_attr(node, "group");
    int64_t groups = group && group->kind == PJ_ATTR_INT ? group->i : 1;
    int rank = rank_of(node->in[0]);
    if (!is_constant(node, 1))
        return PJ_TWIN_NONE;
    if (is_one_of(node, "ConvTranspose"))
        return rank == 4 && groups == 1 ? PJ_TWIN_CONV_TRANSPOSE : PJ_TWIN_NONE;
    if (rank == 3)
        return groups == 1 ? PJ_TWIN_CONV1D : PJ_TWIN_NONE;
    if (rank != 4)
        return PJ_TWIN_NONE;
    return groups > 1 && groups == pj_twin_dim(node->in[0], 1) ? PJ_TWIN_DEPTHWISE : PJ_TWIN_CONV2D;
}

/* Q14: QTools stops at a Dense on more than one dimension > 1. */
static pj_twin classify_dense(const pj_node *node)
{
    int wide = 0;
    for (int k = 1; k < rank_of(node->in[0]); k++)
        wide += pj_twin_dim(node->in[0], k) > 1;
    return is_constant(node, 1) && wide <= 1 ? PJ_TWIN_DENSE : PJ_TWIN_NONE;
}

/* ReduceMean over axes 2 and 3 of a 4-D tensor is a GlobalAveragePooling2D. */
static bool averages_image(const pj_node *node)
{
    const pj_value *in = node->in[0], *out = node->out[0];
    int64_t channels = pj_twin_dim(in, 1);
    if (rank_of(in) != 4 || pj_twin_elements(out) != channels)
        return false;
    return pj_twin_dim(in, 2) * pj_twin_dim(in, 3) * channels == pj_twin_elements(in);
}

static pj_twin classify_merge(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (is_constant(node, i))
            return PJ_TWIN_NONE;
    return is_one_of(node, "Add Sum") ? PJ_TWIN_ADD : PJ_TWIN_MERGE;
}

static pj_twin classify(const pj_node *node)
{
    if (node->inputs < 1 || node->outputs < 1 || !node->in[0] || !node->out[0])
        return PJ_TWIN_NONE;
    if (is_one_of(node, "Dropout Identity"))
        return PJ_TWIN_REMOVED;
    if (is_one_of(node, "Conv ConvTranspose"))
        return classify_conv(node);
    if (is_one_of(node, "Gemm MatMul"))
        return classify_dense(node);
    if (is_one_of(node, "BatchNormalization"))
        return PJ_TWIN_BATCHNORM;
    if (is_one_of(node, "Add Sum Mul Max Min Mean Concat"))
        return classify_merge(node);
    if (is_one_of(node, "AveragePool"))
        return rank_of(node->in[0]) == 4 ? PJ_TWIN_POOL : PJ_TWIN_PASS;
    if (is_one_of(node, "GlobalAveragePool"))
        return rank_of(node->in[0]) == 4 ? PJ_TWIN_POOL_GLOBAL : PJ_TWIN_PASS;
    if (is_one_of(node, "ReduceMean"))
        return averages_image(node) ? PJ_TWIN_POOL_GLOBAL : PJ_TWIN_NONE;
    if (is_one_of(node, "MaxPool"))
        return rank_of(node->in[0]) == 4 ? PJ_TWIN_MAX_POOL : PJ_TWIN_PASS;
    if (is_one_of(node, "Relu LeakyRelu Clip PRelu Elu Selu ThresholdedRelu"))
        return PJ_TWIN_RELU;
    if (is_one_of(node, "GlobalMaxPool Flatten Reshape Squeeze Unsqueeze Transpose Pad Resize Upsample"))
        return PJ_TWIN_PASS;
    if (is_one_of(node, "Sigmoid Tanh Softmax HardSigmoid HardSwish Softplus Softsign LogSoftmax Gelu Swish Mish Exp"))
        return PJ_TWIN_ACTIVATION;
    return PJ_TWIN_NONE;
}

static bool has_kernel(pj_twin kind)
{
    return kind >= PJ_TWIN_CONV2D && kind <= PJ_TWIN_DENSE;
}

/* The Add after a MatMul that only adds a constant with `out` elements: one Dense with bias. */
static const pj_value *added_constant(const pj_node *add)
{
    for (int i = 0; i < 2 && is_one_of(add, "Add") && add->inputs == 2; i++) {
        const pj_value *sum = add->in[i], *bias = add->in[1 - i];
        if (!sum || !bias || !sum->producer || sum->uses != 1 || sum->is_output || !bias->is_constant)
            continue;
        const pj_type *type = &bias->type;
        int64_t last = type->rank > 0 ? pj_twin_dim(bias, type->rank - 1) : 1;
        if (is_one_of(sum->producer, "MatMul") && sum->producer->inputs > 1 &&
            classify_dense(sum->producer) == PJ_TWIN_DENSE && pj_twin_elements(sum) == last &&
            pj_twin_elements(bias) * pj_twin_dim(bias, 0) == last)
            return bias;
    }
    return NULL;
}

static pj_twin_node *record(const pj_twins *t, const pj_node *node)
{
    return &t->node[node->id];
}

static bool on_main_graph(const pj_twins *t, const pj_node *node)
{
    return node && node->graph == t->precision->model->graph;
}

/* Through Dropout and Identity alone. */
static const pj_value *through_removed(const pj_twins *t, const pj_value *value)
{
    const pj_node *node = value->producer;
    bool removed = on_main_graph(t, node) && record(t, node)->kind == PJ_TWIN_REMOVED;
    return removed ? t->origin[node->in[0]->index] : value;
}

/* The layer that writes through a quantizer on `value`: the value's only reader is the quantizer. */
static const pj_node *layer_before(const pj_twins *t, const pj_value *value)
{
    const pj_node *node = value->producer;
    if (!on_main_graph(t, node) || value->uses != 1 || value->is_output)
        return NULL;
    pj_twin_node *twin = record(t, node);
    if (has_kernel(twin->kind) || twin->kind == PJ_TWIN_RELU || twin->kind == PJ_TWIN_ACTIVATION)
        return node;
    bool is_bias = twin->kind == PJ_TWIN_ABSORBED && twin->head && t->add_of[twin->head->out[0]->index] == node;
    return is_bias ? twin->head : NULL;
}

/* Hands on what `in` is read as; a model input that passes a quantizer is read in its format. */
static void join_with(pj_twins *t, const pj_value *in, const pj_value *out)
{
    const pj_quantized *quantized = t->precision->quantized[out->index];
    const pj_node *maker = out->producer;
    bool is_quantizer = pj_precision_node(t->precision, maker)->quantizer != PJ_NO_QUANTIZER;
    t->origin[out->index] = t->origin[in->index];
    t->source[out->index] = t->source[in->index];
    if (is_quantizer && quantized && pj_twin_is_input(t->origin[in->index]))
        t->source[out->index] = &quantized->format;
}

static void place_quantizer(pj_twins *t, const pj_node *node)
{
    const pj_value *in = node->in[0], *out = node->out[0];
    pj_twin_node *own = record(t, node);
    const pj_node *layer = layer_before(t, in);
    own->kind = PJ_TWIN_ABSORBED;
    if (pj_twin_is_input(through_removed(t, in))) {
        join_with(t, in, out);
    } else if (layer) {
        own->head = layer;
        t->quantizer[in->index] = node;
    } else {
        own->kind = PJ_TWIN_QUANTIZER;
    }
}

/* In graph order: what a node is, and what its outputs are read as. */
static void place_node(pj_twins *t, const pj_node *node)
{
    pj_twin_node *own = record(t, node);
    const pj_value *bias = node->inputs == 2 ? added_constant(node) : NULL;
    pj_quantizer quantizer = pj_precision_node(t->precision, node)->quantizer;
    if (node->outputs < 1 || !node->out[0])
        return;
    if (node->out[0]->is_folded) {
        own->kind = PJ_TWIN_ABSORBED;
    } else if (quantizer == PJ_DEQUANTIZE) {
        own->kind = PJ_TWIN_ABSORBED;
        join_with(t, node->in[0], node->out[0]);
    } else if (quantizer != PJ_NO_QUANTIZER) {
        place_quantizer(t, node);
    } else if (bias) {
        const pj_value *sum = node->in[0] == bias ? node->in[1] : node->in[0];
        own->kind = PJ_TWIN_ABSORBED;
        own->head = sum->producer;
        t->add_of[sum->index] = node;
    } else {
        own->kind = classify(node);
        if (own->kind == PJ_TWIN_REMOVED)
            join_with(t, node->in[0], node->out[0]);
    }
}

/* From the end: a Dropout or a quantizer that nothing reads is no reader. */
static void count_readers(const pj_twins *t, const pj_node *node)
{
    pj_twin kind = record(t, node)->kind;
    bool is_reader = kind != PJ_TWIN_REMOVED && kind != PJ_TWIN_ABSORBED;
    const pj_node *head = record(t, node)->head;
    if (head && t->add_of[head->out[0]->index] == node)
        return;
    for (int i = 0; i < node->inputs && is_reader; i++)
        if (node->in[i])
            t->readers[t->origin[node->in[i]->index]->index]++;
}

pj_status pj_twins_find(const pj_precision *precision, pj_arena *arena, pj_twins *out, pj_error *err)
{
    const pj_graph *graph = precision->model->graph;
    out->precision = precision;
    out->node = PJ_NEW(arena, pj_twin_node, precision->model->nodes);
    out->add_of = PJ_NEW(arena, const pj_node *, precision->count);
    out->quantizer = PJ_NEW(arena, const pj_node *, precision->count);
    out->origin = PJ_NEW(arena, const pj_value *, precision->count);
    out->source = PJ_NEW(arena, const pj_format *, precision->count);
    out->readers = PJ_NEW(arena, int, precision->count);
    PJ_TRY(pj_got(out->node && out->add_of && out->quantizer && out->origin && out->source && out->readers, err));
    for (int v = 0; v < precision->count; v++)
        out->origin[v] = precision->model->value[v];
    for (int n = 0; n < graph->nodes; n++)
        place_node(out, graph->node[n]);
    for (int n = 0; n < graph->nodes; n++)
        count_readers(out, graph->node[n]);
    return PJ_OK;
}

const pj_node *pj_twins_quantizer(const pj_twins *t, const pj_node *head)
{
    const pj_node *add = t->add_of[head->out[0]->index];
    return t->quantizer[(add ? add : head)->out[0]->index];
}

const pj_value *pj_twins_result(const pj_twins *t, const pj_node *head)
{
    const pj_node *add = t->add_of[head->out[0]->index], *quantizer = pj_twins_quantizer(t, head);
    return (quantizer ? quantizer : add ? add : head)->out[0];
}

const pj_value *pj_twins_bias(const pj_twins *t, const pj_node *head)
{
    const pj_node *add = t->add_of[head->out[0]->index];
    return add ? added_constant(add) : head->inputs > 2 ? head->in[2] : NULL;
}
