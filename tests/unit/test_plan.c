/* The planner on models: groups, noise, totals against whole analyses, complete enumeration, what it hands over, what
 * it refuses. Models of the project are read from ../models. */
#include "picojoule/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "check.h"
#include "cost/table.h"
#include "infer/infer.h"
#include "load/load.h"
#include "model.h"
#include "plan/candidates.h"

/* ---- helpers ---- */

/* Through a file: weights of models in memory are not looked at. */
static char model_path[] = "/tmp/picojoule-plan-model-XXXXXX", plan_path[] = "/tmp/picojoule-plan-XXXXXX";

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
}

static pj_model *open_built(builder *b)
{
    size_t size;
    uint8_t *bytes = build_bytes(b, &size);
    pj_model *model = NULL;
    pj_error err = {0};
    write_file(model_path, bytes, size);
    CHECK_INT(pj_model_open(model_path, NULL, &model, &err), PJ_OK);
    build_free(b);
    return model;
}

static pj_model *open_sample(const char *name)
{
    char path[200];
    pj_model *model = NULL;
    pj_error err = {0};
    const pj_setup options = {.unbound_dims_are_one = true};
    snprintf(path, sizeof path, "../models/%s.onnx", name);
    CHECK_INT(pj_model_open(path, &options, &model, &err), PJ_OK);
    return model;
}

/* Any operator in any of these, whatever a runtime has. */
static const char *const any_choice[] = {"fp16", "w8a16", "int8", "w4a16", "w4a8", "int4"};

static pj_plan_options energy_budget(pj_plan_budget *budget, double share)
{
    *budget = (pj_plan_budget){PJ_PLAN_ENERGY, share, true};
    return (pj_plan_options){
        .budgets = budget, .budget_count = 1, .time_limit = -1, .choices = any_choice, .choice_count = 6};
}

static pj_plan_result *search(pj_model *model, const pj_plan_options *options)
{
    const pj_setup settings = pj_setup_default();
    pj_plan_result *result = NULL;
    pj_error err = {0};
    if (pj_plan_search(model, &settings, options, &result, &err) != PJ_OK)
        printf("%s %s: %s\n", err.file, err.node, err.what);
    CHECK(result != NULL);
    return result;
}

static void refuses(pj_model *model, const pj_plan_options *options, pj_status status, const char *part)
{
    const pj_setup settings = pj_setup_default();
    pj_plan_result *result = NULL;
    pj_error err = {0};
    CHECK_INT(pj_plan_search(model, &settings, options, &result, &err), status);
    CHECK(result == NULL);
    CHECK_PART(err.what, part);
    pj_plan_result_free(result);
}

static bool keep_text(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static float pattern(size_t i, float scale)
{
    return scale * ((float)(i * 37 % 101) - 50) / 50;
}

/* A floats initializer whose values are `scale` times a fixed pattern. */
static void build_floats(builder *b, const char *name, const char *dims, size_t count, float scale)
{
    float values[4096];
    for (size_t i = 0; i < count; i++)
        values[i] = pattern(i, scale);
    build_raw(b, build_initializer(b, name, PJ_FLOAT32, dims), values, count * sizeof *values);
}

/* x -> Conv c1 -> Relu r -> Conv c2 -> Add (c2, r) -> y, all of 4 channels. */
static pj_model *make_residual(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,4,16,16");
    build_floats(&b, "w1", "4,4,1,1", 16, 1);
    build_floats(&b, "w2", "4,4,1,1", 16, 2);
    build_node(&b, "Conv", "x,w1", "c1")->name = build_strdup(&b, "first");
    build_node(&b, "Relu", "c1", "r")->name = build_strdup(&b, "relu");
    build_node(&b, "Conv", "r,w2", "c2")->name = build_strdup(&b, "second");
    build_node(&b, "Add", "c2,r", "y")->name = build_strdup(&b, "add");
    build_output(&b, "y", PJ_FLOAT32, "1,4,16,16");
    return open_built(&b);
}

/* Three matrix products in a row, of different sizes. */
static pj_model *make_chain(float poison)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "8,16");
    build_floats(&b, "w1", "16,64", 1024, 1);
    build_floats(&b, "w2", "64,32", 2048, poison);
    build_floats(&b, "w3", "32,8", 256, 3);
    build_node(&b, "MatMul", "x,w1", "a")->name = build_strdup(&b, "one");
    build_node(&b, "MatMul", "a,w2", "b")->name = build_strdup(&b, "two");
    build_node(&b, "MatMul", "b,w3", "y")->name = build_strdup(&b, "three");
    build_output(&b, "y", PJ_FLOAT32, "8,8");
    return open_built(&b);
}

/* ---- noise ---- */

/* int8 of a tensor that reaches to four sigma: 16 / (3 * 65536). fp16 has 11 significant bits: 0.18 / 2^22. A range of
 * -1..3 in 8 bits: step 4 / 255; even spread over it has a mean square of (1 - 3 + 9) / 3. */
static void noise_of_formats(void)
{
    pj_number int8 = pj_number_fixed(8, 7, true), fp16 = pj_number_float(16, PJ_FLOAT_PLAIN);
    const pj_range range = {-1, 3, 0}, known = {-1, 3, 2}, nothing = {0, 0, 0};
    double step = 4.0 / 255;
    CHECK_NEAR(pj_format_noise(&int8, NULL), 16.0 / 3 / 65536, 1e-15);
    CHECK_NEAR(pj_format_noise(&fp16, NULL), 0.18 / 4194304, 1e-15);
    CHECK_NEAR(pj_format_noise(&int8, &range), step * step / 12 / (7.0 / 3), 1e-15);
    CHECK_NEAR(pj_format_noise(&int8, &known), step * step / 12 / 4, 1e-15);
    CHECK(pj_format_noise(&int8, &nothing) == 0);
}

static pj_plan_result *search_int8(pj_model *model, const char *sensitivity, const char *calibration)
{
    static const pj_plan_pin pins[] = {
        {"*", "int8"}
    };
    static const char *const choices[] = {"int8"};
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 1);
    options.pins = pins;
    options.pin_count = 1;
    options.choices = choices;
    options.choice_count = 1;
    options.sensitivity = sensitivity;
    options.calibration = calibration;
    return search(model, &options);
}

/* ---- groups ---- */

/* x is a group of its own; c1, r and c2 are one (Relu keeps, Add has one type), which "second" and "add" read. In int8
 * it rounds two tensors: c1, of which r is the same numbers, and c2. The plan pins everything to int8, so the noise of
 * activations is that of three tensors. */
static void groups_hang_together(void)
{
    pj_model *model = make_residual();
    pj_plan_result *result = search_int8(model, NULL, NULL);
    double weights = 0;
    CHECK_INT(result->layer_count, 4);
    CHECK_INT(result->layers[0].group, 0);
    for (size_t i = 1; i < 4; i++)
        CHECK_INT(result->layers[i].group, 1);
    for (size_t i = 0; i < 4; i++) {
        CHECK_TEXT(result->layers[i].activations, "int8");
        weights += result->layers[i].noise;
    }
    CHECK(result->layers[0].weights && !result->layers[1].weights);
    CHECK_NEAR(result->then.noise - weights, 3 * 16.0 / 3 / 65536, 1e-9);
    CHECK(weights > 0);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* Columns of a matrix are its output channels: a scale of max / 127 for each, rounding to nearest even. */
static double rounded_columns(size_t rows, size_t columns, float scale)
{
    double noise = 0, signal = 0;
    for (size_t c = 0; c < columns; c++) {
        double most = 0;
        for (size_t r = 0; r < rows; r++)
            most = fmax(most, fabs((double)pattern(r * columns + c, scale)));
        for (size_t r = 0; r < rows; r++) {
            double w = (double)pattern(r * columns + c, scale), step = most / 127;
            noise += pow(w - step * nearbyint(w / step), 2);
            signal += w * w;
        }
    }
    return noise / signal;
}

static void noise_of_weights(void)
{
    pj_model *model = make_chain(1);
    pj_plan_result *result = search_int8(model, NULL, NULL);
    CHECK_NEAR(result->layers[0].noise, rounded_columns(16, 64, 1), 1e-9);
    CHECK_NEAR(result->layers[1].noise, rounded_columns(64, 32, 1), 1e-9);
    CHECK_NEAR(result->layers[2].noise, rounded_columns(32, 8, 3), 1e-9);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* Three rounded tensors (x, a, b) of range -1..1 with a root mean square of 1/2: step 2 / 255, each (2 / 255)^2 / 12
 * over 1/4. Losses of a file are all there is, where they are given: 1 + 2 + 4. */
static void other_sources(void)
{
    static const char ranges[] = "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {"
                                 "\"x\": {\"min\": -1, \"max\": 1, \"rms\": 0.5},"
                                 "\"a\": {\"min\": -1, \"max\": 1, \"rms\": 0.5},"
                                 "\"b\": {\"min\": -1, \"max\": 1, \"rms\": 0.5}}}";
    static const char losses[] = "{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", "
                                 "\"unit\": \"loss\", \"values\": {\"one\": 1, \"two\": 2, \"three\": 4}}]}";
    pj_model *model = make_chain(1);
    write_file(plan_path, ranges, sizeof ranges - 1);
    pj_plan_result *result = search_int8(model, NULL, plan_path);
    double weights = result->layers[0].noise + result->layers[1].noise + result->layers[2].noise;
    CHECK_NEAR(result->then.noise - weights, 3 * (2.0 / 255) * (2.0 / 255) / 12 / 0.25, 1e-9);
    pj_plan_result_free(result);
    write_file(plan_path, losses, sizeof losses - 1);
    result = search_int8(model, plan_path, NULL);
    CHECK_NEAR(result->then.noise, 7, 1e-12);
    CHECK_PART(result->sensitivity, "measured");
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- totals are those of an analysis under the emitted plan ---- */

static void totals_are_analyzed(const char *name, double share)
{
    pj_model *model = open_sample(name);
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, share);
    pj_plan_result *result = search(model, &options);
    const pj_report_options json = {.format = "json"};
    pj_setup settings = pj_setup_default();
    pj_result *found = NULL;
    pj_error err = {0};
    pj_str text = pj_str_new(0);
    CHECK_INT(pj_plan_write(result, PJ_PLAN_VIEW_PLAN, &json, keep_text, &text, &err), PJ_OK);
    write_file(plan_path, text.data, text.length);
    settings.plan = plan_path;
    CHECK_INT(pj_analyze(model, &settings, &found, &err), PJ_OK);
    const pj_totals *totals = &found->totals;
    CHECK_NEAR(result->then.energy, pj_energy_total(&totals->energy), 1e-12);
    CHECK_NEAR(result->then.param_bytes, (double)totals->param_bits / 8, 1e-12);
    CHECK_NEAR(result->then.bops, (double)totals->bops, 1e-12);
    CHECK(result->then.energy <= share * result->now.energy * (1 + 1e-9));
    CHECK(result->gap == 0);
    pj_str_free(&text);
    pj_result_free(found);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- better than any one format everywhere ---- */

static void beats_one_format(const char *name, double share)
{
    pj_model *model = open_sample(name);
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, share);
    pj_plan_result *result = search(model, &options);
    double best = INFINITY;
    for (size_t i = 1; i < result->uniform_count; i++)
        if (result->uniform[i].totals.energy <= result->limits[0].most)
            best = fmin(best, result->uniform[i].totals.noise);
    CHECK(isfinite(best));
    CHECK(result->then.noise < best);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- without choices: what ONNX Runtime runs, at the knee that the frontier names ---- */

static void default_is_the_knee(const char *name)
{
    const pj_plan_options plan = {.time_limit = -1}, frontier = {.time_limit = -1, .frontier = true};
    pj_model *model = open_sample(name);
    pj_plan_result *one = search(model, &plan), *all = search(model, &frontier);
    CHECK_TEXT(one->target, "onnxruntime");
    CHECK_INT(one->choice_count, 5);
    CHECK_NEAR(one->then.noise, all->frontier[all->knee].noise, 1e-12);
    CHECK(one->limits[0].then <= one->limits[0].most);
    for (size_t i = 0; i < one->layer_count; i++) { /* no integers for what has no integer kernel */
        const pj_plan_layer *layer = &one->layers[i];
        bool is_integer = layer->activations && strncmp(layer->activations, "int", 3) == 0;
        CHECK(!is_integer || !strstr("Sub Softmax LayerNormalization BatchNormalization", layer->op));
    }
    /* what cannot be int8 is told: all rows that stay, and their share of the energy */
    for (size_t i = 1; i < one->uniform_count; i++) {
        const pj_plan_uniform *at = &one->uniform[i];
        CHECK(at->stay_share >= 0 && at->stay_share <= 1);
        CHECK((at->stay_count > 0) == (*at->stay_names != 0));
    }
    pj_plan_result_free(one);
    pj_plan_result_free(all);
    pj_model_close(model);
}

/* ---- complete enumeration through the public interface ---- */

/* Each of three layers fp32, fp16 or int8 by pins and exclusions: 27 plans, each analyzed as a whole. */
static void equals_enumeration(double share)
{
    static const char *const layers[] = {"one", "two", "three"}, *const choices[] = {"fp16", "int8"};
    pj_model *model = make_chain(1);
    pj_plan_budget budget, loose;
    double best = INFINITY;
    pj_plan_options options = energy_budget(&budget, share);
    options.choices = choices;
    options.choice_count = 2;
    pj_plan_result *result = search(model, &options);
    for (int code = 0; code < 27; code++) {
        pj_plan_pin pins[3];
        const char *excludes[3];
        pj_plan_options one = energy_budget(&loose, 10);
        one.choices = choices;
        one.choice_count = 2;
        one.pins = pins;
        one.excludes = excludes;
        for (int i = 0, rest = code; i < 3; i++, rest /= 3) {
            if (rest % 3 == 0)
                excludes[one.exclude_count++] = layers[i];
            else
                pins[one.pin_count++] = (pj_plan_pin){layers[i], choices[rest % 3 - 1]};
        }
        pj_plan_result *plan = search(model, &one);
        if (plan->then.energy <= share * plan->now.energy)
            best = fmin(best, plan->then.noise);
        pj_plan_result_free(plan);
    }
    CHECK_NEAR(result->then.noise, best, 1e-12);
    pj_plan_result_free(result);
    pj_model_close(model);
}

static void tighter_budgets_are_noisier(void)
{
    pj_model *model = open_sample("resnet8");
    double before = 0;
    for (int percent = 100; percent >= 15; percent -= 5) {
        pj_plan_budget budget;
        pj_plan_options options = energy_budget(&budget, percent / 100.0);
        pj_plan_result *result = search(model, &options);
        CHECK(result->then.noise >= before * (1 - 1e-12));
        before = result->then.noise;
        pj_plan_result_free(result);
    }
    pj_model_close(model);
}

static void several_budgets(void)
{
    pj_model *model = open_sample("resnet8");
    const pj_plan_budget budgets[] = {
        {PJ_PLAN_ENERGY,      0.4,   true },
        {PJ_PLAN_PARAM_BYTES, 60000, false},
        {PJ_PLAN_BOPS,        0.15,  true }
    };
    const pj_plan_options options = {.budgets = budgets, .budget_count = 3, .time_limit = -1};
    pj_plan_result *result = search(model, &options);
    CHECK(result->then.energy <= 0.4 * result->now.energy * (1 + 1e-9));
    CHECK(result->then.param_bytes <= 60000 * (1 + 1e-9));
    CHECK(result->then.bops <= 0.15 * result->now.bops * (1 + 1e-9));
    pj_plan_result_free(result);
    const pj_plan_budget quiet = {PJ_PLAN_NOISE, 0.001, false};
    const pj_plan_options cheap = {.budgets = &quiet, .budget_count = 1, .time_limit = -1};
    result = search(model, &cheap);
    CHECK(result->minimizes_energy);
    CHECK(result->then.noise <= 0.001 * (1 + 1e-9));
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- what is handed over ---- */

/* All texts of an array are names of layers. */
static void names_exist(pj_json list, const pj_result *result)
{
    const pj_layer *layers = result->layers;
    size_t count = result->layer_count;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        const char *name = "";
        bool found = false;
        CHECK_INT(pj_json_as_text(at, &name, NULL), PJ_OK);
        for (size_t i = 0; i < count; i++)
            found = found || strcmp(layers[i].name, name) == 0;
        CHECK(found);
    }
}

static void lists_name_nodes_that_exist(void)
{
    pj_model *model = open_sample("resnet8");
    static const char *const choices[] = {"int8", "w4a8"};
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 0.5);
    pj_setup settings = pj_setup_default();
    pj_result *found = NULL;
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    pj_str text = pj_str_new(0);
    options.choices = choices;
    options.choice_count = 2;
    options.keep_first = options.keep_last = true;
    pj_plan_result *result = search(model, &options);
    CHECK_INT(pj_analyze(model, &settings, &found, &err), PJ_OK);
    CHECK_INT(pj_plan_emit(result, "onnxruntime", keep_text, &text, &err), PJ_OK);
    CHECK_INT(pj_json_parse(text.data, text.length, "emit", &doc, &err), PJ_OK);
    pj_json root = pj_json_root(doc),
            tensors = pj_json_find(pj_json_find(root, "extra_options"), "TensorQuantOverrides");
    names_exist(pj_json_find(root, "nodes_to_quantize"), found);
    names_exist(pj_json_find(root, "nodes_to_exclude"), found);
    CHECK(pj_json_count(pj_json_find(root, "nodes_to_quantize")) > 0);
    CHECK(pj_json_count(pj_json_find(root, "nodes_to_exclude")) >= 2); /* the two that are kept */
    for (pj_json at = pj_json_first(tensors); at.node; at = pj_json_next(at))
        CHECK(pj_graph_find(model->graph, pj_json_key(at)) != NULL);
    pj_json_free(doc);
    pj_str_clear(&text);
    CHECK_INT(pj_plan_emit(result, "nncf", keep_text, &text, &err), PJ_OK);
    CHECK_INT(pj_json_parse(text.data, text.length, "emit", &doc, &err), PJ_OK);
    names_exist(pj_json_find(pj_json_find(pj_json_root(doc), "ignored_scope"), "names"), found);
    pj_json_free(doc);
    CHECK_INT(pj_plan_emit(result, "tensorrt", keep_text, &text, &err), PJ_EARGUMENT);
    pj_str_free(&text);
    pj_result_free(found);
    pj_plan_result_free(result);
    pj_model_close(model);
}

static void frontier_falls(void)
{
    pj_model *model = open_sample("resnet8");
    const pj_plan_options options = {.frontier = true, .time_limit = -1};
    pj_plan_result *result = search(model, &options);
    CHECK(result->frontier_complete);
    CHECK(result->frontier_count > 100);
    CHECK_NEAR(result->frontier[0].energy, result->now.energy, 1e-12);
    CHECK(result->frontier[0].noise == 0);
    for (size_t i = 1; i < result->frontier_count; i++) {
        CHECK(result->frontier[i].energy < result->frontier[i - 1].energy);
        CHECK(result->frontier[i].noise > result->frontier[i - 1].noise);
    }
    CHECK(result->knee > 0 && result->knee + 1 < result->frontier_count);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- what is refused ---- */

static void refusals(void)
{
    pj_model *model = make_chain(1);
    static const pj_plan_pin twice[] =
        {
            {"one", "int8"},
            {"o*",  "fp16"}
    },
                             once[] = {{"one", "int8"}};
    static const char *const exclude[] = {"one"}, *const unknown[] = {"int8", "int77"}, *const int8[] = {"int8"};
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 0.9);
    options.pins = twice;
    options.pin_count = 2;
    refuses(model, &options, PJ_EARGUMENT, "\"one\" is pinned to int8 (--pin one=int8), and pinned to fp16");
    options.pins = once;
    options.pin_count = 1;
    options.excludes = exclude;
    options.exclude_count = 1;
    refuses(model, &options, PJ_EARGUMENT, "is excluded (--exclude one), and pinned to int8");
    options = energy_budget(&budget, 0.9);
    options.choices = unknown;
    options.choice_count = 2;
    refuses(model, &options, PJ_EARGUMENT, "int77");
    options.choices = int8;
    options.choice_count = 1;
    options.pins = (const pj_plan_pin[]){
        {"two", "fp16"}
    };
    options.pin_count = 1;
    refuses(model, &options, PJ_EARGUMENT, "fp16 is not among the choices");
    options = energy_budget(&budget, 0.001);
    refuses(model, &options, PJ_EARGUMENT, "the least that can be had is");
    options = energy_budget(&budget, 0.9);
    options.target = "no-such-target";
    refuses(model, &options, PJ_EARGUMENT, "there is no target");
    pj_model_close(model);
}

/* "second" and "add" read one tensor, so they cannot work in two formats. */
static void refuses_pins_in_one_group(void)
{
    pj_model *model = make_residual();
    static const pj_plan_pin pins[] = {
        {"second", "int8"},
        {"add",    "fp16"}
    };
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 0.9);
    options.pins = pins;
    options.pin_count = 2;
    refuses(model, &options, PJ_EARGUMENT, "they read the same tensors");
    pj_model_close(model);
}

static void refuses_weights_that_are_no_numbers(void)
{
    pj_model *model = make_chain(NAN);
    const pj_setup settings = pj_setup_default();
    pj_plan_budget budget;
    const pj_plan_options options = energy_budget(&budget, 0.9);
    pj_plan_result *result = NULL;
    pj_error err = {0};
    CHECK_INT(pj_plan_search(model, &settings, &options, &result, &err), PJ_EFORMAT);
    CHECK_TEXT(err.node, "two");
    CHECK_PART(err.what, "2048 NaN");
    pj_model_close(model);
}

static void absent_weights_need_another_source(void)
{
    pj_model *model = open_sample("ad_autoencoder");
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 0.5);
    refuses(model, &options, PJ_EARGUMENT, "--sensitivity");
    options.sensitivity = "uniform";
    pj_plan_result *result = search(model, &options);
    CHECK_PART(result->sensitivity, "by format alone");
    CHECK(result->then.energy <= 0.5 * result->now.energy * (1 + 1e-9));
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- tables that are looked up ---- */

enum { ROWS = 40, WIDE = 48, OUT = 8 };

/* ids -> Gather of 40 rows of 48 -> MatMul with 48 x 8. `axis`: of the Gather; `second`: a Gather of other ids from the
 * same table; `tied`: its rows are multiplied by it once more. */
static pj_model *make_table(int64_t axis, bool second, bool tied)
{
    builder b = build_new(17);
    build_input(&b, "ids", PJ_INT64, "1,5");
    build_floats(&b, "table", "40,48", ROWS * WIDE, 1);
    build_floats(&b, "w", "48,8", WIDE * OUT, 2);
    PjOnnx__NodeProto *look_up = build_node(&b, "Gather", "table,ids", "rows");
    look_up->name = build_strdup(&b, "look_up");
    build_int(&b, look_up, "axis", axis);
    build_node(&b, "MatMul", axis ? "x,w" : "rows,w", "y")->name = build_strdup(&b, "product");
    if (axis) {
        build_input(&b, "x", PJ_FLOAT32, "1,5,48");
        build_output(&b, "rows", PJ_FLOAT32, "40,1,5");
    }
    build_output(&b, "y", PJ_FLOAT32, "1,5,8");
    if (second) {
        build_input(&b, "others", PJ_INT64, "1,7");
        build_node(&b, "Gather", "table,others", "more")->name = build_strdup(&b, "again");
        build_output(&b, "more", PJ_FLOAT32, "1,7,48");
    }
    if (tied) {
        build_node(&b, "Transpose", "table", "turned")->name = build_strdup(&b, "turn");
        build_node(&b, "MatMul", "rows,turned", "logits")->name = build_strdup(&b, "head");
        build_output(&b, "logits", PJ_FLOAT32, "1,5,40");
    }
    return open_built(&b);
}

static const pj_plan_layer *layer_called(const pj_plan_result *result, const char *name)
{
    for (size_t i = 0; i < result->layer_count; i++)
        if (strcmp(result->layers[i].name, name) == 0)
            return &result->layers[i];
    return NULL;
}

/* Integers up to `most` of the table, one scale a row, against what there was: noise over signal. */
static double rounded_rows(double most)
{
    double noise = 0, signal = 0;
    for (size_t r = 0; r < ROWS; r++) {
        double largest = 0;
        for (size_t c = 0; c < WIDE; c++)
            largest = fmax(largest, fabs((double)pattern(r * WIDE + c, 1)));
        for (size_t c = 0; c < WIDE; c++) {
            double w = (double)pattern(r * WIDE + c, 1), step = largest / most;
            noise += pow(w - step * nearbyint(w / step), 2);
            signal += w * w;
        }
    }
    return noise / signal;
}

static pj_plan_result *search_pinned(pj_model *model, const char *layer, const char *choice)
{
    const pj_plan_pin pin = {layer, choice};
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 1);
    options.choices = NULL;
    options.choice_count = 0;
    options.pins = &pin;
    options.pin_count = 1;
    options.keep_last = true;
    return search(model, &options);
}

/* The product stays: 48 * 8 * 4 bytes. The table: 40 * 48 elements, beside them scales of fp16, one a row, or of 4 bits
 * one for each 32 of the 48. */
static void table_takes(const char *choice, double bytes, double noise)
{
    pj_model *model = make_table(0, false, false);
    pj_plan_result *result = search_pinned(model, "look_up", choice);
    const pj_plan_layer *table = layer_called(result, "look_up");
    CHECK(table && table->has_weights && !table->passes);
    CHECK_TEXT(table->now, "fp32");
    CHECK_TEXT(table->then, choice);
    CHECK_TEXT(table->activations, "fp16");
    CHECK_NEAR(result->now.param_bytes, ROWS * WIDE * 4 + WIDE * OUT * 4, 1e-12);
    CHECK_NEAR(result->then.param_bytes, bytes + WIDE * OUT * 4, 1e-12);
    if (noise > 0)
        CHECK_NEAR(table->noise, noise, 1e-6);
    CHECK(table->energy_then < table->energy_now);
    CHECK_INT(result->tensor_count, 1);
    CHECK_TEXT(result->tensors[0].name, "table");
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* Gathers of one table decide as one: it counts once, with its scales. */
static void tables_are_shared(const char *choice, double bytes)
{
    pj_model *model = make_table(0, true, false);
    pj_plan_result *result = search_pinned(model, "look_up", choice);
    const pj_plan_layer *first = layer_called(result, "look_up"), *second = layer_called(result, "again");
    CHECK(first && second && first->group == second->group);
    CHECK_TEXT(second->then, choice);
    CHECK_NEAR(result->then.param_bytes, bytes + WIDE * OUT * 4, 1e-12);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* Columns are not looked up as rows are, and a table that something else multiplies by would be there twice. */
static void other_tables_stay(int64_t axis, bool tied)
{
    pj_model *model = make_table(axis, false, tied);
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 1);
    pj_plan_result *result = search(model, &options);
    const pj_plan_layer *table = layer_called(result, "look_up");
    CHECK(!table || !table->has_weights);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* The first layer is the one that multiplies; a pin of all layers to integers is not meant for tables. */
static void wishes_pass_tables_over(void)
{
    static const pj_plan_pin pin = {"*", "int8"};
    pj_model *model = make_table(0, false, false);
    pj_plan_budget budget;
    pj_plan_options options = energy_budget(&budget, 1);
    options.pins = &pin;
    options.pin_count = 1;
    pj_plan_result *result = search(model, &options);
    CHECK_TEXT(layer_called(result, "product")->then, "int8");
    pj_plan_result_free(result);
    options = energy_budget(&budget, 0.9);
    options.keep_first = true;
    result = search(model, &options);
    CHECK_TEXT(layer_called(result, "product")->weights ? "changed" : "kept", "kept");
    CHECK(strcmp(layer_called(result, "look_up")->then, "fp32") != 0);
    pj_plan_result_free(result);
    pj_model_close(model);
}

/* ---- budgets ---- */

static void budgets_are_read(void)
{
    static const struct {
        const char *text;
        pj_plan_measure measure;
        double most;
        bool relative;
    } good[] = {
        {"energy<=40%",        PJ_PLAN_ENERGY,      0.4,     true },
        {"energy <= 2.5 mJ",   PJ_PLAN_ENERGY,      2.5e9,   false},
        {"param_bytes<=1MiB",  PJ_PLAN_PARAM_BYTES, 1048576, false},
        {"param_bytes<=300kB", PJ_PLAN_PARAM_BYTES, 300000,  false},
        {"bops<=3e9",          PJ_PLAN_BOPS,        3e9,     false},
        {"noise<=1.5e-3",      PJ_PLAN_NOISE,       0.0015,  false},
    };
    static const char *const bad[] = {"",          "energy",           "energy<=",       "energy<=x",   "energy<=-1%",
                                      "energy<=5", "energy<=5 kW",     "time<=5%",       "noise<=5%",   "energy=<5%",
                                      "bops<=1e",  "param_bytes<=5mJ", "energy<=1e999%", "energy<=nan%"};
    pj_plan_budget budget;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(pj_plan_budget_read(good[i].text, &budget) == NULL);
        CHECK_INT(budget.measure, good[i].measure);
        CHECK_NEAR(budget.most, good[i].most, 1e-14);
        CHECK(budget.relative == good[i].relative);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(pj_plan_budget_read(bad[i], &budget) != NULL);
}

int main(void)
{
    int model_file = mkstemp(model_path), plan_file = mkstemp(plan_path);
    CHECK(model_file >= 0 && plan_file >= 0);
    close(model_file);
    close(plan_file);
    noise_of_formats();
    groups_hang_together();
    noise_of_weights();
    other_sources();
    totals_are_analyzed("resnet8", 0.4);
    totals_are_analyzed("encoder", 0.5);
    totals_are_analyzed("kws_dscnn", 0.25);
    totals_are_analyzed("resnet8_fp16", 0.6);
    beats_one_format("resnet8", 0.5);
    beats_one_format("kws_dscnn", 0.5);
    beats_one_format("encoder", 0.5);
    default_is_the_knee("resnet8");
    default_is_the_knee("encoder");
    equals_enumeration(0.7);
    equals_enumeration(0.45);
    equals_enumeration(0.35);
    tighter_budgets_are_noisier();
    several_budgets();
    lists_name_nodes_that_exist();
    frontier_falls();
    refusals();
    refuses_pins_in_one_group();
    refuses_weights_that_are_no_numbers();
    absent_weights_need_another_source();
    table_takes("fp16", ROWS * WIDE * 2, 0);
    table_takes("w8a16", ROWS * WIDE + ROWS * 2, rounded_rows(127));
    table_takes("w4a16", ROWS * WIDE / 2 + ROWS * 2 * 2, rounded_rows(7));
    tables_are_shared("fp16", ROWS * WIDE * 2);
    tables_are_shared("w8a16", ROWS * WIDE + ROWS * 2);
    other_tables_stay(1, false);
    other_tables_stay(0, true);
    wishes_pass_tables_over();
    budgets_are_read();
    remove(model_path);
    remove(plan_path);
    return check_done();
}
