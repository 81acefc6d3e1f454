/* What tokens cost: sums against steps one by one, changes against their own calls, what is refused. The models are
 * those of conformance/generation, whose figures replay_generation compares. */
#include "picojoule/generation.h"

#include <string.h>
#include <time.h>

#include "check.h"
#include "generate/generate.h"
#include "model.h"
#include "picojoule/picojoule.h"

#define GENERATION "conformance/generation"

static pj_model *open_model(const char *name)
{
    char path[4096];
    const pj_setup none = {0};
    pj_model *model = NULL;
    pj_error err;
    snprintf(path, sizeof path, GENERATION "/models/%s.onnx", name);
    CHECK_INT(pj_model_open(path, &none, &model, &err), PJ_OK);
    return model;
}

static pj_setup once(void)
{
    pj_setup setup = pj_setup_default();
    setup.reuse = "once";
    return setup;
}

static pj_generation_ask asked(const pj_setup *setup, int64_t prompt, int64_t tokens, int64_t batch)
{
    pj_generation_ask ask = pj_generation_ask_default();
    ask.setup = setup;
    ask.prompt = prompt;
    ask.tokens = tokens;
    ask.batch = batch;
    return ask;
}

static pj_generation *generate(const char *name, const pj_generation_ask *ask)
{
    pj_model *model = open_model(name);
    pj_generation *found = NULL;
    pj_error err = {0};
    CHECK_INT(pj_generate(model, ask, &found, &err), PJ_OK);
    pj_model_close(model);
    return found;
}

static void refuse(const char *name, const pj_generation_ask *ask, pj_status status, const char *what)
{
    pj_model *model = open_model(name);
    pj_generation *found = NULL;
    pj_error err = {0};
    CHECK_INT(pj_generate(model, ask, &found, &err), status);
    CHECK(!found);
    CHECK_TEXT(err.what, what);
    pj_model_close(model);
}

/* The series in closed form, and each of its steps by itself: counts to the last bit, energies to 1e-10. */
static void compare_series(const char *name, const pj_setup *setup, const pj_series *series)
{
    pj_stepper stepper;
    pj_step_figures sum, step, all = {0};
    int64_t priced;
    pj_error err = {0};
    pj_model *model = open_model(name);
    CHECK_INT(pj_stepper_open(&stepper, model, setup, false, &err), PJ_OK);
    CHECK_INT(pj_series_sum(&stepper, series, &sum, &priced, &err), PJ_OK);
    CHECK(series->count < 300 || priced < series->count); /* not one by one */
    for (int64_t i = 0; i < series->count; i++) {
        CHECK_INT(pj_step_measure(&stepper, series->tokens + i * series->more_tokens,
                                  series->past + i * series->more_past, series->batch, &step, &err),
                  PJ_OK);
        for (int c = 0; c < PJ_STEP_COUNT; c++)
            all.count[c] += step.count[c];
        for (int v = 0; v < PJ_STEP_ENERGIES; v++)
            all.value[v] += step.value[v];
    }
    for (int c = 0; c < PJ_STEP_COUNT; c++)
        CHECK_INT(sum.count[c], all.count[c]);
    for (int v = 0; v < PJ_STEP_ENERGIES; v++)
        CHECK_NEAR(sum.value[v], all.value[v], 1e-10);
    pj_stepper_close(&stepper);
    pj_model_close(model);
}

static void test_closed_form(void)
{
    const pj_setup by_size = once(), usual = pj_setup_default();
    const pj_series long_one = {1, 5, 2, 400, 0, 1}, window = {1, 2, 1, 100, 0, 1}, three = {3, 8, 1, 300, 0, 3};
    pj_setup tiled = pj_setup_default();
    tiled.reuse = "resident";
    compare_series("attention23", &by_size, &long_one); /* prices of SRAMs follow the size of tensors */
    compare_series("attention23", &usual, &long_one);
    compare_series("attention23", &usual, &three);
    compare_series("moe", &usual, &long_one);
    compare_series("attention23", &tiled, &long_one);
    compare_series("gqa_window", &by_size, &window); /* the window of 16 is full on the way */
    compare_series("gqa_int4", &usual, &window);
}

/* Without a cache each run is longer: counts grow with the square. */
static void test_recompute(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 4, 100, 1);
    ask.recompute = true;
    pj_generation *all = generate("attention23", &ask);
    int64_t macs = 0;
    for (int64_t i = 0; i < 100; i++) {
        pj_generation_ask one = asked(&setup, 4 + i, 1, 1);
        pj_generation *run = generate("attention23", &one);
        macs += run->request.macs;
        pj_generation_free(run);
    }
    CHECK_INT(all->request.macs, macs);
    CHECK_INT(all->request.runs, 100);
    pj_generation_free(all);
    pj_generation_ask none = asked(&setup, 4, 3, 1);
    refuse("no_cache", &none, PJ_EARGUMENT,
           "no cache: no graph input comes back as an output that holds it; export with past key values, or "
           "--recompute");
    none.recompute = true;
    pj_generation *without = generate("no_cache", &none); /* prompts of 4, 5 and 6 tokens: 15 times 16*64 MACs */
    CHECK_INT(without->request.macs, 15 * 16 * 64);
    CHECK_INT(without->kv_token_bits, 0);
    pj_generation_free(without);
}

/* Examples of the description: table of one price a bit, cache in place. */
static void test_examples(void)
{
    static const struct {
        const char *model;
        int64_t batch, prompt, tokens, macs, weights, read, written;
        double request, token;
    } all[] = {
        {"mha_fp32",    1, 8,  9,  365056,   5604352,  409600,  32768, 89.3506464,  9.9278},
        {"gqa_int4",    4, 32, 17, 29306880, 10232832, 3981312, 98304, 494.4838216, 7.2718},
        {"attention23", 2, 16, 33, 4184064,  19832832, 3194880, 98304, 294.994656,  4.4696},
    };
    pj_setup setup = once();
    setup.table = GENERATION "/flat.json";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const pj_generation_ask ask = asked(&setup, all[i].prompt, all[i].tokens, all[i].batch);
        pj_generation *g = generate(all[i].model, &ask);
        CHECK_INT(g->request.macs, all[i].macs);
        CHECK_INT(g->decode.weight_bits, all[i].weights);
        CHECK_INT(g->decode.kv_read_bits, all[i].read);
        CHECK_INT(g->decode.kv_written_bits, all[i].written);
        CHECK_NEAR(g->request.total_pj * 1e-6, all[i].request, 1e-9);
        CHECK_NEAR(g->out_token_pj * 1e-6, all[i].token, 1e-4);
        CHECK_INT(g->request.macs, g->prefill.macs + g->decode.macs);
        pj_generation_free(g);
    }
}

static void test_one_token(void)
{
    const pj_setup setup = pj_setup_default();
    const pj_generation_ask ask = asked(&setup, 8, 1, 1);
    pj_generation *g = generate("attention23", &ask);
    CHECK_INT(g->decode_steps, 0);
    CHECK_INT(g->decode.macs, 0);
    CHECK(isnan(g->decode_token_pj));
    CHECK(g->out_token_pj == g->prefill.total_pj);
    pj_generation_free(g);
}

/* Weights are read once for the batch: more than one sequence costs less than as many runs. */
static void test_batch(void)
{
    const pj_setup setup = pj_setup_default();
    const pj_generation_ask one = asked(&setup, 16, 9, 1), four = asked(&setup, 16, 9, 4);
    pj_generation *a = generate("attention23", &one), *b = generate("attention23", &four);
    CHECK_INT(b->request.macs, 4 * a->request.macs);
    CHECK_INT(b->decode.kv_read_bits, 4 * a->decode.kv_read_bits);
    CHECK(b->decode.weight_bits < a->decode.weight_bits * 11 / 10); /* rows of the embedding apart */
    CHECK(b->request.total_pj > a->request.total_pj && b->request.total_pj < 4 * a->request.total_pj);
    pj_generation_free(a);
    pj_generation_free(b);
}

/* Each row of what-if is what its own call says. */
static void test_changes(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 16, 9, 2);
    ask.what_if = true;
    pj_generation *g = generate("attention23", &ask);
    CHECK(g->change_count >= 4);
    CHECK_TEXT(g->changes[0].change, "int8 cache (--kv-format int8)");
    pj_generation_ask own = asked(&setup, 16, 9, 2);
    own.kv_format = "int8";
    pj_generation *int8 = generate("attention23", &own);
    CHECK(g->changes[0].decode_token_pj == int8->decode_token_pj);
    CHECK_INT(int8->kv_token_bits, g->kv_token_bits / 2);
    CHECK_INT(int8->decode.kv_read_bits, g->decode.kv_read_bits / 2);
    own = asked(&setup, 16, 9, 8);
    pj_generation *eight = generate("attention23", &own);
    bool found = false;
    for (size_t i = 0; i < g->change_count; i++)
        found = found || (strncmp(g->changes[i].change, "batch 8", 7) == 0 &&
                          g->changes[i].decode_token_pj == eight->decode_token_pj);
    CHECK(found);
    pj_generation_free(g);
    pj_generation_free(int8);
    pj_generation_free(eight);
}

/* Scales for each head and token: 16 bits in each of 2 layers, K and V, 3 heads. */
static void test_scales(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 4, 3, 1);
    ask.kv_format = "int8";
    pj_generation *plain = generate("attention23", &ask);
    ask.scale_per_token = true;
    pj_generation *scaled = generate("attention23", &ask);
    CHECK_INT(scaled->kv_token_bits, plain->kv_token_bits + 2 * 2 * 3 * 16);
    pj_generation_free(plain);
    pj_generation_free(scaled);
}

/* Steps of several tokens: ceil((N - 1) / A) of them. */
static void test_speculation(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 4, 11, 1);
    ask.tokens_per_step = 4;
    ask.accepted = 2.5;
    pj_generation *g = generate("attention23", &ask);
    CHECK_INT(g->decode_steps, 4);
    CHECK_INT(g->decode.kv_written_bits, 4 * 4 * g->kv_token_bits);
    pj_generation_free(g);
}

/* A buffer of 32 positions is multiplied whole: 2,816 MACs a step wherever it is. */
static void test_buffer(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 8, 25, 1);
    pj_generation *g = generate("static_cache", &ask);
    CHECK_INT(g->decode.macs, 24 * 2816);
    CHECK_INT(g->positions, 32);
    pj_generation_free(g);
    ask.tokens = 26;
    refuse("static_cache", &ask, PJ_EARGUMENT,
           "the model has 32 positions (buffer past_key_values.0.key); prompt 8 and 26 tokens need 33");
}

/* 4 experts of 24 by 16 weights and back, top 2: a token reads 2 of them, 8 tokens all. */
static void test_experts(void)
{
    const pj_setup setup = pj_setup_default();
    const pj_generation_ask ask = asked(&setup, 4, 3, 1), eight = asked(&setup, 4, 3, 8);
    pj_generation *g = generate("moe", &ask), *h = generate("moe", &eight);
    CHECK(g->experts_at_most == 2);
    CHECK(h->experts_at_most == 4);
    CHECK_NEAR(h->experts_expected, 4 * (1 - 1. / 256), 1e-12);
    int64_t rows = 7 * 16 * 32; /* of the embedding, of seven more sequences */
    CHECK_INT(h->decode.weight_bits - g->decode.weight_bits, 2 * (98304 - 49152 + rows));
    pj_generation_free(g);
    pj_generation_free(h);
}

static void test_refusals(void)
{
    pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 0, 3, 1);
    refuse("moe", &ask, PJ_ECONFLICT, "prompt is 0: wants a whole number from 1 to 2147483647");
    ask = asked(&setup, 1, 3, -1);
    refuse("moe", &ask, PJ_ECONFLICT, "batch is -1: wants a whole number from 1 to 2147483647");
    ask = asked(&setup, 1, 3, 1);
    ask.accepted = 2;
    refuse("moe", &ask, PJ_ECONFLICT, "2 accepted tokens of 1 in a step: wants a number from 1 to 1");
    ask = asked(&setup, 60, 30, 1);
    refuse("mha_fp32", &ask, PJ_EARGUMENT,
           "the model has 64 positions (table pos_emb); prompt 60 and 30 tokens need 89");
    ask = asked(&setup, 4, 3, 1);
    ask.scale_per_token = true;
    refuse("moe", &ask, PJ_ECONFLICT, "scales of the cache go with a format of it: --kv-format int8");
    ask = asked(&setup, 4, 3, 1);
    ask.step_path = GENERATION "/models/gqa_int4.onnx";
    refuse("attention23", &ask, PJ_EARGUMENT, "the model of the steps has 6 caches, that of the prompt 4");
    ask = asked(&setup, 4, 3, 1);
    setup.table = "qtools";
    refuse("moe", &ask, PJ_ECONFLICT,
           "the table qtools has the rules of QTools, which leave the batch out: a generation needs another one");
    setup = pj_setup_default();
    ask = asked(&setup, INT32_MAX, INT32_MAX, INT32_MAX);
    pj_model *model = open_model("attention23");
    pj_generation *found = NULL;
    pj_error err = {0};
    CHECK_INT(pj_generate(model, &ask, &found, &err), PJ_EOVERFLOW);
    CHECK(!found);
    pj_model_close(model);
}

/* The same file for both is as one file. */
static void test_two_files(void)
{
    const pj_setup setup = pj_setup_default();
    pj_generation_ask ask = asked(&setup, 4, 5, 2);
    pj_generation *a = generate("attention23", &ask);
    ask.step_path = GENERATION "/models/attention23.onnx";
    pj_generation *b = generate("attention23", &ask);
    CHECK(a->request.total_pj == b->request.total_pj);
    CHECK_INT(a->request.macs, b->request.macs);
    pj_generation_free(a);
    pj_generation_free(b);
}

/* A decoder behind an encoder, one layer of 2 heads of 4: keys of its own grow, those of the encoder are read whole at
 * each step and never written. */
static builder encoder_decoder(void)
{
    static const int64_t split[] = {0, 0, 2, 4}, perm[] = {0, 2, 1, 3}, turned[] = {0, 1, 3, 2};
    builder b = build_new(17);
    build_input(&b, "decoder_input_ids", PJ_INT64, "batch,steps");
    build_input(&b, "past_key_values.0.decoder.key", PJ_FLOAT32, "batch,2,past,4");
    build_input(&b, "past_key_values.0.encoder.key", PJ_FLOAT32, "batch,2,source,4");
    build_initializer(&b, "emb", PJ_FLOAT32, "32,8");
    build_raw(&b, build_initializer(&b, "split", PJ_INT64, "4"), split, sizeof split);
    build_node(&b, "Gather", "emb,decoder_input_ids", "x");
    build_node(&b, "Reshape", "x,split", "heads");
    build_ints(&b, build_node(&b, "Transpose", "heads", "q"), "perm", 4, perm);
    build_int(&b, build_node(&b, "Concat", "past_key_values.0.decoder.key,q", "present.0.decoder.key"), "axis", 2);
    build_ints(&b, build_node(&b, "Transpose", "present.0.decoder.key", "own"), "perm", 4, turned);
    build_ints(&b, build_node(&b, "Transpose", "past_key_values.0.encoder.key", "other"), "perm", 4, turned);
    build_node(&b, "MatMul", "q,own", "scores");
    build_node(&b, "MatMul", "q,other", "cross");
    build_output(&b, "present.0.decoder.key", PJ_FLOAT32, "batch,2,past + steps,4");
    build_output(&b, "scores", PJ_FLOAT32, "");
    build_output(&b, "cross", PJ_FLOAT32, "");
    return b;
}

static void test_encoder(void)
{
    const pj_setup setup = pj_setup_default(), none = {0};
    const pj_generation_ask ask = asked(&setup, 10, 5, 3); /* 10 positions of the encoder, 5 tokens of each of 3 */
    builder b = encoder_decoder();
    pj_generation *g = NULL;
    pj_model *model = NULL;
    pj_error err = {0};
    size_t size;
    uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", &none, &model, &err), PJ_OK);
    CHECK_INT(pj_generate(model, &ask, &g, &err), PJ_OK);
    CHECK(g->has_encoder);
    CHECK_INT(g->cross_count, 1);
    CHECK_INT(g->first_past, 1);
    const int64_t token = 3 * 2 * 4 * 32;                 /* bits of one position, of all sequences */
    CHECK_INT(g->prefill.kv_read_bits, (1 + 10) * token); /* starts with one token */
    CHECK_INT(g->decode.kv_read_bits, (2 + 3 + 4 + 5 + 4 * 10) * token);
    CHECK_INT(g->decode.kv_written_bits, 4 * token);
    CHECK_INT(g->kv_token_bits, token / 3);
    CHECK_INT(g->decode.macs, 3 * 2 * 4 * (2 + 3 + 4 + 5 + 4 * 10));
    pj_generation_free(g);
    pj_model_close(model);
    build_free(&b);
}

static void test_formulas(void)
{
    CHECK_INT(pj_attention_macs(4, 8, 1, 48, 8, 8), 4 * 8 * 48 * 16);
    CHECK_INT(pj_kv_token_bits(32, 8, 128, 128, 16), 131072 * 8);
    CHECK_INT(pj_equal_tokens(639552, 1536), 416);
    CHECK_INT(pj_equal_tokens(1, 0), -1);
    CHECK_NEAR(pj_compute_bound_batch(989.4e12, 3.35e12, 16), 295.3, 1e-3);
    CHECK_NEAR(pj_served_joules(1e9, 1e12, 700, 3.35e12, 989.4e12),
               1.08 * 1e9 * 700 / 3.35e12 + 3.75 * 1e12 * 700 / 989.4e12, 1e-12);
    CHECK(isnan(pj_served_joules(1, 1, NAN, 1, 1)));
    CHECK_NEAR(pj_experts_read(128, 8, 1), 8, 1e-12);
}

/* A million tokens take no longer than a few hundred. */
static void test_time(void)
{
    const pj_setup setup = pj_setup_default();
    const pj_generation_ask ask = asked(&setup, 32, 1000000, 1);
    clock_t start = clock();
    pj_generation *g = generate("attention23", &ask);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    CHECK_INT(g->decode_steps, 999999);
    CHECK(seconds < 3);
    CHECK(g->priced < 1000);
    pj_generation_free(g);
}

int main(void)
{
    test_closed_form();
    test_recompute();
    test_examples();
    test_one_token();
    test_batch();
    test_changes();
    test_scales();
    test_speculation();
    test_buffer();
    test_experts();
    test_refusals();
    test_two_files();
    test_encoder();
    test_formulas();
    test_time();
    return check_done();
}
