/* Budgets: limits with units, verdicts against hand calculations, baselines, and the same result on many threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "check/entry.h"
#include "picojoule/picojoule.h"
#include "quantized.h"

/* ---- numbers with units ---- */

/* The figure of a JSON value, or -1. */
static double amount(const char *json, pj_quantity quantity, bool *is_joule)
{
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    double value = -1;
    CHECK_INT(pj_json_parse(json, strlen(json), "b", &doc, &err), PJ_OK);
    if (doc && pj_budget_amount(pj_json_root(doc), quantity, &value, is_joule, &err) != PJ_OK) {
        CHECK_INT(err.status, PJ_EFORMAT);
        CHECK_PART(err.file, "b: $");
        value = -1;
    }
    pj_json_free(doc);
    return value;
}

static void test_amounts(void)
{
    static const struct {
        const char *json;
        pj_quantity quantity;
        double value;
    } rows[] = {
        {"\"2.5mJ\"",   PJ_QUANTITY_ENERGY, 2.5e9  },
        {"\"40uJ\"",    PJ_QUANTITY_ENERGY, 4e7    },
        {"\"1.2e6pJ\"", PJ_QUANTITY_ENERGY, 1.2e6  },
        {"\"3 nJ\"",    PJ_QUANTITY_ENERGY, 3000   },
        {"\"0J\"",      PJ_QUANTITY_ENERGY, 0      },
        {"17",          PJ_QUANTITY_ENERGY, 17     },
        {"\"2.5mj\"",   PJ_QUANTITY_ENERGY, -1     },
        {"\"-1J\"",     PJ_QUANTITY_ENERGY, -1     },
        {"\"NaN\"",     PJ_QUANTITY_ENERGY, -1     },
        {"\"nanJ\"",    PJ_QUANTITY_ENERGY, -1     },
        {"\"mJ\"",      PJ_QUANTITY_ENERGY, -1     },
        {"\"2.mJ\"",    PJ_QUANTITY_ENERGY, -1     },
        {"\"1e999J\"",  PJ_QUANTITY_ENERGY, -1     },
        {"\"1,5mJ\"",   PJ_QUANTITY_ENERGY, -1     },
        {"\"0x10J\"",   PJ_QUANTITY_ENERGY, -1     },
        {"-1",          PJ_QUANTITY_ENERGY, -1     },
        {"true",        PJ_QUANTITY_ENERGY, -1     },
        {"null",        PJ_QUANTITY_COUNT,  -1     },
        {"\"12.5M\"",   PJ_QUANTITY_COUNT,  12.5e6 },
        {"12500000",    PJ_QUANTITY_COUNT,  12.5e6 },
        {"\"12\"",      PJ_QUANTITY_COUNT,  12     },
        {"\"12KiB\"",   PJ_QUANTITY_COUNT,  -1     },
        {"\"1MiB\"",    PJ_QUANTITY_BYTES,  1048576},
        {"\"1MB\"",     PJ_QUANTITY_BYTES,  1e6    },
        {"\"1.5KiB\"",  PJ_QUANTITY_BYTES,  1536   },
        {"\"1 uJ\"",    PJ_QUANTITY_BYTES,  -1     },
        {"\"1.5ms\"",   PJ_QUANTITY_TIME,   1500   },
        {"\"2ns\"",     PJ_QUANTITY_TIME,   0.002  },
        {"3",           PJ_QUANTITY_TIME,   -1     },
        {"\"25%\"",     PJ_QUANTITY_SHARE,  0.25   },
        {"\"12.5 %\"",  PJ_QUANTITY_SHARE,  0.125  },
        {"0.25",        PJ_QUANTITY_SHARE,  -1     },
    };
    bool is_joule;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double got = amount(rows[i].json, rows[i].quantity, &is_joule);
        if (rows[i].value < 0)
            CHECK_TEXT(got < 0 ? rows[i].json : "accepted", rows[i].json);
        else
            CHECK_NEAR(got, rows[i].value, 1e-15);
    }
    CHECK_NEAR(amount("\"57%\"", PJ_QUANTITY_SHARE, &is_joule), 57.0 / 100, 0); /* of 100 layers, 57 */
    amount("\"1J\"", PJ_QUANTITY_ENERGY, &is_joule);
    CHECK(is_joule);
    amount("1", PJ_QUANTITY_ENERGY, &is_joule);
    CHECK(!is_joule);
}

/* ---- files ---- */

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", folder, name);
    return path[at];
}

static void put_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* x [1,N] -> MatMul -> Relu -> MatMul -> y [1,2]; weights 10 x hidden and hidden x 2 of float32. */
static void put_network(const char *name, const char *hidden, const char *first)
{
    builder b = build_new(17);
    char up[32], down[32];
    size_t size;
    snprintf(up, sizeof up, "10,%s", hidden);
    snprintf(down, sizeof down, "%s,2", hidden);
    build_input(&b, "x", PJ_FLOAT32, "1,10");
    build_initializer(&b, "w1", PJ_FLOAT32, up);
    build_initializer(&b, "w2", PJ_FLOAT32, down);
    put_node(&b, first, "MatMul", "x,w1", "a");
    put_node(&b, "relu", "Relu", "a", "r");
    put_node(&b, "second", "MatMul", "r,w2", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,2");
    uint8_t *bytes = build_bytes(&b, &size);
    put_file(name, bytes, size);
    build_free(&b);
}

/* ---- checks ---- */

typedef struct checked {
    pj_budget *budget;
    pj_check *check;
    pj_error err;
} checked;

static checked check_file(const char *text, size_t jobs)
{
    checked c;
    const pj_check_options options = {.jobs = jobs};
    memset(&c, 0, sizeof c);
    put_text("budget.json", text);
    if (pj_budget_read(in_folder("budget.json"), &c.budget, &c.err) == PJ_OK)
        CHECK_INT(pj_budget_check(c.budget, &options, &c.check, &c.err), PJ_OK);
    return c;
}

static void checked_free(checked *c)
{
    pj_check_free(c->check);
    pj_budget_free(c->budget);
}

static const pj_check_verdict *verdict_of(const checked *c, pj_rule_kind kind, const char *metric)
{
    static const pj_check_verdict none;
    for (size_t i = 0; c->check && i < c->check->models[0].verdict_count; i++)
        if (c->check->models[0].verdicts[i].kind == kind && strcmp(c->check->models[0].verdicts[i].metric, metric) == 0)
            return &c->check->models[0].verdicts[i];
    CHECK_TEXT("no such verdict", metric);
    return &none;
}

/* 10*5 + 5*2 = 60 MACs, 60 weights of 4 bytes = 240 bytes; at `first` x 40 + a 20 = 60 bytes, at `second` r 20 + y 8.
 */
static void test_limits(void)
{
    put_network("n.onnx", "5", "first");
    checked c = check_file("{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"n.onnx\", \"limits\": {\n"
                           "\"macs\": 59, \"param_bytes\": \"240B\", \"peak_activation_bytes\": 59, \"params\": 61,\n"
                           "\"layers\": [{\"match\": \"*s*\", \"macs\": 49}, {\"match\": \"second\", \"macs\": 10}],\n"
                           "\"total\": \"1J\", \"layer_share\": \"100%\", \"coverage\": \"100%\"},\n"
                           "\"forbid\": {\"formats\": [\"float\"], \"findings\": [\"unknown-operator\"]}}]}",
                           1);
    CHECK_INT(c.check->failed, 1);
    const pj_check_verdict *v = verdict_of(&c, PJ_RULE_TOTAL, "macs");
    CHECK(v->exceeded);
    CHECK_NEAR(v->value, 60, 0);
    CHECK_NEAR(v->allowed, 59, 0);
    CHECK_INT(v->line, 2);
    CHECK_TEXT(v->path, "$.models[0].limits.macs");
    CHECK_INT(v->top_count, 2);
    CHECK_TEXT(v->top[0].name, "first");
    CHECK_NEAR(v->top[0].value, 50, 0);
    CHECK_TEXT(v->top[1].name, "second");
    v = verdict_of(&c, PJ_RULE_TOTAL, "param_bytes");
    CHECK(!v->exceeded);
    CHECK_NEAR(v->value, 240, 0);
    v = verdict_of(&c, PJ_RULE_TOTAL, "peak_activation_bytes");
    CHECK(v->exceeded);
    CHECK_NEAR(v->value, 60, 0);
    CHECK_TEXT(v->layer, "first");
    CHECK_TEXT(v->top[0].name, "x");
    CHECK(!verdict_of(&c, PJ_RULE_TOTAL, "params")->exceeded);
    CHECK(!verdict_of(&c, PJ_RULE_TOTAL, "total")->exceeded);
    v = verdict_of(&c, PJ_RULE_LAYER, "macs"); /* "first" and "second": 50 and 10 */
    CHECK(v->exceeded);
    CHECK_INT(v->matched, 2);
    CHECK_INT(v->count, 1);
    CHECK_TEXT(v->layer, "first");
    CHECK(!(v + 1)->exceeded);
    CHECK(!verdict_of(&c, PJ_RULE_LAYER_SHARE, "share")->exceeded);
    CHECK(!verdict_of(&c, PJ_RULE_COVERAGE, "coverage")->exceeded);
    v = verdict_of(&c, PJ_RULE_FORMAT, "formats");
    CHECK(v->exceeded);
    CHECK_INT(v->count, 2);
    CHECK(!verdict_of(&c, PJ_RULE_FINDING, "findings")->exceeded);
    CHECK_INT(c.check->exceeded, 4);
    checked_free(&c);
}

/* A node that nobody can count: the check asks for all layers where the budget does not speak of it. */
static void test_coverage(void)
{
    builder b = build_new(17);
    size_t size;
    build_input(&b, "x", PJ_FLOAT32, "1,10");
    build_node(&b, "Mystery", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,10");
    uint8_t *bytes = build_bytes(&b, &size);
    put_file("m.onnx", bytes, size);
    build_free(&b);
    checked c = check_file("{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"m.onnx\", \"limits\": "
                           "{\"total\": \"1J\"}, \"forbid\": {\"findings\": [\"unknown-operator\"]}}]}",
                           1);
    CHECK_INT(c.check->failed, 1);
    CHECK(verdict_of(&c, PJ_RULE_COVERAGE, "coverage")->exceeded);
    CHECK_NEAR(verdict_of(&c, PJ_RULE_COVERAGE, "coverage")->value, 0, 0);
    CHECK(verdict_of(&c, PJ_RULE_FINDING, "findings")->exceeded);
    checked_free(&c);
    c = check_file("{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"m.onnx\", \"limits\": "
                   "{\"total\": \"1J\", \"coverage\": \"0%\"}}]}",
                   1);
    CHECK_INT(c.check->passed, 1);
    checked_free(&c);
}

/* How many numbers NonZero finds is not known before the run: whether the model fits is not known, either. */
static void test_unknown_memory(void)
{
    builder b = build_new(17);
    size_t size;
    build_input(&b, "x", PJ_FLOAT32, "1,10");
    put_node(&b, "find", "NonZero", "x", "y");
    build_output(&b, "y", PJ_INT64, "");
    uint8_t *bytes = build_bytes(&b, &size);
    put_file("n.onnx", bytes, size);
    build_free(&b);
    checked c = check_file("{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"n.onnx\", \"limits\": "
                           "{\"devices\": {\"a100\": {\"fits\": true}}}}]}",
                           1);
    const pj_check_verdict *v = verdict_of(&c, PJ_RULE_DEVICE, PJ_METRIC_FITS);
    CHECK(v->is_unknown);
    CHECK(v->exceeded);
    checked_free(&c);
}

static bool write_file(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length;
}

static void save_baseline(const checked *c)
{
    pj_error err = {0};
    FILE *file = fopen(pj_budget_baseline(c->budget, 0), "wb");
    CHECK(file != NULL);
    CHECK_INT(pj_budget_baseline_write(c->budget, 0, write_file, file, &err), PJ_OK);
    fclose(file);
}

static const char with_baseline[] =
    "{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"n.onnx\", \"baseline\": {\"report\": \"b.json\", "
    "\"tolerance\": {\"macs\": \"10%\", \"layer\": \"10%\"}}}]}";

/* 60 MACs; 5 -> 6 hidden units make 72: 20 % more, over 10 %; 4 make 48: 20 % less. A renamed layer is the same one. */
static void test_baseline(void)
{
    put_network("n.onnx", "5", "first");
    checked c = check_file(with_baseline, 1);
    CHECK_INT(c.check->broken, 1); /* there is no baseline yet */
    CHECK_INT(c.check->models[0].error.status, PJ_EIO);
    save_baseline(&c);
    checked_free(&c);

    c = check_file(with_baseline, 1);
    CHECK_INT(c.check->passed, 1);
    CHECK_INT(c.check->improved, 0);
    checked_free(&c);

    put_network("n.onnx", "6", "first");
    c = check_file(with_baseline, 1);
    const pj_check_verdict *v = verdict_of(&c, PJ_RULE_BASELINE, "macs");
    CHECK(v->exceeded);
    CHECK_NEAR(v->value, 72, 0);
    CHECK_NEAR(v->baseline, 60, 0);
    CHECK_NEAR(v->allowed, 66, 1e-15);
    CHECK_TEXT(v->top[0].name, "first"); /* 50 -> 60, the other one 10 -> 12 */
    CHECK_NEAR(v->top[0].baseline, 50, 0);
    CHECK(verdict_of(&c, PJ_RULE_BASELINE_LAYER, "total")->exceeded);
    checked_free(&c);

    put_network("n.onnx", "4", "first");
    c = check_file(with_baseline, 1);
    CHECK_INT(c.check->passed, 1);
    CHECK_INT(c.check->improved, 1);
    CHECK(verdict_of(&c, PJ_RULE_BASELINE, "macs")->improved);
    checked_free(&c);

    put_network("n.onnx", "5", "renamed");
    c = check_file(with_baseline, 1);
    CHECK_INT(c.check->passed, 1);
    CHECK_INT(verdict_of(&c, PJ_RULE_BASELINE_LAYER, "total")->matched, 3);
    checked_free(&c);
}

static void test_other_basis(void)
{
    checked c =
        check_file("{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"n.onnx\", \"table\": "
                   "\"jouppi-7nm\", \"baseline\": {\"report\": \"b.json\", \"tolerance\": {\"macs\": \"10%\"}}}]}",
                   1);
    CHECK_INT(c.check->broken, 1);
    CHECK_PART(c.check->models[0].error.what, "table horowitz-45nm, now jouppi-7nm");
    CHECK_PART(c.check->models[0].error.file, "budget.json: $.models[0].baseline.report");
    checked_free(&c);
}

/* ---- many models ---- */

static bool add_text(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static pj_str json_of(const char *budget, size_t jobs)
{
    pj_str out = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    checked c = check_file(budget, jobs);
    options.format = "json";
    CHECK_INT(pj_check_write(c.check, &options, add_text, &out, &c.err), PJ_OK);
    checked_free(&c);
    return out;
}

typedef struct turns {
    char order[1024];
    size_t used;
} turns;

static pj_status note_turn(const pj_check_model *model, const pj_result *result, void *payload, pj_error *err)
{
    turns *t = payload;
    (void)err;
    CHECK(result->totals.macs > 0);
    t->used += (size_t)snprintf(t->order + t->used, sizeof t->order - t->used, "%s ", model->name);
    return PJ_OK;
}

/* The same bytes whatever runs beside what, and models are handed on in the order of the file. */
static void test_threads(void)
{
    enum { MODELS = 24 };
    pj_str budget = pj_str_new(0), want = pj_str_new(0);
    pj_str_add(&budget, "{\"schema\": \"picojoule.budget/1\", \"models\": [");
    for (int i = 0; i < MODELS; i++) {
        pj_str_printf(&budget, "%s{\"model\": \"%s\", \"name\": \"m%d\", \"limits\": {\"macs\": %d}}", i ? ", " : "",
                      i % 7 == 3 ? "absent.onnx" : "n.onnx", i, i % 2 ? 59 : 61);
        if (i % 7 != 3)
            pj_str_printf(&want, "m%d ", i);
    }
    pj_str_add(&budget, "]}");
    put_network("n.onnx", "5", "first");
    pj_str one = json_of(budget.data, 1), many = json_of(budget.data, 8);
    CHECK_TEXT(many.data, one.data);
    turns t = {.used = 0};
    pj_error err = {0};
    pj_budget *read = NULL;
    pj_check *check = NULL;
    const pj_check_options options = {.jobs = 8, .analysed = note_turn, .payload = &t};
    CHECK_INT(pj_budget_read(in_folder("budget.json"), &read, &err), PJ_OK);
    CHECK_INT(pj_budget_check(read, &options, &check, &err), PJ_OK);
    CHECK_TEXT(t.order, want.data);
    CHECK_INT(check->broken, 3); /* 3, 10, 17 */
    pj_check_free(check);
    pj_budget_free(read);
    pj_str_free(&one);
    pj_str_free(&many);
    pj_str_free(&want);
    pj_str_free(&budget);
}

/* One model more than a budget may have, and one glob more. */
static void test_caps(void)
{
    enum { GLOBS = 4096 };
    pj_error err = {0};
    pj_budget *read = NULL;
    for (int over = 0; over < 2; over++) {
        pj_str models = pj_str_new(0), globs = pj_str_new(0);
        pj_str_add(&models, "{\"schema\": \"picojoule.budget/1\", \"models\": [");
        for (int i = 0; i < PJ_MAX_BUDGET_MODELS + over; i++)
            pj_str_printf(&models, "%s{\"model\": \"m\", \"limits\": {\"macs\": 1}}", i ? "," : "");
        pj_str_add(&models, "]}");
        CHECK_INT(pj_budget_parse(models.data, models.length, "b", &read, &err), over ? PJ_ELIMIT : PJ_OK);
        pj_budget_free(read);
        pj_str_add(&globs, "{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"m\", \"limits\": "
                           "{\"layers\": [");
        for (int i = 0; i < GLOBS + over; i++)
            pj_str_printf(&globs, "%s{\"match\": \"*\", \"macs\": 1}", i ? "," : "");
        pj_str_add(&globs, "]}}]}");
        CHECK_INT(pj_budget_parse(globs.data, globs.length, "b", &read, &err), over ? PJ_ELIMIT : PJ_OK);
        pj_budget_free(read);
        pj_str_free(&models);
        pj_str_free(&globs);
    }
}

/* ---- first budgets ---- */

static void test_draft(void)
{
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    const char *models[] = {in_folder("n.onnx")};
    const pj_setup setup = pj_setup_default();
    pj_budget_draft draft = {.models = models, .model_count = 1, .margin = 0.1};
    CHECK_INT(pj_budget_write(&draft, &setup, add_text, &out, &err), PJ_OK);
    CHECK_PART(out.data, "\"macs\": \"66\"");          /* 60 * 1.1 */
    CHECK_PART(out.data, "\"param_bytes\": \"264B\""); /* 240 * 1.1 */
    CHECK_PART(out.data, "\"peak_activation_bytes\": \"66B\"");
    CHECK_PART(out.data, "\"coverage\": \"100%\"");
    checked c = check_file(out.data, 1);
    CHECK_INT(c.check->passed, 1);
    checked_free(&c);
    CHECK_PART(out.data, "\"defaults\": {\"margin\": \"10%\"}");
    draft.margin = HUGE_VAL;
    CHECK_INT(pj_budget_write(&draft, &setup, add_text, &out, &err), PJ_EARGUMENT);
    pj_str_free(&out);
}

/* More models in a budget that is there: the rest of it stays, and its margin holds. */
static void test_more_models(void)
{
    static const char head[] =
        "{\"schema\": \"picojoule.budget/1\", \"defaults\": {\"margin\": \"50%\"},\n"
        "  \"models\":  [ {\"model\": \"n.onnx\", \"//\": \"mine\", \"limits\": {\"macs\":   60}}",
                      tail[] = " ] }";
    pj_error err = {0};
    pj_budget *there = NULL;
    pj_str out = pj_str_new(0), text = pj_str_new(0);
    put_network("m.onnx", "6", "first");
    pj_str_printf(&text, "%s%s", head, tail);
    put_text("budget.json", text.data);
    CHECK_INT(pj_budget_read(in_folder("budget.json"), &there, &err), PJ_OK);
    const char *models[] = {in_folder("m.onnx"), in_folder("n.onnx")};
    const char *file = in_folder("budget.json");
    const pj_setup setup = pj_setup_default();
    pj_budget_draft draft = {.models = models, .model_count = 2, .file = file, .margin = -1, .budget = there};
    CHECK_INT(pj_budget_write(&draft, &setup, add_text, &out, &err), PJ_OK);
    CHECK(strncmp(out.data, head, sizeof head - 1) == 0);
    CHECK_TEXT(out.data + out.length - (sizeof tail - 1), tail);
    CHECK_PART(out.data, "\"macs\": \"108\""); /* (10*6 + 6*2) * 1.5 */
    pj_str_clear(&text);
    draft.models = &models[1];
    draft.model_count = 1;
    CHECK_INT(pj_budget_write(&draft, &setup, add_text, &text, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "--update");
    pj_budget_free(there);
    put_text("budget.json", out.data);
    CHECK_INT(pj_budget_read(in_folder("budget.json"), &there, &err), PJ_OK);
    CHECK_INT(pj_budget_models(there), 2);
    pj_budget_free(there);
    pj_str_free(&out);
    pj_str_free(&text);
}

/* ---- what stands for all models ---- */

static void test_defaults(void)
{
    put_network("n.onnx", "5", "first");
    put_network("m.onnx", "6", "first");
    checked c = check_file("{\"schema\": \"picojoule.budget/1\",\n"
                           "\"defaults\": {\"dims\": {\"batch\": 1}, \"limits\": {\"macs\": 61, \"params\": 60, "
                           "\"layers\": [{\"match\": \"none\", \"macs\": 1}]}, \"fixed\": [\"params\"]},\n"
                           "\"models\": [{\"model\": \"n.onnx\", \"limits\": {\"macs\": 59}},\n"
                           "{\"model\": \"[m-n].onnx\"}, {\"model\": \"z*.onnx\"}]}",
                           1);
    CHECK_INT(c.check->model_count, 3); /* n has an entry of its own, so the pattern stands for m alone */
    CHECK_TEXT(c.check->models[1].name, "m.onnx");
    const pj_check_verdict *v = verdict_of(&c, PJ_RULE_TOTAL, "macs");
    CHECK(v->exceeded && !v->is_fixed);
    CHECK_NEAR(v->allowed, 59, 0); /* its own */
    CHECK_INT(v->line, 3);
    v = verdict_of(&c, PJ_RULE_TOTAL, "params");
    CHECK(!v->exceeded && v->is_fixed);
    CHECK_TEXT(v->path, "$.defaults.limits.params");
    CHECK_INT(c.check->models[1].exceeded, 2); /* 72 MACs and weights */
    CHECK_INT(c.check->models[1].verdict_count, 3);
    CHECK(!c.check->models[1].verdicts[2].error); /* the default for layers that it has not */
    CHECK_INT(c.check->models[2].outcome, PJ_BROKEN);
    CHECK_PART(c.check->models[2].error.what, "no file matches");
    checked_free(&c);
}

/* Against the model as it was: 60 MACs then, 72 now. */
static void test_against(void)
{
    static const char text[] = "{\"schema\": \"picojoule.budget/1\", \"defaults\": {\"margin\": \"1%\"}, \"models\": "
                               "[{\"model\": \"n.onnx\", \"limits\": {\"macs\": 100}}]}";
    char old[128];
    checked c = {0};
    snprintf(old, sizeof old, "%s", in_folder("m.onnx"));
    pj_check_options options = {.jobs = 1, .against = old};
    put_network("m.onnx", "5", "first");
    put_network("n.onnx", "6", "second");
    put_text("budget.json", text);
    CHECK_INT(pj_budget_read(in_folder("budget.json"), &c.budget, &c.err), PJ_OK);
    CHECK_INT(pj_budget_check(c.budget, &options, &c.check, &c.err), PJ_OK);
    const pj_check_verdict *v = verdict_of(&c, PJ_RULE_BASELINE, "total");
    CHECK(v->exceeded && v->value > v->baseline);
    CHECK_NEAR(v->tolerance, 0.01, 0);
    CHECK(verdict_of(&c, PJ_RULE_BASELINE_LAYER, "total")->exceeded);
    CHECK(!verdict_of(&c, PJ_RULE_TOTAL, "macs")->exceeded);
    CHECK_TEXT(c.check->models[0].before, old);
    pj_check_free(c.check);
    options.against = folder; /* where it is the same */
    CHECK_INT(pj_budget_check(c.budget, &options, &c.check, &c.err), PJ_OK);
    CHECK_INT(c.check->passed, 1);
    CHECK(!verdict_of(&c, PJ_RULE_BASELINE, "total")->exceeded);
    pj_check_free(c.check);
    options.against = "/nowhere";
    CHECK_INT(pj_budget_check(c.budget, &options, &c.check, &c.err), PJ_OK);
    CHECK(c.check->models[0].is_new);
    CHECK_INT(c.check->models[0].verdict_count, 1);
    checked_free(&c);
}

/* ---- renewing ---- */

static pj_renewal *renewed(checked *c, const char *text, double margin)
{
    pj_renewal *out = NULL;
    *c = check_file(text, 1);
    CHECK_INT(pj_budget_renew(c->budget, c->check, margin, &out, &c->err), PJ_OK);
    return out;
}

static void done(checked *c, pj_renewal *r)
{
    pj_renewal_free(r);
    checked_free(c);
}

#define BUDGET(defaults, limits)                                                                                \
    "{\"schema\": \"picojoule.budget/1\", \"defaults\": {" defaults "},\n \"models\": [{\"model\": \"n.onnx\"," \
    " \"limits\":\n  {" limits "}}]}"

/* 60 MACs, 240 bytes of weights; 5 % more are 63 and 252. */
static void test_renewal(void)
{
    checked c;
    put_network("n.onnx", "5", "first");
    pj_renewal *r = renewed(&c, BUDGET("", "\"macs\":  50 , \"param_bytes\": \"1KiB\""), -1);
    CHECK_TEXT(r->text, BUDGET("", "\"macs\":  63 , \"param_bytes\": \"1KiB\"")); /* what was kept was agreed upon */
    CHECK_INT(r->limit_count, 1);
    CHECK_TEXT(r->limits[0].before, "50");
    CHECK_TEXT(r->limits[0].after, "63");
    CHECK_INT(r->limits[0].line, 3);
    done(&c, r);
    r = renewed(&c, BUDGET("", "\"macs\":  50 , \"param_bytes\": \"1KiB\""), 0.1);
    CHECK_TEXT(r->text, BUDGET("", "\"macs\":  66 , \"param_bytes\": \"264B\""));
    done(&c, r);
    r = renewed(&c, BUDGET("\"margin\": \"5%\"", "\"macs\": \"50\", \"param_bytes\": \"1KiB\""), -1);
    CHECK_TEXT(r->text, BUDGET("\"margin\": \"5%\"", "\"macs\": \"63\", \"param_bytes\": \"252B\""));
    done(&c, r);
    r = renewed(&c, BUDGET("\"fixed\": true", "\"macs\": 50, \"layers\": [{\"match\": \"*\", \"macs\": 10}]"), -1);
    CHECK_INT(r->limit_count, 0);
    done(&c, r);
    r = renewed(&c, BUDGET("", "\"layer_share\": \"1%\", \"layers\": [{\"match\": \"*\", \"macs\": 10}]"), 0);
    CHECK_PART(r->text, "\"match\": \"*\", \"macs\": 50}"); /* the larger of both layers */
    CHECK_INT(r->limit_count, 2);
    done(&c, r);
    r = renewed(&c, "\xef\xbb\xbf" BUDGET("", "\"macs\":  50 "), 0.1); /* a byte order mark moves nothing */
    CHECK_TEXT(r->text, "\xef\xbb\xbf" BUDGET("", "\"macs\":  66 "));
    done(&c, r);
}

/* One limit for two models of 60 and 72 MACs: it suits both, and one that is not checked is not forgotten. */
static void test_shared_renewal(void)
{
    static const char text[] = "{\"schema\": \"picojoule.budget/1\", \"defaults\": {\"margin\": \"0%\"}, \"models\": "
                               "[{\"model\": \"[mn].onnx\", \"limits\": {\"macs\": 71}}]}";
    static const char *const only[] = {"n.onnx"};
    checked c;
    put_network("n.onnx", "5", "first");
    put_network("m.onnx", "6", "first");
    pj_renewal *r = renewed(&c, text, -1);
    CHECK_PART(r->text, "\"macs\": 72}");
    done(&c, r);
    put_text("budget.json", text);
    CHECK_INT(pj_budget_read(in_folder("budget.json"), &c.budget, &c.err), PJ_OK);
    CHECK_INT(pj_budget_select(c.budget, only, 1, &c.err), PJ_OK);
    CHECK_INT(pj_budget_models(c.budget), 1);
    CHECK_INT(pj_budget_check(c.budget, NULL, &c.check, &c.err), PJ_OK);
    CHECK_INT(pj_budget_renew(c.budget, c.check, -1, &r, &c.err), PJ_OK);
    CHECK_INT(r->limit_count, 0);
    done(&c, r);
}

/* Figures are never below what they allow, and whole where they count. */
static void test_limit_texts(void)
{
    static const struct {
        double value;
        pj_quantity quantity;
        bool plain;
        const char *text;
    } rows[] = {
        {0,         PJ_QUANTITY_ENERGY, false, "0pJ"    },
        {12345,     PJ_QUANTITY_ENERGY, false, "12.35nJ"},
        {1,         PJ_QUANTITY_ENERGY, false, "1pJ"    },
        {16.8,      PJ_QUANTITY_BYTES,  false, "17B"    },
        {1024,      PJ_QUANTITY_BYTES,  false, "1KiB"   },
        {12500000,  PJ_QUANTITY_COUNT,  false, "12.5M"  },
        {62.4,      PJ_QUANTITY_COUNT,  false, "63"     },
        {123456,    PJ_QUANTITY_COUNT,  true,  "123500" },
        {1500,      PJ_QUANTITY_TIME,   false, "1.5ms"  },
        {0.28,      PJ_QUANTITY_SHARE,  false, "28%"    },
        {0.1234567, PJ_QUANTITY_SHARE,  false, "12.35%" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_str text = pj_str_new(0);
        pj_limit_print(rows[i].value, rows[i].quantity, rows[i].plain, &text);
        CHECK_TEXT(text.data, rows[i].text);
        pj_str_free(&text);
    }
}

int main(void)
{
    static const char *const files[] = {"n.onnx", "m.onnx", "b.json", "budget.json"};
    snprintf(folder, sizeof folder, "/tmp/picojoule-budget-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    test_amounts();
    test_limits();
    test_coverage();
    test_unknown_memory();
    test_baseline();
    test_other_basis();
    test_threads();
    test_caps();
    test_draft();
    test_more_models();
    test_defaults();
    test_against();
    test_renewal();
    test_shared_renewal();
    test_limit_texts();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        remove(in_folder(files[i]));
    rmdir(folder);
    return check_done();
}
