/* Activations that are quantized while the model runs. */
#include <string.h>

#include "apply/pass.h"
#include "base/limits.h"

enum { OPSET_DYNAMIC = 11 };

/* The parts of a dynamically quantized tensor. */
typedef struct parts {
    pj_edit_value *codes, *scale, *zero;
} parts;

static pj_status quantize_input(pj_pass *pass, pj_edit_node *reader, pj_edit_value *value, parts *out)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "dynamic|%s", value->name);
    char *key = pj_str_keep(&text, pass->arena);
    parts *known = key ? pj_map_get(&pass->made, key) : NULL;
    if (!known) {
        known = PJ_NEW(pass->arena, parts, 1);
        if (!key || !known || !pj_map_put(&pass->made, key, known))
            return pj_fail_memory(pass->err);
        pj_edit_node *at = value->maker
                               ? pj_edit_after(pass->edit, value->maker, "", "DynamicQuantizeLinear", value->name, 1, 3)
                               : pj_edit_before(pass->edit, NULL, "", "DynamicQuantizeLinear", value->name, 1, 3);
        at->in[0] = value;
        known->codes = pj_edit_value_new(pass->edit, value->name, "/q", PJ_UINT8, at, 0);
        known->scale = pj_edit_value_new(pass->edit, value->name, "/scale", PJ_FLOAT32, at, 1);
        known->zero = pj_edit_value_new(pass->edit, value->name, "/zero_point", PJ_UINT8, at, 2);
    }
    (void)reader;
    *out = *known;
    return PJ_OK;
}

/* Why not, or NULL. */
static const char *refusal(const pj_pass *pass, const pj_edit_node *node, const pj_held *weight, const pj_wish *wish)
{
    const pj_attr *alpha = pj_node_attr(node->was, "alpha"), *beta = pj_node_attr(node->was, "beta");
    if (wish->weights != PJ_WISH_INT || wish->weight_bits > 8)
        return "no runtime has weights of that format beside activations of that format";
    if (pass->reach < OPSET_DYNAMIC)
        return "DynamicQuantizeLinear needs opset 11, to which the model cannot be raised";
    if (weight->input != 1 || weight->value->dtype != PJ_FLOAT32 || weight->from.count == 0)
        return "its weight is no second operand of fp32 numbers";
    if (pj_edit_is(node, "Gemm") &&
        ((alpha && alpha->f != 1) || (beta && beta->f != 1) || pj_node_int(node->was, "transA", 0)))
        return "a Gemm with factors or a transposed A has no integer form";
    const pj_edit_value *bias = pj_edit_is(node, "Conv") && node->inputs > 2 ? node->in[2] : NULL;
    if (bias && (!bias->constant || bias->constant->rank != 1) && !bias->init)
        return "its bias is no constant";
    return pj_edit_is_any(node, "MatMul Gemm") && weight->rank != 2 ? "its weight is no matrix" : NULL;
}

/* Scale after the sums, then what is added. */
static void finish(pj_pass *pass, pj_edit_node *node, pj_edit_value *scale_x, pj_edit_value *scale_w,
                   pj_edit_value *bias, pj_edit_value *result)
{
    pj_edit *edit = pass->edit;
    const char *base = node->name[0] ? node->name : result->name;
    pj_edit_node *cast = pj_edit_after(edit, node, "", "Cast", base, 1, 1);
    cast->in[0] = node->out[0];
    pj_edit_int(edit, cast, "to", PJ_FLOAT32);
    pj_edit_value *sum = pj_edit_value_new(edit, result->name, "/sum", PJ_FLOAT32, cast, 0);
    pj_edit_node *scales = pj_edit_after(edit, cast, "", "Mul", base, 2, 1);
    scales->in[0] = scale_x;
    scales->in[1] = scale_w;
    pj_edit_value *scale = pj_edit_value_new(edit, result->name, "/scale", PJ_FLOAT32, scales, 0);
    pj_edit_node *product = pj_edit_after(edit, scales, "", "Mul", base, 2, 1);
    product->in[0] = sum;
    product->in[1] = scale;
    pj_edit_node *last = product;
    if (bias) {
        pj_edit_value *scaled = pj_edit_value_new(edit, result->name, "/scaled", PJ_FLOAT32, product, 0);
        last = pj_edit_after(edit, product, "", "Add", base, 2, 1);
        last->in[0] = scaled;
        last->in[1] = bias;
    }
    last->out[0] = result;
    result->maker = last;
}

/* A Conv's bias as [1, C, 1, ...]. */
static pj_status shape_bias(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, pj_edit_value **bias)
{
    pj_held held;
    const float *x;
    int64_t dims[PJ_MAX_RANK];
    if (!*bias)
        return PJ_OK;
    if (!pj_weight_of(pass, *bias, &held) || held.rank != 1 || weight->rank > PJ_MAX_RANK)
        return pj_fail(pass->err, PJ_EFORMAT, "the bias '%.200s' is no constant", (*bias)->name);
    PJ_TRY(pj_weight_check(pass, node, &held));
    PJ_TRY(pj_weight_read(pass, &held, &x));
    for (int i = 0; i < weight->rank; i++)
        dims[i] = i == 1 ? held.from.count : 1;
    *bias = pj_edit_bytes(pass->edit, held.value->name, "/row", PJ_FLOAT32, weight->rank, dims, x,
                          4 * (size_t)held.from.count);
    return PJ_OK;
}

/* The integer operator in the node's place. */
static pj_status write_layer(pj_pass *pass, pj_edit_node *node, const pj_held *weight, const pj_wish *wish)
{
    const bool is_conv = pj_edit_is(node, "Conv");
    pj_dq dq = {.bits = 8,
                .most = (1 << (wish->weight_bits - 1)) - 1,
                .axis = is_conv || pass->options->per_tensor ? -1 : pj_weight_channels(node, weight),
                .unsigned8 = true,
                .dtype = PJ_FLOAT32};
    pj_edit_value *value[3] = {NULL, NULL, NULL},
                  *bias = !pj_edit_is(node, "MatMul") && node->inputs > 2 ? node->in[2] : NULL, *result = node->out[0],
                  *dequantized;
    uint64_t after = 0;
    parts x;
    if (pass->options->reduce_range && dq.most == 127)
        dq.most = 64;
    PJ_TRY(pj_dequantize(pass, node, weight, &dq, &dequantized, NULL, &after));
    for (int i = 0; dequantized->maker && i < 3; i++)
        value[i] = dequantized->maker->in[i];
    dequantized->maker->is_dropped = true; /* its codes are read as they are */
    const bool is_turned = !is_conv && pj_weight_channels(node, weight) == 0;
    pj_edit_value *codes = value[0];
    if (is_turned) {
        const int64_t perm[] = {1, 0};
        pj_edit_node *turn = pj_edit_before(pass->edit, node, "", "Transpose", weight->value->name, 1, 1);
        turn->in[0] = codes;
        pj_edit_ints(pass->edit, turn, "perm", perm, 2);
        codes = pj_edit_value_new(pass->edit, weight->value->name, "/turned", PJ_UINT8, turn, 0);
    }
    const char *op = is_conv ? "ConvInteger" : "MatMulInteger";
    if (pass->for_ort && !is_conv) {
        pj_edit_value *in[] = {node->in[0], codes, value[1], value[2], bias};
        pass->edit->ms_opset = pass->edit->ms_opset < 1 ? 1 : pass->edit->ms_opset;
        pj_edit_widen(pass->edit, node, 5);
        for (int i = 0; i < 5 && i < node->inputs; i++)
            pj_edit_read(pass->edit, node, i, in[i]);
        node->op = op = "DynamicQuantizeMatMul";
        node->domain = "com.microsoft";
        node->lacks = "*";
    } else {
        if (is_conv)
            PJ_TRY(shape_bias(pass, node, weight, &bias));
        PJ_TRY(quantize_input(pass, node, node->in[0], &x));
        pj_edit_value *in[] = {x.codes, codes, x.zero, value[2]};
        pj_edit_widen(pass->edit, node, 4);
        for (int i = 0; i < 4 && i < node->inputs; i++)
            pj_edit_read(pass->edit, node, i, in[i]);
        node->op = op;
        node->lacks = is_conv ? NULL : "*";
        (void)pj_edit_value_new(pass->edit, result->name, "/int", PJ_INT32, node, 0);
        finish(pass, node, x.scale, value[1], bias, result);
    }
    pj_pass_wrote(pass, node, op, weight->bytes, after);
    pj_pass_unused(pass, weight->value);
    return PJ_OK;
}

pj_status pj_dynamic(pj_pass *pass)
{
    pj_edit_index(pass->edit);
    if (pass->options->dynamic_conv && !pass->options->force)
        return pj_fail(
            pass->err, PJ_EARGUMENT,
            "convolutions that quantize their inputs at run time cost more energy than fp32 ones; --force writes them");
    for (pj_edit_node *node = pass->edit->first, *next; node; node = next) {
        const pj_wish wish = pj_wish_of(pass, node);
        const bool is_conv = pj_edit_is(node, "Conv") && pass->options->dynamic_conv;
        pj_held weight;
        next = node->next;
        if (node->is_dropped || !node->begin || wish.activations != PJ_WISH_INT ||
            (!is_conv && !pj_edit_is_any(node, "MatMul Gemm")) || !pj_weight_input(pass, node, &weight))
            continue;
        const char *reason = refusal(pass, node, &weight, &wish);
        if (reason) {
            PJ_TRY(pj_pass_keep(pass, node, reason));
            continue;
        }
        PJ_TRY(pj_weight_check(pass, node, &weight));
        (void)pj_opset_need(pass, OPSET_DYNAMIC);
        PJ_TRY(write_layer(pass, node, &weight, &wish));
    }
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
