/* Weights as integers, or as float8, that a DequantizeLinear turns back. */
#include <string.h>

#include "apply/pass.h"
#include "base/ckd.h"
#include "quant/scale.h"

/* Rounds scales to the type in which they are written. */
static void settle(float *scale, size_t n, pj_dtype dtype)
{
    pj_lost lost = {0};
    for (size_t i = 0; i < n && dtype == PJ_FLOAT16; i++) {
        uint16_t half;
        pj_halves(&scale[i], 1, &half, &lost);
        scale[i] = (float)pj_element_real(PJ_FLOAT16, half > 0 ? half : 1);
    }
}

/* The width of the narrowest integers that go up to `most`. */
static int bits_of(int32_t most)
{
    int bits = 2;
    while ((1 << (bits - 1)) - 1 < most)
        bits++;
    return bits;
}

/* NaN and infinities cannot be quantized. */
static pj_status fail_special(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, uint64_t bad)
{
    pj_error_at(pass->err, NULL, node->was->label, node->op);
    return pj_fail(pass->err, PJ_EFORMAT, "its weight '%.200s' has %llu numbers that are NaN or infinite",
                   weight->value->name, (unsigned long long)bad);
}

pj_status pj_dequantize_check(pj_pass *pass, const pj_edit_node *node, const pj_held *weight)
{
    uint64_t bad = 0;
    float most;
    PJ_TRY(pj_make_most(&weight->from, pj_weight_lay(weight, -1), &most, &bad, pass->err));
    return bad > 0 ? fail_special(pass, node, weight, bad) : PJ_OK;
}

/* One scale for each place of the axis, or one. */
static pj_status read_scales(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_dq *dq,
                             pj_lay lay, float **out)
{
    uint64_t bad = 0;
    float *scale = PJ_NEW(pass->arena, float, lay.extent);
    *out = scale;
    if (!scale)
        return pj_fail_memory(pass->err);
    PJ_TRY(pj_make_most(&weight->from, lay, scale, &bad, pass->err));
    if (bad > 0)
        return fail_special(pass, node, weight, bad);
    for (int64_t i = 0; i < lay.extent; i++) {
        scale[i] = dq->eighth ? scale[i] / 448 : pj_scale_of(scale[i], dq->most);
        if (dq->eighth && !(scale[i] >= 0x1p-126F))
            scale[i] = 1;
    }
    if (pass->options->least_error && !dq->eighth)
        PJ_TRY(pj_make_least(&weight->from, lay, bits_of(dq->most), scale, pass->err));
    settle(scale, (size_t)lay.extent, dq->dtype);
    return PJ_OK;
}

char *pj_dequantize_key(pj_pass *pass, const char *what, const pj_held *weight, const pj_dq *dq)
{
    pj_str key = pj_str_new(0);
    pj_str_printf(&key, "%s|%s|%d|%d|%d|%lld|%d|%p", what, weight->value->name, dq->eighth + 2 * dq->unsigned8,
                  (int)dq->most, dq->axis, (long long)dq->block, (int)dq->dtype, (const void *)dq->raised);
    return pj_str_keep(&key, pass->arena);
}

pj_status pj_dequantize_scales(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_dq *dq,
                               const float **out)
{
    pj_dq plain = *dq;
    plain.raised = NULL;
    char *key = pj_dequantize_key(pass, "scales", weight, &plain);
    float *scale = key ? pj_map_get(&pass->made, key) : NULL;
    if (!scale) {
        PJ_TRY(read_scales(pass, node, weight, dq, pj_weight_lay(weight, dq->axis), &scale));
        if (!key || !pj_map_put(&pass->made, key, scale))
            return pj_fail_memory(pass->err);
    }
    *out = scale;
    return PJ_OK;
}

static pj_edit_value *scale_value(pj_pass *pass, const char *base, const pj_dq *dq, const float *scale, int64_t count)
{
    const int rank = dq->axis >= 0;
    pj_lost lost = {0};
    if (dq->dtype != PJ_FLOAT16)
        return pj_edit_bytes(pass->edit, base, "/scale", PJ_FLOAT32, rank, &count, scale, 4 * (size_t)count);
    uint16_t *halves = PJ_NEW(pass->arena, uint16_t, count);
    if (halves)
        pj_halves(scale, (size_t)count, halves, &lost);
    return pj_edit_bytes(pass->edit, base, "/scale", PJ_FLOAT16, rank, &count, halves, halves ? 2 * (size_t)count : 0);
}

static pj_dtype integer_of(int bits)
{
    return bits == 2 ? PJ_INT2 : bits == 4 ? PJ_INT4 : PJ_INT8;
}

/* The opset that has its DequantizeLinear. */
int64_t pj_dequantize_opset(const pj_dq *dq)
{
    if (dq->bits == 2)
        return PJ_OPSET_INT2;
    if (dq->bits == 4 || dq->block > 0)
        return PJ_OPSET_INT4;
    return dq->eighth || dq->dtype == PJ_FLOAT16 ? PJ_OPSET_HALF : dq->axis >= 0 ? PJ_OPSET_AXIS : 10;
}

/* Codes and scales, for each place of an axis. */
static pj_status add_codes(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_dq *dq,
                           pj_edit_value *value[3], const float **scale)
{
    pj_lay lay = pj_weight_lay(weight, dq->axis);
    const float *found;
    const char *base = weight->value->name;
    PJ_TRY(pj_dequantize_scales(pass, node, weight, dq, &found));
    if (dq->raised) {
        float *raised = pj_arena_memdup(pass->arena, found, (size_t)lay.extent, sizeof *raised);
        if (!raised)
            return pj_fail_memory(pass->err);
        for (int64_t i = 0; i < lay.extent; i++)
            raised[i] = dq->raised[i] > raised[i] ? dq->raised[i] : raised[i];
        found = raised;
    }
    *scale = found;
    const pj_make make = {.form = dq->eighth ? PJ_FORM_EIGHTH : PJ_FORM_CODES,
                          .from = weight->from,
                          .lay = lay,
                          .bits = dq->bits,
                          .most = dq->most,
                          .scale = found,
                          .scales = lay.extent,
                          .offset = dq->unsigned8 ? 128 : 0,
                          .rounding = pj_pass_rounding(pass, node),
                          .name = base};
    pj_dtype dtype = dq->eighth ? PJ_FLOAT8E4M3FN : dq->unsigned8 ? PJ_UINT8 : integer_of(dq->bits);
    value[0] = pj_edit_make(pass->edit, base, "/q", dtype, weight->rank, weight->dims, &make);
    value[1] = scale_value(pass, base, dq, found, lay.extent);
    if (dq->bits < 8)
        return PJ_OK;
    uint8_t *zeros = PJ_NEW(pass->arena, uint8_t, lay.extent);
    if (zeros && dq->unsigned8)
        memset(zeros, 128, (size_t)lay.extent);
    value[2] = pj_edit_bytes(pass->edit, base, "/zero_point", dtype, dq->axis >= 0, &lay.extent, zeros,
                             zeros ? (size_t)lay.extent : 0);
    return PJ_OK;
}

/* Likewise, for blocks along the axis. */
static void add_blocks(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_dq *dq,
                       pj_edit_value *value[3])
{
    const char *base = weight->value->name;
    pj_make make = {.form = PJ_FORM_BLOCK_CODES,
                    .from = weight->from,
                    .lay = pj_weight_lay(weight, dq->axis),
                    .bits = dq->bits,
                    .most = dq->most,
                    .block = dq->block,
                    .rounding = pj_pass_rounding(pass, node),
                    .half_scales = dq->dtype == PJ_FLOAT16,
                    .name = base};
    int64_t *dims = pj_arena_memdup(pass->arena, weight->dims, (size_t)weight->rank, sizeof *dims);
    if (!dims)
        return;
    dims[dq->axis] = dims[dq->axis] / dq->block + (dims[dq->axis] % dq->block != 0);
    value[0] = pj_edit_make(pass->edit, base, "/q", integer_of(dq->bits), weight->rank, weight->dims, &make);
    make.form = PJ_FORM_BLOCK_SCALES;
    make.rounding = NULL;
    value[1] = pj_edit_make(pass->edit, base, "/scale", dq->dtype == PJ_FLOAT16 ? PJ_FLOAT16 : PJ_FLOAT32, weight->rank,
                            dims, &make);
}

/* What was made once, and how large it is. */
typedef struct made {
    pj_edit_value *value;
    const float *scale;
    uint64_t bytes;
} made;

pj_status pj_dequantize(pj_pass *pass, pj_edit_node *node, const pj_held *weight, const pj_dq *dq, pj_edit_value **out,
                        const float **scale, uint64_t *bytes)
{
    char *key = pj_dequantize_key(pass, "dq", weight, dq);
    made *known = key ? pj_map_get(&pass->made, key) : NULL;
    pj_edit_value *value[3] = {NULL, NULL, NULL};
    if (!known) {
        known = PJ_NEW(pass->arena, made, 1);
        if (!key || !known)
            return pj_fail_memory(pass->err);
        if (dq->block > 0) {
            PJ_TRY(pj_dequantize_check(pass, node, weight));
            add_blocks(pass, node, weight, dq, value);
        } else
            PJ_TRY(add_codes(pass, node, weight, dq, value, &known->scale));
        bool is_plain = pj_opset_need(pass, pj_dequantize_opset(dq));
        pass->edit->ms_opset = !is_plain && pass->edit->ms_opset < 1 ? 1 : pass->edit->ms_opset;
        pj_edit_node *made_by = pj_edit_before(pass->edit, node, is_plain ? "" : "com.microsoft", "DequantizeLinear",
                                               weight->value->name, value[2] ? 3 : 2, 1);
        for (int i = 0; i < made_by->inputs; i++) {
            made_by->in[i] = value[i];
            known->bytes += value[i] && value[i]->init ? value[i]->init->length : 0;
        }
        if (dq->axis >= 0)
            pj_edit_int(pass->edit, made_by, "axis", dq->axis);
        if (dq->block > 0)
            pj_edit_int(pass->edit, made_by, "block_size", dq->block);
        known->value = pj_edit_value_new(pass->edit, weight->value->name, "/dq", dq->dtype, made_by, 0);
        if (!pj_map_put(&pass->made, key, known))
            return pj_fail_memory(pass->err);
    }
    *out = known->value;
    *bytes = known->bytes;
    if (scale)
        *scale = known->scale;
    return PJ_OK;
}
