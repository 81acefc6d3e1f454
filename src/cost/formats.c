/* The formats that a layer computes in, what it converts, and the constants that it reads. */
#include "cost/layer.h"
#include "quant/scale.h"

/* Index of the n-th input (from 0) whose role is one of `roles`, or -1. */
static int input_of_role(const pj_node *node, const char *roles, int n)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && strchr(roles, pj_node_role(node, i)) && n-- == 0)
            return i;
    return -1;
}

static pj_format computes(const pj_precision *precision, const pj_node *node, int i)
{
    pj_format nothing = {.from = PJ_FROM_NOTHING};
    return i >= 0 ? pj_precision_computes(precision, node, i) : nothing;
}

static bool is_float(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING && format->number.kind == PJ_FLOAT;
}

static bool is_integer(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING && format->number.kind != PJ_FLOAT;
}

static bool is_known(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING;
}

/* Scales and zero points take part in the arithmetic of operators that multiply floats by them; from integer to integer
 * they are constants of a multiplier and a shifter. */
static bool computes_on_scales(const pj_precision *precision, const pj_node *node)
{
    pj_format first = computes(precision, node, node->inputs ? 0 : -1);
    switch (pj_precision_node(precision, node)->quantizer) {
    case PJ_DEQUANTIZE:
        return true;
    case PJ_QUANTIZE:
    case PJ_FAKE_QUANTIZE:
        return is_float(&first);
    case PJ_NO_QUANTIZER:
        break;
    }
    return node->outputs > 0 && node->out[0] && pj_dtype_is_float(node->out[0]->type.dtype);
}

/* The format that non-MAC arithmetic works in: floats win over fixed point, then the wider one. */
static pj_format widest_operand(const pj_precision *precision, const pj_node *node)
{
    pj_format best = {.from = PJ_FROM_NOTHING};
    bool scales = computes_on_scales(precision, node);
    for (int i = 0; i < node->inputs; i++) {
        if (!node->in[i] || strchr(scales ? "ci" : "cisz", pj_node_role(node, i)))
            continue;
        pj_format format = computes(precision, node, i);
        bool best_float = is_float(&best);
        if (is_known(&format) && (!is_known(&best) || is_float(&format) > best_float ||
                                  (is_float(&format) == best_float && format.number.bits > best.number.bits)))
            best = format;
    }
    return is_known(&best) || !node->outputs ? best : pj_precision_of(precision, node->out[0]);
}

/* Binary points say something only where all scales are powers of two; else numbers are taken as the integers that they
 * are, and a bias as one of the scale of the products, as ONNX has it. Operators that take scales work on integers. */
static bool is_aligned(const pj_precision *precision, const pj_node *node)
{
    if (node->desc && pj_op_takes_scales(node->desc))
        return false;
    for (int i = 0; i < node->inputs; i++) {
        const pj_quantized *quantized = node->in[i] ? precision->quantized[node->in[i]->index] : NULL;
        if (quantized && pj_precision_is_data(node, i) && !quantized->is_exact)
            return false;
    }
    return true;
}

static pj_number as_integer(pj_number number, bool aligned)
{
    if (!aligned && number.kind == PJ_FIXED)
        number.int_bits = number.bits - number.is_signed;
    return number;
}

static pj_number widened(pj_number sum, const pj_accumulator_policy *policy)
{
    if (sum.kind == PJ_FLOAT && policy->float_is_fp32 && sum.bits < 32)
        return pj_number_float(32, PJ_FLOAT_PLAIN);
    if (sum.kind != PJ_FLOAT && policy->fixed_bits) {
        sum.int_bits += policy->fixed_bits - sum.bits;
        sum.bits = policy->fixed_bits;
    }
    return sum;
}

/* The accumulator: product bits + ceil(log2(terms)), bias aligned; the table may fix the width. A float bias of integer
 * products is added to their sum, outside the accumulator. */
static void accumulate(const pj_precision *precision, const pj_table *table, pj_draft *draft, const pj_format *bias,
                       bool aligned)
{
    pj_accumulator_policy policy = pj_table_accumulator(table);
    const pj_plan_formats *plan = pj_precision_node(precision, draft->node)->plan;
    uint64_t terms =
        pj_num_known(draft->work.terms) && draft->work.terms.whole > 0 ? (uint64_t)draft->work.terms.whole : 1;
    pj_number sum = pj_accumulator(&draft->formats.multiplier.out, terms);
    bool is_outside = is_float(bias) && sum.kind != PJ_FLOAT;
    if (is_known(bias) && !is_outside) {
        pj_number number = as_integer(bias->number, aligned);
        sum = pj_adder(&sum, &number);
    }
    draft->formats.accumulator.number = widened(sum, &policy);
    draft->formats.accumulator.from =
        draft->formats.input.from > draft->formats.weight.from ? draft->formats.input.from : draft->formats.weight.from;
    if (plan && is_known(&plan->accumulator))
        draft->formats.accumulator = plan->accumulator;
    draft->formats.result = draft->formats.accumulator;
    if (is_outside)
        draft->formats.result.number = pj_adder(&draft->formats.accumulator.number, &bias->number);
}

static void find_operands(const pj_precision *precision, const pj_table *table, pj_draft *draft)
{
    const pj_node *node = draft->node;
    int weight = input_of_role(node, "w", 0);
    weight = weight >= 0 ? weight : input_of_role(node, "x", 1);
    pj_format factor = computes(precision, node, weight);
    draft->formats.weight = weight >= 0 ? pj_precision_reads(precision, node, weight) : factor;
    if (!is_known(&factor))
        factor = draft->formats.weight = draft->formats.input;
    if (!is_known(&draft->formats.input))
        return;
    bool aligned = is_aligned(precision, node);
    pj_number a = as_integer(factor.number, aligned), b = as_integer(draft->formats.input.number, aligned);
    pj_format bias = computes(precision, node, input_of_role(node, "b", 0));
    draft->formats.multiplier = pj_multiplier(&a, &b);
    accumulate(precision, table, draft, &bias, aligned);
}

enum { REQUANTIZE = 1u << PJ_MUL | 1u << PJ_ADD | 1u << PJ_SHIFT, CONVERT = 1u << PJ_MUL | 1u << PJ_ROUND };

static unsigned prims_between(const pj_format *from, const pj_format *to)
{
    if (is_integer(from) && is_integer(to))
        return pj_number_equal(&from->number, &to->number) ? 0 : REQUANTIZE;
    return is_integer(from) != is_integer(to) && is_known(from) && is_known(to) ? CONVERT : 0;
}

/* What a quantizer does to each element: from floats, what its rule counts; between integers, a requantization, but for
 * those that only compare or shift. */
static unsigned prims_of_rule(const pj_work *work, const pj_format *from)
{
    unsigned prims = 0;
    for (int p = 0; p < PJ_PRIMS; p++)
        if (p != PJ_DIV && !pj_num_is(work->count[p], 0)) /* a division belongs to the scale, once */
            prims |= 1u << p;
    return is_integer(from) && prims & 1u << PJ_ROUND ? REQUANTIZE : prims;
}

static void convert(const pj_precision *precision, pj_conversion *conversion, unsigned prims, const pj_format *from,
                    const pj_format *to, pj_num elements)
{
    if (!prims)
        return;
    conversion->elements = pj_num_add(precision->model->symbols, conversion->elements, elements);
    conversion->prims |= prims;
    conversion->on =
        is_float(to) || (!is_float(from) && to->number.bits > from->number.bits) ? to->number : from->number;
}

/* A float layer that reads integers converts them, but for constants whose own quantizer does. */
static void convert_inputs(const pj_precision *precision, pj_draft *draft, const pj_format *arithmetic)
{
    const pj_node *node = draft->node;
    const pj_plan_formats *plan = pj_precision_node(precision, node)->plan;
    for (int i = 0; i < node->inputs && is_float(arithmetic); i++) {
        if (!pj_precision_is_data(node, i) || !pj_dtype_is_float(node->in[i]->type.dtype))
            continue;
        bool has_quantizer =
            node->in[i]->is_constant && precision->quantized[node->in[i]->index] && !(plan && is_known(&plan->weights));
        pj_format stored = pj_precision_reads(precision, node, i);
        if (!has_quantizer && is_integer(&stored))
            convert(precision, &draft->in, prims_between(&stored, arithmetic), &stored, arithmetic,
                    draft->work.read[i]);
    }
}

/* Layers between quantized neighbours, and those of a plan, convert what they hand on to the format that it is stored
 * in. Operators on integers count that themselves; an annotation tells of numbers as the layer makes them. */
static bool converts_outputs(const pj_precision *precision, const pj_node *node)
{
    const pj_node_precision *own = pj_precision_node(precision, node);
    bool planned = own->plan || is_known(&precision->weights) || is_known(&precision->activations);
    if (own->quantizer != PJ_NO_QUANTIZER || own->sets_format || !node->inputs || !node->in[0])
        return false;
    for (int o = 0; o < node->outputs; o++)
        planned = planned || (node->out[o] && precision->quantizer_after[node->out[o]->index]);
    return pj_dtype_is_float(node->in[0]->type.dtype) && (own->is_integer || planned);
}

/* A clamp between a layer and its quantizer: the layer has quantized already. The output is there. */
static bool is_quantized_in_front(const pj_precision *precision, const pj_node *node, int o)
{
    const pj_value *in = node->inputs ? node->in[0] : NULL;
    const pj_node *quantizer = precision->quantizer_after[node->out[o]->index];
    return quantizer && in && precision->quantizer_after[in->index] == quantizer;
}

static pj_status convert_outputs(const pj_precision *precision, pj_arena *arena, pj_diags *diags, pj_draft *draft,
                                 pj_error *err)
{
    const pj_node *node = draft->node;
    for (int o = 0; o < node->outputs && converts_outputs(precision, node); o++) {
        const pj_value *out = node->out[o];
        if (!out || !pj_dtype_is_float(out->type.dtype))
            continue;
        pj_format stored = pj_precision_of(precision, out);
        unsigned prims = stored.from == PJ_FROM_ANNOTATION ? 0 : prims_between(&draft->formats.result, &stored);
        if (precision->sum[out->index] || is_quantized_in_front(precision, node, o)) {
            prims = 0;
        } else if (precision->quantizer_after[out->index]) {
            pj_node *quantizer = precision->quantizer_after[out->index]->out[0]->producer;
            pj_work work;
            bool counted;
            PJ_TRY(pj_work_by_rule(precision->model, quantizer, arena, diags, &work, &counted, err));
            prims = prims_of_rule(&work, &draft->formats.result);
        }
        convert(precision, &draft->out, prims, &draft->formats.result, &stored, draft->work.written[o]);
    }
    return PJ_OK;
}

/* A quantizer of its own that reads integers. */
static void count_requantization(const pj_precision *precision, pj_draft *draft)
{
    const pj_node *node = draft->node;
    pj_quantizer kind = pj_precision_node(precision, node)->quantizer;
    if (kind != PJ_QUANTIZE && kind != PJ_FAKE_QUANTIZE)
        return;
    pj_format from = computes(precision, node, 0), to = pj_precision_of(precision, node->out[0]);
    unsigned prims = prims_of_rule(&draft->work, &from);
    if (!is_integer(&from) || prims != REQUANTIZE)
        return;
    memset(draft->work.count, 0, sizeof draft->work.count);
    convert(precision, &draft->out, prims, &from, &to, draft->work.written[0]);
}

static void add_parameter(pj_draft *draft, const pj_value *value, const pj_format *format, pj_num read)
{
    pj_parameter *parameter = &draft->parameter[draft->parameters++];
    parameter->value = value;
    parameter->format = *format;
    parameter->read = read;
}

enum { SCALES_OF_SCALES = 3 }; /* scales may have been quantized themselves (NVFP4) */

/* Constants that come with quantized numbers, where they are stored at all: scale, zero point, factors, and what comes
 * with those. `draft` NULL: they are only counted. */
static int add_scales(const pj_precision *precision, pj_draft *draft, const pj_quantized *quantized, int depth)
{
    const pj_value *parts[] = {quantized && pj_scale_is_stored(quantized->scale) ? quantized->scale : NULL,
                               quantized && pj_zero_is_stored(quantized->zero) ? quantized->zero : NULL};
    const pj_factor *factor = quantized ? quantized->factors : NULL;
    int count = 0;
    for (int k = 0; k < 2 || factor; k++) {
        const pj_value *part = k < 2 ? parts[k] : factor->value;
        factor = k < 2 ? factor : factor->next;
        if (!part || !part->is_constant)
            continue;
        pj_format format = pj_precision_of(precision, part);
        count++;
        if (draft)
            add_parameter(draft, part, &format, pj_type_count(precision->model->symbols, &part->type));
        if (depth < SCALES_OF_SCALES)
            count += add_scales(precision, draft, precision->quantized[part->index], depth + 1);
    }
    return count;
}

static bool reads_scale_itself(const pj_precision *precision, const pj_node *node, int i)
{
    char role = pj_node_role(node, i);
    if (pj_precision_node(precision, node)->quantizer == PJ_NO_QUANTIZER)
        return true;
    return role == 's' ? pj_scale_is_stored(node->in[i]) : role != 'z' || pj_zero_is_stored(node->in[i]);
}

/* Parameters that a layer has at most. */
static int most_parameters(const pj_precision *precision, const pj_node *node)
{
    int most = 0;
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i])
            most += (node->in[i]->is_constant ? 1 : 0) +
                    add_scales(precision, NULL, precision->quantized[node->in[i]->index], 0);
    for (int o = 0; o < node->outputs; o++) {
        const pj_node *quantizer = node->out[o] ? precision->quantizer_after[node->out[o]->index] : NULL;
        if (quantizer)
            most += add_scales(precision, NULL, precision->quantized[quantizer->out[0]->index], 0);
    }
    return most;
}

/* Are scales part of what the layer reads at input `i`: of integers, and of narrow floats of a constant? A bias of sums
 * of integers counts in their units, so its scale says nothing new. */
static bool reads_scales(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_value *value = node->in[i];
    bool is_bias = pj_precision_node(precision, node)->is_integer && pj_node_role(node, i) == 'b';
    if (!value || is_bias || !pj_precision_is_data(node, i) || pj_precision_planned(precision, node, i))
        return false;
    pj_format read = pj_precision_reads(precision, node, i);
    const pj_quantized *quantized = precision->quantized[value->index];
    return is_integer(&read) || (quantized && value->is_constant && is_known(&read) &&
                                 pj_number_equal(&read.number, &quantized->format.number));
}

static pj_status list_parameters(const pj_precision *precision, pj_arena *arena, pj_draft *draft, pj_error *err)
{
    const pj_node *node = draft->node;
    bool rescales = !pj_precision_passes(node) && pj_precision_node(precision, node)->quantizer == PJ_NO_QUANTIZER;
    draft->parameter = PJ_NEW(arena, pj_parameter, most_parameters(precision, node));
    PJ_TRY(pj_got(draft->parameter, err));
    for (int i = 0; i < node->inputs; i++) {
        const pj_value *value = node->in[i];
        if (!value || pj_node_role(node, i) == 'c' || !value->is_constant || !reads_scale_itself(precision, node, i))
            continue;
        pj_format format = pj_precision_reads(precision, node, i);
        add_parameter(draft, value, &format, draft->work.read[i]);
    }
    for (int i = 0; i < node->inputs && rescales; i++)
        if (reads_scales(precision, node, i))
            add_scales(precision, draft, precision->quantized[node->in[i]->index], 0);
    for (int o = 0; o < node->outputs; o++) {
        const pj_node *quantizer = node->out[o] ? precision->quantizer_after[node->out[o]->index] : NULL;
        if (quantizer && !is_quantized_in_front(precision, node, o))
            add_scales(precision, draft, precision->quantized[quantizer->out[0]->index], 0);
    }
    return PJ_OK;
}

/* Does a plan name the formats of the layer? Tables are stored so then alone, as `apply` writes them. */
static const pj_plan_formats *named(const pj_precision *precision, const pj_node *node)
{
    const pj_plan_formats *plan = pj_precision_node(precision, node)->plan;
    return plan && plan->weights.from != PJ_FROM_NOTHING ? plan : NULL;
}

/* Of a table with so many scales: its rows that are looked up are read with theirs. Unknown rows: all of them. */
static int64_t scales_read(const pj_draft *draft, int64_t scales)
{
    const pj_type *type = &draft->node->in[0]->type;
    const pj_num read = draft->work.read[0];
    const int64_t rows = type->dims[0].whole, wide = type->dims[1].whole; /* known and not 0: there are scales */
    int64_t out;
    return pj_num_known(read) && pj_mul_i64(read.whole / wide, scales / rows, &out) ? out : scales;
}

/* Scales come with integers that a plan asks for, in the type that is computed in. QTools has none. */
static void count_scales(const pj_precision *precision, const pj_table *table, pj_draft *draft)
{
    const pj_node *node = draft->node;
    const pj_number *input = &draft->formats.input.number;
    const bool is_table = pj_looks_up_rows(node);
    const pj_plan_formats *plan = named(precision, node);
    const pj_number *wide = is_table && plan && plan->activations.from ? &plan->activations.number : input;
    draft->scale_bits =
        wide->kind == PJ_FLOAT && wide->bits == 16 && (is_table || is_float(&draft->formats.input)) ? 16 : 32;
    for (int i = 0; i < node->inputs && pj_table_rules(table) != PJ_RULES_QTOOLS; i++) {
        if (!node->in[i] || !node->in[i]->is_constant || !pj_precision_is_data(node, i) ||
            pj_precision_use(node, i) != PJ_CONST_WEIGHT || (is_table && !plan))
            continue;
        pj_format format = pj_precision_reads(precision, node, i);
        const int64_t scales = pj_planned_scales(node, i, &format, &draft->formats.input);
        draft->scales += scales;
        draft->scales_read += is_table && scales > 0 ? scales_read(draft, scales) : scales;
    }
}

static void settle_outputs(pj_precision *precision, const pj_table *table, const pj_draft *draft, pj_diags *diags)
{
    const pj_node *node = draft->node;
    const pj_format *result = &draft->formats.result;
    bool is_wider = false;
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            is_wider |= pj_precision_settle(precision, node, o, result, pj_table_rules(table) == PJ_RULES_QTOOLS);
    if (!is_wider || pj_precision_passes(node))
        return;
    pj_diag_add(diags, PJ_DIAG_SUM, node->label,
                "no quantizer takes its sums of %lld bits, so they are stored in the next width that memories have",
                (long long)result->number.bits);
}

/* A layer hands on the accumulator, or what it works in; an operator that keeps formats, what it reads. */
static void find_result(const pj_precision *precision, pj_draft *draft)
{
    const pj_node *node = draft->node;
    if (is_known(&draft->formats.result))
        return;
    draft->formats.result =
        pj_precision_passes(node) ? computes(precision, node, input_of_role(node, "xwp", 0)) : draft->formats.operand;
}

pj_status pj_draft_formats(pj_precision *precision, const pj_table *table, const pj_layer *row, pj_arena *arena,
                           pj_diags *diags, pj_draft *draft, pj_error *err)
{
    const pj_node *node = draft->node;
    pj_format arithmetic;
    draft->formats.operand = widest_operand(precision, node);
    draft->formats.input = node->desc ? computes(precision, node, input_of_role(node, "x", 0)) : draft->formats.operand;
    if (row->macs > 0)
        find_operands(precision, table, draft);
    if (node->desc)
        find_result(precision, draft);
    settle_outputs(precision, table, draft, diags);
    draft->formats.output = pj_precision_of(precision, node->outputs ? node->out[0] : NULL);
    if (row->free || pj_precision_node(precision, node)->converts)
        return PJ_OK;
    arithmetic = draft->formats.operand;
    if (row->macs > 0)
        arithmetic.number = draft->formats.multiplier.out;
    if (row->counted) {
        convert_inputs(precision, draft, &arithmetic);
        PJ_TRY(convert_outputs(precision, arena, diags, draft, err));
        count_requantization(precision, draft);
    }
    count_scales(precision, table, draft);
    return list_parameters(precision, arena, draft, err);
}
