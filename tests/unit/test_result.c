/* Results: the same from an analysis and from its report, and what a report may not say. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "quantized.h"
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

int main(void)
{
    test_round_trip();
    test_figures();
    test_counts();
    test_refused();
    test_accepted();
    return check_done();
}
