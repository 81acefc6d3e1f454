/* What a result has beside figures: the model, constants that layers share, findings, and what was counted. */
#include "ir/diag.h"
#include "result/field.h"

#define COUNT(rows)      (sizeof(rows) / sizeof *(rows))
#define OF(type, member) .of = PJ_OF_ONE, .at = offsetof(type, member)

/* clang-format off */
static const pj_field tensor_fields[] = {
    {.key = "name", .type = &pj_field_text, OF(pj_tensor_info, name)},
    {.key = "dtype", .type = &pj_field_word, .rule = PJ_NULL, OF(pj_tensor_info, dtype)},
    {.key = "shape", .type = &pj_field_shape, .rule = PJ_NULL, OF(pj_tensor_info, dims),
     .count_at = offsetof(pj_tensor_info, rank)},
};
/* clang-format on */
static const pj_array tensor_list = {tensor_fields, COUNT(tensor_fields), sizeof(pj_tensor_info), true};

/* clang-format off */
static void write_counted(const pj_field_writer *w, const pj_seen *of)
{
    const pj_result *result = of->base;
    pj_json_write_uint(w->json, result->totals.layers - result->totals.uncounted);
}

/* The MACs of what is not counted are not known, so neither is their share; `at` is the number of such layers. */
static bool is_absent_share(const pj_seen *of)
{
    return *(const size_t *)of->at > 0;
}

static void write_share(const pj_field_writer *w, const pj_seen *of)
{
    (void)of;
    pj_json_write_double(w->json, 1);
}

static const pj_field_type type_counted = {write_counted, NULL, NULL, NULL, NULL};
static const pj_field_type type_share = {write_share, NULL, is_absent_share, NULL, NULL};

static const pj_field shared_fields[] = {
    {.key = "name", .type = &pj_field_text, OF(pj_shared_parameter, name)},
    {.key = "elements", .type = &pj_field_count, OF(pj_shared_parameter, elements)},
    {.key = pj_layers_key, .type = &pj_field_names, OF(pj_shared_parameter, layers),
     .count_at = offsetof(pj_shared_parameter, layer_count)},
};
/* clang-format on */
static const pj_array shared_list = {shared_fields, COUNT(shared_fields), sizeof(pj_shared_parameter), true};

/* clang-format off */
static const pj_field finding_fields[] = {
    {.key = "code", .type = &pj_field_text, OF(pj_finding, code)},
    {.key = "severity", .type = &pj_field_text, OF(pj_finding, severity)},
    {.key = "node", .type = &pj_field_text, OF(pj_finding, node)},
    {.key = "message", .type = &pj_field_text, OF(pj_finding, message)},
};
/* clang-format on */
static const pj_array finding_list = {finding_fields, COUNT(finding_fields), sizeof(pj_finding), true};

static void write_list(const pj_field_writer *w, const pj_array *list, const pj_seen *of)
{
    const size_t *count = (const void *)((const char *)of->base + of->field->count_at);
    pj_array_write(w, list, *(const void *const *)of->at, *count);
}

static pj_status read_list(pj_field_reader *r, const pj_array *list, pj_json value, const pj_slot *of)
{
    const void *first = NULL;
    PJ_TRY(pj_array_read(r, list, value, &first, (size_t *)(void *)((char *)of->base + of->field->count_at)));
    memcpy(of->at, &first, sizeof first);
    return PJ_OK;
}

#define LIST(what)                                                                        \
    static void write_##what##s(const pj_field_writer *w, const pj_seen *of)              \
    {                                                                                     \
        write_list(w, &what##_list, of);                                                  \
    }                                                                                     \
    static pj_status read_##what##s(pj_field_reader *r, pj_json value, const pj_slot *of) \
    {                                                                                     \
        return read_list(r, &what##_list, value, of);                                     \
    }                                                                                     \
    static const pj_field_type type_##what##s = {write_##what##s, read_##what##s, NULL, NULL, NULL}
LIST(tensor);
LIST(shared);

/* Reports do not say which findings are strict. */
static bool is_strict(const char *code)
{
    for (int i = 0; i < PJ_DIAG_CODES; i++)
        if (strcmp(pj_diag_word((pj_diag_code)i), code) == 0)
            return pj_diag_strict((pj_diag_code)i);
    return false;
}

static void write_findings(const pj_field_writer *w, const pj_seen *of)
{
    write_list(w, &finding_list, of);
}

static pj_status read_findings(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_result *result = of->base;
    PJ_TRY(read_list(r, &finding_list, value, of));
    pj_finding *findings = pj_arena_memdup(r->arena, result->findings, result->finding_count, sizeof *findings);
    for (size_t i = 0; findings && i < result->finding_count; i++)
        findings[i].strict = is_strict(findings[i].code);
    result->findings = findings;
    return pj_got(findings, r->err);
}

static const pj_field_type type_findings = {write_findings, read_findings, NULL, NULL, NULL};

/* Counts by name, such as {"ai.onnx.ml": 3}: structs of a text and a whole number. */
static void write_opsets(const pj_field_writer *w, const pj_seen *of)
{
    const pj_model_info *info = of->base;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < info->opset_count; i++)
        pj_json_put_int(w->json, info->opsets[i].domain, info->opsets[i].version);
    pj_json_write_end(w->json);
}

static pj_status read_opsets(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_model_info *info = of->base;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    pj_opset_info *opsets = PJ_NEW(r->arena, pj_opset_info, pj_json_count(value));
    PJ_TRY(pj_got(opsets, r->err));
    info->opsets = opsets;
    for (pj_json one = pj_json_first(value); one.node; one = pj_json_next(one)) {
        pj_opset_info *opset = &opsets[info->opset_count++];
        opset->domain = pj_arena_strdup(r->arena, pj_json_key(one));
        PJ_TRY(pj_json_as_int(one, &opset->version, r->err));
    }
    return PJ_OK;
}

static void write_unknown(const pj_field_writer *w, const pj_seen *of)
{
    const pj_result *result = of->base;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < result->unknown_op_count; i++)
        pj_json_put_uint(w->json, result->unknown_ops[i].op, result->unknown_ops[i].nodes);
    pj_json_write_end(w->json);
}

static pj_status read_unknown(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_result *result = of->base;
    int64_t nodes = 0;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    pj_unknown_op *ops = PJ_NEW(r->arena, pj_unknown_op, pj_json_count(value));
    PJ_TRY(pj_got(ops, r->err));
    result->unknown_ops = ops;
    for (pj_json one = pj_json_first(value); one.node; one = pj_json_next(one)) {
        pj_unknown_op *op = &ops[result->unknown_op_count++];
        op->op = pj_arena_strdup(r->arena, pj_json_key(one));
        PJ_TRY(pj_json_as_count(one, &nodes, r->err));
        op->nodes = (size_t)nodes;
    }
    return PJ_OK;
}

static const pj_field_type type_opsets = {write_opsets, read_opsets, NULL, NULL, NULL};
static const pj_field_type type_unknown = {write_unknown, read_unknown, NULL, NULL, NULL};

/* clang-format off */
static const pj_field model_fields[] = {
    {.key = "path", .type = &pj_field_text, OF(pj_model_info, path)},
    {.key = "ir_version", .type = &pj_field_whole, .rule = PJ_MAY_LACK, OF(pj_model_info, ir_version)},
    {.key = "producer", .type = &pj_field_text, OF(pj_model_info, producer)},
    {.key = "opsets", .type = &type_opsets, .rule = PJ_MAY_LACK, OF(pj_model_info, opsets)},
    {.key = "nodes", .type = &pj_field_size, .rule = PJ_MAY_LACK, OF(pj_model_info, nodes)},
    {.key = "inputs", .type = &type_tensors, .rule = PJ_MAY_LACK, OF(pj_model_info, inputs),
     .count_at = offsetof(pj_model_info, input_count)},
    {.key = "outputs", .type = &type_tensors, .rule = PJ_MAY_LACK, OF(pj_model_info, outputs),
     .count_at = offsetof(pj_model_info, output_count)},
};
static const pj_field file_fields[] = {
    {.key = pj_key_file_bytes, .type = &pj_field_bytes, OF(pj_model_info, file_bytes)},
};
/* clang-format on */

void pj_model_write(const pj_field_writer *w)
{
    const pj_model_info *model = w->result->model;
    pj_json_put_begin(w->json, "model", PJ_JSON_WRITE_OBJECT);
    pj_fields_write(w, model_fields, COUNT(model_fields), PJ_OF_ONE, model);
    pj_model_figures_write(w);
    pj_fields_write(w, file_fields, COUNT(file_fields), PJ_OF_ONE, model);
    pj_json_write_end(w->json);
}

pj_status pj_model_read(pj_field_reader *r, pj_json root)
{
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(root, "model", &object, r->err));
    PJ_TRY(pj_fields_read(r, model_fields, COUNT(model_fields), PJ_OF_ONE, object, r->model));
    PJ_TRY(pj_fields_read(r, file_fields, COUNT(file_fields), PJ_OF_ONE, object, r->model));
    r->result->totals.file_bytes = (int64_t)r->model->file_bytes;
    return PJ_OK;
}

static const pj_field shared_field = {.key = "shared_parameters",
                                      .type = &type_shareds,
                                      .rule = PJ_MAY_LACK,
                                      OF(pj_result, shared),
                                      .count_at = offsetof(pj_result, shared_count)};
static const pj_field diagnostics_field = {.key = "diagnostics",
                                           .type = &type_findings,
                                           OF(pj_result, findings),
                                           .count_at = offsetof(pj_result, finding_count)};
/* clang-format off */
static const pj_field coverage_fields[] = {
    {.key = pj_layers_key, .type = &pj_field_size, OF(pj_result, totals.layers)},
    {.key = "counted", .type = &type_counted, OF(pj_result, totals)},
    {.key = pj_uncounted_key, .type = &pj_field_size, OF(pj_result, totals.uncounted)},
    {.key = "free", .type = &pj_field_size, .rule = PJ_MAY_LACK, OF(pj_result, totals.free_layers)},
    {.key = "unknown_ops", .type = &type_unknown, .rule = PJ_MAY_LACK, OF(pj_result, unknown_ops)},
    {.key = "macs_share", .type = &type_share, .rule = PJ_NULL, OF(pj_result, totals.uncounted)},
};
static const pj_field tensors_fields[] = {
    {.key = "tensors", .type = &pj_field_size, .rule = PJ_MAY_LACK, OF(pj_model_info, tensors)},
    {.key = "tensors_known", .type = &pj_field_size, .rule = PJ_MAY_LACK, OF(pj_model_info, tensors_known)},
};
/* clang-format on */

void pj_coverage_write(const pj_field_writer *w)
{
    pj_json_put_begin(w->json, "coverage", PJ_JSON_WRITE_OBJECT);
    pj_fields_write(w, coverage_fields, COUNT(coverage_fields), PJ_OF_ONE, w->result);
    pj_fields_write(w, tensors_fields, COUNT(tensors_fields), PJ_OF_ONE, w->result->model);
    pj_json_write_end(w->json);
}

pj_status pj_coverage_read(pj_field_reader *r, pj_json root)
{
    pj_json object = {0};
    PJ_TRY(pj_json_get_object(root, "coverage", &object, r->err));
    PJ_TRY(pj_fields_read(r, coverage_fields, COUNT(coverage_fields), PJ_OF_ONE, object, r->result));
    return pj_fields_read(r, tensors_fields, COUNT(tensors_fields), PJ_OF_ONE, object, r->model);
}

void pj_shared_write(const pj_field_writer *w)
{
    pj_fields_write(w, &shared_field, 1, PJ_OF_ONE, w->result);
}

pj_status pj_shared_read(pj_field_reader *r, pj_json root)
{
    return pj_fields_read(r, &shared_field, 1, PJ_OF_ONE, root, r->result);
}

void pj_findings_json(const pj_finding *findings, size_t count, pj_json_writer *json)
{
    const pj_field_writer w = {json, NULL};
    pj_json_write_key(json, diagnostics_field.key);
    pj_array_write(&w, &finding_list, findings, count);
}

pj_status pj_findings_read(pj_field_reader *r, pj_json root)
{
    return pj_fields_read(r, &diagnostics_field, 1, PJ_OF_ONE, root, r->result);
}
