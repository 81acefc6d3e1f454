/* Any bytes as a model: open and analyze; then, by the bytes, ask for shapes, lint, or print one of the reports. All of
 * them for each input made it five times slower, and found no more: the reports have a target of their own. */
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

/* The same for the same bytes (FNV-1a). */
static uint64_t hash_of(const uint8_t *data, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 1099511628211u;
    return hash;
}

static void tell(const pj_result *result, uint64_t pick)
{
    pj_error err = {0};
    digest out = digest_new();
    ask_analysis(result, &out);
    if ((pick % 8 ? write_report(result, (size_t)(pick / 8 % report_count()), &out, &err)
                  : lint_analysis(result, &out, &err)) != PJ_OK)
        abort();
}

static void analysis(const uint8_t *data, size_t size, uint64_t pick)
{
    static const char *const devices[] = {"stm32h7a3", "v4-gpu-a100"};
    static pj_session *session; /* kept, as the built-in tables are the same for all inputs */
    const pj_setup options = {.unbound_dims_are_one = true};
    pj_setup settings = pj_setup_default();
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    settings.table = pick & 1 ? "qtools" : "horowitz-45nm";
    settings.devices = devices;
    settings.device_count = (size_t)(pick / 2 % 3);
    settings.inspect_weights = pick >> 8 & 1; /* those that are kept with the model */
    settings.best_order = pick >> 9 & 1;
    settings.activations_on = pick >> 10 & 1 ? PJ_PLACE_DRAM : PJ_PLACE_SRAM;
    if (!session)
        session = pj_session_new();
    if (session && pj_model_open_memory(data, size, "fuzz.onnx", &options, &model, &err) == PJ_OK &&
        pj_session_run(session, model, &settings, &result, &err) == PJ_OK) {
        if (!figures_hold(result))
            abort();
        tell(result, pick >> 16);
    }
    pj_result_free(result);
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t pick = hash_of(data, size);
    analysis(data, size, pick);
    if (pick >> 60 == 0)
        shapes(data, size);
    return 0;
}
