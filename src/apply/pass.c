/* What the passes share. */
#include "apply/pass.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/ckd.h"
#include "ops/op.h"
#include "plan/written.h"
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
    if (!node->was || is_kept(pass, node->was) || (!node->out[0] && !pj_written_is_recurrent(node->was)))
        return wish; /* only LSTM and its kin may leave out their first result */
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

/* ---- axes of weights ---- */

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

/* Back to where its numbers come from. */
void pj_pass_unused(pj_pass *pass, pj_edit_value *value)
{
    while (value && !is_read(value)) {
        pj_edit_node *maker = value->maker;
        if (value->init && !value->init->is_dropped)
            value->init->is_dropped = pass->edit->is_changed = true;
        if (value->init || !maker || maker->is_dropped || !(pj_edit_is(maker, "Constant") || pj_weight_passes(maker)))
            return;
        pj_edit_drop(pass->edit, maker);
        for (int i = 1; i < maker->inputs; i++) /* a shape, or axes */
            if (maker->in[i] && maker->in[i]->init && !is_read(maker->in[i]))
                maker->in[i]->init->is_dropped = true;
        value = maker->inputs > 0 ? maker->in[0] : NULL;
    }
}
