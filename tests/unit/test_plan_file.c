/* quant/plan_file: reading plans, whom their entries mean, and what they do to formats. */
#include "quant/plan_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"
#include "quantized.h"

/* x -> conv1 -> relu -> conv2 -> y, all fp32: x [1,3,4,4], 1x1 kernels [3,3,1,1] */
static builder network(void)
{
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,3,4,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w1", PJ_FLOAT32, "3,3,1,1");
    build_initializer(&b, "w2", PJ_FLOAT32, "3,3,1,1");
    put_node(&b, "/net/conv1", "Conv", "x,w1", "a");
    put_node(&b, "/net/relu", "Relu", "a", "b");
    put_node(&b, "/net/conv2", "Conv", "b,w2", "y");
    return b;
}

static pj_model *open_network(void)
{
    pj_model *model = NULL;
    size_t size;
    builder b = network();
    uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", NULL, &model, NULL), PJ_OK);
    build_free(&b);
    return model;
}

static void check_refused(const pj_model *model, const char *layers, pj_status status, const char *where,
                          const char *message)
{
    char text[4000];
    pj_arena *arena = pj_arena_new(0);
    pj_error err = {0};
    pj_plan plan;
    snprintf(text, sizeof text, "{\"schema\": \"picojoule.plan/1\", %s}", layers);
    CHECK_INT(pj_plan_parse(text, strlen(text), "p.json", model, arena, &plan, &err), status);
    CHECK_TEXT(err.file, where);
    CHECK_PART(err.what, message);
    pj_arena_free(arena);
}

static void test_refused(void)
{
    pj_model *model = open_network();
    check_refused(model, "\"layer\": []", PJ_EFORMAT, "p.json: $.layer", "layers");
    check_refused(model, "\"layers\": [{\"match\": \"*\", \"weigths\": \"int8\"}]", PJ_EFORMAT,
                  "p.json: $.layers[0].weigths", "weights");
    check_refused(model, "\"layers\": [{\"weights\": \"int8\"}]", PJ_EFORMAT, "p.json: $.layers[0]", "match");
    check_refused(model, "\"layers\": [{\"match\": \"*\", \"weights\": \"int65\"}]", PJ_EFORMAT,
                  "p.json: $.layers[0].weights", "int1 to int64");
    check_refused(model, "\"layers\": [{\"match\": \"*\", \"output\": \"octal\"}]", PJ_EFORMAT,
                  "p.json: $.layers[0].output", "fixed<N,I>");
    check_refused(model, "\"layers\": [{\"match\": \"*\", \"output\": 8}]", PJ_EFORMAT, "p.json: $.layers[0].output",
                  "");
    check_refused(model, "\"default\": {\"weights\": \"fp12\"}", PJ_EFORMAT, "p.json: $.default.weights", "fp16");
    check_refused(model, "\"default\": {\"output\": \"fp16\"}", PJ_EFORMAT, "p.json: $.default.output", "");
    check_refused(model, "\"layers\": [{\"match\": \"/net/conv3\"}]", PJ_EFORMAT, "p.json: $.layers[0].match",
                  "\"/net/conv3\" matches no layer of the model; did you mean \"/net/conv1\"?");
    check_refused(model, "\"layers\": [{\"match\": \"/net/*\"}, {\"match\": \"/net/*\", \"op\": \"Gemm\"}]", PJ_EFORMAT,
                  "p.json: $.layers[1].match", "matches no layer of the model with operator Gemm");
    check_refused(model, "\"layers\": {}", PJ_EFORMAT, "p.json: $.layers", "");
    check_refused(model, "\"model\": {\"sha256\": 5}", PJ_EFORMAT, "p.json: $.model.sha256", "");
    check_refused(model, "\"model\": {\"sha256\": \"12ab\"}", PJ_EFORMAT, "p.json: $.model.sha256", "64 hexadecimal");
    check_refused(model,
                  "\"model\": {\"sha256\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
                  PJ_EFORMAT, "p.json: $.model.sha256", "give it as a file");
    pj_arena *arena = pj_arena_new(0);
    pj_error err = {0};
    pj_plan plan;
    CHECK_INT(pj_plan_parse("{\"schema\": \"picojoule.plan/2\"}", 30, "p.json", model, arena, &plan, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "picojoule.plan/1");
    CHECK_INT(pj_plan_parse("[]", 2, "p.json", model, arena, &plan, &err), PJ_EFORMAT);
    CHECK_INT(pj_plan_read(&(pj_setup){.plan = "/nowhere/at/all.json"}, model, arena, &plan, &err), PJ_EIO);
    pj_arena_free(arena);
    pj_model_close(model);
}

static pj_status parse_globs(const pj_model *model, int globs)
{
    pj_arena *arena = pj_arena_new(0);
    pj_str text = pj_str_new(0);
    pj_plan plan;
    pj_str_add(&text, "{\"schema\": \"picojoule.plan/1\", \"layers\": [");
    for (int i = 0; i < globs; i++)
        pj_str_add(&text, i ? ",{\"match\": \"*\"}" : "{\"match\": \"*\"}");
    pj_str_add(&text, "]}");
    pj_status status = pj_plan_parse(text.data, text.length, "p.json", model, arena, &plan, NULL);
    pj_str_free(&text);
    pj_arena_free(arena);
    return status;
}

static void test_limit(void)
{
    pj_model *model = open_network();
    CHECK_INT(parse_globs(model, PJ_MAX_PLAN_GLOBS), PJ_OK);
    CHECK_INT(parse_globs(model, PJ_MAX_PLAN_GLOBS + 1), PJ_ELIMIT);
    pj_model_close(model);
}

/* The network under a plan and a short form, either may be NULL. */
static priced planned(const char *json, const char *quantize)
{
    char path[] = "/tmp/picojoule-plan-XXXXXX";
    pj_setup settings = pj_setup_default();
    builder b = network();
    int handle = json ? mkstemp(path) : -1;
    if (json) {
        CHECK(handle >= 0 && write(handle, json, strlen(json)) == (ssize_t)strlen(json));
        close(handle);
        settings.plan = path;
    }
    settings.quantize = quantize;
    priced p = price(&b, &settings);
    if (json)
        unlink(path);
    return p;
}

/* The last entry that matches counts, alone; a name is a name before it is a glob. */
static void test_entries(void)
{
    priced p = planned("{\"schema\": \"picojoule.plan/1\", \"layers\": ["
                       "{\"match\": \"*\", \"op\": \"Conv\", \"weights\": \"int8\", \"activations\": \"int8\"},"
                       "{\"match\": \"/net/conv2\", \"weights\": \"int4\"}]}",
                       NULL);
    const pj_layer *conv1 = layer_of(&p, "/net/conv1"), *conv2 = layer_of(&p, "/net/conv2");
    CHECK_TEXT(conv1->weight->word, "int8");
    CHECK_TEXT(conv1->weight->from, "plan");
    CHECK_TEXT(conv1->input->word, "int8");
    CHECK_TEXT(conv1->accumulator->word, "int17"); /* 15 bits, 3 terms */
    CHECK_INT(conv1->bops, 16 * 9 * 64);
    CHECK_INT(conv1->param_bits, 9 * 8 + 3 * 32); /* and a scale a channel */
    /* its output is read as declared: 48 sums become floats */
    CHECK_TEXT(conv1->output->word, "fp32");
    CHECK_INT(work_of(conv1, "round"), 48);
    /* weights alone: stored and read at 4 bits, converted, multiplied as floats */
    CHECK_TEXT(conv2->weight->word, "int4");
    CHECK_TEXT(conv2->input->word, "fp32");
    CHECK_TEXT(conv2->accumulator->word, "fp32");
    CHECK_INT(conv2->param_bits, 9 * 4 + 3 * 32);
    CHECK_INT(work_of(conv2, "round"), 9);
    priced_free(&p);
}

/* `accumulator` fixes the width, `output` stands behind the layer as a quantizer would. */
static void test_output(void)
{
    priced p = planned("{\"schema\": \"picojoule.plan/1\", \"layers\": ["
                       "{\"match\": \"/net/conv1\", \"weights\": \"int8\", \"activations\": \"int8\","
                       " \"accumulator\": \"int32\", \"output\": \"uint4\"},"
                       "{\"match\": \"/net/*\", \"op\": \"Relu\", \"activations\": \"uint4\"}]}",
                       NULL);
    const pj_layer *conv1 = layer_of(&p, "/net/conv1"), *relu = layer_of(&p, "/net/relu");
    CHECK_TEXT(conv1->accumulator->word, "int32");
    CHECK_TEXT(conv1->output->word, "uint4");
    CHECK_INT(work_of(conv1, "shift"), 48);
    CHECK_TEXT(relu->input->word, "uint4");
    priced_free(&p);
}

/* A tensor that all its readers read as int8 is stored as int8. */
static void test_wish(void)
{
    priced p = planned("{\"schema\": \"picojoule.plan/1\", \"layers\": ["
                       "{\"match\": \"*\", \"weights\": \"int8\", \"activations\": \"int8\"}]}",
                       NULL);
    const pj_layer *conv1 = layer_of(&p, "/net/conv1"), *conv2 = layer_of(&p, "/net/conv2");
    CHECK_TEXT(conv1->output->word, "int8");
    CHECK_INT(work_of(conv1, "shift"), 48);
    CHECK_TEXT(conv2->output->word, "fp32"); /* the model's output */
    priced_free(&p);
}

static void test_quantize(void)
{
    const struct {
        const char *spec, *weight, *input, *output;
    } rows[] = {
        {"int8",  "int8",    "int8",    "int8"   },
        {"fp16",  "fp16",    "fp16",    "fp16"   },
        {"fp8",   "fp8e4m3", "fp8e4m3", "fp8e4m3"},
        {"bf16",  "bf16",    "bf16",    "bf16"   },
        {"w4a8",  "int4",    "int8",    "int8"   },
        {"w8a16", "int8",    "fp16",    "fp16"   },
        {"w4a32", "int4",    "fp32",    "fp32"   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        priced p = planned(NULL, rows[i].spec);
        CHECK_TEXT(layer_of(&p, "/net/conv1")->weight->word, rows[i].weight);
        CHECK_TEXT(layer_of(&p, "/net/conv1")->input->word, rows[i].input);
        CHECK_TEXT(layer_of(&p, "/net/relu")->input->word, rows[i].input);
        CHECK_TEXT(layer_of(&p, "/net/conv2")->output->word, rows[i].output);
        priced_free(&p);
    }
    pj_model *model = open_network();
    pj_arena *arena = pj_arena_new(0);
    const char *wrong[] = {"", "w", "w8", "w8a", "a8w8", "w8a8 ", "w99a8", "int", "w08a8", "w8a8a8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pj_error err = {0};
        pj_plan plan;
        CHECK_INT(pj_plan_read(&(pj_setup){.quantize = wrong[i]}, model, arena, &plan, &err), PJ_EARGUMENT);
        CHECK_PART(err.what, "wNaM");
    }
    pj_arena_free(arena);
    pj_model_close(model);
}

/* A plan's own defaults come after the short form, its entries after both. */
static void test_order(void)
{
    priced p = planned("{\"schema\": \"picojoule.plan/1\", \"default\": {\"weights\": \"fp16\"}, \"layers\": ["
                       "{\"match\": \"/net/conv2\", \"weights\": \"ternary\"}]}",
                       "int8");
    CHECK_TEXT(layer_of(&p, "/net/conv1")->weight->word, "fp16");
    CHECK_TEXT(layer_of(&p, "/net/conv1")->input->word, "int8");
    CHECK_TEXT(layer_of(&p, "/net/conv2")->weight->word, "ternary");
    CHECK_TEXT(layer_of(&p, "/net/conv2")->implementation, "mux");
    CHECK_NEAR(layer_of(&p, "/net/conv2")->gate_factor, 0.6, 1e-15);
    priced_free(&p);
}

int main(void)
{
    test_refused();
    test_limit();
    test_entries();
    test_output();
    test_wish();
    test_quantize();
    test_order();
    return check_done();
}
