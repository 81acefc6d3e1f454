/* Peak activation memory against hand calculations: bytes of each tensor stand beside the graphs. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "picojoule/picojoule.h"
#include "quantized.h"

/* At each point of the course, what is told of tensors adds up to what is in memory. What bodies take is not told. */
static void check_tensors(const pj_result *result)
{
    const pj_peak *peak = &result->memory->graph;
    CHECK(peak->tensors != NULL);
    for (size_t i = 0; i < peak->timeline_count; i++) {
        const pj_memory_point *point = &peak->timeline[i];
        const char *op = result->layers[point->layer].op;
        int64_t sum = 0;
        for (size_t k = 0; k < peak->tensor_count; k++)
            if (peak->tensors[k].from <= point->layer && point->layer < peak->tensors[k].until &&
                peak->tensors[k].bytes > 0)
                sum += peak->tensors[k].bytes;
        if (strcmp(op, "If") == 0 || strcmp(op, "Loop") == 0 || strcmp(op, "Scan") == 0)
            CHECK(sum <= point->bytes);
        else
            CHECK_INT(sum, point->bytes);
    }
}

static const pj_activation_memory *memory_of(priced *p, builder *b)
{
    pj_setup settings = pj_setup_default();
    settings.best_order = true;
    *p = price(b, &settings);
    check_tensors(p->result);
    return p->result->memory;
}

/* Names of what is alive, largest first: "a b c". */
static const char *alive(const pj_peak *peak)
{
    static char text[512];
    int64_t sum = 0;
    text[0] = 0;
    for (size_t i = 0; i < peak->alive_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", peak->alive[i].name);
        sum += peak->alive[i].bytes > 0 ? peak->alive[i].bytes : 0;
    }
    CHECK_INT(sum, peak->bytes);
    return text;
}

/* x 400 -> MatMul -> a 800 -> MatMul -> y 200: x+a = 1200, a+y = 1000 */
static void test_chain(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    build_initializer(&b, "w1", PJ_FLOAT32, "100,200");
    build_initializer(&b, "w2", PJ_FLOAT32, "200,50");
    put_node(&b, "first", "MatMul", "x,w1", "a");
    put_node(&b, "second", "MatMul", "a,w2", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,50");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 1200);
    CHECK_TEXT(memory->graph.node, "first");
    CHECK_TEXT(alive(&memory->graph), "a x");
    CHECK_INT(memory->unknown, 0);
    CHECK_INT(p.result->totals.peak_activation_bytes, 1200);
    CHECK_INT(memory->best->bytes, 1200);
    CHECK_TEXT(memory->best->order, "graph");
    const pj_memory_tensor *tensor = memory->graph.tensors; /* x, a, y */
    CHECK_INT(memory->graph.tensor_count, 3);
    CHECK_TEXT(tensor[0].name, "x");
    CHECK(tensor[0].from == 0 && tensor[0].until == 1);
    CHECK(tensor[1].from == 0 && tensor[1].until == 2 && tensor[1].bytes == 800);
    CHECK(tensor[2].from == 1 && tensor[2].until == 2);
    priced_free(&p);
}

/* All 400 bytes. x stays for the Add: at `second` x, r and b are there: 1200. `relu` writes over a; `add` writes over x
 * (both end there; x comes first). */
static void test_residual(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    build_initializer(&b, "w", PJ_FLOAT32, "100,100");
    put_node(&b, "first", "MatMul", "x,w", "a");
    put_node(&b, "relu", "Relu", "a", "r");
    put_node(&b, "second", "MatMul", "r,w", "b");
    put_node(&b, "add", "Add", "x,b", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 1200);
    CHECK_TEXT(memory->graph.node, "second");
    CHECK_TEXT(alive(&memory->graph), "x r b");
    priced_free(&p);
}

/* x 40 stays until the branches have read it; wide tensors a1, a2 400 each, narrow b1, b2 4 each; y 8.
 * Breadth first: at `wide2` x + a1 + a2 = 840. One branch after the other: at `narrow1` x + a1 + b1 = 444, at `wide2`
 * x + b1 + a2 = 444, at `narrow2` b1 + a2 + b2 = 408; the first of equal peaks counts. */
static void test_inception(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,10");
    build_initializer(&b, "up", PJ_FLOAT32, "10,100");
    build_initializer(&b, "down", PJ_FLOAT32, "100,1");
    put_node(&b, "wide1", "MatMul", "x,up", "a1");
    put_node(&b, "wide2", "MatMul", "x,up", "a2");
    put_node(&b, "narrow1", "MatMul", "a1,down", "b1");
    put_node(&b, "narrow2", "MatMul", "a2,down", "b2");
    PjOnnx__NodeProto *join = put_node(&b, "join", "Concat", "b1,b2", "y");
    build_int(&b, join, "axis", 1);
    build_output(&b, "y", PJ_FLOAT32, "1,2");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 840);
    CHECK_TEXT(memory->graph.node, "wide2");
    CHECK_TEXT(alive(&memory->graph), "a1 a2 x");
    CHECK_INT(memory->best->bytes, 444);
    CHECK_TEXT(memory->best->order, "least-growth");
    CHECK_TEXT(memory->best->node, "narrow1");
    CHECK_TEXT(alive(memory->best), "a1 x b1");
    priced_free(&p);
}

/* Views take nothing, but keep what they show: x 400, v shows it, a 400, and at `second` x (by v) + a + y = 1200. */
static void test_views(void)
{
    builder b = build_new(17);
    priced p;
    static const int64_t axes[] = {0};
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    build_initializer(&b, "w", PJ_FLOAT32, "100,100");
    PjOnnx__NodeProto *view = put_node(&b, "view", "Flatten", "x", "v");
    build_int(&b, view, "axis", axes[0]);
    put_node(&b, "same", "Identity", "v", "v2");
    put_node(&b, "first", "MatMul", "x,w", "a");
    put_node(&b, "second", "Concat", "a,v2", "y");
    build_int(&b, b.graph->node[3], "axis", 0);
    build_output(&b, "y", PJ_FLOAT32, "2,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 400 + 400 + 800);
    CHECK_TEXT(memory->graph.node, "second");
    CHECK_TEXT(alive(&memory->graph), "y x a");
    priced_free(&p);
}

/* Relu chain: x 400 only, each writes over the one in front. */
static void test_in_place(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    put_node(&b, "r1", "Relu", "x", "a");
    put_node(&b, "r2", "Sigmoid", "a", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 400);
    CHECK_TEXT(memory->graph.node, "");
    priced_free(&p);
}

/* Not in place: the input is read later (x, 400), is smaller (float16 to float32: 200 to 400), or is broadcast over the
 * other one: Add of [1,100] and [100,1] of the same bytes makes 40000, and both are there. */
static void test_not_in_place(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT16, "1,100");
    PjOnnx__NodeProto *cast = put_node(&b, "cast", "Cast", "x", "a");
    build_int(&b, cast, "to", 1);
    PjOnnx__NodeProto *column = put_node(&b, "column", "Transpose", "a", "c");
    static const int64_t perm[] = {1, 0};
    build_ints(&b, column, "perm", 2, perm);
    put_node(&b, "grid", "Add", "a,c", "g");
    put_node(&b, "later", "Add", "g,a", "y");
    build_output(&b, "y", PJ_FLOAT32, "100,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 400 + 400 + 40000);
    CHECK_TEXT(memory->graph.node, "grid");
    priced_free(&p);
}

/* The two operands show the same bytes under two shapes: Add would read what it has written over. */
static void test_own_view(void)
{
    builder b = build_new(17);
    priced p;
    static const int64_t shape[] = {100, 1};
    build_input(&b, "x", PJ_FLOAT32, "100");
    PjOnnx__TensorProto *dims = build_initializer(&b, "dims", PJ_INT64, "2");
    build_raw(&b, dims, shape, sizeof shape);
    put_node(&b, "column", "Reshape", "x,dims", "c");
    put_node(&b, "grid", "Add", "x,c", "y");
    build_output(&b, "y", PJ_FLOAT32, "100,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 400 + 40000);
    CHECK_TEXT(alive(&memory->graph), "y x");
    priced_free(&p);
}

/* Five int4 take 20 bits: 3 bytes; the output of 5 float32 takes 20; a bool takes a byte: 5. */
static void test_narrow(void)
{
    builder b = build_new(21);
    priced p;
    build_input(&b, "x", PJ_INT4, "5");
    PjOnnx__NodeProto *cast = put_node(&b, "cast", "Cast", "x", "a");
    build_int(&b, cast, "to", 1);
    put_node(&b, "test", "IsNaN", "a", "y");
    build_output(&b, "y", PJ_BOOL, "5");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 3 + 20);
    CHECK_TEXT(memory->graph.node, "cast");
    priced_free(&p);
}

/* The first QuantizeLinear writes 100 over x 400; DequantizeLinear in front of integer layers is never stored. `mul`
 * reads 100 and writes 100, its quantizer being part of it; `last` reads 100 and writes 400: 500. */
static void test_quantized(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    put_qdq(&b, "x", "a", 0.5f);
    put_weight(&b, "w", PJ_INT8, "100,100", 0.5f);
    put_node(&b, "mul", "MatMul", "a,w", "m");
    put_qdq(&b, "m", "d", 0.5f);
    put_weight(&b, "v", PJ_INT8, "100,100", 0.5f);
    put_node(&b, "last", "MatMul", "d,v", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 500);
    CHECK_TEXT(memory->graph.node, "last");
    priced_free(&p);
}

/* An unknown dimension: its tensors are counted, not guessed. x 400, n unknown. */
static void test_unknown(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "100");
    put_node(&b, "where", "NonZero", "x", "n");
    build_output(&b, "n", PJ_INT64, "1,?");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->unknown, 1);
    CHECK_INT(memory->graph.bytes, 400);
    CHECK_INT(p.result->totals.peak_activation_bytes, -1);
    priced_free(&p);
}

/* The body of an If at its holder: x 400 and the condition 1 are there, y 400 is made; inside, t 400 while MatMul reads
 * x (captured) and writes t, then u: t + u = 800. Together 401 + 400 + 800. */
static void test_subgraph(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    build_input(&b, "cond", PJ_BOOL, "");
    build_initializer(&b, "w", PJ_FLOAT32, "100,100");
    PjOnnx__NodeProto *hold = put_node(&b, "hold", "If", "cond", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,100");
    PjOnnx__GraphProto *outer = b.graph, *branch[2];
    static const char *const names[] = {"then_branch", "else_branch"};
    for (int k = 0; k < 2; k++) {
        branch[k] = b.graph = build_graph(&b, names[k]);
        if (k == 0) {
            put_node(&b, "inner1", "MatMul", "x,w", "t");
            put_node(&b, "inner2", "MatMul", "t,w", "u");
            build_output(&b, "u", PJ_FLOAT32, "1,100");
        } else {
            put_node(&b, "other", "Relu", "x", "r");
            build_output(&b, "r", PJ_FLOAT32, "1,100");
        }
        b.graph = outer;
        build_subgraph(&b, hold, names[k], branch[k]);
    }
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 401 + 400 + 800);
    CHECK_TEXT(memory->graph.node, "hold");
    CHECK_TEXT(alive(&memory->graph), "x y t u cond");
    priced_free(&p);
}

/* A sequence keeps what is put into it: a 400 and b 400 until SequenceAt; x 400 goes with `second`.
 * At `second`: x + a + b = 1200; at `take` the output shows the sequence: no more than a + b; at `last` + y 400. */
static void test_sequence(void)
{
    builder b = build_new(17);
    priced p;
    build_input(&b, "x", PJ_FLOAT32, "1,100");
    build_initializer(&b, "w", PJ_FLOAT32, "100,100");
    PjOnnx__TensorProto *at = build_initializer(&b, "at", PJ_INT64, "");
    static const int64_t zero = 0;
    build_raw(&b, at, &zero, sizeof zero);
    put_node(&b, "first", "MatMul", "x,w", "a");
    put_node(&b, "second", "MatMul", "x,w", "b");
    put_node(&b, "pack", "SequenceConstruct", "a,b", "s");
    put_node(&b, "take", "SequenceAt", "s,at", "t");
    put_node(&b, "wide", "Concat", "t,t,t", "y");
    build_int(&b, b.graph->node[4], "axis", 0);
    build_output(&b, "y", PJ_FLOAT32, "3,100");
    const pj_activation_memory *memory = memory_of(&p, &b);
    CHECK_INT(memory->graph.bytes, 400 + 400 + 1200);
    CHECK_TEXT(memory->graph.node, "wide");
    CHECK_TEXT(alive(&memory->graph), "y a b");
    priced_free(&p);
}

int main(void)
{
    test_chain();
    test_residual();
    test_inception();
    test_views();
    test_in_place();
    test_not_in_place();
    test_own_view();
    test_narrow();
    test_quantized();
    test_unknown();
    test_subgraph();
    test_sequence();
    return check_done();
}
