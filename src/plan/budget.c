/* Reading budgets as a person writes them. */
#include "base/amount.h"
#include "picojoule/plan.h"
#include "result/field.h"

const char *pj_plan_measure_word(pj_plan_measure measure)
{
    static const char *const words[] = {"energy", pj_key_param_bytes, pj_key_bops, "noise", ""};
    return words[measure];
}

static const pj_amount_unit *const units[] = {
    [PJ_PLAN_ENERGY] = pj_units_energy,
    [PJ_PLAN_PARAM_BYTES] = pj_units_bytes,
    [PJ_PLAN_BOPS] = pj_units_plain,
    [PJ_PLAN_NOISE] = pj_units_plain,
};

const char *pj_plan_budget_read(const char *text, pj_plan_budget *out)
{
    static const char wants[] =
        "MEASURE<=AMOUNT with a unit, for example 'energy<=40%', 'energy<=2.5mJ', 'param_bytes<=1MiB', "
        "'bops<=3e9' or 'noise<=0.01'";
    const char *sign = strstr(text, "<="), *unit = NULL;
    double amount;
    if (sign)
        unit = pj_amount_number(sign + 2 + strspn(sign + 2, " "), PJ_DIGITS_EXPONENT, &amount);
    if (!unit)
        return wants;
    size_t length = (size_t)(sign - text);
    while (length && text[length - 1] == ' ')
        length--;
    for (int m = 0; m < (int)PJ_PLAN_MEASURES; m++) {
        const char *word = pj_plan_measure_word((pj_plan_measure)m);
        if (strlen(word) != length || memcmp(word, text, length) != 0)
            continue;
        bool relative = m != (int)PJ_PLAN_NOISE && pj_amount_convert(unit, strlen(unit), pj_units_share, &amount);
        if (!relative && !pj_amount_convert(unit, strlen(unit), units[m], &amount))
            return wants;
        *out = (pj_plan_budget){(pj_plan_measure)m, amount, relative};
        return NULL;
    }
    return wants;
}
