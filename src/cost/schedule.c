/* Flattens the graphs of a model into one list of layers. */
#include "cost/schedule.h"

#include <string.h>

#include "cost/work.h"

typedef struct schedule {
    const pj_model *model;
    pj_arena *arena;
    pj_diags *diags;
    pj_error *err;
    pj_scheduled *at; /* room for all nodes of the model */
    size_t count;
} schedule;

/* The findings of the rule on the node itself; those on nodes inside come when their turn does. */
static void keep_own(schedule *s, const pj_diags *found, const pj_node *node)
{
    for (const pj_diag *at = found->first; at; at = at->next)
        if (strcmp(at->node, node->label) == 0)
            pj_diag_add(s->diags, at->code, at->node, "%s", at->message);
}

/* The subgraph whose nodes are layers (NULL: none), and how often it runs. */
static pj_status find_body(schedule *s, pj_node *node, const pj_graph **body, pj_num *runs)
{
    pj_work work;
    bool counted;
    pj_diags found;
    *body = NULL;
    if (!node->desc || !(node->desc->traits & PJ_RUNS_BODY) || pj_node_is_folded(node))
        return PJ_OK;
    pj_diags_init(&found, s->arena);
    pj_status status = pj_work_by_rule(s->model, node, s->arena, &found, &work, &counted, s->err);
    if (status != PJ_OK) {
        pj_error_at(s->err, s->model->path, node->label, node->op);
        return status;
    }
    keep_own(s, &found, node);
    *body = work.body;
    *runs = work.runs;
    return PJ_OK;
}

/* As deep as subgraphs nest, which loading limits. */
static pj_status add_graph(schedule *s, const pj_graph *graph, pj_num runs)
{
    for (int n = 0; n < graph->nodes; n++) {
        const pj_graph *body;
        pj_num trips;
        PJ_TRY(find_body(s, graph->node[n], &body, &trips));
        if (body && !pj_num_is(trips, 0))
            PJ_TRY(add_graph(s, body, pj_num_mul(s->model->symbols, runs, trips)));
        s->at[s->count++] = (pj_scheduled){graph->node[n], runs};
    }
    return PJ_OK;
}

pj_status pj_schedule(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_scheduled **out, size_t *count,
                      pj_error *err)
{
    schedule s = {.model = model, .arena = arena, .diags = diags, .err = err};
    s.at = PJ_NEW(arena, pj_scheduled, model->nodes);
    if (!s.at)
        return pj_fail_memory(err);
    PJ_TRY(add_graph(&s, model->graph, pj_num_of(1)));
    *out = s.at;
    *count = s.count;
    return PJ_OK;
}
