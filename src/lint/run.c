/* The list of rules, the side tables that all of them need, and one run of them over an analysed model. */
#include "lint/lint.h"
#include "result/result.h"

static const pj_lint_family *const families[] = {&pj_lint_placement, &pj_lint_scales, &pj_lint_values, &pj_lint_graph,
                                                 NULL};

static const pj_lint_row *row_at(size_t index)
{
    for (size_t f = 0; families[f]; f++) {
        if (index < families[f]->count)
            return &families[f]->row[index];
        index -= families[f]->count;
    }
    return NULL;
}

static size_t count_rules(void)
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

/* DynamicQuantizeLinear and the integer operators after it find their scales in the run. */
static bool has_scales(const pj_node *node, const pj_format *input)
{
    return input->from == PJ_FROM_QDQ || input->from == PJ_FROM_QONNX ||
           (input->from == PJ_FROM_OPERATOR && node->desc && pj_op_takes_scales(node->desc));
}

static void find_kind(pj_linter *linter)
{
    for (size_t i = 0; i < linter->layers->count; i++) {
        const pj_layer_detail *detail = &linter->layers->detail[i];
        const pj_format *input = &detail->formats->input;
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

/* Runs the rules whose flags in `on` are set, one for each in the order of pj_lint_rule_at. */
static pj_status run_rules(pj_linter *linter, const bool *on, pj_error *err)
{
    PJ_TRY(pj_got(list_nodes(linter) && list_readers(linter) && find_makers(linter) && find_consumers(linter), err));
    find_kind(linter);
    for (size_t i = 0; row_at(i); i++) {
        if (!on[i])
            continue;
        linter->rule = &row_at(i)->rule;
        linter->of_rule = 0;
        PJ_TRY(pj_got(row_at(i)->check(linter), err));
    }
    return pj_arena_failed(linter->arena) ? pj_fail_memory(err) : PJ_OK;
}

/* All rules but those that are off. */
static pj_status choose(const char *const *off, size_t off_count, bool *on, pj_arena *arena, pj_error *err)
{
    size_t rules = count_rules();
    for (size_t r = 0; r < rules; r++)
        on[r] = true;
    for (size_t i = 0; i < off_count; i++) {
        const pj_lint_rule *rule = pj_lint_rule_find(off[i]);
        for (size_t r = 0; rule && r < rules; r++)
            on[r] = on[r] && pj_lint_rule_at(r) != rule;
        if (rule)
            continue;
        const char **codes = PJ_NEW(arena, const char *, rules + 1);
        for (size_t r = 0; codes && r < rules; r++)
            codes[r] = pj_lint_rule_at(r)->code;
        const char *near = codes ? pj_nearest_word(off[i], codes) : NULL;
        return pj_fail(err, PJ_EARGUMENT, "there is no lint rule '%s'%s%s%s", off[i], near ? "; did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
    }
    return PJ_OK;
}

static pj_status run(const pj_result *result, const char *const *off, size_t off_count, pj_lint *lint,
                     pj_arena *scratch, pj_error *err)
{
    bool *on = PJ_NEW(scratch, bool, count_rules());
    const pj_found *found = pj_result_found(result);
    pj_linter linter = {.model = found->model,
                        .precision = &found->precision,
                        .layers = &found->layers,
                        .arena = lint->arena,
                        .scratch = scratch};
    PJ_TRY(pj_got(on, err));
    PJ_TRY(choose(off, off_count, on, scratch, err));
    PJ_TRY(run_rules(&linter, on, err));
    lint->finding = linter.finding;
    lint->count = linter.count;
    lint->dropped = linter.dropped;
    return PJ_OK;
}

pj_status pj_lint_run(const pj_result *result, const char *const *off, size_t off_count, pj_lint **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0), *scratch = pj_arena_new(0);
    pj_lint *lint = arena ? PJ_NEW(arena, pj_lint, 1) : NULL;
    pj_status status = PJ_ENOMEM;
    *out = NULL;
    if (lint && scratch) {
        lint->arena = arena;
        lint->result = result;
        status = run(result, off, off_count, lint, scratch, err);
    } else {
        status = pj_fail_memory(err);
    }
    pj_arena_free(scratch);
    if (status == PJ_OK)
        *out = lint;
    else
        pj_arena_free(arena);
    return status;
}

void pj_lint_free(pj_lint *lint)
{
    if (lint)
        pj_arena_free(lint->arena);
}

const pj_lint_finding *pj_lint_findings(const pj_lint *lint, size_t *count)
{
    *count = lint->count;
    return lint->finding;
}

size_t pj_lint_dropped(const pj_lint *lint)
{
    return lint->dropped;
}

const pj_result *pj_lint_result(const pj_lint *lint)
{
    return lint->result;
}
