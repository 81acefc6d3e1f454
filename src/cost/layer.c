/* From nodes to layers: names, counts, parameters, formats. */
#include "cost/layer.h"

#include "ir/describe.h"

bool pj_layer_reads_activation(const pj_node *node, int i)
{
    return node->in[i] && !node->in[i]->is_constant && (!node->desc || pj_node_role(node, i) != 'c');
}

/* Equal formats of one layer are printed once. */
static const char *format_word(const pj_number *number, const pj_number *input, const pj_format_info *of_input,
                               pj_arena *arena)
{
    if (of_input->known && pj_number_equal(number, input))
        return of_input->word;
    pj_str text = pj_str_new(64);
    pj_number_print(number, &text);
    return pj_str_keep(&text, arena);
}

static pj_status describe_format(const pj_format *format, const pj_format *input, const pj_format_info *of_input,
                                 pj_arena *arena, pj_format_info *out, pj_error *err)
{
    static const char *const kinds[PJ_NUMBER_KINDS] = {"fixed", "po2", "ternary", "binary", "binary01", "float"};
    memset(out, 0, sizeof *out);
    out->word = out->kind = "";
    out->from = pj_from_word(format->from);
    if (format->from == PJ_FROM_NOTHING)
        return PJ_OK;
    out->word = format_word(&format->number, &input->number, of_input, arena);
    out->known = true;
    out->kind = kinds[format->number.kind];
    out->bits = format->number.bits;
    out->int_bits = format->number.int_bits;
    out->is_signed = format->number.is_signed;
    return pj_got(out->word, err);
}

static pj_status list_names(pj_value *const *values, int count, pj_arena *arena, const char *const **out, pj_error *err)
{
    const char **names = PJ_NEW(arena, const char *, count);
    PJ_TRY(pj_got(names, err));
    for (int k = 0; k < count; k++)
        names[k] = values[k] ? values[k]->name : "";
    *out = names;
    return PJ_OK;
}

static pj_status name_layer(pj_layer *row, const pj_node *node, pj_arena *arena, pj_error *err)
{
    row->name = node->label;
    row->op = node->op;
    row->domain = node->domain;
    row->scope = node->scope;
    row->input_count = (size_t)node->inputs;
    row->output_count = (size_t)node->outputs;
    PJ_TRY(list_names(node->in, node->inputs, arena, &row->inputs, err));
    return list_names(node->out, node->outputs, arena, &row->outputs, err);
}

/* Numbers in the attribute lists of a layer whose parameters stand there: floats have 32 bits, integers 64. So much for
 * those; and the scales of a plan. */
static void count_held(pj_layer_detail *detail, const pj_draft *draft)
{
    const pj_node *node = detail->node;
    int64_t scale_bits, read_bits;
    if (pj_mul_i64(draft->scales, draft->scale_bits, &scale_bits) &&
        pj_mul_i64(draft->scales_read, draft->scale_bits, &read_bits)) {
        detail->held = draft->scales;
        detail->held_bits = scale_bits;
        detail->held_read = read_bits;
    }
    if (!node->desc || !(node->desc->traits & PJ_HOLDS))
        return;
    for (int i = 0; i < node->attrs; i++) {
        const pj_attr *attr = &node->attr[i];
        bool floats = attr->kind == PJ_ATTR_FLOATS, ints = attr->kind == PJ_ATTR_INTS;
        int64_t count = floats || ints ? attr->count : attr->kind == PJ_ATTR_TENSOR ? attr->tensor->count : 0;
        int64_t bits = floats ? 32 : ints ? 64 : attr->kind == PJ_ATTR_TENSOR ? pj_dtype_bits(attr->tensor->dtype) : 0;
        int64_t all;
        if (!pj_mul_i64(count, bits, &all) || !pj_add_i64(detail->held, count, &detail->held) ||
            !pj_add_i64(detail->held_bits, all, &detail->held_bits) ||
            !pj_add_i64(detail->held_read, all, &detail->held_read))
            return; /* a list in memory cannot be that long; dims of a tensor without bytes can: it holds nothing */
    }
}

/* Elements and bits of the constants that the layer reads; a constant at two inputs counts once. `seen`: by value, the
 * last layer that counted it, plus 1. */
static void count_parameters(const pj_model *model, pj_layer *row, const pj_layer_detail *detail, size_t *seen)
{
    for (int i = 0; i < detail->parameters; i++) {
        const pj_parameter *parameter = &detail->parameter[i];
        pj_num count = pj_type_count(model->symbols, &parameter->value->type);
        size_t *last = &seen[parameter->value->index];
        if (*last == row->index + 1 || !pj_num_known(count))
            continue;
        *last = row->index + 1;
        int64_t numbers, bits;
        pj_format_most(&parameter->format, count.whole, &numbers, &bits);
        row->params = pj_add_most(row->params, numbers);
        row->param_bits = pj_add_most(row->param_bits, bits);
    }
    row->params = pj_add_most(row->params, detail->held);
    row->param_bits = pj_add_most(row->param_bits, detail->held_bits);
}

/* flops = 2 * macs + every other primitive once, conversions between formats included. */
static pj_status count_work(pj_layers *layers, pj_layer *row, const pj_layer_detail *detail, pj_error *err)
{
    const pj_conversion *conversions[] = {detail->in, detail->out};
    int64_t work[PJ_PRIMS] = {0};
    bool is_plain = row->counted && row->runs == 1 && !(detail->in->prims | detail->out->prims);
    for (int p = 0; p < PJ_PRIMS && row->counted; p++) {
        work[p] = detail->count[p];
        for (int k = 0; k < 2; k++)
            if (conversions[k]->prims & 1u << p)
                work[p] = pj_add_most(work[p], conversions[k]->elements.whole);
        work[p] = pj_mul_most(work[p], row->runs);
        row->flops = pj_add_most(row->flops, pj_mul_most(work[p], p == PJ_MAC ? 2 : 1));
    }
    row->work = is_plain ? detail->count : pj_intern(&layers->counts, work, PJ_PRIMS, 0, NULL);
    return pj_got(row->work, err);
}

/* Formats as they are told, after those that they are found by. */
typedef struct described {
    pj_layer_formats formats;
    pj_format_info input, weight, accumulator, output;
} described;

enum { FORMAT_WORDS = 6, FORMATS = 6, KEY_WORDS = (FORMATS + 1) * FORMAT_WORDS + 4 };

/* Structs have padding, so their bytes are no key. The first word says whether others follow. */
static void add_format(int64_t *key, size_t *words, const pj_number *number, pj_from from, const pj_packing *packing)
{
    int64_t exponent;
    if (from == PJ_FROM_NOTHING) {
        key[(*words)++] = 0;
        return;
    }
    key[(*words)++] = (int64_t)number->kind | (int64_t)number->is_signed << 8 | (int64_t)number->flavour << 16 |
                      (int64_t)number->variant << 24 | (int64_t)from << 32;
    memcpy(&exponent, &number->max_val_po2, sizeof exponent);
    key[(*words)++] = number->bits;
    key[(*words)++] = number->int_bits;
    key[(*words)++] = exponent;
    key[(*words)++] = number->value_count;
    key[(*words)++] = (int64_t)(intptr_t)packing;
}

/* The number of its words. */
static size_t key_of(const pj_layer_formats *formats, bool macs, int64_t *key)
{
    const pj_format *all[FORMATS] = {&formats->operand,     &formats->input,  &formats->weight,
                                     &formats->accumulator, &formats->result, &formats->output};
    const pj_unit *unit = &formats->multiplier;
    size_t words = 0;
    for (int k = 0; k < FORMATS; k++)
        add_format(key, &words, &all[k]->number, all[k]->from, all[k]->packing);
    key[words++] = macs;
    if (!macs) /* nothing is multiplied */
        return words;
    add_format(key, &words, &unit->out, PJ_FROM_DECLARED, NULL);
    memcpy(&key[words++], &unit->gate_bits, sizeof *key);
    memcpy(&key[words++], &unit->gate_factor, sizeof *key);
    key[words++] = (int64_t)unit->circuit;
    return words;
}

static pj_status describe_formats(const pj_layer_formats *formats, bool macs, pj_arena *arena, described *out,
                                  pj_error *err)
{
    static const pj_format nothing;
    const pj_format *in = &formats->input, *weight = macs ? &formats->weight : &nothing,
                    *sum = macs ? &formats->accumulator : &nothing;
    out->formats = *formats;
    PJ_TRY(describe_format(in, in, &out->input, arena, &out->input, err));
    PJ_TRY(describe_format(&formats->output, in, &out->input, arena, &out->output, err));
    PJ_TRY(describe_format(weight, in, &out->input, arena, &out->weight, err));
    return describe_format(sum, in, &out->input, arena, &out->accumulator, err);
}

/* The mean width of the numbers of a format. */
static int64_t times_width(int64_t count, const pj_format *format)
{
    bool differs = format->packing && format->packing->of;
    return differs ? pj_mul_most(count, format->packing->bits) / format->packing->of
                   : pj_mul_most(count, format->number.bits);
}

/* Figures that count more than 64 bits can hold stay at the most that they can hold. */
static void report_most(const pj_layer *row, pj_diags *diags)
{
    const struct {
        const char *what;
        int64_t figure;
    } figures[] = {
        {"FLOPs",              row->flops     },
        {"bit operations",     row->bops      },
        {"bits of parameters", row->param_bits},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].figure == INT64_MAX)
            pj_diag_add(diags, PJ_DIAG_MOST, row->name, "the %s of this layer pass 2^63 - 1, which is shown for them",
                        figures[i].what);
}

pj_status pj_layer_describe(pj_layers *layers, size_t i, const pj_layer_formats *formats, pj_error *err)
{
    pj_layer *row = &layers->row[i];
    bool macs = row->macs > 0, is_new;
    int64_t key[KEY_WORDS];
    described *told = pj_intern(&layers->formats, key, key_of(formats, macs, key), sizeof *told, &is_new);
    PJ_TRY(pj_got(told, err));
    if (is_new)
        PJ_TRY(describe_formats(formats, macs, layers->formats.arena, told, err));
    layers->detail[i].formats = &told->formats;
    row->input = &told->input;
    row->weight = &told->weight;
    row->accumulator = &told->accumulator;
    row->output = &told->output;
    if (!macs)
        return PJ_OK;
    row->implementation = pj_circuit_word(formats->multiplier.circuit);
    row->gate_bits = formats->multiplier.gate_bits;
    row->gate_factor = formats->multiplier.gate_factor;
    row->bops = times_width(times_width(row->macs, &formats->weight), &formats->input);
    return PJ_OK;
}

/* Are all counts numbers? A symbol that is not bound has no price. */
static bool all_known(const pj_draft *draft, pj_num runs)
{
    bool known = pj_num_known(runs);
    for (int p = 0; p < PJ_PRIMS; p++)
        known = known && pj_num_known(draft->work.count[p]);
    for (int i = 0; i < draft->node->inputs; i++)
        known = known && pj_num_known(draft->work.read[i]);
    for (int o = 0; o < draft->node->outputs; o++)
        known = known && pj_num_known(draft->work.written[o]);
    return known;
}

static bool costs_nothing(const pj_precision *precision, const pj_node *node)
{
    const pj_node_precision *own = pj_precision_node(precision, node);
    return own->is_free || (pj_node_is_folded(node) && !own->converts) ||
           (node->desc && (node->desc->traits & (PJ_VIEW | PJ_SHAPE_ONLY | PJ_RUNS_BODY)));
}

static void report_unknown_shape(const pj_value *value, pj_diags *diags, const char *layer)
{
    pj_str type = pj_str_new(4096);
    pj_type_print(&value->type, &type);
    pj_diag_add(diags, PJ_DIAG_UNKNOWN_SHAPE, layer,
                "the shape of '%s' is not known (%s), so this layer is not counted", value->name, type.data);
    if (type.no_memory)
        pj_arena_fail(diags->arena);
    pj_str_free(&type);
}

/* Says why a layer is not counted: the first tensor without a known size, else the operator itself. */
static void report_uncounted(const pj_layer *row, const pj_draft *draft, pj_diags *diags)
{
    const pj_node *node = draft->node;
    if (!node->desc)
        return; /* inference said that the operator is unknown */
    if (!row->runs) {
        pj_diag_add(diags, PJ_DIAG_UNCOUNTED, row->name,
                    "how often the loop around it runs is not known; it is not in the totals");
        return;
    }
    for (int o = 0; o < node->outputs; o++)
        if (node->out[o] && !pj_num_known(draft->work.written[o])) {
            report_unknown_shape(node->out[o], diags, row->name);
            return;
        }
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && !pj_num_known(draft->work.read[i])) {
            report_unknown_shape(node->in[i], diags, row->name);
            return;
        }
    pj_diag_add(diags, PJ_DIAG_UNCOUNTED, row->name, "nobody has counted what %s computes; it is not in the totals",
                node->op);
}

/* Counts by the rule of the operator. A quantizer that only converts constants moves nothing: its reader does. */
static pj_status count_node(const pj_precision *precision, pj_num runs, pj_arena *arena, pj_diags *diags, pj_layer *row,
                            pj_draft *draft, pj_error *err)
{
    pj_node *node = draft->node;
    bool converts = pj_precision_node(precision, node)->converts;
    row->runs = pj_num_known(runs) ? runs.whole : 0;
    row->free = costs_nothing(precision, node);
    if (node->desc && (node->desc->traits & PJ_RUNS_BODY)) { /* its findings are told already */
        row->counted = true;
        return pj_work_blank(node, arena, &draft->work, err);
    }
    PJ_TRY((converts ? pj_work_by_rule : pj_work_of_node)(precision->model, node, arena, diags, &draft->work,
                                                          &row->counted, err));
    if (converts || row->free) {
        memset(draft->work.read, 0, (size_t)node->inputs * sizeof *draft->work.read);
        memset(draft->work.written, 0, (size_t)node->outputs * sizeof *draft->work.written);
    }
    if (row->free)
        memset(draft->work.count, 0, sizeof draft->work.count);
    row->counted = row->free || (row->counted && all_known(draft, runs));
    if (row->counted)
        row->macs = pj_mul_most(draft->work.count[PJ_MAC].whole, row->runs);
    return PJ_OK;
}

/* What is not zero anywhere is rare: most layers share one conversion of nothing. */
static const pj_conversion *keep_conversion(const pj_conversion *conversion, pj_arena *arena)
{
    static const pj_conversion nothing;
    return conversion->prims ? pj_arena_memdup(arena, conversion, 1, sizeof *conversion) : &nothing;
}

/* From the draft to what is kept. */
static pj_status keep_draft(pj_layers *layers, size_t i, const pj_draft *draft, pj_arena *arena, pj_error *err)
{
    int64_t count[PJ_PRIMS];
    pj_layer_detail *detail = &layers->detail[i];
    for (int p = 0; p < PJ_PRIMS; p++)
        count[p] = pj_num_known(draft->work.count[p]) ? draft->work.count[p].whole : -1;
    detail->count = pj_intern(&layers->counts, count, PJ_PRIMS, 0, NULL);
    detail->read = draft->work.read;
    detail->written = draft->work.written;
    detail->in = keep_conversion(&draft->in, arena);
    detail->out = keep_conversion(&draft->out, arena);
    detail->parameter = draft->parameter;
    detail->parameters = draft->parameters;
    if (draft->work.loops.kind != PJ_LOOPS_NONE) {
        if (!layers->loops || memcmp(layers->loops, &draft->work.loops, sizeof draft->work.loops) != 0)
            layers->loops = pj_arena_memdup(arena, &draft->work.loops, 1, sizeof draft->work.loops);
        detail->loops = layers->loops;
        PJ_TRY(pj_got(detail->loops, err));
    }
    return detail->count && detail->in && detail->out ? PJ_OK : pj_fail_memory(err);
}

static pj_status count_layer(pj_precision *precision, const pj_table *table, const pj_step *step, pj_arena *arena,
                             pj_diags *diags, size_t *seen, pj_layers *layers, size_t i, pj_error *err)
{
    const pj_node_precision *own = pj_precision_node(precision, step->node);
    pj_layer *row = &layers->row[i];
    pj_layer_detail *detail = &layers->detail[i];
    pj_draft draft = {.node = step->node};
    row->index = i;
    detail->node = step->node;
    PJ_TRY(name_layer(row, step->node, arena, err));
    PJ_TRY(count_node(precision, step->runs, arena, diags, row, &draft, err));
    if (row->free && own->folded_into)
        row->folded_into = own->folded_into->label;
    if (!row->counted)
        report_uncounted(row, &draft, diags);
    PJ_TRY(pj_draft_formats(precision, table, row, arena, diags, &draft, err));
    PJ_TRY(keep_draft(layers, i, &draft, arena, err));
    PJ_TRY(count_work(layers, row, detail, err));
    if (!row->free)
        count_held(detail, &draft);
    count_parameters(precision->model, row, detail, seen);
    PJ_TRY(pj_layer_describe(layers, i, &draft.formats, err));
    report_most(row, diags);
    return PJ_OK;
}

pj_status pj_layers_count(const pj_schedule *schedule, pj_precision *precision, const pj_table *table, pj_arena *arena,
                          pj_diags *diags, pj_layers *out, pj_error *err)
{
    const pj_model *model = schedule->model;
    out->count = schedule->steps;
    out->row = PJ_NEW(arena, pj_layer, out->count);
    out->detail = PJ_NEW(arena, pj_layer_detail, out->count);
    out->loops = NULL;
    pj_interner_init(&out->counts, arena);
    if (!out->formats.arena)
        pj_interner_init(&out->formats, arena);
    size_t *seen = PJ_NEW(arena, size_t, model->values);
    PJ_TRY(pj_got(out->row && out->detail && seen, err));
    for (size_t i = 0; i < out->count; i++) {
        const pj_step *step = &schedule->step[i];
        pj_status status = count_layer(precision, table, step, arena, diags, seen, out, i, err);
        if (status != PJ_OK) {
            pj_error_at(err, model->path, step->node->label, step->node->op);
            return status;
        }
    }
    return PJ_OK;
}

static bool is_same_shape(const pj_value *a, const pj_value *b)
{
    return a && a->type.rank == b->type.rank &&
           memcmp(a->type.dims, b->type.dims, (size_t)a->type.rank * sizeof *a->type.dims) == 0;
}

pj_status pj_layers_shapes(const pj_model *model, pj_layers *layers, pj_arena *arena, pj_error *err)
{
    const pj_value *last = NULL; /* whose shape is told by `dims` */
    const pj_dim_info *dims = NULL;
    for (size_t i = 0; i < layers->count; i++) {
        const pj_node *node = layers->detail[i].node;
        const pj_value *value = node->graph == model->graph && node->outputs ? node->out[0] : NULL;
        pj_layer *row = &layers->row[i];
        row->rank = value && pj_type_is_tensor(&value->type) ? value->type.rank : PJ_RANK_NONE;
        row->output_dtype = value ? pj_type_describe(&value->type, arena) : NULL;
        if (row->rank >= 0) {
            row->dims = dims = is_same_shape(last, value) ? dims : pj_dims_describe(&value->type, arena);
            last = value;
        }
        if (value && (!row->output_dtype || (row->rank >= 0 && !row->dims)))
            return pj_fail_memory(err);
    }
    return PJ_OK;
}
