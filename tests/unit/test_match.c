/* Which layer is which: the pairs that a person would make, written down, and how it behaves on many layers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "check.h"
#include "diff/match.h"

enum { MOST = 32 };

/* A network as lines "name op size macs params", size the last dimension of an output [1, size]. */
typedef struct network {
    pj_result result;
    pj_layer layer[MOST];
    pj_dim_info dims[MOST][2];
    char text[MOST][2][32];
} network;

static const pj_result *make(network *n, const char *const *lines)
{
    memset(n, 0, sizeof *n);
    size_t i = 0;
    for (; lines[i]; i++) {
        pj_layer *layer = &n->layer[i];
        n->dims[i][0].value = 1;
        int read = sscanf(lines[i], "%31s %31s %" SCNd64 " %" SCNd64 " %" SCNd64, n->text[i][0], n->text[i][1],
                          &n->dims[i][1].value, &layer->macs, &layer->params);
        CHECK_INT(read, 5);
        layer->index = i;
        layer->name = n->text[i][0];
        layer->op = n->text[i][1];
        layer->domain = layer->scope = "";
        layer->rank = 2;
        layer->dims = n->dims[i];
        layer->counted = true;
    }
    n->result.layers = n->layer;
    n->result.layer_count = i;
    return &n->result;
}

/* The pairs in the order of A, then what is new in B: "conv=conv old=- -=new" */
static void check_pairs(const char *const *a, const char *const *b, const char *want)
{
    static network of_a, of_b;
    pj_error err = {0};
    pj_matching m = {0};
    pj_str text = pj_str_new(0);
    pj_arena *arena = pj_arena_new(0);
    const pj_result *x = make(&of_a, a), *y = make(&of_b, b);
    CHECK_INT(pj_match_layers(x, y, arena, &m, &err), PJ_OK);
    for (size_t i = 0; i < x->layer_count; i++) {
        bool paired = m.b_of_a[i] != PJ_NO_LAYER;
        pj_str_printf(&text, "%s%s=%s", text.length ? " " : "", x->layers[i].name,
                      paired ? y->layers[m.b_of_a[i]].name : "-");
        CHECK(!paired || m.a_of_b[m.b_of_a[i]] == i);
    }
    for (size_t i = 0; i < y->layer_count; i++)
        if (m.a_of_b[i] == PJ_NO_LAYER)
            pj_str_printf(&text, "%s-=%s", text.length ? " " : "", y->layers[i].name);
    CHECK_TEXT(text.data, want);
    pj_str_free(&text);
    pj_arena_free(arena);
}

#define PAIRS(want, ...) check_pairs(a, (const char *const[]){__VA_ARGS__, NULL}, want)

/* ---- what stays ---- */

static void test_names(void)
{
    static const char *const a[] = {"c1 Conv 8 100 10", "r1 Relu 8 0 0", "c2 Conv 16 200 20", NULL};
    PAIRS("c1=c1 r1=r1 c2=c2", "c1 Conv 8 100 10", "r1 Relu 8 0 0", "c2 Conv 16 200 20");
    /* all widths doubled: every layer has changed, none is new, although c2 now has the work that c1 had before */
    PAIRS("c1=c1 r1=r1 c2=c2", "c1 Conv 16 200 20", "r1 Relu 16 0 0", "c2 Conv 32 400 40");
    /* a batch of 4 */
    PAIRS("c1=c1 r1=r1 c2=c2", "c1 Conv 32 400 10", "r1 Relu 32 0 0", "c2 Conv 64 800 20");
}

static void test_reordered(void)
{
    static const char *const a[] = {"left Conv 8 100 10", "right Conv 9 150 15", "join Add 8 0 0", NULL};
    PAIRS("left=left right=right join=join", "right Conv 9 150 15", "left Conv 8 100 10", "join Add 8 0 0");
    /* a name may also have gone to another layer altogether: an Add is no Conv, and what stands in its place no Add */
    PAIRS("left=- right=right join=- -=join -=left", "join Pool 30 0 0", "right Conv 9 150 15", "left Mul 30 0 0");
}

static void test_empty(void)
{
    static const char *const a[] = {"c1 Conv 8 100 10", NULL}, *const none[] = {NULL};
    check_pairs(a, none, "c1=-");
    check_pairs(none, a, "-=c1");
    check_pairs(none, none, "");
}

/* ---- what moves ---- */

/* Names of modules: only the new one is new. */
static void test_inserted(void)
{
    static const char *const a[] = {"stem Conv 8 100 10",   "stem/relu Relu 8 0 0", "head Conv 4 50 5",
                                    "head/relu Relu 4 0 0", "fc Gemm 10 40 40",     NULL};
    PAIRS("stem=stem stem/relu=stem/relu head=head head/relu=head/relu fc=fc -=extra -=extra/relu",
          "stem Conv 8 100 10", "stem/relu Relu 8 0 0", "extra Conv 8 90 9", "extra/relu Relu 8 0 0",
          "head Conv 4 50 5", "head/relu Relu 4 0 0", "fc Gemm 10 40 40");
}

/* Names that are numbers: a layer in front gives each one the name of its neighbour. Conv_1 of B is new, and what was
 * Conv_1 is Conv_2. */
static void test_shifted_names(void)
{
    static const char *const a[] = {"Conv_0 Conv 64 10 1", "Conv_1 Conv 32 20 2", "Conv_2 Conv 16 30 3",
                                    "Conv_3 Conv 8 40 4", NULL};
    PAIRS("Conv_0=Conv_0 Conv_1=Conv_2 Conv_2=Conv_3 Conv_3=Conv_4 -=Conv_1", "Conv_0 Conv 64 10 1",
          "Conv_1 Conv 64 15 2", "Conv_2 Conv 32 20 2", "Conv_3 Conv 16 30 3", "Conv_4 Conv 8 40 4");
    /* likewise where one is taken out */
    PAIRS("Conv_0=Conv_0 Conv_1=- Conv_2=Conv_1 Conv_3=Conv_2", "Conv_0 Conv 64 10 1", "Conv_1 Conv 16 30 3",
          "Conv_2 Conv 8 40 4");
}

static void test_renamed(void)
{
    static const char *const a[] = {"a1 Conv 8 100 10", "a2 Relu 8 0 0",    "a3 Conv 8 100 10",
                                    "a4 Relu 8 0 0",    "a5 Gemm 10 40 40", NULL};
    /* all of them, and one block more at the end of what repeats */
    PAIRS("a1=b1 a2=b2 a3=b3 a4=b4 a5=b5", "b1 Conv 8 100 10", "b2 Relu 8 0 0", "b3 Conv 8 100 10", "b4 Relu 8 0 0",
          "b5 Gemm 10 40 40");
    PAIRS("a1=b1 a2=b2 a3=b3 a4=b4 a5=b7 -=b5 -=b6", "b1 Conv 8 100 10", "b2 Relu 8 0 0", "b3 Conv 8 100 10",
          "b4 Relu 8 0 0", "b5 Conv 8 100 10", "b6 Relu 8 0 0", "b7 Gemm 10 40 40");
    /* renamed and a larger kernel (shape), renamed and a larger batch (parameters, then position) */
    PAIRS("a1=b1 a2=a2 a3=a3 a4=a4 a5=a5", "b1 Conv 8 300 30", "a2 Relu 8 0 0", "a3 Conv 8 100 10", "a4 Relu 8 0 0",
          "a5 Gemm 10 40 40");
    PAIRS("a1=b1 a2=b2 a3=b3 a4=b4 a5=b5", "b1 Conv 16 200 10", "b2 Relu 16 0 0", "b3 Conv 16 200 10", "b4 Relu 16 0 0",
          "b5 Gemm 20 80 40");
}

/* Names that stand twice say nothing; work and place do. */
static void test_duplicates(void)
{
    static const char *const a[] = {"x Conv 8 100 10", "x Conv 16 200 20", "x Gemm 10 40 40", NULL};
    static network n;
    PAIRS("x=x x=x x=x", "x Conv 8 100 10", "x Conv 16 200 20", "x Gemm 10 40 40");
    PAIRS("x=x x=x x=x -=x", "x Conv 8 100 10", "x Conv 12 50 5", "x Conv 16 200 20", "x Gemm 10 40 40");
    const pj_result *same = make(&n, a);
    pj_matching m;
    pj_arena *arena = pj_arena_new(0);
    CHECK_INT(pj_match_layers(same, same, arena, &m, NULL), PJ_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(m.b_of_a[i], i);
    pj_arena_free(arena);
}

/* An int8 twin as quantizers write it: operators and names change, quantizers stand between. */
static void test_quantized(void)
{
    static const char *const a[] = {"c1 Conv 8 100 10", "r1 Relu 8 0 0", "c2 Conv 16 200 20", "fc Gemm 10 160 160",
                                    NULL};
    PAIRS("c1=c1_quant r1=r1 c2=c2_quant fc=fc_quant -=q -=dq", "q QuantizeLinear 4 0 2",
          "c1_quant QLinearConv 8 100 18", "r1 Relu 8 0 0", "c2_quant QLinearConv 16 200 28",
          "fc_quant QGemm 10 160 168", "dq DequantizeLinear 10 0 2");
    PAIRS("c1=c1 r1=r1 c2=c2 fc=fc -=c1_q -=c1_dq -=r1_q -=r1_dq", "c1_q QuantizeLinear 4 0 2",
          "c1_dq DequantizeLinear 4 0 2", "c1 Conv 8 100 12", "r1 Relu 8 0 0", "r1_q QuantizeLinear 8 0 2",
          "r1_dq DequantizeLinear 8 0 2", "c2 Conv 16 200 22", "fc Gemm 10 160 162");
    /* the name stays, the operator does not */
    PAIRS("c1=c1 r1=- c2=c2 fc=fc", "c1 QLinearConv 8 100 18", "c2 ConvInteger 16 200 20", "fc Special 10 160 160");
}

static void test_operators(void)
{
    static const char *const cases[][2] = {
        {"Conv",           "Conv"          },
        {"QLinearConv",    "Conv"          },
        {"ConvInteger",    "Conv"          },
        {"FusedMatMul",    "MatMul"        },
        {"QGemm",          "Gemm"          },
        {"MatMulNBits",    "MatMul"        },
        {"QuantizeLinear", "QuantizeLinear"},
        {"Integer",        "Integer"       }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        size_t length;
        const char *op = pj_match_op(cases[i][0], &length);
        snprintf(text, sizeof text, "%.*s", (int)length, op);
        CHECK_TEXT(text, cases[i][1]);
    }
}

/* ---- many ---- */

typedef struct chain {
    pj_result result;
    pj_layer *layer;
    pj_dim_info *dims;
} chain;

/* `count` layers called PREFIX0 ...; `work_of` says what each does. */
static void make_chain(chain *c, pj_arena *arena, size_t count, const char *prefix, int64_t (*work_of)(size_t i))
{
    c->layer = PJ_NEW(arena, pj_layer, count);
    c->dims = PJ_NEW(arena, pj_dim_info, count);
    for (size_t i = 0; i < count; i++) {
        char *name = PJ_NEW(arena, char, 32);
        int64_t work = work_of(i);
        snprintf(name, 32, "%s%zu", prefix, i);
        c->dims[i].value = work / 7;
        c->layer[i] = (pj_layer){.index = i,
                                 .name = name,
                                 .op = work % 2 ? "Relu" : "Conv",
                                 .domain = "",
                                 .scope = "",
                                 .rank = 1,
                                 .dims = &c->dims[i],
                                 .macs = work};
    }
    c->result.layers = c->layer;
    c->result.layer_count = count;
}

static int64_t in_blocks(size_t i)
{
    return (int64_t)(i % 12) + 1;
}

/* The same with 1000 layers more from the 50,000th on. */
static int64_t in_more_blocks(size_t i)
{
    return i < 50000 ? in_blocks(i) : i < 51000 ? 100 + (int64_t)i : in_blocks(i - 1000);
}

static int64_t all_distinct(size_t i)
{
    return 1000 + (int64_t)i;
}

static int64_t backwards(size_t i)
{
    return 1000 + 99999 - (int64_t)i;
}

/* Looks random, and has hardly any common order with anything. */
static int64_t scrambled(size_t i)
{
    return (int64_t)((i * 2654435761u) % 300) + 1;
}

static size_t count_pairs(const chain *a, const chain *b, pj_arena *arena, pj_matching *m)
{
    size_t pairs = 0;
    pj_error err = {0};
    CHECK_INT(pj_match_layers(&a->result, &b->result, arena, m, &err), PJ_OK);
    for (size_t i = 0; i < a->result.layer_count; i++)
        pairs += m->b_of_a[i] != PJ_NO_LAYER;
    return pairs;
}

static void test_many(void)
{
    enum { MANY = 100000, NEW = 1000 };
    pj_arena *arena = pj_arena_new(0);
    chain a, b, c;
    pj_matching m;
    bool in_place = true;
    make_chain(&a, arena, MANY, "a", in_blocks);
    make_chain(&b, arena, MANY + NEW, "b", in_more_blocks);
    CHECK_INT(count_pairs(&a, &b, arena, &m), MANY);
    for (size_t i = 0; i < MANY; i++)
        in_place = in_place && m.b_of_a[i] == (i < 50000 ? i : i + NEW);
    CHECK(in_place);
    make_chain(&b, arena, MANY, "a", in_blocks);
    CHECK_INT(count_pairs(&a, &b, arena, &m), MANY);
    /* nothing in common but the order of one: one pair */
    make_chain(&b, arena, MANY, "b", all_distinct);
    make_chain(&c, arena, MANY, "c", backwards);
    CHECK(count_pairs(&b, &c, arena, &m) >= 1);
    /* hostile order: no quality asked for, only an end */
    make_chain(&b, arena, MANY, "b", scrambled);
    CHECK(count_pairs(&a, &b, arena, &m) <= MANY);
    pj_arena_free(arena);
}

int main(void)
{
    test_names();
    test_reordered();
    test_empty();
    test_inserted();
    test_shifted_names();
    test_renamed();
    test_duplicates();
    test_quantized();
    test_operators();
    test_many();
    return check_done();
}
