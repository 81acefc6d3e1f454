/* Results: the same from an analysis and from its report, and what a report may not say. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "quantized.h"
#include "result/field.h"
#include "result/result.h"

static bool collect(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

/* x -> Conv 1x1 (3 -> 4 channels, 8x8) -> Relu -> Reshape by a constant. By hand: 4*8*8*3 = 768 macs, 12 parameters,
 * 384 bits; reads 3*8*8*32 = 6144 bits, writes 4*8*8*32 = 8192. */
static builder small_model(void)
{
    builder b = build_new(17);
    const int64_t shape[] = {1, -1};
    build_input(&b, "x", PJ_FLOAT32, "batch,3,8,8");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3,1,1");
    build_raw(&b, build_initializer(&b, "s", PJ_INT64, "2"), shape, sizeof shape);
    put_node(&b, "net/conv", "Conv", "x,w", "c");
    put_node(&b, "net/relu", "Relu", "c", "r");
    put_node(&b, "flat", "Reshape", "r,s", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,256");
    return b;
}

static priced price_small(const pj_setup *settings)
{
    builder b = small_model();
    pj_setup options = {.unbound_dims_are_one = true};
    priced p = {NULL, NULL};
    pj_error err = {0};
    size_t size;
    uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "small.onnx", &options, &p.model, &err), PJ_OK);
    CHECK_INT(pj_analyze(p.model, settings, &p.result, &err), PJ_OK);
    build_free(&b);
    return p;
}

static pj_str report_of(const priced *p, const pj_report_options *options)
{
    pj_str text = pj_str_new(0);
    pj_error err = {0};
    CHECK_INT(pj_report_write(p->result, options, collect, &text, &err), PJ_OK);
    return text;
}

static void check_same_text(const char *a, const char *b)
{
    CHECK((a == NULL) == (b == NULL));
    if (a && b)
        CHECK_TEXT(a, b);
}

static void check_same_format(const pj_format_info *a, const pj_format_info *b)
{
    CHECK(a->known == b->known);
    if (!a->known || !b->known)
        return;
    CHECK_TEXT(a->word, b->word);
    CHECK_TEXT(a->kind, b->kind);
    CHECK_TEXT(a->from, b->from);
    CHECK(a->bits == b->bits && a->int_bits == b->int_bits && a->is_signed == b->is_signed);
}

static void check_same_layer(const pj_layer *a, const pj_layer *b, size_t devices)
{
    CHECK_TEXT(a->name, b->name);
    CHECK_TEXT(a->op, b->op);
    CHECK_TEXT(a->domain, b->domain);
    CHECK_TEXT(a->scope, b->scope);
    check_same_text(a->folded_into, b->folded_into);
    check_same_text(a->implementation, b->implementation);
    CHECK(a->index == b->index && a->counted == b->counted && a->free == b->free && a->runs == b->runs &&
          (a->rank == b->rank || (a->rank < 0 && b->rank < 0)));
    for (int k = 0; k < a->rank && k < b->rank; k++)
        CHECK_INT(a->dims[k].value, b->dims[k].value);
    CHECK(a->macs == b->macs && a->flops == b->flops && a->params == b->params && a->param_bits == b->param_bits &&
          a->bops == b->bops && a->input_bits == b->input_bits && a->output_bits == b->output_bits);
    check_same_format(a->input, b->input);
    check_same_format(a->weight, b->weight);
    check_same_format(a->accumulator, b->accumulator);
    check_same_format(a->output, b->output);
    CHECK(a->conversion == b->conversion);
    CHECK(memcmp(&a->energy, &b->energy, sizeof a->energy) == 0); /* to the last bit */
    CHECK(memcmp(a->devices, b->devices, devices * sizeof *a->devices) == 0);
}

static void check_same(const pj_result *a, const pj_result *b)
{
    pj_error err = {0};
    size_t count;
    pj_setting_change *changes;
    CHECK_INT(pj_setup_compare(&a->setup, &b->setup, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 0);
    pj_setting_changes_free(changes);
    CHECK_TEXT(a->model->path, b->model->path);
    CHECK_TEXT(a->version, b->version);
    CHECK_TEXT(a->model->producer, b->model->producer);
    CHECK_INT(a->model->file_bytes, b->model->file_bytes);
    CHECK_INT(a->layer_count, b->layer_count);
    for (size_t i = 0; i < a->layer_count && i < b->layer_count; i++)
        check_same_layer(&a->layers[i], &b->layers[i], a->setup.device_count);
    CHECK(memcmp(&a->totals.energy, &b->totals.energy, sizeof a->totals.energy) == 0);
    CHECK(a->totals.macs == b->totals.macs && a->totals.params == b->totals.params &&
          a->totals.batch == b->totals.batch && a->totals.layers == b->totals.layers &&
          a->totals.conversion == b->totals.conversion && a->totals.uncounted == b->totals.uncounted &&
          a->totals.free_layers == b->totals.free_layers);
    CHECK_INT(a->finding_count, b->finding_count);
    for (size_t i = 0; i < a->finding_count && i < b->finding_count; i++) {
        CHECK_TEXT(a->findings[i].code, b->findings[i].code);
        CHECK_TEXT(a->findings[i].node, b->findings[i].node);
        CHECK_TEXT(a->findings[i].message, b->findings[i].message);
        CHECK(a->findings[i].strict == b->findings[i].strict);
    }
}

/* An analysis and its report, sorted otherwise, have the same figures. */
static void check_round_trip(const pj_setup *settings)
{
    pj_error err = {0};
    pj_result *read = NULL;
    priced p = price_small(settings);
    const pj_result *live = p.result;
    pj_report_options options = pj_report_options_default();
    options.format = "json";
    options.sort = PJ_BY_ENERGY;
    pj_str text = report_of(&p, &options);
    CHECK_INT(pj_result_parse(text.data, text.length, "small.json", &read, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    check_same(live, read);
    CHECK(!live->is_report && read->is_report);
    CHECK_TEXT(read->source, "small.json");
    CHECK_INT(live->layer_count, 3);
    pj_str_free(&text);
    pj_result_free(read);
    priced_free(&p);
}

static void test_round_trip(void)
{
    static const char *const devices[] = {"a100", "stm32l4r5"};
    pj_setup settings = pj_setup_default();
    check_round_trip(&settings);
    settings.devices = devices;
    settings.device_count = 2;
    settings.sram_min_bits = 8192;
    settings.activations_on = PJ_PLACE_SRAM;
    check_round_trip(&settings);
    settings.table = "qtools";
    settings.quantize = "int8";
    settings.no_fold = true;
    settings.io_on_dram = false;
    check_round_trip(&settings);
}

static void test_figures(void)
{
    pj_setup settings = pj_setup_default();
    priced p = price_small(&settings);
    const pj_result *s = p.result;
    CHECK_INT(s->layers[0].macs, 768);
    CHECK_INT(s->layers[0].params, 12);
    CHECK_INT(s->layers[0].param_bits, 384);
    CHECK_INT(s->layers[0].rank, 4);
    CHECK_INT(s->layers[0].dims[1].value, 4);
    CHECK(s->layers[2].free);
    CHECK_TEXT(s->findings[1].code, "assumed-dimension"); /* batch, behind the absent weight */
    CHECK(s->findings[1].strict);
    CHECK_INT(s->layers[0].input_bits, 6144);
    CHECK_INT(s->layers[0].output_bits, 8192);
    CHECK_INT(s->layers[2].output_bits, 0); /* a view moves nothing */
    priced_free(&p);
}

/* Counts keep 53 bits: 2^53 + 1 becomes 2^53, the largest one the largest double below 2^63. */
static void test_counts(void)
{
    CHECK_INT(pj_count_of((double)INT64_C(9007199254740993)), INT64_C(9007199254740992));
    CHECK_INT(pj_count_of((double)INT64_C(9007199254740991)), INT64_C(9007199254740991));
    CHECK_INT(pj_count_of((double)INT64_MAX), INT64_MAX - 1023);
}

/* ---- reports that are refused ---- */

/* The report with the first `from` behind `after` replaced. */
static void refused(const char *report, const char *after, const char *from, const char *to, const char *place,
                    const char *what)
{
    pj_error err = {0};
    pj_result *out = NULL;
    pj_str text = pj_str_new(0);
    const char *at = strstr(report, after), *hit = at ? strstr(at, from) : NULL;
    CHECK(hit != NULL);
    if (!hit)
        return;
    pj_str_add_bytes(&text, report, (size_t)(hit - report));
    pj_str_add(&text, to);
    pj_str_add(&text, hit + strlen(from));
    CHECK(pj_result_parse(text.data, text.length, "r.json", &out, &err) != PJ_OK);
    CHECK(out == NULL);
    CHECK_PART(err.file, place);
    CHECK_PART(err.what, what);
    pj_result_free(out);
    pj_str_free(&text);
}

static void test_refused(void)
{
    pj_setup settings = pj_setup_default();
    pj_report_options options = pj_report_options_default();
    priced p = price_small(&settings);
    options.format = "json";
    pj_str text = report_of(&p, &options);
    const char *r = text.data;
    refused(r, "", "picojoule.report/1", "picojoule.report/2", "r.json: $.schema", "\"picojoule.report/2\" cannot be");
    refused(r, "", "\"schema\"", "\"shema\"", "r.json: $", "\"schema\" is missing");
    refused(r, "\"layers\": [", "\"macs\": 768", "\"macs\": -768", "r.json: $.layers[0].macs", "-768 is negative");
    refused(r, "\"layers\": [", "\"macs\": 768", "\"macs\": 0.5", "r.json: $.layers[0].macs", "not a whole number");
    refused(r, "\"layers\": [", "\"macs\": 768", "\"macs\": NaN", "r.json:", "");
    refused(r, "\"layers\": [", "\"macs\": 768", "\"macs\": null", "r.json: $.layers[0].macs", "null where a number");
    refused(r, "\"layers\": [", "\"macs\": 768", "\"macs\": \"768\"", "r.json: $.layers[0].macs", "a text where");
    refused(r, "\"layers\": [", "\"op_cost\": ", "\"op_cost\": -", "r.json: $.layers[0].energy_pj.op_cost", "negative");
    refused(r, "\"layers\": [", "\"op_cost\": ", "\"op_cost\": 1e400, \"o\": ", "$.layers[0].energy_pj.op_cost",
            "too large");
    refused(r, "\"layers\": [", "\"index\": 1", "\"index\": 0", "r.json: $.layers[1].index",
            "another layer has index 0");
    refused(r, "\"layers\": [", "\"index\": 2", "\"index\": 7", "r.json: $.layers[2].index", "but there are 3 layers");
    refused(r, "\"layers\": [", "\"input\": {", "\"input\": 5, \"i\": {", "r.json: $.layers[0].precision.input",
            "where an object should stand");
    refused(r, "\"layers\": [", "\"output_shape\": [", "\"output_shape\": [{}, ", "$.layers[0].output_shape[0]",
            "an object where");
    refused(r, "\"layers\": [", "\"output_shape\": [",
            "\"output_shape\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
            "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,",
            "$.layers[0].output_shape", "68 dimensions; at most 64");
    refused(r, "", "\"dram\"", "\"tape\"", "r.json: $.settings.weights_on_memory", "");
    refused(r, "", "\"unit\": \"pJ\"", "\"unit\": \"J\"", "r.json: $.settings.unit", "");
    refused(r, "", "\"rd_wr_on_io\": true", "\"rd_wr_on_io\": 1", "r.json: $.settings.rd_wr_on_io", "a number where");
    refused(r, "\"totals\": {", "\"energy_pj\": {", "\"energy_pj\": [], \"e\": {", "r.json: $.totals.energy_pj",
            "an array where");
    refused(r, "", "\"diagnostics\": [", "\"diagnostics\": 3, \"d\": [", "r.json: $.diagnostics", "a number where");
    refused(r, "", "\"layers\": [", "\"layers\": 3, \"l\": [", "r.json: $.layers", "a number where");
    pj_str_free(&text);
    options.top = 1;
    text = report_of(&p, &options);
    refused(text.data, "", "{", "{", "r.json: $.left_out", "without --top");
    pj_str_free(&text);
    priced_free(&p);
}

/* Members of later versions, and reports of early ones that have fewer. */
static void test_accepted(void)
{
    pj_error err = {0};
    pj_result *out = NULL;
    pj_setup settings = pj_setup_default();
    pj_report_options options = pj_report_options_default();
    priced p = price_small(&settings);
    options.format = "json";
    options.group = PJ_GROUP_OP;
    options.top = 1;
    pj_str text = report_of(&p, &options); /* groups: all layers are there */
    char *at = strstr(text.data, "\"output_shape\"");
    CHECK(at != NULL);
    if (at)
        memcpy(at, "\"later_member", 13);
    at = strstr(text.data, "\"input_bits\"");
    CHECK(at != NULL);
    if (at)
        memcpy(at, "\"other_bits", 11);
    CHECK_INT(pj_result_parse(text.data, text.length, "r.json", &out, &err), PJ_OK);
    CHECK(out && out->layer_count == 3 && out->layers[0].rank == -1 && out->layers[0].input_bits == -1);
    pj_result_free(out);
    pj_str_free(&text);
    priced_free(&p);
    CHECK_INT(pj_result_read("no/such/file.json", &out, &err), PJ_EIO);
    CHECK_PART(err.file, "no/such/file.json");
}

/* ---- made-up results ---- */

enum { MADE_LAYERS = 2 };

/* A result in which each member has a value of its own, so that two that are mixed up show. */
typedef struct made {
    int64_t work[64]; /* more than there are primitives */
    const char *names[4];
    pj_dim_info dims[3];
    pj_format_info format[4];
    pj_device_figure figures[MADE_LAYERS][2], sums[2];
    pj_device_note notes[2];
    pj_layer layer[MADE_LAYERS];
    pj_opset_info opset[2];
    pj_tensor_info tensor[2];
    pj_unknown_op unknown[2];
    pj_shared_parameter shared;
    pj_finding finding[2];
    pj_model_info model;
    pj_result result;
} made;

static void make_layer(made *m, pj_layer *layer, size_t index)
{
    static const char *const words[] = {"int8", "int4", "int20", "fp32"};
    for (size_t i = 0; i < 4; i++)
        m->format[i] = (pj_format_info){.known = true,
                                        .word = words[i],
                                        .kind = i == 3 ? "float" : "fixed",
                                        .bits = 8 + (int64_t)i,
                                        .int_bits = (int64_t)i - 2,
                                        .is_signed = i != 1,
                                        .from = "QDQ"};
    *layer = (pj_layer){
        .index = index,
        .name = index ? "second" : "f\u00fc\"rst",
        .op = "Conv",
        .domain = "my.domain",
        .scope = "/net",
        .inputs = m->names,
        .input_count = 3,
        .outputs = m->names + 3,
        .output_count = 1,
        .rank = 3,
        .dims = m->dims,
        .counted = index == 0,
        .free = index == 1,
        .folded_into = index ? "first" : NULL,
        .runs = index ? 1 : 20,
        .macs = 101,
        .flops = 102,
        .params = 103,
        .param_bits = 104,
        .bops = 105,
        .input_bits = 106,
        .output_bits = 107,
        .work = m->work,
        .input = &m->format[0],
        .weight = &m->format[1],
        .accumulator = &m->format[2],
        .output = &m->format[3],
        .implementation = "mul",
        .gate_bits = 0.1,
        .gate_factor = 0.7,
        .energy = {1.1, 2.2, 3.3, 4.4},
        .conversion = index ? 0 : 0.4,
        .devices = m->figures[index]
    };
}

/* What the memory hierarchy does: everything of the first layer, nearly nothing of the second. */
static const char *const levels[] = {"dram", "global"};
static const pj_kept_tensor kept[] = {
    {"x", "chip"},
    {"y", "gone"}
};
static const pj_reuse reuse = {
    .level = {{1, 2, 3.5}, {4, 5, 6.25}},
    .register_pj = 0.5,
    .bound_bits = 7,
    .tile_m = 8,
    .tile_n = 9,
    .tile_r = 10,
    .stays = "W",
    .utilization = 0.5,
    .cycles = 11,
    .time_us = 0.75,
    .is_memory_bound = true,
    .kept = kept,
    .kept_count = 2
};
static const pj_reuse gone = {.bound_bits = -1, .utilization = -1, .cycles = -1, .time_us = -1, .fused_into = "first"};
static const pj_reuse_totals reuse_totals = {
    .level = {{1, 2, 3.5}, {4, 5, 6.25}},
    .register_pj = 0.5,
    .bound_bits = 7,
    .cycles = -1,
    .time_us = -1,
    .gone = 1,
    .on_chip = 2,
    .level0 = 3,
    .saved_pj = 4.5,
    .most_saved_pj = -1
};

static void make(made *m)
{
    static const char *const devices[] = {"a100", "stm32l4r5"}, *const names[] = {"x", "", "w", "y"};
    memset(m, 0, sizeof *m);
    for (int64_t i = 0; i < 64; i++)
        m->work[i] = 1000 + i;
    memcpy(m->names, names, sizeof names);
    m->dims[0] = (pj_dim_info){7, NULL};
    m->dims[1] = (pj_dim_info){-1, "2*seq + 1"};
    m->dims[2] = (pj_dim_info){-1, NULL};
    for (size_t i = 0; i < MADE_LAYERS; i++) {
        m->figures[i][0] = (pj_device_figure){12.5 + (double)i, 0.25, 0.1, 0.2};
        m->figures[i][1] = (pj_device_figure){-1, -1, -1, -1};
        make_layer(m, &m->layer[i], i);
    }
    m->sums[0] = (pj_device_figure){13.5, 0.5, 0.4, 0.9};
    m->sums[1] = (pj_device_figure){-1, -1, -1, -1};
    m->notes[0] = (pj_device_note){45, -1, 1, "latency", "own fit, 7 points", "RAM", 4096, 5000};
    m->notes[1] = (pj_device_note){-1, 55.5, 0, "throughput", "data sheet", "", 0, 0};
    m->opset[0] = (pj_opset_info){"", 17};
    m->opset[1] = (pj_opset_info){"my.domain", 2};
    m->tensor[0] = (pj_tensor_info){"x", "float32", true, 3, m->dims, true, false, false};
    m->tensor[1] = (pj_tensor_info){"y", "", true, -1, NULL, false, true, false};
    m->unknown[0] = (pj_unknown_op){"my.domain::Odd", 3};
    m->unknown[1] = (pj_unknown_op){"Even", 2};
    m->shared = (pj_shared_parameter){"w", 12, m->names, 2};
    m->finding[0] = (pj_finding){"uncounted", "warning", true, "n1", "no rule"};
    m->finding[1] = (pj_finding){"assumed-dimension", "note", true, "", "batch is 1"};
    m->model = (pj_model_info){.path = "m.onnx",
                               .producer = "hand 1",
                               .ir_version = 8,
                               .file_bytes = 4711,
                               .opsets = m->opset,
                               .opset_count = 2,
                               .nodes = 9,
                               .inputs = &m->tensor[0],
                               .outputs = &m->tensor[1],
                               .input_count = 1,
                               .output_count = 1,
                               .tensors = 11,
                               .tensors_known = 10};
    m->result = (pj_result){.source = "m.onnx",
                            .version = "9.9",
                            .model = &m->model,
                            .setup = pj_setup_default(),
                            .table = "horowitz-45nm",
                            .rules = "picojoule",
                            .unit = "pJ",
                            .devices = devices,
                            .layers = m->layer,
                            .layer_count = MADE_LAYERS,
                            .findings = m->finding,
                            .finding_count = 2,
                            .unknown_ops = m->unknown,
                            .unknown_op_count = 2,
                            .shared = &m->shared,
                            .shared_count = 1};
    m->result.setup.table = m->result.table;
    m->result.setup.rules = m->result.rules;
    m->result.setup.unit = m->result.unit;
    m->result.setup.devices = devices;
    m->result.setup.device_count = 2;
    m->result.setup.reuse = "tiled";
    m->result.levels = levels;
    m->result.level_count = 2;
    m->layer[0].reuse = &reuse;
    m->layer[1].reuse = &gone;
    m->result.totals = (pj_totals){
        .macs = 201,
        .flops = 202,
        .params = 203,
        .param_bits = 204,
        .bops = 205,
        .energy = {5.5, 6.6, 7.7, 8.8},
        .conversion = 0.8,
        .batch = 4,
        .layers = 3,
        .uncounted = 1,
        .free_layers = 2,
        .devices = m->sums,
        .device_notes = m->notes,
        .file_bytes = 4711,
        .peak_activation_bytes = 301,
        .qtools_total_cost = 302,
        .qtools_energy_sum = 303,
        .reuse = &reuse_totals
    };
}

static pj_str written(const pj_result *result)
{
    pj_str text = pj_str_new(0);
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    options.format = "json";
    CHECK_INT(pj_report_write(result, &options, collect, &text, &err), PJ_OK);
    return text;
}

/* Written, read and written again: the same bytes. */
static void check_again(const pj_result *result)
{
    pj_error err = {0};
    pj_result *read = NULL;
    pj_str once = written(result);
    CHECK_INT(pj_result_parse(once.data, once.length, "made.json", &read, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (read) {
        pj_str twice = written(read);
        CHECK_TEXT(twice.data, once.data);
        pj_str_free(&twice);
    }
    pj_result_free(read);
    pj_str_free(&once);
}

/* Other formats do without what only an analysis has. */
static void check_formats(const pj_result *result)
{
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    for (const char *const *format = pj_report_formats(); *format; format++) {
        pj_str text = pj_str_new(0);
        options.format = *format;
        CHECK_INT(pj_report_write(result, &options, collect, &text, &err), PJ_OK);
        CHECK(text.length > 0);
        pj_str_free(&text);
    }
}

/* A figure that make() forgets is 0: no test above would see it lost. */
static void check_figures(const made *m)
{
    for (const pj_field *at = pj_figure_next(NULL, PJ_EVERYWHERE); at; at = pj_figure_next(at, PJ_EVERYWHERE)) {
        bool of_layer = at->of & PJ_OF_LAYER, of_totals = at->of & PJ_OF_TOTALS;
        check_true(!of_layer || pj_figure_value(at, PJ_OF_LAYER, &m->layer[0]) != 0, at->key, __FILE__, __LINE__);
        check_true(!of_totals || pj_figure_value(at, PJ_OF_TOTALS, &m->result.totals) != 0, at->key, __FILE__,
                   __LINE__);
    }
}

static void test_written_again(void)
{
    static const pj_format_info none = {.word = "", .kind = "", .from = ""};
    made m;
    make(&m);
    check_figures(&m);
    check_again(&m.result);
    check_formats(&m.result);
    pj_str text = written(&m.result); /* every figure by its value: the table mixes none up */
    static const char *const want[] = {
        "\"macs\": 101",
        "\"flops\": 102",
        "\"bops\": 205",
        "\"runs\": 20",
        "\"folded_into\": \"first\"",
        "\"output_shape\": [7, \"2*seq + 1\", null]",
        "\"energy_pj\": {\"inputs\": 5.5, \"outputs\": 6.6, \"parameters\": 7.7, \"op_cost\": 8.8, ",
        "\"low_pj\": 0.4, \"high_pj\": 0.9",
        "\"idle_w\": 45, \"layers\": 1, \"load\": \"latency\", \"basis\": \"own fit, 7 points\", \"memory\": \"RAM\", "
        "\"memory_bytes\": 4096, \"needed_bytes\": 5000}",
        "\"stm32l4r5\": {\"energy_pj\": null, \"time_us\": null, \"low_pj\": null, \"high_pj\": null, \"idle_w\": "
        "null, "
        "\"layers\": 0, \"at_least_pj\": 55.5, \"load\": \"throughput\", \"basis\": \"data sheet\", \"memory\": \"\"",
        "\"qtools\": {\"total_cost\": 302, \"energy_sum\": 303}",
        "\"unknown_ops\": {\"my.domain::Odd\": 3, \"Even\": 2}"};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK_PART(text.data, want[i]);
    pj_str_free(&text);
    /* nothing is known */
    m.layer[0].input = m.layer[0].weight = m.layer[0].accumulator = m.layer[0].output = &none;
    m.layer[0].implementation = NULL;
    m.layer[0].rank = PJ_RANK_NONE;
    m.layer[0].input_count = m.layer[0].output_count = 0;
    m.result.totals.batch = 0;
    m.result.totals.peak_activation_bytes = m.result.totals.qtools_total_cost = m.result.totals.qtools_energy_sum = -1;
    m.result.totals.conversion = 0;
    m.result.setup.device_count = 0;
    check_again(&m.result);
    /* counts of more than 53 bits, as a report keeps them */
    m.layer[0].macs = m.layer[0].bops = INT64_MAX - 1023;
    m.layer[0].params = INT64_C(9007199254740992);
    m.result.totals.macs = INT64_MAX - 1023;
    check_again(&m.result);
}

int main(void)
{
    test_written_again();
    test_round_trip();
    test_figures();
    test_counts();
    test_refused();
    test_accepted();
    return check_done();
}
