/* Nodes inside Loop and If are layers of their own, run as often as the loops around them do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"

typedef struct analyzed {
    pj_model *model;
    pj_result *result;
} analyzed;

/* Prices what was built with weights and activations in DRAM; frees the builder. */
static analyzed analyze(builder *b, const char *quantize)
{
    analyzed a = {NULL, NULL};
    size_t size;
    uint8_t *bytes = build_bytes(b, &size);
    pj_error err = {0};
    pj_setup settings = pj_setup_default();
    settings.io_on_dram = false;
    settings.quantize = quantize;
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", NULL, &a.model, &err), PJ_OK);
    build_free(b);
    if (a.model)
        CHECK_INT(pj_analyze(a.model, &settings, &a.result, &err), PJ_OK);
    if (!a.result)
        exit(1);
    return a;
}

static void forget(analyzed *a)
{
    pj_result_free(a->result);
    pj_model_close(a->model);
}

static const pj_layer *layer_of(const analyzed *a, const char *name)
{
    static const pj_layer none;
    const pj_layer *layer = a->result->layers;
    size_t count = a->result->layer_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(layer[i].name, name) == 0)
            return &layer[i];
    return &none;
}

static size_t findings_of(const analyzed *a, const char *node)
{
    size_t found = 0;
    const pj_finding *finding = a->result->findings;
    size_t count = a->result->finding_count;
    for (size_t i = 0; i < count; i++)
        found += strcmp(finding[i].node, node) == 0;
    return found;
}

static void add_scalar(builder *b, const char *name, pj_dtype dtype, int64_t value)
{
    build_raw(b, build_initializer(b, name, dtype, ""), &value, dtype == PJ_BOOL ? 1 : 8);
}

/* A Loop of `trips` trips over `in` [1,4], named `name`, whose body multiplies by w [4,4]; or holds another Loop. */
static void add_loop(builder *b, const char *name, const char *in, const char *out, int64_t trips, int64_t inner)
{
    PjOnnx__GraphProto *outer = b->graph, *body = build_graph(b, "body");
    char inputs[128], text[64];
    snprintf(text, sizeof text, "trips_%s", name);
    add_scalar(b, text, PJ_INT64, trips);
    snprintf(inputs, sizeof inputs, "%s,,%s", text, in);
    PjOnnx__NodeProto *loop = build_node(b, "Loop", inputs, out);
    loop->name = build_strdup(b, name);
    b->graph = body;
    build_input(b, "i", PJ_INT64, "");
    build_input(b, "go", PJ_BOOL, "");
    build_input(b, "a", PJ_FLOAT32, "1,4");
    build_node(b, "Identity", "go", "go_on");
    if (inner)
        add_loop(b, "inner", "a", "c", inner, 0);
    else
        build_node(b, "MatMul", "a,w", "c")->name = build_strdup(b, "mm");
    build_output(b, "go_on", PJ_BOOL, "");
    build_output(b, "c", PJ_FLOAT32, "1,4");
    b->graph = outer;
    build_subgraph(b, loop, "body", body);
}

static builder with_weights(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "1,4");
    build_initializer(&b, "w", PJ_FLOAT32, "4,4");
    return b;
}

/* Three times: 16 mac of 3.7 + 0.9 pJ; 4 numbers of 32 bits read, 4 written, 16 parameters, at 20.3125 pJ a bit. */
static void test_loop(void)
{
    builder b = with_weights();
    add_loop(&b, "loop", "x", "y", 3, 0);
    analyzed a = analyze(&b, NULL);
    const pj_layer *mm = layer_of(&a, "mm"), *loop = layer_of(&a, "loop");
    const pj_totals *totals = &a.result->totals;
    CHECK_INT(mm->runs, 3);
    CHECK_INT(mm->macs, 48);
    CHECK_INT(mm->flops, 96);
    CHECK_INT(mm->work[0], 48);
    CHECK_INT(mm->params, 16);
    CHECK_INT(mm->bops, 48 * 32 * 32);
    CHECK_NEAR(mm->energy.op_cost, 48 * 4.6, 1e-15);
    CHECK_NEAR(mm->energy.inputs, 3 * 128 * 20.3125, 1e-15);
    CHECK_NEAR(mm->energy.outputs, 3 * 128 * 20.3125, 1e-15);
    CHECK_NEAR(mm->energy.parameters, 3 * 512 * 20.3125, 1e-15);
    CHECK(loop->free && loop->runs == 1);
    CHECK_INT(totals->macs, 48);
    CHECK_INT(totals->params, 16);
    CHECK_INT(totals->param_bits, 512);
    forget(&a);
}

/* 5 trips of 3 trips */
static void test_nested(void)
{
    builder b = with_weights();
    add_loop(&b, "outer", "x", "y", 5, 3);
    analyzed a = analyze(&b, NULL);
    CHECK_INT(layer_of(&a, "mm")->runs, 15);
    CHECK_INT(layer_of(&a, "inner")->runs, 5);
    CHECK_INT(a.result->totals.macs, 240);
    CHECK_INT(a.result->totals.params, 16);
    forget(&a);
}

static void test_never(void)
{
    builder b = with_weights();
    add_loop(&b, "loop", "x", "y", 0, 0);
    analyzed a = analyze(&b, NULL);
    CHECK(!layer_of(&a, "mm")->name);
    CHECK_INT(a.result->totals.macs, 0);
    CHECK_INT(a.result->totals.params, 0);
    forget(&a);
}

/* 16 weights of 8 bits and 4 scales, in a body */
static void test_quantized(void)
{
    builder b = with_weights();
    add_loop(&b, "loop", "x", "y", 3, 0);
    analyzed a = analyze(&b, "int8");
    CHECK_TEXT(layer_of(&a, "mm")->weight->word, "int8");
    CHECK_INT(a.result->totals.param_bits, 16 * 8 + 4 * 32);
    CHECK_NEAR(layer_of(&a, "mm")->energy.parameters, 3 * 256 * 20.3125, 1e-15);
    forget(&a);
}

/* An If whose condition only the run knows: the branch with the MatMul is dearer than the Relu or the unknown. */
static void test_branches(const char *other)
{
    builder b = with_weights();
    build_input(&b, "c", PJ_BOOL, "");
    PjOnnx__GraphProto *outer = b.graph, *then_branch = build_graph(&b, "t"), *else_branch = build_graph(&b, "e");
    PjOnnx__NodeProto *branch = build_node(&b, "If", "c", "y");
    branch->name = build_strdup(&b, "if");
    b.graph = then_branch;
    build_node(&b, "MatMul", "x,w", "p")->name = build_strdup(&b, "mm");
    build_output(&b, "p", PJ_FLOAT32, "1,4");
    b.graph = else_branch;
    build_node(&b, other, "x", "q")->name = build_strdup(&b, "other");
    build_output(&b, "q", PJ_FLOAT32, "1,4");
    b.graph = outer;
    build_subgraph(&b, branch, "then_branch", then_branch);
    build_subgraph(&b, branch, "else_branch", else_branch);
    analyzed a = analyze(&b, NULL);
    size_t layers;
    layers = a.result->layer_count;
    CHECK_INT(layers, 2);
    CHECK_INT(findings_of(&a, "if"), 1);
    CHECK(layer_of(&a, "if")->free);
    CHECK_INT(layer_of(&a, strcmp(other, "Relu") == 0 ? "mm" : "other")->runs, 1);
    forget(&a);
}

int main(void)
{
    test_loop();
    test_nested();
    test_never();
    test_quantized();
    test_branches("Relu");
    test_branches("Riddle"); /* what is not known may be dearer: it is not left out in silence */
    return check_done();
}
