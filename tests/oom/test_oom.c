/* Every allocation fails once, alone and with all that follow; whoever watches stops at every step; a sink refuses:
 * a status and a sentence, no crash, no leak, no success with another result. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "check/entry.h"
#include "cost/device.h"
#include "cost/table.h"
#include "everything.h"
#include "fail_alloc.h"
#include "model.h"
#include "picojoule/history.h"
#include "quant/plan_file.h"
#include "rare.h"
#include "samples/npy.h"
#include "samples/samples.h"
#include "study/study.h"

/* The loops are quadratic: where a case would ask for more than so many allocations, only every second fails, or every
 * third ... */
#ifdef __SANITIZE_ADDRESS__ /* which takes ten times as long */
static size_t most_allocations = 150000;
#else
static size_t most_allocations = 1000000;
#endif

static const char *only = ""; /* cases that have this in their names; those of histories need each other */

/* What a case works on; made before allocations begin to fail. */
typedef struct input {
    const char *path; /* a model file, a name of a table or device */
    const void *bytes;
    size_t size;
    pj_model *model;
    pj_result *result;
    bool keeps; /* what is told of the model stays in its memory until it is closed */
} input;

/* What is done while they fail. */
typedef pj_status (*step)(const input *in, digest *out, pj_error *err);

/* ---- steps ---- */

static pj_status open_symbolic(const input *in, digest *out, pj_error *err)
{
    pj_model *model = NULL;
    pj_status status = in->path ? pj_model_open(in->path, NULL, &model, err)
                                : pj_model_open_memory(in->bytes, in->size, "oom.onnx", NULL, &model, err);
    if (status == PJ_OK)
        status = ask_model(model, out, err);
    if (status == PJ_OK)
        status = write_shapes(model, out, err);
    pj_model_close(model);
    return status;
}

static pj_status open_bound(const input *in, pj_model **out, pj_error *err)
{
    static const pj_dim_binding dim = {"batch", 2};
    static const int64_t dims[] = {-1, 3, 8, 8};
    static const pj_input_binding x = {"x", "float32", 4, dims};
    pj_setup options = {.unbound_dims_are_one = true};
    if (in->path)
        return pj_model_open(in->path, &options, out, err);
    options.dims = &dim;
    options.inputs = &x;
    options.dim_count = options.input_count = 1;
    return pj_model_open_memory(in->bytes, in->size, "oom.onnx", &options, out, err);
}

static pj_status open_and_close(const input *in, digest *out, pj_error *err)
{
    pj_model *model = NULL;
    pj_status status = open_bound(in, &model, err);
    if (status == PJ_OK)
        status = ask_model(model, out, err);
    pj_model_close(model);
    return status;
}

static pj_setup settings_of(const char *table)
{
    static const char *const devices[] = {"stm32h7a3", "v4-gpu-a100"};
    pj_setup settings = pj_setup_default();
    settings.table = table;
    settings.devices = devices;
    settings.device_count = 2;
    return settings;
}

static pj_status analyze_under(const input *in, const pj_setup *settings, digest *out, pj_error *err)
{
    pj_result *result = NULL;
    pj_status status = pj_analyze(in->model, settings, &result, err);
    if (status == PJ_OK)
        ask_analysis(result, out);
    pj_result_free(result);
    return status;
}

static pj_status analyze(const input *in, digest *out, pj_error *err)
{
    const pj_setup settings = settings_of("horowitz-45nm");
    return analyze_under(in, &settings, out, err);
}

static pj_status analyze_qtools(const input *in, digest *out, pj_error *err)
{
    const pj_setup settings = settings_of("qtools");
    return analyze_under(in, &settings, out, err);
}

static pj_status analyze_quantized(const input *in, digest *out, pj_error *err)
{
    pj_setup settings = settings_of("horowitz-45nm");
    settings.quantize = "w4a8";
    return analyze_under(in, &settings, out, err);
}

/* On a chip with timing; what stays on it, tiles, or what is fused. */
static pj_status analyze_levels(const input *in, const char *hierarchy, const char *reuse, digest *out, pj_error *err)
{
    pj_setup settings = pj_setup_default();
    settings.hierarchy = hierarchy;
    settings.reuse = reuse;
    return analyze_under(in, &settings, out, err);
}

static pj_status analyze_resident(const input *in, digest *out, pj_error *err)
{
    return analyze_levels(in, "tpu-like", "resident", out, err);
}

static pj_status analyze_tiled(const input *in, digest *out, pj_error *err)
{
    return analyze_levels(in, "gpu-h200-like", "tiled", out, err);
}

static pj_status analyze_once(const input *in, digest *out, pj_error *err)
{
    return analyze_levels(in, NULL, "once", out, err);
}

/* Each run goes on with what the one before it left, also where that has failed: the second keeps what it counts, the
 * third takes it, the last counts anew. */
static pj_status analyze_again(const input *in, digest *out, pj_error *err)
{
    static const char *const tables[] = {"horowitz-45nm", "horowitz-45nm", "jouppi-7nm", "qtools"};
    pj_session *session = pj_session_new();
    pj_status first = PJ_OK;
    for (size_t i = 0; session && i < sizeof tables / sizeof *tables; i++) {
        pj_result *result = NULL;
        pj_setup settings = settings_of(tables[i]);
        pj_status status = pj_session_run(session, in->model, &settings, &result, err);
        if (status == PJ_OK)
            ask_analysis(result, out);
        first = first != PJ_OK ? first : status;
        pj_result_free(result);
    }
    pj_session_free(session);
    return session ? first : pj_fail(err, PJ_ENOMEM, "out of memory");
}

/* By names, and with a file that is given; all is copied. */
static pj_status run_by_name(const input *in, digest *out, pj_error *err)
{
    static const char plan[] = "{\"schema\": \"picojoule.plan/1\", \"default\": {\"weights\": \"int8\"}}";
    static const char request[] = "{\"dim\": [\"batch=2\"], \"input\": \"x=float32:?,3,8,8\", \"plan\": \"p.json\"}";
    const pj_resource model = {
        .size = sizeof model, .flags = PJ_COPY, .name = "m.onnx", .bytes = in->bytes, .length = in->size};
    const pj_resource file = {
        .size = sizeof file, .flags = PJ_COPY, .name = "p.json", .bytes = plan, .length = sizeof plan - 1};
    pj_setup *setup = pj_setup_new();
    pj_status status =
        setup ? pj_setup_set(setup, "device", "stm32h7a3", err) : pj_fail(err, PJ_ENOMEM, "out of memory");
    if (status == PJ_OK)
        status = pj_setup_give(setup, &file, err);
    if (status == PJ_OK)
        status = pj_run_json(&model, setup, request, strlen(request), digest_sink, out, err);
    pj_setup_free(setup);
    return status;
}

/* ---- through callbacks, watched ---- */

/* A place that says how often it was opened and closed; how often somebody was asked whether to go on, and when not. */
static struct {
    int opened, closed;
    int asked, stop_at; /* 0: never */
    bool refuses;       /* the sink */
} place;

enum { ROWS = 50, COLUMNS = 70 };
static float outside[ROWS * COLUMNS];

typedef struct blob {
    const void *bytes;
    size_t size;
} blob;

static int64_t read_blob(void *payload, uint64_t offset, void *to, uint64_t length)
{
    const blob *b = payload;
    uint64_t have = offset < b->size ? b->size - offset : 0;
    length = length < have ? length : have;
    length = length < 5000 ? length : 5000; /* short reads */
    memcpy(to, (const char *)b->bytes + offset, length);
    return (int64_t)length;
}

static void close_blob(void *payload)
{
    (void)payload;
    place.closed++;
}

static int open_blob(void *payload, const char *location, pj_resource *out)
{
    static blob other = {outside, sizeof outside};
    (void)payload;
    (void)location;
    out->length = other.size;
    out->read_at = read_blob;
    out->close = close_blob;
    out->payload = &other;
    place.opened++;
    return 1;
}

static bool go_on(const char *stage, uint64_t done, uint64_t total, void *payload)
{
    (void)stage;
    (void)done;
    (void)total;
    (void)payload;
    return ++place.asked != place.stop_at;
}

static bool sink_unless(const char *bytes, size_t length, void *payload)
{
    return !place.refuses && digest_sink(bytes, length, payload);
}

/* Opens, sets, runs and reports, with weights in another file. Everything that was opened is closed, or PJ_ESHAPE. */
static pj_status run_callbacks(const input *in, digest *out, pj_error *err)
{
    static const char request[] = "{\"dim\": [\"batch=2\"], \"inspect-weights\": true, \"memory\": true}";
    blob self = {in->bytes, in->size};
    const pj_resource model = {.size = sizeof model,
                               .name = "m.onnx",
                               .length = in->size,
                               .read_at = read_blob,
                               .open_other = open_blob,
                               .close = close_blob,
                               .payload = &self};
    pj_setup *setup = pj_setup_new();
    place.asked = place.closed = 0;
    place.opened = 1;
    if (!setup)
        return pj_fail(err, PJ_ENOMEM, "out of memory");
    pj_setup_watch(setup, go_on, NULL);
    pj_status status = pj_run_json(&model, setup, request, sizeof request - 1, sink_unless, out, err);
    pj_setup_free(setup);
    return place.opened == place.closed ? status
                                        : pj_fail(err, PJ_ESHAPE, "%d not closed", place.opened - place.closed);
}

static const void *build_outside(builder *b, size_t *size)
{
    for (int i = 0; i < ROWS * COLUMNS; i++)
        outside[i] = (float)(i * 7919 % 1013) / 500 - 1;
    *b = build_new(17);
    build_input(b, "x", PJ_FLOAT32, "batch,50");
    build_external(b, build_initializer(b, "w", PJ_FLOAT32, "50,70"), "location", "data/w.bin");
    build_node(b, "MatMul", "x,w", "h");
    build_node(b, "Relu", "h", "y");
    build_output(b, "y", PJ_FLOAT32, "batch,70");
    return build_bytes(b, size);
}

static pj_status inspect_weights(const input *in, digest *out, pj_error *err)
{
    pj_weight_options options = pj_weight_options_default();
    pj_weights *weights = NULL;
    options.threads = 1; /* failures are counted, which only one thread may do */
    pj_status status = pj_weights_inspect(in->model, &options, &weights, err);
    for (size_t i = 0; status == PJ_OK && i < weights->count; i++) {
        const pj_weight *w = &weights->weight[i];
        digest_add(out, w->layer, strlen(w->layer));
        digest_add(out, &w->rms, sizeof w->rms);
        if (!w->absent)
            digest_add(out, w->noise, 4 * weights->format_count * sizeof *w->noise);
    }
    pj_weights_free(weights);
    return status;
}

static pj_status report(const input *in, digest *out, pj_error *err)
{
    return write_reports(in->result, out, err);
}

/* Its first layer, and beside itself. */
static pj_status explain(const input *in, digest *out, pj_error *err)
{
    const pj_trial trial = {"--quantize int8", in->result};
    const pj_explain asked = {in->result, in->result->layer_count ? in->result->layers[0].name : "", &trial, 1};
    return in->result->layer_count ? pj_explain_write(in->model, &asked, NULL, digest_sink, out, err) : PJ_OK;
}

static pj_status lint(const input *in, digest *out, pj_error *err)
{
    return lint_analysis(in->result, out, err);
}

static pj_status write_plans(const pj_plan_result *result, digest *out, pj_error *err)
{
    static const char *const programs[] = {"onnxruntime", "nncf", "csv"};
    pj_status status = PJ_OK;
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        const pj_report_options options = {.format = *format};
        status = pj_plan_write(result, PJ_PLAN_VIEW_FRONTIER, &options, digest_sink, out, err);
        if (status == PJ_OK && strcmp(*format, "svg") != 0)
            status = pj_plan_write(result, PJ_PLAN_VIEW_PLAN, &options, digest_sink, out, err);
    }
    for (size_t i = 0; i < 3 && status == PJ_OK; i++) {
        status = pj_plan_emit(result, programs[i], digest_sink, out, err);
        if (status == PJ_EUNSUPPORTED) { /* nodes without names, of which nobody can be told */
            memset(err, 0, sizeof *err);
            status = PJ_OK;
        }
    }
    return status;
}

static pj_status search_plan(const input *in, digest *out, pj_error *err)
{
    static const char *const choices[] = {"fp16", "int8"};
    const pj_plan_budget budget = {PJ_PLAN_ENERGY, 0.8, true};
    const pj_setup settings = pj_setup_default();
    const pj_plan_options options = {.choices = choices,
                                     .choice_count = 2,
                                     .budgets = &budget,
                                     .budget_count = 1,
                                     .sensitivity = "uniform",
                                     .frontier = true,
                                     .time_limit = -1};
    pj_plan_result *result = NULL;
    pj_status status = pj_plan_search(in->model, &settings, &options, &result, err);
    if (status == PJ_OK)
        status = write_plans(result, out, err);
    pj_plan_result_free(result);
    return status;
}

typedef pj_status (*writer)(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err);

static pj_status write_formats(writer write, const char *name, digest *out, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    pj_status status = PJ_OK;
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = write(name, &options, digest_sink, out, err);
    }
    return status;
}

static pj_status list_tables(const input *in, digest *out, pj_error *err)
{
    return write_formats(pj_tables_write, in->path, out, err);
}

/* All arrays of a file, and what they are as floats. */
static pj_status read_samples(const input *in, digest *out, pj_error *err)
{
    pj_ndarrays arrays;
    pj_ndarray cast;
    pj_arena *arena = pj_arena_new(0);
    pj_status status = arena ? pj_arrays_read(in->path, arena, &arrays, err) : pj_fail_memory(err);
    for (size_t i = 0; status == PJ_OK && i < arrays.count; i++) {
        status = pj_array_cast(&arrays.array[i], PJ_FLOAT32, arena, &cast, err);
        if (status == PJ_OK)
            digest_add(out, cast.data, (size_t)cast.bytes);
    }
    pj_arena_free(arena);
    return status;
}

/* Random samples for the inputs of a model. */
static pj_status make_samples(const input *in, digest *out, pj_error *err)
{
    const pj_data data = {.random = 2, .seed = 1};
    const pj_ndarray *sample = NULL;
    pj_samples *samples = NULL;
    pj_model *model = NULL;
    pj_status status = pj_model_open_memory(in->bytes, in->size, "oom.onnx", NULL, &model, err);
    if (status == PJ_OK)
        status = pj_samples_open(&data, model, &samples, err);
    do {
        if (status == PJ_OK)
            status = pj_samples_next(samples, &sample, err);
        if (status == PJ_OK && sample)
            digest_add(out, sample[0].data, (size_t)sample[0].bytes);
    } while (status == PJ_OK && sample);
    pj_samples_close(samples);
    pj_model_close(model);
    return status;
}

static pj_status list_devices(const input *in, digest *out, pj_error *err)
{
    return write_formats(pj_devices_write, in->path, out, err);
}

static pj_status fit_device(const input *in, digest *out, pj_error *err)
{
    return pj_device_fit(in->path, digest_sink, out, err);
}

static pj_status list_hierarchies(const input *in, digest *out, pj_error *err)
{
    return write_formats(pj_hierarchies_write, in->path, out, err);
}

static pj_status sink_rows(const pj_study *study, const char *format, digest *out, pj_error *err)
{
    return pj_study_rows(study, 0, pj_study_describe(study).points - 1, 1, format, digest_sink, out, err);
}

static pj_status sweep_points(const input *in, digest *out, pj_error *err)
{
    pj_study *study = NULL;
    pj_status status = pj_study_parse(in->bytes, in->size, "oom.json", NULL, &study, err);
    if (status == PJ_OK)
        status = sink_rows(study, "csv", out, err);
    if (status == PJ_OK)
        status = sink_rows(study, "parquet", out, err);
    if (status == PJ_OK)
        status = pj_study_command(study, 1, digest_sink, out, err);
    pj_study_free(study);
    return status;
}

static pj_status write_operators(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                                 pj_error *err)
{
    (void)name;
    return pj_operators_write(options, sink, payload, err);
}

static pj_status list_operators(const input *in, digest *out, pj_error *err)
{
    return write_formats(write_operators, in->path, out, err);
}

static pj_status write_diff(const pj_diff *diff, digest *out, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    pj_status status = pj_diff_verdicts_write(diff, digest_sink, out, err);
    options.top = 2;
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_diff_write(diff, &options, digest_sink, out, err);
    }
    return status;
}

/* The analysis with a report, which is in `bytes`. */
static pj_status compare(const input *in, digest *out, pj_error *err)
{
    static const char *const limits[] = {"total>1%", "layer>0"};
    const pj_diff_options options = {limits, 2};
    pj_result *a = NULL;
    pj_diff *diff = NULL;
    pj_status status = pj_result_parse(in->bytes, in->size, "oom.json", &a, err);
    if (status == PJ_OK)
        status = pj_diff_run(a, in->result, &options, &diff, err);
    if (status == PJ_OK)
        status = write_diff(diff, out, err);
    pj_diff_free(diff);
    pj_result_free(a);
    return status;
}

/* The report in `bytes`, written again. */
static pj_status write_again(const input *in, digest *out, pj_error *err)
{
    pj_result *result = NULL;
    pj_report_options options = pj_report_options_default();
    pj_status status = pj_result_parse(in->bytes, in->size, "oom.json", &result, err);
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_report_write(result, &options, digest_sink, out, err);
    }
    pj_result_free(result);
    return status;
}

/* A budget of the model in one thread: limits that are kept and not, and a first budget of it. */
static pj_status check(const input *in, digest *out, pj_error *err)
{
    const pj_check_options one = {.jobs = 1, .against = in->path};
    const pj_budget_draft draft = {.models = &in->path, .model_count = 1, .baselines = "b", .margin = 0.05};
    const pj_setup setup = pj_setup_default();
    pj_report_options options = pj_report_options_default();
    pj_budget *budget = NULL;
    pj_check *result = NULL;
    pj_renewal *renewed = NULL;
    char text[4096];
    int length = snprintf(text, sizeof text,
                          "{\"schema\": \"picojoule.budget/1\", \"defaults\": {\"dims\": {\"batch\": 1}, \"limits\": "
                          "{\"total\": \"1J\", \"macs\": 1}}, \"models\": [{\"model\": \"%s\", \"quantize\": "
                          "\"int8\", \"limits\": {\"total\": \"1uJ\", \"peak_activation_bytes\": 1, \"layers\": "
                          "[{\"match\": \"*\", \"op\": \"Gemm\", \"macs\": \"1G\"}], "
                          "\"devices\": {\"a100\": {\"time\": \"1s\"}, \"v100\": {\"energy\": \"1J\"}}}, \"forbid\": "
                          "{\"findings\": [\"float-bias\"], "
                          "\"formats\": [\"float\"]}}]}",
                          in->path);
    pj_status status = pj_budget_parse(text, (size_t)length, "oom.json", &budget, err);
    if (status == PJ_OK)
        status = pj_budget_check(budget, &one, &result, err);
    for (const char *const *format = pj_check_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_check_write(result, &options, digest_sink, out, err);
    }
    if (status == PJ_OK)
        status = pj_budget_renew(budget, result, 0.1, &renewed, err);
    if (status == PJ_OK)
        status = pj_budget_write(&draft, &setup, digest_sink, out, err);
    pj_renewal_free(renewed);
    pj_check_free(result);
    pj_budget_free(budget);
    return status;
}

static pj_status parse_table(const input *in, digest *out, pj_error *err)
{
    pj_table *table = NULL;
    (void)out;
    pj_status status = pj_table_parse(in->bytes, in->size, "oom.json", &table, err);
    pj_table_close(table);
    return status;
}

static pj_status parse_device(const input *in, digest *out, pj_error *err)
{
    pj_device *device = NULL;
    (void)out;
    pj_status status = pj_device_parse(in->bytes, in->size, "oom.json", &device, err);
    pj_device_close(device);
    return status;
}

static pj_status parse_plan(const input *in, digest *out, pj_error *err)
{
    static const char text[] =
        "{\"schema\": \"picojoule.plan/1\", \"default\": {\"weights\": \"fp16\", \"activations\": \"fp16\"}, "
        "\"layers\": "
        "[{\"match\": \"*\", \"weights\": \"int4\", \"activations\": \"fixed<8,2>\", \"output\": \"uint8\"}]}";
    pj_arena *arena = pj_arena_new(0);
    pj_plan plan;
    if (!arena)
        return pj_fail_memory(err);
    pj_status status = pj_plan_parse(text, sizeof text - 1, "plan.json", in->model, arena, &plan, err);
    if (status == PJ_OK)
        digest_add(out, &plan.weights.number.bits, sizeof plan.weights.number.bits);
    pj_arena_free(arena);
    return status;
}

/* ---- histories: SQLite's own allocations are not among those that fail ---- */

static pj_status record(const input *in, digest *out, pj_error *err)
{
    const pj_history_stamp stamp = {"net", "c0ffee", "main", "2026-01-01T00:00:00Z", -1};
    (void)out;
    return pj_history_record(in->path, in->result, &stamp, err);
}

static pj_status write_history(const input *in, const char *layer, digest *out, pj_error *err)
{
    const pj_history_query query = {"net", NULL, layer, 3};
    const pj_history_options options = {NULL, true, 2};
    pj_report_options report = pj_report_options_default();
    pj_history *history = NULL;
    pj_status status = pj_history_read(in->path, &query, &history, err);
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        report.format = *format;
        status = pj_history_write(history, &options, &report, digest_sink, out, err);
    }
    pj_history_free(history);
    return status;
}

static pj_status show_trend(const input *in, digest *out, pj_error *err)
{
    return write_history(in, NULL, out, err);
}

static pj_status show_layers(const input *in, digest *out, pj_error *err)
{
    return write_history(in, "*", out, err);
}

static pj_status show_no_layers(const input *in, digest *out, pj_error *err)
{
    return write_history(in, "no such layer", out, err);
}

static pj_status list_histories(const input *in, digest *out, pj_error *err)
{
    pj_report_options report = pj_report_options_default();
    pj_history_list *models = NULL;
    pj_status status = pj_history_models(in->path, &models, err);
    for (const char *const *format = pj_report_formats(); *format && status == PJ_OK; format++) {
        report.format = *format;
        status = pj_history_list_write(models, &report, digest_sink, out, err);
    }
    pj_history_list_free(models);
    return status;
}

static pj_status add_point(const input *in, digest *out, pj_error *err)
{
    const pj_pareto_point point = {.quality = 1, .energy = 2, .unit = "pJ", .time = "2026-01-01T00:00:00Z"};
    (void)out;
    return pj_pareto_add(in->path, &point, PJ_BETTER_AS_FILE, err);
}

static pj_status show_points(const input *in, digest *out, pj_error *err)
{
    pj_report_options report = pj_report_options_default();
    pj_pareto *pareto = NULL;
    pj_status status = pj_pareto_read(in->path, PJ_BETTER_AS_FILE, 0.1, &pareto, err);
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        report.format = *format;
        status = pj_pareto_write(pareto, &report, digest_sink, out, err);
    }
    pj_pareto_free(pareto);
    return status;
}

/* ---- footprints ---- */

static pj_status list_regions(const input *in, digest *out, pj_error *err)
{
    return write_formats(pj_regions_write, in->path, out, err);
}

/* An energy that is given, and the result, in two regions, with stars. */
static pj_status rate(const input *in, digest *out, pj_error *err)
{
    static const char *const limits[] = {"gco2e_query>0"}, *const regions[] = {"gcp:us-central1"};
    pj_footprint_ask ask = pj_footprint_ask_default();
    pj_report_options options = pj_report_options_default();
    pj_rating *rating = NULL;
    ask.energy.joules = 1;
    ask.energy.seconds = 1;
    ask.energy.result = in->result;
    ask.site.regions = regions;
    ask.site.region_count = 1;
    ask.per_day = ask.embodied_kg = 1;
    ask.lifespan_h = 1000;
    ask.limits = limits;
    ask.limit_count = 1;
    ask.mix = true;
    pj_status status = pj_rating_run(&ask, PJ_STARS_RANK, true, &rating, err);
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_rating_write(rating, &options, digest_sink, out, err);
        if (status == PJ_OK)
            status = pj_footprint_write(rating->footprint, &options, digest_sink, out, err);
    }
    pj_rating_free(rating);
    return status;
}

/* The files in `path`, and a circuit. */
static pj_status read_lifecycle(const input *in, digest *out, pj_error *err)
{
    const pj_site site = pj_site_default();
    pj_report_options options = pj_report_options_default();
    pj_lifecycle *life = NULL;
    pj_status status = pj_lifecycle_run(in->path, &site, false, &life, err);
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_lifecycle_write(life, &options, digest_sink, out, err);
    }
    pj_lifecycle_free(life);
    return status;
}

static pj_status find_time(const input *in, digest *out, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    const pj_timing_ask ask = {
        .profile = in->path, .duration_h = 1.5, .joules = 1, .watts = 1, .interruptible = true, .top = 3};
    pj_timing *timing = NULL;
    pj_status status = pj_timing_run(&ask, &timing, err);
    for (const char *const *format = pj_chart_formats(); *format && status == PJ_OK; format++) {
        options.format = *format;
        status = pj_timing_write(timing, &options, digest_sink, out, err);
    }
    pj_timing_free(timing);
    return status;
}

static char profile_path[64];

/* What is told holds times, which are never the same. */
static bool forget_sink(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    (void)length;
    (void)payload;
    return true;
}

/* Writes a profile that gives each layer of a result the same time. */
static void write_profile(const pj_result *result)
{
    snprintf(profile_path, sizeof profile_path, "/tmp/pj-oom-%ld-profile.csv", (long)getpid());
    FILE *file = fopen(profile_path, "w");
    CHECK(file != NULL);
    if (!file)
        return;
    fprintf(file, "layer,seconds\n");
    for (size_t i = 0; i < result->layer_count; i++)
        fprintf(file, "%s,0.001\n", result->layers[i].name);
    fclose(file);
}

static pj_status read_energies(const input *in, digest *out, pj_error *err)
{
    pj_footprint_ask ask = pj_footprint_ask_default();
    pj_footprint *footprint = NULL;
    ask.energy.paths = &in->path;
    ask.energy.path_count = 1;
    ask.energy.queries_per_run = 10;
    pj_status status = pj_footprint_run(&ask, &footprint, err);
    if (status == PJ_OK)
        digest_add(out, &footprint->rows[0].query.gco2e, sizeof footprint->rows[0].query.gco2e);
    pj_footprint_free(footprint);
    return status;
}

/* A decoder: recognized, generated from, told of. */
static pj_status generate(const input *in, digest *out, pj_error *err)
{
    const pj_setup none = {0}, setup = pj_setup_default();
    pj_report_options options = pj_report_options_default();
    pj_generation_ask ask = pj_generation_ask_default();
    pj_generation *found = NULL;
    pj_model *model = NULL;
    ask.setup = &setup;
    ask.prompt = 3;
    ask.tokens = 3;
    ask.what_if = true;
    options.format = "json";
    pj_status status = pj_model_open(in->path, &none, &model, err);
    if (status == PJ_OK)
        status = pj_generate(model, &ask, &found, err);
    if (status == PJ_OK)
        status = pj_generation_write(found, &options, digest_sink, out, err);
    pj_generation_free(found);
    pj_model_close(model);
    return status;
}

/* A measurement by constants, of a folder without any counter. */
static pj_status measure(const input *in, digest *out, pj_error *err)
{
    pj_measure_ask ask = pj_measure_ask_default();
    pj_report_options options = pj_report_options_default();
    pj_measurement *measurement = NULL;
    pj_meter *meter = NULL;
    (void)in;
    ask.sysfs = ask.procfs = "/nonexistent";
    ask.sources = PJ_SOURCE_BIT(PJ_SOURCE_RAPL);
    ask.estimate = true;
    options.format = "json";
    pj_status status = pj_meter_open(&ask, &meter, err);
    if (status == PJ_OK)
        status = pj_meter_begin(meter, err);
    if (status == PJ_OK)
        status = pj_meter_end(meter, 0, true, err);
    if (status == PJ_OK)
        status = pj_meter_finish(meter, 0, &measurement, err);
    if (status == PJ_OK)
        status = pj_measurement_write(measurement, &options, forget_sink, NULL, err);
    if (status == PJ_OK)
        digest_add(out, measurement->kind, strlen(measurement->kind));
    pj_meter_close(meter);
    return status;
}

/* A profile beside its model, told and calibrated with. */
static pj_status merge_profile(const input *in, digest *out, pj_error *err)
{
    pj_layers_ask ask = pj_layers_ask_default();
    const pj_setup settings = settings_of("horowitz-45nm");
    pj_layered *layered = NULL;
    ask.model = in->path;
    ask.setup = &settings;
    ask.trace = profile_path;
    ask.joules_per_run = 1;
    pj_status status = pj_layers_run(&ask, &layered, err);
    const pj_layered *const list[] = {layered};
    if (status == PJ_OK)
        status = pj_layers_write(list, NULL, 1, NULL, digest_sink, out, err);
    if (status == PJ_OK)
        status = pj_layers_calibrate(list, 1, "2026-01-01", "here", digest_sink, out, err);
    pj_layers_free(layered);
    return status;
}

/* ---- the loop ---- */

/* Runs the step with allocation `fail` failing; false: something does not hold. */
static bool run_once(step run, const input *in, size_t fail, bool onward, pj_status usual, const digest *want)
{
    pj_error err = {0};
    digest got = digest_new();
    fail_alloc_start(fail, onward);
    pj_status status = run(in, &got, &err);
    fail_alloc_stop();
    bool expected = status == PJ_ENOMEM || status == usual;
    bool same = status != PJ_OK || (got.bytes == want->bytes && got.hash == want->hash);
    bool leaks = !in->keeps && fail_alloc_live() != 0;
    bool told = err.status == status && (status == PJ_OK || err.what[0]);
    bool ok = expected && same && !leaks && told;
    if (!ok)
        printf("allocation %zu%s: status %s (\"%s\"), %ld blocks left%s\n", fail, onward ? " and all after it" : "",
               pj_status_text(status), err.what, fail_alloc_live(), same ? "" : ", the result differs");
    return ok;
}

static void run_case(const char *name, step run, const input *in, pj_status usual)
{
    pj_error err = {0};
    digest want = digest_new();
    if (!strstr(name, only))
        return;
    fail_alloc_start(0, false);
    pj_status status = run(in, &want, &err);
    fail_alloc_stop();
    size_t count = fail_alloc_count(), stride = 1 + count * count / most_allocations;
    int bad = 0;
    CHECK_INT(status, usual);
    if (!in->keeps)
        CHECK_INT(fail_alloc_live(), 0);
    for (size_t fail = 1; fail <= count && bad < 5; fail += stride) {
        bad += !run_once(run, in, fail, false, usual, &want);
        bad += !run_once(run, in, fail, true, usual, &want);
    }
    printf("%s: %zu allocations, every %zu. fails; %s\n", name, count, stride, bad ? "BROKEN" : "holds");
    CHECK_INT(bad, 0);
}

/* Stopped at each step in turn, and with a sink that takes nothing. */
static void run_stopped(const char *name, step run, const input *in)
{
    pj_status status = PJ_ESTOPPED;
    digest want = digest_new();
    int stops = 0;
    pj_error err = {0};
    if (!strstr(name, only))
        return;
    CHECK_INT(run(in, &want, &err), PJ_OK);
    for (int i = 1; status == PJ_ESTOPPED && i < 1000; i++) {
        digest got = digest_new();
        place.stop_at = i;
        fail_alloc_start(0, false);
        status = run(in, &got, &err);
        fail_alloc_stop();
        CHECK_INT(fail_alloc_live(), 0);
        CHECK_INT(err.status, status);
        CHECK(status == PJ_OK ? got.hash == want.hash : err.what[0] && got.bytes == 0);
        stops += status == PJ_ESTOPPED;
    }
    place.stop_at = 0;
    CHECK_INT(status, PJ_OK);
    CHECK(stops >= 3);
    printf("%s: stopped at each of %d steps\n", name, stops);
    place.refuses = true;
    run_case(name, run, in, PJ_EIO);
    place.refuses = false;
}

/* A file of that text, whose name is the input. */
static void run_file(const char *name, step run, const char *text)
{
    char path[] = "/tmp/picojoule-oom-XXXXXX";
    int file = mkstemp(path);
    const input in = {.path = path};
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    run_case(name, run, &in, PJ_OK);
    unlink(path);
}

static void run_footprints(void)
{
    const input all = {.path = NULL}, one = {.path = "aws:us-east-1"}, none = {.path = "atlantis"};
    run_case("list of regions", list_regions, &all, PJ_OK);
    run_case("region", list_regions, &one, PJ_OK);
    run_case("no region", list_regions, &none, PJ_EFORMAT);
    run_case("stars", rate, &all, PJ_OK);
    run_file("lifecycle", read_lifecycle,
             "{\"schema\": \"picojoule.lifecycle/1\", \"region\": \"FIN\", \"phases\": [{\"phase\": \"training\", "
             "\"gpu_hours\": 72, \"watts\": 287.5, \"embodied\": \"server.generic\", \"share\": \"1/16\"}, {\"phase\": "
             "\"inference\", \"queries\": 5, \"joules_per_query\": 2}]}");
    run_file("schedule", find_time, "hour,g_per_kwh\n0,300\n1,200\n2,250\n");
    run_file("emissions", read_energies, "run_id,energy_consumed,pue,cpu_model\na,0.1,1.2,\"b, c\"\n");
    run_file("measurement", read_energies,
             "{\"schema\": \"picojoule.measurement/1\", \"kind\": \"measured\", \"result\": {\"joules\": 5}}");
}

/* ---- inputs ---- */

/* Symbols, a subgraph, a function, QDQ, an operator that nobody knows, a declaration that is wrong, nodes out of
 * order, equal names: the loader's and the findings' rarer ways. */
static const void *build_rich(builder *b, size_t *size)
{
    static const int64_t pads[] = {1, 1, 1, 1};
    static const float scale = 0.5F;
    *b = build_new(17);
    build_opset(b, "my.domain", 1);
    build_input(b, "x", PJ_FLOAT32, "batch,3,h,h");
    build_initializer(b, "w", PJ_FLOAT32, "4,3,3,3");
    build_raw(b, build_initializer(b, "scale", PJ_FLOAT32, ""), &scale, sizeof scale);
    build_node(b, "Relu", "d", "r");
    PjOnnx__NodeProto *conv = build_node(b, "Conv", "dq,w", "c");
    build_ints(b, conv, "pads", 4, pads);
    build_metadata(b, conv, "namespace", "net/first/conv");
    build_node(b, "QuantizeLinear", "x,scale", "q");
    build_node(b, "DequantizeLinear", "q,scale", "dq");
    build_node(b, "Twice", "c", "d")->domain = build_strdup(b, "my.domain");
    build_node(b, "Mystery", "r", "m")->domain = build_strdup(b, "other.domain");
    build_node(b, "Shape", "r", "shape");
    build_node(b, "Reshape", "r,shape", "s");
    build_value(b, "s", PJ_FLOAT32, "batch,5,h,h");
    build_input(b, "condition", PJ_BOOL, "");
    PjOnnx__NodeProto *branch = build_node(b, "If", "condition", "y");
    PjOnnx__GraphProto *main_graph = b->graph;
    static const char *const names[] = {"then_branch", "else_branch"};
    for (int i = 0; i < 2; i++) {
        b->graph = build_graph(b, names[i]);
        build_node(b, i ? "Sigmoid" : "Tanh", "s", "inner");
        build_output(b, "inner", PJ_FLOAT32, "batch,4,h,h");
        build_subgraph(b, branch, names[i], b->graph);
    }
    b->graph = build_graph(b, "body");
    build_node(b, "Add", "a,a", "b")->name = build_strdup(b, "sum");
    build_function(b, "my.domain", "Twice", "a", "b", b->graph);
    b->graph = main_graph;
    build_output(b, "y", PJ_FLOAT32, "batch,4,h,h");
    build_output(b, "m", PJ_FLOAT32, "batch,k");
    return build_bytes(b, size);
}

/* One layer of a decoder, for the memory policies: keys that join a cache, two products with a softmax between them,
 * and a recurrent layer beside it. */
static const void *build_decoder(builder *b, size_t *size)
{
    static const int64_t swap[] = {0, 1, 3, 2};
    *b = build_new(17);
    build_input(b, "q", PJ_FLOAT32, "1,2,4,8");
    build_input(b, "k", PJ_FLOAT32, "1,2,4,8");
    build_input(b, "v", PJ_FLOAT32, "1,2,10,8");
    build_input(b, "past", PJ_FLOAT32, "1,2,6,8");
    build_initializer(b, "w", PJ_FLOAT32, "1,16,8");
    build_initializer(b, "r", PJ_FLOAT32, "1,16,4");
    build_int(b, build_node(b, "Concat", "past,k", "present"), "axis", 2);
    build_ints(b, build_node(b, "Transpose", "present", "keys"), "perm", 4, swap);
    build_node(b, "MatMul", "q,keys", "scores");
    build_node(b, "Softmax", "scores", "p");
    build_node(b, "MatMul", "p,v", "y");
    build_input(b, "x", PJ_FLOAT32, "3,1,8");
    build_int(b, build_node(b, "LSTM", "x,w,r", "z"), "hidden_size", 4);
    build_output(b, "present", PJ_FLOAT32, "1,2,10,8");
    build_output(b, "y", PJ_FLOAT32, "1,2,4,8");
    build_output(b, "z", PJ_FLOAT32, "3,1,1,4");
    return build_bytes(b, size);
}

/* Input 0 of the node is a misspelt name. */
static const void *build_dangling(builder *b, size_t *size)
{
    *b = build_new(17);
    build_input(b, "input", PJ_FLOAT32, "1,3");
    build_node(b, "Relu", "inptu", "y");
    build_output(b, "y", PJ_FLOAT32, "1,3");
    return build_bytes(b, size);
}

/* ---- cases ---- */

static bool collect(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

/* Compares the analysis with the report of a quantized one. */
static void run_compare(const char *title, input in)
{
    pj_error err = {0};
    pj_result *result = NULL;
    pj_str text = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    pj_setup settings = settings_of("horowitz-45nm");
    settings.quantize = "w4a8";
    options.format = "json";
    CHECK_INT(pj_analyze(in.model, &settings, &result, &err), PJ_OK);
    CHECK_INT(pj_report_write(result, &options, collect, &text, &err), PJ_OK);
    pj_result_free(result);
    in.bytes = text.data;
    in.size = text.length;
    run_case(title, compare, &in, PJ_OK);
    run_case(title, write_again, &in, PJ_OK);
    pj_str_free(&text);
}

/* A tensor whose elements are in a file, for which the model's own does. */
static void run_external(void)
{
    char path[] = "/tmp/picojoule-oom-XXXXXX";
    int file = mkstemp(path);
    size_t size;
    builder b = build_new(17);
    build_external(&b, build_initializer(&b, "w", PJ_UINT8, "4"), "location", strrchr(path, '/') + 1);
    const void *bytes = build_bytes(&b, &size);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size || close(file) != 0)
        abort();
    run_case("external: open", open_symbolic, &(input){.path = path}, PJ_OK);
    (void)remove(path);
    build_free(&b);
}

static void run_model(const char *name, input in)
{
    char title[64];
    pj_error err = {0};
    const pj_setup settings = settings_of("horowitz-45nm");
    snprintf(title, sizeof title, "%s: open, shapes", name);
    run_case(title, open_symbolic, &in, PJ_OK);
    snprintf(title, sizeof title, "%s: open, bound", name);
    run_case(title, open_and_close, &in, PJ_OK);
    if (open_bound(&in, &in.model, &err) != PJ_OK || pj_analyze(in.model, &settings, &in.result, &err) != PJ_OK) {
        printf("%s: %s\n", name, err.what);
        CHECK(false);
    } else {
        snprintf(title, sizeof title, "%s: analyze", name);
        run_case(title, analyze, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: analyze, qtools", name);
        run_case(title, analyze_qtools, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: analyze, quantized", name);
        run_case(title, analyze_quantized, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: session", name);
        run_case(title, analyze_again, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: weights", name);
        run_case(title, inspect_weights, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: plan", name);
        run_case(title, parse_plan, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: reports", name);
        in.keeps = true;
        run_case(title, report, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: explain", name);
        run_case(title, explain, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: lint", name);
        run_case(title, lint, &in, PJ_OK);
        snprintf(title, sizeof title, "%s: compare", name);
        run_compare(title, in);
        if (in.path) { /* the model in memory has too little that could be quantized */
            snprintf(title, sizeof title, "%s: plan search", name);
            run_case(title, search_plan, &in, PJ_OK);
        }
    }
    pj_result_free(in.result);
    pj_model_close(in.model);
}

/* What is shown of a file does not depend on how many records failed to come into it: three records, one point. */
static void run_files(const char *path)
{
    char history[64], points[64];
    pj_error err = {0};
    input in = {.path = path};
    const pj_setup settings = settings_of("horowitz-45nm");
    const pj_status kept = PJ_HISTORY ? PJ_OK : PJ_EUNSUPPORTED; /* there is none in this build */
    snprintf(history, sizeof history, "/tmp/pj-oom-%ld-history.db", (long)getpid());
    snprintf(points, sizeof points, "/tmp/pj-oom-%ld-points.db", (long)getpid());
    CHECK_INT(open_bound(&in, &in.model, &err), PJ_OK);
    CHECK_INT(pj_analyze(in.model, &settings, &in.result, &err), PJ_OK);
    in.keeps = true;
    in.path = history;
    run_case("history: record", record, &in, kept);
    in.keeps = false;
    run_case("history: trend", show_trend, &in, kept);
    run_case("history: trend of layers", show_layers, &in, kept);
    run_case("history: trend of no layers", show_no_layers, &in, PJ_HISTORY ? PJ_EARGUMENT : kept);
    run_case("history: list of models", list_histories, &in, kept);
    write_profile(in.result);
    in.path = path;
    run_case("profile", merge_profile, &in, PJ_OK);
    run_case("meter", measure, &in, PJ_OK);
    unlink(profile_path);
    in.path = points;
    run_case("point", add_point, &in, kept);
    run_case("points", show_points, &in, kept);
    pj_result_free(in.result);
    pj_model_close(in.model);
    unlink(history);
    unlink(points);
}

/* ---- changed models ---- */

static pj_status apply_with(const input *in, const char *quantize, const pj_apply_options *given, digest *out,
                            pj_error *err)
{
    char name[64];
    pj_setup setup = pj_setup_default();
    pj_apply_options options = *given;
    pj_applied *applied = NULL;
    setup.quantize = quantize;
    snprintf(name, sizeof name, "%s/test_oom.%ld.onnx", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    options.out = name;
    pj_status status = pj_apply(in->model, &setup, &options, &applied, err);
    if (status == PJ_OK) {
        const pj_report_options json = {.format = "json"};
        const uint64_t figures[] = {applied->bytes_after, applied->nodes_added, applied->layer_count};
        digest_add(out, figures, sizeof figures);
        status = pj_applied_write(applied, &json, digest_sink, out, err);
    }
    pj_applied_free(applied);
    (void)unlink(name);
    return status;
}

static pj_status apply_half(const input *in, digest *out, pj_error *err)
{
    pj_apply_options options = pj_apply_options_default();
    options.clean = options.name_nodes = options.probe = true;
    return apply_with(in, "fp16", &options, out, err);
}

static pj_status apply_weights(const input *in, digest *out, pj_error *err)
{
    pj_apply_options options = pj_apply_options_default();
    options.target = "onnxruntime";
    options.prune_keep = 2;
    options.prune_of = 4;
    return apply_with(in, "w4a16", &options, out, err);
}

static pj_status apply_integers(const input *in, digest *out, pj_error *err)
{
    pj_apply_options options = pj_apply_options_default();
    const char *ranges = in->bytes;
    options.calibration = ranges;
    options.scheme = ranges ? PJ_APPLY_STATIC : PJ_APPLY_DYNAMIC;
    options.dynamic_conv = options.force = true;
    return apply_with(in, "int8", &options, out, err);
}

/* Ranges of all tensors, as a file. */
static bool write_ranges(pj_model *model, const char *name)
{
    size_t count = 0;
    const pj_tensor_info *infos = pj_model_tensors(model, &count);
    FILE *file = infos ? fopen(name, "w") : NULL;
    if (!file)
        return false;
    fputs("{\"schema\": \"picojoule.ranges/1\", \"tensors\": {", file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\"%s\": [-1, 2]", i ? ", " : "", infos[i].name);
    fputs("}}", file);
    return fclose(file) == 0;
}

/* Beside the model that is given is one with its weights. */
static void run_apply(const char *path)
{
    char name[4096], ranges[64];
    const char *slash = strrchr(path, '/');
    pj_error err = {0};
    const pj_setup setup = {.unbound_dims_are_one = false};
    input in = {0};
    snprintf(name, sizeof name, "%.*s/kws_dscnn.onnx", slash ? (int)(slash - path) : 1, slash ? path : ".");
    snprintf(ranges, sizeof ranges, "/tmp/test_oom.%ld.json", (long)getpid());
    if (pj_model_open(name, &setup, &in.model, &err) != PJ_OK || !write_ranges(in.model, ranges)) {
        printf("%s: %s\n", name, err.what);
        CHECK(false);
    } else {
        run_case("apply: fp16", apply_half, &in, PJ_OK);
        run_case("apply: weights", apply_weights, &in, PJ_OK);
        run_case("apply: dynamic", apply_integers, &in, PJ_OK);
        in.bytes = ranges;
        run_case("apply: static", apply_integers, &in, PJ_OK);
    }
    (void)unlink(ranges);
    pj_model_close(in.model);
}

static void run_policies(void)
{
    builder b;
    input in = {.keeps = true};
    pj_error err = {0};
    const pj_setup setup = pj_setup_default();
    in.bytes = build_decoder(&b, &in.size);
    CHECK_INT(pj_model_open_memory(in.bytes, in.size, "decoder.onnx", &setup, &in.model, &err), PJ_OK);
    run_case("decoder: once", analyze_once, &in, PJ_OK);
    run_case("decoder: resident", analyze_resident, &in, PJ_OK);
    run_case("decoder: tiled", analyze_tiled, &in, PJ_OK);
    run_case("decoder: qtools", analyze_qtools, &in, PJ_OK);
    pj_model_close(in.model);
    build_free(&b);
}

static void run_models(const char *path)
{
    builder b;
    input in = {.path = path};
    run_model("file", in);
    run_external();
    run_case("file: check", check, &in, PJ_OK);
    in = (input){.path = NULL};
    in.bytes = build_rich(&b, &in.size);
    run_model("memory", in);
    run_case("memory: by name", run_by_name, &in, PJ_OK);
    build_free(&b);
    in.bytes = build_outside(&b, &in.size);
    run_case("callbacks", run_callbacks, &in, PJ_OK);
    run_stopped("callbacks", run_callbacks, &in);
    build_free(&b);
    b = build_rare();
    in.bytes = build_bytes(&b, &in.size);
    run_case("rare: open, shapes", open_symbolic, &in, PJ_OK);
    build_free(&b);
    in.bytes = build_dangling(&b, &in.size);
    run_case("dangling name", open_and_close, &in, PJ_EFORMAT);
    build_free(&b);
    run_policies();
    run_files(path);
    run_apply(path);
    in = (input){.path = "no/such/model.onnx"};
    run_case("no file", open_and_close, &in, PJ_EIO);
}

/* Rows as CSV, and as JSON with a model. */
static void run_fits(void)
{
    static const char *const rows[] = {
        "op,batch,cin,cout,energy_uj,latency_us,hardware\nlinear,1,2,3,4,5,a\nrelu,1,2,2,4,5,a\n",
        "[{\"model\": \"models/resnet8.onnx\", \"layer\": \"/stem/Conv\", \"energy_uj\": 1},"
        " {\"op\": \"linear\", \"cin\": 3, \"energy_uj\": 1}]"};
    const input fitted = {.path = "oom_rows.tmp"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *file = fopen(fitted.path, "wb");
        if (!file || fputs(rows[i], file) < 0 || fclose(file) != 0)
            abort();
        run_case(i ? "fit of a model" : "fit of a device", fit_device, &fitted, i ? PJ_EIO : PJ_OK);
    }
    (void)remove(fitted.path);
}

static void run_samples(void)
{
    const input packed = {.path = SAMPLES "/packed.npz"}, column = {.path = SAMPLES "/column-big.npy"},
                tensor = {.path = SAMPLES "/typed.pb"};
    builder b = build_new(17);
    input in = {.path = NULL};
    build_input(&b, "x", PJ_FLOAT32, "batch,3,4");
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,3,4");
    in.bytes = build_bytes(&b, &in.size);
    run_case("samples: .npz", read_samples, &packed, PJ_ZLIB ? PJ_OK : PJ_EUNSUPPORTED);
    run_case("samples: .npy", read_samples, &column, PJ_OK);
    run_case("samples: tensor", read_samples, &tensor, PJ_OK);
    run_case("samples: random", make_samples, &in, PJ_OK);
    build_free(&b);
}

static void run_texts(void)
{
    static const char table[] = "{\"schema\": \"picojoule.table/1\", \"titel\": \"misspelt\"}";
    static const char spec[] =
        "{\"schema\": \"picojoule.sweep-spec/1\", \"blocks\": [{\"models\": [\"no.onnx\"], \"dims\": "
        "{\"n\": [1, 2], \"m\": \"n + 1\"}, \"quantize\": [null, \"int8\"], \"exclude\": [\"m > 2\"]}]}";
    const input study = {.bytes = spec, .size = sizeof spec - 1};
    const input list = {0}, one = {.path = "horowitz-45nm"}, other = {.path = "qtools"}, device = {.path = "edge-tpu"},
                hierarchy = {.path = "tpu-like"};
    const input misspelt = {.path = "horowitz-46nm"}, broken = {.bytes = table, .size = sizeof table - 1};
    run_case("list of tables", list_tables, &list, PJ_OK);
    run_case("table", list_tables, &one, PJ_OK);
    run_case("table qtools", list_tables, &other, PJ_OK);
    run_case("no table", list_tables, &misspelt, PJ_EARGUMENT);
    run_case("broken table", parse_table, &broken, PJ_EFORMAT);
    run_case("list of devices", list_devices, &list, PJ_OK);
    run_case("list of hierarchies", list_hierarchies, &list, PJ_OK);
    run_footprints();
    run_case("hierarchy", list_hierarchies, &hierarchy, PJ_OK);
    run_case("device", list_devices, &device, PJ_OK);
    run_case("broken device", parse_device, &broken, PJ_EFORMAT);
    run_fits();
    run_case("operators", list_operators, &list, PJ_OK);
    run_case("sweep", sweep_points, &study, PJ_OK);
    run_samples();
}

int main(int count, char **words)
{
    int next = 2;
    if (next < count && strcmp(words[next], "--each") == 0) {
        most_allocations = SIZE_MAX;
        next++;
    }
    if (next < count)
        only = words[next++];
    if (count < 2 || next != count) {
        fprintf(stderr, "usage: test_oom models/MODEL.onnx|DECODER.onnx|--texts [--each] [CASES]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* where a case ends the program, those before it are told */
    if (strcmp(words[1], "--texts") == 0)
        run_texts();
    else if (strstr(words[1], "conformance"))
        run_case("generation", generate, &(input){.path = words[1]}, PJ_OK);
    else
        run_models(words[1]);
    return check_done();
}
