/* Which tensors hold a cache: it, what moves it or converts it, and what it comes back as. */
#include "generate/generate.h"
#include "ops/op.h"

const pj_cache_role *pj_held_role(const pj_roles *roles, int position)
{
    size_t at = (size_t)position;
    if (at < roles->cache_count)
        return &roles->caches[at];
    at -= roles->cache_count;
    if (at < roles->state_count)
        return &roles->states[at];
    at -= roles->state_count;
    return at < roles->cross_count ? &roles->cross[at] : NULL;
}

/* Does what the node writes hold what it reads? */
static bool passes_on(const pj_node *node)
{
    const unsigned moves = PJ_VIEW | PJ_MOVE | PJ_QUANTIZER;
    return node->desc && (node->desc->traits & moves || strcmp(node->op, "Cast") == 0) &&
           !(node->desc->traits & PJ_CONTROL);
}

/* From the output that a cache comes back as to the node that adds to it. */
static void hold_present(const pj_cache_role *role, int position, int *held)
{
    enum { MOST = 64 };
    const pj_value *value = role->out;
    for (int i = 0; value && i < MOST; i++) {
        held[value->index] = position + 1;
        if (!value->producer || value->producer == role->node || value->producer->inputs < 1)
            return;
        value = value->producer->in[0];
    }
}

int *pj_held_find(const pj_model *model, const pj_roles *roles, pj_arena *arena)
{
    int *held = PJ_NEW(arena, int, model->values + 1), nodes = 0;
    pj_node *const *order = pj_model_order(model, arena, &nodes);
    const pj_cache_role *role;
    if (!held || !order)
        return NULL;
    for (int i = 0; (role = pj_held_role(roles, i)) != NULL; i++) {
        held[role->in->index] = i + 1;
        if (role->out && role->node)
            hold_present(role, i, held);
    }
    for (int n = 0; n < nodes; n++) {
        int origin = 0;
        for (int i = 0; i < order[n]->inputs && passes_on(order[n]); i++)
            if (order[n]->in[i] && held[order[n]->in[i]->index] && pj_node_role(order[n], i) == 'x')
                origin = held[order[n]->in[i]->index];
        for (int o = 0; o < order[n]->outputs && origin; o++)
            if (order[n]->out[o])
                held[order[n]->out[o]->index] = origin;
    }
    return held;
}
