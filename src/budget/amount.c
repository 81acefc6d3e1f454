/* Figures of a budget: the metrics that there are, and numbers with units. */
#include <string.h>

#include "budget/entry.h"

/* ---- metrics ---- */

#define OF_BOTH(name, expr_totals, expr_layer)                 \
    static double name##_of_totals(const pj_totals *of)        \
    {                                                          \
        return expr_totals;                                    \
    }                                                          \
    static double name##_of_layer(const pj_snapshot_layer *of) \
    {                                                          \
        return expr_layer;                                     \
    }
#define OF_ENERGY(name) OF_BOTH(name, of->energy.name, of->energy.name)
#define OF_COUNT(name)  OF_BOTH(name, (double)of->name, (double)of->name)
OF_BOTH(total, pj_energy_total(&of->energy), pj_energy_total(&of->energy))
OF_ENERGY(inputs)
OF_ENERGY(outputs)
OF_ENERGY(parameters)
OF_ENERGY(op_cost)
OF_COUNT(macs)
OF_COUNT(flops)
OF_COUNT(params)
OF_COUNT(bops)
OF_BOTH(param_bytes, (double)of->param_bits / 8, (double)of->param_bits / 8)

static double peak_of_totals(const pj_totals *of)
{
    return (double)of->peak_activation_bytes;
}

/*  word, quantity, of the model, of a layer */
static const pj_budget_metric metrics[] = {
    {"total",                 PJ_QUANTITY_ENERGY, total_of_totals,       total_of_layer      },
    {"inputs",                PJ_QUANTITY_ENERGY, inputs_of_totals,      inputs_of_layer     },
    {"outputs",               PJ_QUANTITY_ENERGY, outputs_of_totals,     outputs_of_layer    },
    {"parameters",            PJ_QUANTITY_ENERGY, parameters_of_totals,  parameters_of_layer },
    {"op_cost",               PJ_QUANTITY_ENERGY, op_cost_of_totals,     op_cost_of_layer    },
    {"macs",                  PJ_QUANTITY_COUNT,  macs_of_totals,        macs_of_layer       },
    {"flops",                 PJ_QUANTITY_COUNT,  flops_of_totals,       flops_of_layer      },
    {"params",                PJ_QUANTITY_COUNT,  params_of_totals,      params_of_layer     },
    {"param_bytes",           PJ_QUANTITY_BYTES,  param_bytes_of_totals, param_bytes_of_layer},
    {"bops",                  PJ_QUANTITY_COUNT,  bops_of_totals,        bops_of_layer       },
    {"peak_activation_bytes", PJ_QUANTITY_BYTES,  peak_of_totals,        NULL                },
};

const pj_budget_metric *pj_budget_metric_at(size_t index)
{
    return index < sizeof metrics / sizeof *metrics ? &metrics[index] : NULL;
}

const pj_budget_metric *pj_budget_metric_find(const char *word)
{
    for (size_t i = 0; pj_budget_metric_at(i); i++)
        if (strcmp(metrics[i].word, word) == 0)
            return &metrics[i];
    return NULL;
}

/* ---- numbers with units ---- */

typedef struct unit {
    const char *word;
    double factor;
} unit;

/*  by pj_quantity: what to say, units (the first one is that of plain JSON numbers, if its word is "") */
static const struct {
    const char *wants;
    unit unit[9];
} units[] = {
    [PJ_QUANTITY_ENERGY] = {"an energy with its unit, pJ, nJ, uJ, mJ or J, for example \"2.5mJ\"",
                            {{"pJ", 1}, {"nJ", 1e3}, {"uJ", 1e6}, {"mJ", 1e9}, {"J", 1e12}}                                    },
    [PJ_QUANTITY_COUNT] = {"a count, for example 12500000 or \"12.5M\" (k, M, G, T)",
                            {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}                                         },
    [PJ_QUANTITY_BYTES] = {"a size, for example \"304KiB\" (B, KiB, MiB, GiB, kB, MB, GB) or a number of bytes",
                            {{"", 1},
                            {"B", 1},
                            {"KiB", 1024},
                            {"MiB", 1048576},
                            {"GiB", 1073741824},
                            {"kB", 1e3},
                            {"MB", 1e6},
                            {"GB", 1e9}}                                                                                       },
    [PJ_QUANTITY_TIME] = {"a time with its unit, ns, us, ms or s, for example \"1.5ms\"",
                            {{"us", 1}, {"ns", 1e-3}, {"ms", 1e3}, {"s", 1e6}}                                                 },
    [PJ_QUANTITY_SHARE] = {"a percentage, for example \"25%\"",                                                  {{"%", 0.01}}},
};

/* Length of the number at the start: digits, a point, an exponent; no sign. */
static size_t number_length(const char *text)
{
    static const char digits[] = "0123456789";
    size_t length = strspn(text, digits);
    if (!length)
        return 0;
    if (text[length] == '.' && strspn(text + length + 1, digits))
        length += 1 + strspn(text + length + 1, digits);
    if (text[length] == 'e' || text[length] == 'E') {
        size_t sign = text[length + 1] == '+' || text[length + 1] == '-';
        size_t exponent = strspn(text + length + 1 + sign, digits);
        length += exponent ? 1 + sign + exponent : 0;
    }
    return length;
}

/* *read: it is a number with a unit of the quantity. PJ_ENOMEM. */
static pj_status read_text(const char *text, pj_quantity quantity, double *out, bool *read, pj_error *err)
{
    pj_json_doc *doc;
    pj_error why = {0};
    size_t length = number_length(text);
    const char *word = text + length + strspn(text + length, " ");
    pj_status status = length ? pj_json_parse(text, length, "", &doc, &why) : PJ_EFORMAT;
    *read = false;
    if (status != PJ_OK)
        return status == PJ_ENOMEM ? pj_fail_memory(err) : PJ_OK;
    bool found = false, is_number = pj_json_as_double(pj_json_root(doc), out, &why) == PJ_OK;
    pj_json_free(doc);
    for (const unit *at = units[quantity].unit; is_number && at->word && !found; at++) {
        found = strcmp(at->word, word) == 0;
        *out *= found ? at->factor : 1;
    }
    *read = found && *out <= 1e300;
    return PJ_OK;
}

pj_status pj_budget_amount(pj_json at, pj_quantity quantity, double *out, bool *is_joule, pj_error *err)
{
    bool is_energy = quantity == PJ_QUANTITY_ENERGY;
    const char *text = NULL;
    *is_joule = is_energy && pj_json_kind_of(at) == PJ_JSON_TEXT;
    if (pj_json_kind_of(at) == PJ_JSON_NUMBER && (is_energy || !*units[quantity].unit[0].word)) {
        PJ_TRY(pj_json_as_double(at, out, err));
        if (*out >= 0)
            return PJ_OK;
        return pj_json_fail(at, PJ_EFORMAT, err, "%g is negative", *out);
    }
    if (pj_json_kind_of(at) != PJ_JSON_TEXT)
        return pj_json_fail(at, PJ_EFORMAT, err, "here should stand %s", units[quantity].wants);
    bool read;
    PJ_TRY(pj_json_as_text(at, &text, err));
    PJ_TRY(read_text(text, quantity, out, &read, err));
    if (read)
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, err, "\"%.64s\" where %s should stand", text, units[quantity].wants);
}
