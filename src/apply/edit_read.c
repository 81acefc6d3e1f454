/* The model's bytes taken apart. */
#include "apply/edit.h"

#include <string.h>

#include "apply/onnx_fields.h"
#include "base/ckd.h"
#include "ops/op.h"

static pj_edit_value *value_of(pj_edit *edit, const char *name)
{
    pj_edit_value *value = pj_map_get(&edit->values, name);
    if (value)
        return value;
    value = PJ_NEW(edit->arena, pj_edit_value, 1);
    if (!value || !pj_map_put(&edit->values, name, value) || !pj_map_put(&edit->taken, name, value))
        return &edit->spare_value;
    value->name = name;
    value->was = pj_map_get(&edit->model->graph->values, name);
    if (value->was) {
        value->constant = value->was->tensor;
        value->dtype = value->was->type.kind == PJ_TENSOR ? value->was->type.dtype : PJ_UNDEFINED;
    }
    return value;
}

static pj_status text_of(pj_edit *edit, const pj_field_at *field, const char **out, pj_error *err)
{
    PJ_TRY(pj_proto_text(&edit->file, field->value, field->end, edit->arena, out, err));
    edit->has_bad_names = edit->has_bad_names || strlen(*out) != field->end - field->value;
    return PJ_OK;
}

/* A text field of a message; "" where there is none. */
static pj_status find_text(pj_edit *edit, const pj_field_at *message, uint32_t number, const char **out, pj_error *err)
{
    pj_field_at field;
    *out = "";
    for (uint64_t at = message->value; at < message->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, message->end, &field, err));
        if (field.number == number && field.wire == PJ_WIRE_BYTES)
            PJ_TRY(text_of(edit, &field, out, err));
    }
    return PJ_OK;
}

static pj_status read_inner(pj_edit *edit, const pj_field_at *node, bool captures, pj_error *err);

static pj_status read_inner_graph(pj_edit *edit, const pj_field_at *graph, uint32_t nodes, bool captures, pj_error *err)
{
    pj_field_at field;
    const char *name;
    for (uint64_t at = graph->value; at < graph->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, graph->end, &field, err));
        if (field.wire != PJ_WIRE_BYTES)
            continue;
        if (field.number == nodes)
            PJ_TRY(read_inner(edit, &field, captures, err));
        bool is_output = captures && field.number == GRAPH_OUTPUT;
        if (!is_output && (!captures || field.number != GRAPH_INIT))
            continue;
        PJ_TRY(find_text(edit, &field, field.number == GRAPH_INIT ? 8 : 1, &name, err));
        if (is_output)
            value_of(edit, name)->is_captured = true;
        pj_map_put(&edit->taken, name, edit);
    }
    return PJ_OK;
}

static pj_status read_attribute(pj_edit *edit, const pj_field_at *attribute, bool captures, pj_error *err)
{
    pj_field_at field;
    for (uint64_t at = attribute->value; at < attribute->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, attribute->end, &field, err));
        bool is_graph = field.number == ATTRIBUTE_GRAPH || field.number == ATTRIBUTE_GRAPHS;
        if (is_graph && field.wire == PJ_WIRE_BYTES)
            PJ_TRY(read_inner_graph(edit, &field, GRAPH_NODE, captures, err));
    }
    return PJ_OK;
}

/* A node of a subgraph or function: its names are taken, and what a subgraph reads is captured if it is ours. */
static pj_status read_inner(pj_edit *edit, const pj_field_at *node, bool captures, pj_error *err)
{
    pj_field_at field;
    const char *text = "", *op = "", *domain = "";
    for (uint64_t at = node->value; at < node->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, node->end, &field, err));
        if (field.wire != PJ_WIRE_BYTES || field.number > NODE_DOMAIN)
            continue;
        if (field.number == NODE_ATTRIBUTE) {
            PJ_TRY(read_attribute(edit, &field, captures, err));
            continue;
        }
        PJ_TRY(text_of(edit, &field, &text, err));
        if (field.number == NODE_OP)
            op = text;
        else if (field.number == NODE_DOMAIN)
            domain = text;
        else if (*text && field.number == NODE_INPUT && captures)
            value_of(edit, text)->is_captured = true;
        else if (*text)
            pj_map_put(&edit->taken, text, edit);
    }
    if (!*domain || strcmp(domain, "ai.onnx") == 0)
        pj_map_put(&edit->inner, op, edit);
    return PJ_OK;
}

/* Two walks: how many names there are, then the names. */
static pj_status read_node(pj_edit *edit, const pj_field_at *message, pj_edit_node *node, pj_error *err)
{
    pj_field_at field;
    const char *text;
    int inputs = 0, outputs = 0;
    for (uint64_t at = message->value; at < message->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, message->end, &field, err));
        node->inputs += field.wire == PJ_WIRE_BYTES && field.number == NODE_INPUT;
        node->outputs += field.wire == PJ_WIRE_BYTES && field.number == NODE_OUTPUT;
    }
    node->in = PJ_NEW(edit->arena, pj_edit_value *, node->inputs ? node->inputs : 1); /* in[0] can always be read */
    node->out = PJ_NEW(edit->arena, pj_edit_value *, node->outputs ? node->outputs : 1);
    if (!node->in || !node->out)
        return pj_fail_memory(err);
    for (uint64_t at = message->value; at < message->end;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, message->end, &field, err));
        if (field.wire != PJ_WIRE_BYTES || field.number > NODE_DOMAIN)
            continue;
        if (field.number == NODE_ATTRIBUTE) {
            PJ_TRY(read_attribute(edit, &field, true, err));
            continue;
        }
        PJ_TRY(text_of(edit, &field, &text, err));
        if (field.number == NODE_INPUT)
            node->in[inputs++] = *text ? value_of(edit, text) : NULL;
        else if (field.number == NODE_OUTPUT)
            node->out[outputs++] = *text ? value_of(edit, text) : NULL;
        else if (field.number == NODE_NAME)
            node->name = text;
        else if (field.number == NODE_OP)
            node->op = text;
        else if (field.number == NODE_DOMAIN)
            node->domain = strcmp(text, "ai.onnx") == 0 ? "" : text;
    }
    if (*node->name)
        pj_map_put(&edit->taken, node->name, node);
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            node->out[o]->maker = node;
    return PJ_OK;
}

static pj_status add_node(pj_edit *edit, const pj_field_at *field, pj_edit_part *part, pj_node *const *by_place,
                          int64_t place, pj_error *err)
{
    pj_edit_node *node = PJ_NEW(edit->arena, pj_edit_node, 1);
    if (!node)
        return pj_fail_memory(err);
    *node = (pj_edit_node){
        .begin = field->begin, .end = field->end, .was = by_place[place], .name = "", .op = "", .domain = ""};
    part->kind = PJ_PART_NODE;
    part->node = node;
    pj_edit_append(edit, node);
    return read_node(edit, field, node, err);
}

static pj_status add_init(pj_edit *edit, const pj_field_at *field, pj_edit_part *part, pj_error *err)
{
    const char *name;
    PJ_TRY(find_text(edit, field, 8, &name, err));
    pj_edit_value *value = value_of(edit, name);
    pj_edit_tensor *init = PJ_NEW(edit->arena, pj_edit_tensor, 1);
    if (!init)
        return pj_fail_memory(err);
    part->kind = PJ_PART_INIT;
    part->value = value;
    *init = (pj_edit_tensor){.begin = field->begin, .end = field->end, .tensor = value->constant};
    value->init = init;
    return PJ_OK;
}

/* A graph's input, output or other value: all have the name first. */
static pj_status add_declared(pj_edit *edit, const pj_field_at *field, pj_edit_part *part, pj_error *err)
{
    const char *name;
    PJ_TRY(find_text(edit, field, 1, &name, err));
    part->value = value_of(edit, name);
    part->kind = field->number == GRAPH_INPUT    ? PJ_PART_INPUT
                 : field->number == GRAPH_OUTPUT ? PJ_PART_OUTPUT
                                                 : PJ_PART_VALUE;
    part->value->is_input = part->value->is_input || field->number == GRAPH_INPUT;
    part->value->is_output = part->value->is_output || field->number == GRAPH_OUTPUT;
    return PJ_OK;
}

static pj_status read_parts(pj_edit *edit, pj_node *const *by_place, pj_error *err)
{
    pj_field_at field;
    int64_t place = 0;
    size_t i = 0;
    for (uint64_t at = edit->graph.value; at < edit->graph.end; i++) {
        pj_edit_part *part = &edit->part[i];
        PJ_TRY(pj_proto_next(&edit->file, &at, edit->graph.end, &field, err));
        *part = (pj_edit_part){.kind = PJ_PART_OTHER, .begin = field.begin, .end = field.end};
        if (field.wire != PJ_WIRE_BYTES)
            continue;
        if (field.number == GRAPH_NODE)
            PJ_TRY(add_node(edit, &field, part, by_place, place++, err));
        else if (field.number == GRAPH_INIT)
            PJ_TRY(add_init(edit, &field, part, err));
        else if (field.number >= GRAPH_INPUT && field.number <= GRAPH_VALUE)
            PJ_TRY(add_declared(edit, &field, part, err));
    }
    return pj_arena_failed(edit->arena) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status read_graph(pj_edit *edit, pj_error *err)
{
    pj_field_at field;
    int64_t nodes = 0;
    for (uint64_t at = edit->graph.value; at < edit->graph.end; edit->parts++) {
        PJ_TRY(pj_proto_next(&edit->file, &at, edit->graph.end, &field, err));
        nodes += field.number == GRAPH_NODE && field.wire == PJ_WIRE_BYTES;
    }
    edit->part = PJ_NEW(edit->arena, pj_edit_part, edit->parts);
    pj_node **by_place = PJ_NEW(edit->arena, pj_node *, nodes);
    if (!edit->part || !by_place)
        return pj_fail_memory(err);
    for (int i = 0; i < edit->model->graph->nodes; i++) {
        pj_node *node = edit->model->graph->node[i];
        if (node->place >= 0 && node->place < nodes)
            by_place[node->place] = node;
    }
    return read_parts(edit, by_place, err);
}

static pj_status read_metadata(pj_edit *edit, const pj_field_at *field, pj_error *err)
{
    const char *key, *value;
    PJ_TRY(find_text(edit, field, 1, &key, err));
    PJ_TRY(find_text(edit, field, 2, &value, err));
    if (strcmp(key, "picojoule.plan_sha256") == 0)
        edit->plan_sha256 = value;
    if (strcmp(key, "picojoule.source_sha256") == 0)
        edit->source_sha256 = value;
    return PJ_OK;
}

static pj_status read_model(pj_edit *edit, pj_error *err)
{
    pj_field_at field;
    for (uint64_t at = 0; at < edit->size;) {
        PJ_TRY(pj_proto_next(&edit->file, &at, edit->size, &field, err));
        if (field.wire != PJ_WIRE_BYTES)
            continue;
        if (field.number == MODEL_GRAPH)
            edit->graph = field;
        if (field.number == MODEL_METADATA)
            PJ_TRY(read_metadata(edit, &field, err));
        if (field.number == MODEL_FUNCTION)
            PJ_TRY(read_inner_graph(edit, &field, FUNCTION_NODE, false, err));
        edit->functions += field.number == MODEL_FUNCTION;
    }
    return edit->graph.number
               ? read_graph(edit, err)
               : pj_fail(err, PJ_EUNSUPPORTED, "the model has no graph, so there is nothing to apply to");
}

/* Tensors that Constant nodes hold. */
static void note_constants(pj_edit *edit)
{
    for (pj_edit_node *node = edit->first; node; node = node->next) {
        if (!node->was || *node->domain || strcmp(node->op, "Constant") != 0 || node->outputs != 1 || !node->out[0])
            continue;
        if (node->was->out[0])
            node->out[0]->constant = pj_value_tensor(node->was->out[0]);
    }
}

pj_status pj_edit_open(const pj_model *model, const pj_input *input, uint64_t size, pj_arena *arena, pj_edit **out,
                       pj_error *err)
{
    pj_edit *edit = PJ_NEW(arena, pj_edit, 1);
    if (!edit)
        return pj_fail_memory(err);
    *out = edit;
    edit->model = model;
    edit->arena = arena;
    edit->file.input = input;
    edit->size = size;
    edit->spare_value.name = edit->spare_node.name = "";
    edit->spare_node.op = edit->spare_node.domain = "";
    edit->spare_node.in = edit->spare_node.out = edit->spare_list;
    pj_map_init(&edit->values, arena);
    pj_map_init(&edit->taken, arena);
    pj_map_init(&edit->inner, arena);
    edit->opset = pj_model_opset(model, "");
    edit->ms_opset = pj_model_opset(model, "com.microsoft");
    edit->ir_version = model->ir_version;
    edit->scratch = PJ_NEW(arena, uint8_t, PJ_READ_BYTES);
    PJ_TRY(pj_weight_files_new(&edit->files, model, arena, err));
    pj_weight_files_grant_all(&edit->files);
    if (!edit->scratch)
        return pj_fail_memory(err);
    PJ_TRY(read_model(edit, err));
    note_constants(edit);
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}

void pj_edit_close(pj_edit *edit)
{
    if (!edit)
        return;
    pj_weight_files_close(&edit->files);
    pj_arena_free(edit->open_memory);
    for (pj_edit_node *node = edit->first; node; node = node->next)
        if (node->attributes)
            pj_str_free(node->attributes);
}
