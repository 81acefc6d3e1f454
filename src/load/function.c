/* Model-local functions: each call is replaced by the function's nodes. */
#include "base/limits.h"
#include "load/loader.h"

static pj_str key_of(const char *domain, const char *name, const char *overload)
{
    pj_str key = pj_str_new(0);
    pj_str_printf(&key, "%s\n%s\n%s", pj_load_domain(domain), pj_text(name), pj_text(overload));
    return key;
}

static pj_status add_function(pj_loader *loader, PjOnnx__FunctionProto *proto, pj_function *out)
{
    pj_str text = key_of(proto->domain, proto->name, proto->overload);
    const char *key = text.failed ? NULL : pj_arena_strndup(loader->scratch, text.data, text.length);
    pj_str_free(&text);
    PJ_TRY(pj_got(key, loader->err));
    if (pj_map_get(&loader->functions, key))
        return pj_fail(loader->err, PJ_EFORMAT, "the function '%s' of domain '%s' is defined twice",
                       pj_text(proto->name), pj_text(proto->domain));
    PJ_TRY(pj_got(pj_map_put(&loader->functions, key, proto), loader->err));
    out->domain = pj_load_intern(loader, pj_load_domain(proto->domain));
    out->name = pj_load_intern(loader, pj_text(proto->name));
    out->overload = pj_load_intern(loader, pj_text(proto->overload));
    PJ_TRY(pj_got(out->domain && out->name && out->overload, loader->err));
    out->inputs = (int)proto->n_input;
    out->outputs = (int)proto->n_output;
    out->attrs = (int)proto->n_attribute;
    PJ_TRY(pj_load_texts(loader, proto->input, proto->n_input, &out->in));
    PJ_TRY(pj_load_texts(loader, proto->output, proto->n_output, &out->out));
    return pj_load_texts(loader, proto->attribute, proto->n_attribute, &out->attr);
}

pj_status pj_load_functions(pj_loader *loader, const PjOnnx__ModelProto *proto)
{
    pj_function *functions = PJ_NEW(loader->arena, pj_function, proto->n_functions);
    PJ_TRY(pj_got(functions, loader->err));
    for (size_t i = 0; i < proto->n_functions; i++)
        PJ_TRY(add_function(loader, proto->functions[i], &functions[i]));
    loader->model->functions = (int)proto->n_functions;
    loader->model->function = functions;
    return PJ_OK;
}

pj_status pj_load_callee(const pj_loader *loader, const PjOnnx__NodeProto *node, const PjOnnx__FunctionProto **out)
{
    *out = NULL;
    if (loader->functions.count == 0)
        return PJ_OK;
    pj_str key = key_of(node->domain, node->op_type, node->overload);
    bool failed = key.failed;
    if (!failed)
        *out = pj_map_get(&loader->functions, key.data);
    pj_str_free(&key);
    return failed ? pj_fail_memory(loader->err) : PJ_OK;
}

static pj_status check_call(const pj_loader *loader, const pj_call *call)
{
    const PjOnnx__FunctionProto *function = call->function;
    if (call->depth > PJ_MAX_FUNCTION_DEPTH)
        return pj_fail(loader->err, PJ_ELIMIT, "functions call each other more than %d deep", PJ_MAX_FUNCTION_DEPTH);
    for (const pj_call *outer = call->from->call; outer; outer = outer->from->call)
        if (outer->function == function)
            return pj_fail(loader->err, PJ_EFORMAT, "the function '%s' calls itself", pj_text(function->name));
    if (call->node->n_input > function->n_input || call->node->n_output > function->n_output)
        return pj_fail(loader->err, PJ_EFORMAT,
                       "the call has %zu inputs and %zu outputs, but the function takes %zu and makes %zu",
                       call->node->n_input, call->node->n_output, function->n_input, function->n_output);
    return PJ_OK;
}

static pj_status bind_inputs(pj_loader *loader, const pj_call *call, pj_map *names)
{
    for (size_t i = 0; i < call->function->n_input; i++) {
        const char *name = i < call->node->n_input ? call->node->input[i] : "";
        pj_value *value = *name ? pj_load_find(call->from, name) : &loader->absent;
        if (!value)
            return pj_load_fail_dangling(loader, call->from, "an input of the call is the tensor", name);
        PJ_TRY(pj_got(pj_map_put(names, call->function->input[i], value), loader->err));
    }
    return PJ_OK;
}

/* Makes the values of the outputs, so that the body's nodes find them under the function's names for them. An output
 * that is an input, or was there before, has a value already: copied[i]. */
static pj_status bind_outputs(pj_loader *loader, const pj_call *call, pj_map *names, bool *copied)
{
    for (size_t i = 0; i < call->node->n_output; i++) {
        pj_value *value;
        const char *formal = call->function->output[i], *name = call->node->output[i];
        copied[i] = *name && pj_map_get(names, formal);
        if (!*name || copied[i])
            continue;
        PJ_TRY(pj_load_define(loader, call->from, name, NULL, -1, &value));
        PJ_TRY(pj_got(pj_map_put(names, formal, value), loader->err));
    }
    return PJ_OK;
}

/* An output that is the same value as an input: an Identity gives it its own name. */
static pj_status copy_output(pj_loader *loader, const pj_spot *inside, size_t i)
{
    const pj_call *call = inside->call;
    PjOnnx__NodeProto proto = PJ_ONNX__NODE_PROTO__INIT;
    char op[] = "Identity";
    proto.op_type = op;
    pj_node *node = NULL;
    pj_value *value = pj_load_find(inside, call->function->output[i]);
    if (value == &loader->absent)
        return pj_fail(loader->err, PJ_EFORMAT, "output %zu is an input that the call leaves out", i);
    PJ_TRY(pj_load_node(loader, inside, &proto, call->function->n_node + i, &node));
    node->in = PJ_NEW(loader->arena, pj_value *, 1);
    node->out = PJ_NEW(loader->arena, pj_value *, 1);
    PJ_TRY(pj_got(node->in && node->out, loader->err));
    node->inputs = node->outputs = 1;
    node->in[0] = value;
    value->uses++;
    return pj_load_define(loader, call->from, call->node->output[i], node, 0, &node->out[0]);
}

static pj_status inline_body(pj_loader *loader, const pj_call *call)
{
    const PjOnnx__FunctionProto *function = call->function;
    pj_map names;
    bool *copied = PJ_NEW(loader->scratch, bool, call->node->n_output);
    PJ_TRY(pj_got(copied, loader->err));
    pj_map_init(&names, loader->scratch);
    pj_spot inside = {call->from->graph, &names, NULL, call};
    PJ_TRY(bind_inputs(loader, call, &names));
    PJ_TRY(bind_outputs(loader, call, &names, copied));
    const pj_messages nodes = pj_unpacked(function->node, function->n_node);
    const pj_messages values = pj_unpacked(function->value_info, function->n_value_info);
    PJ_TRY(pj_load_nodes(loader, &inside, &nodes));
    for (size_t i = 0; i < call->node->n_output; i++) {
        const pj_value *value = pj_map_get(&names, function->output[i]);
        if (copied[i])
            PJ_TRY(copy_output(loader, &inside, i));
        else if (*call->node->output[i] && value->producer_output < 0)
            return pj_fail(loader->err, PJ_EFORMAT, "the function '%s' does not make its output '%s'",
                           pj_text(function->name), function->output[i]);
    }
    return pj_load_declared(loader, &inside, &values);
}

pj_status pj_load_call(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *node, size_t index,
                       const PjOnnx__FunctionProto *function)
{
    pj_call call = {.function = function, .node = node, .from = place};
    call.depth = place->call ? place->call->depth + 1 : 1;
    const char *label = pj_load_label_at(loader, place, node, index);
    label = label ? pj_load_unique(loader, label) : NULL;
    size_t room = label ? strlen(label) + 2 : 0;
    char *prefix = label ? PJ_NEW(loader->arena, char, room) : NULL;
    PJ_TRY(pj_got(prefix, loader->err));
    snprintf(prefix, room, "%s/", label);
    call.prefix = prefix;
    PJ_TRY(pj_load_step(loader));
    pj_status status = check_call(loader, &call);
    if (status == PJ_OK)
        status = inline_body(loader, &call);
    if (status != PJ_OK)
        pj_error_at(loader->err, NULL, label, pj_text(function->name));
    return status;
}
