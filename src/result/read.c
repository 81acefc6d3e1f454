/* Results out of saved reports, picojoule.report/1. The report may have been edited by anyone. */
#include "result/result.h"

#include <sys/stat.h>

#include "result/field.h"
#include "setup/setup.h"

static pj_status read_settings(pj_field_reader *r, pj_json root)
{
    pj_setup *setup = &r->result->setup;
    PJ_TRY(pj_setup_read(root, r->arena, setup, r->err));
    r->result->table = setup->table;
    r->result->rules = setup->rules;
    r->result->unit = setup->unit;
    r->model->dims = setup->dims;
    r->model->dim_count = setup->dim_count;
    r->model->op_rules = setup->op_rules;
    return PJ_OK;
}

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
    PJ_TRY(pj_got(layers, r->err));
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
    PJ_TRY(pj_json_get_text(root, "version", &out->version, r->err));
    out->version = pj_arena_strdup(r->arena, out->version);
    PJ_TRY(pj_model_read(r, root));
    PJ_TRY(read_settings(r, root));
    PJ_TRY(pj_totals_read(r, root)); /* names the devices that layers have figures of */
    PJ_TRY(read_layers(r, root));
    PJ_TRY(pj_shared_read(r, root));
    PJ_TRY(pj_coverage_read(r, root));
    return pj_findings_read(r, root);
}

/* Frees the document. */
static pj_status read_doc(pj_json_doc *doc, const char *name, pj_result **out, pj_error *err)
{
    pj_found *found = pj_found_new(NULL);
    pj_model_info *model = found ? PJ_NEW(found->arena, pj_model_info, 1) : NULL;
    pj_status status = model ? PJ_OK : pj_fail_memory(err);
    if (model) {
        pj_field_reader r = {&found->result, model, found->arena, err};
        found->result.model = model;
        status = read_document(&r, pj_json_root(doc), name);
    }
    pj_json_free(doc);
    return pj_found_finish(found, status, out, err);
}

pj_status pj_result_parse(const char *json, size_t length, const char *name, pj_result **out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    *out = NULL;
    PJ_TRY(pj_json_parse_report(json, length, name, &doc, err));
    return read_doc(doc, name, out, err);
}

pj_status pj_result_read(const char *path, pj_result **out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    *out = NULL;
    PJ_TRY(pj_json_read_report(path, &doc, err));
    return read_doc(doc, path, out, err);
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
