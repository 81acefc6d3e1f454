/* What is asked of the formats of tensors: what element types declare, what quantizers and plans make of it. */
#include "quant/precision.h"

#include "ops/op.h"

const char *pj_from_word(pj_from from)
{
    static const char *const words[] = {
#define PJ_FROM_WORD(name, word) word,
        PJ_FROM_LIST(PJ_FROM_WORD)
#undef PJ_FROM_WORD
    };
    return words[from];
}

bool pj_number_of_dtype(pj_dtype dtype, pj_number *out)
{
    int bits = pj_dtype_bits(dtype);
    if (dtype == PJ_BOOL) {
        *out = pj_number_binary01();
        return true;
    }
    if (pj_dtype_is_integer(dtype)) {
        bool is_signed = pj_dtype_is_signed(dtype);
        *out = pj_number_fixed(bits, bits - is_signed, is_signed);
        return true;
    }
    if (!pj_dtype_is_float(dtype))
        return false;
    pj_float_flavour flavour = PJ_FLOAT_PLAIN;
    if (dtype == PJ_BFLOAT16)
        flavour = PJ_FLOAT_BF16;
    else if (dtype == PJ_FLOAT8E5M2 || dtype == PJ_FLOAT8E5M2FNUZ)
        flavour = PJ_FLOAT_E5M2;
    else if (dtype == PJ_FLOAT8E8M0)
        flavour = PJ_FLOAT_E8M0;
    *out = pj_number_float(bits, flavour);
    return true;
}

/* What a plan's formats mean for a tensor: weights are of their format, data beside them of that of the activations,
 * and so are constants that meet data. A bias of an integer layer counts in the units of its sums, with 32 bits. NULL:
 * they say nothing of it. */
static const pj_format *planned_for(const pj_format *weights, const pj_format *activations, const pj_value *value,
                                    pj_const_use use)
{
    static const pj_format sums = {
        .number = {.kind = PJ_FIXED, .bits = 32, .int_bits = 31, .is_signed = true},
          .from = PJ_FROM_PLAN
    };
    const pj_format *format = activations;
    const bool has_integers = weights->from != PJ_FROM_NOTHING && weights->number.kind != PJ_FLOAT &&
                              activations->from != PJ_FROM_NOTHING && activations->number.kind != PJ_FLOAT;
    if (value->is_constant && use == PJ_CONST_WEIGHT)
        format = weights;
    else if (value->is_constant && use == PJ_CONST_BIAS && has_integers)
        format = &sums;
    return format->from != PJ_FROM_NOTHING ? format : NULL;
}

pj_const_use pj_precision_use(const pj_node *node, int i)
{
    if (!node->desc)
        return PJ_CONST_WEIGHT;
    switch (pj_node_role(node, i)) {
    case 'w':
        return PJ_CONST_WEIGHT;
    case 'b':
        return PJ_CONST_BIAS;
    case 'x':
        break;
    default:
        return PJ_CONST_BESIDE;
    }
    bool meets = (node->desc->traits & PJ_ELEMENT) != 0;
    for (int k = 0; k < node->inputs && pj_precision_passes(node); k++)
        meets = meets || (k != i && pj_precision_is_data(node, k) && !node->in[k]->is_constant);
    return meets ? PJ_CONST_BESIDE : PJ_CONST_WEIGHT;
}

/* What is held by a tensor, or by the members of a sequence or map. */
static const pj_type *type_held(const pj_value *value)
{
    const pj_type *type = &value->type;
    while (type->of)
        type = type->of;
    return type;
}

pj_format pj_precision_as_typed(const pj_value *value)
{
    pj_format format = {.from = PJ_FROM_NOTHING};
    const pj_type *type = type_held(value);
    if (pj_type_is_tensor(type) && pj_number_of_dtype(type->dtype, &format.number))
        format.from = PJ_FROM_DECLARED;
    return format;
}

pj_format pj_precision_declared(const pj_precision *precision, const pj_value *value)
{
    pj_format format = pj_precision_as_typed(value);
    const pj_format *planned =
        planned_for(&precision->weights, &precision->activations, value, (pj_const_use)precision->use[value->index]);
    return format.from != PJ_FROM_NOTHING && planned && pj_dtype_is_float(type_held(value)->dtype) ? *planned : format;
}

bool pj_precision_is_data(const pj_node *node, int i)
{
    return i >= 0 && i < node->inputs && node->in[i] && (!node->desc || strchr("xwpb", pj_node_role(node, i)) != NULL);
}

bool pj_precision_passes(const pj_node *node)
{
    return node->desc && (node->desc->traits & (PJ_VIEW | PJ_MOVE | PJ_KEEP));
}

/* False: they do not fit 64 bits. */
static bool numbers_of(const pj_format *format, int64_t elements, int64_t *out)
{
    const pj_packing *packing = format->packing;
    if (!packing)
        *out = elements;
    else if (!pj_mul_i64(elements, packing->numbers, out))
        return false;
    else
        *out /= packing->elements;
    return true;
}

bool pj_format_bits(const pj_format *format, int64_t elements, int64_t *out)
{
    bool differs = format->packing && format->packing->of;
    if (!numbers_of(format, elements, out) ||
        !pj_mul_i64(*out, differs ? format->packing->bits : format->number.bits, out))
        return false;
    *out /= differs ? format->packing->of : 1;
    return true;
}

void pj_format_most(const pj_format *format, int64_t elements, int64_t *numbers, int64_t *bits)
{
    if (!numbers_of(format, elements, numbers))
        *numbers = INT64_MAX;
    if (!pj_format_bits(format, elements, bits))
        *bits = INT64_MAX;
}

static bool is_float_tensor(const pj_value *value)
{
    return value && pj_type_is_tensor(&value->type) && pj_dtype_is_float(value->type.dtype);
}

/* Scales are few beside what they scale. */
static bool is_factor(const pj_precision *precision, const pj_value *value, const pj_value *of)
{
    pj_num few = pj_type_count(precision->model->symbols, &value->type);
    pj_num many = pj_type_count(precision->model->symbols, &of->type);
    return pj_num_known(few) && pj_num_known(many) && few.whole <= many.whole / 2;
}

const pj_node *pj_precision_last_clamp(const pj_precision *precision, const pj_node *node)
{
    const pj_value *out = node->out[0];
    const pj_node *last = out->uses == 1 && !out->is_output ? precision->clamp[out->index] : NULL;
    return last ? last : node;
}

/* Operators that hand on the numbers of a quantized constant, which is one of the inputs `first` to `last`. `few`: the
 * other of the two operands has fewer numbers; they are stored, too, if they are `kept`. */
typedef struct carrier {
    const char *op;
    int first, last;
    bool few, kept;
} carrier;

static const carrier carriers[] = {
    {"Cast",     0, 0, false, false},
    {"CastLike", 0, 0, false, false},
    {"Neg",      0, 0, false, false},
    {"Mul",      0, 1, true,  true },
    {"Div",      0, 0, true,  true },
    {"Where",    1, 2, true,  true },
    {"Max",      0, 1, true,  false},
    {"Min",      0, 1, true,  false},
};

static const carrier *carrier_of(const pj_node *node)
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (strcmp(node->op, carriers[i].op) == 0)
            return &carriers[i];
    return NULL;
}

int pj_precision_carried(const pj_precision *precision, const pj_node *node, const pj_value **beside)
{
    const pj_value *out = node->outputs ? node->out[0] : NULL;
    if (beside)
        *beside = NULL;
    if (*node->domain || !is_float_tensor(out) || !out->is_constant)
        return -1;
    const carrier *c = carrier_of(node);
    if (!c || (c->few ? node->inputs != c->first + 2 : node->inputs < 1))
        return -1;
    for (int i = c->first; i <= c->last; i++) {
        const pj_value *other = c->few ? node->in[2 * c->first + 1 - i] : NULL;
        if (!is_float_tensor(node->in[i]) || !precision->quantized[node->in[i]->index] ||
            (c->few && (!is_float_tensor(other) || !is_factor(precision, other, node->in[i]))))
            continue;
        if (beside && c->kept)
            *beside = other;
        return i;
    }
    return -1;
}

const pj_node_precision *pj_precision_node(const pj_precision *precision, const pj_node *node)
{
    return &precision->node[node->id];
}

const pj_format *pj_precision_planned(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_plan_formats *plan = pj_precision_node(precision, node)->plan;
    if (!plan || !pj_precision_is_data(node, i))
        return NULL;
    return planned_for(&plan->weights, &plan->activations, node->in[i], pj_precision_use(node, i));
}

pj_format pj_precision_of(const pj_precision *precision, const pj_value *value)
{
    static const pj_format nothing;
    return value ? precision->stored[value->index] : nothing;
}

/* Quantized numbers that wait for a DequantizeLinear, or NULL. */
static const pj_quantized *lazy_input(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_quantized *quantized = node->in[i] ? precision->quantized[node->in[i]->index] : NULL;
    return quantized && quantized->is_lazy && node->in[i]->producer &&
                   pj_precision_node(precision, node->in[i]->producer)->quantizer == PJ_DEQUANTIZE
               ? quantized
               : NULL;
}

static bool reads_integers(const pj_precision *precision, const pj_node *node)
{
    const pj_node_precision *own = pj_precision_node(precision, node);
    return own->is_integer || own->quantizer == PJ_QUANTIZE || own->quantizer == PJ_FAKE_QUANTIZE;
}

const pj_value *pj_precision_source(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_value *value = node->in[i];
    const pj_value *source = value && !value->is_constant ? precision->source[value->index] : NULL;
    return source && reads_integers(precision, node) ? source : value;
}

pj_format pj_precision_reads(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_format *plan = pj_precision_planned(precision, node, i);
    const pj_quantized *lazy = lazy_input(precision, node, i);
    if (plan)
        return *plan;
    return lazy && reads_integers(precision, node) ? lazy->format : pj_precision_of(precision, node->in[i]);
}

pj_format pj_precision_computes(const pj_precision *precision, const pj_node *node, int i)
{
    const pj_node_precision *own = pj_precision_node(precision, node);
    const pj_value *value = node->in[i];
    bool is_x = node->desc && pj_node_role(node, i) == 'x';
    if (!value || pj_precision_planned(precision, node, i))
        return pj_precision_reads(precision, node, i);
    if (own->computes_on && is_x && pj_dtype_is_float(value->type.dtype))
        return *own->computes_on;
    if (!own->is_integer && own->quantizer == PJ_NO_QUANTIZER && precision->quantized[value->index] &&
        pj_dtype_is_float(value->type.dtype))
        return pj_precision_declared(precision, value);
    return precision->sum[value->index] ? *precision->sum[value->index] : pj_precision_reads(precision, node, i);
}

const pj_value *pj_precision_result(const pj_precision *precision, const pj_node *node, int o)
{
    const pj_value *value = node->out[o];
    const pj_node *quantizer = value ? precision->quantizer_after[value->index] : NULL;
    const pj_value *at = quantizer ? quantizer->in[0] : value;
    while (at != value && at->producer->desc->traits & PJ_VIEW)
        at = at->producer->in[0];
    return quantizer && at == value ? quantizer->out[0] : value; /* else a clamp stands between */
}

/* The next width that memories have; what is wider than all of them stays. */
static pj_format in_memory(const pj_format *sum)
{
    static const int64_t widths[] = {1, 2, 4, 8, 16, 32, 64};
    pj_format out = *sum;
    size_t k = 0;
    while (k < sizeof widths / sizeof *widths && widths[k] < sum->number.bits)
        k++;
    if (sum->number.kind != PJ_FIXED || k == sizeof widths / sizeof *widths)
        return out;
    out.number.int_bits += widths[k] - sum->number.bits;
    out.number.bits = widths[k];
    return out;
}

bool pj_precision_settle(pj_precision *precision, const pj_node *node, int o, const pj_format *result,
                         bool as_wide_as_they_are)
{
    const pj_value *value = node->out[o];
    const pj_node_precision *own = pj_precision_node(precision, node);
    const pj_node *quantizer = precision->quantizer_after[value->index];
    pj_format *stored = &precision->stored[value->index];
    if (own->quantizer != PJ_NO_QUANTIZER || value->is_constant)
        return false;
    if (own->plan && own->plan->output.from != PJ_FROM_NOTHING) {
        *stored = own->plan->output;
    } else if (quantizer) {
        *stored = precision->stored[quantizer->out[0]->index];
    } else if (precision->wished[value->index]) {
        *stored = *precision->wished[value->index];
    } else if (own->is_integer && !own->sets_format && precision->quantized[value->index] &&
               result->from != PJ_FROM_NOTHING && stored->from != PJ_FROM_ANNOTATION) {
        *stored = as_wide_as_they_are ? *result : in_memory(result);
        if (stored->number.bits == result->number.bits)
            return false;
        precision->sum[value->index] = pj_arena_memdup(precision->arena, result, 1, sizeof *result);
        return true; /* without memory the arena has failed, and the caller's status says so */
    }
    return false;
}
