/* Which values share a buffer, how large buffers are, who reads them. */
#include "schedule/buffers.h"

#include "ops/op.h"

/* A body that its operator did not enter does not run; of unknown operators: not known. */
static bool may_run(const pj_node *node, const pj_graph *body)
{
    return !node->desc || !pj_num_is(body->runs, 0);
}

pj_status pj_buffers_bodies(const pj_node *node, pj_status (*visit)(const pj_graph *body, void *payload), void *payload)
{
    for (int i = 0; i < node->attrs; i++) {
        const pj_attr *attr = &node->attr[i];
        if (attr->kind != PJ_ATTR_GRAPH && attr->kind != PJ_ATTR_GRAPHS)
            continue;
        pj_graph *const *bodies = attr->kind == PJ_ATTR_GRAPH ? &attr->graph : attr->graphs;
        for (int k = 0; k < attr->count; k++)
            if (may_run(node, bodies[k]))
                PJ_TRY(visit(bodies[k], payload));
    }
    return PJ_OK;
}

/* Bits of so many elements as they are stored; a bool takes a byte. False: not known, or not to be counted. */
static bool stored_bits(const pj_buffers *b, const pj_value *value, int64_t elements, int64_t *out)
{
    pj_format format = pj_precision_of(b->precision, value);
    int64_t declared = pj_dtype_bits(value->type.dtype);
    if (format.from == PJ_FROM_NOTHING || (format.from == PJ_FROM_DECLARED && value->type.dtype == PJ_BOOL))
        return declared > 0 && pj_mul_i64(elements, declared, out);
    return pj_format_bits(&format, elements, out);
}

/* A fresh buffer for the value. */
static void add_buffer(pj_buffers *b, const pj_value *value)
{
    pj_num count = pj_type_is_tensor(&value->type) ? pj_type_count(b->model->symbols, &value->type) : pj_num_unknown();
    int64_t bits, sum;
    int root = value->index;
    b->root[root] = root;
    b->is_unknown[root] = true;
    if (pj_num_known(count) && stored_bits(b, value, count.whole, &bits) &&
        pj_add_i64(b->sum, bits / 8 + (bits % 8 > 0), &sum)) {
        b->bytes[root] = sum - b->sum;
        b->sum = sum;
        b->is_unknown[root] = false;
    }
    b->unknown += b->is_unknown[root];
}

static bool is_view(const pj_buffers *b, const pj_node *node)
{
    return (node->desc && node->desc->traits & PJ_VIEW) || pj_precision_node(b->precision, node)->is_free;
}

/* Is the input what a view shows? */
static bool is_shown(const pj_buffers *b, const pj_node *node, int i)
{
    if (!is_view(b, node))
        return false;
    return pj_precision_node(b->precision, node)->is_free ? i == 0 : pj_node_role(node, i) == 'x';
}

static int root_of(const pj_buffers *b, const pj_value *value)
{
    return value ? b->root[value->index] : -1;
}

/* The buffer that a view shows: -1: of constants alone; -2: several. */
static int shown_root(const pj_buffers *b, const pj_node *node)
{
    int found = -1;
    for (int i = 0; i < node->inputs; i++) {
        int root = is_shown(b, node, i) ? root_of(b, node->in[i]) : -1;
        if (root >= 0 && found >= 0 && root != found)
            return -2;
        found = root >= 0 ? root : found;
    }
    return found;
}

static void add_output(pj_buffers *b, const pj_node *node, const pj_value *out)
{
    if (out->is_constant || out->is_folded)
        return;
    int shown = is_view(b, node) ? shown_root(b, node) : out->index;
    if (shown == out->index)
        add_buffer(b, out);
    else
        b->root[out->index] = shown == -2 ? out->index : shown;
}

bool pj_buffers_is_bundle(const pj_buffers *b, int root)
{
    const pj_value *value = b->model->value[root];
    return b->root[root] == root && value->producer && is_view(b, value->producer);
}

/* Does the node make a bundle? */
static bool is_bundled(const pj_buffers *b, const pj_node *node)
{
    return is_view(b, node) && node->outputs > 0 && node->out[0] && pj_buffers_is_bundle(b, node->out[0]->index);
}

bool pj_buffers_owns(const pj_buffers *b, const pj_value *value)
{
    return value && b->root[value->index] == value->index;
}

int64_t pj_buffers_made(const pj_buffers *b, const pj_node *node)
{
    int64_t bytes = 0;
    for (int o = 0; o < node->outputs; o++)
        if (pj_buffers_owns(b, node->out[o]))
            bytes += b->bytes[node->out[o]->index];
    return bytes;
}

int pj_buffers_root(const pj_buffers *b, const pj_graph *graph, const pj_value *value)
{
    int root = root_of(b, value);
    return root >= 0 && b->model->value[root]->graph == graph ? root : -1;
}

static pj_status list_add(pj_buffers *b, int number, pj_error *err)
{
    PJ_TRY(pj_got(PJ_GROW(b->arena, b->list, (size_t)b->listed, b->room), err));
    b->list[b->listed++] = number;
    return PJ_OK;
}

/* A walk through a node and what is inside it. */
typedef struct gather {
    pj_buffers *b;
    const pj_graph *graph; /* whose values count */
    bool makers;
    pj_error *err;
} gather;

static pj_status gather_value(gather *g, const pj_value *value)
{
    if (g->makers)
        return value && value->graph == g->graph && value->producer ? list_add(g->b, value->producer->index, g->err)
                                                                    : PJ_OK;
    int root = pj_buffers_root(g->b, g->graph, value);
    if (root < 0 || g->b->stamp[root] == g->b->lists)
        return PJ_OK;
    g->b->stamp[root] = g->b->lists;
    return list_add(g->b, root, g->err);
}

static pj_status gather_body(const pj_graph *body, void *payload);

static pj_status gather_node(gather *g, const pj_node *node)
{
    bool shapes_only = node->desc && node->desc->traits & PJ_SHAPE_ONLY;
    for (int i = 0; i < node->inputs; i++)
        if (g->makers || node->graph != g->graph || !(shapes_only || is_shown(g->b, node, i)))
            PJ_TRY(gather_value(g, node->in[i]));
    return node->attrs ? pj_buffers_bodies(node, gather_body, g) : PJ_OK;
}

static pj_status gather_body(const pj_graph *body, void *payload)
{
    for (int i = 0; i < body->nodes; i++)
        PJ_TRY(gather_node(payload, body->node[i]));
    for (int i = 0; i < body->outputs; i++)
        PJ_TRY(gather_value(payload, body->out[i]));
    return PJ_OK;
}

static pj_status gather_list(pj_buffers *b, const pj_node *node, bool makers, pj_error *err)
{
    gather g = {b, node->graph, makers, err};
    b->listed = 0;
    b->lists++;
    return gather_node(&g, node);
}

pj_status pj_buffers_reads(pj_buffers *b, const pj_node *node, pj_error *err)
{
    return gather_list(b, node, false, err);
}

pj_status pj_buffers_makers(pj_buffers *b, const pj_node *node, pj_error *err)
{
    return gather_list(b, node, true, err);
}

static void add_read(pj_buffers *b, const pj_graph *graph, const pj_value *value)
{
    int root = pj_buffers_root(b, graph, value);
    if (root >= 0)
        b->reads[root]++;
}

/* A walk through all graphs. */
typedef struct search {
    pj_buffers *b;
    pj_error *err;
} search;

static pj_status find_graph(const pj_graph *graph, void *payload)
{
    search *s = payload;
    pj_buffers *b = s->b;
    for (int i = 0; i < graph->inputs; i++)
        if (!graph->in[i]->tensor && !graph->in[i]->is_constant)
            add_buffer(b, graph->in[i]);
    for (int i = 0; i < graph->nodes; i++) {
        const pj_node *node = graph->node[i];
        PJ_TRY(pj_buffers_bodies(node, find_graph, payload));
        for (int o = 0; o < node->outputs; o++)
            if (node->out[o])
                add_output(b, node, node->out[o]);
        PJ_TRY(pj_buffers_reads(b, node, s->err));
        for (int k = 0; k < b->listed; k++)
            b->reads[b->list[k]]++;
        for (int k = 0; is_bundled(b, node) && k < node->inputs; k++)
            add_read(b, graph, node->in[k]);
    }
    for (int i = 0; i < graph->outputs; i++)
        add_read(b, graph, graph->out[i]);
    return PJ_OK;
}

pj_status pj_buffers_find(const pj_precision *precision, pj_arena *arena, pj_buffers *out, pj_error *err)
{
    const pj_model *model = precision->model;
    enum { ROOM = 64 };
    *out = (pj_buffers){.precision = precision, .model = model, .arena = arena, .room = ROOM};
    out->root = PJ_NEW(arena, int, model->values);
    out->bytes = PJ_NEW(arena, int64_t, model->values);
    out->is_unknown = PJ_NEW(arena, bool, model->values);
    out->reads = PJ_NEW(arena, int, model->values);
    out->stamp = PJ_NEW(arena, int, model->values);
    out->list = PJ_NEW(arena, int, ROOM);
    PJ_TRY(pj_got(out->root && out->bytes && out->is_unknown && out->reads && out->stamp && out->list, err));
    for (int i = 0; i < model->values; i++)
        out->root[i] = -1;
    search s = {out, err};
    return find_graph(model->graph, &s);
}
