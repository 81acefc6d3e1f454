/* Device profiles: opening, choosing a precision, estimating. */
#include "cost/device.h"

#include "cost/device_data.h"

static pj_status load(const pj_json_doc *doc, const char *name, pj_device **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_device *device = arena ? PJ_NEW(arena, pj_device, 1) : NULL;
    pj_status status = PJ_OK;
    if (device) {
        device->arena = arena;
        device->figures.arena = arena;
        device->name = pj_builtin_name(name, arena);
    }
    if (!device || !device->name)
        status = pj_fail_memory(err);
    else
        status = pj_device_fill(device, pj_json_root(doc), err);
    if (status != PJ_OK) {
        pj_arena_free(arena);
        return status;
    }
    *out = device;
    return PJ_OK;
}

pj_status pj_device_take(const pj_bytes *bytes, const char *name, pj_device **out, pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_json_parse(bytes->at, bytes->length, name, &doc, err));
    pj_status status = load(doc, name, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_device_open(const char *name_or_path, const pj_setup *setup, pj_device **out, pj_error *err)
{
    pj_bytes bytes;
    PJ_TRY(pj_resource_find(setup, PJ_RESOURCE_DEVICE, name_or_path, &bytes, err));
    pj_status status = pj_device_take(&bytes, name_or_path, out, err);
    pj_bytes_free(&bytes);
    return status;
}

pj_status pj_device_parse(const char *json, size_t length, const char *name, pj_device **out, pj_error *err)
{
    const pj_bytes bytes = {.at = json, .length = length};
    return pj_device_take(&bytes, name, out, err);
}

void pj_device_close(pj_device *device)
{
    if (device)
        pj_arena_free(device->arena);
}

const char *pj_device_name(const pj_device *device)
{
    return device->name;
}

const char *pj_device_title(const pj_device *device)
{
    return device->title;
}

const char *pj_device_class(const pj_device *device)
{
    return device->class_word;
}

const char *pj_device_formula(const pj_device *device)
{
    return pj_device_method_words[device->method];
}

const char *pj_device_notes(const pj_device *device)
{
    return device->notes;
}

double pj_device_idle_w(const pj_device *device)
{
    return device->idle_w;
}

const char *pj_device_marked(const pj_device *device, pj_arena *arena)
{
    static const char *const not_used[] = {"$.process", "$.clock", "$.memory.", "$.ram", "$.flash"};
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < device->figures.count; i++) {
        const pj_figure *figure = &device->figures.rows[i];
        bool used = strcmp(figure->confidence, "memory") == 0;
        for (size_t n = 0; used && n < sizeof not_used / sizeof *not_used; n++)
            used = strncmp(figure->path, not_used[n], strlen(not_used[n])) != 0;
        if (used)
            pj_str_printf(&text, "%s%s", text.length ? ", " : "", figure->path + 2);
    }
    return pj_str_keep(&text, arena);
}

void pj_device_fits(const pj_device *device, double weights, double activations, const char **what, double *has,
                    double *wants)
{
    const double activations_known = fmax(activations, 0);
    const struct {
        const char *what;
        double has, wants;
    } memories[] = {
        {"flash",  device->flash_kb * 1024, weights                    },
        {"RAM",    device->ram_kb * 1024,   activations_known          },
        {"memory", device->memory_gb * 1e9, weights + activations_known},
    };
    *what = "";
    *has = *wants = 0;
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
        if (memories[i].has < 0 || (**what && (*wants > *has || memories[i].wants * *has <= *wants * memories[i].has)))
            continue;
        *what = memories[i].what;
        *has = memories[i].has;
        *wants = memories[i].wants;
    }
}

const char *pj_device_basis(const pj_device *device, pj_load load)
{
    static const char *const of_method[PJ_DEVICE_METHODS] = {[PJ_DEVICE_DATASHEET] = "data sheet",
                                                             [PJ_DEVICE_MEASURED] = "measured networks",
                                                             [PJ_DEVICE_V4] = "V4 formula",
                                                             [PJ_DEVICE_CAPACITY] = "memories alone"};
    const pj_usage *usage = &device->usage[load];
    if (device->fitted.given) /* as it is with the formula that stands on it alone */
        return device->fitted.basis;
    if (usage->given)
        return usage->basis;
    return of_method[device->method];
}

bool pj_device_is_v4(const pj_device *device)
{
    return device->method == PJ_DEVICE_V4;
}

const pj_figure *pj_device_figures(const pj_device *device, size_t *count)
{
    *count = device->figures.count;
    return device->figures.rows;
}

pj_device_sheet pj_device_sheet_of(const pj_device *device)
{
    static const char *const words[] = {"fp16", "bf16", "fp32", "int8"};
    pj_device_sheet out = {device->power_w > 0 ? device->power_w : NAN,
                           device->gb_per_s > 0 ? device->gb_per_s * 1e9 : NAN, NAN};
    for (size_t i = 0; i < sizeof words / sizeof *words && isnan(out.ops_per_second); i++) {
        const pj_device_rate *rate = &device->rates[pj_precision_of_word(words[i])];
        if (rate->tops > 0)
            out.ops_per_second = rate->tops * 1e12;
    }
    return out;
}

const char *pj_device_builtin(size_t index)
{
    return pj_builtin_at(pj_builtin_devices, index);
}

/* What a format needs to be held without loss; integers need no exponent. */
typedef struct needs {
    bool is_float;
    int64_t exponent;
    int64_t significand;
} needs;

static needs needs_of(const pj_number *number)
{
    int format = pj_float_format_of_number(number);
    needs need = {number->kind == PJ_FLOAT, 0, number->bits};
    if (format >= 0) {
        need.exponent = pj_float_formats[format].exponent;
        need.significand = pj_float_formats[format].significand;
    } else if (need.is_float) { /* a width of its own: divided as IEEE divides the next wider one */
        const int64_t exponent = number->bits <= 8 ? 4 : number->bits <= 16 ? 5 : number->bits <= 32 ? 8 : 11;
        need.exponent = exponent;
        need.significand = number->bits - exponent;
    } else if (number->kind == PJ_PO2) { /* all exponent */
        need = (needs){true, number->bits - number->is_signed, 1};
    }
    return need;
}

static bool holds(int precision, const needs *need)
{
    if (precision == PJ_PRECISION_ANY)
        return true;
    if (precision >= PJ_PRECISION_INTS)
        return !need->is_float && pj_precision_bits(precision) >= need->significand;
    const pj_float_format *format = &pj_float_formats[precision];
    return format->exponent >= need->exponent && format->significand >= need->significand;
}

/* Smaller is nearer: integers before floats, then by width. */
static int distance(int precision)
{
    if (precision >= PJ_PRECISION_INTS)
        return precision - PJ_PRECISION_INTS;
    return pj_float_formats[precision].bits * 64 + pj_float_formats[precision].significand;
}

/* The nearest precision of the device that holds the format; -1: none. */
static int choose(const pj_device *device, const pj_number *number)
{
    int exact = pj_float_format_of_number(number), best = -1;
    needs need = needs_of(number);
    if (exact >= 0 && device->rates[exact].given)
        return exact;
    for (int i = 0; i < PJ_PRECISIONS; i++)
        if (device->rates[i].given && holds(i, &need) && (best < 0 || distance(i) < distance(best)))
            best = i;
    return best;
}

/* Without MACs, integers (indices, masks) are moved whatever the device computes in, and of a board that was measured
 * for each MAC the rest of the network is part of that figure. */
static int precision_of(const pj_device *device, const pj_device_work *work)
{
    bool is_any = work->macs <= 0 && (work->format.kind == PJ_FIXED || device->method == PJ_DEVICE_MEASURED);
    int best = choose(device, &work->format);
    for (int i = 0; best < 0 && is_any && i < PJ_PRECISIONS; i++)
        best = device->rates[i].given ? i : -1;
    return best;
}

/* The precision that is the format itself; -1: none is. */
static int own_precision(const pj_number *number)
{
    for (int i = PJ_PRECISION_INTS; number->kind == PJ_FIXED && i < PJ_PRECISION_ANY; i++)
        if (pj_precision_bits(i) == number->bits)
            return i;
    return pj_float_format_of_number(number);
}

static bool is_own(int precision, const pj_number *number)
{
    if (precision == PJ_PRECISION_ANY)
        return true;
    return own_precision(number) == precision;
}

const char *pj_device_substitute(const pj_device *device)
{
    static const char *const words[] = {"fp16", "int8"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        for (int i = 0; i < PJ_PRECISIONS; i++)
            if (device->rates[i].given && strcmp(pj_precision_word(i), words[w]) == 0)
                return words[w];
    return NULL;
}

static pj_status fail_precision(const pj_device *device, const pj_number *number, pj_error *err)
{
    pj_str text = pj_str_new(0);
    pj_number_print(number, &text);
    pj_str_add(&text, ", nor a wider format; it has");
    for (int i = 0, count = 0; i < PJ_PRECISIONS; i++)
        if (device->rates[i].given)
            pj_str_printf(&text, "%s %s", count++ ? "," : "", pj_precision_word(i));
    pj_status status =
        text.failed ? pj_fail_memory(err) : pj_fail(err, PJ_EUNSUPPORTED, "%s has no %s", device->name, text.data);
    pj_str_free(&text);
    return status;
}

static double bytes_of(const pj_device_work *work)
{
    return work->input_bytes + work->output_bytes + work->weight_bytes;
}

/* Multiples of the estimate; negative: nobody knows. */
static void set_range(pj_device_cost *out, double low, double high)
{
    out->low_pj = low >= 0 ? out->energy_pj * low : -1;
    out->high_pj = high >= 0 ? out->energy_pj * high : -1;
}

double pj_padded_macs(double macs, double channels_in, double channels_out, double multiple)
{
    if (!(multiple > 1 && channels_in > 0 && channels_out > 0))
        return macs;
    if (channels_in > multiple)
        macs *= ceil(channels_in / multiple) * multiple / channels_in;
    return macs * (ceil(channels_out / multiple) * multiple / channels_out);
}

static void estimate_fitted(const pj_fitted *fitted, const pj_device_work *work, pj_device_cost *out)
{
    const pj_class_cost *cost = &fitted->of[work->kind];
    const double macs = pj_padded_macs(work->macs, work->channels_in, work->channels_out, cost->pad_channels);
    out->has_energy = true;
    out->energy_pj = macs * cost->pj_per_mac + (work->macs > 0 ? 0 : work->ops * cost->pj_per_op) +
                     work->input_bytes * cost->pj_per_input_byte + work->output_bytes * cost->pj_per_output_byte +
                     work->weight_bytes * cost->pj_per_weight_byte + cost->uj_per_layer * 1e6;
    set_range(out, fitted->low, fitted->high);
    out->has_time = fitted->watts > 0;
    if (out->has_time)
        out->time_us = out->energy_pj / fitted->watts / 1e6;
}

static void estimate_measured(const pj_device *device, const pj_device_work *work, pj_device_cost *out)
{
    out->has_energy = true;
    out->energy_pj = work->macs * device->mean_pj_per_mac;
    out->low_pj = work->macs * device->low_pj_per_mac;
    out->high_pj = work->macs * device->high_pj_per_mac;
}

static double at_least_one(double number)
{
    return number > 0 ? number : 1;
}

double pj_v4_utilization(double batch)
{
    return fmax(0.2, fmin(1, at_least_one(batch) / 16));
}

static double utilization_of(const pj_device *device, const pj_device_work *work)
{
    if (device->method == PJ_DEVICE_V4)
        return pj_v4_utilization(work->batch);
    if (work->utilization > 0)
        return fmin(work->utilization, 1);
    return device->utilization > 0 ? device->utilization : 1;
}

/* Watts while nothing is computed, with what stands around the device. */
static double resting_w(const pj_device *device, const pj_usage *usage)
{
    return usage->host_w + (device->idle_w >= 0 ? device->idle_w : usage->idle_share * device->power_w);
}

/* Utilizations of the format's own precision stand before those of the one at which it is computed (int8 on a device
 * that has floats alone). */
static double used(const pj_usage *usage, int own, int precision, const pj_device_work *work)
{
    const int order[] = {own, precision, PJ_PRECISION_ANY};
    if (work->utilization > 0)
        return fmin(work->utilization, 1);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (order[i] >= 0 && usage->utilization[order[i]][work->kind] > 0)
            return usage->utilization[order[i]][work->kind];
    return 1;
}

/* W times us is 1e6 pJ. Layers without MACs are often part of another in the runtime, so they have no fixed time, and
 * their utilization is one of the bandwidth, too. */
static void estimate_used(const pj_device *device, const pj_usage *usage, const pj_device_rate *rate,
                          double utilization, const pj_device_work *work, pj_device_cost *out)
{
    const bool computes = work->macs > 0;
    const pj_roof roof = {.ops_rate = rate->tops * 1e6,
                          .utilization = utilization,
                          .bytes_rate = fmax(device->gb_per_s, 0) * 1e3 * (computes ? 1 : utilization)};
    double busy = pj_roofline(&roof, work->ops, bytes_of(work)).total;
    out->has_time = true;
    out->time_us = busy + (computes ? usage->layer_us : 0);
    if (device->power_w <= 0)
        return;
    out->has_energy = true;
    out->has_idle = true;
    out->idle_pj = resting_w(device, usage) * out->time_us * 1e6;
    out->energy_pj = out->idle_pj + usage->active_share * device->power_w * busy * 1e6;
    set_range(out, usage->low, usage->high);
}

static double ops_of(const pj_device *device, const pj_device_work *work)
{
    if (device->method == PJ_DEVICE_V4)
        return 2 * work->params * at_least_one(work->batch) * at_least_one(work->sequence);
    return work->ops;
}

/* Formulas datasheet and v4. W / TOPS is pJ per operation; TOPS are 1e6 operations per us, GB/s 1e3 bytes per us. */
static void estimate_rates(const pj_device *device, const pj_device_rate *rate, const pj_device_work *work,
                           pj_device_cost *out)
{
    double utilization = utilization_of(device, work), ops = ops_of(device, work);
    double pj_per_op = rate->pj_per_op;
    if (pj_per_op < 0 && device->power_w > 0) /* without an energy there is a peak */
        pj_per_op = device->power_w / rate->tops;
    if (pj_per_op >= 0) {
        out->has_energy = true;
        out->energy_pj = ops * pj_per_op / utilization;
        if (device->pj_per_byte > 0)
            out->energy_pj += bytes_of(work) * device->pj_per_byte;
    }
    if (rate->tops > 0) {
        const pj_roof roof = {rate->tops * 1e6, utilization, device->gb_per_s * 1e3, 0};
        out->has_time = true;
        out->time_us = pj_roofline(&roof, ops, bytes_of(work)).total;
    }
    if (out->has_time && device->idle_w >= 0) {
        out->has_idle = true;
        out->idle_pj = device->idle_w * out->time_us * 1e6;
    }
}

void pj_device_run(const pj_device *device, pj_load load, double *energy_pj, double *time_us)
{
    const pj_usage *usage = &device->usage[load];
    *time_us = usage->given ? usage->run_us : 0;
    *energy_pj = device->power_w > 0 ? resting_w(device, usage) * *time_us * 1e6 : device->fitted.uj_per_run * 1e6;
}

pj_status pj_device_estimate(const pj_device *device, const pj_device_work *work, pj_device_cost *out, pj_error *err)
{
    int precision = precision_of(device, work);
    const pj_usage *usage = &device->usage[work->load];
    memset(out, 0, sizeof *out);
    out->low_pj = out->high_pj = -1;
    if (device->method == PJ_DEVICE_CAPACITY)
        return pj_fail(err, PJ_EUNSUPPORTED, "of %s only the memories are known: no energy, no time", device->name);
    if (precision < 0)
        return fail_precision(device, &work->format, err);
    if (device->method == PJ_DEVICE_FITTED && !device->fitted.of[work->kind].given)
        return pj_fail(err, PJ_EUNSUPPORTED, "nobody has measured layers of class %s on %s",
                       pj_work_class_words[work->kind], device->name);
    out->precision = pj_precision_word(precision);
    out->widened = !is_own(precision, &work->format);
    if (device->fitted.given)
        estimate_fitted(&device->fitted, work, out);
    else if (usage->given && device->rates[precision].tops > 0)
        estimate_used(device, usage, &device->rates[precision],
                      used(usage, own_precision(&work->format), precision, work), work, out);
    else if (device->method == PJ_DEVICE_MEASURED)
        estimate_measured(device, work, out);
    else
        estimate_rates(device, &device->rates[precision], work, out);
    /* A peak or a utilization near 0 makes times that are no numbers: no figure, then. */
    out->has_energy = out->has_energy && isfinite(out->energy_pj);
    out->has_time = out->has_time && isfinite(out->time_us);
    out->has_idle = out->has_idle && isfinite(out->idle_pj);
    return PJ_OK;
}
