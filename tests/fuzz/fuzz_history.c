/* A history of any bytes, or with any value in any cell: list it, read each trend, print all in every format, append.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "picojoule/history.h"
#include "store.h"

static const pj_history_layer layers[] = {
    {"conv1", "Conv", 1.5 },
    {"fc",    "Gemm", 0.25}
};

static pj_history_entry entry_at(const char *model, const char *time)
{
    return (pj_history_entry){
        .model = model,
        .path = model,
        .commit = "c0ffee",
        .branch = "main",
        .time = time,
        .table = "horowitz-45nm",
        .rules = "picojoule",
        .unit = "pJ",
        .settings = "--weights-on dram",
        .totals = {.energy = {1, 2, 3, 4}, .macs = 9, .params = 5, .param_bits = 160, .bops = 7},
        .layers = layers,
        .layer_count = 2
    };
}

static void fill(const char *path)
{
    static const char *const rows[][2] = {
        {"a.onnx", "2026-01-01T00:00:00Z"},
        {"a.onnx", "2026-01-02T00:00:00Z"},
        {"b.onnx", "2026-01-01T00:00:00Z"}
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const pj_history_entry entry = entry_at(rows[i][0], rows[i][1]);
        pj_error err = {0};
        if (pj_history_append(path, &entry, &err) != PJ_OK)
            abort();
    }
}

static void print_trend(const pj_history *history)
{
    pj_error err = {0};
    size_t bytes = 0;
    for (const char *const *format = pj_chart_formats(); *format; format++) {
        pj_report_options report = pj_report_options_default();
        report.format = *format;
        for (size_t m = 0; pj_metric_word(m); m++) {
            const pj_history_options options = {history->layer ? NULL : pj_metric_word(m), m % 2 == 0, m % 3};
            if (pj_history_write(history, &options, &report, fuzz_swallow, &bytes, &err) != PJ_OK)
                abort();
        }
    }
}

/* A model that the list has is found by its name. */
static void read_model(const char *path, const pj_history_model *model)
{
    static const char *const globs[] = {NULL, "*"};
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++) {
        const pj_history_query query = {model->model, NULL, globs[i], i};
        pj_history *history = NULL;
        pj_error err = {0};
        pj_status status = pj_history_read(path, &query, &history, &err);
        if (status == PJ_EARGUMENT && !globs[i])
            abort();
        if (status == PJ_OK)
            print_trend(history);
        pj_history_free(history);
    }
}

static void read_list(const char *path)
{
    pj_history_list *list = NULL;
    pj_error err = {0};
    size_t bytes = 0;
    if (pj_history_models(path, &list, &err) != PJ_OK)
        return;
    for (const char *const *format = pj_report_formats(); *format; format++) {
        pj_report_options report = pj_report_options_default();
        report.format = *format;
        if (pj_history_list_write(list, &report, fuzz_swallow, &bytes, &err) != PJ_OK)
            abort();
    }
    for (size_t i = 0; i < list->count && i < 4; i++)
        read_model(path, &list->models[i]);
    pj_history_list_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tables[] = {"record", "layer", NULL};
    static const fuzz_store store = {fill, tables};
    const pj_history_entry entry = entry_at("a.onnx", "2026-01-03T00:00:00Z");
    pj_error err = {0};
    fuzz_store_make(&store, data, size);
    read_list(fuzz_store_path());
    if (pj_history_append(fuzz_store_path(), &entry, &err) == PJ_OK)
        read_list(fuzz_store_path());
    return 0;
}
