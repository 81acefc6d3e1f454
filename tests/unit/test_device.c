/* cost/device: shipped profiles against data sheets and hand calculations, the choice of a precision, broken files. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cost/device.h"

static pj_device *open_device(const char *name)
{
    pj_device *device = NULL;
    pj_error err = {0};
    CHECK_INT(pj_device_open(name, NULL, &device, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return device;
}

static pj_device_work work_of(const char *format, double macs, double bytes)
{
    pj_device_work work;
    pj_error err = {0};
    memset(&work, 0, sizeof work);
    CHECK_INT(pj_number_parse(format, &work.format, &err), PJ_OK);
    work.macs = macs;
    work.ops = 2 * macs;
    work.weight_bytes = bytes;
    return work;
}

static pj_device_cost estimate(const char *name, const pj_device_work *work)
{
    pj_device *device = open_device(name);
    pj_device_cost cost;
    pj_error err = {0};
    memset(&cost, 0, sizeof cost);
    if (device)
        CHECK_INT(pj_device_estimate(device, work, &cost, &err), PJ_OK);
    pj_device_close(device);
    return cost;
}

/* A T4 by its data sheet, run at all of its peak: 70 W, 65 fp16 TFLOPS, 320 GB/s, 52 pJ per byte, 8 W idle. */
static const char sheet[] =
    "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"gpu\", \"formula\": \"datasheet\",\n"
    "\"power\": {\"w\": 70, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"idle\": {\"w\": 8, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"utilization\": {\"fraction\": 1, \"source\": \"s\", \"confidence\": \"derived\"},\n"
    "\"bandwidth\": {\"gb_per_s\": 320, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"memory_energy\": {\"pj_per_byte\": 52, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"peak\": {\"fp16\": {\"tops\": 65, \"source\": \"s\", \"confidence\": \"primary\"}}}";

static pj_device_cost estimate_by(const char *json, const pj_device_work *work)
{
    pj_device *device = NULL;
    pj_device_cost cost;
    pj_error err = {0};
    memset(&cost, 0, sizeof cost);
    CHECK_INT(pj_device_parse(json, strlen(json), "d.json", &device, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (device)
        CHECK_INT(pj_device_estimate(device, work, &cost, &err), PJ_OK);
    pj_device_close(device);
    return cost;
}

static void test_roofline(void)
{
    pj_device_work work = work_of("fp16", 1e9, 1e6);
    pj_device_cost cost = estimate_by(sheet, &work);
    CHECK_TEXT(cost.precision, "fp16");
    CHECK(!cost.widened && cost.has_energy && cost.has_time && cost.has_idle);
    CHECK_NEAR(cost.energy_pj, 2e9 * 70 / 65 + 1e6 * 52, 1e-14);
    CHECK(cost.low_pj < 0 && cost.high_pj < 0);         /* nobody has measured how far off it is */
    CHECK_NEAR(cost.time_us, 2e9 / 65e12 * 1e6, 1e-14); /* 30.8 us; moving takes 3.1 */
    CHECK_NEAR(cost.idle_pj, 8 * (2e9 / 65e12) * 1e12, 1e-14);

    work.weight_bytes = 1e9; /* now memory is what takes the time: 1 GB at 320 GB/s */
    cost = estimate_by(sheet, &work);
    CHECK_NEAR(cost.time_us, 3125, 1e-14);
    work.weight_bytes = 0;
    work.utilization = 0.25;
    cost = estimate_by(sheet, &work);
    CHECK_NEAR(cost.energy_pj, 4 * 2e9 * 70 / 65, 1e-14);
    CHECK_NEAR(cost.time_us, 4 * 2e9 / 65e12 * 1e6, 1e-14);
}

static const char sound[] =
    "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"gpu\", \"formula\": \"datasheet\",\n"
    "\"power\": {\"w\": 100, \"source\": \"s\", \"confidence\": \"primary\", \"note\": \"TDP\"},\n"
    "\"utilization\": {\"fraction\": 0.5, \"source\": \"s\", \"confidence\": \"derived\"},\n"
    "\"bandwidth\": {\"gb_per_s\": 10, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"peak\": {\"fp32\": {\"tops\": 10, \"source\": \"s\", \"confidence\": \"primary\"}},\n"
    "\"energy\": {\"int8\": {\"pj_per_op\": 0.25, \"source\": \"s\", \"confidence\": \"primary\"}}}";

/* `of` with the first `from` replaced by `to`. */
static pj_device *parse_with(const char *of, const char *from, const char *to)
{
    char text[16384];
    pj_device *device = NULL;
    pj_error err = {0};
    const char *at = strstr(of, from);
    CHECK(at != NULL);
    if (!at)
        return NULL;
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - of), of, to, at + strlen(from));
    CHECK_INT(pj_device_parse(text, strlen(text), "d.json", &device, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return device;
}

static void refuse_in(const char *of, const char *from, const char *to, const char *path, const char *what)
{
    char text[16384], place[256];
    pj_device *device = NULL;
    pj_error err = {0};
    const char *at = strstr(of, from);
    CHECK(at != NULL);
    if (!at)
        return;
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - of), of, to, at + strlen(from));
    (void)snprintf(place, sizeof place, "d.json: %s", path);
    CHECK_INT(pj_device_parse(text, strlen(text), "d.json", &device, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, place);
    CHECK_PART(err.what, what);
}

static void refuse(const char *from, const char *to, const char *path, const char *what)
{
    refuse_in(sound, from, to, path, what);
}

/* A device of 100 W and 10 TOPS, 100 GB/s, with a fit of its own for single runs. */
#define LOAD(members)                                                                                               \
    "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"quantum\", \"formula\": \"datasheet\",\n"  \
    "\"power\": {\"w\": 100, \"source\": \"s\", \"confidence\": \"primary\"},\n" members                            \
    "\"bandwidth\": {\"gb_per_s\": 100, \"source\": \"s\", \"confidence\": \"primary\"},\n"                         \
    "\"peak\": {\"fp32\": {\"tops\": 10, \"source\": \"s\", \"confidence\": \"primary\"}},\n"                       \
    "\"loads\": {\"latency\": {\"points\": 12, \"source\": \"s\", \"confidence\": \"derived\", \"low\": 0.5, "      \
    "\"high\": 3,\n"                                                                                                \
    "\"layer_us\": 2, \"run_us\": 50, \"host_w\": 30, \"idle_share\": 0.2, \"active_share\": 0.6,\n"                \
    "\"utilization\": {\"fp32\": {\"conv\": 0.5, \"depthwise\": 0.1, \"elementwise\": 0.25}, \"int8\": {\"conv\": " \
    "0.8}}}}}"

/* energy = (host + idle) * time + active share * power * busy, W * us = 1e6 pJ. */
static void test_loads(void)
{
    static const char shared_idle[] = LOAD(""),
                      own_idle[] = LOAD("\"idle\": {\"w\": 5, \"source\": \"s\", \"confidence\": \"primary\"},\n");
    pj_device_work work = work_of("fp32", 1e6, 1e5);
    work.kind = PJ_WORK_CONV;
    /* 2e6 operations at half of 10e6 per us: 0.4 us; 1e5 bytes at 1e5 per us: 1 us, which is longer. */
    pj_device_cost cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 1 + 2, 1e-14);
    CHECK_NEAR(cost.energy_pj, ((30 + 20) * 3 + 60 * 1) * 1e6, 1e-14);
    CHECK_NEAR(cost.idle_pj, 50 * 3 * 1e6, 1e-14);
    CHECK_NEAR(cost.low_pj, 0.5 * 210e6, 1e-14);
    CHECK_NEAR(cost.high_pj, 3 * 210e6, 1e-14);
    cost = estimate_by(own_idle, &work);
    CHECK_NEAR(cost.energy_pj, ((30 + 5) * 3 + 60 * 1) * 1e6, 1e-14);
    work.kind = PJ_WORK_DEPTHWISE; /* 2 us at a tenth of the peak */
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 2 + 2, 1e-14);
    work.kind = PJ_WORK_CONV; /* int8 is computed in fp32, at a utilization of its own: 0.25 us */
    work.weight_bytes = 0;
    CHECK_INT(pj_number_parse("int8", &work.format, NULL), PJ_OK);
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 0.25 + 2, 1e-14);
    work.utilization = 0;
    work.kind = PJ_WORK_MATMUL; /* nobody has measured how much of the peak it uses: all of it, 0.2 us */
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 0.2 + 2, 1e-14);
    work.kind = PJ_WORK_CONV;
    work.utilization = 0.1; /* the user's word: 2 us */
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 2 + 2, 1e-14);
    /* Without MACs: no fixed time, and a quarter of the bandwidth. */
    work = work_of("fp32", 0, 1e5);
    work.kind = PJ_WORK_ELEMENTWISE;
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 4, 1e-14);
    static const char slow[] =
        "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"quantum\", \"formula\": \"datasheet\",\n"
        "\"power\": {\"w\": 1, \"source\": \"s\", \"confidence\": \"primary\"},\n"
        "\"peak\": {\"fp32\": {\"tops\": 1e-300, \"source\": \"s\", \"confidence\": \"primary\"}}, \"loads\": "
        "{\"latency\":\n"
        "{\"points\": 1, \"source\": \"s\", \"confidence\": \"derived\", \"utilization\": {\"fp32\": {\"elementwise\": "
        "1e-20}}}}}";
    work.ops = 1e9;
    cost = estimate_by(slow, &work);
    CHECK(!cost.has_energy && !cost.has_time); /* it would take longer than numbers are large */
    work.ops = 0;
    work.load = PJ_LOAD_THROUGHPUT; /* nothing was fitted: as the other load */
    cost = estimate_by(shared_idle, &work);
    CHECK_NEAR(cost.time_us, 4, 1e-14);
    CHECK_INT(pj_number_parse("int64", &work.format, NULL), PJ_OK); /* indices are moved at any precision */
    cost = estimate_by(shared_idle, &work);
    CHECK(cost.has_energy);
}

/* MLPerf Tiny v1.2 on the NUCLEO-U575: 247.0, 206.3, 180.9 and 309.9 pJ per MAC; and its networks fitted by class. */
#define BOARD(members)                                                                                        \
    "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"mcu\", \"formula\": \"measured\",\n" \
    "\"sources\": {\"s\": \"s\"}, \"measured\": {\"int8\": {\n"                                               \
    "\"kws\": {\"pj_per_mac\": 247.0, \"source\": \"@s\", \"confidence\": \"primary\"},\n"                    \
    "\"ic\": {\"pj_per_mac\": 206.3, \"source\": \"@s\", \"confidence\": \"primary\"},\n"                     \
    "\"vww\": {\"pj_per_mac\": 180.9, \"source\": \"@s\", \"confidence\": \"primary\"},\n"                    \
    "\"ad\": {\"pj_per_mac\": 309.9, \"source\": \"@s\", \"confidence\": \"primary\"}}}" members "}"

#define FITTED                                                                                                       \
    "{\"points\": 10, \"source\": \"s\", \"confidence\": \"derived\", \"low\": 0.5, \"high\": 2, \"watts\": 0.01,\n" \
    "\"precision\": \"int8\", \"boundary\": \"supply\", \"classes\": {\"conv\": {\"pj_per_mac\": 200, "              \
    "\"pj_per_input_byte\": 3, \"pj_per_output_byte\": 4, \"pj_per_weight_byte\": 5, \"uj_per_layer\": 0.25},\n"     \
    "\"movement\": {\"pj_per_output_byte\": 7}}}"

/* What a run costs beside its layers, what the estimate rests on, and whose fit a device without one takes. */
static void test_basis(void)
{
    static const char own[] = LOAD("");
    pj_device *device = NULL;
    pj_error err = {0};
    double energy, time;
    CHECK_INT(pj_device_parse(own, strlen(own), "d.json", &device, &err), PJ_OK);
    if (device) {
        pj_device_run(device, PJ_LOAD_LATENCY, &energy, &time);
        CHECK_NEAR(time, 50, 1e-15);
        CHECK_NEAR(energy, 50 * 50 * 1e6, 1e-15);
        pj_device_run(device, PJ_LOAD_THROUGHPUT, &energy, &time);
        CHECK_NEAR(time, 50, 1e-15);
        CHECK_TEXT(pj_device_basis(device, PJ_LOAD_LATENCY), "own fit, 12 points");
        CHECK_TEXT(pj_device_basis(device, PJ_LOAD_THROUGHPUT), "own fit, 12 points of latency");
    }
    pj_device_close(device);
    static const struct {
        const char *json, *from, *to, *basis, *other;
    } parsed[] = {
        {own,       "\"latency\"", "\"throughput\"", "own fit, 12 points of throughput", "own fit, 12 points"},
        {sheet,     "",            "",               "data sheet",                       "data sheet"        },
        {BOARD(""), "",            "",               "measured networks",                "measured networks" },
    };
    for (size_t i = 0; i < sizeof parsed / sizeof *parsed; i++) {
        device = parse_with(parsed[i].json, parsed[i].from, parsed[i].to);
        if (device) {
            CHECK_TEXT(pj_device_basis(device, PJ_LOAD_LATENCY), parsed[i].basis);
            CHECK_TEXT(pj_device_basis(device, PJ_LOAD_THROUGHPUT), parsed[i].other);
        }
        pj_device_close(device);
    }
    static const struct {
        const char *name, *basis;
    } rows[] = {
        {"rtx-4090",       "fit of class gpu, "},
        {"raspberry-pi-4", "own fit, 96 points"},
        {"raspberry-pi-5", "fit of class sbc, "},
        {"stm32l4r5",      "own fit, 24 points"},
        {"v4-gpu-t4",      "V4 formula"        },
        {"rp2040",         "memories alone"    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        device = open_device(rows[i].name);
        if (device)
            CHECK_PART(pj_device_basis(device, PJ_LOAD_LATENCY), rows[i].basis);
        pj_device_close(device);
    }
}

static void refuse_load(const char *from, const char *to, const char *path, const char *what)
{
    static const char text[] = LOAD("");
    refuse_in(text, from, to, path, what);
}

static void test_load_files(void)
{
    refuse_load("\"latency\"", "\"lateness\"", "$.loads.lateness", "did you mean \"latency\"?");
    refuse_load("\"points\": 12, ", "", "$.loads.latency", "\"points\" is missing");
    refuse_load("\"low\": 0.5, ", "", "$.loads.latency", "does not hold 1");
    refuse_load("\"low\": 0.5", "\"low\": 1.5", "$.loads.latency", "does not hold 1");
    refuse_load("\"high\": 3", "\"high\": 0.9", "$.loads.latency", "does not hold 1");
    refuse_load("\"host_w\": 30", "\"host_w\": -30", "$.loads.latency.host_w", "not between");
    refuse_load("\"layer_us\": 2", "\"layer_us\": 1e19", "$.loads.latency.layer_us", "past 1e+18");
    refuse_load("\"layer_us\"", "\"layers_us\"", "$.loads.latency.layers_us", "did you mean \"layer_us\"?");
    refuse_load("{\"fp32\": {\"conv\"", "{\"fp31\": {\"conv\"", "$.loads.latency.utilization.fp31", "no precision");
    refuse_load("\"loads\": {\"latency\": {\"points\": 12, ", "\"loads\": 5, \"fitted\": {\"latency\": {", "$.loads",
                "a number where an object");
    refuse_load("\"latency\": {\"points\"", "\"latency\": [], \"throughput\": {\"points\"", "$.loads.latency",
                "an array where an object");
    refuse_load("\"utilization\": {\"fp32\"", "\"note\": \"n\", \"utilisation\": {\"fp32\"",
                "$.loads.latency.utilisation", "did you mean \"utilization\"?");
    refuse_load(", \"active_share\": 0.6,\n\"utilization\": {\"fp32\": {\"conv\": 0.5, \"depthwise\": 0.1, "
                "\"elementwise\": 0.25}, \"int8\": {\"conv\": 0.8}}",
                "", "$.loads.latency", "\"utilization\" is missing");
    refuse_load("\"fp32\": {\"conv\"", "\"fp16\": 0.5, \"fp32\": {\"conv\"", "$.loads.latency.utilization.fp16",
                "a number where an object");
    refuse_load("\"conv\": 0.5", "\"conv\": \"half\"", "$.loads.latency.utilization.fp32.conv",
                "a text where a number");
    refuse_load("\"depthwise\"", "\"dephtwise\"", "$.loads.latency.utilization.fp32.dephtwise", "did you mean");
}

static double figure_of(const pj_device *device, const char *path)
{
    size_t count;
    const pj_figure *rows = pj_device_figures(device, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].path, path) == 0)
            return rows[i].value;
    CHECK_TEXT("no such figure", path);
    return 0;
}

/* pJ per operation at the peak, as tabulated from the data sheets (dense, multiply-accumulate = 2 operations). */
static void test_data_sheets(void)
{
    static const struct {
        const char *name, *format;
        double pj_per_op;
    } rows[] = {
        {"t4",             "fp16",    1.0769 },
        {"t4",             "int8",    0.5385 },
        {"v100",           "fp16",    2.4    },
        {"v100",           "int8",    4.8387 },
        {"a100",           "fp32",    20.5128},
        {"a100",           "bf16",    1.2821 },
        {"a100",           "tf32",    2.5641 },
        {"h100",           "fp16",    0.7078 },
        {"h100",           "int8",    0.3539 },
        {"h200",           "bf16",    0.7078 },
        {"l4",             "fp16",    0.595  },
        {"rtx-4090",       "int4",    0.3406 },
        {"jetson-orin",    "int8",    0.4364 },
        {"apple-m1",       "fp32",    5.7318 },
        {"apple-m2",       "fp32",    5.5882 },
        {"apple-m3",       "int8",    1.2222 },
        {"edge-tpu",       "int8",    0.5    },
        {"xeon-8480",      "bf16",    3.0514 },
        {"raspberry-pi-4", "fp32",    125.0  },
        {"epyc-9654",      "fp32",    48.8268},
        {"hailo-8",        "int8",    0.12285},
        {"raspberry-pi-5", "fp64",    361.11 },
        {"h100",           "fp8e4m3", 0.3539 },
        {"tpu-v4",         "bf16",    0.6982 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64];
        pj_device *device = open_device(rows[i].name);
        (void)snprintf(path, sizeof path, "$.peak.%s.tops", rows[i].format);
        if (device)
            CHECK_NEAR(figure_of(device, "$.power.w") / figure_of(device, path), rows[i].pj_per_op, 5e-4);
        pj_device_close(device);
    }
}

/* The nearest wider format, and none where there is none. */
static void test_precisions(void)
{
    static const struct {
        const char *name, *format, *precision; /* NULL: refused */
    } rows[] = {
        {"apple-m3",              "fp16",       "fp32"   },
        {"t4",                    "bf16",       "fp32"   }, /* fp16 lacks the range */
        {"t4",                    "fp8e5m2",    "fp16"   },
        {"xeon-8480",             "fp8e4m3",    "bf16"   },
        {"h100",                  "fp4",        "fp8e5m2"}, /* both eights hold it; the one with fewer digits is nearer */
        {"t4",                    "ternary",    "int4"   },
        {"t4",                    "binary",     "int4"   },
        {"t4",                    "uint8",      "int8"   },
        {"t4",                    "fixed<6,2>", "int8"   },
        {"t4",                    "int16",      "fp32"   }, /* 16 bits do not fit the 11 of fp16 */
        {"xeon-8280",             "int8",       "fp32"   },
        {"t4",                    "po2_4",      "fp16"   }, /* exponents from -4 to 3 */
        {"t4",                    "po2_8",      "fp32"   },
        {"t4",                    "fp64",       NULL     },
        {"edge-tpu",              "fp32",       NULL     },
        {"edge-tpu",              "int16",      NULL     },
        {"tpu-v4",                "fp32",       NULL     },
        {"stm32u575",             "fp32",       NULL     },
        {"stm32u575",             "int4",       "int8"   },
        {"v4-edge-tpu-corrected", "fp32",       "any"    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_device *device = open_device(rows[i].name);
        pj_device_work work = work_of(rows[i].format, 1, 1);
        pj_device_cost cost;
        pj_error err = {0};
        pj_status status = device ? pj_device_estimate(device, &work, &cost, &err) : PJ_EIO;
        CHECK_INT(status, rows[i].precision ? PJ_OK : PJ_EUNSUPPORTED);
        if (status == PJ_OK && rows[i].precision) {
            CHECK_TEXT(cost.precision, rows[i].precision);
            CHECK_INT(cost.widened, strcmp(rows[i].precision, "any") != 0 && strcmp(rows[i].format, "uint8") != 0);
        }
        if (strcmp(rows[i].name, "edge-tpu") == 0 && strcmp(rows[i].format, "fp32") == 0)
            CHECK_TEXT(err.what, "edge-tpu has no fp32, nor a wider format; it has int8");
        pj_device_close(device);
    }
}

static void test_measured(void)
{
    pj_device_work work = work_of("int8", 1e6, 1e9);
    pj_device_cost cost = estimate_by(BOARD(""), &work);
    CHECK_NEAR(cost.energy_pj, 1e6 * (247.0 + 206.3 + 180.9 + 309.9) / 4, 1e-14);
    CHECK_NEAR(cost.low_pj, 1e6 * 180.9, 1e-14);
    CHECK_NEAR(cost.high_pj, 1e6 * 309.9, 1e-14);
    CHECK(!cost.has_time && !cost.has_idle);
    work = work_of("int8", 1e6, 1e3);
    work.input_bytes = 10;
    work.output_bytes = 100;
    cost = estimate_by(BOARD(", \"fitted\": " FITTED), &work);
    CHECK_NEAR(cost.energy_pj, 200e6 + 10 * 3 + 100 * 4 + 1e3 * 5 + 0.25e6, 1e-14);
    CHECK_NEAR(cost.low_pj, cost.energy_pj / 2, 1e-14);
    CHECK_NEAR(cost.high_pj, cost.energy_pj * 2, 1e-14);
    CHECK_NEAR(cost.time_us, cost.energy_pj / 0.01 / 1e6, 1e-14); /* pJ over W are 1e-6 us */
    work.kind = PJ_WORK_MOVEMENT;
    cost = estimate_by(BOARD(", \"fitted\": " FITTED), &work);
    CHECK_NEAR(cost.energy_pj, 100 * 7, 1e-14);
}

static void refuse_fitted(const char *from, const char *to, const char *path, const char *what)
{
    static const char text[] = BOARD(", \"fitted\": " FITTED);
    refuse_in(text, from, to, path, what);
}

/* One precision, with 1 to 64 networks. */
static void test_measured_files(void)
{
    static const char head[] =
        "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"mcu\", \"formula\": \"measured\",\n"
        "\"measured\": {\"int8\": {}}}";
    static const char one[] = "{\"pj_per_mac\": 2, \"source\": \"s\", \"confidence\": \"primary\"}";
    static const char count[] = "one precision with 1 to 64 networks";
    char many[8192], two[256];
    size_t length = 0;
    for (int i = 0; i < 65; i++)
        length += (size_t)snprintf(many + length, sizeof many - length, "%s\"n%d\": %s", i ? ", " : "{", i, one);
    (void)snprintf(many + length, sizeof many - length, "}");
    (void)snprintf(two, sizeof two, "{\"n\": %s}, \"fp32\": {\"n\": %s}", one, one);
    refuse_in(head, "{}", "{}", "$.measured", count);
    refuse_in(head, "{}", "5", "$.measured", count);
    refuse_in(head, "{}", many, "$.measured", count);
    refuse_in(head, "{}", two, "$.measured", count);
    refuse_in(head, "{}", "[5]", "$.measured.int8", "an array where an object");
    refuse_in(head, "{\"int8\": {}}", "5", "$.measured", "a number where an object");
    refuse_in(head, "\"int8\"", "\"int9\"", "$.measured.int9", "unknown key");
    refuse_in(head, "{}", "{\"n\": 5}", "$.measured.int8.n", "a number where an object");
}

static void test_fitted_files(void)
{
    refuse_fitted("\"precision\": \"int8\"", "\"precision\": \"int9\"", "$.fitted.precision", "no precision");
    refuse_fitted("\"conv\"", "\"convs\"", "$.fitted.classes.convs", "no class of work");
    refuse_fitted("\"uj_per_layer\"", "\"j_per_layer\"", "$.fitted.classes.conv.j_per_layer", "did you mean");
    refuse_fitted("\"pj_per_mac\": 200", "\"pj_per_mac\": -1", "$.fitted.classes.conv.pj_per_mac", "not between");
    refuse_fitted("\"watts\"", "\"watt\"", "$.fitted.watt", "did you mean \"watts\"?");
    refuse_fitted("\"points\": 10, ", "", "$.fitted", "\"points\" is missing");
    refuse_fitted("\"classes\"", "\"error\"", "$.fitted", "\"classes\" is missing");
    refuse_fitted("\"fitted\": " FITTED, "\"fitted\": 5", "$.fitted", "a number where an object");
    refuse_fitted("\"watts\": 0.01", "\"watts\": \"ten\"", "$.fitted.watts", "a text where a number");
    refuse_fitted("\"watts\": 0.01", "\"uj_per_run\": -1", "$.fitted.uj_per_run", "-1 is not between 0 and 1e18");
    refuse_fitted("\"boundary\": \"supply\"", "\"boundary\": 5", "$.fitted.boundary", "a number where a text");
    refuse_fitted("\"precision\": \"int8\", ", "", "$.fitted", "\"precision\" is missing");
    refuse_fitted("\"precision\": \"int8\"", "\"precision\": 8", "$.fitted.precision", "a number where a text");
    refuse_fitted("\"movement\": {", "\"pool\": 7, \"movement\": {", "$.fitted.classes.pool",
                  "a number where an object");
    refuse("\"formula\": \"datasheet\"", "\"formula\": \"fitted\"", "$", "needs $.fitted");
}

/* A float of a width of its own has the exponent of the next wider IEEE format: 4 bits up to 8, then 5, 8 and 11. */
static void test_odd_floats(void)
{
    static const struct {
        const char *name;
        int bits;
        const char *precision; /* NULL: refused */
    } rows[] = {
        {"h100",           6,  "fp8e5m2"}, /* 4 and 2 bits */
        {"t4",             12, "fp16"   }, /* 5 and 7 */
        {"xeon-8480",      12, "bf16"   }, /* 8 bits of significand hold the 7, and 16 bits are nearer than 32 */
        {"t4",             24, "fp32"   }, /* 8 and 16 */
        {"raspberry-pi-5", 48, "fp64"   }, /* 11 and 37 */
        {"t4",             48, NULL     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_device *device = open_device(rows[i].name);
        pj_device_work work = work_of("fp32", 1, 1);
        pj_device_cost cost = {0};
        pj_error err = {0};
        work.format = pj_number_float(rows[i].bits, PJ_FLOAT_PLAIN);
        pj_status status = device ? pj_device_estimate(device, &work, &cost, &err) : PJ_EIO;
        CHECK_INT(status, rows[i].precision ? PJ_OK : PJ_EUNSUPPORTED);
        if (status == PJ_OK)
            CHECK_TEXT(cost.precision, rows[i].precision);
        pj_device_close(device);
    }
}

/* What of the data sheet is known, and what follows from the rest. */
static void test_sheet(void)
{
    static const struct {
        const char *from, *to; /* in `sound`: 100 W, 10 GB/s, 10 fp32 TFLOPS */
        pj_device_sheet want;
    } rows[] = {
        {"",                             "",                        {100, 10e9, 10e12}},
        {"\"fp32\": {\"tops\"",          "\"int4\": {\"tops\"",     {100, 10e9, NAN}  },
        {"\"fp32\": {\"tops\": 10",      "\"int8\": {\"tops\": 80", {100, 10e9, 80e12}},
        {"\"power\": {\"w\"",            "\"idle\": {\"w\"",        {NAN, 10e9, 10e12}},
        {"\"bandwidth\": {\"gb_per_s\"", "\"memory\": {\"gb\"",     {100, NAN, 10e12} },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_device *device = parse_with(sound, rows[i].from, rows[i].to);
        if (!device)
            continue;
        pj_device_sheet got = pj_device_sheet_of(device);
        const double pairs[][2] = {
            {got.watts,            rows[i].want.watts           },
            {got.bytes_per_second, rows[i].want.bytes_per_second},
            {got.ops_per_second,   rows[i].want.ops_per_second  },
        };
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
            CHECK(isnan(pairs[k][1]) ? isnan(pairs[k][0]) : pairs[k][0] == pairs[k][1]);
        pj_device_close(device);
    }
    /* Without power a peak gives a time alone: 2e6 operations at half of 10e6 per us. */
    pj_device *device = parse_with(sound, "\"power\": {\"w\"", "\"clock\": {\"mhz\"");
    pj_device_work work = work_of("fp32", 1e6, 0);
    pj_device_cost cost = {0};
    pj_error err = {0};
    CHECK_INT(device ? pj_device_estimate(device, &work, &cost, &err) : PJ_EIO, PJ_OK);
    CHECK(!cost.has_energy && cost.has_time);
    CHECK_NEAR(cost.time_us, 0.4, 1e-14);
    pj_device_close(device);
    /* A load says nothing of a precision that has an energy and no peak: 0.25 pJ for each of 2e6 operations. */
    static const char own[] = LOAD("\"energy\": {\"int8\": {\"pj_per_op\": 0.25, \"source\": \"s\", "
                                   "\"confidence\": \"primary\"}},\n");
    work = work_of("int8", 1e6, 0);
    cost = estimate_by(own, &work);
    CHECK(cost.has_energy && !cost.has_time);
    CHECK_NEAR(cost.energy_pj, 2e6 * 0.25, 1e-14);
}

/* The profiles of the V4 module, as published and with their units put right. */
static void test_v4(void)
{
    static const struct {
        const char *name;
        double factor_too_low;
    } rows[] = {
        {"v4-cpu-intel-xeon",       1000  },
        {"v4-cpu-apple-m2",         1025.6},
        {"v4-gpu-a100",             986.2 },
        {"v4-gpu-t4",               979.0 },
        {"v4-edge-tpu",             1000  },
        {"v4-edge-mobile",          1000  },
        {"v4-quantum-simulator",    150000},
        {"v4-quantum-hardware-ibm", 25000 },
    };
    pj_device_work work = work_of("fp32", 1e6, 0);
    work.params = 1e6; /* 2 * params * 16 samples are 16 times the operations of one sample */
    work.batch = 16;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char corrected[64];
        (void)snprintf(corrected, sizeof corrected, "%s-corrected", rows[i].name);
        pj_device_cost published = estimate(rows[i].name, &work), right = estimate(corrected, &work);
        CHECK_NEAR(16 * right.energy_pj / published.energy_pj, rows[i].factor_too_low, 1e-4);
    }
    /* 3e-7 uJ per FLOP = 0.3 pJ; batch 1 of 16 would be 1/16 of the peak, held at 0.2; 500 uJ per GB */
    work.batch = 1;
    work.sequence = 128;
    work.weight_bytes = 1e9;
    pj_device_cost cost = estimate("v4-cpu-intel-xeon", &work);
    CHECK_NEAR(cost.energy_pj, 2e6 * 128 * 0.3 / 0.2 + 500e6, 1e-14);
    work.batch = 8;
    cost = estimate("v4-cpu-intel-xeon", &work);
    CHECK_NEAR(cost.energy_pj, 2e6 * 8 * 128 * 0.3 / 0.5 + 500e6, 1e-14);
    work.batch = 64;
    work.ops = work.macs = 0; /* not what it counts */
    cost = estimate("v4-cpu-intel-xeon", &work);
    CHECK_NEAR(cost.energy_pj, 2e6 * 64 * 128 * 0.3 + 500e6, 1e-14);
}

static void test_files(void)
{
    pj_device *device = NULL;
    pj_error err = {0};
    pj_device_cost cost;
    pj_device_work work = work_of("fp32", 1e6, 0);
    CHECK_INT(pj_device_parse(sound, strlen(sound), "x/d.json", &device, &err), PJ_OK);
    if (device) {
        size_t count;
        CHECK_TEXT(pj_device_name(device), "d");
        CHECK_TEXT(pj_device_class(device), "gpu");
        CHECK_TEXT(pj_device_formula(device), "datasheet");
        CHECK(pj_device_idle_w(device) < 0);
        CHECK_TEXT(pj_device_figures(device, &count)[0].path, "$.power.w");
        CHECK_INT(count, 5);
        CHECK_INT(pj_device_estimate(device, &work, &cost, &err), PJ_OK);
        CHECK_NEAR(cost.energy_pj, 2e6 * 10 / 0.5, 1e-15); /* its own utilization */
        work = work_of("int8", 1e6, 0);
        CHECK_INT(pj_device_estimate(device, &work, &cost, &err), PJ_OK);
        CHECK_NEAR(cost.energy_pj, 2e6 * 0.25 / 0.5, 1e-15);
        CHECK(!cost.has_time); /* no peak for it */
        pj_device_close(device);
    }
    refuse("\"class\"", "\"clas\"", "$.clas", "did you mean \"class\"?");
    refuse("picojoule.device/1", "picojoule.table/1", "$.schema", "picojoule.device/1");
    refuse("\"gpu\"", "\"toaster\"", "$.class", "\"toaster\"");
    refuse("\"datasheet\"", "\"guess\"", "$.formula",
           "\"datasheet\", \"measured\", \"v4\", \"capacity\" or \"fitted\"");
    refuse("\"datasheet\"", "\"measured\"", "$", "\"measured\" is missing");
    refuse("\"datasheet\"", "\"v4\"", "$", "needs $.energy.any");
    refuse("\"w\": 100", "\"w\": -100", "$.power.w", "negative");
    refuse("\"w\": 100", "\"w\": 0", "$.power.w", "cannot be 0");
    refuse("\"w\": 100", "\"kw\": 100", "$.power.kw", "did you mean \"w\"?");
    refuse("\"w\": 100, \"source\": \"s\"", "\"w\": 100", "$.power", "\"source\" is missing");
    refuse("\"note\": \"TDP\"", "\"note\": 5", "$.power.note", "a text");
    refuse("0.5", "1.5", "$.utilization", "more than 1");
    refuse("\"gb_per_s\": 10", "\"gb_per_s\": 0", "$.bandwidth.gb_per_s", "cannot be 0");
    refuse("{\"tops\": 10", "{\"tops\": 0", "$.peak.fp32.tops", "cannot be 0");
    refuse("\"fp32\"", "\"fp31\"", "$.peak.fp31", "did you mean");
    refuse("\"fp32\"", "\"any\"", "$", "stands for all precisions");
    refuse("\"energy\": {", "\"measured\": {", "$.measured", "only formula");
    refuse("\"datasheet\"", "\"capacity\"", "$.peak", "formula \"capacity\" has no use for \"peak\"");

    CHECK_INT(pj_device_open("a1000", NULL, &device, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "did you mean a10, a100");
    CHECK_PART(err.what, "picojoule devices");
}

/* Every shipped profile loads and has a source for each figure; what has no published power says so. */
static void test_shipped(void)
{
    const char *name;
    size_t count = 0;
    for (; (name = pj_device_builtin(count)) != NULL; count++) {
        size_t figures;
        pj_device *device = open_device(name);
        if (device) {
            const pj_figure *rows = pj_device_figures(device, &figures);
            for (size_t i = 0; i < figures; i++)
                CHECK(rows[i].source[0] && rows[i].source[0] != '@' && rows[i].unit[0]);
        }
        pj_device_close(device);
    }
    CHECK(count >= 108);
    pj_device_work work = work_of("int8", 1e6, 0);
    pj_device_cost cost = estimate("tpu-v5e", &work);
    CHECK(!cost.has_energy && cost.has_time);
    CHECK_NEAR(cost.time_us, 2e6 / (393e6 * 0.105) + 4.7, 1e-2); /* as the fit of its class has it */
}

static void check_marked(const char *name, const char *want)
{
    pj_device *device = open_device(name);
    pj_arena *arena = pj_arena_new(0);
    CHECK_TEXT(device ? pj_device_marked(device, arena) : NULL, want);
    pj_arena_free(arena);
    pj_device_close(device);
}

/* Recalled figures are named where an estimate rests on them; a process node is none of those. */
static void test_marks(void)
{
    check_marked("a100", "");                         /* its process node is recalled */
    check_marked("raspberry-pi-4", "peak.fp32.tops"); /* eight operations per cycle */
    static const char recalled[] =
        "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"gpu\", \"formula\": \"datasheet\",\n"
        "\"process\": {\"nm\": 5, \"source\": \"s\", \"confidence\": \"memory\"},\n"
        "\"power\": {\"w\": 70, \"source\": \"s\", \"confidence\": \"memory\"},\n"
        "\"peak\": {\"fp16\": {\"tops\": 65, \"source\": \"s\", \"confidence\": \"memory\"}}}";
    pj_device *device = parse_with(recalled, "", "");
    pj_arena *arena = pj_arena_new(0);
    CHECK_TEXT(device ? pj_device_marked(device, arena) : NULL, "power.w, peak.fp16.tops");
    pj_arena_free(arena);
    pj_device_close(device);
}

/* Memories alone give no estimate, and the sentence says so. */
static void test_capacity(void)
{
    pj_device *device = open_device("rp2040");
    pj_device_work work = work_of("int8", 1e6, 0);
    pj_device_cost cost;
    pj_error err = {0};
    CHECK_TEXT(pj_device_formula(device), "capacity");
    CHECK_INT(pj_device_estimate(device, &work, &cost, &err), PJ_EUNSUPPORTED);
    CHECK_TEXT(err.what, "of rp2040 only the memories are known: no energy, no time");
    CHECK(!cost.has_energy && !cost.has_time);
    pj_device_close(device);
}

/* The board has 1024 KiB of flash and 256 KiB of RAM; the GPU one memory of 2 GB for both. */
static void test_fits(void)
{
    static const char board[] =
        "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"mcu\", \"formula\": \"capacity\",\n"
        "\"flash\": {\"kb\": 1024, \"source\": \"s\", \"confidence\": \"primary\"},\n"
        "\"ram\": {\"kb\": 256, \"source\": \"s\", \"confidence\": \"primary\"}}";
    static const char card[] =
        "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"gpu\", \"formula\": \"capacity\",\n"
        "\"memory\": {\"gb\": 2, \"source\": \"s\", \"confidence\": \"primary\"}}";
    static const struct {
        const char *file;
        double weights, activations;
        const char *what;
        double has, wants;
    } rows[] = {
        {board, 1048576, 262144, "flash",  1048576, 1048576},
        {board, 1048577, 262145, "flash",  1048576, 1048577}, /* the first that is too small */
        {board, 1048576, 262145, "RAM",    262144,  262145 },
        {board, 524288,  196608, "RAM",    262144,  196608 }, /* both hold it: the fuller one */
        {board, 1048576, -1,     "flash",  1048576, 1048576}, /* activations are not known */
        {card,  1.5e9,   0.5e9,  "memory", 2e9,     2e9    },
        {card,  1.5e9,   0.6e9,  "memory", 2e9,     2.1e9  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_device *device = NULL;
        pj_error err = {0};
        const char *what = "";
        double has = 0, wants = 0;
        CHECK_INT(pj_device_parse(rows[i].file, strlen(rows[i].file), "d.json", &device, &err), PJ_OK);
        if (!device)
            continue;
        pj_device_fits(device, rows[i].weights, rows[i].activations, &what, &has, &wants);
        CHECK_TEXT(what, rows[i].what);
        CHECK_NEAR(has, rows[i].has, 1e-15);
        CHECK_NEAR(wants, rows[i].wants, 1e-15);
        pj_device_close(device);
    }
}

int main(void)
{
    test_roofline();
    test_data_sheets();
    test_precisions();
    test_loads();
    test_basis();
    test_load_files();
    test_measured();
    test_measured_files();
    test_fitted_files();
    test_odd_floats();
    test_sheet();
    test_v4();
    test_files();
    test_shipped();
    test_marks();
    test_capacity();
    test_fits();
    return check_done();
}
