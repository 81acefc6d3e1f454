/* quant/, cost/layer, cost/formats: formats of quantized graphs, what becomes part of what, and what is converted. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "quantized.h"

#define FORMAT(info, w, f)             \
    do {                               \
        CHECK_TEXT((info)->word, (w)); \
        CHECK_TEXT((info)->from, (f)); \
    } while (0)

/* x [1,4] -> Q -> DQ -> MatMul with int8 weights [4,3] -> Q -> DQ -> y */
static builder dense(float scale_x, float scale_w)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", scale_x);
    put_weight(&b, "w", PJ_INT8, "4,3", scale_w);
    put_node(&b, "fc", "MatMul", "a,w", "fc_y");
    put_qdq(&b, "fc_y", "y", 0.2f);
    return b;
}

/* ---- QDQ ---- */

static void test_dense(void)
{
    builder b = dense(0.5f, 0.1f);
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc"), *q = layer_of(&p, "q_a"), *last = layer_of(&p, "dq_y");
    /* the source quantizer is a layer: 4 floats in, 4 integers out; zero point 0 needs no addition */
    CHECK(!q->free && !q->folded_into);
    FORMAT(q->input, "fp32", "declared");
    FORMAT(q->output, "fixed<8,6>", "QDQ"); /* scale 2^-1: one bit behind the point */
    CHECK_INT(work_of(q, "mul"), 4);
    CHECK_INT(work_of(q, "round"), 4);
    CHECK_INT(work_of(q, "add"), 0);
    CHECK(layer_of(&p, "dq_a")->free);
    CHECK_TEXT(layer_of(&p, "dq_a")->folded_into, "fc");
    CHECK_TEXT(layer_of(&p, "dq_w")->folded_into, "fc");
    CHECK_TEXT(layer_of(&p, "q_y")->folded_into, "fc");
    /* the scale of w is no power of two, so numbers are integers: 7 + 7 + sign = 15 bits, 4 terms: 17 */
    FORMAT(fc->input, "fixed<8,6>", "QDQ");
    FORMAT(fc->weight, "int8", "QDQ");
    FORMAT(fc->accumulator, "int17", "QDQ");
    FORMAT(fc->output, "int8", "QDQ");
    CHECK_TEXT(fc->implementation, "mul");
    CHECK_NEAR(fc->gate_bits, 8, 1e-15);
    CHECK_INT(fc->macs, 12);
    CHECK_INT(fc->bops, 12 * 8 * 8);
    /* requantization: one multiply, one add, one shift for each of 3 outputs */
    CHECK_INT(work_of(fc, "mul"), 3);
    CHECK_INT(work_of(fc, "add"), 3);
    CHECK_INT(work_of(fc, "shift"), 3);
    CHECK_INT(fc->flops, 24 + 9);
    /* 12 weights of 8 bits; the scales 0.1 and 0.2 of 32 bits; 0.5 is a binary point, zero points are 0 */
    CHECK_INT(fc->params, 14);
    CHECK_INT(fc->param_bits, 12 * 8 + 64);
    /* the model's output is float: its DequantizeLinear runs */
    CHECK(!last->free);
    FORMAT(last->input, "int8", "QDQ");
    FORMAT(last->output, "fp32", "declared");
    CHECK_INT(work_of(last, "mul"), 3);
    priced_free(&p);
}

/* A plan for floats leaves scales that the model has alone, where it is one of integers: 12 weights of 8 bits, scales
 * 0.1 and 0.2 of 32. In fp16, scales are numbers as others are. */
static void test_scales_of_a_plan(void)
{
    static const struct {
        const char *quantize;
        int scale;
    } rows[] = {
        {"w4a16", 16},
        {"int8",  32},
        {"fp16",  16}
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_setup settings = pj_setup_default();
        settings.quantize = rows[i].quantize;
        builder b = dense(0.5f, 0.1f);
        priced p = price(&b, &settings);
        CHECK_INT(layer_of(&p, "fc")->param_bits, 12 * 8 + 2 * rows[i].scale);
        priced_free(&p);
    }
}

/* Weights hard-wired, activations in registers: only arithmetic is left of fc. int8 multiply 0.2 pJ, add 0.003125 pJ a
 * bit (docs/energy-model.md): 12 * (0.2 + 17 * 0.003125), then 3 * (mul of 17 bits + add + shift). */
static void test_dense_price(void)
{
    pj_setup settings = pj_setup_default();
    settings.weights_on = settings.activations_on = PJ_PLACE_FIXED;
    builder b = dense(0.5f, 0.1f);
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc");
    double add17 = 17 * 0.003125, mul17 = 0.002994791667 * 17 * 17 + 0.001041666667 * 17;
    CHECK_NEAR(fc->energy.op_cost, 12 * (0.2 + add17) + 3 * (mul17 + add17 + add17), 1e-9);
    CHECK(fc->energy.inputs == 0 && fc->energy.outputs == 0 && fc->energy.parameters == 0);
    priced_free(&p);
}

/* Both scales powers of two: 2^-1 and 2^-3. Products have 6 + 4 integer bits and 1 + 3 behind the point. */
static void test_binary_points(void)
{
    builder b = dense(0.5f, 0.125f);
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc");
    FORMAT(fc->weight, "fixed<8,4>", "QDQ");
    FORMAT(fc->accumulator, "fixed<17,12>", "QDQ");
    CHECK_INT(fc->param_bits, 12 * 8 + 32);
    priced_free(&p);
}

static void test_no_fold(void)
{
    pj_setup settings = pj_setup_default();
    settings.no_fold = true;
    builder b = dense(0.5f, 0.1f);
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc"), *q = layer_of(&p, "q_y");
    /* stored apart from its quantizer: sums of 17 bits take the next width of memories */
    FORMAT(fc->output, "int32", "QDQ");
    CHECK_INT(work_of(fc, "mul"), 0);
    CHECK(!q->free);
    FORMAT(q->input, "int17", "QDQ");
    CHECK_INT(work_of(q, "mul") + work_of(q, "add") + work_of(q, "shift"), 9);
    CHECK_INT(work_of(q, "round"), 0);
    priced_free(&p);
}

/* Relu and MaxPool hand integers on; a quantizer that repeats the last one changes nothing. */
static void test_handed_on(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", 0.1f);
    put_weight(&b, "w", PJ_INT8, "3,2,1,1", 0.1f);
    put_weight(&b, "c", PJ_INT32, "3", 0.01f);
    put_node(&b, "conv", "Conv", "a,w,c", "conv_y");
    put_node(&b, "relu", "Relu", "conv_y", "relu_y");
    put_qdq(&b, "relu_y", "r", 0.3f);
    PjOnnx__NodeProto *pool = put_node(&b, "pool", "MaxPool", "r", "pool_y");
    build_ints(&b, pool, "kernel_shape", 2, (const int64_t[]){4, 4});
    build_node(&b, "QuantizeLinear", "pool_y,r_s,r_z", "again_q")->name = build_strdup(&b, "again");
    build_node(&b, "DequantizeLinear", "again_q,r_s,r_z", "again_y");
    put_node(&b, "flat", "Flatten", "again_y", "flat_y");
    put_weight(&b, "v", PJ_INT8, "3,2", 0.1f);
    put_node(&b, "fc", "MatMul", "flat_y,v", "y");
    priced p = price(&b, NULL);
    /* 15 bits, 2 terms: 16; an int32 bias of the scale of the products: 31 + 1 integer bits and the sign */
    FORMAT(layer_of(&p, "conv")->accumulator, "int33", "QDQ");
    FORMAT(layer_of(&p, "conv")->output, "int8", "QDQ"); /* quantized before the clamp: 3 * 4 * 4 elements */
    CHECK_INT(work_of(layer_of(&p, "conv"), "shift"), 48);
    CHECK_INT(layer_of(&p, "conv")->params,
              6 + 3 + 3); /* weights, biases, scales of a, w and r; that of c is a_s w_s */
    FORMAT(layer_of(&p, "relu")->input, "int8", "QDQ");
    FORMAT(layer_of(&p, "relu")->output, "int8", "QDQ");
    CHECK_INT(work_of(layer_of(&p, "relu"), "cmp"), 48);
    CHECK_INT(work_of(layer_of(&p, "relu"), "shift"), 0);
    CHECK_INT(layer_of(&p, "relu")->params, 0);
    CHECK_TEXT(layer_of(&p, "q_r")->folded_into, "conv");
    FORMAT(layer_of(&p, "pool")->output, "int8", "QDQ");
    CHECK_INT(work_of(layer_of(&p, "pool"), "mul"), 0);
    CHECK(layer_of(&p, "again")->free);
    CHECK_TEXT(layer_of(&p, "again")->folded_into, "pool");
    /* nobody quantizes the last sum: 1 round and 1 mul for each output make floats of it */
    FORMAT(layer_of(&p, "fc")->input, "int8", "QDQ");
    FORMAT(layer_of(&p, "fc")->output, "fp32", "declared");
    CHECK_INT(work_of(layer_of(&p, "fc"), "round"), 2);
    CHECK_INT(work_of(layer_of(&p, "fc"), "mul"), 2);
    priced_free(&p);
}

/* One DequantizeLinear, an integer and a float reader: the float one makes it a layer, the integer one reads past it.
 */
static void test_shared(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_output(&b, "z", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", 0.1f);
    put_weight(&b, "w", PJ_INT8, "4,3", 0.1f);
    put_node(&b, "fc", "MatMul", "a,w", "y");
    put_node(&b, "soft", "Softmax", "a", "z");
    pj_setup settings = pj_setup_default();
    settings.activations_on = PJ_PLACE_SRAM;
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc"), *soft = layer_of(&p, "soft"), *dq = layer_of(&p, "dq_a");
    CHECK(!dq->free);
    FORMAT(fc->input, "int8", "QDQ");
    FORMAT(soft->input, "fp32", "declared");
    CHECK_NEAR(soft->energy.inputs, 4 * fc->energy.inputs, 1e-12); /* 32 bits against 8, in one small memory */
    CHECK_NEAR(dq->energy.inputs, fc->energy.inputs, 1e-12);
    CHECK_NEAR(dq->energy.outputs, soft->energy.inputs, 1e-12);
    priced_free(&p);
}

/* Add is an integer layer between quantizers, and a float one where an operand is float. */
static void test_add(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_input(&b, "u", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_output(&b, "z", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", 0.1f);
    put_qdq(&b, "u", "c", 0.2f);
    put_node(&b, "add", "Add", "a,c", "sum");
    put_node(&b, "relu", "Relu", "sum", "relu_y");
    put_qdq(&b, "relu_y", "y", 0.3f);
    put_node(&b, "mixed", "Add", "a,u", "z");
    priced p = price(&b, NULL);
    FORMAT(layer_of(&p, "add")->input, "int8", "QDQ");
    FORMAT(layer_of(&p, "add")->output, "int8", "QDQ");
    FORMAT(layer_of(&p, "relu")->input, "int8", "QDQ");
    CHECK_INT(work_of(layer_of(&p, "add"), "shift"), 4);
    CHECK_INT(work_of(layer_of(&p, "relu"), "shift"), 0);
    CHECK(!layer_of(&p, "dq_a")->free);
    CHECK(layer_of(&p, "dq_c")->free);
    FORMAT(layer_of(&p, "mixed")->input, "fp32", "declared");
    priced_free(&p);
}

/* int4 weights in blocks of 2 along the inner axis, float activations: stored and read at 4 bits, computed on as
 * floats; the DequantizeLinear costs its arithmetic and moves nothing. */
static void test_weight_only(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w_i", PJ_INT4, "4,3");
    put_floats(&b, "w_s", "2,3", 6, (const float[]){0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f});
    PjOnnx__NodeProto *dq = put_node(&b, "dq", "DequantizeLinear", "w_i,w_s", "w");
    build_int(&b, dq, "axis", 0);
    build_int(&b, dq, "block_size", 2);
    put_node(&b, "fc", "MatMul", "x,w", "y");
    pj_setup settings = pj_setup_default();
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc"), *row = layer_of(&p, "dq");
    CHECK(!row->free && !row->folded_into);
    CHECK_INT(work_of(row, "round"), 12);
    CHECK_INT(work_of(row, "mul"), 12);
    CHECK_INT(row->params, 0);
    CHECK_NEAR(row->energy.op_cost, 12 * (3.7 + 0.9), 1e-12); /* fp32: mul 3.7, round as an addition 0.9 */
    CHECK(row->energy.inputs == 0 && row->energy.outputs == 0 && row->energy.parameters == 0);
    FORMAT(fc->input, "fp32", "declared");
    FORMAT(fc->weight, "int4", "QDQ");
    FORMAT(fc->accumulator, "fp32", "QDQ");
    CHECK_INT(fc->params, 12 + 6);
    CHECK_INT(fc->param_bits, 12 * 4 + 6 * 32);
    CHECK_INT(fc->bops, 12 * 32 * 4);
    CHECK_INT(work_of(fc, "round"), 0);
    priced_free(&p);
}

/* A scale for each of 3 outputs is stored; the arithmetic is the same. A bias of floats is added outside. */
static void test_per_channel(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", 0.1f);
    build_initializer(&b, "w_i", PJ_INT8, "4,3");
    put_floats(&b, "w_s", "3", 3, (const float[]){0.25f, 0.5f, 0.5f});
    build_int(&b, put_node(&b, "dq", "DequantizeLinear", "w_i,w_s", "w"), "axis", 1);
    build_initializer(&b, "c", PJ_FLOAT32, "3");
    put_node(&b, "fc", "Gemm", "a,w,c", "y");
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc");
    FORMAT(fc->weight, "int8", "QDQ");
    FORMAT(fc->accumulator, "int17", "QDQ");
    CHECK_INT(fc->param_bits, 12 * 8 + 3 * 32 + 3 * 32 + 32); /* weights, bias, their scales, the scale of x */
    CHECK_INT(work_of(fc, "round"), 0);                       /* int17 plus fp32 is fp32 already */
    priced_free(&p);
}

/* DequantizeLinear -> Transpose -> MatMul: what moves a constant is done before the run. */
static void test_moved_weight(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_qdq(&b, "x", "a", 0.1f);
    put_weight(&b, "w", PJ_INT8, "3,4", 0.1f);
    put_node(&b, "t", "Transpose", "w", "w_t");
    put_node(&b, "fc", "MatMul", "a,w_t", "y");
    priced p = price(&b, NULL);
    CHECK(layer_of(&p, "t")->free);
    FORMAT(layer_of(&p, "fc")->weight, "int8", "QDQ");
    CHECK_TEXT(layer_of(&p, "dq_w")->folded_into, "fc");
    priced_free(&p);
}

static void test_fp8(void)
{
    builder b = build_new(21);
    float scale = 0.1f;
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "s", scale);
    build_initializer(&b, "z", PJ_FLOAT8E4M3FN, "");
    put_node(&b, "q", "QuantizeLinear", "x,s,z", "x_q");
    put_node(&b, "dq", "DequantizeLinear", "x_q,s,z", "a");
    put_weight(&b, "w", PJ_FLOAT8E5M2, "4,3", 0.1f);
    put_node(&b, "fc", "MatMul", "a,w", "y");
    priced p = price(&b, NULL);
    FORMAT(layer_of(&p, "fc")->input, "fp8e4m3", "QDQ");
    FORMAT(layer_of(&p, "fc")->weight, "fp8e5m2", "QDQ");
    CHECK_INT(layer_of(&p, "fc")->bops, 12 * 64);
    priced_free(&p);
}

/* ---- operators on integers ---- */

static void test_qoperator(void)
{
    builder b = build_new(21);
    build_opset(&b, "com.microsoft", 1);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_INT32, "");
    build_output(&b, "z", PJ_FLOAT32, "");
    put_node(&b, "dynamic", "DynamicQuantizeLinear", "x", "x_q,x_s,x_z");
    build_initializer(&b, "w", PJ_INT8, "4,3");
    put_node(&b, "fc", "MatMulInteger", "x_q,w,x_z", "y");
    build_initializer(&b, "p", PJ_UINT8, "6,1,16"); /* [N, blocks, bytes]: 32 numbers of 4 bits each */
    build_initializer(&b, "p_s", PJ_FLOAT32, "6");
    put_node(&b, "widen", "Concat", "x,x,x,x,x,x,x,x", "wide");
    build_int(&b, b.graph->node[b.graph->n_node - 1], "axis", 1);
    PjOnnx__NodeProto *nbits = put_node(&b, "packed", "MatMulNBits", "wide,p,p_s", "z");
    nbits->domain = build_strdup(&b, "com.microsoft");
    build_int(&b, nbits, "K", 32);
    build_int(&b, nbits, "N", 6);
    build_int(&b, nbits, "bits", 4);
    build_int(&b, nbits, "block_size", 32);
    pj_setup settings = pj_setup_default();
    settings.weights_on = PJ_PLACE_SRAM;
    priced p = price(&b, &settings);
    const pj_layer *fc = layer_of(&p, "fc"), *packed = layer_of(&p, "packed");
    FORMAT(fc->input, "uint8", "operator");
    FORMAT(fc->weight, "int8", "operator");
    FORMAT(fc->accumulator, "int18", "operator"); /* 8 + 7 + sign = 16 bits, 4 terms */
    FORMAT(fc->output, "int32", "operator");
    CHECK_INT(fc->macs, 12);
    FORMAT(packed->weight, "uint4", "operator");
    FORMAT(packed->input, "fp32", "declared");
    CHECK_INT(packed->params, 6 * 32 + 6);
    CHECK_INT(packed->param_bits, 6 * 32 * 4 + 6 * 32);
    CHECK_INT(packed->bops, 6 * 32 * 32 * 4);
    priced_free(&p);
}

/* ---- QONNX ---- */

static const char *quant_word(int64_t bits, int is_signed, int narrow, float scale)
{
    static char word[40];
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "s", scale);
    put_float(&b, "z", 0);
    put_float(&b, "n", (float)bits);
    PjOnnx__NodeProto *node = put_qonnx(&b, "q", "Quant", "x,s,z,n", "y");
    build_int(&b, node, "signed", is_signed);
    build_int(&b, node, "narrow", narrow);
    priced p = price(&b, NULL);
    strcpy(word, layer_of(&p, "q")->output->word);
    CHECK_INT(findings_of(&p, "bad-quantizer"), 0);
    priced_free(&p);
    return word;
}

static void test_quant(void)
{
    CHECK_TEXT(quant_word(8, 1, 0, 1), "int8");
    CHECK_TEXT(quant_word(4, 0, 0, 1), "uint4");
    CHECK_TEXT(quant_word(4, 1, 0, 0.3f), "int4");
    CHECK_TEXT(quant_word(6, 1, 0, 0.0625f), "fixed<6,1>");  /* 6 - 1 - 4 */
    CHECK_TEXT(quant_word(6, 0, 1, 0.0625f), "ufixed<6,2>"); /* narrow changes nothing */
    CHECK_TEXT(quant_word(4, 1, 0, 4), "fixed<4,5>");
    CHECK_TEXT(quant_word(4, 1, 0, 0.0078125f), "fixed<4,-4>");
    CHECK_TEXT(quant_word(2, 1, 1, 0.3f), "ternary");
    CHECK_TEXT(quant_word(2, 1, 0, 1), "int2");
    CHECK_TEXT(quant_word(1, 0, 0, 0.3f), "binary01");
    CHECK_TEXT(quant_word(64, 1, 0, 1), "int64");
}

/* Binary weights and activations; the float BatchNormalization behind reads floats. */
static void test_qonnx_layers(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "one", 1);
    put_qonnx(&b, "qx", "BipolarQuant", "x,one", "a");
    build_initializer(&b, "w_f", PJ_FLOAT32, "4,3");
    put_qonnx(&b, "qw", "BipolarQuant", "w_f,one", "w");
    put_node(&b, "fc", "MatMul", "a,w", "fc_y");
    for (const char *at = "gbmv"; *at; at++)
        build_initializer(&b, (char[]){*at, 0}, PJ_FLOAT32, "3");
    put_node(&b, "bn", "BatchNormalization", "fc_y,g,b,m,v", "bn_y");
    put_qonnx(&b, "qy", "BipolarQuant", "bn_y,one", "y");
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc"), *bn = layer_of(&p, "bn");
    FORMAT(fc->input, "binary", "QONNX");
    FORMAT(fc->weight, "binary", "QONNX");
    CHECK_TEXT(fc->implementation, "xor");
    CHECK_INT(fc->bops, 12);
    CHECK_INT(fc->param_bits, 12);
    FORMAT(fc->output, "fp32", "declared");
    FORMAT(bn->input, "fp32", "declared");
    FORMAT(bn->output, "binary", "QONNX");
    CHECK_INT(work_of(bn, "cmp"), 3);
    CHECK_TEXT(layer_of(&p, "qw")->folded_into, "fc");
    CHECK_TEXT(layer_of(&p, "qy")->folded_into, "bn");
    priced_free(&p);
}

static void test_qonnx_others(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y1", PJ_FLOAT32, "");
    build_output(&b, "y2", PJ_FLOAT32, "");
    build_output(&b, "y3", PJ_FLOAT32, "");
    const struct {
        const char *name;
        float value;
    } numbers[] = {
        {"s",    0.25f},
        {"z",    0    },
        {"n8",   8    },
        {"n5",   5    },
        {"n2",   2    },
        {"n3",   3    },
        {"bias", 7    },
        {"most", 57344}
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_float(&b, numbers[i].name, numbers[i].value);
    build_int(&b, put_qonnx(&b, "quant", "IntQuant", "x,s,z,n8", "q"), "signed", 0);
    put_qonnx(&b, "trunc1", "Trunc", "q,s,z,n8,n5", "y1");
    build_int(&b, put_qonnx(&b, "trunc2", "Trunc", "q,s,z,n8,n2,n3", "y2"), "signed", 0);
    put_qonnx(&b, "floats", "FloatQuant", "x,s,n5,n2,bias,most", "y3");
    priced p = price(&b, NULL);
    FORMAT(layer_of(&p, "trunc1")->output, "ufixed<5,3>", "QONNX"); /* the sign of its input, the scale of version 1 */
    FORMAT(layer_of(&p, "trunc2")->output, "ufixed<3,4>", "QONNX"); /* version 2: scale 2 */
    CHECK_INT(work_of(layer_of(&p, "trunc1"), "shift"), 4);
    FORMAT(layer_of(&p, "floats")->output, "fp8e5m2", "QONNX");
    priced_free(&p);
}

/* ---- what is wrong ---- */

/* One Quant with these parameters; a NaN leaves the input out. */
static priced bad_quant(float scale, float zero, float bits, const char *scale_dims)
{
    const float scales[] = {scale, scale, scale};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_input(&b, "v", PJ_FLOAT32, "");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_floats(&b, "s", scale_dims, *scale_dims ? 3 : 1, scales);
    put_float(&b, "z", zero);
    put_float(&b, "n", bits);
    put_qonnx(&b, "q", "Quant", isnan(bits) ? "x,s,z,v" : "x,s,z,n", "y");
    return price(&b, NULL);
}

static void test_bad_quant(void)
{
    const struct {
        float scale, zero, bits;
        const char *dims, *word, *message;
    } rows[] = {
        {1, 0,    0,    "",  "fp32", "the bit width of Quant is 0, not 1 to 64"           },
        {1, 0,    65,   "",  "fp32", "the bit width of Quant is 65, not 1 to 64"          },
        {1, 0,    2.5f, "",  "fp32", "is not one whole number"                            },
        {1, 0,    NAN,  "",  "fp32", "not known before the run (it is no constant)"       },
        {1, 200,  8,    "",  "int8", "the zero point 200 is none of the numbers from -128"},
        {1, 0.5f, 8,    "",  "int8", "the zero point 0.5 is none"                         },
        {1, 0,    8,    "3", "int8", "the scale is float32[3], the data float32[2,4]"     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        priced p = bad_quant(rows[i].scale, rows[i].zero, rows[i].bits, rows[i].dims);
        CHECK_INT(findings_of(&p, "bad-quantizer"), 1);
        CHECK_PART(finding_of(&p, "bad-quantizer"), rows[i].message);
        CHECK_TEXT(layer_of(&p, "q")->output->word, rows[i].word);
        CHECK_TEXT(layer_of(&p, "q")->output->from, strcmp(rows[i].word, "fp32") == 0 ? "assumed" : "QONNX");
        priced_free(&p);
    }
}

/* The value of a scale changes no count: dead channels have 0, symmetric 4-bit quantizers of ONNX Runtime write scales
 * below 0. */
static void test_odd_scales(void)
{
    static const float scales[] = {0, -1, -0.25f, NAN, INFINITY};
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        priced p = bad_quant(scales[i], 0, 8, "");
        CHECK_INT(findings_of(&p, "bad-quantizer"), 0);
        CHECK_TEXT(layer_of(&p, "q")->output->word, "int8");
        CHECK_TEXT(layer_of(&p, "q")->output->from, "QONNX");
        priced_free(&p);
    }
}

/* DequantizeLinear of weights under four scales, one of which is `odd`: 4*4 weights of 8 bits, 4 scales of 32. */
static void test_odd_scale_of_weights(void)
{
    static const float odd[] = {1.5f, 0, -1.5f};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const float scales[] = {1.25f, odd[i], 0.75f, 0.3f};
        builder b = build_new(21);
        build_input(&b, "x", PJ_FLOAT32, "1,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_INT8, "4,4");
        put_floats(&b, "s", "4", 4, scales);
        put_node(&b, "dq", "DequantizeLinear", "w,s", "d");
        put_node(&b, "fc", "MatMul", "x,d", "y");
        priced p = price(&b, NULL);
        CHECK_INT(findings_of(&p, "bad-quantizer"), 0);
        CHECK_INT(layer_of(&p, "fc")->weight->bits, 8);
        CHECK_INT(layer_of(&p, "fc")->param_bits, 16 * 8 + 4 * 32);
        priced_free(&p);
    }
}

static void test_bad_qdq(void)
{
    const struct {
        const char *inputs;
        int64_t block;
        const char *message;
    } rows[] = {
        {"w,",         0,  "DequantizeLinear has no scale"                                     },
        {"w,one,byte", 0,  "the zero point 'byte' is uint8, but the quantized numbers are int8"},
        {"w,one",      -2, "block_size is -2"                                                  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(21);
        build_input(&b, "x", PJ_FLOAT32, "1,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_INT8, "4,3");
        put_float(&b, "one", 1);
        put_zero(&b, "byte", PJ_UINT8, 0);
        PjOnnx__NodeProto *dq = put_node(&b, "dq", "DequantizeLinear", rows[i].inputs, "d");
        if (rows[i].block)
            build_int(&b, dq, "block_size", rows[i].block);
        put_node(&b, "fc", "MatMul", "x,d", "y");
        priced p = price(&b, NULL);
        CHECK_INT(findings_of(&p, "bad-quantizer"), 1);
        CHECK_PART(finding_of(&p, "bad-quantizer"), rows[i].message);
        priced_free(&p);
    }
}

/* Axes and blocks that do not fit the data are contradictions of shapes: errors, as elsewhere. */
static void test_bad_axis(void)
{
    const struct {
        int64_t axis, block;
        const char *scales, *message;
    } rows[] = {
        {2, 0, "3",   "axis 2"},
        {0, 0, "3",   "4"     },
        {0, 3, "3,3", "2"     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(21);
        pj_model *model = NULL;
        pj_error err = {0};
        size_t size;
        build_input(&b, "x", PJ_FLOAT32, "1,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_INT8, "4,3");
        build_initializer(&b, "s", PJ_FLOAT32, rows[i].scales);
        PjOnnx__NodeProto *dq = put_node(&b, "dq", "DequantizeLinear", "w,s", "d");
        build_int(&b, dq, "axis", rows[i].axis);
        if (rows[i].block)
            build_int(&b, dq, "block_size", rows[i].block);
        put_node(&b, "fc", "MatMul", "x,d", "y");
        uint8_t *bytes = build_bytes(&b, &size);
        CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", NULL, &model, &err), PJ_ESHAPE);
        CHECK_TEXT(err.node, "dq");
        CHECK_PART(err.what, rows[i].message);
        pj_model_close(model);
        build_free(&b);
    }
}

int main(void)
{
    test_dense();
    test_scales_of_a_plan();
    test_dense_price();
    test_binary_points();
    test_no_fold();
    test_handed_on();
    test_shared();
    test_add();
    test_weight_only();
    test_per_channel();
    test_moved_weight();
    test_fp8();
    test_qoperator();
    test_quant();
    test_qonnx_layers();
    test_qonnx_others();
    test_bad_quant();
    test_odd_scales();
    test_odd_scale_of_weights();
    test_bad_qdq();
    test_bad_axis();
    return check_done();
}
