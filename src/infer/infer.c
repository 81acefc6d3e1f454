/* The walk over the graph that runs shape and value rules. */
#include "infer/infer.h"

#include "ops/custom.h"
#include "ops/subgraph.h"
#include "ops/vendor.h"

typedef struct walk {
    pj_model *model;
    pj_diags *diags;
    pj_error *err;
    pj_map found;  /* op -> lookup list: a model repeats few operators many times */
    pj_map *fixed; /* pj_infer_noting, or NULL */
    bool is_again; /* operators have been looked up */
} walk;

/* One operator looked up: rows differ by domain and opset. */
typedef struct lookup {
    const char *domain;
    int64_t opset;
    const pj_op_desc *desc;
    struct lookup *next;
} lookup;

static pj_status infer_graph(walk *w, pj_graph *graph);

static pj_status find_desc(walk *w, pj_node *node)
{
    if (w->is_again && node->desc)
        return PJ_OK;
    lookup *first = pj_map_get(&w->found, node->op);
    for (lookup *at = first; at; at = at->next) {
        if (at->opset == node->opset && strcmp(at->domain, node->domain) == 0) {
            node->desc = at->desc;
            return PJ_OK;
        }
    }
    lookup *fresh = PJ_NEW(pj_model_results(w->model), lookup, 1);
    PJ_TRY(pj_got(fresh, w->err));
    const pj_op_desc *desc = pj_custom_find(w->model, node->domain, node->op);
    if (!desc)
        desc = pj_op_find(node->domain, node->op, node->opset);
    if (!desc)
        PJ_TRY(pj_custom_shipped(w->model, node->domain, node->op, w->diags, &desc, w->err));
    if (!desc && (desc = pj_vendor_find(node->domain, node->op)) != NULL)
        pj_diag_add(w->diags, PJ_DIAG_OP_RULE, NULL, "operator %s::%s is taken as a quantizer, by its name",
                    node->domain, node->op);
    *fresh = (lookup){node->domain, node->opset, desc, first};
    node->desc = fresh->desc;
    return pj_got(pj_map_put(&w->found, node->op, fresh), w->err);
}

static pj_status call_infer_graph(pj_ctx *c, pj_graph *graph)
{
    return infer_graph(c->payload, graph);
}

static const pj_driver driver = {call_infer_graph, NULL};

/* Says that rule and file disagree. */
static pj_status report_conflict(walk *w, const pj_node *node, const pj_value *value)
{
    pj_str computed = pj_str_new(4096), declared = pj_str_new(4096);
    pj_type_print(&value->type, &computed);
    pj_type_print(&value->declared, &declared);
    pj_diag_add(w->diags, PJ_DIAG_SHAPE_CONFLICT, node->label,
                "'%s' is declared as %s, but the graph computes %s; the computed one is used", value->name,
                declared.data, computed.data);
    bool no_memory = computed.no_memory || declared.no_memory;
    pj_str_free(&computed);
    pj_str_free(&declared);
    return no_memory ? pj_fail_memory(w->err) : PJ_OK;
}

/* Fills unknown dims of `value` from the declared ones; *conflict: known ones differ. */
static pj_status merge_dims(walk *w, pj_value *value, bool *conflict)
{
    const pj_type *declared = &value->declared;
    pj_num dims[PJ_MAX_RANK];
    bool better = false;
    for (int k = 0; k < value->type.rank; k++) {
        pj_num mine = value->type.dims[k], theirs = declared->dims[k];
        better = better || (pj_num_is_unknown(mine) && !pj_num_is_unknown(theirs));
        *conflict = *conflict || (pj_num_known(mine) && pj_num_known(theirs) && mine.whole != theirs.whole);
        dims[k] = pj_num_is_unknown(mine) ? theirs : mine;
    }
    if (!better || *conflict)
        return PJ_OK;
    value->type.dims = pj_arena_memdup(pj_model_results(w->model), dims, (size_t)value->type.rank, sizeof *dims);
    return pj_got(value->type.dims, w->err);
}

static pj_status merge_declared(walk *w, const pj_node *node, pj_value *value)
{
    const pj_type *declared = &value->declared;
    bool conflict = false;
    if (declared->kind == PJ_KIND_UNKNOWN)
        return PJ_OK;
    if (value->type.kind == PJ_KIND_UNKNOWN) {
        value->type = *declared;
        return PJ_OK;
    }
    if (value->type.kind != declared->kind)
        return report_conflict(w, node, value);
    if (declared->kind != PJ_TENSOR) {
        pj_ctx c = {.arena = pj_model_results(w->model), .err = w->err};
        return pj_types_fill(&c, &value->type, declared, &value->type);
    }
    if (value->type.dtype == PJ_UNDEFINED)
        value->type.dtype = declared->dtype;
    else
        conflict = declared->dtype != PJ_UNDEFINED && declared->dtype != value->type.dtype;
    if (value->type.rank < 0) {
        value->type.rank = declared->rank;
        value->type.dims = declared->dims;
    } else if (declared->rank >= 0 && declared->rank != value->type.rank) {
        conflict = true;
    } else if (declared->rank >= 0) {
        PJ_TRY(merge_dims(w, value, &conflict));
    }
    return conflict ? report_conflict(w, node, value) : PJ_OK;
}

/* Constant: made from constants alone. Folded: made from constants and shapes alone, so known before the run. */
static void mark_outputs(const pj_node *node)
{
    const pj_op_desc *desc = node->desc;
    bool constant = desc && !(desc->traits & PJ_RANDOM), folded;
    for (int i = 0; i < node->inputs; i++)
        constant = constant && (!node->in[i] || node->in[i]->is_constant);
    folded = constant || (desc && (desc->traits & PJ_SHAPE_ONLY));
    if (!folded && desc && !(desc->traits & (PJ_RANDOM | PJ_CONTROL))) {
        folded = true;
        for (int i = 0; i < node->inputs; i++)
            folded = folded && (!node->in[i] || node->in[i]->is_constant || node->in[i]->is_folded);
    }
    if (desc && (desc->traits & PJ_CONTROL))
        constant = folded = false;
    for (int o = 0; o < node->outputs; o++) {
        if (node->out[o]) {
            node->out[o]->is_constant = constant;
            node->out[o]->is_folded = folded;
        }
    }
}

static pj_status fail_output(walk *w, pj_status status, const pj_value *value, const char *what)
{
    pj_str text = pj_str_new(400);
    pj_type_print(&value->type, &text);
    pj_fail(w->err, status, "a dimension of '%s' %s: %s", value->name, what, text.data);
    pj_str_free(&text);
    return status;
}

static pj_status check_output(walk *w, const pj_node *node, pj_value *value)
{
    for (int k = 0; k < value->type.rank; k++) {
        if (pj_num_overflowed(value->type.dims[k]))
            return fail_output(w, PJ_EOVERFLOW, value, "does not fit 64 bits");
        if (pj_num_known(value->type.dims[k]) && value->type.dims[k].whole < 0)
            return fail_output(w, PJ_ESHAPE, value, "is negative");
    }
    return merge_declared(w, node, value);
}

static pj_status run_rules(walk *w, pj_node *node)
{
    pj_ctx c = {w->model, pj_model_results(w->model), w->model->symbols, node, w->err, PJ_OK, w->diags, &driver, w,
                w->fixed};
    if (node->desc->shape) {
        PJ_TRY(node->desc->shape(&c));
        PJ_TRY(c.failed);
    }
    mark_outputs(node);
    if (node->desc->value) {
        PJ_TRY(node->desc->value(&c));
        PJ_TRY(c.failed);
    }
    return PJ_OK;
}

/* The contents of an initializer: decoded for the first that reads them, and kept with the model. */
static pj_status read_constant(walk *w, pj_value *value)
{
    if (!value->tensor || value->data)
        return PJ_OK;
    PJ_TRY(pj_got(pj_tensor_decode(w->model->arena, value->tensor), w->err));
    value->data = value->tensor->data;
    value->data_count = value->data ? value->tensor->count : 0;
    return PJ_OK;
}

/* Nothing depends on the contents of weights, biases and the like, and there are many of them. */
static pj_status read_constants(walk *w, const pj_node *node)
{
    for (int i = 0; node->desc && i < node->inputs; i++) {
        char role = pj_node_role(node, i);
        if (node->in[i] && role != 'w' && role != 'b')
            PJ_TRY(read_constant(w, node->in[i]));
    }
    return PJ_OK;
}

/* An operator that nobody knows, and what may be meant. */
static pj_status report_unknown(walk *w, const pj_node *node)
{
    int since;
    const char *other = pj_op_elsewhere(node->domain, node->op, &since);
    pj_str op = pj_str_new(4096), why = pj_str_new(400);
    pj_node_op_print(node, &op);
    if (since > node->opset && node->opset > 0)
        pj_str_printf(&why, "known from opset %d on, but the model imports %" PRId64, since, node->opset);
    else if (other)
        pj_str_printf(&why, "not known in ai.onnx, but in %s: the node may lack its domain", other);
    else
        pj_str_add(&why, "not known");
    pj_diag_add(w->diags, PJ_DIAG_UNKNOWN_OP, node->label,
                "operator %s is %s; its outputs take the types that the file declares", op.data, why.data);
    bool no_memory = op.no_memory || why.no_memory;
    pj_str_free(&op);
    pj_str_free(&why);
    return no_memory ? pj_fail_memory(w->err) : PJ_OK;
}

static pj_status infer_node(walk *w, pj_node *node)
{
    for (int o = 0; o < node->outputs; o++) {
        if (node->out[o]) {
            node->out[o]->type = pj_type_unknown();
            node->out[o]->data = NULL;
            node->out[o]->data_count = 0;
        }
    }
    PJ_TRY(find_desc(w, node));
    PJ_TRY(read_constants(w, node));
    pj_status status = node->desc ? run_rules(w, node) : PJ_OK;
    if (status == PJ_ESHAPE && pj_custom_is_shipped(w->model, node->desc)) {
        node->desc = NULL; /* the rules that come along are of another version of it */
        if (w->err)
            memset(w->err, 0, sizeof *w->err);
    } else if (status != PJ_OK) {
        return status;
    }
    if (!node->desc)
        mark_outputs(node);
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            PJ_TRY(check_output(w, node, node->out[o]));
    return node->desc ? PJ_OK : report_unknown(w, node);
}

static pj_status start_values(walk *w, const pj_graph *graph)
{
    for (int i = 0; i < graph->inputs; i++) {
        pj_value *in = graph->in[i];
        if (!graph->parent)
            in->type = in->declared; /* a subgraph's inputs are set by the node that holds it */
        in->is_constant = in->is_folded = false;
    }
    for (int i = 0; i < graph->initializers; i++) {
        pj_value *value = graph->initializer[i];
        value->is_constant = value->is_folded = true;
        value->data = value->tensor->data;
        value->data_count = value->tensor->data ? value->tensor->count : 0;
    }
    for (int i = 0; i < graph->outputs; i++)
        PJ_TRY(read_constant(w, graph->out[i]));
    return PJ_OK;
}

static pj_status infer_graph(walk *w, pj_graph *graph)
{
    PJ_TRY(start_values(w, graph));
    for (int i = 0; i < graph->nodes; i++) {
        pj_node *node = graph->node[i];
        pj_status status = infer_node(w, node);
        if (status != PJ_OK) {
            pj_str op = pj_str_new(4096);
            pj_node_op_print(node, &op);
            pj_error_at(w->err, w->model->path, node->label, op.data);
            pj_str_free(&op);
            return status;
        }
    }
    return PJ_OK;
}

pj_status pj_infer(pj_model *model, pj_diags *diags, pj_error *err)
{
    return pj_infer_noting(model, diags, NULL, err);
}

static pj_status infer_all(walk *w)
{
    pj_model *model = w->model;
    pj_map_init(&w->found, pj_model_results(model));
    PJ_TRY(infer_graph(w, model->graph));
    bool failed = pj_arena_failed(model->arena) || pj_arena_failed(pj_model_results(model));
    return failed ? pj_fail_memory(w->err) : PJ_OK;
}

pj_status pj_infer_noting(pj_model *model, pj_diags *diags, pj_map *fixed, pj_error *err)
{
    walk w = {.model = model, .diags = diags, .fixed = fixed, .err = err};
    return infer_all(&w);
}

pj_status pj_infer_again(pj_model *model, pj_diags *diags, pj_error *err)
{
    walk w = {.model = model, .diags = diags, .err = err, .is_again = true};
    return infer_all(&w);
}

pj_status pj_infer_node(pj_model *model, pj_node *node, pj_diags *diags, pj_error *err)
{
    walk w = {.model = model, .diags = diags, .err = err};
    pj_map_init(&w.found, pj_model_results(model));
    return infer_node(&w, node);
}
