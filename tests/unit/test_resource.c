/* Models and files of a setup as bytes and through callbacks: the same report as from files; callbacks that fail, lie,
 * give less than they were asked for; who closes what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/str.h"
#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"

static char folder[] = "/tmp/picojoule-resource-XXXXXX";

static const char *path(const char *name)
{
    static char text[2][256];
    static int turn;
    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path(name), "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
}

/* ---- the model: 14 kB of weights in w.bin, 17 kB in the file itself, and two small ones ---- */

enum { ROWS = 50, COLUMNS = 70, INNER = 60, OFFSET = 12 };

static float outside[OFFSET / 4 + ROWS * COLUMNS];
static uint8_t *model_bytes;
static size_t model_size;

static void build_all(void)
{
    static float inner[COLUMNS * INNER];
    builder b = build_new(17);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        outside[i] = (float)(i * 7919 % 1013) / 500 - 1;
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        inner[i] = (float)(i * 104729 % 997) / 300 - 1.5F;
    build_input(&b, "x", PJ_FLOAT32, "1,50");
    PjOnnx__TensorProto *w = build_initializer(&b, "w", PJ_FLOAT32, "50,70");
    build_external(&b, w, "location", "data/w.bin");
    build_external(&b, w, "offset", "12");
    PjOnnx__TensorProto *small = build_initializer(&b, "small", PJ_FLOAT32, "2");
    build_external(&b, small, "location", "data/w.bin");
    build_raw(&b, build_initializer(&b, "v", PJ_FLOAT32, "70,60"), inner, sizeof inner);
    build_raw(&b, build_initializer(&b, "bias", PJ_FLOAT32, "2"), inner, 8);
    build_node(&b, "MatMul", "x,w", "a");
    build_node(&b, "MatMul", "a,v", "y");
    build_node(&b, "Add", "small,bias", "z");
    build_output(&b, "y", PJ_FLOAT32, "1,60");
    build_output(&b, "z", PJ_FLOAT32, "2");
    const uint8_t *bytes = build_bytes(&b, &model_size);
    model_bytes = malloc(model_size);
    CHECK(model_bytes != NULL);
    if (!model_bytes)
        exit(check_done());
    memcpy(model_bytes, bytes, model_size);
    build_free(&b);
    char data[256];
    snprintf(data, sizeof data, "mkdir %s/data", folder);
    CHECK_INT(system(data), 0);
    write_file("m.onnx", model_bytes, model_size);
    write_file("data/w.bin", outside, sizeof outside);
}

/* ---- a place that counts, and does what it is told ---- */

typedef struct place {
    int opened, closed, calls;
    int fail_at;   /* this call fails ... */
    int64_t lie;   /* ... or answers this */
    uint64_t most; /* bytes a call; 0: all */
    int64_t too_long, other_answer;
} place;

typedef struct blob {
    place *of;
    const void *bytes;
    uint64_t length;
} blob;

static int64_t read_at(void *payload, uint64_t offset, void *to, uint64_t length)
{
    const blob *b = payload;
    if (++b->of->calls == b->of->fail_at)
        return b->of->lie == INT64_MAX ? (int64_t)length + 1 : b->of->lie;
    if (offset >= b->length)
        return 0;
    length = length < b->length - offset ? length : b->length - offset;
    if (b->of->most && length > b->of->most)
        length = b->of->most;
    memcpy(to, (const char *)b->bytes + offset, length);
    return (int64_t)length;
}

static void close_blob(void *payload)
{
    blob *b = payload;
    b->of->closed++;
    free(b);
}

static int open_other(void *payload, const char *location, pj_resource *out);

static pj_resource resource_of(place *of, const char *name, const void *bytes, uint64_t length)
{
    pj_resource out = {.size = sizeof out, .name = name, .length = length + (uint64_t)of->too_long};
    blob *b = calloc(1, sizeof *b);
    if (b)
        *b = (blob){of, bytes, length};
    out.payload = b;
    out.read_at = read_at;
    out.open_other = open_other;
    out.close = close_blob;
    of->opened++;
    return out;
}

static int open_other(void *payload, const char *location, pj_resource *out)
{
    const blob *b = payload;
    CHECK_TEXT(location, "data/w.bin");
    if (b->of->other_answer != 1)
        return (int)b->of->other_answer;
    *out = resource_of(b->of, NULL, outside, sizeof outside);
    return 1;
}

/* ---- reports ---- */

static bool keep(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

/* Opens, looks at all weights, writes the report to `out`. */
static pj_status report_of(const pj_resource *resource, const pj_setup *asked, pj_str *out, pj_error *err)
{
    pj_setup setup = asked ? *asked : pj_setup_default();
    pj_report_options options = pj_report_options_default();
    pj_model *model = NULL;
    pj_result *result = NULL;
    setup.inspect_weights = true;
    options.format = "json";
    *out = pj_str_new(0);
    pj_status status = resource ? pj_model_open_resource(resource, &setup, &model, err)
                                : pj_model_open(path("m.onnx"), &setup, &model, err);
    if (status == PJ_OK)
        status = pj_analyze(model, &setup, &result, err);
    if (status == PJ_OK)
        status = pj_report_write(result, &options, keep, out, err);
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

static pj_str expected;

static void check_same(const pj_resource *resource, const char *what)
{
    pj_error err = {0};
    pj_str text;
    pj_status status = report_of(resource, NULL, &text, &err);
    check_text(err.what, "", what, __FILE__, __LINE__);
    CHECK_INT(status, PJ_OK);
    check_true(strcmp(text.data, expected.data) == 0, what, __FILE__, __LINE__);
    pj_str_free(&text);
}

static int open_bytes(void *payload, const char *location, pj_resource *out)
{
    CHECK_TEXT(location, "data/w.bin");
    out->bytes = payload;
    out->length = sizeof outside;
    return 1;
}

static int open_path(void *payload, const char *location, pj_resource *out)
{
    (void)location;
    out->name = payload;
    return 1;
}

static void test_same(void)
{
    pj_error err = {0};
    char name[256], data[256];
    snprintf(name, sizeof name, "%s", path("m.onnx"));
    snprintf(data, sizeof data, "%s", path("data/w.bin"));
    CHECK_INT(report_of(NULL, NULL, &expected, &err), PJ_OK);
    CHECK_PART(expected.data, "\"sqnr_db\"");
    CHECK(!strstr(expected.data, "absent"));
    pj_resource file = {.size = sizeof file, .name = name};
    check_same(&file, "a path");
    pj_resource bytes = {.size = sizeof bytes, .name = name, .bytes = model_bytes, .length = model_size};
    bytes.payload = outside;
    bytes.open_other = open_bytes;
    check_same(&bytes, "bytes");
    bytes.payload = data;
    bytes.open_other = open_path;
    check_same(&bytes, "bytes, and a path for the others");
    static const uint64_t most[] = {0, 1 << 16, 4099, 61};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        place p = {.most = most[i], .other_answer = 1};
        pj_resource calls = resource_of(&p, name, model_bytes, model_size);
        check_same(&calls, "callbacks");
        CHECK_INT(p.opened, 2); /* the other file once, though two tensors are in it */
        CHECK_INT(p.closed, 2);
    }
}

/* Borrowed bytes stay where they are; copied ones may go. */
static void test_copied(void)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_weights *weights = NULL;
    const pj_weight_options options = pj_weight_options_default();
    uint8_t *copy = malloc(model_size);
    if (copy)
        memcpy(copy, model_bytes, model_size);
    char name[] = "given.onnx";
    pj_resource bytes = {.size = sizeof bytes, .flags = PJ_COPY, .name = name, .bytes = copy, .length = model_size};
    CHECK_INT(pj_model_open_resource(&bytes, NULL, &model, &err), PJ_OK);
    if (copy)
        memset(copy, 0xff, model_size);
    memset(name, '?', sizeof name - 1);
    free(copy);
    CHECK_TEXT(pj_model_describe(model)->path, "given.onnx");
    CHECK_INT(pj_weights_inspect(model, &options, &weights, &err), PJ_OK);
    CHECK_INT(weights->count, 2);
    CHECK(weights->weight[0].absent != NULL); /* nobody opens other files */
    CHECK(weights->weight[1].absent == NULL);
    CHECK_INT(weights->weight[1].count, COLUMNS * INNER);
    pj_weights_free(weights);
    pj_model_close(model);
}

/* ---- bad input ---- */

static void refuse(const pj_resource *resource, pj_status status, const char *part)
{
    pj_error err = {0};
    pj_str text;
    CHECK_INT(report_of(resource, NULL, &text, &err), status);
    CHECK_INT(err.status, status);
    CHECK_PART(err.what, part);
    pj_str_free(&text);
}

static void test_refused(void)
{
    struct {
        pj_resource known;
        uint64_t unknown;
    } newer = {
        {.size = sizeof newer, .name = "m.onnx", .bytes = "", .length = 0},
        0
    };
    pj_resource given = newer.known;
    pj_model *model = NULL;
    CHECK_INT(pj_model_open_resource(NULL, NULL, &model, NULL), PJ_EARGUMENT);
    given.size = sizeof given - 1;
    refuse(&given, PJ_EARGUMENT, "sizeof(pj_resource)");
    given.size = 0;
    refuse(&given, PJ_EARGUMENT, "pj_resource.size is 0");
    refuse(&newer.known, PJ_EFORMAT, "the file is empty"); /* read as it is: nothing unknown is set */
    newer.unknown = 1;
    refuse(&newer.known, PJ_EARGUMENT, "a member of pj_resource is set that this version does not know");
    given = (pj_resource){.size = sizeof given};
    refuse(&given, PJ_EARGUMENT, "a resource needs a name");
    given.name = "/nowhere/m.onnx";
    refuse(&given, PJ_EIO, "cannot open the file");
    given.bytes = "";
    given.flags = 2;
    refuse(&given, PJ_EARGUMENT, "pj_resource.flags");
    given.flags = 0;
    given.read_at = read_at;
    refuse(&given, PJ_EARGUMENT, "exclude each other");
    given.read_at = NULL;
    given.length = UINT64_MAX;
    refuse(&given, PJ_EARGUMENT, "pj_resource.length");
}

/* Each call fails once, says that it wrote too much, or that there is nothing: a status, a sentence, nothing left. */
static void test_failing(void)
{
    static const int64_t lies[] = {-1, 0, INT64_MAX};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        pj_status status = PJ_EIO;
        for (int at = 1; at < 2000; at++) {
            place p = {.most = 64 * 1024, .other_answer = 1, .fail_at = at, .lie = lies[i]};
            pj_resource calls = resource_of(&p, "m.onnx", model_bytes, model_size);
            pj_error err = {0};
            pj_str text;
            status = report_of(&calls, NULL, &text, &err);
            CHECK_INT(p.opened, p.closed);
            pj_str_free(&text);
            if (p.calls < at)
                break;
            CHECK(status == PJ_EIO || (lies[i] == 0 && status == PJ_EFORMAT));
            CHECK(err.what[0] != 0);
        }
        CHECK_INT(status, PJ_OK);
    }
}

static void test_lying(void)
{
    pj_error err = {0};
    pj_str text;
    place shorter = {.other_answer = 1, .too_long = -5000}, longer = {.other_answer = 1, .too_long = 5000};
    pj_resource calls = resource_of(&shorter, "m.onnx", model_bytes, model_size);
    CHECK(report_of(&calls, NULL, &text, &err) != PJ_OK);
    CHECK_INT(shorter.opened, shorter.closed);
    pj_str_free(&text);
    calls = resource_of(&longer, "m.onnx", model_bytes, model_size);
    CHECK_INT(report_of(&calls, NULL, &text, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "the file ends at byte");
    CHECK_INT(longer.opened, longer.closed);
    pj_str_free(&text);
    place absent = {.other_answer = 0}, broken = {.other_answer = -1};
    calls = resource_of(&absent, "m.onnx", model_bytes, model_size);
    CHECK_INT(report_of(&calls, NULL, &text, &err), PJ_OK);
    CHECK_PART(text.data, "the file 'data/w.bin' is not there");
    CHECK_INT(absent.closed, 1);
    pj_str_free(&text);
    calls = resource_of(&broken, "m.onnx", model_bytes, model_size);
    CHECK_INT(report_of(&calls, NULL, &text, &err), PJ_EIO);
    CHECK_PART(err.what, "'data/w.bin' cannot be opened");
    CHECK_INT(broken.closed, 1);
    pj_str_free(&text);
}

/* ---- what a setup names ---- */

/* The digest of a plan is that of the model, wherever it comes from. */
static void test_setup(void)
{
    char digest[PJ_SHA256_DIGITS + 1], plan[256];
    pj_error err = {0};
    pj_str text;
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, model_bytes, model_size);
    pj_sha256_end(&sum, digest);
    snprintf(
        plan, sizeof plan,
        "{\"schema\": \"picojoule.plan/1\", \"model\": {\"sha256\": \"%s\"}, \"default\": {\"weights\": \"int8\"}}",
        digest);
    place p = {.most = 7, .other_answer = 1};
    pj_resource given[] = {resource_of(&p, "p.json", plan, strlen(plan))};
    pj_setup setup = pj_setup_default();
    setup.plan = "p.json";
    setup.resources = given;
    setup.resource_count = 1;
    pj_resource bytes = {.size = sizeof bytes, .name = "m.onnx", .bytes = model_bytes, .length = model_size};
    CHECK_INT(report_of(&bytes, &setup, &text, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_PART(text.data, "\"plan\": \"p.json\"");
    CHECK(strstr(text.data, "\"from\": \"plan\"") != NULL);
    pj_str_free(&text);
    place q = {.other_answer = 1};
    pj_resource calls = resource_of(&q, "m.onnx", model_bytes, model_size);
    CHECK_INT(report_of(&calls, &setup, &text, &err), PJ_OK);
    pj_str_free(&text);
    bytes.length--; /* another file: the digest is of all that there is */
    CHECK(report_of(&bytes, &setup, &text, &err) != PJ_OK);
    pj_str_free(&text);
    p.fail_at = p.calls + 2;
    p.lie = -1;
    bytes.length++;
    CHECK_INT(report_of(&bytes, &setup, &text, &err), PJ_EIO);
    CHECK_TEXT(err.file, "p.json");
    pj_str_free(&text);
    close_blob(given[0].payload);
}

/* Files of a plan: looked for among those given, read as they are, and failing with their name. */
static void test_plan_files(void)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"t",           "{\"schema\": \"picojoule.target/1\", \"title\": \"mine\", \"formats\": [{\"weights\": [\"int8\"], "
              "\"activations\": [\"int8\"]}]}"                                  },
        {"loss.json",
         "{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"loss\", "
         "\"values\": {\"w\": 0.25, \"v\": 0.5, \"small\": 1}}]}"                            },
        {"ranges.json", "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": [-1, 2]}}"},
    };
    enum { FILES = sizeof files / sizeof *files };
    const pj_plan_options options = {
        .knee = true, .target = "t", .sensitivity = "loss.json", .calibration = "ranges.json", .time_limit = -1};
    for (size_t failing = 0; failing <= FILES; failing++) {
        place p = {.most = 11, .other_answer = 1}, bad = {.fail_at = 1, .lie = -1, .other_answer = 1};
        pj_resource given[FILES];
        pj_setup setup = pj_setup_default();
        pj_model *model = NULL;
        pj_plan_result *plan = NULL;
        pj_error err = {0};
        for (size_t i = 0; i < FILES; i++)
            given[i] = resource_of(i == failing ? &bad : &p, files[i].name, files[i].text, strlen(files[i].text));
        pj_resource calls = resource_of(&p, "m.onnx", model_bytes, model_size);
        setup.resources = given;
        setup.resource_count = FILES;
        CHECK_INT(pj_model_open_resource(&calls, &setup, &model, &err), PJ_OK);
        CHECK_INT(pj_plan_search(model, &setup, &options, &plan, &err), failing < FILES ? PJ_EIO : PJ_OK);
        CHECK_TEXT(err.file, failing < FILES ? files[failing].name : "");
        CHECK(!plan == (failing < FILES));
        if (plan)
            CHECK_TEXT(plan->target, "t");
        pj_plan_result_free(plan);
        pj_model_close(model);
        for (size_t i = 0; i < FILES; i++)
            close_blob(given[i].payload);
    }
}

static void test_budget(void)
{
    static const char text[] = "{\"schema\": \"picojoule.budget/1\", \"models\": ["
                               "{\"model\": \"m.onnx\", \"limits\": {\"macs\": 1}}]}";
    char name[256];
    snprintf(name, sizeof name, "%s", path("budget.json"));
    for (int fail_at = 0; fail_at < 3; fail_at += 2) {
        place p = {.most = 40, .fail_at = fail_at, .lie = -1};
        pj_resource calls = resource_of(&p, name, text, sizeof text - 1);
        pj_budget *budget = NULL;
        pj_check *check = NULL;
        pj_error err = {0};
        CHECK_INT(pj_budget_open(&calls, &budget, &err), fail_at ? PJ_EIO : PJ_OK);
        if (budget) { /* the model is found from the folder of the name */
            CHECK_INT(pj_budget_check(budget, NULL, &check, &err), PJ_OK);
            CHECK(check && check->failed == 1 && check->broken == 0);
        }
        pj_check_free(check);
        pj_budget_free(budget);
        CHECK_INT(p.closed, 0);
        close_blob(calls.payload);
    }
}

/* ---- every file in every form ---- */

typedef enum form { AS_PATH, AS_BYTES, AS_COPY, AS_CALLS, FORMS } form;

/*  member of pj_setup, or of pj_plan_options; name; contents, or the file that has them */
static const struct file {
    const char *member, *name, *text, *from;
} every_file[] = {
    {"table",       "t.json", NULL,                                                                            "../energy_tables/horowitz-45nm.json"    },
    {"device",      "d.json", NULL,                                                                            "../energy_tables/devices/stm32h7a3.json"},
    {"op_rules",    "r.json", "{\"schema\": \"picojoule.op-rules/1\", \"operators\": []}",                     NULL                                     },
    {"plan",        "p.json", "{\"schema\": \"picojoule.plan/1\", \"default\": {\"weights\": \"int8\"}}",      NULL                                     },
    {"target",      "g.json",
     "{\"schema\": \"picojoule.target/1\", \"title\": \"mine\", \"formats\": [{\"weights\": [\"int8\"], "
     "\"activations\": [\"int8\"]}]}",                                                                         NULL                                     },
    {"sensitivity", "s.json",
     "{\"schema\": \"picojoule.sensitivity/1\", \"measured\": [{\"format\": \"int8\", \"unit\": \"loss\", "
     "\"values\": {\"w\": 0.25, \"v\": 0.5, \"small\": 1}}]}",                                                 NULL                                     },
    {"calibration", "c.json", "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {\"x\": [-1, 2]}}",           NULL                                     },
    {"budget",      "b.json",
     "{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"m.onnx\", \"limits\": {\"macs\": 1}}]}", NULL                                     },
};

enum { EVERY_FILE = sizeof every_file / sizeof *every_file, OF_SETUP = 4 /* the first ones */ };

static const char *contents_of(const struct file *file)
{
    static char text[1 << 16];
    if (file->text)
        return file->text;
    FILE *at = fopen(file->from, "rb");
    size_t length = at ? fread(text, 1, sizeof text - 1, at) : 0;
    CHECK(length > 0 && length < sizeof text - 1);
    text[length] = 0;
    if (at)
        fclose(at);
    return text;
}

/* All that the files are for: the report, the plan that is found, and the check of the budget. */
static pj_status use_all(const pj_setup *setup, const pj_plan_options *options, const pj_resource *budget, pj_str *out,
                         pj_error *err)
{
    const pj_report_options json = {.format = "json"};
    const pj_resource bytes = {.size = sizeof bytes, .name = "m.onnx", .bytes = model_bytes, .length = model_size};
    pj_setup without_plan = *setup;
    pj_model *model = NULL;
    pj_plan_result *plan = NULL;
    pj_budget *read = NULL;
    pj_check *check = NULL;
    without_plan.plan = NULL;
    pj_status status = report_of(&bytes, setup, out, err);
    if (status == PJ_OK)
        status = pj_model_open_resource(&bytes, setup, &model, err);
    if (status == PJ_OK)
        status = pj_plan_search(model, &without_plan, options, &plan, err);
    if (status == PJ_OK)
        status = pj_plan_write(plan, PJ_PLAN_VIEW_PLAN, &json, keep, out, err);
    if (status == PJ_OK)
        status = pj_budget_open(budget, &read, err);
    if (status == PJ_OK)
        status = pj_budget_check(read, NULL, &check, err);
    if (status == PJ_OK)
        status = pj_check_write(check, &json, keep, out, err);
    pj_check_free(check);
    pj_budget_free(read);
    pj_plan_result_free(plan);
    pj_model_close(model);
    return status;
}

/* Puts the file where the form wants it: on disk, or into *out; *keeps is freed after use. */
static void bring(form how, place *of, const struct file *file, const char *name, pj_resource *out, char **keeps)
{
    const char *text = contents_of(file);
    size_t length = strlen(text);
    *keeps = how == AS_BYTES || how == AS_CALLS || how == AS_COPY ? malloc(length) : NULL;
    if (*keeps)
        memcpy(*keeps, text, length);
    *out = (pj_resource){.size = sizeof *out, .name = name, .bytes = *keeps, .length = length};
    if (how == AS_PATH) {
        write_file(file->name, text, length);
        *out = (pj_resource){.size = sizeof *out, .name = name};
    }
    if (how == AS_CALLS)
        *out = resource_of(of, name, *keeps, length);
    out->flags = how == AS_COPY ? PJ_COPY : 0;
    out->open_other = NULL;
}

static void use_form(form how, pj_str *out)
{
    pj_error err = {0};
    place p = {.most = 777};
    char names[EVERY_FILE][256], *keeps[EVERY_FILE];
    pj_resource given[EVERY_FILE];
    pj_setup *setup = pj_setup_new();
    for (size_t i = 0; i < EVERY_FILE; i++) {
        snprintf(names[i], sizeof names[i], "%s", path(every_file[i].name));
        bring(how, &p, &every_file[i], names[i], &given[i], &keeps[i]);
        if (i < OF_SETUP)
            CHECK_INT(pj_setup_set(setup, every_file[i].member, names[i], &err), PJ_OK);
        if (how != AS_PATH && i < EVERY_FILE - 1)
            CHECK_INT(pj_setup_give(setup, &given[i], &err), PJ_OK);
        if (how == AS_COPY && i < EVERY_FILE - 1) /* the setup has its own: these bytes may go */
            memset(keeps[i], '?', (size_t)given[i].length);
    }
    const pj_plan_options options = {.knee = true,
                                     .target = names[OF_SETUP],
                                     .sensitivity = names[OF_SETUP + 1],
                                     .calibration = names[OF_SETUP + 2],
                                     .time_limit = -1};
    CHECK_INT(use_all(setup, &options, &given[EVERY_FILE - 1], out, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (how == AS_CALLS) /* of a budget, that is the caller's */
        close_blob(given[EVERY_FILE - 1].payload);
    pj_setup_free(setup);
    CHECK_INT(p.opened, p.closed);
    for (size_t i = 0; i < EVERY_FILE; i++) {
        unlink(names[i]);
        free(keeps[i]);
    }
}

static void test_forms(void)
{
    pj_str first, other;
    use_form(AS_PATH, &first);
    CHECK_PART(first.data, "\"contents\"");
    for (form how = AS_BYTES; how < FORMS; how++) {
        use_form(how, &other);
        CHECK_TEXT(other.data, first.data);
        pj_str_free(&other);
    }
    pj_str_free(&first);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    build_all();
    test_same();
    test_copied();
    test_refused();
    test_failing();
    test_lying();
    test_setup();
    test_plan_files();
    test_budget();
    test_forms();
    pj_str_free(&expected);
    free(model_bytes);
    unlink(path("m.onnx"));
    unlink(path("data/w.bin"));
    rmdir(path("data"));
    rmdir(folder);
    return check_done();
}
