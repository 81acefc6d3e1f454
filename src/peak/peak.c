/* Runs the nodes in an order and keeps account of the buffers in memory. */
#include "peak/peak.h"

#include "ops/op.h"

/* One account: of the main graph, with those of its subgraphs inside it. */
typedef struct account {
    const pj_buffers *b;
    const pj_lives *lives;
    pj_error *err;
} account;

/* The peak of one graph. */
typedef struct high {
    int64_t bytes;
    int step;
    const pj_node *node; /* NULL: at the start */
    int replaced, by;    /* roots: the second one is written over the first; -1: none */
} high;

/* Does the node read the buffer only at the places where it writes the output? Equal counts of elements say so: then
 * nothing is broadcast. */
static bool reads_in_place(const account *a, const pj_node *node, int root)
{
    pj_symbols *symbols = a->b->model->symbols;
    pj_num count = pj_type_count(symbols, &node->out[0]->type);
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && a->b->root[node->in[i]->index] == root &&
            !pj_num_equal(pj_type_count(symbols, &node->in[i]->type), count))
            return false;
    return true;
}

/* The input that output 0 of an element-wise operator is written over: one that dies here and is large enough. */
static int find_replaced(const account *a, const pj_node *node, int step)
{
    const pj_value *out = node->outputs > 0 ? node->out[0] : NULL;
    if (!node->desc || !(node->desc->traits & PJ_ELEMENT) || !pj_buffers_owns(a->b, out) ||
        a->b->is_unknown[out->index])
        return -1;
    for (int i = 0; i < node->inputs; i++) {
        int root = pj_node_role(node, i) == 'x' ? pj_buffers_root(a->b, node->graph, node->in[i]) : -1;
        if (root >= 0 && a->lives->dies[root] == step && a->b->bytes[root] >= a->b->bytes[out->index] &&
            reads_in_place(a, node, root))
            return root;
    }
    return -1;
}

/* What is in memory while each node of a graph runs. */
typedef struct course {
    const pj_schedule *schedule;
    pj_memory_point *point; /* room for one a node */
    size_t count, step;
    size_t *layer; /* by step of the main graph, which is one more than the node's place; one more than there are: what
                      is there at the end; NULL: nobody asks */
    int *replaced; /* by step: the root that output 0 is written over; -1: none */
} course;

/* A point where it changes. Nodes of the main graph stand among the steps in their order. */
static void add_point(course *c, const pj_node *node, int step, int64_t bytes)
{
    while (c->step < c->schedule->steps && c->schedule->step[c->step].node != node)
        c->step++;
    if (c->layer)
        c->layer[step] = c->step;
    if (c->count == 0 || c->point[c->count - 1].bytes != bytes)
        c->point[c->count++] = (pj_memory_point){c->step, bytes};
}

static pj_status run_graph(const account *a, const pj_graph *graph, const int *order, course *along, high *out);

/* The subgraph of a node with the highest peak. */
typedef struct bodies {
    const account *a;
    const pj_graph *highest;
    high high;
} bodies;

static pj_status run_body(const pj_graph *body, void *payload)
{
    bodies *all = payload;
    high one;
    PJ_TRY(run_graph(all->a, body, NULL, NULL, &one));
    if (!all->highest || one.bytes > all->high.bytes) {
        all->highest = body;
        all->high = one;
    }
    return PJ_OK;
}

static pj_status run_bodies(const account *a, const pj_node *node, bodies *out)
{
    *out = (bodies){.a = a};
    return node->attrs ? pj_buffers_bodies(node, run_body, out) : PJ_OK;
}

static int64_t start(const account *a, const pj_graph *graph)
{
    int64_t live = 0;
    for (int i = 0; i < graph->inputs; i++)
        if (pj_buffers_owns(a->b, graph->in[i]))
            live += a->b->bytes[graph->in[i]->index];
    return live;
}

/* Bytes of the inputs that no node reads: freed after the start. */
static int64_t unread(const account *a, const pj_graph *graph)
{
    int64_t freed = 0;
    for (int i = 0; i < graph->inputs; i++)
        if (pj_buffers_owns(a->b, graph->in[i]) && a->lives->dies[graph->in[i]->index] == 0)
            freed += a->b->bytes[graph->in[i]->index];
    return freed;
}

/* One node; *live: bytes before, then after it. */
static pj_status run_node(const account *a, const pj_node *node, int step, int64_t *live, course *along, high *peak)
{
    bodies inside;
    int64_t made = pj_buffers_made(a->b, node), freed = 0;
    PJ_TRY(run_bodies(a, node, &inside));
    int replaced = find_replaced(a, node, step);
    int64_t now = *live + made + inside.high.bytes - (replaced >= 0 ? a->b->bytes[node->out[0]->index] : 0);
    if (along)
        add_point(along, node, step, now);
    if (along && along->replaced)
        along->replaced[step] = replaced;
    if (now > peak->bytes)
        *peak = (high){now, step, node, replaced, replaced >= 0 ? node->out[0]->index : -1};
    for (int root = a->lives->first_dead[node->id]; root >= 0; root = a->lives->next_dead[root])
        freed += a->b->bytes[root];
    *live += made - freed;
    return PJ_OK;
}

/* `along` may be NULL. */
static pj_status run_graph(const account *a, const pj_graph *graph, const int *order, course *along, high *out)
{
    int64_t live = start(a, graph);
    *out = (high){live, 0, NULL, -1, -1};
    live -= unread(a, graph);
    for (int k = 0; k < graph->nodes; k++)
        PJ_TRY(run_node(a, graph->node[order ? order[k] : k], k + 1, &live, along, out));
    return PJ_OK;
}

typedef struct census {
    const account *a;
    pj_live_tensor *tensor; /* NULL: only counts */
    size_t count;
} census;

static void list_root(census *c, int root, const high *at)
{
    const account *a = c->a;
    const pj_buffers *b = a->b;
    if (root == at->replaced || (b->bytes[root] == 0 && !b->is_unknown[root]))
        return;
    if (c->tensor)
        c->tensor[c->count] = (pj_live_tensor){b->model->value[root]->name, b->is_unknown[root] ? -1 : b->bytes[root],
                                               root == at->by ? b->model->value[at->replaced]->name : NULL};
    c->count++;
}

/* Of one graph, and of what is inside the node at its peak. */
static pj_status list_graph(census *c, const pj_graph *graph, const high *at)
{
    const account *a = c->a;
    bodies inside;
    for (int i = 0; i < a->b->model->values; i++)
        if (a->b->root[i] == i && a->lives->born[i] <= at->step && at->step <= a->lives->dies[i] &&
            a->b->model->value[i]->graph == graph)
            list_root(c, i, at);
    if (!at->node)
        return PJ_OK;
    PJ_TRY(run_bodies(c->a, at->node, &inside));
    return inside.highest ? list_graph(c, inside.highest, &inside.high) : PJ_OK;
}

/* Largest first; merging keeps the graph's order among equals, which qsort need not. */
static void sort_live(pj_live_tensor *tensor, pj_live_tensor *spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, left = 0, right = half;
    sort_live(tensor, spare, half);
    sort_live(tensor + half, spare + half, count - half);
    for (size_t k = 0; k < count; k++) {
        bool take_left = left < half && (right == count || tensor[left].bytes >= tensor[right].bytes);
        spare[k] = tensor[take_left ? left++ : right++];
    }
    for (size_t k = 0; k < count; k++)
        tensor[k] = spare[k];
}

static pj_status measure(const account *a, const int *order, const char *name, course *along, pj_arena *arena,
                         pj_peak *out)
{
    const pj_graph *graph = a->b->model->graph;
    census c = {.a = a};
    high at;
    PJ_TRY(run_graph(a, graph, order, along, &at));
    PJ_TRY(list_graph(&c, graph, &at));
    pj_live_tensor *tensor = PJ_NEW(arena, pj_live_tensor, c.count),
                   *spare = PJ_NEW(a->b->arena, pj_live_tensor, c.count);
    PJ_TRY(pj_got(tensor && spare, a->err));
    c = (census){.a = a, .tensor = tensor};
    PJ_TRY(list_graph(&c, graph, &at));
    sort_live(tensor, spare, c.count);
    *out = (pj_peak){.order = name,
                     .bytes = at.bytes,
                     .node = at.node ? at.node->label : "",
                     .alive = tensor,
                     .alive_count = c.count};
    return PJ_OK;
}

/* Room for what list_tensors reads. Nothing is written over at the start. */
static bool follow(course *c, pj_arena *arena)
{
    size_t steps = (size_t)c->schedule->model->graph->nodes + 2;
    c->layer = PJ_NEW(arena, size_t, steps);
    c->replaced = PJ_NEW(arena, int, steps);
    if (!c->layer || !c->replaced)
        return false;
    c->replaced[0] = -1;
    c->layer[steps - 1] = c->schedule->steps;
    return true;
}

/* Tensors of the main graph with the layers that they are in memory for. What is written over another one is there from
 * the next layer on, as the room is that of the other until then; an input that nobody reads is gone before the first.
 */
static pj_status list_tensors(const account *a, const course *c, pj_arena *arena, pj_peak *out)
{
    const pj_buffers *b = a->b;
    const pj_graph *graph = b->model->graph;
    pj_memory_tensor *tensor = PJ_NEW(arena, pj_memory_tensor, b->model->values);
    PJ_TRY(pj_got(tensor, a->err));
    out->tensors = tensor;
    for (int i = 0; i < b->model->values; i++) {
        int born = a->lives->born[i], dies = a->lives->dies[i];
        if (b->root[i] != i || b->model->value[i]->graph != graph || born == PJ_STEP_NEVER || dies == 0 ||
            (b->bytes[i] == 0 && !b->is_unknown[i]))
            continue;
        int last = dies < graph->nodes ? dies : graph->nodes;
        bool over = c->replaced[born] >= 0 && graph->node[born - 1]->out[0]->index == i;
        size_t from = born ? c->layer[born + over] : 0, until = c->layer[last + 1];
        if (from < until)
            tensor[out->tensor_count++] =
                (pj_memory_tensor){b->model->value[i]->name, b->is_unknown[i] ? -1 : b->bytes[i], from, until};
    }
    return PJ_OK;
}

/* The better of the two orders, named. */
static pj_status measure_best(const account *a, pj_buffers *b, pj_arena *arena, pj_activation_memory *out)
{
    const pj_graph *graph = b->model->graph;
    pj_lives lives;
    pj_peak *best = PJ_NEW(arena, pj_peak, 1);
    int *order = PJ_NEW(a->b->arena, int, graph->nodes);
    PJ_TRY(pj_got(best && order, a->err));
    PJ_TRY(pj_order_least_growth(b, graph, order, a->err));
    PJ_TRY(pj_lives_find(b, order, a->b->arena, &lives, a->err));
    account other = {b, &lives, a->err};
    PJ_TRY(measure(&other, order, "least-growth", NULL, arena, best));
    if (best->bytes >= out->graph.bytes)
        *best = out->graph;
    out->best = best;
    return PJ_OK;
}

pj_status pj_peak_measure(pj_schedule *schedule, bool best_order, pj_arena *arena, pj_activation_memory *out,
                          pj_error *err)
{
    const account a = {&schedule->buffers, &schedule->lives, err};
    course c = {.schedule = schedule, .point = PJ_NEW(arena, pj_memory_point, schedule->model->graph->nodes)};
    PJ_TRY(pj_got(c.point && (!best_order || follow(&c, schedule->buffers.arena)), err));
    out->unknown = schedule->buffers.unknown;
    PJ_TRY(measure(&a, NULL, "graph", &c, arena, &out->graph));
    out->graph.timeline = c.point;
    out->graph.timeline_count = c.count;
    if (!best_order)
        return PJ_OK;
    PJ_TRY(list_tensors(&a, &c, arena, &out->graph));
    return measure_best(&a, &schedule->buffers, arena, out);
}
