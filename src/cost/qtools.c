/* The rules of QTools (google/qkeras): what differs from our own rules is here and in qtools_graph.c.
 *
 * Rules `qtools` reproduce QTools number for number, its quirks included. The Q-numbers name them; quirks.c lists them
 * all. In short: memory is counted in 64-bit words at the price of one bit (Q1), the batch is left out, every layer
 * pays inputs and outputs, reshapes included (Q28), the operation counts of depthwise, grouped, transposed and pooling
 * layers are QTools' own (Q6, Q9 - Q12), a float times anything is a float multiplication (Q20), and merges see graph
 * edges instead of operands (Q25 - Q27, Q30, Q31). What QTools does not know is priced by our own rules, with a
 * finding. */
#include "cost/qtools.h"

#include "base/limits.h"
#include "cost/qtools_graph.h"

typedef struct qtools {
    const pj_precision *precision;
    const pj_memory *memory;
    pj_pricing *own; /* our own rules, for what QTools does not know */
    pj_error *err;
    pj_twins twins;
    pj_number *number; /* of each value by index, as QTools passes them on */
    pj_layers *layers;
} qtools;

/* One input of a layer. */
typedef struct edge {
    const pj_value *from;
    pj_number number;
} edge;

/* One layer while it is priced. */
typedef struct qlayer {
    const pj_node *node;
    pj_twin kind;
    const pj_plan_formats *plan; /* never NULL */
    edge edge[PJ_MAX_RANK];      /* distinct producers (Q25) */
    int edges;
    bool reads_input;
    bool is_quantized; /* its result goes through a quantizer, of the graph or of the plan */
    const pj_value *out;
    pj_number weight, sum, result;
    pj_unit multiplier;
    pj_energy energy;
} qlayer;

static bool is_planned(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING;
}

/* Q25: edges come from distinct producers; all model inputs together are one. Q27: then all are read as inputs. */
static void find_edges(const qtools *q, qlayer *layer)
{
    const pj_node *node = layer->node;
    bool merges = layer->kind == PJ_TWIN_ADD || layer->kind == PJ_TWIN_MERGE;
    for (int i = 0; i < (merges ? node->inputs : 1) && layer->edges < PJ_MAX_RANK; i++) {
        if (!node->in[i])
            continue;
        const pj_value *from = q->twins.origin[node->in[i]->index];
        const pj_format *source = q->twins.source[node->in[i]->index];
        bool seen = pj_twin_is_input(from) && layer->reads_input;
        layer->reads_input = layer->reads_input || pj_twin_is_input(from);
        for (int k = 0; k < layer->edges; k++)
            seen = seen || layer->edge[k].from == from;
        if (seen)
            continue;
        edge *one = &layer->edge[layer->edges++];
        one->from = from;
        one->number = source ? source->number : q->number[from->index];
        if (is_planned(&layer->plan->activations))
            one->number = layer->plan->activations.number;
    }
}

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

static void charge(const qtools *q, qlayer *layer, pj_move move)
{
    pj_move_charge(q->memory, &move, &layer->energy);
}

/* Q27, Q38: what reads a model input reads everything as one, and I/O has a place of its own. */
static pj_status price_traffic(const qtools *q, qlayer *layer)
{
    uint64_t bits = 0;
    pj_place in = pj_memory_place(q->memory, layer->reads_input);
    for (int k = 0; k < layer->edges; k++) {
        PJ_TRY(bits_of(q, pj_twin_elements(layer->edge[k].from), &layer->edge[k].number, &bits));
        charge(q, layer, pj_move_read(q->memory, PJ_OPERAND_INPUT, in, bits));
    }
    /* Q15: a BatchNormalization on a model input writes one element. */
    bool one = layer->kind == PJ_TWIN_BATCHNORM && layer->reads_input;
    PJ_TRY(bits_of(q, one ? 1 : pj_twin_elements(layer->out), &layer->result, &bits));
    /* Q26: an output that also feeds a layer is none */
    pj_place out = pj_memory_place(q->memory, !q->twins.readers[layer->out->index]);
    charge(q, layer, pj_move_write(q->memory, PJ_OPERAND_OUTPUT, out, bits));
    return PJ_OK;
}

static pj_status read_parameter(const qtools *q, qlayer *layer, int64_t count, const pj_number *number)
{
    uint64_t bits = 0;
    PJ_TRY(bits_of(q, count, number, &bits));
    charge(q, layer, pj_move_read(q->memory, PJ_OPERAND_PARAMETER, q->memory->weights_on, bits));
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
    const pj_value *in = layer->edge[0].from, *w = node->in[1];
    kernel_size k = {0};
    int64_t taps = pj_twin_dim(w, 2) * pj_twin_dim(w, 3), outputs = pj_twin_elements(layer->out),
            channels = pj_twin_dim(in, 1);
    const pj_attr *transposed = pj_node_attr(node, "transB");
    k.elements = pj_twin_dim(w, 0) * pj_twin_elements(w);
    k.bias_elements = pj_twin_dim(w, 0);
    k.terms = pj_twin_dim(w, 1) * taps;
    if (layer->kind == PJ_TWIN_DENSE) { /* [in, out]; with transB [out, in] */
        bool swap = transposed && transposed->kind == PJ_ATTR_INT && transposed->i;
        k.terms = pj_twin_dim(w, swap ? 1 : 0);
        k.bias_elements = pj_twin_dim(w, swap ? 0 : 1);
        k.ops = (double)k.terms * (double)k.bias_elements;
    } else if (layer->kind == PJ_TWIN_DEPTHWISE) { /* Q12: no depth multiplier; Q9: the bias counts as the multiplier */
        k.bias_elements = channels ? pj_twin_dim(w, 0) / channels : 1;
        k.terms = taps;
        int64_t positions = outputs / (pj_twin_dim(w, 0) ? pj_twin_dim(w, 0) : 1);
        k.ops = (double)taps * (double)positions * (double)channels;
    } else if (layer->kind == PJ_TWIN_CONV_TRANSPOSE) { /* Q10 */
        k.free = true;
    } else { /* Q11: all input channels, whatever the groups */
        k.ops = (double)outputs * (double)taps * (double)channels;
    }
    return k;
}

/* Constants without a quantizer are those of a plain Keras layer. */
static bool has_quantizer(const qtools *q, const qlayer *layer, int i)
{
    return is_planned(&layer->plan->weights) || q->precision->quantized[layer->node->in[i]->index];
}

static pj_number constant_number(const qtools *q, const qlayer *layer, const pj_value *value)
{
    return is_planned(&layer->plan->weights) ? layer->plan->weights.number : q->number[value->index];
}

/* QTools takes a bias without quantizer beside a quantized kernel as fixed point of 8 bits, none of them integer. */
static pj_number bias_number(const qtools *q, const qlayer *layer, const pj_value *bias)
{
    bool given = is_planned(&layer->plan->weights) || q->precision->quantized[bias->index];
    return given || !has_quantizer(q, layer, 1) ? constant_number(q, layer, bias) : pj_number_fixed(8, 0, true);
}

/* Q18: a plain Keras layer has its gates from keras_quantizer, but the type of its results from keras_accumulator; so
 * has a layer whose accumulator is planned. */
static void replace_sum(const qtools *q, qlayer *layer)
{
    if (is_planned(&layer->plan->accumulator))
        layer->sum = layer->plan->accumulator.number;
    else if (!has_quantizer(q, layer, 1))
        layer->sum = pj_precision_declared(q->precision, layer->node->out[0]).number;
    else
        return;
    layer->multiplier.out = layer->sum;
}

static pj_status price_kernel(const qtools *q, qlayer *layer)
{
    const pj_value *bias = pj_twins_bias(&q->twins, layer->node);
    kernel_size k = measure_kernel(layer);
    double multiply, add;
    layer->weight = constant_number(q, layer, layer->node->in[1]);
    layer->multiplier = pj_multiplier(&layer->weight, &layer->edge[0].number);
    layer->sum = pj_accumulator(&layer->multiplier.out, k.terms > 0 ? (uint64_t)k.terms : 1);
    PJ_TRY(read_parameter(q, layer, k.elements, &layer->weight));
    if (bias) {
        pj_number number = bias_number(q, layer, bias);
        PJ_TRY(read_parameter(q, layer, k.bias_elements, &number));
        layer->sum = pj_adder(&layer->sum, &number);
    }
    replace_sum(q, layer);
    layer->result = layer->sum;
    if (k.free)
        return PJ_OK;
    PJ_TRY(price_unit(q, &layer->multiplier, &multiply));
    PJ_TRY(price_add(q, &layer->sum, &add));
    layer->energy.op_cost = k.ops * (multiply + add);
    return PJ_OK;
}

/* Q15: four parameter vectors, the adder free. Q17: a fixed-point variance costs two fp32 products. Q18: the type of a
 * plain Keras layer is keras_accumulator. */
static pj_status price_batchnorm(const qtools *q, qlayer *layer)
{
    const pj_node *node = layer->node;
    pj_batchnorm norm;
    pj_number parameter[4];
    double divide, multiply;
    bool is_plain = true;
    for (int i = 0; i < 4; i++) {
        if (node->inputs < 5 || !node->in[i + 1])
            return pj_fail(q->err, PJ_EUNSUPPORTED, "a BatchNormalization needs four parameters");
        parameter[i] = constant_number(q, layer, node->in[i + 1]);
        is_plain = is_plain && !has_quantizer(q, layer, i + 1);
        PJ_TRY(read_parameter(q, layer, pj_twin_dim(node->in[i + 1], 0), &parameter[i]));
    }
    PJ_TRY(pj_batchnorm_compose(&layer->edge[0].number, &parameter[0], &parameter[1], &parameter[3], &norm, q->err));
    if (is_plain || is_planned(&layer->plan->accumulator)) {
        pj_format declared = pj_precision_declared(q->precision, node->out[0]);
        norm.out = is_planned(&layer->plan->accumulator) ? layer->plan->accumulator.number : declared.number;
        norm.divide.out = norm.multiply.out = norm.out;
    }
    PJ_TRY(price_unit(q, &norm.divide, &divide));
    PJ_TRY(price_unit(q, &norm.multiply, &multiply));
    layer->result = norm.out;
    layer->energy.op_cost = (double)pj_twin_elements(layer->edge[0].from) * (divide + multiply);
    return PJ_OK;
}

/* Q6: additions of one output position only. Q15b: no growth directly after a model input. */
static pj_status price_pool(const qtools *q, qlayer *layer)
{
    const pj_value *in = layer->edge[0].from;
    const pj_attr *kernel = pj_node_attr(layer->node, "kernel_shape");
    int64_t window = pj_twin_dim(in, 2) * pj_twin_dim(in, 3), grown;
    double add;
    if (layer->kind == PJ_TWIN_POOL && kernel && kernel->kind == PJ_ATTR_INTS && kernel->count == 2)
        window = kernel->ints[0] * kernel->ints[1];
    grown = layer->kind == PJ_TWIN_POOL_GLOBAL && layer->reads_input ? 1 : window;
    layer->result = pj_accumulator(&layer->edge[0].number, grown > 0 ? (uint64_t)grown : 1);
    PJ_TRY(price_add(q, &layer->result, &add));
    layer->energy.op_cost = (double)pj_twin_dim(in, 1) * (double)window * add;
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
        int64_t count = pj_twin_is_input(layer->edge[k].from) ? 1 : pj_twin_elements(layer->edge[k].from);
        inputs[k] = layer->edge[k].number;
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
    layer->result = layer->edge[0].number;
    switch (layer->kind) {
    case PJ_TWIN_CONV2D:
    case PJ_TWIN_DEPTHWISE:
    case PJ_TWIN_CONV1D:
    case PJ_TWIN_CONV_TRANSPOSE:
    case PJ_TWIN_DENSE:
        return price_kernel(q, layer);
    case PJ_TWIN_BATCHNORM:
        return price_batchnorm(q, layer);
    case PJ_TWIN_POOL:
    case PJ_TWIN_POOL_GLOBAL:
        return price_pool(q, layer);
    case PJ_TWIN_ADD:
    case PJ_TWIN_MERGE:
        return price_merge(q, layer);
    case PJ_TWIN_ACTIVATION:
        layer->result = pj_precision_declared(q->precision, layer->node->out[0]).number;
        break;
    case PJ_TWIN_QUANTIZER:
        layer->result = q->precision->quantized[layer->node->out[0]->index]->format.number;
        break;
    case PJ_TWIN_NONE:
    case PJ_TWIN_REMOVED:
    case PJ_TWIN_ABSORBED:
    case PJ_TWIN_RELU:
    case PJ_TWIN_MAX_POOL:
    case PJ_TWIN_PASS:
        break;
    }
    return PJ_OK;
}

/* "%.2f", read back. */
static double rounded(double pj)
{
    char text[400];
    snprintf(text, sizeof text, "%.2f", pj);
    return strtod(text, NULL);
}

/* Parts of a layer that extract_energy_sum adds, by class; what QTools has no class for counts as any other. */
static double profile_total(const qlayer *layer)
{
    const pj_energy *e = &layer->energy;
    bool is_float = layer->edges > 0 && layer->edge[0].number.kind == PJ_FLOAT;
    switch (layer->kind) {
    case PJ_TWIN_RELU: /* on floats, and with a quantizer, an Activation; else a ReLU layer */
        if (!is_float && !layer->is_quantized)
            break;
        return rounded(e->outputs);
    case PJ_TWIN_ACTIVATION:
    case PJ_TWIN_QUANTIZER:
        return rounded(e->outputs);
    case PJ_TWIN_BATCHNORM:
        return rounded(e->parameters);
    case PJ_TWIN_ADD:
    case PJ_TWIN_MAX_POOL:
        return rounded(e->op_cost);
    case PJ_TWIN_NONE:
    case PJ_TWIN_REMOVED:
    case PJ_TWIN_ABSORBED:
    case PJ_TWIN_CONV2D:
    case PJ_TWIN_DEPTHWISE:
    case PJ_TWIN_CONV1D:
    case PJ_TWIN_CONV_TRANSPOSE:
    case PJ_TWIN_DENSE:
    case PJ_TWIN_PASS:
    case PJ_TWIN_POOL:
    case PJ_TWIN_POOL_GLOBAL:
    case PJ_TWIN_MERGE:
        break;
    }
    return rounded(e->inputs) + rounded(e->parameters) + rounded(e->op_cost);
}

/* The plan of the node, or of the Add that is its bias. */
static const pj_plan_formats *plan_of(const qtools *q, const pj_node *node)
{
    static const pj_plan_formats nothing;
    const pj_node *add = q->twins.add_of[node->out[0]->index];
    const pj_plan_formats *plan = pj_precision_node(q->precision, node)->plan;
    if (!plan && add)
        plan = pj_precision_node(q->precision, add)->plan;
    return plan ? plan : &nothing;
}

static pj_status price_twin(qtools *q, qlayer *layer)
{
    const pj_node *quantizer = pj_twins_quantizer(&q->twins, layer->node);
    layer->plan = plan_of(q, layer->node);
    layer->out = pj_twins_result(&q->twins, layer->node);
    find_edges(q, layer);
    PJ_TRY(price_arithmetic(q, layer));
    layer->is_quantized = quantizer || is_planned(&layer->plan->output);
    if (is_planned(&layer->plan->output))
        layer->result = layer->plan->output.number;
    else if (quantizer)
        layer->result = q->precision->quantized[quantizer->out[0]->index]->format.number;
    PJ_TRY(price_traffic(q, layer));
    q->number[layer->out->index] = layer->result;
    return PJ_OK;
}

/* QTools has no number: our own rule, and a finding. */
static pj_status price_other(const qtools *q, size_t i, const char *why, pj_diags *diags)
{
    pj_layer *row = &q->layers->row[i];
    pj_error own = {0};
    if (row->free || !row->counted)
        return PJ_OK;
    pj_status status = pj_price_layer(q->own, i, row, &own);
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
    qlayer layer = {.kind = PJ_TWIN_NONE, .energy = row->energy};
    q->layers->qtools_sum += profile_total(&layer);
    return status;
}

/* The row shows the formats that were priced. */
static pj_status show_formats(const qtools *q, size_t i, const qlayer *layer)
{
    pj_layer_formats formats = *q->layers->detail[i].formats;
    formats.input.number = layer->edge[0].number;
    formats.output.number = layer->result;
    if (layer->kind >= PJ_TWIN_CONV2D && layer->kind <= PJ_TWIN_DENSE) {
        formats.weight.number = layer->weight;
        formats.accumulator.number = layer->sum;
        formats.multiplier = layer->multiplier;
    }
    return pj_layer_describe(q->layers, i, &formats, q->err);
}

static pj_status price_row(qtools *q, size_t i, pj_diags *diags)
{
    pj_layer *row = &q->layers->row[i];
    qlayer layer = {.node = q->layers->detail[i].node};
    const pj_twin_node *twin = &q->twins.node[layer.node->id];
    pj_error why = {0}, *err = q->err;
    layer.kind = twin->kind;
    if (layer.kind == PJ_TWIN_REMOVED || layer.kind == PJ_TWIN_ABSORBED) {
        if (twin->head)
            row->folded_into = twin->head->label;
        return PJ_OK;
    }
    if (layer.kind == PJ_TWIN_NONE)
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
    row->folded_into = NULL;
    q->layers->qtools_sum += profile_total(&layer);
    return show_formats(q, i, &layer);
}

pj_status pj_price_qtools(pj_pricing *pricing, pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err)
{
    const pj_precision *precision = pricing->traffic->precision;
    qtools q = {
        .precision = precision, .memory = pricing->traffic->memory, .own = pricing, .err = err, .layers = layers};
    q.number = PJ_NEW(arena, pj_number, precision->count);
    PJ_TRY(pj_got(q.number, err));
    PJ_TRY(pj_twins_find(precision, arena, &q.twins, err));
    for (int v = 0; v < precision->count; v++)
        q.number[v] = precision->stored[v].number;
    layers->has_qtools = true;
    layers->qtools_sum = 0;
    for (size_t i = 0; i < layers->count; i++)
        PJ_TRY(price_row(&q, i, diags));
    return PJ_OK;
}
