/* The model's bytes taken apart, and the vocabulary of those who change it. */
#include "apply/edit.h"

#include <string.h>

#include "base/ckd.h"
#include "ops/op.h"

/* ---- reading the file ---- */

/* Fields by number, as onnx.proto3 has them. */
enum { MODEL_IR = 1, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14, MODEL_FUNCTION = 25 };
enum { GRAPH_NODE = 1, GRAPH_INIT = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_VALUE = 13, GRAPH_SPARSE = 15 };
enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7,
    NODE_METADATA = 9
};
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_STRING = 4,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_GRAPH = 6,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_GRAPHS = 11,
    ATTRIBUTE_TYPE = 20
};
enum { FUNCTION_NODE = 7 };

/* What AttributeProto.type says. */
enum { TYPE_INT = 2, TYPE_STRING = 3, TYPE_TENSOR = 4, TYPE_INTS = 7 };

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
    node->in = PJ_NEW(edit->arena, pj_edit_value *, node->inputs);
    node->out = PJ_NEW(edit->arena, pj_edit_value *, node->outputs);
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

static void append(pj_edit *edit, pj_edit_node *node)
{
    node->previous = edit->last;
    if (edit->last)
        edit->last->next = node;
    else
        edit->first = node;
    edit->last = node;
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
    append(edit, node);
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
        const pj_attr *attr = pj_node_attr(node->was, "value");
        if (attr && attr->kind == PJ_ATTR_TENSOR)
            node->out[0]->constant = attr->tensor;
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

static void forget_readers(pj_edit *edit)
{
    for (size_t i = 0; i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        value->readers = value->left = 0;
    }
    edit->spare_value.readers = 0;
}

/* Where memory runs out, nobody is known to read anything. */
void pj_edit_index(pj_edit *edit)
{
    bool ok = true;
    forget_readers(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++)
            if (node->in[i])
                node->in[i]->readers++;
    for (size_t i = 0; ok && i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        value->reader = PJ_NEW(edit->arena, pj_edit_node *, value->readers);
        ok = value->reader != NULL;
    }
    forget_readers(edit);
    for (pj_edit_node *node = edit->first; ok && node; node = node->next)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++)
            if (node->in[i] && node->in[i]->reader)
                node->in[i]->reader[node->in[i]->readers++] = node;
}

/* ---- names ---- */

/* A name nobody has: base + suffix, or with _1, _2 ... after it. */
static const char *free_name(pj_edit *edit, const char *base, const char *suffix)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", base, suffix);
    for (int i = 1; !text.failed && pj_map_get(&edit->taken, text.data); i++) {
        pj_str_clear(&text);
        pj_str_printf(&text, "%s%s_%d", base, suffix, i);
    }
    char *name = pj_str_keep(&text, edit->arena);
    if (!name || !pj_map_put(&edit->taken, name, edit)) {
        pj_arena_fail(edit->arena);
        return "";
    }
    return name;
}

/* ---- nodes ---- */

static pj_edit_node *new_node(pj_edit *edit, const char *domain, const char *op, const char *base, int inputs,
                              int outputs)
{
    pj_edit_node *node = PJ_NEW(edit->arena, pj_edit_node, 1);
    pj_edit_value **in = PJ_NEW(edit->arena, pj_edit_value *, inputs + outputs);
    pj_str suffix = pj_str_new(0);
    pj_str_printf(&suffix, "/%s", op);
    const char *name = free_name(edit, base, suffix.data);
    if (suffix.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&suffix);
    edit->is_changed = true;
    if (!node || !in)
        return &edit->spare_node;
    *node = (pj_edit_node){
        .name = name, .op = op, .domain = domain, .inputs = inputs, .outputs = outputs, .in = in, .out = in + inputs};
    return node;
}

pj_edit_node *pj_edit_before(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                             int inputs, int outputs)
{
    pj_edit_node *node = new_node(edit, domain, op, base, inputs, outputs);
    if (node == &edit->spare_node || at == &edit->spare_node)
        return &edit->spare_node;
    at = at ? at : edit->first;
    if (!at) {
        append(edit, node);
        return node;
    }
    node->next = at;
    node->previous = at->previous;
    if (at->previous)
        at->previous->next = node;
    else
        edit->first = node;
    at->previous = node;
    return node;
}

pj_edit_node *pj_edit_after(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                            int inputs, int outputs)
{
    if (!at || at->next)
        return pj_edit_before(edit, at ? at->next : NULL, domain, op, base, inputs, outputs);
    pj_edit_node *node = new_node(edit, domain, op, base, inputs, outputs);
    if (node == &edit->spare_node || at == &edit->spare_node)
        return &edit->spare_node;
    append(edit, node);
    return node;
}

void pj_edit_drop(pj_edit *edit, pj_edit_node *node)
{
    node->is_dropped = edit->is_changed = true;
}

/* The text that attributes of the node are added to. */
static pj_str *attributes_of(pj_edit *edit, pj_edit_node *node)
{
    if (!node->attributes) {
        node->attributes = PJ_NEW(edit->arena, pj_str, 1);
        if (!node->attributes)
            return NULL;
        *node->attributes = pj_str_new(0);
    }
    node->is_edited = edit->is_changed = true;
    return node->attributes;
}

/* An attribute: name, one field, type. */
static void add_attribute(pj_edit *edit, pj_edit_node *node, const char *name, const pj_str *value, int type)
{
    pj_str *out = node == &edit->spare_node ? NULL : attributes_of(edit, node), all = pj_str_new(0);
    pj_put_text(&all, ATTRIBUTE_NAME, name);
    pj_str_add_bytes(&all, value->data, value->length);
    pj_put_number(&all, ATTRIBUTE_TYPE, (uint64_t)type);
    if (out)
        pj_put_bytes(out, NODE_ATTRIBUTE, all.data, all.length);
    if (all.failed || value->failed || (out && out->failed))
        pj_arena_fail(edit->arena);
    pj_str_free(&all);
}

void pj_edit_int(pj_edit *edit, pj_edit_node *node, const char *name, int64_t value)
{
    pj_str field = pj_str_new(0);
    pj_put_number(&field, ATTRIBUTE_INT, (uint64_t)value);
    add_attribute(edit, node, name, &field, TYPE_INT);
    pj_str_free(&field);
}

void pj_edit_ints(pj_edit *edit, pj_edit_node *node, const char *name, const int64_t *value, int count)
{
    pj_str field = pj_str_new(0);
    for (int i = 0; i < count; i++)
        pj_put_number(&field, ATTRIBUTE_INTS, (uint64_t)value[i]);
    add_attribute(edit, node, name, &field, TYPE_INTS);
    pj_str_free(&field);
}

void pj_edit_string(pj_edit *edit, pj_edit_node *node, const char *name, const char *value)
{
    pj_str field = pj_str_new(0);
    pj_put_text(&field, ATTRIBUTE_STRING, value);
    add_attribute(edit, node, name, &field, TYPE_STRING);
    pj_str_free(&field);
}

void pj_edit_scalar(pj_edit *edit, pj_edit_node *node, const char *name, pj_dtype dtype, const void *bytes,
                    size_t length)
{
    pj_str field = pj_str_new(0), tensor = pj_str_new(0);
    pj_put_number(&tensor, 1, 1);
    pj_put_number(&tensor, 2, (uint64_t)dtype);
    pj_put_bytes(&tensor, 9, bytes, length);
    pj_put_bytes(&field, ATTRIBUTE_TENSOR, tensor.data, tensor.length);
    add_attribute(edit, node, name, &field, TYPE_TENSOR);
    if (tensor.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&tensor);
    pj_str_free(&field);
}

void pj_edit_metadata(pj_edit *edit, pj_edit_node *node, const char *key, const char *value)
{
    pj_str *out = node == &edit->spare_node ? NULL : attributes_of(edit, node);
    if (out)
        pj_put_entry(out, NODE_METADATA, key, value);
    if (out && out->failed)
        pj_arena_fail(edit->arena);
}

void pj_edit_read(pj_edit *edit, pj_edit_node *node, int input, pj_edit_value *value)
{
    node->in[input] = value;
    node->is_edited = edit->is_changed = true;
}

void pj_edit_widen(pj_edit *edit, pj_edit_node *node, int count)
{
    pj_edit_value **in = PJ_NEW(edit->arena, pj_edit_value *, count);
    if (!in || count <= node->inputs)
        return;
    memcpy(in, node->in, (size_t)node->inputs * sizeof *in);
    node->in = in;
    node->inputs = count;
    node->is_edited = edit->is_changed = true;
}

/* ---- values ---- */

static pj_edit_value *new_value(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype)
{
    const char *name = free_name(edit, base, suffix);
    pj_edit_value *value = PJ_NEW(edit->arena, pj_edit_value, 1);
    edit->is_changed = true;
    if (!value || !*name || !pj_map_put(&edit->values, name, value))
        return &edit->spare_value;
    value->name = name;
    value->dtype = dtype;
    return value;
}

pj_edit_value *pj_edit_value_new(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype,
                                 pj_edit_node *maker, int output)
{
    pj_edit_value *value = new_value(edit, base, suffix, dtype);
    value->maker = maker;
    maker->out[output] = value;
    return value;
}

void pj_edit_redirect(pj_edit *edit, pj_edit_value *from, pj_edit_value *to, const pj_edit_node *except)
{
    for (int r = 0; r < from->readers; r++)
        for (int i = 0; from->reader[r] != except && i < from->reader[r]->inputs; i++)
            if (from->reader[r]->in[i] == from)
                pj_edit_read(edit, from->reader[r], i, to);
}

pj_edit_value *pj_edit_set_aside(pj_edit *edit, pj_edit_value *value, const char *suffix, pj_dtype dtype)
{
    pj_edit_node *maker = value->maker;
    pj_edit_value *aside = new_value(edit, value->name, suffix, dtype);
    aside->maker = maker;
    for (int o = 0; maker && o < maker->outputs; o++)
        if (maker->out[o] == value) {
            maker->out[o] = aside;
            maker->is_edited = true;
        }
    value->maker = NULL;
    return aside;
}

/* Makes room for one more new initializer. */
static bool grow_added(pj_edit *edit)
{
    if (edit->adds < edit->room)
        return true;
    size_t room = edit->room ? 2 * edit->room : 64;
    pj_edit_tensor **added = PJ_NEW(edit->arena, pj_edit_tensor *, room);
    const char **names = PJ_NEW(edit->arena, const char *, room);
    if (!added || !names)
        return false;
    if (edit->adds > 0) {
        memcpy(added, edit->added, edit->adds * sizeof *added);
        memcpy(names, edit->added_name, edit->adds * sizeof *names);
    }
    edit->added = added;
    edit->added_name = names;
    edit->room = room;
    return true;
}

static pj_edit_value *add_tensor(pj_edit *edit, const char *base, const char *suffix, const pj_edit_tensor *given)
{
    pj_edit_value *value = new_value(edit, base, suffix, given->dtype);
    pj_edit_tensor *init = pj_arena_memdup(edit->arena, given, 1, sizeof *given);
    int64_t *dims = pj_arena_memdup(edit->arena, given->dims, (size_t)given->rank, sizeof *dims);
    if (!init || !dims || value == &edit->spare_value || !grow_added(edit))
        return &edit->spare_value;
    init->dims = dims;
    value->init = init;
    edit->added[edit->adds] = init;
    edit->added_name[edit->adds++] = value->name;
    return value;
}

pj_edit_value *pj_edit_bytes(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                             const int64_t *dims, const void *bytes, size_t length)
{
    const int64_t none = 0;
    const pj_edit_tensor tensor = {.dtype = dtype,
                                   .rank = rank,
                                   .dims = dims ? dims : &none,
                                   .length = length,
                                   .bytes = bytes ? pj_arena_memdup(edit->arena, bytes, length, 1) : NULL};
    return tensor.bytes ? add_tensor(edit, base, suffix, &tensor) : &edit->spare_value; /* no memory */
}

pj_edit_value *pj_edit_make(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                            const int64_t *dims, const pj_make *make)
{
    const int64_t none = 0;
    pj_edit_tensor tensor = {.dtype = dtype,
                             .rank = rank,
                             .dims = dims ? dims : &none,
                             .make = pj_arena_memdup(edit->arena, make, 1, sizeof *make)};
    if (!tensor.make || !pj_make_bytes(make, &tensor.length))
        return &edit->spare_value;
    return add_tensor(edit, base, suffix, &tensor);
}

void pj_edit_take(pj_edit *edit, pj_edit_value *value, pj_edit_value *from)
{
    if (edit->adds == 0 || !from->init)
        return;
    edit->added_name[edit->adds - 1] = value->name;
    value->init = from->init;
    value->maker = NULL;
    from->init = NULL;
}

/* ---- contents ---- */

typedef struct contents {
    pj_edit *edit;
    const pj_tensor *tensor;
} contents;

/* One tensor is open at a time, so that thousands of files may be read. */
static pj_status open_tensor(pj_edit *edit, const pj_tensor *tensor, pj_error *err)
{
    const char *absent = NULL;
    if (edit->open == tensor)
        return PJ_OK;
    edit->open = NULL;
    if (pj_weight_files_full(&edit->files))
        pj_weight_files_close(&edit->files);
    if (!edit->open_memory)
        edit->open_memory = pj_arena_new(0);
    else
        pj_arena_reset(edit->open_memory);
    if (!edit->open_memory)
        return pj_fail_memory(err);
    edit->reading = pj_constant_of_tensor(tensor);
    PJ_TRY(pj_reader_open(&edit->reader, &edit->reading, &edit->files, edit->open_memory, &absent, err));
    if (absent)
        return pj_fail(err, PJ_EFORMAT, "the contents of '%.200s' are needed, but %s", tensor->name, absent);
    edit->open = tensor;
    return PJ_OK;
}

static pj_status get_contents(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    const contents *from = payload;
    PJ_TRY(open_tensor(from->edit, from->tensor, err));
    return pj_reader_floats(&from->edit->reader, first, (int64_t)n, from->edit->scratch, out, err);
}

pj_numbers pj_edit_numbers(pj_edit *edit, const pj_tensor *tensor)
{
    contents *from = PJ_NEW(edit->arena, contents, 1);
    if (from)
        *from = (contents){edit, tensor};
    return (pj_numbers){get_contents, from, from ? tensor->count : 0};
}

pj_status pj_edit_raw(pj_edit *edit, const pj_tensor *tensor, uint64_t at, size_t n, void *to, pj_error *err)
{
    PJ_TRY(open_tensor(edit, tensor, err));
    return pj_reader_raw(&edit->reader, at, n, to, err);
}
