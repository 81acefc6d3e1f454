/* What a result has, member by member: one row each. Reports are written and read by these tables; no other file spells
 * their keys. A new figure is a row of `members` (docs/recipes.md). */
#include "base/ckd.h"
#include "result/field.h"
#include "result/reuse.h"

#define COUNT(rows)  (sizeof(rows) / sizeof *(rows))
#define OF_L(member) .of = PJ_OF_LAYER, .at = offsetof(pj_layer, member)
#define OF_T(member) .of = PJ_OF_TOTALS, .totals = offsetof(pj_totals, member)
#define AN_ENERGY    .uses = PJ_EVERYWHERE, .quantity = PJ_QUANTITY_ENERGY
#define OF_G(member) .of = PJ_OF_GROUP, .totals = offsetof(pj_totals, member)
#define OF_LT(member) \
    .of = PJ_OF_LAYER | PJ_OF_TOTALS, .at = offsetof(pj_layer, member), .totals = offsetof(pj_totals, member)
#define OF_LTG(member)                                                                \
    .of = PJ_OF_LAYER | PJ_OF_TOTALS | PJ_OF_GROUP, .at = offsetof(pj_layer, member), \
    .totals = offsetof(pj_totals, member)
#define OF_LTGM(member)                                                                             \
    .of = PJ_OF_LAYER | PJ_OF_TOTALS | PJ_OF_GROUP | PJ_OF_MODEL, .at = offsetof(pj_layer, member), \
    .totals = offsetof(pj_totals, member)
#define OF(type, member) .of = PJ_OF_ONE, .at = offsetof(type, member)

const char pj_key_macs[] = "macs", pj_key_flops[] = "flops", pj_key_params[] = "params",
           pj_key_param_bytes[] = "param_bytes", pj_key_bops[] = "bops", pj_key_op_cost[] = "op_cost",
           pj_key_parameters[] = "parameters", pj_key_peak_activation_bytes[] = "peak_activation_bytes",
           pj_key_energy_pj[] = "energy_pj", pj_key_low_pj[] = "low_pj", pj_key_high_pj[] = "high_pj",
           pj_key_file_bytes[] = "file_bytes", pj_key_gate_bits[] = "gate_bits", pj_key_gate_factor[] = "gate_factor";
const char pj_layers_key[] = "layers", pj_uncounted_key[] = "uncounted";

/* clang-format off */
static const pj_field format_fields[] = {
    {.key = "word", .type = &pj_field_text, OF(pj_format_info, word)},
    {.key = "kind", .type = &pj_field_text, OF(pj_format_info, kind)},
    {.key = "bits", .type = &pj_field_count, OF(pj_format_info, bits)},
    {.key = "int_bits", .type = &pj_field_whole, OF(pj_format_info, int_bits)},
    {.key = "signed", .type = &pj_field_flag, OF(pj_format_info, is_signed)},
    {.key = "from", .type = &pj_field_text, OF(pj_format_info, from)},
};
/* clang-format on */

static void write_format(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    pj_fields_write(w, format_fields, COUNT(format_fields), PJ_OF_ONE, *(const pj_format_info *const *)of->at);
    pj_json_write_end(w->json);
}

static pj_status read_format(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_format_info *format = PJ_NEW(r->arena, pj_format_info, 1);
    PJ_TRY(pj_got(format, r->err));
    format->known = true;
    memcpy(of->at, &format, sizeof format);
    return pj_fields_read(r, format_fields, COUNT(format_fields), PJ_OF_ONE, value, format);
}

static bool is_absent_format(const pj_seen *of)
{
    return !(*(const pj_format_info *const *)of->at)->known;
}

static void clear_format(const pj_slot *of)
{
    static const pj_format_info unknown = {.word = "", .kind = "", .from = ""}, *none = &unknown;
    memcpy(of->at, &none, sizeof none);
}

static const pj_field_type type_format = {write_format, read_format, is_absent_format, clear_format, NULL};

static void write_work(const pj_field_writer *w, const pj_seen *of)
{
    const int64_t *work = *(const int64_t *const *)of->at;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; pj_work_word(i); i++)
        pj_json_put_int(w->json, pj_work_word(i), work[i]);
    pj_json_write_end(w->json);
}

/* Words of later versions are passed over. */
static pj_status read_work(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    size_t count = 0;
    while (pj_work_word(count))
        count++;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    int64_t *work = PJ_NEW(r->arena, int64_t, count);
    PJ_TRY(pj_got(work, r->err));
    for (size_t i = 0; i < count; i++) {
        pj_json number = pj_json_find(value, pj_work_word(i));
        if (number.node)
            PJ_TRY(pj_json_as_count(number, &work[i], r->err));
    }
    memcpy(of->at, &work, sizeof work);
    return PJ_OK;
}

static bool is_absent_list(const pj_seen *of)
{
    return !*(const void *const *)of->at;
}

static const pj_field_type type_work = {write_work, read_work, is_absent_list, NULL, NULL};

/* `at` is the energy. */
static void write_total(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_double(w->json, pj_energy_total(of->at));
}

static double value_of_total(const void *at)
{
    return pj_energy_total(at);
}

/* `at` is a count of bits. */
static double value_of_bytes(const void *at)
{
    return (double)*(const int64_t *)at / 8;
}

static double value_of_count(const void *at)
{
    return (double)*(const int64_t *)at;
}

static void write_per_sample(const pj_field_writer *w, const pj_seen *of)
{
    const pj_totals *totals = of->base;
    pj_json_write_double(w->json, pj_energy_total(&totals->energy) / (double)totals->batch);
}

/* `at` is the batch. */
static bool is_absent_batch(const pj_seen *of)
{
    return *(const int64_t *)of->at <= 0;
}

/* Of images, sequences of them and volumes [N, C, size ...], which layers of one stage of a network share. */
enum { MAP_RANK = 4, VOLUME_RANK = 5, NOT_OF_SIZE = 2 };

static bool has_no_stage(const pj_seen *of)
{
    const pj_layer *layer = of->base;
    bool none = layer->rank != MAP_RANK && layer->rank != VOLUME_RANK;
    for (int i = NOT_OF_SIZE; !none && i < layer->rank; i++)
        none = layer->dims[i].value < 0;
    return none;
}

static void write_stage(const pj_field_writer *w, const pj_seen *of)
{
    const pj_layer *layer = of->base;
    pj_str text = pj_str_new(0);
    for (int i = NOT_OF_SIZE; i < layer->rank; i++)
        pj_str_printf(&text, i == NOT_OF_SIZE ? "%lld" : "x%lld", (long long)layer->dims[i].value);
    pj_json_write_text(w->json, text.data);
    pj_str_fail_as(w->json->out, &text);
    pj_str_free(&text);
}

static const pj_field_type type_total = {write_total, NULL, NULL, NULL, value_of_total};
static const pj_field_type type_bytes = {NULL, NULL, NULL, NULL, value_of_bytes};
static const pj_field_type type_of_model = {NULL, NULL, NULL, NULL, value_of_count}; /* JSON has it of the model */
static const pj_field_type type_stage = {write_stage, NULL, has_no_stage, NULL, NULL};
static const pj_field_type type_per_sample = {write_per_sample, NULL, is_absent_batch, NULL, NULL};

/* What the totals have of a device. */
typedef struct total_device {
    pj_device_figure figure;
    pj_device_note note;
} total_device;

#define OF_DEVICE(member)                                                       \
    .of = PJ_OF_LAYER | PJ_OF_TOTALS, .at = offsetof(pj_device_figure, member), \
    .totals = offsetof(total_device, figure.member)
#define OF_NOTE(member) .of = PJ_OF_TOTALS, .totals = offsetof(total_device, note.member)
/* clang-format off */
static const pj_field device_fields[] = {
    {.key = pj_key_energy_pj, .type = &pj_field_amount, .rule = PJ_NULL, .absent = -1, OF_DEVICE(energy_pj)},
    {.key = pj_key_time_us, .type = &pj_field_amount, .rule = PJ_NULL, .absent = -1, OF_DEVICE(time_us)},
    {.key = pj_key_low_pj, .type = &pj_field_amount, .rule = PJ_MAY_LACK | PJ_NULL, .absent = -1, OF_DEVICE(low_pj)},
    {.key = pj_key_high_pj, .type = &pj_field_amount, .rule = PJ_MAY_LACK | PJ_NULL, .absent = -1, OF_DEVICE(high_pj)},
    {.key = "idle_w", .type = &pj_field_amount, .rule = PJ_NULL, .absent = -1, OF_NOTE(idle_w)},
    {.key = pj_layers_key, .type = &pj_field_size, .rule = PJ_MAY_LACK, OF_NOTE(layers)},
    {.key = "at_least_pj", .type = &pj_field_amount, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, .absent = -1, OF_NOTE(at_least_pj)},
    {.key = "load", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_NULL, OF_NOTE(load)},
    {.key = "basis", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_NULL, OF_NOTE(basis)},
    {.key = "memory", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_NULL, OF_NOTE(memory)},
    {.key = "memory_bytes", .type = &pj_field_amount, .rule = PJ_MAY_LACK, OF_NOTE(memory_has)},
    {.key = "needed_bytes", .type = &pj_field_amount, .rule = PJ_MAY_LACK, OF_NOTE(memory_wants)},
};
/* clang-format on */

static void write_devices(const pj_field_writer *w, const pj_seen *of)
{
    const pj_device_figure *figures = *(const pj_device_figure *const *)of->at;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t d = 0; d < w->result->setup.device_count; d++) {
        pj_json_put_begin(w->json, w->result->devices[d], PJ_JSON_WRITE_OBJECT_LINE);
        pj_fields_write(w, device_fields, COUNT(device_fields), PJ_OF_LAYER, &figures[d]);
        pj_json_write_end(w->json);
    }
    pj_json_write_end(w->json);
}

/* Figures of the devices that the totals name; of one that the layer does not name, none. */
static pj_status read_devices(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    size_t count = r->result->setup.device_count;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    pj_device_figure *figures = PJ_NEW(r->arena, pj_device_figure, count);
    PJ_TRY(pj_got(figures, r->err));
    for (size_t d = 0; d < count; d++) {
        pj_json device = pj_json_find(value, r->result->devices[d]);
        figures[d] = (pj_device_figure){-1, -1, -1, -1};
        if (device.node)
            PJ_TRY(pj_fields_read(r, device_fields, COUNT(device_fields), PJ_OF_LAYER, device, &figures[d]));
    }
    memcpy(of->at, &figures, sizeof figures);
    return PJ_OK;
}

static void write_total_devices(const pj_field_writer *w, const pj_seen *of)
{
    const pj_totals *totals = of->base;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT);
    for (size_t d = 0; d < w->result->setup.device_count; d++) {
        const total_device device = {totals->devices[d], totals->device_notes[d]};
        pj_json_put_begin(w->json, w->result->devices[d], PJ_JSON_WRITE_OBJECT_LINE);
        pj_fields_write(w, device_fields, COUNT(device_fields), PJ_OF_TOTALS, &device);
        pj_json_write_end(w->json);
    }
    pj_json_write_end(w->json);
}

/* Names the devices of the result, too. */
static pj_status read_total_devices(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_totals *totals = of->base;
    size_t most, count = 0;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    most = pj_json_count(value);
    const char **names = PJ_NEW(r->arena, const char *, most);
    pj_device_figure *figures = PJ_NEW(r->arena, pj_device_figure, most);
    pj_device_note *notes = PJ_NEW(r->arena, pj_device_note, most);
    PJ_TRY(pj_got(names && figures && notes, r->err));
    for (pj_json one = pj_json_first(value); one.node; one = pj_json_next(one), count++) {
        total_device device = {0};
        names[count] = pj_arena_strdup(r->arena, pj_json_key(one));
        PJ_TRY(pj_got(names[count], r->err));
        PJ_TRY(pj_fields_read(r, device_fields, COUNT(device_fields), PJ_OF_TOTALS, one, &device));
        figures[count] = device.figure;
        notes[count] = device.note;
    }
    r->result->setup.devices = r->result->devices = names;
    r->result->setup.device_count = count;
    totals->devices = figures;
    totals->device_notes = notes;
    return PJ_OK;
}

static const pj_field_type type_devices = {write_devices, read_devices, NULL, NULL, NULL};
static const pj_field_type type_total_devices = {write_total_devices, read_total_devices, NULL, NULL, NULL};

const char pj_layer_index_key[] = "index";
static const char conversion_key[] = "conversion_pj", qtools_key[] = "qtools", precision_key[] = "precision";

/* clang-format off */
static const pj_field members[] = {
    {.key = pj_layer_index_key, .type = &pj_field_size, OF_L(index)},
    {.key = "name", .type = &pj_field_text, OF_L(name)},
    {.key = "op", .type = &pj_field_text, OF_L(op)},
    {.key = "domain", .type = &pj_field_text, OF_L(domain)},
    {.key = "scope", .type = &pj_field_text, OF_L(scope)},
    {.key = "inputs", .type = &pj_field_names, .rule = PJ_MAY_LACK, OF_L(inputs),
     .count_at = offsetof(pj_layer, input_count)},
    {.key = "outputs", .type = &pj_field_names, .rule = PJ_MAY_LACK, OF_L(outputs),
     .count_at = offsetof(pj_layer, output_count)},
    {.key = "output_shape", .type = &pj_field_shape, .rule = PJ_MAY_LACK | PJ_NULL, OF_L(dims),
     .count_at = offsetof(pj_layer, rank)},
    {.key = "stage", .type = &type_stage, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF_L(dims)},
    {.key = "counted", .type = &pj_field_flag, .rule = PJ_MAY_LACK, .absent = true, OF_L(counted)},
    {.key = "free", .type = &pj_field_flag, .rule = PJ_MAY_LACK, OF_L(free)},
    {.key = "folded_into", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_LEFT_OUT | PJ_NULL, OF_L(folded_into)},
    {.key = "runs", .type = &pj_field_count, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, .absent = 1, OF_L(runs)},
    {.key = pj_layers_key, .type = &pj_field_size, OF_G(layers)},
    {.key = pj_uncounted_key, .type = &pj_field_size, OF_G(uncounted)},
    {.key = pj_key_macs, .type = &pj_field_count, OF_LTG(macs),
     .uses = PJ_EVERYWHERE, .quantity = PJ_QUANTITY_COUNT, .title = "MACs", .rank = 3, .name = "number of MACs"},
    {.key = pj_key_flops, .type = &pj_field_count, OF_LTG(flops),
     .uses = PJ_EVERYWHERE & ~PJ_IN_TRENDS & ~PJ_IN_RECORDS, .quantity = PJ_QUANTITY_COUNT, .title = "FLOPs", .rank = 8, .name = "number of FLOPs"},
    {.key = pj_key_params, .type = &pj_field_count, OF_LTGM(params),
     .uses = PJ_EVERYWHERE, .quantity = PJ_QUANTITY_COUNT, .title = pj_key_params, .rank = 5, .is_stored = true, .name = "number of parameters"},
    {.key = "param_bits", .type = &pj_field_count, OF_LTGM(param_bits),
     .uses = PJ_EVERYWHERE & ~PJ_IN_BUDGETS, .quantity = PJ_QUANTITY_BITS, .is_stored = true, .line = "param size"},
    {.key = pj_key_param_bytes, .type = &type_bytes, OF_LT(param_bits),
     .uses = PJ_IN_BUDGETS, .quantity = PJ_QUANTITY_BYTES, .name = "size of parameters"},
    {.key = pj_key_bops, .type = &pj_field_count, OF_LTG(bops),
     .uses = PJ_EVERYWHERE, .quantity = PJ_QUANTITY_COUNT, .name = "number of bit operations"},
    {.key = "input_bits", .type = &pj_field_count, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, .absent = -1, OF_L(input_bits)},
    {.key = "output_bits", .type = &pj_field_count, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, .absent = -1,
     OF_L(output_bits)},
    {.key = "work", .type = &type_work, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF_L(work)},
    {precision_key, "input", &type_format, .rule = PJ_NULL, OF_L(input)},
    {precision_key, "weight", &type_format, .rule = PJ_NULL, OF_L(weight)},
    {precision_key, "accumulator", &type_format, .rule = PJ_NULL, OF_L(accumulator)},
    {precision_key, "output", &type_format, .rule = PJ_NULL, OF_L(output)},
    {precision_key, "implementation", &pj_field_text, .rule = PJ_MAY_LACK | PJ_NULL, OF_L(implementation)},
    {precision_key, pj_key_gate_bits, &pj_field_amount, .rule = PJ_MAY_LACK, OF_L(gate_bits)},
    {precision_key, pj_key_gate_factor, &pj_field_amount, .rule = PJ_MAY_LACK, OF_L(gate_factor)},
    {pj_key_energy_pj, "inputs", &pj_field_amount, .is_line = true, OF_LTG(energy.inputs),
     AN_ENERGY, .name = "energy of inputs", .title = "inputs", .rank = 1},
    {pj_key_energy_pj, "outputs", &pj_field_amount, OF_LTG(energy.outputs),
     AN_ENERGY, .name = "energy of outputs", .title = "outputs", .rank = 1},
    {pj_key_energy_pj, pj_key_parameters, &pj_field_amount, OF_LTG(energy.parameters),
     AN_ENERGY, .name = "energy of parameters", .title = "weights", .rank = 1, .line = pj_key_parameters},
    {pj_key_energy_pj, pj_key_op_cost, &pj_field_amount, OF_LTG(energy.op_cost),
     AN_ENERGY, .name = "energy of arithmetic", .title = pj_key_op_cost, .rank = 1},
    {pj_key_energy_pj, "total", &type_total, OF_LTG(energy),
     .uses = PJ_EVERYWHERE & ~PJ_IN_RECORDS, .quantity = PJ_QUANTITY_ENERGY, .name = "total energy", .title = "total", .in_trend = "energy"},
    {.key = conversion_key, .type = &pj_field_amount, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF_LT(conversion)},
    {.key = "batch", .type = &pj_field_count, .rule = PJ_MAY_LACK | PJ_NULL, OF_T(batch)},
    {.key = "per_sample_pj", .type = &type_per_sample, .rule = PJ_NULL, OF_T(batch)},
    {.key = pj_key_peak_activation_bytes, .type = &pj_field_count, .rule = PJ_MAY_LACK | PJ_NULL, .absent = -1,
     OF_T(peak_activation_bytes),
     .uses = PJ_IN_LIMITS | PJ_IN_BUDGETS | PJ_IN_TRENDS | PJ_IN_RECORDS, .quantity = PJ_QUANTITY_BYTES, .is_stored = true,
     .in_trend = "peak_bytes", .name = "peak of activations in memory"},
    {.key = pj_key_file_bytes, .type = &type_of_model, OF_T(file_bytes),
     .uses = PJ_IN_BUDGETS, .quantity = PJ_QUANTITY_BYTES, .name = "size of the model's file"},
    {.key = "devices", .type = &type_devices, .of = PJ_OF_LAYER | PJ_OF_GROUP, .at = offsetof(pj_layer, devices),
     .totals = offsetof(pj_totals, devices)},
    {.key = "devices", .type = &type_total_devices, OF_T(devices)},
    {.key = "reuse", .type = &pj_field_reuse, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF_L(reuse)},
    {.key = "reuse", .type = &pj_field_reuse_totals, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF_T(reuse)},
    {qtools_key, "total_cost", &pj_field_count, .is_line = true, .rule = PJ_MAY_LACK_OBJECT | PJ_LEFT_OUT, .absent = -1,
     OF_T(qtools_total_cost)},
    {qtools_key, "energy_sum", &pj_field_count, .rule = PJ_MAY_LACK_OBJECT | PJ_LEFT_OUT, .absent = -1,
     OF_T(qtools_energy_sum)},
    {.key = pj_uncounted_key, .type = &pj_field_size, .totals = offsetof(pj_totals, uncounted),
     .uses = PJ_IN_RECORDS, .quantity = PJ_QUANTITY_COUNT}, /* stands elsewhere in JSON */
};
/* clang-format on */

_Static_assert(COUNT(members) <= PJ_MOST_FIGURES, "lists of figures have room for all");

const pj_field *pj_figure_next(const pj_field *after, unsigned use)
{
    for (const pj_field *at = after ? after + 1 : members; at < members + COUNT(members); at++)
        if (at->uses & use)
            return at;
    return NULL;
}

const char *pj_figure_word(const pj_field *figure, unsigned use)
{
    return use == PJ_IN_TRENDS && figure->in_trend ? figure->in_trend : figure->key;
}

const pj_field *pj_figure_find(const char *word, size_t length, unsigned use)
{
    for (const pj_field *at = pj_figure_next(NULL, use); at; at = pj_figure_next(at, use)) {
        const char *name = pj_figure_word(at, use);
        if (strlen(name) == length && memcmp(name, word, length) == 0)
            return at;
    }
    return NULL;
}

const pj_field *pj_figure_total(void)
{
    const pj_field *at = members;
    while (at->type != &type_total)
        at++;
    return at;
}

double pj_figure_value(const pj_field *figure, unsigned of, const void *base)
{
    return figure->of & of ? figure->type->value(pj_field_at(figure, of, base)) : -1;
}

static bool is_stored(const pj_field *figure)
{
    return figure->type == &pj_field_count || figure->type == &pj_field_amount;
}

pj_totals pj_totals_of_layer(const pj_layer *layer)
{
    pj_totals out = {.layers = 1, .uncounted = !layer->free && !layer->counted};
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_TABLES); f; f = pj_figure_next(f, PJ_IN_TABLES))
        if (is_stored(f))
            memcpy((char *)&out + f->totals, (const char *)layer + f->at, sizeof(int64_t));
    return out;
}

void pj_totals_add(pj_totals *sum, const pj_totals *more)
{
    sum->layers += more->layers;
    sum->uncounted += more->uncounted;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_TABLES); f; f = pj_figure_next(f, PJ_IN_TABLES)) {
        void *to = (char *)sum + f->totals;
        int64_t *count = to;
        double *amount = to;
        if (!is_stored(f) || pj_figure_value(f, PJ_OF_TOTALS, more) < 0)
            continue;
        if (f->type == &pj_field_amount)
            *amount += pj_figure_value(f, PJ_OF_TOTALS, more);
        else if (!pj_add_i64(*count, *(const int64_t *)pj_field_at(f, PJ_OF_TOTALS, more), count))
            *count = INT64_MAX;
    }
}

static void add_amounts(const pj_field *figure, double *to, const pj_layer *const *layers, size_t count)
{
    double sum = *to;
    for (size_t i = 0; i < count; i++) {
        const double more = *(const double *)pj_field_at(figure, PJ_OF_ONE, layers[i]);
        sum += more >= 0 ? more : 0;
    }
    *to = sum;
}

static void add_counts(const pj_field *figure, int64_t *to, const pj_layer *const *layers, size_t count)
{
    int64_t sum = *to;
    for (size_t i = 0; i < count; i++) {
        const int64_t more = *(const int64_t *)pj_field_at(figure, PJ_OF_ONE, layers[i]);
        sum = pj_add_most(sum, more >= 0 ? more : 0);
    }
    *to = sum;
}

/* Figure by figure, as there are many layers. */
void pj_totals_add_layers(pj_totals *sum, const pj_layer *const *layers, size_t count)
{
    sum->layers += count;
    for (size_t i = 0; i < count; i++)
        sum->uncounted += !layers[i]->free && !layers[i]->counted;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_TABLES); f; f = pj_figure_next(f, PJ_IN_TABLES))
        if (f->type == &pj_field_amount)
            add_amounts(f, (double *)(void *)((char *)sum + f->totals), layers, count);
        else if (f->type == &pj_field_count)
            add_counts(f, (int64_t *)(void *)((char *)sum + f->totals), layers, count);
}

/* Sums of what is read stay numbers; the part of op_cost that converts is no more than all of it. */
static pj_status check_energy(const pj_field_reader *r, pj_json object, const pj_energy *energy, double conversion)
{
    if (!isfinite(pj_energy_total(energy)))
        return pj_json_fail(pj_json_find(object, pj_key_energy_pj), PJ_EFORMAT, r->err,
                            "the sum of the four is too large");
    if (conversion > energy->op_cost * (1 + 1e-9)) /* both are sums, each with its rounding */
        return pj_json_fail(pj_json_find(object, conversion_key), PJ_EFORMAT, r->err,
                            "%.17g is more than the op_cost that it is part of, %.17g", conversion, energy->op_cost);
    return PJ_OK;
}

void pj_layer_write(const pj_field_writer *w, const pj_layer *layer)
{
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT);
    pj_fields_write(w, members, COUNT(members), PJ_OF_LAYER, layer);
    pj_json_write_end(w->json);
}

pj_status pj_layer_read(pj_field_reader *r, pj_json object, pj_layer *out)
{
    PJ_TRY(pj_fields_read(r, members, COUNT(members), PJ_OF_LAYER, object, out));
    return check_energy(r, object, &out->energy, out->conversion);
}

void pj_group_write(const pj_field_writer *w, const pj_totals *sum)
{
    pj_fields_write(w, members, COUNT(members), PJ_OF_GROUP, sum);
}

void pj_model_figures_write(const pj_field_writer *w)
{
    pj_fields_write(w, members, COUNT(members), PJ_OF_MODEL, &w->result->totals);
}

void pj_totals_write(const pj_field_writer *w)
{
    pj_json_put_begin(w->json, "totals", PJ_JSON_WRITE_OBJECT);
    pj_fields_write(w, members, COUNT(members), PJ_OF_TOTALS, &w->result->totals);
    pj_json_write_end(w->json);
}

pj_status pj_totals_read(pj_field_reader *r, pj_json root)
{
    pj_json object = {0};
    pj_totals *totals = &r->result->totals;
    PJ_TRY(pj_json_get_object(root, "totals", &object, r->err));
    PJ_TRY(pj_fields_read(r, members, COUNT(members), PJ_OF_TOTALS, object, totals));
    return check_energy(r, object, &totals->energy, totals->conversion);
}
