/* Memory policies by levels: by hand on small graphs, and what holds of every model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cost/traffic.h"
#include "model.h"
#include "quantized.h"
#include "result/result.h"

static priced run_setup(builder *b, const pj_setup *setup)
{
    const pj_setup opened = pj_setup_default();
    priced p = {NULL, NULL};
    pj_error err = {0};
    size_t size;
    uint8_t *bytes = build_bytes(b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "small.onnx", &opened, &p.model, &err), PJ_OK);
    CHECK_INT(pj_analyze(p.model, setup, &p.result, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return p;
}

/* A result of a small graph under a policy; figures of the reference: DRAM 20.3125 pJ/bit. */
static priced run_policy(builder *b, const char *reuse, const char *hierarchy)
{
    pj_setup setup = pj_setup_default();
    setup.reuse = reuse;
    setup.hierarchy = hierarchy;
    return run_setup(b, &setup);
}

static void done(priced *p)
{
    pj_result_free(p->result);
    pj_model_close(p->model);
}

/* x [1,8,16,16] -> Conv 8 -> 8, 3x3 -> BatchNormalization -> Relu -> y: tensors of 65,536 bits, 18,432 of weights and
 * 4 x 8 numbers of the normalization. */
static builder conv_chain(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,8,16,16");
    build_initializer(&b, "w", PJ_FLOAT32, "8,8,3,3");
    for (int i = 0; i < 4; i++)
        build_initializer(&b, (const char *[]){"s", "o", "m", "v"}[i], PJ_FLOAT32, "8");
    build_ints(&b, put_node(&b, "conv", "Conv", "x,w", "c"), "pads", 4, (const int64_t[]){1, 1, 1, 1});
    put_node(&b, "bn", "BatchNormalization", "c,s,o,m,v", "n");
    put_node(&b, "relu", "Relu", "n", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,8,16,16");
    return b;
}

enum { TENSOR = 65536, WEIGHTS = 8 * 8 * 9 * 32, NORM = 4 * 8 * 32 };

/* Spec: once moves 393,216 bits of activations over level 0, fused 131,072. */
static void test_fused(void)
{
    builder b = conv_chain();
    priced once = run_policy(&b, "once", "horowitz-45nm"), fused = run_policy(&b, "fused", NULL);
    const pj_reuse_totals *before = once.result->totals.reuse, *after = fused.result->totals.reuse;
    CHECK(before->level[0].read_bits + before->level[0].written_bits == 6.0 * TENSOR + WEIGHTS + NORM);
    CHECK(after->level[0].read_bits == 1.0 * TENSOR + WEIGHTS + NORM);
    CHECK(after->level[0].written_bits == 1.0 * TENSOR);
    CHECK_NEAR(after->level[0].pj, 20.3125 * (2.0 * TENSOR + WEIGHTS + NORM), 1e-15);
    CHECK(after->level[1].read_bits == 2.0 * TENSOR + WEIGHTS + NORM);
    CHECK(after->gone == 2 && after->on_chip == 0 && after->level0 == 1);
    const pj_layer *layer = fused.result->layers;
    CHECK(layer[0].reuse->level[0].written_bits == TENSOR); /* the result of the chain is that of its head */
    CHECK(layer[2].energy.inputs == 0 && layer[2].energy.outputs == 0);
    CHECK_TEXT(layer[1].reuse->fused_into, "conv");
    CHECK_TEXT(layer[2].reuse->fused_into, "bn");
    CHECK_INT(layer[2].reuse->kept_count, 1);
    CHECK_TEXT(layer[2].reuse->kept[0].tensor, "n");
    CHECK_TEXT(layer[2].reuse->kept[0].where, "gone");
    CHECK_TEXT(fused.result->setup.reuse, "fused");
    done(&once);
    done(&fused);
    build_free(&b);
}

/* In c * sigmoid(c), c has two readers, which end up in one; in c + conv(c) it is kept. */
static void test_joined(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,8,16,16");
    build_initializer(&b, "w", PJ_FLOAT32, "8,8,1,1");
    put_node(&b, "conv", "Conv", "x,w", "c");
    put_node(&b, "sigmoid", "Sigmoid", "c", "s");
    put_node(&b, "mul", "Mul", "c,s", "m");
    put_node(&b, "conv2", "Conv", "m,w", "d");
    put_node(&b, "add", "Add", "m,d", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,8,16,16");
    priced p = run_policy(&b, "fused", NULL);
    const pj_reuse_totals *sum = p.result->totals.reuse;
    CHECK(sum->gone == 3 && sum->level0 == 2); /* c, s, d; m and y */
    CHECK(sum->level[0].written_bits == 2.0 * TENSOR);
    CHECK(sum->level[0].read_bits == 3.0 * TENSOR + 2 * 64 * 32); /* x, and m twice */
    CHECK(p.result->layers[1].energy.inputs == 0 && p.result->layers[2].energy.outputs == 0);
    done(&p);
    build_free(&b);
}

/* Two convolutions of 64 KiB: what is between them stays in 256 KiB, and weights over runs. */
static void test_resident(void)
{
    builder b = build_new(17);
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    build_input(&b, "x", PJ_FLOAT32, "1,16,32,32");
    build_initializer(&b, "w", PJ_FLOAT32, "16,16,1,1");
    put_node(&b, "a", "Conv", "x,w", "c");
    put_node(&b, "b", "Conv", "c,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,16,32,32");
    priced p = run_policy(&b, "resident", NULL);
    const pj_reuse_totals *sum = p.result->totals.reuse;
    double tensor = 16 * 32 * 32 * 32, weights = 16 * 16 * 32;
    CHECK(sum->on_chip == 1 && sum->level[0].written_bits == tensor);
    CHECK(sum->level[0].read_bits == tensor + 2 * weights);
    CHECK_NEAR(sum->saved_pj, 2 * tensor * 20.3125, 1e-15); /* a write and a read */
    CHECK_NEAR(sum->most_saved_pj, sum->saved_pj, 1e-12);
    pj_result_free(p.result);
    setup.reuse = "resident";
    setup.runs = 4;
    CHECK_INT(pj_analyze(p.model, &setup, &p.result, &err), PJ_OK);
    CHECK(p.result->totals.reuse->level[0].read_bits == tensor + 2 * weights / 4);
    done(&p);
    build_free(&b);
}

/* Tiles of a product that does not fit: golden/reuse has the figures; here, that the layer has what the search finds.
 */
static void test_tiled(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "512,512");
    build_initializer(&b, "w", PJ_FLOAT32, "512,512");
    put_node(&b, "mm", "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "512,512");
    priced p = run_policy(&b, "tiled", NULL);
    const pj_reuse *reuse = p.result->layers[0].reuse;
    double moved = reuse->level[0].read_bits + reuse->level[0].written_bits;
    CHECK(reuse->tile_m >= 1 && reuse->tile_n >= 1 && reuse->tile_r >= 1 && reuse->stays);
    CHECK(moved >= reuse->bound_bits && reuse->bound_bits >= 3.0 * 512 * 512 * 32);
    CHECK(moved > 3.0 * 512 * 512 * 32); /* 1 MiB each: more than 256 KiB holds */
    done(&p);
    build_free(&b);
}

/* [1,4,7,8] past keys and one new position: the cache is written where it grows, and read once. */
static void test_cache(void)
{
    builder b = build_new(17);
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    build_input(&b, "past", PJ_FLOAT32, "1,4,7,8");
    build_input(&b, "k", PJ_FLOAT32, "1,4,1,8");
    build_input(&b, "q", PJ_FLOAT32, "1,4,8,1");
    build_int(&b, put_node(&b, "grow", "Concat", "past,k", "present"), "axis", 2);
    put_node(&b, "scores", "MatMul", "present,q", "y");
    build_output(&b, "present", PJ_FLOAT32, "1,4,8,8");
    build_output(&b, "y", PJ_FLOAT32, "1,4,8,1");
    priced p = run_policy(&b, "fused", NULL);
    const pj_reuse *grow = p.result->layers[0].reuse;
    CHECK(grow->level[0].read_bits == 32 * 32 && grow->level[0].written_bits == 32 * 32);
    CHECK(p.result->layers[1].reuse->level[0].read_bits == 32 * (256 + 32));
    CHECK_INT(p.result->finding_count, 1);
    CHECK_TEXT(p.result->findings[0].code, "cache-appended");
    pj_result_free(p.result);
    static const char *const all[] = {"whole", "as-exported"}; /* nothing is appended: the result is written anew */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        setup.kv_cache = all[i];
        CHECK_INT(pj_analyze(p.model, &setup, &p.result, &err), PJ_OK);
        CHECK(p.result->layers[0].reuse->level[0].written_bits == 32 * 256);
        CHECK_INT(p.result->finding_count, 0);
        if (i == 0)
            pj_result_free(p.result);
    }
    done(&p);
    build_free(&b);
}

/* A cache is an input of three or more dimensions that a result of the model keeps, or is written into; not what is
 * written into another tensor. */
static void test_caches(void)
{
    static const struct {
        const char *op, *past, *more, *result, *inputs;
        bool is_cache;
    } rows[] = {
        {"Concat",          "1,7,8",   "1,1,8",   "1,8,8",   "past,more",           true },
        {"Concat",          "1,7",     "1,1",     "1,8",     "past,more",           false},
        {"ScatterElements", "1,4,8,8", "1,4,8,8", "1,4,8,8", "past,index,more",     true },
        {"ScatterElements", "1,4,8,8", "1,4,8,8", "1,4,8,8", "computed,index,more", false},
        {"ScatterElements", "1,4,8,8", "1,4,8,8", "1,4,8,8", "constant,index,more", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(17);
        build_input(&b, "past", PJ_FLOAT32, rows[i].past);
        build_input(&b, "more", PJ_FLOAT32, rows[i].more);
        build_input(&b, "index", PJ_INT64, rows[i].more);
        build_initializer(&b, "constant", PJ_FLOAT32, rows[i].past);
        put_node(&b, "other", "Relu", "past", "computed");
        build_int(&b, put_node(&b, "grow", rows[i].op, rows[i].inputs, "present"), "axis", 1);
        build_output(&b, "present", PJ_FLOAT32, rows[i].result);
        build_output(&b, "computed", PJ_FLOAT32, rows[i].past);
        priced p = run_policy(&b, "fused", NULL);
        CHECK_INT(*finding_of(&p, "cache-appended") != 0, rows[i].is_cache);
        done(&p);
        build_free(&b);
    }
}

static void refuse(const char *name, const char *value, const char *other, const char *what, const char *sentence)
{
    builder b = conv_chain();
    pj_setup opened = pj_setup_default(), setup = pj_setup_default();
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_error err = {0};
    size_t size;
    uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "small.onnx", &opened, &model, &err), PJ_OK);
    CHECK_INT(pj_setup_set(&setup, name, value, &err), PJ_OK);
    CHECK_INT(pj_setup_set(&setup, other, what, &err), PJ_OK);
    CHECK_INT(pj_analyze(model, &setup, &result, &err), PJ_ECONFLICT);
    CHECK_PART(err.what, sentence);
    pj_setup_clear(&setup);
    pj_model_close(model);
    build_free(&b);
}

/* Options that contradict each other; places alone, also the usual ones, mean `once`. */
static void test_choice(void)
{
    builder b = conv_chain();
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    refuse("hierarchy", "tpu-like", "weights-on", "dram", "does not go with --weights-on");
    refuse("reuse", "tiled", "sram-min", "16KiB", "does not go with --weights-on");
    refuse("reuse", "tiled", "table", "qtools", "know no memory hierarchy");
    refuse("hierarchy", "eyeriss-65nm", "table", "horowitz-45nm", "the figures of the hierarchy eyeriss-65nm are");
    priced p = run_policy(&b, NULL, NULL);
    CHECK_TEXT(p.result->setup.reuse, "fused");
    pj_result *none = NULL;
    setup.reuse = "sometimes"; /* a program may ask for what the command line refuses */
    CHECK_INT(pj_analyze(p.model, &setup, &none, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there is no memory policy 'sometimes': once, fused, resident, tiled");
    setup.reuse = NULL;
    pj_result_free(p.result);
    CHECK_INT(pj_setup_set(&setup, "weights-on", "dram", &err), PJ_OK);
    CHECK_INT(pj_analyze(p.model, &setup, &p.result, &err), PJ_OK);
    CHECK_TEXT(p.result->setup.reuse, "once");
    CHECK_INT(p.result->level_count, 0);
    CHECK(p.result->layers[0].reuse->bound_bits > 0);
    pj_setup_clear(&setup);
    done(&p);
    build_free(&b);
}

/* Whether a layer waits for level 0 can be told where a hierarchy has a clock and the bandwidth of that level. Nothing
 * is fused here: the normalization reads one tensor and writes one, and reads its 4 x 8 numbers. */
static void test_times(void)
{
    static const char text[] =
        "{\"schema\": \"picojoule.hierarchy/1\", \"title\": \"t\", \"levels\": [\n"
        "{\"name\": \"dram\", \"source\": \"s\", \"read\": {\"pj_per_bit\": 8}, \"write\": {\"pj_per_bit\": 8}%s},\n"
        "{\"name\": \"chip\", \"source\": \"s\", \"size\": {\"kib\": 64}, \"holds\": [\"I\", \"O\", \"W\"],\n"
        " \"read\": {\"pj_per_bit\": 1}, \"write\": {\"pj_per_bit\": 1}}],\n"
        "\"array\": {\"unroll\": {\"n\": 4, \"r\": 8}, \"source\": \"s\"}%s}";
    static const char rate[] = ", \"bandwidth\": {\"bits_per_cycle\": 64}";
    static const char clock[] = ", \"clock\": {\"mhz\": 200, \"source\": \"s\"}";
    const double cycles = (2 * TENSOR + NORM) / 64.0;
    const struct {
        const char *rate, *clock;
        double cycles, time_us;
    } rows[] = {
        {rate, clock, cycles, cycles / 200},
        {"",   clock, -1,     -1          },
        {rate, "",    -1,     -1          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[2048];
        (void)snprintf(json, sizeof json, text, rows[i].rate, rows[i].clock);
        const pj_resource own = {.size = sizeof own, .name = "own.json", .bytes = json, .length = strlen(json)};
        builder b = conv_chain();
        pj_setup setup = pj_setup_default();
        setup.reuse = "fused";
        setup.hierarchy = "own.json";
        setup.resources = &own;
        setup.resource_count = 1;
        priced p = run_setup(&b, &setup);
        if (p.result) {
            const pj_layer *bn = &p.result->layers[1];
            CHECK_TEXT(bn->op, "BatchNormalization");
            CHECK_NEAR(bn->reuse->cycles, rows[i].cycles, 1e-15);
            CHECK_NEAR(bn->reuse->time_us, rows[i].time_us, 1e-15);
            CHECK(bn->reuse->level[0].read_bits == TENSOR + NORM && bn->reuse->level[0].written_bits == TENSOR);
            CHECK((p.result->totals.reuse->cycles < 0) == (rows[i].cycles < 0));
            CHECK((p.result->totals.reuse->time_us < 0) == (rows[i].time_us < 0));
        }
        done(&p);
        build_free(&b);
    }
}

static const char *extrapolated(builder *b, const char *table, const char *option, const char *value)
{
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    CHECK_INT(pj_setup_set(&setup, "table", table, &err), PJ_OK);
    CHECK_INT(pj_setup_set(&setup, option, value, &err), PJ_OK);
    priced p = run_setup(b, &setup);
    static char found[256];
    snprintf(found, sizeof found, "%s", finding_of(&p, "extrapolated-price"));
    done(&p);
    pj_setup_clear(&setup);
    return found;
}

/* Horowitz' figures end at 1 MiB, Eyeriss' at 100 KiB. */
static void test_extrapolated(void)
{
    builder b = conv_chain();
    CHECK_TEXT(extrapolated(&b, "horowitz-45nm", "reuse", "fused"), "");
    CHECK_TEXT(extrapolated(&b, "horowitz-45nm", "sram-min", "1MiB"), "");
    CHECK_TEXT(
        extrapolated(&b, "horowitz-45nm", "sram-min", "2MiB"),
        "table horowitz-45nm has figures for SRAMs of up to 1024 KiB; the price of one of 2048 KiB continues its "
        "curve");
    CHECK_TEXT(extrapolated(&b, "eyeriss-65nm-relative", "reuse", "fused"),
               "table eyeriss-65nm-relative has figures for SRAMs of up to 100 KiB; the price of one of 256 KiB "
               "continues its curve");
    build_free(&b);
}

/* A swept size is a hierarchy that was asked for. */
static void test_swept(void)
{
    static const int64_t sizes[] = {65536, 1048576};
    const pj_sweep_dim dim = {"sram", sizes, 2};
    builder b = conv_chain();
    pj_setup setup = pj_setup_default();
    pj_sweep *sweep = NULL;
    pj_error err = {0};
    priced p = run_policy(&b, NULL, NULL);
    CHECK_INT(pj_sweep_run(p.model, &setup, &dim, 1, &sweep, &err), PJ_OK);
    CHECK_TEXT(sweep->setup.reuse, "tiled");
    CHECK(sweep->points[1].totals.reuse->level[0].pj <= sweep->points[0].totals.reuse->level[0].pj);
    pj_sweep_free(sweep);
    CHECK_INT(pj_setup_set(&setup, "weights-on", "sram", &err), PJ_OK);
    CHECK_INT(pj_sweep_run(p.model, &setup, &dim, 1, &sweep, &err), PJ_ECONFLICT);
    CHECK_PART(err.what, "the size of level sram does not go with --weights-on");
    pj_setup_clear(&setup);
    setup.table = "qtools";
    CHECK_INT(pj_sweep_run(p.model, &setup, &dim, 1, &sweep, &err), PJ_ECONFLICT);
    CHECK_PART(err.what, "know no memory hierarchy");
    done(&p);
    build_free(&b);
}

/* Two products with a softmax between them, 2 heads of 128 queries and 128 keys, 64 wide: Q, K, V and O have 524,288
 * bits each, scores, scaled scores and weights 1,048,576. Fused, these three are gone. Half of the buffer is usable: in
 * 50 MiB all rows fit, so K and V are read once; in 171 KiB, 700,416 bits, floor((700,416 - 2*64*64*32) / (3*64*32 +
 * 64)) = 70 of the 128 rows, so twice. In 32 KiB no row fits beside a block of keys and values: scaling alone is fused
 * into the product, and the scaled scores and the weights are written and read. */
static void test_attention(void)
{
    static const int64_t sizes[] = {50 << 20, 171 << 10, 32 << 10};
    static const double read[] = {3, 5, 7}, written[] = {1, 1, 5}, gone[] = {3, 3, 1}, qkvo = 2.0 * 128 * 64 * 32;
    const pj_sweep_dim dim = {"hierarchy.l2.size", sizes, 3};
    builder b = build_new(17);
    pj_sweep *sweep = NULL;
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    build_input(&b, "q", PJ_FLOAT32, "1,2,128,64");
    build_input(&b, "k", PJ_FLOAT32, "1,2,64,128");
    build_input(&b, "v", PJ_FLOAT32, "1,2,128,64");
    put_float(&b, "scale", 0.125F);
    put_node(&b, "scores", "MatMul", "q,k", "s");
    put_node(&b, "scaled", "Mul", "s,scale", "t");
    put_node(&b, "softmax", "Softmax", "t", "p");
    put_node(&b, "values", "MatMul", "p,v", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,2,128,64");
    setup.hierarchy = "gpu-h200-like";
    setup.reuse = "fused";
    priced p = run_setup(&b, &setup);
    CHECK_INT(pj_sweep_run(p.model, &setup, &dim, 1, &sweep, &err), PJ_OK);
    for (size_t i = 0; i < 3; i++) {
        const pj_reuse_totals *sum = sweep->points[i].totals.reuse;
        CHECK_INT(sum->gone, gone[i]);
        CHECK_NEAR(sum->level[0].read_bits, read[i] * qkvo + 32, 1e-15); /* the scale */
        CHECK_NEAR(sum->level[0].written_bits, written[i] * qkvo, 1e-15);
    }
    pj_sweep_free(sweep);
    done(&p);
    build_free(&b);
}

/* Levels and registers are what the components are. */
static void check_sums(const pj_layer *layer)
{
    const pj_reuse *reuse = layer->reuse;
    double sum = reuse->register_pj, parts = layer->energy.inputs + layer->energy.outputs + layer->energy.parameters;
    for (int i = 0; i < PJ_MOST_LEVELS; i++)
        sum += reuse->level[i].pj;
    CHECK(fabs(sum - parts) <= 1e-12 * fmax(sum, 1));
}

/* Loops are as many products as the rule has counted; what they say of an extent they say of all. */
static void check_loops(const pj_result *result)
{
    const pj_layers *layers = &((const pj_found *)(const void *)result)->layers;
    for (size_t i = 0; i < layers->count; i++) {
        const pj_loops *loops = layers->detail[i].loops;
        const pj_nest *nest = loops ? &loops->nest : NULL;
        if (!loops || loops->kind == PJ_LOOPS_SEVERAL || layers->row[i].free || !layers->row[i].counted)
            continue;
        double r = nest->r + loops->value_size, steps = loops->kind == PJ_LOOPS_RECURRENT ? loops->steps : 1;
        CHECK_NEAR((double)layers->detail[i].count[PJ_MAC], nest->groups * nest->m * nest->n * r * steps, 1e-12);
        if (nest->window.out_w > 0)
            CHECK(nest->m == nest->window.batch * nest->window.out_h * nest->window.out_w);
    }
}

static double far(const pj_reuse *reuse)
{
    return reuse->level[0].read_bits + reuse->level[0].written_bits;
}

/* Of a model under one hierarchy: bound <= tiled, fused <= once, resident <= fused, saved <= what could be. */
static void check_model(pj_model *model, const char *hierarchy)
{
    static const char *const policies[] = {"once", "fused", "resident", "tiled"};
    double total[4] = {0};
    for (int i = 0; i < 4; i++) {
        pj_setup setup = pj_setup_default();
        pj_result *result = NULL;
        pj_error err = {0};
        setup.reuse = policies[i];
        setup.hierarchy = hierarchy;
        CHECK_INT(pj_analyze(model, &setup, &result, &err), PJ_OK);
        CHECK_TEXT(err.what, "");
        if (!result)
            return;
        if (i == 0)
            check_loops(result);
        const pj_reuse_totals *sum = result->totals.reuse;
        total[i] = sum->level[0].read_bits + sum->level[0].written_bits;
        CHECK(sum->most_saved_pj < 0 || sum->saved_pj <= sum->most_saved_pj * (1 + 1e-9));
        for (size_t k = 0; k < result->layer_count; k++) {
            const pj_layer *layer = &result->layers[k];
            if (!layer->reuse)
                continue;
            check_sums(layer);
            CHECK(i < 3 || layer->reuse->bound_bits <= far(layer->reuse) * (1 + 1e-9));
        }
        pj_result_free(result);
    }
    CHECK(total[1] <= total[0] * (1 + 1e-12));
    CHECK(total[2] <= total[1] * (1 + 1e-12));
}

int main(int count, char **words)
{
    static const char *const hierarchies[] = {"horowitz-45nm", "tpu-like", "gpu-h200-like", "edge-tpu-like"};
    test_fused();
    test_joined();
    test_resident();
    test_tiled();
    test_cache();
    test_caches();
    test_choice();
    test_times();
    test_extrapolated();
    test_swept();
    test_attention();
    for (int i = 1; i < count; i++) {
        pj_setup setup = pj_setup_default();
        pj_model *model = NULL;
        pj_error err = {0};
        if (pj_model_open(words[i], &setup, &model, &err) != PJ_OK)
            continue; /* sizes that 1 is none of */
        for (size_t h = 0; h < sizeof hierarchies / sizeof *hierarchies; h++)
            check_model(model, hierarchies[h]);
        pj_model_close(model);
    }
    return check_done();
}
