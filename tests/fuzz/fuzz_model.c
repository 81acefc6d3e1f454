/* Any bytes as a model: open and analyze; then, by the bytes, ask for shapes, lint, or print one report. Nearly all
 * inputs differ in what is computed, not in how it is told: reports have a target of their own, so few are written
 * here, and none as HTML, whose hashes alone took three quarters of the time. */
#include <stdlib.h>
#include <string.h>

#include "everything.h"
#include "fuzz.h"

/* By the bytes, a way to report; NULL: as HTML. */
static const pj_report_options *report_of(uint64_t pick)
{
    static pj_report_options options;
    static const pj_group groups[] = {PJ_NO_GROUP, PJ_GROUP_OP, PJ_GROUP_SCOPE};
    const char *const *formats = pj_report_formats();
    size_t count = 0;
    while (formats[count])
        count++;
    options = pj_report_options_default();
    options.format = formats[pick % count];
    options.width = 60;
    options.color = pick >> 8 & 1;
    options.group = groups[(pick >> 9) % 3];
    options.lint_findings = pick >> 11 & 1;
    return strcmp(options.format, "html") != 0 ? &options : NULL;
}

/* The shapes as `picojoule shapes` asks for them: dimensions that nobody binds stay symbols. */
static void shapes(const uint8_t *data, size_t size, uint64_t pick)
{
    pj_error err = {0};
    pj_model *model = NULL;
    digest out = digest_new();
    const pj_report_options *report = report_of(pick);
    if (pj_model_open_memory(data, size, "fuzz.onnx", NULL, &model, &err) == PJ_OK &&
        (ask_model(model, &out, &err) != PJ_OK ||
         (report && pj_shapes_write(model, report, digest_sink, &out, &err) != PJ_OK)))
        abort();
    pj_model_close(model);
}

static void lint(const pj_result *result, uint64_t pick, digest *out)
{
    pj_error err = {0};
    pj_lint *lint = NULL;
    const pj_report_options *report = report_of(pick);
    if (pj_lint_run(result, NULL, 0, &lint, &err) != PJ_OK ||
        (report && pj_lint_write(lint, report, digest_sink, out, &err) != PJ_OK))
        abort();
    pj_lint_free(lint);
}

/* The same for the same bytes (FNV-1a). */
static uint64_t hash_of(const uint8_t *data, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 1099511628211u;
    return hash;
}

enum { SELDOM = 16 }; /* of so many inputs one is told in some way */

static void tell(const pj_result *result, uint64_t pick)
{
    pj_error err = {0};
    digest out = digest_new();
    const pj_report_options *report = report_of(pick / SELDOM);
    ask_analysis(result, &out);
    if (pick % SELDOM == 0)
        lint(result, pick / SELDOM, &out);
    else if (pick % SELDOM == 1 && report && pj_report_write(result, report, digest_sink, &out, &err) != PJ_OK)
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
    settings.inspect_weights = (pick >> 8) % SELDOM == 0; /* those that are kept with the model */
    settings.best_order = (pick >> 12) % SELDOM == 0;
    settings.activations_on = pick >> 16 & 1 ? PJ_PLACE_DRAM : PJ_PLACE_SRAM;
    if (!session)
        session = pj_session_new();
    if (session && pj_model_open_memory(data, size, "fuzz.onnx", &options, &model, &err) == PJ_OK &&
        pj_session_run(session, model, &settings, &result, &err) == PJ_OK) {
        if (!figures_hold(result))
            abort();
        tell(result, pick >> 20);
    }
    pj_result_free(result);
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t pick = hash_of(data, size);
    analysis(data, size, pick);
    if (pick >> 60 == 0)
        shapes(data, size, pick >> 20);
    return 0;
}
