/* Graphs, values and nodes from their protobuf messages. */
#include "base/limits.h"
#include "load/loader.h"

/* Appends to a list of a graph. */
static pj_status append(pj_loader *loader, pj_value ***list, int *count, pj_value *value)
{
    *list = pj_arena_more(loader->arena, *list, (size_t)*count, sizeof(pj_value *));
    PJ_TRY(pj_got(*list, loader->err));
    (*list)[(*count)++] = value;
    return PJ_OK;
}

/* Initializers may repeat (some exporters write a shared scale twice); the last one counts if they are alike. */
static pj_status add_constant(pj_loader *loader, const pj_spot *place, pj_tensor *tensor)
{
    pj_graph *graph = place->graph;
    pj_value *value = pj_map_get(place->names, tensor->name);
    if (!*tensor->name)
        return pj_fail(loader->err, PJ_EFORMAT, "an initializer of graph '%s' has no name", graph->name);
    if (value) { /* initializers come first, so it is one */
        bool alike = value->tensor->dtype == tensor->dtype && value->tensor->rank == tensor->rank &&
                     memcmp(value->tensor->dims, tensor->dims, (size_t)tensor->rank * sizeof *tensor->dims) == 0;
        if (!alike)
            return pj_fail(loader->err, PJ_EFORMAT, "the initializer '%s' is given twice, with different types",
                           tensor->name);
    } else {
        PJ_TRY(pj_load_define(loader, place, tensor->name, NULL, 0, &value));
        PJ_TRY(append(loader, &graph->initializer, &graph->initializers, value));
    }
    pj_num *dims = PJ_NEW(loader->arena, pj_num, tensor->rank);
    PJ_TRY(pj_got(dims, loader->err));
    for (int i = 0; i < tensor->rank; i++)
        dims[i] = pj_num_of(tensor->dims[i]);
    tensor->name = value->name;
    value->tensor = tensor;
    value->type = pj_type_tensor(tensor->dtype, tensor->rank, dims);
    return PJ_OK;
}

static pj_status add_initializers(pj_loader *loader, const pj_spot *place, const pj_messages *protos)
{
    pj_tensor *tensors = PJ_NEW(loader->arena, pj_tensor, protos->count);
    PJ_TRY(pj_got(tensors, loader->err));
    for (size_t i = 0; i < protos->count; i++) {
        const PjOnnx__TensorProto *proto = pj_unpack(loader, protos, i);
        PJ_TRY(pj_got(proto, loader->err));
        PJ_TRY(pj_load_tensor(loader, proto, "initializer", &tensors[i]));
        PJ_TRY(add_constant(loader, place, &tensors[i]));
        loader->stripped += tensors[i].storage == PJ_STORED_ABSENT && !tensors[i].location;
    }
    return PJ_OK;
}

static pj_status add_sparse_initializers(pj_loader *loader, const pj_spot *place, const pj_messages *protos)
{
    pj_tensor *tensors = PJ_NEW(loader->arena, pj_tensor, protos->count);
    PJ_TRY(pj_got(tensors, loader->err));
    for (size_t i = 0; i < protos->count; i++) {
        const PjOnnx__SparseTensorProto *proto = pj_unpack(loader, protos, i);
        PJ_TRY(pj_got(proto, loader->err));
        PJ_TRY(pj_load_sparse(loader, proto, "initializer", &tensors[i]));
        PJ_TRY(add_constant(loader, place, &tensors[i]));
    }
    return PJ_OK;
}

/* Reads a declaration; `what` ("input") and the name go into the message. */
static pj_status read_declared(pj_loader *loader, const PjOnnx__ValueInfoProto *info, const char *what, pj_type *out)
{
    pj_status status = pj_load_type(loader, info->type, out);
    if (status == PJ_EFORMAT || status == PJ_ELIMIT) {
        pj_error inner = *loader->err;
        return pj_fail(loader->err, status, "%s '%s': %.300s", what, pj_text(info->name), inner.what);
    }
    return status;
}

/* An input that has an initializer is a constant: files before IR version 4 list them all. */
static pj_status add_input(pj_loader *loader, const pj_spot *place, const PjOnnx__ValueInfoProto *info)
{
    pj_value *value = pj_map_get(place->names, info->name);
    if (value && value->tensor)
        return read_declared(loader, info, "input", &value->declared);
    PJ_TRY(pj_load_define(loader, place, info->name, NULL, 0, &value));
    PJ_TRY(append(loader, &place->graph->in, &place->graph->inputs, value));
    value->is_input = true;
    PJ_TRY(read_declared(loader, info, "input", &value->declared));
    value->type = value->declared;
    return PJ_OK;
}

static pj_status add_inputs(pj_loader *loader, const pj_spot *place, const pj_messages *infos)
{
    for (size_t i = 0; i < infos->count; i++) {
        const PjOnnx__ValueInfoProto *info = pj_unpack(loader, infos, i);
        PJ_TRY(pj_got(info, loader->err));
        if (!*pj_text(info->name))
            return pj_fail(loader->err, PJ_EFORMAT, "input %zu of graph '%s' has no name", i, place->graph->name);
        PJ_TRY(add_input(loader, place, info));
    }
    return PJ_OK;
}

static int64_t opset_of(const pj_loader *loader, const pj_spot *place, const char *domain)
{
    int64_t version = 0;
    const PjOnnx__FunctionProto *function = place->call ? place->call->function : NULL;
    for (size_t i = 0; function && i < function->n_opset_import; i++) {
        const PjOnnx__OperatorSetIdProto *opset = function->opset_import[i];
        if (strcmp(pj_load_domain(opset->domain), domain) == 0 && opset->version > version)
            version = opset->version;
    }
    return version > 0 ? version : pj_model_opset(loader->model, domain);
}

pj_status pj_load_node(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, size_t index,
                       pj_node **out)
{
    pj_graph *graph = place->graph;
    pj_node *node = PJ_NEW(loader->arena, pj_node, 1);
    graph->node = pj_arena_more(loader->arena, graph->node, (size_t)graph->nodes, sizeof(pj_node *));
    PJ_TRY(pj_got(node && graph->node, loader->err));
    PJ_TRY(pj_load_step(loader));
    node->name = pj_arena_strdup(loader->arena, pj_text(proto->name));
    node->label = *pj_text(node->name) && !place->call ? node->name : pj_load_label_at(loader, place, proto, index);
    node->op = pj_load_intern(loader, pj_text(proto->op_type));
    node->domain = pj_load_intern(loader, pj_load_domain(proto->domain));
    node->overload = pj_load_intern(loader, pj_text(proto->overload));
    PJ_TRY(pj_got(node->name && node->label && node->op && node->domain && node->overload, loader->err));
    node->scope = pj_load_scope(loader, proto, node->label);
    PJ_TRY(pj_got(node->scope, loader->err));
    node->opset = opset_of(loader, place, node->domain);
    node->graph = graph;
    node->index = graph->nodes;
    node->place = place->call ? -1 : (int)index;
    node->id = loader->model->nodes++;
    graph->node[graph->nodes++] = node;
    *out = node;
    return PJ_OK;
}

static pj_status read_inputs(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, pj_node *node)
{
    node->inputs = (int)proto->n_input;
    node->in = PJ_NEW(loader->arena, pj_value *, proto->n_input ? proto->n_input : 1); /* in[0] can always be read */
    PJ_TRY(pj_got(node->in, loader->err));
    for (size_t i = 0; i < proto->n_input; i++) {
        if (!*proto->input[i])
            continue;
        pj_value *value = pj_load_find(place, proto->input[i]);
        if (!value) {
            char what[64];
            snprintf(what, sizeof what, "input %zu is the tensor", i);
            return pj_load_fail_dangling(loader, place, what, proto->input[i]);
        }
        if (value == &loader->absent)
            continue;
        node->in[i] = value;
        value->uses++;
    }
    return PJ_OK;
}

static pj_status read_outputs(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, pj_node *node)
{
    node->outputs = (int)proto->n_output;
    node->out = PJ_NEW(loader->arena, pj_value *, proto->n_output ? proto->n_output : 1);
    PJ_TRY(pj_got(node->out, loader->err));
    for (size_t i = 0; i < proto->n_output; i++)
        if (*proto->output[i])
            PJ_TRY(pj_load_define(loader, place, proto->output[i], node, (int)i, &node->out[i]));
    return PJ_OK;
}

static pj_status fill_node(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, pj_node *node)
{
    PJ_TRY(read_inputs(loader, place, proto, node));
    PJ_TRY(pj_load_attrs(loader, place, proto, node));
    return read_outputs(loader, place, proto, node);
}

static pj_status add_node(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, size_t index)
{
    const PjOnnx__FunctionProto *function;
    pj_node *node = NULL;
    PJ_TRY(pj_load_callee(loader, proto, &function));
    if (function)
        return pj_load_call(loader, place, proto, index, function);
    PJ_TRY(pj_load_node(loader, place, proto, index, &node));
    pj_status status = *node->op ? fill_node(loader, place, proto, node)
                                 : pj_fail(loader->err, PJ_EFORMAT, "the node does not say its operator");
    if (status != PJ_OK) {
        pj_str op = pj_str_new(0);
        pj_node_op_print(node, &op);
        pj_error_at(loader->err, NULL, node->label, op.data);
        pj_str_free(&op);
    }
    return status;
}

/* Is all that a node reads there? Of nodes with subgraphs only the sort can tell. */
static bool is_ready(const pj_spot *place, const PjOnnx__NodeProto *node)
{
    for (size_t i = 0; i < node->n_input; i++)
        if (*node->input[i] && !pj_load_find(place, node->input[i]))
            return false;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->g || node->attribute[i]->n_graphs)
            return false;
    return true;
}

/* The nodes from number `from` on, in an order that makes each value before it is read. */
static pj_status add_sorted(pj_loader *loader, const pj_spot *place, const pj_messages *nodes, size_t from)
{
    const size_t count = nodes->count - from;
    PjOnnx__NodeProto *const *rest = pj_unpack_nodes(loader, nodes, from);
    size_t *order = rest ? PJ_NEW(loader->scratch, size_t, count) : NULL;
    PJ_TRY(pj_got(order, loader->err));
    PJ_TRY(pj_load_sort(loader, place, rest, count, from, order));
    for (size_t i = 0; i < count; i++)
        PJ_TRY(add_node(loader, place, rest[order[i]], from + order[i]));
    return PJ_OK;
}

pj_status pj_load_nodes(pj_loader *loader, const pj_spot *place, const pj_messages *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const PjOnnx__NodeProto *node = pj_unpack(loader, nodes, i);
        PJ_TRY(pj_got(node, loader->err));
        if (!is_ready(place, node)) /* nodes that come in order need no sorting, and nearly all do */
            return add_sorted(loader, place, nodes, i);
        PJ_TRY(add_node(loader, place, node, i));
    }
    return PJ_OK;
}

static pj_status add_outputs(pj_loader *loader, const pj_spot *place, const pj_messages *infos)
{
    for (size_t i = 0; i < infos->count; i++) {
        const PjOnnx__ValueInfoProto *info = pj_unpack(loader, infos, i);
        PJ_TRY(pj_got(info, loader->err));
        pj_value *value = pj_load_find(place, pj_text(info->name));
        if (!value || value == &loader->absent) {
            char what[64];
            snprintf(what, sizeof what, "output %zu of the graph is", i);
            return pj_load_fail_dangling(loader, place, what, pj_text(info->name));
        }
        PJ_TRY(append(loader, &place->graph->out, &place->graph->outputs, value));
        value->uses++;
        if (value->graph == place->graph)
            value->is_output = true;
        if (info->type && value->declared.kind == PJ_KIND_UNKNOWN)
            PJ_TRY(read_declared(loader, info, "output", &value->declared));
    }
    return PJ_OK;
}

pj_status pj_load_declared(pj_loader *loader, const pj_spot *place, const pj_messages *infos)
{
    for (size_t i = 0; i < infos->count; i++) {
        const PjOnnx__ValueInfoProto *info = pj_unpack(loader, infos, i);
        PJ_TRY(pj_got(info, loader->err));
        pj_value *value = pj_map_get(place->names, pj_text(info->name));
        if (value && value != &loader->absent && value->declared.kind == PJ_KIND_UNKNOWN)
            PJ_TRY(read_declared(loader, info, "value", &value->declared));
    }
    return PJ_OK;
}

static pj_status fill_graph(pj_loader *loader, const pj_spot *place, const pj_graph_text *text)
{
    if (loader->depth > PJ_MAX_SUBGRAPH_DEPTH + 1)
        return pj_fail(loader->err, PJ_ELIMIT, "subgraphs are nested more than %d deep", PJ_MAX_SUBGRAPH_DEPTH);
    size_t values = text->initializers.count + text->inputs.count + text->nodes.count; /* most nodes make one */
    PJ_TRY(pj_got(pj_map_reserve(place->names, values), loader->err));
    PJ_TRY(add_initializers(loader, place, &text->initializers));
    PJ_TRY(add_sparse_initializers(loader, place, &text->sparse_initializers));
    PJ_TRY(add_inputs(loader, place, &text->inputs));
    PJ_TRY(pj_load_nodes(loader, place, &text->nodes));
    PJ_TRY(add_outputs(loader, place, &text->outputs));
    PJ_TRY(pj_load_declared(loader, place, &text->values));
    return pj_load_annotations(loader, place, &text->annotations);
}

pj_status pj_load_graph(pj_loader *loader, const pj_spot *outer, pj_node *holder, const pj_graph_text *text,
                        pj_graph **out)
{
    pj_graph *graph = PJ_NEW(loader->arena, pj_graph, 1);
    pj_map names;
    const char *name = pj_arena_strdup(loader->arena, text->name);
    PJ_TRY(pj_got(graph && name, loader->err));
    pj_map_init(&names, loader->scratch);
    pj_map_init(&graph->values, loader->arena);
    graph->name = name;
    graph->holder = holder;
    graph->parent = holder ? holder->graph : NULL;
    const pj_call *call = outer ? outer->call : NULL;
    pj_spot place = {graph, call ? &names : &graph->values, outer, call};
    loader->depth++;
    PJ_TRY(fill_graph(loader, &place, text));
    loader->depth--;
    *out = graph;
    return PJ_OK;
}
