/* Reading and checking a device profile; the format is documented in energy_tables/README.md. */
#include "cost/device_data.h"

const char *const pj_device_method_words[PJ_DEVICE_METHODS + 1] = {"datasheet", "measured", "v4",
                                                                   "capacity",  "fitted",   NULL};

static pj_status copy_text(pj_device *device, pj_json root, const char *key, const char **out, pj_error *err)
{
    const char *text = "";
    PJ_TRY(pj_json_opt_text(root, key, &text, err));
    *out = pj_arena_strdup(device->arena, text);
    return pj_got(*out, err);
}

static pj_status read_head(pj_device *device, pj_json root, pj_error *err)
{
    static const char *const schemas[] = {"picojoule.device/1", NULL};
    static const char *const classes[] = {"gpu", "tpu", "npu", "cpu", "soc", "edge", "sbc", "mcu", "quantum", NULL};
    const char *text;
    int schema, class_at = 0, method = 0;
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, err));
    PJ_TRY(pj_json_get_text(root, "title", &text, err));
    PJ_TRY(copy_text(device, root, "title", &device->title, err));
    PJ_TRY(copy_text(device, root, "notes", &device->notes, err));
    PJ_TRY(pj_json_opt_text(root, "memory_type", &text, err));
    PJ_TRY(pj_json_get_word(root, "class", classes, &class_at, err));
    PJ_TRY(pj_json_get_word(root, "formula", pj_device_method_words, &method, err));
    device->class_word = classes[class_at];
    device->method = (pj_device_method)method;
    return PJ_OK;
}

/* Single figures: all optional, each an object with its value under the key that names the unit. */
static pj_status read_facts(pj_device *device, pj_json root, pj_error *err)
{
    double ignored;
    /*  name, key of the value, unit, where it goes, whether 0 is impossible */
    const struct {
        const char *name, *key, *unit;
        double *out;
        bool positive;
    } facts[] = {
        {"process",       "nm",          "nm",          &ignored,             true },
        {"clock",         "mhz",         "MHz",         &ignored,             true },
        {"power",         "w",           "W",           &device->power_w,     true },
        {"idle",          "w",           "W",           &device->idle_w,      false},
        {"memory",        "gb",          "GB",          &device->memory_gb,   true },
        {"ram",           "kb",          "KiB",         &device->ram_kb,      true },
        {"flash",         "kb",          "KiB",         &device->flash_kb,    true },
        {"bandwidth",     "gb_per_s",    "GB/s",        &device->gb_per_s,    true },
        {"memory_energy", "pj_per_byte", "pJ per byte", &device->pj_per_byte, false},
        {"utilization",   "fraction",    "of the peak", &device->utilization, true },
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        pj_json object = pj_json_find(root, facts[i].name);
        *facts[i].out = -1;
        if (!object.node)
            continue;
        PJ_TRY(pj_figure_read(&device->figures, object, facts[i].key, facts[i].unit, facts[i].out, err));
        if (facts[i].positive && *facts[i].out == 0)
            return pj_json_fail(pj_json_find(object, facts[i].key), PJ_EFORMAT, err, "this figure cannot be 0");
    }
    if (device->utilization > 1)
        return pj_json_fail(pj_json_find(root, "utilization"), PJ_EFORMAT, err, "%g is more than 1",
                            device->utilization);
    return PJ_OK;
}

/* Checks that all keys of `object` are precisions. */
static pj_status check_precisions(pj_json object, pj_error *err)
{
    const char *known[PJ_PRECISIONS + 1] = {NULL};
    for (int i = 0; i < PJ_PRECISIONS; i++)
        known[i] = pj_precision_word(i);
    return pj_json_only_keys(object, known, err);
}

/* "peak" or "energy": a figure per precision. */
static pj_status read_rates(pj_device *device, pj_json root, const char *name, const char *key, const char *unit,
                            bool is_peak, pj_error *err)
{
    pj_json object = pj_json_find(root, name);
    if (!object.node)
        return PJ_OK;
    PJ_TRY(check_precisions(object, err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        pj_device_rate *rate = &device->rates[pj_precision_of_word(pj_json_key(at))];
        double *out = is_peak ? &rate->tops : &rate->pj_per_op;
        PJ_TRY(pj_figure_read(&device->figures, at, key, unit, out, err));
        if (is_peak && *out == 0)
            return pj_json_fail(pj_json_find(at, key), PJ_EFORMAT, err, "a peak cannot be 0");
        rate->given = true;
    }
    return PJ_OK;
}

/* One precision with the figures of its networks. */
static pj_status read_measured(pj_device *device, pj_json root, pj_error *err)
{
    enum { MOST_NETWORKS = 64 };
    pj_json object, networks;
    double sum = 0;
    PJ_TRY(pj_json_get_object(root, "measured", &object, err));
    PJ_TRY(check_precisions(object, err));
    networks = pj_json_first(object);
    size_t count = pj_json_count(networks);
    if (pj_json_count(object) != 1 || count < 1 || count > MOST_NETWORKS)
        return pj_json_fail(object, PJ_EFORMAT, err, "one precision with 1 to %d networks should stand here",
                            MOST_NETWORKS);
    PJ_TRY(pj_json_as_object(networks, &networks, err));
    device->measured_at = pj_precision_of_word(pj_json_key(networks));
    device->rates[device->measured_at].given = true;
    for (pj_json at = pj_json_first(networks); at.node; at = pj_json_next(at)) {
        double figure;
        PJ_TRY(pj_figure_read(&device->figures, at, "pj_per_mac", "pJ per MAC", &figure, err));
        bool first = at.node == pj_json_first(networks).node;
        device->low_pj_per_mac = first || figure < device->low_pj_per_mac ? figure : device->low_pj_per_mac;
        device->high_pj_per_mac = first || figure > device->high_pj_per_mac ? figure : device->high_pj_per_mac;
        sum += figure;
    }
    device->mean_pj_per_mac = sum / (double)count;
    return PJ_OK;
}

/* What each formula needs, and what it has no use for. */
static pj_status check_formula(const pj_device *device, pj_json root, pj_error *err)
{
    static const char *const needs_no[] = {"peak", "energy", "bandwidth", "memory_energy", "utilization", "power"};
    int given = 0;
    if (device->method == PJ_DEVICE_FITTED && !device->fitted.given)
        return pj_json_fail(root, PJ_EFORMAT, err, "formula fitted needs $.fitted");
    if (device->method >= PJ_DEVICE_CAPACITY) {
        for (size_t i = 0; i < sizeof needs_no / sizeof *needs_no; i++)
            if (pj_json_find(root, needs_no[i]).node)
                return pj_json_fail(pj_json_find(root, needs_no[i]), PJ_EFORMAT, err,
                                    "formula \"%s\" has no use for \"%s\"", pj_device_method_words[device->method],
                                    needs_no[i]);
        return PJ_OK;
    }
    for (int i = 0; i < PJ_PRECISIONS; i++)
        given += device->rates[i].given;
    if (given == 0)
        return pj_json_fail(root, PJ_EFORMAT, err, "neither \"peak\" nor \"energy\" says anything");
    if (device->rates[PJ_PRECISION_ANY].given && given > 1)
        return pj_json_fail(root, PJ_EFORMAT, err, "\"any\" stands for all precisions: no other can stand beside it");
    if (device->method == PJ_DEVICE_V4 && device->rates[PJ_PRECISION_ANY].pj_per_op < 0)
        return pj_json_fail(root, PJ_EFORMAT, err, "formula v4 needs $.energy.any");
    return PJ_OK;
}

pj_status pj_device_fill(pj_device *device, pj_json root, pj_error *err)
{
    static const char *const known[] = {
        "$schema",       "schema",      "title", "notes",  "class",    "sources", "formula",     "process",
        "clock",         "power",       "idle",  "memory", "ram",      "flash",   "memory_type", "bandwidth",
        "memory_energy", "utilization", "peak",  "energy", "measured", "loads",   "fitted",      NULL};
    for (int i = 0; i < PJ_PRECISIONS; i++)
        device->rates[i].tops = device->rates[i].pj_per_op = -1;
    PJ_TRY(pj_json_only_keys(root, known, err));
    PJ_TRY(read_head(device, root, err));
    PJ_TRY(read_facts(device, root, err));
    PJ_TRY(read_rates(device, root, "peak", "tops", "TOPS", true, err));
    PJ_TRY(read_rates(device, root, "energy", "pj_per_op", "pJ per operation", false, err));
    if (device->method == PJ_DEVICE_MEASURED)
        PJ_TRY(read_measured(device, root, err));
    else if (pj_json_find(root, "measured").node)
        return pj_json_fail(pj_json_find(root, "measured"), PJ_EFORMAT, err, "only formula \"measured\" reads this");
    PJ_TRY(pj_device_read_usage(device, root, err));
    PJ_TRY(pj_device_read_fitted(device, root, err));
    return check_formula(device, root, err);
}
