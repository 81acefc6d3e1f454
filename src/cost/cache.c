/* Caches that grow. */
#include "cost/cache.h"

enum { LEAST_RANK = 3 }; /* of a cache: batch, positions, size */

/* What keeps the old cache as it is, and adds to it or writes into it. */
static const struct {
    const char *op;
    int updates; /* the input that is written into input 0; 0: any input may be the cache */
} appending[] = {
    {"Concat",          0},
    {"ScatterElements", 2},
    {"ScatterND",       2},
    {"TensorScatter",   1},
};
enum { APPENDING = sizeof appending / sizeof *appending };

static int appends(const pj_node *node)
{
    int i = 0;
    while (i < APPENDING && (strcmp(node->op, appending[i].op) != 0 || *node->domain))
        i++;
    return i < APPENDING ? i : -1;
}

static bool attends(const pj_layer_detail *detail)
{
    const pj_loops *loops = detail->loops;
    return loops && (loops->kind == PJ_LOOPS_ATTENTION || loops->kind == PJ_LOOPS_SEVERAL);
}

static bool is_cache(const pj_value *value)
{
    return value && value->is_input && !value->graph->parent && !value->is_constant && value->type.rank >= LEAST_RANK;
}

/* The same but for one axis at most, on which it may have grown. */
static bool is_grown(const pj_value *old, const pj_value *fresh)
{
    int others = 0;
    if (old->type.rank != fresh->type.rank || old->type.dtype != fresh->type.dtype)
        return false;
    for (int k = 0; k < old->type.rank; k++)
        others += !pj_num_equal(old->type.dims[k], fresh->type.dims[k]);
    return others <= 1;
}

/* The input that output `o` has grown from; keys come before values on both sides. */
static const pj_value *find_past(const pj_layer_detail *detail, int o)
{
    const pj_node *node = detail->node;
    int kind = appends(node), skip = kind < 0 ? o - 1 : 0;
    if (kind < 0 && (o == 0 || !attends(detail)))
        return NULL;
    for (int i = 0; i < node->inputs; i++) {
        if (!is_cache(node->in[i]) || !is_grown(node->in[i], node->out[o]) ||
            (kind >= 0 && appending[kind].updates && i > 0))
            continue;
        if (skip-- == 0)
            return node->in[i];
    }
    return NULL;
}

size_t pj_caches_find(const pj_traffic *traffic, const pj_value **past, const pj_value **first)
{
    size_t count = 0;
    for (size_t i = 0; i < traffic->layers->count; i++) {
        const pj_layer_detail *detail = &traffic->layers->detail[i];
        const pj_node *node = detail->node;
        for (int o = 0; o < node->outputs && !node->graph->parent; o++) {
            if (!node->out[o] || !node->out[o]->is_output)
                continue;
            const pj_value *old = past[node->out[o]->index] = find_past(detail, o);
            *first = old && !count++ ? old : *first;
        }
    }
    return count;
}

pj_num pj_cache_appended(const pj_traffic *traffic, size_t layer, int o, const pj_value *past)
{
    const pj_layer_detail *detail = &traffic->layers->detail[layer];
    const pj_loops *loops = detail->loops;
    pj_symbols *s = traffic->schedule->model->symbols;
    int kind = appends(detail->node), updates = kind < 0 ? 0 : appending[kind].updates;
    pj_num all = detail->written[o], more = pj_num_sub(s, all, pj_type_count(s, &past->type));
    if (pj_num_known(more) && more.whole > 0)
        return more;
    if (updates && updates < detail->node->inputs)
        return pj_num_min(s, all, detail->read[updates]);
    if (!loops || loops->kind != PJ_LOOPS_ATTENTION)
        return all;
    double size = o == 1 ? loops->nest.r : loops->value_size; /* as many positions as there are queries */
    return pj_num_min(s, all,
                      pj_num_of((int64_t)fmin(loops->nest.groups / loops->shared * loops->nest.m * size, 1e18)));
}

bool pj_cache_is_passed(const pj_traffic *traffic, size_t layer, int i, const pj_value *const *past)
{
    const pj_node *node = traffic->layers->detail[layer].node;
    return appends(node) >= 0 && node->outputs > 0 && node->out[0] && past[node->out[0]->index] == node->in[i];
}
