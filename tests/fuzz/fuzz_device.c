/* Any bytes as a device profile: parse it, then estimate work in every number format, from none to very much. */
#include <stdlib.h>

#include "cost/device.h"
#include "fuzz.h"

static const char *const formats[] = {"fp64", "fp32", "tf32",  "bf16",  "fp16",   "fp8e4m3", "fp8e5m2", "fp4",
                                      "int8", "int4", "uint8", "int64", "binary", "ternary", "po2_4",   "fixed<24,2>"};

static void check(double figure)
{
    if (!(figure >= 0)) /* never negative, never NaN */
        abort();
}

static void estimate(const pj_device *device, const pj_number *format, double size, int kind)
{
    const pj_device_work work = {.format = *format,
                                 .ops = 2 * size,
                                 .macs = size,
                                 .kind = (pj_work_class)kind,
                                 .load = (pj_load)(kind % PJ_LOADS),
                                 .input_bytes = size / 3,
                                 .output_bytes = size / 2,
                                 .weight_bytes = size / 7,
                                 .params = size / 5};
    pj_device_cost cost;
    pj_error err = {0};
    if (pj_device_estimate(device, &work, &cost, &err) != PJ_OK)
        return;
    if (cost.has_energy) {
        check(cost.energy_pj);
        if (cost.low_pj >= 0)
            check(cost.high_pj - cost.low_pj);
    }
    if (cost.has_time)
        check(cost.time_us);
    if (cost.has_idle)
        check(cost.idle_pj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_device *device = NULL;
    size_t count;
    if (pj_device_parse((const char *)data, size, "fuzz.json", &device, &err) != PJ_OK)
        return 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        pj_number format;
        if (pj_number_parse(formats[i], &format, &err) != PJ_OK)
            abort();
        for (double macs = 0; macs < 1e18; macs = macs * 1000 + 1)
            for (int kind = 0; kind < PJ_WORK_CLASSES; kind++)
                estimate(device, &format, macs, kind);
    }
    (void)pj_device_figures(device, &count);
    pj_device_close(device);
    return 0;
}
