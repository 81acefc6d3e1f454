/* calibrate: prices that rows were made with come back; what rows cannot say. */
#include "calibrate/fit.h"
#include "check.h"
#include "cost/device.h"
#include "picojoule/calibrate.h"

static bool collect(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static const char *write_rows(const char *text)
{
    static const char path[] = "rows.tmp";
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file) {
        CHECK(fputs(text, file) >= 0);
        CHECK(fclose(file) == 0);
    }
    return path;
}

static void refuse(const char *rows, const char *where, const char *what)
{
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    CHECK_INT(pj_device_fit(write_rows(rows), collect, &out, &err), PJ_EFORMAT);
    CHECK_PART(err.file, where);
    CHECK_PART(err.what, what);
    pj_str_free(&out);
}

/* A filter of 20 to 30 channels on 10: 24 = 3 * 8 channels are taken as 24 of 8, as 32 of 16. */
static void test_padded(void)
{
    CHECK_NEAR(pj_padded_macs(600, 20, 30, 8), 600.0 * 24 / 20 * 32 / 30, 1e-15);
    CHECK_NEAR(pj_padded_macs(600, 3, 30, 8), 600.0 * 32 / 30, 1e-15); /* a first layer's three inputs stay */
    CHECK_NEAR(pj_padded_macs(600, 0, 30, 8), 600, 1e-15);             /* channels that nobody knows */
    CHECK_NEAR(pj_padded_macs(600, 20, 0, 8), 600, 1e-15);
    CHECK_NEAR(pj_padded_macs(600, 20, 30, 1), 600, 0);
    CHECK_NEAR(pj_padded_macs(600, 0, 0, 16), 600, 0);
}

/* Rows of 2 pJ/MAC (channels in eights), 5, 7, 3 pJ per byte and 1000 pJ a layer come back to the last digits. */
static void test_prices(void)
{
    enum { ROWS = 60 };
    pj_fit_row row[ROWS];
    double ratio[ROWS];
    pj_fit fit;
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    for (int i = 0; i < ROWS; i++) {
        double in = 9 + i % 13 * 5, out = 11 + i % 17 * 7, places = 1 + i % 5 * i % 7, taps = i % 3 * 2 + 1;
        row[i] =
            (pj_fit_row){in * out * taps * places, in, out, in * places * 4, out * places * 4, in * out * taps * 4, 0};
        row[i].pj = 2 * pj_padded_macs(row[i].work, in, out, 8) + 5 * row[i].input_bytes + 7 * row[i].output_bytes +
                    3 * row[i].weight_bytes + 1000;
    }
    CHECK_INT(pj_fit_rows(row, ROWS, arena, ratio, &fit, &err), PJ_OK);
    CHECK_INT(fit.pad, 8);
    CHECK(!fit.is_scale && fit.error < 1e-4 && fit.error >= 0);
    static const double want[] = {2, 5, 7, 3, 1000};
    for (int i = 0; i < PJ_FIT_PRICES; i++)
        CHECK_NEAR(fit.price[i], want[i], 1e-3);
    for (int i = 0; i < ROWS; i++)
        CHECK_NEAR(ratio[i], 1, 1e-3);
    for (int i = 0; i < ROWS; i++)
        if (i % 10 == 0)
            row[i].pj *= 20; /* a tenth of wild rows move nothing */
    CHECK_INT(pj_fit_rows(row, ROWS, arena, ratio, &fit, &err), PJ_OK);
    CHECK_NEAR(fit.price[0], 2, 0.02);
    /* Six rows: the median of pJ/MAC, and nothing else. */
    for (int i = 0; i < 6; i++)
        row[i] = (pj_fit_row){100, 0, 0, 8, 8, 8, 100 * (i + 1)};
    CHECK_INT(pj_fit_rows(row, 6, arena, ratio, &fit, &err), PJ_OK);
    CHECK(fit.is_scale);
    CHECK_NEAR(fit.price[0], 3.5, 1e-15);
    CHECK(fit.price[1] == 0 && fit.price[4] == 0);
    /* One row has no halves. */
    CHECK_INT(pj_fit_rows(row, 1, arena, ratio, &fit, &err), PJ_OK);
    CHECK(fit.error < 0);
    CHECK_NEAR(fit.price[0], 1, 1e-15);
    pj_arena_free(arena);
}

/* A profile from rows, and what it says of a layer: 10 x 20 x 2 = 400 MACs at 3 uJ each 100. */
static void test_profile(void)
{
    static const char rows[] = "op,batch,cin,cout,energy_uj,latency_us,hardware,boundary,spread\n"
                               "Gemm,2,10,20,12,6,board,supply,\n"
                               "linear,1,10,20,6,3,board,supply,0.1\n"
                               "linear,1,10,20,999,3,board,supply,0.11\n";
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    pj_device *device = NULL;
    pj_device_cost cost;
    CHECK_INT(pj_device_fit(write_rows(rows), collect, &out, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_PART(out.data, "\"boundary\": \"supply\"");
    CHECK_PART(out.data, "matmul: 2 rows, too few for more than one scale");
    CHECK_PART(out.data, "Left out for a spread above 0.1: 1.");
    CHECK_INT(pj_device_parse(out.data, out.length, "made.json", &device, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (device) {
        pj_device_work work = {.macs = 1000, .ops = 2000, .kind = PJ_WORK_MATMUL};
        CHECK_INT(pj_number_parse("fp32", &work.format, &err), PJ_OK);
        CHECK_INT(pj_device_estimate(device, &work, &cost, &err), PJ_OK);
        CHECK_NEAR(cost.energy_pj, 30e6, 1e-12); /* 0.03 uJ/MAC */
        CHECK_NEAR(cost.time_us, 15, 1e-12);     /* 2 W */
        work.kind = PJ_WORK_POOL;
        CHECK_INT(pj_device_estimate(device, &work, &cost, &err), PJ_EUNSUPPORTED);
        CHECK_TEXT(err.what, "nobody has measured layers of class pool on made");
    }
    pj_device_close(device);
    pj_str_free(&out);
}

/* JSON, by watts and time; a layer of a model; and a whole network: resnet8 has 12,501,632 MACs. */
static void test_models(void)
{
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    CHECK_INT(
        pj_device_fit(write_rows("[{\"model\": \"../models/resnet8.onnx\", \"latency_us\": 12501.632, \"watts\": 2}]"),
                      collect, &out, &err),
        PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_PART(out.data, "\"conv\": {\"pj_per_mac\": 2000}");
    pj_str_free(&out);
    out = pj_str_new(0);
    CHECK_INT(pj_device_fit(write_rows("{\"rows\": [{\"model\": \"../models/resnet8.onnx\", \"layer\": \"/stem/Conv\", "
                                       "\"energy_uj\": 442.368, \"dims\": {}}]}"),
                            collect, &out, &err),
              PJ_OK);
    CHECK_PART(out.data, "\"conv\": {\"pj_per_mac\": 1000,"); /* 442,368 MACs */
    pj_str_free(&out);
}

static void test_refused(void)
{
    refuse("op,energy_uj\n", "", "no row of a measured layer");
    refuse("op,cin,cout,energy_uj\nlinear,1,1,0\n", "rows.tmp", "no energy_uj above 0");
    refuse("op,cin,cout,energy_uj\nlinear,1,1,x\n", "rows.tmp", "'x' is no number");
    refuse("op,cin,cout,energy_uj\nteleport,1,1,2\n", "rows.tmp", "\"teleport\" is no operator");
    refuse("op,cin,cout,energy_uj\nconv,1,1,2\n", "rows.tmp", "dimensions are not all there");
    refuse("op,cin,cout,energy_uj,hardware\nlinear,1,1,2,a\nlinear,1,1,2,b\n", "rows.tmp", "rows of one machine");
    refuse("op,cin,cout,energy_uj,precision\nlinear,1,1,2,int9\n", "", "is no precision");
    refuse("op,cin,cout,energy_uj\nlinear,1,1,1e-300\n", "rows.tmp", "no energy that a layer takes");
    refuse("op,cin,cout,energy_uj\nlinear,1e200,1e200,1\n", "rows.tmp", "dimensions are not all there");
    refuse("{\"rows\": [{\"op\": \"linear\"}]}", "$.rows[0]", "no energy_uj above 0");
    refuse("{\"rows\": [5]}", "$.rows[0]", "object");
    refuse("{\"row\": []}", "$", "\"rows\" is missing");
    refuse("[{\"model\": \"../models/resnet8.onnx\", \"layer\": \"/stem/Cow\", \"energy_uj\": 1}]", "$[0]", "no layer");
    refuse("[{\"model\": \"../models/resnet8.onnx\", \"energy_uj\": 1}, {\"op\": \"linear\", \"cin\": 1, "
           "\"energy_uj\": 1}]",
           "", "no profile together");
}

int main(void)
{
    test_padded();
    test_prices();
    test_profile();
    test_models();
    test_refused();
    (void)remove("rows.tmp");
    return check_done();
}
