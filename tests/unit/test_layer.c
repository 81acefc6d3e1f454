/* Layers: parameters that stand in attributes. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"

static float weights[] = {0.5F, -1.0F, 2.0F}, intercept[] = {1.0F};

static void add_floats(builder *b, PjOnnx__NodeProto *node, const char *name, float *values, size_t count)
{
    PjOnnx__AttributeProto *attr = build_attr(b, node, name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    attr->floats = values;
    attr->n_floats = count;
}

/* A linear regressor of 3 features: 3 coefficients and 1 intercept of 32 bits, read once from DRAM at 20.3125 pJ a bit.
 */
static void test_held_parameters(void)
{
    builder b = build_new(17);
    build_opset(&b, "ai.onnx.ml", 3);
    build_input(&b, "x", PJ_FLOAT32, "1,3");
    build_output(&b, "y", PJ_FLOAT32, "1,1");
    PjOnnx__NodeProto *node = build_node(&b, "LinearRegressor", "x", "y");
    node->domain = build_strdup(&b, "ai.onnx.ml");
    add_floats(&b, node, "coefficients", weights, 3);
    add_floats(&b, node, "intercepts", intercept, 1);

    size_t size;
    uint8_t *bytes = build_bytes(&b, &size);
    pj_error err = {PJ_OK, "", "", "", ""};
    pj_setup settings = pj_setup_default();
    pj_model *model = NULL;
    pj_result *result = NULL;
    settings.io_on_dram = false;
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", NULL, &model, &err), PJ_OK);
    build_free(&b);
    if (!model)
        return;
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_OK);
    if (result) {
        const pj_layer *layer = result->layers;
        size_t count = result->layer_count;
        CHECK_INT(count, 1);
        CHECK_INT(layer[0].macs, 3);
        CHECK_INT(layer[0].params, 4);
        CHECK_INT(layer[0].param_bits, 128);
        CHECK_NEAR(layer[0].energy.parameters, 128 * 20.3125, 1e-15);
        CHECK_INT(result->totals.params, 4);
        CHECK_INT(result->totals.param_bits, 128);
    }
    pj_result_free(result);
    pj_model_close(model);
}

int main(void)
{
    test_held_parameters();
    return check_done();
}
