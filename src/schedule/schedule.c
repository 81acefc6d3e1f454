/* Flattens the graphs of a model into one list of steps. */
#include "schedule/schedule.h"

#include "schedule/work.h"

typedef struct flattening {
    pj_schedule *out;
    pj_arena *arena;
    pj_diags *diags;
    pj_error *err;
} flattening;

/* The findings of the rule on the node itself; those on nodes inside come when their turn does. */
static void keep_own(flattening *f, const pj_diags *found, const pj_node *node)
{
    for (const pj_diag *at = found->first; at; at = at->next)
        if (strcmp(at->node, node->label) == 0)
            pj_diag_add(f->diags, at->code, at->node, "%s", at->message);
}

/* The subgraph whose nodes are layers (NULL: none), and how often it runs. */
static pj_status find_body(flattening *f, pj_node *node, const pj_graph **body, pj_num *runs)
{
    pj_work work;
    bool counted;
    pj_diags found;
    *body = NULL;
    if (!node->desc || !(node->desc->traits & PJ_RUNS_BODY) || pj_node_is_folded(node))
        return PJ_OK;
    pj_diags_init(&found, f->arena);
    pj_status status = pj_work_by_rule(f->out->model, node, f->arena, &found, &work, &counted, f->err);
    if (status != PJ_OK) {
        pj_error_at(f->err, f->out->model->path, node->label, node->op);
        return status;
    }
    keep_own(f, &found, node);
    *body = work.body;
    *runs = work.runs;
    return PJ_OK;
}

/* As deep as subgraphs nest, which loading limits. */
static pj_status add_graph(flattening *f, const pj_graph *graph, pj_num runs)
{
    for (int n = 0; n < graph->nodes; n++) {
        const pj_graph *body;
        pj_num trips;
        PJ_TRY(find_body(f, graph->node[n], &body, &trips));
        if (body && !pj_num_is(trips, 0))
            PJ_TRY(add_graph(f, body, pj_num_mul(f->out->model->symbols, runs, trips)));
        f->out->step[f->out->steps++] = (pj_step){graph->node[n], runs};
    }
    return PJ_OK;
}

pj_status pj_schedule_steps(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_schedule *out, pj_error *err)
{
    flattening f = {out, arena, diags, err};
    *out = (pj_schedule){.model = model, .step = PJ_NEW(arena, pj_step, model->nodes)};
    PJ_TRY(pj_got(out->step, err));
    return add_graph(&f, model->graph, pj_num_of(1));
}

pj_status pj_schedule_buffers(const pj_precision *precision, pj_arena *arena, pj_schedule *out, pj_error *err)
{
    PJ_TRY(pj_buffers_find(precision, arena, &out->buffers, err));
    return pj_lives_find(&out->buffers, NULL, arena, &out->lives, err);
}
