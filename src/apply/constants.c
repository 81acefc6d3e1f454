/* Weights and other constants: where their numbers are, seen through nodes that only hand them on. */
#include <string.h>

#include "apply/pass.h"
#include "base/limits.h"
#include "ops/op.h"

enum { MOST_PASSED = 8, MOST_TURNED = 4 << 20, PART = 4096 };

/* ---- seen through ---- */

bool pj_weight_passes(const pj_edit_node *node)
{
    if (!node || !node->was || node->is_dropped || node->inputs < 1 || !node->in[0] || node->outputs < 1)
        return false;
    if (pj_edit_is(node, "Cast"))
        return pj_node_int(node->was, "to", 0) == PJ_FLOAT32 && pj_dtype_is_float(node->in[0]->dtype) &&
               pj_dtype_bits(node->in[0]->dtype) <= 32;
    return pj_edit_is_any(node, "Reshape Flatten Squeeze Unsqueeze Transpose Identity");
}

/* Numbers whose axes are in another order: `stride` is that of each axis of the source in what is made. */
typedef struct turned {
    pj_numbers from;
    pj_pass *pass;
    int rank;
    int64_t dims[PJ_MAX_RANK], stride[PJ_MAX_RANK];
} turned;

static pj_status turn(turned *t, float *x, pj_error *err)
{
    int64_t at[PJ_MAX_RANK] = {0}, to = 0;
    float part[PART];
    for (int64_t p = 0; p < t->from.count; p += PART) {
        const int64_t left = t->from.count - p, n = left < PART ? left : PART;
        PJ_TRY(t->from.get(t->from.payload, p, (size_t)n, part, err));
        for (int64_t i = 0; i < n; i++) {
            x[to] = part[i];
            int a = t->rank - 1;
            for (; a >= 0 && at[a] == t->dims[a] - 1; a--) {
                to -= at[a] * t->stride[a];
                at[a] = 0;
            }
            if (a >= 0) {
                at[a]++;
                to += t->stride[a];
            }
        }
    }
    return PJ_OK;
}

static pj_status get_turned(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    turned *t = payload;
    pj_pass *pass = t->pass;
    if (!pass->turned)
        pass->turned = PJ_NEW(pass->arena, float, MOST_TURNED);
    PJ_TRY(pj_got(pass->turned, err));
    if (pass->turned_by != t) {
        pass->turned_by = NULL;
        PJ_TRY(turn(t, pass->turned, err));
        pass->turned_by = t;
    }
    memcpy(out, pass->turned + first, n * sizeof *out);
    return PJ_OK;
}

/* The numbers of `held` in the order of a Transpose. */
static bool transpose(pj_pass *pass, const pj_edit_node *node, pj_held *held)
{
    const pj_attr *perm = pj_node_attr(node->was, "perm");
    turned *t = PJ_NEW(pass->arena, turned, 1);
    int64_t stride = 1;
    if (!t || held->rank > PJ_MAX_RANK || held->from.count > MOST_TURNED || held->from.get == get_turned ||
        (perm && (perm->kind != PJ_ATTR_INTS || perm->count != held->rank)))
        return false;
    *t = (turned){.from = held->from, .pass = pass, .rank = held->rank};
    for (int i = held->rank - 1; i >= 0; i--) { /* axes of what is made, from the last one on */
        const int64_t axis = perm ? perm->ints[i] : held->rank - 1 - i;
        if (axis < 0 || axis >= held->rank || t->stride[axis])
            return false;
        t->stride[axis] = stride;
        t->dims[axis] = held->dims[axis];
        stride *= held->dims[axis] > 0 ? held->dims[axis] : 1;
    }
    held->from = (pj_numbers){get_turned, t, held->from.count};
    return true;
}

/* The shape that inference found, which has to be numbers. */
static bool take_shape(pj_pass *pass, const pj_edit_value *value, pj_held *held)
{
    const pj_type *type = value->was ? &value->was->type : NULL;
    int64_t count = 1;
    if (!type || type->kind != PJ_TENSOR || type->rank < 0)
        return false;
    int64_t *dims = PJ_NEW(pass->arena, int64_t, type->rank);
    for (int i = 0; dims && i < type->rank; i++) {
        if (!pj_num_known(type->dims[i]) || !pj_mul_i64(count, type->dims[i].whole, &count))
            return false;
        dims[i] = type->dims[i].whole;
    }
    held->rank = type->rank;
    held->dims = dims;
    return dims && count == held->from.count;
}

/* A constant of the file, or a new one. */
static bool at_hand(pj_pass *pass, pj_edit_value *value, pj_held *out)
{
    const pj_edit_tensor *init = value->init;
    out->root = value;
    if (init && !init->tensor) {
        if (init->dtype != PJ_FLOAT32 || (init->make && init->make->form != PJ_FORM_FLOAT))
            return false;
        out->from = init->make ? init->make->from : pj_numbers_of(init->bytes, (int64_t)(init->length / 4));
        out->rank = init->rank;
        out->dims = init->dims;
        out->bytes = init->length;
        return true;
    }
    if (!value->constant || pj_dtype_bits(value->constant->dtype) < 16)
        return false;
    out->from = pj_edit_numbers(pass->edit, value->constant);
    out->rank = value->constant->rank;
    out->dims = value->constant->dims;
    return pj_dtype_bytes(value->constant->dtype, value->constant->count, &out->bytes);
}

bool pj_weight_of(pj_pass *pass, pj_edit_value *value, pj_held *out)
{
    const pj_edit_node *way[MOST_PASSED];
    int passed = 0;
    pj_edit_value *at = value;
    if (!value || !pj_dtype_is_float(value->dtype))
        return false;
    *out = (pj_held){.value = value};
    while (!at->init && !at->constant && passed < MOST_PASSED && pj_weight_passes(at->maker)) {
        way[passed++] = at->maker;
        at = at->maker->in[0];
    }
    if (!pj_dtype_is_float(at->dtype) || !at_hand(pass, at, out))
        return false;
    while (passed-- > 0)
        if ((pj_edit_is(way[passed], "Transpose") && !transpose(pass, way[passed], out)) ||
            !take_shape(pass, way[passed]->out[0], out))
            return false;
    return true;
}

bool pj_weight_input(pj_pass *pass, const pj_edit_node *node, pj_held *out)
{
    for (int i = 0; node->was && i < node->inputs && i < node->was->inputs; i++)
        if (pj_node_role(node->was, i) == 'w' && pj_weight_of(pass, node->in[i], out)) {
            out->input = i;
            return true;
        }
    return false;
}

/* ---- contents ---- */

/* The tensor of the file that its numbers come from; NULL: they are new. */
static const pj_tensor *source_of(const pj_held *weight)
{
    const pj_edit_value *root = weight->root;
    return root->init && !root->init->tensor ? NULL : root->constant;
}

bool pj_weight_is_absent(const pj_held *weight)
{
    const pj_tensor *tensor = source_of(weight);
    return tensor && tensor->storage == PJ_STORED_ABSENT;
}

pj_status pj_weight_check(pj_pass *pass, const pj_edit_node *node, const pj_held *weight)
{
    const pj_tensor *tensor = source_of(weight);
    if (!tensor || (tensor->storage != PJ_STORED_ABSENT &&
                    (tensor->bytes || tensor->count == 0 || pass->model->is_file || pass->model->origin)))
        return PJ_OK;
    pj_error_at(pass->err, NULL, node->was->label, node->op);
    if (tensor->sparse)
        return pj_fail(pass->err, PJ_EFORMAT, "its weight '%.200s' is sparse: store it densely", tensor->name);
    if (tensor->location)
        return pj_fail(
            pass->err, PJ_EFORMAT,
            "its weight '%.200s' is in the file '%.200s', which is not there, or behind a link (--follow-links)",
            tensor->name, tensor->location);
    return pj_fail(pass->err, PJ_EFORMAT, "its weight '%.200s' has no contents%s", tensor->name,
                   tensor->storage == PJ_STORED_ABSENT ? "" : ", for the model comes from a stream");
}

pj_status pj_weight_read(pj_pass *pass, const pj_held *weight, const float **out)
{
    float *x = PJ_NEW(pass->arena, float, weight->from.count);
    *out = x;
    if (!x)
        return pj_fail_memory(pass->err);
    return weight->from.get(weight->from.payload, 0, (size_t)weight->from.count, x, pass->err);
}
