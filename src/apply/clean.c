/* Cleaning: BatchNormalization into the weights before it, and nodes that do nothing. */
#include <math.h>
#include <string.h>

#include "apply/pass.h"

/* ---- BatchNormalization ---- */

/* What it does to each channel: x * factor + shift. */
typedef struct fold {
    const float *gamma, *beta, *mean, *var;
    double *factor;
    float epsilon;
    int64_t channels;
} fold;

static pj_status read_fold(pj_pass *pass, const pj_edit_node *norm, fold *out, bool *ok)
{
    const float **x[] = {&out->gamma, &out->beta, &out->mean, &out->var};
    const pj_attr *epsilon = pj_node_attr(norm->was, "epsilon");
    out->epsilon = epsilon && epsilon->kind == PJ_ATTR_FLOAT ? epsilon->f : 1e-5F;
    *ok = false;
    for (int i = 0; i < 4; i++) {
        pj_held held;
        if (!pj_weight_of(pass, norm->in[i + 1], &held) || held.rank != 1 ||
            (i > 0 && held.from.count != out->channels) || held.value->dtype != PJ_FLOAT32 ||
            pj_weight_is_absent(&held))
            return PJ_OK;
        out->channels = held.from.count;
        PJ_TRY(pj_weight_read(pass, &held, x[i]));
    }
    out->factor = PJ_NEW(pass->arena, double, out->channels);
    if (!out->factor)
        return pj_fail_memory(pass->err);
    *ok = true;
    for (int64_t c = 0; c < out->channels; c++) {
        out->factor[c] = pj_fold_factor(out->gamma[c], out->var[c], out->epsilon);
        *ok = *ok && isfinite(out->factor[c]);
    }
    return PJ_OK;
}

/* The only reader's value, made by a node whose result nobody else sees. */
static pj_edit_node *maker_for_one(const pj_edit_value *value)
{
    bool alone = value && value->maker && value->readers == 1 && !value->is_output && !value->is_captured;
    return alone && value->maker->was && !value->maker->is_dropped ? value->maker : NULL;
}

static bool has_rank(const pj_edit_value *value, int rank)
{
    return value && value->was && value->was->type.kind == PJ_TENSOR && value->was->type.rank == rank;
}

/* Does the layer take the factors of a BatchNormalization after it? */
static bool takes_fold(pj_pass *pass, const pj_edit_node *layer, const fold *f, pj_held *weight, int *axis)
{
    if (!layer || !pj_edit_is_any(layer, "Conv ConvTranspose Gemm MatMul") || !pj_weight_input(pass, layer, weight) ||
        weight->value->dtype != PJ_FLOAT32 || weight->input != 1)
        return false;
    *axis = pj_weight_channels(layer, weight);
    const pj_attr *beta = pj_node_attr(layer->was, "beta");
    if (pj_edit_is_any(layer, "Gemm MatMul") && (!has_rank(layer->out[0], 2) || (beta && beta->f != 1)))
        return false;
    return *axis >= 0 && !pj_weight_is_absent(weight) && weight->dims[*axis] == f->channels;
}

/* The bias of channel c, which is added to its sum: of a vector, or none. */
static pj_status read_bias(pj_pass *pass, const fold *f, pj_edit_value *value, const float **out, bool *ok)
{
    pj_held held;
    *out = NULL;
    *ok = !value;
    if (!value || !pj_weight_of(pass, value, &held) || held.from.count != f->channels || held.rank < 1 ||
        held.dims[held.rank - 1] != f->channels || held.value->dtype != PJ_FLOAT32 || pj_weight_is_absent(&held))
        return PJ_OK;
    *ok = true;
    return pj_weight_read(pass, &held, out);
}

static pj_edit_value *new_bias(pj_pass *pass, const fold *f, const float *bias, const char *base)
{
    float *folded = PJ_NEW(pass->arena, float, f->channels);
    for (int64_t c = 0; folded && c < f->channels; c++)
        folded[c] = pj_fold_bias(bias ? bias[c] : 0, f->mean[c], f->beta[c], f->factor[c]);
    return pj_edit_bytes(pass->edit, base, "/folded", PJ_FLOAT32, 1, &f->channels, folded,
                         folded ? 4 * (size_t)f->channels : 0);
}

static pj_status fold_weight(pj_pass *pass, pj_edit_node *layer, const fold *f, const pj_held *weight, int axis)
{
    pj_make make = {.form = PJ_FORM_FLOAT, .name = weight->value->name};
    PJ_TRY(
        pj_numbers_scaled(&weight->from, pj_weight_lay(weight, axis), f->factor, pass->arena, &make.from, pass->err));
    pj_edit_value *folded =
        pj_edit_make(pass->edit, weight->value->name, "/folded", PJ_FLOAT32, weight->rank, weight->dims, &make);
    pj_edit_read(pass->edit, layer, weight->input, folded);
    pj_pass_unused(pass, weight->value);
    return PJ_OK;
}

/* The layer's result takes the name of what comes after it. */
static void take_over(pj_pass *pass, pj_edit_node *layer, pj_edit_node *gone)
{
    layer->out[0] = gone->out[0];
    layer->out[0]->maker = layer;
    layer->is_edited = true;
    pj_edit_drop(pass->edit, gone);
    for (int i = 1; i < gone->inputs; i++)
        pj_pass_unused(pass, gone->in[i]);
}

/* layer, then perhaps Add of a constant, then BatchNormalization. */
static pj_status fold_norm(pj_pass *pass, pj_edit_node *norm)
{
    fold f = {0};
    bool ok;
    pj_held weight;
    int axis = 0, side = 1;
    const float *bias = NULL;
    pj_edit_node *maker = maker_for_one(norm->in[0]), *add = NULL;
    if (pj_edit_is(maker, "Add")) {
        add = maker;
        side = maker_for_one(add->in[0]) ? 1 : 0;
        maker = maker_for_one(add->in[!side]);
    }
    if (!maker || pj_node_int(norm->was, "training_mode", 0) || norm->was->outputs < 1)
        return PJ_OK;
    if (pj_edit_is(maker, "MatMul") && pass->has_plan)
        return PJ_OK; /* plans and ranges speak of the product as it was */
    for (int o = 1; o < norm->outputs; o++)
        if (norm->out[o])
            return PJ_OK;
    PJ_TRY(read_fold(pass, norm, &f, &ok));
    if (!ok || !takes_fold(pass, maker, &f, &weight, &axis) || (add && !pj_edit_is(maker, "MatMul")))
        return PJ_OK;
    const bool is_product = pj_edit_is(maker, "MatMul");
    pj_edit_value *old = add ? add->in[side] : !is_product && maker->inputs > 2 ? maker->in[2] : NULL;
    PJ_TRY(read_bias(pass, &f, old, &bias, &ok));
    if (!ok)
        return PJ_OK;
    PJ_TRY(fold_weight(pass, maker, &f, &weight, axis));
    pj_edit_value *folded = new_bias(pass, &f, bias, old ? old->name : norm->in[2]->name);
    if (is_product && !add) { /* it has no bias: the BatchNormalization becomes its addition */
        add = pj_edit_after(pass->edit, norm, "", "Add", norm->name, 2, 1);
        add->in[0] = norm->in[0];
        add->in[1] = folded;
        take_over(pass, add, norm);
        return PJ_OK;
    }
    if (!add)
        pj_edit_widen(pass->edit, maker, 3);
    pj_edit_read(pass->edit, add ? add : maker, add ? side : 2, folded);
    take_over(pass, add ? add : maker, norm);
    pj_pass_unused(pass, old);
    return PJ_OK;
}

/* ---- nodes that do nothing ---- */

static bool is_same_type(const pj_edit_value *a, const pj_edit_value *b)
{
    return a->was && b->was && a->was->type.kind == PJ_TENSOR && b->was->type.kind == PJ_TENSOR &&
           a->dtype == b->dtype && a->dtype != PJ_UNDEFINED;
}

/* Is the output's shape that of the input, number by number? */
static bool is_same_shape(const pj_edit_value *a, const pj_edit_value *b)
{
    if (!is_same_type(a, b) || a->was->type.rank < 0 || a->was->type.rank != b->was->type.rank)
        return false;
    for (int i = 0; i < a->was->type.rank; i++)
        if (!pj_num_known(a->was->type.dims[i]) || !pj_num_known(b->was->type.dims[i]) ||
            a->was->type.dims[i].whole != b->was->type.dims[i].whole)
            return false;
    return true;
}

static bool does_nothing(const pj_edit_node *node)
{
    const pj_edit_value *from = node->inputs > 0 ? node->in[0] : NULL, *to = node->outputs > 0 ? node->out[0] : NULL;
    if (!from || !to || !node->was)
        return false;
    if (pj_edit_is(node, "Dropout")) {
        bool trains = node->was->inputs > 2 && node->was->in[2];
        return !trains && (node->outputs < 2 || !node->out[1] ||
                           (!node->out[1]->readers && !node->out[1]->is_output && !node->out[1]->is_captured));
    }
    return pj_edit_is(node, "Identity") || (pj_edit_is(node, "Cast") && is_same_type(from, to)) ||
           (pj_edit_is_any(node, "Reshape Flatten") && is_same_shape(from, to));
}

/* Two Transposes that cancel: `node` and the one before it. */
static bool cancels(const pj_edit_node *node)
{
    const pj_edit_node *before = pj_edit_is(node, "Transpose") && node->in[0] ? node->in[0]->maker : NULL;
    const pj_attr *a = before && before->was && !before->is_dropped && pj_edit_is(before, "Transpose")
                           ? pj_node_attr(before->was, "perm")
                           : NULL;
    const pj_attr *b = a && node->was ? pj_node_attr(node->was, "perm") : NULL;
    if (!a || !b || a->kind != PJ_ATTR_INTS || b->kind != PJ_ATTR_INTS || a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (b->ints[i] < 0 || b->ints[i] >= a->count || a->ints[b->ints[i]] != i)
            return false;
    return true;
}

/* What is to be read instead of a value: past nodes that go. */
static pj_edit_value *stand_in(pj_edit_value *value)
{
    pj_edit_value *last = value;
    while (last && last->twin)
        last = last->twin;
    while (value && value->twin && value->twin != last) { /* the way is short the next time */
        pj_edit_value *next = value->twin;
        value->twin = last;
        value = next;
    }
    return last;
}

/* All that reads what `node` makes is to read `from`, where names allow it. */
static void bypass(pj_pass *pass, pj_edit_node *node, pj_edit_value *from)
{
    pj_edit_value *to = node->out[0];
    if (!to || to->is_captured)
        return;
    if (to->is_output) { /* its name has to stay: whoever makes `from` makes it instead */
        pj_edit_node *maker = from->maker;
        if (!maker || maker->is_dropped || from->is_output || from->is_captured || from->readers != 1 || from->constant)
            return;
        for (int o = 0; o < maker->outputs; o++)
            if (maker->out[o] == from)
                maker->out[o] = to;
        to->maker = maker;
        maker->is_edited = true;
    } else {
        to->twin = from;
    }
    pj_edit_drop(pass->edit, node);
}

static void read_stand_ins(pj_pass *pass)
{
    for (pj_edit_node *node = pass->edit->first; node; node = node->next)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++)
            if (node->in[i] && node->in[i]->twin)
                pj_edit_read(pass->edit, node, i, stand_in(node->in[i]));
    pj_edit_index(pass->edit);
}

/* A Constant's contents as an initializer, where they are at hand. */
static void hoist(pj_pass *pass, pj_edit_node *node)
{
    pj_edit_value *value = node->out[0], *init;
    const pj_tensor *tensor = value ? value->constant : NULL;
    uint64_t length;
    if (!tensor || value->init || value->is_output || value->is_captured || tensor->sparse ||
        !pj_dtype_bytes(tensor->dtype, tensor->count, &length) || tensor->dtype == PJ_STRING)
        return;
    pj_make make = {.form = PJ_FORM_FLOAT, .name = tensor->name};
    if (tensor->bytes && tensor->storage == PJ_STORED_INLINE) {
        init = pj_edit_bytes(pass->edit, value->name, "", tensor->dtype, tensor->rank, tensor->dims, tensor->bytes,
                             length);
    } else if (tensor->dtype == PJ_FLOAT32 && tensor->storage != PJ_STORED_ABSENT) {
        make.from = pj_edit_numbers(pass->edit, tensor);
        init = pj_edit_make(pass->edit, value->name, "", tensor->dtype, tensor->rank, tensor->dims, &make);
    } else {
        return;
    }
    pj_edit_drop(pass->edit, node);
    pj_edit_take(pass->edit, value, init);
}

/* ---- what nobody needs ---- */

static bool is_needed(const pj_edit_node *node)
{
    bool needed = node->outputs == 0;
    for (int o = 0; o < node->outputs; o++)
        needed =
            needed || (node->out[o] && (node->out[o]->readers || node->out[o]->is_output || node->out[o]->is_captured));
    return needed;
}

/* From the end: what is dropped lets others fall. */
static void drop_unread(pj_pass *pass)
{
    pj_edit *edit = pass->edit;
    bool any = true;
    pj_edit_index(edit);
    for (int round = 0; any && round < 64; round++) {
        any = false;
        for (pj_edit_node *node = edit->last; node; node = node->previous) {
            if (node->is_dropped || is_needed(node))
                continue;
            pj_edit_drop(edit, node);
            for (int i = 0; i < node->inputs; i++)
                if (node->in[i])
                    node->in[i]->readers--;
            any = true;
        }
    }
    for (size_t i = 0; i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        if (value->init && !value->readers && !value->is_output && !value->is_captured && !value->init->is_dropped)
            value->init->is_dropped = edit->is_changed = true;
    }
}

pj_status pj_clean(pj_pass *pass, const pj_setup *setup)
{
    pj_edit *edit = pass->edit;
    pj_fold(pass, setup);
    pj_edit_index(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next)
        if (pj_edit_is(node, "Constant"))
            hoist(pass, node);
    pj_edit_index(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next) {
        if (node->is_dropped)
            continue;
        if (does_nothing(node))
            bypass(pass, node, node->in[0]);
        else if (cancels(node))
            bypass(pass, node, node->in[0]->maker->in[0]);
    }
    read_stand_ins(pass);
    for (pj_edit_node *node = edit->first; node; node = node->next)
        if (!node->is_dropped && node->was && pj_edit_is(node, "BatchNormalization") && node->inputs == 5 &&
            node->in[0])
            PJ_TRY(fold_norm(pass, node));
    drop_unread(pass);
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
