/* Topological order of nodes that may come in any order. */
#include "load/loader.h"

/* Names that a subgraph defines itself; they hide those of the graphs around it. */
typedef struct locals {
    pj_map names;
    const struct locals *outer;
} locals;

typedef struct sorter {
    pj_arena *arena;
    const pj_spot *place;
    PjOnnx__NodeProto *const *nodes; /* those to be sorted; numbers below count from the first of them */
    size_t count, from;
    pj_map makers; /* name -> entry of its node in `first` */
    size_t *reads; /* numbers of the nodes that a node reads from, node after node */
    size_t *first; /* where each node's begin; count + 1 of them */
    size_t used, capacity;
} sorter;

static bool add_read(sorter *s, const locals *inside, const char *name)
{
    for (; inside; inside = inside->outer)
        if (pj_map_get(&inside->names, name))
            return true;
    const size_t *maker = pj_map_get(&s->makers, name);
    if (!maker || pj_load_find(s->place, name))
        return true;
    if (!PJ_GROW(s->arena, s->reads, s->used, s->capacity))
        return false;
    s->reads[s->used++] = (size_t)(maker - s->first);
    return true;
}

static bool add_local(locals *own, char *name)
{
    return !name || pj_map_put(&own->names, name, name);
}

static bool collect_locals(locals *own, const PjOnnx__GraphProto *graph)
{
    bool ok = true;
    for (size_t i = 0; i < graph->n_input && ok; i++)
        ok = add_local(own, graph->input[i]->name);
    for (size_t i = 0; i < graph->n_initializer && ok; i++)
        ok = add_local(own, graph->initializer[i]->name);
    for (size_t i = 0; i < graph->n_sparse_initializer && ok; i++)
        ok = !graph->sparse_initializer[i]->values || add_local(own, graph->sparse_initializer[i]->values->name);
    for (size_t i = 0; i < graph->n_node && ok; i++)
        for (size_t j = 0; j < graph->node[i]->n_output && ok; j++)
            ok = add_local(own, graph->node[i]->output[j]);
    return ok;
}

static bool add_node_reads(sorter *s, const locals *inside, const PjOnnx__NodeProto *node);

/* Recursion is as deep as the walk lets subgraphs nest. */
static bool add_graph_reads(sorter *s, const locals *inside, const PjOnnx__GraphProto *graph)
{
    locals own = {.outer = inside};
    pj_map_init(&own.names, s->arena);
    bool ok = collect_locals(&own, graph);
    for (size_t i = 0; i < graph->n_node && ok; i++)
        ok = add_node_reads(s, &own, graph->node[i]);
    for (size_t i = 0; i < graph->n_output && ok; i++)
        ok = add_read(s, &own, pj_text(graph->output[i]->name));
    return ok;
}

static bool add_node_reads(sorter *s, const locals *inside, const PjOnnx__NodeProto *node)
{
    bool ok = true;
    for (size_t i = 0; i < node->n_input && ok; i++)
        ok = add_read(s, inside, node->input[i]);
    for (size_t i = 0; i < node->n_attribute && ok; i++) {
        const PjOnnx__AttributeProto *attr = node->attribute[i];
        if (attr->g)
            ok = add_graph_reads(s, inside, attr->g);
        for (size_t j = 0; j < attr->n_graphs && ok; j++)
            ok = add_graph_reads(s, inside, attr->graphs[j]);
    }
    return ok;
}

/* Fills makers, reads and first. *ordered: no node reads from a later one. */
static bool collect(sorter *s, bool *ordered)
{
    s->capacity = s->count * 2 + 16;
    s->reads = PJ_NEW(s->arena, size_t, s->capacity);
    s->first = PJ_NEW(s->arena, size_t, s->count + 1);
    pj_map_init(&s->makers, s->arena);
    bool ok = s->reads && s->first;
    for (size_t i = 0; i < s->count && ok; i++)
        for (size_t j = 0; j < s->nodes[i]->n_output && ok; j++) {
            const char *name = s->nodes[i]->output[j];
            if (*name && !pj_map_get(&s->makers, name))
                ok = pj_map_put(&s->makers, name, &s->first[i]);
        }
    *ordered = true;
    for (size_t i = 0; i < s->count && ok; i++) {
        s->first[i] = s->used;
        ok = add_node_reads(s, NULL, s->nodes[i]);
        for (size_t r = s->first[i]; r < s->used; r++)
            *ordered = *ordered && s->reads[r] < i;
        s->first[i + 1] = s->used;
    }
    return ok;
}

static const char *label(const sorter *s, size_t number)
{
    const char *text = pj_load_label(s->arena, "", s->nodes[number], s->from + number);
    return text ? text : "";
}

/* Names the nodes from the one that closes the cycle to the top of the stack. */
static pj_status fail_cycle(const sorter *s, const size_t *stack, size_t height, size_t closing, pj_error *err)
{
    enum { NAMED = 6 };
    size_t from = height;
    while (stack[from - 1] != closing)
        from--;
    pj_str text = pj_str_new(0);
    for (size_t i = height; i >= from && height - i < NAMED; i--)
        pj_str_printf(&text, "%s'%.60s' (%.40s)", i == height ? "" : " reads from ", label(s, stack[i - 1]),
                      pj_text(s->nodes[stack[i - 1]]->op_type));
    if (height - from >= NAMED)
        pj_str_printf(&text, " reads from %zu more", height - from + 1 - NAMED);
    pj_status status = pj_fail(err, PJ_EFORMAT, "the graph has a cycle: %s reads from the first of them", text.data);
    if (height == from)
        status = pj_fail(err, PJ_EFORMAT, "the graph has a cycle: %s reads its own output", text.data);
    pj_str_free(&text);
    pj_error_at(err, NULL, label(s, closing), s->nodes[closing]->op_type);
    return status;
}

/* Depth first: a node's producers that have not come yet are put right before it. */
static pj_status order_nodes(sorter *s, pj_error *err, size_t *order)
{
    enum { NEW, OPEN, DONE };
    size_t *stack = PJ_NEW(s->arena, size_t, s->count + 1), *next = PJ_NEW(s->arena, size_t, s->count + 1);
    char *state = PJ_NEW(s->arena, char, s->count + 1);
    size_t height = 0, placed = 0;
    PJ_TRY(pj_got(stack && next && state, err));
    memcpy(next, s->first, s->count * sizeof *next);
    for (size_t start = 0; start < s->count; start++) {
        if (state[start] == NEW)
            stack[height++] = start;
        while (height > 0) {
            size_t top = stack[height - 1];
            state[top] = OPEN;
            if (next[top] == s->first[top + 1]) {
                state[top] = DONE;
                order[placed++] = top;
                height--;
                continue;
            }
            size_t read = s->reads[next[top]++];
            if (state[read] == OPEN)
                return fail_cycle(s, stack, height, read, err);
            if (state[read] == NEW)
                stack[height++] = read;
        }
    }
    return PJ_OK;
}

pj_status pj_load_sort(pj_loader *loader, const pj_spot *place, PjOnnx__NodeProto *const *nodes, size_t count,
                       size_t from, size_t *order)
{
    sorter s = {.arena = pj_arena_new(0), .place = place, .nodes = nodes, .count = count, .from = from};
    bool ordered = true;
    PJ_TRY(pj_got(s.arena, loader->err));
    pj_status status = collect(&s, &ordered) ? PJ_OK : pj_fail_memory(loader->err);
    for (size_t i = 0; i < s.count; i++)
        order[i] = i;
    if (status == PJ_OK && !ordered)
        status = order_nodes(&s, loader->err, order);
    pj_arena_free(s.arena);
    return status;
}
