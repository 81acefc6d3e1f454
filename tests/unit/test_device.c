/* cost/device: shipped profiles against data sheets and hand calculations, the choice of a precision, broken files. */
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
    work.bytes = bytes;
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

/* T4: 70 W, 65 fp16 TFLOPS, 320 GB/s, GDDR6 at 6.5 pJ per bit = 52 pJ per byte, 8 W idle. */
static void test_roofline(void)
{
    pj_device_work work = work_of("fp16", 1e9, 1e6);
    pj_device_cost cost = estimate("t4", &work);
    CHECK_TEXT(cost.precision, "fp16");
    CHECK(!cost.widened && cost.has_energy && cost.has_time && cost.has_idle);
    CHECK_NEAR(cost.energy_pj, 2e9 * 70 / 65 + 1e6 * 52, 1e-14);
    CHECK(cost.low_pj == cost.energy_pj && cost.high_pj == cost.energy_pj);
    CHECK_NEAR(cost.time_us, 2e9 / 65e12 * 1e6, 1e-14); /* 30.8 us; moving takes 3.1 */
    CHECK_NEAR(cost.idle_pj, 8 * (2e9 / 65e12) * 1e12, 1e-14);

    work.bytes = 1e9; /* now memory is what takes the time: 1 GB at 320 GB/s */
    cost = estimate("t4", &work);
    CHECK_NEAR(cost.time_us, 3125, 1e-14);
    work.bytes = 0;
    work.utilization = 0.25;
    cost = estimate("t4", &work);
    CHECK_NEAR(cost.energy_pj, 4 * 2e9 * 70 / 65, 1e-14);
    CHECK_NEAR(cost.time_us, 4 * 2e9 / 65e12 * 1e6, 1e-14);
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
        {"hailo-8",        "int8",    0.3441 }, /* 0.12285 at a utilization of 0.357 */
        {"raspberry-pi-5", "fp64",    361.11 },
        {"h100",           "fp8e4m3", 0.3539 },
        {"tpu-v4",         "bf16",    0.6982 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_device_work work = work_of(rows[i].format, 0.5e9, 0);
        pj_device_cost cost = estimate(rows[i].name, &work);
        CHECK_NEAR(cost.energy_pj / 1e9, rows[i].pj_per_op, 5e-4);
        CHECK_TEXT(cost.precision, rows[i].format);
        CHECK(!cost.widened);
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

/* MLPerf Tiny v1.2 on the NUCLEO-U575: 247.0, 206.3, 180.9 and 309.9 pJ per MAC. */
static void test_measured(void)
{
    pj_device_work work = work_of("int8", 1e6, 1e9);
    pj_device_cost cost = estimate("stm32u575", &work);
    CHECK_NEAR(cost.energy_pj, 1e6 * (247.0 + 206.3 + 180.9 + 309.9) / 4, 1e-14);
    CHECK_NEAR(cost.low_pj, 1e6 * 180.9, 1e-14);
    CHECK_NEAR(cost.high_pj, 1e6 * 309.9, 1e-14);
    CHECK(!cost.has_time && !cost.has_idle);
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
    work.bytes = 1e9;
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

static const char sound[] =
    "{\"schema\": \"picojoule.device/1\", \"title\": \"d\", \"class\": \"gpu\", \"formula\": \"datasheet\",\n"
    "\"power\": {\"w\": 100, \"source\": \"s\", \"confidence\": \"primary\", \"note\": \"TDP\"},\n"
    "\"utilization\": {\"fraction\": 0.5, \"source\": \"s\", \"confidence\": \"derived\"},\n"
    "\"bandwidth\": {\"gb_per_s\": 10, \"source\": \"s\", \"confidence\": \"primary\"},\n"
    "\"peak\": {\"fp32\": {\"tops\": 10, \"source\": \"s\", \"confidence\": \"primary\"}},\n"
    "\"energy\": {\"int8\": {\"pj_per_op\": 0.25, \"source\": \"s\", \"confidence\": \"primary\"}}}";

static void refuse(const char *from, const char *to, const char *path, const char *what)
{
    char text[4096], place[256];
    pj_device *device = NULL;
    pj_error err = {0};
    const char *at = strstr(sound, from);
    CHECK(at != NULL);
    if (!at)
        return;
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sound), sound, to, at + strlen(from));
    (void)snprintf(place, sizeof place, "d.json: %s", path);
    CHECK_INT(pj_device_parse(text, strlen(text), "d.json", &device, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, place);
    CHECK_PART(err.what, what);
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
    refuse("\"datasheet\"", "\"guess\"", "$.formula", "\"datasheet\", \"measured\", \"v4\" or \"capacity\"");
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
    CHECK(count >= 106);
    pj_device_work work = work_of("int8", 1e6, 0);
    pj_device_cost cost = estimate("tpu-v5e", &work);
    CHECK(!cost.has_energy && cost.has_time);
    CHECK_NEAR(cost.time_us, 2e6 / 393e6, 1e-14);
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
        const char *what; /* "": it fits */
        double has, wants;
    } rows[] = {
        {board, 1048576, 262144, "",       0,       0      },
        {board, 1048577, 262145, "flash",  1048576, 1048577},
        {board, 1048576, 262145, "RAM",    262144,  262145 },
        {board, 1048576, -1,     "",       0,       0      }, /* activations are not known */
        {card,  1.5e9,   0.5e9,  "",       0,       0      },
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
        CHECK_INT(pj_device_fits(device, rows[i].weights, rows[i].activations, &what, &has, &wants), !rows[i].what[0]);
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
    test_measured();
    test_v4();
    test_files();
    test_shipped();
    test_marks();
    test_capacity();
    test_fits();
    return check_done();
}
