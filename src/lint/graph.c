/* What exporters leave in a graph: nodes that do nothing, cancel out, or could be part of others. */
#include "lint/lint.h"
#include "quant/scale.h"

/* Can a factor and an offset per channel become part of its weights and bias? Not of weights of one or two bits. */
static bool can_scale_weights(const pj_linter *linter, const pj_node *node)
{
    bool fits = pj_lint_is(node, "Conv") || pj_lint_is(node, "ConvTranspose") || pj_lint_is(node, "Gemm");
    int w = fits && node->desc ? pj_lint_weight(node) : -1;
    const pj_quantized *quantized = w >= 0 ? linter->precision->quantized[node->in[w]->index] : NULL;
    return w >= 0 && (!quantized || quantized->format.number.bits > 2);
}

static bool is_constant(const pj_node *node, int from)
{
    for (int i = from; i < node->inputs; i++)
        if (node->in[i] && !node->in[i]->is_constant)
            return false;
    return true;
}

static bool check_batchnorm(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        if (!pj_lint_is(node, "BatchNormalization") || node->inputs < 5 || pj_node_int(node, "training_mode", 0) ||
            !is_constant(node, 1))
            continue;
        const pj_node *layer = pj_lint_sole_maker(node, 0);
        pj_num channels = node->in[1] && node->in[1]->type.rank == 1 ? node->in[1]->type.dims[0] : pj_num_of(0);
        if (!layer || !can_scale_weights(linter, layer))
            continue;
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         "scales the %" PRId64 " channels of '%.200s' (%s), whose weights and bias could hold that",
                         pj_num_known(channels) ? channels.whole : 0, layer->label, layer->op))
            return false;
    }
    return true;
}

static int mantissa(pj_dtype dtype)
{
    return dtype == PJ_FLOAT64    ? 53
           : dtype == PJ_FLOAT32  ? 24
           : dtype == PJ_FLOAT16  ? 11
           : dtype == PJ_BFLOAT16 ? 8
                                  : 0;
}

/* Can `to` hold every number of `from`? */
static bool holds(pj_dtype from, pj_dtype to)
{
    int least = pj_dtype_bits(from) - (pj_dtype_is_signed(from) ? 1 : 0);
    if (from == to)
        return true;
    if (from == PJ_BOOL)
        return pj_dtype_is_integer(to) || mantissa(to) > 0;
    if (pj_dtype_is_integer(from) && pj_dtype_is_integer(to))
        return pj_dtype_is_signed(to) ? pj_dtype_bits(to) - 1 >= least
                                      : !pj_dtype_is_signed(from) && pj_dtype_bits(to) >= least;
    if (pj_dtype_is_integer(from))
        return mantissa(to) >= least;
    /* fp16 has fewer exponents than bfloat16, which has fewer digits */
    return mantissa(from) > 0 && (to == PJ_FLOAT64 || to == PJ_FLOAT32) && mantissa(to) > mantissa(from);
}

/* The Cast in front of another one, both in the run and with all types known; NULL: there is none. */
static const pj_node *cast_in_front(const pj_node *node)
{
    const pj_node *first = pj_lint_is(node, "Cast") && node->inputs > 0 && node->in[0] ? node->in[0]->producer : NULL;
    bool is_pair = first && first->graph == node->graph && pj_lint_is(first, "Cast") && pj_lint_runs(first) &&
                   first->inputs > 0 && first->in[0] && node->outputs > 0 && node->out[0];
    return is_pair && first->in[0]->type.dtype != PJ_UNDEFINED && node->in[0]->type.dtype != PJ_UNDEFINED &&
                   node->out[0]->type.dtype != PJ_UNDEFINED
               ? first
               : NULL;
}

static bool tell_casts(pj_linter *linter, const pj_node *first, const pj_node *node, bool loses)
{
    pj_dtype from = first->in[0]->type.dtype, to = node->out[0]->type.dtype;
    bool is_sole = pj_lint_sole_maker(node, 0) != NULL;
    double one = is_sole ? pj_lint_energy(linter, first) : 0;
    double two = from == to ? pj_lint_energy(linter, node) : 0;
    if (!is_sole && from != to)
        return true; /* both stay: others want what the first one makes */
    return pj_lint_add(linter, node, one < 0 || two < 0 ? -1 : one + two,
                       "turns %s into %s after '%.200s', which made it of %s: %s",
                       pj_dtype_word(node->in[0]->type.dtype), pj_dtype_word(to), first->label, pj_dtype_word(from),
                       loses        ? "digits are lost on the way"
                       : from == to ? "both together do nothing"
                                    : "one Cast would do");
}

static bool check_casts(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n], *first = cast_in_front(node);
        if (!first)
            continue;
        pj_dtype a = first->in[0]->type.dtype, b = node->in[0]->type.dtype, c = node->out[0]->type.dtype;
        bool loses = !holds(a, b);
        bool on_purpose = loses && !(mantissa(a) && mantissa(b) && mantissa(c) > mantissa(b));
        if (a != b && b != c && !on_purpose && !tell_casts(linter, first, node, loses))
            return false;
    }
    return true;
}

/* Axis `i` of the result is axis axis_of(...) of the input; -1: not known. */
static int64_t axis_of(const pj_node *node, int64_t i, int rank)
{
    const pj_attr *perm = pj_node_attr(node, "perm");
    if (!perm)
        return rank - 1 - i;
    return perm->kind == PJ_ATTR_INTS && perm->count == rank && perm->ints[i] >= 0 && perm->ints[i] < rank
               ? perm->ints[i]
               : -1;
}

/* Do both transpositions together leave every axis in its place? `first` NULL: the second alone. */
static bool cancel(const pj_node *first, const pj_node *second, int rank)
{
    for (int k = 0; k < rank; k++) {
        int64_t axis = axis_of(second, k, rank);
        if (axis < 0 || (first && (axis = axis_of(first, axis, rank)) < 0) || axis != k)
            return false;
    }
    return rank >= 0;
}

/* What treats every number alike, wherever it stands: a transposition may move past it. */
static bool is_elementwise(const pj_linter *linter, const pj_node *node)
{
    static const char *const ops[] = {"Relu", "Clip", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "HardSwish",
                                      "Cast", "Abs",  "Neg",     "Sqrt", "Exp",       "Identity",    "Elu"};
    double scale;
    pj_quantizer kind = pj_lint_quantizer(linter, node);
    if (kind != PJ_NO_QUANTIZER)
        return node->inputs > 1 && pj_lint_scalar(node->in[1], &scale);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (pj_lint_is(node, ops[i]))
            return node->inputs > 0 && node->in[0];
    return false;
}

/* The Transpose in front, past a few elementwise operators, which are counted. */
static const pj_node *transpose_in_front(const pj_linter *linter, const pj_node *node, int *passed)
{
    enum { MOST_PASSED = 8 };
    const pj_node *maker = pj_lint_sole_maker(node, 0);
    for (*passed = 0; maker && *passed <= MOST_PASSED; ++*passed) {
        if (pj_lint_is(maker, "Transpose"))
            return maker->inputs > 0 && maker->in[0] ? maker : NULL;
        maker = is_elementwise(linter, maker) ? pj_lint_sole_maker(maker, 0) : NULL;
    }
    return NULL;
}

static bool check_transposes(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        int passed;
        if (!pj_lint_is(node, "Transpose") || !pj_lint_runs(node) || node->inputs < 1 || !node->in[0])
            continue;
        const pj_node *first = transpose_in_front(linter, node, &passed);
        int rank = node->in[0]->type.rank;
        if (!first || first->in[0]->type.rank != rank || (passed && !cancel(first, node, rank)))
            continue;
        bool both = cancel(first, node, rank);
        double one = pj_lint_energy(linter, first), two = both ? pj_lint_energy(linter, node) : 0;
        if (!pj_lint_add(linter, node, one < 0 || two < 0 ? -1 : one + two,
                         both ? "undoes '%.200s' (Transpose)%s"
                              : "stands right after '%.200s' (Transpose): one would do%s",
                         first->label, passed ? ", and between them each number is treated alike" : ""))
            return false;
    }
    return true;
}

/* Input `other` of the node is the one number that changes nothing, and the result is like the remaining input. */
static bool is_neutral(const pj_node *node, int other, double neutral)
{
    double number;
    const pj_value *in = node->inputs == 2 ? node->in[1 - other] : NULL;
    return in && node->out[0] && pj_lint_scalar(node->in[other], &number) && number == neutral &&
           in->type.dtype == node->out[0]->type.dtype && in->type.rank >= 0 && node->in[other]->type.rank >= 0 &&
           node->in[other]->type.rank <= in->type.rank;
}

static bool is_idle_arithmetic(const pj_node *node)
{
    return (pj_lint_is(node, "Add") && (is_neutral(node, 1, 0) || is_neutral(node, 0, 0))) ||
           (pj_lint_is(node, "Mul") && (is_neutral(node, 1, 1) || is_neutral(node, 0, 1))) ||
           (pj_lint_is(node, "Sub") && is_neutral(node, 1, 0)) || (pj_lint_is(node, "Div") && is_neutral(node, 1, 1)) ||
           (pj_lint_is(node, "Pow") && is_neutral(node, 1, 1));
}

/* Dropout whose mask nobody reads, and that is not told to train. */
static bool is_idle_dropout(const pj_node *node)
{
    double training = 0;
    bool told = node->inputs > 2 && node->in[2];
    if (!pj_lint_is(node, "Dropout") || (node->outputs > 1 && node->out[1] && node->out[1]->uses))
        return false;
    if (node->opset < 7 && !pj_node_int(node, "is_test", 0))
        return false;
    return !told || (pj_lint_scalar(node->in[2], &training) && training == 0);
}

static bool is_idle_pad(const pj_node *node)
{
    const pj_attr *attr = pj_node_attr(node, "pads");
    const pj_value *pads = node->inputs > 1 ? node->in[1] : NULL;
    bool idle = false;
    if (!pj_lint_is(node, "Pad"))
        return false;
    if (attr && attr->kind == PJ_ATTR_INTS) {
        idle = true;
        for (int k = 0; k < attr->count; k++)
            idle = idle && attr->ints[k] == 0;
    } else if (pads && pads->is_constant && pads->data) {
        idle = true;
        for (int64_t k = 0; k < pads->data_count; k++)
            idle = idle && pj_num_is(pads->data[k], 0);
    }
    return idle;
}

static bool joins_one(const pj_node *node)
{
    return node->inputs == 1 && (pj_lint_is(node, "Concat") || pj_lint_is(node, "Sum") || pj_lint_is(node, "Max") ||
                                 pj_lint_is(node, "Min") || pj_lint_is(node, "Mean"));
}

/* Nothing below zero comes in: from another Relu, or from numbers whose zero point is the least one. */
static bool is_idle_relu(const pj_linter *linter, const pj_node *node)
{
    int64_t zero;
    const pj_node *maker = pj_lint_is(node, "Relu") ? pj_lint_maker(linter, node, 0) : NULL;
    if (!maker)
        return false;
    if (pj_lint_is(maker, "Relu"))
        return true;
    if (pj_lint_quantizer(linter, maker) != PJ_DEQUANTIZE || maker->inputs < 3 || !pj_constant_whole(maker, 2, &zero))
        return false;
    pj_dtype dtype = maker->in[2]->type.dtype;
    return pj_dtype_is_integer(dtype) && pj_dtype_bits(dtype) <= 16 &&
           zero == (pj_dtype_is_signed(dtype) ? -((int64_t)1 << (pj_dtype_bits(dtype) - 1)) : 0);
}

/* An Identity that gives an input, a constant or another output a second name is wanted. */
static bool is_idle_identity(const pj_node *node)
{
    const pj_value *in = node->in[0];
    return pj_lint_is(node, "Identity") &&
           !(node->out[0]->is_output && (!in->producer || in->uses > 1 || in->is_output));
}

/* Why a node does nothing; NULL: it does something. */
static const char *idle_because(const pj_linter *linter, const pj_node *node)
{
    const pj_value *in = node->inputs > 0 ? node->in[0] : NULL, *out = node->outputs > 0 ? node->out[0] : NULL;
    if (!in || !out)
        return NULL;
    if (is_idle_identity(node))
        return "it hands on what it reads";
    if (is_idle_dropout(node))
        return "in inference it hands on what it reads";
    if (is_idle_arithmetic(node))
        return "its constant changes no number";
    if (pj_lint_is(node, "Cast") && in->type.dtype == out->type.dtype && in->type.dtype != PJ_UNDEFINED)
        return "its input has that type already";
    if (pj_lint_is(node, "Transpose") && in->type.rank >= 0 && cancel(NULL, node, in->type.rank))
        return "every axis stays in its place";
    if (joins_one(node))
        return "there is but one tensor";
    if (is_idle_pad(node))
        return "all pads are 0";
    if (is_idle_relu(linter, node))
        return "nothing below 0 reaches it";
    return NULL;
}

static bool check_idle(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        const char *why = pj_lint_runs(node) ? idle_because(linter, node) : NULL;
        if (why && !pj_lint_add(linter, node, pj_lint_energy(linter, node), "%s does nothing: %s", node->op, why))
            return false;
    }
    return true;
}

static bool is_dead(const pj_node *node, const int *readers, bool *direct)
{
    bool outputs = false;
    *direct = true;
    for (int o = 0; o < node->outputs; o++) {
        if (!node->out[o])
            continue;
        outputs = true;
        *direct = *direct && node->out[o]->uses == 0;
        if (readers[node->out[o]->index] > 0)
            return false;
    }
    return outputs;
}

static const char *first_output(const pj_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            return node->out[o]->name;
    return "";
}

/* From the end: a node is dead when all that read its outputs are. */
static bool check_dead(pj_linter *linter)
{
    int *readers = PJ_NEW(linter->scratch, int, linter->model->values);
    bool *dead = PJ_NEW(linter->scratch, bool, linter->nodes), direct;
    if (!readers || !dead)
        return false;
    for (int v = 0; v < linter->model->values; v++)
        readers[v] = linter->model->value[v]->uses;
    for (int n = linter->nodes; n-- > 0;) {
        const pj_node *node = linter->node[n];
        dead[n] = is_dead(node, readers, &direct);
        for (int i = 0; i < node->inputs && dead[n]; i++)
            if (node->in[i])
                readers[node->in[i]->index]--;
    }
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        if (!dead[n] || !pj_lint_runs(node))
            continue;
        is_dead(node, readers, &direct);
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         direct ? "nobody reads its output '%.200s'"
                                : "its output '%.200s' is read only by nodes that nobody reads",
                         first_output(node)))
            return false;
    }
    return true;
}

static bool check_initializers(pj_linter *linter)
{
    const pj_graph *graph = linter->model->graph;
    for (int i = 0; i < graph->initializers; i++) {
        const pj_value *value = graph->initializer[i];
        const pj_tensor *tensor = value->tensor;
        if (value->uses || value->is_output)
            continue;
        double bytes = (double)tensor->count * pj_dtype_bits(tensor->dtype) / 8;
        if (!pj_lint_add(linter, NULL, -1,
                         "nobody reads the initializer '%.200s': %" PRId64 " elements of %s, %.0f bytes", value->name,
                         tensor->count, pj_dtype_word(tensor->dtype), bytes))
            return false;
    }
    return true;
}

/* Quantizers of constants, and what moves their results, are there for the runtime to see. */
static bool is_foldable(const pj_linter *linter, const pj_node *node)
{
    if (!node->desc || node->inputs < 1 || node->desc->traits & PJ_VIEW)
        return false;
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && (!node->out[o]->is_constant || linter->precision->quantized[node->out[o]->index]))
            return false;
    return node->outputs > 0 && pj_lint_quantizer(linter, node) == PJ_NO_QUANTIZER;
}

static bool check_constants(pj_linter *linter)
{
    const pj_node *first = NULL, *last = NULL;
    int count = 0;
    for (int n = 0; n < linter->nodes; n++)
        if (is_foldable(linter, linter->node[n])) {
            first = first ? first : linter->node[n];
            last = linter->node[n];
            count++;
        }
    if (count == 1)
        return pj_lint_add(linter, first, -1, "makes a constant out of constants");
    return !count || pj_lint_add(linter, first, -1, "%d nodes up to '%.200s' make constants out of constants", count,
                                 last->label);
}

static bool check_double(pj_linter *linter)
{
    const pj_node *first = NULL;
    int count = 0;
    double energy = 0;
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        const pj_layer *layer = pj_lint_layer(linter, node);
        const pj_format *operand = &pj_lint_detail(linter, node)->formats->operand;
        if (!layer->counted || layer->free || layer->flops <= 0 || !pj_lint_is_float(operand) ||
            operand->from != PJ_FROM_DECLARED || operand->number.bits < 64)
            continue;
        first = first ? first : node;
        energy += pj_energy_total(&layer->energy);
        count++;
    }
    return !count || pj_lint_add(linter, first, energy, "%d layer%s from here on compute%s on fp64", count,
                                 count == 1 ? "" : "s", count == 1 ? "s" : "");
}

/* clang-format off */
/*  code, severity, summary, example, remedy, check */
static const pj_lint_row rows[] = {
    {{"unfused-batchnorm", "warning", "BatchNormalization after a layer that could hold it",
      "Conv -> BatchNormalization, and nobody else reads the result of Conv: factor and offset of each channel can be\n"
      "multiplied into weights and bias. Weights of one or two bits cannot hold a factor and are no finding.",
      "Fold it before quantizing: export in evaluation mode, or run the optimizer of the runtime on the float model."},
     check_batchnorm},
    {{"cast-chain", "warning", "a Cast right after another one",
      "Cast (float16) -> Cast (float32): the first one loses digits that the second does not bring back; or int32 ->\n"
      "int64 -> float32, where one would do. Casts that cut on purpose (float to integer and back) are no finding.",
      "Cast once, to the last type; where a converter to fp16 left the pair, let both neighbours work in fp16."},
     check_casts},
    {{"transpose-pair", "warning", "a Transpose that undoes another one",
      "Transpose (0,2,3,1) -> Relu -> Transpose (0,3,1,2): what is between treats each number alike, so both can go.\n"
      "Two in a row that do not cancel can be one.",
      "Remove both, or join them; converters between channels-first and channels-last leave them."},
     check_transposes},
    {{"no-op", "note", "a node that changes nothing",
      "Dropout in inference, Identity, Cast to the same type, Add of 0, Mul by 1, Pad by 0, Concat of one tensor, a\n"
      "Transpose that leaves the axes in place, Relu after Relu.",
      "Remove it: most runtimes do, but until then it hides patterns from quantizers and fusions."},
     check_idle},
    {{"dead-node", "warning", "a node whose results nobody reads",
      "A Shape or a head of a multi-task network that was cut off: it still runs where no optimizer removes it, and\n"
      "it is in the totals here.",
      "Remove it, or name its result as an output of the model."},
     check_dead},
    {{"unused-initializer", "note", "stored numbers that nobody reads",
      "Weights of a layer that was removed: they take room in the file and in memory.",
      "Remove them from the file."},
     check_initializers},
    {{"foldable-constants", "note", "nodes that give the same result in each run",
      "Transpose of a weight, Sqrt of a constant: they are counted as done before the run, but a runtime without\n"
      "constant folding does them each time. One finding names the first of them.",
      "Fold constants when exporting."},
     check_constants},
    {{"double-precision", "warning", "layers that compute on fp64",
      "float64 from NumPy's default types: twice the bits of fp32, and a fraction of the speed on most devices. One\n"
      "finding names the first of them.",
      "Export in float32."},
     check_double},
};
/* clang-format on */

const pj_lint_family pj_lint_graph = {rows, sizeof rows / sizeof *rows};
