/* Libraries that are damaged, foreign, too old, dead, silent: a sentence each, and nothing is left running. With a real
 * one (LIBRARY MODELS): its answers.
 *     test_runtime FAKES WORK [LIBRARY MODELS] */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "runtime/find.h"
#include "runtime/ort.h"
#include "runtime/runtime.h"

#if PJ_RUNTIME

static const char *fakes, *work;

static const char *path_of(const char *folder, const char *name)
{
    static char text[16][512];
    static int turn;
    turn = (turn + 1) % 16;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

static void check_open(const char *library, double seconds, pj_status status, const char *part)
{
    pj_error err = {0};
    pj_runtime *runtime = NULL;
    CHECK_INT(pj_runtime_open(&(pj_runtime_options){library, seconds}, &runtime, &err), status);
    CHECK(!runtime);
    CHECK_PART(err.what, part);
    pj_runtime_close(runtime);
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, length, file) == length);
    if (file)
        fclose(file);
}

/* ---- the file ---- */

static void test_files(void)
{
    char *library;
    size_t length;
    pj_error err = {0};
    uint8_t head[128] = {0};
    CHECK_INT(pj_file_read(path_of(fakes, "libfake_ort_old.so"), 1 << 24, &library, &length, &err), PJ_OK);
    const char *path = path_of(work, "libonnxruntime.so.1");
    write_file(path, "", 0);
    check_open(path, 0, PJ_EUNSUPPORTED, "it is no library: it has 0 bytes");
    memset(head, 'x', sizeof head);
    write_file(path, head, sizeof head);
    check_open(path, 0, PJ_EUNSUPPORTED, "it is no library");
    write_file(path, "\xcf\xfa\xed\xfe", sizeof head < 4 ? 0 : 4);
    memcpy(head, "\xcf\xfa\xed\xfe", 4);
    write_file(path, head, sizeof head);
    check_open(path, 0, PJ_EUNSUPPORTED, "for macOS");
    memcpy(head, "MZ", 2);
    write_file(path, head, sizeof head);
    check_open(path, 0, PJ_EUNSUPPORTED, "for Windows");
    for (size_t cut = 100; cut < length; cut += length / 7) { /* what would be SIGBUS in dlopen */
        write_file(path, library, cut);
        check_open(path, 0, PJ_EUNSUPPORTED, "it is cut off");
    }
    library[18] ^= 0x55;
    write_file(path, library, length);
    check_open(path, 0, PJ_EUNSUPPORTED, "it is a library for another machine");
    library[18] ^= 0x55;
    library[4] = 1;
    write_file(path, library, length);
    check_open(path, 0, PJ_EUNSUPPORTED, "another kind of machine");
    check_open(path_of(work, "none.so"), 0, PJ_EIO, "--runtime names it");
    check_open("/usr", 0, PJ_EIO, "there is no libonnxruntime.so in it");
    unlink(path);
    free(library);
}

/* ---- the process ---- */

static void test_processes(void)
{
    check_open(path_of(fakes, "libfake_ort_old.so"), 0, PJ_EUNSUPPORTED, "ONNX Runtime 1.12.1, which is too old: 1.17");
    check_open(path_of(fakes, "libfake_ort_dies.so"), 0, PJ_EUNSUPPORTED, "died of signal 6");
    check_open(path_of(fakes, "libfake_ort_hangs.so"), 0.3, PJ_EUNSUPPORTED, "has not answered in 0.3 seconds");
    check_open(path_of(fakes, "libfake_ort_exits.so"), 0, PJ_EUNSUPPORTED, "ended with exit code 7");
    check_open(path_of(fakes, "libfake_ort_no_table.so"), 0, PJ_EUNSUPPORTED, "1.99.0 does not give interface version");
    check_open(path_of(fakes, "libfake_ort_no_base.so"), 0, PJ_EUNSUPPORTED, "it gives no table");
    check_open(path_of(fakes, "libfake_ort_none.so"), 0, PJ_EUNSUPPORTED, "not ONNX Runtime: it has no OrtGetApiBase");
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* nobody is left */
}

/* ---- the search ---- */

static void test_search(void)
{
    pj_error err = {0};
    pj_library_places places;
    pj_arena *arena = pj_arena_new(0);
    const char *conda = path_of(work, "conda"), *lib = path_of(work, "conda/lib");
    unsetenv("PICOJOULE_ORT");
    unsetenv("ORT_DYLIB_PATH");
    unsetenv("VIRTUAL_ENV");
    mkdir(conda, 0777);
    mkdir(lib, 0777);
    unlink(path_of(work, "conda/lib/libonnxruntime.so.1")); /* of an earlier run */
    write_file(path_of(work, "conda/lib/libonnxruntime.so.1.17.3"), "", 0);
    write_file(path_of(work, "conda/lib/libonnxruntime.so"), "", 0);
    write_file(path_of(work, "conda/lib/libonnxruntime_providers_shared.so"), "", 0);
    setenv("CONDA_PREFIX", conda, 1);
    CHECK_INT(pj_library_find(NULL, arena, &places, &err), PJ_OK);
    CHECK(places.count > 0 && !places.named_by);
    CHECK_PART(places.count ? places.path[0] : "", "conda/lib/libonnxruntime.so.1.17.3");
    write_file(path_of(work, "conda/lib/libonnxruntime.so.1"), "", 0);
    CHECK_INT(pj_library_find(NULL, arena, &places, &err), PJ_OK);
    CHECK_TEXT(places.count ? strrchr(places.path[0], '/') : "", "/libonnxruntime.so.1");
    setenv("PICOJOULE_ORT", lib, 1);
    CHECK_INT(pj_library_find(NULL, arena, &places, &err), PJ_OK);
    CHECK_TEXT(places.named_by, "PICOJOULE_ORT");
    CHECK_INT(places.count, 1);
    CHECK_INT(pj_library_find(fakes, arena, &places, &err), PJ_EIO); /* what is named is never passed over */
    CHECK_TEXT(places.named_by, "--runtime");
    setenv("LD_LIBRARY_PATH", ":.:relative", 1); /* the current folder by its ways round */
    unsetenv("PICOJOULE_ORT");
    setenv("CONDA_PREFIX", "conda", 1);
    if (chdir(work) == 0)
        CHECK_INT(pj_library_find(NULL, arena, &places, &err), PJ_OK);
    for (size_t i = 0; i < places.count; i++)
        CHECK(!strstr(places.path[i], work));
    unsetenv("LD_LIBRARY_PATH");
    unsetenv("CONDA_PREFIX");
    pj_arena_free(arena);
}

/* ---- texts ---- */

static void test_texts(void)
{
    char out[200];
    pj_ort_clean(
        "Load model from x.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:202 onnxruntime::Model::"
        "Model(onnx::ModelProto&&, const Path&, (lambda)) Unsupported model IR version: 99, max supported IR "
        "version: 13\n",
        out, sizeof out);
    CHECK_TEXT(out, "Load model from x.onnx failed:Unsupported model IR version: 99, max supported IR version: 13");
    pj_ort_clean("/a/b.h:12 void f(int) const [with T = float] one\ntwo.\n", out, sizeof out);
    CHECK_TEXT(out, "one two");
    pj_ort_clean("Got invalid dimensions for input: image for the following indices\n index: 3 Got: 33 Expected: 32\n",
                 out, sizeof out);
    CHECK_TEXT(out, "Got invalid dimensions for input: image for the following indices index: 3 Got: 33 Expected: 32");
    pj_ort_clean("/no place", out, sizeof out);
    CHECK_TEXT(out, "/no place");
    for (int type = 0; type < 27; type++)
        CHECK_INT(pj_onnx_type_of(pj_ort_type_of(type)), type);
}

/* ---- a real library ---- */

static void fill(float *data, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
}

static void test_refusals(pj_runtime *runtime, pj_runtime_model *model, pj_arena *arena)
{
    static const int64_t dims[] = {1, 1, 49, 11};
    static float data[49 * 11];
    static const char *const unknown[] = {"nothing"};
    pj_error err = {0};
    const pj_ndarray *out;
    pj_ndarray in = {.name = "mfcc", .dtype = PJ_FLOAT32, .rank = 4, .dims = dims, .data = data};
    pj_runtime_model *other;
    pj_array_measure(&in);
    CHECK_INT(pj_runtime_run(model, &in, 1, NULL, 0, arena, &out, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "input \"mfcc\" is float32[1,1,49,11], but the model wants float32[1,1,49,10]");
    in.name = "image";
    CHECK_INT(pj_runtime_run(model, &in, 1, NULL, 0, arena, &out, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "input \"mfcc\" is there 0 times");
    in = (pj_ndarray){.name = "mfcc", .dtype = PJ_FLOAT32, .rank = 4, .dims = pj_runtime_inputs(model).port[0].dims};
    pj_array_measure(&in);
    in.data = data;
    err = (pj_error){0};
    CHECK_INT(pj_runtime_run(model, &in, 1, unknown, 1, arena, &out, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "Invalid output name: nothing");
    const char *bad = path_of(work, "bad.onnx");
    write_file(bad, "no model", 8);
    err = (pj_error){0};
    CHECK_INT(
        pj_runtime_load(runtime, &(pj_runtime_load_options){.path = bad, .level = PJ_RUNTIME_BASIC}, &other, &err),
        PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "Protobuf parsing failed");
    CHECK_TEXT(err.file, bad);
}

/* The same numbers twice, in another process, and with only some of the outputs. */
static void test_runs(pj_runtime *runtime, const char *library, const char *models)
{
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    pj_runtime_model *model = NULL, *again = NULL;
    pj_runtime *second = NULL;
    const char *profile = NULL;
    static float data[490];
    double time[5] = {0};
    const pj_ndarray *a, *b;
    pj_runtime_load_options options = {.path = path_of(models, "kws_dscnn.onnx"), .level = PJ_RUNTIME_BASIC};
    CHECK_INT(pj_runtime_load(runtime, &options, &model, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (!model)
        return;
    CHECK_INT(pj_runtime_inputs(model).count, 1);
    CHECK_TEXT(pj_runtime_inputs(model).port[0].name, "mfcc");
    CHECK_INT(pj_runtime_inputs(model).port[0].dtype, PJ_FLOAT32);
    CHECK_INT(pj_runtime_outputs(model).count, 1);
    pj_ndarray in = {.name = "mfcc", .dtype = PJ_FLOAT32, .rank = 4, .dims = pj_runtime_inputs(model).port[0].dims};
    CHECK(pj_array_measure(&in) && in.count == 490);
    fill(data, 490);
    in.data = data;
    CHECK_INT(pj_runtime_run(model, &in, 1, NULL, 0, arena, &a, &err), PJ_OK);
    CHECK_INT(a->count, 12);
    double sum = 0;
    for (int64_t i = 0; i < a->count; i++)
        sum += pj_array_real(a, i);
    CHECK_NEAR(sum, 1, 1e-5); /* of a softmax */
    CHECK_INT(pj_runtime_time(model, &in, 1, 2, 5, time, &err), PJ_OK);
    for (int i = 0; i < 5; i++)
        CHECK(time[i] > 0 && time[i] < 1e6);
    CHECK_INT(pj_runtime_end_profile(model, arena, &profile, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "loaded without a profile");
    CHECK_INT(pj_runtime_open(&(pj_runtime_options){library, 0}, &second, &err), PJ_OK);
    options.profile = path_of(work, "profile");
    CHECK_INT(pj_runtime_load(second, &options, &again, &err), PJ_OK);
    CHECK_INT(pj_runtime_run(again, &in, 1, &pj_runtime_outputs(again).port[0].name, 1, arena, &b, &err), PJ_OK);
    CHECK(a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0);
    CHECK_INT(pj_runtime_end_profile(again, arena, &profile, &err), PJ_OK);
    CHECK(profile && access(profile, R_OK) == 0);
    if (profile)
        unlink(profile);
    test_refusals(runtime, model, arena);
    pj_runtime_unload(model);
    pj_runtime_close(second);
    pj_arena_free(arena);
}

static void test_library(const char *library, const char *models)
{
    pj_error err = {0};
    pj_runtime *runtime = NULL;
    CHECK_INT(pj_runtime_open(&(pj_runtime_options){library, 0}, &runtime, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (!runtime)
        return;
    printf("ONNX Runtime %s, %s\n", pj_runtime_describe(runtime)->version, pj_runtime_describe(runtime)->path);
    CHECK(pj_runtime_describe(runtime)->bytes > 1000000);
    test_runs(runtime, library, models);
    pj_runtime_close(runtime);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}
#endif

int main(int count, char **words)
{
#if PJ_RUNTIME
    fakes = words[1];
    work = words[2];
    mkdir(work, 0777);
    test_texts();
    test_files();
    test_processes();
    if (count > 4)
        test_library(words[3], words[4]);
    test_search();
#else
    pj_error err = {0};
    pj_runtime *runtime;
    (void)count, (void)words;
    CHECK_INT(pj_runtime_open(&(pj_runtime_options){0}, &runtime, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "cannot run models");
#endif
    return check_done();
}
