/* Operators that a file describes: shapes, work, precedence, and every way in which the file can be wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "load/load.h"
#include "model.h"
#include "picojoule/picojoule.h"

static char path[] = "/tmp/pj_rules_XXXXXX";

static void write_rules(const char *text)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fputs(text, file) >= 0);
    if (file)
        fclose(file);
}

static pj_model *open_with(builder *b, const pj_dim_binding *dim, pj_error *err)
{
    const pj_setup options = {.dims = dim, .dim_count = dim ? 1 : 0, .op_rules = path};
    size_t size;
    pj_model *model = NULL;
    const uint8_t *bytes = build_bytes(b, &size);
    memset(err, 0, sizeof *err);
    pj_model_open_memory(bytes, size, "test.onnx", &options, &model, err);
    build_free(b);
    return model;
}

static void check_type(const pj_model *model, const char *name, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_type_print(&build_find(model, name)->type, &text);
    check_text(text.data, want, name, __FILE__, __LINE__);
    pj_str_free(&text);
}

static void add_node(builder *b, const char *op, const char *inputs, const char *outputs)
{
    build_node(b, op, inputs, outputs)->domain = build_strdup(b, "my");
}

static const char rules[] =
    "{\"schema\": \"picojoule.op-rules/1\", \"note\": \"of a test\", \"operators\": ["
    "{\"domain\": \"my\", \"op\": \"Sparse3x3\", \"roles\": \"xwb\","
    " \"inputs\": [[\"N\", \"C\", \"H\", \"W\"], [\"K\", \"C\", 3, 3], [\"K\"]],"
    " \"attributes\": {\"stride\": 1, \"one_in\": 2},"
    " \"outputs\": [{\"shape\": [\"N\", \"K\", \"ceil(H/stride)\", \"(W-1)//stride+1\"]},"
    "               {\"shape\": [\"N\", 2], \"dtype\": \"int32\"}],"
    " \"work\": {\"mac\": \"floor(out0*C*9/one_in)\", \"add\": \"out0\"}, \"terms\": \"floor(C*9/one_in)\"},"
    "{\"domain\": \"my\", \"op\": \"Activate\", \"inputs\": [null],"
    " \"outputs\": [{\"shape\": \"in0\", \"dtype\": \"in0\"}], \"work\": {\"exp\": \"in0\", \"mul\": \"2*in0\"},"
    " \"traits\": [\"keep\"]},"
    "{\"domain\": \"my\", \"op\": \"Renamed\", \"inputs\": [null], \"outputs\": [{\"shape\": \"in0\"}],"
    " \"traits\": [\"view\"]},"
    "{\"domain\": \"my\", \"op\": \"Secret\", \"inputs\": [[\"?\", \"C\", \"?\", \"?\"]],"
    " \"outputs\": [{\"shape\": [\"C\"]}]},"
    "{\"op\": \"Relu\", \"inputs\": [null], \"outputs\": [{\"shape\": \"in0\"}], \"work\": {\"mul\": \"7*out0\"}}]}";

static const pj_layer *layer_of(const pj_result *result, const char *op)
{
    const pj_layer *layers = result->layers;
    size_t count = result->layer_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(layers[i].op, op) == 0)
            return &layers[i];
    CHECK_TEXT(op, "among the layers");
    return NULL;
}

static int64_t work_of(const pj_layer *layer, const char *word)
{
    for (size_t p = 0; layer && pj_work_word(p); p++)
        if (strcmp(pj_work_word(p), word) == 0)
            return layer->work[p];
    return -1;
}

/* x [2,C=4,9,8], w [5,4,3,3], stride 2: y [2,5,5,4]; every second of 2*5*5*4 * 4*9 products is left out: 3600 MACs. */
static void test_rules(void)
{
    static const pj_dim_binding batch = {"n", 2};
    const pj_setup settings = pj_setup_default();
    pj_result *result = NULL;
    pj_error err;
    builder b = build_new(17);
    build_opset(&b, "my", 1);
    build_input(&b, "x", PJ_FLOAT16, "n,4,9,8");
    build_initializer(&b, "w", PJ_FLOAT16, "5,4,3,3");
    build_initializer(&b, "bias", PJ_FLOAT16, "5");
    add_node(&b, "Sparse3x3", "x,w,bias", "y,where");
    build_int(&b, b.graph->node[0], "stride", 2);
    add_node(&b, "Activate", "y", "a");
    add_node(&b, "Renamed", "a", "r");
    add_node(&b, "Secret", "r", "s");
    build_node(&b, "Relu", "s", "z");
    write_rules(rules);
    pj_model *model = open_with(&b, &batch, &err);
    CHECK_TEXT(err.what, "");
    if (!model)
        return;
    check_type(model, "y", "float16[2,5,5,4]");
    check_type(model, "where", "int32[2,2]");
    check_type(model, "r", "float16[2,5,5,4]");
    check_type(model, "s", "float16[5]");
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_OK);
    const pj_layer *sparse = layer_of(result, "Sparse3x3");
    CHECK_INT(work_of(sparse, "mac"), 3600);
    CHECK_INT(work_of(sparse, "add"), 200);
    CHECK_INT(sparse->params, 5 * 4 * 9 + 5);
    CHECK_TEXT(sparse->weight->word, "fp16");
    CHECK_INT(work_of(layer_of(result, "Activate"), "exp"), 200);
    CHECK_INT(work_of(layer_of(result, "Activate"), "mul"), 400);
    CHECK(layer_of(result, "Renamed")->free);
    CHECK(!layer_of(result, "Secret")->counted); /* nobody says what it computes */
    CHECK_INT(work_of(layer_of(result, "Relu"), "mul"), 35);
    CHECK_INT(result->totals.uncounted, 1);
    size_t notes = 0;
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].code, "operator-rule") == 0) {
            notes++;
            CHECK_PART(findings[i].message, "operator Relu is as /tmp/pj_rules_");
            CHECK_PART(findings[i].message, " describes it, not as built in");
        }
    CHECK_INT(notes, 1);
    CHECK_TEXT(pj_model_describe(model)->op_rules, path);
    pj_result_free(result);

    /* the model's own symbols go through the formulas of the file, whatever their names are */
    CHECK_INT(pj_model_rebind(model, NULL, &err), PJ_OK);
    check_type(model, "y", "float16[n,5,5,4]");
    check_type(model, "where", "int32[n,2]");
    pj_model_close(model);
}

/* A dimension of the model that is called like another name of the file; an input of unknown shape. */
static void test_symbols(void)
{
    pj_error err;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "W,4,H,C");
    build_input(&b, "u", PJ_FLOAT32, NULL);
    build_initializer(&b, "w", PJ_FLOAT32, "5,4,3,3");
    add_node(&b, "Sparse3x3", "x,w", "y");
    add_node(&b, "Sparse3x3", "u,w", "v");
    write_rules(rules);
    pj_model *model = open_with(&b, NULL, &err);
    CHECK_TEXT(err.what, "");
    check_type(model, "y", "float32[W,5,H,C]");
    check_type(model, "v", "float32[?,5,?,?]");
    pj_model_close(model);
}

/* ---- what a model may not do ---- */

static void refuse_node(const char *dims, const char *weight, const char *what)
{
    pj_error err;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, dims);
    build_initializer(&b, "w", PJ_FLOAT32, weight);
    add_node(&b, "Sparse3x3", "x,w", "y");
    write_rules(rules);
    CHECK(!open_with(&b, NULL, &err));
    CHECK_INT(err.status, PJ_ESHAPE);
    CHECK_TEXT(err.op, "my::Sparse3x3");
    CHECK_PART(err.what, what);
}

static void test_mismatch(void)
{
    refuse_node("1,4,8", "5,4,3,3", "input 0 has 3 dimensions, its rule in /tmp/pj_rules_");
    refuse_node("1,4,8,8", "5,6,3,3", "dimension 'C' of the operator's rule");
    refuse_node("1,4,8,8", "5,4,3,5", "axis 3 of input 1 and the operator's rule");
}

/* Work below nothing shows when it is counted. */
static void test_negative(void)
{
    const pj_setup settings = pj_setup_default();
    pj_result *result = NULL;
    pj_error err;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "3");
    build_node(&b, "Relu", "x", "y");
    write_rules("{\"schema\": \"picojoule.op-rules/1\", \"operators\": [{\"op\": \"Relu\", \"inputs\": [[\"N\"]], "
                "\"outputs\": [{\"shape\": \"in0\"}], \"work\": {\"cmp\": \"1-N\"}}]}");
    pj_model *model = open_with(&b, NULL, &err);
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_ESHAPE);
    CHECK_PART(err.what, " counts -2 of \"cmp\"");
    pj_model_close(model);
}

/* ---- what a file may not say ---- */

static void refuse_file(const char *text, pj_status status, const char *place, const char *what)
{
    pj_error err;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    write_rules(text);
    pj_model *model = open_with(&b, NULL, &err);
    CHECK(!model);
    CHECK_INT(err.status, status);
    CHECK_PART(err.file, path);
    CHECK_PART(err.file, place);
    CHECK_PART(err.what, what);
    pj_model_close(model);
}

/* One operator with these members beside its name. */
static void refuse(const char *members, const char *place, const char *what)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "{\"schema\": \"picojoule.op-rules/1\", \"operators\": [{\"op\": \"A\", %s}]}", members);
    refuse_file(text.data, PJ_EFORMAT, place, what);
    pj_str_free(&text);
}

#define IN  "\"inputs\": [[\"N\", \"C\"]], "
#define OUT "\"outputs\": [{\"shape\": \"in0\"}]"

static void test_files(void)
{
    refuse_file("{", PJ_EFORMAT, ":1:", "");
    refuse_file("{\"schema\": \"picojoule.plan/1\"}", PJ_EFORMAT, "$.schema", "");
    refuse_file("{\"schema\": \"picojoule.op-rules/1\"}", PJ_EFORMAT, "$", "\"operators\"");
    refuse_file("{\"schema\": \"picojoule.op-rules/1\", \"operator\": []}", PJ_EFORMAT, "$.operator", "operators");
    refuse_file("{\"schema\": \"picojoule.op-rules/1\", \"operators\": [3]}", PJ_EFORMAT, "$.operators[0]", "");
    refuse(OUT, "$.operators[0]", "\"inputs\"");
    refuse(IN "\"output\": []", "$.operators[0].output", "outputs");
    refuse("\"inputs\": [[\"N\", \"2C\"]], " OUT, "$.operators[0].inputs[0][1]", "\"2C\" should be a name");
    refuse("\"inputs\": [[\"in0\"]], " OUT, "$.operators[0].inputs[0][0]", "\"in0\" should be a name");
    refuse("\"inputs\": [[-3]], " OUT, "$.operators[0].inputs[0][0]", "");
    refuse(IN "\"outputs\": [{\"shape\": \"in1\"}]", ".outputs[0].shape", "\"in1\" should be an input");
    refuse(IN "\"outputs\": [{\"shape\": [\"N*\"]}]", ".outputs[0].shape[0]", "\"N*\" is no formula");
    refuse(IN "\"outputs\": [{\"shape\": [\"N/2\"]}]", ".outputs[0].shape[0]", "the result must be whole");
    refuse(IN "\"outputs\": [{\"shape\": [\"N\", \"K\"]}]", ".outputs[0].shape[1]", "\"K\" is no dimension");
    refuse(IN "\"outputs\": [{\"shape\": \"in0\", \"dtype\": \"floot\"}]", ".outputs[0].dtype", "\"floot\"");
    refuse(IN OUT ", \"roles\": \"xq\"", ".roles", "one letter per input");
    refuse(IN OUT ", \"traits\": [\"vew\"]", ".traits[0]", "there are view, move, keep, random");
    refuse(IN OUT ", \"traits\": [\"move\"], \"work\": {\"add\": \"N\"}", ".work", "does no arithmetic");
    refuse(IN OUT ", \"work\": {\"macs\": \"N\"}", ".work.macs", "mac");
    refuse(IN OUT ", \"work\": {\"mac\": \"M\"}", ".work.mac", "\"M\" is no dimension");
    refuse(IN OUT ", \"work\": {\"mac\": 0.5}", ".work.mac", "");
    refuse(IN OUT ", \"terms\": \"out1\"", ".terms", "\"out1\"");
    refuse(IN OUT ", \"attributes\": {\"N\": 1}", ".attributes.N", "stands for a dimension already");
    refuse(IN OUT ", \"attributes\": {\"stride\": \"1\"}", ".attributes.stride", "");
    refuse(IN OUT "}, {\"op\": \"A\", " IN OUT, "$.operators[1]", "\"A\" has two rules");
    CHECK(remove(path) == 0);
    builder b = build_new(17);
    pj_error err;
    CHECK(!open_with(&b, NULL, &err));
    CHECK_INT(err.status, PJ_EIO);
    CHECK_TEXT(err.file, path);
}

int main(void)
{
    int file = mkstemp(path);
    if (file >= 0)
        close(file);
    test_rules();
    test_symbols();
    test_mismatch();
    test_negative();
    test_files();
    return check_done();
}
