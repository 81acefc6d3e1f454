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

/* The same of a pricer. */
static void check_priced(pj_pricer *pricer, pj_model *model, const pj_setup *setup)
{
    pj_error err = {0};
    pj_result *fresh = NULL;
    const pj_result *again = NULL;
    pj_status status = pj_analyze(model, setup, &fresh, &err);
    CHECK_INT(pj_pricer_run(pricer, setup, &again, &err), status);
    CHECK((fresh != NULL) == (again != NULL));
    if (fresh && again) {
        digest a = digest_of(fresh), b = digest_of(again);
        CHECK(a.bytes == b.bytes && a.hash == b.hash);
        CHECK(memcmp(&fresh->totals.energy, &again->totals.energy, sizeof fresh->totals.energy) == 0);
        CHECK_INT(fresh->finding_count, again->finding_count);
    }
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

/* What a session keeps of a model is shared by results that are alive, and changes with none of them. */
static void test_kept_counts(pj_model *small)
{
    static const char *const tables[] = {"horowitz-45nm", "jouppi-7nm", "horowitz-45nm", "qtools"};
    pj_session *session = pj_session_new();
    pj_setup setup = pj_setup_default();
    pj_result *results[8] = {0};
    digest before[8];
    pj_error err = {0};
    for (size_t i = 0; i < 8; i++) {
        setup.table = tables[i % 4];
        setup.quantize = i == 5 ? "int8" : NULL;
        CHECK_INT(pj_session_run(session, small, &setup, &results[i], &err), PJ_OK);
        before[i] = digest_of(results[i]);
        check_same(session, small, &setup);
    }
    for (size_t i = 0; i < 8; i++) {
        digest after = digest_of(results[i]);
        CHECK(before[i].bytes == after.bytes && before[i].hash == after.hash);
    }
    for (size_t i = 0; i < 8; i++)
        pj_result_free(results[i * 3 % 8]);
    pj_session_free(session);
}

/* Models that are closed, and others that lie in their places, by a session and a pricer in turn. */
static void test_reopened_models(void)
{
    pj_session *session = pj_session_new();
    const pj_setup setup = pj_setup_default();
    for (int i = 0; i < 8; i++) {
        pj_model *model = i % 3 ? small_model() : large_model();
        pj_pricer *pricer = pj_pricer_new(session, model);
        check_same(session, model, &setup);
        check_same(session, model, &setup);
        check_priced(pricer, model, &setup);
        check_same(session, model, &setup);
        check_priced(pricer, model, &setup);
        pj_pricer_free(pricer);
        pj_model_close(model);
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

/* Each setting in turn, and all of them back again: what the pricer keeps must go exactly where it does not hold. */
static void test_pricer(pj_model *model)
{
    static const char *const changes[][2] = {
        {"sram-min",       "64KiB"                },
        {"weights-on",     "sram"                 },
        {"table",          "horowitz-mac"         },
        {"quantize",       "int8"                 },
        {"table",          "qtools"               },
        {"table",          "jouppi-7nm"           },
        {"quantize",       "w4a8"                 },
        {"table",          "qtools-defaults"      },
        {"table",          "horowitz-45nm"        },
        {"device",         "stm32h7a3"            },
        {"activations-on", "fixed"                },
        {"no-fold",        NULL                   },
        {"memory",         NULL                   },
        {"table",          "eyeriss-65nm-relative"},
    };
    pj_session *session = pj_session_new();
    pj_pricer *pricer = pj_pricer_new(session, model);
    pj_setup setup = pj_setup_default(), levels = pj_setup_default();
    pj_error err = {0};
    pj_session_settle(session);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        CHECK_INT(pj_setup_set(&setup, changes[i][0], changes[i][1], &err), PJ_OK);
        check_priced(pricer, model, &setup);
        levels.hierarchy = i % 3 ? "tpu-like" : NULL;
        levels.reuse = i % 2 ? "tiled" : "resident";
        check_priced(pricer, model, &levels);
        check_priced(pricer, model, &setup);
    }
    pj_setup_clear(&setup);
    pj_pricer_free(pricer);
    pj_session_free(session);
}

/* Other sizes ask for other counts; an error leaves nothing wrong behind. */
static void test_pricer_rebound(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "n,4");
    build_initializer(&b, "w", PJ_FLOAT32, "4,8");
    put_node(&b, "mm", "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "");
    pj_model *model = open_built(&b);
    pj_session *session = pj_session_new();
    pj_pricer *pricer = pj_pricer_new(session, model);
    pj_setup setup = pj_setup_default(), broken = pj_setup_default();
    const pj_result *result = NULL;
    pj_error err = {0};
    broken.quantize = "int99x";
    for (int64_t n = 1; n < 4; n++) {
        const pj_dim_binding dim = {"n", n};
        setup.dims = &dim;
        setup.dim_count = 1;
        CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_OK);
        check_priced(pricer, model, &setup);
        CHECK_INT(pj_pricer_run(pricer, &broken, &result, &err), PJ_EARGUMENT);
        CHECK(!result);
        check_priced(pricer, model, &setup);
        CHECK_INT(pj_pricer_run(pricer, &setup, &result, &err), PJ_OK);
        CHECK_INT(result->totals.macs, n * 4 * 8);
    }
    pj_pricer_free(pricer);
    pj_session_free(session);
    pj_model_close(model);
}

int main(void)
{
    pj_model *small = small_model(), *large = large_model();
    test_one_after_the_other(small, large);
    test_two_at_once(small, large);
    test_kept_counts(small);
    test_reopened_models();
    test_after_errors(small);
    test_other_contents(small);
    test_pricer(small);
    test_pricer(large);
    test_pricer_rebound();
    pj_session_free(NULL);
    pj_model_close(small);
    pj_model_close(large);
    return check_done();
}
