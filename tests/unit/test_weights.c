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
    Onnx__NodeProto *node = build_node(&b, c->op, c->inputs, "y");
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
    CHECK_INT(pj_json_read("weights/noise.json", 0, &doc, NULL), PJ_OK);
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
        Onnx__TensorProto *half = build_initializer(&b, "half", PJ_FLOAT16, dims);
        Onnx__TensorProto *single = build_initializer(&b, "single", PJ_FLOAT32, dims);
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
    unlink(path("m.onnx"));
    rmdir(folder);
    return check_done();
}
