/* Subgraphs, names of nodes, and functions that are inlined. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "check.h"
#include "load/load.h"
#include "model.h"

static void test_subgraphs(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "N");
    build_input(&b, "c", PJ_BOOL, "");
    PjOnnx__NodeProto *branch = build_node(&b, "If", "c", "y");
    build_node(&b, "Relu", "x", "late"); /* captured below, made behind */
    build_output(&b, "y", PJ_FLOAT32, "N");
    PjOnnx__GraphProto *outer = b.graph, *then_branch = build_graph(&b, "t"), *else_branch = build_graph(&b, "e");
    b.graph = then_branch;
    build_node(&b, "Abs", "late", "y"); /* the name of the node's own output, in another graph */
    build_output(&b, "y", PJ_FLOAT32, NULL);
    b.graph = else_branch;
    build_output(&b, "x", PJ_FLOAT32, NULL); /* a value of the outer graph */
    b.graph = outer;
    build_subgraph(&b, branch, "then_branch", then_branch);
    build_subgraph(&b, branch, "else_branch", else_branch);
    pj_model *m = build_expect(&b);
    CHECK_TEXT(m->graph->node[0]->label, "Relu_1");
    const pj_node *node = m->graph->node[1];
    const pj_graph *inner = pj_node_attr(node, "then_branch")->graph;
    CHECK(inner->parent == m->graph && inner->holder == node);
    CHECK_TEXT(inner->node[0]->label, "If_0/Abs_0");
    CHECK(inner->node[0]->in[0] == build_find(m, "late"));
    CHECK(inner->out[0] != build_find(m, "y") && pj_graph_find(inner, "y") == inner->out[0]);
    CHECK(pj_graph_find(inner, "x") == build_find(m, "x"));
    CHECK_INT(build_find(m, "late")->uses, 1);
    CHECK_INT(build_find(m, "x")->uses, 2);
    CHECK(pj_node_attr(node, "else_branch")->graph->out[0] == build_find(m, "x") && !build_find(m, "x")->is_output);
    CHECK_INT(m->nodes, 3);
    pj_unload(m);
}

/* ---- names of nodes ---- */

static void test_labels(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    const char *const names[] = {"", "a", "a", "Relu_0", "a_2", "/layer1/layer1.0/conv1/Conv", "/Conv", "m/c/Conv2D"};
    char out[16];
    PjOnnx__NodeProto *last = NULL;
    for (int i = 0; i < 8; i++) {
        snprintf(out, sizeof out, "v%d", i);
        last = build_node(&b, "Relu", "x", out);
        last->name = build_strdup(&b, names[i]);
    }
    build_metadata(&b, build_node(&b, "Relu", "x", "p"), "pkg.torch.onnx.name_scopes",
                   "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']");
    build_metadata(&b, build_node(&b, "Relu", "x", "q"), "namespace",
                   ": resnet.ResNet/layer1: Sequential/layer1.0: Block/conv2d_1: aten.conv2d.default");
    build_metadata(&b, build_node(&b, "Relu", "x", "r"), "pkg.torch.onnx.name_scopes", "['', 'open");
    pj_model *m = build_expect(&b);
    const char *const labels[] = {"Relu_0_2", "a", "a_2", "Relu_0", "a_2_2", names[5], names[6], names[7]};
    const char *const scopes[] = {"",         "", "", "", "", "/layer1/layer1.0/conv1", "", "m/c", "layer1/0/conv1",
                                  "layer1/0", ""};
    for (int i = 0; i < 8; i++)
        CHECK_TEXT(m->graph->node[i]->label, labels[i]);
    for (int i = 0; i < 11; i++)
        CHECK_TEXT(m->graph->node[i]->scope, scopes[i]);
    pj_unload(m);
}

static void test_scopes(void)
{
    static const struct {
        const char *key, *value, *scope;
    } rows[] = {
        {"pkg.torch.onnx.name_scopes", "['', 'layer1', 'layer100', 'x']",  "layer1/layer100"}, /* not below layer1 */
        {"pkg.torch.onnx.name_scopes", "['', 'layer1', 'fc', 'x']",        "layer1/fc"      },
        {"pkg.torch.onnx.name_scopes", "['', 'abc', 'other.thing', 'x']",  "abc/other.thing"},
        {"pkg.torch.onnx.name_scopes", "['', 'a', '', 'a.b', 'x']",        "a/b"            },
        {"pkg.torch.onnx.name_scopes", "['', \"it's\", \"it's.fc\", 'x']", "it's/fc"        },
        {"pkg.torch.onnx.name_scopes", "",                                 ""               },
        {"namespace",                  "Net/fc: Linear/node: aten",        "Net/fc"         },
        {"namespace",                  "alone",                            ""               },
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    builder b = build_new(17);
    char out[16];
    build_input(&b, "x", PJ_FLOAT32, "1");
    for (int i = 0; i < ROWS; i++) {
        snprintf(out, sizeof out, "v%d", i);
        build_metadata(&b, build_node(&b, "Relu", "x", out), rows[i].key, rows[i].value);
    }
    pj_model *m = build_expect(&b);
    for (int i = 0; i < ROWS; i++)
        CHECK_TEXT(m->graph->node[i]->scope, rows[i].scope);
    pj_unload(m);
}

/* A node that has a name keeps it in a subgraph; one without gets its holder's before it. */
static void test_labels_of_subgraph(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    PjOnnx__GraphProto *keep = b.graph, *body = b.graph = build_graph(&b, "body");
    build_node(&b, "Abs", "x", "a")->name = build_strdup(&b, "own");
    build_node(&b, "Neg", "a", "n");
    build_output(&b, "n", PJ_FLOAT32, NULL);
    b.graph = keep;
    PjOnnx__NodeProto *holder = build_node(&b, "Holder", "x", "y");
    build_subgraph(&b, holder, "body", body);
    pj_model *m = build_expect(&b);
    const pj_graph *inner = pj_node_attr(m->graph->node[0], "body")->graph;
    CHECK_TEXT(inner->node[0]->label, "own");
    CHECK_TEXT(inner->node[1]->label, "Holder_0/Neg_1");
    pj_unload(m);
}

/* ---- functions ---- */

/* f(a, b) = Clip(Add(a, b), min attribute k), g(a) = f(a, ), both in domain "d" */
static void add_functions(builder *b)
{
    PjOnnx__GraphProto *keep = b->graph;
    b->graph = build_graph(b, "f");
    build_node(b, "Add", "a,b", "sum");
    PjOnnx__NodeProto *clip = build_node(b, "Clip", "sum", "out");
    build_attr(b, clip, "low", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)->ref_attr_name = build_strdup(b, "k");
    build_attr(b, clip, "high", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)->ref_attr_name = build_strdup(b, "h");
    build_attr(b, clip, "gone", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)->ref_attr_name = build_strdup(b, "n");
    PjOnnx__FunctionProto *f = build_function(b, "d", "f", "a,b", "out", b->graph);
    PjOnnx__AttributeProto *high = build_attr(b, clip, "h", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    high->has_i = 1;
    high->i = 9;
    clip->n_attribute--; /* the last one is the function's default instead */
    f->n_attribute_proto = 1;
    f->attribute_proto = memcpy(pj_arena_alloc(b->arena, 1, sizeof high), &high, sizeof high);
    PjOnnx__OperatorSetIdProto *opset = b->model->opset_import[0];
    f->n_opset_import = 1;
    f->opset_import = memcpy(pj_arena_alloc(b->arena, 1, sizeof opset), &opset, sizeof opset);
    b->graph = build_graph(b, "g");
    PjOnnx__NodeProto *call = build_node(b, "f", "z", "y");
    call->domain = build_strdup(b, "d");
    call->name = build_strdup(b, "inner");
    build_attr(b, call, "k", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)->ref_attr_name = build_strdup(b, "j");
    build_function(b, "d", "g", "z", "y", b->graph);
    b->graph = keep;
}

static PjOnnx__NodeProto *add_call(builder *b, const char *function, const char *inputs, const char *outputs)
{
    PjOnnx__NodeProto *call = build_node(b, function, inputs, outputs);
    call->domain = build_strdup(b, "d");
    return call;
}

static void test_functions(void)
{
    builder b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    PjOnnx__NodeProto *call = add_call(&b, "g", "x", "out");
    call->name = build_strdup(&b, "call");
    build_int(&b, call, "j", 4);
    add_call(&b, "f", "out,x", "last");
    build_output(&b, "last", PJ_FLOAT32, "1");
    pj_model *m = build_expect(&b);
    CHECK_INT(m->functions, 2);
    CHECK_INT(m->nodes, 4);
    pj_node *const *node = m->graph->node;
    const char *const labels[] = {"call/inner/Add_0", "call/inner/Clip_1", "f_1/Add_0", "f_1/Clip_1"};
    for (int i = 0; i < 4; i++)
        CHECK_TEXT(node[i]->label, labels[i]);
    CHECK_TEXT(node[0]->out[0]->name, "call/inner/sum");
    CHECK_TEXT(node[1]->out[0]->name, "out");
    CHECK_TEXT(node[3]->out[0]->name, "last");
    CHECK(node[0]->in[0] == build_find(m, "x") && !node[0]->in[1]);
    CHECK(node[2]->in[0] == build_find(m, "out") && node[2]->in[1] == build_find(m, "x"));
    CHECK_INT(pj_node_attr(node[1], "low")->i, 4);
    CHECK_INT(pj_node_attr(node[1], "high")->i, 9);
    CHECK(!pj_node_attr(node[1], "gone") && !pj_node_attr(node[3], "low"));
    CHECK_INT(node[0]->opset, 17);
    CHECK_INT(build_find(m, "x")->uses, 2);
    CHECK_TEXT(node[0]->scope, "call/inner");
    pj_unload(m);
}

static void test_function_opset(void)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph;
    b.graph = build_graph(&b, "f");
    build_node(&b, "Relu", "a", "out");
    PjOnnx__FunctionProto *f = build_function(&b, "ai.onnx", "Silly", "a", "out,a", b.graph);
    PjOnnx__OperatorSetIdProto opset = PJ_ONNX__OPERATOR_SET_ID_PROTO__INIT;
    PjOnnx__OperatorSetIdProto *list[] = {&opset};
    opset.has_version = 1;
    opset.version = 13;
    f->n_opset_import = 1;
    f->opset_import = list;
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Silly", "x", "y,same"); /* an output that is an input */
    build_output(&b, "same", PJ_FLOAT32, "1");
    pj_model *m = build_expect(&b);
    CHECK_INT(m->graph->node[0]->opset, 13);
    CHECK_TEXT(m->graph->node[1]->op, "Identity");
    CHECK(m->graph->node[1]->out[0] == build_find(m, "same") && m->graph->node[1]->in[0] == build_find(m, "x"));
    pj_unload(m);
}

/* The highest of several operator sets for one domain counts. */
static void test_function_opsets(void)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph;
    b.graph = build_graph(&b, "f");
    build_node(&b, "Relu", "a", "out");
    PjOnnx__FunctionProto *f = build_function(&b, "d", "f", "a", "out", b.graph);
    static const int64_t versions[] = {9, 13, 12, 15};
    PjOnnx__OperatorSetIdProto opsets[4], *list[4];
    for (int i = 0; i < 4; i++) {
        opsets[i] = (PjOnnx__OperatorSetIdProto)PJ_ONNX__OPERATOR_SET_ID_PROTO__INIT;
        opsets[i].has_version = 1;
        opsets[i].version = versions[i];
        list[i] = &opsets[i];
    }
    opsets[3].domain = build_strdup(&b, "elsewhere");
    f->n_opset_import = 4;
    f->opset_import = list;
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", "y");
    pj_model *m = build_expect(&b);
    CHECK_INT(m->graph->node[0]->opset, 13);
    pj_unload(m);
}

/* What a call leaves out: an output, and an input of which the function declares the type. */
static void test_left_out(void)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph, *body = b.graph = build_graph(&b, "f");
    build_node(&b, "Neg", "a,b", "first");
    build_node(&b, "Abs", "first", "second");
    PjOnnx__FunctionProto *f = build_function(&b, "d", "f", "a,b", "first,second", body);
    build_value(&b, "b", PJ_FLOAT32, "7");
    build_value(&b, "first", PJ_FLOAT32, "5");
    build_value(&b, "nowhere", PJ_FLOAT32, "9");
    f->n_value_info = body->n_value_info;
    f->value_info = body->value_info;
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", ",y");
    build_output(&b, "y", PJ_FLOAT32, "1");
    pj_model *m = build_expect(&b);
    pj_node *const *node = m->graph->node;
    CHECK_INT(m->nodes, 2);
    CHECK_TEXT(node[0]->out[0]->name, "f_0/first"); /* a value of the body's own, as the caller has none for it */
    CHECK_INT(node[0]->out[0]->declared.rank, 1);
    CHECK(pj_num_is(node[0]->out[0]->declared.dims[0], 5));
    CHECK(node[0]->in[0] == build_find(m, "x") && !node[0]->in[1]);
    CHECK(node[1]->out[0] == build_find(m, "y") && build_find(m, "y")->is_output);
    CHECK_INT(m->values, 3);
    pj_unload(m);
}

/* A function whose body has a subgraph that reads an argument and an attribute of the call. */
static void test_function_subgraph(void)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph, *then_branch = build_graph(&b, "t");
    b.graph = then_branch;
    PjOnnx__NodeProto *leaky = build_node(&b, "LeakyRelu", "a", "r");
    build_attr(&b, leaky, "alpha", 0)->ref_attr_name = build_strdup(&b, "slope");
    build_output(&b, "r", PJ_FLOAT32, NULL);
    b.graph = build_graph(&b, "f");
    PjOnnx__NodeProto *branch = build_node(&b, "If", "cond", "out");
    build_subgraph(&b, branch, "then_branch", then_branch);
    PjOnnx__AttributeProto *other =
        build_attr(&b, branch, "else_branch", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);
    other->ref_attr_name = build_strdup(&b, "body");
    build_function(&b, "d", "f", "cond,a", "out", b.graph);
    PjOnnx__GraphProto *body = b.graph = build_graph(&b, "body"); /* read where the call stands */
    build_node(&b, "Neg", "x", "n");
    build_output(&b, "n", PJ_FLOAT32, NULL);
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_input(&b, "c", PJ_BOOL, "");
    PjOnnx__NodeProto *call = add_call(&b, "f", "c,x", "y");
    PjOnnx__AttributeProto *slope = build_attr(&b, call, "slope", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    slope->has_f = 1;
    slope->f = 0.25f;
    build_subgraph(&b, call, "body", body);
    pj_model *m = build_expect(&b);
    const pj_node *node = m->graph->node[0];
    const pj_graph *first = pj_node_attr(node, "then_branch")->graph,
                   *second = pj_node_attr(node, "else_branch")->graph;
    CHECK(first->node[0]->in[0] == build_find(m, "x") && second->node[0]->in[0] == build_find(m, "x"));
    CHECK_NEAR((double)pj_node_attr(first->node[0], "alpha")->f, 0.25, 0);
    CHECK_TEXT(first->out[0]->name, "f_0/r");
    CHECK_TEXT(second->out[0]->name, "n");
    CHECK(first->holder == node && second->holder == node && second->parent == m->graph);
    pj_unload(m);
}

static void test_broken_functions(void)
{
    builder b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "g", "x,x", "y");
    build_refuses(&b, PJ_EFORMAT, "g_0", "g",
                  "the call has 2 inputs and 1 outputs, but the function takes 1 and makes 1");
    b = build_new(17);
    add_functions(&b);
    add_functions(&b);
    build_refuses(&b, PJ_EFORMAT, "", "", "the function 'f' of domain 'd' is defined twice");
    b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph;
    b.graph = build_graph(&b, "f");
    add_call(&b, "f", "a", "out");
    build_function(&b, "d", "f", "a", "out", b.graph);
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "f_0/f_0", "f", "the function 'f' calls itself");
    b = build_new(17);
    build_function(&b, "d", "f", "a", "out", build_graph(&b, "f"));
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "f_0", "f", "the function 'f' does not make its output 'out'");
    b = build_new(17);
    build_function(&b, "d", "f", "a,b", "b", build_graph(&b, "f"));
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "f_0", "f", "output 0 is an input that the call leaves out");
    b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "g", "x", "y,z");
    build_refuses(&b, PJ_EFORMAT, "g_0", "g",
                  "the call has 1 inputs and 2 outputs, but the function takes 1 and makes 1");
    b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y");
    add_call(&b, "g", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "g_1", "g", "the value 'y' is defined twice: it already is made by node 'Relu_0'");
}

/* f(a, b): a node that holds a graph whose output is b. The call leaves b out. */
static void test_absent_output(void)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph, *body = b.graph = build_graph(&b, "body");
    build_output(&b, "b", PJ_FLOAT32, NULL);
    b.graph = build_graph(&b, "f");
    build_subgraph(&b, build_node(&b, "Holder", "a", "out"), "body", body);
    build_function(&b, "d", "f", "a,b", "out", b.graph);
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "f", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "f_0/Holder_0", "Holder",
                  "output 0 of the graph is 'b', which nothing in the graph makes");
}

static void test_broken_calls(void)
{
    builder b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, "g", "far", "y");
    build_refuses(&b, PJ_EFORMAT, "g_0", "g",
                  "an input of the call is the tensor 'far', which nothing in the graph makes");
    static const int types[] = {42, -3};
    for (int i = 0; i < 2; i++) { /* of an attribute that the caller gives */
        char part[64];
        b = build_new(17);
        PjOnnx__GraphProto *keep = b.graph;
        b.graph = build_graph(&b, "f");
        build_attr(&b, build_node(&b, "Relu", "a", "out"), "low", types[i])->ref_attr_name = build_strdup(&b, "k");
        build_function(&b, "d", "f", "a", "out", b.graph);
        b.graph = keep;
        build_input(&b, "x", PJ_FLOAT32, "1");
        build_int(&b, add_call(&b, "f", "x", "y"), "k", 1);
        snprintf(part, sizeof part, "attribute 'low' has type %d, which does not exist", types[i]);
        build_refuses(&b, PJ_EFORMAT, "f_0/Relu_0", "Relu", part);
    }
    b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_attr(&b, add_call(&b, "f", "x,x", "y"), "k", 42);
    build_refuses(&b, PJ_EFORMAT, "f_0/Clip_1", "Clip", "attribute 'low' has type 42, which does not exist");
    b = build_new(17);
    add_functions(&b);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_text(&b, add_call(&b, "f", "x,x", "y"), "k", "one");
    build_refuses(&b, PJ_EFORMAT, "f_0/Clip_1", "Clip",
                  "attribute 'low' is an int in the function, but the caller gives a string");
}

/* Each function holds a graph that calls the one before: no message nests deep, but the model that they unfold to. */
static builder unfolding(int levels)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph;
    char name[16], inner[16];
    for (int i = 0; i < levels; i++) {
        snprintf(name, sizeof name, "f%d", i);
        snprintf(inner, sizeof inner, "f%d", i - 1);
        PjOnnx__GraphProto *low = b.graph = build_graph(&b, "low");
        add_call(&b, i ? inner : "Relu", "a", "l")->domain = build_strdup(&b, i ? "d" : "");
        PjOnnx__GraphProto *high = b.graph = build_graph(&b, "high");
        build_subgraph(&b, build_node(&b, "Holder", "a", "h"), "body", low);
        b.graph = build_graph(&b, name);
        build_subgraph(&b, build_node(&b, "Holder", "a", "out"), "body", high);
        build_function(&b, "d", name, "a", "out", b.graph);
    }
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, name, "x", "y");
    return b;
}

static void test_unfolded_depth(void)
{
    builder b = unfolding(PJ_MAX_SUBGRAPH_DEPTH / 2);
    pj_model *m = build_expect(&b);
    CHECK_INT(m->nodes, PJ_MAX_SUBGRAPH_DEPTH + 1); /* a holder in each graph but the innermost, which has Relu */
    pj_unload(m);
    b = unfolding(PJ_MAX_SUBGRAPH_DEPTH / 2 + 1);
    pj_error err;
    CHECK(!build_load(&b, &err));
    CHECK_INT(err.status, PJ_ELIMIT);
    CHECK_PART(err.what, "subgraphs are nested more than 64 deep");
}

/* f_0 has `nodes` nodes; f_i calls f_(i-1) `calls` times; the graph calls the last. */
static builder doubling(int levels, int calls, int nodes)
{
    builder b = build_new(17);
    PjOnnx__GraphProto *keep = b.graph;
    char name[16], inner[16], out[16];
    for (int i = 0; i < levels; i++) {
        snprintf(name, sizeof name, "f%d", i);
        snprintf(inner, sizeof inner, "f%d", i - 1);
        b.graph = build_graph(&b, name);
        for (int c = 0; c < (i ? calls : nodes); c++) {
            snprintf(out, sizeof out, "v%d", c);
            add_call(&b, i ? inner : "Relu", "a", i && !nodes ? "" : out)->domain = build_strdup(&b, i ? "d" : "");
        }
        build_function(&b, "d", name, "a", i || nodes ? "v0" : "", b.graph);
    }
    b.graph = keep;
    build_input(&b, "x", PJ_FLOAT32, "1");
    add_call(&b, name, "x", nodes ? "y" : "");
    return b;
}

static void test_function_bombs(void)
{
    builder b = doubling(PJ_MAX_FUNCTION_DEPTH, 1, 1);
    pj_unload(build_expect(&b));
    b = doubling(PJ_MAX_FUNCTION_DEPTH + 1, 1, 1);
    pj_error err;
    CHECK(!build_load(&b, &err));
    CHECK_INT(err.status, PJ_ELIMIT);
    CHECK_PART(err.what, "functions call each other more than 64 deep");
    b = doubling(40, 2, 1); /* 2^39 nodes from 4 KB */
    CHECK(!build_load(&b, &err));
    CHECK_INT(err.status, PJ_ELIMIT);
    b = doubling(60, 2, 0); /* no node at all, but 2^59 calls */
    CHECK(!build_load(&b, &err));
    CHECK_INT(err.status, PJ_ELIMIT);
}

int main(void)
{
    test_subgraphs();
    test_labels();
    test_scopes();
    test_labels_of_subgraph();
    test_functions();
    test_function_opset();
    test_function_opsets();
    test_left_out();
    test_function_subgraph();
    test_absent_output();
    test_broken_calls();
    test_unfolded_depth();
    test_broken_functions();
    test_function_bombs();
    return check_done();
}
