/* Files that a plan is made with: measured losses, ranges of activations, targets. What is in them, and what is
 * refused. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "infer/infer.h"
#include "load/load.h"
#include "model.h"
#include "plan/noise.h"
#include "plan/sensitivity.h"
#include "plan/target.h"

/* A model, its network, and fp16, int8 and int4 to choose from. */
typedef struct setting {
    pj_arena *arena;
    pj_model *model;
    pj_table *table;
    pj_diags diags;
    pj_priced today;
    pj_network network;
    pj_choice_list choices;
} setting;

static setting set_up(void)
{
    static const char *const words[] = {"fp16", "int8", "int4"};
    setting s = {.arena = pj_arena_new(0)};
    builder b = build_new(17);
    pj_error err = {0};
    size_t ignored;
    build_input(&b, "x", PJ_FLOAT32, "1,4,8,8");
    build_initializer(&b, "w", PJ_FLOAT32, "4,4,1,1");
    build_initializer(&b, "v", PJ_FLOAT32, "4,4,1,1");
    build_node(&b, "Conv", "x,w", "c")->name = build_strdup(&b, "net/conv_1");
    build_node(&b, "Conv", "c,v", "y")->name = build_strdup(&b, "net/\"two\", last");
    build_output(&b, "y", PJ_FLOAT32, "1,4,8,8");
    s.model = build_expect(&b);
    CHECK_INT(pj_infer(s.model, &s.model->diags, &err), PJ_OK);
    CHECK_INT(pj_table_open("horowitz-45nm", NULL, &s.table, &err), PJ_OK);
    pj_setup setup = pj_setup_default();
    setup.reuse = "once";
    pj_prices prices = {s.model, s.table, NULL, &setup, NULL};
    pj_diags_init(&s.diags, s.arena);
    CHECK_INT(pj_run_priced(&prices, NULL, s.arena, s.arena, &s.diags, &s.today, &err), PJ_OK);
    pj_choices_init(&s.choices, s.arena);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(pj_choices_word(&s.choices, "--choices", words[i], &ignored, &err), PJ_OK);
    return s;
}

static void read_network(setting *s)
{
    pj_error err = {0};
    CHECK_INT(pj_network_read(&s->today, s->arena, &s->network, &err), PJ_OK);
    CHECK_INT(s->network.units, 2);
}

static void tear_down(setting *s)
{
    pj_table_close(s->table);
    pj_unload(s->model);
    pj_arena_free(s->arena);
}

static pj_status read_losses(const setting *s, const char *text, bool is_csv, pj_losses *out, pj_error *err)
{
    memset(err, 0, sizeof *err);
    return pj_losses_parse(text, strlen(text), "loss.file", is_csv, &s->network, &s->choices, s->arena, out, err);
}

/* ---- losses ---- */

/* Layers by name, by weight and by output; 20 dB are a hundredth; formats that nobody asked for are not read. */
static void losses_are_read(const setting *s)
{
    pj_losses losses;
    pj_error err;
    CHECK_INT(read_losses(s,
                          "{\"schema\": \"picojoule.sensitivity/1\", \"measured\": ["
                          "{\"format\": \"int8\", \"unit\": \"loss\", \"values\": {\"net/conv_1\": 0.25, \"v\": 3}},"
                          "{\"format\": \"int4\", \"unit\": \"sqnr_db\", \"values\": {\"w\": 20, \"y\": "
                          "{\"qdq_err\": 10, \"xmodel_err\": 3}}},"
                          "{\"format\": \"fp8\", \"unit\": \"loss\", \"values\": {\"w\": 9}}]}",
                          false, &losses, &err),
              PJ_OK);
    CHECK_INT(losses.choices, 3);
    CHECK(losses.loss[0] < 0); /* fp16 of the first layer: not given */
    CHECK_NEAR(losses.loss[1], 0.25, 1e-15);
    CHECK_NEAR(losses.loss[2], 0.01, 1e-12);
    CHECK_NEAR(losses.loss[4], 3, 1e-15);
    CHECK_NEAR(losses.loss[5], 0.50118723362727224, 1e-12); /* 3 dB: xmodel_err */
    CHECK_INT(read_losses(s,
                          "layer,format,loss,remark\r\nnet/conv_1,int8,1e-3,x\r\n\r\n"
                          "\"net/\"\"two\"\", last\",int8,2\n",
                          true, &losses, &err),
              PJ_OK);
    CHECK_NEAR(losses.loss[1], 0.001, 1e-15);
    CHECK_NEAR(losses.loss[4], 2, 1e-15);
}

static void losses_are_refused(const setting *s)
{
    static const struct {
        const char *text;
        bool is_csv;
        const char *file, *what;
    } rows[] = {
        {"layer,format,loss\nnet/conv_1,int8,-1\n",          true,  "loss.file:2",            "is negative (-1)"          },
        {"layer,format,loss\nnowhere,int8,1\n",              true,  "loss.file:2",            "no layer, weight or output"},
        {"layer,format,loss\nw,int8,nan\n",                  true,  "loss.file:2",            "\"nan\" is no number"      },
        {"layer,format,loss\nw,int8\n",                      true,  "loss.file:2",            "is no number"              },
        {"layer,format,loss\nw,int8,1\nnet/conv_1,int8,2\n", true,  "loss.file:3",            "has two losses in int8"    },
        {"w,int8,1\n",                                       true,  "loss.file",              "the first line should be"  },
        {"",                                                 false, "",                       ""                          },
        {"{\"schema\": \"picojoule.plan/1\"}",               false, "$.schema",               ""                          },
        {"{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"loss\", "
         "\"values\": {\"w\": -0.5}}]}",            false, "$.measured[0].values.w", "is negative"               },
        {"{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"watts\", "
         "\"values\": {}}]}",                       false, "$.measured[0].unit",     ""                          },
        {"{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"loss\", "
         "\"values\": {\"w\": {\"err\": 1}}}]}",    false, "loss.file",              "qdq_err"                   },
        {"{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"sqnr_db\", "
         "\"values\": {\"w\": -1e9}}]}",            false, "",                       ""                          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_losses losses;
        pj_error err;
        CHECK_INT(read_losses(s, rows[i].text, rows[i].is_csv, &losses, &err), PJ_EFORMAT);
        CHECK_PART(err.file, rows[i].file);
        CHECK_PART(err.what, rows[i].what);
    }
}

/* ---- ranges ---- */

static void ranges(const setting *s)
{
    static const char good[] = "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": [-1, 2], "
                               "\"c\": {\"min\": 0, \"max\": 6, \"rms\": 1.5}}}";
    static const char *const bad[][2] = {
        {"{\"tensors\": {}}",                                                                                 "schema"    },
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"q\": [0, 1]}}",                                "no tensor" },
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": [2, 1]}}",                                "min 2 is"  },
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": [1]}}",                                   "a range is"},
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": {\"min\": 0}}}",                          "max"       },
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": 5}}",                                     ""          },
        {"{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": {\"min\": 0, \"max\": 1, \"rms\": -1}}}",
         "rms -1 is negative"                                                                                             },
    };
    pj_map map;
    pj_error err = {0};
    CHECK_INT(pj_ranges_parse(good, strlen(good), "r.json", s->model, s->arena, &map, &err), PJ_OK);
    const pj_range *range = pj_map_get(&map, "c");
    CHECK(range && range->max == 6 && range->rms == 1.5);
    range = pj_map_get(&map, "x");
    CHECK(range && range->min == -1 && range->rms == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&err, 0, sizeof err);
        CHECK_INT(pj_ranges_parse(bad[i][0], strlen(bad[i][0]), "r.json", s->model, s->arena, &map, &err), PJ_EFORMAT);
        CHECK_PART(err.what, bad[i][1]);
    }
}

/* ---- targets ---- */

static void built_in_targets(pj_arena *arena)
{
    static const struct {
        const char *name;
        size_t choices;
        bool floats_stay, per_tensor;
    } rows[] = {
        {"finn-any-bit",  25, false, true },
        {"gpu-fp16-int8", 2,  true,  false},
        {"llm-w4a16",     3,  true,  false},
        {"npu-int8",      1,  false, false},
        {"onnx",          11, true,  false},
        {"onnxruntime",   5,  true,  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_choice_list choices;
        pj_target target;
        pj_error err = {0};
        pj_choices_init(&choices, arena);
        CHECK_TEXT(pj_plan_target(i), rows[i].name);
        CHECK_INT(pj_target_open(rows[i].name, NULL, &choices, &target, &err), PJ_OK);
        CHECK_INT(choices.count, rows[i].choices);
        CHECK(target.floats_stay == rows[i].floats_stay && target.per_tensor == rows[i].per_tensor);
        CHECK_TEXT(target.name, rows[i].name);
    }
    CHECK(pj_plan_target(6) == NULL);
}

static void targets_are_refused(pj_arena *arena)
{
    static const char *const bad[][2] = {
        {"[]",                                                                                               ""            },
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\"}",                                           "formats"     },
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": []}",                          "at least one"},
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": [{\"weights\": [\"int999\"], "
         "\"activations\": [\"int8\"]}]}",                                                          "int999"      },
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": [{\"weights\": [\"int8\"]}]}",
         "activations"                                                                                                     },
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": [], \"scale\": 1}",            "scale"       },
        {"{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": [{\"weights\": [\"int8\"], "
         "\"activations\": [\"int8\"]}], \"scales\": \"per_row\"}",                                 ""            },
        {"{\"schema\": \"picojoule.target/1\", \"title\": 5, \"formats\": []}",                              ""            },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pj_choice_list choices;
        pj_target target;
        pj_error err = {0};
        pj_choices_init(&choices, arena);
        CHECK_INT(pj_target_parse(bad[i][0], strlen(bad[i][0]), "t.json", &choices, &target, &err), PJ_EFORMAT);
        CHECK_PART(err.what, bad[i][1]);
    }
}

/* 40 formats of each kind would be 1600 pairs: more than are taken. */
static void too_many_choices(pj_arena *arena)
{
    pj_choice_list choices;
    pj_target target;
    pj_error err = {0};
    pj_str text = pj_str_new(0);
    pj_choices_init(&choices, arena);
    pj_str_add(&text, "{\"schema\": \"picojoule.target/1\", \"title\": \"t\", \"formats\": [{");
    for (int side = 0; side < 2; side++) {
        pj_str_printf(&text, "%s\"%s\": [", side ? ", " : "", side ? "activations" : "weights");
        for (int bits = 1; bits <= 40; bits++)
            pj_str_printf(&text, "%s\"int%d\"", bits > 1 ? "," : "", bits);
        pj_str_add(&text, "]");
    }
    pj_str_add(&text, "}]}");
    CHECK_INT(pj_target_parse(text.data, text.length, "t.json", &choices, &target, &err), PJ_ELIMIT);
    pj_str_free(&text);
}

int main(void)
{
    setting s = set_up();
    read_network(&s);
    losses_are_read(&s);
    losses_are_refused(&s);
    ranges(&s);
    built_in_targets(s.arena);
    targets_are_refused(s.arena);
    too_many_choices(s.arena);
    tear_down(&s);
    return check_done();
}
