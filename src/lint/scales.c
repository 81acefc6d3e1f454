/* Scales and zero points: those that cost accuracy, and those that cost work. */
#include "base/real.h"
#include "lint/lint.h"
#include "quant/scale.h"

static const pj_quantized *quantized_of(const pj_linter *linter, const pj_value *value)
{
    return value ? linter->precision->quantized[value->index] : NULL;
}

/* Elements of a scale; 0: not known. */
static int64_t scales_in(const pj_value *scale)
{
    pj_num count = pj_num_of(1);
    if (!scale || scale->type.rank < 0)
        return 0;
    for (int k = 0; k < scale->type.rank; k++)
        if (!pj_num_known(scale->type.dims[k]) || !pj_mul_i64(count.whole, scale->type.dims[k].whole, &count.whole))
            return 0;
    return count.whole;
}

/* The least number of a type of at most 16 bits; false: another type. */
static bool least_of(pj_dtype dtype, double *out)
{
    int bits = pj_dtype_bits(dtype);
    if (!pj_dtype_is_integer(dtype) || bits > 16)
        return false;
    *out = pj_dtype_is_signed(dtype) ? -ldexp(1, bits - 1) : 0;
    return true;
}

/* The one zero point of a QuantizeLinear or DequantizeLinear, and the least number of its type. */
static bool zero_of(const pj_node *node, double *zero, double *least)
{
    *zero = 0;
    return node->inputs > 2 && node->in[2] && pj_lint_scalar(node->in[2], zero) &&
           least_of(node->in[2]->type.dtype, least);
}

/* Relu, or Clip from 0 on: what comes out is not negative. */
static bool cuts_negative(const pj_node *node)
{
    double least;
    const pj_attr *min = pj_node_attr(node, "min");
    if (pj_lint_is(node, "Relu"))
        return true;
    if (!pj_lint_is(node, "Clip"))
        return false;
    if (min)
        return min->kind == PJ_ATTR_FLOAT && min->f == 0.0f;
    return node->inputs > 1 && pj_lint_scalar(node->in[1], &least) && least == 0;
}

static bool check_before_relu(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        const pj_node *back = cuts_negative(node) && pj_lint_runs(node) ? pj_lint_maker(linter, node, 0) : NULL;
        double zero, least;
        if (!back || pj_lint_quantizer(linter, back) != PJ_DEQUANTIZE || !zero_of(back, &zero, &least) || zero <= least)
            continue;
        if (!pj_lint_add(linter, node, pj_lint_energy(linter, node),
                         "what %s reads has been quantized ('%.200s') to %s with zero point %g: it stays a layer, and "
                         "numbers below %g are stored only to be cut off",
                         node->op, back->label, pj_dtype_word(back->in[2]->type.dtype), zero, zero))
            return false;
    }
    return true;
}

/* Signed types with zero point 0 are symmetric by convention; of unsigned ones that can only be an oversight. */
static bool check_after_relu(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        double zero, least;
        if (pj_lint_quantizer(linter, node) != PJ_QUANTIZE || !pj_lint_runs(node))
            continue;
        const pj_node *maker = pj_lint_maker(linter, node, 0);
        if (!maker || !cuts_negative(maker) || !zero_of(node, &zero, &least) || least < 0 || zero < 1)
            continue;
        double codes = ldexp(1, pj_dtype_bits(node->in[2]->type.dtype));
        if (!pj_lint_add(
                linter, node, -1,
                "after %s, zero point %g of %s leaves %g of %g numbers unused: %.1f of %d bits carry something",
                maker->op, zero, pj_dtype_word(node->in[2]->type.dtype), zero, codes, pj_log2(codes - zero),
                pj_dtype_bits(node->in[2]->type.dtype)))
            return false;
    }
    return true;
}

/* The scale of the weights at input `w`: of their quantizer, or the operator's own. */
static const pj_value *weight_scale(const pj_linter *linter, const pj_node *node, int w)
{
    const pj_quantized *quantized = quantized_of(linter, node->in[w]);
    if (quantized)
        return quantized->scale;
    return w + 1 < node->inputs && pj_node_role(node, w + 1) == 's' ? node->in[w + 1] : NULL;
}

/* Channels of a depthwise convolution, each with a filter of its own; 0: it is none. */
static int64_t depthwise_channels(const pj_node *node, const pj_type *weights)
{
    bool transposed = pj_lint_is(node, "ConvTranspose");
    int64_t group = pj_node_int(node, "group", 1);
    bool known = (transposed || pj_lint_is(node, "Conv") || pj_lint_is(node, "QLinearConv")) && weights->rank > 2 &&
                 pj_num_known(weights->dims[0]) && pj_num_known(weights->dims[1]);
    bool is_depthwise =
        known && group > 1 && (transposed ? weights->dims[0].whole == group : weights->dims[1].whole == 1);
    return is_depthwise ? group : 0;
}

static bool check_depthwise(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        int w = node->desc ? pj_lint_weight(node) : -1;
        int64_t channels = w >= 0 ? depthwise_channels(node, &node->in[w]->type) : 0;
        if (channels < 2 || scales_in(weight_scale(linter, node, w)) != 1)
            continue;
        if (!pj_lint_add(linter, node, -1,
                         "the filters of %" PRId64
                         " channels share one scale, that of the largest; a scale each takes %" PRId64
                         " numbers more and no arithmetic",
                         channels, channels - 1))
            return false;
    }
    return true;
}

/* The zero points of the weights at input `w`, or NULL. */
static const pj_value *weight_zero(const pj_linter *linter, const pj_node *node, int w)
{
    const pj_quantized *quantized = quantized_of(linter, node->in[w]);
    int at = pj_node_role(node, w + 1) == 's' && pj_node_role(node, w + 2) == 'z' ? w + 2
             : strcmp(node->desc->roles, "xwzz") == 0                             ? 3
                                                                                  : -1;
    if (quantized)
        return quantized->zero;
    return at >= 0 && at < node->inputs ? node->in[at] : NULL;
}

/* Outputs that share the sum of one window or row of inputs; 0: not known. */
static int64_t outputs_of(const pj_node *node, const pj_type *weights)
{
    bool is_conv = strstr(node->op, "Conv") != NULL && strcmp(node->op, "ConvTranspose") != 0;
    int axis = is_conv ? 0 : weights->rank - 1;
    if (weights->rank < 2 || !(is_conv || strstr(node->op, "MatMul")) || !pj_num_known(weights->dims[axis]))
        return 0;
    int64_t group = is_conv ? pj_node_int(node, "group", 1) : 1, outputs = weights->dims[axis].whole;
    return group > 0 ? outputs / group : 0;
}

/* Are the numbers unsigned around their middle? Then they are symmetric but for their type. */
static bool is_middle(const pj_value *zero)
{
    double least;
    int bits = pj_dtype_bits(zero->type.dtype);
    bool ok = least_of(zero->type.dtype, &least) && least == 0, known;
    for (int64_t k = 0; ok && k < zero->data_count; k++)
        ok = pj_num_as_real(zero->data[k], &known) == ldexp(1, bits - 1) && known;
    return ok;
}

static bool tell_asymmetric(pj_linter *linter, const pj_node *node, const pj_value *zero, const pj_type *weights)
{
    bool known;
    double first = pj_num_as_real(zero->data[0], &known);
    int64_t outputs = outputs_of(node, weights), macs = pj_lint_layer(linter, node)->macs;
    const char *much = zero->data_count > 1 ? " ..." : "";
    if (is_middle(zero))
        return pj_lint_add(linter, node, -1,
                           "its weights are %s with zero point %g%s, as good as symmetric: %g less, they are signed "
                           "with zero point 0",
                           pj_dtype_word(zero->type.dtype), first, much, first);
    if (outputs < 1 || macs < 1)
        return pj_lint_add(linter, node, -1, "its weights have zero point %g%s: inputs have to be summed up, too",
                           first, much);
    return pj_lint_add(linter, node, -1,
                       "its weights have zero point %g%s: inputs have to be summed up, too, %" PRId64
                       " additions more in each run",
                       first, much, macs / outputs);
}

static bool check_asymmetric(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        int w = node->desc && pj_lint_runs(node) ? pj_lint_weight(node) : -1;
        const pj_value *zero = w >= 0 ? weight_zero(linter, node, w) : NULL;
        const pj_format *input = &pj_lint_detail(linter, node)->formats->input;
        if (!zero || !zero->data || zero->data_count < 1 || !pj_zero_is_stored(zero) ||
            input->from == PJ_FROM_NOTHING || pj_lint_is_float(input))
            continue;
        if (!tell_asymmetric(linter, node, zero, &node->in[w]->type))
            return false;
    }
    return true;
}

static int bias_of(const pj_node *node)
{
    for (int i = 0; node->desc && i < node->inputs; i++)
        if (node->in[i] && pj_node_role(node, i) == 'b')
            return i;
    return -1;
}

static bool check_float_bias(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        int b = pj_precision_node(linter->precision, node)->is_integer ? bias_of(node) : -1;
        const pj_layer_detail *detail = pj_lint_detail(linter, node);
        char word[PJ_LINT_WORD], sum[PJ_LINT_WORD];
        if (b < 0 || pj_lint_layer(linter, node)->macs <= 0 || pj_lint_is_float(&detail->formats->accumulator))
            continue;
        pj_format bias = pj_precision_computes(linter->precision, node, b);
        pj_num outputs = node->outputs && node->out[0] ? detail->written[0] : pj_num_of(0);
        if (!pj_lint_is_float(&bias))
            continue;
        if (!pj_lint_add(linter, node, -1,
                         "its bias '%.200s' is %s, its sums are %s: %" PRId64 " of them become floats to add it",
                         node->in[b]->name, pj_lint_word(linter, &bias, word),
                         pj_lint_word(linter, &detail->formats->accumulator, sum),
                         pj_num_known(outputs) ? outputs.whole : 0))
            return false;
    }
    return true;
}

static double element(const pj_value *scale, int64_t k, bool *known)
{
    return pj_num_as_real(scale->data[scale->data_count > 1 ? k : 0], known);
}

/* The first channel whose bias has another scale than its sums; -1: none, or not known. */
static int64_t mismatch(const pj_value *x, const pj_value *w, const pj_value *b, double *is, double *should)
{
    int64_t count;
    if (!x || !w || !b || !x->data || !w->data || !b->data || x->data_count != 1 || w->data_count < 1 ||
        b->data_count < 1)
        return -1;
    count = w->data_count > b->data_count ? w->data_count : b->data_count;
    if ((w->data_count > 1 && w->data_count != count) || (b->data_count > 1 && b->data_count != count))
        return -1;
    for (int64_t k = 0; k < count; k++) {
        bool known[3];
        *should = element(x, 0, &known[0]) * element(w, k, &known[1]);
        *is = element(b, k, &known[2]);
        if (known[0] && known[1] && known[2] && fabs(*is - *should) > 1e-3 * *should)
            return k;
    }
    return -1;
}

static bool check_bias_scale(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        int b = pj_precision_node(linter->precision, node)->is_integer ? bias_of(node) : -1;
        int w = b >= 0 ? pj_lint_weight(node) : -1;
        double is, should;
        if (w < 0 || !node->in[0])
            continue;
        const pj_quantized *x = quantized_of(linter, node->in[0]), *weights = quantized_of(linter, node->in[w]),
                           *bias = quantized_of(linter, node->in[b]);
        if (!x || !weights || !bias || x->is_sum || bias->format.from != PJ_FROM_QDQ || bias->format.number.bits < 32)
            continue;
        int64_t channel = mismatch(x->scale, weights->scale, bias->scale, &is, &should);
        if (channel >= 0 &&
            !pj_lint_add(linter, node, -1,
                         "the bias of channel %" PRId64 " has the scale %.6g, its sums %.6g (input times weights), "
                         "but integer kernels take both for equal",
                         channel, is, should))
            return false;
    }
    return true;
}

static bool check_pair(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        pj_quantizer kind = pj_lint_quantizer(linter, node);
        char before[PJ_LINT_WORD], after[PJ_LINT_WORD];
        if ((kind != PJ_QUANTIZE && kind != PJ_FAKE_QUANTIZE) || !pj_lint_converts(linter, node))
            continue;
        const pj_node *front = pj_lint_maker(linter, node, 0);
        bool is_pair =
            front && pj_lint_quantizer(linter, front) == (kind == PJ_QUANTIZE ? PJ_DEQUANTIZE : PJ_FAKE_QUANTIZE);
        const pj_quantized *from = is_pair ? quantized_of(linter, front->out[0]) : NULL;
        const pj_quantized *to = quantized_of(linter, node->out[0]);
        double one = 0, other = 0;
        if (!from || !to)
            continue;
        bool scalars = pj_lint_scalar(from->scale, &one) && pj_lint_scalar(to->scale, &other);
        if (scalars
                ? !pj_lint_add(linter, node, pj_lint_energy(linter, node),
                               "nothing is computed between '%.200s' and this quantizer, but %s of scale %.6g becomes "
                               "%s of scale %.6g",
                               front->label, pj_lint_word(linter, &from->format, before), one,
                               pj_lint_word(linter, &to->format, after), other)
                : !pj_lint_add(linter, node, pj_lint_energy(linter, node),
                               "nothing is computed between '%.200s' and this quantizer, but %s becomes %s of other "
                               "scales",
                               front->label, pj_lint_word(linter, &from->format, before),
                               pj_lint_word(linter, &to->format, after)))
            return false;
    }
    return true;
}

/* Parts of a Concat of quantized tensors that have another scale than its result or, where that has none, the first. */
static int foreign_parts(const pj_linter *linter, const pj_node *node, int *parts)
{
    const pj_quantized *first = NULL;
    int foreign = 0;
    *parts = 0;
    if (pj_lint_is(node, "Concat")) {
        for (int i = 0; i < node->inputs; i++) {
            const pj_quantized *one = quantized_of(linter, node->in[i]);
            if (!one || !one->scale || !one->scale->data || one->is_sum)
                return 0;
            first = first ? first : one;
            ++*parts;
            foreign += !pj_contents_equal(first->scale, one->scale) || !pj_contents_equal(first->zero, one->zero);
        }
        return foreign;
    }
    for (int i = 3; i + 1 < node->inputs && strcmp(node->op, "QLinearConcat") == 0; i += 3) {
        ++*parts;
        foreign += node->in[0] && node->in[i] && node->in[0]->data && node->in[i]->data &&
                   !pj_contents_equal(node->in[0], node->in[i]);
    }
    return foreign;
}

static bool check_concat(pj_linter *linter)
{
    for (int n = 0; n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        const pj_layer *layer = pj_lint_layer(linter, node);
        int parts, foreign = pj_lint_runs(node) ? foreign_parts(linter, node, &parts) : 0;
        if (foreign &&
            !pj_lint_add(linter, node, layer->counted && layer->energy.op_cost > 0 ? layer->energy.op_cost : -1,
                         "%d of the %d tensors that it joins have another scale: each of their numbers is "
                         "multiplied and rounded again",
                         foreign, parts))
            return false;
    }
    return true;
}

static bool is_dynamic(const pj_node *node)
{
    return pj_lint_is(node, "DynamicQuantizeLinear");
}

/* What finds its scale in the run finds the same one for the same tensor. */
static bool quantize_alike(const pj_linter *linter, const pj_node *a, const pj_node *b)
{
    const pj_quantized *one = quantized_of(linter, a->out[0]), *other = quantized_of(linter, b->out[0]);
    if (is_dynamic(a) || is_dynamic(b))
        return is_dynamic(a) && is_dynamic(b);
    return one && other && strcmp(a->op, b->op) == 0 && one->scale && one->scale->data &&
           pj_number_equal(&one->format.number, &other->format.number) && pj_contents_equal(one->scale, other->scale) &&
           pj_contents_equal(one->zero, other->zero);
}

static bool is_quantizer(const pj_linter *linter, const pj_reader *reader)
{
    const pj_node *node = reader->node;
    pj_quantizer kind = pj_lint_quantizer(linter, node);
    return (kind == PJ_QUANTIZE || kind == PJ_FAKE_QUANTIZE || is_dynamic(node)) && reader->input == 0 &&
           pj_lint_runs(node) && node->out[0] && !node->out[0]->is_constant;
}

/* Quantizers of one value, each against the first few that differ. */
static bool check_readers(pj_linter *linter, const pj_value *value)
{
    enum { KINDS = 8 };
    const pj_node *kind[KINDS];
    int kinds = 0;
    for (int r = linter->first[value->index]; r < linter->first[value->index + 1]; r++) {
        const pj_node *node = linter->reader[r].node;
        int k = 0;
        if (!is_quantizer(linter, &linter->reader[r]))
            continue;
        while (k < kinds && !quantize_alike(linter, kind[k], node))
            k++;
        if (k < kinds && !pj_lint_add(linter, node, pj_lint_energy(linter, node),
                                      "'%.200s' quantizes '%.200s' with the same scale and zero point already",
                                      kind[k]->label, value->name))
            return false;
        if (k == kinds && kinds < KINDS)
            kind[kinds++] = node;
    }
    return true;
}

static bool check_duplicates(pj_linter *linter)
{
    for (int i = 0; i < linter->model->graph->inputs; i++)
        if (!check_readers(linter, linter->model->graph->in[i]))
            return false;
    for (int n = 0; n < linter->nodes; n++)
        for (int o = 0; o < linter->node[n]->outputs; o++)
            if (linter->node[n]->out[o] && !check_readers(linter, linter->node[n]->out[o]))
                return false;
    return true;
}

/* clang-format off */
/*  code, severity, summary, example, remedy, check */
static const pj_lint_row rows[] = {
    {{"zero-point-128-before-relu", "warning", "a zero point above the least number in front of Relu",
      "Conv -> QuantizeLinear (uint8, zero point 128) -> DequantizeLinear -> Relu: runtimes cannot fuse Relu into the\n"
      "convolution, and half of the numbers in between are cut off at once. int8 with zero point 0 is the same.",
      "Quantize after Relu instead of before it; with the least number as zero point (uint8: 0, int8: -128) the "
      "quantizer does what Relu does."},
     check_before_relu},
    {{"unused-range-after-relu", "note", "an unsigned zero point above 0 after Relu",
      "Relu -> QuantizeLinear (uint8, zero point 128): numbers below the zero point stand for negative ones, which\n"
      "Relu does not give. That is a bit lost.",
      "Calibrate anew with the range from 0 on: zero point 0 and half the scale."},
     check_after_relu},
    {{"per-tensor-depthwise", "warning", "one scale for all filters of a depthwise convolution",
      "Conv (group 64) with weights [64,1,3,3] under one scale: filters of single channels differ widely in range, and\n"
      "small ones are left with few bits. This is the best-known loss of accuracy in MobileNet-like networks.",
      "Quantize the weights per channel (axis 0; of ConvTranspose, too)."},
     check_depthwise},
    {{"asymmetric-weights", "note", "weights with a zero point",
      "MatMulInteger with uint8 weights and zero point 114: the product needs the sum of its inputs, too. Symmetric\n"
      "weights need none, and most accelerators take no others.",
      "Quantize weights symmetrically: a signed type with zero point 0."},
     check_asymmetric},
    {{"float-bias", "note", "a float bias in a layer that computes on integers",
      "DequantizeLinear -> Conv <- fp32 bias -> QuantizeLinear: ONNX Runtime fuses such a Conv only if its bias is int32\n"
      "after a DequantizeLinear; integer hardware has no place for floats. TensorRT, however, wants it so.",
      "Quantize the bias to int32 with the scale input scale * weight scale and zero point 0."},
     check_float_bias},
    {{"bias-scale", "warning", "an int32 bias whose scale is not input scale * weight scale",
      "Input scale 0.1, weight scale 0.02, bias scale 0.01 instead of 0.002: integer kernels add the bias to the sum as\n"
      "it is, so the result is wrong there, or the layer falls back to floats.",
      "Quantize the bias with the product of both scales, channel by channel."},
     check_bias_scale},
    {{"requantize-pair", "warning", "a quantizer right after another one with another scale",
      "QuantizeLinear (0.1) -> DequantizeLinear -> QuantizeLinear (0.12): every number is multiplied and rounded a second\n"
      "time, and loses accuracy. Pairs that repeat the same scale cost nothing and are no finding.",
      "Use one scale on both sides, or remove one of the pairs."},
     check_pair},
    {{"concat-scales", "note", "joined tensors have different scales",
      "Concat of int8 tensors of scale 0.1 and 0.05: they have to be brought to one scale first.",
      "Let the tensors share one scale (most quantizers can be told to), unless their ranges differ widely."},
     check_concat},
    {{"duplicate-quantizer", "note", "one tensor quantized twice in the same way",
      "A tensor that two layers read, with a QuantizeLinear of the same scale and zero point for each of them: it is\n"
      "converted twice, and the layer in front cannot do it at all.",
      "Keep one QuantizeLinear and let both layers read its result."},
     check_duplicates},
};
/* clang-format on */

const pj_lint_family pj_lint_scales = {rows, sizeof rows / sizeof *rows};
