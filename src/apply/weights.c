/* Weights alone: behind a DequantizeLinear each, in a MatMulNBits, or as the table of an embedding. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apply/pass.h"
#include "base/ckd.h"
#include "ops/op.h"
#include "plan/written.h"
#include "quant/scale.h"

/* ---- MatMulNBits ---- */

static bool is_power_of_two(int64_t x)
{
    return x > 0 && (x & (x - 1)) == 0;
}

/* Can this layer become one? */
static bool fits_nbits(const pj_pass *pass, const pj_edit_node *node, const pj_held *weight, int64_t block)
{
    if (!pass->for_ort || weight->rank != 2 || weight->input != 1 || block < 16 || block > 256 ||
        !is_power_of_two(block))
        return false;
    if (pj_edit_is(node, "MatMul"))
        return true;
    const pj_attr *alpha = pj_node_attr(node->was, "alpha"), *beta = pj_node_attr(node->was, "beta");
    bool is_plain = pj_edit_is(node, "Gemm") && !pj_node_int(node->was, "transA", 0) && (!alpha || alpha->f == 1) &&
                    (!beta || beta->f == 1);
    const pj_edit_value *bias = node->inputs > 2 ? node->in[2] : NULL;
    const pj_tensor *c = bias ? bias->constant : NULL;
    return is_plain && (!bias || (c && c->rank == 1 && c->count == weight->dims[pj_weight_channels(node, weight)]));
}

static pj_edit_value *nbits_part(pj_pass *pass, const pj_held *weight, pj_rounding *rounding, pj_make *make,
                                 pj_form form, const char *suffix, pj_dtype dtype, int rank, const int64_t *dims)
{
    make->form = form;
    make->rounding = form == PJ_FORM_NBITS ? rounding : NULL;
    return pj_edit_make(pass->edit, weight->value->name, suffix, dtype, rank, dims, make);
}

static pj_status write_nbits(pj_pass *pass, pj_edit_node *node, const pj_held *weight, int bits, int64_t block,
                             pj_dtype dtype)
{
    const int channels = pj_weight_channels(node, weight);
    const int64_t n = weight->dims[channels], k = weight->dims[!channels], blocks = k / block + (k % block != 0);
    const int64_t dims[] = {n, blocks, block * bits / 8}, zeros[] = {n, (blocks * bits + 7) / 8};
    pj_make make = {
        .from = weight->from,
        .lay = channels ? (pj_lay){1, k, n}
            : (pj_lay){n, k, 1},
        .bits = bits,
        .block = block,
        .asymmetric = pass->options->asymmetric,
        .half_scales = dtype == PJ_FLOAT16,
        .name = weight->value->name
    };
    const pj_dtype scales = dtype == PJ_FLOAT16 ? PJ_FLOAT16 : PJ_FLOAT32;
    const pj_dq whole = {.most = bits, .axis = -1, .block = block, .dtype = scales};
    uint64_t after;
    char *key = pj_dequantize_key(pass, channels ? "columns" : "rows", weight, &whole);
    pj_edit_value **part = key ? pj_map_get(&pass->made, key) : NULL;
    if (!part) {
        PJ_TRY(pj_dequantize_check(pass, node, weight));
        part = PJ_NEW(pass->arena, pj_edit_value *, 3);
        if (!key || !part || !pj_map_put(&pass->made, key, part))
            return pj_fail_memory(pass->err);
        pj_rounding *rounding = pj_pass_rounding(pass, node);
        part[0] = nbits_part(pass, weight, rounding, &make, PJ_FORM_NBITS, "/q", PJ_UINT8, 3, dims);
        part[1] = nbits_part(pass, weight, rounding, &make, PJ_FORM_NBITS_SCALES, "/scale", scales, 2, dims);
        if (make.asymmetric)
            part[2] = nbits_part(pass, weight, rounding, &make, PJ_FORM_NBITS_ZEROS, "/zero_point", PJ_UINT8, 2, zeros);
    }
    PJ_TRY(pj_got(part[0] && part[1] && (part[2] || !make.asymmetric), pass->err));
    pj_edit_node *new = pj_edit_before(pass->edit, node, "com.microsoft", "MatMulNBits", node->name, 6, 1);
    new->in[0] = node->in[0];
    for (int i = 0; i < 3 && i + 1 < new->inputs; i++)
        new->in[i + 1] = part[i];
    new->in[5] = node->inputs > 2 ? node->in[2] : NULL;
    new->out[0] = node->out[0];
    new->out[0]->maker = new;
    new->was = node->was;
    pj_edit_int(pass->edit, new, "K", k);
    pj_edit_int(pass->edit, new, "N", n);
    pj_edit_int(pass->edit, new, "bits", bits);
    pj_edit_int(pass->edit, new, "block_size", block);
    pass->edit->ms_opset = pass->edit->ms_opset < 1 ? 1 : pass->edit->ms_opset;
    after = part[0]->init && part[1]->init ? part[0]->init->length + part[1]->init->length : 0;
    pj_pass_wrote(pass, node, make.asymmetric ? "MatMulNBits, asymmetric" : "MatMulNBits", weight->bytes, after);
    pj_edit_drop(pass->edit, node);
    pj_pass_unused(pass, weight->value);
    return PJ_OK;
}

/* ---- GatherBlockQuantized ---- */

/* Numbers a scale: a block of int4; of int8 a whole row, in a block that is a power of two, as it has to be. */
static int64_t table_block(const pj_pass *pass, int bits, int64_t wide)
{
    int64_t block = pass->options->block > 0 ? pass->options->block : PJ_SCALE_BLOCK;
    while (bits > 4 && pass->options->block <= 0 && block < wide && block <= INT64_MAX / 2)
        block *= 2;
    return block;
}

/* The integers and their scales, once for all that look something up in the table. */
static pj_status table_parts(pj_pass *pass, const pj_edit_node *node, const pj_held *table, const pj_dq *form,
                             pj_edit_value ***out)
{
    const int64_t rows = table->dims[0], wide = table->dims[1];
    const int64_t scales[] = {rows, wide / form->block + (wide % form->block != 0)};
    char *key = pj_dequantize_key(pass, "table", table, form);
    pj_make make = {
        .form = PJ_FORM_BLOCK_CODES,
        .from = table->from,
        .lay = {rows, wide, 1},
        .bits = form->bits,
        .most = form->most,
        .block = form->block,
        .offset = form->unsigned8 ? 128 : 0,
        .half_scales = form->dtype == PJ_FLOAT16,
        .name = table->value->name,
        .rounding = pj_pass_rounding(pass, node)
    };
    pj_edit_value **part = key ? pj_map_get(&pass->made, key) : NULL;
    *out = part;
    if (part)
        return PJ_OK;
    PJ_TRY(pj_dequantize_check(pass, node, table));
    *out = part = PJ_NEW(pass->arena, pj_edit_value *, 2);
    if (!key || !part || !pj_map_put(&pass->made, key, part))
        return pj_fail_memory(pass->err);
    part[0] =
        pj_edit_make(pass->edit, table->value->name, "/q", form->unsigned8 ? PJ_UINT8 : PJ_INT4, 2, table->dims, &make);
    make.form = PJ_FORM_BLOCK_SCALES;
    make.rounding = NULL;
    part[1] = pj_edit_make(pass->edit, table->value->name, "/scale", form->dtype, 2, scales, &make);
    return pj_got(part[0] && part[1], pass->err);
}

/* A table whose rows are looked up: ONNX Runtime dequantizes those alone. */
static pj_status write_looked_up(pj_pass *pass, pj_edit_node *node, const pj_held *table, const pj_dq *form)
{
    pj_edit_value **part;
    PJ_TRY(table_parts(pass, node, table, form, &part));
    pj_edit_node *new = pj_edit_before(pass->edit, node, "com.microsoft", "GatherBlockQuantized", node->name, 3, 1);
    pj_edit_value *in[] = {part[0], node->in[1], part[1]};
    for (int i = 0; i < 3 && i < new->inputs; i++)
        new->in[i] = in[i];
    new->out[0] = node->out[0];
    new->out[0]->maker = new;
    new->was = node->was;
    pj_edit_int(pass->edit, new, "gather_axis", 0);
    pj_edit_int(pass->edit, new, "quantize_axis", 1);
    pj_edit_int(pass->edit, new, "block_size", form->block);
    if (form->bits == 8)
        pj_edit_int(pass->edit, new, "bits", form->bits);
    pass->edit->ms_opset = pass->edit->ms_opset < 1 ? 1 : pass->edit->ms_opset;
    if (form->bits == 4)
        pass->edit->ir_version = pass->edit->ir_version < 10 ? 10 : pass->edit->ir_version;
    pj_pass_wrote(pass, node, "GatherBlockQuantized", table->bytes,
                  part[0]->init && part[1]->init ? part[0]->init->length + part[1]->init->length : 0);
    pj_edit_drop(pass->edit, node);
    pj_pass_unused(pass, table->value);
    return PJ_OK;
}

/* ---- the pass ---- */

/* Numbers a block: what was asked for, or the usual one where weights have no more than 4 bits. */
static int64_t block_of(const pj_pass *pass, const pj_edit_node *node, int bits, int64_t extent)
{
    int64_t block = pass->options->block;
    bool has_blocks = pj_edit_is_any(node, "MatMul Gemm Gather");
    if (block < 0 || (block == 0 && (bits > 4 || !has_blocks)))
        return 0;
    block = block == 0 ? PJ_SCALE_BLOCK : block;
    return block < extent ? block : extent;
}

static pj_dq form_of(const pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_wish *wish)
{
    const bool has_int2 = wish->weight_bits <= 2 && pass->reach >= PJ_OPSET_INT2;
    pj_dq dq = {.bits = wish->weight_bits > 4 ? 8 : has_int2 ? 2 : 4, .eighth = wish->weights == PJ_WISH_EIGHTH};
    const int reduced = pj_weight_inputs(node, weight);
    dq.most = wish->weights == PJ_WISH_INT ? (1 << (wish->weight_bits - 1)) - 1 : 0;
    if (pass->options->reduce_range && dq.most == 127)
        dq.most = 64;
    dq.bits = dq.eighth ? 8 : dq.bits;
    dq.block = reduced < 0 || dq.eighth ? 0 : block_of(pass, node, wish->weight_bits, weight->dims[reduced]);
    dq.axis = dq.block ? reduced : pass->options->per_tensor ? -1 : pj_weight_channels(node, weight);
    bool is_half = weight->value->dtype == PJ_FLOAT16 || wish->activations == PJ_WISH_HALF;
    dq.dtype = is_half ? PJ_FLOAT16 : PJ_FLOAT32;
    return dq;
}

/* Why it cannot be done, or NULL. */
static const char *refusal(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_wish *wish,
                           pj_dq *dq)
{
    if (wish->weights == PJ_WISH_OTHER || (wish->weights == PJ_WISH_INT && wish->weight_bits > 8))
        return "no operator has weights of that format";
    if (weight->from.count == 0)
        return "its weight has no elements";
    if (weight->value->dtype != PJ_FLOAT32 && weight->value->dtype != PJ_FLOAT16)
        return "its weight is neither fp32 nor fp16";
    if (dq->dtype == PJ_FLOAT16 && pass->reach < PJ_OPSET_HALF && weight->value->dtype == PJ_FLOAT32)
        dq->dtype = PJ_FLOAT32; /* a Cast follows */
    const int64_t need = pj_dequantize_opset(dq);
    if (pass->reach >= need || (pass->for_ort && !dq->block && !dq->eighth && dq->dtype == PJ_FLOAT32))
        return NULL;
    (void)node;
    return need == PJ_OPSET_INT4 ? "it needs opset 21, to which the model cannot be raised"
                                 : "it needs a later opset, to which the model cannot be raised";
}

/* Does the model hold these weights as integers of that width already? */
static bool is_already(const pj_edit_node *node, const pj_wish *wish)
{
    for (int i = 0; node->was && i < node->inputs && i < node->was->inputs; i++) {
        const pj_edit_node *maker = node->in[i] ? node->in[i]->maker : NULL;
        if (maker && maker->begin && pj_edit_is(maker, "DequantizeLinear") && pj_node_role(node->was, i) == 'w')
            return maker->in[0] && maker->in[0]->constant &&
                   pj_dtype_bits(maker->in[0]->constant->dtype) == wish->weight_bits;
    }
    return false;
}

static const char *form_word(const pj_dq *dq)
{
    return dq->eighth ? "fp8e4m3" : dq->bits == 2 ? "int2" : dq->bits == 4 ? "int4" : "int8";
}

/* Weights of input and of state, with a scale for each row of a gate. */
static pj_status write_recurrent(pj_pass *pass, pj_edit_node *node, const pj_wish *wish)
{
    pj_held weight[2];
    pj_dq dq[2];
    uint64_t before = 0, after = 0, bytes;
    char form[80];
    for (int k = 0; k < 2; k++) {
        const int input = k + 1;
        if (input >= node->inputs || !pj_weight_of(pass, node->in[input], &weight[k]) || weight[k].rank != 3)
            return pj_pass_keep(pass, node, "its weights are no constants of the main graph");
        weight[k].input = input;
        PJ_TRY(pj_weight_check(pass, node, &weight[k]));
        dq[k] = form_of(pass, node, &weight[k], wish);
        dq[k].block = 0;
        dq[k].axis = pass->options->per_tensor ? -1 : 1;
        const char *reason = refusal(pass, node, &weight[k], wish, &dq[k]);
        if (reason)
            return pj_pass_keep(pass, node, reason);
    }
    for (int k = 0; k < 2; k++) {
        pj_edit_value *value;
        PJ_TRY(pj_dequantize(pass, node, &weight[k], &dq[k], &value, NULL, &bytes));
        pj_edit_read(pass->edit, node, weight[k].input, value);
        pj_pass_unused(pass, weight[k].value);
        before += weight[k].bytes;
        after += bytes;
    }
    snprintf(form, sizeof form, "DequantizeLinear %s%s", form_word(&dq[0]), dq[0].axis < 0 ? " per tensor" : "");
    pj_pass_wrote(pass, node, form, before, after);
    pj_pass_note(pass, node,
                 "ONNX Runtime dequantizes its weights in every inference: the file shrinks, the traffic does not");
    return PJ_OK;
}

/* The weight behind a DequantizeLinear. */
static pj_status write_dequantized(pj_pass *pass, pj_edit_node *node, const pj_held *weight, const pj_wish *wish)
{
    pj_dq dq = form_of(pass, node, weight, wish);
    pj_edit_value *value;
    uint64_t after;
    char form[80];
    const char *reason = refusal(pass, node, weight, wish, &dq);
    if (reason)
        return pj_pass_keep(pass, node, reason);
    PJ_TRY(pj_dequantize(pass, node, weight, &dq, &value, NULL, &after));
    pj_edit_read(pass->edit, node, weight->input, value);
    snprintf(form, sizeof form, "DequantizeLinear %s%s", form_word(&dq),
             dq.block      ? " in blocks"
             : dq.axis < 0 ? " per tensor"
                           : "");
    pj_pass_wrote(pass, node, form, weight->bytes, after);
    if (wish->weight_bits != dq.bits && wish->weights == PJ_WISH_INT)
        pj_pass_note(pass, node, "its int%d weights are stored as int%d: the file does not shrink to %d bits",
                     wish->weight_bits, dq.bits, wish->weight_bits);
    if (pj_edit_is_any(node, "MatMul Gemm"))
        pj_pass_note(pass, node,
                     "ONNX Runtime computes it with MatMulNBits and activations rounded to int8, unless the session "
                     "entry session.qdq_matmulnbits_accuracy_level is 1");
    else
        pj_pass_note(pass, node,
                     "ONNX Runtime dequantizes its weight in every inference: the file shrinks, the traffic does not");
    pj_pass_unused(pass, weight->value);
    return PJ_OK;
}

static pj_status write_layer(pj_pass *pass, pj_edit_node *node, const pj_wish *wish)
{
    pj_held weight;
    if (is_already(node, wish)) {
        pj_pass_layer(pass, node)->reason = "already";
        return PJ_OK;
    }
    if (!pj_weight_input(pass, node, &weight))
        return !wish->is_named ? PJ_OK : pj_pass_keep(pass, node, "its weight is no constant of the main graph");
    const pj_dq dq = form_of(pass, node, &weight, wish);
    const int64_t block = pass->options->block > 0 ? pass->options->block : PJ_SCALE_BLOCK;
    PJ_TRY(pj_weight_check(pass, node, &weight));
    if (dq.block && dq.bits > 2 && wish->weights == PJ_WISH_INT && wish->weight_bits <= 8 &&
        fits_nbits(pass, node, &weight, block) &&
        (weight.value->dtype == PJ_FLOAT32 || weight.value->dtype == PJ_FLOAT16))
        return write_nbits(pass, node, &weight, dq.bits, block, dq.dtype);
    return write_dequantized(pass, node, &weight, wish);
}

/* A table whose rows are looked up. */
static pj_status write_table(pj_pass *pass, pj_edit_node *node, const pj_wish *wish)
{
    pj_held table;
    if (!pj_written_is_table(node->was) || !pj_weight_of(pass, node->in[0], &table) || table.rank != 2)
        return pj_pass_keep(pass, node, "it looks nothing up in the rows of a constant matrix of floats");
    PJ_TRY(pj_weight_check(pass, node, &table));
    pj_dq form = form_of(pass, node, &table, wish);
    const int64_t block = table_block(pass, form.bits, table.dims[1]);
    if (!pass->for_ort || wish->weights != PJ_WISH_INT || wish->weight_bits > 8 || form.bits < 4 || block < 16 ||
        !is_power_of_two(block))
        return write_dequantized(pass, node, &table, wish);
    form.block = block;
    form.unsigned8 = form.bits == 8;
    return write_looked_up(pass, node, &table, &form);
}

pj_status pj_weights_only(pj_pass *pass)
{
    pj_edit_index(pass->edit);
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        pj_wish wish = pj_wish_of(pass, node);
        bool is_integer = wish.activations == PJ_WISH_INT || wish.activations == PJ_WISH_EIGHTH;
        bool wants = wish.weights == PJ_WISH_INT || wish.weights == PJ_WISH_EIGHTH || wish.weights == PJ_WISH_OTHER;
        pj_held weight;
        if (node->is_dropped || !node->begin || !wants || (is_integer && pass->options->scheme != PJ_APPLY_WEIGHTS))
            continue;
        if (pj_edit_is_any(node, "Conv ConvTranspose MatMul Gemm"))
            PJ_TRY(write_layer(pass, node, &wish));
        else if (wish.is_named && pj_edit_is_any(node, "LSTM GRU RNN"))
            PJ_TRY(write_recurrent(pass, node, &wish));
        else if (wish.is_named && pj_edit_is(node, "Gather") && node->inputs == 2)
            PJ_TRY(write_table(pass, node, &wish));
        else if (wish.is_named && pj_weight_input(pass, node, &weight))
            PJ_TRY(pj_pass_keep(pass, node, "weights of this operator are not written as integers"));
    }
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
