/* Figures of a budget: numbers with units. */
#include "base/amount.h"
#include "check/entry.h"

/*  by pj_quantity: what to say, units (where the first one is "", plain JSON numbers are taken, too) */
static const struct {
    const char *wants;
    const pj_amount_unit *units;
} quantities[] = {
    [PJ_QUANTITY_ENERGY] = {"an energy with its unit, pJ, nJ, uJ, mJ or J, for example \"2.5mJ\"",                pj_units_energy},
    [PJ_QUANTITY_COUNT] = {"a count, for example 12500000 or \"12.5M\" (k, M, G, T)",                            pj_units_count },
    [PJ_QUANTITY_BITS] = {"a count of bits, for example 12500000 or \"12.5M\" (k, M, G, T)",                    pj_units_count },
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
