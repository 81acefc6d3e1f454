/* What scales hold: it changes no count, but says something of the model. */
#include "lint/lint.h"

typedef struct oddities {
    int64_t zero, negative, infinite;
} oddities;

static oddities count_odd(const pj_value *scale)
{
    oddities odd = {0, 0, 0};
    for (int64_t k = 0; scale->data && k < scale->data_count; k++) {
        bool known;
        double real = pj_num_as_real(scale->data[k], &known);
        odd.zero += known && real == 0;
        odd.negative += known && real < 0 && isfinite(real);
        odd.infinite += known && !isfinite(real);
    }
    return odd;
}

/* Each scale is told of once, at the first quantizer that has it. */
static bool check_odd(pj_linter *linter)
{
    bool *told = PJ_NEW(linter->scratch, bool, linter->model->values);
    for (int n = 0; told && n < linter->nodes; n++) {
        const pj_node *node = linter->node[n];
        const pj_value *out = node->outputs ? node->out[0] : NULL;
        const pj_quantized *quantized = out ? linter->precision->quantized[out->index] : NULL;
        const pj_value *scale = quantized && pj_lint_quantizer(linter, node) ? quantized->scale : NULL;
        if (!scale || told[scale->index])
            continue;
        oddities odd = count_odd(scale);
        told[scale->index] = true;
        if ((odd.zero || odd.negative || odd.infinite) &&
            !pj_lint_add(linter, node, -1,
                         "of the %" PRId64 " scales in '%.120s', %" PRId64 " are 0, %" PRId64 " below 0, %" PRId64
                         " not finite",
                         scale->data_count, scale->name, odd.zero, odd.negative, odd.infinite))
            return false;
    }
    return told != NULL;
}

/* clang-format off */
/*  code, severity, summary, example, remedy, check */
static const pj_lint_row rows[] = {
    {{"odd-scale", "note", "a scale that is 0, negative or not finite",
      "DequantizeLinear whose scale for channel 3 is 0: all weights of a channel were 0, which is harmless but for a\n"
      "QuantizeLinear. Symmetric 4-bit quantizers write scales below 0. What is not finite makes results NaN.",
      "Remove channels without weights; give a QuantizeLinear positive, finite scales."},
     check_odd},
};
/* clang-format on */

const pj_lint_family pj_lint_values = {rows, sizeof rows / sizeof *rows};
