/* What is known before the run becomes initializers: shapes that are computed (Shape, Gather, Concat ...), and weights
 * behind nodes that only hand them on (Reshape, Transpose ...). */
#include "apply/pass.h"

/* Has nobody given or assumed sizes that the file leaves open? Then what inference knows holds for every run. */
static bool is_told_by_file(const pj_model *model, const pj_setup *setup)
{
    bool told = true;
    for (int i = 0; i < model->declareds && (model->dims > 0 || setup->unbound_dims_are_one); i++) {
        const pj_type *type = &model->declared[i].original;
        for (int k = 0; k < type->rank; k++)
            told = told && pj_num_known(type->dims[k]);
    }
    return told;
}

/* Elements of whole numbers that take no more bytes than the node that makes them; 0: they stay. */
static int64_t count_of(const pj_edit_node *node, const pj_value *was, int width)
{
    int64_t count = 1;
    if (was->type.kind != PJ_TENSOR || was->type.rank < 0 || !was->data || !(was->is_folded || was->is_constant))
        return 0;
    for (int i = 0; i < was->type.rank; i++)
        if (!pj_num_known(was->type.dims[i]) || !pj_mul_i64(count, was->type.dims[i].whole, &count))
            return 0;
    if (count != was->data_count || (uint64_t)count > (node->end - node->begin) / (uint64_t)width)
        return 0;
    for (int64_t i = 0; i < count; i++)
        if (!pj_num_known(was->data[i]))
            return 0;
    return count;
}

static void fold_shape(pj_pass *pass, pj_edit_node *node)
{
    pj_edit_value *value = node->out[0];
    const pj_value *was = value ? value->was : NULL;
    const int width = was && was->type.dtype == PJ_INT32 ? 4 : 8;
    const int64_t count = was ? count_of(node, was, width) : 0;
    if (count == 0 || value->is_output || (was->type.dtype != PJ_INT32 && was->type.dtype != PJ_INT64))
        return;
    int64_t *dims = PJ_NEW(pass->arena, int64_t, was->type.rank);
    uint8_t *bytes = PJ_NEW(pass->arena, uint8_t, count * width);
    for (int i = 0; dims && i < was->type.rank; i++)
        dims[i] = was->type.dims[i].whole;
    for (int64_t i = 0; bytes && i < count * width; i++)
        bytes[i] = (uint8_t)((uint64_t)was->data[i / width].whole >> (8 * (i % width)));
    if (!dims || !bytes)
        return;
    pj_edit_value *init = pj_edit_bytes(pass->edit, value->name, "", was->type.dtype, was->type.rank, dims, bytes,
                                        (size_t)(count * width));
    pj_edit_drop(pass->edit, node);
    pj_edit_take(pass->edit, value, init);
}

/* A weight that nobody reads but through such nodes: the file does not grow. */
static void fold_weight(pj_pass *pass, pj_edit_node *node)
{
    pj_edit_value *value = node->out[0];
    pj_held held;
    if (!value || value->is_output || value->dtype != PJ_FLOAT32 || !pj_weight_of(pass, value, &held) ||
        held.root->dtype != PJ_FLOAT32 || held.root->readers != 1 || held.root->is_captured || held.root->is_output ||
        pj_weight_is_absent(&held))
        return;
    const pj_make make = {.form = PJ_FORM_FLOAT, .from = held.from, .name = held.root->name};
    pj_edit_value *init = pj_edit_make(pass->edit, value->name, "", PJ_FLOAT32, held.rank, held.dims, &make);
    pj_edit_drop(pass->edit, node);
    pj_edit_take(pass->edit, value, init);
    pj_pass_unused(pass, node->in[0]);
}

void pj_fold(pj_pass *pass, const pj_setup *setup)
{
    pj_edit *edit = pass->edit;
    const bool is_told = is_told_by_file(pass->model, setup);
    pj_edit_index(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next) {
        if (node->is_dropped || !node->was || !node->begin || node->outputs != 1 || pj_edit_is(node, "Constant"))
            continue;
        if (pj_weight_passes(node))
            fold_weight(pass, node);
        if (!node->is_dropped && is_told)
            fold_shape(pass, node);
    }
}
