/* Samples matched to inputs, and figures by hand; what needs a runtime is in tests/runtime. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "evaluate/evaluation.h"
#include "evaluate/histogram.h"
#include "model.h"

static char folder[] = "/tmp/picojoule-evaluate-XXXXXX";

static const char *path(const char *name)
{
    static char text[64][256];
    static int turn;
    turn = (turn + 1) % 64;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

/* A .npy of float32 or int64, counting up from `first`. */
static void write_npy(const char *name, bool whole, const char *shape, size_t count, int first)
{
    char header[128] = "";
    FILE *file = fopen(path(name), "wb");
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n",
                          whole ? "<i8" : "<f4", shape);
    CHECK(file);
    fwrite("\x93NUMPY\1\0", 1, 8, file);
    fputc(length & 255, file);
    fputc(length >> 8, file);
    fwrite(header, 1, (size_t)length, file);
    for (size_t i = 0; i < count; i++) {
        float x = (float)(first + (int)i);
        int64_t n = first + (int)i;
        fwrite(whole ? (void *)&n : (void *)&x, whole ? sizeof n : sizeof x, 1, file);
    }
    fclose(file);
}

static pj_model *model_of(const char *dims, const char *second)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, dims);
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, dims);
    if (second) {
        build_raw(&b, build_initializer(&b, "table", PJ_FLOAT32, "7,2"), (float[14]){0}, 14 * sizeof(float));
        build_input(&b, "ids", PJ_INT64, second);
        build_node(&b, "Gather", "table,ids", "rows");
        build_output(&b, "rows", PJ_FLOAT32, "N,S,2");
    }
    return build_load(&b, &(pj_error){0});
}

/* How many samples there are, and the first number of the last one. */
static int64_t count_samples(const pj_model *model, const pj_data *data, double *last, pj_error *err)
{
    pj_samples *samples = NULL;
    const pj_ndarray *sample = NULL;
    int64_t count = 0;
    if (pj_samples_open(data, model, &samples, err) != PJ_OK)
        return -1;
    for (;; count++) {
        if (pj_samples_next(samples, &sample, err) != PJ_OK)
            count = -100;
        if (count < 0 || !sample)
            break;
        CHECK_TEXT(sample[0].name, "x");
        *last = sample[0].count > 0 ? pj_array_real(&sample[0], 0) : NAN;
    }
    pj_samples_close(samples);
    return count;
}

static void check_count(const char *dims, const char *file, int64_t want, double last, const char *part)
{
    pj_error err = {0};
    double found = NAN;
    pj_model *model = model_of(dims, NULL);
    pj_data data = {.path = path(file)};
    CHECK_INT(count_samples(model, &data, &found, &err), want);
    CHECK_PART(err.what, part);
    if (want > 0)
        CHECK_NEAR(found, last, 0);
    pj_model_close(model);
}

static void test_split(void)
{
    write_npy("a.npy", false, "1, 3", 3, 5);
    write_npy("four.npy", false, "4, 3", 12, 0);
    write_npy("stack.npy", false, "4, 1, 3", 12, 0);
    write_npy("three.npy", false, "3,", 3, 0);
    check_count("1,3", "a.npy", 1, 5, "");
    check_count("1,3", "four.npy", 4, 9, "");
    check_count("1,3", "stack.npy", 4, 9, "");
    check_count("2,3", "four.npy", 2, 6, "");
    check_count("batch,3", "four.npy", 4, 9, "");  /* rows of a batch are samples */
    check_count("length,3", "four.npy", 1, 0, ""); /* a sequence is one */
    check_count("1,3", "three.npy", -100, 0, "the array is float32[3], but input \"x\" wants float32[1,3]");
    check_count("3,3", "four.npy", -100, 0, "the array is float32[4,3], but input \"x\" wants float32[3,3]");
    check_count("3", "four.npy", 4, 9, "");
}

static void test_types(void)
{
    pj_error err = {0};
    double last = 0;
    pj_model *model = model_of("1,3", NULL);
    pj_data data = {.path = path("whole.npy")};
    write_npy("whole.npy", true, "1, 3", 3, 4);
    CHECK_INT(count_samples(model, &data, &last, &err), -100);
    CHECK_TEXT(err.what, "int64 is given, but input \"x\" wants float32; --cast converts");
    data.cast = true;
    CHECK_INT(count_samples(model, &data, &last, &err), 1);
    CHECK_NEAR(last, 4, 0);
    pj_model_close(model);
}

static void test_folders(void)
{
    pj_error err = {0};
    double last = 0;
    pj_model *model = model_of("1,3", NULL), *two = model_of("1,3", "1,S");
    pj_data data = {.path = path("many")};
    mkdir(path("many"), 0777);
    CHECK_INT(count_samples(model, &data, &last, &err), -1);
    CHECK_PART(err.what, "holds no samples");
    write_npy("many/10.npy", false, "1, 3", 3, 10);
    write_npy("many/9.npy", false, "2, 3", 6, 9);
    CHECK_INT(count_samples(model, &data, &last, &err), 3);
    CHECK_NEAR(last, 10, 0); /* 10 comes after 9 */
    data.most = 2;
    CHECK_INT(count_samples(model, &data, &last, &err), 2);
    CHECK_NEAR(last, 12, 0);
    data.most = 0;
    CHECK_INT(count_samples(two, &data, &last, &err), -1);
    CHECK_PART(err.what, "SAMPLE.x.npy");
    mkdir(path("pairs"), 0777);
    write_npy("pairs/a.x.npy", false, "1, 3", 3, 1);
    data.path = path("pairs");
    err = (pj_error){0};
    CHECK_INT(count_samples(two, &data, &last, &err), -1);
    CHECK_PART(err.what, "has a.x.npy, but no a.ids.npy");
    write_npy("pairs/a.ids.npy", true, "1, 4", 4, 0);
    write_npy("pairs/b.x.npy", false, "3, 3", 9, 1);
    write_npy("pairs/b.ids.npy", true, "3, 5", 15, 0);
    CHECK_INT(count_samples(two, &data, &last, &err), 4);
    write_npy("pairs/b.ids.npy", true, "2, 5", 10, 0);
    err = (pj_error){0};
    CHECK_INT(count_samples(two, &data, &last, &err), -100);
    CHECK_PART(err.what, "2 samples of input \"ids\", but 3 of another one");
    pj_model_close(two);
    pj_model_close(model);
}

/* Files that NumPy and onnx wrote (fuzz/corpus/make_samples.py): by name, by place, as ONNX test data. */
static int64_t count_of(const char *inputs[2], const char *data_path, pj_error *err)
{
    static const char *const names[] = {"image", "ids/of"};
    builder b = build_new(17);
    build_input(&b, names[0], PJ_FLOAT32, inputs[0]);
    if (inputs[1])
        build_input(&b, names[1], inputs[1][0] == 'i' ? PJ_INT32 : PJ_INT64, inputs[1] + (inputs[1][0] == 'i'));
    build_node(&b, "Relu", names[0], "y");
    build_output(&b, "y", PJ_FLOAT32, inputs[0]);
    pj_model *model = build_load(&b, err);
    const pj_data data = {.path = data_path};
    pj_samples *samples = NULL;
    const pj_ndarray *sample = NULL;
    int64_t count = 0;
    pj_status status = pj_samples_open(&data, model, &samples, err);
    while (status == PJ_OK && (status = pj_samples_next(samples, &sample, err)) == PJ_OK && sample)
        count++;
    pj_samples_close(samples);
    pj_model_close(model);
    return status == PJ_OK ? count : -1;
}

static void test_kinds(void)
{
    pj_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    CHECK_INT(count_of((const char *[]){"2,3,4", "2,5"}, "fuzz/corpus/samples/stored.npz", &err), 1);
    CHECK_INT(count_of((const char *[]){"3,4", "5"}, "fuzz/corpus/samples/stored.npz", &err), 2);
    CHECK_INT(count_of((const char *[]){"batch,3,4", "batch,5"}, "fuzz/corpus/samples/stored.npz", &err), 2);
    CHECK_INT(count_of((const char *[]){"3,5", "i3,5"}, "fuzz/corpus/samples/unnamed.npz", &err), 1);
    CHECK_TEXT(err.what, "");
    CHECK_INT(count_of((const char *[]){"3,5", "2,5"}, "fuzz/corpus/samples/unnamed.npz", &err), -1);
    CHECK_PART(err.what, "int32 is given, but input \"ids/of\" wants int64");
    err = (pj_error){0};
    CHECK_INT(count_of((const char *[]){"9", "2,5"}, "fuzz/corpus/samples/raw.pb", &err), -1);
    CHECK_PART(err.what, "holds no array \"image\" for that input; it has 1, the first is \"x\"");
    mkdir(path("sets"), 0777);
    mkdir(path("sets/test_data_set_0"), 0777);
    mkdir(path("sets/test_data_set_1"), 0777);
    CHECK_INT(pj_file_read("fuzz/corpus/samples/raw.pb", 1 << 20, &bytes, &length, &err), PJ_OK);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(path(i ? "sets/test_data_set_1/input_0.pb" : "sets/test_data_set_0/input_0.pb"), "wb");
        CHECK(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
    }
    free(bytes);
    CHECK_INT(count_of((const char *[]){"3,5", NULL}, path("sets"), &err), 2);
    CHECK_INT(count_of((const char *[]){"3,5", NULL}, path("sets/test_data_set_1"), &err), 1);
    err = (pj_error){0};
    CHECK_INT(count_of((const char *[]){"3,5", "3,5"}, path("sets"), &err), -1);
    CHECK_PART(err.what, "is missing: the model has 2 inputs, number 1 is \"ids/of\"");
}

/* Mean 0 and variance 1 within what 30000 numbers allow; ids are rows of the table; another seed, other numbers. */
static void test_random(void)
{
    pj_error err = {0};
    pj_model *model = model_of("100,300", "1,50");
    pj_data data = {.random = 1, .seed = 1};
    pj_samples *samples;
    const pj_ndarray *sample;
    double sum = 0, squares = 0, first = 0;
    CHECK_INT(pj_samples_open(&data, model, &samples, &err), PJ_OK);
    CHECK_INT(pj_samples_next(samples, &sample, &err), PJ_OK);
    for (int64_t i = 0; i < sample[0].count; i++) {
        sum += pj_array_real(&sample[0], i);
        squares += pj_array_real(&sample[0], i) * pj_array_real(&sample[0], i);
    }
    first = pj_array_real(&sample[0], 0);
    CHECK_INT(sample[0].count, 30000);
    CHECK(fabs(sum / 30000) < 0.025);
    CHECK_NEAR(squares / 30000, 1, 0.04);
    int64_t most = 0;
    for (int64_t i = 0; i < sample[1].count; i++)
        most = pj_array_whole(&sample[1], i) > most ? pj_array_whole(&sample[1], i) : most;
    CHECK_INT(most, 6);
    pj_samples_rewind(samples);
    CHECK_INT(pj_samples_next(samples, &sample, &err), PJ_OK);
    CHECK_NEAR(pj_array_real(&sample[0], 0), first, 0);
    CHECK_INT(pj_samples_next(samples, &sample, &err), PJ_OK);
    CHECK(!sample);
    pj_samples_close(samples);
    data.seed = 2;
    CHECK_INT(pj_samples_open(&data, model, &samples, &err), PJ_OK);
    CHECK_INT(pj_samples_next(samples, &sample, &err), PJ_OK);
    CHECK(pj_array_real(&sample[0], 0) != first);
    pj_samples_close(samples);
    pj_model_close(model);
}

/* ---- figures ---- */

static pj_ndarray array_of(const float *data, const int64_t *dims)
{
    pj_ndarray array = {.name = "", .dtype = PJ_FLOAT32, .rank = 1, .dims = dims, .data = data};
    CHECK(pj_array_measure(&array));
    return array;
}

static void test_difference(void)
{
    static const int64_t four[] = {4}, three[] = {3};
    static const float a[] = {3, 4, 0, 0}, b[] = {3, 4, 3, 4}, odd[] = {3, NAN, 0, 0}, zero[4];
    pj_ndarray x = array_of(a, four), y = array_of(b, four), z = array_of(odd, four), none = array_of(zero, four),
               other = array_of(b, three);
    pj_difference d = {0};
    CHECK(pj_arrays_compare(&x, &y) && !pj_arrays_compare(&x, &other));
    pj_difference_add(&d, &x, &y); /* signal 25, noise 25: e = 1, so 1/2 */
    CHECK_NEAR(d.signal, 25, 0);
    CHECK_NEAR(d.noise, 25, 0);
    CHECK_NEAR(d.error, 0.5, 0);
    CHECK_NEAR(d.most, 4, 0);
    CHECK_NEAR(d.largest, 4, 0);
    pj_difference_add(&d, &x, &x);
    CHECK_NEAR(d.error, 0.5, 0);
    CHECK_INT(d.arrays, 2);
    pj_difference_add(&d, &x, &z); /* no number where there was one: all is lost */
    CHECK_NEAR(d.error, 1.5, 0);
    CHECK_INT(d.odd, 1);
    d = (pj_difference){0};
    pj_difference_add(&d, &z, &x); /* what the first has no number for is not compared */
    CHECK(d.numbers == 3 && d.error == 0);
    d = (pj_difference){0};
    pj_difference_add(&d, &none, &y); /* something of nothing: e is infinite, its bound 1 */
    CHECK_NEAR(d.error, 1, 0);
    CHECK_NEAR(pj_decibels(100, 1), 20, 1e-12);
    CHECK(isinf(pj_decibels(1, 0)) && isnan(pj_decibels(0, 0)) && pj_decibels(0, 1) < 0);
}

static void test_limits(void)
{
    bool known;
    pj_compared output = {.difference = 0.5};
    pj_verified v = {.sqnr_db = 30,
                     .error = 0.01,
                     .outputs = &output,
                     .output_count = 1,
                     .agreement = 0.98,
                     .top1 = NAN,
                     .top1_other = NAN};
    CHECK(!pj_verify_fails(&v, "sqnr<30", &known) && known);
    CHECK(pj_verify_fails(&v, "sqnr<30.5", &known) && known);
    CHECK(pj_verify_fails(&v, "error>0.009", &known) && !pj_verify_fails(&v, "error>0.01", &known));
    CHECK(pj_verify_fails(&v, "difference>0.4", &known) && !pj_verify_fails(&v, "difference>0.5", &known));
    CHECK(pj_verify_fails(&v, "agreement<99%", &known) && !pj_verify_fails(&v, "agreement<0.98", &known));
    CHECK(!pj_verify_fails(&v, "top1<90%", &known) && !known);
    CHECK(!pj_verify_fails(&v, "top1_drop>1%", &known) && !known);
    v.top1 = 0.9;
    v.top1_other = 0.88;
    CHECK(pj_verify_fails(&v, "top1_drop>1%", &known) && known);
    v.sqnr_db = INFINITY;
    CHECK(!pj_verify_fails(&v, "sqnr<30", &known) && known);
    v.sqnr_db = -INFINITY; /* outputs that are no numbers */
    CHECK(pj_verify_fails(&v, "sqnr<30", &known) && known);
    CHECK(pj_verify_limit_check("sqnr>30") && pj_verify_limit_check("sqnr") && pj_verify_limit_check("sqnr<x") &&
          pj_verify_limit_check("sqnr<30%") && pj_verify_limit_check("other<1") && !pj_verify_limit_check("sqnr<30"));
}

/* 10000 numbers evenly from 0 to 1, and one outlier of 10. */
static void test_histogram(void)
{
    static float numbers[10001];
    static const int64_t dims[] = {10001};
    pj_arena *arena = pj_arena_new(0);
    pj_histogram h;
    double low, high;
    for (int i = 0; i < 10000; i++)
        numbers[i] = (float)i / 10000;
    numbers[10000] = 10;
    pj_ndarray array = array_of(numbers, dims);
    CHECK(pj_histogram_init(&h, 0, 10, arena));
    pj_histogram_add(&h, &array);
    CHECK_INT(h.all, 10001);
    pj_histogram_percentile(&h, 100, &low, &high);
    CHECK(low == 0 && high == 10);
    pj_histogram_percentile(&h, 99.9, &low, &high); /* 5 at each end: the outlier and 4 of the last bin */
    CHECK_NEAR(high, 1, 0.01);
    double bound = pj_histogram_entropy(&h);
    CHECK(bound > 0.9 && bound < 1.5); /* the outlier is cut off, the even numbers are not */
    pj_arena_free(arena);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    test_split();
    test_types();
    test_folders();
    test_kinds();
    test_random();
    test_difference();
    test_limits();
    test_histogram();
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_INT(system(command), 0);
    return check_done();
}
