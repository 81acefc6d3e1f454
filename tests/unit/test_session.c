/* Sessions: the same bytes as fresh runs, whatever came before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "everything.h"
#include "quantized.h"
#include "setup/resource.h"

static pj_model *open_built(builder *b)
{
    size_t size;
    pj_error err = {0};
    pj_model *model = NULL;
    const uint8_t *bytes = build_bytes(b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", NULL, &model, &err), PJ_OK);
    build_free(b);
    return model;
}

static pj_model *small_model(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,4,8,8");
    build_initializer(&b, "w", PJ_FLOAT32, "8,4,3,3");
    put_node(&b, "conv", "Conv", "x,w", "c");
    put_node(&b, "relu", "Relu", "c", "y");
    build_output(&b, "y", PJ_FLOAT32, "");
    return open_built(&b);
}

/* A chain of 80 layers: more memory than the other one. */
static pj_model *large_model(void)
{
    enum { NODES = 80 };
    builder b = build_new(17);
    const char *last = "x";
    build_input(&b, "x", PJ_FLOAT32, "4,64");
    for (int i = 0; i < NODES; i++) {
        char weight[32], out[32], inputs[80];
        snprintf(weight, sizeof weight, "w%d", i);
        snprintf(out, sizeof out, "v%d", i);
        snprintf(inputs, sizeof inputs, "%s,%s", last, weight);
        build_initializer(&b, build_strdup(&b, weight), PJ_FLOAT32, "64,64");
        last = build_strdup(&b, out);
        build_node(&b, "MatMul", build_strdup(&b, inputs), last);
    }
    build_output(&b, last, PJ_FLOAT32, "");
    return open_built(&b);
}

/* All that can be told of a result. */
static digest digest_of(const pj_result *result)
{
    digest d = digest_new();
    pj_error err = {0};
    ask_analysis(result, &d);
    CHECK_INT(write_reports(result, &d, &err), PJ_OK);
    CHECK_INT(lint_analysis(result, &d, &err), PJ_OK);
    return d;
}

static void check_same(pj_session *session, pj_model *model, const pj_setup *setup)
{
    pj_error err = {0};
    pj_result *fresh = NULL, *kept = NULL;
    CHECK_INT(pj_analyze(model, setup, &fresh, &err), PJ_OK);
    CHECK_INT(pj_session_run(session, model, setup, &kept, &err), PJ_OK);
    if (fresh && kept) {
        digest a = digest_of(fresh), b = digest_of(kept);
        CHECK(a.bytes == b.bytes && a.hash == b.hash);
    }
    pj_result_free(kept);
    pj_result_free(fresh);
}

static void test_one_after_the_other(pj_model *small, pj_model *large)
{
    static const char *const devices[] = {"stm32h7a3", "v4-gpu-a100"};
    static const char *const tables[] = {"horowitz-45nm", "qtools", "horowitz-mac"};
    pj_session *session = pj_session_new();
    for (size_t i = 0; i < 4 * sizeof tables / sizeof *tables; i++) {
        pj_setup setup = pj_setup_default();
        setup.table = tables[i / 2 % 3];
        setup.devices = devices;
        setup.device_count = i % 3;
        setup.quantize = i % 4 == 3 && i / 2 % 3 != 1 ? "int8" : NULL;
        check_same(session, i % 2 ? large : small, &setup);
    }
    pj_session_free(session);
}

/* Two results at once, freed in either order. */
static void test_two_at_once(pj_model *small, pj_model *large)
{
    pj_session *session = pj_session_new();
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    for (int round = 0; round < 4; round++) {
        pj_result *a = NULL, *b = NULL, *c = NULL;
        CHECK_INT(pj_session_run(session, small, &setup, &a, &err), PJ_OK);
        digest before = digest_of(a);
        CHECK_INT(pj_session_run(session, large, &setup, &b, &err), PJ_OK);
        CHECK_INT(pj_session_run(session, large, &setup, &c, &err), PJ_OK);
        digest after = digest_of(a);
        CHECK(before.hash == after.hash);
        CHECK_INT(b->layer_count, 80);
        pj_result_free(round % 2 ? a : b);
        pj_result_free(round % 2 ? b : a);
        pj_result_free(c);
    }
    pj_session_free(session);
}

static void test_after_errors(pj_model *small)
{
    static const char plan[] = "{\"schema\": \"picojoule.plan/1\", \"layers\": [{\"match\": \"none\"}]}";
    const pj_resource resource = {
        .size = sizeof resource, .name = "plan.json", .bytes = plan, .length = sizeof plan - 1};
    pj_session *session = pj_session_new();
    pj_setup setup = pj_setup_default(), broken = pj_setup_default();
    pj_result *result = NULL;
    pj_error err = {0};
    broken.table = "horowitz-46nm";
    CHECK_INT(pj_session_run(session, small, &broken, &result, &err), PJ_EARGUMENT);
    CHECK(!result);
    check_same(session, small, &setup);
    broken = pj_setup_default();
    broken.plan = "plan.json";
    broken.resources = &resource;
    broken.resource_count = 1;
    for (int i = 0; i < 2; i++) { /* read, then kept */
        memset(&err, 0, sizeof err);
        CHECK_INT(pj_session_run(session, small, &broken, &result, &err), PJ_EFORMAT);
        CHECK_PART(err.what, "none");
        check_same(session, small, &setup);
    }
    pj_session_free(session);
}

/* The same name, other contents: 3.7 pJ for the product of two fp32, then 7.3. */
static void test_other_contents(pj_model *small)
{
    const pj_builtin *at = pj_builtin_tables;
    while (strcmp(at->name, "horowitz-45nm") != 0)
        at++;
    char *changed = malloc(at->length);
    if (!changed)
        return;
    memcpy(changed, at->json, at->length);
    const char *price = strstr(at->json, "\"pj\": 3.7");
    CHECK(price != NULL);
    pj_session *session = pj_session_new();
    pj_resource resource = {.size = sizeof resource, .name = "mine.json", .bytes = at->json, .length = at->length};
    pj_setup setup = pj_setup_default();
    setup.table = "mine.json";
    setup.resources = &resource;
    setup.resource_count = 1;
    pj_result *result = NULL;
    pj_error err = {0};
    double pj[2] = {0};
    for (int i = 0; price && i < 4; i++) {
        memcpy(changed + (price - at->json), "\"pj\": 7.3", strlen("\"pj\": 7.3"));
        resource.bytes = i % 2 ? changed : at->json;
        CHECK_INT(pj_session_run(session, small, &setup, &result, &err), PJ_OK);
        if (i < 2)
            pj[i] = result->layers[0].energy.op_cost;
        CHECK(result->layers[0].energy.op_cost == pj[i % 2]);
        pj_result_free(result);
        check_same(session, small, &setup);
    }
    CHECK_NEAR(pj[1] - pj[0], (7.3 - 3.7) * 8 * 36 * 4 * 9, 1e-12); /* 8 x 6 x 6 outputs of 4 x 3 x 3 products */
    pj_session_free(session);
    free(changed);
}

int main(void)
{
    pj_model *small = small_model(), *large = large_model();
    test_one_after_the_other(small, large);
    test_two_at_once(small, large);
    test_after_errors(small);
    test_other_contents(small);
    pj_session_free(NULL);
    pj_model_close(small);
    pj_model_close(large);
    return check_done();
}
