/* Looking at weights: figures of numpy, values by hand, every type, quantized weights, files that are not whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"
#include "weights/levels.h"

/* ---- models in a folder of our own ---- */

static char folder[] = "/tmp/picojoule-weights-XXXXXX";

static const char *path(const char *name)
{
    static char text[256];
    snprintf(text, sizeof text, "%s/%s", folder, name);
    return text;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path(name), "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
}

static void write_model(builder *b)
{
    size_t size;
    const uint8_t *bytes = build_bytes(b, &size);
    write_file("m.onnx", bytes, size);
    build_free(b);
}

static pj_model *open_model(void)
{
    pj_error err = {0};
    pj_model *model = NULL;
    if (pj_model_open(path("m.onnx"), NULL, &model, &err) != PJ_OK) {
        check_text(err.what, "", "open", __FILE__, __LINE__);
        exit(check_done());
    }
    return model;
}

static pj_weights *look(pj_model *model, const pj_weight_options *options)
{
    pj_error err = {0};
    pj_weights *weights = NULL;
    if (pj_weights_inspect(model, options, &weights, &err) != PJ_OK) {
        check_text(err.what, "", "inspect", __FILE__, __LINE__);
        exit(check_done());
    }
    return weights;
}

/* Writes what was built and looks at its weights with all that there is. */
static pj_weights *look_at(builder *b)
{
    pj_weight_options options = pj_weight_options_default();
    write_model(b);
    pj_model *model = open_model();
    pj_weights *weights = look(model, &options);
    pj_model_close(model);
    return weights;
}

/* y = MatMul(x [1,k], w [k,n]) with w of this type and these bytes. */
static builder product(pj_dtype dtype, const char *dims, const void *bytes, size_t size)
{
    builder b = build_new(25);
    char x[32];
    snprintf(x, sizeof x, "1,%d", (int)strtol(dims, NULL, 10));
    build_input(&b, "x", dtype, x);
    build_raw(&b, build_initializer(&b, "w", dtype, dims), bytes, size);
    build_node(&b, "MatMul", "x,w", "y");
    build_output(&b, "y", dtype, "1,N");
    return b;
}

static double db(const pj_weights *weights, size_t i, const char *format, pj_grain grain, pj_scale_rule rule)
{
    for (size_t f = 0; f < weights->format_count; f++)
        if (strcmp(weights->formats[f], format) == 0)
            return pj_noise_db(pj_weight_noise(weights, &weights->weight[i], f, grain, rule));
    return NAN;
}

/* ---- figures of numpy: weights/noise.py ---- */

/* The weights of noise.py: sums of four numbers from -1/2 to 1/2, times (1 + channel % 7) / 4. */
static float *made_up(size_t count, size_t inner, size_t channels)
{
    uint32_t state = 1;
    float *w = malloc(count * sizeof *w);
    for (size_t i = 0; w && i < count; i++) {
        double total = 0;
        for (int k = 0; k < 4; k++) {
            state = state * 1664525U + 1013904223U;
            total += (double)state / 4294967296.0 - 0.5;
        }
        w[i] = (float)(total * (double)(1 + i / inner % channels % 7) / 4);
    }
    return w;
}

static const struct known {
    const char *name, *op, *inputs, *x, *dims;
    size_t count, inner, channels;
} cases[] = {
    {"conv",       "Conv",          "x,w", "1,3,8,8",    "8,3,3,3",    216,   27,   8 },
    {"matmul",     "MatMul",        "x,w", "1,40",       "40,12",      480,   1,    12},
    {"gemm",       "Gemm",          "x,w", "1,40",       "12,40",      480,   40,   12},
    {"transposed", "ConvTranspose", "x,w", "1,6,8,8",    "6,5,2,2",    120,   4,    5 },
    {"gather",     "Gather",        "w,i", "1",          "30,16",      480,   16,   30},
    {"long",       "Conv",          "x,w", "1,1024,3,3", "8,1024,3,3", 73728, 9216, 8 },
};

static void write_case(const struct known *c)
{
    builder b = build_new(17);
    float *w = made_up(c->count, c->inner, c->channels);
    build_input(&b, "x", PJ_FLOAT32, c->x);
    build_input(&b, "i", PJ_INT64, "1");
    build_raw(&b, build_initializer(&b, "w", PJ_FLOAT32, c->dims), w, c->count * sizeof *w);
    PjOnnx__NodeProto *node = build_node(&b, c->op, c->inputs, "y");
    if (strcmp(c->name, "gemm") == 0)
        build_int(&b, node, "transB", 1);
    if (strcmp(c->name, "transposed") == 0)
        build_int(&b, node, "group", 2);
    build_output(&b, "y", PJ_FLOAT32, "");
    write_model(&b);
    free(w);
}

static double number(pj_json object, const char *key)
{
    double out = NAN;
    CHECK_INT(pj_json_get_double(object, key, &out, NULL), PJ_OK);
    return out;
}

/* Max-abs to 1e-9; the least error at most 1 % above the one that trying thousands of scales finds. */
static void compare_noise(pj_json want, const pj_weights *weights, size_t f, pj_grain grain)
{
    const pj_weight *w = &weights->weight[0];
    double plain = NAN, best = NAN;
    pj_json list = pj_json_find(want, grain == PJ_PER_TENSOR ? "tensor" : "channel"), first = pj_json_first(list);
    CHECK_INT(pj_json_as_double(first, &plain, NULL), PJ_OK);
    CHECK_INT(pj_json_as_double(pj_json_next(first), &best, NULL), PJ_OK);
    double got = pj_weight_noise(weights, w, f, grain, PJ_SCALE_LEAST_ERROR).noise;
    CHECK_NEAR(pj_weight_noise(weights, w, f, grain, PJ_SCALE_MAX_ABS).noise, plain, 1e-9);
    CHECK(got <= plain * (1 + 1e-9));
    if (got > best * 1.01)
        printf("%s %s %d: %.4f\n", weights->formats[f], weights->weight[0].tensor, grain, got / best);
    CHECK(got <= best * 1.01);
    CHECK(got >= best * 0.99);
}

static void compare_case(pj_json want, const pj_weights *weights)
{
    const pj_weight *w = &weights->weight[0];
    CHECK_INT(weights->count, 1);
    CHECK(!w->absent);
    CHECK_INT(w->channels, (int64_t)number(want, "channels"));
    CHECK_INT(w->zeros, (int64_t)number(want, "zeros"));
    CHECK_INT(w->distinct, (int64_t)number(want, "distinct"));
    CHECK_NEAR(w->min, number(want, "min"), 0);
    CHECK_NEAR(w->max, number(want, "max"), 0);
    CHECK_NEAR(w->mean, number(want, "mean"), 1e-9);
    CHECK_NEAR(w->rms, number(want, "rms"), 1e-9);
    for (size_t f = 0; f < weights->format_count; f++) {
        pj_json noise = pj_json_find(pj_json_find(want, "noise"), weights->formats[f]);
        compare_noise(noise, weights, f, PJ_PER_TENSOR);
        compare_noise(noise, weights, f, PJ_PER_CHANNEL);
    }
}

static void test_numpy(void)
{
    pj_json_doc *doc = NULL;
    pj_weight_options options = pj_weight_options_default();
    CHECK_INT(pj_json_read_report("weights/noise.json", &doc, NULL), PJ_OK);
    if (!doc)
        return;
    pj_json want = pj_json_first(pj_json_find(pj_json_root(doc), "cases"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, want = pj_json_next(want)) {
        const char *name = "";
        pj_json_get_text(want, "name", &name, NULL);
        CHECK_TEXT(cases[i].name, name);
        write_case(&cases[i]);
        pj_model *model = open_model();
        options.threads = 1;
        pj_weights *one = look(model, &options);
        compare_case(want, one);
        options.threads = 5; /* the same bits */
        pj_weights *five = look(model, &options);
        CHECK_INT(memcmp(one->weight[0].noise, five->weight[0].noise, 4 * one->format_count * sizeof(pj_noise)), 0);
        CHECK(one->weight[0].mean == five->weight[0].mean && one->weight[0].rms == five->weight[0].rms);
        pj_weights_free(one);
        pj_weights_free(five);
        pj_model_close(model);
    }
    pj_json_free(doc);
}

/* ---- by hand ---- */

static double noise(const pj_weights *weights, const char *format, pj_grain grain, pj_scale_rule rule)
{
    for (size_t f = 0; f < weights->format_count; f++)
        if (strcmp(weights->formats[f], format) == 0)
            return pj_weight_noise(weights, &weights->weight[0], f, grain, rule).noise;
    return NAN;
}

/* int3 has the numbers -3 .. 3. Columns (3, 1.4) and (-6, 2): the tensor's scale is 6/3 = 2, so 3 -> 4 (1.5 to even),
 * 1.4 -> 2, -6 -> -6, 2 -> 2: errors 1, 0.6, 0, 0, noise 1.36. Scales of the columns are 1 and 2: errors 0, 0.4, 0, 0:
 * noise 0.16. With int2 (-1, 0, 1) and 6: 3 -> 0 or 6 (error 3), 1.4 -> 0, -6, 2 -> 0: 9 + 1.96 + 4 = 14.96; with 3
 * and 6: 3, 1.4 -> 0, -6, 2 -> 0: 1.96 + 4 = 5.96. fp4 with 6/6 = 1: 1.4 -> 1.5, noise 0.01. */
static void test_by_hand(void)
{
    const float w[] = {3, -6, 1.4F, 2};
    builder b = product(PJ_FLOAT32, "2,2", w, sizeof w);
    pj_weights *got = look_at(&b);
    const pj_weight *row = &got->weight[0];
    CHECK_TEXT(row->layer, "MatMul_0");
    CHECK_TEXT(row->tensor, "w");
    CHECK_TEXT(row->dtype, "float32");
    CHECK_INT(row->input, 1);
    CHECK_INT(row->count, 4);
    CHECK_INT(row->channels, 2);
    CHECK_INT(row->distinct, 4);
    CHECK_NEAR(row->mean, 0.1, 1e-7);
    CHECK_NEAR(row->rms, sqrt((9 + 36 + 1.96 + 4) / 4), 1e-7);
    CHECK_INT(row->values, PJ_VALUES_ANY);
    CHECK_NEAR(noise(got, "int3", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS), 1.36, 1e-7);
    CHECK_NEAR(noise(got, "int3", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 0.16, 1e-6);
    CHECK_NEAR(noise(got, "int2", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS), 14.96, 1e-7);
    CHECK_NEAR(noise(got, "int2", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 5.96, 1e-7);
    CHECK_NEAR(noise(got, "fp4", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS), 0.01, 1e-5);
    CHECK_NEAR(db(got, 0, "int2", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 10 * log10((9 + 36 + 1.96 + 4) / 5.96), 1e-7);
    size_t count;
    CHECK(pj_weights_of(got, "MatMul_0", &count) == row);
    CHECK_INT(count, 1);
    CHECK(!pj_weights_of(got, "none", &count));
    CHECK_INT(count, 0);
    pj_weights_free(got);
}

static void check_values(const float *w, pj_value_set tensor, pj_value_set channel, int64_t distinct)
{
    builder b = product(PJ_FLOAT32, "3,2", w, 6 * sizeof *w);
    pj_weights *got = look_at(&b);
    CHECK_INT(got->weight[0].values, tensor);
    CHECK_INT(got->weight[0].channel_values, channel);
    CHECK_INT(got->weight[0].distinct, distinct);
    pj_weights_free(got);
}

/* Columns are channels. */
static void test_values(void)
{
    check_values((const float[]){.3F, -.3F, .3F, .3F, -.3F, .3F}, PJ_VALUES_BINARY, PJ_VALUES_BINARY, 2);
    check_values((const float[]){.3F, -.7F, .3F, .7F, -.3F, .7F}, PJ_VALUES_ANY, PJ_VALUES_BINARY, 4);
    check_values((const float[]){.3F, 0, .3F, -.3F, -.3F, -0.0F}, PJ_VALUES_TERNARY, PJ_VALUES_TERNARY, 3);
    check_values((const float[]){.3F, 0, .3F, 0, -.3F, 0}, PJ_VALUES_TERNARY, PJ_VALUES_TERNARY, 3);
    check_values((const float[]){.3F, .6F, .15F, -1.2F, 0, .6F}, PJ_VALUES_PO2, PJ_VALUES_PO2, 5);
    check_values((const float[]){.3F, .7F, .6F, -1.4F, 0, .7F}, PJ_VALUES_ANY, PJ_VALUES_PO2, 5);
    check_values((const float[]){1, 2, 3, 4, 5, 6}, PJ_VALUES_ANY, PJ_VALUES_ANY, 6);
    check_values((const float[]){0, 0, 0, 0, 0, 0}, PJ_VALUES_ZERO, PJ_VALUES_ZERO, 1);
}

/* NaN and infinities are counted, and nothing else sees them: 1, -2 and 0 remain. */
static void test_not_finite(void)
{
    const float w[] = {1, NAN, INFINITY, -2, -INFINITY, 0};
    builder b = product(PJ_FLOAT32, "3,2", w, sizeof w);
    pj_weights *got = look_at(&b);
    const pj_weight *row = &got->weight[0];
    CHECK_INT(row->count, 6);
    CHECK_INT(row->nans, 1);
    CHECK_INT(row->infinities, 2);
    CHECK_INT(row->zeros, 1);
    CHECK_INT(row->distinct, 3);
    CHECK_NEAR(row->min, -2, 0);
    CHECK_NEAR(row->max, 1, 0);
    CHECK_NEAR(row->mean, -1.0 / 3, 1e-12);
    CHECK_NEAR(row->rms, sqrt(5.0 / 3), 1e-12);
    CHECK_NEAR(noise(got, "int2", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS), 1, 1e-12); /* scale 2: 1 -> 0 */
    CHECK_NEAR(noise(got, "int2", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 0, 0);
    pj_weights_free(got);
    const float none[] = {NAN, NAN};
    b = product(PJ_FLOAT32, "1,2", none, sizeof none);
    got = look_at(&b);
    CHECK_INT(got->weight[0].nans, 2);
    CHECK_INT(got->weight[0].values, PJ_VALUES_NONE);
    CHECK_NEAR(got->weight[0].rms, 0, 0);
    CHECK(isnan(db(got, 0, "int8", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS)));
    pj_weights_free(got);
}

/* One and a half, -2, 0 and the type's own 1 (or 3 where 1.5 is no number of it), by their codes. */
static void test_types(void)
{
    static const struct {
        pj_dtype dtype;
        const char *dims;
        size_t size;
        uint8_t bytes[32];
        double min, max, mean;
    } types[] = {
        {PJ_FLOAT64,        "2,1", 16, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, -2,            1.5,          -.25         },
        {PJ_FLOAT16,        "2,1", 4,  {0x00, 0x3e, 0x00, 0xc0},                                  -2,            1.5,          -.25         },
        {PJ_FLOAT16,        "2,1", 4,  {0x01, 0x00, 0xff, 0x83},                                  -0x3ffp-24,    0x1p-24,      -0x3fep-25   }, /* subnormal */
        {PJ_BFLOAT16,       "2,1", 4,  {0xc0, 0x3f, 0x00, 0xc0},                                  -2,            1.5,          -.25         },
        {PJ_FLOAT8E4M3FN,   "2,1", 2,  {0x3c, 0xc0},                                              -2,            1.5,          -.25         },
        {PJ_FLOAT8E4M3FNUZ, "2,1", 2,  {0x44, 0xc8},                                              -2,            1.5,          -.25         },
        {PJ_FLOAT8E5M2,     "2,1", 2,  {0x3e, 0xc0},                                              -2,            1.5,          -.25         },
        {PJ_FLOAT8E5M2FNUZ, "2,1", 2,  {0x42, 0xc4},                                              -2,            1.5,          -.25         },
        {PJ_FLOAT4E2M1,     "3,1", 2,  {0xc3, 0x01},                                              -2,            1.5,          0            },
        {PJ_INT8,           "2,1", 2,  {0x80, 0x7f},                                              -128,          127,          -.5          },
        {PJ_UINT8,          "2,1", 2,  {0x80, 0x7f},                                              127,           128,          127.5        },
        {PJ_INT16,          "2,1", 4,  {0x00, 0x80, 0xff, 0x7f},                                  -32768,        32767,        -.5          },
        {PJ_UINT16,         "2,1", 4,  {0x00, 0x80, 0x00, 0x00},                                  0,             32768,        16384        },
        {PJ_INT32,          "1,2", 8,  {0, 0, 0, 0x80, 1, 0, 0, 0},                               -2147483648.0, 1,            -1073741823.5},
        {PJ_UINT32,         "1,2", 8,  {0, 0, 0, 0x80, 0, 0, 0, 0},                               0,             2147483648.0, 1073741824   },
        {PJ_INT64,          "1,1", 8,  {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},          -3,            -3,           -3           },
        {PJ_UINT64,         "1,1", 8,  {0, 0, 0, 0, 0, 0, 0, 0x80},                               0x1p63,        0x1p63,       0x1p63       },
        {PJ_INT4,           "3,1", 2,  {0x78, 0x01},                                              -8,            7,            0            },
        {PJ_UINT4,          "3,1", 2,  {0xf8, 0x01},                                              1,             15,           8            },
        {PJ_INT2,           "5,1", 2,  {0x4e, 0x01},                                              -2,            1,            -.2          },
        {PJ_UINT2,          "5,1", 2,  {0x4e, 0x01},                                              0,             3,            1.4          },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        builder b = product(types[i].dtype, types[i].dims, types[i].bytes, types[i].size);
        pj_weights *got = look_at(&b);
        CHECK_INT(got->count, 1);
        CHECK(!got->weight[0].absent);
        CHECK_TEXT(got->weight[0].dtype, pj_dtype_word(types[i].dtype));
        CHECK_NEAR(got->weight[0].min, types[i].min, 0);
        CHECK_NEAR(got->weight[0].max, types[i].max, 0);
        CHECK_NEAR(got->weight[0].mean, types[i].mean, 1e-15);
        pj_weights_free(got);
    }
}

/* Typed fields, small enough to be kept with the model, and so large that they stay in the file. */
static void test_typed_fields(void)
{
    static const size_t counts[] = {4, 3000};
    for (size_t k = 0; k < 2; k++) {
        size_t n = counts[k];
        char dims[32];
        snprintf(dims, sizeof dims, "%zu,1", n);
        builder b = build_new(21);
        char x[32];
        snprintf(x, sizeof x, "1,%zu", n);
        build_input(&b, "x", PJ_FLOAT16, x);
        build_input(&b, "v", PJ_FLOAT32, x);
        PjOnnx__TensorProto *half = build_initializer(&b, "half", PJ_FLOAT16, dims);
        PjOnnx__TensorProto *single = build_initializer(&b, "single", PJ_FLOAT32, dims);
        half->n_int32_data = single->n_float_data = n;
        half->int32_data = calloc(n, sizeof *half->int32_data);
        single->float_data = calloc(n, sizeof *single->float_data);
        half->int32_data[1] = 0xc000; /* -2, of three bytes */
        half->int32_data[n - 1] = 0x3e00;
        single->float_data[1] = -2;
        single->float_data[n - 1] = 1.5F;
        build_node(&b, "MatMul", "x,half", "y");
        build_node(&b, "MatMul", "v,single", "z");
        build_output(&b, "y", PJ_FLOAT16, "");
        int32_t *numbers = half->int32_data;
        float *floats = single->float_data;
        pj_weights *got = look_at(&b);
        free(numbers);
        free(floats);
        CHECK_INT(got->count, 2);
        for (size_t i = 0; i < got->count; i++) {
            CHECK(!got->weight[i].absent);
            CHECK_INT(got->weight[i].count, n);
            CHECK_INT(got->weight[i].zeros, n - 2);
            CHECK_NEAR(got->weight[i].min, -2, 0);
            CHECK_NEAR(got->weight[i].max, 1.5, 0);
        }
        pj_weights_free(got);
    }
}

/* ---- quantized weights ---- */

static void raw(builder *b, const char *name, pj_dtype dtype, const char *dims, const void *bytes, size_t size)
{
    build_raw(b, build_initializer(b, name, dtype, dims), bytes, size);
}

/* int8 codes (2, -4), (6, 0) of a [2,2] weight; columns have scales 0.5 and 0.25, zero points 0 and -4: the real
 * numbers are (1, 0), (3, 1). */
static void test_dequantized(void)
{
    static const int8_t codes[] = {2, -4, 6, 0}, zeros[] = {0, -4};
    static const float scales[] = {.5F, .25F};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2");
    raw(&b, "q", PJ_INT8, "2,2", codes, sizeof codes);
    raw(&b, "s", PJ_FLOAT32, "2", scales, sizeof scales);
    raw(&b, "z", PJ_INT8, "2", zeros, sizeof zeros);
    build_int(&b, build_node(&b, "DequantizeLinear", "q,s,z", "w"), "axis", 1);
    build_node(&b, "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,2");
    pj_weights *got = look_at(&b);
    CHECK_INT(got->count, 1);
    CHECK_TEXT(got->weight[0].tensor, "q");
    CHECK_TEXT(got->weight[0].dtype, "int8");
    CHECK_NEAR(got->weight[0].min, 0, 0);
    CHECK_NEAR(got->weight[0].max, 3, 0);
    CHECK_NEAR(got->weight[0].mean, 1.25, 1e-15);
    CHECK_INT(got->weight[0].zeros, 1);
    CHECK_INT(got->weight[0].distinct, 3);
    pj_weights_free(got);
}

/* int4 codes 1 2 3 4 | -1 -2 -3 -4 of a [2,4] weight in blocks of two along axis 1, scales 1 10 | 2 20, behind a
 * Transpose: 1 2 30 40 | -2 -4 -60 -80. Its channels are the rows of the codes. */
static void test_blocks(void)
{
    static const uint8_t codes[] = {0x21, 0x43, 0xef, 0xcd};
    static const float scales[] = {1, 10, 2, 20};
    static const int64_t perm[] = {1, 0};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    raw(&b, "q", PJ_INT4, "2,4", codes, sizeof codes);
    raw(&b, "s", PJ_FLOAT32, "2,2", scales, sizeof scales);
    PjOnnx__NodeProto *node = build_node(&b, "DequantizeLinear", "q,s", "d");
    build_int(&b, node, "axis", 1);
    build_int(&b, node, "block_size", 2);
    build_ints(&b, build_node(&b, "Transpose", "d", "w"), "perm", 2, perm);
    build_node(&b, "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,2");
    pj_weights *got = look_at(&b);
    CHECK(!got->weight[0].absent);
    CHECK_INT(got->weight[0].channels, 2);
    CHECK_NEAR(got->weight[0].min, -80, 0);
    CHECK_NEAR(got->weight[0].max, 40, 0);
    CHECK_NEAR(got->weight[0].mean, -73.0 / 8, 1e-15);
    /* int2, scales 40 and 80: 1, 2 -> 0, 30 -> 40, 40; -2, -4 -> 0, -60, -80 -> -80: 1 + 4 + 100 + 4 + 16 + 400 */
    CHECK_NEAR(noise(got, "int2", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 525, 1e-12);
    pj_weights_free(got);
}

/* MatMulNBits, N = 2, K = 3 in blocks of 2: codes (9, 10 | 11, filled up with 0), (7, 6 | 5, 0), scales 1 2, 3 4; the
 * zero point is 8: 1 2 6, -3 -6 -12. With zero points (8, 9), (8, 4): 1 2 4, -3 -6 4. */
static void test_matmul_nbits(void)
{
    static const uint8_t codes[] = {0xa9, 0x0b, 0x67, 0x05}, zeros[] = {0x98, 0x48};
    static const float scales[] = {1, 2, 3, 4};
    for (int with = 0; with < 2; with++) {
        builder b = build_new(21);
        build_opset(&b, "com.microsoft", 1);
        build_input(&b, "x", PJ_FLOAT32, "1,3");
        raw(&b, "q", PJ_UINT8, "2,2,1", codes, sizeof codes);
        raw(&b, "s", PJ_FLOAT32, "4", scales, sizeof scales);
        raw(&b, "z", PJ_UINT8, "2", zeros, sizeof zeros);
        PjOnnx__NodeProto *node = build_node(&b, "MatMulNBits", with ? "x,q,s,z" : "x,q,s", "y");
        node->domain = build_strdup(&b, "com.microsoft");
        build_int(&b, node, "K", 3);
        build_int(&b, node, "N", 2);
        build_int(&b, node, "bits", 4);
        build_int(&b, node, "block_size", 2);
        build_output(&b, "y", PJ_FLOAT32, "1,2");
        pj_weights *got = look_at(&b);
        CHECK_INT(got->count, 1);
        CHECK_TEXT(got->weight[0].absent ? got->weight[0].absent : "", "");
        CHECK_TEXT(got->weight[0].dtype, "uint4");
        CHECK_INT(got->weight[0].count, 6);
        CHECK_INT(got->weight[0].channels, 2);
        CHECK_NEAR(got->weight[0].min, with ? -6 : -12, 0);
        CHECK_NEAR(got->weight[0].max, with ? 4 : 6, 0);
        CHECK_NEAR(got->weight[0].mean, with ? 2.0 / 6 : -2, 1e-15);
        pj_weights_free(got);
    }
}

/* What ONNX Runtime defines for no reader but its own is said, and not guessed: bits of 3 and 5, codes that are packed
 * for a kernel. */
static void test_packings_that_are_not_told(void)
{
    static const struct {
        int bits, prepacked;
        const char *codes, *why;
    } rows[] = {
        {3, 0, "2,1,12", "do not divide a byte"},
        {5, 0, "2,1,20", "do not divide a byte"},
        {4, 1, "2,1,16", "one kind of GPU"     }
    };
    static const uint8_t codes[40];
    static const float scales[] = {1, 2};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(21);
        build_opset(&b, "com.microsoft", 1);
        build_input(&b, "x", PJ_FLOAT32, "1,32");
        raw(&b, "q", PJ_UINT8, rows[i].codes, codes, (size_t)(8 * rows[i].bits));
        raw(&b, "s", PJ_FLOAT32, "2", scales, sizeof scales);
        PjOnnx__NodeProto *node = build_node(&b, "MatMulNBits", "x,q,s", "y");
        node->domain = build_strdup(&b, "com.microsoft");
        build_int(&b, node, "K", 32);
        build_int(&b, node, "N", 2);
        build_int(&b, node, "bits", rows[i].bits);
        build_int(&b, node, "block_size", 32);
        build_int(&b, node, "weight_prepacked", rows[i].prepacked);
        build_output(&b, "y", PJ_FLOAT32, "1,2");
        pj_weights *got = look_at(&b);
        CHECK_INT(got->count, 1);
        CHECK_PART(got->weight[0].absent, rows[i].why);
        pj_weights_free(got);
    }
}

/* QLinearConv: codes 1, 3 and 5 of [1,3,1], scale 0.5, zero point 3: -1, 0, 1. */
static void test_operator(void)
{
    static const uint8_t codes[] = {1, 3, 5}, zero[] = {3};
    static const float scale[] = {.5F};
    builder b = build_new(17);
    build_input(&b, "x", PJ_UINT8, "1,3,4");
    raw(&b, "q", PJ_UINT8, "1,3,1", codes, sizeof codes);
    raw(&b, "s", PJ_FLOAT32, "", scale, sizeof scale);
    raw(&b, "z", PJ_UINT8, "", zero, sizeof zero);
    build_node(&b, "QLinearConv", "x,s,z,q,s,z,s,z", "y");
    build_output(&b, "y", PJ_UINT8, "1,1,4");
    pj_weights *got = look_at(&b);
    CHECK_INT(got->weight[0].input, 3);
    CHECK_INT(got->weight[0].values, PJ_VALUES_TERNARY);
    CHECK_NEAR(got->weight[0].max, 1, 0);
    CHECK_NEAR(got->weight[0].mean, 0, 0);
    pj_weights_free(got);
}

/* Floats behind QuantizeLinear and DequantizeLinear, scale 0.5: 0.6, -0.3, 100 (cut to 127 * 0.5), 0.2 become 0.5,
 * -0.5, 63.5, 0. Behind a Quant of 2 bits, narrow, they become 0.5, -0.5, 0.5, 0. */
static void test_rounded(void)
{
    static const float w[] = {.6F, -.3F, 100, .2F}, scale[] = {.5F}, none[] = {0}, bits[] = {2};
    for (int qonnx = 0; qonnx < 2; qonnx++) {
        builder b = build_new(17);
        build_opset(&b, "qonnx.custom_op.general", 1);
        build_input(&b, "x", PJ_FLOAT32, "1,4");
        raw(&b, "f", PJ_FLOAT32, "4,1", w, sizeof w);
        raw(&b, "s", PJ_FLOAT32, "", scale, sizeof scale);
        raw(&b, "z", PJ_INT8, "", "", 1);
        raw(&b, "none", PJ_FLOAT32, "", none, sizeof none);
        raw(&b, "bits", PJ_FLOAT32, "", bits, sizeof bits);
        if (qonnx) {
            PjOnnx__NodeProto *node = build_node(&b, "Quant", "f,s,none,bits", "w");
            node->domain = build_strdup(&b, "qonnx.custom_op.general");
            build_int(&b, node, "narrow", 1);
        } else {
            build_node(&b, "QuantizeLinear", "f,s,z", "q");
            build_node(&b, "DequantizeLinear", "q,s,z", "w");
        }
        build_node(&b, "MatMul", "x,w", "y");
        build_output(&b, "y", PJ_FLOAT32, "1,1");
        pj_weights *got = look_at(&b);
        CHECK_TEXT(got->weight[0].absent ? got->weight[0].absent : "", "");
        CHECK_TEXT(got->weight[0].dtype, "float32");
        CHECK_NEAR(got->weight[0].min, -.5, 0);
        CHECK_NEAR(got->weight[0].max, qonnx ? .5 : 63.5, 0);
        CHECK_INT(got->weight[0].zeros, 1);
        CHECK_INT(got->weight[0].values, qonnx ? PJ_VALUES_TERNARY : PJ_VALUES_ANY);
        pj_weights_free(got);
    }
}

/* Sizes that do not fit, and what is no constant. */
static void test_misfits(void)
{
    static const float w[] = {1, 2, 3, 4}, scales[] = {1, 2, 3};
    static const int8_t codes[] = {1, 2, 3, 4};
    builder b = build_new(21);
    build_input(&b, "x", PJ_FLOAT32, "1,2");
    raw(&b, "q", PJ_INT8, "2,2", codes, sizeof codes);
    raw(&b, "f", PJ_FLOAT32, "2,2", w, sizeof w);
    raw(&b, "s", PJ_FLOAT32, "3", scales, sizeof scales);
    build_initializer(&b, "stripped", PJ_FLOAT32, "2,2");
    build_opset(&b, "com.microsoft", 1);
    raw(&b, "packed", PJ_UINT8, "2,1", codes, 2);
    raw(&b, "most", PJ_FLOAT32, "1", scales, sizeof *scales);
    raw(&b, "t", PJ_FLOAT32, "", scales, sizeof *scales);
    raw(&b, "z", PJ_INT8, "", codes, 1);
    build_input(&b, "xq", PJ_INT8, "1,2");
    build_node(&b, "QLinearMatMul", "xq,t,z,q,s,z,t,z", "y1");
    build_node(&b, "Mul", "f,f", "m");
    build_node(&b, "MatMul", "x,m", "y2");
    build_node(&b, "MatMul", "x,stripped", "y3");
    PjOnnx__NodeProto *codebook = build_node(&b, "MatMulBnb4", "x,packed,most", "y4");
    codebook->domain = build_strdup(&b, "com.microsoft");
    build_int(&b, codebook, "K", 2);
    build_int(&b, codebook, "N", 2);
    build_int(&b, codebook, "block_size", 16);
    build_output(&b, "y1", PJ_INT8, "1,2");
    pj_weights *got = look_at(&b);
    CHECK_INT(got->count, 4);
    CHECK_PART(got->weight[3].absent, "its scales lie in an order that is not read");
    CHECK_PART(got->weight[0].absent, "the number of its scales does not fit its shape");
    CHECK_PART(got->weight[1].absent, "it is computed from other constants");
    CHECK_PART(got->weight[2].absent, "the file has no contents for it");
    CHECK(pj_weight_noise(got, &got->weight[0], 0, PJ_PER_TENSOR, PJ_SCALE_MAX_ABS).noise < 0);
    pj_weights_free(got);
}

/* ---- files ---- */

/* 3000 floats in another file behind 8 bytes of something else; shared by two layers; then the file is cut. */
static void test_external(void)
{
    enum { COUNT = 3000 };
    float *w = calloc(COUNT + 2, sizeof *w);
    pj_weight_options options = pj_weight_options_default();
    pj_error err = {0};
    pj_weights *got = NULL;
    for (int i = 0; w && i < COUNT; i++)
        w[2 + i] = (float)(i % 5) - 2;
    write_file("w.bin", w, (COUNT + 2) * sizeof *w);
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,3000");
    PjOnnx__TensorProto *tensor = build_initializer(&b, "w", PJ_FLOAT32, "3000,1");
    build_external(&b, tensor, "location", "w.bin");
    build_external(&b, tensor, "offset", "8");
    build_node(&b, "MatMul", "x,w", "y");
    build_node(&b, "MatMul", "x,w", "z");
    build_output(&b, "y", PJ_FLOAT32, "1,1");
    write_model(&b);
    pj_model *model = open_model();
    got = look(model, &options);
    CHECK_INT(got->count, 2);
    CHECK_INT(got->bytes, 4 * COUNT); /* looked at once */
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(got->weight[i].count, COUNT);
        CHECK_INT(got->weight[i].zeros, COUNT / 5);
        CHECK_INT(got->weight[i].distinct, 5);
        CHECK_NEAR(got->weight[i].rms, sqrt(2), 1e-12);
    }
    pj_weights_free(got);
    write_file("w.bin", w, 5000);
    CHECK_INT(pj_weights_inspect(model, &options, &got, &err), PJ_EIO);
    CHECK(!got);
    CHECK_PART(err.what, "w.bin' is shorter than it was when the model was read");
    unlink(path("w.bin"));
    CHECK_INT(pj_weights_inspect(model, &options, &got, &err), PJ_EIO);
    CHECK_PART(err.what, "No such file");
    pj_model_close(model);
    free(w);
}

/* A model from memory: small constants are kept with it, the others cannot be read again. */
static void test_memory(void)
{
    float *w = calloc(4000, sizeof *w);
    builder b = product(PJ_FLOAT32, "2000,2", w, 4000 * sizeof *w);
    pj_weight_options options = pj_weight_options_default();
    pj_error err = {0};
    pj_model *model = NULL;
    size_t size;
    const uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, path("m.onnx"), NULL, &model, &err), PJ_OK);
    pj_weights *got = look(model, &options);
    CHECK_PART(got->weight[0].absent, "does not come from a file that can be read again");
    pj_weights_free(got);
    pj_model_close(model);
    build_free(&b);
    free(w);
}

/* Fifty names for the same 1600 bytes: they are read once. A file of 1 GB that holds nothing is not read at all. */
static void test_same_place(void)
{
    enum { NAMES = 50, COUNT = 400 };
    float w[COUNT];
    char name[16], inputs[16], hole_path[600];
    builder b = build_new(17);
    for (int i = 0; i < COUNT; i++)
        w[i] = (float)i;
    write_file("w.bin", w, sizeof w);
    snprintf(hole_path, sizeof hole_path, "%s/hole.bin", folder);
    FILE *hole = fopen(hole_path, "wb");
    CHECK(hole && ftruncate(fileno(hole), 1 << 30) == 0 && fclose(hole) == 0);
    build_input(&b, "x", PJ_FLOAT32, "1,20");
    for (int i = 0; i <= NAMES; i++) {
        snprintf(name, sizeof name, "w%d", i);
        snprintf(inputs, sizeof inputs, "x,w%d", i);
        PjOnnx__TensorProto *tensor = build_initializer(&b, name, PJ_FLOAT32, i < NAMES ? "20,20" : "20,13421772");
        build_external(&b, tensor, "location", i < NAMES ? "w.bin" : "hole.bin");
        snprintf(name, sizeof name, "y%d", i);
        build_node(&b, "MatMul", inputs, name);
        build_output(&b, name, PJ_FLOAT32, "");
    }
    write_model(&b);
    pj_model *model = open_model();
    pj_weight_options options = {.distinct = true};
    pj_weights *got;
    pj_error err;
    CHECK_INT(pj_weights_inspect(model, &options, &got, &err), PJ_OK);
    CHECK_INT(got->count, NAMES + 1);
    CHECK_INT(got->weight[NAMES - 1].distinct, COUNT);
    CHECK_INT(got->bytes, sizeof w);
    CHECK_PART(got->weight[NAMES].absent, "more bytes than its file really holds");
    pj_weights_free(got);
    pj_model_close(model);
    unlink(hole_path);
    unlink(path("w.bin"));
}

/* A limit of time that is over at once leaves rows that say so. */
static void test_no_time(void)
{
    static const float w[4] = {1, 2, 3, 4};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,2");
    raw(&b, "w", PJ_FLOAT32, "2,2", w, sizeof w);
    build_node(&b, "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "");
    write_model(&b);
    pj_model *model = open_model();
    pj_weight_options options = {.distinct = true, .seconds = 1e-12};
    pj_weights *got;
    pj_error err;
    CHECK_INT(pj_weights_inspect(model, &options, &got, &err), PJ_OK);
    CHECK_PART(got->weight[0].absent, "the time limit was over");
    pj_weights_free(got);
    pj_model_close(model);
}

/* A channel that is too long to be held is read anew for each pass: 2100000 rows of (1, 2) in int8. */
static void test_long_channel(void)
{
    enum { ROWS = 2100000 };
    static const char *const formats[] = {"int2"};
    uint8_t *codes = malloc((size_t)2 * ROWS);
    pj_weight_options options = {
        .formats = formats, .format_count = 1, .grain = {true, true},
                .rule = {true   },
                .distinct = true, .threads = 2
    };
    for (size_t i = 0; codes && i < 2 * (size_t)ROWS; i++)
        codes[i] = (uint8_t)(1 + i % 2);
    builder b = build_new(17);
    build_input(&b, "x", PJ_INT8, "1,2100000");
    raw(&b, "w", PJ_INT8, "2100000,2", codes, (size_t)2 * ROWS);
    build_node(&b, "MatMulInteger", "x,w", "y");
    build_output(&b, "y", PJ_INT32, "1,2");
    write_model(&b);
    pj_model *model = open_model();
    pj_weights *got = look(model, &options);
    CHECK_INT(got->weight[0].count, 2 * ROWS);
    CHECK_INT(got->weight[0].distinct, 2);
    CHECK_INT(got->weight[0].channel_values, PJ_VALUES_BINARY);
    CHECK_INT(got->weight[0].values, PJ_VALUES_PO2);
    CHECK_NEAR(noise(got, "int2", PJ_PER_CHANNEL, PJ_SCALE_MAX_ABS), 0, 0);
    CHECK_NEAR(noise(got, "int2", PJ_PER_TENSOR, PJ_SCALE_MAX_ABS), ROWS, 1e-12); /* 1 -> 0, half of 2 to even */
    pj_weights_free(got);
    pj_model_close(model);
    free(codes);
}

/* The message of the first finding with this code; "" without one. */
static const char *finding(const pj_result *result, const char *code)
{
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].code, code) == 0)
            return findings[i].message;
    return "";
}

static pj_result *analyze(pj_model *model, bool inspect, const char *quantize)
{
    pj_setup settings = pj_setup_default();
    pj_error err = {0};
    pj_result *result = NULL;
    settings.inspect_weights = inspect;
    settings.quantize = quantize;
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_OK);
    return result;
}

/* Ternary weights that are priced as floats are worth a remark, unless nobody asked, or they are priced so. */
static void test_findings(void)
{
    static const float w[] = {.5F, 0, -.5F, .5F, NAN, .5F};
    builder b = product(PJ_FLOAT32, "3,2", w, sizeof w);
    write_model(&b);
    pj_model *model = open_model();
    pj_result *plain = analyze(model, false, NULL), *looked = analyze(model, true, NULL);
    pj_result *priced = analyze(model, true, "ternary");
    CHECK(!plain->weights);
    CHECK_TEXT(finding(plain, "weights-special"), "");
    CHECK_INT(looked->weights->count, 1);
    CHECK_TEXT(finding(looked, "weights-special"),
               "the weights 'w' have only the values -a, 0, +a, but are priced as fp32: price them so with --plan and "
               "\"weights\": \"ternary\" for this layer");
    CHECK_TEXT(finding(looked, "weights-not-finite"),
               "of the weights 'w', 1 are NaN and 0 are infinite: other figures leave them out");
    CHECK_TEXT(finding(priced, "weights-special"), "");
    pj_result_free(plain);
    pj_result_free(looked);
    pj_result_free(priced);
    pj_model_close(model);
}

static void test_formats(void)
{
    static const char *const wrong[] = {"int17", "uint8", "fixed<8,3>", "fp64", "binary", "nonsense"};
    pj_levels levels;
    pj_error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_INT(pj_levels_of(wrong[i], &levels, &err), PJ_EARGUMENT);
    CHECK_INT(pj_levels_of("ternary", &levels, &err), PJ_OK);
    CHECK_NEAR(levels.most, 1, 0);
    CHECK_INT(pj_levels_of("tf32", &levels, &err), PJ_OK);
    const double third[] = {1.0 / 3}; /* 10 bits behind the first: 0x1.554p-2 */
    double error = 1.0 / 3 - 0x1.554p-2;
    CHECK_NEAR(pj_levels_error(&levels, third, 1, 1), error * error, 1e-9);
}

int main(void)
{
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    test_numpy();
    test_by_hand();
    test_values();
    test_not_finite();
    test_types();
    test_typed_fields();
    test_dequantized();
    test_blocks();
    test_matmul_nbits();
    test_packings_that_are_not_told();
    test_operator();
    test_rounded();
    test_misfits();
    test_external();
    test_same_place();
    test_no_time();
    test_memory();
    test_long_channel();
    test_findings();
    test_formats();
    unlink(path("m.onnx"));
    rmdir(folder);
    return check_done();
}
