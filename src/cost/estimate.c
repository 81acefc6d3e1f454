/* Totals and device estimates. */
#include "cost/estimate.h"

#include "base/amount.h"
#include "ops/op.h"
#include "quant/scale.h"

const pj_value *pj_parameter_root(const pj_precision *precision, const pj_value *value)
{
    const pj_node *node = value->producer;
    while (node && node->desc && node->inputs > 0 && node->in[0] && node->in[0]->is_constant &&
           (node->desc->traits & PJ_VIEW || pj_precision_node(precision, node)->quantizer != PJ_NO_QUANTIZER ||
            pj_precision_carried(precision, node, NULL) >= 0)) {
        int carried = pj_precision_carried(precision, node, NULL);
        value = node->in[carried > 0 ? carried : 0];
        node = value->producer;
    }
    return value;
}

/* What is counted so far. */
typedef struct distinct {
    const pj_precision *precision;
    bool *seen; /* by value */
    pj_totals *out;
} distinct;

static void add_params(const distinct *d, int64_t numbers, int64_t bits)
{
    d->out->params = pj_add_most(d->out->params, numbers);
    d->out->param_bits = pj_add_most(d->out->param_bits, bits);
}

static void count_once(const distinct *d, const pj_value *value, const pj_format *format)
{
    const pj_value *root = pj_parameter_root(d->precision, value);
    pj_num count = pj_type_count(d->precision->model->symbols, &root->type);
    int64_t numbers, bits;
    if (d->seen[root->index] || !pj_num_known(count))
        return;
    d->seen[root->index] = true;
    pj_format_most(format, count.whole, &numbers, &bits);
    add_params(d, numbers, bits);
}

/* Tables of numbers that are cut to the size of the inputs before the run, such as positions to the length of a
 * sequence: no layer reads them as they are. */
static void count_cut_tables(const distinct *d, const pj_node *node)
{
    const pj_value *out = node->outputs ? node->out[0] : NULL;
    if (!out || !out->is_folded || out->is_constant || !pj_dtype_is_float(out->type.dtype))
        return;
    for (int i = 0; i < node->inputs; i++) {
        const pj_value *in = node->in[i];
        if (!pj_precision_is_data(node, i) || !in->is_constant || !pj_dtype_is_float(in->type.dtype))
            continue;
        pj_format format = pj_precision_of(d->precision, in);
        count_once(d, in, &format);
    }
}

/* A table that another layer has looked up, with its scales. */
static bool is_known_table(const distinct *d, const pj_node *node)
{
    return pj_looks_up_rows(node) && d->seen[pj_parameter_root(d->precision, node->in[0])->index];
}

/* Elements and bits of all distinct constants that layers read. */
static pj_status count_distinct(const pj_model *model, const pj_precision *precision, const pj_layers *layers,
                                pj_arena *arena, pj_totals *out, pj_error *err)
{
    distinct d = {precision, PJ_NEW(arena, bool, model->values), out};
    PJ_TRY(pj_got(d.seen, err));
    for (size_t l = 0; l < layers->count; l++) {
        const pj_layer_detail *detail = &layers->detail[l];
        if (!is_known_table(&d, detail->node))
            add_params(&d, detail->held, detail->held_bits);
        for (int i = 0; i < detail->parameters; i++)
            count_once(&d, detail->parameter[i].value, &detail->parameter[i].format);
        count_cut_tables(&d, detail->node);
    }
    return PJ_OK;
}

/* The first dimension, where all inputs and outputs of the model share a known one. */
static int64_t batch_of(const pj_graph *graph)
{
    int64_t batch = 0;
    for (int i = 0; i < graph->inputs + graph->outputs; i++) {
        const pj_value *value = i < graph->inputs ? graph->in[i] : graph->out[i - graph->inputs];
        const pj_type *type = &value->type;
        if (!pj_type_is_tensor(type) || type->rank < 1 || !pj_num_known(type->dims[0]) || type->dims[0].whole < 1)
            return 0;
        if (batch && batch != type->dims[0].whole)
            return 0;
        batch = type->dims[0].whole;
    }
    return batch;
}

static void report_most(const pj_totals *totals, pj_diags *diags)
{
    const struct {
        const char *what;
        int64_t figure;
    } figures[] = {
        {"MACs",               totals->macs      },
        {"FLOPs",              totals->flops     },
        {"bit operations",     totals->bops      },
        {"parameter numbers",  totals->params    },
        {"bits of parameters", totals->param_bits},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].figure == INT64_MAX)
            pj_diag_add(diags, PJ_DIAG_MOST, NULL, "the %s of the model pass 2^63 - 1, which is shown for them",
                        figures[i].what);
}

pj_status pj_layers_total(const pj_model *model, const pj_precision *precision, const pj_layers *layers,
                          pj_arena *arena, pj_diags *diags, pj_totals *out, pj_error *err)
{
    for (size_t i = 0; i < layers->count; i++) {
        const pj_layer *row = &layers->row[i];
        if (row->free) {
            out->free_layers++;
            continue;
        }
        out->layers++;
        out->uncounted += !row->counted;
        out->macs = pj_add_most(out->macs, row->macs);
        out->flops = pj_add_most(out->flops, row->flops);
        out->bops = pj_add_most(out->bops, row->bops);
        out->energy.inputs += row->energy.inputs;
        out->energy.outputs += row->energy.outputs;
        out->energy.parameters += row->energy.parameters;
        out->energy.op_cost += row->energy.op_cost;
        out->conversion += row->conversion;
    }
    out->batch = batch_of(model->graph);
    out->file_bytes = (int64_t)model->file_bytes;
    out->qtools_total_cost = out->qtools_energy_sum = -1;
    if (layers->has_qtools) { /* QTools prints whole picojoules, cut off */
        out->qtools_total_cost = pj_number_whole(pj_energy_total(&out->energy));
        out->qtools_energy_sum = pj_number_whole(layers->qtools_sum);
    }
    PJ_TRY(count_distinct(model, precision, layers, arena, out, err));
    report_most(out, diags);
    return PJ_OK;
}

static double bits_of(const pj_format *format, pj_num elements)
{
    const pj_packing *packing = format->packing;
    double numbers = (double)elements.whole;
    if (packing)
        numbers *= (double)packing->numbers / (double)packing->elements;
    return packing && packing->of ? numbers * (double)packing->bits / (double)packing->of
                                  : numbers * (double)format->number.bits;
}

/* Bits of the activations that a layer reads. */
static double bits_read(const pj_precision *precision, const pj_layers *layers, const pj_layer_detail *detail)
{
    const pj_node *node = detail->node;
    double bits = 0;
    for (int i = 0; i < node->inputs; i++) {
        pj_format format = pj_precision_reads(precision, node, i);
        if (pj_layer_reads_activation(node, i) && !pj_layers_hide(layers, node->in[i]))
            bits += bits_of(&format, detail->read[i]);
    }
    return bits;
}

static double bits_written(const pj_precision *precision, const pj_layers *layers, const pj_layer_detail *detail)
{
    const pj_node *node = detail->node;
    double bits = 0;
    for (int o = 0; o < node->outputs; o++) {
        pj_format format = pj_precision_of(precision, node->out[o]);
        bits += pj_layers_hide(layers, node->out[o]) ? 0 : bits_of(&format, detail->written[o]);
    }
    return bits;
}

/* Bits of the parameters that a layer reads. */
static double bits_of_parameters(const pj_layer_detail *detail)
{
    double bits = 0;
    for (int i = 0; i < detail->parameters; i++)
        bits += bits_of(&detail->parameter[i].format, detail->parameter[i].read);
    return bits;
}

static int64_t whole_bits(double bits)
{
    return bits < (double)INT64_MAX ? (int64_t)bits : INT64_MAX;
}

/* The tensor of two or more dimensions at the input of that role; NULL: none. */
static const pj_type *type_at(const pj_node *node, char role)
{
    int i = pj_op_place(node->desc, role, 0);
    const pj_type *type = i >= 0 && i < node->inputs && node->in[i] ? &node->in[i]->type : NULL;
    return type && pj_type_is_tensor(type) && type->rank >= 2 ? type : NULL;
}

/* Which work a layer is; one that is counted has an operator and known sizes. A depthwise convolution has several
 * groups, and filters of one channel. */
static pj_work_class class_of(const pj_layer *row, const pj_node *node)
{
    if (node->desc && node->desc->traits & PJ_POOL)
        return PJ_WORK_POOL;
    if (row->macs <= 0)
        return row->flops > 0 ? PJ_WORK_ELEMENTWISE : PJ_WORK_MOVEMENT;
    if (!strstr(node->desc->op, "Conv"))
        return PJ_WORK_MATMUL;
    const pj_type *input = type_at(node, 'x'), *weight = type_at(node, 'w');
    if (!input || !weight)
        return PJ_WORK_CONV;
    return weight->dims[1].whole == 1 && input->dims[1].whole > 1 ? PJ_WORK_DEPTHWISE : PJ_WORK_CONV;
}

void pj_layers_traffic(const pj_precision *precision, pj_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        pj_layer *row = &layers->row[i];
        if (row->free || !row->counted)
            continue;
        row->work_class = pj_work_class_words[class_of(row, layers->detail[i].node)];
        row->input_bits = whole_bits((double)row->runs * bits_read(precision, layers, &layers->detail[i]));
        row->output_bits = whole_bits((double)row->runs * bits_written(precision, layers, &layers->detail[i]));
    }
}

/* Tokens per sample: the second dimension of a first input of integers [batch, sequence]; else 1. */
static double sequence_of(const pj_graph *graph)
{
    const pj_type *type = graph->inputs ? &graph->in[0]->type : NULL;
    if (type && pj_type_is_tensor(type) && pj_dtype_is_integer(type->dtype) && type->rank == 2 &&
        pj_num_known(type->dims[1]))
        return (double)type->dims[1].whole;
    return 1;
}

static pj_status report_missing(const pj_device *device, const char *format, const pj_error *why, pj_map *said,
                                pj_diags *diags, const char *node, pj_error *err)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s %s", pj_device_name(device), format);
    char *key = pj_str_keep(&text, said->arena);
    if (!key || why->status == PJ_ENOMEM)
        return pj_fail_memory(err);
    if (pj_map_get(said, key))
        return PJ_OK;
    pj_diag_add(diags, PJ_DIAG_DEVICE, node, "device %s: %s (first seen here)", pj_device_name(device), why->what);
    return pj_got(pj_map_put(said, key, key), err);
}

/* What must stand beside the numbers of a device: figures that nobody saw in print, and a formula that is wrong. */
static void report_marks(const pj_device *device, const char *marked, pj_diags *diags)
{
    const char *name = pj_device_name(device);
    if (*marked)
        pj_diag_add(diags, PJ_DIAG_DEVICE_FIGURES, NULL, "device %s: unverified, recalled and not seen in print: %s",
                    name, marked);
    if (pj_device_is_v4(device))
        pj_diag_add(diags, PJ_DIAG_DEVICE_FIGURES, NULL, "device %s: %s", name, pj_device_notes(device));
}

/* The load that the setup names, else the one that the batch suggests; a model without one is run by itself. */
static pj_load load_of(const pj_setup *setup, int64_t batch)
{
    if (setup->load)
        return strcmp(setup->load, pj_load_words[PJ_LOAD_LATENCY]) == 0 ? PJ_LOAD_LATENCY : PJ_LOAD_THROUGHPUT;
    return batch <= 1 ? PJ_LOAD_LATENCY : PJ_LOAD_THROUGHPUT;
}

static pj_status check_options(const pj_setup *setup, double *utilization, pj_error *err)
{
    *utilization = 0;
    if (setup->load && strcmp(setup->load, pj_load_words[0]) != 0 && strcmp(setup->load, pj_load_words[1]) != 0)
        return pj_fail(err, PJ_EARGUMENT, "load '%.64s': wants latency or throughput", setup->load);
    if (!setup->utilization)
        return PJ_OK;
    const char *rest = pj_amount_number(setup->utilization, PJ_DIGITS_PLAIN, utilization);
    if (!rest || *rest || !(*utilization > 0 && *utilization <= 1))
        return pj_fail(err, PJ_EARGUMENT, "utilization '%.64s': wants a number above 0, up to 1", setup->utilization);
    return PJ_OK;
}

/* What stands beside the figures of a device. */
static pj_status note_device(const pj_device *device, pj_load load, const pj_totals *totals, pj_arena *arena,
                             pj_diags *diags, pj_device_note *note, pj_error *err)
{
    note->idle_w = pj_device_idle_w(device);
    note->load = pj_load_words[load];
    const char *basis = pj_device_basis(device, load), *marked = pj_device_marked(device, arena);
    PJ_TRY(pj_got(marked, err));
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", basis, *marked ? ", unverified figures" : "");
    note->basis = pj_str_keep(&text, arena);
    PJ_TRY(pj_got(note->basis, err));
    pj_device_fits(device, (double)totals->param_bits / 8, (double)totals->peak_activation_bytes, &note->memory,
                   &note->memory_has, &note->memory_wants);
    if (note->memory_wants > note->memory_has)
        pj_diag_add(diags, PJ_DIAG_DEVICE_FIT, NULL,
                    "device %s: the model does not fit: it takes %.0f bytes of %s, which has %.0f",
                    pj_device_name(device), note->memory_wants, note->memory, note->memory_has);
    report_marks(device, marked, diags);
    return PJ_OK;
}

/* Of a filter, by the shape of the weights. */
static void find_channels(const pj_node *node, pj_device_work *work)
{
    const pj_type *type = type_at(node, 'w');
    if (!type)
        return;
    work->channels_out = (double)type->dims[0].whole;
    work->channels_in = (double)type->dims[1].whole;
}

/* What the bytes of a layer are, and where else devices would take them from: all it reads and writes, each once. */
static void add_bytes(const pj_precision *precision, const pj_layers *layers, size_t layer, pj_device_work *work)
{
    const pj_layer_detail *detail = &layers->detail[layer];
    double runs = (double)layers->row[layer].runs, cached = layers->cached ? layers->cached[layer] : 0;
    work->input_bytes = (runs * bits_read(precision, layers, detail) + cached) / 8;
    work->output_bytes = runs * bits_written(precision, layers, detail) / 8;
    work->weight_bytes = runs * bits_of_parameters(detail) / 8;
}

/* What is the same for all layers and devices of a model. */
typedef struct estimates {
    const pj_precision *precision;
    const pj_device *const *devices;
    size_t count;
    pj_load load;
    double utilization, batch, sequence;
    pj_device_figure *sums;
    pj_device_note *notes;
    size_t *floats; /* layers that multiply in floats which the device does not have, of each */
    pj_map said;
    pj_diags *diags;
} estimates;

static pj_device_work work_of(const estimates *e, const pj_layers *layers, size_t layer)
{
    const pj_layer *row = &layers->row[layer];
    const pj_layer_detail *detail = &layers->detail[layer];
    pj_device_work work;
    memset(&work, 0, sizeof work);
    work.format = row->macs > 0 ? detail->formats->input.number : detail->formats->operand.number;
    work.ops = (double)row->flops;
    work.macs = (double)row->macs;
    work.kind = class_of(row, detail->node);
    if (work.kind == PJ_WORK_CONV || work.kind == PJ_WORK_DEPTHWISE)
        find_channels(detail->node, &work);
    work.load = e->load;
    add_bytes(e->precision, layers, layer, &work);
    work.params = (double)row->params;
    work.batch = e->batch;
    work.sequence = e->sequence;
    work.utilization = e->utilization;
    return work;
}

/* What is not known of one part is not known of the whole. */
static void add_known(double *sum, double more)
{
    *sum = *sum < 0 || more < 0 ? -1 : *sum + more;
}

static const pj_device_figure no_figure = {-1, -1, -1, -1};

static void add_figure(pj_device_figure *total, const pj_device_cost *cost, pj_device_figure *out)
{
    *out = no_figure;
    if (cost->has_energy)
        *out = (pj_device_figure){cost->energy_pj, -1, cost->low_pj, cost->high_pj};
    out->time_us = cost->has_time ? cost->time_us : -1;
    add_known(&total->energy_pj, out->energy_pj);
    add_known(&total->time_us, out->time_us);
    add_known(&total->low_pj, out->low_pj);
    add_known(&total->high_pj, out->high_pj);
}

static pj_status estimate_layer(estimates *e, const pj_layers *layers, size_t layer, pj_device_figure *figures,
                                pj_error *err)
{
    const pj_layer *row = &layers->row[layer];
    pj_device_work work = work_of(e, layers, layer);
    for (size_t d = 0; d < e->count; d++) {
        pj_device_cost cost;
        pj_error why = {0};
        if (pj_device_estimate(e->devices[d], &work, &cost, &why) == PJ_OK) {
            add_figure(&e->sums[d], &cost, &figures[d]);
            e->notes[d].layers += figures[d].energy_pj >= 0;
            continue;
        }
        figures[d] = no_figure;
        e->floats[d] += row->macs > 0 && work.format.kind == PJ_FLOAT;
        PJ_TRY(report_missing(e->devices[d], row->input->word, &why, &e->said, e->diags, row->name, err));
    }
    return PJ_OK;
}

/* What a run costs beside its layers; and a device without a figure for some layer has none for all. */
static void finish_sum(const estimates *e, size_t d, size_t layers)
{
    pj_device_figure *sum = &e->sums[d];
    pj_device_note *note = &e->notes[d];
    double energy, time;
    note->at_least_pj = -1;
    if (note->layers < layers) {
        note->at_least_pj = note->layers ? sum->energy_pj : -1;
        *sum = no_figure;
        return;
    }
    pj_device_run(e->devices[d], e->load, &energy, &time);
    if (sum->time_us >= 0)
        sum->time_us += time;
    if (sum->energy_pj > 0 && energy > 0) {
        double more = (sum->energy_pj + energy) / sum->energy_pj;
        sum->energy_pj *= more;
        sum->low_pj *= more;
        sum->high_pj *= more;
    }
}

/* What to type next where the model's floats are the reason for no figure. */
static void suggest_format(const estimates *e, size_t d)
{
    const char *other = pj_device_substitute(e->devices[d]);
    size_t floats = e->floats[d];
    if (floats && other)
        pj_diag_add(e->diags, PJ_DIAG_DEVICE, NULL,
                    "device %s: %zu layer%s in floats that it does not have; --quantize %s shows the model as it could "
                    "run there",
                    pj_device_name(e->devices[d]), floats, floats == 1 ? " multiplies" : "s multiply", other);
}

pj_status pj_estimate_devices(const pj_model *model, const pj_setup *setup, const pj_precision *precision,
                              const pj_device *const *devices, pj_layers *layers, pj_totals *totals, pj_arena *arena,
                              pj_diags *diags, pj_error *err)
{
    size_t count = setup->device_count;
    estimates e = {precision,
                   devices,
                   count,
                   load_of(setup, totals->batch),
                   .batch = (double)totals->batch,
                   .sequence = sequence_of(model->graph),
                   .sums = PJ_NEW(arena, pj_device_figure, count),
                   .notes = PJ_NEW(arena, pj_device_note, count),
                   .floats = PJ_NEW(arena, size_t, count),
                   .diags = diags};
    pj_device_figure *figures = PJ_NEW(arena, pj_device_figure, count * layers->count);
    PJ_TRY(check_options(setup, &e.utilization, err));
    PJ_TRY(pj_got(e.sums && e.notes && e.floats && figures, err));
    pj_map_init(&e.said, arena);
    for (size_t d = 0; d < count; d++)
        PJ_TRY(note_device(devices[d], e.load, totals, arena, diags, &e.notes[d], err));
    totals->devices = e.sums;
    totals->device_notes = e.notes;
    for (size_t i = 0; i < layers->count; i++) {
        pj_layer *row = &layers->row[i];
        row->devices = figures + i * count;
        if (count && !row->free && row->counted)
            PJ_TRY(estimate_layer(&e, layers, i, figures + i * count, err));
    }
    for (size_t d = 0; d < count; d++) {
        finish_sum(&e, d, totals->layers);
        if (!setup->quantize && !setup->plan)
            suggest_format(&e, d);
    }
    return PJ_OK;
}
