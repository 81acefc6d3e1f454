/* Comparisons: rows, effects and causes by hand calculation, limits, and an int8 twin of a small network. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check.h"
#include "picojoule/diff.h"
#include "quantized.h"

#define FORMAT(text, width)                                                                 \
    {                                                                                       \
        .known = true, .word = (text), .kind = "fixed", .bits = (width), .from = "declared" \
    }

static const pj_format_info fp32 = FORMAT("fp32", 32), int8 = FORMAT("int8", 8);

static pj_layer layer(size_t index, const char *name, const char *op, int64_t macs, double op_cost)
{
    return (pj_layer){.index = index,
                      .name = name,
                      .op = op,
                      .domain = "",
                      .scope = "",
                      .counted = true,
                      .runs = 1,
                      .rank = -1,
                      .macs = macs,
                      .flops = 2 * macs,
                      .input_bits = -1,
                      .output_bits = -1,
                      .input = &fp32,
                      .weight = &fp32,
                      .accumulator = &fp32,
                      .output = &fp32,
                      .energy = {.op_cost = op_cost}};
}

/* A result of these layers with their sums. */
static pj_result result_of(const pj_layer *layers, size_t count)
{
    static const pj_model_info model = {.path = "m.onnx", .producer = ""};
    pj_result s = {.source = "m.onnx",
                   .version = "1",
                   .model = &model,
                   .setup = pj_setup_default(),
                   .table = "horowitz-45nm",
                   .rules = "picojoule",
                   .unit = "pJ",
                   .layers = layers,
                   .layer_count = count};
    for (size_t i = 0; i < count; i++) {
        s.totals.layers++;
        s.totals.uncounted += !layers[i].counted;
        s.totals.macs += layers[i].macs;
        s.totals.params += layers[i].params;
        s.totals.energy.inputs += layers[i].energy.inputs;
        s.totals.energy.parameters += layers[i].energy.parameters;
        s.totals.energy.op_cost += layers[i].energy.op_cost;
    }
    return s;
}

static pj_diff *compare(const pj_result *a, const pj_result *b, const char *const *limits, size_t count)
{
    pj_error err = {0};
    pj_diff *diff = NULL;
    const pj_diff_options options = {limits, count};
    CHECK_INT(pj_diff_run(a, b, &options, &diff, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return diff;
}

static const pj_cause *cause_of(const pj_diff *diff, const char *name)
{
    static const pj_cause none = {.name = "", .layer = "", .detail = ""};
    for (size_t i = 0; i < diff->cause_count; i++)
        if (strcmp(diff->causes[i].name, name) == 0)
            return &diff->causes[i];
    return &none;
}

/* ---- rows and effects ---- */

/* One layer with twice the MACs at a 20th of the price, and half as many parameters again at a quarter of the width:
 *     op_cost       1000 * 4.6  -> 2000 * 0.23:   L = -4140 / ln(0.1) = 1797.98   L ln 2   = 1246.26   L ln 0.05 =
 * -5386.26 parameters    100*32*1    -> 150*8*1:       L = -2000 / ln(0.375) = 2039.08  L ln 1.5 =  826.78   L ln 0.25
 * = -2826.78 */
static void test_effects(void)
{
    pj_layer of_a = layer(0, "conv", "Conv", 1000, 4600), of_b = layer(0, "conv", "Conv", 2000, 460);
    of_a.params = 100;
    of_a.param_bits = 3200;
    of_a.energy.parameters = 3200;
    of_b.params = 150;
    of_b.param_bits = 1200;
    of_b.energy.parameters = 1200;
    of_b.input = of_b.weight = &int8;
    pj_result a = result_of(&of_a, 1), b = result_of(&of_b, 1);
    pj_diff *diff = compare(&a, &b, NULL, 0);
    CHECK_INT(diff->row_count, 1);
    const pj_diff_row *row = &diff->rows[0];
    const pj_effect *op = &row->effect[PJ_OP_COST], *parameters = &row->effect[PJ_PARAMETERS];
    CHECK(row->change == PJ_CHANGED && !row->renamed);
    CHECK_NEAR(op->by_count, 1246.2642, 1e-7);
    CHECK_NEAR(op->by_price, -5386.2642, 1e-7);
    CHECK(op->by_width == 0);
    CHECK_NEAR(op->count_ratio, 2, 1e-15);
    CHECK_NEAR(op->price_ratio, 0.05, 1e-15);
    CHECK_NEAR(parameters->by_count, 826.7808, 1e-6);
    CHECK_NEAR(parameters->by_width, -2826.7808, 1e-6);
    CHECK(parameters->by_price == 0);
    CHECK_NEAR(op->by_count + op->by_width + op->by_price, -4140, 1e-15);
    CHECK_NEAR(parameters->by_count + parameters->by_width + parameters->by_price, -2000, 1e-15);
    CHECK_TEXT(row->reason, "op_cost: macs x2.00, pJ per mac x0.05 (fp32 -> int8); "
                            "parameters: params x1.50, bits x0.25 (fp32 -> int8)");
    CHECK_INT(diff->cause_count, 4);
    CHECK_TEXT(diff->causes[0].name, "operation_price");
    CHECK_TEXT(diff->causes[0].detail, "pJ per mac x0.05 (fp32 -> int8)");
    CHECK_TEXT(diff->causes[0].layer, "conv");
    CHECK_NEAR(cause_of(diff, "parameter_width")->difference, -2826.7808, 1e-6);
    pj_diff_free(diff);
}

/* 1000 MACs of 1 pJ become as many of 0.5 pJ and 30 pJ of requantization: -500 by price, +30 by conversion. */
static void test_conversion(void)
{
    pj_layer of_a = layer(0, "conv", "Conv", 1000, 1000), of_b = layer(0, "conv", "Conv", 1000, 530);
    of_b.conversion = 30;
    pj_result a = result_of(&of_a, 1), b = result_of(&of_b, 1);
    pj_diff *diff = compare(&a, &b, NULL, 0);
    const pj_effect *op = &diff->rows[0].effect[PJ_OP_COST];
    CHECK_NEAR(op->by_price, -500, 1e-15);
    CHECK_NEAR(op->by_conversion, 30, 1e-15);
    CHECK_NEAR(op->price_ratio, 0.5, 1e-15);
    CHECK_TEXT(diff->rows[0].reason, "op_cost: macs x1.00, pJ per mac x0.50, more conversions");
    CHECK_NEAR(cause_of(diff, "conversion")->difference, 30, 1e-15);
    pj_diff_free(diff);
}

/* What was not there before: all of it is the count, if that is new, too; else the price. */
static void test_from_nothing(void)
{
    pj_layer of_a = layer(0, "x", "Relu", 0, 0), of_b = layer(0, "x", "Relu", 0, 50);
    of_a.flops = of_b.flops = 10;
    of_b.input_bits = 320;
    of_b.energy.inputs = 30;
    pj_result a = result_of(&of_a, 1), b = result_of(&of_b, 1);
    pj_diff *diff = compare(&a, &b, NULL, 0);
    CHECK_NEAR(diff->rows[0].effect[PJ_OP_COST].by_price, 50, 0);
    CHECK_NEAR(diff->rows[0].effect[PJ_INPUTS].by_count, 30, 0);
    CHECK_TEXT(diff->rows[0].reason, "op_cost: none before; inputs: none before");
    pj_diff_free(diff);
}

/* A: c1, c2, gone, last. B: c1, new, c2 (renamed), last (changed). What was removed stands where it was. */
static void test_rows(void)
{
    const pj_layer of_a[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "c2", "Conv", 20, 200),
                             layer(2, "gone", "Tanh", 0, 5), layer(3, "last", "Gemm", 40, 400)};
    const pj_layer of_b[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "new", "Elu", 0, 7),
                             layer(2, "c2_b", "Conv", 20, 200), layer(3, "last", "Gemm", 40, 500)};
    static const pj_change want[] = {PJ_SAME, PJ_ADDED, PJ_RENAMED, PJ_REMOVED, PJ_CHANGED};
    pj_result a = result_of(of_a, 4), b = result_of(of_b, 4);
    pj_diff *diff = compare(&a, &b, NULL, 0);
    CHECK_INT(diff->row_count, 5);
    for (size_t i = 0; i < 5 && i < diff->row_count; i++)
        CHECK_INT(diff->rows[i].change, want[i]);
    CHECK(diff->same == 1 && diff->added == 1 && diff->renamed == 1 && diff->removed == 1 && diff->changed == 1);
    CHECK_NEAR(cause_of(diff, "added")->difference, 7, 0);
    CHECK_NEAR(cause_of(diff, "removed")->difference, -5, 0);
    CHECK_NEAR(cause_of(diff, "operation_price")->difference, 100, 1e-15);
    pj_diff_free(diff);
    diff = compare(&a, &a, NULL, 0);
    CHECK(diff->same == 4 && diff->cause_count == 0 && diff->setting_count == 0);
    pj_diff_free(diff);
    pj_diff_free(NULL);
}

/* ---- limits ---- */

static bool exceeds(const pj_result *a, const pj_result *b, const char *limit)
{
    pj_diff *diff = compare(a, b, &limit, 1);
    bool exceeded = diff && diff->exceeded > 0;
    CHECK_INT(diff->verdict_count, 1);
    CHECK(diff->verdicts[0].exceeded == exceeded);
    pj_diff_free(diff);
    return exceeded;
}

/* 100 + 200 pJ and 30 MACs become 100 + 206 pJ and 30 MACs: the total grows by 6 pJ or 2 %, c2 by 3 %. */
static void test_limits(void)
{
    const pj_layer of_a[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "c2", "Conv", 20, 200)};
    const pj_layer of_b[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "c2", "Conv", 20, 206)};
    pj_result a = result_of(of_a, 2), b = result_of(of_b, 2);
    CHECK(!exceeds(&a, &b, "total>2%")); /* exactly 2 % is not more than 2 % */
    CHECK(exceeds(&a, &b, "total>1.99%"));
    CHECK(exceeds(&a, &b, "total>0"));
    CHECK(exceeds(&a, &b, " total > 5.5 pJ "));
    CHECK(!exceeds(&a, &b, "total>6pJ"));
    CHECK(!exceeds(&a, &b, "total>1uJ"));
    CHECK(exceeds(&a, &b, "op_cost>1%"));
    CHECK(!exceeds(&a, &b, "inputs>0"));
    CHECK(!exceeds(&a, &b, "macs>0"));
    CHECK(!exceeds(&a, &b, "layer>3%"));
    CHECK(exceeds(&a, &b, "layer>2.5%"));
    CHECK(!exceeds(&b, &a, "total>0")); /* less never exceeds */
    CHECK(!exceeds(&b, &a, "layer>0%"));
    const char *const limits[] = {"layer>1%", "total>50%"};
    pj_diff *diff = compare(&a, &b, limits, 2);
    CHECK_INT(diff->exceeded, 1);
    CHECK_TEXT(diff->verdicts[0].what, "c2");
    CHECK_INT(diff->verdicts[0].count, 1);
    CHECK_NEAR(diff->verdicts[0].b, 206, 0);
    pj_diff_free(diff);
}

/* The same models: 6 pJ or 2 % of growth one way, 6 pJ or 1.96 % of loss the other. */
static void test_relations(void)
{
    const pj_layer of_a[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "c2", "Conv", 20, 200)};
    const pj_layer of_b[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "c2", "Conv", 20, 206)};
    pj_result a = result_of(of_a, 2), b = result_of(of_b, 2);
    CHECK(exceeds(&a, &b, "total>=2%"));
    CHECK(exceeds(&a, &b, "total<=2%"));
    CHECK(!exceeds(&a, &b, "total<2%"));
    CHECK(exceeds(&a, &b, "total<3%"));
    CHECK(!exceeds(&b, &a, "total>-1%"));
    CHECK(exceeds(&b, &a, "total>-5%")); /* less than 5 % is saved */
    CHECK(exceeds(&b, &a, "total<-1.9%"));
    CHECK(!exceeds(&b, &a, "total<-2%"));
    CHECK(exceeds(&a, &a, "macs>=0"));
    CHECK(!exceeds(&a, &a, "macs>=1"));
    const char *limit = "layer<1pJ";
    pj_diff *diff = compare(&a, &b, &limit, 1);
    CHECK_TEXT(diff->verdicts[0].what, "c1"); /* has not grown at all */
    CHECK_INT(diff->verdicts[0].count, 1);
    pj_diff_free(diff);
    a.totals.peak_activation_bytes = 1000;
    b.totals.peak_activation_bytes = 3048; /* 2 KiB more */
    CHECK(!exceeds(&a, &b, "peak_activation_bytes>2KiB"));
    CHECK(exceeds(&a, &b, "peak_activation_bytes>=2048"));
    b.totals.peak_activation_bytes = -1; /* not known: cannot be judged */
    CHECK(exceeds(&a, &b, "peak_activation_bytes>1MiB"));
}

/* A new layer grows by no percentage, but by all it takes; one that is no longer counted has not got better. */
static void test_limits_at_the_edge(void)
{
    pj_layer of_a[] = {layer(0, "c1", "Conv", 10, 100)};
    pj_layer of_b[] = {layer(0, "c1", "Conv", 10, 100), layer(1, "new", "Gemm", 40, 50)};
    pj_result a = result_of(of_a, 1), b = result_of(of_b, 2), none = result_of(NULL, 0);
    CHECK(!exceeds(&a, &b, "layer>10%"));
    CHECK(exceeds(&a, &b, "layer>49pJ"));
    const pj_layer free_layer = layer(0, "view", "Reshape", 0, 0); /* from 0 to 0 is no percentage, either */
    pj_result nothing = result_of(&free_layer, 1);
    CHECK(!exceeds(&nothing, &nothing, "layer>-10%"));
    CHECK(exceeds(&nothing, &nothing, "layer>-10pJ"));
    CHECK(exceeds(&a, &a, "layer>-10%"));
    CHECK(exceeds(&a, &b, "macs>0"));
    CHECK(exceeds(&none, &a, "total>1000%"));
    CHECK(!exceeds(&none, &none, "total>0"));
    of_a[0].counted = false;
    of_a[0].energy.op_cost = 0;
    of_a[0].macs = 0;
    pj_result unknown = result_of(of_a, 1), known = result_of(of_b, 1);
    CHECK(exceeds(&known, &unknown, "total>1%"));
    CHECK(exceeds(&known, &unknown, "macs>0"));
    CHECK(!exceeds(&known, &unknown, "params>0"));
    CHECK(!exceeds(&unknown, &unknown, "total>1%"));
}

static void test_limit_texts(void)
{
    static const char *const good[] = {"total>2%",   "layer > 10 %", "bops>1.5M",
                                       "params>0",   "outputs>3mJ",  "total<2%",
                                       "total >= 1", "macs<=-5k",    "peak_activation_bytes>2KiB",
                                       "total>-10%"};
    static const char *const bad[] = {
        "",         "total",     "total>",    "total>x",   "total=2%",   "totals>2%",
        "macs>1J",  "total>1kJ", "total>2%%", "total>1e3", "total>--1",  "total>.5%",
        "total=>1", "total>nan", "total>1.%", "total>01",  "total>1 2%", "total>1234567890123456"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(pj_diff_limit_check(good[i]) == NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(pj_diff_limit_check(bad[i]) != NULL);
}

static void test_refused(void)
{
    const pj_layer one = layer(0, "c1", "Conv", 10, 100);
    const char *joules = "total>1uJ";
    const pj_diff_options options = {&joules, 1};
    pj_result a = result_of(&one, 1), b = a;
    pj_error err = {0};
    pj_diff *diff = NULL;
    b.unit = "relative";
    CHECK_INT(pj_diff_run(&a, &b, NULL, &diff, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "A is in pJ (table horowitz-45nm), B in relative");
    CHECK_INT(pj_diff_run(&b, &b, &options, &diff, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "no joules");
    CHECK(diff == NULL);
}

/* ---- Markdown ---- */

static bool collect(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

/* 2000 layers that differ: a comment on GitHub takes 65,536 characters. */
static void test_large_comment(void)
{
    enum { MANY = 2000 };
    static pj_layer of_a[MANY], of_b[MANY];
    static char names[MANY][64];
    pj_error err = {0};
    pj_str text = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "/model/layers.%zu/self_attn/q_proj/MatMul", i);
        of_a[i] = layer(i, names[i], "MatMul", 1000, 100);
        of_b[i] = layer(i, names[i], "MatMul", 1000, 100 + (double)i);
    }
    pj_result a = result_of(of_a, MANY), b = result_of(of_b, MANY);
    pj_diff *diff = compare(&a, &b, NULL, 0);
    options.format = "markdown";
    CHECK_INT(pj_diff_write(diff, &options, collect, &text, &err), PJ_OK);
    CHECK(text.length > 20000 && text.length < 65536);
    CHECK_PART(text.data, "<summary>1,989 more layers</summary>"); /* 10 in the open, one that is the same */
    CHECK_PART(text.data, "Not shown here: 1,");
    pj_str_free(&text);
    pj_diff_free(diff);
}

/* ---- a network and its int8 twin ---- */

/* x [1,3,8,8] -> c1 (4 of 1x1) -> r1 -> c2 (8 of 1x1) -> y; with quantizers around every tensor. */
static priced twin(bool quantized)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,3,8,8");
    if (quantized) {
        put_weight(&b, "w1", PJ_INT8, "4,3,1,1", 0.01f);
        put_weight(&b, "w2", PJ_INT8, "8,4,1,1", 0.01f);
        put_qdq(&b, "x", "xq", 0.1f);
        put_node(&b, "c1", "Conv", "xq,w1", "t1");
        put_node(&b, "r1", "Relu", "t1", "t2");
        put_qdq(&b, "t2", "t2q", 0.1f);
        put_node(&b, "c2", "Conv", "t2q,w2", "t3");
        put_qdq(&b, "t3", "y", 0.1f);
    } else {
        build_initializer(&b, "w1", PJ_FLOAT32, "4,3,1,1");
        build_initializer(&b, "w2", PJ_FLOAT32, "8,4,1,1");
        put_node(&b, "c1", "Conv", "x,w1", "t1");
        put_node(&b, "r1", "Relu", "t1", "t2");
        put_node(&b, "c2", "Conv", "t2,w2", "y");
    }
    build_output(&b, "y", PJ_FLOAT32, "1,8,8,8");
    return price(&b, NULL);
}

static void test_twin(void)
{
    priced of_a = twin(false), of_b = twin(true);
    pj_diff *diff = compare(of_a.result, of_b.result, NULL, 0);
    size_t pairs = 0;
    for (size_t i = 0; i < diff->row_count; i++) {
        const pj_diff_row *row = &diff->rows[i];
        CHECK(row->b != NULL); /* nothing was removed; what was added are quantizers */
        if (row->a) {
            CHECK_TEXT(row->a->name, row->b->name);
            pairs++;
        } else {
            CHECK_PART(row->b->op, "uantizeLinear");
        }
    }
    CHECK_INT(pairs, 3);
    CHECK_INT(diff->removed, 0);
    CHECK(cause_of(diff, "activation_width")->difference < 0);
    CHECK(cause_of(diff, "operation_price")->difference < 0);
    CHECK(cause_of(diff, "operations")->detail != NULL);
    pj_diff_free(diff);
    priced_free(&of_a);
    priced_free(&of_b);
}

int main(void)
{
    test_effects();
    test_conversion();
    test_from_nothing();
    test_rows();
    test_limits();
    test_relations();
    test_limits_at_the_edge();
    test_limit_texts();
    test_refused();
    test_large_comment();
    test_twin();
    return check_done();
}
