/* What the passes share. */
#include "apply/pass.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/ckd.h"
#include "ops/op.h"
#include "quant/scale.h"

/* ---- wishes ---- */

static pj_wish_kind kind_of(const pj_format *format, int *bits)
{
    const pj_number *n = &format->number;
    if (format->from == PJ_FROM_NOTHING || (n->kind == PJ_FLOAT && n->bits >= 32))
        return PJ_WISH_NONE;
    if (n->kind == PJ_FLOAT && n->bits == 16)
        return n->flavour == PJ_FLOAT_BF16 ? PJ_WISH_BRAIN : PJ_WISH_HALF;
    if (n->kind == PJ_FLOAT && n->bits == 8 && n->flavour == PJ_FLOAT_PLAIN)
        return PJ_WISH_EIGHTH;
    *bits = (int)n->bits;
    bool is_whole = n->kind == PJ_FIXED && n->int_bits == n->bits - n->is_signed && n->bits >= 2 && n->bits <= 16;
    return is_whole || n->kind == PJ_TERNARY ? PJ_WISH_INT : PJ_WISH_OTHER;
}

static bool is_kept(const pj_pass *pass, const pj_node *node)
{
    for (size_t i = 0; i < pass->options->keep_float_count; i++)
        if (pj_text_glob(pass->options->keep_float[i], node->label))
            return true;
    return false;
}

pj_wish pj_wish_of(const pj_pass *pass, const pj_edit_node *node)
{
    pj_wish wish = {0};
    const pj_plan_formats *formats = node->was ? pass->plan.node[node->was->id] : NULL;
    if (!node->was || is_kept(pass, node->was))
        return wish;
    const pj_format *weights = formats && formats->weights.from ? &formats->weights : &pass->plan.weights;
    const pj_format *activations =
        formats && formats->activations.from ? &formats->activations : &pass->plan.activations;
    wish.weights = kind_of(weights, &wish.weight_bits);
    wish.activations = kind_of(activations, &wish.activation_bits);
    wish.is_named = formats != NULL;
    return wish;
}

/* ---- the report ---- */

static const char *keep_text(pj_pass *pass, pj_str *text)
{
    const char *kept = pj_str_keep(text, pass->results);
    return kept ? kept : "";
}

/* "w8a16", or "int8 weights": what is not spoken of stays. */
static void put_formats(pj_str *out, const pj_format *weights, const pj_format *activations)
{
    if (weights->from != PJ_FROM_NOTHING && activations->from != PJ_FROM_NOTHING) {
        pj_quantize_print(&weights->number, &activations->number, out);
        return;
    }
    pj_number_print(weights->from != PJ_FROM_NOTHING ? &weights->number : &activations->number, out);
    pj_str_add(out, weights->from != PJ_FROM_NOTHING ? " weights" : " activations");
}

pj_applied_layer *pj_pass_layer(pj_pass *pass, const pj_edit_node *node)
{
    pj_applied_layer **at = &pass->layer_of[node->was->id];
    if (*at)
        return *at;
    const pj_plan_formats *formats = pass->plan.node[node->was->id];
    pj_str asked = pj_str_new(0);
    const pj_format *weights = formats && formats->weights.from ? &formats->weights : &pass->plan.weights;
    const pj_format *activations =
        formats && formats->activations.from ? &formats->activations : &pass->plan.activations;
    if (weights->from || activations->from) {
        put_formats(&asked, weights, activations);
    }
    *at = &pass->layer[pass->out->layer_count++];
    **at = (pj_applied_layer){.name = pj_arena_strdup(pass->results, node->was->label),
                              .op = pj_arena_strdup(pass->results, node->was->op),
                              .asked = keep_text(pass, &asked),
                              .written = "float",
                              .sqnr_db = NAN};
    return *at;
}

pj_rounding *pj_pass_rounding(pj_pass *pass, const pj_edit_node *node)
{
    return &pass->rounding[pj_pass_layer(pass, node) - pass->layer];
}

pj_status pj_pass_keep(pj_pass *pass, const pj_edit_node *node, const char *reason)
{
    if (pj_wish_of(pass, node).is_named && !pass->options->lenient) {
        pj_error_at(pass->err, NULL, node->was->label, node->op);
        return pj_fail(pass->err, PJ_EFORMAT, "%.300s (--lenient leaves it as it is)", reason);
    }
    pj_pass_layer(pass, node)->reason = pj_arena_strdup(pass->results, reason);
    return PJ_OK;
}

void pj_pass_wrote(pj_pass *pass, const pj_edit_node *node, const char *form, uint64_t before, uint64_t after)
{
    pj_applied_layer *layer = pj_pass_layer(pass, node);
    const char *kept = pj_arena_strdup(pass->results, form);
    layer->written = kept ? kept : "";
    layer->bytes_before = before;
    layer->bytes_after = after;
}

void pj_pass_note(pj_pass *pass, const pj_edit_node *node, const char *format, ...)
{
    va_list args;
    pj_str text = pj_str_new(0);
    va_start(args, format);
    pj_str_vprintf(&text, format, args);
    va_end(args);
    pj_diag_add(&pass->diags, PJ_DIAG_APPLY, node && node->was ? node->was->label : NULL, "%s", text.data);
    if (text.failed)
        pj_arena_fail(pass->results);
    pj_str_free(&text);
}

/* ---- constants ---- */

bool pj_edit_is(const pj_edit_node *node, const char *op)
{
    return node && !*node->domain && strcmp(node->op, op) == 0;
}

bool pj_edit_is_any(const pj_edit_node *node, const char *ops)
{
    size_t length = node && !*node->domain ? strlen(node->op) : 0;
    for (const char *at = length ? strstr(ops, node->op) : NULL; at; at = strstr(at + 1, node->op))
        if ((at == ops || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

bool pj_weight_of(pj_pass *pass, pj_edit_value *value, pj_held *out)
{
    if (!value || !pj_dtype_is_float(value->dtype))
        return false;
    *out = (pj_held){.value = value};
    const pj_edit_tensor *init = value->init;
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

bool pj_weight_input(pj_pass *pass, const pj_edit_node *node, pj_held *out)
{
    for (int i = 0; node->was && i < node->inputs && i < node->was->inputs; i++)
        if (pj_node_role(node->was, i) == 'w' && pj_weight_of(pass, node->in[i], out)) {
            out->input = i;
            return true;
        }
    return false;
}

pj_status pj_weight_check(pj_pass *pass, const pj_edit_node *node, const pj_held *weight)
{
    const pj_tensor *tensor = weight->value->constant;
    if (!tensor || (weight->value->init && !weight->value->init->tensor) ||
        (tensor->storage != PJ_STORED_ABSENT &&
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

int pj_weight_channels(const pj_edit_node *node, const pj_held *w)
{
    return pj_channel_axis(node->was, w->input, w->rank);
}

int pj_weight_inputs(const pj_edit_node *node, const pj_held *w)
{
    if (w->rank < 2)
        return -1;
    if (pj_edit_is(node, "Conv"))
        return 1;
    if (pj_edit_is(node, "ConvTranspose"))
        return 0;
    if (pj_edit_is(node, "Gemm"))
        return !pj_weight_channels(node, w);
    return w->rank - (w->input == 1 ? 2 : 1);
}

pj_lay pj_weight_lay(const pj_held *weight, int axis)
{
    pj_lay lay = {1, 1, 1};
    for (int i = 0; i < weight->rank; i++)
        *(axis < 0 || i > axis ? &lay.inner : i == axis ? &lay.extent : &lay.outer) *= weight->dims[i];
    return lay;
}

/* ---- what nobody reads ---- */

static bool reads(const pj_edit_node *node, const pj_edit_value *value)
{
    for (int i = 0; !node->is_dropped && i < node->inputs; i++)
        if (node->in[i] == value)
            return true;
    return false;
}

/* Who has left does not come back, so nobody is asked twice. */
static bool is_read(pj_edit_value *value)
{
    while (value->left < value->readers && !reads(value->reader[value->left], value))
        value->left++;
    return value->is_output || value->is_captured || value->left < value->readers;
}

void pj_pass_unused(pj_pass *pass, pj_edit_value *value)
{
    if (!value || is_read(value))
        return;
    if (value->init && !value->init->is_dropped) {
        value->init->is_dropped = pass->edit->is_changed = true;
        return;
    }
    if (value->maker && pj_edit_is_any(value->maker, "Constant Identity") && !value->maker->is_dropped)
        pj_edit_drop(pass->edit, value->maker);
}
