/* Where floats are left in a quantized model: layers, borders, converters that no layer needs. */
#include "lint/lint.h"

/* Float-between-quantized: islands of float layers */
enum { OPS_NAMED = 4 };

/* Neighbouring float layers with quantized ones before and after. */
typedef struct island {
    const pj_node *first, *last;
    const pj_node *op[OPS_NAMED]; /* a node of each operator */
    int ops;
    int layers;      /* that cost something */
    int dequantizes; /* that run for them */
    double energy;   /* of all; -1: one is not counted */
} island;

typedef struct islands {
    const pj_linter *linter;
    bool *from; /* by value: floats that were quantized numbers */
    bool *to;   /* by value: floats that become quantized numbers */
    int *root;  /* by id of a node: another one of its island, or itself; -1: in none */
    island *of; /* by id of a node: of roots */
} islands;

static bool is_float_value(const pj_value *value)
{
    return value && pj_dtype_is_float(value->type.dtype);
}

/* A layer that computes on floats in the run. */
static bool is_float_node(const islands *all, const pj_node *node)
{
    return !pj_lint_takes_integers(all->linter, node) && pj_lint_quantizer(all->linter, node) == PJ_NO_QUANTIZER &&
           pj_lint_runs(node) && node->outputs > 0;
}

static bool reads_any(const pj_node *node, const bool *flag)
{
    for (int i = 0; i < node->inputs; i++)
        if (pj_precision_is_data(node, i) && is_float_value(node->in[i]) && flag[node->in[i]->index])
            return true;
    return false;
}

static bool writes_any(const pj_node *node, const bool *flag)
{
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && flag[node->out[o]->index])
            return true;
    return false;
}

static void flow_forward(islands *all, const pj_node *node)
{
    pj_quantizer kind = pj_lint_quantizer(all->linter, node);
    bool from = kind == PJ_FAKE_QUANTIZE || (kind == PJ_DEQUANTIZE && pj_lint_converts(all->linter, node)) ||
                (kind == PJ_NO_QUANTIZER && pj_lint_takes_integers(all->linter, node)) ||
                (is_float_node(all, node) && reads_any(node, all->from));
    for (int o = 0; o < node->outputs && from && pj_lint_runs(node); o++)
        if (is_float_value(node->out[o]) && !node->out[o]->is_constant)
            all->from[node->out[o]->index] = true;
}

static void flow_back(islands *all, const pj_node *node)
{
    pj_quantizer kind = pj_lint_quantizer(all->linter, node);
    bool to = ((kind == PJ_QUANTIZE || kind == PJ_FAKE_QUANTIZE) && pj_lint_runs(node)) ||
              (is_float_node(all, node) && writes_any(node, all->to));
    for (int i = 0; i < node->inputs && to; i++)
        if (pj_precision_is_data(node, i) && is_float_value(node->in[i]) && !node->in[i]->is_constant)
            all->to[node->in[i]->index] = true;
}

static int find_root(islands *all, int node)
{
    while (all->root[node] != node)
        node = all->root[node] = all->root[all->root[node]];
    return node;
}

/* Layers that hand floats to each other are of one island; its root is the first of them. */
static void join_islands(islands *all, const pj_node *node)
{
    if (!is_float_node(all, node) || !reads_any(node, all->from) || !writes_any(node, all->to))
        return;
    all->root[node->id] = node->id;
    for (int i = 0; i < node->inputs; i++) {
        const pj_node *maker = is_float_value(node->in[i]) ? node->in[i]->producer : NULL;
        if (!maker || all->root[maker->id] < 0)
            continue;
        int a = find_root(all, maker->id), b = find_root(all, node->id);
        all->root[a > b ? a : b] = a < b ? a : b;
    }
}

static void add_energy(island *to, double energy)
{
    to->energy = energy < 0 || to->energy < 0 ? -1 : to->energy + energy;
}

static void name_op(island *to, const pj_node *node)
{
    for (int k = 0; k < to->ops && k < OPS_NAMED; k++)
        if (strcmp(to->op[k]->op, node->op) == 0)
            return;
    if (to->ops < OPS_NAMED)
        to->op[to->ops] = node;
    to->ops++;
}

/* A layer adds itself to its island, a DequantizeLinear to that of its first reader. */
static void add_to_island(islands *all, const pj_node *node)
{
    bool back = pj_lint_quantizer(all->linter, node) == PJ_DEQUANTIZE && pj_lint_converts(all->linter, node);
    const pj_node *member = back ? all->linter->consumer[node->out[0]->index] : node;
    if (!member || all->root[member->id] < 0)
        return;
    island *to = &all->of[find_root(all, member->id)];
    const pj_layer *layer = pj_lint_layer(all->linter, node);
    if (layer->free)
        return;
    add_energy(to, pj_lint_energy(all->linter, node));
    to->dequantizes += back;
    if (back)
        return;
    to->first = to->first ? to->first : node;
    to->last = node;
    to->layers++;
    name_op(to, node);
}

static bool tell_island(pj_linter *linter, const island *one)
{
    char ops[200] = "", converters[64] = "";
    size_t used = 0;
    for (int k = 0; k < one->ops && k < OPS_NAMED && used < sizeof ops; k++)
        used += (size_t)snprintf(ops + used, sizeof ops - used, "%s%.40s", k ? ", " : "", one->op[k]->op);
    if (one->dequantizes)
        snprintf(converters, sizeof converters, "; %d DequantizeLinear run%s for %s", one->dequantizes,
                 one->dequantizes == 1 ? "s" : "", one->layers == 1 ? "it" : "them");
    if (one->layers == 1)
        return pj_lint_add(linter, one->first, one->energy, "%s runs on floats between quantized layers%s", ops,
                           converters);
    return pj_lint_add(linter, one->first, one->energy,
                       "%d layers up to '%.200s' run on floats between quantized ones (%s%s)%s", one->layers,
                       one->last->label, ops, one->ops > OPS_NAMED ? ", ..." : "", converters);
}

static bool check_islands(pj_linter *linter)
{
    islands all = {linter, NULL, NULL, NULL, NULL};
    if (!linter->is_static)
        return true;
    all.from = PJ_NEW(linter->scratch, bool, linter->model->values);
    all.to = PJ_NEW(linter->scratch, bool, linter->model->values);
    all.root = PJ_NEW(linter->scratch, int, linter->model->nodes);
    all.of = PJ_NEW(linter->scratch, island, linter->model->nodes);
    if (!all.from || !all.to || !all.root || !all.of)
        return false;
    for (int n = 0; n < linter->model->nodes; n++)
        all.root[n] = -1;
    for (int n = 0; n < linter->nodes; n++)
        flow_forward(&all, linter->node[n]);
    for (int n = linter->nodes; n-- > 0;)
        flow_back(&all, linter->node[n]);
    for (int n = 0; n < linter->nodes; n++)
        join_islands(&all, linter->node[n]);
    for (int n = 0; n < linter->nodes; n++)
        add_to_island(&all, linter->node[n]);
    for (int n = 0; n < linter->nodes; n++) {
        const island *one = &all.of[linter->node[n]->id];
        if (one->layers && !tell_island(linter, one))
            return false;
    }
    return true;
}

static bool feeds_integers(const pj_linter *linter, const pj_value *value)
{
    for (int r = linter->first[value->index]; r < linter->first[value->index + 1]; r++)
        if (pj_lint_takes_integers(linter, linter->reader[r].node))
            return true;
    return false;
}

static bool check_dequantize(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        if (pj_lint_quantizer(linter, node) != PJ_DEQUANTIZE || !pj_lint_converts(linter, node))
            continue;
        const pj_node *reader = linter->consumer[node->out[0]->index];
        pj_format integers = pj_precision_of(linter->precision, node->in[0]);
        char word[PJ_LINT_WORD];
        if (!reader || feeds_integers(linter, node->out[0]))
            continue;
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         "no operator computes on its %s numbers: '%.200s' (%.40s) reads them as floats",
                         pj_lint_word(linter, &integers, word), reader->label, reader->op))
            return false;
    }
    return true;
}

/* A layer with weights: their input, and how they and the activations are read. false: none, or its work is unknown. */
static bool has_weights(const pj_linter *linter, const pj_node *node, int *at, pj_format *weight, pj_format *input)
{
    if (!node->desc || pj_lint_layer(linter, node)->macs <= 0)
        return false;
    *at = pj_lint_weight(node);
    if (*at < 0)
        return false;
    *weight = pj_lint_detail(linter, node)->formats->weight;
    *input = pj_lint_detail(linter, node)->formats->input;
    return weight->from != PJ_FROM_NOTHING && input->from != PJ_FROM_NOTHING;
}

static double share_of_macs(const pj_linter *linter, const pj_node *node)
{
    return 100 * (double)pj_lint_layer(linter, node)->macs / (double)linter->macs;
}

static bool check_unquantized(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes && linter->has_integers; n++) {
        const pj_node *node = linter->node[n];
        pj_format weight, input;
        int at;
        char word[PJ_LINT_WORD];
        if (!has_weights(linter, node, &at, &weight, &input) || !pj_lint_is_float(&weight))
            continue;
        bool half = node->in[0] && linter->precision->quantized[node->in[0]->index];
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         "runs on floats in a quantized model: its weights '%.200s' are %s%s; it has %" PRId64
                         " MACs, %.1f %% of all",
                         node->in[at]->name, pj_lint_word(linter, &weight, word),
                         half ? ", though its input is quantized" : "", pj_lint_layer(linter, node)->macs,
                         share_of_macs(linter, node)))
            return false;
    }
    return true;
}

/* A quantizer that writes more bits than any integer operator takes. */
static bool check_wide_quantizer(pj_linter *linter, const pj_node *node)
{
    pj_quantizer kind = pj_lint_quantizer(linter, node);
    char word[PJ_LINT_WORD];
    if ((kind != PJ_QUANTIZE && kind != PJ_FAKE_QUANTIZE) || !pj_lint_runs(node) || node->out[0]->is_constant)
        return true;
    const pj_quantized *quantized = linter->precision->quantized[node->out[0]->index];
    if (!quantized || quantized->format.from == PJ_FROM_ASSUMED ||
        quantized->format.number.bits <= PJ_MOST_INTEGER_BITS)
        return true;
    return pj_lint_add(linter, node, pj_lint_energy(linter, node),
                       "quantizes '%.200s' to %s: layers that read it compute on floats", node->in[0]->name,
                       pj_lint_word(linter, &quantized->format, word));
}

static bool check_wide(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes && linter->is_static; n++) {
        const pj_node *node = linter->node[n];
        pj_format weight, input;
        int at;
        char word[PJ_LINT_WORD], wide[PJ_LINT_WORD];
        if (!check_wide_quantizer(linter, node))
            return false;
        if (!has_weights(linter, node, &at, &weight, &input) || pj_lint_is_float(&weight) || weight.number.bits > 8 ||
            !pj_lint_is_float(&input) || input.number.bits < 32)
            continue;
        pj_num read = pj_lint_detail(linter, node)->read[0];
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         "reads %" PRId64 " activations as %s, though its weights are %s: %" PRId64
                         " MACs, %.1f %% of all, run on floats",
                         pj_num_known(read) ? read.whole : 0, pj_lint_word(linter, &input, wide),
                         pj_lint_word(linter, &weight, word), pj_lint_layer(linter, node)->macs,
                         share_of_macs(linter, node)))
            return false;
    }
    return true;
}

static bool check_input(pj_linter *linter, const pj_value *in)
{
    const pj_node *reader = linter->consumer[in->index];
    if (!is_float_value(in) || in->is_constant || !reader)
        return true;
    pj_quantizer kind = pj_lint_quantizer(linter, reader);
    bool quantizes = kind == PJ_QUANTIZE || kind == PJ_FAKE_QUANTIZE;
    return pj_lint_add(linter, reader,
                       quantizes && pj_lint_converts(linter, reader) ? pj_lint_energy(linter, reader) : -1,
                       quantizes ? "the model's input '%.200s' is %s: it is quantized in each run"
                                 : "the model's input '%.200s' is %s, and its first layer runs on floats",
                       in->name, pj_dtype_word(in->type.dtype));
}

/* What a quantizer of QONNX writes are integers: floats are how that dialect spells them. */
static bool check_output(pj_linter *linter, const pj_value *out)
{
    const pj_node *maker = linter->maker[out->index];
    if (!is_float_value(out) || out->is_constant || !maker || pj_lint_quantizer(linter, maker) == PJ_FAKE_QUANTIZE)
        return true;
    bool back = pj_lint_quantizer(linter, maker) == PJ_DEQUANTIZE;
    return pj_lint_add(linter, maker, back && pj_lint_converts(linter, maker) ? pj_lint_energy(linter, maker) : -1,
                       back ? "the model's output '%.200s' is %s: its integers become floats in each run"
                            : "the model's output '%.200s' is %s, and its last layer writes floats",
                       out->name, pj_dtype_word(out->type.dtype));
}

static bool check_boundary(pj_linter *linter)
{
    for (int i = 0; i < linter->model->graph->inputs && linter->is_static; i++)
        if (!check_input(linter, linter->model->graph->in[i]))
            return false;
    for (int o = 0; o < linter->model->graph->outputs && linter->is_static; o++)
        if (!check_output(linter, linter->model->graph->out[o]))
            return false;
    return true;
}

/* clang-format off */
/*  code, severity, summary, example, remedy, check */
static const pj_lint_row rows[] = {
    {{"float-between-quantized", "warning", "float layers between quantized ones",
      "QuantizeLinear -> DequantizeLinear -> Sigmoid -> Mul -> QuantizeLinear -> DequantizeLinear -> Conv: Mul reads\n"
      "what nobody has quantized, so both layers run on floats, and every number is converted twice. Neighbouring\n"
      "layers are one finding; its node is the first of them.",
      "Put a QuantizeLinear and a DequantizeLinear after each of these layers, or let the exporter fuse them; where "
      "floats are wanted (Softmax, normalization), look at what the conversions cost."},
     check_islands},
    {{"unquantized-layer", "warning", "a layer with float weights in a quantized model",
      "A Conv with fp32 weights while the others are int8: left out of quantization on purpose, or because its weights\n"
      "have no quantizer. The finding says which share of the multiplications it has.",
      "Quantize weights and input of the layer; keep it on floats only where the accuracy needs it, and then in fp16."},
     check_unquantized},
    {{"wide-activations", "warning", "activations of 32 bits in a quantized model",
      "DequantizeLinear of int8 weights -> Conv <- fp32 activations while other layers are int8: small weights do not\n"
      "help the multiplier, which works on floats. Or a QuantizeLinear to int32.",
      "Quantize what the layer reads to 8 or 16 bits."},
     check_wide},
    {{"dequantize-unused", "note", "a DequantizeLinear after which nobody computes on integers",
      "... -> QuantizeLinear -> DequantizeLinear -> Softmax -> output: the numbers lose bits, and no operator is\n"
      "cheaper for it. A DequantizeLinear that makes the model's output is no finding here (float-boundary is).",
      "Remove the QuantizeLinear and this DequantizeLinear, or quantize the layer after it."},
     check_dequantize},
    {{"float-boundary", "note", "a quantized model whose input or output stays float",
      "input fp32[1,3,224,224] -> QuantizeLinear: four bytes a number cross the border, and the conversion runs on the\n"
      "device, often on a core without vector units.",
      "Quantize in front of the model and hand it integers: cut off the first QuantizeLinear and the last "
      "DequantizeLinear, and pass scale and zero point to the application."},
     check_boundary},
};
/* clang-format on */

const pj_lint_family pj_lint_placement = {rows, sizeof rows / sizeof *rows};
