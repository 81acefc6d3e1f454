/* Small weights become zeros. */
#include "apply/pass.h"

pj_status pj_prune(pj_pass *pass)
{
    const pj_apply_options *o = pass->options;
    pj_edit_index(pass->edit);
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        pj_held weight;
        pj_make make = {.form = PJ_FORM_FLOAT};
        uint64_t zeros = 0;
        if (node->is_dropped || !pj_edit_is_any(node, "Conv ConvTranspose MatMul Gemm") ||
            !pj_weight_input(pass, node, &weight) || weight.value->dtype != PJ_FLOAT32)
            continue;
        int axis = pj_weight_inputs(node, &weight);
        PJ_TRY(pj_weight_check(pass, node, &weight));
        if (axis < 0 || weight.from.count == 0)
            continue;
        if (weight.value->twin) { /* it has been pruned for another reader */
            pj_edit_read(pass->edit, node, weight.input, weight.value->twin);
            continue;
        }
        if (o->prune_of)
            PJ_TRY(pj_make_grouped(&weight.from, pj_weight_lay(&weight, axis), o->prune_keep, o->prune_of, pass->arena,
                                   &make.from, pass->err));
        else
            PJ_TRY(pj_make_sparse(&weight.from, o->prune, pass->arena, &make.from, &zeros, pass->err));
        if (o->prune_of)
            zeros = (uint64_t)(weight.from.count / weight.dims[axis] * (weight.dims[axis] / o->prune_of) *
                               (o->prune_of - o->prune_keep));
        make.name = weight.value->name;
        weight.value->twin =
            pj_edit_make(pass->edit, weight.value->name, "/pruned", PJ_FLOAT32, weight.rank, weight.dims, &make);
        pj_edit_read(pass->edit, node, weight.input, weight.value->twin);
        pj_pass_wrote(pass, node, "pruned", weight.bytes, weight.bytes);
        pass->out->zeros += zeros;
        pj_pass_unused(pass, weight.value);
    }
    pj_pass_note(pass, NULL, "weights were pruned by magnitude alone: fine-tune before use, and prune again");
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
