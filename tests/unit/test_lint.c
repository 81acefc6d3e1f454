/* lint/: for each rule a graph on which it fires, and a near twin on which it does not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "check.h"
#include "quantized.h"

/* What a graph is expected to give. */
typedef struct expected {
    const char *code;
    int count;
    const char *node, *part; /* of the first finding: its node, a part of its message */
} expected;

static void check_first(const pj_lint_finding *finding, const expected *want)
{
    CHECK_TEXT(finding->node, want->node);
    CHECK_PART(finding->message, want->part);
    CHECK(finding->rule == pj_lint_rule_find(want->code));
    CHECK_TEXT(finding->severity, finding->rule->severity);
}

/* Lints what was built, and frees it; the energy of the first finding of the rule. */
static double lint_under(builder *b, const pj_setup *settings, const expected *want)
{
    priced p = price(b, settings);
    pj_error err = {0};
    pj_lint *lint = NULL;
    size_t count = 0;
    int found = 0;
    double energy = -2;
    CHECK_INT(pj_lint_run(p.result, NULL, 0, &lint, &err), PJ_OK);
    const pj_lint_finding *finding = pj_lint_findings(lint, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(finding[i].code, want->code) != 0)
            continue;
        if (found++)
            continue;
        energy = finding[i].energy_pj;
        if (want->count)
            check_first(&finding[i], want);
    }
    if (found != want->count)
        CHECK_TEXT(want->code, found ? "fired" : "did not fire");
    CHECK_INT(found, want->count);
    pj_lint_free(lint);
    priced_free(&p);
    return energy;
}

static double fires(builder *b, const char *code, const char *node, const char *part)
{
    return lint_under(b, NULL, &(expected){code, 1, node, part});
}

static void silent(builder *b, const char *code)
{
    lint_under(b, NULL, &(expected){code, 0, "", ""});
}

/* Tensors between layers cost nothing: what is left is arithmetic. */
static pj_setup arithmetic_only(void)
{
    pj_setup settings = pj_setup_default();
    settings.weights_on = settings.activations_on = PJ_PLACE_FIXED;
    return settings;
}

/* ---- quantized graphs ---- */

/* x [1,4] -> Q -> DQ -> MatMul with int8 weights [4,4] -> Q -> DQ -> `out`: an int8 layer to put others behind */
static builder quantized(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    put_qdq(&b, "x", "a", 0.5f);
    put_weight(&b, "w", PJ_INT8, "4,4", 0.1f);
    put_node(&b, "fc", "MatMul", "a,w", "fc_y");
    put_qdq(&b, "fc_y", "m", 0.2f);
    return b;
}

static void end(builder *b, const char *output)
{
    build_output(b, output, PJ_FLOAT32, "");
}

static void test_float_between(void)
{
    builder b = quantized();
    put_node(&b, "sig", "Sigmoid", "m", "s");
    put_node(&b, "mul", "Mul", "m,s", "z");
    put_qdq(&b, "z", "y", 0.1f);
    end(&b, "y");
    fires(&b, "float-between-quantized", "sig",
          "2 layers up to 'mul' run on floats between quantized ones (Sigmoid, Mul); 1 DequantizeLinear runs for them");
    /* each of them between quantizers of its own: they can work on integers */
    b = quantized();
    put_node(&b, "sig", "Sigmoid", "m", "s");
    put_qdq(&b, "s", "t", 0.1f);
    put_node(&b, "mul", "Mul", "m,t", "z");
    put_qdq(&b, "z", "y", 0.1f);
    end(&b, "y");
    silent(&b, "float-between-quantized");
    /* behind the last quantizer there is no other one */
    b = quantized();
    put_node(&b, "sig", "Sigmoid", "m", "s");
    put_node(&b, "mul", "Mul", "m,s", "y");
    end(&b, "y");
    silent(&b, "float-between-quantized");
}

/* Two islands, one with a single layer; arithmetic of tanh and its converters is their energy. */
static void test_islands(void)
{
    pj_setup settings = arithmetic_only();
    builder b = quantized();
    put_float(&b, "c", 2.0f);
    put_node(&b, "scaled", "Mul", "m,c", "z");
    put_qdq(&b, "z", "n", 0.1f);
    put_node(&b, "again", "Mul", "n,c", "u");
    put_qdq(&b, "u", "y", 0.1f);
    end(&b, "y");
    /* of 4 numbers each: DequantizeLinear mul and round, Mul mul, its quantizer mul and round; in fp32 a multiplication
     * takes 3.7 pJ, and rounding is an addition, 0.9 pJ (horowitz-45nm) */
    double energy =
        lint_under(&b, &settings,
                   &(expected){"float-between-quantized", 2, "scaled", "Mul runs on floats between quantized layers"});
    CHECK_NEAR(energy, 12 * 3.7 + 8 * 0.9, 1e-12);
}

static void test_unquantized(void)
{
    builder b = quantized();
    build_initializer(&b, "v", PJ_FLOAT32, "4,2");
    put_node(&b, "head", "MatMul", "m,v", "y");
    end(&b, "y");
    /* 8 of 16 + 8 multiplications */
    fires(&b, "unquantized-layer", "head",
          "its weights 'v' are fp32, though its input is quantized; it has 8 MACs, 33.3 % of all");
    b = quantized();
    put_weight(&b, "v", PJ_INT8, "4,2", 0.1f);
    put_node(&b, "head", "MatMul", "m,v", "y");
    end(&b, "y");
    silent(&b, "unquantized-layer");
    /* a model without quantized layers */
    b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_initializer(&b, "v", PJ_FLOAT32, "4,2");
    put_node(&b, "head", "MatMul", "x,v", "y");
    end(&b, "y");
    silent(&b, "unquantized-layer");
}

static void test_wide_activations(void)
{
    builder b = quantized();
    put_weight(&b, "v", PJ_INT8, "4,2", 0.1f);
    put_node(&b, "tanh", "Tanh", "m", "t");
    put_node(&b, "head", "MatMul", "t,v", "y");
    end(&b, "y");
    fires(&b, "wide-activations", "head", "reads 4 activations as fp32, though its weights are int8: 8 MACs, 33.3 %");
    b = quantized();
    put_weight(&b, "v", PJ_INT8, "4,2", 0.1f);
    put_node(&b, "tanh", "Tanh", "m", "t");
    put_qdq(&b, "t", "u", 0.01f);
    put_node(&b, "head", "MatMul", "u,v", "y");
    end(&b, "y");
    silent(&b, "wide-activations");
    /* weights alone are quantized: that is what the model is for */
    b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    put_weight(&b, "v", PJ_INT8, "4,2", 0.1f);
    put_node(&b, "head", "MatMul", "x,v", "y");
    end(&b, "y");
    silent(&b, "wide-activations");
}

/* Quant of QONNX to so many bits, behind an int8 layer */
static builder quant_bits(float bits)
{
    builder b = quantized();
    build_opset(&b, "qonnx.custom_op.general", 1);
    put_float(&b, "s", 0.001f);
    put_float(&b, "z", 0);
    put_float(&b, "bits", bits);
    put_node(&b, "tanh", "Tanh", "m", "t");
    put_qonnx(&b, "quant", "Quant", "t,s,z,bits", "y");
    end(&b, "y");
    return b;
}

static void test_wide_quantizer(void)
{
    builder b = quant_bits(32);
    fires(&b, "wide-activations", "quant", "quantizes 't' to int32");
    b = quant_bits(8);
    silent(&b, "wide-activations");
}

static void test_dequantize_unused(void)
{
    builder b = quantized();
    put_node(&b, "soft", "Softmax", "m", "y");
    end(&b, "y");
    fires(&b, "dequantize-unused", "dq_m", "no operator computes on its int8 numbers: 'soft' (Softmax)");
    b = quantized();
    put_node(&b, "view", "Flatten", "m", "f");
    put_node(&b, "soft", "Softmax", "f", "y");
    end(&b, "y");
    fires(&b, "dequantize-unused", "dq_m", "'soft' (Softmax)");
    b = quantized();
    put_node(&b, "soft", "Softmax", "m", "s");
    put_qdq(&b, "s", "y", 0.1f);
    end(&b, "y");
    silent(&b, "dequantize-unused");
    b = quantized();
    end(&b, "m");
    silent(&b, "dequantize-unused");
    b = quantized();
    put_node(&b, "turn", "Transpose", "m", "t");
    end(&b, "t");
    silent(&b, "dequantize-unused");
}

static void test_boundary(void)
{
    expected input = {"float-boundary", 2, "q_a", "the model's input 'x' is float32: it is quantized in each run"};
    builder b = quantized();
    end(&b, "m");
    lint_under(&b, NULL, &input);
    /* integers in, floats out */
    b = build_new(21);
    build_input(&b, "x", PJ_INT8, "1,4");
    put_float(&b, "s", 0.5f);
    put_node(&b, "dq", "DequantizeLinear", "x,s", "a");
    put_weight(&b, "w", PJ_INT8, "4,4", 0.1f);
    put_node(&b, "fc", "MatMul", "a,w", "fc_y");
    put_qdq(&b, "fc_y", "m", 0.2f);
    end(&b, "m");
    fires(&b, "float-boundary", "dq_m", "the model's output 'm' is float32: its integers become floats");
    /* floats all along are no finding */
    b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    put_node(&b, "relu", "Relu", "x", "y");
    end(&b, "y");
    silent(&b, "float-boundary");
}

/* ---- zero points ---- */

/* `x` -> QuantizeLinear -> DequantizeLinear -> `out` with this type and zero point */
static void put_zeroed(builder *b, const char *x, const char *out, pj_dtype dtype, int zero)
{
    char name[64], inputs[128], made[64];
    snprintf(name, sizeof name, "%s_s", out);
    put_float(b, build_strdup(b, name), 0.1f);
    snprintf(name, sizeof name, "%s_z", out);
    put_zero(b, build_strdup(b, name), dtype, zero);
    snprintf(inputs, sizeof inputs, "%s,%s_s,%s_z", x, out, out);
    snprintf(made, sizeof made, "%s_q", out);
    snprintf(name, sizeof name, "q_%s", out);
    put_node(b, build_strdup(b, name), "QuantizeLinear", inputs, made);
    snprintf(inputs, sizeof inputs, "%s_q,%s_s,%s_z", out, out, out);
    snprintf(name, sizeof name, "dq_%s", out);
    put_node(b, build_strdup(b, name), "DequantizeLinear", inputs, out);
}

static builder before_relu(pj_dtype dtype, int zero)
{
    builder b = quantized();
    put_weight(&b, "v", PJ_INT8, "4,4", 0.1f);
    put_node(&b, "fc2", "MatMul", "m,v", "n");
    put_zeroed(&b, "n", "o", dtype, zero);
    put_node(&b, "relu", "Relu", "o", "p");
    put_zeroed(&b, "p", "y", dtype, zero);
    end(&b, "y");
    return b;
}

static void test_before_relu(void)
{
    builder b = before_relu(PJ_UINT8, 128);
    fires(&b, "zero-point-128-before-relu", "relu", "('dq_o') to uint8 with zero point 128");
    b = before_relu(PJ_INT8, 0);
    fires(&b, "zero-point-128-before-relu", "relu", "to int8 with zero point 0");
    b = before_relu(PJ_UINT8, 0);
    silent(&b, "zero-point-128-before-relu");
    b = before_relu(PJ_INT8, -128);
    silent(&b, "zero-point-128-before-relu");
    /* with the least number as zero point Relu has nothing left to do */
    b = before_relu(PJ_UINT8, 0);
    fires(&b, "no-op", "relu", "nothing below 0 reaches it");
    b = before_relu(PJ_UINT8, 1);
    silent(&b, "no-op");
}

static builder after_relu(pj_dtype dtype, int zero)
{
    builder b = quantized();
    put_weight(&b, "v", PJ_INT8, "4,4", 0.1f);
    put_node(&b, "fc2", "MatMul", "m,v", "n");
    put_node(&b, "relu", "Relu", "n", "p");
    put_zeroed(&b, "p", "y", dtype, zero);
    end(&b, "y");
    return b;
}

static void test_after_relu(void)
{
    builder b = after_relu(PJ_UINT8, 128);
    fires(&b, "unused-range-after-relu", "q_y",
          "zero point 128 of uint8 leaves 128 of 256 numbers unused: 7.0 of 8 bits");
    b = after_relu(PJ_UINT8, 0);
    silent(&b, "unused-range-after-relu");
    b = after_relu(PJ_INT8, 0);
    silent(&b, "unused-range-after-relu");
}

/* ---- weights ---- */

/* x [1,4,8,8] -> Q -> DQ -> Conv in `group` groups with int8 weights [4,4/group,3,3] behind `scales` scales -> Q -> DQ
 */
static builder depthwise(int64_t group, int scales)
{
    static const float four[] = {0.1f, 0.2f, 0.3f, 0.4f};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4,8,8");
    put_qdq(&b, "x", "a", 0.5f);
    build_initializer(&b, "w_i", PJ_INT8, group == 4 ? "4,1,3,3" : "4,4,3,3");
    put_floats(&b, "w_s", scales == 1 ? "" : "4", (size_t)scales, four);
    build_int(&b, put_node(&b, "dq_w", "DequantizeLinear", "w_i,w_s", "w"), "axis", 0);
    build_int(&b, put_node(&b, "conv", "Conv", "a,w", "c"), "group", group);
    put_qdq(&b, "c", "y", 0.2f);
    end(&b, "y");
    return b;
}

static void test_depthwise(void)
{
    builder b = depthwise(4, 1);
    fires(&b, "per-tensor-depthwise", "conv", "the filters of 4 channels share one scale");
    b = depthwise(4, 4);
    silent(&b, "per-tensor-depthwise");
    b = depthwise(1, 1);
    silent(&b, "per-tensor-depthwise");
}

static builder integer_product(pj_dtype dtype, int zero)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_INT8, "3,4");
    build_initializer(&b, "w", dtype, "4,5");
    put_zero(&b, "xz", PJ_INT8, 3);
    put_zero(&b, "wz", dtype, zero);
    put_node(&b, "fc", "MatMulInteger", "x,w,xz,wz", "y");
    build_output(&b, "y", PJ_INT32, "");
    return b;
}

static void test_asymmetric(void)
{
    /* 3 rows of 4 inputs */
    builder b = integer_product(PJ_UINT8, 114);
    fires(&b, "asymmetric-weights", "fc", "zero point 114: inputs have to be summed up, too, 12 additions more");
    b = integer_product(PJ_UINT8, 128);
    fires(&b, "asymmetric-weights", "fc", "uint8 with zero point 128, as good as symmetric");
    b = integer_product(PJ_INT8, 0);
    silent(&b, "asymmetric-weights");
}

/* ---- biases ---- */

/* x [1,2,4,4] -> Q (0.1) -> DQ -> Conv with int8 weights (0.02) and the bias `c` -> Q -> DQ */
static builder biased(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    put_qdq(&b, "x", "a", 0.1f);
    put_weight(&b, "w", PJ_INT8, "3,2,1,1", 0.02f);
    put_node(&b, "conv", "Conv", "a,w,c", "y0");
    put_qdq(&b, "y0", "y", 0.2f);
    end(&b, "y");
    return b;
}

/* The bias in front of its reader: nodes may stand in any order. */
static builder biased_by(float scale)
{
    builder b = biased();
    put_weight(&b, "c", PJ_INT32, "3", scale);
    return b;
}

static void test_bias(void)
{
    builder b = biased();
    build_initializer(&b, "c", PJ_FLOAT32, "3");
    /* 15 bits, 2 terms: 16; 3 channels of 16 */
    fires(&b, "float-bias", "conv", "its bias 'c' is fp32, its sums are int16: 48 of them become floats");
    b = biased_by(0.002f);
    silent(&b, "float-bias");
    b = biased_by(0.01f);
    fires(&b, "bias-scale", "conv", "the bias of channel 0 has the scale 0.01, its sums 0.002");
    b = biased_by(0.002f);
    silent(&b, "bias-scale");
}

/* ---- quantizers among themselves ---- */

static void test_pair(void)
{
    builder b = quantized();
    put_qdq(&b, "m", "n", 0.3f);
    end(&b, "n");
    fires(&b, "requantize-pair", "q_n",
          "nothing is computed between 'dq_m' and this quantizer, but int8 of scale 0.2 becomes");
    b = quantized();
    put_qdq(&b, "m", "n", 0.2f);
    end(&b, "n");
    silent(&b, "requantize-pair");
}

static builder joined(float second)
{
    builder b = quantized();
    put_node(&b, "neg", "Tanh", "m", "n0");
    put_qdq(&b, "n0", "n", second);
    build_int(&b, put_node(&b, "join", "Concat", "m,n", "j"), "axis", 1);
    put_qdq(&b, "j", "y", 0.2f);
    end(&b, "y");
    return b;
}

static void test_concat(void)
{
    builder b = joined(0.05f);
    fires(&b, "concat-scales", "join", "1 of the 2 tensors that it joins have another scale");
    b = joined(0.2f);
    silent(&b, "concat-scales");
}

/* int8 weights [4,3] with scales of their own for each column. */
static builder scaled(float a, float b_, float c)
{
    const float scales[] = {a, b_, c};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_initializer(&b, "w", PJ_INT8, "4,3");
    put_floats(&b, "s", "3", 3, scales);
    put_node(&b, "dq", "DequantizeLinear", "w,s", "d");
    put_node(&b, "fc", "MatMul", "x,d", "y");
    end(&b, "y");
    return b;
}

static void test_odd_scale(void)
{
    builder b = scaled(0.5f, 0, -0.25f);
    fires(&b, "odd-scale", "dq", "of the 3 scales in 's', 1 are 0, 1 below 0, 0 not finite");
    b = scaled(0.5f, 0.25f, NAN);
    fires(&b, "odd-scale", "dq", "0 are 0, 0 below 0, 1 not finite");
    b = scaled(0.5f, 0.25f, 0.1f);
    silent(&b, "odd-scale");
}

static builder quantized_twice(float second)
{
    builder b = quantized();
    put_node(&b, "tanh", "Tanh", "m", "t");
    put_qdq(&b, "t", "u", 0.01f);
    put_qdq(&b, "t", "v", second);
    put_node(&b, "add", "Add", "u,v", "s");
    put_qdq(&b, "s", "y", 0.2f);
    end(&b, "y");
    return b;
}

static void test_duplicate(void)
{
    builder b = quantized_twice(0.01f);
    fires(&b, "duplicate-quantizer", "q_v", "'q_u' quantizes 't' with the same scale and zero point already");
    b = quantized_twice(0.02f);
    silent(&b, "duplicate-quantizer");
}

static builder dynamic_twice(const char *second)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "3,4");
    put_node(&b, "relu", "Relu", "x", "r");
    put_node(&b, "one", "DynamicQuantizeLinear", "x", "a,as,az");
    put_node(&b, "two", "DynamicQuantizeLinear", second, "b,bs,bz");
    end(&b, "r");
    build_output(&b, "a", PJ_UINT8, "");
    build_output(&b, "b", PJ_UINT8, "");
    return b;
}

static void test_duplicate_dynamic(void)
{
    builder b = dynamic_twice("x");
    fires(&b, "duplicate-quantizer", "two", "'one' quantizes 'x' with the same scale and zero point already");
    b = dynamic_twice("r");
    silent(&b, "duplicate-quantizer");
}

/* ---- what exporters leave ---- */

/* x [1,2,4,4] -> Conv -> BatchNormalization -> y; `also`: somebody else reads what Conv writes */
static builder normalized(bool also)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    build_initializer(&b, "w", PJ_FLOAT32, "3,2,1,1");
    for (const char *const *name = (const char *const[]){"g", "b", "m", "v", NULL}; *name; name++)
        build_initializer(&b, *name, PJ_FLOAT32, "3");
    put_node(&b, "conv", "Conv", "x,w", "c");
    put_node(&b, "bn", "BatchNormalization", "c,g,b,m,v", "y");
    end(&b, "y");
    if (also)
        end(&b, "c");
    return b;
}

static void test_batchnorm(void)
{
    builder b = normalized(false);
    fires(&b, "unfused-batchnorm", "bn", "scales the 3 channels of 'conv' (Conv)");
    b = normalized(true);
    silent(&b, "unfused-batchnorm");
}

static builder casts(pj_dtype from, pj_dtype over, pj_dtype to)
{
    builder b = build_new(21);
    build_input(&b, "x", from, "4");
    build_int(&b, put_node(&b, "one", "Cast", "x", "m"), "to", over);
    build_int(&b, put_node(&b, "two", "Cast", "m", "y"), "to", to);
    build_output(&b, "y", to, "");
    return b;
}

static void test_casts(void)
{
    builder b = casts(PJ_FLOAT32, PJ_FLOAT16, PJ_FLOAT32);
    fires(&b, "cast-chain", "two", "turns float16 into float32 after 'one', which made it of float32: digits are lost");
    b = casts(PJ_INT32, PJ_INT64, PJ_FLOAT32);
    fires(&b, "cast-chain", "two", "one Cast would do");
    b = casts(PJ_INT32, PJ_INT64, PJ_INT32);
    fires(&b, "cast-chain", "two", "both together do nothing");
    b = casts(PJ_FLOAT32, PJ_INT32, PJ_FLOAT32); /* cuts digits on purpose */
    silent(&b, "cast-chain");
    b = casts(PJ_INT64, PJ_INT32, PJ_INT64);
    silent(&b, "cast-chain");
    b = casts(PJ_FLOAT32, PJ_BOOL, PJ_FLOAT32);
    silent(&b, "cast-chain");
    b = casts(PJ_INT32, PJ_INT64, PJ_FLOAT32);
    build_output(&b, "m", PJ_INT64, ""); /* wanted as it is */
    silent(&b, "cast-chain");
}

static builder transposes(const int64_t *second, const char *between)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2,3,4");
    build_ints(&b, put_node(&b, "there", "Transpose", "x", "t"), "perm", 4, (const int64_t[]){0, 2, 3, 1});
    if (*between)
        put_node(&b, "between", between, "t", "u");
    build_ints(&b, put_node(&b, "back", "Transpose", *between ? "u" : "t", "y"), "perm", 4, second);
    end(&b, "y");
    return b;
}

static void test_transposes(void)
{
    static const int64_t back[] = {0, 3, 1, 2}, other[] = {0, 1, 3, 2};
    builder b = transposes(back, "");
    fires(&b, "transpose-pair", "back", "undoes 'there'");
    b = transposes(back, "Relu");
    fires(&b, "transpose-pair", "back", "between them each number is treated alike");
    b = transposes(other, "");
    fires(&b, "transpose-pair", "back", "stands right after 'there' (Transpose): one would do");
    b = transposes(other, "Relu");
    silent(&b, "transpose-pair");
    b = transposes(back, "Softmax");
    silent(&b, "transpose-pair");
}

/* x [2,4] -> Relu -> `op` -> Tanh -> y */
static builder between(const char *op, const char *inputs)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    put_float(&b, "zero", 0);
    put_float(&b, "one", 1);
    put_float(&b, "half", 0.5f);
    put_node(&b, "relu", "Relu", "x", "r");
    put_node(&b, "it", op, inputs, "i");
    put_node(&b, "tanh", "Tanh", "i", "y");
    end(&b, "y");
    return b;
}

static void test_idle(void)
{
    static const char *const idle[][2] = {
        {"Identity", "r"     },
        {"Dropout",  "r"     },
        {"Relu",     "r"     },
        {"Add",      "r,zero"},
        {"Add",      "zero,r"},
        {"Mul",      "one,r" },
        {"Sub",      "r,zero"},
        {"Div",      "r,one" },
        {"Pow",      "r,one" },
        {"Sum",      "r"     },
        {"Max",      "r"     }
    };
    static const char *const busy[][2] = {
        {"Abs", "r"     },
        {"Add", "r,one" },
        {"Mul", "r,half"},
        {"Sub", "zero,r"},
        {"Div", "one,r" },
        {"Pow", "one,r" },
        {"Sum", "r,r"   },
        {"Mul", "r,zero"}
    };
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        builder b = between(idle[i][0], idle[i][1]);
        fires(&b, "no-op", "it", "does nothing");
    }
    for (size_t i = 0; i < sizeof busy / sizeof *busy; i++) {
        builder b = between(busy[i][0], busy[i][1]);
        silent(&b, "no-op");
    }
    /* 8 additions of fp32 at 0.9 pJ (horowitz-45nm) */
    pj_setup settings = arithmetic_only();
    builder b = between("Add", "r,zero");
    CHECK_NEAR(lint_under(&b, &settings, &(expected){"no-op", 1, "it", "its constant changes no number"}), 8 * 0.9,
               1e-12);
}

static builder padded(int64_t last, pj_dtype to)
{
    const int64_t pads[] = {0, 0, 0, last};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_raw(&b, build_initializer(&b, "pads", PJ_INT64, "4"), pads, sizeof pads);
    put_node(&b, "relu", "Relu", "x", "r");
    put_node(&b, "pad", "Pad", "r,pads", "p");
    build_int(&b, put_node(&b, "cast", "Cast", "p", "y"), "to", to);
    build_output(&b, "y", to, "");
    return b;
}

static void test_idle_attributes(void)
{
    builder b = padded(0, PJ_FLOAT16);
    fires(&b, "no-op", "pad", "all pads are 0");
    b = padded(1, PJ_FLOAT32);
    fires(&b, "no-op", "cast", "its input has that type already");
    b = padded(1, PJ_FLOAT16);
    silent(&b, "no-op");
}

/* x -> Tanh -> Exp -> (nobody), x -> Relu -> y */
static builder with_dead(bool named)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    put_node(&b, "tanh", "Tanh", "x", "t");
    put_node(&b, "exp", "Exp", "t", "e");
    put_node(&b, "relu", "Relu", "x", "y");
    end(&b, "y");
    if (named)
        end(&b, "e");
    return b;
}

static void test_dead(void)
{
    builder b = with_dead(false);
    lint_under(&b, NULL, &(expected){"dead-node", 2, "tanh", "its output 't' is read only by nodes that nobody reads"});
    b = with_dead(true);
    silent(&b, "dead-node");
}

/* Both branches of an If read `t` and hand on what `op` makes of it. */
static builder branches(const char *op)
{
    static const char *const names[] = {"then_branch", "else_branch"};
    builder b = build_new(21);
    PjOnnx__GraphProto *main_graph = b.graph;
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_input(&b, "which", PJ_BOOL, "");
    put_node(&b, "tanh", "Tanh", "x", "t");
    PjOnnx__NodeProto *branch = put_node(&b, "if", "If", "which", "y");
    for (int k = 0; k < 2; k++) {
        b.graph = build_graph(&b, names[k]);
        put_node(&b, k ? "otherwise" : "then", op, "t", "inner");
        build_output(&b, "inner", PJ_FLOAT32, "2,4");
        build_subgraph(&b, branch, names[k], b.graph);
    }
    b.graph = main_graph;
    end(&b, "y");
    return b;
}

/* A node that only a subgraph reads is alive; nodes of subgraphs are looked at, too. */
static void test_subgraphs(void)
{
    builder b = branches("Abs");
    silent(&b, "dead-node");
    b = branches("Abs");
    silent(&b, "no-op");
    b = branches("Dropout");
    lint_under(&b, NULL, &(expected){"no-op", 2, "then", "Dropout does nothing"});
}

static void test_initializers(void)
{
    builder b = with_dead(true);
    build_initializer(&b, "spare", PJ_FLOAT16, "3,5");
    fires(&b, "unused-initializer", "", "'spare': 15 elements of float16, 30 bytes");
    b = with_dead(true);
    silent(&b, "unused-initializer");
}

/* A constant that two nodes make, or a quantizer of a constant, which runtimes want to see */
static void test_constants(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_initializer(&b, "w", PJ_FLOAT32, "4,4");
    put_node(&b, "exp", "Exp", "w", "e");
    put_node(&b, "turn", "Transpose", "e", "t");
    put_node(&b, "fc", "MatMul", "x,t", "y");
    end(&b, "y");
    fires(&b, "foldable-constants", "exp", "2 nodes up to 'turn'");
    b = quantized();
    end(&b, "m");
    silent(&b, "foldable-constants");
}

static builder precise(pj_dtype dtype)
{
    builder b = build_new(21);
    build_input(&b, "x", dtype, "2,4");
    put_node(&b, "one", "Tanh", "x", "t");
    put_node(&b, "two", "Exp", "t", "y");
    build_output(&b, "y", dtype, "");
    return b;
}

static void test_double(void)
{
    builder b = precise(PJ_FLOAT64);
    fires(&b, "double-precision", "one", "2 layers from here on compute on fp64");
    b = precise(PJ_FLOAT32);
    silent(&b, "double-precision");
}

/* ---- the list ---- */

static void test_rules(void)
{
    size_t count = 0;
    for (const pj_lint_rule *rule; (rule = pj_lint_rule_at(count)) != NULL; count++) {
        CHECK(pj_lint_rule_find(rule->code) == rule); /* each code once */
        CHECK(strcmp(rule->severity, "warning") == 0 || strcmp(rule->severity, "note") == 0);
        CHECK(strspn(rule->code, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(rule->code));
        CHECK(*rule->summary && *rule->example && *rule->remedy);
    }
    CHECK(count >= 9);
    CHECK(!pj_lint_rule_find("no-such-rule"));
}

static void test_off(void)
{
    static const char *const off[] = {"float-boundary"}, *const wrong[] = {"float-boundery"};
    builder b = quantized();
    pj_error err = {0};
    pj_lint *lint = NULL;
    size_t count = 1;
    end(&b, "m");
    priced p = price(&b, NULL);
    CHECK_INT(pj_lint_run(p.result, off, 1, &lint, &err), PJ_OK);
    pj_lint_findings(lint, &count);
    CHECK_INT(count, 0);
    CHECK_INT(pj_lint_dropped(lint), 0);
    CHECK(pj_lint_result(lint) == p.result);
    pj_lint_free(lint);
    CHECK_INT(pj_lint_run(p.result, wrong, 1, &lint, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "there is no lint rule 'float-boundery'; did you mean 'float-boundary'?");
    CHECK(!lint);
    priced_free(&p);
}

/* One more finding than are kept of a rule; another rule still has its own. */
static void test_most(void)
{
    builder b = with_dead(true);
    pj_error err = {0};
    pj_lint *lint = NULL;
    size_t count = 0, dead = 0;
    char from[32] = "x", to[32];
    for (int i = 0; i <= PJ_MAX_DIAGNOSTICS; i++) {
        snprintf(to, sizeof to, "v%d", i);
        build_node(&b, "Identity", from, to);
        snprintf(from, sizeof from, "%s", to);
    }
    build_output(&b, to, PJ_FLOAT32, "");
    put_node(&b, "dead", "Exp", "x", "nobody");
    priced p = price(&b, NULL);
    CHECK_INT(pj_lint_run(p.result, NULL, 0, &lint, &err), PJ_OK);
    const pj_lint_finding *finding = pj_lint_findings(lint, &count);
    for (size_t i = 0; i < count; i++)
        dead += strcmp(finding[i].code, "dead-node") == 0;
    CHECK_INT(count, PJ_MAX_DIAGNOSTICS + 1);
    CHECK_INT(dead, 1);
    CHECK_INT(pj_lint_dropped(lint), 1);
    pj_lint_free(lint);
    priced_free(&p);
}

int main(void)
{
    test_float_between();
    test_islands();
    test_unquantized();
    test_wide_activations();
    test_wide_quantizer();
    test_dequantize_unused();
    test_boundary();
    test_before_relu();
    test_after_relu();
    test_depthwise();
    test_asymmetric();
    test_bias();
    test_pair();
    test_concat();
    test_odd_scale();
    test_duplicate();
    test_duplicate_dynamic();
    test_batchnorm();
    test_casts();
    test_transposes();
    test_idle();
    test_idle_attributes();
    test_dead();
    test_subgraphs();
    test_initializers();
    test_constants();
    test_double();
    test_rules();
    test_off();
    test_most();
    return check_done();
}
