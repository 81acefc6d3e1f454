/* Look-ups in the model and texts of types. */
#include "ir/graph.h"

int64_t pj_model_opset(const pj_model *model, const char *domain)
{
    for (int i = 0; i < model->opsets; i++)
        if (strcmp(model->opset[i].domain, domain) == 0)
            return model->opset[i].version;
    return 0;
}

pj_value *pj_graph_find(const pj_graph *graph, const char *name)
{
    for (; graph; graph = graph->parent) {
        pj_value *value = pj_map_get(&graph->values, name);
        if (value)
            return value;
    }
    return NULL;
}

const pj_tensor *pj_value_tensor(const pj_value *value)
{
    if (value->tensor)
        return value->tensor;
    if (!value->producer || *value->producer->domain || strcmp(value->producer->op, "Constant") != 0)
        return NULL;
    const pj_attr *attr = pj_node_attr(value->producer, "value");
    return attr && attr->kind == PJ_ATTR_TENSOR ? attr->tensor : NULL;
}

const pj_attr *pj_node_attr(const pj_node *node, const char *name)
{
    for (int i = 0; i < node->attrs; i++)
        if (strcmp(node->attr[i].name, name) == 0)
            return &node->attr[i];
    return NULL;
}

int64_t pj_node_int(const pj_node *node, const char *name, int64_t otherwise)
{
    const pj_attr *attr = pj_node_attr(node, name);
    return attr && attr->kind == PJ_ATTR_INT ? attr->i : otherwise;
}

bool pj_node_is_folded(const pj_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && !node->out[o]->is_folded)
            return false;
    return node->outputs > 0;
}

static int order_graph(const pj_graph *graph, pj_node **order, int count)
{
    if (pj_num_is(graph->runs, 0) && graph->parent)
        return count;
    for (int n = 0; n < graph->nodes; n++) {
        pj_node *node = graph->node[n];
        for (int i = 0; i < node->attrs; i++) {
            const pj_attr *attr = &node->attr[i];
            if (attr->kind == PJ_ATTR_GRAPH)
                count = order_graph(attr->graph, order, count);
            for (int g = 0; attr->kind == PJ_ATTR_GRAPHS && g < attr->count; g++)
                count = order_graph(attr->graphs[g], order, count);
        }
        order[count++] = node;
    }
    return count;
}

pj_node *const *pj_model_order(const pj_model *model, pj_arena *arena, int *count)
{
    *count = model->graph->nodes;
    if (model->nodes && model->nodes == model->graph->nodes)
        return model->graph->node;
    pj_node **order = PJ_NEW(arena, pj_node *, model->nodes);
    *count = order ? order_graph(model->graph, order, 0) : 0;
    return order;
}

void pj_node_op_print(const pj_node *node, pj_str *out)
{
    if (*node->domain)
        pj_str_printf(out, "%s::", node->domain);
    pj_str_add(out, node->op);
}

pj_type pj_type_unknown(void)
{
    return (pj_type){.kind = PJ_KIND_UNKNOWN, .rank = -1};
}

pj_type pj_type_tensor(pj_dtype dtype, int rank, const pj_num *dims)
{
    return (pj_type){.kind = PJ_TENSOR, .dtype = dtype, .rank = rank, .dims = dims};
}

bool pj_type_is_tensor(const pj_type *type)
{
    return type->kind == PJ_TENSOR;
}

pj_num pj_type_count(pj_symbols *symbols, const pj_type *type)
{
    if (type->rank < 0)
        return pj_num_unknown();
    return pj_num_product(symbols, type->dims, type->rank);
}

static void print_tensor(const pj_type *type, pj_str *out)
{
    pj_str_add(out, type->dtype == PJ_UNDEFINED ? "?" : pj_dtype_word(type->dtype));
    for (int i = 0; i < type->rank; i++) {
        pj_str_add_char(out, i ? ',' : '[');
        pj_num_print(type->dims[i], out);
    }
    if (type->rank >= 0)
        pj_str_add(out, type->rank ? "]" : "[]");
}

/* Both forms of a type: with dims for people, without for the word of interface.md. */
static void print(const pj_type *type, bool dims, pj_str *out)
{
    switch (type->kind) {
    case PJ_TENSOR:
        if (dims)
            print_tensor(type, out);
        else if (type->dtype != PJ_UNDEFINED)
            pj_str_add(out, pj_dtype_word(type->dtype));
        return;
    case PJ_SPARSE:
        pj_str_add(out, "sparse(");
        if (dims)
            print_tensor(type, out);
        else
            pj_str_add(out, pj_dtype_word(type->dtype));
        break;
    case PJ_SEQUENCE:
        pj_str_add(out, "seq(");
        print(type->of, dims, out);
        break;
    case PJ_OPTIONAL:
        pj_str_add(out, "optional(");
        print(type->of, dims, out);
        break;
    case PJ_MAP:
        pj_str_printf(out, "map(%s,", pj_dtype_word(type->key));
        print(type->of, dims, out);
        break;
    case PJ_OPAQUE:
        pj_str_add(out, "opaque");
        return;
    case PJ_KIND_UNKNOWN:
        pj_str_add(out, dims ? "?" : "");
        return;
    }
    pj_str_add_char(out, ')');
}

void pj_type_print(const pj_type *type, pj_str *out)
{
    print(type, true, out);
}

void pj_type_word(const pj_type *type, pj_str *out)
{
    print(type, false, out);
}
