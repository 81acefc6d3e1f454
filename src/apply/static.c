/* Activations as integers of known ranges: where pairs of QuantizeLinear and DequantizeLinear stand, so that ONNX
 * Runtime fuses all of them into integer operators. */
#include <math.h>
#include <string.h>

#include "apply/region.h"
#include "ops/op.h"
#include "plan/noise.h"

static const char layers[] = "Conv ConvTranspose Gemm MatMul";

/* How one tensor is quantized: in pj_pass.made, under "scale|" and "pair|" before its name. */
typedef struct pair {
    pj_edit_value *scale, *zero; /* initializers */
    pj_edit_value *dq;           /* what readers read */
    pj_affine by;
    pj_activation type;
} pair;

/* ---- scales ---- */

/* Where its range comes from: past nodes that only move numbers, and on to the Concat that it shares a scale with. */
static pj_edit_value *root_of(pj_edit_value *value)
{
    for (;;) {
        while (value->maker && value->maker->mark && pj_region_moves(value->maker) && value->maker->in[0] &&
               !pj_region_dequantized(value->maker->in[0]))
            value = value->maker->in[0];
        if (!value->twin)
            return value;
        value = value->twin;
    }
}

/* What a Concat reads has the scale of what it makes, whose range then holds all of it. */
static void share_scales(pj_pass *pass)
{
    for (size_t i = 0; i < pass->edit->values.count; i++)
        ((pj_edit_value *)pass->edit->values.entry[i].value)->twin = NULL;
    for (pj_edit_node *node = pass->edit->first; node && pass->options->share_concat; node = node->next)
        for (int i = 0; node->mark && pj_edit_is(node, "Concat") && i < node->inputs; i++) {
            if (!pj_region_reads(node, i) || node->in[i]->constant || pj_region_dequantized(node->in[i]))
                continue;
            pj_edit_value *root = root_of(node->in[i]), *shared = root_of(node->out[0]);
            const pj_range *one = pj_map_get(&pass->ranges, root->name);
            pj_range *all = pj_map_get(&pass->ranges, shared->name);
            if (root == shared)
                continue;
            root->twin = shared;
            if (one && all) {
                all->min = one->min < all->min ? one->min : all->min;
                all->max = one->max > all->max ? one->max : all->max;
            }
        }
}

static pj_affine affine_of(double min, double max, const pj_activation *t, bool symmetric)
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
    out->by = by;
    out->scale = pj_edit_bytes(pass->edit, base, "/scale", PJ_FLOAT32, 0, NULL, &by.scale, 4);
    out->zero = pj_edit_bytes(pass->edit, base, "/zero_point", out->type.dtype, 0, NULL, bytes,
                              (size_t)pj_dtype_bits(out->type.dtype) / 8);
}

/* What is known of the value under that key; a new one where nothing is. NULL: no memory. */
static pair *pair_at(pj_pass *pass, const char *what, const pj_edit_value *value, bool *is_new)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s|%s", what, value->name);
    char *key = pj_str_keep(&text, pass->arena);
    pair *found = key ? pj_map_get(&pass->made, key) : NULL;
    *is_new = !found;
    if (found || !key)
        return found;
    found = PJ_NEW(pass->arena, pair, 1);
    return found && pj_map_put(&pass->made, key, found) ? found : NULL;
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

/* Scale and zero point of the tensors that have this root. NULL: it has no range, or there is no memory. */
static const pair *parameters_of(pj_pass *pass, const pj_edit_value *root, pj_activation t)
{
    const pj_range *range = pj_map_get(&pass->ranges, root->name);
    bool is_new;
    pair *found = range ? pair_at(pass, "scale", root, &is_new) : NULL;
    if (!found || !is_new)
        return found;
    found->type = t;
    add_parameters(pass, root->name, affine_of(range->min, range->max, &t, pass->options->symmetric), found);
    return found;
}

/* ---- pairs ---- */

static pj_edit_node *add_quantizer(pj_pass *pass, pj_edit_node *after, const char *op, const char *base, const pair *p)
{
    const char *domain = pass->reach >= PJ_OPSET_AXIS || !pass->for_ort ? "" : "com.microsoft";
    pj_edit_node *node = after ? pj_edit_after(pass->edit, after, domain, op, base, 3, 1)
                               : pj_edit_before(pass->edit, NULL, domain, op, base, 3, 1);
    if (*domain && pass->edit->ms_opset < 1)
        pass->edit->ms_opset = 1;
    node->in[1] = p->scale;
    node->in[2] = p->zero;
    return node;
}

/* The integers that readers turn back, each with its own DequantizeLinear in front of it; `at`: behind that node. */
static void add_dequantizer(pj_pass *pass, pj_edit_value *value, pj_edit_value *codes, pj_edit_node *at, pair *p)
{
    pj_edit_node *dq = add_quantizer(pass, at, "DequantizeLinear", value->name, p);
    dq->in[0] = codes;
    p->dq = pj_edit_value_new(pass->edit, value->name, "/dq", PJ_FLOAT32, dq, 0);
    p->dq->step = p->by.scale;
    pj_edit_redirect(pass->edit, value, p->dq, codes == value ? dq : at);
}

/* An input or output of the model holds integers from now on. */
static void convert_edge(pj_pass *pass, pj_edit_value *value, const pair *p)
{
    value->dtype = p->type.dtype;
    value->is_retyped = true;
    pj_pass_note(pass, NULL, "%s '%.100s' holds %s now: number = (code - %d) * %.9g",
                 value->is_output ? "the output" : "the input", value->name, pj_dtype_word(p->type.dtype),
                 (int)p->by.zero, (double)p->by.scale);
}

static pj_status add_pair(pj_pass *pass, pj_edit_value *value, pj_activation t)
{
    const bool converts = pass->options->io_convert && !value->is_captured;
    const pair *parameters = parameters_of(pass, root_of(value), t);
    bool is_new;
    if (!parameters)
        return PJ_OK; /* it was looked for before */
    pair *p = pair_at(pass, "pair", value, &is_new);
    PJ_TRY(pj_got(p, pass->err));
    *p = *parameters;
    if (converts && value->is_input && !value->maker && !value->is_output) {
        convert_edge(pass, value, p);
        add_dequantizer(pass, value, value, NULL, p);
        return PJ_OK;
    }
    pj_edit_node *maker = value->maker;
    const bool is_result = value->is_output && maker; /* an input that is an output, too, stays what it is */
    pj_edit_value *from = is_result ? pj_edit_set_aside(pass->edit, value, "/float", PJ_FLOAT32) : value;
    pj_edit_node *q = add_quantizer(pass, maker, "QuantizeLinear", value->name, p);
    q->in[0] = from;
    if (converts && is_result) {
        q->out[0] = value;
        value->maker = q;
        convert_edge(pass, value, p);
        p->dq = value;
        if (value->readers > 0)
            add_dequantizer(pass, value, value, q, p);
        return PJ_OK;
    }
    pj_edit_value *codes = pj_edit_value_new(pass->edit, value->name, "/q", p->type.dtype, q, 0);
    if (!is_result) {
        add_dequantizer(pass, value, codes, q, p);
        return PJ_OK;
    }
    pj_edit_node *dq = add_quantizer(pass, q, "DequantizeLinear", value->name, p);
    dq->in[0] = codes;
    dq->out[0] = value;
    value->maker = dq;
    p->dq = value;
    value->step = p->by.scale;
    return PJ_OK;
}

/* A constant beside data, per tensor, in the type of the activations. */
static pj_status add_constant(pj_pass *pass, pj_edit_node *node, int input, pj_activation t, const pj_held *held)
{
    bool is_new;
    pair *p = pair_at(pass, "pair", held->value, &is_new);
    const pair *shared = pass->options->share_concat && pj_edit_is(node, "Concat")
                             ? parameters_of(pass, root_of(node->out[0]), t)
                             : NULL;
    const float *x;
    PJ_TRY(pj_got(p, pass->err));
    if (!is_new) {
        pj_edit_read(pass->edit, node, input, p->dq);
        return PJ_OK;
    }
    PJ_TRY(pj_weight_check(pass, node, held));
    PJ_TRY(pj_weight_read(pass, held, &x));
    size_t count = (size_t)held->from.count, width = (size_t)pj_dtype_bits(t.dtype) / 8;
    uint8_t *codes = PJ_NEW(pass->arena, uint8_t, count * width);
    PJ_TRY(pj_got(codes, pass->err));
    double min = 0, max = 0;
    for (size_t i = 0; i < count; i++) {
        min = (double)x[i] < min ? (double)x[i] : min;
        max = (double)x[i] > max ? (double)x[i] : max;
        if (!isfinite(x[i]))
            return pj_fail(pass->err, PJ_EFORMAT, "the constant '%.200s' has numbers that are NaN or infinite",
                           held->value->name);
    }
    const pj_affine by = shared ? shared->by : affine_of(min, max, &t, false);
    p->type = t;
    if (shared)
        *p = *shared;
    else
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
    if (value->dtype != PJ_FLOAT32 || pj_region_dequantized(value) || pj_region_merges(pass, value))
        return false;
    if (made)
        return value->readers > 0 || value->is_output;
    bool is_constant = value->was && value->was->is_constant;
    return !is_constant && !pj_weight_of(pass, (pj_edit_value *)(uintptr_t)value, &held);
}

/* Visits the values of a node that are to have pairs. */
static pj_status each_pair(pj_pass *pass, pj_edit_node *node,
                           pj_status (*visit)(pj_pass *pass, pj_edit_value *value, pj_activation t))
{
    const pj_wish wish = pj_wish_of(pass, node);
    const pj_activation t = pj_region_type(pass, &wish);
    for (int i = 0; i < node->inputs; i++)
        if (pj_region_reads(node, i) && wants_pair(pass, node->in[i], false) && !known_pair(pass, node->in[i]))
            PJ_TRY(visit(pass, node->in[i], t));
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && wants_pair(pass, node->out[o], true) && !known_pair(pass, node->out[o]))
            PJ_TRY(visit(pass, node->out[o], t));
    return PJ_OK;
}

/* Names that the ranges lack, the first ten. */
static pj_status look_for_range(pj_pass *pass, pj_edit_value *value, pj_activation t)
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
    const pj_activation t = pj_region_type(pass, &wish);
    pj_held held;
    const bool is_layer = pj_edit_is_any(node, layers) && pj_weight_input(pass, node, &held);
    if (is_layer)
        return write_weight(pass, node, &held, &wish);
    for (int i = 0; i < node->inputs; i++)
        if (pj_region_reads(node, i) && pj_weight_of(pass, node->in[i], &held) && held.value->dtype == PJ_FLOAT32)
            PJ_TRY(add_constant(pass, node, i, t, &held));
    pj_pass_wrote(pass, node, "QDQ", 0, 0);
    return PJ_OK;
}

static int64_t opset_of(const pj_pass *pass)
{
    int64_t most = PJ_OPSET_AXIS;
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        const pj_wish wish = pj_wish_of(pass, node);
        int64_t need = node->mark ? pj_region_type(pass, &wish).opset : 0;
        most = need > most ? need : most;
    }
    return most;
}

/* At level basic ONNX Runtime moves Transposes between the quantizers, and has none of fp8. */
static void note_transposes(pj_pass *pass)
{
    bool has_eighths = false, has_transposes = false;
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        has_eighths = has_eighths || (node->mark && pj_wish_of(pass, node).activations == PJ_WISH_EIGHTH);
        has_transposes = has_transposes || (!node->is_dropped && pj_edit_is(node, "Transpose"));
    }
    if (has_eighths && has_transposes)
        pj_pass_note(
            pass, NULL,
            "it has Transposes, which ONNX Runtime may move between quantizers of fp8 and then refuse: load it "
            "at level disabled");
}

pj_status pj_static(pj_pass *pass)
{
    pj_edit *edit = pass->edit;
    bool any = false;
    pj_edit_index(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next) {
        PJ_TRY(pj_region_choose(pass, node));
        any = any || node->mark;
    }
    if (!any)
        return PJ_OK;
    note_transposes(pass);
    share_scales(pass);
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
