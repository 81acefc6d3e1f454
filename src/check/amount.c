/* Figures of a budget: the metrics that there are, and numbers with units. */
#include <string.h>

#include "base/amount.h"
#include "check/entry.h"

/* ---- metrics ---- */

#define OF_BOTH(name, expr_totals, expr_layer)          \
    static double name##_of_totals(const pj_totals *of) \
    {                                                   \
        return expr_totals;                             \
    }                                                   \
    static double name##_of_layer(const pj_layer *of)   \
    {                                                   \
        return expr_layer;                              \
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

/*  by pj_quantity: what to say, units (where the first one is "", plain JSON numbers are taken, too) */
static const struct {
    const char *wants;
    const pj_amount_unit *units;
} quantities[] = {
    [PJ_QUANTITY_ENERGY] = {"an energy with its unit, pJ, nJ, uJ, mJ or J, for example \"2.5mJ\"",                pj_units_energy},
    [PJ_QUANTITY_COUNT] = {"a count, for example 12500000 or \"12.5M\" (k, M, G, T)",                            pj_units_count },
    [PJ_QUANTITY_BYTES] = {"a size, for example \"304KiB\" (B, KiB, MiB, GiB, kB, MB, GB) or a number of bytes",
                            pj_units_bytes                                                                                       },
    [PJ_QUANTITY_TIME] = {"a time with its unit, ns, us, ms or s, for example \"1.5ms\"",                       pj_units_time  },
    [PJ_QUANTITY_SHARE] = {"a percentage, for example \"25%\"",                                                  pj_units_share },
};

pj_status pj_budget_amount(pj_json at, pj_quantity quantity, double *out, bool *is_joule, pj_error *err)
{
    bool is_energy = quantity == PJ_QUANTITY_ENERGY;
    *is_joule = is_energy && pj_json_kind_of(at) == PJ_JSON_TEXT;
    if (pj_json_kind_of(at) == PJ_JSON_NUMBER && (is_energy || !*quantities[quantity].units[0].word)) {
        PJ_TRY(pj_json_as_double(at, out, err));
        if (*out >= 0)
            return PJ_OK;
        return pj_json_fail(at, PJ_EFORMAT, err, "%g is negative", *out);
    }
    if (pj_json_kind_of(at) != PJ_JSON_TEXT)
        return pj_json_fail(at, PJ_EFORMAT, err, "here should stand %s", quantities[quantity].wants);
    const char *text = NULL;
    PJ_TRY(pj_json_as_text(at, &text, err));
    const char *unit = pj_amount_number(text, PJ_DIGITS_EXPONENT, out);
    if (unit && pj_amount_convert(unit, strlen(unit), quantities[quantity].units, out))
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, err, "\"%.64s\" where %s should stand", text, quantities[quantity].wants);
}
