/* The order "least-growth": list scheduling that always takes the node after which memory has grown least. */
#include "ops/op.h"
#include "schedule/buffers.h"

/* Nodes that could run next stand in a heap: the least growth first, of equals the first in the graph. */
typedef struct scheduler {
    pj_buffers *b;
    const pj_graph *graph;
    pj_error *err;
    int *waits;        /* by node: values that are still to be made */
    int *first, *next; /* by node: its followers, followers[first[n] .. first[n + 1]) */
    int64_t *growth;   /* by node: bytes made - bytes that die with it */
    int *readers;      /* by root: nodes that have not read it yet */
    int *last;         /* by root: the exclusive or of their indexes: the index of the last one */
    int *heap, *place; /* nodes; by node: where it stands in the heap, -1: not there */
    int count;
} scheduler;

/* A buffer that stays has so many readers more, and so never a last one. */
enum { STAYS = 2 };

static bool before(const scheduler *s, int a, int b)
{
    return s->growth[a] != s->growth[b] ? s->growth[a] < s->growth[b] : a < b;
}

static void put(scheduler *s, int at, int node)
{
    s->heap[at] = node;
    s->place[node] = at;
}

static void sift_up(scheduler *s, int at)
{
    int node = s->heap[at];
    while (at > 0 && before(s, node, s->heap[(at - 1) / 2])) {
        put(s, at, s->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(s, at, node);
}

static void sift_down(scheduler *s, int at)
{
    int node = s->heap[at];
    for (int child = 2 * at + 1; child < s->count; child = 2 * at + 1) {
        if (child + 1 < s->count && before(s, s->heap[child + 1], s->heap[child]))
            child++;
        if (!before(s, s->heap[child], node))
            break;
        put(s, at, s->heap[child]);
        at = child;
    }
    put(s, at, node);
}

static void push(scheduler *s, int node)
{
    s->heap[s->count] = node;
    sift_up(s, s->count++);
}

static int pop(scheduler *s)
{
    int node = s->heap[0], last = s->heap[--s->count];
    s->place[node] = -1;
    if (s->count) {
        s->heap[0] = last;
        sift_down(s, 0);
    }
    return node;
}

static pj_status count_waits(scheduler *s)
{
    for (int n = 0; n < s->graph->nodes; n++) {
        PJ_TRY(pj_buffers_makers(s->b, s->graph->node[n], s->err));
        s->waits[n] = s->b->listed;
        for (int k = 0; k < s->b->listed; k++)
            s->first[s->b->list[k] + 1]++;
    }
    for (int n = 0; n < s->graph->nodes; n++)
        s->first[n + 1] += s->first[n];
    return PJ_OK;
}

static pj_status list_followers(scheduler *s)
{
    int nodes = s->graph->nodes;
    int *filled = PJ_NEW(s->b->arena, int, nodes);
    s->next = PJ_NEW(s->b->arena, int, s->first[nodes]);
    PJ_TRY(pj_got(filled && s->next, s->err));
    for (int n = 0; n < nodes; n++) {
        PJ_TRY(pj_buffers_makers(s->b, s->graph->node[n], s->err));
        for (int k = 0; k < s->b->listed; k++) {
            int maker = s->b->list[k];
            s->next[s->first[maker] + filled[maker]++] = n;
        }
    }
    return PJ_OK;
}

static pj_status count_growth(scheduler *s)
{
    for (int n = 0; n < s->graph->nodes; n++) {
        PJ_TRY(pj_buffers_reads(s->b, s->graph->node[n], s->err));
        for (int k = 0; k < s->b->listed; k++) {
            s->readers[s->b->list[k]]++;
            s->last[s->b->list[k]] ^= n;
        }
    }
    for (int i = 0; i < s->b->model->values; i++) /* outputs, and what a bundle keeps */
        s->readers[i] += s->readers[i] < s->b->reads[i] ? STAYS : 0;
    for (int n = 0; n < s->graph->nodes; n++) {
        const pj_node *node = s->graph->node[n];
        PJ_TRY(pj_buffers_reads(s->b, node, s->err));
        s->growth[n] = pj_buffers_made(s->b, node);
        for (int k = 0; k < s->b->listed; k++)
            if (s->readers[s->b->list[k]] == 1)
                s->growth[n] -= s->b->bytes[s->b->list[k]];
        for (int o = 0; o < node->outputs; o++) /* what is never read is freed at once */
            if (pj_buffers_owns(s->b, node->out[o]) && s->readers[node->out[o]->index] == 0)
                s->growth[n] -= s->b->bytes[node->out[o]->index];
    }
    return PJ_OK;
}

/* The node has run: its followers may run, and buffers that it was the last to read are freed. */
static pj_status run(scheduler *s, int n)
{
    PJ_TRY(pj_buffers_reads(s->b, s->graph->node[n], s->err));
    for (int k = 0; k < s->b->listed; k++) {
        int root = s->b->list[k];
        s->last[root] ^= n;
        if (--s->readers[root] != 1)
            continue;
        int reader = s->last[root];
        s->growth[reader] -= s->b->bytes[root];
        if (s->place[reader] >= 0)
            sift_up(s, s->place[reader]);
    }
    for (int k = s->first[n]; k < s->first[n + 1]; k++)
        if (--s->waits[s->next[k]] == 0)
            push(s, s->next[k]);
    return PJ_OK;
}

pj_status pj_order_least_growth(pj_buffers *b, const pj_graph *graph, int *order, pj_error *err)
{
    int nodes = graph->nodes, values = b->model->values;
    scheduler s = {.b = b,
                   .graph = graph,
                   .err = err,
                   .waits = PJ_NEW(b->arena, int, nodes),
                   .first = PJ_NEW(b->arena, int, nodes + 1),
                   .growth = PJ_NEW(b->arena, int64_t, nodes),
                   .readers = PJ_NEW(b->arena, int, values),
                   .last = PJ_NEW(b->arena, int, values),
                   .heap = PJ_NEW(b->arena, int, nodes),
                   .place = PJ_NEW(b->arena, int, nodes)};
    PJ_TRY(pj_got(s.waits && s.first && s.growth && s.readers && s.last && s.heap && s.place, err));
    PJ_TRY(count_waits(&s));
    PJ_TRY(list_followers(&s));
    PJ_TRY(count_growth(&s));
    for (int n = 0; n < nodes; n++)
        s.place[n] = -1;
    for (int n = 0; n < nodes; n++)
        if (s.waits[n] == 0)
            push(&s, n);
    for (int k = 0; k < nodes; k++) {
        order[k] = s.count ? pop(&s) : k; /* never empty: graphs are sorted when they are loaded */
        PJ_TRY(run(&s, order[k]));
    }
    return PJ_OK;
}
