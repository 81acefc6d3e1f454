/* Walks nodes in the order in which they run and notes who reads a buffer last. */
#include "schedule/lives.h"

#include "ops/op.h"

typedef struct walk {
    pj_buffers *b;
    pj_lives *out;
    pj_error *err;
    int *readers; /* by root: those of pj_buffers.reads that have not read it yet */
    int *stack;   /* bundles that die */
} walk;

/* The buffer dies at this step, and what a bundle alone kept dies with it. `node` runs then; NULL: at the start. */
static void bury(walk *w, const pj_graph *graph, const pj_node *node, int root, int step)
{
    int depth = 0;
    w->stack[depth++] = root;
    while (depth) {
        int at = w->stack[--depth];
        const pj_node *maker = w->b->model->value[at]->producer;
        w->out->dies[at] = step;
        if (node) {
            w->out->next_dead[at] = w->out->first_dead[node->id];
            w->out->first_dead[node->id] = at;
        }
        for (int i = 0; pj_buffers_is_bundle(w->b, at) && i < maker->inputs; i++) {
            int kept = pj_buffers_root(w->b, graph, maker->in[i]);
            if (kept >= 0 && --w->readers[kept] == 0)
                w->stack[depth++] = kept;
        }
    }
}

static void give_birth(walk *w, const pj_value *value, int step)
{
    if (!pj_buffers_owns(w->b, value))
        return;
    w->readers[value->index] = w->b->reads[value->index];
    w->out->born[value->index] = step;
}

/* What is made at this step and never read dies at it. */
static void bury_unread(walk *w, const pj_graph *graph, const pj_node *node, const pj_value *value, int step)
{
    if (pj_buffers_owns(w->b, value) && w->readers[value->index] == 0)
        bury(w, graph, node, value->index, step);
}

static pj_status run_graph(walk *w, const pj_graph *graph, const int *order);

static pj_status run_body(const pj_graph *body, void *payload)
{
    return run_graph(payload, body, NULL);
}

static pj_status run_node(walk *w, const pj_node *node, int step)
{
    if (node->attrs)
        PJ_TRY(pj_buffers_bodies(node, run_body, w));
    PJ_TRY(pj_buffers_reads(w->b, node, w->err));
    for (int o = 0; o < node->outputs; o++)
        give_birth(w, node->out[o], step);
    for (int k = 0; k < w->b->listed; k++)
        if (--w->readers[w->b->list[k]] == 0)
            bury(w, node->graph, node, w->b->list[k], step);
    for (int o = 0; o < node->outputs; o++)
        bury_unread(w, node->graph, node, node->out[o], step);
    return PJ_OK;
}

static pj_status run_graph(walk *w, const pj_graph *graph, const int *order)
{
    for (int i = 0; i < graph->inputs; i++)
        give_birth(w, graph->in[i], 0);
    for (int i = 0; i < graph->inputs; i++)
        bury_unread(w, graph, NULL, graph->in[i], 0);
    for (int k = 0; k < graph->nodes; k++)
        PJ_TRY(run_node(w, graph->node[order ? order[k] : k], k + 1));
    return PJ_OK;
}

pj_status pj_lives_find(pj_buffers *b, const int *order, pj_arena *arena, pj_lives *out, pj_error *err)
{
    int values = b->model->values, nodes = b->model->nodes;
    walk w = {
        .b = b, .out = out, .err = err, .readers = PJ_NEW(arena, int, values), .stack = PJ_NEW(arena, int, values + 1)};
    *out = (pj_lives){PJ_NEW(arena, int, values), PJ_NEW(arena, int, values), PJ_NEW(arena, int, nodes),
                      PJ_NEW(arena, int, values)};
    PJ_TRY(pj_got(w.readers && w.stack && out->born && out->dies && out->first_dead && out->next_dead, err));
    for (int i = 0; i < values; i++) {
        out->born[i] = out->dies[i] = PJ_STEP_NEVER;
        out->next_dead[i] = -1;
    }
    for (int n = 0; n < nodes; n++)
        out->first_dead[n] = -1;
    return run_graph(&w, b->model->graph, order);
}
