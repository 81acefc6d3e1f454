/* What models are: opening them, and telling of them. The functions of model.h are here. */
#include "base/input.h"
#include "infer/bind.h"
#include "infer/fit.h"
#include "ir/describe.h"
#include "load/load.h"
#include "ops/custom.h"
#include "ops/families.h"
#include "run/findings.h"

static pj_status finish_open(pj_status loaded, const char *name, const pj_setup *setup, pj_model *model, pj_model **out,
                             pj_error *err)
{
    pj_status status = loaded;
    if (status == PJ_OK && setup && setup->op_rules)
        status = pj_custom_read(setup, model, err);
    if (status == PJ_OK)
        status = pj_infer_bound(model, setup, err);
    if (status == PJ_OK) {
        *out = model;
        return PJ_OK;
    }
    pj_error_at(err, name, NULL, NULL);
    pj_model_close(model);
    return status;
}

/* Dimensions are bound after loading, so that they can be bound anew. */
pj_status pj_model_open(const char *path, const pj_setup *setup, pj_model **out, pj_error *err)
{
    const pj_load_options options = {.follow_links = setup && setup->follow_links};
    pj_model *model = NULL;
    *out = NULL;
    pj_status status = pj_load(path, &options, &model, err);
    return finish_open(status, path, setup, model, out, err);
}

pj_status pj_model_open_memory(const void *bytes, size_t size, const char *name, const pj_setup *setup, pj_model **out,
                               pj_error *err)
{
    pj_model *model = NULL;
    *out = NULL;
    pj_status status = pj_load_memory(bytes, size, name, NULL, &model, err);
    return finish_open(status, name, setup, model, out, err);
}

static void close_resource(const pj_resource *resource)
{
    if (resource->close)
        resource->close(resource->payload);
}

pj_status pj_model_open_resource(const pj_resource *resource, const pj_setup *setup, pj_model **out, pj_error *err)
{
    pj_model *model = NULL;
    if (out)
        *out = NULL;
    PJ_TRY(pj_resource_check(resource, err));
    if (!out) {
        close_resource(resource);
        return pj_fail_null(err);
    }
    if (resource->name && !resource->bytes && !resource->read_at) {
        pj_status opened = pj_model_open(resource->name, setup, out, err);
        close_resource(resource); /* a path is read without it */
        return opened;
    }
    pj_status status = pj_load_resource(resource, NULL, &model, err);
    return finish_open(status, resource->name, setup, model, out, err);
}

pj_status pj_model_rebind(pj_model *model, const pj_setup *setup, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model)
        return pj_fail_null(err);
    pj_status status = pj_unbind(model, err);
    if (status == PJ_OK)
        status = pj_infer_bound(model, setup, err);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    return status;
}

void pj_model_close(pj_model *model)
{
    if (model)
        pj_arena_free(model->results);
    pj_unload(model);
}

static bool describe_tensor(pj_arena *arena, const pj_value *value, pj_tensor_info *info)
{
    info->name = value->name;
    info->dtype = pj_type_describe(&value->type, arena);
    info->is_tensor = pj_type_is_tensor(&value->type);
    info->rank = info->is_tensor ? value->type.rank : -1;
    info->is_input = value->is_input;
    info->is_output = value->is_output;
    info->is_initializer = value->tensor != NULL;
    info->dims = info->rank < 0 ? NULL : pj_dims_describe(&value->type, arena);
    return info->dtype && (info->rank < 0 || info->dims);
}

/* Calls `visit` for each value of the main graph: inputs, initializers, outputs of nodes. false: it returned so. */
static bool each_value(const pj_graph *graph, bool (*visit)(const pj_value *value, void *payload), void *payload)
{
    bool ok = true;
    for (int i = 0; ok && i < graph->inputs; i++)
        ok = visit(graph->in[i], payload);
    for (int i = 0; ok && i < graph->initializers; i++)
        ok = visit(graph->initializer[i], payload);
    for (int i = 0; ok && i < graph->nodes; i++)
        for (int o = 0; ok && o < graph->node[i]->outputs; o++)
            ok = !graph->node[i]->out[o] || visit(graph->node[i]->out[o], payload);
    return ok;
}

/* A list that is being made. */
typedef struct tensor_list {
    pj_arena *arena;
    pj_tensor_info *infos;
    size_t count;
} tensor_list;

static bool list_tensor(const pj_value *value, void *payload)
{
    tensor_list *list = payload;
    return describe_tensor(list->arena, value, &list->infos[list->count++]);
}

const pj_tensor_info *pj_model_tensors(pj_model *model, size_t *count)
{
    pj_arena *arena = pj_model_results(model);
    *count = model->told.tensor_count;
    if (model->told.tensors)
        return model->told.tensors;
    pj_tensor_info *infos = PJ_NEW(arena, pj_tensor_info, model->values);
    tensor_list list = {arena, infos, 0};
    bool ok = infos && each_value(model->graph, list_tensor, &list);
    *count = list.count;
    if (!ok)
        return NULL;
    model->told.tensor_count = *count;
    return model->told.tensors = infos;
}

const pj_finding *pj_model_findings(pj_model *model, size_t *count)
{
    *count = model->told.finding_count;
    if (model->told.findings)
        return model->told.findings;
    pj_finding *findings = PJ_NEW(pj_model_results(model), pj_finding, model->diags.count);
    *count = model->told.finding_count = findings ? pj_findings_copy(&model->diags, findings) : 0;
    return model->told.findings = findings;
}

/* What all values tell of the model. */
typedef struct boundary {
    tensor_list in, out;
    pj_model_info *info;
} boundary;

/* Type and shape; of sequences and the like, the type. */
static bool is_known(const pj_type *type)
{
    if (!pj_type_is_tensor(type))
        return type->kind != PJ_KIND_UNKNOWN;
    bool known = type->dtype != PJ_UNDEFINED && type->rank >= 0;
    for (int k = 0; known && k < type->rank; k++)
        known = pj_num_known(type->dims[k]) || pj_num_symbolic(type->dims[k]);
    return known;
}

static bool count_tensor(const pj_value *value, void *payload)
{
    boundary *b = payload;
    b->info->tensors++;
    b->info->tensors_known += is_known(&value->type);
    return (!value->is_input || list_tensor(value, &b->in)) && (!value->is_output || list_tensor(value, &b->out));
}

/* Inputs and outputs, and how many tensors there are. */
static bool describe_boundary(pj_model *model, pj_arena *arena, pj_model_info *info)
{
    pj_tensor_info *inputs = PJ_NEW(arena, pj_tensor_info, model->graph->inputs);
    pj_tensor_info *outputs = PJ_NEW(arena, pj_tensor_info, model->graph->outputs);
    boundary b = {
        {arena, inputs,  0},
        {arena, outputs, 0},
        info
    };
    bool ok = inputs && outputs && each_value(model->graph, count_tensor, &b);
    info->inputs = inputs;
    info->input_count = b.in.count;
    info->outputs = outputs;
    info->output_count = b.out.count;
    return ok;
}

static bool describe_data(const pj_model *model, pj_arena *arena, pj_model_info *info)
{
    size_t count = 0;
    for (const pj_data_path *at = model->data; at; at = at->next)
        count++;
    const char **files = PJ_NEW(arena, const char *, count);
    info->data_files = files;
    for (const pj_data_path *at = model->data; files && at; at = at->next)
        files[info->data_file_count++] = at->path;
    return files;
}

const pj_model_info *pj_model_describe(pj_model *model)
{
    pj_arena *arena = pj_model_results(model);
    if (model->told.info)
        return model->told.info;
    pj_model_info *info = PJ_NEW(arena, pj_model_info, 1);
    pj_opset_info *opsets = PJ_NEW(arena, pj_opset_info, model->opsets);
    if (!info || !opsets)
        return NULL;
    for (int i = 0; i < model->opsets; i++)
        opsets[i] = (pj_opset_info){model->opset[i].domain, model->opset[i].version};
    *info = (pj_model_info){.path = model->path,
                            .producer = model->producer,
                            .ir_version = model->ir_version,
                            .file_bytes = model->file_bytes,
                            .opsets = opsets,
                            .opset_count = (size_t)model->opsets,
                            .nodes = (size_t)model->nodes,
                            .dims = model->dim,
                            .dim_count = (size_t)model->dims,
                            .op_rules = pj_custom_path(model)};
    if (!describe_boundary(model, arena, info) || !describe_data(model, arena, info))
        return NULL;
    return model->told.info = info;
}

void pj_operators(void (*visit)(const pj_operator_info *info, void *payload), void *payload)
{
    const unsigned workless = PJ_VIEW | PJ_MOVE | PJ_SHAPE_ONLY;
    for (const pj_op_family *const *family = pj_op_families(); *family; family++) {
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *row = &(*family)->rows[i];
            pj_operator_info info = {(*family)->name,
                                     row->domain,
                                     row->op,
                                     row->since,
                                     row->shape != NULL,
                                     row->value != NULL,
                                     row->work != NULL || (row->traits & workless) != 0};
            visit(&info, payload);
        }
    }
}
