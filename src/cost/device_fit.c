/* Reading what was fitted: how loads use a device, and what layers cost on it; the format is in
 * energy_tables/README.md. */
#include "cost/device_data.h"

const char *const pj_load_words[PJ_LOADS + 1] = {"latency", "throughput", NULL};

/* A number of an object, which may be absent; it then keeps what it had. */
typedef struct number {
    const char *key, *unit;
    double *out;
} number;

/* Figures of the device, all with the source that `fit` states. */
static pj_status read_numbers(pj_device *device, pj_json fit, pj_json object, const number *rows, size_t count,
                              pj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        pj_json at = pj_json_find(object, rows[i].key);
        if (!at.node)
            continue;
        PJ_TRY(pj_figure_coefficient(&device->figures, fit, at, rows[i].unit, rows[i].out, err));
        if (*rows[i].out < 0)
            return pj_json_fail(at, PJ_EFORMAT, err, "%g is not between 0 and 1e18", *rows[i].out);
    }
    return PJ_OK;
}

/* The range around an estimate, and what says where all of it is from: how many points it was fitted to. */
static pj_status read_head(pj_device *device, pj_json object, double *low, double *high, const char **basis,
                           pj_error *err)
{
    double points;
    pj_str text = pj_str_new(0);
    const number range[] = {
        {"low",  "of the estimate", low },
        {"high", "of the estimate", high}
    };
    *low = *high = -1;
    PJ_TRY(pj_figure_take(&device->figures, object, "points", "measured", &points, err));
    PJ_TRY(read_numbers(device, object, object, range, sizeof range / sizeof *range, err));
    if ((*low < 0) != (*high < 0) || *low > 1 || (*high >= 0 && *high < 1))
        return pj_json_fail(object, PJ_EFORMAT, err, "the range %g to %g does not hold 1", *low, *high);
    pj_str_printf(&text, "%s%s, %.0f points", device->class_word ? "own fit" : "fit of class ",
                  device->class_word ? "" : device->name, points);
    *basis = pj_str_keep(&text, device->arena);
    return pj_got(*basis, err);
}

static int class_of(const char *word)
{
    int i = 0;
    while (i < PJ_WORK_CLASSES && strcmp(pj_work_class_words[i], word) != 0)
        i++;
    return i;
}

static pj_status read_utilization(pj_device *device, pj_json fit, pj_usage *usage, pj_json object, pj_error *err)
{
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        int precision = pj_precision_of_word(pj_json_key(at));
        if (precision < 0)
            return pj_json_fail(at, PJ_EFORMAT, err, "\"%.32s\" is no precision", pj_json_key(at));
        PJ_TRY(pj_json_only_keys(at, pj_work_class_words, err));
        for (int c = 0; c < PJ_WORK_CLASSES; c++) {
            const number one = {pj_work_class_words[c], "of the peak", &usage->utilization[precision][c]};
            PJ_TRY(read_numbers(device, fit, at, &one, 1, err));
        }
    }
    return PJ_OK;
}

static pj_status read_load(pj_device *device, pj_json object, pj_usage *usage, pj_error *err)
{
    static const char *const known[] = {"points",     "source",       "confidence", "note",   "low",
                                        "high",       "utilization",  "layer_us",   "run_us", "host_w",
                                        "idle_share", "active_share", NULL};
    const number rows[] = {
        {"layer_us",     "us",           &usage->layer_us    },
        {"run_us",       "us",           &usage->run_us      },
        {"host_w",       "W",            &usage->host_w      },
        {"idle_share",   "of the power", &usage->idle_share  },
        {"active_share", "of the power", &usage->active_share},
    };
    pj_json utilization;
    PJ_TRY(pj_json_only_keys(object, known, err));
    PJ_TRY(read_head(device, object, &usage->low, &usage->high, &usage->basis, err));
    PJ_TRY(read_numbers(device, object, object, rows, sizeof rows / sizeof *rows, err));
    PJ_TRY(pj_json_get_object(object, "utilization", &utilization, err));
    usage->given = true;
    return read_utilization(device, object, usage, utilization, err);
}

static pj_status read_loads(pj_device *device, pj_json root, pj_error *err)
{
    pj_json loads = pj_json_find(root, "loads");
    if (!loads.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(loads, pj_load_words, err));
    for (int l = 0; l < PJ_LOADS; l++) {
        pj_json load = pj_json_find(loads, pj_load_words[l]);
        if (load.node)
            PJ_TRY(read_load(device, load, &device->usage[l], err));
    }
    return PJ_OK;
}

/* What devices of the class show stands in for what nobody has measured. A class has a name and no class. */
static pj_status read_class(pj_device *device, pj_error *err)
{
    pj_json_doc *doc;
    pj_device of_class = {.arena = device->arena, .name = device->class_word, .figures.arena = device->arena};
    const pj_builtin *at = pj_builtin_classes;
    while (at->name && strcmp(at->name, device->class_word) != 0)
        at++;
    if (!at->name)
        return PJ_OK;
    PJ_TRY(pj_json_parse(at->json, at->length, at->name, &doc, err));
    pj_status status = read_loads(&of_class, pj_json_root(doc), err);
    pj_json_free(doc);
    memcpy(device->usage, of_class.usage, sizeof device->usage);
    return status;
}

/* A load that nobody has measured is as the other one. */
static pj_status share_loads(pj_device *device, pj_error *err)
{
    for (int l = 0; l < PJ_LOADS; l++) {
        const int other = PJ_LOADS - 1 - l;
        pj_usage *usage = &device->usage[l];
        if (usage->given || !device->usage[other].given)
            continue;
        *usage = device->usage[other];
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s of %s", usage->basis, pj_load_words[other]);
        usage->basis = pj_str_keep(&text, device->arena);
        PJ_TRY(pj_got(usage->basis, err));
    }
    return PJ_OK;
}

pj_status pj_device_read_usage(pj_device *device, pj_json root, pj_error *err)
{
    PJ_TRY(read_loads(device, root, err));
    /* A stated utilization is the device's own, and the V4 profiles, which tell no precision, are kept to compare. */
    bool has_own = device->usage[0].given || device->usage[1].given || device->utilization > 0;
    if (device->method == PJ_DEVICE_DATASHEET && !has_own && !device->rates[PJ_PRECISION_ANY].given)
        PJ_TRY(read_class(device, err));
    return share_loads(device, err);
}

static pj_status read_class_cost(pj_device *device, pj_json fit, pj_json object, pj_class_cost *cost, pj_error *err)
{
    double shown;
    const number rows[] = {
        {"pj_per_mac",         "pJ per MAC",       &cost->pj_per_mac        },
        {"pj_per_op",          "pJ per operation", &cost->pj_per_op         },
        {"pj_per_input_byte",  "pJ per byte",      &cost->pj_per_input_byte },
        {"pj_per_output_byte", "pJ per byte",      &cost->pj_per_output_byte},
        {"pj_per_weight_byte", "pJ per byte",      &cost->pj_per_weight_byte},
        {"uj_per_layer",       "uJ",               &cost->uj_per_layer      },
        {"pad_channels",       "channels",         &cost->pad_channels      },
        {"points",             "measured",         &shown                   },
        {"error",              "at the median",    &shown                   },
        {"work_from",          "operations",       &shown                   },
        {"work_to",            "operations",       &shown                   },
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    const char *known[ROWS + 1] = {NULL};
    for (int i = 0; i < ROWS; i++)
        known[i] = rows[i].key;
    PJ_TRY(pj_json_only_keys(object, known, err));
    cost->given = true;
    return read_numbers(device, fit, object, rows, ROWS, err);
}

pj_status pj_device_read_fitted(pj_device *device, pj_json root, pj_error *err)
{
    static const char *const known[] = {"points",    "source",  "confidence", "note",       "low",      "high", "watts",
                                        "precision", "classes", "error",      "uj_per_run", "boundary", NULL};
    pj_fitted *fitted = &device->fitted;
    pj_json object = pj_json_find(root, "fitted"), classes;
    const char *precision, *boundary = "";
    if (!object.node)
        return PJ_OK;
    const number rows[] = {
        {"watts",      "W",  &fitted->watts     },
        {"uj_per_run", "uJ", &fitted->uj_per_run}
    };
    PJ_TRY(pj_json_only_keys(object, known, err));
    PJ_TRY(read_head(device, object, &fitted->low, &fitted->high, &fitted->basis, err));
    PJ_TRY(read_numbers(device, object, object, rows, sizeof rows / sizeof *rows, err));
    PJ_TRY(pj_json_opt_text(object, "boundary", &boundary, err));
    PJ_TRY(pj_json_get_text(object, "precision", &precision, err));
    int at = pj_precision_of_word(precision);
    if (at < 0)
        return pj_json_fail(pj_json_find(object, "precision"), PJ_EFORMAT, err, "\"%.32s\" is no precision", precision);
    device->rates[at].given = true;
    PJ_TRY(pj_json_get_object(object, "classes", &classes, err));
    for (pj_json one = pj_json_first(classes); one.node; one = pj_json_next(one)) {
        int c = class_of(pj_json_key(one));
        if (c == PJ_WORK_CLASSES)
            return pj_json_fail(one, PJ_EFORMAT, err, "\"%.32s\" is no class of work", pj_json_key(one));
        PJ_TRY(read_class_cost(device, object, one, &fitted->of[c], err));
    }
    fitted->given = true;
    return PJ_OK;
}
