/* cost/formats, quant/integer: sums of operators on integers, and who quantizes where a clamp stands in between. */
#include <string.h>

#include "check.h"
#include "quantized.h"

#define FORMAT(info, w, f)             \
    do {                               \
        CHECK_TEXT((info)->word, (w)); \
        CHECK_TEXT((info)->from, (f)); \
    } while (0)

/* Scales 2^-5 place the binary point of the input, but QLinearConv adds integers, whose bias has the scale of the
 * products. */
static void test_qlinear_sum(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,10,4");
    build_output(&b, "y", PJ_INT8, "");
    put_float(&b, "s", 0.03125f);
    put_zero(&b, "z", PJ_INT8, 0);
    build_initializer(&b, "w", PJ_INT8, "5,10,3");
    build_initializer(&b, "c", PJ_INT32, "5");
    put_node(&b, "q", "QuantizeLinear", "x,s,z", "x_q");
    put_node(&b, "conv", "QLinearConv", "x_q,s,z,w,s,z,s,z,c", "y");
    priced p = price(&b, NULL);
    const pj_layer *conv = layer_of(&p, "conv");
    FORMAT(conv->input, "fixed<8,2>", "QDQ");
    FORMAT(conv->weight, "int8", "operator");
    /* 15 bits, 30 terms: 20; the int32 bias has the scale of the products: max(19, 31) + 1 and the sign */
    CHECK_INT(conv->accumulator->bits, 33);
    priced_free(&p);
}

/* conv [2,2,1,1] on [1,2,4,4] -> `clamp` -> Q -> DQ; `other` reads the clamp too where it is not NULL. */
static priced clamped(bool quantized_input, const char *clamp, const char *other)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "low", 0);
    put_float(&b, "high", 6);
    put_weight(&b, "w", PJ_INT8, "2,2,1,1", 0.1f);
    if (quantized_input)
        put_qdq(&b, "x", "a", 0.1f);
    put_node(&b, "conv", "Conv", quantized_input ? "a,w" : "x,w", "conv_y");
    PjOnnx__NodeProto *node =
        put_node(&b, "clamp", clamp, strcmp(clamp, "Clip") == 0 ? "conv_y,low,high" : "conv_y", "clamp_y");
    if (strcmp(clamp, "MaxPool") == 0)
        build_ints(&b, node, "kernel_shape", 2, (const int64_t[]){2, 2});
    put_qdq(&b, "clamp_y", "y", 0.3f);
    if (other) {
        build_output(&b, "z", PJ_FLOAT32, "");
        put_node(&b, "other", other, strcmp(other, "Neg") == 0 ? "clamp_y" : "conv_y", "z");
    }
    return price(&b, NULL);
}

static void check_clamped(priced p, const char *conv, const char *clamp, const char *folded_into)
{
    CHECK_TEXT(layer_of(&p, "conv")->output->word, conv);
    CHECK_TEXT(layer_of(&p, "clamp")->output->word, clamp);
    CHECK_TEXT(layer_of(&p, "q_y")->folded_into ? layer_of(&p, "q_y")->folded_into : "", folded_into);
    priced_free(&p);
}

static void test_clamp(void)
{
    check_clamped(clamped(true, "Relu", NULL), "int8", "int8", "conv");
    check_clamped(clamped(true, "Clip", NULL), "int8", "int8", "conv");
    /* products of 15 bits, 2 terms */
    check_clamped(clamped(true, "MaxPool", NULL), "int16", "int8", "clamp"); /* no clamp: fewer numbers to quantize */
    check_clamped(clamped(false, "Relu", NULL), "fp32", "int8", "clamp");    /* floats in front */
    check_clamped(clamped(true, "Relu", "Neg"), "int16", "int16", "");       /* the clamp is read twice */
    check_clamped(clamped(true, "Relu", "Abs"), "int16", "int8", "clamp");   /* what it clamps is */
}

/* The requantization is counted once: 32 elements, a multiply, an add and a shift each; the clamp has its comparisons.
 */
static void test_clamp_work(void)
{
    priced p = clamped(true, "Relu", NULL);
    const pj_layer *conv = layer_of(&p, "conv"), *relu = layer_of(&p, "clamp");
    CHECK_INT(work_of(conv, "mac"), 64);
    CHECK_INT(work_of(conv, "mul"), 32);
    CHECK_INT(work_of(conv, "add"), 32);
    CHECK_INT(work_of(conv, "shift"), 32);
    CHECK_INT(work_of(relu, "cmp"), 32);
    CHECK_INT(relu->flops, 32);
    CHECK_INT(conv->params, 4 + 3); /* weights, scales of input, weights and output */
    CHECK_INT(relu->params, 0);
    priced_free(&p);
}

int main(void)
{
    test_qlinear_sum();
    test_clamp();
    test_clamp_work();
    return check_done();
}
