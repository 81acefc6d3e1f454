/* What the file declares, and putting it back. */
#include "infer/declared.h"

#include "infer/bind.h"

typedef struct noting {
    pj_model *model;
    pj_error *err;
} noting;

bool pj_has_symbol(const pj_type *type)
{
    bool found = type->of && pj_has_symbol(type->of);
    for (int k = 0; !found && k < type->rank; k++)
        found = pj_num_symbolic(type->dims[k]);
    return found;
}

pj_status pj_each_node(const pj_graph *graph, pj_node_visit visit, void *payload)
{
    for (int n = 0; n < graph->nodes; n++) {
        pj_node *node = graph->node[n];
        PJ_TRY(visit(payload, node));
        for (int a = 0; a < node->attrs; a++) {
            const pj_attr *attr = &node->attr[a];
            if (attr->kind == PJ_ATTR_GRAPH)
                PJ_TRY(pj_each_node(attr->graph, visit, payload));
            for (int i = 0; attr->kind == PJ_ATTR_GRAPHS && i < attr->count; i++)
                PJ_TRY(pj_each_node(attr->graphs[i], visit, payload));
        }
    }
    return PJ_OK;
}

static pj_status note_type(noting *n, pj_type *type)
{
    pj_model *model = n->model;
    pj_declared *more = pj_arena_more(model->arena, model->declared, (size_t)model->declareds, sizeof *more);
    PJ_TRY(pj_got(more, n->err));
    model->declared = more;
    model->declared[model->declareds++] = (pj_declared){type, *type};
    return PJ_OK;
}

/* Types in attributes; once copied, they are not shared. */
static pj_status note_attr(noting *n, pj_attr *attr)
{
    bool found = false;
    if (attr->kind != PJ_ATTR_TYPE && attr->kind != PJ_ATTR_TYPES)
        return PJ_OK;
    for (int i = 0; i < attr->count; i++)
        found = found || pj_has_symbol(&attr->type[i]);
    if (!found)
        return PJ_OK;
    pj_type *copy = pj_arena_memdup(n->model->arena, attr->type, (size_t)attr->count, sizeof *copy);
    PJ_TRY(pj_got(copy, n->err));
    attr->type = copy;
    for (int i = 0; i < attr->count; i++)
        PJ_TRY(note_type(n, &copy[i]));
    return PJ_OK;
}

static pj_status note_attrs(void *payload, pj_node *node)
{
    for (int a = 0; a < node->attrs; a++)
        PJ_TRY(note_attr(payload, &node->attr[a]));
    return PJ_OK;
}

pj_status pj_declared_note(pj_model *model, pj_error *err)
{
    noting n = {model, err};
    bool bound, any = pj_symbols_name(model->symbols, 0, &bound) != NULL;
    for (int i = 0; i < model->values; i++) {
        pj_value *value = model->value[i];
        if ((value->is_input && value->graph == model->graph) || pj_has_symbol(&value->declared))
            PJ_TRY(note_type(&n, &value->declared));
    }
    if (any)
        PJ_TRY(pj_each_node(model->graph, note_attrs, &n));
    model->loaded = model->diags;
    model->is_bound = true;
    return PJ_OK;
}

pj_status pj_unbind(pj_model *model, pj_error *err)
{
    pj_arena *fresh = pj_arena_new(pj_arena_limit(model->arena));
    PJ_TRY(pj_got(fresh, err));
    pj_arena_free(model->results);
    model->results = fresh;
    memset(&model->told, 0, sizeof model->told);
    for (int i = 0; i < model->declareds; i++)
        *model->declared[i].type = model->declared[i].original;
    for (int i = 0; i < model->values; i++) {
        pj_value *value = model->value[i];
        value->is_constant = value->is_folded = false;
        value->data = NULL;
        value->data_count = 0;
        if (!value->tensor)
            value->type = value->is_input ? value->declared : pj_type_unknown();
    }
    if (model->is_bound)
        model->diags = model->loaded;
    if (model->diags.last)
        model->diags.last->next = NULL;
    model->diags.arena = fresh;
    model->keeper = NULL;
    model->dim = NULL;
    model->dims = 0;
    memset(&model->trips, 0, sizeof model->trips);
    return PJ_OK;
}
