/* Operators, number formats and shapes as texts. */
#include "report/layer_text.h"

void pj_op_text(const pj_layer *layer, pj_str *out)
{
    if (*layer->domain)
        pj_str_printf(out, "%s::", layer->domain);
    pj_str_add(out, layer->op);
}

static bool alike(const pj_format_info *a, const pj_format_info *b)
{
    return !b->known || (a->known && strcmp(a->word, b->word) == 0);
}

static bool is_assumed(const pj_format_info *format)
{
    return format->known && strcmp(format->from, "assumed") == 0;
}

static const char *word_of(const pj_format_info *format)
{
    return format->known ? format->word : "?";
}

void pj_precision_text(const pj_layer *layer, pj_str *out)
{
    const pj_format_info *in = layer->input, *w = layer->weight, *sum = layer->accumulator, *to = layer->output;
    if (!in->known && !to->known)
        return;
    if (layer->macs > 0 && !(alike(in, w) && alike(in, sum)))
        pj_str_printf(out, "%s*%s>%s", word_of(in), word_of(w), word_of(sum));
    else if (!in->known || layer->macs > 0 || alike(in, to))
        pj_str_add(out, in->known ? in->word : to->word);
    else
        pj_str_printf(out, "%s>%s", in->word, to->word);
    if (is_assumed(in) || is_assumed(w) || is_assumed(sum) || is_assumed(to))
        pj_str_add_char(out, '?');
}

void pj_shape_text(int rank, const pj_dim_info *dims, pj_str *out)
{
    bool symbolic = false;
    if (rank < 0) {
        pj_str_add_char(out, '?');
        return;
    }
    if (rank == 0)
        pj_str_add(out, "scalar");
    for (int k = 0; k < rank; k++)
        symbolic = symbolic || dims[k].symbol;
    for (int k = 0; k < rank; k++) {
        if (k)
            pj_str_add(out, symbolic ? " x " : "x");
        if (dims[k].symbol)
            pj_str_add(out, dims[k].symbol);
        else if (dims[k].value < 0)
            pj_str_add_char(out, '?');
        else
            pj_str_printf(out, "%" PRId64, dims[k].value);
    }
}
