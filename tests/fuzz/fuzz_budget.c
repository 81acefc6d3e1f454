/* Any bytes as a budget: read it, judge a small model by its first entry with and without a baseline, print the result
 * in every format. */
#include <stdlib.h>
#include <string.h>

#include "check/judge.h"
#include "fuzz.h"

static bool swallow(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    *(size_t *)payload += length;
    return true;
}

static void print(const pj_check_model *model)
{
    size_t bytes = 0;
    pj_error err = {0};
    const pj_check check = {.budget = "fuzz.json", .models = model, .model_count = 1, .exceeded = model->exceeded};
    for (const char *const *format = pj_check_formats(); *format; format++) {
        pj_report_options options = pj_report_options_default();
        options.format = *format;
        if (pj_check_write(&check, &options, swallow, &bytes, &err) != PJ_OK)
            abort();
    }
}

/* What is renewed can be read again. */
static void renew(const pj_budget *budget, const pj_check_model *model)
{
    const pj_check check = {.budget = "fuzz.json", .models = model, .model_count = 1};
    pj_renewal *renewed = NULL;
    pj_budget *again = NULL;
    pj_error err = {0};
    if (pj_budget_renew(budget, &check, 0.1, &renewed, &err) != PJ_OK ||
        pj_budget_parse(renewed->text, renewed->length, "fuzz.json", &again, &err) != PJ_OK)
        abort();
    pj_budget_free(again);
    pj_renewal_free(renewed);
}

static void judge(const pj_budget *budget, const pj_result *now)
{
    static const pj_finding finding = {"uncounted", "warning", true, "c1", "no rule"};
    const pj_budget_entry *entry = &budget->entry[0];
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    pj_check_model model = {.name = entry->name,
                            .path = entry->path,
                            .file = entry->file,
                            .unit = "pJ",
                            .table = "",
                            .before = "",
                            .changed = "",
                            .options = "",
                            .dearest = ""};
    const pj_budget_case given = {.budget = budget,
                                  .entry = entry,
                                  .now = now,
                                  .baseline = entry->baseline ? now : NULL,
                                  .findings = &finding,
                                  .finding_count = 1};
    if (!arena)
        return;
    if (pj_budget_judge(&given, arena, &model, &err) == PJ_OK && model.verdict_count == 0)
        abort(); /* a budget that checks nothing is refused */
    if (err.status != PJ_OK) {
        model.error = err;
        model.outcome = PJ_BROKEN;
        model.verdict_count = model.exceeded = model.improved = 0;
    }
    print(&model);
    renew(budget, &model);
    pj_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const pj_live_tensor tensor = {"t", 5, NULL};
    static const pj_activation_memory memory = {
        0, {"graph", 5, "c1", &tensor, 1, NULL, 0, NULL, 0},
         NULL
    };
    static const pj_model_info about = {.path = "", .producer = ""};
    static const pj_format_info fp32 = {true, true, "fp32", "float", 32, -1, "declared"};
    const pj_layer layers[] = {
        {.name = "c1",
         .op = "Conv",
         .domain = "",
         .scope = "",
         .counted = true,
         .rank = -1,
         .macs = 100,
         .flops = 200,
         .params = 10,
         .param_bits = 320,
         .input = &fp32,
         .weight = &fp32,
         .accumulator = &fp32,
         .output = &fp32,
         .energy = {1, 2, 3, 4}},
    };
    pj_budget *budget = NULL;
    pj_error err = {0};
    if (pj_budget_parse((const char *)data, size, "fuzz.json", &budget, &err) != PJ_OK)
        return 0;
    if (budget->entry[0].setup.device_count == 0) { /* the layer has no figures of devices */
        const pj_result now = {
            .source = "small",
            .version = "",
            .model = &about,
            .table = "horowitz-45nm",
            .setup = budget->entry[0].setup,
            .rules = "picojoule",
            .unit = "pJ",
            .layers = layers,
            .layer_count = 1,
            .totals = {.macs = 100, .energy = {1, 2, 3, 4}, .layers = 1, .peak_activation_bytes = 5},
            .memory = &memory
        };
        judge(budget, &now);
    }
    pj_budget_free(budget);
    return 0;
}
