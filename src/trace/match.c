/* Matching kernels with layers. */
#include "trace/match.h"

#include <ctype.h>

static const size_t nobody = SIZE_MAX;

/* How a kernel was found. */
static const char by_graph[] = "exact", by_name[] = "name", by_stripped[] = "stripped", by_tensor[] = "tensor",
                  by_stripped_tensor[] = "stripped-tensor", by_both[] = "name+tensor";

/* A graph of layers: who makes a tensor, who reads what a layer makes. Places in maps are from 1. */
typedef struct graph {
    const pj_result *result;
    pj_map by_name, made_by;
    size_t *reader, *first_reader; /* readers of layer i: reader[first_reader[i] .. first_reader[i + 1]) */
    bool *dynamic;                 /* depends on an input of the model */
} graph;

typedef struct matcher {
    const pj_trace *trace;
    graph original, optimized;
    size_t *node; /* of the optimized model: one a kernel; nobody */
    pj_match *out;
    size_t *queue, *mark, round; /* of walks */
    uint64_t steps;              /* that walks may still take */
    pj_error *err;
} matcher;

/* ---- graphs ---- */

static bool put(pj_map *map, const char *key, size_t place)
{
    if (!*key || pj_map_get(map, key))
        return true; /* the first one counts */
    size_t *kept = PJ_NEW(map->arena, size_t, 1);
    if (kept)
        *kept = place;
    return kept && pj_map_put(map, key, kept);
}

static size_t get(const pj_map *map, const char *key)
{
    const size_t *place = *key && map->arena ? pj_map_get(map, key) : NULL;
    return place ? *place : nobody;
}

/* Who reads what each layer makes: counted, then put in their places. */
static bool find_readers(graph *g, pj_arena *arena)
{
    const size_t count = g->result->layer_count;
    size_t edges = 0;
    g->first_reader = PJ_NEW(arena, size_t, count + 2);
    if (!g->first_reader)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < g->result->layers[i].input_count; k++) {
                size_t maker = get(&g->made_by, g->result->layers[i].inputs[k]);
                if (maker == nobody)
                    continue;
                if (pass == 0)
                    g->first_reader[maker + 2]++, edges++;
                else
                    g->reader[g->first_reader[maker + 1]++] = i;
            }
        if (pass == 1)
            break;
        for (size_t i = 1; i < count + 2; i++)
            g->first_reader[i] += g->first_reader[i - 1];
        g->reader = PJ_NEW(arena, size_t, edges + 1);
        if (!g->reader)
            return false;
    }
    return true;
}

static bool make_graph(const pj_result *result, pj_arena *arena, graph *g)
{
    *g = (graph){.result = result};
    pj_map_init(&g->by_name, arena);
    pj_map_init(&g->made_by, arena);
    g->dynamic = PJ_NEW(arena, bool, result->layer_count + 1);
    pj_map inputs;
    pj_map_init(&inputs, arena);
    bool good = g->dynamic != NULL;
    for (size_t i = 0; good && i < result->model->input_count; i++)
        good = put(&inputs, result->model->inputs[i].name, 0);
    for (size_t i = 0; good && i < result->layer_count; i++) {
        const pj_layer *layer = &result->layers[i];
        good = put(&g->by_name, layer->name, i);
        for (size_t k = 0; good && k < layer->output_count; k++)
            good = put(&g->made_by, layer->outputs[k], i);
    }
    for (size_t i = 0; good && i < result->layer_count; i++)
        for (size_t k = 0; k < result->layers[i].input_count; k++) {
            const char *input = result->layers[i].inputs[k];
            size_t maker = get(&g->made_by, input);
            g->dynamic[i] = g->dynamic[i] || get(&inputs, input) != nobody || (maker < i && g->dynamic[maker]);
        }
    return good && find_readers(g, arena);
}

/* ---- anchors ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Cuts "_token_12" off the end. */
static bool cut_token(char *name)
{
    static const char word[] = "_token_";
    size_t length = strlen(name), digits = 0;
    while (digits < length && isdigit((unsigned char)name[length - 1 - digits]))
        digits++;
    size_t tail = digits + sizeof word - 1;
    if (digits == 0 || length <= tail || strncmp(name + length - tail, word, sizeof word - 1) != 0)
        return false;
    name[length - tail] = 0;
    return true;
}

/* Cuts "/GeluFusion/" off the end. */
static bool cut_fusion(char *name)
{
    size_t length = strlen(name);
    if (!ends_with(name, "Fusion/"))
        return false;
    while (length > 0 && name[length - 1] == '/')
        length--;
    while (length > 0 && name[length - 1] != '/')
        length--;
    if (length < 2)
        return false;
    name[length - 1] = 0;
    return true;
}

char *pj_strip_name(char *name)
{
    for (bool cut = true; cut;) {
        cut = cut_token(name) || cut_fusion(name);
        if (ends_with(name, "_nchwc")) {
            name[strlen(name) - strlen("_nchwc")] = 0;
            cut = true;
        }
        if (strncmp(name, "fused ", 6) == 0) {
            name += 6;
            cut = true;
        }
    }
    return name;
}

/* The layer of a name, by itself or by the tensor that is called so. */
static size_t find_by_name(const graph *g, const char *name, const char *stripped, const char **how)
{
    const struct {
        const pj_map *map;
        const char *key, *how;
    } ways[] = {
        {&g->by_name, name,     by_name           },
        {&g->by_name, stripped, by_stripped       },
        {&g->made_by, name,     by_tensor         },
        {&g->made_by, stripped, by_stripped_tensor}
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        size_t found = get(ways[i].map, ways[i].key);
        if (found != nobody) {
            *how = ways[i].how;
            return found;
        }
    }
    return nobody;
}

static void take(matcher *m, size_t layer, size_t kernel)
{
    if (m->out->owner[layer] == nobody)
        m->out->owner[layer] = kernel;
}

/* ---- the walk from what a kernel writes back to what it reads ---- */

static bool is_read(const pj_layer *node, const char *tensor)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (strcmp(node->inputs[i], tensor) == 0)
            return true;
    return false;
}

/* Does all that it reads and writes have its name in the original? What is made by nobody there is an input of the
 * model, or a constant that the runtime made. */
static bool keeps_names(const matcher *m, const pj_layer *node)
{
    for (size_t i = 0; i < node->output_count; i++)
        if (*node->outputs[i] && get(&m->original.made_by, node->outputs[i]) == nobody)
            return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (get(&m->original.made_by, node->inputs[i]) == nobody &&
            get(&m->optimized.made_by, node->inputs[i]) != nobody)
            return false;
    return node->output_count > 0;
}

/* Puts a layer into the queue, once. */
static void visit(matcher *m, size_t layer, size_t *count)
{
    if (m->mark[layer] == m->round)
        return;
    m->mark[layer] = m->round;
    m->queue[(*count)++] = layer;
}

/* The layers between, in m->queue; 0: the walk leads out, to an input of the model. */
static size_t walk(matcher *m, const pj_layer *node)
{
    const graph *g = &m->original;
    size_t count = 0;
    m->round++;
    for (size_t i = 0; i < node->output_count; i++) {
        size_t maker = get(&g->made_by, node->outputs[i]);
        if (maker != nobody)
            visit(m, maker, &count);
    }
    for (size_t at = 0; at < count; at++) {
        const pj_layer *layer = &g->result->layers[m->queue[at]];
        for (size_t i = 0; i < layer->input_count; i++) {
            const char *tensor = layer->inputs[i];
            size_t maker = get(&g->made_by, tensor);
            if (m->steps == 0)
                return 0;
            m->steps--;
            if (!*tensor || is_read(node, tensor))
                continue;
            if (maker != nobody)
                visit(m, maker, &count);
            else if (g->dynamic[m->queue[at]]) /* an input, or a constant beside one */
                for (size_t k = 0; k < g->result->model->input_count; k++)
                    if (strcmp(g->result->model->inputs[k].name, tensor) == 0)
                        return 0;
        }
    }
    return count;
}

static void match_exactly(matcher *m, size_t kernel)
{
    const pj_layer *node = m->node[kernel] == nobody ? NULL : &m->optimized.result->layers[m->node[kernel]];
    size_t count = node && keeps_names(m, node) ? walk(m, node) : 0;
    if (!count)
        return;
    m->out->anchor[kernel] = by_graph;
    for (size_t i = 0; i < count; i++)
        take(m, m->queue[i], kernel);
}

/* ---- names ---- */

static pj_status match_names(matcher *m, size_t kernel)
{
    const char *name = m->trace->kernel[kernel].name, *how = NULL;
    char *copy = pj_arena_strdup(m->trace->arena, name);
    PJ_TRY(pj_got(copy, m->err));
    size_t layer = find_by_name(&m->original, name, pj_strip_name(copy), &how);
    if (layer == nobody)
        return PJ_OK;
    m->out->anchor[kernel] = how;
    take(m, layer, kernel);
    return PJ_OK;
}

/* The end of what a kernel carries, by the tensor that it writes in the optimized model. */
static void match_tail(matcher *m, size_t kernel)
{
    if (m->node[kernel] == nobody)
        return;
    const pj_layer *node = &m->optimized.result->layers[m->node[kernel]];
    for (size_t i = 0; i < node->output_count; i++) {
        const char *how = m->out->anchor[kernel];
        size_t maker = get(&m->original.made_by, node->outputs[i]);
        if (maker == nobody || (how && m->out->owner[maker] == kernel))
            continue;
        if (!how)
            m->out->anchor[kernel] = by_tensor;
        else if (how == by_name || how == by_stripped)
            m->out->anchor[kernel] = by_both;
        take(m, maker, kernel);
    }
}

/* ---- what has no anchor ---- */

static bool is_one_of(const char *op, const char *const *ops)
{
    while (*ops && strcmp(*ops, op) != 0)
        ops++;
    return *ops != NULL;
}

static bool is_heavy(const pj_layer *layer)
{
    static const char *const ops[] = {"Conv",          "ConvTranspose", "ConvInteger", "QLinearConv", "MatMul",
                                      "MatMulInteger", "QLinearMatMul", "Gemm",        "LSTM",        "GRU",
                                      "RNN",           "Einsum",        NULL};
    return is_one_of(layer->op, ops);
}

static bool goes_to_reader(const matcher *m, size_t layer)
{
    return !m->original.dynamic[layer] || strcmp(m->original.result->layers[layer].op, "DequantizeLinear") == 0;
}

/* The kernel that runs first of those that read it, through layers that have none. */
static size_t first_reader(matcher *m, size_t layer)
{
    const graph *g = &m->original;
    size_t count = 0, first = nobody;
    m->round++;
    visit(m, layer, &count);
    for (size_t at = 0; at < count; at++)
        for (size_t k = g->first_reader[m->queue[at]]; k < g->first_reader[m->queue[at] + 1]; k++) {
            size_t reader = g->reader[k], owner = m->out->owner[reader];
            if (m->steps == 0)
                return first;
            m->steps--;
            if (owner == nobody)
                visit(m, reader, &count);
            else if (first == nobody || owner < first)
                first = owner;
        }
    return first;
}

/* The kernel that runs last of those that make what it reads, through layers that go to their readers. */
static size_t last_maker(matcher *m, size_t layer)
{
    const graph *g = &m->original;
    size_t count = 0, last = nobody;
    m->round++;
    visit(m, layer, &count);
    for (size_t at = 0; at < count; at++) {
        const pj_layer *one = &g->result->layers[m->queue[at]];
        for (size_t k = 0; k < one->input_count; k++) {
            size_t maker = get(&g->made_by, one->inputs[k]);
            if (maker == nobody || m->steps == 0)
                continue;
            m->steps--;
            size_t owner = m->out->owner[maker];
            if (owner != nobody)
                last = last == nobody || owner > last ? owner : last;
            else if (goes_to_reader(m, maker))
                visit(m, maker, &count);
        }
    }
    return last;
}

static void match_rest(matcher *m)
{
    const pj_result *result = m->original.result;
    size_t *owner = m->out->owner;
    for (size_t i = result->layer_count; i-- > 0;) /* backwards: what it goes to may be one of these */
        if (owner[i] == nobody && is_heavy(&result->layers[i]) && m->original.dynamic[i])
            owner[i] = first_reader(m, i);
    for (size_t i = 0; i < result->layer_count; i++)
        if (owner[i] == nobody && !goes_to_reader(m, i))
            owner[i] = last_maker(m, i);
    for (size_t i = result->layer_count; i-- > 0;)
        if (owner[i] == nobody)
            owner[i] = first_reader(m, i);
    for (size_t i = 0; i < result->layer_count; i++) /* at the end of the graph nobody reads */
        if (owner[i] == nobody && m->original.dynamic[i])
            owner[i] = last_maker(m, i);
}

/* The node of the optimized model that a kernel is. */
static void find_nodes(matcher *m)
{
    for (size_t i = 0; i < m->trace->count; i++) {
        const pj_traced *kernel = &m->trace->kernel[i];
        m->node[i] = m->optimized.result ? get(&m->optimized.by_name, kernel->name) : nobody;
    }
}

pj_status pj_trace_match(const pj_trace *trace, const pj_result *result, const pj_result *optimized, pj_match *out,
                         pj_error *err)
{
    pj_arena *arena = trace->arena;
    matcher m = {.trace = trace, .out = out, .steps = (uint64_t)200 * 1000 * 1000, .err = err};
    const size_t layers = result->layer_count;
    out->anchor = PJ_NEW(arena, const char *, trace->count + 1);
    out->owner = PJ_NEW(arena, size_t, layers + 1);
    m.node = PJ_NEW(arena, size_t, trace->count + 1);
    m.queue = PJ_NEW(arena, size_t, layers + 1);
    m.mark = PJ_NEW(arena, size_t, layers + 1);
    bool good = out->anchor && out->owner && m.node && m.queue && m.mark && make_graph(result, arena, &m.original) &&
                (!optimized || make_graph(optimized, arena, &m.optimized));
    PJ_TRY(pj_got(good, err));
    for (size_t i = 0; i < layers; i++)
        out->owner[i] = nobody;
    find_nodes(&m);
    for (size_t i = 0; optimized && i < trace->count; i++)
        match_exactly(&m, i);
    for (size_t i = 0; i < trace->count; i++)
        if (!out->anchor[i])
            PJ_TRY(match_names(&m, i));
    for (size_t i = 0; optimized && i < trace->count; i++)
        if (out->anchor[i] != by_graph)
            match_tail(&m, i);
    match_rest(&m);
    return PJ_OK;
}
