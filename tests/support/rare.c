/* A model of everything that files may hold and hardly any holds. */
#include "rare.h"

#include <string.h>

/* tensors, types, graphs: lists of messages, all of whose members are pointers */
#define LIST(b, field, count_field, item) \
    (*(field) = pj_arena_alloc((b)->arena, 1, sizeof **(field)), **(field) = (item), *(count_field) = 1)

static PjOnnx__SparseTensorProto *make_sparse(builder *b, const char *name)
{
    const PjOnnx__SparseTensorProto init = PJ_ONNX__SPARSE_TENSOR_PROTO__INIT;
    PjOnnx__SparseTensorProto *sparse = pj_arena_memdup(b->arena, &init, 1, sizeof init);
    const PjOnnx__TensorProto *shape = build_tensor(b, "", PJ_FLOAT32, "100,200");
    sparse->values = build_tensor(b, name, PJ_FLOAT32, "2");
    sparse->indices = build_tensor(b, "", PJ_INT64, "2");
    sparse->n_dims = shape->n_dims;
    sparse->dims = shape->dims;
    return sparse;
}

static void add_sparse(builder *b, const char *name)
{
    LIST(b, &b->graph->sparse_initializer, &b->graph->n_sparse_initializer, make_sparse(b, name));
}

/* A graph that makes `name` by a node without a name, of what the graph around it has; its nodes are out of order, and
 * hide a name of the graph around it. */
static PjOnnx__GraphProto *make_branch(builder *b, const char *name)
{
    PjOnnx__GraphProto *keep = b->graph, *branch = b->graph = build_graph(b, name);
    add_sparse(b, "hidden");
    build_input(b, "given", PJ_FLOAT32, "2");
    build_initializer(b, "two", PJ_FLOAT32, "2");
    build_node(b, "Add", "t,two", name);
    build_node(b, "Add", "late,two", "t");
    build_output(b, name, PJ_FLOAT32, "2");
    b->graph = keep;
    return branch;
}

static void add_attributes(builder *b, PjOnnx__NodeProto *node)
{
    static const int64_t ints[] = {3, -4};
    const PjOnnx__TypeProto *type = build_value(b, "typed", PJ_INT8, "N,7")->type;
    build_ints(b, node, "ints", 2, ints);
    build_text(b, node, "text", "word");
    PjOnnx__AttributeProto *attr = build_attr(b, node, "floats", 0);
    LIST(b, &attr->floats, &attr->n_floats, 0.25F);
    attr = build_attr(b, node, "texts", 0);
    const ProtobufCBinaryData word = {4, (uint8_t *)build_strdup(b, "more")};
    LIST(b, &attr->strings, &attr->n_strings, word);
    attr = build_attr(b, node, "tensors", 0);
    LIST(b, &attr->tensors, &attr->n_tensors, build_tensor(b, "", PJ_FLOAT32, "0"));
    build_attr(b, node, "sparse", 0)->sparse_tensor = make_sparse(b, "");
    attr = build_attr(b, node, "sparses", 0);
    LIST(b, &attr->sparse_tensors, &attr->n_sparse_tensors, make_sparse(b, ""));
    build_attr(b, node, "type", 0)->tp = pj_arena_memdup(b->arena, type, 1, sizeof *type);
    attr = build_attr(b, node, "types", 0);
    LIST(b, &attr->type_protos, &attr->n_type_protos, pj_arena_memdup(b->arena, type, 1, sizeof *type));
    attr = build_attr(b, node, "graphs", 0);
    LIST(b, &attr->graphs, &attr->n_graphs, make_branch(b, "inside"));
    build_attr(b, node, "zero", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    build_subgraph(b, node, "graph", make_branch(b, "other"));
}

static void add_texts(builder *b)
{
    static uint8_t letters[] = {'a', 'b', 'c'};
    static ProtobufCBinaryData texts[] = {
        {3, letters},
        {0, letters}
    };
    PjOnnx__TensorProto *words = build_initializer(b, "words", PJ_STRING, "2");
    words->n_string_data = 2;
    words->string_data = texts;
}

/* "d"::"pair" returns its input, and a number of its own. */
static void add_function(builder *b)
{
    PjOnnx__GraphProto *keep = b->graph;
    b->graph = build_graph(b, "pair");
    build_node(b, "Neg", "half", "second");
    build_node(b, "Abs", "a", "half");
    build_function(b, "d", "pair", "a", "a,second", b->graph);
    b->graph = keep;
}

builder build_rare(void)
{
    builder b = build_new(21);
    build_opset(&b, "d", 1);
    b.model->producer_name = build_strdup(&b, "rarely");
    build_input(&b, "x", PJ_FLOAT32, "?,N,-1,None,2");
    build_initializer(&b, "w", PJ_FLOAT32, "0");
    build_initializer(&b, "w", PJ_FLOAT32, "0"); /* twice, and alike */
    build_annotation(&b, "x", "SCALE_TENSOR", "w");
    build_annotation(&b, "x", "finn_datatype", "INT4");
    add_texts(&b);
    add_sparse(&b, "s");
    add_function(&b);
    PjOnnx__NodeProto *odd = build_node(&b, "Odd", "x,late", "y");
    odd->domain = build_strdup(&b, "d");
    odd->name = build_strdup(&b, "odd");
    build_metadata(&b, odd, "pkg.torch.onnx.name_scopes", "['', 'net', 'net.first', 'odd']");
    add_attributes(&b, odd);
    PjOnnx__NodeProto *call = build_node(&b, "pair", "x", "late,second");
    call->domain = build_strdup(&b, "d");
    build_node(&b, "Abs", "second", "z")->name = build_strdup(&b, "odd"); /* a name that is taken */
    build_output(&b, "y", PJ_FLOAT32, NULL);
    build_output(&b, "z", PJ_FLOAT32, NULL);
    return b;
}
