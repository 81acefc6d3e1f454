/* From nodes to layers: names, counts, parameters, formats. */
#include "cost/layer.h"

#include <string.h>

#include "base/ckd.h"

/* ---- operands ---- */

static bool reads_data(const pj_node *node, int i)
{
    return node->in[i] && (!node->desc || pj_op_role(node->desc, i) != 'c');
}

bool pj_layer_reads_parameter(const pj_node *node, int i)
{
    return reads_data(node, i) && node->in[i]->is_constant;
}

bool pj_layer_reads_activation(const pj_node *node, int i)
{
    return reads_data(node, i) && !node->in[i]->is_constant;
}

/* Index of the n-th input (from 0) whose role is one of `roles`, or -1. */
static int input_of_role(const pj_node *node, const char *roles, int n)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && strchr(roles, pj_op_role(node->desc, i)) && n-- == 0)
            return i;
    return -1;
}

static pj_format format_of_input(const pj_precision *precision, const pj_node *node, int i)
{
    return pj_precision_of(precision, i >= 0 ? node->in[i] : NULL);
}

/* The format that non-MAC arithmetic works in: floats win over fixed point, then the wider one. */
static pj_format widest_operand(const pj_precision *precision, const pj_node *node)
{
    pj_format best = {.from = PJ_FROM_NOTHING};
    for (int i = 0; i < node->inputs; i++) {
        if (!reads_data(node, i) || (node->desc && pj_op_role(node->desc, i) == 'i'))
            continue;
        pj_format format = format_of_input(precision, node, i);
        bool is_float = format.number.kind == PJ_FLOAT, best_float = best.number.kind == PJ_FLOAT;
        if (format.from != PJ_FROM_NOTHING && (best.from == PJ_FROM_NOTHING || is_float > best_float ||
                                               (is_float == best_float && format.number.bits > best.number.bits)))
            best = format;
    }
    return best.from != PJ_FROM_NOTHING || !node->outputs ? best : pj_precision_of(precision, node->out[0]);
}

/* The accumulator: product bits + ceil(log2(terms)), bias aligned; the table may fix the width. */
static pj_number accumulator_of(const pj_table *table, const pj_layer_detail *detail, const pj_format *bias)
{
    pj_accumulator_policy policy = pj_table_accumulator(table);
    uint64_t terms =
        pj_num_known(detail->work.terms) && detail->work.terms.whole > 0 ? (uint64_t)detail->work.terms.whole : 1;
    pj_number sum = pj_accumulator(&detail->multiplier.out, terms);
    if (bias->from != PJ_FROM_NOTHING)
        sum = pj_adder(&sum, &bias->number);
    if (sum.kind == PJ_FLOAT && policy.float_is_fp32 && sum.bits < 32)
        return pj_number_float(32, PJ_FLOAT_PLAIN);
    if (sum.kind != PJ_FLOAT && policy.fixed_bits) {
        sum.int_bits += policy.fixed_bits - sum.bits;
        sum.bits = policy.fixed_bits;
    }
    return sum;
}

static void find_formats(const pj_precision *precision, const pj_table *table, const pj_layer *row,
                         pj_layer_detail *detail)
{
    const pj_node *node = detail->node;
    pj_format bias;
    detail->operand = widest_operand(precision, node);
    detail->output = pj_precision_of(precision, node->outputs ? node->out[0] : NULL);
    detail->input = node->desc ? format_of_input(precision, node, input_of_role(node, "x", 0)) : detail->operand;
    if (row->macs == 0 || !node->desc)
        return;
    int weight = input_of_role(node, "w", 0);
    detail->weight = format_of_input(precision, node, weight >= 0 ? weight : input_of_role(node, "x", 1));
    if (detail->weight.from == PJ_FROM_NOTHING)
        detail->weight = detail->input;
    if (detail->input.from == PJ_FROM_NOTHING)
        return;
    detail->multiplier = pj_multiplier(&detail->weight.number, &detail->input.number);
    bias = format_of_input(precision, node, input_of_role(node, "b", 0));
    detail->accumulator.number = accumulator_of(table, detail, &bias);
    detail->accumulator.from = detail->input.from > detail->weight.from ? detail->input.from : detail->weight.from;
}

/* ---- the public row ---- */

pj_status pj_format_describe(const pj_format *format, pj_arena *arena, pj_format_info *out, pj_error *err)
{
    static const char *const kinds[PJ_NUMBER_KINDS] = {"fixed", "po2", "ternary", "binary", "binary01", "float"};
    memset(out, 0, sizeof *out);
    out->word = out->kind = "";
    out->from = pj_from_word(format->from);
    if (format->from == PJ_FROM_NOTHING)
        return PJ_OK;
    pj_str text = pj_str_new(64);
    pj_number_print(&format->number, &text);
    out->known = true;
    out->word = pj_str_keep(&text, arena);
    out->kind = kinds[format->number.kind];
    out->bits = format->number.bits;
    out->int_bits = format->number.int_bits;
    out->is_signed = format->number.is_signed;
    return out->word ? PJ_OK : pj_fail_memory(err);
}

static pj_status list_names(pj_value *const *values, int count, pj_arena *arena, const char *const **out, pj_error *err)
{
    const char **names = PJ_NEW(arena, const char *, count);
    if (!names)
        return pj_fail_memory(err);
    for (int k = 0; k < count; k++)
        names[k] = values[k] ? values[k]->name : "";
    *out = names;
    return PJ_OK;
}

static pj_status name_layer(pj_layer *row, const pj_node *node, pj_arena *arena, pj_error *err)
{
    row->name = node->label;
    row->op = node->op;
    row->domain = node->domain;
    row->scope = node->scope;
    row->input_count = (size_t)node->inputs;
    row->output_count = (size_t)node->outputs;
    PJ_TRY(list_names(node->in, node->inputs, arena, &row->inputs, err));
    return list_names(node->out, node->outputs, arena, &row->outputs, err);
}

/* Elements and bits of the constants that the layer reads; a constant at two inputs counts once. */
static pj_status count_parameters(const pj_precision *precision, const pj_model *model, pj_layer *row,
                                  const pj_node *node, pj_error *err)
{
    for (int i = 0; i < node->inputs; i++) {
        bool seen = false;
        if (!pj_layer_reads_parameter(node, i))
            continue;
        for (int k = 0; k < i; k++)
            seen = seen || node->in[k] == node->in[i];
        pj_num count = pj_type_count(model->symbols, &node->in[i]->type);
        if (seen || !pj_num_known(count))
            continue;
        int64_t bits;
        pj_format format = pj_precision_of(precision, node->in[i]);
        if (!pj_mul_i64(count.whole, format.number.bits, &bits) ||
            !pj_add_i64(row->params, count.whole, &row->params) || !pj_add_i64(row->param_bits, bits, &row->param_bits))
            return pj_fail(err, PJ_EOVERFLOW, "the parameters of this layer do not fit 64 bits");
    }
    return PJ_OK;
}

/* flops = 2 * macs + every other primitive once. */
static pj_status count_work(pj_layer *row, const pj_layer_detail *detail, pj_arena *arena, pj_error *err)
{
    int64_t *work = PJ_NEW(arena, int64_t, PJ_PRIMS);
    if (!work)
        return pj_fail_memory(err);
    row->work = work;
    if (!row->counted)
        return PJ_OK;
    for (int p = 0; p < PJ_PRIMS; p++) {
        int64_t n = detail->work.count[p].whole, flops;
        work[p] = n;
        if (!pj_mul_i64(n, p == PJ_MAC ? 2 : 1, &flops) || !pj_add_i64(row->flops, flops, &row->flops))
            return pj_fail(err, PJ_EOVERFLOW, "the operations of this layer do not fit 64 bits");
    }
    row->macs = work[PJ_MAC];
    return PJ_OK;
}

static pj_status describe_formats(pj_layer *row, const pj_layer_detail *detail, pj_arena *arena, pj_error *err)
{
    static const pj_format nothing;
    bool macs = row->macs > 0;
    int64_t product;
    PJ_TRY(pj_format_describe(&detail->input, arena, &row->input, err));
    PJ_TRY(pj_format_describe(&detail->output, arena, &row->output, err));
    PJ_TRY(pj_format_describe(macs ? &detail->weight : &nothing, arena, &row->weight, err));
    PJ_TRY(pj_format_describe(macs ? &detail->accumulator : &nothing, arena, &row->accumulator, err));
    if (!macs)
        return PJ_OK;
    row->implementation = pj_circuit_word(detail->multiplier.circuit);
    row->gate_bits = detail->multiplier.gate_bits;
    row->gate_factor = detail->multiplier.gate_factor;
    if (!pj_mul_i64(row->macs, row->input.bits, &product) || !pj_mul_i64(product, row->weight.bits, &row->bops))
        return pj_fail(err, PJ_EOVERFLOW, "the bit operations of this layer do not fit 64 bits");
    return PJ_OK;
}

/* Are all counts numbers? A symbol that nobody has bound has no price. */
static bool all_known(const pj_layer_detail *detail)
{
    bool known = true;
    for (int p = 0; p < PJ_PRIMS; p++)
        known = known && pj_num_known(detail->work.count[p]);
    for (int i = 0; i < detail->node->inputs; i++)
        known = known && pj_num_known(detail->work.read[i]);
    for (int o = 0; o < detail->node->outputs; o++)
        known = known && pj_num_known(detail->work.written[o]);
    return known;
}

static bool costs_nothing(const pj_node *node)
{
    bool folded = node->outputs > 0;
    for (int o = 0; o < node->outputs; o++)
        folded = folded && (!node->out[o] || node->out[o]->is_folded);
    return folded || (node->desc && (node->desc->traits & (PJ_VIEW | PJ_SHAPE_ONLY)));
}

static void report_unknown_shape(const pj_value *value, pj_diags *diags, const char *layer)
{
    pj_str type = pj_str_new(4096);
    pj_type_print(&value->type, &type);
    pj_diag_add(diags, PJ_DIAG_UNKNOWN_SHAPE, layer,
                "the shape of '%s' is not known (%s), so this layer is not counted", value->name, type.data);
    pj_str_free(&type);
}

/* Says why a layer is not counted: the first tensor without a known size, else the operator itself. */
static void report_uncounted(const pj_layer *row, const pj_layer_detail *detail, pj_diags *diags)
{
    const pj_node *node = detail->node;
    if (!node->desc)
        return; /* inference said that the operator is unknown */
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && !pj_num_known(detail->work.written[o])) {
            report_unknown_shape(node->out[o], diags, row->name);
            return;
        }
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && !pj_num_known(detail->work.read[i])) {
            report_unknown_shape(node->in[i], diags, row->name);
            return;
        }
    pj_diag_add(diags, PJ_DIAG_UNCOUNTED, row->name, "nobody has counted what %s computes; it is not in the totals",
                node->op);
}

static pj_status count_layer(const pj_model *model, const pj_precision *precision, const pj_table *table,
                             pj_arena *arena, pj_diags *diags, pj_layer *row, pj_layer_detail *detail, pj_error *err)
{
    pj_node *node = detail->node;
    PJ_TRY(name_layer(row, node, arena, err));
    PJ_TRY(pj_work_of_node(model, node, arena, diags, &detail->work, &row->counted, err));
    row->free = costs_nothing(node);
    row->counted = row->free || (row->counted && all_known(detail));
    PJ_TRY(count_work(row, detail, arena, err));
    if (!row->free)
        PJ_TRY(count_parameters(precision, model, row, node, err));
    if (!row->counted)
        report_uncounted(row, detail, diags);
    find_formats(precision, table, row, detail);
    return describe_formats(row, detail, arena, err);
}

pj_status pj_layers_count(const pj_model *model, const pj_precision *precision, const pj_table *table, pj_arena *arena,
                          pj_diags *diags, pj_layers *out, pj_error *err)
{
    const pj_graph *graph = model->graph;
    out->count = (size_t)graph->nodes;
    out->row = PJ_NEW(arena, pj_layer, out->count);
    out->detail = PJ_NEW(arena, pj_layer_detail, out->count);
    if (!out->row || !out->detail)
        return pj_fail_memory(err);
    for (size_t i = 0; i < out->count; i++) {
        pj_layer_detail *detail = &out->detail[i];
        detail->node = graph->node[i];
        out->row[i].index = i;
        pj_status status = count_layer(model, precision, table, arena, diags, &out->row[i], detail, err);
        if (status != PJ_OK) {
            pj_error_at(err, model->path, detail->node->label, detail->node->op);
            return status;
        }
    }
    return PJ_OK;
}
