/* Activations as integers of known ranges: where pairs of QuantizeLinear and DequantizeLinear stand, so that ONNX
 * Runtime fuses all of them into integer operators. */
#include <math.h>
#include <string.h>

#include "apply/pass.h"
#include "ops/op.h"
#include "plan/noise.h"

enum { MOST_NAMED = 10, OPSET_AXIS = 13, OPSET_FP8 = 19, OPSET_INT16 = 21 };

/* Operators that have integer kernels, or hand integers on. */
static const char region[] =
    "Conv ConvTranspose Gemm MatMul Add Mul AveragePool MaxPool GlobalAveragePool GlobalMaxPool "
    "Concat Relu Clip Reshape Transpose Flatten Squeeze Unsqueeze Slice Split Resize Softmax "
    "Sigmoid";
static const char layers[] = "Conv ConvTranspose Gemm MatMul";
/* Those whose output has the numbers of their input. */
static const char movers[] = "MaxPool Reshape Flatten Transpose Squeeze Unsqueeze Slice Split";

/* The type of an activation. */
typedef struct type {
    pj_dtype dtype;
    pj_int_range range;
    int64_t opset;
} type;

/* How one tensor is quantized, by value: in pj_pass.made under its name. */
typedef struct pair {
    pj_edit_value *scale, *zero; /* initializers */
    pj_edit_value *dq;           /* what readers read */
    float step;
    type type;
} pair;

static type type_of(const pj_pass *pass, const pj_wish *wish)
{
    const pj_apply_options *o = pass->options;
    bool is_wide = wish->activation_bits > 8 || o->activations >= PJ_APPLY_UINT16;
    bool is_signed = o->activations == PJ_APPLY_INT8 || o->activations == PJ_APPLY_INT16;
    const int32_t top = is_wide ? 65535 : 255, half = is_wide ? 32768 : 128;
    if (wish->activations == PJ_WISH_EIGHTH)
        return (type){
            PJ_FLOAT8E4M3FN, {-448, 448},
             OPSET_FP8
        };
    type t = {
        is_wide ? PJ_UINT16 : PJ_UINT8, {0, o->symmetric ? top - 1 : top},
             is_wide ? OPSET_INT16 : 10
    };
    if (is_signed) {
        t.dtype = is_wide ? PJ_INT16 : PJ_INT8;
        t.range = (pj_int_range){o->symmetric ? 1 - half : -half, half - 1};
    }
    return t;
}

/* ---- which nodes ---- */

static bool is_data(const pj_edit_node *node, int i)
{
    char role = i < node->was->inputs ? pj_node_role(node->was, i) : 'c';
    return (role == 'x' || role == 'w') && node->in[i] && node->in[i]->dtype == PJ_FLOAT32;
}

static bool moves(const pj_edit_node *node)
{
    if (pj_edit_is(node, "Resize")) {
        const pj_attr *mode = pj_node_attr(node->was, "mode");
        return !mode || mode->kind != PJ_ATTR_STRING || strcmp(mode->s, "nearest") == 0;
    }
    return pj_edit_is_any(node, movers);
}

/* Computes on floats that the run makes. */
static bool is_live(const pj_edit_node *node)
{
    const pj_value *in = node->was->inputs > 0 ? node->was->in[0] : NULL,
                   *out = node->was->outputs > 0 ? node->was->out[0] : NULL;
    bool is_float = node->inputs > 0 && node->outputs > 0 && node->in[0] && node->out[0] &&
                    node->in[0]->dtype == PJ_FLOAT32 && node->out[0]->dtype == PJ_FLOAT32;
    return is_float && in && out && !out->is_constant && !out->is_folded;
}

/* Reads data that is computed from constants before the run, so that nobody has a range of it. */
static bool reads_computed(pj_pass *pass, const pj_edit_node *node)
{
    pj_held held;
    for (int i = 0; i < node->inputs; i++)
        if (is_data(node, i) && node->in[i]->was && (node->in[i]->was->is_constant || node->in[i]->was->is_folded) &&
            !pj_weight_of(pass, node->in[i], &held))
            return true;
    return false;
}

static pj_status choose(pj_pass *pass, pj_edit_node *node)
{
    const pj_wish wish = pj_wish_of(pass, node);
    const bool is_integer =
        (wish.activations == PJ_WISH_INT && wish.activation_bits <= 16) || wish.activations == PJ_WISH_EIGHTH;
    pj_held weight;
    node->mark = false;
    if (!node->was || !node->begin || node->is_dropped || !is_integer)
        return PJ_OK;
    if (!pj_edit_is_any(node, region))
        return wish.is_named && *node->op ? pj_pass_keep(pass, node, "no runtime computes this operator on integers")
                                          : PJ_OK;
    if (!is_live(node))
        return wish.is_named && pj_edit_is_any(node, layers)
                   ? pj_pass_keep(pass, node, "its activations are no fp32 numbers of the run")
                   : PJ_OK;
    if (reads_computed(pass, node))
        return wish.is_named
                   ? pj_pass_keep(pass, node, "one of its inputs is computed from constants (fold them first)")
                   : PJ_OK;
    if (type_of(pass, &wish).opset > pass->reach || (pass->reach < OPSET_AXIS && !pass->for_ort))
        return pj_pass_keep(pass, node, "its quantizers need a later opset, to which the model cannot be raised");
    if (pj_edit_is_any(node, layers) && pj_weight_input(pass, node, &weight)) {
        bool fits = (wish.weights == PJ_WISH_INT && wish.weight_bits <= 8) || wish.weights == PJ_WISH_EIGHTH;
        if (!fits || weight.from.count == 0)
            return pj_pass_keep(pass, node, "no runtime has weights of that format beside activations of that format");
        if (wish.weights == PJ_WISH_INT && wish.weight_bits <= 4 && pass->reach < 21)
            return pj_pass_keep(pass, node, "int4 weights need opset 21, to which the model cannot be raised");
        PJ_TRY(pj_weight_check(pass, node, &weight));
    }
    node->mark = true;
    return PJ_OK;
}

/* Relu, or Clip from 0 on: the pair after it does its work. */
static bool is_bound(pj_pass *pass, const pj_edit_node *node)
{
    pj_held low;
    float least = -1;
    pj_error ignored = {0};
    if (pj_edit_is(node, "Relu"))
        return true;
    if (!pj_edit_is(node, "Clip"))
        return false;
    const pj_attr *min = pj_node_attr(node->was, "min");
    if (min && min->kind == PJ_ATTR_FLOAT)
        return min->f == 0;
    return node->inputs > 1 && pj_weight_of(pass, node->in[1], &low) && low.from.count == 1 &&
           low.from.get(low.from.payload, 0, 1, &least, &ignored) == PJ_OK && least == 0;
}

/* No pair between a layer and the bound that alone reads it. */
static bool is_merged(pj_pass *pass, const pj_edit_value *value)
{
    const pj_edit_node *maker = value->maker;
    return maker && maker->mark && value->readers == 1 && !value->is_output && !value->is_captured &&
           value->reader[0]->mark && pj_edit_is_any(maker, "Conv ConvTranspose Gemm MatMul Add Mul") &&
           is_bound(pass, value->reader[0]);
}

static bool is_dequantized(const pj_edit_value *value)
{
    return value->maker && strcmp(value->maker->op, "DequantizeLinear") == 0;
}

/* ---- scales ---- */

/* Where its range comes from: past nodes that only move numbers. */
static const pj_edit_value *root_of(const pj_edit_value *value)
{
    while (value->maker && value->maker->mark && moves(value->maker) && value->maker->in[0] &&
           !is_dequantized(value->maker->in[0]))
        value = value->maker->in[0];
    return value;
}

static pj_affine affine_of(double min, double max, const type *t, bool symmetric)
{
    if (t->dtype != PJ_FLOAT8E4M3FN)
        return pj_affine_of(min, max, t->range, symmetric);
    double most = fabs(min) > fabs(max) ? fabs(min) : fabs(max);
    float scale = (float)most / 448;
    return (pj_affine){scale >= 0x1p-126F ? scale : 1, 0};
}

static void add_parameters(pj_pass *pass, const char *base, pj_affine by, pair *out)
{
    const int32_t z = by.zero;
    uint8_t bytes[2] = {(uint8_t)((uint32_t)z & 0xff), (uint8_t)((uint32_t)z >> 8 & 0xff)};
    out->step = by.scale;
    out->scale = pj_edit_bytes(pass->edit, base, "/scale", PJ_FLOAT32, 0, NULL, &by.scale, 4);
    out->zero = pj_edit_bytes(pass->edit, base, "/zero_point", out->type.dtype, 0, NULL, bytes,
                              (size_t)pj_dtype_bits(out->type.dtype) / 8);
}

static pair *known_pair(const pj_pass *pass, const pj_edit_value *value)
{
    pj_str key = pj_str_new(0);
    pj_str_printf(&key, "pair|%s", value->name);
    pair *found = key.failed ? NULL : pj_map_get(&pass->made, key.data);
    if (key.failed)
        pj_arena_fail(pass->arena);
    pj_str_free(&key);
    return found;
}

static pair *new_pair(pj_pass *pass, const pj_edit_value *value, type t)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "pair|%s", value->name);
    char *key = pj_str_keep(&text, pass->arena);
    pair *made = PJ_NEW(pass->arena, pair, 1);
    if (!key || !made || !pj_map_put(&pass->made, key, made))
        return NULL;
    made->type = t;
    return made;
}

/* ---- pairs ---- */

static pj_edit_node *add_quantizer(pj_pass *pass, pj_edit_node *after, const char *op, const char *base, const pair *p)
{
    const char *domain = pass->reach >= OPSET_AXIS || !pass->for_ort ? "" : "com.microsoft";
    pj_edit_node *node = after ? pj_edit_after(pass->edit, after, domain, op, base, 3, 1)
                               : pj_edit_before(pass->edit, NULL, domain, op, base, 3, 1);
    if (*domain && pass->edit->ms_opset < 1)
        pass->edit->ms_opset = 1;
    node->in[1] = p->scale;
    node->in[2] = p->zero;
    return node;
}

static pj_status add_pair(pj_pass *pass, pj_edit_value *value, type t)
{
    const pj_edit_value *root = root_of(value);
    const pj_range *range = pj_map_get(&pass->ranges, root->name);
    const pair *shared = root == value ? NULL : known_pair(pass, root);
    pair *p = new_pair(pass, value, t);
    if (!p)
        return pj_fail_memory(pass->err);
    if (shared) {
        p->scale = shared->scale;
        p->zero = shared->zero;
        p->step = shared->step;
        p->type = shared->type;
    } else if (range) {
        add_parameters(pass, root->name, affine_of(range->min, range->max, &t, pass->options->symmetric), p);
    } else {
        return PJ_OK; /* it was looked for before */
    }
    pj_edit_node *maker = value->maker;
    pj_edit_value *from = value;
    if (value->is_output)
        from = pj_edit_set_aside(pass->edit, value, "/float", PJ_FLOAT32);
    pj_edit_node *q = add_quantizer(pass, maker, "QuantizeLinear", value->name, p);
    q->in[0] = from;
    pj_edit_value *codes = pj_edit_value_new(pass->edit, value->name, "/q", p->type.dtype, q, 0);
    pj_edit_node *dq = add_quantizer(pass, q, "DequantizeLinear", value->name, p);
    dq->in[0] = codes;
    if (value->is_output) {
        dq->out[0] = value;
        value->maker = dq;
        p->dq = value;
        value->step = p->step;
        return PJ_OK;
    }
    p->dq = pj_edit_value_new(pass->edit, value->name, "/dq", PJ_FLOAT32, dq, 0);
    p->dq->step = p->step;
    pj_edit_redirect(pass->edit, value, p->dq, q);
    return PJ_OK;
}

/* A constant beside data, per tensor, in the type of the activations. */
static pj_status add_constant(pj_pass *pass, pj_edit_node *node, int input, type t, const pj_held *held)
{
    pair *p = known_pair(pass, held->value);
    const float *x;
    if (p) {
        pj_edit_read(pass->edit, node, input, p->dq);
        return PJ_OK;
    }
    p = new_pair(pass, held->value, t);
    PJ_TRY(pj_weight_check(pass, node, held));
    PJ_TRY(pj_weight_read(pass, held, &x));
    size_t count = (size_t)held->from.count, width = (size_t)pj_dtype_bits(t.dtype) / 8;
    uint8_t *codes = PJ_NEW(pass->arena, uint8_t, count * width);
    if (!p || !codes)
        return pj_fail_memory(pass->err);
    double min = 0, max = 0;
    for (size_t i = 0; i < count; i++) {
        min = (double)x[i] < min ? (double)x[i] : min;
        max = (double)x[i] > max ? (double)x[i] : max;
        if (!isfinite(x[i]))
            return pj_fail(pass->err, PJ_EFORMAT, "the constant '%.200s' has numbers that are NaN or infinite",
                           held->value->name);
    }
    const pj_affine by = affine_of(min, max, &t, false);
    add_parameters(pass, held->value->name, by, p);
    for (size_t i = 0; i < count; i++) {
        float scaled = x[i] / by.scale;
        int32_t code = pj_affine_code(x[i], by, t.range);
        if (t.dtype == PJ_FLOAT8E4M3FN)
            pj_eighths(&scaled, 1, &codes[i]);
        else
            for (size_t b = 0; b < width; b++)
                codes[i * width + b] = (uint8_t)((uint32_t)code >> (8 * b) & 0xff);
    }
    pj_edit_node *dq = add_quantizer(pass, node->previous, "DequantizeLinear", held->value->name, p);
    dq->in[0] =
        pj_edit_bytes(pass->edit, held->value->name, "/q", t.dtype, held->rank, held->dims, codes, count * width);
    p->dq = pj_edit_value_new(pass->edit, held->value->name, "/dq", PJ_FLOAT32, dq, 0);
    pj_edit_read(pass->edit, node, input, p->dq);
    pj_pass_unused(pass, held->value);
    return PJ_OK;
}

/* ---- weights and biases ---- */

static pj_status write_bias(pj_pass *pass, pj_edit_node *node, const pj_held *bias, const float *b, float step_x,
                            const float *scale_w, int64_t scales)
{
    const int64_t n = bias->from.count, count = scales > 1 ? n : 1;
    float *scale = PJ_NEW(pass->arena, float, n);
    int32_t *codes = PJ_NEW(pass->arena, int32_t, n);
    if (!scale || !codes)
        return pj_fail_memory(pass->err);
    (void)pj_bias_codes(b, (size_t)n, step_x, scale_w, (size_t)scales, scale, codes);
    const bool per_channel = scales > 1;
    const char *base = bias->value->name;
    pair p = {.scale =
                  pj_edit_bytes(pass->edit, base, "/scale", PJ_FLOAT32, per_channel, &count, scale, 4 * (size_t)count)};
    pj_edit_node *dq = add_quantizer(pass, node->previous, "DequantizeLinear", base, &p);
    dq->inputs = 2;
    dq->in[0] = pj_edit_bytes(pass->edit, base, "/q", PJ_INT32, bias->rank, bias->dims, codes, 4 * (size_t)n);
    if (per_channel)
        pj_edit_int(pass->edit, dq, "axis", bias->rank - 1);
    pj_edit_read(pass->edit, node, 2, pj_edit_value_new(pass->edit, base, "/dq", PJ_FLOAT32, dq, 0));
    pj_pass_unused(pass, bias->value);
    return PJ_OK;
}

/* The bias that can be written as sums: a constant of one number a channel. */
static bool bias_of(pj_pass *pass, const pj_edit_node *node, const pj_held *weight, int axis, pj_held *out)
{
    const pj_attr *alpha = pj_node_attr(node->was, "alpha"), *beta = pj_node_attr(node->was, "beta");
    bool is_plain = (!alpha || alpha->f == 1) && (!beta || beta->f == 1);
    return pj_edit_is_any(node, "Conv ConvTranspose Gemm") && is_plain && weight->input == 1 && node->inputs > 2 &&
           pj_weight_of(pass, node->in[2], out) && out->rank == 1 && out->value->dtype == PJ_FLOAT32 && axis >= 0 &&
           out->from.count == weight->dims[axis];
}

static pj_status write_weight(pj_pass *pass, pj_edit_node *node, const pj_held *weight, const pj_wish *wish)
{
    pj_held bias;
    const int axis = pass->options->per_tensor ? -1 : pj_weight_channels(node, weight);
    const bool eighth = wish->weights == PJ_WISH_EIGHTH;
    pj_dq dq = {.bits = eighth || wish->weight_bits > 4 ? 8 : 4,
                .most = eighth ? 0 : (1 << (wish->weight_bits - 1)) - 1,
                .axis = axis,
                .eighth = eighth,
                .dtype = PJ_FLOAT32};
    const float *b = NULL, *scale = NULL, step = node->in[!weight->input] ? node->in[!weight->input]->step : 0;
    const bool has_bias = !eighth && step > 0 && bias_of(pass, node, weight, pj_weight_channels(node, weight), &bias);
    if (pass->options->reduce_range && dq.most == 127)
        dq.most = 64;
    if (has_bias) {
        PJ_TRY(pj_weight_check(pass, node, &bias));
        PJ_TRY(pj_weight_read(pass, &bias, &b));
        float *least = PJ_NEW(pass->arena, float, bias.from.count);
        bool any = false;
        PJ_TRY(pj_dequantize_scales(pass, node, weight, &dq, &scale));
        for (int64_t c = 0; least && c < bias.from.count; c++) {
            float need = pj_bias_least(b[c], step), *at = &least[axis >= 0 ? c : 0];
            *at = need > *at ? need : *at;
            any = any || need > scale[axis >= 0 ? c : 0];
        }
        dq.raised = any ? least : NULL;
        if (any)
            pj_pass_note(pass, node, "its bias is large beside its weights, whose scales are raised");
    }
    pj_edit_value *value;
    uint64_t after;
    PJ_TRY(pj_dequantize(pass, node, weight, &dq, &value, &scale, &after));
    pj_edit_read(pass->edit, node, weight->input, value);
    pj_pass_wrote(pass, node, eighth ? "QDQ fp8e4m3" : dq.bits == 4 ? "QDQ int4" : "QDQ int8", weight->bytes, after);
    if (has_bias)
        PJ_TRY(write_bias(pass, node, &bias, b, step, scale, axis >= 0 ? weight->dims[axis] : 1));
    pj_pass_unused(pass, weight->value);
    return PJ_OK;
}

/* ---- the pass ---- */

/* Is this value to have a pair: made or read by the region, and no constant? */
static bool wants_pair(pj_pass *pass, const pj_edit_value *value, bool made)
{
    pj_held held;
    if (value->dtype != PJ_FLOAT32 || is_dequantized(value) || is_merged(pass, value))
        return false;
    if (made)
        return value->readers > 0 || value->is_output;
    bool is_constant = value->was && value->was->is_constant;
    return !is_constant && !pj_weight_of(pass, (pj_edit_value *)(uintptr_t)value, &held);
}

/* Visits the values of a node that are to have pairs. */
static pj_status each_pair(pj_pass *pass, pj_edit_node *node,
                           pj_status (*visit)(pj_pass *pass, pj_edit_value *value, type t))
{
    const pj_wish wish = pj_wish_of(pass, node);
    const type t = type_of(pass, &wish);
    for (int i = 0; i < node->inputs; i++)
        if (is_data(node, i) && wants_pair(pass, node->in[i], false) && !known_pair(pass, node->in[i]))
            PJ_TRY(visit(pass, node->in[i], t));
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && wants_pair(pass, node->out[o], true) && !known_pair(pass, node->out[o]))
            PJ_TRY(visit(pass, node->out[o], t));
    return PJ_OK;
}

/* Names that the ranges lack, the first ten. */
static pj_status look_for_range(pj_pass *pass, pj_edit_value *value, type t)
{
    const pj_edit_value *root = root_of(value);
    const pj_range *range = pj_map_get(&pass->ranges, root->name);
    char key[] = "lacking";
    pj_str *missing = pj_map_get(&pass->made, key);
    (void)t;
    if (range && isfinite(range->min) && isfinite(range->max))
        return PJ_OK;
    if (!missing) {
        missing = PJ_NEW(pass->arena, pj_str, 1);
        char *kept = pj_arena_strdup(pass->arena, key);
        if (!missing || !kept || !pj_map_put(&pass->made, kept, missing))
            return pj_fail_memory(pass->err);
        *missing = pj_str_new(400);
    }
    if (!strstr(missing->data, root->name))
        pj_str_printf(missing, "%s%.60s", missing->length ? ", " : "", root->name);
    return PJ_OK;
}

static pj_status check_ranges(pj_pass *pass)
{
    for (pj_edit_node *node = pass->edit->first; node; node = node->next)
        if (node->mark)
            PJ_TRY(each_pair(pass, node, look_for_range));
    pj_str *missing = pj_map_get(&pass->made, "lacking");
    if (!missing)
        return PJ_OK;
    pj_status status = pj_fail(pass->err, PJ_EFORMAT, "the calibration has no range of %.400s", missing->data);
    pj_str_free(missing);
    return status;
}

/* Weights, biases and other constants of a node. */
static pj_status write_constants(pj_pass *pass, pj_edit_node *node)
{
    const pj_wish wish = pj_wish_of(pass, node);
    const type t = type_of(pass, &wish);
    pj_held held;
    const bool is_layer = pj_edit_is_any(node, layers) && pj_weight_input(pass, node, &held);
    if (is_layer)
        return write_weight(pass, node, &held, &wish);
    for (int i = 0; i < node->inputs; i++)
        if (is_data(node, i) && pj_weight_of(pass, node->in[i], &held) && held.value->dtype == PJ_FLOAT32)
            PJ_TRY(add_constant(pass, node, i, t, &held));
    pj_pass_wrote(pass, node, "QDQ", 0, 0);
    return PJ_OK;
}

static int64_t opset_of(const pj_pass *pass)
{
    int64_t most = OPSET_AXIS;
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        const pj_wish wish = pj_wish_of(pass, node);
        int64_t need = node->mark ? type_of(pass, &wish).opset : 0;
        most = need > most ? need : most;
    }
    return most;
}

pj_status pj_static(pj_pass *pass)
{
    pj_edit *edit = pass->edit;
    bool any = false;
    pj_edit_index(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next) {
        PJ_TRY(choose(pass, node));
        any = any || node->mark;
    }
    if (!any)
        return PJ_OK;
    PJ_TRY(check_ranges(pass));
    (void)pj_opset_need(pass, opset_of(pass));
    pj_edit_node **by_place = PJ_NEW(pass->arena, pj_edit_node *, edit->parts);
    if (!by_place)
        return pj_fail_memory(pass->err);
    size_t place = 0;
    for (size_t i = 0; i < edit->parts; i++)
        if (edit->part[i].kind == PJ_PART_NODE)
            by_place[place++] = edit->part[i].node;
    for (int i = 0; i < pass->model->graph->nodes; i++) { /* sorted: what is moved has its pair before */
        const int at = pass->model->graph->node[i]->place;
        if (at >= 0 && by_place[at]->mark)
            PJ_TRY(each_pair(pass, by_place[at], add_pair));
    }
    for (pj_edit_node *node = edit->first, *next; node; node = next) {
        next = node->next;
        if (node->mark && node->begin)
            PJ_TRY(write_constants(pass, node));
    }
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
