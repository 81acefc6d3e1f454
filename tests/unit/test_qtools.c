/* cost/qtools: quantized graphs by the rules of QTools, against numbers of QTools and by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "quantized.h"

static pj_setup on_sram(void)
{
    pj_setup settings = pj_setup_default();
    settings.table = "qtools";
    settings.weights_on = settings.activations_on = PJ_PLACE_SRAM;
    settings.io_on_dram = false;
    settings.sram_min_bits = UINT64_C(1) << 27;
    return settings;
}

static void put_quant(builder *b, const char *name, const char *inputs, const char *output, int is_signed)
{
    build_int(b, put_qonnx(b, name, "Quant", inputs, output), "signed", is_signed);
}

/* scale 2^-7, zero point 0, 8 and 4 bits: s, z, n8, n4 */
static builder with_numbers(void)
{
    builder b = build_new(21);
    put_float(&b, "s", 0.0078125f);
    put_float(&b, "z", 0);
    put_float(&b, "n8", 8);
    put_float(&b, "n4", 4);
    return b;
}

/* The first layer of QTools' own test_qenergy: 784 x 300, weights and bias -1/+1, input int8 with no integer bits, a
 * 2^27 bit SRAM (3.803789819 pJ a word), figures of QTools to all digits. */
static void test_first_dense(void)
{
    pj_setup settings = on_sram();
    builder b = with_numbers();
    build_input(&b, "x", PJ_FLOAT32, "1,784");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_quant(&b, "source", "x,s,z,n8", "a", 1);
    build_initializer(&b, "w_f", PJ_FLOAT32, "784,300");
    build_initializer(&b, "c_f", PJ_FLOAT32, "300");
    put_qonnx(&b, "qw", "BipolarQuant", "w_f,s", "w");
    put_qonnx(&b, "qc", "BipolarQuant", "c_f,s", "c");
    put_node(&b, "fc", "Gemm", "a,w,c", "fc_y");
    put_node(&b, "relu", "Relu", "fc_y", "relu_y");
    put_quant(&b, "relu_q", "relu_y,s,z,n4", "y", 0);
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc"), *relu = layer_of(&p, "relu"), *source = layer_of(&p, "source");
    CHECK_NEAR(fc->energy.inputs, 372.7714022662139, 1e-13);
    CHECK_NEAR(fc->energy.outputs, 342.3410837138699, 1e-13);
    CHECK_NEAR(fc->energy.parameters, 13997.946534078235, 1e-13);
    CHECK_NEAR(fc->energy.op_cost, 15729.0, 1e-13);
    CHECK_TEXT(fc->implementation, "mux");
    CHECK_NEAR(fc->gate_factor, 0.3, 1e-15);
    CHECK_TEXT(fc->accumulator->word, "fixed<19,11>");
    CHECK_TEXT(fc->weight->word, "binary");
    /* Relu and its quantizer are one QActivation: reads 300 x 19, writes 300 x 4 bits */
    CHECK_NEAR(relu->energy.inputs, 342.3410837138699, 1e-13);
    CHECK_NEAR(relu->energy.outputs, 72.27200656181698, 1e-13);
    CHECK_TEXT(layer_of(&p, "relu_q")->folded_into, "relu");
    CHECK(pj_energy_total(&source->energy) == 0);
    CHECK(pj_energy_total(&layer_of(&p, "relu_q")->energy) == 0);
    /* energy_sum: dense without outputs, QActivation its outputs only; each part rounded to two digits */
    const pj_totals *totals = &p.result->totals;
    CHECK_INT(totals->qtools_total_cost, 372.7714 + 342.3411 + 13997.9465 + 15729 + 342.3411 + 72.2720);
    CHECK_INT(totals->qtools_energy_sum, 372.77 + 13997.95 + 15729.00 + 72.27);
    priced_free(&p);
}

/* Prices what was built under a plan. */
static priced price_planned(builder *b, const char *json)
{
    char path[] = "/tmp/picojoule-plan-XXXXXX";
    pj_setup settings = on_sram();
    int handle = mkstemp(path);
    CHECK(handle >= 0 && write(handle, json, strlen(json)) == (ssize_t)strlen(json));
    close(handle);
    settings.plan = path;
    priced p = price(b, &settings);
    unlink(path);
    return p;
}

/* The same layer without quantizers, whose formats a plan says: the same figures. The plan of a MatMul may name the Add
 * that is its bias; and it may fix the sums, of 12 bits here: written are 300 x 19, 300 x 12 and, where it says the
 * output, too, 300 x 4 bits, in words of 64. */
static void test_planned_dense(void)
{
    static const char *const plans[] = {
        "{\"match\": \"fc\", \"weights\": \"binary\", \"activations\": \"fixed<8,0>\"}",
        "{\"match\": \"bias\", \"weights\": \"binary\", \"activations\": \"fixed<8,0>\"}",
        "{\"match\": \"fc\", \"weights\": \"binary\", \"activations\": \"fixed<8,0>\", \"accumulator\": \"int12\"}",
        "{\"match\": \"fc\", \"weights\": \"binary\", \"activations\": \"fixed<8,0>\", \"accumulator\": \"int12\", "
        "\"output\": \"uint4\"}",
    };
    static const double words[] = {90, 90, 57, 19};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char json[512];
        builder b = with_numbers();
        build_input(&b, "x", PJ_FLOAT32, "1,784");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_FLOAT32, "784,300");
        build_initializer(&b, "c", PJ_FLOAT32, "300");
        if (i == 1) {
            put_node(&b, "fc", "MatMul", "x,w", "sums");
            put_node(&b, "bias", "Add", "sums,c", "y");
        } else {
            put_node(&b, "fc", "Gemm", "x,w,c", "y");
        }
        (void)snprintf(json, sizeof json, "{\"schema\": \"picojoule.plan/1\", \"layers\": [%s]}", plans[i]);
        priced p = price_planned(&b, json);
        const pj_layer *fc = layer_of(&p, "fc");
        CHECK_NEAR(fc->energy.inputs, 372.7714022662139, 1e-13);
        CHECK_NEAR(fc->energy.outputs, 342.3410837138699 / 90 * words[i], 1e-13);
        CHECK_NEAR(fc->energy.parameters, 13997.946534078235, 1e-13);
        if (i < 2)
            CHECK_NEAR(fc->energy.op_cost, 15729.0, 1e-13);
        CHECK_TEXT(fc->implementation, "mux");
        CHECK_TEXT(fc->weight->word, "binary");
        priced_free(&p);
    }
}

/* Filters of no channels, and none: nothing is computed, written or kept; nothing is divided by their number. */
static void test_no_filters(void)
{
    static const struct {
        const char *input, *kernel;
        int groups;
    } ways[] = {
        {"1,0,4,4", "0,0,1,1", 1},
        {"1,2,4,4", "0,1,1,1", 2},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        pj_setup settings = on_sram();
        builder b = build_new(21);
        build_input(&b, "x", PJ_FLOAT32, ways[i].input);
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_FLOAT32, ways[i].kernel);
        build_int(&b, put_node(&b, "conv", "Conv", "x,w", "y"), "group", ways[i].groups);
        priced p = price(&b, &settings);
        const pj_layer *conv = layer_of(&p, "conv");
        CHECK(conv->counted && conv->macs == 0 && conv->params == 0);
        CHECK(conv->energy.op_cost == 0 && conv->energy.parameters == 0 && conv->energy.outputs == 0);
        priced_free(&p);
    }
}

/* Where quantizers belong: behind a MaxPool to nobody, so it is a layer; between Conv and MaxPool to the Conv. A kernel
 * with a quantizer beside a bias without one: the bias is fixed<8,0>. */
static void test_places(void)
{
    pj_setup settings = on_sram();
    builder b = with_numbers();
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_quant(&b, "source", "x,s,z,n8", "a", 1);
    build_initializer(&b, "w_f", PJ_FLOAT32, "3,2,1,1");
    put_quant(&b, "qw", "w_f,s,z,n4", "w", 1);
    build_initializer(&b, "c", PJ_FLOAT32, "3");
    put_node(&b, "conv", "Conv", "a,w,c", "conv_y");
    put_quant(&b, "conv_q", "conv_y,s,z,n4", "t", 1);
    build_ints(&b, put_node(&b, "pool", "MaxPool", "t", "pool_y"), "kernel_shape", 2, (const int64_t[]){2, 2});
    put_quant(&b, "pool_q", "pool_y,s,z,n8", "y", 1);
    priced p = price(&b, &settings);
    const pj_layer *conv = layer_of(&p, "conv"), *pool_q = layer_of(&p, "pool_q");
    double word = 3.803789819042555; /* of 2^27 bits */
    /* x: fixed<8,0>; w: 4 bits, scale 2^-7: int_bits 4 - 1 - 7 = -4: product int_bits -4, fraction 7 + 7, signed: 11
     * bits; 2 terms: 12 bits, int_bits -3; bias fixed<8,0>: int_bits 1, fraction 14: 16 bits */
    CHECK_TEXT(conv->accumulator->word, "fixed<16,1>");
    CHECK_TEXT(conv->output->word, "fixed<4,-4>");
    CHECK_NEAR(conv->energy.parameters, 2 * word, 1e-9); /* 6 x 4 bits: a word; 3 x 8 bits: another */
    CHECK_NEAR(conv->energy.outputs, 3 * word, 1e-9);    /* 3 x 16 x 4 bits */
    CHECK_TEXT(layer_of(&p, "conv_q")->folded_into, "conv");
    CHECK(!pool_q->free && !pool_q->folded_into);
    CHECK_NEAR(pool_q->energy.inputs, 2 * word, 1e-9);  /* 3 x 9 x 4 bits */
    CHECK_NEAR(pool_q->energy.outputs, 4 * word, 1e-9); /* 3 x 9 x 8 bits */
    CHECK(pool_q->energy.op_cost == 0 && pool_q->energy.parameters == 0);
    priced_free(&p);
}

/* Q25: one layer at both operands, or two model inputs, are one edge. */
static void test_edges(void)
{
    pj_setup settings = on_sram();
    builder b = with_numbers();
    build_input(&b, "x", PJ_FLOAT32, "1,64");
    build_input(&b, "u", PJ_FLOAT32, "1,64");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_quant(&b, "qx", "x,s,z,n8", "a", 1);
    put_quant(&b, "qu", "u,s,z,n8", "c", 1);
    put_node(&b, "inputs", "Add", "a,c", "sum");
    put_node(&b, "twice", "Add", "sum,sum", "y");
    priced p = price(&b, &settings);
    CHECK_NEAR(layer_of(&p, "inputs")->energy.inputs, 8 * 3.803789819042555, 1e-9);
    CHECK(layer_of(&p, "inputs")->energy.op_cost == 0);
    CHECK_NEAR(layer_of(&p, "twice")->energy.inputs, 9 * 3.803789819042555, 1e-9); /* Q31: one bit more */
    CHECK(layer_of(&p, "twice")->energy.op_cost == 0);
    priced_free(&p);
}

/* The same dense layer said by QuantizeLinear and DequantizeLinear, and by QONNX. */
static double dense_total(bool qdq)
{
    pj_setup settings = on_sram();
    builder b = with_numbers();
    build_input(&b, "x", PJ_FLOAT32, "1,16");
    build_output(&b, "y", PJ_FLOAT32, "");
    if (qdq) {
        put_qdq(&b, "x", "a", 0.0078125f);
        put_weight(&b, "w", PJ_INT8, "16,8", 0.0078125f);
    } else {
        put_quant(&b, "source", "x,s,z,n8", "a", 1);
        build_initializer(&b, "w_f", PJ_FLOAT32, "16,8");
        put_quant(&b, "qw", "w_f,s,z,n8", "w", 1);
    }
    put_node(&b, "fc", "MatMul", "a,w", "fc_y");
    if (qdq)
        put_qdq(&b, "fc_y", "y", 0.0078125f);
    else
        put_quant(&b, "q", "fc_y,s,z,n8", "y", 1);
    priced p = price(&b, &settings);
    double total = pj_energy_total(&p.result->totals.energy);
    CHECK_INT(findings_of(&p, "qtools-no-figure"), 0);
    priced_free(&p);
    return total;
}

static void test_dialects(void)
{
    /* 2 words in, 16 of weights, 1 out; 128 products of 0.2 pJ, sums of 19 bits */
    double want = (2 + 16 + 1) * 3.803789819042555 + 128 * (0.2 + 19 * 0.003125);
    CHECK_NEAR(dense_total(false), want, 1e-9);
    CHECK_NEAR(dense_total(true), want, 1e-9);
}

/* The weights of a Gemm as [in, out] or [out, in]: 16 terms and 8 outputs, priced as the layer above. */
static void test_transposed(void)
{
    static const struct {
        const char *shape;
        int transposed; /* -1: not said */
    } rows[] = {
        {"16,8", -1},
        {"16,8", 0 },
        {"8,16", 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_setup settings = on_sram();
        builder b = with_numbers();
        build_input(&b, "x", PJ_FLOAT32, "1,16");
        build_output(&b, "y", PJ_FLOAT32, "");
        put_quant(&b, "source", "x,s,z,n8", "a", 1);
        build_initializer(&b, "w_f", PJ_FLOAT32, rows[i].shape);
        put_quant(&b, "qw", "w_f,s,z,n8", "w", 1);
        PjOnnx__NodeProto *fc = put_node(&b, "fc", "Gemm", "a,w", "fc_y");
        if (rows[i].transposed >= 0)
            build_int(&b, fc, "transB", rows[i].transposed);
        put_quant(&b, "q", "fc_y,s,z,n8", "y", 1);
        priced p = price(&b, &settings);
        CHECK_TEXT(layer_of(&p, "fc")->accumulator->word, "fixed<19,4>");
        CHECK_NEAR(pj_energy_total(&p.result->totals.energy),
                   (2 + 16 + 1) * 3.803789819042555 + 128 * (0.2 + 19 * 0.003125), 1e-9);
        priced_free(&p);
    }
}

/* What is a layer of Keras, by shapes and groups; the rest QTools has no figure for. */
static void test_layers(void)
{
    static const struct {
        const char *op, *input, *weight; /* "": none; NULL: an input of the model */
        int64_t group;                   /* 0: none is said */
        int missing;
    } rows[] = {
        {"Conv",              "1,4,8",     "6,4,3",     0, 0},
        {"Conv",              "1,4,8",     "6,4,3",     1, 0},
        {"Conv",              "1,4,8",     "6,2,3",     2, 1},
        {"Conv",              "1,4,8,8",   "6,4,3,3",   0, 0},
        {"Conv",              "1,4,8,8",   "6,2,3,3",   2, 0},
        {"Conv",              "1,4,8,8",   "4,1,3,3",   4, 0},
        {"Conv",              "1,4,8,8",   NULL,        0, 1},
        {"Conv",              "1,4,8,8,8", "6,4,3,3,3", 0, 1},
        {"ConvTranspose",     "1,4,8,8",   "4,6,3,3",   0, 0},
        {"ConvTranspose",     "1,4,8,8",   "4,3,3,3",   2, 1},
        {"ConvTranspose",     "1,4,8",     "4,6,3",     0, 1},
        {"MatMul",            "1,4",       "4,6",       0, 0},
        {"MatMul",            "1,2,4",     "4,6",       0, 1}, /* Q14 */
        {"MatMul",            "1,1,4",     "4,6",       0, 0},
        {"GlobalAveragePool", "1,4,8,8",   "",          0, 0},
        {"GlobalAveragePool", "1,4,8",     "",          0, 0},
        {"ReduceMean",        "1,4,8,8",   "",          0, 1}, /* over the channels, too */
        {"ReduceMean",        "1,1,8,8",   "",          0, 0}, /* of which there is one */
        {"ReduceMean",        "1,4,8",     "",          0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_setup settings = on_sram();
        builder b = with_numbers();
        build_input(&b, "x", PJ_FLOAT32, rows[i].input);
        build_output(&b, "y", PJ_FLOAT32, "");
        const bool is_alone = rows[i].weight && !*rows[i].weight;
        if (!rows[i].weight)
            build_input(&b, "w", PJ_FLOAT32, "6,4,3,3");
        else if (!is_alone)
            build_initializer(&b, "w", PJ_FLOAT32, rows[i].weight);
        PjOnnx__NodeProto *node = put_node(&b, "layer", rows[i].op, is_alone ? "x" : "x,w", "y");
        if (rows[i].group)
            build_int(&b, node, "group", rows[i].group);
        priced p = price(&b, &settings);
        CHECK_INT(findings_of(&p, "qtools-no-figure"), rows[i].missing);
        CHECK(layer_of(&p, "layer")->counted);
        priced_free(&p);
    }
}

int main(void)
{
    test_first_dense();
    test_planned_dense();
    test_no_filters();
    test_places();
    test_edges();
    test_dialects();
    test_transposed();
    test_layers();
    return check_done();
}
