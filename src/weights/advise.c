/* Findings about weights. */
#include "weights/advise.h"

/* Formats for value sets: the word in a plan, and the bits of one weight. */
static const struct {
    pj_value_set set;
    const char *word, *values;
    int64_t bits;
} formats[] = {
    {PJ_VALUES_BINARY,  "binary",  "-a, +a",          1},
    {PJ_VALUES_TERNARY, "ternary", "-a, 0, +a",       2},
    {PJ_VALUES_PO2,     "po2_4",   "0 and +-a * 2^k", 4},
};

/* Is a layer priced with weights of this format, or of as few bits already? */
static bool is_priced_so(const pj_format_info *format, size_t k)
{
    return !format->known || format->bits <= formats[k].bits || strcmp(format->kind, "po2") == 0;
}

static void advise_format(const pj_weight *weight, const pj_layer *layer, pj_diags *diags)
{
    bool for_tensor = weight->values == weight->channel_values;
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        if (weight->channel_values == formats[k].set && weight->distinct > 1 && !is_priced_so(layer->weight, k))
            pj_diag_add(diags, PJ_DIAG_WEIGHTS_SPECIAL, layer->name,
                        "the weights '%s' have only the values %s%s, but are priced as %s: price them so with --plan "
                        "and \"weights\": \"%s\" for this layer",
                        weight->tensor, formats[k].values, for_tensor ? "" : " with an a for each channel",
                        layer->weight->word, formats[k].word);
}

static void advise_infinite(const pj_weight *weight, pj_diags *diags)
{
    if (weight->nans + weight->infinities > 0)
        pj_diag_add(diags, PJ_DIAG_WEIGHTS_INFINITE, weight->layer,
                    "of the weights '%s', %" PRId64 " are NaN and %" PRId64
                    " are infinite: other figures leave them out",
                    weight->tensor, weight->nans, weight->infinities);
}

void pj_weights_advise(const pj_weights *weights, const pj_layer *layers, size_t count, pj_diags *diags)
{
    size_t l = 0;
    for (size_t i = 0; i < weights->count; i++) {
        const pj_weight *weight = &weights->weight[i];
        if (weight->absent) {
            pj_diag_add(diags, PJ_DIAG_WEIGHTS_UNREAD, weight->layer, "the weights '%s' were not looked at: %s",
                        weight->tensor, weight->absent);
            continue;
        }
        advise_infinite(weight, diags);
        while (l < count && strcmp(layers[l].name, weight->layer) != 0) /* both in graph order */
            l++;
        if (l < count)
            advise_format(weight, &layers[l], diags);
        else
            l = 0;
    }
}
