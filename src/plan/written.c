/* Which nodes take which numbers, by operator and by where their inputs come from. */
#include "plan/written.h"

#include "base/str.h"
#include "ops/op.h"
#include "quant/scale.h"

bool pj_written_is_computed(const pj_value *value)
{
    enum { MOST_PASSED = 8 };
    if (!value || !pj_dtype_is_float(value->type.dtype) || (!value->is_constant && !value->is_folded))
        return false;
    for (int i = 0; i < MOST_PASSED && !pj_value_tensor(value); i++) {
        const pj_node *maker = value->producer;
        if (!maker || *maker->domain || maker->inputs < 1 || !maker->in[0] ||
            !pj_text_lists("Reshape Flatten Squeeze Unsqueeze Identity", maker->op))
            return true;
        value = maker->in[0];
    }
    return !pj_value_tensor(value);
}

bool pj_written_reads_computed(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (strchr("xw", pj_node_role(node, i)) && pj_written_is_computed(node->in[i]))
            return true;
    return false;
}

bool pj_written_is_recurrent(const pj_node *node)
{
    return !*node->domain && pj_text_lists("LSTM GRU RNN", node->op);
}

bool pj_written_is_table(const pj_node *node)
{
    const pj_value *out = node->outputs == 1 ? node->out[0] : NULL;
    if (!out || out->is_constant || out->is_folded || !pj_looks_up_rows(node) || pj_written_is_computed(node->in[0]))
        return false;
    const pj_num *dims = node->in[0]->type.dims;
    return pj_num_known(dims[0]) && pj_num_known(dims[1]) && dims[0].whole > 0 && dims[1].whole > 0;
}

static bool has_graph(const pj_node *node)
{
    for (int i = 0; i < node->attrs; i++)
        if (node->attr[i].kind == PJ_ATTR_GRAPH || node->attr[i].kind == PJ_ATTR_GRAPHS)
            return true;
    return false;
}

static bool has_other_kinds(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && node->in[i]->type.kind != PJ_TENSOR)
            return true;
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && node->out[o]->type.kind != PJ_TENSOR)
            return true;
    return false;
}

/* Existing quantizers are borders. */
static bool reads_integers(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++) {
        const pj_node *maker = node->in[i] ? node->in[i]->producer : NULL;
        if (maker && !*maker->domain && strcmp(maker->op, "DequantizeLinear") == 0)
            return true;
    }
    return false;
}

bool pj_written_moves_batches(const pj_node *node)
{
    const pj_attr *perm = !*node->domain && pj_text_lists("Transpose", node->op) ? pj_node_attr(node, "perm") : NULL;
    const int rank = perm && perm->kind == PJ_ATTR_INTS ? (int)perm->count : 0;
    bool moves = rank > 2 && (perm->ints[rank - 2] == 0 || perm->ints[rank - 1] == 0);
    for (int i = 0; moves && i < rank - 2; i++)
        moves = perm->ints[i] == i + 1;
    return moves;
}

bool pj_written_reads_moved(const pj_node *node)
{
    for (int i = 0; !*node->domain && pj_text_lists("MatMul", node->op) && i < node->inputs; i++)
        if (node->in[i] && node->in[i]->producer && pj_written_moves_batches(node->in[i]->producer))
            return true;
    return false;
}

const char *pj_written_stays_wide(const pj_node *node)
{
    if (!node->desc || node->desc->traits & (PJ_WIDE | PJ_RANDOM) || has_other_kinds(node))
        return "the types of its operator, or of sequences, allow no such numbers";
    if (has_graph(node))
        return "it holds subgraphs, which stay as they are";
    if (reads_integers(node))
        return "it reads what a DequantizeLinear of the model makes";
    if (pj_text_lists("LayerNormalization", node->op) && node->outputs > 1)
        return "its mean and deviation are outputs of fp32";
    return NULL;
}
