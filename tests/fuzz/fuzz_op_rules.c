/* Any bytes as a file of op rules, for a model with operators A, B and C of domain "my": shapes with sizes and with
 * symbols, then an analysis. */
#include <stdlib.h>

#include "everything.h"
#include "fuzz.h"
#include "model.h"

static void add_node(builder *b, const char *op, const char *inputs, const char *outputs)
{
    PjOnnx__NodeProto *node = build_node(b, op, inputs, outputs);
    node->domain = build_strdup(b, "my");
    build_int(b, node, "stride", 2);
}

static const uint8_t *make_model(size_t *size)
{
    static builder b;
    b = build_new(17);
    build_opset(&b, "my", 1);
    build_input(&b, "x", PJ_FLOAT32, "batch,3,8,h");
    build_input(&b, "n", PJ_INT64, "");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3,3,3");
    build_initializer(&b, "b", PJ_FLOAT32, "4");
    add_node(&b, "A", "x,w,b", "a");
    add_node(&b, "B", "a,,n", "c,d");
    add_node(&b, "C", "c,d", "y");
    build_output(&b, "y", PJ_FLOAT32, "k,m");
    return build_bytes(&b, size);
}

static void open_with(const pj_setup *setup, const uint8_t *bytes, size_t size, bool analyzed)
{
    static pj_session *session; /* kept with its table */
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    digest out = digest_new();
    pj_status status = pj_model_open_memory(bytes, size, "fuzz.onnx", setup, &model, &err);
    if (status == PJ_OK && ask_model(model, &out, &err) != PJ_OK)
        abort();
    if (!session)
        session = pj_session_new();
    if (status == PJ_OK && analyzed && session && pj_session_run(session, model, setup, &result, &err) == PJ_OK &&
        !figures_hold(result))
        abort();
    pj_result_free(result);
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t *model;
    static size_t length;
    const pj_resource file = {.size = sizeof file, .name = "rules.json", .bytes = data, .length = size};
    pj_setup setup = pj_setup_default();
    if (!model)
        model = make_model(&length);
    setup.op_rules = "rules.json";
    setup.resources = &file;
    setup.resource_count = size > 0;
    open_with(&setup, model, length, true);
    setup.unbound_dims_are_one = false;
    open_with(&setup, model, length, false);
    return 0;
}
