/* Building ONNX models with protobuf-c's structs. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "load/load.h"

static void *take(builder *b, size_t count, size_t size)
{
    void *memory = pj_arena_alloc(b->arena, count, size);
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* Makes room for one more in an array that doubles at powers of two. */
static void *grow(builder *b, void *items, size_t count, size_t size)
{
    if (count & (count - 1))
        return items;
    void *more = take(b, count ? 2 * count : 1, size);
    if (count)
        memcpy(more, items, count * size);
    return more;
}

/* `item` behind the last of a list of pointers, or of numbers; both are the item. */
#define APPEND_SIZED(b, list, count, item, size) \
    ((list) = grow((b), (list), (count), (size)), (list)[(count)++] = (item))
#define APPEND(b, list, count, item)        APPEND_SIZED(b, list, count, item, sizeof(void *))
#define APPEND_NUMBER(b, list, count, item) APPEND_SIZED(b, list, count, item, sizeof(int64_t))

#define MAKE(b, type, INIT) memcpy(take((b), 1, sizeof(type)), &(const type)INIT, sizeof(type))

char *build_strdup(builder *b, const char *text)
{
    return memcpy(take(b, strlen(text) + 1, 1), text, strlen(text));
}

/* Calls for each part of a comma list; an empty text has none. */
static size_t split(builder *b, const char *list, char ***out)
{
    size_t count = 0;
    *out = NULL;
    while (*list) {
        size_t length = strcspn(list, ",");
        char *part = take(b, length + 1, 1);
        memcpy(part, list, length);
        APPEND(b, *out, count, part);
        list += length;
        if (*list == ',' && !*++list)
            APPEND(b, *out, count, build_strdup(b, ""));
    }
    return count;
}

builder build_new(int64_t opset)
{
    builder b = {.arena = pj_arena_new(0)};
    b.model = MAKE(&b, PjOnnx__ModelProto, PJ_ONNX__MODEL_PROTO__INIT);
    b.model->has_ir_version = 1;
    b.model->ir_version = 10;
    b.graph = b.model->graph = build_graph(&b, "main");
    build_opset(&b, "", opset);
    return b;
}

void build_free(builder *b)
{
    pj_arena_free(b->arena);
}

void build_opset(builder *b, const char *domain, int64_t version)
{
    PjOnnx__OperatorSetIdProto *opset = MAKE(b, PjOnnx__OperatorSetIdProto, PJ_ONNX__OPERATOR_SET_ID_PROTO__INIT);
    opset->domain = build_strdup(b, domain);
    opset->has_version = 1;
    opset->version = version;
    APPEND(b, b->model->opset_import, b->model->n_opset_import, opset);
}

static PjOnnx__TensorShapeProto *make_shape(builder *b, const char *dims)
{
    char **parts;
    size_t count = split(b, dims, &parts);
    PjOnnx__TensorShapeProto *shape = MAKE(b, PjOnnx__TensorShapeProto, PJ_ONNX__TENSOR_SHAPE_PROTO__INIT);
    for (size_t i = 0; i < count; i++) {
        PjOnnx__TensorShapeProto__Dimension *dim =
            MAKE(b, PjOnnx__TensorShapeProto__Dimension, PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT);
        char *end;
        dim->dim_value = strtoll(parts[i], &end, 10);
        dim->value_case = PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (*end || !*parts[i]) {
            dim->value_case = PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dim->dim_param = parts[i];
        }
        APPEND(b, shape->dim, shape->n_dim, dim);
    }
    return shape;
}

/* dims NULL: a type of unknown rank. */
static PjOnnx__ValueInfoProto *make_info(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    PjOnnx__ValueInfoProto *info = MAKE(b, PjOnnx__ValueInfoProto, PJ_ONNX__VALUE_INFO_PROTO__INIT);
    PjOnnx__TypeProto__Tensor *tensor = MAKE(b, PjOnnx__TypeProto__Tensor, PJ_ONNX__TYPE_PROTO__TENSOR__INIT);
    info->name = build_strdup(b, name);
    info->type = MAKE(b, PjOnnx__TypeProto, PJ_ONNX__TYPE_PROTO__INIT);
    info->type->value_case = PJ_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    info->type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)dtype;
    tensor->shape = dims ? make_shape(b, dims) : NULL;
    return info;
}

PjOnnx__ValueInfoProto *build_input(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    return APPEND(b, b->graph->input, b->graph->n_input, make_info(b, name, dtype, dims));
}

PjOnnx__ValueInfoProto *build_output(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    return APPEND(b, b->graph->output, b->graph->n_output, make_info(b, name, dtype, dims));
}

PjOnnx__ValueInfoProto *build_value(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    return APPEND(b, b->graph->value_info, b->graph->n_value_info, make_info(b, name, dtype, dims));
}

PjOnnx__TensorProto *build_tensor(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    char **parts;
    size_t count = split(b, dims, &parts);
    PjOnnx__TensorProto *tensor = MAKE(b, PjOnnx__TensorProto, PJ_ONNX__TENSOR_PROTO__INIT);
    tensor->name = build_strdup(b, name);
    tensor->has_data_type = 1;
    tensor->data_type = (int32_t)dtype;
    for (size_t i = 0; i < count; i++)
        APPEND_NUMBER(b, tensor->dims, tensor->n_dims, strtoll(parts[i], NULL, 10));
    return tensor;
}

PjOnnx__TensorProto *build_initializer(builder *b, const char *name, pj_dtype dtype, const char *dims)
{
    return APPEND(b, b->graph->initializer, b->graph->n_initializer, build_tensor(b, name, dtype, dims));
}

void build_raw(builder *b, PjOnnx__TensorProto *tensor, const void *bytes, size_t size)
{
    tensor->has_raw_data = 1;
    tensor->raw_data.len = size;
    tensor->raw_data.data = take(b, size, 1);
    if (size)
        memcpy(tensor->raw_data.data, bytes, size);
}

static PjOnnx__StringStringEntryProto *make_entry(builder *b, const char *key, const char *value)
{
    PjOnnx__StringStringEntryProto *entry =
        MAKE(b, PjOnnx__StringStringEntryProto, PJ_ONNX__STRING_STRING_ENTRY_PROTO__INIT);
    entry->key = build_strdup(b, key);
    entry->value = build_strdup(b, value);
    return entry;
}

void build_external(builder *b, PjOnnx__TensorProto *tensor, const char *key, const char *value)
{
    tensor->has_data_location = 1;
    tensor->data_location = PJ_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    APPEND(b, tensor->external_data, tensor->n_external_data, make_entry(b, key, value));
}

PjOnnx__NodeProto *build_node(builder *b, const char *op, const char *inputs, const char *outputs)
{
    PjOnnx__NodeProto *node = MAKE(b, PjOnnx__NodeProto, PJ_ONNX__NODE_PROTO__INIT);
    node->op_type = build_strdup(b, op);
    node->n_input = split(b, inputs, &node->input);
    node->n_output = split(b, outputs, &node->output);
    return APPEND(b, b->graph->node, b->graph->n_node, node);
}

PjOnnx__AttributeProto *build_attr(builder *b, PjOnnx__NodeProto *node, const char *name, int type)
{
    PjOnnx__AttributeProto *attr = MAKE(b, PjOnnx__AttributeProto, PJ_ONNX__ATTRIBUTE_PROTO__INIT);
    attr->name = build_strdup(b, name);
    attr->has_type = type != 0;
    attr->type = (PjOnnx__AttributeProto__AttributeType)type;
    return APPEND(b, node->attribute, node->n_attribute, attr);
}

void build_int(builder *b, PjOnnx__NodeProto *node, const char *name, int64_t value)
{
    PjOnnx__AttributeProto *attr = build_attr(b, node, name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    attr->has_i = 1;
    attr->i = value;
}

void build_ints(builder *b, PjOnnx__NodeProto *node, const char *name, size_t count, const int64_t *values)
{
    PjOnnx__AttributeProto *attr = build_attr(b, node, name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    for (size_t i = 0; i < count; i++)
        APPEND_NUMBER(b, attr->ints, attr->n_ints, values[i]);
}

void build_text(builder *b, PjOnnx__NodeProto *node, const char *name, const char *value)
{
    PjOnnx__AttributeProto *attr = build_attr(b, node, name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    attr->has_s = 1;
    attr->s.len = strlen(value);
    attr->s.data = (uint8_t *)build_strdup(b, value);
}

void build_subgraph(builder *b, PjOnnx__NodeProto *node, const char *name, PjOnnx__GraphProto *graph)
{
    build_attr(b, node, name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH)->g = graph;
}

void build_metadata(builder *b, PjOnnx__NodeProto *node, const char *key, const char *value)
{
    APPEND(b, node->metadata_props, node->n_metadata_props, make_entry(b, key, value));
}

void build_annotation(builder *b, const char *value, const char *key, const char *text)
{
    PjOnnx__TensorAnnotation *annotation = MAKE(b, PjOnnx__TensorAnnotation, PJ_ONNX__TENSOR_ANNOTATION__INIT);
    annotation->tensor_name = build_strdup(b, value);
    APPEND(b, annotation->quant_parameter_tensor_names, annotation->n_quant_parameter_tensor_names,
           make_entry(b, key, text));
    APPEND(b, b->graph->quantization_annotation, b->graph->n_quantization_annotation, annotation);
}

PjOnnx__GraphProto *build_graph(builder *b, const char *name)
{
    PjOnnx__GraphProto *graph = MAKE(b, PjOnnx__GraphProto, PJ_ONNX__GRAPH_PROTO__INIT);
    graph->name = build_strdup(b, name);
    return graph;
}

PjOnnx__FunctionProto *build_function(builder *b, const char *domain, const char *name, const char *inputs,
                                      const char *outputs, const PjOnnx__GraphProto *body)
{
    PjOnnx__FunctionProto *function = MAKE(b, PjOnnx__FunctionProto, PJ_ONNX__FUNCTION_PROTO__INIT);
    function->domain = build_strdup(b, domain);
    function->name = build_strdup(b, name);
    function->n_input = split(b, inputs, &function->input);
    function->n_output = split(b, outputs, &function->output);
    function->n_node = body->n_node;
    function->node = body->node;
    return APPEND(b, b->model->functions, b->model->n_functions, function);
}

uint8_t *build_bytes(builder *b, size_t *size)
{
    *size = pj_onnx__model_proto__get_packed_size(b->model);
    uint8_t *bytes = take(b, *size, 1);
    pj_onnx__model_proto__pack(b->model, bytes);
    return bytes;
}

/* ---- loading ---- */

pj_model *build_load(builder *b, pj_error *err)
{
    size_t size;
    pj_model *model = NULL;
    const uint8_t *bytes = build_bytes(b, &size);
    pj_load_memory(bytes, size, "test.onnx", NULL, &model, err);
    build_free(b);
    return model;
}

pj_model *build_expect(builder *b)
{
    pj_error err;
    pj_model *model = build_load(b, &err);
    if (!model) {
        fprintf(stderr, "a model that must load: node '%s': %s\n", err.node, err.what);
        exit(1);
    }
    return model;
}

void build_refuses(builder *b, pj_status status, const char *node, const char *op, const char *part)
{
    pj_error err;
    pj_model *model = build_load(b, &err);
    CHECK(!model);
    CHECK_INT(err.status, status);
    CHECK_TEXT(err.file, "test.onnx");
    CHECK_TEXT(err.node, node);
    CHECK_TEXT(err.op, op);
    CHECK_PART(err.what, part);
    pj_unload(model);
}

pj_value *build_find(const pj_model *model, const char *name)
{
    static pj_value none;
    pj_value *found = pj_graph_find(model->graph, name);
    check_true(found != NULL, name, __FILE__, __LINE__);
    return found ? found : &none;
}
