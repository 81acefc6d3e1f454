/* The rules of QTools (google/qkeras): the one file in which they differ from our own.
 *
 * Rules `qtools` reproduce QTools number for number, its quirks included. The Q-numbers name them; docs/energy-model.md
 * lists them all. In short: memory is counted in 64-bit words at the price of one bit (Q1), the batch is left out,
 * every layer pays inputs and outputs, reshapes included (Q28), the operation counts of depthwise, grouped, transposed
 * and pooling layers are QTools' own (Q6, Q9 - Q12), a float times anything is a float multiplication (Q20), and merges
 * see graph edges instead of operands (Q25 - Q27, Q30, Q31). What QTools does not know is priced by our own rules, with
 * a finding. */
#include <string.h>

#include "base/limits.h"
#include "cost/price.h"

/* The Keras layer that a node is the twin of. */
typedef enum twin {
    TWIN_NONE,     /* QTools has no figure */
    TWIN_REMOVED,  /* Dropout, Identity: producer and consumer are joined */
    TWIN_ABSORBED, /* part of another layer */
    TWIN_CONV2D,
    TWIN_DEPTHWISE,
    TWIN_CONV1D,
    TWIN_CONV_TRANSPOSE,
    TWIN_DENSE,
    TWIN_BATCHNORM,
    TWIN_PASS,       /* no arithmetic, the format of the input goes on: Relu, MaxPool, Flatten, Transpose, Resize ... */
    TWIN_ACTIVATION, /* no arithmetic, the output has its declared format: Sigmoid, Tanh, Softmax ... */
    TWIN_POOL,       /* AveragePooling2D (Q6) */
    TWIN_POOL_GLOBAL,
    TWIN_MERGE
} twin;

typedef struct qtools {
    const pj_model *model;
    const pj_precision *precision;
    const pj_memory *memory;
    pj_error *err;
    pj_format *format;      /* of each value by index, as QTools passes them on */
    const pj_node **add_of; /* by index of a MatMul's output: the Add of its bias */
    int *readers;           /* by index: layers that read the value, through Dropout and Identity */
    pj_layers *layers;
} qtools;

/* One layer while it is priced. */
typedef struct qlayer {
    const pj_node *node;
    twin kind;
    const pj_value *edge[PJ_MAX_RANK]; /* distinct producers (Q25) */
    int edges;
    bool reads_input, is_output;
    const pj_value *out; /* of the layer: behind an absorbed bias */
    pj_number in;        /* format of edge 0 */
    pj_number result;
    pj_energy energy;
} qlayer;

/* ---- the graph as QTools sees it ---- */

static bool op_is(const pj_node *node, const char *names)
{
    size_t length = strlen(node->op);
    for (const char *at = strstr(names, node->op); at; at = strstr(at + 1, node->op))
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
            return node->domain[0] == 0;
    return false;
}

/* Through Dropout and Identity, which Keras removes. */
static const pj_value *origin(const pj_value *value)
{
    while (value->producer && op_is(value->producer, "Dropout Identity") && value->producer->in[0])
        value = value->producer->in[0];
    return value;
}

static bool is_model_input(const pj_value *value)
{
    return value->is_input && !value->graph->parent;
}

/* Product of the dims without the first, which is the batch; an absent rank counts as one element. */
static int64_t elements(const pj_value *value)
{
    int64_t product = 1;
    for (int k = 1; k < value->type.rank; k++)
        if (!pj_num_known(value->type.dims[k]) || __builtin_mul_overflow(product, value->type.dims[k].whole, &product))
            return -1;
    return product;
}

static int64_t dim(const pj_value *value, int axis)
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

/* ---- classes ---- */

static twin classify_conv(const pj_node *node)
{
    const pj_attr *group = pj_node_attr(node, "group");
    int64_t groups = group && group->kind == PJ_ATTR_INT ? group->i : 1;
    int rank = rank_of(node->in[0]);
    if (!is_constant(node, 1))
        return TWIN_NONE;
    if (op_is(node, "ConvTranspose"))
        return rank == 4 && groups == 1 ? TWIN_CONV_TRANSPOSE : TWIN_NONE;
    if (rank == 3)
        return groups == 1 ? TWIN_CONV1D : TWIN_NONE;
    if (rank != 4)
        return TWIN_NONE;
    return groups > 1 && groups == dim(node->in[0], 1) ? TWIN_DEPTHWISE : TWIN_CONV2D;
}

/* Q14: QTools stops at a Dense on more than one dimension > 1. */
static twin classify_dense(const pj_node *node)
{
    int wide = 0;
    for (int k = 1; k < rank_of(node->in[0]); k++)
        wide += dim(node->in[0], k) > 1;
    return is_constant(node, 1) && wide <= 1 ? TWIN_DENSE : TWIN_NONE;
}

/* ReduceMean over axes 2 and 3 of a 4-D tensor is a GlobalAveragePooling2D. */
static bool averages_image(const pj_node *node)
{
    const pj_value *in = node->in[0], *out = node->out[0];
    if (rank_of(in) != 4 || elements(out) != dim(in, 1))
        return false;
    return dim(in, 2) * dim(in, 3) * elements(out) == elements(in);
}

static twin classify_merge(const pj_node *node)
{
    int constants = 0;
    for (int i = 0; i < node->inputs; i++)
        constants += is_constant(node, i);
    return constants ? TWIN_NONE : TWIN_MERGE;
}

static twin classify(const pj_node *node)
{
    if (node->inputs < 1 || node->outputs < 1 || !node->in[0] || !node->out[0])
        return TWIN_NONE;
    if (op_is(node, "Dropout Identity"))
        return TWIN_REMOVED;
    if (op_is(node, "Conv ConvTranspose"))
        return classify_conv(node);
    if (op_is(node, "Gemm MatMul"))
        return classify_dense(node);
    if (op_is(node, "BatchNormalization"))
        return TWIN_BATCHNORM;
    if (op_is(node, "Add Sum Mul Max Min Mean Concat"))
        return classify_merge(node);
    if (op_is(node, "AveragePool"))
        return rank_of(node->in[0]) == 4 ? TWIN_POOL : TWIN_PASS;
    if (op_is(node, "GlobalAveragePool"))
        return rank_of(node->in[0]) == 4 ? TWIN_POOL_GLOBAL : TWIN_PASS;
    if (op_is(node, "ReduceMean"))
        return averages_image(node) ? TWIN_POOL_GLOBAL : TWIN_NONE;
    if (op_is(node, "Relu LeakyRelu Clip PRelu Elu Selu ThresholdedRelu MaxPool GlobalMaxPool Flatten Reshape Squeeze "
                    "Unsqueeze Transpose Pad Resize Upsample"))
        return TWIN_PASS;
    if (op_is(node, "Sigmoid Tanh Softmax HardSigmoid HardSwish Softplus Softsign LogSoftmax Gelu Swish Mish Exp"))
        return TWIN_ACTIVATION;
    return TWIN_NONE;
}

/* The Add behind a MatMul that only adds a constant with `out` elements: one Dense with bias. */
static const pj_value *added_constant(const pj_node *add)
{
    for (int i = 0; i < 2 && op_is(add, "Add") && add->inputs == 2; i++) {
        const pj_value *sum = add->in[i], *bias = add->in[1 - i];
        if (!sum || !bias || !sum->producer || sum->uses != 1 || sum->is_output || !bias->is_constant)
            continue;
        const pj_type *type = &bias->type;
        int64_t last = type->rank > 0 ? dim(bias, type->rank - 1) : 1;
        if (op_is(sum->producer, "MatMul") && classify_dense(sum->producer) == TWIN_DENSE && elements(sum) == last &&
            elements(bias) * dim(bias, 0) == last)
            return bias;
    }
    return NULL;
}

/* One pass from the end: a Dropout or Identity that nothing reads is no reader. */
static void find_readers(qtools *q)
{
    for (size_t i = q->layers->count; i-- > 0;) {
        const pj_node *node = q->layers->detail[i].node;
        bool removed = op_is(node, "Dropout Identity");
        for (int k = 0; k < node->inputs; k++)
            if (node->in[k] && (!removed || (node->out[0] && q->readers[node->out[0]->index])))
                q->readers[node->in[k]->index]++;
        const pj_value *bias = node->inputs == 2 ? added_constant(node) : NULL;
        if (bias)
            q->add_of[(node->in[0] == bias ? node->in[1] : node->in[0])->index] = node;
    }
}

static bool is_absorbed(const qtools *q, const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && q->add_of[node->in[i]->index] == node)
            return true;
    return false;
}

/* Q25: edges come from distinct producers; all model inputs together are one. Q27: then all are read as inputs. */
static void find_edges(const qtools *q, qlayer *layer)
{
    const pj_node *node = layer->node;
    bool input_seen = false;
    int data = layer->kind == TWIN_MERGE ? node->inputs : 1;
    for (int i = 0; i < data && layer->edges < PJ_MAX_RANK; i++) {
        if (!node->in[i])
            continue;
        const pj_value *from = origin(node->in[i]);
        bool seen = is_model_input(from) && input_seen;
        input_seen = input_seen || is_model_input(from);
        for (int k = 0; k < layer->edges; k++)
            seen = seen || layer->edge[k] == from;
        if (!seen)
            layer->edge[layer->edges++] = from;
    }
    layer->reads_input = input_seen;
    layer->in = q->format[layer->edge[0]->index].number;
}

/* ---- energies ---- */

/* pJ of one operation of a unit. */
static pj_status price_unit(const qtools *q, const pj_unit *unit, double *pj)
{
    *pj = 0;
    if (unit->circuit == PJ_CIRCUIT_NONE)
        return PJ_OK;
    PJ_TRY(pj_table_operation(q->memory->table, unit->circuit, &unit->out, unit->gate_bits, pj, q->err));
    *pj *= unit->gate_factor;
    return PJ_OK;
}

static pj_status price_add(const qtools *q, const pj_number *sum, double *pj)
{
    return pj_table_operation(q->memory->table, PJ_CIRCUIT_ADD, sum, (double)sum->bits, pj, q->err);
}

static pj_status bits_of(const qtools *q, int64_t count, const pj_number *number, uint64_t *bits)
{
    int64_t product;
    if (count < 0 || __builtin_mul_overflow(count, number->bits, &product))
        return pj_fail(q->err, PJ_EUNSUPPORTED, "QTools needs the size of all tensors");
    *bits = (uint64_t)product;
    return PJ_OK;
}

static pj_status price_traffic(const qtools *q, qlayer *layer)
{
    uint64_t bits = 0;
    for (int k = 0; k < layer->edges; k++) {
        const pj_value *from = layer->edge[k];
        PJ_TRY(bits_of(q, elements(from), &q->format[from->index].number, &bits));
        layer->energy.inputs += pj_memory_read_activation(q->memory, bits, layer->reads_input);
    }
    /* Q15: a BatchNormalization on a model input writes one element. */
    bool one = layer->kind == TWIN_BATCHNORM && layer->reads_input;
    PJ_TRY(bits_of(q, one ? 1 : elements(layer->out), &layer->result, &bits));
    layer->energy.outputs = pj_memory_write_activation(q->memory, bits, layer->is_output);
    return PJ_OK;
}

static pj_status read_parameter(const qtools *q, qlayer *layer, int64_t count, const pj_number *number)
{
    uint64_t bits = 0;
    PJ_TRY(bits_of(q, count, number, &bits));
    layer->energy.parameters += pj_memory_read_parameter(q->memory, bits);
    return PJ_OK;
}

/* What a layer with a kernel is made of. */
typedef struct kernel_size {
    int64_t elements, bias_elements;
    int64_t terms; /* N: kernel elements without Keras' last dimension */
    double ops;
    bool free; /* no op_cost */
} kernel_size;

static kernel_size measure_kernel(const qlayer *layer)
{
    const pj_node *node = layer->node;
    const pj_value *in = layer->edge[0], *w = node->in[1];
    kernel_size k = {0};
    int64_t taps = dim(w, 2) * dim(w, 3), outputs = elements(layer->out), channels = dim(in, 1);
    const pj_attr *transposed = pj_node_attr(node, "transB");
    k.elements = dim(w, 0) * elements(w);
    k.bias_elements = dim(w, 0);
    k.terms = dim(w, 1) * taps;
    if (layer->kind == TWIN_DENSE) { /* [in, out]; with transB [out, in] */
        bool swap = transposed && transposed->kind == PJ_ATTR_INT && transposed->i;
        k.terms = dim(w, swap ? 1 : 0);
        k.bias_elements = dim(w, swap ? 0 : 1);
        k.ops = (double)k.terms * (double)k.bias_elements;
    } else if (layer->kind == TWIN_DEPTHWISE) { /* Q12: no depth multiplier; Q9: the bias counts as the multiplier */
        k.bias_elements = channels ? dim(w, 0) / channels : 1;
        k.terms = taps;
        k.ops = (double)taps * (double)(outputs / (dim(w, 0) ? dim(w, 0) : 1)) * (double)channels;
    } else if (layer->kind == TWIN_CONV_TRANSPOSE) { /* Q10 */
        k.free = true;
    } else { /* Q11: all input channels, whatever the groups */
        k.ops = (double)outputs * (double)taps * (double)channels;
    }
    return k;
}

/* Input 2, or the constant of the Add behind. */
static const pj_value *bias_of(const qtools *q, const pj_node *node)
{
    const pj_node *add = q->add_of[node->out[0]->index];
    return add ? added_constant(add) : node->inputs > 2 ? node->in[2] : NULL;
}

static pj_status price_kernel(const qtools *q, qlayer *layer)
{
    const pj_node *node = layer->node;
    const pj_value *bias = bias_of(q, node);
    pj_number weight = q->format[node->in[1]->index].number;
    kernel_size k = measure_kernel(layer);
    pj_unit multiplier = pj_multiplier(&weight, &layer->in);
    pj_number sum = pj_accumulator(&multiplier.out, k.terms > 0 ? (uint64_t)k.terms : 1);
    double multiply, add;
    PJ_TRY(read_parameter(q, layer, k.elements, &weight));
    if (bias) {
        const pj_number *number = &q->format[bias->index].number;
        PJ_TRY(read_parameter(q, layer, k.bias_elements, number));
        sum = pj_adder(&sum, number);
    }
    layer->result = sum;
    if (k.free)
        return PJ_OK;
    PJ_TRY(price_unit(q, &multiplier, &multiply));
    PJ_TRY(price_add(q, &sum, &add));
    layer->energy.op_cost = k.ops * (multiply + add);
    return PJ_OK;
}

/* Q15: four parameter vectors, the adder free. Q17: a fixed-point variance costs two fp32 products. */
static pj_status price_batchnorm(const qtools *q, qlayer *layer)
{
    const pj_node *node = layer->node;
    pj_batchnorm norm;
    const pj_number *parameter[4];
    double divide, multiply;
    if (node->inputs < 5)
        return pj_fail(q->err, PJ_EUNSUPPORTED, "a BatchNormalization needs four parameters");
    for (int i = 0; i < 4; i++) {
        if (!node->in[i + 1])
            return pj_fail(q->err, PJ_EUNSUPPORTED, "a BatchNormalization needs four parameters");
        parameter[i] = &q->format[node->in[i + 1]->index].number;
        PJ_TRY(read_parameter(q, layer, dim(node->in[i + 1], 0), parameter[i]));
    }
    PJ_TRY(pj_batchnorm_compose(&layer->in, parameter[0], parameter[1], parameter[3], &norm, q->err));
    PJ_TRY(price_unit(q, &norm.divide, &divide));
    PJ_TRY(price_unit(q, &norm.multiply, &multiply));
    layer->result = norm.out;
    layer->energy.op_cost = (double)elements(layer->edge[0]) * (divide + multiply);
    return PJ_OK;
}

/* Q6: additions of one output position only. Q15b: no growth directly behind a model input. */
static pj_status price_pool(const qtools *q, qlayer *layer)
{
    const pj_value *in = layer->edge[0];
    const pj_attr *kernel = pj_node_attr(layer->node, "kernel_shape");
    int64_t window = dim(in, 2) * dim(in, 3), grown;
    double add;
    if (layer->kind == TWIN_POOL && kernel && kernel->kind == PJ_ATTR_INTS && kernel->count == 2)
        window = kernel->ints[0] * kernel->ints[1];
    grown = layer->kind == TWIN_POOL_GLOBAL && layer->reads_input ? 1 : window;
    layer->result = pj_accumulator(&layer->in, grown > 0 ? (uint64_t)grown : 1);
    PJ_TRY(price_add(q, &layer->result, &add));
    layer->energy.op_cost = (double)dim(in, 1) * (double)window * add;
    return PJ_OK;
}

static pj_merge_kind merge_kind(const pj_node *node)
{
    static const struct {
        const char *op;
        pj_merge_kind kind;
    } kinds[] = {
        {"Mul",    PJ_MERGE_MULTIPLY   },
        {"Max",    PJ_MERGE_MAXIMUM    },
        {"Min",    PJ_MERGE_MINIMUM    },
        {"Mean",   PJ_MERGE_AVERAGE    },
        {"Concat", PJ_MERGE_CONCATENATE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(node->op, kinds[i].op) == 0)
            return kinds[i].kind;
    return PJ_MERGE_ADD;
}

/* Q25, Q29, Q30, Q31. The count is that of the largest input; a model input counts as one element here. */
static pj_status price_merge(const qtools *q, qlayer *layer)
{
    pj_number inputs[PJ_MAX_RANK];
    int64_t largest = 1;
    double pj;
    for (int k = 0; k < layer->edges; k++) {
        int64_t count = is_model_input(layer->edge[k]) ? 1 : elements(layer->edge[k]);
        inputs[k] = q->format[layer->edge[k]->index].number;
        largest = count > largest ? count : largest;
    }
    pj_merge_kind kind = merge_kind(layer->node);
    pj_unit unit = pj_merge(kind, inputs, layer->edges);
    layer->result = unit.out;
    int charged = pj_merge_charged(kind, layer->edges);
    if (!charged)
        return PJ_OK;
    PJ_TRY(price_unit(q, &unit, &pj));
    layer->energy.op_cost = (double)charged * (double)largest * pj;
    return PJ_OK;
}

static pj_status price_arithmetic(const qtools *q, qlayer *layer)
{
    switch (layer->kind) {
    case TWIN_CONV2D:
    case TWIN_DEPTHWISE:
    case TWIN_CONV1D:
    case TWIN_CONV_TRANSPOSE:
    case TWIN_DENSE:
        return price_kernel(q, layer);
    case TWIN_BATCHNORM:
        return price_batchnorm(q, layer);
    case TWIN_POOL:
    case TWIN_POOL_GLOBAL:
        return price_pool(q, layer);
    case TWIN_MERGE:
        return price_merge(q, layer);
    case TWIN_ACTIVATION:
        layer->result = pj_precision_of(q->precision, layer->node->out[0]).number;
        return PJ_OK;
    case TWIN_NONE:
    case TWIN_REMOVED:
    case TWIN_ABSORBED:
    case TWIN_PASS:
        break;
    }
    layer->result = layer->in;
    return PJ_OK;
}

/* ---- layers ---- */

static pj_status price_twin(qtools *q, qlayer *layer)
{
    const pj_node *add = q->add_of[layer->node->out[0]->index];
    layer->out = add ? add->out[0] : layer->node->out[0];
    find_edges(q, layer);
    layer->is_output = layer->out->is_output && !q->readers[layer->out->index]; /* Q26 */
    PJ_TRY(price_arithmetic(q, layer));
    PJ_TRY(price_traffic(q, layer));
    q->format[layer->out->index].number = layer->result;
    return PJ_OK;
}

/* QTools has no number: our own rule, and a finding. */
static pj_status price_other(const qtools *q, size_t i, const char *why, pj_diags *diags)
{
    pj_layer *row = &q->layers->row[i];
    pj_error own = {0};
    if (row->free || !row->counted)
        return PJ_OK;
    pj_status status = pj_price_layer(q->precision, q->memory, &q->layers->detail[i], &row->energy, &own);
    if (status == PJ_EUNSUPPORTED) {
        pj_diag_add(diags, PJ_DIAG_UNPRICED, row->name, "not in the totals: %s", own.what);
        memset(&row->energy, 0, sizeof row->energy);
        row->counted = false;
        return PJ_OK;
    }
    pj_diag_add(diags, PJ_DIAG_QTOOLS, row->name,
                "QTools has no figure for this %s (%s); priced by the rules picojoule", row->op, why);
    if (status != PJ_OK && q->err)
        *q->err = own;
    return status;
}

static pj_status price_row(qtools *q, size_t i, pj_diags *diags)
{
    pj_layer *row = &q->layers->row[i];
    qlayer layer = {.node = q->layers->detail[i].node};
    pj_error why = {0}, *err = q->err;
    if (layer.node->outputs && layer.node->out[0] && layer.node->out[0]->is_folded)
        return PJ_OK;
    layer.kind = is_absorbed(q, layer.node) ? TWIN_ABSORBED : classify(layer.node);
    if (layer.kind == TWIN_REMOVED || layer.kind == TWIN_ABSORBED)
        return PJ_OK;
    if (layer.kind == TWIN_NONE)
        return price_other(q, i, "no such Keras layer", diags);
    q->err = &why;
    pj_status status = price_twin(q, &layer);
    q->err = err;
    if (status == PJ_EUNSUPPORTED)
        return price_other(q, i, why.what, diags);
    if (status != PJ_OK) {
        *err = why;
        return status;
    }
    row->energy = layer.energy;
    row->free = false;
    row->counted = true;
    return PJ_OK;
}

pj_status pj_price_qtools(const pj_model *model, const pj_precision *precision, const pj_memory *memory,
                          pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err)
{
    qtools q = {model, precision, memory, err, NULL, NULL, NULL, layers};
    q.format = pj_arena_memdup(arena, precision->stored, (size_t)precision->count, sizeof *q.format);
    q.add_of = PJ_NEW(arena, const pj_node *, precision->count);
    q.readers = PJ_NEW(arena, int, precision->count);
    if (!q.format || !q.add_of || !q.readers)
        return pj_fail_memory(err);
    find_readers(&q);
    for (size_t i = 0; i < layers->count; i++)
        PJ_TRY(price_row(&q, i, diags));
    return PJ_OK;
}
