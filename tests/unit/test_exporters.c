/* Quantized networks as exporters write them: each beside a twin in the plainest form, or with counts made by hand. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "picojoule/picojoule.h"
#include "quantized.h"

/* Whole numbers as a constant of one element or a vector. */
static void put_wholes(builder *b, const char *name, pj_dtype dtype, const char *dims, size_t count, const int *values)
{
    PjOnnx__TensorProto *tensor = build_initializer(b, name, dtype, dims);
    tensor->n_int32_data = count;
    tensor->int32_data = pj_arena_alloc(b->arena, count, sizeof *tensor->int32_data);
    for (size_t i = 0; i < count; i++)
        tensor->int32_data[i] = values[i];
}

static void put_whole(builder *b, const char *name, pj_dtype dtype, int value)
{
    put_wholes(b, name, dtype, "", 1, &value);
}

static void put_text(builder *b, PjOnnx__NodeProto *node, const char *domain)
{
    node->domain = build_strdup(b, domain);
}

/* ---- bounds in front of DequantizeLinear ---- */

/* How a clip is spelled: one Clip, Max and then Min, the upper bound first, Clips of one bound each. */
typedef enum spelling { CLIP, MAX_MIN, MIN_MAX, CLIPS, SPELLINGS } spelling;

/* `from` within the bounds of those names; `name` is the last node. */
static void put_clip(builder *b, spelling how, const char *name, const char *from, const char *least, const char *most,
                     const char *to)
{
    static const char *const first[] = {NULL, "Max", "Min", "Clip"}, *const second[] = {NULL, "Min", "Max", "Clip"};
    char middle[16], node[16], inputs[32];
    snprintf(middle, sizeof middle, "%s_h", to);
    snprintf(node, sizeof node, "%s_h", name);
    snprintf(inputs, sizeof inputs, "%s,%s%s%s", from, how == MIN_MAX ? most : least, how == CLIP ? "," : "",
             how == CLIP ? most : "");
    put_node(b, how == CLIP ? name : node, how == CLIP ? "Clip" : first[how], inputs, how == CLIP ? to : middle);
    snprintf(inputs, sizeof inputs, "%s,%s%s", middle, how == CLIPS ? "," : "", how == MIN_MAX ? least : most);
    if (how != CLIP)
        put_node(b, name, second[how], inputs, to);
}

/* x [1,4] -> Q uint8 -> Clip -> DQ -> MatMul (int8 weights [4,3], clipped, scale 0.1) -> y. The bounds of a Clip are
 * left out where they are equal. */
static priced clipped(spelling how, int x_least, int x_most, int w_least, int w_most)
{
    builder b = build_new(13);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "s", 0.3f);
    put_zero(&b, "z", PJ_UINT8, 0);
    put_zero(&b, "zw", PJ_INT8, 0);
    put_whole(&b, "xl", PJ_UINT8, x_least);
    put_whole(&b, "xm", PJ_UINT8, x_most);
    put_whole(&b, "wl", PJ_INT8, w_least);
    put_whole(&b, "wm", PJ_INT8, w_most);
    build_initializer(&b, "w", PJ_INT8, "4,3");
    put_node(&b, "q", "QuantizeLinear", "x,s,z", "xq");
    if (x_least == x_most)
        put_node(&b, "clip", "Clip", "xq", "xc");
    else
        put_clip(&b, how, "clip", "xq", "xl", "xm", "xc");
    put_node(&b, "dq", "DequantizeLinear", "xc,s,z", "xd");
    if (w_least == w_most)
        put_node(&b, "wclip", "Clip", "w", "wc");
    else
        put_clip(&b, how, "wclip", "w", "wl", "wm", "wc");
    put_node(&b, "wdq", "DequantizeLinear", "wc,s,zw", "wd");
    put_node(&b, "fc", "MatMul", "xd,wd", "y");
    return price(&b, NULL);
}

static void test_clip(void)
{
    static const struct {
        int x[2], w[2];
        const char *input, *weight;
        int64_t weight_bits; /* of 12 weights; scale of 32 bits for both, 64 in all */
    } rows[] = {
        {{0, 15},  {-8, 7},     "uint4",    "int4",    48},
        {{0, 127}, {-64, 63},   "uint7",    "int7",    84},
        {{0, 3},   {-7, 7},     "uint2",    "int4",    48},
        {{0, 1},   {-1, 1},     "binary01", "ternary", 24},
        {{0, 16},  {-2, 1},     "uint5",    "int2",    24},
        {{0, 255}, {-128, 127}, "uint8",    "int8",    96},
        {{0, 0},   {0, 0},      "uint8",    "int8",    96},
    };
    for (size_t i = 0; i < SPELLINGS * sizeof rows / sizeof *rows; i++) {
        const size_t how = i % SPELLINGS, row = i / SPELLINGS;
        priced p = clipped((spelling)how, rows[row].x[0], rows[row].x[1], rows[row].w[0], rows[row].w[1]);
        const pj_layer *fc = layer_of(&p, "fc");
        CHECK_TEXT(fc->input->word, rows[row].input);
        CHECK_TEXT(fc->weight->word, rows[row].weight);
        CHECK_INT(fc->param_bits, rows[row].weight_bits + 64 - 32); /* one scale, read twice, counts once */
        CHECK_INT(fc->macs, 12);
        priced_free(&p);
    }
}

/* A quantizer saturates: the Clip after it is part of it, unless somebody reads what is in front of the Clip. */
static void test_clip_is_free(void)
{
    priced p;
    for (int how = CLIP; how < SPELLINGS; how++) {
        p = clipped((spelling)how, 0, 15, -8, 7);
        CHECK(layer_of(&p, "clip")->free);
        CHECK(how == CLIP || layer_of(&p, "clip_h")->free);
        CHECK_TEXT(layer_of(&p, "q")->output->word, "uint4");
        CHECK_INT(layer_of(&p, "fc")->input_bits, 4 * 4);
        priced_free(&p);
    }
    builder b = build_new(13);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "xq", PJ_UINT8, "");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_float(&b, "s", 0.3f);
    put_zero(&b, "z", PJ_UINT8, 0);
    put_whole(&b, "l", PJ_UINT8, 0);
    put_whole(&b, "m", PJ_UINT8, 15);
    put_node(&b, "q", "QuantizeLinear", "x,s,z", "xq");
    put_node(&b, "clip", "Clip", "xq,l,m", "xc");
    put_node(&b, "dq", "DequantizeLinear", "xc,s,z", "y");
    p = price(&b, NULL);
    CHECK_TEXT(layer_of(&p, "q")->output->word, "uint8");
    CHECK(!layer_of(&p, "clip")->free);
    CHECK_TEXT(layer_of(&p, "dq")->input->word, "uint4");
    priced_free(&p);
}

/* Max of two activations bounds nothing, and a range that is read on the way is stored as it is there. */
static void test_no_clip(void)
{
    builder b = build_new(13);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "h", PJ_UINT8, "");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_output(&b, "v", PJ_FLOAT32, "");
    put_float(&b, "s", 0.3f);
    put_zero(&b, "z", PJ_UINT8, 0);
    put_whole(&b, "l", PJ_UINT8, 0);
    put_whole(&b, "m", PJ_UINT8, 15);
    put_node(&b, "q", "QuantizeLinear", "x,s,z", "xq");
    put_node(&b, "max", "Max", "xq,l", "h");
    put_node(&b, "min", "Min", "h,m", "xc");
    put_node(&b, "dq", "DequantizeLinear", "xc,s,z", "y");
    put_node(&b, "two", "Max", "xq,xc", "u");
    put_node(&b, "udq", "DequantizeLinear", "u,s,z", "v");
    priced p = price(&b, NULL);
    CHECK_TEXT(layer_of(&p, "max")->output->word, "uint8");
    CHECK_TEXT(layer_of(&p, "dq")->input->word, "uint4");
    CHECK(!layer_of(&p, "max")->free);
    CHECK_TEXT(layer_of(&p, "two")->output->word, "uint8");
    CHECK(!layer_of(&p, "two")->free);
    priced_free(&p);
}

/* An index that is clipped for a Gather keeps its type. */
static void test_clip_of_indices(void)
{
    builder b = build_new(13);
    build_input(&b, "i", PJ_INT64, "5");
    build_input(&b, "t", PJ_FLOAT32, "9");
    build_output(&b, "y", PJ_FLOAT32, "");
    PjOnnx__TensorProto *most = build_initializer(&b, "m", PJ_INT64, "");
    static const int64_t eight = 8;
    build_raw(&b, most, &eight, sizeof eight);
    put_node(&b, "clip", "Clip", "i,,m", "c");
    put_node(&b, "take", "Gather", "t,c", "y");
    priced p = price(&b, NULL);
    CHECK_TEXT(layer_of(&p, "clip")->output->word, "int64");
    priced_free(&p);
}

/* ---- what stands between a weight's DequantizeLinear and its layer ---- */

static const float four[] = {1.25f, 0.75f, 1.5f, 0.3f};
static const float sixteen[16] = {1.5f, -0.5f};
static const int64_t square[] = {4, 4};

/* int8 weights w [4,4] with scales per column -> `op` (inputs behind "d") -> MatMul with x [1,4] of `dtype`. */
static priced carried(const char *op, const char *inputs, pj_dtype dtype)
{
    builder b = build_new(21);
    build_input(&b, "x", dtype, "1,4");
    build_output(&b, "y", dtype, "");
    build_initializer(&b, "w", PJ_INT8, "4,4");
    put_floats(&b, "s", "4", 4, four);
    put_floats(&b, "f", "4", 4, four);
    put_float(&b, "one", 2.5f);
    put_floats(&b, "full", "4,4", 16, sixteen);
    build_raw(&b, build_initializer(&b, "sh", PJ_INT64, "2"), square, sizeof square);
    build_initializer(&b, "mask", PJ_BOOL, "4,4");
    put_node(&b, "dq", "DequantizeLinear", "w,s", "d");
    PjOnnx__NodeProto *node = put_node(&b, "between", op, inputs, "c");
    if (strcmp(op, "Cast") == 0)
        build_int(&b, node, "to", dtype);
    put_node(&b, "fc", "MatMul", "x,c", "y");
    return price(&b, NULL);
}

static void test_carried(void)
{
    static const struct {
        const char *op, *inputs;
        pj_dtype dtype;
        int64_t more; /* bits of factors, beside 16 weights of 8 bits and 4 scales of 32 */
    } rows[] = {
        {"Identity",  "d",          PJ_FLOAT32, 0     },
        {"Cast",      "d",          PJ_FLOAT16, 0     },
        {"Transpose", "d",          PJ_FLOAT32, 0     },
        {"Mul",       "d,one",      PJ_FLOAT32, 32    },
        {"Mul",       "f,d",        PJ_FLOAT32, 4 * 32},
        {"Div",       "d,f",        PJ_FLOAT32, 4 * 32},
        {"Neg",       "d",          PJ_FLOAT32, 0     },
        {"Abs",       "d",          PJ_FLOAT32, 0     },
        {"Relu",      "d",          PJ_FLOAT32, 0     },
        {"Clip",      "d,one",      PJ_FLOAT32, 0     },
        {"Max",       "d,one",      PJ_FLOAT32, 0     },
        {"Min",       "one,d",      PJ_FLOAT32, 0     },
        {"Expand",    "d,sh",       PJ_FLOAT32, 0     },
        {"Where",     "mask,d,one", PJ_FLOAT32, 32    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        priced p = carried(rows[i].op, rows[i].inputs, rows[i].dtype);
        const pj_layer *fc = layer_of(&p, "fc");
        CHECK_INT(fc->weight->bits, 8);
        CHECK_INT(fc->param_bits, 16 * 8 + 4 * 32 + rows[i].more);
        CHECK_INT(p.result->totals.param_bits, 16 * 8 + 4 * 32 + rows[i].more);
        /* the 16 weights are converted once, where their quantizer stands: 1 round, 1 mul each */
        CHECK_INT(work_of(layer_of(&p, "dq"), "mul"), 16);
        CHECK_INT(work_of(layer_of(&p, "dq"), "round"), 16);
        priced_free(&p);
    }
}

/* Two weights [4,2] joined to [4,4], each with a scale of its own for its two columns: both are read. */
static void test_joined(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "v", PJ_INT8, "4,2");
    build_initializer(&b, "w", PJ_INT8, "4,2");
    put_floats(&b, "sv", "2", 2, four);
    put_floats(&b, "sw", "2", 2, four + 2);
    put_node(&b, "vdq", "DequantizeLinear", "v,sv", "vd");
    put_node(&b, "wdq", "DequantizeLinear", "w,sw", "wd");
    build_int(&b, put_node(&b, "join", "Concat", "vd,wd", "c"), "axis", 1);
    put_node(&b, "fc", "MatMul", "x,c", "y");
    priced p = price(&b, NULL);
    CHECK_INT(layer_of(&p, "fc")->weight->bits, 8);
    CHECK_INT(layer_of(&p, "fc")->param_bits, 16 * 8 + 4 * 32);
    CHECK_INT(work_of(layer_of(&p, "vdq"), "mul"), 8);
    CHECK_INT(work_of(layer_of(&p, "wdq"), "mul"), 8);
    priced_free(&p);
}

/* What a reciprocal of quantized numbers holds, or their product with as many others, is no quantized number. */
static void test_not_carried(void)
{
    static const char *const rows[][2] = {
        {"Div", "f,d"   },
        {"Mul", "d,full"},
        {"Max", "d,full"},
        {"Add", "d,one" }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        priced p = carried(rows[i][0], rows[i][1], PJ_FLOAT32);
        CHECK_INT(layer_of(&p, "fc")->weight->bits, 32);
        priced_free(&p);
    }
}

/* ---- scales of narrow floats, and scales of scales ---- */

/* fp4 weights [4,8] in blocks of 4 along axis 1, 8 scales of fp8 with a scale of their own:
 * 32*4 + 8*8 + 32 = 224 bits, 32 + 8 + 1 = 41 numbers. */
static void test_two_levels(void)
{
    builder b = build_new(23);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT4E2M1, "4,8");
    build_initializer(&b, "s", PJ_FLOAT8E4M3FN, "4,2");
    put_float(&b, "global", 0.3f);
    put_node(&b, "sdq", "DequantizeLinear", "s,global", "sd");
    PjOnnx__NodeProto *dq = put_node(&b, "wdq", "DequantizeLinear", "w,sd", "wd");
    build_int(&b, dq, "axis", 1);
    build_int(&b, dq, "block_size", 4);
    put_node(&b, "fc", "MatMul", "x,wd", "y");
    priced p = price(&b, NULL);
    CHECK_TEXT(layer_of(&p, "fc")->weight->word, "fp4");
    CHECK_INT(layer_of(&p, "fc")->params, 41);
    CHECK_INT(layer_of(&p, "fc")->param_bits, 224);
    CHECK_INT(p.result->totals.param_bits, 224);
    priced_free(&p);
}

/* fp8 weights [4,4], a scale a column: 16*8 + 4*32 bits, as those of int8. */
static void test_narrow_floats(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT8E4M3FN, "4,4");
    put_floats(&b, "s", "4", 4, four);
    put_node(&b, "dq", "DequantizeLinear", "w,s", "d");
    put_node(&b, "fc", "MatMul", "x,d", "y");
    priced p = price(&b, NULL);
    CHECK_TEXT(layer_of(&p, "fc")->weight->word, "fp8e4m3");
    CHECK_INT(layer_of(&p, "fc")->param_bits, 16 * 8 + 4 * 32);
    priced_free(&p);
}

/* ---- weights as the first operand ---- */

/* W [3,4] times x [4,2], with int4 weights, against x [2,4] times W [4,3]: 3*4*2 macs, the same bits and energy. */
static void test_first_operand(void)
{
    static const char *const plans[] = {NULL, "w4a16", "int8"};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        priced p[2];
        for (int k = 0; k < 2; k++) {
            builder b = build_new(13);
            build_input(&b, "x", PJ_FLOAT32, k ? "2,4" : "4,2");
            build_output(&b, "y", PJ_FLOAT32, "");
            build_initializer(&b, "w", PJ_FLOAT32, k ? "4,3" : "3,4");
            put_node(&b, "fc", "MatMul", k ? "x,w" : "w,x", "y");
            pj_setup setup = pj_setup_default();
            setup.quantize = plans[i];
            p[k] = price(&b, &setup);
        }
        const pj_layer *first = layer_of(&p[0], "fc"), *second = layer_of(&p[1], "fc");
        CHECK_INT(first->macs, 24);
        CHECK_TEXT(first->input->word, second->input->word);
        CHECK_TEXT(first->weight->word, second->weight->word);
        CHECK_INT(first->param_bits, second->param_bits);
        CHECK_NEAR(first->energy.op_cost, second->energy.op_cost, 0);
        CHECK_NEAR(first->energy.parameters, second->energy.parameters, 0);
        priced_free(&p[0]);
        priced_free(&p[1]);
    }
}

/* ---- quantizers of vendors ---- */

/* Q and DQ of a vendor around a MatMul with weights of `dtype`. */
static priced vendor(const char *domain, const char *q, const char *dq, pj_dtype dtype, const char *scales)
{
    builder b = build_new(17);
    build_opset(&b, domain, 1);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", dtype, "4,3");
    put_float(&b, "s", 0.3f);
    put_zero(&b, "z", PJ_INT8, 0);
    put_text(&b, put_node(&b, "q", q, scales[0] == 'x' ? scales : "x,s", "xq"), domain);
    put_text(&b, put_node(&b, "dq", dq, "xq,s", "xd"), domain);
    put_text(&b, put_node(&b, "wdq", dq, "w,s", "wd"), domain);
    put_node(&b, "fc", "MatMul", "xd,wd", "y");
    return price(&b, NULL);
}

static void test_vendors(void)
{
    static const struct {
        const char *domain, *q, *dq;
        pj_dtype weights;
        const char *scales, *input, *weight;
    } rows[] = {
        {"trt",              "TRT_FP8QuantizeLinear",  "TRT_FP8DequantizeLinear",  PJ_FLOAT8E4M3FN, "",      "fp8e4m3", "fp8e4m3"},
        {"trt",              "TRT_INT8QuantizeLinear", "TRT_INT8DequantizeLinear", PJ_INT8,         "",      "int8",    "int8"   },
        {"com.amd.quark",    "ExtendedQuantizeLinear", "ExtendedDequantizeLinear", PJ_INT8,         "x,s,z", "int8",    "int8"   },
        {"com.vai.quantize", "VitisQuantizeLinear",    "VitisDequantizeLinear",    PJ_INT8,         "x,s,z", "int8",    "int8"   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        priced p = vendor(rows[i].domain, rows[i].q, rows[i].dq, rows[i].weights, rows[i].scales);
        const pj_layer *fc = layer_of(&p, "fc");
        CHECK_INT(fc->macs, 24);
        CHECK_TEXT(fc->input->word, rows[i].input);
        CHECK_TEXT(fc->weight->word, rows[i].weight);
        CHECK_INT(fc->param_bits, 12 * 8 + 32); /* one scale for all */
        CHECK_INT(findings_of(&p, "unknown-operator"), 0);
        CHECK_INT(findings_of(&p, "operator-rule"), 2);
        priced_free(&p);
    }
}

/* Floats that hold quantized numbers: an attribute, or the name, has the bits. */
static void test_fake_quantizers(void)
{
    static const struct {
        const char *op, *attr, *text;
        int64_t number;
        const char *word;
    } rows[] = {
        {"FakeQuant",             "num_bits",      NULL,        4,   "int4"   },
        {"FakeQuantize",          "levels",        NULL,        256, "int8"   },
        {"MXQuantizeDequantize",  "element_dtype", "fp8_e4m3",  0,   "fp8e4m3"},
        {"MXQuantizeDequantize",  "element_dtype", "int8",      0,   "int8"   },
        {"TRT_FP4QDQ",            "block_size",    NULL,        16,  "fp4"    },
        {"BFPQuantizeDequantize", "bit_width",     NULL,        16,  "fp32"   }, /* its exponents are shared */
        {"QcQuantizeOp",          "op_name",       "quantizer", 0,   "fp32"   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(17);
        build_opset(&b, "vendor", 1);
        build_input(&b, "x", PJ_FLOAT32, "2,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        PjOnnx__NodeProto *node = put_node(&b, "fake", rows[i].op, "x", "y");
        put_text(&b, node, "vendor");
        if (rows[i].text)
            build_text(&b, node, rows[i].attr, rows[i].text);
        else
            build_int(&b, node, rows[i].attr, rows[i].number);
        priced p = price(&b, NULL);
        CHECK_TEXT(layer_of(&p, "fake")->output->word, rows[i].word);
        CHECK(layer_of(&p, "fake")->counted);
        priced_free(&p);
    }
}

/* ---- widths that differ ---- */

/* Quant of weights [4,3] in 2, 3, 4 and 8 bits a row: 3*(2+3+4+8) = 51 bits; x in 8 bits; 2*4*3 macs of 8*(17/4) bit
 * operations: 24*8*17/4 = 816. */
static void test_mixed_widths(void)
{
    static const float widths[] = {2, 3, 4, 8};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3");
    put_float(&b, "one", 1);
    put_float(&b, "zero", 0);
    put_float(&b, "eight", 8);
    put_floats(&b, "widths", "4,1", 4, widths);
    put_qonnx(&b, "qx", "Quant", "x,one,zero,eight", "xq");
    put_qonnx(&b, "qw", "Quant", "w,one,zero,widths", "wq");
    put_node(&b, "fc", "MatMul", "xq,wq", "y");
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc");
    CHECK_INT(fc->weight->bits, 8);
    CHECK_INT(fc->param_bits, 51);
    CHECK_INT(fc->params, 12);
    CHECK_INT(fc->bops, 816);
    CHECK_INT(findings_of(&p, "mixed-widths"), 1);
    CHECK_INT(findings_of(&p, "bad-quantizer"), 0);
    priced_free(&p);
}

/* Widths [1,2] do not fit weights [4,3]: said so, as of scales. */
static void test_widths_that_do_not_fit(void)
{
    static const float widths[] = {2, 3};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3");
    put_float(&b, "one", 1);
    put_float(&b, "zero", 0);
    put_floats(&b, "widths", "1,2", 2, widths);
    put_qonnx(&b, "qw", "Quant", "w,one,zero,widths", "wq");
    put_node(&b, "fc", "MatMul", "x,wq", "y");
    priced p = price(&b, NULL);
    CHECK_INT(findings_of(&p, "bad-quantizer"), 1);
    CHECK_PART(finding_of(&p, "bad-quantizer"), "the bit width is float32[1,2], the data float32[4,3]");
    priced_free(&p);
}

/* MatMulNBits, K 32, N 4, one block a row: 32 weights of n bits are 4*n bytes. Scales: 4 of 32 bits. */
static void test_packed_bits(void)
{
    static const int widths[] = {2, 3, 4, 5, 8};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        builder b = build_new(17);
        char dims[16];
        build_opset(&b, "com.microsoft", 1);
        build_input(&b, "x", PJ_FLOAT32, "1,32");
        build_output(&b, "y", PJ_FLOAT32, "");
        snprintf(dims, sizeof dims, "4,1,%d", 4 * widths[i]);
        build_initializer(&b, "w", PJ_UINT8, dims);
        put_floats(&b, "s", "4", 4, four);
        PjOnnx__NodeProto *node = put_node(&b, "fc", "MatMulNBits", "x,w,s", "y");
        put_text(&b, node, "com.microsoft");
        build_int(&b, node, "K", 32);
        build_int(&b, node, "N", 4);
        build_int(&b, node, "bits", widths[i]);
        build_int(&b, node, "block_size", 32);
        priced p = price(&b, NULL);
        CHECK_INT(layer_of(&p, "fc")->weight->bits, widths[i]);
        CHECK_INT(layer_of(&p, "fc")->params, 4 * 32 + 4);
        CHECK_INT(layer_of(&p, "fc")->param_bits, 4 * 32 * widths[i] + 4 * 32);
        priced_free(&p);
    }
}

/* ---- figures that 64 bits do not hold ---- */

/* [2^21, 2^20] times [2^20, 2^17]: 2^58 macs, 2^59 flops; times 32*32 bits they pass 2^63. */
static void test_most(void)
{
    builder b = build_new(17);
    build_input(&b, "a", PJ_FLOAT32, "2097152,1048576");
    build_input(&b, "b", PJ_FLOAT32, "1048576,131072");
    build_output(&b, "y", PJ_FLOAT32, "");
    put_node(&b, "mm", "MatMul", "a,b", "y");
    priced p = price(&b, NULL);
    CHECK_INT(layer_of(&p, "mm")->macs, INT64_C(1) << 58);
    CHECK_INT(layer_of(&p, "mm")->flops, INT64_C(1) << 59);
    CHECK(layer_of(&p, "mm")->bops == INT64_MAX);
    CHECK(p.result->totals.bops == INT64_MAX);
    CHECK_INT(findings_of(&p, "figure-too-large"), 2);
    CHECK_PART(finding_of(&p, "figure-too-large"), "the bit operations of this layer pass 2^63 - 1");
    priced_free(&p);
}

int main(void)
{
    test_clip();
    test_clip_is_free();
    test_no_clip();
    test_clip_of_indices();
    test_carried();
    test_joined();
    test_not_carried();
    test_two_levels();
    test_narrow_floats();
    test_first_operand();
    test_vendors();
    test_fake_quantizers();
    test_mixed_widths();
    test_widths_that_do_not_fit();
    test_packed_bits();
    test_most();
    return check_done();
}
