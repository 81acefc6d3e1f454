/* Running rules, and the words that they are written in. */
#include "lint/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ops/op.h"

static const pj_lint_family *const families[] = {&pj_lint_placement, &pj_lint_scales, &pj_lint_graph, NULL};

/* ---- the list of rules ---- */

static const pj_lint_row *row_at(size_t index)
{
    for (size_t f = 0; families[f]; f++) {
        if (index < families[f]->count)
            return &families[f]->row[index];
        index -= families[f]->count;
    }
    return NULL;
}

size_t pj_lint_rules(void)
{
    size_t count = 0;
    for (size_t f = 0; families[f]; f++)
        count += families[f]->count;
    return count;
}

const pj_lint_rule *pj_lint_rule_at(size_t index)
{
    const pj_lint_row *row = row_at(index);
    return row ? &row->rule : NULL;
}

const pj_lint_rule *pj_lint_rule_find(const char *code)
{
    for (size_t i = 0; pj_lint_rule_at(i); i++)
        if (strcmp(pj_lint_rule_at(i)->code, code) == 0)
            return pj_lint_rule_at(i);
    return NULL;
}

/* ---- findings ---- */

static bool grow(pj_linter *linter)
{
    if (linter->count < linter->capacity)
        return true;
    size_t capacity = linter->capacity ? 2 * linter->capacity : 32;
    pj_lint_finding *more = PJ_NEW(linter->arena, pj_lint_finding, capacity);
    if (!more)
        return false;
    if (linter->count)
        memcpy(more, linter->finding, linter->count * sizeof *more);
    linter->finding = more;
    linter->capacity = capacity;
    return true;
}

bool pj_lint_add(pj_linter *linter, const pj_node *node, double energy, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (linter->of_rule >= PJ_MAX_DIAGNOSTICS) {
        linter->dropped++;
        return true;
    }
    if (!grow(linter))
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pj_lint_finding *finding = &linter->finding[linter->count++];
    linter->of_rule++;
    *finding = (pj_lint_finding){linter->rule,
                                 linter->rule->code,
                                 linter->rule->severity,
                                 node ? node->label : "",
                                 node ? node->op : "",
                                 pj_arena_strdup(linter->arena, text),
                                 energy < 0 ? -1 : energy};
    return finding->message != NULL;
}

/* ---- words for rules ---- */

const pj_layer *pj_lint_layer(const pj_linter *linter, const pj_node *node)
{
    static const pj_layer none;
    return linter->layer[node->id] < 0 ? &none : &linter->layers->row[linter->layer[node->id]];
}

const pj_layer_detail *pj_lint_detail(const pj_linter *linter, const pj_node *node)
{
    static const pj_layer_detail none;
    return linter->layer[node->id] < 0 ? &none : &linter->layers->detail[linter->layer[node->id]];
}

double pj_lint_energy(const pj_linter *linter, const pj_node *node)
{
    const pj_layer *layer = pj_lint_layer(linter, node);
    return layer->counted ? pj_energy_total(&layer->energy) : -1;
}

bool pj_lint_is(const pj_node *node, const char *op)
{
    return strcmp(node->op, op) == 0 && !*node->domain;
}

bool pj_lint_runs(const pj_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && !node->out[o]->is_folded)
            return true;
    return false;
}

bool pj_lint_arranges(const pj_node *node)
{
    bool same = node->desc && (node->desc->traits & PJ_VIEW || pj_lint_is(node, "Transpose"));
    return same && node->inputs > 0 && node->in[0] && node->outputs > 0;
}

pj_quantizer pj_lint_quantizer(const pj_linter *linter, const pj_node *node)
{
    return pj_precision_node(linter->precision, node)->quantizer;
}

bool pj_lint_takes_integers(const pj_linter *linter, const pj_node *node)
{
    const pj_node_precision *own = pj_precision_node(linter->precision, node);
    return own->is_integer || own->quantizer == PJ_QUANTIZE || own->quantizer == PJ_FAKE_QUANTIZE;
}

bool pj_lint_converts(const pj_linter *linter, const pj_node *node)
{
    const pj_node_precision *own = pj_precision_node(linter->precision, node);
    return own->quantizer != PJ_NO_QUANTIZER && !own->is_free && !node->out[0]->is_constant && pj_lint_runs(node);
}

const pj_node *pj_lint_maker(const pj_linter *linter, const pj_node *node, int i)
{
    const pj_value *value = i < node->inputs ? node->in[i] : NULL;
    const pj_node *maker = value ? linter->maker[value->index] : NULL;
    return maker && maker->graph == node->graph ? maker : NULL;
}

const pj_node *pj_lint_sole_maker(const pj_node *node, int i)
{
    const pj_value *value = i < node->inputs ? node->in[i] : NULL;
    const pj_node *maker = value && value->uses == 1 && !value->is_output ? value->producer : NULL;
    return maker && maker->graph == node->graph ? maker : NULL;
}

bool pj_lint_is_float(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING && format->number.kind == PJ_FLOAT && format->number.bits >= 16;
}

int pj_lint_weight(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && node->in[i]->is_constant && pj_op_role(node->desc, i) == 'w')
            return i;
    return -1;
}

bool pj_lint_scalar(const pj_value *value, double *out)
{
    bool known = false;
    if (value && value->is_constant && value->data && value->data_count == 1)
        *out = pj_num_as_real(value->data[0], &known);
    return known;
}

const char *pj_lint_word(const pj_linter *linter, const pj_format *format, char word[PJ_LINT_WORD])
{
    pj_str text = pj_str_new(PJ_LINT_WORD - 1);
    if (format->from != PJ_FROM_NOTHING)
        pj_number_print(&format->number, &text);
    snprintf(word, PJ_LINT_WORD, "%s", text.length ? text.data : "?");
    if (text.no_memory)
        pj_arena_fail(linter->arena);
    pj_str_free(&text);
    return word;
}

/* ---- what all rules need ---- */

/* Who reads each value: one array for all, by value. */
static bool list_readers(pj_linter *linter)
{
    size_t reads = 0, values = (size_t)linter->model->values;
    for (int n = 0; n < linter->nodes; n++)
        reads += (size_t)linter->node[n]->inputs;
    linter->reader = PJ_NEW(linter->scratch, pj_reader, reads);
    linter->first = PJ_NEW(linter->scratch, int, values + 2);
    if (!linter->reader || !linter->first)
        return false;
    int *next = linter->first + 1; /* ends up as `first` once all are placed */
    for (int n = 0; n < linter->nodes; n++)
        for (int i = 0; i < linter->node[n]->inputs; i++)
            if (linter->node[n]->in[i])
                next[linter->node[n]->in[i]->index + 1]++;
    for (size_t v = 0; v < values; v++)
        next[v + 1] += next[v];
    for (int n = 0; n < linter->nodes; n++)
        for (int i = 0; i < linter->node[n]->inputs; i++)
            if (linter->node[n]->in[i])
                linter->reader[next[linter->node[n]->in[i]->index]++] = (pj_reader){linter->node[n], i};
    return true;
}

static bool find_consumers(pj_linter *linter)
{
    linter->consumer = PJ_NEW(linter->scratch, const pj_node *, linter->model->values);
    for (int n = linter->nodes; linter->consumer && n-- > 0;) {
        const pj_node *node = linter->node[n];
        const pj_node *reader = !pj_lint_arranges(node) ? node
                                : node->out[0]          ? linter->consumer[node->out[0]->index]
                                                        : NULL;
        if (node->desc && node->desc->traits & PJ_SHAPE_ONLY)
            continue;
        for (int i = 0; i < node->inputs && reader; i++)
            if (pj_precision_is_data(node, i))
                linter->consumer[node->in[i]->index] = reader;
    }
    return linter->consumer != NULL;
}

static bool find_makers(pj_linter *linter)
{
    linter->maker = PJ_NEW(linter->scratch, const pj_node *, linter->model->values);
    for (int n = 0; linter->maker && n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        for (int o = 0; o < node->outputs; o++)
            if (node->out[o])
                linter->maker[node->out[o]->index] = pj_lint_arranges(node) ? linter->maker[node->in[0]->index] : node;
    }
    return linter->maker != NULL;
}

/* DynamicQuantizeLinear and the integer operators behind it find their scales in the run. */
static bool has_scales(const pj_node *node, const pj_format *input)
{
    return input->from == PJ_FROM_QDQ || input->from == PJ_FROM_QONNX ||
           (input->from == PJ_FROM_OPERATOR && node->desc && strchr(node->desc->roles, 's'));
}

static void find_kind(pj_linter *linter)
{
    for (size_t i = 0; i < linter->layers->count; i++) {
        const pj_layer_detail *detail = &linter->layers->detail[i];
        const pj_format *input = &detail->input;
        const pj_layer *row = &linter->layers->row[i];
        if (row->macs <= 0)
            continue;
        if (!pj_add_i64(linter->macs, row->macs, &linter->macs))
            linter->macs = INT64_MAX;
        if (input->from == PJ_FROM_NOTHING || pj_lint_is_float(input) || input->number.bits > PJ_MOST_INTEGER_BITS)
            continue;
        linter->has_integers = true;
        linter->is_static = linter->is_static || has_scales(detail->node, input);
    }
}

static bool list_nodes(pj_linter *linter)
{
    linter->node = linter->precision->order;
    linter->nodes = linter->precision->nodes;
    linter->layer = PJ_NEW(linter->scratch, int, linter->model->nodes);
    for (int n = 0; linter->layer && n < linter->model->nodes; n++)
        linter->layer[n] = -1;
    for (size_t i = 0; linter->layer && i < linter->layers->count; i++)
        linter->layer[linter->layers->detail[i].node->id] = (int)i;
    return linter->layer != NULL;
}

pj_status pj_lint_all(pj_linter *linter, const bool *on, pj_error *err)
{
    if (!list_nodes(linter) || !list_readers(linter) || !find_makers(linter) || !find_consumers(linter))
        return pj_fail_memory(err);
    find_kind(linter);
    for (size_t i = 0; row_at(i); i++) {
        if (!on[i])
            continue;
        linter->rule = &row_at(i)->rule;
        linter->of_rule = 0;
        if (!row_at(i)->check(linter))
            return pj_fail_memory(err);
    }
    return pj_arena_failed(linter->arena) ? pj_fail_memory(err) : PJ_OK;
}
