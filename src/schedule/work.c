/* Counting: presets traffic to whole tensors and runs the work rule. */
#include "schedule/work.h"

static const pj_num zero;

/* Rules write to the places that their operator defines; a node that leaves out its last inputs has fewer. They write
 * here, and what the node has is kept. */
enum { PLACES = 32 };

typedef struct traffic {
    pj_num read[PLACES], written[PLACES];
} traffic;

/* All elements of each tensor, once; control inputs (shapes, axes) are not data. */
static pj_status preset_traffic(const pj_model *model, const pj_node *node, pj_arena *arena, traffic *room,
                                pj_work *work, pj_error *err)
{
    memset(room, 0, sizeof *room);
    work->read = node->inputs <= PLACES ? room->read : PJ_NEW(arena, pj_num, node->inputs);
    work->written = node->outputs <= PLACES ? room->written : PJ_NEW(arena, pj_num, node->outputs);
    PJ_TRY(pj_got(work->read && work->written, err));
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && !(node->desc && pj_node_role(node, i) == 'c'))
            work->read[i] = pj_type_count(model->symbols, &node->in[i]->type);
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o])
            work->written[o] = pj_type_count(model->symbols, &node->out[o]->type);
    return PJ_OK;
}

static pj_status keep_traffic(const pj_node *node, pj_arena *arena, const traffic *room, pj_work *work, pj_error *err)
{
    if (work->read == room->read)
        work->read = pj_arena_memdup(arena, room->read, (size_t)node->inputs, sizeof *room->read);
    if (work->written == room->written)
        work->written = pj_arena_memdup(arena, room->written, (size_t)node->outputs, sizeof *room->written);
    return pj_got(work->read && work->written, err);
}

/* Not unknown, not negative (as by an attribute "number of heads" of -1), and not past 64 bits. */
static pj_status check(const pj_num *nums, int count, bool *counted, pj_error *err)
{
    for (int k = 0; k < count; k++) {
        if (pj_num_overflowed(nums[k]))
            return pj_fail(err, PJ_EOVERFLOW, "a count of this layer's work does not fit 64 bits");
        if (pj_num_known(nums[k]) && nums[k].whole < 0)
            return pj_fail(err, PJ_ESHAPE,
                           "this layer's work comes out as %lld operations or elements: a size among its "
                           "attributes or inputs is negative",
                           (long long)nums[k].whole);
        *counted = *counted && !pj_num_is_unknown(nums[k]);
    }
    return PJ_OK;
}

static pj_status sum_graph(pj_ctx *c, const pj_graph *graph, pj_work *sum)
{
    for (int i = 0; i < graph->nodes; i++) {
        pj_work work;
        bool counted;
        PJ_TRY(pj_work_of_node(c->model, graph->node[i], c->arena, c->diags, &work, &counted, c->err));
        for (int p = 0; p < PJ_PRIMS; p++)
            sum->count[p] = counted ? pj_num_add(c->symbols, sum->count[p], work.count[p]) : pj_num_unknown();
    }
    return PJ_OK;
}

static const pj_driver driver = {NULL, sum_graph};

static pj_status run_rule(pj_ctx *c, pj_work *out, bool *counted)
{
    const pj_op_desc *desc = c->node->desc;
    if (desc && desc->work) {
        PJ_TRY(desc->work(c, out));
        return c->failed;
    }
    *counted = desc && (desc->traits & (PJ_VIEW | PJ_MOVE | PJ_SHAPE_ONLY)) != 0;
    return PJ_OK;
}

pj_status pj_work_by_rule(const pj_model *model, pj_node *node, pj_arena *arena, pj_diags *diags, pj_work *out,
                          bool *counted, pj_error *err)
{
    pj_ctx c = {model, arena, model->symbols, node, err, PJ_OK, diags, &driver, NULL, NULL};
    traffic room;
    memset(out, 0, sizeof *out);
    out->terms = zero;
    *counted = true;
    pj_status status = preset_traffic(model, node, arena, &room, out, err);
    if (status == PJ_OK)
        status = run_rule(&c, out, counted);
    if (status == PJ_OK)
        status = keep_traffic(node, arena, &room, out, err);
    if (status != PJ_OK) { /* nothing may point into `room` any more */
        out->read = out->written = NULL;
        return status;
    }
    if (!node->desc)
        return PJ_OK;
    PJ_TRY(check(out->count, PJ_PRIMS, counted, err));
    PJ_TRY(check(out->read, node->inputs, counted, err));
    return check(out->written, node->outputs, counted, err);
}

pj_status pj_work_blank(const pj_node *node, pj_arena *arena, pj_work *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    out->terms = zero;
    out->read = PJ_NEW(arena, pj_num, node->inputs);
    out->written = PJ_NEW(arena, pj_num, node->outputs);
    return pj_got(out->read && out->written, err);
}

pj_status pj_work_of_node(const pj_model *model, pj_node *node, pj_arena *arena, pj_diags *diags, pj_work *out,
                          bool *counted, pj_error *err)
{
    bool is_known = !node->outputs || pj_node_is_folded(node);
    bool is_nothing = node->desc && (is_known || node->desc->traits & (PJ_VIEW | PJ_SHAPE_ONLY));
    if (!is_nothing)
        return pj_work_by_rule(model, node, arena, diags, out, counted, err);
    *counted = true;
    return pj_work_blank(node, arena, out, err);
}
