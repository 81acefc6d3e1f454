/* Any bytes as a model: open, ask for shapes, analyze, print in every format. */
#include <stdio.h>
#include <stdlib.h>

#include "everything.h"
#include "fuzz.h"

/* The shapes as `picojoule shapes` asks for them: dimensions that nobody binds stay symbols. */
static void shapes(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_model *model = NULL;
    digest out = digest_new();
    if (pj_model_open_memory(data, size, "fuzz.onnx", NULL, &model, &err) == PJ_OK &&
        (ask_model(model, &out, &err) != PJ_OK || write_shapes(model, &out, &err) != PJ_OK))
        abort();
    pj_model_close(model);
}

/* Whatever the model says: counts and energies are not negative, and energies are numbers. */
static void check_layers(const pj_result *result)
{
    const pj_layer *layer = result->layers;
    size_t count = result->layer_count;
    for (size_t i = 0; i < count; i++, layer++) {
        const pj_energy *energy = &layer->energy;
        bool ok = layer->macs >= 0 && layer->flops >= 0 && layer->params >= 0 && layer->bops >= 0 &&
                  energy->inputs >= 0 && energy->outputs >= 0 && energy->parameters >= 0 && energy->op_cost >= 0;
        for (size_t p = 0; pj_work_word(p); p++)
            ok = ok && layer->work[p] >= 0;
        if (!ok) {
            fprintf(stderr, "layer %s (%s): a count or an energy is negative\n", layer->name, layer->op);
            abort();
        }
    }
}

static void analysis(const uint8_t *data, size_t size, const char *table)
{
    static const char *const devices[] = {"stm32h7a3", "v4-gpu-a100"};
    const pj_setup options = {.unbound_dims_are_one = true};
    pj_setup settings = pj_setup_default();
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    digest out = digest_new();
    settings.table = table;
    settings.devices = devices;
    settings.device_count = size / 2 % 3;
    settings.inspect_weights = size % 2; /* those that are kept with the model */
    settings.best_order = size / 4 % 2;
    settings.activations_on = size % 8 < 4 ? PJ_PLACE_DRAM : PJ_PLACE_SRAM;
    if (pj_model_open_memory(data, size, "fuzz.onnx", &options, &model, &err) == PJ_OK &&
        pj_analyze(model, &settings, &result, &err) == PJ_OK) {
        check_layers(result);
        ask_analysis(result, &out);
        if (write_reports(result, &out, &err) != PJ_OK || lint_analysis(result, &out, &err) != PJ_OK)
            abort();
    }
    pj_result_free(result);
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    shapes(data, size);
    analysis(data, size, size % 2 ? "qtools" : "horowitz-45nm");
    return 0;
}
