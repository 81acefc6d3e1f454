/* Element-by-element access to the contents of small tensors. */
#include "ops/element.h"

bool pj_box_of(const pj_type *type, pj_box *out)
{
    if (!pj_type_is_tensor(type) || type->rank < 0)
        return false;
    out->rank = type->rank;
    out->count = 1;
    for (int k = type->rank - 1; k >= 0; k--) {
        if (!pj_num_known(type->dims[k]) || type->dims[k].whole < 0)
            return false;
        out->dims[k] = type->dims[k].whole;
        out->stride[k] = out->count;
        if (!pj_mul_i64(out->count, out->dims[k], &out->count) || out->count > PJ_MAX_VALUE_ELEMENTS)
            return false;
    }
    return true;
}

const pj_num *pj_box_data(const pj_ctx *c, int i, pj_box *out)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, i, &count);
    return data && pj_box_of(pj_in_type(c, i), out) && out->count == count ? data : NULL;
}

void pj_box_next(const pj_box *box, int64_t *at)
{
    for (int k = box->rank - 1; k >= 0; k--) {
        if (++at[k] < box->dims[k])
            return;
        at[k] = 0;
    }
}

pj_num *pj_new_data(pj_ctx *c, int64_t count)
{
    pj_num *data = PJ_NEW(c->arena, pj_num, count);
    if (!data)
        pj_fail_memory(c->err);
    return data;
}

/* How elements of an output are found in an input. */
typedef struct finder {
    pj_box from, to;
    const int *axes;
    pj_source source;
    const void *how;
} finder;

/* Where in the input the output's element at a place comes from; -1: from nowhere. */
static int64_t find_element(const finder *f, const int64_t *at)
{
    int64_t offset = 0;
    for (int k = 0; k < f->to.rank; k++) {
        int axis = f->axes ? f->axes[k] : k;
        int64_t index = f->source ? f->source(f->how, k, at[k]) : at[k];
        if (axis < 0)
            continue;
        if (index < 0)
            return -1;
        offset += index * f->from.stride[axis];
    }
    return offset;
}

pj_status pj_pick_data(pj_ctx *c, int o, int i, const int *axes, pj_source source, const void *how, pj_num filler)
{
    finder f = {.axes = axes, .source = source, .how = how};
    const pj_num *data = pj_box_data(c, i, &f.from);
    int64_t at[PJ_MAX_RANK] = {0};
    if (!data || !pj_wants(c, o) || !pj_box_of(&pj_out(c, o)->type, &f.to))
        return PJ_OK;
    pj_num *picked = pj_new_data(c, f.to.count);
    if (!picked)
        return PJ_ENOMEM;
    for (int64_t n = 0; n < f.to.count; n++) {
        int64_t offset = find_element(&f, at);
        picked[n] = offset < 0 ? filler : offset < f.from.count ? data[offset] : pj_num_unknown();
        pj_box_next(&f.to, at);
    }
    return pj_set_data(c, o, picked, f.to.count);
}

int64_t pj_index_of(pj_num index, int64_t dim)
{
    if (!pj_num_known(index) || index.whole < -dim || index.whole >= dim)
        return -1;
    return index.whole < 0 ? index.whole + dim : index.whole;
}

pj_status pj_work_reads_outputs(pj_ctx *c, pj_work *work)
{
    work->read[0] = pj_num_of(0);
    for (int o = 0; o < c->node->outputs; o++)
        work->read[0] = pj_num_add(c->symbols, work->read[0], pj_out_count(c, o));
    return PJ_OK;
}

pj_num pj_bit_length(pj_num n)
{
    int bits = 0;
    if (!pj_num_known(n))
        return pj_num_unknown();
    for (int64_t rest = n.whole; rest > 0; rest >>= 1)
        bits++;
    return pj_num_of(bits);
}
