/* load/annotation, quant/annotation: data types beside the graph, and what they are worth next to what the graph says.
 */
#include <string.h>

#include "check.h"
#include "quant/dialect.h"
#include "quantized.h"

#define FORMAT(info, w, f)             \
    do {                               \
        CHECK_TEXT((info)->word, (w)); \
        CHECK_TEXT((info)->from, (f)); \
    } while (0)

static void annotate(builder *b, const char *value, const char *type)
{
    build_annotation(b, value, "finn_datatype", type);
}

static void check_word(const char *word, const char *expected, bool exact)
{
    pj_number number;
    bool is_exact;
    pj_str text = pj_str_new(0);
    if (pj_finn_parse(word, &number, &is_exact)) {
        pj_number_print(&number, &text);
        CHECK_INT(is_exact, exact);
    }
    CHECK_TEXT(text.data ? text.data : "", expected);
    pj_str_free(&text);
}

/* As the module qonnx.core.datatype defines them; FIXED<8,4> is a sign, three integer bits and four behind the point.
 */
static void test_words(void)
{
    static const char *const bad[] = {
        "",           "INT",      "INT0",        "INT65",        "INT4x",     "UINT",
        "FLOAT32",    "FIXED<8>", "FIXED<4,4>",  "FIXED<8,4",    "FIXED8,4>", "FIXED<8,4,2>",
        "SCALEDINT8", "FLOAT<>",  "FLOAT<0,3>",  "FLOAT<40,40>", "binary",    "FLOAT<4,3,7,1>",
        "INT-4",      "INT4444",  "FIXED<-8,4>", "SCALEDINT<0>"};
    check_word("INT4", "int4", true);
    check_word("UINT8", "uint8", true);
    check_word("INT32", "int32", true);
    check_word("UINT1", "binary01", true);
    check_word("BINARY", "binary01", true);
    check_word("BIPOLAR", "binary", true);
    check_word("TERNARY", "ternary", true);
    check_word("FIXED<8,4>", "fixed<8,3>", true);
    check_word("FIXED<8, 4>", "fixed<8,3>", true);
    check_word("SCALEDINT<8>", "int8", false);
    check_word("FLOAT16", "fp16", false);
    check_word("FLOAT<5,2>", "fp8e5m2", false);
    check_word("FLOAT<4,3,7>", "fp8e4m3", false);
    check_word("FLOAT<8,7,127>", "bf16", false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_word(bad[i], "", false);
}

/* What FINN makes of a network behind its streamlining: integers in floats, thresholds for activations.
 *     fc  4 terms of uint8 x int4: products of 12 bits, sums of 12 + 2; the file keeps them in 32
 *     fc2 3 terms of uint4 x ternary */
static void test_streamlined(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3");
    build_initializer(&b, "t", PJ_FLOAT32, "1,15");
    build_initializer(&b, "w2", PJ_FLOAT32, "3,2");
    put_node(&b, "fc", "MatMul", "x,w", "fc_y");
    build_text(&b, put_qonnx(&b, "act", "MultiThreshold", "fc_y,t", "a"), "out_dtype", "UINT4");
    put_node(&b, "fc2", "MatMul", "a,w2", "y");
    annotate(&b, "x", "UINT8");
    annotate(&b, "w", "INT4");
    annotate(&b, "fc_y", "INT32");
    annotate(&b, "t", "INT32");
    annotate(&b, "a", "UINT4");
    annotate(&b, "w2", "TERNARY");
    annotate(&b, "nobody", "INT4");
    build_annotation(&b, "w2", "tensor_layout", "['N', 'C']");
    build_annotation(&b, "y", "SCALE_TENSOR", "t");
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc"), *act = layer_of(&p, "act"), *fc2 = layer_of(&p, "fc2");
    FORMAT(fc->input, "uint8", "annotation");
    FORMAT(fc->weight, "int4", "annotation");
    FORMAT(fc->accumulator, "int14", "annotation");
    FORMAT(fc->output, "int32", "annotation");
    CHECK_INT(fc->param_bits, 4 * 3 * 4);
    CHECK_INT(fc->flops, 2 * 4 * 3); /* no conversion: the file tells of sums as they are */
    FORMAT(act->input, "int32", "annotation");
    FORMAT(act->output, "uint4", "QONNX");
    CHECK_INT(act->param_bits, 15 * 32);
    CHECK_INT(work_of(act, "mul") + work_of(act, "shift") + work_of(act, "round"), 0);
    FORMAT(fc2->input, "uint4", "QONNX");
    FORMAT(fc2->weight, "ternary", "annotation");
    CHECK_TEXT(fc2->implementation, "mux");
    CHECK_INT(fc2->param_bits, 3 * 2 * 2);
    CHECK_INT(findings_of(&p, "bad-quantizer"), 0);
    priced_free(&p);
}

/* Quantizers, element types and FLOAT32 win over annotations or are as good as none; a broken one is a finding. */
static void test_precedence(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w_f", PJ_FLOAT32, "4,3");
    put_float(&b, "one", 1);
    put_float(&b, "zero", 0);
    put_float(&b, "two", 2);
    put_qonnx(&b, "qw", "Quant", "w_f,one,zero,two", "w");
    put_node(&b, "fc", "MatMul", "x,w", "y");
    annotate(&b, "w", "INT8");
    annotate(&b, "y", "FLOAT32");
    annotate(&b, "x", "INT0");
    priced p = price(&b, NULL);
    const pj_layer *fc = layer_of(&p, "fc");
    FORMAT(fc->weight, "int2", "QONNX");
    FORMAT(fc->input, "fp32", "declared");
    FORMAT(fc->output, "fp32", "declared");
    CHECK_INT(findings_of(&p, "bad-quantizer"), 1);
    CHECK_TEXT(finding_of(&p, "bad-quantizer"), "the annotation \"INT0\" of 'x' is no data type: it is not used");
    priced_free(&p);
}

/* Integers are what their element type says. */
static void test_integers(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_INT8, "1,4");
    build_output(&b, "y", PJ_INT8, "");
    put_node(&b, "relu", "Relu", "x", "y");
    annotate(&b, "x", "INT4");
    priced p = price(&b, NULL);
    FORMAT(layer_of(&p, "relu")->input, "int8", "declared");
    priced_free(&p);
}

int main(void)
{
    test_words();
    test_streamlined();
    test_precedence();
    test_integers();
    return check_done();
}
