/* Results out of saved reports, picojoule.report/1. The report may have been edited by anyone. */
#include "result/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "result/field.h"

/* ---- what the figures rest on ---- */

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
    return pj_json_as_count(member, out, err);
}

static bool is_null(pj_json object, const char *key)
{
    return pj_json_kind_of(pj_json_find(object, key)) == PJ_JSON_NULL;
}

/* A text that has to be there. */
static pj_status get_text(pj_field_reader *r, pj_json object, const char *key, const char **out)
{
    PJ_TRY(pj_json_get_text(object, key, out, r->err));
    *out = pj_arena_strdup(r->arena, *out);
    return *out ? PJ_OK : pj_fail_memory(r->err);
}

/* A text that may be absent or null; then *out is NULL. */
static pj_status opt_text(pj_field_reader *r, pj_json object, const char *key, const char **out)
{
    *out = NULL;
    return !pj_json_find(object, key).node || is_null(object, key) ? PJ_OK : get_text(r, object, key, out);
}

static pj_status get_place(pj_json object, const char *key, pj_place *out, pj_error *err)
{
    int at = 0;
    PJ_TRY(pj_json_get_word(object, key, pj_place_words(), &at, err));
    *out = (pj_place)at;
    return PJ_OK;
}

static pj_status read_dims(pj_field_reader *r, pj_json object)
{
    pj_dim_binding *dims = PJ_NEW(r->arena, pj_dim_binding, pj_json_count(object));
    for (pj_json at = pj_json_first(object); dims && at.node; at = pj_json_next(at)) {
        pj_dim_binding *dim = &dims[r->model->dim_count++];
        dim->name = pj_arena_strdup(r->arena, pj_json_key(at));
        PJ_TRY(pj_json_as_count(at, &dim->value, r->err));
    }
    r->model->dims = dims;
    return dims ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_settings(pj_field_reader *r, pj_json root)
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

/* ---- layers ---- */

/* Reports may be sorted: each layer goes where its index says. */
static pj_status read_layers(pj_field_reader *r, pj_json root)
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
        pj_layer layer = {.rank = PJ_RANK_UNKNOWN};
        PJ_TRY(pj_layer_read(r, at, &layer));
        size_t index = layer.index;
        if (index >= out->layer_count || layers[index].name)
            return pj_json_fail(pj_json_find(at, pj_layer_index_key), PJ_EFORMAT, r->err,
                                index < out->layer_count ? "another layer has index %zu, too (of %zu layers)"
                                                         : "index %zu, but there are %zu layers",
                                index, out->layer_count);
        layers[index] = layer;
    }
    out->layers = layers;
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

static pj_status read_document(pj_field_reader *r, pj_json root, const char *name)
{
    pj_result *out = r->result;
    PJ_TRY(check_schema(root, r->err));
    out->source = pj_arena_strdup(r->arena, name);
    out->is_report = true;
    PJ_TRY(get_text(r, root, "version", &out->version));
    PJ_TRY(pj_model_read(r, root));
    PJ_TRY(read_settings(r, root));
    PJ_TRY(pj_totals_read(r, root)); /* names the devices that layers have figures of */
    PJ_TRY(read_layers(r, root));
    PJ_TRY(pj_shared_read(r, root));
    PJ_TRY(pj_coverage_read(r, root));
    return pj_findings_read(r, root);
}

static pj_status read_doc(const pj_json_doc *doc, const char *name, pj_result **out, pj_error *err)
{
    pj_found *found = pj_found_new();
    pj_model_info *model = found ? PJ_NEW(found->arena, pj_model_info, 1) : NULL;
    pj_status status = model ? PJ_OK : pj_fail_memory(err);
    if (model) {
        pj_field_reader r = {&found->result, model, found->arena, err};
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
