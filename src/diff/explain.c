/* Splitting differences into effects of counts, widths and prices, and saying what causes them. */
#include "diff/said.h"

#include "base/real.h"
#include "result/field.h"

/* An energy is count * width * price; 0: not known, or not there. */
typedef struct factors {
    double count, width;
} factors;

static double component_of(const pj_energy *energy, pj_component component)
{
    const double parts[] = {energy->inputs, energy->outputs, energy->parameters, energy->op_cost};
    return parts[component];
}

static factors per_bit(int64_t bits, const pj_format_info *format)
{
    factors f = {0, 0};
    if (bits > 0 && format->known && format->bits > 0)
        f = (factors){(double)bits / (double)format->bits, (double)format->bits};
    return f;
}

static factors factors_of(const pj_layer *layer, pj_component component, bool macs)
{
    factors f = {0, 0};
    switch (component) {
    case PJ_INPUTS:
        return per_bit(layer->input_bits, layer->input);
    case PJ_OUTPUTS:
        return per_bit(layer->output_bits, layer->output);
    case PJ_PARAMETERS:
        if (layer->params > 0)
            f = (factors){(double)layer->params * (double)layer->runs,
                          (double)layer->param_bits / (double)layer->params};
        return f;
    case PJ_OP_COST:
        return (factors){(double)(macs ? layer->macs : layer->flops), 1};
    case PJ_COMPONENTS:
        break;
    }
    return f;
}

static void split(const pj_layer *a, const pj_layer *b, pj_component component, pj_effect *out)
{
    static const char *const counted[] = {"elements", "elements", pj_key_params, pj_key_macs};
    bool macs = a->macs > 0 && b->macs > 0;
    factors of_a = factors_of(a, component, macs), of_b = factors_of(b, component, macs);
    out->a = component_of(&a->energy, component);
    out->b = component_of(&b->energy, component);
    double from = out->a - (component == PJ_OP_COST ? a->conversion : 0);
    double to = out->b - (component == PJ_OP_COST ? b->conversion : 0);
    double difference = to - from;
    out->counted = component == PJ_OP_COST && !macs ? pj_key_flops : counted[component];
    out->by_conversion = component == PJ_OP_COST ? b->conversion - a->conversion : 0;
    if (!(from > 0 && to > 0)) {
        bool no_count = (of_a.count > 0) != (of_b.count > 0);
        *(no_count ? &out->by_count : &out->by_price) = difference;
        return;
    }
    bool known = of_a.count > 0 && of_b.count > 0 && of_a.width > 0 && of_b.width > 0;
    double mean = difference == 0 ? from : difference / pj_log(to / from);
    out->count_ratio = known ? of_b.count / of_a.count : 1;
    out->width_ratio = known ? of_b.width / of_a.width : 1;
    out->price_ratio = to / from / out->count_ratio / out->width_ratio;
    out->by_count = mean * pj_log(out->count_ratio);
    out->by_width = mean * pj_log(out->width_ratio);
    out->by_price = difference - out->by_count - out->by_width; /* what rounding leaves goes here */
    if (fabs(out->price_ratio - 1) < 1e-12) {
        out->price_ratio = 1;
        *(fabs(out->by_count) > fabs(out->by_width) ? &out->by_count : &out->by_width) += out->by_price;
        out->by_price = 0;
    }
}

typedef enum part { BY_COUNT, BY_WIDTH, BY_PRICE } part;

static bool differ(const pj_format_info *a, const pj_format_info *b)
{
    return a->known && b->known && strcmp(a->word, b->word) != 0;
}

static bool add_change(pj_str *out, const char *what, const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return false;
    pj_str_printf(out, "%s%s -> %s", what, from, to);
    return true;
}

/* "fp32 -> int8", "weight int8 -> int4" */
static bool add_formats(pj_str *out, const pj_layer *a, const pj_layer *b)
{
    if (differ(a->input, b->input))
        return add_change(out, "", a->input->word, b->input->word);
    if (differ(a->weight, b->weight))
        return add_change(out, "weight ", a->weight->word, b->weight->word);
    if (differ(a->accumulator, b->accumulator))
        return add_change(out, "accumulator ", a->accumulator->word, b->accumulator->word);
    return differ(a->output, b->output) && add_change(out, "output ", a->output->word, b->output->word);
}

/* What widths follow from: of the component's own tensors. */
static bool add_width(pj_str *out, const pj_layer *a, const pj_layer *b, pj_component component)
{
    const pj_format_info *of_a = component == PJ_INPUTS ? a->input : component == PJ_OUTPUTS ? a->output : a->weight;
    const pj_format_info *of_b = component == PJ_INPUTS ? b->input : component == PJ_OUTPUTS ? b->output : b->weight;
    return differ(of_a, of_b) && add_change(out, "", of_a->word, of_b->word);
}

static const char *place_of(const pj_result *result, pj_component component)
{
    bool weights = component == PJ_PARAMETERS;
    return pj_place_word(weights ? result->setup.weights_on : result->setup.activations_on);
}

static bool add_price(pj_str *out, const pj_diff *diff, const pj_diff_row *row, pj_component component)
{
    const pj_result *a = diff->a, *b = diff->b;
    if (add_change(out, "table ", a->table, b->table))
        return true;
    if (component == PJ_OP_COST)
        return add_formats(out, row->a, row->b) || add_change(out, "", row->a->op, row->b->op);
    if (add_change(out, "", place_of(a, component), place_of(b, component)))
        return true;
    if (component != PJ_PARAMETERS && a->setup.io_on_dram != b->setup.io_on_dram)
        return add_change(out, "inputs and outputs ", a->setup.io_on_dram ? "dram" : "sram",
                          b->setup.io_on_dram ? "dram" : "sram");
    pj_str_add(out, a->setup.sram_min_bits != b->setup.sram_min_bits ? "least SRAM" : "");
    return a->setup.sram_min_bits != b->setup.sram_min_bits;
}

static double part_of(const pj_effect *effect, part which)
{
    return which == BY_COUNT ? effect->by_count : which == BY_WIDTH ? effect->by_width : effect->by_price;
}

/* "pJ per mac x0.06 (fp32 -> int8)" */
static void add_part(pj_str *out, const pj_diff *diff, const pj_diff_row *row, pj_component component, part which)
{
    const pj_effect *effect = &row->effect[component];
    const double ratios[] = {effect->count_ratio, effect->width_ratio, effect->price_ratio};
    pj_str why = pj_str_new(0);
    if (which == BY_COUNT)
        pj_str_add(out, effect->counted);
    else if (which == BY_WIDTH)
        pj_str_add(out, "bits");
    else if (component == PJ_OP_COST)
        pj_str_add(out, strcmp(effect->counted, pj_key_macs) == 0 ? "pJ per mac" : "pJ per flop");
    else
        pj_str_add(out, "pJ per bit");
    pj_str_add_char(out, ' ');
    pj_str_add_ratio(out, ratios[which]);
    if ((which == BY_WIDTH && add_width(&why, row->a, row->b, component)) ||
        (which == BY_PRICE && add_price(&why, diff, row, component)))
        pj_str_printf(out, " (%s)", why.data);
    pj_str_fail_as(out, &why);
    pj_str_free(&why);
}

/* "op_cost: macs x1.00, pJ per mac x0.06 (fp32 -> int8)" */
static void add_component(pj_str *out, const pj_diff *diff, const pj_diff_row *row, pj_component component)
{
    static const char *const names[] = {"inputs", "outputs", pj_key_parameters, pj_key_op_cost};
    const pj_effect *effect = &row->effect[component];
    pj_str_printf(out, "%s%s: ", out->length ? "; " : "", names[component]);
    if (effect->count_ratio == 0) {
        pj_str_add(out, effect->a == 0 ? "none before" : effect->b == 0 ? "none any more" : "conversions");
        return;
    }
    add_part(out, diff, row, component, BY_COUNT);
    for (part which = BY_WIDTH; which <= BY_PRICE; which++) {
        if (20 * fabs(part_of(effect, which)) < fabs(effect->b - effect->a) || part_of(effect, which) == 0)
            continue; /* less than 5 % of it is not worth a word */
        pj_str_add(out, ", ");
        add_part(out, diff, row, component, which);
    }
    if (20 * fabs(effect->by_conversion) > fabs(effect->b - effect->a))
        pj_str_add(out, effect->by_conversion > 0 ? ", more conversions" : ", fewer conversions");
}

/* The component with the largest difference below `than` (its place among equals counts). PJ_COMPONENTS: none. */
static pj_component largest_but(const pj_diff_row *row, pj_component but)
{
    pj_component best = PJ_COMPONENTS;
    double most = 0;
    for (pj_component c = PJ_INPUTS; c < PJ_COMPONENTS; c++) {
        double size = fabs(row->effect[c].b - row->effect[c].a);
        if (c != but && size > most) {
            most = size;
            best = c;
        }
    }
    return best;
}

static double size_of(const pj_diff_row *row, pj_component component)
{
    return component < PJ_COMPONENTS ? fabs(row->effect[component].b - row->effect[component].a) : 0;
}

void pj_explain_row(const pj_diff *diff, pj_arena *arena, pj_diff_row *row)
{
    pj_str text = pj_str_new(0);
    for (pj_component c = PJ_INPUTS; c < PJ_COMPONENTS; c++)
        split(row->a, row->b, c, &row->effect[c]);
    pj_component first = largest_but(row, PJ_COMPONENTS), second = largest_but(row, first);
    if (row->a->counted != row->b->counted)
        pj_str_add(&text, row->b->counted ? "not counted before" : "not counted any more");
    else if (first < PJ_COMPONENTS)
        add_component(&text, diff, row, first);
    if (text.length && second < PJ_COMPONENTS && 4 * size_of(row, second) >= size_of(row, first))
        add_component(&text, diff, row, second);
    row->reason = pj_str_keep(&text, arena);
}

typedef enum cause {
    ADDED,
    REMOVED,
    COUNTING,
    OPERATIONS,
    OPERATION_PRICE,
    CONVERSION,
    ACTIVATIONS,
    ACTIVATION_WIDTH,
    ACTIVATION_PRICE,
    PARAMETERS,
    PARAMETER_WIDTH,
    PARAMETER_PRICE,
    CAUSES
} cause;

static const struct {
    const char *name, *text;
} cause_words[CAUSES] = {
    [ADDED] = {"added",            "layers that were added"         },
    [REMOVED] = {"removed",          "layers that were removed"       },
    [COUNTING] = {"counting",         "layers counted on one side only"},
    [OPERATIONS] = {"operations",       "number of operations"           },
    [OPERATION_PRICE] = {"operation_price",  "energy per operation"           },
    [CONVERSION] = {"conversion",       "conversions of number formats"  },
    [ACTIVATIONS] = {"activations",      "numbers read and written"       },
    [ACTIVATION_WIDTH] = {"activation_width", "bits per activation"            },
    [ACTIVATION_PRICE] = {"activation_price", "energy per activation bit"      },
    [PARAMETERS] = {pj_key_parameters,  "number of parameters"           },
    [PARAMETER_WIDTH] = {"parameter_width",  "bits per parameter"             },
    [PARAMETER_PRICE] = {"parameter_price",  "energy per parameter bit"       },
};

/* A cause while it is summed up: where it is largest. */
typedef struct tally {
    double difference, most;
    const pj_diff_row *row;
    pj_component component;
    part which;
} tally;

static void tally_add(tally *t, double difference, const pj_diff_row *row, pj_component component, part which)
{
    t->difference += difference;
    if (fabs(difference) > fabs(t->most)) {
        t->most = difference;
        t->row = row;
        t->component = component;
        t->which = which;
    }
}

static void tally_row(const pj_diff_row *row, tally *tallies)
{
    static const cause first_of[] = {ACTIVATIONS, ACTIVATIONS, PARAMETERS};
    double difference = row->energy_b - row->energy_a;
    if (!row->a || !row->b || row->a->counted != row->b->counted) {
        cause whole = !row->a ? ADDED : !row->b ? REMOVED : COUNTING;
        tally_add(&tallies[whole], difference, row, PJ_COMPONENTS, BY_COUNT);
        return;
    }
    for (pj_component c = PJ_INPUTS; c < PJ_OP_COST; c++)
        for (part which = BY_COUNT; which <= BY_PRICE; which++)
            tally_add(&tallies[(int)first_of[c] + (int)which], part_of(&row->effect[c], which), row, c, which);
    tally_add(&tallies[OPERATIONS], row->effect[PJ_OP_COST].by_count, row, PJ_OP_COST, BY_COUNT);
    tally_add(&tallies[CONVERSION], row->effect[PJ_OP_COST].by_conversion, row, PJ_COMPONENTS, BY_COUNT);
    tally_add(&tallies[OPERATION_PRICE], row->effect[PJ_OP_COST].by_price, row, PJ_OP_COST, BY_PRICE);
}

static const char *detail_of(const pj_diff *diff, const tally *t, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (!t->row->a || !t->row->b || t->component == PJ_COMPONENTS)
        return "";
    if (t->row->effect[t->component].count_ratio > 0)
        add_part(&text, diff, t->row, t->component, t->which);
    return pj_str_keep(&text, arena);
}

static int by_size(const void *left, const void *right)
{
    const pj_cause *a = left, *b = right;
    double sa = fabs(a->difference), sb = fabs(b->difference);
    return sa != sb ? (sa < sb) - (sa > sb) : strcmp(a->name, b->name);
}

pj_status pj_explain_causes(pj_diff *diff, pj_arena *arena, pj_error *err)
{
    tally tallies[CAUSES] = {{0}};
    pj_cause *causes = PJ_NEW(arena, pj_cause, CAUSES);
    for (size_t i = 0; i < diff->row_count; i++)
        tally_row(&diff->rows[i], tallies);
    for (int c = 0; causes && c < CAUSES; c++) {
        const tally *t = &tallies[c];
        if (!t->row)
            continue;
        causes[diff->cause_count++] = (pj_cause){.name = cause_words[c].name,
                                                 .text = cause_words[c].text,
                                                 .difference = t->difference,
                                                 .layer = t->row->b ? t->row->b->name : t->row->a->name,
                                                 .layer_part = t->most,
                                                 .detail = detail_of(diff, t, arena)};
    }
    PJ_TRY(pj_got(causes && !pj_arena_failed(arena), err));
    qsort(causes, diff->cause_count, sizeof *causes, by_size);
    diff->causes = causes;
    return PJ_OK;
}
