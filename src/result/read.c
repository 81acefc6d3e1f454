/* Results out of saved reports, picojoule.report/1. The report may have been edited by anyone. */
#include "result/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "ir/diag.h"

/* What all functions here need. */
typedef struct reader {
    pj_result *result;
    pj_model_info *model;
    pj_arena *arena;
    pj_error *err;
} reader;

/* ---- figures and texts ---- */

/* A whole number from 0 to 2^63 - 1, of which a double keeps 53 bits. */
static pj_status as_count(pj_json value, int64_t *out, pj_error *err)
{
    const double beyond = 9223372036854775808.0; /* 2^63; what the largest counts are rounded to */
    double number = 0;
    PJ_TRY(pj_json_as_double(value, &number, err));
    if (number < 0)
        return pj_json_fail(value, PJ_EFORMAT, err, "%.17g is negative", number);
    if (number != floor(number) || number > beyond)
        return pj_json_fail(value, PJ_EFORMAT, err, "%.17g is not a whole number below 2^63", number);
    *out = number == beyond ? pj_result_count(INT64_MAX) : (int64_t)number;
    return PJ_OK;
}

static pj_status get_member(pj_json object, const char *key, pj_json *out, pj_error *err)
{
    PJ_TRY(pj_json_as_object(object, &object, err));
    *out = pj_json_find(object, key);
    return out->node ? PJ_OK : pj_json_fail(object, PJ_EFORMAT, err, "\"%s\" is missing", key);
}

static pj_status get_count(pj_json object, const char *key, int64_t *out, pj_error *err)
{
    pj_json member = {0};
    PJ_TRY(get_member(object, key, &member, err));
    return as_count(member, out, err);
}

static pj_status opt_count(pj_json object, const char *key, int64_t absent, int64_t *out, pj_error *err)
{
    *out = absent;
    return pj_json_find(object, key).node ? get_count(object, key, out, err) : PJ_OK;
}

static pj_status get_size(pj_json object, const char *key, size_t *out, pj_error *err)
{
    int64_t count = 0;
    PJ_TRY(get_count(object, key, &count, err));
    *out = (size_t)count;
    return PJ_OK;
}

/* A number that is not negative. */
static pj_status get_amount(pj_json object, const char *key, double *out, pj_error *err)
{
    PJ_TRY(pj_json_get_double(object, key, out, err));
    if (*out < 0)
        return pj_json_fail(pj_json_find(object, key), PJ_EFORMAT, err, "%.17g is negative", *out);
    *out += 0.0; /* no -0 */
    return PJ_OK;
}

static bool is_null(pj_json object, const char *key)
{
    return pj_json_kind_of(pj_json_find(object, key)) == PJ_JSON_NULL;
}

/* The same, or null for what is not known; then *out is negative. */
static pj_status get_known(pj_json object, const char *key, double *out, pj_error *err)
{
    *out = -1;
    return is_null(object, key) ? PJ_OK : get_amount(object, key, out, err);
}

/* A text that has to be there. */
static pj_status get_text(reader *r, pj_json object, const char *key, const char **out)
{
    PJ_TRY(pj_json_get_text(object, key, out, r->err));
    *out = pj_arena_strdup(r->arena, *out);
    return *out ? PJ_OK : pj_fail_memory(r->err);
}

/* A text that may be absent or null; then *out is NULL. */
static pj_status opt_text(reader *r, pj_json object, const char *key, const char **out)
{
    *out = NULL;
    return !pj_json_find(object, key).node || is_null(object, key) ? PJ_OK : get_text(r, object, key, out);
}

/* ---- what the figures rest on ---- */

static pj_status get_place(pj_json object, const char *key, pj_place *out, pj_error *err)
{
    int at = 0;
    PJ_TRY(pj_json_get_word(object, key, pj_place_words(), &at, err));
    *out = (pj_place)at;
    return PJ_OK;
}

static pj_status read_dims(reader *r, pj_json object)
{
    pj_dim_binding *dims = PJ_NEW(r->arena, pj_dim_binding, pj_json_count(object));
    for (pj_json at = pj_json_first(object); dims && at.node; at = pj_json_next(at)) {
        pj_dim_binding *dim = &dims[r->model->dim_count++];
        dim->name = pj_arena_strdup(r->arena, pj_json_key(at));
        PJ_TRY(as_count(at, &dim->value, r->err));
    }
    r->model->dims = dims;
    return dims ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_settings(reader *r, pj_json root)
{
    static const char *const rules[] = {"picojoule", "qtools", NULL}, *const units[] = {"pJ", "relative", NULL};
    pj_result *out = r->result;
    pj_setup *setup = &out->setup;
    pj_json object = {0}, dims = {0};
    int rule = 0, unit = 0;
    int64_t least = 0;
    PJ_TRY(pj_json_get_object(root, "settings", &object, r->err));
    PJ_TRY(get_text(r, object, "table", &out->table));
    PJ_TRY(pj_json_get_word(object, "rules", rules, &rule, r->err));
    PJ_TRY(pj_json_get_word(object, "unit", units, &unit, r->err));
    PJ_TRY(get_place(object, "weights_on_memory", &setup->weights_on, r->err));
    PJ_TRY(get_place(object, "activations_on_memory", &setup->activations_on, r->err));
    PJ_TRY(pj_json_get_bool(object, "rd_wr_on_io", &setup->io_on_dram, r->err));
    PJ_TRY(get_count(object, "min_sram_size", &least, r->err));
    PJ_TRY(pj_json_get_object(object, "dims", &dims, r->err));
    PJ_TRY(opt_text(r, object, "op_rules", &r->model->op_rules));
    PJ_TRY(opt_text(r, object, "plan", &setup->plan));
    PJ_TRY(opt_text(r, object, "quantize", &setup->quantize));
    PJ_TRY(pj_json_opt_bool(object, "no_fold", &setup->no_fold, r->err));
    setup->sram_min_bits = (uint64_t)least;
    out->rules = rules[rule];
    out->unit = units[unit];
    return read_dims(r, dims);
}

static pj_status read_model(reader *r, pj_json root)
{
    pj_json object = {0};
    int64_t bytes = 0;
    PJ_TRY(pj_json_get_object(root, "model", &object, r->err));
    PJ_TRY(get_text(r, object, "path", &r->model->path));
    PJ_TRY(get_text(r, object, "producer", &r->model->producer));
    PJ_TRY(get_count(object, "file_bytes", &bytes, r->err));
    r->model->file_bytes = (uint64_t)bytes;
    return PJ_OK;
}

/* ---- layers ---- */

static pj_status read_energy(pj_json parent, pj_energy *out, pj_error *err)
{
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(parent, "energy_pj", &object, err));
    PJ_TRY(get_amount(object, "inputs", &out->inputs, err));
    PJ_TRY(get_amount(object, "outputs", &out->outputs, err));
    PJ_TRY(get_amount(object, "parameters", &out->parameters, err));
    PJ_TRY(get_amount(object, "op_cost", &out->op_cost, err));
    if (!isfinite(pj_energy_total(out)))
        return pj_json_fail(object, PJ_EFORMAT, err, "the sum of the four is too large");
    return PJ_OK;
}

/* The part of op_cost that converts number formats; absent: none. */
static pj_status read_conversion(pj_json parent, const pj_energy *energy, double *out, pj_error *err)
{
    if (!pj_json_find(parent, "conversion_pj").node)
        return PJ_OK;
    PJ_TRY(get_amount(parent, "conversion_pj", out, err));
    if (*out > energy->op_cost * (1 + 1e-9)) /* both are sums, each with its rounding */
        return pj_json_fail(pj_json_find(parent, "conversion_pj"), PJ_EFORMAT, err,
                            "%.17g is more than the op_cost that it is part of, %.17g", *out, energy->op_cost);
    return PJ_OK;
}

static pj_status read_format(reader *r, pj_json parent, const char *key, pj_format_info *out)
{
    pj_json object = {0};
    PJ_TRY(get_member(parent, key, &object, r->err));
    if (is_null(parent, key))
        return PJ_OK;
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    PJ_TRY(get_text(r, object, "word", &out->word));
    PJ_TRY(get_text(r, object, "kind", &out->kind));
    PJ_TRY(get_count(object, "bits", &out->bits, r->err));
    PJ_TRY(pj_json_get_int(object, "int_bits", &out->int_bits, r->err));
    PJ_TRY(pj_json_get_bool(object, "signed", &out->is_signed, r->err));
    PJ_TRY(get_text(r, object, "from", &out->from));
    out->known = true;
    return PJ_OK;
}

static pj_status read_precision(reader *r, pj_json layer, pj_layer *out)
{
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(layer, "precision", &object, r->err));
    PJ_TRY(read_format(r, object, "input", &out->input));
    PJ_TRY(read_format(r, object, "weight", &out->weight));
    PJ_TRY(read_format(r, object, "accumulator", &out->accumulator));
    PJ_TRY(read_format(r, object, "output", &out->output));
    return opt_text(r, object, "implementation", &out->implementation);
}

static pj_status read_dim(reader *r, pj_json at, pj_dim_info *out)
{
    out->value = -1;
    if (pj_json_kind_of(at) == PJ_JSON_NULL)
        return PJ_OK;
    if (pj_json_kind_of(at) != PJ_JSON_TEXT)
        return as_count(at, &out->value, r->err);
    PJ_TRY(pj_json_as_text(at, &out->symbol, r->err));
    out->symbol = pj_arena_strdup(r->arena, out->symbol);
    return PJ_OK;
}

/* Reports of earlier versions have no shapes. */
static pj_status read_shape(reader *r, pj_json layer, pj_layer *out)
{
    pj_json array = {0};
    out->rank = -1;
    if (!pj_json_find(layer, "output_shape").node || is_null(layer, "output_shape"))
        return PJ_OK;
    PJ_TRY(pj_json_get_array(layer, "output_shape", &array, r->err));
    size_t rank = pj_json_count(array), k = 0;
    if (rank > PJ_MAX_RANK)
        return pj_json_fail(array, PJ_ELIMIT, r->err, "%zu dimensions; at most %d are accepted", rank,
                            (int)PJ_MAX_RANK);
    pj_dim_info *dims = PJ_NEW(r->arena, pj_dim_info, rank);
    if (!dims)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at))
        PJ_TRY(read_dim(r, at, &dims[k++]));
    out->rank = (int)rank;
    out->dims = dims;
    return PJ_OK;
}

/* Figures of the devices that the totals name; of one that the layer does not name, none. */
static pj_status read_devices(reader *r, pj_json layer, pj_layer *out)
{
    const pj_result *result = r->result;
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(layer, "devices", &object, r->err));
    pj_device_figure *figures = PJ_NEW(r->arena, pj_device_figure, result->setup.device_count);
    for (size_t d = 0; figures && d < result->setup.device_count; d++) {
        pj_json device = pj_json_find(object, result->devices[d]);
        figures[d] = (pj_device_figure){-1, -1};
        if (!device.node)
            continue;
        PJ_TRY(get_known(device, "energy_pj", &figures[d].energy_pj, r->err));
        PJ_TRY(get_known(device, "time_us", &figures[d].time_us, r->err));
    }
    out->devices = figures;
    return figures ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_layer(reader *r, pj_json layer, pj_layer *out)
{
    out->counted = true;
    PJ_TRY(get_text(r, layer, "name", &out->name));
    PJ_TRY(get_text(r, layer, "op", &out->op));
    PJ_TRY(get_text(r, layer, "domain", &out->domain));
    PJ_TRY(get_text(r, layer, "scope", &out->scope));
    PJ_TRY(opt_text(r, layer, "folded_into", &out->folded_into));
    PJ_TRY(pj_json_opt_bool(layer, "counted", &out->counted, r->err));
    PJ_TRY(pj_json_opt_bool(layer, "free", &out->free, r->err));
    PJ_TRY(opt_count(layer, "runs", 1, &out->runs, r->err));
    PJ_TRY(get_count(layer, "macs", &out->macs, r->err));
    PJ_TRY(get_count(layer, "flops", &out->flops, r->err));
    PJ_TRY(get_count(layer, "params", &out->params, r->err));
    PJ_TRY(get_count(layer, "param_bits", &out->param_bits, r->err));
    PJ_TRY(get_count(layer, "bops", &out->bops, r->err));
    PJ_TRY(opt_count(layer, "input_bits", -1, &out->input_bits, r->err)); /* early reports do not have them */
    PJ_TRY(opt_count(layer, "output_bits", -1, &out->output_bits, r->err));
    PJ_TRY(read_shape(r, layer, out));
    PJ_TRY(read_precision(r, layer, out));
    PJ_TRY(read_energy(layer, &out->energy, r->err));
    PJ_TRY(read_conversion(layer, &out->energy, &out->conversion, r->err));
    return read_devices(r, layer, out);
}

/* Reports may be sorted: each layer goes where its index says. */
static pj_status read_layers(reader *r, pj_json root)
{
    pj_result *out = r->result;
    pj_json array = {0}, left_out = pj_json_find(root, "left_out");
    if (left_out.node && !pj_json_find(root, "groups").node)
        return pj_json_fail(left_out, PJ_EFORMAT, r->err,
                            "--top left layers out of this report; make it again without --top");
    PJ_TRY(pj_json_get_array(root, "layers", &array, r->err));
    out->layer_count = pj_json_count(array);
    pj_layer *layers = PJ_NEW(r->arena, pj_layer, out->layer_count);
    if (!layers)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at)) {
        size_t index = 0;
        PJ_TRY(get_size(at, "index", &index, r->err));
        if (index >= out->layer_count || layers[index].name)
            return pj_json_fail(pj_json_find(at, "index"), PJ_EFORMAT, r->err,
                                index < out->layer_count ? "another layer has index %zu, too (of %zu layers)"
                                                         : "index %zu, but there are %zu layers",
                                index, out->layer_count);
        layers[index].index = index;
        PJ_TRY(read_layer(r, at, &layers[index]));
    }
    out->layers = layers;
    return PJ_OK;
}

/* ---- totals, findings ---- */

static pj_status read_total_devices(reader *r, pj_json totals)
{
    pj_result *out = r->result;
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(totals, "devices", &object, r->err));
    size_t most = pj_json_count(object), count = 0;
    const char **names = PJ_NEW(r->arena, const char *, most);
    pj_device_figure *figures = PJ_NEW(r->arena, pj_device_figure, most);
    double *idle = PJ_NEW(r->arena, double, most);
    if (!names || !figures || !idle)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at), count++) {
        names[count] = pj_arena_strdup(r->arena, pj_json_key(at));
        PJ_TRY(pj_json_as_object(at, &at, r->err));
        PJ_TRY(get_known(at, "energy_pj", &figures[count].energy_pj, r->err));
        PJ_TRY(get_known(at, "time_us", &figures[count].time_us, r->err));
        PJ_TRY(get_known(at, "idle_w", &idle[count], r->err));
    }
    out->devices = names;
    out->setup.device_count = count;
    out->totals.devices = figures;
    out->totals.idle_w = idle;
    return PJ_OK;
}

static pj_status read_qtools(pj_json totals, pj_totals *out, pj_error *err)
{
    pj_json object = {0};
    PJ_TRY(pj_json_opt_object(totals, "qtools", &object, err));
    out->has_qtools = object.node != NULL;
    if (!out->has_qtools)
        return PJ_OK;
    PJ_TRY(get_count(object, "total_cost", &out->qtools_total_cost, err));
    return get_count(object, "energy_sum", &out->qtools_energy_sum, err);
}

static pj_status read_totals(reader *r, pj_json root)
{
    pj_totals *out = &r->result->totals;
    pj_json totals = {0}, coverage = {0};
    PJ_TRY(pj_json_get_object(root, "totals", &totals, r->err));
    PJ_TRY(get_count(totals, "macs", &out->macs, r->err));
    PJ_TRY(get_count(totals, "flops", &out->flops, r->err));
    PJ_TRY(get_count(totals, "params", &out->params, r->err));
    PJ_TRY(get_count(totals, "param_bits", &out->param_bits, r->err));
    PJ_TRY(get_count(totals, "bops", &out->bops, r->err));
    PJ_TRY(read_energy(totals, &out->energy, r->err));
    PJ_TRY(read_conversion(totals, &out->energy, &out->conversion, r->err));
    if (pj_json_find(totals, "batch").node && !is_null(totals, "batch"))
        PJ_TRY(get_count(totals, "batch", &out->batch, r->err));
    out->peak_activation_bytes = -1;
    if (pj_json_find(totals, "peak_activation_bytes").node && !is_null(totals, "peak_activation_bytes"))
        PJ_TRY(get_count(totals, "peak_activation_bytes", &out->peak_activation_bytes, r->err));
    PJ_TRY(read_total_devices(r, totals));
    PJ_TRY(read_qtools(totals, out, r->err));
    PJ_TRY(pj_json_get_object(root, "coverage", &coverage, r->err));
    PJ_TRY(get_size(coverage, "layers", &out->layers, r->err));
    PJ_TRY(get_size(coverage, "uncounted", &out->uncounted, r->err));
    return pj_json_find(coverage, "free").node ? get_size(coverage, "free", &out->free_layers, r->err) : PJ_OK;
}

/* Reports do not say which findings are strict. */
static bool is_strict(const char *code)
{
    for (int i = 0; i < PJ_DIAG_CODES; i++)
        if (strcmp(pj_diag_word((pj_diag_code)i), code) == 0)
            return pj_diag_strict((pj_diag_code)i);
    return false;
}

static pj_status read_findings(reader *r, pj_json root)
{
    pj_result *out = r->result;
    pj_json array = {0};
    PJ_TRY(pj_json_get_array(root, "diagnostics", &array, r->err));
    pj_finding *findings = PJ_NEW(r->arena, pj_finding, pj_json_count(array));
    if (!findings)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at)) {
        pj_finding *finding = &findings[out->finding_count++];
        PJ_TRY(get_text(r, at, "code", &finding->code));
        PJ_TRY(get_text(r, at, "severity", &finding->severity));
        PJ_TRY(get_text(r, at, "node", &finding->node));
        PJ_TRY(get_text(r, at, "message", &finding->message));
        finding->strict = is_strict(finding->code);
    }
    out->findings = findings;
    return PJ_OK;
}

/* ---- the document ---- */

static pj_status check_schema(pj_json root, pj_error *err)
{
    static const char schema[] = "picojoule.report/1";
    const char *text = NULL;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_get_text(root, "schema", &text, err));
    if (strcmp(text, schema) == 0)
        return PJ_OK;
    return pj_json_fail(pj_json_find(root, "schema"), PJ_EFORMAT, err,
                        "\"%.60s\" cannot be read here, only %s: what `picojoule analyze --format json` writes", text,
                        schema);
}

static pj_status read_document(reader *r, pj_json root, const char *name)
{
    pj_result *out = r->result;
    PJ_TRY(check_schema(root, r->err));
    out->source = pj_arena_strdup(r->arena, name);
    out->is_report = true;
    PJ_TRY(get_text(r, root, "version", &out->version));
    PJ_TRY(read_model(r, root));
    PJ_TRY(read_settings(r, root));
    PJ_TRY(read_totals(r, root)); /* names the devices that layers have figures of */
    PJ_TRY(read_layers(r, root));
    return read_findings(r, root);
}

static pj_status read_doc(const pj_json_doc *doc, const char *name, pj_result **out, pj_error *err)
{
    pj_found *found = pj_found_new();
    pj_model_info *model = found ? PJ_NEW(found->arena, pj_model_info, 1) : NULL;
    pj_status status = model ? PJ_OK : pj_fail_memory(err);
    if (model) {
        reader r = {&found->result, model, found->arena, err};
        found->result.model = model;
        status = read_document(&r, pj_json_root(doc), name);
    }
    return pj_found_finish(found, status, out, err);
}

pj_status pj_result_parse(const char *json, size_t length, const char *name, pj_result **out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    *out = NULL;
    PJ_TRY(pj_json_parse(json, length, name, &doc, err));
    pj_status status = read_doc(doc, name, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_result_read(const char *path, pj_result **out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    *out = NULL;
    PJ_TRY(pj_json_read(path, 0, &doc, err));
    pj_status status = read_doc(doc, path, out, err);
    pj_json_free(doc);
    return status;
}

/* Reports begin with a '{', perhaps after spaces or a byte order mark; ONNX files begin with the tag of a field. What
 * is no regular file can be read but once, and is taken for a model. */
bool pj_result_is_report(const char *path)
{
    unsigned char head[64];
    struct stat info;
    bool is_file = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode);
    FILE *file = is_file ? fopen(path, "rb") : NULL;
    if (!file)
        return false; /* the model loader says why */
    size_t length = fread(head, 1, sizeof head, file), at = 0;
    (void)fclose(file);
    if (length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < length && (head[at] == ' ' || (head[at] >= '\t' && head[at] <= '\r')))
        at++;
    return at < length && head[at] == '{';
}
