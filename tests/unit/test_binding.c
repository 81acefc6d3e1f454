/* The library by name: settings, figures, texts, structs of other versions; what is NULL or unknown; stopping. */
#include "picojoule/binding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"

/* x[1,3] w[3,40] -> 120 MACs, 240 FLOPs, 120 parameters of 4 bytes; then a Relu of 40 */
static pj_model *open_small(const pj_setup *setup, pj_error *err)
{
    pj_model *model = NULL;
    size_t size;
    static float w[120];
    builder b = build_new(17);
    for (int i = 0; i < 120; i++)
        w[i] = (float)i / 7;
    build_input(&b, "x", PJ_FLOAT32, "batch,3");
    build_raw(&b, build_initializer(&b, "w", PJ_FLOAT32, "3,40"), w, sizeof w);
    build_node(&b, "MatMul", "x,w", "h");
    build_node(&b, "Relu", "h", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,40");
    pj_resource bytes = {.size = sizeof bytes, .flags = PJ_COPY, .name = "small.onnx"};
    bytes.bytes = build_bytes(&b, &size);
    bytes.length = size;
    pj_model_open_resource(&bytes, setup, &model, err);
    build_free(&b);
    return model;
}

static void test_library(void)
{
    CHECK_TEXT(pj_version(), PICOJOULE_VERSION);
    CHECK_INT(pj_abi_version(), PJ_ABI);
    CHECK_INT(sizeof(pj_error), 964);
    CHECK(pj_has_feature("history") == PJ_HISTORY && pj_has_feature("threads") == PJ_THREADS);
    CHECK(!pj_has_feature("telepathy") && !pj_has_feature(NULL));
}

static void test_members(void)
{
    pj_error err;
    size_t count = 0;
    int seen_look = 0;
    bool seen_place = false, seen_size = false;
    pj_member_info info = {.size = sizeof info};
    for (; pj_setup_member(count, &info, &err) == PJ_OK; count++) {
        CHECK(info.size == sizeof info && info.name && info.option && info.kind && info.help);
        seen_look += strcmp(info.name, "inspect_weights") == 0 || strcmp(info.option, "memory") == 0;
        if (strcmp(info.name, "weights_on") == 0) {
            CHECK_TEXT(info.option, "weights-on");
            CHECK_TEXT(info.value, "dram|sram|fixed");
            CHECK_TEXT(info.preset, "dram");
            seen_place = true;
        }
        if (strcmp(info.name, "sram_min_bits") == 0) {
            CHECK_INT(info.most, 8000000000000000);
            seen_size = true;
        }
    }
    CHECK(count >= 12 && seen_place && seen_size);
    CHECK_INT(seen_look, 2);
    CHECK_INT(err.status, PJ_EARGUMENT);
    CHECK_INT(pj_setup_member(0, NULL, &err), PJ_EARGUMENT);
    info.size = 0;
    CHECK_INT(pj_setup_member(0, &info, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "the size of the struct is 0");
    struct {
        pj_member_info known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}, .later = 7};
    CHECK_INT(pj_setup_member(0, &newer.known, &err), PJ_OK); /* what we do not know of is zero */
    CHECK_INT(newer.known.size, sizeof newer);
    CHECK_INT(newer.later, 0);
    pj_member_info older = {.size = offsetof(pj_member_info, kind), .kind = "untouched"};
    CHECK_INT(pj_setup_member(0, &older, &err), PJ_OK);
    CHECK(older.name && older.option);
    CHECK_TEXT(older.kind, "untouched");
}

static void test_set(pj_setup *setup)
{
    pj_error err;
    CHECK_INT(pj_setup_set(setup, "dim", "batch=1", &err), PJ_OK);
    CHECK_INT(pj_setup_set(setup, "weights_on", "tape", &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "wants dram, sram or fixed");
    CHECK_INT(pj_setup_set(setup, "colour", "red", &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there is no member colour");
    CHECK_INT(pj_setup_set(setup, NULL, "red", &err), PJ_EARGUMENT);
    CHECK_INT(pj_setup_set(NULL, "dim", "batch=1", &err), PJ_EARGUMENT);
    CHECK_INT(pj_setup_set(setup, "inspect-weights", "yes", &err), PJ_EARGUMENT);
    CHECK_INT(pj_setup_set(setup, "inspect_weights", NULL, &err), PJ_OK);
    CHECK(setup->inspect_weights);
    CHECK_INT(pj_setup_give(setup, NULL, &err), PJ_EARGUMENT);
    CHECK_INT(pj_setup_give(NULL, NULL, &err), PJ_EARGUMENT);
}

static void test_figures(const pj_result *result)
{
    pj_error err;
    double value, column[2], sum = 0;
    pj_figure_info info = {.size = sizeof info};
    size_t count = 0;
    for (; pj_figure_at(count, &info, &err) == PJ_OK; count++)
        CHECK_INT(pj_result_figure(result, info.name, &value, &err), PJ_OK);
    CHECK(count >= 10);
    CHECK_INT(err.status, PJ_EARGUMENT);
    CHECK_INT(pj_result_figure(result, "macs", &value, &err), PJ_OK);
    CHECK_NEAR(value, 120, 0);
    CHECK_INT(pj_result_figure(result, "params", &value, &err), PJ_OK);
    CHECK_NEAR(value, 120, 0);
    CHECK_INT(pj_result_figure(result, "param_bytes", &value, &err), PJ_OK);
    CHECK_NEAR(value, 480, 0);
    CHECK_INT(pj_result_layers(result), 2);
    CHECK_INT(pj_result_column(result, "total", column, 2, &err), PJ_OK);
    sum = column[0] + column[1];
    CHECK_INT(pj_result_figure(result, "total", &value, &err), PJ_OK);
    CHECK_NEAR(value, sum, 1e-15);
    CHECK(value > 0);
    CHECK_INT(pj_result_column(result, "total", column, 1, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there are 2 layers, not 1");
    CHECK_INT(pj_result_column(result, "peak_activation_bytes", column, 2, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_figure(result, "watts", &value, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there is no figure \"watts\" of the model");
    CHECK_INT(pj_result_figure(result, NULL, &value, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_figure(NULL, "macs", &value, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_column(NULL, "macs", column, 2, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_layers(NULL), 0);
}

static bool keep(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static void test_texts(const pj_result *result)
{
    pj_error err;
    const char *text;
    pj_str report = pj_str_new(0);
    CHECK_INT(pj_result_text(result, "model", &text, &err), PJ_OK);
    CHECK_TEXT(text, "small.onnx");
    CHECK_INT(pj_result_text(result, "table", &text, &err), PJ_OK);
    CHECK_TEXT(text, "horowitz-45nm");
    CHECK_INT(pj_result_text(result, "colour", &text, &err), PJ_EARGUMENT);
    CHECK(!text);
    CHECK_INT(pj_result_text(result, NULL, &text, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_text(NULL, "model", &text, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_layer_text(result, 0, "op", &text, &err), PJ_OK);
    CHECK_TEXT(text, "MatMul");
    CHECK_INT(pj_result_layer_text(result, 0, "weight", &text, &err), PJ_OK);
    CHECK_TEXT(text, "fp32");
    CHECK_INT(pj_result_layer_text(result, 1, "weight", &text, &err), PJ_OK);
    CHECK(!text); /* a Relu has none */
    CHECK_INT(pj_result_layer_text(result, 2, "op", &text, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there are 2 layers, so none of number 2");
    CHECK_INT(pj_result_report(result, "json", keep, &report, &err), PJ_OK);
    CHECK_PART(report.data, "\"schema\": \"picojoule.report/1\"");
    CHECK_INT(pj_result_report(result, "papyrus", keep, &report, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_report(result, NULL, keep, &report, &err), PJ_EARGUMENT);
    CHECK_INT(pj_result_report(result, "json", NULL, NULL, &err), PJ_EARGUMENT);
    pj_str_free(&report);
}

/* ---- one call ---- */

static int closed;

static void count_closed(void *payload)
{
    (void)payload;
    closed++;
}

static pj_status run_json(const pj_setup *setup, const char *request, pj_str *out, pj_error *err)
{
    size_t size;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,3");
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,3");
    pj_resource model = {.size = sizeof model, .name = "relu.onnx", .close = count_closed};
    model.bytes = build_bytes(&b, &size);
    model.length = size;
    *out = pj_str_new(0);
    closed = 0;
    pj_status status = pj_run_json(&model, setup, request, request ? strlen(request) : 0, keep, out, err);
    CHECK_INT(closed, 1);
    build_free(&b);
    return status;
}

/* Requests that are refused, whole or in one member: a status, a sentence, the resource closed, nothing written. */
static void test_bad_requests(void)
{
    static const struct {
        const char *request, *part;
        pj_status status;
    } bad[] = {
        {NULL,                                              "NULL",                      PJ_EARGUMENT},
        {"",                                                "",                          PJ_EFORMAT  },
        {"[]",                                              "",                          PJ_EFORMAT  },
        {"{\"dim\": 2}",                                    "",                          PJ_EFORMAT  },
        {"{\"dim\": [[\"batch=2\"]]}",                      "",                          PJ_EFORMAT  },
        {"{\"dim\": \"batch\"}",                            "wants NAME=N",              PJ_EARGUMENT},
        {"{\"colour\": \"red\"}",                           "there is no member colour", PJ_EARGUMENT},
        {"{\"inspect-weights\": false}",                    "left out",                  PJ_EARGUMENT},
        {"{\"inspect-weights\": \"yes\"}",                  "takes no value",            PJ_EARGUMENT},
        {"{\"table\": true}",                               "wants a value",             PJ_EARGUMENT},
        {"{\"table\": \"absent.json\"}",                    "cannot be opened",          PJ_EIO      },
        {"{\"dim\": \"batch=1\", \"format\": \"papyrus\"}", "papyrus",                   PJ_EARGUMENT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pj_error err = {0};
        pj_str text;
        CHECK_INT(run_json(NULL, bad[i].request, &text, &err), bad[i].status);
        CHECK(err.what[0] != 0 && text.length == 0);
        CHECK_PART(err.what, bad[i].part);
        pj_str_free(&text);
    }
    pj_error err;
    CHECK_INT(pj_run_json(NULL, NULL, "{}", 2, keep, NULL, &err), PJ_EARGUMENT);
}

/* The same bytes as step by step; files and what else is asked come from the setup, which does not change. */
static void test_json(void)
{
    pj_error err;
    pj_str text, csv;
    pj_setup *setup = pj_setup_new();
    static const char rules[] = "{\"schema\": \"picojoule.op-rules/1\"}";
    pj_resource file = {.size = sizeof file, .name = "mine.json", .bytes = rules, .length = sizeof rules - 1};
    CHECK_INT(run_json(NULL, "{\"dim\": [\"batch=2\"], \"weights-on\": \"sram\"}", &text, &err), PJ_OK);
    CHECK_PART(text.data, "\"batch\": 2");
    CHECK_PART(text.data, "\"sram\"");
    pj_str_free(&text);
    CHECK_INT(pj_setup_set(setup, "dim", "batch=7", &err), PJ_OK);
    CHECK_INT(pj_setup_give(setup, &file, &err), PJ_OK);
    CHECK_INT(run_json(setup, "{\"table\": \"mine.json\"}", &text, &err), PJ_EFORMAT);
    CHECK_PART(err.file, "mine.json");
    pj_str_free(&text);
    CHECK(!setup->table || strcmp(setup->table, "mine.json") != 0);
    CHECK_INT(run_json(setup, "{\"format\": \"csv\"}", &csv, &err), PJ_OK);
    CHECK_PART(csv.data, "Relu");
    pj_str_free(&csv);
    CHECK_INT(setup->dim_count, 1);
    pj_setup_free(setup);
}

/* ---- stopping ---- */

typedef struct patience {
    int asked, most; /* most 0: it goes on for ever */
    bool layers, memory, weights, search;
} patience;

static bool go_on(const char *stage, uint64_t done, uint64_t total, void *payload)
{
    patience *p = payload;
    p->layers = p->layers || strcmp(stage, "layers") == 0;
    p->memory = p->memory || strcmp(stage, "memory") == 0;
    p->weights = p->weights || strcmp(stage, "weights") == 0;
    p->search = p->search || strcmp(stage, "search") == 0;
    CHECK(total == 0 || done < total);
    return ++p->asked != p->most;
}

/* At each step in turn: the status, nothing handed out, and the session is as good as before. */
static void test_stopping(pj_session *session, pj_model *model, pj_setup *setup)
{
    pj_error err;
    pj_result *result = NULL;
    int stopped = 0;
    pj_status status = PJ_ESTOPPED;
    for (int most = 1; status == PJ_ESTOPPED && most < 1000; most++) {
        patience p = {.most = most};
        pj_setup_watch(setup, go_on, &p);
        status = pj_session_run(session, model, setup, &result, &err);
        if (status == PJ_ESTOPPED) {
            CHECK(!result);
            CHECK_INT(err.status, PJ_ESTOPPED);
            CHECK_INT(p.asked, most);
            stopped++;
        } else {
            CHECK(p.layers && p.memory && p.weights);
        }
    }
    CHECK_INT(status, PJ_OK);
    CHECK(stopped >= 3);
    CHECK(result && result->setup.watch.step == NULL);
    pj_result_free(result);
    pj_setup_watch(setup, NULL, NULL);
    pj_setup_watch(NULL, NULL, NULL);
}

static void test_stopping_plan(pj_model *model, pj_setup *setup)
{
    pj_error err;
    pj_plan_options options = {.knee = true, .time_limit = -1};
    pj_plan_result *plan = NULL;
    pj_status status = PJ_ESTOPPED;
    for (int most = 1; status == PJ_ESTOPPED && most < 1000; most++) {
        patience p = {.most = most};
        pj_setup_watch(setup, go_on, &p);
        status = pj_plan_search(model, setup, &options, &plan, &err);
        CHECK(status != PJ_ESTOPPED || !plan);
        CHECK(status != PJ_OK || p.search);
    }
    CHECK_INT(status, PJ_OK);
    pj_plan_result_free(plan);
    pj_setup_watch(setup, NULL, NULL);
}

/* NULL where something is needed: a status and a sentence, with an error or without one. */
static void test_null(pj_model *model, const pj_setup *setup)
{
    static const char bytes[] = "x";
    const pj_resource file = {.size = sizeof file, .name = "x", .bytes = bytes, .length = 1};
    pj_model *opened = NULL;
    pj_budget *budget = NULL;
    for (int told = 0; told < 2; told++) {
        pj_error err = {0}, *at = told ? &err : NULL;
        CHECK_INT(pj_model_open_resource(NULL, setup, &opened, at), PJ_EARGUMENT);
        CHECK_INT(pj_model_open_resource(&file, setup, NULL, at), PJ_EARGUMENT);
        CHECK_INT(pj_model_rebind(NULL, setup, at), PJ_EARGUMENT);
        CHECK_INT(pj_budget_open(NULL, &budget, at), PJ_EARGUMENT);
        CHECK_INT(pj_analyze(model, setup, NULL, at), PJ_EARGUMENT);
        CHECK_INT(pj_run_json(&file, setup, NULL, 0, keep, NULL, at), PJ_EARGUMENT);
        CHECK_INT(pj_run_json(&file, setup, "{}", 2, NULL, NULL, at), PJ_EARGUMENT);
        CHECK(!told || err.what[0]);
    }
    CHECK(pj_status_text((pj_status)99) != NULL);
    pj_resource path = {.size = sizeof path, .name = "/nowhere/m.onnx", .close = count_closed};
    closed = 0;
    CHECK_INT(pj_model_open_resource(&path, setup, NULL, NULL), PJ_EARGUMENT);
    CHECK_INT(closed, 1);
    CHECK_INT(pj_model_open_resource(&path, setup, &opened, NULL), PJ_EIO);
    CHECK_INT(closed, 2);
    pj_result_free(NULL);
    pj_session_free(NULL);
    pj_model_close(NULL);
    pj_budget_free(NULL);
}

int main(void)
{
    pj_error err = {0};
    pj_result *result = NULL;
    pj_setup *setup = pj_setup_new();
    pj_session *session = pj_session_new();
    test_library();
    test_members();
    test_bad_requests();
    test_json();
    if (!setup || !session)
        return 1;
    test_set(setup);
    pj_model *model = open_small(setup, &err);
    CHECK_TEXT(err.what, "");
    CHECK_INT(pj_session_run(NULL, model, setup, &result, &err), PJ_EARGUMENT);
    CHECK_INT(pj_session_run(session, NULL, setup, &result, &err), PJ_EARGUMENT);
    CHECK_INT(pj_session_run(session, model, NULL, &result, &err), PJ_EARGUMENT);
    CHECK_INT(pj_session_run(session, model, setup, NULL, &err), PJ_EARGUMENT);
    CHECK_INT(pj_session_run(session, model, setup, &result, &err), PJ_OK);
    if (!result)
        return check_done();
    test_figures(result);
    test_texts(result);
    pj_result_free(result);
    test_null(model, setup);
    test_stopping(session, model, setup);
    test_stopping_plan(model, setup);
    pj_session_free(session);
    pj_model_close(model);
    pj_setup_free(setup);
    pj_setup_free(NULL);
    return check_done();
}
