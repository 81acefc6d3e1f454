/* fp32 against int8 of one sample network: every ratio of the report follows from formats and the table
 * (docs/recipes.md has the same calculation). Table horowitz-45nm; --io-on-dram no, so that each tensor costs 20.3125
 * pJ a bit. */
#include <string.h>

#include "check.h"
#include "picojoule/picojoule.h"

typedef struct report {
    pj_model *model;
    pj_result *result;
} report;

static report open_report(const char *path)
{
    report r = {NULL, NULL};
    pj_setup settings = pj_setup_default();
    pj_error err = {0};
    settings.io_on_dram = false;
    CHECK_INT(pj_model_open(path, NULL, &r.model, &err), PJ_OK);
    if (r.model)
        CHECK_INT(pj_analyze(r.model, &settings, &r.result, &err), PJ_OK);
    return r;
}

static void close_report(report *r)
{
    pj_result_free(r->result);
    pj_model_close(r->model);
}

static const pj_layer *find(const report *r, const char *name)
{
    static const pj_layer none;
    const pj_layer *layer = r->result ? r->result->layers : NULL;
    size_t count = r->result ? r->result->layer_count : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(layer[i].name, name) == 0)
            return &layer[i];
    CHECK_TEXT(name, "the name of a layer");
    return &none;
}

enum { MACS = 512000, CELLS = 8000, CHANNELS = 64 }; /* 1x1, 64 -> 64 channels on 25 x 5 cells: 8000 elements */

#define DRAM 20.3125 /* pJ per bit */

/* fixed point: multiplication 0.002994791667 b^2 + 0.001041666667 b, addition 0.003125 b */
static double fixed_mul(double bits)
{
    return 0.002994791667 * bits * bits + 0.001041666667 * bits;
}

static double fixed_add(double bits)
{
    return 0.003125 * bits;
}

static void test_layer(const report *fp32, const report *int8)
{
    const pj_layer *a = find(fp32, "/block1/pw/Conv"), *b = find(int8, "/block1/pw/Conv");
    CHECK_INT(a->macs, MACS);
    CHECK_INT(b->macs, MACS);
    CHECK_NEAR(a->energy.inputs, CELLS * 32 * DRAM, 1e-12);
    CHECK_NEAR(b->energy.inputs, CELLS * 8 * DRAM, 1e-12);
    CHECK_NEAR(a->energy.outputs, CELLS * 32 * DRAM, 1e-12);
    CHECK_NEAR(b->energy.outputs, CELLS * 8 * DRAM, 1e-12);
    /* 4096 weights and 64 biases; in int8, biases of 32 bits, a scale for each weight channel, for input and output, and
     * two zero points of 8 bits; the scale of a bias is that of the products */
    CHECK_NEAR(a->energy.parameters, (4096 + CHANNELS) * 32 * DRAM, 1e-12);
    CHECK_NEAR(b->energy.parameters, (4096 * 8 + CHANNELS * 32 + (CHANNELS + 2) * 32 + 2 * 8) * DRAM, 1e-12);
    /* fp32: 3.7 + 0.9 pJ each, a bias added to each element. int8: products of 8 bits, sums of 33 */
    CHECK_NEAR(a->energy.op_cost, MACS * (3.7 + 0.9) + CELLS * 0.9, 1e-12);
    double conversion = CELLS * (fixed_mul(33) + fixed_add(33) + fixed_add(33)); /* mul, add, shift */
    CHECK_NEAR(b->energy.op_cost, MACS * (fixed_mul(8) + fixed_add(33)) + CELLS * fixed_add(33) + conversion, 1e-9);
    CHECK_NEAR(b->conversion, conversion, 1e-9);
    CHECK(a->conversion == 0);
    /* the ratios that docs/recipes.md explains */
    CHECK_NEAR(a->energy.inputs / b->energy.inputs, 4, 1e-12);
    CHECK_NEAR(a->energy.parameters / b->energy.parameters, 133120.0 / 36944, 1e-12); /* bits: 3.60 */
    CHECK_NEAR(a->energy.op_cost / b->energy.op_cost, 12.84, 1e-3);
}

/* A Relu compares on what it reads: an addition of 32-bit floats, or of 8 bits. */
static void test_relu(const report *fp32, const report *int8)
{
    CHECK_NEAR(find(fp32, "/block1/pw/relu/Relu")->energy.op_cost, CELLS * 0.9, 1e-12);
    CHECK_NEAR(find(int8, "/block1/pw/relu/Relu")->energy.op_cost, CELLS * fixed_add(8), 1e-12);
}

/* What stays in floats: the quantizer of 490 inputs, the classifier's 12 outputs as floats, Softmax. */
static void test_remainder(const report *fp32, const report *int8)
{
    const pj_layer *in = find(int8, "/mfcc/QuantizeLinear"), *out = find(int8, "/classifier/DequantizeLinear");
    CHECK_NEAR(in->energy.op_cost, 490 * (3.7 + 0.9), 1e-12); /* mul, round as an addition */
    CHECK_NEAR(in->conversion, in->energy.op_cost, 1e-12);
    CHECK_NEAR(out->energy.op_cost, 12 * (3.7 + 0.9), 1e-12);
    CHECK_NEAR(find(fp32, "/Softmax")->energy.op_cost, find(int8, "/Softmax")->energy.op_cost, 1e-12);
}

/* The totals are the sums of their layers, and the same work is behind both. */
static void test_totals(const report *fp32, const report *int8)
{
    const pj_totals *a = &fp32->result->totals, *b = &int8->result->totals;
    double conversion = 0;
    const pj_layer *layer = int8->result->layers;
    size_t count = int8->result->layer_count;
    for (size_t i = 0; i < count; i++)
        conversion += layer[i].conversion;
    CHECK_INT(a->macs, 2656768); /* models/README.md counts them */
    CHECK_INT(b->macs, 2656768);
    CHECK_NEAR(b->conversion, conversion, 1e-12);
    CHECK(b->conversion > 0 && b->conversion < b->energy.op_cost);
    CHECK(a->conversion == 0);
}

/* As operators on integers: the same conversions, and no rows for Relu. */
static void test_qoperator(const report *qdq)
{
    report qop = open_report("../models/kws_dscnn_int8_qop.onnx");
    if (qop.result && qdq->result) {
        const pj_totals *a = &qdq->result->totals, *b = &qop.result->totals;
        CHECK_INT(a->macs, b->macs);
        CHECK_NEAR(a->conversion, b->conversion, 1e-12);
        CHECK_NEAR(find(&qop, "/block1/pw/QLinearConv")->conversion, find(qdq, "/block1/pw/Conv")->conversion, 1e-12);
    }
    close_report(&qop);
}

int main(void)
{
    report fp32 = open_report("../models/kws_dscnn.onnx"), int8 = open_report("../models/kws_dscnn_int8.onnx");
    if (fp32.result && int8.result) {
        test_layer(&fp32, &int8);
        test_relu(&fp32, &int8);
        test_remainder(&fp32, &int8);
        test_totals(&fp32, &int8);
    }
    test_qoperator(&int8);
    close_report(&fp32);
    close_report(&int8);
    return check_done();
}
