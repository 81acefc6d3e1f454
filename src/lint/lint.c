/* The words that rules are written in. */
#include "lint/lint.h"

#include "base/limits.h"

bool pj_lint_add(pj_linter *linter, const pj_node *node, double energy, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (linter->of_rule >= PJ_MAX_DIAGNOSTICS) {
        linter->dropped++;
        return true;
    }
    if (!PJ_GROW(linter->arena, linter->finding, linter->count, linter->capacity))
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

const pj_layer *pj_lint_layer(const pj_linter *linter, const pj_node *node)
{
    static const pj_layer none;
    return linter->layer[node->id] < 0 ? &none : &linter->layers->row[linter->layer[node->id]];
}

const pj_layer_detail *pj_lint_detail(const pj_linter *linter, const pj_node *node)
{
    static const pj_layer_formats unknown;
    static const pj_layer_detail none = {.formats = &unknown};
    return linter->layer[node->id] < 0 ? &none : &linter->layers->detail[linter->layer[node->id]];
}

double pj_lint_energy(const pj_linter *linter, const pj_node *node)
{
    const pj_layer *layer = pj_lint_layer(linter, node);
    return layer->counted ? pj_energy_total(&layer->energy) : -1;
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
        if (node->in[i] && node->in[i]->is_constant && pj_node_role(node, i) == 'w')
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
