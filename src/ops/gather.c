/* Gathering elements by index. */
#include "ops/element.h"
#include "ops/families.h"

#define MS "com.microsoft"

/* Gather: data[:axis] + indices + data[axis + 1:]. Each element of data holds `packed` of the result's, side by side
 * along the last axis. */
static pj_status set_gathered(pj_ctx *c, const char *axis_name, pj_dtype dtype, int64_t packed)
{
    int axis, rank = pj_in_rank(c, 0), others = pj_in_rank(c, 1), next = 0;
    pj_num dims[2 * PJ_MAX_RANK];
    if (rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, axis_name, 0), rank, &axis));
    if (rank < 0 || others < 0)
        return pj_set_dtype(c, 0, dtype);
    for (int k = 0; k < axis; k++)
        dims[next++] = pj_in_dim(c, 0, k);
    for (int k = 0; k < others; k++)
        dims[next++] = pj_in_dim(c, 1, k);
    for (int k = axis + 1; k < rank; k++)
        dims[next++] = pj_in_dim(c, 0, k);
    if (axis < rank - 1)
        dims[next - 1] = pj_num_mul(c->symbols, dims[next - 1], pj_num_of(packed));
    return pj_set(c, 0, dtype, next, dims);
}

PJ_SHAPE(gather, set_gathered(c, "axis", pj_in_dtype(c, 0), 1))

/* Output element [outer][i][inner] is data element [outer][index i][inner]. */
static pj_status value_gather(pj_ctx *c)
{
    pj_box from, places, to;
    int axis;
    const pj_num *data = pj_box_data(c, 0, &from), *index = pj_box_data(c, 1, &places);
    if (!data || !index || !pj_wants(c, 0) || !pj_box_of(&pj_out(c, 0)->type, &to))
        return PJ_OK;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), from.rank, &axis));
    pj_num *picked = pj_new_data(c, to.count);
    if (!picked)
        return PJ_ENOMEM;
    int64_t inner = from.stride[axis];
    for (int64_t n = 0; n < to.count; n++) {
        int64_t at = pj_index_of(index[n / inner % places.count], from.dims[axis]);
        int64_t outer = n / inner / places.count;
        picked[n] = at < 0 ? pj_num_unknown() : data[(outer * from.dims[axis] + at) * inner + n % inner];
    }
    return pj_set_data(c, 0, picked, to.count);
}

/* GatherElements: output[p] = data[p, but index[p] along the axis] */
static pj_status shape_gather_elements(pj_ctx *c)
{
    int axis, rank = pj_in_rank(c, 0), others = pj_in_rank(c, 1);
    if (rank >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    if (rank >= 0 && others >= 0 && rank != others)
        return pj_fail(c->err, PJ_ESHAPE, "data has rank %d, indices have rank %d", rank, others);
    return pj_set_shape_of(c, 0, pj_in_dtype(c, 0), 1);
}

static pj_status value_gather_elements(pj_ctx *c)
{
    pj_box from, places;
    int axis;
    int64_t at[PJ_MAX_RANK] = {0};
    const pj_num *data = pj_box_data(c, 0, &from), *index = pj_box_data(c, 1, &places);
    if (!data || !index)
        return PJ_OK;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), from.rank, &axis));
    pj_num *picked = pj_new_data(c, places.count);
    if (!picked)
        return PJ_ENOMEM;
    for (int64_t n = 0; n < places.count; n++) {
        int64_t offset = 0;
        for (int k = 0; k < from.rank && offset >= 0; k++) {
            int64_t place = pj_index_of(k == axis ? index[n] : pj_num_of(at[k]), from.dims[k]);
            offset = place < 0 ? -1 : offset + place * from.stride[k];
        }
        picked[n] = offset < 0 ? pj_num_unknown() : data[offset];
        pj_box_next(&places, at);
    }
    return pj_set_data(c, 0, picked, places.count);
}

/* GatherND: the last axis of indices holds places in data[batch:] */
static pj_status shape_gather_nd(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0), others = pj_in_rank(c, 1), next = 0;
    int64_t batch = pj_attr_int(c, "batch_dims", 0);
    pj_num dims[2 * PJ_MAX_RANK], depth = pj_in_dim(c, 1, -1);
    if (others == 0)
        return pj_fail(c->err, PJ_ESHAPE, "indices have rank 0; rank 1 is the least");
    if (batch < 0 || (rank >= 0 && batch >= rank) || (others >= 0 && batch >= others))
        return pj_fail(c->err, PJ_ESHAPE, "%lld batch dimensions, but data has rank %d and indices have rank %d",
                       (long long)batch, rank, others);
    if (rank < 0 || others < 0 || !pj_num_known(depth))
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    if (depth.whole < 1 || depth.whole > rank - batch)
        return pj_fail(c->err, PJ_ESHAPE, "an index of %lld numbers into a tensor of rank %lld", (long long)depth.whole,
                       (long long)(rank - batch));
    for (int k = 0; k < others - 1; k++)
        dims[next++] = pj_in_dim(c, 1, k);
    for (int k = 0; k < batch; k++)
        PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, k), dims[k], "a batch dimension of data and indices", &dims[k]));
    for (int k = (int)(batch + depth.whole); k < rank; k++)
        dims[next++] = pj_in_dim(c, 0, k);
    return pj_set(c, 0, pj_in_dtype(c, 0), next, dims);
}

/* Where in data the slice starts that the n-th row of indices means; -1: not known, or outside. */
static int64_t slice_start(const pj_box *from, const pj_box *places, const pj_num *index, int batch, int64_t n)
{
    int depth = (int)places->dims[places->rank - 1];
    int64_t offset = 0, rest = n * depth;
    for (int k = 0; k < batch; k++) { /* the row stands in the same batch as its data */
        offset += rest / places->stride[k] * from->stride[k];
        rest %= places->stride[k];
    }
    for (int k = 0; k < depth; k++) {
        int64_t place = pj_index_of(index[n * depth + k], from->dims[batch + k]);
        if (place < 0)
            return -1;
        offset += place * from->stride[batch + k];
    }
    return offset;
}

static pj_status value_gather_nd(pj_ctx *c)
{
    pj_box from, places, to;
    const pj_num *data = pj_box_data(c, 0, &from), *index = pj_box_data(c, 1, &places);
    int batch = (int)pj_attr_int(c, "batch_dims", 0); /* checked by the shape rule */
    if (!data || !index || !pj_wants(c, 0) || !pj_box_of(&pj_out(c, 0)->type, &to) || !to.count)
        return PJ_OK;
    int64_t depth = places.dims[places.rank - 1], length = from.stride[batch + depth - 1];
    pj_num *picked = pj_new_data(c, to.count);
    if (!picked)
        return PJ_ENOMEM;
    for (int64_t n = 0; n < to.count; n++) {
        int64_t start = slice_start(&from, &places, index, batch, n / length);
        picked[n] = start < 0 ? pj_num_unknown() : data[start + n % length];
    }
    return pj_set_data(c, 0, picked, to.count);
}

/* How many elements a stored one holds: bytes hold several when `bits` is below 8. */
static int64_t packed_into_one(pj_ctx *c)
{
    int64_t bits = pj_attr_int(c, "bits", 4);
    return pj_in_dtype(c, 0) == PJ_UINT8 && bits > 0 && bits < 8 ? 8 / bits : 1;
}

/* data, indices, scales[, zero points]: Gather of dequantized rows */
PJ_SHAPE(gather_quantized, set_gathered(c, "gather_axis", pj_in_dtype(c, 2), packed_into_one(c)))

/* Of input `i`, only the slices that the indices name are read: elements / extent of the axis * indices. */
static void read_slices(pj_ctx *c, pj_work *work, int i, int axis)
{
    pj_num extent = pj_in_dim(c, i, axis);
    if (i < c->node->inputs && pj_has(c, i) && !pj_num_is(extent, 1))
        work->read[i] =
            pj_num_mul(c->symbols, pj_num_floor_div(c->symbols, pj_in_count(c, i), extent), pj_in_count(c, 1));
}

static pj_status work_gather_quantized(pj_ctx *c, pj_work *work)
{
    bool integers = !pj_dtype_is_float(pj_in_dtype(c, 0));
    int axis = 0;
    if (pj_in_rank(c, 0) >= 0)
        PJ_TRY(pj_axis(c, pj_attr_int(c, "gather_axis", 0), pj_in_rank(c, 0), &axis));
    read_slices(c, work, 0, axis);
    read_slices(c, work, 2, axis);
    read_slices(c, work, 3, axis);
    /* bytes without zero points are offset by 2^(bits - 1) */
    pj_work_dequantize(c, work, pj_out_count(c, 0), !integers || (pj_in_dtype(c, 0) != PJ_UINT8 && pj_in_zero(c, 3)));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Gather",               1,  "xi",   PJ_MOVE, shape_gather,           value_gather,          pj_work_reads_outputs},
    {"", "GatherElements",       11, "xi",   PJ_MOVE, shape_gather_elements,  value_gather_elements, pj_work_reads_outputs},
    {"", "GatherND",             11, "xi",   PJ_MOVE, shape_gather_nd,        value_gather_nd,       pj_work_reads_outputs},
    {MS, "GatherND",             1,  "xi",   PJ_MOVE, shape_gather_nd,        value_gather_nd,       pj_work_reads_outputs},
    {MS, "TorchEmbedding",       1,  "picc", PJ_MOVE, shape_gather,           NULL,                  pj_work_reads_outputs},
    {MS, "GatherBlockQuantized", 1,  "pisz", 0,       shape_gather_quantized, NULL,                  work_gather_quantized},
};

PJ_FAMILY(gather);
