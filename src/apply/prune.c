/* Small weights become zeros. */
#include "apply/pass.h"
#include "base/ckd.h"

/* The weights that are pruned, each once, whoever reads it. */
typedef struct pruned {
    pj_held *weight;
    int *axis; /* of the input channels */
    pj_numbers *from, *to;
    uint64_t *zeros;
    size_t count;
} pruned;

static bool has_weight(pj_pass *pass, const pj_edit_node *node, pj_held *weight)
{
    return !node->is_dropped && pj_edit_is_any(node, "Conv ConvTranspose MatMul Gemm") &&
           pj_weight_input(pass, node, weight) && weight->value->dtype == PJ_FLOAT32 && weight->from.count > 0 &&
           pj_weight_inputs(node, weight) >= 0;
}

static pj_status collect(pj_pass *pass, pruned *out)
{
    size_t most = 0;
    pj_held weight;
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next)
        most += has_weight(pass, node, &weight);
    *out = (pruned){.weight = PJ_NEW(pass->arena, pj_held, most),
                    .axis = PJ_NEW(pass->arena, int, most),
                    .from = PJ_NEW(pass->arena, pj_numbers, most),
                    .to = PJ_NEW(pass->arena, pj_numbers, most),
                    .zeros = PJ_NEW(pass->arena, uint64_t, most)};
    PJ_TRY(pj_got(out->weight && out->axis && out->from && out->to && out->zeros, pass->err));
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        if (!has_weight(pass, node, &weight) || weight.value->twin)
            continue;
        PJ_TRY(pj_weight_check(pass, node, &weight));
        if (out->count == most) /* it was not counted: there was no memory for it then */
            return pj_fail_memory(pass->err);
        weight.value->twin = weight.value; /* it has been seen */
        out->weight[out->count] = weight;
        out->from[out->count] = weight.from;
        out->axis[out->count++] = pj_weight_inputs(node, &weight);
    }
    return PJ_OK;
}

/* One threshold for all of them, or one for each. */
static pj_status find_smallest(pj_pass *pass, pruned *p)
{
    const pj_apply_options *o = pass->options;
    uint64_t all = 0;
    for (size_t i = 0; i < p->count; i++) {
        const pj_lay lay = pj_weight_lay(&p->weight[i], p->axis[i]);
        const uint64_t count = (uint64_t)p->from[i].count;
        if (!pj_add_u64(all, count, &all))
            return pj_fail(pass->err, PJ_EOVERFLOW, "the weights are more than can be counted");
        if (o->prune_of) {
            PJ_TRY(pj_numbers_grouped(&p->from[i], lay, o->prune_keep, o->prune_of, pass->arena, &p->to[i], pass->err));
            p->zeros[i] =
                count / (uint64_t)lay.extent * (uint64_t)(lay.extent / o->prune_of * (o->prune_of - o->prune_keep));
        } else if (!o->prune_global) {
            PJ_TRY(pj_numbers_sparse(&p->from[i], 1, pj_numbers_share(o->prune, count), pass->arena, &p->to[i],
                                     &p->zeros[i], pass->err));
        }
    }
    if (o->prune_of || !o->prune_global)
        return PJ_OK;
    return pj_numbers_sparse(p->from, p->count, pj_numbers_share(o->prune, all), pass->arena, p->to, p->zeros,
                             pass->err);
}

pj_status pj_prune(pj_pass *pass)
{
    pruned p;
    pj_held weight;
    pj_edit_index(pass->edit);
    PJ_TRY(collect(pass, &p));
    PJ_TRY(find_smallest(pass, &p));
    for (size_t i = 0; i < p.count; i++) {
        const pj_held *held = &p.weight[i];
        const pj_make make = {.form = PJ_FORM_FLOAT, .from = p.to[i], .name = held->value->name};
        held->value->twin =
            pj_edit_make(pass->edit, held->value->name, "/pruned", PJ_FLOAT32, held->rank, held->dims, &make);
        pass->out->zeros += p.zeros[i];
    }
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        if (!has_weight(pass, node, &weight) || !weight.value->twin)
            continue;
        pj_edit_read(pass->edit, node, weight.input, weight.value->twin);
        pj_pass_wrote(pass, node, "pruned", weight.bytes, weight.bytes);
        pj_pass_unused(pass, weight.value);
    }
    pj_pass_note(pass, NULL, "weights were pruned by magnitude alone: fine-tune before use, and prune again; energy "
                       "is that of all numbers, zeros or not");
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
