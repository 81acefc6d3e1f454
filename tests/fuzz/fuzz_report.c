/* Any bytes as a saved report: read it, compare it with itself and with a small one, print that in every format. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "picojoule/diff.h"
#include "result/result.h"

static bool swallow(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    *(size_t *)payload += length;
    return true;
}

static void compare(const pj_result *a, const pj_result *b)
{
    static const char *const limits[] = {"total>1%", "layer>0", "params>3k"};
    const pj_diff_options with = {limits, sizeof limits / sizeof *limits};
    pj_diff *diff = NULL;
    pj_error err = {0};
    size_t bytes = 0;
    if (pj_diff_run(a, b, &with, &diff, &err) != PJ_OK)
        return;
    for (const char *const *format = pj_report_formats(); *format; format++) {
        pj_report_options options = pj_report_options_default();
        options.format = *format;
        options.top = 2;
        if (pj_diff_write(diff, &options, swallow, &bytes, &err) != PJ_OK)
            abort();
    }
    if (pj_diff_verdicts_write(diff, swallow, &bytes, &err) != PJ_OK)
        abort();
    pj_diff_free(diff);
}

/* A report does not differ from itself. */
static void compare_with_itself(const pj_result *s)
{
    pj_diff *diff = NULL;
    pj_error err = {0};
    if (pj_diff_run(s, s, NULL, &diff, &err) != PJ_OK || diff->changed || diff->added || diff->removed ||
        diff->renamed || diff->cause_count || diff->setting_count)
        abort();
    pj_diff_free(diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const pj_format_info fp32 = {true, true, "fp32", "float", 32, -1, "declared"};
    const pj_dim_info dims[] = {
        {1, NULL},
        {8, NULL}
    };
    const pj_layer layers[] = {
        {.name = "c1",
         .op = "Conv",
         .domain = "",
         .scope = "",
         .counted = true,
         .runs = 1,
         .rank = 2,
         .dims = dims,
         .macs = 100,
         .flops = 200,
         .params = 10,
         .param_bits = 320,
         .input_bits = 256,
         .output_bits = 256,
         .input = &fp32,
         .weight = &fp32,
         .accumulator = &fp32,
         .output = &fp32,
         .energy = {1, 2, 3, 4}},
    };
    const pj_model_info model = {.path = "", .producer = ""};
    const pj_result small = {
        .source = "small",
        .version = "",
        .model = &model,
        .table = "horowitz-45nm",
        .setup = pj_setup_default(),
        .rules = "picojoule",
        .unit = "pJ",
        .layers = layers,
        .layer_count = 1,
        .totals = {.macs = 100, .energy = {1, 2, 3, 4}, .layers = 1}
    };
    pj_result *read = NULL;
    pj_error err = {0};
    if (pj_result_parse((const char *)data, size, "fuzz.json", &read, &err) != PJ_OK)
        return 0;
    compare_with_itself(read);
    compare(&small, read);
    compare(read, &small);
    pj_result_free(read);
    return 0;
}
